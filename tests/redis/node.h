/* SPDX-License-Identifier: MIT */
/*
 * Nodes under load: processes that share a server, each a registrar with several clients, and what they do and hear in memory that all
 * share. So the history of a node that was killed is complete.
 */
#ifndef TESTS_REDIS_NODE_H
#define TESTS_REDIS_NODE_H

#include "history.h"
#include <stdatomic.h>
#include <sys/types.h>

enum { LANES_MAX = 16, AORS_MAX = 128, COUNTERS = 64 };

typedef struct journal {
	_Atomic uint32_t n_acts, n_told;
	_Atomic int connection;      /* RG_REDIS_… */
	_Atomic uint32_t answered;   /* calls answered so far */
	_Atomic uint32_t failed;     /* those of them that the store could not serve */
	struct { char name[32]; int64_t value; } counters[COUNTERS]; /* of the store, at the end */
	bool killed, forked;
	pid_t pid;
	act *acts;
	told *told;
} journal;

typedef struct load {
	_Atomic bool hold; /* nodes do not begin yet */
	_Atomic bool stop;
	uint32_t nodes, lanes, aors, room; /* room: acts of each node */
	uint32_t pause_us;  /* of a client between two operations */
	uint32_t blocking;  /* one of so many operations is of the blocking form; 0 = none */
	uint32_t seed;
	bool resends;       /* something happens for which commits are sent again */
	uint64_t began;
	rg_store *(*open)(const struct load *l, uint32_t node);
	void (*drive)(rg_store *store, int32_t ms); /* waits for its connections */
	_Atomic uint32_t undecided[AORS_MAX], since_undecided[AORS_MAX]; /* writes whose outcome is not known yet; those begun since there is one */
	char address[NODES_MAX][192];
	journal journals[NODES_MAX]; /* the last one is that of the reader */
} load;

uint64_t clock_ns(void);
rg_store *open_redis(const load *l, uint32_t node); /* at l->address[node] */
void drive_redis(rg_store *store, int32_t ms);

load *load_new(uint32_t nodes, uint32_t room); /* in shared memory; to be filled in */
void load_free(load *l);

void node_fork(load *l, uint32_t node); /* begins a node as a process of its own */
void node_work(load *l, uint32_t node); /* what it does until `stop`, or `room` is full; then it answers all, tells all and returns */
int node_wait(load *l, uint32_t node);  /* @return its exit status, a signal as its negative number */
void node_kill(load *l, uint32_t node);
void reader_work(load *l); /* asks for each AoR, after all else */

/* The server lost its data between @p begin and @p end. */
void load_wiped(load *l, uint64_t begin, uint64_t end);

int64_t load_counter(const load *l, const char *name); /* of all nodes that ended by themselves */

/* Judges all: each call of a node that lives answered once, each AoR explained. @return the number of faults, told on stderr. */
uint32_t load_judge(const load *l, bool verbose);

#endif
