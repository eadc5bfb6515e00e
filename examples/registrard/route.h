/* SPDX-License-Identifier: MIT */
/* Our own sockets, and the Route and Record-Route values that name them. */
#ifndef REGISTRARD_ROUTE_H
#define REGISTRARD_ROUTE_H

#include "server.h"

/* @return 1 when a URI names one of our sockets, whatever its user. */
int route_is_ours(const struct server *server, const url_t *url);

/* @return 1 when a request was sent by the host and port that a URI names, as its topmost Via has them. */
int route_is_sender(const sip_t *sip, const url_t *url);

/* @return 1 when a Via names one of our sockets: a response that says so was meant for us (RFC 3261 §18.1.2). */
int route_is_our_via(const struct server *server, const sip_via_t *via);

/* The socket a message came in on; valid while it is being delivered. */
tport_t *route_socket_of(const struct server *server, msg_t *msg);

/* What a socket is called in a binding: proto:ip:port. */
char *route_socket_name(su_home_t *home, const tport_t *tp);

/* The socket to reach a URI from: the one of that name if it is ours and fits, else the first that fits. NULL when none does. */
tport_t *route_socket_to(const struct server *server, const url_t *hop, rg_str socket);

/* What the Route values that name us say of a request. */
enum route_of {
	ROUTE_NONE,  /* there are none */
	ROUTE_OURS,  /* anybody may have written them */
	ROUTE_PROVEN /* one is from our Record-Route, for this Call-ID: a dialog through us */
};

/* Drops Route values that name us from the top (RFC 3261 §16.4). */
enum route_of route_strip(const struct server *server, msg_t *msg, sip_t *sip);

/*
 * Adds ourselves to the Record-Route, once for each side where the two differ (RFC 5658 §3.2), with a token in the user part that
 * nobody else can make. @return 0, or -1.
 */
int route_record(const struct server *server, msg_t *msg, sip_t *sip, tport_t *in, tport_t *out);

#endif
