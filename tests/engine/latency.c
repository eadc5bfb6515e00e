/* SPDX-License-Identifier: MIT */
/* rg_set_latency: what a ping said, over stores of every kind. */
#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"

static const rg_str none = { NULL, 0 };

/* How many bindings changed; minus the status when that is an error. */
static int measured(kit *k, const char *aor, const char *contact, uint32_t microseconds)
{
	uint32_t n = 99;
	rg_status st = rg_set_latency(k->reg, none, rg_str_from(aor), rg_str_from(contact), microseconds, &n, NULL);

	cr_expect(st == RG_OK || n == 0);
	return st == RG_OK ? (int)n : st;
}

/* The latency of alice's target @p index, in lookup order or in that of the flags. */
static uint32_t latency_of(kit *k, const char *flags, uint32_t index)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request request;
	rg_target t = { .struct_size = sizeof t, .latency = 77 };

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	cr_assert_eq(rg_lookup(k->reg, &request, options, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_get(targets, index, &t), RG_OK);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return t.latency;
}

static void measured_and_looked_up(int how)
{
	kit k;

	kit_open(&k, how);
	kit_save(&k, "alice", A1, 1);
	k.now += 1000;
	kit_save(&k, "alice", A2, 2);
	kit_listen(&k);
	cr_expect_eq(measured(&k, "alice@example.org", A2, 30000), 1);
	cr_expect_str_eq(k.events, "LATENCY_UPDATE alice@example.org sip:a@192.0.2.2:5060;");
	cr_expect_eq(latency_of(&k, "", 0), RG_LATENCY_NONE);
	cr_expect_eq(latency_of(&k, "", 1), 30000);
	cr_expect_eq(latency_of(&k, "sort-by-latency", 0), 30000);
	cr_expect_eq(measured(&k, "sip:alice@example.org", "sip:a@192.0.2.1:5060", 20000), 1);
	cr_expect_eq(latency_of(&k, "sort-by-latency", 0), 20000);
	cr_expect_eq(latency_of(&k, "max-ping-latency=25000,sort-by-latency", 0), 20000);
	kit_close(&k);
}

Test(latency, a_measured_binding_is_found_by_its_latency)
{
	measured_and_looked_up(INLINE);
}

Test(latency, a_measured_binding_is_found_by_its_latency_over_a_store_that_answers_later)
{
	measured_and_looked_up(DEFERRED);
}

Test(latency, what_hardly_moved_is_not_written)
{
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	measured(&k, "alice@example.org", A1, 100000);
	kit_listen(&k);
	int64_t commits = kit_stat(&k, "commits");
	for (uint32_t i = 0; i < 50; i++)
		cr_expect_eq(measured(&k, "alice@example.org", A1, 80001 + i * 700), 0);
	cr_expect_eq(kit_stat(&k, "commits"), commits);
	cr_expect_str_eq(k.events, "");
	cr_expect_eq(measured(&k, "alice@example.org", A1, 120000), 1);
	cr_expect_eq(kit_stat(&k, "commits"), commits + 1);
	cr_expect_eq(latency_of(&k, "", 0), 120000);
	kit_close(&k);
}

Test(latency, the_least_change_is_that_of_the_config_in_force)
{
	rg_config *config = NULL;
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	measured(&k, "alice@example.org", A1, 100000);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("latency_min_delta"), RG_STR("10"), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
	cr_expect_eq(measured(&k, "alice@example.org", A1, 109999), 0);
	cr_expect_eq(measured(&k, "alice@example.org", A1, 110000), 1);
	rg_config_free(config);
	kit_close(&k);
}

Test(latency, nobody_and_nothing_are_no_errors)
{
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(measured(&k, "alice@example.org", A1, 1), 0);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(measured(&k, "alice@example.org", A2, 1), 0);
	cr_expect_eq(measured(&k, "bob@example.org", A1, 1), 0);
	cr_expect_eq(rg_set_latency(k.reg, RG_STR("elsewhere"), RG_STR("alice@example.org"), RG_STR(A1), 1, NULL, NULL), RG_OK);
	cr_expect_eq(latency_of(&k, "", 0), RG_LATENCY_NONE);
	cr_expect_eq(rg_set_latency(k.reg, RG_STR(""), RG_STR("alice@example.org"), RG_STR(A1), 1, NULL, NULL), RG_OK);
	cr_expect_eq(latency_of(&k, "", 0), 1);
	kit_close(&k);
}

