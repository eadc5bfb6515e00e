/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

enum { BROKEN_EVERY = 1000 /* ms: anybody who may write to the server could fill the log */ };

rg_status rg__redis_ops_new(rg__redis *r)
{
	rg__redis_ops *o = calloc(1, sizeof *o);
	if (!o)
		return RG_ENOMEM;
	o->broken_told = INT64_MIN / 2;
	o->cache = rg__redis_cache_new(r->url.cache);
	o->kept = calloc(r->url.buckets, sizeof *o->kept);
	r->ops = o;
	if (o->cache && o->kept)
		return RG_OK;
	rg__redis_ops_free(r);
	return RG_ENOMEM;
}

void rg__redis_ops_free(rg__redis *r)
{
	if (!r->ops)
		return;
	rg__redis_cache_free(r->ops->cache);
	free(r->ops->kept);
	free(r->ops);
	r->ops = NULL;
}

void rg__redis_ops_emptied(rg__redis *r)
{
	rg__redis_cache_clear(r->ops->cache);
	memset(r->ops->kept, 0, r->url.buckets * sizeof *r->ops->kept);
}

void rg__redis_ops_closing(rg__redis *r)
{
	rg__redis_watchers_end(r);
}

void rg__redis_ops_cached(const rg__redis *r, uint32_t *records, uint64_t *bytes)
{
	*records = rg__redis_cache_records(r->ops->cache);
	*bytes = rg__redis_cache_bytes(r->ops->cache);
}

rg_status rg__redis_answer(rg_status status, const redisReply *reply)
{
	if (status != RG_OK)
		return status;
	return reply->type == REDIS_REPLY_ERROR ? rg__redis_error_status(reply) : RG_OK;
}

rg_status rg__redis_current(rg__redis *r, const rg_key *key, const redisReply *reply, rg_fetched *out)
{
	const char *why = "";
	rg_status status = rg__redis_value_reply(reply, key, out, &why);
	int64_t now = rg__redis_clock();
	if (status != RG_ESTORE || now - r->ops->broken_told < BROKEN_EVERY)
		return status;
	char aor[200];
	size_t n = rg_key_print(key, aor, sizeof aor);
	r->ops->broken_told = now;
	rg__redis_log(r, RG_LOG_ERROR, "Redis: the stored value of %.*s is broken: %s", (int)(n < sizeof aor ? n : sizeof aor), aor, why);
	return status;
}

void rg__redis_remember(rg__redis *r, const rg_key *key, const rg_record *record)
{
	if (record)
		rg__redis_cache_put(r->ops->cache, record);
	else
		rg__redis_cache_drop(r->ops->cache, key);
}

rg_str rg__redis_keep(char **room, rg_str text)
{
	rg_str kept = { text.p ? *room : NULL, text.n };
	*room = rg__redis_put(*room, text);
	return kept;
}

rg_key rg__redis_keep_key(char **room, const rg_key *key)
{
	return (rg_key){ rg__redis_keep(room, key->domain), rg__redis_keep(room, key->user), rg__redis_keep(room, key->host) };
}
