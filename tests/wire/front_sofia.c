/* SPDX-License-Identifier: MIT */
/* Through librgstr-sofia: rg_sofia_handle(), and for a lookup what its adaptor reads from the same bytes. */
#include "front.h"
#include <rgstr/sofia.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static rg_sofia_source source_of(const rg_request *host)
{
	enum { TAKEN = RG_REQUEST_TCP_PERSISTENT | RG_REQUEST_HAS_BRANCH_FLAGS };
	rg_sofia_source s;

	rg_sofia_source_init(&s, sizeof s);
	if (!host)
		return s;
	s.flags = host->flags & TAKEN;
	s.source = host->source;
	s.transport = host->transport;
	s.domain = host->domain;
	s.aor = host->aor;
	s.ownership_tag = host->ownership_tag;
	s.identity = host->identity;
	s.received = host->received;
	s.attr = host->attr;
	s.flow = host->flow;
	s.socket = host->socket;
	s.branch_flags = host->branch_flags;
	return s;
}

static void keep(answer *out, rg_status status, uint8_t *reply, size_t n)
{
	out->status = status;
	out->n = n;
	if (reply) {
		out->reply = malloc(n + 1);
		front_must(out->reply != NULL, "there is memory");
		memcpy(out->reply, reply, n);
		out->reply[n] = '\0';
	}
	out->code = answer_code(out);
	rg_mem_free(reply);
}

static void done(void *user, rg_status status, uint8_t *reply, size_t n)
{
	keep(user, status, reply, n);
}

static void ask(rg_registrar *registrar, const question *q, const rg_sofia_source *source, answer *out)
{
	uint8_t *reply = NULL;
	size_t n = 0;

	answer_free(out);
	if (!q->async) {
		rg_status status = rg_sofia_handle(registrar, q->bytes, source, q->save, &reply, &n, NULL);
		keep(out, status, reply, n);
		return;
	}
	rg_status status = rg_sofia_handle_async(registrar, q->bytes, source, q->save, done, out, NULL, NULL, NULL);
	front_must(status != RG_PENDING, "a memory store answers at once");
	if (status != RG_OK)
		out->status = status;
}

static rg_str without_leading_crlfs(rg_str s)
{
	while (s.n > 1 && memcmp(s.p, "\r\n", 2) == 0)
		s.p += 2, s.n -= 2;
	return s;
}

/* rg_sofia_request_parse() lets lines end in LF alone; rg_sofia_handle() does not. The first one in the header section; NULL: none. */
static const char *lone_line_feed(rg_str s)
{
	const char *end = s.p + s.n, *blank = s.n > 3 ? memmem(s.p, s.n, "\r\n\r\n", 4) : NULL;

	for (const char *p = s.p; p < (blank ? blank : end); p++) {
		if (*p == '\n' && (p == s.p || p[-1] != '\r'))
			return p;
	}
	return NULL;
}

/* Is a limit passed before the message is found to be malformed there? */
static bool is_too_large_before(rg_str bytes, const char *at)
{
	rg_request *parsed = NULL;
	rg_status status = rg_sofia_request_parse((rg_str){ bytes.p, (size_t)(at - bytes.p) }, &parsed, NULL);

	rg_request_free(parsed);
	return status == RG_ELIMIT;
}

/* Hands a request over as an adaptor does; without one it is a message that cannot be read. So a lookup takes the number in the engine that
 * it takes through an adaptor, and the seeds of later operations depend on that number. */
static rg_status read_parsed(void *self, void *msg, const rg_config *config, rg_request *out)
{
	const rg_request *parsed = msg;

	(void)self;
	(void)config;
	if (!parsed)
		return RG_EINVAL;
	*out = *parsed;
	out->owner = NULL;
	out->release = NULL;
	return RG_OK;
}

static rg_status reply_nothing(void *self, void *msg, rg_response *response)
{
	(void)self;
	(void)msg;
	(void)response;
	return RG_OK;
}

static rg_status apply_nothing(void *self, void *msg, const rg_targets *targets)
{
	(void)self;
	(void)msg;
	(void)targets;
	return RG_OK;
}

