/* SPDX-License-Identifier: MIT */
/* Sixteen octets at once, in what the processor has for it. The compiler makes single steps of it where it has nothing. */
#ifndef RG__OCTETS_H
#define RG__OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t rg__octets __attribute__((vector_size(16)));
typedef char rg__signs __attribute__((vector_size(16)));
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

static inline int rg__any_mark(rg__octets marked)
{
#if defined __SSE2__
	return __builtin_ia32_pmovmskb128((rg__signs)marked) != 0;
#else
	rg__words w = (rg__words)marked;

	return (w[0] | w[1]) != 0;
#endif
}

/* Marks the octets of rg__has_control(). */
static inline rg__octets rg__mark_control(rg__octets v)
{
	return (rg__octets)(((v < ' ') & (v != '\t')) | (v == 0x7f));
}

#endif
