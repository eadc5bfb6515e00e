/* SPDX-License-Identifier: MIT */
/*
 * Stores that break the contract, each in one way, and the case of rg_store_check() that has to notice. A case that nothing fails
 * proves nothing. Each is the memory store behind members that get something wrong.
 */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <sched.h>
#include <stdlib.h>
#include "broken.h"
#include "check/check.h"

struct fault {
	const char *name;
	const char *noticed_by;
	rg_store_ops wrong; /* the members that take the place of right ones */
};

static const rg_revision zero;

/* --- the completion law --- */

static void twice(void *tok, rg_status status, const rg_fetched *found)
{
	struct relay *r = tok;
	rg_record_ref(found ? found->record : NULL);
	r->fetched(r->tok, status, found);
	r->fetched(r->tok, status, found);
}

static rg_status fetch_completes_twice(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	return right_fetch(self, key, flags, twice, &(struct relay){ .fetched = done, .tok = tok });
}

static rg_status fetch_never_completes(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)self, (void)key, (void)flags, (void)done, (void)tok;
	return RG_OK;
}

static rg_status fetch_is_pending(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	right_fetch(self, key, flags, done, tok);
	return RG_PENDING;
}

static rg_status fetch_fails_and_completes(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	right_fetch(self, key, flags, done, tok);
	return RG_ESTORE;
}

/* --- fetch and commit --- */

static void keep_found(void *tok, rg_status status, const rg_fetched *found)
{
	struct relay *r = tok;
	r->status = status;
	if (found)
		r->found = *found;
}

static struct relay fetch_now(struct broken *b, const rg_key *key)
{
	struct relay r = { .b = b };
	b->ops->fetch(b->self, key, 0, keep_found, &r);
	return r;
}

static rg_status commit_now(struct broken *b, const rg_key *key, rg_commit c, rg_revision base)
{
	struct relay r = { .b = b };
	c.base = base;
	b->ops->commit(b->self, key, &c, 0, keep_found, &r);
	rg_record_unref(r.found.record);
	return r.status;
}

static void conflict_is_fine(void *tok, rg_status status, const rg_fetched *current)
{
	struct relay *r = tok;
	rg_record_unref(current ? current->record : NULL);
	r->committed(r->tok, status == RG_ECONFLICT ? RG_OK : status, NULL);
}

static rg_status commit_ignores_conflict(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	return right_commit(self, key, c, flags, conflict_is_fine, &(struct relay){ .committed = done, .tok = tok });
}

static void conflict_is_silent(void *tok, rg_status status, const rg_fetched *current)
{
	struct relay *r = tok;
	rg_record_unref(current ? current->record : NULL);
	r->committed(r->tok, status, NULL);
}

static rg_status commit_hides_current(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	return right_commit(self, key, c, flags, conflict_is_silent, &(struct relay){ .committed = done, .tok = tok });
}

static rg_status commit_forgets_delete(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	if (c->next)
		return right_commit(self, key, c, flags, done, tok);
	done(tok, RG_OK, NULL);
	return RG_OK;
}

/* Compares, and swaps later. */
static rg_status commit_loses_updates(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	struct broken *b = self;
	struct relay r = fetch_now(b, key);
	if (!rg_revision_equal(&r.found.base, &c->base)) {
		rg_record_unref(r.found.record);
		return right_commit(self, key, c, flags, done, tok);
	}
	sched_yield();
	while (commit_now(b, key, *c, r.found.base) == RG_ECONFLICT) {
		rg_record_unref(r.found.record);
		r = fetch_now(b, key);
	}
	rg_record_unref(r.found.record);
	done(tok, RG_OK, NULL);
	return RG_OK;
}

static rg_status commit_knows_no_resend(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	struct relay r = fetch_now(self, key);
	if (r.found.record && rg_revision_equal(&r.found.base, &c->revision)) {
		done(tok, RG_ECONFLICT, &r.found);
		return RG_OK;
	}
	rg_record_unref(r.found.record);
	return right_commit(self, key, c, flags, done, tok);
}

static rg_status commit_revives(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	struct relay r = fetch_now(self, key);
	rg_commit any = *c;
	if (!r.found.record)
		any.base = zero;
	rg_record_unref(r.found.record);
	return right_commit(self, key, &any, flags, done, tok);
}

