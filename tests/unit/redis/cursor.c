/* SPDX-License-Identifier: MIT */
/* Walks over the buckets, against replies that the test makes up. */
#include "walk.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4, COMMANDS = BUCKETS + 1, TEXTS = 64 };

/* What was sent last. */
static struct {
	uint32_t sends, n;
	bool scripted[COMMANDS];
	char text[COMMANDS][400]; /* the arguments, each with a space behind it */
	rg__redis_reply_cb done;
	void *user;
} sent;

static int64_t clock_now = 1000;

int64_t __wrap_rg__redis_clock(void);
int64_t __wrap_rg__redis_clock(void)
{
	return clock_now;
}

rg_status __wrap_rg__redis_send(rg__redis *r, uint32_t verb, uint32_t flags, bool writes, const rg__redis_command *commands, uint32_t n,
	rg__redis_reply_cb done, void *user, void *tok);
rg_status __wrap_rg__redis_send(rg__redis *r, uint32_t verb, uint32_t flags, bool writes, const rg__redis_command *commands, uint32_t n,
	rg__redis_reply_cb done, void *user, void *tok)
{
	(void)r, (void)verb, (void)flags, (void)tok;
	cr_assert(!writes && n <= COMMANDS);
	sent.sends++;
	sent.n = n;
	sent.done = done;
	sent.user = user;
	for (uint32_t i = 0; i < n; i++) {
		char *at = sent.text[i];

		sent.scripted[i] = commands[i].script != NULL;
		for (int a = 0; a < commands[i].argc; a++) {
			at = rg__redis_put(at, (rg_str){ commands[i].argv[a], commands[i].lens[a] });
			*at++ = ' ';
		}
		*at = 0;
	}
	return RG_PENDING;
}

/* A page as it came. */
typedef struct page {
	uint32_t calls, n;
	rg_status status;
	char users[400]; /* of the keys, each with a space behind it */
	char cursor[300];
	size_t cursor_n;
	rg_time next;
} page;

static void on_page(void *tok, rg_status status, const rg_keys *keys)
{
	page *p = tok;
	char *at = p->users;

	p->calls++;
	p->status = status;
	p->n = keys ? keys->n : 0;
	p->cursor_n = keys ? keys->cursor.n : 0;
	p->next = keys ? keys->next : 0;
	if (p->cursor_n > 0)
		memcpy(p->cursor, keys->cursor.p, p->cursor_n);
	for (uint32_t i = 0; i < p->n; i++) {
		at = rg__redis_put(at, keys->keys[i].user);
		*at++ = ' ';
	}
	*at = 0;
}

static rg__redis *new_self(void)
{
	rg__redis *r = calloc(1, sizeof *r);

	cr_assert(r);
	r->url.prefix = RG_STR("p");
	r->url.buckets = BUCKETS;
	r->schema = RG_STR("{p}:schema");
	cr_assert_eq(rg__redis_ops_new(r), RG_OK);
	sent.sends = 0;
	return r;
}

static void free_self(rg__redis *r)
{
	rg__redis_ops_free(r);
	free(r);
}

typedef enum walk_name { FIND, DUE, SCAN } walk_name;

static rg_status call_walk(rg__redis *r, walk_name walk, rg_time now, const page *from, uint32_t limit, page *out)
{
	const rg_str domain = RG_STR("d"), tag = RG_STR("192.0.2.1:5060");
	const rg_str cursor = { from && from->cursor_n ? from->cursor : NULL, from ? from->cursor_n : 0 };

	*out = (page){ .calls = 0 };
	switch (walk) {
	case FIND:
		return rg__redis_find(r, &domain, &tag, &cursor, limit, 0, on_page, out);
	case DUE:
		return rg__redis_due(r, now, &cursor, limit, 0, on_page, out);
	default:
		return rg__redis_scan(r, &domain, &cursor, limit, 0, on_page, out);
	}
}

/* The numbered member @p i of a bucket. */
static char *member_of(uint32_t bucket, uint32_t i)
{
	static char room[TEXTS][40];
	static uint32_t at;
	char *out = room[at++ % TEXTS], user[12];
	rg_key key = { RG_STR("d"), { user, 0 }, RG_STR("h") };

	for (uint32_t number = 0;; number++) {
		key.user.n = (size_t)snprintf(user, sizeof user, "b%ui%03u", bucket, number);
		if (rg__redis_bucket(&key, BUCKETS) == bucket && i-- == 0)
			break;
	}
	snprintf(out, sizeof room[0], "1:%zu:d/%s@h", key.user.n, user);
	return out;
}

