/* SPDX-License-Identifier: MIT */
/* The functions and their return codes, base specification §1.4 and §1.5, and the statistics, §1.6, in its order. */
#include "kit.h"

#define ALICE "sip:alice@example.org"
#define BOB "sip:bob@example.org"
#define ABSENT ((rg_str){ NULL, 0 })

static const char *tag_of(host *h, const char *aor)
{
	rg_query q = query(aor);
	rg_answer *answer = NULL;
	rg_contact c = { .struct_size = sizeof c };

	cr_assert_eq(rg_is_registered(h->reg, &q, &answer, NULL), RG_OK);
	cr_assert_eq(rg_answer_contact(answer, 0, &c), RG_OK);
	const char *tag = text(h, c.ownership_tag);
	rg_answer_free(answer);
	return tag;
}

ROW(function, save, "1.4.1")
{
	IS(SAVE(.contact = A ", " B ";expires=600"), "200 " A ";expires=3600, " B ";expires=600");  /* adds */
	IS(SAVE(.contact = B ";expires=900"), "200 " B ";expires=900, " A ";expires=3600");         /* modifies */
	IS(SAVE(.contact = A ";expires=0"), "200 " B ";expires=900");                               /* removes */
	IS(SAVE(.contact = NULL), "200 " B ";expires=900");                                                        /* lists */
	IS(SAVE(.contact = A ", <sip:>"), "400 Contact parse error");
	IS(FOUND(), "1 sip:b@192.0.2.2");
	IS(SAVE(.contact = "*", .expires = "0"), "200");
	IS(FOUND(), NOBODY);
	IS(SAVE(.contact = A, .domain = "elsewhere"), "200 " A ";expires=3600");                    /* domain */
	IS(FOUND(), NOBODY);
	IS(SAVE(.contact = A, .aor = BOB, .tag = "vip"), "200 " A ";expires=3600");                 /* aor, ownership_tag */
	IS(FOUND(), NOBODY);
	IS(FOUND(.uri = BOB), AS_A);
	IS(tag_of(h, BOB), "vip");
	SAVE(.contact = A);
	IS(tag_of(h, ALICE), "-");
}

/* Puts the same four bindings in, and says how many of them these conditions remove, and what is left. */
static const char *removed(host *h, const char *contact, const char *next_hop, const char *instance)
{
	rg_remove_filter f;
	uint32_t n = 99;
	char count[16];

	SAVE(.contact = "*", .expires = "0", .to = "<" BOB ">");
	SAVE(.contact = "<sip:bob@192.0.2.1>, <sip:bob@192.0.2.2>;+sip.instance=\"<urn:uuid:0>\"", .to = "<" BOB ">");
	SAVE(.contact = "<sip:bob@192.0.2.3>", .received = "sip:50.60.50.60:4000", .to = "<" BOB ">");
	SAVE(.contact = "<sip:bob@50.60.50.60>", .received = "sip:192.0.2.77", .path = "<sip:192.0.2.78;lr>", .flags = "path-off",
		.to = "<" BOB ">");
	rg_remove_filter_init(&f, sizeof f);
	f.aor = RG_STR(BOB);
	f.contact = rg_str_from(contact);
	f.next_hop = rg_str_from(next_hop);
	f.instance = rg_str_from(instance);
	cr_expect_eq(rg_remove(h->reg, &f, &n, NULL), RG_OK);
	snprintf(count, sizeof count, "%u:", n);
	FOUND(.uri = BOB);
	for (uint32_t i = 0; i < rg_targets_count(h->targets); i++)
		snprintf(count + strlen(count), 3, " %c", target(h, i).uri.p[target(h, i).uri.n - 1]);
	return text(h, rg_str_from(count));
}

