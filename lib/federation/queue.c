/* SPDX-License-Identifier: MIT */
#include "federation/queue.h"
#include "rules/rules.h"
#include <stdlib.h>

enum { BUCKETS = 1024 };

struct rg__queue {
	uint32_t most, n;
	struct queue {
		rg__queue_key *first, *last;
		uint32_t n;
	} ready, waiting;
	rg__queue_key *buckets[BUCKETS];
};

rg__queue *rg__queue_new(uint32_t most)
{
	rg__queue *d = calloc(1, sizeof *d);

	if (d)
		d->most = most;
	return d;
}

void rg__queue_free(rg__queue *d)
{
	for (size_t i = 0; d && i < BUCKETS; i++) {
		while (d->buckets[i]) {
			rg__queue_key *k = d->buckets[i];

			d->buckets[i] = k->chain;
			free(k);
		}
	}
	free(d);
}

static void enqueue(struct queue *q, rg__queue_key *k)
{
	k->next = NULL;
	if (q->last)
		q->last->next = k;
	else
		q->first = k;
	q->last = k;
	q->n++;
}

static rg__queue_key *dequeue(struct queue *q)
{
	rg__queue_key *k = q->first;

	q->first = k->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	return k;
}

static rg_str put(rg_str text, char **at)
{
	rg_str copy = { *at, text.n };

	if (text.n > 0)
		memcpy(*at, text.p, text.n);
	*at += text.n;
	return copy;
}

static rg__queue_key *key_new(const rg_key *key, uint64_t hash)
{
	rg__queue_key *k = malloc(sizeof *k + key->domain.n + key->user.n + key->host.n + 1);

	if (!k)
		return NULL;
	char *at = k->text;
	*k = (rg__queue_key){ .hash = hash };
	k->key.domain = put(key->domain, &at);
	k->key.user = put(key->user, &at);
	k->key.host = put(key->host, &at);
	return k;
}

bool rg__queue_add(rg__queue *d, const rg_key *key)
{
	uint64_t hash = rg__key_hash(key);
	rg__queue_key **bucket = &d->buckets[hash % BUCKETS], *k = *bucket;

	while (k && (k->hash != hash || !rg_key_equal(&k->key, key)))
		k = k->chain;
	if (k) {
		k->again = k->under_way;
		return true;
	}
	k = d->n < d->most ? key_new(key, hash) : NULL;
	if (!k)
		return false;
	k->chain = *bucket;
	*bucket = k;
	d->n++;
	enqueue(&d->ready, k);
	return true;
}

/* After the clock was set back, nothing waits for longer than it would have. */
rg_time rg__queue_due(const rg__queue *d, rg_time now)
{
	const rg__queue_key *k = d->waiting.first;

	if (d->ready.first)
		return now;
	if (!k)
		return RG_TIME_NEVER;
	return k->until <= now || k->until > rg__add_sat(now, RG__QUEUE_WAIT) ? now : k->until;
}

rg__queue_key *rg__queue_take(rg__queue *d, rg_time now)
{
	if (rg__queue_due(d, now) > now)
		return NULL;
	rg__queue_key *k = dequeue(d->ready.first ? &d->ready : &d->waiting);

	k->under_way = true;
	return k;
}

static void leave(rg__queue *d, rg__queue_key *k)
{
	rg__queue_key **at = &d->buckets[k->hash % BUCKETS];

	while (*at != k)
		at = &(*at)->chain;
	*at = k->chain;
	d->n--;
	free(k);
}

void rg__queue_done(rg__queue *d, rg__queue_key *k, bool again)
{
	k->under_way = false;
	if (!again && !k->again) {
		leave(d, k);
		return;
	}
	k->again = false;
	enqueue(&d->ready, k);
}

bool rg__queue_refused(rg__queue *d, rg__queue_key *k, rg_time now)
{
	if (k->again || d->waiting.n < d->most / 2) {
		struct queue *q = k->again ? &d->ready : &d->waiting;

		k->under_way = k->again = false;
		k->until = rg__add_sat(now, RG__QUEUE_WAIT);
		enqueue(q, k);
		return true;
	}
	leave(d, k);
	return false;
}

uint32_t rg__queue_count(const rg__queue *d)
{
	return d->n;
}

uint32_t rg__queue_waiting(const rg__queue *d)
{
	return d->waiting.n;
}
