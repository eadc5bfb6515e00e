/* SPDX-License-Identifier: MIT */
/**
 * @file response.h
 * The results: the response to a REGISTER, and the targets of a lookup. Both are data; an adaptor turns them into messages.
 *
 * Both hold references to the records that they describe, so a later change does not affect them. One object belongs to one thread at a
 * time.
 */
#ifndef RGSTR_RESPONSE_H
#define RGSTR_RESPONSE_H

#include <rgstr/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The reasons of a response to a REGISTER, each with its SIP code and its text. The values never change and have no gaps; a later version
 * may add reasons, and rg_reason_count() tells their number. A refusal has the text in P-Registrar-Error. rg_statistics_find() counts the
 * responses of each reason under `accepted_regs` or `rejects_` and the name of the reason in lower case.
 */
enum {
	RG_R_FINE = 0,         /**< 200 No problem */
	RG_R_INTERNAL = 1,     /**< 500 Server Internal Error */
	RG_R_INV_CSEQ = 2,     /**< 400 Invalid CSeq number */
	RG_R_AOR_LEN = 3,      /**< 400 Address Of Record too long */
	RG_R_AOR_PARSE = 4,    /**< 400 Error while parsing AOR */
	RG_R_INV_EXP = 5,      /**< 400 Invalid expires param in contact */
	RG_R_INV_Q = 6,        /**< 400 Invalid q param in contact */
	RG_R_PARSE = 7,        /**< 400 Message parse error */
	RG_R_TO_MISS = 8,      /**< 400 To header not found */
	RG_R_CID_MISS = 9,     /**< 400 Call-ID header not found */
	RG_R_CS_MISS = 10,     /**< 400 CSeq header not found */
	RG_R_PARSE_EXP = 11,   /**< 400 Expires parse error */
	RG_R_PARSE_CONT = 12,  /**< 400 Contact parse error */
	RG_R_STAR_EXP = 13,    /**< 400 * used in contact and expires is not zero */
	RG_R_STAR_CONT = 14,   /**< 400 * used in contact and more than 1 contact */
	RG_R_UNESCAPE = 15,    /**< 400 Error while unescaping username */
	RG_R_TOO_MANY = 16,    /**< 503 Too many registered contacts */
	RG_R_CONTACT_LEN = 17, /**< 400 Contact/received too long */
	RG_R_CALLID_LEN = 18,  /**< 400 Callid too long */
	RG_R_PARSE_PATH = 19,  /**< 400 Path parse error */
	RG_R_PATH_UNSUP = 20,  /**< 420 No support for found Path indicated */
	RG_R_PNS_UNSUP = 21,   /**< 555 Push Notification Service Not Supported */
	RG_R_MIN_EXPIRES = 22, /**< 423 Interval Too Brief */
	RG_R_STORE = 23,       /**< 503 Location store unavailable */
	RG_R_REQUIRE = 24,     /**< 420 Extension not supported */
	RG_R_OB_REQUIRED = 25, /**< 421 Extension Required */
	RG_R_OB_EDGE = 26,     /**< 439 First Hop Lacks Outbound Support */
	RG_R_DOMAIN = 27,      /**< 404 Not responsible for this address */
	RG_R_FORBIDDEN = 28,   /**< 403 Not authorized for this address */
	RG_R_FROM_MISS = 29,   /**< 400 From header not found */
	RG_R_LOOP = 30,        /**< 403 Contact would loop */
	RG_R_OB_MULTI = 31,    /**< 400 More than one contact with reg-id */
	RG_R_SIPS = 32,        /**< 400 sips contact needs a sips request and path */
	RG_R_TOO_LARGE = 33,   /**< 413 Request exceeds a limit */
	RG_R_SCHEME = 34       /**< 416 Unsupported URI Scheme */
};

/** @return the number of reasons that the loaded library knows: they are 0 to this number less 1. */
RG_API int32_t rg_reason_count(void);

