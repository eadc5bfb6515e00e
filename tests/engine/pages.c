/* SPDX-License-Identifier: MIT */
/* Stores whose pages of keys lead nowhere, or elsewhere. */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a@192.0.2.1:5060>"

enum { HERE, TWO_BY_TWO, INTO_A_CIRCLE, ON_AND_ON, ELSEWHERE, FAILS, SPARSE, NOW_AND_THEN, TWO_PAGES, CUT_SHORT, LONGER, NO_KEYS };

/* Everything but its pages is the store within. */
typedef struct odd {
	rg_store *inner;
	int how;
	uint32_t with_key; /* 1: a page holds a key */
	uint32_t pages;
} odd;

static rg_status odd_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((odd *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static rg_status odd_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((odd *)self)->inner, &in);

	return ops->commit(in, key, commit, flags, done, tok);
}

/* Which cursor the next page has. */
static uint32_t turn_of(const odd *o)
{
	switch (o->how) {
	case HERE:
		return 0;
	case TWO_BY_TWO:
	case TWO_PAGES:
		return o->pages % 2;
	case INTO_A_CIRCLE:
		return o->pages < 10 ? o->pages : 10 + o->pages % 5;
	default:
		return o->pages;
	}
}

/* Of the page that is given now. */
static bool is_last(const odd *o)
{
	switch (o->how) {
	case ELSEWHERE:
	case CUT_SHORT:
	case LONGER:
		return true;
	case SPARSE:
		return o->pages == 60000;
	case NOW_AND_THEN:
		return o->pages == 150000;
	case TWO_PAGES:
		return o->pages % 2 == 0;
	default:
		return false;
	}
}

static rg_status give(odd *o, rg_keys_cb done, void *tok)
{
	const rg_key key = { o->how == ELSEWHERE ? RG_STR("elsewhere") : RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };
	struct {
		rg_keys now;
		uint64_t later;
	} of_later = { .later = 0 };
	rg_keys page = { .struct_size = sizeof page, .n = o->with_key, .keys = &key, .next = RG_TIME_NEVER };
	char cursor[16];
	uint32_t turn = turn_of(o);

	if (o->how == NOW_AND_THEN)
		page.n = o->pages % 60000 == 59999;
	if (o->how == CUT_SHORT)
		page.struct_size = offsetof(rg_keys, next) + sizeof page.next - 1;
	if (o->how == NO_KEYS)
		page.keys = NULL;
	if (o->how == LONGER)
		page.struct_size = sizeof of_later;
	o->pages++;
	cr_assert_lt(o->pages, 200000, "a walk goes on for ever");
	if (o->how == FAILS)
		return RG_ETIMEOUT;
	page.cursor = (rg_str){ cursor, (size_t)snprintf(cursor, sizeof cursor, "%u", turn) };
	if (is_last(o))
		page.cursor = (rg_str){ NULL, 0 };
	of_later.now = page;
	done(tok, RG_OK, &of_later.now);
	return RG_OK;
}

static rg_status odd_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)now, (void)*cursor, (void)limit, (void)flags;
	return give(self, done, tok);
}

static rg_status odd_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)*domain, (void)*tag, (void)*cursor, (void)limit, (void)flags;
	return give(self, done, tok);
}

static rg_status odd_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)*domain, (void)*cursor, (void)limit, (void)flags;
	return give(self, done, tok);
}

static rg_status odd_wait(void *self, void *tok, int32_t timeout_ms)
{
	(void)self, (void)tok, (void)timeout_ms;
	return RG_ETIMEOUT;
}

/* Inline by its traits or not, it answers within the call. */
static void open_odd(kit *k, odd *o, int how)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "odd", .traits = how == INLINE ? RG_STORE_INLINE : 0,
		.fetch = odd_fetch, .commit = odd_commit, .due = odd_due, .find = odd_find, .scan = odd_scan, .wait = odd_wait };
	rg_store *store;

	kit_init(k);
	o->inner = k->memory;
	cr_assert_eq(rg_store_new(&ops, o, &store, NULL), RG_OK);
	kit_open_over(k, store);
	cr_assert_eq(kit_save(k, "alice", A1, 1), 200);
}

