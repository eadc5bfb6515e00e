/* SPDX-License-Identifier: MIT */
/**
 * @file save.h
 * Saving: the decision of a REGISTER, and its commit. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_SAVE_H
#define RGSTR_SAVE_H

#include <rgstr/config.h>
#include <rgstr/message.h>
#include <rgstr/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @param status  as rg_save() returns. @param response  owned by the callback; NULL unless @p status is RG_OK or RG_ESTORE. */
typedef void (*rg_save_cb)(void *user, rg_status status, rg_response *response);

/**
 * Decides a REGISTER and commits the decision (RFC 3261 §10.3; base specification §1.4.1).
 *
 * Over a store that is not inline, and with env.resolve, the completion form copies the request; a request with more than
 * `max_request_bytes` of text is then refused with 413.
 * @param options  NULL = no flags. @param out  becomes the response, owned by the caller.
 * @return RG_OK: there is a decision, which may be a refusal. RG_ESTORE: the store is unavailable, its budget is used up, or there were
 * more than 32 conflicts; @p out then holds a complete 503 response, or NULL when out of memory. RG_EINVAL: an argument is missing, or what
 * the host says in the request is wrong (request.h). RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_save(rg_registrar *registrar, const rg_request *request, const rg_save_options *options,
	rg_response **out, rg_error *why);

/** The completion form of rg_save(). @param op  may be NULL. */
RG_API rg_status rg_save_async(rg_registrar *registrar, const rg_request *request, const rg_save_options *options, rg_save_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Reads a message of the host through its adaptor, saves it as rg_save() does, and replies to it through the adaptor.
 *
 * For a message that is no REGISTER it returns RG_EINVAL, and sends nothing. A host answers other methods itself, and an error of this
 * function with 500, unless it was the adaptor that could not reply.
 * @param out  becomes the response, owned by the caller. @return as rg_save(), or an error of the adaptor. An RG_EINVAL of a member of the
 * adaptor that runs after the decision becomes RG_ECONTRACT.
 */
RG_API rg_status rg_save_msg(rg_registrar *registrar, const rg_msg *msg, const rg_save_options *options, rg_response **out, rg_error *why);

/** The completion form of rg_save_msg(). The adaptor replies before @p done is called. @param op  may be NULL. */
RG_API rg_status rg_save_msg_async(rg_registrar *registrar, const rg_msg *msg, const rg_save_options *options, rg_save_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Saves the bindings that the main registrar granted (cached registrations; base specification §1.3.18, §1.4.1 in a reply route).
 * rg_merge_reply() describes the decision.
 * @param request  the REGISTER as it came from the client. @param upstream  the reply of the main registrar.
 * @param options  NULL = no flags.
 * @param out  becomes the decision, owned by the caller. It is not to be sent: rg_response_rewrite_count() lists what to change in the
 * reply. A code other than 200 says why nothing was stored.
 * @return as rg_save(); RG_EINVAL also when the code of @p upstream is not 2xx, or an entry of its `modified` is no URI.
 */
RG_API rg_status rg_save_reply(rg_registrar *registrar, const rg_request *request, const rg_upstream *upstream,
	const rg_save_options *options, rg_response **out, rg_error *why);

/** The completion form of rg_save_reply(). @param op  may be NULL. */
RG_API rg_status rg_save_reply_async(rg_registrar *registrar, const rg_request *request, const rg_upstream *upstream,
	const rg_save_options *options, rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Reads two messages of the host through their adaptors, saves them as rg_save_reply() does, and rewrites the Contacts of the reply
 * through the member `rewrite` of its adaptor, if there is one.
 *
 * The host variable that mcontact_avp names, read from the request, holds the forwarded Contact URI. For a REGISTER with several Contacts
 * it holds a list separated by commas, one entry for each Contact. An empty entry stands for a Contact that was forwarded unchanged. A
 * URI with a comma stands in <>. A value that is no such list is RG_EINVAL.
 * @return as rg_save_reply(), or an error of an adaptor, as rg_save_msg().
 */
RG_API rg_status rg_save_reply_msg(rg_registrar *registrar, const rg_msg *request, const rg_msg *reply, const rg_save_options *options,
	rg_response **out, rg_error *why);

/** The completion form of rg_save_reply_msg(). The adaptor rewrites the reply before @p done is called. @param op  may be NULL. */
RG_API rg_status rg_save_reply_msg_async(rg_registrar *registrar, const rg_msg *request, const rg_msg *reply,
	const rg_save_options *options, rg_save_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Adds a header to a message of the host that reports the socket on which the message arrived (base specification §1.4.8, add_sock_hdr).
 * The registrar to which the host forwards the message uses it as its local socket when it has sock_hdr_name and the save flag
 * `socket-header`. The host must first remove a header of this name that the client sent.
 * @param msg  the adaptor reads `socket` from it. @param name  name of the header, a token. Its value is that of rg_socket_header().
 * @return RG_OK; RG_ENOTSUP: the adaptor has no `add_header`; RG_EINVAL: @p name is no token, or the host gave no valid socket;
 * RG_ECANCELED; RG_ENOMEM; or an error of the adaptor. On an error nothing is added. The function completes before it returns.
 */
RG_API rg_status rg_add_socket_header(rg_registrar *registrar, const rg_msg *msg, rg_str name, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
