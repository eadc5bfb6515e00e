/* SPDX-License-Identifier: MIT */
/* The machines of server transactions (RFC 3261 §17.2, RFC 6026 §7.1, RFC 4320 §4.1): each state with each event. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>

#include "kit.h"

struct caller {
	struct peer peer;
	const char *method;
	const char *branch;
	struct uas *uas;
};

static void on_cancelled(void *user, const sip_t *cancel)
{
	(void)user;
	note("cancelled");
	cr_expect_eq(cancel->sip_request->rq_method, sip_method_cancel);
}

static void receive(struct caller *caller, const char *method)
{
	msg_t *msg = request_of(method, caller->branch, strcmp(method, "ACK") == 0 ? "phone" : NULL);
	struct transactions *all = world.server.transactions;

	if (transactions_request(all, msg, sip_object(msg), &caller->peer))
		return;
	note("new");
	if (!caller->uas && strcmp(method, caller->method) == 0)
		caller->uas = uas_new(all, msg, sip_object(msg), &caller->peer, on_cancelled, NULL);
	msg_destroy(msg);
}

static msg_t *reply_with(const char *status)
{
	return message("SIP/2.0 %s X\nVia: SIP/2.0/UDP 198.51.100.7:5070\nFrom: <sip:a@b>;tag=from\nTo: <sip:b@b>;tag=phone\nCall-ID: id@host\n"
		"CSeq: 7 INVITE\nContent-Length: 0\n\n", status);
}

static void server_step(void *user, const char *event)
{
	struct caller *caller = user;

	if (*event == '+')
		pass(atoi(event + 1));
	else if (isdigit((unsigned char)*event))
		uas_send(caller->uas, reply_with(event));
	else if (strcmp(event, "release") == 0)
		uas_release(caller->uas);
	else if (strcmp(event, "fail") == 0)
		world.sends_fail = 1;
	else if (strcmp(event, "work") == 0)
		world.sends_fail = 0;
	else
		receive(caller, event);
}

static void run_server(size_t socket, const char *method, const char *branch, const char *script)
{
	struct caller caller = { .peer = peer_at(socket, "198.51.100.7:6000", socket == SOCKET_TCP ? 5 : 0), .method = method,
		.branch = branch };

	world_open();
	script_run(script, server_step, &caller);
	world_close();
}

/* Each state, then each event in it: request, ACK, CANCEL, 1xx, 2xx, 3xx–6xx, the timers, a failing transport. */
static const struct {
	size_t socket;
	const char *method, *script;
} servers[] = {
	/* Proceeding. */
	{ SOCKET_UDP, "INVITE", "INVITE>new INVITE> 100>100 INVITE>100 180>180 INVITE>180 ACK> +200000> INVITE>180 183>183 "
		"INVITE>183 release>end" },
	{ SOCKET_UDP, "INVITE", "INVITE>new CANCEL>200,cancelled CANCEL>200 487>487 CANCEL>200 release> ACK> +5000>end" },
	{ SOCKET_UDP, "INVITE", "INVITE>new fail> 180> work> INVITE>180 fail> 486> work> +500>486 release> ACK> +5000>end" },
	{ SOCKET_UDP, "INVITE", "INVITE>new release>end INVITE>new" },
	/* Completed: Timer G up to T2, Timer H. */
	{ SOCKET_UDP, "INVITE", "INVITE>new 486>486 release> +499> +1>486 +999> +1>486 +2000>486 +3999> +1>486 +4000>486 INVITE>486 CANCEL>200 "
		"+4000>486 +4000>486 +4000>486 +4000>486 +4000>486 +499> +1>end" },
	{ SOCKET_UDP, "INVITE", "INVITE>new 404>404 180> 200> 603> INVITE>404 ACK> release> +5000>end" },
	/* Confirmed: Timer I. */
	{ SOCKET_UDP, "INVITE",
		"INVITE>new 486>486 ACK> ACK> INVITE> CANCEL>200 486> 200> 180> release> +4999> ACK> +1>end ACK>new INVITE>new" },
	/* Accepted: Timer L. Nothing is repeated, each 2xx goes out, the ACK is for others. */
	{ SOCKET_UDP, "INVITE", "INVITE>new 180>180 200>200 INVITE> ACK>new CANCEL>200 180> 486> 200>200 202>202 release> +31999> "
		"INVITE> +1>end ACK>new" },
	{ SOCKET_UDP, "INVITE", "INVITE>new 200>200 fail> 200> work> 200>200 +32000>end 200> release> INVITE>new" },
	/* A stream: no retransmissions, and no time in Confirmed; absorption in Accepted stays. */
	{ SOCKET_TCP, "INVITE", "INVITE>new 180>180 486>486 +31999> INVITE>486 release> ACK>end ACK>new" },
	{ SOCKET_TCP, "INVITE", "INVITE>new 486>486 release> +32000>end" },
	{ SOCKET_TCP, "INVITE", "INVITE>new 200>200 release> INVITE> ACK>new +31999> INVITE> +1>end INVITE>new" },
	{ SOCKET_TCP, "INVITE", "INVITE>new CANCEL>200,cancelled 487>487 release> ACK>end" },
	/* Trying, Proceeding, Completed of others: 100 alone, after 3.5 s over datagrams. Timer J. */
	{ SOCKET_UDP, "MESSAGE", "MESSAGE>new MESSAGE> ACK>new CANCEL>new 100> 180> +3499> MESSAGE> +1>100 MESSAGE>100 180> 100>100 200>200 "
		"MESSAGE>200 200> 486> 100> release> +31999> MESSAGE>200 +1>end MESSAGE>new" },
	{ SOCKET_UDP, "MESSAGE", "MESSAGE>new 486>486 release> +31999> MESSAGE>486 +1>end" },
	{ SOCKET_UDP, "MESSAGE", "MESSAGE>new release>end +40000>" },
	{ SOCKET_UDP, "BYE", "BYE>new fail> 200> work> BYE>200 +32000>end release>" },
	{ SOCKET_TCP, "MESSAGE", "MESSAGE>new 180> 100>100 +3500> MESSAGE>100 200>200,end release> MESSAGE>new" },
	{ SOCKET_TCP, "MESSAGE", "MESSAGE>new +3499> +1>100 486>486,end release>" },
};

