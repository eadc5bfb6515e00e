/* SPDX-License-Identifier: MIT */
/* The deadline index. */
#include "check/check.h"

enum { FEW = 50 };

static rg_revision add_due_key(rg__check *ck, uint64_t number, rg_time deadline)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, number), deadline, RG__CHECK_ABSENT);

	return rg__check_new(ck, &s);
}

static rg_revision move(rg__check *ck, uint64_t number, rg_time deadline, rg_revision base)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, number), deadline, RG__CHECK_ABSENT);

	return rg__check_put(ck, &s, &base);
}

/* Checks that at @p now exactly the keys marked with 1 in @p pattern are due, each once, and that the reported next deadline is not
 * later than @p next, the earliest deadline of the other keys. */
static void expect_due(rg__check *ck, rg_time now, uint32_t limit, const char *pattern, rg_time next)
{
	rg__check_walk w = { .kind = RG__CHECK_DUE, .limit = limit, .now = now };
	uint8_t seen[FEW] = { 0 };
	rg_time told = RG_TIME_NEVER;

	rg__check_collect(ck, &w, seen, strlen(pattern), &told);
	for (uint64_t i = 0; i < strlen(pattern); i++) {
		rg__check_that(ck, pattern[i] != '1' || seen[i] > 0, "a key whose deadline has come is not due");
		rg__check_that(ck, pattern[i] == '1' || seen[i] == 0, "a key is due before its deadline, or after it was deleted");
		rg__check_that(ck, seen[i] <= 1, "one walk over what is due gives a key twice");
	}
	rg__check_that(ck, told <= next, "due says that the next deadline is later than it is");
	rg__check_that(ck, next != RG_TIME_NEVER || strchr(pattern, '1') || told == RG_TIME_NEVER,
		"due tells of a next deadline where there is none");
}

static void on_time(rg__check *ck)
{
	expect_due(ck, 5000, 10, "", RG_TIME_NEVER);
	add_due_key(ck, 0, 5000);
	add_due_key(ck, 1, 3000);
	add_due_key(ck, 2, 4000);
	expect_due(ck, 2999, 10, "000", 3000);
	expect_due(ck, 3000, 10, "010", 4000);
	expect_due(ck, 3999, 10, "010", 4000);
	expect_due(ck, 4000, 10, "011", 5000);
	expect_due(ck, 5000, 10, "111", RG_TIME_NEVER);
	expect_due(ck, RG_TIME_NEVER - 1, 10, "111", RG_TIME_NEVER);
	/* A key stays due until a commit changes its deadline, even if the clock steps back. */
	expect_due(ck, 3000, 10, "010", 4000);
}

static void moved_deadlines(rg__check *ck)
{
	rg_revision a = add_due_key(ck, 0, 5000), b = add_due_key(ck, 1, 6000), c = add_due_key(ck, 2, 7000);

	a = move(ck, 0, 8000, a);
	expect_due(ck, 5000, 10, "000", 6000);
	c = move(ck, 2, 1000, c);
	expect_due(ck, 1000, 10, "001", 6000);
	expect_due(ck, 7000, 10, "011", 8000);
	a = move(ck, 0, 500, a);
	b = move(ck, 1, 9000, b);
	expect_due(ck, 999, 10, "100", 1000);
	expect_due(ck, 8999, 10, "101", 9000);
	c = move(ck, 2, 1500, c);
	expect_due(ck, 1499, 10, "100", 1500);
	expect_due(ck, 1500, 10, "101", 9000);
	move(ck, 0, INT64_C(1) << 50, a);
	move(ck, 2, INT64_C(1) << 50, c);
	move(ck, 1, (INT64_C(1) << 50) + 1, b);
	expect_due(ck, (INT64_C(1) << 50) - 1, 10, "000", INT64_C(1) << 50);
	expect_due(ck, INT64_C(1) << 50, 10, "101", (INT64_C(1) << 50) + 1);
}

static void deleted_not_due(rg__check *ck)
{
	rg__check_label name;
	rg_revision a = add_due_key(ck, 0, 5000), b = add_due_key(ck, 1, 6000);

	rg__check_drop(ck, rg__check_name(&name, RG__CHECK_DOMAIN, 0), &a);
	expect_due(ck, 5500, 10, "00", 6000);
	expect_due(ck, 6000, 10, "01", RG_TIME_NEVER);
	rg__check_drop(ck, rg__check_name(&name, RG__CHECK_DOMAIN, 1), &b);
	expect_due(ck, 6000, 10, "00", RG_TIME_NEVER);
}

/* A record that holds only removal entries is due when the last of them ends. */
static void removals(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 0), 100000, RG__CHECK_ABSENT);
	rg_revision r;

	s.removed = true;
	r = rg__check_new(ck, &s);
	rg__check_holds(ck, &s.key, &r);
	expect_due(ck, 99999, 10, "0", 100000);
	expect_due(ck, 100000, 10, "1", RG_TIME_NEVER);
}

