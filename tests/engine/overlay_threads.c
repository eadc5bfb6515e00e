/* SPDX-License-Identifier: MIT */
/*
 * Threads on the same few keys of an overlay, whose main loses answers and does commits late. Each key has two bindings that count the
 * commits that succeeded; they move between the parts. In the end each must have counted all of them, and none twice.
 *
 * A plain main, to be run under the thread sanitizer as well. usage: overlay_threads [COMMITS-A-THREAD [SEED]]
 */
#include <rgstr/memory.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "remote.h"

enum { THREADS = 4, KEYS = 2, COUNTERS = 2, RESENDS = 200 };

static struct {
	pthread_mutex_t lock; /* of main */
	remote main;
	const rg_store_ops *main_ops;
	void *main_self;
	rg_store *overlay, *local;
	atomic_bool calm; /* main does what it is asked */
	atomic_uint counted[KEYS][COUNTERS], conflicts, unknown, minted, wrong;
	uint32_t commits, seed;
} all;

static _Thread_local uint32_t dice_state;

static uint32_t dice(uint32_t below)
{
	dice_state = dice_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)dice_state * below >> 32);
}

static remote_fate draw_fate(void *user)
{
	static const remote_fate fates[] = { REMOTE_LANDS, REMOTE_LOSES, REMOTE_LATE, REMOTE_REFUSES };
	uint32_t at = dice(20);

	(void)user;
	return at < 4 && !atomic_load(&all.calm) ? fates[at] : REMOTE_DOES;
}

/* Main is far away: others come in between. */
static void linger(void)
{
	const struct timespec moment = { .tv_nsec = 1000 };

	if (dice(3) == 0)
		nanosleep(&moment, NULL);
}

/* Main, one thread at a time. */
static rg_status locked_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)self;
	linger();
	pthread_mutex_lock(&all.lock);
	if (all.main.n_late > 0 && dice(4) == 0)
		remote_do_late(&all.main, dice(all.main.n_late));
	rg_status st = all.main_ops->fetch(all.main_self, key, flags, done, tok);
	pthread_mutex_unlock(&all.lock);
	linger();
	return st;
}

static rg_status locked_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)self;
	linger();
	pthread_mutex_lock(&all.lock);
	rg_status st = all.main_ops->commit(all.main_self, key, commit, flags, done, tok);
	pthread_mutex_unlock(&all.lock);
	linger();
	return st;
}

static void open_stores(void)
{
	rg_store *main_store = NULL, *inner = remote_new(&all.main);

	all.main.fate = draw_fate;
	all.main.refusal = RG_ESTORE;
	all.main_ops = rg_store_members(inner, &all.main_self);
	rg_store_ops ops = *all.main_ops;
	ops.traits |= RG_STORE_THREAD_SAFE;
	ops.fetch = locked_fetch;
	ops.commit = locked_commit;
	if (pthread_mutex_init(&all.lock, NULL) != 0 || rg_store_new(&ops, NULL, &main_store, NULL) != RG_OK ||
		rg_memory_store_new(NULL, &all.local, NULL) != RG_OK || rg_store_overlay(main_store, all.local, &all.overlay, NULL) != RG_OK)
		abort();
	rg_store_unref(main_store);
	/* The inner store is only its members from here on; they outlive it. */
	static rg_store_ops kept;
	kept = *all.main_ops;
	all.main_ops = &kept;
	rg_store_unref(inner);
}

static rg_key key_of(uint32_t number)
{
	return (rg_key){ RG_STR("location"), number ? RG_STR("bob") : RG_STR("alice"), RG_STR("example.org") };
}

typedef struct seen {
	rg_status status;
	bool partial;
	rg_revision base, local_base;
	uint32_t counts[COUNTERS], local[COUNTERS];
} seen;

static void on_answer(void *tok, rg_status status, const rg_fetched *found)
{
	seen *s = tok;
	rg_contact c = { .struct_size = sizeof c };

	*s = (seen){ .status = status };
	if (!found)
		return;
	s->partial = found->partial != 0;
	s->base = found->base;
	s->local_base = found->record ? *rg_record_local_revision(found->record) : found->local_base;
	for (uint32_t i = 0; rg_record_contact(found->record, i, &c) == RG_OK; i++) {
		s->counts[c.id - 1] = c.cseq;
		s->local[c.id - 1] = c.flags & RG_CONTACT_LOCAL;
	}
	rg_record_unref(found->record);
}

