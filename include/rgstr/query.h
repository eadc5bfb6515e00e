/* SPDX-License-Identifier: MIT */
/**
 * @file query.h
 * Asking which bindings there are. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_QUERY_H
#define RGSTR_QUERY_H

#include <rgstr/message.h>
#include <rgstr/op.h>
#include <rgstr/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An address to look for (base specification §1.4.7, IPvar and PORTvar). */
typedef struct rg_ip_port {
	rg_str ip;         /**< IPv4 or IPv6 address, or a host name, which is compared as text */
	int32_t port;      /**< 1–65535; 0 = any */
	uint32_t reserved; /**< zero */
} rg_ip_port;

/** A query. */
typedef struct rg_query {
	uint32_t struct_size;      /**< set by rg_query_init() */
	uint32_t n_ips;            /**< number of `ips` */
	rg_str domain;             /**< name of the table; absent = that of the request, else "location" */
	rg_str aor;                /**< AoR, in a form that request.h lists; absent = rg_request.aor, else To of a REGISTER, else From */
	const rg_request *request; /**< may be NULL when `aor` is given */
	rg_str contact;            /**< for rg_is_contact_registered(): Contact URI or name-addr, matched as rg_remove_filter.contact */
	rg_str callid;             /**< for rg_is_contact_registered(): Call-ID; absent = any */
	const rg_ip_port *ips;     /**< for rg_is_ip_registered(): addresses, of which one must match */
} rg_query;

/** Empties a query. @p size is sizeof(rg_query). NULL is accepted. */
RG_API void rg_query_init(rg_query *query, uint32_t size);

/** The answer to a query: yes or no, and the bindings that match. It holds a reference to the record. */
typedef struct rg_answer rg_answer;

/** Releases an answer. NULL is accepted. */
RG_API void rg_answer_free(rg_answer *answer);

/** @return 1 = registered, 0 = not; 0 for NULL. */
RG_API int32_t rg_answer_result(const rg_answer *answer);

/** @return the number of live bindings that match; 0 for NULL. */
RG_API uint32_t rg_answer_contact_count(const rg_answer *answer);

/**
 * Fills in a view of matching binding @p index, in lookup order; borrowed from the answer.
 * @return as rg_record_contact().
 */
RG_API rg_status rg_answer_contact(const rg_answer *answer, uint32_t index, rg_contact *out);

/** @return the AoR of the query, as rg_key_print() prints it; borrowed from the answer. Absent for NULL. */
RG_API rg_str rg_answer_aor(const rg_answer *answer);

/** @param status  as rg_is_registered() returns. @param answer  owned by the callback; NULL unless @p status is RG_OK. */
typedef void (*rg_answer_cb)(void *user, rg_status status, rg_answer *answer);

/**
 * Asks whether the AoR is registered (base specification §1.4.5). The answer holds every live binding, with its attr.
 * @param out  becomes the answer, owned by the caller.
 * @return RG_OK; RG_EINVAL: there is no AoR (as for a reply without `aor`), or it is malformed; RG_ESTORE: the store is unavailable, so
 * the answer is unknown; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_is_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out, rg_error *why);

/**
 * Asks whether the AoR has a binding with this Contact and this Call-ID (base specification §1.4.6). A value that is absent matches any.
 * When both are absent, the first Contact of the request is meant; a request without a Contact has no match, and without a request every
 * live binding matches. @return as rg_is_registered().
 */
RG_API rg_status rg_is_contact_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out, rg_error *why);

/**
 * Asks whether the AoR is registered from one of these addresses (base specification §1.4.7). They are compared with the next hop of each
 * binding: its first Path URI, else its received URI, else its Contact URI. env.resolve is not called.
 * @return as rg_is_registered(); RG_EINVAL also when there is no address or a malformed one.
 */
RG_API rg_status rg_is_ip_registered(rg_registrar *registrar, const rg_query *query, rg_answer **out, rg_error *why);

/** The completion form of rg_is_registered(). @param op  may be NULL. */
RG_API rg_status rg_is_registered_async(rg_registrar *registrar, const rg_query *query, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/** The completion form of rg_is_contact_registered(). @param op  may be NULL. */
RG_API rg_status rg_is_contact_registered_async(rg_registrar *registrar, const rg_query *query, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/** The completion form of rg_is_ip_registered(). @param op  may be NULL. */
RG_API rg_status rg_is_ip_registered_async(rg_registrar *registrar, const rg_query *query, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/**
 * Reads a message of the host through its adaptor and asks rg_is_registered(). The host variable that attr_avp names becomes the texts of
 * the live bindings (base specification §1.3.19), one value for each binding, in the order of the answer.
 * @param aor  AoR, in a form that request.h lists; absent = that of the message.
 * @return as rg_is_registered(), or an error of the adaptor, as rg_save_msg().
 */
RG_API rg_status rg_is_registered_msg(rg_registrar *registrar, const rg_msg *msg, rg_str aor, rg_answer **out, rg_error *why);

/** The completion form of rg_is_registered_msg(). @param op  may be NULL. */
RG_API rg_status rg_is_registered_msg_async(rg_registrar *registrar, const rg_msg *msg, rg_str aor, rg_answer_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/** @param record  a record of a walk, as it is in the store now; borrowed. @return 0 to continue, anything else to stop. */
typedef int32_t (*rg_each_cb)(void *user, const rg_record *record);

/**
 * The end of a walk.
 * @param cursor  where another walk of this domain continues after a stop: it is the `cursor` of rg_each_async(), which returns RG_EINVAL
 * for a malformed one. Absent = the walk is complete. Borrowed for the call.
 */
typedef void (*rg_each_done_cb)(void *user, rg_status status, const rg_str *cursor);

/**
 * Walks the records of a domain that have bindings, including expired ones that have not been pruned yet, page by page. A record that
 * exists during the whole walk is passed at least once, and only once unless the store grows meanwhile.
 * @param domain  absent = "location".
 * @return RG_OK, also after a stop by the callback; RG_EINVAL: there is no callback; RG_ESTORE, RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_each(rg_registrar *registrar, rg_str domain, rg_each_cb each, void *user, rg_error *why);

/** The completion form of rg_each(). Both callbacks get @p user. @param cursor  absent = from the beginning. @param op  may be NULL. */
RG_API rg_status rg_each_async(rg_registrar *registrar, rg_str domain, rg_str cursor, rg_each_cb each, rg_each_done_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
