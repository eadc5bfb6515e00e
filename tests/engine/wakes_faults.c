/* SPDX-License-Identifier: MIT */
/* Wake-ups that something comes between: other nodes, failures, conflicts, a REGISTER, a clock that is set, a shutdown, a lack of memory. */
#include "allocations.h"
#include "pair.h"
#include "wakes.h"

Test(wakes_faults, a_claim_that_a_node_left_behind_is_taken_over_once_it_has_lapsed)
{
	faulty f = { .calls = CALL_COMMIT, .times = 0, .status = RG_ESTORE };
	bed b, again;

	bed_init(&b);
	bed_open_over(&b, faulty_new(b.k.memory, &f));
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	f.after = 1;
	f.times = -1;
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ");
	cr_expect_not(bed_is_marked(&b, "alice"));
	bed_open_again(&again, &b, b.k.now + CLAIM - 1);
	bed_close(&b);
	bed_settle(&again);
	cr_expect_str_empty(again.woken);
	again.k.now++;
	bed_settle(&again);
	cr_expect_str_eq(again.woken, "alice ");
	cr_expect(bed_is_marked(&again, "alice"));
	bed_close(&again);
}

Test(wakes_faults, of_two_registrars_over_one_store_one_wakes_a_device)
{
	for (int first = 0; first < 4; first++) {
		bed b[2];

		bed_open(&b[0], DEFERRED);
		bed_init(&b[1]);
		rg_store_unref(b[1].k.memory);
		b[1].k.memory = rg_store_ref(b[0].k.memory);
		bed_open_over(&b[1], deferred_new(b[1].k.memory, &b[1].k.deferred));
		bed_save(&b[0], "alice", ASLEEP, 1, NULL);
		b[0].k.now = b[1].k.now += WAKE_AFTER;
		kit_tick(&b[0].k);
		kit_tick(&b[1].k);
		/* Both have seen the record before one of them claims the wake-up. */
		for (int step = 0; step < 3 + first / 2; step++) {
			deferred_answer(b[first % 2].k.deferred, 0);
			deferred_answer(b[1 - first % 2].k.deferred, 0);
		}
		for (int i = 0; i < 20; i++) {
			b[0].k.now = b[1].k.now += 1000;
			bed_settle(&b[0]);
			bed_settle(&b[1]);
		}
		cr_expect_eq(strlen(b[0].woken) + strlen(b[1].woken), strlen("alice "));
		cr_expect_eq(kit_stat(&b[0].k, "conflicts") + kit_stat(&b[1].k, "conflicts"), 1);
		cr_expect(bed_is_marked(&b[0], "alice"));
		bed_close(&b[1]);
		bed_close(&b[0]);
	}
}

/* Two commits wake a device. One call of the store fails, the nth of each kind. */
static void one_call_fails(int how, uint32_t calls, int nth, rg_status status, bool lands)
{
	faulty f = { .calls = calls, .times = 0, .status = status, .lands = lands };
	bed b;

	bed_init(&b);
	rg_store *shim = faulty_new(b.k.memory, &f);
	bed_open_over(&b, how == INLINE ? rg_store_ref(shim) : deferred_new(shim, &b.k.deferred));
	rg_store_unref(shim);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	f.after = nth;
	f.times = 1;
	bed_settle(&b);
	for (int i = 0; i < 9; i++) {
		b.k.now += 1000;
		bed_settle(&b);
	}
	cr_expect_str_eq(b.woken, "alice ", "%s, call %d of kind %u, %s", how == INLINE ? "inline" : "deferred", nth, calls, rg_status_name(status));
	cr_expect(bed_is_marked(&b, "alice"), "%s, call %d of kind %u, %s", how == INLINE ? "inline" : "deferred", nth, calls,
		rg_status_name(status));
	cr_expect_eq(f.times, 0, "the call was made");
	cr_expect_eq(kit_stat(&b.k, "wakeups_sent"), 1);
	bed_close(&b);
}

