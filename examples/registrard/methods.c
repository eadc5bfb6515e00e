/* SPDX-License-Identifier: MIT */
#include "methods.h"

#include <rgstr/record.h>
#include <string.h>

#define ROOM_OF(name, bit) + sizeof #name + 1
_Static_assert(0 RG_METHOD_MAP(ROOM_OF) < METHODS_ROOM, "all methods fit into a text");
#undef ROOM_OF

void methods_print(uint32_t methods, char text[METHODS_ROOM])
{
	static const struct {
		const char *name;
		uint32_t bit;
	} rows[] = {
#define ROW_OF(name, bit) { #name, UINT32_C(1) << (bit) },
		RG_METHOD_MAP(ROW_OF)
#undef ROW_OF
	};

	*text = '\0';
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (methods & rows[i].bit) {
			strcat(text, *text ? ", " : "");
			strcat(text, rows[i].name);
		}
}
