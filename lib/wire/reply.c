/* SPDX-License-Identifier: MIT */
/* The text of a reply, written once into the buffer of the caller. */
#include "wire/wire.h"

enum { ADDRESS_ROOM = 64 }; /* of rg_addr_print() */

/* Past the end of the buffer the length counts on, so that the caller learns how much is needed. */
typedef struct reply_text {
	char *at;
	size_t left, n;
} reply_text;

static inline void reply_put(reply_text *out, rg_str s)
{
	if (s.n == 0) /* neither may be NULL for memcpy() */
		return;
	out->n += s.n;
	if (s.n > out->left) {
		out->left = 0;
		return;
	}
	memcpy(out->at, s.p, s.n);
	out->at += s.n;
	out->left -= s.n;
}

#define PUT(out, literal) reply_put(out, RG_STR(literal))

/* Adds a header copied from the request, unless it is absent or empty there. */
#define PUT_COPIED(out, name, value) \
	do { \
		rg_str copied = (value); \
		if (copied.n > 0) { \
			PUT(out, name ": "); \
			reply_put(out, copied); \
			PUT(out, "\r\n"); \
		} \
	} while (0)

static void put_status(reply_text *out, const rg__wire_answer *answer)
{
	char line[] = "SIP/2.0 000 ";

	line[8] = (char)('0' + answer->code / 100 % 10);
	line[9] = (char)('0' + answer->code / 10 % 10);
	line[10] = (char)('0' + answer->code % 10);
	reply_put(out, (rg_str){ line, sizeof line - 1 });
	reply_put(out, rg_str_from(answer->phrase));
	PUT(out, "\r\n");
}

