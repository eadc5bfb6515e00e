/* SPDX-License-Identifier: MIT */
/* The two gauges that the store counts: when it does not, the rest of the statistics is there all the same. */
#include "bindings.h"

#define NO ((rg_str){ NULL, 0 })

static void open_counting(kit *k, faulty *f, int how)
{
	kit_init(k);
	rg_store *shim = faulty_new(k->memory, f);

	kit_open_over(k, how == INLINE ? rg_store_ref(shim) : deferred_new(shim, &k->deferred));
	rg_store_unref(shim);
	cr_assert_eq(kit_save(k, "alice", "<sip:a@192.0.2.1>", 1), 200);
	cr_assert_eq(kit_save(k, "bob", "<sip:b@>", 1), 400);
}

/* What came of the completion form. */
typedef struct snapshot {
	rg_statistics *stats;
	rg_status status;
	int called;
} snapshot;

static void snapped(void *user, rg_status status, rg_statistics *stats)
{
	snapshot *s = user;

	s->called++;
	s->status = status;
	s->stats = stats;
}

static bool has(const rg_statistics *stats, const char *name)
{
	int64_t value;

	return rg_statistics_find(stats, rg_str_from(name), &value) == RG_OK;
}

static int64_t value_of(const rg_statistics *stats, const char *name)
{
	int64_t value = -1;

	cr_expect_eq(rg_statistics_find(stats, rg_str_from(name), &value), RG_OK, "%s", name);
	return value;
}

static void expect_text_without_gauges(const rg_statistics *stats)
{
	static char room[32768];
	size_t n = 0;

	cr_assert_eq(rg_statistics_prometheus(stats, NULL, 0, room, sizeof room - 1, &n), RG_OK);
	cr_assert_lt(n, sizeof room);
	room[n] = '\0';
	cr_expect_null(strstr(room, "live_"));
	cr_expect_not_null(strstr(room, "\nrgstr_store_errors_total "));
	cr_expect_not_null(strstr(room, "\nrgstr_rejects_total{reason=\"parse_cont\"} 1\n"));
}

/* Everything is there except the two gauges, in the order of a whole snapshot. */
static void expect_without_gauges(const rg_statistics *stats, const rg_statistics *whole)
{
	uint32_t n = rg_statistics_count(stats);
	rg_statistic s = { .struct_size = sizeof s }, same = { .struct_size = sizeof same };

	cr_assert_not_null(stats);
	cr_expect_eq(n, rg_statistics_count(whole) - 2);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(rg_statistics_get(stats, i, &s), RG_OK);
		cr_assert_eq(rg_statistics_get(whole, i, &same), RG_OK);
		cr_expect_str_eq(s.name, same.name);
	}
	cr_expect_eq(rg_statistics_get(stats, n, &s), RG_ENOENT);
	cr_expect(!has(stats, "live_aors") && !has(stats, "live_contacts"));
	cr_expect(has(whole, "live_aors") && has(whole, "live_contacts"));
	cr_expect_eq(value_of(stats, "accepted_regs"), 1);
	cr_expect_eq(value_of(stats, "rejected_regs"), 1);
	cr_expect_eq(value_of(stats, "commits"), 1);
	expect_text_without_gauges(stats);
}

static rg_statistics *whole_of(kit *k)
{
	rg_statistics *whole = NULL;

	cr_assert_eq(rg_read_statistics(k->reg, NO, &whole, NULL), RG_OK);
	return whole;
}

Test(gauges, are_absent_when_the_count_fails_and_nothing_else_is)
{
	static const rg_status failures[] = { RG_ESTORE, RG_ETIMEOUT, RG_EUNKNOWN, RG_ENOMEM, RG_EFULL, RG_ENOTSUP, RG_ECANCELED };

	for (int how = INLINE; how <= DEFERRED; how++) {
		faulty f = { .calls = CALL_COUNT, .by_return = true };
		rg_statistics *stats = NULL;
		kit k;

		open_counting(&k, &f, how);
		rg_statistics *whole = whole_of(&k);
		for (size_t i = 0; i < ROWS(failures); i++) {
			f.status = failures[i];
			f.times = 2;
			cr_expect_eq(rg_read_statistics(k.reg, NO, &stats, NULL), RG_OK, "after %s", rg_status_name(failures[i]));
			expect_without_gauges(stats, whole);
			cr_expect_eq(value_of(stats, "store_errors"), 2 * (int64_t)i);
			rg_statistics_free(stats);

			snapshot s = { 0 };
			rg_read_statistics_async(k.reg, NO, snapped, &s, NULL, NULL, NULL);
			if (k.deferred)
				deferred_answer_all(k.deferred);
			cr_expect_eq(s.called, 1);
			cr_expect_eq(s.status, RG_OK);
			expect_without_gauges(s.stats, whole);
			rg_statistics_free(s.stats);
		}
		cr_expect_eq(kit_stat(&k, "live_contacts"), 1, "the store counts again");
		rg_statistics_free(whole);
		kit_close(&k);
	}
}

Test(gauges, are_absent_when_the_count_is_not_answered_in_time)
{
	faulty f = { 0 };
	snapshot s = { 0 };
	rg_statistics *stats = NULL;
	kit k;

	open_counting(&k, &f, DEFERRED);
	rg_statistics *whole = whole_of(&k);
	deferred_deaf(k.deferred, true);
	cr_expect_eq(rg_read_statistics(k.reg, NO, &stats, NULL), RG_OK);
	expect_without_gauges(stats, whole);
	rg_statistics_free(stats);
	cr_expect_eq(rg_read_statistics_async(k.reg, NO, snapped, &s, NULL, NULL, NULL), RG_PENDING);
	cr_expect_eq(s.called, 0);
	k.now += 2001;
	kit_tick(&k);
	cr_expect_eq(s.called, 1, "a tick answers after store_timeout");
	cr_expect_eq(s.status, RG_OK);
	expect_without_gauges(s.stats, whole);
	deferred_answer_all(k.deferred);
	cr_expect_eq(s.called, 1, "the late answer goes nowhere");
	expect_without_gauges(s.stats, whole);
	rg_statistics_free(s.stats);
	deferred_deaf(k.deferred, false);
	cr_expect_eq(kit_stat(&k, "timeouts"), 2);
	rg_statistics_free(whole);
	kit_close(&k);
}

Test(gauges, a_canceled_snapshot_stays_canceled)
{
	faulty f = { 0 };
	snapshot s = { 0 };
	rg_op *op = NULL;
	kit k;

	open_counting(&k, &f, DEFERRED);
	cr_expect_eq(rg_read_statistics_async(k.reg, NO, snapped, &s, NULL, &op, NULL), RG_PENDING);
	rg_op_cancel(op);
	cr_expect_eq(s.called, 1);
	cr_expect_eq(s.status, RG_ECANCELED);
	cr_expect_null(s.stats);
	rg_op_free(op);
	deferred_answer_all(k.deferred);
	kit_close(&k);
}
