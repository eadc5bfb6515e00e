/* SPDX-License-Identifier: MIT */
/* Compiles POSIX.1 base definitions §9, with the extensions that GNU regcomp() accepts. */
#include "regex/compile.h"
#include "regex/regex.h"
#include <stdlib.h>

enum { MAX_NESTING = 64, NO_MOST = -1 };

typedef struct compiler {
	rg__automaton *a;
	rg_str rest;       /* of the expression, not yet read */
	bool extended;
	bool starts;       /* no atom of this branch was read yet */
	uint32_t depth;
	rg_status failed;
	const char *why;
} compiler;

static void fail(compiler *c, rg_status status, const char *why)
{
	if (c->failed == RG_OK) {
		c->failed = status;
		c->why = why;
	}
	c->rest.n = 0;
}

static void invalid(compiler *c, const char *why)
{
	fail(c, RG_EINVAL, why);
}

static void too_much(compiler *c, const char *why)
{
	fail(c, RG_ELIMIT, why);
}

static void no_memory(compiler *c)
{
	fail(c, RG_ENOMEM, "out of memory");
}

/* Makes room for @p n instructions at @p at. False: the caller writes nothing. */
static bool open_gap(compiler *c, uint32_t at, uint32_t n)
{
	rg__automaton *a = c->a;
	rg__code *grown;

	if (c->failed != RG_OK || n == 0)
		return false;
	if (n > RG__CODE_MAX - a->n) {
		too_much(c, "repeats too much, or is too long");
		return false;
	}
	grown = realloc(a->code, (a->n + n) * sizeof *grown);
	if (!grown) {
		no_memory(c);
		return false;
	}
	a->code = grown;
	if (at < a->n)
		memmove(grown + at + n, grown + at, (a->n - at) * sizeof *grown);
	a->n += n;
	return true;
}

static void insert_code(compiler *c, uint32_t at, uint8_t op, uint8_t what, int32_t to)
{
	if (open_gap(c, at, 1))
		c->a->code[at] = (rg__code){ op, what, (int16_t)to };
}

static void add_code(compiler *c, uint8_t op, uint8_t what, int32_t to)
{
	insert_code(c, c->a->n, op, what, to);
}

static uint8_t fold_byte(const compiler *c, char byte)
{
	return rg__automaton_byte(c->a, byte);
}

static void include(rg__byte_set *set, uint8_t byte)
{
	set->bits[byte / 64] |= (uint64_t)1 << (byte % 64);
}

static void add_set(compiler *c, const rg__byte_set *set)
{
	rg__automaton *a = c->a;
	rg__byte_set *grown;

	if (a->n_sets == RG__SETS_MAX) {
		too_much(c, "too many bracket expressions");
		return;
	}
	grown = realloc(a->sets, (a->n_sets + 1) * sizeof *grown);
	if (!grown) {
		no_memory(c);
		return;
	}
	a->sets = grown;
	grown[a->n_sets] = *set;
	add_code(c, RG__OP_SET, (uint8_t)a->n_sets++, 0);
}

/* One row for each POSIX class, as ranges of ASCII. */
static const struct class {
	const char *name, *ranges;
} classes[] = {
	{ "alpha", "AZaz" }, { "digit", "09" }, { "alnum", "09AZaz" }, { "upper", "AZ" }, { "lower", "az" }, { "space", "\t\r  " },
	{ "blank", "\t\t  " }, { "punct", "!/:@[`{~" }, { "print", " ~" }, { "graph", "!~" }, { "cntrl", "\1\37\177\177" },
	{ "xdigit", "09AFaf" }, { "word", "09AZaz__" },
};

static bool include_class(const compiler *c, rg__byte_set *set, rg_str name)
{
	bool any_case = c->a->ignore_case && (rg__eq(name, RG_STR("upper")) || rg__eq(name, RG_STR("lower")));

	if (any_case)
		name = RG_STR("alpha");
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		if (!rg__eq(name, rg_str_from(classes[i].name)))
			continue;
		for (const char *r = classes[i].ranges; *r; r += 2) {
			for (int byte = r[0]; byte <= r[1]; byte++)
				include(set, (uint8_t)byte);
		}
		if (classes[i].ranges[0] == '\1')
			include(set, 0);
		return true;
	}
	return false;
}

