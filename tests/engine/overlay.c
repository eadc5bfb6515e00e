/* SPDX-License-Identifier: MIT */
/* The store made of two, under the verbs: memory-only bindings stay here. */
#include "pair.h"

static void stays_here(int how)
{
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	cr_expect_eq(pair_bindings(p.main), 0);
	cr_expect_eq(pair_bindings(p.local), 1);
	cr_expect_not(pair_holds(p.main), "main was not written");
	cr_expect_eq(pair_save(&p, A2, 2, false), 200);
	cr_expect_eq(pair_bindings(p.main), 1);
	cr_expect_eq(pair_bindings(p.local), 1);
	cr_expect_eq(kit_targets(&p.k, "alice"), 2);
	/* A refresh of one part leaves the other's revision alone. */
	rg_fetched before = pair_fetch(p.main), after;
	cr_expect_eq(pair_save(&p, A1, 3, true), 200);
	after = pair_fetch(p.main);
	cr_expect(rg_revision_equal(&before.base, &after.base));
	rg_record_unref(before.record);
	rg_record_unref(after.record);
	before = pair_fetch(p.local);
	cr_expect_eq(pair_save(&p, A2, 4, false), 200);
	after = pair_fetch(p.local);
	cr_expect(rg_revision_equal(&before.base, &after.base));
	rg_record_unref(before.record);
	rg_record_unref(after.record);
	cr_expect_str_empty(p.k.log, "an overlay is what memory-only is for");
	pair_close(&p);
}

Test(overlay, what_is_saved_memory_only_stays_out_of_main)
{
	stays_here(INLINE);
	stays_here(DEFERRED);
}

static uint64_t id_of(rg_store *store)
{
	rg_fetched f = pair_fetch(store);
	rg_contact c = { .struct_size = sizeof c, .id = 0 };

	cr_expect_eq(rg_record_contact(f.record, 0, &c), RG_OK);
	rg_record_unref(f.record);
	return c.id;
}

static void moves(int how)
{
	pair p;
	uint64_t id;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	id = id_of(p.local);
	cr_expect_eq(pair_save(&p, A1, 2, false), 200);
	cr_expect_eq(pair_bindings(p.main), 1);
	cr_expect_eq(pair_bindings(p.local), 0);
	cr_expect_eq(id_of(p.main), id);
	cr_expect_eq(pair_save(&p, A1, 3, true), 200);
	cr_expect_eq(pair_bindings(p.main), 0);
	cr_expect_eq(pair_bindings(p.local), 1);
	cr_expect_eq(id_of(p.local), id);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	cr_expect_str_eq(p.k.events, "AOR_INSERT alice@example.org;CONTACT_INSERT alice@example.org sip:a@192.0.2.1:5060;"
		"CONTACT_UPDATE alice@example.org sip:a@192.0.2.1:5060;CONTACT_UPDATE alice@example.org sip:a@192.0.2.1:5060;");
	pair_close(&p);
}

Test(overlay, a_refresh_without_the_flag_moves_the_binding_to_main_and_one_with_it_back)
{
	moves(INLINE);
	moves(DEFERRED);
}

Test(overlay, in_a_half_done_move_mains_copy_wins)
{
	pair p;

	pair_open(&p, INLINE);
	cr_assert_eq(pair_put(p.main, 1, 77, "sip:new@192.0.2.1", 0, p.k.now + 60000), RG_OK);
	cr_assert_eq(pair_put(p.local, 2, 77, "sip:old@192.0.2.1", 0, p.k.now + 60000), RG_OK);
	rg_fetched f = pair_fetch(p.k.store);
	rg_contact c = { .struct_size = sizeof c };
	cr_expect_eq(rg_record_contact_count(f.record), 1);
	cr_expect_eq(rg_record_contact(f.record, 0, &c), RG_OK);
	cr_expect(rg_str_equal(c.uri, RG_STR("sip:new@192.0.2.1")));
	cr_expect_eq(c.flags & RG_CONTACT_LOCAL, 0);
	cr_expect_eq(rg_record_revision(f.record)->b[0], 1);
	cr_expect_eq(rg_record_local_revision(f.record)->b[0], 2);
	rg_record_unref(f.record);
	cr_expect_eq(pair_save(&p, "*", 1, false), 200);
	cr_expect_eq(pair_bindings(p.main) + pair_bindings(p.local), 0, "the hidden one went, too");
	pair_close(&p);
}

