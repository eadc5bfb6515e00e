/* SPDX-License-Identifier: MIT */
/* Removals in parts: a host serves other work between them, and goes on where the last one ended. */
#include "bindings.h"
#include <stdio.h>

#define NO ((rg_str){ NULL, 0 })

enum { USERS = 130, OTHERS = 10 };

typedef struct part {
	int called, freed;
	rg_status status;
	uint32_t n;
	char cursor[512];
	size_t cursor_n; /* 0 = nothing is left */
} part;

static void part_done(void *user, rg_status status, uint32_t n, const rg_str *cursor)
{
	part *p = user;

	p->called++;
	p->status = status;
	p->n = n;
	cr_assert_leq(cursor->n, sizeof p->cursor);
	cr_expect_eq(cursor->p == NULL, cursor->n == 0);
	p->cursor_n = cursor->n;
	if (cursor->n > 0)
		memcpy(p->cursor, cursor->p, cursor->n);
}

static void part_freed(void *user)
{
	((part *)user)->freed++;
}

/* How one is asked for. */
typedef struct removal {
	const char *ip, *flow;
	uint32_t limit;
} removal;

static rg_status ask_part(kit *k, const removal *r, rg_str cursor, part *p)
{
	if (r->flow)
		return rg_remove_flow_part_async(k->reg, NO, rg_str_from(r->flow), cursor, r->limit, part_done, p, part_freed, NULL, NULL);
	return rg_remove_ip_port_part_async(k->reg, NO, rg_str_from(r->ip), 5070, cursor, r->limit, part_done, p, part_freed, NULL, NULL);
}

/* Goes on behind @p p, or begins; @p p is what came of it. */
static void next_part(kit *k, const removal *r, part *p)
{
	char cursor[sizeof p->cursor];
	rg_str from = { p->cursor_n ? cursor : NULL, p->cursor_n };

	memcpy(cursor, p->cursor, sizeof cursor);
	*p = (part){ 0 };
	rg_status st = ask_part(k, r, from, p);
	memset(cursor, '?', sizeof cursor); /* what was lent is the caller's again */
	if (st == RG_PENDING)
		deferred_answer_all(k->deferred);
	else
		cr_assert_eq(st, RG_OK);
	cr_expect_eq(p->called, 1);
	cr_expect_eq(p->freed, 1);
	cr_assert_eq(p->status, RG_OK);
}

static void add_user(kit *k, int i, const char *host)
{
	char contact[64], aor[32];

	snprintf(aor, sizeof aor, "user%d", i);
	snprintf(contact, sizeof contact, "<sip:u@%s:5070>", host);
	cr_assert_eq(bind(k, aor, (bound){ contact, .flow = "tcp-1" }), 200);
}

static void open_with_users(kit *k, int how, const char *host)
{
	kit_open(k, how);
	for (int i = 0; i < USERS; i++)
		add_user(k, i, host);
}

static const removal removals_in_parts[] = {
	{ .ip = "192.0.2.1", .limit = 1 },
	{ .ip = "192.0.2.1", .limit = 7 },
	{ .ip = "192.0.2.1", .limit = 99 },
	{ .ip = "192.0.2.1", .limit = 0 },
	{ .ip = "192.0.2.1", .limit = 100000 },
	{ .ip = "phone.example", .limit = 1 },
	{ .flow = "tcp-1", .limit = 1 },
	{ .flow = "tcp-1", .limit = 0 },
};