Test(wakes_faults, a_call_of_the_store_that_fails_wakes_nobody_twice)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		for (int nth = 0; nth < 2; nth++) {
			one_call_fails(how, CALL_FETCH, nth, RG_ESTORE, false);
			one_call_fails(how, CALL_COMMIT, nth, RG_ESTORE, false);
			one_call_fails(how, CALL_COMMIT, nth, RG_EUNKNOWN, false);
			one_call_fails(how, CALL_COMMIT, nth, RG_EUNKNOWN, true);
		}
		one_call_fails(how, CALL_DUE, 0, RG_ESTORE, false);
	}
}

Test(wakes_faults, a_conflict_is_decided_again)
{
	for (int after = 0; after < 2; after++) {
		conflicting c = { .times = 0 };
		bed b;

		bed_init(&b);
		bed_open_over(&b, conflicting_new(b.k.memory, &c));
		bed_save(&b, "alice", ASLEEP, 1, NULL);
		c.times = 2 + after;
		c.silent = after;
		b.k.now += WAKE_AFTER;
		bed_settle(&b);
		cr_expect_str_eq(b.woken, "alice ");
		cr_expect(bed_is_marked(&b, "alice"));
		bed_close(&b);
	}
}

static void refresh(bed *b)
{
	b->then = NULL;
	cr_expect_eq(bed_save(b, "alice", ASLEEP, 2, NULL), 200);
}

Test(wakes_faults, a_device_that_registers_before_its_wake_up_is_marked_is_as_its_register_says)
{
	rg_record *record;
	bed b;

	bed_open(&b, INLINE);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	b.then = refresh;
	bed_settle(&b);
	rg_contact c = bed_binding(&b, "alice", &record);
	cr_expect_eq(c.wake, b.k.now + WAKE_AFTER);
	cr_expect_eq(c.flags, RG_CONTACT_PN);
	rg_record_unref(record);
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice alice ", "each registration has its wake-up");
	bed_close(&b);
}

Test(wakes_faults, a_register_that_overtakes_the_mark_wins)
{
	outcome o = { 0 };
	rg_record *record;
	bed b;

	bed_open(&b, DEFERRED);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	kit_tick(&b.k);
	deferred_answer_all(b.k.deferred);
	cr_expect_str_eq(b.woken, "alice ");
	kit_tick(&b.k);
	deferred_answer(b.k.deferred, 0);
	cr_expect_eq(deferred_kind(b.k.deferred, 0), CALL_FETCH, "of the mark");
	kit_save_async(&b.k, "alice", ASLEEP, 2, &o);
	while (deferred_pending(b.k.deferred) > 0)
		deferred_answer(b.k.deferred, deferred_pending(b.k.deferred) - 1);
	cr_expect_eq(o.code, 200);
	rg_contact c = bed_binding(&b, "alice", &record);
	cr_expect_eq(c.wake, b.k.now + WAKE_AFTER);
	cr_expect_eq(c.flags, RG_CONTACT_PN);
	rg_record_unref(record);
	rg_op_free(o.op);
	bed_close(&b);
}

Test(wakes_faults, a_clock_that_is_set_moves_wake_ups_as_it_moves_expiry)
{
	static const rg_time year = 365 * 86400000LL;
	bed b;

	bed_open(&b, DEFERRED);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now -= year;
	bed_settle(&b);
	cr_expect_str_empty(b.woken);
	b.k.now += year + WAKE_AFTER;
	kit_tick(&b.k);
	deferred_answer_all(b.k.deferred);
	cr_expect_str_eq(b.woken, "alice ", "it is claimed and delivered");
	b.k.now -= year;
	bed_settle(&b);
	cr_expect(bed_is_marked(&b, "alice"));
	b.k.now += year + CLAIM;
	bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ");
	bed_save(&b, "bob", ASLEEP, 1, NULL);
	b.k.now += year;
	bed_settle(&b);
	cr_expect_str_eq(b.woken, "alice ", "what has lapsed is not woken");
	cr_expect_eq(kit_stat(&b.k, "live_aors"), 0);
	bed_close(&b);
}

