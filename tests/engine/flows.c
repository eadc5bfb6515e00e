/* SPDX-License-Identifier: MIT */
/* Connections that die, and the bindings that go with them. */
#include "bindings.h"
#include <stdio.h>

#define NO ((rg_str){ NULL, 0 })

static uint32_t flow_dies(kit *k, const char *flow)
{
	uint32_t n = 99;

	cr_assert_eq(rg_remove_flow(k->reg, NO, rg_str_from(flow), &n, NULL), RG_OK);
	return n;
}

static void open_with_flows(kit *k, int how)
{
	kit_open(k, how);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-1" }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:B@192.0.2.2>", .flow = "tcp-2", .cseq = 2 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:C@192.0.2.3>", .cseq = 3 }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sip:D@192.0.2.1>", .flow = "tcp-1" }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sip:E@192.0.2.1>", .flow = "tcp-1", .cseq = 2 }), 200);
	cr_assert_eq(bind(k, "carol", (bound){ "<sip:F@192.0.2.1>", .flow = "tcp-11" }), 200);
}

Test(flows, every_binding_of_a_flow_goes_in_every_aor_and_no_other)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		char room[32];
		kit k;

		open_with_flows(&k, how);
		cr_expect_eq(flow_dies(&k, "tcp"), 0, "a flow is no prefix");
		cr_expect_eq(flow_dies(&k, "TCP-1"), 0);
		cr_expect_eq(flow_dies(&k, "192.0.2.1:5060"), 0, "nor a next hop");
		cr_expect_eq(flow_dies(&k, "tcp-1"), 3);
		cr_expect_str_eq(left(&k, "alice@example.org", room), "BC");
		cr_expect_str_eq(left(&k, "bob@example.org", room), "");
		cr_expect_str_eq(left(&k, "carol@example.org", room), "F");
		cr_expect_eq(flow_dies(&k, "tcp-1"), 0, "it is gone");
		kit_close(&k);
	}
}

Test(flows, the_completion_form_keeps_what_it_was_lent)
{
	char flow[] = "tcp-1", domain[] = "location", room[32];
	outcome o = { 0 };
	kit k;

	open_with_flows(&k, DEFERRED);
	cr_expect_eq(rg_remove_flow_async(k.reg, rg_str_from(domain), rg_str_from(flow), kit_removed, &o, kit_freed, &o.op, NULL), RG_PENDING);
	memset(flow, '?', sizeof flow - 1);
	memset(domain, '?', sizeof domain - 1);
	cr_expect_eq(o.called, 0);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.freed, 1);
	cr_expect_eq(o.status, RG_OK);
	cr_expect_eq(o.n, 3);
	cr_expect_str_eq(left(&k, "alice@example.org", room), "BC");
	rg_op_free(o.op);
	kit_close(&k);
}

Test(flows, the_completion_comes_before_the_return_over_an_inline_store)
{
	outcome o = { 0 };
	kit k;

	open_with_flows(&k, INLINE);
	cr_expect_eq(rg_remove_flow_async(k.reg, NO, RG_STR("tcp-1"), kit_removed, &o, kit_freed, NULL, NULL), RG_OK);
	cr_expect_eq(o.called + o.freed, 2);
	cr_expect_eq(o.n, 3);
	kit_close(&k);
}

