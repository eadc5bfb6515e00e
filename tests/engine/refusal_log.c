/* SPDX-License-Identifier: MIT */
/* The log of refused REGISTERs: a line at debug for those who want it, and nothing at all for the others. */
#include "allocations.h"
#include "kit.h"
#include <stdio.h>

static void open_with_log(kit *k, int how, int32_t level)
{
	kit_init(k);
	k->env.log_level = level;
	kit_open_over(k, how == INLINE ? rg_store_ref(k->memory) : deferred_new(k->memory, &k->deferred));
}

/* @return the code. */
static int register_from(kit *k, const char *contact, const char *source, int cseq)
{
	phone p = { .aor = "alice", .contact = contact, .cseq = cseq };
	rg_response *response = NULL;
	rg_request r;

	kit_request(&p, &r);
	cr_assert_eq(rg_addr_parse(rg_str_from(source), &r.source), RG_OK);
	cr_assert_eq(rg_save(k->reg, &r, NULL, &response, NULL), RG_OK);
	int code = rg_response_code(response);
	rg_response_free(response);
	return code;
}

Test(refusal_log, a_refusal_is_one_line_with_its_place)
{
	static const struct {
		const char *contact;
		int cseq;
		const char *line;
	} cases[] = {
		{ "<sip:@@>", 2, "REGISTER of alice@example.org from 192.0.2.9:5062 is refused: Contact parse error; Contact 1, offset 5, "
			"octet '@': <sip:@@>\n" },
		{ "<sip:a@192.0.2.1>, <sip:b\x01@192.0.2.1>", 2, "REGISTER of alice@example.org from 192.0.2.9:5062 is refused: Contact "
			"parse error; Contact 2, offset 6, octet 0x01: <sip:b?@192.0.2.1>\n" },
		{ "<sip:a@192.0.2.1", 2, "REGISTER of alice@example.org from 192.0.2.9:5062 is refused: Contact parse error; Contact 1, "
			"offset 16, where it ends: <sip:a@192.0.2.1\n" },
		{ "<sip:a@192.0.2.1>", 1, "REGISTER of alice@example.org from 192.0.2.9:5062 is refused: Invalid CSeq number\n" },
		{ "<sip:a@192.0.2.1>", 3, "" },
	};

	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		kit k;

		open_with_log(&k, i % 2 ? DEFERRED : INLINE, 0);
		cr_assert_eq(register_from(&k, "<sip:a@192.0.2.1>", "192.0.2.9:5062", 2), 200);
		register_from(&k, cases[i / 2].contact, "192.0.2.9:5062", cases[i / 2].cseq);
		cr_expect_str_eq(k.log, cases[i / 2].line, "case %zu: %s", i / 2, k.log);
		kit_close(&k);
	}
}

Test(refusal_log, a_long_text_of_a_stranger_is_cut)
{
	char contact[4000] = "<sip:@";
	kit k;

	memset(contact + 6, 'x', sizeof contact - 8);
	open_with_log(&k, INLINE, 0);
	cr_expect_eq(register_from(&k, contact, "[2001:db8::9]:5062", 1), 400);
	cr_expect_leq(strlen(k.log), 400, "%s", k.log);
	cr_expect(strstr(k.log, "from [2001:db8::9]:5062 "), "%s", k.log);
	kit_close(&k);
}

/* The allocations of a refused save. */
static int cost(int32_t level, bool with_log)
{
	kit k;

	kit_init(&k);
	k.env.log_level = level;
	if (!with_log)
		k.env.log = NULL;
	kit_open_over(&k, rg_store_ref(k.memory));
	cr_assert_eq(register_from(&k, "<sip:a@192.0.2.1>", "192.0.2.9:5062", 2), 200); /* what is allocated once */
	allocations_fail(1000000);
	cr_expect_eq(register_from(&k, "<sip:@@>", "192.0.2.9:5062", 3), 400);
	int used = 1000000 - allocations_fail(0);
	cr_expect_eq(k.log[0] != '\0', with_log && (level == 0 || level >= RG_LOG_DEBUG));
	kit_close(&k);
	return used;
}

Test(refusal_log, it_costs_nothing_when_nobody_wants_it)
{
	int none = cost(0, false);

	cr_expect_eq(cost(RG_LOG_INFO, true), none);
	cr_expect_eq(cost(RG_LOG_ERROR, true), none);
	cr_expect_gt(cost(RG_LOG_DEBUG, true), none, "the line is composed, so the counter counts");
	cr_expect_eq(cost(0, true), cost(RG_LOG_DEBUG, true));
}

Test(refusal_log, without_memory_the_answer_is_the_same)
{
	for (int nth = 1, left = 0; left == 0; nth++) {
		phone p = { .aor = "alice", .contact = "<sip:@@>", .cseq = 1 };
		rg_response *response = NULL;
		rg_request r;
		kit k;

		kit_open(&k, INLINE);
		kit_request(&p, &r);
		allocations_fail(nth);
		rg_status st = rg_save(k.reg, &r, NULL, &response, NULL);
		left = allocations_fail(0);
		cr_expect(st == RG_ENOMEM || (st == RG_OK && rg_response_code(response) == 400), "allocation %d: %s", nth, rg_strerror(st));
		rg_response_free(response);
		kit_close(&k);
		cr_assert_leq(nth, 1000);
	}
}

Test(refusal_log, it_is_utf_8_whatever_a_stranger_sent)
{
	kit k;

	open_with_log(&k, INLINE, RG_LOG_DEBUG);
	cr_assert_eq(register_from(&k, "<sip:caf\xc3\xa9\xff \xe2\x82>", "192.0.2.1", 1), 400);
	cr_expect_not_null(strstr(k.log, "caf\xc3\xa9? ??"), "%s", k.log);
	kit_close(&k);
}