static seen look(uint32_t number)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(all.overlay, &self);
	rg_key key = key_of(number);
	seen s;

	do
		ops->fetch(self, &key, RG_FETCH_FRESH, on_answer, &s);
	while (s.status != RG_OK || s.partial);
	return s;
}

static rg_record *counted_on(const rg_key *key, const rg_revision *revision, const seen *now, uint32_t which)
{
	rg_contact c[COUNTERS];
	rg_record *out = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < COUNTERS; i++) {
		bool counts = i == which || which == COUNTERS;

		if (!counts && now->counts[i] == 0)
			continue;
		rg_contact_init(&c[n], sizeof c[n]);
		c[n].id = i + 1;
		c[n].uri = RG_STR("sip:counter@192.0.2.1");
		c[n].callid = RG_STR("call");
		c[n].cseq = now->counts[i] + counts;
		c[n].expires = 1700000000000;
		c[n++].flags = counts && dice(3) == 0 ? now->local[i] ^ RG_CONTACT_LOCAL : now->local[i];
	}
	if (rg_record_new(key, revision, c, n, NULL, 0, (rg_str){ NULL, 0 }, &out) != RG_OK)
		abort();
	return out;
}

/* One commit, sent again until its outcome is known. */
static void count_once(uint32_t number, uint32_t which)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(all.overlay, &self);
	rg_key key = key_of(number);
	seen now = look(number), answer = { 0 };
	uint32_t minted = atomic_fetch_add(&all.minted, 1) + 1;
	rg_commit c = { .struct_size = sizeof c, .base = now.base, .local_base = now.local_base, .revision = { .b = { 1 } } };

	memcpy(c.revision.b + 8, &minted, sizeof minted);
	rg_record *next = counted_on(&key, &c.revision, &now, which);
	c.next = next;
	ops->commit(self, &key, &c, 0, on_answer, &answer);
	bool doubt = answer.status == RG_EUNKNOWN;
	for (int i = 0; i < RESENDS && doubt && answer.status != RG_OK && answer.status != RG_ECONFLICT; i++) {
		atomic_fetch_add(&all.unknown, 1);
		ops->commit(self, &key, &c, 0, on_answer, &answer);
	}
	if (doubt && answer.status != RG_OK && answer.status != RG_ECONFLICT)
		atomic_fetch_add(&all.wrong, 1);
	for (uint32_t i = 0; i < COUNTERS && answer.status == RG_OK; i++) {
		if (i == which || which == COUNTERS)
			atomic_fetch_add(&all.counted[number][i], 1);
	}
	atomic_fetch_add(&all.conflicts, answer.status == RG_ECONFLICT);
	rg_record_unref(next);
}

static void *work(void *arg)
{
	dice_state = all.seed * 7919 + (uint32_t)(uintptr_t)arg;
	for (uint32_t i = 0; i < all.commits; i++)
		count_once(dice(KEYS), dice(COUNTERS + 1));
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	uint32_t wrong = 0, sum = 0;

	all.commits = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 3000;
	all.seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	open_stores();
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&all.calm, true);
	for (uint32_t k = 0; k < KEYS; k++) {
		seen s = look(k);

		for (uint32_t i = 0; i < COUNTERS; i++) {
			uint32_t counted = atomic_load(&all.counted[k][i]);

			sum += counted;
			if (s.counts[i] == counted)
				continue;
			fprintf(stderr, "overlay_threads: counter %u of key %u is at %u after %u commits\n", i, k, s.counts[i], counted);
			wrong++;
		}
	}
	wrong += atomic_load(&all.wrong) + all.main.leaks;
	printf("overlay_threads: seed %u, %u counted, %u conflicts, %u resends, %u wrong\n", all.seed, sum, atomic_load(&all.conflicts),
		atomic_load(&all.unknown), wrong);
	rg_store_unref(all.overlay);
	rg_store_unref(all.local);
	remote_clear(&all.main);
	pthread_mutex_destroy(&all.lock);
	return wrong > 0 || sum == 0 || atomic_load(&all.unknown) == 0;
}
