/* SPDX-License-Identifier: MIT */
/* Time: expiry, when the next tick is due, and who is woken. */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a@192.0.2.1:5060>"

static void answer_all(kit *k)
{
	if (k->deferred)
		deferred_answer_all(k->deferred);
}

static void expiry(int how)
{
	rg_time begin;
	kit k;

	kit_open(&k, how);
	kit_listen(&k);
	begin = k.now;
	kit_save(&k, "alice", A1 ";expires=100", 1);
	cr_expect_eq(k.woken, begin + 100000);
	uint32_t wakeups = k.wakeups;
	kit_save(&k, "bob", A1 ";expires=200", 1);
	cr_expect_eq(k.wakeups, wakeups, "nothing is due earlier");
	k.now = begin + 100000;
	rg_time next = kit_tick(&k);
	answer_all(&k);
	if (how == INLINE)
		cr_expect_eq(next, begin + 200000);
	else
		cr_expect_leq(next, k.now + 2000, "the walk is still on its way");
	cr_expect(strstr(k.events, "CONTACT_EXPIRE alice@example.org sip:a@192.0.2.1:5060;AOR_DELETE alice@example.org;"));
	cr_expect_not(strstr(k.events, "EXPIRE bob"));
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	cr_expect_eq(kit_stat(&k, "live_aors"), 1);
	k.now = begin + 200000;
	kit_tick(&k);
	answer_all(&k);
	cr_expect_eq(kit_stat(&k, "live_aors"), 0);
	kit_close(&k);
}

Test(ticks, bindings_lapse_at_ticks_and_that_is_told)
{
	expiry(INLINE);
	expiry(DEFERRED);
}

Test(ticks, a_tick_returns_when_the_next_one_is_due_and_asks_for_no_earlier_one)
{
	rg_time begin;
	kit k;

	kit_open(&k, INLINE);
	begin = k.now;
	kit_save(&k, "alice", A1 ";expires=100", 1);
	kit_save(&k, "alice", "<sip:b@192.0.2.1:5060>;expires=200", 2);
	cr_expect_eq(k.woken, begin + 100000);
	uint32_t wakeups = k.wakeups;
	k.now = begin + 100000;
	cr_expect_eq(kit_tick(&k), begin + 200000);
	cr_expect_eq(k.wakeups, wakeups);
	kit_close(&k);
}

Test(ticks, a_tick_works_on_no_more_than_its_limit_and_asks_to_be_called_again)
{
	rg_time next;
	kit k;

	kit_open(&k, INLINE);
	kit_listen(&k);
	for (int i = 0; i < 10; i++) {
		char aor[8];

		snprintf(aor, sizeof aor, "u%d", i);
		kit_save(&k, aor, A1 ";expires=100", 1);
	}
	k.now += 100000;
	cr_expect_eq(rg_registrar_tick(k.reg, 4, &next), RG_OK);
	cr_expect_eq(kit_stat(&k, "live_aors"), 6);
	cr_expect_leq(next, k.now);
	rg_registrar_tick(k.reg, 4, &next);
	rg_registrar_tick(k.reg, 4, &next);
	cr_expect_eq(kit_stat(&k, "live_aors"), 0);
	cr_expect_gt(next, k.now);
	kit_close(&k);
}

Test(ticks, one_walk_at_a_time)
{
	kit k;

	kit_open(&k, DEFERRED);
	kit_tick(&k);
	kit_tick(&k);
	cr_expect_eq(deferred_pending(k.deferred), 1);
	deferred_answer_all(k.deferred);
	kit_tick(&k);
	cr_expect_eq(deferred_pending(k.deferred), 1);
	deferred_answer_all(k.deferred);
	kit_close(&k);
}

Test(ticks, a_walk_the_store_forgot_does_not_end_expiry)
{
	kit k;

	kit_open(&k, DEFERRED);
	kit_tick(&k);
	k.now += 2000;
	kit_tick(&k);
	cr_expect_eq(deferred_pending(k.deferred), 2, "a new walk has begun");
	deferred_answer_all(k.deferred);
	kit_close(&k);
}

