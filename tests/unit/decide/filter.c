/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

static bool matches(world *w, const rg__filter *f)
{
	rg_contact c = binding(w, 0);

	return rg__filter_matches(f, &c);
}

Test(filter, contact_by_the_matcher)
{
	static const struct {
		const char *mode, *text;
		bool want;
	} cases[] = {
		{ "0", "sip:a@192.0.2.7;transport=tcp;r=1", true }, { "0", "\"A\" <sip:%61@192.0.2.7;transport=tcp>;q=1", true },
		{ "0", "sip:a@192.0.2.7", false }, { "1", "sip:a@192.0.2.7;transport=tcp;r=1", true },
		{ "instance", "sip:a@192.0.2.7;transport=tcp", true }, { "<r>", "sip:b@192.0.2.9;r=1", true },
		{ "<r>", "sip:b@192.0.2.9;r=2", false },
	};
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.7;transport=tcp;r=1>;+sip.instance=\"<urn:x:1>\"" });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__filter f = { 0 };

		set(&w, "matching_mode", cases[i].mode);
		cr_assert_eq(rg__filter_contact(&f, rg_str_from(cases[i].text), w.config, "contact", NULL), RG_OK);
		cr_expect_eq(matches(&w, &f), cases[i].want, "mode %s: %s", cases[i].mode, cases[i].text);
	}
	end_world(&w);
}

Test(filter, next_hop_by_address_or_name)
{
	static const struct {
		const char *registered, *text;
		bool want;
	} cases[] = {
		{ "<sip:a@192.0.2.7>", "192.0.2.7", true }, { "<sip:a@192.0.2.7>", "192.0.2.7:5060", true },
		{ "<sip:a@192.0.2.7>", "192.0.2.7:5061", false }, { "<sip:a@192.0.2.7>", "192.0.2.70", false },
		{ "<sip:a@192.0.2.7>", "::ffff:192.0.2.7", true }, { "<sip:a@[2001:db8::1]:5070>", "2001:DB8:0:0::1", true },
		{ "<sip:a@[2001:db8::1]:5070>", "[2001:db8::1]:5070", true }, { "<sip:a@[2001:db8::1]:5070>", "[2001:db8::1]:5071", false },
		{ "<sip:a@Phone.example>", "phone.EXAMPLE.", true }, { "<sip:a@phone.example>", "phone.example:5060", true },
		{ "<sip:a@phone.example>", "phone.example:5070", false }, { "<sip:a@phone.example>", "192.0.2.7", false },
		{ "<tel:+1>", "192.0.2.7", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = new_world();
		rg__filter f = { 0 };

		save(&w, .contact = { cases[i].registered });
		cr_assert_eq(rg__filter_next_hop(&f, rg_str_from(cases[i].text), "next_hop", NULL), RG_OK, "%s", cases[i].text);
		cr_expect_eq(matches(&w, &f), cases[i].want, "%s: %s", cases[i].registered, cases[i].text);
		end_world(&w);
	}
}

Test(filter, a_name_matches_by_what_it_resolved_to)
{
	rg_addr addr = { .ip = { 192, 0, 2, 7 }, .family = 4 };
	rg_contact c = { .struct_size = sizeof c };
	rg__filter f = { 0 };

	rg_contact_init(&c, sizeof c);
	c.next_hop = RG_STR("phone.example:5060");
	c.addrs = &addr;
	c.n_addrs = 1;
	cr_assert_eq(rg__filter_next_hop(&f, RG_STR("192.0.2.7:5060"), "next_hop", NULL), RG_OK);
	cr_expect(rg__filter_matches(&f, &c));
	f.port = 5070;
	cr_expect_not(rg__filter_matches(&f, &c));
	cr_assert_eq(rg__filter_next_hop(&f, RG_STR("other.example"), "next_hop", NULL), RG_OK);
	cr_expect_not(rg__filter_matches(&f, &c));
	f.addrs[f.n_addrs++] = addr;
	cr_expect(rg__filter_matches(&f, &c));
}

Test(filter, instance_with_or_without_brackets)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = { { "<urn:uuid:AB>", true }, { "URN:uuid:ab", true }, { " urn:uuid:ab ", true }, { "urn:uuid:ac", false } };
	static const char *const contacts[] = { "<sip:a@192.0.2.7>;+sip.instance=\"<urn:uuid:ab>\"",
		"<sip:a@192.0.2.7>;+sip.instance=\"urn:uuid:ab\"" };

	for (int bare = 0; bare < 2; bare++) {
		world w = new_world();

		save(&w, .contact = { contacts[bare] });
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			rg__filter f = { 0 };

			cr_assert_eq(rg__filter_instance(&f, rg_str_from(cases[i].text), "instance", NULL), RG_OK);
			cr_expect_eq(matches(&w, &f), cases[i].want, "%s", cases[i].text);
		}
		end_world(&w);
	}
}

