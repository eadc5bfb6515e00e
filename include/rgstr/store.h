/* SPDX-License-Identifier: MIT */
/**
 * @file store.h
 * The location store: a compare-and-swap map of records with a deadline index and a tag index. A store knows no SIP.
 *
 * To write a store, fill in an rg_store_ops, make an rg_store from it with rg_store_new(), and test it with rg_store_check() (check.h).
 *
 * **Completion law.** Every member that takes a callback and a token obeys it:
 * - An error return: the store never calls the callback.
 * - RG_OK: the store has already called the callback.
 * - RG_PENDING: the store will call the callback exactly once.
 *
 * A store with RG_STORE_INLINE completes every call before the member returns.
 *
 * **Callbacks.** A store holds none of its own locks while it calls a callback. A callback may call any member. A store with
 * RG_STORE_THREAD_SAFE may call a callback on any thread. Any other store calls it on the thread of the registrar, from within a member or
 * from the event loop of the host.
 *
 * **End of a store.** A completion may drop the last reference to the store. `destroy` then runs inside this completion, before the
 * callback returns. So a store that is not inline must not use `self` after a callback has returned, unless it delays its own
 * destruction, for instance with a reference count.
 *
 * **Hints.** A commit often follows a fetch of its key, and a store may have to search for the key both times. With rg_fetched.hint a store
 * can pass 64 bits, such as the hash of the key, from the fetch to the commit. The library does not look into a hint. It hands the hint
 * back unchanged with a commit of the same key to the same store: the hint of the answer on which the commit was decided, which is a fetch
 * or the `current` of a conflict. A resend carries the hint of the commit that it repeats. Other callers may hand back 0, a hint of
 * another key, or any number. So a hint may save work, but it must not change the outcome: a store checks it before it uses it.
 */
#ifndef RGSTR_STORE_H
#define RGSTR_STORE_H

#include <rgstr/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of rg_store_ops.traits. A later version may add bits. */
enum {
	RG_STORE_INLINE = 1,      /**< every member completes before it returns; `wait` is not needed */
	RG_STORE_THREAD_SAFE = 2, /**< members may be called on any thread, and on several at once */
	RG_STORE_SHARED = 4,      /**< other processes write to it too */
	RG_STORE_OVERLAY = 8,     /**< keeps bindings with RG_CONTACT_LOCAL on this node */
	RG_STORE_RESIDENT = 16    /**< keeps the records that are committed, and not an encoding of them. The strings that many of them have (domain
	                           *   and host, local socket, User-Agent, ownership tag) then stand once for the whole store, and not in each
	                           *   record. The store has room for some hundreds of strings of each kind, in less than 100 KiB. A string without
	                           *   room stands in its record. The room lives until the store and every record that refers to it are gone */
};

/** Bits of the `flags` of a member. A later version may add bits, which an earlier store ignores. */
enum {
	RG_OP_BLOCKING = 1, /**< a call of the blocking form: `wait` follows. Run it on resources that need no event loop of the host */
	RG_FETCH_FRESH = 2  /**< the answer must be authoritative: neither from a cache nor a guess */
};

/** The result of a fetch. */
typedef struct rg_fetched {
	uint32_t struct_size;   /**< set by rg_fetched_init(). An answer of a size that is refused breaks the contract */
	uint32_t authoritative; /**< 1: read from the store itself; 0: from a cache, or a guess, which only a successful commit confirms */
	rg_record *record;      /**< NULL = no record. The callback receives this reference and owns it */
	rg_revision base;       /**< the base that a commit must name: the revision of the record; without a record, zero or the
	                         *   revision of its deletion */

	/* Only overlays set the next two. */
	rg_revision local_base; /**< the `local_base` that a commit must name when there is no record */
	uint32_t partial;       /**< 1: a part of the store did not answer, so bindings may be missing. A lookup may use it, a commit
	                         *   may not */
	uint32_t reserved;      /**< zero */
	uint64_t hint;          /**< for the commit that follows (see above); 0 = none */
} rg_fetched;

/** Empties a result: no record, not authoritative. @p size is sizeof(rg_fetched). NULL is accepted. */
RG_API void rg_fetched_init(rg_fetched *fetched, uint32_t size);

