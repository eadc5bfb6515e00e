/* SPDX-License-Identifier: MIT */
/* Classes 4, 5, 6 and 7 where devices sleep: push tokens and PURRs of others, forged and replayed ones, and times at the edge of numbers. */
#include "kit.h"

#define TOKEN ";pn-provider=acme;pn-prid=T;pn-param=x"
#define HER_PHONE "<sip:a@192.0.2.7" TOKEN ">"
#define HIS_PHONE "<sip:evil@203.0.113.66" TOKEN ">"
#define OF_MALLORY .to = "<sip:mallory@example.com>", .from = "<sip:mallory@example.com>;tag=1"

static site *site_with_push(void)
{
	site *s = new_site();

	set(&s->w, "pn_enable", "1");
	set(&s->w, "pn_providers", "acme");
	set(&s->w, "pn_enable_purr", "1");
	set(&s->w, "disable_gruu", "0");
	configure(s, "gruu_secret", "secret");
	return s;
}

/* The devices that a request to @p uri wakes, by the addresses in their Contacts. */
static const char *woken(site *s, const char *uri)
{
	rg_targets *targets = NULL;
	rg_contact c = { .struct_size = sizeof c };
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = rg_str_from(uri);
	s->w.text[0] = '\0';
	s->n_events = s->kinds = 0;
	cr_assert_eq(rg_lookup(s->reg, &r, NULL, &targets, NULL), RG_OK);
	for (uint32_t i = 0; rg_targets_wake_contact(targets, i, &c) == RG_OK; i++)
		append(&s->w, " ", (rg_str){ c.uri.p, strcspn(c.uri.p, ";") });
	cr_expect_eq(s->n_events, rg_targets_wake_count(targets));
	rg_targets_free(targets);
	return s->w.text;
}

/* What opens no PURR says where no device is. */
static void processed(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	cr_expect_null(targets);
	rg_targets_free(targets);
	*(int32_t *)user = status == RG_OK ? result : RG_PURR_ERROR;
}

/* The result for a BYE to this Request-URI; 0 = it waits, until it is canceled here. */
static int32_t bye(site *s, rg_str uri)
{
	int32_t result = 0;
	rg_op *op = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("BYE");
	r.request_uri = uri;
	s->n_events = s->kinds = 0;
	rg_status st = rg_pn_process_purr(s->reg, &r, processed, &result, NULL, &op, NULL);
	int32_t before = result;

	cr_expect(st == RG_OK || st == RG_PENDING, "%s", rg_strerror(st));
	rg_op_cancel(op);
	rg_op_free(op);
	return before;
}

/* A Request-URI with the PURR of the last 200. */
static char *purr_uri(site *s)
{
	rg_str caps = rg_response_header(s->response, RG_STR("Feature-Caps"), 0);
	const char *mark = "+sip.pnspurr=\"", *at = memmem(caps.p, caps.n, mark, strlen(mark));
	char *uri;

	cr_assert_not_null(at);
	at += strlen(mark);
	cr_assert_geq(asprintf(&uri, "sip:a@192.0.2.7;pn-purr=%.*s", (int)strcspn(at, "\""), at), 0);
	return uri;
}

Test(push, a_push_token_of_another_user_takes_nothing)
{
	static const struct {
		const char *contact, *expires;
	} tries[] = { { HIS_PHONE, NULL }, { HER_PHONE, NULL }, { HIS_PHONE, "0" }, { "<sip:evil@203.0.113.66;pn-provider=acme>", "0" }, { "*", "0" },
		{ "<sip:evil@203.0.113.66" TOKEN ";pn-purr=x>", NULL } };
	site *s = site_with_push();

	cr_assert_eq(send(s, .contact = { HER_PHONE }), 200);
	for (size_t i = 0; i < ROWS(tries); i++) {
		cr_expect_eq(send(s, .contact = { tries[i].contact }, .expires = tries[i].expires, .callid = "evil", OF_MALLORY,
			.cseq = text(s, "%zu REGISTER", i + 1)), 200, "%s: %s", tries[i].contact, why(s));
		cr_expect_str_eq(woken(s, "sip:alice@example.com"), "sip:a@192.0.2.7", "%s", tries[i].contact);
		cr_expect_eq(s->kinds, RG_EVENT_CONTACT_REFRESH);
	}
	end_site(s);
}

Test(push, what_is_replayed_with_a_push_token_changes_nothing)
{
	static const struct {
		const char *contact, *expires, *cseq;
	} replays[] = { { HER_PHONE, NULL, "4" }, { HIS_PHONE, NULL, "4" }, { HIS_PHONE, NULL, "5" }, { HIS_PHONE, "0", "5" }, { HER_PHONE, "0", "4" },
		{ HER_PHONE ";q=0.1", NULL, "5" }, { "<sip:evil@203.0.113.66;pn-provider=acme;pn-prid=T;pn-param=x>", "60", "3" } };
	site *s = site_with_push();

	cr_assert_eq(send(s, .contact = { HER_PHONE }, .cseq = "5 REGISTER"), 200);
	for (size_t i = 0; i < ROWS(replays); i++) {
		cr_expect_eq(send(s, .contact = { replays[i].contact }, .expires = replays[i].expires, .cseq = text(s, "%s REGISTER", replays[i].cseq)),
			400, "%s", replays[i].contact);
		cr_expect_eq(rg_response_reason(s->response), RG_R_INV_CSEQ);
	}
	cr_assert_eq(send(s, .contact = { HER_PHONE }, .expires = "0", .cseq = "6 REGISTER"), 200);
	cr_expect_eq(send(s, .contact = { HIS_PHONE }, .cseq = "5 REGISTER"), 400, "a removal is remembered for the device");
	end_site(s);
}