Test(flows, what_no_flow_can_be_called_is_refused_and_removes_nothing)
{
	char longest[256];
	const rg_str bad[] = { NO, { "", 0 }, { longest, 256 } };
	uint32_t n = 9;
	char room[32];
	kit k;

	memset(longest, 'f', sizeof longest);
	open_with_flows(&k, INLINE);
	for (size_t i = 0; i < ROWS(bad); i++) {
		outcome o = { 0 };

		cr_expect_eq(rg_remove_flow(k.reg, NO, bad[i], &n, NULL), RG_EINVAL);
		cr_expect_eq(n, 0);
		cr_expect_eq(rg_remove_flow_async(k.reg, NO, bad[i], kit_removed, &o, kit_freed, &o.op, NULL), RG_EINVAL);
		cr_expect_eq(o.called + o.freed, 0);
		cr_expect_null(o.op);
	}
	cr_expect_eq(rg_remove_flow(NULL, NO, RG_STR("tcp-1"), &n, NULL), RG_EINVAL);
	cr_expect_eq(rg_remove_flow_async(k.reg, NO, RG_STR("tcp-1"), NULL, NULL, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_remove_flow(k.reg, NO, (rg_str){ longest, 255 }, NULL, NULL), RG_OK, "there is none, and nobody asks how many");
	cr_expect_eq(rg_remove_flow(k.reg, NO, RG_STR("tcp-1\0"), &n, NULL), RG_OK);
	cr_expect_eq(n, 0, "nor is it cut at a NUL");
	cr_expect_eq(rg_remove_flow(k.reg, RG_STR("elsewhere"), RG_STR("tcp-1"), &n, NULL), RG_OK);
	cr_expect_eq(n, 0, "another domain has flows of its own");
	cr_expect_str_eq(left(&k, "alice@example.org", room), "ABC");
	cr_expect_str_eq(left(&k, "bob@example.org", room), "DE");
	kit_close(&k);
}

Test(flows, a_refresh_over_another_flow_leaves_the_old_one)
{
	char room[32];
	kit k;

	open_with_flows(&k, INLINE);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-9", .cseq = 4 }), 200);
	cr_expect_eq(flow_dies(&k, "tcp-1"), 2, "bob's");
	cr_expect_str_eq(left(&k, "alice@example.org", room), "ABC");
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .cseq = 5 }), 200);
	cr_expect_eq(flow_dies(&k, "tcp-9"), 0, "now it has none");
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-2", .cseq = 6 }), 200);
	cr_expect_eq(flow_dies(&k, "tcp-2"), 2);
	cr_expect_str_eq(left(&k, "alice@example.org", room), "C");
	kit_close(&k);
}

/* What the removal fetched still had the old flow, so that its commit conflicts and it is decided again. */
Test(flows, a_binding_that_moves_while_the_removal_is_under_way_stays)
{
	outcome o = { 0 };
	char room[32];
	kit k;

	kit_open(&k, DEFERRED);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-1" }), 200);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:B@192.0.2.1>", .flow = "tcp-1", .cseq = 2 }), 200);
	kit_listen(&k);
	rg_remove_flow_async(k.reg, NO, RG_STR("tcp-1"), kit_removed, &o, kit_freed, NULL, NULL);
	deferred_answer(k.deferred, 0);
	cr_assert_eq(deferred_kind(k.deferred, 0), CALL_FETCH);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-2", .cseq = 3 }), 200);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.status, RG_OK);
	cr_expect_eq(o.n, 1);
	cr_expect_eq(kit_stat(&k, "conflicts"), 1);
	cr_expect_str_eq(k.events, "CONTACT_UPDATE alice@example.org sip:A@192.0.2.1;CONTACT_DELETE alice@example.org sip:B@192.0.2.1;");
	cr_expect_str_eq(left(&k, "alice@example.org", room), "A");
	cr_expect_eq(flow_dies(&k, "tcp-2"), 1);
	kit_close(&k);
}

enum { CROWD = 1000 };

Test(flows, a_thousand_aors_on_one_flow_go_page_by_page)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		char aor[16];
		kit k;

		kit_open(&k, how);
		for (int i = 0; i < CROWD; i++) {
			snprintf(aor, sizeof aor, "u%d", i);
			cr_assert_eq(bind(&k, aor, (bound){ "<sip:A@192.0.2.1>", .flow = i % 10 == 9 ? "edge-2" : "edge-1" }), 200);
		}
		cr_expect_eq(flow_dies(&k, "edge-1"), CROWD / 10 * 9);
		cr_expect_eq(kit_stat(&k, "live_aors"), CROWD / 10);
		cr_expect_eq(flow_dies(&k, "edge-2"), CROWD / 10);
		cr_expect_eq(kit_stat(&k, "live_contacts"), 0);
		kit_close(&k);
	}
}

Test(flows, what_is_found_by_a_flow_is_asked_for_in_proportion_to_it)
{
	faulty f = { .calls = CALL_FETCH | CALL_FIND | CALL_SCAN, .after = INT32_MAX, .times = -1 };
	char aor[16];
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	for (int i = 0; i < CROWD; i++) {
		snprintf(aor, sizeof aor, "u%d", i);
		cr_assert_eq(bind(&k, aor, (bound){ "<sip:A@192.0.2.1>", .flow = i < 3 ? "few" : "many" }), 200);
	}
	f.seen = 0;
	cr_expect_eq(flow_dies(&k, "few"), 3);
	cr_expect(f.seen >= 4 && f.seen <= 5, "%u calls: a page, maybe an empty one, and a fetch for each", f.seen);
	kit_close(&k);
}

