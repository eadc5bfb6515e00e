/* SPDX-License-Identifier: MIT */
/* Walks over the pages of a store. */
#ifndef RG__PAGES_H
#define RG__PAGES_H

#include "store/call.h"

/* The progress of a walk over pages. All zero at its start. */
typedef struct rg__walk {
	uint64_t pages, mark; /* the mark is the hash of an earlier cursor */
	uint32_t empty;       /* pages without a key, in a row */
} rg__walk;

/* Takes the page into account, so call it once for each page. Its keys must be of @p domain, if that is not absent, and its cursor must not
 * be an earlier one. False: it breaks the store's contract. */
bool rg__walk_accept(rg__walk *walk, rg_str domain, const rg__page *page);

#endif