ROW(function, remove, "1.4.2")
{
	SAVE(.contact = A);
	IS(removed(h, NULL, NULL, NULL), "4:");
	IS(removed(h, "sip:bob@192.0.2.1", NULL, NULL), "1: 2 3 0");
	IS(removed(h, NULL, "50.60.50.60", NULL), "1: 1 2 0"); /* received is the next hop, and Path before it */
	IS(removed(h, NULL, "gateway.example.org", NULL), "1: 1 2 0");
	IS(removed(h, NULL, "other.example.org", NULL), "0: 1 2 3 0");
	IS(removed(h, NULL, "192.0.2.78", NULL), "1: 1 2 3");
	IS(removed(h, NULL, "192.0.2.77", NULL), "0: 1 2 3 0");
	IS(removed(h, NULL, NULL, "<urn:uuid:0>"), "1: 1 3 0");
	IS(removed(h, "sip:bob@192.0.2.3", "50.60.50.60", NULL), "1: 1 2 0");
	IS(removed(h, "sip:bob@192.0.2.1", "50.60.50.60", NULL), "0: 1 2 3 0");
	IS(FOUND(), AS_A);
}

static uint32_t removed_at(host *h, const char *ip, int32_t port, const char *aor)
{
	uint32_t n = 99;

	SAVE(.contact = "<sip:a@192.0.2.1>", .received = "sip:203.0.113.8:43213");
	SAVE(.contact = "<sip:b@203.0.113.8:43213>, <sip:b@192.0.2.2>, <sip:b@[2001:db8::1]:43213>", .to = "<" BOB ">");
	cr_expect_eq(rg_remove_ip_port(h->reg, RG_STR("location"), rg_str_from(ip), port, rg_str_from(aor), &n, NULL), RG_OK);
	return n;
}

ROW(function, remove_ip_port, "1.4.3")
{
	cr_expect_eq(removed_at(h, "203.0.113.8", 43213, NULL), 2);
	IS(FOUND(), NOBODY);
	IS(FOUND(.uri = BOB), "1 sip:b@192.0.2.2 sip:b@[2001:db8::1]:43213");
	cr_expect_eq(removed_at(h, "203.0.113.8", 43213, BOB), 1);
	IS(FOUND(), AS_A);
	cr_expect_eq(removed_at(h, "203.0.113.8", 43214, NULL), 0);
	cr_expect_eq(removed_at(h, "192.0.2.1", 5060, NULL), 0, "it is behind another address");
	cr_expect_eq(removed_at(h, "2001:DB8:0::1", 43213, NULL), 1);
	cr_expect_eq(removed_at(h, "192.0.2.2", 5060, NULL), 1);
}

ROW(function, lookup, "1.4.4")
{
	post p;

	SAVE(.contact = A ";q=0.1", .received = "sip:198.51.100.9:40000");
	SAVE(.contact = B ";q=0.9", .path = "<sip:p1.example.org;lr>", .flags = "path-off");
	IS(FOUND(.uri = "sip:alice@EXAMPLE.org:5070;x=1"), "1 sip:b@192.0.2.2 sip:a@192.0.2.1"); /* the Request-URI says whom */
	IS(text(h, target(h, 0).next_hop), "sip:p1.example.org;lr");
	IS(text(h, target(h, 1).next_hop), "sip:198.51.100.9:40000");
	IS(FOUND(.uri = BOB, .aor = ALICE), "1 sip:b@192.0.2.2 sip:a@192.0.2.1");
	post_open(&p, INVITE_TEXT("Route: <sip:next.example.org;lr>\r\n"));
	routed(h, &p, NULL);
	const char *out = sent(h, &p);
	cr_expect_eq(strncmp(out, "INVITE sip:b@192.0.2.2 SIP/2.0\r\n", 32), 0, "%s", out);
	const char *first = strstr(out, "<sip:p1.example.org;lr>"), *second = strstr(out, "<sip:next.example.org;lr>");
	cr_expect(first && second && first < second, "Path goes in front of the first Route: %s", out);
	IS(text(h, p.sofia.next_hop), "sip:p1.example.org;lr");
	cr_expect_eq(p.sofia.routed, 0);
	cr_expect_eq(rg_sofia_message_target_count(&p.sofia), 2, "the other is the host's to fork to");
	post_close(&p);
}

