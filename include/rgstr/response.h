/* SPDX-License-Identifier: MIT */
/**
 * @file response.h
 * What comes back: the response to a REGISTER, and the targets of a lookup. Both are data; an adaptor turns them into messages.
 *
 * Both hold references to the records they speak of, so they outlive any later change. One object belongs to one thread at a time.
 */
#ifndef RGSTR_RESPONSE_H
#define RGSTR_RESPONSE_H

#include <rgstr/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why a REGISTER was answered as it was: X(name, value, SIP code, text). The text goes into P-Registrar-Error. */
#define RG_REASON_MAP(X) \
	X(RG_R_FINE, 0, 200, "No problem") \
	X(RG_R_INTERNAL, 1, 500, "Server Internal Error") \
	X(RG_R_INV_CSEQ, 2, 400, "Invalid CSeq number") \
	X(RG_R_AOR_LEN, 3, 400, "Address Of Record too long") \
	X(RG_R_AOR_PARSE, 4, 400, "Error while parsing AOR") \
	X(RG_R_INV_EXP, 5, 400, "Invalid expires param in contact") \
	X(RG_R_INV_Q, 6, 400, "Invalid q param in contact") \
	X(RG_R_PARSE, 7, 400, "Message parse error") \
	X(RG_R_TO_MISS, 8, 400, "To header not found") \
	X(RG_R_CID_MISS, 9, 400, "Call-ID header not found") \
	X(RG_R_CS_MISS, 10, 400, "CSeq header not found") \
	X(RG_R_PARSE_EXP, 11, 400, "Expires parse error") \
	X(RG_R_PARSE_CONT, 12, 400, "Contact parse error") \
	X(RG_R_STAR_EXP, 13, 400, "* used in contact and expires is not zero") \
	X(RG_R_STAR_CONT, 14, 400, "* used in contact and more than 1 contact") \
	X(RG_R_UNESCAPE, 15, 400, "Error while unescaping username") \
	X(RG_R_TOO_MANY, 16, 503, "Too many registered contacts") \
	X(RG_R_CONTACT_LEN, 17, 400, "Contact/received too long") \
	X(RG_R_CALLID_LEN, 18, 400, "Callid too long") \
	X(RG_R_PARSE_PATH, 19, 400, "Path parse error") \
	X(RG_R_PATH_UNSUP, 20, 420, "No support for found Path indicated") \
	X(RG_R_PNS_UNSUP, 21, 555, "Push Notification Service Not Supported") \
	X(RG_R_MIN_EXPIRES, 22, 423, "Interval Too Brief") \
	X(RG_R_STORE, 23, 503, "Location store unavailable") \
	X(RG_R_REQUIRE, 24, 420, "Extension not supported") \
	X(RG_R_OB_REQUIRED, 25, 421, "Extension Required") \
	X(RG_R_OB_EDGE, 26, 439, "First Hop Lacks Outbound Support") \
	X(RG_R_DOMAIN, 27, 404, "Not responsible for this address") \
	X(RG_R_FORBIDDEN, 28, 403, "Not authorized for this address") \
	X(RG_R_FROM_MISS, 29, 400, "From header not found") \
	X(RG_R_LOOP, 30, 403, "Contact would loop") \
	X(RG_R_OB_MULTI, 31, 400, "More than one contact with reg-id") \
	X(RG_R_SIPS, 32, 400, "sips contact needs a sips request and path") \
	X(RG_R_TOO_LARGE, 33, 413, "Request exceeds a limit")

enum {
#define RG_REASON_ENUM(name, value, code, text) name = value,
	RG_REASON_MAP(RG_REASON_ENUM)
#undef RG_REASON_ENUM
	RG_R_COUNT
};

/** @return the reason's own name without prefix, as "INV_CSEQ"; NULL for an unknown number. Static. */
RG_API const char *rg_reason_name(int32_t reason);

/** @return the SIP code of a reason before configuration (cseq_code, too_many_code) has its say; 0 for an unknown number. */
RG_API int32_t rg_reason_code(int32_t reason);

/** @return the text of a reason; NULL for an unknown number. Static. */
RG_API const char *rg_reason_text(int32_t reason);

/** @return the standard reason phrase of a SIP status code (RFC 3261 §21 and the extensions used here); "Unknown" otherwise. Static. */
RG_API const char *rg_sip_phrase(int32_t code);

/** One header of a response: name and value, free of CR, LF and NUL. */
typedef struct rg_header {
	rg_str name;  /**< as "Contact" */
	rg_str value; /**< without line end */
} rg_header;

/** A binding as the response lists it. */
typedef struct rg_answered {
	uint32_t struct_size; /**< sizeof(rg_answered), set by the call that fills it in */
	uint32_t expires;     /**< seconds, 0 … granted; saturates at UINT32_MAX */
	rg_contact contact;   /**< the binding itself; borrowed from the response */
} rg_answered;

/** The decision on a REGISTER: complete, ready to be sent or asserted on. */
typedef struct rg_response rg_response;

/** Releases a response. NULL is accepted. */
RG_API void rg_response_unref(rg_response *response);

/** @return one of RG_R_…; RG_R_INTERNAL for NULL. */
RG_API int32_t rg_response_reason(const rg_response *response);

/** @return the SIP status code; 500 for NULL. */
RG_API int32_t rg_response_code(const rg_response *response);

/** @return the reason phrase of the status line. Static. */
RG_API const char *rg_response_phrase(const rg_response *response);

/** @return 1 when the save flag `no-reply` was given: an adaptor then sends nothing. Else 0. */
RG_API int32_t rg_response_no_reply(const rg_response *response);

