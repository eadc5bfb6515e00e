/* SPDX-License-Identifier: MIT */
/* Prints what a refresh and a lookup cost one by one and in batches, on phones touched in random order: the median, and the lowest decile, which
 * other work on the machine disturbs less. No timing decides anything. usage: batch [USERS] */
#include "phones.h"
#include <rgstr/memory.h>
#include <rgstr/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 32, ROUNDS = 4000, BYTES = 2048 };

typedef struct bench {
	rg_registrar *reg;
	rg_time now;
	uint32_t users, cseq;
	uint64_t state; /* of the generator of random phones */
	phone phones[BATCH];
	rg_key keys[BATCH];
	rg_str aors[BATCH];
	rg_wire_call calls[BATCH];
	rg_request hosts[BATCH];
	char names[BATCH][16], bytes[BATCH][BYTES + 64], replies[BATCH][BYTES + 64]; /* no power of two: they would compete for cache lines */
} bench;

static void die(const char *what)
{
	fprintf(stderr, "batch: %s failed\n", what);
	exit(1);
}

static rg_time bench_now(void *user)
{
	return ((bench *)user)->now;
}

static double ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void save(bench *b, const phone *p)
{
	rg_response *response = NULL;

	if (rg_save(b->reg, &p->save, NULL, &response, NULL) != RG_OK || rg_response_code(response) != 200)
		die("save");
	rg_response_free(response);
}

static void look_up(bench *b, const phone *p)
{
	rg_targets *targets = NULL;

	if (rg_lookup(b->reg, &p->lookup, NULL, &targets, NULL) != RG_OK || rg_targets_count(targets) != 1)
		die("lookup");
	rg_targets_free(targets);
}

static void open_bench(bench *b)
{
	const rg_env env = { .struct_size = sizeof env, .now = bench_now, .user = b };
	rg_store *store = NULL;

	b->now = 1700000000000;
	b->state = 42;
	b->cseq = 1;
	if (rg_memory_store_new(NULL, &store, NULL) || rg_registrar_new(NULL, store, &env, &b->reg, NULL))
		die("setting up");
	rg_store_unref(store);
	for (uint32_t i = 0; i < b->users; i++) {
		phone_make(&b->phones[0], i, b->cseq, PHONE_EXPIRES_DEFAULT, 0);
		save(b, &b->phones[0]);
	}
}

static void prepare_call(bench *b, uint32_t i, uint32_t user, int looks_up)
{
	rg_wire_call *call = &b->calls[i];
	rg_request *host = &b->hosts[i];
	size_t n = phone_wire(&b->phones[i], user, b->cseq, b->bytes[i], BYTES);

	if (looks_up)
		n = (size_t)snprintf(b->bytes[i], BYTES, "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP 10.20.100.100:5060;branch=z9hG4bK%08x;rport\r\n"
			"Max-Forwards: 70\r\nFrom: <sip:caller@example.net>;tag=%08x\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
			b->phones[i].target, user, user, b->phones[i].to, b->phones[i].callid);
	rg_request_init(host, sizeof *host);
	host->source = (rg_addr){ .ip = { 10, 20, 100, 100 }, .port = 5060, .family = 4 };
	host->transport = RG_STR("udp");
	host->received = b->phones[i].save.received;
	host->socket = b->phones[i].save.socket;
	rg_wire_call_init(call, sizeof *call);
	call->flags = RG_WIRE_REDIRECT;
	call->bytes = (rg_str){ b->bytes[i], n };
	call->host = host;
	call->reply = b->replies[i];
	call->room = BYTES;
}

static void prepare(bench *b, int looks_up)
{
	b->cseq++;
	for (uint32_t i = 0; i < BATCH; i++) {
		b->state = b->state * 6364136223846793005u + 1442695040888963407u;
		uint32_t user = (uint32_t)(((b->state >> 32) * b->users) >> 32);

		phone_make(&b->phones[i], user, b->cseq, PHONE_EXPIRES_DEFAULT, 0);
		snprintf(b->names[i], sizeof b->names[i], "user%08u", user);
		b->keys[i] = (rg_key){ RG_STR("location"), rg_str_from(b->names[i]), RG_STR("example.net") };
		b->aors[i] = looks_up ? b->phones[i].lookup.request_uri : b->phones[i].save.to_header;
		prepare_call(b, i, user, looks_up);
	}
}

typedef enum way { ALONE, KEYS, AORS, BYTES_ALONE, BYTES_TOGETHER, WAYS } way;

static const char *const way_names[WAYS] = { "one by one", "in 32, rg_prefetch()", "in 32, rg_prefetch_aors()", "bytes, one by one", "bytes, in 32" };

static void run(bench *b, way how, int looks_up)
{
	if (how == KEYS)
		rg_prefetch(b->reg, b->keys, BATCH);
	if (how == AORS)
		rg_prefetch_aors(b->reg, RG_STR("location"), b->aors, BATCH);
	if (how == BYTES_TOGETHER)
		rg_wire_handle_many(b->reg, b->calls, BATCH, NULL);
	for (uint32_t i = 0; i < BATCH && how != BYTES_TOGETHER; i++) {
		if (how == BYTES_ALONE)
			rg_wire_handle(b->reg, &b->calls[i], NULL);
		else if (looks_up)
			look_up(b, &b->phones[i]);
		else
			save(b, &b->phones[i]);
	}
}

static void check(const bench *b, int code)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		if (b->calls[i].status != RG_OK || b->calls[i].code != code)
			die("a call");
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The ways take turns, so that all of them meet the same disturbances. */
static void compare_ways(bench *b, int looks_up)
{
	static double took[WAYS][ROUNDS];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (way how = ALONE; how < WAYS; how++) {
			prepare(b, looks_up);
			double start = ns();
			run(b, how, looks_up);
			took[how][round] = (ns() - start) / BATCH;
			if (how >= BYTES_ALONE)
				check(b, looks_up ? 302 : 200);
		}
	}
	for (way how = ALONE; how < WAYS; how++) {
		qsort(took[how], ROUNDS, sizeof took[how][0], by_value);
		printf("%-8s %-28s %8u AoRs  %6.0f ns  (lowest decile %6.0f)\n", looks_up ? "lookup" : "refresh", way_names[how], b->users,
			took[how][ROUNDS / 2], took[how][ROUNDS / 10]);
	}
}

int main(int argc, char **argv)
{
	static bench b;

	b.users = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	if (b.users == 0)
		die("reading the number of users");
	open_bench(&b);
	compare_ways(&b, 0);
	compare_ways(&b, 1);
	rg_registrar_unref(b.reg);
	return 0;
}
