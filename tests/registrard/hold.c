/* SPDX-License-Identifier: MIT */
/* Requests that wait for phones: what is due when, and what the library may report at which moment. */
#include "hold.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "header.h"
#include "intake.h"
#include "lookup.h"
#include "reply.h"
#include "targets.h"

static struct {
	struct server server;
	struct call call;
	int64_t now, due; /* of the alarm; INT64_MAX = none */
	void (*ring)(void *user);
	void *ringer;
	size_t turns;  /* of the loop */
	size_t settings; /* of the alarm */
	char log[256]; /* what was done to the call, in words */
	/* The wait that the library was asked for. */
	rg_branch_cb on_branch;
	rg_wait_done_cb on_done;
	rg_purr_cb on_purr;
	rg_free_cb free_user;
	void *user;
	rg_status answer;      /* of the call that asks */
	int reports_at_once;   /* branches that it reports before it returns */
	const char *require;   /* header of the request */
	int rings, has_purr;
	int is_reached;        /* the device of the PURR */
	int has_no_room;       /* to go on to the device */
	sip_t sip;
	size_t n_targets;      /* that nobody has freed */
	int shortage;          /* the next allocation fails */
} w;

/* The sanitizers' allocator must be able to refer to it. */
void *__real_calloc(size_t n, size_t size);
__attribute__((visibility("default"))) void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	if (w.shortage && w.shortage-- == 1)
		return NULL;
	return __real_calloc(n, size);
}

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	size_t n = strlen(w.log);
	va_list list;

	va_start(list, format);
	vsnprintf(w.log + n, sizeof w.log - n, format, list);
	va_end(list);
}

/* Compares the log, and empties it. */
static void expect(const char *words, const char *when)
{
	cr_assert_str_eq(w.log, words, "%s: \"%s\", expected \"%s\"", when, w.log, words);
	w.log[0] = '\0';
}

/* The loop of the server. */

struct alarm_clock *alarm_clock_new(su_root_t *root, void (*ring)(void *user), void *user)
{
	(void)root;
	w.ring = ring;
	w.ringer = user;
	return (struct alarm_clock *)&w;
}

void alarm_clock_free(struct alarm_clock *alarm)
{
	(void)alarm;
}

void alarm_clock_set(struct alarm_clock *alarm, int64_t due)
{
	(void)alarm;
	w.due = due;
	w.settings++;
}

int64_t alarm_clock_now(void)
{
	return w.now;
}

/* Lets time pass, and rings whenever the alarm is due. */
static void pass(int64_t milliseconds)
{
	int64_t until = w.now + milliseconds;

	while (w.due <= until) {
		w.now = w.due > w.now ? w.due : w.now;
		w.due = INT64_MAX;
		w.turns++;
		w.ring(w.ringer);
	}
	w.now = until;
}

/* The library. */

static rg_targets *targets_new(void)
{
	w.n_targets++;
	return (rg_targets *)&w.n_targets;
}

void rg_targets_free(rg_targets *targets)
{
	w.n_targets -= targets != NULL;
}

rg_status rg_targets_wait(rg_targets *targets, rg_branch_cb on_branch, rg_wait_done_cb on_done, void *user, rg_free_cb free_user,
	rg_wait **wait, rg_error *why)
{
	(void)targets, (void)why;
	if (w.answer != RG_OK && w.answer != RG_PENDING)
		return w.answer;
	*wait = (rg_wait *)&w;
	w.on_branch = on_branch;
	w.on_done = on_done;
	w.user = user;
	w.free_user = free_user;
	for (int i = 0; i < w.reports_at_once; i++)
		on_branch(user, targets_new());
	return w.answer;
}

static void finish(rg_status status)
{
	void *user = w.user;

	w.user = NULL;
	if (w.on_done)
		w.on_done(user, status);
	else
		w.on_purr(user, status, RG_PURR_RESUMED, w.is_reached ? targets_new() : NULL);
	w.free_user(user);
}

void rg_wait_cancel(rg_wait *wait)
{
	cr_assert_not_null(wait);
	if (w.user)
		finish(RG_ECANCELED);
}

void rg_wait_free(rg_wait *wait)
{
	(void)wait;
}

rg_status lookup_purr(struct server *server, msg_t *msg, rg_purr_cb done, void *user, rg_free_cb free_user, rg_op **op)
{
	(void)server, (void)msg;
	if (w.answer != RG_OK && w.answer != RG_PENDING)
		return w.answer;
	*op = (rg_op *)&w;
	w.on_purr = done;
	w.user = user;
	w.free_user = free_user;
	if (w.answer == RG_OK)
		finish(RG_OK);
	return w.answer;
}

void rg_op_cancel(rg_op *op)
{
	rg_wait_cancel((rg_wait *)op);
}

void rg_op_free(rg_op *op)
{
	(void)op;
}

