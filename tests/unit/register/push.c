/* SPDX-License-Identifier: MIT */
/* Push notifications (RFC 8599) by the pure decision: what a REGISTER with push parameters is answered and stores. */
#include "policy_kit.h"
#include "grammar/grammar.h"
#include "register/register.h"
#include "rules/rules.h"

#define PN(host, params) "<sip:alice@" host ";" params ">"
#define APNS "pn-provider=apns;pn-param=TEAM.app;pn-prid=00fc13adff78512"
#define FCM "pn-provider=fcm;pn-param=project;pn-prid=token"
#define WEB "pn-provider=webpush;pn-prid=subscription"
#define ONE ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\""
#define OTHER ";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\""

Test(push, a_complete_contact_is_woken_before_it_expires)
{
	world w = world_with_push();
	rg_contact c;

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) }, .expires = "600"), 200);
	c = binding(&w, 0);
	cr_expect_eq(c.flags, RG_CONTACT_PN);
	cr_expect_eq(c.expires, w.now + 600000);
	cr_expect_eq(c.wake, w.now + 480000);
	cr_expect_eq(rg_record_deadline(w.record), c.wake);
	same_text(caps(&w), "*;+sip.pns=\"apns\"");
	end_world(&w);
}

Test(push, while_it_is_off_the_parameters_mean_nothing)
{
	world w = new_world();

	set(&w, "pn_providers", "apns");
	cr_assert_eq(save(&w, { PN("192.0.2.7", "pn-provider=none") }), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.8", APNS) }, .cseq = "2 REGISTER"), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.9", APNS) }, .cseq = "3 REGISTER"), 200);
	cr_expect_eq(rg_record_contact_count(w.record), 3);
	for (uint32_t i = 0; i < 3; i++)
		cr_expect(binding(&w, i).flags == 0 && binding(&w, i).wake == 0);
	same_text(caps(&w), "");
	end_world(&w);
}

