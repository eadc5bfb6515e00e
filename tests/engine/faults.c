/* SPDX-License-Identifier: MIT */
/* Stores that fail, guess, conflict and break their word. */
#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"

static void open_faulty(kit *k, faulty *f, int how)
{
	kit_init(k);
	rg_store *shim = faulty_new(k->memory, f);

	if (how == INLINE) {
		kit_open_over(k, shim);
		return;
	}
	kit_open_over(k, deferred_new(shim, &k->deferred));
	rg_store_unref(shim);
}

static void each_call_fails_in_turn(int how, bool by_return)
{
	uint32_t n;
	int code;

	for (int32_t nth = 0; nth < 2; nth++) {
		faulty f = { .calls = CALL_ANY, .times = 0, .status = RG_ESTORE, .by_return = by_return };
		kit k;

		open_faulty(&k, &f, how);
		cr_assert_eq(kit_save(&k, "alice", A1, 1), 200);
		f.after = nth;
		f.times = 1;
		cr_expect_eq(kit_save_status(&k, "alice", A1, 2, &code), RG_ESTORE, "call %d", nth);
		cr_expect_eq(code, 503);
		cr_expect_eq(kit_save(&k, "alice", A1, 2), 200, "a refresh that failed changed nothing");
		f.after = nth;
		f.times = 1;
		rg_remove_filter filter;
		rg_remove_filter_init(&filter, sizeof filter);
		filter.aor = RG_STR("alice@example.org");
		cr_expect_eq(rg_remove(k.reg, &filter, &n, NULL), RG_ESTORE);
		cr_expect_eq(n, 0);
		cr_expect_eq(kit_targets(&k, "alice"), 1);
		kit_close(&k);
	}
}

Test(faults, each_call_of_a_save_and_a_removal_fails_in_turn)
{
	each_call_fails_in_turn(INLINE, false);
	each_call_fails_in_turn(INLINE, true);
	each_call_fails_in_turn(DEFERRED, false);
	each_call_fails_in_turn(DEFERRED, true);
}

Test(faults, not_registered_and_store_broken_are_never_the_same_answer)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ETIMEOUT };
	rg_targets *targets = NULL;
	rg_answer *answer = NULL;
	rg_request request;
	rg_query q;
	uint32_t n;
	outcome o = { 0 };
	kit k;

	open_faulty(&k, &f, INLINE);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	cr_expect_eq(rg_lookup(k.reg, &request, NULL, &targets, NULL), RG_ESTORE);
	cr_expect_eq(rg_targets_result(targets), RG_LOOKUP_ERROR);
	cr_expect_eq(rg_targets_code(targets), 503);
	rg_targets_free(targets);
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_is_registered(k.reg, &q, &answer, NULL), RG_ESTORE);
	cr_expect_null(answer);
	cr_expect_eq(rg_each(k.reg, RG_STR("location"), kit_each, &o, NULL), RG_ESTORE);
	cr_expect_eq(rg_remove_ip_port(k.reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_ESTORE);
	f.times = 0;
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	cr_expect(kit_stat(&k, "store_errors") >= 4);
	kit_close(&k);
}

Test(faults, a_full_budget_is_a_503_and_loses_nothing)
{
	faulty f = { .calls = CALL_COMMIT, .times = 0, .status = RG_EFULL };
	int code;
	kit k;

	open_faulty(&k, &f, INLINE);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	f.times = 1;
	cr_expect_eq(kit_save_status(&k, "alice", A2, 2, &code), RG_ESTORE);
	cr_expect_eq(code, 503);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	cr_expect_eq(kit_stat(&k, "rejects_store"), 1);
	kit_close(&k);
}

Test(faults, a_guess_is_made_true_by_a_commit_or_asked_again)
{
	faulty f = { .calls = CALL_FETCH, .times = 0, .guesses = true };
	rg_remove_filter filter;
	uint32_t n = 0;
	kit k;

	open_faulty(&k, &f, INLINE);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
	cr_expect_eq(kit_targets(&k, "alice"), 2, "the guess conflicted and was decided again");
	cr_expect_eq(kit_stat(&k, "conflicts"), 1);
	cr_expect_eq(kit_save(&k, "alice", "<sip:gone@192.0.2.7>;expires=0", 3), 200);
	cr_expect_eq(kit_targets(&k, "alice"), 2);
	cr_expect_eq(kit_save(&k, "alice", A1 ";expires=0", 1), 400, "an old CSeq is refused on what is there");
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_remove(k.reg, &filter, &n, NULL), RG_OK);
	cr_expect_eq(n, 2);
	kit_close(&k);
}

