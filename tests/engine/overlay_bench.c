/* SPDX-License-Identifier: MIT */
#include "overlay_bench.h"
#include "allocations.h"
#include "model/model.h"
#include "overlay/overlay.h"
#include <stdio.h>
#include <time.h>

int clock_ahead;

int __real_clock_gettime(clockid_t clock, struct timespec *out);
__attribute__((visibility("default"))) int __wrap_clock_gettime(clockid_t clock, struct timespec *out); /* as in allocations.c */

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int failed = __real_clock_gettime(clock, out);

	out->tv_sec += clock == CLOCK_MONOTONIC ? clock_ahead : 0;
	return failed;
}

static remote_fate fate_of_commit(void *user)
{
	bench *b = user;

	if (b->overtaken)
		put_elsewhere(b, 99, b->overtaken);
	b->overtaken = NULL;
	return b->fate;
}

void bench_open(bench *b)
{
	rg_store *main_store, *of_local;

	clock_ahead = 0;
	*b = (bench){ .main = { .fate = fate_of_commit, .user = b, .refusal = RG_ESTORE },
		.of_local = { .calls = CALL_COMMIT, .status = RG_ENOMEM } };
	cr_assert_eq(rg_memory_store_new(NULL, &b->local, NULL), RG_OK);
	allocations_begin();
	main_store = remote_new(&b->main);
	of_local = faulty_new(b->local, &b->of_local);
	cr_assert_eq(rg_store_overlay(main_store, of_local, &b->overlay, NULL), RG_OK);
	b->ops = rg_store_members(b->overlay, &b->self);
	rg_store_unref(main_store);
	rg_store_unref(of_local);
}

void bench_open_over(bench *b, faulty *of_main)
{
	rg_store *memory = NULL, *main_store;

	clock_ahead = 0;
	*b = (bench){ .fate = REMOTE_DOES };
	memory = kit_store();
	cr_assert_eq(rg_memory_store_new(NULL, &b->local, NULL), RG_OK);
	allocations_begin();
	main_store = of_main ? faulty_new(memory, of_main) : rg_store_ref(memory);
	cr_assert_eq(rg_store_overlay(main_store, b->local, &b->overlay, NULL), RG_OK);
	b->ops = rg_store_members(b->overlay, &b->self);
	rg_store_unref(main_store);
	rg_store_unref(memory);
}

void bench_close(bench *b)
{
	rg_store_unref(b->overlay);
	rg_store_unref(b->local);
	remote_clear(&b->main);
	clock_ahead = 0;
}

rg_revision rev(uint8_t number)
{
	return (rg_revision){ .b = { 1, number } };
}

void on_answer(void *tok, rg_status status, const rg_fetched *found)
{
	seen *s = tok;
	rg_contact c = { .struct_size = sizeof c };

	*s = (seen){ .status = status };
	if (!found)
		return;
	s->found = *found;
	s->found.local_base = found->record ? *rg_record_local_revision(found->record) : found->local_base;
	for (char at = 'a'; at <= 'z'; at++) {
		for (uint32_t i = 0; rg_record_contact(found->record, i, &c) == RG_OK; i++) {
			char letter[2] = { (char)(c.flags & RG_CONTACT_LOCAL ? at - 32 : at), 0 };

			if (c.id == (uint64_t)at)
				strcat(s->text, letter);
		}
	}
	rg_record_unref(found->record);
	s->found.record = NULL;
}

seen look(bench *b)
{
	seen s = { 0 };

	b->ops->fetch(b->self, &pair_alice, RG_FETCH_FRESH, on_answer, &s);
	return s;
}

/* Letters as in seen.text; each version of a binding has the revision's number as CSeq. NULL: without letters, and without memory. */
static rg_record *record_of(const rg_key *key, const rg_revision *revision, const char *letters, uint32_t cseq)
{
	rg_contact c[8];
	rg_record *record = NULL;
	uint32_t n = 0;

	for (; letters[n]; n++) {
		bool local = letters[n] < 'a';

		rg_contact_init(&c[n], sizeof c[n]);
		c[n].id = (uint64_t)(local ? letters[n] + 32 : letters[n]);
		c[n].flags = local ? RG_CONTACT_LOCAL : 0;
		c[n].uri = RG_STR("sip:x@192.0.2.1");
		c[n].callid = RG_STR("call");
		c[n].cseq = cseq;
		c[n].expires = 5000;
	}
	if (n > 0)
		cr_expect_eq(rg_record_new(key, revision, c, n, NULL, 0, (rg_str){ NULL, 0 }, &record), RG_OK);
	return record;
}

seen put_under(bench *b, const rg_key *key, uint8_t number, const seen *on, const char *letters)
{
	rg_commit c = { .struct_size = sizeof c, .base = on->found.base, .revision = rev(number), .local_base = on->found.local_base };
	rg_record *next = record_of(key, &c.revision, letters, number);
	seen s = { 0 };

	if (letters[0] && !next)
		return (seen){ .status = RG_ENOMEM };
	c.next = next;
	rg_status st = b->ops->commit(b->self, key, &c, 0, on_answer, &s);
	if (st < 0)
		s.status = st;
	rg_record_unref(next);
	return s;
}

rg_status put(bench *b, uint8_t number, const seen *on, const char *letters)
{
	return put_under(b, &pair_alice, number, on, letters).status;
}

void put_elsewhere(bench *b, uint8_t number, const char *letters)
{
	rg_commit c = { .struct_size = sizeof c, .base = remote_cell_of(&b->main, pair_alice.user)->base, .revision = rev(number) };
	rg_record *next = record_of(&pair_alice, &c.revision, letters, number);

	cr_assert(!letters[0] || next);
	c.next = next;
	cr_assert_eq(remote_take(&b->main, &pair_alice, &c), RG_OK);
	rg_record_unref(next);
}

void expect_local(bench *b, int n)
{
	cr_expect_eq(pair_bindings(b->local), n, "%d here", pair_bindings(b->local));
}

rg_key key_in_bucket(char *name, size_t size, uint32_t *number, uint64_t bucket)
{
	rg_key key = pair_alice;

	do {
		snprintf(name, size, "u%u", (*number)++);
		key.user = rg_str_from(name);
	} while (rg__key_hash(&key) % RG__OVERLAY_BUCKETS != bucket);
	return key;
}

seen move_both(bench *b, remote_fate fate)
{
	bench_open(b);
	seen s = look(b);
	cr_assert_eq(put(b, 1, &s, "xY"), RG_OK);
	s = look(b);
	b->fate = fate;
	cr_expect_eq(put(b, 2, &s, "Xy"), RG_EUNKNOWN);
	expect_local(b, 2);
	b->fate = REMOTE_DOES;
	return s;
}
