/* SPDX-License-Identifier: MIT */
/* Values that no store of ours has written, in every key: each verb refuses what it meets, and other AoRs go on. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server.h"
#include "solo.h"

enum { KEY_ROOM = 256, RANDOM_VALUES = 300 };

typedef struct scene {
	redis_server *server;
	solo solo;
	char record[KEY_ROOM], other[KEY_ROOM]; /* the keys of alice and of bob */
	char deadlines[KEY_ROOM], tags[KEY_ROOM], schema[KEY_ROOM];
	char *value, *value_of_other;
	size_t n, n_of_other;
	uint32_t cseq;
} scene;

static const char contact_of_alice[] = "<sip:alice@192.0.2.1:5060>;expires=600", contact_of_bob[] = "<sip:bob@192.0.2.2:5060>;expires=600";

/* The first key with this text in it. */
static void find_key(scene *s, const char *pattern, char room[KEY_ROOM])
{
	char *keys = redis_ask(s->server, "KEYS", pattern);

	cr_assert_not_null(keys);
	snprintf(room, KEY_ROOM, "%.*s", (int)strcspn(keys, "\n"), keys);
	cr_assert(room[0], "there is no key %s", pattern);
	free(keys);
}

static char *value_of(scene *s, const char *key, size_t *n)
{
	const char *const argv[] = { "GET", key };
	const size_t lens[] = { 3, strlen(key) };

	return redis_server_ask_bytes(s->server, 2, argv, lens, n);
}

static void put_value(scene *s, const char *key, const char *value, size_t n)
{
	const char *const argv[] = { "SET", key, value };
	const size_t lens[] = { 3, strlen(key), n };

	free(redis_server_ask_bytes(s->server, 3, argv, lens, NULL));
}

static scene *scene_new(void)
{
	scene *s = calloc(1, sizeof *s);

	s->server = redis_server_start(NULL);
	/* One bucket, so that what is in the way of alice is in the way of bob; no cache, so that each verb reads. */
	solo_open(&s->solo, redis_server_address(s->server), "?buckets=1&cache=0");
	cr_assert_eq(solo_saved(&s->solo, "alice", contact_of_alice, 1), 200);
	cr_assert_eq(solo_saved(&s->solo, "bob", contact_of_bob, 1), 200);
	find_key(s, "*:r:*alice@*", s->record);
	find_key(s, "*:r:*bob@*", s->other);
	find_key(s, "*:d", s->deadlines);
	find_key(s, "*:t:*192.0.2.1*", s->tags);
	find_key(s, "*:schema", s->schema);
	s->value = value_of(s, s->record, &s->n);
	s->value_of_other = value_of(s, s->other, &s->n_of_other);
	cr_assert_not_null(s->value);
	cr_assert_not_null(s->value_of_other);
	s->cseq = 10;
	return s;
}

static void scene_free(scene *s)
{
	solo_close(&s->solo);
	redis_server_free(s->server);
	free(s->value);
	free(s->value_of_other);
	free(s);
}

static call verb_of(scene *s, void (*verb)(solo *s, call *c, const char *text), const char *text)
{
	call c;

	verb(&s->solo, &c, text);
	cr_expect(solo_finish(&s->solo, &c), "a verb is answered once");
	return c;
}

static call walk_of(scene *s, void (*verb)(solo *s, call *c))
{
	call c;

	verb(&s->solo, &c);
	cr_expect(solo_finish(&s->solo, &c), "a walk is answered once");
	return c;
}

static void bob_goes_on(scene *s, const char *what)
{
	cr_expect_eq(solo_saved(&s->solo, "bob", contact_of_bob, ++s->cseq), 200, "%s: bob registers", what);
	cr_expect_eq(solo_targets(&s->solo, "bob"), 1, "%s: bob is found", what);
}

/* Each verb meets the record of alice, which is not to be read. */
static void expect_broken(scene *s, const char *what)
{
	call c = verb_of(s, solo_lookup, "alice");

	cr_expect_eq(c.status, RG_ESTORE, "%s: a lookup says %s", what, rg_status_name(c.status));
	cr_expect_eq(c.code, 503, "%s", what);
	solo_save(&s->solo, &c, "alice", contact_of_alice, ++s->cseq);
	cr_expect(solo_finish(&s->solo, &c), "%s: a save is answered once", what);
	cr_expect_eq(c.status, RG_ESTORE, "%s: a save says %s", what, rg_status_name(c.status));
	cr_expect_eq(c.code, 503, "%s", what);
	c = verb_of(s, solo_remove, "alice");
	cr_expect_eq(c.status, RG_ESTORE, "%s: a removal says %s", what, rg_status_name(c.status));
	walk_of(s, solo_tick);
	walk_of(s, solo_each);
	verb_of(s, solo_remove_ip, "192.0.2.1");
	bob_goes_on(s, what);
}