int lookup_has_purr(const struct server *server, const sip_t *sip)
{
	(void)server, (void)sip;
	return w.has_purr;
}

/* The call. */

void call_enter(struct call *call)
{
	call->busy++;
}

void call_leave(struct call *call)
{
	call->busy--;
	note("leave:%d ", call->unwoken);
}

void call_fork_otherwise(struct call *call)
{
	call->busy--;
	note("otherwise ");
}

int targets_go_on(struct call *call, const rg_targets *targets)
{
	cr_assert_not_null(targets);
	if (w.has_no_room)
		return -1;
	call->busy--;
	note("device ");
	return 0;
}

void targets_join(struct call *call, const rg_targets *targets)
{
	cr_assert_not_null(targets);
	call->n++;
	note("join ");
}

int call_rings(const struct call *call)
{
	(void)call;
	return w.rings;
}

sip_t *call_sip(const struct call *call)
{
	(void)call;
	return &w.sip;
}

char *header_join(su_home_t *home, const sip_t *sip, const char *name)
{
	(void)sip;
	cr_assert_str_eq(name, "Require");
	return w.require ? su_strdup(home, w.require) : NULL;
}

msg_t *intake_reply(struct server *server, const sip_t *sip, int status, const char *phrase)
{
	(void)server, (void)sip;
	note("%d %s ", status, phrase);
	return NULL;
}

void uas_send(struct uas *uas, msg_t *reply)
{
	cr_assert_not_null(uas);
	(void)reply;
}

static void open_world(sip_method_t method)
{
	memset(&w, 0, sizeof w);
	w.due = INT64_MAX;
	w.now = 1000;
	w.answer = RG_PENDING;
	w.server.holds = holds_new(&w.server);
	w.call = (struct call){ .server = &w.server, .method = method, .uas = (struct uas *)&w };
}

static void close_world(void)
{
	hold_end(&w.call);
	holds_free(w.server.holds);
	cr_assert_null(w.user, "the library was told");
	cr_assert_eq(w.n_targets, 0);
	cr_assert_eq(w.call.busy, 0);
}

static void go_on(void)
{
	w.call.busy = 1;
	hold_purr(&w.call);
	cr_assert_eq(w.call.busy, 0);
}

static void hold(void)
{
	cr_assert_eq(hold_targets(&w.call, (rg_targets *)&w), 0);
}

Test(hold, the_caller_of_an_invite_is_told_that_it_waits)
{
	open_world(sip_method_invite);
	hold();
	pass(1999);
	expect("", "before two seconds");
	pass(1);
	expect("182 Queued ", "after two seconds");
	pass(59999);
	expect("", "within a minute");
	pass(1);
	expect("182 Queued ", "after a minute");
	w.rings = 1;
	pass(60000);
	expect("", "while a phone rings");
	w.rings = 0;
	pass(60000);
	expect("182 Queued ", "when none rings any more");
	finish(RG_ETIMEOUT);
	expect("", "before the next turn of the loop");
	pass(0);
	expect("leave:480 ", "at the end");
	pass(100000);
	expect("", "after the end");
	close_world();
}

Test(hold, a_caller_that_requires_reliable_responses_is_not_told)
{
	open_world(sip_method_invite);
	w.require = "timer, 100Rel";
	hold();
	pass(200000);
	expect("", "ever");
	close_world();
}

Test(hold, any_other_request_is_over_before_its_client_gives_up)
{
	open_world(sip_method_message);
	hold();
	pass(27999);
	expect("", "before");
	pass(1);
	expect("leave:480 ", "when it is over");
	cr_assert_null(w.call.hold);
	close_world();
}

Test(hold, a_device_joins_in_the_next_turn_of_the_loop)
{
	open_world(sip_method_invite);
	w.reports_at_once = 2;
	hold();
	w.on_branch(w.user, targets_new());
	expect("", "at once");
	finish(RG_OK);
	expect("", "at once");
	pass(0);
	expect("join join join leave:0 ", "in the next turn");
	close_world();
}

Test(hold, many_devices_do_not_stop_the_loop)
{
	open_world(sip_method_invite);
	hold();
	for (int i = 0; i < 250; i++)
		w.on_branch(w.user, targets_new());
	finish(RG_OK);
	cr_assert_eq(w.settings, 2, "one for the hold, one for all reports");
	pass(0);
	cr_assert_eq(w.call.n, 250);
	cr_assert_eq(w.turns, 3);
	cr_assert_leq(w.settings, 5);
	cr_assert_null(w.call.hold);
	close_world();
}

