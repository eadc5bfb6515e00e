/* SPDX-License-Identifier: MIT */
/**
 * @file redis.h
 * The Redis store (library librgstr-redis): many nodes share one Redis server. It never blocks, it has no thread, and a call costs one
 * round trip. doc/redis.md describes the keys, the sizes and what an operator sets.
 *
 * **Threads.** The store belongs to one thread, that of its registrar. Each function below that takes a store must be called on it, and the
 * completions of calls, watches and the functions of rg_redis_options run on it. A child process after fork() may neither use nor free the
 * store: both processes have its connections.
 *
 * **Event loop.** The host drives the connections, in one of two ways:
 * - It gives `watch` and `deadline` in the options. The store says which descriptors it waits for, and when it wants to be called. The
 *   host calls rg_redis_store_ready().
 * - It gives neither (Linux only). Then it watches one descriptor for reading, rg_redis_store_descriptor(), and calls
 *   rg_redis_store_drive(). librgstr-glib and librgstr-sofia do so on their loops, rg_redis_store_run() does so with poll().
 *
 * Calls of the blocking form need no loop. They use connections of their own, at most 16; a further one is refused with RG_EFULL.
 *
 * **Failure.** When the connection is lost, the store reconnects at once and repeats the calls in flight. When that fails, it answers them,
 * and it refuses further calls at once with RG_ESTORE until the server answers again. It tries to reconnect after 100 ms, and then after
 * longer and longer times up to 5 s, each drawn at random from half to one and a half times its value.
 */
#ifndef RGSTR_REDIS_H
#define RGSTR_REDIS_H

#include <rgstr/env.h>
#include <rgstr/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What happens on a descriptor: bits of `events`. No version adds one. */
enum {
	RG_REDIS_READ = 1, /**< it is readable, or it is broken */
	RG_REDIS_WRITE = 2 /**< it is writable, or it is broken */
};

/** Options of rg_redis_store_new(). The struct and its texts are copied. */
typedef struct rg_redis_options {
	uint32_t struct_size; /**< set by rg_redis_options_init() */
	uint32_t reserved;    /**< zero */

	/**
	 * The address of the server:
	 * - `redis://[[user]:password@]host[:port][/db][?parameters]`, port 6379 by default. An IPv6 address stands in brackets.
	 * - `rediss://…`: the same over TLS. It needs a build with the TLS part of hiredis 1.1 or later.
	 * - `unix:[//[[user]:password@]]/path[?parameters]`; the number of the database is the parameter `db`.
	 *
	 * User, password and path may contain %-escapes. The parameters, each at most once, are listed in doc/redis.md: `prefix`, `buckets`,
	 * `timeout`, `connect_timeout`, `cache`, `inflight`, `db`.
	 */
	rg_str address;

	/** Name of the program, for the name of its connections; 1 to 64 letters, digits, hyphens, underscores and dots. Absent = "rgstr". */
	rg_str program;

	/** Receives a line of log, as env.log: UTF-8 without control characters, borrowed. Default: nothing is logged. @param level RG_LOG_… */
	void (*log)(void *user, int32_t level, const rg_str *text);

	/**
	 * Resolves the host name of the address, as env.resolve: @p done is called once for each @p tok, within the call or later, on the thread
	 * of the store. It is not called for a number. The store asks before each attempt to connect for calls of the completion form; other
	 * connections use the last answer, and a blocking call for which there is none yet is refused with RG_ESTORE. Answers to earlier
	 * questions, and those after the store is gone, are ignored. Default: rg_redis_store_new() resolves the name once, and blocks
	 * meanwhile.
	 */
	rg_status (*resolve)(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok);

	/**
	 * The store waits for these events of a descriptor from now on. @param events  RG_REDIS_READ, RG_REDIS_WRITE or both; 0 = forget the
	 * descriptor, which the store closes after this call. It is called within any function of the store and of its registrar.
	 */
	void (*watch)(void *user, int32_t descriptor, uint32_t events);

	/**
	 * The store wants rg_redis_store_ready(store, -1, 0) after @p ms milliseconds. Each call replaces the one before. @param ms  at least
	 * 0; -1 = it waits for no time.
	 */
	void (*deadline)(void *user, int32_t ms);

	/**
	 * The server has lost its data, or has other data than before: it was emptied, restarted without data, or replaced. The store has
	 * forgotten what it had in its cache. It is called once each time, from within any function of the store and of its registrar, and must
	 * not call a function of the store. For a store that sites share, rg_registrar_publish() fills it again. Default: nothing is called.
	 */
	void (*emptied)(void *user);

	void *user;      /**< passed to each function above */
	rg_free_cb free; /**< releases `user` after the store is gone */
} rg_redis_options;

