/* SPDX-License-Identifier: MIT */
#include "sample_record.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "model/model.h"

#define ABSENT ((rg_str){ NULL, 0 })

static bool put(rg__dictionary *d, unsigned kind, const char *text, rg__slice *out)
{
	return rg__dictionary_put(d, kind, rg_str_from(text), out);
}

static bool same_slice(rg__slice a, rg__slice b)
{
	return a.at == b.at && a.n == b.n;
}

Test(dictionary, a_string_keeps_the_place_that_it_got)
{
	static const char *const texts[] = { "udp:203.0.113.1:5060", "tls:203.0.113.1:5061", "udp:203.0.113.2:5060", "node", "node-12", "node-123" };
	enum { N = sizeof texts / sizeof *texts };
	rg__dictionary *d = rg__dictionary_new();
	rg__slice places[N], again;

	cr_assert_not_null(d);
	for (int i = 0; i < N; i++) {
		cr_assert(put(d, RG__SHARED_PLACES, texts[i], &places[i]));
		for (int k = 0; k <= i; k++) {
			cr_assert(put(d, RG__SHARED_PLACES, texts[k], &again));
			cr_expect(same_slice(again, places[k]), "%s after %s", texts[k], texts[i]);
			cr_expect(rg_str_equal(rg__dictionary_text(d, again), rg_str_from(texts[k])), "%s", texts[k]);
			cr_assert(rg__dictionary_put(d, RG__SHARED_PLACES, rg__dictionary_text(d, again), &again));
			cr_expect(same_slice(again, places[k]), "%s, by its place", texts[k]);
		}
	}
	cr_expect(same_slice(rg__dictionary_first(d, RG__SHARED_PLACES), places[0]));
	cr_expect(same_slice(rg__dictionary_first(d, RG__SHARED_AGENTS), (rg__slice){ 0, 0 }));
	rg__dictionary_close(d);
}

/* The same octets may be divided in other places, as the record has the lengths. */
Test(dictionary, domain_and_host_are_one_string)
{
	static const struct {
		const char *domain, *host;
		int as; /* the earlier row that has the same octets; else this one */
	} rows[] = {
		{ "location", "example.org", 0 }, { "position", "example.org", 1 }, { "location", "example.net", 2 }, { "location", "example.org", 0 },
		{ "position", "example.org", 1 }, { "locationexample", ".org", 0 }, { "", "locationexample.org", 0 }, { "location", "", 7 },
	};
	enum { N = sizeof rows / sizeof *rows };
	rg__dictionary *d = rg__dictionary_new();
	rg__slice at[N];

	for (int i = 0; i < N; i++) {
		char both[64];

		snprintf(both, sizeof both, "%s%s", rows[i].domain, rows[i].host);
		cr_assert(rg__dictionary_put_names(d, rg_str_from(rows[i].domain), rg_str_from(rows[i].host), &at[i]), "row %d", i);
		cr_expect(rg_str_equal(rg__dictionary_text(d, at[i]), rg_str_from(both)), "row %d", i);
		for (int k = 0; k < i; k++)
			cr_expect_eq(same_slice(at[i], at[k]), rows[i].as == rows[k].as, "rows %d and %d", i, k);
	}
	rg__dictionary_close(d);
}

/* Neither a string that saves nothing nor one that would take the room of many. */
Test(dictionary, takes_strings_of_4_to_191_octets)
{
	rg__dictionary *d = rg__dictionary_new();
	char text[256];

	for (size_t n = 0; n < sizeof text; n++) {
		rg__slice at;
		rg_str s = { text, n };

		memset(text, 'a' + (int)(n % 26), sizeof text);
		snprintf(text, sizeof text, "%03zu", n);
		text[3] = ' ';
		cr_expect_eq(rg__dictionary_put(d, RG__SHARED_AGENTS, s, &at), n >= 4 && n <= 191, "%zu", n);
		if (n >= 4 && n <= 191)
			cr_expect(rg_str_equal(rg__dictionary_text(d, at), s), "%zu", n);
	}
	rg__dictionary_close(d);
}

/* Enters strings of @p length octets until it was refused @p refusals times. @return how many it took. */
static uint32_t fill_kind(rg__dictionary *d, unsigned kind, size_t length, uint32_t refusals)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; refusals > 0 && i < 5000; i++) {
		char text[192];
		rg__slice at;

		memset(text, '.', sizeof text);
		text[snprintf(text, sizeof text, "%07u", i)] = '.';
		if (rg__dictionary_put(d, kind, (rg_str){ text, length }, &at))
			taken++;
		else
			refusals--;
	}
	return taken;
}

