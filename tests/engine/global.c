/* SPDX-License-Identifier: MIT */
/* Lookups with the flag `global`, and the end of a registrar with a federation. */
#include "sites.h"

Test(global, sites_see_each_other)
{
	rg_store *shared = shared_new();
	kit east, west, third;

	kit_open(&east, INLINE);
	kit_open(&west, INLINE);
	kit_open(&third, INLINE);
	federate(&east, shared, EAST);
	federate(&west, shared, "sip:west.example.net:5070;transport=tcp");
	federate(&third, shared, "[2001:db8::3]");
	kit_save(&east, "alice", A1, 1);
	kit_save(&west, "alice", "<sip:w@192.0.2.2:5060>", 1);
	settle(&east);
	settle(&west);
	ASKS(&east, "RG_OK 1/0 " LOCAL " sip:alice@example.org;x=1>sip:west.example.net:5070;transport=tcp");
	ASKS(&west, "RG_OK 1/0 sip:w@192.0.2.2:5060>sip:w@192.0.2.2:5060 sip:alice@example.org;x=1>sip:" EAST);
	ASKS(&third, "RG_OK 1/0 sip:alice@example.org;x=1>sip:" EAST " sip:alice@example.org;x=1>sip:west.example.net:5070;transport=tcp");
	ASKS(&third, "RG_OK 1/0 sip:alice@example.org>sip:" EAST " sip:alice@example.org>sip:west.example.net:5070;transport=tcp",
		.aor = "alice@example.org");
	ASKS(&third, "RG_OK -1/404", .flags = "");
	ASKS(&east, "RG_OK 1/0 " LOCAL, .flags = "no-branches,global");
	ASKS(&third, "RG_OK 1/0 sip:alice@example.org;x=1>sip:" EAST, .flags = "no-branches,global");
	ASKS(&east, "RG_OK 1/0 " LOCAL "(0) sip:alice@example.org>sip:west.example.net:5070;transport=tcp(0)", .flags = "branch,global",
		.uri = "sip:bob@example.org", .branch = "sip:alice@example.org");
	ASKS(&third, "RG_OK -1/404", .uri = "sip:bob@example.org");
	ASKS(&third, "RG_OK -1/416", .uri = "tel:+1");
	kit_save(&east, "alice", GONE, 2);
	settle(&east);
	ASKS(&west, "RG_OK 1/0 sip:w@192.0.2.2:5060>sip:w@192.0.2.2:5060");
	ASKS(&east, "RG_OK 1/0 sip:alice@example.org;x=1>sip:west.example.net:5070;transport=tcp");
	kit_close(&east);
	kit_close(&west);
	kit_close(&third);
	rg_store_unref(shared);
}

Test(global, what_came_as_sips_goes_to_sips_sites_only)
{
	static const char plain[] = "sip:west.example", secure[] = "sips:north.example";
	rg_store *shared = shared_new();
	kit west, north, k;

	kit_open(&west, INLINE);
	kit_open(&north, INLINE);
	kit_open(&k, INLINE);
	federate(&west, shared, plain);
	federate(&north, shared, secure);
	federate(&k, shared, EAST);
	kit_save(&west, "alice", A1, 1);
	settle(&west);
	kit_save(&north, "alice", A1, 1);
	settle(&north);
	ASKS(&k, "RG_OK 1/0 sip:alice@example.org>sip:west.example sip:alice@example.org>sips:north.example", .uri = "sip:alice@example.org");
	ASKS(&k, "RG_OK 1/0 sips:alice@example.org>sips:north.example", .uri = "sips:alice@example.org");
	ASKS(&k, "RG_OK 1/0 sips:alice@example.org>sips:north.example", .uri = "sips:alice@example.org", .flags = "global,no-branches");
	ASKS(&k, "RG_OK 1/0 sips:alice@example.org>sips:north.example sip:alice@example.org>sip:west.example(0)", .flags = "global,branch",
		.uri = "sips:alice@example.org", .branch = "sip:alice@example.org");
	kit_save(&north, "alice", GONE, 2);
	settle(&north);
	ASKS(&k, "RG_OK -1/404", .uri = "sips:alice@example.org");
	kit_close(&west);
	kit_close(&north);
	kit_close(&k);
	rg_store_unref(shared);
}

Test(global, without_one_global_finds_what_is_here_and_says_so_once)
{
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	ASKS(&k, "RG_OK 1/0 " LOCAL);
	ASKS(&k, "RG_OK -1/404", .uri = "sip:bob@example.org");
	cr_expect_str_eq(k.log, "a lookup is to be global, but there is no federation of sites\n");
	kit_close(&k);
}

Test(global, a_broken_store_is_never_taken_for_an_empty_one)
{
	faulty local = { .calls = CALL_FETCH, .status = RG_ESTORE }, far = { .calls = CALL_FETCH, .status = RG_ETIMEOUT };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &far);
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &local));
	federate(&k, weak, EAST);
	kit_save(&k, "alice", A1, 1);
	settle(&k);
	local.times = -1;
	ASKS(&k, "RG_ESTORE -3/503");
	local.times = 0;
	far.times = -1;
	far.seen = 0;
	ASKS(&k, "RG_OK 1/0p " LOCAL);
	ASKS(&k, "RG_OK 1/0p " LOCAL "(0)", .flags = "global,branch", .uri = "sip:bob@example.org", .branch = "sip:alice@example.org");
	cr_expect_eq(far.seen, 2, "a store that failed once is not asked again in one lookup");
	ASKS(&k, "RG_OK 1/0 " LOCAL, .flags = "global,no-branches");
	ASKS(&k, "RG_ESTORE -3/503", .uri = "sip:bob@example.org");
	kit_close(&k);
	rg_store_unref(weak);
	rg_store_unref(shared);
}

