/* SPDX-License-Identifier: MIT */
/* Bytes in, bytes out: what each kind of message gets, limits, framing, and the buffer of the caller. */
#include "kit.h"

Test(wire_handle, answers_a_register_with_its_binding)
{
	world w = world_new();
	answer a = send_text(&w, REGISTER "Contact: <sip:%61@192.0.2.1;transport=udp>;x=1\r\nContent-Length: 0\r\n\r\n");
	rg_addr to;

	cr_expect_eq(a.status, RG_OK, "%s", a.why);
	cr_expect_eq(a.code, 200, "%s", a.text);
	cr_expect_null(fault_of(a.text), "%s", fault_of(a.text));
	cr_expect_not_null(strstr(a.text, "Contact: <sip:%61@192.0.2.1;transport=udp>;"), "%s", a.text);
	cr_expect_not_null(strstr(a.text, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.99;rport=4444\r\n"), "%s", a.text);
	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.99:4444"), &to), RG_OK);
	cr_expect_eq(memcmp(&a.to, &to, sizeof to), 0);
	world_end(&w);
}

Test(wire_handle, gives_each_kind_of_message_its_due)
{
	world w = world_new();

	for (size_t i = 0; i < sizeof kinds_of_message / sizeof kinds_of_message[0]; i++) {
		answer a = send_text(&w, kinds_of_message[i].text);
		cr_expect_eq(a.status, kinds_of_message[i].status, "%s: %s", kinds_of_message[i].what, rg_strerror(a.status));
		cr_expect_eq(a.code, kinds_of_message[i].code, "%s: %d\n%s", kinds_of_message[i].what, a.code, a.text);
		cr_expect_eq(a.n > 0, a.code > 0, "%s", kinds_of_message[i].what);
		cr_expect_eq(a.to.family, a.code > 0 ? 4 : 0, "%s", kinds_of_message[i].what);
		cr_expect_null(fault_of(a.text), "%s: %s", kinds_of_message[i].what, fault_of(a.text));
		if (a.code == 405)
			cr_expect_not_null(strstr(a.text, "\r\nAllow: REGISTER\r\n"));
	}
	world_end(&w);
}

/* REGISTER and then @p line, @p times over. */
static char *repeated(const char *line, int times)
{
	char *text = malloc(sizeof REGISTER + strlen(line) * (size_t)times + 8), *p = text;

	cr_assert_not_null(text);
	p += sprintf(p, "%s", REGISTER);
	while (times-- > 0)
		p += sprintf(p, "%s", line);
	strcpy(p, "\r\n");
	return text;
}

Test(wire_handle, refuses_one_line_too_many)
{
	enum { OWN = 5 }; /* header lines of REGISTER */
	static const struct { const char *line; int per; } rows[] = {
		{ "X: 1\r\n", 1 }, { "Supported: a\r\n", 1 }, { "Route: <sip:a>\r\n", 1 }, { "X: 1\r\n 2\r\n", 2 },
	};
	world w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int more = 0; more < 2; more++) {
			char *text = repeated(rows[i].line, (RG_WIRE_MAX_LINES - OWN) / rows[i].per + more);
			answer a = send_text(&w, text);
			cr_expect_eq(a.status, RG_OK);
			cr_expect_eq(a.code, more ? 413 : 200, "%s %d: %d", rows[i].line, more, a.code);
			free(text);
		}
	}
	world_end(&w);
}

Test(wire_handle, refuses_one_octet_too_many)
{
	world w = world_new_with("max_request_bytes", "512");
	char text[600] = REGISTER;
	size_t n = strlen(text);

	memcpy(text + n, "X: ", 3);
	memset(text + n + 3, 'x', sizeof text - n - 3);
	for (size_t size = 512; size <= 513; size++) {
		memcpy(text + size - 4, "\r\n\r\n", 4);
		answer a = send_room(&w, text, size, 8000);
		cr_expect_eq(a.code, size == 512 ? 200 : 413, "%s", a.text);
		cr_expect_not_null(strstr(a.text, "\r\nCall-ID: c1\r\n"));
		memset(text + n + 3, 'x', sizeof text - n - 3);
	}
	world_end(&w);
}

