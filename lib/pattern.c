/* SPDX-License-Identifier: MIT */
#include "pattern.h"
#include "value.h"
#include <stdlib.h>

/* Repeat counts multiply in the size of the compiled expression: `(a{999}){999}` would take gigabytes. */
enum { MAX_REPEATS = 1000 };

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

/* The greatest number within the braces that @p s starts behind; 1 when there is none. */
static uint64_t repeats(rg_str s)
{
	uint64_t most = 1, number = 0;

	for (size_t i = 0; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == ','); i++) {
		number = s.p[i] == ',' ? 0 : number * 10 + (uint64_t)(s.p[i] - '0');
		if (number > MAX_REPEATS)
			return MAX_REPEATS + 1;
		if (number > most)
			most = number;
	}
	return most;
}

/* Copies the expression with `\/` as `/`, NUL-terminated. Counts braces and sees escapes in brackets too, where they mean nothing:
 * what is refused there without need can be written otherwise. */
static rg_status unescape(rg_str s, char *out, rg_error *why)
{
	uint64_t product = 1;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '{') {
			product *= repeats(rg__sub(s, i + 1, s.n));
			if (product > MAX_REPEATS)
				return rg__fail(why, RG_EINVAL, "ua-filtering: repeats more than %d times in all", MAX_REPEATS);
		}
		if (c != '\\' || i + 1 == s.n) {
			out[n++] = c;
			continue;
		}
		c = s.p[++i];
		if (c >= '1' && c <= '9')
			return rg__fail(why, RG_EINVAL, "ua-filtering: back-references, as \\%c, are refused", c);
		if (c != '/')
			out[n++] = '\\';
		i -= c == '{'; /* to be counted above */
		if (c != '{')
			out[n++] = c;
	}
	out[n] = '\0';
	return RG_OK;
}

static rg_status letters(rg_str s, int *how, rg_error *why)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == 'i')
			*how |= REG_ICASE;
		else if (s.p[i] == 'e')
			*how |= REG_EXTENDED;
		else
			return rg__fail(why, RG_EINVAL, "ua-filtering: '%.*s' after the closing slash is not of the letters i and e", RG__SHOWN(s));
	}
	return RG_OK;
}

static rg_status compile(const char *text, int how, regex_t *out, rg_error *why)
{
	char reason[128];
	int failed = regcomp(out, text, how);

	if (!failed)
		return RG_OK;
	if (failed == REG_ESPACE)
		return rg__fail(why, RG_ENOMEM, "ua-filtering: out of memory");
	regerror(failed, out, reason, sizeof reason);
	return rg__fail(why, RG_EINVAL, "ua-filtering: not a regular expression: %s", reason);
}

rg_status rg__pattern_compile(rg_str value, bool ignore_case, bool extended, size_t max, regex_t *out, rg_error *why)
{
	int how = REG_NOSUB | (ignore_case ? REG_ICASE : 0) | (extended ? REG_EXTENDED : 0);
	size_t span = rg__pattern_span(value);

	if (span == 0)
		return rg__fail(why, RG_EINVAL, "ua-filtering: '%.*s' is not /regexp/", RG__SHOWN(value));
	rg_str inside = rg__sub(value, 1, span - 1);
	if (inside.n == 0 || inside.n > max)
		return rg__fail(why, RG_EINVAL, "ua-filtering: takes an expression of 1 to %zu bytes, not of %zu", max, inside.n);
	rg_status status = letters(rg__sub(value, span, value.n), &how, why);
	if (status != RG_OK)
		return status;
	char *text = malloc(inside.n + 1);
	if (!text)
		return rg__fail(why, RG_ENOMEM, "ua-filtering: out of memory");
	status = unescape(inside, text, why);
	if (status == RG_OK)
		status = compile(text, how, out, why);
	free(text);
	return status;
}
