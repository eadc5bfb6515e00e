/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <stdlib.h>

rg_str rg_str_from(const char *text)
{
	return text ? (rg_str){ text, strlen(text) } : RG__ABSENT;
}

int32_t rg_str_equal(rg_str a, rg_str b)
{
	return rg__eq(a, b);
}

const char *rg_version(void)
{
	return RG_VERSION;
}

void rg_mem_free(void *memory)
{
	free(memory);
}
