/* SPDX-License-Identifier: MIT */
/* Lookups that find devices asleep (RFC 8599 §5.6.2): their wakes stand beside the targets, also when several AoRs are joined. */
#include "sites.h"
#include <stdio.h>

#define SLEEPER(user) "<sip:" user "@192.0.2.3:5060;pn-provider=apns;pn-prid=" user ";pn-param=q>"

static void push_on(kit *k)
{
	rg_config *config = NULL;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_providers"), RG_STR("apns"), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(k->reg, config, NULL), RG_OK);
	rg_config_free(config);
}

/* "status result/code[p] uri(branch) … | wake …", each wake as its user, in `told`. */
typedef struct account {
	int called;
	char told[1024];
} account;

static void tell(account *a, const char *before, rg_str s)
{
	size_t at = strlen(a->told);

	snprintf(a->told + at, sizeof a->told - at, "%s%.*s", before, (int)s.n, s.p);
}

static void take_account(void *user, rg_status status, rg_targets *targets)
{
	account *a = user;
	rg_target t = { .struct_size = sizeof t };
	rg_contact c = { .struct_size = sizeof c };

	a->called++;
	snprintf(a->told, sizeof a->told, "%s %d/%d%s", rg_status_name(status), rg_targets_result(targets), rg_targets_code(targets),
		rg_targets_partial(targets) ? "p" : "");
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		char branch[16];

		snprintf(branch, sizeof branch, "(%d)", t.branch);
		tell(a, " ", t.uri);
		tell(a, "", rg_str_from(t.branch >= 0 ? branch : ""));
	}
	for (uint32_t i = 0; rg_targets_wake_contact(targets, i, &c) == RG_OK; i++) {
		rg_str user_part = { c.uri.p + 4, (size_t)((const char *)memchr(c.uri.p, '@', c.uri.n) - c.uri.p) - 4 };

		cr_expect_eq(c.flags, RG_CONTACT_PN);
		tell(a, i == 0 ? " | " : " ", user_part);
	}
	rg_targets_free(targets);
}

static const char *finds(kit *k, bool async, const char *flags, const char *uri, const char *branch)
{
	static account a;
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_str branches[1] = { rg_str_from(branch) };
	rg_request r;

	a = (account){ 0 };
	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = rg_str_from(uri);
	r.branches = branches;
	r.n_branches = branch != NULL;
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	if (async) {
		cr_expect_geq(rg_lookup_async(k->reg, &r, options, take_account, &a, NULL, NULL, NULL), 0);
		if (k->deferred)
			deferred_answer_all(k->deferred);
	} else {
		rg_status st = rg_lookup(k->reg, &r, options, &targets, NULL);
		take_account(&a, st, targets);
	}
	cr_expect_eq(a.called, 1);
	rg_lookup_options_unref(options);
	return a.told;
}

#define ALICE "sip:alice@example.org"
#define BOB "sip:bob@example.org"
#define TEL "tel:+1"

Test(asleep, each_form_tells_targets_and_wakes)
{
	for (int form = 0; form < 4; form++) {
		bool async = form & 2;
		kit k;

		kit_open(&k, form & 1 ? DEFERRED : INLINE);
		push_on(&k);
		cr_assert_eq(kit_save(&k, "alice", SLEEPER("s1") ";q=0.9, " A1 ", " SLEEPER("s2") ";q=0.1", 1), 200);
		cr_assert_eq(kit_save(&k, "bob", SLEEPER("s3"), 1), 200);
		cr_expect_str_eq(finds(&k, async, "", ALICE, NULL), "RG_OK 1/0 sip:a@192.0.2.1:5060 | s1 s2");
		cr_expect_str_eq(finds(&k, async, "", BOB, NULL), "RG_OK 2/480 | s3");
		cr_expect_str_eq(finds(&k, async, "no-branches", ALICE, NULL), "RG_OK 2/480 | s1");
		cr_expect_str_eq(finds(&k, async, "branch", ALICE, BOB), "RG_OK 1/0 sip:a@192.0.2.1:5060 | s1 s2 s3");
		cr_expect_str_eq(finds(&k, async, "branch", BOB, ALICE), "RG_OK 1/0 sip:a@192.0.2.1:5060(0) | s3 s1 s2");
		cr_expect_str_eq(finds(&k, async, "branch", BOB, BOB), "RG_OK 2/480 | s3");
		cr_expect_str_eq(finds(&k, async, "branch", "sip:carol@example.org", BOB), "RG_OK 2/480 | s3");
		cr_expect_str_eq(finds(&k, async, "branch,to-branches-only", BOB, TEL), "RG_OK 1/0 tel:+1(0) | s3");
		kit_close(&k);
	}
}

