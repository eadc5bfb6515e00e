/* SPDX-License-Identifier: MIT */
/* Sites that tell one another who is registered where: what is published, renewed, withdrawn. */
#include "sites.h"
#include <stdio.h>

Test(federation, the_first_binding_publishes_and_the_last_one_withdraws)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	settle(&k);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(k.woken, k.now, "a tick is asked for");
	cr_expect_str_empty(homes(shared, "alice"), "all work is done by ticks");
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	cr_expect_eq(kit_stat(&k, "homes_published"), 1);
	kit_save(&k, "alice", "<sip:b@192.0.2.1:5060>", 2);
	kit_save(&k, "alice", GONE, 3);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST, "one is left");
	kit_save(&k, "alice", "<sip:b@192.0.2.1:5060>;expires=0", 4);
	settle(&k);
	cr_expect_str_empty(homes(shared, "alice"));
	cr_expect_eq(kit_stat(&k, "homes_withdrawn"), 1);
	cr_expect_eq(kit_stat(&k, "homes_failed"), 0);
	cr_expect_eq(records(shared), 0);
	site_close(&k, shared);
}

Test(federation, expiry_withdraws)
{
	rg_store *shared = shared_new();
	kit k;

	site_open(&k, shared);
	kit_save(&k, "alice", A1 ";expires=100", 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	live_on(&k, 100000);
	cr_expect_str_empty(homes(shared, "alice"));
	kit_save(&k, "alice", A1 ";expires=100", 2);
	settle(&k);
	k.now += 100000;
	kit_save(&k, "alice", A1, 3);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST, "it came back before its expiry was seen to");
	site_close(&k, shared);
}

Test(federation, a_save_whose_outcome_never_became_known_is_held_against_what_is_there)
{
	faulty f = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN, .lands = true };
	rg_store *shared = shared_new();
	int code;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	federate(&k, shared, EAST);
	settle(&k);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	live_on(&k, 60000);
	cr_expect_eq(kit_stat(&k, "undecided"), 1);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	kit_close(&k);
	rg_store_unref(shared);
}

Test(federation, entries_are_renewed_before_they_lapse_and_only_then)
{
	rg_store *shared = shared_new();
	conflicting c = { 0 };
	rg_store *counting = conflicting_new(shared, &c);
	kit k;

	site_open(&k, counting);
	kit_save(&k, "alice", A1 ";expires=86400", 1);
	settle(&k);
	cr_expect_eq(c.commits, 1);
	kit_save(&k, "alice", A1 ";expires=86400", 2);
	kit_save(&k, "alice", GONE, 3);
	kit_save(&k, "alice", A1 ";expires=86400", 4);
	settle(&k);
	cr_expect_eq(c.commits, 1, "it agrees still");
	for (int i = 0; i < 100; i++) {
		live_on(&k, HOUR / 10);
		ASKS(&k, "RG_OK 1/0 " LOCAL);
		cr_assert_str_eq(homes(shared, "alice"), "sip:" EAST, "after %d minutes", 6 * i);
	}
	cr_expect_geq(c.commits, 11, "within its lifetime of an hour: %u", c.commits);
	cr_expect_leq(c.commits, 22, "and no oftener than twice in it: %u", c.commits);
	site_close(&k, counting);
	rg_store_unref(shared);
}

Test(federation, what_was_there_before_is_published_and_what_an_earlier_life_left_is_withdrawn)
{
	rg_store *shared = shared_new();
	kit before, k;

	site_open(&before, shared);
	kit_save(&before, "alice", A1, 1);
	kit_save(&before, "bob", A1, 1);
	settle(&before);
	kit_close(&before);
	cr_expect_eq(records(shared), 2, "a shutdown withdraws nothing");
	kit_open(&k, INLINE);
	kit_save(&k, "bob", A1, 1);
	kit_save(&k, "carol", A1, 1);
	federate(&k, shared, EAST);
	cr_expect_eq(k.woken, k.now);
	live_on(&k, 1000);
	cr_expect_str_empty(homes(shared, "alice"));
	cr_expect_str_eq(homes(shared, "bob"), "sip:" EAST);
	cr_expect_str_eq(homes(shared, "carol"), "sip:" EAST);
	site_close(&k, shared);
}

static void note_base(void *tok, rg_status status, const rg_fetched *found)
{
	cr_assert_eq(status, RG_OK);
	*(rg_revision *)tok = found->base;
	rg_record_unref(found->record);
}

static void no_conflict(void *tok, rg_status status, const rg_fetched *current)
{
	(void)tok;
	(void)current;
	cr_assert_eq(status, RG_OK);
}

