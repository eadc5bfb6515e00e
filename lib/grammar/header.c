/* SPDX-License-Identifier: MIT */
#include "grammar/header.h"
#include "grammar/chars.h"
#include "text/text.h"

static inline bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static inline size_t skip_space(rg_str s, size_t at)
{
	while (at < s.n && (unsigned char)s.p[at] <= ' ' && is_wsp(s.p[at]))
		at++;
	return at;
}

static inline bool at_octet(rg_str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

/* The index of the octet from @p at on that ends a run of plain ones in a quoted string, or s.n. It may be HTAB. */
RG__INLINE size_t skip_plain(rg_str s, size_t at)
{
	for (; s.n - at >= sizeof(rg__octets); at += sizeof(rg__octets)) {
		rg__octets v = rg__octets_at(s.p + at);
		size_t i = rg__first_mark((rg__octets)((v == '"') | (v == '\\') | (v < ' ') | (v == 0x7f)));

		if (i < sizeof v)
			return at + i;
	}
	while (at < s.n && !rg__is(s.p[at], RG__C_UNPLAIN))
		at++;
	return at;
}

/* Returns the index after the quoted string that begins at @p at; 0 if it is not closed or contains a control character. RFC 3261 §25.1
 * allows one in a quoted-pair, but no header of the library may carry it. */
static size_t skip_quoted(rg_str s, size_t at)
{
	for (;;) {
		at = skip_plain(s, at + 1);
		if (at == s.n)
			return 0;
		if (s.p[at] == '"')
			return at + 1;
		if ((s.p[at] == '\\' && ++at == s.n) || rg__is(s.p[at], RG__C_CONTROL))
			return 0;
	}
}

/* One octet at a time, so that nothing after the last accepted value is read. */
static size_t find_stop(rg_str s, size_t at)
{
	while (at < s.n && !rg__is(s.p[at], RG__C_LIST))
		at++;
	return at;
}

/* Returns the index of the comma, or s.n; SIZE_MAX for an unclosed quote or bracket. */
static size_t find_comma(rg_str s)
{
	for (size_t at = find_stop(s, 0); at < s.n; at = find_stop(s, at + 1)) {
		if (s.p[at] == ',')
			return at;
		if (s.p[at] == '"') {
			at = skip_quoted(s, at);
			if (at == 0)
				return SIZE_MAX;
			at--;
		} else {
			const char *close = memchr(s.p + at, '>', s.n - at);
			if (!close)
				return SIZE_MAX;
			at = (size_t)(close - s.p);
		}
	}
	return s.n;
}

int rg__list_next(rg_str *rest, rg_str *value)
{
	rg_str list = *rest;

	*value = RG__ABSENT;
	*rest = RG__ABSENT;
	if (!list.p)
		return 0;
	size_t comma = find_comma(list);
	if (comma == SIZE_MAX)
		return -1;
	*value = rg__trim(rg__sub(list, 0, comma));
	if (comma < list.n)
		*rest = rg__sub(list, comma + 1, list.n);
	return 1;
}

/* An IPv6 address in brackets. Returns the index after it, or 0. */
static RG__NOINLINE size_t skip_ip6(rg_str s, size_t at)
{
	const char *close = memchr(s.p + at, ']', s.n - at);
	size_t end = close ? (size_t)(close - s.p) : 0;
	rg_addr addr;

	return close && rg__ip6_parse(rg__sub(s, at + 1, end), &addr) ? end + 1 : 0;
}

/* gen-value = token / host / quoted-string. Returns the index after it, or 0. Of the hosts only an IPv6 address is no token. */
RG__INLINE size_t skip_gen_value(rg_str s, size_t at)
{
	if (at >= s.n)
		return 0;
	if (s.p[at] == '"')
		return skip_quoted(s, at);
	if (s.p[at] == '[')
		return skip_ip6(s, at);
	size_t end = rg__span(s, at, RG__C_TOKEN);
	return end > at ? end : 0;
}

/* Reads the header parameter behind the ';' at @p at. Returns the index after it and the white space behind it; 0: it is malformed. */
RG__INLINE size_t read_param(rg_str s, size_t at, rg__param *out)
{
	size_t name = skip_space(s, at + 1), end = rg__span(s, name, RG__C_TOKEN);

	if (end == name)
		return 0;
	out->name = rg__sub(s, name, end);
	out->value = RG__ABSENT;
	at = end;
	if (!at_octet(s, at, '=')) {
		at = skip_space(s, end);
		if (!at_octet(s, at, '='))
			return at;
	}
	size_t value = skip_space(s, at + 1);
	end = skip_gen_value(s, value);
	if (end == 0)
		return 0;
	out->value = rg__sub(s, value, end);
	return skip_space(s, end);
}

int rg__param_next(rg_str *rest, rg__param *out)
{
	rg_str s = *rest;

	*out = (rg__param){ 0 };
	*rest = RG__ABSENT;
	size_t end = at_octet(s, 0, ';') ? read_param(s, 0, out) : 0;
	if (end == 0 || (end < s.n && s.p[end] != ';'))
		return s.n == 0 ? 0 : -1;
	if (end < s.n)
		*rest = rg__sub(s, end, s.n);
	return 1;
}

/* RFC 3261 §7.3.1: no name stands twice. */
static bool are_distinct(const rg__params *params)
{
	rg__names names;

	rg__names_init(&names, false);
	for (uint32_t i = 0; i < params->n; i++) {
		if (!rg__names_add(&names, params->row[i].name))
			return false;
	}
	return true;
}

/* Reads the header parameters from @p at on. Returns the index after them; SIZE_MAX: one is malformed, or stands twice. */
RG__INLINE size_t read_header_params(rg_str s, size_t at, rg__params *out)
{
	rg__shapes shapes = { 0 };

	while (at_octet(s, at, ';')) {
		rg__param *param = &out->row[out->n];

		at = out->n < RG__PARAMS_MAX ? read_param(s, at, param) : 0;
		if (at == 0)
			return SIZE_MAX;
		rg__shapes_add(&shapes, param->name);
		out->n++;
	}
	return !shapes.collide || are_distinct(out) ? at : SIZE_MAX;
}

/* True of `sip:a@b;x <sip:c@d>`: a reader for whom the first semicolon ends the URI would take the text before the bracket for the address. */
static bool is_bare_uri(rg_str before)
{
	rg_str sip = RG_STR("sip:"), sips = RG_STR("sips:");
	bool starts = (before.n > sip.n && rg__eq_nocase(rg__sub(before, 0, sip.n), sip)) ||
		(before.n > sips.n && rg__eq_nocase(rg__sub(before, 0, sips.n), sips));

	return starts && memchr(before.p, ';', before.n);
}

/* Returns the index of the "<" after the display name, else of the end: that of the text, or in a list its next comma. SIZE_MAX: an unclosed
 * quote. Nothing depends on the name, so it may be any text without control characters: devices send UTF-8 without quotes. A quoted string
 * in it must be closed, or its end would be a guess. */
RG__INLINE size_t find_bracket(rg_str s, size_t at, bool in_list)
{
	for (at = find_stop(s, at); at < s.n && s.p[at] != '<'; at = find_stop(s, at)) {
		if (s.p[at] == ',' && in_list)
			break;
		at = s.p[at] == '"' ? skip_quoted(s, at) : at + 1;
		if (at == 0)
			return SIZE_MAX;
	}
	return at;
}

/* RFC 3261 §20: a URI with a comma, question mark or semicolon must be in brackets, so the first semicolon ends the URI. Returns its index,
 * or @p end. */
static size_t read_plain(rg_str s, size_t from, size_t end, rg__name_addr *out)
{
	const char *semicolon = end > from ? memchr(s.p + from, ';', end - from) : NULL;

	end = semicolon ? (size_t)(semicolon - s.p) : end;
	out->uri = rg__trim(rg__sub(s, from, end));
	for (size_t i = 0; i < out->uri.n; i++) {
		if (memchr(",?<>\" \t", out->uri.p[i], 7))
			return SIZE_MAX;
	}
	return out->uri.n > 0 ? end : SIZE_MAX;
}

/* Returns the index after the ">" and white space. */
RG__INLINE size_t read_bracketed(rg_str s, size_t from, size_t open, rg__name_addr *out)
{
	const char *close = memchr(s.p + open, '>', s.n - open);
	rg_str display = RG__ABSENT;

	if (open > from)
		display = rg__trim(rg__sub(s, from, open));
	if (!close || close == s.p + open + 1 || rg__has_control(display) || is_bare_uri(display))
		return SIZE_MAX;
	size_t end = (size_t)(close - s.p);
	out->bracketed = true;
	out->display = display.n > 0 ? display : RG__ABSENT;
	out->uri = rg__sub(s, open + 1, end);
	return skip_space(s, end + 1);
}

/* Reads the value that begins at @p from. Returns the index after it and the white space behind it; SIZE_MAX: it is malformed. */
static size_t read_name_addr(rg_str s, size_t from, bool in_list, rg__name_addr *out, rg__params *params)
{
	size_t at = find_bracket(s, from, in_list), end;

	out->display = RG__ABSENT;
	out->params = RG__ABSENT;
	out->bracketed = false;
	params->n = 0;
	if (at == SIZE_MAX)
		return SIZE_MAX;
	at = at_octet(s, at, '<') ? read_bracketed(s, from, at, out) : read_plain(s, from, at, out);
	if (!at_octet(s, at, ';'))
		return at;
	end = read_header_params(s, at, params);
	if (end != SIZE_MAX)
		out->params = rg__trim(rg__sub(s, at, end));
	return end;
}

bool rg__are_header_params(rg_str text)
{
	rg__params params;

	params.n = 0;
	return read_header_params(text, 0, &params) == text.n;
}

rg_status rg__name_addr_read(rg_str value, rg__name_addr *out, rg__params *params)
{
	if (value.n > 0 && read_name_addr(value, skip_space(value, 0), false, out, params) == value.n)
		return RG_OK;
	*out = (rg__name_addr){ 0 };
	params->n = 0;
	return RG_EINVAL;
}

int rg__name_addr_next(rg_str *rest, rg_str *value, rg__name_addr *out, rg__params *params, bool *good)
{
	rg_str list = *rest;
	size_t from = skip_space(list, 0), end = list.n > 0 ? read_name_addr(list, from, true, out, params) : SIZE_MAX;

	*good = end == list.n || at_octet(list, end, ',');
	if (!*good)
		return rg__list_next(rest, value);
	*value = rg__trim(rg__sub(list, from, end));
	*rest = end < list.n ? rg__sub(list, end + 1, list.n) : RG__ABSENT;
	return 1;
}

static rg_status parse_name_addr(rg_str value, rg__name_addr *out)
{
	rg__params params;

	return rg__name_addr_read(value, out, &params);
}

/* Most values of To are a URI in brackets and nothing else. */
rg_status rg__name_addr_parse(rg_str value, rg__name_addr *out)
{
	if (value.n <= 2 || value.p[0] != '<' || memchr(value.p, '>', value.n) != value.p + value.n - 1)
		return parse_name_addr(value, out);
	out->display = RG__ABSENT;
	out->uri = rg__sub(value, 1, value.n - 1);
	out->params = RG__ABSENT;
	out->bracketed = true;
	return RG_OK;
}

rg_str rg__unquote(rg_str value)
{
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		return rg__sub(value, 1, value.n - 1);
	return value;
}

bool rg__is_token(rg_str s)
{
	return s.n > 0 && rg__all(s, RG__C_TOKEN);
}

bool rg__is_token_list(const rg_str *lines, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		rg_str rest = lines[i], value;
		int more;

		while ((more = rg__list_next(&rest, &value)) > 0) {
			if (value.n > 0 && !rg__is_token(value))
				return false;
		}
		if (more < 0)
			return false;
	}
	return true;
}

