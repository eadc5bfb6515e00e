/* SPDX-License-Identifier: MIT */
/* Which devices a lookup waits for, and what it gets when they come back. */
#include "sites.h"
#include "waiting.h"
#include <stdio.h>

Test(waits_devices, plain_devices_are_targets_at_once_and_others_as_they_wake)
{
	waiting w;
	kit k;

	push_open(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_assert_eq(kit_save(&k, "alice", "<sip:p@192.0.2.7>", 2), 200);
	cr_assert_eq(push_save(&k, "alice", PUSH_NO_INSTANCE + 3, 3), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(rg_targets_code(w.targets), 0);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(kit_save(&k, "alice", "<sip:p@192.0.2.7>", 4), 200);
	cr_expect_eq(push_save(&k, "alice", PUSH_NO_INSTANCE + 3, 5), 200);
	cr_expect_eq(push_save(&k, "alice", PUSH_NO_INSTANCE + 3, 6), 200);
	cr_expect_eq(push_save(&k, "alice", 1, 7), 200);
	EXPECT_SEEN(w, "1 7|3;1;");
	cr_expect_eq(w.done, 1);
	push_end(&w);
	kit_close(&k);
}

Test(waits_devices, no_branches_waits_for_the_best_device_alone)
{
	waiting w;
	kit k;

	push_open(&k);
	for (int i = 1; i <= 2; i++, k.now++)
		cr_assert_eq(push_save(&k, "alice", i, i), 200);
	cr_assert_eq(kit_save(&k, "alice", "<sip:p@192.0.2.9>", 3), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", "no-branches"), RG_OK);
	cr_expect_eq(rg_targets_wake_count(w.targets), 1);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "alice", 2, 8), 200);
	cr_expect_eq(push_save(&k, "alice", 1, 9), 200);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.status, RG_OK);
	push_end(&w);
	kit_close(&k);
}

Test(waits_devices, branches_of_a_request_wait_each_at_its_place)
{
	rg_str branches[] = { RG_STR("sip:bob@example.org"), RG_STR("sip:carol@example.org"), RG_STR("sip:alice@example.org") };
	rg_request request;
	waiting w;
	kit k;

	push_open(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_assert_eq(push_save(&k, "bob", 2, 1), 200);
	cr_assert_eq(push_save(&k, "carol", 3, 1), 200);
	cr_assert_eq(kit_save(&k, "carol", "<sip:p@192.0.2.7>", 2), 200);
	push_invite(&request, "sip:alice@example.org");
	request.branches = branches;
	request.n_branches = 3;
	cr_expect_eq(push_request(&w, &k, &request, "branch,global"), RG_OK);
	cr_expect_eq(rg_targets_wake_count(w.targets), 3);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "carol", 3, 8), 200);
	cr_expect_eq(push_save(&k, "alice", 1, 8), 200);
	cr_expect_eq(push_save(&k, "bob", 2, 8), 200);
	EXPECT_SEEN(w, "1 7#1|3#1;1;2#0;");
	cr_expect_eq(w.done, 1);
	push_end(&w);
	kit_close(&k);
}

/* A home is a target at once; who it is for, is woken there. */
Test(waits_devices, homes_are_targets_beside_devices_that_are_woken)
{
	rg_store *shared = shared_new();
	kit there, k;
	waiting w;

	kit_open(&there, INLINE);
	federate(&there, shared, EAST);
	push_open(&k);
	federate(&k, shared, WEST);
	cr_assert_eq(kit_save(&there, "alice", A1, 1), 200);
	settle(&there);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", "global"), RG_OK);
	cr_expect_eq(rg_targets_wake_count(w.targets), 1);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	EXPECT_SEEN(w, "1 ?|1;");
	push_end(&w);
	cr_expect_eq(push_lookup(&w, &k, "alice", "global,no-branches"), RG_OK);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(push_save(&k, "alice", 1, 3), 200);
	EXPECT_SEEN(w, "2|1;");
	push_end(&w);
	kit_close(&k);
	kit_close(&there);
	rg_store_unref(shared);
}

#define INSTANCE_1 "urn:uuid:00000000-0000-1000-8000-000000000001"

Test(waits_devices, a_gruu_waits_for_its_device_alone)
{
	rg_request request;
	rg_str branch = RG_STR("sip:alice@example.org;gr=" INSTANCE_1);
	waiting w;
	kit k;

	push_open(&k);
	PUSH_CONFIGURE(&k, "disable_gruu 0", "gruu_secret x");
	for (int i = 1; i <= 2; i++)
		cr_assert_eq(push_save(&k, "alice", i, i), 200);
	for (int i = 0; i < 2; i++) {
		push_invite(&request, i == 0 ? "sip:alice@example.org;gr=" INSTANCE_1 : "sip:bob@example.org");
		request.branches = &branch;
		request.n_branches = 1;
		cr_expect_eq(push_request(&w, &k, &request, i == 0 ? NULL : "branch"), RG_OK);
		cr_expect_eq(rg_targets_wake_count(w.targets), 1);
		cr_expect_eq(push_wait(&w), RG_PENDING);
		cr_expect_eq(push_save(&k, "alice", 2, 10 + 2 * i), 200);
		cr_expect_eq(push_save(&k, "alice", 1, 11 + 2 * i), 200);
		EXPECT_SEEN(w, i == 0 ? "2|1;" : "2|1#0;");
		cr_expect_eq(w.done, 1);
		push_end(&w);
	}
	kit_close(&k);
}

