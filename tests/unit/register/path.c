/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define PHONE "<sip:alice@192.0.2.7>"
#define EDGE "<sip:p1.example.com;lr>"

static const char *path_of(world *w)
{
	return put(w, binding(w, 0).path);
}

Test(register_path, without_a_flag_a_path_is_as_if_it_were_not_there)
{
	world w = new_world();

	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE }, .supported = { "path" }), 200);
	cr_expect_null(binding(&w, 0).path.p);
	same_text(put(&w, binding(&w, 0).next_hop), "192.0.2.7:5060");
	same_text(header(&w, "Path"), "");
	same_text(header(&w, "Supported"), "");
	cr_expect_eq(save(&w, { PHONE }, .path = { "not a path" }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(save(&w, { PHONE }, .require = { "path" }, .cseq = "3 REGISTER"), 420);
	same_text(header(&w, "Unsupported"), "path");
	end_world(&w);
}

Test(register_path, every_mode_stores_it_and_answers_it_as_it_says)
{
	static const struct {
		const char *flags, *supported;
		int32_t code;
		const char *answered;
	} rows[] = {
		{ "path-off", NULL, 200, "" }, { "path-off", "path", 200, "" },
		{ "path-lazy", NULL, 200, "" }, { "path-lazy", "path", 200, EDGE }, { "path-lazy", "gruu, PATH", 200, EDGE },
		{ "path-lazy", "paths", 200, "" }, { "path-strict", "path", 200, EDGE }, { "path-strict", "100rel, path", 200, EDGE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		flags(&w, rows[i].flags);
		cr_expect_eq(save(&w, { PHONE }, .path = { EDGE }, .supported = { rows[i].supported }), rows[i].code, "row %zu", i);
		same_text(header(&w, "Path"), rows[i].answered);
		same_text(header(&w, "Supported"), "path");
		same_text(path_of(&w), EDGE);
		same_text(put(&w, binding(&w, 0).next_hop), "p1.example.com:5060");
		end_world(&w);
	}
}

Test(register_path, strict_mode_refuses_who_would_not_know_it_and_stores_nothing)
{
	static const char *const modes[] = { "path-strict", "path-strict, no-reply", "no-reply, path-strict, force-registration" };

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		world w = new_world();

		flags(&w, modes[i]);
		cr_expect_eq(save(&w, { PHONE }, .path = { EDGE, "<sip:p2.example.com;lr>" }), 420);
		cr_expect_eq(reason(&w), RG_R_PATH_UNSUP);
		cr_expect_not(rg_plan_commits(w.plan));
		cr_expect_null(w.record);
		same_text(header(&w, "Unsupported"), "path");
		same_text(header_at(&w, "Path", 0), EDGE);
		same_text(header_at(&w, "Path", 1), "<sip:p2.example.com;lr>");
		same_text(header(&w, "P-Registrar-Error"), "No support for found Path indicated");
		cr_expect_eq(rg_response_no_reply(rg_plan_response(w.plan)), i > 0);
		cr_expect_eq(save(&w, { PHONE }, .cseq = "2 REGISTER"), 200, "without a Path there is nothing to support");
		end_world(&w);
	}
}

Test(register_path, any_number_of_lines_and_values_keep_their_order)
{
	world w = new_world();

	flags(&w, "path-strict");
	cr_expect_eq(save(&w, { PHONE },
		.path = { "<sip:p1.example.com;lr>, \"b, c\" <sip:p2.example.com;lr>;x=\"1,2\" ,<sip:[2001:db8::1]:5070>",
		"<sips:p4@example.com;lr>;a" }, .supported = { "path" }), 200);
	same_text(path_of(&w), "<sip:p1.example.com;lr>\n\"b, c\" <sip:p2.example.com;lr>;x=\"1,2\"\n<sip:[2001:db8::1]:5070>\n"
		"<sips:p4@example.com;lr>;a");
	same_text(header_at(&w, "Path", 0), "<sip:p1.example.com;lr>");
	same_text(header_at(&w, "Path", 1), "\"b, c\" <sip:p2.example.com;lr>;x=\"1,2\"");
	same_text(header_at(&w, "Path", 2), "<sip:[2001:db8::1]:5070>");
	same_text(header_at(&w, "Path", 3), "<sips:p4@example.com;lr>;a");
	same_text(header_at(&w, "Path", 4), "");
	end_world(&w);
}

Test(register_path, a_path_that_cannot_be_a_route_is_refused)
{
	static const char *const bad[] = { "", " ", "sip:p1.example.com;lr", "<sip:p1.example.com>", "<sip:p1.example.com>;lr", "<tel:+1;lr>",
		"<sip:;lr>", "<sip:p1.example.com:0;lr>", "<sip:p1.example.com;lr", "<sip:p1.example.com;lr>,", "," EDGE, EDGE ",," EDGE,
		EDGE ",<sip:p 2>", EDGE ",<http://p2/>", "<sip:p1.example.com;lr>x", "*", "<>" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		world w = new_world();

		flags(&w, i % 2 ? "path-lazy" : "path-off");
		cr_expect_eq(save(&w, { PHONE }, .path = { bad[i] }, .supported = { "path" }), 400, "%s", bad[i]);
		cr_expect_eq(reason(&w), RG_R_PARSE_PATH, "%s", bad[i]);
		cr_expect_null(w.record);
		end_world(&w);
	}
}

Test(register_path, a_refresh_replaces_it_with_none_when_it_has_none)
{
	world w = new_world();

	flags(&w, "path-lazy");
	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE }), 200);
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p9.example.com;lr>" }, .cseq = "2 REGISTER"), 200);
	same_text(path_of(&w), "<sip:p9.example.com;lr>");
	cr_expect_eq(save(&w, { PHONE }, .cseq = "3 REGISTER"), 200);
	cr_expect_null(binding(&w, 0).path.p);
	same_text(put(&w, binding(&w, 0).next_hop), "192.0.2.7:5060");
	end_world(&w);
}

