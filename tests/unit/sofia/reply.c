/* SPDX-License-Identifier: MIT */
/* Replies made for a host that runs Sofia, and its messages read, written to and routed. */
#include "play.h"
#include <stdio.h>

Test(sofia_reply, is_complete_and_byte_for_byte)
{
	round r = play(HEAD "v: SIP/2.0/UDP pc.example.com:5070;branch=z9hG4bK1;rport;received=203.0.113.9, SIP/2.0/TCP [2001:db8::1];branch=b\r\n"
		REST "\r\n", "192.0.2.7:4000", "mine", NULL);
	sip_t *sip = sip_object(r.message.reply);

	cr_expect_eq(sip->sip_status->st_status, 200);
	cr_expect_null(sip->sip_error);
	cr_expect_not_null(strstr(r.text, "SIP/2.0 200 OK\r\n"));
	cr_expect_not_null(strstr(r.text, "Via: SIP/2.0/UDP pc.example.com:5070;branch=z9hG4bK1;received=192.0.2.7;rport=4000, "
		"SIP/2.0/TCP [2001:db8::1];branch=b\r\n"), "%s", r.text);
	cr_expect_not_null(strstr(r.text, "From: \"A\" <sip:%61lice@example.com>;tag=f1\r\n"));
	cr_expect_not_null(strstr(r.text, "To: <sip:%61lice@example.com>;tag=mine\r\n"));
	cr_expect_not_null(strstr(r.text, "Call-ID: c1\r\nCSeq: 7 REGISTER\r\n"));
	cr_expect_not_null(strstr(r.text, "Contact: <sip:%61@192.0.2.1:5060;transport=udp>"), "%s", r.text);
	cr_expect_not_null(strstr(r.text, "+x=\"%0d%0aEvil: 1\""));
	cr_expect_null(strstr(r.text, "\nEvil"));
	cr_expect_not_null(strstr(r.text, "Content-Length: 0\r\n\r\n"));
	over(&r);
}

static const struct { const char *via, *source, *expected; } vias[] = {
	{ "SIP/2.0/UDP 192.0.2.7;branch=b", "192.0.2.7:4000", "Via: SIP/2.0/UDP 192.0.2.7;branch=b\r\n" },
	{ "SIP/2.0/UDP 192.0.2.7:9;branch=b", "192.0.2.7:4000", "Via: SIP/2.0/UDP 192.0.2.7:9;branch=b\r\n" },
	{ "SIP/2.0/UDP 192.0.2.7;rport;branch=b", "192.0.2.7:4000", "Via: SIP/2.0/UDP 192.0.2.7;branch=b;received=192.0.2.7;rport=4000\r\n" },
	{ "SIP/2.0/UDP 192.0.2.8;branch=b", "192.0.2.7:4000", "Via: SIP/2.0/UDP 192.0.2.8;branch=b;received=192.0.2.7\r\n" },
	{ "SIP/2.0/UDP h;RPORT=1;branch=b", "192.0.2.7:4000", "Via: SIP/2.0/UDP h;branch=b;received=192.0.2.7;rport=4000\r\n" },
	{ "SIP/2.0/UDP h;rportal=1", "192.0.2.7:4000", "Via: SIP/2.0/UDP h;rportal=1;received=192.0.2.7\r\n" },
	{ "SIP/2.0/UDP [2001:DB8:0::1];branch=b", "[2001:db8::1]:4000", "Via: SIP/2.0/UDP [2001:DB8:0::1];branch=b\r\n" },
	{ "SIP/2.0/UDP h;branch=b;x=\"a,b;rport\"", "[2001:db8::1]:4000",
		"Via: SIP/2.0/UDP h;branch=b;x=\"a,b;rport\";received=2001:db8::1\r\n" },
	{ "SIP/2.0/UDP h;rport;branch=b", NULL, "Via: SIP/2.0/UDP h;rport;branch=b\r\n" },
	{ "SIP / 2.0 / uDp \t h : 5061 ; branch = b ;rport;x= \"; y\" , SIP/2.0/tcp  h ; z", "192.0.2.7:4000",
		"Via: SIP / 2.0 / uDp \t h : 5061 ; branch = b ;x= \"; y\";received=192.0.2.7;rport=4000, SIP/2.0/tcp  h ; z\r\n" },
	{ "SIP/2.0/UDP 192.0.2.7 ; branch = b\r\nVia:SIP/2.0/tcp  h ; z , SIP/2.0/TLS   h_1", "192.0.2.7:4000",
		"Via: SIP/2.0/UDP 192.0.2.7 ; branch = b\r\nVia: SIP/2.0/tcp  h ; z , SIP/2.0/TLS   h_1\r\n" },
	{ "SIP/2.0/UDP h:0;branch=b;rport, SIP/2.0/TCP i;branch=c", "192.0.2.7:4000",
		"Via: SIP/2.0/UDP h:0;branch=b;received=192.0.2.7;rport=4000\r\n"
		"Via: SIP/2.0/TCP i;branch=c\r\n" },
};

