/* SPDX-License-Identifier: MIT */
/* Classes 4 and 7: GRUUs of others, forged ones, and those whose time is over. */
#include "kit.h"

#define PHONE ";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\""
#define URN "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
#define GRUU .supported = { "gruu" }

static world with_secret(const char *secret)
{
	world w = new_world();

	set(&w, "disable_gruu", "0");
	set(&w, "gruu_secret", secret);
	return w;
}

/* The temporary GRUU of the first Contact in the last 200; the caller frees it. */
static char *token_uri(world *w)
{
	const char *at = strstr(header(w, "Contact"), "temp-gruu=\"");

	cr_assert_not_null(at, "%s", w->text);
	at += strlen("temp-gruu=\"");
	return strndup(at, strcspn(at, "\""));
}

/* The SIP code of a lookup; 0 when there are targets. They are alice's, or none. */
static int32_t code_of(world *w, rg_str uri, const char *method)
{
	rg_target t = { .struct_size = sizeof t };
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = rg_str_from(method);
	r.request_uri = uri;
	cr_assert_eq(rg_select(w->record, &r, w->config, NULL, w->now, &targets, NULL), RG_OK);
	int32_t code = rg_targets_code(targets);

	cr_expect_leq(rg_targets_count(targets), 1);
	if (rg_targets_get(targets, 0, &t) == RG_OK)
		cr_expect(rg_str_equal(t.uri, RG_STR("sip:a@192.0.2.7")), "%.*s", (int)t.uri.n, t.uri.p);
	rg_targets_free(targets);
	return code;
}

static int32_t reaches(world *w, const char *uri)
{
	return code_of(w, rg_str_from(uri), "INVITE");
}

/* alice has another device, and nothing about a token may lead there. */
static world alice(void)
{
	world w = with_secret("secret");

	save(&w, .contact = { "<sip:a@192.0.2.7>" PHONE, "<sip:other@192.0.2.8>;+sip.instance=\"<urn:x:other>\"" }, GRUU);
	return w;
}

Test(tokens, any_bit_flipped_in_a_gruu_leads_nowhere)
{
	world w = alice();
	char *uri = token_uri(&w);
	size_t n = strcspn(uri, "@");

	cr_expect_eq(reaches(&w, uri), 0);
	for (size_t i = strlen("sip:"); i < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			uri[i] = (char)(uri[i] ^ 1 << bit);
			int32_t code = code_of(&w, (rg_str){ uri, n + strlen("@example.com;gr") }, "BYE");

			cr_expect(code == 404 || code == 400, "octet %zu, bit %d: %d", i, bit, code);
			uri[i] = (char)(uri[i] ^ 1 << bit);
		}
	}
	free(uri);
	end_world(&w);
}

Test(tokens, a_gruu_cut_or_grown_anywhere_leads_nowhere)
{
	world w = alice();
	char *uri = token_uri(&w), other[400];
	int n = (int)strcspn(uri, "@"), head = (int)strlen("sip:");

	for (int cut = head; cut < n; cut++) {
		snprintf(other, sizeof other, "%.*s%s", cut, uri, uri + n);
		cr_expect_eq(reaches(&w, other), cut == head ? 400 : 404, "%s", other);
		snprintf(other, sizeof other, "%.*sA%s", cut, uri, uri + cut);
		cr_expect_eq(reaches(&w, other), 404, "%s", other);
		snprintf(other, sizeof other, "%.*s%s", cut, uri, uri + cut + 1);
		cr_expect(reaches(&w, other) >= 400, "%s", other);
	}
	free(uri);
	end_world(&w);
}

Test(tokens, of_another_secret_another_user_another_host_or_another_table)
{
	world w = alice(), other = with_secret("other"), bob = with_secret("secret");
	char *own = token_uri(&w), moved[400];

	save(&other, .contact = { "<sip:a@192.0.2.7>" PHONE }, GRUU);
	char *foreign = token_uri(&other);
	save(&bob, .contact = { "<sip:b@192.0.2.9>" PHONE }, GRUU, .to = "<sip:alice@example.org>");
	char *of_bob = token_uri(&bob);

	cr_expect_eq(reaches(&w, foreign), 404);
	cr_expect_eq(reaches(&other, own), 404);
	/* The same user and the same device under another host; and that token moved to this host. */
	snprintf(moved, sizeof moved, "%.*s@example.com;gr", (int)strcspn(of_bob, "@"), of_bob);
	cr_expect_eq(reaches(&w, moved), 404);
	snprintf(moved, sizeof moved, "%.*s@example.com;gr=%s", (int)strcspn(own, "@"), own, URN);
	set(&w, "max_username_len", "1024");
	rg_record *kept = w.record;
	w.record = NULL;
	cr_expect_eq(reaches(&w, moved), 404); /* a token is no user */
	w.record = kept;
	free(own);
	free(foreign);
	free(of_bob);
	end_world(&w);
	end_world(&other);
	end_world(&bob);
}

