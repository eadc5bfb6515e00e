/* SPDX-License-Identifier: MIT */
/* Many calls at once have the results of one call after the other: random batches, in which one user comes several times, go to two sides
 * that are equal, to one of them together and to the other one by one. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <rgstr/memory.h>
#include <rgstr/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../engine/shims.h"

enum { MOST = 80, TEXT = 1200, ROOM = 2048, USERS = 6, BATCHES = 40 };

typedef enum over { MEMORY, OVERLAY, DEFERRED, CONFLICTING, FAULTY, FAULTY_LOCAL, THREADED } over;

/* What came of a call. */
typedef struct answer {
	rg_wire_call call;
	rg_request host;
	char reply[ROOM];
	int done;
} answer;

typedef struct side {
	rg_store *seen; /* an inline store with all bindings */
	rg_registrar *reg;
	deferred *deferred;
	faulty faulty;
	conflicting conflicting;
	uint64_t drawn; /* by env.random */
	rg_time *now;
	pthread_mutex_t lock;
	pthread_cond_t all_done;
	uint32_t n_done, n_freed;
	rg_wire_call calls[MOST];
	answer answers[MOST]; /* `call` is a copy of that in `calls` */
} side;

typedef struct world {
	over kind;
	rg_time now;
	uint64_t state;
	rg_save_options *memory_only;
	uint32_t n;
	size_t sizes[MOST];
	char texts[MOST][TEXT];
	side one_by_one, together;
} world;

static uint32_t pick(world *w, uint32_t below)
{
	w->state = w->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(((w->state >> 32) * below) >> 32);
}

static rg_time side_now(void *user)
{
	return *((side *)user)->now;
}

static void side_random(void *user, void *bytes, size_t n)
{
	side *s = user;

	for (size_t i = 0; i < n; i++)
		((uint8_t *)bytes)[i] = (uint8_t)((s->drawn += 0x9e3779b97f4a7c15u) >> 56);
}

static rg_store *memory_store(void)
{
	rg_store *store = NULL;

	cr_assert_eq(rg_memory_store_new(NULL, &store, NULL), RG_OK);
	return store;
}

/* Takes the references to both. */
static rg_store *overlay_of(rg_store *main, rg_store *local)
{
	rg_store *store = NULL;

	cr_assert_eq(rg_store_overlay(main, local, &store, NULL), RG_OK);
	rg_store_unref(main);
	rg_store_unref(local);
	return store;
}

static rg_store *shim_over(side *s, over kind)
{
	switch (kind) {
	case DEFERRED:
		return deferred_new(s->seen, &s->deferred);
	case CONFLICTING:
		return conflicting_new(s->seen, &s->conflicting);
	case FAULTY:
	case FAULTY_LOCAL:
		s->faulty = (faulty){ .calls = CALL_FETCH | CALL_COMMIT, .status = RG_ESTORE };
		return faulty_new(s->seen, &s->faulty);
	case THREADED:
		return threaded_new(s->seen);
	default:
		return rg_store_ref(s->seen);
	}
}

static void open_side(side *s, world *w)
{
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = side_now;
	env.random = side_random;
	env.user = s;
	s->now = &w->now;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->all_done, NULL);
	s->seen = w->kind == OVERLAY || w->kind == FAULTY_LOCAL ? overlay_of(memory_store(), memory_store()) : memory_store();
	rg_store *store = shim_over(s, w->kind);
	cr_assert_eq(rg_registrar_new(NULL, store, &env, &s->reg, NULL), RG_OK);
	rg_store_unref(store);
}

static void close_side(side *s)
{
	rg_registrar_unref(s->reg);
	rg_store_unref(s->seen);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->all_done);
}

static world *open_world(over kind, uint64_t seed)
{
	world *w = calloc(1, sizeof *w);

	cr_assert_not_null(w);
	w->kind = kind;
	w->state = seed;
	w->now = 1700000000000;
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &w->memory_only, NULL), RG_OK);
	open_side(&w->one_by_one, w);
	open_side(&w->together, w);
	return w;
}