Test(register_path, another_path_is_no_repeat)
{
	world w = new_world();

	flags(&w, "path-lazy");
	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE }), 200);
	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE }), 200);
	same_text(outcomes(&w), "R");
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p9.example.com;lr>" }), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	end_world(&w);
}

Test(register_path, received_comes_from_the_first_hop_or_behind_r2_from_the_second)
{
	static const struct {
		const char *path[3], *received;
		int32_t reason;
	} rows[] = {
		{ { "<sip:p1;lr;received=sip:203.0.113.9:4444%3Btransport%3Dtcp>" }, "sip:203.0.113.9:4444;transport=tcp", RG_R_FINE },
		{ { "<sip:p1;lr;received=sip:203.0.113.9>", "<sip:p2;lr;received=sip:203.0.113.8>" }, "sip:203.0.113.9", RG_R_FINE },
		{ { "<sip:p1;lr;r2=on;received=sip:203.0.113.9>", "<sip:p1:5061;lr;r2=on;received=sip:203.0.113.8>" }, "sip:203.0.113.8",
			RG_R_FINE },
		{ { "<sip:p1;lr;R2;received=sip:203.0.113.9>" }, "sip:198.51.100.1:5060", RG_R_FINE },
		{ { "<sip:p1;lr>" }, "sip:198.51.100.1:5060", RG_R_FINE },
		{ { "<sip:p1;lr;received=%73ip:[2001:db8::9]:5080>" }, "sip:[2001:db8::9]:5080", RG_R_FINE },
		{ { "<sip:p1;lr;received=203.0.113.9>" }, NULL, RG_R_PARSE_PATH },
		{ { "<sip:p1;lr;received>" }, NULL, RG_R_PARSE_PATH },
		{ { "<sip:p1;lr;received=sip:a%00b>" }, NULL, RG_R_PARSE_PATH },
		{ { "<sip:p1;lr;received=sip:203.0.113.9%0d%0aEvil:%201>" }, NULL, RG_R_PARSE_PATH },
		{ { "<sip:p1;lr;received=sip:203.0.113.9%22%3Bx>" }, NULL, RG_R_PARSE_PATH },
		{ { "<sip:p1;lr;received=tel:+1>" }, NULL, RG_R_PARSE_PATH },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		set(&w, "nat_bflag", "6");
		flags(&w, "path-off, path-received");
		save(&w, { PHONE, "<sip:alice@192.0.2.8>" }, .path = { rows[i].path[0], rows[i].path[1] }, .received = "sip:198.51.100.1:5060");
		cr_expect_eq(reason(&w), rows[i].reason, "row %zu", i);
		for (uint32_t k = 0; k < 2 && rows[i].received; k++) {
			bool from_path = strcmp(rows[i].received, "sip:198.51.100.1:5060") != 0;

			same_text(put(&w, binding(&w, k).received), rows[i].received);
			cr_expect_eq(binding(&w, k).branch_flags, from_path ? 64 : 0, "row %zu", i);
			same_text(put(&w, binding(&w, k).next_hop), "p1:5060");
		}
		end_world(&w);
	}
}

