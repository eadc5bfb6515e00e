/* SPDX-License-Identifier: MIT */
/* remove and remove_ip_port, sentence by sentence (base specification §1.4.2, §1.4.3). */
#include "bindings.h"
#include <stdio.h>

#define NO ((rg_str){ NULL, 0 })
#define ALL "ABCDEFG"

/* One AoR with a binding of every kind, each named by the first octet of its user. */
static const bound alices[] = {
	{ "<sip:A@192.0.2.1>;+sip.instance=\"<urn:uuid:0000000a-0000-4000-8000-00000000000A>\"", .branch_flags = 1 },
	{ "<sip:B@192.0.2.2:5070;transport=tcp>", .received = "sip:198.51.100.2:40000;transport=tcp", .branch_flags = 2 },
	{ "<sip:C@[2001:db8::3]>", .branch_flags = 4 },
	{ "<sip:D@Phone.Example>;+sip.instance=\"<urn:x:d>\"" },
	{ "<sips:E@192.0.2.5>", .branch_flags = 3 },
	{ "<tel:F>" },
	{ "<sip:G@10.0.0.1>;+sip.instance=\"<urn:x:g>\"", .received = "sip:[2001:db8::7]:5060", .branch_flags = 8 },
};

static void open_alice(kit *k, int how)
{
	kit_open(k, how);
	for (size_t i = 0; i < ROWS(alices); i++) {
		bound b = alices[i];

		b.cseq = (int)i + 1;
		cr_assert_eq(bind(k, "alice", b), 200, "%s", b.contact);
	}
}

/* What is left of ALL without @p gone. */
static const char *without(const char *gone, char room[16])
{
	size_t n = 0;

	for (const char *p = ALL; *p; p++) {
		if (!strchr(gone, *p))
			room[n++] = *p;
	}
	room[n] = '\0';
	return room;
}

typedef struct condition {
	const char *what, *contact, *next_hop, *instance, *gone;
	uint32_t branch_flags;
} condition;

