/* SPDX-License-Identifier: MIT */
/* The two front ends of every verb: what each refuses before it begins, and what ends it. */
#include "sites.h"

static const rg_str none = { NULL, 0 };

/* A registrar, and good arguments for every verb. */
typedef struct front {
	kit k;
	phone phone;
	rg_request request;
	rg_upstream upstream;
	rg_query query;
	rg_ip_port ip;
	rg_remove_filter filter;
} front;

static void front_init(front *f)
{
	*f = (front){ .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .ip = { .ip = RG_STR("192.0.2.1") } };
	kit_init(&f->k);
	kit_request(&f->phone, &f->request);
	rg_upstream_init(&f->upstream, sizeof f->upstream);
	f->upstream.code = 200;
	rg_query_init(&f->query, sizeof f->query);
	f->query.request = &f->request;
	f->query.ips = &f->ip;
	f->query.n_ips = 1;
	rg_remove_filter_init(&f->filter, sizeof f->filter);
	f->filter.aor = RG_STR("alice@example.org");
}

static void front_open(front *f, int how)
{
	front_init(f);
	kit_open_over(&f->k, how == INLINE ? rg_store_ref(f->k.memory) : deferred_new(f->k.memory, &f->k.deferred));
}

/* What a verb is to overwrite. */
typedef struct results {
	rg_response *saved, *replied;
	rg_targets *targets;
	rg_answer *answers[3];
	rg_statistics *stats;
	uint32_t n[5];
} results;

/* The blocking verbs that take a pointer to what is asked. */
static void verbs_that_ask(rg_registrar *reg, const front *f, rg_status expected)
{
	const rg_request *request = f ? &f->request : NULL;
	const rg_query *query = f ? &f->query : NULL;
	results r;

	memset(&r, 0x5a, sizeof r);
	cr_expect_eq(rg_save(reg, request, NULL, &r.saved, NULL), expected);
	cr_expect_eq(rg_save_reply(reg, request, f ? &f->upstream : NULL, NULL, &r.replied, NULL), expected);
	cr_expect_eq(rg_lookup(reg, request, NULL, &r.targets, NULL), expected);
	cr_expect_eq(rg_is_registered(reg, query, &r.answers[0], NULL), expected);
	cr_expect_eq(rg_is_contact_registered(reg, query, &r.answers[1], NULL), expected);
	cr_expect_eq(rg_is_ip_registered(reg, query, &r.answers[2], NULL), expected);
	cr_expect(!r.saved && !r.replied && !r.targets && !r.answers[0] && !r.answers[1] && !r.answers[2]);
}

/* The others. */
static void verbs_that_name(rg_registrar *reg, const front *f, rg_status expected)
{
	const rg_str location = RG_STR("location"), alice = RG_STR("alice@example.org"), ip = RG_STR("192.0.2.1");
	results r;

	memset(&r, 0x5a, sizeof r);
	cr_expect_eq(rg_set_latency(reg, location, alice, RG_STR("sip:a@192.0.2.1"), 5, &r.n[0], NULL), expected);
	cr_expect_eq(rg_remove(reg, &f->filter, &r.n[1], NULL), expected);
	cr_expect_eq(rg_remove_ip_port(reg, location, ip, 5060, none, &r.n[2], NULL), expected);
	cr_expect_eq(rg_remove_ip_port(reg, location, ip, 5060, alice, &r.n[3], NULL), expected);
	cr_expect_eq(rg_remove_flow(reg, location, RG_STR("flow"), &r.n[4], NULL), expected);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(r.n[i], 0, "count %d", i);
	cr_expect_eq(rg_each(reg, location, kit_each, NULL, NULL), expected);
	cr_expect_eq(rg_read_statistics(reg, location, &r.stats, NULL), expected);
	cr_expect_null(r.stats);
}

