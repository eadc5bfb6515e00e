/* SPDX-License-Identifier: MIT */
/* Messages of our own with the properties of the torture messages of RFC 4475 and RFC 5118, and what a registrar makes of each. */
#ifndef RG_TEST_TORTURE_H
#define RG_TEST_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct torture {
	const char *section; /* its number, the name that the RFC gives the message, and the property */
	const char *bytes;
	size_t n;
	int32_t code;        /* of the reply; 0 = none; NO_MESSAGE = RG_EINVAL. To another method than REGISTER it is 405 */
	uint32_t bindings;   /* in a store that was empty before */
	int32_t lookup;      /* of other methods: the code of a lookup of them while nobody is registered, 0 = the reply was made without one */
} torture;

enum { NO_MESSAGE = -1 };

extern const torture torture_4475[], torture_5118[];
extern const size_t n_torture_4475, n_torture_5118;

/* A row: section, expected code and bindings and code of the lookup, then the lines. */
#define TORTURE(section, code, bindings, lookup, text) { section, text, sizeof(text) - 1, code, bindings, lookup },

#endif