Test(ticks, a_record_that_cannot_be_pruned_does_not_stop_the_others)
{
	faulty f = { .calls = CALL_COMMIT, .times = 0, .status = RG_ESTORE };
	rg_time next;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	kit_save(&k, "alice", A1 ";expires=100", 1);
	kit_save(&k, "bob", A1 ";expires=100", 1);
	k.now += 100000;
	f.times = 1;
	cr_expect_eq(rg_registrar_tick(k.reg, 0, &next), RG_ESTORE);
	cr_expect_eq(kit_stat(&k, "live_aors"), 1);
	cr_expect_eq(next, k.now + 1000);
	k.now = next;
	cr_expect_eq(rg_registrar_tick(k.reg, 0, &next), RG_OK);
	cr_expect_eq(kit_stat(&k, "live_aors"), 0);
	kit_close(&k);
}

Test(ticks, a_store_that_fails_is_asked_again_within_a_second)
{
	faulty f = { .calls = CALL_DUE, .times = -1, .status = RG_ESTORE };
	rg_time next;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_expect_eq(rg_registrar_tick(k.reg, 0, &next), RG_ESTORE);
	cr_expect_eq(next, k.now + 1000);
	kit_close(&k);
}

typedef struct hasty {
	rg_keys_cb done;
	void *tok;
	rg_time now;
} hasty;

static void say_at_once(void *tok, rg_status status, const rg_keys *page)
{
	hasty *h = tok;
	rg_keys keys = *page;

	keys.next = h->now;
	h->done(h->tok, status, &keys);
}

/* `next` may be earlier than what is left. */
static rg_status hasty_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	hasty h = { done, tok, now };
	void *in;
	const rg_store_ops *ops = rg_store_members(self, &in);

	return ops->due(in, now, cursor, limit, flags, say_at_once, &h);
}

static rg_status inner_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;

	return rg_store_members(self, &in)->fetch(in, key, flags, done, tok);
}

static rg_status inner_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	void *in;

	return rg_store_members(self, &in)->commit(in, key, commit, flags, done, tok);
}

static rg_status no_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

static rg_status no_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)tag;
	return no_scan(self, domain, cursor, limit, flags, done, tok);
}