Test(filter, a_contact_value_has_header_params_and_maybe_an_instance)
{
	static const struct {
		const char *mode, *value;
		bool as_value, as_typed;
	} cases[] = {
		/* Without <> its parameters are the header's, but an operator means the URI's. */
		{ "0", "sip:a@192.0.2.7;transport=tcp", true, false }, { "0", "<sip:a@192.0.2.7>;expires=60", true, true },
		{ "0", "sip:a@192.0.2.7", true, true }, { "0", "<sip:a@192.0.2.7;transport=tcp>", false, false },
		{ "instance", "<sip:b@192.0.2.8>;+sip.instance=\"<urn:x:1>\"", true, true },
		{ "instance", "<sip:a@192.0.2.7>;+SIP.Instance=\"<urn:x:2>\"", false, false },
		{ "instance", "<sip:b@192.0.2.8>;+sip.instance=\"urn:x:1\"", true, true },
		{ "instance", "<sip:a@192.0.2.7>;+sip.instance=abc", true, true }, /* malformed: the URI decides */
		{ "instance", "<sip:b@192.0.2.8>;+sip.instance=abc", false, false },
		{ "0", "<sip:b@192.0.2.8>;+sip.instance=\"<urn:x:1>\"", false, false },
	};
	world w = new_world();

	save(&w, .contact = { "<sip:a@192.0.2.7>;+sip.instance=\"<urn:x:1>\"" });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__filter value = { 0 }, typed = { 0 };

		set(&w, "matching_mode", cases[i].mode);
		cr_assert_eq(rg__filter_contact_value(&value, rg_str_from(cases[i].value), w.config, "contact", NULL), RG_OK);
		cr_assert_eq(rg__filter_contact(&typed, rg_str_from(cases[i].value), w.config, "contact", NULL), RG_OK);
		cr_expect_eq(matches(&w, &value), cases[i].as_value, "mode %s: %s", cases[i].mode, cases[i].value);
		cr_expect_eq(matches(&w, &typed), cases[i].as_typed, "mode %s: %s", cases[i].mode, cases[i].value);
	}
	end_world(&w);
}