static void main_is_away(int how)
{
	rg_query q;
	rg_answer *answer = NULL;
	outcome o = { 0 };
	int32_t partial, code;
	uint32_t n;
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	cr_expect_eq(pair_save(&p, A2, 2, false), 200);
	cr_expect_eq(pair_look_up(&p, &partial, &code), RG_OK);
	cr_expect_eq(partial, 0);
	pair_fail_main(&p, CALL_FETCH, -1, RG_ESTORE, false);
	cr_expect_eq(pair_look_up(&p, &partial, &code), RG_OK);
	cr_expect_eq(partial, 1);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	cr_expect_eq(pair_save(&p, A1, 3, true), 503, "a decision on a part is none");
	cr_expect_eq(pair_save(&p, NULL, 3, false), 503, "nor is the answer to a query");
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_is_registered(p.k.reg, &q, &answer, NULL), RG_ESTORE);
	rg_remove_filter filter;
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_remove(p.k.reg, &filter, &n, NULL), RG_ESTORE);
	cr_expect_eq(rg_each(p.k.reg, RG_STR("location"), kit_each, &o, NULL), RG_ESTORE);
	cr_expect_eq(o.n, 0);
	p.k.now += 4000000; /* what lapsed is not known to be nobody */
	cr_expect_eq(pair_look_up(&p, &partial, &code), RG_ESTORE);
	cr_expect_eq(code, 503);
	pair_tick(&p, 2, 1000);
	cr_expect_eq(pair_bindings(p.local), 1, "expiry waits for main");
	pair_fail_main(&p, 0, 0, RG_ESTORE, false);
	pair_tick(&p, 2, 1000);
	cr_expect_eq(pair_bindings(p.local) + pair_bindings(p.main), 0);
	pair_fail_main(&p, CALL_FETCH, -1, RG_ESTORE, false);
	cr_expect_eq(pair_look_up(&p, &partial, &code), RG_ESTORE, "nothing here: the error");
	cr_expect_eq(partial, 0);
	pair_close(&p);
}

/* A lookup of several AoRs: whose bindings are in main alone is not known to be nobody. */
static void look_wide(pair *p, rg_status status, uint32_t n, int32_t partial)
{
	rg_str branches[] = { RG_STR("sip:bob@example.org"), RG_STR("sip:nobody@example.org") };
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request request;

	cr_assert_eq(rg_lookup_options_new(RG_STR("branch"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	request.branches = branches;
	request.n_branches = 2;
	cr_expect_eq(rg_lookup(p->k.reg, &request, options, &targets, NULL), status);
	cr_expect_eq(rg_targets_count(targets), n);
	cr_expect_eq(rg_targets_partial(targets), partial);
	cr_expect_eq(rg_targets_result(targets), n > 0 ? RG_LOOKUP_FOUND : RG_LOOKUP_ERROR);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
}

static void main_is_away_from_branches(int how)
{
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	cr_expect_eq(pair_save(&p, A2, 2, false), 200);
	cr_expect_eq(kit_save(&p.k, "bob", B1, 1), 200);
	look_wide(&p, RG_OK, 3, 0);
	pair_fail_main(&p, CALL_FETCH, -1, RG_ESTORE, false);
	look_wide(&p, RG_ESTORE, 0, 0); /* bob is in main alone */
	pair_fail_main(&p, 0, 0, RG_ESTORE, false);
	pair_close(&p);
}

Test(overlay, without_main_a_lookup_of_several_is_answered_only_when_each_has_a_part_here)
{
	main_is_away_from_branches(INLINE);
	main_is_away_from_branches(DEFERRED);
}

Test(overlay, without_main_a_lookup_alone_is_answered_and_says_that_there_may_be_more)
{
	main_is_away(INLINE);
	main_is_away(DEFERRED);
}

static void expire(int how)
{
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1 ";expires=100", 1, true), 200);
	cr_expect_eq(pair_save(&p, A2 ";expires=200", 2, false), 200);
	cr_expect_eq(pair_save(&p, B1 ";expires=300", 3, true), 200);
	p.k.events[0] = 0;
	pair_tick(&p, 1, 100000);
	cr_expect_eq(pair_bindings(p.local), 1);
	cr_expect_eq(pair_bindings(p.main), 1);
	pair_tick(&p, 1, 100000);
	cr_expect_eq(pair_bindings(p.main), 0);
	cr_expect_not(pair_holds(p.main));
	cr_expect_eq(pair_bindings(p.local), 1);
	pair_tick(&p, 1, 100000);
	cr_expect_not(pair_holds(p.local));
	pair_tick(&p, 3, 100000);
	cr_expect_str_eq(p.k.events, "CONTACT_EXPIRE alice@example.org sip:a@192.0.2.1:5060;CONTACT_EXPIRE alice@example.org "
		"sip:a@192.0.2.2:5060;CONTACT_EXPIRE alice@example.org sip:b@192.0.2.1:5060;AOR_DELETE alice@example.org;");
	pair_close(&p);
}

Test(overlay, both_parts_expire_each_in_its_time)
{
	expire(INLINE);
	expire(DEFERRED);
}

static void one_tick(int how)
{
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1 ";expires=100", 1, true), 200);
	cr_expect_eq(pair_save(&p, A2 ";expires=100", 2, false), 200);
	p.k.events[0] = 0;
	int64_t commits = kit_stat(&p.k, "commits");
	pair_tick(&p, 1, 100000);
	cr_expect_eq(pair_bindings(p.local) + pair_bindings(p.main), 0);
	cr_expect_eq(kit_stat(&p.k, "commits"), commits + 1, "a key of both parts is due once");
	cr_expect(how == DEFERRED || kit_tick(&p.k) > p.k.now + 1000, "nothing stays due: %lld", (long long)(kit_tick(&p.k) - p.k.now));
	pair_close(&p);
}