Test(ticks, a_store_that_says_now_is_asked_again_at_once_if_there_was_work_and_else_after_a_second)
{
	static const rg_store_ops ops = { .struct_size = sizeof ops, .name = "hasty", .traits = RG_STORE_INLINE, .fetch = inner_fetch,
		.commit = inner_commit, .due = hasty_due, .find = no_find, .scan = no_scan };
	rg_store *store = NULL;
	kit k;

	kit_init(&k);
	cr_assert_eq(rg_store_new(&ops, k.memory, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	cr_expect_eq(kit_tick(&k), k.now + 1000);
	kit_save(&k, "alice", A1 ";expires=100", 1);
	k.now += 100000;
	cr_expect_eq(kit_tick(&k), k.now + 1);
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	k.now += 1;
	cr_expect_eq(kit_tick(&k), k.now + 1000);
	kit_close(&k);
}

Test(ticks, a_store_that_others_write_is_asked_every_second)
{
	faulty f = { .traits = RG_STORE_SHARED };
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_expect_eq(kit_tick(&k), k.now + 1000);
	kit_close(&k);
	kit_open(&k, INLINE);
	cr_expect_eq(kit_tick(&k), RG_TIME_NEVER, "and one's own only when something is due");
	kit_close(&k);
}

Test(ticks, a_clock_set_back_keeps_nobody_waiting)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save_async(&k, "alice", A1, 1, &o);
	k.now -= 365 * 86400000LL;
	cr_expect_leq(kit_tick(&k), k.now + 2000);
	k.now += 2000;
	kit_tick(&k);
	cr_expect_eq(o.status, RG_ESTORE);
	deferred_answer_all(k.deferred);
	rg_op_free(o.op);
	kit_close(&k);
}

/* Host names, through env.resolve. */

typedef struct resolver {
	rg_resolve_done_cb done[4];
	void *tok[4];
	char host[4][32];
	int asked;
	bool at_once;
} resolver;

static resolver names;

static const rg_addr found = { .ip = { 192, 0, 2, 9 }, .family = 4 };

static rg_status resolve(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	int i = names.asked++;

	(void)user;
	snprintf(names.host[i], sizeof names.host[i], "%.*s", (int)host->n, host->p);
	if (names.at_once) {
		done(tok, RG_OK, &found, 1);
		return RG_OK;
	}
	names.done[i] = done;
	names.tok[i] = tok;
	return RG_PENDING;
}

static void answer_name(int i, rg_status status)
{
	cr_assert_lt(i, names.asked);
	names.done[i](names.tok[i], status, status == RG_OK ? &found : NULL, status == RG_OK);
}

static void open_with_names(kit *k, bool at_once)
{
	names = (resolver){ .at_once = at_once };
	kit_init(k);
	k->env.resolve = resolve;
	kit_open_over(k, rg_store_ref(k->memory));
}

static uint32_t remove_at(kit *k, const char *ip)
{
	uint32_t n = 99;

	cr_expect_eq(rg_remove_ip_port(k->reg, RG_STR("location"), rg_str_from(ip), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	return n;
}

Test(ticks, names_are_resolved_once_each_and_found_by_address)
{
	kit k;

	open_with_names(&k, true);
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@phone.example.net>, <sip:b@phone.example.net>", 1), 200);
	cr_expect_eq(names.asked, 1);
	cr_expect_str_eq(names.host[0], "phone.example.net");
	cr_expect_eq(remove_at(&k, "192.0.2.9"), 2);
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@192.0.2.9:5060>", 2), 200);
	cr_expect_eq(remove_at(&k, "Phone.Example.Net"), 1, "a name to remove is resolved too");
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@phone.example.net>", 3), 200);
	cr_expect_eq(remove_at(&k, "PHONE.example.net"), 1);
	kit_close(&k);
}

Test(ticks, a_save_waits_for_names_but_not_for_ever)
{
	outcome o = { 0 }, late = { 0 };
	kit k;

	open_with_names(&k, false);
	cr_expect_eq(kit_save_async(&k, "alice", "<sip:a@one.example.net>, <sip:b@two.example.net>", 1, &o), RG_PENDING);
	cr_expect_eq(names.asked, 2);
	answer_name(1, RG_ENOENT);
	cr_expect_eq(o.called, 0);
	answer_name(0, RG_OK);
	answer_name(0, RG_OK);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.code, 200);
	cr_expect_eq(remove_at(&k, "192.0.2.9"), 1);
	names.asked = 0;
	kit_save_async(&k, "bob", "<sip:a@one.example.net>", 1, &late);
	k.now += 2000;
	kit_tick(&k);
	cr_expect_eq(late.code, 200, "without the address");
	answer_name(0, RG_OK);
	cr_expect_eq(remove_at(&k, "192.0.2.9"), 0);
	rg_op_free(o.op);
	rg_op_free(late.op);
	kit_close(&k);
}

Test(ticks, after_the_names_the_store_has_a_store_timeout_of_its_own)
{
	outcome o = { 0 };
	kit k;

	names = (resolver){ .at_once = false };
	kit_init(&k);
	k.env.resolve = resolve;
	kit_open_over(&k, deferred_new(k.memory, &k.deferred));
	cr_expect_eq(kit_save_async(&k, "alice", "<sip:a@one.example.net>", 1, &o), RG_PENDING);
	k.now += 2000;
	cr_expect_eq(kit_tick(&k), k.now + 2000);
	cr_expect_eq(o.called, 0, "the name was not resolved, and the store is asked");
	k.now += 1999;
	kit_tick(&k);
	cr_expect_eq(o.called, 0);
	k.now += 1;
	kit_tick(&k);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.status, RG_ESTORE);
	cr_expect_eq(o.code, 503);
	deferred_answer_all(k.deferred);
	answer_name(0, RG_OK);
	rg_op_free(o.op);
	kit_close(&k);
}

Test(ticks, the_blocking_form_does_not_wait_for_names)
{
	kit k;

	open_with_names(&k, false);
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@one.example.net>", 1), 200);
	answer_name(0, RG_OK);
	cr_expect_eq(remove_at(&k, "192.0.2.9"), 0);
	kit_close(&k);
}

static int32_t nobody_is_local(void *user, const rg_str *host)
{
	(void)user;
	return rg_str_equal(*host, RG_STR("elsewhere.example"));
}

static int32_t not_allowed(void *user, const rg_str *from, const rg_str *to, const rg_str *identity)
{
	(void)user;
	(void)from;
	(void)to;
	(void)identity;
	return 0;
}

Test(ticks, the_host_says_which_domains_are_its_own_and_who_may_register)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ESTORE };
	kit k;

	kit_init(&k);
	k.env.is_local = nobody_is_local;
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 404);
	kit_close(&k);
	kit_init(&k);
	k.env.authorize = not_allowed;
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 403);
	cr_expect_eq(f.seen, 0, "the store is not asked");
	f.times = 0;
	cr_expect_eq(kit_stat(&k, "rejects_forbidden"), 1);
	cr_expect_eq(kit_stat(&k, "rejected_regs"), 1);
	kit_close(&k);
}

