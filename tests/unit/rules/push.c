/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include <criterion/criterion.h>
#include <stdio.h>

static rg_config *config;

static const rg__push *push_of(const char *providers, const char *match)
{
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL), RG_OK);
	if (providers)
		cr_assert_eq(rg_config_set(config, RG_STR("pn_providers"), rg_str_from(providers), NULL), RG_OK);
	if (match)
		cr_assert_eq(rg_config_set(config, RG_STR("pn_ct_match_params"), rg_str_from(match), NULL), RG_OK);
	return rg__config_push(config);
}

static rg__uri uri_of(const char *params)
{
	static char room[2][6000];
	static int next;
	rg__uri uri;
	char *text = room[next++ % 2];

	snprintf(text, sizeof room[0], "%s%s", strncmp(params, "tel:", 4) == 0 ? "" : "sip:a@192.0.2.7;", params);
	cr_assert_eq(rg__uri_parse(rg_str_from(text), &uri), RG_OK, "%s", text);
	return uri;
}

Test(pn, what_the_parameters_ask_for)
{
	static const struct {
		const char *params;
		uint8_t asks;
	} cases[] = {
		{ "x=1", RG__PN_NONE }, { "pn-prid=1;pn-param=2", RG__PN_NONE }, { "pn-provid=apns", RG__PN_NONE }, { "tel:1;pn-provider=apns", RG__PN_NONE },
		{ "pn-provider", RG__PN_ALL }, { "PN-Provider", RG__PN_ALL }, { "pn-provider;pn-prid=1", RG__PN_ALL },
		{ "pn-provider=apns", RG__PN_ONE }, { "pn-provider=APNS", RG__PN_ONE }, { "pn-provider=%61pns", RG__PN_ONE },
		{ "%70n-provider=apns", RG__PN_ONE }, { "pn-provider=apns;pn-param=1", RG__PN_ONE }, { "pn-provider=apns;pn-prid", RG__PN_ONE },
		{ "pn-provider=webpush", RG__PN_ONE }, { "pn-provider=acme", RG__PN_ONE }, { "pn-provider=acme;pn-app=1", RG__PN_ONE },
		{ "pn-provider=apns;pn-prid=1;pn-param=2", RG__PN_WAKE }, { "pn-provider=fcm;pn-prid=1;pn-param=2", RG__PN_WAKE },
		{ "PN-PARAM=2;pn-provider=Fcm;PN-PRID=1", RG__PN_WAKE }, { "pn-provider=webpush;pn-prid=1", RG__PN_WAKE },
		{ "pn-provider=acme;pn-prid=1;pn-app=2", RG__PN_WAKE }, { "pn-provider=acme;pn-prid=%00;pn-app=%22", RG__PN_WAKE },
		{ "pn-provider=apns;pn-prid=1", RG__PN_BAD }, { "pn-provider=fcm;pn-prid=1;pn-param", RG__PN_BAD },
		{ "pn-provider=webpush;pn-prid=1;pn-param=2", RG__PN_BAD }, { "pn-provider=webpush;pn-prid=1;pn-param", RG__PN_BAD },
		{ "pn-provider=acme;pn-prid=1", RG__PN_BAD }, { "pn-provider=acme;pn-prid=1;pn-app", RG__PN_BAD },
		{ "pn-provider=other", RG__PN_BAD }, { "pn-provider=apnsx;pn-prid=1;pn-param=2", RG__PN_BAD }, { "pn-provider=apn", RG__PN_BAD },
		{ "pn-provider=%00apns", RG__PN_BAD }, { "pn-provider=apns%20", RG__PN_BAD },
	};
	const rg__push *push = push_of("apns , fcm,webpush,  acme ", "pn-prid, pn-app");
	rg__pn pn;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__uri uri = uri_of(cases[i].params);

		rg__pn_read(&uri, push, &pn);
		cr_expect_eq(pn.asks, cases[i].asks, "%s asks for %u", cases[i].params, pn.asks);
		if (pn.asks == RG__PN_ONE || pn.asks == RG__PN_WAKE)
			cr_expect(rg__same_nocase(pn.provider, push->providers[pn.index]), "%s", cases[i].params);
	}
	rg_config_free(config);
}

Test(pn, without_providers_each_is_unknown_and_a_query_is_none)
{
	const rg__push *push = push_of(NULL, NULL);
	rg__uri all = uri_of("pn-provider"), one = uri_of("pn-provider=apns");
	rg__pn pn;

	cr_expect_eq(push->n_providers, 0);
	rg__pn_read(&all, push, &pn);
	cr_expect_eq(pn.asks, RG__PN_ALL);
	rg__pn_read(&one, push, &pn);
	cr_expect_eq(pn.asks, RG__PN_BAD);
	rg_config_free(config);
}

