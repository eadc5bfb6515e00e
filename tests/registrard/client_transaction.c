/* SPDX-License-Identifier: MIT */
/* The machines of client transactions (RFC 3261 §17.1, §9.1, §16.8, RFC 6026 §7.2): each state with each event. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>

#include "kit.h"

struct phone {
	struct peer peer;
	const char *method;
	struct uac *uac;
	char sent[MESSAGE_ROOM]; /* the request as it was sent */
};

static void on_response(void *user, int status, msg_t *response)
{
	(void)user;
	note(response ? "cb%d" : "own%d", status);
	if (response)
		cr_expect_eq(sip_object(response)->sip_status->st_status, status);
}

static void respond(struct phone *phone, int status, const char *method)
{
	snprintf(world.last, sizeof world.last, "%s", phone->sent);
	if (!receive_response(response_of(status, method)))
		note("stray");
}

static void send_it(struct phone *phone)
{
	msg_t *msg = request_of(phone->method, "z9hG4bKup", NULL);

	phone->uac = uac_new(world.server.transactions, msg, &phone->peer, "z9hG4bKdown", on_response, phone);
	cr_assert_not_null(phone->uac);
	if (!world.sends_fail)
		snprintf(phone->sent, sizeof phone->sent, "%s", world.last);
}

static void client_step(void *user, const char *event)
{
	struct phone *phone = user;

	if (*event == '+')
		pass(atoi(event + 1));
	else if (isdigit((unsigned char)*event))
		respond(phone, atoi(event), phone->method);
	else if (*event == 'c' && isdigit((unsigned char)event[1]))
		respond(phone, atoi(event + 1), "CANCEL");
	else if (strcmp(event, "send") == 0)
		send_it(phone);
	else if (strcmp(event, "cancel") == 0)
		uac_cancel(phone->uac, NULL);
	else if (strcmp(event, "release") == 0)
		uac_release(phone->uac);
	else if (strcmp(event, "closed") == 0)
		transactions_closed(world.server.transactions, phone->uac ? uac_peer(phone->uac)->connection : 0);
	else if (strcmp(event, "unreachable") == 0)
		transactions_unreachable(world.server.transactions, &phone->peer);
	else if (strcmp(event, "fail") == 0)
		world.sends_fail = 1;
	else if (strcmp(event, "work") == 0)
		world.sends_fail = 0;
	else
		cr_assert_fail("unknown event %s", event);
}

static void run_client(size_t socket, const char *method, const char *script)
{
	struct phone phone = { .peer = peer_at(socket, "203.0.113.5:5080", 0), .method = method };

	world_open();
	script_run(script, client_step, &phone);
	world_close();
}

