/* SPDX-License-Identifier: MIT */
#include "config/ua_filter.h"
#include "config/parse.h"
#include <stdlib.h>

size_t rg__pattern_span(rg_str s)
{
	if (s.n == 0 || s.p[0] != '/')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '/')
			return i + 1;
	}
	return 0;
}

/* Copies the expression with `\/` as `/`. Returns the length of the copy. */
static size_t unescape(rg_str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[++i] != '/')
			out[n++] = '\\';
		out[n++] = s.p[i];
	}
	return n;
}

static rg_status letters(rg_str s, int *how, rg_error *why)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == 'i')
			*how |= RG__RE_IGNORE_CASE;
		else if (s.p[i] == 'e')
			*how |= RG__RE_EXTENDED;
		else
			return rg__fail(why, RG_EINVAL, "ua-filtering: '%.*s' after the closing slash is not of the letters i and e", RG__SHOWN(s));
	}
	return RG_OK;
}

static rg_status compile(rg_str text, int how, rg__automaton **out, rg_error *why)
{
	const char *what = "";
	rg_status status = rg__automaton_new(text, how, out, &what);

	if (status == RG_ENOMEM)
		return rg__fail(why, RG_ENOMEM, "ua-filtering: out of memory");
	if (status == RG_ELIMIT)
		return rg__fail(why, RG_EINVAL, "ua-filtering: %s", what);
	return status == RG_OK ? RG_OK : rg__fail(why, RG_EINVAL, "ua-filtering: not a regular expression: %s", what);
}

rg_status rg__pattern_compile(rg_str value, bool ignore_case, bool extended, size_t max, rg__automaton **out,
	rg_error *why)
{
	int how = (ignore_case ? RG__RE_IGNORE_CASE : 0) | (extended ? RG__RE_EXTENDED : 0);
	size_t span = rg__pattern_span(value);

	if (span == 0)
		return rg__fail(why, RG_EINVAL, "ua-filtering: '%.*s' is not /regexp/", RG__SHOWN(value));
	rg_str inside = rg__sub(value, 1, span - 1);
	if (inside.n == 0 || inside.n > max)
		return rg__fail(why, RG_EINVAL, "ua-filtering: takes an expression of 1 to %zu bytes, not of %zu", max, inside.n);
	rg_status status = letters(rg__sub(value, span, value.n), &how, why);
	if (status != RG_OK)
		return status;
	char *text = malloc(inside.n);
	if (!text)
		return rg__fail(why, RG_ENOMEM, "ua-filtering: out of memory");
	status = compile((rg_str){ text, unescape(inside, text) }, how, out, why);
	free(text);
	return status;
}