Test(overlay, a_key_that_is_due_in_both_parts_is_due_once)
{
	one_tick(INLINE);
	one_tick(DEFERRED);
}

typedef struct walker {
	pair p;
	int alices, bobs;
} walker;

/* A walk gives bob first, because he is in the local part. Then alice, so far in main alone, gets a local part. */
static int32_t bring_alice_here(void *user, const rg_record *record)
{
	walker *w = user;
	rg_key key;

	rg_record_key(record, &key);
	w->alices += rg_str_equal(key.user, RG_STR("alice"));
	if (rg_str_equal(key.user, RG_STR("bob")) && w->bobs++ == 0)
		cr_expect_eq(pair_save(&w->p, B1, 2, true), 200);
	return 0;
}

Test(overlay, an_aor_that_gets_a_local_part_while_a_walk_is_under_way_is_given_all_the_same)
{
	walker w = { .alices = 0 };
	phone bob = { .aor = "bob", .contact = A1, .cseq = 1 };
	rg_response *response = NULL;
	rg_request request;

	pair_open(&w.p, INLINE);
	kit_request(&bob, &request);
	cr_assert_eq(rg_save(w.p.k.reg, &request, w.p.memory_only, &response, NULL), RG_OK);
	rg_response_free(response);
	cr_assert_eq(pair_save(&w.p, A1, 1, false), 200);
	cr_expect_eq(rg_each(w.p.k.reg, RG_STR("location"), bring_alice_here, &w, NULL), RG_OK);
	cr_expect_eq(w.bobs, 1);
	cr_expect_eq(w.alices, 1);
	cr_expect_eq(pair_bindings(w.p.local), 2);
	pair_close(&w.p);
}

static void forget(int how)
{
	pair p;

	pair_open(&p, how);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	cr_expect_eq(pair_save(&p, B1, 2, true), 200);
	cr_expect_eq(pair_save(&p, B1 ";expires=0", 3, true), 200);
	rg_fetched f = pair_fetch(p.main);
	cr_expect_eq(rg_record_removal_count(f.record), 1, "removals are remembered by main");
	rg_record_unref(f.record);
	cr_expect_eq(pair_save(&p, B1, 2, true), 400, "and hold for both parts");
	pair_tick(&p, 1, RG_REMOVAL_KEEP);
	cr_expect_not(pair_holds(p.main), "a stale removal goes, though bindings stay in the other part");
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	pair_close(&p);
}

Test(overlay, a_removal_that_main_remembers_is_forgotten_while_local_bindings_stay)
{
	forget(INLINE);
	forget(DEFERRED);
}

