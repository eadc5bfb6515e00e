/* SPDX-License-Identifier: MIT */
/* Many threads on a store that claims to be thread-safe. */
#include "check/check.h"
#include <pthread.h>
#include <stdlib.h>

/* Each thread increments counters by compare and swap. Their sum shows lost updates. */
enum { COUNTERS = 3, ROUNDS = 1500 };

#define TAG RG_STR("192.0.2.1:5060")

struct worker {
	rg__check ck; /* one per worker: the helpers are not thread-safe */
	pthread_t thread;
	uint32_t added[COUNTERS];
};

static void add_one(struct worker *w, uint32_t counter, bool tagged)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, counter), 5000, tagged ? TAG : RG__CHECK_ABSENT);
	rg__check_answer *a = rg__check_fetch(&w->ck, &s.key);

	while (rg__check_ok(&w->ck)) {
		rg_contact c = { .struct_size = sizeof c };
		rg_revision own = rg__check_mint(&w->ck), base = a->found.base;
		rg_record *next;

		rg_record_contact(a->found.record, 0, &c);
		s.cseq = c.cseq + 1;
		s.deadline = 5000 + s.cseq % 100;
		w->ck.hint = a->found.hint;
		rg__check_forget(a);
		next = rg__check_record(&w->ck, &s, &own);
		a = rg__check_commit(&w->ck, &s.key, &base, &own, next);
		rg_record_unref(next);
		if (a->status == RG_OK) {
			w->added[counter]++;
			return;
		}
		rg__check_that(&w->ck, a->status == RG_ECONFLICT, "a commit among others answered: %s", rg_strerror(a->status));
	}
}

static void come_and_go(struct worker *w)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, COUNTERS + (w->ck.minted & 7)), 5000, TAG);
	rg__check_answer *a = rg__check_fetch(&w->ck, &s.key);
	rg_revision own = rg__check_mint(&w->ck), base = a->found.base;
	bool there = a->found.record != NULL;
	rg_record *next = there ? NULL : rg__check_record(&w->ck, &s, &own);

	w->ck.hint = a->found.hint;
	rg__check_forget(a);
	a = rg__check_commit(&w->ck, &s.key, &base, &own, next);
	rg__check_that(&w->ck, a->status == RG_OK || a->status == RG_ECONFLICT, "a commit among others answered: %s", rg_strerror(a->status));
	rg__check_forget(a);
	rg_record_unref(next);
}

static void walk_one_page(struct worker *w)
{
	rg__check_walk walk = { .kind = (rg__check_walk_kind)(rg__check_draw(&w->ck) % 3), .limit = 1 + (uint32_t)(rg__check_draw(&w->ck) % 8),
		.domain = RG__CHECK_DOMAIN, .tag = TAG, .now = 5050 };
	rg__check_answer *a = rg__check_page(&w->ck, &walk, RG__CHECK_ABSENT);

	rg__check_forget(a);
}

static void prefetch_all(struct worker *w)
{
	enum { N = COUNTERS + 8 };
	rg__check_label names[N];
	rg_key keys[N];

	for (uint32_t i = 0; i < N; i++)
		keys[i] = *rg__check_name(&names[i], RG__CHECK_DOMAIN, i);
	if (w->ck.ops->prefetch)
		w->ck.ops->prefetch(w->ck.self, keys, N);
	for (uint32_t i = 0; w->ck.ops->approach && i < N; i++)
		w->ck.ops->approach(w->ck.self, &keys[i], w->ck.ops->approach(w->ck.self, &keys[i], 0));
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < ROUNDS && rg__check_ok(&w->ck); i++) {
		add_one(w, (uint32_t)(rg__check_draw(&w->ck) % COUNTERS), rg__check_draw(&w->ck) & 1);
		if (i % 4 == 0)
			come_and_go(w);
		if (i % 8 == 0)
			walk_one_page(w);
		if (i % 8 == 4)
			prefetch_all(w);
	}
	return NULL;
}

static uint32_t counter_value(rg__check *ck, uint32_t counter)
{
	rg__check_label name;
	rg__check_answer *a = rg__check_fetch(ck, rg__check_name(&name, RG__CHECK_DOMAIN, counter));
	rg_contact c = { .struct_size = sizeof c };

	rg_record_contact(a->found.record, 0, &c);
	rg__check_forget(a);
	return c.cseq;
}

static void join_workers(rg__check *ck, struct worker *workers, uint32_t n, uint32_t added[COUNTERS])
{
	for (uint32_t i = 0; i < n; i++) {
		struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		for (int c = 0; c < COUNTERS; c++)
			added[c] += w->added[c];
		rg__check_settled(&w->ck);
		rg__check_that(ck, rg__check_ok(&w->ck), "%s", w->ck.wrong);
		rg__check_free_answers(&w->ck);
	}
}

static void together(rg__check *ck)
{
	uint32_t n = 0, added[COUNTERS] = { 0 };
	struct worker *workers = calloc(ck->options->threads, sizeof *workers);

	if (!rg__check_that(ck, workers != NULL, "the check ran out of memory") || !(ck->ops->traits & RG_STORE_THREAD_SAFE)) {
		free(workers);
		return;
	}
	for (; n < ck->options->threads; n++) {
		/* The copy mints distinct revisions, because their random half differs. */
		workers[n].ck = *ck;
		workers[n].ck.answers = NULL;
		workers[n].ck.random = rg__check_draw(ck);
		if (pthread_create(&workers[n].thread, NULL, work, &workers[n]) != 0)
			break;
	}
	rg__check_that(ck, n == ck->options->threads, "the check could not start its threads");
	join_workers(ck, workers, n, added);
	for (uint32_t c = 0; c < COUNTERS; c++) {
		uint32_t value = counter_value(ck, c);

		rg__check_that(ck, value == added[c], "a counter that was added to %u times stands at %u", added[c], value);
	}
	free(workers);
}

const rg__check_case rg__check_threads[] = {
	{ "threads lose no update", together },
	{ NULL, NULL },
};