/** Empties the options: all have their defaults, and there is no address. @p size is sizeof(rg_redis_options). NULL is accepted. */
RG_API void rg_redis_options_init(rg_redis_options *options, uint32_t size);

/**
 * Makes a store on a Redis server. It starts to connect and does not wait for the server: calls before the first connection wait for it, at
 * most for `timeout`.
 * @param why  says what is wrong with the options; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: the address is missing or malformed, or only one of `watch` and `deadline` is
 * given; RG_ENOTSUP: the address needs TLS, which this build does not have, or the system has no epoll and `watch` is not given;
 * RG_ENOENT: the host name does not resolve; RG_ESTORE: the system refused a descriptor; RG_ENOMEM.
 */
RG_API rg_status rg_redis_store_new(const rg_redis_options *options, rg_store **out, rg_error *why);

/**
 * Says that events happened on a descriptor, or that the time of `deadline` has come. Completes calls. For the first way above.
 * @param store  NULL, a store of another library and one without `watch` are ignored. It may be destroyed within the call.
 * @param descriptor  a descriptor given to `watch`; -1 = the time has come. An unknown one is ignored. @param events  RG_REDIS_…
 */
RG_API void rg_redis_store_ready(rg_store *store, int32_t descriptor, uint32_t events);

/**
 * @return the descriptor to watch for reading, for the second way above. It stays the same, and belongs to the store. -1 when `watch` was
 * given, for a store of another library and for NULL.
 */
RG_API int32_t rg_redis_store_descriptor(const rg_store *store);

/**
 * Does what can be done without waiting, and completes calls. To be called when the descriptor is readable; harmless at any time, and does
 * nothing within a callback that it runs. @param store  NULL, a store of another library and one with `watch` are ignored.
 */
RG_API void rg_redis_store_drive(rg_store *store);

/**
 * Waits until the descriptor is readable, then drives the store once. For tests and for programs that do nothing else.
 * @param timeout_ms  how long to wait at most; -1 = without end.
 * @return RG_OK: driven; RG_ETIMEOUT: nothing happened; RG_EINVAL: there is no descriptor to wait for.
 */
RG_API rg_status rg_redis_store_run(rg_store *store, int32_t timeout_ms);

/** The connection of a store. A later version may add states. */
enum {
	RG_REDIS_DOWN = 0,       /**< there is none; calls are refused at once */
	RG_REDIS_CONNECTING = 1, /**< the first attempt since the start or since a loss is under way; calls wait */
	RG_REDIS_READY = 2       /**< the server answers */
};

/** The state of a store. */
typedef struct rg_redis_state {
	uint32_t struct_size; /**< set by rg_redis_state_init() */
	uint32_t connection;  /**< RG_REDIS_… */
	rg_time since;        /**< time of the last change of `connection`, by the clock of the system */
	rg_str node;          /**< UUID of this store, which the names of its connections end with: `CLIENT LIST` on the server shows them */
	rg_str address;       /**< address of the server without user and password */
	rg_str trouble;       /**< what ended the last connection or kept it from being made; absent while there is none to tell */
	uint32_t in_flight;   /**< calls that wait for an answer */
	uint32_t cached;      /**< records in the cache */
	uint64_t cache_bytes; /**< bytes in the cache */
} rg_redis_state;

/** Empties a state. @p size is sizeof(rg_redis_state). NULL is accepted. */
RG_API void rg_redis_state_init(rg_redis_state *state, uint32_t size);

/**
 * Reads the state of a store. The texts are borrowed until the next call of a function of the store or of its registrar.
 * @return RG_OK; RG_EINVAL: @p out is NULL or its size is refused, or @p store is NULL or of another library.
 */
RG_API rg_status rg_redis_store_state(const rg_store *store, rg_redis_state *out);

/** @return the number of statistics of a store; 0 for NULL and for a store of another library. */
RG_API uint32_t rg_redis_store_statistic_count(const rg_store *store);

/**
 * Reads statistic @p index of a store: the calls of each kind and their round trips, and what happened to the connection. The names are
 * listed in doc/redis.md. A later version may add some.
 * @return RG_OK; RG_ENOENT past the last one; RG_EINVAL: as rg_redis_store_state().
 */
RG_API rg_status rg_redis_store_statistic(const rg_store *store, uint32_t index, rg_statistic *out);

#ifdef __cplusplus
}
#endif
#endif
