/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURSOR_SUM = 4, CURSOR_HEAD = CURSOR_SUM + 1 + 3 * 2 };

struct rg__redis_page_text {
	struct rg__redis_page_text *next;
	char text[];
};

bool rg__redis_strings(const redisReply *reply, size_t least)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < least)
		return false;
	for (size_t i = 0; i < reply->elements; i++) {
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	}
	return true;
}

char *rg__redis_records_name(const rg__redis_walk *w, uint32_t bucket, char *at)
{
	return rg__redis_bucket_name(at, w->r->url.prefix, bucket, RG_STR("r:"));
}

bool rg__redis_walk_owns(const rg__redis_walk *w, uint32_t bucket, rg_str member, rg_key *out)
{
	return rg__redis_member_read(member, out) && rg__redis_bucket(out, w->r->url.buckets) == bucket &&
		(!w->domain.p || rg_str_equal(w->domain, out->domain));
}

rg_status rg__redis_walk_add(rg__redis_walk *w, uint32_t bucket, rg_str member)
{
	rg_key key;
	if (!rg__redis_walk_owns(w, bucket, member, &key))
		return RG_OK;
	if (w->n_keys == w->room) {
		uint32_t room = w->room * 2 + 8;
		rg_key *keys = realloc(w->keys, room * sizeof *keys);
		if (!keys)
			return RG_ENOMEM;
		w->keys = keys;
		w->room = room;
	}
	struct rg__redis_page_text *t = malloc(sizeof *t + member.n);
	if (!t)
		return RG_ENOMEM;
	t->next = w->texts;
	w->texts = t;
	char *at = t->text;
	w->keys[w->n_keys++] = rg__redis_keep_key(&at, &key);
	return RG_OK;
}

rg_status rg__redis_walk_stop(rg__redis_walk *w, rg_str a, rg_str b)
{
	w->stopped = true;
	w->stop_bytes = a.n + b.n;
	w->stop_position = malloc(w->stop_bytes + 1);
	if (!w->stop_position)
		return RG_ENOMEM;
	rg__redis_put(rg__redis_put(w->stop_position, a), b);
	return RG_OK;
}

static char *put_short(char *at, uint32_t number)
{
	*at++ = (char)(number >> 8);
	*at++ = (char)number;
	return at;
}

static uint32_t get_short(const char *at)
{
	return (uint32_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

static uint32_t bucket_at(const rg__redis_walk *w, uint32_t step)
{
	return (w->first + step) % w->r->url.buckets;
}

/* Against damage. What a cursor says is harmless, whoever made it: its position need not be a key, since the sets may hold what this library
 * did not put there. */
static char *put_cursor_sum(char *at, const char *rest, size_t n)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES];
	unsigned char sum[crypto_shorthash_BYTES];

	crypto_shorthash(sum, (const unsigned char *)rest, n, key);
	return rg__redis_put(at, (rg_str){ (const char *)sum, CURSOR_SUM });
}

static bool cursor_is_whole(rg_str cursor)
{
	char sum[CURSOR_SUM];

	if (cursor.n < CURSOR_HEAD)
		return false;
	put_cursor_sum(sum, cursor.p + CURSOR_SUM, cursor.n - CURSOR_SUM);
	return memcmp(sum, cursor.p, CURSOR_SUM) == 0;
}

static rg_status cursor_read(rg__redis_walk *w, rg_str cursor)
{
	uint32_t buckets = w->r->url.buckets;
	w->width = buckets;
	if (!cursor.p) {
		w->first = w->kind->random_start ? randombytes_uniform(buckets) : 0;
		return RG_OK;
	}
	if (!cursor_is_whole(cursor) || cursor.p[CURSOR_SUM] != w->kind->letter)
		return RG_EINVAL;
	w->first = get_short(cursor.p + CURSOR_SUM + 1);
	w->step = get_short(cursor.p + CURSOR_SUM + 3);
	w->width = get_short(cursor.p + CURSOR_SUM + 5);
	if (w->first >= buckets || w->step >= buckets || w->width == 0 || w->width > buckets)
		return RG_EINVAL;
	if (cursor.n == CURSOR_HEAD)
		return RG_OK;
	w->position = (rg_str){ cursor.p + CURSOR_HEAD, cursor.n - CURSOR_HEAD };
	return w->kind->valid(w->position) ? RG_OK : RG_EINVAL;
}

/* The number of buckets that have about half a page of keys, if they have as many each as those of this page. */
static uint32_t next_width(const rg__redis_walk *w)
{
	uint64_t buckets = w->finished ? w->finished : 1, keys = w->n_keys ? w->n_keys : 1;
	uint64_t width = buckets * w->limit / keys / 2;
	return width < 1 ? 1 : width < w->r->url.buckets ? (uint32_t)width : w->r->url.buckets;
}

static rg_status cursor_write(const rg__redis_walk *w, rg_str *out, char **heap)
{
	uint32_t step = w->stopped ? w->stop : w->end;
	if (step >= w->r->url.buckets)
		return RG_OK;
	*heap = malloc(CURSOR_HEAD + w->stop_bytes);
	if (!*heap)
		return RG_ENOMEM;
	char *at = *heap + CURSOR_SUM;
	*at++ = w->kind->letter;
	at = put_short(put_short(put_short(at, w->first), step), next_width(w));
	at = rg__redis_put(at, (rg_str){ w->stop_position, w->stop_bytes });
	*out = (rg_str){ *heap, (size_t)(at - *heap) };
	put_cursor_sum(*heap, *heap + CURSOR_SUM, out->n - CURSOR_SUM);
	return RG_OK;
}