/* What a REGISTER is answered, the flags of its binding, and Feature-Caps. */
static const struct {
	const char *contact, *caps[2];
	int32_t code;
	uint32_t flags;
	const char *want;
} registrations[] = {
	{ "<sip:a@192.0.2.7>", { NULL }, 200, 0, "" },
	{ "<sip:a@192.0.2.7>;+sip.pnsreg", { NULL }, 200, 0, "" },
	{ PN("192.0.2.7", "pn-provider"), { NULL }, 200, 0, "*;+sip.pns=\"apns\"\n*;+sip.pns=\"fcm\"\n*;+sip.pns=\"webpush\"\n*;+sip.pns=\"acme\"" },
	{ PN("192.0.2.7", "pn-provider") ";+sip.pnsreg", { "*;+sip.pns=\"fcm\"", "*;+sip.pns=\"acme\"" }, 200, 0,
		"*;+sip.pns=\"apns\";+sip.pnsreg=\"130\"\n*;+sip.pns=\"webpush\";+sip.pnsreg=\"130\"" },
	{ PN("192.0.2.7", "pn-provider=fcm"), { NULL }, 200, 0, "*;+sip.pns=\"fcm\"" },
	{ PN("192.0.2.7", "pn-provider=FCM"), { NULL }, 200, 0, "*;+sip.pns=\"fcm\"" },
	{ PN("192.0.2.7", "pn-provider=fcm"), { "*;+sip.pns=\"fcm\"" }, 200, 0, "" },
	{ PN("192.0.2.7", "pn-provider=acme;pn-param=x"), { NULL }, 200, 0, "*;+sip.pns=\"acme\"" },
	{ PN("192.0.2.7", APNS), { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"apns\"" },
	{ PN("192.0.2.7", FCM), { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"fcm\"" },
	{ PN("192.0.2.7", WEB), { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"webpush\"" },
	{ PN("192.0.2.7", "pn-provider=acme;pn-param=x;pn-prid=y"), { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"acme\"" },
	{ PN("192.0.2.7", APNS) ";+sip.pnsreg", { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"apns\";+sip.pnsreg=\"130\"" },
	{ PN("192.0.2.7", APNS) ";+SIP.pnsReg=\"121\"", { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"apns\";+sip.pnsreg=\"130\"" },
	{ PN("192.0.2.7", APNS) ";+sip.pnsregx", { NULL }, 200, RG_CONTACT_PN, "*;+sip.pns=\"apns\"" },
	{ PN("192.0.2.7", APNS), { "*;+sip.pns=\"fcm\"" }, 200, RG_CONTACT_PN, "*;+sip.pns=\"apns\"" },
	{ PN("192.0.2.7", APNS), { "*;+sip.pns=\"apns\"" }, 200, 0, "" },
	{ PN("192.0.2.7", APNS), { "*;+sip.pns=\"apns" }, 200, RG_CONTACT_PN, "*;+sip.pns=\"apns\"" },
	{ PN("192.0.2.7", "pn-provider=foreign;pn-prid=x"), { "*;+sip.pns=\"foreign\"" }, 200, 0, "" },
	{ PN("192.0.2.7", "pn-provider=fcm;pn-prid=x"), { "*;+sip.pns=\"fcm\"" }, 200, 0, "" },
	{ PN("192.0.2.7", "pn-provider=foreign;pn-prid=x"), { NULL }, 555, 0, "" },
	{ PN("192.0.2.7", "pn-provider=foreign"), { NULL }, 555, 0, "" },
	{ PN("192.0.2.7", "pn-provider=fcm;pn-prid=x"), { NULL }, 555, 0, "" },
	{ PN("192.0.2.7", WEB ";pn-param=x"), { NULL }, 555, 0, "" },
	{ PN("192.0.2.7", "pn-provider=acme;pn-prid=x"), { NULL }, 555, 0, "" },
	{ PN("192.0.2.7", "pn-provider=foreign;pn-prid=x") ";expires=0", { NULL }, 200, 0, "" },
	{ PN("192.0.2.7", "pn-provider=fcm;pn-prid=x") ";expires=0", { NULL }, 200, 0, "" },
	{ PN("192.0.2.7", "pn-provider") ";expires=0", { NULL }, 200, 0, "" },
	{ PN("192.0.2.7", APNS) ";expires=0", { NULL }, 200, 0, "" },
	/* Header parameters are none of the URI (RFC 3261 §20). */
	{ "sip:a@192.0.2.7;" APNS, { NULL }, 200, 0, "" },
	/* What no URI is, or says twice, is malformed. */
	{ PN("192.0.2.7", APNS ";PN-prid=x"), { NULL }, 400, 0, "" },
	{ PN("192.0.2.7", "pn-provider=fcm;pn-param=a;%70n-param=b;pn-prid=c"), { NULL }, 400, 0, "" },
	{ PN("192.0.2.7", "pn-provider=\"apns\""), { NULL }, 400, 0, "" },
	{ PN("192.0.2.7", "pn-provider=apns%0"), { NULL }, 400, 0, "" },
	{ PN("192.0.2.7", "pn-provider=apns%0d%0aX-Evil:1"), { NULL }, 555, 0, "" },
	{ "<tel:1;pn-provider=foreign>", { NULL }, 200, 0, "" },
};

Test(push, queries_registrations_and_refusals)
{
	for (size_t i = 0; i < sizeof registrations / sizeof *registrations; i++) {
		world w = world_with_push();

		cr_expect_eq(save(&w, { registrations[i].contact }, .caps = { registrations[i].caps[0], registrations[i].caps[1] }), registrations[i].code, "case %zu: %s", i,
			registrations[i].contact);
		same_text(caps(&w), registrations[i].want);
		if (registrations[i].code != 200)
			cr_expect_eq(rg_record_contact_count(w.record), 0, "%s", registrations[i].contact);
		if (registrations[i].code == 555)
			cr_expect(reason(&w) == RG_R_PNS_UNSUP, "%s", registrations[i].contact);
		if (rg_record_contact_count(w.record) > 0)
			cr_expect(binding(&w, 0).flags == registrations[i].flags && (binding(&w, 0).wake != 0) == (registrations[i].flags != 0), "%s", registrations[i].contact);
		end_world(&w);
	}
}

Test(push, a_query_to_a_registrar_without_providers_gets_no_feature_caps)
{
	world w = new_world();

	set(&w, "pn_enable", "1");
	cr_expect_eq(save(&w, { PN("192.0.2.7", "pn-provider") }), 200);
	same_text(caps(&w), "");
	cr_expect_eq(save(&w, { PN("192.0.2.7", "pn-provider=apns") }, .cseq = "2 REGISTER"), 555);
	end_world(&w);
}

/* RFC 3261 §10.3: a request without Contact asks for bindings, and one that is refused is refused as a whole. */
Test(push, what_asks_for_no_provider_gets_no_feature_caps)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) }), 200);
	cr_expect_eq(save(&w, { NULL }), 200);
	same_text(caps(&w), "");
	cr_expect_eq(save(&w, { PN("192.0.2.7", FCM), PN("192.0.2.8", "pn-provider=foreign") }, .cseq = "2 REGISTER"), 555);
	same_text(caps(&w), "");
	cr_expect_eq(rg_record_contact_count(w.record), 1);
	cr_expect_eq(save(&w, { "*" }, .cseq = "3 REGISTER", .expires = "0"), 200);
	same_text(caps(&w), "");
	end_world(&w);
}

Test(push, each_provider_has_one_header_however_many_contacts_name_it)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", FCM), PN("192.0.2.8", APNS) ";+sip.pnsreg", PN("192.0.2.9", FCM "2"), "<sip:b@192.0.2.7>" }), 200);
	same_text(caps(&w), "*;+sip.pns=\"fcm\"\n*;+sip.pns=\"apns\";+sip.pnsreg=\"130\"");
	cr_assert_eq(save(&w, { PN("192.0.2.7", WEB), PN("192.0.2.8", "pn-provider") }, .cseq = "2 REGISTER"), 200);
	same_text(caps(&w), "*;+sip.pns=\"apns\"\n*;+sip.pns=\"fcm\"\n*;+sip.pns=\"webpush\"\n*;+sip.pns=\"acme\"");
	end_world(&w);
}

