/* SPDX-License-Identifier: MIT */
#include "regex/regex.h"
#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

static bool finds(const char *expression, int how, rg_str text)
{
	rg__automaton *a;

	cr_assert_eq(rg__automaton_new(rg_str_from(expression), how, &a, NULL), RG_OK, "%s", expression);
	bool found = rg__automaton_finds(a, text);
	rg__automaton_free(a);
	return found;
}

/* What the C library says: 1 or 0, -1 for an expression it does not take. */
static int reference(const char *expression, int how, const char *text)
{
	regex_t compiled;
	int flags = REG_NOSUB | (how & RG__RE_EXTENDED ? REG_EXTENDED : 0) | (how & RG__RE_IGNORE_CASE ? REG_ICASE : 0);

	if (regcomp(&compiled, expression, flags))
		return -1;
	int found = regexec(&compiled, text, 0, NULL, 0) == 0;
	regfree(&compiled);
	return found;
}

enum { BASIC = 0, EXTENDED = RG__RE_EXTENDED, ANY_CASE = RG__RE_IGNORE_CASE };

Test(match, an_expression_means_what_POSIX_says)
{
	static const struct {
		const char *expression;
		int how;
		const char *text;
		bool found;
	} cases[] = {
		{ "", EXTENDED, "", true }, { "", EXTENDED, "a", true }, { "a", BASIC, "", false }, { "b", BASIC, "abc", true },
		{ "^a", BASIC, "ba", false }, { "a$", BASIC, "ab", false }, { "^$", BASIC, "", true }, { "^$", BASIC, "a", false },
		{ "a.c", BASIC, "xabcx", true }, { "a.c", BASIC, "ac", false }, { ".", BASIC, "\xff", true }, { ".", BASIC, "\n", true },
		{ "ab*c", BASIC, "ac", true }, { "ab*c", BASIC, "abbbc", true }, { "ab*c", BASIC, "abdc", false },
		{ "*a", BASIC, "*a", true }, { "*a", BASIC, "a", false }, { "^*a", BASIC, "*a", true }, { "\\(*a\\)", BASIC, "*a", true },
		{ "a+", BASIC, "aa", false }, { "a\\+b", BASIC, "aab", true }, { "a\\?b", BASIC, "b", true }, { "\\+a", BASIC, "+a", true },
		{ "a|b", BASIC, "b", false }, { "a\\|b", BASIC, "b", true }, { "a|b", EXTENDED, "b", true }, { "a\\|b", EXTENDED, "a|b", true },
		{ "a^b", BASIC, "a^b", true }, { "a$b", BASIC, "a$b", true }, { "a^b", EXTENDED, "a^b", false }, { "\\(^a\\)", BASIC, "ba", false },
		{ "x\\|^a", BASIC, "ba", false }, { "\\(a$\\)", BASIC, "ab", false }, { "a\\^b", EXTENDED, "a^b", true },
		{ "a$*b", BASIC, "ab", true },
		{ "^(ab|cd)+$", EXTENDED, "abcdab", true }, { "^(ab|cd)+$", EXTENDED, "abcda", false }, { "a(b|)c", EXTENDED, "ac", true },
		{ "^(a|b|c|d)e$", EXTENDED, "ce", true }, { "()", EXTENDED, "", true }, { "(|a)b", EXTENDED, "b", true },
		{ "a)", EXTENDED, "a)", true },
		{ "^a{2}$", EXTENDED, "aa", true }, { "^a{2}$", EXTENDED, "aaa", false }, { "^a{2,}$", EXTENDED, "aaaa", true },
		{ "^a{2,}$", EXTENDED, "a", false }, { "^a{,2}$", EXTENDED, "", true }, { "^a{,2}$", EXTENDED, "aaa", false },
		{ "^a{1,3}$", EXTENDED, "aaaa", false }, { "^a{1,3}$", EXTENDED, "aaa", true }, { "^a{0}b$", EXTENDED, "b", true },
		{ "^(ab){2}$", EXTENDED, "abab", true }, { "^(a|b{2}){2}$", EXTENDED, "bba", true }, { "^a\\{2\\}$", BASIC, "aa", true },
		{ "^(a{2}){3}$", EXTENDED, "aaaaaa", true }, { "^(a{2}){3}$", EXTENDED, "aaaaa", false }, { "a}", EXTENDED, "a}", true },
		{ "^((a*)*b)*$", EXTENDED, "aabab", true }, { "^(a?)+$", EXTENDED, "aaa", true }, { "^(a*)+$", EXTENDED, "b", false },
		{ "[abc]", BASIC, "xbx", true }, { "[^abc]", BASIC, "abc", false }, { "[^abc]", BASIC, "abcd", true }, { "[]a]", BASIC, "]", true },
		{ "[^]a]", BASIC, "]a", false }, { "[a-]", BASIC, "-", true }, { "[-a]", BASIC, "-", true }, { "[+--]", BASIC, ",", true },
		{ "[a-cx-z]", BASIC, "y", true }, { "[a-c]", BASIC, "d", false }, { "[[:digit:]x]", BASIC, "7", true },
		{ "[[:digit:]x]", BASIC, "a", false }, { "[^[:alnum:]]", BASIC, "aZ9", false }, { "[[:space:]]", BASIC, "\v", true },
		{ "[[:punct:]]", BASIC, "a~", true }, { "[[:cntrl:]]", BASIC, "\x7f", true }, { "[[=a=]b]", BASIC, "a", true },
		{ "[[.-.]a]", BASIC, "-", true }, { "[\\]", BASIC, "\\", true }, { "[\\d]", BASIC, "d", true }, { "[a\\]]", BASIC, "a]", true },
		{ "Ab", ANY_CASE, "aB", true }, { "[A-C]", ANY_CASE, "b", true }, { "[^a]", ANY_CASE, "A", false },
		{ "[[:upper:]]", ANY_CASE, "a", true },
		{ "[[:upper:]]", BASIC, "a", false }, { "\\W", ANY_CASE, "A", false },
		{ "\\w+\\s\\w+", EXTENDED, "my phone", true }, { "\\w\\W\\w", BASIC, "a_b", false }, { "\\S", BASIC, " \t", false },
		{ "\\bphone\\b", BASIC, "my phone 2", true }, { "\\bphone\\b", BASIC, "my phones", false }, { "\\<one", BASIC, "phone", false },
		{ "one\\>", BASIC, "phone 1", true }, { "\\Bone", BASIC, "phone", true }, { "\\`a\\'", BASIC, "a", true },
		{ "\\`a\\'", BASIC, "ab", false },
		{ "a\\.b", BASIC, "axb", false }, { "a\\/b", BASIC, "a/b", true }, { "a\\\\b", BASIC, "a\\b", true },
		{ "\\(a\\)\\(b\\)", BASIC, "ab", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool found = finds(cases[i].expression, cases[i].how, rg_str_from(cases[i].text));

		cr_expect_eq(found, cases[i].found, "row %zu: '%s' on '%s'", i, cases[i].expression, cases[i].text);
		cr_expect_eq(reference(cases[i].expression, cases[i].how, cases[i].text), cases[i].found, "row %zu: the C library says otherwise",
			i);
	}
}

static uint32_t dice(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % below);
}

