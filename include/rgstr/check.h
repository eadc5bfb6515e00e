/* SPDX-License-Identifier: MIT */
/**
 * @file check.h
 * The store contract as a test, in a library of its own (librgstr-check): whoever writes a store holds it to rg_store_check().
 */
#ifndef RGSTR_CHECK_H
#define RGSTR_CHECK_H

#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How rg_store_check() is to get its stores, and whom it tells. */
typedef struct rg_store_check_options {
	uint32_t struct_size; /**< sizeof(rg_store_check_options), set by rg_store_check_options_init() */
	uint32_t seed;        /**< of the random scripts; 0 = 1 */
	uint32_t many;        /**< keys on one tag in the large case; 0 = 100000 */
	uint32_t threads;     /**< threads in the concurrent case, for thread-safe stores; 0 = 4 */

	/** Mandatory. Opens a new, empty store. */
	rg_status (*open)(void *user, rg_store **out);

	/** Optional. Told of each case: its name, and what was wrong; an empty @p wrong says that it passed. */
	void (*report)(void *user, rg_str name, rg_str wrong);

	void *user; /**< handed to both */
} rg_store_check_options;

/** Empties options. @p size is sizeof(rg_store_check_options). NULL is accepted. */
RG_API void rg_store_check_options_init(rg_store_check_options *options, uint32_t size);

/**
 * Runs the whole store contract against a store. Takes seconds; prints nothing.
 * @param failed  how many cases failed; may be NULL.
 * @return RG_OK when every case passed, RG_ECONTRACT when some did not, RG_EINVAL without `open`, or what `open` returned.
 */
RG_API rg_status rg_store_check(const rg_store_check_options *options, uint32_t *failed);

#ifdef __cplusplus
}
#endif
#endif
