/* SPDX-License-Identifier: MIT */
/* The flags of save and of lookup, base specification §1.4.1 and §1.4.4, in its order. */
#include "kit.h"

ROW_AS(save_flag, memory_only, "memory-only", "1.4.1")
{
	rg_store *main = NULL, *local = NULL, *both = NULL;

	SAVE(.contact = A, .flags = "memory-only");
	cr_expect_eq(h->warnings, 1, "there is no memory apart from the one store");
	IS(FOUND(), AS_A);
	cr_assert_eq(rg_memory_store_new(NULL, &main, NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &local, NULL), RG_OK);
	cr_assert_eq(rg_store_overlay(main, local, &both, NULL), RG_OK);
	host_over(h, both);
	SAVE(.contact = A, .flags = "memory-only");
	SAVE(.contact = B);
	cr_expect_eq(h->warnings, 1);
	IS(FOUND(), AS_A " sip:b@192.0.2.2");
	host_over(h, main); /* what another node sees of it, and this one after a restart */
	IS(FOUND(), "1 sip:b@192.0.2.2");
	rg_store_unref(local);
}

ROW_AS(save_flag, no_reply, "no-reply", "1.4.1")
{
	post p;

	SAVE(.contact = A);
	cr_expect_eq(rg_response_no_reply(h->response), 0);
	post_open(&p, REGISTER_TEXT(2, "Contact: " B "\r\n"));
	IS(posted(h, &p, ""), "200");
	cr_expect_not_null(p.sofia.reply);
	post_close(&p);
	post_open(&p, REGISTER_TEXT(3, "Contact: " C "\r\n"));
	IS(posted(h, &p, "no-reply"), "200");
	cr_expect_null(p.sofia.reply);
	post_close(&p);
	cr_expect_eq(rg_response_no_reply(h->response), 1);
	IS(FOUND(), AS_A " sip:b@192.0.2.2 sip:c@192.0.2.3");
}

ROW_AS(save_flag, max_contacts, "max-contacts", "1.4.1")
{
	set(h, "max_contacts", "1");
	IS(SAVE(.contact = A ", " B), "503 Too many registered contacts");
	IS(SAVE(.contact = A ", " B, .flags = "max-contacts=2"), "200 " A ";expires=3600, " B ";expires=3600");
	IS(SAVE(.contact = C, .flags = "max-contacts=2"), "503 Too many registered contacts");
	IS(SAVE(.contact = C, .flags = "max-contacts=0, only-request-contacts"), "200 " C ";expires=3600");
	set(h, "max_contacts", "0");
	IS(SAVE(.contact = "<sip:d@192.0.2.4>", .flags = "max-contacts=3"), "503 Too many registered contacts");
}

ROW_AS(save_flag, force_registration, "force-registration", "1.4.1")
{
	SAVE(.contact = A);
	h->now += 1000;
	SAVE(.contact = B);
	h->now += 1000;
	IS(SAVE(.contact = C, .flags = "max-contacts=2"), "503 Too many registered contacts");
	IS(SAVE(.contact = C, .flags = "max-contacts=2, force-registration"), "200 " C ";expires=3600, " B ";expires=3599");
	IS(FOUND(), "1 sip:b@192.0.2.2 sip:c@192.0.2.3");
	IS(SAVE(.contact = A ", " B ", " C, .flags = "max-contacts=2, force-registration"), "503 Too many registered contacts");
	IS(FOUND(), "1 sip:b@192.0.2.2 sip:c@192.0.2.3");
	set(h, "max_contacts", "2");
	h->now += 1000;
	IS(SAVE(.contact = A, .flags = "force-registration"), "200 " A ";expires=3600, " C ";expires=3599");
}

ROW_AS(save_flag, matching_mode, "matching-mode", "1.4.1")
{
#define LINE(host) "<sip:alice@" host ";rinstance=77>"
	IS(SAVE(.contact = A, .flags = "matching-mode=0"), "200 " A ";expires=3600");
	IS(SAVE(.contact = A, .callid = "c2", .flags = "matching-mode=0"), "200 " A ";expires=3600");
	IS(SAVE(.contact = A, .callid = "c2", .flags = "matching-mode=1"), "200 " A ";expires=3600");
	IS(SAVE(.contact = A, .callid = "c3", .flags = "matching-mode=1"), "200 " A ";expires=3600, " A ";expires=3600");
	SAVE(.contact = "*", .expires = "0");
	SAVE(.contact = LINE("192.0.2.1"), .flags = "matching-mode=<rinstance>");
	IS(SAVE(.contact = LINE("192.0.2.2"), .flags = "matching-mode=<rinstance>"), "200 " LINE("192.0.2.2") ";expires=3600");
	IS(SAVE(.contact = LINE("192.0.2.3"), .flags = "matching-mode=0"),
		"200 " LINE("192.0.2.3") ";expires=3600, " LINE("192.0.2.2") ";expires=3600");
}

