/* SPDX-License-Identifier: MIT */
/*
 * All records of a domain: ZSCAN of the deadlines, which hold every record. A single command that reads needs no script.
 *
 * ZSCAN may answer with more members than a page has room for. It is asked again with the same cursor then, and what comes is put in order,
 * so that the page begins after the last member given. This holds while the answer leads to the same next cursor; else the set was rebuilt
 * meanwhile, and all of the answer is given.
 *
 * The position in a bucket: the cursor to ask with, the cursor that the answer led to, each with a LF, and the last member given. Without
 * a member, the answer was not given yet.
 */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

enum { CURSOR_DIGITS = 20 };

struct scan_position {
	rg_str ask, led, last;
};

static bool take_cursor(rg_str *rest, rg_str *out)
{
	size_t n = 0;
	while (n < rest->n && n < CURSOR_DIGITS && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (n == 0 || n == rest->n || rest->p[n] != '\n')
		return false;
	*out = (rg_str){ rest->p, n };
	rest->p += n + 1;
	rest->n -= n + 1;
	return true;
}

static bool scan_position_read(rg_str position, struct scan_position *out)
{
	*out = (struct scan_position){ .ask = RG_STR("0"), .led = RG_STR("0") };
	if (!position.p)
		return true;
	out->last = position;
	return take_cursor(&out->last, &out->ask) && take_cursor(&out->last, &out->led);
}

static void scan_ask(rg__redis_walk *w, uint32_t bucket, rg_str position, char *room, rg__redis_args *a)
{
	struct scan_position at;
	char *end = rg__redis_bucket_name(room, w->r->url.prefix, bucket, RG_STR("d"));
	scan_position_read(position, &at);
	rg__redis_arg(a, RG_STR("ZSCAN"));
	rg__redis_arg(a, (rg_str){ room, (size_t)(end - room) });
	rg__redis_arg(a, at.ask);
	rg__redis_arg(a, RG_STR("COUNT"));
	rg__redis_arg(a, rg_str_from(w->limit_text));
}

static int by_octets(const void *a, const void *b)
{
	const rg_str *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
	return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* Gives the members after @p at.last, and stops where the page is full. */
static rg_status scan_give(rg__redis_walk *w, uint32_t bucket, const struct scan_position *at, rg_str led, const rg_str *members, size_t n)
{
	rg_status status = RG_OK;
	char head[2 * (CURSOR_DIGITS + 1)], *end = head;
	rg_str last = rg_str_equal(at->led, led) ? at->last : (rg_str){ NULL, 0 };
	size_t i = 0;
	while (i < n && last.n > 0 && by_octets(&members[i], &last) <= 0)
		i++;
	for (; i < n && status == RG_OK && !rg__redis_walk_full(w); i++) {
		status = rg__redis_walk_add(w, bucket, members[i]);
		last = members[i];
	}
	if (status != RG_OK || (i == n && rg_str_equal(led, RG_STR("0"))))
		return status;
	end = rg__redis_put(end, i < n ? at->ask : led);
	*end++ = '\n';
	end = rg__redis_put(end, led);
	*end++ = '\n';
	return rg__redis_walk_stop(w, (rg_str){ head, (size_t)(end - head) }, i < n ? last : (rg_str){ NULL, 0 });
}

static rg_status scan_read(rg__redis_walk *w, uint32_t bucket, rg_str position, const redisReply *reply)
{
	struct scan_position at;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
		!rg__redis_strings(reply->element[1], 0))
		return RG_ESTORE;
	rg_str led = rg__redis_text(reply->element[0]);
	size_t n = reply->element[1]->elements / 2;
	if (led.n == 0 || led.n > CURSOR_DIGITS || led.n != strspn(led.p, "0123456789") || !scan_position_read(position, &at))
		return RG_ESTORE;
	rg_str *members = malloc((n + 1) * sizeof *members);
	if (!members)
		return RG_ENOMEM;
	size_t kept = 0;
	rg_key key;
	for (size_t i = 0; i < n; i++) {
		rg_str member = rg__redis_text(reply->element[1]->element[2 * i]);
		if (rg__redis_walk_owns(w, bucket, member, &key))
			members[kept++] = member;
	}
	qsort(members, kept, sizeof *members, by_octets);
	rg_status status = scan_give(w, bucket, &at, led, members, kept);
	free(members);
	return status;
}

static bool scan_valid(rg_str position)
{
	struct scan_position at;
	return scan_position_read(position, &at);
}

rg_status rg__redis_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	static const rg__redis_walk_kind scan_kind = {
		.letter = 's',
		.verb = RG__REDIS_SCAN,
		.least = 10,
		.most = RG__REDIS_PAGE_MAX,
		.ask = scan_ask,
		.read = scan_read,
		.valid = scan_valid,
	};
	return rg__redis_walk_page(self, &scan_kind, &(rg__redis_walk_call){ .domain = domain->p ? *domain : RG_STR(""), .cursor = *cursor,
		.limit = limit, .flags = flags, .done = done, .tok = tok });
}
