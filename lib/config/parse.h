/* SPDX-License-Identifier: MIT */
/* Reads values as people type them, for parameters and flags. */
#ifndef RG__VALUE_H
#define RG__VALUE_H

#include "config/settings.h"

/* Reads digits only, from @p min to @p max. Else RG_EINVAL, with a text that begins with @p name. */
rg_status rg__value_int(rg_str name, rg_str value, int64_t min, int64_t max, int64_t *out, rg_error *why);

/* Reads `0`, `1`, `<param>` or `instance`; the param is a slice of @p value. False: any other text. */
bool rg__value_matching(rg_str value, rg__matching *out);

#endif
