/* SPDX-License-Identifier: MIT */
/* What the Redis store writes, and what it makes of what others wrote in its place. */
#include <criterion/criterion.h>
#include <rgstr/redis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "layout.h"
#include "store_redis.h"

#define HOP RG_STR("192.0.2.1:5060")

enum { BUCKETS = 64, TOMBSTONE_MS = 60000, DAY_MS = 86400000 };

static const rg_revision none;
static const rg_str start;

typedef struct node {
	rg_store *store;
	const rg_store_ops *ops;
	void *self;
} node;

static node node_of(rg_store *store)
{
	node n = { .store = store };

	n.ops = rg_store_members(store, &n.self);
	return n;
}

typedef struct answer {
	bool over;
	rg_status status;
	rg_revision base;
	bool there, authoritative;
	uint32_t n;
	rg_time next;
} answer;

static void on_contents(void *tok, rg_status status, const rg_fetched *found)
{
	answer *a = tok;

	*a = (answer){ .over = true, .status = status };
	if (!found)
		return;
	a->base = found->base;
	a->there = found->record != NULL;
	a->authoritative = found->authoritative;
	rg_record_unref(found->record);
}

static void on_keys_of(void *tok, rg_status status, const rg_keys *page)
{
	*(answer *)tok = (answer){ .over = true, .status = status, .n = page ? page->n : 0, .next = page ? page->next : 0 };
}

static answer end_of(const node *n, rg_status status, answer *a)
{
	if (status == RG_PENDING)
		status = n->ops->wait(n->self, a, 10000);
	if (!a->over)
		a->status = status;
	return *a;
}

static rg_key key_of(const char *user)
{
	return (rg_key){ RG_STR("location"), rg_str_from(user), RG_STR("example.test") };
}

static answer fetch(const node *n, const char *user, uint32_t flags)
{
	answer a = { .over = false };
	rg_key key = key_of(user);

	return end_of(n, n->ops->fetch(n->self, &key, flags | RG_OP_BLOCKING, on_contents, &a), &a);
}

static rg_revision numbered_revision(uint8_t number)
{
	return (rg_revision){ { number, [15] = 1 } };
}

/* A binding that expires at @p deadline; 0 = a deletion. */
static answer commit(const node *n, const char *user, rg_revision base, rg_revision own, rg_time deadline, rg_str hop, size_t agent)
{
	static char filler[5000];
	answer a = { .over = false };
	rg_key key = key_of(user);
	rg_contact c = { .struct_size = sizeof c };
	rg_commit change;
	rg_record *next = NULL;

	memset(filler, 'a', sizeof filler);
	rg_contact_init(&c, sizeof c);
	c.id = 1;
	c.uri = RG_STR("sip:phone@192.0.2.9");
	c.callid = RG_STR("call");
	c.user_agent = (rg_str){ filler, agent };
	c.next_hop = hop;
	c.expires = deadline;
	if (deadline != 0)
		cr_assert_eq(rg_record_new(&key, &own, &c, 1, NULL, 0, start, &next), RG_OK);
	rg_commit_init(&change, sizeof change);
	change.base = base;
	change.revision = own;
	change.next = next;
	a = end_of(n, n->ops->commit(n->self, &key, &change, RG_OP_BLOCKING, on_contents, &a), &a);
	rg_record_unref(next);
	return a;
}

static void must_commit(const node *n, const char *user, rg_revision base, uint8_t own, rg_time deadline)
{
	answer a = commit(n, user, base, numbered_revision(own), deadline, HOP, 10);

	cr_assert_eq(a.status, RG_OK, "%s: %s", user, rg_strerror(a.status));
}

