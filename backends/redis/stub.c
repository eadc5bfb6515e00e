/* SPDX-License-Identifier: MIT */
/* Members that refuse everything: the place of the operations until they are there. */
#include "redis_store.h"

rg_status rg__redis_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)self, (void)key, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

rg_status rg__redis_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)self, (void)key, (void)commit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

rg_status rg__redis_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)now, (void)cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

rg_status rg__redis_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)self, (void)domain, (void)tag, (void)cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

rg_status rg__redis_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)domain, (void)cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

rg_status rg__redis_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	(void)self, (void)key, (void)changed, (void)user, (void)handle;
	return RG_ENOTSUP;
}

void rg__redis_unwatch(void *self, void *handle)
{
	(void)self, (void)handle;
}

rg_status rg__redis_ops_new(rg__redis *r)
{
	(void)r;
	return RG_OK;
}

void rg__redis_ops_emptied(rg__redis *r)
{
	(void)r;
}

void rg__redis_ops_closing(rg__redis *r)
{
	(void)r;
}

void rg__redis_ops_free(rg__redis *r)
{
	(void)r;
}

void rg__redis_ops_cached(const rg__redis *r, uint32_t *records, uint64_t *bytes)
{
	(void)r, (void)records, (void)bytes;
}
