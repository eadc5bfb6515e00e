/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "page.h"
#include "register/register.h"

static void expect(const char *what, spec s, int32_t want)
{
	world w = new_world();

	save_spec(&w, s);
	cr_expect_eq(reason(&w), want, "%s: %s", what, rg_reason_name(reason(&w)));
	cr_expect_eq(rg_plan_commits(w.plan), want == RG_R_FINE && (s.contact[0] || s.raw_contact.p), "%s", what);
	end_world(&w);
}

#define GOOD "<sip:alice@192.0.2.7:5062>"

/* A fault of the host: no decision, and words that begin with the member's name. */
static void faulted(const char *member, spec s)
{
	rg_error *why = rg_error_new();
	world w = new_world();
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg_plan *plan = (rg_plan *)&w;

	cr_expect_eq(rg_merge(NULL, &r, w.config, NULL, w.now, w.seed, &plan, why), RG_EINVAL, "%s", member);
	cr_expect_null(plan);
	cr_expect_eq(rg_error_status(why), RG_EINVAL);
	cr_expect_eq(strncmp(rg_error_text(why).p, member, strlen(member)), 0, "%s: %s", member, rg_error_text(why).p);
	rg_error_free(why);
	end_world(&w);
}

Test(register_read, a_From_that_is_To_and_a_tag_is_checked_to_its_end)
{
	static const struct { const char *from; int32_t reason; } rows[] = {
		{ "<sip:alice@example.com>", RG_R_FINE }, { "<sip:alice@example.com>;tag=1", RG_R_FINE },
		{ "<sip:alice@example.com>;tag=a.-1%", RG_R_FINE }, { "<sip:alice@example.com>;TAG=1;x", RG_R_FINE },
		{ "<sip:alice@example.com>;tag=\"a b\"", RG_R_FINE }, { "<sip:alice@example.com>;tag=", RG_R_PARSE },
		{ "<sip:alice@example.com>;tag=a b", RG_R_PARSE }, { "<sip:alice@example.com>;tag=a;tag=b", RG_R_PARSE },
		{ "<sip:alice@example.com>;tag=a,", RG_R_PARSE }, { "<sip:alice@example.com>;tag=a;;x", RG_R_PARSE },
		{ "<sip:alice@example.com>tag=a", RG_R_PARSE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect(rows[i].from, (spec){ .contact = { GOOD }, .to = "<sip:alice@example.com>", .from = rows[i].from }, rows[i].reason);
	expect("one tag for all", (spec){ .contact = { GOOD }, .to = "<sip:alice@example.com>;tag=a", .from = "<sip:alice@example.com>;tag=a" },
		RG_R_FINE);
	expect("a tag behind that of To", (spec){ .contact = { GOOD }, .to = "<sip:alice@example.com>;tag=a",
		.from = "<sip:alice@example.com>;tag=a;tag=b" }, RG_R_PARSE);
}

Test(register_read, required_fields_are_present_and_valid)
{
	expect("all of them", (spec){ .contact = { GOOD } }, RG_R_FINE);
	expect("no To", (spec){ .contact = { GOOD }, .no_to = true }, RG_R_TO_MISS);
	expect("no From", (spec){ .contact = { GOOD }, .no_from = true }, RG_R_FROM_MISS);
	expect("no Call-ID", (spec){ .contact = { GOOD }, .no_callid = true }, RG_R_CID_MISS);
	expect("no CSeq", (spec){ .contact = { GOOD }, .no_cseq = true }, RG_R_CS_MISS);
	expect("bad To", (spec){ .contact = { GOOD }, .to = "<sip:alice@" }, RG_R_AOR_PARSE);
	expect("bad From", (spec){ .contact = { GOOD }, .from = "<sip:%%%>" }, RG_R_PARSE);
	expect("bad Call-ID", (spec){ .contact = { GOOD }, .callid = "a b" }, RG_R_PARSE);
	expect("empty Call-ID", (spec){ .contact = { GOOD }, .callid = "" }, RG_R_PARSE);
	expect("another method in CSeq", (spec){ .contact = { GOOD }, .cseq = "1 INVITE" }, RG_R_PARSE);
	faulted("rg_request.method is not REGISTER: 'register'", (spec){ .contact = { GOOD }, .method = "register" });
	expect("CSeq 2^31", (spec){ .contact = { GOOD }, .cseq = "2147483648 REGISTER" }, RG_R_INV_CSEQ);
	expect("CSeq 2^31 - 1", (spec){ .contact = { GOOD }, .cseq = "2147483647 REGISTER" }, RG_R_FINE);
	expect("negative CSeq", (spec){ .contact = { GOOD }, .cseq = "-1 REGISTER" }, RG_R_INV_CSEQ);
	expect("bad Request-URI", (spec){ .contact = { GOOD }, .request_uri = "sip:exa mple.com" }, RG_R_PARSE);
}

Test(register_read, the_order_of_refusals_is_that_of_the_work)
{
	spec s = { .contact = { "<sip:" }, .expires = "abc", .to = "<tel:+1>", .flags = RG_REQUEST_FORBIDDEN | RG_REQUEST_NOT_LOCAL,
		.require = { "foo" }, .no_cseq = true, .defect = RG_R_PARSE_EXP, .attr = NULL };
	char callid[300];

	memset(callid, 'a', sizeof callid - 1);
	callid[sizeof callid - 1] = '\0';
	s.callid = callid;
	s.attr = "a\nb";
	faulted("rg_request.attr has a control character: 'a?b'", s);
	s.attr = NULL;
	expect("limits", s, RG_R_CALLID_LEN);
	s.callid = NULL;
	expect("what the adaptor found", s, RG_R_PARSE_EXP);
	s.defect = 0;
	expect("required fields", s, RG_R_CS_MISS);
	s.no_cseq = false;
	expect("domain", s, RG_R_DOMAIN);
	s.flags &= ~(uint32_t)RG_REQUEST_NOT_LOCAL;
	expect("Require", s, RG_R_REQUIRE);
	s.require[0] = NULL;
	expect("authorization", s, RG_R_FORBIDDEN);
	s.flags = 0;
	expect("AoR", s, RG_R_DOMAIN);
	s.to = NULL;
	expect("Expires", s, RG_R_PARSE_EXP);
	s.expires = NULL;
	expect("Contacts", s, RG_R_PARSE_CONT);
}

Test(register_read, an_unknown_defect_is_a_mistake_of_the_host)
{
	faulted("rg_request.defect is no reason: 4711", (spec){ .contact = { GOOD }, .defect = 4711 });
	faulted("rg_request.defect is no reason: -1", (spec){ .contact = { GOOD }, .defect = -1 });
	expect("our own error", (spec){ .contact = { GOOD }, .defect = RG_R_INTERNAL }, RG_R_INTERNAL);
}

Test(register_read, every_required_extension_is_refused_by_name)
{
	world w = new_world();

	cr_expect_eq(save(&w, .contact = { GOOD }, .require = { "path, foo", "outbound" }), 420);
	same_text(header(&w, "Unsupported"), "path, foo, outbound");
	same_text(header(&w, "P-Registrar-Error"), "Extension not supported");
	cr_expect_eq(save(&w, .contact = { GOOD }, .require = { "fo o" }), 400);
	cr_expect_eq(save(&w, .contact = { GOOD }, .require = { "a\r\nEvil: 1" }), 400);
	same_text(header(&w, "Unsupported"), "");
	cr_expect_eq(save(&w, .contact = { GOOD }, .require = { "" }), 200);
	end_world(&w);
}

Test(register_read, the_aor_is_the_callers_before_that_of_To)
{
	world w = new_world();
	rg_key key;

	cr_expect_eq(save(&w, .contact = { GOOD }, .aor = "sip:Bob%40home@EXAMPLE.com.", .to = "<sip:alice@example.com>"), 200);
	rg_record_key(w.record, &key);
	same_text(put(&w, key.user), "Bob@home");
	same_text(put(&w, key.host), "example.com");
	same_text(put(&w, key.domain), "location");
	end_world(&w);
}

Test(register_read, an_aor_that_cannot_be_read_has_its_own_refusals)
{
	char *name = malloc(128);

	memset(name, 'a', 127);
	memcpy(name, "<sip:", 5);
	memcpy(name + 105, "@example.com>", 14);
	expect("too long", (spec){ .contact = { GOOD }, .to = name }, RG_R_AOR_LEN);
	expect("NUL in it", (spec){ .contact = { GOOD }, .to = "<sip:al%00ice@example.com>" }, RG_R_UNESCAPE);
	expect("line break in it", (spec){ .contact = { GOOD }, .to = "<sip:al%0d%0aice@example.com>" }, RG_R_UNESCAPE);
	expect("tel", (spec){ .contact = { GOOD }, .to = "<tel:+15550100>" }, RG_R_DOMAIN);
	free(name);
}

Test(register_read, one_user_under_many_spellings_is_one_aor_and_two_users_are_two)
{
	static const struct {
		const char *to;
		bool same;
	} cases[] = {
		{ "<sip:alice@EXAMPLE.com>", true },
		{ "<sips:alice@example.com>", true },
		{ "<sip:%61lice@example.com>", true },
		{ "\"Alice\" <sip:alice:secret@example.com.:5070;transport=tcp>;tag=x", true },
		{ "sip:alice@example.com;tag=x", true },
		{ "<sip:Alice@example.com>", false },
		{ "<sip:alice%20@example.com>", false },
		{ "<sip:alice%40example.com@example.com>", false },
		{ "<sip:alice@example.org>", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = new_world();
		spec_room room;
		rg_request r = request_of(&(spec){ .to = cases[i].to }, &room);
		rg_plan *plan = NULL;

		save(&w, .contact = { GOOD });
		cr_expect_eq(rg_merge(w.record, &r, NULL, NULL, w.now, w.seed, &plan, NULL), cases[i].same ? RG_OK : RG_EINVAL, "%s", cases[i].to);
		rg_plan_free(plan);
		end_world(&w);
	}
}

Test(register_read, limits_come_first)
{
	char longer[3000];
	spec s = { .contact = { GOOD }, .no_to = true };

	memset(longer, 'a', sizeof longer);
	longer[256] = '\0';
	s.callid = longer;
	expect("Call-ID", s, RG_R_CALLID_LEN);
	s.callid = NULL;
	longer[0] = '<', memcpy(longer + 1, "sip:", 4), memcpy(longer + 252, "@a.example>", 12);
	s.contact[0] = longer;
	expect("Contact URI", s, RG_R_CONTACT_LEN);
	for (int i = 0; i < 32; i++)
		s.contact[i] = GOOD;
	expect("32 Contact lines", s, RG_R_TO_MISS);
	s.contact[32] = GOOD;
	expect("33 Contact lines", s, RG_R_TOO_LARGE);
	s.contact[1] = NULL;
	longer[0] = '\0';
	for (int i = 0; i < 33; i++)
		strcat(longer, i > 0 ? "," GOOD : GOOD);
	s.contact[0] = longer;
	expect("33 Contacts on a line", s, RG_R_TOO_LARGE);
}

Test(register_read, parameters_and_paths_have_limits_too)
{
	char text[600] = GOOD;
	spec s = { .contact = { text } };

	for (int i = 0; i < 32; i++)
		sprintf(text + strlen(text), ";p%d=1", i);
	expect("32 parameters", s, RG_R_FINE);
	strcat(text, ";last");
	expect("33 parameters", s, RG_R_TOO_LARGE);
	strcpy(text, "<sip:alice@192.0.2.7");
	for (int i = 0; i < 33; i++)
		sprintf(text + strlen(text), ";p%d", i);
	strcat(text, ">");
	expect("33 URI parameters", s, RG_R_TOO_LARGE);
	strcpy(text, GOOD);
	for (int i = 0; i < 16; i++)
		s.path[i] = "<sip:p.example.com;lr>";
	expect("16 Paths", s, RG_R_FINE);
	s.path[15] = "<sip:p.example.com;lr>, <sip:q.example.com;lr>";
	expect("17 Paths", s, RG_R_TOO_LARGE);
}

Test(register_read, a_user_agent_is_cut_between_characters)
{
	world w = new_world();
	char text[300];

	memset(text, 'a', sizeof text);
	memcpy(text + 254, "\xc3\xa9", 3);
	cr_expect_eq(save(&w, .contact = { GOOD }, .user_agent = text), 200);
	cr_expect_eq(binding(&w, 0).user_agent.n, 254);
	end_world(&w);
}

Test(register_read, without_a_path_flag_path_is_ignored)
{
	world w = new_world();

	cr_expect_eq(save(&w, .contact = { GOOD }, .path = { "<sip:p.example.com;lr>" }, .supported = { "path" }), 200);
	cr_expect_eq(binding(&w, 0).path.n, 0);
	same_text(header(&w, "Path"), "");
	end_world(&w);
}

Test(register_read, no_control_character_reaches_the_store)
{
	faulted("rg_request.attr has a control", (spec){ .contact = { GOOD }, .attr = "a\nb" });
	faulted("rg_request.flow has a control", (spec){ .contact = { GOOD }, .flow = "a\x01" });
	faulted("rg_request.socket has a control", (spec){ .contact = { GOOD }, .socket = "udp:\r" });
	faulted("rg_request.ownership_tag has a control", (spec){ .contact = { GOOD }, .tag = "\x7f" });
	faulted("rg_request.received is no SIP URI", (spec){ .contact = { GOOD }, .received = "sip:192.0.2.1\r\nEvil: 1" });
	faulted("rg_request.received is no SIP URI", (spec){ .contact = { GOOD }, .received = "sip:192.0.2.1;a=\";evil" });
	faulted("rg_request.received is no SIP URI: '192.0.2.1'", (spec){ .contact = { GOOD }, .received = "192.0.2.1" });
	faulted("rg_request.received is no SIP URI: 'tel:1'", (spec){ .contact = { GOOD }, .received = "tel:1" });
	expect("Call-ID", (spec){ .contact = { GOOD }, .callid = "a\nb" }, RG_R_PARSE);
	expect("HTAB", (spec){ .contact = { GOOD }, .attr = "a\tb", .flow = "a\tb", .socket = "udp:\t", .tag = "\t" }, RG_R_FINE);
}

Test(register_read, what_the_host_says_has_limits_too)
{
	static const struct { const char *name, *limit, *value; size_t most; } rows[] = {
		{ "rg_request.attr", NULL, NULL, 1024 }, { "rg_request.attr", "max_attr_len", "0", 0 }, { "rg_request.flow", NULL, NULL, 255 },
		{ "rg_request.socket", NULL, NULL, 255 }, { "rg_request.ownership_tag", NULL, NULL, 255 },
		{ "rg_request.received", NULL, NULL, 255 }, { "rg_request.received", "max_received_len", "30", 30 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char value[1026];
		spec s = { .contact = { GOOD } };
		const char **member = strstr(rows[i].name, "attr") ? &s.attr : strstr(rows[i].name, "flow") ? &s.flow
			: strstr(rows[i].name, "socket") ? &s.socket : strstr(rows[i].name, "tag") ? &s.tag : &s.received;
		world w = new_world();
		rg_error *why = rg_error_new();
		spec_room room;

		if (rows[i].limit)
			set(&w, rows[i].limit, rows[i].value);
		memset(value, 'a', sizeof value);
		memcpy(value, "sip:192.0.2.1;x=", 16);
		value[rows[i].most + 1] = '\0';
		*member = value;
		rg_request r = request_of(&s, &room);
		cr_expect_eq(rg_merge(NULL, &r, w.config, NULL, w.now, w.seed, &w.plan, why), RG_EINVAL, "row %zu", i);
		cr_expect_eq(strncmp(rg_error_text(why).p, rows[i].name, strlen(rows[i].name)), 0, "row %zu: %s", i, rg_error_text(why).p);
		value[rows[i].most] = '\0';
		cr_expect_eq(save_spec(&w, s), 200, "row %zu", i);
		rg_error_free(why);
		end_world(&w);
	}
}

Test(register_read, a_save_takes_a_REGISTER_and_no_reply)
{
	faulted("rg_request.method is not REGISTER: 'INVITE'", (spec){ .contact = { GOOD }, .method = "INVITE", .no_to = true });
	faulted("rg_request.method is not REGISTER: ''", (spec){ .contact = { GOOD }, .method = "" });
	faulted("rg_request.flags has RG_REQUEST_REPLY", (spec){ .contact = { GOOD }, .flags = RG_REQUEST_REPLY });
}

Test(register_read, the_method_may_be_left_out)
{
	world w = new_world();
	spec_room room;
	rg_request r = request_of(&(spec){ .contact = { GOOD } }, &room);

	r.method = RG__ABSENT;
	cr_assert_eq(rg_merge(NULL, &r, NULL, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	cr_expect_eq(reason(&w), RG_R_FINE);
	end_world(&w);
}

Test(register_read, headers_that_no_decision_needs_are_as_if_absent_when_malformed)
{
	static const struct { const char *user_agent, *allow[3]; } rows[] = {
		{ "a\r\nb", { "INVITE ACK BYE" } }, { "\x01", { "INVITE;ACK" } }, { "a\x7f", { "INVITE, \"ACK" } },
		{ "\n", { "INVITE", "B\xc3\xbf" } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		cr_expect_eq(save(&w, .contact = { GOOD }, .user_agent = rows[i].user_agent, .allow = { rows[i].allow[0], rows[i].allow[1] }), 200);
		cr_expect_eq(binding(&w, 0).user_agent.n, 0, "row %zu", i);
		cr_expect_eq(binding(&w, 0).methods, RG_METHODS_ALL, "row %zu", i);
		end_world(&w);
	}
	expect("Supported", (spec){ .contact = { GOOD }, .supported = { "timer;100rel" } }, RG_R_FINE);
	expect("Require", (spec){ .contact = { GOOD }, .require = { "timer;100rel" } }, RG_R_PARSE);
}

Test(register_read, a_display_name_is_never_the_reason_for_a_refusal)
{
	static const char *const names[] = { "J\xc3\xbcrgen ", "\xff\xfe", "a@b ", "(x) [y]; z: ", "\"a\" b ", "sip:alice@example.com " };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char to[128], from[128], contact[128];

		snprintf(to, sizeof to, "%s<sip:alice@example.com>", names[i]);
		snprintf(from, sizeof from, "%s<sip:alice@example.com>;tag=1", names[i]);
		snprintf(contact, sizeof contact, "%s" GOOD ";q=1, %s<sip:bob@192.0.2.8>", names[i], names[i]);
		expect(names[i], (spec){ .contact = { contact }, .to = to, .from = from }, RG_R_FINE);
	}
}

Test(register_read, a_request_uri_of_another_scheme_is_416)
{
	static const char *const uris[] = { "tel:+15550100", "http://example.com", "urn:service:sos", "im:alice@example.com",
		"sipx:example.com" };

	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		world w = new_world();

		cr_expect_eq(save(&w, .contact = { GOOD }, .request_uri = uris[i]), 416, "%s", uris[i]);
		cr_expect_eq(reason(&w), RG_R_SCHEME, "%s", uris[i]);
		same_text(header(&w, "P-Registrar-Error"), "Unsupported URI Scheme");
		cr_expect_null(w.record);
		end_world(&w);
	}
	expect("sips", (spec){ .contact = { GOOD }, .request_uri = "SIPS:example.com" }, RG_R_FINE);
	expect("malformed", (spec){ .contact = { GOOD }, .request_uri = "tel:+1 5" }, RG_R_PARSE);
	expect("a query, too", (spec){ .request_uri = "tel:+1" }, RG_R_SCHEME);
	expect("before To", (spec){ .contact = { GOOD }, .to = "<tel:+1>", .request_uri = "tel:+1" }, RG_R_SCHEME);
}

/* GB/T 28181 names devices by 20 digits and domains by 10. */
Test(register_read, a_number_and_an_underscore_are_hosts_wherever_one_stands)
{
	static const struct { const char *host, *address, *contact, *uri, *received, *path; } rows[] = {
#define ROW(host) { host, "<sip:34020000001320000001@" host ">", "<sip:34020000001320000001@" host ":5062>", "sip:" host, "sip:" host ":5063", \
	"<sip:" host ":5064;lr>" }
		ROW("3402000000"), ROW("my_pc"), ROW("_a.b_c.example"),
#undef ROW
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char hop[64];
		world w = new_world();
		spec s = { .contact = { rows[i].contact }, .to = rows[i].address, .from = rows[i].address, .request_uri = rows[i].uri };

		cr_expect_eq(save_spec(&w, s), 200, "%s", rows[i].host);
		snprintf(hop, sizeof hop, "%s:5062", rows[i].host);
		same_text(put(&w, binding(&w, 0).next_hop), hop);
		s.received = rows[i].received;
		s.cseq = "2 REGISTER";
		cr_expect_eq(save_spec(&w, s), 200, "%s", rows[i].host);
		snprintf(hop, sizeof hop, "%s:5063", rows[i].host);
		same_text(put(&w, binding(&w, 0).next_hop), hop);
		flags(&w, "path-off");
		s.path[0] = rows[i].path;
		s.cseq = "3 REGISTER";
		cr_expect_eq(save_spec(&w, s), 200, "%s", rows[i].host);
		snprintf(hop, sizeof hop, "%s:5064", rows[i].host);
		same_text(put(&w, binding(&w, 0).next_hop), hop);
		end_world(&w);
	}
}

static uint32_t hosts_of(spec s, rg_str *hosts, uint32_t max)
{
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg__register *reg = NULL;
	uint32_t n;

	cr_assert_eq(rg__register_read(&r, NULL, NULL, NULL, &reg, NULL), RG_OK);
	n = rg__register_hosts(reg, hosts, max);
	rg__register_free(reg);
	return n;
}

Test(register_read, the_hosts_to_resolve_are_the_distinct_names_among_the_next_hops)
{
	rg_str hosts[4];
	spec s = { .contact = { "<sip:a@phone.example.com>, <sip:b@PHONE.example.com:5070>",
		"<sip:c@192.0.2.7>, <sip:d@[2001:db8::1]>, <sip:e@other.example>", "<tel:+1>, <sip:f@gone.example>;expires=0" } };

	cr_expect_eq(hosts_of(s, hosts, 4), 2);
	cr_expect(rg_str_equal(hosts[0], RG_STR("phone.example.com")));
	cr_expect(rg_str_equal(hosts[1], RG_STR("other.example")));
	s.received = "sip:edge.example:5060";
	cr_expect_eq(hosts_of(s, hosts, 4), 1);
	cr_expect(rg_str_equal(hosts[0], RG_STR("edge.example")));
}

Test(register_read, resolved_addresses_are_kept_with_the_binding)
{
	world w = new_world();
	spec_room room;
	rg_request r = request_of(&(spec){ .contact = { "<sip:a@phone.example.com>" } }, &room);
	rg_addr addrs[9] = { { .ip = { 192, 0, 2, 7 }, .family = 4 } };
	rg_resolved resolved = { .host = RG_STR("Phone.example.com"), .addrs = addrs, .n_addrs = 9 };

	for (int i = 1; i < 9; i++)
		addrs[i] = (rg_addr){ .ip = { 192, 0, 2, (uint8_t)(7 + i) }, .family = 4 };
	r.resolved = &resolved;
	r.n_resolved = 1;
	cr_assert_eq(rg_merge(NULL, &r, NULL, NULL, w.now, w.seed, &w.plan, NULL), RG_OK);
	w.record = rg_record_ref(rg_plan_next(w.plan));
	cr_expect_eq(binding(&w, 0).n_addrs, 8);
	cr_expect_eq(binding(&w, 0).addrs[7].ip[3], 14);
	same_text(put(&w, binding(&w, 0).next_hop), "phone.example.com:5060");
	end_world(&w);
}

/* The hash of a REGISTER under these save flags; NULL: none. */
static uint64_t hash_under(const spec *s, const char *save_flags)
{
	world w = new_world();
	spec_room room;
	rg_request r = request_of(s, &room);
	rg__register *reg = NULL;

	if (save_flags)
		flags(&w, save_flags);
	cr_assert_eq(rg__register_read(&r, w.config, w.options, NULL, &reg, NULL), RG_OK);
	cr_assert_eq(rg__register_reason(reg), RG_R_FINE, "%s", rg_reason_name(rg__register_reason(reg)));
	uint64_t hash = reg->fingerprint;
	rg__register_free(reg);
	end_world(&w);
	return hash;
}

/* The value of a header line, if it has this name. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == ':' ? line + n + 1 : NULL;
}

static spec read_headers(char *block)
{
	spec s = { .supported = { "path" } };
	uint32_t contacts = 0, paths = 0;

	for (const char *line, *value; (line = page_line(&block)) != NULL;) {
		if ((value = value_of(line, "Contact")) != NULL || (value = value_of(line, "m")) != NULL)
			s.contact[contacts++] = value;
		else if ((value = value_of(line, "Path")) != NULL)
			s.path[paths++] = value;
		else if ((value = value_of(line, "Expires")) != NULL)
			s.expires = value + strspn(value, " ");
	}
	return s;
}

Test(register_read, the_hash_of_a_request_is_that_of_the_page_on_the_format)
{
	char *text = page_text(), *at = text, *block;
	uint32_t n = 0, with_path = 0;

	for (; (block = page_block(&at, "register")) != NULL; n++) {
		uint64_t want = strtoull(page_line(&block), NULL, 16);
		spec s = read_headers(block);
		bool closed = s.path[0] && strrchr(s.path[0], '>') > strrchr(s.path[0], '<');

		cr_expect_eq(hash_under(&s, NULL), want, "block %u: %016llx", n, (unsigned long long)hash_under(&s, NULL));
		if (closed)
			cr_expect_eq(hash_under(&s, "path-lazy"), want, "block %u", n);
		with_path += closed;
	}
	cr_expect_geq(n, 8);
	cr_expect_geq(with_path, 2);
	free(text);
}

/* As another adaptor or a proxy may hand them in. */
Test(register_read, a_repeat_may_spread_its_values_over_other_lines_and_spaces)
{
	world w = new_world();

	flags(&w, "path-lazy");
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.1>, <sip:b@192.0.2.2>" }, .path = { "<sip:p.example;lr>,<sip:q.example;lr>" }, .expires = "60",
		.supported = { "path" }), 200);
	cr_expect_eq(save(&w, { "\t<sip:a@192.0.2.1> ", "<sip:b@192.0.2.2>" }, .path = { "<sip:p.example;lr>", " <sip:q.example;lr>" },
		.expires = "60", .supported = { "path" }), 200);
	cr_expect_str_eq(outcomes(&w), "RR");
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.1>, <sip:b@192.0.2.2>" }, .path = { "<sip:q.example;lr>,<sip:p.example;lr>" }, .expires = "60",
		.supported = { "path" }), 400, "in another order");
	end_world(&w);
}

