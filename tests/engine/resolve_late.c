/* SPDX-License-Identifier: MIT */
/* A resolver that is still at work when the wait for its answer ends: by a tick, a cancel or a shutdown. */
#include "bindings.h"
#include <pthread.h>
#include <stdio.h>

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
	rg_resolve_cb done[NAMES];
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

static rg_status resolve_late(void *user, rg_str host, rg_resolve_cb done, void *tok)
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

/* The verbs that resolve names: so many of them. */
static rg_status save_names(kit *k, uint32_t n, outcome *o)
{
	const rg_str contacts[NAMES] = { RG_STR("<sip:a@one.example>"), RG_STR("<sip:b@two.example>"), RG_STR("<sip:c@three.example>") };
	phone p = { .aor = "alice", .cseq = 1 };
	rg_request request;

	kit_request(&p, &request);
	request.contacts = contacts;
	request.n_contacts = n;
	return rg_save_async(k->reg, &request, NULL, kit_saved, o, kit_freed, &o->op);
}

static rg_status remove_name(kit *k, uint32_t n, outcome *o)
{
	rg_remove_filter f;

	(void)n;
	rg_remove_filter_init(&f, sizeof f);
	f.aor = RG_STR("alice@example.org");
	f.next_hop = RG_STR("one.example");
	return rg_remove_async(k->reg, &f, kit_removed, o, kit_freed, &o->op);
}

static rg_status remove_name_everywhere(kit *k, uint32_t n, outcome *o)
{
	(void)n;
	return rg_remove_ip_port_async(k->reg, (rg_str){ NULL, 0 }, RG_STR("one.example"), 5060, (rg_str){ NULL, 0 }, kit_removed, o, kit_freed,
		&o->op);
}

static const struct {
	const char *name;
	rg_status (*start)(kit *k, uint32_t n, outcome *o);
	uint32_t most;
} verbs[] = {
	{ "save", save_names, NAMES },
	{ "remove", remove_name, 1 },
	{ "remove_ip_port", remove_name_everywhere, 1 },
};

static rg_status expected_status(void)
{
	static const rg_status statuses[ENDS] = { RG_OK, RG_ESTORE, RG_ECANCELED, RG_ECANCELED };

	return statuses[late.end];
}

static void expect_one_end(size_t verb, uint32_t n, int store)
{
	outcome o = { 0 };
	kit k;

	late.k = &k;
	late.o = &o;
	late.asked = 0;
	memset(late.tok, 0, sizeof late.tok);
	kit_init(&k);
	k.env.resolve = resolve_late;
	kit_open_over(&k, store == INLINE ? rg_store_ref(k.memory) : deferred_new(k.memory, &k.deferred));
	cr_expect(verbs[verb].start(&k, n, &o) >= 0);
	if (late.way == LATER)
		answer_names(NULL);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(late.asked, late.slow + 1, "once the wait has ended, no further name is asked for");
	cr_expect(o.called == 1 && o.freed == 1, "%s of %u, name %u, way %d, end %d: %d calls, %d frees", verbs[verb].name, n, late.slow, late.way,
		late.end, o.called, o.freed);
	cr_expect_eq(o.status, expected_status(), "%s, way %d, end %d: %s", verbs[verb].name, late.way, late.end, rg_strerror(o.status));
	rg_op_unref(o.op);
	kit_close(&k);
	cr_expect(k.freed, "%s of %u, name %u, way %d, end %d: no operation is left", verbs[verb].name, n, late.slow, late.way, late.end);
	answer_names(NULL);
}

Test(resolve_late, a_wait_that_ends_while_the_resolver_runs_ends_the_operation_once)
{
	for (late.end = 0; late.end < ENDS; late.end++) {
		for (late.way = 0; late.way < WAYS; late.way++) {
			for (size_t verb = 0; verb < ROWS(verbs); verb++) {
				for (uint32_t n = 1; n <= verbs[verb].most; n++) {
					for (late.slow = 0; late.slow < n; late.slow++) {
						expect_one_end(verb, n, INLINE);
						expect_one_end(verb, n, DEFERRED);
					}
				}
			}
		}
	}
}

/* Every name waits, and none is ever answered while the registrar lives. */
static void expect_end_without_answers(int store, void (*end)(kit *k, outcome *o), rg_status status)
{
	outcome o = { 0 };
	kit k;

	late.k = &k;
	late.o = &o;
	late.way = AT_THE_END;
	late.asked = 0;
	late.slow = NAMES;
	kit_init(&k);
	k.env.resolve = resolve_late;
	kit_open_over(&k, store == INLINE ? rg_store_ref(k.memory) : deferred_new(k.memory, &k.deferred));
	cr_expect_eq(save_names(&k, NAMES, &o), RG_PENDING);
	cr_expect_eq(late.asked, NAMES);
	end(&k, &o);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(o.called + o.freed, 2);
	cr_expect_eq(o.status, status);
	rg_op_unref(o.op);
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
