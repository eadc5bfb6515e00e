/* SPDX-License-Identifier: MIT */
/* Hints: from a fetch to the commit that follows it, through the engine and the overlay; and prefetch through the overlay. */
#include "every_verb.h"
#include "pair.h"
#include "sites.h"

#define A3 "<sip:a@192.0.2.3:5060>"

static void open_hinting(kit *k, hinting *h, int how)
{
	kit_init(k);
	rg_store *store = hinting_new(k->memory, h);

	cr_assert_not_null(store);
	if (how == DEFERRED) {
		rg_store *inner = store;

		store = deferred_new(inner, &k->deferred);
		rg_store_unref(inner);
	}
	kit_open_over(k, store);
}

static bool only_reads(const char *verb)
{
	return strncmp(verb, "lookup", 6) == 0 || strncmp(verb, "is_", 3) == 0 || strcmp(verb, "each") == 0 || strncmp(verb, "read_", 5) == 0;
}

/* The registrar is its own other site, so that homes are published in the store, too. */
static void run_hinted(const verb_row *verb, int how)
{
	hinting h = { .given = 0 };
	outcome o = { 0 };
	kit k;
	verb_call c = { .k = &k, .o = &o, .blocking = how == INLINE && strcmp(verb->name, "tick") != 0 };

	open_hinting(&k, &h, how);
	federate(&k, k.store, EAST);
	every_verb_bind(&k);
	uint32_t before = h.commits;
	rg_status st = verb->run(&c);

	lent_give_back(&c.given);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect(only_reads(verb->name) || h.commits > before || st == RG_ENOTSUP, "%s commits", verb->name);
	settle(&k);
	cr_expect_gt(h.commits, before, "homes were published");
	cr_expect_eq(h.wrong, 0, "%s: %u of %u commits", verb->name, h.wrong, h.commits);
	cr_expect_eq(h.without, 0, "%s: %u of %u commits", verb->name, h.without, h.commits);
	lent_give_back(&c.message);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(hints, the_commit_of_every_verb_carries_the_hint_of_its_fetch)
{
	for (size_t i = 0; i < n_every_verb; i++) {
		run_hinted(&every_verb[i], INLINE);
		run_hinted(&every_verb[i], DEFERRED);
	}
}

Test(hints, after_a_conflict_a_commit_carries_the_hint_of_what_is_there)
{
	for (int silent = 0; silent < 2; silent++) {
		hinting h = { .given = 0 };
		kit k;

		open_hinting(&k, &h, INLINE);
		cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
		h.given = 1000;
		*(silent ? &h.silent_conflicts : &h.conflicts) = 3;
		cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
		cr_expect_eq(h.commits, 1 + 3 + 1);
		cr_expect_eq(h.given, 1000 + 1 + 3, "a fetch, then each conflict or the fetch that follows it");
		cr_expect_eq(h.hint, h.given);
		cr_expect_eq(h.wrong + h.without, 0);
		kit_close(&k);
	}
}

/* Another REGISTER fetches between the commit and its resend, for which the store gives another hint. */
static void send_again(int how)
{
	hinting h = { .unknown = 1 };
	uint64_t first;
	int code = 0;
	kit k;

	open_hinting(&k, &h, how);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	first = h.hint;
	kit_targets(&k, "alice");
	cr_expect_neq(h.given, first);
	k.now += 200;
	settle(&k);
	cr_expect_eq(h.resends, 1);
	cr_expect_eq(h.commits, 2);
	cr_expect_eq(h.hint, first);
	cr_expect_eq(h.wrong + h.without, 0);
	kit_close(&k);
}

Test(hints, a_resend_carries_the_hint_of_its_commit)
{
	send_again(INLINE);
	send_again(DEFERRED);
}

Test(hints, a_store_that_gives_none_gets_0)
{
	hinting h = { .none = true };
	kit k;

	open_hinting(&k, &h, INLINE);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
	cr_expect_eq(h.commits, 2);
	cr_expect_eq(h.without, 2);
	cr_expect_eq(h.wrong, 0);
	kit_close(&k);
}

/* An overlay over two stores that give hints. */
typedef struct hinted_pair {
	pair p; /* without what fails */
	hinting of_main, of_local;
} hinted_pair;

static void open_hinted_pair(hinted_pair *hp, int how)
{
	pair *p = &hp->p;
	rg_store *overlay = NULL;

	kit_init(&p->k);
	p->main = p->k.memory;
	p->local = shared_new();
	rg_store *main = hinting_new(p->main, &hp->of_main), *local = hinting_new(p->local, &hp->of_local);

	if (how == DEFERRED) {
		rg_store *inner = main;

		main = deferred_new(inner, &p->k.deferred);
		rg_store_unref(inner);
	}
	cr_assert_eq(rg_store_overlay(main, local, &overlay, NULL), RG_OK);
	rg_store_unref(main);
	rg_store_unref(local);
	kit_open_over(&p->k, overlay);
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &p->memory_only, NULL), RG_OK);
}