static const condition conditions[] = {
	{ "none: all of it", .gone = ALL },
	{ "contact, as registered", "sip:A@192.0.2.1", .gone = "A" },
	{ "contact, in brackets", "<sip:A@192.0.2.1>", .gone = "A" },
	{ "contact, a name-addr with parameters", "\"Al, ice\" <sip:A@192.0.2.1>;expires=60;q=0.1", .gone = "A" },
	{ "contact, equal by RFC 3261 §19.1.4", "SIP:%41@192.0.2.1;x=1", .gone = "A" },
	{ "contact, another user", "sip:a@192.0.2.1", .gone = "" },
	{ "contact, a port too many", "sip:A@192.0.2.1:5060", .gone = "" },
	{ "contact, a transport too few", "sip:B@192.0.2.2:5070", .gone = "" },
	{ "contact, its transport in another case", "sip:B@192.0.2.2:5070;transport=TCP", .gone = "B" },
	{ "contact, IPv6 in another spelling", "sip:C@[2001:DB8:0:0::3]", .gone = "C" },
	{ "contact, a host name in another case", "sip:D@pHONE.eXAMPLE", .gone = "D" },
	{ "contact, sip is not sips", "sip:E@192.0.2.5", .gone = "" },
	{ "contact, another scheme octet by octet", "tel:F", .gone = "F" },
	{ "contact, another scheme in another case", "tel:f", .gone = "" },
	{ "next hop, an address", .next_hop = "192.0.2.1", .gone = "A" },
	{ "next hop, an address with its default port", .next_hop = "192.0.2.1:5060", .gone = "A" },
	{ "next hop, an address with another port", .next_hop = "192.0.2.1:5061", .gone = "" },
	{ "next hop, IPv4 written as IPv6", .next_hop = "::ffff:192.0.2.1", .gone = "A" },
	{ "next hop, not the Contact where there is a received", .next_hop = "192.0.2.2", .gone = "" },
	{ "next hop, the received", .next_hop = "198.51.100.2", .gone = "B" },
	{ "next hop, the received with its port", .next_hop = "198.51.100.2:40000", .gone = "B" },
	{ "next hop, the received with the Contact's port", .next_hop = "198.51.100.2:5070", .gone = "" },
	{ "next hop, IPv6", .next_hop = "2001:db8::3", .gone = "C" },
	{ "next hop, IPv6 spelled out", .next_hop = "2001:0DB8:0000:0000:0000:0000:0000:0003", .gone = "C" },
	{ "next hop, IPv6 in brackets", .next_hop = "[2001:db8::3]", .gone = "C" },
	{ "next hop, IPv6 with a port", .next_hop = "[2001:db8:0::3]:5060", .gone = "C" },
	{ "next hop, IPv6 with another port", .next_hop = "[2001:db8::3]:5070", .gone = "" },
	{ "next hop, an IPv6 received", .next_hop = "2001:db8::7", .gone = "G" },
	{ "next hop, the Contact behind an IPv6 received", .next_hop = "10.0.0.1", .gone = "" },
	{ "next hop, a name as text", .next_hop = "phone.example", .gone = "D" },
	{ "next hop, a name in another case, with dot and port", .next_hop = "PHONE.example.:5060", .gone = "D" },
	{ "next hop, another name", .next_hop = "phone.example.org", .gone = "" },
	{ "next hop, sips has 5061", .next_hop = "192.0.2.5:5061", .gone = "E" },
	{ "next hop, sips has not 5060", .next_hop = "192.0.2.5:5060", .gone = "" },
	{ "instance", .instance = "urn:x:d", .gone = "D" },
	{ "instance in brackets", .instance = "<urn:x:d>", .gone = "D" },
	{ "instance, a UUID in any case", .instance = "<URN:UUID:0000000A-0000-4000-8000-00000000000a>", .gone = "A" },
	{ "instance, another in any case", .instance = "urn:x:D", .gone = "" },
	{ "branch flags, one of them", .branch_flags = 2, .gone = "BE" },
	{ "branch flags, any of two", .branch_flags = 1 | 4, .gone = "ACE" },
	{ "branch flags that none has", .branch_flags = 16, .gone = "" },
	{ "contact and next hop, both", "sip:A@192.0.2.1", "192.0.2.1", .gone = "A" },
	{ "contact and next hop, one", "sip:A@192.0.2.1", "192.0.2.5", .gone = "" },
	{ "contact and instance, both", "sip:D@phone.example", .instance = "urn:x:d", .gone = "D" },
	{ "contact and instance, one", "sip:A@192.0.2.1", .instance = "urn:x:d", .gone = "" },
	{ "next hop and instance, both", .next_hop = "2001:db8::7", .instance = "urn:x:g", .gone = "G" },
	{ "next hop and instance, one", .next_hop = "2001:db8::7", .instance = "urn:x:d", .gone = "" },
	{ "next hop and branch flags, both", .next_hop = "192.0.2.5", .branch_flags = 1, .gone = "E" },
	{ "next hop and branch flags, one", .next_hop = "192.0.2.5", .branch_flags = 4, .gone = "" },
	{ "all four", "sip:G@10.0.0.1", "[2001:db8::7]:5060", "<urn:x:g>", "G", 8 },
	{ "all but one of four", "sip:G@10.0.0.1", "[2001:db8::7]:5060", "<urn:x:g>", "", 4 },
};

static rg_status remove_by(kit *k, const char *aor, const condition *c, uint32_t *n)
{
	rg_remove_filter f;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = rg_str_from(aor);
	f.contact = rg_str_from(c->contact);
	f.next_hop = rg_str_from(c->next_hop);
	f.instance = rg_str_from(c->instance);
	f.branch_flags = c->branch_flags;
	return rg_remove(k->reg, &f, n, NULL);
}

Test(removals, conditions_one_by_one_and_together)
{
	char room[32], want[16];

	for (size_t i = 0; i < 2 * ROWS(conditions); i++) {
		const condition *c = &conditions[i / 2];
		uint32_t n = 99;
		kit k;

		open_alice(&k, i % 2 ? DEFERRED : INLINE);
		cr_expect_eq(remove_by(&k, "sip:alice@example.org", c, &n), RG_OK, "%s", c->what);
		cr_expect_eq(n, strlen(c->gone), "%s: %u", c->what, n);
		cr_expect_str_eq(left(&k, "alice@example.org", room), without(c->gone, want), "%s: %s", c->what, room);
		kit_close(&k);
	}
}

