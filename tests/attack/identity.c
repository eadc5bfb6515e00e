/* SPDX-License-Identifier: MIT */
/* Class 3: two users whose names look alike, and one user under many spellings. */
#include "kit.h"
#include <strings.h>

#define PHONE "<sip:phone@192.0.2.7>"

typedef struct group {
	const char *name;
	const char *set[3][2];   /* parameters */
	const char *spelling[12]; /* all of one user */
} group;

static const group one_user[] = {
	{ "escape", { { 0 } }, { "sip:alice@example.com", "sip:%61lice@example.com", "sip:%61%6c%69%63%65@example.com",
		"sip:%61%6C%69%63%65@example.com" } },
	{ "scheme", { { 0 } }, { "sip:alice@example.com", "sips:alice@example.com", "SIP:alice@example.com", "SiPs:alice@example.com" } },
	{ "port", { { 0 } }, { "sip:alice@example.com", "sip:alice@example.com:5060", "sip:alice@example.com:5061",
		"sip:alice@example.com:65535" } },
	{ "parameters", { { 0 } }, { "sip:alice@example.com", "sip:alice@example.com;transport=tcp", "sip:alice@example.com;user=phone;x=%41",
		"sip:alice@example.com;lr;maddr=192.0.2.1;ttl=1;method=INVITE" } },
	{ "headers", { { 0 } }, { "sip:alice@example.com", "sip:alice@example.com?Subject=hello&a=",
		"sip:alice@example.com;x?To=bob%40example.com" } },
	{ "password", { { 0 } }, { "sip:alice@example.com", "sip:alice:secret@example.com", "sip:alice:@example.com",
		"sip:%61lice:%00@example.com" } },
	{ "dot and case of the host", { { 0 } }, { "sip:alice@example.com", "sip:alice@example.com.", "sip:alice@EXAMPLE.com",
		"sip:alice@ExAmPlE.CoM.:5060" } },
	/* RFC 3261 §10.3 step 5 unescapes all there is: here, unlike in a Contact, reserved characters equal their escapes. */
	{ "reserved characters", { { 0 } }, { "sip:a;b=c&d+e$f,g/h?i@example.com", "sip:a%3Bb%3dc%26d%2Be%24f%2cg%2Fh%3fi@example.com" } },
	{ "a number for a host", { { 0 } }, { "sip:34020000001320000001@3402000000", "sip:34020000001320000001@3402000000.:5060;x",
		"sips:%334020000001320000001@3402000000" } },
	{ "a host with underscores", { { 0 } }, { "sip:alice@my_pc", "sip:alice@My_PC.", "sip:alice@MY_PC:5070" } },
	{ "prefix", { { "realm_prefix", "sip." } }, { "sip:alice@example.com", "sip:alice@sip.example.com", "sip:alice@SIP.Example.com.",
		"sip:alice@sip.sip.example.com" } },
	{ "case of the user", { { "case_sensitive", "0" } }, { "sip:alice@example.com", "sip:ALICE@example.com",
		"sip:%41lIcE@example.com" } },
	{ "host left out", { { "use_domain", "0" } }, { "sip:alice@example.com", "sip:alice@example.org", "sips:%61lice@[2001:db8::1]:5061",
		"sip:alice@192.0.2.1" } },
	{ "IPv6", { { 0 } }, { "sip:alice@[2001:db8::1]", "sip:alice@[2001:DB8::1]", "sip:alice@[2001:db8:0:0:0:0:0:1]",
		"sip:alice@[2001:0db8:0000::0001]:5060",
		"sip:alice@[2001:db8::0.0.0.1]" } },
	{ "IPv4 in IPv6", { { 0 } }, { "sip:alice@192.0.2.1", "sip:alice@[::ffff:192.0.2.1]", "sip:alice@[::FFFF:c000:201]",
		"sip:alice@[0:0:0:0:0:ffff:192.0.2.1]" } },
	{ "nobody in particular", { { 0 } }, { "sip:example.com", "sip:EXAMPLE.com.", "sips:example.com:5061;x" } },
	{ "octets", { { 0 } }, { "sip:%c3%a9@example.com", "sip:%C3%A9@example.com", "sip:%C3%a9@example.com" } },
	{ "an @ in the name", { { 0 } }, { "sip:alice%40example.org@example.com", "sip:alice%40example.%6Frg@example.com" } },
};

