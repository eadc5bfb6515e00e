/* SPDX-License-Identifier: MIT */
/* Handles raw bytes: reads a message and renders the reply. */
#include "sofia/sofia.h"
#include <stdlib.h>

enum { MOST_BYTES = 65535 }; /* the limit where no config is at hand */

/* A message in flight. The bytes are borrowed: only `read` looks at them, and it runs before the verb returns. */
typedef struct raw {
	rg_sofia_message m;
	rg_sofia_source source;
	rg_msg msg;
	rg_str bytes;
	msg_mclass_t *class; /* of the message in `m` */
	const uint8_t *key; /* of the registrar, for tags */
	const char *wrong; /* with the bytes; NULL = nothing */
	rg__sofia_text reply;
	rg_sofia_cb done;
	void *user;
	rg_free_cb free_user;
} raw;

static rg_status tell(rg_error *why, rg_status status, const char *text)
{
	return rg_error_set(why, status, rg_str_from(text));
}

/* The verdict on a start line: a SIP code for an immediate reply, or one of these. */
enum { SAVE = 0, IGNORE = -1, NOT_SIP = -2 };

static bool starts_with_sip(rg_str s)
{
	return s.n > 4 && rg__sofia_same_name((rg_str){ s.p, 4 }, RG_STR("SIP/"));
}

static int32_t look_at(rg_str bytes)
{
	rg_str line = rg__sofia_frame_start_line(bytes, MOST_BYTES);
	const char *first = line.n > 0 ? memchr(line.p, ' ', line.n) : NULL;
	const char *last = line.n > 0 ? memrchr(line.p, ' ', line.n) : NULL;

	if (bytes.n == 0) /* RFC 5626 §4.4.1 keep-alive */
		return IGNORE;
	if (!first || first == last)
		return NOT_SIP;
	rg_str method = { line.p, (size_t)(first - line.p) }, version = { last + 1, (size_t)(line.p + line.n - last - 1) };
	if (starts_with_sip(line))
		return IGNORE; /* a reply gets no reply */
	if (!rg__sofia_is_token(method) || !starts_with_sip(version))
		return NOT_SIP;
	if (rg_str_equal(method, RG_STR("ACK")))
		return IGNORE; /* RFC 3261 §17: an ACK gets no reply */
	if (!rg__sofia_same_name(version, RG_STR("SIP/2.0")))
		return 505; /* RFC 3261 §21.5.6 */
	return rg_str_equal(method, RG_STR("REGISTER")) ? SAVE : 405;
}

static msg_t *salvage(rg_str bytes)
{
	return rg__sofia_frame_salvage((rg_str){ bytes.p, bytes.n < MOST_BYTES ? bytes.n : MOST_BYTES }, false);
}

static rg_status read_raw(void *self, void *msg, const rg_config *config, rg_request *out)
{
	raw *w = self;
	int64_t max = MOST_BYTES;
	rg__sofia_frame frame = { 0 };
	rg_status status;

	(void)msg;
	if (config)
		rg_config_get_int(config, RG_STR("max_request_bytes"), &max);
	rg__sofia_frame_scan(w->bytes, max < 0 ? 0 : (size_t)max, &frame);
	if (frame.defect == RG_R_FINE) {
		/* Without the body: Sofia would allocate as much as Content-Length says. */
		w->class = rg__sofia_class_new();
		w->m.msg = w->class ? rg__sofia_make(w->class, (rg_str){ w->bytes.p, frame.head }) : NULL;
		status = w->m.msg ? rg__sofia_check_body(w->m.msg, w->bytes.n - frame.head) : RG_ENOMEM;
		if (status == RG_ENOMEM)
			return status;
		if (!sip_object(w->m.msg)->sip_request || status != RG_OK)
			frame.defect = RG_R_PARSE;
	}
	if (w->m.msg && !sip_object(w->m.msg)->sip_request) {
		msg_destroy(w->m.msg);
		w->m.msg = NULL;
	}
	if (!w->m.msg)
		w->m.msg = salvage(w->bytes);
	if (!w->m.msg)
		return RG_ENOMEM;
	if (!sip_object(w->m.msg) || !sip_object(w->m.msg)->sip_via) {
		w->wrong = "bytes have no Via to reply to";
		return RG_EINVAL;
	}
	status = rg__sofia_read(&w->m, config, out);
	if (frame.defect != RG_R_FINE)
		out->defect = frame.defect;
	return status;
}

static rg_status reply_raw(void *self, void *msg, rg_response *response)
{
	raw *w = self;
	rg__sofia_answer answer;

	(void)msg;
	if (rg_response_no_reply(response))
		return RG_OK;
	rg_status status = rg__sofia_answer_of(response, &answer);
	answer.key = w->key;
	return status == RG_OK ? rg__sofia_reply_text(&w->m, &answer, &w->reply) : status;
}

static rg_status apply_raw(void *self, void *msg, const rg_targets *targets)
{
	(void)self;
	(void)msg;
	(void)targets;
	return RG_ENOTSUP; /* the host never routes a REGISTER */
}

static rg_status header_raw(void *self, void *msg, const rg_str *name, uint32_t index, rg_str *value)
{
	(void)msg;
	return rg__sofia_line_find(((raw *)self)->m.msg, *name, index, value);
}

