/* SPDX-License-Identifier: MIT */
/* What a reply copies from its request. */
#include "kit.h"

static void send_via(world *w, const char *via, answer *a)
{
	char text[2048];

	snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\n%s\r\n" REST "\r\n", via);
	*a = send_text(w, text);
}

/* RFC 3261 §18.2.1, §18.2.2, RFC 3581 §4. */
static const struct { const char *source, *via, *back, *to; } vias[] = {
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP 192.0.2.99", "Via: SIP/2.0/UDP 192.0.2.99", "192.0.2.99:5060" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP 192.0.2.99:5070 ;x", "Via: SIP/2.0/UDP 192.0.2.99:5070 ;x", "192.0.2.99:5070" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP h;branch=b", "Via: SIP/2.0/UDP h;branch=b;received=192.0.2.99", "192.0.2.99:5060" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP h;rport;branch=b", "Via: SIP/2.0/UDP h;branch=b;received=192.0.2.99;rport=4444", "192.0.2.99:4444" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP h;RPORT=1;a=\"x;y\";received=9.9.9.9;b", "Via: SIP/2.0/UDP h;a=\"x;y\";b;received=192.0.2.99;rport=4444",
		"192.0.2.99:4444" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP 192.0.2.99:5070;rport", "Via: SIP/2.0/UDP 192.0.2.99:5070;received=192.0.2.99;rport=4444",
		"192.0.2.99:4444" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP 192.0.2.99;received=9.9.9.9", "Via: SIP/2.0/UDP 192.0.2.99", "192.0.2.99:5060" },
	{ "192.0.2.99", "Via: SIP/2.0/UDP h;rport", "Via: SIP/2.0/UDP h;received=192.0.2.99;rport", "192.0.2.99:5060" },
	{ "0.10.200.255:65535", "Via: SIP/2.0/UDP h;rport", "Via: SIP/2.0/UDP h;received=0.10.200.255;rport=65535", "0.10.200.255:65535" },
	{ "[2001:db8::1]:4444", "Via: SIP/2.0/UDP [2001:DB8:0::1]:5070", "Via: SIP/2.0/UDP [2001:DB8:0::1]:5070", "[2001:db8::1]:5070" },
	{ "[2001:db8::2]:4444", "Via: SIP/2.0/UDP [2001:db8::1];rport", "Via: SIP/2.0/UDP [2001:db8::1];received=2001:db8::2;rport=4444",
		"[2001:db8::2]:4444" },
	{ "192.0.2.99:4444", "Via: SIP / 2.0 / UDP  h ; rport , SIP/2.0/TCP i;rport", "Via: SIP / 2.0 / UDP  h ;received=192.0.2.99;rport=4444 , SIP/2.0/TCP i;rport",
		"192.0.2.99:4444" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP h\r\nVia: SIP/2.0/UDP i;rport\r\nv:\tSIP/2.0/UDP j", "Via: SIP/2.0/UDP h;received=192.0.2.99\r\nVia: SIP/2.0/UDP i;rport\r\n"
		"Via: SIP/2.0/UDP j", "192.0.2.99:5060" },
	{ "192.0.2.99:4444", "Via: SIP/2.0/UDP h\r\n ;rport\r\n\t, SIP/2.0/UDP i", "Via: SIP/2.0/UDP h ;received=192.0.2.99;rport=4444 , SIP/2.0/UDP i",
		"192.0.2.99:4444" },
	{ NULL, "Via: SIP/2.0/UDP h;rport;received=9.9.9.9", "Via: SIP/2.0/UDP h;rport;received=9.9.9.9", NULL },
};

