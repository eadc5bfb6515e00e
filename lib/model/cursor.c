/* SPDX-License-Identifier: MIT */
/* Reads MessagePack that may be hostile. */
#include "model/codec.h"
#include <endian.h>

/* First bytes 0xc0 to 0xdf: the type of the item, and the width in bytes of the number or length that follows. */
static const struct {
	uint8_t kind, width;
} wide[32] = {
	{ RG__MP_NIL, 0 }, { 0, 0 }, { RG__MP_BOOL, 0 }, { RG__MP_BOOL, 0 },
	{ RG__MP_BIN, 1 }, { RG__MP_BIN, 2 }, { RG__MP_BIN, 4 },
	{ RG__MP_EXT, 1 }, { RG__MP_EXT, 2 }, { RG__MP_EXT, 4 },
	{ RG__MP_FLOAT, 4 }, { RG__MP_FLOAT, 8 },
	{ RG__MP_UINT, 1 }, { RG__MP_UINT, 2 }, { RG__MP_UINT, 4 }, { RG__MP_UINT, 8 },
	{ RG__MP_INT, 1 }, { RG__MP_INT, 2 }, { RG__MP_INT, 4 }, { RG__MP_INT, 8 },
	{ RG__MP_EXT, 0 }, { RG__MP_EXT, 0 }, { RG__MP_EXT, 0 }, { RG__MP_EXT, 0 }, { RG__MP_EXT, 0 },
	{ RG__MP_STR, 1 }, { RG__MP_STR, 2 }, { RG__MP_STR, 4 },
	{ RG__MP_ARRAY, 2 }, { RG__MP_ARRAY, 4 }, { RG__MP_MAP, 2 }, { RG__MP_MAP, 4 },
};

#define FIXEXT_FIRST 0xd4
#define FIXEXT_LAST 0xd8

static size_t left(const rg__mp *at)
{
	return (size_t)(at->end - at->p);
}

/* A number of 0, 1, 2, 4 or 8 bytes. */
static uint64_t big_endian(const uint8_t *p, unsigned width)
{
	uint64_t number = 0;

	switch (width) {
	case 8:
		memcpy(&number, p, 8);
		return be64toh(number);
	case 4:
		return (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
	case 2:
		return (uint64_t)p[0] << 8 | p[1];
	case 1:
		return p[0];
	default:
		return 0;
	}
}

/* Reads the first byte and the number after it. */
static bool head(rg__mp *at, rg__mp_item *out)
{
	uint8_t first, width;

	if (left(at) == 0)
		return false;
	first = *at->p++;
	*out = (rg__mp_item){ .kind = RG__MP_UINT, .u = first };
	if (first < 0x80)
		return true;
	if (first >= 0xe0) {
		*out = (rg__mp_item){ .kind = RG__MP_INT, .u = (uint64_t)(int64_t)(int8_t)first };
		return true;
	}
	if (first < 0xc0) {
		out->kind = first < 0x90 ? RG__MP_MAP : first < 0xa0 ? RG__MP_ARRAY : RG__MP_STR;
		out->u = first & (first < 0xa0 ? 0x0f : 0x1f);
		return true;
	}
	out->kind = wide[first - 0xc0].kind;
	width = wide[first - 0xc0].width;
	if (out->kind == 0 || left(at) < width)
		return false;
	out->u = big_endian(at->p, width);
	at->p += width;
	if (first >= FIXEXT_FIRST && first <= FIXEXT_LAST)
		out->u = UINT64_C(1) << (first - FIXEXT_FIRST);
	if (out->kind == RG__MP_INT && width < 8)
		out->u = (out->u ^ UINT64_C(1) << (8 * width - 1)) - (UINT64_C(1) << (8 * width - 1));
	return true;
}

bool rg__mp_next_any(rg__mp *at, rg__mp_item *out)
{
	if (!head(at, out))
		return false;
	switch (out->kind) {
	case RG__MP_INT: /* some encoders write positive numbers as signed */
		if (out->u <= INT64_MAX)
			out->kind = RG__MP_UINT;
		return true;
	case RG__MP_ARRAY:
		return out->u <= left(at);
	case RG__MP_MAP:
		return out->u <= left(at) / 2;
	case RG__MP_EXT:
		out->u++; /* the type octet */
		break;
	case RG__MP_STR:
	case RG__MP_BIN:
		break;
	default:
		return true;
	}
	if (out->u > left(at))
		return false;
	out->s = (rg_str){ (const char *)at->p, (size_t)out->u };
	at->p += out->u;
	return true;
}

static bool skip_value(rg__mp *at, uint32_t depth)
{
	rg__mp_item item;
	uint64_t n;

	if (!rg__mp_next(at, &item))
		return false;
	if (item.kind != RG__MP_ARRAY && item.kind != RG__MP_MAP)
		return true;
	if (depth == 0)
		return false;
	for (n = item.kind == RG__MP_MAP ? item.u * 2 : item.u; n > 0; n--)
		if (!skip_value(at, depth - 1))
			return false;
	return true;
}

bool rg__mp_skip(rg__mp *at)
{
	return skip_value(at, RG__UNKNOWN_DEPTH);
}
