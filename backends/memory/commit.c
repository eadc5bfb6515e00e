/* SPDX-License-Identifier: MIT */
/* Compare and swap. Every step that can fail runs before the first change. The replaced record is freed after the lock is
 * released. */
#include "shard.h"

#include <stdlib.h>

static const rg_revision none;

enum { FEW_LINKS = 8 };
#define NO_TAG UINT32_MAX

/* A tag of the current entry as it was linked, and the index that it has in the next record, or NO_TAG. */
struct kept_link {
	struct cell link;
	uint32_t to;
};

struct change {
	struct memory *m;
	struct shard *s;
	const rg_commit *c;
	const rg_key *key;
	uint32_t hash;
	uint32_t old;         /* the current entry, or 0 … */
	const rg_record *has; /* … and its record, or NULL */
	uint32_t *slot;       /* of the entry; lost when the pool or the table grows */
	const rg_record *was; /* the replaced record, freed after the lock is released */
	bool changed;
	struct kept_link *links; /* of the tags of the current entry */
};

/* Adds @p delta bytes to the count, which are in use or no longer in use. */
static void settle(struct change *ch, int64_t delta)
{
	if (ch->m->max_bytes != 0 && delta != 0)
		atomic_fetch_add_explicit(&ch->m->bytes, (uint64_t)delta, memory_order_relaxed);
	ch->s->bytes += (uint64_t)delta;
}

/* The same before they are used. @return false if they exceed the budget; a negative delta never does. */
static bool charge(struct change *ch, int64_t delta)
{
	struct memory *m = ch->m;
	if (m->max_bytes == 0 || delta <= 0) {
		settle(ch, delta);
		return true;
	}
	uint64_t had = atomic_load_explicit(&m->bytes, memory_order_relaxed);
	do {
		if (had > m->max_bytes || (uint64_t)delta > m->max_bytes - had)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&m->bytes, &had, had + (uint64_t)delta, memory_order_relaxed, memory_order_relaxed));
	ch->s->bytes += (uint64_t)delta;
	return true;
}

static void weigh(struct tally *t, const rg_record *was, const rg_record *next)
{
	uint32_t before = rg_record_weight(was), after = rg_record_weight(next);
	t->records += (uint64_t)(after > 0) - (uint64_t)(before > 0);
	t->bindings += (uint64_t)after - before;
}

static rg_status replace_in_place(struct change *ch, const rg_record *next)
{
	if (!charge(ch, (int64_t)rg_record_size(next) - (int64_t)rg_record_size(ch->has)))
		return RG_EFULL;
	ch->was = ch->has;
	ch->s->pool.cells[ch->old].record = rg_record_ref(next);
	if (rg_record_weight(ch->was) != rg_record_weight(next))
		weigh(tally_find(ch->s->tallies, ch->key->domain), ch->was, next);
	heap_moved(ch->s, ch->old, rg_record_deadline(ch->was), rg_record_deadline(next));
	return RG_OK;
}

/* The index of the tag of the current entry that is @p tag and has no new place, or @p n. The search starts at @p hint. */
static uint32_t tag_index(const struct change *ch, uint32_t n, rg_str tag, uint32_t hint, uint32_t *budget)
{
	for (uint32_t i = 0; i < n && *budget > 0; i++, (*budget)--) {
		uint32_t at = hint + i < n ? hint + i : hint + i - n;
		if (ch->links[at].to == NO_TAG && same_string(rg_record_tag(ch->has, at), tag))
			return at;
	}
	return n;
}

/* Finds the new places of the tags that stay. The budget bounds the work for records with very many tags: when it is used up, a tag counts
 * as new, and a walk may give its key twice. */
static void place_tags(struct change *ch, uint32_t had, const rg_record *next)
{
	uint32_t n = rg_record_tag_count(next), budget = 4096, hint = 0;
	for (uint32_t i = 0; i < had; i++)
		ch->links[i] = (struct kept_link){ ch->s->pool.cells[ch->old + i], NO_TAG };
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = tag_index(ch, had, rg_record_tag(next, i), hint, &budget);
		if (from == had)
			continue;
		ch->links[from].to = i;
		hint = from + 1 < had ? from + 1 : 0;
	}
}

