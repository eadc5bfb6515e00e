/* SPDX-License-Identifier: MIT */
#include "message/response.h"
#include "model/model.h"
#include <stdlib.h>
#include "grammar/grammar.h"

struct rg_response {
	int32_t reason, code;
	bool no_reply;
	rg_time now;
	int64_t retry_after, min_expires;
	rg_str unsupported, received_param, path, service_route, gruus, feature_caps; /* text after `listed` */
	rg_str supported, require;
	int64_t flow_timer;
	uint32_t connection_lifetime, n_rewrites;
	rg__rewrite *rewrites; /* one allocation with their texts; NULL = none */
	rg_record *record;
	rg_header *headers; /* NULL = not rendered yet */
	uint32_t n_headers;
	char *rendered;
	uint32_t n_listed;
	uint16_t listed[];
};

static rg_str response_keep(char **room, rg_str s)
{
	rg_str kept = { *room, s.n };

	if (s.n > 0)
		memcpy(*room, s.p, s.n);
	*room += s.n;
	return kept;
}

/* Few responses have rewrites, so they get an allocation of their own. */
static bool keep_rewrites(rg_response *r, const rg__answer *a)
{
	size_t n = a->n_rewrites * sizeof *r->rewrites;
	char *room;

	for (uint32_t i = 0; i < a->n_rewrites; i++)
		n += a->rewrites[i].uri.n;
	r->rewrites = malloc(n);
	if (!r->rewrites)
		return false;
	room = (char *)(r->rewrites + a->n_rewrites);
	for (uint32_t i = 0; i < a->n_rewrites; i++)
		r->rewrites[i] = (rg__rewrite){ a->rewrites[i].contact, response_keep(&room, a->rewrites[i].uri) };
	r->n_rewrites = a->n_rewrites;
	return true;
}

rg_status rg__response_new(const rg__answer *a, rg_response **out)
{
	size_t list = a->n_listed * sizeof a->listed[0];
	rg_response *r = malloc(sizeof *r + list + a->unsupported.n + a->received_param.n + a->path.n + a->service_route.n +
		a->gruus.n + a->feature_caps.n);
	char *room;

	*out = r;
	if (!r)
		return RG_ENOMEM;
	*r = (rg_response){ .reason = a->reason, .code = a->code, .no_reply = a->no_reply, .now = a->now, .retry_after = a->retry_after,
		.min_expires = a->min_expires, .supported = a->supported, .require = a->require, .flow_timer = a->flow_timer,
		.connection_lifetime = a->connection_lifetime, .record = rg_record_ref(a->record), .n_listed = a->n_listed };
	if (list > 0)
		memcpy(r->listed, a->listed, list);
	room = (char *)r->listed + list;
	r->unsupported = response_keep(&room, a->unsupported);
	r->received_param = response_keep(&room, a->received_param);
	if (a->path.n + a->service_route.n + a->gruus.n + a->feature_caps.n > 0) {
		r->path = response_keep(&room, a->path);
		r->service_route = response_keep(&room, a->service_route);
		r->gruus = response_keep(&room, a->gruus);
		r->feature_caps = response_keep(&room, a->feature_caps);
	}
	if (a->n_rewrites == 0 || keep_rewrites(r, a))
		return RG_OK;
	rg_response_free(r);
	*out = NULL;
	return RG_ENOMEM;
}

void rg_response_free(rg_response *r)
{
	if (!r)
		return;
	rg_record_unref(r->record);
	free(r->headers);
	free(r->rendered);
	free(r->rewrites);
	free(r);
}

int32_t rg_response_reason(const rg_response *r)
{
	return r ? r->reason : RG_R_INTERNAL;
}

int32_t rg_response_code(const rg_response *r)
{
	return r ? r->code : 500;
}

const char *rg_response_phrase(const rg_response *r)
{
	return rg_sip_phrase(rg_response_code(r));
}

int32_t rg_response_no_reply(const rg_response *r)
{
	return r && r->no_reply;
}

uint32_t rg_response_connection_lifetime(const rg_response *r)
{
	return r ? r->connection_lifetime : 0;
}

static const rg__shape rewrite_shape = RG__SHAPE(rg_rewrite, NULL, sizeof(rg_rewrite));

void rg_rewrite_init(rg_rewrite *rewrite, uint32_t size)
{
	rg__shape_init(&rewrite_shape, rewrite, size);
}

uint32_t rg_response_rewrite_count(const rg_response *r)
{
	return r ? r->n_rewrites : 0;
}

