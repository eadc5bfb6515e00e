/* SPDX-License-Identifier: MIT */
/* Turns the host of a next hop into addresses: RFC 3263. Nothing here blocks. */
#ifndef REGISTRARD_RESOLVER_H
#define REGISTRARD_RESOLVER_H

#include "server.h"

/* How many addresses are tried for one hop. */
enum { ADDRESSES_MAX = 8 };

struct resolver;

/* @return NULL when out of memory, or the system's configuration of name servers cannot be read. */
struct resolver *resolver_new(struct server *server);

/* Answers all questions: there is no address. NULL is accepted. */
void resolver_free(struct resolver *resolver);

/* One question until its answer. */
struct question;

/* @param addrs  in the order in which to try them, each with its port; borrowed. @p n 0: there is none, no answer came in time, or too
 * many questions were asked. */
typedef void resolved_cb(void *user, const rg_addr *addrs, size_t n);

/* Finds the addresses of a host. An address, also in brackets, is its own answer. A name without a port is looked up by SRV first, then by
 * A and AAAA. A host that no name server can know (all digits, or with an underscore in a label) has no address.
 * @param port  NULL or "" = none was named. @param proto  "udp" or "tcp".
 * @param done  is called once, from within the call or later, unless the question is ended before. @return NULL when it was called. */
struct question *resolver_ask(struct resolver *resolver, const char *host, const char *port, const char *proto, resolved_cb *done,
	void *user);

/* env.resolve of the library: the addresses of a host, without SRV. @param user  the server. */
rg_status resolver_for_library(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok);

/* Ends a question: its callback is not called. NULL is accepted. */
void resolver_end(struct question *question);

#endif