Test(filter, a_flow_is_compared_octet_by_octet)
{
	char longest[RG__HOST_TEXT_MAX + 1];
	world w = new_world();
	rg__filter f = { 0 };

	memset(longest, 'f', sizeof longest);
	save(&w, .contact = { "<sip:a@192.0.2.7>" }, .flow = "tcp-7.1");
	cr_assert_eq(rg__filter_flow(&f, RG_STR("tcp-7.1"), "flow", NULL), RG_OK);
	cr_expect(matches(&w, &f));
	static const rg_str others[] = { { "tcp-7", 5 }, { "tcp-7.10", 8 }, { "TCP-7.1", 7 }, { "tcp-7.1\0", 8 }, { "flow:tcp-7.1", 12 } };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		cr_assert_eq(rg__filter_flow(&f, others[i], "flow", NULL), RG_OK);
		cr_expect_not(matches(&w, &f), "%.*s", (int)others[i].n, others[i].p);
	}
	save(&w, .contact = { "<sip:a@192.0.2.7>" }, .cseq = "2 REGISTER");
	cr_assert_eq(rg__filter_flow(&f, RG_STR("tcp-7.1"), "flow", NULL), RG_OK);
	cr_expect_not(matches(&w, &f), "its current flow is none");
	f = (rg__filter){ 0 };
	cr_expect_eq(rg__filter_flow(&f, RG__ABSENT, "flow", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_flow(&f, RG_STR(""), "flow", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_flow(&f, (rg_str){ longest, sizeof longest }, "flow", NULL), RG_EINVAL);
	cr_expect_not(f.has_flow);
	cr_expect_eq(rg__filter_flow(&f, (rg_str){ longest, RG__HOST_TEXT_MAX }, "flow", NULL), RG_OK);
	end_world(&w);
}

Test(filter, conditions_are_anded)
{
	world w = new_world();
	rg__filter f = { 0 };

	save(&w, .contact = { "<sip:a@192.0.2.7>" }, .flags = RG_REQUEST_HAS_BRANCH_FLAGS, .branch_flags = 6);
	cr_expect(matches(&w, &f));
	f.branch_flags = 2;
	cr_expect(matches(&w, &f));
	f.has_callid = true;
	f.callid = RG_STR("call-1");
	cr_expect(matches(&w, &f));
	cr_assert_eq(rg__filter_next_hop(&f, RG_STR("192.0.2.7"), "next_hop", NULL), RG_OK);
	cr_assert_eq(rg__filter_contact(&f, RG_STR("<sip:a@192.0.2.7>"), NULL, "contact", NULL), RG_OK);
	cr_expect(matches(&w, &f));
	f.branch_flags = 9;
	cr_expect_not(matches(&w, &f));
	f.branch_flags = 4;
	f.callid = RG_STR("CALL-1");
	cr_expect_not(matches(&w, &f));
	f.callid = RG_STR("call-1");
	cr_expect(matches(&w, &f));
	cr_assert_eq(rg__filter_flow(&f, RG_STR("another"), "flow", NULL), RG_OK);
	cr_expect_not(matches(&w, &f));
	end_world(&w);
}

Test(filter, what_cannot_be_read_is_refused)
{
	rg__filter f = { 0 };

	cr_expect_eq(rg__filter_contact(&f, RG_STR("<sip:"), NULL, "contact", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_contact(&f, RG_STR(""), NULL, "contact", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_contact(&f, RG_STR("sip:a@"), NULL, "contact", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_contact_value(&f, RG_STR(""), NULL, "contact", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_contact_value(&f, RG_STR("*"), NULL, "contact", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_contact_value(&f, RG_STR("<sip:a@192.0.2.7>x"), NULL, "contact", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_next_hop(&f, RG_STR(""), "next_hop", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_next_hop(&f, RG_STR("192.0.2.7:0"), "next_hop", NULL), RG_EINVAL);
	cr_expect_eq(rg__filter_instance(&f, RG_STR("<>"), "instance", NULL), RG_EINVAL);
	static const char *const instances[] = { "", " ", "<", ">", "<urn:uuid:a", "urn:uuid:a>", "\"<urn:uuid:a>\"", "a\\b", "a\001" };
	for (size_t i = 0; i < sizeof instances / sizeof *instances; i++)
		cr_expect_eq(rg__filter_instance(&f, rg_str_from(instances[i]), "instance", NULL), RG_EINVAL, "%s", instances[i]);
	cr_expect_eq(rg__filter_instance(&f, RG_STR("a\0b"), "instance", NULL), RG_EINVAL);
	cr_expect_not(f.has_contact || f.has_next_hop || f.has_instance);
}