Test(push, a_repeat_is_answered_like_the_first_request)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ";+sip.pnsreg" }), 200);
	rg_contact first = binding(&w, 0);
	w.now += 1000;
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ";+sip.pnsreg" }), 200);
	same_text(caps(&w), "*;+sip.pns=\"apns\";+sip.pnsreg=\"130\"");
	cr_expect_eq(rg_plan_commits(w.plan), 0);
	cr_expect_eq(binding(&w, 0).wake, first.wake);
	end_world(&w);
}

/* What a second REGISTER does to the binding of the first: U the same, I another one, D removes, G nothing. Each with another Call-ID. */
Test(push, a_device_keeps_its_binding_while_its_address_changes)
{
	static const struct {
		const char *first, *second, *want;
	} cases[] = {
		{ PN("192.0.2.7", APNS), PN("198.51.100.9:1024", "pn-prid=00fc13adff78512;x=1;" "pn-provider=apns;pn-param=TEAM.app"), "U" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", "pn-provider=apns;pn-param=TEAM.app;pn-prid=another"), "I" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", "pn-provider=apns;pn-param=TEAM.app;pn-prid=00FC13ADFF78512"), "I" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.8", "pn-provider=apns;pn-param=TEAM.app;pn-prid=another") ONE, "U" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.8", WEB) ONE, "U" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.7", APNS) OTHER, "U" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.7", WEB) OTHER, "I" },
		{ PN("192.0.2.7", WEB), PN("192.0.2.8", WEB), "U" },
		{ PN("192.0.2.7", "pn-provider=acme;pn-param=x;pn-prid=y"), PN("192.0.2.8", "pn-provider=acme;pn-param=x;pn-prid=y"), "U" },
		{ "<sip:alice@192.0.2.7>" ONE, PN("192.0.2.8", APNS) ONE, "U" },
		{ "<sip:alice@192.0.2.7>", PN("192.0.2.7", APNS), "I" },
		/* A query asks by its address, like a Contact without push. */
		{ PN("192.0.2.7", "pn-provider"), PN("192.0.2.7", "pn-provider"), "U" },
		{ PN("192.0.2.7", "pn-provider=fcm") ONE, PN("192.0.2.8", "pn-provider=fcm") ONE, "I" },
		{ PN("192.0.2.7", APNS), "<sip:alice@192.0.2.7>", "U" },
		/* Removals. */
		{ PN("192.0.2.7", APNS), PN("192.0.2.8", APNS) ";expires=0", "D" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", WEB) ";expires=0", "G" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.8", WEB) ONE ";expires=0", "D" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.8", "pn-provider=apns") ONE ";expires=0", "D" },
		{ PN("192.0.2.7", APNS) ONE, PN("192.0.2.8", "pn-provider") ONE ";expires=0", "D" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", "pn-provider=apns") ";expires=0", "D" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", "pn-provider=webpush;pn-param=x") ";expires=0", "D" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", "pn-provider=foreign") ";expires=0", "D" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.8", "pn-provider=apns") ";expires=0", "G" },
		{ PN("192.0.2.7", APNS), PN("192.0.2.7", "pn-provider=apns;transport=tcp") ";expires=0", "G" },
		{ PN("192.0.2.7", APNS) OTHER, PN("192.0.2.8", "pn-provider=apns") ONE ";expires=0", "G" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = world_with_push();

		cr_assert_eq(save(&w, { cases[i].first }), 200, "%s", cases[i].first);
		uint64_t id = binding(&w, 0).id;
		cr_assert_eq(save(&w, { cases[i].second }, .callid = "other"), 200, "%s", cases[i].second);
		cr_expect_str_eq(outcomes(&w), cases[i].want, "%s %s: %s", cases[i].first, cases[i].second, w.text);
		if (cases[i].want[0] == 'U')
			cr_expect(rg_record_contact_count(w.record) == 1 && binding(&w, 0).id == id);
		end_world(&w);
	}
}

