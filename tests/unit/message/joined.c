/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "message/targets.h"

/* Targets of one AoR with so many bindings: sip:USER1@192.0.2.1, sip:USER2@… */
static rg_targets *targets_of(world *w, const char *user, int n)
{
	char to[64], uri[64], contact[8][64];
	spec s = { .to = to };
	rg_targets *targets = NULL;
	rg_request r;

	snprintf(to, sizeof to, "<sip:%s@example.com>", user);
	snprintf(uri, sizeof uri, "sip:%s@example.com", user);
	rg_record_unref(w->record);
	w->record = NULL;
	for (int i = 0; i < n; i++) {
		snprintf(contact[i], sizeof contact[i], "<sip:%s%d@192.0.2.1>;q=0.%d", user, i + 1, 9 - i);
		s.contact[i] = contact[i];
	}
	if (n > 0)
		cr_assert_eq(save_spec(w, s), 200);
	rg_request_init(&r, sizeof r);
	r.request_uri = rg_str_from(uri);
	cr_assert_eq(rg_select(w->record, &r, w->config, NULL, w->now, &targets, NULL), RG_OK);
	return targets;
}

/* "uri>next hop(branch) …", homes as "uri>next hop@home(branch)" */
static const char *told(world *w, const rg_targets *targets)
{
	rg_target t = { .struct_size = sizeof t };

	w->text[0] = 0;
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		char branch[16];

		snprintf(branch, sizeof branch, "(%d)", t.branch);
		append(w, " ", t.uri);
		append(w, ">", t.next_hop);
		if (t.home.p)
			append(w, "@", t.home);
		append(w, "", rg_str_from(branch));
	}
	return w->text;
}

Test(joined, parts_keep_their_order_and_say_which_branch_they_replace)
{
	world w = new_world();
	char uri[] = "sip:carol@else.where", home[] = "sip:10.0.0.2", aor[] = "alice@example.com";
	rg__part parts[] = { { .targets = targets_of(&w, "a", 2), .branch = -1 },
		{ .uri = RG_STR("sip:alice@example.com"), .next_hop = rg_str_from(home), .aor = rg_str_from(aor), .home = rg_str_from(home),
			.branch = -1 },
		{ .targets = targets_of(&w, "nobody", 0), .branch = 0 },
		{ .targets = targets_of(&w, "b", 1), .branch = 1 }, { .uri = rg_str_from(uri), .next_hop = rg_str_from(uri), .branch = 2 },
		{ .targets = targets_of(&w, "c", 3), .branch = 3 } };
	rg_targets *joined = NULL;
	rg_target t = { .struct_size = sizeof t };

	cr_assert_eq(rg__targets_join(&(rg__joint){ .result = RG_LOOKUP_NONE, .code = 404 }, parts, 6, &joined), RG_OK);
	memset(uri, '?', sizeof uri);
	memset(home, '?', sizeof home);
	memset(aor, '?', sizeof aor);
	cr_expect_eq(rg_targets_count(joined), 8);
	cr_expect_eq(rg_targets_result(joined), RG_LOOKUP_FOUND);
	cr_expect_eq(rg_targets_code(joined), 0);
	same_text(told(&w, joined), "sip:a1@192.0.2.1>sip:a1@192.0.2.1(-1) sip:a2@192.0.2.1>sip:a2@192.0.2.1(-1) "
		"sip:alice@example.com>sip:10.0.0.2@sip:10.0.0.2(-1) sip:b1@192.0.2.1>sip:b1@192.0.2.1(1) "
		"sip:carol@else.where>sip:carol@else.where(2) sip:c1@192.0.2.1>sip:c1@192.0.2.1(3) "
		"sip:c2@192.0.2.1>sip:c2@192.0.2.1(3) sip:c3@192.0.2.1>sip:c3@192.0.2.1(3)");
	cr_assert_eq(rg_targets_get(joined, 2, &t), RG_OK);
	same_text(put(&w, t.aor), "alice@example.com");
	cr_expect(t.binding_id == 0 && t.q == -1 && t.latency == RG_LATENCY_NONE && !t.instance.p && !t.attr.p && !t.path.p);
	cr_expect_eq(t.struct_size, sizeof t);
	cr_assert_eq(rg_targets_get(joined, 3, &t), RG_OK);
	same_text(put(&w, t.aor), "b@example.com");
	cr_expect(t.binding_id != 0 && t.q == 900 && !t.home.p);
	cr_assert_eq(rg_targets_get(joined, 4, &t), RG_OK);
	cr_expect(!t.aor.p && !t.home.p);
	cr_expect_eq(rg_targets_get(joined, 8, &t), RG_ENOENT);
	rg_targets_free(joined);
	end_world(&w);
}