/** @param tok  the token of the call. @param status  RG_OK or an error. @param found  the result; NULL on an error. */
typedef void (*rg_fetch_cb)(void *tok, rg_status status, const rg_fetched *found);

/** A change of one record. */
typedef struct rg_commit {
	uint32_t struct_size;         /**< set by rg_commit_init(). A store does not look at what it does not know, and refuses, with RG_EINVAL,
	                               *   a commit that ends before a member that it needs */
	uint32_t reserved;            /**< zero */
	rg_revision base;             /**< the revision that the commit replaces; zero = there must be no record */
	rg_revision revision;         /**< the new revision: that of `next`, or of the deletion. Only a resend repeats it */
	rg_revision local_base;       /**< for overlays: rg_record_local_revision() of the replaced record; other stores ignore it */
	const rg_record *next;        /**< the record to keep; NULL = delete. Borrowed for the call; the store takes its own reference */
	uint64_t hint;                /**< rg_fetched.hint of the answer that the commit is based on, or any other number; 0 = none */
} rg_commit;

/** Empties a commit: it deletes a record that must not exist. @p size is sizeof(rg_commit). NULL is accepted. */
RG_API void rg_commit_init(rg_commit *commit, uint32_t size);

/**
 * @param tok  the token of the call.
 * @param status  RG_OK: the store has the change, from this commit or from an earlier identical one. RG_ECONFLICT: the base is not the
 * current revision. RG_EFULL: the budget is used up, nothing changed. RG_EUNKNOWN: the change may have happened. Any other error: it has
 * not happened.
 * @param current  on RG_ECONFLICT, what a fetch would return; NULL otherwise. The callback owns the reference to its record.
 */
typedef void (*rg_commit_cb)(void *tok, rg_status status, const rg_fetched *current);

/** A page of keys. */
typedef struct rg_keys {
	uint32_t struct_size; /**< set by rg_keys_init(). A page of a size that is refused breaks the contract */
	uint32_t n;           /**< number of keys */
	const rg_key *keys;   /**< borrowed for the call */
	rg_str cursor;        /**< start of the next page; absent = this was the last page. Borrowed for the call. A walk ends with
	                       *   RG_ESTORE when a cursor repeats, or after more than 65536 pages in a row without a key. That holds for
	                       *   a walk over `due` too, although several ticks may share it */
	rg_time next;         /**< for `due`: a time not after the earliest deadline that is left; RG_TIME_NEVER when there is none */
} rg_keys;

/** Empties a page: no keys, `next` RG_TIME_NEVER. @p size is sizeof(rg_keys). NULL is accepted. */
RG_API void rg_keys_init(rg_keys *keys, uint32_t size);

/** @param tok  the token of the call. @param status  RG_OK or an error. @param page  the result; NULL on an error. */
typedef void (*rg_keys_cb)(void *tok, rg_status status, const rg_keys *page);

/**
 * @param tok  the token of the call. @param status  RG_OK or an error.
 * @param records  number of records with a weight above 0 (rg_record_weight()). @param bindings  the sum of their weights.
 */
typedef void (*rg_count_cb)(void *tok, rg_status status, uint64_t records, uint64_t bindings);

/**
 * @param user  as given to `watch`. @param status  RG_OK: the record under the key may have changed. RG_ECANCELED: the watch has ended;
 * this is the last call.
 */
typedef void (*rg_watch_cb)(void *user, rg_status status);

/**
 * The members of a store. rg_store_new() copies them; later versions only append members.
 * `self` is the pointer given to rg_store_new(). Keys, commits, cursors, domains and tags are borrowed for the call.
 */
