/* SPDX-License-Identifier: MIT */
/*
 * Every verb, with each call of the store in turn answered at another time than expected: late, on another thread, within a cancel, or not
 * while the registrar lives. What was lent to the verb is freed when the verb returns, so under a sanitizer an operation that still points
 * to any of it is seen.
 */
#include "every_verb.h"
#include "sites.h"
#include <stdio.h>

/* What the target of the store's calls is answered with. */
enum { AS_IT_IS, AN_ERROR, UNKNOWN_LOST, UNKNOWN_LANDED, A_CONFLICT, ANSWERS };

/* What ends the wait of the completion form. */
enum { NOTHING, A_TICK, A_CANCEL, A_SHUTDOWN, ENDS };

/* When what is held is answered. */
enum { ON_THIS_THREAD, ON_ANOTHER, WHEN_ALL_IS_GONE, RELEASES };

typedef struct trial {
	const verb_row *verb;
	bool blocking, overlay;
	int64_t target;
	staged_when when;
	int answer, end, release;
	/* What came of it. */
	outcome o;
	int64_t calls;
	uint32_t kinds[STAGED_MOST];
} trial;

static const char *text_of(const trial *t)
{
	static char text[160];

	snprintf(text, sizeof text, "%s%s %s, call %d: when %d, answer %d, end %d, release %d", t->overlay ? "overlay, " : "",
		t->blocking ? "blocking" : "async", t->verb->name,
		(int)t->target, (int)t->when, t->answer, t->end, t->release);
	return text;
}

static void answer_target_with(faulty *f, const trial *t)
{
	static const rg_status statuses[ANSWERS] = { RG_OK, RG_ETIMEOUT, RG_EUNKNOWN, RG_EUNKNOWN, RG_ECONFLICT };

	*f = (faulty){ .calls = CALL_ANY, .after = (int32_t)t->target, .times = t->answer != AS_IT_IS, .status = statuses[t->answer],
		.lands = t->answer == UNKNOWN_LANDED };
}

/* The store itself, or as the main store of an overlay. */
static rg_store *lay_over(rg_store *store)
{
	rg_store *local = shared_new(), *out = NULL;

	cr_assert_eq(rg_store_overlay(store, local, &out, NULL), RG_OK);
	rg_store_unref(local);
	rg_store_unref(store);
	return out;
}

static staged *open_staged(kit *k, faulty *f, bool overlay)
{
	staged *s;

	kit_init(k);
	rg_store *sparse = sparse_new(k->memory), *failing = faulty_new(sparse, f), *store = staged_new(failing, &s);

	cr_assert_not_null(store);
	kit_open_over(k, overlay ? lay_over(store) : store);
	rg_store_unref(failing);
	rg_store_unref(sparse);
	federate(k, k->store, EAST);
	every_verb_bind(k);
	kit_listen(k);
	return s;
}

static void end_the_wait(const trial *t, kit *k)
{
	switch (t->end) {
	case A_TICK:
		k->now += 2000;
		kit_tick(k);
		break;
	case A_CANCEL:
		rg_op_cancel(t->o.op);
		break;
	case A_SHUTDOWN:
		rg_registrar_shutdown(k->reg);
		break;
	default:
		break;
	}
}

static bool may_answer_late(const trial *t)
{
	return t->target != STAGED_NONE && (t->blocking ? t->when > STAGED_IN_TIME : t->when != STAGED_AT_ONCE && (t->end != NOTHING ||
		t->release == WHEN_ALL_IS_GONE));
}

/* Lookups go on without the homes, and statistics without the two gauges. */
static bool goes_on(const trial *t)
{
	return (strcmp(t->verb->name, "lookup_many") == 0 && t->target > 1) || strcmp(t->verb->name, "read_statistics") == 0;
}

static void expect_status(const trial *t)
{
	rg_status st = t->o.status;
	bool canceled = !t->blocking && (t->end == A_CANCEL || t->end == A_SHUTDOWN || t->release == WHEN_ALL_IS_GONE);

	if (strcmp(t->verb->name, "tick") == 0)
		return; /* its outcome is that of the tick, not of what it began */
	cr_expect(st == RG_OK || st == RG_ESTORE || (st == RG_ECANCELED && canceled), "%s: %s", text_of(t), rg_strerror(st));
	if (t->answer == AS_IT_IS && !may_answer_late(t))
		cr_expect_eq(st, RG_OK, "%s: %s", text_of(t), rg_strerror(st));
	/* A thread may be in time all the same. */
	if (t->blocking && may_answer_late(t) && t->when != STAGED_BY_LATE_THREAD && !goes_on(t))
		cr_expect_eq(st, RG_ESTORE, "%s: %s", text_of(t), rg_strerror(st));
}

/* Commits of unknown fate are sent again by ticks. */
static void see_commits_to_their_end(kit *k)
{
	for (int i = 0; i < 3; i++) {
		k->now += 1000;
		kit_tick(k);
	}
}

