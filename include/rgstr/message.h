/* SPDX-License-Identifier: MIT */
/**
 * @file message.h
 * The message adaptor: how the library reads and answers a message of the host's own SIP stack.
 *
 * To write an adaptor, fill in an rg_msg_ops. librgstr-sofia is one. Every member completes before it returns.
 *
 * **Threads.** The library calls `read`, `get_var` and `add_header` on the thread that calls the verb, before the verb returns. It calls
 * `reply`, `apply`, `set_var` and `rewrite` on the thread that completes the verb: in the blocking form the thread of the caller, in the
 * completion form the thread that runs the callback. It calls one member for a verb at a time, but `release` of the request may run at
 * the same time as a later member.
 *
 * **Errors.** The verb returns the error of a member, or passes it to the callback. RG_EINVAL of a member that runs after the decision
 * becomes RG_ECONTRACT, because RG_EINVAL says that nothing has begun.
 */
#ifndef RGSTR_MESSAGE_H
#define RGSTR_MESSAGE_H

#include <rgstr/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The members of a message adaptor. Later versions only append members. `self` and `msg` are those of the rg_msg. */
typedef struct rg_msg_ops {
	uint32_t struct_size; /**< set by rg_msg_ops_init() */
	uint32_t reserved;    /**< zero */
	const char *name;     /**< for logs; borrowed, as all that an rg_msg points to */

	/**
	 * Mandatory. Fills in @p out, which the library has emptied: what the message says, and what the host knows. It leaves `struct_size`
	 * as it is and writes nothing behind it. The parameters received_avp, attr_avp, tcp_persistent_flag and sock_hdr_name of @p config
	 * name host variables and a header to read. A value that the request needs and that cannot be read is reported in `defect`, not as
	 * an error. A member that allocates sets `owner` and `release`; on an error it has released its memory itself. A value of a host
	 * variable is no defect: the verb returns RG_EINVAL when it breaks a rule of request.h. @return RG_OK or an error, which the verb
	 * returns.
	 */
	rg_status (*read)(void *self, void *msg, const rg_config *config, rg_request *out);

	/** Optional; this version does not call it. Returns value @p index of header @p name, borrowed. @return RG_OK, or RG_ENOENT. */
	rg_status (*header)(void *self, void *msg, const rg_str *name, uint32_t index, rg_str *value);

	/** Optional. Returns a host variable (an AVP or flag of the base specification), borrowed. @return RG_OK, or RG_ENOENT. */
	rg_status (*get_var)(void *self, void *msg, const rg_str *name, rg_str *value);

	/** Optional. Sets value @p index of a host variable to a copy of @p value. @return RG_OK, RG_ENOTSUP or RG_ENOMEM. */
	rg_status (*set_var)(void *self, void *msg, const rg_str *name, uint32_t index, const rg_str *value);

	/** Optional. Appends a header to the message; copies name and value. @return RG_OK, RG_EINVAL or RG_ENOMEM. */
	rg_status (*add_header)(void *self, void *msg, const rg_str *name, const rg_str *value);

	/** Mandatory. Answers the message; sends nothing when rg_response_no_reply() is 1. @return RG_OK or an error. */
	rg_status (*reply)(void *self, void *msg, rg_response *response);

	/**
	 * Optional; without it rg_lookup_msg() returns RG_ENOTSUP. Routes the message: sets Request-URI, next hop, Route set and branches.
	 * @return RG_OK or an error.
	 */
	rg_status (*apply)(void *self, void *msg, const rg_targets *targets);

	/**
	 * Optional. Replaces the URI of a Contact value of a reply with a copy of @p uri, and leaves its parameters. @p contact is the index of
	 * the value, counted from 0 over all Contact lines. @return RG_OK, RG_ENOENT or RG_ENOMEM.
	 */
	rg_status (*rewrite)(void *self, void *msg, uint32_t contact, const rg_str *uri);
} rg_msg_ops;

/** Empties the members of an adaptor. @p size is sizeof(rg_msg_ops). NULL is accepted. */
RG_API void rg_msg_ops_init(rg_msg_ops *ops, uint32_t size);

/**
 * A message of the host with its adaptor. What it points to is borrowed. In a blocking form it must live until the verb returns, in a
 * completion form until the callback has been called, or without one until `free_user` is called.
 */
typedef struct rg_msg {
	const rg_msg_ops *ops; /**< members of the adaptor */
	void *self;            /**< data of the adaptor */
	void *msg;             /**< message of the host */
} rg_msg;

#ifdef __cplusplus
}
#endif
#endif
