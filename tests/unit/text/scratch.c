/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <criterion/criterion.h>

enum { FEW = 4, EACH = sizeof(uint64_t) + sizeof(uint16_t) };

/* Takes two arrays of @p n and fills them; true if they are in @p room. */
static bool fill(char *room, size_t size, uint32_t n)
{
	rg__scratch s;

	cr_assert(rg__scratch_open(&s, room, size, n * EACH));
	uint64_t *numbers = rg__scratch_take(&s, n * sizeof *numbers);
	uint16_t *marks = rg__scratch_take(&s, n * sizeof *marks);
	for (uint32_t i = 0; i < n; i++) {
		numbers[i] = i;
		marks[i] = 0xffff;
	}
	for (uint32_t i = 0; i < n; i++)
		cr_expect_eq(numbers[i], i);
	cr_expect_eq((char *)marks, (char *)(numbers + n), "one behind the other");
	bool inside = (char *)numbers == room;
	rg__scratch_close(&s);
	return inside;
}

Test(scratch, arrays_are_in_the_callers_room_while_they_fit)
{
	_Alignas(uint64_t) char room[FEW * EACH];

	cr_expect(fill(room, sizeof room, 0));
	cr_expect(fill(room, sizeof room, FEW));
	cr_expect_not(fill(room, sizeof room, FEW + 1));
	cr_expect_not(fill(room, sizeof room, 1000));
}
