/* SPDX-License-Identifier: MIT */
/* The Redis store keeps the contract of every store: through `wait`, and driven by its descriptor; over one Redis, over one in cluster mode,
 * as the main store of an overlay, and with a second node beside it. */
#include <criterion/criterion.h>
#include <rgstr/check.h>
#include <rgstr/memory.h>
#include "nodes.h"

/* Under a sanitizer the many are fewer. */
#ifdef __SANITIZE_ADDRESS__
enum { FEW = 300, MANY = 5000 };
#else
enum { FEW = 500, MANY = 100000 };
#endif

typedef struct how {
	bool cluster, overlay;
	prompt_form form;
	const char *more; /* parameters of the address */
} how;

/* rg_store_check() calls `wait` alone, and the watches of the store come by its loop: the shim drives that as well. */
static rg_status open_redis(void *user, rg_store **out)
{
	const how *h = user;
	rg_store *redis = redis_prompt(redis_store(h->cluster, h->more), h->form), *local = NULL;

	if (!h->overlay) {
		*out = redis;
		return RG_OK;
	}
	rg_status st = rg_memory_store_new(NULL, &local, NULL);
	if (st == RG_OK)
		st = rg_store_overlay(redis, local, out, NULL);
	rg_store_unref(redis);
	rg_store_unref(local);
	return st;
}

static void report(void *user, const rg_str *name, const rg_str *wrong)
{
	(void)user;
	cr_expect_eq(wrong->n, 0, "%.*s: %.*s", (int)name->n, name->p, (int)wrong->n, wrong->p);
}

static void check(how h, uint32_t seed, uint32_t many)
{
	rg_store_check_options o;
	uint32_t failed = 99;

	rg_store_check_options_init(&o, sizeof o);
	o.seed = seed;
	o.many = many;
	o.open = open_redis;
	o.report = report;
	o.user = &h;
	cr_expect_eq(rg_store_check(&o, &failed), RG_OK);
	cr_expect_eq(failed, 0);
}

Test(redis, keeps_the_store_contract)
{
	check((how){ .form = PROMPT_DRIVEN }, 1, MANY);
}

Test(redis, keeps_it_when_its_descriptor_drives_it)
{
	check((how){ .form = PROMPT_LOOPING }, 2, FEW);
}

Test(redis, keeps_it_without_a_cache_and_with_one_bucket)
{
	check((how){ .form = PROMPT_DRIVEN, .more = "&cache=0&buckets=1" }, 4, FEW);
}

Test(redis, keeps_it_in_a_cluster)
{
	check((how){ .cluster = true, .form = PROMPT_DRIVEN }, 5, FEW);
}

Test(redis, keeps_it_as_the_main_store_of_an_overlay)
{
	check((how){ .overlay = true, .form = PROMPT_DRIVEN }, 6, FEW);
}

static rg_status open_nodes(void *user, rg_store **out)
{
	*out = nodes_new(*(bool *)user);
	return RG_OK;
}

Test(redis, nodes_that_take_turns_keep_it_together)
{
	rg_store_check_options o;
	uint32_t failed = 99;
	bool cluster = false;

	rg_store_check_options_init(&o, sizeof o);
	o.seed = 7;
	o.many = FEW;
	o.open = open_nodes;
	o.report = report;
	o.user = &cluster;
	cr_expect_eq(rg_store_check(&o, &failed), RG_OK);
	cr_expect_eq(failed, 0);
}
