/* SPDX-License-Identifier: MIT */
/* A registrard that is built without librgstr-redis. */
#include "redis.h"

#include <criterion/criterion.h>
#include <string.h>

Test(no_redis, an_address_is_refused_with_words)
{
	struct server server = { .args = NULL };
	struct redis *redis = (struct redis *)&server;
	struct text text = { NULL, 0, 0, 0 };
	rg_error *why = rg_error_new();

	cr_assert_eq(redis_open(&server, "redis://127.0.0.1", &redis, why), RG_ENOTSUP);
	cr_expect_null(redis);
	cr_expect_not_null(strstr(rg_error_text(why).p, "built without librgstr-redis"));
	rg_error_free(why);
	redis_drain(redis, 1000);
	redis_print(&server, &text);
	redis_metrics(&server, &text);
	redis_close(redis);
	cr_expect_eq(text.n, 0, "there is nothing to tell");
}