Test(removals, what_cannot_be_read_is_refused_and_removes_nothing)
{
	static const condition bad[] = {
		{ "a contact without a host", "sip:" }, { "an empty contact", "" }, { "an unclosed contact", "<sip:A@192.0.2.1" },
		{ "a contact with a bad port", "sip:A@192.0.2.1:99999" }, { "a star", "*" }, { "an empty next hop", .next_hop = "" },
		{ "a next hop with port 0", .next_hop = "192.0.2.1:0" }, { "a next hop with a large port", .next_hop = "192.0.2.1:65536" },
		{ "a URI for a next hop", .next_hop = "sip:192.0.2.1" }, { "an unclosed next hop", .next_hop = "[2001:db8::3" },
		{ "an empty instance", .instance = "" }, { "an instance of brackets", .instance = "<>" },
	};
	static const char *const aors[] = { NULL, "", "sip:", "*", "sip:alice@", "sip:a%0d%0a@example.org", "tel:+1", "sip:alice@[::1" };
	char room[32];
	uint32_t n = 9;
	kit k;

	open_alice(&k, INLINE);
	for (size_t i = 0; i < ROWS(bad); i++) {
		cr_expect_eq(remove_by(&k, "alice@example.org", &bad[i], &n), RG_EINVAL, "%s", bad[i].what);
		cr_expect_eq(n, 0);
	}
	for (size_t i = 0; i < ROWS(aors); i++)
		cr_expect_eq(remove_by(&k, aors[i], &conditions[0], &n), RG_EINVAL, "%s", aors[i] ? aors[i] : "no AoR");
	cr_expect_eq(rg_remove(k.reg, NULL, &n, NULL), RG_EINVAL);
	cr_expect_eq(rg_remove(NULL, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_str_eq(left(&k, "alice@example.org", room), ALL);
	kit_close(&k);
}

Test(removals, an_unknown_aor_is_a_success_with_none_removed)
{
	static const char *const aors[] = { "sip:nobody@example.org", "bob@example.org", "sip:alice@example.com", "sip:ALICE@example.org" };
	rg_remove_filter f;
	char room[32];
	uint32_t n;
	kit k;

	open_alice(&k, INLINE);
	for (size_t i = 0; i < ROWS(aors); i++) {
		n = 9;
		cr_expect_eq(remove_by(&k, aors[i], &conditions[0], &n), RG_OK, "%s", aors[i]);
		cr_expect_eq(n, 0, "%s", aors[i]);
	}
	rg_remove_filter_init(&f, sizeof f);
	f.domain = RG_STR("elsewhere");
	f.aor = RG_STR("sip:alice@example.org");
	cr_expect_eq(rg_remove(k.reg, &f, &n, NULL), RG_OK);
	cr_expect_eq(n, 0);
	cr_expect_str_eq(left(&k, "alice@example.org", room), ALL);
	n = 9;
	cr_expect_eq(remove_by(&k, "sips:%61lice@EXAMPLE.org.;x=1", &conditions[0], &n), RG_OK, "the AoR in another spelling");
	cr_expect_eq(n, ROWS(alices));
	cr_expect_eq(remove_by(&k, "alice@example.org", &conditions[0], NULL), RG_OK);
	kit_close(&k);
}

Test(removals, a_lapsed_binding_is_not_counted)
{
	uint32_t n = 9;
	kit k;

	kit_open(&k, INLINE);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@192.0.2.1>;expires=60" }), 200);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:B@192.0.2.1>;expires=600", .cseq = 2 }), 200);
	k.now += 60000;
	cr_expect_eq(remove_by(&k, "alice@example.org", &conditions[0], &n), RG_OK);
	cr_expect_eq(n, 1);
	kit_close(&k);
}