Test(push, the_push_parameters_go_before_the_instance)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) OTHER, PN("192.0.2.8", WEB) ONE }), 200);
	uint64_t first = binding(&w, 0).id;
	w.now += 1000; /* so that the one with the instance is not the newest only */
	cr_assert_eq(save(&w, { PN("192.0.2.8", WEB) ONE }, .cseq = "2 REGISTER"), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.9", APNS) ONE }, .cseq = "3 REGISTER"), 200);
	same_text(outcomes(&w), "U");
	cr_expect_eq(rg_record_contact_count(w.record), 2);
	for (uint32_t i = 0; i < 2; i++)
		cr_expect_eq(rg__eq(binding(&w, i).uri, RG_STR("sip:alice@192.0.2.9;" APNS)), binding(&w, i).id == first);
	end_world(&w);
}

Test(push, the_instance_goes_before_the_address_in_a_removal_without_a_token)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ONE, PN("192.0.2.8", "pn-provider") OTHER }), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider") ONE ";expires=0" }, .cseq = "2 REGISTER"), 200);
	same_text(bindings(&w), "sip:alice@192.0.2.8;pn-provider");
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider") ONE ";expires=0" }, .cseq = "3 REGISTER"), 200);
	same_text(bindings(&w), "");
	end_world(&w);
}

Test(push, a_matching_mode_decides_only_where_push_does_not)
{
	world w = world_with_push();

	flags(&w, "matching-mode=1");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) }), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.8", APNS) }, .callid = "other"), 200);
	same_text(outcomes(&w), "U");
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider=apns") ";expires=0" }, .callid = "third"), 200);
	same_text(outcomes(&w), "G");
	flags(&w, "matching-mode=<pn-prid>");
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider=apns") ";expires=0" }, .callid = "third", .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "D");
	end_world(&w);
}

Test(push, the_parameters_that_match_are_those_of_the_config)
{
	world w = world_with_push();

	set(&w, "pn_ct_match_params", "pn-provider, pn-app");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS ";pn-app=x") }), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider=apns;pn-prid=new;pn-param=x;pn-app=x") }, .callid = "other"), 200);
	same_text(outcomes(&w), "U");
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider=apns;pn-prid=new;pn-param=x;pn-app=y") }, .callid = "third"), 200);
	same_text(outcomes(&w), "I");
	cr_assert_eq(save(&w, { PN("192.0.2.9", "pn-provider=acme;pn-prid=new") }, .callid = "fourth"), 555);
	cr_assert_eq(save(&w, { PN("192.0.2.9", "pn-provider=acme;pn-prid=new;pn-app=x") }, .callid = "fourth"), 200);
	end_world(&w);
}

