/* SPDX-License-Identifier: MIT */
#include "kit.h"

rg_store *kit_store(void)
{
	rg_store *store = NULL;

	cr_assert_eq(rg_memory_store_new(NULL, &store, NULL), RG_OK);
	return store;
}

rg_store *kit_store_bare(rg_store *store)
{
	return rg_store_ref(store);
}
