/* SPDX-License-Identifier: MIT */
/* Text that is printed into the buffer of a caller. */
#ifndef RG__OUT_H
#define RG__OUT_H

#include <rgstr/types.h>
#include <string.h>
#include "text/octets.h"

/* `n` keeps counting when the room is full, so that the caller learns how large a buffer the whole text needs. */
typedef struct rg__out {
	char *room; /* may be NULL when `size` is 0 */
	size_t size, n;
} rg__out;

static inline void rg__out_char(rg__out *out, char c)
{
	if (out->n < out->size)
		out->room[out->n] = c;
	out->n++;
}

/* What fits is printed. Where all of it does, a literal is copied without a call, because its length is a constant. */
static inline void rg__out_add(rg__out *out, rg_str s)
{
	size_t left = out->n < out->size ? out->size - out->n : 0;

	if (s.n > 0 && s.n <= left)
		memcpy(out->room + out->n, s.p, s.n);
	else if (left > 0 && s.n > 0)
		memcpy(out->room + out->n, s.p, left);
	out->n += s.n;
}

/* The same in one step for three texts, of which the first and the last are literals. The one between is copied without a call when it is
 * short. */
static inline void rg__out_between(rg__out *out, rg_str start, rg_str s, rg_str end)
{
	const size_t left = out->n < out->size ? out->size - out->n : 0;
	rg__octets part;

	if (s.n < sizeof part || s.n > 8 * sizeof part || start.n + s.n + end.n > left) {
		rg__out_add(out, start);
		rg__out_add(out, s);
		rg__out_add(out, end);
		return;
	}
	memcpy(out->room + out->n, start.p, start.n);
	char *at = out->room + out->n + start.n;
	for (size_t i = 0; i + sizeof part < s.n; i += sizeof part) {
		memcpy(&part, s.p + i, sizeof part);
		memcpy(at + i, &part, sizeof part);
	}
	memcpy(&part, s.p + s.n - sizeof part, sizeof part); /* it may overlap the one before */
	memcpy(at + s.n - sizeof part, &part, sizeof part);
	memcpy(at + s.n, end.p, end.n);
	out->n += start.n + s.n + end.n;
}

/* Writes a number below 100 with two digits. Returns what follows it. */
static inline char *rg__two_digits(char *at, uint32_t v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
		"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

	memcpy(at, pairs + 2 * v, 2);
	return at + 2;
}

/* Writes a number below 10000. Returns how many digits it has. */
static inline size_t rg__digits_put(char *at, uint32_t v)
{
	if (v >= 1000) {
		rg__two_digits(rg__two_digits(at, v / 100), v % 100);
		return 4;
	}
	if (v >= 100) {
		*at = (char)('0' + v / 100);
		rg__two_digits(at + 1, v % 100);
		return 3;
	}
	if (v >= 10) {
		rg__two_digits(at, v);
		return 2;
	}
	*at = (char)('0' + v);
	return 1;
}

static inline void rg__out_uint(rg__out *out, uint64_t value)
{
	char digits[20]; /* of UINT64_MAX */
	size_t at = sizeof digits;

	if (value < 10000 && out->size >= 4 && out->n <= out->size - 4) {
		out->n += rg__digits_put(out->room + out->n, (uint32_t)value);
		return;
	}
	for (; value >= 100; value /= 100)
		rg__two_digits(digits + (at -= 2), (uint32_t)(value % 100));
	if (value >= 10)
		rg__two_digits(digits + (at -= 2), (uint32_t)value);
	else
		digits[--at] = (char)('0' + value);
	rg__out_add(out, (rg_str){ digits + at, sizeof digits - at });
}

static inline void rg__out_int(rg__out *out, int64_t value)
{
	if (value < 0)
		rg__out_char(out, '-');
	rg__out_uint(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* Two digits a byte, in lower case. */
static inline void rg__out_hex(rg__out *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rg__out_char(out, "0123456789abcdef"[bytes[i] >> 4]);
		rg__out_char(out, "0123456789abcdef"[bytes[i] & 15]);
	}
}

static inline void rg__out_text(rg__out *out, const char *z)
{
	rg__out_add(out, rg_str_from(z));
}

#endif
