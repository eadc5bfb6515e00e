/* SPDX-License-Identifier: MIT */
#include "config/push.h"
#include "config/settings.h"

static bool has_name(const rg_str *names, uint32_t n, rg_str name)
{
	for (uint32_t i = 0; i < n; i++) {
		if (rg__eq_nocase(names[i], name))
			return true;
	}
	return false;
}

/* The names of a list with the form RG__FORM_TOKENS. */
static uint32_t read_names_of(rg_str rest, rg_str names[RG__PUSH_NAMES])
{
	uint32_t n = 0;

	while (rest.n > 0 && n < RG__PUSH_NAMES) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t end = comma ? (size_t)(comma - rest.p) : rest.n;
		rg_str name = rg__trim(rg__sub(rest, 0, end));

		if (name.n > 0 && !has_name(names, n, name))
			names[n++] = name;
		rest = comma ? rg__sub(rest, end + 1, rest.n) : RG__ABSENT;
	}
	return n;
}

void rg__push_prepare(const rg_config *config, rg__push *out)
{
	out->trigger = rg__config_int(config, RG__P_pn_trigger_interval);
	out->pnsreg = rg__config_int(config, RG__P_pn_pnsreg_interval);
	out->least = out->trigger + rg__config_int(config, RG__P_pn_refresh_timeout) + 1;
	out->purrs = rg__config_int(config, RG__P_pn_enable_purr) != 0;
	out->n_providers = out->n_match = 0;
	if (!rg__config_int(config, RG__P_pn_enable))
		return;
	out->n_providers = read_names_of(rg__config_text(config, RG__P_pn_providers), out->providers);
	out->n_match = read_names_of(rg__config_text(config, RG__P_pn_ct_match_params), out->match);
}
