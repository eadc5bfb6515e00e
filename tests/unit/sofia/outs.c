/* SPDX-License-Identifier: MIT */
/* The law of results for the adaptor: each is empty after an error, and one that is mandatory has a place. tests/engine/outs.c is the same
 * for the other libraries. */
#include "../attack/world.h"
#include "sofia_outs.h"

#define REGISTER "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n" \
	"From: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n" \
	"Contact: <sip:a@192.0.2.1>\r\n\r\n"

static const char poison[] = "not written";

static void expect_words(rg_error *why, rg_status status, const char *words)
{
	cr_expect_eq(status, RG_EINVAL);
	cr_expect_eq(rg_error_status(why), status);
	cr_expect_str_eq(rg_error_text(why).p, words);
}

/* What is wrong, with the words; the last row has a source that only a host can give. */
static const struct {
	const char *bytes, *flow, *words;
} wrongs[] = {
	{ "nonsense", NULL, "bytes are no SIP message" },
	{ "REGISTER sip:example.com SIP/2.0\r\nCall-ID: c\r\n\r\n", NULL, "bytes have no Via to reply to" },
	{ REGISTER, "a\nb", "rg_request.flow has a control character: 'a?b'" },
};

static rg_sofia_source source_of(const world *w, const char *flow)
{
	rg_sofia_source source = w->source;

	source.flow = rg_str_from(flow);
	return source;
}

static void handle_wrongs(void)
{
	rg_error *why = rg_error_new();
	world w = world_new();

	for (size_t i = 0; i <= sizeof wrongs / sizeof wrongs[0]; i++) {
		bool last = i == sizeof wrongs / sizeof wrongs[0];
		rg_sofia_source source = source_of(&w, last ? NULL : wrongs[i].flow);
		uint8_t *reply = (uint8_t *)(uintptr_t)poison;
		size_t n = 7;
		rg_status st = rg_sofia_handle(last ? NULL : w.registrar, rg_str_from(last ? REGISTER : wrongs[i].bytes), &source, NULL, &reply, &n,
			why);

		expect_words(why, st, last ? "registrar is NULL" : wrongs[i].words);
		cr_expect_null(reply);
		cr_expect_eq(n, 0);
	}
	rg_error_free(why);
	world_end(&w);
}

static void check_rg_sofia_handle_reply(void)
{
	rg_error *why = rg_error_new();
	world w = world_new();
	size_t n = 7;

	expect_words(why, rg_sofia_handle(w.registrar, RG_STR(REGISTER), NULL, NULL, NULL, &n, why), "reply is NULL");
	cr_expect_eq(n, 0);
	rg_error_free(why);
	world_end(&w);
	handle_wrongs();
}

static void check_rg_sofia_handle_n(void)
{
	uint8_t *reply = (uint8_t *)(uintptr_t)poison;
	rg_error *why = rg_error_new();
	world w = world_new();

	expect_words(why, rg_sofia_handle(w.registrar, RG_STR(REGISTER), NULL, NULL, &reply, NULL, why), "n is NULL");
	cr_expect_null(reply);
	rg_error_free(why);
	world_end(&w);
}

static void not_called(void *user, rg_status status, uint8_t *reply, size_t n)
{
	(void)status;
	(void)n;
	rg_mem_free(reply);
	++*(int *)user;
}

static void check_rg_sofia_handle_async_op(void)
{
	rg_error *why = rg_error_new();
	world w = world_new();
	int called = 0;

	for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		rg_sofia_source source = source_of(&w, wrongs[i].flow);
		rg_op *op = (rg_op *)(uintptr_t)poison;

		expect_words(why, rg_sofia_handle_async(w.registrar, rg_str_from(wrongs[i].bytes), &source, NULL, not_called, &called, NULL, &op, why),
			wrongs[i].words);
		cr_expect_null(op);
	}
	rg_op *op = (rg_op *)(uintptr_t)poison;
	expect_words(why, rg_sofia_handle_async(NULL, RG_STR(REGISTER), NULL, NULL, not_called, &called, NULL, &op, why), "registrar is NULL");
	cr_expect_null(op);
	op = (rg_op *)(uintptr_t)poison;
	expect_words(why, rg_sofia_handle_async(w.registrar, RG_STR(REGISTER), NULL, NULL, NULL, NULL, NULL, &op, why), "done is NULL");
	cr_expect_null(op);
	cr_expect_eq(called, 0);
	cr_expect_eq(rg_sofia_handle_async(w.registrar, RG_STR(REGISTER), NULL, NULL, not_called, &called, NULL, NULL, why), RG_OK);
	cr_expect_eq(called, 1);
	rg_error_free(why);
	world_end(&w);
}

static void check_rg_sofia_request_parse_out(void)
{
	rg_request *out = (rg_request *)(uintptr_t)poison;
	rg_error *why = rg_error_new();

	expect_words(why, rg_sofia_request_parse(RG_STR("nonsense"), &out, why), "no SIP message: there is no first line");
	cr_expect_null(out);
	expect_words(why, rg_sofia_request_parse(RG_STR(REGISTER), NULL, why), "out is NULL");
	rg_error_free(why);
}

static void check_rg_sofia_loop_new_out(void)
{
	rg_sofia_loop *out = (rg_sofia_loop *)(uintptr_t)poison;
	rg_error *why = rg_error_new();

	expect_words(why, rg_sofia_loop_new(NULL, &out, why), "root is NULL");
	cr_expect_null(out);
	expect_words(why, rg_sofia_loop_new(NULL, NULL, why), "out is NULL");
	rg_error_free(why);
}

static void check_rg_sofia_reply_text_n(void)
{
	rg_sofia_message m;
	size_t n = 7;

	rg_sofia_message_init(&m, sizeof m);
	cr_expect_eq(rg_sofia_reply_text(&m, 200, NULL, NULL, 0, NULL, 0, &n), RG_EINVAL);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_sofia_reply_text(&m, 200, NULL, NULL, 0, NULL, 0, NULL), RG_EINVAL);
}

Test(sofia_outs, a_result_is_empty_after_an_error_and_has_a_place)
{
#define CHECK_ROW(function, result, optional, has_why) check_##function##_##result();
	EVERY_OUT(CHECK_ROW)
#undef CHECK_ROW
}
