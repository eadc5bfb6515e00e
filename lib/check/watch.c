/* SPDX-License-Identifier: MIT */
/* Watches. A store that is not inline may call late, so each expectation waits a while. */
#include "check/check.h"

enum { TRIES = 50 };

struct watcher {
	rg__check *ck;
	atomic_uint changes, ends, after_end;
	void *handle;
	bool unwatch_inside, commit_inside;
	rg__check_draft sample;
	rg_revision at;
};

static void on_change(void *user, rg_status status)
{
	struct watcher *w = user;

	if (atomic_load(&w->ends) > 0)
		atomic_fetch_add(&w->after_end, 1);
	if (status == RG_ECANCELED) {
		atomic_fetch_add(&w->ends, 1);
		return;
	}
	atomic_fetch_add(&w->changes, 1);
	if (w->commit_inside) {
		w->commit_inside = false;
		rg__check_new(w->ck, &w->sample);
	}
	if (w->unwatch_inside) {
		w->unwatch_inside = false;
		w->ck->ops->unwatch(w->ck->self, w->handle);
	}
}

static void watch(rg__check *ck, struct watcher *w, const rg_key *key)
{
	rg_status status;

	w->ck = ck;
	status = rg__check_ok(ck) ? ck->ops->watch(ck->self, key, on_change, w, &w->handle) : RG_ECANCELED;
	rg__check_that(ck, status == RG_OK, "watch answered: %s", rg_strerror(status));
}

static void expect_change(rg__check *ck, struct watcher *w, unsigned more_than)
{
	for (int i = 0; i < TRIES && rg__check_ok(ck) && atomic_load(&w->changes) <= more_than; i++)
		rg__check_later(ck);
	rg__check_that(ck, atomic_load(&w->changes) > more_than, "a watch was not told of a change");
}

static void expect_end(rg__check *ck, struct watcher *w)
{
	for (int i = 0; i < TRIES && rg__check_ok(ck) && atomic_load(&w->ends) == 0; i++)
		rg__check_later(ck);
	rg__check_that(ck, atomic_load(&w->ends) == 1, "the end of a watch was told %u times", atomic_load(&w->ends));
	rg__check_that(ck, atomic_load(&w->after_end) == 0, "a watch was called after its end");
}

static void told(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG__CHECK_ABSENT);
	struct watcher *a, *b;
	rg_revision r;

	if (!ck->ops->watch || !(a = rg__check_keep(ck, 2 * sizeof *a)))
		return;
	b = a + 1;
	watch(ck, a, &s.key);
	watch(ck, b, &s.key);
	if (!rg__check_ok(ck))
		return;
	r = rg__check_new(ck, &s);
	expect_change(ck, a, 0);
	expect_change(ck, b, 0);
	r = rg__check_put(ck, &s, &r);
	expect_change(ck, a, 1);
	ck->ops->unwatch(ck->self, a->handle);
	expect_end(ck, a);
	rg__check_drop(ck, &s.key, &r);
	expect_change(ck, b, 2);
	ck->ops->unwatch(ck->self, b->handle);
	expect_end(ck, b);
	rg__check_new(ck, &s);
	rg__check_later(ck);
	expect_end(ck, a);
	expect_end(ck, b);
}

static void ended_inside(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG__CHECK_ABSENT);
	struct watcher *a, *b;

	if (!ck->ops->watch || !(a = rg__check_keep(ck, 2 * sizeof *a)))
		return;
	b = a + 1;
	a->unwatch_inside = true;
	watch(ck, a, &s.key);
	watch(ck, b, &s.key);
	if (!rg__check_ok(ck))
		return;
	rg__check_new(ck, &s);
	expect_change(ck, b, 0);
	expect_end(ck, a);
	ck->ops->unwatch(ck->self, b->handle);
	expect_end(ck, b);
}

/* Commits another key. A store that is not inline may be unable to block inside its own callback. */
static void commits_inside(rg__check *ck)
{
	rg__check_label name, other;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG__CHECK_ABSENT);
	struct watcher *a;

	if (!ck->ops->watch || !(ck->ops->traits & RG_STORE_INLINE) || !(a = rg__check_keep(ck, sizeof *a)))
		return;
	a->commit_inside = true;
	a->sample = rg__check_sample(rg__check_name(&other, RG__CHECK_DOMAIN, 2), 5000, RG__CHECK_ABSENT);
	watch(ck, a, &s.key);
	rg__check_new(ck, &s);
	expect_change(ck, a, 0);
	if (a->handle)
		ck->ops->unwatch(ck->self, a->handle);
	expect_end(ck, a);
}

/* Each of many watches must report its own key. A stray call costs only a fetch, but must not be the rule. */
static void many(rg__check *ck)
{
	enum { N = 500 };
	struct watcher *w;
	rg__check_label name;
	unsigned strays = 0;

	if (!ck->ops->watch || !(w = rg__check_keep(ck, N * sizeof *w)))
		return;
	for (uint64_t i = 0; i < N; i++)
		watch(ck, &w[i], rg__check_name(&name, RG__CHECK_DOMAIN, i));
	for (uint64_t i = 0; i < N && rg__check_ok(ck); i += 10) {
		rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, i), 5000, RG__CHECK_ABSENT);

		rg__check_new(ck, &s);
		expect_change(ck, &w[i], 0);
	}
	for (int i = 0; i < N; i++) {
		strays += i % 10 != 0 ? atomic_load(&w[i].changes) : 0;
		if (w[i].handle)
			ck->ops->unwatch(ck->self, w[i].handle);
	}
	for (int i = 0; i < N; i++)
		expect_end(ck, &w[i]);
	rg__check_that(ck, strays < N, "watches of other keys were told of %u changes", strays);
}

static void ended_with_the_store(rg__check *ck)
{
	rg__check_label name;
	struct watcher *a;

	if (!ck->ops->watch || !(a = rg__check_keep(ck, sizeof *a)))
		return;
	watch(ck, a, rg__check_name(&name, RG__CHECK_DOMAIN, 1));
	rg_store_unref(ck->store);
	ck->store = NULL;
	rg__check_that(ck, !a->handle || atomic_load(&a->ends) == 1, "the end of a store told a watch of its end %u times",
		atomic_load(&a->ends));
}

const rg__check_case rg__check_watch[] = {
	{ "a watch is told of changes until it ends, and then once of its end", told },
	{ "a watch may be ended within its own call", ended_inside },
	{ "a watch may commit", commits_inside },
	{ "many watches are each told of their own key", many },
	{ "a store that goes ends its watches", ended_with_the_store },
	{ NULL, NULL },
};
