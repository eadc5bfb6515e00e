/* SPDX-License-Identifier: MIT */
/* PURRs (RFC 8599 §6) in the Feature-Caps of a 200. What else stands there is in register/push.c. */
#include "policy_kit.h"
#include "rules/rules.h"

#define PN(host, params) "<sip:alice@" host ";" params ">"
#define APNS "pn-provider=apns;pn-param=TEAM.app;pn-prid=00fc13adff78512"
#define FCM "pn-provider=fcm;pn-param=project;pn-prid=token"

/* The PURR of the last response, which the caller frees; NULL = it has none. */
static char *purr(world *w)
{
	const char *mark = ";+sip.pnspurr=\"", *at = strstr(caps(w), mark);

	return at ? strndup(at + strlen(mark), strcspn(at + strlen(mark), "\"")) : NULL;
}

/* The binding that a PURR names; 0 = none. */
static uint64_t named(world *w, const char *token)
{
	rg__purr *p;
	rg_status status = rg__purr_read(rg_str_from(token), rg__config_ring(w->config), &p);
	uint64_t id = status == RG_OK ? p->binding : 0;

	if (status == RG_OK)
		cr_expect(rg__eq(p->key.user, RG_STR("alice")) && rg__eq(p->key.host, RG_STR("example.com")));
	rg__purr_free(p);
	return id;
}

/* RFC 8599 §6.2.1. */
Test(feature_caps, a_purr_names_the_binding_and_rotates_with_each_register)
{
	world w = world_with_push();

	set(&w, "pn_enable_purr", "1");
	set(&w, "gruu_secret", "first, second");
	cr_assert_eq(save(&w, { "<sip:b@192.0.2.1>", PN("192.0.2.7", APNS) }), 200);
	uint64_t id = binding(&w, 1).id;
	char *first = purr(&w);
	cr_assert_not_null(first, "%s", caps(&w));
	cr_expect(rg__all(rg_str_from(first), RG__C_PARAM), "it is to be the value of a parameter: %s", first);
	cr_expect_eq(named(&w, first), id);
	cr_assert_eq(save(&w, { "<sip:b@192.0.2.1>;expires=0", PN("192.0.2.7", APNS) }, .cseq = "2 REGISTER"), 200);
	char *second = purr(&w);
	cr_expect_str_neq(first, second);
	cr_expect(named(&w, second) == id && binding(&w, 0).id == id);
	cr_assert_eq(save(&w, { "<sip:b@192.0.2.1>;expires=0", PN("192.0.2.7", APNS) }, .cseq = "2 REGISTER"), 200);
	char *third = purr(&w);
	cr_expect(rg_plan_commits(w.plan) == 0 && named(&w, third) == id, "a repeat gets one too");
	free(first);
	free(second);
	free(third);
	end_world(&w);
}

Test(feature_caps, only_a_binding_that_we_wake_has_a_purr)
{
	static const char *const without[] = { "<sip:alice@192.0.2.7>", PN("192.0.2.7", "pn-provider"), PN("192.0.2.7", "pn-provider=fcm"),
		PN("192.0.2.7", FCM), PN("192.0.2.7", APNS) ";expires=0" };
	world w = world_with_push();

	set(&w, "gruu_secret", "first, second");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) }), 200);
	cr_expect_null(purr(&w), "pn_enable_purr is off");
	set(&w, "pn_enable_purr", "1");
	for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
		char callid[8];

		snprintf(callid, sizeof callid, "c%zu", i);
		cr_assert_eq(save(&w, { without[i] }, .callid = callid, .caps = { "*;+sip.pns=\"fcm\"" }), 200, "%s", without[i]);
		cr_expect_null(purr(&w), "%s", without[i]);
	}
	end_world(&w);
}

Test(feature_caps, of_several_contacts_each_provider_has_the_purr_of_its_first)
{
	world w = world_with_push();

	set(&w, "pn_enable_purr", "1");
	set(&w, "gruu_secret", "s");
	cr_assert_eq(save(&w, { PN("192.0.2.9", "pn-provider"), PN("192.0.2.7", FCM), PN("192.0.2.8", FCM "2") }), 200);
	char *token = purr(&w);
	cr_assert_not_null(token);
	cr_expect_eq(named(&w, token), binding(&w, 1).id);
	cr_expect_not_null(strstr(caps(&w), "*;+sip.pns=\"apns\"\n*;+sip.pns=\"fcm\";+sip.pnspurr="), "%s", w.text);
	free(token);
	end_world(&w);
}

/* The second Contact of a device takes the binding that the first one set. */
Test(feature_caps, a_device_that_two_contacts_name_has_a_purr)
{
	world w = world_with_push();

	set(&w, "pn_enable_purr", "1");
	set(&w, "gruu_secret", "s");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS), PN("192.0.2.8", APNS) }), 200);
	same_text(outcomes(&w), "GI");
	char *token = purr(&w);
	cr_assert_not_null(token);
	cr_expect_eq(named(&w, token), binding(&w, 0).id);
	free(token);
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS), PN("192.0.2.7", APNS) ";expires=0" }, .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "GD");
	cr_expect_null(purr(&w), "the binding is gone");
	end_world(&w);
}

Test(feature_caps, a_purr_needs_a_secret)
{
	world w = world_with_push();
	spec s = { .contact = { PN("192.0.2.7", APNS) } };
	rg_error *why = rg_error_new();
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg_plan *plan;

	set(&w, "pn_enable_purr", "1");
	cr_expect_eq(rg_merge(NULL, &r, w.config, NULL, w.now, w.seed, &plan, why), RG_EINVAL);
	same_text(rg_error_text(why).p, "gruu_secret is unset, but the response has a PURR to seal");
	cr_expect_null(plan);
	s.contact[0] = PN("192.0.2.7", "pn-provider");
	r = request_of(&s, &room);
	cr_expect_eq(rg_merge(NULL, &r, w.config, NULL, w.now, w.seed, &plan, why), RG_OK, "a query has none");
	rg_plan_free(plan);
	rg_error_free(why);
	end_world(&w);
}

Test(feature_caps, the_text_of_a_plan_hides_the_purr_unless_asked)
{
	char opaque[4096];
	world w = world_with_push();
	size_t n;

	set(&w, "pn_enable_purr", "1");
	set(&w, "gruu_secret", "s");
	cr_assert_eq(save(&w, { PN("192.0.2.7", APNS) ";+sip.pnsreg" }), 200);
	char *token = purr(&w);
	cr_expect_not_null(strstr(decision(&w), "Feature-Caps: *;+sip.pns=\"apns\";+sip.pnsreg=\"130\";+sip.pnspurr=\"TOKEN\"\n"), "%s", w.text);
	cr_expect_null(strstr(w.text, token));
	cr_assert_eq(rg_plan_text(w.plan, RG_TEXT_OPAQUE, opaque, sizeof opaque - 1, &n), RG_OK);
	opaque[n] = '\0';
	cr_expect_not_null(strstr(opaque, token), "%s", opaque);
	free(token);
	end_world(&w);
}
