/* SPDX-License-Identifier: MIT */
/* A text buffer that grows, and checks of octets. */
#include "sofia/sofia.h"
#include <stdlib.h>

static bool grow(rg__sofia_text *t, size_t n)
{
	size_t room = t->room ? t->room : 1024;

	while (room - t->n < n && room < SIZE_MAX / 4)
		room *= 2;
	char *grown = room - t->n < n ? NULL : realloc(t->p, room);
	t->failed = !grown;
	if (grown) {
		t->p = grown;
		t->room = room;
	}
	return grown;
}

/* Of a lent buffer only the length grows. */
static void add_to_lent(rg__sofia_text *t, const char *p, size_t n)
{
	if (t->n < t->room)
		memcpy(t->p + t->n, p, n < t->room - t->n ? n : t->room - t->n);
	t->n += n;
}

void rg__sofia_text_add(rg__sofia_text *t, const char *p, size_t n)
{
	if (t->failed || n == 0)
		return;
	if (t->lent) {
		add_to_lent(t, p, n);
		return;
	}
	if (t->room - t->n < n && !grow(t, n))
		return;
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

void rg__sofia_text_str(rg__sofia_text *t, rg_str s)
{
	rg__sofia_text_add(t, s.p, s.n);
}

void rg__sofia_text_int(rg__sofia_text *t, int64_t v)
{
	char digits[24], *p = digits + sizeof digits;
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (v < 0)
		*--p = '-';
	rg__sofia_text_add(t, p, (size_t)(digits + sizeof digits - p));
}

static char lower_char(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool rg__sofia_same_name(rg_str a, rg_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower_char(a.p[i]) != lower_char(b.p[i]))
			return false;
	}
	return true;
}

static bool has_bad_octet_in(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* Whether one of eight octets may be bad: below 0x20, HTAB included, or 0x7f. */
static bool is_suspect(const char *p)
{
	static const uint64_t ones = UINT64_MAX / 255, highs = UINT64_MAX / 255 * 128;
	uint64_t w, is_delete;

	memcpy(&w, p, sizeof w);
	is_delete = w ^ ones * 0x7f;
	return ((((w - ones * ' ') & ~w) | ((is_delete - ones) & ~is_delete)) & highs) != 0;
}

bool rg__sofia_has_bad_octet(rg_str s)
{
	if (s.n < 8)
		return has_bad_octet_in(s.p, s.n);
	for (size_t i = 0; i + 8 < s.n; i += 8) {
		if (is_suspect(s.p + i) && has_bad_octet_in(s.p + i, 8))
			return true;
	}
	return is_suspect(s.p + s.n - 8) && has_bad_octet_in(s.p + s.n - 8, 8);
}

/* RFC 3261 §25.1 `token` */
bool rg__sofia_is_token(rg_str s)
{
	static const char others[] = "-.!%*_+`'~";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alphanum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alphanum && (c == '\0' || !strchr(others, c)))
			return false;
	}
	return s.n > 0;
}
