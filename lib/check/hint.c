/* SPDX-License-Identifier: MIT */
/* Hints and prefetch may save work. They never change an outcome. */
#include "check/check.h"

#define TAG RG_STR("192.0.2.1:5060")

static const rg_revision zero;

static uint64_t fetched_hint(rg__check *ck, const rg_key *key)
{
	rg__check_answer *a = rg__check_fetch(ck, key);
	uint64_t hint = a->found.hint;

	rg__check_forget(a);
	return hint;
}

void rg__check_take_hint(rg__check *ck, const rg_key *key, rg__check_hint_kind kind)
{
	switch (kind) {
	case RG__CHECK_HINT_FETCHED:
		ck->hint = fetched_hint(ck, key);
		return;
	case RG__CHECK_HINT_NEAR: /* one bit of it is wrong */
		ck->hint = fetched_hint(ck, key) ^ (uint64_t)1 << rg__check_draw(ck) % 64;
		return;
	case RG__CHECK_HINT_RANDOM:
		ck->hint = rg__check_draw(ck);
		return;
	default:
		ck->hint = kind == RG__CHECK_HINT_ONES ? UINT64_MAX : 0;
	}
}

static void resend_hinted(rg__check *ck, const rg__check_draft *s, const rg_revision *base, const rg_revision *own)
{
	rg_record *next = rg__check_record(ck, s, own);
	rg__check_answer *a = rg__check_commit(ck, &s->key, base, own, next);

	rg__check_that(ck, a->status == RG_OK, "a commit sent again with another hint answered: %s", rg_strerror(a->status));
	rg_record_unref(next);
	rg__check_holds(ck, &s->key, own);
}

/* Every kind of commit to the key of @p s, with hints of the key @p of. */
static void commit_hinted(rg__check *ck, const rg__check_draft *s, const rg_key *of, rg__check_hint_kind kind)
{
	rg_revision first, second, gone, wrong = rg__check_mint(ck);

	rg__check_take_hint(ck, of, kind);
	rg__check_conflict(ck, s, &wrong, &zero, false);
	first = rg__check_new(ck, s);
	rg__check_holds(ck, &s->key, &first);
	rg__check_take_hint(ck, of, kind);
	rg__check_conflict(ck, s, &zero, &first, false);
	second = rg__check_put(ck, s, &first);
	rg__check_holds(ck, &s->key, &second);
	rg__check_conflict(ck, s, &first, &second, true);
	resend_hinted(ck, s, &first, &second);
	rg__check_take_hint(ck, of, kind);
	gone = rg__check_drop(ck, &s->key, &second);
	rg__check_holds(ck, &s->key, &zero);
	rg__check_conflict(ck, s, &second, &zero, false);
	rg__check_take_hint(ck, of, kind);
	first = rg__check_new(ck, s);
	rg__check_conflict(ck, s, &gone, &first, true);
	rg__check_drop(ck, &s->key, &first);
	ck->hint = 0;
	rg__check_holds(ck, &s->key, &zero);
}

/* A hint of the key itself, of a key that stays, and of one that never was. */
static void any_hint(rg__check *ck)
{
	rg__check_label names[3];
	rg__check_draft s = rg__check_sample(rg__check_name(&names[0], RG__CHECK_DOMAIN, 1), 5000, TAG);
	rg__check_draft stays = rg__check_sample(rg__check_name(&names[1], RG__CHECK_DOMAIN, 2), 5000, TAG);
	rg_revision there = rg__check_new(ck, &stays);

	rg__check_name(&names[2], RG__CHECK_DOMAIN, 3);
	for (int of = 0; of < 3; of++) {
		for (int kind = 0; kind < RG__CHECK_HINTS && rg__check_ok(ck); kind++) {
			commit_hinted(ck, &s, &names[of].key, (rg__check_hint_kind)kind);
			rg__check_holds(ck, &stays.key, &there);
			rg__check_holds(ck, &names[2].key, &zero);
		}
	}
}

static void hint_of_conflict(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, TAG);
	rg_revision first = rg__check_new(ck, &s), own = rg__check_mint(ck), second;
	rg_record *next = rg__check_record(ck, &s, &own);
	rg__check_answer *a = rg__check_commit(ck, &s.key, &zero, &own, next);

	rg__check_that(ck, a->status == RG_ECONFLICT, "an insert where there is a record answered: %s", rg_strerror(a->status));
	ck->hint = a->found.hint;
	rg__check_forget(a);
	rg_record_unref(next);
	second = rg__check_put(ck, &s, &first);
	rg__check_holds(ck, &s.key, &second);
}

static void expect_all(rg__check *ck, const rg__check_label *names, const rg_revision *there, uint32_t n)
{
	rg__check_walk w = { .kind = RG__CHECK_SCAN, .limit = n, .domain = RG__CHECK_DOMAIN };
	uint8_t seen[64];

	for (uint32_t i = 0; i < n; i++)
		rg__check_holds(ck, &names[i].key, i % 2 ? &there[i] : &zero);
	rg__check_that(ck, rg__check_collect(ck, &w, seen, n, NULL) == n / 2, "a scan after a prefetch gives other keys than before");
	if (ck->ops->count)
		rg__check_that(ck, rg__check_count(ck, RG__CHECK_DOMAIN)->records == n / 2, "a prefetch changed the count of records");
}

/* Steps towards keys that are there and keys that are not, on their own hints, on those of another key and on any number. */
static void approached(rg__check *ck)
{
	enum { N = 40 };
	rg__check_label names[N];
	rg_revision there[N];
	uint64_t hint = 0;

	if (!ck->ops->approach)
		return;
	for (uint32_t i = 0; i < N; i++) {
		rg__check_draft s = rg__check_sample(rg__check_name(&names[i], RG__CHECK_DOMAIN, i), 5000, TAG);

		if (i % 2)
			there[i] = rg__check_new(ck, &s);
	}
	for (uint32_t i = 0; i < N; i++) {
		ck->ops->approach(ck->self, &names[i].key, hint);
		ck->ops->approach(ck->self, &names[i].key, rg__check_draw(ck));
		ck->ops->approach(ck->self, &names[i].key, UINT64_MAX);
		for (int step = hint = 0; step < 4; step++)
			hint = ck->ops->approach(ck->self, &names[i].key, hint);
	}
	expect_all(ck, names, there, N);
}

/* Every other key is unknown. The keys are borrowed for the call, so they are overwritten afterwards. */
static void prefetched(rg__check *ck)
{
	enum { N = 40 };
	rg__check_label names[N];
	rg_revision there[N];
	rg_key keys[2 * N];

	if (!ck->ops->prefetch)
		return;
	for (uint32_t i = 0; i < N; i++) {
		rg__check_draft s = rg__check_sample(rg__check_name(&names[i], RG__CHECK_DOMAIN, i), 5000, TAG);

		keys[2 * i] = keys[2 * i + 1] = s.key;
		if (i % 2)
			there[i] = rg__check_new(ck, &s);
	}
	ck->ops->prefetch(ck->self, keys, 2 * N);
	memset(keys, 0, sizeof keys);
	ck->ops->prefetch(ck->self, keys, 1); /* a key of no octets */
	ck->ops->prefetch(ck->self, keys, 0);
	ck->ops->prefetch(ck->self, NULL, 0);
	expect_all(ck, names, there, N);
}

const rg__check_case rg__check_hint[] = {
	{ "a commit ends the same whatever its hint", any_hint },
	{ "the hint of a conflict may be handed back", hint_of_conflict },
	{ "a prefetch changes nothing", prefetched },
	{ "steps towards a key change nothing", approached },
	{ NULL, NULL },
};
