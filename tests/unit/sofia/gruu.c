/* SPDX-License-Identifier: MIT */
/* GRUUs (RFC 5627) in messages of Sofia's: a REGISTER from its bytes, and requests that its answer makes possible. */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URN "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"

typedef struct place {
	rg_store *store;
	rg_registrar *reg;
	char public[200], temporary[300];
	char text[1024];
} place;

static void take(const char *reply, const char *name, char *room, size_t size)
{
	const char *at = strstr(reply, name);

	cr_assert_not_null(at, "%s", reply);
	at += strlen(name);
	snprintf(room, size, "%.*s", (int)strcspn(at, "\""), at);
}

static void place_open(place *p)
{
	static const char bytes[] = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nSupported: gruu, path\r\nPath: <sip:edge.example.com;lr>\r\n"
		"Contact: <sip:a@192.0.2.1>;+sip.instance=\"<" URN ">\"\r\nContent-Length: 0\r\n\r\n";
	rg_save_options *options = NULL;
	rg_config *config = NULL;
	uint8_t *reply = NULL;
	size_t n = 0;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("disable_gruu"), RG_STR("0"), NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &p->store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(config, p->store, NULL, &p->reg, NULL), RG_OK);
	cr_assert_eq(rg_save_options_new(RG_STR("path-lazy"), &options, NULL), RG_OK);
	cr_assert_eq(rg_sofia_handle(p->reg, rg_str_from(bytes), NULL, options, &reply, &n, NULL), RG_OK);
	char *text = strndup((const char *)reply, n);

	cr_assert_eq(strncmp(text, "SIP/2.0 200 ", 12), 0, "%s", text);
	take(text, ";pub-gruu=\"", p->public, sizeof p->public);
	take(text, ";temp-gruu=\"", p->temporary, sizeof p->temporary);
	free(text);
	rg_mem_free(reply);
	rg_save_options_unref(options);
	rg_config_free(config);
}

static void place_close(place *p)
{
	rg_registrar_unref(p->reg);
	rg_store_unref(p->store);
}

/* Routes a request: Request-URI, next hop and Route, or the code of the answer. */
static const char *routed(place *p, const char *uri, const char *more, uint32_t skip)
{
	rg_msg msg = { .ops = rg_sofia_msg_ops() };
	rg_targets *targets = NULL;
	rg_sofia_source source;
	rg_sofia_message m;
	su_home_t home[1] = { SU_HOME_INIT(home) };
	char bytes[1024];

	snprintf(bytes, sizeof bytes, "BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:b@h>;tag=1\r\nTo: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: 2\r\nCSeq: 1 BYE\r\n%s\r\n", uri, more);
	su_home_init(home);
	rg_sofia_source_init(&source, sizeof source);
	rg_sofia_message_init(&m, sizeof m);
	m.msg = msg_make(sip_default_mclass(), MSG_FLG_EXTRACT_COPY, bytes, (ssize_t)strlen(bytes));
	m.source = &source;
	m.skip_routes = skip;
	msg.msg = &m;
	cr_assert_eq(rg_lookup_msg(p->reg, &msg, NULL, &targets, NULL), RG_OK);
	const sip_t *sip = sip_object(m.msg);
	int n = snprintf(p->text, sizeof p->text, "%d %s > %.*s", rg_targets_code(targets), url_as_string(home, sip->sip_request->rq_url),
		(int)m.next_hop.n, m.next_hop.p ? m.next_hop.p : "");
	for (const sip_route_t *r = sip->sip_route; r; r = r->r_next)
		n += snprintf(p->text + n, sizeof p->text - (size_t)n, " %s", url_as_string(home, r->r_url));
	rg_targets_free(targets);
	msg_destroy(m.msg);
	su_home_deinit(home);
	return p->text;
}

Test(sofia_gruu, leads_to_the_contact_through_the_path)
{
	place p;

	place_open(&p);
	cr_expect_str_eq(p.public, "sip:alice@example.com;gr=" URN);
	cr_expect_str_eq(routed(&p, p.public, "", 0), "0 sip:a@192.0.2.1 > sip:edge.example.com;lr sip:edge.example.com;lr", "%s", p.text);
	cr_expect_str_eq(routed(&p, p.temporary, "", 0), "0 sip:a@192.0.2.1 > sip:edge.example.com;lr sip:edge.example.com;lr", "%s", p.text);
	place_close(&p);
}

/* RFC 5627 §6.1: the Route that is left takes the place of the Path. */
Test(sofia_gruu, a_route_that_is_left_is_followed_and_nothing_put_before_it)
{
	place p;

	place_open(&p);
	cr_expect_str_eq(routed(&p, p.temporary, "Route: <sip:next.example.com;lr>, <sip:last.example.com;lr>\r\n", 0),
		"0 sip:a@192.0.2.1 > sip:next.example.com;lr sip:next.example.com;lr sip:last.example.com;lr", "%s", p.text);
	place_close(&p);
}

Test(sofia_gruu, one_that_names_nobody_changes_nothing)
{
	place p;
	char wrong[400];

	place_open(&p);
	snprintf(wrong, sizeof wrong, "%s", p.temporary);
	wrong[10] = wrong[10] == 'A' ? 'B' : 'A';
	char want[500];
	snprintf(want, sizeof want, "404 %s > ", wrong);
	cr_expect_str_eq(routed(&p, wrong, "", 0), want, "%s", p.text);
	cr_expect_str_eq(routed(&p, "sip:alice@example.com;gr=urn:uuid:0", "", 0), "480 sip:alice@example.com;gr=urn:uuid:0 > ", "%s", p.text);
	place_close(&p);
}
