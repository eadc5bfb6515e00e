/* SPDX-License-Identifier: MIT */
#include "random.h"
#include "allocations.h"

enum { STEPS = 160, DEPTH = 3 };

#define FAR 1800000000000 /* no clock goes on from here: it is set back */

/* ---- memory ---- */

static void fail_this_one(void *user)
{
	(void)user;
	allocations_fail(1);
	if (--w.run_left > 0)
		allocations_call(1, fail_this_one, NULL);
}

void fail_allocations(uint32_t nth, uint32_t run)
{
	w.run_left = run;
	allocations_call((int)nth, fail_this_one, NULL);
}

void end_failing(void)
{
	w.run_left = 0;
	allocations_call(0, NULL, NULL);
	allocations_fail(0);
}

/* ---- time ---- */

void set_clock(rg_time to)
{
	if (to > w.now) {
		int64_t span = to - w.now > 100000000 ? 100000000000 : 1000 * (to - w.now);

		end_old_lates(w.monotonic + span);
		w.monotonic += span;
	} else if (to < w.now) {
		w.went_back = true;
		w.due = INT64_MIN; /* whoever waits for a time that the clock shows waits too long: it ticks when it sees that */
	}
	w.now = to;
	trace("clock %+lld", (long long)(to - 1700000000000));
}

static void jump(void)
{
	static const int64_t by[] = { 1, 1, 100, 500, 1000, 2000, 2000, 5000, 60000, 60000, 3600000, 86400000, -1, -1000, -3600000 };
	uint32_t which = w.now > FAR ? 16 : dice(17);

	set_clock(which < 15 ? w.now + by[which] : which == 15 ? RG_TIME_NEVER - dice(3) : 1700000000000);
}

void tick_once(uint32_t limit)
{
	rg_registrar *reg = w.reg;
	rg_time next = w.now, began = w.now;
	rg_status st;

	trace("tick");
	st = rg_registrar_tick(reg, limit, &next);
	if (st != RG_OK && st != RG_ESTORE && st != RG_ENOMEM)
		wrong("a tick returns what is none of its statuses", "tick");
	trace("  next in %lld", next < RG_TIME_NEVER ? time_until(next) : -1);
	w.due = w.now < began ? INT64_MIN : next; /* see set_clock() */
}

/* ---- listening ---- */

void hear(void *user, const rg_event *e)
{
	ear *of = user;
	bool first = of == &w.main_ear;

	if (!of->subscription || !(of->mask & e->kind))
		wrong("an event comes to who does not want it", rg_event_name(e->kind));
	of->began = true;
	of->heard++;
	if (first) {
		trace("  event %s %.*s", rg_event_name(e->kind), (int)e->aor.n, e->aor.p);
		event_heard(e);
		for (uint32_t i = 0; i < EARS; i++) {
			if (w.ears[i].subscription && w.ears[i].began && w.ears[i].heard != w.ears[i].wanted)
				wrong("an event did not come to all", rg_event_name(e->kind));
		}
		for (uint32_t i = 0; i < EARS; i++)
			w.ears[i].wanted += (w.ears[i].mask & e->kind) != 0;
		w.last_event.kind = e->kind;
		w.last_event.id = e->after ? e->after->id : e->before ? e->before->id : 0;
		w.last_event.at = e->at;
	} else if (w.has_ear) {
		if (of->heard == 1)
			of->wanted = 1;
		if (w.last_event.kind != e->kind || w.last_event.at != e->at)
			wrong("two who listen are told differently", rg_event_name(e->kind));
	}
	nest();
}

static void ear_freed(void *user)
{
	((ear *)user)->freed++;
}

void start_listening(ear *e, uint32_t mask)
{
	if (e->subscription || !w.reg)
		return;
	*e = (ear){ .mask = mask };
	trace("listen %u", mask);
	rg_status st = rg_registrar_subscribe(w.reg, mask, hear, e, ear_freed, &e->subscription, NULL);
	if (st != RG_OK && st != RG_ENOMEM)
		wrong("a subscription fails", "subscribe");
}

void stop_listening(ear *e)
{
	rg_subscription *s = e->subscription;

	if (!s)
		return;
	trace("listen no more");
	e->subscription = NULL;
	rg_subscription_free(s);
}

