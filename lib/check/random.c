/* SPDX-License-Identifier: MIT */
/* Runs a random script against a naive model. The options give the seed. */
#include "check/check.h"

enum { KEYS = 40, TAGS = 5, STEPS = 3000, DOMAINS = 2 };

static const rg_str tag_names[TAGS] = {
	{ "192.0.2.1:5060", 14 }, { "192.0.2.2:5060", 14 }, { "[2001:db8::1]:5060", 18 }, { "a.example:1", 11 }, { "b", 1 },
};
static const rg_str domain_names[DOMAINS] = { { "location", 8 }, { "other", 5 } };

struct model_key {
	rg_revision base;    /* base that the next commit must name */
	rg_revision last[4]; /* earlier bases */
	bool there;
	rg__check_draft s;
};

struct model {
	struct model_key keys[KEYS];
	rg__check_label names[KEYS];
};

static uint32_t draw_below(rg__check *ck, uint32_t below)
{
	return (uint32_t)(rg__check_draw(ck) % below);
}

static bool model_has_tag(const struct model_key *k, rg_str tag)
{
	for (uint32_t i = 0; i < k->s.n_tags; i++) {
		if (!k->s.removed && rg__check_eq(k->s.tags[i], tag))
			return true;
	}
	return false;
}

static uint32_t weight(const struct model_key *k)
{
	if (!k->there || k->s.removed)
		return 0;
	return k->s.n_tags > 0 ? k->s.n_tags : 1;
}

static void draw_sample(rg__check *ck, struct model_key *k)
{
	k->s.deadline = 40000 + draw_below(ck, 1000);
	k->s.n_tags = draw_below(ck, 5);
	k->s.removed = draw_below(ck, 6) == 0;
	k->s.cseq = draw_below(ck, 1000);
	for (uint32_t i = 0; i < k->s.n_tags; i++)
		k->s.tags[i] = tag_names[draw_below(ck, TAGS)];
}

static void remember(struct model_key *k, const rg_revision *now)
{
	for (int i = 3; i > 0; i--)
		k->last[i] = k->last[i - 1];
	k->last[0] = k->base;
	k->base = *now;
}

static void change(rg__check *ck, struct model_key *k)
{
	rg__check_answer *a;
	rg_revision r;

	if (k->there && draw_below(ck, 4) == 0) {
		rg__check_drop(ck, &k->s.key, &k->base);
		a = rg__check_fetch(ck, &k->s.key);
		remember(k, &a->found.base);
		k->there = false;
		return;
	}
	draw_sample(ck, k);
	r = rg__check_put(ck, &k->s, &k->base);
	remember(k, &r);
	k->there = true;
}

static void change_wrongly(rg__check *ck, struct model_key *k)
{
	rg_revision own = rg__check_mint(ck), base = draw_below(ck, 2) ? k->last[draw_below(ck, 4)] : rg__check_mint(ck);
	bool del = draw_below(ck, 3) == 0;
	rg_record *next = del ? NULL : rg__check_record(ck, &k->s, &own);
	rg__check_answer *a;

	/* The revision of a deletion is equivalent to zero while the store keeps it. */
	if (rg_revision_equal(&base, &k->base) || (!k->there && rg_revision_is_zero(&base))) {
		rg_record_unref(next);
		return;
	}
	a = rg__check_commit(ck, &k->s.key, &base, &own, next);
	rg__check_that(ck, a->status == RG_ECONFLICT, "a commit on a revision that is not the current one answered: %s",
		rg_strerror(a->status));
	rg__check_forget(a);
	rg_record_unref(next);
}

static void check_key(rg__check *ck, const struct model_key *k)
{
	static const rg_revision none;

	rg__check_holds(ck, &k->s.key, k->there ? &k->base : &none);
}

static void compare(rg__check *ck, const struct model *m, const rg__check_walk *w)
{
	uint8_t seen[KEYS];
	rg_time next = RG_TIME_NEVER, told = RG_TIME_NEVER;

	rg__check_collect(ck, w, seen, KEYS, &told);
	for (int i = 0; i < KEYS; i++) {
		const struct model_key *k = &m->keys[i];
		bool is_due = k->s.deadline <= w->now, in_domain = rg__check_eq(k->s.key.domain, w->domain), expected = k->there;

		if (w->kind == RG__CHECK_DUE)
			expected &= is_due;
		else
			expected &= in_domain && (w->kind == RG__CHECK_SCAN || model_has_tag(k, w->tag));
		rg__check_that(ck, (seen[i] > 0) == expected, "%s: the store gives a key that the model does not, or the other way round",
			w->kind == RG__CHECK_DUE ? "due" : w->kind == RG__CHECK_SCAN ? "scan" : "find");
		if (k->there && !is_due && k->s.deadline < next)
			next = k->s.deadline;
	}
	rg__check_that(ck, w->kind != RG__CHECK_DUE || told <= next, "due says that the next deadline is later than it is");
}

static void compare_count(rg__check *ck, const struct model *m, rg_str domain)
{
	uint64_t records = 0, bindings = 0;
	rg__check_answer *a;

	if (!ck->ops->count)
		return;
	for (int i = 0; i < KEYS; i++) {
		uint32_t n = rg__check_eq(m->keys[i].s.key.domain, domain) ? weight(&m->keys[i]) : 0;

		records += n > 0;
		bindings += n;
	}
	a = rg__check_count(ck, domain);
	rg__check_that(ck, a->records == records && a->bindings == bindings, "count differs from the model");
}

static void step(rg__check *ck, struct model *m)
{
	struct model_key *k = &m->keys[draw_below(ck, KEYS)];
	rg__check_walk w = { .kind = (rg__check_walk_kind)draw_below(ck, 3), .limit = 1 + draw_below(ck, KEYS + 5),
		.domain = domain_names[draw_below(ck, DOMAINS)], .tag = tag_names[draw_below(ck, TAGS)], .now = 39990 + draw_below(ck, 1020) };
	uint32_t what = draw_below(ck, 20);

	rg__check_take_hint(ck, &m->keys[draw_below(ck, KEYS)].s.key, draw_below(ck, RG__CHECK_HINTS));
	if (what < 10)
		change(ck, k);
	else if (what < 12)
		change_wrongly(ck, k);
	else if (what < 15)
		check_key(ck, k);
	else if (what < 19)
		compare(ck, m, &w);
	else
		compare_count(ck, m, w.domain);
}

static void script(rg__check *ck)
{
	struct model m;

	memset(&m, 0, sizeof m);
	for (uint64_t i = 0; i < KEYS; i++)
		m.keys[i].s.key = *rg__check_name(&m.names[i], domain_names[i % DOMAINS], i);
	for (int i = 0; i < STEPS && rg__check_ok(ck); i++)
		step(ck, &m);
}

const rg__check_case rg__check_random[] = {
	{ "a random script and a naive model agree", script },
	{ NULL, NULL },
};
