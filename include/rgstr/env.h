/* SPDX-License-Identifier: MIT */
/**
 * @file env.h
 * What the host provides to a registrar: a clock, random bytes, a log, names and authorization.
 */
#ifndef RGSTR_ENV_H
#define RGSTR_ENV_H

#include <rgstr/message.h>
#include <rgstr/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Levels of env.log. No version adds one. */
enum {
	RG_LOG_ERROR = 1,
	RG_LOG_WARNING = 2,
	RG_LOG_INFO = 3,
	RG_LOG_DEBUG = 4
};

/**
 * Answers env.resolve. The host calls it once for each @p tok. While the registrar lives, a second call is refused. After the last
 * reference to the registrar is gone and its last operation has ended, a second call is undefined behaviour.
 * @param status  RG_OK or an error, which counts as no address. @param addrs  the addresses; copied. Ports are ignored, and so is an
 * address without a family. @param n  their number; at most 8 are used.
 */
typedef void (*rg_resolve_done_cb)(void *tok, rg_status status, const rg_addr *addrs, uint32_t n);

/**
 * What the host provides to the registrar. Each member is optional and has a working default. rg_registrar_new() copies the struct.
 * The members run with no lock held, on any thread that uses the registrar or completes a call of its store.
 */
typedef struct rg_env {
	uint32_t struct_size; /**< set by rg_env_init() */

	/** The highest level of a line that `log` receives, RG_LOG_…; 0 = all. A line above it is not composed, so it costs nothing. */
	int32_t log_level;

	/**
	 * Returns the time. Default: the real-time clock of the system. A time before 1970 counts as 0, a time after the year 9999 as its
	 * last millisecond. The clock may be set at any time: no wait becomes longer than it was when it began.
	 */
	rg_time (*now)(void *user);

	/** Fills in random bytes. Set it only to make tests repeatable. Default: libsodium. */
	void (*random)(void *user, void *bytes, size_t n);

	/** Receives a line of log: UTF-8 without control characters, borrowed. Default: nothing is logged. @param level  RG_LOG_… */
	void (*log)(void *user, int32_t level, const rg_str *text);

	/**
	 * Resolves a host name: the next hop of a Contact in a save, the host in a remove. It obeys the completion law towards @p done. The
	 * host name is borrowed for the call. In the blocking form, only an answer that is given before the function returns is used; a later
	 * one counts as none. In the completion form, the operation waits up to store_timeout and then continues without the answer. Default:
	 * host names are compared as text. The library never uses DNS itself. It does not ask for a host that is a number or has a `_`.
	 */
	rg_status (*resolve)(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok);

	/**
	 * The next tick is due at @p next, earlier than the last tick said. Default: nothing is called, and the host has to tick at short
	 * intervals, about once a second.
	 */
	void (*wakeup)(void *user, rg_time next);

	/**
	 * Returns 1 when this node acts for bindings with ownership tag @p tag (base specification §1.4.1), else 0. Default: 1. The owner
	 * removes expired bindings and reports their events, and it alone wakes a device before its binding expires. Another node removes such
	 * a binding only 10 seconds after its expiry. The function is not called for bindings without a tag.
	 */
	int32_t (*is_owner)(void *user, const rg_str *tag);

	/**
	 * Returns 1 when @p host is a domain of ours, else 0. Default: 1. A save asks for the host of the Request-URI and of To; for 0 it
	 * refuses the request with 404 (RFC 3261 §10.3 step 1). A lookup with the flag `branch` asks for the host of each branch. The host is
	 * in the form of an AoR: in lower case, without a final dot and realm_prefix.
	 */
	int32_t (*is_local)(void *user, const rg_str *host);

	/**
	 * Returns 1 when the sender may register this To, else 0. Default: 1. For 0, a save refuses the request with 403 (RFC 3261 §10.3,
	 * step 4). The arguments are the whole values of From and To, and rg_request.identity.
	 */
	int32_t (*authorize)(void *user, const rg_str *from_header, const rg_str *to_header, const rg_str *identity);

	void *user;      /**< passed to each member */
	rg_free_cb free; /**< releases `user` after the registrar is gone */
} rg_env;

/** Empties an environment: all members have their defaults. @p size is sizeof(rg_env). NULL is accepted. */
RG_API void rg_env_init(rg_env *env, uint32_t size);

#ifdef __cplusplus
}
#endif
#endif