/** @return the name of a reason without its prefix, as "INV_CSEQ"; NULL for an unknown number. Static. */
RG_API const char *rg_reason_name(int32_t reason);

/** @return the SIP code of a reason as in the table, whatever cseq_code and too_many_code say; 0 for an unknown number. */
RG_API int32_t rg_reason_code(int32_t reason);

/** @return the text of a reason; NULL for an unknown number. Static. */
RG_API const char *rg_reason_text(int32_t reason);

/** @return the standard reason phrase of a SIP status code (RFC 3261 §21 and the extensions used here); "Unknown" otherwise. Static. */
RG_API const char *rg_sip_phrase(int32_t code);

/** One header of a response: name and value, free of CR, LF and NUL. */
typedef struct rg_header {
	rg_str name;  /**< name, as "Contact" */
	rg_str value; /**< value, without a line end */
} rg_header;

/** The decision on a REGISTER: a complete response. */
typedef struct rg_response rg_response;

/** Releases a response. NULL is accepted. */
RG_API void rg_response_free(rg_response *response);

/** @return the reason, RG_R_…; RG_R_INTERNAL for NULL. */
RG_API int32_t rg_response_reason(const rg_response *response);

/** @return the SIP status code; 500 for NULL. */
RG_API int32_t rg_response_code(const rg_response *response);

/** @return the reason phrase of the status line; that of 500 for NULL. Static. */
RG_API const char *rg_response_phrase(const rg_response *response);

/** @return 1 when nothing is to be sent: after the save flag `no-reply`, and after rg_save_reply(). Else 0. */
RG_API int32_t rg_response_no_reply(const rg_response *response);

/**
 * @return the number of seconds for which to keep the connection of the request (base specification §1.3.5, tcp_persistent_flag): the
 * longest lifetime granted to a Contact of the request that is reached over TCP or TLS, plus 10 seconds. 0 when the request had no
 * RG_REQUEST_TCP_PERSISTENT, when its transport is not tcp, tls, ws or wss, when no such Contact was granted a lifetime, and for NULL.
 */
RG_API uint32_t rg_response_connection_lifetime(const rg_response *response);

/** @return the number of bindings that a 200 lists: first those of the request, in its order, then the others in lookup order. */
RG_API uint32_t rg_response_contact_count(const rg_response *response);

/** Fills in a view of listed binding @p index, borrowed from the response. @return as rg_record_contact(). */
RG_API rg_status rg_response_contact(const rg_response *response, uint32_t index, rg_contact *out);

/**
 * @return the lifetime of listed binding @p index in seconds: what is left, at most what was granted; UINT32_MAX stands for more. 0 past
 * the last one.
 */
RG_API uint32_t rg_response_contact_expires(const rg_response *response, uint32_t index);

/**
 * Returns the headers of the response, without those that every SIP response copies from its request (RFC 3261 §8.2.6.2): Contact, Date,
 * P-Registrar-Error, Retry-After, Min-Expires, Unsupported … The first call renders them; later calls return the same array.
 * @param headers  becomes the array, borrowed from the response. @param n  becomes the number of headers.
 * @return RG_OK; RG_EINVAL: the response is NULL; RG_ENOMEM.
 */
RG_API rg_status rg_response_headers(rg_response *response, const rg_header **headers, uint32_t *n);

/**
 * Prints the same headers as they stand in a message: name, colon and space, value, CR LF for each, without an empty line behind the last.
 * It needs no memory beside @p room, so a host that makes replies as text prints them where it sends from.
 * @param room  a buffer of @p size bytes; may be NULL when @p size is 0.
 * @return the length of the whole text in bytes, without a NUL. When it is above @p size, what @p room holds is of no use: call again with
 * a larger buffer. 0 for NULL.
 */
RG_API size_t rg_response_print(const rg_response *response, char *room, size_t size);

