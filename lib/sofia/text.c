/* SPDX-License-Identifier: MIT */
/* A text buffer that grows, and checks of octets. */
#include "sofia/sofia.h"
#include <stdio.h>
#include <stdlib.h>

void rg__sofia_text_add(rg__sofia_text *t, const char *p, size_t n)
{
	if (t->failed || n == 0)
		return;
	if (t->room - t->n < n) {
		size_t room = t->room ? t->room : 1024;
		while (room - t->n < n && room < SIZE_MAX / 4)
			room *= 2;
		char *grown = room - t->n < n ? NULL : realloc(t->p, room);
		if (!grown) {
			t->failed = true;
			return;
		}
		t->p = grown;
		t->room = room;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

void rg__sofia_text_str(rg__sofia_text *t, rg_str s)
{
	rg__sofia_text_add(t, s.p, s.n);
}

void rg__sofia_text_z(rg__sofia_text *t, const char *z)
{
	rg__sofia_text_add(t, z, strlen(z));
}

void rg__sofia_text_int(rg__sofia_text *t, int64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%lld", (long long)v);

	rg__sofia_text_add(t, digits, (size_t)n);
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

bool rg__sofia_has_bad_octet(rg_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
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