static void negate(rg__byte_set *set)
{
	for (size_t i = 0; i < 4; i++)
		set->bits[i] = ~set->bits[i];
}

/* `\w`, `\s` and their negations. */
static void add_class(compiler *c, const char *name, bool negated)
{
	rg__byte_set set = { { 0 } };

	include_class(c, &set, rg_str_from(name));
	if (negated)
		negate(&set);
	add_set(c, &set);
}

static void skip_bytes(compiler *c, size_t n)
{
	c->rest = rg__sub(c->rest, n, c->rest.n);
}

static bool next_is(const compiler *c, size_t at, char byte)
{
	return at < c->rest.n && c->rest.p[at] == byte;
}

/* Reads the name in `[:name:]`, `[=c=]` or `[.c.]` at the start of the rest. */
static rg_str take_name(compiler *c, char kind)
{
	for (size_t i = 2; i + 1 < c->rest.n; i++) {
		if (c->rest.p[i] != kind || c->rest.p[i + 1] != ']')
			continue;
		rg_str name = rg__sub(c->rest, 2, i);
		skip_bytes(c, i + 2);
		return name;
	}
	invalid(c, "a [: [= or [. that never closes");
	return RG__ABSENT;
}

/* Reads one element of a bracket expression. Returns its byte, which a range may start or end with; or -1 for a class, whose bytes were
 * added to the set. */
static int take_element(compiler *c, rg__byte_set *set)
{
	char kind = c->rest.p[0] == '[' && c->rest.n > 1 ? c->rest.p[1] : '\0';
	rg_str name;
	uint8_t byte;

	if (kind != ':' && kind != '=' && kind != '.') {
		byte = fold_byte(c, c->rest.p[0]);
		skip_bytes(c, 1);
		return byte;
	}
	name = take_name(c, kind);
	if (kind == ':') {
		if (!include_class(c, set, name) || rg__eq(name, RG_STR("word")))
			invalid(c, "a [:class:] that is none");
		return -1;
	}
	if (name.n != 1) {
		invalid(c, "a collating element of more than a byte");
		return -1;
	}
	byte = fold_byte(c, name.p[0]);
	if (kind == '.')
		return byte;
	include(set, byte);
	return -1;
}

/* Reads a bracket expression after its `[`. */
static void bracket(compiler *c)
{
	rg__byte_set set = { { 0 } };
	bool negated = next_is(c, 0, '^');

	skip_bytes(c, negated);
	for (bool first = true; c->rest.n > 0 && (first || c->rest.p[0] != ']'); first = false) {
		if (!first && next_is(c, 0, '-') && !next_is(c, 1, ']'))
			invalid(c, "a range that starts nowhere");
		if (c->failed != RG_OK)
			return;
		int from = take_element(c, &set), to = from;

		if (next_is(c, 0, '-') && c->rest.n > 1 && c->rest.p[1] != ']') {
			skip_bytes(c, 1);
			to = take_element(c, &set);
			if (from < 0 || to < from)
				invalid(c, "a range that ends before it starts, or is of classes");
		}
		for (int byte = from; byte >= 0 && byte <= to; byte++)
			include(&set, (uint8_t)byte);
	}
	if (c->rest.n == 0) {
		invalid(c, "a [ that never closes");
		return;
	}
	skip_bytes(c, 1);
	if (negated)
		negate(&set);
	add_set(c, &set);
}

static void any_byte(compiler *c)
{
	rg__byte_set set = { { 1 } };

	negate(&set);
	add_set(c, &set);
}

/* The length of operator @p op at place @p at of the rest, 0 if it is not there. A basic expression escapes some operators, an extended
 * one does not. */
static size_t operator_at(const compiler *c, size_t at, char op)
{
	if (c->extended)
		return next_is(c, at, op);
	return next_is(c, at, '\\') && next_is(c, at + 1, op) ? 2 : 0;
}

