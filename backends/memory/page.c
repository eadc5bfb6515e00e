/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdlib.h>
#include <string.h>

/* The layout of a cursor: the kind of walk, `at`, the lengths of domain, user and host, and their bytes. */
enum { HEAD = 1 + 8 + 3 * 4 };

rg_status place_read(const struct memory *m, enum walk walk, rg_str cursor, struct walk_place *out)
{
	*out = (struct walk_place){ .start = true };
	if (!cursor.p)
		return RG_OK;
	if (cursor.n < HEAD || cursor.p[0] != (char)walk)
		return RG_EINVAL;
	uint32_t lengths[3];
	memcpy(&out->at, cursor.p + 1, 8);
	memcpy(lengths, cursor.p + 9, sizeof lengths);
	if ((uint64_t)lengths[0] + lengths[1] + lengths[2] != cursor.n - HEAD)
		return RG_EINVAL;
	out->key.domain = (rg_str){ cursor.p + HEAD, lengths[0] };
	out->key.user = (rg_str){ out->key.domain.p + lengths[0], lengths[1] };
	out->key.host = (rg_str){ out->key.user.p + lengths[1], lengths[2] };
	uint64_t hash = hash_key(m, &out->key);
	out->shard = (uint32_t)(shard_of(m, hash) - m->shards);
	out->hash = (uint32_t)hash;
	out->start = false;
	return RG_OK;
}

static char *write_place(enum walk walk, const rg_key *key, uint64_t at, rg_str *cursor)
{
	uint32_t lengths[3] = { (uint32_t)key->domain.n, (uint32_t)key->user.n, (uint32_t)key->host.n };
	size_t n = HEAD + key->domain.n + key->user.n + key->host.n;
	char *p = malloc(n), *end = p;
	if (!p)
		return NULL;
	*end++ = (char)walk;
	end = (char *)memcpy(end, &at, 8) + 8;
	end = (char *)memcpy(end, lengths, sizeof lengths) + sizeof lengths;
	const rg_str parts[3] = { key->domain, key->user, key->host };
	for (int i = 0; i < 3; i++) {
		if (parts[i].n > 0)
			memcpy(end, parts[i].p, parts[i].n);
		end += parts[i].n;
	}
	*cursor = (rg_str){ p, n };
	return p;
}

bool page_add(struct page *p, const rg_record *record, uint64_t at)
{
	if (p->n == p->room) {
		uint32_t room = p->room * 2 + 4;
		struct item *items = realloc(p->items, room * sizeof *items);
		if (!items) {
			p->failed = true;
			return false;
		}
		p->items = items;
		p->room = room;
	}
	p->items[p->n++] = (struct item){ record, at };
	return !page_full(p);
}

void page_hold(struct page *p)
{
	for (; p->held < p->n; p->held++)
		rg_record_ref(p->items[p->held].record);
}

static void page_free(struct page *p)
{
	rg_record_unref(p->pause.record);
	for (uint32_t i = 0; i < p->held; i++)
		rg_record_unref(p->items[i].record);
	free(p->items);
}

rg_status page_give(struct page *p, enum walk walk, rg_time next, rg_keys_cb done, void *tok)
{
	uint32_t n = p->n > p->limit ? p->limit : p->n;
	rg_key *keys = malloc((n + 1) * sizeof *keys);
	rg_keys out = { .struct_size = sizeof out, .n = n, .keys = keys, .next = next };
	char *cursor = NULL;
	p->failed |= !keys;
	for (uint32_t i = 0; i < n && !p->failed; i++)
		rg_record_key(p->items[i].record, &keys[i]);
	const struct item *last = p->n > n ? &p->items[n - 1] : &p->pause;
	if (!p->failed && last->record) {
		rg_key key;
		rg_record_key(last->record, &key);
		cursor = write_place(walk, &key, last->at, &out.cursor);
		p->failed = !cursor;
	}
	if (!p->failed)
		done(tok, RG_OK, &out);
	free(cursor);
	free(keys);
	page_free(p);
	return p->failed ? RG_ENOMEM : RG_OK;
}