/* The name of a key of a user: 'r', 'd' or 't'. To be freed. The prefix is that of the one store on the server. */
static char *name_of(const char *user, char which)
{
	rg_key key = key_of(user);
	rg__redis_names names;
	char *pattern = NULL, *found;

	cr_assert_eq(rg__redis_names_of(RG_STR("p"), BUCKETS, &key, &names), RG_OK);
	found = redis_ask(redis_of_program(false), "KEYS", "*:schema");
	cr_assert_not_null(found);
	/* {prefix}:schema */
	char *end = strrchr(found, '}'), *begin = end;
	while (begin > found && begin[-1] != '\n')
		begin--;
	*end = 0;
	rg_str rest = which == 'r' ? names.member : which == 't' ? RG_STR("8:location/192.0.2.1:5060") : RG_STR("");
	cr_assert_geq(asprintf(&pattern, "%s:%u}:%c%s%.*s", begin, names.bucket, which, rest.n ? ":" : "", (int)rest.n, rest.p), 0);
	rg__redis_names_free(&names);
	free(found);
	return pattern;
}

static rg_time in_an_hour(void)
{
	return ((rg_time)time(NULL) + 3600) * 1000;
}

static node open_one(void)
{
	free(redis_ask(redis_of_program(false), "FLUSHALL"));
	return node_of(redis_store(false, NULL));
}

Test(contents, a_record_outlives_its_deadline_by_a_day_and_a_deletion_lives_a_minute)
{
	node n = open_one();

	must_commit(&n, "alice", none, 1, in_an_hour());
	char *record = name_of("alice", 'r');
	int64_t ttl = redis_number(redis_of_program(false), "PTTL", record);

	cr_expect(ttl > DAY_MS + 3500000 && ttl <= DAY_MS + 3601000, "%lld", (long long)ttl);
	must_commit(&n, "alice", numbered_revision(1), 2, RG_TIME_NEVER);
	cr_expect_eq(redis_number(redis_of_program(false), "PTTL", record), -1);
	must_commit(&n, "alice", numbered_revision(2), 3, 1000);
	ttl = redis_number(redis_of_program(false), "PTTL", record);
	cr_expect(ttl > DAY_MS - 60000 && ttl <= DAY_MS, "%lld", (long long)ttl);
	must_commit(&n, "alice", numbered_revision(3), 4, 0);
	ttl = redis_number(redis_of_program(false), "PTTL", record);
	cr_expect(ttl > 0 && ttl <= TOMBSTONE_MS, "%lld", (long long)ttl);
	cr_expect_eq(redis_number(redis_of_program(false), "DBSIZE"), 2, "the deletion and the schema");
	free(record);
	rg_store_unref(n.store);
}

Test(contents, a_resend_is_recognised_through_a_deletion_and_an_insertion)
{
	node n = open_one();

	must_commit(&n, "alice", none, 1, 5000);
	must_commit(&n, "alice", numbered_revision(1), 2, 0);
	must_commit(&n, "alice", none, 3, 5000);
	for (uint8_t i = 4; i < 9; i++)
		must_commit(&n, "alice", numbered_revision((uint8_t)(i - 1)), i, 5000);
	/* 1 to 8 are the last eight. */
	must_commit(&n, "alice", none, 1, 5000);
	must_commit(&n, "alice", numbered_revision(1), 2, 0);
	must_commit(&n, "alice", none, 3, 5000);
	answer a = fetch(&n, "alice", RG_FETCH_FRESH);
	rg_revision last = numbered_revision(8);
	cr_expect(a.there && rg_revision_equal(&a.base, &last));
	cr_expect_eq(redis_statistic(n.store, "resends_recognised"), 3);
	must_commit(&n, "alice", last, 9, 5000);
	cr_expect_eq(commit(&n, "alice", none, numbered_revision(1), 5000, HOP, 10).status, RG_ECONFLICT, "the ninth last");
	rg_store_unref(n.store);
}

