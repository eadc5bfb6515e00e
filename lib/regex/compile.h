/* SPDX-License-Identifier: MIT */
/* What an expression is compiled to. */
#ifndef RG__COMPILE_H
#define RG__COMPILE_H

#include "text/text.h"

/* Each byte of text costs at most one step per instruction. */
enum { RG__CODE_MAX = 1024, RG__SETS_MAX = 256 };

enum { RG__OP_FOUND, RG__OP_BYTE, RG__OP_SET, RG__OP_SPLIT, RG__OP_JUMP, RG__OP_ASSERT };
enum { RG__AT_START, RG__AT_END, RG__AT_WORD_START, RG__AT_WORD_END, RG__AT_WORD_EDGE, RG__AT_NO_WORD_EDGE };

/* After an instruction the next one follows, unless the operation says otherwise. Jumps are relative, so that code can be copied and
 * moved. */
typedef struct rg__code {
	uint8_t op;
	uint8_t what; /* a byte, the number of a set, or an assertion */
	int16_t to;   /* target of JUMP, and second target of SPLIT, which also takes the next instruction */
} rg__code;

typedef struct rg__byte_set {
	uint64_t bits[4];
} rg__byte_set;

struct rg__automaton {
	rg__code *code;
	rg__byte_set *sets;
	uint32_t n, n_sets;
	bool ignore_case; /* then code and text are compared in upper case */
};

/* Folds to upper case, as regcomp() does: that decides which bytes lie between the ends of a range. */
static inline uint8_t rg__automaton_byte(const struct rg__automaton *a, char byte)
{
	return (uint8_t)(a->ignore_case && byte >= 'a' && byte <= 'z' ? byte - 32 : byte);
}

#endif
