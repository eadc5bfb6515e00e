/* SPDX-License-Identifier: MIT */
#include "dirty.h"
#include "digest.h"
#include <stdlib.h>

enum { BUCKETS = 1024 };

struct rg__dirty {
	uint32_t most, n, queued;
	rg__dirty_key *first, *last; /* the queue */
	rg__dirty_key *buckets[BUCKETS];
};

rg__dirty *rg__dirty_new(uint32_t most)
{
	rg__dirty *d = calloc(1, sizeof *d);

	if (d)
		d->most = most;
	return d;
}

void rg__dirty_free(rg__dirty *d)
{
	for (size_t i = 0; d && i < BUCKETS; i++) {
		while (d->buckets[i]) {
			rg__dirty_key *k = d->buckets[i];

			d->buckets[i] = k->chain;
			free(k);
		}
	}
	free(d);
}

static uint64_t hash_of(const rg_key *key)
{
	return rg__fingerprint(rg__fingerprint(rg__fingerprint(0, 1, key->user), 2, key->host), 3, key->domain);
}

static void enqueue(rg__dirty *d, rg__dirty_key *k)
{
	k->next = NULL;
	if (d->last)
		d->last->next = k;
	else
		d->first = k;
	d->last = k;
	d->queued++;
}

static rg_str put(rg_str text, char **at)
{
	rg_str copy = { *at, text.n };

	if (text.n > 0)
		memcpy(*at, text.p, text.n);
	*at += text.n;
	return copy;
}

static rg__dirty_key *key_new(const rg_key *key, uint64_t hash)
{
	rg__dirty_key *k = malloc(sizeof *k + key->domain.n + key->user.n + key->host.n + 1);

	if (!k)
		return NULL;
	char *at = k->text;
	*k = (rg__dirty_key){ .hash = hash };
	k->key.domain = put(key->domain, &at);
	k->key.user = put(key->user, &at);
	k->key.host = put(key->host, &at);
	return k;
}

bool rg__dirty_add(rg__dirty *d, const rg_key *key)
{
	uint64_t hash = hash_of(key);
	rg__dirty_key **bucket = &d->buckets[hash % BUCKETS], *k = *bucket;

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
	enqueue(d, k);
	return true;
}

rg__dirty_key *rg__dirty_take(rg__dirty *d)
{
	rg__dirty_key *k = d->first;

	if (!k)
		return NULL;
	d->first = k->next;
	if (!d->first)
		d->last = NULL;
	d->queued--;
	k->under_way = true;
	return k;
}

void rg__dirty_done(rg__dirty *d, rg__dirty_key *k, bool again)
{
	k->under_way = false;
	if (again || k->again) {
		k->again = false;
		enqueue(d, k);
		return;
	}
	rg__dirty_key **at = &d->buckets[k->hash % BUCKETS];

	while (*at != k)
		at = &(*at)->chain;
	*at = k->chain;
	d->n--;
	free(k);
}

uint32_t rg__dirty_count(const rg__dirty *d)
{
	return d->n;
}

uint32_t rg__dirty_queued(const rg__dirty *d)
{
	return d->queued;
}
