/* SPDX-License-Identifier: MIT */
#include "federation/queue.h"
#include "rules/rules.h"
#include <stdlib.h>

enum { BUCKETS = 1024 };

struct rg__queue {
	uint32_t most, n;
	struct key_list {
		rg__queue_key *first, *last;
		uint32_t n;
	} ready, waiting;
	rg__queue_key *buckets[BUCKETS];
};

rg__queue *rg__queue_new(uint32_t most)
{
	rg__queue *q = calloc(1, sizeof *q);

	if (q)
		q->most = most;
	return q;
}

void rg__queue_free(rg__queue *q)
{
	for (size_t i = 0; q && i < BUCKETS; i++) {
		while (q->buckets[i]) {
			rg__queue_key *k = q->buckets[i];

			q->buckets[i] = k->chain;
			free(k);
		}
	}
	free(q);
}

/* From here on the key is neither under way nor added again. */
static void key_list_append(struct key_list *list, rg__queue_key *k)
{
	k->under_way = k->again = false;
	k->next = NULL;
	if (list->last)
		list->last->next = k;
	else
		list->first = k;
	list->last = k;
	list->n++;
}

static rg__queue_key *key_list_shift(struct key_list *list)
{
	rg__queue_key *k = list->first;

	list->first = k->next;
	if (!list->first)
		list->last = NULL;
	list->n--;
	return k;
}

static rg__queue_key *queue_key_new(const rg_key *key, uint64_t hash)
{
	rg__queue_key *k = malloc(sizeof *k + key->domain.n + key->user.n + key->host.n + 1);

	if (!k)
		return NULL;
	*k = (rg__queue_key){ .hash = hash, .key = *key };
	rg_str *const parts[] = { &k->key.domain, &k->key.user, &k->key.host };
	char *at = k->text;

	for (int i = 0; i < 3; i++) {
		if (parts[i]->n > 0)
			memcpy(at, parts[i]->p, parts[i]->n);
		parts[i]->p = at;
		at += parts[i]->n;
	}
	return k;
}

bool rg__queue_add(rg__queue *q, const rg_key *key)
{
	uint64_t hash = rg__key_hash(key);
	rg__queue_key **bucket = &q->buckets[hash % BUCKETS], *k = *bucket;

	while (k && (k->hash != hash || !rg_key_equal(&k->key, key)))
		k = k->chain;
	if (k) {
		k->again = k->under_way;
		return true;
	}
	k = q->n < q->most ? queue_key_new(key, hash) : NULL;
	if (!k)
		return false;
	k->chain = *bucket;
	*bucket = k;
	q->n++;
	key_list_append(&q->ready, k);
	return true;
}

/* After the clock was set back, no key waits for longer than it would have. */
rg_time rg__queue_due(const rg__queue *q, rg_time now)
{
	const rg__queue_key *k = q->waiting.first;

	if (q->ready.first)
		return now;
	if (!k)
		return RG_TIME_NEVER;
	return k->until <= now || k->until > rg__add_sat(now, RG__QUEUE_WAIT) ? now : k->until;
}

rg__queue_key *rg__queue_take(rg__queue *q, rg_time now)
{
	struct key_list *list = q->ready.first ? &q->ready : &q->waiting;

	if (!list->first || rg__queue_due(q, now) > now)
		return NULL;
	rg__queue_key *k = key_list_shift(list);

	k->under_way = true;
	return k;
}

static void queue_key_free(rg__queue *q, rg__queue_key *k)
{
	rg__queue_key **at = &q->buckets[k->hash % BUCKETS];

	while (*at != k)
		at = &(*at)->chain;
	*at = k->chain;
	q->n--;
	free(k);
}

void rg__queue_done(rg__queue *q, rg__queue_key *k, bool again)
{
	if (again || k->again)
		key_list_append(&q->ready, k);
	else
		queue_key_free(q, k);
}

bool rg__queue_refused(rg__queue *q, rg__queue_key *k, rg_time now)
{
	if (!k->again && q->waiting.n >= q->most / 2) {
		queue_key_free(q, k);
		return false;
	}
	k->until = rg__add_sat(now, RG__QUEUE_WAIT);
	key_list_append(k->again ? &q->ready : &q->waiting, k);
	return true;
}

uint32_t rg__queue_count(const rg__queue *q)
{
	return q->n;
}

uint32_t rg__queue_waiting(const rg__queue *q)
{
	return q->waiting.n;
}
