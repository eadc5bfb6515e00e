/* SPDX-License-Identifier: MIT */
/*
 * Four threads, every verb, eight AoRs, one registrar, events on. Afterwards the history of each binding must be a chain: what an event
 * says was there before is what the event before it left; and another site must see those that are registered, and no others. A plain
 * main, since the thread sanitizer does not get along with the test framework. With `threaded` the store answers on threads of its own,
 * and half of the verbs are of the completion form. With `overlay` it is the main store of one, and half of the bindings are saved
 * memory-only.
 * usage: stress [OPERATIONS-A-THREAD [SEED [threaded] [overlay]]]
 */
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shims.h"

enum { THREADS = 4, AORS = 8, PHONES = 4 };

typedef struct phone {
	int32_t there;
	uint32_t cseq;
	rg_time modified;
} phone;

static struct {
	rg_registrar *reg;
	rg_registrar *other; /* of another site */
	rg_lookup_options *wide;
	atomic_uint cseq;
	_Atomic int64_t clock;
	phone phones[AORS][PHONES]; /* only ever touched by the one delivery */
	int32_t live[AORS];
	uint64_t events;
	atomic_uint wrong;
	uint32_t operations;
	uint32_t seed;
	bool threaded;
	const rg_save_options *memory_only; /* over an overlay */
	atomic_int open; /* operations of the completion form */
} all;

static void wrong(const char *what, const rg_event *e)
{
	fprintf(stderr, "stress: %s: %s of %.*s\n", what, rg_event_name(e->kind), (int)e->aor.n, e->aor.p);
	atomic_fetch_add(&all.wrong, 1);
}

static rg_time clock_now(void *user)
{
	(void)user;
	return atomic_load(&all.clock);
}

static phone *phone_of(const rg_event *e, const rg_contact *c)
{
	return &all.phones[e->key.user.p[0] - 'a'][c->uri.p[4] - '0'];
}

static void told(void *user, const rg_event *e)
{
	int32_t *live = &all.live[e->key.user.p[0] - 'a'];

	(void)user;
	all.events++;
	if (e->kind == RG_EVENT_AOR_INSERT || e->kind == RG_EVENT_AOR_DELETE) {
		if (*live != (e->kind == RG_EVENT_AOR_DELETE))
			wrong("out of turn", e);
		*live = e->kind == RG_EVENT_AOR_INSERT;
		return;
	}
	phone *p = phone_of(e, e->before ? e->before : e->after);
	if ((e->before != NULL) != (p->there != 0))
		wrong("there, or not there, before", e);
	else if (e->before && (e->before->cseq != p->cseq || e->before->modified != p->modified))
		wrong("not what it was before", e);
	p->there = e->after != NULL;
	if (e->after) {
		p->cseq = e->after->cseq;
		p->modified = e->after->modified;
	}
}

static void saved(void *user, rg_status status, rg_response *response)
{
	(void)user;
	(void)status;
	rg_response_free(response);
}

static void closed(void *user)
{
	(void)user;
	atomic_fetch_sub(&all.open, 1);
}

/* The words of a call have its status. They are released here, because an operation in flight does not use them. */
static void end_words(rg_error *why, rg_status status)
{
	if (rg_error_status(why) != (status < 0 ? status : RG_OK)) {
		fprintf(stderr, "stress: the words of %s are of %s\n", rg_status_name(status), rg_status_name(rg_error_status(why)));
		atomic_fetch_add(&all.wrong, 1);
	}
	rg_error_free(why);
}

static void save_later(const rg_request *request, bool cancel)
{
	rg_error *why = rg_error_new();
	rg_op *op = NULL;

	while (atomic_load(&all.open) > 64)
		usleep(50);
	atomic_fetch_add(&all.open, 1);
	end_words(why, rg_save_async(all.reg, request, cancel ? all.memory_only : NULL, saved, NULL, closed, &op, why));
	if (cancel)
		rg_op_cancel(op);
	rg_op_free(op);
}

