/* SPDX-License-Identifier: MIT */
/* Selects the targets of a request (RFC 3261 §16.5): the live bindings of its AoR, in order. */
#include "route/instances.h"
#include "route/route.h"
#include "route/wakes.h"
#include "message/message.h"
#include "register/register.h"

/* Up to FEW bindings need no allocation. EACH: the bytes for one, which are a row, its rank twice, its principal and a wake. */
enum { FEW = 8, EACH = sizeof(rg__row) + 2 * sizeof(rg__rank) + sizeof(uint32_t) + sizeof(uint16_t) };

/* The filters for bindings, and counts of the bindings that passed each. */
typedef struct sieve {
	const rg__lookup_settings *set;
	rg_time now;
	bool sips_only;
	uint32_t method;         /* bit of the request's method */
	uint32_t live, secure, able;
	uint32_t instances;      /* of the bindings that passed, how many have an instance */
} sieve;

/* An ACK has no transaction in which it could wait, and goes to a device that has just answered. */
static bool request_waits(const rg_request *request)
{
	return !request || !rg_str_equal(request->method, RG_STR("ACK"));
}

static sieve sieve_of(const rg_request *request, const rg__lookup_settings *set, rg_time now)
{
	bool sips_gruu = set->gruu && set->gruu->uri.scheme == RG__SCHEME_SIPS; /* it may be the `aor` of a request to a sip URI */

	return (sieve){ .set = set, .now = now, .sips_only = sips_gruu || (request && rg__is_sips(request->request_uri)),
		.method = set->method_filtering ? rg__method_bit(request ? request->method : RG__ABSENT) : 0 };
}

/* Applies the optional filters, in their order. */
static bool passes(sieve *s, const rg_record *record, uint32_t index, const rg__glance *seen)
{
	const rg__lookup_settings *set = s->set;

	if (set->method_filtering && !(seen->methods & s->method))
		return false;
	s->able++;
	if (set->ua_regex && !rg__automaton_finds(set->ua_regex, rg__record_user_agent(record, index)))
		return false;
	return set->max_ping_latency < 0 || seen->latency == RG_LATENCY_NONE || seen->latency <= set->max_ping_latency;
}

/* Whether the lookup is for this binding's instance, or for no instance in particular. */
static bool is_meant(const sieve *s, const rg_record *record, uint32_t index)
{
	return !s->set->gruu || rg__gruu_names(s->set->gruu, rg__record_instance(record, index), rg__record_generation(record, index));
}

/* Ranks those of the @p count bindings that pass; returns their number. */
static uint32_t rank_passing(sieve *s, const rg_record *record, uint32_t count, rg__rank *ranks)
{
	rg__glance seen;
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		rg__record_glance(record, i, &seen);
		/* A record of a faulty store may have a binding without a URI. Nothing can be sent to it. */
		if (seen.expires <= s->now || rg__record_uri(record, i).n == 0 || !is_meant(s, record, i))
			continue;
		s->live++;
		/* RFC 3261 §26.2.2: a request for a sips URI goes to sips targets only. */
		if ((s->sips_only || s->set->no_sips) && rg__is_sips(rg__record_uri(record, i)) != s->sips_only)
			continue;
		s->secure++;
		if (s->set->filters && !passes(s, record, i, &seen))
			continue;
		s->instances += seen.has_instance;
		ranks[n++] = rg__rank_seen(&seen, i);
	}
	return n;
}

/* Sorts the bindings that passed, and drops those that the options exclude. */
static rg_status arrange(const sieve *s, const rg_record *record, rg__lot *lot)
{
	rg_status status = RG_OK;

	if (s->set->only_binding != 0)
		rg__wakes_keep_device(record, s->set->only_binding, lot);
	if (s->set->sort_by_latency)
		rg__rank_sort_latency(lot->ranks, lot->n, lot->room, s->set->desc_time_order);
	else
		rg__rank_sort(lot->ranks, lot->n, lot->room, s->set->desc_time_order);
	if (s->instances > 1)
		status = rg__instances_group(record, lot->ranks, lot->n, lot->fallback_of);
	else
		lot->fallback_of = NULL;
	if (s->set->no_branches && lot->n > 1)
		lot->n = 1;
	return status;
}

/* Sets the reason why there are no targets. RFC 5627 §6.1: the instance of a public GRUU may come back; a void temporary one is as good as
 * one that never was. */
static void explain_no_targets(const sieve *s, rg__choices *choices)
{
	bool unable = s->set->method_filtering && s->secure > 0 && s->able == 0;
	bool known = s->live > 0 || (s->set->gruu && !s->set->gruu->temporary && choices->record);

	choices->result = unable ? RG_LOOKUP_METHOD : RG_LOOKUP_NONE;
	choices->code = unable ? 405 : known ? 480 : 404;
}

/* RFC 5627 §6.1: a request with Route values left knows its way, and the Path is not put before it. */
static rg_str onward(const rg_request *request)
{
	rg__name_addr route;
	rg_str rest, first;

	if (!request || request->n_routes == 0)
		return RG__ABSENT;
	rest = request->routes[0]; /* adaptors may hand over a line of several values */
	return rg__list_next(&rest, &first) > 0 && rg__name_addr_parse(first, &route) == RG_OK ? route.uri : RG_STR("");
}

