/* SPDX-License-Identifier: MIT */
/* Layer 0: the clock that nobody sets. */
#ifndef RG__CLOCK_H
#define RG__CLOCK_H

#include <stdint.h>

int64_t rg__monotonic_us(void);

#endif