static void take_away(int how)
{
	rg_remove_filter filter;
	outcome o = { 0 };
	uint32_t n = 0;
	pair p;

	pair_open(&p, how);
	for (int round = 0; round < 3; round++) {
		cr_expect_eq(pair_save(&p, A1, 10 * round + 1, true), 200);
		cr_expect_eq(pair_save(&p, B1, 10 * round + 2, false), 200);
		cr_expect_eq(pair_save(&p, A2, 10 * round + 3, true), 200);
		o = (outcome){ 0 };
		cr_expect_eq(rg_each(p.k.reg, RG_STR("location"), kit_each, &o, NULL), RG_OK);
		cr_expect_str_eq(o.seen, "alice ", "an AoR of both parts is given once");
		if (round == 0) {
			cr_expect_eq(rg_remove_ip_port(p.k.reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
			cr_expect_eq(n, 2, "%u", n);
			cr_expect_eq(pair_bindings(p.local), 1);
			cr_expect_eq(pair_bindings(p.main), 0);
		} else if (round == 1) {
			rg_remove_filter_init(&filter, sizeof filter);
			filter.aor = RG_STR("alice@example.org");
			cr_expect_eq(rg_remove(p.k.reg, &filter, &n, NULL), RG_OK);
			cr_expect_eq(n, 3);
		} else {
			cr_expect_eq(pair_save(&p, "*", 10 * round + 4, false), 200);
		}
	}
	cr_expect_eq(pair_bindings(p.local) + pair_bindings(p.main), 0);
	pair_close(&p);
}

Test(overlay, what_is_removed_goes_from_both_parts)
{
	take_away(INLINE);
	take_away(DEFERRED);
}

typedef struct watcher {
	pair *p;
	int changes, ends, code, cseq;
	bool inside;
} watcher;

static void on_change(void *user, rg_status status)
{
	watcher *w = user;

	w->ends += status == RG_ECANCELED;
	w->changes += status == RG_OK;
	if (status != RG_OK || w->inside)
		return;
	w->inside = true;
	w->code = pair_save(w->p, B1, w->cseq++, w->changes % 2);
	w->inside = false;
}

Test(overlay, a_watch_sees_both_parts_and_may_save_the_same_aor_from_within)
{
	watcher w = { .cseq = 50 };
	void *self, *handle;
	pair p;

	kit_init(&p.k);
	p.main = p.k.memory;
	cr_assert_eq(rg_memory_store_new(NULL, &p.local, NULL), RG_OK);
	rg_store *overlay = NULL;
	cr_assert_eq(rg_store_overlay(p.main, p.local, &overlay, NULL), RG_OK);
	kit_open_over(&p.k, overlay);
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &p.memory_only, NULL), RG_OK);
	p.k.subscription = NULL;
	w.p = &p;
	const rg_store_ops *ops = rg_store_members(overlay, &self);
	cr_assert_eq(ops->watch(self, &pair_alice, on_change, &w, &handle), RG_OK);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	cr_expect_eq(w.code, 200, "within a change of the local part");
	cr_expect_geq(w.changes, 2);
	w = (watcher){ .p = &p, .cseq = 70 };
	cr_expect_eq(pair_save(&p, A2, 2, false), 200);
	cr_expect_eq(w.code, 200, "within a change of main");
	cr_expect_geq(w.changes, 1);
	ops->unwatch(self, handle);
	cr_expect_eq(w.ends, 1);
	cr_expect_eq(pair_save(&p, "*", 90, false), 200);
	cr_expect_eq(w.ends, 1);
	cr_assert_eq(ops->watch(self, &pair_alice, on_change, &w, &handle), RG_OK);
	kit_close(&p.k);
	cr_expect_eq(w.ends, 2, "the store went, its parts did not");
	rg_save_options_unref(p.memory_only);
	rg_store_unref(p.local);
}

Test(overlay, without_one_memory_only_is_kept_like_everything_else_and_said_once)
{
	pair p = { 0 };

	kit_open(&p.k, INLINE);
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &p.memory_only, NULL), RG_OK);
	cr_expect_eq(pair_save(&p, A1, 1, false), 200);
	cr_expect_str_empty(p.k.log);
	cr_expect_eq(pair_save(&p, A1, 2, true), 200);
	cr_expect_eq(pair_save(&p, A2, 3, true), 200);
	const char *said = strstr(p.k.log, "memory-only");
	cr_assert_not_null(said);
	cr_expect_null(strstr(said + 1, "memory-only"));
	cr_expect_eq(pair_bindings(p.k.memory), 2);
	rg_fetched f = pair_fetch(p.k.memory);
	rg_contact c = { .struct_size = sizeof c };
	cr_expect_eq(rg_record_contact(f.record, 0, &c), RG_OK);
	cr_expect_eq(c.flags & RG_CONTACT_LOCAL, RG_CONTACT_LOCAL);
	cr_expect(rg_revision_is_zero(rg_record_local_revision(f.record)));
	rg_record_unref(f.record);
	rg_save_options_unref(p.memory_only);
	kit_close(&p.k);
}

