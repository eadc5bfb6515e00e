/* SPDX-License-Identifier: MIT */
/**
 * @file check.h
 * The store contract as a test, in a library of its own (librgstr-check). Run rg_store_check() in the tests of every store you write.
 */
#ifndef RGSTR_CHECK_H
#define RGSTR_CHECK_H

#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of rg_store_check(). */
typedef struct rg_store_check_options {
	uint32_t struct_size; /**< set by rg_store_check_options_init() */
	uint32_t seed;        /**< seed of the random scripts; 0 = 1 */
	uint32_t many;        /**< number of keys on one tag in the large case; 0 = 100000 */
	uint32_t threads;     /**< number of threads in the concurrent case, for thread-safe stores; 0 = 4 */

	/** Mandatory. Opens a new, empty store. The check takes over the reference. */
	rg_status (*open)(void *user, rg_store **out);

	/** Optional. Called after each case with its name and with what was wrong; an empty @p wrong means that the case passed. */
	void (*report)(void *user, const rg_str *name, const rg_str *wrong);

	void *user; /**< handed to both */
} rg_store_check_options;

/** Sets all options to zero and `struct_size` to @p size, which is sizeof(rg_store_check_options). NULL is accepted. */
RG_API void rg_store_check_options_init(rg_store_check_options *options, uint32_t size);

/**
 * Runs the whole store contract against a store. It takes seconds and prints nothing. Each case opens a store of its own.
 * @param failed  becomes the number of failed cases; may be NULL.
 * @return RG_OK: every case passed. RG_ECONTRACT: a case failed. RG_EINVAL: there is no `open`, or the size of
 * the options is refused. Otherwise what `open` returned.
 */
RG_API rg_status rg_store_check(const rg_store_check_options *options, uint32_t *failed);

#ifdef __cplusplus
}
#endif
#endif