Test(fronts, a_blocking_verb_that_lacks_an_argument_does_not_begin)
{
	rg_str location = RG_STR("location");
	uint32_t n = 9;
	front f;

	front_open(&f, INLINE);
	rg_registrar *reg = f.k.reg;
	verbs_that_ask(reg, NULL, RG_EINVAL);
	verbs_that_ask(NULL, &f, RG_EINVAL);
	verbs_that_name(NULL, &f, RG_EINVAL);
	cr_expect_eq(rg_save(reg, &f.request, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_reply(reg, &f.request, &f.upstream, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_lookup(reg, &f.request, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_is_registered(reg, &f.query, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_each(reg, location, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_read_statistics(reg, location, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_set_latency(reg, location, RG_STR("alice@example.org"), none, 5, &n, NULL), RG_EINVAL);
	cr_expect_eq(n, 0);
	cr_expect_eq(kit_stat(&f.k, "operations"), 0, "none of them began");
	kit_close(&f.k);
}

Test(fronts, no_blocking_verb_begins_over_a_store_that_cannot_wait)
{
	front f;

	front_init(&f);
	kit_open_over(&f.k, waitless_new(f.k.memory));
	verbs_that_ask(f.k.reg, &f, RG_ENOTSUP);
	verbs_that_name(f.k.reg, &f, RG_ENOTSUP);
	kit_close(&f.k);
}

Test(fronts, no_blocking_verb_begins_after_a_shutdown)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		front f;

		front_open(&f, how);
		rg_registrar_shutdown(f.k.reg);
		verbs_that_ask(f.k.reg, &f, RG_ECANCELED);
		verbs_that_name(f.k.reg, &f, RG_ECANCELED);
		kit_close(&f.k);
	}
}

Test(fronts, a_verb_need_not_be_asked_for_its_count)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		front f;

		front_open(&f, how);
		kit *k = &f.k;
		cr_expect_eq(kit_save(k, "alice", A1, 1), 200);
		cr_expect_eq(rg_set_latency(k->reg, none, RG_STR("alice@example.org"), RG_STR("sip:a@192.0.2.1:5060"), 5, NULL, NULL), RG_OK);
		cr_expect_eq(rg_remove(k->reg, &f.filter, NULL, NULL), RG_OK);
		cr_expect_eq(kit_targets(k, "alice"), 0);
		cr_expect_eq(kit_save(k, "alice", A1, 2), 200);
		cr_expect_eq(rg_remove_ip_port(k->reg, none, RG_STR("192.0.2.1"), 5060, none, NULL, NULL), RG_OK);
		cr_expect_eq(kit_targets(k, "alice"), 0);
		kit_close(k);
	}
}

static void shut_down(outcome *o)
{
	rg_registrar_shutdown(o->k->reg);
}

Test(fronts, a_shutdown_from_within_a_walk_ends_it)
{
	for (int form = 0; form < 4; form++) {
		kit k;
		outcome o = { .k = &k, .then = shut_down };

		kit_open(&k, form & 1 ? DEFERRED : INLINE);
		kit_save(&k, "alice", A1, 1);
		kit_save(&k, "bob", A1, 1);
		if (form & 2)
			rg_each_async(k.reg, none, none, kit_each, kit_each_done, &o, NULL, NULL, NULL);
		else
			o.status = rg_each(k.reg, none, kit_each, &o, NULL);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_eq(o.status, RG_ECANCELED, "form %d", form);
		cr_expect_eq(o.called, form >= 2);
		cr_expect_eq(o.n, 1);
		kit_close(&k);
	}
}

static void shut_down_by(void *user, const rg_event *e)
{
	(void)e;
	rg_registrar_shutdown(((kit *)user)->reg);
}

Test(fronts, a_shutdown_from_within_an_event_leaves_the_answer_to_what_was_committed)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		uint32_t n = 9;
		front f;

		front_open(&f, how);
		cr_assert_eq(rg_registrar_subscribe(f.k.reg, RG_EVENT_CONTACT_INSERT, shut_down_by, &f.k, NULL, &f.k.subscription, NULL), RG_OK);
		cr_expect_eq(kit_save(&f.k, "alice", A1, 1), 200);
		cr_expect_eq(kit_save(&f.k, "alice", A1, 2), RG_ECANCELED);
		kit_close(&f.k);
		front_open(&f, how);
		kit_save(&f.k, "alice", A1, 1);
		cr_assert_eq(rg_registrar_subscribe(f.k.reg, RG_EVENT_CONTACT_DELETE, shut_down_by, &f.k, NULL, &f.k.subscription, NULL), RG_OK);
		cr_expect_eq(rg_remove(f.k.reg, &f.filter, &n, NULL), RG_OK);
		cr_expect_eq(n, 1);
		cr_expect_eq(rg_remove(f.k.reg, &f.filter, &n, NULL), RG_ECANCELED);
		kit_close(&f.k);
	}
}

static const struct {
	const char *uri, *aor;
	int code;
	bool asks; /* the store */
} nowhere[] = {
	{ "sip:nobody@example.org", NULL, 404, true },
	{ "tel:+123", NULL, 416, false },
	{ "mailto:a@example.org", NULL, 416, false },
	{ "sip:alice@example.org", "", 400, false },
	{ "sip:alice@example.org", "<<", 400, false },
	{ "sip:", NULL, 400, false },
	{ "sip:nobody@example.org;", NULL, 404, true },
	{ "?", "nobody@example.org", 404, true },
};

