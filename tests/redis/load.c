/* SPDX-License-Identifier: MIT */
#include "linear.h"
#include "node.h"
#include <rgstr/redis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { TOLD_OF_ACT = 8, WIPES = 64 * AORS_MAX };

static void *shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static uint32_t room_of(const load *l, uint32_t node)
{
	return node == NODES_MAX - 1 ? WIPES + AORS_MAX : l->room;
}

load *load_new(uint32_t nodes, uint32_t room)
{
	load *l = shared(sizeof *l);

	l->nodes = nodes;
	l->room = room;
	l->open = open_redis;
	l->drive = drive_redis;
	l->began = clock_ns();
	for (uint32_t i = 0; i < NODES_MAX; i++) {
		l->journals[i].acts = shared(room_of(l, i) * sizeof(act));
		l->journals[i].told = shared(room_of(l, i) * TOLD_OF_ACT * sizeof(told));
	}
	return l;
}

void load_free(load *l)
{
	for (uint32_t i = 0; i < NODES_MAX; i++) {
		munmap(l->journals[i].acts, room_of(l, i) * sizeof(act));
		munmap(l->journals[i].told, room_of(l, i) * TOLD_OF_ACT * sizeof(told));
	}
	munmap(l, sizeof *l);
}

rg_store *open_redis(const load *l, uint32_t node)
{
	rg_redis_options options;
	rg_store *store = NULL;
	rg_error *why = rg_error_new();

	rg_redis_options_init(&options, sizeof options);
	options.address = rg_str_from(l->address[node]);
	if (rg_redis_store_new(&options, &store, why) != RG_OK)
		fprintf(stderr, "no store at %s: %.*s\n", l->address[node], (int)rg_error_text(why).n, rg_error_text(why).p);
	rg_error_free(why);
	return store;
}

void drive_redis(rg_store *store, int32_t ms)
{
	rg_redis_store_run(store, ms);
}

/* They stand behind the reader's own, of which there are `aors`. */
void load_wiped(load *l, uint64_t begin, uint64_t end)
{
	journal *j = &l->journals[NODES_MAX - 1];
	static const uint32_t room = WIPES;

	for (uint32_t i = 0; i < l->aors; i++) {
		uint32_t at = atomic_fetch_add(&j->n_told, 1); /* the reader hears no events: this counts the wipes */

		if (at >= room)
			abort();
		j->acts[AORS_MAX + at] = (act){ .kind = ACT_WIPE, .aor = (uint8_t)i, .node = NODES_MAX - 1, .tag = UINT32_MAX - at, .begin = begin,
			.end = end, .answers = 1 };
	}
}

static uint32_t take_acts(const journal *j, uint32_t from, uint32_t n, uint32_t aor, act *out)
{
	uint32_t count = 0;

	for (uint32_t i = from; i < from + n; i++) {
		if (j->acts[i].aor == aor)
			out[count++] = j->acts[i];
	}
	return count;
}

/* The history of one AoR, in the room of @p h. */
static void take_history(const load *l, uint32_t aor, history *h)
{
	const journal *reader = &l->journals[NODES_MAX - 1];

	h->n_acts = h->n_told = 0;
	for (uint32_t i = 0; i < l->nodes; i++) {
		const journal *j = &l->journals[i];
		uint32_t n_told = atomic_load(&j->n_told);

		h->killed[i] = j->killed;
		h->n_acts += take_acts(j, 0, atomic_load(&j->n_acts), aor, h->acts + h->n_acts);
		for (uint32_t k = 0; k < n_told; k++) {
			if (j->told[k].aor == aor)
				h->told[h->n_told++] = j->told[k];
		}
	}
	h->n_acts += take_acts(reader, 0, atomic_load(&reader->n_acts), aor, h->acts + h->n_acts);
	h->n_acts += take_acts(reader, AORS_MAX, atomic_load(&reader->n_told), aor, h->acts + h->n_acts);
}

int64_t load_counter(const load *l, const char *name)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < l->nodes; i++) {
		for (uint32_t k = 0; k < COUNTERS; k++) {
			if (strcmp(l->journals[i].counters[k].name, name) == 0)
				sum += l->journals[i].counters[k].value;
		}
	}
	return sum;
}

static uint32_t judge_answers(const load *l)
{
	uint32_t faults = 0;

	for (uint32_t i = 0; i < l->nodes; i++) {
		const journal *j = &l->journals[i];

		for (uint32_t k = 0; k < atomic_load(&j->n_acts) && !j->killed; k++) {
			const act *a = &j->acts[k];
			char text[256];

			if (a->answers == 1 && (a->status != RG_OK || act_known(a)))
				continue;
			act_print(a, text, sizeof text);
			fprintf(stderr, "%u answers to %s\n", a->answers, text);
			faults++;
		}
	}
	return faults;
}

uint32_t load_judge(const load *l, bool verbose)
{
	uint32_t faults = judge_answers(l), acts = 0, events = 0;
	size_t room = (size_t)l->room * l->nodes + AORS_MAX + WIPES;
	history h = { .resends = l->resends, .acts = malloc(room * sizeof(act)), .told = malloc(room * TOLD_OF_ACT * sizeof(told)) };
	char why[16384];

	for (uint32_t aor = 0; aor < l->aors; aor++) {
		take_history(l, aor, &h);
		acts += h.n_acts;
		events += h.n_told;
		if (linear_check(&h, why, sizeof why) == LINEAR_GOOD)
			continue;
		fprintf(stderr, "u%u: %s\n", aor, why);
		faults++;
	}
	if (verbose)
		printf("%u operations, %u events on %u AoRs, %u faults\n", acts, events, l->aors, faults);
	free(h.acts);
	free(h.told);
	return faults;
}
