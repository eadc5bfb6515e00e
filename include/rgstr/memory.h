/* SPDX-License-Identifier: MIT */
/**
 * @file memory.h
 * The in-memory store (library librgstr-memory). It is sharded, inline and thread-safe. `due` costs O(due), `find` costs O(matches). It has
 * a byte budget and supports `watch`.
 *
 * A page holds at most 4096 keys, whatever the limit says. A page of `due` may hold none and have a cursor, when many deadlines that have
 * come were moved by a refresh. A commit is refused with RG_EINVAL when its record has another key or revision
 * than the commit. The store keeps nothing of a deleted record: the base of its key is zero again.
 */
#ifndef RGSTR_MEMORY_H
#define RGSTR_MEMORY_H

#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of rg_memory_store_new(). */
typedef struct rg_memory_options {
	uint32_t struct_size; /**< set by rg_memory_options_init() */
	uint32_t shards;      /**< number of shards, each with its own lock: a power of two up to 4096; 0 = 64 */
	uint64_t max_bytes;   /**< budget in bytes for records and indexes, counted as requested from malloc(); watches, and the strings that
	                           records share (RG_STORE_RESIDENT), do not count.
	                           A commit that would grow past it fails with RG_EFULL; one whose record becomes no larger and has no
	                           more tags never does. 0 = no limit */
	uint32_t large_pages; /**< 1: tables of 64 KiB and more are put on large pages (Linux: transparent ones, by MADV_HUGEPAGE), which
	                           saves address translations among hundreds of thousands of records. They may take up to twice the memory,
	                           of which the budget counts the requested bytes only, and it is given back when the store is destroyed.
	                           The records stay where malloc() puts them. If the system has no large pages, rg_memory_store_new()
	                           returns RG_ENOTSUP; a system that has them may still give small pages for want of free large ones, or
	                           because its administrator turned them off, and nothing tells. 0 = small pages */
	uint32_t reserved;    /**< zero */
} rg_memory_options;

/** Sets all options to their defaults. @p size is sizeof(rg_memory_options). NULL is accepted. */
RG_API void rg_memory_options_init(rg_memory_options *options, uint32_t size);

/**
 * Makes a store that keeps its records in memory.
 * @param options  NULL = defaults. @param why  may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: the number of shards or `large_pages` is invalid; RG_ENOTSUP: the system
 * provides no random bytes, or no large pages; RG_ENOMEM.
 */
RG_API rg_status rg_memory_store_new(const rg_memory_options *options, rg_store **out, rg_error *why);

/** @return the bytes in use, as the budget counts them; 0 for NULL and for a store of another library. Any thread. */
RG_API uint64_t rg_memory_store_size(const rg_store *store);

#ifdef __cplusplus
}
#endif
#endif