/* Whether sixteen octets are letters, digits, `-`, `.` and `/`, which are most octets of a Call-ID. */
static inline bool are_usual_in_word(const char *p)
{
	return rg__mark_bits(rg__mark_alnum_from(rg__octets_at(p), '-')) == UINT16_MAX;
}

/* rg__span() for RG__C_WORD. */
static size_t skip_word(rg_str s, size_t at)
{
	enum { STEP = sizeof(rg__octets) };

	while (s.n - at >= STEP && are_usual_in_word(s.p + at))
		at += STEP;
	if (s.n - at < STEP && s.n >= STEP && are_usual_in_word(s.p + s.n - STEP))
		return s.n;
	return rg__span(s, at, RG__C_WORD);
}

bool rg__is_callid(rg_str s) /* word [ "@" word ] */
{
	size_t end = skip_word(s, 0);

	if (end == 0 || end == s.n)
		return end > 0;
	return s.p[end] == '@' && end + 1 < s.n && skip_word(s, end + 1) == s.n;
}

/* What most CSeqs are: one to eight digits, a blank and REGISTER. */
static bool is_usual_cseq(rg_str s, uint32_t *number)
{
	enum { BLANK_AND_METHOD = 9, MOST = 8 };
	size_t digits = s.n - BLANK_AND_METHOD;

	return digits - 1 < MOST && memcmp(s.p + digits, " REGISTER", BLANK_AND_METHOD) == 0 && rg__few_digits(s.p, digits, number);
}