Test(wire_reply, says_in_the_topmost_via_where_the_request_came_from)
{
	for (size_t i = 0; i < sizeof vias / sizeof vias[0]; i++) {
		rg_addr to = { 0 };
		world w = world_new();
		char line[512];
		answer a;

		w.host.source = (rg_addr){ 0 };
		if (vias[i].source)
			cr_assert_eq(rg_addr_parse(rg_str_from(vias[i].source), &w.host.source), RG_OK);
		if (vias[i].to)
			cr_assert_eq(rg_addr_parse(rg_str_from(vias[i].to), &to), RG_OK);
		send_via(&w, vias[i].via, &a);
		snprintf(line, sizeof line, "SIP/2.0 200 OK\r\n%s\r\nFrom: ", vias[i].back);
		cr_expect_eq(strncmp(a.text, line, strlen(line)), 0, "%s: %s", vias[i].via, a.text);
		cr_expect_eq(memcmp(&a.to, &to, sizeof to), 0, "%s", vias[i].via);
		world_end(&w);
	}
}

/* rg_via_header() makes the same line of what it takes. */
Test(wire_reply, agrees_with_the_function_for_other_hosts)
{
	for (size_t i = 0; i < sizeof vias / sizeof vias[0]; i++) {
		const char *value = vias[i].via + 5;
		rg_addr source = { 0 }, to;
		char line[256], room[512];
		size_t n;

		if (strchr(value, '\r') || strchr(value, ','))
			continue;
		if (vias[i].source)
			cr_assert_eq(rg_addr_parse(rg_str_from(vias[i].source), &source), RG_OK);
		cr_assert_eq(rg_via_header(rg_str_from(value), &source, room, sizeof room, &n, &to), RG_OK);
		snprintf(line, sizeof line, "Via: %.*s", (int)n, room);
		cr_expect_str_eq(line, vias[i].back);
	}
}

/* A value of each length has its way of being copied, and a number of each length its way of being printed. */
Test(wire_reply, copies_values_of_any_length_and_prints_any_source)
{
	static const struct { uint8_t octet; uint16_t port; } sources[] = {
		{ 0, 1 }, { 9, 9 }, { 10, 10 }, { 99, 99 }, { 100, 100 }, { 109, 999 }, { 199, 1000 }, { 200, 5060 }, { 255, 9999 },
		{ 7, 10000 }, { 70, 65535 },
	};
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789";
	world w = world_new();
	char text[512], line[256];

	for (size_t i = 1; i < sizeof letters; i++) {
		const uint8_t octet = sources[i % 11].octet;
		const uint16_t port = sources[i % 11].port;

		w.host.source = (rg_addr){ .family = 4, .port = port, .ip = { octet, 10, octet, 100 } };
		const int n = snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=%s;rport\r\n"
			"From: <sip:a@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: %s\r\nCSeq: 1 REGISTER\r\n\r\n",
			letters + i - 1, letters + i - 1);
		answer a = send_text(&w, text), whole = send_room(&w, text, (size_t)n, a.n), cut = send_room(&w, text, (size_t)n, a.n - 1);
		cr_expect_eq(a.code, 200);
		snprintf(line, sizeof line, "\r\nVia: SIP/2.0/UDP h;branch=%s;received=%u.10.%u.100;rport=%u\r\n", letters + i - 1, octet, octet, port);
		cr_expect_not_null(strstr(a.text, line), "%s", a.text);
		snprintf(line, sizeof line, "\r\nCall-ID: %s\r\n", letters + i - 1);
		cr_expect_not_null(strstr(a.text, line), "%s", a.text);
		cr_expect_str_eq(whole.text, a.text);
		cr_expect_eq(cut.status, RG_ELIMIT);
		cr_expect_eq(cut.n, a.n);
	}
	world_end(&w);
}

/* The tag of To. */
static const char *tag_in(answer *a)
{
	char *tag = strstr(a->text, ";tag="), *end;

	tag = tag ? strstr(tag + 1, ";tag=") : NULL; /* the first one is that of From */
	if (!tag || !(end = strstr(tag, "\r\n")))
		return "";
	*end = '\0';
	return tag + 5;
}

