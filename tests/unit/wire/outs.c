/* SPDX-License-Identifier: MIT */
/* The law of results: each is empty after an error, and one that is mandatory has a place. tests/engine/outs.c is the same for the other
 * libraries. */
#include "kit.h"
#include "wire_outs.h"

static void not_called(void *user, rg_wire_call *call)
{
	(void)user;
	(void)call;
	cr_expect_fail("no callback runs after an error");
}

static void called(void *user, rg_wire_call *call)
{
	(void)call;
	++*(int *)user;
}

static void check_rg_wire_handle_async_op(void)
{
	rg_op *const poison = (rg_op *)&(int){ 0 }, *op = poison;
	rg_error *why = rg_error_new();
	rg_wire_call call;
	int n = 0;
	world w = world_new();

	rg_wire_call_init(&call, sizeof call);
	call.bytes = RG_STR("nonsense");
	cr_expect_eq(rg_wire_handle_async(w.registrar, &call, not_called, NULL, NULL, &op, why), RG_EINVAL);
	cr_expect_null(op);
	op = poison;
	cr_expect_eq(rg_wire_handle_async(NULL, &call, not_called, NULL, NULL, &op, why), RG_EINVAL);
	cr_expect_null(op);
	cr_expect_str_eq(rg_error_text(why).p, "registrar is NULL");
	op = poison;
	cr_expect_eq(rg_wire_handle_async(w.registrar, NULL, not_called, NULL, NULL, &op, why), RG_EINVAL);
	cr_expect_null(op);
	cr_expect_str_eq(rg_error_text(why).p, "call is NULL");
	op = poison;
	cr_expect_eq(rg_wire_handle_async(w.registrar, &call, NULL, NULL, NULL, &op, why), RG_EINVAL);
	cr_expect_null(op);
	cr_expect_str_eq(rg_error_text(why).p, "done is NULL");
	call.bytes = RG_STR("\r\n\r\n");
	op = poison;
	cr_expect_eq(rg_wire_handle_async(w.registrar, &call, called, &n, NULL, &op, why), RG_OK);
	cr_expect_null(op);
	cr_expect_eq(rg_wire_handle_async(w.registrar, &call, called, &n, NULL, NULL, why), RG_OK);
	cr_expect_eq(n, 2);
	rg_error_free(why);
	world_end(&w);
}

static void check_rg_wire_frame_n(void)
{
	rg_error *why = rg_error_new();
	size_t n = 0;

	cr_expect_eq(rg_wire_frame(RG_STR("GET / HTTP/1.1\r\n\r\n"), 100, &n, why), RG_EFORMAT);
	cr_expect_eq(n, 0);
	cr_expect_str_eq(rg_error_text(why).p, "the stream holds no SIP message");
	cr_expect_eq(rg_wire_frame(RG_STR("x"), 100, NULL, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "n is NULL");
	rg_error_free(why);
}

Test(wire_outs, a_result_is_empty_after_an_error_and_has_a_place)
{
#define CHECK(function, result, optional, why) check_##function##_##result();
	EVERY_OUT(CHECK)
#undef CHECK
}

/* The results of a call are those of the last time, also after an error. */
Test(wire_outs, a_call_has_only_its_own_results)
{
	static const struct { const char *bytes, *words; } wrongs[] = {
		{ "nonsense", "bytes are no SIP message" }, { "REGISTER sip:h SIP/2.0\r\n\r\n", "bytes have no Via to reply to" },
	};
	rg_error *why = rg_error_new();
	world w = world_new();
	char room[10];

	for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		rg_wire_call call;
		rg_wire_call_init(&call, sizeof call);
		call.n = 7;
		call.code = 200;
		call.targets = (rg_targets *)room;
		call.to.family = 4;
		call.bytes = rg_str_from(wrongs[i].bytes);
		cr_expect_eq(rg_wire_handle(w.registrar, &call, why), RG_EINVAL);
		cr_expect_str_eq(rg_error_text(why).p, wrongs[i].words);
		cr_expect(call.n == 0 && call.code == 0 && !call.targets && call.to.family == 0 && call.status == RG_EINVAL);
	}
	rg_error_free(why);
	world_end(&w);
}

/* The law of struct_size (types.h). */
Test(wire_outs, a_call_of_another_size_is_refused)
{
	rg_error *why = rg_error_new();
	struct { rg_wire_call call; uint64_t behind; } large;
	rg_request small = { .struct_size = 8 };
	world w = world_new();

	memset(&large, 0, sizeof large);
	rg_wire_call_init(&large.call, sizeof large);
	large.call.bytes = RG_STR("\r\n\r\n");
	cr_expect_eq(rg_wire_handle(w.registrar, &large.call, why), RG_OK);
	large.behind = 1;
	cr_expect_eq(rg_wire_handle(w.registrar, &large.call, why), RG_EINVAL);
	large.call.struct_size = sizeof large.call - 8;
	cr_expect_eq(rg_wire_handle(w.registrar, &large.call, why), RG_EINVAL);
	cr_expect_not_null(strstr(rg_error_text(why).p, "call rg_wire_call_init()"));
	rg_wire_call_init(&large.call, sizeof large.call);
	large.call.bytes = RG_STR("\r\n\r\n");
	large.call.host = &small;
	cr_expect_eq(rg_wire_handle(w.registrar, &large.call, why), RG_EINVAL);
	cr_expect_not_null(strstr(rg_error_text(why).p, "call rg_request_init()"));
	large.call.host = NULL;
	large.call.room = 1;
	cr_expect_eq(rg_wire_handle(w.registrar, &large.call, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "rg_wire_call.reply is NULL, and its room is not 0");
	rg_wire_call_init(NULL, sizeof(rg_wire_call));
	rg_error_free(why);
	world_end(&w);
}