/* @return whether the verb has this form. */
static bool run_trial(trial *t)
{
	faulty f = { 0 };
	kit k;
	staged *s = open_staged(&k, &f, t->overlay);
	verb_call c = { .k = &k, .o = &t->o, .blocking = t->blocking };

	answer_target_with(&f, t);
	staged_set(s, t->target, t->when);
	rg_status st = t->verb->run(&c);
	lent_give_back(&c.given);
	if (t->blocking) {
		lent_give_back(&c.message);
		t->o.status = st;
	} else {
		end_the_wait(t, &k);
	}
	t->calls = staged_calls(s);
	for (int64_t i = 0; i < t->calls && i < STAGED_MOST; i++)
		t->kinds[i] = staged_kind(s, i);
	if (t->release == ON_ANOTHER)
		staged_release_by_thread(s);
	if (t->release != WHEN_ALL_IS_GONE) {
		staged_release(s);
		see_commits_to_their_end(&k);
	}
	rg_op_free(t->o.op);
	rg_subscription_free(k.subscription);
	rg_registrar_unref(k.reg);
	staged_release(s);
	cr_expect(k.freed, "%s: no operation is left", text_of(t));
	lent_give_back(&c.message);
	rg_store_unref(k.store);
	rg_store_unref(k.memory);
	if (st == RG_ENOTSUP)
		return false;
	if (!t->blocking)
		cr_expect(t->o.called == 1 && t->o.freed == 1, "%s: %d calls, %d frees", text_of(t), t->o.called, t->o.freed);
	expect_status(t);
	return true;
}

static void try_answers(const trial *like, uint32_t kind)
{
	for (int with = AS_IT_IS; with < ANSWERS; with++) {
		trial t = *like;

		if (with > AN_ERROR && kind != CALL_COMMIT)
			continue;
		t.answer = with;
		t.o = (outcome){ 0 };
		run_trial(&t);
	}
}

static void try_blocking(const trial *like, uint32_t kind)
{
	for (int when = STAGED_AT_ONCE; when <= STAGED_HELD; when++) {
		for (int release = ON_THIS_THREAD; release < (when > STAGED_IN_TIME ? RELEASES : 1); release++) {
			trial t = *like;

			t.when = (staged_when)when;
			t.release = release;
			try_answers(&t, kind);
		}
	}
}

static void try_completion(const trial *like, uint32_t kind)
{
	static const staged_when whens[] = { STAGED_AT_ONCE, STAGED_IN_CANCEL, STAGED_HELD };

	for (size_t when = 0; when < sizeof whens / sizeof *whens; when++) {
		for (int end = NOTHING; end < (whens[when] == STAGED_AT_ONCE ? 1 : ENDS); end++) {
			for (int release = ON_THIS_THREAD; release < RELEASES; release++) {
				trial t = *like;

				t.when = whens[when];
				t.end = end;
				t.release = release;
				try_answers(&t, kind);
			}
		}
	}
}

/* As it is when every call of the store is answered at once. */
static bool run_plainly(trial *t, const verb_row *verb, bool blocking, bool overlay)
{
	*t = (trial){ .verb = verb, .blocking = blocking, .overlay = overlay, .target = STAGED_NONE };
	bool has_form = run_trial(t);

	if (has_form)
		cr_expect(t->calls > 0 && t->calls < STAGED_MOST, "%s makes %d calls of the store", verb->name, (int)t->calls);
	return has_form;
}

static void try_every_call(bool blocking, bool overlay, void (*try)(const trial *like, uint32_t kind))
{
	for (size_t i = 0; i < n_every_verb; i++) {
		trial plain;

		if (!run_plainly(&plain, &every_verb[i], blocking, overlay))
			continue;
		for (int64_t call = 0; call < plain.calls; call++) {
			const trial t = { .verb = &every_verb[i], .blocking = blocking, .overlay = overlay, .target = call };

			try(&t, plain.kinds[call]);
		}
	}
}

Test(abandoned, a_blocking_verb_leaves_nothing_of_its_caller_s_to_what_goes_on)
{
	try_every_call(true, false, try_blocking);
}

Test(abandoned, a_verb_of_the_completion_form_completes_once_and_owns_what_it_keeps)
{
	try_every_call(false, false, try_completion);
}

/* The operations of an overlay are abandoned with those of the registrar. */
Test(abandoned, so_it_is_when_the_store_is_the_main_one_of_an_overlay)
{
	try_every_call(true, true, try_blocking);
	try_every_call(false, true, try_completion);
}

Test(abandoned, both_forms_of_a_verb_come_to_the_same)
{
	for (size_t i = 0; i < n_every_verb; i++) {
		trial blocking, completion;

		run_plainly(&completion, &every_verb[i], false, false);
		if (!run_plainly(&blocking, &every_verb[i], true, false))
			continue;
		cr_expect(blocking.o.code == 200 || blocking.o.n > 0, "%s has something to do: %d", every_verb[i].name, blocking.o.code);
		cr_expect_eq(blocking.o.code, completion.o.code, "%s: %d, %d", every_verb[i].name, blocking.o.code, completion.o.code);
		cr_expect_eq(blocking.o.n, completion.o.n, "%s: %u, %u", every_verb[i].name, blocking.o.n, completion.o.n);
	}
}