Test(global, homes_that_do_not_come_in_time_leave_the_bindings)
{
	rg_store *memory = shared_new();
	deferred *d;
	rg_store *shared = deferred_new(memory, &d);
	question q = { .async = true }, none = { .async = true, .uri = "sip:bob@example.org" };
	answer a, b;
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	federate(&k, shared, EAST);
	ask(&k, &q, &a);
	ask(&k, &none, &b);
	cr_expect_eq(q.status, RG_PENDING);
	cr_expect_eq(a.called, 0);
	k.now += 2000;
	kit_tick(&k);
	cr_expect_str_eq(a.text, "RG_OK 1/0p " LOCAL);
	cr_expect_str_eq(b.text, "RG_ESTORE -3/503");
	deferred_answer_all(d);
	cr_expect_eq(a.called + b.called, 2);
	rg_op_free(q.op);
	rg_op_free(none.op);
	deferred_deaf(d, true);
	ASKS(&k, "RG_OK 1/0p " LOCAL);
	ASKS(&k, "RG_ESTORE -3/503", .uri = "sip:bob@example.org");
	deferred_deaf(d, false);
	deferred_answer_all(d);
	ASKS(&k, "RG_OK 1/0 " LOCAL);
	kit_close(&k);
	rg_store_unref(shared);
	rg_store_unref(memory);
}

Test(global, the_blocking_form_needs_a_shared_store_that_can_be_waited_for)
{
	rg_store *memory = shared_new(), *shared = waitless_new(memory);
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	federate(&k, shared, EAST);
	int64_t operations = kit_stat(&k, "operations");
	ASKS(&k, "RG_ENOTSUP -3/500");
	cr_expect_eq(kit_stat(&k, "operations"), operations + 1, "nothing was started but the counting");
	ASKS(&k, "RG_OK 1/0 " LOCAL, .flags = "");
	ASKS(&k, "RG_OK 1/0 " LOCAL, .flags = "branch");
	kit_close(&k);
	rg_store_unref(shared);
	rg_store_unref(memory);
}

Test(global, a_shutdown_with_work_under_way_is_clean)
{
	for (int answers = 0; answers < 6; answers++) {
		for (int how = 0; how < 2; how++) {
			rg_store *memory = shared_new();
			deferred *d;
			rg_store *shared = deferred_new(memory, &d);
			question q = { .async = true };
			answer a;
			kit k;

			kit_open(&k, how);
			federate(&k, shared, EAST);
			kit_save(&k, "alice", A1, 1);
			kit_tick(&k);
			for (int i = 0; i < answers; i++) {
				if (k.deferred)
					deferred_answer(k.deferred, 0);
				deferred_answer(d, 0);
			}
			ask(&k, &q, &a);
			rg_registrar_shutdown(k.reg);
			cr_expect_eq(a.called, 1);
			cr_expect_eq(kit_tick(&k) > k.now, true, "there is nothing left to hurry for");
			if (how == 0) {
				kit_close(&k);
				deferred_answer_all(d);
			} else {
				rg_registrar_unref(k.reg);
				k.reg = NULL;
				deferred_answer_all(k.deferred);
				deferred_answer_all(d);
				deferred_answer_all(k.deferred);
				kit_close(&k);
			}
			cr_expect(k.freed);
			rg_op_free(q.op);
			rg_store_unref(shared);
			rg_store_unref(memory);
		}
	}
}

Test(global, a_cancel_reaches_the_store_that_is_asked)
{
	for (int answered = 0; answered < 2; answered++) {
		rg_store *memory = shared_new();
		deferred *d;
		rg_store *shared = deferred_new(memory, &d);
		question q = { .async = true };
		answer a;
		kit k;

		kit_open(&k, DEFERRED);
		federate(&k, shared, EAST);
		ask(&k, &q, &a);
		if (answered)
			deferred_answer(k.deferred, 0);
		rg_op_cancel(q.op);
		cr_expect_str_eq(a.text, "RG_ECANCELED -3/500");
		cr_expect_eq(deferred_canceled(k.deferred), !answered);
		cr_expect_eq(deferred_canceled(d), (uint32_t)answered);
		deferred_answer_all(k.deferred);
		deferred_answer_all(d);
		rg_op_free(q.op);
		kit_close(&k);
		rg_store_unref(shared);
		rg_store_unref(memory);
	}
}

Test(global, no_more_homes_of_an_aor_than_a_limit_are_targets)
{
	rg_lookup_options *options;
	rg_targets *targets = NULL;
	rg_store *shared = shared_new();
	rg_request request;
	kit k;

	kit_open(&k, INLINE);
	federate(&k, shared, EAST);
	put_homes(shared, "alice", "west.example", 200, k.now + HOUR);
	cr_assert_eq(rg_lookup_options_new(RG_STR("global"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	cr_assert_eq(rg_lookup(k.reg, &request, options, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_count(targets), RG_HOMES_MAX);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	kit_close(&k);
	rg_store_unref(shared);
}
