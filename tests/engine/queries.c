/* SPDX-License-Identifier: MIT */
/* is_registered, is_contact_registered and is_ip_registered, sentence by sentence (base specification §1.4.5 to §1.4.7). */
#include "bindings.h"
#include <stdio.h>

#define NO ((rg_str){ NULL, 0 })

typedef rg_status asking(rg_registrar *reg, const rg_query *q, rg_answer **out, rg_error *why);

static asking *const verbs[] = { rg_is_registered, rg_is_contact_registered, rg_is_ip_registered };

static void open_alice(kit *k, int how)
{
	kit_open(k, how);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:A@192.0.2.1>;+sip.instance=\"<urn:x:a>\"", .callid = "one", .attr = "desk" }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:B@192.0.2.2:5070;transport=tcp>", "sip:198.51.100.2:40000", .callid = "two" }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:C@[2001:db8::3]>;expires=60", .callid = "two", .attr = "car", .cseq = 2 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "sip:D@phone.example;expires=600", .callid = "four", .attr = "" }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sip:E@192.0.2.9;transport=tls>", .callid = "five", .attr = "bob's" }), 200);
}

/* The bindings of an answer, each by the first octet of its user, and the answer is released. */
static const char *given(rg_status st, rg_answer **answer, char room[32])
{
	uint32_t n = 0;
	rg_contact c = { .struct_size = sizeof c };

	if (st != RG_OK) {
		cr_expect_null(*answer);
		return rg_status_name(st);
	}
	for (; rg_answer_contact(*answer, n, &c) == RG_OK; n++)
		room[n] = ((const char *)memchr(c.uri.p, ':', c.uri.n))[1];
	room[n] = '\0';
	cr_expect_eq(rg_answer_contact_count(*answer), n);
	cr_expect_eq(rg_answer_result(*answer), n > 0);
	rg_answer_free(*answer);
	*answer = NULL;
	return room;
}

typedef struct about {
	const char *what, *method, *from, *to, *request_aor, *aor, *want;
	uint32_t flags;
} about;

#define ALICE "<sip:alice@example.org>"
#define BOB "\"Bob\" <sip:bob@example.org>;tag=1"

static const about abouts[] = {
	{ "REGISTER asks about To", "REGISTER", BOB, ALICE, .want = "ABCD" },
	{ "REGISTER asks about To, from the other side", "REGISTER", ALICE, BOB, .want = "E" },
	{ "INVITE asks about From", "INVITE", BOB, ALICE, .want = "E" },
	{ "SUBSCRIBE asks about From", "SUBSCRIBE", ALICE, BOB, .want = "ABCD" },
	{ "methods have a case", "register", ALICE, BOB, .want = "ABCD" },
	{ "the AoR given comes first", "REGISTER", ALICE, ALICE, .aor = "sip:bob@example.org", .want = "E" },
	{ "the AoR given comes before the request's", "REGISTER", ALICE, ALICE, "sip:alice@example.org", "bob@example.org", "E" },
	{ "the request's AoR comes before its headers", "REGISTER", ALICE, ALICE, "sip:bob@example.org", .want = "E" },
	{ "an AoR in another spelling", "INVITE", BOB, BOB, .aor = "sips:%61lice@EXAMPLE.org.:5070;x=1", .want = "ABCD" },
	{ "a URI with odd parameters", "INVITE", "<sip:alice@example.org:0;x;x>", BOB, .want = "ABCD" },
	{ "an AoR with odd parameters", "INVITE", BOB, BOB, .aor = "sip:alice@example.org;", .want = "ABCD" },
	{ "a display name that breaks the grammar", "REGISTER", BOB, "\xc3\x84lice (x) <sip:alice@example.org>", .want = "ABCD" },
	{ "an unknown AoR", "REGISTER", BOB, "<sip:carol@example.org>", .want = "" },
	{ "a reply has no AoR of ours", "REGISTER", ALICE, ALICE, .want = "RG_EINVAL", .flags = RG_REQUEST_REPLY },
	{ "a reply to an INVITE", "INVITE", ALICE, ALICE, .want = "RG_EINVAL", .flags = RG_REQUEST_REPLY },
	{ "a reply with an AoR", "REGISTER", ALICE, ALICE, .aor = "sip:bob@example.org", .want = "E", .flags = RG_REQUEST_REPLY },
	{ "a reply whose AoR the host knows", "REGISTER", ALICE, ALICE, "sip:bob@example.org", .want = "E", .flags = RG_REQUEST_REPLY },
	{ "no To", "REGISTER", ALICE, NULL, .want = "RG_EINVAL" },
	{ "no From", "INVITE", NULL, ALICE, .want = "RG_EINVAL" },
	{ "an unreadable To", "REGISTER", ALICE, "<sip:alice@example.org", .want = "RG_EINVAL" },
	{ "a To of another scheme", "REGISTER", ALICE, "<tel:+1>", .want = "RG_EINVAL" },
	{ "an unreadable AoR", "REGISTER", ALICE, ALICE, .aor = "sip:", .want = "RG_EINVAL" },
	{ "an empty AoR", "REGISTER", ALICE, ALICE, .aor = "", .want = "RG_EINVAL" },
};