/* The homes of a user go without a word to their sites. */
static void lose(rg_store *shared, const char *user)
{
	rg_key key = { RG_STR("location@homes"), rg_str_from(user), RG_STR("example.org") };
	rg_commit commit = { .struct_size = sizeof commit, .revision = { "lost" } };
	void *self;
	const rg_store_ops *ops = rg_store_members(shared, &self);

	cr_assert_eq(ops->fetch(self, &key, RG_FETCH_FRESH, note_base, &commit.base), RG_OK);
	cr_assert_eq(ops->commit(self, &key, &commit, 0, no_conflict, NULL), RG_OK);
}

Test(federation, a_shared_store_that_lost_its_data_is_filled_again_when_the_host_says_so)
{
	rg_store *shared = shared_new();
	kit k;

	rg_registrar_publish(NULL);
	kit_open(&k, INLINE);
	rg_registrar_publish(k.reg);
	kit_save(&k, "alice", A1 ";expires=86400", 1);
	federate(&k, shared, EAST);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	lose(shared, "alice");
	live_on(&k, 1000);
	cr_expect_str_empty(homes(shared, "alice"), "nobody said so");
	rg_registrar_publish(k.reg);
	cr_expect_eq(k.woken, k.now);
	live_on(&k, 1000);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	site_close(&k, shared);
}

Test(federation, nodes_of_one_site_keep_one_entry)
{
	rg_store *shared = shared_new();
	conflicting c = { 0 };
	rg_store *counting = conflicting_new(shared, &c);
	kit one, two;

	kit_open(&one, INLINE);
	kit_init(&two);
	two.now = one.now;
	kit_open_over(&two, rg_store_ref(one.memory));
	federate(&one, counting, EAST);
	federate(&two, counting, "sip:" EAST);
	kit_save(&one, "alice", A1 ";expires=86400", 1);
	settle(&one);
	settle(&two);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST);
	for (int i = 0; i < 20; i++) {
		live_on(&one, HOUR / 10);
		live_on(&two, HOUR / 10);
		cr_assert_str_eq(homes(shared, "alice"), "sip:" EAST);
	}
	cr_expect_leq(c.commits, 5, "whoever comes first renews: %u", c.commits);
	kit_save(&two, "alice", GONE, 2);
	settle(&two);
	settle(&one);
	cr_expect_str_empty(homes(shared, "alice"));
	ASKS(&one, "RG_OK -1/404");
	kit_close(&one);
	site_close(&two, counting);
	rg_store_unref(shared);
}

Test(federation, a_dead_site_is_pruned)
{
	rg_store *shared = shared_new();
	kit dead, k;

	kit_open(&dead, INLINE);
	kit_open(&k, INLINE);
	federate(&dead, shared, WEST);
	kit_save(&dead, "alice", A1, 1);
	kit_save(&dead, "bob", A1, 1);
	settle(&dead);
	kit_close(&dead);
	federate(&k, shared, EAST);
	kit_save(&k, "bob", A1 ";expires=86400", 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "bob"), "sip:" WEST " sip:" EAST);
	ASKS(&k, "RG_OK 1/0 sip:alice@example.org;x=1>sip:" WEST);
	k.now += HOUR;
	ASKS(&k, "RG_OK -1/404");
	live_on(&k, 61000);
	cr_expect_str_empty(homes(shared, "alice"));
	cr_expect_str_eq(homes(shared, "bob"), "sip:" EAST);
	cr_expect_eq(records(shared), 1);
	site_close(&k, shared);
}

Test(federation, nobody_is_told_of_homes)
{
	rg_store *shared = shared_new();
	kit k, over;

	kit_open(&k, INLINE);
	kit_listen(&k);
	federate(&k, shared, EAST);
	kit_save(&k, "alice", A1 ";expires=100", 1);
	settle(&k);
	/* A registrar over the shared store itself prunes homes, in silence. */
	kit_init(&over);
	over.now = k.now + 2 * HOUR;
	kit_open_over(&over, rg_store_ref(shared));
	kit_listen(&over);
	settle(&over);
	cr_expect_str_empty(homes(shared, "alice"));
	cr_expect_str_empty(over.events);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;CONTACT_INSERT alice@example.org sip:a@192.0.2.1:5060;");
	kit_close(&k);
	site_close(&over, shared);
}

/* West keeps its bindings in the store that all share. East prunes homes there, and nothing else. */
Test(federation, bindings_in_the_shared_store_are_left_to_their_registrar)
{
	rg_store *shared = shared_new();
	kit k, west;

	kit_open(&k, INLINE);
	kit_init(&west);
	kit_open_over(&west, rg_store_ref(shared));
	kit_listen(&west);
	federate(&k, shared, EAST);
	kit_save(&west, "carol", A1 ";expires=100", 1);
	live_on(&k, 300000);
	west.events[0] = 0;
	west.now = k.now;
	settle(&west);
	cr_expect_str_eq(west.events, "CONTACT_EXPIRE carol@example.org sip:a@192.0.2.1:5060;AOR_DELETE carol@example.org;", "%s", west.events);
	kit_close(&k);
	site_close(&west, shared);
}