static void close_world(world *w)
{
	close_side(&w->one_by_one);
	close_side(&w->together);
	rg_save_options_unref(w->memory_only);
	free(w);
}

/* The forms in which To names user %u. */
static const char *const to_forms[] = {
	"To: <sip:user%u@example.org>", "t:sip:user%u@example.org", "TO : \"U. Ser\" <sip:%%75ser%u@EXAMPLE.ORG>", "To:\r\n <sip:user%u@example.org>",
	"To: <sip:user%u@example.org>;tag=x", "To: <sip:user%u@", "Topic: <sip:user%u@example.org>",
};

static const char *const contact_forms[] = {
	"Contact: <sip:a%u@192.0.2.1>", "m: <sip:a%u@192.0.2.1>;expires=0", "Contact: <sip:b%u@192.0.2.2>;q=0.5", "Contact: *\r\nExpires: 0",
	"Contact: <sip:%u", "Subject: %u",
};

static const char *const noise[] = {
	"", "\r\n\r\n", "REGISTER", "REGISTER ", "REGISTER \n", "REGISTER \nT", "REGISTER \nTo", "INVITE ", "INVITE  ", "OPTIONS sip:a",
	"SIP/2.0 200 OK\r\n\r\n", "ACK sip:user1@example.org SIP/2.0\r\n\r\n", "REGISTER sip:h SIP/3.0\r\nVia: SIP/2.0/UDP h\r\n\r\n",
};

#define FORM(w, forms) forms[pick(w, sizeof(forms) / sizeof(forms)[0])]

static size_t write_register(world *w, uint32_t user, char *text)
{
	char to[128], contact[128];

	snprintf(to, sizeof to, FORM(w, to_forms), user);
	snprintf(contact, sizeof contact, FORM(w, contact_forms), user);
	return (size_t)snprintf(text, TEXT,
		"REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:%u;branch=z9hG4bK%u%s\r\n"
		"From: <sip:f@h>;tag=1\r\n%s\r\nCall-ID: c%u\r\nCSeq: %u REGISTER\r\n%s\r\n\r\n",
		5060 + pick(w, 3), pick(w, 1000), pick(w, 2) ? ";rport" : "", to, pick(w, 2), 1 + pick(w, 20), contact);
}

static size_t write_invite(world *w, uint32_t user, char *text)
{
	return (size_t)snprintf(text, TEXT,
		"%s sip:user%u@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK%u\r\n"
		"From: <sip:f@h>;tag=1\r\nTo: <sip:user%u@example.org>\r\nCall-ID: c%u\r\nCSeq: 1 INVITE\r\n\r\n",
		pick(w, 8) ? "INVITE" : "OPTIONS", user, pick(w, 1000), user, pick(w, 2));
}

/* What answers on threads may do so in any order, so each user comes once. */
static void write_text(world *w, uint32_t i)
{
	uint32_t user = w->kind == THREADED ? i : pick(w, USERS), what = pick(w, 10);

	if (what == 0)
		w->sizes[i] = (size_t)snprintf(w->texts[i], TEXT, "%s", FORM(w, noise));
	else
		w->sizes[i] = what < 8 ? write_register(w, user, w->texts[i]) : write_invite(w, user, w->texts[i]);
}

