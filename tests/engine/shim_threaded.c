/* SPDX-License-Identifier: MIT */
#include "shims.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 2 };

typedef struct job {
	struct job *next;
	uint32_t kind, limit, flags;
	char *text; /* behind the slices */
	rg_key key;
	rg_str domain, tag, cursor;
	rg_time now;
	rg_commit commit;
	rg_fetch_cb fetched;
	rg_commit_cb committed;
	rg_keys_cb paged;
	rg_count_cb counted;
	void *tok;
} job;

typedef struct shim {
	rg_store *inner;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	job *first, *last;
	void *running[WORKERS];
	bool closing;
	pthread_t threads[WORKERS];
} shim;

typedef struct worker {
	shim *s;
	int nth;
} worker;

static void run(shim *s, job *j)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);

	switch (j->kind) {
	case CALL_FETCH:
		ops->fetch(in, &j->key, j->flags, j->fetched, j->tok);
		break;
	case CALL_COMMIT:
		ops->commit(in, &j->key, &j->commit, j->flags, j->committed, j->tok);
		break;
	case CALL_DUE:
		ops->due(in, j->now, &j->cursor, j->limit, j->flags, j->paged, j->tok);
		break;
	case CALL_FIND:
		ops->find(in, &j->domain, &j->tag, &j->cursor, j->limit, j->flags, j->paged, j->tok);
		break;
	case CALL_SCAN:
		ops->scan(in, &j->domain, &j->cursor, j->limit, j->flags, j->paged, j->tok);
		break;
	default:
		ops->count(in, &j->domain, j->flags, j->counted, j->tok);
	}
	rg_record_unref(j->commit.next);
	free(j->text);
	free(j);
}

static void *work(void *user)
{
	worker w = *(worker *)user;

	free(user);
	pthread_mutex_lock(&w.s->lock);
	while (w.s->first || !w.s->closing) {
		job *j = w.s->first;

		if (!j) {
			pthread_cond_wait(&w.s->changed, &w.s->lock);
			continue;
		}
		w.s->first = j->next;
		if (!w.s->first)
			w.s->last = NULL;
		w.s->running[w.nth] = j->tok;
		pthread_mutex_unlock(&w.s->lock);
		run(w.s, j);
		pthread_mutex_lock(&w.s->lock);
		w.s->running[w.nth] = NULL;
		pthread_cond_broadcast(&w.s->changed);
	}
	pthread_mutex_unlock(&w.s->lock);
	return NULL;
}

static rg_status queue(shim *s, const job *given)
{
	job *j = malloc(sizeof *j);
	rg_str *texts[] = { &j->key.domain, &j->key.user, &j->key.host, &j->domain, &j->tag, &j->cursor };
	size_t room = 1;

	*j = *given;
	rg_record_ref(j->commit.next);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		room += texts[i]->n;
	char *at = j->text = malloc(room);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!texts[i]->p)
			continue;
		memcpy(at, texts[i]->p, texts[i]->n);
		texts[i]->p = at;
		at += texts[i]->n;
	}
	pthread_mutex_lock(&s->lock);
	if (s->last)
		s->last->next = j;
	else
		s->first = j;
	s->last = j;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return RG_PENDING;
}

static rg_status shim_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	return queue(self, &(job){ .kind = CALL_FETCH, .key = *key, .flags = flags, .fetched = done, .tok = tok });
}

static rg_status shim_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	return queue(self, &(job){ .kind = CALL_COMMIT, .key = *key, .commit = *commit, .flags = flags, .committed = done, .tok = tok });
}

static rg_status shim_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return queue(self, &(job){ .kind = CALL_DUE, .now = now, .cursor = *cursor, .limit = limit, .flags = flags, .paged = done,
		.tok = tok });
}

static rg_status shim_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return queue(self, &(job){ .kind = CALL_FIND, .domain = *domain, .tag = *tag, .cursor = *cursor, .limit = limit, .flags = flags,
		.paged = done, .tok = tok });
}

static rg_status shim_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return queue(self, &(job){ .kind = CALL_SCAN, .domain = *domain, .cursor = *cursor, .limit = limit, .flags = flags, .paged = done,
		.tok = tok });
}

static rg_status shim_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	return queue(self, &(job){ .kind = CALL_COUNT, .domain = *domain, .flags = flags, .counted = done, .tok = tok });
}

static bool is_open(shim *s, const void *tok)
{
	for (int i = 0; i < WORKERS; i++) {
		if (s->running[i] == tok)
			return true;
	}
	for (job *j = s->first; j; j = j->next) {
		if (j->tok == tok)
			return true;
	}
	return false;
}

/* Takes its own job out of the queue: a worker may be the one that waits, in a callback. */
static job *take_out(shim *s, const void *tok)
{
	job *before = NULL;

	for (job *j = s->first; j; before = j, j = j->next) {
		if (j->tok != tok)
			continue;
		*(before ? &before->next : &s->first) = j->next;
		if (s->last == j)
			s->last = before;
		return j;
	}
	return NULL;
}

static rg_status shim_wait(void *self, void *tok, int32_t timeout_ms)
{
	shim *s = self;

	(void)timeout_ms;
	pthread_mutex_lock(&s->lock);
	job *j = take_out(s, tok);
	while (!j && is_open(s, tok))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	if (j)
		run(s, j);
	return RG_OK;
}

static void shim_destroy(void *self)
{
	shim *s = self;

	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(s->threads[i], NULL);
	rg_store_unref(s->inner);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

rg_store *threaded_new(rg_store *inner)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "threaded", .traits = RG_STORE_THREAD_SAFE, .fetch = shim_fetch,
		.commit = shim_commit, .due = shim_due, .find = shim_find, .scan = shim_scan, .count = shim_count, .wait = shim_wait,
		.destroy = shim_destroy };
	shim *s = calloc(1, sizeof *s);
	rg_store *out = NULL;

	s->inner = rg_store_ref(inner);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	for (int i = 0; i < WORKERS; i++) {
		worker *w = malloc(sizeof *w);

		*w = (worker){ s, i };
		pthread_create(&s->threads[i], NULL, work, w);
	}
	rg_store_new(&ops, s, &out, NULL);
	return out;
}
