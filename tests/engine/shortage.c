/* SPDX-License-Identifier: MIT */
/* Memory: verbs that run out of it, and what is released. */
#include "allocations.h"
#include "sites.h"

#define A2 "<sip:a@192.0.2.2:5060>"

static rg_status save(kit *k)
{
	int code;
	rg_status st = kit_save_status(k, "alice", A2, 2, &code);

	cr_expect_eq(code, st == RG_OK ? 200 : 0);
	return st;
}

static rg_status save_later(kit *k)
{
	outcome o = { 0 };
	rg_status st = kit_save_async(k, "alice", A2, 2, &o);

	cr_expect_eq(o.called, st == RG_OK);
	cr_expect_eq(o.freed, o.called);
	rg_op_free(o.op);
	return o.called ? o.status : st;
}

static rg_status look_up(kit *k)
{
	int n = kit_targets(k, "alice");

	cr_expect(n == 1 || n < 0);
	return n < 0 ? n : RG_OK;
}

static rg_status look_up_branch(kit *k)
{
	rg_str branch = RG_STR("sip:alice@example.org");
	rg_lookup_options *options;
	rg_targets *targets = NULL;
	rg_request request;
	rg_status st = rg_lookup_options_new(RG_STR("branch,global"), &options, NULL);

	if (st != RG_OK)
		return st;
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:bob@example.org");
	request.branches = &branch;
	request.n_branches = 1;
	st = rg_lookup(k->reg, &request, options, &targets, NULL);
	cr_expect_eq(rg_targets_count(targets), st == RG_OK);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return st;
}

static rg_status remove_all(kit *k)
{
	rg_remove_filter filter;
	uint32_t n;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	rg_status st = rg_remove(k->reg, &filter, &n, NULL);
	cr_expect_eq(n, st == RG_OK);
	return st;
}

static rg_status remove_by_address(kit *k)
{
	uint32_t n;

	return rg_remove_ip_port(k->reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL);
}

static rg_status is_registered(kit *k)
{
	rg_answer *found = NULL;
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("alice@example.org");
	q.contact = RG_STR(A1);
	rg_status st = rg_is_contact_registered(k->reg, &q, &found, NULL);
	cr_expect_eq(found != NULL, st == RG_OK);
	cr_expect_eq(rg_answer_contact_count(found), st == RG_OK);
	rg_answer_free(found);
	return st;
}

static rg_status walk(kit *k)
{
	outcome o = { .stop_after = 1 };
	rg_status st = rg_each_async(k->reg, RG_STR("location"), (rg_str){ NULL, 0 }, kit_each, kit_each_done, &o, NULL, NULL, NULL);

	cr_expect_eq(o.called, st == RG_OK);
	return o.called ? o.status : st;
}

static rg_status measure(kit *k)
{
	uint32_t n;
	rg_status st = rg_set_latency(k->reg, RG_STR("location"), RG_STR("alice@example.org"), RG_STR(A1), 20000, &n, NULL);

	cr_expect_eq(n, st == RG_OK);
	return st;
}

static rg_status save_reply(kit *k)
{
	phone p = { .aor = "alice", .contact = A2 ";+sip.instance=\"<urn:x:1>\"", .cseq = 2 };
	rg_str contact = RG_STR(A2 ";expires=30;+sip.instance=\"<urn:x:1>\"");
	rg_response *response = NULL;
	rg_upstream upstream;
	rg_request request;

	kit_request(&p, &request);
	rg_upstream_init(&upstream, sizeof upstream);
	upstream.code = 200;
	upstream.contacts = &contact;
	upstream.n_contacts = 1;
	rg_status st = rg_save_reply(k->reg, &request, &upstream, NULL, &response, NULL);
	cr_expect_eq(response ? rg_response_code(response) : 0, st == RG_OK ? 200 : 0);
	rg_response_free(response);
	return st;
}

static rg_status configure(kit *k)
{
	return rg_registrar_configure(k->reg, NULL, NULL);
}

static void hear_nothing(void *user, const rg_event *event)
{
	(void)user;
	(void)event;
}

static rg_status subscribe(kit *k)
{
	rg_subscription *subscription;
	rg_status st = rg_registrar_subscribe(k->reg, RG_EVENT_ALL, hear_nothing, NULL, NULL, &subscription, NULL);

	rg_subscription_free(subscription);
	return st;
}

