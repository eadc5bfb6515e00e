/* SPDX-License-Identifier: MIT */
#include "text/fingerprint.h"

static inline uint64_t rotate_left(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

/* Each step is a bijection of the hash for a known word, and of the word for a known hash. So two texts that differ in one word never
 * have the same hash. */
static inline uint64_t take_word(uint64_t hash, uint64_t word)
{
	word = rotate_left(word * 0x9e3779b97f4a7c15, 31) * 0xc2b2ae3d27d4eb4f;
	return rotate_left(hash ^ word, 27) * 0x9fb21c651e98df25 + 0x52dce729;
}

/* The last @p n octets, fewer than eight, and zeros behind them. */
static inline uint64_t last_word(rg_str value, size_t n)
{
	uint64_t word = 0;

	if (value.n >= 8)
		return rg__word_at(value.p + value.n - 8) >> (64 - 8 * n);
	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)(unsigned char)value.p[i] << (8 * i);
	return word;
}

/* Kind and length precede each value, so no value can pass for two. Nodes store fingerprints and compare those of other nodes, so the
 * function never changes, and the byte order is the same on every machine. doc/record-format.md states it, and what may rely on it. The hash
 * has no key because the nodes share none. A keyed hash costs 900 instructions for a Contact, this one 220. */
uint64_t rg__fingerprint(uint64_t so_far, uint32_t kind, rg_str value)
{
	uint64_t hash = take_word(so_far, (uint64_t)kind << 56 | (value.n & 0xffffffffffffffu));
	const char *at = value.p;
	size_t left = value.n;

	for (; left >= 16; left -= 16, at += 16)
		hash = take_word(take_word(hash, rg__word_at(at)), rg__word_at(at + 8));
	if (left >= 8)
		hash = take_word(hash, rg__word_at(at));
	if (left % 8 > 0)
		hash = take_word(hash, last_word(value, left % 8));
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
	return hash ^ hash >> 33;
}
