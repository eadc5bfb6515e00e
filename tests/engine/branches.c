/* SPDX-License-Identifier: MIT */
/* Lookups that expand existing branches, too. */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a1@192.0.2.1:5060>;q=0.9"
#define A2 "<sip:a2@192.0.2.1:5060>;q=0.1"
#define B1 "<sip:b1@192.0.2.2:5060>"
#define C1 "<sip:c1@192.0.2.3:5060>"

/* "result/code uri(branch) …" */
typedef struct answer {
	rg_status status;
	int called;
	char text[2048];
} answer;

static void keep(void *user, rg_status status, rg_targets *targets)
{
	answer *a = user;
	rg_target t = { .struct_size = sizeof t };

	a->called++;
	a->status = status;
	snprintf(a->text, sizeof a->text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		size_t n = strlen(a->text);

		cr_expect(t.binding_id == 0 || t.aor.p);
		snprintf(a->text + n, sizeof a->text - n, " %.*s(%d)", (int)t.uri.n, t.uri.p, t.branch);
	}
	rg_targets_free(targets);
}

enum { MANY = RG_BRANCHES_MAX + 1 };

static void lookup(kit *k, const char *flags, const char *uri, const char *const *branches, bool async, answer *a)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request request;
	rg_str list[MANY];
	rg_op *op = NULL;

	*a = (answer){ 0 };
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(uri);
	request.branches = list;
	for (; branches && branches[request.n_branches]; request.n_branches++)
		list[request.n_branches] = rg_str_from(branches[request.n_branches]);
	if (!async) {
		rg_status st = rg_lookup(k->reg, &request, options, &targets, NULL);
		keep(a, st, targets);
		rg_lookup_options_unref(options);
		return;
	}
	rg_status st = rg_lookup_async(k->reg, &request, options, keep, a, NULL, &op, NULL);
	memset(list, 0, sizeof list);
	rg_lookup_options_unref(options);
	if (k->deferred)
		deferred_answer_all(k->deferred);
	cr_expect_eq(st, k->deferred ? RG_PENDING : RG_OK);
	cr_expect_eq(a->called, 1);
	rg_op_free(op);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void all_forms(const char *flags, const char *uri, const char *const *branches, const char *expected)
{
	for (int form = 0; form < 4; form++) {
		answer a;
		kit k;

		kit_open(&k, form & 1 ? DEFERRED : INLINE);
		kit_save(&k, "alice", A1 ", " A2, 1);
		kit_save(&k, "bob", B1, 1);
		kit_save(&k, "carol", C1, 1);
		lookup(&k, flags, uri, branches, form & 2, &a);
		cr_expect_eq(a.status, RG_OK);
		cr_expect_str_eq(a.text, expected, "form %d: %s", form, a.text);
		kit_close(&k);
	}
}

#define SECURE "<sips:safe@192.0.2.4>"
#define SIPS_CAROL "sips:carol@example.org"
#define ALICE "sip:alice@example.org"
#define BOB "sip:bob@example.org"
#define CAROL "sips:Carol@example.org;x=1"

Test(branches, each_is_replaced_in_its_place_by_what_it_names)
{
	all_forms("branch", ALICE, LIST(BOB, "sip:carol@example.org:5070;x=1"), "1/0 sip:a1@192.0.2.1:5060(-1) sip:a2@192.0.2.1:5060(-1) "
		"sip:b1@192.0.2.2:5060(0) sip:c1@192.0.2.3:5060(1)");
	all_forms("branch", BOB, LIST("sip:nobody@example.org", ALICE), "1/0 sip:b1@192.0.2.2:5060(-1) sip:a1@192.0.2.1:5060(1) "
		"sip:a2@192.0.2.1:5060(1)");
}

Test(branches, without_the_flag_they_are_left_alone)
{
	all_forms("", BOB, LIST(ALICE), "1/0 sip:b1@192.0.2.2:5060(-1)");
	all_forms("to-branches-only", BOB, LIST(ALICE), "1/0 sip:b1@192.0.2.2:5060(-1)");
}

Test(branches, targets_of_a_branch_are_a_result_though_the_aor_has_none)
{
	all_forms("branch", "sip:nobody@example.org", LIST(BOB), "1/0 sip:b1@192.0.2.2:5060(0)");
	all_forms("branch", "sip:nobody@example.org", LIST("sip:neither@example.org"), "-1/404");
	all_forms("branch", "sips:bob@example.org", LIST("sip:neither@example.org"), "-1/480");
	all_forms("branch", "tel:+123", LIST("sip:neither@example.org"), "-1/416");
	all_forms("branch", "tel:+123", LIST(BOB), "1/0 sip:b1@192.0.2.2:5060(0)");
	all_forms("branch", ALICE, NULL, "1/0 sip:a1@192.0.2.1:5060(-1) sip:a2@192.0.2.1:5060(-1)");
}

