/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "rules/methods.h"

Test(methods, known_names_have_bits_and_the_others_share_the_last)
{
	cr_expect_eq(rg__methods_of(RG_STR("INVITE")), 1);
	cr_expect_eq(rg__methods_of(RG_STR(" ACK , INVITE,,")), 3);
	cr_expect_eq(rg__methods_of(RG_STR("invite")), 1 << 14);
	cr_expect_eq(rg__methods_of(RG_STR("FOO,BAR")), 1 << 14);
	cr_expect_eq(rg__methods_of(RG_STR("PUBLISH")), 1 << 13);
	cr_expect_eq(rg__methods_of(RG_STR("")), 0);
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