/* Replies of strings; the arrays of @p deep lie within one another. */
static redisReply *text_reply(const char *text)
{
	redisReply *r = calloc(1, sizeof *r);

	r->type = REDIS_REPLY_STRING;
	r->len = (int)strlen(text);
	r->str = strdup(text);
	return r;
}

static redisReply *array_reply(size_t n)
{
	redisReply *r = calloc(1, sizeof *r);

	r->type = REDIS_REPLY_ARRAY;
	r->elements = n;
	r->element = calloc(n + 1, sizeof *r->element);
	return r;
}

#define REPLY(...) reply_of((const char *const[]){ __VA_ARGS__, NULL })
static redisReply *reply_of(const char *const *texts)
{
	size_t n = 0;

	while (texts[n])
		n++;
	redisReply *r = array_reply(n);
	for (size_t i = 0; i < n; i++)
		r->element[i] = text_reply(texts[i]);
	return r;
}

static redisReply *scan_reply(const char *cursor, redisReply *members)
{
	redisReply *r = array_reply(2), *pairs = array_reply(members->elements * 2);

	for (size_t i = 0; i < members->elements; i++) {
		pairs->element[2 * i] = members->element[i];
		pairs->element[2 * i + 1] = text_reply("5");
	}
	free(members->element);
	free(members);
	r->element[0] = text_reply(cursor);
	r->element[1] = pairs;
	return r;
}

static void free_reply(redisReply *r)
{
	for (size_t i = 0; r && i < r->elements; i++)
		free_reply(r->element[i]);
	if (r)
		free(r->element);
	free(r ? r->str : NULL);
	free(r);
}

/* Answers command @p i of what was sent, and frees the reply. */
static void reply_with(uint32_t i, redisReply *reply)
{
	sent.done(sent.user, i, RG_OK, reply);
	free_reply(reply);
}

static void reply_to_rest(uint32_t from, const char *const *texts)
{
	for (uint32_t i = from; i < sent.n; i++)
		reply_with(i, reply_of(texts));
}

static const char *const nothing_found[] = { "", NULL }, *const nothing_due[] = { "", "", "", NULL };

Test(redis_cursor, a_page_asks_all_buckets_in_one_write)
{
	rg__redis *r = new_self();
	page p;

	cr_assert_eq(call_walk(r, FIND, 0, NULL, 100, &p), RG_PENDING);
	cr_assert_eq(sent.n, BUCKETS);
	cr_expect_str_eq(sent.text[2], "1 {p:2}:t:1:d/192.0.2.1:5060 ( 25 {p:2}:r: ");
	reply_with(0, REPLY("", member_of(0, 0), member_of(0, 1)));
	reply_with(1, REPLY(""));
	reply_with(2, REPLY("", member_of(2, 0)));
	cr_expect_eq(p.calls, 0);
	reply_with(3, REPLY(""));
	cr_expect(p.calls == 1 && p.status == RG_OK && p.n == 3 && p.cursor_n == 0);
	cr_expect(strstr(p.users, "b0") && strstr(p.users, "b2"), "%s", p.users);
	cr_expect_eq(p.next, RG_TIME_NEVER);
	free_self(r);
}

Test(redis_cursor, a_page_ends_within_the_first_bucket_that_has_more_and_goes_on_there)
{
	rg__redis *r = new_self();
	page p, q;
	char want[400];

	cr_assert_eq(call_walk(r, FIND, 0, NULL, 8, &p), RG_PENDING);
	reply_with(0, REPLY("", member_of(0, 0)));
	reply_with(1, REPLY(member_of(1, 1), member_of(1, 0), member_of(1, 1)));
	reply_with(2, REPLY("", member_of(2, 0)));
	reply_with(3, REPLY(""));
	cr_expect(p.n == 3 && p.cursor_n > 0 && !strstr(p.users, "b2"), "%s", p.users);
	cr_assert_eq(call_walk(r, FIND, 0, &p, 8, &q), RG_PENDING);
	cr_assert_eq(sent.n, 1);
	snprintf(want, sizeof want, "1 {p:1}:t:1:d/192.0.2.1:5060 (%s 8 {p:1}:r: ", member_of(1, 1));
	cr_expect_str_eq(sent.text[0], want);
	reply_with(0, REPLY("", member_of(1, 2)));
	cr_expect(q.n == 1 && q.cursor_n > 0);
	cr_assert_eq(call_walk(r, FIND, 0, &q, 8, &p), RG_PENDING);
	cr_expect_eq(sent.n, 2, "the buckets that are left");
	reply_with(0, REPLY("", member_of(2, 0)));
	reply_with(1, REPLY(""));
	cr_expect(p.n == 1 && p.cursor_n == 0);
	free_self(r);
}