/* Each state, then each event in it: 1xx, 2xx, 3xx–6xx, the timers, CANCEL, a failing transport, release. */
static const struct {
	size_t socket;
	const char *method, *script;
} clients[] = {
	/* Calling: Timers A and B. */
	{ SOCKET_UDP, "INVITE", "send>INVITE +499> +1>INVITE +999> +1>INVITE +2000>INVITE +4000>INVITE +8000>INVITE +15999> +1>INVITE +499> "
		"+1>own408,end +100000> 200>stray release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE fail> +500>own503,end release>" },
	{ SOCKET_UDP, "INVITE", "fail> send> +0>own503,end work> cancel> release>" },
	{ SOCKET_UDP, "INVITE", "fail> send> release> +0>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE unreachable>own503,end unreachable> release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE release> +500>INVITE 180> 486>ACK +32000>end" },
	/* CANCEL waits for the first response (RFC 3261 §9.1). */
	{ SOCKET_UDP, "INVITE", "send>INVITE cancel> cancel> +500>INVITE 180>CANCEL,cb180 c200> 183>cb183 487>ACK,cb487 release> +31999> "
		"487>ACK +1>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE cancel> +500>INVITE +1000>INVITE +2000>INVITE +4000>INVITE +8000>INVITE +16000>INVITE "
		"+500>own408,end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE cancel> 200>cb200 +32000>end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE cancel> 404>ACK,cb404 release> +32000>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE cancel> release> 100>CANCEL c200> 487>ACK +32000>end" },
	/* Proceeding: no retransmission; Timer C, restarted by 101 to 199. */
	{ SOCKET_UDP, "INVITE", "send>INVITE 100>cb100 +180999> +1>CANCEL c481> +31999> +1>own408,end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 100>cb100 +100000> 100>cb100 +81000>CANCEL c200> 487>ACK,cb487 release> +32000>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 +180000> 180>cb180 +180999> 199>cb199 +180999> +1>CANCEL "
		"c200> 180>cb180 200>cb200 release> +32000>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 +181000>CANCEL c200> cancel> +32000>own408,end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 cancel>CANCEL cancel> c200> 180>cb180 +31999> +1>own487,end release> 487>stray" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 cancel>CANCEL +500>CANCEL +1000>CANCEL c200> +5000> 200>cb200 release> +32000>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 unreachable>own503,end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 fail> cancel> work> +0> +32000>own487,end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 cancel>CANCEL unreachable>own503,end release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 release> 180> +181000>CANCEL c200> 487>ACK +32000>end" },
	/* Completed: Timer D. */
	{ SOCKET_UDP, "INVITE",
		"send>INVITE 486>ACK,cb486 486>ACK 500>ACK 180> 200> cancel> unreachable> +31999> 486>ACK +1>end release> 486>stray" },
	{ SOCKET_UDP, "INVITE", "send>INVITE fail> 300>cb300 work> 300>ACK release> +32000>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 699>ACK,cb699 release> +32000>end" },
	/* Accepted: Timer M. */
	{ SOCKET_UDP, "INVITE", "send>INVITE 200>cb200 180> 486> 200>cb200 202>cb202 "
		"cancel> unreachable> +31999> 200>cb200 +1>end 200>stray release>" },
	{ SOCKET_UDP, "INVITE", "send>INVITE 180>cb180 200>cb200 release> 200>stray 486> +32000>end" },
	{ SOCKET_UDP, "INVITE", "send>INVITE release> 200>stray 200>stray +32000>end" },
	/* A stream: no retransmissions, no Timer D. */
	{ SOCKET_TCP, "INVITE", "send>INVITE +31999> +1>own408,end release>" },
	{ SOCKET_TCP, "INVITE", "send>INVITE 180>cb180 486>ACK,cb486,end 486>stray release>" },
	{ SOCKET_TCP, "INVITE", "send>INVITE 180>cb180 200>cb200 closed> 200>cb200 +31999> 200>cb200 +1>end release>" },
	{ SOCKET_TCP, "INVITE", "send>INVITE 180>cb180 cancel>CANCEL c200> 487>ACK,cb487,end release>" },
	{ SOCKET_TCP, "INVITE", "send>INVITE closed>own503,end closed> release>" },
	{ SOCKET_TCP, "INVITE", "send>INVITE 180>cb180 cancel>CANCEL closed>own503,end release>" },
	{ SOCKET_TCP, "INVITE", "fail> send> +0>own503,end release>" },
	/* Trying, Proceeding: Timers E and F; Completed: Timer K. */
	{ SOCKET_UDP, "MESSAGE", "send>MESSAGE +499> +1>MESSAGE +1000>MESSAGE +2000>MESSAGE +3999> +1>MESSAGE +4000>MESSAGE +4000>MESSAGE "
		"+4000>MESSAGE +4000>MESSAGE +4000>MESSAGE +4000>MESSAGE +499> +1>own408,end 200>stray release>" },
	{ SOCKET_UDP, "MESSAGE",
		"send>MESSAGE 100>cb100 +500>MESSAGE +3999> +1>MESSAGE 180>cb180 +4000>MESSAGE 200>cb200 200> 100> 486> +4999> "
		"200> +1>end release> 200>stray" },
	{ SOCKET_UDP, "MESSAGE", "send>MESSAGE 100>cb100 cancel> "
		"+31000>MESSAGE,MESSAGE,MESSAGE,MESSAGE,MESSAGE,MESSAGE,MESSAGE,MESSAGE +1000>own408,end release>" },
	{ SOCKET_UDP, "MESSAGE", "send>MESSAGE 404>cb404 release> 404> +5000>end" },
	{ SOCKET_UDP, "MESSAGE", "send>MESSAGE unreachable>own503,end release>" },
	{ SOCKET_UDP, "MESSAGE", "send>MESSAGE 100>cb100 fail> +500>own503,end release>" },
	{ SOCKET_UDP, "MESSAGE", "send>MESSAGE release> 200> +5000>end" },
	{ SOCKET_TCP, "MESSAGE", "send>MESSAGE 100>cb100 +31000> 200>cb200,end release> 200>stray" },
	{ SOCKET_TCP, "MESSAGE", "send>MESSAGE +32000>own408,end release>" },
	{ SOCKET_TCP, "MESSAGE", "send>MESSAGE closed>own503,end release>" },
};

Test(client_transaction, each_state_takes_each_event)
{
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
		run_client(clients[i].socket, clients[i].method, clients[i].script);
}

static void is_line(const char *line)
{
	char text[256];

	snprintf(text, sizeof text, "\r\n%s\r\n", line);
	cr_expect(strstr(world.last, text), "%s in %s", line, world.last);
}

/* RFC 3261 §17.1.1.3, §9.1; RFC 3326. */
Test(client_transaction, ack_and_cancel_have_what_the_invite_has)
{
	struct phone phone = { .peer = peer_at(SOCKET_UDP, "203.0.113.5:5080", 0), .method = "INVITE" };
	static const char *const copied[] = { "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKdown;rport", "Route: <sip:r3;lr>",
		"From: \"A, B\" <sip:a@example.net>;tag=from", "Call-ID: id@host", "Max-Forwards: 69", "Content-Length: 0" };

	world_open();
	send_it(&phone);
	is_line("Subject: x");
	client_step(&phone, "180");
	uac_cancel(phone.uac, "SIP;cause=200\r\n ;text=\"x\"");
	is_line("Reason: SIP;cause=200   ;text=\"x\"");
	is_line("CSeq: 7 CANCEL");
	is_line("To: <sip:bob@example.org>");
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		is_line(copied[i]);
	cr_expect_eq(strstr(world.last, "CANCEL sip:bob@example.org SIP/2.0\r\nVia"), world.last);
	cr_expect(!strstr(world.last, "Subject") && !strstr(world.last, "z9hG4bKup"), "%s", world.last);
	client_step(&phone, "c200");
	client_step(&phone, "487");
	is_line("CSeq: 7 ACK");
	is_line("To: <sip:bob@example.org>;tag=t487");
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		is_line(copied[i]);
	cr_expect(strstr(world.last, "sip:r1") && strstr(world.last, "sip:r1") < strstr(world.last, "sip:r2"), "%s", world.last);
	uac_release(phone.uac);
	pass(T_END);
	world_close();
}

Test(client_transaction, headers_may_be_long)
{
	struct peer peer = peer_at(SOCKET_UDP, "203.0.113.5:5080", 0);

	for (int size = 400; size < 3000; size += 37) {
		struct uac *uac;
		char line[4000];

		world_open();
		uac = uac_new(world.server.transactions, message("INVITE sip:%0*d@example.org SIP/2.0\nRoute: <sip:a;lr>\nRoute: <sip:%0*d;lr>\n"
			"From: <sip:a@b>;tag=%0*d\nTo: <sip:a@b>\nCall-ID: %0*d\nCSeq: 4294967295 INVITE\nMax-Forwards: 7\nContent-Length: 0\n\n",
				size, 1,
			size, 2, size, 3, size, 4), &peer, "z9hG4bK1", NULL, NULL);
		receive_response(message("SIP/2.0 180 X\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nFrom: <sip:a@b>\nTo: <sip:a@b>\nCall-ID: x\n"
			"CSeq: 4294967295 INVITE\nContent-Length: 0\n\n"));
		uac_cancel(uac, NULL);
		snprintf(line, sizeof line, "CANCEL sip:%0*d@example.org SIP/2.0\r\n", size, 1);
		cr_expect_eq(strstr(world.last, line), world.last);
		snprintf(line, sizeof line, "Route: <sip:a;lr>\r\nRoute: <sip:%0*d;lr>\r\nFrom: <sip:a@b>;tag=%0*d\r\nCall-ID: %0*d\r\n", size, 2,
			size, 3,
			size, 4);
		cr_expect(strstr(world.last, line), "%s", world.last);
		is_line("CSeq: 4294967295 CANCEL");
		uac_release(uac);
		pass(T_END);
		world_close();
	}
}

/* ACK and CANCEL go where the INVITE went. */
Test(client_transaction, a_stream_is_known_by_its_connection)
{
	struct phone phone = { .peer = peer_at(SOCKET_TCP, "203.0.113.5:5080", 77), .method = "INVITE" };

	world_open();
	send_it(&phone);
	cr_expect(strstr(world.last, "Via: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKdown\r\n"), "%s", world.last);
	client_step(&phone, "180");
	uac_cancel(phone.uac, NULL);
	cr_expect_eq(world.last_to.connection, 77);
	client_step(&phone, "c200");
	transactions_closed(world.server.transactions, 78);
	transactions_unreachable(world.server.transactions, &phone.peer);
	client_step(&phone, "487");
	cr_expect_eq(world.last_to.connection, 77);
	uac_release(phone.uac);
	world_close();
	phone.peer.connection = 0;
	world_open();
	send_it(&phone);
	cr_expect_eq(uac_peer(phone.uac)->connection, 1001);
	transactions_closed(world.server.transactions, 1001);
	cr_expect_str_eq(world.log, "INVITE own503 ");
	uac_release(phone.uac);
	world_close();
}

static void end_it_and_another(void *user, int status, msg_t *response)
{
	struct phone *phones = user;

	(void)status, (void)response;
	for (size_t i = 0; i < 2; i++) {
		if (phones[i].uac) {
			uac_cancel(phones[i].uac, NULL);
			uac_release(phones[i].uac);
		}
		phones[i].uac = NULL;
	}
	note("released");
}

static struct uac *another(struct phone *phones, size_t i)
{
	return uac_new(world.server.transactions, request_of(phones->method, "z9hG4bKup", NULL), &phones->peer, i ? "z9hG4bK1" : "z9hG4bKdown",
		end_it_and_another, phones);
}

/* Whatever reports, the callback may let go of all; nothing is called afterwards. */
Test(client_transaction, a_callback_may_let_go_of_all)
{
	static const char *const events[] = { "180", "200", "486", "+32000", "+500", "unreachable", "closed" };
	const char *once;

	for (size_t socket = 0; socket < 2; socket++)
		for (size_t m = 0; m < 2; m++)
			for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
				struct phone phones[2] = { { .peer = peer_at(socket, "203.0.113.5:5080", socket ? 77 : 0),
					.method = m ? "INFO" : "INVITE" } };

				world_open();
				phones[0].uac = another(phones, 0);
				snprintf(phones->sent, sizeof phones->sent, "%s", world.last);
				phones[1].uac = another(phones, 1);
				world.sends_fail = strcmp(events[i], "+500") == 0;
				client_step(phones, events[i]);
				world.sends_fail = 0;
				pass(300000);
				once = strstr(world.log, "released ");
				cr_expect(once && !strstr(once + 1, "released "), "%s over %zu: %s", events[i], socket, world.log);
				world_close();
			}
}

