/* SPDX-License-Identifier: MIT */
/* A request in flight: its server transaction, and a client transaction for each target (RFC 3261 §16). */
#ifndef REGISTRARD_FORK_H
#define REGISTRARD_FORK_H

#include "dialog.h"
#include "server.h"
#include "transport.h"

/* The destination of one copy of a request. */
struct hop {
	const char *uri;      /* Request-URI; NULL = unchanged */
	const url_t *next;    /* URI of the next hop */
	rg_str path;          /* Route set to prepend, in the form of rg_contact.path */
	rg_str socket;        /* local socket to send from, if possible */
	struct way way;       /* the connection of the flow, or the place that the dialog names; WAY_URI = only `next` says where */
	int in_dialog;        /* `way` comes from our Record-Route */
	uint32_t fallback_of; /* index of the hop among those given with it that it replaces on failure; UINT32_MAX = none */
	int loops;            /* it leads back to this server, so nothing is sent */
	size_t breadth;       /* how many branches it may create (RFC 5393 §5.3); 0 = nothing is sent */
};

/* The breadth of a request (RFC 5393 §5.3). Branches that may come later have their share from the start. */
struct shares {
	size_t breadth; /* of the whole request */
	size_t n;       /* branches that divide it, at most as many as it has */
	size_t given;   /* those that have their share */
};

/* Takes over a request for forwarding: creates its server transaction, and answers an INVITE with 100. An ACK has no transaction (RFC 3261
 * §16.11). @return NULL when out of memory, after a response was sent. One of call_answer() and call_fork() must follow. */
struct call *call_new(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from);

/* Keeps a hop for call_fork_otherwise(). What it borrows must be the call's request. */
void call_keep_hop(struct call *call, const struct hop *hop);

/* Forwards to the hop that was kept. */
void call_fork_otherwise(struct call *call);

struct server *call_server(const struct call *call);

/* The request that was taken over. Copies of it are sent. */
sip_t *call_sip(const struct call *call);

/* Sends a response of its own, and ends the call. @param allow  methods for an Allow header (RFC 3261 §8.2.1); NULL = none. */
void call_answer(struct call *call, int status, const char *allow);

/* Prepares to divide the breadth among hops and @p later branches. */
struct shares shares_of(const sip_t *sip, const struct hop *hops, size_t n, size_t later);

/* Gives each hop the next share, the first ones first. A hop without a share, or one that loops, is not sent to. */
void hops_share(struct hop *hops, size_t n, struct shares *shares);

/* Forwards to all hops at once, and to fallbacks when their principal fails, each with its share of the breadth. The call lives until
 * every branch is done. After a 2xx to an INVITE it lives on for 64*T1, in case there is another (RFC 6026).
 * @param later  the number of times that call_join() may follow. */
void call_fork(struct call *call, struct hop *hops, size_t n, size_t later);

/* Adds the hops of one more device. Without memory or room for them the device is left out. */
void call_join(struct call *call, struct hop *hops, size_t n);

/* Makes room for a call, by giving up one that only waits for another 2xx. @return 0 when --max-calls are in flight, or keep too many bytes. */
int call_make_room(struct server *server);

/* Ends the calls that waited long enough for another 2xx, when server->calls_alarm rings. @param user  the server. */
void calls_expire(void *user);

/* An ACK belongs to a call that was let in. It waits only while a name is looked up. @return 0 when twice --max-calls are in flight. */
int call_has_room_for_ack(const struct server *server);

/* Abandons the call at once, with 503 if no response was sent yet. */
void call_abandon(struct call *call);

/* The copy of a request for one hop: RFC 3261 §16.6 steps 1–6. @param back  way_of_sender(). @param to  where it will be sent. NULL when it
 * cannot be built. */
msg_t *hop_message(const struct server *server, msg_t *request, const struct peer *from, const struct way *back, const struct hop *hop,
	const struct peer *to);

/* Room for a branch parameter. */
enum { BRANCH_ROOM = 64 };

/* A branch parameter: the cookie, hop_digest(), random digits (RFC 3261 §16.6 step 8), and a proof.
 * @param sip  the received request. */
void hop_branch(const struct server *server, const sip_t *sip, char branch[BRANCH_ROOM]);

/* @return 1 when this server put a Via on top of the one below it. */
int hop_made_via(const struct server *server, const sip_via_t *via);

/* A keyed digest of everything on which routing depends, as 16 hex digits. */
void hop_digest(const struct server *server, const sip_t *sip, char digest[17]);

#endif
