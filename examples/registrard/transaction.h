/* SPDX-License-Identifier: MIT */
/* Server and client transactions: RFC 3261 §17, with the changes of RFC 6026 and RFC 4320. They match, retransmit and time out; what a proxy
 * decides is no part of them. */
#ifndef REGISTRARD_TRANSACTION_H
#define REGISTRARD_TRANSACTION_H

#include "server.h"
#include "transport.h"

enum {
	T1 = 500,    /* milliseconds (RFC 3261 §17.1.1.1) */
	T2 = 4000,
	T4 = 5000,
	T_END = 64 * T1
};

/* All transactions of a server. */
struct transactions;

/* @return NULL without random bytes, or when out of memory. */
struct transactions *transactions_new(struct server *server);

/* Frees all transactions without callbacks, also those that nobody has let go of: no function may be called with them afterwards. NULL is
 * accepted. */
void transactions_free(struct transactions *all);

/* How many there are, with those that only wait for retransmissions. The latter are at most eight for each of --max-calls, and keep at most
 * 8 KiB of messages for each; beyond that the oldest end. */
size_t transactions_count(const struct transactions *all);

/* @return 0 while those that are in use keep more than 16 MiB of messages, and 16 KiB for each of --max-calls. A request of 48 KiB that is
 * forked to 60 phones takes 3 MiB, so a number of calls alone is no limit. */
int transactions_have_room(const struct transactions *all);

/* Takes a request that belongs to a server transaction: a retransmission, the ACK of a response from 300 on, and a CANCEL, which it
 * answers (RFC 3261 §9.2). @return 1 when it did, and owns @p msg; 0 when the request is a new one, a CANCEL of no INVITE (to be answered
 * with 481), or an ACK of a 2xx. */
int transactions_request(struct transactions *all, msg_t *msg, const sip_t *sip, const struct peer *from);

/* Takes a response that belongs to a client transaction. @return 1 when it did, and owns @p msg; 0 when it belongs to none, and for a 2xx
 * to an INVITE whose transaction was let go of: like any 2xx it must go upstream, by its Vias. */
int transactions_response(struct transactions *all, msg_t *msg, const sip_t *sip, const struct peer *from);

/* A connection has ended: its client transactions without a final response report 503 of their own. Server transactions stay. */
void transactions_closed(struct transactions *all, uint64_t connection);

/* An address cannot be reached: the same for client transactions over datagrams to it. */
void transactions_unreachable(struct transactions *all, const struct peer *to);

/* A server transaction. */
struct uas;

/* Takes a reference to @p msg if it needs one. A request other than an INVITE is answered with 100 when it has no response after 3.5 s
 * (RFC 4320 §4.1). @param cancelled  is called at most once, for a CANCEL of an INVITE that has no final response; the CANCEL itself is
 * answered. Its request is valid during the call. NULL is accepted. @return NULL when out of memory. */
struct uas *uas_new(struct transactions *all, msg_t *msg, const sip_t *sip, const struct peer *from,
	void (*cancelled)(void *user, const sip_t *cancel), void *user);

/* Sends a response, and takes it over: it is complete, with its Vias. A final one is repeated as its transport and method need. After a
 * 2xx to an INVITE further 2xx may be sent; any other response after a final one is dropped. So is a 1xx to another request, but for a 100
 * that RFC 4320 §4.1 allows. NULL = out of memory; then nothing is sent. */
void uas_send(struct uas *uas, msg_t *reply);

/* Lets go of the transaction: no callback comes from it. It lives on for retransmissions. Without a final response it ends at once. */
void uas_release(struct uas *uas);

/* A client transaction. */
struct uac;

/* Called for each provisional response, then for one final response, and for further 2xx of an INVITE; never from within uac_new(). NULL =
 * nobody wants to know.
 * @param response  borrowed; NULL = of our own: 408 without an answer in time, 503 when the request could not be sent or the connection
 * ended. After a final response other than a 2xx to an INVITE nothing more is called. */
typedef void uac_cb(void *user, int status, msg_t *response);

/* Sends a request with a new Via for the local socket of @p to on top, and takes it over, also when it fails. A failure to send is reported
 * through the callback. An INVITE whose last provisional response is three minutes old is cancelled, and reports 408 if it has no final
 * response T_END after that (RFC 3261 §16.8). @param branch  the branch parameter, with z9hG4bK; it must be unique. @param to  with its
 * connection number when the request is to use this connection and no other. @return NULL when out of memory; then nothing was sent, and
 * nothing is called. */
struct uac *uac_new(struct transactions *all, msg_t *request, const struct peer *to, const char *branch, uac_cb *done, void *user);

/* Sends CANCEL (RFC 3261 §9.1): the same branch, hop and connection; once, after the first provisional response and before a final one.
 * Without a final response T_END after that it reports 487 of its own. @param reason  value of its Reason header (RFC 3326); NULL = none. */
void uac_cancel(struct uac *uac, const char *reason);

/* Where it sends; with the number of the connection that was opened for it. */
const struct peer *uac_peer(const struct uac *uac);

/* Lets go of the transaction: no callback comes from it. It lives on to acknowledge and absorb. */
void uac_release(struct uac *uac);

/* Sends a request without a transaction, with a Via of its own, as an ACK of a 2xx needs it. Takes it over. */
void send_stateless(struct server *server, msg_t *request, struct peer *to, const char *branch);

#endif
