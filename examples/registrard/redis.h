/* SPDX-License-Identifier: MIT */
/* A Redis store of registrard, on the server's loop. redis.c has it; a build without librgstr-redis has no_redis.c. */
#ifndef REGISTRARD_REDIS_H
#define REGISTRARD_REDIS_H

#include "json.h"
#include "server.h"

struct redis;

/* @return as rg_redis_store_new(); RG_ENOTSUP: this build has none. */
rg_status redis_open(struct server *server, const char *address, struct redis **out, rg_error *why);

/* Belongs to @p redis. */
rg_store *redis_store(const struct redis *redis);

/* Waits until no call is in flight, at most for so long. Only for the end of the server: the loop stands still meanwhile.
 * NULL is accepted. */
void redis_drain(const struct redis *redis, int32_t ms);

/* NULL is accepted. */
void redis_close(struct redis *redis);

/* Adds a member for each Redis store of the server: the state of its connection, and its statistics. */
void redis_print(const struct server *server, struct text *to);

/* The same in the text format of Prometheus. */
void redis_metrics(const struct server *server, struct text *to);

#endif