Test(contents, when_memory_is_short_nothing_grows_and_nothing_is_lost)
{
	node n = open_one();
	redis_server *server = redis_of_program(false);

	must_commit(&n, "alice", none, 1, 5000);
	must_commit(&n, "bob", none, 2, 5000);
	free(redis_ask(server, "CONFIG", "SET", "maxmemory", "1"));
	int64_t keys = redis_number(server, "DBSIZE");
	cr_expect_eq(commit(&n, "carol", none, numbered_revision(3), 5000, HOP, 10).status, RG_EFULL);
	cr_expect_eq(commit(&n, "alice", numbered_revision(1), numbered_revision(4), 5000, RG_STR("192.0.2.2:5060"), 900).status, RG_EFULL);
	cr_expect_eq(redis_number(server, "DBSIZE"), keys);
	rg_revision first = numbered_revision(1);
	answer a = fetch(&n, "alice", RG_FETCH_FRESH);
	cr_expect(a.there && rg_revision_equal(&a.base, &first));
	a = commit(&n, "bob", numbered_revision(2), numbered_revision(5), 0, HOP, 10);
	cr_expect_eq(a.status, RG_OK, "a deletion: %s", rg_strerror(a.status));
	cr_expect_not(fetch(&n, "bob", RG_FETCH_FRESH).there);
	free(redis_ask(server, "CONFIG", "SET", "maxmemory", "0"));
	/* Eight commits fill the list of earlier revisions: the next one is of the same size. */
	for (uint8_t i = 0; i < 8; i++)
		must_commit(&n, "alice", numbered_revision(i ? (uint8_t)(9 + i) : 1), (uint8_t)(10 + i), 5000);
	free(redis_ask(server, "CONFIG", "SET", "maxmemory", "1"));
	a = commit(&n, "alice", numbered_revision(17), numbered_revision(18), 5000, HOP, 10);
	cr_expect_eq(a.status, RG_OK, "what does not grow: %s", rg_strerror(a.status));
	free(redis_ask(server, "CONFIG", "SET", "maxmemory", "0"));
	rg_store_unref(n.store);
}

/* Each key in turn is of another type. A commit fails, and the record is as it was. */
Test(contents, a_key_of_a_wrong_type_stops_a_commit_before_it_has_changed_anything)
{
	static const char which[] = { 'd', 't' };
	redis_server *server = redis_of_program(false);

	for (size_t i = 0; i < sizeof which; i++) {
		for (int gone = 0; gone < 2; gone++) {
			node n = open_one();

			must_commit(&n, "alice", none, 1, 5000);
			char *name = name_of("alice", which[i]);
			free(redis_ask(server, "SET", name, "x"));
			answer a = commit(&n, "alice", numbered_revision(1), numbered_revision(2), gone ? 0 : 6000, RG_STR("192.0.2.7:1"), 10);
			cr_expect_eq(a.status, RG_ESTORE, "%s: %s", name, rg_strerror(a.status));
			a = fetch(&n, "alice", RG_FETCH_FRESH);
			rg_revision first = numbered_revision(1);
			cr_expect(a.status == RG_OK && a.there && rg_revision_equal(&a.base, &first), "%s", name);
			free(name);
			rg_store_unref(n.store);
		}
	}
}

Test(contents, what_lies_in_the_place_of_a_record_is_never_handed_out)
{
	redis_server *server = redis_of_program(false);
	node n = open_one();

	must_commit(&n, "alice", none, 1, 5000);
	must_commit(&n, "bob", none, 2, 5000);
	char *alice = name_of("alice", 'r'), *bob = name_of("bob", 'r');
	const char *const values[] = { "", "x", "rg1r", "rg2r0123456789abcdef0", "rg1r0123456789abcdef\x09" };
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		free(redis_ask(server, "SET", alice, values[i]));
		cr_expect_eq(fetch(&n, "alice", RG_FETCH_FRESH).status, RG_ESTORE, "%zu", i);
		cr_expect_eq(commit(&n, "alice", numbered_revision(1), numbered_revision(3), 5000, HOP, 10).status, RG_ESTORE, "%zu", i);
	}
	free(redis_ask(server, "DEL", alice));
	free(redis_ask(server, "RPUSH", alice, "x"));
	cr_expect_eq(fetch(&n, "alice", RG_FETCH_FRESH).status, RG_ESTORE);
	cr_expect_eq(commit(&n, "alice", none, numbered_revision(3), 5000, HOP, 10).status, RG_ESTORE);
	free(redis_ask(server, "DEL", alice));
	/* They may be in two buckets, so on one server alone. */
	free(redis_ask(server, "RENAME", bob, alice));
	cr_expect_eq(fetch(&n, "alice", RG_FETCH_FRESH).status, RG_ESTORE, "the record of another key");
	cr_expect_eq(commit(&n, "alice", none, numbered_revision(3), 5000, HOP, 10).status, RG_ESTORE, "the record of another key");
	cr_expect_eq(fetch(&n, "bob", RG_FETCH_FRESH).status, RG_OK);
	free(alice);
	free(bob);
	rg_store_unref(n.store);
}