/** Finds a header by its name, in any letter case. @return value @p index of this name, borrowed; absent when there is none. */
RG_API rg_str rg_response_header(rg_response *response, rg_str name, uint32_t index);

/** A Contact value of the reply of the main registrar that holds the forwarded URI instead of the URI of the client. */
typedef struct rg_rewrite {
	uint32_t struct_size; /**< set by rg_rewrite_init() */
	uint32_t contact;     /**< index of the value, counted from 0 over all Contact lines of the reply */
	rg_str uri;           /**< the URI of the client, to be put there, without <>; borrowed from the response */
} rg_rewrite;

/** Empties a rewrite. @p size is sizeof(rg_rewrite). NULL is accepted. */
RG_API void rg_rewrite_init(rg_rewrite *rewrite, uint32_t size);

/**
 * @return the number of Contact values to rewrite in the reply before the host forwards it to the client; 0 except after rg_save_reply()
 * and rg_merge_reply().
 */
RG_API uint32_t rg_response_rewrite_count(const rg_response *response);

/** Fills in a view of rewrite @p index. @return as rg_record_contact(). */
RG_API rg_status rg_response_rewrite(const rg_response *response, uint32_t index, rg_rewrite *out);

/**
 * Results of a lookup, with the numbers of the base specification §1.4.4. A later version may add positive numbers for a success, and
 * negative ones for the opposite.
 */
enum {
	RG_LOOKUP_FOUND = 1,    /**< there are targets */
	RG_LOOKUP_PUSHED = 2,   /**< there is no target yet: all devices are asleep, and must be woken first (rg_targets_wake_count()) */
	RG_LOOKUP_NONE = -1,    /**< there is no binding, or none passed the filters */
	RG_LOOKUP_METHOD = -2,  /**< there are bindings, but none supports the method */
	RG_LOOKUP_ERROR = -3    /**< no decision could be made */
};

/**
 * One place to route a request to. Its slices are borrowed from the rg_targets.
 *
 * There are three kinds of target:
 * - A binding. It has a binding_id.
 * - With the lookup flag `global`, another site where the AoR is registered. `home` and `next_hop` are the URI of this site. `uri` is the
 *   Request-URI or the branch that named the AoR, unchanged. Where rg_request.aor named it, `uri` is the AoR as a SIP URI.
 * - With the lookup flag `branch`, an existing branch that is no AoR of ours, unchanged and without `aor`.
 *
 * The last two kinds have binding_id 0. Members that describe a binding are absent.
 */
typedef struct rg_target {
	uint32_t struct_size;  /**< set by rg_target_init() */
	int32_t q;             /**< 0–1000 thousandths; -1 = no q */
	rg_str uri;            /**< the new Request-URI (RFC 3261 §16.5), without `method`, `lr` and headers. Of a binding with RG_CONTACT_PN,
	                        *   while `pn_enable` is on, also without the parameters that begin with `pn-` */
	rg_str next_hop;       /**< URI to send the request to: first Path URI, else received, else `uri`. Of a GRUU whose request has Route
	                        *   values (rg_request.routes): the first of them */
	rg_str path;           /**< Route set, as rg_contact.path; or absent. Always absent for a GRUU whose request has Route values, which
	                        *   lead there already (RFC 5627 §6.1) */
	rg_str received;       /**< received URI of the binding, or absent */
	rg_str socket;         /**< local socket to send from, or absent */
	rg_str flow;           /**< name of the connection to send on, or absent */
	rg_str attr;           /**< text of the host, or absent */
	rg_str instance;       /**< +sip.instance as registered, without quotes, with <> or without; or absent */
	rg_str aor;            /**< AoR of the target, as rg_key_print() prints it */
	uint64_t binding_id;   /**< rg_contact.id of the binding; 0 = the target is no binding */
	uint32_t branch_flags; /**< branch flags of the binding */
	uint32_t latency;      /**< microseconds; RG_LATENCY_NONE = never measured */
	int32_t branch;        /**< index of the existing branch that the target replaces; -1 = the target belongs to the AoR itself */
	uint32_t fallback_of;  /**< index of the target to try before: use this one after its 408, 430 or transport failure (RFC 5626).
	                        *   UINT32_MAX = this is no fallback */
	rg_str home;           /**< URI of the site where the AoR is registered (lookup flag `global`); absent for other targets */
} rg_target;