static site *site_for(const group *g)
{
	site *s = new_site();

	for (int i = 0; i < 3 && g->set[i][0]; i++)
		configure(s, g->set[i][0], g->set[i][1]);
	return s;
}

/* How many targets a lookup of @p uri has that expands all spellings of @p g, too: as branches, or as @p flags say. */
static uint32_t expanded(site *s, const char *flags, const char *uri, const group *g)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_str branches[ROWS(g->spelling)];
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.request_uri = rg_str_from(uri);
	r.branches = branches;
	for (; g && g->spelling[r.n_branches]; r.n_branches++)
		branches[r.n_branches] = rg_str_from(g->spelling[r.n_branches]);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	cr_assert_eq(rg_lookup(s->reg, &r, options, &targets, NULL), RG_OK);
	uint32_t n = rg_targets_count(targets);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return n;
}

Test(identity, one_user_under_all_spellings_has_one_record)
{
	for (size_t i = 0; i < ROWS(one_user); i++) {
		const group *g = &one_user[i];
		site *s = site_for(g);

		for (int k = 0; g->spelling[k]; k++) {
			cr_expect_eq(send(s, .to = text(s, "<%s>", g->spelling[k]), .cseq = text(s, "%d REGISTER", k + 1),
				.contact = { text(s, "<sip:phone%d@192.0.2.7>", k) }), 200, "%s", g->spelling[k]);
			cr_expect_eq(rg_response_contact_count(s->response), (uint32_t)k + 1, "%s: %s", g->name, g->spelling[k]);
			cr_expect_eq(records(s), 1, "%s: %s", g->name, g->spelling[k]);
		}
		/* As many as it has bindings, though every branch names it. */
		cr_expect_eq(expanded(s, "branch", g->spelling[0], g), rg_response_contact_count(s->response), "%s", g->name);
		cr_expect_eq(expanded(s, "branch", "sip:nobody@nowhere.example", g), rg_response_contact_count(s->response), "%s", g->name);
		for (int k = 0; g->spelling[k]; k++) {
			/* Who asks for sips must not be given a sip target (RFC 5630), so that there is nobody to reach, in a record that is there. */
			bool sips = strncasecmp(g->spelling[k], "sips:", 5) == 0;
			const char *first = text(s, "%s", reached(s, g->spelling[0]));

			cr_expect_str_eq(reached(s, g->spelling[k]), sips ? "" : first, "%s: %s", g->name, g->spelling[k]);
			cr_expect_neq(first[0], '\0');
			cr_expect_gt(registered(s, g->spelling[k], NULL), 0, "%s: %s", g->name, g->spelling[k]);
			cr_expect_eq(removed(s, g->spelling[k], text(s, "sip:phone%d@192.0.2.7", k)), 1, "%s: %s", g->name, g->spelling[k]);
		}
		end_site(s);
	}
}

Test(identity, a_request_replayed_under_another_spelling_is_the_same_request)
{
	for (size_t i = 0; i < ROWS(one_user); i++) {
		const group *g = &one_user[i];
		site *s = site_for(g);

		cr_assert_eq(send(s, .to = text(s, "<%s>", g->spelling[0]), .contact = { PHONE }, .cseq = "2 REGISTER"), 200);
		for (int k = 0; g->spelling[k]; k++) {
			cr_expect_eq(send(s, .to = text(s, "<%s>", g->spelling[k]), .contact = { PHONE },
				.cseq = "1 REGISTER"), 400, "%s", g->spelling[k]);
			cr_expect_eq(send(s, .to = text(s, "<%s>", g->spelling[k]), .contact = { PHONE },
				.cseq = "2 REGISTER"), 200, "%s", g->spelling[k]);
			cr_expect_eq(s->n_events, 0);
		}
		end_site(s);
	}
}

