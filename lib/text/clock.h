/* SPDX-License-Identifier: MIT */
/* A clock that never steps back. */
#ifndef RG__CLOCK_H
#define RG__CLOCK_H

#include <stdint.h>

int64_t rg__monotonic_us(void);

#endif
