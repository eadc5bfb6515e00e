/* SPDX-License-Identifier: MIT */
#include "sample_record.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include "model/model.h"

#define ABSENT ((rg_str){ NULL, 0 })

static void expect(rg_str got, const char *text)
{
	cr_assert(rg_str_equal(got, rg_str_from(text)), "\"%.*s\" is not \"%s\"", (int)got.n, got.p, text);
}

static rg_record *build(const rg_contact *contacts, uint32_t n)
{
	rg_record *r;

	cr_assert_eq(sample_build(contacts, n, &r), RG_OK);
	return r;
}

Test(record, keeps_a_binding_of_the_measured_kind_in_424_bytes)
{
	rg_contact c = sample_contact();
	rg_key key = sample_key();
	rg_record *r = build(&c, 1);

	cr_assert_eq(key.user.n + 1 + key.host.n, 24);
	cr_assert_eq(c.uri.n, 64);
	cr_assert_eq(c.callid.n, 36);
	cr_assert_eq(c.user_agent.n, 40);
	cr_assert_eq(c.instance.n, 47);
	cr_assert_eq(c.received.n, 36);
	cr_assert_eq(c.socket.n, 22);
	cr_assert_leq(rg_record_size(r), 424, "%zu bytes", rg_record_size(r));
	rg_record_unref(r);
}

Test(record, gives_back_every_field_of_a_binding)
{
	const rg_addr addr = { .ip = { 192, 0, 2, 9 }, .port = 5070, .family = 4 };
	rg_contact c = sample_contact(), got = { .struct_size = sizeof got };
	rg_record *r;

	c.flags = RG_CONTACT_PN | RG_CONTACT_OUTBOUND;
	c.path = RG_STR("<sip:p1.test;lr>\n<sip:p2.test;lr>");
	c.flow = RG_STR("tcp#17");
	c.attr = RG_STR("attr");
	c.ownership_tag = RG_STR("vip");
	c.next_hop = RG_STR("p1.test:5060");
	c.addrs = &addr;
	c.n_addrs = 1;
	c.wake = 42;
	c.q = 700;
	c.reg_id = 3;
	c.methods = 5;
	c.branch_flags = 6;
	c.latency = 1234;
	c.extra = RG_STR("\xa1z\x07");
	r = build(&c, 1);
	cr_assert_eq(rg_record_contact(r, 0, &got), RG_OK);
	cr_assert_eq(got.struct_size, sizeof got);
#define SAME_NUMBER(field) cr_assert_eq(got.field, c.field, #field)
	SAME_NUMBER(flags); SAME_NUMBER(id); SAME_NUMBER(generation); SAME_NUMBER(n_addrs); SAME_NUMBER(cseq); SAME_NUMBER(expires);
	SAME_NUMBER(created); SAME_NUMBER(modified); SAME_NUMBER(wake); SAME_NUMBER(request_hash); SAME_NUMBER(q); SAME_NUMBER(reg_id);
	SAME_NUMBER(methods); SAME_NUMBER(branch_flags); SAME_NUMBER(latency);
#define SAME_TEXT(field) cr_assert(rg_str_equal(got.field, c.field) && got.field.p != c.field.p, #field)
	SAME_TEXT(uri); SAME_TEXT(params); SAME_TEXT(instance); SAME_TEXT(callid); SAME_TEXT(path); SAME_TEXT(received); SAME_TEXT(socket);
	SAME_TEXT(flow); SAME_TEXT(user_agent); SAME_TEXT(attr); SAME_TEXT(ownership_tag); SAME_TEXT(next_hop); SAME_TEXT(extra);
	cr_assert_eq(memcmp(got.addrs, &addr, sizeof addr), 0);
	cr_assert_eq(rg_record_contact(r, 1, &got), RG_ENOENT);
	memset(&got, 0x5a, sizeof got);
	rg__record_listed(r, 0, &got);
	SAME_NUMBER(expires); SAME_NUMBER(modified); SAME_NUMBER(q);
	SAME_TEXT(uri); SAME_TEXT(params); SAME_TEXT(received);
	rg_record_unref(r);
}

