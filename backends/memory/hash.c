/* SPDX-License-Identifier: MIT */
/* SipHash-1-3 over three strings and their lengths. */
#include "shard.h"

#include <string.h>

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t sip_rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void round_once(struct sip *s)
{
	s->a += s->b;
	s->b = sip_rotate(s->b, 13) ^ s->a;
	s->a = sip_rotate(s->a, 32);
	s->c += s->d;
	s->d = sip_rotate(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = sip_rotate(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = sip_rotate(s->b, 17) ^ s->c;
	s->c = sip_rotate(s->c, 32);
}

static inline void sip_add_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	round_once(s);
	s->a ^= word;
}

static inline void add_string(struct sip *s, rg_str str)
{
	uint64_t word = 0;
	size_t i = 0;
	for (; i + 8 <= str.n; i += 8) {
		memcpy(&word, str.p + i, 8);
		sip_add_word(s, word);
	}
	if (i == str.n)
		return;
	if (str.n >= 8) { /* repeats some of the previous word: the length is hashed too, and a copy of fixed size needs no call */
		memcpy(&word, str.p + str.n - 8, 8);
	} else {
		for (; i < str.n; i++)
			word = word << 8 | (unsigned char)str.p[i];
	}
	sip_add_word(s, word);
}

/* The lengths come first, so that the words can be read in only one way. */
uint64_t hash_strings(const uint64_t seed[2], rg_str a, rg_str b, rg_str c)
{
	struct sip s = { seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573 };
	sip_add_word(&s, (uint64_t)a.n);
	sip_add_word(&s, (uint64_t)b.n << 32 | (uint64_t)c.n);
	add_string(&s, a);
	add_string(&s, b);
	add_string(&s, c);
	s.c ^= 0xff;
	round_once(&s);
	round_once(&s);
	round_once(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