static void save(uint32_t *r)
{
	char to[64], uri[64], callid[32], cseq[32];
	uint32_t aor = *r >> 8 & 7, nth = *r >> 12 & 3;
	int removal = (*r >> 16 & 3) == 0;
	rg_request request;
	rg_response *response = NULL;

	snprintf(to, sizeof to, "<sip:%c@example.org>", 'a' + (int)aor);
	snprintf(uri, sizeof uri, "<sip:%u@192.0.2.%u:5060>;expires=%d", nth, nth + 1, removal ? 0 : 60 + (int)(*r >> 20 & 63));
	snprintf(callid, sizeof callid, "call-%u", *r >> 24 & 1);
	snprintf(cseq, sizeof cseq, "%u REGISTER", atomic_fetch_add(&all.cseq, 1));
	rg_str contact = rg_str_from(uri);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = rg_str_from(callid);
	request.cseq = rg_str_from(cseq);
	request.contacts = &contact;
	request.n_contacts = 1;
	request.via_count = 1;
	if (all.threaded && (*r >> 28 & 1)) {
		save_later(&request, (*r >> 29 & 7) == 0);
		return;
	}
	rg_error *why = rg_error_new();
	end_words(why, rg_save(all.reg, &request, *r >> 25 & 1 ? all.memory_only : NULL, &response, why));
	rg_response_free(response);
}

static void lookup(uint32_t *r)
{
	char uri[64];
	rg_str branch = RG_STR("sip:a@example.org");
	rg_request request;
	rg_error *why = rg_error_new();
	rg_targets *targets = NULL;
	rg_target target = { .struct_size = sizeof target };

	snprintf(uri, sizeof uri, "sip:%c@example.org", 'a' + (int)(*r >> 8 & 7));
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(uri);
	request.branches = &branch;
	request.n_branches = 1;
	end_words(why, rg_lookup(all.reg, &request, *r >> 12 & 1 ? all.wide : NULL, &targets, why));
	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		if (target.uri.n < 4)
			atomic_fetch_add(&all.wrong, 1);
	}
	rg_targets_free(targets);
}

static void take_away(uint32_t *r)
{
	char aor[64], ip[32];
	rg_error *why = rg_error_new();
	uint32_t n;
	rg_remove_filter filter;

	if (*r >> 12 & 1) {
		snprintf(ip, sizeof ip, "192.0.2.%u", (*r >> 13 & 3) + 1);
		end_words(why, rg_remove_ip_port(all.reg, RG_STR("location"), rg_str_from(ip), 5060, (rg_str){ NULL, 0 }, &n, why));
		return;
	}
	snprintf(aor, sizeof aor, "%c@example.org", 'a' + (int)(*r >> 8 & 7));
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = rg_str_from(aor);
	end_words(why, rg_remove(all.reg, &filter, &n, why));
}

static void ask(uint32_t *r)
{
	char aor[64];
	rg_query query;
	rg_error *why = rg_error_new();
	rg_answer *answer = NULL;

	snprintf(aor, sizeof aor, "%c@example.org", 'a' + (int)(*r >> 8 & 7));
	rg_query_init(&query, sizeof query);
	query.aor = rg_str_from(aor);
	end_words(why, rg_is_registered(all.reg, &query, &answer, why));
	rg_answer_free(answer);
}

static int32_t pass(void *user, const rg_record *record)
{
	*(uint32_t *)user += rg_record_contact_count(record);
	return 0;
}

static void look_around(uint32_t *r)
{
	rg_error *why = rg_error_new();
	uint32_t n = 0;
	rg_statistics *stats = NULL;

	if (*r >> 8 & 1) {
		end_words(why, rg_each(all.reg, RG_STR("location"), pass, &n, why));
		return;
	}
	end_words(why, rg_read_statistics(all.reg, RG_STR("location"), &stats, why));
	rg_statistics_free(stats);
}

static void tick(uint32_t *r)
{
	rg_time next;

	atomic_fetch_add(&all.clock, 200 + (*r >> 8 & 2047));
	rg_registrar_tick(all.reg, 0, &next);
}

static void *work(void *arg)
{
	uint32_t r = all.seed + (uint32_t)(uintptr_t)arg * 7919;

	for (uint32_t i = 0; i < all.operations; i++) {
		r = r * 1664525 + 1013904223;
		uint32_t what = (r >> 3) % 32;

		if (what < 16)
			save(&r);
		else if (what < 24)
			lookup(&r);
		else if (what < 26)
			take_away(&r);
		else if (what < 28)
			ask(&r);
		else if (what < 29)
			look_around(&r);
		else if (what < 30)
			rg_registrar_configure(all.reg, NULL, NULL);
		else
			tick(&r);
	}
	return NULL;
}

