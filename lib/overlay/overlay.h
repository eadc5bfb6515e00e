/* SPDX-License-Identifier: MIT */
/*
 * The store made of two, main and the memory of this node (local).
 *
 * A change of both parts takes effect when main takes it: main's revision says whether it did. From before main is asked until the local
 * part is what it is to be, a `half` stands for it, with the local part as it was and as it will be; whoever fetches meanwhile takes the
 * one that goes with main's revision. If main does not say what became of it, the half stays: the resend ends it, or a fetch that sees
 * that main has it, or the next commit of the key, which sends it again itself. Once main may have forgotten it, it is old, and ends by
 * what main has (overlay_age.c). So a commit is seen as a whole or not at all, whatever fails.
 */
#ifndef RG__OVERLAY_H
#define RG__OVERLAY_H

#include <pthread.h>
#include <time.h>
#include "text/text.h"
#include "store/store.h"

typedef struct rg__overlay rg__overlay;
typedef struct rg__overlay_op rg__overlay_op;

enum { RG__OVERLAY_UNDECIDED, RG__OVERLAY_LANDED, RG__OVERLAY_FAILED };

/* A commit of both parts that is not done in both. */
typedef struct rg__half {
	struct rg__half *next;
	rg_key key; /* its bytes follow the struct */
	rg_revision base, revision;
	rg_revision local_base;   /* of `before` */
	rg_record *main;          /* what main is asked to keep */
	rg_record *before, *after; /* the local part */
	bool written;             /* the local store has `after`; the key's turn alone looks at it */
	/* Under the lock. */
	int verdict;
	uint32_t sent; /* how often main was asked, or did not know */
	bool old;      /* main may have forgotten it */
	rg_time due;   /* when the walk over what is due gives it */
} rg__half;

/* The local part of a key at one moment. */
typedef struct rg__local {
	rg_record *record;      /* without a half: what there is; with one: what there was */
	rg_revision base;
	bool half, old;
	int verdict;
	uint32_t sent;
	rg_revision revision;   /* of the half */
	rg_record *after;
} rg__local;

typedef struct rg__overlay_bucket {
	rg__overlay_op *turns; /* operations whose turn it is, each with those that wait behind it */
	rg__half *halves;
	rg__overlay_op *open;  /* operations, by token */
} rg__overlay_bucket;

struct rg__overlay_watch;
struct rg__overlay_walk;

enum { RG__OVERLAY_BUCKETS = 256, RG__OVERLAY_WAITING_MAX = 64, RG__OVERLAY_HALVES_MAX = 4096 };

struct rg__overlay {
	atomic_uint refs; /* of its memory: the store's, and one of each open operation */
	rg_store *main, *local;
	pthread_mutex_t lock;
	pthread_cond_t moved; /* a turn has ended, or an operation */
	uint32_t n_asleep;    /* threads that wait for it */
	rg__overlay_bucket buckets[RG__OVERLAY_BUCKETS];
	struct rg__overlay_watch *watches;
	uint32_t n_halves;
	_Atomic uint64_t writes; /* records put into the local store */
};

/* What a step says: the next one, an answer of main has to come (the operation may be another thread's already), or it is over. */
enum { RG__OVERLAY_GO, RG__OVERLAY_WAIT, RG__OVERLAY_OVER };

/* A call of the overlay. One over an inline main is on its caller's stack. */
struct rg__overlay_op {
	rg__call call; /* first: main's */
	rg__overlay *o;
	int (*step)(rg__overlay_op *op);
	void (*answer)(rg__overlay_op *op);
	atomic_uint refs;
	atomic_bool asking, over, canceled;
	bool heap, turn, busy;
	pthread_t thread;
	rg__overlay_bucket *bucket; /* of the key, since it asked for its turn */
	rg__overlay_op *next_open, *next_turn, *next_waiting, *next_over;
	rg__overlay_op *first_waiting, *last_waiting;
	uint32_t n_waiting;
	void *tok;

	rg_key key;
	char *text; /* its bytes, when they are the operation's own */
	uint32_t flags;
	rg_status status;
	rg_fetched out; /* of fetch, and of a conflict */

	/* Of fetch and commit. */
	rg_fetched main;
	rg__local local;
	uint32_t tries;
	rg_fetch_cb fetched; /* of commit too */
	rg_commit commit;
	rg__half *half;
	rg_record *main_next, *local_next;

	/* Of walks and count. */
	struct rg__overlay_walk *walk;
	rg_keys_cb paged;
	rg_count_cb counted;
};