/* Links the tags of the next record, of which @p entry is the place, and unlinks those of the current one. A tag that stays keeps its place in
 * its group. @p entry may be the current one: then no tag is linked before all have left their cells. */
static void retag(struct change *ch, uint32_t entry, const rg_record *next)
{
	struct shard *s = ch->s;
	uint32_t had = rg_record_tag_count(ch->has), has = rg_record_tag_count(next);
	place_tags(ch, had, next);
	for (uint32_t i = 0; i < had; i++)
		(ch->links[i].to == NO_TAG ? tags_unlink : tags_lift)(ch->m, s, ch->old, i);
	s->pool.cells[entry].record = rg_record_ref(next);
	for (uint32_t i = 0; i < has; i++)
		s->pool.cells[entry + i].link_next = 0;
	for (uint32_t i = 0; i < had; i++) {
		if (ch->links[i].to != NO_TAG)
			tags_put(ch->m, s, &ch->links[i].link, ch->old + i, entry, ch->links[i].to);
	}
	for (uint32_t i = 0; i < has; i++) {
		if (s->pool.cells[entry + i].link_next == 0)
			tags_link(ch->m, s, entry, i);
	}
}

static void insert_entry(struct change *ch, uint32_t fresh, const rg_record *next, struct tally *t)
{
	struct shard *s = ch->s;
	uint32_t tags = rg_record_tag_count(next);
	s->pool.cells[fresh].record = rg_record_ref(next);
	for (uint32_t i = 0; i < tags; i++)
		tags_link(ch->m, s, fresh, i);
	s->pool.cells[fresh].next = *ch->slot;
	*ch->slot = fresh;
	s->table.n++;
	heap_add(s, fresh, rg_record_deadline(next));
	if (t->keys++ == 0) {
		t->next = s->tallies;
		s->tallies = t;
	}
	weigh(t, NULL, next);
}

static void replace_entry(struct change *ch, uint32_t entry, const rg_record *next, struct tally *t)
{
	struct shard *s = ch->s;
	uint32_t had = rg_record_tag_count(ch->has);
	retag(ch, entry, next);
	if (entry == ch->old) {
		pool_trim(&s->pool, entry, had, rg_record_tag_count(next));
	} else {
		s->pool.cells[entry].next = s->pool.cells[ch->old].next;
		*ch->slot = entry;
		heap_renamed(s, ch->old, entry);
		pool_give(&s->pool, ch->old, had);
	}
	heap_moved(s, entry, rg_record_deadline(ch->has), rg_record_deadline(next));
	weigh(t, ch->has, next);
	ch->was = ch->has;
}

/* The size of the shard's tables. Their growth is charged when it happens. */
static int64_t table_bytes(const struct shard *s)
{
	size_t table = s->table.buckets ? sizeof *s->table.buckets << s->table.bits : 0;
	size_t tags = s->tags.buckets ? (sizeof *s->tags.buckets + 1) << s->tags.bits : 0;
	return (int64_t)(table + tags + s->heap.room * sizeof *s->heap.nodes + s->pool.room * sizeof *s->pool.cells);
}

/* What a commit needs besides the record. */
struct needs {
	uint32_t had, tags; /* tags of the current and of the next record */
	bool stays;         /* the next record takes the cells of the current one */
	bool as_it_is;      /* the tag table does not grow, and gets longer chains */
	int64_t bytes;      /* by which tables and tallies grow */
};

/* Charges the record and the growth. What takes no more cells than before needs no growth, if there is none to be had: whoever wants to leave
 * a full store can. */
