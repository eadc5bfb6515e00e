/* SPDX-License-Identifier: MIT */
/* The lifetime of a binding (RFC 3261 §10.3 step 7). In seconds unless stated otherwise. */
#ifndef RG__EXPIRY_H
#define RG__EXPIRY_H

#include "config/config.h"

/* The largest delta-seconds (RFC 3261 §20.19). Greater values count as this one. */
#define RG__EXPIRES_MAX ((int64_t)UINT32_MAX)

/* Reads an expires value. False: it is malformed, and malformed values are refused. A malformed value that is accepted never becomes 0. */
bool rg__expires_read(rg_str value, const rg__save_settings *set, int64_t *out);

/* Whether the requested interval must be refused as too brief: it is below `min_expires`, or below @p least. */
bool rg__expires_too_brief(int64_t asked, const rg__save_settings *set);
bool rg__expires_below(int64_t asked, int64_t least, const rg__save_settings *set);

/* The interval to grant for a requested one: 0 stays 0, others are clamped. */
int64_t rg__expires_clamp(int64_t asked, const rg__save_settings *set);

/* Moves the clamped interval by a random deviation, within the same bounds. */
int64_t rg__expires_deviate(int64_t clamped, const rg__save_settings *set, uint64_t random);

static inline int64_t rg__expires_raised(int64_t seconds, int64_t least)
{
	return seconds > least ? seconds : least;
}

/* The end of an interval that starts at @p now. */
rg_time rg__expires_at(rg_time now, int64_t seconds);

#endif
