/* SPDX-License-Identifier: MIT */
/* Class 6: numbers at the edges of their ranges, and a clock that cannot be relied on. */
#include "kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"

static const char alice[] = "sip:alice@example.com";

enum { REMOVED = 0, MALFORMED = -1, BRIEF = -2 };

/* What is asked for, and what is granted under each policy. */
static const struct asked {
	const char *text;
	int64_t plain;   /* min_expires 60, the default */
	int64_t bounded; /* min_expires 100, max_expires 1000 */
	int64_t free;    /* min_expires 0 */
	int64_t strict;  /* min_expires 100, min_expires_mode reject */
	int64_t lenient; /* malformed_expires 3600 */
} asked[] = {
	{ "0", REMOVED, REMOVED, REMOVED, REMOVED, REMOVED },
	{ "00", REMOVED, REMOVED, REMOVED, REMOVED, REMOVED },
	{ "00000000000000000000000000000000", REMOVED, REMOVED, REMOVED, REMOVED, REMOVED },
	{ "1", 60, 100, 1, BRIEF, 60 },
	{ "59", 60, 100, 59, BRIEF, 60 },
	{ "60", 60, 100, 60, BRIEF, 60 },
	{ "61", 61, 100, 61, BRIEF, 61 },
	{ "99", 99, 100, 99, BRIEF, 99 },
	{ "100", 100, 100, 100, 100, 100 },
	{ "0000000000000000000000000000000061", 61, 100, 61, BRIEF, 61 },
	{ "1000", 1000, 1000, 1000, 1000, 1000 },
	{ "1001", 1001, 1000, 1001, 1001, 1001 },
	{ "2147483647", 2147483647, 1000, 2147483647, 2147483647, 2147483647 },
	{ "2147483648", 2147483648, 1000, 2147483648, 2147483648, 2147483648 },
	{ "4294967295", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "4294967296", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "4294967297", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "9223372036854775807", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "9223372036854775808", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "18446744073709551615", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "18446744073709551616", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "99999999999999999999", 4294967295, 1000, 4294967295, 4294967295, 4294967295 },
	{ "-1", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "-0", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "+1", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "-9223372036854775808", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "0x10", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "1e3", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "60.0", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "abc", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "\"0\"", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
	{ "\"60\"", MALFORMED, MALFORMED, MALFORMED, MALFORMED, 3600 },
};

static const struct policy {
	const char *set[3][2];
	size_t granted; /* offset in struct asked */
} policies[] = {
	{ { { 0 } }, offsetof(struct asked, plain) },
	{ { { "min_expires", "100" }, { "max_expires", "1000" } }, offsetof(struct asked, bounded) },
	{ { { "min_expires", "0" } }, offsetof(struct asked, free) },
	{ { { "min_expires", "100" }, { "min_expires_mode", "reject" } }, offsetof(struct asked, strict) },
	{ { { "malformed_expires", "3600" } }, offsetof(struct asked, lenient) },
};

static void check_granted(site *s, const struct asked *a, const struct policy *p, bool in_param)
{
	int64_t want = *(const int64_t *)(const void *)((const char *)a + p->granted);
	const char *where = in_param ? "the param" : "the header";
	int32_t code = send(s, .contact = { in_param ? text(s, A ";expires=%s", a->text) : A },
		.expires = in_param ? "500" : a->text, .cseq = "2 REGISTER");
	rg_contact answered_ = { .struct_size = sizeof answered_ };

	if (want < 0) {
		cr_expect_eq(code, want == BRIEF ? 423 : 400, "%s in %s: %d", a->text, where, code);
		cr_expect_str_eq(why(s), want == BRIEF ? "MIN_EXPIRES" : in_param ? "INV_EXP" : "PARSE_EXP", "%s in %s: %s", a->text, where,
			why(s));
		cr_expect_str_eq(reached(s, alice), "sip:a@192.0.2.7");
		return;
	}
	cr_expect_eq(code, 200, "%s in %s: %s", a->text, where, why(s));
	cr_expect_eq(rg_response_contact_count(s->response), want > 0, "%s in %s", a->text, where);
	cr_expect_eq(registered(s, alice, NULL), want > 0, "%s in %s", a->text, where);
	if (want == 0)
		return;
	cr_expect_eq(seconds(s, 0), want, "%s in %s: %lld", a->text, where, (long long)seconds(s, 0));
	cr_assert_eq(rg_response_contact(s->response, 0, &answered_), RG_OK);
	cr_expect_eq(answered_.expires, s->w.now + want * 1000);
}

Test(arithmetic, every_interval_is_granted_clamped_or_refused)
{
	for (size_t i = 0; i < ROWS(policies); i++) {
		for (size_t k = 0; k < 2 * ROWS(asked); k++) {
			site *s = new_site();

			cr_assert_eq(send(s, .contact = { A }), 200);
			for (int j = 0; j < 3 && policies[i].set[j][0]; j++)
				configure(s, policies[i].set[j][0], policies[i].set[j][1]);
			check_granted(s, &asked[k / 2], &policies[i], k % 2);
			end_site(s);
		}
	}
}

Test(arithmetic, an_interval_of_nothing_is_no_removal)
{
	static const struct { const char *contact, *expires, *reason; } rows[] = {
		{ A, "", "PARSE_EXP" }, { A, " ", "PARSE_EXP" }, { A, "\t", "PARSE_EXP" }, { A, "0 0", "PARSE_EXP" }, { A, "0, 0", "PARSE_EXP" },
			{ A, "0;x", "PARSE_EXP" },
		{ A ";expires", NULL, "INV_EXP" }, { A ";expires=", NULL, "PARSE_CONT" }, { A ";expires= ", NULL, "PARSE_CONT" },
			{ A ";expires=\"\"", NULL, "INV_EXP" },
		{ A ";expires=0;expires=0", NULL, "PARSE_CONT" }, { A ";expires=60;Expires=0", NULL, "PARSE_CONT" }, { "*", "", "PARSE_EXP" },
			{ "*", "-0", "PARSE_EXP" },
		{ "*", "4294967296", "STAR_EXP" }, { "*", "18446744073709551616", "STAR_EXP" }, { "*", NULL, "STAR_EXP" },
			{ "*;expires=0", NULL, "STAR_CONT" },
	};
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { A }), 200);
	for (size_t i = 0; i < ROWS(rows); i++) {
		cr_expect_eq(send(s, .contact = { rows[i].contact }, .expires = rows[i].expires, .cseq = "2 REGISTER"), 400, "row %zu", i);
		cr_expect_str_eq(why(s), rows[i].reason, "row %zu: %s", i, why(s));
	}
	end_site(s);
}