Test(record, lists_a_binding_without_parameters_and_received)
{
	rg_contact c = sample_contact(), got;
	rg_record *r;

	c.params = c.received = c.instance = ABSENT;
	r = build(&c, 1);
	memset(&got, 0x5a, sizeof got);
	rg__record_listed(r, 0, &got);
	SAME_TEXT(uri);
	cr_expect(!got.params.p && !got.received.p && got.expires == c.expires);
	rg_record_unref(r);
}

Test(record, tells_absent_from_empty)
{
	rg_contact c = { .struct_size = sizeof c }, got = { .struct_size = sizeof got };
	rg_record *r;

	rg_contact_init(&c, sizeof c);
	c.id = 1;
	c.uri = RG_STR("sip:a@b");
	c.attr = RG_STR("");
	r = build(&c, 1);
	rg_record_contact(r, 0, &got);
	cr_assert_not_null(got.attr.p);
	cr_assert_eq(got.attr.n, 0);
	cr_assert_null(got.path.p);
	cr_assert_null(got.addrs);
	cr_assert_eq(got.q, -1);
	cr_assert_eq(got.latency, RG_LATENCY_NONE);
	cr_assert_eq(got.methods, RG_METHODS_ALL);
	rg_record_unref(r);
}

Test(record, gives_back_key_revision_removals_and_extra)
{
	rg_removal gone[2] = { sample_removal(), sample_removal() }, got = { .struct_size = sizeof got };
	rg_key key = sample_key(), k;
	rg_record *r;

	gone[1].instance = RG_STR("<urn:x>");
	gone[1].reg_id = 2;
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, gone, 2, RG_STR("\xa1z\x07"), &r), RG_OK);
	rg_record_key(r, &k);
	cr_assert(rg_key_equal(&k, &key));
	cr_assert(rg_revision_equal(rg_record_revision(r), &sample_revision));
	cr_assert(rg_revision_is_zero(rg_record_local_revision(r)));
	expect(rg_record_extra(r), "\xa1z\x07");
	cr_assert_eq(rg_record_removal_count(r), 2);
	cr_assert_eq(rg_record_removal(r, 0, &got), RG_OK);
	cr_assert_null(got.instance.p);
	cr_assert_eq(rg_record_removal(r, 1, &got), RG_OK);
	expect(got.uri, "sip:gone@192.0.2.1");
	expect(got.callid, "gone@1");
	expect(got.instance, "<urn:x>");
	cr_assert(got.cseq == 7 && got.reg_id == 2 && got.request_hash == 99 && got.at == gone[1].at);
	cr_assert_eq(rg_record_removal(r, 2, &got), RG_ENOENT);
	cr_assert_eq(rg_record_weight(r), 0);
	rg_record_unref(r);
}

Test(record, accepts_no_record_where_its_header_says_so)
{
	cr_assert_null(rg_record_ref(NULL));
	rg_record_unref(NULL);
	cr_assert(rg_revision_is_zero(rg_record_revision(NULL)));
	cr_assert(rg_record_contact_count(NULL) == 0 && rg_record_removal_count(NULL) == 0 && rg_record_size(NULL) == 0 && rg_record_weight(NULL) == 0);
	rg_key key = { .domain = { "d", 1 } };
	uint8_t *bytes;
	size_t n;

	rg_record_key(NULL, &key);
	cr_expect(key.domain.p == NULL && key.user.p == NULL && key.host.p == NULL);
	cr_expect_eq(rg_record_is_of(NULL, &key), 0);
	cr_expect_eq(rg_record_same_tags(NULL, NULL), 1);
	cr_expect_eq(rg_record_encode(NULL, &bytes, &n), RG_EINVAL);
	cr_expect(bytes == NULL && n == 0);
}

