/* SPDX-License-Identifier: MIT */
#include "kit.h"

#include <criterion/criterion.h>
#include <sofia-sip/msg_addr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "alarm_clock.h"

struct world world;

static int64_t alarm_due = INT64_MAX;
static void (*alarm_ring)(void *user);
static void *alarm_user;
static int fail_in;

/* The linker directs the calls of what is tested to these; see meson.build. Shared libraries call the real functions, but the linker wants
 * them to see the wrappers. */
#define WRAPS __attribute__((visibility("default")))

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *text);
WRAPS void *__wrap_malloc(size_t n);
WRAPS void *__wrap_calloc(size_t n, size_t size);
WRAPS void *__wrap_realloc(void *p, size_t n);
WRAPS char *__wrap_strdup(const char *text);
WRAPS int __wrap_asprintf(char **out, const char *format, ...);

int shortage(int nth)
{
	int left = fail_in;

	fail_in = nth;
	return left;
}

static int is_short(void)
{
	return fail_in && --fail_in == 0;
}

void *__wrap_malloc(size_t n)
{
	return is_short() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return is_short() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return is_short() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *text)
{
	return is_short() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
	va_list args;
	int n = -1;

	va_start(args, format);
	if (!is_short())
		n = vasprintf(out, format, args);
	va_end(args);
	return n;
}

struct alarm_clock *alarm_clock_new(su_root_t *root, void (*ring)(void *user), void *user)
{
	(void)root;
	alarm_ring = ring;
	alarm_user = user;
	alarm_due = INT64_MAX;
	return malloc(1);
}

void alarm_clock_free(struct alarm_clock *alarm)
{
	alarm_due = INT64_MAX;
	free(alarm);
}

void alarm_clock_set(struct alarm_clock *alarm, int64_t due)
{
	(void)alarm;
	alarm_due = due;
}

int64_t alarm_clock_now(void)
{
	return world.now;
}

void pass(int64_t milliseconds)
{
	int64_t end = world.now + milliseconds;

	while (alarm_due <= end) {
		world.now = alarm_due > world.now ? alarm_due : world.now;
		alarm_due = INT64_MAX;
		alarm_ring(alarm_user);
	}
	world.now = end;
}

void note(const char *format, ...)
{
	size_t used = strlen(world.log);
	va_list args;

	va_start(args, format);
	vsnprintf(world.log + used, sizeof world.log - used, format, args);
	va_end(args);
	strncat(world.log, " ", sizeof world.log - strlen(world.log) - 1);
}

const struct local *transport_local(const struct transport *transport, size_t index)
{
	static const struct local locals[] = {
		{ .proto = "udp", .host = "192.0.2.1", .port = "5060" },
		{ .proto = "tcp", .is_stream = 1, .host = "[2001:db8::1]", .port = "5060" },
	};

	(void)transport;
	return index < 2 ? &locals[index] : NULL;
}

int transport_is_open(const struct transport *transport, uint64_t connection)
{
	(void)transport;
	return connection && connection != world.ended;
}

int transport_send(struct transport *transport, struct peer *to, const void *bytes, size_t n)
{
	int status;

	if (world.sends_fail || (to->connection && (to->connection == world.full || !transport_is_open(transport, to->connection))))
		return -1;
	if (to->socket == SOCKET_TCP && !to->connection)
		to->connection = 1000 + ++world.connections;
	world.sends++;
	world.last_to = *to;
	snprintf(world.last, sizeof world.last, "%.*s", (int)n, (const char *)bytes);
	if (sscanf(world.last, "SIP/2.0 %d", &status) == 1)
		note("%d", status);
	else
		note("%.*s", (int)strcspn(world.last, " "), world.last);
	return 0;
}

msg_t *intake_reply(struct server *server, const sip_t *sip, int status, const char *phrase)
{
	char *room = malloc(1);
	msg_t *msg = room ? msg_create(sip_default_mclass(), 0) : NULL;
	sip_to_t *to = msg ? sip_to_dup(msg_home(msg), sip->sip_to) : NULL;

	(void)server;
	free(room);
	if (!msg)
		return NULL;
	if (!to->a_tag)
		sip_to_tag(msg_home(msg), to, "own");
	sip_add_tl(msg, sip_object(msg), SIPTAG_STATUS(sip_status_create(msg_home(msg), (unsigned)status, phrase, NULL)),
		SIPTAG_VIA(sip->sip_via), SIPTAG_FROM(sip->sip_from), SIPTAG_TO(to), SIPTAG_CALL_ID(sip->sip_call_id), SIPTAG_CSEQ(sip->sip_cseq),
		TAG_END());
	return msg;
}

