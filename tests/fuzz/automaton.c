/* SPDX-License-Identifier: MIT */
/* An expression and a text → the library's automaton, held against the system's regexec() where that is known to agree with POSIX. */
#include "regex/regex.h"
#include <regex.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What both are asked: short expressions with a few repetitions, for the system's takes time and memory out of all proportion to more;
 * and where the two are known to read an expression in two ways (an escape without a meaning, an interval without a bound, a line feed)
 * only that it ends is asked.
 */
static int comparable(rg_str expression, rg_str text)
{
	int repetitions = 0;

	for (size_t i = 0; i < expression.n; i++)
		repetitions += strchr("*+?", expression.p[i]) != NULL;
	if (repetitions > 5)
		return 0;
	return !memchr(expression.p, '\\', expression.n) && !memchr(expression.p, '{', expression.n) && !memchr(expression.p, '\n',
		expression.n) &&
		!memchr(text.p, '\n', text.n) && expression.n < 24 && text.n < 64;
}

static int system_finds(const char *expression, int how, const char *text)
{
	regex_t re;
	int flags = REG_NOSUB | (how & RG__RE_EXTENDED ? REG_EXTENDED : 0) | (how & RG__RE_IGNORE_CASE ? REG_ICASE : 0);

	if (regcomp(&re, expression, flags) != 0)
		return -1;
	int found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

/* The first octet says how, the expression ends at the first LF, the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
	char *expression, *text;
	rg__automaton *automaton;

	if (!end || memchr(data, 0, size))
		return 0;
	int how = data[0] & 3;
	rg_str re = { (const char *)data + 1, (size_t)(end - data - 1) }, s = { (const char *)end + 1, (size_t)(data + size - end - 1) };
	rg_status status = rg__automaton_new(re, how, &automaton, NULL);
	bool found = status == RG_OK && rg__automaton_finds(automaton, s);

	rg__automaton_free(automaton);
	expression = strndup(re.p, re.n);
	text = strndup(s.p, s.n);
	if (!expression || !text)
		abort();
	int other = comparable(re, s) && status != RG_ELIMIT ? system_finds(expression, how, text) : status == RG_OK ? found : -1;
	free(expression);
	free(text);
	/* What one refuses the other refuses, too. */
	if (other != (status == RG_OK ? (int)found : -1))
		abort();
	return 0;
}
