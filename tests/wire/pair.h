/* SPDX-License-Identifier: MIT */
/* Two registrars with equal config, clock and random bytes, to which the same bytes go through two adaptors. */
#ifndef RG_TEST_PAIR_H
#define RG_TEST_PAIR_H

#include "front.h"

typedef struct pair pair;

/* The codes and kinds of what was seen, so that a run which tested little can be told. */
typedef struct tally {
	uint64_t messages, replies, changes, targets, empty_lookups, silent, errors;
	uint64_t codes[700];
	uint64_t excused[20]; /* a row of the table in allowed.c each */
} tally;

/* @param kind  a row of the table of configurations, modulo their number. */
pair *pair_new(uint32_t kind, const front *left, const front *right, tally *t);
void pair_free(pair *p);
uint32_t pair_kinds(void);
const char *pair_kind_name(uint32_t kind);

/* Hands the same bytes to both. @param manner  bits that choose the form of the call. @return NULL: they agree; else how they differ, to be
 * read until the next call. */
const char *pair_judge(pair *p, rg_str bytes, uint32_t manner);
/* True: the two have gone apart by a difference that is allowed, and are of no use any more. */
bool pair_apart(const pair *p);
/* Moves the clock and ticks both. */
const char *pair_sleep(pair *p, rg_time ms);
/* All that both hold and have counted. */
const char *pair_compare_all(pair *p);
/* Answer of the one and of the other to the last message. */
const answer *pair_answer(const pair *p, int side);
/* Bindings in the store of the right side. */
uint32_t pair_bindings(pair *p);

enum { MANNER_LOOKUP = 1, MANNER_AGAIN = 2, MANNER_ASYNC = 4, MANNERS = 8 };

/* What a difference that is allowed entails. */
typedef struct verdict {
	bool refused; /* both refuse, for other faults: the host may have been asked by one of them, and told nothing */
	bool apart;   /* the one refuses what the other accepts: from here on they hold other records */
} verdict;

/* allowed.c: NULL when two answers agree, or differ as a row of the table allows; else what differs. Overwrites what is excused. */
const char *allowed_difference(const question *q, answer *left, answer *right, tally *t, verdict *v);
/* True: a row allows that the two went apart, though no answer shows it (save flag no-reply). */
bool allowed_apart(const question *q, answer *left, answer *right, tally *t);
/* True: the host may have been asked about a message by one of them alone, as both refuse it. */
bool allowed_question(const answer *left, const answer *right, bool silent);
const char *allowed_name(uint32_t row); /* NULL past the last one */

#endif
