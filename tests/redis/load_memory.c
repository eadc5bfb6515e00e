/* SPDX-License-Identifier: MIT */
/* The load and its judge on the memory store, which several registrars share on threads: what is found here is no fault of Redis. */
#include "node.h"
#include <poll.h>
#include <pthread.h>
#include <rgstr/memory.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct worker {
	load *l;
	uint32_t index;
	pthread_t thread;
} worker;

static rg_store *memory;

static rg_store *open_memory(const load *l, uint32_t node)
{
	(void)l;
	(void)node;
	return rg_store_ref(memory);
}

static void drive_memory(rg_store *store, int32_t ms)
{
	(void)store;
	if (ms)
		poll(NULL, 0, 0);
}

static void *work(void *arg)
{
	worker *w = arg;

	node_work(w->l, w->index);
	return NULL;
}

int main(int argc, char **argv)
{
	load *l = load_new(4, argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 2000);
	worker workers[4];

	l->lanes = 3;
	l->aors = 20;
	l->blocking = 4;
	l->seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	l->open = open_memory;
	l->drive = drive_memory;
	if (rg_memory_store_new(NULL, &memory, NULL) != RG_OK)
		return 1;
	for (uint32_t i = 0; i < 4; i++) {
		workers[i] = (worker){ .l = l, .index = i };
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (uint32_t i = 0; i < 4; i++)
		pthread_join(workers[i].thread, NULL);
	reader_work(l);
	rg_store_unref(memory);
	return load_judge(l, true) > 0;
}
