/* SPDX-License-Identifier: MIT */
/* Classes 3 and 5 against what a lookup leaves out: phones that say hostile things of themselves. */
#include "kit.h"
#include <malloc.h>

static const char alice[] = "sip:alice@example.com";

/* The targets of a request, in their order, a fallback in brackets; the code instead when there are none. */
static const char *found(site *s, const char *method, const char *flag_text)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t = { .struct_size = sizeof t };

	rg_request_init(&r, sizeof r);
	r.method = rg_str_from(method);
	r.request_uri = rg_str_from(alice);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flag_text), &options, NULL), RG_OK, "%s", flag_text);
	cr_assert_eq(rg_lookup(s->reg, &r, options, &targets, NULL), RG_OK);
	s->w.text[0] = '\0';
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		append(&s->w, " ", t.fallback_of == UINT32_MAX ? rg__sub(t.uri, 4, 5) : RG_STR("("));
		if (t.fallback_of != UINT32_MAX)
			append(&s->w, "", rg__sub(t.uri, 4, 5));
	}
	if (rg_targets_count(targets) == 0)
		snprintf(s->w.text, sizeof s->w.text, "%d", rg_targets_code(targets));
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return s->w.text;
}

static uint32_t count(site *s, const rg_lookup_options *options)
{
	rg_targets *targets = NULL;
	rg_request r;
	uint32_t n;

	rg_request_init(&r, sizeof r);
	r.request_uri = rg_str_from(alice);
	cr_assert_eq(rg_lookup(s->reg, &r, options, &targets, NULL), RG_OK);
	n = rg_targets_count(targets);
	rg_targets_free(targets);
	return n;
}

/* As many bindings as a record has room for, each with a User-Agent as long as it may be: half of them @p unit over and over, half with
 * @p last at the end. Returns how many. */
static uint32_t fill(site *s, const char *unit, const char *last)
{
	size_t times = (255 - strlen(last)) / strlen(unit);
	uint32_t n = 0;

	while (send(s, .contact = { text(s, "<sip:%u@192.0.2.7>", n) }, .callid = text(s, "call-%u", n),
			   .user_agent = repeated(s, "", unit, times, n % 2 ? last : "")) == 200)
		n++;
	cr_expect_str_eq(why(s), "TOO_LARGE");
	cr_assert_gt(n, 100);
	return n;
}

/* Each would take a matcher that tries one way after another longer than the age of the universe, or make one that remembers states
 * remember more than there is memory. */
Test(filters, no_user_agent_makes_an_expression_take_time_or_memory)
{
	static const struct {
		const char *unit, *last, *expression;
		bool plain, with_last;
	} rows[] = {
		{ "a", "!", "/^(a*)*$/e", true, false }, { "a", "!", "/^(a|a)*$/e", true, false }, { "a", "!", "/^(a|aa)+$/e", true, false },
		{ "a", "!", "/(a*)*b/e", false, false }, { "a", "!", "/(a+)+!$/e", false, true },
		{ "a", "!", "/^(([a-z])+.)+[A-Z]([a-z])+$/e", false, false },
		{ "a", "!", "/.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*x/", false, false }, { "a", "!", "/(.*)*(.*)*!/e", false, true },
		{ "a", "!", "/^(a?){25}a{25}$/e", false, false }, { "a", "b", "/^(a{1,30}){1,8}b$/e", false, false },
		{ "a", "!", "/a{250}!/e", false, true }, { "ab", "c", "/.*a.{60}c/e", false, false }, { "ab", "c", "/.*a.{59}c/e", false, true },
		{ "abbab", "c", "/(a|b)*a(a|b){59}c/e", false, true }, { "abbab", "c", "/(a|b)*a(a|b){70}[ab]d/e", false, false },
		{ "aab", "", "/a.*a.*a.*a.*a.*a.*a.*a.*c/", false, false }, { "\xc3\xa9", "e", "/^[^a-z]*$/", true, false },
		{ "\xff", "\xfe", "/^(.*[\xfe])*$/e", false, true },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();
		uint32_t n = fill(s, rows[i].unit, rows[i].last);
		rg_lookup_options *options = NULL;

		cr_assert_eq(rg_lookup_options_new(rg_str_from(text(s, "ua-filtering=%s", rows[i].expression)), &options, NULL), RG_OK, "row %zu",
			i);
		count(s, options);
		size_t before = mallinfo2().uordblks;
		for (int round = 0; round < 3; round++)
			cr_expect_eq(count(s, options), (rows[i].plain ? (n + 1) / 2 : 0) + (rows[i].with_last ? n / 2 : 0), "row %zu", i);
		cr_expect_leq(mallinfo2().uordblks, before, "row %zu: an expression remembers what it was shown", i);
		rg_lookup_options_unref(options);
		end_site(s);
	}
}

