/* SPDX-License-Identifier: MIT */
/* Existing branches of a message of Sofia's, looked up and put back. */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <stdio.h>

typedef struct site {
	rg_store *store;
	rg_registrar *reg;
	msg_t *msg;
	rg_sofia_message m;
	char text[512];
} site;

static void register_at(rg_registrar *reg, const char *user, const char *contact)
{
	char to[64];
	rg_str line = rg_str_from(contact);
	rg_response *response = NULL;
	rg_request r;

	snprintf(to, sizeof to, "<sip:%s@example.com>", user);
	rg_request_init(&r, sizeof r);
	r.method = RG_STR("REGISTER");
	r.request_uri = RG_STR("sip:example.com");
	r.from_header = r.to_header = rg_str_from(to);
	r.callid = RG_STR("c1");
	r.cseq = RG_STR("1 REGISTER");
	r.contacts = &line;
	r.n_contacts = 1;
	r.via_count = 1;
	cr_assert_eq(rg_save(reg, &r, NULL, &response, NULL), RG_OK);
	cr_assert_eq(rg_response_code(response), 200);
	rg_response_free(response);
}

static const char INVITE[] = "INVITE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:b@h>;tag=1\r\n"
	"To: <sip:alice@example.com>\r\nCall-ID: 2\r\nCSeq: 1 INVITE\r\nContact: <sip:b@h>\r\n\r\n";

