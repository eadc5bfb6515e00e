/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "shims.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct shim {
	rg_store *inner;
	hinting *h;
} shim;

static void print_key(char text[HINTING_KEY], const rg_key *key)
{
	cr_assert_lt(key->domain.n + key->user.n + key->host.n + 2, HINTING_KEY);
	memset(text, 0, HINTING_KEY);
	memcpy(text, key->domain.p, key->domain.n);
	memcpy(text + key->domain.n + 1, key->user.p, key->user.n);
	memcpy(text + key->domain.n + 1 + key->user.n + 1, key->host.p, key->host.n);
}

static void note_given(hinting *h, const rg_key *key, const rg_revision *base, uint64_t hint)
{
	uint32_t at = h->n_answers++ % HINTING_ANSWERS;

	print_key(h->answers[at].key, key);
	h->answers[at].base = *base;
	h->answers[at].hint = hint;
}

static bool was_given(const hinting *h, const rg_key *key, const rg_revision *base, uint64_t hint)
{
	char text[HINTING_KEY];

	print_key(text, key);
	for (uint32_t i = 0; i < h->n_answers && i < HINTING_ANSWERS; i++) {
		if (h->answers[i].hint == hint && memcmp(h->answers[i].key, text, sizeof text) == 0 &&
			rg_revision_equal(&h->answers[i].base, base))
			return true;
	}
	return false;
}

typedef struct hint_relay {
	hinting *h;
	const rg_key *key;
	rg_status conflict; /* what RG_OK becomes */
	rg_fetch_cb done;
	void *tok;
} hint_relay;

static void with_hint(void *tok, rg_status status, const rg_fetched *found)
{
	const hint_relay *r = tok;
	rg_fetched hinted;

	if (!found) {
		r->done(r->tok, status, NULL);
		return;
	}
	hinted = *found;
	hinted.hint = r->h->none ? 0 : ++r->h->given;
	note_given(r->h, r->key, &found->base, hinted.hint);
	r->done(r->tok, status == RG_OK ? r->conflict : status, &hinted);
}

static rg_status hinting_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	shim *s = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);

	return ops->fetch(in, key, flags, with_hint, &(hint_relay){ s->h, key, RG_OK, done, tok });
}

/* A resend is a commit of the revision of the last one. */
static void check_hint(hinting *h, const rg_key *key, const rg_commit *commit)
{
	bool resend = rg_revision_equal(&h->revision, &commit->revision);
	bool right = was_given(h, key, &commit->base, commit->hint) && (!resend || commit->hint == h->hint);

	h->commits++;
	h->resends += resend;
	h->wrong += commit->struct_size < sizeof *commit || !right;
	h->without += commit->hint == 0;
	h->revision = commit->revision;
	h->hint = commit->hint;
}

static rg_status hinting_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	shim *s = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(s->inner, &in);
	hint_relay r = { s->h, key, RG_ECONFLICT, done, tok };

	check_hint(s->h, key, commit);
	if (s->h->conflicts > 0) {
		s->h->conflicts--;
		return ops->fetch(in, key, RG_FETCH_FRESH, with_hint, &r);
	}
	if (s->h->silent_conflicts > 0 || s->h->unknown > 0) {
		bool conflict = s->h->silent_conflicts > 0;

		*(conflict ? &s->h->silent_conflicts : &s->h->unknown) -= 1;
		done(tok, conflict ? RG_ECONFLICT : RG_EUNKNOWN, NULL);
		return RG_OK;
	}
	rg_commit plain = *commit;
	plain.hint = 0; /* the hint of another store */
	return ops->commit(in, key, &plain, flags, with_hint, &r);
}

static rg_status hinting_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->due(in, now, cursor, limit, flags, done, tok);
}

static rg_status hinting_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit,
	uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->find(in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status hinting_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->scan(in, domain, cursor, limit, flags, done, tok);
}

static rg_status hinting_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((shim *)self)->inner, &in);

	return ops->count(in, domain, flags, done, tok);
}

static void add_name(hinting *h, const rg_key *key)
{
	size_t at = strlen(h->names);
	int n = snprintf(h->names + at, sizeof h->names - at, "%.*s %.*s %.*s;", (int)key->domain.n, key->domain.p, (int)key->user.n,
		key->user.p, (int)key->host.n, key->host.p ? key->host.p : "");

	cr_assert_lt((size_t)n, sizeof h->names - at);
}

static void hinting_prefetch(void *self, const rg_key *keys, uint32_t n)
{
	hinting *h = ((shim *)self)->h;

	h->prefetches++;
	h->prefetched += n;
	h->last_prefetched = keys;
	for (uint32_t i = 0; i < n; i++)
		add_name(h, &keys[i]);
}

static uint64_t hinting_approach(void *self, const rg_key *key, uint64_t hint)
{
	hinting *h = ((shim *)self)->h;
	char text[HINTING_KEY];

	h->approaches++;
	print_key(text, key);
	if (hint == 0)
		memcpy(h->approached, text, sizeof text);
	h->strayed += memcmp(h->approached, text, sizeof text) != 0 || hint > h->steps;
	return hint < h->steps ? hint + 1 : 0;
}

static void hinting_destroy(void *self)
{
	rg_store_unref(((shim *)self)->inner);
	free(self);
}

rg_store *hinting_new(rg_store *inner, hinting *h)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "hinting", .traits = RG_STORE_INLINE, .fetch = hinting_fetch,
		.commit = hinting_commit, .due = hinting_due, .find = hinting_find, .scan = hinting_scan, .count = shim_counts(inner) ? hinting_count : NULL,
		.destroy = hinting_destroy, .prefetch = h->deaf ? NULL : hinting_prefetch,
		.approach = h->deaf ? NULL : hinting_approach };
	shim *s = inner ? malloc(sizeof *s) : NULL;
	rg_store *out = NULL;

	if (!s)
		return NULL;
	*s = (shim){ rg_store_ref(inner), h };
	if (rg_store_new(&ops, s, &out, NULL) != RG_OK)
		hinting_destroy(s);
	return out;
}
