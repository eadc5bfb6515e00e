/* SPDX-License-Identifier: MIT */
/* A hash without a key, equal on every machine. */
#ifndef RG__FINGERPRINT_H
#define RG__FINGERPRINT_H

#include <rgstr/types.h>
#include <string.h>

/* Adds a value to a fingerprint, which starts at 0. Kind and length frame each value. */
uint64_t rg__fingerprint(uint64_t so_far, uint32_t kind, rg_str value);

#endif