/**
 * @return for how many seconds the connection of the request should be kept (base specification §1.3.5, tcp_persistent_flag): the
 * longest lifetime granted to a Contact that is reached over TCP, and 10 seconds more. 0 when nobody asked for it, the request did not
 * come over a TCP-based transport, or no such Contact was granted anything; and for NULL.
 */
RG_API uint32_t rg_response_connection_lifetime(const rg_response *response);

/** @return how many bindings a 200 lists: the request's own first, in request order, then the rest in lookup order. */
RG_API uint32_t rg_response_contacts(const rg_response *response);

/** Views listed binding @p index; borrowed from the response. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_response_contact(const rg_response *response, uint32_t index, rg_answered *out);

/**
 * Renders the headers that go beside those every SIP response copies from its request (RFC 3261 §8.2.6.2): Contact, Date,
 * P-Registrar-Error, Retry-After, Min-Expires, Unsupported … Done at the first call, then kept.
 * @param headers  borrowed from the response. @param n  how many.
 * @return RG_OK, or RG_ENOMEM.
 */
RG_API rg_status rg_response_headers(rg_response *response, const rg_header **headers, uint32_t *n);

/** Finds a header by name, case-insensitively. @return value @p index of that name, rendered; absent when there is none. Borrowed. */
RG_API rg_str rg_response_header(rg_response *response, rg_str name, uint32_t index);

/** A Contact value of the main registrar's reply that does not show the client its own URI, but the one that was forwarded. */
typedef struct rg_rewrite {
	uint32_t struct_size; /**< sizeof(rg_rewrite), set by the call that fills it in */
	uint32_t contact;     /**< which value: counted from 0 over all Contact lines of the reply */
	rg_str uri;           /**< the URI to put there, without <>; borrowed from the response */
} rg_rewrite;

/** @return how many Contact values of the reply are to be rewritten before it goes on to the client; 0 but after rg_save_reply(). */
RG_API uint32_t rg_response_rewrites(const rg_response *response);

/** Views rewrite @p index. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_response_rewrite(const rg_response *response, uint32_t index, rg_rewrite *out);

/** Results of a lookup, numbered as in the base specification §1.4.4. */
enum {
	RG_LOOKUP_FOUND = 1,    /**< there are targets */
	RG_LOOKUP_PUSHED = 2,   /**< only push notifications were sent */
	RG_LOOKUP_NONE = -1,    /**< nobody registered */
	RG_LOOKUP_METHOD = -2,  /**< registered, but none supports the method */
	RG_LOOKUP_ERROR = -3    /**< no decision could be made */
};

/**
 * One place to route a request to. Borrowed from the rg_targets.
 *
 * Most are bindings. With the lookup flag `global` there is one for each other site that has the AoR: `uri` is the Request-URI or
 * branch that named the AoR, as it came (the AoR itself where rg_request.aor did), `home` and `next_hop` that site. With `branch`, an
 * existing branch that is no AoR of ours comes back as it was, without `aor`. Both have binding_id 0 and nothing of
 * what only a binding has.
 */
typedef struct rg_target {
	uint32_t struct_size;  /**< sizeof(rg_target), set by the call that fills it in */
	int32_t q;             /**< 0–1000; -1 = none stated */
	rg_str uri;            /**< what the Request-URI becomes (RFC 3261 §16.5); without `method`, `lr` and headers */
	rg_str next_hop;       /**< URI to send to: first Path URI, else received, else `uri` */
	rg_str path;           /**< Route set, as rg_contact.path */
	rg_str received;       /**< as registered, or absent */
	rg_str socket;         /**< local socket to send from, or absent */
	rg_str flow;           /**< the host's connection, or absent */
	rg_str attr;           /**< the host's text, or absent */
	rg_str instance;       /**< +sip.instance with <>, or absent */
	rg_str aor;            /**< AoR it belongs to, printed as by rg_key_print() */
	uint64_t binding_id;   /**< rg_contact.id */
	uint32_t branch_flags; /**< as registered */
	uint32_t latency;      /**< microseconds; RG_LATENCY_NONE */
	int32_t branch;        /**< index of the existing branch it replaces; -1 = found for the AoR itself */
	uint32_t fallback_of;  /**< index of the target it stands in for after 408, 430 or transport failure; UINT32_MAX = none */
	rg_str home;           /**< URI of the site where the AoR is registered (lookup flag `global`); absent for a binding */
} rg_target;

/** Where to route a request to. */
typedef struct rg_targets rg_targets;

/** Releases targets. NULL is accepted. */
RG_API void rg_targets_unref(rg_targets *targets);

/** @return RG_LOOKUP_…; RG_LOOKUP_ERROR for NULL. */
RG_API int32_t rg_targets_result(const rg_targets *targets);

/**
 * @return the SIP code to answer with when there is nothing to route to: 404, 480, 405, 503 or 500, or 416 where the scheme of the
 * Request-URI is not one of SIP (RFC 3261 §8.2.2.1); 0 when there is.
 */
RG_API int32_t rg_targets_code(const rg_targets *targets);

/** @return 1 when a part of the store did not answer and the targets may be fewer than there are; else 0. */
RG_API int32_t rg_targets_partial(const rg_targets *targets);

/** @return 1 when none of them is meant for the Request-URI (lookup flag `to-branches-only`); else 0. */
RG_API int32_t rg_targets_branches_only(const rg_targets *targets);

/** @return how many targets there are, in the order to be tried. */
RG_API uint32_t rg_targets_count(const rg_targets *targets);

/** Views target @p index. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_targets_get(const rg_targets *targets, uint32_t index, rg_target *out);

#ifdef __cplusplus
}
#endif
#endif