/* What a stranger chooses anew each time, shown to the expression that one would have to remember most of. */
Test(filters, a_thousand_user_agents_leave_nothing_behind)
{
	site *s = new_site();
	rg_lookup_options *options = NULL;
	uint32_t state = 1, matched = 0;
	char agent[256] = "";
	size_t before = 0;

	cr_assert_eq(rg_lookup_options_new(RG_STR("ua-filtering=/.*a.{60}c/e"), &options, NULL), RG_OK);
	for (uint32_t i = 0; i < 1000; i++) {
		rg_record_unref(s->w.record);
		s->w.record = NULL;
		for (int k = 0; k < 255; k++) {
			state = state * 1103515245 + 12345;
			agent[k] = "ab"[state >> 20 & 1];
		}
		agent[254] = i % 2 ? 'c' : 'b';
		rg_targets *targets = NULL;
		rg_request r;

		rg_request_init(&r, sizeof r);
		r.request_uri = rg_str_from(alice);
		save(&s->w, .contact = { "<sip:a@192.0.2.7>" }, .user_agent = agent);
		cr_assert_eq(rg_select(s->w.record, &r, NULL, options, s->w.now, &targets, NULL), RG_OK);
		cr_expect_eq(rg_targets_count(targets) == 1, agent[254] == 'c' && agent[254 - 61] == 'a', "%s", agent);
		matched += rg_targets_count(targets);
		rg_targets_free(targets);
		if (i == 100)
			before = mallinfo2().uordblks;
	}
	cr_expect(matched > 100 && matched < 400, "%u", matched);
	cr_expect_leq(mallinfo2().uordblks, before + 4096);
	rg_lookup_options_unref(options);
	end_site(s);
}