static void walk_free(rg__redis_walk *w)
{
	for (struct rg__redis_page_text *next, *t = w->texts; t; t = next) {
		next = t->next;
		free(t);
	}
	free(w->stop_position);
	free(w->steps);
	free(w->keys);
	free(w);
}

static void walk_finish(rg__redis_walk *w)
{
	rg_keys page = { .struct_size = sizeof page, .n = w->n_keys, .keys = w->keys, .next = RG_TIME_NEVER };
	char *cursor = NULL;
	if (w->status == RG_OK)
		w->status = cursor_write(w, &page.cursor, &cursor);
	if (w->status == RG_OK && w->kind->ends) {
		w->kind->ends(w);
		page.next = w->next;
	}
	w->done(w->tok, w->status, w->status == RG_OK ? &page : NULL);
	free(cursor);
	walk_free(w);
}

static void walk_read(rg__redis_walk *w, uint32_t i, rg_status status, const redisReply *reply)
{
	uint32_t step = w->steps[i];
	if (w->status != RG_OK || w->stopped)
		return;
	w->stop = step;
	if (rg__redis_walk_full(w)) {
		w->stopped = true;
		return;
	}
	w->status = rg__redis_answer(status, reply);
	if (w->status == RG_OK)
		w->status = w->kind->read(w, bucket_at(w, step), step == w->step ? w->position : (rg_str){ NULL, 0 }, reply);
	w->finished += !w->stopped;
}

static void on_walked(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	rg__redis_walk *w = user;
	uint32_t schema = w->kind->reads_schema;
	if (index < schema && status == RG_OK)
		rg__redis_schema_seen(w->r, reply);
	else if (index >= schema)
		walk_read(w, index - schema, status, reply);
	if (index + 1 == w->n + schema)
		walk_finish(w);
}

/* Chooses the buckets that this page asks. */
static void walk_choose(rg__redis_walk *w)
{
	uint32_t buckets = w->r->url.buckets, width = w->position.p ? 1 : w->width;
	w->end = w->step;
	while (w->end < buckets && w->n < width) {
		bool inside = w->end == w->step && w->position.p;
		if (inside || !w->kind->skips || !w->kind->skips(w, bucket_at(w, w->end)))
			w->steps[w->n++] = w->end;
		w->end++;
	}
	uint32_t part = w->limit / (w->n ? w->n : 1);
	part = part < w->kind->least ? w->kind->least : part;
	w->part = part < w->kind->most ? part : w->kind->most;
	snprintf(w->limit_text, sizeof w->limit_text, "%u", w->part);
}

static rg_status walk_send(rg__redis_walk *w, uint32_t flags)
{
	uint32_t schema = w->kind->reads_schema, n = w->n + schema;
	size_t names = 2 * (sizeof "{:}:t::/" + 64 + 2 * 20 + w->domain.n + w->tag.n);
	rg__redis_command *commands = malloc(n * sizeof *commands);
	rg__redis_args *args = calloc(n, sizeof *args);
	char *room = malloc(w->n * names);
	rg_status status = commands && args && room ? RG_OK : RG_ENOMEM;
	for (uint32_t i = 0; status == RG_OK && i < n; i++) {
		if (i < schema) {
			rg__redis_arg(&args[i], RG_STR("GET"));
			rg__redis_arg(&args[i], w->r->schema);
		} else {
			uint32_t at = i - schema, step = w->steps[at];
			w->kind->ask(w, bucket_at(w, step), step == w->step ? w->position : (rg_str){ NULL, 0 }, room + at * names, &args[i]);
		}
		commands[i] = (rg__redis_command){ i < schema ? NULL : w->kind->script, args[i].argc, args[i].argv, args[i].lens };
	}
	if (status == RG_OK)
		status = rg__redis_send(w->r, w->kind->verb, flags, false, commands, n, on_walked, w, w->tok);
	free(room);
	free(args);
	free(commands);
	return status;
}

static rg__redis_walk *walk_new(rg__redis *r, const rg__redis_walk_kind *kind, const rg__redis_walk_call *call)
{
	rg__redis_walk *w = calloc(1, sizeof *w + call->domain.n + call->tag.n + call->cursor.n);
	if (!w)
		return NULL;
	w->steps = malloc(r->url.buckets * sizeof *w->steps);
	if (!w->steps) {
		free(w);
		return NULL;
	}
	w->r = r;
	w->kind = kind;
	w->done = call->done;
	w->tok = call->tok;
	w->limit = call->limit;
	w->now = call->now;
	w->next = RG_TIME_NEVER;
	rg__redis_score_print(w->now_text, call->now);
	return w;
}

rg_status rg__redis_walk_page(rg__redis *r, const rg__redis_walk_kind *kind, const rg__redis_walk_call *call)
{
	r->counters.calls[kind->verb]++;
	if (call->limit == 0)
		return RG_EINVAL;
	if (call->domain.n > RG__REDIS_KEY_MAX || call->tag.n > RG__REDIS_KEY_MAX)
		return RG_ELIMIT;
	rg__redis_walk *w = walk_new(r, kind, call);
	if (!w)
		return RG_ENOMEM;
	char *at = w->given;
	w->domain = rg__redis_keep(&at, call->domain);
	w->tag = rg__redis_keep(&at, call->tag);
	rg_status status = cursor_read(w, rg__redis_keep(&at, call->cursor));
	if (status == RG_OK)
		walk_choose(w);
	if (status == RG_OK && w->n == 0) {
		walk_finish(w);
		return RG_OK;
	}
	if (status == RG_OK)
		status = walk_send(w, call->flags);
	if (status != RG_PENDING)
		walk_free(w);
	return status;
}
