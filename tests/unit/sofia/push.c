/* SPDX-License-Identifier: MIT */
/* Push (RFC 8599) in messages of Sofia's: REGISTERs from their bytes, and the bytes that answer them. */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
	rg_store *store;
	rg_registrar *reg;
	int cseq;
	char *reply; /* the last one */
} place;

static place place_with(const char *const (*params)[2], size_t n)
{
	rg_config *config = NULL;
	place p = { 0 };

	cr_assert_eq(rg_config_new(&config), RG_OK);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(rg_config_set(config, rg_str_from(params[i][0]), rg_str_from(params[i][1]), NULL), RG_OK, "%s", params[i][0]);
	cr_assert_eq(rg_memory_store_new(NULL, &p.store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(config, p.store, NULL, &p.reg, NULL), RG_OK);
	rg_config_free(config);
	return p;
}

static void place_close(place *p)
{
	free(p->reply);
	rg_registrar_unref(p->reg);
	rg_store_unref(p->store);
}

/* Sends a REGISTER of alice's with these lines, and returns the reply. */
static const char *sent(place *p, const char *more)
{
	uint8_t *reply = NULL;
	char bytes[4096];
	size_t n = 0;

	snprintf(bytes, sizeof bytes, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP alicemobile.example.com:5060;branch=z9hG4bKnashds7\r\n"
		"Max-Forwards: 70\r\nTo: Alice <sip:alice@example.com>\r\nFrom: Alice <sip:alice@example.com>;tag=456248\r\n"
		"Call-ID: 843817637684230@998sdasdh09\r\nCSeq: %d REGISTER\r\n%s\r\nContent-Length: 0\r\n\r\n", ++p->cseq, more);
	cr_assert_eq(rg_sofia_handle(p->reg, rg_str_from(bytes), NULL, NULL, &reply, &n, NULL), RG_OK);
	free(p->reply);
	p->reply = strndup((const char *)reply, n);
	rg_mem_free(reply);
	return p->reply;
}

/* The Feature-Caps lines of the last reply, each with a line break; the PURR of each is shown as PURR. */
static const char *caps(const place *p)
{
	static char text[2048];
	const char *at = p->reply, *mark = "+sip.pnspurr=\"";
	size_t n = 0;

	text[0] = '\0';
	while ((at = strstr(at, "\r\nFeature-Caps: ")) != NULL) {
		at += strlen("\r\nFeature-Caps: ");
		int end = (int)strcspn(at, "\r"), head = end;
		const char *token = memmem(at, (size_t)end, mark, strlen(mark));

		if (token) {
			token += strlen(mark);
			head = (int)(token - at);
			token += strcspn(token, "\"");
		}
		n += (size_t)snprintf(text + n, sizeof text - n, "%.*s%s%.*s\n", head, at, token ? "PURR" : "",
			token ? (int)(at + end - token) : 0, token ? token : "");
		cr_assert_lt(n, sizeof text);
	}
	return text;
}

#define TOKEN "pn-provider=acme;pn-param=acme-param;pn-prid=ZTY4ZDJlMzODE1NmUgKi0K"
#define CONTACT "Contact: <sip:alice@alicemobile.example.com;" TOKEN ">"
#define ACME { { "pn_enable", "1" }, { "pn_providers", "apns, acme" }, { "pn_enable_purr", "0" } }
#define OPEN(...) \
	static const char *const params[][2] = __VA_ARGS__; \
	place p = place_with(params, sizeof params / sizeof *params)

/* RFC 8599 §4.1.4: the client wakes up by itself, and is told when it is to refresh at the latest. */
Test(sofia_push, a_client_that_refreshes_by_itself)
{
	OPEN(ACME);

	cr_expect_eq(strncmp(sent(&p, CONTACT ";+sip.pnsreg\r\nExpires: 7200"), "SIP/2.0 200 ", 12), 0, "%s", p.reply);
	cr_expect_not_null(strstr(p.reply, "\r\n" CONTACT ";expires=7200;+sip.pnsreg\r\n"), "%s", p.reply);
	cr_expect_str_eq(caps(&p), "*;+sip.pns=\"acme\";+sip.pnsreg=\"130\"\n");
	sent(&p, CONTACT "\r\nExpires: 7200");
	cr_expect_str_eq(caps(&p), "*;+sip.pns=\"acme\"\n");
	place_close(&p);
}

/* RFC 8599 §6: the reference that the client puts into its dialogs. Without gruu_secret a random secret seals it. */
Test(sofia_push, a_client_with_long_dialogs)
{
	OPEN({ { "pn_enable", "1" }, { "pn_providers", "acme" }, { "pn_enable_purr", "1" } });

	cr_expect_eq(strncmp(sent(&p, CONTACT "\r\nExpires: 7200"), "SIP/2.0 200 ", 12), 0, "%s", p.reply);
	cr_expect_str_eq(caps(&p), "*;+sip.pns=\"acme\";+sip.pnspurr=\"PURR\"\n");
	sent(&p, CONTACT ";+sip.pnsreg\r\nExpires: 7200");
	cr_expect_str_eq(caps(&p), "*;+sip.pns=\"acme\";+sip.pnsreg=\"130\";+sip.pnspurr=\"PURR\"\n");
	place_close(&p);
}

Test(sofia_push, a_client_asks_what_there_is)
{
	OPEN(ACME);

	sent(&p, "Contact: <sip:alice@alicemobile.example.com;pn-provider>");
	cr_expect_str_eq(caps(&p), "*;+sip.pns=\"apns\"\n*;+sip.pns=\"acme\"\n");
	sent(&p, "Contact: <sip:alice@alicemobile.example.com;pn-provider=acme>");
	cr_expect_str_eq(caps(&p), "*;+sip.pns=\"acme\"\n");
	cr_expect_eq(strncmp(sent(&p, "Contact: <sip:alice@alicemobile.example.com;pn-provider=fcm>"), "SIP/2.0 555 ", 12), 0, "%s", p.reply);
	cr_expect_not_null(strstr(p.reply, "SIP/2.0 555 Push Notification Service Not Supported\r\n"), "%s", p.reply);
	cr_expect_str_eq(caps(&p), "");
	place_close(&p);
}

/* RFC 8599 §5.6.1: a proxy that wakes the client itself says so. */
Test(sofia_push, a_proxy_on_the_way_wakes_the_client)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "Feature-Caps: *;+sip.pns=\"acme\"", "" }, { "feature-caps: *;x, *;+sip.pns=\"acme\"", "" },
		{ "Feature-Caps: *;x\r\nFeature-Caps: *;+sip.pns=\"acme\"", "" }, { "Feature-Caps: *\r\n ;+sip.pns=\"acme\"", "" },
		{ "Feature-Caps: *;+sip.pns=\"apns\"", "*;+sip.pns=\"acme\"\n" }, { "Feature-Caps: *;+sip.pns=\"acme", "*;+sip.pns=\"acme\"\n" },
		{ "Feature-Caps: ;", "*;+sip.pns=\"acme\"\n" }, { "X-Feature-Caps: *;+sip.pns=\"acme\"", "*;+sip.pns=\"acme\"\n" },
	};
	OPEN(ACME);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char lines[512];

		snprintf(lines, sizeof lines, CONTACT "\r\n%s", cases[i].line);
		cr_expect_eq(strncmp(sent(&p, lines), "SIP/2.0 200 ", 12), 0, "%s", p.reply);
		cr_expect_str_eq(caps(&p), cases[i].want, "%s", cases[i].line);
	}
	place_close(&p);
}

/* Whatever is in the parameters, the reply has the headers it should have and no other. */
Test(sofia_push, no_parameter_makes_a_header)
{
	static const char *const tokens[] = { "pn-prid=a%0d%0aX-Evil:1", "pn-prid=a%00b", "pn-prid=\"a\"", "pn-prid=a>;x=<sip:b@h", "pn-prid=a,b",
		"pn-prid=a\\\"b", "pn-prid=a%3E%0AEvil:1", "pn-prid=a;pn-prid=b", "pn-prid=" };
	OPEN(ACME);

	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		char lines[512];

		snprintf(lines, sizeof lines, "Contact: <sip:alice@h;pn-provider=acme;pn-param=x;%s>", tokens[i]);
		sent(&p, lines);
		cr_expect(strncmp(p.reply, "SIP/2.0 200 ", 12) == 0 || strncmp(p.reply, "SIP/2.0 400 ", 12) == 0, "%s", p.reply);
		cr_expect_null(strcasestr(p.reply, "\nX-Evil"), "%s", p.reply);
		cr_expect_null(strcasestr(p.reply, "\nEvil"), "%s", p.reply);
	}
	place_close(&p);
}