Test(joined, a_fallback_stands_in_for_the_same_target_as_before)
{
	world w = new_world();
	rg_targets *inner = NULL, *outer = NULL;
	rg__part first[] = { { .uri = RG_STR("sip:x@h"), .next_hop = RG_STR("sip:x@h"), .branch = -1 }, { .targets = targets_of(&w, "a", 1) } };
	rg_target t = { .struct_size = sizeof t };

	/* Joined ones are targets, too: rows move twice, and what stands in for nothing goes on doing so. */
	cr_assert_eq(rg__targets_join(&(rg__joint){ 0 }, first, 2, &inner), RG_OK);
	rg__part second[] = { { .targets = targets_of(&w, "b", 2) }, { .targets = inner, .branch = 4 } };
	cr_assert_eq(rg__targets_join(&(rg__joint){ 0 }, second, 2, &outer), RG_OK);
	cr_assert_eq(rg_targets_count(outer), 4);
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(rg_targets_get(outer, i, &t), RG_OK);
		cr_expect_eq(t.fallback_of, UINT32_MAX);
	}
	same_text(put(&w, t.uri), "sip:a1@192.0.2.1");
	cr_expect_eq(t.branch, 4);
	rg_targets_free(outer);
	end_world(&w);
}

/* Two instances of two flows each: targets and fallbacks in turn. */
static rg_targets *flows_of(world *w, const char *user)
{
	char to[64], uri[64], contact[4][160];
	spec s = { .to = to };
	rg_targets *targets = NULL;
	rg_request r;

	snprintf(to, sizeof to, "<sip:%s@example.com>", user);
	snprintf(uri, sizeof uri, "sip:%s@example.com", user);
	rg_record_unref(w->record);
	w->record = NULL;
	for (int i = 0; i < 4; i++) {
		snprintf(contact[i], sizeof contact[i], "<sip:%s%d@192.0.2.1>;+sip.instance=\"<urn:x:%d>\"", user, i, i / 2);
		s.contact[i] = contact[i];
	}
	cr_assert_eq(save_spec(w, s), 200);
	rg_request_init(&r, sizeof r);
	r.request_uri = rg_str_from(uri);
	cr_assert_eq(rg_select(w->record, &r, w->config, NULL, w->now, &targets, NULL), RG_OK);
	return targets;
}

Test(joined, a_fallback_moves_with_its_principal)
{
	world w = new_world();
	rg__part parts[] = { { .targets = targets_of(&w, "a", 3), .branch = -1 }, { .targets = flows_of(&w, "b"), .branch = 0 },
		{ .uri = RG_STR("sip:x@h"), .next_hop = RG_STR("sip:x@h"), .branch = 1 }, { .targets = flows_of(&w, "c"), .branch = 2 } };
	static const uint32_t want[] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 3, UINT32_MAX, 5, UINT32_MAX, UINT32_MAX, 8,
		UINT32_MAX, 10 };
	rg_targets *joined = NULL;
	rg_target t = { .struct_size = sizeof t }, principal = { .struct_size = sizeof principal };

	cr_assert_eq(rg__targets_join(&(rg__joint){ 0 }, parts, 4, &joined), RG_OK);
	cr_assert_eq(rg_targets_count(joined), sizeof want / sizeof *want);
	for (uint32_t i = 0; i < sizeof want / sizeof *want; i++) {
		cr_assert_eq(rg_targets_get(joined, i, &t), RG_OK);
		cr_expect_eq(t.fallback_of, want[i], "row %u: %u", i, t.fallback_of);
		if (want[i] == UINT32_MAX)
			continue;
		cr_assert_eq(rg_targets_get(joined, want[i], &principal), RG_OK);
		cr_expect(rg_str_equal(t.instance, principal.instance) && rg_str_equal(t.aor, principal.aor) && t.branch == principal.branch);
	}
	rg_targets_free(joined);
	end_world(&w);
}

Test(joined, without_a_target_it_says_what_it_was_told_to)
{
	world w = new_world();
	rg_targets *joined = NULL;
	rg__part nobody = { .targets = targets_of(&w, "nobody", 0) };
	rg_target t = { .struct_size = sizeof t };

	cr_assert_eq(rg__targets_join(&(rg__joint){ .result = RG_LOOKUP_METHOD, .code = 405, .partial = true, .branches_only = true },
		&nobody, 1,
		&joined), RG_OK);
	cr_expect_eq(rg_targets_result(joined), RG_LOOKUP_METHOD);
	cr_expect_eq(rg_targets_code(joined), 405);
	cr_expect_eq(rg_targets_partial(joined), 1);
	cr_expect_eq(rg_targets_branches_only(joined), 1);
	cr_expect_eq(rg_targets_get(joined, 0, &t), RG_ENOENT);
	rg_targets_free(joined);
	cr_assert_eq(rg__targets_join(&(rg__joint){ .result = RG_LOOKUP_NONE, .code = 404 }, NULL, 0, &joined), RG_OK);
	cr_expect_eq(rg_targets_count(joined), 0);
	cr_expect_eq(rg_targets_partial(joined), 0);
	rg_targets_free(joined);
	end_world(&w);
}