#define P "<sip:p1.example.org;lr>"
#define NO_PATH "420 No support for found Path indicated"

/* How alice is reached: the Route set, if the last lookup found her alone. */
static const char *path(host *h)
{
	return strcmp(FOUND(), AS_A) == 0 ? text(h, target(h, 0).path) : "nobody";
}

ROW_AS(save_flag, path_off, "path-off", "1.4.1")
{
	IS(SAVE(.contact = A, .path = P), "200 " A ";expires=3600");
	IS(path(h), "-"); /* without a flag Path is ignored */
	IS(SAVE(.contact = A, .path = P, .supported = "path", .flags = "path-off"), "200 " A ";expires=3600");
	IS(header(h, "Path"), "");
	IS(path(h), P);
	IS(text(h, target(h, 0).next_hop), "sip:p1.example.org;lr");
}

ROW_AS(save_flag, path_lazy, "path-lazy", "1.4.1")
{
	IS(SAVE(.contact = A, .path = P, .flags = "path-lazy"), "200 " A ";expires=3600");
	IS(header(h, "Path"), "");
	IS(path(h), P);
	IS(SAVE(.contact = A, .path = P ", <sip:p2.example.org;lr>", .supported = "timer, path", .flags = "path-lazy"),
		"200 " A ";expires=3600");
	IS(header(h, "Path"), P ", <sip:p2.example.org;lr>");
	IS(path(h), P "\n<sip:p2.example.org;lr>");
}

ROW_AS(save_flag, path_strict, "path-strict", "1.4.1")
{
	IS(SAVE(.contact = A, .path = P, .flags = "path-strict"), NO_PATH);
	IS(header(h, "Unsupported"), "path");
	IS(header(h, "Path"), P);
	IS(path(h), "nobody");
	IS(SAVE(.contact = A, .path = P, .flags = "path-strict, no-reply"), NO_PATH);
	IS(path(h), "nobody");
	IS(SAVE(.contact = A, .flags = "path-strict"), "200 " A ";expires=3600");
	IS(SAVE(.contact = A, .path = P, .supported = "path", .flags = "path-strict"), "200 " A ";expires=3600");
	IS(header(h, "Path"), P);
	IS(path(h), P);
}

ROW_AS(save_flag, path_received, "path-received", "1.4.1")
{
#define BALANCER "<sip:lb.example.org;lr;received=sip:198.51.100.9:40000%3Btransport%3Dtcp>"
	set(h, "nat_bflag", "3");
	SAVE(.contact = A, .path = BALANCER, .flags = "path-lazy");
	IS(path(h), BALANCER);
	IS(text(h, target(h, 0).received), "-");
	cr_expect_eq(target(h, 0).branch_flags, 0);
	SAVE(.contact = A, .path = BALANCER ", <sip:p2.example.org;lr;received=sip:192.0.2.99>", .flags = "path-lazy, path-received");
	IS(path(h), BALANCER "\n<sip:p2.example.org;lr;received=sip:192.0.2.99>");
	IS(text(h, target(h, 0).received), "sip:198.51.100.9:40000;transport=tcp");
	cr_expect_eq(target(h, 0).branch_flags, 1 << 3);
	SAVE(.contact = A, .path = P, .flags = "path-lazy, path-received");
	IS(path(h), P);
	IS(text(h, target(h, 0).received), "-");
}

ROW_AS(save_flag, only_request_contacts, "only-request-contacts", "1.4.1")
{
	SAVE(.contact = A);
	IS(SAVE(.contact = B), "200 " B ";expires=3600, " A ";expires=3600");
	IS(SAVE(.contact = B, .flags = "only-request-contacts"), "200 " B ";expires=3600");
	IS(FOUND(), AS_A " sip:b@192.0.2.2");
}

ROW_AS(save_flag, socket_header, "socket-header", "1.4.1")
{
	set(h, "sock_hdr_name", "Sock-Info");
	SAVE(.contact = A, .socket = "udp:203.0.113.1:5060", .socket_header = "tcp:203.0.113.2:5062");
	IS(FOUND(), AS_A);
	IS(text(h, target(h, 0).socket), "udp:203.0.113.1:5060");
	SAVE(.contact = A, .socket = "udp:203.0.113.1:5060", .socket_header = "tcp:203.0.113.2:5062", .flags = "socket-header");
	IS(FOUND(), AS_A);
	IS(text(h, target(h, 0).socket), "tcp:203.0.113.2:5062");
	SAVE(.contact = A, .socket = "udp:203.0.113.1:5060", .socket_header = "tls:[2001:db8::2]:5061", .flags = "socket-header");
	IS(FOUND(), AS_A);
	IS(text(h, target(h, 0).socket), "tls:[2001:db8::2]:5061");
}

