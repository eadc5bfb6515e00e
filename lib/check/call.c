/* SPDX-License-Identifier: MIT */
/* Calls the members of a store, one at a time, and checks the completion law. */
#include "check/check.h"
#include <stdlib.h>

enum { WAIT_MS = 100, WAITS = 300 };

/* For rg_struct_fits(), of what a store fills in. */
static const uint32_t found_sizes[] = { sizeof(rg_fetched) }, page_sizes[] = { sizeof(rg_keys) };

#define FITS(given, sizes) rg_struct_fits(given, sizes, sizeof(sizes) / sizeof(sizes)[0])

/* @return NULL for a second completion. */
static rg__check_answer *first_completion(void *tok, rg_status status)
{
	rg__check_answer *a = tok;

	if (atomic_fetch_add(&a->begun, 1) > 0)
		return NULL;
	a->status = status;
	return a;
}

static void on_found(void *tok, rg_status status, const rg_fetched *found)
{
	rg__check_answer *a = first_completion(tok, status);

	if (found && !FITS(found, found_sizes)) {
		if (a)
			a->misfit = true;
	} else if (!a) {
		rg_record_unref(found ? found->record : NULL);
	} else if (found) {
		memcpy(&a->found, found, found->struct_size < sizeof a->found ? found->struct_size : sizeof a->found);
	}
	if (!a)
		return;
	atomic_store(&a->done, true);
}

static void on_count(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	rg__check_answer *a = first_completion(tok, status);

	if (!a)
		return;
	a->records = records;
	a->bindings = bindings;
	atomic_store(&a->done, true);
}

static rg_str keep_page_text(char **room, rg_str s)
{
	rg_str kept = { s.p ? *room : NULL, s.n };

	if (s.n > 0)
		memcpy(*room, s.p, s.n);
	*room += s.n;
	return kept;
}

static void keep_page(rg__check_answer *a, const rg_keys *page)
{
	size_t bytes = page->cursor.n + 1;
	char *room;

	for (uint32_t i = 0; i < page->n; i++)
		bytes += page->keys[i].domain.n + page->keys[i].user.n + page->keys[i].host.n;
	a->keys = malloc(page->n * sizeof *a->keys + bytes);
	if (!a->keys) {
		a->short_of_memory = true;
		return;
	}
	room = (char *)(a->keys + page->n);
	for (uint32_t i = 0; i < page->n; i++) {
		const rg_key *k = &page->keys[i];

		a->keys[i] = (rg_key){ keep_page_text(&room, k->domain), keep_page_text(&room, k->user), keep_page_text(&room, k->host) };
	}
	a->n = page->n;
	a->cursor = keep_page_text(&room, page->cursor);
	a->next_due = page->next;
}

static void on_keys(void *tok, rg_status status, const rg_keys *page)
{
	rg__check_answer *a = first_completion(tok, status);

	if (!a)
		return;
	a->misfit = page && !FITS(page, page_sizes);
	if (page && !a->misfit)
		keep_page(a, page);
	atomic_store(&a->done, true);
}

static rg__check_answer *new_answer(rg__check *ck)
{
	rg__check_answer *a = rg__check_ok(ck) ? calloc(1, sizeof *a) : NULL;

	if (!a) {
		rg__check_that(ck, !rg__check_ok(ck), "the check ran out of memory");
		ck->nothing = (rg__check_answer){ .status = RG_ECANCELED };
		return NULL;
	}
	a->next = ck->answers;
	ck->answers = a;
	return a;
}

static void await(rg__check *ck, rg__check_answer *a, const char *member)
{
	rg_status status = RG_ETIMEOUT;

	if (!rg__check_that(ck, !(ck->ops->traits & RG_STORE_INLINE), "%s of an inline store answered RG_PENDING", member) ||
		!rg__check_that(ck, ck->ops->wait != NULL, "%s answered RG_PENDING, and the store has no wait", member))
		return;
	for (int i = 0; i < WAITS && !atomic_load(&a->done); i++)
		status = ck->ops->wait(ck->self, a, WAIT_MS);
	rg__check_that(ck, atomic_load(&a->done), "%s never completed; wait said %s", member, rg_strerror(status));
}

/* Checks one call against the completion law; @p status is the value that the member returned. */
static rg__check_answer *check_completion(rg__check *ck, rg__check_answer *a, const char *member, rg_status status)
{
	unsigned calls;

	if (status == RG_PENDING)
		await(ck, a, member);
	calls = atomic_load(&a->begun);
	if (status < 0) {
		rg__check_that(ck, calls == 0, "%s returned %s and called back as well", member, rg_strerror(status));
		a->status = status;
	} else if (rg__check_that(ck, status == RG_OK || status == RG_PENDING, "%s returned %d, which is no status", member, status)) {
		rg__check_that(ck, calls > 0, "%s returned RG_OK before it called back", member);
		rg__check_that(ck, calls <= 1, "%s called back %u times", member, calls);
	}
	rg__check_that(ck, a->status <= RG_OK, "%s completed with status %d", member, a->status);
	rg__check_that(ck, !a->short_of_memory, "the check ran out of memory");
	rg__check_that(ck, !a->misfit, "struct_size of a result of %s is one that the library refuses", member);
	return a;
}