/* ---- names ---- */

void answer_name(uint32_t which, bool finds)
{
	rg_addr addrs[2] = { { .family = 0 } };
	rg_resolve_done_cb done = w.names[which].done;
	void *tok = w.names[which].tok;

	rg_addr_parse(RG_STR("192.0.2.77"), &addrs[0]);
	rg_addr_parse(RG_STR("2001:db8::7"), &addrs[1]);
	w.names[which] = w.names[--w.n_names];
	trace("  a name is resolved, or not");
	done(tok, finds ? RG_OK : RG_ENOENT, finds ? addrs : NULL, finds ? 1 + dice(2) : 0);
}

/* ---- steps ---- */

static void cancel_one(void)
{
	call *c = &w.calls[dice(CALLS)];

	for (uint32_t i = 0; i < CALLS && !(c->used && c->op && !c->held); i++)
		c = c + 1 == w.calls + CALLS ? w.calls : c + 1;
	if (!c->used || !c->op || c->held)
		return;
	trace("cancel %s", c->verb);
	c->held = true;
	rg_op_cancel(c->op);
	if (!c->called && !c->walks && c->returned)
		wrong("a cancelled operation is not answered", c->verb);
	c->held = false;
	release_call(c, dice(4) == 3);
}

static void let_one_go(void)
{
	call *c = &w.calls[dice(CALLS)];

	if (c->used && c->op && c->returned && !c->held)
		release_call(c, false);
}

static void reload(void)
{
	rg_config *config = draw_config();

	if (!config && w.has_gruu)
		return; /* the defaults disable GRUUs */
	trace("reload");
	rg_status st = rg_registrar_configure(w.reg, config, NULL);
	if (st != RG_OK && st != RG_ENOMEM)
		wrong("a reload fails", "configure");
	rg_config_free(config);
}

static void fall_short(void)
{
	if (!w.short_of_memory)
		return;
	uint32_t nth = 1 + dice(24), run = dice(2) ? 1 : 4;

	trace("the %u. allocation fails, %u in all", nth, run);
	fail_allocations(nth, run);
	w.failing_left = 1 + dice(3);
}

static void end_registrar(void)
{
	rg_registrar *reg = w.reg;

	if (dice(4) < 3) {
		trace("shutdown");
		w.shut = true;
		rg_registrar_shutdown(reg);
		return;
	}
	trace("the registrar goes");
	w.reg = NULL;
	rg_registrar_unref(reg);
}

static void resolve_one(void)
{
	if (w.n_names > 0)
		answer_name(dice(w.n_names), dice(2));
}

static void keep_time(void)
{
	if (w.due > w.now && w.due - w.now < 3600000)
		set_clock(w.due);
	tick_once(0);
}

static void other_step(uint32_t what)
{
	if (what < 6)
		tick_once(dice(2) ? 0 : 1 + dice(3));
	else if (what < 12)
		keep_time();
	else if (what < 20)
		jump();
	else if (what < 25)
		cancel_one();
	else if (what < 27)
		let_one_go();
	else if (what < 29)
		reload();
	else if (what < 32)
		start_listening(&w.ears[dice(EARS)], dice(2) ? RG_EVENT_ALL : 1 + dice(254));
	else if (what < 34)
		stop_listening(&w.ears[dice(EARS)]);
	else if (what < 38)
		resolve_one();
	else if (what < 41)
		perform_late();
	else if (what < 46)
		fall_short();
	else if (dice(8) == 7)
		end_registrar();
}

void take_step(void)
{
	uint32_t what = dice(128);

	w.steps++;
	if (w.failing_left > 0 && --w.failing_left == 0)
		end_failing();
	if (!w.reg || what >= 104)
		answer_one(dice(answers_waiting() + 1));
	else if (what < 56)
		call_verb(dice(VERBS));
	else
		other_step(what - 56);
}

void nest(void)
{
	if (w.calm || w.depth >= DEPTH || w.steps >= STEPS || !more() || dice(4) != 3)
		return;
	w.depth++;
	trace("  (");
	take_step();
	trace("  )");
	w.depth--;
}