#define PARTS(via, from, callid, cseq) "REGISTER sip:example.com SIP/2.0\r\nVia: " via "\r\nFrom: " from "\r\nTo: <sip:alice@example.com>\r\nCall-ID: " callid \
	"\r\nCSeq: " cseq " REGISTER\r\n\r\n"

/* RFC 3261 §8.2.6.2, §8.2.7, and §19.3: nobody without the key of the registrar can tell the tag. */
Test(wire_reply, a_retransmission_gets_the_same_tag_and_another_request_another)
{
	static const char *const texts[] = {
		PARTS("SIP/2.0/UDP h;branch=1", "<sip:a@b>;tag=1", "c", "1"), PARTS("SIP/2.0/UDP h;branch=2", "<sip:a@b>;tag=1", "c", "1"),
		PARTS("SIP/2.0/UDP h;branch=1", "<sip:a@b>;tag=2", "c", "1"), PARTS("SIP/2.0/UDP h;branch=1", "<sip:a@b>;tag=1", "d", "1"),
		PARTS("SIP/2.0/UDP h;branch=1", "<sip:a@b>;tag=1", "c", "2"), PARTS("SIP/2.0/UDP h;branch=1", "<sip:a@b>;tag=12", "c", "1"),
		PARTS("SIP/2.0/UDP h;branch=1,SIP/2.0/UDP i", "<sip:a@b>;tag=1", "c", "1"),
	};
	world one = world_new(), other = world_new();
	char seen[7][32];

	for (size_t i = 0; i < 7; i++) {
		answer first = send_text(&one, texts[i]), again = send_text(&one, texts[i]), elsewhere = send_text(&other, texts[i]);
		snprintf(seen[i], sizeof seen[i], "%s", tag_in(&first));
		cr_expect_eq(strspn(seen[i], "0123456789abcdef"), 16, "%s", seen[i]);
		cr_expect_str_eq(tag_in(&again), seen[i]);
		cr_expect_str_neq(tag_in(&elsewhere), seen[i]);
		for (size_t k = 0; k < i; k++)
			cr_expect((strcmp(seen[k], seen[i]) == 0) == (k == 0 && i == 6), "%zu and %zu have tag %s", k, i, seen[i]);
	}
	world_end(&one);
	world_end(&other);
}

/* RFC 3261 §9.2: a CANCEL has the topmost Via, From, To, Call-ID and CSeq number of its request. */
Test(wire_reply, a_cancel_gets_the_tag_of_its_request)
{
	world w = world_new();

	w.flags = RG_WIRE_REDIRECT;
	answer invite = send_text(&w, ASK("INVITE", "sip:alice@example.com") "\r\n"), cancel = send_text(&w, ASK("CANCEL", "sip:alice@example.com") "\r\n");
	cr_expect_eq(invite.code, 404);
	cr_expect_eq(cancel.code, 481);
	cr_expect_str_eq(tag_in(&cancel), tag_in(&invite));
	world_end(&w);
}

/* RFC 3261 §8.2.6.2: a To with a tag keeps it, wherever `tag` stands elsewhere. */
Test(wire_reply, only_a_to_without_a_tag_gets_one)
{
	static const struct { const char *to; bool tagged; } rows[] = {
		{ "<sip:alice@example.com>", false }, { "sip:alice@example.com", false }, { "<sip:alice@example.com>;tag=x", true },
		{ "sip:alice@example.com;tag=x", true }, { "sip:alice@example.com ; TAG = x ;y", true }, { "<sip:alice@example.com;tag=x>", false },
		{ "\"a;tag=x <\" <sip:alice@example.com>", false }, { "\"\\\";tag=x\" <sip:alice@example.com>;y=\";tag=z\"", false },
		{ "<sip:alice@example.com>;tagged", false }, { "<sip:alice@example.com>;x;tag=1", true }, { "\xff b <sip:alice@example.com>", false },
	};
	world w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[1024], line[256];
		snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: %s\r\n"
			"Call-ID: c\r\nCSeq: %zu REGISTER\r\n\r\n", rows[i].to, i);
		answer a = send_text(&w, text);
		cr_expect_eq(a.code, 200, "%s: %s", rows[i].to, a.text);
		snprintf(line, sizeof line, "\r\nTo: %s%s", rows[i].to, rows[i].tagged ? "\r\n" : ";tag=");
		cr_expect_not_null(strstr(a.text, line), "%s: %s", rows[i].to, a.text);
	}
	world_end(&w);
}

