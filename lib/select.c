/* SPDX-License-Identifier: MIT */
/* Where a request goes (RFC 3261 §16.5): the live bindings of its AoR, in order. */
#include "model.h"
#include "order.h"
#include "policy.h"
#include "request.h"
#include "targets.h"

#include <stdlib.h>

/* Bindings that need no allocation to be looked at. */
enum { FEW = 8 };

static bool is_sips(rg_str uri)
{
	return uri.n >= 5 && rg__eq_nocase(rg__sub(uri, 0, 5), RG_STR("sips:"));
}

/* Ranks the live bindings that may be used; @p live counts the others too. */
static uint32_t gather(const rg_record *record, const rg_request *request, rg_time now, rg__rank *ranks, uint32_t *live)
{
	bool sips_only = request && is_sips(request->request_uri);
	uint32_t n = 0;
	rg_contact c;

	*live = 0;
	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++) {
		if (c.expires <= now)
			continue;
		(*live)++;
		/* RFC 3261 §26.2.2: what came as sips goes on as sips only. */
		if (!sips_only || is_sips(c.uri))
			ranks[n++] = rg__rank_of(&c, i);
	}
	return n;
}

static rg_status choose(const rg__choices *given, const rg__rank *ranks, uint32_t n, rg_targets **out)
{
	rg__choice few[FEW], *choice = n <= FEW ? few : malloc(n * sizeof *choice);
	rg__choices choices = *given;
	rg_status status;

	if (!choice)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		choice[i] = (rg__choice){ .uri = rg__record_uri(given->record, ranks[i].index), .index = ranks[i].index };
	choices.choice = choice;
	choices.n = n;
	status = rg__targets_new(&choices, out);
	if (choice != few)
		free(choice);
	return status;
}

rg_status rg__select(const rg_record *record, const rg_key *key, const rg_request *request, const rg__lookup_settings *settings,
	rg_time now, rg_targets **out)
{
	uint32_t count = rg_record_count(record), live, n;
	rg__rank few[FEW], *ranks = count <= FEW ? few : malloc(count * sizeof *ranks);
	rg__choices choices = { .record = record, .key = key, .result = RG_LOOKUP_FOUND, .branches_only = settings->to_branches_only };
	rg_status status;

	*out = NULL;
	if (!ranks)
		return RG_ENOMEM;
	n = gather(record, request, now, ranks, &live);
	rg__rank_sort(ranks, n, settings->desc_time_order);
	if (settings->no_branches && n > 1)
		n = 1;
	if (n == 0) {
		choices.result = RG_LOOKUP_NONE;
		choices.code = live > 0 ? 480 : 404;
	}
	status = choose(&choices, ranks, n, out);
	if (ranks != few)
		free(ranks);
	return status;
}

rg_status rg__targets_failed(int32_t result, int32_t code, rg_targets **out)
{
	return rg__targets_new(&(rg__choices){ .result = result, .code = code }, out);
}

static bool same_key(const rg_record *record, const rg_key *key)
{
	rg_key held;

	if (!record)
		return true;
	rg_record_key(record, &held);
	return rg_key_equal(&held, key);
}

rg_status rg_select(const rg_record *record, const rg_request *request, const rg_config *config, const rg_lookup_options *options,
	rg_time now, rg_targets **out)
{
	rg__lookup_settings settings;
	rg_request view;
	rg_status status;
	rg_key key;
	rg__aor aor;
	int how;

	if (!out)
		return RG_EINVAL;
	*out = NULL;
	if (!request)
		return RG_EINVAL;
	rg__request_view(request, &view);
	how = rg__lookup_aor(&view, config, &aor);
	if (how == RG__AOR_NOMEM)
		return RG_ENOMEM;
	if (how != RG__AOR_OK)
		return rg__targets_failed(RG_LOOKUP_NONE, how == RG__AOR_SCHEME ? 416 : 404, out); /* RFC 3261 §8.2.2.1 */
	key = (rg_key){ rg__request_domain(&view), aor.user, aor.host };
	rg__lookup_settings_of(config, options, &settings);
	status = same_key(record, &key) ? rg__select(record, &key, &view, &settings, now, out) : RG_EINVAL;
	rg__aor_free(&aor);
	return status;
}
