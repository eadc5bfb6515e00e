/* SPDX-License-Identifier: MIT */
/* A hash without a key, the same on every machine. */
#ifndef RG__FINGERPRINT_H
#define RG__FINGERPRINT_H

#include <rgstr/types.h>
#include <string.h>

/* Takes one more value into a fingerprint that starts at 0; values are framed by kind and length. */
uint64_t rg__fingerprint(uint64_t so_far, uint32_t kind, rg_str value);

#endif
