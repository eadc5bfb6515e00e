/* SPDX-License-Identifier: MIT */
/* The headers of a response, printed from the slices that it is made of. */
#include "message/response.h"
#include "model/model.h"
#include "grammar/grammar.h"
#include <stdlib.h>

/* Header lines that are printed. `n_headers` counts them, also when there are no headers to fill in. */
typedef struct lines {
	rg__out out;
	rg_header *headers; /* NULL = the text alone is wanted */
	uint32_t n_headers;
} lines;

static inline void put(lines *l, rg_str s)
{
	rg__out_add(&l->out, s);
}

#define PUT(l, literal) put(l, RG_STR(literal))

/* A header begins here. @p start is its name with ": " behind it, a literal. */
static inline void note_header(lines *l, rg_str start)
{
	if (l->headers)
		l->headers[l->n_headers] = (rg_header){ .name = { start.p, start.n - 2 }, .value.p = l->out.room + l->out.n + start.n };
}

/* Its line is printed, with the CRLF. */
static inline void note_end(lines *l)
{
	if (l->headers)
		l->headers[l->n_headers].value.n = (size_t)(l->out.room + l->out.n - 2 - l->headers[l->n_headers].value.p);
	l->n_headers++;
}

static void put_number_header(lines *l, rg_str start, int64_t v)
{
	note_header(l, start);
	put(l, start);
	rg__out_int(&l->out, v);
	PUT(l, "\r\n");
	note_end(l);
}

static inline void put_whole(lines *l, rg_str start, rg_str value)
{
	note_header(l, start);
	rg__out_between(&l->out, start, value, RG_STR("\r\n"));
	note_end(l);
}

static void put_text_header(lines *l, rg_str start, rg_str text)
{
	if (text.n > 0)
		put_whole(l, start, text);
}

/* RFC 3261 §20.10. The URI is returned octet by octet as it came. @p gruus: what follows the parameters. */
static void put_contact(lines *l, const rg_response *r, const rg_contact *c, rg_str gruus)
{
	char q[RG__Q_ROOM];

	note_header(l, RG_STR("Contact: "));
	if (c->q >= 0) {
		rg__out_between(&l->out, RG_STR("Contact: <"), c->uri, RG_STR(">;q="));
		put(l, rg__q_print(c->q, q));
		PUT(l, ";expires=");
	} else {
		rg__out_between(&l->out, RG_STR("Contact: <"), c->uri, RG_STR(">;expires="));
	}
	rg__out_uint(&l->out, rg__seconds_left(c, r->answer.now));
	if (c->received.n > 0 && r->answer.received_param.n > 0) {
		PUT(l, ";");
		put(l, r->answer.received_param);
		PUT(l, "=\"");
		put(l, c->received);
		PUT(l, "\"");
	}
	if (gruus.n > 0) {
		put(l, c->params);
		rg__out_between(&l->out, RG_STR(""), gruus, RG_STR("\r\n"));
	} else {
		rg__out_between(&l->out, RG_STR(""), c->params, RG_STR("\r\n"));
	}
	note_end(l);
}

static inline void three_letters(char *at, const char *from)
{
	memcpy(at, from, 3);
}

/* SIP-date, RFC 3261 §20.17: RFC 1123 in GMT and English, in every locale. Years are counted from 1 March, so that a leap day ends a
 * year. */
static void put_date_header(lines *l, rg_time now)
{
	static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const int64_t last = RG__TIME_LAST / 1000;
	const uint64_t t = (uint64_t)(now < 0 ? 0 : now / 1000 < last ? now / 1000 : last);
	const uint32_t day = (uint32_t)(t / 86400), second = (uint32_t)(t % 86400);
	const uint32_t since = day + 719468, era = since / 146097, doe = since % 146097;
	const uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	const uint32_t mp = (5 * doy + 2) / 153;
	const uint32_t month = mp < 10 ? mp + 3 : mp - 9;
	const uint32_t year = yoe + era * 400 + (month <= 2);
	char text[] = "Thu, 01 Jan 1970 00:00:00 GMT";

	three_letters(text, days + 3 * (day % 7));
	rg__two_digits(text + 5, doy - (153 * mp + 2) / 5 + 1);
	three_letters(text + 8, months + 3 * (month - 1));
	rg__two_digits(rg__two_digits(text + 12, year / 100), year % 100);
	rg__two_digits(text + 17, second / 3600);
	rg__two_digits(text + 20, second / 60 % 60);
	rg__two_digits(text + 23, second % 60);
	put_whole(l, RG_STR("Date: "), (rg_str){ text, sizeof text - 1 });
}

