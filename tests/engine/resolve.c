/* SPDX-License-Identifier: MIT */
/* Host names, resolved by the host at once, later, never, and not at all. */
#include "bindings.h"
#include <stdio.h>

#define NO ((rg_str){ NULL, 0 })

/* What env.resolve does. It answers what stands in the zone; `later`: when told to. */
typedef struct zone {
	bool later, fails, nonsense;
	uint32_t asked, n_pending;
	char names[512]; /* asked for, each with a space */
	rg_resolve_done_cb done[8];
	void *tok[8];
	char name[8][64];
} zone;

static zone z; /* open_resolving() empties it */

static const struct {
	const char *name;
	const char *addrs[10];
} hosts[] = {
	{ "phone.example", { "192.0.2.7" } },
	{ "alias.example", { "198.51.100.1", "192.0.2.7" } },
	{ "six.example", { "2001:db8::7" } },
	{ "both.example", { "2001:db8::7", "192.0.2.7" } },
	{ "edge.example", { "203.0.113.9:9" } }, /* its port is ignored */
	{ "many.example", { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "192.0.2.7", "203.0.113.9" } },
	{ "gone.example", { NULL } },
};

static uint32_t look_up(const char *name, rg_addr addrs[10])
{
	uint32_t n = 0;

	for (size_t i = 0; i < ROWS(hosts); i++) {
		for (; strcasecmp(name, hosts[i].name) == 0 && hosts[i].addrs[n]; n++)
			cr_assert_eq(rg_addr_parse(rg_str_from(hosts[i].addrs[n]), &addrs[n]), RG_OK);
	}
	return n;
}

static void give(rg_resolve_done_cb done, void *tok, const char *name)
{
	rg_addr addrs[10] = { { .family = 0 } };
	uint32_t n = look_up(name, addrs);

	if (z.nonsense)
		done(tok, RG_OK, (rg_addr[]){ { .family = 9 }, addrs[0] }, 2);
	else if (n > 0)
		done(tok, RG_OK, addrs, n);
	else
		done(tok, RG_ENOENT, NULL, 0);
}

static rg_status resolve(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	char name[64];

	(void)user;
	snprintf(name, sizeof name, "%.*s", (int)host->n, host->p);
	strcat(strcat(z.names, name), " ");
	z.asked++;
	if (z.fails)
		return RG_ENOTSUP;
	if (!z.later) {
		give(done, tok, name);
		return RG_OK;
	}
	z.done[z.n_pending] = done;
	z.tok[z.n_pending] = tok;
	strcpy(z.name[z.n_pending++], name);
	return RG_PENDING;
}

static void answer(uint32_t i)
{
	cr_assert_lt(i, z.n_pending);
	give(z.done[i], z.tok[i], z.name[i]);
}

static void open_resolving(kit *k, int how)
{
	z = (zone){ .later = false };
	kit_init(k);
	k->env.resolve = resolve;
	kit_open_over(k, how == INLINE ? rg_store_ref(k->memory) : deferred_new(k->memory, &k->deferred));
}

static void open_with_names(kit *k, int how)
{
	open_resolving(k, how);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:A@Phone.example>" }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:B@192.0.2.7>", .cseq = 2 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:C@six.example:5070>", .cseq = 3 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:D@gone.example>", .cseq = 4 }), 200);
	cr_assert_eq(bind(k, "alice", (bound){ "<sip:E@10.1.1.1>", .received = "sip:edge.example", .cseq = 5 }), 200);
	z.asked = 0;
	z.names[0] = '\0';
}

static rg_status remove_hop(kit *k, const char *hop, uint32_t *n)
{
	rg_remove_filter f;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = RG_STR("sip:alice@example.org");
	f.next_hop = rg_str_from(hop);
	return rg_remove(k->reg, &f, n, NULL);
}

static rg_status remove_hop_later(kit *k, const char *hop, outcome *o)
{
	char aor[] = "sip:alice@example.org", text[64];
	rg_remove_filter f;

	snprintf(text, sizeof text, "%s", hop);
	rg_remove_filter_init(&f, sizeof f);
	f.aor = rg_str_from(aor);
	f.next_hop = rg_str_from(text);
	rg_status st = rg_remove_async(k->reg, &f, kit_removed, o, kit_freed, &o->op, NULL);
	memset(aor, '?', sizeof aor - 1);
	memset(text, '?', sizeof text);
	return st;
}