/* Of a lookup in which @p n devices @p user1, @p user2 … sleep, and one is awake if so. */
static rg_targets *sleepers(world *w, const char *user, int n, bool one_awake)
{
	const rg_key key = { RG_STR("location"), rg_str_from(user), RG_STR("example.com") };
	const rg_revision revision = { .b = { 1 } };
	char uris[8][64];
	rg_targets *targets = NULL;
	rg_contact c[8];
	rg_request r;

	for (int i = 0; i < n + one_awake; i++) {
		snprintf(uris[i], sizeof uris[i], "sip:%s%d@192.0.2.1", user, i + 1);
		rg_contact_init(&c[i], sizeof *c);
		c[i].id = (uint64_t)i + 1;
		c[i].uri = rg_str_from(uris[i]);
		c[i].flags = i < n ? RG_CONTACT_PN : 0;
		c[i].expires = w->now + 1000;
	}
	rg_record_unref(w->record);
	cr_assert_eq(rg_record_new(&key, &revision, c, (uint32_t)(n + one_awake), NULL, 0, RG__ABSENT, &w->record), RG_OK);
	set(w, "pn_enable", "1");
	snprintf(w->text, sizeof w->text, "sip:%s@example.com", user);
	rg_request_init(&r, sizeof r);
	r.request_uri = rg_str_from(w->text);
	cr_assert_eq(rg_select(w->record, &r, w->config, NULL, w->now, &targets, NULL), RG_OK);
	return targets;
}

static const char *asleep_in(world *w, const rg_targets *targets)
{
	rg_contact c = { .struct_size = sizeof c };
	uint32_t i = 0;

	snprintf(w->text, sizeof w->text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (; rg_targets_wake_contact(targets, i, &c) == RG_OK; i++)
		append(w, " ", c.uri);
	cr_expect_eq(rg_targets_wake_count(targets), i);
	return w->text;
}

Test(joined, it_has_the_wakes_of_all_its_parts)
{
	world w = new_world();
	rg__part parts[] = { { .targets = sleepers(&w, "a", 2, false), .branch = -1 }, { .targets = sleepers(&w, "b", 0, true), .branch = 0 },
		{ .uri = RG_STR("sip:x@h"), .next_hop = RG_STR("sip:x@h"), .branch = 1 }, { .targets = sleepers(&w, "c", 1, true), .branch = 2 } };
	static const uint32_t want[] = { 2, 0, 0, 1 };
	rg_targets *joined = NULL;
	rg__wakes wakes;

	cr_assert_eq(rg__targets_join(&(rg__joint){ .result = RG_LOOKUP_NONE, .code = 404 }, parts, 4, &joined), RG_OK);
	same_text(asleep_in(&w, joined), "1/0 sip:a1@192.0.2.1 sip:a2@192.0.2.1 sip:c1@192.0.2.1");
	same_text(told(&w, joined), "sip:b1@192.0.2.1>sip:b1@192.0.2.1(0) sip:x@h>sip:x@h(1) sip:c2@192.0.2.1>sip:c2@192.0.2.1(2)");
	for (uint32_t i = 0; i < 4; i++) {
		rg_key key = { 0 };

		cr_assert(rg__targets_wakes(joined, i, &wakes));
		cr_expect_eq(wakes.n, want[i], "part %u", i);
		rg_record_key(wakes.record, &key);
		if (wakes.n > 0)
			cr_expect_eq(key.user.p[0], "a  c"[i]);
	}
	cr_expect_not(rg__targets_wakes(joined, 4, &wakes));
	rg_targets_free(joined);
	end_world(&w);
}

Test(joined, with_nothing_but_wakes_the_result_is_2)
{
	world w = new_world();
	rg__part parts[] = { { .targets = sleepers(&w, "a", 1, false) }, { .targets = sleepers(&w, "b", 0, false) } };
	rg_targets *joined = NULL;

	cr_assert_eq(rg__targets_join(&(rg__joint){ .result = RG_LOOKUP_METHOD, .code = 405 }, parts, 2, &joined), RG_OK);
	same_text(asleep_in(&w, joined), "2/480 sip:a1@192.0.2.1");
	cr_expect_eq(rg_targets_count(joined), 0);
	rg_targets_free(joined);
	end_world(&w);
}

/* What is held knows whether it was released before the wakes that it may borrow. */
static rg__wakes borrowed;
static uint32_t still_there;

static void let_go(void *held)
{
	*(int *)held += 1;
	still_there = rg_record_contact_count(borrowed.record);
}

Test(joined, what_a_list_holds_is_released_once_and_before_its_wakes)
{
	for (int in_parts = 0; in_parts < 2; in_parts++) {
		world w = new_world();
		rg_targets *list = sleepers(&w, "a", 2, false), *joined = NULL;
		rg__part part = { .targets = list };
		int released = 0;

		if (in_parts) {
			cr_assert_eq(rg__targets_join(&(rg__joint){ 0 }, &part, 1, &joined), RG_OK);
			list = joined;
		}
		cr_expect_null(rg__targets_held(list));
		rg__targets_hold(list, &released, let_go);
		cr_expect_eq(rg__targets_held(list), &released);
		cr_assert(rg__targets_wakes(list, 0, &borrowed));
		rg_record_unref(w.record);
		w.record = NULL;
		cr_expect_eq(released, 0);
		rg_targets_free(list);
		cr_expect(released == 1 && still_there == 2);
		end_world(&w);
	}
}