Test(filters, a_list_of_methods_is_what_it_says_and_no_more)
{
	static const struct {
		const char *allow, *contact, *invite, *message, *other;
	} rows[] = {
		{ "INVITE", "", "a", "405", "405" }, { "invite", "", "405", "405", "a" }, { "Invite, MESSAGE", "", "405", "a", "a" },
		{ "INVITE MESSAGE", "", "a", "a", "a" }, { "INVITE;MESSAGE", "", "a", "a", "a" }, { ",,,INVITE,,,", "", "a", "405", "405" },
		{ "", "", "405", "405", "405" }, { ",", "", "405", "405", "405" }, { " \t , \t ", "", "405", "405", "405" },
		{ "INVITE,", "", "a", "405", "405" }, { "\"INVITE, MESSAGE\"", "", "a", "a", "a" }, { "INVITEINVITE", "", "405", "405", "a" },
		{ "*", "", "405", "405", "a" }, { "OTHER", "", "405", "405", "a" }, { "ALL", "", "405", "405", "a" },
		{ NULL, "", "a", "a", "a" }, { NULL, ";methods=\"INVITE\"", "a", "405", "405" },
		{ "MESSAGE", ";methods=\"INVITE\"", "a", "405", "405" },
		{ "MESSAGE", ";methods=INVITE", "a", "405", "405" }, { NULL, ";methods=\"\"", "405", "405", "405" },
		{ NULL, ";methods=\"%49NVITE\"", "405", "405", "a" }, { NULL, ";METHODS=\"INVITE , MESSAGE\"", "a", "a", "405" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		cr_assert_eq(send(s, .contact = { text(s, "<sip:a@192.0.2.7>%s", rows[i].contact) },
			.allow = { rows[i].allow }), 200, "row %zu: %s", i, why(s));
		cr_expect_str_eq(found(s, "INVITE", "method-filtering"), rows[i].invite, "row %zu", i);
		cr_expect_str_eq(found(s, "MESSAGE", "method-filtering"), rows[i].message, "row %zu", i);
		cr_expect_str_eq(found(s, "X-MINE", "method-filtering"), rows[i].other, "row %zu", i);
		cr_expect_str_eq(found(s, "X-MINE", ""), "a", "row %zu", i);
		end_site(s);
	}
}

Test(filters, a_long_list_of_methods_is_one_of_bits)
{
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { "<sip:a@192.0.2.7>" }, .allow = { repeated(s, "", ",", 100000, "INVITE") }), 200);
	cr_expect_str_eq(found(s, "INVITE", "method-filtering"), "a");
	cr_expect_str_eq(found(s, "BYE", "method-filtering"), "405");
	cr_assert_eq(send(s, .contact = { "<sip:a@192.0.2.7>" }, .cseq = "2 REGISTER", .allow = { repeated(s, "", "X,", 100000, "") }), 200);
	cr_expect_str_eq(found(s, "INVITE", "method-filtering"), "405");
	cr_expect_str_eq(found(s, repeated(s, "", "INVITE", 100000, ""), "method-filtering"), "a", "a method nobody knows is like any other");
	cr_expect_lt(rg_memory_store_size(s->store), 65536);
	end_site(s);
}

