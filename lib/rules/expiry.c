/* SPDX-License-Identifier: MIT */
#include "rules/expiry.h"

#define HOUR 3600

bool rg__expires_read(rg_str value, const rg__save_settings *set, int64_t *out)
{
	uint64_t n;

	if (rg__parse_uint(value, (uint64_t)RG__EXPIRES_MAX, &n) == RG_OK) {
		*out = (int64_t)n;
		return true;
	}
	/* RFC 3261 §10.2 takes a malformed value for an hour. The default here is to refuse it, which makes the fault visible. */
	*out = HOUR;
	return set->malformed_expires_3600;
}

/* RFC 3261 §10.3 step 7: only an interval above zero and below an hour may be refused. */
static bool refusable(int64_t asked, const rg__save_settings *set)
{
	return set->min_expires_rejects && asked > 0 && asked < HOUR;
}

bool rg__expires_too_brief(int64_t asked, const rg__save_settings *set)
{
	return refusable(asked, set) && asked < set->min_expires;
}

bool rg__expires_below(int64_t asked, int64_t least, const rg__save_settings *set)
{
	return refusable(asked, set) && asked < least;
}

static int64_t within(int64_t v, const rg__save_settings *set)
{
	int64_t low = set->min_expires > 1 ? set->min_expires : 1;
	int64_t high = set->max_expires > 0 && set->max_expires < RG__EXPIRES_MAX ? set->max_expires : RG__EXPIRES_MAX;

	if (v < low)
		v = low;
	return v > high ? high : v;
}

int64_t rg__expires_clamp(int64_t asked, const rg__save_settings *set)
{
	return asked == 0 ? 0 : within(asked, set);
}

int64_t rg__expires_deviate(int64_t clamped, const rg__save_settings *set, uint64_t random)
{
	int64_t d = set->expires_max_deviation;

	if (clamped == 0 || d <= 0)
		return clamped;
	if (d > RG__EXPIRES_MAX)
		d = RG__EXPIRES_MAX;
	return within(clamped - d + (int64_t)(random % (2 * (uint64_t)d + 1)), set);
}

rg_time rg__expires_at(rg_time now, int64_t seconds)
{
	return rg__add_sat(now, rg__mul_sat(seconds, 1000));
}
