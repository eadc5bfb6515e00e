/* SPDX-License-Identifier: MIT */
/*
 * Walks over the buckets: due, find and scan. They begin at one bucket and go round.
 *
 * A page asks several buckets in one write, each for a small part of the limit, and gives their keys in order up to the first bucket that
 * has more. While the walk stands within a bucket, it asks this one alone. The number of keys in a page decides how many buckets the next
 * page asks.
 *
 * A cursor: a sum over the rest, kind, first bucket, step (how many buckets are done), width, and the position in the bucket, whose form is
 * that of the kind.
 */
#ifndef REDIS_WALK_H
#define REDIS_WALK_H

#include "ops.h"

enum { RG__REDIS_WALK_ARGS = 12, RG__REDIS_PAGE_MAX = 1000 /* keys of one bucket in a page */ };

typedef struct rg__redis_walk rg__redis_walk;

/* The arguments of a command in the making. */
typedef struct rg__redis_args {
	int argc;
	const char *argv[RG__REDIS_WALK_ARGS];
	size_t lens[RG__REDIS_WALK_ARGS];
} rg__redis_args;

static inline void rg__redis_arg(rg__redis_args *a, rg_str text)
{
	a->argv[a->argc] = text.p ? text.p : "";
	a->lens[a->argc++] = text.n;
}

typedef struct rg__redis_walk_kind {
	char letter;
	uint32_t verb;
	const rg__redis_script *script; /* NULL: the arguments are the whole command */
	bool random_start, reads_schema;
	uint32_t least, most; /* of a part of the limit */

	/* Optional. @return true: nothing can be in the bucket. */
	bool (*skips)(rg__redis_walk *w, uint32_t bucket);
	/* Appends the arguments for a bucket; the limit is w->limit_text. @p position is absent at its start. @p room has room for two names of
	 * the bucket with domain and tag; it lives until the command is sent. */
	void (*ask)(rg__redis_walk *w, uint32_t bucket, rg_str position, char *room, rg__redis_args *a);
	/* Reads the answer: adds keys with rg__redis_walk_add(), and when there are more, sets the position with rg__redis_walk_stop(). */
	rg_status (*read)(rg__redis_walk *w, uint32_t bucket, rg_str position, const redisReply *reply);
	/* @return true: the position has the form of the kind. */
	bool (*valid)(rg_str position);
	/* Optional. The last page is complete. */
	void (*ends)(rg__redis_walk *w);
} rg__redis_walk_kind;

struct rg__redis_walk {
	rg__redis *r;
	const rg__redis_walk_kind *kind;
	rg_keys_cb done;
	void *tok;
	uint32_t limit;
	rg_time now;
	char now_text[RG__REDIS_SCORE_SIZE], limit_text[12];
	rg_str domain, tag;

	uint32_t first, step, width;
	rg_str position;     /* in the bucket of `step`; absent = its start */
	uint32_t *steps;     /* the buckets that are asked */
	uint32_t n, end;     /* their number; the step after the last one that is asked or skipped */
	uint32_t part;       /* of the limit, for each; limit_text has it as text */

	rg_status status;
	bool stopped;        /* the page ends within bucket `stop` */
	uint32_t stop, finished; /* buckets that were read to their end */
	char *stop_position; /* NULL: at its start */
	size_t stop_bytes;
	rg_key *keys;
	uint32_t n_keys, room;
	struct rg__redis_page_text *texts;
	rg_time next;
	char given[]; /* domain, tag, position */
};

/* What a member of the store is called with. `now`, `domain` and `tag` as the kind needs them. */
typedef struct rg__redis_walk_call {
	rg_time now;
	rg_str domain, tag, cursor;
	uint32_t limit, flags;
	rg_keys_cb done;
	void *tok;
} rg__redis_walk_call;

rg_status rg__redis_walk_page(rg__redis *r, const rg__redis_walk_kind *kind, const rg__redis_walk_call *call);

/* Copies a key into the page. A text that is no key of this bucket is passed over: it was not this library that put it there. */
rg_status rg__redis_walk_add(rg__redis_walk *w, uint32_t bucket, rg_str member);
static inline bool rg__redis_walk_full(const rg__redis_walk *w)
{
	return w->n_keys >= w->limit;
}
/* The page ends in this bucket. @p a and @p b together are the position. */
rg_status rg__redis_walk_stop(rg__redis_walk *w, rg_str a, rg_str b);

/* @return true: @p reply is an array of at least @p least strings. */
bool rg__redis_strings(const redisReply *reply, size_t least);
static inline rg_str rg__redis_text(const redisReply *reply)
{
	return (rg_str){ reply->str, (size_t)reply->len };
}
/* The beginning of the keys of records of a bucket. @return the end. */
char *rg__redis_records_name(const rg__redis_walk *w, uint32_t bucket, char *at);
/* @return true: the member is a key of this bucket, and of the domain of the walk if it has one. */
bool rg__redis_walk_owns(const rg__redis_walk *w, uint32_t bucket, rg_str member, rg_key *out);

#endif