static int64_t in_flight(void)
{
	rg_statistics *stats = NULL;
	int64_t n = 0;

	rg_read_statistics(all.reg, RG_STR("location"), &stats, NULL);
	rg_statistics_find(stats, RG_STR("operations_in_flight"), &n);
	rg_statistics_free(stats);
	return n;
}

static uint32_t seen_by(rg_registrar *reg, int aor)
{
	char uri[64];
	rg_request request;
	rg_targets *targets = NULL;

	snprintf(uri, sizeof uri, "sip:%c@example.org", 'a' + aor);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(uri);
	rg_lookup(reg, &request, all.wide, &targets, NULL);
	uint32_t n = rg_targets_count(targets);
	rg_targets_free(targets);
	return n;
}

/* Publication has caught up when both sites see the same. */
static void compare_sites(void)
{
	for (int aor = 0; aor < AORS; aor++) {
		uint32_t here = 1, there = 0;

		for (int i = 0; i < 5000 && (here > 0) != (there > 0); i++) {
			rg_time next;

			atomic_fetch_add(&all.clock, 100);
			rg_registrar_tick(all.reg, 0, &next);
			usleep(200);
			here = seen_by(all.reg, aor);
			there = seen_by(all.other, aor);
		}
		if ((here > 0) == (there > 0))
			continue;
		fprintf(stderr, "stress: %c has %u bindings here and %u homes there\n", 'a' + aor, here, there);
		atomic_fetch_add(&all.wrong, 1);
	}
}

static rg_store *lay_over(rg_store *main_store)
{
	rg_save_options *options = NULL;
	rg_store *local = NULL, *out = NULL;

	if (rg_memory_store_new(NULL, &local, NULL) != RG_OK || rg_store_overlay(main_store, local, &out, NULL) != RG_OK ||
		rg_save_options_new(RG_STR("memory-only"), &options, NULL) != RG_OK)
		abort();
	rg_store_unref(local);
	all.memory_only = options;
	return out;
}

int main(int argc, char **argv)
{
	rg_store *store = NULL, *sites = NULL, *shared, *main_store;
	bool overlay = false;
	rg_env env = { .struct_size = sizeof env, .now = clock_now };
	rg_subscription *subscription;
	pthread_t threads[THREADS];

	all.operations = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 5000;
	all.seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	atomic_init(&all.clock, 1700000000000);
	atomic_init(&all.cseq, 1);
	for (int i = 3; i < argc; i++) {
		all.threaded |= strcmp(argv[i], "threaded") == 0;
		overlay |= strcmp(argv[i], "overlay") == 0;
	}
	rg_store *memory = NULL;
	if (rg_memory_store_new(NULL, &memory, NULL) != RG_OK)
		return 1;
	main_store = all.threaded ? threaded_new(memory) : rg_store_ref(memory);
	store = overlay ? lay_over(main_store) : rg_store_ref(main_store);
	if (rg_registrar_new(NULL, store, &env, &all.reg, NULL) != RG_OK ||
		rg_registrar_subscribe(all.reg, RG_EVENT_ALL, told, NULL, NULL, &subscription, NULL) != RG_OK)
		return 1;
	if (rg_memory_store_new(NULL, &sites, NULL) != RG_OK || rg_registrar_new(NULL, sites, &env, &all.other, NULL) != RG_OK ||
		rg_lookup_options_new(RG_STR("global,branch"), &all.wide, NULL) != RG_OK)
		return 1;
	shared = all.threaded ? threaded_new(sites) : rg_store_ref(sites);
	if (rg_registrar_federate(all.reg, shared, RG_STR("192.0.2.250"), NULL, NULL) != RG_OK ||
		rg_registrar_federate(all.other, sites, RG_STR("192.0.2.251"), NULL, NULL) != RG_OK)
		return 1;
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (in_flight() > 0)
		usleep(1000);
	compare_sites();
	while (in_flight() > 0)
		usleep(1000);
	rg_subscription_free(subscription);
	rg_registrar_unref(all.reg);
	rg_registrar_unref(all.other);
	rg_lookup_options_unref(all.wide);
	rg_store_unref(shared);
	rg_store_unref(sites);
	rg_save_options_unref(all.memory_only);
	rg_store_unref(store);
	rg_store_unref(main_store);
	rg_store_unref(memory);
	printf("stress: seed %u, %u operations on each of %d threads, %llu events, %u wrong\n", all.seed, all.operations, THREADS,
		(unsigned long long)all.events, atomic_load(&all.wrong));
	return atomic_load(&all.wrong) > 0 || all.events == 0;
}
