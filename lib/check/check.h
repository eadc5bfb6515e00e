/* SPDX-License-Identifier: MIT */
/*
 * What the cases of rg_store_check() share.
 *
 * The first thing found wrong sticks: after it every helper does nothing and answers emptily, so that a case reads straight down and
 * only its loops look at rg__check_ok().
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

/* What a member answered, copied. Kept until the store is gone, so that a second completion is seen however late it comes. */
typedef struct rg__check_answer {
	struct rg__check_answer *next;
	atomic_uint begun; /* completions */
	atomic_bool done;  /* the fields below are there */
	bool short_of_memory;
	rg_status status;
	rg_fetched found;  /* of fetch, and of a conflict; owns the record */
	uint32_t n;        /* of a page */
	rg_key *keys;      /* followed by their bytes */
	rg_str cursor;     /* within them */
	rg_time next_due;
	uint64_t records, bindings;
} rg__check_answer;

typedef struct rg__check {
	const rg_store_check_options *options;
	rg_store *store;
	const rg_store_ops *ops;
	void *self;
	rg__check_answer *answers;
	rg__check_answer nothing; /* the answer of a helper that does nothing */
	uint64_t random, minted;
	rg_revision local_base; /* what commits name, beside their base; zero but for overlays */
	char wrong[240];
	void *kept; /* of rg__check_keep() */
} rg__check;

typedef struct rg__check_case {
	const char *name;
	void (*run)(rg__check *ck);
} rg__check_case;

/* The cases, by file; each list ends with an empty row. */
extern const rg__check_case rg__check_basic[], rg__check_index[], rg__check_due[], rg__check_cursor[], rg__check_fate[],
	rg__check_watch[], rg__check_random[], rg__check_threads[], rg__check_overlay[];

/* Zeroed memory that outlives the store, which may call late when it is at fault. NULL, and wrong: there is none. Once a case. */
void *rg__check_keep(rg__check *ck, size_t size);

static inline bool rg__check_ok(const rg__check *ck)
{
	return ck->wrong[0] == 0;
}

/* Says what is wrong unless @p fine. @return whether all is still well. */
bool rg__check_that(rg__check *ck, bool fine, const char *format, ...) __attribute__((format(printf, 3, 4)));

uint64_t rg__check_draw(rg__check *ck);
rg_revision rg__check_mint(rg__check *ck);

/* call.c: the members, obeying and holding the store to the completion law. Never NULL. */
rg__check_answer *rg__check_fetch(rg__check *ck, const rg_key *key);
rg__check_answer *rg__check_commit(rg__check *ck, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next);
rg__check_answer *rg__check_count(rg__check *ck, rg_str domain);
void rg__check_forget(rg__check_answer *a);    /* frees what it holds */
void rg__check_settled(rg__check *ck);   /* every answer came exactly once */
void rg__check_free_answers(rg__check *ck);
void rg__check_later(rg__check *ck);     /* gives a store that is not inline a chance to work */

typedef enum rg__check_walk_kind { RG__CHECK_FIND, RG__CHECK_SCAN, RG__CHECK_DUE } rg__check_walk_kind;

typedef struct rg__check_walk {
	rg__check_walk_kind kind;
	uint32_t limit;
	rg_str domain, tag;
	rg_time now;
} rg__check_walk;

/* One page. It is held to the limit, and to the domain; a refusal is an answer. */
rg__check_answer *rg__check_page(rg__check *ck, const rg__check_walk *w, rg_str cursor);

/* sample.c: numbered keys and the records under them. */
typedef struct rg__check_label {
	rg_key key;
	char user[24];
} rg__check_label;

#define RG__CHECK_DOMAIN RG_STR("location")

rg_key *rg__check_name(rg__check_label *name, rg_str domain, uint64_t number);
int64_t rg__check_number(const rg_key *key); /* -1: not one of these */

/* What a record is to be: a binding for each tag, one without a tag if there are none; or the memory of a removal alone. */
typedef struct rg__check_draft {
	rg_key key;
	rg_time deadline;
	rg_str tags[4];
	uint32_t n_tags;
	uint32_t n_local; /* so many of the last bindings are marked as local */
	uint32_t cseq;
	bool removed;
} rg__check_draft;

rg__check_draft rg__check_sample(const rg_key *key, rg_time deadline, rg_str tag); /* an absent tag: none */
rg_record *rg__check_record(rg__check *ck, const rg__check_draft *s, const rg_revision *revision); /* NULL: rg__check_ok is false */

/* Commits that are to succeed. @return the revision that is there now. */
rg_revision rg__check_put(rg__check *ck, const rg__check_draft *s, const rg_revision *base);
rg_revision rg__check_new(rg__check *ck, const rg__check_draft *s);
rg_revision rg__check_drop(rg__check *ck, const rg_key *key, const rg_revision *base);

/* That the key holds exactly this revision; the zero revision: nothing. */
void rg__check_holds(rg__check *ck, const rg_key *key, const rg_revision *revision);

/* Walks to the end and counts how often each numbered key came, up to 255. @return how many keys came; `next_due` of the last page. */
uint64_t rg__check_collect(rg__check *ck, const rg__check_walk *w, uint8_t *seen, uint64_t n, rg_time *next_due);

#endif