Test(sofia_reply, topmost_via_says_where_the_request_came_from)
{
	for (size_t i = 0; i < sizeof vias / sizeof vias[0]; i++) {
		char *text = NULL;
		cr_assert_gt(asprintf(&text, "%sVia: %s\r\n%s\r\n", HEAD, vias[i].via, REST), 0);
		round r = play(text, vias[i].source, NULL, NULL);
		cr_expect_not_null(strstr(r.text, vias[i].expected), "%s: %s", vias[i].via, r.text);
		over(&r);
		free(text);
	}
}

Test(sofia_reply, tag_is_added_once_and_stays_the_same)
{
	round a = play(HEAD "Via: SIP/2.0/UDP h;branch=b\r\n" REST "\r\n", NULL, NULL, NULL);
	round b = play(HEAD "Via: SIP/2.0/UDP h;branch=b\r\n" REST "\r\n", NULL, NULL, NULL);
	round c = play(HEAD "Via: SIP/2.0/UDP h;branch=c\r\n" REST "\r\n", NULL, NULL, NULL);
	round d = play(HEAD "Via: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>;tag=theirs\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n\r\n",
		NULL, "mine", NULL);
	const char *tag = sip_object(a.message.reply)->sip_to->a_tag;

	cr_assert_not_null(tag);
	cr_expect_eq(strlen(tag), 16);
	cr_expect_str_eq(tag, sip_object(b.message.reply)->sip_to->a_tag);
	cr_expect_str_neq(tag, sip_object(c.message.reply)->sip_to->a_tag);
	cr_expect_not_null(strstr(d.text, "To: <sip:a@h>;tag=theirs\r\n"));
	over(&a), over(&b), over(&c), over(&d);
}

Test(sofia_reply, none_is_made_with_no_reply)
{
	round r = play(HEAD "Via: SIP/2.0/UDP h\r\n" REST "\r\n", NULL, NULL, "no-reply");

	cr_expect_null(r.message.reply);
	over(&r);
}

Test(sofia_reply, none_can_be_made_without_a_via)
{
	round r = play(HEAD REST "\r\n", NULL, NULL, NULL);

	cr_expect_null(r.message.reply);
	r.message.source = &r.source; /* it has moved */
	cr_expect_eq(rg_sofia_msg_ops()->reply(NULL, &r.message, rg_plan_response(r.plan)), RG_EINVAL);
	over(&r);
}