/* The same call for both sides. */
static void prepare_call(world *w, side *s, uint32_t i, uint32_t dice)
{
	rg_wire_call *call = &s->calls[i];
	answer *a = &s->answers[i];

	memset(a, 0, sizeof *a);
	rg_request_init(&a->host, sizeof a->host);
	a->host.source = (rg_addr){ .ip = { 192, 0, 2, 7 }, .port = (uint16_t)(1024 + i), .family = 4 };
	a->host.domain = dice % 7 == 0 ? RG_STR("other") : (rg_str){ NULL, 0 };
	a->host.aor = dice % 11 == 0 && w->kind != THREADED ? RG_STR("sip:user1@example.org") : (rg_str){ NULL, 0 };
	a->host.received = dice % 13 == 0 ? RG_STR("nonsense") : (rg_str){ NULL, 0 }; /* a mistake of the host */
	rg_wire_call_init(call, sizeof *call);
	call->flags = dice % 3 == 0 ? RG_WIRE_REDIRECT : dice % 3 == 1 ? RG_WIRE_LOOKUP : 0;
	call->bytes = (rg_str){ w->texts[i], w->sizes[i] };
	call->host = dice % 5 == 0 ? NULL : &a->host;
	call->save = dice % 2 && (w->kind == OVERLAY || w->kind == FAULTY_LOCAL) ? w->memory_only : NULL;
	call->reply = a->reply;
	call->room = dice % 17 == 0 ? 100 : ROOM;
	call->user = a;
}

static void prepare_batch(world *w)
{
	w->n = pick(w, MOST + 1);
	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t dice = pick(w, 1u << 30);

		write_text(w, i);
		prepare_call(w, &w->one_by_one, i, dice);
		prepare_call(w, &w->together, i, dice);
	}
	int32_t times = (int32_t)pick(w, 4), after = (int32_t)pick(w, 20);

	for (side *s = &w->one_by_one; s; s = s == &w->one_by_one ? &w->together : NULL) {
		s->conflicting.times = times;
		s->faulty.times = times;
		s->faulty.after = after;
		s->n_done = s->n_freed = 0;
	}
}

static void note_done(void *user, rg_wire_call *call)
{
	side *s = user;
	answer *a = call->user;

	pthread_mutex_lock(&s->lock);
	a->call = *call;
	a->done++;
	s->n_done++;
	memset(call, 0x5a, sizeof *call); /* it is the host's again */
	call->struct_size = sizeof *call;
	pthread_cond_signal(&s->all_done);
	pthread_mutex_unlock(&s->lock);
}

static void note_freed(void *user)
{
	side *s = user;

	pthread_mutex_lock(&s->lock);
	s->n_freed++;
	pthread_cond_signal(&s->all_done);
	pthread_mutex_unlock(&s->lock);
}

/* Answers what the shims of both sides hold back, in the same random order. */
static void answer_deferred(world *w)
{
	deferred *a = w->one_by_one.deferred, *b = w->together.deferred;

	while (a && deferred_pending(a) > 0) {
		cr_assert_eq(deferred_pending(a), deferred_pending(b));
		uint32_t at = pick(w, deferred_pending(a));

		deferred_answer(a, at);
		deferred_answer(b, at);
	}
	cr_expect(!b || deferred_pending(b) == 0);
}

