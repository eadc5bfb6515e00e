/* SPDX-License-Identifier: MIT */
/* Sets of methods, as bindings have them. */
#ifndef REGISTRARD_METHODS_H
#define REGISTRARD_METHODS_H

#include <stdint.h>

/* Room for the names of all. */
enum { METHODS_ROOM = 256 };

/* Prints names as an Allow header has them. */
void methods_print(uint32_t methods, char text[METHODS_ROOM]);

#endif
