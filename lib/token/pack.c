/* SPDX-License-Identifier: MIT */
#include "token/pack.h"

char *rg__pack_number(char *at, uint64_t number, int octets)
{
	for (int i = 0; i < octets; i++)
		*at++ = (char)(number >> 8 * (octets - 1 - i));
	return at;
}

char *rg__pack_octets(char *at, rg_str octets)
{
	if (octets.n > 0)
		memcpy(at, octets.p, octets.n);
	return at + octets.n;
}

char *rg__pack_text(char *at, rg_str text)
{
	return rg__pack_octets(rg__pack_number(at, text.n, 2), text);
}

bool rg__unpack_number(rg_str *rest, int octets, uint64_t *number)
{
	*number = 0;
	if (rest->n < (size_t)octets)
		return false;
	for (int i = 0; i < octets; i++)
		*number = *number << 8 | (unsigned char)rest->p[i];
	*rest = rg__sub(*rest, (size_t)octets, rest->n);
	return true;
}

bool rg__unpack_text(rg_str *rest, rg_str *text)
{
	uint64_t n;

	if (!rg__unpack_number(rest, 2, &n) || n > rest->n)
		return false;
	*text = rg__sub(*rest, 0, (size_t)n);
	*rest = rg__sub(*rest, (size_t)n, rest->n);
	return true;
}
