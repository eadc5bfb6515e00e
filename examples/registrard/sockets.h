/* SPDX-License-Identifier: MIT */
/* What the parts of the transport share: transport.c has the local sockets and datagrams, connection.c the connections. */
#ifndef REGISTRARD_SOCKETS_H
#define REGISTRARD_SOCKETS_H

#include <sys/socket.h>

#include "frame.h"
#include "transport.h"

struct connection;
struct connections;

/* A bound socket. */
struct listener {
	struct transport *transport;
	struct local local;
	size_t number;    /* its index among the listeners */
	rg_addr *addrs;   /* at which it receives: more than one when bound to all addresses */
	size_t n_addrs;
	int fd, index;    /* of its registration with the su_root */
	int paused;       /* accepts nothing until the next sweep, because the system has no descriptor left */
};

struct transport {
	su_root_t *root;
	size_t max_connections, max_per_address;
	uint32_t idle_seconds;
	struct transport_events events;
	struct listener **listeners;
	size_t n;
	struct connections *connections;
	char *datagram; /* room for one */
};

/* Connections of a transport. NULL when out of memory or descriptors. */
struct connections *connections_new(struct transport *transport);
void connections_free(struct connections *connections);

/* Accepts what waits at a listener. */
void connections_accept(struct connections *connections, struct listener *listener);

struct connection *connection_find(const struct connections *connections, uint64_t number);

/* The connection that this server opened to an address, or a new one. NULL: a limit is reached, or the system refuses. */
struct connection *connection_to(struct connections *connections, size_t socket, const rg_addr *addr);

/* @return 0, or -1 when the connection has ended or too much waits for its other end. */
int connection_send(struct connection *connection, const void *bytes, size_t n);

int connection_is_open(const struct connection *connection);
void connection_peer(const struct connection *connection, struct peer *peer);
void connection_keep(struct connection *connection, uint32_t seconds);
void connection_close(struct connection *connection);

/* Conversions between the library's address and the system's. */
socklen_t address_to_system(const rg_addr *addr, struct sockaddr_storage *out);
rg_addr address_from_system(const struct sockaddr_storage *from);

#endif