Test(dictionary, a_kind_has_room_for_some_strings_and_takes_none_from_another)
{
	static const struct {
		unsigned kind;
		size_t length;
		uint32_t most;
	} rows[] = {
		{ RG__SHARED_NAMES, 8, 256 }, { RG__SHARED_PLACES, 8, 256 }, { RG__SHARED_AGENTS, 8, 512 },
		{ RG__SHARED_NAMES, 191, 1 + (16384 - 12) / 192 }, { RG__SHARED_PLACES, 190, 1 + (16384 - 12) / 192 },
		{ RG__SHARED_AGENTS, 189, 1 + (32768 - 12) / 192 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg__dictionary *d = rg__dictionary_new();
		rg__slice first, at;

		cr_assert(put(d, rows[i].kind, "the first", &first));
		cr_expect_eq(1 + fill_kind(d, rows[i].kind, rows[i].length, 100), rows[i].most, "row %zu", i);
		cr_expect(!put(d, rows[i].kind, "late", &at), "row %zu: what is full stays closed", i);
		cr_expect(put(d, rows[i].kind, "the first", &at) && same_slice(at, first), "row %zu", i);
		for (unsigned kind = 0; kind < RG__SHARED_KINDS; kind++) {
			if (kind != rows[i].kind)
				cr_expect(put(d, kind, kind == 0 ? "other" : kind == 1 ? "others" : "another", &at), "row %zu, kind %u", i, kind);
		}
		rg__dictionary_close(d);
	}
}

/* Made to be taken for each other: only octets differ that the search for a slot does not read. */
Test(dictionary, a_search_ends_after_a_few_strings)
{
	rg__dictionary *d = rg__dictionary_new();
	rg__slice at;

	for (uint32_t i = 0; i < 20; i++) {
		char text[101];

		memset(text, 'x', sizeof text);
		text[100] = 0;
		text[20] = (char)('a' + i);
		cr_expect_eq(put(d, RG__SHARED_AGENTS, text, &at), i < 8, "%u", i);
	}
	cr_expect(put(d, RG__SHARED_AGENTS, "another one", &at));
	rg__dictionary_close(d);
}

static rg_record *built(rg__dictionary *d, const rg_contact *contacts, uint32_t n)
{
	rg_key key = sample_key();
	rg_record *out = NULL;

	cr_assert_eq(rg__record_build(d, &key, &sample_revision, contacts, n, NULL, 0, ABSENT, &out), RG_OK);
	return out;
}

static void expect_same_text(const rg_record *a, const rg_record *b)
{
	char x[8192], y[8192];
	size_t n, m;

	cr_assert_eq(rg_record_text(a, RG_TEXT_OPAQUE, x, sizeof x, &n), RG_OK);
	cr_assert_eq(rg_record_text(b, RG_TEXT_OPAQUE, y, sizeof y, &m), RG_OK);
	cr_assert(n < sizeof x && n == m && memcmp(x, y, n) == 0, "%.*s\nis not\n%.*s", (int)n, x, (int)m, y);
	cr_assert_eq(rg_record_tag_count(a), rg_record_tag_count(b));
	for (uint32_t i = 0; i < rg_record_tag_count(a); i++)
		cr_expect(rg_str_equal(rg_record_tag(a, i), rg_record_tag(b, i)), "tag %u", i);
}

static void expect_same_encoding(const rg_record *a, const rg_record *b)
{
	uint8_t *x, *y;
	size_t n, m;

	cr_assert_eq(rg_record_encode(a, &x, &n), RG_OK);
	cr_assert_eq(rg_record_encode(b, &y, &m), RG_OK);
	cr_expect(n == m && memcmp(x, y, n) == 0);
	rg_mem_free(x);
	rg_mem_free(y);
}

/* The binding that memory is measured with. An allocation of 344 octets has no padding. */
Test(dictionary, a_record_of_the_measured_kind_takes_344_bytes)
{
	rg__dictionary *d = rg__dictionary_new();
	rg_contact c = sample_contact(), got;
	rg_record *r = built(d, &c, 1), *other = built(d, &c, 1);

	cr_expect_leq(rg_record_size(r), 344, "%zu bytes", rg_record_size(r));
	cr_assert_eq(rg__record_contact(r, 0, &c), RG_OK);
	cr_assert_eq(rg__record_contact(other, 0, &got), RG_OK);
	cr_expect(c.user_agent.p == got.user_agent.p && c.socket.p == got.socket.p);
	rg_record_unref(r);
	rg_record_unref(other);
	rg__dictionary_close(d);
}

/* A record is read, and the next one made of it, after the owner of the dictionary has gone. */
Test(dictionary, lives_as_long_as_a_record_that_refers_to_it)
{
	rg__dictionary *d = rg__dictionary_new();
	rg_contact c = sample_contact(), changed = sample_contact();
	const uint16_t given = RG__GIVEN;
	rg_record *r = built(d, &c, 1), *plain = built(NULL, &c, 1), *renewed, *anew;

	rg__dictionary_close(d);
	expect_same_text(r, plain);
	changed.cseq++;
	cr_assert_eq(rg__record_next(r, NULL, NULL, &sample_revision, &changed, &given, 1, NULL, 0, &renewed), RG_OK);
	changed.user_agent = RG_STR("Another Softphone 1.0");
	cr_assert_eq(rg__record_next(renewed, NULL, NULL, &sample_revision, &changed, &given, 1, NULL, 0, &anew), RG_OK);
	rg_record_unref(r);
	rg_record_unref(renewed);
	cr_assert_eq(rg__record_contact(anew, 0, &c), RG_OK);
	cr_expect(rg_str_equal(c.user_agent, changed.user_agent) && rg_str_equal(c.socket, changed.socket));
	rg_record_unref(anew);
	rg_record_unref(plain);
}

static rg_str drawn(const char *const *from, uint32_t n, uint64_t *state)
{
	return rg_str_from(from[sample_random(state) % n]);
}

/* Of few values: present, absent, empty, too short and too long for the dictionary. */
static void draw_strings(rg_contact *c, uint64_t *state)
{
	static char long_text[300];
	const char *agents[] = { "Softphone 3.14", "Deskphone/2", NULL, "", "ab", long_text };
	const char *sockets[] = { "udp:203.0.113.1:5060", "tls:203.0.113.1:5061", NULL, "udp:203.0.113.2:5060" };
	const char *tags[] = { NULL, NULL, "node-a", "node-b" };
	const char *flows[] = { NULL, "flow-1", "udp:203.0.113.1:5060" };

	memset(long_text, 'l', sizeof long_text - 1);
	c->user_agent = drawn(agents, 6, state);
	c->socket = drawn(sockets, 4, state);
	c->ownership_tag = drawn(tags, 4, state);
	c->flow = drawn(flows, 3, state);
	c->expires = 1700003600000 + (rg_time)(sample_random(state) % 1000);
}

/* With a dictionary, with one that is full, and without: each next record has the same text, tags and encoding. */
Test(dictionary, changes_nothing_of_what_a_record_says)
{
	enum { N = 3, ROUNDS = 300 };
	rg__dictionary *d = rg__dictionary_new(), *full = rg__dictionary_new();
	rg_key key = sample_key();
	rg_str extra = RG_STR("\xa1z\x07");
	uint64_t state = 1;

	for (unsigned kind = 0; kind < RG__SHARED_KINDS; kind++)
		fill_kind(full, kind, 8, 1);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t n = 1 + round % N;
		rg_contact c[N], room[N];
		uint16_t kept[N];
		rg_record *before[3], *next[3];
		rg__dictionary *const of[3] = { NULL, d, full };

		for (uint32_t i = 0; i < n; i++) {
			c[i] = sample_contact();
			c[i].id = i + 1;
			draw_strings(&c[i], &state);
		}
		for (int k = 0; k < 3; k++)
			cr_assert_eq(rg__record_build(of[k], &key, &sample_revision, c, n, NULL, 0, extra, &before[k]), RG_OK);
		for (uint32_t i = 0; i < n; i++) {
			kept[i] = sample_random(&state) % 2 ? RG__GIVEN : (uint16_t)i;
			if (sample_random(&state) % 3 == 0)
				draw_strings(&c[i], &state);
		}
		for (int k = 0; k < 3; k++) {
			memcpy(room, c, sizeof c);
			cr_assert_eq(rg__record_next(before[k], of[k], NULL, &sample_revision, room, kept, n, NULL, 0, &next[k]), RG_OK);
		}
		for (int k = 1; k < 3; k++) {
			expect_same_text(before[k], before[0]);
			expect_same_text(next[k], next[0]);
			expect_same_encoding(next[k], next[0]);
		}
		for (int k = 0; k < 3; k++) {
			rg_record_unref(before[k]);
			rg_record_unref(next[k]);
		}
	}
	rg__dictionary_close(d);
	rg__dictionary_close(full);
}