Test(contents, walks_clear_the_entries_of_records_that_are_gone)
{
	redis_server *server = redis_of_program(false);
	node n = open_one();
	const rg_str domain = RG_STR("location"), tag = HOP;
	answer a = { .over = false };

	must_commit(&n, "alice", none, 1, 5000);
	char *record = name_of("alice", 'r'), *deadlines = name_of("alice", 'd'), *tags = name_of("alice", 't');
	free(redis_ask(server, "DEL", record));
	cr_expect_eq(redis_number(server, "ZCARD", tags), 1);
	a = end_of(&n, n.ops->find(n.self, &domain, &tag, &start, 10, RG_OP_BLOCKING, on_keys_of, &a), &a);
	cr_expect(a.status == RG_OK && a.n == 0);
	cr_expect_eq(redis_number(server, "ZCARD", tags), 0);
	a.over = false;
	a = end_of(&n, n.ops->due(n.self, 4999, &start, 10, RG_OP_BLOCKING, on_keys_of, &a), &a);
	cr_expect(a.status == RG_OK && a.n == 0 && a.next == 5000);
	cr_expect_eq(redis_number(server, "ZCARD", deadlines), 1, "what is not due is not looked at");
	a.over = false;
	a = end_of(&n, n.ops->due(n.self, 5000, &start, 10, RG_OP_BLOCKING, on_keys_of, &a), &a);
	cr_expect(a.status == RG_OK && a.n == 0 && a.next == RG_TIME_NEVER);
	cr_expect_eq(redis_number(server, "ZCARD", deadlines), 0);
	free(record);
	free(deadlines);
	free(tags);
	rg_store_unref(n.store);
}

/* The users that a walk gives, with a key a page. */
typedef struct round {
	rg_status status;
	char users[200]; /* each with a space behind it */
	char cursor[400];
	rg_str next;
	uint32_t pages;
} round;

static void on_round(void *tok, rg_status status, const rg_keys *page)
{
	round *w = tok;

	w->status = status;
	w->next = start;
	for (uint32_t i = 0; page && i < page->n; i++)
		strcat(strncat(w->users, page->keys[i].user.p, page->keys[i].user.n), " ");
	if (page && page->cursor.p) {
		cr_assert_lt(page->cursor.n, sizeof w->cursor);
		w->next = (rg_str){ memcpy(w->cursor, page->cursor.p, page->cursor.n), page->cursor.n };
	}
}

static rg_status ask_page(const node *n, char which, round *w)
{
	const rg_str domain = RG_STR("location"), tag = HOP, from = w->next;
	rg_time late = INT64_C(5000000000000);

	if (which == 'd')
		return n->ops->due(n->self, late, &from, 1, RG_OP_BLOCKING, on_round, w);
	if (which == 't')
		return n->ops->find(n->self, &domain, &tag, &from, 1, RG_OP_BLOCKING, on_round, w);
	return n->ops->scan(n->self, &domain, &from, 1, RG_OP_BLOCKING, on_round, w);
}

static void go_round(const node *n, char which, round *w)
{
	*w = (round){ .pages = 0 };
	do {
		rg_status status = ask_page(n, which, w);

		if (status == RG_PENDING)
			status = n->ops->wait(n->self, w, 10000);
		cr_assert(status == RG_OK && w->status == RG_OK, "walk %c, page %u: %s", which, w->pages, rg_strerror(status ? status : w->status));
	} while (w->next.p && ++w->pages < 500);
}

