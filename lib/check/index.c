/* SPDX-License-Identifier: MIT */
/* Find, scan and count, without concurrent changes. */
#include "check/check.h"
#include <stdlib.h>

#define TAG_A RG_STR("192.0.2.1:5060")
#define TAG_B RG_STR("[2001:db8::1]:5061")
#define TAG_C RG_STR("flow-like \0 tag")

enum { FEW = 60 };

/* Checks that a walk gives those of the numbered keys 0 to n-1 that @p pattern marks with 1. */
static void expect_keys(rg__check *ck, const rg__check_walk *w, const char *pattern, uint64_t n)
{
	uint8_t seen[FEW];

	rg__check_collect(ck, w, seen, n, NULL);
	for (uint64_t i = 0; i < n; i++) {
		rg__check_that(ck, pattern[i] != '1' || seen[i] > 0, "a walk leaves out a key that it is to give");
		rg__check_that(ck, pattern[i] == '1' || seen[i] == 0, "a walk gives a key that it is not to give");
	}
}

static rg__check_walk finding(rg_str domain, rg_str tag, uint32_t limit)
{
	return (rg__check_walk){ .kind = RG__CHECK_FIND, .domain = domain, .tag = tag, .limit = limit };
}

static rg__check_walk scanning(rg_str domain, uint32_t limit)
{
	return (rg__check_walk){ .kind = RG__CHECK_SCAN, .domain = domain, .limit = limit };
}

static rg_revision add_indexed_key(rg__check *ck, rg_str domain, uint64_t number, rg_str tag)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, domain, number), 5000, tag);

	return rg__check_new(ck, &s);
}

static void by_tag(rg__check *ck)
{
	rg__check_walk a = finding(RG__CHECK_DOMAIN, TAG_A, 2), b = finding(RG__CHECK_DOMAIN, TAG_B, 2);
	rg__check_walk c = finding(RG__CHECK_DOMAIN, TAG_C, 2);

	expect_keys(ck, &a, "000000", 6);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 0, TAG_A);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 1, TAG_B);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 2, TAG_A);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 3, RG__CHECK_ABSENT);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 4, TAG_A);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 5, TAG_C);
	expect_keys(ck, &a, "101010", 6);
	expect_keys(ck, &b, "010000", 6);
	expect_keys(ck, &c, "000001", 6);
}

static void tags_apart(rg__check *ck)
{
	static const rg_str tags[] = { { "t", 1 }, { "t\0", 2 }, { "t ", 2 }, { "T", 1 }, { "tt", 2 }, { "\xfft", 2 } };

	for (uint64_t i = 0; i < 6; i++)
		add_indexed_key(ck, RG__CHECK_DOMAIN, i, tags[i]);
	for (uint64_t i = 0; i < 6; i++) {
		char pattern[] = "000000";
		rg__check_walk w = finding(RG__CHECK_DOMAIN, tags[i], 10);

		pattern[i] = '1';
		expect_keys(ck, &w, pattern, 6);
	}
}

static void retagged(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 0), 5000, TAG_A);
	rg__check_walk a = finding(RG__CHECK_DOMAIN, TAG_A, 5), b = finding(RG__CHECK_DOMAIN, TAG_B, 5);
	rg__check_walk c = finding(RG__CHECK_DOMAIN, TAG_C, 5);
	rg_revision r = rg__check_new(ck, &s);

	add_indexed_key(ck, RG__CHECK_DOMAIN, 1, TAG_A);
	s.tags[0] = TAG_B;
	r = rg__check_put(ck, &s, &r);
	expect_keys(ck, &a, "01", 2);
	expect_keys(ck, &b, "10", 2);
	s = (rg__check_draft){ .key = s.key, .deadline = 5000, .tags = { TAG_A, TAG_C, TAG_B }, .n_tags = 3 };
	r = rg__check_put(ck, &s, &r);
	expect_keys(ck, &a, "11", 2);
	expect_keys(ck, &b, "10", 2);
	expect_keys(ck, &c, "10", 2);
	s = (rg__check_draft){ .key = s.key, .deadline = 5000, .tags = { TAG_B, TAG_A }, .n_tags = 2 };
	r = rg__check_put(ck, &s, &r);
	expect_keys(ck, &a, "11", 2);
	expect_keys(ck, &b, "10", 2);
	expect_keys(ck, &c, "00", 2);
	s.n_tags = 0;
	r = rg__check_put(ck, &s, &r);
	expect_keys(ck, &a, "01", 2);
	expect_keys(ck, &b, "00", 2);
	s.n_tags = 2;
	r = rg__check_put(ck, &s, &r);
	rg__check_drop(ck, &s.key, &r);
	expect_keys(ck, &a, "01", 2);
	expect_keys(ck, &b, "00", 2);
}

/* Two bindings of a record with the same next hop make one tag. It goes with the last of them. */
static void shared_by_bindings(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = { .key = *rg__check_name(&name, RG__CHECK_DOMAIN, 0), .deadline = 5000, .tags = { TAG_A, TAG_A }, .n_tags = 2 };
	rg__check_walk a = finding(RG__CHECK_DOMAIN, TAG_A, 5);
	rg_revision r = rg__check_new(ck, &s);

	rg__check_that(ck, rg__check_collect(ck, &a, (uint8_t[1]){ 0 }, 1, NULL) == 1, "a key with two bindings on a tag is given twice");
	s.n_tags = 1;
	r = rg__check_put(ck, &s, &r);
	expect_keys(ck, &a, "1", 1);
	s.n_tags = 0;
	rg__check_put(ck, &s, &r);
	expect_keys(ck, &a, "0", 1);
}

