/* SPDX-License-Identifier: MIT */
/* The store made of two while one of them fails: a commit is seen as a whole or not at all, and nothing is lost. */
#include "pair.h"
#include <stdio.h>

static void local_fails(int how)
{
	pair p;

	pair_open_with_two(&p, how);
	pair_fail_local(&p, 1, RG_ENOMEM);
	cr_expect_eq(pair_save(&p, "*", 3, false), 503, "no success while a binding stays");
	cr_expect_str_empty(p.k.events);
	cr_expect_eq(pair_bindings(p.main), 0);
	cr_expect_eq(pair_bindings(p.local), 1, "it was not written");
	cr_expect_eq(kit_targets(&p.k, "alice"), 0, "but main has the commit, and so has everybody");
	pair_tick(&p, 1, 200);
	cr_expect_eq(pair_bindings(p.local), 0, "the resend made up for it");
	cr_expect_str_eq(p.k.events, "CONTACT_DELETE alice@example.org sip:a@192.0.2.2:5060;CONTACT_DELETE alice@example.org "
		"sip:a@192.0.2.1:5060;AOR_DELETE alice@example.org;");
	pair_close(&p);
}

Test(overlay_fate, a_star_whose_local_part_fails_after_main_took_it_is_done_by_the_resend)
{
	local_fails(INLINE);
	local_fails(DEFERRED);
}

static void built_upon(int how)
{
	pair p;

	pair_open_with_two(&p, how);
	pair_fail_local(&p, 1, RG_ENOMEM);
	cr_expect_eq(pair_save(&p, "*", 3, false), 503);
	cr_expect_eq(pair_save(&p, B1, 4, true), 200, "another commit ends what is half done first");
	cr_expect_eq(pair_bindings(p.local), 1);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	pair_tick(&p, 2, 200);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1, "the resend takes nothing that came later");
	cr_expect_str_eq(p.k.events, "CONTACT_DELETE alice@example.org sip:a@192.0.2.2:5060;CONTACT_DELETE alice@example.org "
		"sip:a@192.0.2.1:5060;AOR_DELETE alice@example.org;AOR_INSERT alice@example.org;"
		"CONTACT_INSERT alice@example.org sip:b@192.0.2.1:5060;");
	pair_close(&p);
}

Test(overlay_fate, a_commit_that_follows_a_half_done_one_ends_it_first)
{
	built_upon(INLINE);
	built_upon(DEFERRED);
}

static void main_refuses(int how, rg_status status)
{
	pair p;
	rg_fetched before, after;
	rg_contact one = { .struct_size = sizeof one }, other = { .struct_size = sizeof other };

	pair_open_with_two(&p, how);
	before = pair_fetch(p.k.deferred ? p.local : p.k.store);
	pair_fail_main(&p, CALL_COMMIT, 1, status, false);
	/* One Contact of each part, and the local part grows: it is written ahead. */
	cr_expect_eq(pair_save(&p, A2 ", " B1, 3, true), 503);
	cr_expect_str_empty(p.k.events);
	cr_expect_eq(pair_bindings(p.main), 1);
	cr_expect_eq(pair_bindings(p.local), 1);
	after = pair_fetch(p.k.deferred ? p.local : p.k.store);
	cr_expect_eq(rg_record_contact_count(before.record), rg_record_contact_count(after.record));
	for (uint32_t i = 0; rg_record_contact(before.record, i, &one) == RG_OK; i++) {
		cr_expect_eq(rg_record_contact(after.record, i, &other), RG_OK);
		cr_expect(one.id == other.id && one.cseq == other.cseq && rg_str_equal(one.uri, other.uri));
	}
	rg_record_unref(before.record);
	rg_record_unref(after.record);
	cr_expect_eq(pair_save(&p, A2 ", " B1, 3, true), 200);
	cr_expect_eq(pair_bindings(p.main), 0);
	cr_expect_eq(pair_bindings(p.local), 3);
	pair_close(&p);
}

Test(overlay_fate, a_commit_that_main_refuses_changes_nothing_here)
{
	main_refuses(INLINE, RG_ESTORE);
	main_refuses(DEFERRED, RG_ESTORE);
	main_refuses(INLINE, RG_EFULL);
	main_refuses(DEFERRED, RG_EFULL);
}

static void unknown(int how, bool lands, bool another, bool grows)
{
	pair p;

	pair_open_with_two(&p, how);
	/* A memory store says nothing of deletions, and its fate is never unknown: something stays in it. */
	cr_expect_eq(pair_save(&p, "<sip:m@192.0.2.9>", 3, false), 200);
	p.k.events[0] = 0;
	pair_fail_main(&p, CALL_COMMIT, 1, RG_EUNKNOWN, lands);
	cr_expect_eq(grows ? pair_save(&p, A2 ", " B1, 4, true) : pair_save(&p, A1, 4, false), 503);
	cr_expect_str_empty(p.k.events);
	cr_expect_eq(kit_targets(&p.k, "alice"), grows && lands ? 4 : 3, "seen as a whole or not at all");
	if (another)
		cr_expect_eq(pair_save(&p, "<sip:c@192.0.2.3>", 5, false), 200);
	pair_tick(&p, 3, 200);
	cr_expect_eq(pair_bindings(p.local), grows ? 3 : 0);
	cr_expect_eq(pair_bindings(p.main), (grows ? 1 : 3) + another);
	cr_expect_eq(kit_targets(&p.k, "alice"), (grows ? 4 : 3) + another);
	const char *first = strstr(p.k.events, "CONTACT_UPDATE"), *last = strstr(p.k.events, "sip:c@");
	cr_assert_not_null(first, "its events came: %d%d%d%d: %s / %s", how, lands, another, grows, p.k.events, p.k.log);
	cr_expect_null(strstr(first + 1, "CONTACT_UPDATE"), "once");
	cr_expect(!another || first < last, "and in order");
	pair_close(&p);
}