static void random_text(uint64_t *state, const char *const *pieces, uint32_t n_pieces, uint32_t most, char *to)
{
	*to = '\0';
	for (uint32_t n = dice(state, most + 1); n > 0; n--)
		strcat(to, pieces[dice(state, n_pieces)]);
}

/* No line feeds among the bytes: glibc 2.36 lets `$.` match one, which POSIX does not, and no header value has any. */
Test(match, random_expressions_find_what_the_C_library_finds)
{
	static const char *const pieces[] = { "a", "b", "B", "a", "b", ".", "*", "+", "?", "(", ")", "\\(", "\\)", "|", "\\|", "^", "$",
		"{2}", "{1,3}", "{,2}", "{0}", "{1,}", "\\{2\\}", "\\{0,1\\}", "[ab]", "[^a]", "[a-b]", "[[:alpha:]]", "[^[:upper:]-]", "[]-]",
		"\\w", "\\W", "\\b", "\\<", "\\>", "\\B", "\\.", "\\+", "\\?", "(a|b)", "\\(a\\|b\\)", "-", "\\s", "\\`", "\\'", "(ab)*", "[B-_]",
			"[b-a]", "[[:digit:]-z]", "{", "\\{" };
	static const char *const bytes[] = { "a", "b", "B", "A", "-", " ", "]", "_", "*", "^", "." };
	uint64_t state = 1;
	uint32_t compared = 0, found = 0, refused = 0;

	for (uint32_t round = 0; round < 20000; round++) {
		char expression[256], text[64];
		int how = (int)dice(&state, 4);
		rg__automaton *a = NULL;

		random_text(&state, pieces, sizeof pieces / sizeof *pieces, 9, expression);
		bool valid = reference(expression, how, "") >= 0;
		cr_assert_eq(rg__automaton_new(rg_str_from(expression), how, &a, NULL), valid ? RG_OK : RG_EINVAL, "'%s', %d", expression, how);
		refused += !valid;
		if (!valid)
			continue;
		for (uint32_t i = 0; i < 6; i++) {
			random_text(&state, bytes, sizeof bytes / sizeof *bytes, 8, text);
			int want = reference(expression, how, text);
			cr_assert_eq(rg__automaton_finds(a, rg_str_from(text)), want, "'%s', %d, on '%s': %d", expression, how, text, want);
			found += want == 1;
			compared++;
		}
		rg__automaton_free(a);
	}
	cr_expect_gt(compared, 20000);
	cr_expect_gt(refused, 1000);
	cr_expect(found > compared / 10 && found < compared - compared / 10, "%u of %u", found, compared);
}

