/* SPDX-License-Identifier: MIT */
/* One registrar on a Redis store, driven step by step, for tests of what one node does. */
#ifndef TESTS_REDIS_SOLO_H
#define TESTS_REDIS_SOLO_H

#include <rgstr/redis.h>
#include <rgstr/registrar.h>
#include <stdbool.h>

typedef struct solo {
	rg_store *store;
	rg_registrar *reg;
	rg_subscription *subscription;
	rg_time next_tick, skew; /* skew: added to the clock */
	char events[4096]; /* "KIND aor;" each */
	char log[8192];    /* of the store, each line with a LF */
} solo;

/* An operation of the completion form. */
typedef struct call {
	uint32_t answers;
	rg_status status;
	int32_t code;  /* of a response or of targets */
	uint32_t n;    /* contacts, targets, removed bindings, records */
	bool inside;   /* it was answered before its function returned */
} call;

/* @param parameters  of the address, as "?timeout=300"; may be NULL. */
void solo_open(solo *s, const char *address, const char *parameters);
void solo_close(solo *s);
void solo_turn(solo *s, int32_t ms); /* drives the store, and ticks when it is time */
/* Turns until the call is answered; at most a minute, counted in steps. @return whether it is. */
bool solo_finish(solo *s, call *c);
bool solo_connect(solo *s, uint32_t connection); /* turns until the store is in this state */
int64_t solo_counter(const solo *s, const char *name); /* -1: there is none */

void solo_save(solo *s, call *c, const char *user, const char *contact, uint32_t cseq);
void solo_lookup(solo *s, call *c, const char *user);
void solo_remove(solo *s, call *c, const char *user);
void solo_remove_ip(solo *s, call *c, const char *ip); /* rg_remove_ip_port() of port 5060 */
void solo_each(solo *s, call *c);
void solo_tick(solo *s, call *c); /* it is answered when the store has nothing in flight any more */

/* As above, and finished. @return the code, else the status; solo_targets() the number of targets, else the status. */
int32_t solo_saved(solo *s, const char *user, const char *contact, uint32_t cseq);
int32_t solo_targets(solo *s, const char *user);

#endif
