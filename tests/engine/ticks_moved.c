/* SPDX-License-Identifier: MIT */
/* Ticks over a memory store in which nearly all deadlines moved: it looks through many records for a page, and finds few keys or none. */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a@192.0.2.1:5060>"

enum { OVERLAY = DEFERRED + 1, OVERLAY_DEFERRED, KINDS };
enum { AORS = 300, APART = 150, LATER = 20, PAGE = 100, LEAST = 64 };

typedef struct moved {
	kit k;
	faulty pages;   /* counts them */
	rg_time begin;
	uint32_t ticks; /* of a round */
} moved;

static void name_aor(char aor[16], int i)
{
	snprintf(aor, 16, "u%d", i);
}

static void open_moved(moved *m, int kind)
{
	rg_store *store, *local = NULL;

	*m = (moved){ .pages = { .calls = CALL_DUE } };
	kit_init(&m->k);
	rg_store_unref(m->k.memory);
	cr_assert_eq(rg_memory_store_new(NULL, &m->k.memory, NULL), RG_OK);
	store = faulty_new(m->k.memory, &m->pages);
	if (kind == DEFERRED || kind == OVERLAY_DEFERRED) {
		rg_store *inside = store;

		store = deferred_new(inside, &m->k.deferred);
		rg_store_unref(inside);
	}
	if (kind >= OVERLAY) {
		rg_store *main = store;

		store = NULL;
		cr_assert_eq(rg_memory_store_new(NULL, &local, NULL), RG_OK);
		cr_assert_eq(rg_store_overlay(main, local, &store, NULL), RG_OK);
		rg_store_unref(main);
		rg_store_unref(local);
	}
	kit_open_over(&m->k, store);
	m->begin = m->k.now;
}

/* All are due in 100 s, and all but every APARTth are refreshed: these lapse. Further ones are due a millisecond later. */
static void fill_moved(moved *m)
{
	char aor[16];

	for (int i = 0; i < AORS; i++) {
		name_aor(aor, i);
		cr_assert_eq(kit_save(&m->k, aor, A1 ";expires=100", 1), 200);
	}
	for (int i = 0; i < AORS; i++) {
		name_aor(aor, i);
		if (i % APART != 0)
			cr_assert_eq(kit_save(&m->k, aor, A1 ";expires=1000", 2), 200);
	}
	m->k.now++;
	for (int i = AORS; i < AORS + LATER; i++) {
		name_aor(aor, i);
		cr_assert_eq(kit_save(&m->k, aor, A1 ";expires=100", 1), 200);
	}
	m->k.now = m->begin + 100000;
	rg_registrar_unref(m->k.reg); /* the next one learns of deadlines from the store alone */
	cr_assert_eq(rg_registrar_new(NULL, m->k.store, &m->k.env, &m->k.reg, NULL), RG_OK);
}

/* @return when the host is to tick again. */
static rg_time tick_moved(moved *m, uint32_t limit)
{
	uint32_t before = m->pages.seen;
	rg_time next = 0;

	m->k.woken = 0;
	cr_assert_eq(rg_registrar_tick(m->k.reg, limit, &next), RG_OK);
	if (m->k.deferred)
		deferred_answer_all(m->k.deferred);
	cr_expect_leq(m->pages.seen - before, (limit + PAGE - 1) / PAGE, "a tick of %u", limit);
	cr_assert_lt(++m->ticks, AORS, "the host is told for ever to tick at once");
	return m->k.woken && m->k.woken < next ? m->k.woken : next;
}

static void tick_through(int kind, uint32_t limit)
{
	rg_time next;
	moved m;

	open_moved(&m, kind);
	fill_moved(&m);
	next = tick_moved(&m, limit);
	cr_expect_leq(next, m.k.now, "kind %d, limit %u: there is more to do", kind, limit);
	m.k.now++; /* records become due before and behind the place where the walk continues */
	while (next <= m.k.now)
		next = tick_moved(&m, limit);
	cr_expect_geq(m.ticks, AORS / (limit + LEAST * ((limit + PAGE - 1) / PAGE)), "kind %d: a tick of %u looks at no more", kind, limit);
	cr_expect_eq(kit_stat(&m.k, "live_aors"), AORS - AORS / APART, "kind %d, limit %u", kind, limit);
	cr_expect_eq(kit_targets(&m.k, "u1"), 1);
	cr_expect_leq(next, m.begin + 1000000);
	if (kind == INLINE || kind == OVERLAY)
		cr_expect_eq(next, m.begin + 1000000, "kind %d, limit %u: %lld", kind, limit, (long long)(next - m.begin));
	m.k.now = m.begin + 1000000;
	m.ticks = 0;
	for (next = 0; next <= m.k.now;)
		next = tick_moved(&m, limit);
	cr_expect_eq(kit_stat(&m.k, "live_aors"), 0, "kind %d, limit %u", kind, limit);
	kit_close(&m.k);
}

Test(ticks_moved, a_tick_is_short_though_it_finds_nothing_and_all_ticks_together_lose_nothing)
{
	for (int kind = INLINE; kind < KINDS; kind++) {
		tick_through(kind, 10);
		tick_through(kind, 150);
	}
}
