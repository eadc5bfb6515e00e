/* SPDX-License-Identifier: MIT */
/* The Lua scripts: scripts/to_c.py makes redis_scripts.c of scripts/ at build time. */
#ifndef REDIS_SCRIPTS_H
#define REDIS_SCRIPTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct rg__redis_script {
	const char *name;
	const char *sha; /* SHA-1 of the text, in 40 hexadecimal digits */
	const char *text;
	size_t n;
} rg__redis_script;

enum rg__redis_script_number { RG__REDIS_SCRIPT_COMMIT, RG__REDIS_SCRIPT_DUE, RG__REDIS_SCRIPT_FIND };

extern const rg__redis_script rg__redis_scripts[];
extern const uint32_t rg__redis_n_scripts;

#endif
