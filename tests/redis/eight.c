/* SPDX-License-Identifier: MIT */
/*
 * Eight processes register, look up and remove on fifty AoRs of one server. The history of each AoR must be explained (linear.h).
 * usage: eight [OPERATIONS-A-PROCESS [SEED]]
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "node.h"
#include "server.h"

enum { PROCESSES = 8, AORS = 50, LANES = 2, OPERATIONS = 5000, BLOCKING = 3 };

int main(int argc, char **argv)
{
	redis_server *server = redis_server_start(NULL);
	load *l = load_new(PROCESSES, argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : OPERATIONS);
	uint32_t faults = 0;

	l->lanes = LANES;
	l->aors = AORS;
	l->blocking = BLOCKING;
	l->seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	for (uint32_t i = 0; i < NODES_MAX; i++)
		snprintf(l->address[i], sizeof l->address[i], "%s", redis_server_address(server));
	for (uint32_t i = 0; i < PROCESSES; i++)
		node_fork(l, i);
	for (uint32_t i = 0; i < PROCESSES; i++)
		faults += node_wait(l, i) != 0;
	reader_work(l);
	faults += load_judge(l, true);
	printf("%lld conflicts, %lld answered from the cache\n", (long long)load_counter(l, "conflicts"), (long long)load_counter(l, "cache_hits"));
	/* Without conflicts nothing was shown. */
	faults += load_counter(l, "conflicts") == 0;
	load_free(l);
	redis_server_free(server);
	return faults > 0;
}