static rg_status commit_joins_keys(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	bool same = rg_str_equal(key->user, RG_STR("ab")) && rg_str_equal(key->host, RG_STR("c"));
	rg_key other = { key->domain, RG_STR("a"), RG_STR("bc") };
	return right_commit(self, same ? &other : key, c, flags, done, tok);
}

/* Answers with the first version of the first record it was asked for, for ever. */
static void once(void *tok, rg_status status, const rg_fetched *found)
{
	struct relay *r = tok;
	rg_fetched stale = *found;
	rg_key now, then;
	if (!r->b->stale)
		r->b->stale = rg_record_ref(found->record);
	if (found->record) {
		rg_record_key(found->record, &now);
		rg_record_key(r->b->stale, &then);
		if (rg_key_equal(&now, &then)) {
			rg_record_unref(found->record);
			stale.record = rg_record_ref(r->b->stale);
			stale.base = *rg_record_revision(stale.record);
		}
	}
	r->fetched(r->tok, status, &stale);
}

static rg_status fetch_is_stale(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	return right_fetch(self, key, flags, once, &(struct relay){ .b = self, .fetched = done, .tok = tok });
}

static void guessed(void *tok, rg_status status, const rg_fetched *found)
{
	struct relay *r = tok;
	rg_fetched guess = *found;
	guess.authoritative = 0;
	r->fetched(r->tok, status, &guess);
}

static rg_status fetch_guesses(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	return right_fetch(self, key, flags, guessed, &(struct relay){ .b = self, .fetched = done, .tok = tok });
}

/* --- pages --- */

static void without_last(void *tok, rg_status status, const rg_keys *page)
{
	struct relay *r = tok;
	rg_keys less = *page;
	less.n -= less.n > 0;
	r->keys(r->tok, status, &less);
}

static rg_status find_skips(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return right_find(self, domain, tag, cursor, limit, flags, without_last, &(struct relay){ .keys = done, .tok = tok });
}

static rg_status scan_skips(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return right_scan(self, domain, cursor, limit, flags, without_last, &(struct relay){ .keys = done, .tok = tok });
}

static void undersized(void *tok, rg_status status, const rg_fetched *found)
{
	struct relay *r = tok;
	rg_fetched cut = *found;
	cut.struct_size = offsetof(rg_fetched, hint);
	rg_record_unref(cut.record); /* a record of such an answer is not released */
	r->fetched(r->tok, status, &cut);
}

static rg_status fetch_tells_another_size(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	return right_fetch(self, key, flags, undersized, &(struct relay){ .fetched = done, .tok = tok });
}

static void oversized(void *tok, rg_status status, const rg_keys *page)
{
	struct relay *r = tok;
	rg_keys odd = *page;
	odd.struct_size = UINT32_MAX;
	r->keys(r->tok, status, &odd);
}

static rg_status scan_tells_no_size(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return right_scan(self, domain, cursor, limit, flags, oversized, &(struct relay){ .keys = done, .tok = tok });
}

static rg_status find_ignores_tag(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)tag;
	return right_scan(self, domain, cursor, limit, flags, done, tok);
}

static rg_status find_ignores_domain(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit,
	uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return right_find(self, domain->n > 0 ? &RG_STR("location") : domain, tag, cursor, limit, flags, done, tok);
}

static rg_status find_cuts_tags(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	const char *nul = memchr(tag->p, 0, tag->n);
	return right_find(self, domain, nul ? &(rg_str){ tag->p, (size_t)(nul - tag->p) } : tag, cursor, limit, flags, done, tok);
}

static rg_status scan_ignores_limit(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return right_scan(self, domain, cursor, limit < 1000 ? limit + 1 : limit, flags, done, tok);
}

/* The cursor is how many were given so far: whatever leaves the list before it moves the rest forward. */
static void counting(void *tok, rg_status status, const rg_keys *page)
{
	struct relay *r = tok;
	uint32_t from = (uint32_t)r->found.struct_size, limit = r->found.authoritative, left = page->n > from ? page->n - from : 0;
	uint32_t n = left < limit ? left : limit, next = from + n;
	rg_keys part = { .struct_size = sizeof part, .n = n, .keys = page->keys + (n > 0 ? from : 0), .next = page->next };
	if (left > n)
		part.cursor = (rg_str){ (const char *)&next, sizeof next };
	r->keys(r->tok, status, &part);
}

