/* SPDX-License-Identifier: MIT */
#include "text.h"

bool rg__differ_in_case(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rg__lower(a[i]) != rg__lower(b[i]))
			return false;
	}
	return true;
}

rg_str rg__trim(rg_str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool octets_have_control(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* True when one of eight octets is below 0x20 or is 0x7f. The subtractions borrow out of an octet only when it is below what is
 * subtracted, so the lowest bit that is set is never wrong, and "none" is never wrong either. */
static bool eight_suspect(const char *p)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t w, del;

	memcpy(&w, p, sizeof w);
	del = w ^ 0x7f * ones;
	return (((w - 0x20 * ones) & ~w) | ((del - ones) & ~del)) & tops;
}

/* Eight octets at a time: a third of what octet by octet takes. Only the eight that have a tab or worse are looked at one by one. */
bool rg__has_control(rg_str s)
{
	size_t i = 0;

	if (s.n < 8)
		return octets_have_control(s.p, s.n);
	for (; i + 8 <= s.n; i += 8) {
		if (eight_suspect(s.p + i) && octets_have_control(s.p + i, 8))
			return true;
	}
	i = s.n - 8; /* the rest, and some of it again */
	return eight_suspect(s.p + i) && octets_have_control(s.p + i, 8);
}

rg_status rg__parse_uint(rg_str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	*out = 0;
	if (s.n == 0)
		return RG_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return RG_EINVAL;
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		/* 18 digits fit whatever they are. Once at the limit it stays there, but the digits that follow are still checked. */
		value = i < 18 ? value * 10 + digit : value > max / 10 || digit > max - value * 10 ? max : value * 10 + digit;
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

int64_t rg__mul_sat(int64_t a, int64_t b)
{
	int64_t product;

	if (!__builtin_mul_overflow(a, b, &product))
		return product;
	return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}
