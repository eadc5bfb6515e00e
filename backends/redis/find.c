/* SPDX-License-Identifier: MIT */
/* The records that carry a tag, in scripts/find.lua. The position in a bucket is the last member. */
#include "walk.h"

static char *tag_name(const rg__redis_walk *w, uint32_t bucket, char *at)
{
	at = rg__redis_bucket_name(at, w->r->url.prefix, bucket, RG_STR("t:"));
	at = rg__redis_put_number(at, w->domain.n);
	*at++ = ':';
	at = rg__redis_put(at, w->domain);
	*at++ = '/';
	return rg__redis_put(at, w->tag);
}

static void find_ask(rg__redis_walk *w, uint32_t bucket, rg_str position, char *room, rg__redis_args *a)
{
	char *records = tag_name(w, bucket, room), *end = rg__redis_records_name(w, bucket, records);
	rg__redis_arg(a, RG_STR("1"));
	rg__redis_arg(a, (rg_str){ room, (size_t)(records - room) });
	/* From the start, too, after the empty text: the script answers with it when there are no more. */
	rg__redis_arg(a, position.p ? position : RG_STR("("));
	rg__redis_arg(a, rg_str_from(w->limit_text));
	rg__redis_arg(a, (rg_str){ records, (size_t)(end - records) });
}

static rg_status find_read(rg__redis_walk *w, uint32_t bucket, rg_str position, const redisReply *reply)
{
	(void)position;
	if (!rg__redis_strings(reply, 1) || reply->elements - 1 > w->part)
		return RG_ESTORE;
	rg_str last = rg__redis_text(reply->element[0]);
	rg_status status = RG_OK;
	for (size_t i = 1; i < reply->elements && status == RG_OK; i++)
		status = rg__redis_walk_add(w, bucket, rg__redis_text(reply->element[i]));
	if (status == RG_OK && last.n > 0)
		status = rg__redis_walk_stop(w, RG_STR("("), last);
	return status;
}

/* As ZRANGEBYLEX takes it: what is greater than a member. */
static bool find_valid(rg_str position)
{
	return position.p[0] == '(';
}

rg_status rg__redis_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	static const rg__redis_walk_kind find_kind = {
		.letter = 'f',
		.verb = RG__REDIS_FIND,
		.script = &rg__redis_scripts[RG__REDIS_SCRIPT_FIND],
		.least = 1,
		.most = RG__REDIS_PAGE_MAX,
		.ask = find_ask,
		.read = find_read,
		.valid = find_valid,
	};
	return rg__redis_walk_page(self, &find_kind, &(rg__redis_walk_call){ .domain = domain->p ? *domain : RG_STR(""), .tag = *tag,
		.cursor = *cursor, .limit = limit, .flags = flags, .done = done, .tok = tok });
}
