/* SPDX-License-Identifier: MIT */
/* A string of bytes → a sequence of all verbs over stores of every kind: see tests/engine/random.h. */
#include <stddef.h>
#include <stdint.h>
#include "random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	random_sequence(data, size, "", false);
	return 0;
}
