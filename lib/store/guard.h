/* SPDX-License-Identifier: MIT */
/* A store as the engine sees it: its members, copied and complete. */
#ifndef RG__GUARD_H
#define RG__GUARD_H

#include <rgstr/store.h>
#include <stdatomic.h>
#include "model/model.h"
#include "store/tokens.h"
#include "text/text.h"

extern const rg__shape rg__fetched_shape, rg__commit_shape, rg__keys_shape;

struct rg_store {
	atomic_uint refs;
	rg_store_ops ops;
	char *name; /* of `ops` */
	void *self;
	rg__slots *slots; /* NULL for an inline store */
	rg__dictionary *dictionary; /* NULL without RG_STORE_RESIDENT */
	_Atomic uint64_t breaches;
};

bool rg__store_can_block(const rg_store *store);
uint64_t rg__store_breaches(const rg_store *store); /* completions that were late, double or missing */
const char *rg__store_name(const rg_store *store);
bool rg__store_prefetches(const rg_store *store); /* it has the member */
void rg__store_prefetch(const rg_store *store, const rg_key *keys, uint32_t n); /* these keys will be fetched soon */

/* Takes a step towards the record of one key. Returns the hint for the next step; 0 = no further step is of use. */
static inline uint64_t rg__store_approach(const rg_store *store, const rg_key *key, uint64_t hint)
{
	return store->ops.approach ? store->ops.approach(store->self, key, hint) : 0;
}

#endif
