/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

/* The octet behind the quoted string that begins at @p at; s.n: it is not closed. */
static size_t after_string(rg_str s, size_t at)
{
	for (at++; at < s.n && s.p[at] != '"'; at++)
		at += s.p[at] == '\\';
	return at < s.n ? at + 1 : s.n;
}

uint32_t rg__wire_value_count(rg_str list)
{
	uint32_t n = 0;
	bool filled = false;

	for (size_t i = 0; i < list.n;) {
		char c = list.p[i];

		if (c == ',')
			filled = false;
		else if (!filled && c != ' ' && c != '\t')
			filled = true, n++;
		i = c == '"' ? after_string(list, i) : i + 1;
	}
	return n;
}

bool rg__wire_cseq_fits(rg_str cseq, rg_str method)
{
	size_t i = 0;

	while (i < cseq.n && !rg__wire_is(cseq.p[i], RG__WIRE_LWS))
		i++;
	return rg_str_equal(rg__wire_trim((rg_str){ cseq.p + i, cseq.n - i }), method);
}

bool rg__wire_length_fits(rg_str length, size_t body)
{
	uint64_t stated = 0;

	for (size_t i = 0; i < length.n; i++) {
		if (!rg__wire_is(length.p[i], RG__WIRE_DIGIT))
			return false;
		if (stated <= body)
			stated = stated * 10 + (uint64_t)(length.p[i] - '0');
	}
	return length.n > 0 && stated <= body;
}

/* A parameter of this name, from the ';' at @p at on. */
static bool has_param(rg_str s, size_t at, rg_str name)
{
	while (at < s.n) {
		if (s.p[at] == '"') {
			at = after_string(s, at);
			continue;
		}
		if (s.p[at++] != ';')
			continue;
		size_t from = at;
		while (from < s.n && rg__wire_is(s.p[from], RG__WIRE_LWS))
			from++;
		for (at = from; at < s.n && rg__wire_is(s.p[at], RG__WIRE_TOKEN);)
			at++;
		if (rg__wire_same_name((rg_str){ s.p + from, at - from }, name))
			return true;
	}
	return false;
}

/* name-addr or addr-spec, RFC 3261 §20.10: without <> the parameters are those of the header. */
bool rg__wire_to_tag(rg_str to, bool *tagged)
{
	size_t at = 0;

	while (at < to.n && to.p[at] != '<')
		at = to.p[at] == '"' ? after_string(to, at) : at + 1;
	const char *close = at < to.n ? memchr(to.p + at, '>', to.n - at) : NULL;
	*tagged = false;
	if (to.n == 0 || (at < to.n && !close))
		return false;
	*tagged = has_param(to, close ? (size_t)(close - to.p) : 0, RG_STR("tag"));
	return true;
}
