/* SPDX-License-Identifier: MIT */
/* The clock that nobody sets. */
#ifndef RG__CLOCK_H
#define RG__CLOCK_H

#include <stdint.h>

int64_t rg__monotonic_us(void);

#endif