static void domains_apart(rg__check *ck)
{
	rg_str other = RG_STR("locatio"), none = RG_STR("");
	rg__check_walk w;

	add_indexed_key(ck, RG__CHECK_DOMAIN, 0, TAG_A);
	add_indexed_key(ck, other, 1, TAG_A);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 2, TAG_A);
	add_indexed_key(ck, none, 3, TAG_A);
	w = finding(RG__CHECK_DOMAIN, TAG_A, 10);
	expect_keys(ck, &w, "1010", 4);
	w = finding(other, TAG_A, 10);
	expect_keys(ck, &w, "0100", 4);
	w = scanning(RG__CHECK_DOMAIN, 10);
	expect_keys(ck, &w, "1010", 4);
	w = scanning(other, 10);
	expect_keys(ck, &w, "0100", 4);
	w = scanning(none, 10);
	expect_keys(ck, &w, "0001", 4);
	w = scanning(RG_STR("unheard of"), 10);
	expect_keys(ck, &w, "0000", 4);
}

static void scanned(rg__check *ck)
{
	static const uint32_t limits[] = { 1, 2, 7, FEW, FEW + 1, UINT32_MAX };
	char pattern[FEW + 1] = "";

	for (uint64_t i = 0; i < FEW; i++) {
		pattern[i] = '1';
		add_indexed_key(ck, RG__CHECK_DOMAIN, i, i % 2 ? TAG_A : RG__CHECK_ABSENT);
	}
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		rg__check_walk w = scanning(RG__CHECK_DOMAIN, limits[i]);

		expect_keys(ck, &w, pattern, FEW);
	}
	for (uint64_t i = 0; i < FEW; i++)
		pattern[i] = i % 2 ? '1' : '0';
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		rg__check_walk w = finding(RG__CHECK_DOMAIN, TAG_A, limits[i]);

		expect_keys(ck, &w, pattern, FEW);
	}
}

static void expect_count(rg__check *ck, rg_str domain, uint64_t records, uint64_t bindings)
{
	rg__check_answer *a = rg__check_count(ck, domain);

	rg__check_that(ck, a->records == records, "count says %llu records where there are %llu", (unsigned long long)a->records,
		(unsigned long long)records);
	rg__check_that(ck, a->bindings == bindings, "count says %llu bindings where there are %llu", (unsigned long long)a->bindings,
		(unsigned long long)bindings);
}

static void counts_bindings(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = { .key = *rg__check_name(&name, RG__CHECK_DOMAIN, 0), .deadline = 5000,
		.tags = { TAG_A, TAG_B, RG_STR("192.0.2.3:5060") }, .n_tags = 3 };
	rg_revision r;

	if (!ck->ops->count)
		return;
	expect_count(ck, RG__CHECK_DOMAIN, 0, 0);
	r = rg__check_new(ck, &s);
	expect_count(ck, RG__CHECK_DOMAIN, 1, 3);
	add_indexed_key(ck, RG__CHECK_DOMAIN, 1, TAG_A);
	add_indexed_key(ck, RG_STR("other"), 2, TAG_A);
	expect_count(ck, RG__CHECK_DOMAIN, 2, 4);
	expect_count(ck, RG_STR("other"), 1, 1);
	s.n_tags = 2;
	r = rg__check_put(ck, &s, &r);
	expect_count(ck, RG__CHECK_DOMAIN, 2, 3);
	s.removed = true;
	r = rg__check_put(ck, &s, &r);
	expect_count(ck, RG__CHECK_DOMAIN, 1, 1);
	rg__check_holds(ck, &s.key, &r);
	s.removed = false;
	r = rg__check_put(ck, &s, &r);
	expect_count(ck, RG__CHECK_DOMAIN, 2, 3);
	rg__check_drop(ck, &s.key, &r);
	expect_count(ck, RG__CHECK_DOMAIN, 1, 1);
	expect_count(ck, RG_STR("unheard of"), 0, 0);
}

/* As many keys on one tag as behind a carrier's border element. Another tag must still find its single key. */
static void many_on_one(rg__check *ck)
{
	uint64_t n = ck->options->many;
	uint8_t *seen = calloc(n + 1, 1);
	rg__check_walk many = finding(RG__CHECK_DOMAIN, TAG_A, 1000), one = finding(RG__CHECK_DOMAIN, TAG_B, 1000);

	if (!rg__check_that(ck, seen != NULL, "the check ran out of memory"))
		return;
	for (uint64_t i = 0; i < n && rg__check_ok(ck); i++) {
		rg__check_label name;
		rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, i), 5000, TAG_A);

		rg__check_put(ck, &s, &(rg_revision){ { 0 } });
	}
	add_indexed_key(ck, RG__CHECK_DOMAIN, n, TAG_B);
	rg__check_collect(ck, &many, seen, n + 1, NULL);
	for (uint64_t i = 0; i < n; i++)
		rg__check_that(ck, seen[i] > 0, "a find over very many keys leaves one out");
	rg__check_that(ck, seen[n] == 0, "a find over very many keys gives one of another tag");
	rg__check_that(ck, rg__check_collect(ck, &one, seen, n + 1, NULL) == 1 && seen[n] == 1, "a key beside very many is not found");
	free(seen);
}

const rg__check_case rg__check_index[] = {
	{ "find gives the keys that carry a tag, and no others", by_tag },
	{ "tags are octets", tags_apart },
	{ "a commit changes the tags with the record", retagged },
	{ "a tag of two bindings is one", shared_by_bindings },
	{ "domains are apart", domains_apart },
	{ "scan and find give everything, whatever the limit", scanned },
	{ "count counts what has bindings", counts_bindings },
	{ "very many keys may carry one tag", many_on_one },
	{ NULL, NULL },
};
