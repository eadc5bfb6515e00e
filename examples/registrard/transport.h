/* SPDX-License-Identifier: MIT */
/* The sockets of the server: datagrams, and connections that carry frames. Nothing here blocks, and nothing looks up a name. */
#ifndef REGISTRARD_TRANSPORT_H
#define REGISTRARD_TRANSPORT_H

#include "server.h"

/* The other end of a message. Plain data: a connection is known by its number, and no number is used twice, so nothing dangles when a
 * connection ends. */
struct peer {
	size_t socket;       /* index of the local socket */
	uint64_t connection; /* number of the connection; 0 = none */
	rg_addr addr;        /* IP address and port of the other end */
};

/* The queue that is asked for: phones that all register at once. */
enum { DATAGRAM_QUEUE = 4 << 20 };

/* A local socket, one for each --listen. */
struct local {
	const char *proto; /* "udp" or "tcp" */
	int is_stream;
	rg_addr addr;      /* as bound, with the port that the system chose */
	char host[64];     /* address at which others reach it; IPv6 in brackets */
	char port[8];
	char name[96];     /* proto:ip:port, its name in bindings */
	size_t queue;      /* bytes of datagrams that the system keeps meanwhile; 0 = it is a stream */
};

/* What the transport reports. Each function may send and close. */
struct transport_events {
	/* A whole message: a datagram, or a frame. The bytes are valid during the call, and may be changed. */
	void (*message)(void *user, const struct peer *from, char *bytes, size_t n);
	/* A frame that cannot be delimited: @p bytes are its header section, as far as it came. Its connection is closed afterwards, when
	 * what was sent during the call is out. @p status says why: 400 or 413. */
	void (*bad_frame)(void *user, const struct peer *from, char *bytes, size_t n, int status);
	/* A connection has ended, or could not be made. Called once for each connection, never from within transport_send(). */
	void (*closed)(void *user, uint64_t connection);
	/* The network says that a datagram cannot reach this address. Never called from within transport_send(). */
	void (*unreachable)(void *user, const struct peer *to);
	void *user;
	struct counts *counts;
};

struct transport;

/* @param args  --max-per-address and --idle are read. @return NULL when out of memory or descriptors. */
struct transport *transport_new(su_root_t *root, const struct args *args, size_t max_connections, const struct transport_events *events);

/* Closes all sockets without events. NULL is accepted. */
void transport_free(struct transport *transport);

/* Binds a socket. Sockets get the indices 0, 1, … @return 0, or -1 with errno. */
int transport_listen(struct transport *transport, const struct listen_at *at);

/* The socket with this index, in the order of transport_listen(); NULL = there is none. */
const struct local *transport_local(const struct transport *transport, size_t index);

/* @return 1 when an address is one on which a local socket receives. */
int transport_is_local(const struct transport *transport, const rg_addr *addr);

/* Sends a message. Over a stream, with a number in @p to, it uses this connection or fails. Without a number it uses a connection that
 * this server has opened to the address before, or opens one, and puts its number into @p to. A connection that the other end has opened is
 * never chosen by its address. What the socket does not take at once is queued. @return 0, or -1: the connection has ended, the network
 * refuses, or a limit is reached. */
int transport_send(struct transport *transport, struct peer *to, const void *bytes, size_t n);

/* @return 1 when a connection is open, and can send. */
int transport_is_open(const struct transport *transport, uint64_t connection);

/* The other end of an open connection. @return 0 when it has ended. */
int transport_peer(const struct transport *transport, uint64_t connection, struct peer *peer);

/* Lets a connection be idle for so many seconds, in place of --idle. Of several settings the longest counts. Does nothing for a connection
 * that has ended. */
void transport_keep(struct transport *transport, uint64_t connection, uint32_t seconds);

/* Closes a connection when all its output is sent; `closed` is called later. */
void transport_close(struct transport *transport, uint64_t connection);

#endif