Test(sofia_reply, message_without_its_text_is_printed)
{
	rg_sofia_message m;
	rg_request r;

	rg_sofia_message_init(&m, sizeof m);
	rg_request_init(&r, sizeof r);
	m.msg = message_of(HEAD "Via: SIP/2.0/UDP h\r\n" REST "Contact: <sip:b@h>, <sip:c@h>;q=0.5\r\nExpires: 60\r\nk: path\r\n"
		"Supported: gruu\r\n"
		"Feature-Caps: *;x\r\nPath: <sip:p;lr>\r\n\r\n", 0);
	cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, NULL, &r), RG_OK);
	cr_expect_eq(r.defect, RG_R_FINE);
	cr_expect(rg_str_equal(r.to_header, RG_STR("<sip:alice@example.com>")));
	cr_expect(rg_str_equal(r.callid, RG_STR("c1")));
	cr_expect(rg_str_equal(r.cseq, RG_STR("7 REGISTER")));
	cr_expect(rg_str_equal(r.request_uri, RG_STR("sip:example.com")));
	cr_expect(rg_str_equal(r.expires, RG_STR("60")));
	cr_assert_eq(r.n_contacts, 3);
	cr_expect(rg_str_equal(r.contacts[2], RG_STR("<sip:c@h>;q=0.5")));
	cr_assert_eq(r.n_feature_caps, 1);
	cr_expect(rg_str_equal(r.feature_caps[0], RG_STR("*;x")));
	cr_assert_eq(r.n_paths, 1);
	msg_destroy(m.msg);
}

Test(sofia_reply, malformed_header_without_its_text_is_a_defect_too)
{
	static const struct { const char *line; int32_t defect; } cases[] = {
		{ "Contact: <sip:>\r\n", RG_R_PARSE_CONT }, { "Path: <\r\n", RG_R_PARSE_PATH }, { "Expires: -1\r\n", RG_R_PARSE_EXP },
		{ "To: <sip:b@h>\r\n", RG_R_PARSE }, { "Require: a\001b\r\n", RG_R_PARSE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *text = NULL;
		rg_sofia_message m;
		rg_request r;
		rg_sofia_message_init(&m, sizeof m);
		rg_request_init(&r, sizeof r);
		cr_assert_gt(asprintf(&text, "%sVia: SIP/2.0/UDP h\r\n%s%s\r\n", HEAD, REST, cases[i].line), 0);
		m.msg = message_of(text, 0);
		cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, NULL, &r), RG_OK);
		cr_expect_eq(r.defect, cases[i].defect, "%s: %d", cases[i].line, r.defect);
		msg_destroy(m.msg);
		free(text);
	}
}

Test(sofia_reply, malformed_header_that_nobody_needs_is_absent_also_without_its_text)
{
	static const char lines[] = "User-Agent: a\001b\r\nSupported: timer;100rel\r\nSupported: path\r\nAllow: INVITE ACK BYE\r\nRoute: <\r\n"
		"Feature-Caps: a\001\r\n";

	for (uint32_t with_text = 0; with_text < 2; with_text++) {
		rg_sofia_message m;
		rg_request r;

		rg_sofia_message_init(&m, sizeof m);
		rg_request_init(&r, sizeof r);
		char text[1024];
		snprintf(text, sizeof text, "%sVia: SIP/2.0/UDP h\r\n%s%s\r\n", HEAD, REST, lines);
		m.msg = message_of(text, with_text ? MSG_FLG_EXTRACT_COPY : 0);
		cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, NULL, &r), RG_OK);
		cr_expect_eq(r.defect, RG_R_FINE, "%d", r.defect);
		cr_expect_null(r.user_agent.p);
		cr_expect_eq(r.n_feature_caps, 0);
		/* With its text the core sees what is wrong with a list. */
		cr_expect_eq(r.n_supported, with_text ? 2 : 0);
		cr_expect_eq(r.n_allow, with_text);
		cr_expect_eq(r.n_routes, with_text);
		msg_destroy(m.msg);
	}
}

Test(sofia_reply, message_past_the_limit_on_bytes_is_a_defect_before_any_other)
{
	static const struct { int64_t max; int32_t defect; } cases[] = { { 65535, RG_R_PARSE_EXP }, { 600, RG_R_TOO_LARGE } };
	char *text = NULL;

	cr_assert_gt(asprintf(&text, "%sVia: SIP/2.0/UDP h\r\n%sExpires: -1\r\nSubject: %0800d\r\n\r\n", HEAD, REST, 1), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rg_sofia_message m;
		rg_request r;
		rg_config *config = NULL;
		rg_sofia_message_init(&m, sizeof m);
		rg_request_init(&r, sizeof r);
		cr_assert_eq(rg_config_new(&config), RG_OK);
		cr_assert_eq(rg_config_set_int(config, RG_STR("max_request_bytes"), cases[i].max, NULL), RG_OK);
		m.msg = message_of(text, 0);
		cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, config, &r), RG_OK);
		cr_expect_eq(r.defect, cases[i].defect, "%d", r.defect);
		msg_destroy(m.msg);
		rg_config_free(config);
	}
	free(text);
}

