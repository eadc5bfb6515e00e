/* SPDX-License-Identifier: MIT */
/* Text that is printed into the buffer of a caller. */
#ifndef RG__OUT_H
#define RG__OUT_H

#include <rgstr/types.h>
#include <string.h>

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

static inline void rg__out_uint(rg__out *out, uint64_t value)
{
	char digits[20]; /* of UINT64_MAX */
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
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
