/* SPDX-License-Identifier: MIT */
/**
 * @file memory.h
 * The in-memory store (library librgstr-memory): sharded, safe for many threads, inline, with expiry in O(due), finding by tag in
 * O(matches), a byte budget, and watch.
 *
 * A page of keys has at most 4096, whatever the limit. A commit whose record is not of its key or revision is refused with RG_EINVAL.
 * Nothing is kept of a deleted record: its key's base is zero again.
 */
#ifndef RGSTR_MEMORY_H
#define RGSTR_MEMORY_H

#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the store is to be. */
typedef struct rg_memory_options {
	uint32_t struct_size; /**< set by rg_memory_options_init() */
	uint32_t shards;      /**< a power of two up to 4096, each with a lock of its own; 0 = 64 */
	uint64_t max_bytes;   /**< bytes that records and indexes may take, exactly counted as they are asked of malloc(), watches not
	                           included; past it commits that grow answer RG_EFULL. 0 = no limit */
} rg_memory_options;

/** Sets the defaults. @p size is sizeof(rg_memory_options). NULL is accepted. */
RG_API void rg_memory_options_init(rg_memory_options *options, uint32_t size);

/**
 * Makes a store that lives in memory.
 * @param options  NULL = defaults. @param why  may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL; RG_ENOMEM.
 */
RG_API rg_status rg_memory_store_new(const rg_memory_options *options, rg_store **out, rg_error *why);

/** @return the bytes in use as its budget counts them; 0 for NULL or a store that is not of this library. Any thread. */
RG_API uint64_t rg_memory_store_bytes(const rg_store *store);

#ifdef __cplusplus
}
#endif
#endif