Test(pn, a_list_may_be_as_long_as_its_text_and_has_each_name_once)
{
	char text[1025];
	const rg__push *push;

	for (int i = 0; i < 1024; i += 2)
		memcpy(text + i, (char[]){ (char)('a' + i / 2 % 26), ',' }, 2);
	text[1023] = '\0';
	push = push_of(text, "pn-prid, PN-PRID,pn-a");
	cr_expect_eq(push->n_providers, 26);
	cr_expect_eq(push->n_match, 2);
	for (int i = 0; i < 340; i++)
		memcpy(text + 3 * i, (char[]){ (char)('a' + i % 26), (char)('a' + i / 26), ',' }, 3);
	text[1019] = '\0';
	cr_assert_eq(rg_config_set(config, RG_STR("pn_providers"), rg_str_from(text), NULL), RG_OK);
	cr_expect_eq(push->n_providers, 340);
	rg__uri last = uri_of("pn-provider=bn");
	rg__pn pn;
	rg__pn_read(&last, push, &pn);
	cr_expect(pn.asks == RG__PN_ONE && pn.index == 339, "%u", pn.index);
	rg_config_free(config);
}

Test(pn, parameters_are_compared_octet_by_octet)
{
	static const struct {
		const char *match, *a, *b;
		bool same;
	} cases[] = {
		{ NULL, "pn-provider=apns;pn-prid=1;pn-param=2", "x=1;pn-param=2;pn-prid=1;pn-provider=apns", true },
		{ NULL, "pn-provider=apns;pn-prid=1;pn-param=2", "PN-Provider=apns;pn-prid=1;%70n-param=2", true },
		{ NULL, "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=apns;pn-prid=1;pn-param=3", false },
		{ NULL, "pn-provider=apns;pn-prid=a;pn-param=2", "pn-provider=apns;pn-prid=A;pn-param=2", false },
		{ NULL, "pn-provider=apns;pn-prid=a;pn-param=2", "pn-provider=apns;pn-prid=%61;pn-param=2", false },
		{ NULL, "pn-provider=apns;pn-prid=a;pn-param=2", "pn-provider=APNS;pn-prid=a;pn-param=2", false },
		{ NULL, "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=apns;pn-prid=1", false },
		{ NULL, "pn-provider=webpush;pn-prid=1", "pn-provider=webpush;pn-prid=1", true },
		{ NULL, "pn-provider=webpush;pn-prid=1", "pn-provider=webpush;pn-prid=1;pn-param=2", false },
		{ NULL, "pn-provider=webpush;pn-prid=1", "pn-provider=webpush;pn-prid=2", false },
		{ NULL, "pn-provider=apns;pn-prid=1;pn-param=2", "x=1", false },
		{ NULL, "pn-provider=apns;pn-prid=1;pn-param=2", "tel:1;pn-provider=apns;pn-prid=1;pn-param=2", false },
		{ "pn-provider, pn-prid", "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=apns;pn-prid=1;pn-param=3", true },
		{ "pn-app", "pn-provider=apns;pn-prid=1;pn-param=2;pn-app=3", "pn-provider=fcm;pn-prid=9;pn-param=8;pn-app=3", true },
		{ "pn-app", "pn-provider=apns;pn-prid=1;pn-param=2;pn-app=3", "pn-provider=apns;pn-prid=1;pn-param=2", false },
		/* The provider does not need what the list has, so its own parameters tell devices apart. */
		{ "pn-app", "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=apns;pn-prid=1;pn-param=3", true },
		{ "pn-app", "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=apns;pn-prid=2;pn-param=2", false },
		{ "pn-app, pn-provider", "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=apns;pn-prid=2;pn-param=2", false },
		{ "pn-app", "pn-provider=apns;pn-prid=1;pn-param=2", "pn-provider=fcm;pn-prid=1;pn-param=2", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const rg__push *push = push_of("apns, fcm, webpush", cases[i].match);
		rg__uri a = uri_of(cases[i].a), b = uri_of(cases[i].b);

		cr_expect_eq(rg__pn_same(&a, &b, push), cases[i].same, "%s %s", cases[i].a, cases[i].b);
		if (cases[i].same)
			cr_expect_eq(rg__pn_hash(&a, push), rg__pn_hash(&b, push), "%s %s", cases[i].a, cases[i].b);
		rg_config_free(config);
	}
}

Test(pn, uris_are_compared_without_their_push_parameters)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "pn-provider", "pn-provider=apns;pn-prid=1;pn-param=2", true }, { "pn-x=1;y=2", "y=2;PN-X=3", true },
		{ "%50N-x=1", "pn-x=2", true }, { "pn-provider=apns;y=1", "pn-provider=apns;y=2", false },
		{ "pn-provider=apns", "pn-provider=apns;transport=tcp", false }, { "pn=1", "pn=2", false }, { "pm-x=1", "pm-x=2", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__uri a = uri_of(cases[i].a), b = uri_of(cases[i].b);

		cr_expect_eq(rg__pn_same_without(&a, &b), cases[i].same, "%s %s", cases[i].a, cases[i].b);
	}
}