/* overlay_op.c */
void rg__overlay_release(rg__overlay *o); /* of memory */
rg__overlay_op *rg__overlay_begin(rg__overlay *o, rg__overlay_op *here, uint32_t flags, void *tok); /* NULL: out of memory */
void rg__overlay_abort(rg__overlay_op *op); /* that was not started */
rg_status rg__overlay_own(rg__overlay_op *op, const rg_key *key, const rg_commit *commit); /* what must outlive the member's call */
rg_status rg__overlay_start(rg__overlay_op *op); /* what the member returns */
int rg__overlay_end(rg__overlay_op *op, rg_status status);
int rg__overlay_ask_fetch(rg__overlay_op *op, uint32_t flags, int (*then)(rg__overlay_op *));
int rg__overlay_ask_commit(rg__overlay_op *op, const rg_revision *base, const rg_revision *own, const rg_record *next,
	int (*then)(rg__overlay_op *));
int rg__overlay_asked(rg__overlay_op *op, rg_status status); /* what a call of main returned */
rg_status rg__overlay_wait(void *self, void *tok, int32_t timeout_ms);
void rg__overlay_cancel(void *self, void *tok);

/* overlay_turn.c */
rg__overlay_bucket *rg__overlay_bucket_of(rg__overlay *o, const rg_key *key);
int rg__overlay_take_turn(rg__overlay_op *op);      /* GO, or WAIT: it is run when its turn comes; `busy`: it does not come */
int rg__overlay_sleep(rg__overlay *o, const struct timespec *until); /* with the lock, until it moves; what the wait returned */
void rg__overlay_moves(rg__overlay *o);             /* with the lock */
bool rg__overlay_try_turn(rg__overlay_op *op);      /* if nobody has it */
rg__overlay_op *rg__overlay_end_turn(rg__overlay_op *op); /* whose turn it is now, and who has to be run; NULL */
rg__half *rg__half_find(rg__overlay *o, const rg_key *key);
rg_status rg__half_new(rg__overlay *o, const rg__half *made, rg__half **out); /* takes references */
rg_key rg__half_keep(char **room, const rg_key *key); /* copies its bytes */
void rg__half_judge(rg__overlay *o, rg__half *half, int verdict);
void rg__half_drop(rg__overlay *o, rg__half *half);
void rg__half_free(rg__half *half);
rg_status rg__half_settle(rg__overlay *o, rg__half *half); /* brings the local part to the verdict, and drops the half when it is there */
rg_status rg__half_reserve(rg__overlay *o, rg__half *half); /* writes the local part ahead if it grows */

/* overlay_age.c */
void rg__half_sent(rg__overlay *o, rg__half *half);
rg_time rg__halves_next(rg__overlay *o, rg_time now); /* when the next is due; NEVER: there is none */
rg_status rg__halves_due(rg__overlay *o, rg_time now, uint32_t limit, rg_key **keys, uint32_t *n); /* one allocation; they are old now */
void rg__half_judge_old(rg__overlay *o, rg__half *half, const rg_fetched *main); /* if it is, by what main has in its turn */
rg__half *rg__half_found(rg__overlay *o, const rg_key *key, const rg__local *seen, const rg_fetched *main,
	bool certain); /* of which main says what became of it. Certain: it was asked between two looks that saw the same */

/* overlay_part.c */
rg_status rg__local_fetch(rg__overlay *o, const rg_key *key, rg__local *out); /* what is stored, whatever halves there are */
rg_status rg__local_look(rg__overlay *o, const rg_key *key, rg__local *out);
rg_status rg__local_write(rg__overlay *o, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next);
void rg__local_clear(rg__local *local);
bool rg__local_same(const rg__local *a, const rg__local *b);
bool rg__local_landed(const rg__local *local, const rg_revision *main);
rg_status rg__unite(const rg_key *key, const rg_fetched *main, const rg__local *local, rg_fetched *out);
bool rg__has_local(const rg_record *record);
rg_status rg__local_again(const rg_key *key, const rg_revision *own, const rg_record *record, rg_record **out); /* under another revision */
rg_status rg__split(const rg_key *key, const rg_commit *commit, rg_record **main, rg_record **local);
bool rg__same_part(const rg_record *a, const rg_record *b);

/* The members. */
rg_status rg__overlay_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok);
rg_status rg__overlay_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok);
rg_status rg__overlay_due(void *self, rg_time now, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status rg__overlay_find(void *self, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done,
	void *tok);
rg_status rg__overlay_scan(void *self, rg_str domain, rg_str cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
void rg__overlay_walk_free(struct rg__overlay_walk *walk);
rg_status rg__overlay_count(void *self, rg_str domain, uint32_t flags, rg_count_cb done, void *tok);
rg_status rg__overlay_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);
void rg__overlay_unwatch(void *self, void *handle);
void rg__overlay_end_watches(rg__overlay *o);

#endif