static void retry(void *user, int status, msg_t *response)
{
	struct phone *phone = user;

	(void)response;
	note("own%d", status);
	if (world.connections++ < 3) {
		uac_release(phone->uac);
		phone->uac = uac_new(world.server.transactions, request_of("INVITE", "z9hG4bKup", NULL), &phone->peer, "z9hG4bKagain", retry,
			phone);
	}
}

Test(client_transaction, a_callback_may_try_the_same_peer_again)
{
	struct phone phone = { .peer = peer_at(SOCKET_UDP, "203.0.113.5:5080", 0) };

	world_open();
	phone.uac = uac_new(world.server.transactions, request_of("INVITE", "z9hG4bKup", NULL), &phone.peer, "z9hG4bKfirst", retry, &phone);
	transactions_unreachable(world.server.transactions, &phone.peer);
	cr_expect_str_eq(world.log, "INVITE own503 INVITE ");
	transactions_unreachable(world.server.transactions, &phone.peer);
	cr_expect_str_eq(world.log, "INVITE own503 INVITE own503 INVITE ");
	uac_release(phone.uac);
	pass(T_END);
	world_close();
}

Test(client_transaction, a_stateless_request_has_a_via_of_its_own)
{
	struct peer peer = peer_at(SOCKET_UDP, "203.0.113.5:5080", 0);

	world_open();
	send_stateless(&world.server, request_of("ACK", "z9hG4bKup", "x"), &peer, "z9hG4bKack");
	is_line("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKack;rport");
	cr_expect(strstr(world.last, "z9hG4bKack") < strstr(world.last, "z9hG4bKup"));
	cr_expect_eq(transactions_count(world.server.transactions), 0);
	world_close();
}