Test(queries, whom_they_are_about)
{
	for (size_t i = 0; i < 2 * ROWS(abouts); i++) {
		const about *a = &abouts[i / 2];
		rg_ip_port ips[] = { { .ip = RG_STR("192.0.2.1") }, { .ip = RG_STR("198.51.100.2") }, { .ip = RG_STR("2001:db8::3") },
			{ .ip = RG_STR("phone.example") }, { .ip = RG_STR("192.0.2.9") } };
		rg_str contact = RG_STR("<sip:A@192.0.2.1>");
		rg_request r;
		rg_query q;
		kit k;

		open_alice(&k, i % 2 ? DEFERRED : INLINE);
		rg_request_init(&r, sizeof r);
		r.method = rg_str_from(a->method);
		r.from_header = rg_str_from(a->from);
		r.to_header = rg_str_from(a->to);
		r.aor = rg_str_from(a->request_aor);
		r.flags = a->flags;
		r.contacts = &contact;
		rg_query_init(&q, sizeof q);
		q.request = &r;
		q.aor = rg_str_from(a->aor);
		q.ips = ips;
		q.n_ips = ROWS(ips);
		for (size_t v = 0; v < ROWS(verbs); v++) {
			rg_answer *answer = NULL;
			char room[32];

			/* A request without Contact has none to ask about; one that is typed must be somebody's. */
			q.contact = v == 1 ? RG_STR("sip:E@192.0.2.9;transport=tls") : NO;
			const char *got = given(verbs[v](k.reg, &q, &answer, NULL), &answer, room);
			const char *want = v == 1 && strlen(a->want) == 4 ? "" : a->want;
			cr_expect_str_eq(got, want, "verb %zu, %s: %s", v, a->what, got);
		}
		kit_close(&k);
	}
}

Test(queries, need_somebody_to_be_about)
{
	rg_answer *answer = NULL;
	rg_query q;
	char room[32];
	kit k;

	open_alice(&k, INLINE);
	rg_query_init(&q, sizeof q);
	q.ips = &(rg_ip_port){ .ip = RG_STR("192.0.2.1") };
	q.n_ips = 1;
	for (size_t v = 0; v < ROWS(verbs); v++) {
		cr_expect_str_eq(given(verbs[v](k.reg, &q, &answer, NULL), &answer, room), "RG_EINVAL", "neither AoR nor request");
		cr_expect_eq(verbs[v](k.reg, NULL, &answer, NULL), RG_EINVAL);
		cr_expect_eq(verbs[v](NULL, &q, &answer, NULL), RG_EINVAL);
		cr_expect_eq(verbs[v](k.reg, &q, NULL, NULL), RG_EINVAL);
	}
	kit_close(&k);
}