rg_status rg_response_rewrite(const rg_response *r, uint32_t index, rg_rewrite *out)
{
	const bool there = r && index < r->n_rewrites;
	rg_rewrite full = { .struct_size = sizeof full };

	if (there) {
		full.contact = r->rewrites[index].contact;
		full.uri = r->rewrites[index].uri;
	}
	return rg__shape_give(&rewrite_shape, there ? &full : NULL, out);
}

uint32_t rg_response_contact_count(const rg_response *r)
{
	return r ? r->n_listed : 0;
}

/* Whole seconds that are left, but never more than were granted, even when the clock was set back. */
static uint32_t seconds_left(const rg_contact *c, rg_time now)
{
	int64_t left = rg__sub_sat(c->expires, now), granted = rg__sub_sat(c->expires, c->modified);

	if (left <= 0)
		return 0;
	if (granted >= 0 && granted < left)
		left = granted;
	left /= 1000;
	return left < (int64_t)UINT32_MAX ? (uint32_t)left : UINT32_MAX;
}

static rg_status listed_contact(const rg_response *r, uint32_t index, rg_contact *out)
{
	if (!r || index >= r->n_listed)
		return RG_ENOENT;
	return rg__record_contact(r->record, r->listed[index], out);
}

rg_status rg_response_contact(const rg_response *r, uint32_t index, rg_contact *out)
{
	rg_contact full;

	return rg__shape_give(&rg__contact_shape, listed_contact(r, index, &full) == RG_OK ? &full : NULL, out);
}

uint32_t rg_response_contact_expires(const rg_response *r, uint32_t index)
{
	rg_contact c;

	return listed_contact(r, index, &c) == RG_OK ? seconds_left(&c, r->now) : 0;
}

/* RFC 3261 §20.10. The URI is returned octet by octet as it came. */
static void put_contact_value(rg__buf *b, const rg_response *r, const rg_contact *c)
{
	char q[RG__Q_ROOM];

	rg__buf_add_text(b, "<");
	rg__buf_add(b, c->uri);
	rg__buf_add_text(b, ">");
	if (c->q >= 0) {
		rg__buf_add_text(b, ";q=");
		rg__buf_add(b, rg__q_print(c->q, q));
	}
	rg__buf_add_text(b, ";expires=");
	rg__buf_add_int(b, seconds_left(c, r->now));
	if (c->received.n > 0 && r->received_param.n > 0) {
		rg__buf_add_text(b, ";");
		rg__buf_add(b, r->received_param);
		rg__buf_add_text(b, "=\"");
		rg__buf_add(b, c->received);
		rg__buf_add_text(b, "\"");
	}
	rg__buf_add(b, c->params);
}

static void put_two(rg__buf *b, int64_t v)
{
	char two[2] = { (char)('0' + v / 10 % 10), (char)('0' + v % 10) };

	rg__buf_add(b, (rg_str){ two, 2 });
}

/* SIP-date, RFC 3261 §20.17: RFC 1123 in GMT and English, in every locale. Years are counted from 1 March, so that a leap day ends a
 * year. */
static void put_date(rg__buf *b, rg_time now)
{
	static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const int64_t last = RG__TIME_LAST / 1000;
	int64_t t = now < 0 ? 0 : now / 1000 < last ? now / 1000 : last;
	int64_t day = t / 86400, second = t % 86400;
	int64_t since = day + 719468, era = since / 146097, doe = since % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2);

	rg__buf_add(b, (rg_str){ days + 3 * (day % 7), 3 });
	rg__buf_add_text(b, ", ");
	put_two(b, doy - (153 * mp + 2) / 5 + 1);
	rg__buf_add_text(b, " ");
	rg__buf_add(b, (rg_str){ months + 3 * (month - 1), 3 });
	rg__buf_add_text(b, " ");
	put_two(b, year / 100);
	put_two(b, year % 100);
	rg__buf_add_text(b, " ");
	put_two(b, second / 3600);
	rg__buf_add_text(b, ":");
	put_two(b, second / 60 % 60);
	rg__buf_add_text(b, ":");
	put_two(b, second % 60);
	rg__buf_add_text(b, " GMT");
}

/* Header lines under construction: names, and the offsets where values end. The buffer may still move. */
typedef struct lines {
	rg__buf text;
	rg_header *headers;
	uint32_t n;
} lines;

static void begin_header(lines *l, rg_str name)
{
	l->headers[l->n].name = name;
}

