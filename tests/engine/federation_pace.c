/* SPDX-License-Identifier: MIT */
/* When the jobs of a federation run: what they wait for, where a scan goes on, what ends them. */
#include "sites.h"
#include <stdio.h>

/* A store that fails or loops in one place, and notes how the pages of a scan were asked for. Everything else is the store within. */
typedef struct picky {
	rg_store *inner;
	const char *bad;       /* fetches of this user fail */
	const char *flickers;  /* every other fetch of this user finds nothing */
	uint32_t looks;        /* such fetches */
	uint32_t fail_page;    /* the scan that fails, from 1 on; 0 = none */
	bool circles;          /* a page of a scan leads to itself */
	uint32_t scans;
	char asked[64];        /* per scan: '0' the first page, '+' a later one */
} picky;

static rg_status picky_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	picky *p = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(p->inner, &in);

	if (p->bad && rg_str_equal(key->user, rg_str_from(p->bad)))
		return RG_ESTORE;
	if (!p->flickers || !rg_str_equal(key->user, rg_str_from(p->flickers)))
		return ops->fetch(in, key, flags, done, tok);
	cr_assert_lt(p->looks, 100, "it is looked at without end");
	if (p->looks++ % 2 == 0)
		return ops->fetch(in, key, flags, done, tok);
	const rg_fetched nothing = { .struct_size = sizeof nothing, .authoritative = 1 };
	done(tok, RG_OK, &nothing);
	return RG_OK;
}

static rg_status picky_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((picky *)self)->inner, &in);

	return ops->commit(in, key, commit, flags, done, tok);
}

static rg_status picky_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((picky *)self)->inner, &in);

	return ops->due(in, now, cursor, limit, flags, done, tok);
}

static rg_status picky_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((picky *)self)->inner, &in);

	return ops->find(in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status picky_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	const rg_keys circle = { .struct_size = sizeof circle, .cursor = RG_STR("again"), .next = RG_TIME_NEVER };
	picky *p = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(p->inner, &in);

	if (p->scans < sizeof p->asked - 1)
		p->asked[p->scans] = cursor->p ? '+' : '0';
	if (++p->scans == p->fail_page)
		return RG_ESTORE;
	if (!p->circles)
		return ops->scan(in, domain, cursor, limit, flags, done, tok);
	done(tok, RG_OK, &circle);
	return RG_OK;
}

static rg_store *picky_new(rg_store *inner, picky *p)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "picky", .traits = RG_STORE_INLINE, .fetch = picky_fetch,
		.commit = picky_commit, .due = picky_due, .find = picky_find, .scan = picky_scan };
	rg_store *out = NULL;

	p->inner = inner;
	cr_assert_eq(rg_store_new(&ops, p, &out, NULL), RG_OK);
	return out;
}

static void save_users(kit *k, int n)
{
	for (int i = 0; i < n; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%d", i);
		cr_assert_eq(kit_save(k, user, A1 ";expires=864000", 1), 200);
	}
}

static void federate_for(kit *k, rg_store *shared, uint32_t rate, int64_t lifetime)
{
	rg_federation_options o;

	rg_federation_options_init(&o, sizeof o);
	o.rate = rate;
	o.lifetime = lifetime;
	cr_assert_eq(rg_registrar_federate(k->reg, shared, RG_STR(EAST), &o, NULL), RG_OK);
}

Test(federation_pace, a_shutdown_ends_every_job)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	settle(&k);
	kit_save(&k, "alice", A1, 1);
	rg_registrar_shutdown(k.reg);
	settle(&k);
	cr_expect_eq(settle(&k), RG_TIME_NEVER, "no tick is asked for any more");
	k.now += HOUR;
	cr_expect_eq(settle(&k), RG_TIME_NEVER, "nor for the next scan");
	cr_expect_str_empty(homes(shared, "alice"));
	site_close(&k, shared);
}

Test(federation_pace, a_tick_that_did_all_asks_for_no_other_at_once)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	settle(&k);
	kit_save(&k, "alice", A1, 1);
	kit_save(&k, "bob", A1, 1);
	cr_expect_gt(kit_tick(&k), k.now);
	cr_expect_eq(records(shared), 2);
	site_close(&k, shared);
}