Test(faults, a_query_asks_the_store_itself_at_once)
{
	faulty f = { .calls = CALL_FETCH, .times = 0, .guesses = true };
	kit k;

	open_faulty(&k, &f, INLINE);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	f.times = -1;
	f.after = 100; /* counts, and lets through */
	cr_expect_eq(kit_save(&k, "alice", NULL, 2), 200);
	cr_expect_eq(f.seen, 1);
	kit_close(&k);
}

Test(faults, thirty_two_conflicts_are_decided_again_and_one_more_is_a_503)
{
	for (int silent = 0; silent < 2; silent++) {
		conflicting c = { .times = 32, .silent = silent };
		int code;
		kit k;

		kit_init(&k);
		kit_open_over(&k, conflicting_new(k.memory, &c));
		cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
		cr_expect_eq(c.commits, 33);
		c.times = -1;
		c.commits = 0;
		cr_expect_eq(kit_save_status(&k, "alice", A1, 2, &code), RG_ESTORE);
		cr_expect_eq(code, 503);
		cr_expect_eq(c.commits, 33, "bounded");
		cr_expect_eq(kit_stat(&k, "conflicts"), 65);
		cr_expect_eq(kit_stat(&k, "store_errors"), 0, "a conflict is no failure of the store");
		c.times = 0;
		cr_expect_eq(kit_targets(&k, "alice"), 1);
		kit_close(&k);
	}
}

Test(faults, answers_given_twice_are_refused)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	deferred_twice(k.deferred, true);
	cr_expect_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_PENDING);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.code, 200);
	rg_op_free(o.op);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
	cr_expect_eq(kit_targets(&k, "alice"), 2);
	deferred_twice(k.deferred, false);
	cr_expect_eq(kit_stat(&k, "store_breaches"), 5);
	kit_close(&k);
}

static rg_status says_ok_and_keeps_silent(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)self;
	(void)key;
	(void)flags;
	(void)done;
	(void)tok;
	return RG_OK;
}

static rg_status no_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)self;
	(void)key;
	(void)commit;
	(void)flags;
	(void)done;
	(void)tok;
	return RG_ESTORE;
}

static rg_status no_keys(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self;
	(void)domain;
	(void)cursor;
	(void)limit;
	(void)flags;
	(void)done;
	(void)tok;
	return RG_ESTORE;
}

static rg_status no_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)now;
	return no_keys(self, cursor, cursor, limit, flags, done, tok);
}

static rg_status no_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)tag;
	return no_keys(self, domain, cursor, limit, flags, done, tok);
}

static const rg_store_ops silent = { .struct_size = sizeof silent, .name = "silent", .fetch = says_ok_and_keeps_silent, .commit = no_commit,
	.due = no_due, .find = no_find, .scan = no_keys };

Test(faults, an_answer_that_is_missing_is_an_error)
{
	for (uint32_t traits = 0; traits <= RG_STORE_INLINE; traits++) {
		rg_store_ops ops = silent;
		outcome o = { 0 };
		rg_store *store = NULL;
		kit k;

		ops.traits = traits;
		kit_init(&k);
		cr_assert_eq(rg_store_new(&ops, NULL, &store, NULL), RG_OK);
		kit_open_over(&k, store);
		cr_expect_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_OK);
		cr_expect_eq(o.status, RG_ESTORE);
		cr_expect_eq(o.code, 503);
		rg_op_free(o.op);
		kit_close(&k);
	}
}

/* What a store does that breaks its word about the answer to a commit. */
enum { SILENT, TWICE, ANSWERED_AND_FAILED };

typedef struct breaking {
	rg_store *inner;
	int how;
	int32_t times;
} breaking;

