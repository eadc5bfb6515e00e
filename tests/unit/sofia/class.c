/* SPDX-License-Identifier: MIT */
/* A message class of few headers: the library validates the values of all others, and decides as it does with Sofia's own class. */
#include "play.h"
#include <sofia-sip/msg_mclass.h>
#include <stdio.h>

static const struct {
	msg_hclass_t *class;
	size_t place;
} known[] = {
	{ sip_via_class, offsetof(sip_t, sip_via) }, { sip_from_class, offsetof(sip_t, sip_from) }, { sip_to_class, offsetof(sip_t, sip_to) },
	{ sip_call_id_class, offsetof(sip_t, sip_call_id) }, { sip_cseq_class, offsetof(sip_t, sip_cseq) },
	{ sip_content_length_class, offsetof(sip_t, sip_content_length) },
};

/* What follows the headers that each REGISTER has. */
static const char *const requests[] = {
	"",
	"Contact: <sip:a@h>\r\n",
	"m: <sip:a@h>;expires=60, \"x, y\" <sip:b@h>;q=0.5\r\n",
	"CONTACT : <sip:a@h>\r\n",
	"Contact: <sip:a@h>\r\nm:<sip:b@h>\r\nContact:\r\n <sip:c@h>;\r\n\t+x=1\r\n",
	"Contact: *\r\nExpires: 0\r\n",
	"Contact: *, <sip:a@h>\r\nExpires: 0\r\n",
	"Contact: *\r\n",
	"Contact: sip:a@h;expires=5\r\n",
	"Contact: \r\n",
	"Contact: ,\r\n",
	"Contact: ,<sip:a@h>,,\r\n",
	"Contact: %\r\n",
	"Contact: <sip:>\r\n",
	"Contact: <sip:a@h\r\n",
	"Contact: <sip:a@h>x\r\n",
	"Contact: <sip:a@h>;q=2.5\r\n",
	"Contact: <sip:a@h>;q=\r\n",
	"Contact: <sip:a@h>;expires=a\r\n",
	"Contact: <sip:a@h>;expires=4294967296\r\n",
	"Contact: \"x <sip:a@h>\r\n",
	"Contact: J\xc3\xbcrgen <sip:a@h>\r\n",
	"Contact: J\xc3\xbcrgen <sip:>\r\n",
	"Contact: <sip:a@h>\r\nContact: <sip:\r\n",
	"Contact: <tel:123>\r\n",
	"Contact: <sip:a@h:99999>\r\n",
	"Contact: <sip:a@h>;x=\"y\r\n",
	"Contact: <sip:a b@h>\r\n",
	"Contact: a b <sip:a@h> c\r\n",
	"Contact: <sip:a@h>;;x\r\n",
	"Contact: <sip:a@h>; x = 1 ; y\r\n",
	"Contact: <sip:a@h> <sip:b@h>\r\n",
	"Contact: <sip:a@h>;reg-id=0;+sip.instance=\"<x>\"\r\n",
	"Contact: <sip:a@h>;reg-id=1;+sip.instance=\"<x>\"\r\nk: outbound\r\n",
	"Contact: <sip:a@h>\r\nExpires: 60\r\n",
	"Contact: <sip:a@h>\r\nExpires: \r\n",
	"Contact: <sip:a@h>\r\nExpires: -1\r\n",
	"Contact: <sip:a@h>\r\nExpires: 60;x\r\n",
	"Contact: <sip:a@h>\r\nExpires: 60 60\r\n",
	"Contact: <sip:a@h>\r\nExpires: 1\r\nExpires: 2\r\n",
	"Contact: <sip:a@h>\r\nExpires: Thu, 01 Dec 2044 16:00:00 GMT\r\n",
	"Contact: <sip:a@h>\r\nExpires: 99999999999999999999\r\n",
	"Contact: <sip:a@h>\r\nPath: <sip:p;lr>\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nPath: <sip:p;lr>, <sip:r;lr>\r\nPath: <sip:s>\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nPath: <sip:p;lr>\r\n",
	"Contact: <sip:a@h>\r\nPath: <\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nPath: sip:p;lr\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nPath: \r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nPath: <sip:p>,\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nPath: <sip:p>x\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nRequire: path\r\n",
	"Contact: <sip:a@h>\r\nRequire: nothing, gruu\r\nRequire: path\r\n",
	"Contact: <sip:a@h>\r\nRequire: a b\r\n",
	"Contact: <sip:a@h>\r\nRequire: \r\n",
	"Contact: <sip:a@h>\r\nRequire: ,\r\n",
	"Contact: <sip:a@h>\r\nRequire: \"x\"\r\n",
	"Contact: <sip:a@h>\r\nRequire: a;b\r\n",
	"Contact: <sip:a@h>\r\nSupported: a b\r\nSupported: path\r\n",
	"Contact: <sip:a@h>\r\nSupported: gruu\r\nContact: <sip:b@h>;+sip.instance=\"<urn:x:1>\"\r\n",
	"Contact: <sip:a@h>\r\nAllow: INVITE, ACK\r\nAllow: MESSAGE\r\n",
	"Contact: <sip:a@h>\r\nAllow: INVITE ACK\r\n",
	"Contact: <sip:a@h>\r\nUser-Agent: Phone/1\r\n",
	"Contact: <sip:a@h>\r\nUser-Agent: \"\r\n",
	"Contact: <sip:a@h>\r\nUser-Agent: a\r\nUser-Agent: b\r\n",
	"Contact: <sip:a@h>\r\nUser-Agent: a\001b\r\n",
	"Contact: <sip:a@h>\r\nRoute: <\r\nRoute: <sip:r;lr>\r\n",
	"Contact: <sip:a@h>\r\nContent-Length: 1\r\n",
	"Contact: <sip:a@h>\r\nContent-Length: 0\r\nContent-Length: 0\r\n",
	"Contact: <sip:a@h>\r\nTo: <sip:b@h>\r\n",
	"Contact: <sip:a@h>\r\nCSeq: 8 REGISTER\r\n",
	"Contact: <sip:a@h>\r\n: x\r\n",
	"Contact: <sip:a@h>\r\nnothing\r\n",
	"Contact <sip:a@h>\r\n",
	"Contact: <sip:a@h>\r\nMax-Forwards: many\r\nDate: now\r\nSession-Expires: \"\r\n",
	"Contact: <sip:a@h>;pn-prid=\"1\"\r\nFeature-Caps: *;+sip.pns=\"acme\"\r\n",
};

