/* SPDX-License-Identifier: MIT */
/* What proxy and redirect mode have in common: who answers for a request, and where its user is. */
#ifndef REGISTRARD_LOOKUP_H
#define REGISTRARD_LOOKUP_H

#include "server.h"

/* @return the status a request is refused with before anybody is looked for, 200 for an OPTIONS that is for us; 0 = go on. */
int lookup_check(struct server *server, const sip_t *sip);

/*
 * The methods that the phones of the user in the Request-URI take, as an Allow header has them (RFC 3261 §21.4.6); all that we forward
 * where one of them does not say, or they cannot be asked.
 */
const char *lookup_allow(struct server *server, su_home_t *home, const sip_t *sip);

/* Answers a request that goes no further; takes over @p msg. An ACK is not answered. */
void lookup_refuse(struct server *server, msg_t *msg, sip_t *sip, int status);

/*
 * Looks up the user of the Request-URI. @p done is called once, inline or later, with targets of its own or NULL.
 * @return 0, or -1 if it will not be called.
 */
int lookup_start(struct server *server, msg_t *msg, rg_lookup_cb done, void *user);

/* The same for the user in To, whatever the filters of --lookup: all the places where the peer of a dialog may be. */
int lookup_peer(struct server *server, msg_t *msg, rg_lookup_cb done, void *user);

#endif