static const struct {
	const char *what;
	int how;
	uint32_t with_key;
	rg_status tick, walk;
} cases[] = {
	{ "no key, the same cursor", HERE, 0, RG_ESTORE, RG_ESTORE },
	{ "a key, the same cursor", HERE, 1, RG_ESTORE, RG_ESTORE },
	{ "no key, two cursors in turn", TWO_BY_TWO, 0, RG_ESTORE, RG_ESTORE },
	{ "a key, two cursors in turn", TWO_BY_TWO, 1, RG_ESTORE, RG_ESTORE },
	{ "no key, five cursors in turn after ten others", INTO_A_CIRCLE, 0, RG_ESTORE, RG_ESTORE },
	{ "a key, five cursors in turn after ten others", INTO_A_CIRCLE, 1, RG_ESTORE, RG_ESTORE },
	{ "no key, ever new cursors", ON_AND_ON, 0, RG_ESTORE, RG_ESTORE },
	{ "a key of another domain", ELSEWHERE, 1, RG_OK, RG_ESTORE }, /* `due` is of every domain */
	{ "no key for long", SPARSE, 0, RG_OK, RG_OK },
	{ "a key after long and again after long", NOW_AND_THEN, 0, RG_OK, RG_OK },
	{ "no page", FAILS, 0, RG_ESTORE, RG_ESTORE },
	{ "no key, a struct that ends before its last member", CUT_SHORT, 0, RG_ESTORE, RG_ESTORE },
	{ "a key, a struct that ends before its last member", CUT_SHORT, 1, RG_ESTORE, RG_ESTORE },
	{ "a key, but no array of keys", NO_KEYS, 1, RG_ESTORE, RG_ESTORE },
	{ "no key, a struct of a later version", LONGER, 0, RG_OK, RG_OK },
};

static rg_status removed(kit *k)
{
	uint32_t n;
	rg_status st = rg_remove_ip_port(k->reg, RG_STR("location"), RG_STR("192.0.2.9"), 5060, (rg_str){ NULL, 0 }, &n, NULL);

	cr_expect_eq(n, 0);
	return st;
}

static rg_status walked(kit *k)
{
	outcome o = { 0 };

	return rg_each(k->reg, RG_STR("location"), kit_each, &o, NULL);
}

/* Until the walk has ended: each tick continues that of the last one. */
static rg_status ticked(kit *k)
{
	enum { TICKS = 1000, LIMIT = 20000 };
	rg_time next = 0;
	rg_status st = RG_OK;

	for (int i = 0; next <= k->now && st == RG_OK; i++) {
		cr_assert_lt(i, TICKS, "the host is told for ever to tick at once");
		st = rg_registrar_tick(k->reg, LIMIT, &next);
	}
	if (st != RG_OK)
		cr_expect_eq(next, k->now + 1000, "the store is asked again");
	return st;
}

Test(pages, that_lead_nowhere_end_the_walk)
{
	static rg_status (*const walks[])(kit *k) = { ticked, removed, walked };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int n = 0; n < 6; n++) {
			odd o = { .how = cases[i].how, .with_key = cases[i].with_key };
			rg_status want = n / 2 == 0 ? cases[i].tick : cases[i].walk;
			kit k;

			open_odd(&k, &o, n % 2 ? DEFERRED : INLINE);
			cr_expect_eq(walks[n / 2](&k), want, "%s, walk %d", cases[i].what, n);
			cr_expect_eq(strstr(k.log, "store odd: ") != NULL, want != RG_OK, "%s, walk %d: %s", cases[i].what, n, k.log);
			kit_close(&k);
		}
	}
}

static rg_status two_addresses(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	const rg_addr addrs[] = { { .ip = { 192, 0, 2, 8 }, .family = 4 }, { .ip = { 192, 0, 2, 9 }, .family = 4 } };

	(void)user, (void)host;
	done(tok, RG_OK, addrs, 2);
	return RG_OK;
}

Test(pages, cursors_may_be_those_of_an_earlier_walk)
{
	odd o = { .how = TWO_PAGES };
	rg_registrar *reg = NULL;
	uint32_t n;
	kit k;

	open_odd(&k, &o, INLINE);
	k.env.resolve = two_addresses;
	k.env.free = NULL;
	cr_assert_eq(rg_registrar_new(NULL, k.store, &k.env, &reg, NULL), RG_OK);
	cr_expect_eq(rg_remove_ip_port(reg, RG_STR("location"), RG_STR("phone.example"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	cr_expect_eq(o.pages, 6, "two of each address, and two of the name");
	rg_registrar_unref(reg);
	kit_close(&k);
}