static msg_mclass_t *few(void)
{
	msg_mclass_t *class = msg_mclass_clone(sip_default_mclass(), 0, msg_mclass_empty);

	cr_assert_not_null(class);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		cr_assert_geq(msg_mclass_insert_header(class, known[i].class, (unsigned short)known[i].place), 0);
	return class;
}

/* The whole decision: the response with its reason, and the next record. */
static void decide(const msg_mclass_t *class, const char *text, const char *flags, char *out, size_t size)
{
	static const uint8_t seed[32] = { 1 };
	rg_save_options *options = NULL;
	rg_config *config = NULL;
	rg_plan *plan = NULL;
	rg_sofia_message m;
	rg_request r;
	size_t n = 0;

	rg_sofia_message_init(&m, sizeof m);
	rg_request_init(&r, sizeof r);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_save_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("outbound_mode"), *flags ? RG_STR("on") : RG_STR("off"), NULL), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("gruu_secret"), RG_STR("0123456789abcdef0123456789abcdef"), NULL), RG_OK);
	m.msg = msg_make(class, MSG_FLG_EXTRACT_COPY, text, (ssize_t)strlen(text));
	cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &m, config, &r), RG_OK);
	cr_assert_eq(rg_merge(NULL, &r, config, options, 1700000000000, seed, &plan, NULL), RG_OK);
	cr_assert_eq(rg_plan_text(plan, 0, out, size, &n), RG_OK);
	cr_assert_lt(n, size);
	out[n] = '\0';
	rg_plan_free(plan);
	rg_save_options_unref(options);
	rg_config_free(config);
	msg_destroy(m.msg);
}

Test(sofia_class, of_few_headers_hides_no_name_of_a_header)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	static const char *const names[] = { "Subject", "s", "SUBJECT", "Contact", "m", "X-Own", "x-own", "Via", "v" };
	msg_mclass_t *class = few();
	rg_sofia_message m;
	rg_str value;

	rg_sofia_message_init(&m, sizeof m);
	for (int brief = 0; brief < 2; brief++) {
		const char *text = brief ? HEAD "v: 1\r\ns: 1\r\nm: 1\r\nX-Own: 1\r\n\r\n" : HEAD "Via: 1\r\nSubject: 1\r\nContact: 1\r\nX-Own: 1\r\n\r\n";

		m.msg = msg_make(class, MSG_FLG_EXTRACT_COPY, text, (ssize_t)strlen(text));
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			const rg_str name = rg_str_from(names[i]);

			cr_expect_eq(ops->header(NULL, &m, &name, 0, &value), RG_OK, "%s", names[i]);
			cr_expect(rg_str_equal(value, RG_STR("1")), "%s", names[i]);
			cr_expect_eq(ops->header(NULL, &m, &name, 1, &value), RG_ENOENT, "%s", names[i]);
		}
		msg_destroy(m.msg);
	}
	free(class);
}

Test(sofia_class, of_few_headers_leads_to_the_same_decisions)
{
	static char with_all[16384], with_few[16384];
	msg_mclass_t *class = few();
	char text[1024];

	for (size_t i = 0; i < 2 * sizeof requests / sizeof requests[0]; i++) {
		const char *request = requests[i / 2], *flags = i % 2 ? "path-lazy" : "";

		snprintf(text, sizeof text, "%sVia: SIP/2.0/UDP h;branch=b\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\n"
			"Call-ID: c\r\nCSeq: 7 REGISTER\r\n%s\r\n", HEAD, request);
		decide(sip_default_mclass(), text, flags, with_all, sizeof with_all);
		decide(class, text, flags, with_few, sizeof with_few);
		cr_expect_str_eq(with_few, with_all, "%s", request);
	}
	free(class);
}
