/* SPDX-License-Identifier: MIT */
#include "remote.h"
#include <stdlib.h>
#include <string.h>

remote_cell *remote_cell_of(remote *r, rg_str user)
{
	for (int i = 0; i < REMOTE_KEYS; i++) {
		remote_cell *c = &r->cells[i];

		if (c->user[0] == 0 && user.n < sizeof c->user)
			memcpy(c->user, user.p, user.n);
		if (strlen(c->user) == user.n && memcmp(c->user, user.p, user.n) == 0)
			return c;
	}
	abort(); /* a test uses more keys than there are cells */
}

static bool remembers(const remote_cell *c, const rg_revision *revision)
{
	for (uint32_t i = 0; i < REMOTE_REMEMBERED && i < c->landed; i++) {
		if (rg_revision_equal(&c->last[i], revision))
			return true;
	}
	return false;
}

bool remote_has_landed(remote *r, rg_str user, const rg_revision *revision)
{
	return remembers(remote_cell_of(r, user), revision);
}

rg_status remote_take(remote *r, const rg_key *key, const rg_commit *commit)
{
	remote_cell *c = remote_cell_of(r, key->user);
	rg_contact b = { .struct_size = sizeof b };

	if (remembers(c, &commit->revision))
		return RG_OK;
	if (!rg_revision_equal(&c->base, &commit->base))
		return RG_ECONFLICT;
	rg_record_unref(c->record);
	c->record = rg_record_ref(commit->next);
	c->base = commit->revision;
	c->last[c->landed++ % REMOTE_REMEMBERED] = commit->revision;
	for (uint32_t i = 0; rg_record_contact(c->record, i, &b) == RG_OK; i++)
		r->leaks += (b.flags & RG_CONTACT_LOCAL) != 0;
	return RG_OK;
}

static rg_fetched there_is(const remote_cell *c)
{
	return (rg_fetched){ .struct_size = sizeof(rg_fetched), .authoritative = 1, .record = rg_record_ref(c->record), .base = c->base };
}

static rg_status remote_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	remote *r = self;
	rg_status st = r->fetching ? r->fetching(r->user) : RG_OK;
	rg_fetched found = { 0 };

	(void)flags;
	if (st == RG_OK)
		found = there_is(remote_cell_of(r, key->user));
	done(tok, st, st == RG_OK ? &found : NULL);
	return RG_OK;
}

static void put_off(remote *r, const rg_key *key, const rg_commit *commit)
{
	struct remote_late *late = &r->late[r->n_late++];

	memset(late->user, 0, sizeof late->user);
	memcpy(late->user, key->user.p, key->user.n);
	late->commit = *commit;
	rg_record_ref(commit->next);
}

bool remote_do_late(remote *r, uint32_t which)
{
	struct remote_late late = r->late[which];
	const rg_key key = { .user = rg_str_from(late.user) };

	r->late[which] = r->late[--r->n_late];
	rg_status st = remote_take(r, &key, &late.commit);
	rg_record_unref(late.commit.next);
	return st == RG_OK;
}

static rg_status remote_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	remote *r = self;
	remote_fate fate = r->fate ? r->fate(r->user) : REMOTE_DOES;
	rg_fetched current = { 0 };
	rg_status st = RG_EUNKNOWN;

	(void)flags;
	r->commits++;
	if (fate == REMOTE_LATE && r->n_late == REMOTE_LATE_MAX)
		fate = REMOTE_LOSES;
	if (fate == REMOTE_REFUSES)
		st = r->refusal;
	else if (fate == REMOTE_LATE)
		put_off(r, key, commit);
	else if (fate != REMOTE_LOSES)
		st = remote_take(r, key, commit);
	if (fate == REMOTE_LANDS)
		st = RG_EUNKNOWN;
	if (st == RG_ECONFLICT)
		current = there_is(remote_cell_of(r, key->user));
	done(tok, st, st == RG_ECONFLICT ? &current : NULL);
	return RG_OK;
}

static rg_status empty_page(rg_keys_cb done, void *tok)
{
	const rg_keys page = { .struct_size = sizeof page, .next = RG_TIME_NEVER };

	done(tok, RG_OK, &page);
	return RG_OK;
}

static rg_status remote_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self;
	(void)now;
	(void)cursor;
	(void)limit;
	(void)flags;
	return empty_page(done, tok);
}

static rg_status remote_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)domain;
	(void)tag;
	return remote_due(self, 0, cursor, limit, flags, done, tok);
}

static rg_status remote_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)domain;
	return remote_due(self, 0, cursor, limit, flags, done, tok);
}

rg_store *remote_new(remote *r)
{
	const rg_store_ops ops = { .struct_size = sizeof ops, .name = "remote", .traits = RG_STORE_INLINE, .fetch = remote_fetch,
		.commit = remote_commit, .due = remote_due, .find = remote_find, .scan = remote_scan };
	rg_store *out = NULL;

	rg_store_new(&ops, r, &out, NULL);
	return out;
}

void remote_clear(remote *r)
{
	while (r->n_late > 0)
		rg_record_unref(r->late[--r->n_late].commit.next);
	for (int i = 0; i < REMOTE_KEYS; i++)
		rg_record_unref(r->cells[i].record);
	*r = (remote){ 0 };
}