/* One bucket at a time when each has about a page. */
Test(redis_cursor, the_width_of_a_page_follows_the_density)
{
	rg__redis *r = new_self();
	page p, q;

	cr_assert_eq(call_walk(r, FIND, 0, NULL, 4, &p), RG_PENDING);
	reply_with(0, REPLY(member_of(0, 0), member_of(0, 0)));
	reply_to_rest(1, nothing_found);
	cr_assert_eq(call_walk(r, FIND, 0, &p, 4, &q), RG_PENDING);
	reply_with(0, REPLY("", member_of(0, 1), member_of(0, 2), member_of(0, 3), member_of(0, 4)));
	cr_assert_eq(call_walk(r, FIND, 0, &q, 4, &p), RG_PENDING);
	cr_expect_eq(sent.n, 1);
	reply_with(0, REPLY(""));
	cr_assert_eq(call_walk(r, FIND, 0, &p, 4, &q), RG_PENDING);
	cr_expect_eq(sent.n, 2);
	reply_to_rest(0, nothing_found);
	cr_expect_eq(q.cursor_n, 0);
	free_self(r);
}

Test(redis_cursor, texts_that_are_no_keys_of_the_bucket_are_passed_over)
{
	rg__redis *r = new_self();
	page p;

	cr_assert_eq(call_walk(r, FIND, 0, NULL, 100, &p), RG_PENDING);
	reply_with(0, REPLY("", "x", "", member_of(1, 0), "1:1:e/a@h", member_of(0, 0)));
	reply_to_rest(1, nothing_found);
	cr_expect(p.status == RG_OK && p.n == 1, "%u: %s", p.n, p.users);
	free_self(r);
}

static uint32_t bucket_in(const char *text)
{
	return (uint32_t)(strstr(text, "{p:")[3] - '0');
}

/* Whatever lies in a set, a page may end on it. */
Test(redis_cursor, a_page_may_end_on_a_text_that_is_no_member)
{
	static const char *const texts[] = { "gone1", "\n", "(", "1:9:e/a@h", "-" };
	rg__redis *r = new_self();
	page p, q;
	char want[400];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		cr_assert_eq(call_walk(r, FIND, 0, NULL, 8, &p), RG_PENDING);
		reply_with(0, REPLY(texts[i], texts[i]));
		reply_to_rest(1, nothing_found);
		cr_expect(p.status == RG_OK && p.n == 0 && p.cursor_n > 0);
		cr_assert_eq(call_walk(r, FIND, 0, &p, 8, &q), RG_PENDING, "find %zu", i);
		snprintf(want, sizeof want, "1 {p:0}:t:1:d/192.0.2.1:5060 (%s 8 {p:0}:r: ", texts[i]);
		cr_expect_str_eq(sent.text[0], want);
		reply_with(0, REPLY("", member_of(0, 0)));
		cr_expect_eq(q.n, 1);
	}
	for (size_t i = 0; i <= sizeof texts / sizeof *texts; i++) {
		const char *text = i > 0 ? texts[i - 1] : "";

		cr_assert_eq(call_walk(r, DUE, 100, NULL, 8, &p), RG_PENDING);
		uint32_t first = bucket_in(sent.text[1]);
		reply_with(1, REPLY(text, "-inf", "60", text));
		reply_to_rest(2, nothing_due);
		cr_expect(p.status == RG_OK && p.n == 0 && p.cursor_n > 0);
		cr_assert_eq(call_walk(r, DUE, 100, &p, 8, &q), RG_PENDING, "due %zu", i);
		snprintf(want, sizeof want, ":r: -inf %s ", text);
		cr_expect(strstr(sent.text[1], want), "%s", sent.text[1]);
		reply_with(1, REPLY("", "", "700", member_of(first, 1)));
		cr_expect_eq(q.n, 1);
		rg__redis_ops_emptied(r);
	}
	free_self(r);
}