ROW_AS(save_flag, min_expires, "min-expires", "1.4.1")
{
	IS(SAVE(.contact = A ";expires=119", .flags = "min-expires=120"), "200 " A ";expires=120");
	IS(SAVE(.contact = A ";expires=121", .flags = "min-expires=120"), "200 " A ";expires=121");
	IS(SAVE(.contact = A ";expires=30"), "200 " A ";expires=60");
	IS(SAVE(.contact = A ";expires=30", .flags = "min-expires=0"), "200 " A ";expires=30");
	set(h, "min_expires", "300");
	IS(SAVE(.contact = A ";expires=30", .flags = "min-expires=120"), "200 " A ";expires=120");
}

ROW_AS(save_flag, max_expires, "max-expires", "1.4.1")
{
	IS(SAVE(.contact = A ";expires=121", .flags = "max-expires=120"), "200 " A ";expires=120");
	IS(SAVE(.contact = A ";expires=119", .flags = "max-expires=120"), "200 " A ";expires=119");
	set(h, "max_expires", "300");
	IS(SAVE(.contact = A ";expires=900"), "200 " A ";expires=300");
	IS(SAVE(.contact = A ";expires=900", .flags = "max-expires=600"), "200 " A ";expires=600");
	IS(SAVE(.contact = A ";expires=900", .flags = "max-expires=0"), "200 " A ";expires=900");
}

ROW_AS(lookup_flag, no_branches, "no-branches", "1.4.4")
{
	SAVE(.contact = A ";q=0.3, " B ";q=0.7, " C ";q=0.5");
	IS(FOUND(), "1 sip:b@192.0.2.2 sip:c@192.0.2.3 sip:a@192.0.2.1");
	IS(FOUND(.flags = "no-branches"), "1 sip:b@192.0.2.2");
}

ROW_AS(lookup_flag, to_branches_only, "to-branches-only", "1.4.4")
{
	post p;

	SAVE(.contact = A ", " B);
	IS(FOUND(), AS_A " sip:b@192.0.2.2");
	cr_expect_eq(rg_targets_branches_only(h->targets), 0);
	IS(FOUND(.flags = "to-branches-only"), AS_A " sip:b@192.0.2.2");
	cr_expect_eq(rg_targets_branches_only(h->targets), 1);
	IS(FOUND(.uri = "sip:bob@example.org", .flags = "to-branches-only"), NOBODY);
	post_open(&p, INVITE_TEXT(""));
	routed(h, &p, "to-branches-only");
	cr_expect(strstr(sent(h, &p), "INVITE sip:alice@example.org SIP/2.0\r\n"), "%s", sent(h, &p));
	cr_expect_eq(p.sofia.routed, -1);
	cr_expect_eq(rg_sofia_message_target_count(&p.sofia), 2);
	post_close(&p);
	IS(FOUND(.bits = RG_REQUEST_REPLY, .aor = "sip:alice@example.org", .flags = "to-branches-only"), AS_A " sip:b@192.0.2.2");
}

/* Existing branches that are AoRs are expanded, in place; a branch that nobody is behind goes. */
ROW_AS(lookup_flag, branch, "branch", "1.4.4")
{
	rg_lookup_options *options = NULL;

	SAVE(.contact = A);
	SAVE(.to = "<sip:bob@example.org>", .contact = B ", " C);
	IS(FOUND(.branch = { "sip:bob@example.org", "sip:carol@example.org" }), AS_A);
	IS(FOUND(.branch = { "sip:bob@example.org", "sip:carol@example.org" }, .flags = "branch"), AS_A " sip:b@192.0.2.2 sip:c@192.0.2.3");
	cr_expect_eq(target(h, 0).branch, -1);
	cr_expect_eq(target(h, 2).branch, 0);
	cr_expect_eq(rg_lookup_options_new(RG_STR("branch, no-branches"), &options, NULL), RG_EINVAL);
}

ROW_AS(lookup_flag, method_filtering, "method-filtering", "1.4.4")
{
	SAVE(.contact = A, .allow = "INVITE, ACK, BYE");
	SAVE(.contact = B);
	SAVE(.contact = C, .allow = "MESSAGE");
	IS(FOUND(.method = "MESSAGE"), AS_A " sip:b@192.0.2.2 sip:c@192.0.2.3");
	IS(FOUND(.method = "MESSAGE", .flags = "method-filtering"), "1 sip:b@192.0.2.2 sip:c@192.0.2.3");
	IS(FOUND(.method = "BYE", .flags = "method-filtering"), AS_A " sip:b@192.0.2.2");
}

