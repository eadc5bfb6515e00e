/* SPDX-License-Identifier: MIT */
#include "store_redis.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 1000, WAITS = 30 };

static redis_server *servers[2];
static char last_address[256];
static unsigned stores;

/* The servers would end with the program, too. */
__attribute__((destructor)) static void end_servers(void)
{
	for (int i = 0; i < 2; i++)
		redis_server_free(servers[i]);
}

redis_server *redis_of_program(bool cluster)
{
	redis_server_options o = { .cluster = cluster };

	if (!servers[cluster])
		servers[cluster] = redis_server_start(&o);
	return servers[cluster];
}

static void say(void *user, int32_t level, const rg_str *text)
{
	(void)user;
	if (level <= RG_LOG_WARNING)
		fprintf(stderr, "redis store: %.*s\n", (int)text->n, text->p);
}

static rg_store *open_last(void)
{
	rg_redis_options o;
	rg_error *why = rg_error_new();
	rg_store *store = NULL;

	rg_redis_options_init(&o, sizeof o);
	o.address = rg_str_from(last_address);
	o.log = say;
	if (rg_redis_store_new(&o, &store, why) != RG_OK) {
		fprintf(stderr, "%s: %s\n", last_address, rg_error_text(why).p);
		abort();
	}
	rg_error_free(why);
	return store;
}

rg_store *redis_store(bool cluster, const char *more)
{
	const char *server = redis_server_address(redis_of_program(cluster));

	snprintf(last_address, sizeof last_address, "%s?prefix=t%u%s", server, ++stores, more ? more : "");
	return open_last();
}

rg_store *redis_store_beside(void)
{
	return open_last();
}

bool redis_drive(rg_store *redis, bool waits)
{
	return rg_redis_store_run(redis, waits ? WAIT_MS : 0) == RG_OK;
}

bool redis_drive_until(rg_store *redis, const bool *until)
{
	for (int silent = 0; !*until && silent < WAITS;)
		silent += !redis_drive(redis, true);
	return *until;
}

rg_store *redis_prompt(rg_store *redis, prompt_form form)
{
	const prompt_inner inner = { .store = redis, .drive = redis_drive };
	rg_store *out = prompt_new(&inner, form);

	rg_store_unref(redis);
	return out;
}

int64_t redis_statistic(const rg_store *redis, const char *name)
{
	rg_statistic s;

	for (uint32_t i = 0;; i++) {
		rg_statistic_init(&s, sizeof s);
		if (rg_redis_store_statistic(redis, i, &s) != RG_OK)
			return -1;
		if (strcmp(s.name, name) == 0)
			return s.value;
	}
}
