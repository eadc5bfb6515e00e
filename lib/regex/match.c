/* SPDX-License-Identifier: MIT */
/* Runs a compiled expression: follows all paths through it at once, one byte of text at a time. */
#include "regex/compile.h"
#include "regex/regex.h"
#include <stdlib.h>

/* The instructions that wait for the next byte, each at most once. */
typedef struct threads {
	uint64_t seen[RG__CODE_MAX / 64];
	uint16_t at[RG__CODE_MAX];
	uint32_t n;
} threads;

/* A position in the text: the bytes before and after it, -1 beyond either end. */
typedef struct text_position {
	int before, after;
} text_position;

static bool is_word_char(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool holds(uint8_t assertion, const text_position *here)
{
	bool before = is_word_char(here->before), after = is_word_char(here->after);

	switch (assertion) {
	case RG__AT_START: return here->before < 0;
	case RG__AT_END: return here->after < 0;
	case RG__AT_WORD_START: return !before && after;
	case RG__AT_WORD_END: return before && !after;
	case RG__AT_WORD_EDGE: return before != after;
	default: return before == after;
	}
}

static bool is_new(threads *t, uint32_t at)
{
	uint64_t bit = (uint64_t)1 << (at % 64);
	bool fresh = !(t->seen[at / 64] & bit);

	t->seen[at / 64] |= bit;
	return fresh;
}

/* Follows, from instruction @p at, every instruction that takes no byte. True: the expression matched. */
static bool follow(const rg__automaton *a, threads *t, uint32_t at, const text_position *here)
{
	uint16_t todo[RG__CODE_MAX];
	uint32_t n = 0;

	if (is_new(t, at))
		todo[n++] = (uint16_t)at;
	while (n > 0) {
		uint32_t next[2], ways = 0;

		at = todo[--n];
		const rg__code *c = &a->code[at];
		switch (c->op) {
		case RG__OP_FOUND: return true;
		case RG__OP_BYTE:
		case RG__OP_SET: t->at[t->n++] = (uint16_t)at; break;
		case RG__OP_SPLIT: next[ways++] = at + 1; next[ways++] = at + (uint32_t)c->to; break;
		case RG__OP_JUMP: next[ways++] = at + (uint32_t)c->to; break;
		default:
			if (holds(c->what, here))
				next[ways++] = at + 1;
		}
		while (ways > 0) {
			if (is_new(t, next[--ways]))
				todo[n++] = (uint16_t)next[ways];
		}
	}
	return false;
}

static bool takes(const rg__automaton *a, const rg__code *c, uint8_t byte)
{
	if (c->op == RG__OP_BYTE)
		return c->what == byte;
	return (a->sets[c->what].bits[byte / 64] >> (byte % 64) & 1) != 0;
}

static void clear(const rg__automaton *a, threads *t)
{
	memset(t->seen, 0, (a->n / 64 + 1) * sizeof *t->seen);
	t->n = 0;
}

bool rg__automaton_finds(const rg__automaton *a, rg_str text)
{
	threads room[2], *now = &room[0], *then = &room[1];
	text_position here = { -1, text.n > 0 ? (uint8_t)text.p[0] : -1 };

	clear(a, now);
	for (size_t i = 0;; i++) {
		/* A match may also start here. */
		if (follow(a, now, 0, &here))
			return true;
		if (i == text.n)
			return false;
		here = (text_position){ here.after, i + 1 < text.n ? (uint8_t)text.p[i + 1] : -1 };
		uint8_t byte = rg__automaton_byte(a, text.p[i]);
		clear(a, then);
		for (uint32_t k = 0; k < now->n; k++) {
			if (takes(a, &a->code[now->at[k]], byte) && follow(a, then, now->at[k] + 1u, &here))
				return true;
		}
		threads *spent = now;
		now = then;
		then = spent;
	}
}

void rg__automaton_free(rg__automaton *a)
{
	if (!a)
		return;
	free(a->code);
	free(a->sets);
	free(a);
}