ROW_AS(lookup_flag, ua_filtering, "ua-filtering", "1.4.4")
{
	SAVE(.contact = A, .user_agent = "Desk Phone/1");
	SAVE(.contact = B, .user_agent = "softphone 2");
	SAVE(.contact = C, .user_agent = "Chat/3");
	IS(FOUND(.flags = "ua-filtering=/phone/"), "1 sip:b@192.0.2.2");
	IS(FOUND(.flags = "ua-filtering=/phone/i"), AS_A " sip:b@192.0.2.2");
	IS(FOUND(.flags = "ua-filtering=/[A-Z].*\\/[0-9]/"), AS_A " sip:c@192.0.2.3");
	IS(FOUND(.flags = "ua-filtering=/fax/"), "-1 480");
}

ROW_AS(lookup_flag, case_insensitive, "case-insensitive", "1.4.4")
{
	SAVE(.contact = A, .user_agent = "Desk Phone/1");
	IS(FOUND(.flags = "ua-filtering=/phone/"), "-1 480");
	IS(FOUND(.flags = "ua-filtering=/phone/, case-insensitive"), AS_A);
	IS(FOUND(.flags = "case-insensitive, ua-filtering=/fax/"), "-1 480");
}

ROW_AS(lookup_flag, extended_regexp, "extended-regexp", "1.4.4")
{
	SAVE(.contact = A, .user_agent = "Desk/1");
	SAVE(.contact = B, .user_agent = "(Desk|Soft)/2");
	IS(FOUND(.flags = "ua-filtering=/^(Desk|Soft)/"), "1 sip:b@192.0.2.2");
	IS(FOUND(.flags = "ua-filtering=/^(Desk|Soft)/, extended-regexp"), AS_A);
}

/* Two sites, each with a store of its own, and one that they share. */
ROW_AS(lookup_flag, global, "global", "1.4.4")
{
	rg_store *shared = NULL;
	host there;

	host_open(&there);
	cr_assert_eq(rg_memory_store_new(NULL, &shared, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(h->reg, shared, RG_STR("203.0.113.1"), NULL, NULL), RG_OK);
	cr_assert_eq(rg_registrar_federate(there.reg, shared, RG_STR("203.0.113.2"), NULL, NULL), RG_OK);
	SAVE(.contact = A);
	save(&there, (said){ .contact = B });
	cr_expect_eq(rg_registrar_tick(h->reg, 0, NULL), RG_OK);
	cr_expect_eq(rg_registrar_tick(there.reg, 0, NULL), RG_OK);
	IS(FOUND(), AS_A);
	IS(FOUND(.flags = "global"), AS_A " sip:alice@example.org");
	IS(text(h, target(h, 1).home), "sip:203.0.113.2");
	save(&there, (said){ .contact = "*", .expires = "0" });
	cr_expect_eq(rg_registrar_tick(there.reg, 0, NULL), RG_OK);
	IS(FOUND(.flags = "global"), AS_A);
	rg_store_unref(shared);
	host_close(&there);
}

/* What a ping of the Contact took, in microseconds. */
static void pinged(host *h, const char *contact, uint32_t took)
{
	cr_assert_eq(rg_set_latency(h->reg, RG_STR("location"), RG_STR("sip:alice@example.org"), rg_str_from(contact), took, NULL, NULL),
		RG_OK);
}

ROW_AS(lookup_flag, max_ping_latency, "max-ping-latency", "1.4.4")
{
	SAVE(.contact = A ", " B ", " C);
	pinged(h, A, 50000);
	pinged(h, B, 50001);
	IS(FOUND(), AS_A " sip:b@192.0.2.2 sip:c@192.0.2.3");
	IS(FOUND(.flags = "max-ping-latency=50000"), AS_A " sip:c@192.0.2.3"); /* nobody pinged the third */
	IS(FOUND(.flags = "max-ping-latency=49999"), "1 sip:c@192.0.2.3");
}

ROW_AS(lookup_flag, sort_by_latency, "sort-by-latency", "1.4.4")
{
	SAVE(.contact = A ";q=1, " B ";q=0.5, " C ";q=0.1");
	pinged(h, A, 90000);
	pinged(h, B, 20000);
	pinged(h, C, 50000);
	IS(FOUND(), AS_A " sip:b@192.0.2.2 sip:c@192.0.2.3");
	IS(FOUND(.flags = "sort-by-latency"), "1 sip:b@192.0.2.2 sip:c@192.0.2.3 sip:a@192.0.2.1");
	IS(FOUND(.flags = "sort-by-latency, max-ping-latency=60000"), "1 sip:b@192.0.2.2 sip:c@192.0.2.3");
}
