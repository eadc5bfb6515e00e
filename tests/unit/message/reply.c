/* SPDX-License-Identifier: MIT */
#include <rgstr/reply.h>
#include "text/text.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static rg_addr addr_of(const char *text)
{
	rg_addr addr = { 0 };

	if (text)
		cr_assert_eq(rg_addr_parse(rg_str_from(text), &addr), RG_OK);
	return addr;
}

static const char *shown(const rg_addr *addr, char room[64])
{
	rg_str text = rg_addr_print(addr, room, 63);

	if (!text.p)
		return "none";
	room[text.n] = '\0';
	return room;
}

typedef struct via_case {
	const char *line, *source, *header, *to; /* NULL header: RG_EINVAL */
} via_case;

#define UDP "SIP/2.0/UDP "

static const via_case vias[] = {
	/* RFC 3261 §18.2.1: received only when sent-by is a name or another address; §18.2.2: back to the port of sent-by. */
	{ UDP "192.0.2.1:5070;branch=z9hG4bK1", "192.0.2.1:4000", UDP "192.0.2.1:5070;branch=z9hG4bK1", "192.0.2.1:5070" },
	{ UDP "192.0.2.1", "192.0.2.1:4000", UDP "192.0.2.1", "192.0.2.1:5060" },
	{ UDP "bobspc.biloxi.com:5060", "192.0.2.4:4000", UDP "bobspc.biloxi.com:5060;received=192.0.2.4", "192.0.2.4:5060" },
	{ UDP "10.1.1.1:5070;branch=x", "192.0.2.4:4000", UDP "10.1.1.1:5070;branch=x;received=192.0.2.4", "192.0.2.4:5070" },
	/* RFC 3581 §4. */
	{ UDP "10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", "192.0.2.1:9988",
		UDP "10.1.1.1:4540;branch=z9hG4bKkjshdyff;received=192.0.2.1;rport=9988", "192.0.2.1:9988" },
	{ UDP "192.0.2.1:5070;RPORT", "192.0.2.1:5070", UDP "192.0.2.1:5070;received=192.0.2.1;rport=5070", "192.0.2.1:5070" },
	/* What the sender claims is dropped, however often it does. */
	{ UDP "192.0.2.1;received=9.9.9.9;rport=1;x=y;received=8.8.8.8;rport", "192.0.2.1:4000",
		UDP "192.0.2.1;x=y;received=192.0.2.1;rport=4000", "192.0.2.1:4000" },
	{ UDP "192.0.2.1;Received=9.9.9.9", "192.0.2.1:4000", UDP "192.0.2.1", "192.0.2.1:5060" },
	{ UDP "h;received=2001:db8::9", "192.0.2.1:4000", UDP "h;received=192.0.2.1", "192.0.2.1:5060" },
	{ UDP "192.0.2.1;maddr=9.9.9.9", "192.0.2.1:4000", UDP "192.0.2.1;maddr=9.9.9.9", "192.0.2.1:5060" },
	/* IPv6: received has no brackets. */
	{ UDP "[2001:DB8:0::1]:5070", "[2001:db8::1]:4000", UDP "[2001:DB8:0::1]:5070", "[2001:db8::1]:5070" },
	{ UDP "[2001:db8::2];rport", "[2001:db8::1]:4000", UDP "[2001:db8::2];received=2001:db8::1;rport=4000", "[2001:db8::1]:4000" },
	/* An unknown port, an unknown source. */
	{ UDP "10.1.1.1;rport", "192.0.2.1", UDP "10.1.1.1;received=192.0.2.1;rport", "192.0.2.1:5060" },
	{ UDP "h;rport;received=9.9.9.9, x", NULL, UDP "h;rport;received=9.9.9.9, x", "none" },
	/* Only the first value changes. */
	{ " " UDP "h;p=\"a,b\" ,  " UDP "192.0.2.9;received=1.1.1.1 ", "192.0.2.1:4000",
		UDP "h;p=\"a,b\";received=192.0.2.1, " UDP "192.0.2.9;received=1.1.1.1", "192.0.2.1:5060" },
	{ UDP " h : 5070 ; rport = 7 ; x = y", "192.0.2.1:4000", UDP " h : 5070 ; x = y;received=192.0.2.1;rport=4000", "192.0.2.1:4000" },
	{ "", "192.0.2.1:1", NULL, "none" }, { "x", "192.0.2.1:1", NULL, "none" }, { ", " UDP "h", "192.0.2.1:1", NULL, "none" },
	{ UDP "h;;x", "192.0.2.1:1", NULL, "none" }, { UDP "h;x=\"", "192.0.2.1:1", NULL, "none" }, { "x", NULL, NULL, "none" },
	{ UDP "h;x=\"a\r\nEvil: 1\"", "192.0.2.1:1", NULL, "none" }, { UDP "h, x\r\nEvil: 1", "192.0.2.1:1", NULL, "none" },
	{ UDP "h, x\nEvil: 1", NULL, NULL, "none" }, { UDP "h\r\n x", "192.0.2.1:1", NULL, "none" },
};

