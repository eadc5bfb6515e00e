/* SPDX-License-Identifier: MIT */
/* Reads a header line: its text if Sofia kept it, else the text that Sofia prints. */
#include "sofia/sofia.h"

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static rg_str trim(rg_str s)
{
	while (s.n > 0 && is_lws(s.p[0]))
		s.p++, s.n--;
	while (s.n > 0 && is_lws(s.p[s.n - 1]))
		s.n--;
	return s;
}

rg_str rg__sofia_copy(su_home_t *home, rg_str s)
{
	char *p = s.p ? su_alloc(home, s.n + 1) : NULL;

	if (!p)
		return RG__NONE;
	memcpy(p, s.n ? s.p : "", s.n);
	p[s.n] = '\0';
	return (rg_str){ p, s.n };
}

/* RFC 3261 §7.3.1: a line end and the white space after it count as one space. White space before the line end stays. */
static rg_str unfold(su_home_t *home, rg_str s)
{
	rg_str out = rg__sofia_copy(home, s);
	char *to = (char *)out.p;

	for (size_t i = 0; i < out.n; i++) {
		if (out.p[i] != '\r' && out.p[i] != '\n') {
			*to++ = out.p[i];
			continue;
		}
		while (i + 1 < out.n && is_lws(out.p[i + 1]))
			i++;
		*to++ = ' ';
	}
	out.n = out.p ? (size_t)(to - out.p) : 0;
	return out;
}

static bool has_text(const msg_header_t *h)
{
	return h->sh_data && h->sh_len > 0;
}

bool rg__sofia_line_continues(const msg_header_t *h)
{
	return h->sh_data && h->sh_len == 0;
}

rg_str rg__sofia_line_name(const msg_header_t *h)
{
	if (has_text(h)) {
		const char *colon = memchr(h->sh_data, ':', h->sh_len);
		rg_str line = { h->sh_data, colon ? (size_t)(colon - (const char *)h->sh_data) : 0 };
		return trim(line);
	}
	if (h->sh_class == sip_unknown_class)
		return rg_str_from(((const sip_unknown_t *)h)->un_name);
	return rg_str_from(h->sh_class->hc_name);
}

static rg_str unfolded(su_home_t *home, rg_str s)
{
	return s.n > 0 && (memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n)) ? unfold(home, s) : s;
}

static rg_str printed_value(su_home_t *home, const msg_header_t *h)
{
	if (h->sh_class == sip_error_class)
		return (rg_str){ "", 0 };
	if (h->sh_class == sip_unknown_class)
		return unfolded(home, rg_str_from(((const sip_unknown_t *)h)->un_value));
	return unfolded(home, rg_str_from(sip_header_as_string(home, (const sip_header_t *)h)));
}

rg_str rg__sofia_line_value(su_home_t *home, const msg_header_t *h)
{
	if (!has_text(h))
		return printed_value(home, h);
	rg_str line = { h->sh_data, h->sh_len };
	const char *colon = memchr(line.p, ':', line.n);
	if (!colon)
		return (rg_str){ "", 0 };
	line.n -= (size_t)(colon + 1 - line.p);
	line.p = colon + 1;
	return unfolded(home, trim(line));
}

/* The headers of a message that a host built are in order only after it was serialized. */
msg_header_t *rg__sofia_first_line(const msg_t *msg)
{
	msg_header_t **head = msg_chain_head(msg);

	if (head && !*head)
		msg_serialize((msg_t *)msg, msg_object(msg));
	return head ? *head : NULL;
}

bool rg__sofia_is_name_of(msg_hclass_t *class, rg_str name)
{
	if (name.n == 1)
		return class->hc_short[0] && (name.p[0] | 0x20) == class->hc_short[0];
	return name.n == (size_t)class->hc_len && rg__sofia_same_name(name, (rg_str){ class->hc_name, name.n });
}

/* @param class  of this name by Sofia's own message class; that of @p msg may know fewer. */
static bool is_named(const msg_header_t *h, msg_hclass_t *class, rg_str name)
{
	if (h->sh_class == sip_error_class)
		return ((const sip_error_t *)h)->er_name == class->hc_name;
	if (class == sip_unknown_class)
		return rg__sofia_same_name(rg__sofia_line_name(h), name);
	return h->sh_class == class || (h->sh_class == sip_unknown_class && rg__sofia_is_name_of(class, rg__sofia_line_name(h)));
}

/* The index after the quoted string that starts at @p at; n if it is not closed. */
static size_t after_quoted(const char *p, size_t n, size_t at)
{
	for (at++; at < n && p[at] != '"'; at++)
		at += p[at] == '\\';
	return at < n ? at + 1 : n;
}

/* Overwrites each display name with blanks. */
static void blank_names(char *p, size_t n, bool list)
{
	size_t from = 0, at = 0;

	while (at < n) {
		if (p[at] == '"') {
			at = after_quoted(p, n, at);
		} else if (p[at] == '<') {
			const char *close = memchr(p + at, '>', n - at);
			memset(p + from, ' ', at - from);
			at = close ? (size_t)(close - p) : n;
			/* what follows belongs to this value until the next comma, and has no name */
			while (at < n && !(list && p[at] == ','))
				at = p[at] == '"' ? after_quoted(p, n, at) : at + 1;
		} else if (p[at++] == ',' && list) {
			from = at;
		}
	}
}

msg_header_t *rg__sofia_without_names(su_home_t *home, msg_hclass_t *class, rg_str value)
{
	rg_str copy = rg__sofia_has_bad_octet(value) ? RG__NONE : rg__sofia_copy(home, value);

	if (!copy.p)
		return NULL;
	blank_names((char *)copy.p, copy.n, class->hc_kind != msg_kind_single);
	return msg_header_make(home, class, copy.p);
}

const msg_header_t *rg__sofia_named_header(const msg_t *msg, msg_hclass_t *class, const void *parsed, const msg_header_t **line)
{
	*line = parsed;
	for (msg_header_t *h = parsed ? NULL : rg__sofia_first_line(msg); h; h = h->sh_succ) {
		if (h->sh_class != sip_error_class || ((const sip_error_t *)h)->er_name != class->hc_name)
			continue;
		rg_str value = rg__sofia_line_value(msg_home(msg), h);
		*line = h;
		return value.p ? rg__sofia_without_names(msg_home(msg), class, value) : NULL;
	}
	return parsed;
}

rg_status rg__sofia_line_find(const msg_t *msg, rg_str name, uint32_t index, rg_str *value)
{
	su_home_t *home = msg_home(msg);
	isize_t at = 0;

	*value = RG__NONE;
	if (name.n == 0 || name.n >= 256)
		return RG_ENOENT;
	char *key = su_alloc(home, name.n + 2);
	if (!key)
		return RG_ENOMEM;
	memcpy(key, name.p, name.n);
	memcpy(key + name.n, ":", 2);
	const msg_href_t *ref = msg_find_hclass(sip_default_mclass(), key, &at);
	msg_hclass_t *class = ref && at > 0 ? ref->hr_class : NULL;
	su_free(home, key);
	for (msg_header_t *h = rg__sofia_first_line(msg); h && class; h = h->sh_succ) {
		if (rg__sofia_line_continues(h) || !is_named(h, class, name) || index-- > 0)
			continue;
		*value = rg__sofia_line_value(home, h);
		return value->p ? RG_OK : RG_ENOMEM;
	}
	return RG_ENOENT;
}