Test(federation_pace, a_tick_starts_no_more_publications_than_its_limit)
{
	rg_store *shared = shared_new();
	rg_time next;
	kit k;

	site_open(&k, shared);
	settle(&k);
	save_users(&k, 10);
	rg_registrar_tick(k.reg, 3, &next);
	cr_expect_eq(records(shared), 3);
	cr_expect_leq(next, k.now);
	site_close(&k, shared);
}

Test(federation_pace, a_scan_stops_when_half_of_the_queue_is_full)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ESTORE };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &f);
	kit k;

	kit_open(&k, INLINE);
	save_users(&k, 3000);
	federate(&k, weak, EAST);
	live_on(&k, 20000);
	cr_expect_gt(kit_stat(&k, "homes_queued"), 1000);
	cr_expect_leq(kit_stat(&k, "homes_queued"), 2048);
	site_close(&k, weak);
	rg_store_unref(shared);
}

Test(federation_pace, after_a_failed_page_the_scan_of_the_domain_begins_again)
{
	rg_store *shared = shared_new(), *store;
	picky p = { .fail_page = 2 };
	kit k;

	kit_init(&k);
	store = picky_new(k.memory, &p);
	kit_open_over(&k, store);
	save_users(&k, 250);
	federate(&k, shared, EAST);
	live_on(&k, 10000);
	cr_expect_str_eq(p.asked, "0+0++", "%s", p.asked);
	cr_expect_eq(records(shared), 250);
	site_close(&k, shared);
}

/* Each page fails to lead on, so the store is asked now and then, and not without a pause. */
Test(federation_pace, a_page_that_leads_to_itself_fails)
{
	rg_store *shared = shared_new(), *store;
	picky p = { .circles = true };
	kit k;

	kit_init(&k);
	store = picky_new(k.memory, &p);
	kit_open_over(&k, store);
	federate(&k, shared, EAST);
	for (int i = 0; i < 20; i++)
		kit_tick(&k);
	cr_expect_str_eq(p.asked, "0+", "%s", p.asked);
	cr_expect(strstr(k.log, "store picky: "), "%s", k.log);
	site_close(&k, shared);
}

/* The scan under way has passed some of the records, which are found by another one at once. */
Test(federation_pace, what_has_no_room_while_a_scan_is_under_way_is_found_by_the_next)
{
	rg_store *shared = shared_new();
	kit k;

	kit_open(&k, INLINE);
	save_users(&k, 300);
	federate(&k, shared, EAST);
	kit_tick(&k);
	save_users(&k, 4800);
	live_on(&k, 40000);
	cr_expect_eq(records(shared), 4800);
	site_close(&k, shared);
}

/* More AoRs are refused than the queue keeps. One of them is gone here, so that only the search for entries finds it. */
Test(federation_pace, after_refused_aors_left_the_queue_the_next_scan_is_a_whole_one)
{
	faulty f = { .calls = CALL_COMMIT, .times = 0, .status = RG_EFULL };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &f);
	kit k;

	kit_open(&k, INLINE);
	federate_for(&k, weak, 100000, 600000);
	kit_save(&k, "alice", A1 ";expires=864000", 1);
	live_on(&k, 1000);
	cr_assert_str_eq(homes(shared, "alice"), "sip:" EAST);
	f.times = -1;
	save_users(&k, 2500);
	live_on(&k, 20000);
	cr_assert_eq(kit_stat(&k, "homes_refused"), 2048);
	kit_save(&k, "alice", GONE, 2);
	live_on(&k, 1000);
	cr_expect_eq(kit_stat(&k, "homes_refused"), 2048, "it has left the queue");
	cr_expect_eq(kit_stat(&k, "homes_queued"), 0);
	f.times = 0;
	live_on(&k, 400000);
	cr_expect_str_empty(homes(shared, "alice"), "its entry was good for longer");
	site_close(&k, weak);
	rg_store_unref(shared);
}

Test(federation_pace, an_aor_that_fails_twice_waits_apart)
{
	rg_store *memory = shared_new(), *shared;
	picky p = { .bad = "bad" };
	kit k;

	shared = picky_new(memory, &p);
	site_open(&k, shared);
	settle(&k);
	kit_save(&k, "bad", A1, 1);
	live_on(&k, 5000);
	cr_expect_eq(kit_stat(&k, "homes_refused"), 1);
	cr_expect_eq(kit_stat(&k, "homes_queued"), 0);
	kit_save(&k, "alice", A1, 1);
	live_on(&k, 5000);
	cr_expect_str_eq(homes(memory, "alice"), "sip:" EAST);
	site_close(&k, shared);
	rg_store_unref(memory);
}

