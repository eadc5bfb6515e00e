/* SPDX-License-Identifier: MIT */
/* A call from its bytes to its reply, in the blocking and the completion form. */
#include "wire/wire.h"
#include <stdlib.h>

static const uint32_t call_sizes[] = { sizeof(rg_wire_call) }, host_sizes[] = { sizeof(rg_request) };

enum { MOST_BYTES = 65535, KNOWN_FLAGS = RG_WIRE_REDIRECT | RG_WIRE_LOOKUP };

/* A call under way. */
typedef struct handling {
	rg_wire_call *call;
	const char *wrong; /* with the call or its bytes; NULL = nothing */
	rg_wire_cb done;
	void *user;
	rg_free_cb free_user;
	rg_str bytes;      /* without the CRLFs before the message (RFC 3261 §7.5) */
	rg_msg msg;
	rg__wire_message m;
} handling;

void rg_wire_call_init(rg_wire_call *call, uint32_t size)
{
	if (!call || size < sizeof call->struct_size)
		return;
	memset(call, 0, size);
	call->struct_size = size;
}

static rg_status tell_wire(rg_error *why, rg_status status, const char *text)
{
	return rg_error_set(why, status, rg_str_from(text));
}

/* Whatever the host knows, from `branch_flags` to `resolved`. */
static void take_host_side(const rg_request *host, rg_request *out)
{
	const size_t from = offsetof(rg_request, branch_flags), to = offsetof(rg_request, owner);

	memcpy((char *)out + from, (const char *)host + from, to - from);
	out->socket_header = RG__WIRE_NONE;
	out->flags = host->flags & ~(uint32_t)RG_REQUEST_REPLY;
}

/* Both begin as zero. */
static inline void fill_list(const rg__wire_message *m, int list, const rg_str **lines, uint32_t *n)
{
	if (m->n[list] == 0)
		return;
	*lines = m->lines + m->first[list];
	*n = m->n[list];
}

static void fill_request(const rg__wire_message *m, rg_request *out)
{
	out->method = m->start.method;
	out->request_uri = m->start.uri;
	out->from_header = m->singles[RG__WIRE_FROM];
	out->to_header = m->singles[RG__WIRE_TO];
	out->callid = m->singles[RG__WIRE_CALL_ID];
	out->cseq = m->singles[RG__WIRE_CSEQ];
	out->expires = m->singles[RG__WIRE_EXPIRES];
	out->user_agent = m->singles[RG__WIRE_USER_AGENT];
	fill_list(m, RG__WIRE_CONTACT, &out->contacts, &out->n_contacts);
	fill_list(m, RG__WIRE_PATH, &out->paths, &out->n_paths);
	fill_list(m, RG__WIRE_SUPPORTED, &out->supported, &out->n_supported);
	fill_list(m, RG__WIRE_REQUIRE, &out->require, &out->n_require);
	fill_list(m, RG__WIRE_FEATURE_CAPS, &out->feature_caps, &out->n_feature_caps);
	fill_list(m, RG__WIRE_ALLOW, &out->allow, &out->n_allow);
	fill_list(m, RG__WIRE_ROUTE, &out->routes, &out->n_routes);
	out->via_count = m->n_vias;
	out->defect = m->defect;
}

static rg_status read_call(void *self, void *msg, const rg_config *config, rg_request *out)
{
	handling *h = self;
	int64_t max = MOST_BYTES;
	rg_str header;

	(void)msg;
	rg_config_get_int(config, RG_STR("max_request_bytes"), &max);
	rg_status status = rg__wire_message_read(h->bytes, (size_t)max, &h->m);
	if (status == RG_EINVAL)
		h->wrong = "bytes have no Via to reply to";
	if (status != RG_OK)
		return status;
	fill_request(&h->m, out);
	if (h->call->host)
		take_host_side(h->call->host, out);
	if (h->m.start.kind != RG__WIRE_SAVE) {
		rg_config_get_int(config, RG_STR("retry_after"), &h->m.retry_after);
		return RG_OK; /* a lookup has no socket header */
	}
	if (rg_config_get(config, RG_STR("sock_hdr_name"), &header) != RG_OK || header.n == 0)
		return RG_OK;
	return rg__wire_message_find(h->bytes, header, &h->m, &out->socket_header);
}