Test(push, a_binding_that_another_proxy_wakes_is_found_by_its_parameters_too)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", "pn-provider=foreign;pn-prid=x") }, .caps = { "*;+sip.pns=\"foreign\"" }), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.8", "pn-provider=foreign;pn-prid=x") }, .caps = { "*;+sip.pns=\"foreign\"" }, .callid = "other"), 200);
	same_text(outcomes(&w), "U");
	cr_expect_eq(binding(&w, 0).flags, 0);
	/* The proxy is gone, or came between. */
	cr_assert_eq(save(&w, { PN("192.0.2.8", APNS) }, .callid = "third"), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.9", APNS) }, .callid = "third", .cseq = "2 REGISTER", .caps = { "*;+sip.pns=\"apns\"" }), 200);
	same_text(outcomes(&w), "U");
	for (uint32_t i = 0; i < rg_record_contact_count(w.record); i++)
		cr_expect(binding(&w, i).flags == 0 && binding(&w, i).wake == 0);
	end_world(&w);
}

Test(push, a_binding_stops_being_woken_when_its_device_no_longer_asks)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ONE }), 200);
	flags(&w, "matching-mode=instance");
	cr_assert_eq(save(&w, { "<sip:alice@192.0.2.7>" ONE }, .cseq = "2 REGISTER"), 200);
	cr_expect(rg_record_contact_count(w.record) == 1 && binding(&w, 0).flags == 0 && binding(&w, 0).wake == 0);
	end_world(&w);
}

/* A flow is known by instance and reg-id alone (RFC 5626 §6), and is woken like others. */
Test(push, flows_are_woken_and_matched_as_flows)
{
	world w = world_with_push();

	set(&w, "outbound_mode", "on");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ONE ";reg-id=1" }), 200);
	cr_expect_eq(binding(&w, 0).flags, RG_CONTACT_PN | RG_CONTACT_OUTBOUND);
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ONE ";reg-id=2" }, .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "I");
	cr_assert_eq(save(&w, { PN("192.0.2.8", WEB) ONE ";reg-id=1" }, .cseq = "3 REGISTER"), 200);
	same_text(outcomes(&w), "U");
	cr_assert_eq(save(&w, { PN("192.0.2.8", APNS) ONE }, .cseq = "4 REGISTER"), 200);
	same_text(outcomes(&w), "I");
	cr_expect_eq(rg_record_contact_count(w.record), 3);
	cr_assert_eq(save(&w, { PN("192.0.2.9", "pn-provider") ONE ";reg-id=2;expires=0" }, .cseq = "5 REGISTER"), 200);
	same_text(outcomes(&w), "D");
	end_world(&w);
}

Test(push, a_sips_contact_is_woken_like_others)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { "<sips:alice@192.0.2.7;" APNS ">" }), 400);
	cr_assert_eq(save(&w, { "<sips:alice@192.0.2.7;" APNS ">" }, .request_uri = "sips:example.com", .to = "<sips:alice@example.com>"), 200);
	cr_expect_eq(binding(&w, 0).flags, RG_CONTACT_PN);
	cr_assert_eq(save(&w, { "<sip:alice@192.0.2.8;" APNS ">" }, .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "U");
	end_world(&w);
}

/* Of two Contacts for one binding the later wins, and one removes what the other set only if it names the same URI. */
Test(push, two_contacts_of_one_device)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS), PN("192.0.2.8", APNS) }), 200);
	same_text(outcomes(&w), "GI");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ";expires=0", PN("192.0.2.9", APNS) }, .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "GU");
	cr_assert_eq(save(&w, { PN("192.0.2.9", APNS), PN("192.0.2.8", APNS) ";expires=0" }, .cseq = "3 REGISTER"), 200);
	same_text(outcomes(&w), "UG");
	cr_expect_eq(rg_record_contact_count(w.record), 1);
	end_world(&w);
}