Test(hold, the_end_stands_for_those_that_did_not_come_back)
{
	static const struct {
		rg_status status;
		size_t branches;
		const char *words;
	} cases[] = {
		{ RG_OK, 0, "leave:480 " }, /* a device came back, and no filter let it pass */
		{ RG_OK, 1, "join leave:0 " },
		{ RG_ETIMEOUT, 0, "leave:480 " },
		{ RG_ETIMEOUT, 1, "join leave:480 " },
		{ RG_ESTORE, 0, "leave:500 " },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		open_world(sip_method_invite);
		hold();
		for (size_t n = 0; n < cases[i].branches; n++)
			w.on_branch(w.user, targets_new());
		finish(cases[i].status);
		pass(0);
		expect(cases[i].words, rg_strerror(cases[i].status));
		close_world();
	}
}

Test(hold, nothing_comes_after_its_end)
{
	open_world(sip_method_invite);
	hold();
	w.on_branch(w.user, targets_new());
	hold_end(&w.call);
	cr_assert_null(w.user);
	cr_assert_null(w.call.hold);
	pass(100000);
	expect("", "after the end");
	hold_end(&w.call);
	/* The library reports from within a callback that runs elsewhere. */
	hold();
	w.on_branch(w.user, targets_new());
	finish(RG_OK);
	hold_end(&w.call);
	pass(100000);
	expect("", "after the end");
	close_world();
}

Test(hold, an_ack_and_a_cancelled_call_do_not_wait)
{
	open_world(sip_method_ack);
	w.call.uas = NULL;
	cr_assert_eq(hold_targets(&w.call, (rg_targets *)&w), -1);
	close_world();
	open_world(sip_method_invite);
	w.call.cancelled = 1;
	hold();
	cr_assert_null(w.call.hold);
	close_world();
}

Test(hold, a_wait_that_is_refused_or_finds_no_memory)
{
	for (int shortage = 0; shortage <= 1; shortage++) {
		open_world(sip_method_invite);
		w.has_purr = 1;
		w.answer = shortage ? RG_PENDING : RG_ELIMIT;
		w.shortage = shortage;
		cr_assert_eq(hold_targets(&w.call, (rg_targets *)&w), -1);
		w.shortage = shortage;
		go_on();
		expect("otherwise ", "at once");
		cr_assert_null(w.call.hold);
		cr_assert_eq(w.server.counts.held_requests, 0);
		pass(100000);
		expect("", "ever");
		close_world();
	}
	/* A device is left out, and the wait goes on. */
	open_world(sip_method_invite);
	hold();
	w.shortage = 1;
	w.on_branch(w.user, targets_new());
	w.on_branch(w.user, targets_new());
	pass(0);
	expect("join ", "without memory for one");
	close_world();
}

Test(hold, a_request_in_a_dialog_goes_on_whatever_comes_of_its_purr)
{
	static const rg_status statuses[] = { RG_OK, RG_ESTORE, RG_ENOMEM };

	open_world(sip_method_bye);
	go_on();
	expect("otherwise ", "without a PURR");
	w.has_purr = 1;
	w.answer = RG_OK;
	go_on();
	expect("otherwise ", "with nothing to wait for");
	cr_assert_null(w.call.hold);
	cr_assert_eq(w.server.counts.held_requests, 0);
	w.answer = RG_PENDING;
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		go_on();
		expect("leave:0 ", "while it waits");
		pass(1000);
		expect("", "while it waits");
		finish(statuses[i]);
		pass(0);
		expect("otherwise ", rg_strerror(statuses[i]));
	}
	go_on();
	pass(28000);
	expect("leave:0 otherwise ", "before the client gives up");
	go_on();
	w.is_reached = 1;
	hold_end(&w.call);
	pass(100000);
	expect("leave:0 ", "after a CANCEL");
	close_world();
}

Test(hold, a_request_in_a_dialog_goes_to_where_its_device_is)
{
	static const struct {
		int has_no_room, has_route;
		const char *words;
	} cases[] = { { 0, 0, "device " }, { 1, 0, "otherwise " }, { 0, 1, "otherwise " } };
	sip_route_t route;

	for (int is_asleep = 0; is_asleep <= 1; is_asleep++)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			open_world(sip_method_bye);
			w.has_purr = w.is_reached = 1;
			w.has_no_room = cases[i].has_no_room;
			w.sip.sip_route = cases[i].has_route ? &route : NULL;
			w.answer = is_asleep ? RG_PENDING : RG_OK;
			go_on();
			if (is_asleep) {
				expect("leave:0 ", "while it waits");
				finish(RG_OK);
				expect("", "before the next turn of the loop");
				pass(0);
			}
			expect(cases[i].words, "when the device is awake");
			close_world();
		}
}

/* A server stops with calls that wait, and with reports that nobody reads. */
Test(hold, a_server_that_stops)
{
	open_world(sip_method_invite);
	hold();
	w.on_branch(w.user, targets_new());
	finish(RG_ECANCELED);
	close_world();
	expect("", "when it stops");
}
