/* SPDX-License-Identifier: MIT */
#include "config/parse.h"
#include "grammar/grammar.h"
#include <inttypes.h>

rg_status rg__value_int(rg_str name, rg_str value, int64_t min, int64_t max, int64_t *out, rg_error *why)
{
	uint64_t number;

	/* The cap is one above the greatest number, so that a capped value still counts as too great. */
	if (rg__parse_uint(value, (uint64_t)max + 1, &number) != RG_OK || (int64_t)number < min || (int64_t)number > max)
		return rg__fail(why, RG_EINVAL, "%.*s: '%.*s' is not a whole number from %" PRId64 " to %" PRId64, RG__SHOWN(name),
			RG__SHOWN(value), min, max);
	*out = (int64_t)number;
	return RG_OK;
}

bool rg__value_matching(rg_str value, rg__matching *out)
{
	enum { LONGEST_PARAM = 64 };
	static const struct {
		rg_str word;
		uint8_t mode;
	} words[] = {
		{ { "0", 1 }, RG__MATCH_URI },
		{ { "1", 1 }, RG__MATCH_URI_CALLID },
		{ { "instance", 8 }, RG__MATCH_INSTANCE },
	};

	*out = (rg__matching){ .mode = RG__MATCH_URI };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (rg__eq(value, words[i].word)) {
			out->mode = words[i].mode;
			return true;
		}
	}
	if (value.n < 3 || value.n > LONGEST_PARAM + 2 || value.p[0] != '<' || value.p[value.n - 1] != '>')
		return false;
	rg_str param = rg__sub(value, 1, value.n - 1);
	if (!rg__all(param, RG__C_PARAM)) /* RFC 3261 §25.1, pname */
		return false;
	*out = (rg__matching){ .mode = RG__MATCH_PARAM, .param = param };
	return true;
}
