/* SPDX-License-Identifier: MIT */
/* The text of a reply, written once into the buffer of the caller. */
#include "wire/wire.h"

enum { ADDRESS_ROOM = 64 }; /* of rg_addr_print() */

/* Past the end of the buffer the length counts on, so that the caller learns how much is needed. Nothing is written from there on. */
typedef struct reply_text {
	char *room;
	size_t size, n;
} reply_text;

/* A copy without a call, for values of a request. */
static inline void copy_octets(char *to, rg_str s)
{
	uint64_t first, last;
	uint32_t four, end;
	rg__sixteen v;

	if (s.n >= sizeof v) {
		for (size_t i = 0; i + sizeof v < s.n; i += sizeof v) {
			v = rg__wire_sixteen(s.p + i);
			memcpy(to + i, &v, sizeof v);
		}
		v = rg__wire_sixteen(s.p + s.n - sizeof v); /* it may overlap the one before */
		memcpy(to + s.n - sizeof v, &v, sizeof v);
	} else if (s.n >= sizeof first) {
		memcpy(&first, s.p, sizeof first), memcpy(&last, s.p + s.n - sizeof last, sizeof last);
		memcpy(to, &first, sizeof first), memcpy(to + s.n - sizeof last, &last, sizeof last);
	} else if (s.n >= sizeof four) {
		memcpy(&four, s.p, sizeof four), memcpy(&end, s.p + s.n - sizeof end, sizeof end);
		memcpy(to, &four, sizeof four), memcpy(to + s.n - sizeof end, &end, sizeof end);
	} else if (s.n > 0) {
		to[0] = s.p[0], to[s.n / 2] = s.p[s.n / 2], to[s.n - 1] = s.p[s.n - 1];
	}
}

/* Takes room for @p n octets, at least one. NULL: they do not fit. */
static inline char *take_octets(reply_text *out, size_t n)
{
	const size_t from = out->n;

	out->n += n;
	return out->n <= out->size ? out->room + from : NULL;
}

static inline void reply_put(reply_text *out, rg_str s)
{
	char *at = s.n > 0 ? take_octets(out, s.n) : NULL;

	if (at)
		copy_octets(at, s);
}

/* Of @p start, a literal, the length is a constant. */
RG__WIRE_INLINE void put_between(reply_text *out, rg_str start, rg_str value, rg_str end)
{
	char *at = take_octets(out, start.n + value.n + end.n);

	if (!at)
		return;
	memcpy(at, start.p, start.n);
	copy_octets(at + start.n, value);
	memcpy(at + start.n + value.n, end.p, end.n);
}

#define PUT(out, literal) put_between(out, RG_STR(literal), RG__WIRE_NONE, RG_STR(""))

/* Adds a header copied from the request, unless it is absent or empty there. */
#define PUT_COPIED(out, name, value) \
	do { \
		rg_str copied = (value); \
		if (copied.n > 0) \
			put_between(out, RG_STR(name ": "), copied, RG_STR("\r\n")); \
	} while (0)

/* Prints a number below 100, with two digits. Returns what follows it. */
static inline char *print_pair(char *p, uint32_t v)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
		"49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697" "9899";

	memcpy(p, pairs + 2 * v, 2);
	return p + 2;
}

/* Prints a number below 1000 without leading zeros. */
static inline char *print_small(char *p, uint32_t v)
{
	if (v >= 100) {
		*p = (char)('0' + v / 100);
		return print_pair(p + 1, v % 100);
	}
	if (v >= 10)
		return print_pair(p, v);
	*p = (char)('0' + v);
	return p + 1;
}

static char *print_port(char *p, uint32_t v)
{
	return v < 1000 ? print_small(p, v) : print_pair(print_small(p, v / 100), v % 100);
}

static void put_status(reply_text *out, const rg__wire_answer *answer)
{
	const uint32_t code = (uint32_t)answer->code % 1000;
	char line[] = "SIP/2.0 000 ";

	if (code == 200) {
		PUT(out, "SIP/2.0 200 OK\r\n");
		return;
	}
	line[8] = (char)('0' + code / 100);
	print_pair(line + 9, code % 100);
	reply_put(out, (rg_str){ line, sizeof line - 1 });
	reply_put(out, rg_str_from(rg_sip_phrase(answer->code)));
	PUT(out, "\r\n");
}

