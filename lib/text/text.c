/* SPDX-License-Identifier: MIT */
#include "text/text.h"

bool rg__differ_in_case(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rg__lower(a[i]) != rg__lower(b[i]))
			return false;
	}
	return true;
}

rg_str rg__trim_ends(rg_str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool has_control(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return true;
	}
	return false;
}

static inline rg__octets mark_below_blank(rg__octets v)
{
	return (rg__octets)((v < ' ') | (v == 0x7f));
}

/* HTAB, which does not count, is so rare that it is told apart in a second pass. */
bool rg__octets_have_control(const char *p, size_t n)
{
	rg__octets marks = { 0 };

	if (n < sizeof marks)
		return has_control(p, n);
	for (const char *last = p + n - sizeof marks, *at = p; at < last; at += sizeof marks)
		marks |= mark_below_blank(rg__octets_at(at));
	return rg__any_mark(marks | mark_below_blank(rg__octets_at(p + n - sizeof marks))) && has_control(p, n);
}

rg_status rg__parse_uint(rg_str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	*out = 0;
	if (s.n == 0)
		return RG_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(unsigned char)s.p[i] - '0';
		if (digit > 9)
			return RG_EINVAL;
		/* 18 digits always fit. After the value reached the limit it stays there, but the digits that follow are still checked. */
		if (i < 18)
			value = value * 10 + digit;
		else
			value = value > max / 10 || digit > max - value * 10 ? max : value * 10 + digit;
	}
	*out = value < max ? value : max;
	return RG_OK;
}

int64_t rg__add_sat(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

int64_t rg__sub_sat(int64_t a, int64_t b)
{
	int64_t difference;

	if (!__builtin_sub_overflow(a, b, &difference))
		return difference;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

int64_t rg__mul_sat(int64_t a, int64_t b)
{
	int64_t product;

	if (!__builtin_mul_overflow(a, b, &product))
		return product;
	return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}

/* The octets of the UTF-8 sequence (RFC 3629) at @p text; 0 when there is none. */
static size_t sequence_at(const unsigned char *text, size_t n)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;

	/* Neither overlong nor a surrogate nor above U+10FFFF. */
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

void rg__defuse(char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = sequence_at((unsigned char *)text + i, n - i);

		if (length == 0 || (length == 1 && ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)))
			text[i] = '?';
		i += length ? length : 1;
	}
}