/* One reply of each wrong form; the others are right. */
static void expect_broken(walk_name walk, redisReply *reply)
{
	rg__redis *r = new_self();
	page p;
	uint32_t first = walk == DUE;

	cr_assert_eq(call_walk(r, walk, 5000, NULL, 8, &p), RG_PENDING);
	if (first)
		r->schema = RG_STR("");
	for (uint32_t i = first; i < sent.n; i++)
		sent.done(sent.user, i, RG_OK, reply);
	cr_expect(p.calls == 1 && p.status == RG_ESTORE && p.n == 0, "walk %d: %d", walk, p.status);
	free_reply(reply);
	free_self(r);
}

Test(redis_cursor, a_malformed_reply_is_an_error)
{
	for (walk_name walk = FIND; walk <= SCAN; walk++) {
		expect_broken(walk, text_reply("x"));
		expect_broken(walk, array_reply(0));
		for (int type = REDIS_REPLY_INTEGER; type <= REDIS_REPLY_ERROR; type++) {
			redisReply *r = text_reply("ERR no");
			r->type = type;
			expect_broken(walk, r);
			r = REPLY("", "", "");
			r->element[0]->type = type;
			expect_broken(walk, r);
		}
	}
	expect_broken(FIND, REPLY("", "1", "2", "3"));
	expect_broken(DUE, REPLY("", "", "", "1", "2", "3"));
	expect_broken(DUE, REPLY("", "", "soon"));
	expect_broken(DUE, REPLY("m", "soon", "7", "m"));
	expect_broken(DUE, REPLY("m", "12345678901234567890123456789012345", "7", "m"));
	expect_broken(SCAN, REPLY("0", "x"));
	expect_broken(SCAN, scan_reply("", array_reply(0)));
	expect_broken(SCAN, scan_reply("x", array_reply(0)));
	expect_broken(SCAN, scan_reply("123456789012345678901", array_reply(0)));
}

Test(redis_cursor, a_lost_reply_fails_the_page)
{
	rg__redis *r = new_self();
	page p;

	cr_assert_eq(call_walk(r, FIND, 0, NULL, 8, &p), RG_PENDING);
	reply_with(0, REPLY("", member_of(0, 0)));
	for (uint32_t i = 1; i < sent.n; i++)
		sent.done(sent.user, i, RG_ESTORE, NULL);
	cr_expect(p.calls == 1 && p.status == RG_ESTORE && p.n == 0);
	free_self(r);
}

Test(redis_cursor, what_is_known_of_a_quiet_bucket_is_kept_for_a_second)
{
	rg__redis *r = new_self();
	page p;

	cr_assert_eq(call_walk(r, DUE, 100, NULL, 8, &p), RG_PENDING);
	cr_assert_eq(sent.n, BUCKETS + 1);
	cr_expect_str_eq(sent.text[0], "GET {p}:schema ");
	cr_expect(!sent.scripted[0] && sent.scripted[1]);
	/* The walk begins anywhere. The first one has something later. */
	reply_with(1, REPLY("", "", "900"));
	reply_to_rest(2, nothing_due);
	cr_expect_eq(p.next, 900);
	cr_expect_eq(call_walk(r, DUE, 500, NULL, 8, &p), RG_OK, "nobody is asked");
	cr_expect(p.calls == 1 && p.n == 0 && p.cursor_n == 0 && p.next == 900);
	cr_assert_eq(call_walk(r, DUE, 900, NULL, 8, &p), RG_PENDING);
	cr_expect_eq(sent.n, 2, "the one bucket in which something can be due");
	reply_to_rest(1, nothing_due);
	cr_expect_eq(p.next, RG_TIME_NEVER);
	clock_now += 1000;
	cr_assert_eq(call_walk(r, DUE, 500, NULL, 8, &p), RG_PENDING);
	cr_expect_eq(sent.n, BUCKETS + 1, "a second later");
	reply_to_rest(1, nothing_due);
	rg__redis_ops_emptied(r);
	cr_assert_eq(call_walk(r, DUE, 500, NULL, 8, &p), RG_PENDING);
	cr_expect_eq(sent.n, BUCKETS + 1, "of another data set nothing is known");
	reply_to_rest(1, nothing_due);
	free_self(r);
}