Test(record, null_equals_nothing_and_builds_nothing)
{
	rg_key key = { .host = { "h", 1 } };
	rg_revision revision = { { 1 } };
	rg_addr addr = { .family = 4 };
	rg_record *r;

	cr_expect(!rg_key_equal(NULL, &key) && !rg_key_equal(&key, NULL) && !rg_key_equal(NULL, NULL));
	cr_expect(!rg_revision_equal(NULL, &revision) && !rg_revision_equal(&revision, NULL) && !rg_revision_is_zero(NULL));
	cr_expect(!rg_addr_match(NULL, &addr) && !rg_addr_match(&addr, NULL));
	rg_contact_init(NULL, sizeof(rg_contact));
	cr_expect_eq(rg_record_new(NULL, &revision, NULL, 0, NULL, 0, ABSENT, &r), RG_EINVAL);
	cr_expect_null(r);
	cr_expect_eq(rg_record_new(&key, NULL, NULL, 0, NULL, 0, ABSENT, &r), RG_EINVAL);
	cr_expect_null(r);
}

Test(record, addresses_without_an_array_are_refused)
{
	rg_key key = { .host = { "h", 1 } };
	rg_revision revision = { { 1 } };
	rg_contact contact;
	rg_record *r = (rg_record *)&contact;

	rg_contact_init(&contact, sizeof contact);
	contact.n_addrs = 1;
	cr_expect_eq(rg_record_new(&key, &revision, &contact, 1, NULL, 0, ABSENT, &r), RG_EINVAL);
	cr_expect_null(r);
}

static void *ref_and_unref(void *record)
{
	for (int i = 0; i < 20000; i++)
		rg_record_unref(rg_record_ref(record));
	rg_record_unref(record);
	return NULL;
}

Test(record, lives_until_its_last_reference_on_any_thread)
{
	rg_contact c = sample_contact();
	rg_record *r = build(&c, 1);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, ref_and_unref, rg_record_ref(r)), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(rg_record_contact_count(r), 1);
	rg_record_unref(r);
}

Test(record, is_due_at_the_earliest_expiry_or_wake_up)
{
	static const struct { rg_time expires[2], wake[2], due; } rows[] = {
		{ { 100, 200 }, { 0, 0 }, 100 },
		{ { 200, 100 }, { 0, 0 }, 100 },
		{ { 200, 100 }, { 50, 0 }, 50 },
		{ { 200, 100 }, { 0, 150 }, 100 },
		{ { RG_TIME_NEVER, RG_TIME_NEVER }, { 0, 0 }, RG_TIME_NEVER },
		{ { -5, 1 }, { 0, 0 }, -5 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_contact c[2] = { sample_contact(), sample_contact() };
		for (int k = 0; k < 2; k++)
			c[k].expires = rows[i].expires[k], c[k].wake = rows[i].wake[k];
		rg_record *r = build(c, 2);
		cr_assert_eq(rg_record_deadline(r), rows[i].due, "row %zu", i);
		cr_assert_eq(rg_record_weight(r), 2);
		rg_record_unref(r);
	}
}

Test(record, of_removals_alone_is_due_when_the_newest_is_forgotten)
{
	static const struct { rg_time at[2], due; } rows[] = {
		{ { 1000, 500 }, 1000 + RG_REMOVAL_KEEP },
		{ { 500, 1000 }, 1000 + RG_REMOVAL_KEEP },
		{ { INT64_MAX - 5, 0 }, RG_TIME_NEVER },
	};
	rg_key key = sample_key();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_removal gone[2] = { sample_removal(), sample_removal() };
		rg_contact c = sample_contact();
		rg_record *r;

		gone[0].at = rows[i].at[0], gone[1].at = rows[i].at[1];
		cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, gone, 2, ABSENT, &r), RG_OK);
		cr_assert_eq(rg_record_deadline(r), rows[i].due, "row %zu", i);
		rg_record_unref(r);
		cr_assert_eq(rg_record_new(&key, &sample_revision, &c, 1, gone, 2, ABSENT, &r), RG_OK);
		cr_assert_eq(rg_record_deadline(r), c.expires, "bindings come first, row %zu", i);
		rg_record_unref(r);
	}
	rg_record *r = build(NULL, 0);
	cr_assert_eq(rg_record_deadline(r), RG_TIME_NEVER);
	rg_record_unref(r);
}

/* All tags in order, each followed by a space. */
static void expect_tags(const rg_record *r, const char *want)
{
	char got[512] = "";

	for (uint32_t i = 0; i < rg_record_tag_count(r); i++) {
		rg_str t = rg_record_tag(r, i);
		snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s ", (int)t.n, t.p);
	}
	cr_assert_str_eq(got, want);
	cr_assert_null(rg_record_tag(r, rg_record_tag_count(r)).p);
}