/* Every commit to main carries the last hint of main; every commit to the local store carries 0. */
static void expect_hints(const hinted_pair *hp, uint32_t to_main, uint32_t to_local)
{
	cr_expect_eq(hp->of_main.commits, to_main, "%u", hp->of_main.commits);
	cr_expect_eq(hp->of_main.wrong + hp->of_main.without, 0, "main: %u, %u", hp->of_main.wrong, hp->of_main.without);
	cr_expect_eq(hp->of_local.commits, to_local, "%u", hp->of_local.commits);
	cr_expect_eq(hp->of_local.without, hp->of_local.commits);
}

static void move_bindings(int how)
{
	hinted_pair hp = { .of_main = { .given = 1000000 } };

	open_hinted_pair(&hp, how);
	cr_expect_eq(pair_save(&hp.p, A1, 1, false), 200);
	expect_hints(&hp, 1, 0);
	cr_expect_eq(pair_save(&hp.p, A2, 2, true), 200, "beside it, on this node");
	expect_hints(&hp, 1, 1);
	cr_expect_eq(pair_save(&hp.p, A1, 3, true), 200, "from main to this node");
	expect_hints(&hp, 2, 2);
	cr_expect_eq(pair_save(&hp.p, A2, 4, false), 200, "from this node to main");
	expect_hints(&hp, 3, 3);
	hp.of_main.conflicts = 2;
	cr_expect_eq(pair_save(&hp.p, A3, 5, false), 200);
	expect_hints(&hp, 6, 3);
	pair_close(&hp.p);
}

Test(hints, an_overlay_hands_to_each_store_no_hint_but_its_own)
{
	move_bindings(INLINE);
	move_bindings(DEFERRED);
}

/* Of main alone, and of both parts. */
static void resend_over_overlay(bool both)
{
	hinted_pair hp = { .of_main = { .given = 1000000 } };
	uint64_t first;

	open_hinted_pair(&hp, INLINE);
	cr_expect_eq(pair_save(&hp.p, A1, 1, both), 200);
	hp.of_main.unknown = 1;
	cr_expect_eq(pair_save(&hp.p, A1, 2, false), 503);
	first = hp.of_main.hint;
	kit_targets(&hp.p.k, "alice");
	cr_expect_neq(hp.of_main.given, first);
	hp.p.k.now += 200;
	settle(&hp.p.k);
	cr_expect_eq(hp.of_main.resends, 1);
	cr_expect_eq(hp.of_main.hint, first);
	cr_expect_eq(hp.of_main.wrong + hp.of_main.without, 0);
	cr_expect_eq(pair_bindings(hp.p.main), 1);
	cr_expect_eq(pair_bindings(hp.p.local), 0);
	pair_close(&hp.p);
}

Test(hints, an_overlay_sends_a_commit_again_with_its_hint)
{
	resend_over_overlay(false);
	resend_over_overlay(true);
}

/* @return the members of an overlay over stores of which some have prefetch. */
static rg_store *lay_prefetching(hinting *of_main, hinting *of_local)
{
	rg_store *memory[2] = { shared_new(), shared_new() }, *out = NULL;
	rg_store *main = hinting_new(memory[0], of_main), *local = hinting_new(memory[1], of_local);

	cr_assert_eq(rg_store_overlay(main, local, &out, NULL), RG_OK);
	rg_store_unref(main);
	rg_store_unref(local);
	rg_store_unref(memory[0]);
	rg_store_unref(memory[1]);
	return out;
}

Test(hints, an_overlay_passes_a_prefetch_to_each_store_that_has_the_member)
{
	for (int deaf = 0; deaf < 4; deaf++) {
		hinting of_main = { .deaf = deaf & 1 }, of_local = { .deaf = (deaf & 2) != 0 };
		const rg_key keys[] = { pair_alice, pair_alice };
		rg_store *store = lay_prefetching(&of_main, &of_local);
		void *self;
		const rg_store_ops *ops = rg_store_members(store, &self);

		cr_expect_eq(ops->prefetch == NULL, deaf == 3);
		if (ops->prefetch)
			ops->prefetch(self, keys, 2);
		cr_expect_eq(of_main.prefetched, of_main.deaf ? 0 : 2);
		cr_expect_eq(of_local.prefetched, of_local.deaf ? 0 : 2);
		cr_expect(of_main.deaf || of_main.last_prefetched == keys);
		rg_store_unref(store);
	}
}
