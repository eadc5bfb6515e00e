/* SPDX-License-Identifier: MIT */
#include "methods.h"

#include <rgstr/record.h>
#include <string.h>

#define ROOM_OF(name) + sizeof #name + 1
_Static_assert(0 RG_METHOD_MAP(ROOM_OF) < METHODS_ROOM, "all methods fit into a text");
#undef ROOM_OF

void methods_print(uint32_t methods, char text[METHODS_ROOM])
{
	static const char *const names[] = {
#define NAME(name) #name,
		RG_METHOD_MAP(NAME)
#undef NAME
	};

	*text = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (methods & UINT32_C(1) << i) {
			strcat(text, *text ? ", " : "");
			strcat(text, names[i]);
		}
}
