/* SPDX-License-Identifier: MIT */
/*
 * What clients of a registrar did and saw, written down so that a checker (linear.h) can judge it: each operation with its interval and its
 * answer, and each event. A binding bears the tag of the operation that wrote it, as its attr, so every answer says whose bindings it shows.
 */
#ifndef TESTS_REDIS_HISTORY_H
#define TESTS_REDIS_HISTORY_H

#include <rgstr/registrar.h>
#include <stdbool.h>

enum { URIS = 4, CALLIDS = 3, NODES_MAX = 10 };

typedef enum act_kind {
	ACT_SET,        /* REGISTER that sets uris[0] */
	ACT_UNSET,      /* REGISTER that removes uris[0] */
	ACT_SWAP,       /* REGISTER that removes uris[0] and sets uris[1] */
	ACT_STAR,       /* REGISTER with Contact: * */
	ACT_REMOVE_ONE, /* rg_remove() of uris[0] */
	ACT_REMOVE_ALL, /* rg_remove() of all */
	ACT_ASK,        /* rg_is_registered() */
	ACT_LOOKUP,     /* rg_lookup() */
	ACT_WIPE        /* the server lost its data */
} act_kind;

/* An operation. Times are nanoseconds of CLOCK_MONOTONIC, which all processes share. */
typedef struct act {
	uint64_t begin, end;  /* end 0: there was no answer */
	rg_time now;          /* that of its decision */
	uint32_t tag;         /* not 0, unique */
	uint32_t cseq;
	uint32_t answers;     /* how often its callback ran */
	uint32_t removed;     /* what rg_remove() counted */
	uint32_t seen[URIS];  /* the tag of each binding that the answer shows; 0 = not there */
	int32_t status, code; /* code: of the response, 200 for any other good answer, 0 = none */
	uint16_t node;
	uint8_t aor, kind, callid, uris[2];
	bool refused;  /* the store refused it before its function returned: it never happens */
	bool blocking; /* it was of the blocking form */
} act;

/* An event. Those of a node are in the order in which it heard them. */
typedef struct told {
	uint32_t kind, before, after; /* tags */
	uint16_t node;
	uint8_t aor, uri; /* uri: of before or after */
} told;

typedef struct history {
	act *acts;
	uint32_t n_acts;
	told *told;
	uint32_t n_told;
	bool killed[NODES_MAX]; /* killed before it told all */
	bool resends;           /* commits were sent again */
} history;

typedef struct act_text {
	char to[64], contact[2][64], callid[32], cseq[32], attr[16], flow[16];
	rg_str lines[2];
} act_text;

bool act_writes(const act *a);    /* it may change bindings */
bool act_registers(const act *a); /* it is a REGISTER */
bool act_known(const act *a);     /* its answer says what it did; else it may happen at any time after its begin, or never */

void act_request(const act *a, act_text *text, rg_request *out);      /* a REGISTER, or a request that looks its AoR up */
void act_filter(const act *a, act_text *text, rg_remove_filter *out); /* of a removal */

uint32_t tag_of(rg_str attr);  /* UINT32_MAX: it is none */
uint32_t uri_of(rg_str uri);   /* its number; URIS: it is none of them */
void seen_in_record(const rg_record *record, uint32_t seen[URIS]);
void seen_in_response(const rg_response *response, uint32_t seen[URIS]);
void seen_in_targets(const rg_targets *targets, uint32_t seen[URIS]);
void seen_in_answer(const rg_answer *answer, uint32_t seen[URIS]);
void told_from(const rg_event *e, told *out); /* all but the node and the AoR */

int act_print(const act *a, char *room, size_t size);

#endif