Test(overlay_fate, a_commit_of_unknown_fate_is_made_good_in_both_parts)
{
	for (int bits = 0; bits < 16; bits++)
		unknown(bits & 1 ? DEFERRED : INLINE, bits & 2, bits & 4, bits & 8);
}

static void fill(int how)
{
	rg_memory_options o;
	char contact[64];
	int n = 0, code;
	pair p;

	rg_memory_options_init(&o, sizeof o);
	o.shards = 1;
	o.max_bytes = 2500;
	pair_open_of(&p, how, &o);
	cr_expect_eq(pair_save(&p, A1, 1, false), 200);
	do {
		snprintf(contact, sizeof contact, "<sip:filler%d@192.0.2.7:5060>", n);
		code = pair_save(&p, contact, 2 + n, true);
	} while (code == 200 && ++n < 100);
	cr_expect(n > 1 && n < 100, "%d fit", n);
	cr_expect_eq(code, 503);
	cr_expect_eq(pair_bindings(p.local), n);
	p.k.events[0] = 0;
	/* The move would take A1 from main, and has no room here. */
	cr_expect_eq(pair_save(&p, A1, 200, true), 503);
	cr_expect_eq(pair_bindings(p.main), 1, "nothing is lost");
	cr_expect_eq(pair_bindings(p.local), n);
	cr_expect_eq(kit_targets(&p.k, "alice"), n + 1);
	cr_expect_str_empty(p.k.events);
	cr_expect_eq(pair_save(&p, "*", 300, false), 200);
	cr_expect_eq(pair_bindings(p.local) + pair_bindings(p.main), 0);
	pair_close(&p);
}

Test(overlay_fate, a_full_local_store_refuses_before_main_is_asked)
{
	fill(INLINE);
	fill(DEFERRED);
}

Test(overlay_fate, a_union_larger_than_a_record_is_answered_in_part)
{
	int32_t partial, code;
	pair p;

	pair_open(&p, INLINE);
	cr_assert_eq(pair_put(p.main, 1, 5, "sip:m@192.0.2.1", 40000, p.k.now + 60000), RG_OK);
	cr_assert_eq(pair_put(p.local, 2, 6, "sip:l@192.0.2.1", 40000, p.k.now + 60000), RG_OK);
	cr_expect_eq(pair_look_up(&p, &partial, &code), RG_OK);
	cr_expect_eq(partial, 1);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	cr_expect_eq(pair_save(&p, "*", 1, false), 503, "a decision that does not see all takes nothing away");
	cr_expect_eq(pair_bindings(p.local) + pair_bindings(p.main), 2);
	pair_close(&p);
}

Test(overlay_fate, commits_of_one_key_take_turns_and_their_events_keep_the_order)
{
	const char *contacts[] = { A1, A2, B1 };
	outcome o[3] = { { 0 }, { 0 }, { 0 } };
	pair p;

	pair_open(&p, DEFERRED);
	for (int i = 0; i < 3; i++) {
		phone ph = { .aor = "alice", .contact = contacts[i], .cseq = i + 1 };
		rg_request request;

		kit_request(&ph, &request);
		o[i].k = &p.k;
		cr_expect_eq(rg_save_async(p.k.reg, &request, i == 1 ? NULL : p.memory_only, kit_saved, &o[i], kit_freed, &o[i].op, NULL),
			RG_PENDING);
	}
	for (int i = 0; i < 100 && deferred_pending(p.k.deferred) > 0; i++)
		deferred_answer(p.k.deferred, deferred_pending(p.k.deferred) - 1);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(o[i].called, 1);
		cr_expect_eq(o[i].code, 200);
		rg_op_free(o[i].op);
	}
	cr_expect_eq(pair_bindings(p.local), 2);
	cr_expect_eq(pair_bindings(p.main), 1);
	cr_expect_eq(strncmp(p.k.events, "AOR_INSERT alice@example.org;", 29), 0);
	cr_expect_null(strstr(p.k.events + 1, "AOR_INSERT"));
	int inserted = 0;
	for (const char *at = p.k.events; (at = strstr(at, "CONTACT_INSERT")); at++)
		inserted++;
	cr_expect_eq(inserted, 3);
	pair_close(&p);
}

Test(overlay_fate, a_caller_that_gives_up_leaves_nothing_half_done)
{
	outcome o[3] = { { 0 }, { 0 }, { 0 } };
	pair p;

	pair_open_with_two(&p, DEFERRED);
	for (int i = 0; i < 3; i++) {
		phone ph = { .aor = "alice", .contact = i == 1 ? "*" : A1, .cseq = i + 3 };
		rg_request request;

		kit_request(&ph, &request);
		request.expires = i == 1 ? RG_STR("0") : RG_STR("60");
		rg_save_async(p.k.reg, &request, p.memory_only, kit_saved, &o[i], kit_freed, &o[i].op, NULL);
		deferred_answer(p.k.deferred, deferred_pending(p.k.deferred) - 1);
	}
	for (int i = 0; i < 3; i++)
		rg_op_cancel(o[i].op);
	deferred_answer_all(p.k.deferred);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(o[i].status, RG_ECANCELED);
		cr_expect_eq(o[i].freed, 1);
		rg_op_free(o[i].op);
	}
	cr_expect_eq(pair_save(&p, "*", 9, false), 200);
	cr_expect_eq(pair_bindings(p.local) + pair_bindings(p.main), 0);
	pair_close(&p);
}