/* Strings of two User-Agents that take turns are stored again and again without a dictionary. */
Test(dictionary, a_record_is_no_larger_than_another_store_can_take)
{
	enum { MANY = 1000 };
	static rg_contact c[MANY];
	static char agents[2][100];
	rg__dictionary *d = rg__dictionary_new();
	rg_key key = sample_key();
	uint32_t n = MANY;
	rg_record *r = NULL, *read;
	uint8_t *bytes;
	size_t size;

	for (uint32_t i = 0; i < MANY; i++) {
		memset(agents[i % 2], 'a' + (int)(i % 2), 99);
		rg_contact_init(&c[i], sizeof c[i]);
		c[i].id = i + 1;
		c[i].uri = RG_STR("sip:a@192.0.2.1");
		c[i].callid = RG_STR("c");
		c[i].expires = 5000;
		c[i].user_agent = rg_str_from(agents[i % 2]);
	}
	while (rg__record_build(d, &key, &sample_revision, c, n, NULL, 0, ABSENT, &r) == RG_ELIMIT)
		n--;
	cr_assert_not_null(r);
	cr_expect(n > 100 && n < MANY && rg_record_size(r) < RG_RECORD_BYTES_MAX / 2, "%u bindings, %zu bytes", n, rg_record_size(r));
	cr_assert_eq(rg_record_encode(r, &bytes, &size), RG_OK);
	cr_assert_eq(rg_record_decode(bytes, size, &read, NULL), RG_OK);
	cr_expect_eq(rg_record_contact_count(read), n);
	rg_mem_free(bytes);
	rg_record_unref(read);
	rg_record_unref(r);
	rg__dictionary_close(d);
}