Test(latency, what_makes_no_sense_is_refused)
{
	static const struct {
		const char *aor, *contact;
		uint32_t microseconds;
	} cases[] = {
		{ "alice@example.org", A1, RG_LATENCY_NONE }, { "alice@example.org", NULL, 5 }, { "alice@example.org", "", 5 },
		{ "alice@example.org", "<sip:", 5 }, { "alice@example.org", "*", 5 }, { NULL, A1, 5 }, { "", A1, 5 }, { "tel:+15550100", A1, 5 },
	};
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_str aor = rg_str_from(cases[i].aor), contact = rg_str_from(cases[i].contact);
		uint32_t n = 9;

		cr_expect_eq(rg_set_latency(k.reg, none, aor, contact, cases[i].microseconds, &n, NULL), RG_EINVAL, "row %zu", i);
		cr_expect_eq(n, 0);
		cr_expect_eq(rg_set_latency_async(k.reg, none, aor, contact, cases[i].microseconds, kit_removed, &o, kit_freed, &o.op, NULL),
			RG_EINVAL);
		cr_expect_null(o.op);
	}
	cr_expect_eq(rg_set_latency(NULL, none, RG_STR("a@b"), RG_STR(A1), 5, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_set_latency_async(k.reg, none, RG_STR("a@b"), RG_STR(A1), 5, NULL, &o, kit_freed, NULL, NULL), RG_EINVAL);
	rg_registrar_shutdown(k.reg);
	cr_expect_eq(rg_set_latency_async(k.reg, none, RG_STR("a@b"), RG_STR(A1), 5, kit_removed, &o, kit_freed, NULL, NULL), RG_ECANCELED);
	cr_expect_eq(o.called + o.freed, 0);
	kit_close(&k);
}

static rg_status start(kit *k, const char *contact, uint32_t microseconds, outcome *o)
{
	char aor[] = "alice@example.org", domain[] = "location", text[64];

	strcpy(text, contact);
	o->k = k;
	rg_status st = rg_set_latency_async(k->reg, rg_str_from(domain), rg_str_from(aor), rg_str_from(text), microseconds, kit_removed, o,
		kit_freed, &o->op, NULL);
	memset(aor, '?', sizeof aor); /* what was lent is the caller's again */
	memset(domain, '?', sizeof domain);
	memset(text, '?', sizeof text);
	return st;
}

static void ended(outcome *o, uint32_t changed)
{
	cr_expect_eq(o->called, 1);
	cr_expect_eq(o->freed, 1);
	cr_expect_eq(o->status, RG_OK);
	cr_expect_eq(o->n, changed);
	rg_op_cancel(o->op);
	rg_op_free(o->op);
	cr_expect_eq(o->called, 1);
}

Test(latency, the_completion_form_answers_once)
{
	outcome at_once = { 0 }, later = { 0 };
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(start(&k, A1, 5, &at_once), RG_OK);
	ended(&at_once, 1);
	kit_close(&k);
	kit_open(&k, DEFERRED);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(start(&k, A1, 5, &later), RG_PENDING);
	cr_expect_eq(later.called, 0);
	deferred_answer_all(k.deferred);
	ended(&later, 1);
	cr_expect_eq(latency_of(&k, "", 0), 5);
	kit_close(&k);
}

Test(latency, two_pings_at_once_and_a_refresh_lose_nothing)
{
	outcome first = { 0 }, same = { 0 }, other = { 0 }, refresh = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save(&k, "alice", A1, 1);
	k.now += 1000;
	kit_save(&k, "alice", A2, 2);
	kit_listen(&k);
	k.now += 1000;
	cr_expect_eq(start(&k, A1, 30000, &first), RG_PENDING);
	cr_expect_eq(start(&k, A1, 31000, &same), RG_PENDING);
	cr_expect_eq(start(&k, A2, 50000, &other), RG_PENDING);
	cr_expect_eq(kit_save_async(&k, "alice", A1, 3, &refresh), RG_PENDING);
	/* All have read one revision; each commit but the first finds another there and is decided anew. */
	deferred_answer_all(k.deferred);
	ended(&first, 1);
	ended(&same, 0);
	ended(&other, 1);
	cr_expect_eq(refresh.code, 200);
	rg_op_free(refresh.op);
	cr_expect_geq(kit_stat(&k, "conflicts"), 3);
	cr_expect_eq(latency_of(&k, "sort-by-latency", 0), 30000);
	cr_expect_eq(latency_of(&k, "sort-by-latency", 1), 50000);
	/* A1 was refreshed and comes second now: its latency was kept, or set after. */
	cr_expect_eq(latency_of(&k, "", 1), 30000);
	cr_expect_not_null(strstr(k.events, "CONTACT_UPDATE alice@example.org sip:a@192.0.2.1:5060;"));
	kit_close(&k);
}