Test(queries, a_domain_is_the_querys_else_the_requests)
{
	rg_answer *answer = NULL;
	rg_request r;
	rg_query q;
	char room[32];
	kit k;

	open_alice(&k, INLINE);
	rg_request_init(&r, sizeof r);
	r.method = RG_STR("REGISTER");
	r.to_header = RG_STR(ALICE);
	r.domain = RG_STR("elsewhere");
	rg_query_init(&q, sizeof q);
	q.request = &r;
	cr_expect_str_eq(given(rg_is_registered(k.reg, &q, &answer, NULL), &answer, room), "");
	q.domain = RG_STR("location");
	cr_expect_str_eq(given(rg_is_registered(k.reg, &q, &answer, NULL), &answer, room), "ABCD");
	kit_close(&k);
}

Test(queries, is_registered_hands_back_the_attr_of_each_live_binding)
{
	static const char *const attrs[] = { "desk", NULL, "car", "" };
	rg_answer *answer = NULL;
	rg_contact c = { .struct_size = sizeof c };
	rg_query q;
	kit k;

	open_alice(&k, INLINE);
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("sip:alice@example.org");
	cr_assert_eq(rg_is_registered(k.reg, &q, &answer, NULL), RG_OK);
	rg_registrar_shutdown(k.reg);
	cr_expect(rg_str_equal(rg_answer_aor(answer), RG_STR("alice@example.org")));
	for (uint32_t i = 0; i < ROWS(attrs); i++) {
		cr_assert_eq(rg_answer_contact(answer, i, &c), RG_OK);
		cr_expect(rg_str_equal(c.attr, rg_str_from(attrs[i])), "binding %u: %.*s", i, (int)c.attr.n, c.attr.p ? c.attr.p : "");
	}
	cr_expect_eq(rg_answer_contact(answer, ROWS(attrs), &c), RG_ENOENT);
	rg_answer_free(answer);
	kit_close(&k);
}

Test(queries, see_live_bindings_only)
{
	rg_answer *answer = NULL;
	rg_query q;
	char room[32];
	kit k;

	open_alice(&k, INLINE);
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("sip:alice@example.org");
	q.callid = RG_STR("two");
	q.ips = (rg_ip_port[]){ { .ip = RG_STR("2001:db8::3") }, { .ip = RG_STR("198.51.100.2") } };
	q.n_ips = 2;
	k.now += 59999;
	cr_expect_str_eq(given(rg_is_registered(k.reg, &q, &answer, NULL), &answer, room), "ABCD");
	cr_expect_str_eq(given(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer, room), "BC");
	cr_expect_str_eq(given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room), "BC");
	k.now += 1; /* nobody ticked: the binding is still in the record */
	cr_expect_str_eq(given(rg_is_registered(k.reg, &q, &answer, NULL), &answer, room), "ABD");
	cr_expect_str_eq(given(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer, room), "B");
	cr_expect_str_eq(given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room), "B");
	q.contact = RG_STR("sip:C@[2001:db8::3]");
	q.callid = NO;
	cr_expect_str_eq(given(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer, room), "");
	q.contact = NO;
	k.now += 3600000;
	for (size_t v = 0; v < ROWS(verbs); v++)
		cr_expect_str_eq(given(verbs[v](k.reg, &q, &answer, NULL), &answer, room), "", "verb %zu", v);
	kit_close(&k);
}

