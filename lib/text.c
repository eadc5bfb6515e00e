/* SPDX-License-Identifier: MIT */
#include "text.h"

bool rg__eq_nocase(rg_str a, rg_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (rg__lower(a.p[i]) != rg__lower(b.p[i]))
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

bool rg__has_control(rg_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
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
		/* Once at the limit it stays there, but the digits that follow are still checked. */
		value = value > max / 10 || digit > max - value * 10 ? max : value * 10 + digit;
	}
	*out = value;
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