Test(filters, instances_that_look_alike_are_two_phones_and_one_under_two_spellings_is_one)
{
	static const struct {
		const char *one, *two, *want;
	} rows[] = {
		{ "<urn:uuid:0000-ab>", "<URN:UUID:0000-AB>", "b (a" }, { "<urn:uuid:0000-ab>", "<urn:uuid:0000-ac>", "a b" },
		{ "<urn:imei:ab>", "<urn:imei:AB>", "a b" }, { "<urn:imei:ab>", "<URN:IMEI:ab>", "b (a" },
		{ "<urn:uuid:ab>", "<urn:uuid:%61b>", "a b" },
		{ "<urn:uuid:ab>", "<urn:uuid:ab >", "a b" }, { "<x>", "<X>", "a b" }, { "<urn:uuid:0000-ab>", "<urn:uuid:0000-a\x82>", "a b" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		cr_assert_eq(send(s, .contact = { text(s, "<sip:a@192.0.2.7>;+sip.instance=\"%s\"", rows[i].one) },
			.callid = "a"), 200, "row %zu: %s", i, why(s));
		s->w.now += 1000;
		cr_assert_eq(send(s, .contact = { text(s, "<sip:b@192.0.2.7>;+sip.instance=\"%s\"", rows[i].two) },
			.callid = "b"), 200, "row %zu: %s", i, why(s));
		cr_expect_str_eq(found(s, "INVITE", ""), rows[i].want, "row %zu", i);
		end_site(s);
	}
}

/* Names that a hash without case takes for one and the same. */
Test(filters, a_record_full_of_instances_that_differ_by_case_is_as_many_targets)
{
	site *s = new_site();
	uint32_t n = 0, places = 0;
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t = { .struct_size = sizeof t };

	for (;; n++) {
		char name[] = "abcdefghij";

		for (int bit = 0; bit < 10; bit++)
			name[bit] = (char)(n >> bit & 1 ? name[bit] - 32 : name[bit]);
		if (n == 1000 || send(s, .contact = { text(s, "<sip:%u@192.0.2.7>;+sip.instance=\"<urn:x:%s>\"", n, name) },
			.callid = text(s, "%u", n)) != 200)
			break;
	}
	cr_assert_gt(n, 250);
	rg_request_init(&r, sizeof r);
	r.request_uri = rg_str_from(alice);
	cr_assert_eq(rg_lookup(s->reg, &r, NULL, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_count(targets), n);
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++)
		places += t.fallback_of == UINT32_MAX;
	cr_expect_eq(places, n);
	rg_targets_free(targets);
	end_site(s);
}

Test(filters, a_ping_is_of_one_user_and_one_contact_whatever_the_case)
{
	static const struct {
		const char *aor, *contact;
		uint32_t changed;
	} rows[] = {
		{ "sip:Alice@example.com", "sip:a@192.0.2.7", 0 }, { "sip:alice@example.com", "sip:A@192.0.2.7", 0 },
		{ "sip:alice@example.com", "sip:a@192.0.2.7;transport=tcp", 0 }, { "sip:alice@example.com", "sip:a@192.0.2.7:5060", 0 },
		{ "sip:alice@example.org", "sip:a@192.0.2.7", 0 }, { "sip:alice%00@example.com", "sip:a@192.0.2.7", 0 },
		{ "sips:%61lice@EXAMPLE.com.", "\"x\" <SIP:%61@192.0.2.7>", 1 },
	};
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { "<sip:a@192.0.2.7>" }), 200);
	for (size_t i = 0; i < ROWS(rows); i++) {
		contents before = contents_of(s);
		uint32_t n = 9;

		s->n_events = s->kinds = 0;
		rg_set_latency(s->reg, RG__ABSENT, rg_str_from(rows[i].aor), rg_str_from(rows[i].contact), 30000, &n, NULL);
		cr_expect_eq(n, rows[i].changed, "row %zu", i);
		cr_expect_eq(s->n_events, rows[i].changed, "row %zu", i);
		cr_expect_eq(s->kinds, rows[i].changed ? RG_EVENT_LATENCY_UPDATE : 0, "row %zu", i);
		cr_expect_eq(unchanged(s, &before), !rows[i].changed, "row %zu", i);
	}
	end_site(s);
}

Test(filters, pings_without_end_take_no_room)
{
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { "<sip:a@192.0.2.7>" }), 200);
	rg_set_latency(s->reg, RG__ABSENT, rg_str_from(alice), RG_STR("sip:a@192.0.2.7"), 1, NULL, NULL);
	uint64_t bytes = rg_memory_store_size(s->store);

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t n = 0;

		cr_expect_eq(rg_set_latency(s->reg, RG__ABSENT, rg_str_from(alice), RG_STR("sip:a@192.0.2.7"), (i % 2 + 1) * 1000000, &n, NULL),
			RG_OK);
		cr_expect_eq(n, 1);
	}
	cr_expect_eq(rg_memory_store_size(s->store), bytes);
	end_site(s);
}

Test(filters, a_full_record_is_not_measured_and_not_harmed)
{
	site *s = new_site();
	uint32_t n = 9;

	configure(s, "max_record_bytes", "512");
	cr_assert_eq(send(s, .contact = { "<sip:a@192.0.2.7>" }, .attr = repeated(s, "", "t", 512 - 250, "")), 200);
	for (n = 1; send(s, .contact = { "<sip:a@192.0.2.7>" }, .attr = repeated(s, "", "t", 512 - 250 + n, ""),
			 .cseq = text(s, "%u REGISTER", n)) == 200; n++)
		cr_assert_lt(n, 400);
	contents before = contents_of(s);

	s->n_events = 0;
	cr_expect_eq(rg_set_latency(s->reg, RG__ABSENT, rg_str_from(alice), RG_STR("sip:a@192.0.2.7"), 30000, &n, NULL), RG_ELIMIT);
	cr_expect_eq(n, 0);
	cr_expect_eq(s->n_events, 0);
	cr_expect(unchanged(s, &before));
	end_site(s);
}