Test(branches, an_aor_named_twice_is_expanded_where_it_comes_first)
{
	all_forms("branch", BOB, LIST("sip:b%6fb@EXAMPLE.org:5061;a=b", ALICE, BOB, "sip:alice@example.org."), "1/0 "
		"sip:b1@192.0.2.2:5060(-1) sip:a1@192.0.2.1:5060(1) sip:a2@192.0.2.1:5060(1)");
}

Test(branches, a_malformed_one_is_no_target_and_never_unknown)
{
	static const char *const malformed[] = { "", "?", "sip:", "sip:a@b@c", "bob@example.org", "tel:", "sip:bob@example.org:5060>",
		"sip:a%00@h" };

	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		all_forms("branch", "sip:nobody@example.org", LIST(malformed[i]), "-1/400");
		all_forms("branch", "sip:nobody@example.org", LIST("sip:neither@example.org", malformed[i]), "-1/400");
		all_forms("branch", "sip:nobody@example.org", LIST("sips:bob@example.org", malformed[i]), "-1/480");
		all_forms("branch", "sip:nobody@example.org", LIST(malformed[i], BOB), "1/0 sip:b1@192.0.2.2:5060(1)");
		all_forms("branch", BOB, LIST(malformed[i]), "1/0 sip:b1@192.0.2.2:5060(-1)");
	}
	all_forms("branch", "sip:", LIST(BOB), "1/0 sip:b1@192.0.2.2:5060(0)");
	all_forms("branch", "sip:", LIST("sip:neither@example.org"), "-1/400");
}