/* A token is good for the life of the instance under one Call-ID, whatever is replayed afterwards. */
Test(tokens, what_is_void_stays_void)
{
	world w = with_secret("secret");

	save(&w, .contact = { "<sip:a@192.0.2.7>" PHONE }, GRUU, .callid = "first");
	char *old = token_uri(&w);
	save(&w, .contact = { "<sip:a@192.0.2.7>" PHONE }, GRUU, .callid = "second");
	cr_expect_eq(reaches(&w, old), 404);
	save(&w, .contact = { "<sip:a@192.0.2.7>" PHONE }, GRUU, .callid = "first", .cseq = "2 REGISTER");
	cr_expect_eq(reaches(&w, old), 404);
	char *newer = token_uri(&w);
	save(&w, .contact = { "<sip:a@192.0.2.7>;expires=0" PHONE }, GRUU, .callid = "first", .cseq = "3 REGISTER");
	cr_expect_eq(reaches(&w, newer), 404);
	w.now += 2 * 60000;
	save(&w, .contact = { "<sip:a@192.0.2.7>;expires=60" PHONE }, GRUU, .callid = "first", .cseq = "4 REGISTER");
	cr_expect_eq(reaches(&w, newer), 404);
	char *last = token_uri(&w);
	cr_expect_eq(reaches(&w, last), 0);
	w.now += 60000;
	cr_expect_eq(reaches(&w, last), 404);
	save(&w, .contact = { "<sip:a@192.0.2.7>" PHONE }, GRUU, .callid = "first", .cseq = "5 REGISTER");
	cr_expect_eq(reaches(&w, last), 404);
	free(old);
	free(newer);
	free(last);
	end_world(&w);
}

/* A stranger's Contact that is one of our GRUUs would make calls go round, or borrow the device of another user. */
Test(tokens, no_contact_is_a_gruu_of_another_user)
{
	world w = alice(), mallory = with_secret("secret");
	char *uri = token_uri(&w), contact[500];
	static const char *const forms[] = { "<%s>", "<%s;x=1>", "\"x\" <%s;transport=udp>;q=1" };

	for (size_t i = 0; i < ROWS(forms); i++) {
		snprintf(contact, sizeof contact, forms[i], uri);
		cr_expect_eq(save(&mallory, .contact = { contact }, .to = "<sip:mallory@example.com>"), 403, "%s", contact);
		cr_expect_null(mallory.record);
	}
	cr_expect_eq(save(&mallory, .contact = { "<sip:alice@example.com;gr=" URN ">" }, .to = "<sip:mallory@example.com>"), 403);
	free(uri);
	end_world(&w);
	end_world(&mallory);
}

/* The instance is the device's own word: with alice's, mallory gets GRUUs of his own AoR and none of hers. */
Test(tokens, an_instance_of_another_user_opens_nothing)
{
	world w = alice(), mallory = with_secret("secret");
	char *hers = token_uri(&w);

	save(&mallory, .contact = { "<sip:m@203.0.113.66>" PHONE }, GRUU, .to = "<sip:mallory@example.com>");
	char *his = token_uri(&mallory);

	cr_expect_str_neq(hers, his);
	cr_expect_not_null(strstr(header(&mallory, "Contact"), "pub-gruu=\"sip:mallory@example.com;gr="));
	cr_expect_eq(reaches(&w, hers), 0);
	free(hers);
	free(his);
	end_world(&w);
	end_world(&mallory);
}

/* Texts that a 200 repeats: nothing in an instance or a user leaves its quotes. */
Test(tokens, nothing_in_a_name_ends_a_gruu)
{
	static const char *const instances[] = { "a>b;c", "a,b", "x@y?z", "%22%0d%0a", "\xff\xfe", "a;gr=b", "sip:b@h" };
	static const char *const users[] = { "<sip:a%22b@example.com>", "<sip:%0d%0a@example.com>", "<sip:a;gr=x@example.com>", "<sip:a?b,c/d@example.com>" };
	char contact[200];

	for (size_t i = 0; i < ROWS(instances); i++) {
		for (size_t k = 0; k < ROWS(users); k++) {
			world w = with_secret("secret");

			snprintf(contact, sizeof contact, "<sip:a@192.0.2.7>;+sip.instance=\"%s\"", instances[i]);
			if (save(&w, .contact = { contact }, GRUU, .to = users[k]) == 200) {
				const char *at = strstr(header(&w, "Contact"), ";pub-gruu=\"");

				cr_assert_not_null(at, "%s", w.text);
				at += strlen(";pub-gruu=\"");
				size_t n = strcspn(at, "\"");

				cr_expect_eq(strcspn(at, " \t\r\n<>\\\"\xff\xfe"), n, "%s", w.text);
				cr_expect_eq(strncmp(at + n, "\";temp-gruu=\"sip:", 17), 0, "%s", w.text);
			}
			end_world(&w);
		}
	}
}