Test(removals, the_matching_mode_of_the_config_is_that_of_remove)
{
	static const struct {
		const char *mode, *contact, *gone;
	} cases[] = {
		{ "0", "<sip:X@192.0.2.9>;+sip.instance=\"<urn:x:g>\"", "" },
		{ "instance", "<sip:X@192.0.2.9>;+sip.instance=\"<urn:x:g>\"", "G" },
		{ "instance", "<sip:G@10.0.0.1>;+sip.instance=\"<urn:x:d>\"", "D" },
		{ "instance", "sip:G@10.0.0.1", "G" },
		{ "1", "sip:G@10.0.0.1", "G" },
		{ "<transport>", "sip:X@192.0.2.9;transport=tcp", "B" },
		{ "<transport>", "sip:A@192.0.2.1", "A" },
	};
	char room[32], want[16];

	for (size_t i = 0; i < ROWS(cases); i++) {
		const condition c = { cases[i].mode, cases[i].contact, .gone = cases[i].gone };
		rg_config *config;
		uint32_t n = 9;
		kit k;

		open_alice(&k, INLINE);
		cr_assert_eq(rg_config_new(&config), RG_OK);
		cr_assert_eq(rg_config_set(config, RG_STR("matching_mode"), rg_str_from(cases[i].mode), NULL), RG_OK);
		cr_assert_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
		rg_config_free(config);
		cr_expect_eq(remove_by(&k, "alice@example.org", &c, &n), RG_OK);
		cr_expect_str_eq(left(&k, "alice@example.org", room), without(c.gone, want), "mode %s, %s: %s", c.what, c.contact, room);
		kit_close(&k);
	}
}

/* Path, received and Contact all differ, so that what is removed shows which of them the next hop was. */
Test(removals, the_next_hop_is_the_first_path_else_the_received_else_the_contact)
{
	static const struct {
		const char *path, *received, *hop;
	} cases[] = {
		{ "<sip:203.0.113.9:5080;lr>\n<sip:203.0.113.10;lr>", "sip:198.51.100.2:40000", "203.0.113.9:5080" },
		{ "<sip:203.0.113.9:5080;lr>", NULL, "203.0.113.9:5080" },
		{ "<sip:[2001:DB8::9];lr>", "sip:198.51.100.2:40000", "[2001:db8:0::9]:5060" },
		{ "<sip:edge@203.0.113.9;lr;transport=tls>", NULL, "203.0.113.9:5061" },
		{ "<sip:Edge.Example;lr>", "sip:198.51.100.2:40000", "edge.example:5060" },
		{ NULL, "sip:198.51.100.2:40000", "198.51.100.2:40000" },
		{ NULL, NULL, "192.0.2.1:5060" },
	};
	static const char *const hops[] = { "203.0.113.9:5080", "203.0.113.10:5060", "[2001:db8:0::9]:5060", "203.0.113.9:5061",
		"edge.example:5060", "198.51.100.2:40000", "192.0.2.1:5060" };

	for (size_t i = 0; i < ROWS(cases); i++) {
		for (size_t j = 0; j < ROWS(hops); j++) {
			const condition c = { .next_hop = hops[j] };
			const char *colon = strrchr(hops[j], ':');
			rg_str host = { hops[j], (size_t)(colon - hops[j]) };
			uint32_t hit = strcmp(hops[j], cases[i].hop) == 0, n = 9;
			kit k;

			kit_open(&k, INLINE);
			put_path(&k, "alice", "sip:A@192.0.2.1", cases[i].received, cases[i].path);
			cr_expect_eq(remove_by(&k, "alice@example.org", &c, &n), RG_OK);
			cr_expect_eq(n, hit, "remove, case %zu: %s", i, hops[j]);
			if (hit)
				put_path(&k, "alice2", "sip:A@192.0.2.1", cases[i].received, cases[i].path);
			cr_expect_eq(rg_remove_ip_port(k.reg, NO, host, atoi(colon + 1), NO, &n, NULL), RG_OK);
			cr_expect_eq(n, hit, "remove_ip_port, case %zu: %s", i, hops[j]);
			kit_close(&k);
		}
	}
}

