/* SPDX-License-Identifier: MIT */
/* The store made of two, when main never says what became of a commit: what is half done ends all the same. */
#include "pair.h"
#include "overlay/overlay.h"
#include <stdio.h>

#define MANY RG__OVERLAY_HALVES_MAX

static uint32_t halves(pair *p)
{
	void *self;

	rg_store_members(p->k.store, &self);
	return ((rg__overlay *)self)->n_halves;
}

/* Main answers neither this commit nor a fetch until the engine has given up and main may have forgotten. */
static void give_up(pair *p, const char *contact, bool memory_only, bool lands)
{
	pair_fail_main(p, CALL_COMMIT | CALL_FETCH, -1, RG_EUNKNOWN, lands);
	p->of_main.after = 2; /* fetches, of the save itself */
	cr_expect_eq(pair_save(p, contact, 3, memory_only), 503);
	cr_expect_eq(halves(p), 1);
	pair_tick(p, 130, 1000);
	cr_expect_eq(halves(p), 1, "without main nobody knows");
	pair_fail_main(p, 0, 0, RG_EUNKNOWN, false);
}

/* Another node takes away what is in main, down to what it remembers of it. */
static void others_clear(pair *p)
{
	rg_registrar *other = NULL;
	rg_remove_filter filter;
	uint32_t n = 0;

	cr_assert_eq(rg_registrar_new(NULL, p->main, &p->k.env, &other, NULL), RG_OK);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_remove(other, &filter, &n), RG_OK);
	p->k.now += RG_REMOVAL_KEEP;
	for (int i = 0; i < 3; i++)
		rg_registrar_tick(other, 0, NULL);
	cr_expect_null(pair_fetch(p->main).record);
	rg_registrar_unref(other);
}

/* Ticks when it is told to, for a day. @return how often. */
static int a_day(pair *p)
{
	rg_time next, until = p->k.now + 86400000;
	int n = 0;

	for (; p->k.now < until && n < 1000; n++) {
		next = kit_tick(&p->k);
		if (p->k.deferred)
			deferred_answer_all(p->k.deferred);
		p->k.now = next <= p->k.now ? p->k.now + 1 : next < until ? next : until;
	}
	return n;
}

static void comes_to_rest(int how)
{
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1, 1, false), 200);
	pair_fail_main(&p, CALL_COMMIT, -1, RG_EUNKNOWN, false);
	cr_expect_eq(pair_save(&p, A1, 2, true), 503);
	pair_tick(&p, 80, 1000); /* it is sent again for 50 s */
	pair_fail_main(&p, 0, 0, RG_EUNKNOWN, false);
	cr_expect_eq(halves(&p), 1, "main may still remember the last time");
	cr_expect_eq(pair_bindings(p.local), 1, "written ahead");
	others_clear(&p);
	if (how == INLINE)
		cr_expect_leq(a_day(&p), 20, "the walk comes to rest");
	else
		pair_tick(&p, 130, 1000);
	cr_expect_eq(halves(&p), 0);
	cr_expect_eq(pair_bindings(p.local), 0, "memory is let go");
	cr_expect_eq(pair_bindings(p.main), 0);
	pair_close(&p);
}

Test(overlay_age, a_move_that_never_reached_main_is_undone)
{
	comes_to_rest(INLINE);
	comes_to_rest(DEFERRED);
}

static void by_the_walk_alone(int how, bool lands)
{
	pair p;

	pair_open_with_two(&p, how);
	cr_expect_eq(pair_save(&p, "<sip:m@192.0.2.9>", 2, false), 200);
	give_up(&p, A2 ", " B1, true, lands);
	pair_tick(&p, 3, 1000);
	cr_expect_eq(halves(&p), 0);
	cr_expect_eq(pair_bindings(p.local), lands ? 3 : 1);
	cr_expect_eq(pair_bindings(p.main), lands ? 1 : 2);
	cr_expect_eq(kit_targets(&p.k, "alice"), lands ? 4 : 3);
	pair_close(&p);
}

Test(overlay_age, what_main_has_tells_how_it_ended)
{
	for (int bits = 0; bits < 4; bits++)
		by_the_walk_alone(bits & 1 ? DEFERRED : INLINE, bits & 2);
}

static void a_deletion(int how, bool lands)
{
	pair p;

	pair_open_with_two(&p, how);
	give_up(&p, "*", false, lands);
	pair_tick(&p, 3, 1000);
	cr_expect_eq(halves(&p), 0);
	cr_expect_eq(pair_bindings(p.main), lands ? 0 : 1);
	cr_expect_eq(pair_bindings(p.local), lands ? 0 : 1, "both or neither");
	pair_close(&p);
}

Test(overlay_age, a_deletion_that_main_has_forgotten_was_one)
{
	for (int bits = 0; bits < 4; bits++)
		a_deletion(bits & 1 ? DEFERRED : INLINE, bits & 2);
}

static void a_commit_comes_first(int how)
{
	pair p;

	pair_open_with_two(&p, how);
	give_up(&p, "*", false, false);
	pair_fail_main(&p, CALL_COMMIT, 1, RG_ESTORE, false);
	p.of_main.after = 100; /* they are counted, and none fails */
	p.of_main.seen = 0;
	cr_expect_eq(pair_save(&p, "<sip:c@192.0.2.3>", 5, false), 200);
	cr_expect_eq(p.of_main.seen, 1, "the one that was given up is not sent again");
	cr_expect_eq(halves(&p), 0);
	cr_expect_eq(kit_targets(&p.k, "alice"), 3);
	cr_expect_null(strstr(p.k.events, "DELETE"));
	pair_close(&p);
}

Test(overlay_age, a_commit_ends_an_old_half_without_sending_it)
{
	a_commit_comes_first(INLINE);
	a_commit_comes_first(DEFERRED);
}

static int save_numbered(pair *p, int number, int cseq, bool memory_only)
{
	char aor[32];
	phone ph = { .aor = aor, .contact = A1, .cseq = cseq };
	rg_request request;
	rg_response *response = NULL;

	snprintf(aor, sizeof aor, "u%d", number);
	kit_request(&ph, &request);
	rg_save(p->k.reg, &request, memory_only ? p->memory_only : NULL, &response);
	int code = rg_response_code(response);
	rg_response_unref(response);
	return code;
}

static void full_of_old_ones(int how)
{
	pair p;

	pair_open(&p, how);
	for (int i = 0; i <= MANY; i++)
		cr_assert_eq(save_numbered(&p, i, 1, false), 200);
	pair_fail_main(&p, CALL_COMMIT, -1, RG_EUNKNOWN, false);
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(save_numbered(&p, i, 2, true), 503);
	cr_expect_eq(halves(&p), MANY);
	pair_fail_main(&p, 0, 0, RG_EUNKNOWN, false);
	cr_expect_eq(save_numbered(&p, MANY, 2, true), 503, "there is no room for one more");
	pair_fail_main(&p, CALL_COMMIT, -1, RG_EUNKNOWN, false);
	pair_tick(&p, 58, 1000);
	pair_fail_main(&p, 0, 0, RG_EUNKNOWN, false);
	cr_expect_eq(halves(&p), MANY);
	pair_tick(&p, 80, 1000);
	cr_expect_eq(halves(&p), 0);
	cr_expect_eq(pair_bindings(p.local), 0);
	cr_expect_eq(save_numbered(&p, MANY, 3, true), 200);
	pair_close(&p);
}

Test(overlay_age, the_table_does_not_stay_full, .timeout = 120)
{
	full_of_old_ones(INLINE);
	full_of_old_ones(DEFERRED);
}