static rg_status reply_to_call(void *self, void *msg, rg_response *response)
{
	handling *h = self;
	const rg__wire_answer answer = { .code = rg_response_code(response), .response = response };

	(void)msg;
	return rg_response_no_reply(response) ? RG_OK : rg__wire_reply(&h->m, &answer, h->call);
}

/* The targets are used when the lookup has ended. */
static rg_status apply_nothing(void *self, void *msg, const rg_targets *targets)
{
	(void)self;
	(void)msg;
	(void)targets;
	return RG_OK;
}

static const rg_msg_ops call_ops = {
	.struct_size = sizeof call_ops,
	.name = "wire",
	.read = read_call,
	.reply = reply_to_call,
	.apply = apply_nothing,
};

static rg_status refuse_at_once(handling *h, int32_t code)
{
	rg_status status = rg__wire_message_salvage(h->bytes, &h->m);

	if (status == RG_EINVAL)
		h->wrong = "bytes have no Via to reply to";
	return status == RG_OK ? rg__wire_refuse(&h->m, h->call, code) : status;
}

/* What becomes of a message: a SIP code for a reply at once, or one of these. */
enum { REGISTERS = 0, LOOKS_UP = -1, GETS_NOTHING = -2, IS_NO_SIP = -3 };

static int32_t course_of(const handling *h)
{
	const rg__wire_start *start = &h->m.start;
	uint32_t flags = h->call->flags;
	int32_t code;

	switch (start->kind) {
	case RG__WIRE_SAVE:
		return REGISTERS;
	case RG__WIRE_ACK: /* RFC 3261 §17: an ACK gets no reply */
		return flags & RG_WIRE_LOOKUP ? LOOKS_UP : GETS_NOTHING;
	case RG__WIRE_CANCEL:
	case RG__WIRE_OTHER:
		code = flags & RG_WIRE_REDIRECT ? rg__wire_redirect_code(start, h->call->host) : 0;
		return code ? code : flags & (RG_WIRE_REDIRECT | RG_WIRE_LOOKUP) ? LOOKS_UP : 405; /* RFC 3261 §8.2.1 */
	case RG__WIRE_VERSION:
		return 505; /* RFC 3261 §21.5.6 */
	case RG__WIRE_NO_SIP:
		return IS_NO_SIP;
	default: /* responses and keep-alives */
		return GETS_NOTHING;
	}
}

/* Handles a message that needs no registrar. False: it needs one. */
static bool answers_alone(handling *h, int32_t course, rg_status *status)
{
	*status = RG_OK;
	if (course == REGISTERS || course == LOOKS_UP)
		return false;
	if (course == IS_NO_SIP) {
		h->wrong = "bytes are no SIP message";
		*status = RG_EINVAL;
	} else if (course != GETS_NOTHING) {
		*status = refuse_at_once(h, course);
	}
	return true;
}

/* What is wrong with the call; NULL = nothing. */
static const char *fault_of(const rg_registrar *registrar, const rg_wire_call *call)
{
	if (!registrar)
		return "registrar is NULL";
	if (call->host && call->host->struct_size != sizeof(rg_request) && !rg_struct_fits(call->host, host_sizes, 1))
		return "rg_wire_call.host has a struct_size that this library does not know: call rg_request_init()";
	if (!call->reply && call->room > 0)
		return "rg_wire_call.reply is NULL, and its room is not 0";
	return call->flags & ~(uint32_t)KNOWN_FLAGS ? "rg_wire_call.flags has an unknown bit" : NULL;
}

static rg_status begin_handling(handling *h, const rg_registrar *registrar, rg_wire_call *call, rg_error *why)
{
	if (!call)
		return tell_wire(why, RG_EINVAL, "call is NULL");
	if (call->struct_size != sizeof *call && !rg_struct_fits(call, call_sizes, 1))
		return tell_wire(why, RG_EINVAL, "rg_wire_call.struct_size is no size that this library knows: call rg_wire_call_init()");
	call->n = 0;
	call->code = 0;
	call->targets = NULL;
	call->to = (rg_addr){ 0 };
	call->status = RG_EINVAL;
	const char *fault = fault_of(registrar, call);
	if (fault)
		return tell_wire(why, RG_EINVAL, fault);
	h->call = call;
	h->wrong = NULL;
	h->msg = (rg_msg){ &call_ops, h, h };
	h->m.key = rg_registrar_to_key(registrar);
	h->m.retry_after = 0;
	h->m.lines = NULL;
	h->m.unfolded = NULL;
	h->bytes = call->bytes;
	while (h->bytes.n > 1 && h->bytes.p[0] == '\r' && h->bytes.p[1] == '\n')
		h->bytes.p += 2, h->bytes.n -= 2;
	rg__wire_start_read(h->bytes, &h->m.start);
	return RG_OK;
}

