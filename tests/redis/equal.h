/* SPDX-License-Identifier: MIT */
/* One random script on two sides: two nodes on one memory store, and two nodes on one Redis. */
#ifndef EQUAL_H
#define EQUAL_H

#include <rgstr/rgstr.h>
#include <stdbool.h>
#include <stdio.h>

enum { EQUAL_NODES = 2, EQUAL_AORS = 4, EQUAL_PHONES = 4, EQUAL_TEXT = 4096 };

enum { STEP_SAVE, STEP_LOOKUP, STEP_QUERY, STEP_REMOVE, STEP_REMOVE_ADDRESS, STEP_REMOVE_FLOW, STEP_REGISTERED, STEP_CONTACT, STEP_IP,
	STEP_LATENCY, STEP_EACH, STEP_TIME, STEP_KINDS };

/* What both sides do. Its texts are its own. */
typedef struct step {
	int kind;
	unsigned node, aor, options;
	bool blocking;
	int64_t ms; /* STEP_TIME */
	uint32_t microseconds;
	rg_str name;    /* the AoR */
	rg_str contact; /* of a removal, a query, a latency; may be absent */
	rg_str ip, flow, instance;
	rg_str contacts[3], path, supported;
	rg_request request;
	char text[EQUAL_TEXT];
	size_t n;
} step;

/* equal_draw.c */
void equal_seed(uint64_t seed);
uint32_t equal_dice(uint32_t below);
void equal_draw(step *s);
rg_config *equal_config(void);

/* equal_side.c */
typedef struct side side;

typedef struct side_store {
	const char *name;
	rg_store *stores[EQUAL_NODES]; /* taken over */
} side_store;

side *side_new(const side_store *store, const rg_config *config);
void side_free(side *s);
void side_take(side *s, const step *what);
void side_last_look(side *s); /* every binding that is left */
/* What came of all since the last call, and the events of each AoR in their order. To be freed. */
char *side_told(side *s);

#endif
