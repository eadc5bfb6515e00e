/* SPDX-License-Identifier: MIT */
/*
 * The Redis store: what its two halves share. The connections (link, pipeline, greet, reconnect, block, loop, resolve, channels) carry
 * commands and replies and know no record. The operations (fetch, commit, due, find, scan, watch) know no connection.
 */
#ifndef REDIS_STORE_H
#define REDIS_STORE_H

#include "counters.h"
#include "scripts.h"
#include "url.h"

#include <hiredis/hiredis.h>
#include <rgstr/redis.h>

#define RG__REDIS_NAME "redis"

typedef struct rg__redis rg__redis;
typedef struct rg__redis_links rg__redis_links; /* of the connections: links.h */
typedef struct rg__redis_ops rg__redis_ops;     /* of the operations: ops.h */

/* The store's self. */
struct rg__redis {
	uint64_t magic;
	uint32_t refs; /* one for the store, one for each function that is about to call a callback */
	bool dead;     /* destroyed: nothing may be sent or delivered */
	rg_redis_options host;
	rg__redis_url url;
	char node[37];  /* UUID */
	rg_str schema;  /* the key `{prefix}:schema` */
	rg__redis_counters counters;
	rg__redis_ops *ops;
	rg__redis_links *links;
};

/* A callback may drop the last reference to the store, so a function that uses the store after a callback holds it meanwhile. `dead` says
 * whether a callback has destroyed it. After rg__redis_release() `r` may be freed. */
static inline void rg__redis_hold(rg__redis *r)
{
	r->refs++;
}
void rg__redis_release(rg__redis *r);

/* report.c: milliseconds of the monotonic clock, and the time of day. */
int64_t rg__redis_clock(void);
rg_time rg__redis_wall_clock(void);

/* A line of log: printable ASCII, at most 400 bytes; other octets of the arguments become '?'. */
__attribute__((format(printf, 3, 4))) void rg__redis_log(const rg__redis *r, int32_t level, const char *format, ...);

/* pipeline.c */

typedef struct rg__redis_command {
	const rg__redis_script *script; /* NULL: argv is the whole command. Else argv is numkeys, keys…, args… of EVALSHA */
	int argc;
	const char *const *argv;
	const size_t *lens;
} rg__redis_command;

/*
 * Called exactly once for each command, in their order.
 * @param reply  what Redis said, which may be REDIS_REPLY_ERROR; borrowed for the call; NULL unless @p status is RG_OK.
 * @param status  RG_OK; RG_ESTORE: not executed, or no answer to a read; RG_EUNKNOWN: a command that `writes` may have been executed;
 * RG_ECANCELED: canceled, and not executed; RG_ENOMEM: not executed, since a missing script could not be sent again.
 * The store may be destroyed in it.
 */
typedef void (*rg__redis_reply_cb)(void *user, uint32_t index, rg_status status, const redisReply *reply);

/*
 * Sends n commands in one write, and counts a round trip for @p verb. A lost connection repeats them, so a command must be one that may be
 * executed twice.
 * @param verb  RG__REDIS_FETCH … @param flags  of the member: RG_OP_BLOCKING puts it on a connection of its own that
 * rg__redis_wait(tok) drives. @param tok  for wait and cancel.
 * @return RG_PENDING, and no callback has run; RG_ESTORE: there is no server; RG_EFULL: too many are in flight; RG_ENOMEM. On an
 * error no callback runs.
 */
rg_status rg__redis_send(rg__redis *r, uint32_t verb, uint32_t flags, bool writes, const rg__redis_command *commands, uint32_t n,
	rg__redis_reply_cb done, void *user, void *tok);

/* What an error reply means to a caller: RG_EFULL for OOM, else RG_ESTORE. */
rg_status rg__redis_error_status(const redisReply *error);

/* channels.c: publish/subscribe. One callback may have many subscriptions, and a channel many callbacks. */

typedef struct rg__redis_subscription rg__redis_subscription;

/* Called for each message, and when messages may have been missed. It may unsubscribe, and destroy the store. */
typedef void (*rg__redis_message_cb)(void *user);

/* @return RG_OK with @p out; RG_ENOMEM. */
rg_status rg__redis_subscribe(rg__redis *r, const char *channel, size_t n, rg__redis_message_cb message, void *user,
	rg__redis_subscription **out);
/* No callback of it runs after this. */
void rg__redis_unsubscribe(rg__redis *r, rg__redis_subscription *subscription);

/* greet.c: for an operation that has read the key `schema` on the way: notices a server that was emptied. */
void rg__redis_schema_seen(rg__redis *r, const redisReply *reply);

/* Members of the store. */
rg_status rg__redis_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok);
rg_status rg__redis_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok);
rg_status rg__redis_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status rg__redis_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok);
rg_status rg__redis_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok);
rg_status rg__redis_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle);
void rg__redis_unwatch(void *self, void *handle);
rg_status rg__redis_wait(void *self, void *tok, int32_t timeout_ms); /* block.c */
void rg__redis_cancel(void *self, void *tok);                        /* block.c */

/* What the operations keep: made in rg_redis_store_new(), after `url`. */
rg_status rg__redis_ops_new(rg__redis *r);
void rg__redis_ops_emptied(rg__redis *r);  /* the server has another data set: what is remembered of the old one is false */
void rg__redis_ops_closing(rg__redis *r);  /* the store is destroyed: ends the watches */
void rg__redis_ops_free(rg__redis *r);     /* no call is outstanding; ops may be NULL */
void rg__redis_ops_cached(const rg__redis *r, uint32_t *records, uint64_t *bytes);

#endif