static rg_status a_var(void *user, const rg_str *name, rg_str *value)
{
	(void)user;
	*value = RG_STR("text");
	if (rg_str_equal(*name, RG_STR("rcv")))
		*value = RG_STR("sip:203.0.113.1:5060");
	if (rg_str_equal(*name, RG_STR("flag")))
		*value = RG_STR("1");
	return RG_OK;
}

static const struct {
	const char *rest; /* from Content-Length on */
	int32_t defect;
} bodies[] = {
	{ "\r\n", RG_R_FINE },
	{ "Content-Length: 0\r\n\r\n", RG_R_FINE },
	{ "Content-Length: 4\r\n\r\nabcd", RG_R_FINE },
	{ "Content-Length: 3\r\n\r\nabcd", RG_R_FINE },
	{ "Content-Length: 5\r\n\r\nabcd", RG_R_PARSE },
	{ "l: 10\r\n\r\n", RG_R_PARSE },
	{ "Content-Length: 65536\r\n\r\n", RG_R_PARSE },
	{ "Content-Length: 4294967295\r\n\r\n", RG_R_PARSE },
	{ "Content-Length: 4294967296\r\n\r\n", RG_R_PARSE },
};

Test(sofia_reply, message_that_ends_before_its_body_does_is_a_defect)
{
	for (size_t i = 0; i < 2 * sizeof bodies / sizeof bodies[0]; i++) {
		const char *rest = bodies[i / 2].rest;
		rg_sofia_message m;
		rg_request r;
		char *text;

		cr_assert_gt(asprintf(&text, "%s%s", HEAD "Via: SIP/2.0/UDP h;branch=z9\r\n" REST, rest), 0);
		rg_sofia_message_init(&m, sizeof m);
		rg_request_init(&r, sizeof r);
		m.msg = message_of(text, i % 2 ? MSG_FLG_EXTRACT_COPY : 0);
		cr_assert_not_null(m.msg);
		cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, NULL, &r), RG_OK);
		cr_expect_eq(r.defect, bodies[i / 2].defect, "%s: %d", rest, r.defect);
		msg_destroy(m.msg);
		free(text);
	}
}

Test(sofia_reply, sizes_of_the_hosts_structs_are_held_to_the_law)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	static const uint8_t seed[32] = { 1 };
	struct {
		rg_sofia_source known;
		uint64_t later;
	} source;
	rg_sofia_message m;
	rg_request r;
	rg_plan *plan;

	rg_sofia_message_init(&m, sizeof m);
	rg_sofia_source_init(&source.known, sizeof source);
	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.7:5070"), &source.known.source), RG_OK);
	rg_request_init(&r, sizeof r);
	m.msg = message_of(HEAD "Via: SIP/2.0/UDP 192.0.2.1;branch=z9\r\n" REST "\r\n", MSG_FLG_EXTRACT_COPY);
	for (m.struct_size = 0; m.struct_size < sizeof m; m.struct_size++) {
		cr_expect_eq(ops->read(NULL, &m, NULL, &r), RG_EINVAL, "%u", m.struct_size);
		cr_expect_eq(ops->apply(NULL, &m, NULL), RG_EINVAL, "%u", m.struct_size);
	}
	m.source = &source.known;
	cr_expect_eq(ops->read(NULL, &m, NULL, &r), RG_OK);
	cr_expect_eq(r.source.family, 4);
	cr_assert_eq(rg_merge(NULL, &r, NULL, NULL, 1700000000000, seed, &plan, NULL), RG_OK);
	source.later = 1;
	cr_expect_eq(ops->read(NULL, &m, NULL, &r), RG_EINVAL);
	cr_expect_eq(ops->reply(NULL, &m, rg_plan_response(plan)), RG_EINVAL);
	source.later = 0;
	cr_assert_eq(ops->reply(NULL, &m, rg_plan_response(plan)), RG_OK);
	char *text = sent(m.reply);
	cr_expect_not_null(strstr(text, "received=192.0.2.7"), "%s", text);
	free(text);
	for (source.known.struct_size = 0; source.known.struct_size < sizeof(rg_sofia_source); source.known.struct_size++)
		cr_expect_eq(ops->read(NULL, &m, NULL, &r), RG_EINVAL, "%u", source.known.struct_size);
	rg_plan_free(plan);
	msg_destroy(m.reply);
	msg_destroy(m.msg);
}

