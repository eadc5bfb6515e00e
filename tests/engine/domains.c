/* SPDX-License-Identifier: MIT */
/* What only the host can say of a REGISTER: which domains are its own, and who may register whom (RFC 3261 §10.3 steps 1 and 4). */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a1@192.0.2.1:5060>"

/* "host;" each time, "?" for authorization. */
typedef struct asked {
	kit k; /* first: the environment's functions are given it */
	char text[512];
	bool foreign, forbidden;
} asked;

static void note(asked *a, rg_str what)
{
	size_t n = strlen(a->text);

	snprintf(a->text + n, sizeof a->text - n, "%.*s;", (int)what.n, what.p);
}

static int32_t is_local(void *user, const rg_str *host)
{
	asked *a = user;

	note(a, *host);
	return !a->foreign;
}

static int32_t authorize(void *user, const rg_str *from, const rg_str *to, const rg_str *identity)
{
	asked *a = user;

	(void)from;
	(void)to;
	(void)identity;
	note(a, RG_STR("?"));
	return !a->forbidden;
}

static void open_asked(asked *a)
{
	memset(a, 0, sizeof *a);
	kit_init(&a->k);
	a->k.env.is_local = is_local;
	a->k.env.authorize = authorize;
	kit_open_over(&a->k, rg_store_ref(a->k.memory));
}

static int save(asked *a, const char *uri, const char *to, void (*change)(rg_request *))
{
	phone p = { .aor = "alice", .contact = A1, .cseq = 1 };
	rg_response *response = NULL;
	rg_request r;
	int code;

	a->text[0] = '\0';
	kit_request(&p, &r);
	r.request_uri = rg_str_from(uri);
	r.to_header = rg_str_from(to);
	if (change)
		change(&r);
	cr_assert_eq(rg_save(a->k.reg, &r, NULL, &response, NULL), RG_OK);
	code = rg_response_code(response);
	rg_response_free(response);
	return code;
}

static rg_str odd[] = { { "odd", 3 } };

static void require_odd(rg_request *r)
{
	r->require = odd;
	r->n_require = 1;
}

static void no_callid(rg_request *r)
{
	r->callid = (rg_str){ NULL, 0 };
}

static void many_contacts(rg_request *r)
{
	static rg_str many[64];

	for (int i = 0; i < 64; i++)
		many[i] = RG_STR(A1);
	r->contacts = many;
	r->n_contacts = 64;
}

Test(domains, a_host_is_given_as_an_aor_has_it)
{
	asked a;

	open_asked(&a);
	cr_expect_eq(save(&a, "sip:EXAMPLE.org.:5070;x=1", "\"A\" <sip:Alice@Sip.Example.ORG>", NULL), 200);
	cr_expect_str_eq(a.text, "example.org;sip.example.org;?;");
	rg_config *config = NULL;
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("realm_prefix"), RG_STR("sip."), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(a.k.reg, config, NULL), RG_OK);
	rg_config_free(config);
	cr_expect_eq(save(&a, "sip:sip.example.org", "<sip:alice@sip.example.org>", NULL), 200);
	cr_expect_str_eq(a.text, "example.org;example.org;?;");
	kit_close(&a.k);
}

Test(domains, what_is_refused_before_is_not_asked_about)
{
	asked a;

	open_asked(&a);
	cr_expect_eq(save(&a, "sip:example.org", "<sip:alice@example.org>", no_callid), 400);
	cr_expect_str_eq(a.text, "");
	cr_expect_eq(save(&a, "sip:example.org", "<sip:alice@example.org>", many_contacts), 413);
	cr_expect_str_eq(a.text, "");
	cr_expect_eq(save(&a, "sip:example.org", "<sip:alice@example.org>", require_odd), 420);
	cr_expect_str_eq(a.text, "example.org;example.org;", "authorization comes after Require");
	a.foreign = true;
	cr_expect_eq(save(&a, "sip:example.org", "<sip:alice@example.org>", NULL), 404);
	cr_expect_str_eq(a.text, "example.org;", "one no is enough");
	cr_expect_eq(save(&a, "sip:example.org", "<sip:alice@example.org>", require_odd), 404, "the domain comes before Require");
	kit_close(&a.k);
}

Test(domains, a_no_counts_before_what_comes_after_it)
{
	asked a;

	char long_to[600] = "<sip:";

	memset(long_to + 5, 'a', 500);
	strcpy(long_to + 505, "@example.org>");
	open_asked(&a);
	a.forbidden = true;
	cr_expect_eq(save(&a, "sip:example.org", "<sip:alice@example.org>", NULL), 403);
	cr_expect_eq(save(&a, "sip:example.org", long_to, NULL), 403, "authorization comes before the AoR");
	cr_expect_eq(kit_stat(&a.k, "rejects_forbidden"), 2);
	a.forbidden = false;
	cr_expect_eq(save(&a, "sip:example.org", long_to, NULL), 400);
	cr_expect_eq(kit_targets(&a.k, "alice"), 0, "nothing was stored");
	kit_close(&a.k);
}