Test(redis_cursor, a_bucket_whose_keys_were_given_is_asked_again)
{
	rg__redis *r = new_self();
	page p, q;

	cr_assert_eq(call_walk(r, DUE, 100, NULL, 8, &p), RG_PENDING);
	uint32_t first = bucket_in(sent.text[1]);
	reply_with(1, REPLY(member_of(first, 0), "50", "60", member_of(first, 0)));
	reply_to_rest(2, nothing_due);
	cr_expect(p.n == 1 && p.cursor_n > 0);
	cr_assert_eq(call_walk(r, DUE, 100, &p, 8, &q), RG_PENDING);
	cr_expect_eq(bucket_in(sent.text[1]), first);
	cr_expect(strstr(sent.text[1], ":r: 50 1:"), "%s", sent.text[1]);
	reply_with(1, REPLY("", "", "700", member_of(first, 1)));
	cr_expect(q.n == 1);
	if (q.cursor_n > 0) {
		rg_status status = call_walk(r, DUE, 100, &q, 8, &p);

		if (status == RG_PENDING)
			reply_to_rest(1, nothing_due);
		cr_expect(p.calls == 1 && p.next == 700);
	}
	cr_assert_eq(call_walk(r, DUE, 200, NULL, 8, &p), RG_PENDING);
	bool asked = false;
	for (uint32_t i = 1; i < sent.n; i++)
		asked |= bucket_in(sent.text[i]) == first;
	cr_expect(asked);
	reply_to_rest(1, nothing_due);
	free_self(r);
}

/* ZSCAN gives a small set as a whole, whatever the limit is. */
Test(redis_cursor, a_scan_cuts_what_is_too_much_and_gives_each_key)
{
	rg__redis *r = new_self();
	page p, q = { .calls = 0 };
	char all[400] = "";
	uint32_t pages = 0;

	r->url.buckets = 1;
	do {
		cr_assert_eq(call_walk(r, SCAN, 0, pages ? &q : NULL, 2, &p), RG_PENDING);
		/* In any order. */
		redisReply *members = pages % 2 ? REPLY("1:1:d/c@h", "1:1:d/a@h", "1:1:d/b@h", "1:1:d/d@h", "1:1:e/x@h") :
			REPLY("1:1:e/x@h", "1:1:d/b@h", "1:1:d/d@h", "1:1:d/a@h", "1:1:d/c@h");
		reply_with(0, scan_reply("0", members));
		cr_expect(p.n <= 2);
		strcat(all, p.users);
		q = p;
	} while (q.cursor_n > 0 && ++pages < 9);
	cr_expect_str_eq(all, "a b c d ");
	free_self(r);
}

Test(redis_cursor, a_scan_gives_all_again_when_the_set_was_rebuilt)
{
	rg__redis *r = new_self();
	page p, q;

	r->url.buckets = 1;
	cr_assert_eq(call_walk(r, SCAN, 0, NULL, 2, &p), RG_PENDING);
	reply_with(0, scan_reply("8", REPLY("1:1:d/b@h", "1:1:d/c@h", "1:1:d/d@h")));
	cr_expect_str_eq(p.users, "b c ");
	cr_assert_eq(call_walk(r, SCAN, 0, &p, 2, &q), RG_PENDING);
	cr_expect_str_eq(sent.text[0], "ZSCAN {p:0}:d 0 COUNT 10 ");
	reply_with(0, scan_reply("4", REPLY("1:1:d/a@h", "1:1:d/d@h")));
	cr_expect_str_eq(q.users, "a d ", "the answer leads elsewhere: a may not have been given");
	cr_assert_eq(call_walk(r, SCAN, 0, &q, 2, &p), RG_PENDING);
	cr_expect_str_eq(sent.text[0], "ZSCAN {p:0}:d 4 COUNT 10 ");
	reply_with(0, scan_reply("0", array_reply(0)));
	cr_expect(p.n == 0 && p.cursor_n == 0);
	free_self(r);
}

