/* SPDX-License-Identifier: MIT */
/* The keys and records with which rg_store_check() fills stores. */
#include "check/check.h"
#include <stdio.h>

rg_key *rg__check_name(rg__check_label *name, rg_str domain, uint64_t number)
{
	int n = snprintf(name->user, sizeof name->user, "user%llu", (unsigned long long)number);

	name->key = (rg_key){ domain, { name->user, (size_t)n }, RG_STR("example.org") };
	return &name->key;
}

int64_t rg__check_number(const rg_key *key)
{
	int64_t number = 0;

	if (key->user.n < 5 || key->user.n > 14 || memcmp(key->user.p, "user", 4) != 0 || !rg__check_eq(key->host, RG_STR("example.org")))
		return -1;
	for (size_t i = 4; i < key->user.n; i++) {
		if (key->user.p[i] < '0' || key->user.p[i] > '9')
			return -1;
		number = 10 * number + (key->user.p[i] - '0');
	}
	return number;
}

rg__check_draft rg__check_sample(const rg_key *key, rg_time deadline, rg_str tag)
{
	return (rg__check_draft){ .key = *key, .deadline = deadline, .tags = { tag }, .n_tags = tag.p != NULL };
}

static rg_status new_removal(const rg__check_draft *s, const rg_revision *revision, rg_record **out)
{
	rg_removal gone = { .struct_size = sizeof gone, .cseq = s->cseq, .uri = RG_STR("sip:phone@192.0.2.9"),
		.callid = RG_STR("call"), .at = s->deadline - RG_REMOVAL_KEEP };

	return rg_record_new(&s->key, revision, NULL, 0, &gone, 1, RG__CHECK_ABSENT, out);
}

static rg_status new_bindings(const rg__check_draft *s, const rg_revision *revision, rg_record **out)
{
	rg_contact contacts[4];
	uint32_t n = s->n_tags > 0 ? s->n_tags : 1;

	for (uint32_t i = 0; i < n; i++) {
		rg_contact_init(&contacts[i], sizeof contacts[i]);
		contacts[i].id = i + 1;
		contacts[i].flags = i + s->n_local < n ? 0 : RG_CONTACT_LOCAL;
		contacts[i].uri = RG_STR("sip:phone@192.0.2.9");
		contacts[i].callid = RG_STR("call");
		contacts[i].cseq = s->cseq;
		/* The earliest expiry is the deadline. */
		rg_time later = (rg_time)i * 1000;

		contacts[i].expires = s->deadline > RG_TIME_NEVER - later ? RG_TIME_NEVER : s->deadline + later;
		if (s->wakes) {
			contacts[i].flags |= RG_CONTACT_PN;
			contacts[i].wake = contacts[i].expires;
			contacts[i].expires += 120000;
		}
		contacts[i].next_hop = i < s->n_tags ? s->tags[i] : RG__CHECK_ABSENT;
	}
	return rg_record_new(&s->key, revision, contacts, n, NULL, 0, RG__CHECK_ABSENT, out);
}

rg_record *rg__check_record(rg__check *ck, const rg__check_draft *s, const rg_revision *revision)
{
	rg_record *record = NULL;
	rg_status status = RG_OK;

	if (rg__check_ok(ck))
		status = s->removed ? new_removal(s, revision, &record) : new_bindings(s, revision, &record);
	rg__check_that(ck, status == RG_OK, "the check could not build a record: %s", rg_strerror(status));
	return record;
}

rg_revision rg__check_put(rg__check *ck, const rg__check_draft *s, const rg_revision *base)
{
	rg_revision own = rg__check_mint(ck);
	rg_record *record = rg__check_record(ck, s, &own);
	rg__check_answer *a;

	if (!record)
		return own;
	a = rg__check_commit(ck, &s->key, base, &own, record);
	rg__check_that(ck, a->status == RG_OK, "a commit on the current revision answered: %s", rg_strerror(a->status));
	rg__check_forget(a);
	rg_record_unref(record);
	return own;
}

