/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "policy_kit.h"

static const char *queried(world *w, rg_request *r, const char *aor)
{
	rg_error *why = rg_error_new();
	rg__aor out;

	if (rg__query_aor(r, rg_str_from(aor), "argument", NULL, &out, why) != RG_OK) {
		put(w, rg_error_text(why));
		rg_error_free(why);
		return w->text;
	}
	rg_error_free(why);
	put(w, out.user);
	append(w, "@", out.host);
	rg__aor_free(&out);
	return w->text;
}

Test(subject, a_query_is_about_the_aor_given_else_To_of_a_register_else_From)
{
	world w = new_world();
	spec_room room;
	rg_request r = request_of(&(spec){ .to = "<sip:to@example.com>", .from = "<sip:from@example.com>;tag=1" }, &room);

	same_text(queried(&w, &r, NULL), "to@example.com");
	r.method = RG_STR("INVITE");
	same_text(queried(&w, &r, NULL), "from@example.com");
	r.aor = RG_STR("mid@example.com");
	same_text(queried(&w, &r, NULL), "mid@example.com");
	same_text(queried(&w, &r, "sip:arg@example.com"), "arg@example.com");
	same_text(queried(&w, NULL, "arg@example.com"), "arg@example.com");
	same_text(queried(&w, NULL, NULL), "argument is absent");
	same_text(queried(&w, &r, "sip:"), "argument is no AoR: 'sip:'");
	same_text(queried(&w, &r, "tel:1"), "argument is neither a SIP nor a SIPS URI: 'tel:1'");
	same_text(queried(&w, &r, "sip:%zz@h"), "argument is no AoR: 'sip:%zz@h'");
	r.aor = RG_STR("sip:");
	same_text(queried(&w, &r, NULL), "rg_request.aor is no AoR: 'sip:'");
	r.aor = RG__ABSENT;
	r.flags = RG_REQUEST_REPLY;
	same_text(queried(&w, &r, NULL), "argument is absent, and the request is a reply");
	same_text(queried(&w, &r, "arg@example.com"), "arg@example.com");
	r.flags = 0;
	r.from_header = RG__ABSENT;
	same_text(queried(&w, &r, NULL), "rg_request.from_header is no SIP address: ''");
	r.method = RG_STR("REGISTER");
	r.to_header = RG_STR("<tel:1>");
	same_text(queried(&w, &r, NULL), "rg_request.to_header is neither a SIP nor a SIPS URI: '<tel:1>'");
	end_world(&w);
}

Test(subject, the_domain_is_location_unless_given)
{
	rg_request r;

	rg_request_init(&r, sizeof r);
	cr_expect(rg_str_equal(rg__request_domain(&r), RG_STR("location")));
	r.domain = RG_STR("phones");
	cr_expect(rg_str_equal(rg__request_domain(&r), RG_STR("phones")));
}