Test(sofia_reply, host_variables_are_read_by_the_names_in_the_config)
{
	static const char *const settings[][2] = { { "received_avp", "rcv" }, { "attr_avp", "att" }, { "tcp_persistent_flag", "flag" },
		{ "sock_hdr_name", "X-Sock" } };
	rg_config *config = NULL;
	rg_sofia_message m;
	rg_request r;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(rg_config_set(config, rg_str_from(settings[i][0]), rg_str_from(settings[i][1]), NULL), RG_OK, "%s", settings[i][0]);
	rg_sofia_message_init(&m, sizeof m);
	rg_request_init(&r, sizeof r);
	m.get_var = a_var;
	m.msg = message_of(HEAD "Via: SIP/2.0/UDP h\r\n" REST "x-sock: udp:192.0.2.1:5060\r\n\r\n", MSG_FLG_EXTRACT_COPY);
	cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, config, &r), RG_OK);
	cr_expect(rg_str_equal(r.received, RG_STR("sip:203.0.113.1:5060")));
	cr_expect(rg_str_equal(r.attr, RG_STR("text")));
	cr_expect(rg_str_equal(r.socket_header, RG_STR("udp:192.0.2.1:5060")));
	cr_expect(r.flags & RG_REQUEST_TCP_PERSISTENT);
	rg_config_free(config);
	msg_destroy(m.msg);
}

Test(sofia_reply, headers_are_found_by_any_of_their_names_and_added_safely)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	rg_sofia_message m;
	rg_str value;

	rg_sofia_message_init(&m, sizeof m);
	m.msg = message_of(HEAD "v: SIP/2.0/UDP h\r\n" REST "X-A: 1\r\nx-a: 2\r\n\r\n", MSG_FLG_EXTRACT_COPY);
	cr_expect_eq(ops->header(NULL, &m, &RG_STR("Via"), 0, &value), RG_OK);
	cr_expect(rg_str_equal(value, RG_STR("SIP/2.0/UDP h")));
	cr_expect_eq(ops->header(NULL, &m, &RG_STR("X-a"), 1, &value), RG_OK);
	cr_expect(rg_str_equal(value, RG_STR("2")));
	cr_expect_eq(ops->header(NULL, &m, &RG_STR("X-a"), 2, &value), RG_ENOENT);
	cr_expect_eq(ops->header(NULL, &m, &RG_STR(""), 0, &value), RG_ENOENT);
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("X-B"), &RG_STR("b")), RG_OK);
	cr_expect_eq(ops->header(NULL, &m, &RG_STR("X-B"), 0, &value), RG_OK);
	cr_expect(rg_str_equal(value, RG_STR("b")));
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("X-B"), &RG_STR("b\r\nEvil: 1")), RG_EINVAL);
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("X-B"), &((rg_str){ "b\0c", 3 })), RG_EINVAL);
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("X B"), &RG_STR("b")), RG_EINVAL);
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("Call-ID"), &RG_STR("another")), RG_EINVAL, "it stands once only");
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("Session-Expires"), &RG_STR("b")), RG_EINVAL, "Sofia cannot parse it");
	cr_expect_eq(ops->add_header(NULL, &m, &RG_STR("Supported"), &RG_STR("b")), RG_OK);
	char *text = sent(m.msg);
	cr_expect_not_null(strstr(text, "\r\nX-B: b\r\n"), "%s", text);
	cr_expect_not_null(strstr(text, "\r\nSupported: b\r\n"), "%s", text);
	cr_expect_null(strstr(text, "another"), "%s", text);
	cr_expect_str_eq(strstr(text, "\r\n\r\n"), "\r\n\r\n", "all of it before the blank line: %s", text);
	free(text);
	msg_destroy(m.msg);
}

