/* SPDX-License-Identifier: MIT */
/* The content of save and lookup options. */
#ifndef RG__OPTIONS_H
#define RG__OPTIONS_H

#include <stdatomic.h>
#include "config/flags.h"
#include "config/settings.h"

/* Flags as read: which were given, and their values. */
typedef struct rg__flags {
	bool seen[RG__F_COUNT];
	int64_t number[RG__F_COUNT]; /* value of a NUMBER */
	rg_str text[RG__F_COUNT];    /* value as typed, of a flag that takes one */
} rg__flags;

struct rg_save_options {
	atomic_uint refs;
	rg__flags flags;
	rg__matching matching; /* value of matching-mode */
	uint8_t path;          /* RG__PATH_… */
	char text[];           /* the flag string; the slices above point into it */
};

struct rg_lookup_options {
	atomic_uint refs;
	rg__flags flags;
	rg__automaton *ua; /* value of ua-filtering */
	char text[];
};

#endif