/* A delayed REGISTER of before does not bring a removed binding back under another address. */
Test(push, a_removal_is_remembered_for_the_device)
{
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) }, .cseq = "5 REGISTER"), 200);
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ";expires=0" }, .cseq = "6 REGISTER"), 200);
	cr_expect_eq(save(&w, { PN("192.0.2.8", APNS) }, .cseq = "4 REGISTER"), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	cr_expect_eq(save(&w, { PN("192.0.2.8", APNS) }, .cseq = "7 REGISTER"), 200);
	end_world(&w);
}

Test(push, a_lifetime_leaves_room_to_wake_the_device)
{
	static const struct {
		const char *param[3], *value[3], *contact, *flags;
		int32_t code;
		uint32_t granted; /* or Min-Expires */
	} cases[] = {
		{ { NULL }, { NULL }, PN("192.0.2.7", APNS) ";expires=126", "", 200, 127 },
		{ { NULL }, { NULL }, PN("192.0.2.7", APNS) ";expires=127", "", 200, 127 },
		{ { NULL }, { NULL }, PN("192.0.2.7", APNS) ";expires=128", "", 200, 128 },
		{ { NULL }, { NULL }, PN("192.0.2.7", APNS) ";expires=1", "", 200, 127 },
		{ { NULL }, { NULL }, PN("192.0.2.7", "pn-provider") ";expires=61", "", 200, 61 },
		{ { NULL }, { NULL }, "<sip:alice@192.0.2.7>;expires=61", "", 200, 61 },
		{ { "min_expires" }, { "300" }, PN("192.0.2.7", APNS) ";expires=128", "", 200, 300 },
		{ { "default_expires" }, { "100" }, PN("192.0.2.7", APNS), "", 200, 127 },
		{ { "pn_refresh_timeout" }, { "30" }, PN("192.0.2.7", APNS) ";expires=100", "", 200, 151 },
		{ { "pn_trigger_interval", "pn_pnsreg_interval" }, { "200", "200" }, PN("192.0.2.7", APNS) ";expires=100", "", 200, 207 },
		{ { NULL }, { NULL }, PN("192.0.2.7", APNS) ";expires=3600", "max-expires=100", 200, 127 },
		{ { "min_expires_mode" }, { "reject" }, PN("192.0.2.7", APNS) ";expires=126", "", 423, 127 },
		{ { "min_expires_mode" }, { "reject" }, PN("192.0.2.7", APNS) ";expires=10", "", 423, 127 },
		{ { "min_expires_mode" }, { "reject" }, PN("192.0.2.7", APNS) ";expires=127", "", 200, 127 },
		{ { "min_expires_mode" }, { "reject" }, "<sip:alice@192.0.2.7>;expires=10", "", 423, 60 },
		{ { "min_expires_mode" }, { "reject" }, PN("192.0.2.7", "pn-provider") ";expires=10", "", 423, 60 },
		{ { "min_expires_mode", "min_expires" }, { "reject", "300" }, PN("192.0.2.7", APNS) ";expires=100", "", 423, 300 },
		{ { "min_expires_mode" }, { "reject" }, PN("192.0.2.7", APNS) ";expires=3600", "max-expires=100", 200, 127 },
		/* RFC 3261 §10.3 step 7: an hour or more is never refused. */
		{ { "min_expires_mode", "pn_refresh_timeout" }, { "reject", "4000" }, PN("192.0.2.7", APNS) ";expires=3600", "", 200, 4121 },
		{ { "min_expires_mode", "pn_refresh_timeout" }, { "reject", "4000" }, PN("192.0.2.7", APNS) ";expires=3599", "", 423, 4121 },
		{ { NULL }, { NULL }, PN("192.0.2.7", APNS) ";expires=99999999999999999999", "", 200, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = world_with_push();

		for (int k = 0; k < 3 && cases[i].param[k]; k++)
			set(&w, cases[i].param[k], cases[i].value[k]);
		flags(&w, cases[i].flags);
		cr_assert_eq(save(&w, { cases[i].contact }), cases[i].code, "case %zu", i);
		if (cases[i].code == 200) {
			uint32_t seconds = answered(&w);

			cr_expect_eq(seconds, cases[i].granted, "case %zu: %u", i, seconds);
			cr_expect_eq(binding(&w, 0).expires, w.now + 1000 * (int64_t)seconds);
			cr_expect(binding(&w, 0).wake == 0 || binding(&w, 0).wake > w.now);
		} else {
			cr_expect_eq(strtoul(header(&w, "Min-Expires"), NULL, 10), cases[i].granted, "case %zu: %s", i, w.text);
			cr_expect_eq(rg_record_contact_count(w.record), 0);
		}
		end_world(&w);
	}
}

Test(push, a_deviation_never_takes_the_room_to_wake_the_device)
{
	uint32_t least = UINT32_MAX, most = 0;

	for (uint8_t i = 0; i < 100; i++) {
		world w = world_with_push();

		set(&w, "expires_max_deviation", "20");
		w.seed[1] = i;
		cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ";expires=130" }), 200);
		uint32_t seconds = answered(&w);

		cr_assert(seconds >= 127 && seconds <= 150, "%u", seconds);
		least = seconds < least ? seconds : least;
		most = seconds > most ? seconds : most;
		end_world(&w);
	}
	cr_expect(least == 127 && most > 140, "%u to %u", least, most);
}