static void end_header(lines *l)
{
	l->headers[l->n++].value.n = l->text.n;
}

static void put_number_header(lines *l, rg_str name, int64_t v)
{
	begin_header(l, name);
	rg__buf_add_int(&l->text, v);
	end_header(l);
}

static void put_text_header(lines *l, rg_str name, rg_str text)
{
	if (text.n == 0)
		return;
	begin_header(l, name);
	rg__buf_add(&l->text, text);
	end_header(l);
}

/* Takes the next line off @p rest. */
static rg_str line_off(rg_str *rest)
{
	const char *lf = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	rg_str line = lf ? rg__sub(*rest, 0, (size_t)(lf - rest->p)) : *rest;

	*rest = lf ? rg__sub(*rest, line.n + 1, rest->n) : RG__ABSENT;
	return line;
}

/* Headers of the extensions. */
static void put_extensions(const rg_response *r, lines *l)
{
	rg_str rest = r->path, caps = r->feature_caps, value;

	while (rg_path_next(&rest, &value))
		put_text_header(l, RG_STR("Path"), value);
	while (caps.n > 0)
		put_text_header(l, RG_STR("Feature-Caps"), line_off(&caps));
	put_text_header(l, RG_STR("Supported"), r->supported);
	put_text_header(l, RG_STR("Require"), r->require);
	put_text_header(l, RG_STR("Service-Route"), r->service_route);
	if (r->flow_timer > 0)
		put_number_header(l, RG_STR("Flow-Timer"), r->flow_timer);
}

rg_str rg__response_gruus(const rg_response *r, uint32_t index, rg_str value)
{
	rg_str rest = r->gruus, line = RG__ABSENT;

	for (uint32_t i = 0; i <= index && rest.p; i++)
		line = line_off(&rest);
	return index < r->n_listed && line.n > 0 && line.n <= value.n ? rg__sub(value, value.n - line.n, value.n) : RG__ABSENT;
}

static void render(const rg_response *r, lines *l)
{
	rg_str gruus = r->gruus;
	rg_contact c;

	for (uint32_t i = 0; listed_contact(r, i, &c) == RG_OK; i++) {
		begin_header(l, RG_STR("Contact"));
		put_contact_value(&l->text, r, &c);
		if (r->gruus.n > 0)
			rg__buf_add(&l->text, line_off(&gruus));
		end_header(l);
	}
	begin_header(l, RG_STR("Date"));
	put_date(&l->text, r->now);
	end_header(l);
	if (r->code != 200) {
		begin_header(l, RG_STR("P-Registrar-Error"));
		rg__buf_add_text(&l->text, rg_reason_text(r->reason));
		end_header(l);
	}
	if (r->code >= 500 && r->code < 600 && r->retry_after > 0)
		put_number_header(l, RG_STR("Retry-After"), r->retry_after);
	if (r->code == 423)
		put_number_header(l, RG_STR("Min-Expires"), r->min_expires);
	if (r->code == 420)
		put_text_header(l, RG_STR("Unsupported"), r->unsupported);
	put_extensions(r, l);
}

/* The number of header lines other than Contact, Path and Feature-Caps, at most. */
enum { OTHER_HEADERS = 9 };

static size_t lines_at_most(const rg_response *r)
{
	rg_str rest = r->path, caps = r->feature_caps, value;
	size_t n = r->n_listed + OTHER_HEADERS;

	while (rg_path_next(&rest, &value))
		n++;
	while (caps.n > 0) {
		line_off(&caps);
		n++;
	}
	return n;
}

rg_status rg_response_headers(rg_response *r, const rg_header **headers, uint32_t *n)
{
	lines l = { 0 };
	size_t from = 0;

	if (headers)
		*headers = NULL;
	if (n)
		*n = 0;
	if (!r || !headers || !n)
		return RG_EINVAL;
	if (!r->headers) {
		l.headers = malloc(lines_at_most(r) * sizeof *l.headers);
		if (!l.headers)
			return RG_ENOMEM;
		render(r, &l);
		if (l.text.failed) {
			free(l.headers);
			rg__buf_free(&l.text);
			return RG_ENOMEM;
		}
		for (uint32_t i = 0; i < l.n; i++) {
			size_t to = l.headers[i].value.n;

			l.headers[i].value = rg__sub((rg_str){ l.text.p, l.text.n }, from, to);
			from = to;
		}
		r->headers = l.headers;
		r->n_headers = l.n;
		r->rendered = l.text.p;
	}
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