Test(reply, a_via_says_where_the_request_came_from)
{
	for (size_t i = 0; i < sizeof vias / sizeof *vias; i++) {
		const via_case *c = &vias[i];
		rg_addr source = addr_of(c->source), to = addr_of("9.9.9.9:9");
		char room[256], text[64];
		size_t n = 99;
		rg_status status = rg_via_header(rg_str_from(c->line), c->source ? &source : NULL, room, sizeof room, &n, &to);

		cr_expect_eq(status, c->header ? RG_OK : RG_EINVAL, "%s", c->line);
		cr_expect(rg__eq((rg_str){ room, n }, rg_str_from(c->header)), "%s: %.*s", c->line, (int)n, room);
		cr_expect_str_eq(shown(&to, text), c->to, "%s: %s", c->line, text);
	}
}

/* A dual-stack socket gives such addresses. The reply has to go to the address as the socket knows it. */
Test(reply, a_mapped_source_is_the_ipv4_address)
{
	rg_addr source = { { [10] = 0xff, 0xff, 192, 0, 2, 1 }, 4000, 6, 0 }, to;
	char room[128];
	size_t n;

	cr_expect_eq(rg_via_header(RG_STR(UDP "192.0.2.1"), &source, room, sizeof room, &n, &to), RG_OK);
	cr_expect(rg__eq((rg_str){ room, n }, RG_STR(UDP "192.0.2.1")), "%.*s", (int)n, room);
	cr_expect_eq(to.family, 6);
	cr_expect_eq(memcmp(to.ip, source.ip, sizeof to.ip), 0);
	cr_expect_eq(to.port, 5060);
	cr_expect_eq(rg_via_header(RG_STR(UDP "h;rport"), &source, room, sizeof room, &n, NULL), RG_OK);
	cr_expect(rg__eq((rg_str){ room, n }, RG_STR(UDP "h;received=192.0.2.1;rport=4000")), "%.*s", (int)n, room);
}

#define VIA UDP "192.0.2.1;branch=z9hG4bK1"
static const uint8_t key[RG_TO_KEY_BYTES] = { 1, 2, 3 };

static rg_request request_to(const char *to)
{
	rg_request request;

	rg_request_init(&request, sizeof request);
	request.to_header = rg_str_from(to);
	request.from_header = RG_STR("<sip:bob@example.org>;tag=b");
	request.callid = RG_STR("c1");
	request.cseq = RG_STR("7 INVITE");
	return request;
}

static const char *to_of(const rg_request *request, const char *via, const uint8_t *with, char room[256])
{
	size_t n;

	if (rg_to_header(request, rg_str_from(via), with, room, 255, &n) != RG_OK)
		return NULL;
	room[n] = '\0';
	return room;
}