/* A record is due when one of its devices is to be woken, and after that when its binding expires. */
static void wake_ups(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 0), 1000, RG__CHECK_ABSENT);
	rg_revision r;

	s.wakes = true;
	r = rg__check_new(ck, &s);
	expect_due(ck, 999, 10, "0", 1000);
	expect_due(ck, 1000, 10, "1", RG_TIME_NEVER);
	s.deadline = 11000; /* the claim of a node */
	r = rg__check_put(ck, &s, &r);
	expect_due(ck, 10999, 10, "0", 11000);
	s.wakes = false; /* the wake-up was delivered */
	s.deadline = 121000;
	rg__check_put(ck, &s, &r);
	expect_due(ck, 11000, 10, "0", 121000);
	expect_due(ck, 121000, 10, "1", RG_TIME_NEVER);
}

static void every_domain(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG_STR("one"), 0), 1000, RG__CHECK_ABSENT);

	rg__check_new(ck, &s);
	s = rg__check_sample(rg__check_name(&name, RG_STR("two"), 1), 1000, RG__CHECK_ABSENT);
	rg__check_new(ck, &s);
	expect_due(ck, 1000, 1, "11", RG_TIME_NEVER);
}

/* Nothing is committed during the walk, so a key that was given is still due. Many keys share a deadline. */
static void in_pages(rg__check *ck)
{
	static const uint32_t limits[] = { 1, 3, FEW - 1, FEW, UINT32_MAX };
	char pattern[FEW + 1] = "";

	for (uint64_t i = 0; i < FEW; i++) {
		pattern[i] = i % 5 < 4 ? '1' : '0';
		add_due_key(ck, i, 1000 + (rg_time)(i % 5) * 100);
	}
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		expect_due(ck, 1300, limits[i], pattern, 1400);
}

/* Works like the engine: the keys of a page are handled before the next page. Half are deleted, half move on. */
static void dealt_with(rg__check *ck)
{
	rg__check_walk w = { .kind = RG__CHECK_DUE, .limit = 7, .now = 1000 };
	rg_revision r[FEW];
	uint8_t seen[FEW] = { 0 };
	uint32_t pages = 0;
	rg_str cursor = RG__CHECK_ABSENT;

	for (uint64_t i = 0; i < FEW; i++)
		r[i] = add_due_key(ck, i, 900 + (rg_time)i % 3);
	do {
		rg__check_answer *page = rg__check_page(ck, &w, cursor);

		for (uint32_t i = 0; i < page->n && rg__check_ok(ck); i++) {
			int64_t at = rg__check_number(&page->keys[i]);

			if (!rg__check_that(ck, at >= 0 && at < FEW && seen[at]++ == 0, "one walk over what is due gives a key twice"))
				return;
			if (at % 2)
				rg__check_drop(ck, &page->keys[i], &r[at]);
			else
				move(ck, (uint64_t)at, 2000, r[at]);
		}
		cursor = page->cursor;
		rg__check_that(ck, ++pages <= FEW, "a walk over what is due does not end");
	} while (rg__check_ok(ck) && cursor.p);
	for (uint64_t i = 0; i < FEW; i++)
		rg__check_that(ck, seen[i] == 1, "a walk over what is due leaves a key out");
	expect_due(ck, 1999, 10, "", 2000);
}

/* A few keys are due among very many: due gives exactly these, and the right time for the rest. */
static void few_of_many(rg__check *ck)
{
	rg__check_walk w = { .kind = RG__CHECK_DUE, .limit = 100, .now = 1000 };
	uint32_t n = ck->options->many / 10 + 10;
	rg__check_answer *a;

	for (uint64_t i = 0; i < n && rg__check_ok(ck); i++) {
		rg__check_label name;
		rg_time deadline = i % (n / 3) == 0 ? 500 : 50000 + (rg_time)(rg__check_draw(ck) % 50000);
		rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, i), deadline, RG__CHECK_ABSENT);

		rg__check_put(ck, &s, &(rg_revision){ { 0 } });
	}
	a = rg__check_page(ck, &w, RG__CHECK_ABSENT);
	rg__check_that(ck, a->n == (n + n / 3 - 1) / (n / 3), "due gave %u keys of %u", a->n, (n + n / 3 - 1) / (n / 3));
}

const rg__check_case rg__check_due[] = {
	{ "due gives what has come, and tells what comes next", on_time },
	{ "deadlines move both ways", moved_deadlines },
	{ "what is deleted is not due", deleted_not_due },
	{ "the memory of a removal is due at its end", removals },
	{ "a record is due for a wake-up before it is due for an expiry", wake_ups },
	{ "due is of every domain", every_domain },
	{ "one walk over what is due gives each key once", in_pages },
	{ "what is due can be dealt with page by page", dealt_with },
	{ "a few are due among very many", few_of_many },
	{ NULL, NULL },
};
