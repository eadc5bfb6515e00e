/* SPDX-License-Identifier: MIT */
#include "sites.h"
#include <stdio.h>
#include <stdlib.h>

rg_store *shared_new(void)
{
	return kit_store();
}

void federate(kit *k, rg_store *shared, const char *home)
{
	cr_assert_eq(rg_registrar_federate(k->reg, shared, rg_str_from(home), NULL, NULL), RG_OK);
}

void site_open(kit *k, rg_store *shared)
{
	kit_open(k, INLINE);
	federate(k, shared, EAST);
}

void site_close(kit *k, rg_store *shared)
{
	kit_close(k);
	rg_store_unref(shared);
}

rg_time settle(kit *k)
{
	rg_time next = 0;

	for (int i = 0; i < 1000 && next <= k->now; i++) {
		rg_registrar_tick(k->reg, 0, &next);
		if (k->deferred)
			deferred_answer_all(k->deferred);
	}
	return next;
}

void live_on(kit *k, rg_time span)
{
	rg_time end = k->now + span;

	while (k->now < end) {
		rg_time next = settle(k);

		k->now = next > end ? end : next > k->now ? next : k->now + 1;
	}
	settle(k);
}

typedef struct found {
	rg_record *record;
	rg_status status;
} found;

static void keep_found(void *tok, rg_status status, const rg_fetched *fetched)
{
	found *f = tok;

	f->status = status;
	f->record = fetched ? fetched->record : NULL;
}

const char *homes_in(rg_store *shared, const char *domain, const char *user)
{
	static char text[512];
	rg_key key = { rg_str_from(domain), rg_str_from(user), RG_STR("example.org") };
	found f = { 0 };
	rg_contact c = { .struct_size = sizeof c };
	void *self;

	rg_store_members(shared, &self)->fetch(self, &key, RG_FETCH_FRESH, keep_found, &f);
	text[0] = 0;
	for (uint32_t i = 0; rg_record_contact(f.record, i, &c) == RG_OK; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " " : "", (int)c.uri.n, c.uri.p);
	rg_record_unref(f.record);
	return text;
}

const char *homes(rg_store *shared, const char *user)
{
	return homes_in(shared, "location@homes", user);
}

static void committed(void *tok, rg_status status, const rg_fetched *current)
{
	*(rg_status *)tok = status;
	rg_record_unref(current ? current->record : NULL);
}

/* The first @p n_long of them are as long as many others. */
static void put_some_long(rg_store *shared, const char *user, const char *site, uint32_t n, uint32_t n_long, rg_time expires)
{
	enum { LONG = 5000 };
	static uint8_t number;
	rg_key key = { RG_STR("location@homes"), rg_str_from(user), RG_STR("example.org") };
	rg_commit commit = { .struct_size = sizeof commit, .revision = { { 'x', ++number, (uint8_t)user[0], (uint8_t)user[1] } } };
	rg_contact *contacts = calloc(n, sizeof *contacts);
	char (*uris)[64] = calloc(n, sizeof *uris), (*attrs)[LONG] = calloc(n, sizeof *attrs);
	rg_status st = RG_PENDING;
	rg_record *record = NULL;
	void *self;

	for (uint32_t i = 0; i < n; i++) {
		rg_contact_init(&contacts[i], sizeof *contacts);
		snprintf(uris[i], sizeof uris[i], "sip:%u.%s", i, site);
		contacts[i].id = i + 1;
		contacts[i].uri = rg_str_from(uris[i]);
		contacts[i].next_hop = RG_STR("x:1");
		contacts[i].callid = RG_STR("home");
		contacts[i].created = contacts[i].modified = expires - 1000; /* so it takes the room that a home of today takes */
		contacts[i].expires = expires;
		if (i < n_long) {
			snprintf(attrs[i], LONG, "%0*u", LONG - 1, i); /* a record stores what they share once */
			contacts[i].attr = rg_str_from(attrs[i]);
		}
	}
	while (rg_record_new(&key, &commit.revision, contacts, n, NULL, 0, (rg_str){ NULL, 0 }, &record) == RG_ELIMIT)
		n--;
	commit.next = record;
	rg_store_members(shared, &self)->commit(self, &key, &commit, 0, committed, &st);
	cr_assert_eq(st, RG_OK);
	rg_record_unref(record);
	free(contacts);
	free(uris);
	free(attrs);
}

void put_homes(rg_store *shared, const char *user, const char *site, uint32_t n, rg_time expires)
{
	put_some_long(shared, user, site, n, 0, expires);
}

void fill_homes(rg_store *shared, const char *user, const char *site, rg_time expires)
{
	put_some_long(shared, user, site, 200, 12, expires);
}

static void counted(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	(void)status;
	(void)bindings;
	*(uint64_t *)tok = records;
}

uint64_t records(rg_store *shared)
{
	uint64_t n = 0;
	void *self;

	rg_store_members(shared, &self)->count(self, &RG_STR("location@homes"), 0, counted, &n);
	return n;
}

static void keep(void *user, rg_status status, rg_targets *targets)
{
	answer *a = user;
	rg_target t = { .struct_size = sizeof t };

	a->called++;
	snprintf(a->text, sizeof a->text, "%s %d/%d%s", rg_status_name(status), rg_targets_result(targets), rg_targets_code(targets),
		rg_targets_partial(targets) ? "p" : "");
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		size_t n = strlen(a->text);

		cr_expect_eq(t.home.p == NULL, t.binding_id != 0, "a target is a binding, or a home");
		cr_expect(!t.home.p || rg_str_equal(t.home, t.next_hop));
		snprintf(a->text + n, sizeof a->text - n, " %.*s>%.*s", (int)t.uri.n, t.uri.p, (int)t.next_hop.n, t.next_hop.p);
		if (t.branch >= 0)
			snprintf(a->text + strlen(a->text), sizeof a->text - strlen(a->text), "(%d)", t.branch);
	}
	rg_targets_free(targets);
}

void ask(kit *k, question *q, answer *a)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request request;
	rg_str branch;

	*a = (answer){ 0 };
	cr_assert_eq(rg_lookup_options_new(rg_str_from(q->flags ? q->flags : "global"), &options, NULL), RG_OK);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(q->uri ? q->uri : "sip:alice@example.org;x=1");
	request.aor = rg_str_from(q->aor);
	branch = rg_str_from(q->branch);
	request.branches = &branch;
	request.n_branches = q->branch != NULL;
	if (q->async) {
		q->status = rg_lookup_async(k->reg, &request, options, keep, a, NULL, &q->op, NULL);
	} else {
		q->status = rg_lookup(k->reg, &request, options, &targets, NULL);
		keep(a, q->status, targets);
	}
	rg_lookup_options_unref(options);
}

void asks(kit *k, question q)
{
	answer a;

	ask(k, &q, &a);
	cr_expect_str_eq(a.text, q.expected, "%s, not %s", a.text, q.expected);
}