/* Reads `{n}`, `{n,}`, `{,m}` or `{n,m}` after the brace. False: they are malformed or too large, and nothing is set. */
static bool take_bounds(compiler *c, int32_t *least, int32_t *most)
{
	size_t closing;
	int32_t n[2] = { 0, 0 };
	bool comma = false, digits[2] = { false, false };

	for (; c->rest.n > 0 && ((c->rest.p[0] >= '0' && c->rest.p[0] <= '9') || (c->rest.p[0] == ',' && !comma)); skip_bytes(c, 1)) {
		if (c->rest.p[0] == ',') {
			comma = true;
			continue;
		}
		digits[comma] = true;
		n[comma] = n[comma] * 10 + (c->rest.p[0] - '0');
		if (n[comma] > RG__CODE_MAX) {
			too_much(c, "repeats too much");
			return false;
		}
	}
	closing = operator_at(c, 0, '}');
	if (closing == 0 || (!digits[0] && !comma)) {
		invalid(c, "braces without the numbers that belong there, or that never close");
		return false;
	}
	skip_bytes(c, closing);
	*least = n[0];
	*most = !comma ? n[0] : digits[1] ? n[1] : NO_MOST;
	return true;
}

/* Appends a copy of the @p n instructions that start at @p from. */
static void copy_code(compiler *c, uint32_t from, uint32_t n)
{
	uint32_t at = c->a->n;

	if (open_gap(c, at, n))
		memcpy(c->a->code + at, c->a->code + from, n * sizeof *c->a->code);
}

static void star(compiler *c, uint32_t from)
{
	int32_t n = (int32_t)(c->a->n - from);

	insert_code(c, from, RG__OP_SPLIT, 0, n + 2);
	add_code(c, RG__OP_JUMP, 0, -n - 1);
}

static void maybe(compiler *c, uint32_t from)
{
	insert_code(c, from, RG__OP_SPLIT, 0, (int32_t)(c->a->n - from) + 1);
}

/* Repeats the code from @p from on by copying it. x{2,4} means xx(x(x)?)?; here each x? stands on its own. */
static void repeat_code(compiler *c, uint32_t from, int32_t least, int32_t most)
{
	uint32_t n = c->a->n - from;
	int32_t copies = most == NO_MOST ? least + 1 : most;

	if (most != NO_MOST && most < least) {
		invalid(c, "braces whose second number is less than the first");
		return;
	}
	for (int32_t i = 1; i < copies && c->failed == RG_OK; i++)
		copy_code(c, from, n);
	if (copies == 0)
		c->a->n = from;
	/* Backwards, so that an insertion does not move the earlier copies. */
	for (int32_t i = copies; i-- > least && c->failed == RG_OK;) {
		uint32_t at = from + (uint32_t)i * n;

		if (most == NO_MOST)
			star(c, at);
		else
			insert_code(c, at, RG__OP_SPLIT, 0, (int32_t)n + 1);
	}
}

/* Reads the repetitions after an atom, whose code starts at @p from. */
static void repetitions(compiler *c, uint32_t from)
{
	for (size_t n; c->rest.n > 0;) {
		int32_t least, most;

		if (next_is(c, 0, '*')) {
			skip_bytes(c, 1);
			star(c, from);
		} else if ((n = operator_at(c, 0, '+')) > 0) {
			skip_bytes(c, n);
			add_code(c, RG__OP_SPLIT, 0, (int32_t)from - (int32_t)c->a->n);
		} else if ((n = operator_at(c, 0, '?')) > 0) {
			skip_bytes(c, n);
			maybe(c, from);
		} else if ((n = operator_at(c, 0, '{')) > 0) {
			skip_bytes(c, n);
			if (take_bounds(c, &least, &most))
				repeat_code(c, from, least, most);
		} else {
			return;
		}
		if (!c->extended && (next_is(c, 0, '*') || operator_at(c, 0, '{')))
			invalid(c, "a repetition of a repetition, in a basic expression");
	}
}

static void alternatives(compiler *c);

static void group(compiler *c, size_t opening)
{
	size_t closing;

	if (++c->depth > MAX_NESTING) {
		too_much(c, "nests too deep");
		return;
	}
	skip_bytes(c, opening);
	alternatives(c);
	closing = operator_at(c, 0, ')');
	if (closing == 0)
		invalid(c, "a group that never closes");
	else
		skip_bytes(c, closing);
	c->depth--;
}

/* Compiles an escape that is an assertion. False: it is none. */
static bool assertion(compiler *c, char escape)
{
	static const char escapes[] = "`'<>bB";
	const char *at = escape ? strchr(escapes, escape) : NULL;

	if (!at)
		return false;
	add_code(c, RG__OP_ASSERT, (uint8_t)(at - escapes), 0); /* in the order of RG__AT_… */
	return true;
}

