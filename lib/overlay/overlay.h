/* SPDX-License-Identifier: MIT */
/*
 * The overlay: a store made of main and of the memory of this node (local).
 *
 * A commit first writes what it adds to the local part, then main, then removes from the local part what it removes. Commits of one key
 * take turns. So a binding that moves is in both parts for a moment, never in neither. Five rules keep this right when main does not tell
 * the outcome of a commit, and a sixth when another node commits:
 *
 * (a) The compare-and-swap of the local part is strict. A local part that was removed leaves a tombstone: for 60 s its base is the revision
 *     of the removing commit.
 * (b) A commit of unknown outcome is in doubt. The overlay remembers it, with the local part before and after it, so that its resend is
 *     recognized and a fetch can show the part that goes with main.
 * (c) A resend never writes an addition again; it only asks main. The next commit of the key does the same first. Once main may have
 *     forgotten the commit, it is only asked what it has.
 * (d) If main refuses for certain, the addition is undone by a compare-and-swap on its own revision, under another revision.
 * (e) Of two copies of a binding the newer one is shown (`modified`, then CSeq), on a tie that of main.
 * (f) A binding is shown with the generation that its instance has in main. A REGISTER through another node gives the instance another one
 *     (RFC 5627 §5.1) and does not see what is local here.
 */
#ifndef RG__OVERLAY_H
#define RG__OVERLAY_H

#include <pthread.h>
#include "store/store.h"
#include "text/text.h"

typedef struct rg__overlay rg__overlay;
typedef struct rg__overlay_op rg__overlay_op;

/* The local part of a key at one moment. */
typedef struct rg__local {
	rg_record *record;
	rg_revision revision; /* of the record or of its tombstone, else zero */
	rg_revision stored;   /* the base that the local store expects */
} rg__local;

/* How a commit changes the local part. */
typedef struct rg__local_change {
	rg_record *before, *after;
	rg_revision stands; /* the base for the next write */
	bool adds, removes; /* `adds`: to write before main is asked. `removes`: to write `after` when main has the commit */
} rg__local_change;

/* The outcome of a commit in doubt. DONE: it has landed and both parts are written; it is kept to answer its resend. */
enum { RG__DOUBT_OPEN, RG__DOUBT_LANDED, RG__DOUBT_REFUSED, RG__DOUBT_DONE };

typedef struct rg__doubt {
	struct rg__doubt *next;
	rg_key key; /* its bytes follow the struct */
	rg_revision base, revision;
	rg_record *main;
	uint64_t hint; /* for main */
	rg__local_change change;
	int verdict;
	int64_t asked_at; /* when main was asked last, rg__monotonic_us() */
} rg__doubt;

typedef struct rg__tombstone {
	uint64_t key_hash;
	rg_revision revision;
	int64_t until; /* rg__monotonic_us() */
} rg__tombstone;

enum { RG__OVERLAY_BUCKETS = 256, RG__OVERLAY_WAITING_MAX = 64, RG__OVERLAY_DOUBTS_MAX = 16, RG__OVERLAY_TOMBSTONES = 32 };

/* The state of all keys, and of all tokens, whose hash leads here. Each bucket has its own lock. */
typedef struct rg__overlay_bucket {
	pthread_mutex_t lock;
	rg__overlay_op *open;  /* operations, by token */
	rg__overlay_op *turns; /* operations with the turn of their key, each with a queue of those that wait for it */
	rg__doubt *doubts;     /* the newest first */
	uint32_t n_doubts;
	rg__tombstone tombstones[RG__OVERLAY_TOMBSTONES]; /* a ring */
	uint32_t next_tombstone;
	rg__tombstone floor;   /* the last one overwritten before its time; it counts for all keys without a tombstone */
} rg__overlay_bucket;

struct rg__overlay_watch;

struct rg__overlay {
	atomic_uint refs; /* of its memory: one of the store, one of each open operation */
	rg_store *main, *local;
	_Atomic uint64_t writes;        /* of the local store */
	_Atomic int64_t last_tombstone; /* until when the last one counts; 0 = there was none */
	atomic_uint n_doubts;
	pthread_mutex_t watch_lock;
	struct rg__overlay_watch *watches;
	rg__overlay_bucket buckets[RG__OVERLAY_BUCKETS];
};

enum { RG__OVERLAY_DUE, RG__OVERLAY_FIND, RG__OVERLAY_SCAN };

/* One page of a walk. */
typedef struct rg__overlay_walk {
	int kind;
	rg_time now;
	uint32_t limit;
	rg_str inner; /* cursor of the store that is walked, during the member's call */
	struct rg__overlay_head {
		uint64_t writes; /* of the local store, when the walk began */
		rg_time next;    /* deadline of the local part */
		uint64_t part;   /* IN_LOCAL … of walk.c */
	} head; /* of the cursor, without padding */
} rg__overlay_walk;

/* What a step returns. GO: run the next step. WAIT: an answer will come; another thread may own the operation already. OVER: end it. */
enum { RG__OVERLAY_GO, RG__OVERLAY_WAIT, RG__OVERLAY_OVER };

/* A call of the overlay. Over an inline main it is on the stack of the caller. */
struct rg__overlay_op {
	rg__call call; /* of main; must be first. Its token is NULL while main is not called */
	rg__overlay *o;
	int (*step)(rg__overlay_op *op);
	void (*answer)(rg__overlay_op *op);
	atomic_bool canceled;
	bool heap;
	void *tok;
	rg_key key; /* its bytes follow the struct on the heap */
	uint32_t flags;
	rg_status status;
	rg__overlay_op *next_open, *next_over;