Test(federation_pace, homes_of_others_are_pruned_when_they_expire)
{
	rg_store *shared = shared_new();
	kit k;

	kit_open(&k, INLINE);
	put_homes(shared, "dead", "west.example", 1, k.now + 70000);
	federate(&k, shared, EAST);
	live_on(&k, 69000);
	cr_expect_eq(records(shared), 1);
	live_on(&k, 3000);
	cr_expect_eq(records(shared), 0, "before another minute is over");
	site_close(&k, shared);
}

/* A walk with more to do than its limit is followed by another one, but not at the same moment. */
Test(federation_pace, prunes_of_a_small_limit_are_a_second_apart)
{
	rg_store *shared = shared_new();
	rg_time next;
	kit k;

	kit_open(&k, INLINE);
	for (int i = 0; i < 3; i++)
		put_homes(shared, (const char *[]){ "a", "b", "c" }[i], "west.example", 1, k.now - 1000);
	federate(&k, shared, EAST);
	for (int left = 2; left >= 0; left--) {
		for (int i = 0; i < 10; i++)
			rg_registrar_tick(k.reg, 1, &next);
		cr_expect_eq((int)records(shared), left, "%d, not %d", (int)records(shared), left);
		k.now += 1000;
	}
	site_close(&k, shared);
}

static const char *count_in_log(kit *k, const char *text)
{
	static char n[12];
	int found = 0;

	for (const char *at = k->log; (at = strstr(at, text)); at++)
		found++;
	snprintf(n, sizeof n, "%d", found);
	return n;
}

Test(federation_pace, the_log_says_how_many_refusals_there_were_since_it_last_did)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	settle(&k);
	for (int i = 0; i < 2; i++) {
		put_homes(shared, i ? "bob" : "alice", "west.example", 1200, k.now + 8 * HOUR);
		kit_save(&k, i ? "bob" : "alice", A1 ";expires=864000", 1);
	}
	live_on(&k, 61000);
	cr_expect_str_eq(count_in_log(&k, "is not published"), "2", "%s", k.log);
	cr_expect(strstr(k.log, "(1 refusals"), "%s", k.log);
	cr_expect(strstr(k.log, "(4 refusals"), "bob at first, both after half a minute, one after another: %s", k.log);
	site_close(&k, shared);
}

/* The clock goes back by less than starts a scan. What failed or waits must not wait for the old time to come again. */
enum { BACK = 600000 };

Test(federation_pace, a_clock_set_back_does_not_prolong_the_pause_after_a_failure)
{
	faulty f = { .calls = CALL_ANY, .times = 0, .status = RG_ESTORE };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &f);
	kit k;

	site_open(&k, weak);
	settle(&k);
	f.times = -1;
	for (int i = 0; i < 40; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%d", i);
		kit_save(&k, user, A1 ";expires=864000", 1);
	}
	live_on(&k, 120000);
	cr_assert_gt(kit_stat(&k, "homes_queued"), 0);
	f.times = 0;
	k.now -= BACK;
	live_on(&k, 31000);
	cr_expect_eq(kit_stat(&k, "homes_queued"), 0);
	cr_expect_eq(records(shared), 40);
	site_close(&k, weak);
	rg_store_unref(shared);
}

Test(federation_pace, a_clock_set_back_does_not_delay_the_next_prune)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	live_on(&k, 1000);
	k.now -= BACK;
	put_homes(shared, "dead", "west.example", 1, k.now - 1000);
	live_on(&k, 61000);
	cr_expect_eq(records(shared), 0);
	site_close(&k, shared);
}

Test(federation_pace, a_clock_set_back_delays_neither_a_full_store_nor_its_place_in_the_log)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EFULL };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &f);
	kit k;

	site_open(&k, weak);
	settle(&k);
	kit_save(&k, "alice", A1 ";expires=864000", 1);
	live_on(&k, 300000);
	k.log[0] = 0;
	k.now -= BACK;
	live_on(&k, 95000);
	cr_expect_str_neq(count_in_log(&k, "alice@example.org of location is not published"), "0");
	k.now -= BACK;
	f.times = 0;
	live_on(&k, 65000);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	site_close(&k, weak);
	rg_store_unref(shared);
}

