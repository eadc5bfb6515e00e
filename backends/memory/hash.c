/* SPDX-License-Identifier: MIT */
/* The hash of three strings and their lengths. A client chooses the names, and sees no hash, only how long an answer takes. So the secret has
 * to make it unlikely that names which were chosen without knowing it share a bucket, and a name that was found to share one must not lead to
 * further names that do. Short strings, which are nearly all, are hashed by multiplication, which is three times as fast as SipHash and holds
 * the first by proof; a mixing step gives the second. Long strings need too much secret for that, and go through SipHash-1-3. */
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

/* The lengths come first, so that the words can be read in only one way. Inlined, its registers would be saved for short strings, too. */
static uint64_t hash_long(const uint64_t seed[2], rg_str a, rg_str b, rg_str c) __attribute__((noinline));

static uint64_t hash_long(const uint64_t seed[2], rg_str a, rg_str b, rg_str c)
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

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* The sum of the words, each times a number of 128 bits of the secret, modulo 2^128. */
struct product {
	wide sum;
	uint64_t upper; /* to be added to the upper half of the sum */
	const uint64_t *factors; /* of the next word */
};

static inline void multiply_word(struct product *p, uint64_t word)
{
	p->sum += (wide)word * p->factors[0];
	p->upper += word * p->factors[1];
	p->factors += 2;
}

/* All octets of a string of 1 to 7, some of them twice. */
static inline uint64_t load_few(const char *p, size_t n)
{
	uint32_t first, last;
	if (n < 4)
		return (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 | (unsigned char)p[n - 1];
	memcpy(&first, p, sizeof first);
	memcpy(&last, p + n - 4, sizeof last);
	return (uint64_t)first << 32 | last;
}

static inline void multiply_string(struct product *p, rg_str s)
{
	if (s.n < 8) {
		if (s.n > 0)
			multiply_word(p, load_few(s.p, s.n));
		return;
	}
	for (size_t i = 0; i + 8 < s.n; i += 8)
		multiply_word(p, load_word(s.p + i));
	multiply_word(p, load_word(s.p + s.n - 8));
}

/* The upper half of the sum is strongly universal: for any two different keys the pairs of hashes are uniformly distributed over the secrets
 * (Lemire and Kaser, Strongly universal string hashing is fast, 2014). The mixing is one-to-one, so it keeps that; without it, the
 * difference of two names that share a bucket would give more such names. */
static uint64_t hash_short(const uint64_t factors[HASH_FACTORS], rg_str a, rg_str b, rg_str c)
{
	struct product p = { factors[0], factors[1], factors + 2 };
	multiply_word(&p, (uint64_t)a.n << 32 | (uint64_t)b.n << 16 | (uint64_t)c.n);
	multiply_string(&p, a);
	multiply_string(&p, b);
	multiply_string(&p, c);
	uint64_t h = (uint64_t)(p.sum >> 64) + p.upper;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
	return h ^ h >> 32;
}
#endif

uint64_t hash_strings(const struct secret *secret, rg_str a, rg_str b, rg_str c)
{
#ifdef __SIZEOF_INT128__
	if (a.n <= HASH_SHORT && b.n <= HASH_SHORT && c.n <= HASH_SHORT && a.n + b.n + c.n <= HASH_SHORT)
		return hash_short(secret->factors, a, b, c);
#endif
	return hash_long(secret->seed, a, b, c);
}