/* It may be readable by chance: then any answer will do. */
static void expect_survived(scene *s, const char *what)
{
	call c = verb_of(s, solo_lookup, "alice");

	cr_expect(c.status == RG_OK || c.status == RG_ESTORE, "%s: a lookup says %s", what, rg_status_name(c.status));
	solo_save(&s->solo, &c, "alice", contact_of_alice, ++s->cseq);
	cr_expect(solo_finish(&s->solo, &c), "%s: a save is answered once", what);
	cr_expect(c.status == RG_OK || c.status == RG_ESTORE, "%s: a save says %s", what, rg_status_name(c.status));
}

static void recreate(scene *s, const char *key, const char *const *argv)
{
	free(redis_ask(s->server, "DEL", key));
	char *reply = redis_server_ask(s->server, argv);

	cr_assert(reply && reply[0] != '-', "%s: %s", argv[0], reply);
	free(reply);
}

#define RECREATE(s, key, ...) recreate((s), (key), (const char *const[]){ __VA_ARGS__, NULL })

static void each_wrong_type(scene *s, const char *key, void (*expect)(scene *s, const char *what))
{
	RECREATE(s, key, "RPUSH", key, "a", "b");
	expect(s, "a list");
	RECREATE(s, key, "SADD", key, "a", "b");
	expect(s, "a set");
	RECREATE(s, key, "HSET", key, "a", "b");
	expect(s, "a hash");
	RECREATE(s, key, "XADD", key, "*", "a", "b");
	expect(s, "a stream");
}

Test(hostile, a_record_of_another_type)
{
	scene *s = scene_new();

	each_wrong_type(s, s->record, expect_broken);
	RECREATE(s, s->record, "ZADD", s->record, "1", "a");
	expect_broken(s, "a sorted set");
	free(redis_ask(s->server, "DEL", s->record));
	cr_expect_eq(solo_saved(&s->solo, "alice", contact_of_alice, ++s->cseq), 200, "without it alice registers again");
	scene_free(s);
}

Test(hostile, a_record_that_is_truncated)
{
	scene *s = scene_new();

	for (size_t n = 0; n < s->n; n++) {
		char what[64];

		snprintf(what, sizeof what, "%zu of %zu bytes", n, s->n);
		put_value(s, s->record, s->value, n);
		call c = verb_of(s, solo_lookup, "alice");

		cr_expect_eq(c.status, RG_ESTORE, "%s: a lookup says %s", what, rg_status_name(c.status));
		if (n % 16 == 3)
			expect_broken(s, what);
	}
	put_value(s, s->record, s->value, s->n);
	cr_expect_eq(solo_targets(&s->solo, "alice"), 1, "the whole is good");
	scene_free(s);
}

Test(hostile, a_record_with_bytes_behind_it)
{
	scene *s = scene_new();
	char *longer = malloc(s->n + 8);

	memcpy(longer, s->value, s->n);
	memset(longer + s->n, 0xc0, 8);
	put_value(s, s->record, longer, s->n + 8);
	expect_broken(s, "eight more bytes");
	free(longer);
	scene_free(s);
}

Test(hostile, a_record_with_each_byte_changed)
{
	scene *s = scene_new();
	char *changed = malloc(s->n);

	for (size_t i = 0; i < s->n; i++) {
		char what[64];

		memcpy(changed, s->value, s->n);
		changed[i] ^= i % 2 ? 0xff : 0x01;
		snprintf(what, sizeof what, "byte %zu changed", i);
		put_value(s, s->record, changed, s->n);
		expect_survived(s, what);
	}
	bob_goes_on(s, "afterwards");
	free(changed);
	scene_free(s);
}

Test(hostile, random_bytes)
{
	scene *s = scene_new();
	char bytes[600];
	uint64_t dice = 1;

	for (int i = 0; i < RANDOM_VALUES; i++) {
		char what[64];
		size_t n = (size_t)i * 2, kept = i % 2 ? 3 : 22;

		for (size_t k = 0; k < sizeof bytes; k++) {
			dice = dice * 6364136223846793005u + 1442695040888963407u;
			bytes[k] = (char)(dice >> 56);
		}
		if (i % 4)
			memcpy(bytes, s->value, kept);
		snprintf(what, sizeof what, "%zu random bytes, %d", n, i);
		put_value(s, s->record, bytes, n);
		call c = verb_of(s, solo_lookup, "alice");

		cr_expect_eq(c.status, RG_ESTORE, "%s: a lookup says %s", what, rg_status_name(c.status));
		if (i % 30 == 0)
			expect_broken(s, what);
	}
	scene_free(s);
}

Test(hostile, the_record_of_another)
{
	scene *s = scene_new();

	put_value(s, s->record, s->value_of_other, s->n_of_other);
	expect_broken(s, "bob's record");
	scene_free(s);
}