Test(asleep, other_sites_are_asked_and_never_woken)
{
	rg_store *shared = shared_new();
	kit east, west;

	site_open(&east, shared);
	kit_open(&west, INLINE);
	federate(&west, shared, WEST);
	push_on(&east);
	push_on(&west);
	kit_save(&east, "alice", SLEEPER("s1"), 1);
	settle(&east);
	cr_expect_str_eq(finds(&west, false, "global", ALICE, NULL), "RG_OK 1/0 " ALICE, "the home stands for it");
	kit_save(&west, "alice", SLEEPER("s2"), 1);
	settle(&west);
	cr_expect_str_eq(finds(&west, false, "global", ALICE, NULL), "RG_OK 1/0 " ALICE " | s2");
	cr_expect_str_eq(finds(&west, false, "global,no-branches", ALICE, NULL), "RG_OK 2/480 | s2", "the best is here, though it sleeps");
	kit_close(&west);
	site_close(&east, shared);
}

Test(asleep, a_broken_store_of_sites_leaves_the_wakes)
{
	faulty far = { .calls = CALL_FETCH, .status = RG_ESTORE };
	rg_store *shared = shared_new(), *weak = faulty_new(shared, &far);
	kit k;

	kit_open(&k, INLINE);
	federate(&k, weak, EAST);
	push_on(&k);
	kit_save(&k, "alice", SLEEPER("s1"), 1);
	settle(&k);
	far.times = -1;
	cr_expect_str_eq(finds(&k, false, "global", ALICE, NULL), "RG_OK 2/480p | s1");
	cr_expect_str_eq(finds(&k, false, "global", BOB, NULL), "RG_ESTORE -3/503");
	kit_close(&k);
	rg_store_unref(weak);
	rg_store_unref(shared);
}

/* What is found is applied to a message only when a request can go there. */
typedef struct routed {
	rg_str uri;
	int applied;
	uint32_t n;
} routed;

static rg_status read_call(void *self, void *msg, const rg_config *config, rg_request *out)
{
	(void)self;
	(void)config;
	rg_request_init(out, sizeof *out);
	out->method = RG_STR("INVITE");
	out->request_uri = ((routed *)msg)->uri;
	return RG_OK;
}

static rg_status apply_call(void *self, void *msg, const rg_targets *targets)
{
	routed *m = msg;

	(void)self;
	m->applied++;
	m->n = rg_targets_count(targets);
	return RG_OK;
}

static rg_status reply_call(void *self, void *msg, rg_response *response)
{
	(void)self;
	(void)msg;
	(void)response;
	return RG_ENOTSUP;
}

Test(asleep, a_message_goes_to_those_that_are_awake)
{
	static const rg_msg_ops ops = { .struct_size = sizeof ops, .name = "asleep", .read = read_call,
		.reply = reply_call, .apply = apply_call };
	routed to_alice = { .uri = RG_STR(ALICE) }, to_bob = { .uri = RG_STR(BOB) };
	rg_msg alice = { &ops, NULL, &to_alice }, bob = { &ops, NULL, &to_bob };
	rg_targets *targets = NULL;
	kit k;

	kit_open(&k, INLINE);
	push_on(&k);
	kit_save(&k, "alice", SLEEPER("s1") ", " A1, 1);
	kit_save(&k, "bob", SLEEPER("s3"), 1);
	cr_assert_eq(rg_lookup_msg(k.reg, &alice, NULL, &targets, NULL), RG_OK);
	cr_expect(to_alice.applied == 1 && to_alice.n == 1 && rg_targets_wake_count(targets) == 1);
	rg_targets_free(targets);
	cr_assert_eq(rg_lookup_msg(k.reg, &bob, NULL, &targets, NULL), RG_OK);
	cr_expect(to_bob.applied == 0 && rg_targets_result(targets) == RG_LOOKUP_PUSHED);
	rg_targets_free(targets);
	kit_close(&k);
}