Test(register_path, received_of_a_path_beats_what_a_trusted_client_wrote_and_needs_its_flag)
{
	world w = new_world();

	set(&w, "trust_contact_received", "1");
	flags(&w, "path-off, path-received");
	cr_expect_eq(save(&w, { PHONE ";received=\"sip:192.0.2.200\"" }, .path = { "<sip:p1;lr;received=sip:203.0.113.9>" }), 200);
	same_text(put(&w, binding(&w, 0).received), "sip:203.0.113.9");
	flags(&w, "path-off");
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p1;lr;received=sip:203.0.113.9>" }, .cseq = "2 REGISTER"), 200);
	cr_expect_null(binding(&w, 0).received.p);
	cr_expect_eq(binding(&w, 0).branch_flags, 0, "nat_bflag is not set");
	end_world(&w);
}

Test(register_path, the_nat_flag_lasts_as_long_as_the_path_says_so)
{
	world w = new_world();

	set(&w, "nat_bflag", "3");
	flags(&w, "path-off, path-received");
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p1;lr;received=sip:203.0.113.9>" }, .flags = RG_REQUEST_HAS_BRANCH_FLAGS,
		.branch_flags = 1), 200);
	cr_expect_eq(binding(&w, 0).branch_flags, 9);
	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE }, .cseq = "2 REGISTER"), 200);
	cr_expect_eq(binding(&w, 0).branch_flags, 1, "the host's own stay");
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p1;lr;received=sip:203.0.113.9>" }, .cseq = "3 REGISTER"), 200);
	cr_expect_eq(save(&w, { PHONE }, .cseq = "4 REGISTER"), 200);
	cr_expect_eq(binding(&w, 0).branch_flags, 1);
	cr_expect_eq(save(&w, { PHONE }, .cseq = "5 REGISTER", .flags = RG_REQUEST_HAS_BRANCH_FLAGS, .branch_flags = 8), 200);
	cr_expect_eq(binding(&w, 0).branch_flags, 8, "the host may know of the NAT by itself");
	end_world(&w);
}

Test(register_path, a_received_that_is_too_long_is_refused)
{
	world w = new_world();

	set(&w, "max_received_len", "15");
	flags(&w, "path-off, path-received");
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p1;lr;received=sip:203.0.113.9>" }), 200);
	cr_expect_eq(save(&w, { PHONE }, .path = { "<sip:p1;lr;received=sip:203.0.113.90>" }, .cseq = "2 REGISTER"), 400);
	cr_expect_eq(reason(&w), RG_R_CONTACT_LEN);
	end_world(&w);
}

Test(register_path, a_sips_contact_needs_sips_all_the_way)
{
	static const struct {
		const char *path[2];
		int32_t code;
	} rows[] = {
		{ { "<sips:p1;lr>" }, 200 }, { { "<sip:p1;lr>" }, 400 }, { { "<sips:p1;lr>", "<sip:p2;lr>" }, 400 },
			{ { "<sip:p1;lr>, <sips:p2;lr>" }, 400 },
		{ { "<sips:p1;lr>,<sips:p2;lr>" }, 200 }, { { NULL }, 200 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		flags(&w, "path-lazy");
		cr_expect_eq(save(&w, { "<sips:alice@192.0.2.7>" }, .request_uri = "sips:example.com", .path = { rows[i].path[0],
			rows[i].path[1] }),
			rows[i].code, "row %zu", i);
		cr_expect(rows[i].code == 200 || reason(&w) == RG_R_SIPS);
		end_world(&w);
	}
}

Test(register_path, require_path_is_understood_with_a_flag)
{
	world w = new_world();

	flags(&w, "path-lazy");
	cr_expect_eq(save(&w, { PHONE }, .require = { "Path" }, .path = { EDGE }), 200);
	cr_expect_eq(save(&w, { PHONE }, .require = { "path, outbound, x" }, .cseq = "2 REGISTER"), 420);
	same_text(header(&w, "Unsupported"), "outbound, x");
	end_world(&w);
}

Test(register_path, the_limit_on_values_comes_before_everything)
{
	world w = new_world();

	set(&w, "max_paths", "2");
	flags(&w, "path-strict");
	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE, EDGE }, .supported = { "path" }), 200);
	cr_expect_eq(save(&w, { PHONE }, .path = { EDGE "," EDGE, EDGE }, .no_to = true), 413);
	end_world(&w);
}

Test(register_path, its_host_name_is_resolved_like_any_next_hop)
{
	world w = new_world();
	rg_str host = { 0 };
	spec s = { .contact = { PHONE, "<sip:alice@phone.example.com>" }, .path = { EDGE } };
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg__register *reg;

	flags(&w, "path-off");
	cr_assert_eq(rg__register_read(&r, w.config, w.options, NULL, &reg, NULL), RG_OK);
	cr_expect_eq(rg__register_hosts(reg, &host, 1), 1);
	same_text(put(&w, host), "p1.example.com");
	rg__register_free(reg);
	end_world(&w);
}
