/* SPDX-License-Identifier: MIT */
/* A request being forwarded: its server transaction, and a client transaction for each place it goes to (RFC 3261 §16). */
#ifndef REGISTRARD_FORK_H
#define REGISTRARD_FORK_H

#include "server.h"

/* Where one copy of a request goes. */
struct hop {
	const char *uri;      /* Request-URI; NULL = as it is */
	const url_t *next;    /* where to send it */
	rg_str path;          /* Route set to put in front, as rg_contact.path */
	rg_str socket;        /* our socket to send from, if possible */
	rg_str flow;          /* the connection it goes over, and no other; absent = any */
	uint32_t fallback_of; /* index of the hop it stands in for; UINT32_MAX = none */
	int loops;            /* it is ourselves, or would send it back: not sent to */
	size_t breadth;       /* how many branches it may make of the request (RFC 5393 §5.3); 0 = it is not sent to */
};

/*
 * Takes over a request for forwarding: makes its server transaction, and answers an INVITE with 100.
 * @return NULL when memory is short, after answering.
 */
struct call *call_new(struct server *server, msg_t *msg, sip_t *sip);

struct server *call_server(const struct call *call);

/* Our copy of the request, as it came in. */
sip_t *call_sip(const struct call *call);
msg_t *call_msg(const struct call *call);

/* Answers by ourselves, and ends the call. */
void call_answer(struct call *call, int status, const char *phrase);

/* The same with 405 and the methods that would be (RFC 3261 §8.2.1). */
void call_not_allowed(struct call *call, const char *allow);

/*
 * Says how many branches each hop may make. The first get what there is; those left with none, and those that are ourselves, are not
 * sent to.
 */
void hops_share(struct hop *hops, size_t n, const sip_t *sip);

/* Forwards to all hops at once, fallbacks later, each with its share of the breadth. The call then lives until every branch is done. */
void call_fork(struct call *call, struct hop *hops, size_t n);

/* Lets go of everything at once, answering 503 if nothing was answered yet. */
void call_abandon(struct call *call);

/* The copy of a request for one hop, ready to be sent: RFC 3261 §16.6 steps 1–6. NULL when it cannot be made. */
msg_t *hop_message(struct server *server, msg_t *request, tport_t *in, const struct hop *hop);

/* Our socket that a hop is sent from; NULL when none fits, or its flow has ended. */
tport_t *hop_socket(const struct server *server, const struct hop *hop);

/* A keyed digest of all that routing depends on, as 16 hex digits: the first part of our branch parameters (RFC 3261 §16.6 step 8). */
void hop_digest(const struct server *server, const sip_t *sip, char digest[17]);

#endif