Test(hostile, a_record_of_a_huge_size)
{
	scene *s = scene_new();
	size_t n = (size_t)8 << 20;
	char *huge = calloc(n, 1);

	put_value(s, s->record, huge, n);
	expect_broken(s, "8 MiB of zeros");
	memcpy(huge, s->value, s->n);
	put_value(s, s->record, huge, n);
	expect_broken(s, "8 MiB behind a record");
	free(huge);
	scene_free(s);
}

Test(hostile, a_record_of_the_future)
{
	scene *s = scene_new();

	s->value[2] = '9';
	put_value(s, s->record, s->value, s->n);
	expect_broken(s, "rg9");
	scene_free(s);
}

static void expect_no_crash(scene *s, const char *what)
{
	verb_of(s, solo_lookup, "alice");
	verb_of(s, solo_remove_ip, "192.0.2.1");
	walk_of(s, solo_each);
	walk_of(s, solo_tick);
	call c;

	solo_save(&s->solo, &c, "alice", contact_of_alice, ++s->cseq);
	cr_expect(solo_finish(&s->solo, &c), "%s: a save is answered once", what);
	solo_save(&s->solo, &c, "carol", contact_of_bob, ++s->cseq);
	cr_expect(solo_finish(&s->solo, &c), "%s: a first save is answered once", what);
	cr_expect(c.code == 200 || c.code == 503, "%s: %d", what, c.code);
	cr_expect_eq(solo_targets(&s->solo, "bob"), 1, "%s: bob is found", what);
}

/* What is in the key is not ours to delete, so a commit that would change it is refused; one that need not touch it goes on. */
Test(hostile, deadlines_of_another_type)
{
	scene *s = scene_new();

	each_wrong_type(s, s->deadlines, expect_no_crash);
	put_value(s, s->deadlines, "text", 4);
	expect_no_crash(s, "a string");
	call c = walk_of(s, solo_each);

	cr_expect_eq(c.status, RG_ESTORE, "a walk says so");
	free(redis_ask(s->server, "DEL", s->deadlines));
	cr_expect_eq(solo_saved(&s->solo, "alice", contact_of_alice, ++s->cseq), 200);
	scene_free(s);
}

Test(hostile, a_tag_set_of_another_type)
{
	scene *s = scene_new();

	each_wrong_type(s, s->tags, expect_no_crash);
	put_value(s, s->tags, "text", 4);
	expect_no_crash(s, "a string");
	call c = verb_of(s, solo_remove_ip, "192.0.2.1");

	cr_expect_eq(c.status, RG_ESTORE, "a removal by address says so");
	bob_goes_on(s, "beside it");
	scene_free(s);
}

/* Members that are no keys of ours, and one that is another domain's. */
Test(hostile, members_that_are_none)
{
	static const char *const members[] = { "", "x", "1:2", "8:5:locationalice", "99999999999999999999:1:a/b@c", "-1:2:a/b@c",
		"8:300:location/a@b", "8:5:location/alice", "0:0:/@", "8:5:location/alice@\nexample.org" };
	scene *s = scene_new();

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		free(redis_ask(s->server, "ZADD", s->deadlines, "1", members[i]));
		free(redis_ask(s->server, "ZADD", s->tags, "0", members[i]));
	}
	walk_of(s, solo_tick);
	call c = walk_of(s, solo_each);

	cr_expect_eq(c.status, RG_OK, "a walk passes them: %s", rg_status_name(c.status));
	cr_expect_eq(c.n, 2, "%u records", c.n);
	c = verb_of(s, solo_remove_ip, "192.0.2.1");
	cr_expect_eq(c.status, RG_OK, "a removal passes them: %s", rg_status_name(c.status));
	cr_expect_eq(c.n, 1, "%u removed", c.n);
	bob_goes_on(s, "among them");
	scene_free(s);
}

static void expect_refused_schema(scene *s, const char *what)
{
	solo other;

	solo_open(&other, redis_server_address(s->server), "?buckets=1&cache=0");
	cr_expect(solo_connect(&other, RG_REDIS_DOWN), "%s", what);
	cr_expect_eq(solo_targets(&other, "bob"), RG_ESTORE, "%s", what);
	cr_expect(other.log[0], "%s: the log says why", what);
	solo_close(&other);
}

Test(hostile, a_schema_that_is_none)
{
	static const char *const texts[] = { "", "1", "2 1 0", "1 64 0b2a3c64-0000-0000-0000-000000000000", "1 x y", "99999999999999999999 1 z",
		"1 1", "\xff\xfe" };
	scene *s = scene_new();

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		put_value(s, s->schema, texts[i], strlen(texts[i]));
		expect_refused_schema(s, texts[i]);
	}
	each_wrong_type(s, s->schema, expect_refused_schema);
	free(redis_ask(s->server, "DEL", s->schema));
	solo other;

	solo_open(&other, redis_server_address(s->server), "?buckets=1");
	cr_expect_eq(solo_targets(&other, "bob"), 1, "without one, the next store writes it");
	solo_close(&other);
	scene_free(s);
}
