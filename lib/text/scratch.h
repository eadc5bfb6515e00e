/* SPDX-License-Identifier: MIT */
/* Arrays that a function needs until it returns, one behind the other: in room on its stack while they fit, else in one allocation. */
#ifndef RG__SCRATCH_H
#define RG__SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

typedef struct rg__scratch {
	char *at;        /* where the next array goes */
	void *allocated; /* NULL: the room suffices */
} rg__scratch;

/* @p room of @p size bytes, aligned for all that is taken. At most @p need bytes are taken in all; nothing checks this. False: out
 * of memory. */
static inline bool rg__scratch_open(rg__scratch *s, void *room, size_t size, size_t need)
{
	bool fits = need <= size;

	s->allocated = fits ? NULL : malloc(need);
	s->at = fits ? room : s->allocated;
	return s->at != NULL;
}

/* The next array; those of larger alignment are taken first. */
static inline void *rg__scratch_take(rg__scratch *s, size_t bytes)
{
	void *array = s->at;

	s->at += bytes;
	return array;
}

static inline void rg__scratch_close(rg__scratch *s)
{
	if (s->allocated)
		free(s->allocated);
}

#endif
