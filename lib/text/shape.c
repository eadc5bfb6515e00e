/* SPDX-License-Identifier: MIT */
#include "text/shape.h"
#include "text/text.h"

enum { LARGEST = 4096 };

static bool is_zero(const unsigned char *at, const unsigned char *end)
{
	while (at < end && *at == 0)
		at++;
	return at == end;
}

int32_t rg_struct_fits(const void *given, const uint32_t *sizes, uint32_t n)
{
	if (!given || !sizes || n == 0)
		return 0;
	uint32_t size = rg__struct_size(given), ours = sizes[n - 1];

	if (size > ours)
		return size <= LARGEST && is_zero((const unsigned char *)given + ours, (const unsigned char *)given + size);
	while (n > 0 && sizes[n - 1] != size)
		n--;
	return n > 0;
}

void rg__shape_init(const rg__shape *shape, void *caller, uint32_t size)
{
	uint32_t known = rg__shape_size(shape);

	if (!caller || size < sizeof size)
		return;
	memset(caller, 0, size);
	if (shape->defaults)
		memcpy(caller, shape->defaults, size < known ? size : known);
	memcpy(caller, &size, sizeof size);
}

bool rg__shape_fits(const rg__shape *shape, const void *given)
{
	return rg_struct_fits(given, shape->sizes, shape->n);
}

bool rg__shape_take(const rg__shape *shape, const void *given, void *room)
{
	uint32_t ours = rg__shape_size(shape);

	if (!rg__shape_fits(shape, given))
		return false;
	uint32_t size = rg__struct_size(given) < ours ? rg__struct_size(given) : ours;
	rg__shape_init(shape, room, ours);
	memcpy((char *)room + sizeof size, (const char *)given + sizeof size, size - sizeof size);
	return true;
}

rg_status rg__shape_give(const rg__shape *shape, const void *full, void *out)
{
	if (!rg__shape_fits(shape, out))
		return RG_EINVAL;
	uint32_t size = rg__struct_size(out), ours = rg__shape_size(shape);

	if (!full) {
		rg__shape_init(shape, out, size);
		return RG_ENOENT;
	}
	if (size > ours)
		size = ours;
	memcpy((char *)out + sizeof size, (const char *)full + sizeof size, size - sizeof size);
	return RG_OK;
}

rg_status rg__shape_refuse(const rg__shape *shape, const void *given, rg_error *why)
{
	return rg__fail(why, RG_EINVAL, "%s.struct_size is %u, which is no size that this library knows: call %s_init()", shape->name,
		rg__struct_size(given), shape->name);
}
