/* SPDX-License-Identifier: MIT */
/* The law of results. outs_verbs.c and outs_values.c have the rows. */
#include "outs.h"
#include "allocations.h"
#include <stdio.h>

static const rg_status expected[FAULTS] = { [WRONG] = RG_EINVAL, [NOWHERE] = RG_EINVAL, [MISSING] = RG_ENOENT, [SMALL] = RG_ELIMIT,
	[GARBLED] = RG_EFORMAT, [CONFLICT] = RG_ECONFLICT,
	[SHUT] = RG_ECANCELED, [BROKEN] = RG_ESTORE, [SHORT] = RG_ENOMEM };

enum { MOST = 64, MARK = 0x5a };

static void room_open(out_room *o, int fault)
{
	rg_request request;

	*o = (out_room){ .fault = fault, .store = { .calls = CALL_ANY, .status = RG_ESTORE }, .why = rg_error_new() };
	kit_init(&o->k);
	kit_open_over(&o->k, faulty_new(o->k.memory, &o->store));
	cr_assert_eq(kit_save(&o->k, "alice", "<sip:a@192.0.2.1>", 1), 200);
	cr_assert_eq(rg_read_statistics(o->k.reg, RG_STR("location"), &o->stats, NULL), RG_OK);
	o->phone = (phone){ .aor = "alice", .contact = "<sip:a@192.0.2.1>", .cseq = 2 };
	kit_request(&o->phone, &request);
	cr_assert_eq(rg_save(o->k.reg, &request, NULL, &o->response, NULL), RG_OK);
	cr_assert_eq(rg_record_new(&(rg_key){ RG_STR("location"), RG_STR("alice"), RG_STR("example.org") }, &(rg_revision){ { 1 } }, NULL, 0, NULL,
		0, (rg_str){ NULL, 0 }, &o->record), RG_OK);
	if (fault == BROKEN)
		o->store.times = -1;
	if (fault == SHUT)
		rg_registrar_shutdown(o->k.reg);
}

static void room_close(out_room *o)
{
	rg_error_free(o->why);
	rg_response_free(o->response);
	rg_statistics_free(o->stats);
	rg_record_unref(o->record);
	kit_close(&o->k);
}

static bool is_all(const uint8_t *bytes, size_t n, uint8_t value)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != value)
			return false;
	}
	return true;
}

static bool is_words_of(const out_room *o, rg_status status)
{
	return rg_error_status(o->why) == status && rg_error_text(o->why).n > 0;
}

/* Without a place for the result. */
static void call_without(const out_row *row, bool optional, bool has_why)
{
	char words[64];
	out_room o;

	room_open(&o, optional ? WRONG : GOOD);
	rg_status st = row->run(&o, NULL);
	cr_expect_eq(st, RG_EINVAL, "%s without %s: %s", row->function, row->result, rg_status_name(st));
	snprintf(words, sizeof words, "%s is NULL", row->result);
	if (!optional && has_why)
		cr_expect_str_eq(rg_error_text(o.why).p, words, "%s", row->function);
	cr_expect(optional || o.read == 0, "%s asks the adaptor, and has no place for what it says", row->function);
	room_close(&o);
	if (!optional || !(row->faults & HAS(GOOD)))
		return;
	room_open(&o, GOOD);
	st = row->run(&o, NULL);
	cr_expect_geq(st, RG_OK, "%s without %s: %s", row->function, row->result, rg_status_name(st));
	room_close(&o);
}

/* The answer to send when the store fails. */
static bool is_answer(const out_row *row, void *const *out)
{
	if (row->release == (void (*)(void *))rg_response_free)
		return *out && rg_response_code(*out) == 503 && rg_response_reason(*out) == RG_R_STORE &&
			rg_response_header(*out, RG_STR("P-Registrar-Error"), 0).n > 0;
	return row->release == (void (*)(void *))rg_targets_free && *out && rg_targets_code(*out) == 503 &&
		rg_targets_result(*out) == RG_LOOKUP_ERROR;
}

static void release_result(const out_row *row, void *const *out)
{
	if (row->release)
		row->release(*out);
}

/* @return whether the fault came about. */
static bool call_with(const out_row *row, int fault, int nth, bool has_why)
{
	_Alignas(16) uint8_t bytes[MOST];
	void *out = bytes;
	out_room o;

	cr_assert_leq(row->size, sizeof bytes);
	room_open(&o, fault == SHORT ? GOOD : fault);
	memset(bytes, MARK, sizeof bytes);
	allocations_fail(nth);
	rg_status st = row->run(&o, bytes);
	bool came = allocations_fail(0) == 0 && fault != GOOD;
	bool failed = fault == SHORT ? came && st != RG_OK : fault != GOOD;
	cr_expect(failed ? st == expected[fault] : st >= RG_OK, "%s, fault %d, allocation %d: %s", row->function, fault, nth, rg_status_name(st));
	cr_expect(is_all(bytes + row->size, sizeof bytes - row->size, MARK));
	if (failed && has_why)
		cr_expect(is_words_of(&o, st), "%s, fault %d: %s '%s'", row->function, fault, rg_status_name(rg_error_status(o.why)),
			rg_error_text(o.why).p);
	if (!failed || (fault == BROKEN && is_answer(row, out))) {
		cr_expect_not(is_all(bytes, row->size, MARK), "%s leaves %s alone", row->function, row->result);
		release_result(row, out);
	} else {
		cr_expect(is_all(bytes, row->size, 0), "%s, fault %d, allocation %d: %s is not emptied", row->function, fault, nth, row->result);
	}
	room_close(&o);
	return came;
}

static void out_check(const out_row *row, bool optional, bool has_why)
{
	call_without(row, optional, has_why);
	for (int fault = GOOD; fault < SHORT; fault++) {
		if (row->faults & HAS(fault))
			call_with(row, fault, 0, has_why);
	}
	for (int nth = 1; (row->faults & HAS(SHORT)) && call_with(row, SHORT, nth, has_why); nth++)
		cr_assert_lt(nth, 500);
}

/* The answer to a broken store needs memory, too: a whole answer, or none. */
static void out_check_answer(const out_row *row)
{
	uint32_t none = 0, whole = 0;

	for (int nth = 1, more = 1; more; nth++) {
		void *out = (void *)(uintptr_t)row;
		out_room o;

		room_open(&o, BROKEN);
		allocations_fail_run(nth, 100);
		rg_status st = row->run(&o, &out);
		more = allocations_fail(0) == 0;
		cr_expect(st == RG_ESTORE || (st == RG_ENOMEM && !out), "%s, allocation %d: %s", row->function, nth, rg_status_name(st));
		none += !out;
		whole += out && is_answer(row, &out);
		cr_expect(!out || is_answer(row, &out), "%s, allocation %d: half an answer", row->function, nth);
		release_result(row, &out);
		room_close(&o);
	}
	cr_expect(none > 0 && whole > 0, "%s: %u times none, %u times a whole one", row->function, none, whole);
}

Test(outs, a_result_is_empty_after_an_error_and_has_a_place)
{
#define CHECK_ROW(function, result, optional, has_why) out_check(&row_##function##_##result, optional, has_why);
	EVERY_OUT(CHECK_ROW)
#undef CHECK_ROW
}

Test(outs, the_answer_to_a_broken_store_is_whole_or_none)
{
	out_check_answer(&row_rg_save_out);
	out_check_answer(&row_rg_save_msg_out);
	out_check_answer(&row_rg_save_reply_out);
	out_check_answer(&row_rg_save_reply_msg_out);
	out_check_answer(&row_rg_lookup_out);
	out_check_answer(&row_rg_lookup_msg_out);
}