Test(server_transaction, each_state_takes_each_event)
{
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
		run_server(servers[i].socket, servers[i].method, "z9hG4bKx", servers[i].script);
}

/* RFC 3261 §17.2.3: without the cookie the headers are compared, and the cookie alone is no branch. */
Test(server_transaction, requests_without_a_branch_have_the_same_machines)
{
	static const char *const branches[] = { NULL, "1", "z9hG4bK" };

	for (size_t b = 0; b < sizeof branches / sizeof *branches; b++)
		for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
			run_server(servers[i].socket, servers[i].method, branches[b], servers[i].script);
}

/* What makes a request another one. */
static const struct {
	const char *from, *to;
	int same_with_branch, same_without;
} changes[] = {
	{ "Subject: x", "Subject: y", 1, 1 },
	{ "198.51.100.7:5070", "198.51.100.7:5071", 0, 0 },
	{ "198.51.100.7:5070", "198.51.100.8:5070", 0, 0 },
	{ ";branch=z9hG4bKAb", ";branch=Z9HG4BKaB", 1, -1 },
	{ ";branch=z9hG4bKAb", ";branch=z9hG4bKAbc", 0, -1 },
	{ "sip:bob@example.org SIP", "sip:eve@example.org SIP", 1, 0 },
	{ "sip:bob@example.org SIP", "sip:bob@example.org;x SIP", 1, 0 },
	{ "tag=from", "tag=other", 1, 0 },
	{ "Call-ID: id@host", "Call-ID: id2@host", 1, 0 },
	{ "CSeq: 7", "CSeq: 8", 1, 0 },
	{ "To: <sip:bob@example.org>", "To: <sip:bob@example.org>;tag=x", 1, 0 },
	{ "SIP/2.0/UDP", "SIP/2.0/TCP", 1, 0 },
};

static msg_t *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	cr_assert(at, "%s is in the text", from);
	return message("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void compare(const char *branch, const char *from, const char *to, int same)
{
	char text[1024];
	struct peer peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0);
	struct uas *uas;
	msg_t *msg;

	snprintf(text, sizeof text,
		"MESSAGE sip:bob@example.org SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5070%s\nFrom: <sip:a@example.net>;tag=from\n"
		"To: <sip:bob@example.org>\nCall-ID: id@host\nCSeq: 7 MESSAGE\nSubject: x\nContent-Length: 0\n\n", branch);
	world_open();
	msg = message("%s", text);
	uas = uas_new(world.server.transactions, msg, sip_object(msg), &peer, NULL, NULL);
	msg_destroy(msg);
	cr_expect_eq(receive_request(changed(text, from, to), &peer), same, "%s: %s -> %s", branch, from, to);
	uas_release(uas);
	world_close();
}