/* A store that knows rg_fetched with another size. */
static struct {
	rg_store *store;
	uint32_t size, tail;
} inner;

static void resize(void *tok, rg_status status, const rg_fetched *found)
{
	struct {
		rg_fetched known;
		uint32_t tail[2];
	} room = { *found, { 0, inner.tail } };
	void **to = tok;

	room.known.struct_size = inner.size;
	((rg_fetch_cb)(uintptr_t)to[0])(to[1], status, &room.known);
	if (inner.size < sizeof *found || inner.tail != 0)
		rg_record_unref(found->record); /* what such an answer says is not read */
}

static rg_status resized_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *to[2] = { (void *)(uintptr_t)done, tok };
	const rg_store_ops *ops = rg_store_members(inner.store, &self);

	return ops->fetch(self, key, flags, resize, to);
}

Test(overlay, the_size_of_rg_fetched_is_held_to_the_law)
{
	static const struct {
		uint32_t size, tail;
		int code;
	} rows[] = {
		{ sizeof(rg_fetched), 0, 200 }, { sizeof(rg_fetched) + 8, 0, 200 }, { sizeof(rg_fetched) + 8, 1, 503 },
		{ offsetof(rg_fetched, local_base), 0, 503 }, { 0, 0, 503 }, { sizeof(rg_fetched) - 1, 0, 503 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_store *store = NULL;
		int32_t code = 0;
		void *self;
		kit k;

		kit_init(&k);
		inner.store = k.memory;
		inner.size = rows[i].size;
		inner.tail = rows[i].tail;
		rg_store_ops ops = *rg_store_members(k.memory, &self);
		ops.fetch = resized_fetch;
		ops.destroy = NULL;
		cr_assert_eq(rg_store_new(&ops, self, &store, NULL), RG_OK);
		kit_open_over(&k, store);
		kit_save_status(&k, "alice", A1, 1, &code);
		cr_expect_eq(code, rows[i].code, "%zu", i);
		cr_expect_eq(kit_targets(&k, "alice"), code == 200 ? 1 : RG_ESTORE, "%zu", i);
		cr_expect_eq(strstr(k.log, rg_strerror(RG_ECONTRACT)) != NULL, code == 503, "%zu", i);
		kit_close(&k);
	}
}

static void keep_status(void *tok, rg_status status, const rg_fetched *current)
{
	(void)current;
	*(rg_status *)tok = status;
}

static rg_revision revision_held(rg_store *store)
{
	rg_fetched f = pair_fetch(store);

	rg_record_unref(f.record);
	return f.base;
}

static rg_status commit_status(rg_store *store, const rg_commit *commit)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(store, &self);
	rg_status got = RG_PENDING, st = ops->commit(self, &pair_alice, commit, 0, keep_status, &got);

	return st == RG_OK ? got : st;
}

Test(overlay, a_commit_that_ends_before_its_last_member_is_refused)
{
	for (int whole = 0; whole <= 1; whole++) {
		pair p;

		pair_open(&p, INLINE);
		rg_store *store = whole ? p.k.store : p.main;
		rg_commit c = { .revision = { { 2 } } };

		cr_assert_eq(pair_put(p.main, 1, 7, "sip:a@192.0.2.1:5060", 0, p.k.now + 60000), RG_OK);
		c.base = revision_held(p.main);
		for (uint32_t size = 0; size < offsetof(rg_commit, next) + sizeof c.next; size++) {
			c.struct_size = size;
			cr_expect_eq(commit_status(store, &c), RG_EINVAL, "%u bytes", size);
		}
		cr_expect(pair_holds(p.main));
		c.struct_size = sizeof c;
		cr_expect_eq(commit_status(store, &c), RG_OK);
		cr_expect_not(pair_holds(p.main));
		pair_close(&p);
	}
}