static void wait_done(side *s, uint32_t n_done, uint32_t n_freed)
{
	pthread_mutex_lock(&s->lock);
	while (s->n_done < n_done || s->n_freed < n_freed)
		pthread_cond_wait(&s->all_done, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void run_blocking(world *w)
{
	side *one = &w->one_by_one, *many = &w->together;

	for (uint32_t i = 0; i < w->n; i++) {
		rg_wire_handle(one->reg, &one->calls[i], NULL);
		note_done(one, &one->calls[i]);
	}
	cr_expect_eq(rg_wire_handle_many(many->reg, many->calls, w->n, NULL), RG_OK);
	for (uint32_t i = 0; i < w->n; i++)
		note_done(many, &many->calls[i]);
}

static void run_async(world *w)
{
	side *one = &w->one_by_one, *many = &w->together;
	uint32_t begun = 0, pending = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		rg_status status = rg_wire_handle_async(one->reg, &one->calls[i], note_done, one, note_freed, NULL, NULL);

		pending += status == RG_PENDING;
		begun += status >= 0;
		if (status < 0)
			note_done(one, &one->calls[i]);
	}
	rg_status status = rg_wire_handle_many_async(many->reg, many->calls, w->n, note_done, many, note_freed, NULL);
	cr_expect(status == (pending ? RG_PENDING : RG_OK) || w->kind == THREADED, "%d with %u pending", status, pending);
	cr_expect(pending == 0 || w->kind == THREADED || many->n_freed == 0, "freed while calls are under way");
	answer_deferred(w);
	wait_done(one, w->n, begun);
	wait_done(many, w->n, 1);
	cr_expect_eq(many->n_freed, 1);
}

static void compare_targets(const rg_targets *a, const rg_targets *b, uint32_t i)
{
	char texts[2][4096];
	size_t n[2] = { 0, 0 };

	cr_assert_eq(!a, !b);
	if (!a)
		return;
	rg_targets_text(a, 0, texts[0], sizeof texts[0], &n[0]);
	rg_targets_text(b, 0, texts[1], sizeof texts[1], &n[1]);
	cr_expect(n[0] == n[1] && n[0] <= sizeof texts[0] && memcmp(texts[0], texts[1], n[0]) == 0, "targets of call %u", i);
}

static void compare_answers(const world *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		const answer *one = &w->one_by_one.answers[i], *many = &w->together.answers[i];
		const rg_wire_call *a = &one->call, *b = &many->call;

		cr_expect_eq(one->done, 1);
		cr_expect_eq(many->done, 1);
		cr_expect(a->status == b->status && a->code == b->code && a->n == b->n && memcmp(&a->to, &b->to, sizeof a->to) == 0,
			"call %u: %d %d and %d %d of\n%s", i, a->status, a->code, b->status, b->code, w->texts[i]);
		if (a->n <= a->room && a->n == b->n)
			cr_expect(memcmp(one->reply, many->reply, a->n) == 0, "the reply to\n%s", w->texts[i]);
		compare_targets(a->targets, b->targets, i);
		rg_targets_free(a->targets);
		rg_targets_free(b->targets);
	}
}


static void note_record(void *tok, rg_status status, const rg_fetched *found)
{
	cr_expect_eq(status, RG_OK);
	*(rg_record **)tok = found ? found->record : NULL;
}

/* Writes what a side has of a user. */
static size_t describe(const side *s, const rg_key *key, char *text, size_t size)
{
	rg_record *record = NULL;
	size_t n = 0;
	void *self;
	const rg_store_ops *ops = rg_store_members(s->seen, &self);

	cr_assert_eq(ops->fetch(self, key, RG_FETCH_FRESH, note_record, &record), RG_OK);
	cr_assert_eq(rg_record_text(record, 0, text, size, &n), RG_OK);
	cr_assert_leq(n, size);
	rg_record_unref(record);
	return n;
}

/* @return the number of users that are there. */
static uint32_t compare_records(const world *w)
{
	static char texts[2][1 << 16];
	uint32_t users = w->kind == THREADED ? MOST : USERS, there = 0;

	for (uint32_t i = 0; i < 2 * users; i++) {
		char name[16];
		rg_key key = { i % 2 ? RG_STR("location") : RG_STR("other"), { name, 0 }, RG_STR("example.org") };

		key.user.n = (size_t)snprintf(name, sizeof name, "user%u", i / 2);
		size_t a = describe(&w->one_by_one, &key, texts[0], sizeof texts[0]), b = describe(&w->together, &key, texts[1], sizeof texts[1]);
		cr_expect(a == b && memcmp(texts[0], texts[1], a) == 0, "%s:\n%.*s\n%.*s", name, (int)a, texts[0], (int)b, texts[1]);
		there += a > sizeof "no record";
	}
	return there;
}

static void run_batches(over kind, void (*run)(world *w), uint64_t seed)
{
	world *w = open_world(kind, seed);
	uint32_t there = 0, accepted = 0;

	for (int i = 0; i < BATCHES; i++) {
		prepare_batch(w);
		run(w);
		compare_answers(w);
		for (uint32_t j = 0; j < w->n; j++)
			accepted += w->together.answers[j].call.code == 200;
		there += compare_records(w);
		w->now += pick(w, 5000);
	}
	cr_expect(there > 0 && accepted > 0, "%u users, %u accepted", there, accepted);
	close_world(w);
}

