/* SPDX-License-Identifier: MIT */
/* Calls whose answers come later: on another thread, in another order, after a cancel or the end of the registrar. */
#include "kit.h"
#include "../../engine/shims.h"
#include <sched.h>
#include <stdatomic.h>

enum { CALLS = 8, ROOM = 2048 };

/* A call of the completion form with all that it borrows, which is overwritten when the callback has run. */
typedef struct late_call {
	rg_wire_call call;
	rg_op *op;
	char *bytes;
	char reply[ROOM];
	char text[ROOM];
	rg_status status;
	int32_t code;
	rg_targets *targets;
	atomic_int called, freed;
} late_call;

static void on_answer(void *user, rg_wire_call *call)
{
	late_call *l = user;

	cr_expect_eq(call, &l->call);
	cr_expect_eq(atomic_load(&l->freed), 0);
	l->status = call->status;
	l->code = call->code;
	l->targets = call->targets;
	snprintf(l->text, sizeof l->text, "%.*s", call->n <= call->room ? (int)call->n : 0, call->reply);
	memset(l->bytes, 'x', strlen(l->bytes));
	memset(&l->call, 0xee, sizeof l->call);
	atomic_fetch_add(&l->called, 1);
}

static void on_free(void *user)
{
	atomic_fetch_add(&((late_call *)user)->freed, 1);
}

static rg_status start_late(rg_registrar *registrar, const rg_request *host, const char *text, uint32_t flags, size_t room, late_call *l)
{
	memset(l, 0, sizeof *l);
	l->bytes = strdup(text);
	rg_wire_call_init(&l->call, sizeof l->call);
	l->call.bytes = rg_str_from(l->bytes);
	l->call.host = host;
	l->call.flags = flags;
	l->call.reply = l->reply;
	l->call.room = room;
	return rg_wire_handle_async(registrar, &l->call, on_answer, l, on_free, &l->op, NULL);
}

static void end_late(late_call *l)
{
	cr_expect_eq(atomic_load(&l->called), 1);
	cr_expect_eq(atomic_load(&l->freed), 1);
	rg_targets_free(l->targets);
	rg_op_free(l->op);
	free(l->bytes);
}

/* A registrar over a shim; the reference to the shim is taken. */
static rg_registrar *registrar_over(rg_store *store)
{
	const rg_env env = { .struct_size = sizeof env, .now = world_now };
	rg_registrar *registrar = NULL;

	cr_assert_eq(rg_registrar_new(NULL, store, &env, &registrar, NULL), RG_OK);
	rg_store_unref(store);
	return registrar;
}

#define FOLDED "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n ;rport\r\n" REST "Contact:\r\n <sip:a@192.0.2.1>\r\n\r\n"

Test(wire_late, an_inline_store_answers_before_the_call_returns)
{
	static const struct { const char *text; rg_status status; int32_t code; } rows[] = {
		{ FOLDED, RG_OK, 200 }, { REGISTER, RG_OK, 400 }, { "\r\n\r\n", RG_OK, 0 }, { ASK("INVITE", "sip:h") "\r\n", RG_OK, 405 },
		{ "REGISTER sip:h SIP/7\r\nVia: SIP/2.0/UDP h\r\n\r\n", RG_OK, 505 },
	};
	world w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		late_call l;
		cr_expect_eq(start_late(w.registrar, &w.host, rows[i].text, 0, ROOM, &l), RG_OK);
		cr_expect_eq(l.status, rows[i].status);
		cr_expect_eq(l.code, rows[i].code, "%zu: %d", i, l.code);
		cr_expect_null(fault_of(l.text), "%zu: %s", i, fault_of(l.text));
		end_late(&l);
	}
	world_end(&w);
}

Test(wire_late, after_an_error_no_callback_runs)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "nonsense", "bytes are no SIP message" }, { "REGISTER sip:h SIP/2.0\r\n\r\n", "bytes have no Via to reply to" },
		{ "OPTIONS sip:h SIP/2.0\r\n\r\n", "bytes have no Via to reply to" },
	};
	rg_error *why = rg_error_new();
	world w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		late_call l;
		cr_expect_eq(start_late(w.registrar, &w.host, rows[i].text, 0, ROOM, &l), RG_EINVAL);
		cr_expect_eq(l.call.status, RG_EINVAL);
		cr_expect_eq(l.call.n, 0);
		cr_expect_null(l.op);
		l.op = NULL;
		cr_expect_eq(rg_wire_handle_async(w.registrar, &l.call, on_answer, &l, on_free, NULL, why), RG_EINVAL);
		cr_expect_str_eq(rg_error_text(why).p, rows[i].words);
		cr_expect_eq(atomic_load(&l.called) + atomic_load(&l.freed), 0);
		free(l.bytes);
	}
	rg_error_free(why);
	world_end(&w);
}