/* Targets of alice, who is registered from two places, both through the proxies of a Path. */
static rg_targets *targets_of(const rg_request *invite, const char *path)
{
	const rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.com") };
	const rg_revision revision = { { 1 } };
	rg_contact contacts[2];
	rg_record *record = NULL;
	rg_targets *targets = NULL;

	for (int i = 0; i < 2; i++) {
		rg_contact_init(&contacts[i], sizeof contacts[i]);
		contacts[i].id = (uint64_t)i + 1;
		contacts[i].uri = i ? RG_STR("sip:b@192.0.2.2") : RG_STR("sip:a@192.0.2.1");
		contacts[i].q = i ? 500 : 1000;
		contacts[i].expires = 1800000000000;
		contacts[i].path = rg_str_from(path);
		contacts[i].next_hop = RG_STR("edge.example.com:5060");
		contacts[i].callid = RG_STR("1");
		contacts[i].methods = RG_METHODS_ALL;
	}
	cr_assert_eq(rg_record_new(&key, &revision, contacts, 2, NULL, 0, (rg_str){ NULL, 0 }, &record), RG_OK);
	cr_assert_eq(rg_select(record, invite, NULL, NULL, 1700000001000, &targets, NULL), RG_OK);
	rg_record_unref(record);
	return targets;
}

Test(sofia_reply, targets_route_the_message_and_stay_with_it)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	rg_sofia_message m;
	rg_request r;

	rg_sofia_message_init(&m, sizeof m);
	rg_request_init(&r, sizeof r);
	m.msg = message_of("INVITE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nRoute: <sip:left.example.com;lr>\r\n"
		"From: <sip:b@h>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: 2\r\nCSeq: 1 INVITE\r\nContact: <sip:b@h>\r\n\r\n",
		MSG_FLG_EXTRACT_COPY);
	cr_assert_eq(ops->read(NULL, &m, NULL, &r), RG_OK);
	rg_targets *targets = targets_of(&r, "<sip:edge.example.com;lr>\n<sip:p2.example.com;lr>");
	rg_target target = { .struct_size = sizeof target };
	cr_assert_eq(rg_targets_count(targets), 2);
	cr_assert_eq(ops->apply(NULL, &m, targets), RG_OK);
	rg_targets_free(targets);

	cr_expect_eq(rg_sofia_message_target_count(&m), 2);
	cr_expect_eq(m.routed, 0);
	cr_expect_eq(rg_sofia_message_target(&m, 1, &target), RG_OK);
	cr_expect(rg_str_equal(target.uri, RG_STR("sip:b@192.0.2.2")));
	cr_expect_eq(rg_sofia_message_target(&m, 0, &target), RG_OK);
	cr_expect(rg_str_equal(m.next_hop, target.next_hop));
	cr_expect_eq(rg_sofia_message_target(&m, 2, &target), RG_ENOENT);
	cr_expect_null(target.uri.p);
	cr_expect_eq(rg_sofia_message_target(&m, 0, NULL), RG_EINVAL);
	cr_expect_eq(rg_sofia_message_target(NULL, 0, &target), RG_ENOENT);
	cr_expect_eq(rg_sofia_message_target_count(NULL), 0);
	struct {
		rg_target known;
		uint64_t later, canary;
	} larger = { .canary = UINT64_MAX };
	rg_target_init(&larger.known, sizeof larger - sizeof larger.canary);
	cr_expect_eq(rg_sofia_message_target(&m, 1, &larger.known), RG_OK);
	cr_expect_eq(larger.known.struct_size, sizeof larger - sizeof larger.canary);
	cr_expect(rg_str_equal(larger.known.uri, RG_STR("sip:b@192.0.2.2")));
	cr_expect_eq(larger.later, 0);
	cr_expect_eq(larger.canary, UINT64_MAX);
	larger.later = 1;
	cr_expect_eq(rg_sofia_message_target(&m, 1, &larger.known), RG_EINVAL);
	for (target.struct_size = 0; target.struct_size < sizeof target; target.struct_size++)
		cr_expect_eq(rg_sofia_message_target(&m, 0, &target), RG_EINVAL, "%u", target.struct_size);
	cr_expect(rg_str_equal(m.next_hop, RG_STR("sip:edge.example.com;lr")), "%.*s", (int)m.next_hop.n, m.next_hop.p);
	char *text = sent(m.msg);
	cr_expect_eq(strncmp(text, "INVITE sip:a@192.0.2.1 SIP/2.0\r\n", 32), 0, "%s", text);
	const char *edge = strstr(text, "sip:edge.example.com;lr"), *p2 = strstr(text, "sip:p2.example.com;lr");
	const char *left = strstr(text, "sip:left.");
	cr_expect(edge && p2 && left && edge < p2 && p2 < left, "%s", text);
	free(text);
	msg_destroy(m.msg);
}