Test(server_transaction, what_identifies_a_request)
{
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		compare(";branch=z9hG4bKAb", changes[i].from, changes[i].to, changes[i].same_with_branch);
		if (changes[i].same_without < 0)
			continue;
		compare("", changes[i].from, changes[i].to, changes[i].same_without);
		compare(";branch=z9hG4bK", changes[i].from, changes[i].to, changes[i].same_without);
	}
}

/* @return 1 when the ACK, without a branch, stops the 486. */
static int ack_stops(const char *to_tag, const char *ack_tag)
{
	struct caller caller = { .peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0), .method = "INVITE" };
	msg_t *msg = request_of("INVITE", NULL, to_tag);
	int stops;

	world_open();
	caller.uas = uas_new(world.server.transactions, msg, sip_object(msg), &caller.peer, NULL, NULL);
	msg_destroy(msg);
	uas_send(caller.uas, reply_with("486"));
	uas_release(caller.uas);
	stops = receive_request(request_of("ACK", NULL, ack_tag), &caller.peer);
	world.log[0] = '\0';
	pass(500);
	cr_expect_eq(world.log[0] == '\0', stops);
	pass(T_END);
	world_close();
	return stops;
}

Test(server_transaction, an_ack_without_branch_bears_the_tag_of_the_response)
{
	cr_expect_eq(ack_stops(NULL, "phone"), 1);
	cr_expect_eq(ack_stops(NULL, "other"), 0);
	cr_expect_eq(ack_stops("phone", "phone"), 1);
	cr_expect_eq(ack_stops("phone", "other"), 0);
}

Test(server_transaction, cancel_is_answered_with_the_tag_of_the_response)
{
	struct caller caller = { .peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0), .method = "INVITE", .branch = "z9hG4bKx" };

	world_open();
	receive(&caller, "INVITE");
	receive(&caller, "CANCEL");
	cr_expect(strstr(world.last, ";tag=own\r\n") && strstr(world.last, "CSeq: 7 CANCEL"), "%s", world.last);
	server_step(&caller, "180");
	receive(&caller, "CANCEL");
	cr_expect(strstr(world.last, ";tag=phone\r\n") && !strstr(world.last, "own"), "%s", world.last);
	uas_release(caller.uas);
	world_close();
}

/* RFC 3261 §18.2.2: over the connection of the request, and when it has ended over one to the source, at the port of the Via. */
Test(server_transaction, a_response_outlives_its_connection)
{
	struct caller caller = { .peer = peer_at(SOCKET_TCP, "198.51.100.9:6000", 5), .method = "INVITE", .branch = "z9hG4bKx" };

	world_open();
	receive(&caller, "INVITE");
	server_step(&caller, "180");
	cr_expect_eq(world.last_to.connection, 5);
	world.ended = 5;
	transactions_closed(world.server.transactions, 5);
	server_step(&caller, "183");
	cr_expect_eq(world.last_to.connection, 1001);
	cr_expect_eq(world.last_to.addr.port, 5070);
	cr_expect_eq(world.last_to.addr.ip[3], 9);
	server_step(&caller, "486");
	cr_expect_eq(world.last_to.connection, 1001);
	uas_release(caller.uas);
	receive(&caller, "ACK");
	world_close();
}

/* A connection that is open, but takes no more, is not replaced. */
Test(server_transaction, a_full_connection_is_no_ended_one)
{
	struct caller caller = { .peer = peer_at(SOCKET_TCP, "198.51.100.9:6000", 5), .method = "INVITE", .branch = "z9hG4bKx" };

	world_open();
	receive(&caller, "INVITE");
	world.full = 5;
	server_step(&caller, "180");
	world.full = 0;
	server_step(&caller, "183");
	cr_expect_eq(world.last_to.connection, 5);
	cr_expect_eq(world.connections, 0);
	uas_release(caller.uas);
	world_close();
}

static void release_on_cancel(void *user, const sip_t *cancel)
{
	struct caller *caller = user;

	(void)cancel;
	uas_send(caller->uas, reply_with("487"));
	uas_release(caller->uas);
	receive(caller, "ACK");
	pass(T_END);
	note("gone");
}

Test(server_transaction, the_cancelled_callback_may_end_it)
{
	struct caller caller = { .peer = peer_at(SOCKET_UDP, "198.51.100.7:6000", 0), .method = "INVITE", .branch = "z9hG4bKx" };
	msg_t *msg = request_of("INVITE", caller.branch, NULL);

	world_open();
	caller.uas = uas_new(world.server.transactions, msg, sip_object(msg), &caller.peer, release_on_cancel, &caller);
	msg_destroy(msg);
	receive(&caller, "CANCEL");
	cr_expect_str_eq(world.log, "200 487 gone ");
	world_close();
}