static const struct {
	const char *hop, *left;
	uint32_t asked;
} hops[] = {
	{ "192.0.2.7", "CDE", 0 },                /* the name that resolved to it, too */
	{ "192.0.2.7:5061", "ABCDE", 0 },
	{ "phone.example", "CDE", 1 },            /* the address behind it, too */
	{ "PHONE.EXAMPLE.:5060", "CDE", 1 },
	{ "phone.example:5070", "ABCDE", 1 },
	{ "alias.example", "CDE", 1 },            /* another name of the same address */
	{ "six.example", "ABDE", 1 },
	{ "six.example:5060", "ABCDE", 1 },
	{ "2001:db8:0::7", "ABDE", 0 },
	{ "both.example", "DE", 1 },
	{ "many.example", "CDE", 1 },             /* the eighth address counts, the ninth does not */
	{ "gone.example", "ABCE", 1 },            /* compares as text */
	{ "edge.example:5060", "ABCD", 1 },
	{ "203.0.113.9:5060", "ABCD", 0 },
	{ "203.0.113.9:9", "ABCDE", 0 },
	{ "10.1.1.1", "ABCDE", 0 },
	{ "nowhere.example", "ABCDE", 1 },
};

Test(resolve, names_are_resolved_before_they_are_compared)
{
	for (size_t i = 0; i < 2 * ROWS(hops); i++) {
		char room[32];
		uint32_t n = 99;
		kit k;

		open_with_names(&k, i % 2 ? DEFERRED : INLINE);
		cr_expect_eq(remove_hop(&k, hops[i / 2].hop, &n), RG_OK);
		cr_expect_eq(z.asked, hops[i / 2].asked, "%s: asked for %s", hops[i / 2].hop, z.names);
		cr_expect_str_eq(left(&k, "alice@example.org", room), hops[i / 2].left, "%s: %s", hops[i / 2].hop, room);
		cr_expect_eq(n, 5 - strlen(hops[i / 2].left), "%s: %u", hops[i / 2].hop, n);
		kit_close(&k);
	}
}

Test(resolve, so_are_those_of_remove_ip_port_in_every_aor)
{
	static const struct {
		const char *ip;
		int32_t port;
		const char *alices, *bobs;
	} cases[] = {
		{ "192.0.2.7", 5060, "CDE", "" }, { "phone.example", 5060, "CDE", "" }, { "alias.example", 5060, "CDE", "" },
		{ "both.example", 5060, "CDE", "" }, { "both.example", 5070, "ABDE", "F" }, { "2001:db8::7", 5070, "ABDE", "F" },
		{ "edge.example", 5060, "ABCD", "F" }, { "gone.example", 5060, "ABCE", "F" }, { "phone.example", 5061, "ABCDE", "F" },
	};

	for (size_t i = 0; i < 2 * ROWS(cases); i++) {
		rg_str ip = rg_str_from(cases[i / 2].ip);
		char a[32], b[32];
		uint32_t n = 99;
		kit k;

		open_with_names(&k, i % 2 ? DEFERRED : INLINE);
		cr_assert_eq(bind(&k, "bob", (bound){ "<sip:F@phone.example>" }), 200);
		cr_expect_eq(rg_remove_ip_port(k.reg, NO, ip, cases[i / 2].port, NO, &n, NULL), RG_OK);
		cr_expect_str_eq(left(&k, "alice@example.org", a), cases[i / 2].alices, "%s: %s", ip.p, a);
		cr_expect_str_eq(left(&k, "bob@example.org", b), cases[i / 2].bobs, "%s: %s", ip.p, b);
		cr_expect_eq(n, 6 - strlen(a) - strlen(b), "%s: %u", ip.p, n);
		kit_close(&k);
	}
}

/* A resolver would take 3402000000 for the address 202.199.48.128. */
Test(resolve, nobody_is_asked_for_what_is_no_name_of_the_dns)
{
	char room[32];
	uint32_t n = 99;
	kit k;

	open_resolving(&k, INLINE);
	cr_expect_eq(bind(&k, "alice", (bound){ "<sip:A@3402000000>" }), 200);
	cr_expect_eq(bind(&k, "alice", (bound){ "<sip:B@my_pc>", .cseq = 2 }), 200);
	cr_expect_eq(bind(&k, "alice", (bound){ "<sip:C@192.0.2.7>", .received = "sip:3402000000:5070", .cseq = 3 }), 200);
	cr_expect_eq(remove_hop(&k, "3402000000:5060", &n), RG_OK);
	cr_expect_eq(n, 1);
	cr_expect_eq(remove_hop(&k, "MY_PC", &n), RG_OK);
	cr_expect_eq(n, 1);
	cr_expect_str_eq(left(&k, "alice@example.org", room), "C");
	cr_expect_eq(z.asked, 0, "asked for %s", z.names);
	cr_expect_eq(remove_hop(&k, "1.2.3", &n), RG_EINVAL);
	cr_expect_eq(remove_hop(&k, "192.0.2.256:5060", &n), RG_EINVAL);
	kit_close(&k);
}

