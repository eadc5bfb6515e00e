/* SPDX-License-Identifier: MIT */
#include "rules/retry.h"

rg_time rg__retry_after(const rg_config *config, rg_time begun, rg_time now)
{
	rg_str pauses = rg__config_text(config, RG__P_pn_retry), pause;
	uint64_t seconds;

	while (rg__list_next(&pauses, &pause) > 0 && rg__parse_uint(pause, RG__SECONDS_MAX, &seconds) == RG_OK) {
		begun = rg__add_sat(begun, rg__mul_sat((int64_t)seconds, 1000));
		if (begun > now)
			return begun;
	}
	return RG_TIME_NEVER;
}