Test(parts, each_removes_so_many_and_all_of_them_everything)
{
	for (size_t i = 0; i < 2 * ROWS(removals_in_parts); i++) {
		const removal *r = &removals_in_parts[i / 2];
		uint32_t all = 0, parts = 0, limit = r->limit ? r->limit : 100;
		part p = { 0 };
		kit k;

		open_with_users(&k, i % 2 ? DEFERRED : INLINE, r->ip ? r->ip : "192.0.2.1");
		do {
			next_part(&k, r, &p);
			cr_expect_leq(p.n, limit < 100 ? limit : limit + 99, "row %zu", i / 2);
			all += p.n;
			cr_assert_leq(++parts, 3 * USERS, "row %zu comes to no end", i / 2);
		} while (p.cursor_n);
		cr_expect_eq(all, USERS, "row %zu: %u", i / 2, all);
		cr_expect_geq(parts, limit < USERS ? USERS / (limit + 99) : 1, "row %zu: %u parts", i / 2, parts);
		cr_expect_eq(kit_stat(&k, "live_aors"), 0);
		kit_close(&k);
	}
}

Test(parts, others_may_come_and_go_between_them)
{
	const removal r = { .ip = "192.0.2.1", .limit = 10 };
	rg_remove_filter filter;
	uint32_t all = 0, gone = 0;
	part p = { 0 };
	kit k;

	open_with_users(&k, INLINE, "192.0.2.1");
	rg_remove_filter_init(&filter, sizeof filter);
	for (int i = USERS; i < USERS + OTHERS; i++) {
		char aor[40];
		uint32_t n = 0;

		next_part(&k, &r, &p);
		all += p.n;
		cr_assert_neq(p.cursor_n, 0);
		snprintf(aor, sizeof aor, "user%d@example.org", i - USERS + USERS / 2);
		filter.aor = rg_str_from(aor);
		cr_assert_eq(rg_remove(k.reg, &filter, &n, NULL), RG_OK);
		gone += n;
		add_user(&k, i, "192.0.2.2");
	}
	while (p.cursor_n) {
		next_part(&k, &r, &p);
		all += p.n;
	}
	cr_expect_eq(all, USERS - gone);
	cr_expect_eq(kit_stat(&k, "live_aors"), OTHERS, "those behind another address stay");
	kit_close(&k);
}

Test(parts, what_cannot_be_read_is_refused)
{
	static const char foreign[] = "no such tag\0P1234567890";
	const removal ip = { .ip = "192.0.2.1" }, flow = { .flow = "tcp-1" }, bad = { .ip = "192.0.2.1:5060" };
	part p = { 0 };
	kit k;

	open_with_users(&k, INLINE, "192.0.2.1");
	cr_expect_eq(ask_part(&k, &ip, RG_STR(""), &p), RG_EINVAL);
	cr_expect_eq(ask_part(&k, &ip, RG_STR("x"), &p), RG_EINVAL);
	cr_expect_eq(ask_part(&k, &ip, (rg_str){ "\0Q", 2 }, &p), RG_EINVAL);
	cr_expect_eq(ask_part(&k, &flow, RG_STR("x"), &p), RG_EINVAL);
	cr_expect_eq(ask_part(&k, &bad, NO, &p), RG_EINVAL);
	cr_expect_eq(rg_remove_ip_port_part_async(k.reg, NO, RG_STR("192.0.2.1"), 5070, NO, 1, NULL, NULL, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_remove_flow_part_async(k.reg, NO, RG_STR("tcp-1"), NO, 1, NULL, NULL, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(p.called + p.freed, 0);
	/* A tag that the address does not have any more lets it begin again. */
	cr_expect_eq(ask_part(&k, &ip, (rg_str){ foreign, sizeof foreign - 1 }, &p), RG_OK);
	cr_expect_eq(p.n, 100);
	kit_close(&k);
}

Test(parts, a_store_that_fails_ends_it_without_a_cursor)
{
	faulty f = { .calls = CALL_FIND, .times = -1, .status = RG_ESTORE };
	const removal r = { .ip = "192.0.2.1", .limit = 1 };
	part p = { 0 };
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	add_user(&k, 1, "192.0.2.1");
	cr_expect_eq(ask_part(&k, &r, NO, &p), RG_OK);
	cr_expect_eq(p.called, 1);
	cr_expect_eq(p.status, RG_ESTORE);
	cr_expect_eq(p.cursor_n, 0);
	kit_close(&k);
}