Test(wakes_faults, a_shutdown_leaves_the_claim_to_other_nodes)
{
	for (int steps = 0; steps < 5; steps++) {
		bed b, again;

		bed_open(&b, DEFERRED);
		bed_save(&b, "alice", ASLEEP, 1, NULL);
		b.k.now += WAKE_AFTER;
		kit_tick(&b.k);
		for (int i = 0; i < steps && deferred_pending(b.k.deferred) > 0; i++)
			deferred_answer(b.k.deferred, 0);
		rg_registrar_shutdown(b.k.reg);
		bed_settle(&b);
		bool was_told = b.woken[0] != '\0';
		cr_expect(steps < 2 || was_told, "the claim was issued, and its event is delivered");
		bed_open_again(&again, &b, b.k.now + CLAIM);
		bed_close(&b);
		bed_settle(&again);
		cr_expect_str_eq(again.woken, "alice ");
		bed_close(&again);
	}
}

/* @return whether the nth allocation of the ticks was made, and failed. */
static bool lacks_memory(int how, int nth)
{
	long kept = allocations_kept();
	bed b;

	bed_open(&b, how);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	allocations_fail(nth);
	bed_settle(&b);
	bool failed = allocations_fail(0) == 0;
	for (int i = 0; i < 3; i++) {
		b.k.now += 1000;
		bed_settle(&b);
	}
	cr_expect_str_eq(b.woken, "alice ", "allocation %d", nth);
	cr_expect(bed_is_marked(&b, "alice"), "allocation %d", nth);
	bed_close(&b);
	cr_expect_eq(allocations_kept(), kept, "allocation %d", nth);
	return failed;
}

Test(wakes_faults, an_allocation_that_fails_delays_a_wake_up_and_doubles_none)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		int nth = 1;

		while (nth < 100 && lacks_memory(how, nth))
			nth++;
		cr_expect(nth > 4 && nth < 100, "there are %d allocations", nth - 1);
	}
}

/* The device registered with this node alone, and another one with all. */
Test(wakes_faults, an_overlay_keeps_a_wake_up_in_its_part)
{
	rg_save_options *memory_only;
	rg_response *response = NULL;
	rg_store *local, *overlay;
	rg_record *record;
	rg_request request;
	phone p = { .aor = "bob", .contact = ASLEEP, .cseq = 1 };
	bed b;

	bed_init(&b);
	cr_assert_eq(rg_memory_store_new(NULL, &local, NULL), RG_OK);
	cr_assert_eq(rg_store_overlay(b.k.memory, local, &overlay, NULL), RG_OK);
	bed_open_over(&b, overlay);
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &memory_only, NULL), RG_OK);
	kit_request(&p, &request);
	cr_assert_eq(rg_save(b.k.reg, &request, memory_only, &response, NULL), RG_OK);
	rg_response_free(response);
	bed_save(&b, "alice", ASLEEP, 1, NULL);
	b.k.now += WAKE_AFTER;
	bed_settle(&b);
	cr_expect(strcmp(b.woken, "alice bob ") == 0 || strcmp(b.woken, "bob alice ") == 0, "%s", b.woken);
	cr_expect(bed_is_marked(&b, "alice"));
	cr_expect_eq(pair_bindings(b.k.memory), 1);
	rg_store *main = b.k.memory;
	b.k.memory = local;
	rg_contact c = bed_binding(&b, "bob", &record);
	cr_expect_eq(c.wake, 0);
	cr_expect(c.flags & RG_CONTACT_WOKEN);
	b.k.memory = main;
	rg_record_unref(record);
	rg_save_options_unref(memory_only);
	rg_store_unref(local);
	bed_close(&b);
}