ROW_AS(lookup_code, found, "1", "1.4.4")
{
	SAVE(.contact = A);
	IS(FOUND(), AS_A);
	cr_expect_eq(rg_targets_result(h->targets), 1);
	cr_expect_eq(rg_targets_code(h->targets), 0);
}

ROW_AS(lookup_code, pushed, "2", "1.4.4")
{
	rg_contact woken = { .struct_size = sizeof woken };

	set(h, "pn_providers", "apns");
	set(h, "pn_enable", "true");
	SAVE(.contact = "<sip:a@192.0.2.1;pn-provider=apns;pn-prid=x;pn-param=y>");
	IS(FOUND(), "2 480"); /* the code if it does not wake up */
	cr_expect_eq(rg_targets_result(h->targets), RG_LOOKUP_PUSHED);
	cr_expect_eq(rg_targets_wake_count(h->targets), 1);
	cr_assert_eq(rg_targets_wake_contact(h->targets, 0, &woken), RG_OK);
	IS(text(h, woken.uri), "sip:a@192.0.2.1;pn-provider=apns;pn-prid=x;pn-param=y");
	SAVE(.contact = B, .callid = "c2");
	IS(FOUND(), "1 sip:b@192.0.2.2"); /* one is awake */
	cr_expect_eq(rg_targets_wake_count(h->targets), 1);
	IS(FOUND(.flags = "no-branches"), "2 480"); /* only the best is woken */
}

ROW_AS(lookup_code, none, "-1", "1.4.4")
{
	IS(FOUND(), "-1 404");
	SAVE(.contact = A ";expires=60");
	IS(FOUND(), AS_A);
	h->now += 60000;
	IS(FOUND(), "-1 404");
}

ROW_AS(lookup_code, method, "-2", "1.4.4")
{
	SAVE(.contact = A ", " B, .allow = "INVITE, ACK");
	IS(FOUND(.method = "MESSAGE"), AS_A " sip:b@192.0.2.2");
	IS(FOUND(.method = "MESSAGE", .flags = "method-filtering"), "-2 405");
	SAVE(.contact = C);
	IS(FOUND(.method = "MESSAGE", .flags = "method-filtering"), "1 sip:c@192.0.2.3");
	IS(FOUND(.uri = BOB, .method = "MESSAGE", .flags = "method-filtering"), "-1 404");
}

ROW_AS(lookup_code, error, "-3", "1.4.4")
{
	IS(FOUND(), NOBODY);
	host_over(h, broken_store());
	IS(FOUND(), "-3 503"); /* which is never taken for nobody */
	IS(SAVE(.contact = A), "503 Location store unavailable");
}

ROW(function, is_registered, "1.4.5")
{
	rg_answer *answer = NULL;
	rg_query q = query(ALICE);
	rg_request r;

	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "no");
	SAVE(.contact = A ";expires=60", .attr = "desk");
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:a@192.0.2.1");
	rg_request_init(&r, sizeof r);
	q = query(NULL);
	q.request = &r;
	r.to_header = RG_STR("<" ALICE ">");
	r.from_header = RG_STR("<" BOB ">;tag=1");
	r.method = RG_STR("REGISTER");
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:a@192.0.2.1");
	r.method = RG_STR("INVITE");
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "no"); /* From says whom: bob */
	r.flags = RG_REQUEST_REPLY;
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "RG_EINVAL");
	q.aor = RG_STR(ALICE);
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:a@192.0.2.1");
	q.domain = RG_STR("elsewhere");
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "no");
	q = query(ALICE);
	h->now += 60000;
	IS(answered(h, rg_is_registered(h->reg, &q, &answer, NULL), &answer), "no");
}

