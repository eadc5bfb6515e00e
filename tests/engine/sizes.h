/* SPDX-License-Identifier: MIT */
/* Functions that read a caller's struct or fill one in, each as a probe for the law of struct_size (types.h). */
#ifndef SIZES_H
#define SIZES_H

#include "kit.h"

/* What the probes look at. */
typedef struct scene {
	kit k;
	rg_request save, look;
	rg_upstream upstream;
	rg_str contact, granted, forwarded;
	rg_plan *plan, *relayed, *gone; /* the last has a removal */
	rg_targets *targets, *asleep; /* the last are of a device that must be woken */
	rg_answer *answer;
	rg_statistics *stats;
	rg_config *config;
} scene;

/* A struct, and a function that takes one. */
typedef struct probe {
	const char *name, *type;
	uint32_t size;
	void (*init)(void *room, uint32_t size);
	void (*fill)(scene *s, void *room); /* of a struct that is read; NULL: it is filled in */
	rg_status (*use)(scene *s, uint32_t index, void *room);
} probe;

void open_scene(scene *s);
void close_scene(scene *s);

extern const probe filled_in[], read_in[];
extern const size_t n_filled_in, n_read_in;

#endif
