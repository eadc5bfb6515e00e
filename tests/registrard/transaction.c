/* SPDX-License-Identifier: MIT */
/* All transactions together: their number, their memory, and the want of it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "kit.h"

static void finish(void *user, int status, msg_t *response)
{
	(void)user, (void)status, (void)response;
}

static struct uac *call_phone(size_t n)
{
	struct peer peer = peer_at(SOCKET_UDP, "203.0.113.5:5080", 0);
	char branch[32];

	snprintf(branch, sizeof branch, "z9hG4bK%zu", n);
	world.log[0] = '\0';
	return uac_new(world.server.transactions, request_of("INVITE", "z9hG4bKup", NULL), &peer, branch, finish, NULL);
}

static struct uas *take_call(size_t n)
{
	struct peer peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0);
	char branch[32];
	msg_t *msg;
	struct uas *uas;

	snprintf(branch, sizeof branch, "z9hG4bK%zu", n);
	msg = request_of("INVITE", branch, NULL);
	world.log[0] = '\0';
	cr_assert_eq(transactions_request(world.server.transactions, msg, sip_object(msg), &peer), 0);
	uas = uas_new(world.server.transactions, msg, sip_object(msg), &peer, NULL, NULL);
	msg_destroy(msg);
	return uas;
}

static msg_t *refusal(size_t padding)
{
	return message("SIP/2.0 486 X\nVia: SIP/2.0/UDP 198.51.100.7:5070\nFrom: <sip:a@b>;tag=from\nTo: <sip:b@b>;tag=phone\nCall-ID: id@host\n"
		"CSeq: 7 INVITE\nSubject: %0*d\nContent-Length: 0\n\n", (int)padding, 0);
}

/* A call that is cancelled at once. @param rings  the phone has answered with 180. */
static void storm_call(size_t n, int rings)
{
	struct uas *uas = take_call(n);
	struct uac *uac = call_phone(n);

	if (rings)
		receive_response(response_of(180, "INVITE"));
	uac_cancel(uac, NULL);
	uas_send(uas, refusal(1));
	uac_release(uac);
	uas_release(uas);
}

Test(transactions, those_that_linger_are_limited_in_number)
{
	for (int rings = 0; rings < 2; rings++) {
		world_open();
		world.args.max_calls = 10;
		for (size_t i = 0; i < 1000; i++) {
			storm_call(i, rings);
			cr_expect_leq(transactions_count(world.server.transactions), 10 * 8);
		}
		cr_expect_gt(transactions_count(world.server.transactions), 10);
		pass(T_END);
		world_close();
	}
}

/* An ACK holds the To of the response, which the phone may make long after nobody waits for it. */
static void answer_at_length(size_t n, int size)
{
	receive_response(message("SIP/2.0 486 X\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%zu\nFrom: <sip:a@b>;tag=a\nTo: <sip:b@b>;tag=%0*d\n"
		"Call-ID: id@host\nCSeq: 7 INVITE\nContent-Length: 0\n\n", n, size, 0));
}

Test(transactions, long_acknowledgements_are_limited_too)
{
	world_open();
	world.args.max_calls = 10;
	for (size_t i = 0; i < 20; i++)
		uac_release(call_phone(i));
	cr_assert_eq(transactions_count(world.server.transactions), 20);
	for (size_t i = 0; i < 20; i++)
		answer_at_length(i, 15000);
	cr_expect_leq(transactions_count(world.server.transactions), 10 * 8192 / 15000);
	cr_expect_gt(transactions_count(world.server.transactions), 1);
	pass(T_END);
	world_close();
}

/* Over a stream an INVITE is not repeated, but its headers are kept for ACK and CANCEL. */
Test(transactions, long_invites_over_a_stream_are_limited_too)
{
	struct peer peer = peer_at(SOCKET_TCP, "203.0.113.5:5080", 77);
	char branch[32];

	world_open();
	world.args.max_calls = 10;
	for (size_t i = 0; i < 20; i++) {
		snprintf(branch, sizeof branch, "z9hG4bK%zu", i);
		uac_release(uac_new(world.server.transactions,
			message("INVITE sip:a@b SIP/2.0\nFrom: <sip:a@b>;tag=%0*d\nTo: <sip:a@b>\nCall-ID: x\n"
			"CSeq: 1 INVITE\nContent-Length: 0\n\n", 15000, 0), &peer, branch, NULL, NULL));
	}
	cr_expect_leq(transactions_count(world.server.transactions), 10 * 8192 / 15000);
	cr_expect_gt(transactions_count(world.server.transactions), 1);
	pass(T_END);
	world_close();
}