Test(push, a_token_may_be_long_up_to_the_limit_of_a_contact)
{
	char prid[2100], contact[2300];
	world w = world_with_push();

	memset(prid, 'x', sizeof prid);
	prid[2048 - strlen("sip:alice@192.0.2.7;pn-provider=webpush;pn-prid=")] = '\0';
	snprintf(contact, sizeof contact, "<sip:alice@192.0.2.7;pn-provider=webpush;pn-prid=%s>", prid);
	cr_expect_eq(save(&w, { contact }), 200);
	cr_expect_eq(binding(&w, 0).flags, RG_CONTACT_PN);
	snprintf(contact, sizeof contact, "<sip:alice@192.0.2.7;pn-provider=webpush;pn-prid=%sy>", prid);
	cr_expect_eq(save(&w, { contact }, .cseq = "2 REGISTER"), 400);
	cr_expect_eq(reason(&w), RG_R_CONTACT_LEN);
	end_world(&w);
}

/* A remove and is_contact_registered name a device as a REGISTER does. */
Test(push, a_filter_finds_a_device_as_a_register_does)
{
	static const struct {
		const char *contact;
		bool found;
	} cases[] = {
		{ "sip:alice@192.0.2.7;" APNS, true }, { "sip:alice@198.51.100.1;" APNS, true }, { "<sip:x@192.0.2.9;" APNS ">", true },
		{ "sip:alice@192.0.2.7;" WEB, false }, { "<sip:alice@198.51.100.1;" WEB ">" ONE, true }, { "<sip:alice@192.0.2.7;" WEB ">" OTHER, false },
		{ "sip:alice@192.0.2.7;pn-provider=apns", true }, { "sip:alice@192.0.2.8;pn-provider=apns", false },
		{ "<sip:alice@192.0.2.8;pn-provider>" ONE, true }, { "sip:alice@192.0.2.7", true }, { "sip:alice@192.0.2.8", false },
		{ "tel:1", false },
	};
	world w = world_with_push();

	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ONE }), 200);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__filter f = { 0 };
		rg_contact c = binding(&w, 0);

		cr_assert_eq(rg__filter_contact(&f, rg_str_from(cases[i].contact), w.config, "contact", NULL), RG_OK, "%s", cases[i].contact);
		cr_expect_eq(rg__filter_matches(&f, &c), cases[i].found, "%s", cases[i].contact);
	}
	end_world(&w);
}

Test(push, a_refusal_says_which_contact_it_is_about)
{
	world w = world_with_push();
	spec s = { .contact = { PN("192.0.2.7", APNS), PN("192.0.2.8", "pn-provider=foreign") } };
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg__spot spot;

	cr_assert_eq(save_spec(&w, s), 555);
	rg__register_explain(&r, RG_R_PNS_UNSUP, w.config, NULL, &spot);
	cr_expect(spot.header && strcmp(spot.header, "Contact") == 0 && spot.value == 2, "%s %u", spot.header, spot.value);
	end_world(&w);
}
