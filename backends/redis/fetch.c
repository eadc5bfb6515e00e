/* SPDX-License-Identifier: MIT */
/*
 * One GET, without a script. A value with the revision of the record in the cache is not decoded again. A fetch that need not be fresh asks
 * nobody: it answers from the cache or with the guess that there is no record, and the commit that follows says whether this was right. So a
 * REGISTER costs one round trip.
 */
#include "ops.h"

#include <stdlib.h>

struct fetching {
	rg__redis *r;
	rg_fetch_cb done;
	void *tok;
	rg_key key;
	char room[];
};

static rg_status guess(rg__redis *r, const rg_key *key, rg_fetch_cb done, void *tok)
{
	rg_fetched out = { .struct_size = sizeof out, .record = rg__redis_cache_get(r->ops->cache, key) };
	out.base = *rg_record_revision(out.record);
	r->counters.cache_hits += out.record != NULL;
	done(tok, RG_OK, &out);
	return RG_OK;
}

/* The record that is in the cache is not decoded again. */
static bool is_known(const struct fetching *f, const redisReply *reply, rg_fetched *out)
{
	rg_record *record = rg__redis_cache_get(f->r->ops->cache, &f->key);
	if (!record)
		return false;
	if (!rg__redis_value_is(reply, record)) {
		rg_record_unref(record);
		return false;
	}
	out->record = record;
	out->base = *rg_record_revision(record);
	return true;
}

static void on_fetched(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	(void)index;
	struct fetching *f = user;
	rg_fetched out = { .struct_size = sizeof out, .authoritative = 1 };
	status = rg__redis_answer(status, reply);
	if (status == RG_OK && !is_known(f, reply, &out)) {
		status = rg__redis_current(f->r, &f->key, reply, &out);
		if (status == RG_OK)
			rg__redis_remember(f->r, &f->key, out.record);
	}
	f->done(f->tok, status, status == RG_OK ? &out : NULL);
	free(f);
}

rg_status rg__redis_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	rg__redis *r = self;
	rg__redis_names names;
	r->counters.calls[RG__REDIS_FETCH]++;
	if (!(flags & RG_FETCH_FRESH))
		return guess(r, key, done, tok);
	rg_status status = rg__redis_record_name_of(r->url.prefix, r->url.buckets, key, &names);
	if (status != RG_OK)
		return status;
	struct fetching *f = malloc(sizeof *f + key->domain.n + key->user.n + key->host.n);
	if (!f) {
		rg__redis_names_free(&names);
		return RG_ENOMEM;
	}
	char *room = f->room;
	*f = (struct fetching){ .r = r, .done = done, .tok = tok, .key = rg__redis_keep_key(&room, key) };
	const char *const argv[] = { "GET", names.record.p };
	const size_t lens[] = { 3, names.record.n };
	const rg__redis_command get = { NULL, 2, argv, lens };
	status = rg__redis_send(r, RG__REDIS_FETCH, flags, false, &get, 1, on_fetched, f, tok);
	rg__redis_names_free(&names);
	if (status != RG_PENDING)
		free(f);
	return status;
}
