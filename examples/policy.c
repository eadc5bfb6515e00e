/* SPDX-License-Identifier: MIT */
/*
 * Tests a registration policy in isolation: no network, no store, a fixed clock and seed, each REGISTER as a text, and the complete
 * decision as data. The exit status is the number of failed expectations.
 *
 * The policy: at most two phones per account; a third one replaces the phone that was silent longest; no binding lasts more than an
 * hour.
 */
#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>

#include <stdio.h>

#define EXPECT(what) (failed += expect((what), #what))

static int expect(int good, const char *what)
{
	if (!good)
		fprintf(stderr, "expected: %s\n", what);
	return !good;
}

/* The state of the account during the test. */
static rg_record *record;
static rg_config *config;
static rg_save_options *options;
static rg_time now = 1700000000000;

/* Alice's phone registers. The caller owns the returned decision. */
static rg_plan *phone_registers(const char *phone, int cseq, int expires)
{
	static const uint8_t seed[32] = "always the same random numbers";
	char text[512];
	rg_request *request = NULL;
	rg_plan *plan = NULL;

	snprintf(text, sizeof text,
		"REGISTER sip:example.com SIP/2.0\n"
		"Via: SIP/2.0/UDP %s;branch=z9hG4bK1\n"
		"From: <sip:alice@example.com>;tag=1\n"
		"To: <sip:alice@example.com>\n"
		"Call-ID: %s\n"
		"CSeq: %d REGISTER\n"
		"Contact: <sip:alice@%s>;expires=%d\n"
		"Content-Length: 0\n"
		"\n", phone, phone, cseq, phone, expires);
	if (rg_sofia_request_parse(rg_str_from(text), &request, NULL) == RG_OK)
		rg_merge(record, request, config, options, now, seed, &plan);
	rg_request_free(request);
	return plan;
}

/* Applies a decision, as the engine would. */
static void commit(rg_plan *plan)
{
	if (rg_plan_commits(plan)) {
		rg_record_unref(record);
		record = rg_record_ref(rg_plan_next(plan));
	}
	rg_plan_free(plan);
	now += 60000;
}

static int two_phones_are_welcome(void)
{
	rg_plan *plan = phone_registers("192.0.2.1", 1, 600);
	int failed = 0;

	EXPECT(rg_response_code(rg_plan_response(plan)) == 200);
	EXPECT(rg_plan_outcome(plan, 0) == RG_OUTCOME_INSERTED);
	EXPECT(rg_str_equal(rg_response_header(rg_plan_response(plan), RG_STR("Contact"), 0), RG_STR("<sip:alice@192.0.2.1>;expires=600")));
	commit(plan);
	commit(phone_registers("192.0.2.2", 1, 600));
	EXPECT(rg_record_contact_count(record) == 2);
	return failed;
}

static int a_third_takes_the_place_of_the_one_silent_longest(void)
{
	rg_plan *plan = phone_registers("192.0.2.3", 1, 600);
	rg_event gone = { 0 };
	int failed = 0;

	for (uint32_t i = 0; gone.kind != RG_EVENT_CONTACT_DELETE && rg_plan_event(plan, i, &gone) == RG_OK; i++)
		continue;
	EXPECT(gone.kind == RG_EVENT_CONTACT_DELETE);
	EXPECT(rg_str_equal(gone.reason, RG_STR("evicted")));
	EXPECT(gone.before && rg_str_equal(gone.before->uri, RG_STR("sip:alice@192.0.2.1")));
	commit(plan);
	EXPECT(rg_record_contact_count(record) == 2);
	return failed;
}

static int nobody_stays_more_than_an_hour(void)
{
	rg_plan *plan = phone_registers("192.0.2.2", 2, 86400);
	rg_contact first = { .struct_size = sizeof first };
	int failed = 0;

	EXPECT(rg_plan_outcome(plan, 0) == RG_OUTCOME_UPDATED);
	EXPECT(rg_response_contact(rg_plan_response(plan), 0, &first) == RG_OK);
	EXPECT(rg_response_contact_expires(rg_plan_response(plan), 0) == 3600);
	EXPECT(first.expires == now + 3600 * 1000);
	commit(plan);
	return failed;
}

static int a_replayed_register_changes_nothing(void)
{
	rg_plan *plan = phone_registers("192.0.2.2", 1, 600);
	int failed = 0;

	EXPECT(rg_response_reason(rg_plan_response(plan)) == RG_R_INV_CSEQ);
	EXPECT(!rg_plan_commits(plan));
	commit(plan);
	return failed;
}

int main(void)
{
	int failed = 0;

	if (rg_config_new(&config) != RG_OK || rg_config_set(config, RG_STR("max_contacts"), RG_STR("2"), NULL) != RG_OK ||
		rg_save_options_new(RG_STR("force-registration, max-expires=3600"), &options, NULL) != RG_OK)
		return 1;
	failed += two_phones_are_welcome();
	failed += a_third_takes_the_place_of_the_one_silent_longest();
	failed += nobody_stays_more_than_an_hour();
	failed += a_replayed_register_changes_nothing();
	printf("%d failed\n", failed);
	rg_record_unref(record);
	rg_save_options_unref(options);
	rg_config_free(config);
	return failed;
}