/* The result and the code of a lookup of "alice" for a message with this Request-URI, From and more headers. */
static const char *look_up(const char *uri, const char *from, const char *more, char room[32])
{
	rg_msg msg = { .ops = rg_sofia_msg_ops() };
	rg_targets *targets = NULL;
	char text[512];
	site s;

	snprintf(text, sizeof text,
		"INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: %s;tag=1\r\nTo: <sip:x@h>\r\nCall-ID: 2\r\nCSeq: 1 INVITE\r\n"
		"%s\r\n", uri, from, more);
	cr_assert_eq(rg_memory_store_new(NULL, &s.store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(NULL, s.store, NULL, &s.reg, NULL), RG_OK);
	register_at(s.reg, "alice", "<sip:a@192.0.2.1>");
	rg_sofia_message_init(&s.m, sizeof s.m);
	s.m.msg = msg_make(sip_default_mclass(), MSG_FLG_EXTRACT_COPY, text, (ssize_t)strlen(text));
	msg.msg = &s.m;
	cr_assert_eq(rg_lookup_msg(s.reg, &msg, NULL, &targets, NULL), RG_OK);
	snprintf(room, 32, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	rg_targets_free(targets);
	msg_destroy(s.m.msg);
	rg_registrar_unref(s.reg);
	rg_store_unref(s.store);
	return room;
}

Test(sofia_branches, a_lookup_is_refused_for_what_it_needs_and_for_nothing_else)
{
	static const struct { const char *uri, *from, *more, *want; } rows[] = {
		{ "sip:alice@example.com", "<sip:b@h>", "Contact: <sip:>\r\nAllow: a b\r\nDate: x\r\nRequire: \"\r\nExpires: x\r\n", "1/0" },
		{ "sip:alice@example.com;", "J\xc3\xbcrgen <sip:b@h>", "Contact: J\xc3\xbc <sip:b@h>\r\n", "1/0" },
		{ "sip:alice@example.com;transport=udp;transport=udp", "<sip:b@h>", "", "1/0" },
		{ "sip:alice@example.com:0", "<sip:b@h>", "", "1/0" },
		{ "sip:alice@example.com;foo=", "<sip:b@h>", "", "1/0" }, { "sip:bob@example.com;foo=", "<sip:b@h>", "", "-1/404" },
		{ "sip:alice@exam$ple.com", "<sip:b@h>", "", "-1/400" }, { "tel:+1", "<sip:b@h>", "", "-1/416" },
		{ "sip:alice@example.com", "<sip:>", "", "-1/400" }, { "sip:alice@example.com", "<sip:b@h>", "Via: foo\r\n", "-1/400" },
		{ "sip:alice@example.com", "<sip:b@h>", "Content-Length: 7\r\n", "-1/400" },
	};
	char room[32];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_str_eq(look_up(rows[i].uri, rows[i].from, rows[i].more, room), rows[i].want, "row %zu: %s", i, room);
}

/* Who is registered, space between; "routed uri(branch)>next hop …" comes back. */
static const char *route(site *s, bool alice, bool bob, const char *flags, const rg_str *branches, uint32_t n)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets;
	rg_msg msg = { .ops = rg_sofia_msg_ops(), .msg = &s->m };

	cr_assert_eq(rg_memory_store_new(NULL, &s->store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(NULL, s->store, NULL, &s->reg, NULL), RG_OK);
	if (alice)
		register_at(s->reg, "alice", "<sip:a@192.0.2.1>");
	if (bob)
		register_at(s->reg, "bob", "<sip:b@192.0.2.2>");
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	rg_sofia_message_init(&s->m, sizeof s->m);
	s->m.msg = s->msg = msg_make(sip_default_mclass(), MSG_FLG_EXTRACT_COPY, INVITE, (ssize_t)sizeof INVITE - 1);
	s->m.branches = branches;
	s->m.n_branches = n;
	cr_assert_eq(rg_lookup_msg(s->reg, &msg, options, &targets, NULL), RG_OK);
	rg_targets_free(targets);
	int at = snprintf(s->text, sizeof s->text, "%d", s->m.routed);
	rg_target t = { .struct_size = sizeof t };
	for (uint32_t i = 0; rg_sofia_message_target(&s->m, i, &t) == RG_OK; i++)
		at += snprintf(s->text + at, sizeof s->text - (size_t)at, " %.*s(%d)>%.*s", (int)t.uri.n, t.uri.p, t.branch, (int)t.next_hop.n,
			t.next_hop.p);
	rg_lookup_options_unref(options);
	return s->text;
}

static const char *request_uri(site *s)
{
	return sip_object(s->msg)->sip_request->rq_url->url_user;
}

static void end(site *s)
{
	msg_destroy(s->msg);
	rg_registrar_unref(s->reg);
	rg_store_unref(s->store);
}

static const rg_str branches[] = { { "sip:bob@example.com", 19 }, { "tel:+123", 8 }, { "sip:nobody@example.com", 22 } };

Test(sofia_branches, targets_of_the_aor_go_to_the_request_uri_and_those_of_branches_in_their_places)
{
	site s;

	cr_expect_str_eq(route(&s, true, true, "branch", branches, 3),
		"0 sip:a@192.0.2.1(-1)>sip:a@192.0.2.1 sip:b@192.0.2.2(0)>sip:b@192.0.2.2 "
		"tel:+123(1)>tel:+123");
	cr_expect_str_eq(request_uri(&s), "a");
	end(&s);
}

Test(sofia_branches, a_target_of_a_branch_never_becomes_the_request_uri)
{
	site s;

	cr_expect_str_eq(route(&s, false, true, "branch", branches, 3), "-1 sip:b@192.0.2.2(0)>sip:b@192.0.2.2 tel:+123(1)>tel:+123");
	cr_expect_str_eq(request_uri(&s), "alice");
	end(&s);
	cr_expect_str_eq(route(&s, true, true, "branch,to-branches-only", branches, 1), "-1 sip:a@192.0.2.1(-1)>sip:a@192.0.2.1 "
		"sip:b@192.0.2.2(0)>sip:b@192.0.2.2");
	cr_expect_str_eq(request_uri(&s), "alice");
	end(&s);
}

Test(sofia_branches, without_the_flag_branches_are_left_alone)
{
	site s;

	cr_expect_str_eq(route(&s, true, true, "", branches, 3), "0 sip:a@192.0.2.1(-1)>sip:a@192.0.2.1");
	end(&s);
}

Test(sofia_branches, a_home_is_the_next_hop_and_the_request_uri_stays)
{
	rg_store *shared = NULL;
	rg_registrar *other = NULL;
	rg_store *bindings = NULL;
	rg_lookup_options *options = NULL;
	site s;

	route(&s, false, false, "", NULL, 0);
	cr_assert_eq(rg_memory_store_new(NULL, &shared, NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &bindings, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(NULL, bindings, NULL, &other, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(other, shared, RG_STR("192.0.2.250:5070"), NULL, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(s.reg, shared, RG_STR("192.0.2.251"), NULL, NULL), RG_OK);
	register_at(other, "alice", "<sip:a@192.0.2.1>");
	cr_assert_eq(rg_registrar_tick(other, 0, NULL), RG_OK);
	cr_assert_eq(rg_lookup_options_new(RG_STR("global"), &options, NULL), RG_OK);
	rg_msg msg = { .ops = rg_sofia_msg_ops(), .msg = &s.m };
	rg_targets *targets;

	cr_assert_eq(rg_lookup_msg(s.reg, &msg, options, &targets, NULL), RG_OK);
	rg_targets_free(targets);
	rg_target target = { .struct_size = sizeof target };
	cr_assert_eq(rg_sofia_message_target_count(&s.m), 1);
	cr_assert_eq(rg_sofia_message_target(&s.m, 0, &target), RG_OK);
	cr_expect_eq(s.m.routed, 0);
	cr_expect(rg_str_equal(s.m.next_hop, RG_STR("sip:192.0.2.250:5070")));
	cr_expect(rg_str_equal(target.home, RG_STR("sip:192.0.2.250:5070")));
	cr_expect(rg_str_equal(target.uri, RG_STR("sip:alice@example.com")));
	cr_expect_str_eq(request_uri(&s), "alice");
	rg_lookup_options_unref(options);
	rg_registrar_unref(other);
	rg_store_unref(bindings);
	rg_store_unref(shared);
	end(&s);
}