Test(branches, one_that_is_absent_is_malformed)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_str branches[2] = { { NULL, 0 }, RG_STR("") };
	rg_request request;
	kit k;

	kit_open(&k, INLINE);
	cr_assert_eq(rg_lookup_options_new(RG_STR("branch"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.request_uri = RG_STR(ALICE);
	request.branches = branches;
	request.n_branches = 2;
	cr_assert_eq(rg_lookup(k.reg, &request, options, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_count(targets), 0);
	cr_expect_eq(rg_targets_result(targets), RG_LOOKUP_NONE);
	cr_expect_eq(rg_targets_code(targets), 400);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	kit_close(&k);
}

Test(branches, what_follows_user_and_host_may_be_malformed)
{
	all_forms("branch", "sip:bob@example.org;", LIST("sip:carol@example.org;transport=udp;transport=udp", "sip:alice@example.org:0"),
		"1/0 sip:b1@192.0.2.2:5060(-1) sip:c1@192.0.2.3:5060(0) sip:a1@192.0.2.1:5060(1) sip:a2@192.0.2.1:5060(1)");
	all_forms("branch", BOB, LIST("sip:bob@example.org;x="), "1/0 sip:b1@192.0.2.2:5060(-1)");
}

Test(branches, a_request_with_a_defect_is_refused_with_all_of_them)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_str branch = RG_STR(BOB);
	rg_request request;
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "bob", B1, 1);
	cr_assert_eq(rg_lookup_options_new(RG_STR("branch,global"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.request_uri = RG_STR(BOB);
	request.branches = &branch;
	request.n_branches = 1;
	request.defect = RG_R_TOO_LARGE;
	cr_assert_eq(rg_lookup(k.reg, &request, options, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_count(targets), 0);
	cr_expect_eq(rg_targets_code(targets), 413);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	kit_close(&k);
}

Test(branches, a_sips_branch_gets_no_sip_targets)
{
	all_forms("branch", BOB, LIST("sips:alice@example.org"), "1/0 sip:b1@192.0.2.2:5060(-1)");
}

/* Alice and Bob, Carol with a sips Contact beside C1. */
static void with_secure(const char *flags, const char *uri, const char *const *branches, const char *expected)
{
	phone secure = { .aor = "carol", .contact = SECURE, .callid = "c2", .cseq = 1 };
	rg_response *response = NULL;
	rg_request r;
	answer a;
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "carol", C1, 1);
	kit_save(&k, "bob", B1, 1);
	kit_request(&secure, &r);
	r.request_uri = RG_STR("sips:example.org");
	cr_assert_eq(rg_save(k.reg, &r, NULL, &response, NULL), RG_OK);
	cr_assert_eq(rg_response_code(response), 200);
	rg_response_free(response);
	lookup(&k, flags, uri, branches, false, &a);
	cr_expect_str_eq(a.text, expected);
	kit_close(&k);
}

Test(branches, an_aor_named_as_sips_first_has_its_sip_targets_where_it_is_named_as_sip)
{
	with_secure("branch", SIPS_CAROL, LIST(BOB, "sip:carol@example.org", "sip:carol@example.org"),
		"1/0 sips:safe@192.0.2.4(-1) sip:b1@192.0.2.2:5060(0) sip:c1@192.0.2.3:5060(1)");
	with_secure("branch", BOB, LIST(SIPS_CAROL, SIPS_CAROL, "SIP:carol@example.org"),
		"1/0 sip:b1@192.0.2.2:5060(-1) sips:safe@192.0.2.4(0) sip:c1@192.0.2.3:5060(2)");
	with_secure("branch", "sip:carol@example.org", LIST(SIPS_CAROL),
		"1/0 sip:c1@192.0.2.3:5060(-1) sips:safe@192.0.2.4(-1)");
}

Test(branches, without_targets_the_place_that_came_closest_says_why)
{
	all_forms("branch", "sip:nobody@example.org", LIST("sips:alice@example.org"), "-1/480");
	all_forms("branch,method-filtering", "sip:nobody@example.org", LIST("sip:neither@example.org", "sips:bob@example.org"), "-1/480");
}

static void only_bye(const char *uri, const char *const *branches, const char *expected)
{
	phone p = { .aor = "alice", .contact = A1 ";methods=\"BYE\"", .cseq = 1 };
	rg_response *response = NULL;
	rg_request r;
	answer a;
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "bob", B1, 1);
	kit_request(&p, &r);
	cr_assert_eq(rg_save(k.reg, &r, NULL, &response, NULL), RG_OK);
	rg_response_free(response);
	lookup(&k, "branch,method-filtering", uri, branches, false, &a);
	cr_expect_str_eq(a.text, expected);
	kit_close(&k);
}

Test(branches, a_branch_whose_bindings_lack_the_method_is_405_though_the_aor_has_none)
{
	only_bye("sip:nobody@example.org", LIST(ALICE), "-2/405");
	only_bye("sips:bob@example.org", LIST(ALICE, "sip:nobody@example.org"), "-2/405");
	only_bye("tel:+123", LIST(ALICE), "-2/405");
	only_bye("sip:nobody@example.org", LIST(ALICE, BOB), "1/0 sip:b1@192.0.2.2:5060(1)");
}

static int32_t example_is_local(void *user, const rg_str *host)
{
	(void)user;
	return rg_str_equal(*host, RG_STR("example.org"));
}

Test(branches, what_is_not_ours_stays)
{
	answer a;
	kit k;

	kit_init(&k);
	k.env.is_local = example_is_local;
	kit_open_over(&k, rg_store_ref(k.memory));
	kit_save(&k, "bob", B1, 1);
	lookup(&k, "branch", "sip:nobody@example.org", LIST("sip:carol@else.where;x=1", "tel:+123", BOB, "sip:carol@else.where;x=1", "?"),
		false, &a);
	cr_expect_str_eq(a.text, "1/0 sip:carol@else.where;x=1(0) tel:+123(1) sip:b1@192.0.2.2:5060(2) sip:carol@else.where;x=1(3)");
	lookup(&k, "branch", "sip:nobody@example.org", LIST("sip:nobody@example.org"), false, &a);
	cr_expect_str_eq(a.text, "-1/404");
	lookup(&k, "branch", "sip:nobody@example.org", LIST("sip:x@else.where\r\nRoute: <sip:y>", "tel:1 2", "tel:1\t2", "tel:\x7f", "<tel:1>",
		"sip:bob@example.org\n", "tel:\"1\""), false, &a);
	cr_expect_str_eq(a.text, "-1/400", "no URI has such octets: %s", a.text);
	lookup(&k, "branch", "sip:nobody@example.org", LIST("sip:carol@else.where;;x"), false, &a);
	cr_expect_str_eq(a.text, "1/0 sip:carol@else.where;;x(0)", "whatever is odd in it is for the host that it names");
	lookup(&k, "branch", "sip:nobody@example.org", LIST("sip:bob@EXAMPLE.org.;x=1"), false, &a);
	cr_expect_str_eq(a.text, "1/0 sip:b1@192.0.2.2:5060(0)", "a domain of ours, however it is spelled");
	kit_close(&k);
}

Test(branches, a_branch_that_stays_says_where_it_goes)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_str branch = RG_STR("tel:+123");
	rg_request request;
	rg_target t = { .struct_size = sizeof t };
	kit k;

	kit_open(&k, INLINE);
	cr_assert_eq(rg_lookup_options_new(RG_STR("branch,to-branches-only"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.request_uri = RG_STR(BOB);
	request.branches = &branch;
	request.n_branches = 1;
	cr_assert_eq(rg_lookup(k.reg, &request, options, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_branches_only(targets), 1);
	cr_expect_eq(rg_targets_partial(targets), 0);
	cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
	cr_expect(rg_str_equal(t.uri, branch) && rg_str_equal(t.next_hop, branch) && !t.aor.p && !t.home.p && t.binding_id == 0);
	cr_expect(t.branch == 0 && t.fallback_of == UINT32_MAX);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	kit_close(&k);
}

Test(branches, more_than_are_taken_are_refused_before_any_work)
{
	faulty f = { .calls = CALL_ANY, .times = 0 };
	const char *branches[MANY + 1] = { NULL };
	char users[MANY][32];
	answer a;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	for (int i = 0; i < MANY; i++) {
		snprintf(users[i], sizeof users[i], "sip:u%d@example.org", i);
		branches[i] = users[i];
	}
	f.times = -1;
	f.status = RG_ESTORE;
	lookup(&k, "branch", BOB, branches, false, &a);
	cr_expect_eq(a.status, RG_EINVAL);
	cr_expect_eq(f.seen, 0);
	f.times = 0;
	lookup(&k, "", BOB, branches, false, &a);
	cr_expect_eq(a.status, RG_OK, "without the flag nobody looks at them");
	f.calls = CALL_FETCH;
	f.times = 1;
	f.after = MANY + 1;
	branches[MANY - 1] = NULL;
	lookup(&k, "branch", BOB, branches, false, &a);
	cr_expect_eq(a.status, RG_OK);
	cr_expect_eq(f.seen, MANY, "one for the AoR, one for each branch");
	kit_close(&k);
}

Test(branches, a_store_that_fails_for_one_of_them_leaves_no_answer)
{
	for (int32_t nth = 0; nth < 3; nth++) {
		faulty f = { .calls = CALL_FETCH, .times = 0, .status = RG_ETIMEOUT };
		answer a;
		kit k;

		kit_init(&k);
		kit_open_over(&k, faulty_new(k.memory, &f));
		kit_save(&k, "alice", A1, 1);
		f.after = nth;
		f.times = 1;
		lookup(&k, "branch", ALICE, LIST(BOB, "sip:carol@example.org"), false, &a);
		cr_expect_eq(a.status, RG_ESTORE, "call %d", nth);
		cr_expect_str_eq(a.text, "-3/503");
		kit_close(&k);
	}
}

/* A lookup of two records that waits for the first. */
static rg_op *under_way(kit *k, answer *a)
{
	rg_lookup_options *options = NULL;
	rg_str branch = RG_STR(BOB);
	rg_request request;
	rg_op *op;

	kit_open(k, DEFERRED);
	cr_assert_eq(rg_lookup_options_new(RG_STR("branch"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.request_uri = RG_STR(ALICE);
	request.branches = &branch;
	request.n_branches = 1;
	cr_assert_eq(rg_lookup_async(k->reg, &request, options, keep, a, NULL, &op, NULL), RG_PENDING);
	rg_lookup_options_unref(options);
	return op;
}

Test(branches, all_of_them_have_one_store_timeout_between_them)
{
	answer a = { 0 };
	kit k;
	rg_op *op = under_way(&k, &a);

	k.now += 1500;
	deferred_answer(k.deferred, 0);
	cr_expect_eq(a.called, 0);
	k.now += 500;
	kit_tick(&k);
	cr_expect_eq(a.called, 1);
	cr_expect_eq(a.status, RG_ESTORE);
	cr_expect_str_eq(a.text, "-3/503");
	deferred_answer_all(k.deferred);
	cr_expect_eq(a.called, 1);
	rg_op_free(op);
	kit_close(&k);
}

Test(branches, a_lookup_that_is_canceled_on_its_way_ends_there)
{
	answer a = { 0 };
	kit k;
	rg_op *op = under_way(&k, &a);

	deferred_answer(k.deferred, 0);
	rg_op_cancel(op);
	cr_expect_eq(a.status, RG_ECANCELED);
	deferred_answer_all(k.deferred);
	cr_expect_eq(a.called, 1);
	rg_op_free(op);
	kit_close(&k);
}
