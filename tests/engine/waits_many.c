/* SPDX-License-Identifier: MIT */
/* Many waits for one device: a REGISTER lets some of them look, and the ticks the rest. */
#include "waiting.h"

enum { MANY = 300, LOOK_AT_ONCE = 64 };

typedef struct crowd {
	kit k;
	watching watch;
	waiting waits[MANY];
	int cseq, depth, deepest; /* of register_again() */
} crowd;

static uint32_t with_branch(const crowd *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		n += c->waits[i].branches == 1 && c->waits[i].done == 1;
	return n;
}

static uint32_t over(const crowd *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		n += c->waits[i].done == 1;
	return n;
}

static crowd *crowd_open(bool watched)
{
	crowd *c = calloc(1, sizeof *c);

	cr_assert_not_null(c);
	c->watch.none = !watched;
	kit_init(&c->k);
	push_open_over(&c->k, watching_new(c->k.memory, &c->watch));
	cr_assert_eq(push_save(&c->k, "alice", 1, 1), 200);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_eq(push_lookup(&c->waits[i], &c->k, "alice", NULL), RG_OK);
		cr_assert_eq(push_wait(&c->waits[i]), RG_PENDING);
	}
	kit_tick(&c->k);
	return c;
}

static void crowd_close(crowd *c)
{
	for (uint32_t i = 0; i < MANY; i++)
		push_end(&c->waits[i]);
	cr_expect_eq(c->watch.live, 0);
	kit_close(&c->k);
	free(c);
}

/* Ticks of so many until nothing is due. Returns how many it took. */
static uint32_t tick_all(crowd *c, uint32_t limit)
{
	rg_time next = 0;
	uint32_t n = 0;

	do {
		uint32_t before = over(c);

		cr_assert_eq(rg_registrar_tick(c->k.reg, limit, &next), RG_OK);
		cr_assert_leq(over(c) - before, limit);
		cr_assert_lt(n++, MANY);
	} while (next <= c->k.now);
	return n;
}

Test(waits_many, a_register_lets_some_look_and_ticks_the_rest)
{
	for (int watched = 0; watched < 2; watched++) {
		crowd *c = crowd_open(watched);

		cr_expect_eq(c->watch.watches, (uint32_t)watched, "%u", c->watch.watches);
		cr_expect_eq(push_save(&c->k, "alice", 1, 2), 200);
		cr_expect_eq(with_branch(c), watched ? 2u * LOOK_AT_ONCE : LOOK_AT_ONCE, "%u", with_branch(c));
		cr_expect_eq(c->k.woken, c->k.now, "a tick is needed at once");
		cr_expect_eq(push_save(&c->k, "bob", 2, 2), 200);
		cr_expect_lt(with_branch(c), MANY);
		tick_all(c, 50);
		cr_expect_eq(with_branch(c), MANY);
		cr_expect_eq(kit_stat(&c->k, "wakeups_answered"), MANY);
		crowd_close(c);
	}
}

Test(waits_many, a_tick_ends_so_many_as_its_limit_says)
{
	crowd *c = crowd_open(true);

	c->k.now += 6000;
	cr_expect_geq(tick_all(c, 50), MANY / 50);
	cr_expect_eq(over(c), MANY);
	cr_expect_eq(kit_stat(&c->k, "wakeups_timed_out"), MANY);
	crowd_close(c);
}

/* Others may end while they are to look. */
static void cancel_the_others(waiting *w)
{
	crowd *c = (crowd *)w->k;

	for (uint32_t i = 0; i < MANY; i++)
		rg_wait_cancel(c->waits[i].wait);
}

Test(waits_many, all_may_be_canceled_inside_the_first_branch)
{
	crowd *c = crowd_open(true);

	for (uint32_t i = 0; i < MANY; i++)
		c->waits[i].on_branch = cancel_the_others;
	cr_expect_eq(push_save(&c->k, "alice", 1, 2), 200);
	cr_expect_eq(over(c), MANY);
	cr_expect_eq(kit_stat(&c->k, "wakeups_answered"), 1);
	cr_expect_gt(kit_tick(&c->k), c->k.now);
	crowd_close(c);
}

static void end_at_once(waiting *w)
{
	rg_registrar_shutdown(w->k->reg);
}

Test(waits_many, the_registrar_may_end_while_some_are_to_look)
{
	crowd *c = crowd_open(true);

	c->waits[3].on_done = end_at_once;
	cr_expect_eq(push_save(&c->k, "alice", 1, 2), 200);
	cr_expect_eq(over(c), MANY);
	crowd_close(c);
}

/* Each branch makes another REGISTER: the calls do not nest, however many wait. */


static void register_again(waiting *w)
{
	crowd *c = (crowd *)w->k;

	c->deepest = ++c->depth > c->deepest ? c->depth : c->deepest;
	push_save(w->k, "alice", 1, 10 + c->cseq++);
	c->depth--;
}

Test(waits_many, a_register_inside_each_branch_needs_no_deeper_stack)
{
	crowd *c = crowd_open(true);

	for (uint32_t i = 0; i < MANY; i++)
		c->waits[i].on_branch = register_again;
	cr_expect_eq(push_save(&c->k, "alice", 1, 2), 200);
	tick_all(c, MANY);
	cr_expect_eq(with_branch(c), MANY);
	cr_expect_leq(c->deepest, 2, "%d", c->deepest);
	crowd_close(c);
}

/* One lookup has its watch made when another one of the same AoR fetches the record. The phone registers before the watch is there. */
typedef struct meeting {
	kit here, there;
	watching watch;
	waiting first, second;
	bool met;
} meeting;

static void look_up_meanwhile(void *user)
{
	meeting *m = user;

	if (m->met)
		return;
	m->met = true;
	cr_expect_eq(push_lookup(&m->second, &m->here, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&m->second), RG_PENDING);
	m->watch.deaf = true;
	cr_expect_eq(push_save(&m->there, "alice", 1, 2), 200);
	m->watch.deaf = false;
	EXPECT_SEEN(m->second, "2|");
}

Test(waits_many, share_a_watch_and_look_once_it_is_there)
{
	meeting m = { .watch = { .hook = look_up_meanwhile, .user = &m } };

	kit_init(&m.here);
	kit_init(&m.there);
	push_open_over(&m.here, watching_new(m.here.memory, &m.watch));
	push_open_over(&m.there, rg_store_ref(m.here.memory));
	cr_expect_eq(push_save(&m.there, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&m.first, &m.here, "alice", NULL), RG_OK);
	EXPECT_SEEN(m.first, "1 1|");
	EXPECT_SEEN(m.second, "2|1;");
	cr_expect_eq(m.watch.watches, 1);
	push_end(&m.first);
	push_end(&m.second);
	cr_expect_eq(m.watch.live, 0);
	kit_close(&m.here);
	kit_close(&m.there);
}
