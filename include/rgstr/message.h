/* SPDX-License-Identifier: MIT */
/**
 * @file message.h
 * The message adaptor: how the library reads and answers a message of the host's own SIP stack.
 *
 * Write one by filling in an rg_msg_ops; librgstr-sofia is one. Members are called on the thread that called the verb and complete
 * before they return.
 */
#ifndef RGSTR_MESSAGE_H
#define RGSTR_MESSAGE_H

#include <rgstr/response.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The parameters, see config.h. */
typedef struct rg_config rg_config;

/** The members of a message adaptor. Later versions only append. `self` and `msg` are those of the rg_msg. */
typedef struct rg_msg_ops {
	size_t struct_size; /**< sizeof(rg_msg_ops) */
	const char *name;   /**< for logs; static */

	/**
	 * Mandatory. Fills in @p out, which was emptied before: what the message says and, as @p config names them (received_avp, attr_avp,
	 * tcp_persistent_flag, sock_hdr_name), what the host knows. What cannot be read is told in `defect`, not as an error.
	 * Sets `owner` and `release` if it allocates. @return RG_OK, RG_ELIMIT or RG_ENOMEM.
	 */
	rg_status (*read)(void *self, void *msg, const rg_config *config, rg_request *out);

	/** Optional. Value @p index of header @p name; borrowed from the message. @return RG_OK, or RG_ENOENT. */
	rg_status (*header)(void *self, void *msg, rg_str name, uint32_t index, rg_str *value);

	/** Optional. Value of a host variable (an AVP or flag of the base specification); borrowed. @return RG_OK, or RG_ENOENT. */
	rg_status (*get_var)(void *self, void *msg, rg_str name, rg_str *value);

	/** Optional. Sets value @p index of a host variable; copies. @return RG_OK, RG_ENOTSUP, RG_ENOMEM. */
	rg_status (*set_var)(void *self, void *msg, rg_str name, uint32_t index, rg_str value);

	/** Optional. Appends a header to the message; copies. @return RG_OK, RG_EINVAL, RG_ENOMEM. */
	rg_status (*add_header)(void *self, void *msg, rg_str name, rg_str value);

	/** Mandatory. Answers the message; sends nothing when rg_response_no_reply() says so. @return RG_OK, or why not. */
	rg_status (*reply)(void *self, void *msg, rg_response *response);

	/** Mandatory. Routes the message: Request-URI, next hop, Route set and branches. @return RG_OK, or why not. */
	rg_status (*apply)(void *self, void *msg, const rg_targets *targets);

	/** Optional. Replaces the URI of Contact value @p contact, counted from 0 over all lines, of a reply; copies, and leaves its
	 * parameters.
	 * @return RG_OK, RG_ENOENT, RG_ENOMEM. */
	rg_status (*rewrite)(void *self, void *msg, uint32_t contact, rg_str uri);
} rg_msg_ops;

/** A message of the host with its adaptor. Everything is borrowed and must live until the verb has completed. */
typedef struct rg_msg {
	const rg_msg_ops *ops; /**< the adaptor */
	void *self;            /**< the adaptor's own */
	void *msg;             /**< the host's message */
} rg_msg;

#ifdef __cplusplus
}
#endif
#endif
