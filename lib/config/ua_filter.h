/* SPDX-License-Identifier: MIT */
/* `/regexp/ie`, the value of ua-filtering. */
#ifndef RG__PATTERN_H
#define RG__PATTERN_H

#include "regex/regex.h"

/* Bytes from the opening slash to the closing one, both included; 0 when @p s does not start with a slash or it never closes. */
size_t rg__pattern_span(rg_str s);

/* Compiles a whole value; the letters add to what @p ignore_case and @p extended already say. The caller owns @p out when RG_OK. */
rg_status rg__pattern_compile(rg_str value, bool ignore_case, bool extended, size_t max, rg__automaton **out,
	rg_error *why);

#endif
