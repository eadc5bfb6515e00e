/* SPDX-License-Identifier: MIT */
/* The adaptor's table, its small members, and requests from literals. */
#include "sofia/sofia.h"
#include <stdlib.h>

static const uint32_t source_sizes[] = { sizeof(rg_sofia_source) }, message_sizes[] = { sizeof(rg_sofia_message) };

#define N_SIZES(sizes) (sizeof(sizes) / sizeof(sizes)[0])

void rg_sofia_source_init(rg_sofia_source *source, uint32_t size)
{
	if (!source || size < sizeof source->struct_size)
		return;
	memset(source, 0, size);
	source->struct_size = size;
}

void rg_sofia_message_init(rg_sofia_message *message, uint32_t size)
{
	if (!message || size < sizeof message->struct_size)
		return;
	memset(message, 0, size);
	message->struct_size = size;
	if (size >= offsetof(rg_sofia_message, routed) + sizeof message->routed)
		message->routed = -1;
}

bool rg__sofia_is_message(const rg_sofia_message *m)
{
	return rg_struct_fits(m, message_sizes, N_SIZES(message_sizes));
}

bool rg__sofia_source_of(const rg_sofia_source *given, rg_sofia_source *out)
{
	rg_sofia_source_init(out, sizeof *out);
	if (!given)
		return true;
	if (!rg_struct_fits(given, source_sizes, N_SIZES(source_sizes)))
		return false;
	memcpy(out, given, given->struct_size < sizeof *out ? given->struct_size : sizeof *out);
	out->struct_size = sizeof *out;
	return true;
}

/* RFC 3261 §18.3: a datagram that ends before its body is refused. Sofia and nta accept it, with the part of the body that arrived. */
static rg_status check_payload(msg_t *msg)
{
	size_t body = 0;

	for (const sip_payload_t *p = sip_object(msg)->sip_payload; p; p = p->pl_next)
		body += p->pl_len;
	return rg__sofia_check_body(msg, body);
}

/* Sofia has parsed the message already, so this limits only the work that follows. The host's own limit bounds what it receives. */
static bool is_too_large(msg_t *msg, const rg_config *config)
{
	int64_t max;

	return rg_config_get_int(config, RG_STR("max_request_bytes"), &max) == RG_OK && (uint64_t)msg_size(msg) > (uint64_t)max;
}

static rg_status read_message(void *self, void *msg, const rg_config *config, rg_request *out)
{
	rg_sofia_message *m = msg;

	(void)self;
	if (!rg__sofia_is_message(m))
		return RG_EINVAL;
	rg_status status = rg__sofia_read(m, config, out);
	if (status != RG_OK)
		return status;
	if (is_too_large(m->msg, config))
		out->defect = RG_R_TOO_LARGE;
	else if (out->defect == RG_R_FINE)
		status = check_payload(m->msg);
	if (status != RG_EINVAL)
		return status;
	out->defect = RG_R_PARSE;
	return RG_OK;
}

static rg_status header(void *self, void *msg, const rg_str *name, uint32_t index, rg_str *value)
{
	(void)self;
	return rg__sofia_line_find(((rg_sofia_message *)msg)->msg, *name, index, value);
}

static rg_status get_var(void *self, void *msg, const rg_str *name, rg_str *value)
{
	rg_sofia_message *m = msg;

	(void)self;
	return m->get_var ? m->get_var(m->user, name, value) : RG_ENOENT;
}

static rg_status set_var(void *self, void *msg, const rg_str *name, uint32_t index, const rg_str *value)
{
	rg_sofia_message *m = msg;

	(void)self;
	return m->set_var ? m->set_var(m->user, name, index, value) : RG_ENOTSUP;
}

/* A header added as a string would follow the blank line of a received message, and would vanish if Sofia cannot parse it. @p line is
 * the whole line, @p value the part after the name. RG_EINVAL: the line is malformed, or the header may occur only once and is already
 * there. */
static rg_status insert_header(msg_t *msg, rg_str name, const char *line, const char *value)
{
	isize_t at = 0;
	rg_str there;
	const msg_href_t *ref = msg_find_hclass(msg_mclass(msg), line, &at);
	msg_hclass_t *class = ref ? ref->hr_class : NULL;

	if (!class || at <= 0)
		return RG_EINVAL;
	rg_status st = class->hc_kind == msg_kind_single ? rg__sofia_line_find(msg, name, 0, &there) : RG_ENOENT;
	if (st != RG_ENOENT)
		return st == RG_OK ? RG_EINVAL : st;
	msg_header_t *h = msg_header_make(msg_home(msg), class, class == msg_mclass(msg)->mc_unknown->hr_class ? line : value);
	if (!h)
		return RG_EINVAL;
	return msg_header_insert(msg, msg_object(msg), h) < 0 ? RG_ENOMEM : RG_OK;
}

