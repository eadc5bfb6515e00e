/* SPDX-License-Identifier: MIT */
/* Push registrations (RFC 8599) of a registrar: the secret of PURRs, and how removals and queries name a device. */
#include "kit.h"
#include <stdio.h>

#define TOKEN ";pn-provider=apns;pn-prid=x;pn-param=y"
#define PHONE "<sip:a@192.0.2.1" TOKEN ">"
#define MOVED "sip:a@192.0.2.9" TOKEN

static void configure(kit *k, const char *enable, const char *purr, const char *secret)
{
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_providers"), RG_STR("apns"), NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_enable"), rg_str_from(enable), NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_enable_purr"), rg_str_from(purr), NULL), RG_OK);
	if (secret)
		cr_assert_eq(rg_config_set(config, RG_STR("gruu_secret"), rg_str_from(secret), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(k->reg, config, NULL), RG_OK);
	rg_config_free(config);
}

static int warned(const kit *k)
{
	int n = 0;

	for (const char *at = k->log; (at = strstr(at, "gruu_secret is unset: temporary GRUUs and PURRs are sealed")) != NULL; at++)
		n++;
	return n;
}

/* The Feature-Caps of a REGISTER of alice's. */
static const char *caps_of(kit *k, const char *contact, int cseq)
{
	static char text[1024];
	phone p = { .aor = "alice", .contact = contact, .cseq = cseq };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	cr_assert_eq(rg_response_code(response), 200);
	rg_str value = rg_response_header(response, RG_STR("Feature-Caps"), 0);

	snprintf(text, sizeof text, "%.*s", (int)value.n, value.p ? value.p : "");
	rg_response_free(response);
	return text;
}

Test(push_engine, a_random_secret_is_warned_of_once_and_only_with_purrs_on)
{
	static const char with[] = "*;+sip.pns=\"apns\";+sip.pnspurr=\"", without[] = "*;+sip.pns=\"apns\"";
	kit k;

	kit_open(&k, INLINE);
	configure(&k, "0", "1", NULL);
	configure(&k, "1", "0", NULL);
	cr_expect_str_eq(caps_of(&k, PHONE, 1), without);
	configure(&k, "1", "1", "secret");
	cr_expect_eq(strncmp(caps_of(&k, PHONE, 2), with, strlen(with)), 0);
	cr_expect_eq(warned(&k), 0, "%s", k.log);
	configure(&k, "1", "1", NULL);
	configure(&k, "1", "1", NULL);
	cr_expect_eq(strncmp(caps_of(&k, PHONE, 3), with, strlen(with)), 0);
	cr_expect_eq(warned(&k), 1, "%s", k.log);
	kit_close(&k);
}

static int registered(kit *k, const char *contact)
{
	rg_answer *answer = NULL;
	rg_query query;

	rg_query_init(&query, sizeof query);
	query.aor = RG_STR("sip:alice@example.org");
	query.contact = rg_str_from(contact);
	cr_assert_eq(rg_is_contact_registered(k->reg, &query, &answer, NULL), RG_OK, "%s", contact);
	int yes = rg_answer_result(answer);

	rg_answer_free(answer);
	return yes;
}

static uint32_t removed(kit *k, const char *contact)
{
	rg_remove_filter filter;
	uint32_t n = 0;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("sip:alice@example.org");
	filter.contact = rg_str_from(contact);
	cr_assert_eq(rg_remove(k->reg, &filter, &n, NULL), RG_OK, "%s", contact);
	return n;
}

Test(push_engine, a_query_and_a_removal_know_a_device_by_its_token)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		kit k;

		kit_open(&k, how);
		configure(&k, "1", "1", "secret");
		cr_expect_eq(kit_save(&k, "alice", PHONE, 1), 200);
		cr_expect_eq(kit_save(&k, "alice", "<sip:a@192.0.2.1;pn-provider=nobody>", 2), 555);
		cr_expect_eq(registered(&k, MOVED), 1);
		cr_expect_eq(registered(&k, "sip:a@192.0.2.1;pn-provider=apns;pn-prid=other;pn-param=y"), 0);
		cr_expect_eq(removed(&k, "sip:a@192.0.2.1;pn-provider=apns;pn-prid=other;pn-param=y"), 0);
		cr_expect_eq(removed(&k, MOVED), 1);
		cr_expect_eq(registered(&k, MOVED), 0);
		configure(&k, "0", "1", "secret");
		cr_expect_eq(kit_save(&k, "alice", PHONE, 4), 200);
		cr_expect_eq(registered(&k, MOVED), 0);
		cr_expect_eq(registered(&k, "sip:a@192.0.2.1" TOKEN), 1);
		kit_close(&k);
	}
}

static void see_uri(void *user, const rg_event *event)
{
	char *text = user;
	size_t n = strlen(text);

	if (event->after && n < 400)
		snprintf(text + n, 500 - n, "%s %.*s %u;", rg_event_name(event->kind), (int)event->after->uri.n, event->after->uri.p,
			event->after->flags);
}

/* Who sends the push needs the parameters. */
Test(push_engine, events_have_the_whole_uri)
{
	rg_subscription *ear = NULL;
	char text[500] = "";
	kit k;

	kit_open(&k, INLINE);
	configure(&k, "1", "0", NULL);
	cr_assert_eq(rg_registrar_subscribe(k.reg, RG_EVENT_CONTACT_INSERT | RG_EVENT_CONTACT_UPDATE, see_uri, text, NULL, &ear, NULL), RG_OK);
	cr_expect_eq(kit_save(&k, "alice", PHONE, 1), 200);
	cr_expect_eq(kit_save(&k, "alice", "<" MOVED ">", 2), 200);
	cr_expect_str_eq(text, "CONTACT_INSERT sip:a@192.0.2.1" TOKEN " 4;CONTACT_UPDATE " MOVED " 4;");
	rg_subscription_free(ear);
	kit_close(&k);
}