/* A flow of phone 1. */
static int save_flow(kit *k, int host, int reg_id, int cseq)
{
	static const rg_str supported = { "path, outbound", 14 };
	char contact[256];
	phone p = { .aor = "alice", .contact = contact, .cseq = cseq };
	rg_response *response = NULL;
	rg_request request;

	snprintf(contact, sizeof contact, "<sip:p@192.0.2.%d;pn-provider=acme;pn-prid=t1>;reg-id=%d;+sip.instance=\"<" INSTANCE_1 ">\"", host,
		reg_id);
	kit_request(&p, &request);
	request.supported = &supported;
	request.n_supported = 1;
	request.flow = reg_id == 1 ? RG_STR("f1") : RG_STR("f2");
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	int code = rg_response_code(response);

	rg_response_free(response);
	return code;
}

Test(waits_devices, flows_of_a_device_are_one_target_and_its_fallbacks)
{
	waiting w;
	kit k;

	push_open(&k);
	PUSH_CONFIGURE(&k, "outbound_mode on");
	cr_assert_eq(save_flow(&k, 1, 1, 1), 200);
	cr_assert_eq(save_flow(&k, 2, 2, 2), 200);
	cr_assert_eq(push_save(&k, "alice", 3, 3), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(rg_targets_wake_count(w.targets), 2);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	k.now++;
	cr_expect_eq(save_flow(&k, 1, 1, 4), 200);
	EXPECT_SEEN(w, "2|1,2f;");
	cr_expect_eq(save_flow(&k, 2, 2, 5), 200);
	EXPECT_SEEN(w, "2|1,2f;");
	cr_expect_eq(w.done, 0);
	push_end(&w);
	kit_close(&k);
}

static int save_from(kit *k, int host, int n, const char *expires, int cseq)
{
	char contact[256], instance[96] = "";

	if (n < PUSH_NO_INSTANCE)
		snprintf(instance, sizeof instance, ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-%012d>\"", n);
	snprintf(contact, sizeof contact, "<sip:p@192.0.2.%d;pn-provider=acme;pn-prid=t%d>%s;expires=%s", host, n, instance, expires);
	return kit_save(k, "alice", contact, cseq);
}

Test(waits_devices, a_device_is_known_again_by_its_instance_or_its_push_token)
{
	static const int phones[] = { 1, PUSH_NO_INSTANCE + 1 };

	for (int i = 0; i < 2; i++) {
		waiting w;
		kit k;

		/* At another address; after it un-registered; after its binding expired. */
		for (int how = 0; how < 3; how++) {
			push_open(&k);
			cr_assert_eq(save_from(&k, 1, phones[i], how == 2 ? "150" : "3600", 1), 200);
			k.now += how == 2 ? 149000 : 0;
			cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
			cr_expect_eq(push_wait(&w), RG_PENDING);
			if (how == 1)
				cr_expect_eq(save_from(&k, 1, phones[i], "0", 2), 200);
			push_later(&k, 2000);
			cr_expect_eq(kit_targets(&k, "alice"), 0);
			cr_expect_eq(w.done, 0, "phones un-register before they register again");
			cr_expect_eq(save_from(&k, 8, phones[i], "3600", 3), 200);
			EXPECT_SEEN(w, "2|8;");
			cr_expect_eq(w.status, RG_OK);
			push_end(&w);
			kit_close(&k);
		}
	}
}

Test(waits_devices, a_device_that_the_filters_of_the_lookup_leave_out_is_no_branch)
{
	phone p = { .aor = "alice", .contact = push_contact(1), .cseq = 2 };
	rg_response *response = NULL;
	rg_request request;
	rg_str allow = RG_STR("MESSAGE");
	waiting w;
	kit k;

	push_open(&k);
	cr_assert_eq(push_save(&k, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", "method-filtering"), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	kit_request(&p, &request);
	request.allow = &allow;
	request.n_allow = 1;
	cr_expect_eq(rg_save(k.reg, &request, NULL, &response, NULL), RG_OK);
	rg_response_free(response);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_save(&k, "alice", 1, 3), 200);
	EXPECT_SEEN(w, "2|1;");
	push_end(&w);
	kit_close(&k);
}