static const struct {
	const char *what, *contact, *callid, *own, *want;
	bool no_request;
} contacts[] = {
	{ "a contact", "sip:A@192.0.2.1", .want = "A" },
	{ "a contact in brackets", "<sip:A@192.0.2.1>", .want = "A" },
	{ "a contact as a header has it", "\"A\" <sip:%41@192.0.2.1>;expires=5", .want = "A" },
	{ "a contact that is another", "sip:A@192.0.2.1;transport=tcp", .want = "" },
	{ "a contact of somebody else", "sip:E@192.0.2.9;transport=tls", .want = "" },
	{ "a contact in another spelling", "sip:C@[2001:DB8:0::3]", .want = "C" },
	{ "a callid", .callid = "two", .want = "BC" },
	{ "a callid in another case", .callid = "TWO", .want = "" },
	{ "a callid that nobody has", .callid = "three", .want = "" },
	{ "an empty callid", .callid = "", .want = "" },
	{ "both, of one binding", "sip:C@[2001:db8::3]", "two", .want = "C" },
	{ "both, of two bindings", "sip:A@192.0.2.1", "two", .want = "" },
	{ "neither: the first Contact", .own = "<sip:B@192.0.2.2:5070;transport=tcp>;q=1, <sip:A@192.0.2.1>", .want = "B" },
	{ "neither: the first Contact, and no other", .own = "<sip:X@192.0.2.1>, <sip:A@192.0.2.1>", .want = "" },
	{ "neither: a first Contact with a comma in it", .own = "\"A, B\" <sip:A@192.0.2.1>, <sip:B@192.0.2.2>", .want = "A" },
	{ "neither: a first Contact without <>", .own = "sip:A@192.0.2.1;transport=tcp;expires=60", .want = "A" },
	{ "neither: one as it was registered without <>", .own = "sip:D@phone.example;expires=0", .want = "D" },
	{ "neither, and no Contact", .want = "" },
	{ "neither, and a Contact that is none", .own = "<sip:>", .want = "RG_EINVAL" },
	{ "neither, and a star", .own = "*", .want = "RG_EINVAL" },
	{ "a callid is not about the request's Contact", .callid = "one", .own = "<sip:B@192.0.2.2:5070;transport=tcp>", .want = "A" },
	{ "a contact is not about the request's", "sip:A@192.0.2.1", .own = "<sip:B@192.0.2.2:5070;transport=tcp>", .want = "A" },
	{ "no request: any live binding", .want = "ABCD", .no_request = true },
	{ "no request, a contact", "sip:A@192.0.2.1", .want = "A", .no_request = true },
	{ "no request, a callid", .callid = "four", .want = "D", .no_request = true },
	{ "an unreadable contact", "sip:", .want = "RG_EINVAL" },
	{ "an empty contact", "", .want = "RG_EINVAL" },
	{ "a star", "*", .want = "RG_EINVAL" },
};

Test(queries, a_contact_a_callid_both_or_neither)
{
	for (size_t i = 0; i < 2 * ROWS(contacts); i++) {
		rg_str line = rg_str_from(contacts[i / 2].own);
		rg_answer *answer = NULL;
		rg_request r;
		rg_query q;
		char room[32];
		kit k;

		open_alice(&k, i % 2 ? DEFERRED : INLINE);
		rg_request_init(&r, sizeof r);
		r.method = RG_STR("REGISTER");
		r.contacts = &line;
		r.n_contacts = line.p != NULL;
		rg_query_init(&q, sizeof q);
		q.aor = RG_STR("alice@example.org");
		q.request = contacts[i / 2].no_request ? NULL : &r;
		q.contact = rg_str_from(contacts[i / 2].contact);
		q.callid = rg_str_from(contacts[i / 2].callid);
		const char *got = given(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer, room);
		cr_expect_str_eq(got, contacts[i / 2].want, "%s: %s", contacts[i / 2].what, got);
		kit_close(&k);
	}
}

Test(queries, the_matching_mode_is_that_of_save)
{
	static const struct {
		const char *mode, *own, *want;
	} cases[] = {
		{ "0", "<sip:X@192.0.2.77>;+sip.instance=\"<urn:x:a>\"", "" },
		{ "instance", "<sip:X@192.0.2.77>;+sip.instance=\"<urn:x:a>\"", "A" },
		{ "instance", "<sip:A@192.0.2.1>;+sip.instance=\"<urn:x:b>\"", "" },
		{ "instance", "<sip:A@192.0.2.1>", "A" },
		{ "1", "<sip:A@192.0.2.1>", "A" }, /* a Call-ID is a condition of its own here */
		{ "<transport>", "<sip:X@192.0.2.77;transport=tcp>", "B" },
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		rg_str line = rg_str_from(cases[i].own);
		rg_answer *answer = NULL;
		rg_config *config;
		rg_request r;
		rg_query q;
		char room[32];
		kit k;

		open_alice(&k, INLINE);
		cr_assert_eq(rg_config_new(&config), RG_OK);
		cr_assert_eq(rg_config_set(config, RG_STR("matching_mode"), rg_str_from(cases[i].mode), NULL), RG_OK);
		cr_assert_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
		rg_config_free(config);
		rg_request_init(&r, sizeof r);
		r.method = RG_STR("REGISTER");
		r.to_header = RG_STR(ALICE);
		r.contacts = &line;
		r.n_contacts = 1;
		rg_query_init(&q, sizeof q);
		q.request = &r;
		const char *got = given(rg_is_contact_registered(k.reg, &q, &answer, NULL), &answer, room);
		cr_expect_str_eq(got, cases[i].want, "mode %s, %s: %s", cases[i].mode, cases[i].own, got);
		kit_close(&k);
	}
}