static struct relay counted_relay(rg_str cursor, uint32_t limit, rg_keys_cb done, void *tok)
{
	struct relay r = { .keys = done, .tok = tok, .found = { .authoritative = limit } };
	if (cursor.n == sizeof r.found.struct_size)
		memcpy(&r.found.struct_size, cursor.p, cursor.n);
	return r;
}

static rg_status find_counts(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	struct relay r = counted_relay(*cursor, limit, done, tok);
	return right_find(self, domain, tag, &(rg_str){ NULL, 0 }, UINT32_MAX, flags, counting, &r);
}

static rg_status scan_counts(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	struct relay r = counted_relay(*cursor, limit, done, tok);
	return right_scan(self, domain, &(rg_str){ NULL, 0 }, UINT32_MAX, flags, counting, &r);
}

/* Every page is the first one. */
static rg_status find_forgets_cursor(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit,
	uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)cursor;
	return right_find(self, domain, tag, &(rg_str){ NULL, 0 }, limit, flags, done, tok);
}

/* --- due --- */

static void next_is_late(void *tok, rg_status status, const rg_keys *page)
{
	struct relay *r = tok;
	rg_keys late = *page;
	late.next += late.next < RG_TIME_NEVER;
	r->keys(r->tok, status, &late);
}

static rg_status due_tells_late(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return right_due(self, now, cursor, limit, flags, next_is_late, &(struct relay){ .keys = done, .tok = tok });
}

static rg_status due_is_early(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return right_due(self, now + (now < RG_TIME_NEVER - 1), cursor, limit, flags, done, tok);
}

static rg_status due_is_late(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return right_due(self, now - 1, cursor, limit, flags, done, tok);
}

static rg_status due_skips(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	struct relay r = { .keys = done, .tok = tok };
	if (!cursor->p)
		return right_due(self, now, cursor, limit, flags, done, tok);
	return right_due(self, now, cursor, limit, flags, without_last, &r);
}

static void first_twice(void *tok, rg_status status, const rg_keys *page)
{
	struct relay *r = tok;
	rg_keys more = *page;
	if (page->n > 1)
		((rg_key *)(uintptr_t)page->keys)[1] = page->keys[0];
	r->keys(r->tok, status, &more);
}

static rg_status due_repeats(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	return right_due(self, now, cursor, limit, flags, first_twice, &(struct relay){ .keys = done, .tok = tok });
}

static rg_status due_counts_32_bits(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	return right_due(self, now & 0x7fffffff, cursor, limit, flags, done, tok);
}

/* --- count and watch --- */

static void one_more(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	struct relay *r = tok;
	r->counted(r->tok, status, records, bindings + (records > 1));
}

static rg_status count_is_off(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	return right_count(self, domain, flags, one_more, &(struct relay){ .counted = done, .tok = tok });
}

static rg_status watch_is_deaf(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	rg_key other = *key;
	other.host = RG_STR("elsewhere");
	return right_watch(self, &other, changed, user, handle);
}

static void unwatch_never_ends(void *self, void *handle)
{
	(void)self, (void)handle;
}

struct loud {
	rg_watch_cb changed;
	void *user;
};

static void ends_twice(void *user, rg_status status)
{
	struct loud *l = user;
	l->changed(l->user, status);
	if (status != RG_ECANCELED)
		return;
	l->changed(l->user, status);
	free(l);
}

static rg_status watch_ends_twice(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	struct loud *l = malloc(sizeof *l);
	*l = (struct loud){ changed, user };
	return right_watch(self, key, ends_twice, l, handle);
}

/* --- hints --- */

static rg_status commit_demands_hint(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	if (c->hint == 0)
		return RG_EINVAL;
	return right_commit(self, key, c, flags, done, tok);
}

/* Finds nothing where the hint leads, and takes that for no record. */
static rg_status commit_trusts_hint(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	static const rg_fetched absent = { .struct_size = sizeof absent, .authoritative = 1 };
	struct relay r = fetch_now(self, key);
	rg_record_unref(r.found.record);
	if (c->hint == 0 || c->hint == r.found.hint)
		return right_commit(self, key, c, flags, done, tok);
	done(tok, RG_ECONFLICT, &absent);
	return RG_OK;
}

/* Takes the record that the hint leads to for that of the key: a commit goes on without a comparison. */
static rg_status commit_skips_compare(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	struct relay r = fetch_now(self, key);
	rg_commit any = *c;
	if (c->hint != 0 && c->hint == r.found.hint)
		any.base = r.found.base;
	rg_record_unref(r.found.record);
	return right_commit(self, key, &any, flags, done, tok);
}

