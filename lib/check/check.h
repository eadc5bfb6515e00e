/* SPDX-License-Identifier: MIT */
/*
 * Helpers that the cases of rg_store_check() share.
 *
 * The first fault sticks. After it every helper does nothing and returns an empty answer, so a case needs no branches, and only its
 * loops test rg__check_ok().
 */
#ifndef RG__CHECK_H
#define RG__CHECK_H

#include <rgstr/check.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define RG__CHECK_ABSENT ((rg_str){ NULL, 0 })

static inline bool rg__check_eq(rg_str a, rg_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A copied answer of a member. It lives until the store is gone, so that a second completion is noticed even when it comes late. */
typedef struct rg__check_answer {
	struct rg__check_answer *next;
	atomic_uint begun; /* number of completions */
	atomic_bool done;  /* the fields below are set */
	bool short_of_memory;
	bool misfit;       /* the size of the struct of a result is refused */
	rg_status status;
	rg_fetched found;  /* of a fetch or a conflict; owns the record */
	uint32_t n;        /* keys of a page */
	rg_key *keys;      /* their bytes follow the array */
	rg_str cursor;     /* in the same allocation */
	rg_time next_due;
	uint64_t records, bindings;
} rg__check_answer;

typedef struct rg__check {
	const rg_store_check_options *options;
	rg_store *store;
	const rg_store_ops *ops;
	void *self;
	rg__check_answer *answers;
	rg__check_answer nothing; /* returned by helpers after a fault */
	uint64_t random, minted;
	rg_revision local_base; /* `local_base` of commits; zero except for overlays */
	uint64_t hint;          /* `hint` of commits */
	char wrong[240];
	void *kept; /* memory of rg__check_keep() */
} rg__check;

typedef struct rg__check_case {
	const char *name;
	void (*run)(rg__check *ck);
} rg__check_case;

/* The cases of each file; each list ends with an empty row. */
extern const rg__check_case rg__check_basic[], rg__check_index[], rg__check_due[], rg__check_cursor[], rg__check_fate[],
	rg__check_watch[], rg__check_random[], rg__check_threads[], rg__check_overlay[], rg__check_hint[];

/* Zeroed memory that outlives the store, since a faulty store may call back late. Once per case. NULL: out of memory, which is a fault. */
void *rg__check_keep(rg__check *ck, size_t size);

static inline bool rg__check_ok(const rg__check *ck)
{
	return ck->wrong[0] == 0;
}

/* Records a fault unless @p fine. @return false after any fault. */
bool rg__check_that(rg__check *ck, bool fine, const char *format, ...) __attribute__((format(printf, 3, 4)));

uint64_t rg__check_draw(rg__check *ck);
rg_revision rg__check_mint(rg__check *ck);

/* call.c: calls a member, and checks the store against the completion law. Never NULL. */
rg__check_answer *rg__check_fetch(rg__check *ck, const rg_key *key);
rg__check_answer *rg__check_commit(rg__check *ck, const rg_key *key, const rg_revision *base,
	const rg_revision *own, const rg_record *next);
rg__check_answer *rg__check_count(rg__check *ck, rg_str domain);
void rg__check_forget(rg__check_answer *a);    /* frees its content */
void rg__check_settled(rg__check *ck);   /* checks that no call completed twice */
void rg__check_free_answers(rg__check *ck);
void rg__check_later(rg__check *ck);     /* lets a store that is not inline work */

typedef enum rg__check_walk_kind { RG__CHECK_FIND, RG__CHECK_SCAN, RG__CHECK_DUE } rg__check_walk_kind;

typedef struct rg__check_walk {
	rg__check_walk_kind kind;
	uint32_t limit;
	rg_str domain, tag;
	rg_time now;
} rg__check_walk;

/* Fetches one page, and checks its limit and domain. A refusal is a valid answer. */
rg__check_answer *rg__check_page(rg__check *ck, const rg__check_walk *w, rg_str cursor);

/* sample.c: numbered keys and their records. */
typedef struct rg__check_label {
	rg_key key;
	char user[24];
} rg__check_label;

#define RG__CHECK_DOMAIN RG_STR("location")

rg_key *rg__check_name(rg__check_label *name, rg_str domain, uint64_t number);
int64_t rg__check_number(const rg_key *key); /* -1: not a numbered key */

/* The description of a record: one binding per tag, or a single one without tag if there are no tags; or only a removal entry. */
typedef struct rg__check_draft {
	rg_key key;
	rg_time deadline;
	rg_str tags[4];
	uint32_t n_tags;
	uint32_t n_local; /* the last n_local bindings are local */
	uint32_t cseq;
	bool removed;
	bool wakes; /* the deadline is that of a wake-up, long before the expiry */
} rg__check_draft;

rg__check_draft rg__check_sample(const rg_key *key, rg_time deadline, rg_str tag); /* an absent tag: no tags */
rg_record *rg__check_record(rg__check *ck, const rg__check_draft *s, const rg_revision *revision); /* NULL: a fault was recorded */

/* Commits that must succeed. @return the current revision afterwards. */
rg_revision rg__check_put(rg__check *ck, const rg__check_draft *s, const rg_revision *base);
rg_revision rg__check_new(rg__check *ck, const rg__check_draft *s);
rg_revision rg__check_drop(rg__check *ck, const rg_key *key, const rg_revision *base);

/* Checks that the key holds exactly this revision; zero: no record. */
void rg__check_holds(rg__check *ck, const rg_key *key, const rg_revision *revision);

/* A commit on @p base must conflict, report @p there as the current revision (zero: no record), and change nothing. */
void rg__check_conflict(rg__check *ck, const rg__check_draft *s, const rg_revision *base, const rg_revision *there, bool del);

/* Sets the hint of the commits that follow. */
typedef enum rg__check_hint_kind { RG__CHECK_HINT_NONE, RG__CHECK_HINT_FETCHED, RG__CHECK_HINT_NEAR, RG__CHECK_HINT_RANDOM,
	RG__CHECK_HINT_ONES, RG__CHECK_HINTS } rg__check_hint_kind;
void rg__check_take_hint(rg__check *ck, const rg_key *key, rg__check_hint_kind kind); /* FETCHED, NEAR: of a fetch of @p key */

/* Walks to the end, and counts up to 255 how often each numbered key came. @return the number of keys; *next_due is that of the last
 * page. */
uint64_t rg__check_collect(rg__check *ck, const rg__check_walk *w, uint8_t *seen, uint64_t n, rg_time *next_due);

#endif