typedef struct rg_store_ops {
	uint32_t struct_size; /**< set by rg_store_ops_init() */
	uint32_t traits;      /**< RG_STORE_… */
	const char *name;     /**< mandatory; for logs and rg_store_self(). rg_store_new() copies the text */

	/** Mandatory. Returns the record under a key. */
	rg_status (*fetch)(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok);

	/**
	 * Mandatory. Replaces, inserts or deletes a record when the base is the current revision. The change is atomic over record, deadline
	 * and tags. A commit whose revision the key already has is a resend: it completes with RG_OK.
	 */
	rg_status (*commit)(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok);

	/**
	 * Mandatory. Returns the keys of records whose deadline is not after @p now, in every domain, at most @p limit a page. It costs O(due),
	 * not O(all). A walk over the cursors returns a key at most once, unless a commit changes its deadline meanwhile. A key stays due until
	 * a commit moves its deadline. `next` of the last page does not cover the keys that the walk returned.
	 *
	 * A page may hold fewer keys than @p limit, or none, so that a call stays short. A tick counts each page as a full one, and a later tick
	 * continues its walk: with the same @p now, or with an earlier one after the clock was set back.
	 */
	rg_status (*due)(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

	/**
	 * Mandatory. Returns the keys of @p domain whose record carries @p tag, at most @p limit a page. It costs O(matches). A walk returns a
	 * key at least once when its record carries the tag from the first page to the last, whatever is committed meanwhile.
	 */
	rg_status (*find)(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
		rg_keys_cb done, void *tok);

	/** Mandatory. Returns all keys of @p domain, at most @p limit a page. A walk returns a key at least once when it stays in the store. */
	rg_status (*scan)(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);

	/** Optional. Counts records and bindings of @p domain, including expired bindings that have not been pruned yet. */
	rg_status (*count)(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok);

	/** Optional, together with `unwatch`. Calls @p changed after each change under the key until the watch ends. */
	rg_status (*watch)(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);

	/** Optional, together with `watch`. Ends a watch. Its callback is called once more, with RG_ECANCELED, before or after this returns. */
	void (*unwatch)(void *self, void *handle);

	/**
	 * For a store that is not inline; without it the blocking verbs return RG_ENOTSUP. Drives the call of token @p tok, and no other, for
	 * up to @p timeout_ms milliseconds. Returns RG_OK when the call has completed, else RG_ETIMEOUT. It may be called inside any callback.
	 */
	rg_status (*wait)(void *self, void *tok, int32_t timeout_ms);

	/** Optional. The caller abandons the call. The token still completes, soon, with RG_ECANCELED or with its result. */
	void (*cancel)(void *self, void *tok);

	/** Optional. The last reference is gone and no call is outstanding. It may run inside a completion of this very store (see above). */
	void (*destroy)(void *self);

	/**
	 * Optional. A hint that these @p n keys will be fetched soon, so that the store can fetch them from slow memory meanwhile. It returns at
	 * once, changes nothing, completes no token and reports no error; it may do nothing. Keys may be unknown or given twice; @p n may be 0.
	 */
	void (*prefetch)(void *self, const rg_key *keys, uint32_t n);

	/**
	 * Optional. A hint that one key will be fetched soon, in steps: the registrar takes the first one as soon as it knows the key, and the next
	 * one when it has read more of the request. A step requests from slow memory what the next step or the fetch will read. It returns at once,
	 * changes nothing, completes no token and reports no error. The key may be unknown, and no fetch has to follow.
	 * @param hint  0 in the first step, then what the step before returned; or any other number (see Hints above).
	 * @return the hint for the next step; 0 = no further step is of use.
	 */
	uint64_t (*approach)(void *self, const rg_key *key, uint64_t hint);
} rg_store_ops;

/** Empties the members of a store. @p size is sizeof(rg_store_ops). NULL is accepted. */
RG_API void rg_store_ops_init(rg_store_ops *ops, uint32_t size);

/** A store. It is reference-counted. Many registrars may share one. */
typedef struct rg_store rg_store;

/**
 * Makes a store from its members.
 * @param ops  copied, with its name. @param self  passed to each member; `destroy` releases it. @param why  names what is missing; may be
 * NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: a mandatory member is missing, or `watch` and `unwatch` are not given
 * together; RG_ENOMEM. On an error `destroy` is not called.
 */
RG_API rg_status rg_store_new(const rg_store_ops *ops, void *self, rg_store **out, rg_error *why);

/** Takes a reference. @return @p store. NULL is accepted. Any thread. */
RG_API rg_store *rg_store_ref(rg_store *store);

/** Drops a reference; the last one calls `destroy`. NULL is accepted. Any thread. */
RG_API void rg_store_unref(rg_store *store);

/** @return the traits of the store; 0 for NULL. */
RG_API uint32_t rg_store_traits(const rg_store *store);

/** @return the `self` of a store with this name, for functions of the library that made it; NULL for any other store, and for NULL. */
RG_API void *rg_store_self(const rg_store *store, const char *name);

/**
 * Returns the members of a store. With them a store can wrap another one, to add a cache, metrics, encryption, or faults for a test.
 *
 * A wrapper takes a reference to @p store and calls the members with @p self. It obeys the completion law towards its own caller, and may
 * rely on it towards the wrapped store.
 * @param self  becomes the first argument of the members; borrowed.
 * @return the members as rg_store_new() copied them, with the `struct_size` of this version; a member that the store does not have is NULL.
 * Borrowed while the store lives. NULL when @p store or @p self is NULL. Any thread.
 */
RG_API const rg_store_ops *rg_store_members(const rg_store *store, void **self);

/**
 * Makes one store of two, for the save flag memory-only (base specification §1.4.1). Bindings with RG_CONTACT_LOCAL are kept in
 * @p local_store, everything else in @p main_store. References to both are taken. @p local_store must be written through this store only.
 *
 * A fetch unites both records. If a binding is in both parts (the same id), the newer copy counts: by `modified`, then by CSeq; on a tie,
 * as in a half-done move, that of @p main_store. `partial` is set in three cases: @p main_store did not answer, so the bindings of
 * @p local_store alone are returned (if there are none, the error is); the union would exceed RG_RECORD_BYTES_MAX, so the record of
 * @p main_store is returned; or the local part changed again and again during the fetch.
 *
 * A commit is split. A part that does not change is not written. What the commit adds to the local part is written before @p main_store is
 * asked; what it removes from the local part is removed after @p main_store has accepted. So an addition may be seen while @p main_store
 * is asked, and a removed binding a moment longer; a binding that moves is never missing. A commit that @p main_store refuses leaves
 * nothing behind.
 *
 * A commit must name the bases of both parts. After the local part was removed, its base is the revision of the removing commit for 60 s.
 *
 * If @p main_store answers RG_EUNKNOWN, this store does, too, and remembers the commit for 60 s. Before another commit of the key goes on,
 * @p main_store is asked about the remembered one; while its outcome stays unknown, the other commit fails with RG_ESTORE. After 60 s the
 * remembered one is not sent again, and what @p main_store has tells its outcome. A resend changes nothing that came after the first
 * sending. At least 16 and at most 4096 such commits of both parts are remembered; while there is no room, a commit of both parts fails
 * with RG_EFULL before @p main_store is asked.
 *
 * RG_STORE_INLINE, `wait` and RG_STORE_SHARED as @p main_store has them; RG_STORE_THREAD_SAFE and `watch` if both have them; `prefetch`,
 * to each store that has it; `approach`, as @p main_store has it; RG_STORE_OVERLAY; never RG_STORE_RESIDENT, because a fetch unites the parts
 * in another record. `count` counts an AoR with bindings in both parts as two records.
 *
 * A hint is that of @p main_store, and goes back to it only; @p local_store gets 0.
 *
 * Commits of one key run one after another. Over an inline @p main_store a commit waits at most 100 ms for its turn and then fails with
 * RG_ECONFLICT; a commit that a watch issues inside a commit of the same key goes on without a turn. Over any other @p main_store at most
 * 64 wait, and a further one fails with RG_EFULL. A blocking commit waits for earlier commits of the same key, at most store_timeout.
 *
 * @param main_store  any store. @param local_store  memory of this node: RG_STORE_INLINE, and neither RG_STORE_SHARED nor RG_STORE_OVERLAY.
 * @param why  may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: a store is missing, both are one, or @p local_store is not fit; RG_ENOMEM.
 */
RG_API rg_status rg_store_overlay(rg_store *main_store, rg_store *local_store, rg_store **out, rg_error *why);

/**
 * Does what a store can do without waiting. A store that answers from an event loop has such a function, and a descriptor that is readable
 * when it is to be called, as rg_redis_store_drive() and rg_redis_store_descriptor(). The glue of a loop takes both (glib.h, sofia.h).
 * It runs on the thread of the registrar and completes calls, and a completion may call any function. @param store  the caller holds a
 * reference to it.
 */
typedef void (*rg_drive_cb)(rg_store *store);

#ifdef __cplusplus
}
#endif
#endif
