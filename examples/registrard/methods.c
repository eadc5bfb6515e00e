/* SPDX-License-Identifier: MIT */
#include "methods.h"

#include <rgstr/record.h>
#include <stdio.h>

void methods_print(uint32_t methods, char text[METHODS_ROOM])
{
	size_t n = 0;

	*text = '\0';
	for (uint32_t i = 0; i < 32; i++) {
		const char *name = methods & UINT32_C(1) << i ? rg_method_name(i) : NULL;

		if (name && n < METHODS_ROOM)
			n += (size_t)snprintf(text + n, METHODS_ROOM - n, "%s%s", n ? ", " : "", name);
	}
}
