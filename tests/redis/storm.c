/* SPDX-License-Identifier: MIT */
/*
 * Nodes share a server, under load, while something happens to it. Afterwards each node serves calls again by itself, each call was answered
 * once, and the history of each AoR is explained: no acknowledged change is lost, none is doubled or undone, each event was told once.
 * usage: storm [NAME [TIMES [SEED]]]
 */
#include "storm.h"
#include <poll.h>
#include <rgstr/redis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 3, LANES = 4, AORS = 30, PAUSE_US = 8000, PATIENCE_MS = 60000, STEP_MS = 2, ROOM = 500000 };

static const char usual[] = "?timeout=400&connect_timeout=400";

void storm_fault(storm *s, const char *what)
{
	fprintf(stderr, "%s\n", what);
	s->faults++;
}

uint32_t storm_roll(storm *s, uint32_t below)
{
	s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->dice >> 33) % below;
}

void storm_sleep(uint32_t ms)
{
	poll(NULL, 0, (int)ms);
}

typedef struct count {
	uint32_t served, failed, answered;
} count;

static count count_of(const load *l, uint32_t node)
{
	const journal *j = &l->journals[node];
	uint32_t failed = atomic_load(&j->failed);

	uint32_t answers = atomic_load(&j->answered);

	return (count){ answers - failed, failed, answers };
}

/* The steps are counted, so that a machine that stood still does not decide. */
static void wait_for_counts(storm *s, count more, const char *what)
{
	count before[NODES_MAX];

	for (uint32_t i = 0; i < s->l->nodes; i++)
		before[i] = count_of(s->l, i);
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		bool done = true;

		for (uint32_t i = 0; i < s->l->nodes; i++) {
			count now = count_of(s->l, i);
			bool enough = now.served >= before[i].served + more.served && now.failed >= before[i].failed + more.failed &&
				now.answered >= before[i].answered + more.answered;

			done = done && (s->l->journals[i].killed || enough);
		}
		if (done)
			return;
		storm_sleep(STEP_MS);
	}
	storm_fault(s, what);
}

void storm_progress(storm *s, uint32_t calls)
{
	wait_for_counts(s, (count){ .served = calls }, "a node does not serve calls");
}

void storm_failures(storm *s, uint32_t calls)
{
	wait_for_counts(s, (count){ .failed = calls }, "a node answers none that its store cannot serve");
}

void storm_answers(storm *s, uint32_t calls)
{
	wait_for_counts(s, (count){ .answered = calls }, "a node does not answer calls");
}

void storm_connection(storm *s, int connection)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		bool done = true;

		for (uint32_t i = 0; i < s->l->nodes; i++)
			done = done && (s->l->journals[i].killed || atomic_load(&s->l->journals[i].connection) == connection);
		if (done)
			return;
		storm_sleep(STEP_MS);
	}
	storm_fault(s, connection == RG_REDIS_READY ? "a node does not connect" : "a node does not see that its server is gone");
}

/* unix:/path, or unix://user:password@/path */
static void set_address(storm *s, const storm_kind *k, uint32_t node)
{
	const char *where = redis_server_address(s->server);

	if (k->proxies && node < NODES) {
		s->proxies[node] = proxy_new(s->server);
		where = proxy_address(s->proxies[node]);
	}
	snprintf(s->l->address[node], sizeof s->l->address[node], "unix:%s%s%s%s", k->login ? "//" : "", k->login ? k->login : "",
		where + strlen("unix:"), k->parameters ? k->parameters : usual);
}

static void open_storm(storm *s, const storm_kind *k)
{
	s->server = redis_server_start(&k->server);
	s->l = load_new(NODES, ROOM);
	s->l->lanes = LANES;
	s->l->aors = AORS;
	s->l->pause_us = PAUSE_US;
	s->l->blocking = 40;
	s->l->resends = true;
	s->l->seed = (uint32_t)s->dice;
	/* A proxy is a thread, and a process with threads does not fork well. */
	atomic_store(&s->l->hold, true);
	for (uint32_t i = 0; i < NODES; i++)
		node_fork(s->l, i);
	for (uint32_t i = 0; i < NODES_MAX; i++)
		set_address(s, k, i);
	atomic_store(&s->l->hold, false);
}

static void close_storm(storm *s, const storm_kind *k)
{
	atomic_store(&s->l->stop, true);
	for (uint32_t i = 0; i < NODES; i++) {
		int status = node_wait(s->l, i);

		if (status != 0 && !s->l->journals[i].killed) {
			s->faults++;
			fprintf(stderr, "node %u ended with %d\n", i, status);
		}
	}
	reader_work(s->l);
	if (k->after)
		k->after(s);
	s->faults += load_judge(s->l, true);
	for (uint32_t i = 0; i < NODES; i++)
		proxy_free(s->proxies[i]);
	load_free(s->l);
	redis_server_free(s->server);
}

static uint32_t run(const storm_kind *k, uint32_t times, uint32_t seed)
{
	storm s = { .times = times ? times : k->times, .dice = seed * 2654435761u + 1 };

	printf("%s, %u times, seed %u: ", k->name, s.times, seed);
	fflush(stdout);
	uint64_t began = clock_ns();

	open_storm(&s, k);
	storm_progress(&s, 40);
	k->happens(&s);
	storm_connection(&s, RG_REDIS_READY);
	storm_progress(&s, 40);
	close_storm(&s, k);
	fprintf(stderr, "%s", s.faults ? "FAULTS\n" : "");
	printf("  %u ms\n", (unsigned)((clock_ns() - began) / 1000000));
	return s.faults;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "all";
	uint32_t times = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0, seed = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
	uint32_t faults = 0, n = 0;

	for (uint32_t i = 0; i < n_storm_kinds; i++) {
		if (strcmp(name, "all") != 0 && strcmp(name, storm_kinds[i].name) != 0)
			continue;
		faults += run(&storm_kinds[i], times, seed);
		n++;
	}
	if (n == 0)
		fprintf(stderr, "there is no storm %s\n", name);
	return faults > 0 || n == 0;
}
