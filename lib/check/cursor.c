/* SPDX-License-Identifier: MIT */
/* Changes between two pages, and damaged or foreign cursors. */
#include "check/check.h"
#include <stdlib.h>

#define TAG RG_STR("192.0.2.1:5060")
#define OTHER RG_STR("192.0.2.2:5060")

/* Keys 0 to STAY-1 do not change during a walk. The keys after them come and go. */
enum { STAY = 120, MOVING = 400 };

struct moving {
	rg_revision revision[MOVING];
	bool there[MOVING];
};

static void add_tagged_key(rg__check *ck, uint64_t number, rg_str tag, const rg_revision *base, rg_revision *out)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, number), 5000, tag);

	*out = base ? rg__check_put(ck, &s, base) : rg__check_new(ck, &s);
}

static void move_one(rg__check *ck, struct moving *m, uint64_t i)
{
	uint64_t draw = rg__check_draw(ck);
	rg__check_label name;

	if (!m->there[i]) {
		add_tagged_key(ck, STAY + i, draw & 1 ? TAG : OTHER, NULL, &m->revision[i]);
		m->there[i] = true;
	} else if (draw % 3 == 0) {
		rg__check_drop(ck, rg__check_name(&name, RG__CHECK_DOMAIN, STAY + i), &m->revision[i]);
		m->there[i] = false;
	} else {
		add_tagged_key(ck, STAY + i, draw & 1 ? TAG : OTHER, &m->revision[i], &m->revision[i]);
	}
}

static void start_moving(rg__check *ck, struct moving *m)
{
	rg_revision ignored;

	for (uint64_t i = 0; i < STAY; i++) {
		add_tagged_key(ck, i, TAG, NULL, &ignored);
		move_one(ck, m, i % MOVING);
	}
}

static void while_others_move(rg__check *ck, rg__check_walk w)
{
	struct moving *m = calloc(1, sizeof *m);
	uint8_t seen[STAY + MOVING] = { 0 };
	uint32_t pages = 0;
	rg_str cursor = RG__CHECK_ABSENT;

	if (!rg__check_that(ck, m != NULL, "the check ran out of memory"))
		return;
	start_moving(ck, m);
	do {
		rg__check_answer *page = rg__check_page(ck, &w, cursor);

		rg__check_that(ck, page->status == RG_OK, "a page answered: %s", rg_strerror(page->status));
		for (uint32_t i = 0; i < page->n; i++) {
			int64_t at = rg__check_number(&page->keys[i]);

			if (rg__check_that(ck, at >= 0 && at < STAY + MOVING, "a walk gave a key that was never committed"))
				seen[at] = 1;
		}
		cursor = page->cursor;
		/* At first more keys come than go, so that tables grow during the walk. Changes stop after 60 pages, so the walk must end. */
		for (int i = 0; i < 40 && pages < 60; i++)
			move_one(ck, m, rg__check_draw(ck) % MOVING);
		rg__check_that(ck, ++pages < 5000, "a walk does not end");
	} while (rg__check_ok(ck) && cursor.p);
	for (int i = 0; i < STAY; i++)
		rg__check_that(ck, seen[i], "a key that was there from the first page to the last was not given");
	free(m);
}

static void find_while_others_move(rg__check *ck)
{
	while_others_move(ck, (rg__check_walk){ .kind = RG__CHECK_FIND, .domain = RG__CHECK_DOMAIN, .tag = TAG, .limit = 5 });
}

static void scan_while_others_move(rg__check *ck)
{
	while_others_move(ck, (rg__check_walk){ .kind = RG__CHECK_SCAN, .domain = RG__CHECK_DOMAIN, .limit = 5 });
}

/* Works like remove_ip_port: each key of a page loses the tag or is deleted before the next page. */
static void emptied(rg__check *ck)
{
	rg__check_walk w = { .kind = RG__CHECK_FIND, .domain = RG__CHECK_DOMAIN, .tag = TAG, .limit = 9 };
	rg_revision r[STAY];
	uint32_t given = 0, pages = 0;
	rg_str cursor = RG__CHECK_ABSENT;

	for (uint64_t i = 0; i < STAY; i++)
		add_tagged_key(ck, i, TAG, NULL, &r[i]);
	do {
		rg__check_answer *page = rg__check_page(ck, &w, cursor);

		for (uint32_t i = 0; i < page->n && rg__check_ok(ck); i++) {
			int64_t at = rg__check_number(&page->keys[i]);

			if (!rg__check_that(ck, at >= 0 && at < STAY, "find gave a key that was never committed"))
				return;
			given++;
			if (at % 2)
				rg__check_drop(ck, &page->keys[i], &r[at]);
			else
				add_tagged_key(ck, (uint64_t)at, OTHER, &r[at], &r[at]);
		}
		cursor = page->cursor;
		rg__check_that(ck, ++pages < 1000, "a walk does not end");
	} while (rg__check_ok(ck) && cursor.p);
	rg__check_that(ck, given == STAY, "find gave %u of %d keys that lost their tag page by page", given, STAY);
}