Test(pn, names_of_push_parameters)
{
	static const char *const ours[] = { "pn-prid", "PN-Provider", "pn-", "%70n-x", "p%4e%2dx", "pn-purr" };
	static const char *const others[] = { "", "p", "pn", "pnx", "pm-x", "xpn-x", "%70", "%7", "%", "pn%", "pn%2", "%71n-x", "transport" };

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		cr_expect(rg__pn_param(rg_str_from(ours[i])), "%s", ours[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect_not(rg__pn_param(rg_str_from(others[i])), "%s", others[i]);
}

Test(pn, a_proxy_on_the_way_names_the_providers_it_handles)
{
	static const struct {
		const char *line;
		bool handled;
	} cases[] = {
		{ "*;+sip.pns=\"apns\"", true }, { "* ; +SIP.PNS = \"APNS\" ;x", true }, { "*;+sip.pns=\"fcm,apns\"", true },
		{ "*;+sip.pns=\"fcm\", *;+sip.pns=\"apns\"", true }, { "*;+sip.pnsreg=\"130\";+sip.pns=\"apns\"", true },
		{ "*;+sip.pns=\"fcm\";+sip.pns=\"apns\"", true }, { ",*;+sip.pns=\"apns\",", true },
		{ "*;+sip.pns=\"fcm\"", false }, { "*;+sip.pns=\"apnsx\"", false }, { "*;+sip.pns=\"\"", false }, { "*;+sip.pns", false },
		{ "*;+sip.pns=apns", false }, { "*;sip.pns=\"apns\"", false }, { "+sip.pns=\"apns\"", false }, { "*+sip.pns=\"apns\"", false },
		{ "x;+sip.pns=\"apns\"", false }, { "*;+sip.pns=\"apns", false }, { "*;;+sip.pns=\"apns\"", false },
		{ "*;+sip.pns=\"apns\";", false }, { "*;+sip.pns=\"apns\"x", false }, { "*;+sip.pnspurr=\"apns\"", false }, { "", false },
		{ "*;+sip.pns=\"<apns>\"", false }, { "*;+sip.pns=\"\\apns\"", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_str line = rg_str_from(cases[i].line);
		rg_str lines[] = { RG_STR("*;+sip.pns=\"fcm"), line };

		cr_expect_eq(rg__pn_handled(&line, 1, RG_STR("apns")), cases[i].handled, "%s", cases[i].line);
		cr_expect_eq(rg__pn_handled(lines, 2, RG_STR("%61pns")), cases[i].handled, "a malformed line hides no other: %s", cases[i].line);
	}
	cr_expect_not(rg__pn_handled(NULL, 0, RG_STR("apns")));
}

/* Each Contact reads the lines again, so a sender cannot make them long. */
Test(pn, what_is_read_of_feature_caps_has_an_end)
{
	enum { ROOM = 8192 };
	char text[ROOM];

	for (uint32_t tags = 250; tags < 260; tags++) {
		for (int form = 0; form < 5; form++) {
			size_t n = 0;

			if (form == 0) { /* tags of one parameter */
				n += (size_t)snprintf(text + n, ROOM - n, "*;+sip.pns=\"");
				for (uint32_t i = 1; i < tags; i++)
					n += (size_t)snprintf(text + n, ROOM - n, "x,");
				snprintf(text + n, ROOM - n, "apns\"");
			} else if (form == 1) { /* parameters of one value */
				n += (size_t)snprintf(text + n, ROOM - n, "*");
				for (uint32_t i = 1; i < tags; i++)
					n += (size_t)snprintf(text + n, ROOM - n, ";x");
				snprintf(text + n, ROOM - n, ";+sip.pns=\"apns\"");
			} else { /* values: with a parameter, without one, and empty */
				static const char *const values[] = { "*;x,", "*,", "," };

				for (uint32_t i = 1; i < tags; i++)
					n += (size_t)snprintf(text + n, ROOM - n, "%s", values[form - 2]);
				snprintf(text + n, ROOM - n, "*;+sip.pns=\"apns\"");
			}
			rg_str line = rg_str_from(text);

			cr_expect_eq(rg__pn_handled(&line, 1, RG_STR("apns")), tags < RG__PN_READ_MAX, "form %d, %u", form, tags);
		}
	}
}
