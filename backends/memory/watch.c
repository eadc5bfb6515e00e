/* SPDX-License-Identifier: MIT */
/* Watches, indexed by key: a commit of a key without watches costs one look at a counter. The calls of one watch never overlap. A change
 * while `changed` runs makes it run again, and an end during the call is reported after the call returned. */
#include "shard.h"

#include <stdlib.h>
#include <string.h>

static struct watch_list *watch_bucket(struct watches *w, uint32_t hash)
{
	return &w->buckets[hash & ((1u << w->bits) - 1)];
}

/* Many may watch one key, so neither of these goes through the list. */
static void watch_append(struct watch_list *list, struct watch *w)
{
	w->prev = list->last;
	w->next = NULL;
	*(w->prev ? &w->prev->next : &list->first) = w;
	list->last = w;
}

static void watch_take_out(struct watch_list *list, struct watch *w)
{
	*(w->prev ? &w->prev->next : &list->first) = w->next;
	*(w->next ? &w->next->prev : &list->last) = w->prev;
}

static bool watches_reserve(struct watches *w)
{
	if (w->buckets && w->n < 1u << w->bits)
		return true;
	struct watches grown = *w;
	grown.bits = w->buckets ? w->bits + 1 : 3;
	grown.buckets = grown.bits < 30 ? calloc((size_t)1 << grown.bits, sizeof *grown.buckets) : NULL;
	if (!grown.buckets)
		return false;
	for (size_t i = 0; w->buckets && i < (size_t)1 << w->bits; i++) {
		for (struct watch *next, *x = w->buckets[i].first; x; x = next) {
			next = x->next;
			watch_append(watch_bucket(&grown, x->hash), x);
		}
	}
	free(w->buckets);
	*w = grown;
	return true;
}

static rg_str copy_key_part(char **room, rg_str s)
{
	char *at = *room;
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	*room += s.n;
	return (rg_str){ at, s.n };
}

rg_status memory_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	struct memory *m = self;
	uint64_t hash = hash_key(m, key);
	struct watch *w = calloc(1, sizeof *w + key->domain.n + key->user.n + key->host.n);
	if (!w)
		return RG_ENOMEM;
	char *room = (char *)(w + 1);
	w->key = (rg_key){ copy_key_part(&room, key->domain), copy_key_part(&room, key->user), copy_key_part(&room, key->host) };
	w->shard = shard_of(m, hash);
	w->hash = (uint32_t)hash;
	w->changed = changed;
	w->user = user;
	shard_lock(w->shard);
	struct watches *all = &w->shard->watches;
	bool room_for_it = watches_reserve(all);
	if (room_for_it) {
		watch_append(watch_bucket(all, w->hash), w);
		all->n++;
		w->id = ++all->last_id;
	}
	shard_unlock(w->shard);
	if (!room_for_it) {
		free(w);
		return RG_ENOMEM;
	}
	*handle = w;
	return RG_OK;
}

static void memory_watch_end(struct watch *w)
{
	w->changed(w->user, RG_ECANCELED);
	free(w);
}

void memory_unwatch(void *self, void *handle)
{
	(void)self;
	struct watch *w = handle;
	struct shard *s = w->shard;
	shard_lock(s);
	watch_take_out(watch_bucket(&s->watches, w->hash), w);
	s->watches.n--;
	w->ended = true;
	bool busy = w->busy;
	shard_unlock(s);
	if (!busy)
		memory_watch_end(w);
}

/* The first watch of the key with an id above @p id, from @p w on. */
static struct watch *matching(struct watch *w, uint64_t id, uint32_t hash, const rg_key *key)
{
	while (w && (w->id <= id || w->hash != hash || !rg_key_equal(&w->key, key)))
		w = w->next;
	return w;
}

/* The lock is held on entry and on return. @return the next watch in the bucket. */
static struct watch *fire(struct shard *s, struct watch *w, uint32_t hash)
{
	w->busy = true;
	do {
		w->again = false;
		shard_unlock(s);
		w->changed(w->user, RG_OK);
		shard_lock(s);
	} while (w->again && !w->ended);
	w->busy = false;
	if (!w->ended)
		return w->next;
	shard_unlock(s);
	memory_watch_end(w);
	shard_lock(s);
	return watch_bucket(&s->watches, hash)->first;
}

void watches_fire(struct shard *s, uint32_t hash, const rg_key *key)
{
	shard_lock(s);
	uint64_t last = s->watches.last_id, id = 0;
	struct watch *w = s->watches.n > 0 ? watch_bucket(&s->watches, hash)->first : NULL;
	while ((w = matching(w, id, hash, key)) != NULL && w->id <= last) {
		id = w->id;
		if (w->busy) {
			w->again = true;
			w = w->next;
		} else {
			w = fire(s, w, hash);
		}
	}
	shard_unlock(s);
}

void watches_end(struct shard *s)
{
	for (size_t i = 0; s->watches.buckets && i < (size_t)1 << s->watches.bits; i++) {
		for (struct watch *next, *w = s->watches.buckets[i].first; w; w = next) {
			next = w->next;
			memory_watch_end(w);
		}
	}
	free(s->watches.buckets);
}
