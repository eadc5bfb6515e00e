/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>

/* A struct that grew by two members since its first release, and the caller's room around it. */
typedef struct grown {
	uint32_t struct_size, first;
	int32_t q, more; /* `more` is the first that was appended */
	uint64_t most;
} grown;

enum { FIRST = offsetof(grown, more), SECOND = offsetof(grown, most), ROOM = 5000 };

static const grown empty_grown = { .first = 0, .q = -1, .more = 7, .most = UINT64_MAX };
static const rg__shape grown_shape = RG__SHAPE(grown, &empty_grown, offsetof(grown, more), offsetof(grown, most), sizeof(grown));
static const rg__shape plain_shape = RG__SHAPE(grown, NULL, sizeof(grown));

typedef union room {
	grown g;
	unsigned char bytes[ROOM];
} room;

static void fill_room(room *r, uint32_t size, unsigned char from, unsigned char value)
{
	memset(r->bytes, 0, sizeof r->bytes);
	memset(r->bytes + from, value, sizeof r->bytes - from);
	r->g.struct_size = size;
}

Test(shape, a_size_fits_when_it_ends_on_a_member_that_was_appended_and_no_other_up_to_ours)
{
	room r;

	for (uint32_t size = 0; size <= sizeof(grown); size++) {
		fill_room(&r, size, 4, 0xff);
		cr_expect_eq(rg__shape_fits(&grown_shape, &r), size == FIRST || size == SECOND || size == sizeof(grown), "%u", size);
		cr_expect_eq(rg__shape_fits(&plain_shape, &r), size == sizeof(grown), "%u", size);
	}
	cr_expect_not(rg__shape_fits(&grown_shape, NULL));
}

Test(shape, a_larger_size_fits_when_everything_behind_ours_is_zero)
{
	room r;

	for (uint32_t size = sizeof(grown) + 1; size < 100; size++) {
		fill_room(&r, size, 4, 0);
		memset(r.bytes + size, 0xee, 8); /* not of the struct */
		cr_expect(rg__shape_fits(&grown_shape, &r), "%u", size);
		for (uint32_t at = sizeof(grown); at < size; at++) {
			r.bytes[at] = 1;
			cr_expect_not(rg__shape_fits(&grown_shape, &r), "%u of %u", at, size);
			r.bytes[at] = 0;
		}
	}
}

Test(shape, a_size_that_no_struct_has_is_refused_unread)
{
	room r;

	fill_room(&r, 4096, 4, 0);
	cr_expect(rg__shape_fits(&grown_shape, &r));
	r.g.struct_size = 4097;
	cr_expect_not(rg__shape_fits(&grown_shape, &r));
	r.g.struct_size = UINT32_MAX;
	cr_expect_not(rg__shape_fits(&grown_shape, &r));
	cr_expect_eq(rg_struct_fits(&r, NULL, 1), 0);
	cr_expect_eq(rg_struct_fits(&r, (const uint32_t[]){ 4 }, 0), 0);
}

Test(shape, init_writes_the_defaults_that_the_caller_has_room_for)
{
	room r;

	for (uint32_t size = 0; size < 64; size++) {
		fill_room(&r, 99, 4, 0xee);
		rg__shape_init(&grown_shape, &r, size);
		cr_expect_eq(r.g.struct_size, size < 4 ? 99 : size);
		cr_expect_eq(r.g.q == -1, size >= FIRST, "%u", size);
		cr_expect_eq(r.g.more == 7, size >= SECOND, "%u", size);
		cr_expect_eq(r.g.most == UINT64_MAX, size >= sizeof(grown), "%u", size);
		for (uint32_t at = sizeof(grown); at < 80; at++)
			cr_expect_eq(r.bytes[at], at < size ? 0 : 0xee, "%u of %u", at, size);
		cr_expect_eq(r.bytes[size < 4 ? 4 : size], 0xee, "%u", size);
	}
	rg__shape_init(&grown_shape, NULL, sizeof(grown));
}

Test(shape, a_struct_that_is_read_has_defaults_for_what_the_caller_does_not_know)
{
	const uint32_t sizes[] = { FIRST, SECOND, sizeof(grown), sizeof(grown) + 8 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		grown read;
		room r;

		fill_room(&r, sizes[i], sizeof(grown), 0);
		r.g = (grown){ sizes[i], 1, 2, 3, 4 };
		cr_expect(rg__shape_take(&grown_shape, &r, &read));
		cr_expect_eq(read.struct_size, sizeof(grown));
		cr_expect_eq(read.first, 1);
		cr_expect_eq(read.q, 2);
		cr_expect_eq(read.more, sizes[i] >= SECOND ? 3 : 7);
		cr_expect_eq(read.most, sizes[i] >= sizeof(grown) ? 4 : UINT64_MAX);
	}
}

Test(shape, a_struct_that_is_filled_in_keeps_its_size_and_what_lies_behind_it)
{
	const uint32_t sizes[] = { FIRST, SECOND, sizeof(grown), sizeof(grown) + 8 };
	const grown full = { sizeof(grown), 1, 2, 3, 4 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		room r;

		for (int empty = 0; empty < 2; empty++) {
			fill_room(&r, sizes[i], 4, 0xee);
			rg__shape_init(&grown_shape, &r, sizes[i]);
			cr_expect_eq(rg__shape_give(&grown_shape, empty ? NULL : &full, &r), empty ? RG_ENOENT : RG_OK);
			cr_expect_eq(r.g.struct_size, sizes[i]);
			cr_expect_eq(r.g.first, empty ? 0 : 1);
			cr_expect_eq(r.g.q, empty ? -1 : 2);
			if (sizes[i] >= SECOND)
				cr_expect_eq(r.g.more, empty ? 7 : 3);
			if (sizes[i] > sizeof(grown))
				cr_expect_eq(r.bytes[sizeof(grown)], 0);
			cr_expect_eq(r.bytes[sizes[i]], 0xee, "%u", sizes[i]);
		}
	}
}

Test(shape, a_size_that_is_refused_is_neither_read_nor_written)
{
	const grown full = { sizeof(grown), 1, 2, 3, 4 };
	grown read = { .q = 42 };
	room r;

	fill_room(&r, FIRST - 4, 4, 0xee);
	cr_expect_eq(rg__shape_give(&grown_shape, &full, &r), RG_EINVAL);
	cr_expect_eq(rg__shape_give(&grown_shape, NULL, &r), RG_EINVAL);
	cr_expect_eq(r.bytes[4], 0xee);
	cr_expect_eq(rg__shape_give(&grown_shape, &full, NULL), RG_EINVAL);
	cr_expect_not(rg__shape_take(&grown_shape, &r, &read));
	cr_expect_not(rg__shape_take(&grown_shape, NULL, &read));
	cr_expect_eq(read.q, 42);
}

Test(shape, the_error_names_the_struct_its_size_and_the_init_function)
{
	rg_error *why = rg_error_new();
	const grown given = { .struct_size = 8 };

	cr_expect_eq(rg__shape_refuse(&grown_shape, &given, why), RG_EINVAL);
	cr_expect(rg__eq(rg_error_text(why), RG_STR("grown.struct_size is 8, which is no size that this library knows: call grown_init()")));
	cr_expect_eq(rg_error_status(why), RG_EINVAL);
	rg_error_free(why);
}