/* Takes the next line off @p rest. */
static rg_str line_off(rg_str *rest)
{
	const char *lf = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	rg_str line = lf ? rg__sub(*rest, 0, (size_t)(lf - rest->p)) : *rest;

	*rest = lf ? rg__sub(*rest, line.n + 1, rest->n) : RG__ABSENT;
	return line;
}

/* Headers of a refusal. */
static void put_refusal(const rg_response *r, const rg__extras *x, lines *l)
{
	static const rg__extras none;
	const int32_t code = r->answer.code;

	put_text_header(l, RG_STR("P-Registrar-Error: "), rg_str_from(rg_reason_text(r->answer.reason)));
	x = x ? x : &none;
	if (code >= 500 && code < 600 && x->retry_after > 0)
		put_number_header(l, RG_STR("Retry-After: "), x->retry_after);
	if (code == 423)
		put_number_header(l, RG_STR("Min-Expires: "), x->min_expires);
	if (code == 420)
		put_text_header(l, RG_STR("Unsupported: "), x->unsupported);
}

/* Headers of the extensions. */
static void put_extensions(const rg__extras *x, lines *l)
{
	rg_str rest = x->path, caps = x->feature_caps, value;

	while (rg_path_next(&rest, &value))
		put_text_header(l, RG_STR("Path: "), value);
	while (caps.n > 0)
		put_text_header(l, RG_STR("Feature-Caps: "), line_off(&caps));
	put_text_header(l, RG_STR("Supported: "), x->supported);
	put_text_header(l, RG_STR("Require: "), x->require);
	put_text_header(l, RG_STR("Service-Route: "), x->service_route);
	if (x->flow_timer > 0)
		put_number_header(l, RG_STR("Flow-Timer: "), x->flow_timer);
}

rg_str rg__response_gruus(const rg_response *r, uint32_t index, rg_str value)
{
	rg_str rest = r->answer.extras ? r->answer.extras->gruus : RG__ABSENT, line = RG__ABSENT;

	for (uint32_t i = 0; i <= index && rest.p; i++)
		line = line_off(&rest);
	return index < r->answer.n_listed && line.n > 0 && line.n <= value.n ? rg__sub(value, value.n - line.n, value.n) : RG__ABSENT;
}

static void print_lines(const rg_response *r, lines *l)
{
	const rg__extras *x = r->answer.extras;
	rg_str gruus = x ? x->gruus : RG__ABSENT;
	rg_contact c;

	for (uint32_t i = 0; i < r->answer.n_listed; i++) {
		rg__record_listed(r->answer.record, r->answer.listed[i], &c);
		put_contact(l, r, &c, gruus.n > 0 ? line_off(&gruus) : RG__ABSENT);
	}
	put_date_header(l, r->answer.now);
	if (r->answer.code != 200)
		put_refusal(r, x, l);
	if (x)
		put_extensions(x, l);
}

size_t rg_response_print(const rg_response *r, char *room, size_t size)
{
	lines l = { .out = { room, room ? size : 0, 0 } };

	if (r)
		print_lines(r, &l);
	return l.out.n;
}

/* One allocation: the array, and the lines that its slices point into. */
static rg_status keep_headers(rg_response *r)
{
	lines l = { 0 };

	print_lines(r, &l);
	rg_header *headers = malloc(l.n_headers * sizeof *headers + l.out.n);

	if (!headers)
		return RG_ENOMEM;
	l = (lines){ .out = { (char *)(headers + l.n_headers), l.out.n, 0 }, .headers = headers };
	print_lines(r, &l);
	r->headers = headers;
	r->n_headers = l.n_headers;
	return RG_OK;
}

rg_status rg_response_headers(rg_response *r, const rg_header **headers, uint32_t *n)
{
	if (headers)
		*headers = NULL;
	if (n)
		*n = 0;
	if (!r || !headers || !n)
		return RG_EINVAL;
	rg_status status = r->headers ? RG_OK : keep_headers(r);

	if (status != RG_OK)
		return status;
	*headers = r->headers;
	*n = r->n_headers;
	return RG_OK;
}

rg_str rg_response_header(rg_response *r, rg_str name, uint32_t index)
{
	const rg_header *headers;
	uint32_t n;

	if (rg_response_headers(r, &headers, &n) != RG_OK)
		return RG__ABSENT;
	for (uint32_t i = 0; i < n; i++) {
		if (rg__eq_nocase(headers[i].name, name) && index-- == 0)
			return headers[i].value;
	}
	return RG__ABSENT;
}
