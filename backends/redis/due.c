/* SPDX-License-Identifier: MIT */
/*
 * The records that are due, in scripts/due.lua. The position in a bucket is a score of at most 31 octets, a LF, and the last member.
 *
 * A bucket in which nothing is due is not asked again for a second, unless what is known of its deadlines falls due. A walk begins
 * at a random bucket, so that nodes that tick at the same time do not expire the same records. Each write asks for the data set, too.
 */
#include "walk.h"

#include <string.h>

enum { KEPT_MS = 1000, DUE_HEAD = 3 };

static bool due_skips(rg__redis_walk *w, uint32_t bucket)
{
	const rg__redis_kept *kept = &w->r->ops->kept[bucket];
	return kept->until > rg__redis_clock() && kept->next > w->now;
}

static bool split_position(rg_str position, rg_str *score, rg_str *member)
{
	const char *end = memchr(position.p, '\n', position.n < RG__REDIS_SCORE_SIZE ? position.n : RG__REDIS_SCORE_SIZE);
	if (!end)
		return false;
	*score = (rg_str){ position.p, (size_t)(end - position.p) };
	*member = (rg_str){ end + 1, position.n - score->n - 1 };
	return true;
}

static void due_ask(rg__redis_walk *w, uint32_t bucket, rg_str position, char *room, rg__redis_args *a)
{
	rg_str score, member;
	char *records = rg__redis_bucket_name(room, w->r->url.prefix, bucket, RG_STR("d"));
	char *end = rg__redis_records_name(w, bucket, records);
	rg__redis_arg(a, RG_STR("1"));
	rg__redis_arg(a, (rg_str){ room, (size_t)(records - room) });
	rg__redis_arg(a, rg_str_from(w->now_text));
	rg__redis_arg(a, rg_str_from(w->limit_text));
	rg__redis_arg(a, (rg_str){ records, (size_t)(end - records) });
	if (!position.p || !split_position(position, &score, &member))
		return;
	rg__redis_arg(a, score);
	rg__redis_arg(a, member);
}

static rg_status due_read(rg__redis_walk *w, uint32_t bucket, rg_str position, const redisReply *reply)
{
	rg__redis_kept *kept = &w->r->ops->kept[bucket];
	rg_time next = RG_TIME_NEVER;
	if (!rg__redis_strings(reply, DUE_HEAD) || reply->elements - DUE_HEAD > w->part)
		return RG_ESTORE;
	rg_str last = rg__redis_text(reply->element[0]), score = rg__redis_text(reply->element[1]);
	rg_str left = rg__redis_text(reply->element[2]);
	if (left.n > 0 && !rg__redis_score_read(left, &next))
		return RG_ESTORE;
	rg_status status = RG_OK;
	for (size_t i = DUE_HEAD; i < reply->elements && status == RG_OK; i++)
		status = rg__redis_walk_add(w, bucket, rg__redis_text(reply->element[i]));
	/* What was given stays due until a commit moves it, so the bucket is asked again. */
	bool quiet = !position.p && score.n == 0 && reply->elements == DUE_HEAD;
	*kept = (rg__redis_kept){ .next = next, .until = quiet ? rg__redis_clock() + KEPT_MS : 0 };
	if (status != RG_OK || score.n == 0)
		return status;
	char head[RG__REDIS_SCORE_SIZE + 1];
	rg_time time;
	if (score.n >= RG__REDIS_SCORE_SIZE || !rg__redis_score_read(score, &time))
		return RG_ESTORE;
	*rg__redis_put(head, score) = '\n';
	return rg__redis_walk_stop(w, (rg_str){ head, score.n + 1 }, last);
}

static bool due_valid(rg_str position)
{
	rg_str score, member;
	rg_time time;
	return split_position(position, &score, &member) && rg__redis_score_read(score, &time);
}

static void due_ends(rg__redis_walk *w)
{
	for (uint32_t i = 0; i < w->r->url.buckets; i++) {
		rg_time next = w->r->ops->kept[i].next;
		w->next = next < w->next ? next : w->next;
	}
}

rg_status rg__redis_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	static const rg__redis_walk_kind due_kind = {
		.letter = 'd',
		.verb = RG__REDIS_DUE,
		.script = &rg__redis_scripts[RG__REDIS_SCRIPT_DUE],
		.random_start = true,
		.reads_schema = true,
		.least = 1,
		.most = RG__REDIS_PAGE_MAX,
		.skips = due_skips,
		.ask = due_ask,
		.read = due_read,
		.valid = due_valid,
		.ends = due_ends,
	};
	return rg__redis_walk_page(self, &due_kind,
		&(rg__redis_walk_call){ .now = now, .cursor = *cursor, .limit = limit, .flags = flags, .done = done, .tok = tok });
}