/* A registrar that is told which ownership tags are its node's. */
typedef struct owner {
	kit k;
	const char *tag; /* that this node owns; NULL = none */
	uint32_t asked;
} owner;

static rg_time owner_now(void *user)
{
	return ((owner *)user)->k.now;
}

static int32_t is_owner(void *user, const rg_str *tag)
{
	owner *o = user;

	o->asked++;
	return o->tag && rg_str_equal(*tag, rg_str_from(o->tag));
}

static void save_tagged(owner *o, const char *contact, const char *callid, const char *tag)
{
	phone p = { .aor = "alice", .contact = contact, .callid = callid, .cseq = 1 };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	request.ownership_tag = rg_str_from(tag);
	cr_expect_eq(rg_save(o->k.reg, &request, NULL, &response, NULL), RG_OK);
	rg_response_free(response);
}

static void open_owner(owner *o)
{
	kit_init(&o->k);
	o->k.env.now = owner_now;
	o->k.env.is_owner = is_owner;
	o->k.env.wakeup = NULL;
	o->k.env.log = NULL;
	o->k.env.free = NULL;
	o->k.env.user = o;
	kit_open_over(&o->k, rg_store_ref(o->k.memory));
	kit_listen(&o->k);
}

Test(ticks, a_record_that_is_left_to_another_node_is_looked_at_again_after_a_second)
{
	owner o = { .tag = "here" };
	rg_time begin;

	open_owner(&o);
	begin = o.k.now;
	save_tagged(&o, "<sip:there@192.0.2.2>;expires=100", "c2", "there");
	kit_save(&o.k, "bob", "<sip:bob@192.0.2.3>;expires=105", 1);
	o.k.now = begin + 100000;
	cr_expect_eq(kit_tick(&o.k), o.k.now + 1000);
	o.k.now = begin + 104500;
	cr_expect_eq(kit_tick(&o.k), begin + 105000, "another record that is due earlier is not kept waiting");
	cr_expect_null(strstr(o.k.events, "EXPIRE"));
	kit_close(&o.k);
}

Test(ticks, what_lapses_is_told_by_its_owner_and_by_others_only_when_that_does_not_come)
{
	owner o = { .tag = "here" };
	rg_time begin;

	open_owner(&o);
	begin = o.k.now;
	save_tagged(&o, "<sip:here@192.0.2.1>;expires=100, <sip:here2@192.0.2.1>;expires=100", "c1", "here");
	save_tagged(&o, "<sip:there@192.0.2.2>;expires=100", "c2", "there");
	save_tagged(&o, "<sip:none@192.0.2.3>;expires=100", "c3", NULL);
	o.k.now = begin + 100000;
	o.k.events[0] = '\0';
	cr_expect_eq(kit_tick(&o.k), o.k.now + 1000, "what is left to its owner is looked at again soon");
	cr_expect_eq(o.asked, 2, "each tag in a row once, and none where there is none: asked %u times", o.asked);
	cr_expect(strstr(o.k.events, "CONTACT_EXPIRE alice@example.org sip:here@192.0.2.1;"));
	cr_expect(strstr(o.k.events, "CONTACT_EXPIRE alice@example.org sip:here2@192.0.2.1;"));
	cr_expect(strstr(o.k.events, "CONTACT_EXPIRE alice@example.org sip:none@192.0.2.3;"));
	cr_expect_null(strstr(o.k.events, "there"));
	cr_expect_eq(kit_targets(&o.k, "alice"), 0, "it has lapsed all the same");
	o.k.events[0] = '\0';
	o.k.now = begin + 109999;
	kit_tick(&o.k);
	cr_expect_str_eq(o.k.events, "");
	o.k.now = begin + 110000;
	cr_expect_eq(kit_tick(&o.k), RG_TIME_NEVER);
	cr_expect_str_eq(o.k.events, "CONTACT_EXPIRE alice@example.org sip:there@192.0.2.2;AOR_DELETE alice@example.org;");
	kit_close(&o.k);
}