typedef struct place {
	const char *ip;
	int32_t port;
} place;

static const struct {
	place places[4];
	const char *want;
} places[] = {
	{ { { "192.0.2.1", 0 } }, "A" },
	{ { { "192.0.2.1", 5060 } }, "A" },
	{ { { "192.0.2.1", 5061 } }, "" },
	{ { { "::ffff:192.0.2.1", 0 } }, "A" },
	{ { { "192.0.2.2", 0 } }, "" }, /* the Contact of one that has a received */
	{ { { "198.51.100.2", 0 } }, "B" },
	{ { { "198.51.100.2", 40000 } }, "B" },
	{ { { "198.51.100.2", 5070 } }, "" },
	{ { { "2001:db8::3", 0 } }, "C" },
	{ { { "[2001:0DB8:0:0::3]", 5060 } }, "C" },
	{ { { "2001:db8::3", 5070 } }, "" },
	{ { { "phone.example", 0 } }, "D" },
	{ { { "PHONE.example.", 5060 } }, "D" },
	{ { { "phone.example", 5070 } }, "" },
	{ { { "192.0.2.9", 0 } }, "" }, /* bob's */
	{ { { "192.0.2.1", 0 }, { "2001:db8::3", 0 } }, "AC" },
	{ { { "2001:db8::3", 5060 }, { "192.0.2.1", 5060 }, { "198.51.100.2", 40000 } }, "ABC" },
	{ { { "2001:db8::3", 5061 }, { "192.0.2.1", 5060 }, { "198.51.100.2", 5060 } }, "A" }, /* each with its own port */
	{ { { "192.0.2.1", 0 }, { "192.0.2.1", 5060 }, { "10.0.0.1", 0 } }, "A" },
	{ { { "10.0.0.1", 0 }, { "10.0.0.2", 0 }, { "10.0.0.3", 0 } }, "" },
	{ { { "", 0 } }, "RG_EINVAL" },
	{ { { "192.0.2.1", -1 } }, "RG_EINVAL" },
	{ { { "192.0.2.1", 65536 } }, "RG_EINVAL" },
	{ { { "192.0.2.1:5060", 0 } }, "RG_EINVAL" },
	{ { { "192.0.2.1", 0 }, { "sip:192.0.2.1", 0 } }, "RG_EINVAL" },
	{ { { "2001:db8::3::", 0 } }, "RG_EINVAL" },
};

Test(queries, one_address_or_any_of_several)
{
	for (size_t i = 0; i < 2 * ROWS(places); i++) {
		rg_ip_port ips[4];
		rg_answer *answer = NULL;
		rg_query q;
		char room[32];
		kit k;

		open_alice(&k, i % 2 ? DEFERRED : INLINE);
		rg_query_init(&q, sizeof q);
		q.aor = RG_STR("alice@example.org");
		q.ips = ips;
		for (const place *p = places[i / 2].places; p->ip; p++)
			ips[q.n_ips++] = (rg_ip_port){ .ip = rg_str_from(p->ip), .port = p->port };
		const char *got = given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room);
		cr_expect_str_eq(got, places[i / 2].want, "row %zu: %s", i / 2, got);
		kit_close(&k);
	}
}