static const group all_different[] = {
	{ "case", { { 0 } }, { "sip:alice@example.com", "sip:Alice@example.com", "sip:ALICE@example.com", "sip:alicE@example.com" } },
	/* Only ASCII letters have a case here. */
	{ "case beyond ASCII", { { "case_sensitive", "0" } }, { "sip:%C3%A9@example.com", "sip:%C3%89@example.com" } },
	{ "case that some languages fold", { { "case_sensitive", "0" } }, { "sip:i@example.com", "sip:%C4%B0@example.com",
		"sip:%C4%B1@example.com",
		"sip:k@example.com", "sip:%E2%84%AA@example.com" } },
	{ "composed and decomposed", { { 0 } }, { "sip:%C3%A9@example.com", "sip:e%CC%81@example.com", "sip:%E9@example.com",
		"sip:e@example.com" } },
	{ "look-alikes", { { 0 } }, { "sip:a@example.com", "sip:%D0%B0@example.com", "sip:%EF%BD%81@example.com",
		"sip:a%E2%80%8B@example.com", "sip:%C2%ADa@example.com" } },
	{ "an escape of an escape", { { 0 } }, { "sip:alice@example.com", "sip:%2561lice@example.com", "sip:%252561lice@example.com" } },
	{ "blanks", { { 0 } }, { "sip:alice@example.com", "sip:alice%20@example.com", "sip:%20alice@example.com",
		"sip:al%20ice@example.com" } },
	{ "dots of the user", { { 0 } }, { "sip:alice@example.com", "sip:alice.@example.com", "sip:.alice@example.com",
		"sip:a.lice@example.com" } },
	{ "separators", { { 0 } }, { "sip:a%40b@c.com", "sip:a@b.com", "sip:a%40b.com@c.com", "sip:a%40b%40c.com@c.com", "sip:a%3Ab@c.com",
		"sip:a%2Fb@c.com",
		"sip:a%7Cb@c.com" } },
	{ "host in the user", { { 0 } }, { "sip:example.com", "sip:example.com@example.com", "sip:alice%40example.com@example.com",
		"sip:alice@example.com",
		"sip:%40example.com@example.com", "sip:%40@example.com" } },
	{ "table name in the user", { { 0 } }, { "sip:alice@example.com", "sip:location@example.com", "sip:location%3Aalice@example.com",
		"sip:location%2Falice@example.com" } },
	{ "without hosts", { { "use_domain", "0" } }, { "sip:alice@example.com", "sip:alice%40example.com@example.com",
		"sip:example.com@example.com",
		"sip:%40example.com@example.com", "sip:sip%3Aalice@example.com", "sip:sip%3Aalice%40example.com@example.com",
			"sip:%3Calice%3E@example.com" } },
	{ "hosts", { { 0 } }, { "sip:alice@example.com", "sip:alice@sip.example.com", "sip:alice@example.co", "sip:alice@example.com.org",
		"sip:alice@xn--exmple-cua.com",
		"sip:alice@192.0.2.1", "sip:alice@[2001:db8::1]", "sip:alice@[2001:db8::2]", "sip:alice@[::192.0.2.1]" } },
	{ "numbers and addresses", { { 0 } }, { "sip:alice@3402000000", "sip:alice@202.199.48.128", "sip:alice@03402000000",
		"sip:alice@0xcac73080",
		"sip:alice@[::cac7:3080]", "sip:3402000000@3402000000" } },
	{ "underscores", { { 0 } }, { "sip:alice@my_pc", "sip:alice@my-pc", "sip:alice@mypc", "sip:alice@_my_pc", "sip:alice@my_pc_" } },
	{ "prefix that is none", { { "realm_prefix", "sip." } }, { "sip:alice@example.com", "sip:alice@xsip.example.com",
		"sip:alice@sipexample.com" } },
	{ "password in the name", { { 0 } }, { "sip:alice@example.com", "sip:alice%3Asecret@example.com", "sip:alice%3A@example.com" } },
	{ "parameters in the name", { { 0 } }, { "sip:alice@example.com", "sip:alice;x=1@example.com", "sip:alice;x=2@example.com",
		"sip:alice;@example.com" } },
	{ "quotes and brackets", { { 0 } }, { "sip:alice@example.com", "sip:%22alice%22@example.com", "sip:%3Calice%3E@example.com",
		"sip:%3Csip%3Aalice%40example.com%3E@example.com" } },
	{ "percent", { { 0 } }, { "sip:%25@example.com", "sip:%2525@example.com", "sip:%2540@example.com", "sip:%40@example.com" } },
};