static rg_status message_add_header(void *self, void *msg, const rg_str *name, const rg_str *value)
{
	rg_sofia_message *m = msg;
	rg__sofia_text line = { 0 };

	(void)self;
	if (!rg__sofia_is_token(*name) || rg__sofia_has_bad_octet(*value))
		return RG_EINVAL;
	rg__sofia_text_str(&line, *name);
	rg__sofia_text_z(&line, ": ");
	rg__sofia_text_str(&line, *value);
	rg__sofia_text_add(&line, "", 1);
	rg_status st = line.failed ? RG_ENOMEM : insert_header(m->msg, *name, line.p, line.p + name->n + 2);
	free(line.p);
	return st;
}

static const rg_msg_ops ops = {
	.struct_size = sizeof ops,
	.name = "sofia-sip",
	.read = read_message,
	.header = header,
	.get_var = get_var,
	.set_var = set_var,
	.add_header = message_add_header,
	.reply = rg__sofia_reply,
	.apply = rg__sofia_apply,
	.rewrite = rg__sofia_rewrite,
};

const rg_msg_ops *rg_sofia_msg_ops(void)
{
	return &ops;
}

/* A request and the message that it borrows from, freed together. */
typedef struct parsed {
	rg_request request;
	rg_sofia_message message;
} parsed;

static void release_parsed(void *owner)
{
	parsed *p = owner;

	msg_destroy(p->message.msg);
	free(p);
}

/* Sofia accepts any token as the version. */
static bool is_sip(const sip_t *sip)
{
	const char *version = sip->sip_request ? sip->sip_request->rq_version : sip->sip_status ? sip->sip_status->st_version : NULL;

	return version && rg__sofia_same_name(rg_str_from(version), RG_STR("SIP/2.0"));
}

static rg_status parse(rg_str text, parsed *p, rg_error *why)
{
	enum { MOST = 65535 };
	rg__sofia_frame frame = { .lf_only = true };
	int32_t defect;

	rg__sofia_frame_scan(text, MOST, &frame);
	if (frame.defect == RG_R_TOO_LARGE)
		return rg_error_set(why, RG_ELIMIT, RG_STR("the message is too large, or has too many lines or commas"));
	/* Without the end of the header section Sofia gets only the salvaged lines. */
	defect = frame.defect;
	p->message.msg = defect == RG_R_FINE ? rg__sofia_make(sip_default_mclass(), (rg_str){ text.p, frame.head })
		: rg__sofia_frame_salvage(text, true);
	if (!p->message.msg)
		return rg_error_set(why, RG_ENOMEM, RG_STR("out of memory"));
	if (defect == RG_R_FINE && !is_sip(sip_object(p->message.msg)))
		return rg_error_set(why, RG_EINVAL, RG_STR("the first line is no SIP request line"));
	rg_status status = rg__sofia_read(&p->message, NULL, &p->request);
	rg_status body = status == RG_OK && defect == RG_R_FINE ? rg__sofia_check_body(p->message.msg, text.n - frame.head) : RG_OK;
	if (body == RG_EINVAL)
		defect = RG_R_PARSE;
	else if (body != RG_OK)
		status = body;
	if (status != RG_OK)
		return rg_error_set(why, status, rg_str_from(rg_strerror(status)));
	if (defect != RG_R_FINE)
		p->request.defect = defect;
	return RG_OK;
}

rg_status rg_sofia_request_parse(rg_str text, rg_request **out, rg_error *why)
{
	parsed *p;
	rg_str start = rg__sofia_frame_start_line(text, text.n);

	if (!out)
		return rg_error_set(why, RG_EINVAL, RG_STR("out is NULL"));
	*out = NULL;
	if (!start.p || !memchr(start.p, ' ', start.n))
		return rg_error_set(why, RG_EINVAL, RG_STR("no SIP message: there is no first line"));
	p = calloc(1, sizeof *p);
	if (!p)
		return rg_error_set(why, RG_ENOMEM, RG_STR("out of memory"));
	rg_request_init(&p->request, sizeof p->request);
	rg_sofia_message_init(&p->message, sizeof p->message);
	rg_status status = parse(text, p, why);
	if (status != RG_OK) {
		msg_destroy(p->message.msg);
		free(p);
		return status;
	}
	p->request.owner = p;
	p->request.release = release_parsed;
	*out = &p->request;
	return RG_OK;
}