Test(reply, a_to_without_a_tag_gets_one)
{
	static const struct {
		const char *to, *header; /* a `*` stands for the tag of 16 digits; NULL: RG_EINVAL */
	} cases[] = {
		{ "<sip:a@example.org>", "<sip:a@example.org>;tag=*" }, { "sip:a@example.org", "sip:a@example.org;tag=*" },
		{ " \"A;tag=1\" <sip:a@h;tag=2>;x=\";tag=3\" ", "\"A;tag=1\" <sip:a@h;tag=2>;x=\";tag=3\";tag=*" },
		{ "<sip:a@h>;tagged=1", "<sip:a@h>;tagged=1;tag=*" }, { "A <sip:%zz>", "A <sip:%zz>;tag=*" },
		{ "<sip:a@h>;tag=9", "<sip:a@h>;tag=9" }, { "sip:a@h;TAG=9 ", "sip:a@h;TAG=9" },
		{ "<sip:a@h> ; x ; tag = 9", "<sip:a@h> ; x ; tag = 9" },
		{ NULL, NULL }, { "", NULL }, { "<sip:a@h", NULL }, { "\"a <sip:a@h>", NULL }, { "<sip:a@h>;;", NULL },
		{ "<sip:a@h>;tag=1;tag=2", NULL },
		{ "<sip:a\r\nEvil: 1@h>", NULL }, { "<sip:a@h>\r\nEvil: 1", NULL }, { "\"\n\" <sip:a@h>", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_request request = request_to(cases[i].to);
		char room[256] = "";
		const char *got = to_of(&request, VIA, key, room), *star = cases[i].header ? strchr(cases[i].header, '*') : NULL;
		size_t n = star ? (size_t)(star - cases[i].header) : 0;

		cr_expect_eq(!got, !cases[i].header, "%s: %s", cases[i].to, room);
		if (!got || !cases[i].header)
			continue;
		if (star)
			cr_expect(strncmp(got, cases[i].header, n) == 0 && strlen(got) == n + 16 && strspn(got + n, "0123456789abcdef") == 16, "%s",
				got);
		else
			cr_expect_str_eq(got, cases[i].header);
	}
}

Test(reply, a_retransmission_and_a_cancel_get_the_same_tag_and_another_request_another)
{
	static const uint8_t other_key[RG_TO_KEY_BYTES] = { 1, 2, 4 };
	static const struct {
		const char *cseq, *from, *callid, *via;
		const uint8_t *key;
		int same;
	} cases[] = {
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c1", VIA, key, 1 },
		{ "7 CANCEL", "<sip:bob@example.org>;tag=b", "c1", VIA, key, 1 },
		{ " 7\tINVITE", "<sip:bob@example.org>;tag=b", "c1", " " VIA " ", key, 1 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c1", VIA ", SIP/2.0/UDP h", key, 1 },
		{ "8 INVITE", "<sip:bob@example.org>;tag=b", "c1", VIA, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=", "c1", VIA, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=c", "c1", VIA, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=bc", "1", VIA, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c2", VIA, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c", VIA, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c1", VIA "2", key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c1", NULL, key, 0 },
		{ "7 INVITE", "<sip:bob@example.org>;tag=b", "c1", VIA, other_key, 0 },
		{ NULL, NULL, NULL, NULL, key, 0 },
	};
	rg_request request = request_to("<sip:a@h>");
	char first[256], room[256];

	cr_assert_not_null(to_of(&request, VIA, key, first));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		request.cseq = rg_str_from(cases[i].cseq);
		request.from_header = rg_str_from(cases[i].from);
		request.callid = rg_str_from(cases[i].callid);
		cr_assert_not_null(to_of(&request, cases[i].via, cases[i].key, room));
		cr_expect_eq(strcmp(first, room) == 0, cases[i].same, "%zu: %s", i, room);
	}
}

Test(reply, a_target_becomes_a_contact)
{
	static const struct {
		const char *uri;
		int32_t q;
		const char *header;
	} cases[] = {
		{ "sip:a@192.0.2.1", -1, "<sip:a@192.0.2.1>" }, { "sip:a@192.0.2.1;transport=tcp", 700, "<sip:a@192.0.2.1;transport=tcp>;q=0.7" },
		{ "sips:a,b?c@h:5061;x", 1000, "<sips:a,b?c@h:5061;x>;q=1" }, { "sip:h", 0, "<sip:h>;q=0" },
		{ "tel:+4912", 5, "<tel:+4912>;q=0.005" },
		{ "", -1, NULL }, { NULL, -1, NULL }, { "x", -1, NULL }, { "sip:a@h>;q=1,<sip:b@h", -1, NULL }, { "sip:a@h\r\nEvil: 1", -1, NULL },
		{ "tel:1>,<sip:b@h", -1, NULL }, { "tel:1 2", -1, NULL }, { "tel:\"", -1, NULL }, { "sip:a@h", 1001, NULL },
		{ "sip:a@h", -2, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_target target = { .struct_size = sizeof target, .uri = rg_str_from(cases[i].uri), .q = cases[i].q };
		char room[128];
		size_t n = 99;
		rg_status status = rg_contact_header(&target, room, sizeof room, &n);

		cr_expect_eq(status, cases[i].header ? RG_OK : RG_EINVAL, "%s", cases[i].uri);
		cr_expect(rg__eq((rg_str){ room, n }, rg_str_from(cases[i].header)), "%s: %.*s", cases[i].uri, (int)n, room);
	}
}

static rg_status make(int which, char *room, size_t size, size_t *n)
{
	rg_addr source = addr_of("192.0.2.1:4000");
	rg_request request = request_to("<sip:a@h>");
	rg_target target = { .struct_size = sizeof target, .uri = RG_STR("sip:a@h"), .q = 380 };

	if (which == 0)
		return rg_via_header(RG_STR(UDP "h;rport, " VIA), &source, room, size, n, NULL);
	return which == 1 ? rg_to_header(&request, RG_STR(VIA), key, room, size, n) : rg_contact_header(&target, room, size, n);
}

Test(reply, the_length_is_told_and_no_octet_is_written_past_the_buffer)
{
	for (int which = 0; which < 3; which++) {
		char whole[256];
		size_t n;

		cr_assert_eq(make(which, whole, sizeof whole, &n), RG_OK);
		for (size_t size = 0; size <= n; size++) {
			char *room = malloc(size + 1);
			size_t again;

			room[size] = '#';
			cr_expect_eq(make(which, size ? room : NULL, size, &again), RG_OK);
			cr_expect_eq(again, n);
			cr_expect_eq(memcmp(room, whole, size), 0, "%d: %zu octets", which, size);
			cr_expect_eq(room[size], '#');
			free(room);
		}
		cr_expect_eq(make(which, NULL, 1, &n), RG_EINVAL);
		cr_expect_eq(n, 0);
		cr_expect_eq(make(which, whole, sizeof whole, NULL), RG_EINVAL);
	}
}

Test(reply, arguments_that_are_missing_are_refused)
{
	rg_request request = request_to("<sip:a@h>");
	char room[64];
	size_t n = 9;

	cr_expect_eq(rg_to_header(NULL, RG_STR(VIA), key, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(rg_to_header(&request, RG_STR(VIA), NULL, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(rg_contact_header(NULL, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(rg_via_header(RG__ABSENT, NULL, room, sizeof room, &n, NULL), RG_EINVAL);
	cr_expect_eq(n, 0);
}
