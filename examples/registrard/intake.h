/* SPDX-License-Identifier: MIT */
/* From received bytes to a parsed message: limits before Sofia parses, and a message class with only the headers that are read. */
#ifndef REGISTRARD_INTAKE_H
#define REGISTRARD_INTAKE_H

#include "server.h"
#include "transport.h"

struct intake;

/* Seconds: what a 503 of registrard's own says (RFC 3261 §21.5.4). */
#define RETRY_AFTER "5"

/* @return NULL when out of memory. */
struct intake *intake_new(void);

/* Frees it, after all messages made with it. NULL is accepted. */
void intake_free(struct intake *intake);

/* Takes one whole message (see struct transport_events): parses it, and hands it to its transaction or to its handler. */
void intake_message(struct server *server, const struct peer *from, char *bytes, size_t n);

/* Answers a frame that cannot be delimited, if it can be answered. */
void intake_bad_frame(struct server *server, const struct peer *from, char *bytes, size_t n, int status);

/* An empty message of the class of forwarded messages. NULL when out of memory. */
msg_t *intake_empty(struct server *server);

/* A response to a request, with what RFC 3261 §8.2.6.2 copies as far as the request has it, and a tag in To, which is the same for each
 * copy of the request. @param phrase  NULL = the usual one. NULL when out of memory. */
msg_t *intake_reply(struct server *server, const sip_t *sip, int status, const char *phrase);

/* Answers a request without a transaction (RFC 3261 §8.2.7), with received and rport in the topmost Via. No message of Sofia's is made.
 * @return 0, or -1 when the answer cannot be made, or memory is short. */
int intake_answer_with(struct server *server, msg_t *request, const struct peer *from, int status, const rg_header *headers, uint32_t n);

/* The same. An ACK gets no answer. @param name, value  a header to add; @p value NULL = none. */
void intake_answer(struct server *server, msg_t *request, const struct peer *from, int status, const char *name, const char *value);

/* A keyed digest that copies of a request have in common (RFC 3261 §17.2.3). */
uint64_t intake_digest(const struct server *server, const sip_t *sip);

/* @return 1 when the tag in To is the one that intake_reply() gives to this request, or to the INVITE that this ACK acknowledges: a response
 * of our own refused it. */
int intake_made_tag(const struct server *server, const sip_t *sip);

/* Where the response to a request goes (RFC 3261 §18.2.2, RFC 3581 §4): the connection that carried it; for a datagram the address it came
 * from, with the port of the topmost Via unless this asks for rport. maddr is ignored, because it would make the server a reflector. */
struct peer intake_reply_peer(const sip_t *sip, const struct peer *from);

/* Sends a response that is complete, without a transaction, and takes it over. NULL is accepted. */
void intake_send_reply(struct server *server, msg_t *reply, const struct peer *to);

/* The bytes of a message, to be freed with free(). NULL when out of memory. */
char *intake_bytes(msg_t *msg, size_t *n);

#endif
