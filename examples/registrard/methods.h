/* SPDX-License-Identifier: MIT */
/* Sets of methods, as bindings store them. */
#ifndef REGISTRARD_METHODS_H
#define REGISTRARD_METHODS_H

#include <stdint.h>

/* Room for the names of all methods. */
enum { METHODS_ROOM = 256 };

/* Prints the names in the form of an Allow header. */
void methods_print(uint32_t methods, char text[METHODS_ROOM]);

#endif
