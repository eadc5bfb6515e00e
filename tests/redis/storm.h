/* SPDX-License-Identifier: MIT */
/* Nodes under load while something happens to their server, and what must hold afterwards. */
#ifndef TESTS_REDIS_STORM_H
#define TESTS_REDIS_STORM_H

#include "node.h"
#include "proxy.h"
#include "server.h"

typedef struct storm {
	redis_server *server;
	proxy *proxies[NODES_MAX]; /* one for each node, if the storm has proxies */
	load *l;
	uint32_t times; /* how often it is to happen */
	uint64_t dice;
	uint32_t faults;
} storm;

typedef struct storm_kind {
	const char *name;
	redis_server_options server;
	bool proxies;
	const char *login;      /* "user:password@" of the nodes; NULL = none */
	const char *parameters; /* of their addresses; NULL = the usual ones */
	uint32_t times;         /* how often it happens in the short form */
	void (*happens)(storm *s);
	void (*after)(storm *s); /* looks at counters when all nodes have ended; may be NULL */
} storm_kind;

extern const storm_kind storm_kinds[];
extern const uint32_t n_storm_kinds;

void storm_fault(storm *s, const char *what);
uint32_t storm_roll(storm *s, uint32_t below);
void storm_sleep(uint32_t ms);

/* Wait until it is so for each node that lives; a fault if it is not so within 60 s. */
void storm_progress(storm *s, uint32_t calls);    /* this many more calls were served */
void storm_answers(storm *s, uint32_t calls);     /* this many more calls were answered, whatever the answer */
void storm_failures(storm *s, uint32_t calls);    /* this many more calls failed */
void storm_connection(storm *s, int connection);  /* its store is in this state, RG_REDIS_… */

#endif