/* It is sent, and repeated, although it is beyond the limit all alone. */
Test(transactions, the_one_at_work_is_spared)
{
	world_open();
	world.args.max_calls = 1;
	uac_release(call_phone(1));
	answer_at_length(1, 15000);
	answer_at_length(1, 15000);
	cr_expect_str_eq(world.log, "INVITE ACK ACK ");
	cr_expect_eq(transactions_count(world.server.transactions), 1);
	pass(T_END);
	world_close();
}

Test(transactions, and_in_bytes)
{
	size_t most = 0;

	world_open();
	world.args.max_calls = 10;
	for (size_t i = 0; i < 100; i++) {
		struct uas *uas = take_call(i);

		uas_send(uas, refusal(2500));
		uas_release(uas);
		most = transactions_count(world.server.transactions) > most ? transactions_count(world.server.transactions) : most;
	}
	cr_expect_geq(most, 10);
	cr_expect_leq(most, 10 * 8192 / 2500);
	pass(T_END);
	world_close();
}

/* Those in use are the caller's, however many. */
Test(transactions, those_in_use_stay)
{
	enum { N = 3000 };
	static struct uas *uas[N];
	static struct uac *uac[N];

	world_open();
	world.args.max_calls = 1;
	for (size_t i = 0; i < N; i++) {
		uas[i] = take_call(i);
		uac[i] = call_phone(i);
	}
	cr_expect_eq(transactions_count(world.server.transactions), 2 * N);
	for (size_t i = 0; i < N; i++) {
		struct peer peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0);
		char branch[32];

		snprintf(branch, sizeof branch, "z9hG4bK%zu", i);
		cr_assert_eq(receive_request(request_of("INVITE", branch, NULL), &peer), 1);
	}
	for (size_t i = 0; i < N; i++) {
		uas_release(uas[i]);
		uac_release(uac[i]);
	}
	cr_expect(transactions_count(world.server.transactions) > 0 && transactions_count(world.server.transactions) <= 8);
	pass(T_END);
	world_close();
}

Test(transactions, all_are_freed_in_any_state)
{
	world_open();
	take_call(1);
	uas_send(take_call(2), refusal(1));
	uas_release(take_call(3));
	call_phone(4);
	uac_cancel(call_phone(5), "x");
	receive_response(response_of(180, "INVITE"));
	uac_release(call_phone(6));
	transactions_unreachable(world.server.transactions, &world.last_to);
	call_phone(7);
	cr_expect_eq(transactions_count(world.server.transactions), 3);
	transactions_free(world.server.transactions);
	transactions_free(NULL);
}

/* One call from INVITE to ACK, while the nth allocation fails. @return 0 when there is no nth. */
static int short_call(int nth)
{
	struct uas *uas;
	struct uac *uac = NULL;
	struct peer peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0);
	char sent[MESSAGE_ROOM] = "";
	int left;

	world_open();
	shortage(nth);
	uas = take_call(1);
	uac = call_phone(1);
	snprintf(sent, sizeof sent, "%s", world.last);
	if (uac && *sent) {
		uac_cancel(uac, "SIP;cause=487");
		receive_response(response_of(180, "INVITE"));
		snprintf(world.last, sizeof world.last, "%s", sent);
		receive_response(response_of(487, "INVITE"));
	}
	receive_request(request_of("CANCEL", "z9hG4bK1", NULL), &peer);
	if (uas) {
		uas_send(uas, refusal(600));
		uas_release(uas);
	}
	if (uac)
		uac_release(uac);
	receive_request(request_of("ACK", "z9hG4bK1", "phone"), &peer);
	left = shortage(0);
	pass(10 * T_END);
	world_close();
	return left == 0;
}

Test(transactions, each_allocation_may_fail)
{
	int nth = 1;

	while (short_call(nth))
		nth++;
	cr_expect_gt(nth, 15, "%d", nth);
}

Test(transactions, none_without_memory)
{
	int nth = 1, left = 0;

	for (; left == 0; nth++) {
		struct transactions *all;

		shortage(nth);
		all = transactions_new(&world.server);
		left = shortage(0);
		cr_expect_eq(all == NULL, left == 0);
		transactions_free(all);
	}
	cr_expect_gt(nth, 4);
}
