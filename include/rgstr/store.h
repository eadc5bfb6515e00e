/* SPDX-License-Identifier: MIT */
/**
 * @file store.h
 * The location store: a compare-and-swap map of records with a deadline index and a tag index. A store knows no SIP.
 *
 * To write one, fill in an rg_store_ops, make it an rg_store with rg_store_new() and hold it to rg_store_check() (check.h).
 *
 * **Completion law.** Every member that takes a callback and a token obeys it: an error return means that the callback is never
 * called; RG_OK, that it has already been called; RG_PENDING, that it will be, exactly once. A store with RG_STORE_INLINE always
 * completes before it returns. Callbacks may call any member again and may come from any thread if the store is
 * RG_STORE_THREAD_SAFE, else only from within a member called by the registrar's own thread or from the host's event loop on it.
 * A store calls back with none of its own locks held.
 */
#ifndef RGSTR_STORE_H
#define RGSTR_STORE_H

#include <rgstr/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of rg_store_ops.traits. */
enum {
	RG_STORE_INLINE = 1,      /**< every member completes before it returns; `wait` is then not needed */
	RG_STORE_THREAD_SAFE = 2, /**< members may be called on any thread, at the same time */
	RG_STORE_SHARED = 4,      /**< other processes write it too */
	RG_STORE_OVERLAY = 8      /**< keeps bindings with RG_CONTACT_LOCAL on this node */
};

/** Bits of the `flags` of a member. */
enum {
	RG_OP_BLOCKING = 1, /**< of the blocking form: `wait` will be called for it; run it on resources no host loop drives */
	RG_FETCH_FRESH = 2  /**< the answer must be authoritative: no cache, no guess */
};

/** What a fetch found. */
typedef struct rg_fetched {
	uint32_t struct_size;   /**< sizeof(rg_fetched) as the store knows it */
	uint32_t authoritative; /**< 1: read from the store itself; 0: a cache or a guess, only a commit makes it true */
	rg_record *record;      /**< NULL = no record. The callback is given this reference and owns it */
	rg_revision base;       /**< what a commit must name: the record's revision; without one, zero or that of its deletion */

	/* Only overlays set the rest. A store that knows the struct without it is read as if it were zero. */
	rg_revision local_base; /**< what a commit must name as its `local_base` when there is no record at all */
	uint32_t partial;       /**< 1: a part of the store did not answer and there may be more. Good for a lookup, not for a commit */
	uint32_t reserved;      /**< zero */
} rg_fetched;

/** @param tok  as given to the member. @param status  RG_OK, or why not; @p found is NULL then. */
typedef void (*rg_fetch_cb)(void *tok, rg_status status, const rg_fetched *found);

/** A change of one record. */
typedef struct rg_commit {
	uint32_t struct_size;         /**< sizeof(rg_commit) */
	uint32_t reserved;            /**< zero */
	rg_revision base;             /**< the revision it replaces; zero = there must be none */
	rg_revision revision;         /**< its own: that of `next`, or of the deletion. Never repeats, but in a resend */
	rg_revision local_base;       /**< for overlays: rg_record_local_revision() of what it replaces; others ignore it */
	const rg_record *next;        /**< the record to keep; NULL = delete. Borrowed; the store takes references of its own */
} rg_commit;

/**
 * @param status  RG_OK: done, or done before by an identical commit. RG_ECONFLICT: the base is not the current revision; @p current
 * says what is. RG_EFULL: over budget, nothing changed. RG_EUNKNOWN: it may have happened. Anything else: it did not.
 * @param current  on RG_ECONFLICT, as a fetch would have answered; NULL otherwise. Its record reference is the callback's.
 */
typedef void (*rg_commit_cb)(void *tok, rg_status status, const rg_fetched *current);

/** A page of keys. */
typedef struct rg_keys {
	uint32_t struct_size; /**< sizeof(rg_keys) */
	uint32_t n;           /**< how many */
	const rg_key *keys;   /**< borrowed for the call */
	rg_str cursor;        /**< where the next page starts; absent (p == NULL) = that was all. Borrowed for the call. One that this walk
	                       *   was given before, and 65537 pages without a key in a row, are a breach: the walk ends with RG_ESTORE */
	rg_time next;         /**< of `due`: no later than the earliest deadline left, RG_TIME_NEVER if there is none */
} rg_keys;

/** @param status  RG_OK, or why not; @p page is NULL then. */
typedef void (*rg_keys_cb)(void *tok, rg_status status, const rg_keys *page);

/** @param records  records of weight above 0. @param bindings  the sum of their weights. */
typedef void (*rg_count_cb)(void *tok, rg_status status, uint64_t records, uint64_t bindings);

/** Something may have changed under a watched key (RG_OK), or the watch has ended (RG_ECANCELED, always the last call). */
typedef void (*rg_watch_cb)(void *user, rg_status status);

/**
 * The members of a store. Handed over once and copied, bounded by `struct_size`; later versions only append.
 * `self` is the pointer given to rg_store_new(). Keys, commits, cursors and tags are borrowed for the call.
 */
