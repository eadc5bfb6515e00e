/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include <criterion/criterion.h>

static char text[8192];

static const char *text_of(const rg_record *record, uint32_t flags)
{
	size_t n = 7;

	cr_assert_eq(rg_record_text(record, flags, text, sizeof text - 1, &n), RG_OK);
	cr_assert_lt(n, sizeof text);
	text[n] = '\0';
	return text;
}

static rg_record *record_of(const rg_contact *contacts, uint32_t n, const rg_removal *removals, uint32_t n_removals)
{
	static const rg_revision revision = { { 0xab, 1, [15] = 0xf0 } };
	rg_key key = { RG_STR("location"), RG_STR("a b"), RG_STR("example.com") };
	rg_record *record = NULL;

	cr_assert_eq(rg_record_new(&key, &revision, contacts, n, removals, n_removals, RG__ABSENT, &record), RG_OK);
	return record;
}

static rg_contact least_contact(void)
{
	rg_contact c = { .struct_size = sizeof c };

	rg_contact_init(&c, sizeof c);
	c.id = 1;
	c.uri = RG_STR("sip:a@192.0.2.7");
	c.callid = RG_STR("call-1");
	return c;
}

/* A binding in which every member has a value. */
static rg_contact full_contact(void)
{
	static rg_addr addrs[2] = { { { 192, 0, 2, 7 }, 0, 4, 0 }, { { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, 5062, 6, 0 } };

	return (rg_contact){ .struct_size = sizeof(rg_contact), .flags = RG_CONTACT_LOCAL | RG_CONTACT_OUTBOUND | 1u << 31,
		.id = 0x1122334455667788, .generation = 0xffeeddccbbaa9988, .uri = RG_STR("sip:a@phones.example.com"),
		.params = RG_STR(";+sip.instance=\"<urn:x:1>\""), .instance = RG_STR("<urn:x:1>"), .callid = RG_STR("call\\1"),
		.path = RG_STR("<sip:p1;lr>\n<sip:p2;lr>"), .received = RG_STR("sip:192.0.2.9"), .socket = RG_STR("udp:192.0.2.1:5060"),
		.flow = { "\0\r\n", 3 }, .user_agent = RG_STR("Acme Phone"), .attr = RG_STR(""), .ownership_tag = RG_STR("east"),
		.next_hop = RG_STR("phones.example.com:5060"), .addrs = addrs, .n_addrs = 2, .cseq = 2147483647, .expires = RG_TIME_NEVER,
		.created = -1, .modified = 1700000000000, .wake = 1700000000001, .request_hash = 15, .q = 0, .reg_id = 3,
		.methods = 1u | 1u << 20 | 1u << 31, .branch_flags = 4294967295u, .latency = 0, .extra = { "\xa1\x78\x01", 3 } };
}

Test(record_text, has_every_value_of_a_binding)
{
	rg_contact c[2] = { full_contact(), least_contact() };
	rg_record *record = record_of(c, 2, NULL, 0);

	cr_expect_str_eq(text_of(record, RG_TEXT_OPAQUE),
		"record: a%20b@example.com\n"
		"  domain: location\n"
		"  revision: ab0100000000000000000000000000f0\n"
		"  binding: 0\n"
		"    id: 1122334455667788\n"
		"    generation: ffeeddccbbaa9988\n"
		"    uri: sip:a@phones.example.com\n"
		"    params: ;+sip.instance=\"<urn:x:1>\"\n"
		"    instance: <urn:x:1>\n"
		"    reg_id: 3\n"
		"    q: 0\n"
		"    callid: call\\\\1\n"
		"    cseq: 2147483647\n"
		"    request_hash: 000000000000000f\n"
		"    created: -1\n"
		"    modified: 1700000000000\n"
		"    expires: 9223372036854775807\n"
		"    wake: 1700000000001\n"
		"    path: <sip:p1;lr>\n"
		"    path: <sip:p2;lr>\n"
		"    received: sip:192.0.2.9\n"
		"    next_hop: phones.example.com:5060\n"
		"    addr: 192.0.2.7\n"
		"    addr: [2001:db8::1]:5062\n"
		"    socket: udp:192.0.2.1:5060\n"
		"    flow: \\x00\\x0d\\x0a\n"
		"    user_agent: Acme Phone\n"
		"    attr:\n"
		"    ownership_tag: east\n"
		"    methods: INVITE 20 OTHER\n"
		"    flags: LOCAL OUTBOUND 31\n"
		"    branch_flags: 4294967295\n"
		"    latency: 0\n"
		"    extra: \\xa1x\\x01\n"
		"  binding: 1\n"
		"    id: 0000000000000001\n"
		"    generation: 0000000000000000\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 0\n"
		"    request_hash: 0000000000000000\n"
		"    created: 0\n"
		"    modified: 0\n"
		"    expires: 0\n");
	rg_record_unref(record);
}

Test(record_text, leaves_out_by_default_what_says_nothing_to_a_reader)
{
	rg_contact c = least_contact();
	rg_removal removals[2] = { { .struct_size = sizeof(rg_removal), .uri = RG_STR("sip:b@192.0.2.8"), .callid = RG_STR("call-2"), .cseq = 7,
		.request_hash = 99, .at = 1700000000000 }, { .struct_size = sizeof(rg_removal), .uri = RG_STR("sip:c@192.0.2.9"),
		.instance = RG_STR("<urn:x:2>"), .reg_id = 2, .callid = RG_STR("call-3"), .cseq = 8, .at = 1700000000001 } };
	rg_record *record = record_of(&c, 1, removals, 2);

	cr_expect_str_eq(text_of(record, 0),
		"record: a%20b@example.com\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 0\n"
		"    created: 0\n"
		"    modified: 0\n"
		"    expires: 0\n"
		"  removal: 0\n"
		"    uri: sip:b@192.0.2.8\n"
		"    callid: call-2\n"
		"    cseq: 7\n"
		"    at: 1700000000000\n"
		"  removal: 1\n"
		"    uri: sip:c@192.0.2.9\n"
		"    instance: <urn:x:2>\n"
		"    reg_id: 2\n"
		"    callid: call-3\n"
		"    cseq: 8\n"
		"    at: 1700000000001\n");
	cr_expect_not_null(strstr(text_of(record, RG_TEXT_OPAQUE), "    request_hash: 0000000000000063\n"));
	rg_record_unref(record);
	cr_expect_str_eq(text_of(NULL, 0), "no record\n");
}

static void changed_text(const char *member, const rg_contact *c, const char *before)
{
	rg_record *record = record_of(c, 1, NULL, 0);

	cr_expect_str_neq(text_of(record, RG_TEXT_OPAQUE), before, "%s", member);
	rg_record_unref(record);
}

/* A value that the text does not tell would hide a difference from a test: each member that is changed changes the text. */
Test(record_text, differs_when_any_octet_of_a_binding_differs)
{
	rg_contact plain = full_contact();
	rg_record *record = record_of(&plain, 1, NULL, 0);
	static char before[sizeof text];

	strcpy(before, text_of(record, RG_TEXT_OPAQUE));
	rg_record_unref(record);
#define NUMBER(member) { rg_contact c = full_contact(); c.member ^= 2; changed_text(#member, &c, before); }
#define SLICE(member) { rg_contact c = full_contact(); c.member = RG_STR("<sip:other>"); changed_text(#member, &c, before); }
	NUMBER(flags) NUMBER(id) NUMBER(generation) NUMBER(cseq) NUMBER(expires) NUMBER(created) NUMBER(modified) NUMBER(wake)
	NUMBER(request_hash) NUMBER(q) NUMBER(reg_id) NUMBER(methods) NUMBER(branch_flags) NUMBER(latency) NUMBER(n_addrs)
	SLICE(uri) SLICE(params) SLICE(instance) SLICE(callid) SLICE(path) SLICE(received) SLICE(socket) SLICE(flow) SLICE(user_agent)
	SLICE(attr) SLICE(ownership_tag) SLICE(next_hop)
}

Test(record_text, tells_what_was_absent_from_what_was_empty)
{
	rg_contact before = least_contact(), after = least_contact();
	rg__print p;
	size_t n;

	after.attr = RG_STR("");
	before.n_addrs = 1;
	before.addrs = &(rg_addr){ { 192, 0, 2, 7 }, 0, 4, 0 };
	before.q = 500;
	cr_assert(rg__print_open(&p, 0, text, sizeof text - 1, &n));
	rg__print_difference(&p, &before, &after);
	rg__print_difference(&p, &after, &before);
	text[p.out.n] = '\0';
	cr_expect_str_eq(text,
		"q: 500\n"
		"addr: 192.0.2.7\n"
		"no: attr\n"
		"no: q\n"
		"no: addr\n"
		"attr:\n");
}

Test(record_text, has_no_space_at_the_end_of_a_line_whose_value_is_empty)
{
	static const rg_key nobody = { .domain = { "location", 8 } };
	rg_contact c = least_contact();
	rg_record *record;

	c.methods = 0;
	cr_assert_eq(rg_record_new(&nobody, &(rg_revision){ { 1 } }, &c, 1, NULL, 0, RG__ABSENT, &record), RG_OK);
	cr_expect_str_eq(text_of(record, 0),
		"record:\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:a@192.0.2.7\n"
		"    callid: call-1\n"
		"    cseq: 0\n"
		"    created: 0\n"
		"    modified: 0\n"
		"    expires: 0\n"
		"    methods:\n");
	rg_record_unref(record);
}

Test(record_text, writes_what_fits_and_says_how_long_it_is)
{
	rg_contact c = full_contact();
	rg_record *record = record_of(&c, 1, NULL, 0);
	static char whole[sizeof text];
	size_t n, length;

	cr_assert_eq(rg_record_text(record, 0, NULL, 0, &length), RG_OK);
	cr_assert_eq(rg_record_text(record, 0, whole, length, &n), RG_OK);
	cr_expect_eq(n, length);
	for (size_t size = 0; size <= length + 1; size++) {
		memset(text, '#', sizeof text);
		cr_assert_eq(rg_record_text(record, 0, text, size, &n), RG_OK);
		cr_expect_eq(n, length);
		cr_expect_eq(memcmp(text, whole, size < length ? size : length), 0);
		cr_expect_eq(text[size < length ? size : length], '#', "%zu", size);
	}
	cr_expect_eq(rg_record_text(record, 0, NULL, 1, &n), RG_EINVAL);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_record_text(record, 0, text, sizeof text, NULL), RG_EINVAL);
	rg_record_unref(record);
}