Test(federation_pace, a_whole_scan_that_a_clock_set_back_ended_is_followed_by_a_whole_one)
{
	rg_store *shared = shared_new();
	kit before, k;

	site_open(&before, shared);
	kit_save(&before, "alice", A1, 1);
	settle(&before);
	kit_close(&before);
	cr_assert_eq(records(shared), 1);
	site_open(&k, shared);
	kit_tick(&k);
	cr_assert_eq(records(shared), 1, "the scan has not come to the entries");
	k.now -= 2 * HOUR;
	live_on(&k, 1000);
	cr_expect_eq(records(shared), 0);
	site_close(&k, shared);
}

static void save_in(kit *k, const char *domain)
{
	phone p = { .aor = "alice", .contact = A1 ";expires=864000", .cseq = 1 };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	request.domain = rg_str_from(domain);
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	rg_response_free(response);
}

Test(federation_pace, a_domain_of_a_later_commit_is_renewed_and_one_too_many_is_logged)
{
	rg_store *shared = shared_new();
	kit k;

	kit_open(&k, INLINE);
	federate_for(&k, shared, 1000, 60000);
	settle(&k);
	save_in(&k, "later");
	for (int i = 0; i < 30; i++) {
		live_on(&k, 10000);
		cr_assert_str_eq(homes_in(shared, "later@homes", "alice"), "sip:" EAST, "after %d seconds", 10 * i);
	}
	for (int i = 0; i < 66; i++) {
		char domain[16];

		snprintf(domain, sizeof domain, "d%d", i);
		save_in(&k, domain);
	}
	cr_expect_str_eq(count_in_log(&k, "more domains than are renewed, from d62 on"), "1", "%s", k.log);
	cr_expect_str_eq(count_in_log(&k, "more domains"), "1", "%s", k.log);
	site_close(&k, shared);
}

/* The commit is sent again by an operation that does not know what it replaces. */
Test(federation_pace, a_removal_whose_fate_became_known_late_is_published)
{
	for (int lands = 0; lands < 2; lands++) {
		faulty f = { .calls = CALL_COMMIT, .times = 0, .status = RG_EUNKNOWN, .lands = lands };
		rg_store *shared = shared_new();
		int code;
		kit k;

		kit_init(&k);
		kit_open_over(&k, faulty_new(k.memory, &f));
		federate(&k, shared, EAST);
		kit_save(&k, "alice", A1, 1);
		settle(&k);
		cr_assert_str_eq(homes(shared, "alice"), "sip:" EAST);
		f.times = 1;
		cr_expect_eq(kit_save_status(&k, "alice", GONE, 2, &code), RG_ESTORE);
		live_on(&k, 5000);
		cr_expect_eq(kit_targets(&k, "alice"), 0);
		cr_expect_str_empty(homes(shared, "alice"), "landed: %d", lands);
		site_close(&k, shared);
	}
}

Test(federation_pace, an_aor_that_keeps_changing_is_left_for_later)
{
	rg_store *shared = shared_new(), *store;
	picky p = { .bad = NULL };
	kit k;

	kit_init(&k);
	store = picky_new(k.memory, &p);
	kit_open_over(&k, store);
	federate(&k, shared, EAST);
	settle(&k);
	kit_save(&k, "bob", A1 ";expires=864000", 1);
	p.flickers = "bob";
	settle(&k);
	cr_expect_eq(p.looks, 4, "it is read four times");
	cr_expect_eq(kit_stat(&k, "homes_refused"), 1);
	cr_expect_eq(kit_stat(&k, "homes_failed"), 1);
	p.flickers = NULL;
	live_on(&k, 31000);
	cr_expect_str_eq(homes(shared, "bob"), "sip:" EAST);
	site_close(&k, shared);
}

/* Each refusal for want of room doubles the pause, so what begins after an addition is the first pause again. */
Test(federation_pace, an_addition_ends_the_pause_of_a_full_store)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EFULL };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &f);
	kit k;

	site_open(&k, weak);
	settle(&k);
	kit_save(&k, "alice", A1 ";expires=864000", 1);
	live_on(&k, 300000);
	f.times = 0;
	live_on(&k, 65000);
	cr_assert_str_eq(homes(shared, "alice"), "sip:" EAST);
	f.times = 1;
	kit_save(&k, "bob", A1 ";expires=864000", 1);
	live_on(&k, 1100);
	cr_assert_str_empty(homes(shared, "bob"));
	kit_save(&k, "carol", A1 ";expires=864000", 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "carol"), "sip:" EAST);
	site_close(&k, weak);
	rg_store_unref(shared);
}
