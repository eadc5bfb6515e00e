/* SPDX-License-Identifier: MIT */
/*
 * The records seen last, so that a refresh is decided without a look at the server. What it holds is a guess, which the commit confirms.
 * It is bounded in bytes, and drops what was used longest ago.
 */
#ifndef REDIS_CACHE_H
#define REDIS_CACHE_H

#include <rgstr/record.h>

typedef struct rg__redis_cache rg__redis_cache;

/* @param bytes  the bound; 0 = it stays empty. NULL: out of memory, or there is no randomness. */
rg__redis_cache *rg__redis_cache_new(uint64_t bytes);
void rg__redis_cache_free(rg__redis_cache *cache);

/* @return the record of a key, of which the caller owns a reference; NULL when it is not known. */
rg_record *rg__redis_cache_get(rg__redis_cache *cache, const rg_key *key);
/* Keeps a record in place of what was known of its key. When there is no memory, the key is dropped. */
void rg__redis_cache_put(rg__redis_cache *cache, const rg_record *record);
void rg__redis_cache_drop(rg__redis_cache *cache, const rg_key *key);
void rg__redis_cache_clear(rg__redis_cache *cache);

uint32_t rg__redis_cache_records(const rg__redis_cache *cache);
uint64_t rg__redis_cache_bytes(const rg__redis_cache *cache);

#endif