static rg_status join_federation(kit *k)
{
	return rg_registrar_federate(k->reg, k->memory, RG_STR("192.0.2.9"), NULL, NULL);
}

static rg_status count(kit *k)
{
	rg_statistics *stats;
	rg_status st = rg_read_statistics(k->reg, RG_STR("location"), &stats, NULL);

	cr_expect_eq(stats != NULL, st == RG_OK);
	rg_statistics_free(stats);
	return st;
}

static rg_status make_another(kit *k)
{
	rg_registrar *reg;
	rg_status st = rg_registrar_new(NULL, k->memory, NULL, &reg, NULL);

	cr_expect_eq(reg != NULL, st == RG_OK);
	rg_registrar_unref(reg);
	return st;
}

static rg_status tick(kit *k)
{
	k->now += 3600000;
	return rg_registrar_tick(k->reg, 0, NULL);
}

static const struct {
	const char *what;
	rg_status (*run)(kit *k);
} verbs[] = {
	{ "save", save }, { "save_async", save_later }, { "lookup", look_up }, { "lookup of a branch", look_up_branch },
	{ "remove", remove_all },
	{ "remove_ip_port", remove_by_address }, { "is_contact_registered", is_registered }, { "each_async", walk },
	{ "set_latency", measure }, { "tick", tick }, { "save_reply", save_reply }, { "configure", configure }, { "subscribe", subscribe },
	{ "federate", join_federation }, { "stats", count }, { "registrar_new", make_another },
};

/* @return whether the nth allocation of the verb was made, and failed, and maybe some after it. */
static bool falls_short(size_t verb, int nth, int run, bool listens)
{
	long kept = allocations_kept();
	kit k;

	kit_open(&k, INLINE);
	if (listens)
		kit_listen(&k);
	cr_assert_eq(kit_save(&k, "alice", A1, 1), 200);
	allocations_fail_run(nth, run);
	rg_status st = verbs[verb].run(&k);
	bool failed = allocations_fail(0) == 0;
	cr_expect(st == RG_OK || (failed && st == RG_ENOMEM), "%s, allocation %d: %s", verbs[verb].what, nth,
		rg_status_name(st));
	cr_expect_eq(kit_stat(&k, "store_breaches"), 0);
	cr_expect_eq(kit_save(&k, "alice", A1, 9), 200, "%s, allocation %d: it goes on", verbs[verb].what, nth);
	kit_close(&k);
	cr_expect(k.freed);
	cr_expect_eq(allocations_kept(), kept, "%s, allocation %d: %ld blocks are left", verbs[verb].what, nth, allocations_kept() - kept);
	return failed;
}

Test(shortage, each_allocation_of_a_verb_fails_in_turn_alone_and_with_others_and_nothing_is_left_behind)
{
	for (size_t verb = 0; verb < sizeof verbs / sizeof *verbs; verb++) {
		for (int how = 0; how < 6; how++) {
			int nth = 1;

			while (nth < 200 && falls_short(verb, nth, 1 << how / 2, how % 2))
				nth++;
			cr_expect(nth > 1 && nth < 200, "%s makes %d allocations", verbs[verb].what, nth - 1);
		}
	}
}

/* The commit lands, and its outcome is not known. @return whether it could not be sent again. */
static bool loses_a_commit(int nth)
{
	faulty f = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = true };
	rg_store *shared = shared_new();
	int code;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	federate(&k, shared, EAST);
	f.times = 0;
	settle(&k);
	kit_listen(&k);
	f.times = 1;
	allocations_fail(nth);
	kit_save_status(&k, "alice", A1, 1, &code);
	allocations_fail(0);
	bool lost = strstr(k.log, "cannot be sent again") != NULL;
	if (lost) {
		settle(&k);
		cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST, "allocation %d: other sites are told of what may be there", nth);
		cr_expect_eq(kit_stat(&k, "undecided"), 1);
		cr_expect_str_empty(k.events, "it is not known that it landed");
		cr_expect_eq(kit_targets(&k, "alice"), 1);
	}
	kit_close(&k);
	rg_store_unref(shared);
	return lost;
}

Test(shortage, a_commit_that_cannot_be_sent_again_is_told_to_other_sites)
{
	int lost = 0;

	for (int nth = 1; nth < 100; nth++)
		lost += loses_a_commit(nth);
	cr_expect_gt(lost, 0, "some allocation is of what sends it again");
}