Test(wire_late, a_store_may_answer_in_any_order)
{
	deferred *d = NULL;
	world w = world_new();
	rg_registrar *registrar = registrar_over(deferred_new(w.store, &d));
	late_call calls[CALLS];

	for (uint32_t i = 0; i < CALLS; i++) {
		char text[512];
		snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n ;branch=%u\r\nFrom: <sip:u%u@example.com>;tag=1\r\n"
			"To: <sip:u%u@example.com>\r\nCall-ID: c%u\r\nCSeq: 1 REGISTER\r\nContact:\r\n <sip:p@192.0.2.%u>\r\n\r\n", i, i, i, i, i);
		cr_expect_eq(start_late(registrar, &w.host, text, 0, i == 3 ? 50 : ROOM, &calls[i]), RG_PENDING);
		cr_expect_not_null(calls[i].op);
	}
	while (deferred_pending(d) > 0)
		deferred_answer(d, deferred_pending(d) / 2);
	for (uint32_t i = 0; i < CALLS; i++) {
		char line[128];
		snprintf(line, sizeof line, "\r\nVia: SIP/2.0/UDP h ;branch=%u;received=192.0.2.99\r\n", i);
		cr_expect_eq(calls[i].status, i == 3 ? RG_ELIMIT : RG_OK);
		cr_expect_eq(calls[i].code, 200);
		cr_expect(i == 3 || strstr(calls[i].text, line), "%s", calls[i].text);
		snprintf(line, sizeof line, "\r\nContact: <sip:p@192.0.2.%u>;", i);
		cr_expect(i == 3 || strstr(calls[i].text, line), "%s", calls[i].text);
		end_late(&calls[i]);
	}
	rg_registrar_unref(registrar);
	world_end(&w);
}