/* Cut at each octet: what is whole is answered, and nothing behind the end is read. */
Test(wire_handle, a_message_that_was_cut_is_refused)
{
	static const char text[] = "REGISTER sip:example.com SIP/2.0\r\nv: SIP/2.0/UDP [2001:db8::1]:5061;rport\r\nVia: SIP/2.0/UDP h,\r\n SIP/2.0/TCP i;x=\"y\"\r\n"
		REST "m: \"A\" <sip:a@192.0.2.1>;expires=60\r\nl: 3\r\n\r\nabc";
	const size_t size = sizeof text - 1, first_via = (size_t)(strstr(text, "Via") - text);
	world w = world_new();

	for (size_t n = 0; n <= size; n++) {
		answer a = send_room(&w, text, n, 8000);
		if (n == size)
			cr_expect_eq(a.code, 200, "%s", a.text);
		else if (n > first_via)
			cr_expect_eq(a.code, 400, "%zu: %d", n, a.code);
		else
			cr_expect_eq(a.n, 0, "%zu: %d %s", n, a.code, a.text);
		cr_expect_null(fault_of(a.text), "%zu: %s", n, fault_of(a.text));
	}
	world_end(&w);
}

Test(wire_handle, a_buffer_that_is_too_small_can_be_made_larger)
{
	static const char text[] = REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\n";
	world w = world_new();
	answer whole = send_text(&w, text);

	cr_assert_eq(whole.code, 200);
	for (size_t room = 0; room < whole.n; room += room < 40 ? 1 : 13) {
		answer a = send_room(&w, text, sizeof text - 1, room);
		cr_expect_eq(a.status, RG_ELIMIT, "%zu", room);
		cr_expect_eq(a.n, whole.n);
		cr_expect_eq(a.code, 200);
		cr_expect_str_eq(a.why, "the reply does not fit into rg_wire_call.reply");
	}
	cr_expect_eq(send_room(&w, text, sizeof text - 1, whole.n - 1).status, RG_ELIMIT);
	answer exact = send_room(&w, text, sizeof text - 1, whole.n);
	cr_expect_eq(exact.status, RG_OK);
	cr_expect_str_eq(exact.text, whole.text);
	world_end(&w);
}