/* Two AoRs with one address between them, for what remove_ip_port takes from both or from one. */
static void open_two(kit *k, int how)
{
	kit_open(k, how);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:A@192.0.2.1:43213>" }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:B@192.0.2.1>", .cseq = 2 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:C@192.0.2.1;transport=TLS>", .cseq = 3 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:D@[2001:db8::4];transport=tcp>", .cseq = 4 }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sip:E@192.0.2.99>", .received = "sip:192.0.2.1:43213" }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sips:F@192.0.2.1>", .cseq = 2 }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sip:G@Phone.example:43213>", .cseq = 3 }), 200);
	cr_assert_eq(bind(k, "bob", (bound){ "<sip:H@192.0.2.1;transport=wss>", .cseq = 4 }), 200);
}

static const struct {
	const char *ip;
	int32_t port;
	const char *aor, *gone;
	rg_status status;
} addresses[] = {
	{ "192.0.2.1", 43213, NULL, "AE", RG_OK },
	{ "192.0.2.1", 43213, "sip:alice@example.org", "A", RG_OK },
	{ "192.0.2.1", 43213, "bob@example.org", "E", RG_OK },
	{ "192.0.2.1", 43213, "sip:carol@example.org", "", RG_OK },
	{ "192.0.2.1", 5060, NULL, "B", RG_OK },
	{ "192.0.2.1", 5061, NULL, "CFH", RG_OK },
	{ "192.0.2.1", 5061, "bob@example.org", "FH", RG_OK },
	{ "192.0.2.1", 1, NULL, "", RG_OK },
	{ "192.0.2.99", 5060, NULL, "", RG_OK },
	{ "::ffff:192.0.2.1", 43213, NULL, "AE", RG_OK },
	{ "2001:db8::4", 5060, NULL, "D", RG_OK },
	{ "[2001:DB8:0:0:0::4]", 5060, NULL, "D", RG_OK },
	{ "2001:db8::4", 5060, "alice@example.org", "D", RG_OK },
	{ "2001:db8::4", 5061, NULL, "", RG_OK },
	{ "PHONE.example.", 43213, NULL, "G", RG_OK },
	{ "phone.example", 5060, NULL, "", RG_OK },
	{ "", 5060, NULL, "", RG_EINVAL },
	{ NULL, 5060, NULL, "", RG_EINVAL },
	{ "192.0.2.1", 0, NULL, "", RG_EINVAL },
	{ "192.0.2.1", -1, NULL, "", RG_EINVAL },
	{ "192.0.2.1", 65536, NULL, "", RG_EINVAL },
	{ "192.0.2.1:5060", 5060, NULL, "", RG_EINVAL },
	{ "2001:db8::4::", 5060, NULL, "", RG_EINVAL },
	{ "[2001:db8::4]:5060", 5060, NULL, "", RG_EINVAL },
	{ "sip:192.0.2.1", 5060, NULL, "", RG_EINVAL },
	{ "192.0.2.1", 5060, "", "", RG_EINVAL },
	{ "192.0.2.1", 5060, "sip:", "", RG_EINVAL },
};

Test(removals, an_address_with_and_without_an_aor)
{
	for (size_t i = 0; i < 2 * ROWS(addresses); i++) {
		rg_str aor = rg_str_from(addresses[i / 2].aor);
		char a[32], b[32], both[64];
		uint32_t n = 99;
		kit k;

		open_two(&k, i % 2 ? DEFERRED : INLINE);
		rg_status st = rg_remove_ip_port(k.reg, NO, rg_str_from(addresses[i / 2].ip), addresses[i / 2].port, aor, &n, NULL);
		cr_expect_eq(st, addresses[i / 2].status, "row %zu: %s", i / 2, rg_strerror(st));
		cr_expect_eq(n, strlen(addresses[i / 2].gone), "row %zu: %u", i / 2, n);
		snprintf(both, sizeof both, "%s%s", left(&k, "alice@example.org", a), left(&k, "bob@example.org", b));
		for (const char *p = "ABCDEFGH"; *p; p++)
			cr_expect_eq(strchr(both, *p) == NULL, strchr(addresses[i / 2].gone, *p) != NULL, "row %zu: %c", i / 2, *p);
		kit_close(&k);
	}
}