Test(latency, conflicts_are_decided_again_and_bounded)
{
	conflicting c = { .times = 5 };
	kit k;

	kit_init(&k);
	kit_open_over(&k, conflicting_new(k.memory, &c));
	c.times = 0;
	kit_save(&k, "alice", A1, 1);
	c.times = 5;
	cr_expect_eq(measured(&k, "alice@example.org", A1, 30000), 1);
	cr_expect_eq(latency_of(&k, "", 0), 30000);
	c.times = -1;
	c.commits = 0;
	kit_listen(&k);
	cr_expect_eq(measured(&k, "alice@example.org", A1, 90000), RG_ESTORE);
	cr_expect_leq(c.commits, 33);
	cr_expect_str_eq(k.events, "");
	c.times = 0;
	cr_expect_eq(latency_of(&k, "", 0), 30000);
	kit_close(&k);
}

Test(latency, a_store_that_fails_is_an_error_and_changes_nothing)
{
	static const uint32_t kinds[] = { CALL_FETCH, CALL_COMMIT };

	for (size_t i = 0; i < 2; i++) {
		faulty f = { .calls = 0, .status = RG_ESTORE };
		kit k;

		kit_init(&k);
		kit_open_over(&k, faulty_new(k.memory, &f));
		kit_save(&k, "alice", A1, 1);
		kit_listen(&k);
		f.calls = kinds[i];
		f.times = -1;
		cr_expect_eq(measured(&k, "alice@example.org", A1, 30000), RG_ESTORE);
		cr_expect_str_eq(k.events, "");
		f.calls = 0;
		cr_expect_eq(latency_of(&k, "", 0), RG_LATENCY_NONE);
		kit_close(&k);
	}
}

Test(latency, a_guess_of_nobody_is_asked_again)
{
	faulty f = { .guesses = true };
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(measured(&k, "alice@example.org", A1, 30000), 1);
	cr_expect_eq(latency_of(&k, "", 0), 30000);
	kit_close(&k);
}

Test(latency, a_store_nobody_can_wait_for_has_the_completion_form_only)
{
	uint32_t n = 9;
	kit k;

	kit_init(&k);
	kit_open_over(&k, waitless_new(k.memory));
	cr_expect_eq(rg_set_latency(k.reg, none, RG_STR("alice@example.org"), RG_STR(A1), 5, &n, NULL), RG_ENOTSUP);
	cr_expect_eq(n, 0);
	kit_close(&k);
}

Test(latency, a_lapsed_binding_expires_once_whoever_comes_first)
{
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1 ";expires=60", 1);
	kit_save(&k, "alice", A2, 2);
	kit_listen(&k);
	k.now += 60000;
	/* The lapsed one itself is nobody: it waits for the tick. */
	cr_expect_eq(measured(&k, "alice@example.org", A1, 30000), 0);
	cr_expect_str_eq(k.events, "");
	kit_tick(&k);
	cr_expect_str_eq(k.events, "CONTACT_EXPIRE alice@example.org sip:a@192.0.2.1:5060;");
	k.events[0] = '\0';
	kit_save(&k, "alice", A1 ";expires=60", 3);
	k.now += 60000;
	k.events[0] = '\0';
	cr_expect_eq(measured(&k, "alice@example.org", A2, 30000), 1);
	cr_expect_str_eq(k.events,
		"LATENCY_UPDATE alice@example.org sip:a@192.0.2.2:5060;CONTACT_EXPIRE alice@example.org sip:a@192.0.2.1:5060;");
	k.events[0] = '\0';
	kit_tick(&k);
	cr_expect_str_eq(k.events, "");
	/* Its own time comes as it would have come. */
	k.now += 3600000;
	kit_tick(&k);
	cr_expect_str_eq(k.events, "CONTACT_EXPIRE alice@example.org sip:a@192.0.2.2:5060;AOR_DELETE alice@example.org;");
	kit_close(&k);
}

Test(latency, the_next_tick_is_when_it_was)
{
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1 ";expires=600", 1);
	rg_time next = kit_tick(&k);

	k.now += 5000;
	cr_expect_eq(measured(&k, "alice@example.org", A1, 30000), 1);
	cr_expect_eq(kit_tick(&k), next);
	kit_close(&k);
}

Test(latency, a_refresh_keeps_it_and_a_retransmission_is_one_still)
{
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", A1, 1);
	cr_expect_eq(measured(&k, "alice@example.org", A1, 30000), 1);
	kit_listen(&k);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_str_eq(k.events, "", "the very same REGISTER changes nothing");
	cr_expect_eq(kit_save(&k, "alice", A1, 2), 200);
	cr_expect_eq(latency_of(&k, "", 0), 30000);
	kit_close(&k);
}
