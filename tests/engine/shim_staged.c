/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <pthread.h>
#include <stdlib.h>

/* Around a deferred store, whose oldest answer is that of the target. Only one thread at a time is in here. */
struct staged {
	rg_store *later;
	deferred *d;
	int64_t calls, target;
	staged_when when;
	void *tok; /* of the target */
	uint8_t kinds[STAGED_MOST];
	bool threaded;
	pthread_t thread;
};

static void *give_held(void *user)
{
	staged *s = user;

	deferred_answer(s->d, 0);
	return NULL;
}

static void start_thread(staged *s)
{
	s->threaded = pthread_create(&s->thread, NULL, give_held, s) == 0;
}

static void join_thread(staged *s)
{
	if (s->threaded)
		pthread_join(s->thread, NULL);
	s->threaded = false;
}

/* The call was passed on. */
static rg_status place(staged *s, void *tok)
{
	bool held = s->calls == s->target;

	if (s->calls < STAGED_MOST)
		s->kinds[s->calls] = (uint8_t)deferred_kind(s->d, deferred_pending(s->d) - 1);
	s->calls++;
	if (held)
		s->tok = tok;
	if (held && s->when != STAGED_AT_ONCE)
		return RG_PENDING;
	deferred_answer(s->d, deferred_pending(s->d) - 1);
	return held ? RG_PENDING : RG_OK;
}

static rg_status staged_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;

	rg_store_members(((staged *)self)->later, &in)->fetch(in, key, flags, done, tok);
	return place(self, tok);
}

static rg_status staged_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;

	rg_store_members(((staged *)self)->later, &in)->commit(in, key, commit, flags, done, tok);
	return place(self, tok);
}

static rg_status staged_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;

	rg_store_members(((staged *)self)->later, &in)->due(in, now, cursor, limit, flags, done, tok);
	return place(self, tok);
}

static rg_status staged_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;

	rg_store_members(((staged *)self)->later, &in)->find(in, domain, tag, cursor, limit, flags, done, tok);
	return place(self, tok);
}

static rg_status staged_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;

	rg_store_members(((staged *)self)->later, &in)->scan(in, domain, cursor, limit, flags, done, tok);
	return place(self, tok);
}

static rg_status staged_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	void *in;

	rg_store_members(((staged *)self)->later, &in)->count(in, domain, flags, done, tok);
	return place(self, tok);
}

static rg_status staged_wait(void *self, void *tok, int32_t timeout_ms)
{
	staged *s = self;

	(void)timeout_ms;
	if (tok != s->tok || s->when > STAGED_BY_LATE_THREAD)
		return RG_ETIMEOUT;
	if (s->when == STAGED_IN_WAIT)
		give_held(s);
	if (s->when == STAGED_BY_THREAD || s->when == STAGED_BY_LATE_THREAD)
		start_thread(s);
	if (s->when == STAGED_BY_THREAD)
		join_thread(s);
	return s->when <= STAGED_IN_TIME ? RG_OK : RG_ETIMEOUT;
}

static void staged_cancel(void *self, void *tok)
{
	staged *s = self;

	if (tok == s->tok && s->when == STAGED_IN_CANCEL)
		give_held(s);
}

static void staged_destroy(void *self)
{
	staged *s = self;

	rg_store_unref(s->later);
	free(s);
}

rg_store *staged_new(rg_store *inner, staged **out)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "staged", .traits = RG_STORE_THREAD_SAFE, .fetch = staged_fetch,
		.commit = staged_commit, .due = staged_due, .find = staged_find, .scan = staged_scan, .count = shim_counts(inner) ? staged_count : NULL, .wait = staged_wait,
		.cancel = staged_cancel, .destroy = staged_destroy };
	deferred *d;
	rg_store *later = deferred_new(inner, &d), *store = NULL;
	staged *s = later ? calloc(1, sizeof *s) : NULL;

	*out = NULL;
	if (!s)
		return NULL;
	*s = (staged){ .later = later, .d = d, .target = STAGED_NONE };
	if (rg_store_new(&ops, s, &store, NULL) == RG_OK)
		*out = s;
	else
		staged_destroy(s);
	return store;
}

void staged_set(staged *s, int64_t target, staged_when when)
{
	s->calls = 0;
	s->target = target;
	s->when = when;
	s->tok = NULL;
}

int64_t staged_calls(const staged *s)
{
	return s->calls;
}

uint32_t staged_kind(const staged *s, int64_t call)
{
	return call < STAGED_MOST ? s->kinds[call] : 0;
}

void staged_release(staged *s)
{
	join_thread(s);
	deferred_answer_all(s->d);
}

void staged_release_by_thread(staged *s)
{
	join_thread(s);
	if (deferred_pending(s->d) > 0)
		start_thread(s);
	join_thread(s);
}
