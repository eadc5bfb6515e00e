/* SPDX-License-Identifier: MIT */
#include "trim.h"

#include <stdlib.h> /* defines __GLIBC__ */
#ifdef __GLIBC__
#include <malloc.h>
#endif

void trim_note(struct trim *trim, size_t n)
{
	trim->most = n > trim->most ? n : trim->most;
}

/* The allocator keeps what is freed below its topmost block, so that after a storm the process would stay as large as it was. */
void trim_after(struct trim *trim, size_t n)
{
	if (trim->most < trim->from || n > trim->most / 4)
		return;
	trim->most = n;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
