/* SPDX-License-Identifier: MIT */
/* Raw bytes in, raw bytes out, through a registrar. */
#include "../attack/world.h"
#include "../kinds_of_message.h"
#include <time.h>

static answer send_text(world *w, const char *text)
{
	return world_send(w, text, strlen(text));
}

Test(sofia_handle, answers_a_register_with_its_binding)
{
	world w = world_new();
	answer a = send_text(&w, REGISTER "Contact: <sip:%61@192.0.2.1;transport=udp>;x=1\r\nContent-Length: 0\r\n\r\n");

	cr_expect_eq(a.status, RG_OK);
	cr_expect_eq(a.code, 200, "%s", a.text);
	cr_expect_null(fault_of(&a), "%s", fault_of(&a));
	cr_expect_not_null(strstr(a.text, "Contact: <sip:%61@192.0.2.1;transport=udp>;"), "%s", a.text);
	cr_expect_not_null(strstr(a.text, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.99;rport=4444\r\n"), "%s", a.text);
	answer_free(&a);
	world_end(&w);
}

/* RFC 3261 §8.2.6.2: From and To of the reply are those of the request, and To gets a tag only if it has none. */
Test(sofia_handle, display_names_come_back_as_they_were_sent)
{
	static const struct { const char *to, *tag; } rows[] = {
		{ "J\xc3\xbcrgen <sip:alice@example.com>", ";tag=" }, { "a@b <sip:alice@example.com>;tag=mine", "\r\n" },
		{ "\xff, \"x\" y <sip:alice@example.com> ;x=1", ";tag=" },
	};
	char text[1024], line[256];
	world w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text,
			"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=b\r\nFrom: %s;tag=1\r\nTo: %s\r\n"
			"Call-ID: c\r\nCSeq: %zu REGISTER\r\nContact: J\xc3\xbcrgen <sip:a@192.0.2.1>\r\n\r\n",
			i == 1 ? "Jos\xe9 <sip:alice@example.com>" : rows[i].to, rows[i].to, i + 1);
		answer a = send_text(&w, text);
		cr_expect_eq(a.code, 200, "%s", a.text);
		snprintf(line, sizeof line, "\r\nTo: %s%s", rows[i].to, rows[i].tag);
		cr_expect_not_null(strstr(a.text, line), "%s", a.text);
		snprintf(line, sizeof line, "\r\nFrom: %s;tag=1\r\n", i == 1 ? "Jos\xe9 <sip:alice@example.com>" : rows[i].to);
		cr_expect_not_null(strstr(a.text, line), "%s", a.text);
		cr_expect_not_null(strstr(a.text, "\r\nContact: <sip:a@192.0.2.1>;expires=3600\r\n"), "%s", a.text);
		cr_expect_null(fault_of(&a), "%s", fault_of(&a));
		answer_free(&a);
	}
	world_end(&w);
}

/* RFC 3261 §8.2.7, §19.3: a retransmission gets the same tag, and nobody without the key of the registrar can tell it. */
Test(sofia_handle, the_tag_is_the_registrars_own)
{
	static const char text[] = REGISTER "\r\n", start[] = "\r\nTo: <sip:alice@example.com>;tag=";
	world one = world_new(), other = world_new();
	answer a[] = { send_text(&one, text), send_text(&one, text), send_text(&other, text) };
	char seen[3][17] = { "" };

	for (size_t i = 0; i < 3; i++) {
		const char *to = a[i].text ? strstr(a[i].text, start) : NULL;
		cr_assert_not_null(to, "%s", a[i].text);
		memcpy(seen[i], to + sizeof start - 1, 16);
		cr_expect_eq(strspn(seen[i], "0123456789abcdef"), 16, "%s", seen[i]);
		answer_free(&a[i]);
	}
	cr_expect_str_eq(seen[0], seen[1]);
	cr_expect_str_neq(seen[0], seen[2]);
	world_end(&one);
	world_end(&other);
}