static const rg_msg_ops raw_ops = {
	.struct_size = sizeof raw_ops,
	.name = "sofia-sip bytes",
	.read = read_raw,
	.header = header_raw,
	.reply = reply_raw,
	.apply = apply_raw,
};

/* False: the size of the source is refused. */
static bool raw_begin(raw *w, const rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source)
{
	memset(w, 0, sizeof *w);
	rg_sofia_message_init(&w->m, sizeof w->m);
	bool fits = rg__sofia_source_of(source, &w->source);
	w->m.source = &w->source;
	w->msg = (rg_msg){ &raw_ops, w, w };
	w->bytes = bytes;
	w->key = rg_registrar_to_key(registrar);
	if (!fits)
		w->wrong = "rg_sofia_source.struct_size is no size that this library knows: call rg_sofia_source_init()";
	return fits;
}

static void raw_end(raw *w)
{
	msg_destroy(w->m.msg);
	free(w->class);
	free(w->reply.p);
}

/* Passes the reply to the caller; NULL when it is incomplete. */
static uint8_t *take_reply(raw *w, size_t *n)
{
	uint8_t *p = NULL;

	*n = 0;
	if (!w->reply.failed && w->reply.n > 0) {
		p = (uint8_t *)w->reply.p;
		*n = w->reply.n;
		w->reply = (rg__sofia_text){ 0 };
	}
	return p;
}

/* RFC 3261 §8.2.1, for other methods than REGISTER. */
static rg_status answer_at_once(raw *w, int32_t code)
{
	static const rg_header allow = { { "Allow", 5 }, { "REGISTER", 8 } };
	rg__sofia_answer answer = { .code = code, .phrase = rg_sip_phrase(code), .headers = &allow, .n_headers = code == 405,
		.key = w->key };

	w->m.msg = salvage(w->bytes);
	if (!w->m.msg)
		return RG_ENOMEM;
	rg_status status = rg__sofia_reply_text(&w->m, &answer, &w->reply);
	if (status != RG_OK)
		w->reply.n = 0;
	return status;
}

/* RFC 3261 §7.5: CRLFs before the start line are ignored. */
static rg_str without_crlfs(rg_str s)
{
	while (s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n')
		s.p += 2, s.n -= 2;
	return s;
}

/* Handles a message that needs no registrar. False: it needs one. */
static bool answer_without_registrar(raw *w, rg_status *status, rg_error *why)
{
	int32_t what = look_at(w->bytes);

	*status = RG_OK;
	if (what == SAVE)
		return false;
	if (what == NOT_SIP)
		*status = tell(why, RG_EINVAL, "bytes are no SIP message");
	if (what > 0 && (*status = answer_at_once(w, what)) != RG_OK)
		tell(why, *status, rg_strerror(*status));
	return true;
}

rg_status rg_sofia_handle(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	uint8_t **reply, size_t *n, rg_error *why)
{
	raw w;
	rg_response *response = NULL;
	rg_status status = RG_EINVAL;

	if (reply)
		*reply = NULL;
	if (n)
		*n = 0;
	if (!registrar || !reply || !n)
		return tell(why, RG_EINVAL, !registrar ? "registrar is NULL" : !reply ? "reply is NULL" : "n is NULL");
	if (raw_begin(&w, registrar, without_crlfs(bytes), source) && !answer_without_registrar(&w, &status, why))
		status = rg_save_msg(registrar, &w.msg, options, &response, why);
	rg_response_free(response);
	if (status == RG_OK || status == RG_ESTORE)
		*reply = take_reply(&w, n);
	if (w.wrong)
		tell(why, status, w.wrong);
	raw_end(&w);
	return status;
}

static void raw_saved(void *user, rg_status status, rg_response *response)
{
	raw *w = user;
	size_t n;
	uint8_t *reply = take_reply(w, &n);

	rg_response_free(response);
	w->done(w->user, status, reply, n);
}

static void raw_drop(raw *w)
{
	raw_end(w);
	free(w);
}

static void free_raw(void *user)
{
	raw *w = user;

	if (w->free_user)
		w->free_user(w->user);
	raw_drop(w);
}

rg_status rg_sofia_handle_async(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	rg_sofia_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	rg_status status = RG_EINVAL;

	if (op)
		*op = NULL;
	if (!registrar || !done)
		return tell(why, RG_EINVAL, registrar ? "done is NULL" : "registrar is NULL");
	raw *w = malloc(sizeof *w);
	if (!w)
		return tell(why, RG_ENOMEM, "out of memory");
	bool fits = raw_begin(w, registrar, without_crlfs(bytes), source);
	w->done = done;
	w->user = user;
	w->free_user = free_user;
	if (fits && !answer_without_registrar(w, &status, why)) {
		status = rg_save_msg_async(registrar, &w->msg, options, raw_saved, w, free_raw, op, why);
	} else if (fits && status == RG_OK) {
		raw_saved(w, status, NULL);
		free_raw(w);
	}
	if (status < 0 && w->wrong)
		tell(why, status, w->wrong);
	if (status < 0)
		raw_drop(w);
	return status;
}