static bool charge_all(struct change *ch, struct needs *needs, int64_t record, const struct tally *t)
{
	const struct shard *s = ch->s;
	needs->stays = ch->old != 0 && pool_length(needs->had) == pool_length(needs->tags);
	needs->bytes = (int64_t)tags_growth(&s->tags, needs->tags);
	if (!needs->stays)
		needs->bytes += (int64_t)pool_growth(&s->pool, needs->tags);
	if (ch->old == 0)
		needs->bytes += (int64_t)(table_growth(&s->table) + heap_growth(&s->heap) + (t ? 0 : sizeof *t + ch->key->domain.n));
	if (charge(ch, record + needs->bytes))
		return true;
	needs->stays = needs->as_it_is = ch->old != 0 && pool_length(needs->tags) <= pool_length(needs->had) &&
		(s->tags.buckets || needs->tags == 0);
	needs->bytes = 0;
	return needs->stays && charge(ch, record);
}

/* Makes room for one more entry or for other tags. Tables that cannot grow only get longer chains; it fails when there is no table at
 * all. */
static bool reserve_entry(struct change *ch, const struct needs *needs)
{
	struct shard *s = ch->s;
	if (!needs->stays && !pool_reserve(&ch->m->area, &s->pool, needs->tags))
		return false;
	if (ch->old == 0 && (!heap_reserve(&ch->m->area, &s->heap) || (!table_grow(&ch->m->area, s) && !s->table.buckets)))
		return false;
	return needs->as_it_is || tags_grow(ch->m, s, needs->tags) || s->tags.buckets;
}

/* After reserve_entry(). */
static void place_entry(struct change *ch, const struct needs *needs, const rg_record *next, struct tally *t)
{
	struct shard *s = ch->s;
	uint32_t entry = ch->old;
	bool found;
	ch->slot = table_slot(s, ch->key, ch->hash, &found);
	if (!needs->stays) {
		entry = pool_take(&s->pool, needs->tags);
		s->pool.cells[entry].hash = ch->hash;
	}
	(ch->old != 0 ? replace_entry : insert_entry)(ch, entry, next, t);
}

static rg_status write_entry(struct change *ch, const rg_record *next)
{
	struct shard *s = ch->s;
	struct kept_link few[FEW_LINKS];
	struct needs needs = { .had = rg_record_tag_count(ch->has), .tags = rg_record_tag_count(next) };
	struct tally *t = tally_find(s->tallies, ch->key->domain), *new_tally = NULL;
	int64_t record = (int64_t)rg_record_size(next) - (int64_t)rg_record_size(ch->has), before = table_bytes(s);
	if (!charge_all(ch, &needs, record, t))
		return RG_EFULL;
	if (!t)
		t = new_tally = tally_new(ch->key->domain);
	ch->links = needs.had <= FEW_LINKS ? few : malloc(needs.had * sizeof *few);
	bool fits = t && ch->links && reserve_entry(ch, &needs);
	settle(ch, table_bytes(s) - before - needs.bytes + (fits ? new_tally ? (int64_t)(sizeof *t + t->n) : 0 : -record));
	if (fits)
		place_entry(ch, &needs, next, t);
	else
		free(new_tally);
	if (ch->links != few)
		free(ch->links);
	return fits ? RG_OK : RG_ENOMEM;
}

static void delete_entry(struct change *ch)
{
	struct shard *s = ch->s;
	uint32_t tags = rg_record_tag_count(ch->has);
	for (uint32_t i = 0; i < tags; i++)
		tags_unlink(ch->m, s, ch->old, i);
	heap_remove(s, ch->old);
	*ch->slot = s->pool.cells[ch->old].next;
	int64_t before = table_bytes(s);
	pool_give(&s->pool, ch->old, tags);
	if (--s->table.n == 0)
		pool_clear(&ch->m->area, &s->pool);
	struct tally *t = tally_find(s->tallies, ch->key->domain);
	weigh(t, ch->has, NULL);
	int64_t last = --t->keys == 0 ? (int64_t)(sizeof *t + t->n) : 0;
	tally_drop(s, t);
	settle(ch, table_bytes(s) - before - (int64_t)rg_record_size(ch->has) - last);
	ch->was = ch->has;
}