Test(many, has_the_results_of_one_call_after_the_other)
{
	run_batches(MEMORY, run_blocking, 1);
	run_batches(OVERLAY, run_blocking, 2);
	run_batches(CONFLICTING, run_blocking, 3);
	run_batches(FAULTY, run_blocking, 4);
	run_batches(FAULTY_LOCAL, run_blocking, 5);
}

Test(many, in_the_completion_form_has_the_results_of_calls_that_begin_one_after_the_other)
{
	run_batches(MEMORY, run_async, 11);
	run_batches(OVERLAY, run_async, 12);
	run_batches(CONFLICTING, run_async, 13);
	run_batches(FAULTY, run_async, 14);
	run_batches(FAULTY_LOCAL, run_async, 15);
	run_batches(DEFERRED, run_async, 16);
}

Test(many, completes_on_other_threads)
{
	run_batches(THREADED, run_async, 21);
}

Test(many, of_nothing_is_at_once_over)
{
	world *w = open_world(MEMORY, 1);
	side *s = &w->together;

	cr_expect_eq(rg_wire_handle_many(s->reg, NULL, 0, NULL), RG_OK);
	cr_expect_eq(rg_wire_handle_many_async(s->reg, NULL, 0, note_done, s, NULL, NULL), RG_OK);
	cr_expect_eq(rg_wire_handle_many_async(s->reg, NULL, 0, note_done, s, note_freed, NULL), RG_OK);
	cr_expect(s->n_done == 0 && s->n_freed == 1);
	close_world(w);
}

/* No callback runs after an error, and the user data stays the caller's. */
static void expect_refused(side *s, rg_registrar *reg, rg_wire_call *calls, rg_wire_cb done, const char *text)
{
	rg_error *why = rg_error_new();

	if (done) {
		cr_expect_eq(rg_wire_handle_many(reg, calls, 2, why), RG_EINVAL);
		cr_expect_str_eq(rg_error_text(why).p, text);
	}
	cr_expect_eq(rg_wire_handle_many_async(reg, calls, 2, done, s, note_freed, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, text);
	cr_expect(s->n_done == 0 && s->n_freed == 0);
	rg_error_free(why);
}

Test(many, refuses_what_is_missing_and_sizes_that_differ)
{
	const char *size = "rg_wire_call.struct_size is no size that this library knows: call rg_wire_call_init() for each call";
	world *w = open_world(MEMORY, 1);
	side *s = &w->together;

	rg_wire_call_init(&s->calls[0], sizeof s->calls[0]);
	rg_wire_call_init(&s->calls[1], sizeof s->calls[1]);
	expect_refused(s, NULL, s->calls, note_done, "registrar is NULL");
	expect_refused(s, s->reg, NULL, note_done, "calls is NULL");
	expect_refused(s, s->reg, s->calls, NULL, "done is NULL");
	s->calls[1].struct_size--;
	expect_refused(s, s->reg, s->calls, note_done, size);
	s->calls[0].struct_size = s->calls[1].struct_size;
	expect_refused(s, s->reg, s->calls, note_done, size);
	close_world(w);
}

Test(many, tells_what_is_wrong_with_the_last_call_that_failed)
{
	world *w = open_world(MEMORY, 1);
	side *s = &w->together;
	rg_error *why = rg_error_new();

	for (uint32_t i = 0; i < 3; i++) {
		w->sizes[i] = (size_t)snprintf(w->texts[i], TEXT, "%s", i < 2 ? "nonsense" : "\r\n\r\n");
		prepare_call(w, s, i, 1);
	}
	s->calls[1].flags = 1u << 31;
	cr_expect_eq(rg_wire_handle_many(s->reg, s->calls, 3, why), RG_OK);
	cr_expect(s->calls[0].status == RG_EINVAL && s->calls[1].status == RG_EINVAL && s->calls[2].status == RG_OK);
	cr_expect_str_eq(rg_error_text(why).p, "rg_wire_call.flags has an unknown bit");
	rg_error_free(why);
	close_world(w);
}