Test(record, is_found_under_next_hops_their_addresses_and_flows)
{
	static const rg_addr addrs[] = {
		{ .ip = { 192, 0, 2, 1 }, .family = 4 },
		{ .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .family = 6, .port = 9 },
	};
	rg_contact c = sample_contact();
	rg_record *r;

	c.next_hop = RG_STR("proxy.test:5070");
	c.addrs = addrs;
	c.n_addrs = 2;
	c.flow = RG_STR("17");
	r = build(&c, 1);
	expect_tags(r, "flow:17 proxy.test:5070 192.0.2.1:5070 [2001:db8::1]:5070 ");
	rg_record_unref(r);
}

Test(record, lists_no_tag_twice)
{
	const rg_addr addr[2] = { { .ip = { 198, 51, 100, 2 }, .family = 4 }, { .ip = { 198, 51, 100, 2 }, .family = 4 } };
	rg_contact c[4], got = { .struct_size = sizeof got };
	rg_record *r;

	for (int i = 0; i < 4; i++)
		c[i] = sample_contact();
	c[1].flow = c[2].flow = RG_STR("f");
	c[3].addrs = addr;
	c[3].n_addrs = 2;
	r = build(c, 4);
	expect_tags(r, "198.51.100.2:50600 flow:f ");
	for (uint32_t i = 0; i < 4; i++) {
		rg_record_contact(r, i, &got);
		expect(got.next_hop, "198.51.100.2:50600");
	}
	rg_record_contact(r, 2, &got);
	expect(got.flow, "f");
	rg_record_unref(r);
}

Test(record, has_no_tag_for_an_empty_next_hop_or_flow)
{
	rg_contact c = sample_contact();
	rg_record *r;

	c.next_hop = c.flow = RG_STR("");
	r = build(&c, 1);
	cr_assert_eq(rg_record_tag_count(r), 0);
	rg_record_unref(r);
}

Test(record, tells_many_tags_apart)
{
	enum { N = 300 };
	static char hops[N][32];
	rg_contact *c = calloc(N, sizeof *c);
	rg_record *r;

	for (int i = 0; i < N; i++) {
		snprintf(hops[i], sizeof hops[i], "10.0.%d.%d:5060", i / 2 / 200, i / 2 % 200);
		rg_contact_init(&c[i], sizeof c[i]);
		c[i].id = (uint64_t)i + 1;
		c[i].uri = RG_STR("sip:a@b");
		c[i].next_hop = rg_str_from(hops[i]);
	}
	r = build(c, N);
	cr_assert_eq(rg_record_tag_count(r), N / 2);
	for (int i = 0; i < N / 2; i++)
		expect(rg_record_tag(r, (uint32_t)i), hops[2 * i]);
	rg_record_unref(r);
	free(c);
}

/* A key whose parts have these lengths and one octet that stands for the rest. @p text keeps it. */
static rg_key key_of(const size_t n[3], char *text)
{
	rg_str part[3];

	for (int i = 0; i < 3; i++) {
		part[i] = (rg_str){ text, n[i] };
		text = (char *)memset(text, 'a' + i, n[i]) + n[i];
	}
	return (rg_key){ part[0], part[1], part[2] };
}

/* Changes every octet of the key in turn, and every length. */
static void expect_key_alone(const size_t n[3])
{
	char had[256], text[256];
	rg_key key = key_of(n, had), other;
	rg_record *r;

	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, NULL, 0, (rg_str){ NULL, 0 }, &r), RG_OK);
	other = key_of(n, text);
	cr_assert_eq(rg_record_is_of(r, &other), 1);
	for (size_t i = 0; i < n[0] + n[1] + n[2]; i++) {
		text[i] ^= 1;
		cr_expect_eq(rg_record_is_of(r, &other), 0, "octet %zu of %zu, %zu, %zu", i, n[0], n[1], n[2]);
		text[i] ^= 1;
	}
	for (int i = 0; i < 3; i++) {
		size_t more[3] = { n[0], n[1], n[2] };

		more[i]++;
		other = key_of(more, text);
		cr_expect_eq(rg_record_is_of(r, &other), 0, "part %d longer than %zu", i, n[i]);
	}
	rg_record_unref(r);
}