	/* The turn of its key. */
	rg__overlay_bucket *bucket;
	rg__overlay_op *next_turn, *next_waiting, *first_waiting, *last_waiting;
	uint32_t n_waiting;
	pthread_t thread;
	bool turn, busy; /* `turn`: it has the turn. `busy`: it will not get it */
	bool entangled;  /* no other commit of the key may run inside this one */
	bool first;      /* main is asked about the commit for the first time */

	/* Of fetch and commit. */
	rg_fetched main, out; /* `out`: the result to return */
	rg__local local;
	uint64_t writes; /* of the local store, before `local` was read */
	uint32_t tries;
	rg_status read_as;   /* how a good read ends: RG_OK; RG_ECONFLICT of a commit that did not get its turn */
	rg_fetch_cb fetched; /* of commit too */
	rg_commit commit;
	rg_record *main_next, *local_next;
	rg__local_change change;
	rg__doubt *doubt;

	/* Of walks and count. */
	rg__overlay_walk walk;
	rg_keys_cb paged;
	rg_count_cb counted;
	uint64_t records, bindings; /* of the local store */
};

/* op.c */
void rg__overlay_release(rg__overlay *o); /* of memory */
rg_key rg__overlay_copy_key(char *room, const rg_key *key);
rg__overlay_op *rg__overlay_begin(rg__overlay *o, rg__overlay_op *here, const rg_key *key, uint32_t flags, void *tok); /* NULL: no memory */
void rg__overlay_free(rg__overlay_op *op);
rg_status rg__overlay_start(rg__overlay_op *op, int (*step)(rg__overlay_op *), void (*answer)(rg__overlay_op *)); /* the member's return */
int rg__overlay_end(rg__overlay_op *op, rg_status status);
int rg__overlay_asked(rg__overlay_op *op, rg_status status); /* @p status: what the call of main returned */
int rg__overlay_ask_fetch(rg__overlay_op *op, uint32_t flags, int (*then)(rg__overlay_op *));
void rg__overlay_take_main(rg__overlay_op *op); /* moves the record that main returned to op->main */
rg_status rg__overlay_wait(void *self, void *tok, int32_t timeout_ms);
void rg__overlay_cancel(void *self, void *tok);

/* fetch.c */
int rg__overlay_read(rg__overlay_op *op); /* both parts into op->out, without the turn of the key; ends the operation */

/* turns.c */
rg__overlay_bucket *rg__overlay_lock(rg__overlay *o, uint64_t key_hash); /* the bucket, locked */
int rg__overlay_take_turn(rg__overlay_op *op); /* GO: it has the turn, or is busy. WAIT: it runs when it gets the turn */
bool rg__overlay_try_turn(rg__overlay_op *op); /* if it is free */
rg__overlay_op *rg__overlay_end_turn(rg__overlay_op *op); /* the operation that has the turn now, or NULL */
bool rg__overlay_turn_taken(const rg__overlay_bucket *b, const rg_key *key); /* with the lock */

/* doubts.c. Only an operation with the turn of the key changes or frees a doubt. */
rg_status rg__doubt_new(rg__overlay_op *op, rg__doubt **out); /* for its commit. RG_EFULL: there are too many */
rg__doubt *rg__doubt_find(rg__overlay *o, const rg_key *key, const rg_revision *own, const rg_fetched *main); /* or NULL */
bool rg__doubt_is_old(const rg__doubt *d); /* main may have forgotten the commit */
void rg__doubt_judge(rg__overlay *o, rg__doubt *d, int verdict); /* main was asked now */
rg_status rg__doubt_finish(rg__overlay *o, rg__doubt *d, bool keep); /* writes the local part. `keep`: its resend is to come */
void rg__doubt_drop(rg__overlay *o, rg__doubt *d);
bool rg__doubt_show(rg__overlay *o, const rg_key *key, const rg_fetched *main, rg__local *local);
void rg__doubts_free(rg__overlay_bucket *b);

/* local.c */
rg_status rg__local_fetch(rg__overlay *o, const rg_key *key, rg__local *out);
rg_status rg__local_write(rg__overlay *o, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next);
rg_status rg__change_begin(rg__overlay *o, const rg_key *key, const rg_revision *own, rg__local_change *change);
rg_status rg__change_end(rg__overlay *o, const rg_key *key, const rg_revision *own, const rg__local_change *change, bool landed);

/* parts.c */
rg_status rg__unite(const rg_key *key, const rg_fetched *main, const rg__local *local, rg_fetched *out);
rg_status rg__split(const rg_key *key, const rg_commit *commit, rg_record **main, rg_record **local);
rg_status rg__lay_over(const rg_key *key, const rg_revision *own, const rg_record *under, const rg_record *over, rg_record **out);
/* A binding of @p other is missing in @p record. @p same: another version of it counts as missing. */
bool rg__lacks(const rg_record *record, const rg_record *other, bool same);
bool rg__same_part(const rg_record *a, const rg_record *b);

/* The members. */
rg_status rg__overlay_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok);
rg_status rg__overlay_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok);
rg_status rg__overlay_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status rg__overlay_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok);
rg_status rg__overlay_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok);
rg_status rg__overlay_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok);
rg_status rg__overlay_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);
void rg__overlay_unwatch(void *self, void *handle);
void rg__overlay_prefetch(void *self, const rg_key *keys, uint32_t n);
uint64_t rg__overlay_approach(void *self, const rg_key *key, uint64_t hint);
void rg__overlay_end_watches(rg__overlay *o);

#endif
