/* SPDX-License-Identifier: MIT */
/*
 * Tests a registration policy in isolation: no network, no store, a fixed clock and seed, each REGISTER as a text, and the complete
 * decision as data, or as a text to compare with. The exit status is the number of failed expectations.
 *
 * The policy: at most two phones per account; a third one replaces the phone that was silent longest; no binding lasts more than an
 * hour.
 */
#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>

#include <stdio.h>
#include <string.h>

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
static const uint8_t seed[32] = "always the same random numbers";

/* Alice's phone registers. The caller owns the returned decision. */
static rg_plan *phone_registers(const char *phone, int cseq, int expires)
{
	char text[512];
	rg_request *request = NULL;
	rg_plan *plan = NULL;
	rg_error *why = rg_error_new();

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
	if (rg_sofia_request_parse(rg_str_from(text), &request, why) != RG_OK ||
		rg_merge(record, request, config, options, now, seed, &plan, why) != RG_OK)
		fprintf(stderr, "no decision: %s\n", rg_error_text(why).p);
	rg_request_free(request);
	rg_error_free(why);
	return plan;
}

/* Compares a whole decision with a text. */
static int is_decision(rg_plan *plan, const char *want)
{
	char text[2048];
	size_t n;

	if (rg_plan_text(plan, 0, text, sizeof text, &n) == RG_OK && n == strlen(want) && memcmp(text, want, n) == 0)
		return 1;
	fprintf(stderr, "got:\n%.*s", (int)(n < sizeof text ? n : sizeof text), text);
	return 0;
}

/* Applies a decision, as the engine would. */
static void commit(rg_plan *plan)
{
	rg_record *next;

	if (rg_plan_apply(plan, record, &next, NULL) == RG_OK) {
		rg_record_unref(record);
		record = next;
	}
	rg_plan_free(plan);
	now += 60000;
}

static int two_phones_are_welcome(void)
{
	rg_plan *plan = phone_registers("192.0.2.1", 1, 600);
	int failed = 0;

	EXPECT(is_decision(plan,
		"at: 1700000000000\n"
		"response: 200 OK\n"
		"reason: FINE\n"
		"header: Contact: <sip:alice@192.0.2.1>;expires=600\n"
		"header: Date: Tue, 14 Nov 2023 22:13:20 GMT\n"
		"outcome: INSERTED\n"
		"commit: record\n"
		"event: AOR_INSERT\n"
		"  callid: 192.0.2.1\n"
		"event: CONTACT_INSERT\n"
		"  callid: 192.0.2.1\n"
		"  binding: 0\n"
		"record: alice@example.com\n"
		"  domain: location\n"
		"  binding: 0\n"
		"    uri: sip:alice@192.0.2.1\n"
		"    callid: 192.0.2.1\n"
		"    cseq: 1\n"
		"    created: 1700000000000\n"
		"    modified: 1700000000000\n"
		"    expires: 1700000600000\n"
		"    next_hop: 192.0.2.1:5060\n"));
	commit(plan);
	commit(phone_registers("192.0.2.2", 1, 600));
	EXPECT(rg_record_contact_count(record) == 2);
	return failed;
}

static int a_third_takes_the_place_of_the_one_silent_longest(void)
{
	rg_plan *plan = phone_registers("192.0.2.3", 1, 600);
	rg_event gone;
	int failed = 0;

	rg_event_init(&gone, sizeof gone);
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
	rg_contact first;
	int failed = 0;

	rg_contact_init(&first, sizeof first);
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

	EXPECT(is_decision(plan,
		"at: 1700000240000\n"
		"response: 400 Bad Request\n"
		"reason: INV_CSEQ\n"
		"header: Date: Tue, 14 Nov 2023 22:17:20 GMT\n"
		"header: P-Registrar-Error: Invalid CSeq number\n"
		"commit: nothing\n"));
	commit(plan);
	return failed;
}

static int phones_that_are_silent_for_an_hour_are_gone(void)
{
	rg_plan *plan = NULL;
	int failed = 0;

	now += 3600 * 1000;
	EXPECT(rg_expire(record, NULL, 0, config, now, seed, &plan, NULL) == RG_OK);
	EXPECT(rg_plan_event_count(plan) == 3); /* two CONTACT_EXPIRE, and AOR_DELETE */
	commit(plan);
	EXPECT(record == NULL);
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
	failed += phones_that_are_silent_for_an_hour_are_gone();
	printf("%d failed\n", failed);
	rg_record_unref(record);
	rg_save_options_unref(options);
	rg_config_free(config);
	return failed;
}
