/* SPDX-License-Identifier: MIT */
/* How long a binding lives (RFC 3261 §10.3 step 7). Seconds unless said. */
#ifndef RG__EXPIRY_H
#define RG__EXPIRY_H

#include "config/config.h"

/* The most a delta-seconds can say (RFC 3261 §20.19): what is more is just large. */
#define RG__EXPIRES_MAX ((int64_t)UINT32_MAX)

/* Reads an expires value. False: malformed, and malformed values are refused; else *out is set, never 0 by malformedness. */
bool rg__expires_read(rg_str value, const rg__save_settings *set, int64_t *out);

/* True when an interval that was asked for is to be refused as too brief. */
bool rg__expires_too_brief(int64_t asked, const rg__save_settings *set);

/* What an interval that was asked for becomes: 0 stays 0, others are clamped. */
int64_t rg__expires_clamp(int64_t asked, const rg__save_settings *set);

/* The clamped interval moved by a random deviation, within the same bounds. */
int64_t rg__expires_deviate(int64_t clamped, const rg__save_settings *set, uint64_t random);

/* When an interval that starts at @p now is over. */
rg_time rg__expires_at(rg_time now, int64_t seconds);

#endif