/* Locks the shard of the key and finds its entry. @return the hash of the key. */
static uint64_t find_entry(struct change *ch, uint64_t hash)
{
	bool found;
	ch->hash = (uint32_t)hash;
	ch->s = shard_of(ch->m, hash);
	shard_lock(ch->s);
	ch->slot = table_slot(ch->s, ch->key, ch->hash, &found);
	ch->old = found ? *ch->slot : 0;
	ch->has = found ? ch->s->pool.cells[ch->old].record : NULL;
	return hash;
}

/*
 * fetch() gives the hash of the key as the hint. A hint need not be right. If the key's entry is where the hint says, the hint is as good
 * as the hash: the entry was put into its shard and its bucket by the hash. If it is not there, the hint proves nothing, and the hash is
 * computed. A commit that expects no record would never find one, so it begins with that.
 */
static uint64_t lock_and_find(struct change *ch)
{
	static const size_t with_hint = offsetof(rg_commit, hint) + sizeof ch->c->hint;
	uint64_t hint = ch->c->struct_size >= with_hint && !same_revision(&ch->c->base, &none) ? ch->c->hint : 0;
	if (hint != 0) {
		find_entry(ch, hint);
		if (ch->old != 0)
			return hint;
		shard_unlock(ch->s);
	}
	return find_entry(ch, hash_key(ch->m, ch->key));
}

static rg_status compare_and_swap(struct change *ch)
{
	const rg_revision *base = ch->has ? rg_record_revision(ch->has) : &none;
	if (ch->has && same_revision(base, &ch->c->revision))
		return RG_OK;
	if (!same_revision(base, &ch->c->base))
		return RG_ECONFLICT;
	const rg_record *next = ch->c->next;
	rg_status status = RG_OK;
	if (next)
		status = ch->has && rg_record_same_tags(ch->has, next) ? replace_in_place(ch, next) : write_entry(ch, next);
	else if (ch->has)
		delete_entry(ch);
	ch->changed = status == RG_OK && (ch->has || next);
	if (ch->changed)
		table_changed(ch->s, ch->hash);
	return status;
}

/* Checks that the commit has all members that this store needs, and that the record matches it. */
static rg_status check_commit(const rg_key *key, const rg_commit *c)
{
	if (c->struct_size < offsetof(rg_commit, next) + sizeof c->next || same_revision(&c->revision, &none))
		return RG_EINVAL;
	if (!c->next)
		return RG_OK;
	if (!rg_record_is_of(c->next, key) || !same_revision(&c->revision, rg_record_revision(c->next)))
		return RG_EINVAL;
	return rg_record_tag_count(c->next) > MAX_TAGS ? RG_ELIMIT : RG_OK;
}

/* @param record  a reference, which the callback receives. */
static void give_current(rg_record *record, uint64_t hash, rg_commit_cb done, void *tok)
{
	const rg_fetched current = { .struct_size = sizeof current, .authoritative = 1, .record = record, .base = *rg_record_revision(record),
		.hint = hash };
	done(tok, RG_ECONFLICT, &current);
}

rg_status memory_commit(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)flags;
	struct memory *m = self;
	rg_status status = check_commit(key, c);
	if (status != RG_OK)
		return status;
	struct change ch = { .m = m, .c = c, .key = key };
	uint64_t hash = lock_and_find(&ch);
	status = compare_and_swap(&ch);
	rg_record *current = status == RG_ECONFLICT ? rg_record_ref(ch.has) : NULL;
	bool watched = ch.changed && ch.s->watches.n > 0;
	shard_unlock(ch.s);
	rg_record_unref(ch.was);
	if (watched)
		watches_fire(ch.s, ch.hash, key);
	if (status == RG_ECONFLICT)
		give_current(current, hash, done, tok);
	else
		done(tok, status, NULL);
	return RG_OK;
}