ROW(function, is_contact_registered, "1.4.6")
{
	rg_answer *answer = NULL;
	rg_query q = query(ALICE);
	rg_str line = RG_STR(B ", " A);
	rg_request r;

	SAVE(.contact = A, .callid = "one");
	SAVE(.contact = B, .callid = "two");
	q.contact = RG_STR("sip:a@192.0.2.1");
	IS(answered(h, rg_is_contact_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:a@192.0.2.1");
	q.callid = RG_STR("two");
	IS(answered(h, rg_is_contact_registered(h->reg, &q, &answer, NULL), &answer), "no");
	q.contact = ABSENT;
	IS(answered(h, rg_is_contact_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:b@192.0.2.2");
	q.callid = RG_STR("three");
	IS(answered(h, rg_is_contact_registered(h->reg, &q, &answer, NULL), &answer), "no");
	q.callid = ABSENT;
	q.contact = RG_STR(C);
	IS(answered(h, rg_is_contact_registered(h->reg, &q, &answer, NULL), &answer), "no");
	q.contact = ABSENT;
	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.from_header = RG_STR("<" ALICE ">;tag=1");
	r.contacts = &line;
	r.n_contacts = 1;
	q.request = &r;
	q.aor = ABSENT;
	IS(answered(h, rg_is_contact_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:b@192.0.2.2"); /* the first of the request */
}

ROW(function, is_ip_registered, "1.4.7")
{
	rg_ip_port ips[2] = { { .ip = RG_STR("198.51.100.9") }, { .ip = RG_STR("192.0.2.2") } };
	rg_answer *answer = NULL;
	rg_query q = query(ALICE);

	SAVE(.contact = A, .received = "sip:198.51.100.9:40000");
	SAVE(.contact = "<sip:b@192.0.2.2:5070>, <sip:c@[2001:db8::3]>");
	q.ips = ips;
	q.n_ips = 1;
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:a@192.0.2.1");
	ips[0].port = 40000;
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:a@192.0.2.1");
	ips[0].port = 5060;
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "no");
	q.n_ips = 2;
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:b@192.0.2.2:5070");
	ips[1].ip = RG_STR("192.0.2.1");
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "no"); /* the Contact says so, received does not */
	ips[1].ip = RG_STR("2001:DB8::0:3");
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "yes sip:c@[2001:db8::3]");
	q.aor = RG_STR(BOB);
	IS(answered(h, rg_is_ip_registered(h->reg, &q, &answer, NULL), &answer), "no");
}

ROW(function, add_sock_hdr, "1.4.8")
{
	char room[RG_SOCKET_ROOM];
	rg_str value;
	post p;

	post_open(&p, REGISTER_TEXT(1, "Contact: " A "\r\n"));
	p.source.socket = RG_STR("UDP:203.0.113.1:5060");
	cr_expect_null(strstr(sent(h, &p), "Sock-Info"));
	cr_expect_eq(rg_add_socket_header(h->reg, &p.msg, RG_STR("Sock-Info"), NULL), RG_OK);
	cr_expect(strstr(sent(h, &p), "\r\nSock-Info: udp:203.0.113.1:5060\r\n"), "%s", sent(h, &p));
	cr_expect_eq(rg_add_socket_header(h->reg, &p.msg, RG_STR("Sock Info"), NULL), RG_EINVAL);
	post_close(&p);
	cr_expect_eq(rg_socket_header(RG_STR("tls:[2001:DB8:0::1]:5061"), room, sizeof room, &value), RG_OK);
	IS(text(h, value), "tls:[2001:db8::1]:5061");
}

/* What rg_pn_process_purr() says about a BYE with this PURR. */
typedef struct resumed {
	bool called;
	rg_status status;
	int32_t result;
	uint32_t targets;
} resumed;

static void resume(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	*(resumed *)user = (resumed){ true, status, result, rg_targets_count(targets) };
	rg_targets_free(targets);
}

static void within_dialog(host *h, const char *purr, resumed *out)
{
	char uri[2048];
	rg_request r;

	*out = (resumed){ false, RG_OK, 0, 0 };
	rg_request_init(&r, sizeof r);
	r.method = RG_STR("BYE");
	snprintf(uri, sizeof uri, "sip:a@192.0.2.1;pn-purr=%s", purr);
	r.request_uri = rg_str_from(uri);
	rg_status st = rg_pn_process_purr(h->reg, &r, resume, out, NULL, NULL, NULL);

	cr_expect_eq(st, out->called ? RG_OK : RG_PENDING);
}

#define ASLEEP_PHONE "<sip:a@192.0.2.1;pn-provider=apns;pn-prid=x;pn-param=y>"

/* The PURR of a phone that has just registered, and is asleep. */
static const char *purr_of_phone(host *h)
{
	static char purr[1024];

	set(h, "pn_providers", "apns");
	set(h, "pn_enable", "true");
	set(h, "pn_enable_purr", "true");
	SAVE(.contact = ASLEEP_PHONE);
	const char *at = strstr(header(h, "Feature-Caps"), ";+sip.pnspurr=\"");

	cr_assert(at && sscanf(at, ";+sip.pnspurr=\"%1023[^\"]", purr) == 1);
	return purr;
}

ROW(function, pn_process_purr, "1.5.1")
{
	resumed woken;

	within_dialog(h, purr_of_phone(h), &woken);
	cr_expect_not(woken.called);
	SAVE(.contact = ASLEEP_PHONE);
	cr_expect_eq(woken.result, 1);
	cr_expect_eq(woken.targets, 1);
}

ROW_AS(purr_code, launched, "1", "1.5.1")
{
	resumed woken;

	cr_expect_eq(RG_PURR_RESUMED, 1);
	within_dialog(h, purr_of_phone(h), &woken);
	h->now += 6000;
	rg_registrar_tick(h->reg, 0, NULL);
	cr_expect_eq(woken.result, 1);
	cr_expect_eq(woken.status, RG_OK);
}

ROW_AS(purr_code, not_launched, "2", "1.5.1")
{
	resumed woken;

	cr_expect_eq(RG_PURR_NOTHING, 2);
	within_dialog(h, "nobodys", &woken);
	cr_expect_eq(woken.result, 2);
	set(h, "pn_skip_pn_interval", "10");
	within_dialog(h, purr_of_phone(h), &woken);
	cr_expect_eq(woken.result, 2);
}

ROW_AS(purr_code, error, "-1", "1.5.1")
{
	const char *purr = purr_of_phone(h);
	resumed woken;

	cr_expect_eq(RG_PURR_ERROR, -1);
	within_dialog(h, purr, &woken);
	rg_registrar_shutdown(h->reg);
	cr_expect_eq(woken.result, -1);
	cr_expect_eq(woken.status, RG_ECANCELED);
}

ROW(statistic, max_expires, "1.6.1")
{
	cr_expect_eq(statistic(h, "max_expires"), 0);
	set(h, "max_expires", "7200");
	cr_expect_eq(statistic(h, "max_expires"), 7200);
}

ROW(statistic, max_contacts, "1.6.2")
{
	cr_expect_eq(statistic(h, "max_contacts"), 0);
	set(h, "max_contacts", "10");
	cr_expect_eq(statistic(h, "max_contacts"), 10);
}

ROW(statistic, defaults_expires, "1.6.3")
{
	cr_expect_eq(statistic(h, "defaults_expires"), 3600);
	set(h, "default_expires", "1800");
	cr_expect_eq(statistic(h, "defaults_expires"), 1800);
	cr_expect_eq(statistic(h, "default_expires"), 1800);
}

ROW(statistic, accepted_regs, "1.6.4")
{
	cr_expect_eq(statistic(h, "accepted_regs"), 0);
	SAVE(.contact = A);
	SAVE(.contact = NULL);
	SAVE(.contact = "<sip:>");
	FOUND();
	cr_expect_eq(statistic(h, "accepted_regs"), 2);
}

ROW(statistic, rejected_regs, "1.6.5")
{
	cr_expect_eq(statistic(h, "rejected_regs"), 0);
	SAVE(.contact = A);
	SAVE(.contact = "<sip:>");
	SAVE(.contact = B, .flags = "max-contacts=1");
	cr_expect_eq(statistic(h, "rejected_regs"), 2);
	cr_expect_eq(statistic(h, "rejects_parse_cont"), 1);
	cr_expect_eq(statistic(h, "rejects_too_many"), 1);
}
