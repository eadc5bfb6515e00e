/* SPDX-License-Identifier: MIT */
/* The ways from the bytes of a message to those of the reply. What comes in as a message is tried through each. */
#ifndef RG_ATTACK_ADAPTORS_H
#define RG_ATTACK_ADAPTORS_H

#include "world.h"

typedef struct adaptor {
	const char *name;
	world_handle handle;
} adaptor;

extern const adaptor adaptors[];
extern const size_t n_adaptors;

#endif