/* The key under a cursor is deleted, or deleted and inserted again. */
static void under_the_cursor(rg__check *ck)
{
	rg__check_walk walks[] = { { .kind = RG__CHECK_FIND, .domain = RG__CHECK_DOMAIN, .tag = TAG, .limit = 1 },
		{ .kind = RG__CHECK_SCAN, .domain = RG__CHECK_DOMAIN, .limit = 1 } };
	enum { N = 24 };
	rg_revision r[N];

	for (uint64_t i = 0; i < N; i++)
		add_tagged_key(ck, i, TAG, NULL, &r[i]);
	for (int which = 0; which < 2; which++) {
		uint8_t seen[N] = { 0 };
		uint32_t pages = 0;
		rg_str cursor = RG__CHECK_ABSENT;

		do {
			rg__check_answer *page = rg__check_page(ck, &walks[which], cursor);
			int64_t at = page->n > 0 ? rg__check_number(&page->keys[0]) : -1;

			cursor = page->cursor;
			if (at < 0 || at >= N)
				continue;
			/* A key that comes back may be given again, but the walk must still end. */
			if (seen[at]++ == 0 && at % 3 > 0) {
				rg__check_drop(ck, &page->keys[0], &r[at]);
				if (at % 3 == 2)
					add_tagged_key(ck, (uint64_t)at, TAG, NULL, &r[at]);
			}
			rg__check_that(ck, ++pages < 200, "a walk does not end");
		} while (rg__check_ok(ck) && cursor.p);
		for (uint64_t i = 0; i < N && rg__check_ok(ck); i++) {
			rg__check_that(ck, seen[i] > 0, "a walk lost its way when the key under its cursor went");
			if (i % 3 == 1)
				add_tagged_key(ck, i, TAG, NULL, &r[i]);
		}
	}
}

static void try_cursor(rg__check *ck, const rg__check_walk *w, rg_str cursor)
{
	rg__check_answer *page = rg__check_page(ck, w, cursor);

	rg__check_that(ck, page->status == RG_OK || page->n == 0, "a refused cursor came with keys");
	for (uint32_t i = 0; i < page->n; i++)
		rg__check_that(ck, rg__check_number(&page->keys[i]) >= 0, "a damaged cursor made a walk give a key that was never committed");
	rg__check_forget(page);
}

static void damage(rg__check *ck, const rg__check_walk *w, rg_str good)
{
	char *room = malloc(good.n + 64);

	if (!rg__check_that(ck, room != NULL, "the check ran out of memory"))
		return;
	for (size_t n = 0; n <= good.n; n++)
		try_cursor(ck, w, (rg_str){ good.p, n });
	for (size_t i = 0; i < good.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(room, good.p, good.n);
			room[i] = (char)(room[i] ^ 1 << bit);
			try_cursor(ck, w, (rg_str){ room, good.n });
		}
	}
	for (int i = 0; i < 500; i++) {
		size_t n = rg__check_draw(ck) % (good.n + 64);

		for (size_t at = 0; at < n; at++)
			room[at] = (char)rg__check_draw(ck);
		if (i % 2 && n > 0 && good.n > 0)
			room[0] = good.p[0];
		try_cursor(ck, w, (rg_str){ room, n });
	}
	free(room);
}

static void damaged(rg__check *ck)
{
	enum { N = 40 };
	const rg__check_walk walks[] = { { .kind = RG__CHECK_FIND, .domain = RG__CHECK_DOMAIN, .tag = TAG, .limit = 3 },
		{ .kind = RG__CHECK_SCAN, .domain = RG__CHECK_DOMAIN, .limit = 3 }, { .kind = RG__CHECK_DUE, .now = 9000, .limit = 3 } };
	rg__check_answer *first[3];
	uint8_t seen[N];
	rg_revision ignored;

	for (uint64_t i = 0; i < N; i++)
		add_tagged_key(ck, i, TAG, NULL, &ignored);
	for (int i = 0; i < 3; i++) {
		first[i] = rg__check_page(ck, &walks[i], RG__CHECK_ABSENT);
		rg__check_that(ck, first[i]->cursor.p != NULL, "the first of many pages has no cursor");
	}
	for (int i = 0; i < 9 && rg__check_ok(ck); i++)
		damage(ck, &walks[i / 3], first[i % 3]->cursor);
	for (int i = 0; i < 3; i++) {
		rg__check_collect(ck, &walks[i], seen, N, NULL);
		for (int k = 0; k < N; k++)
			rg__check_that(ck, seen[k] > 0, "after damaged cursors a walk leaves a key out");
	}
}

const rg__check_case rg__check_cursor[] = {
	{ "find gives what stays while others come and go", find_while_others_move },
	{ "scan gives what stays while others come and go", scan_while_others_move },
	{ "find gives everything while its keys lose the tag page by page", emptied },
	{ "a walk goes on when the key under its cursor goes", under_the_cursor },
	{ "damaged and foreign cursors do no harm", damaged },
	{ NULL, NULL },
};
