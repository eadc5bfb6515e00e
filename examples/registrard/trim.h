/* SPDX-License-Identifier: MIT */
/* Gives memory back to the system after a storm. */
#ifndef REGISTRARD_TRIM_H
#define REGISTRARD_TRIM_H

#include <stddef.h>

/* Counts what takes memory. All zero at the start, but for `from`. */
struct trim {
	size_t from; /* a peak below this leaves nothing that is worth giving back */
	size_t most; /* the largest count since memory was given back */
};

void trim_note(struct trim *trim, size_t n);

/* Gives free memory back when the count has fallen to a quarter of its peak. */
void trim_after(struct trim *trim, size_t n);

#endif