struct peer intake_reply_peer(const sip_t *sip, const struct peer *from)
{
	(void)sip;
	return *from;
}

void intake_send_reply(struct server *server, msg_t *reply, const struct peer *to)
{
	struct peer peer = *to;
	size_t n;
	char *bytes = reply ? intake_bytes(reply, &n) : NULL;

	if (bytes)
		transport_send(server->transport, &peer, bytes, n);
	free(bytes);
	msg_destroy(reply);
}

char *intake_bytes(msg_t *msg, size_t *n)
{
	char *text = msg_as_string(msg_home(msg), msg, NULL, 0, n);
	char *copy = text ? malloc(*n + 1) : NULL;

	if (copy)
		memcpy(copy, text, *n + 1);
	return copy;
}

void world_open(void)
{
	world = (struct world){ .now = 1000000, .args = { .max_calls = 100 } };
	world.server.args = &world.args;
	world.server.transactions = transactions_new(&world.server);
	cr_assert_not_null(world.server.transactions);
}

void world_close(void)
{
	cr_expect_eq(transactions_count(world.server.transactions), 0);
	transactions_free(world.server.transactions);
}

struct peer peer_at(size_t socket, const char *address, uint64_t connection)
{
	struct peer peer = { .socket = socket, .connection = connection };

	cr_assert_eq(rg_addr_parse(rg_str_from(address), &peer.addr), RG_OK);
	return peer;
}

static msg_t *parse_lines(const char *lines)
{
	char text[MESSAGE_ROOM];
	size_t n = 0;
	msg_t *msg;

	for (const char *p = lines; *p && n + 2 < sizeof text; p++) {
		if (*p == '\n')
			text[n++] = '\r';
		text[n++] = *p;
	}
	msg = msg_make(sip_default_mclass(), 0, text, (ssize_t)n);
	cr_assert(msg && sip_object(msg), "cannot be parsed: %s", lines);
	return msg;
}

msg_t *message(const char *format, ...)
{
	char lines[MESSAGE_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(lines, sizeof lines, format, args);
	va_end(args);
	return parse_lines(lines);
}

msg_t *request_of(const char *method, const char *branch, const char *to_tag)
{
	return message("%s sip:bob@example.org SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5070%s%s\nRoute: <sip:r1;lr>, <sip:r2;lr>\n"
		"Route: <sip:r3;lr>\nFrom: \"A, B\" <sip:a@example.net>;tag=from\nTo: <sip:bob@example.org>%s%s\nCall-ID: id@host\n"
		"CSeq: 7 %s\nMax-Forwards: 69\nSubject: x\nContent-Length: 0\n\n", method, branch ? ";branch=" : "", branch ? branch : "",
		to_tag ? ";tag=" : "", to_tag ? to_tag : "", method);
}

msg_t *response_of(int status, const char *method)
{
	const char *via = strstr(world.last, "Via: ");

	cr_assert(via, "a request was sent");
	return message("SIP/2.0 %d X\n%.*s\nFrom: \"A, B\" <sip:a@example.net>;tag=from\nTo: <sip:bob@example.org>;tag=t%d\nCall-ID: id@host\n"
		"CSeq: 7 %s\nContent-Length: 0\n\n", status, (int)strcspn(via, "\r"), via, status, method);
}

int receive_request(msg_t *msg, const struct peer *from)
{
	int taken = transactions_request(world.server.transactions, msg, sip_object(msg), from);

	if (!taken)
		msg_destroy(msg);
	return taken;
}

int receive_response(msg_t *msg)
{
	struct peer from = { .socket = SOCKET_UDP };
	int taken = transactions_response(world.server.transactions, msg, sip_object(msg), &from);

	if (!taken)
		msg_destroy(msg);
	return taken;
}

void script_run(const char *script, script_step *step, void *user)
{
	char copy[2048], *rest = copy, *token;

	cr_assert_lt(strlen(script), sizeof copy);
	strcpy(copy, script);
	while ((token = strsep(&rest, " ")) != NULL) {
		char *expected = strchr(token, '>');
		size_t before = transactions_count(world.server.transactions);

		cr_assert(expected, "%s: no > in %s", script, token);
		*expected++ = '\0';
		world.log[0] = '\0';
		step(user, token);
		if (before && transactions_count(world.server.transactions) == 0)
			note("end");
		for (char *p = world.log; *p; p++)
			if (*p == ' ')
				*p = p[1] ? ',' : '\0';
		cr_assert_str_eq(world.log, expected, "%s: after %s, at %s", script, token, rest ? rest : "its end");
	}
}