Test(sofia_handle, a_camera_with_numbers_for_names_registers)
{
	world w = world_new();
	answer a = send_text(&w,
		"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1\r\n"
		"From: <sip:34020000001320000001@3402000000>;tag=1\r\nTo: <sip:34020000001320000001@3402000000>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
		"Contact: <sip:34020000001320000001@192.0.2.1:5060>\r\nExpires: 3600\r\nUser-Agent: IP Camera\r\nContent-Length: 0\r\n\r\n");

	cr_expect_eq(a.code, 200, "%s", a.text);
	cr_expect_not_null(strstr(a.text, "Contact: <sip:34020000001320000001@192.0.2.1:5060>;"), "%s", a.text);
	cr_expect_null(fault_of(&a), "%s", fault_of(&a));
	answer_free(&a);
	a = send_text(&w, "REGISTER tel:+1 SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "Contact: <sip:a@192.0.2.1>\r\n\r\n");
	cr_expect_eq(a.code, 416, "%s", a.text);
	answer_free(&a);
	world_end(&w);
}

Test(sofia_handle, gives_each_kind_of_message_its_due)
{
	world w = world_new();

	for (size_t i = 0; i < sizeof kinds_of_message / sizeof kinds_of_message[0]; i++) {
		answer a = send_text(&w, kinds_of_message[i].text);
		cr_expect_eq(a.status, kinds_of_message[i].status, "%s: %s", kinds_of_message[i].what, rg_strerror(a.status));
		cr_expect_eq(a.code, kinds_of_message[i].code, "%s: %d\n%s", kinds_of_message[i].what, a.code, a.text);
		cr_expect_null(fault_of(&a), "%s: %s", kinds_of_message[i].what, fault_of(&a));
		if (a.code == 405)
			cr_expect_not_null(strstr(a.text, "\r\nAllow: REGISTER\r\n"));
		answer_free(&a);
	}
	world_end(&w);
}

/* REGISTER and then @p line, @p times over. */
static char *repeated(const char *line, int times)
{
	char *text = malloc(sizeof REGISTER + strlen(line) * (size_t)times + 8), *p = text;

	cr_assert_not_null(text);
	p = stpcpy(p, REGISTER);
	for (int i = 0; i < times; i++)
		p = stpcpy(p, line);
	stpcpy(p, "\r\n");
	return text;
}

static const struct { const char *line; int times; int32_t code; } big[] = {
	{ "X-A: 1\r\n", 200, 200 }, { "X-A: 1\r\n", 300, 413 }, { "Contact: <sip:a@192.0.2.1>\r\n", 16000, 413 },
	{ "X:\r\n y\r\n", 20000, 413 },
	{ ",", 40000, 413 }, { "Contact: <sip:a@h>,<sip:b@h>,<sip:c@h>,<sip:d@h>,<sip:e@h>,<sip:f@h>\r\n", 240, 413 },
	{ "X-A: 12345678901234567890\r\n", 100000, 413 },
};

Test(sofia_handle, limits_come_before_parsing)
{
	world w = world_new();

	for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
		struct timespec from, to;
		char *text = repeated(big[i].line, big[i].times);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		answer a = send_text(&w, text);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		double ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		cr_expect_eq(a.code, big[i].code, "%d times %s: %d", big[i].times, big[i].line, a.code);
		cr_expect_null(fault_of(&a));
		cr_expect_lt(ms, 100, "%d times %s took %f ms", big[i].times, big[i].line, ms);
		if (a.code == 413)
			cr_expect_not_null(strstr(a.text, "Call-ID: c1\r\nCSeq: 1 REGISTER\r\n"), "%s", a.text);
		answer_free(&a);
		free(text);
	}
	world_end(&w);
}

Test(sofia_handle, max_request_bytes_is_the_configs)
{
	world w = world_new_with("max_request_bytes", "1000");
	char *text = repeated("X-A: 12345678901234567890\r\n", 50);
	answer a = send_text(&w, text);

	cr_expect_eq(a.code, 413, "%s", a.text);
	answer_free(&a);
	a = send_text(&w, REGISTER "\r\n");
	cr_expect_eq(a.code, 200);
	answer_free(&a);
	free(text);
	world_end(&w);
}

typedef struct seen {
	int calls, frees;
	answer a;
} seen;

static void done(void *user, rg_status status, uint8_t *reply, size_t n)
{
	seen *s = user;

	cr_assert_eq(s->frees, 0);
	s->calls++;
	s->a = answer_of(status, reply, n);
}

static void freed(void *user)
{
	((seen *)user)->frees++;
}

