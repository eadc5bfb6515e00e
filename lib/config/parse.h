/* SPDX-License-Identifier: MIT */
/* Values as people type them, for parameters and flags alike. */
#ifndef RG__VALUE_H
#define RG__VALUE_H

#include "config/settings.h"

/* For %.*s: as much of what was typed as is good to read in an error. */
#define RG__SHOWN(s) ((s).n > 64 ? 64 : (int)(s).n), ((s).p ? (s).p : "")

/* Digits only, from @p min to @p max; else RG_EINVAL with a text that begins with @p name. */
rg_status rg__value_int(rg_str name, rg_str value, int64_t min, int64_t max, int64_t *out, rg_error *why);

/* `0`, `1`, `<param>` or `instance`; the param is a slice of @p value. False for anything else. */
bool rg__value_matching(rg_str value, rg__matching *out);

#endif