static void look_up_request(rg_registrar *registrar, const question *q, rg_request *request, answer *out)
{
	static const rg_msg_ops ops = { .struct_size = sizeof ops, .name = "parsed", .read = read_parsed, .reply = reply_nothing,
		.apply = apply_nothing };
	const rg_msg msg = { &ops, NULL, request };
	rg_targets *targets = NULL;

	out->status = rg_lookup_msg(registrar, &msg, q->lookup, &targets, NULL);
	if (targets) {
		out->code = rg_targets_code(targets);
		answer_take_targets(out, targets);
	}
}

static void look_up(rg_registrar *registrar, const question *q, answer *out)
{
	rg_str bytes = without_leading_crlfs(q->bytes);
	rg_request *parsed = NULL, none;

	rg_request_init(&none, sizeof none);
	none.defect = rg_sofia_request_parse(bytes, &parsed, NULL) == RG_ELIMIT ? RG_R_TOO_LARGE : RG_R_PARSE;
	rg_request *request = parsed ? parsed : &none;
	const char *lone = lone_line_feed(bytes);
	if (lone)
		request->defect = is_too_large_before(bytes, lone) ? RG_R_TOO_LARGE : RG_R_PARSE;
	if (bytes.n > q->max_bytes)
		request->defect = RG_R_TOO_LARGE;
	if (q->host) {
		request->aor = q->host->aor;
		request->domain = q->host->domain;
	}
	look_up_request(registrar, q, request, out);
	rg_request_free(parsed);
}

/* A request of another method than REGISTER, as far as its start line tells. */
static bool is_other_request(rg_str bytes, rg_str *method)
{
	const char *lf = bytes.n > 0 ? memchr(bytes.p, '\n', bytes.n) : NULL;
	size_t n = lf ? (size_t)(lf - bytes.p) : 0;

	n -= n > 0 && bytes.p[n - 1] == '\r';
	const char *space = n > 0 ? memchr(bytes.p, ' ', n) : NULL;
	*method = (rg_str){ bytes.p, space ? (size_t)(space - bytes.p) : 0 };
	for (size_t i = 0; i < method->n; i++) {
		if (!isalnum((unsigned char)method->p[i]) && (method->p[i] == '\0' || !strchr("-.!%*_+`'~", method->p[i])))
			return false;
	}
	return method->n > 0 && n >= method->n + 9 && strncasecmp(bytes.p + n - 8, " SIP/2.0", 8) == 0 && strncasecmp(bytes.p, "SIP/",
		4) != 0 &&
		!rg_str_equal(*method, RG_STR("REGISTER"));
}

/* An ACK gets no reply, so that rg_sofia_handle() does not say whether there is a Via. It says so of another method. */
static void ask_of_ack(rg_registrar *registrar, const question *q, const rg_sofia_source *source, answer *out)
{
	size_t crlfs = q->bytes.n - without_leading_crlfs(q->bytes).n;
	char *bytes = malloc(q->bytes.n);
	question other = *q;

	front_must(bytes != NULL, "there is memory");
	memcpy(bytes, q->bytes.p, q->bytes.n);
	memcpy(bytes + crlfs, "BYE", 3);
	other.bytes.p = bytes;
	ask(registrar, &other, source, out);
	free(bytes);
	free(out->reply);
	out->reply = NULL;
	out->n = 0;
	out->code = 0;
}

static void handle(const front *self, rg_registrar *registrar, const question *q, answer *out)
{
	rg_sofia_source source = source_of(q->host);
	rg_str method;
	bool other = is_other_request(without_leading_crlfs(q->bytes), &method), ack = other && rg_str_equal(method, RG_STR("ACK"));

	(void)self;
	if (q->look_up && ack)
		ask_of_ack(registrar, q, &source, out);
	else
		ask(registrar, q, &source, out);
	if (q->again && out->reply && !(q->look_up && out->code == 405))
		ask(registrar, q, &source, out);
	if (!q->look_up || !other)
		return;
	if (out->status == RG_OK)
		look_up(registrar, q, out);
	else
		look_up_request(registrar, q, NULL, out);
	if (q->again && !ack && out->targets && out->code != 0 && strncmp(out->targets, "result: PUSHED", 14) != 0) {
		free(out->targets);
		look_up(registrar, q, out);
	}
}

const front front_sofia = { "sofia", handle, NULL };