/* Prints a number below 100000 at @p p. Returns what follows it. */
static inline char *print_number(char *p, uint32_t v)
{
	if (v >= 10000)
		*p++ = (char)('0' + v / 10000);
	if (v >= 1000)
		*p++ = (char)('0' + v / 1000 % 10);
	if (v >= 100)
		*p++ = (char)('0' + v / 100 % 10);
	if (v >= 10)
		*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

/* The host of the source as text. An IPv4-mapped address is read back as IPv4. */
static rg_str source_text(const rg_addr *source, char room[ADDRESS_ROOM])
{
	rg_addr host;

	if (source->family == 4) {
		char *p = room;
		for (int i = 0; i < 4; i++) {
			p = print_number(p, source->ip[i]);
			*p++ = '.';
		}
		return (rg_str){ room, (size_t)(p - room - 1) };
	}
	host = *source;
	host.port = 0;
	if (rg_addr_parse(rg_addr_print(&host, room, ADDRESS_ROOM), &host) != RG_OK)
		return RG__WIRE_NONE;
	return rg_addr_print(&host, room, ADDRESS_ROOM);
}

static bool is_host_of(rg_str sent_by, rg_str source)
{
	rg_addr a, b;

	if (rg_str_equal(sent_by, source))
		return true;
	if (rg_addr_parse(sent_by, &a) != RG_OK || rg_addr_parse(source, &b) != RG_OK)
		return false;
	return a.family == b.family && memcmp(a.ip, b.ip, sizeof a.ip) == 0;
}

/* RFC 3261 §18.2.1: the topmost Via gets `received` when its address is not the source address. RFC 3581 §4: `rport`, if the client sent
 * it, is filled in, and then `received` is always added. Values of these parameters that the client wrote are dropped. */
static void put_top_via(reply_text *out, const rg__wire_via *via, const rg_addr *source)
{
	char room[ADDRESS_ROOM], port[8] = "=";
	rg_str host = source_text(source, room), param;

	if (!via->known.p) {
		reply_put(out, via->value);
	} else {
		const char *end = via->value.p + via->value.n, *at = via->known.p + via->known.n;
		reply_put(out, (rg_str){ via->value.p, (size_t)(via->known.p - via->value.p) });
		while ((param = rg__wire_via_param(&at, end)).p)
			reply_put(out, param);
	}
	if (via->rport || !is_host_of(via->host, host)) {
		PUT(out, ";received=");
		reply_put(out, host);
	}
	if (via->rport) {
		PUT(out, ";rport");
		if (source->port > 0)
			reply_put(out, (rg_str){ port, (size_t)(print_number(port + 1, source->port) - port) });
	}
}

/* RFC 3261 §18.2.2, RFC 3581 §4: where the reply goes over an unreliable transport. */
static rg_addr destination(const rg__wire_via *via, const rg_addr *source)
{
	enum { SIP_PORT = 5060 };
	rg_addr to = *source;

	if (!via->rport || source->port == 0)
		to.port = via->port ? via->port : SIP_PORT;
	return to;
}

/* What follows the first value of a line goes back as it came. */
static void put_vias(reply_text *out, const rg__wire_message *m, const rg_addr *source)
{
	const rg_str *lines = m->lines + m->first[RG__WIRE_VIA];
	rg_str rest = { m->via.value.p + m->via.value.n, 0 };

	PUT(out, "Via: ");
	if (source)
		put_top_via(out, &m->via, source);
	else
		reply_put(out, m->via.value);
	rest.n = (size_t)(lines[0].p + lines[0].n - rest.p);
	reply_put(out, rest);
	PUT(out, "\r\n");
	for (uint16_t i = 1; i < m->n[RG__WIRE_VIA]; i++)
		PUT_COPIED(out, "Via", lines[i]);
}

static uint64_t mixed(uint64_t sum, const char *p, size_t n)
{
	uint64_t w = 0;

	memcpy(&w, p, n);
	sum = (sum ^ w) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

/* The last eight octets are one word, which may overlap the one before. */
static uint64_t digest_of(uint64_t sum, rg_str s)
{
	sum ^= s.n;
	for (size_t i = 0; i + 8 < s.n; i += 8)
		sum = mixed(sum, s.p + i, 8);
	if (s.n >= 8)
		return mixed(sum, s.p + s.n - 8, 8);
	return s.n > 0 ? mixed(sum, s.p, s.n) : mixed(sum, "", 0);
}

/* RFC 3261 §8.2.6.2, §8.2.7: a stateless server gives every retransmission the same tag, so the tag is a hash of the request. Of CSeq the
 * number alone, and of Via the first value: the CANCEL of a request gets the tag of this request (RFC 3261 §9.2). */
static void put_tag(reply_text *out, const rg__wire_message *m)
{
	static const char digits[] = "0123456789abcdef";
	rg_str cseq = m->singles[RG__WIRE_CSEQ];
	uint64_t sum = 0xcbf29ce484222325u;
	char tag[16];
	size_t n = 0;

	while (n < cseq.n && rg__wire_is(cseq.p[n], RG__WIRE_DIGIT))
		n++;
	sum = digest_of(sum, m->via.value);
	sum = digest_of(sum, m->singles[RG__WIRE_CALL_ID]);
	sum = digest_of(sum, m->singles[RG__WIRE_FROM]);
	sum = digest_of(sum, (rg_str){ cseq.p, n });
	for (size_t i = 0; i < sizeof tag; i++, sum >>= 4)
		tag[i] = digits[sum & 15];
	PUT(out, ";tag=");
	reply_put(out, (rg_str){ tag, sizeof tag });
}

static void put_to(reply_text *out, const rg__wire_message *m, rg_str to)
{
	bool tagged;

	if (to.n == 0 || !rg__wire_address_read(to, &tagged))
		return;
	PUT(out, "To: ");
	reply_put(out, to);
	if (!tagged)
		put_tag(out, m);
	PUT(out, "\r\n");
}

/* What a function of librgstr has printed into the buffer, or would have. */
static void skip_printed(reply_text *out, size_t n)
{
	out->n += n;
	out->at += n <= out->left ? n : 0;
	out->left -= n <= out->left ? n : out->left;
}

/* What a reply copies; absent when it is malformed. In a REGISTER that is accepted, and in another request without a defect, nothing is. */
static rg_str copy_of(const rg__wire_message *m, int single, bool accepted)
{
	rg_str value = m->withheld >> single & 1 ? RG__WIRE_NONE : m->singles[single];
	bool sound = value.n == 0 || accepted || single == RG__WIRE_CSEQ ||
		(single == RG__WIRE_CALL_ID ? rg__wire_call_id_is_sound(value) : rg__wire_address_is_sound(value));

	return sound ? value : RG__WIRE_NONE;
}

/* RFC 3261 §8.3. A fallback is left out: it must not be tried at once. So is another site: its URI is the one that the client asked for. */
static void put_redirects(reply_text *out, const rg_targets *targets)
{
	rg_target target = { .struct_size = sizeof target };
	size_t n;

	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		const reply_text before = *out;
		if (target.fallback_of != UINT32_MAX || target.home.n > 0)
			continue;
		PUT(out, "Contact: ");
		if (rg_contact_header(&target, out->at, out->left, &n) != RG_OK) {
			*out = before;
			continue;
		}
		skip_printed(out, n);
		PUT(out, "\r\n");
	}
}

static void put_header(reply_text *out, rg_str name, rg_str value)
{
	reply_put(out, name);
	PUT(out, ": ");
	reply_put(out, value);
	PUT(out, "\r\n");
}

static void put_response(reply_text *out, const rg_response *response)
{
	skip_printed(out, rg_response_print(response, out->at, out->left));
}

rg_status rg__wire_reply(const rg__wire_message *m, const rg__wire_answer *answer, rg_wire_call *call)
{
	const rg_addr *source = call->host && call->host->source.family ? &call->host->source : NULL;
	/* Of a message that was only salvaged, which has no body, nothing was checked. */
	const bool accepted = m->start.kind == RG__WIRE_SAVE ? answer->code < 300 : m->defect == RG_R_FINE && m->body.p;
	char none; /* where there is no room, nothing is written */
	reply_text out = { call->room > 0 ? call->reply : &none, call->room, 0 };

	if (m->n_vias == 0)
		return RG_EINVAL;
	put_status(&out, answer);
	put_vias(&out, m, source);
	PUT_COPIED(&out, "From", copy_of(m, RG__WIRE_FROM, accepted));
	put_to(&out, m, copy_of(m, RG__WIRE_TO, accepted));
	PUT_COPIED(&out, "Call-ID", copy_of(m, RG__WIRE_CALL_ID, accepted));
	PUT_COPIED(&out, "CSeq", copy_of(m, RG__WIRE_CSEQ, accepted));
	if (answer->name.n > 0)
		put_header(&out, answer->name, answer->value);
	if (answer->response)
		put_response(&out, answer->response);
	if (answer->targets)
		put_redirects(&out, answer->targets);
	PUT(&out, "Content-Length: 0\r\n\r\n");
	call->n = out.n;
	call->code = answer->code;
	if (source)
		call->to = destination(&m->via, source);
	return out.n <= call->room ? RG_OK : RG_ELIMIT;
}