/* A walk of single keys ends a page on each of them. Every second one has something under its name. */
Test(contents, a_walk_passes_over_what_is_no_member)
{
	static const char *const texts[] = { "", "\n", "gone1", "gone2", "(", "+", "8:3:location/bob@example.test", "8:location", "1:1:e/a@h",
		"1:1:e/b@h", "\xff\xff", "~~~~" };
	static const char walks[] = { 'd', 't', 's' };
	redis_server *server = redis_of_program(false);

	for (size_t i = 0; i < sizeof walks; i++) {
		for (int named = 0; named < 2; named++) {
			node n = open_one();
			round w;

			must_commit(&n, "alice", none, 1, 5000);
			must_commit(&n, "bob", none, 2, INT64_C(4500000000000));
			char *record = name_of("alice", 'r'), *set = name_of("alice", walks[i] == 't' ? 't' : 'd');
			for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
				char *name;

				cr_assert_geq(asprintf(&name, "%.*s:r:%s", (int)(strchr(record, '}') + 1 - record), record, texts[k]), 0);
				free(redis_ask(server, "ZADD", set, walks[i] == 't' ? "0" : k % 3 ? "4000000000000" : "-inf", texts[k]));
				if ((int)k % 2 == named)
					free(redis_ask(server, "SET", name, "x"));
				free(name);
			}
			go_round(&n, walks[i], &w);
			cr_expect(strlen(w.users) == strlen("alice bob ") && strstr(w.users, "alice ") && strstr(w.users, "bob "), "walk %c, %d: %s",
				walks[i], named, w.users);
			free(record);
			free(set);
			rg_store_unref(n.store);
		}
	}
}

Test(contents, the_cache_has_what_was_seen_last)
{
	node a = open_one(), b = node_of(redis_store_beside());
	rg_revision second = numbered_revision(2), third = numbered_revision(3);
	answer got;

	got = fetch(&b, "alice", 0);
	cr_expect(got.status == RG_OK && !got.there && !got.authoritative, "what is not known is a guess");
	must_commit(&a, "alice", none, 1, 5000);
	must_commit(&a, "alice", numbered_revision(1), 2, 5000);
	got = fetch(&a, "alice", 0);
	cr_expect(got.there && !got.authoritative && rg_revision_equal(&got.base, &second), "a commit");
	got = commit(&b, "alice", none, third, 5000, HOP, 10);
	cr_expect(got.status == RG_ECONFLICT && got.there && got.authoritative && rg_revision_equal(&got.base, &second));
	got = fetch(&b, "alice", 0);
	cr_expect(got.there && rg_revision_equal(&got.base, &second), "a conflict");
	must_commit(&b, "alice", second, 3, 5000);
	got = fetch(&a, "alice", 0);
	cr_expect(rg_revision_equal(&got.base, &second), "what another node did is not known");
	got = fetch(&a, "alice", RG_FETCH_FRESH);
	cr_expect(got.authoritative && rg_revision_equal(&got.base, &third));
	got = fetch(&a, "alice", 0);
	cr_expect(rg_revision_equal(&got.base, &third), "a fetch");
	/* A resend does not tell what is there. */
	must_commit(&a, "alice", numbered_revision(1), 2, 5000);
	cr_expect_not(fetch(&a, "alice", 0).there);
	must_commit(&b, "alice", third, 4, 0);
	cr_expect_not(fetch(&b, "alice", 0).there, "a deletion");
	rg_store_unref(a.store);
	rg_store_unref(b.store);
}

Test(contents, an_emptied_server_gets_nothing_back_from_the_cache)
{
	node n = open_one();
	answer a;

	must_commit(&n, "alice", none, 1, 5000);
	free(redis_ask(redis_of_program(false), "FLUSHALL"));
	a = commit(&n, "alice", numbered_revision(1), numbered_revision(2), 5000, HOP, 10);
	cr_expect(a.status == RG_ECONFLICT && !a.there && a.authoritative && rg_revision_is_zero(&a.base));
	cr_expect_not(fetch(&n, "alice", 0).there);
	cr_expect_eq(redis_number(redis_of_program(false), "DBSIZE"), 0);
	rg_store_unref(n.store);
}