/* Whatever a header says, the reply has no line and no header that the library did not make. */
Test(wire_reply, nothing_in_a_request_adds_a_line)
{
	static const char *const lines[] = {
		"From: <sip:alice@example.com>;tag=1\r\nX-Evil: 1", "From: <sip:alice@example.com>\rX-Evil: 1", "From: a\nX-Evil: 1",
		"From: <sip:alice@example.com>;tag=1\r\n \r\n\tX-Evil: 1", "To: <sip:alice@example.com>\x0bX-Evil: 1", "Call-ID: c\r\n X-Evil: 1",
		"CSeq: 1 REGISTER\r\n\r\nX-Evil: 1", "Via: SIP/2.0/UDP h\r\n ;x=\"\r\n X-Evil: 1\"", "Via: SIP/2.0/UDP h;x=\"\nX-Evil: 1\"",
	};
	world w = world_new();

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[1024];
		snprintf(text, sizeof text, "REGISTER sip:example.com SIP/2.0\r\n%s\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", lines[i]);
		answer a = send_text(&w, text);
		cr_expect_null(fault_of(a.text), "%s: %s", lines[i], fault_of(a.text));
		cr_expect_eq(times_in(a.text, "\nX-Evil"), 0, "%s", a.text);
		cr_expect_leq(times_in(a.text, "\r\nFrom: "), 1);
		cr_expect_leq(times_in(a.text, "\r\nTo: "), 1);
	}
	world_end(&w);
}

/* A reply is a SIP message, too: its receiver must be able to read it. */
Test(wire_reply, leaves_out_of_a_refusal_what_is_malformed)
{
	static const struct { const char *line, *name; } rows[] = {
		{ "From: <sip:a%4@h>;tag=1\r\n", "\r\nFrom:" }, { "From: \"a <sip:a@h>;tag=1\r\n", "\r\nFrom:" },
		{ "From: sip:a@h?x=y;tag=1\r\n", "\r\nFrom:" }, { "To: <sip:a@h:x>\r\n", "\r\nTo:" }, { "To: <sip:a@h\r\n", "\r\nTo:" },
		{ "Call-ID: a b\r\n", "\r\nCall-ID:" }, { "CSeq: x REGISTER\r\n", "\r\nCSeq:" },
	};
	static const char *const sound[] = { "From: <sip:a@h>;tag=1\r\n", "To: <sip:a@h>\r\n", "Call-ID: c\r\n", "CSeq: 1 REGISTER\r\n" };
	char text[1024];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		world w = world_new();
		size_t n = (size_t)snprintf(text, sizeof text, "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n%s", rows[i].line);

		for (size_t k = 0; k < 4; k++)
			n += strncmp(sound[k], rows[i].line, 3) == 0 ? 0 : (size_t)snprintf(text + n, sizeof text - n, "%s", sound[k]);
		snprintf(text + n, sizeof text - n, "\r\n");
		answer a = send_text(&w, text);
		cr_expect_eq(a.code, 400, "%s: %d", rows[i].line, (int)a.code);
		cr_expect_null(strstr(a.text, rows[i].name), "%s: %s", rows[i].line, a.text);
		for (size_t k = 0; k < 4; k++)
			cr_expect_eq(strstr(a.text, (char[]){ '\n', sound[k][0], sound[k][1], 0 }) != NULL, strncmp(sound[k], rows[i].line, 2) != 0, "%s", a.text);
		world_end(&w);
	}
}