Test(wire_late, a_lookup_may_be_answered_late)
{
	deferred *d = NULL;
	world w = world_new();
	rg_registrar *registrar = registrar_over(deferred_new(w.store, &d));
	late_call redirected, looked_up;

	cr_assert_eq(send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\n").code, 200);
	cr_expect_eq(start_late(registrar, &w.host, ASK("INVITE", "sip:alice@example.com") "\r\n", RG_WIRE_REDIRECT, ROOM, &redirected), RG_PENDING);
	cr_expect_eq(start_late(registrar, &w.host, ASK("INVITE", "sip:alice@example.com") "\r\n", RG_WIRE_LOOKUP, ROOM, &looked_up), RG_PENDING);
	deferred_answer_all(d);
	cr_expect_eq(redirected.code, 302);
	cr_expect_not_null(strstr(redirected.text, "\r\nContact: <sip:a@192.0.2.1>\r\n"), "%s", redirected.text);
	cr_expect_eq(looked_up.code, 0);
	cr_expect_eq(rg_targets_count(looked_up.targets), 1);
	end_late(&redirected);
	end_late(&looked_up);
	rg_registrar_unref(registrar);
	world_end(&w);
}

Test(wire_late, what_is_canceled_or_shut_down_gets_no_reply)
{
	for (int how = 0; how < 3; how++) {
		deferred *d = NULL;
		world w = world_new();
		rg_store *store = deferred_new(w.store, &d);
		rg_store_ref(store);
		rg_registrar *registrar = registrar_over(store);
		late_call saved, looked_up;

		cr_expect_eq(start_late(registrar, &w.host, FOLDED, 0, ROOM, &saved), RG_PENDING);
		cr_expect_eq(start_late(registrar, &w.host, ASK("INVITE", "sip:alice@example.com") "\r\n", RG_WIRE_LOOKUP, ROOM, &looked_up), RG_PENDING);
		if (how == 1)
			deferred_answer(d, 0); /* the commit is in flight then */
		if (how == 2)
			rg_registrar_shutdown(registrar);
		else
			rg_op_cancel(saved.op), rg_op_cancel(looked_up.op);
		cr_expect_eq(saved.status, RG_ECANCELED);
		cr_expect_str_eq(saved.text, "");
		cr_expect_eq(saved.code, 0);
		cr_expect_eq(looked_up.status, RG_ECANCELED);
		cr_expect_null(looked_up.targets);
		end_late(&saved);
		end_late(&looked_up);
		deferred_answer_all(d);
		rg_registrar_unref(registrar);
		rg_store_unref(store);
		world_end(&w);
	}
}

Test(wire_late, a_blocking_call_waits_and_one_that_cannot_says_so)
{
	deferred *d = NULL;
	world w = world_new(), other = w;

	other.registrar = registrar_over(deferred_new(w.store, &d));
	cr_expect_eq(send_text(&other, FOLDED).code, 200);
	rg_registrar_unref(other.registrar);
	other.registrar = registrar_over(waitless_new(w.store));
	answer a = send_text(&other, FOLDED);
	cr_expect_eq(a.status, RG_ENOTSUP);
	cr_expect_eq(a.n, 0);
	rg_registrar_unref(other.registrar);
	world_end(&w);
}

Test(wire_late, a_broken_store_gives_503)
{
	faulty f = { .calls = CALL_FETCH, .times = -1, .status = RG_ESTORE };
	world w = world_new(), other = w;

	other.registrar = registrar_over(faulty_new(w.store, &f));
	answer a = send_text(&other, FOLDED);
	cr_expect_eq(a.status, RG_ESTORE);
	cr_expect_eq(a.code, 503);
	cr_expect_null(fault_of(a.text), "%s", fault_of(a.text));
	other.flags = RG_WIRE_REDIRECT;
	a = send_text(&other, ASK("INVITE", "sip:alice@example.com") "\r\n");
	cr_expect_eq(a.status, RG_ESTORE);
	cr_expect_eq(a.code, 503);
	cr_expect_null(fault_of(a.text), "%s", fault_of(a.text));
	cr_expect_null(strstr(a.text, "\r\nRetry-After:"), "%s", a.text);
	a = send_room(&other, FOLDED, strlen(FOLDED), 10);
	cr_expect_eq(a.status, RG_ELIMIT);
	cr_expect_eq(a.code, 503);
	rg_registrar_unref(other.registrar);
	world_end(&w);
}

/* RFC 3261 §20.33 */
Test(wire_late, the_503_of_a_lookup_has_retry_after_as_that_of_a_register)
{
	static const struct { const char *parameter, *line; } rows[] = {
		{ "7", "\r\nRetry-After: 7\r\n" }, { "10", "\r\nRetry-After: 10\r\n" }, { "3600", "\r\nRetry-After: 3600\r\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		faulty f = { .calls = CALL_FETCH, .times = -1, .status = RG_ESTORE };
		world w = world_new(), other = w;
		rg_config *config = NULL;

		cr_assert_eq(rg_config_new(&config), RG_OK);
		cr_assert_eq(rg_config_set(config, RG_STR("retry_after"), rg_str_from(rows[i].parameter), NULL), RG_OK);
		other.registrar = registrar_over(faulty_new(w.store, &f));
		cr_assert_eq(rg_registrar_configure(other.registrar, config, NULL), RG_OK);
		rg_config_free(config);
		answer a = send_text(&other, FOLDED);
		cr_expect_eq(a.code, 503);
		cr_expect_not_null(strstr(a.text, rows[i].line), "%s", a.text);
		other.flags = RG_WIRE_REDIRECT;
		a = send_text(&other, ASK("INVITE", "sip:alice@example.com") "\r\n");
		cr_expect_eq(a.code, 503);
		cr_expect_not_null(strstr(a.text, rows[i].line), "%s", a.text);
		cr_expect_null(fault_of(a.text), "%s", fault_of(a.text));
		rg_registrar_unref(other.registrar);
		world_end(&w);
	}
}

/* What the host says is wrong is found when the verb begins: nothing is left behind. */
Test(wire_late, an_error_of_the_verb_leaves_nothing)
{
	deferred *d = NULL;
	world w = world_new();
	rg_registrar *registrar = registrar_over(deferred_new(w.store, &d));
	late_call l;

	w.host.flow = RG_STR("a\nb");
	cr_expect_eq(start_late(registrar, &w.host, FOLDED, 0, ROOM, &l), RG_EINVAL);
	cr_expect_eq(atomic_load(&l.called) + atomic_load(&l.freed), 0);
	cr_expect_eq(l.call.status, RG_EINVAL);
	free(l.bytes);
	rg_registrar_unref(registrar);
	world_end(&w);
}

static void on_end(void *user)
{
	atomic_store((atomic_int *)user, 1);
}

/* Answers on other threads, while half of the calls are canceled. The reference to the store that is dropped last is that of this thread. */
Test(wire_late, answers_may_come_on_other_threads)
{
	enum { N = CALLS * 4 };
	atomic_int ended = 0;
	world w = world_new();
	rg_store *store = threaded_new(w.store);
	const rg_env env = { .struct_size = sizeof env, .now = world_now, .user = &ended, .free = on_end };
	rg_registrar *registrar = NULL;
	late_call calls[N];

	cr_assert_eq(rg_registrar_new(NULL, store, &env, &registrar, NULL), RG_OK);
	for (uint32_t i = 0; i < N; i++) {
		char text[512];
		snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:u%u@example.com>;tag=1\r\n"
			"To: <sip:u%u@example.com>\r\nCall-ID: c%u\r\nCSeq: 1 REGISTER\r\nContact: <sip:p@192.0.2.1>\r\n\r\n", i % 5, i % 5, i);
		cr_expect_geq(start_late(registrar, &w.host, text, 0, ROOM, &calls[i]), RG_OK);
		if (i % 2)
			rg_op_cancel(calls[i].op);
	}
	rg_registrar_shutdown(registrar);
	rg_registrar_unref(registrar);
	while (!atomic_load(&ended))
		sched_yield();
	rg_store_unref(store);
	for (uint32_t i = 0; i < N; i++) {
		cr_expect(calls[i].status == RG_ECANCELED || (calls[i].status == RG_OK && calls[i].code == 200), "%d", calls[i].status);
		end_late(&calls[i]);
	}
	world_end(&w);
}