Test(identity, users_that_look_alike_never_share_a_record)
{
	for (size_t i = 0; i < ROWS(all_different); i++) {
		const group *g = &all_different[i];
		site *s = site_for(g);
		uint32_t n = 0;

		for (int k = 0; g->spelling[k]; k++) {
			cr_expect_eq(send(s, .to = text(s, "<%s>", g->spelling[k]), .contact = { text(s, "<sip:phone%d@192.0.2.7>", k) }), 200,
				"%s: %s", g->spelling[k], why(s));
			cr_expect_eq(s->kinds & RG_EVENT_AOR_INSERT, RG_EVENT_AOR_INSERT, "%s: %s", g->name, g->spelling[k]);
			cr_expect_eq(records(s), ++n, "%s: %s", g->name, g->spelling[k]);
			cr_expect_str_eq(reached(s, g->spelling[k]), text(s, "sip:phone%d@192.0.2.7", k), "%s: %s", g->name, g->spelling[k]);
		}
		cr_expect_eq(expanded(s, "branch", g->spelling[0], g), n, "%s: one each", g->name);
		cr_expect_eq(removed(s, g->spelling[0], NULL), 1);
		cr_expect_eq(expanded(s, "branch", g->spelling[0], g), n - 1, "%s", g->name);
		for (int k = 1; g->spelling[k]; k++)
			cr_expect_eq(registered(s, g->spelling[k], NULL), 1, "%s: %s went with %s", g->name, g->spelling[k], g->spelling[0]);
		end_site(s);
	}
}

