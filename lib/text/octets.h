/* SPDX-License-Identifier: MIT */
/* Sixteen octets at once, in what the processor has for it. The compiler makes single steps of it where it has nothing. */
#ifndef RG__OCTETS_H
#define RG__OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t rg__octets __attribute__((vector_size(16)));
typedef char rg__signs __attribute__((vector_size(16)));
typedef signed char rg__signed_octets __attribute__((vector_size(16)));
typedef uint64_t rg__words __attribute__((vector_size(16)));

static inline rg__octets rg__octets_at(const char *p)
{
	rg__octets v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Comparing octets marks those for which it is true. The index of the first one that is marked; 16: none is. */
static inline size_t rg__first_mark(rg__octets marked)
{
#if defined __SSE2__
	return (size_t)__builtin_ctz((unsigned)__builtin_ia32_pmovmskb128((rg__signs)marked) | 1u << sizeof marked);
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	rg__words w = (rg__words)marked;

	if (w[0])
		return (size_t)__builtin_ctzll(w[0]) / 8;
	return w[1] ? 8 + (size_t)__builtin_ctzll(w[1]) / 8 : sizeof marked;
#else
	size_t i = 0;

	while (i < sizeof marked && !marked[i])
		i++;
	return i;
#endif
}

/* A bit for each octet, the lowest for the first one: it is set when the octet is marked. */
static inline uint32_t rg__mark_bits(rg__octets marked)
{
#if defined __SSE2__
	return (uint32_t)__builtin_ia32_pmovmskb128((rg__signs)marked);
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const rg__words w = (rg__words)marked & 0x8040201008040201;

	/* The product adds up the octets of a word in its highest one. */
	return (uint32_t)(w[0] * 0x0101010101010101 >> 56 | (w[1] * 0x0101010101010101 >> 56) << 8);
#else
	uint32_t bits = 0;

	for (size_t i = 0; i < sizeof marked; i++)
		bits |= (uint32_t)(marked[i] & 1) << i;
	return bits;
#endif
}

static inline int rg__any_mark(rg__octets marked)
{
#if defined __SSE2__
	return __builtin_ia32_pmovmskb128((rg__signs)marked) != 0;
#else
	rg__words w = (rg__words)marked;

	return (w[0] | w[1]) != 0;
#endif
}

/* Marks ASCII letters and the octets from @p first, which is a constant up to '0', to '9'. The numbers are compared with a sign because
 * processors have one instruction for that: what 128 is taken off has the order that it had without a sign. */
static inline rg__octets rg__mark_alnum_from(rg__octets v, char first)
{
	const rg__octets letter = (v | 0x20) - ('a' + 128), digit = v - (uint8_t)(first + 128);

	return (rg__octets)(((rg__signed_octets)letter < 26 - 128) | ((rg__signed_octets)digit < (signed char)('9' + 1 - first - 128)));
}

/* Marks ASCII letters and digits. */
static inline rg__octets rg__mark_alnum(rg__octets v)
{
	return rg__mark_alnum_from(v, '0');
}

#endif
