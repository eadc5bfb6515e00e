/* SPDX-License-Identifier: MIT */
/* Shared by proxy and redirect mode: early refusals, and lookups of the user. */
#ifndef REGISTRARD_LOOKUP_H
#define REGISTRARD_LOOKUP_H

#include "server.h"

/* @return a status to refuse the request with before any lookup; 200 for an OPTIONS to this server; 0 = continue. */
int lookup_check(struct server *server, const sip_t *sip);

/* @param allow  the value of an Allow header; borrowed. */
typedef void allow_cb(void *user, const char *allow);

/* Finds the methods that the phones of the user in the Request-URI support (RFC 3261 §21.4.6): all forwarded methods when a phone does not
 * state its own, or the query fails. @p done is called once, inline or later. */
void lookup_allow(struct server *server, const sip_t *sip, allow_cb *done, void *user);

/* The status of a request that has no targets. @param targets  may be NULL. */
int lookup_refusal(rg_status status, const rg_targets *targets);

/* Responds to a request that is not forwarded, without a transaction (RFC 3261 §8.2.7); takes over @p msg. An ACK gets no response. */
void lookup_refuse(struct server *server, msg_t *msg, const sip_t *sip, const struct peer *from, int status);

/* Looks up the user of the Request-URI. @p done is called once, inline or later, and owns the targets, which may be NULL. @return 0, or
 * -1 if it will not be called. */
int lookup_start(struct server *server, msg_t *msg, rg_lookup_cb done, void *user);

/* @return 1 when a request in a dialog may name a device that has to be woken (RFC 8599 §6). */
int lookup_has_purr(const struct server *server, const sip_t *sip);

/* Waits for this device. @return as rg_pn_process_purr(). */
rg_status lookup_purr(struct server *server, msg_t *msg, rg_purr_cb done, void *user, rg_free_cb free_user, rg_op **op);

#endif