/* A second site beside @p s, with the same parameters; both look in @p shared for users of the other. */
static site *other_site(site *s, const group *g, rg_store *shared)
{
	site *other = site_for(g);

	cr_assert_eq(rg_registrar_federate(s->reg, shared, RG_STR("192.0.2.250"), NULL, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(other->reg, shared, RG_STR("192.0.2.251"), NULL, NULL), RG_OK);
	return other;
}

static void check_homes(const group *g, bool alike)
{
	rg_store *shared = NULL;
	site *here = site_for(g), *there;

	cr_assert_eq(rg_memory_store_new(NULL, &shared, NULL), RG_OK);
	there = other_site(here, g, shared);
	cr_assert_eq(send(here, .to = text(here, "<%s>", g->spelling[0]), .contact = { PHONE }), 200);
	for (int i = 0; i < 3; i++) {
		tick(here, 0);
		tick(there, 0);
	}
	for (int k = 0; g->spelling[k]; k++) {
		bool sips = strncasecmp(g->spelling[k], "sips:", 5) == 0;

		cr_expect_eq(expanded(there, "global", g->spelling[k], g), (k == 0 || alike) && !sips, "%s: %s", g->name, g->spelling[k]);
	}
	end_site(there);
	end_site(here);
	rg_store_unref(shared);
}

Test(identity, another_site_is_asked_for_this_user_under_any_spelling_and_for_no_other)
{
	for (size_t i = 0; i < ROWS(one_user); i++)
		check_homes(&one_user[i], true);
	for (size_t i = 0; i < ROWS(all_different); i++)
		check_homes(&all_different[i], false);
}

/* A key as it is printed reads as the key it was printed from, and prints as it was. */
static void check_printed(const group *g)
{
	site *s = site_for(g);
	const char *printed = NULL, *again = NULL;

	for (int k = 0; g->spelling[k]; k++) {
		cr_assert_eq(registered(s, g->spelling[k], &printed), 0);
		cr_expect_eq(send(s, .aor = printed, .contact = { PHONE }), 200, "%s as %s: %s", g->spelling[k], printed, why(s));
		cr_expect_eq(registered(s, g->spelling[k], NULL), 1, "%s is not %s", printed, g->spelling[k]);
		cr_expect_eq(registered(s, printed, &again), 1);
		cr_expect_str_eq(again, printed, "%s", g->spelling[k]);
		cr_expect_eq(removed(s, printed, NULL), 1);
		s->w.now += 60000;
		tick(s, 0);
		cr_expect_eq(records(s), 0);
	}
	end_site(s);
}

Test(identity, printed_keys_read_as_the_keys_they_are)
{
	for (size_t i = 0; i < ROWS(one_user); i++)
		check_printed(&one_user[i]);
	for (size_t i = 0; i < ROWS(all_different); i++)
		check_printed(&all_different[i]);
}

Test(identity, names_with_octets_that_no_name_has_are_refused)
{
	static const struct { const char *user, *reason; } rows[] = {
		{ "%00", "UNESCAPE" }, { "alice%00", "UNESCAPE" }, { "%00alice", "UNESCAPE" }, { "al%00ice", "UNESCAPE" },
			{ "%0d%0a", "UNESCAPE" },
		{ "alice%0A", "UNESCAPE" }, { "alice%1f", "UNESCAPE" }, { "alice%7F", "UNESCAPE" }, { "alice%09", "UNESCAPE" },
		{ "alice%", "AOR_PARSE" }, { "alice%4", "AOR_PARSE" }, { "alice%4g", "AOR_PARSE" }, { "alice%%41", "AOR_PARSE" },
			{ "al ice", "AOR_PARSE" },
		{ "al\tice", "AOR_PARSE" }, { "al\nice", "AOR_PARSE" }, { "al\177ice", "AOR_PARSE" }, { "\xc3\xa9", "AOR_PARSE" },
			{ "a@b", "AOR_PARSE" },
		{ "", "AOR_PARSE" }, { "a:b:c", "AOR_PARSE" }, { "al\"ice", "AOR_PARSE" }, { "<alice", "AOR_PARSE" }, { "al#ice", "AOR_PARSE" },
		{ ":secret", "AOR_PARSE" },
	};
	site *s = new_site();

	cr_assert_eq(send(s, .contact = { PHONE }), 200);
	for (size_t i = 0; i < ROWS(rows); i++) {
		cr_expect_eq(send(s, .to = text(s, "<sip:%s@example.com>", rows[i].user), .contact = { PHONE },
			.cseq = "2 REGISTER"), 400, "%s", rows[i].user);
		cr_expect_str_eq(why(s), rows[i].reason, "%s: %s", rows[i].user, why(s));
		cr_expect_eq(registered(s, text(s, "sip:%s@example.com", rows[i].user), NULL), -1, "%s", rows[i].user);
		cr_expect_str_eq(reached(s, text(s, "sip:%s@example.com", rows[i].user)), "", "%s", rows[i].user);
	}
	end_site(s);
}

Test(identity, a_nul_itself_ends_no_name)
{
	static const char to[] = "<sip:alice\0@example.com>", uri[] = "sip:alice@example.com\0.org";
	spec what = { .contact = { PHONE } };
	spec_room room;
	rg_request r = request_of(&what, &room);
	site *s = new_site();

	r.to_header = (rg_str){ to, sizeof to - 1 };
	cr_expect_eq(send_request(s, &r), 400);
	r.to_header = (rg_str){ uri, sizeof uri - 1 };
	cr_expect_eq(send_request(s, &r), 400);
	r.to_header = RG_STR("<sip:alice@example.com>");
	r.aor = (rg_str){ uri, sizeof uri - 1 };
	cr_expect_eq(send_request(s, &r), 400);
	cr_expect_eq(records(s), 0);
	end_site(s);
}

Test(identity, hosts_that_are_none_are_refused)
{
	static const char *const hosts[] = { "", ".", "..", "example..com", ".example.com", "-example.com", "example.com-", "example.com..",
		"exa%6Dple.com",
		"[2001:db8::1", "2001:db8::1", "[2001:db8:::1]", "[::1]x", "[192.0.2.1]", "[fe80::1%25eth0]", "192.0.2.256", "192.0.2", "0.1",
			"\xc3\xa9.com", "example.com:0",
		"example.com:65536", "example.com:", "example.com:-1", "example.com:5060x" };
	site *s = new_site();

	for (size_t i = 0; i < ROWS(hosts); i++) {
		cr_expect_eq(send(s, .to = text(s, "<sip:alice@%s>", hosts[i]), .contact = { PHONE }), 400, "%s", hosts[i]);
		cr_expect_str_eq(why(s), "AOR_PARSE", "%s", hosts[i]);
	}
	cr_expect_eq(records(s), 0);
	end_site(s);
}

Test(identity, only_sip_and_sips_name_a_user)
{
	static const char *const uris[] = { "tel:+15551234", "http://alice@example.com", "sipx:alice@example.com",
		"mailto:alice@example.com" };
	site *s = new_site();

	for (size_t i = 0; i < ROWS(uris); i++)
		cr_expect_eq(send(s, .to = text(s, "<%s>", uris[i]), .contact = { PHONE }), 404, "%s", uris[i]);
	configure(s, "use_domain", "0");
	cr_expect_eq(send(s, .to = "<sip:example.com>", .contact = { PHONE }), 400);
	cr_expect_str_eq(why(s), "AOR_PARSE");
	end_site(s);
}

/* Table, user and host are three texts, whatever they come to when written one after the other. */
Test(identity, the_same_name_in_two_tables_is_two_users)
{
	static const struct { const char *table, *to; } rows[] = { { NULL, "<sip:alice@example.com>" },
		{ "locationa", "<sip:lice@example.com>" },
		{ "locatio", "<sip:nalice@example.com>" }, { "Location", "<sip:alice@example.com>" }, { "locationalice", "<sip:example.com>" },
		{ "other", "<sip:alice@example.com>" } };
	site *s = new_site();

	for (size_t i = 0; i < ROWS(rows); i++) {
		spec what = { .to = rows[i].to, .contact = { PHONE } };
		spec_room room;
		rg_request r = request_of(&what, &room);
		rg_response *response = NULL;

		r.domain = rg_str_from(rows[i].table);
		s->kinds = 0;
		cr_expect_eq(rg_save(s->reg, &r, NULL, &response, NULL), RG_OK);
		cr_expect_eq(rg_response_code(response), 200);
		cr_expect_eq(s->kinds, RG_EVENT_AOR_INSERT | RG_EVENT_CONTACT_INSERT, "%s %s is no newcomer", rows[i].table, rows[i].to);
		rg_response_free(response);
	}
	cr_expect_eq(records(s), 1);
	end_site(s);
}

/* RFC 3261 §19.1.4, unlike in an AoR: reserved characters differ from their escapes, so these are two phones, not one. */
Test(identity, contacts_that_look_alike_are_two_bindings)
{
	static const struct { const char *a, *b; bool one; } rows[] = {
		{ "sip:p;q@192.0.2.7", "sip:p%3Bq@192.0.2.7", false }, { "sip:p@192.0.2.7", "sip:P@192.0.2.7", false },
			{ "sip:p@192.0.2.7", "sip:p@192.0.2.7:5060", false },
		{ "sip:p@192.0.2.7", "sips:p@192.0.2.7", false }, { "sip:p@192.0.2.7", "sip:p:x@192.0.2.7", false },
			{ "sip:p@192.0.2.7", "sip:p@192.0.2.7;transport=udp", false },
		{ "sip:p@192.0.2.7", "sip:p@192.0.2.7?a=b", false }, { "sip:%C3%A9@192.0.2.7", "sip:e%CC%81@192.0.2.7", false },
			{ "sip:192.0.2.7", "sip:p@192.0.2.7", false },
		{ "x:p", "x:P", false }, { "x:p", "X:p", false }, { "sip:p@192.0.2.7", "sip:%70@192.0.2.7", true },
			{ "sip:p@192.0.2.7", "sip:p@192.0.2.7;x=1", true },
		{ "sip:p@pc.example.com", "SIP:p@PC.example.COM.", true }, { "sip:p@[2001:db8::7]", "sip:p@[2001:DB8:0::7]", true },
		{ "sip:p@192.0.2.7;transport=UDP", "sip:p@192.0.2.7;Transport=udp", true },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();

		cr_expect_eq(send(s, .request_uri = "sips:example.com", .contact = { text(s, "<%s>", rows[i].a) }), 200, "%s", rows[i].a);
		cr_expect_eq(send(s, .request_uri = "sips:example.com", .contact = { text(s, "<%s>", rows[i].b) },
			.cseq = "2 REGISTER"), 200, "%s", rows[i].b);
		cr_expect_eq(rg_response_contact_count(s->response), rows[i].one ? 1 : 2, "%s and %s", rows[i].a, rows[i].b);
		cr_expect_eq(records(s), 1);
		end_site(s);
	}
}
