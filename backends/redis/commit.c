/* SPDX-License-Identifier: MIT */
/* Compare and swap, in scripts/commit.lua. */
#include "ops.h"

#include <stdlib.h>

enum { COMMIT_DELETE = 8, COMMIT_PUT = 12 }; /* arguments */
#define DAY INT64_C(86400000)
#define LIFE_MAX (3650 * DAY)

struct committing {
	rg__redis *r;
	rg_commit_cb done;
	void *tok;
	rg_record *next;
	rg_time deadline;
	uint32_t bucket;
	rg_key key;  /* of `next`, or in `room` */
	char room[];
};

/* The texts of a commit beside its names. */
struct commit_texts {
	char score[RG__REDIS_SCORE_SIZE], life[24];
	char *tags, *heap; /* `heap`: the tags, when they are too long for `few` */
	uint8_t *bytes;
	size_t n_tags, n_bytes;
	char few[256];
};

/* `few` is not cleared. */
static void blank_texts(struct commit_texts *t)
{
	t->score[0] = t->life[0] = '\0';
	t->tags = t->heap = NULL;
	t->bytes = NULL;
	t->n_tags = t->n_bytes = 0;
}

/* A record outlives its deadline by a day, so that what no node has expired does not stay for ever. It counts from our clock, so that a
 * clock that is wrong only makes it later. */
static void print_life(char *out, rg_time deadline)
{
	rg_time now = rg__redis_wall_clock(), left = deadline > now ? deadline - now : 0;
	*rg__redis_put_number(out, (uint64_t)((left < LIFE_MAX ? left : LIFE_MAX) + DAY)) = '\0';
}

static rg_status commit_texts_of(const rg_record *next, struct commit_texts *t)
{
	rg_time deadline = rg_record_deadline(next);
	t->n_tags = rg__redis_tags_size(next);
	if (t->n_tags == 0)
		return RG_ELIMIT;
	if (t->n_tags > sizeof t->few && !(t->heap = malloc(t->n_tags)))
		return RG_ENOMEM;
	t->tags = t->heap ? t->heap : t->few;
	rg__redis_tags_write(t->tags, next, t->n_tags);
	rg__redis_score_print(t->score, deadline);
	if (deadline != RG_TIME_NEVER)
		print_life(t->life, deadline);
	return rg_record_encode(next, &t->bytes, &t->n_bytes);
}

/* Checks that the commit has all members that this store needs, and that the record matches it. */
static rg_status commit_fits(const rg_key *key, const rg_commit *c)
{
	if (c->struct_size < offsetof(rg_commit, next) + sizeof c->next || rg_revision_is_zero(&c->revision))
		return RG_EINVAL;
	if (!c->next)
		return RG_OK;
	rg_key own;
	rg_record_key(c->next, &own);
	return rg_key_equal(key, &own) && rg_revision_equal(&c->revision, rg_record_revision(c->next)) ? RG_OK : RG_EINVAL;
}

static void lower_kept(struct committing *c)
{
	rg__redis_kept *kept = &c->r->ops->kept[c->bucket];
	if (c->next && c->deadline < kept->next)
		kept->next = c->deadline;
}

/* The script has answered. */
static rg_status committed(struct committing *c, const redisReply *reply, rg_fetched *current)
{
	rg__redis *r = c->r;
	rg_status status;
	switch (reply->type) {
	case REDIS_REPLY_INTEGER:
		lower_kept(c);
		if (reply->integer == 1) {
			rg__redis_remember(r, &c->key, c->next);
			return RG_OK;
		}
		/* It was made before, and what is there may be of a later commit. */
		r->counters.resends_recognised++;
		rg__redis_cache_drop(r->ops->cache, &c->key);
		return RG_OK;
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_NIL:
		status = rg__redis_current(r, &c->key, reply, current);
		if (status != RG_OK)
			return status;
		r->counters.conflicts++;
		rg__redis_remember(r, &c->key, current->record);
		return RG_ECONFLICT;
	case REDIS_REPLY_ERROR:
		return rg__redis_error_status(reply);
	default:
		return RG_EUNKNOWN;
	}
}

static void on_committed(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	(void)index;
	struct committing *c = user;
	rg_fetched current = { .struct_size = sizeof current, .authoritative = 1 };
	if (status == RG_OK)
		status = committed(c, reply, &current);
	if (status == RG_EUNKNOWN) {
		lower_kept(c);
		rg__redis_cache_drop(c->r->ops->cache, &c->key);
	}
	c->done(c->tok, status, status == RG_ECONFLICT ? &current : NULL);
	rg_record_unref(c->next);
	free(c);
}

static rg_status send_commit(rg__redis *r, const rg__redis_names *names, const rg_commit *c, uint32_t flags, struct committing *user,
	const struct commit_texts *t)
{
	const rg_str args[COMMIT_PUT] = {
		RG_STR("2"), names->record, names->deadlines, names->member, names->channel, names->tags,
		{ (const char *)c->base.b, sizeof c->base.b }, { (const char *)c->revision.b, sizeof c->revision.b },
		rg_str_from(t->score), rg_str_from(t->life), { t->tags, t->n_tags }, { (const char *)t->bytes, t->n_bytes },
	};
	const char *argv[COMMIT_PUT];
	size_t lens[COMMIT_PUT];
	int argc = c->next ? COMMIT_PUT : COMMIT_DELETE;
	for (int i = 0; i < argc; i++) {
		argv[i] = args[i].p;
		lens[i] = args[i].n;
	}
	const rg__redis_command command = { &rg__redis_scripts[RG__REDIS_SCRIPT_COMMIT], argc, argv, lens };
	return rg__redis_send(r, RG__REDIS_COMMIT, flags, true, &command, 1, on_committed, user, user->tok);
}

static struct committing *new_committing(rg__redis *r, const rg_key *key, const rg_commit *c, rg_commit_cb done, void *tok)
{
	struct committing *k = malloc(sizeof *k + (c->next ? 0 : key->domain.n + key->user.n + key->host.n));
	if (!k)
		return NULL;
	char *room = k->room;
	*k = (struct committing){ .r = r, .done = done, .tok = tok, .next = rg_record_ref(c->next), .deadline = rg_record_deadline(c->next) };
	if (c->next)
		rg_record_key(k->next, &k->key);
	else
		k->key = rg__redis_keep_key(&room, key);
	return k;
}

rg_status rg__redis_commit(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	rg__redis *r = self;
	rg__redis_names names;
	struct commit_texts t;
	struct committing *k = NULL;
	r->counters.calls[RG__REDIS_COMMIT]++;
	blank_texts(&t);
	rg_status status = commit_fits(key, c);
	if (status == RG_OK)
		status = rg__redis_names_of(r->url.prefix, r->url.buckets, key, &names);
	if (status != RG_OK)
		return status;
	if (c->next)
		status = commit_texts_of(c->next, &t);
	if (status == RG_OK && !(k = new_committing(r, key, c, done, tok)))
		status = RG_ENOMEM;
	if (status == RG_OK) {
		k->bucket = names.bucket;
		status = send_commit(r, &names, c, flags, k, &t);
	}
	if (k && status != RG_PENDING) {
		rg_record_unref(k->next);
		free(k);
	}
	rg_mem_free(t.bytes);
	free(t.heap);
	rg__redis_names_free(&names);
	return status;
}
