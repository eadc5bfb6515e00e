/* SPDX-License-Identifier: MIT */
/* The second adaptor with one fault each, for a test of the comparison itself. */
#ifndef RG_TEST_PLANTED_H
#define RG_TEST_PLANTED_H

#include "front.h"

extern const front planted[];
extern const uint32_t n_planted;

#endif
