/* SPDX-License-Identifier: MIT */
/* Layer 5: a store as the engine sees it: its members, copied and complete. */
#ifndef RG__STORE_H
#define RG__STORE_H

#include <rgstr/store.h>
#include <stdatomic.h>
#include "store/tokens.h"

struct rg_store {
	atomic_uint refs;
	rg_store_ops ops;
	void *self;
	rg__slots *slots; /* NULL for an inline store */
	_Atomic uint64_t breaches;
};

bool rg__store_can_block(const rg_store *store);
uint64_t rg__store_breaches(const rg_store *store); /* completions that were late, double or missing */
const char *rg__store_name(const rg_store *store);

/* The bare members, for rg_store_check(). */
const rg_store_ops *rg__store_ops(const rg_store *store, void **self);

#endif