static rg_status breaking_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((breaking *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static void ignore(void *tok, rg_status status, const rg_fetched *current)
{
	(void)tok, (void)current;
	cr_expect_eq(status, RG_OK);
}

static rg_status breaking_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	breaking *b = self;
	void *in;
	const rg_store_ops *ops = rg_store_members(b->inner, &in);
	bool breaks = b->times > 0;

	b->times -= breaks;
	if (breaks && b->how == SILENT)
		return ops->commit(in, key, commit, flags, ignore, NULL);
	ops->commit(in, key, commit, flags, done, tok);
	if (breaks && b->how == TWICE)
		done(tok, RG_ESTORE, NULL);
	return breaks && b->how == ANSWERED_AND_FAILED ? RG_ESTORE : RG_OK;
}

static void open_breaking(kit *k, breaking *b, uint32_t traits)
{
	rg_store_ops ops = silent;
	rg_store *store = NULL;

	ops.traits = traits;
	ops.fetch = breaking_fetch;
	ops.commit = breaking_commit;
	kit_init(k);
	b->inner = k->memory;
	cr_assert_eq(rg_store_new(&ops, b, &store, NULL), RG_OK);
	kit_open_over(k, store);
	kit_listen(k);
}

Test(faults, a_commit_that_is_not_answered_may_have_landed_and_is_sent_again)
{
	for (uint32_t traits = 0; traits <= RG_STORE_INLINE; traits++) {
		breaking b = { .how = SILENT, .times = 1 };
		outcome o = { 0 };
		kit k;

		open_breaking(&k, &b, traits);
		kit_save_async(&k, "alice", A1, 1, &o);
		k.now += 100;
		kit_tick(&k);
		cr_expect(strstr(k.events, "CONTACT_INSERT"), "%s", k.events);
		cr_expect_eq(kit_stat(&k, "retries"), 1);
		cr_expect_eq(kit_stat(&k, "store_breaches"), 1);
		rg_op_free(o.op);
		kit_close(&k);
	}
}

Test(faults, the_first_answer_to_a_commit_counts_whatever_comes_after_it)
{
	for (int how = TWICE; how <= ANSWERED_AND_FAILED; how++) {
		for (uint32_t traits = 0; traits <= RG_STORE_INLINE; traits++) {
			breaking b = { .how = how, .times = 1 };
			outcome o = { 0 };
			kit k;

			open_breaking(&k, &b, traits);
			cr_expect_eq(kit_save_async(&k, "alice", A1, 1, &o), RG_OK);
			cr_expect_eq(o.called, 1);
			cr_expect_eq(o.code, 200, "breach %d", how);
			cr_expect(strstr(k.events, "CONTACT_INSERT"), "%s", k.events);
			if (how == TWICE || traits == 0)
				cr_expect_eq(kit_stat(&k, "store_breaches"), 1, "breach %d, traits %u", how, traits);
			rg_op_free(o.op);
			kit_close(&k);
		}
	}
}

/* Answers with alice's record whatever AoR is asked for. */
static rg_status fetch_alice(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	const rg_key alice = { key->domain, RG_STR("alice"), key->host };
	void *in;
	const rg_store_ops *ops = rg_store_members(self, &in);

	return ops->fetch(in, &alice, flags, done, tok);
}

Test(faults, a_record_of_another_aor_is_not_decided_on)
{
	rg_store_ops ops = silent;
	rg_store *store = NULL;
	int code;
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	ops.traits = RG_STORE_INLINE;
	ops.fetch = fetch_alice;
	cr_assert_eq(rg_store_new(&ops, k.memory, &store, NULL), RG_OK);
	rg_registrar_unref(k.reg);
	rg_store_unref(k.store);
	kit_open_over(&k, store);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	cr_expect_eq(kit_targets(&k, "bob"), RG_ESTORE);
	cr_expect_eq(kit_save_status(&k, "bob", A2, 1, &code), RG_ESTORE);
	cr_expect_eq(code, 503);
	cr_expect(strstr(k.log, rg_strerror(RG_ECONTRACT)));
	kit_close(&k);
}

Test(faults, a_store_that_lacks_a_member_is_refused_by_name)
{
	rg_store_ops ops = silent;
	rg_error *why = rg_error_new();
	rg_store *store;

	ops.find = NULL;
	cr_expect_eq(rg_store_new(&ops, NULL, &store, why), RG_EINVAL);
	cr_expect(strstr(rg_error_text(why).p, "find"));
	cr_expect_null(store);
	ops = silent;
	ops.struct_size = offsetof(rg_store_ops, scan);
	cr_expect_eq(rg_store_new(&ops, NULL, &store, why), RG_EINVAL, "no release had such a table");
	cr_expect(strstr(rg_error_text(why).p, "rg_store_ops.struct_size"));
	cr_expect_eq(rg_store_new(NULL, NULL, &store, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "ops is NULL");
	rg_error_free(why);
}

Test(faults, log_lines_are_free_of_control_characters)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ESTORE };
	kit k;

	open_faulty(&k, &f, INLINE);
	kit_save(&k, "alice", A1, 1);
	cr_expect(strlen(k.log) > 0);
	for (const char *c = k.log; *c; c++)
		cr_expect(*c == '\n' || (unsigned char)*c >= 0x20);
	kit_close(&k);
}