static void literal(compiler *c, char byte)
{
	add_code(c, RG__OP_BYTE, fold_byte(c, byte), 0);
}

/* Reads an escape that starts no operator, after its backslash. False: it was an assertion, which cannot be repeated. */
static bool escape_sequence(compiler *c)
{
	char byte = c->rest.p[0];

	skip_bytes(c, 1);
	if (assertion(c, byte))
		return false;
	if (byte == 'w' || byte == 'W')
		add_class(c, "word", byte == 'W');
	else if (byte == 's' || byte == 'S')
		add_class(c, "space", byte == 'S');
	else if (byte >= '1' && byte <= '9')
		invalid(c, "back-references, which nothing bounds, are refused");
	else
		literal(c, byte);
	return true;
}

/* In a basic expression `^` and `$` are anchors only at the ends of a branch. */
static bool is_anchor(const compiler *c, char byte)
{
	if (byte == '^')
		return c->extended || c->starts;
	return byte == '$' && (c->extended || c->rest.n == 1 || operator_at(c, 1, '|') || operator_at(c, 1, ')'));
}

/* Refuses what cannot stand in the place of an atom. In a basic expression `*`, `+` and `?` are ordinary characters there. */
static bool is_misplaced(compiler *c, char byte)
{
	if ((c->extended && strchr("*+?", byte)) || operator_at(c, 0, '{'))
		invalid(c, "a repetition with nothing before it");
	else if (!c->extended && operator_at(c, 0, ')'))
		invalid(c, "an end of a group that was not opened");
	else if (byte == '\\' && c->rest.n == 1)
		invalid(c, "a backslash at the end");
	return c->failed != RG_OK;
}

/* Reads one ordinary byte, set or group. False: it was an assertion. */
static bool atom(compiler *c)
{
	char byte = c->rest.p[0];
	size_t opening = operator_at(c, 0, '(');

	if (byte && is_misplaced(c, byte))
		return false;
	if (opening > 0) {
		group(c, opening);
		return true;
	}
	if (is_anchor(c, byte)) {
		skip_bytes(c, 1);
		add_code(c, RG__OP_ASSERT, byte == '^' ? RG__AT_START : RG__AT_END, 0);
		return false;
	}
	skip_bytes(c, 1);
	if (byte == '[')
		bracket(c);
	else if (byte == '.')
		any_byte(c);
	else if (byte == '\\')
		return escape_sequence(c);
	else
		literal(c, byte);
	return true;
}

/* Reads up to the end of the branch or of its group. In an extended expression an unmatched `)` is an ordinary character. */
static void branch(compiler *c)
{
	for (c->starts = true; c->rest.n > 0; c->starts = false) {
		uint32_t from = c->a->n;

		if (operator_at(c, 0, '|') || (operator_at(c, 0, ')') && c->depth > 0))
			return;
		if (atom(c))
			repetitions(c, from);
	}
}

static void alternatives(compiler *c)
{
	uint32_t from = c->a->n;

	branch(c);
	for (size_t n; (n = operator_at(c, 0, '|')) > 0;) {
		uint32_t jump;

		skip_bytes(c, n);
		insert_code(c, from, RG__OP_SPLIT, 0, (int32_t)(c->a->n - from) + 2);
		jump = c->a->n;
		add_code(c, RG__OP_JUMP, 0, 0);
		branch(c);
		if (c->failed == RG_OK)
			c->a->code[jump].to = (int16_t)(c->a->n - jump);
	}
}

rg_status rg__automaton_new(rg_str expression, int how, rg__automaton **out, const char **why)
{
	rg__automaton *a = calloc(1, sizeof *a);
	compiler c = { .a = a, .rest = expression, .extended = (how & RG__RE_EXTENDED) != 0 };

	*out = NULL;
	if (!a)
		return RG_ENOMEM;
	a->ignore_case = (how & RG__RE_IGNORE_CASE) != 0;
	alternatives(&c);
	add_code(&c, RG__OP_FOUND, 0, 0);
	if (why)
		*why = c.why;
	if (c.failed != RG_OK) {
		rg__automaton_free(a);
		return c.failed;
	}
	*out = a;
	return RG_OK;
}