Test(arithmetic, bounds_of_the_call_go_before_those_of_the_configuration)
{
	static const struct { const char *min, *max, *flags, *asked; int64_t granted; } rows[] = {
		{ "60", "0", "min-expires=10", "5", 10 }, { "60", "0", "min-expires=0", "5", 5 },
			{ "60", "100", "max-expires=0", "4294967296", 4294967295 },
		{ "60", "100", "max-expires=4294967295", "4294967295", 4294967295 }, { "60", "100", "max-expires=50", "60", 50 },
			{ "60", "0", "min-expires=4294967295", "1", 4294967295 },
		{ "0", "1", "", "3600", 1 }, { "0", "0", "", NULL, 3600 }, { "4294967295", "4294967295", "", "1", 4294967295 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		configure(s, "min_expires", rows[i].min);
		configure(s, "max_expires", rows[i].max);
		flags(&s->w, rows[i].flags);
		cr_expect_eq(send(s, .contact = { A }, .expires = rows[i].asked), 200);
		cr_expect_eq(seconds(s, 0), rows[i].granted, "row %zu: %lld", i, (long long)seconds(s, 0));
		end_site(s);
	}
}

Test(arithmetic, a_deviation_never_leaves_the_bounds_and_never_removes)
{
	static const struct { const char *deviation, *min, *max, *asked, *flags; int64_t low, high; } rows[] = {
		{ "4294967295", "60", "0", "60", "", 60, 4294967295 }, { "4294967295", "60", "0", "4294967295", "", 60, 4294967295 },
		{ "4294967295", "0", "0", "1", "", 1, 4294967295 }, { "4294967295", "60", "61", "3600", "", 60, 61 },
			{ "4294967295", "60", "60", "3600", "", 60, 60 },
		{ "1", "0", "0", "1", "", 1, 2 }, { "1", "0", "0", "2", "", 1, 3 }, { "1", "0", "0", "99999999999999999999", "", 4294967294,
			4294967295 },
		{ "100", "60", "0", "1800", "", 1700, 1900 }, { "100", "60", "1800", "1800", "", 1700, 1800 },
			{ "100", "1750", "0", "1800", "", 1750, 1900 },
		{ "4294967295", "60", "0", "1800", "min-expires=1799, max-expires=1801", 1799, 1801 }, { "100", "60", "0", "0", "", -1, -1 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();
		int64_t least = INT64_MAX, most = -1;

		configure(s, "expires_max_deviation", rows[i].deviation);
		configure(s, "min_expires", rows[i].min);
		configure(s, "max_expires", rows[i].max);
		flags(&s->w, rows[i].flags);
		for (int k = 1; k < 200; k++) {
			rg_contact a = { .struct_size = sizeof a };

			cr_assert_eq(send(s, .contact = { A }, .expires = rows[i].asked, .cseq = text(s, "%d REGISTER", k)), 200);
			int64_t got = seconds(s, 0);
			cr_expect(got >= rows[i].low && got <= rows[i].high, "row %zu: %lld", i, (long long)got);
			bool kept = rg_response_contact(s->response, 0, &a) == RG_OK;
			cr_expect_eq(kept, got >= 0, "row %zu", i);
			if (kept)
				cr_expect_eq(a.expires, s->w.now + got * 1000, "row %zu: what is stored is not what is answered", i);
			least = got < least ? got : least;
			most = got > most ? got : most;
		}
		cr_expect_eq(least == most, rows[i].low == rows[i].high, "row %zu: %lld to %lld", i, (long long)least, (long long)most);
		end_site(s);
	}
}

Test(arithmetic, a_deviation_cannot_take_a_repeat_for_news)
{
	site *s = new_site();

	configure(s, "expires_max_deviation", "1000");
	cr_assert_eq(send(s, .contact = { A }), 200);
	int64_t granted = seconds(s, 0);
	cr_expect_eq(send(s, .contact = { A }), 200);
	cr_expect_eq(s->n_events, 0);
	cr_expect_eq(seconds(s, 0), granted);
	end_site(s);
}

Test(arithmetic, every_q_is_kept_or_refused)
{
	static const struct { const char *q; int32_t kept; } rows[] = {
		{ "0", 0 }, { "0.", 0 }, { "0.0", 0 }, { "0.000", 0 }, { "0.001", 1 }, { "0.01", 10 }, { "0.1", 100 }, { "0.999", 999 },
			{ "1", 1000 }, { "1.", 1000 }, { "1.000", 1000 },
		{ "1.001", -1 }, { "1.1", -1 }, { "2", -1 }, { "0.0000", -1 }, { "0.9999", -1 }, { "1.0000", -1 }, { "-0", -1 }, { "-1", -1 },
			{ "+1", -1 }, { "00", -1 }, { "01", -1 },
		{ ".5", -1 }, { "0,5", -1 }, { "0.5e1", -1 }, { "5e-1", -1 }, { "0x1", -1 }, { "\"0.5\"", -1 }, { "4294967296", -1 },
			{ "4294967297", -1 }, { "inf", -1 }, { "nan", -1 },
		{ "99999999999999999999", -1 }, { "0.99999999999999999999", -1 }, { "\"\"", -1 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();
		int32_t code = send(s, .contact = { text(s, A ";q=%s", rows[i].q) });
		rg_contact a = { .struct_size = sizeof a };

		cr_expect_eq(code, rows[i].kept < 0 ? 400 : 200, "%s: %d", rows[i].q, code);
		cr_expect_eq(records(s), rows[i].kept >= 0, "%s", rows[i].q);
		if (rows[i].kept >= 0) {
			cr_assert_eq(rg_response_contact(s->response, 0, &a), RG_OK, "%s", rows[i].q);
			cr_expect_eq(a.q, rows[i].kept, "%s: %d", rows[i].q, a.q);
		}
		end_site(s);
	}
}

Test(arithmetic, every_port_and_address_is_in_range)
{
	static const struct { const char *contact; int32_t code; } rows[] = {
		{ "<sip:a@192.0.2.7:1>", 200 }, { "<sip:a@192.0.2.7:65535>", 200 }, { "<sip:a@192.0.2.7:0>", 400 },
			{ "<sip:a@192.0.2.7:65536>", 400 }, { "<sip:a@192.0.2.7:-1>", 400 },
		{ "<sip:a@192.0.2.7:4294967297>", 400 }, { "<sip:a@192.0.2.7:18446744073709551617>", 400 }, { "<sip:a@192.0.2.7:>", 400 },
			{ "<sip:a@192.0.2.7:0000000000005060>", 200 },
		{ "<sip:a@256.0.2.7>", 400 }, { "<sip:a@4294967296.0.2.7>", 400 }, { "<sip:a@1.2.3>", 400 }, { "<sip:a@[::10000]>", 400 },
			{ "<sip:a@[::1:ffff:256.1.1.1]>", 400 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		cr_expect_eq(send(s, .contact = { rows[i].contact }), rows[i].code, "%s: %s", rows[i].contact, why(s));
		end_site(s);
	}
}

/* Where outbound does not apply, a reg-id is a parameter like any other. */
Test(arithmetic, every_reg_id_of_a_flow_is_in_range)
{
	static const struct { const char *reg_id; int32_t code; } rows[] = {
		{ "=1", 200 }, { "=2147483647", 200 }, { "=0", 400 }, { "=2147483648", 400 }, { "=4294967297", 400 },
		{ "=18446744073709551617", 400 }, { "=-1", 400 }, { "", 400 }, { "=\"1\"", 400 },
	};
	static const char *const modes[] = { "off", "on" };

	for (size_t i = 0; i < ROWS(rows); i++) {
		for (int on = 0; on < 2; on++) {
			site *s = new_site();

			configure(s, "outbound_mode", modes[on]);
			cr_expect_eq(send(s, .contact = { text(s, A ";+sip.instance=\"<urn:x:1>\";reg-id%s", rows[i].reg_id) }),
				on ? rows[i].code : 200, "%s: %s", rows[i].reg_id, why(s));
			cr_expect_eq(records(s), !on || rows[i].code == 200, "%s", rows[i].reg_id);
			end_site(s);
		}
	}
}

Test(arithmetic, a_clock_that_steps_back_a_year_gives_nobody_more_than_was_granted)
{
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { A ", " B ";expires=100" }, .cseq = "1 REGISTER"), 200);
	s->w.now -= YEAR;
	cr_expect_str_neq(reached(s, alice), "");
	tick(s, 0);
	cr_expect_eq(s->n_events, 0);
	cr_expect_gt(s->next_tick, s->w.now);
	cr_expect_eq(ask(s), 200);
	for (uint32_t i = 0; i < 2; i++)
		cr_expect_leq(seconds(s, i), 3600);
	/* Who refreshes now is as long-lived as ever, by the clock there is now. */
	cr_expect_eq(send(s, .contact = { A }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(seconds(s, 0), 3600);
	cr_expect_eq(seconds(s, 1), 100);
	tick(s, 0);
	cr_expect_leq(s->next_tick, s->w.now + 3600000);
	s->w.now += 3600000;
	cr_expect_str_eq(reached(s, alice), "sip:b@192.0.2.8");
	tick(s, 0);
	cr_expect_eq(s->kinds, RG_EVENT_CONTACT_EXPIRE);
	s->w.now += YEAR;
	tick(s, 0);
	cr_expect_eq(s->kinds, RG_EVENT_CONTACT_EXPIRE | RG_EVENT_AOR_DELETE);
	cr_expect_eq(records(s), 0);
	end_site(s);
}

Test(arithmetic, a_clock_that_steps_forward_a_year_lapses_what_is_there_once)
{
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { A }, .cseq = "5 REGISTER"), 200);
	s->w.now += YEAR;
	cr_expect_str_eq(reached(s, alice), "");
	cr_expect_eq(ask(s), 200);
	cr_expect_eq(rg_response_contact_count(s->response), 0);
	tick(s, 0);
	cr_expect_eq(s->n_events, 2);
	tick(s, 0);
	cr_expect_eq(s->n_events, 0);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "1 REGISTER"), 200);
	s->w.now -= YEAR;
	cr_expect_str_eq(reached(s, alice), "sip:a@192.0.2.7");
	cr_expect_eq(send(s, .contact = { A }, .cseq = "1 REGISTER"), 200);
	cr_expect_leq(seconds(s, 0), 3600);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "0 REGISTER"), 400);
	cr_expect_eq(send(s, .contact = { A }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(seconds(s, 0), 3600);
	end_site(s);
}

Test(arithmetic, removals_outlive_neither_step_of_the_clock)
{
	static const rg_time steps[] = { YEAR, -YEAR, RG_REMOVAL_KEEP, -RG_REMOVAL_KEEP };

	for (size_t i = 0; i < ROWS(steps); i++) {
		site *s = new_site();

		cr_assert_eq(send(s, .contact = { A }, .cseq = "1 REGISTER"), 200);
		cr_assert_eq(send(s, .contact = { A ";expires=0" }, .cseq = "3 REGISTER"), 200);
		s->w.now += steps[i];
		cr_expect_eq(send(s, .contact = { A }, .cseq = "2 REGISTER"), 200, "a step of %lld", (long long)steps[i]);
		end_site(s);
	}
}

/* Two phones, one of which registered before the step and one after: neither is lost for it. */
Test(arithmetic, a_limit_holds_whatever_the_clock_does)
{
	site *s = new_site();

	configure(s, "max_contacts", "2");
	flags(&s->w, "force-registration");
	for (int i = 0; i < 20; i++) {
		s->w.now += i % 2 ? YEAR : -YEAR;
		cr_expect_eq(send(s, .contact = { text(s, "<sip:%d@192.0.2.7>", i) }, .callid = text(s, "c%d", i)), 200);
		cr_expect_leq(rg_response_contact_count(s->response), 2);
		cr_expect_eq(seconds(s, 0), 3600);
	}
	end_site(s);
}

Test(arithmetic, a_tick_that_comes_a_day_late_does_all_its_work_in_small_parts)
{
	enum { USERS = 300, LIMIT = 7 };
	site *s = new_site();
	uint32_t events = 0, ticks = 0;

	for (int i = 0; i < USERS; i++)
		cr_assert_eq(send(s, .to = text(s, "<sip:user%d@example.com>", i), .contact = { A ";expires=60, " B ";expires=7200" }), 200);
	s->w.now += DAY;
	do {
		tick(s, LIMIT);
		cr_expect_leq(s->n_events, 3 * LIMIT, "more than was allowed");
		events += s->n_events;
	} while (s->next_tick <= s->w.now && ++ticks < 10 * USERS);
	cr_expect_eq(events, 3 * USERS);
	cr_expect_geq(ticks, USERS / LIMIT);
	cr_expect_leq(ticks, 2 * USERS / LIMIT);
	cr_expect_eq(records(s), 0);
	tick(s, 0);
	cr_expect_eq(s->next_tick, RG_TIME_NEVER);
	end_site(s);
}

Test(arithmetic, what_lapsed_is_nowhere_before_any_tick)
{
	site *s = new_site();
	rg_contact a = { .struct_size = sizeof a };

	cr_assert_eq(send(s, .contact = { A ";expires=60, " B }), 200);
	s->w.now += 59999;
	cr_expect_eq(registered(s, alice, NULL), 2);
	s->w.now += 1;
	cr_expect_eq(registered(s, alice, NULL), 1);
	cr_expect_str_eq(reached(s, alice), "sip:b@192.0.2.8");
	s->w.now += DAY;
	cr_expect_eq(registered(s, alice, NULL), 0);
	cr_expect_eq(removed(s, alice, NULL), 0);
	cr_expect_eq(ask(s), 200);
	cr_expect_neq(rg_response_contact(s->response, 0, &a), RG_OK);
	end_site(s);
}

/* From before the epoch to the end of time: nothing overflows, and a binding is never answered more than it was granted. */
Test(arithmetic, every_latency_is_kept_and_none_is_taken_for_another)
{
	static const uint32_t steps[] = { 4294967294, 0, 1, 4294967294, 2147483648, 2147483647, 0 };
	/* It moves by a fifth and ten milliseconds, or is not written. */
	static const uint32_t changed[] = { 1, 1, 0, 1, 1, 0, 1 };
	rg_str to = rg_str_from(alice), contact = RG_STR("sip:a@192.0.2.7");
	site *s = new_site();
	uint32_t n = 9;

	configure(s, "latency_min_delta", "20");
	cr_assert_eq(send(s, .contact = { A }), 200);
	cr_expect_eq(rg_set_latency(s->reg, RG__ABSENT, to, contact, RG_LATENCY_NONE, &n, NULL), RG_EINVAL);
	for (size_t i = 0; i < ROWS(steps); i++) {
		cr_expect_eq(rg_set_latency(s->reg, RG__ABSENT, to, contact, steps[i], &n, NULL), RG_OK);
		cr_expect_eq(n, changed[i], "step %zu", i);
		cr_expect_str_eq(reached(s, alice), "sip:a@192.0.2.7");
	}
	/* Measurements neither lengthen a life nor give one back. */
	s->w.now += 3600000;
	cr_expect_eq(rg_set_latency(s->reg, RG__ABSENT, to, contact, 4294967294, &n, NULL), RG_OK);
	cr_expect_eq(n, 0);
	cr_expect_str_eq(reached(s, alice), "");
	end_site(s);
}

Test(arithmetic, a_connection_is_kept_for_no_longer_than_there_are_seconds)
{
	static const struct { const char *max, *asked; } rows[] = { { "0", "1" }, { "0", "4294967295" }, { "0", "99999999999" }, { "60", "99" },
		{ "4294967295", "4294967295" } };

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		configure(s, "min_expires", "0");
		configure(s, "max_expires", rows[i].max);
		int32_t code = send(s, .contact = { text(s, "<sip:a@192.0.2.7;transport=tcp>;expires=%s", rows[i].asked) }, .flags =
			RG_REQUEST_TCP_PERSISTENT, .transport = "TCP");
		uint32_t kept = rg_response_connection_lifetime(s->response);

		cr_expect(code == 200 || code == 400, "%d", code);
		uint64_t wanted = code == 200 ? (uint64_t)seconds(s, 0) + 10 : 0;

		cr_expect_eq(kept, wanted < UINT32_MAX ? wanted : UINT32_MAX, "%s of %s: %u", rows[i].asked, rows[i].max, kept);
		end_site(s);
	}
}