Test(wire_handle, a_host_may_ask_first_how_much_room_is_needed)
{
	rg_wire_call call;
	world w = world_new();

	rg_wire_call_init(&call, sizeof call);
	call.bytes = RG_STR(REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\n");
	cr_expect_eq(rg_wire_handle(w.registrar, &call, NULL), RG_ELIMIT);
	cr_expect_eq(call.n, send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\n").n - strlen(";received=192.0.2.99;rport=4444") + strlen(";rport"));
	world_end(&w);
}

Test(wire_handle, a_refusal_that_does_not_fit_is_no_reply)
{
	world w = world_new();
	answer a = send_room(&w, ASK("OPTIONS", "sip:h") "\r\n", strlen(ASK("OPTIONS", "sip:h") "\r\n"), 10);

	cr_expect_eq(a.status, RG_ELIMIT);
	cr_expect_gt(a.n, 10);
	cr_expect_eq(a.code, 405);
	world_end(&w);
}

Test(wire_handle, no_reply_sends_nothing_and_saves)
{
	rg_save_options *options = NULL;
	world w = world_new();

	cr_assert_eq(rg_save_options_new(RG_STR("no-reply"), &options, NULL), RG_OK);
	w.save = options;
	answer a = send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\n");
	cr_expect_eq(a.status, RG_OK);
	cr_expect_eq(a.n, 0);
	cr_expect_eq(a.code, 0);
	w.save = NULL;
	a = send_text(&w, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\n"
		"Call-ID: c2\r\nCSeq: 1 REGISTER\r\n\r\n");
	cr_expect_not_null(strstr(a.text, "Contact: <sip:a@192.0.2.1>"), "%s", a.text);
	rg_save_options_unref(options);
	world_end(&w);
}

/* What the host says is taken, and what only a message says is not. */
Test(wire_handle, the_host_says_what_only_it_knows)
{
	static const rg_str contact = { "<sip:evil@192.0.2.66>", 21 };
	rg_target target = { .struct_size = sizeof target };
	world w = world_new();

	w.host.received = RG_STR("sip:192.0.2.99:4444");
	w.host.flow = RG_STR("flow-7");
	w.host.attr = RG_STR("attr");
	w.host.branch_flags = 5;
	w.host.flags = RG_REQUEST_HAS_BRANCH_FLAGS | RG_REQUEST_REPLY;
	w.host.method = RG_STR("INVITE");
	w.host.to_header = RG_STR("<sip:evil@example.com>");
	w.host.contacts = &contact;
	w.host.n_contacts = 1;
	w.host.defect = RG_R_PARSE;
	w.host.socket_header = RG_STR("nonsense");
	cr_assert_eq(send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\n").code, 200);
	w.flags = RG_WIRE_LOOKUP;
	answer a = send_text(&w, ASK("INVITE", "sip:alice@example.com") "\r\n");
	cr_assert_eq(rg_targets_count(a.targets), 1);
	cr_assert_eq(rg_targets_get(a.targets, 0, &target), RG_OK);
	cr_expect(rg_str_equal(target.uri, RG_STR("sip:a@192.0.2.1")));
	cr_expect(rg_str_equal(target.received, w.host.received));
	cr_expect(rg_str_equal(target.flow, w.host.flow));
	cr_expect(rg_str_equal(target.attr, w.host.attr));
	cr_expect(rg_str_equal(target.socket, w.host.socket));
	cr_expect_eq(target.branch_flags, 5);
	rg_targets_free(a.targets);
	w.host.flow = RG_STR("a\nb");
	a = send_text(&w, REGISTER "\r\n");
	cr_expect_eq(a.status, RG_EINVAL);
	cr_expect_str_eq(a.why, "rg_request.flow has a control character: 'a?b'");
	cr_expect_eq(a.n, 0);
	world_end(&w);
}

Test(wire_handle, the_socket_header_is_read_from_the_header_section_alone)
{
	static const struct { const char *text, *socket; } rows[] = {
		{ REGISTER "Contact: <sip:a@192.0.2.1>\r\nsock-info : udp:\r\n 203.0.113.5:5070\r\n\r\n", NULL },
		{ REGISTER "Contact: <sip:a@192.0.2.1>\r\nsock-info : udp:203.0.113.5:5070\r\nSock-Info: x\r\n\r\n", "udp:203.0.113.5:5070" },
		{ REGISTER "Contact: <sip:a@192.0.2.1>\r\n\r\nSock-Info: udp:203.0.113.6:5070\r\n", "udp:198.51.100.1:5060" },
	};
	rg_target target = { .struct_size = sizeof target };
	rg_save_options *options = NULL;

	cr_assert_eq(rg_save_options_new(RG_STR("socket-header"), &options, NULL), RG_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		world w = world_new_with("sock_hdr_name", "Sock-Info");
		w.save = options;
		answer a = send_text(&w, rows[i].text);
		cr_expect_eq(a.code, rows[i].socket ? 200 : 400, "%zu: %s", i, a.text);
		w.flags = RG_WIRE_LOOKUP;
		a = send_text(&w, ASK("INVITE", "sip:alice@example.com") "\r\n");
		cr_expect_eq(rg_targets_get(a.targets, 0, &target), rows[i].socket ? RG_OK : RG_ENOENT);
		cr_expect(!rows[i].socket || rg_str_equal(target.socket, rg_str_from(rows[i].socket)), "%zu", i);
		rg_targets_free(a.targets);
		world_end(&w);
	}
	rg_save_options_unref(options);
}

/* RFC 3261 §7.3.3: any header may come in its compact form, also one that an operator has chosen. */
Test(wire_handle, the_socket_header_may_have_its_compact_name)
{
	rg_target target = { .struct_size = sizeof target };
	world w = world_new_with("sock_hdr_name", "Subject");
	rg_save_options *options = NULL;

	cr_assert_eq(rg_save_options_new(RG_STR("socket-header"), &options, NULL), RG_OK);
	w.save = options;
	answer a = send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\nS: udp:203.0.113.5:5070\r\n\r\n");
	cr_expect_eq(a.code, 200, "%s", a.text);
	w.flags = RG_WIRE_LOOKUP;
	a = send_text(&w, ASK("INVITE", "sip:alice@example.com") "\r\n");
	cr_expect_eq(rg_targets_get(a.targets, 0, &target), RG_OK);
	cr_expect(rg_str_equal(target.socket, RG_STR("udp:203.0.113.5:5070")), "%.*s", (int)target.socket.n, target.socket.p);
	rg_targets_free(a.targets);
	a = send_text(&w, "ACK sip:alice@example.com SIP/3.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n");
	cr_expect_eq(a.status, RG_OK);
	cr_expect_null(a.targets, "an ACK of another version is looked up");
	cr_expect_eq(a.n, 0);
	world_end(&w);
	rg_save_options_unref(options);
}

Test(wire_handle, a_registrar_that_was_shut_down_gives_no_reply)
{
	world w = world_new();

	rg_registrar_shutdown(w.registrar);
	answer a = send_text(&w, REGISTER "\r\n");
	cr_expect_eq(a.status, RG_ECANCELED);
	cr_expect_eq(a.n, 0);
	cr_expect_eq(a.code, 0);
	world_end(&w);
}