static void look_up_nobody(kit *k, size_t row)
{
	rg_targets *targets = NULL;
	rg_request request;
	outcome o = { 0 };

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(nowhere[row].uri);
	request.aor = rg_str_from(nowhere[row].aor);
	cr_expect_eq(rg_lookup(k->reg, &request, NULL, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_result(targets), RG_LOOKUP_NONE);
	cr_expect_eq(rg_targets_code(targets), nowhere[row].code, "row %zu: %d", row, rg_targets_code(targets));
	rg_targets_free(targets);
	rg_status st = rg_lookup_async(k->reg, &request, NULL, kit_looked_up, &o, kit_freed, NULL, NULL);
	cr_expect_eq(st, k->deferred && nowhere[row].asks ? RG_PENDING : RG_OK, "row %zu", row);
	if (k->deferred)
		deferred_answer_all(k->deferred);
	cr_expect_eq(o.called + o.freed, 2);
	cr_expect_eq(o.status, RG_OK);
	cr_expect_eq(o.code, nowhere[row].code);
	cr_expect_eq(o.n, 0);
}

Test(fronts, a_lookup_of_nobody_says_why_and_asks_no_store_about_what_it_cannot_have)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		kit k;

		kit_open(&k, how);
		for (size_t row = 0; row < sizeof nowhere / sizeof *nowhere; row++)
			look_up_nobody(&k, row);
		kit_close(&k);
	}
}

Test(fronts, a_request_too_large_to_keep_is_refused_at_once)
{
	char text[2048];
	rg_str line = { text, sizeof text };
	outcome o = { 0 };
	rg_config *config;
	front f;

	front_open(&f, DEFERRED);
	memset(text, 'x', sizeof text);
	f.request.allow = &line;
	f.request.n_allow = 1;
	rg_config_new(&config);
	cr_assert_eq(rg_config_set_int(config, RG_STR("max_request_bytes"), 1024, NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(f.k.reg, config, NULL), RG_OK);
	rg_config_free(config);
	cr_expect_eq(rg_save_async(f.k.reg, &f.request, NULL, kit_saved, &o, kit_freed, NULL, NULL), RG_OK);
	cr_expect_eq(o.code, 413);
	cr_expect_eq(o.called + o.freed, 2);
	cr_expect_eq(kit_targets(&f.k, "alice"), 0);
	kit_close(&f.k);
}

/* RFC 3261 §26.2.2 */
Test(fronts, what_came_as_sips_goes_to_a_site_by_sips_only)
{
	rg_store *shared = shared_new();
	kit plain, secure, third;

	kit_open(&plain, INLINE);
	kit_open(&secure, INLINE);
	kit_open(&third, INLINE);
	federate(&plain, shared, EAST);
	federate(&secure, shared, "sips:west.example.net");
	federate(&third, shared, WEST);
	kit_save(&plain, "alice", A1, 1);
	kit_save(&secure, "alice", A1, 1);
	settle(&plain);
	settle(&secure);
	ASKS(&third, "RG_OK 1/0 sips:alice@example.org>sips:west.example.net", .uri = "sips:alice@example.org");
	ASKS(&third, "RG_OK 1/0 sip:alice@example.org>sip:" EAST " sip:alice@example.org>sips:west.example.net",
		.uri = "sip:alice@example.org");
	ASKS(&third, "RG_OK 1/0 sips:alice@example.org>sips:west.example.net sip:alice@example.org>sip:" EAST "(0)",
		.uri = "sips:alice@example.org", .branch = "sip:alice@example.org", .flags = "branch,global");
	kit_close(&plain);
	kit_close(&secure);
	kit_close(&third);
	rg_store_unref(shared);
}

Test(fronts, a_home_of_a_user_without_a_host_is_named_with_its_site)
{
	rg_store *shared = shared_new();
	rg_config *config;
	kit east, west;

	rg_config_new(&config);
	cr_assert_eq(rg_config_set(config, RG_STR("use_domain"), RG_STR("0"), NULL), RG_OK);
	kit_open(&east, INLINE);
	kit_open(&west, INLINE);
	cr_assert_eq(rg_registrar_configure(east.reg, config, NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(west.reg, config, NULL), RG_OK);
	rg_config_free(config);
	federate(&east, shared, EAST);
	federate(&west, shared, "sip:west.example.net:5070;transport=tcp");
	kit_save(&west, "alice", A1, 1);
	settle(&west);
	ASKS(&east, "RG_OK 1/0 sip:alice@west.example.net:5070>sip:west.example.net:5070;transport=tcp", .aor = "alice");
	ASKS(&east, "RG_OK 1/0 sip:alice@example.org;x=1>sip:west.example.net:5070;transport=tcp");
	kit_close(&east);
	kit_close(&west);
	rg_store_unref(shared);
}
