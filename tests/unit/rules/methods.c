/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "model/method_names.h"
#include "rules/methods.h"

#define OTHER_BIT UINT32_C(0x80000000)

/* The bits of doc/record-format.md: what is stored must mean the same to every version. */
static const struct {
	const char *name;
	uint32_t bit;
} stored[] = {
	{ "INVITE", 0x1 }, { "ACK", 0x2 }, { "BYE", 0x4 }, { "CANCEL", 0x8 }, { "REGISTER", 0x10 }, { "OPTIONS", 0x20 }, { "PRACK", 0x40 },
	{ "UPDATE", 0x80 }, { "INFO", 0x100 }, { "SUBSCRIBE", 0x200 }, { "NOTIFY", 0x400 }, { "REFER", 0x800 }, { "MESSAGE", 0x1000 },
	{ "PUBLISH", 0x2000 }, { "OTHER", OTHER_BIT },
};

Test(methods, each_has_the_bit_that_is_stored)
{
	size_t n = sizeof stored / sizeof *stored;

#define COUNTED(name, bit) + 1
	cr_expect_eq(n, (size_t)(0 RG__METHOD_MAP(COUNTED)), "a method of the public table is not tested");
#undef COUNTED
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(rg__methods_of(rg_str_from(stored[i].name)), stored[i].bit, "%s", stored[i].name);
}

Test(methods, each_has_a_name_and_a_free_number_has_none)
{
	uint32_t named = 0;

	for (size_t i = 0; i < sizeof stored / sizeof *stored; i++)
		cr_expect_str_eq(rg_method_name((uint32_t)__builtin_ctz(stored[i].bit)), stored[i].name);
	for (uint32_t i = 0; i < 100; i++)
		named += rg_method_name(i) != NULL;
	cr_expect_eq(named, sizeof stored / sizeof *stored);
	cr_expect_null(rg_method_name(UINT32_MAX));
}

Test(methods, names_are_read_from_a_list_and_unknown_ones_share_the_bit_of_OTHER)
{
	cr_expect_eq(rg__methods_of(RG_STR(" ACK , INVITE,,")), 3);
	cr_expect_eq(rg__methods_of(RG_STR("invite")), OTHER_BIT);
	cr_expect_eq(rg__methods_of(RG_STR("FOO,BAR")), OTHER_BIT);
	cr_expect_eq(rg__methods_of(RG_STR("FOO,INVITE")), OTHER_BIT | 1);
	cr_expect_eq(rg__methods_of(RG_STR("")), 0);
}

Test(methods, a_list_with_a_value_that_is_no_token_is_not_read)
{
	static const char *const good[] = { " ACK\t, INVITE,,", "ACK,INVITE", ",INVITE , ,ACK , " };
	static const char *const bad[] = { "ACK INVITE", "ACK;INVITE", "ACK, \"INVITE\"", "<ACK", "ACK,\xc3\xbf", "ACK\r\n", "@" };
	uint32_t bits = 0;

	cr_expect(rg__methods_read(RG_STR(""), &bits) && rg__methods_read((rg_str){ NULL, 0 }, &bits) && bits == 0);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		bits = 8;
		cr_expect(rg__methods_read(rg_str_from(good[i]), &bits), "%s", good[i]);
		cr_expect_eq(bits, 8 | 3, "%s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect(!rg__methods_read(rg_str_from(bad[i]), &bits), "%s", bad[i]);
}

Test(methods, a_binding_has_those_of_its_contact_else_of_Allow_else_all)
{
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.7>;methods=\"INVITE,ACK\", <sip:b@192.0.2.7>" }, .allow = { "BYE", "CANCEL, BYE" });
	cr_expect_eq(binding(&w, 0).methods, 3);
	cr_expect_eq(binding(&w, 1).methods, 4 | 8);
	save(&w, .contact = { "<sip:b@192.0.2.7>" }, .cseq = "2 REGISTER");
	cr_expect_eq(binding(&w, 1).methods, RG_METHODS_ALL);
	end_world(&w);
}
