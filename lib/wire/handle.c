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
static void take_host(const rg_request *host, rg_request *out)
{
	const size_t from = offsetof(rg_request, branch_flags), to = offsetof(rg_request, owner);

	memcpy((char *)out + from, (const char *)host + from, to - from);
	out->socket_header = RG__WIRE_NONE;
	out->flags = host->flags & ~(uint32_t)RG_REQUEST_REPLY;
}

static void hand_over_list(const rg__wire_message *m, int list, const rg_str **lines, uint32_t *n)
{
	*lines = m->lines + m->first[list];
	*n = m->n[list];
}

static void hand_over(const rg__wire_message *m, rg_request *out)
{
	out->method = m->start.method;
	out->request_uri = m->start.uri;
	out->from_header = m->singles[RG__WIRE_FROM];
	out->to_header = m->singles[RG__WIRE_TO];
	out->callid = m->singles[RG__WIRE_CALL_ID];
	out->cseq = m->singles[RG__WIRE_CSEQ];
	out->expires = m->singles[RG__WIRE_EXPIRES];
	out->user_agent = m->singles[RG__WIRE_USER_AGENT];
	hand_over_list(m, RG__WIRE_CONTACT, &out->contacts, &out->n_contacts);
	hand_over_list(m, RG__WIRE_PATH, &out->paths, &out->n_paths);
	hand_over_list(m, RG__WIRE_SUPPORTED, &out->supported, &out->n_supported);
	hand_over_list(m, RG__WIRE_REQUIRE, &out->require, &out->n_require);
	hand_over_list(m, RG__WIRE_FEATURE_CAPS, &out->feature_caps, &out->n_feature_caps);
	hand_over_list(m, RG__WIRE_ALLOW, &out->allow, &out->n_allow);
	hand_over_list(m, RG__WIRE_ROUTE, &out->routes, &out->n_routes);
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
	rg__wire_start start = h->m.start;
	rg_status status = rg__wire_message_read(h->bytes, (size_t)max, &start, &h->m);
	if (status == RG_EINVAL)
		h->wrong = "bytes have no Via to reply to";
	if (status != RG_OK)
		return status;
	hand_over(&h->m, out);
	if (h->call->host)
		take_host(h->call->host, out);
	if (rg_config_get(config, RG_STR("sock_hdr_name"), &header) == RG_OK && header.n > 0)
		out->socket_header = rg__wire_message_find(h->bytes, header, &h->m);
	return RG_OK;
}

static rg_status reply_to_call(void *self, void *msg, rg_response *response)
{
	handling *h = self;
	rg__wire_answer answer = { .code = rg_response_code(response), .phrase = rg_response_phrase(response) };

	(void)msg;
	if (rg_response_no_reply(response))
		return RG_OK;
	rg_status status = rg_response_headers(response, &answer.headers, &answer.n_headers);
	return status == RG_OK ? rg__wire_reply(&h->m, &answer, h->call) : status;
}

static const rg_msg_ops call_ops = {
	.struct_size = sizeof call_ops,
	.name = "wire",
	.read = read_call,
	.reply = reply_to_call,
};

/* RFC 3261 §8.2.1, for other methods than REGISTER, and §21.5.6. */
static rg_status refuse_at_once(handling *h, int32_t code)
{
	static const rg_header allow = { { "Allow", 5 }, { "REGISTER", 8 } };
	rg__wire_answer answer = { .code = code, .phrase = rg_sip_phrase(code), .headers = &allow, .n_headers = code == 405 };
	rg__wire_start start = h->m.start;
	rg_status status = rg__wire_message_salvage(h->bytes, &start, &h->m);

	if (status == RG_EINVAL)
		h->wrong = "bytes have no Via to reply to";
	return status == RG_OK ? rg__wire_reply(&h->m, &answer, h->call) : status;
}