rg_revision rg__check_new(rg__check *ck, const rg__check_draft *s)
{
	rg__check_answer *a = rg__check_fetch(ck, &s->key);
	rg_revision base = a->found.base;

	rg__check_that(ck, a->found.record == NULL, "a record is there that was never committed");
	rg__check_forget(a);
	return rg__check_put(ck, s, &base);
}

rg_revision rg__check_drop(rg__check *ck, const rg_key *key, const rg_revision *base)
{
	rg_revision own = rg__check_mint(ck);
	rg__check_answer *a = rg__check_commit(ck, key, base, &own, NULL);

	rg__check_that(ck, a->status == RG_OK, "a delete on the current revision answered: %s", rg_strerror(a->status));
	return own;
}

void rg__check_holds(rg__check *ck, const rg_key *key, const rg_revision *revision)
{
	rg__check_answer *a = rg__check_fetch(ck, key);
	const rg_record *r = a->found.record;
	rg_key own;

	if (rg_revision_is_zero(revision)) {
		rg__check_that(ck, r == NULL, "a record is there after it was deleted, or without having been committed");
	} else if (rg__check_that(ck, r != NULL, "a committed record is not there")) {
		rg_record_key(r, &own);
		rg__check_that(ck, rg_key_equal(&own, key), "fetch gave the record of another key");
		rg__check_that(ck, rg_revision_equal(rg_record_revision(r), revision), "fetch gave another version than the last committed");
		rg__check_that(ck, rg_revision_equal(&a->found.base, revision), "the base of a fetch is not the revision of its record");
	}
	rg__check_forget(a);
}

void rg__check_conflict(rg__check *ck, const rg__check_draft *s, const rg_revision *base, const rg_revision *there, bool del)
{
	rg_revision own = rg__check_mint(ck);
	rg_record *next = del ? NULL : rg__check_record(ck, s, &own);
	rg__check_answer *a = rg__check_commit(ck, &s->key, base, &own, next);

	rg_record_unref(next);
	rg__check_that(ck, a->status == RG_ECONFLICT, "a commit on a base that is not the current revision answered: %s",
		rg_strerror(a->status));
	rg__check_that(ck, rg_revision_is_zero(there) == !a->found.record, "a conflict does not say whether there is a record");
	if (a->found.record) {
		rg__check_that(ck, rg_revision_equal(rg_record_revision(a->found.record), there),
			"a conflict gave another record than the current one");
		rg__check_that(ck, rg_revision_equal(&a->found.base, there), "a conflict gave another base than the current revision");
	}
	rg__check_forget(a);
	rg__check_holds(ck, &s->key, there);
}

uint64_t rg__check_collect(rg__check *ck, const rg__check_walk *w, uint8_t *seen, uint64_t n, rg_time *next_due)
{
	rg__check_answer *before = NULL, *page;
	uint64_t came = 0, pages = 0;

	memset(seen, 0, n);
	do {
		page = rg__check_page(ck, w, before ? before->cursor : RG__CHECK_ABSENT);
		rg__check_that(ck, page->status == RG_OK, "a page answered: %s", rg_strerror(page->status));
		for (uint32_t i = 0; i < page->n; i++) {
			int64_t number = rg__check_number(&page->keys[i]);

			if (!rg__check_that(ck, number >= 0 && (uint64_t)number < n, "a walk gave a key that was never committed"))
				break;
			seen[number] += seen[number] < 255;
		}
		came += page->n;
		if (next_due)
			*next_due = page->next_due;
		if (before)
			rg__check_forget(before);
		before = page;
		rg__check_that(ck, ++pages <= 4 * n + 1000, "a walk does not end");
	} while (rg__check_ok(ck) && page->cursor.p);
	if (page != &ck->nothing)
		rg__check_forget(page);
	return came;
}
