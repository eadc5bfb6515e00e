/* SPDX-License-Identifier: MIT */
/* The server's own sockets, and the Route and Record-Route values that name them. */
#ifndef REGISTRARD_ROUTE_H
#define REGISTRARD_ROUTE_H

#include "server.h"

/* @return 1 when a URI names one of the server's sockets, with any user. */
int route_is_ours(const struct server *server, const url_t *url);

/* @return 1 when the topmost Via has the host and port of the URI, so that the request came from there. */
int route_is_sender(const sip_t *sip, const url_t *url);

/* @return 1 when a Via names one of the server's sockets. Only a response with such a Via is for this server (RFC 3261 §18.1.2). */
int route_is_our_via(const struct server *server, const sip_via_t *via);

/* The socket on which a message came in; valid while the message is being delivered. */
tport_t *route_socket_of(const struct server *server, msg_t *msg);

/* The name of a socket in bindings: proto:ip:port. */
char *route_socket_name(su_home_t *home, const tport_t *tp);

/* The socket from which to reach a URI: the one named @p socket if it exists and fits, else the first that fits. NULL: none fits. */
tport_t *route_socket_to(const struct server *server, const url_t *hop, rg_str socket);

/* The evidence of the Route values that name this server. */
enum route_of {
	ROUTE_NONE,  /* there are none */
	ROUTE_OURS,  /* any client may have written them */
	ROUTE_PROVEN /* one comes from our Record-Route for this Call-ID: the dialog runs through this server */
};

/* Removes the topmost Route values that name this server (RFC 3261 §16.4). */
enum route_of route_strip(const struct server *server, msg_t *msg, sip_t *sip);

/* Adds this server to the Record-Route, twice when the two sockets differ (RFC 5658 §3.2), with an unforgeable token in the user part.
 * @return 0, or -1. */
int route_record(const struct server *server, msg_t *msg, sip_t *sip, tport_t *in, tport_t *out);

#endif
