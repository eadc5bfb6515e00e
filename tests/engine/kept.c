/* SPDX-License-Identifier: MIT */
#include "kept.h"
#include "shims.h"
#include <stdlib.h>
#include <string.h>

void kept_fetched(void *tok, rg_status status, const rg_fetched *found)
{
	kept *k = tok;

	k->answered = true;
	k->status = status;
	k->has_found = found != NULL;
	if (found)
		k->found = *found;
}

static char *put(char *at, rg_str from, rg_str *to)
{
	*to = (rg_str){ from.p ? at : NULL, from.n };
	if (from.n)
		memcpy(at, from.p, from.n);
	return at + from.n;
}

void kept_keys(void *tok, rg_status status, const rg_keys *page)
{
	kept *k = tok;
	size_t room = 1;

	k->answered = true;
	k->status = status;
	if (!page)
		return;
	for (uint32_t i = 0; i < page->n; i++)
		room += page->keys[i].domain.n + page->keys[i].user.n + page->keys[i].host.n;
	rg_key *keys = malloc(sizeof *keys * page->n + room + page->cursor.n);
	char *at = (char *)(keys + page->n);
	for (uint32_t i = 0; i < page->n; i++) {
		at = put(at, page->keys[i].domain, &keys[i].domain);
		at = put(at, page->keys[i].user, &keys[i].user);
		at = put(at, page->keys[i].host, &keys[i].host);
	}
	k->page = *page;
	k->page.keys = keys;
	k->memory = (char *)keys;
	put(at, page->cursor, &k->page.cursor);
}

void kept_count(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	kept *k = tok;

	k->answered = true;
	k->status = status;
	k->records = records;
	k->bindings = bindings;
}

rg_status kept_later(kept *k, rg_status returned)
{
	if (returned < 0) {
		k->answered = true;
		k->status = returned;
	}
	return RG_PENDING;
}

void kept_give(const kept *k)
{
	rg_fetched found = k->found;

	if (k->has_found && found.record)
		rg_record_ref(found.record);
	switch (k->kind) {
	case CALL_FETCH:
		k->done.fetch(k->tok, k->status, k->has_found ? &found : NULL);
		break;
	case CALL_COMMIT:
		k->done.commit(k->tok, k->status, k->has_found ? &found : NULL);
		break;
	case CALL_COUNT:
		k->done.count(k->tok, k->status, k->records, k->bindings);
		break;
	default:
		k->done.keys(k->tok, k->status, k->status == RG_OK ? &k->page : NULL);
	}
}

void kept_end(kept *k)
{
	rg_record_unref(k->found.record);
	free(k->memory);
}