Test(record, is_of_its_key_alone)
{
	static const size_t lengths[] = { 0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 40 };
	enum { N = sizeof lengths / sizeof *lengths };

	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			expect_key_alone((size_t[]){ 8, lengths[i], lengths[j] });
			expect_key_alone((size_t[]){ lengths[i], lengths[j], 11 });
		}
	}
}

Test(record, tells_the_same_tags_from_others)
{
	static const struct {
		const char *hop, *flow;
		bool same;
	} rows[] = {
		{ "192.0.2.1:5060", "17", true },
		{ "192.0.2.1:5061", "17", false },
		{ "192.0.2.1:5060", "18", false },
		{ "192.0.2.1:506", "17", false },
		{ "192.0.2.1:5060", NULL, false },
		{ NULL, NULL, false },
	};
	rg_contact c = sample_contact();

	c.next_hop = rg_str_from(rows[0].hop);
	c.flow = rg_str_from(rows[0].flow);
	rg_record *first = build(&c, 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		c = sample_contact(); /* the strings before the tags are other ones */
		c.user_agent = RG_STR("another");
		c.next_hop = rg_str_from(rows[i].hop);
		c.flow = rg_str_from(rows[i].flow);
		rg_record *r = build(&c, 1);
		cr_expect_eq(rg_record_same_tags(first, r), rows[i].same, "row %zu", i);
		cr_expect_eq(rg_record_same_tags(r, first), rows[i].same, "row %zu", i);
		cr_expect_eq(rg_record_same_tags(r, NULL), rows[i].hop == NULL);
		rg_record_unref(r);
	}
	rg_record_unref(first);
}

Test(record, stores_what_bindings_have_in_common_once)
{
	rg_contact c[2] = { sample_contact(), sample_contact() }, got = { .struct_size = sizeof got };
	rg_record *one = build(c, 1), *two = build(c, 2);

	cr_assert_leq(rg_record_size(two), rg_record_size(one) + 56 + 40);
	c[1].user_agent = RG_STR("another");
	rg_record_unref(two);
	two = build(c, 2);
	rg_record_contact(two, 1, &got);
	expect(got.user_agent, "another");
	cr_assert(rg_str_equal(got.socket, c[0].socket));
	rg_record_unref(one);
	rg_record_unref(two);
}

Test(record, points_an_instance_into_the_parameters)
{
	rg_contact c = sample_contact(), got = { .struct_size = sizeof got };
	rg_record *r;

	c.instance = RG_STR("<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>");
	r = build(&c, 1);
	rg_record_contact(r, 0, &got);
	cr_assert_eq(got.instance.p, got.params.p + 16);
	rg_record_unref(r);
}

Test(record, refuses_what_is_past_a_limit)
{
	static char huge[70000];
	static rg_removal gone[RG_REMOVALS_MAX + 1];
	static rg_addr addrs[9];
	rg_contact c = sample_contact();
	rg_key key = sample_key();
	rg_record *r = (rg_record *)&c;

	memset(huge, 'x', sizeof huge);
	for (int i = 0; i <= RG_REMOVALS_MAX; i++)
		gone[i] = sample_removal();
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, gone, RG_REMOVALS_MAX + 1, ABSENT, &r), RG_ELIMIT);
	cr_assert_null(r);
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, gone, RG_REMOVALS_MAX, ABSENT, &r), RG_OK);
	rg_record_unref(r);
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, UINT32_MAX, NULL, 0, ABSENT, &r), RG_ELIMIT, "counts come before work");
	gone[0].callid = (rg_str){ huge, sizeof huge };
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, gone, 1, ABSENT, &r), RG_ELIMIT);
	key.user = gone[0].callid;
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, NULL, 0, ABSENT, &r), RG_ELIMIT);
	c.addrs = addrs;
	c.n_addrs = 9;
	cr_assert_eq(sample_build(&c, 1, &r), RG_ELIMIT);
	c.n_addrs = 1;
	cr_assert_eq(sample_build(&c, 1, &r), RG_EINVAL, "an address of no family");
	c.n_addrs = 0;
	c.q = 1001;
	cr_assert_eq(sample_build(&c, 1, &r), RG_EINVAL);
	c.q = 1000;
	c.extra = RG_STR("\xa1z");
	cr_assert_eq(sample_build(&c, 1, &r), RG_EFORMAT, "a key without a value");
}

