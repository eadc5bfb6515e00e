/* SPDX-License-Identifier: MIT */
/* Requests of other methods than REGISTER: a redirect server (RFC 3261 §8.3), which keeps no transaction. */
#include "wire/wire.h"

enum { ALLOW_ROOM = 160, SECONDS_ROOM = 20 };

/* `host` or `host:port` of a SIP URI without a user; absent: it has a user, or another scheme. */
static rg_str host_of(rg_str uri)
{
	size_t from = uri.n > 4 && rg__wire_same_name((rg_str){ uri.p, 4 }, RG_STR("sip:")) ? 4
		: uri.n > 5 && rg__wire_same_name((rg_str){ uri.p, 5 }, RG_STR("sips:")) ? 5 : 0;
	size_t to = from;

	if (from == 0 || memchr(uri.p, '@', uri.n))
		return RG__WIRE_NONE;
	while (to < uri.n && uri.p[to] != ';' && uri.p[to] != '?')
		to++;
	return (rg_str){ uri.p + from, to - from };
}

/* The address of rg_request.socket, `proto:ip:port`. */
static bool socket_addr(rg_str socket, rg_addr *addr)
{
	const char *colon = socket.n > 0 ? memchr(socket.p, ':', socket.n) : NULL;

	return colon && rg_addr_parse((rg_str){ colon + 1, (size_t)(socket.p + socket.n - colon - 1) }, addr) == RG_OK;
}

/* Does the URI name this server itself, by the address and port that received the request? */
static bool is_ours(rg_str uri, const rg_request *host)
{
	enum { SIP_PORT = 5060 };
	const rg_str name = host_of(uri); /* absent in most: it costs least to look at */
	rg_addr named, own;

	if (!name.p || !host || !socket_addr(host->socket, &own) || rg_addr_parse(name, &named) != RG_OK)
		return false;
	if (named.port == 0)
		named.port = SIP_PORT;
	return named.port == own.port && rg_addr_match(&named, &own);
}

int32_t rg__wire_redirect_code(const rg__wire_start *start, const rg_request *host)
{
	if (start->kind == RG__WIRE_CANCEL)
		return 481;
	if (!is_ours(start->uri, host))
		return 0;
	return rg_str_equal(start->method, RG_STR("OPTIONS")) ? 200 : 404;
}

/* A value of Allow: all methods that the registrar knows except one, which no binding supports. */
static rg_str allow_all_but(rg_str method, char room[ALLOW_ROOM])
{
	size_t n = 0;

	for (uint32_t i = 0; i < RG_METHOD_OTHER; i++) {
		rg_str name = rg_str_from(rg_method_name(i));
		if (!name.p || rg_str_equal(name, method) || n + 2 + name.n > ALLOW_ROOM)
			continue;
		if (n > 0)
			room[n++] = ',', room[n++] = ' ';
		memcpy(room + n, name.p, name.n);
		n += name.n;
	}
	return (rg_str){ room, n };
}

static rg_str print_seconds(int64_t v, char room[SECONDS_ROOM])
{
	size_t at = SECONDS_ROOM;

	do
		room[--at] = (char)('0' + v % 10);
	while (v /= 10);
	return (rg_str){ room + at, SECONDS_ROOM - at };
}

rg_status rg__wire_refuse(const rg__wire_message *m, rg_wire_call *call, int32_t code)
{
	char room[ALLOW_ROOM], seconds[SECONDS_ROOM];
	rg__wire_answer answer = { .code = code, .name = RG_STR("Allow") };

	if (code == 405 && !(call->flags & (RG_WIRE_REDIRECT | RG_WIRE_LOOKUP)))
		answer.value = RG_STR("REGISTER");
	else if (code == 405 || code == 200)
		answer.value = allow_all_but(code == 405 ? m->start.method : RG__WIRE_NONE, room);
	else if (code >= 500 && m->retry_after > 0)
		answer.name = RG_STR("Retry-After"), answer.value = print_seconds(m->retry_after, seconds);
	else
		answer.name = RG__WIRE_NONE;
	return rg__wire_reply(m, &answer, call);
}

bool rg__wire_next_contact(const rg_targets *targets, uint32_t *i, rg_target *target)
{
	for (const uint32_t n = rg_targets_count(targets); *i < n;) {
		if (rg_targets_get(targets, (*i)++, target) == RG_OK && target->fallback_of == UINT32_MAX && target->home.n == 0)
			return true;
	}
	return false;
}

/* 480: there are targets, and none of them can be told. */
static int32_t code_for(const rg__wire_message *m, const rg_targets *targets)
{
	int32_t code = rg_targets_count(targets) > 0 ? 480 : rg_targets_code(targets);

	return m->start.kind == RG__WIRE_CANCEL ? 481 : code;
}

rg_status rg__wire_found(const rg__wire_message *m, rg_wire_call *call, rg_status status, rg_targets *targets)
{
	bool redirects = call->flags & RG_WIRE_REDIRECT, lends = call->flags & RG_WIRE_LOOKUP;
	rg_target first = { .struct_size = sizeof first };
	rg__wire_answer answer = { .code = 302, .targets = targets, .contact = &first };
	rg_status told = RG_OK;

	if (status != RG_OK && status != RG_ESTORE)
		return status;
	if (m->start.kind != RG__WIRE_ACK && (redirects || rg_targets_result(targets) < 0)) {
		if (redirects && rg__wire_next_contact(targets, &answer.n_seen, &first))
			told = rg__wire_reply(m, &answer, call);
		else
			told = rg__wire_refuse(m, call, code_for(m, targets));
	}
	if (lends && told == RG_OK)
		call->targets = targets;
	else
		rg_targets_free(targets);
	return told == RG_OK ? status : told;
}
