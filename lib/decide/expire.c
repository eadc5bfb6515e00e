/* SPDX-License-Identifier: MIT */
/* What time does to a record, and which node acts on it. */
#include "decide/decide.h"
#include "decide/plan.h"
#include "rules/rules.h"
#include <stdlib.h>

/* Base specification §1.4.1, ownership_tag: the bindings for which this node acts. Asks once about each run of equal tags. */
static bool *owned_of(const rg_record *record, rg__is_owner *is_owner, void *user)
{
	uint32_t n = rg_record_contact_count(record);
	bool *owned = malloc(n * sizeof *owned + 1);
	rg_str last = RG__ABSENT;
	bool is_ours = true;
	rg_contact c = { .struct_size = sizeof c };

	for (uint32_t i = 0; owned && i < n; i++) {
		rg__record_contact(record, i, &c);
		if (!rg_str_equal(c.ownership_tag, last))
			is_ours = c.ownership_tag.n == 0 || is_owner(user, &c.ownership_tag);
		last = c.ownership_tag;
		owned[i] = is_ours;
	}
	return owned;
}

rg_status rg__expire(const rg_record *record, const rg__keeper *keeper, rg_time now, const rg_revision *revision, rg_plan **out)
{
	const rg__waker *waker = rg__config_int(keeper->waker.config, RG__P_pn_enable) ? &keeper->waker : NULL;
	bool *owned = NULL;
	rg_key key;

	rg_record_key(record, &key);
	/* A store that sites share may hold homes beside bindings. Homes have no events. */
	if (rg__homes_domain(key.domain))
		return rg__homes_prune(record, now, revision, out);
	if (keeper->is_owner && !(owned = owned_of(record, keeper->is_owner, keeper->user)))
		return RG_ENOMEM;
	rg_status status = rg__prune_expired(record, owned, waker, now, revision, out);

	free(owned);
	return status;
}

/* The tags of other nodes. */
typedef struct foreign_tags {
	const rg_str *tags;
	uint32_t n;
} foreign_tags;

static int32_t is_not_foreign(void *user, const rg_str *tag)
{
	const foreign_tags *foreign = user;

	for (uint32_t i = 0; i < foreign->n; i++) {
		if (rg__eq(foreign->tags[i], *tag))
			return 0;
	}
	return 1;
}

rg_status rg_expire(const rg_record *record, const rg_str *foreign, uint32_t n_foreign, const rg_config *config, rg_time now,
	const uint8_t seed[32], rg_plan **out, rg_error *why)
{
	foreign_tags tags = { foreign, n_foreign };
	rg_status st = rg__pure_begin(config, seed, out, why);

	if (st == RG_OK && n_foreign > 0 && !foreign)
		st = rg__fail(why, RG_EINVAL, "foreign is NULL, and its count is %u", n_foreign);
	if (st != RG_OK)
		return st;
	rg_revision revision = rg__draw_revision(seed, rg_record_revision(record));
	rg__keeper keeper = { n_foreign > 0 ? is_not_foreign : NULL, &tags, { config, true } };
	return rg__pure_end(rg__expire(record, &keeper, now, &revision, out), why);
}
