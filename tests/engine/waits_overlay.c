/* SPDX-License-Identifier: MIT */
/* Waits over an overlay of which a part does not answer. */
#include "waiting.h"

static void open_overlay(kit *k, faulty *f)
{
	rg_store *main_store, *local, *over;

	kit_init(k);
	main_store = faulty_new(k->memory, f);
	cr_assert_eq(rg_memory_store_new(NULL, &local, NULL), RG_OK);
	cr_assert_eq(rg_store_overlay(main_store, local, &over, NULL), RG_OK);
	rg_store_unref(main_store);
	rg_store_unref(local);
	push_open_over(k, over);
	cr_expect_eq(push_save(k, "alice", 1, 1), 200);
	cr_expect_eq(push_save_memory_only(k, 2, 2), 200);
}

Test(waits_overlay, the_end_says_when_a_part_cannot_tell_who_came_back)
{
	faulty f = { .calls = CALL_FETCH, .status = RG_ESTORE };
	waiting w;
	kit k;

	open_overlay(&k, &f);
	cr_assert_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(rg_targets_wake_count(w.targets), 2);
	cr_assert_eq(push_wait(&w), RG_PENDING);
	f.times = -1;
	push_later(&k, 3000);
	uint32_t seen = f.seen;

	push_later(&k, 1000);
	cr_expect_gt(f.seen, seen, "a look that saw one part only is repeated");
	push_later(&k, 2000);
	cr_expect_eq(w.status, RG_ESTORE);
	push_end(&w);
	kit_close(&k);
}

/* The part that answers may have all that is waited for. */
Test(waits_overlay, a_branch_of_the_part_that_answers_counts)
{
	faulty f = { .calls = CALL_FETCH, .status = RG_ESTORE };
	waiting w;
	kit k;

	open_overlay(&k, &f);
	cr_expect_eq(kit_save(&k, "alice", "<sip:p@192.0.2.1;pn-provider=acme;pn-prid=t1>;expires=0", 3), 200);
	cr_assert_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_assert_eq(push_wait(&w), RG_PENDING);
	f = (faulty){ .calls = CALL_FETCH, .status = RG_ESTORE, .after = 2, .times = -1 };
	cr_expect_eq(push_save_memory_only(&k, 2, 4), 200);
	push_later(&k, 1000);
	EXPECT_SEEN(w, "2|2;");
	cr_expect_eq(w.status, RG_OK);
	push_end(&w);
	kit_close(&k);
}