static void conflict(void)
{
	conflicting c = { .times = 3 };
	kit k;

	kit_init(&k);
	kit_open_over(&k, conflicting_new(k.memory, &c));
	kit_listen(&k);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(c.commits, 4);
	kit_close(&k);
}

Test(shortage, what_was_decided_before_a_conflict_is_released)
{
	long kept = allocations_kept();

	conflict();
	cr_expect_eq(allocations_kept(), kept);
}

static void conflict_answered_twice(void)
{
	outcome o[2] = { { 0 }, { 0 } };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save(&k, "alice", A1, 1);
	kit_save_async(&k, "alice", A1, 2, &o[0]);
	kit_save_async(&k, "alice", A2, 3, &o[1]);
	deferred_answer(k.deferred, 0);
	deferred_answer(k.deferred, 0);
	deferred_twice(k.deferred, true);
	deferred_answer_all(k.deferred);
	deferred_twice(k.deferred, false);
	cr_expect_eq(o[0].code + o[1].code, 400);
	cr_expect_eq(kit_stat(&k, "conflicts"), 1);
	cr_expect_gt(kit_stat(&k, "store_breaches"), 0);
	rg_op_free(o[0].op);
	rg_op_free(o[1].op);
	kit_close(&k);
}

Test(shortage, a_record_that_comes_with_an_answer_too_many_is_released)
{
	long kept = allocations_kept();

	conflict_answered_twice();
	cr_expect_eq(allocations_kept(), kept);
}

static struct {
	rg_resolve_done_cb done;
	void *tok;
} asked;

static rg_status resolve_never(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	(void)user;
	(void)host;
	asked.done = done;
	asked.tok = tok;
	return RG_PENDING;
}

static void outlive(void)
{
	kit k;

	kit_init(&k);
	k.env.resolve = resolve_never;
	kit_open_over(&k, rg_store_ref(k.memory));
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@phone.example.net>", 1), 200);
	kit_close(&k);
	cr_expect(k.freed);
	asked.done(asked.tok, RG_ENOENT, NULL, 0);
}

Test(shortage, what_a_token_stands_in_goes_with_the_last_answer_though_the_registrar_is_gone)
{
	long kept = allocations_kept();

	outlive();
	cr_expect_eq(allocations_kept(), kept);
}

static rg_status remove_flow(kit *k)
{
	uint32_t n;

	return rg_remove_flow(k->reg, RG_STR("location"), RG_STR("tcp1"), &n, NULL);
}

static void bind_flow(kit *k, const char *aor)
{
	phone p = { .aor = aor, .contact = A1, .cseq = 1 };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	request.flow = RG_STR("tcp1");
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	rg_response_free(response);
}

Test(shortage, a_walk_that_met_several_errors_tells_the_first)
{
	rg_status st = RG_ENOMEM;
	int nth = 1;

	for (bool failed = true; failed && nth < 200; nth++) {
		faulty f = { .calls = CALL_COMMIT, .times = 0, .status = RG_ESTORE };
		rg_status before = st;
		kit k;

		kit_init(&k);
		kit_open_over(&k, faulty_new(k.memory, &f));
		bind_flow(&k, "alice");
		bind_flow(&k, "bob");
		f.times = 1; /* the first AoR cannot be written */
		allocations_fail(nth);
		st = remove_flow(&k);
		failed = allocations_fail(0) == 0;
		cr_expect(st == RG_ESTORE || (st == RG_ENOMEM && before == RG_ENOMEM), "allocation %d: %s", nth, rg_status_name(st));
		kit_close(&k);
	}
	cr_expect_eq(st, RG_ESTORE);
	cr_expect_lt(nth, 200);
}

Test(shortage, a_replaced_configuration_goes_with_the_last_operation_under_it)
{
	outcome o[3] = { { 0 }, { 0 }, { 0 } };
	long kept = 0;
	kit k;

	kit_open(&k, DEFERRED);
	for (int i = 0; i < 3; i++) {
		kit_save_async(&k, "alice", A1, i + 1, &o[i]);
		cr_assert_eq(rg_registrar_configure(k.reg, NULL, NULL), RG_OK);
		deferred_answer_all(k.deferred);
		cr_assert_eq(o[i].code, 200);
		rg_op_free(o[i].op);
		if (i == 1)
			kept = allocations_kept();
	}
	cr_expect_eq(allocations_kept(), kept);
	kit_close(&k);
}
