/* SPDX-License-Identifier: MIT */
#include "pattern.h"
#include "value.h"
#include <regex.h>
#include <stdlib.h>

/* Bytes of an expression written out without braces. To compile one takes time in proportion to the square of that, and worse:
 * the 255 bytes that are allowed can be made to take minutes and gigabytes. */
enum { MAX_EXPANDED = 1024, MAX_NESTING = 32 };

/* What may be empty in more ways than one makes more paths than bytes: (x*)?, copied 20 times, takes seconds. So a star or question mark
 * about what holds a repetition counts as so many copies. */
enum { NESTED = 6 };

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

/* How many copies the braces that @p s starts behind ask for; 1 when they hold no number. Open at the end, `{n,}` is n copies and one
 * more under a star. @p span becomes their length, that of what closes them included. */
static uint64_t repeats(rg_str s, size_t *span)
{
	uint64_t most = 1, number = 0;
	bool open = false;
	size_t i = 0;

	for (; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == ','); i++) {
		open = s.p[i] == ',';
		number = open ? 0 : number * 10 + (uint64_t)(s.p[i] - '0');
		if (number > MAX_EXPANDED)
			number = MAX_EXPANDED + 1;
		if (number > most)
			most = number;
	}
	i += i + 1 < s.n && s.p[i] == '\\';
	*span = i + (i < s.n && s.p[i] == '}');
	return most + open;
}

/* Bytes of the bracket expression that @p s starts with; all of them when it never closes. */
static size_t bracket(rg_str s)
{
	size_t i = 1;

	i += i < s.n && s.p[i] == '^';
	i += i < s.n && s.p[i] == ']'; /* first, it stands for itself */
	for (; i < s.n; i++) {
		if (s.p[i] == ']')
			return i + 1;
		if (s.p[i] != '[' || i + 1 == s.n || !strchr(":.=", s.p[i + 1]))
			continue;
		char kind = s.p[i + 1]; /* a class, as [:alpha:] */
		for (i += 2; i + 1 < s.n && !(s.p[i] == kind && s.p[i + 1] == ']');)
			i++;
		i++;
	}
	return s.n;
}

/* Sizes so far, a level a group: of the group, and of its last atom, which a repetition is about. */
typedef struct sizes {
	uint64_t all[MAX_NESTING], last[MAX_NESTING];
	bool repeats[MAX_NESTING], last_repeats[MAX_NESTING]; /* a repetition is in it */
	size_t level;
	bool over;
} sizes;

static void add_atom(sizes *z, uint64_t n)
{
	z->last[z->level] = n;
	z->last_repeats[z->level] = false;
	z->all[z->level] += n;
	z->over |= z->all[z->level] > MAX_EXPANDED;
}

/* The last atom becomes @p times copies of itself. */
static void add_copies(sizes *z, uint64_t times)
{
	uint64_t n = z->last[z->level];

	z->all[z->level] -= n;
	add_atom(z, n * times + 1);
	z->repeats[z->level] = z->last_repeats[z->level] = true;
}

/* Returns how much of @p behind belongs to it. */
static size_t add_special(sizes *z, char c, rg_str behind)
{
	size_t span = 0;

	if (c == '(') {
		if (z->level + 1 == MAX_NESTING) {
			z->over = true;
			return 0;
		}
		z->level++;
		z->all[z->level] = z->last[z->level] = 0;
		z->repeats[z->level] = z->last_repeats[z->level] = false;
	} else if (c == ')' && z->level > 0) {
		uint64_t n = z->all[z->level];
		bool repeats_inside = z->repeats[z->level--];
		add_atom(z, n + 2);
		z->last_repeats[z->level] = repeats_inside;
		z->repeats[z->level] |= repeats_inside;
	} else if (c == '{')
		add_copies(z, repeats(behind, &span));
	else if (c == '+')
		add_copies(z, 2); /* a+ is compiled as aa*, so that a++ is aa*(aa*)* */
	else if (c == '*' || c == '?')
		add_copies(z, z->last_repeats[z->level] ? NESTED : 1);
	return span;
}

/* Whether the expression is too much to compile. What is no valid one may be taken for either. */
static bool is_too_much(rg_str s, bool extended)
{
	sizes z = { .level = 0 };

	for (size_t i = 0; i < s.n && !z.over; i++) {
		char c = s.p[i];
		bool escaped = c == '\\' && i + 1 < s.n;
		if (escaped)
			c = s.p[++i];
		if (c == '*' ? !escaped : strchr("(){+?", c) && escaped != extended) /* in basic expressions these are special when escaped */
			i += add_special(&z, c, rg__sub(s, i + 1, s.n));
		else if (c == '[' && !escaped) {
			size_t n = bracket(rg__sub(s, i, s.n));
			add_atom(&z, n);
			i += n - 1;
		} else
			add_atom(&z, 1);
	}
	return z.over;
}

/* Copies the expression with `\/` as `/`, NUL-terminated. Sees escapes in brackets too, where they mean nothing: a back-reference
 * there is refused without need, and can be written otherwise. */
static rg_status unescape(rg_str s, char *out, rg_error *why)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c != '\\' || i + 1 == s.n) {
			out[n++] = c;
			continue;
		}
		c = s.p[++i];
		if (c >= '1' && c <= '9')
			return rg__fail(why, RG_EINVAL, "ua-filtering: back-references, as \\%c, are refused", c);
		if (c != '/')
			out[n++] = '\\';
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

/* Says what is wrong with an expression in the words of the C library. */
static rg_status check(const char *text, int how, rg_error *why)
{
	char reason[128];
	regex_t compiled;
	int failed = regcomp(&compiled, text, how);

	if (!failed) {
		regfree(&compiled);
		return RG_OK;
	}
	if (failed == REG_ESPACE)
		return rg__fail(why, RG_ENOMEM, "ua-filtering: out of memory");
	regerror(failed, &compiled, reason, sizeof reason);
	return rg__fail(why, RG_EINVAL, "ua-filtering: not a regular expression: %s", reason);
}

static rg_status compile(const char *text, int how, rg__automaton **out, rg_error *why)
{
	bool extended = how & REG_EXTENDED;
	rg_status status;

	if (is_too_much(rg_str_from(text), extended))
		return rg__fail(why, RG_EINVAL, "ua-filtering: repeats too much, or nests deeper than %d", MAX_NESTING);
	status = check(text, how, why);
	if (status != RG_OK)
		return status;
	status = rg__automaton_new(rg_str_from(text), (extended ? RG__RE_EXTENDED : 0) | (how & REG_ICASE ? RG__RE_IGNORE_CASE : 0), out);
	if (status == RG_ENOMEM)
		return rg__fail(why, RG_ENOMEM, "ua-filtering: out of memory");
	if (status == RG_ELIMIT)
		return rg__fail(why, RG_EINVAL, "ua-filtering: repeats too much");
	return status == RG_OK ? RG_OK : rg__fail(why, RG_EINVAL, "ua-filtering: the expression has an element that is not known");
}

rg_status rg__pattern_compile(rg_str value, bool ignore_case, bool extended, size_t max, rg__automaton **out,
	rg_error *why)
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
