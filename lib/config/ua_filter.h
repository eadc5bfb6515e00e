/* SPDX-License-Identifier: MIT */
/* `/regexp/ie`, the value of ua-filtering. */
#ifndef RG__PATTERN_H
#define RG__PATTERN_H

#include "regex/regex.h"

/* Bytes from the opening to the closing slash, both included. 0: @p s does not start with a slash, or the slash never closes. */
size_t rg__pattern_span(rg_str s);

/* Compiles a whole value. Its letters add to @p ignore_case and @p extended. The caller owns @p out on RG_OK. */
rg_status rg__pattern_compile(rg_str value, bool ignore_case, bool extended, size_t max, rg__automaton **out,
	rg_error *why);

#endif
