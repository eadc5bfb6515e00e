/* SPDX-License-Identifier: MIT */
/* Every verb, in both forms, over an inline store and over one that answers later. */
#include "kit.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"

static void answer_all(kit *k)
{
	if (k->deferred)
		deferred_answer_all(k->deferred);
}

static rg_query query_for(const char *aor)
{
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = rg_str_from(aor);
	return q;
}

static uint32_t matches(rg_status st, rg_answer **given)
{
	rg_answer *answer = *given;
	uint32_t n = rg_answer_contact_count(answer);

	cr_expect_eq(st, RG_OK);
	rg_answer_free(answer);
	return n;
}

static void every_blocking_verb(int how)
{
	rg_answer *answer = NULL;
	rg_remove_filter filter;
	uint32_t n = 9;
	outcome seen = { 0 };
	kit k;

	kit_open(&k, how);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 200);
	cr_expect_eq(kit_save(&k, "bob", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "bob", NULL, 2), 200);
	cr_expect_eq(kit_targets(&k, "alice"), 2);
	rg_query q = query_for("alice@example.org");
	cr_expect_eq(matches(rg_is_registered(k.reg, &q, &answer, NULL), &answer), 2);
	q.contact = RG_STR(A2);
	cr_expect_eq(matches(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer), 1);
	q.callid = RG_STR("other");
	cr_expect_eq(matches(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer), 0);
	rg_ip_port ips[2] = { { .ip = RG_STR("192.0.2.9") }, { .ip = RG_STR("192.0.2.1"), .port = 5060 } };
	q.ips = ips;
	q.n_ips = 2;
	cr_expect_eq(matches(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer), 1);
	cr_expect_eq(rg_each(k.reg, RG_STR("location"), kit_each, &seen, NULL), RG_OK);
	cr_expect_eq(seen.n, 2);
	cr_expect_eq(kit_stat(&k, "live_contacts"), 3);
	cr_expect_eq(kit_stat(&k, "accepted_regs"), 4);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	filter.contact = RG_STR(A2);
	cr_expect_eq(rg_remove(k.reg, &filter, &n, NULL), RG_OK);
	cr_expect_eq(n, 1);
	cr_expect_eq(rg_remove_ip_port(k.reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	cr_expect_eq(n, 2);
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	cr_expect_eq(kit_targets(&k, "bob"), 0);
	cr_expect_eq(rg_remove(k.reg, &filter, &n, NULL), RG_OK);
	cr_expect_eq(n, 0);
	kit_close(&k);
	cr_expect(k.freed);
}

Test(forms, every_verb_blocks_over_an_inline_store)
{
	every_blocking_verb(INLINE);
}

Test(forms, every_verb_blocks_over_a_store_that_can_wait)
{
	every_blocking_verb(DEFERRED);
}

static void done_once(kit *k, int how, rg_status st, outcome *o, const char *what)
{
	cr_expect_eq(st, how == INLINE ? RG_OK : RG_PENDING, "%s returned %d", what, st);
	cr_expect_eq(o->called, how == INLINE, "%s: called %d times before it returned", what, o->called);
	answer_all(k);
	cr_expect_eq(o->called, 1, "%s: called %d times", what, o->called);
	cr_expect_eq(o->freed, 1, "%s: freed %d times", what, o->freed);
	cr_expect_eq(o->status, RG_OK, "%s came to %d", what, o->status);
	rg_op_cancel(o->op);
	rg_op_free(o->op);
	cr_expect_eq(o->called, 1, "%s: a late cancel is harmless", what);
}

static void every_completion(int how)
{
	rg_remove_filter filter;
	rg_request request;
	kit k;

	kit_open(&k, how);
	outcome saved = { 0 }, found = { 0 }, asked = { 0 }, with_contact = { 0 }, with_ip = { 0 }, walked = { 0 }, removed = { 0 },
		counted = { 0 },
		by_ip = { 0 };
	done_once(&k, how, kit_save_async(&k, "alice", A1, 1, &saved), &saved, "save");
	cr_expect_eq(saved.code, 200);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	done_once(&k, how, rg_lookup_async(k.reg, &request, NULL, kit_looked_up, &found, kit_freed, &found.op, NULL), &found, "lookup");
	cr_expect_eq(found.n, 1);
	rg_query q = query_for("sip:alice@example.org");
	rg_ip_port ip = { .ip = RG_STR("192.0.2.1") };
	q.ips = &ip;
	q.n_ips = 1;
	q.contact = RG_STR(A1);
	done_once(&k, how, rg_is_registered_async(k.reg, &q, kit_answered, &asked, kit_freed, &asked.op, NULL), &asked, "is_registered");
	done_once(&k, how, rg_is_contact_registered_async(k.reg, &q, kit_answered, &with_contact, kit_freed, &with_contact.op, NULL),
		&with_contact,
		"is_contact_registered");
	done_once(&k, how, rg_is_ip_registered_async(k.reg, &q, kit_answered, &with_ip, kit_freed, &with_ip.op, NULL), &with_ip,
		"is_ip_registered");
	cr_expect_eq(asked.n + with_contact.n + with_ip.n, 3);
	done_once(&k, how, rg_each_async(k.reg, RG_STR("location"), (rg_str){ NULL, 0 }, kit_each, kit_each_done, &walked, kit_freed,
		&walked.op, NULL), &walked, "each");
	cr_expect_eq(walked.n, 1);
	done_once(&k, how, rg_read_statistics_async(k.reg, RG_STR("location"), kit_counted, &counted, kit_freed, &counted.op, NULL), &counted,
		"stats");
	done_once(&k, how, rg_remove_ip_port_async(k.reg, RG_STR("location"), RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, kit_removed,
		&by_ip,
		kit_freed, &by_ip.op, NULL), &by_ip, "remove_ip_port");
	cr_expect_eq(by_ip.n, 1);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	done_once(&k, how, rg_remove_async(k.reg, &filter, kit_removed, &removed, kit_freed, &removed.op, NULL), &removed, "remove");
	cr_expect_eq(removed.n, 0);
	kit_close(&k);
}

Test(forms, every_completion_comes_before_the_verb_returns_over_an_inline_store)
{
	every_completion(INLINE);
}

Test(forms, every_completion_comes_once_over_a_store_that_answers_later)
{
	every_completion(DEFERRED);
}

/* Every verb, made to fail before it begins. */
static void no_verb_begins(kit *k, outcome *o)
{
	const rg_msg no_adaptor = { NULL, NULL, NULL };
	rg_subscription *subscription;
	rg_remove_filter filter;
	rg_request request;
	rg_query q;
	phone p = { .aor = "alice", .contact = A1, .cseq = 1 };
	rg_str none = { NULL, 0 }, location = RG_STR("location");
	rg_registrar *reg = k->reg;

	kit_request(&p, &request);
	rg_query_init(&q, sizeof q);
	rg_remove_filter_init(&filter, sizeof filter);
	cr_expect_eq(rg_is_registered_async(reg, &q, kit_answered, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_null(o->op);
	cr_expect_eq(rg_is_contact_registered_async(reg, NULL, kit_answered, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_is_ip_registered_async(reg, &q, kit_answered, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_async(reg, NULL, NULL, kit_saved, o, kit_freed, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_async(reg, &request, NULL, NULL, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_msg_async(reg, &no_adaptor, NULL, kit_saved, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_lookup_async(reg, NULL, NULL, kit_looked_up, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_lookup_msg_async(reg, &no_adaptor, NULL, kit_looked_up, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_remove_async(reg, &filter, kit_removed, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_remove_ip_port_async(reg, location, RG_STR("192.0.2.1"), 0, none, kit_removed, o, kit_freed, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_each_async(reg, location, RG_STR("?"), kit_each, kit_each_done, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_read_statistics_async(reg, location, NULL, o, kit_freed, &o->op, NULL), RG_EINVAL);
	cr_expect_eq(rg_registrar_subscribe(reg, 0, NULL, o, kit_freed, &subscription, NULL), RG_EINVAL);
	rg_registrar_shutdown(reg);
	cr_expect_eq(rg_save_async(reg, &request, NULL, kit_saved, o, kit_freed, &o->op, NULL), RG_ECANCELED);
	cr_expect_eq(rg_lookup_async(reg, &request, NULL, kit_looked_up, o, kit_freed, &o->op, NULL), RG_ECANCELED);
	cr_expect_eq(rg_read_statistics_async(reg, location, kit_counted, o, kit_freed, &o->op, NULL), RG_ECANCELED);
}

Test(forms, an_error_return_calls_and_frees_nothing)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		outcome o = { 0 };
		kit k;

		kit_open(&k, how);
		no_verb_begins(&k, &o);
		cr_expect_null(o.op);
		cr_expect_eq(o.freed, 0, "freed %d times", o.freed);
		cr_expect_eq(o.called, 0);
		kit_close(&k);
	}
}

static rg_status make_over(rg_config *config, rg_store *store, rg_env *env)
{
	rg_registrar *reg;

	return rg_registrar_new(config, store, env, &reg, NULL);
}

Test(forms, a_registrar_that_is_not_made_leaves_the_env_to_its_owner)
{
	rg_config *config;
	kit k;

	kit_init(&k);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	rg_config_set_int(config, RG_STR("min_expires"), 7200, NULL);
	rg_config_set_int(config, RG_STR("max_expires"), 60, NULL);
	cr_expect_eq(make_over(config, k.memory, &k.env), RG_EINVAL);
	cr_expect_eq(make_over(NULL, NULL, &k.env), RG_EINVAL);
	cr_expect_not(k.freed);
	rg_config_free(config);
	kit_open_over(&k, rg_store_ref(k.memory));
	kit_close(&k);
	cr_expect(k.freed);
}

Test(forms, a_store_without_wait_does_not_block)
{
	rg_response *response;
	rg_request request;
	phone p = { .aor = "alice", .contact = A1, .cseq = 1 };
	kit k;

	kit_init(&k);
	kit_open_over(&k, waitless_new(k.memory));
	kit_request(&p, &request);
	cr_expect_eq(rg_save(k.reg, &request, NULL, &response, NULL), RG_ENOTSUP);
	cr_expect_null(response);
	kit_close(&k);
}

Test(forms, a_walk_goes_on_where_it_was_stopped)
{
	kit k;
	char aor[8] = "u00";
	size_t cursor_n = 0;
	char cursor[512];
	uint32_t seen = 0;

	kit_open(&k, INLINE);
	for (int i = 0; i < 250; i++) {
		aor[1] = (char)('a' + i / 16);
		aor[2] = (char)('a' + i % 16);
		cr_assert_eq(kit_save(&k, aor, A1, 1), 200);
	}
	for (int rounds = 0; rounds < 100; rounds++) {
		outcome o = { .stop_after = 7 };
		rg_str from = { rounds ? cursor : NULL, cursor_n };

		cr_assert_eq(rg_each_async(k.reg, RG_STR("location"), from, kit_each, kit_each_done, &o, NULL, NULL, NULL), RG_OK);
		cr_assert_eq(o.status, RG_OK);
		seen += o.n;
		memcpy(cursor, o.cursor, sizeof cursor);
		cursor_n = o.cursor_n;
		if (cursor_n == 0)
			break;
	}
	cr_expect_eq(seen, 250);
	cr_expect_eq(cursor_n, 0);
	kit_close(&k);
}

Test(forms, a_cursor_that_is_none_is_refused)
{
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(rg_each_async(k.reg, RG_STR("location"), RG_STR("\1\377\377\377\377\0\0\0\0"), kit_each, kit_each_done, &o, NULL,
		NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_each_async(k.reg, RG_STR("location"), RG_STR("short"), kit_each, kit_each_done, &o, NULL, NULL, NULL), RG_EINVAL);
	kit_close(&k);
}

Test(forms, a_query_without_a_contact_asks_about_the_requests_own)
{
	rg_answer *answer = NULL;
	rg_request request;
	phone p = { .aor = "alice", .contact = A2 ";q=1, " A1, .cseq = 2 };
	rg_query q;
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(kit_save(&k, "alice", A2, 1), 200);
	kit_request(&p, &request);
	rg_query_init(&q, sizeof q);
	q.request = &request;
	cr_expect_eq(matches(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer), 1);
	p.line = RG_STR(A1 ", " A2);
	cr_expect_eq(matches(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer), 0);
	request.n_contacts = 0;
	cr_expect_eq(matches(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer), 0);
	q.request = NULL;
	q.aor = RG_STR("alice@example.org");
	cr_expect_eq(matches(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer), 1);
	kit_close(&k);
}

Test(forms, a_reload_is_seen_by_operations_that_begin_after_it)
{
	rg_config *config;
	outcome before = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	kit_save_async(&k, "alice", A1 ";expires=7200", 1, &before);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	rg_config_set(config, RG_STR("max_contacts"), RG_STR("1"), NULL);
	cr_expect_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
	rg_config_free(config);
	deferred_answer_all(k.deferred);
	cr_expect_eq(before.code, 200);
	cr_expect_eq(kit_save(&k, "alice", A2, 2), 503);
	cr_expect_eq(kit_stat(&k, "max_contacts"), 1);
	cr_expect_eq(kit_stat(&k, "rejects_too_many"), 1);
	cr_expect_eq(kit_stat(&k, "default_expires"), 3600);
	rg_op_free(before.op);
	kit_close(&k);
}

Test(forms, an_empty_domain_is_the_usual_one_in_every_verb)
{
	const rg_str empty = { "", 0 };
	rg_answer *answer = NULL;
	rg_statistics *stats = NULL;
	rg_remove_filter filter;
	outcome seen = { 0 };
	int64_t live = 0;
	uint32_t n = 9;
	kit k;

	kit_open(&k, 0);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(kit_save(&k, "bob", A1, 1), 200);
	rg_query q = query_for("alice@example.org");
	q.domain = empty;
	cr_expect_eq(matches(rg_is_registered(k.reg, &q, &answer, NULL), &answer), 1);
	cr_expect_eq(rg_each(k.reg, empty, kit_each, &seen, NULL), RG_OK);
	cr_expect_eq(seen.n, 2);
	cr_assert_eq(rg_read_statistics(k.reg, empty, &stats, NULL), RG_OK);
	cr_expect_eq(rg_statistics_find(stats, RG_STR("live_contacts"), &live), RG_OK);
	cr_expect_eq(live, 2);
	rg_statistics_free(stats);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.domain = empty;
	filter.aor = RG_STR("alice@example.org");
	cr_expect_eq(rg_remove(k.reg, &filter, &n, NULL), RG_OK);
	cr_expect_eq(n, 1);
	cr_expect_eq(rg_remove_ip_port(k.reg, empty, RG_STR("192.0.2.1"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	cr_expect_eq(n, 1);
	kit_close(&k);
}

static rg_time whenever(void *user)
{
	(void)user;
	return 1700000000000;
}

Test(forms, an_env_of_a_size_that_no_release_had_is_refused_and_of_a_larger_one_what_is_known_is_taken)
{
	struct {
		rg_env env;
		uint64_t later;
	} room;
	rg_registrar *reg = NULL;
	rg_error *why = rg_error_new();
	kit k;

	kit_init(&k);
	rg_env_init(&room.env, offsetof(rg_env, resolve));
	cr_expect_eq(rg_registrar_new(NULL, k.memory, &room.env, &reg, why), RG_EINVAL);
	cr_expect(strstr(rg_error_text(why).p, "rg_env.struct_size"));
	rg_error_free(why);
	rg_env_init(&room.env, sizeof room);
	room.env.now = whenever;
	room.later = 1;
	cr_expect_eq(rg_registrar_new(NULL, k.memory, &room.env, &reg, NULL), RG_EINVAL);
	cr_expect_null(reg);
	room.later = 0;
	cr_assert_eq(rg_registrar_new(NULL, k.memory, &room.env, &reg, NULL), RG_OK);
	k.reg = reg;
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@phone.example.net>", 1), 200, "no resolver, no owner, no wakeup");
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	kit_close(&k);
}

Test(forms, an_env_is_emptied_up_to_its_size)
{
	rg_env env;

	memset(&env, 0x5a, sizeof env);
	rg_env_init(&env, offsetof(rg_env, user));
	cr_expect_eq(env.struct_size, offsetof(rg_env, user));
	cr_expect(!env.now && !env.authorize);
	cr_expect_not_null(env.user, "what is past the size is not touched");
	rg_env_init(&env, sizeof env);
	cr_expect_null(env.user);
	rg_env_init(NULL, sizeof env);
}