/* The library accepts each of these from a REGISTER. */
Test(sofia_reply, a_path_becomes_a_route_whatever_its_display_names_are)
{
	static const char *const paths[] = { "<sip:e@h;lr>;x=\"a,b\"\n<sip:p2@h;lr>", "\"E, 1\" <sip:e@h;lr>\nP 2 <sip:p2@h;lr>",
		"Zo\xc3\xab <sip:e@h;lr>\n<sip:p2@h;lr>", "<sip:e@h;lr>\na(b;c <sip:p2@h;lr>", "a\"<b,\\\"c\" <sip:e@h;lr>\n> <sip:p2@h;lr>" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const rg_msg_ops *ops = rg_sofia_msg_ops();
		rg_sofia_message m;
		rg_request r;

		rg_sofia_message_init(&m, sizeof m);
		rg_request_init(&r, sizeof r);
		m.msg = message_of("INVITE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nRoute: <sip:left@h;lr>\r\n"
			"From: <sip:b@h>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: 2\r\nCSeq: 1 INVITE\r\n\r\n", MSG_FLG_EXTRACT_COPY);
		cr_assert_eq(ops->read(NULL, &m, NULL, &r), RG_OK);
		rg_targets *targets = targets_of(&r, paths[i]);
		cr_expect_eq(ops->apply(NULL, &m, targets), RG_OK, "%s", paths[i]);
		cr_expect_eq(m.routed, 0, "%s", paths[i]);
		const sip_route_t *route = sip_object(m.msg)->sip_route;
		for (const char *const *user = (const char *const[]){ "e", "p2", "left", NULL }; *user; user++, route = route->r_next) {
			cr_assert(route, "%s", paths[i]);
			cr_expect_str_eq(route->r_url->url_user, *user, "%s", paths[i]);
		}
		cr_expect_null(route);
		rg_targets_free(targets);
		msg_destroy(m.msg);
	}
}

Test(sofia_reply, a_message_that_cannot_be_routed_stays_as_it_is)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	rg_sofia_message m;
	rg_request r;

	rg_sofia_message_init(&m, sizeof m);
	rg_request_init(&r, sizeof r);
	m.msg = message_of("INVITE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nRoute: <sip:left@h;lr>\r\n"
		"From: <sip:b@h>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: 2\r\nCSeq: 1 INVITE\r\n\r\n", MSG_FLG_EXTRACT_COPY);
	cr_assert_eq(ops->read(NULL, &m, NULL, &r), RG_OK);
	rg_targets *targets = targets_of(&r, "<sip:e@h;lr>\n<sip:"); /* of a store with other ideas */
	cr_expect_eq(ops->apply(NULL, &m, targets), RG_EINVAL);
	cr_expect_eq(m.routed, -1);
	cr_expect_str_eq(sip_object(m.msg)->sip_request->rq_url->url_user, "alice");
	cr_expect_str_eq(sip_object(m.msg)->sip_route->r_url->url_user, "left");
	rg_targets_free(targets);
	msg_destroy(m.msg);
}