Test(register_read, any_number_of_contacts_is_read_alike_with_room_on_the_stack_and_without)
{
	static const char *const values[] = { "<sip:a@192.0.2.1>", "<sip:b@192.0.2.2>;expires=5", "<sip:c@192.0.2.3>", "<sip:d@192.0.2.4>;q=0.5",
		"<sip:e@192.0.2.5" };

	for (int n = 1; n <= 5; n++) {
		for (int lines = 0; lines < 2; lines++) {
			char joined[256] = "";
			rg__register_room room;
			spec_room texts;
			rg__register *with = NULL, *without = NULL;
			spec s = { .contact = { joined } };

			for (int i = 0; i < n; i++) {
				if (lines)
					s.contact[i] = values[i];
				strcat(joined, i > 0 ? ", " : "");
				strcat(joined, values[i]);
			}
			rg_request r = request_of(&s, &texts);
			cr_assert_eq(rg__register_read(&r, NULL, NULL, &room, &with, NULL), RG_OK);
			cr_assert_eq(rg__register_read(&r, NULL, NULL, NULL, &without, NULL), RG_OK);
			cr_expect_eq(rg__register_reason(with), n < 5 ? RG_R_FINE : RG_R_PARSE_CONT, "%d", n);
			cr_expect_eq(rg__register_reason(without), rg__register_reason(with));
			cr_expect_eq(with->n, without->n);
			cr_expect(n == 5 || with->n == (uint32_t)n);
			cr_expect_eq(with->fingerprint, without->fingerprint);
			rg__register_free(with);
			rg__register_free(without);
		}
	}
}