Test(arithmetic, a_clock_that_steps_a_year_leaves_sites_that_find_each_other)
{
	static const rg_time steps[] = { YEAR, -YEAR, -YEAR, YEAR };
	rg_store *shared = NULL;
	site *here = new_site(), *there = new_site();
	rg_lookup_options *options = NULL;

	cr_assert_eq(rg_lookup_options_new(RG_STR("global"), &options, NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &shared, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(here->reg, shared, RG_STR("192.0.2.250"), NULL, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(there->reg, shared, RG_STR("192.0.2.251"), NULL, NULL), RG_OK);
	for (int i = 0; i < (int)ROWS(steps); i++) {
		rg_targets *targets = NULL;
		rg_request r;
		uint32_t ticks = 0;

		here->w.now += steps[i];
		there->w.now += steps[i];
		cr_assert_eq(send(here, .contact = { A }, .cseq = text(here, "%d REGISTER", i + 1)), 200);
		for (; ticks < 1000 && (ticks == 0 || here->next_tick <= here->w.now); ticks++)
			tick(here, 0);
		cr_expect_lt(ticks, 1000, "it never comes to rest");
		tick(there, 0);
		rg_request_init(&r, sizeof r);
		r.request_uri = rg_str_from(alice);
		cr_assert_eq(rg_lookup(there->reg, &r, options, &targets, NULL), RG_OK);
		cr_expect_eq(rg_targets_count(targets), 1, "step %d", i);
		rg_targets_free(targets);
	}
	rg_lookup_options_unref(options);
	end_site(there);
	end_site(here);
	rg_store_unref(shared);
}

Test(arithmetic, a_clock_at_the_end_of_time_overflows_nothing)
{
	static const rg_time times[] = { INT64_MIN, INT64_MIN + 1, INT64_MIN + RG_REMOVAL_KEEP, -1, 0, 1, INT32_MAX, UINT32_MAX,
		INT64_MAX / 1000, INT64_MAX - 4294967295000 - 1,
		INT64_MAX - 4294967295000, INT64_MAX - 3600000, INT64_MAX - RG_REMOVAL_KEEP, INT64_MAX - 1000, INT64_MAX - 1, INT64_MAX };

	for (size_t i = 0; i < ROWS(times); i++) {
		for (size_t k = 0; k < ROWS(times); k++) {
			site *s = new_site();
			const rg_header *headers;
			uint32_t n;

			s->w.now = times[i];
			cr_expect_eq(send(s, .contact = { A ", " B ";expires=4294967295" }), 200);
			cr_expect_eq(rg_response_headers(s->response, &headers, &n), RG_OK);
			cr_expect_leq(seconds(s, 0), 3600);
			cr_expect_eq(send(s, .contact = { B }, .expires = "0", .cseq = "2 REGISTER"), 200);
			s->w.now = times[k];
			cr_expect_eq(ask(s), 200);
			cr_expect_leq(seconds(s, 0), 3600);
			cr_expect_eq(rg_response_headers(s->response, &headers, &n), RG_OK);
			cr_expect_eq(send(s, .contact = { A }, .cseq = "3 REGISTER"), 200);
			cr_expect_leq(seconds(s, 0), 3600);
			reached(s, alice);
			removed(s, alice, "sip:a@192.0.2.7");
			tick(s, 0);
			end_site(s);
		}
	}
}
