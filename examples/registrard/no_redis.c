/* SPDX-License-Identifier: MIT */
#include "redis.h"

rg_status redis_open(struct server *server, const char *address, struct redis **out, rg_error *why)
{
	(void)server;
	(void)address;
	*out = NULL;
	return rg_error_set(why, RG_ENOTSUP, RG_STR("this registrard is built without librgstr-redis"));
}

rg_store *redis_store(const struct redis *redis)
{
	(void)redis;
	return NULL;
}

void redis_drain(const struct redis *redis, int32_t ms)
{
	(void)redis;
	(void)ms;
}

void redis_close(struct redis *redis)
{
	(void)redis;
}

void redis_print(const struct server *server, struct text *to)
{
	(void)server;
	(void)to;
}

void redis_metrics(const struct server *server, struct text *to)
{
	(void)server;
	(void)to;
}