static void note_reason(void *user, const rg_event *e)
{
	kit *k = user;
	size_t at = strlen(k->events);

	snprintf(k->events + at, sizeof k->events - at, "%s %.*s %.*s [%.*s] [%.*s];", rg_event_name(e->kind), (int)e->before->uri.n,
		e->before->uri.p, (int)e->before->flow.n, e->before->flow.p, (int)e->reason.n, e->reason.p, (int)e->callid.n,
		e->callid.p ? e->callid.p : "");
	cr_expect_null(e->after);
}

Test(flows, each_binding_that_goes_is_told_as_removed)
{
	kit k;

	open_with_flows(&k, INLINE);
	cr_assert_eq(rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_DELETE, note_reason, &k, NULL, &k.subscription, NULL), RG_OK);
	cr_expect_eq(flow_dies(&k, "tcp-2"), 1);
	cr_expect_str_eq(k.events, "CONTACT_DELETE sip:B@192.0.2.2 tcp-2 [removed] [];");
	rg_subscription_free(k.subscription);
	k.events[0] = '\0';
	kit_listen(&k);
	cr_expect_eq(flow_dies(&k, "tcp-1"), 3);
	cr_expect_not_null(strstr(k.events, "CONTACT_DELETE alice@example.org sip:A@192.0.2.1;"), "%s", k.events);
	cr_expect_not_null(strstr(k.events, "CONTACT_DELETE bob@example.org sip:D@192.0.2.1;CONTACT_DELETE bob@example.org sip:E@192.0.2.1;"
		"AOR_DELETE bob@example.org;"), "%s", k.events);
	cr_expect_null(strstr(k.events, "AOR_DELETE alice"), "%s", k.events);
	kit_close(&k);
}

Test(flows, a_commit_of_unknown_fate_does_not_hold_up_the_other_aors)
{
	faulty f = { .calls = CALL_COMMIT, .status = RG_EUNKNOWN };
	outcome o = { 0 };
	char room[32];
	kit k;

	kit_init(&k);
	rg_store *weak = faulty_new(k.memory, &f);
	kit_open_over(&k, deferred_new(weak, &k.deferred));
	rg_store_unref(weak);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-1" }), 200);
	cr_assert_eq(bind(&k, "bob", (bound){ "<sip:B@192.0.2.1>", .flow = "tcp-1" }), 200);
	f.times = 1;
	cr_expect_eq(rg_remove_flow_async(k.reg, NO, RG_STR("tcp-1"), kit_removed, &o, kit_freed, NULL, NULL), RG_PENDING);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.status, RG_ESTORE);
	cr_expect_eq(o.n, 1);
	k.now += 200;
	kit_tick(&k);
	deferred_answer_all(k.deferred);
	cr_expect_eq(kit_stat(&k, "retries"), 1);
	cr_expect_str_empty(left(&k, "alice@example.org", room));
	cr_expect_str_empty(left(&k, "bob@example.org", room));
	kit_close(&k);
}

Test(flows, a_store_that_fails_is_told_and_what_went_is_counted)
{
	faulty f = { .calls = CALL_COMMIT, .status = RG_ESTORE };
	uint32_t n = 99;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>", .flow = "tcp-1" }), 200);
	cr_assert_eq(bind(&k, "bob", (bound){ "<sip:B@192.0.2.1>", .flow = "tcp-1" }), 200);
	f.after = 1;
	f.times = 1;
	cr_expect_eq(rg_remove_flow(k.reg, NO, RG_STR("tcp-1"), &n, NULL), RG_ESTORE);
	cr_expect_eq(n, 1, "one of two");
	f.calls = CALL_FIND;
	f.after = 0;
	f.times = 1;
	cr_expect_eq(rg_remove_flow(k.reg, NO, RG_STR("tcp-1"), &n, NULL), RG_ESTORE);
	cr_expect_eq(n, 0);
	cr_expect_eq(flow_dies(&k, "tcp-1"), 1);
	kit_close(&k);
}