Test(push, any_bit_flipped_in_a_purr_wakes_nobody)
{
	site *s = site_with_push();

	cr_assert_eq(send(s, .contact = { HER_PHONE }), 200);
	char *uri = purr_uri(s);
	size_t n = strlen(uri);

	cr_expect_eq(bye(s, (rg_str){ uri, n }), 0);
	cr_expect_eq(s->kinds, RG_EVENT_CONTACT_REFRESH);
	for (size_t i = strlen("sip:a@192.0.2.7;pn-purr="); i < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			uri[i] = (char)(uri[i] ^ 1 << bit);
			cr_expect_eq(bye(s, (rg_str){ uri, n }), RG_PURR_NOTHING, "octet %zu, bit %d", i, bit);
			cr_expect_eq(s->n_events, 0);
			uri[i] = (char)(uri[i] ^ 1 << bit);
		}
		cr_expect_eq(bye(s, (rg_str){ uri, i }), RG_PURR_NOTHING, "cut to %zu octets", i);
		cr_expect_eq(s->n_events, 0);
	}
	free(uri);
	end_site(s);
}

/* A PURR is of one secret and one purpose, and dies with its binding. */
Test(push, a_purr_is_no_gruu_and_a_gruu_no_purr)
{
	site *s = site_with_push(), *other = site_with_push();

	configure(other, "gruu_secret", "other");
	cr_assert_eq(send(other, .contact = { HER_PHONE }), 200);
	char *foreign = purr_uri(other);
	cr_assert_eq(send(s, .contact = { HER_PHONE ";+sip.instance=\"<urn:x:a>\"" }, .supported = { "gruu" }), 200);
	char *purr = purr_uri(s);
	rg_str contact = rg_response_header(s->response, RG_STR("Contact"), 0);
	const char *gruu = memmem(contact.p, contact.n, "temp-gruu=\"sip:", 15);

	cr_assert_not_null(gruu);
	gruu += 15;
	const char *mixed = text(s, "sip:a@192.0.2.7;pn-purr=%.*s", (int)strcspn(gruu, "@"), gruu);
	const char *as_gruu = text(s, "sip:%s@example.com;gr", strchr(purr, '=') + 1);

	cr_expect_eq(bye(s, rg_str_from(foreign)), RG_PURR_NOTHING);
	cr_expect_eq(bye(s, rg_str_from(mixed)), RG_PURR_NOTHING);
	cr_expect_eq(s->n_events, 0);
	cr_expect_str_eq(woken(s, as_gruu), "");
	cr_expect_eq(bye(s, rg_str_from(purr)), 0, "alice's own is good");
	s->w.now += 4000 * 1000LL;
	cr_expect_eq(bye(s, rg_str_from(purr)), RG_PURR_NOTHING, "its binding has expired");
	cr_assert_eq(send(s, .contact = { HER_PHONE }, .cseq = "9 REGISTER"), 200);
	cr_expect_eq(bye(s, rg_str_from(purr)), RG_PURR_NOTHING, "a binding that comes later is another one");
	free(foreign);
	free(purr);
	end_site(s);
	end_site(other);
}

/* Each lifetime that a device may ask for leaves room to wake it, and the clock may jump: a registration is woken for at most once. */
Test(push, times_at_the_edge_of_numbers)
{
	static const char *const lifetimes[] = { "1", "126", "127", "128", "2147483648", "4294967295", "4294967296", "99999999999999999999" };
	static const rg_time jumps[] = { 0, YEAR, -YEAR, 200 * YEAR };

	for (size_t i = 0; i < ROWS(lifetimes); i++) {
		for (size_t k = 0; k < ROWS(jumps); k++) {
			site *s = site_with_push();
			uint32_t refreshes = 0;

			cr_assert_eq(send(s, .contact = { HER_PHONE }, .expires = lifetimes[i]), 200, "%s", lifetimes[i]);
			cr_expect_geq(seconds(s, 0), 127);
			s->w.now += jumps[k];
			for (int n = 0; n < 20; n++) {
				tick(s, 0);
				refreshes += s->kinds & RG_EVENT_CONTACT_REFRESH ? s->n_events : 0;
				s->w.now += 10000;
			}
			cr_expect_leq(refreshes, 1, "%s: %u", lifetimes[i], refreshes);
			if (jumps[k] == 0 && i < 4)
				cr_expect_eq(refreshes, 1, "%s", lifetimes[i]);
			end_site(s);
		}
	}
}