rg_status rg__cseq_parse(rg_str value, uint32_t *number, rg_str *method)
{
	rg_str s = rg__trim(value), usual = RG_STR("REGISTER");
	uint64_t n = 0;
	size_t digits = 0;

	if (is_usual_cseq(s, number)) {
		*method = rg__sub(s, s.n - usual.n, s.n);
		return RG_OK;
	}
	*number = 0;
	*method = RG__ABSENT;
	for (unsigned digit; digits < s.n && (digit = (unsigned char)s.p[digits] - (unsigned)'0') <= 9 && n < (uint64_t)1 << 31; digits++)
		n = n * 10 + digit;
	size_t at = skip_space(s, digits);
	rg_str name = rg__sub(s, at, s.n);
	if (digits == 0 || at == digits || n >= (uint64_t)1 << 31 || !rg__is_token(name))
		return RG_EINVAL; /* RFC 3261 §8.1.1.5: less than 2**31 */
	*number = (uint32_t)n;
	*method = name;
	return RG_OK;
}

rg_status rg__q_parse(rg_str value, int32_t *q) /* ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
{
	int32_t sum = 0, weight = 100;

	*q = 0;
	if (value.n == 0 || value.n > 5 || (value.p[0] != '0' && value.p[0] != '1') || (value.n > 1 && value.p[1] != '.'))
		return RG_EINVAL;
	sum = (value.p[0] - '0') * 1000;
	for (size_t i = 2; i < value.n; i++, weight /= 10) {
		if (!rg__is(value.p[i], RG__C_DIGIT))
			return RG_EINVAL;
		sum += (value.p[i] - '0') * weight;
	}
	if (sum > 1000)
		return RG_EINVAL;
	*q = sum;
	return RG_OK;
}

rg_str rg__q_print(int32_t q, char room[RG__Q_ROOM])
{
	size_t n = RG__Q_ROOM;

	room[0] = q >= 1000 ? '1' : '0';
	if (q >= 1000 || q <= 0)
		return (rg_str){ room, 1 };
	room[1] = '.';
	room[2] = (char)('0' + q / 100);
	room[3] = (char)('0' + q / 10 % 10);
	room[4] = (char)('0' + q % 10);
	while (room[n - 1] == '0')
		n--;
	return (rg_str){ room, n };
}
