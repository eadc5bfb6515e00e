/* SPDX-License-Identifier: MIT */
#include "config/syntax.h"
#include <criterion/criterion.h>

typedef struct sample {
	int form;
	const char *text;
	bool good;
} sample;

static const sample samples[] = {
	{ RG__FORM_ANY, "anything at all", true },
	{ RG__FORM_WORD, "$avp(rcv)", true },
	{ RG__FORM_WORD, "$var(rcv)", true },
	{ RG__FORM_WORD, "rcv", true },
	{ RG__FORM_WORD, "-1", true },
	{ RG__FORM_WORD, "", false },
	{ RG__FORM_WORD, "a b", false },
	{ RG__FORM_WORD, "$avp", false },
	{ RG__FORM_WORD, "$avp()", false },
	{ RG__FORM_WORD, "$(a)", false },
	{ RG__FORM_WORD, "$avp(rcv", false },
	{ RG__FORM_WORD, "$", false },
	{ RG__FORM_HOST, "", true },
	{ RG__FORM_HOST, "sip.", true },
	{ RG__FORM_HOST, "sip-2_a.B", true },
	{ RG__FORM_HOST, "sip@", false },
	{ RG__FORM_HOST, "sip ", false },
	{ RG__FORM_TOKEN, "Sock-Info", true },
	{ RG__FORM_TOKEN, "", false },
	{ RG__FORM_TOKEN, "Sock:Info", false },
	{ RG__FORM_TOKEN, "a;b", false },
	{ RG__FORM_PARAM, "received", true },
	{ RG__FORM_PARAM, "rcv", true },
	{ RG__FORM_PARAM, "r\"v", false },
	{ RG__FORM_PARAM, "q", false },
	{ RG__FORM_PARAM, "Expires", false },
	{ RG__FORM_PARAM, "pub-gruu", false },
	{ RG__FORM_PARAM, "temp-gruu", false },
	{ RG__FORM_PARAM, "reg-id", false },
	{ RG__FORM_PARAM, "+sip.instance", false },
	{ RG__FORM_TOKENS, "apns", true },
	{ RG__FORM_TOKENS, "apns, fcm ,webpush", true },
	{ RG__FORM_TOKENS, "", false },
	{ RG__FORM_TOKENS, "apns,", false },
	{ RG__FORM_TOKENS, ",apns", false },
	{ RG__FORM_TOKENS, "apns,,fcm", false },
	{ RG__FORM_TOKENS, "apns fcm", false },
	{ RG__FORM_SECRETS, "top secret", true },
	{ RG__FORM_SECRETS, "new, old", true },
	{ RG__FORM_SECRETS, "new,", false },
	{ RG__FORM_SECRETS, " ", false },
	{ RG__FORM_PAUSES, "10", true },
	{ RG__FORM_PAUSES, "1, 2 ,4294967295", true },
	{ RG__FORM_PAUSES, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", true },
	{ RG__FORM_PAUSES, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", false },
	{ RG__FORM_PAUSES, "0", false },
	{ RG__FORM_PAUSES, "10,", false },
	{ RG__FORM_PAUSES, "10,,20", false },
	{ RG__FORM_PAUSES, "10 20", false },
	{ RG__FORM_PAUSES, "1.5", false },
	{ RG__FORM_PAUSES, "-1", false },
	{ RG__FORM_PAUSES, "4294967296", false },
	{ RG__FORM_ROUTES, "<sip:192.0.2.1;lr>", true },
	{ RG__FORM_ROUTES, "<sip:a.example;lr>, <sips:[2001:db8::1]:5061;transport=tcp;lr>", true },
	{ RG__FORM_ROUTES, "Home <sip:a.example;lr>;x=y", true },
	{ RG__FORM_ROUTES, "<sip:a.example>", false },
	{ RG__FORM_ROUTES, "sip:a.example;lr", false },
	{ RG__FORM_ROUTES, "<sip:a.example;lr>,", false },
	{ RG__FORM_ROUTES, "<sip:a.example;lr", false },
	{ RG__FORM_ROUTES, "<tel:+1;lr>", false },
	{ RG__FORM_ROUTES, "", false },
};

Test(syntax, texts_are_held_to_their_form)
{
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const sample *s = &samples[i];
		const char *wants = rg__form_wants(s->form, rg_str_from(s->text));
		cr_assert_eq(wants == NULL, s->good, "form %d: '%s' wants %s", s->form, s->text, wants ? wants : "nothing");
	}
}

Test(syntax, control_characters_fit_none)
{
	static const rg_str bad[] = { { "a\nb", 3 }, { "a\rb", 3 }, { "a\0b", 3 }, { "a\tb", 3 }, { "\x7f", 1 }, { "\x1f", 1 } };

	for (int form = 0; form < RG__FORM_COUNT; form++) {
		for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
			cr_assert_not_null(rg__form_wants(form, bad[i]), "form %d, case %zu", form, i);
	}
}
