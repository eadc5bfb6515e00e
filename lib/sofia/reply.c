/* SPDX-License-Identifier: MIT */
/* rg_response → the text of a reply, and from the text a reply message. */
#include "sofia/sofia.h"
#include <rgstr/reply.h>
#include <stdio.h>
#include <stdlib.h>

/* RFC 3261 §8.2.6.2, §8.2.7: a stateless server gives every retransmission the same tag, so the tag is a hash of the request. */
static uint64_t digest(uint64_t sum, rg_str s)
{
	for (size_t i = 0; i < s.n; i++)
		sum = (sum ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	sum ^= sum >> 29;
	return (sum ^ s.n) * 0x9e3779b97f4a7c15u;
}

/* The same with a key: nobody without it can tell the tag (RFC 3261 §19.3). It is that of rg_to_header(). */
static void add_keyed_tag(const sip_t *sip, rg_str from, const uint8_t *key, rg__sofia_text *out)
{
	enum { DIGITS = 16 };
	rg_request request;
	char to[64], cseq[16];
	size_t n = 0;

	snprintf(cseq, sizeof cseq, "%u", sip->sip_cseq ? (unsigned)sip->sip_cseq->cs_seq : 0);
	rg_request_init(&request, sizeof request);
	request.to_header = RG_STR("<sip:to>");
	request.from_header = from;
	request.callid = rg_str_from(sip->sip_call_id ? sip->sip_call_id->i_id : NULL);
	request.cseq = rg_str_from(cseq);
	if (rg_to_header(&request, rg_str_from(sip->sip_via->v_branch), key, to, sizeof to, &n) == RG_OK && n > DIGITS && n <= sizeof to)
		rg__sofia_text_add(out, to + n - DIGITS, DIGITS);
}

static void add_to_tag(const sip_t *sip, rg_str from, rg_str given, const uint8_t *key, rg__sofia_text *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t sum = 0xcbf29ce484222325u;

	rg__sofia_text_z(out, ";tag=");
	if (given.n > 0) {
		rg__sofia_text_str(out, given);
		return;
	}
	if (key) {
		add_keyed_tag(sip, from, key, out);
		return;
	}
	sum = digest(sum, rg_str_from(sip->sip_via->v_branch));
	sum = digest(sum, rg_str_from(sip->sip_call_id ? sip->sip_call_id->i_id : NULL));
	sum = digest(sum, from);
	sum ^= sip->sip_cseq ? sip->sip_cseq->cs_seq : 0;
	for (int i = 0; i < 16; i++, sum >>= 4)
		rg__sofia_text_add(out, &digits[sum & 15], 1);
}

static bool is_via_param(const char *param, const char *name)
{
	size_t n = strlen(name);

	return rg__sofia_same_name((rg_str){ param, strnlen(param, n) }, rg_str_from(name)) && (param[n] == '\0' || param[n] == '=');
}

/* RFC 3261 §18.2.1: the topmost Via gets `received` when its address is not the source address. RFC 3581 §4: `rport`, if the client sent
 * it, is filled in, and then `received` is always added. Values of these parameters that the client wrote are dropped. This is for a Via
 * without text, and for one that Sofia reads but rg_via_header() refuses. */
static void add_parsed_via(const sip_via_t *via, const rg_addr *source, rg__sofia_text *out)
{
	bool asked = false;
	char room[64];
	rg_addr sent_by, host_only = source ? *source : (rg_addr){ 0 };

	rg__sofia_text_z(out, "Via: ");
	rg__sofia_text_z(out, via->v_protocol);
	rg__sofia_text_z(out, " ");
	rg__sofia_text_z(out, via->v_host);
	if (via->v_port) {
		rg__sofia_text_z(out, ":");
		rg__sofia_text_z(out, via->v_port);
	}
	for (const msg_param_t *p = via->v_params; p && *p; p++) {
		bool rport = is_via_param(*p, "rport");
		if (host_only.family != 0 && (rport || is_via_param(*p, "received"))) {
			asked = asked || rport;
			continue;
		}
		rg__sofia_text_z(out, ";");
		rg__sofia_text_z(out, *p);
	}
	if (host_only.family != 0) {
		bool known = rg_addr_parse(rg_str_from(via->v_host), &sent_by) == RG_OK && rg_addr_match(&sent_by, &host_only);
		host_only.port = 0;
		if (asked || !known) {
			rg__sofia_text_z(out, ";received=");
			rg__sofia_text_str(out, rg_addr_print(&host_only, room, sizeof room));
		}
		if (asked) {
			rg__sofia_text_z(out, ";rport=");
			rg__sofia_text_int(out, source->port);
		}
	}
	rg__sofia_text_z(out, "\r\n");
}

static rg_str value_of(const rg_sofia_message *m, const void *header)
{
	rg_str value = header ? rg__sofia_line_value(msg_home(m->msg), header) : RG__NONE;

	return rg__sofia_has_bad_octet(value) ? RG__NONE : value;
}

/* Adds a header copied from the request, unless it is absent or empty there. */
static void add_copied(const char *name, rg_str value, rg__sofia_text *out)
{
	if (value.n == 0)
		return;
	rg__sofia_text_z(out, name);
	rg__sofia_text_str(out, value);
	rg__sofia_text_z(out, "\r\n");
}

/* A client may compare its Via octet by octet, so a line goes back as it came, with all its values. False: it cannot. */
static bool add_via_line(const rg_sofia_message *m, const sip_via_t *via, const rg_addr *source, rg__sofia_text *out)
{
	const msg_header_t *h = (const msg_header_t *)via;
	rg_str line = h->sh_data && h->sh_len > 0 ? value_of(m, h) : RG__NONE;
	char usual[512], *room = usual;
	size_t n = 0;

	if (line.n == 0 || rg_via_header(line, source, usual, sizeof usual, &n, NULL) != RG_OK)
		return false;
	if (n > sizeof usual) {
		room = su_alloc(msg_home(m->msg), n);
		if (!room)
			return false;
		rg_via_header(line, source, room, n, &n, NULL);
	}
	rg__sofia_text_z(out, "Via: ");
	rg__sofia_text_add(out, room, n);
	rg__sofia_text_z(out, "\r\n");
	return true;
}

static void add_vias(const rg_sofia_message *m, const sip_via_t *via, const rg_addr *source, rg__sofia_text *out)
{
	for (; via; via = via->v_next, source = NULL) {
		if (!add_via_line(m, via, source, out)) {
			add_parsed_via(via, source, out);
			continue;
		}
		while (via->v_next && rg__sofia_line_continues((const msg_header_t *)via->v_next))
			via = via->v_next;
	}
}

static void add_to(const rg_sofia_message *m, const sip_t *sip, rg_str from, const uint8_t *key, rg__sofia_text *out)
{
	const msg_header_t *line;
	const sip_to_t *parsed = (const sip_to_t *)rg__sofia_named_header(m->msg, sip_to_class, sip->sip_to, &line);
	rg_str to = parsed ? value_of(m, line) : RG__NONE;

	if (to.n == 0)
		return;
	rg__sofia_text_z(out, "To: ");
	rg__sofia_text_str(out, to);
	if (!parsed->a_tag)
		add_to_tag(sip, from, m->to_tag, key, out);
	rg__sofia_text_z(out, "\r\n");
}

static rg_status reply_add_header(const rg_header *header, rg__sofia_text *out)
{
	/* The core guarantees this already. The check stays, because a mistake here would let a client inject headers into a reply. */
	if (header->name.n == 0 || rg__sofia_has_bad_octet(header->name) || rg__sofia_has_bad_octet(header->value))
		return RG_ECONTRACT;
	rg__sofia_text_str(out, header->name);
	rg__sofia_text_z(out, ": ");
	rg__sofia_text_str(out, header->value);
	rg__sofia_text_z(out, "\r\n");
	return RG_OK;
}

rg_status rg__sofia_reply_text(const rg_sofia_message *m, const rg__sofia_answer *answer, rg__sofia_text *out)
{
	const sip_t *sip = sip_object(m->msg);
	rg_sofia_source from_host;
	rg_status status = RG_OK;

	if (!rg__sofia_source_of(m->source, &from_host) || !sip || !sip->sip_via || rg__sofia_has_bad_octet(m->to_tag))
		return RG_EINVAL;
	rg__sofia_text_z(out, "SIP/2.0 ");
	rg__sofia_text_int(out, answer->code);
	rg__sofia_text_z(out, " ");
	rg__sofia_text_z(out, answer->phrase);
	rg__sofia_text_z(out, "\r\n");
	add_vias(m, sip->sip_via, &from_host.source, out);
	const msg_header_t *line;
	rg_str from = RG__NONE;
	if (rg__sofia_named_header(m->msg, sip_from_class, sip->sip_from, &line))
		from = value_of(m, line);
	add_copied("From: ", from, out);
	add_to(m, sip, from, answer->key, out);
	add_copied("Call-ID: ", value_of(m, sip->sip_call_id), out);
	add_copied("CSeq: ", value_of(m, sip->sip_cseq), out);
	for (uint32_t i = 0; i < answer->n_headers && status == RG_OK; i++)
		status = reply_add_header(&answer->headers[i], out);
	rg__sofia_text_z(out, "Content-Length: 0\r\n\r\n");
	if (status == RG_OK && out->failed)
		status = RG_ENOMEM;
	return status;
}

rg_status rg_sofia_reply_text(const rg_sofia_message *message, int32_t code, const char *phrase, const rg_header *headers, uint32_t n_headers,
	char *room, size_t size, size_t *n)
{
	const rg__sofia_answer answer = { .code = code, .phrase = phrase ? phrase : rg_sip_phrase(code), .headers = headers,
		.n_headers = n_headers };
	rg__sofia_text text = { .p = room, .room = size, .lent = true };

	if (n)
		*n = 0;
	if (!n || (!room && size > 0) || code < 100 || code > 699 || (!headers && n_headers > 0) || !rg__sofia_is_message(message) ||
		!message->msg || rg__sofia_has_bad_octet(rg_str_from(phrase)))
		return RG_EINVAL;
	rg_status status = rg__sofia_reply_text(message, &answer, &text);
	if (status == RG_OK)
		*n = text.n;
	return status == RG_ECONTRACT ? RG_EINVAL : status;
}

rg_status rg__sofia_answer_of(rg_response *response, rg__sofia_answer *out)
{
	*out = (rg__sofia_answer){ .code = rg_response_code(response), .phrase = rg_response_phrase(response) };
	return rg_response_headers(response, &out->headers, &out->n_headers);
}

/* The reply is parsed from its text with the text kept, so that Sofia sends exactly the rendered text. */
rg_status rg__sofia_reply(void *self, void *msg, rg_response *response)
{
	rg_sofia_message *m = msg;
	rg__sofia_text text = { 0 };
	rg__sofia_answer answer;

	(void)self;
	if (!rg__sofia_is_message(m))
		return RG_EINVAL;
	m->reply = NULL;
	if (rg_response_no_reply(response))
		return RG_OK;
	rg_status status = rg__sofia_answer_of(response, &answer);
	if (status == RG_OK)
		status = rg__sofia_reply_text(m, &answer, &text);
	if (status == RG_OK) {
		m->reply = rg__sofia_make(msg_mclass(m->msg), (rg_str){ text.p, text.n });
		if (!m->reply)
			status = RG_ENOMEM;
	}
	free(text.p);
	return status;
}
