/* SPDX-License-Identifier: MIT */
/* What the tests of sites share: registrars with a store each, and one that they share. */
#ifndef SITES_H
#define SITES_H

#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define GONE "<sip:a@192.0.2.1:5060>;expires=0"
#define EAST "10.0.0.1"
#define WEST "10.0.0.2"
#define HOUR 3600000

rg_store *shared_new(void);
void federate(kit *k, rg_store *shared, const char *home);

/* A registrar over memory that is the site EAST of @p shared. site_close() also drops the reference of the caller to the store. */
void site_open(kit *k, rg_store *shared);
void site_close(kit *k, rg_store *shared);

/* Ticks until nothing is to be done at once. */
rg_time settle(kit *k);

/* Time goes on in steps; each tick is made when it was asked for, or at the end of the step. */
void live_on(kit *k, rg_time span);

/* The homes of an AoR as the shared store has them, lapsed ones too: "uri uri". */
const char *homes_in(rg_store *shared, const char *domain, const char *user);
const char *homes(rg_store *shared, const char *user); /* in location@homes */

/* Writes homes of AoR @p user, `sip:0.<site>` and so on, as another site could; as many of @p n as a record has room for. */
void put_homes(rg_store *shared, const char *user, const char *site, uint32_t n, rg_time expires);
/* As put_homes(), until the record has no room for another home. Most are long, so that there are few of them to go through. */
void fill_homes(rg_store *shared, const char *user, const char *site, rg_time expires);

/* How many records of homes there are. */
uint64_t records(rg_store *shared);

/* A lookup as text: "status result/code[p] uri>next hop …", p for partial. */
typedef struct answer {
	int called;
	char text[1024];
} answer;

typedef struct question {
	const char *expected;
	const char *flags; /* NULL = global */
	const char *uri;   /* NULL = sip:alice@example.org;x=1 */
	const char *aor, *branch;
	bool async;
	rg_op *op;
	rg_status status; /* as returned */
} question;

void ask(kit *k, question *q, answer *a);
void asks(kit *k, question q);

#define ASKS(k, ...) asks(k, (question){ __VA_ARGS__ })
#define LOCAL "sip:a@192.0.2.1:5060>sip:a@192.0.2.1:5060"

#endif