/** Empties a target: all texts absent, q and branch -1, RG_LATENCY_NONE, no fallback. @p size is sizeof(rg_target). NULL is accepted. */
RG_API void rg_target_init(rg_target *target, uint32_t size);

/** The targets of a request, in the order in which to try them. */
typedef struct rg_targets rg_targets;

/** Releases targets. NULL is accepted. */
RG_API void rg_targets_free(rg_targets *targets);

/** @return RG_LOOKUP_…; RG_LOOKUP_ERROR for NULL. */
RG_API int32_t rg_targets_result(const rg_targets *targets);

/**
 * @return 0 when there are targets. Otherwise the SIP code to answer with. 404: there is no binding, or a temporary GRUU names none. 400: user
 * or host of the AoR or of a branch cannot be read, or exceeds its limit. 480: there are bindings, but none passed the filters, or none is of
 * the instance of a public GRUU; with RG_LOOKUP_PUSHED, the code for when no device comes back (RFC 8599 §5.6.2). 405: none supports the
 * method. 416: the Request-URI is neither a SIP nor a SIPS URI (RFC 3261 §8.2.2.1). 503: the store is unavailable. Any code of
 * rg_reason_code(): that of rg_request.defect. 500 for NULL.
 */
RG_API int32_t rg_targets_code(const rg_targets *targets);

/** @return 1 when a part of the store did not answer, so that targets may be missing; else 0. */
RG_API int32_t rg_targets_partial(const rg_targets *targets);

/** @return 1 when no target is meant for the Request-URI (lookup flag `to-branches-only`); else 0. */
RG_API int32_t rg_targets_branches_only(const rg_targets *targets);

/** @return the number of targets; 0 for NULL. */
RG_API uint32_t rg_targets_count(const rg_targets *targets);

/** Fills in a view of target @p index, borrowed from the targets. @return as rg_record_contact(). */
RG_API rg_status rg_targets_get(const rg_targets *targets, uint32_t index, rg_target *out);

/**
 * @return the number of devices that must be woken before a request reaches them (RFC 8599 §5.6.2); 0 for NULL. They are no targets.
 * While `pn_enable` is on, a binding with RG_CONTACT_PN is asleep, unless it was modified within `pn_skip_pn_interval`. Of the bindings of
 * an instance the one modified last decides for the device. For an ACK no device is asleep: an ACK cannot wait, and goes to a device that
 * has just answered.
 */
RG_API uint32_t rg_targets_wake_count(const rg_targets *targets);

/**
 * Fills in a view of the binding of a device that must be woken, with all parameters that it registered. The devices are in the order of
 * targets. The view is borrowed from the targets. @return as rg_record_contact().
 */
RG_API rg_status rg_targets_wake_contact(const rg_targets *targets, uint32_t index, rg_contact *out);

/**
 * Writes targets as text, for people and for the expected texts of tests, in the form of rg_record_text(): `result` as the name of its
 * constant without `RG_LOOKUP_`, `code` when it is not 0, `partial: yes` and `branches_only: yes` when they are so, each target with its
 * index and under it the members of rg_target, and each `wake` with its index and under it `aor` and the members of rg_contact.
 * @param flags  RG_TEXT_… @param room, size, n  as rg_record_text().
 * @return RG_OK; RG_EINVAL: there are no targets or no room, or @p n is NULL. Any thread.
 */
RG_API rg_status rg_targets_text(const rg_targets *targets, uint32_t flags, char *room, size_t size, size_t *n);

#ifdef __cplusplus
}
#endif
#endif