Test(record, fits_up_to_65535_bytes_and_no_more)
{
	static char huge[65536];
	rg_contact c = { .struct_size = sizeof c };
	rg_record *r;
	size_t fixed, n;

	memset(huge, 'x', sizeof huge);
	rg_contact_init(&c, sizeof c);
	c.uri = (rg_str){ huge, 1 };
	r = build(&c, 1);
	fixed = rg_record_size(r) - 1;
	rg_record_unref(r);
	for (n = 65535 - fixed - 4; n <= 65535 - fixed; n++) {
		c.uri.n = n;
		r = build(&c, 1);
		cr_assert_leq(rg_record_size(r), 65535);
		rg_record_unref(r);
	}
	c.uri.n = 65535 - fixed + 1;
	cr_assert_eq(sample_build(&c, 1, &r), RG_ELIMIT);
}

Test(record, walks_path_values)
{
	rg_str rest = RG_STR("<sip:a;lr>\n<sip:b;lr>"), value;

	cr_assert_eq(rg_path_next(&rest, &value), 1);
	expect(value, "<sip:a;lr>");
	cr_assert_eq(rg_path_next(&rest, &value), 1);
	expect(value, "<sip:b;lr>");
	cr_assert_eq(rg_path_next(&rest, &value), 0);
	cr_assert_null(value.p);
	rest = ABSENT;
	cr_assert_eq(rg_path_next(&rest, &value), 0);
}

Test(record, contact_init_writes_no_more_than_the_caller_has)
{
	struct { rg_contact c; uint64_t after; } larger;
	rg_contact c;

	memset(&larger, 0xee, sizeof larger);
	rg_contact_init(&larger.c, sizeof larger);
	cr_assert_eq(larger.after, 0);
	memset(&c, 0xee, sizeof c);
	rg_contact_init(&c, offsetof(rg_contact, extra));
	cr_assert_eq(c.latency, RG_LATENCY_NONE);
	cr_assert_eq((uintptr_t)c.extra.p & 0xff, 0xee);
}

Test(record, carries_a_local_revision_in_bytes_of_its_own_and_only_when_there_is_one)
{
	const rg_revision own = { { 1 } }, local = { { 2, 3 } }, zero = { { 0 } };
	rg_contact c = sample_contact(), got = { .struct_size = sizeof got };
	rg_key key = sample_key();
	rg_record *plain, *united, *none;

	cr_assert_eq(rg_record_new(&key, &own, &c, 1, NULL, 0, ABSENT, &plain), RG_OK);
	cr_assert_eq(rg__record_unite(&key, &own, &local, &c, 1, NULL, 0, ABSENT, &united), RG_OK);
	cr_assert_eq(rg__record_unite(&key, &own, &zero, &c, 1, NULL, 0, ABSENT, &none), RG_OK);
	cr_assert_eq(rg_record_size(united), rg_record_size(plain) + sizeof local);
	cr_assert_eq(rg_record_size(none), rg_record_size(plain));
	cr_assert(rg_revision_equal(rg_record_local_revision(united), &local));
	cr_assert(rg_revision_is_zero(rg_record_local_revision(plain)));
	cr_assert(rg_revision_is_zero(rg_record_local_revision(none)));
	cr_assert(rg_revision_is_zero(rg_record_local_revision(NULL)));
	cr_assert_eq(rg_record_contact(united, 0, &got), RG_OK);
	cr_assert(rg_str_equal(got.uri, c.uri) && rg_str_equal(got.callid, c.callid));
	cr_assert_eq(rg_record_tag_count(united), rg_record_tag_count(plain));
	rg_record_unref(plain);
	rg_record_unref(united);
	rg_record_unref(none);
}
