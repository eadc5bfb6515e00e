/* SPDX-License-Identifier: MIT */
/* A request in flight: its server transaction, and a client transaction for each target (RFC 3261 §16). */
#ifndef REGISTRARD_FORK_H
#define REGISTRARD_FORK_H

#include "server.h"

/* The destination of one copy of a request. */
struct hop {
	const char *uri;      /* Request-URI; NULL = unchanged */
	const url_t *next;    /* address to send to */
	rg_str path;          /* Route set to prepend, in the form of rg_contact.path */
	rg_str socket;        /* local socket to send from, if possible */
	rg_str flow;          /* the only connection that may carry it; absent = any */
	uint32_t fallback_of; /* index of the hop that it replaces on failure; UINT32_MAX = none */
	int loops;            /* it leads back to this server, so nothing is sent */
	size_t breadth;       /* how many branches it may create (RFC 5393 §5.3); 0 = nothing is sent */
};

/* Takes over a request for forwarding: creates its server transaction, and answers an INVITE with 100. @return NULL when out of memory,
 * after a response was sent. */
struct call *call_new(struct server *server, msg_t *msg, sip_t *sip);

struct server *call_server(const struct call *call);

/* The received request, unchanged. */
sip_t *call_sip(const struct call *call);
msg_t *call_msg(const struct call *call);

/* Sends a response of its own, and ends the call. */
void call_answer(struct call *call, int status, const char *phrase);

/* The same with 405 and the allowed methods (RFC 3261 §8.2.1). */
void call_not_allowed(struct call *call, const char *allow);

/* Divides the breadth among the hops, the first ones first. A hop without a share, or one that loops, is not sent to. */
void hops_share(struct hop *hops, size_t n, const sip_t *sip);

/* Forwards to all hops at once, and to fallbacks when their principal fails, each with its share of the breadth. The call lives until
 * every branch is done. */
void call_fork(struct call *call, struct hop *hops, size_t n);

/* Abandons the call at once, with 503 if no response was sent yet. */
void call_abandon(struct call *call);

/* The copy of a request for one hop: RFC 3261 §16.6 steps 1–6. NULL when it cannot be built. */
msg_t *hop_message(struct server *server, msg_t *request, tport_t *in, const struct hop *hop);

/* The local socket from which a hop is sent. NULL: none fits, or its flow has ended. */
tport_t *hop_socket(const struct server *server, const struct hop *hop);

/* A keyed digest of everything on which routing depends, as 16 hex digits. Branch parameters start with it (RFC 3261 §16.6 step 8). */
void hop_digest(const struct server *server, const sip_t *sip, char digest[17]);

#endif
