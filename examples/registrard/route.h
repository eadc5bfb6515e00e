/* SPDX-License-Identifier: MIT */
/* The server's own sockets, and the Route and Record-Route values that name them. */
#ifndef REGISTRARD_ROUTE_H
#define REGISTRARD_ROUTE_H

#include "dialog.h"
#include "server.h"
#include "transport.h"

/* @return 1 when a URI names one of the server's sockets, with any user. */
int route_is_ours(const struct server *server, const url_t *url);

/* @return 1 when the topmost Via has the host and port of the URI, so that the request came from there. */
int route_is_sender(const sip_t *sip, const url_t *url);

/* @return 1 when a Via names one of the server's sockets. Only a response with such a Via is for this server (RFC 3261 §18.1.2). */
int route_is_our_via(const struct server *server, const sip_via_t *via);

/* @return 1 when two URIs lead to the same host, port and transport. */
int route_is_same_place(const url_t *a, const url_t *b);

/* The transport over which to reach a URI: "udp" or "tcp". NULL: there is no socket for it. There is none for TLS, so a sips: URI, or one
 * with transport=tls, is not reached. */
const char *route_transport(const struct server *server, const url_t *url);

/* The peer at an address of the host of a URI: the socket named @p socket if it exists and fits, else the first that fits. @return 0 with
 * @p to filled in, without a connection; -1: no socket fits. */
int route_peer(const struct server *server, const url_t *url, const rg_addr *addr, rg_str socket, struct peer *to);

/* The peer that a Via names, for a response: `received`, else the host if that is an address (RFC 3261 §18.2.2). @return as
 * route_peer(). */
int route_via_peer(const struct server *server, const sip_via_t *via, struct peer *to);

/* The evidence of the Route values that name this server. */
enum route_of {
	ROUTE_NONE,   /* there are none */
	ROUTE_OURS,   /* any client may have written them */
	ROUTE_FORGED, /* one has a user part that was not made here for this Call-ID */
	ROUTE_PROVEN  /* they come from our Record-Route for this Call-ID: the dialog runs through this server */
};

/* Removes the topmost Route values that name this server (RFC 3261 §16.4). @param way  with ROUTE_PROVEN: the way to the side at which the
 * request is directed. */
enum route_of route_strip(const struct server *server, msg_t *msg, sip_t *sip, struct way *way);

/* Adds this server to the Record-Route, for the socket of the sender and for that of the target (RFC 5658 §3.2), each with the way to that
 * side. @return 0, or -1. */
int route_record(const struct server *server, msg_t *msg, sip_t *sip, size_t in, const struct way *sender, size_t out,
	const struct way *target);

#endif