/* The result of the call. A reply that does not fit is no reply, whatever else is wrong. */
static rg_status end_handling(handling *h, rg_status status)
{
	rg_wire_call *call = h->call;

	if (call->n > call->room)
		status = RG_ELIMIT;
	else if (status != RG_OK && status != RG_ESTORE)
		call->n = 0, call->code = 0, call->to = (rg_addr){ 0 };
	call->status = status;
	rg__wire_message_clear(&h->m);
	return status;
}

static rg_status look_up(handling *h, rg_registrar *registrar, rg_error *why)
{
	rg_targets *targets = NULL;
	rg_status status = rg_lookup_msg(registrar, &h->msg, h->call->lookup, &targets, why);

	return rg__wire_found(&h->m, h->call, status, targets);
}

static rg_status save(handling *h, rg_registrar *registrar, rg_error *why)
{
	rg_response *response = NULL;
	rg_status status = rg_save_msg(registrar, &h->msg, h->call->save, &response, why);

	rg_response_free(response);
	return status;
}

rg_status rg_wire_handle(rg_registrar *registrar, rg_wire_call *call, rg_error *why)
{
	handling h;
	rg_status status = begin_handling(&h, registrar, call, why);

	if (status != RG_OK)
		return status;
	int32_t course = course_of(&h);
	if (!answers_alone(&h, course, &status))
		status = course == REGISTERS ? save(&h, registrar, why) : look_up(&h, registrar, why);
	status = end_handling(&h, status);
	if (h.wrong && status < 0)
		tell_wire(why, status, h.wrong);
	else if (status == RG_ELIMIT)
		tell_wire(why, status, "the reply does not fit into rg_wire_call.reply");
	return status;
}

static void call_saved(void *user, rg_status status, rg_response *response)
{
	handling *h = user;

	rg_response_free(response);
	end_handling(h, status);
	h->done(h->user, h->call);
}

static void call_found(void *user, rg_status status, rg_targets *targets)
{
	handling *h = user;

	end_handling(h, rg__wire_found(&h->m, h->call, status, targets));
	h->done(h->user, h->call);
}

static void free_handling(void *user)
{
	handling *h = user;
	rg_free_cb free_user = h->free_user;

	user = h->user;
	free(h);
	if (free_user)
		free_user(user);
}

static rg_status start_call(handling *h, rg_registrar *registrar, rg_op **op, rg_error *why)
{
	int32_t course = course_of(h);
	rg_status status;

	if (!answers_alone(h, course, &status)) {
		if (course == REGISTERS)
			return rg_save_msg_async(registrar, &h->msg, h->call->save, call_saved, h, free_handling, op, why);
		return rg_lookup_msg_async(registrar, &h->msg, h->call->lookup, call_found, h, free_handling, op, why);
	}
	if (status != RG_OK && h->call->n <= h->call->room)
		return status;
	call_saved(h, status, NULL);
	free_handling(h);
	return RG_OK;
}

rg_status rg_wire_handle_async(rg_registrar *registrar, rg_wire_call *call, rg_wire_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	if (op)
		*op = NULL;
	handling *h = done ? malloc(sizeof *h) : NULL;
	if (!h)
		return done ? tell_wire(why, RG_ENOMEM, "out of memory") : tell_wire(why, RG_EINVAL, "done is NULL");
	rg_status status = begin_handling(h, registrar, call, why);
	if (status != RG_OK) {
		free(h);
		return status;
	}
	h->done = done;
	h->user = user;
	h->free_user = free_user;
	status = start_call(h, registrar, op, why);
	if (status >= 0)
		return status;
	if (h->wrong)
		tell_wire(why, status, h->wrong);
	end_handling(h, status);
	free(h);
	return status;
}