Test(contents, a_walk_that_finds_the_server_emptied_clears_the_cache)
{
	node n = open_one();
	answer a = { .over = false };
	rg_redis_state s;

	rg_redis_state_init(&s, sizeof s);
	must_commit(&n, "alice", none, 1, 5000);
	cr_expect(rg_redis_store_state(n.store, &s) == RG_OK && s.cached == 1);
	free(redis_ask(redis_of_program(false), "FLUSHALL"));
	a = end_of(&n, n.ops->due(n.self, 4000, &start, 10, RG_OP_BLOCKING, on_keys_of, &a), &a);
	cr_expect_eq(a.n, 0);
	cr_expect(rg_redis_store_state(n.store, &s) == RG_OK && s.cached == 0);
	cr_expect_eq(redis_statistic(n.store, "emptied_servers"), 1);
	rg_store_unref(n.store);
}

/* A call that a loop drives is abandoned after it was sent. */
Test(contents, after_a_commit_of_unknown_outcome_nothing_is_cached)
{
	node n = open_one();
	answer a = { .over = false };
	rg_key key = key_of("alice");
	rg_commit removal;
	rg_redis_state s;

	must_commit(&n, "alice", none, 1, 5000);
	rg_redis_state_init(&s, sizeof s);
	while (rg_redis_store_state(n.store, &s) == RG_OK && s.connection != RG_REDIS_READY)
		cr_assert(redis_drive(n.store, true));
	rg_commit_init(&removal, sizeof removal);
	removal.base = numbered_revision(1);
	removal.revision = numbered_revision(2);
	cr_assert_eq(n.ops->commit(n.self, &key, &removal, 0, on_contents, &a), RG_PENDING);
	n.ops->cancel(n.self, &a);
	cr_expect(a.over && a.status == RG_EUNKNOWN);
	cr_expect_not(fetch(&n, "alice", 0).there);
	rg_store_unref(n.store);
}

/* No command whose cost is that of all keys, whatever is asked. */
Test(contents, no_command_goes_over_all_keys)
{
	redis_server *server = redis_of_program(false);
	node n = open_one();
	const rg_str domain = RG_STR("location"), tag = HOP;
	answer a = { .over = false };
	char user[20];

	for (uint8_t i = 1; i < 100; i++) {
		snprintf(user, sizeof user, "u%u", i);
		must_commit(&n, user, none, i, i < 4 ? 5000 : in_an_hour());
	}
	free(redis_ask(server, "CONFIG", "RESETSTAT"));
	a = end_of(&n, n.ops->due(n.self, 6000, &start, 1000, RG_OP_BLOCKING, on_keys_of, &a), &a);
	cr_expect_eq(a.n, 3);
	char *stats = redis_ask(server, "INFO", "commandstats");
	cr_assert_not_null(stats);
	/* One look at each bucket, and two more at those of the three in which something is due. */
	const char *looks = strstr(stats, "cmdstat_zrange:calls="), *more = strstr(stats, "cmdstat_zrangebyscore:calls=");
	cr_assert(looks && more);
	cr_expect_eq(atoi(looks + strlen("cmdstat_zrange:calls=")), BUCKETS);
	cr_expect_leq(atoi(more + strlen("cmdstat_zrangebyscore:calls=")), 2 * 3);
	cr_expect_null(strstr(stats, "cmdstat_zscan"));
	free(stats);
	must_commit(&n, "u1", numbered_revision(1), 200, 7000);
	a.over = false;
	a = end_of(&n, n.ops->find(n.self, &domain, &tag, &start, 1000, RG_OP_BLOCKING, on_keys_of, &a), &a);
	cr_expect_eq(a.n, 99);
	stats = redis_ask(server, "INFO", "commandstats");
	cr_expect_null(strstr(stats, "cmdstat_keys"));
	cr_expect_null(strstr(stats, "cmdstat_scan"));
	free(stats);
	rg_store_unref(n.store);
}