Test(sofia_handle, completion_form_calls_back_and_frees_once_or_not_at_all)
{
	world w = world_new();

	for (size_t i = 0; i < sizeof kinds_of_message / sizeof kinds_of_message[0]; i++) {
		seen s = { 0 };
		rg_op *op = NULL;
		char *text = strdup(kinds_of_message[i].text);
		rg_status status = rg_sofia_handle_async(w.registrar, rg_str_from(text), &w.source, NULL, done, &s, freed, &op, NULL);
		free(text);
		rg_op_free(op);
		cr_expect_eq(status, kinds_of_message[i].status, "%s: %s", kinds_of_message[i].what, rg_strerror(status));
		cr_expect_eq(s.calls, status == RG_OK, "%s", kinds_of_message[i].what);
		cr_expect_eq(s.frees, status == RG_OK, "%s", kinds_of_message[i].what);
		cr_expect_eq(s.a.code, kinds_of_message[i].code, "%s: %d", kinds_of_message[i].what, s.a.code);
		answer_free(&s.a);
	}
	world_end(&w);
}

Test(sofia_handle, no_reply_sends_nothing)
{
	world w = world_new();
	rg_save_options *options = NULL;
	uint8_t *reply = NULL;
	size_t n = 1;

	cr_assert_eq(rg_save_options_new(RG_STR("no-reply"), &options, NULL), RG_OK);
	cr_expect_eq(rg_sofia_handle(w.registrar, RG_STR(REGISTER "Contact: <sip:a@h>\r\n\r\n"), NULL, options, &reply, &n, NULL), RG_OK);
	cr_expect_null(reply);
	cr_expect_eq(n, 0);
	rg_save_options_unref(options);
	world_end(&w);
}

Test(sofia_handle, a_reply_needs_a_place)
{
	world w = world_new();
	uint8_t *reply = NULL;
	size_t n = 0;

	cr_expect_eq(rg_sofia_handle(w.registrar, RG_STR(REGISTER "\r\n"), NULL, NULL, NULL, &n, NULL), RG_EINVAL);
	cr_expect_eq(rg_sofia_handle(w.registrar, RG_STR(REGISTER "\r\n"), NULL, NULL, &reply, NULL, NULL), RG_EINVAL);
	cr_expect_null(reply);
	world_end(&w);
}

/* A REGISTER, and what is answered without the registrar. */
Test(sofia_handle, a_source_of_a_size_that_no_release_had_is_refused)
{
	static const char *const texts[] = { REGISTER "Contact: <sip:a@h>\r\nContent-Length: 0\r\n\r\n",
		"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n" };
	struct {
		rg_sofia_source known;
		uint64_t later;
	} source;
	world w = world_new();

	for (size_t i = 0; i < 2; i++) {
		for (uint32_t size = 0; size <= sizeof source; size++) {
			bool fits = size == sizeof source.known;
			uint8_t *reply = NULL;
			seen s = { 0 };
			size_t n = 1;

			source.known = w.source;
			source.known.struct_size = size;
			source.later = 1;
			cr_expect_eq(rg_sofia_handle(w.registrar, rg_str_from(texts[i]), &source.known, NULL, &reply, &n, NULL), fits ? RG_OK : RG_EINVAL, "%u", size);
			cr_expect_eq(reply != NULL, fits);
			rg_mem_free(reply);
			cr_expect_eq(rg_sofia_handle_async(w.registrar, rg_str_from(texts[i]), &source.known, NULL, done, &s, freed, NULL, NULL),
				fits ? RG_OK : RG_EINVAL, "%u", size);
			cr_expect_eq(s.calls, fits);
			cr_expect_eq(s.frees, fits);
			answer_free(&s.a);
		}
	}
	world_end(&w);
}

/* RFC 3261 §7.3.3: any header may come in its compact form, also one that an operator has chosen. */
Test(sofia_handle, the_socket_header_may_have_its_compact_name)
{
	world w = world_new_with("sock_hdr_name", "Subject");

	cr_assert_eq(rg_save_options_new(RG_STR("socket-header"), &w.options, NULL), RG_OK);
	answer a = send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\nS: no socket\r\n\r\n");
	cr_expect_eq(a.code, 400, "%s", a.text);
	answer_free(&a);
	a = send_text(&w, REGISTER "Contact: <sip:a@192.0.2.1>\r\ns : udp:203.0.113.5:5070\r\nx: no socket\r\n\r\n");
	cr_expect_eq(a.code, 200, "%s", a.text);
	answer_free(&a);
	world_end(&w);
}