/* Handles a message that needs no registrar. False: it needs one. */
static bool answer_without_registrar(handling *h, rg_status *status)
{
	rg__wire_start_read(h->bytes, &h->m.start);
	*status = RG_OK;
	switch (h->m.start.verdict) {
	case RG__WIRE_SAVE:
		return false;
	case RG__WIRE_IGNORE:
		return true;
	case RG__WIRE_OTHER:
	case RG__WIRE_VERSION:
		*status = refuse_at_once(h, h->m.start.verdict == RG__WIRE_OTHER ? 405 : 505);
		return true;
	default:
		h->wrong = "bytes are no SIP message";
		*status = RG_EINVAL;
		return true;
	}
}

/* What is wrong with the call; NULL = nothing. */
static const char *fault_of(const rg_registrar *registrar, const rg_wire_call *call)
{
	if (!registrar)
		return "registrar is NULL";
	if (call->host && !rg_struct_fits(call->host, host_sizes, 1))
		return "rg_wire_call.host has a struct_size that this library does not know: call rg_request_init()";
	if (!call->reply && call->room > 0)
		return "rg_wire_call.reply is NULL, and its room is not 0";
	return call->flags & ~(uint32_t)KNOWN_FLAGS ? "rg_wire_call.flags has an unknown bit" : NULL;
}

static rg_status begin_handling(handling *h, const rg_registrar *registrar, rg_wire_call *call, rg_error *why)
{
	if (!call)
		return tell_wire(why, RG_EINVAL, "call is NULL");
	if (!rg_struct_fits(call, call_sizes, 1))
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
	h->m.lines = NULL;
	h->m.unfolded = NULL;
	h->bytes = call->bytes;
	while (h->bytes.n > 1 && h->bytes.p[0] == '\r' && h->bytes.p[1] == '\n')
		h->bytes.p += 2, h->bytes.n -= 2;
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

rg_status rg_wire_handle(rg_registrar *registrar, rg_wire_call *call, rg_error *why)
{
	handling h;
	rg_response *response = NULL;
	rg_status status = begin_handling(&h, registrar, call, why);

	if (status != RG_OK)
		return status;
	if (!answer_without_registrar(&h, &status))
		status = rg_save_msg(registrar, &h.msg, call->save, &response, why);
	rg_response_free(response);
	status = end_handling(&h, status);
	if (h.wrong && status < 0)
		tell_wire(why, status, h.wrong);
	else if (status == RG_ELIMIT)
		tell_wire(why, status, "the reply does not fit into rg_wire_call.reply");
	return status;
}

static void drop_handling(handling *h)
{
	rg_free_cb free_user = h->free_user;
	void *user = h->user;

	free(h);
	if (free_user)
		free_user(user);
}

static void call_saved(void *user, rg_status status, rg_response *response)
{
	handling *h = user;

	rg_response_free(response);
	end_handling(h, status);
	h->done(h->user, h->call);
}

static void free_handling(void *user)
{
	drop_handling(user);
}

rg_status rg_wire_handle_async(rg_registrar *registrar, rg_wire_call *call, rg_wire_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	if (op)
		*op = NULL;
	if (!done)
		return tell_wire(why, RG_EINVAL, "done is NULL");
	handling *h = malloc(sizeof *h);
	if (!h)
		return tell_wire(why, RG_ENOMEM, "out of memory");
	rg_status status = begin_handling(h, registrar, call, why);
	if (status != RG_OK) {
		free(h);
		return status;
	}
	h->done = done;
	h->user = user;
	h->free_user = free_user;
	if (!answer_without_registrar(h, &status)) {
		status = rg_save_msg_async(registrar, &h->msg, call->save, call_saved, h, free_handling, op, why);
		if (status >= 0)
			return status;
	} else if (status == RG_OK) {
		call_saved(h, status, NULL);
		drop_handling(h);
		return RG_OK;
	}
	status = end_handling(h, status);
	if (h->wrong)
		tell_wire(why, status, h->wrong);
	free(h);
	return status;
}