/* Either refused, or a call as any other. */
static uint32_t try_cursor(rg__redis *r, walk_name walk, const page *p)
{
	static const char *const *const nothing[] = { nothing_found, nothing_due };
	page q;
	rg_status status = call_walk(r, walk, 100, p, 4, &q);

	if (status == RG_EINVAL) {
		cr_expect_eq(q.calls, 0);
		return 1;
	}
	if (status == RG_PENDING && walk == SCAN) {
		for (uint32_t i = 0; i < sent.n; i++)
			reply_with(i, scan_reply("0", array_reply(0)));
	} else if (status == RG_PENDING) {
		reply_to_rest(walk == DUE, nothing[walk]);
	}
	cr_expect(q.calls == 1 && q.status == RG_OK && q.n == 0, "walk %d: %d, %d", walk, status, q.status);
	return 0;
}

/* A cursor that stands within a bucket. */
static page cursor_of(rg__redis *r, walk_name walk)
{
	page p;

	cr_assert_eq(call_walk(r, walk, 100, NULL, 4, &p), RG_PENDING);
	uint32_t first = bucket_in(sent.text[walk == DUE]);
	if (walk == SCAN) {
		reply_with(0, scan_reply("7", REPLY(member_of(0, 0), member_of(0, 1), member_of(0, 2), member_of(0, 3), member_of(0, 4))));
		for (uint32_t i = 1; i < sent.n; i++)
			reply_with(i, scan_reply("0", array_reply(0)));
	} else if (walk == DUE) {
		reply_with(1, REPLY(member_of(first, 0), "50", "60", member_of(first, 0)));
		reply_to_rest(2, nothing_due);
	} else {
		reply_with(0, REPLY(member_of(0, 0), member_of(0, 0)));
		reply_to_rest(1, nothing_found);
	}
	cr_assert_gt(p.cursor_n, 0);
	return p;
}

/* Somebody else may have put it into the set, where a page ends at it. */
Test(redis_cursor, a_page_may_end_at_a_text_that_is_no_key)
{
	rg__redis *r = new_self();
	page p, q;

	cr_assert_eq(call_walk(r, FIND, 0, NULL, 4, &p), RG_PENDING);
	reply_with(0, REPLY("x", member_of(0, 0)));
	reply_to_rest(1, nothing_found);
	cr_expect(p.status == RG_OK && p.n == 1 && p.cursor_n > 0);
	cr_assert_eq(call_walk(r, FIND, 0, &p, 4, &q), RG_PENDING);
	cr_expect_str_eq(sent.text[0], "1 {p:0}:t:1:d/192.0.2.1:5060 (x 4 {p:0}:r: ");
	reply_to_rest(0, nothing_found);

	cr_assert_eq(call_walk(r, DUE, 100, NULL, 4, &p), RG_PENDING);
	uint32_t first = bucket_in(sent.text[1]);
	reply_with(1, REPLY(member_of((first + 1) % BUCKETS, 0), "50", "60", member_of(first, 0)));
	reply_to_rest(2, nothing_due);
	cr_expect(p.status == RG_OK && p.n == 1 && p.cursor_n > 0);
	cr_expect_eq(call_walk(r, DUE, 100, &p, 4, &q), RG_PENDING);
	reply_to_rest(1, nothing_due);
	free_self(r);
}

Test(redis_cursor, damaged_and_foreign_cursors_do_no_harm)
{
	rg__redis *r = new_self();

	for (walk_name walk = FIND; walk <= SCAN; walk++) {
		page good = cursor_of(r, walk), p;
		uint32_t refused = 0;

		cr_expect_eq(try_cursor(r, walk, &good), 0);
		for (walk_name other = FIND; other <= SCAN; other++)
			cr_expect_eq(try_cursor(r, other, &good), other != walk);
		for (size_t bit = 0; bit < good.cursor_n * 8; bit++) {
			p = good;
			p.cursor[bit / 8] = (char)(p.cursor[bit / 8] ^ 1 << bit % 8);
			refused += try_cursor(r, walk, &p);
		}
		cr_expect_eq(refused, good.cursor_n * 8, "walk %d: %u", walk, refused);
		for (p = good; p.cursor_n-- > 1;)
			try_cursor(r, walk, &p);
	}
	free_self(r);
}