static rg_status make_targets(rg__choices *choices, const rg__lot *lot, rg_targets **out)
{
	for (uint32_t i = 0; i < lot->n; i++) {
		uint32_t index = lot->ranks[i].index;

		choices->rows[i] = (rg__row){ .uri = rg__record_uri(choices->record, index), .index = index,
			.fallback_of = lot->fallback_of ? lot->fallback_of[i] : UINT32_MAX };
	}
	return rg__targets_new(choices, out);
}

rg_status rg__select(const rg_record *record, const rg_request *request, const rg__lookup_settings *settings, rg_time now, rg_targets **out)
{
	uint32_t count = rg_record_contact_count(record);
	rg__choices choices = { .record = record, .result = RG_LOOKUP_FOUND, .branches_only = settings->to_branches_only,
		.strips = settings->pn ? rg__pn_param : NULL,
		.onward = settings->gruu ? onward(request) : RG__ABSENT };
	sieve s = sieve_of(request, settings, now);
	rg__lot lot = { 0 };
	_Alignas(rg__row) char few[FEW * EACH];
	rg__scratch scratch;

	*out = NULL;
	if (!rg__scratch_open(&scratch, few, sizeof few, count * EACH))
		return RG_ENOMEM;
	choices.rows = rg__scratch_take(&scratch, count * sizeof *choices.rows);
	lot.ranks = rg__scratch_take(&scratch, count * sizeof *lot.ranks);
	lot.room = rg__scratch_take(&scratch, count * sizeof *lot.room);
	lot.fallback_of = rg__scratch_take(&scratch, count * sizeof *lot.fallback_of);
	lot.wakes = rg__scratch_take(&scratch, count * sizeof *lot.wakes);
	lot.n = rank_passing(&s, record, count, lot.ranks);
	rg_status status = arrange(&s, record, &lot);
	if (settings->pn && status == RG_OK && request_waits(request)) /* after that: `no-branches` wakes only the best device */
		rg__wakes_divide(settings, record, now, &lot);
	choices.n = lot.n;
	if (lot.n == 0)
		explain_no_targets(&s, &choices);
	if (status == RG_OK)
		status = make_targets(&choices, &lot, out);
	if (status == RG_OK && lot.n_wakes > 0)
		status = rg__targets_wake(out, record, lot.wakes, lot.n_wakes);
	rg__scratch_close(&scratch);
	return status;
}

rg_status rg__select_device(const rg_record *record, const rg_request *request, const rg__lookup_settings *settings, uint64_t id, rg_time now,
	rg_targets **out)
{
	rg__lookup_settings own = *settings;

	own.only_binding = id;
	rg_status status = rg__select(record, request, &own, now, out);

	if (status == RG_OK && rg_targets_count(*out) == 0) {
		rg_targets_free(*out);
		*out = NULL;
	}
	return status;
}

rg_status rg__targets_failed(int32_t result, int32_t code, rg_targets **out)
{
	return rg__targets_new(&(rg__choices){ .result = result, .code = code }, out);
}

rg_status rg__targets_unread(int32_t code, const rg__lookup_settings *settings, rg_targets **out)
{
	int32_t result = code == 500 ? RG_LOOKUP_ERROR : RG_LOOKUP_NONE;

	return rg__targets_new(&(rg__choices){ .result = result, .code = code, .branches_only = settings->to_branches_only }, out);
}

static bool same_key(const rg_record *record, const rg_key *key)
{
	rg_key held;

	if (!record)
		return true;
	rg_record_key(record, &held);
	return rg_key_equal(&held, key);
}

static rg_status select_once(const rg_record *record, const rg_request *request, const rg_config *config, const rg_lookup_options *options,
	rg_time now, rg_targets **out, rg_error *why)
{
	rg__lookup_settings settings;
	rg__gruu *gruu;
	rg__aor aor;
	int32_t code;
	rg_status status = rg__lookup_aor(request, config, &aor, &gruu, &code);
	rg_key key = { rg__request_domain(request), aor.user, aor.host };

	rg__lookup_settings_of(config, options, &settings);
	settings.gruu = gruu;
	if (status == RG_OK && code != 0)
		status = rg__targets_unread(code, &settings, out);
	else if (status == RG_OK && same_key(record, &key))
		status = rg__select(record, request, &settings, now, out);
	else if (status == RG_OK)
		status = rg__fail(why, RG_EINVAL, "record belongs to another AoR than the request");
	rg__aor_free(&aor);
	if (gruu)
		rg__gruu_free(gruu);
	return status;
}

rg_status rg_select(const rg_record *record, const rg_request *request, const rg_config *config, const rg_lookup_options *options,
	rg_time now, rg_targets **out, rg_error *why)
{
	rg_request view;

	if (!out)
		return rg__fail(why, RG_EINVAL, "out is NULL");
	*out = NULL;
	rg_status status = rg_config_check(config, why);
	if (status == RG_OK)
		status = rg__request_open(request, &view, why);
	if (status == RG_OK)
		status = select_once(record, &view, config, options, now, out, why);
	return status == RG_ENOMEM ? rg__fail(why, status, "out of memory") : status;
}