/* The host of the source as text. An IPv4-mapped address is read back as IPv4. */
static rg_str source_text(const rg_addr *source, char room[ADDRESS_ROOM])
{
	rg_addr host;

	if (source->family == 4) {
		char *p = room;
		for (int i = 0; i < 4; i++) {
			p = print_small(p, source->ip[i]);
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
	char room[ADDRESS_ROOM], port[16] = "=";
	rg_str host = source_text(source, room), param;

	if (!via->known.p) {
		reply_put(out, via->value);
	} else {
		const char *end = via->value.p + via->value.n, *at = via->known.p + via->known.n;
		reply_put(out, (rg_str){ via->value.p, (size_t)(via->known.p - via->value.p) });
		while ((param = rg__wire_via_param(&at, end)).p)
			reply_put(out, param);
	}
	if (via->rport || !is_host_of(via->host, host))
		put_between(out, RG_STR(";received="), host, RG_STR(""));
	if (via->rport) {
		const char *end = source->port > 0 ? print_port(port + 1, source->port) : port;
		put_between(out, RG_STR(";rport"), (rg_str){ port, (size_t)(end - port) }, RG_STR(""));
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
	put_between(out, RG_STR(""), rest, RG_STR("\r\n"));
	for (uint16_t i = 1; i < m->n[RG__WIRE_VIA]; i++)
		put_between(out, RG_STR("Via: "), lines[i], RG_STR("\r\n"));
}

/* SipHash-1-3: a hash that nobody without the key can tell in advance. */
typedef struct tag_hash {
	uint64_t a, b, c, d;
} tag_hash;

static inline uint64_t turned(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static inline void turn_hash(tag_hash *h)
{
	h->a += h->b, h->c += h->d;
	h->b = turned(h->b, 13) ^ h->a, h->d = turned(h->d, 16) ^ h->c;
	h->a = turned(h->a, 32) + h->d, h->c += h->b;
	h->d = turned(h->d, 21) ^ h->a, h->b = turned(h->b, 17) ^ h->c;
	h->c = turned(h->c, 32);
}

static inline void hash_word(tag_hash *h, uint64_t w)
{
	h->d ^= w;
	turn_hash(h);
	h->a ^= w;
}

/* The two halves of a product, as one word. */
static inline uint64_t fold_product(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ const unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	const uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX), one = (a >> 32) * (b & UINT32_MAX), two = (a & UINT32_MAX) * (b >> 32);
	const uint64_t middle = (low >> 32) + (one & UINT32_MAX) + two;

	return (low & UINT32_MAX) ^ middle << 32 ^ ((a >> 32) * (b >> 32) + (one >> 32) + (middle >> 32));
#endif
}

static inline uint64_t load_octets(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/* Makes a long text short: each step takes sixteen octets, the last ones of which may overlap those before. Without `secret` and the sum so
 * far, nobody knows two texts that have the same sum. The length is hashed elsewhere. */
static inline uint64_t sum_octets(uint64_t sum, uint64_t secret, rg_str s)
{
	uint64_t w = 0;

	if (s.n < sizeof w) {
		memcpy(&w, s.n ? s.p : "", s.n);
		return fold_product(w ^ secret, sum);
	}
	if (s.n < 2 * sizeof w)
		return fold_product(load_octets(s.p) ^ secret, load_octets(s.p + s.n - sizeof w) ^ sum);
	for (size_t i = 0; i + 2 * sizeof w < s.n; i += 2 * sizeof w)
		sum = fold_product(load_octets(s.p + i) ^ secret, load_octets(s.p + i + sizeof w) ^ sum);
	return fold_product(load_octets(s.p + s.n - 2 * sizeof w) ^ secret, load_octets(s.p + s.n - sizeof w) ^ sum);
}

static inline tag_hash hash_of_key(const char *key)
{
	const uint64_t low = load_octets(key), high = load_octets(key + 8);

	return (tag_hash){ low ^ 0x736f6d6570736575u, high ^ 0x646f72616e646f6du, low ^ 0x6c7967656e657261u, high ^ 0x7465646279746573u };
}

static inline uint64_t end_hash(tag_hash *h)
{
	h->c ^= 0xff;
	for (int i = 0; i < 3; i++)
		turn_hash(h);
	return h->a ^ h->b ^ h->c ^ h->d;
}

/* Eight hexadecimal digits: each nibble moves to an octet of its own, and all become digits at once. */
static inline void print_digits(char *to, uint32_t v)
{
	uint64_t x = v;

	x = (x | x << 16) & 0x0000ffff0000ffffu;
	x = (x | x << 8) & 0x00ff00ff00ff00ffu;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fu;
	x += 0x3030303030303030u + ((x + 0x0606060606060606u) >> 4 & 0x0101010101010101u) * ('a' - '0' - 10);
	memcpy(to, &x, sizeof x);
}

/* RFC 3261 §8.2.6.2, §8.2.7: a stateless server gives every retransmission the same tag, so the tag is a hash of the request.
 * Of CSeq the number alone, and of Via the first value: the CANCEL of a request gets the tag of this request (RFC 3261 §9.2). */
static void put_tag(reply_text *out, const rg__wire_message *m)
{
	const rg_str via = m->via.value, from = m->singles[RG__WIRE_FROM], id = m->singles[RG__WIRE_CALL_ID];
	const char *key = (const char *)m->key;
	const uint64_t secret = load_octets(key + 16);
	tag_hash hash = hash_of_key(key);
	char tag[] = ";tag=0123456789abcdef\r\n";

	uint64_t sum = load_octets(key + 24) ^ (uint64_t)via.n << 42 ^ (uint64_t)id.n << 21 ^ from.n;
	sum = sum_octets(sum, secret, via);
	sum = sum_octets(sum, secret, id);
	sum = sum_octets(sum, secret, from);
	hash_word(&hash, fold_product(m->cseq ^ secret, sum));
	sum = end_hash(&hash);
	print_digits(tag + 5, (uint32_t)sum);
	print_digits(tag + 13, (uint32_t)(sum >> 32));
	put_between(out, RG_STR(""), RG__WIRE_NONE, (rg_str){ tag, sizeof tag - 1 });
}

/* @p accepted: the registrar took the address for sound. It has no parameter when it ends with its '>', which no parameter ends with. */
static void put_to(reply_text *out, const rg__wire_message *m, rg_str to, bool accepted)
{
	bool tagged = false;

	if (to.n == 0 || (!(accepted && to.p[to.n - 1] == '>') && !rg__wire_address_read(to, &tagged)))
		return;
	put_between(out, RG_STR("To: "), to, RG_STR(""));
	if (tagged)
		PUT(out, "\r\n");
	else
		put_tag(out, m);
}

/* Where a function of librgstr prints into the buffer. */
static inline char *rest_of(const reply_text *out, size_t *left)
{
	const size_t from = out->n < out->size ? out->n : out->size;

	*left = out->size - from;
	return from > 0 ? out->room + from : out->room; /* without room it is NULL */
}

/* What a reply copies; absent when it is malformed. In a REGISTER that is accepted, and in another request without a defect, nothing is. */
static inline rg_str copy_of(const rg__wire_message *m, int single, bool accepted)
{
	rg_str value = m->withheld >> single & 1 ? RG__WIRE_NONE : m->singles[single];
	bool sound = value.n == 0 || accepted || single == RG__WIRE_CSEQ ||
		(single == RG__WIRE_CALL_ID ? rg__wire_call_id_is_sound(value) : rg__wire_address_is_sound(value));

	return sound ? value : RG__WIRE_NONE;
}

/* RFC 3261 §8.3 */
static void put_redirects(reply_text *out, const rg__wire_answer *answer)
{
	uint32_t i = answer->n_seen;
	size_t n, left;

	do {
		const size_t before = out->n;
		PUT(out, "Contact: ");
		char *at = rest_of(out, &left);
		if (rg_contact_header(answer->contact, at, left, &n) != RG_OK) {
			out->n = before;
			continue;
		}
		out->n += n;
		PUT(out, "\r\n");
	} while (rg__wire_next_contact(answer->targets, &i, answer->contact));
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
	size_t left;
	char *at = rest_of(out, &left);

	out->n += rg_response_print(response, at, left);
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
	put_to(&out, m, copy_of(m, RG__WIRE_TO, accepted), accepted && m->start.kind == RG__WIRE_SAVE);
	PUT_COPIED(&out, "Call-ID", copy_of(m, RG__WIRE_CALL_ID, accepted));
	PUT_COPIED(&out, "CSeq", copy_of(m, RG__WIRE_CSEQ, accepted));
	if (answer->name.n > 0)
		put_header(&out, answer->name, answer->value);
	if (answer->response)
		put_response(&out, answer->response);
	if (answer->targets)
		put_redirects(&out, answer);
	PUT(&out, "Content-Length: 0\r\n\r\n");
	call->n = out.n;
	call->code = answer->code;
	if (source)
		call->to = destination(&m->via, source);
	return out.n <= call->room ? RG_OK : RG_ELIMIT;
}
