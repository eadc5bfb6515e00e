/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>
#include "store/store.h"

static rg_status no_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)self, (void)key, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)self, (void)key, (void)commit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)now, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*tag, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status no_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ESTORE;
}

Test(store, its_members_and_its_name_are_copied)
{
	for (uint32_t traits = 0; traits <= RG_STORE_INLINE; traits += RG_STORE_INLINE) {
		char name[] = "shelf";
		rg_store_ops ops = { .struct_size = sizeof ops, .name = name, .traits = traits, .fetch = no_fetch, .commit = no_commit,
			.due = no_due, .find = no_find, .scan = no_scan };
		rg_store *store = NULL;
		void *self = NULL;

		cr_assert_eq(rg_store_new(&ops, &ops, &store, NULL), RG_OK);
		memset(name, 'x', strlen(name));
		ops.fetch = NULL;
		cr_expect_str_eq(rg__store_name(store), "shelf");
		cr_expect_eq(rg_store_self(store, "shelf"), &ops);
		cr_expect_null(rg_store_self(store, name));
		cr_expect_str_eq(rg_store_members(store, &self)->name, "shelf");
		cr_expect(rg_store_members(store, &self)->fetch == no_fetch);
		rg_store_unref(store);
	}
}