enum { THREADS = 3, TEXTS = 40, TURNS = 400 };

typedef struct turner {
	rg__dictionary *d;
	rg_record *last; /* made by another thread, to be released by this one */
	uint64_t state;
	rg__slice places[TEXTS];
	uint32_t wrong;
} turner;

static void *take_turns(void *user)
{
	turner *t = user;

	for (uint32_t i = 0; i < TURNS; i++) {
		uint32_t which = (uint32_t)(sample_random(&t->state) % TEXTS);
		rg_contact c = sample_contact();
		rg__slice at;
		char text[32];

		snprintf(text, sizeof text, "Softphone %u", which);
		c.user_agent = rg_str_from(text);
		if (rg__dictionary_put(t->d, RG__SHARED_AGENTS, c.user_agent, &at)) {
			t->wrong += t->places[which].at != 0 && !same_slice(t->places[which], at);
			t->wrong += !rg_str_equal(rg__dictionary_text(t->d, at), c.user_agent);
			t->places[which] = at;
		}
		rg_record_unref(t->last);
		t->last = built(t->d, &c, 1);
		t->wrong += rg__record_contact(t->last, 0, &c) != RG_OK || !rg_str_equal(c.user_agent, rg_str_from(text));
	}
	return NULL;
}

/* The owner goes while the threads still free records. */
static void *release_last(void *user)
{
	rg_record_unref(((turner *)user)->last);
	return NULL;
}

Test(dictionary, is_filled_read_and_left_by_several_threads)
{
	rg__dictionary *d = rg__dictionary_new();
	turner turners[THREADS];
	pthread_t threads[THREADS];

	for (uint32_t i = 0; i < THREADS; i++) {
		turners[i] = (turner){ .d = d, .state = i };
		cr_assert_eq(pthread_create(&threads[i], NULL, take_turns, &turners[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t i = 0; i < THREADS; i++) {
		cr_expect_eq(turners[i].wrong, 0);
		for (uint32_t k = 0; k < TEXTS; k++)
			cr_expect(turners[i].places[k].at == 0 || turners[0].places[k].at == 0 || same_slice(turners[i].places[k], turners[0].places[k]));
	}
	for (uint32_t i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, release_last, &turners[(i + 1) % THREADS]), 0);
	rg__dictionary_close(d);
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
