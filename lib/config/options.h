/* SPDX-License-Identifier: MIT */
/* What is behind the options of save and lookup. */
#ifndef RG__OPTIONS_H
#define RG__OPTIONS_H

#include <stdatomic.h>
#include "config/flags.h"
#include "config/settings.h"

/* Flags as read: which were given, and with what. */
typedef struct rg__flags {
	bool seen[RG__F_COUNT];
	int64_t number[RG__F_COUNT]; /* of a NUMBER */
	rg_str text[RG__F_COUNT];    /* of any that takes a value, as typed */
} rg__flags;

struct rg_save_options {
	atomic_uint refs;
	rg__flags flags;
	rg__matching matching; /* of matching-mode */
	uint8_t path;          /* RG__PATH_… */
	char text[];           /* the string it was made of; the slices above are of it */
};

struct rg_lookup_options {
	atomic_uint refs;
	rg__flags flags;
	rg__automaton *ua; /* of ua-filtering */
	char text[];
};

#endif