/* The hint of a conflict is a mark of its own, which this store refuses to see again. */
static void marked(void *tok, rg_status status, const rg_fetched *current)
{
	struct relay *r = tok;
	rg_fetched other = { 0 };
	if (current)
		other = *current;
	other.hint = UINT64_C(0xdeadbeef);
	r->committed(r->tok, status, current ? &other : NULL);
}

static rg_status commit_marks_conflicts(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	if (c->hint == UINT64_C(0xdeadbeef))
		return RG_EINVAL;
	return right_commit(self, key, c, flags, marked, &(struct relay){ .committed = done, .tok = tok });
}

static void prefetch_drops(void *self, const rg_key *keys, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct relay r = fetch_now(self, &keys[i]);
		rg_commit del = { .struct_size = sizeof del, .revision = { { 1 } } };
		if (r.found.record)
			commit_now(self, &keys[i], del, r.found.base);
		rg_record_unref(r.found.record);
	}
}

static uint64_t approach_drops(void *self, const rg_key *key, uint64_t hint)
{
	prefetch_drops(self, key, hint == 0);
	return 1;
}

static const struct fault faults[] = {
	{ "fetch completes twice", "an absent key is fetched as none", { .fetch = fetch_completes_twice } },
	{ "fetch never completes", "an absent key is fetched as none", { .fetch = fetch_never_completes } },
	{ "fetch is pending though the store is inline", "an absent key is fetched as none", { .fetch = fetch_is_pending } },
	{ "fetch fails and completes", "an absent key is fetched as none", { .fetch = fetch_fails_and_completes } },
	{ "fetch is stale", "a commit on the current revision replaces", { .fetch = fetch_is_stale } },
	{ "fetch guesses", "what was committed is fetched", { .fetch = fetch_guesses } },
	{ "fetch tells a size that no release had", "an absent key is fetched as none", { .fetch = fetch_tells_another_size } },
	{ "commit ignores conflicts", "a commit on another revision conflicts, says what is there, and changes nothing",
		{ .commit = commit_ignores_conflict } },
	{ "commit hides what is there", "a commit on another revision conflicts, says what is there, and changes nothing",
		{ .commit = commit_hides_current } },
	{ "commit forgets to delete", "a deleted key is absent and can be filled again", { .commit = commit_forgets_delete } },
	{ "commit compares and swaps in two steps", "threads lose no update", { .commit = commit_loses_updates } },
	{ "commit does not know a resend", "an insert may be sent again", { .commit = commit_knows_no_resend } },
	{ "commit revives what was deleted", "a commit sent again after a delete revives nothing", { .commit = commit_revives } },
	{ "commit joins the parts of a key", "keys are octets, and their parts are kept apart", { .commit = commit_joins_keys } },
	{ "find skips a key a page", "find gives the keys that carry a tag, and no others", { .find = find_skips } },
	{ "find ignores the tag", "find gives the keys that carry a tag, and no others", { .find = find_ignores_tag } },
	{ "find ignores the domain", "domains are apart", { .find = find_ignores_domain } },
	{ "find ends a tag at NUL", "tags are octets", { .find = find_cuts_tags } },
	{ "find goes by numbers", "find gives everything while its keys lose the tag page by page", { .find = find_counts } },
	{ "find forgets its cursor", "very many keys may carry one tag", { .find = find_forgets_cursor } },
	{ "scan skips a key a page", "scan and find give everything, whatever the limit", { .scan = scan_skips } },
	{ "scan tells no size of its pages", "scan and find give everything, whatever the limit", { .scan = scan_tells_no_size } },
	{ "scan ignores the limit", "scan and find give everything, whatever the limit", { .scan = scan_ignores_limit } },
	{ "scan goes by numbers", "a walk goes on when the key under its cursor goes", { .scan = scan_counts } },
	{ "due tells the next deadline late", "due gives what has come, and tells what comes next", { .due = due_tells_late } },
	{ "due is early", "due gives what has come, and tells what comes next", { .due = due_is_early } },
	{ "due is late", "due gives what has come, and tells what comes next", { .due = due_is_late } },
	{ "due skips in later pages", "one walk over what is due gives each key once", { .due = due_skips } },
	{ "due repeats a key", "one walk over what is due gives each key once", { .due = due_repeats } },
	{ "due keeps time in 32 bits", "deadlines move both ways", { .due = due_counts_32_bits } },
	{ "count is off", "count counts what has bindings", { .count = count_is_off } },
	{ "watch is deaf", "a watch is told of changes until it ends, and then once of its end", { .watch = watch_is_deaf } },
	{ "unwatch tells no end", "a watch is told of changes until it ends, and then once of its end", { .unwatch = unwatch_never_ends } },
	{ "unwatch tells the end twice", "a watch may be ended within its own call", { .watch = watch_ends_twice } },
	{ "commit demands a hint", "a commit ends the same whatever its hint", { .commit = commit_demands_hint } },
	{ "commit trusts a wrong hint", "a commit ends the same whatever its hint", { .commit = commit_trusts_hint } },
	{ "commit compares nothing when the hint is right", "a commit ends the same whatever its hint", { .commit = commit_skips_compare } },
	{ "commit refuses the hint of a conflict", "the hint of a conflict may be handed back", { .commit = commit_marks_conflicts } },
	{ "prefetch drops what it fetches", "a prefetch changes nothing", { .prefetch = prefetch_drops } },
	{ "approach drops what it names", "steps towards a key change nothing", { .approach = approach_drops } },
};

