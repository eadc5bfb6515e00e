/* SPDX-License-Identifier: MIT */
/* A resolver that is still at work when the wait for its answer ends: by a tick, a cancel or a shutdown. */
#include "every_verb.h"
#include <pthread.h>

/* How env.resolve completes after the wait has ended, and what it returns. */
enum { NO_ANSWER, ERROR, AT_ONCE, AT_ONCE_AND_ERROR, ON_A_THREAD, LATER, AT_THE_END, WAYS };

/* What ends the wait while env.resolve runs. */
enum { ONE_TICK, TWO_TICKS, CANCEL, SHUTDOWN, ENDS };

enum { NAMES = 3 };

static struct {
	kit *k;
	outcome *o;
	int way, end;
	uint32_t slow; /* the name, counted from 0, whose resolver the wait ends in */
	uint32_t asked;
	rg_resolve_done_cb done[NAMES];
	void *tok[NAMES]; /* not answered yet */
} late;

static void *answer_names(void *user)
{
	rg_addr addr;

	(void)user;
	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.7"), &addr), RG_OK);
	for (int i = 0; i < NAMES; i++) {
		void *tok = late.tok[i];

		late.tok[i] = NULL;
		if (tok)
			late.done[i](tok, RG_OK, &addr, 1);
	}
	return NULL;
}

static void end_the_wait(void)
{
	rg_op *op = late.o->op;

	switch (late.end) {
	case CANCEL:
		rg_op_cancel(op);
		break;
	case SHUTDOWN:
		rg_registrar_shutdown(late.k->reg);
		break;
	default:
		for (int i = ONE_TICK; i <= late.end; i++) {
			late.k->now += 2000;
			cr_expect_eq(rg_registrar_tick(late.k->reg, 0, NULL), RG_OK);
			cr_expect_eq(late.o->called, i, "the second store_timeout is the caller's");
		}
	}
}

static rg_status resolve_late(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	pthread_t thread;

	(void)user, (void)host;
	late.done[late.asked] = done;
	late.tok[late.asked] = tok;
	if (late.asked++ == late.slow)
		end_the_wait();
	switch (late.way) {
	case NO_ANSWER:
	case ERROR:
		late.tok[late.asked - 1] = NULL;
		return late.way == ERROR ? RG_ENOENT : RG_OK;
	case AT_ONCE:
	case AT_ONCE_AND_ERROR:
		answer_names(NULL);
		return late.way == AT_ONCE ? RG_OK : RG_ENOENT;
	case ON_A_THREAD:
		cr_assert_eq(pthread_create(&thread, NULL, answer_names, NULL), 0);
		pthread_join(thread, NULL);
		return RG_PENDING;
	default:
		return RG_PENDING;
	}
}

/* A save of so many names. */
static rg_status save_names(kit *k, uint32_t n, outcome *o)
{
	const rg_str contacts[NAMES] = { RG_STR("<sip:a@one.example>"), RG_STR("<sip:b@two.example>"), RG_STR("<sip:c@three.example>") };
	phone p = { .aor = "alice", .cseq = 1 };
	rg_request request;

	kit_request(&p, &request);
	request.contacts = contacts;
	request.n_contacts = n;
	return rg_save_async(k->reg, &request, NULL, kit_saved, o, kit_freed, &o->op, NULL);
}

static rg_status expected_status(void)
{
	static const rg_status statuses[ENDS] = { RG_OK, RG_ESTORE, RG_ECANCELED, RG_ECANCELED };

	return statuses[late.end];
}

static void open_late(kit *k, outcome *o, int store)
{
	late.k = k;
	late.o = o;
	late.asked = 0;
	memset(late.tok, 0, sizeof late.tok);
	kit_init(k);
	k->env.resolve = resolve_late;
	kit_open_over(k, store == INLINE ? rg_store_ref(k->memory) : deferred_new(k->memory, &k->deferred));
}

/* @p verb: NULL = a save of @p n names. @return whether the verb resolves names. */
static bool expect_one_end(const verb_row *verb, uint32_t n, int store)
{
	outcome o = { 0 };
	kit k;
	verb_call c = { .k = &k, .o = &o };
	const char *name = verb ? verb->name : "save of names";

	open_late(&k, &o, store);
	cr_expect((verb ? verb->run(&c) : save_names(&k, n, &o)) >= 0);
	lent_give_back(&c.given);
	if (late.way == LATER)
		answer_names(NULL);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect(o.called == 1 && o.freed == 1, "%s, name %u, way %d, end %d: %d calls, %d frees", name, late.slow, late.way, late.end,
		o.called,
		o.freed);
	if (late.asked > 0) {
		cr_expect_eq(late.asked, late.slow + 1, "once the wait has ended, no further name is asked for");
		cr_expect_eq(o.status, expected_status(), "%s, way %d, end %d: %s", name, late.way, late.end, rg_strerror(o.status));
	}
	lent_give_back(&c.message);
	rg_op_free(o.op);
	kit_close(&k);
	cr_expect(k.freed, "%s, name %u, way %d, end %d: no operation is left", name, late.slow, late.way, late.end);
	answer_names(NULL);
	return late.asked > 0;
}

Test(resolve_late, a_wait_that_ends_while_the_resolver_runs_ends_the_operation_once)
{
	for (late.end = 0; late.end < ENDS; late.end++) {
		for (late.way = 0; late.way < WAYS; late.way++) {
			for (uint32_t n = 1; n <= NAMES; n++) {
				for (late.slow = 0; late.slow < n; late.slow++) {
					expect_one_end(NULL, n, INLINE);
					expect_one_end(NULL, n, DEFERRED);
				}
			}
		}
	}
}

Test(resolve_late, so_it_does_for_every_verb_that_resolves_names)
{
	late.slow = 0;
	for (late.end = 0; late.end < ENDS; late.end++) {
		for (late.way = 0; late.way < WAYS; late.way++) {
			uint32_t n = 0;

			for (size_t i = 0; i < n_every_verb; i++)
				n += expect_one_end(&every_verb[i], 1, INLINE) && expect_one_end(&every_verb[i], 1, DEFERRED);
			cr_expect_eq(n, 6, "the four saves and the two removals by name: %u", n);
		}
	}
}

/* Every name waits, and none is ever answered while the registrar lives. */
static void expect_end_without_answers(int store, void (*end)(kit *k, outcome *o), rg_status status)
{
	outcome o = { 0 };
	kit k;

	late.way = AT_THE_END;
	late.slow = NAMES;
	open_late(&k, &o, store);
	cr_expect_eq(save_names(&k, NAMES, &o), RG_PENDING);
	cr_expect_eq(late.asked, NAMES);
	end(&k, &o);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(o.called + o.freed, 2);
	cr_expect_eq(o.status, status);
	rg_op_free(o.op);
	kit_close(&k);
	cr_expect(k.freed, "no operation is left");
	answer_names(NULL);
}

static void end_by_tick(kit *k, outcome *o)
{
	(void)o;
	k->now += 2000;
	kit_tick(k);
}

static void end_by_cancel(kit *k, outcome *o)
{
	(void)k;
	rg_op_cancel(o->op);
}

static void end_by_shutdown(kit *k, outcome *o)
{
	(void)o;
	rg_registrar_shutdown(k->reg);
}

Test(resolve_late, names_that_are_never_answered_hold_no_operation_back)
{
	for (int store = INLINE; store <= DEFERRED; store++) {
		expect_end_without_answers(store, end_by_tick, RG_OK);
		expect_end_without_answers(store, end_by_cancel, RG_ECANCELED);
		expect_end_without_answers(store, end_by_shutdown, RG_ECANCELED);
	}
}