Test(resolve, without_it_names_compare_as_text)
{
	static const struct {
		const char *hop, *left;
	} cases[] = {
		{ "192.0.2.7", "AC" }, { "phone.example", "BC" }, { "Phone.Example.:5060", "BC" }, { "alias.example", "ABC" }, { "six.example",
			"AB" },
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char room[32];
		uint32_t n;
		kit k;

		kit_open(&k, INLINE);
		cr_assert_eq(bind(&k, "alice", (bound){ "<sip:A@Phone.example>" }), 200);
		cr_assert_eq(bind(&k, "alice", (bound){ "<sip:B@192.0.2.7>", .cseq = 2 }), 200);
		cr_assert_eq(bind(&k, "alice", (bound){ "<sip:C@six.example:5070>", .cseq = 3 }), 200);
		cr_expect_eq(remove_hop(&k, cases[i].hop, &n), RG_OK);
		cr_expect_str_eq(left(&k, "alice@example.org", room), cases[i].left, "%s: %s", cases[i].hop, room);
		kit_close(&k);
	}
}

Test(resolve, an_answer_that_comes_later_is_waited_for)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		outcome o = { 0 }, by_port = { 0 };
		char room[32];
		kit k;

		open_with_names(&k, how);
		z.later = true;
		cr_expect_eq(remove_hop_later(&k, "alias.example", &o), RG_PENDING);
		cr_expect_eq(o.called, 0);
		cr_expect_str_eq(z.names, "alias.example ");
		cr_expect_str_eq(left(&k, "alice@example.org", room), "ABCDE", "nothing goes before the answer");
		cr_expect_eq(rg_remove_ip_port_async(k.reg, NO, RG_STR("six.example"), 5070, NO, kit_removed, &by_port, kit_freed, NULL, NULL),
			RG_PENDING);
		cr_assert_eq(z.n_pending, 2);
		answer(1);
		answer(0);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_eq(o.called + o.freed + by_port.called + by_port.freed, 4);
		cr_expect_eq(o.status, RG_OK);
		cr_expect_eq(o.n, 2);
		cr_expect_eq(by_port.n, 1);
		cr_expect_str_eq(left(&k, "alice@example.org", room), "DE");
		rg_op_free(o.op);
		kit_close(&k);
	}
}

Test(resolve, after_store_timeout_it_goes_on_without_the_answer)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		outcome o = { 0 }, by_port = { 0 };
		char room[32];
		kit k;

		open_with_names(&k, how);
		z.later = true;
		cr_expect_eq(remove_hop_later(&k, "phone.example", &o), RG_PENDING);
		cr_expect_eq(rg_remove_ip_port_async(k.reg, NO, RG_STR("six.example"), 5070, NO, kit_removed, &by_port, kit_freed, NULL, NULL),
			RG_PENDING);
		cr_expect_eq(k.woken, k.now + 2000, "a tick is wanted at store_timeout");
		k.now += 1999;
		kit_tick(&k);
		cr_expect_eq(o.called + by_port.called, 0);
		k.now += 1;
		kit_tick(&k);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_eq(o.called + o.freed + by_port.called + by_port.freed, 4);
		cr_expect_eq(o.status, RG_OK, "the store has answered, and the name compares as text");
		cr_expect_eq(o.n, 1);
		cr_expect_eq(by_port.n, 1);
		cr_expect_str_eq(left(&k, "alice@example.org", room), "BDE", "%s", room);
		answer(0);
		answer(1);
		cr_expect_eq(o.called + by_port.called, 2, "an answer that comes too late is refused");
		cr_expect_str_eq(left(&k, "alice@example.org", room), "BDE");
		rg_op_free(o.op);
		kit_close(&k);
	}
}

Test(resolve, the_blocking_form_does_not_wait_for_an_answer)
{
	char room[32];
	uint32_t n = 9;
	kit k;

	open_with_names(&k, INLINE);
	z.later = true;
	cr_expect_eq(remove_hop(&k, "alias.example", &n), RG_OK);
	cr_expect_eq(n, 0);
	cr_expect_eq(remove_hop(&k, "phone.example", &n), RG_OK);
	cr_expect_eq(n, 1, "as text");
	cr_assert_eq(z.n_pending, 2);
	answer(0);
	answer(1);
	cr_expect_str_eq(left(&k, "alice@example.org", room), "BCDE");
	kit_close(&k);
}