static void spoil(rg_store_ops *ops, const rg_store_ops *wrong)
{
#define SPOIL(member) ops->member = wrong->member ? wrong->member : ops->member;
	SPOIL(fetch) SPOIL(commit) SPOIL(due) SPOIL(find) SPOIL(scan) SPOIL(count) SPOIL(watch) SPOIL(unwatch) SPOIL(prefetch) SPOIL(approach)
#undef SPOIL
}

static rg_status open_broken(void *user, rg_store **out)
{
	const struct fault *const *fault = user;
	struct broken *b = calloc(1, sizeof *b);
	rg_store_ops ops = {
		.struct_size = sizeof ops,
		.name = "broken",
		.traits = RG_STORE_INLINE | RG_STORE_THREAD_SAFE,
		.fetch = right_fetch, .commit = right_commit, .due = right_due, .find = right_find, .scan = right_scan, .count = right_count,
		.watch = right_watch, .unwatch = right_unwatch, .destroy = right_destroy, .prefetch = right_prefetch, .approach = right_approach,
	};

	cr_assert_eq(rg_memory_store_new(NULL, &b->inner, NULL), RG_OK);
	b->ops = rg_store_members(b->inner, &b->self);
	if (*fault)
		spoil(&ops, &(*fault)->wrong);
	return rg_store_new(&ops, b, out, NULL);
}

struct verdict {
	const struct fault *fault; /* first: open_broken reads it */
	bool noticed;
	uint32_t failed;
};

static void note(void *user, const rg_str *name, const rg_str *wrong)
{
	struct verdict *v = user;
	v->failed += wrong->n > 0;
	v->noticed |= wrong->n > 0 && v->fault && rg_str_equal(*name, rg_str_from(v->fault->noticed_by));
}

static struct verdict check_with(const struct fault *fault)
{
	struct verdict v = { .fault = fault };
	rg_store_check_options o = { .struct_size = sizeof o, .many = 3000, .open = open_broken, .report = note, .user = &v };
	uint32_t failed;
	rg_status status = rg_store_check(&o, &failed);

	cr_expect_eq(failed, v.failed);
	cr_expect_eq(status, failed > 0 ? RG_ECONTRACT : RG_OK);
	return v;
}

Test(broken, a_store_behind_members_that_are_right_passes)
{
	cr_expect_eq(check_with(NULL).failed, 0);
}

Test(broken, each_fault_is_noticed_by_the_case_that_is_meant_to)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		cr_expect(check_with(&faults[i]).noticed, "%s: not noticed by \"%s\"", faults[i].name, faults[i].noticed_by);
}

Test(broken, a_check_without_a_way_to_open_stores_is_refused)
{
	rg_store_check_options o;

	rg_store_check_options_init(NULL, sizeof o);
	rg_store_check_options_init(&o, sizeof o);
	cr_expect_eq(o.struct_size, sizeof o);
	cr_expect_eq(rg_store_check(&o, NULL), RG_EINVAL);
	cr_expect_eq(rg_store_check(NULL, NULL), RG_EINVAL);
}
