/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <stdlib.h>

static bool buf_grow(rg__buf *b, size_t more)
{
	if (b->failed)
		return false;
	if (more <= b->room - b->n)
		return true;
	size_t need = b->n + more, room = b->room < 64 ? 64 : b->room;
	while (need > b->n && room < need && room <= SIZE_MAX / 2)
		room *= 2;
	char *p = need < b->n || room < need ? NULL : realloc(b->p, room);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->room = room;
	return true;
}

void rg__buf_add(rg__buf *b, rg_str s)
{
	if (s.n == 0 || !buf_grow(b, s.n))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void rg__buf_add_text(rg__buf *b, const char *z)
{
	rg__buf_add(b, (rg_str){ z, strlen(z) });
}

void rg__buf_add_int(rg__buf *b, int64_t v)
{
	char digits[20]; /* the sign and 19 digits of INT64_MIN */
	rg__out out = { digits, sizeof digits, 0 };

	rg__out_int(&out, v);
	rg__buf_add(b, (rg_str){ digits, out.n });
}

void rg__buf_free(rg__buf *b)
{
	free(b->p);
	*b = (rg__buf){ 0 };
}
