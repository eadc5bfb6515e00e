/* SPDX-License-Identifier: MIT */
/* The text of a reply, written once into the buffer of the caller. */
#include "wire/wire.h"

/* Past the end of the buffer the length counts on, so that the caller learns how much is needed. */
typedef struct reply_text {
	char *p;
	size_t n, room;
} reply_text;

static void put(reply_text *out, rg_str s)
{
	if (s.n <= out->room && out->n <= out->room - s.n)
		memcpy(out->p + out->n, s.p, s.n);
	out->n += s.n;
}

#define PUT(out, literal) put(out, RG_STR(literal))

/* Adds a header copied from the request, unless it is absent or empty there. */
static void put_copied(reply_text *out, rg_str name, rg_str value)
{
	if (value.n == 0)
		return;
	put(out, name);
	put(out, value);
	PUT(out, "\r\n");
}

static void put_status(reply_text *out, const rg__wire_answer *answer)
{
	char line[] = "SIP/2.0 000 ";

	line[8] = (char)('0' + answer->code / 100 % 10);
	line[9] = (char)('0' + answer->code / 10 % 10);
	line[10] = (char)('0' + answer->code % 10);
	put(out, (rg_str){ line, sizeof line - 1 });
	put(out, rg_str_from(answer->phrase));
	PUT(out, "\r\n");
}

/* A Via that rg_via_header() refuses goes back as it came. */
static void put_vias(reply_text *out, const rg__wire_message *m, const rg_addr *source, rg_addr *to)
{
	const rg_str *vias = m->lines + m->first[RG__WIRE_VIA];
	size_t n = 0;

	PUT(out, "Via: ");
	char *room = out->n < out->room ? out->p + out->n : NULL;
	if (rg_via_header(vias[0], source, room, room ? out->room - out->n : 0, &n, to) == RG_OK) {
		out->n += n;
	} else {
		put(out, vias[0]);
		*to = source ? *source : (rg_addr){ 0 };
	}
	PUT(out, "\r\n");
	for (uint16_t i = 1; i < m->n[RG__WIRE_VIA]; i++)
		put_copied(out, RG_STR("Via: "), vias[i]);
}

/* RFC 3261 §8.2.6.2, §8.2.7: a stateless server gives every retransmission the same tag, so the tag is a hash of the request. */
static uint64_t digest_of(uint64_t sum, rg_str s)
{
	uint64_t w;

	sum ^= s.n;
	for (; s.n >= sizeof w; s.p += sizeof w, s.n -= sizeof w) {
		memcpy(&w, s.p, sizeof w);
		sum = (sum ^ w) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 32;
	}
	w = 0;
	if (s.n > 0)
		memcpy(&w, s.p, s.n);
	sum = (sum ^ w) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

/* Of CSeq the number alone: the CANCEL of a request gets the tag of this request (RFC 3261 §9.2). */
static void put_tag(reply_text *out, const rg__wire_message *m)
{
	static const char digits[] = "0123456789abcdef";
	rg_str cseq = m->singles[RG__WIRE_CSEQ];
	uint64_t sum = 0xcbf29ce484222325u;
	char tag[16];
	size_t n = 0;

	while (n < cseq.n && rg__wire_is(cseq.p[n], RG__WIRE_DIGIT))
		n++;
	sum = digest_of(sum, m->lines[m->first[RG__WIRE_VIA]]);
	sum = digest_of(sum, m->singles[RG__WIRE_CALL_ID]);
	sum = digest_of(sum, m->singles[RG__WIRE_FROM]);
	sum = digest_of(sum, (rg_str){ cseq.p, n });
	for (size_t i = 0; i < sizeof tag; i++, sum >>= 4)
		tag[i] = digits[sum & 15];
	PUT(out, ";tag=");
	put(out, (rg_str){ tag, sizeof tag });
}

static void put_to(reply_text *out, const rg__wire_message *m)
{
	rg_str to = m->singles[RG__WIRE_TO];
	bool tagged;

	if (!rg__wire_to_tag(to, &tagged))
		return;
	PUT(out, "To: ");
	put(out, to);
	if (!tagged)
		put_tag(out, m);
	PUT(out, "\r\n");
}

rg_status rg__wire_reply(const rg__wire_message *m, const rg__wire_answer *answer, rg_wire_call *call)
{
	reply_text out = { call->reply, 0, call->room };

	if (m->n_vias == 0)
		return RG_EINVAL;
	put_status(&out, answer);
	put_vias(&out, m, call->host ? &call->host->source : NULL, &call->to);
	put_copied(&out, RG_STR("From: "), m->singles[RG__WIRE_FROM]);
	put_to(&out, m);
	put_copied(&out, RG_STR("Call-ID: "), m->singles[RG__WIRE_CALL_ID]);
	put_copied(&out, RG_STR("CSeq: "), m->singles[RG__WIRE_CSEQ]);
	for (uint32_t i = 0; i < answer->n_headers; i++) {
		put(&out, answer->headers[i].name);
		PUT(&out, ": ");
		put(&out, answer->headers[i].value);
		PUT(&out, "\r\n");
	}
	PUT(&out, "Content-Length: 0\r\n\r\n");
	call->n = out.n;
	call->code = answer->code;
	return out.n <= out.room ? RG_OK : RG_ELIMIT;
}
