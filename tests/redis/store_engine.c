/* SPDX-License-Identifier: MIT */
/* The engine's tests over Redis: a shim goes over the inline form, and a registrar without a shim has the driven form. There is one bucket,
 * because some tests count the pages of a walk, which with more buckets are less full. */
#include "kit.h"
#include "store_redis.h"

rg_store *kit_store(void)
{
	return redis_prompt(redis_store(false, "&buckets=1"), PROMPT_INLINE);
}

rg_store *kit_store_bare(rg_store *store)
{
	return prompt_of(store, PROMPT_DRIVEN);
}