Test(match, what_it_does_not_know_it_does_not_take)
{
	static const struct { const char *expression; int how; rg_status status; } cases[] = {
		{ "[a", BASIC, RG_EINVAL }, { "(a", EXTENDED, RG_EINVAL }, { "\\(a", BASIC, RG_EINVAL }, { "a{", EXTENDED, RG_EINVAL },
		{ "a{x}", EXTENDED, RG_EINVAL }, { "a{3,2}", EXTENDED, RG_EINVAL },
		{ "*a", EXTENDED, RG_EINVAL }, { "^*", EXTENDED, RG_EINVAL }, { "(+a)", EXTENDED, RG_EINVAL }, { "a|?", EXTENDED, RG_EINVAL },
		{ "{2}", EXTENDED, RG_EINVAL }, { "\\{2\\}", BASIC, RG_EINVAL }, { "a\\)", BASIC, RG_EINVAL }, { "a\\", BASIC, RG_EINVAL },
		{ "[b-a]", BASIC, RG_EINVAL }, { "[a-c-e]", BASIC, RG_EINVAL }, { "[[:alpha:]-z]", BASIC, RG_EINVAL }, { "[a-[:alpha:]]", BASIC,
			RG_EINVAL },
		{ "[[:nothing:]]", BASIC, RG_EINVAL }, { "[[:word:]]", BASIC, RG_EINVAL }, { "[[.space.]]", BASIC, RG_EINVAL },
		{ "[[:alpha:]", BASIC, RG_EINVAL }, { "[[:alpha", BASIC, RG_EINVAL }, { "\\(a\\)\\1", BASIC, RG_EINVAL },
		{ "a{5000}", EXTENDED, RG_ELIMIT }, { "((a{100}){100}){100}", EXTENDED, RG_ELIMIT },
		{ "(((((a{9}){9}){9}){9}){9}){9}", EXTENDED, RG_ELIMIT } };
	char deep[201] = "";
	rg__automaton *a;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cr_expect_eq(rg__automaton_new(rg_str_from(cases[i].expression), cases[i].how, &a, NULL), cases[i].status, "%s",
			cases[i].expression);
		cr_expect_null(a);
	}
	memset(deep, '(', 200);
	cr_expect_eq(rg__automaton_new(rg_str_from(deep), EXTENDED, &a, NULL), RG_ELIMIT);
	rg__automaton_free(NULL);
}

Test(match, the_end_of_a_slice_is_the_end)
{
	cr_expect(finds("b$", BASIC, (rg_str){ "abc", 2 }));
	cr_expect_not(finds("c", BASIC, (rg_str){ "abc", 2 }));
	cr_expect(finds("b\\>", BASIC, (rg_str){ "abc", 2 }));
	cr_expect(finds("^$", BASIC, RG__ABSENT));
	cr_expect_not(finds("a", BASIC, RG__ABSENT));
	cr_expect(finds("^a[^b]c$", BASIC, (rg_str){ "a\0c", 3 }));
	cr_expect_not(finds("a.c", BASIC, (rg_str){ "a\0c", 3 }), "as with regcomp(), a dot is no NUL");
}