static void save_in(kit *k, const char *domain, const char *aor, int cseq)
{
	phone p = { .aor = aor, .contact = A1, .cseq = cseq };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	request.domain = rg_str_from(domain);
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	rg_response_free(response);
}

Test(federation, each_domain_has_homes_of_its_own)
{
	rg_store *shared = shared_new();
	kit k;

	kit_open(&k, INLINE);
	save_in(&k, "before", "alice", 1);
	rg_federation_options options;
	rg_str domains[] = { RG_STR("location"), RG_STR("before") };
	rg_federation_options_init(&options, sizeof options);
	options.domains = domains;
	options.n_domains = 2;
	cr_assert_eq(rg_registrar_federate(k.reg, shared, RG_STR(EAST), &options, NULL), RG_OK);
	save_in(&k, "later", "bob", 1);
	live_on(&k, 1000);
	cr_expect_str_eq(homes_in(shared, "before@homes", "alice"), "sip:" EAST);
	cr_expect_str_eq(homes_in(shared, "later@homes", "bob"), "sip:" EAST);
	site_close(&k, shared);
}

static void no_response(void *user, rg_status status, rg_response *response)
{
	(void)status;
	(void)response;
	*(int *)user += 1;
}

/* What is kept there is pruned as homes are, without a word to anybody. */
Test(federation, nothing_is_saved_in_a_domain_of_homes)
{
	static const char *const domains[] = { "location@homes", "@homes" };
	static const rg_upstream upstream = { .struct_size = sizeof upstream, .code = 200 };

	for (size_t i = 0; i < 4; i++) {
		phone p = { .aor = "carol", .contact = A1, .cseq = 1 };
		rg_response *response = NULL;
		rg_request request;
		int called = 0;
		kit k;

		kit_open(&k, i % 2 ? DEFERRED : INLINE);
		kit_request(&p, &request);
		request.domain = rg_str_from(domains[i / 2]);
		cr_expect_eq(rg_save(k.reg, &request, NULL, &response, NULL), RG_EINVAL);
		cr_expect_null(response);
		cr_expect_eq(rg_save_reply(k.reg, &request, &upstream, NULL, &response, NULL), RG_EINVAL);
		cr_expect_eq(rg_save_async(k.reg, &request, NULL, no_response, &called, NULL, NULL, NULL), RG_EINVAL);
		cr_expect_eq(called, 0);
		cr_expect_eq(kit_stat(&k, "operations_in_flight"), 0);
		kit_close(&k);
	}
}

Test(federation, one_store_may_be_both)
{
	kit k;

	kit_open(&k, INLINE);
	federate(&k, k.memory, EAST);
	kit_save(&k, "alice", A1 ";expires=100", 1);
	settle(&k);
	cr_expect_str_eq(homes(k.memory, "alice"), "sip:" EAST);
	live_on(&k, 100000);
	cr_expect_str_empty(homes(k.memory, "alice"));
	kit_close(&k);
}

Test(federation, a_home_that_is_none_and_a_second_one_are_refused)
{
	rg_store *shared = shared_new();
	rg_error *why = rg_error_new();
	rg_federation_options o;
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(rg_registrar_federate(NULL, shared, RG_STR(EAST), NULL, why), RG_EINVAL);
	cr_expect_eq(rg_registrar_federate(k.reg, NULL, RG_STR(EAST), NULL, why), RG_EINVAL);
	cr_expect_eq(rg_registrar_federate(k.reg, shared, (rg_str){ NULL, 0 }, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_registrar_federate(k.reg, shared, RG_STR("a b"), NULL, why), RG_EINVAL);
	cr_expect(strstr(rg_error_text(why).p, "a b is neither"), "%s", rg_error_text(why).p);
	rg_federation_options_init(&o, sizeof o);
	o.lifetime = 9999;
	cr_expect_eq(rg_registrar_federate(k.reg, shared, RG_STR(EAST), &o, why), RG_EINVAL);
	rg_str homes_domain = RG_STR("x@homes");
	rg_federation_options_init(&o, sizeof o);
	o.domains = &homes_domain;
	o.n_domains = 1;
	cr_expect_eq(rg_registrar_federate(k.reg, shared, RG_STR(EAST), &o, why), RG_EINVAL);
	o.n_domains = 65;
	cr_expect_eq(rg_registrar_federate(k.reg, shared, RG_STR(EAST), &o, why), RG_EINVAL);
	cr_expect_eq(rg_registrar_federate(k.reg, shared, RG_STR(EAST), NULL, why), RG_OK);
	cr_expect_eq(rg_registrar_federate(k.reg, shared, RG_STR(WEST), NULL, why), RG_EINVAL);
	cr_expect(strstr(rg_error_text(why).p, "already"), "%s", rg_error_text(why).p);
	kit_save(&k, "alice", A1, 1);
	settle(&k);
	cr_expect_str_eq(homes(shared, "alice"), "sip:" EAST, "the first one stays");
	rg_error_free(why);
	site_close(&k, shared);
}