Test(queries, no_address_is_no_question)
{
	rg_answer *answer = NULL;
	rg_query q;
	char room[32];
	kit k;

	open_alice(&k, INLINE);
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("alice@example.org");
	cr_expect_str_eq(given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room), "RG_EINVAL");
	q.n_ips = 1;
	cr_expect_str_eq(given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room), "RG_EINVAL");
	q.ips = &(rg_ip_port){ .ip = NO };
	cr_expect_str_eq(given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room), "RG_EINVAL");
	q.ips = &(rg_ip_port){ .ip = RG_STR("192.0.2.1\0") };
	cr_expect_str_eq(given(rg_is_ip_registered(k.reg, &q, &answer, NULL), &answer, room), "RG_EINVAL");
	kit_close(&k);
}

/* Everything that needs a next hop asks the one function there is: behind a Path it is the edge proxy, from which a REGISTER comes. */
Test(queries, behind_a_path_the_address_is_that_of_its_first_hop)
{
	static const struct {
		const char *ip;
		uint32_t n;
	} cases[] = { { "203.0.113.9", 1 }, { "203.0.113.10", 0 }, { "198.51.100.2", 0 }, { "192.0.2.1", 0 } };
	rg_answer *answer = NULL;
	rg_query q;
	kit k;

	kit_open(&k, INLINE);
	put_path(&k, "alice", "sip:A@192.0.2.1", "sip:198.51.100.2:40000", "<sip:203.0.113.9;lr>\n<sip:203.0.113.10;lr>");
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("alice@example.org");
	q.n_ips = 1;
	for (size_t i = 0; i < ROWS(cases); i++) {
		q.ips = &(rg_ip_port){ .ip = rg_str_from(cases[i].ip) };
		cr_assert_eq(rg_is_ip_registered(k.reg, &q, &answer, NULL), RG_OK);
		cr_expect_eq(rg_answer_contact_count(answer), cases[i].n, "%s", cases[i].ip);
		rg_answer_free(answer);
	}
	kit_close(&k);
}

Test(queries, a_store_that_fails_is_never_an_answer)
{
	faulty f = { .calls = CALL_FETCH, .status = RG_ESTORE };
	rg_query q;
	char room[32];
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>" }), 200);
	f.times = -1;
	rg_query_init(&q, sizeof q);
	q.aor = RG_STR("alice@example.org");
	q.ips = &(rg_ip_port){ .ip = RG_STR("192.0.2.1") };
	q.n_ips = 1;
	for (size_t v = 0; v < ROWS(verbs); v++) {
		rg_answer *answer = NULL;

		cr_expect_str_eq(given(verbs[v](k.reg, &q, &answer, NULL), &answer, room), "RG_ESTORE");
	}
	kit_close(&k);
}

Test(queries, the_completion_form_keeps_what_it_was_lent)
{
	char aor[] = "alice@example.org", contact[] = "<sip:A@192.0.2.1>", callid[] = "one", ip[] = "192.0.2.1";
	rg_ip_port where = { .ip = rg_str_from(ip) };
	outcome o[3] = { { 0 }, { 0 }, { 0 } };
	rg_query q;
	kit k;

	open_alice(&k, DEFERRED);
	rg_query_init(&q, sizeof q);
	q.aor = rg_str_from(aor);
	q.contact = rg_str_from(contact);
	q.callid = rg_str_from(callid);
	q.ips = &where;
	q.n_ips = 1;
	cr_expect_eq(rg_is_registered_async(k.reg, &q, kit_answered, &o[0], kit_freed, NULL, NULL), RG_PENDING);
	cr_expect_eq(rg_is_contact_registered_async(k.reg, &q, kit_answered, &o[1], kit_freed, NULL, NULL), RG_PENDING);
	cr_expect_eq(rg_is_ip_registered_async(k.reg, &q, kit_answered, &o[2], kit_freed, NULL, NULL), RG_PENDING);
	memset(aor, '?', sizeof aor);
	memset(contact, '?', sizeof contact);
	memset(callid, '?', sizeof callid);
	memset(ip, '?', sizeof ip);
	memset(&where, '?', sizeof where);
	deferred_answer_all(k.deferred);
	cr_expect_eq(o[0].n, 4);
	cr_expect_eq(o[1].n, 1);
	cr_expect_eq(o[2].n, 1);
	kit_close(&k);
}