rg__check_answer *rg__check_fetch(rg__check *ck, const rg_key *key)
{
	rg__check_answer *a = new_answer(ck);

	if (!a)
		return &ck->nothing;
	check_completion(ck, a, "fetch", ck->ops->fetch(ck->self, key, RG_OP_BLOCKING | RG_FETCH_FRESH, on_found, a));
	rg__check_that(ck, a->status == RG_OK, "fetch answered: %s", rg_strerror(a->status));
	rg__check_that(ck, a->found.authoritative == 1, "a fetch with RG_FETCH_FRESH was not authoritative");
	return a;
}

rg__check_answer *rg__check_commit(rg__check *ck, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next)
{
	rg_commit c = { .struct_size = sizeof c, .base = *base, .revision = *own, .local_base = ck->local_base, .next = next,
		.hint = ck->hint };
	rg__check_answer *a = new_answer(ck);

	if (!a)
		return &ck->nothing;
	check_completion(ck, a, "commit", ck->ops->commit(ck->self, key, &c, RG_OP_BLOCKING, on_found, a));
	rg__check_that(ck, a->status == RG_ECONFLICT || a->found.struct_size == 0, "a commit that did not conflict says what is there");
	rg__check_that(ck, a->status != RG_ECONFLICT || a->found.struct_size > 0, "a conflict does not say what is there");
	return a;
}

rg__check_answer *rg__check_count(rg__check *ck, rg_str domain)
{
	rg__check_answer *a = new_answer(ck);

	if (!a)
		return &ck->nothing;
	check_completion(ck, a, "count", ck->ops->count(ck->self, &domain, RG_OP_BLOCKING, on_count, a));
	rg__check_that(ck, a->status == RG_OK, "count answered: %s", rg_strerror(a->status));
	return a;
}

static rg_status call_walk(rg__check *ck, const rg__check_walk *w, rg_str cursor, rg__check_answer *a)
{
	switch (w->kind) {
	case RG__CHECK_FIND:
		return ck->ops->find(ck->self, &w->domain, &w->tag, &cursor, w->limit, RG_OP_BLOCKING, on_keys, a);
	case RG__CHECK_SCAN:
		return ck->ops->scan(ck->self, &w->domain, &cursor, w->limit, RG_OP_BLOCKING, on_keys, a);
	default:
		return ck->ops->due(ck->self, w->now, &cursor, w->limit, RG_OP_BLOCKING, on_keys, a);
	}
}

rg__check_answer *rg__check_page(rg__check *ck, const rg__check_walk *w, rg_str cursor)
{
	static const char *const member[] = { "find", "scan", "due" };
	rg__check_answer *a = new_answer(ck);

	if (!a)
		return &ck->nothing;
	check_completion(ck, a, member[w->kind], call_walk(ck, w, cursor, a));
	rg__check_that(ck, a->n <= w->limit, "%s gave %u keys for a limit of %u", member[w->kind], a->n, w->limit);
	for (uint32_t i = 0; i < a->n && w->kind != RG__CHECK_DUE; i++) {
		rg__check_that(ck, rg__check_eq(a->keys[i].domain, w->domain), "%s gave a key of domain %.*s", member[w->kind],
			(int)a->keys[i].domain.n, a->keys[i].domain.p);
	}
	return a;
}

void rg__check_forget(rg__check_answer *a)
{
	rg_record_unref(a->found.record);
	a->found.record = NULL;
	free(a->keys);
	a->keys = NULL;
	a->n = 0;
	a->cursor = RG__CHECK_ABSENT;
}

void rg__check_settled(rg__check *ck)
{
	for (rg__check_answer *a = ck->answers; a && rg__check_ok(ck); a = a->next)
		rg__check_that(ck, atomic_load(&a->begun) <= 1, "a call was completed a second time, later");
}

void rg__check_free_answers(rg__check *ck)
{
	for (rg__check_answer *next, *a = ck->answers; a; a = next) {
		next = a->next;
		rg__check_forget(a);
		free(a);
	}
	ck->answers = NULL;
}

/* Any operation will do: its wait lets the store serve its connections. */
void rg__check_later(rg__check *ck)
{
	rg__check_label name;

	rg__check_forget(rg__check_fetch(ck, rg__check_name(&name, RG_STR("elsewhere"), 0)));
}