typedef struct rg_store_ops {
	size_t struct_size; /**< sizeof(rg_store_ops) */
	const char *name;   /**< for logs; static */
	uint32_t traits;    /**< RG_STORE_… */

	/** Mandatory. The record under a key. */
	rg_status (*fetch)(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok);

	/** Mandatory. Replaces, inserts or deletes a record if the base is the current revision; atomic over record, deadline and tags. */
	rg_status (*commit)(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok);

	/**
	 * Mandatory. Keys of records whose deadline is not after @p now, of every domain, at most @p limit, each at most once in one
	 * walk over the cursors, unless a commit gives it another deadline meanwhile. Costs O(due), not O(all). A key stays due until a commit
	 * moves its deadline. `next` of the last page does not speak of the keys that this walk gave.
	 */
	rg_status (*due)(void *self, rg_time now, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

	/**
	 * Mandatory. Keys of @p domain whose record carries @p tag, at most @p limit a page. Costs O(matches). A key that carries the tag
	 * from the first page to the last is given at least once, whatever is committed meanwhile.
	 */
	rg_status (*find)(void *self, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

	/** Mandatory. All keys of @p domain in pages; the same promise as `find`. */
	rg_status (*scan)(void *self, rg_str domain, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

	/** Optional. How much there is in @p domain, lapsed bindings that were not yet pruned included. */
	rg_status (*count)(void *self, rg_str domain, uint32_t flags, rg_count_cb done, void *tok);

	/** Optional, with unwatch. Calls @p changed after every change under the key, until unwatched. */
	rg_status (*watch)(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);

	/** Optional, with watch. Ends a watch: its last call is RG_ECANCELED, exactly once, before or after this returns. */
	void (*unwatch)(void *self, void *handle);

	/**
	 * Of stores that are not inline; without it the blocking verbs answer RG_ENOTSUP. Works at token @p tok alone for up to
	 * @p timeout_ms; RG_OK when it has completed, RG_ETIMEOUT if not.
	 */
	rg_status (*wait)(void *self, void *tok, int32_t timeout_ms);

	/** Optional. The caller no longer wants the answer; the token still completes, soon, with RG_ECANCELED or as it would have. */
	void (*cancel)(void *self, void *tok);

	/** Optional. The last reference is gone; no token is outstanding. */
	void (*destroy)(void *self);
} rg_store_ops;

/** A store, counted by references. Many registrars may share one. */
typedef struct rg_store rg_store;

/**
 * Makes a store of its members.
 * @param ops  copied. @param self  handed to each member; `destroy` ends it. @param why  names what is missing; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: a mandatory member is missing, and `destroy` is not called; RG_ENOMEM.
 */
RG_API rg_status rg_store_new(const rg_store_ops *ops, void *self, rg_store **out, rg_error *why);

/** Takes a reference. @return @p store. NULL is accepted. Any thread. */
RG_API rg_store *rg_store_ref(rg_store *store);

/** Drops a reference; the last one calls `destroy`. NULL is accepted. Any thread. */
RG_API void rg_store_unref(rg_store *store);

/** @return the traits it was made with. */
RG_API uint32_t rg_store_traits(const rg_store *store);

/** @return the `self` of a store made under this name, as the store's own library needs it; NULL for any other store, and for NULL. */
RG_API void *rg_store_self(const rg_store *store, const char *name);

/**
 * The members of a store, so that a store can be wrapped: by a cache, by metrics, by encryption, by faults for a test. A wrapper takes a
 * reference to @p store and calls the members with @p self; it obeys the completion law in both directions.
 * @param self  becomes what the members take first; borrowed.
 * @return the members, as copied by rg_store_new(): complete, with `struct_size` of this version. Borrowed, for as long as the store
 * lives. NULL if @p store or @p self is NULL. Any thread.
 */
RG_API const rg_store_ops *rg_store_members(const rg_store *store, void **self);

/**
 * Makes one store of two, for the save flag memory-only (base specification §1.4.1): bindings with RG_CONTACT_LOCAL are kept in
 * @p local, everything else in @p main. References to both are taken.
 *
 * A fetch unites both records; what is in both under one id is taken from @p main. A commit is split, @p main first, and a part that
 * does not change is not written; it takes effect as a whole, at the moment @p main takes it. @p local is written through this store
 * only. When @p main does not answer a fetch, the bindings of @p local come with `partial` set; when there are none, so does the error.
 * A union that would exceed RG_RECORD_BYTES_MAX is the record of @p main with `partial` set. `count` counts an AoR with bindings in
 * both parts as two records.
 *
 * RG_STORE_INLINE, `wait` and RG_STORE_SHARED as @p main has them; RG_STORE_THREAD_SAFE and `watch` if both have them;
 * RG_STORE_OVERLAY. Commits of one key take turns: at most 64 wait for one, and one that comes after them is refused with RG_EFULL. So a
 * blocking commit waits for one of the completion form that came before it on the same key, for store_timeout if the host's loop does
 * not bring that one's answer meanwhile.
 *
 * @param main  any store. @param local  memory of this node: RG_STORE_INLINE and not RG_STORE_SHARED. @param why  may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: a store is missing, both are one, or @p local is not fit; RG_ENOMEM.
 */
RG_API rg_status rg_store_overlay(rg_store *main, rg_store *local, rg_store **out, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