Test(resolve, a_resolver_that_fails_or_talks_nonsense_leaves_the_text)
{
	for (int what = 0; what < 2; what++) {
		char room[32];
		uint32_t n = 9;
		kit k;

		open_with_names(&k, INLINE);
		z.fails = what == 0;
		z.nonsense = what == 1;
		cr_expect_eq(remove_hop(&k, "phone.example", &n), RG_OK);
		cr_expect_str_eq(left(&k, "alice@example.org", room), what == 0 ? "BCDE" : "CDE", "%s", room);
		cr_expect_eq(rg_remove_ip_port(k.reg, NO, RG_STR("six.example"), 5070, NO, &n, NULL), RG_OK);
		cr_expect_eq(n, 1);
		kit_close(&k);
	}
}

Test(resolve, a_resolver_that_fails_keeps_the_completion_form_waiting_for_nothing)
{
	outcome o = { 0 };
	char room[32];
	kit k;

	open_with_names(&k, INLINE);
	z.fails = true;
	cr_expect_eq(remove_hop_later(&k, "phone.example", &o), RG_OK);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.n, 1);
	cr_expect_str_eq(left(&k, "alice@example.org", room), "BCDE");
	rg_op_free(o.op);
	kit_close(&k);
}

static void fail_with_an_address(rg_resolve_done_cb done, void *tok)
{
	rg_addr addr;

	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.7"), &addr), RG_OK);
	done(tok, RG_ENOENT, &addr, 1);
}

Test(resolve, an_address_that_comes_with_an_error_is_not_taken)
{
	outcome o = { 0 };
	char room[32];
	kit k;

	open_with_names(&k, INLINE);
	z.later = true;
	cr_assert_eq(remove_hop_later(&k, "phone.example", &o), RG_PENDING);
	fail_with_an_address(z.done[0], z.tok[0]);
	cr_expect_eq(o.n, 1);
	cr_expect_str_eq(left(&k, "alice@example.org", room), "BCDE");
	rg_op_free(o.op);
	kit_close(&k);
}

Test(resolve, a_cancel_or_the_end_of_the_registrar_ends_the_waiting)
{
	for (int shut = 0; shut < 2; shut++) {
		outcome o = { 0 };
		char room[32];
		kit k;

		open_with_names(&k, INLINE);
		z.later = true;
		cr_expect_eq(remove_hop_later(&k, "alias.example", &o), RG_PENDING);
		if (shut)
			rg_registrar_shutdown(k.reg);
		else
			rg_op_cancel(o.op);
		cr_expect_eq(o.called + o.freed, 2);
		cr_expect_eq(o.status, RG_ECANCELED);
		answer(0);
		cr_expect_eq(o.called + o.freed, 2);
		if (!shut)
			cr_expect_str_eq(left(&k, "alice@example.org", room), "ABCDE");
		rg_op_free(o.op);
		kit_close(&k);
		cr_expect(k.freed);
	}
}

Test(resolve, an_address_asks_is_ip_registered_of_the_names_behind_it)
{
	static const struct {
		const char *ip;
		int32_t port;
		uint32_t n;
	} cases[] = {
		{ "192.0.2.7", 0, 2 }, { "192.0.2.7", 5060, 2 }, { "2001:db8::7", 5070, 1 }, { "2001:db8::7", 5060, 0 }, { "203.0.113.9", 5060, 1 },
		{ "phone.example", 5060, 1 }, { "alias.example", 0, 0 }, /* queries ask the resolver nothing */
	};
	kit k;

	open_with_names(&k, INLINE);
	for (size_t i = 0; i < ROWS(cases); i++) {
		rg_ip_port ip = { .ip = rg_str_from(cases[i].ip), .port = cases[i].port };
		rg_answer *answer = NULL;
		rg_query q;

		rg_query_init(&q, sizeof q);
		q.aor = RG_STR("alice@example.org");
		q.ips = &ip;
		q.n_ips = 1;
		cr_assert_eq(rg_is_ip_registered(k.reg, &q, &answer, NULL), RG_OK);
		cr_expect_eq(rg_answer_contact_count(answer), cases[i].n, "%s: %u", cases[i].ip, rg_answer_contact_count(answer));
		rg_answer_free(answer);
	}
	cr_expect_eq(z.asked, 0);
	kit_close(&k);
}
