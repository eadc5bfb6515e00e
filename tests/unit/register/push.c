/* SPDX-License-Identifier: MIT */
/* Push notifications (RFC 8599) by the pure decision: what a REGISTER with push parameters is answered and stores. */
#include "policy_kit.h"

#define PN(host, params) "<sip:alice@" host ";" params ">"
#define APNS "pn-provider=apns;pn-param=TEAM.app;pn-prid=00fc13adff78512"
#define FCM "pn-provider=fcm;pn-param=project;pn-prid=token"
#define WEB "pn-provider=webpush;pn-prid=subscription"

static world push_world(void)
{
	world w = new_world();

	set(&w, "pn_enable", "1");
	set(&w, "pn_providers", "apns, fcm, webpush, acme");
	return w;
}

/* All Feature-Caps values of the last response, with a line break between them. */
static const char *caps(world *w)
{
	rg_response *r = (rg_response *)rg_plan_response(w->plan);

	w->text[0] = '\0';
	for (uint32_t i = 0; rg_response_header(r, RG_STR("Feature-Caps"), i).p; i++)
		append(w, "\n", rg_response_header(r, RG_STR("Feature-Caps"), i));
	return w->text;
}

Test(push, a_complete_contact_is_woken_before_it_expires)
{
	world w = push_world();
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
