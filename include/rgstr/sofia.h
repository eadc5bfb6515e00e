/* SPDX-License-Identifier: MIT */
/**
 * @file sofia.h
 * The Sofia-SIP adaptor (library librgstr-sofia): a REGISTER as Sofia parsed it, as raw bytes, or as a text literal.
 *
 * Three ways in:
 * - rg_sofia_handle(): the bytes of a datagram or frame in, the bytes of the reply out. No Sofia type is seen.
 * - rg_sofia_msg_ops(): for a host that runs Sofia (nta) and has a `msg_t`.
 * - rg_sofia_request_parse(): for tests of policy, which want an rg_request out of a literal.
 *
 * **What the library sees.** Values go to it as they stood in the message, byte for byte, line folding undone. Sofia keeps that text
 * only where it was asked to: a message made by rg_sofia_handle() or rg_sofia_request_parse() always has it, one that nta received
 * has it when the agent's message flags have MSG_DO_EXTRACT_COPY. Without it values are printed from what Sofia parsed: the same
 * URIs, but with needless %-escapes undone, white space normalised, and the items of one list header joined.
 *
 * **What is refused.** Sofia parses and does not validate. A message with a defect in a header that matters here is never read as if
 * that header were not there: rg_request.defect says what is wrong, and the answer is a 400.
 *
 * **Memory.** What is read from a message, or put into it, lives in that message's own memory home and goes with it.
 * Thread-safety: as Sofia's: a message belongs to one thread at a time.
 */
#ifndef RGSTR_SOFIA_H
#define RGSTR_SOFIA_H

#include <rgstr/registrar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Sofia's message, known to <sofia-sip/msg_types.h> as msg_t. */
struct msg_s;

/** The most header lines (folded ones counted) a raw message may have, and the most commas in its header section: Sofia needs time
 * in proportion to their square, and stack in proportion to the commas. Past either the answer is 413. */
enum { RG_SOFIA_MAX_LINES = 256, RG_SOFIA_MAX_COMMAS = 1024 };

/** What the host knows of where a message came from, and of what should become of it. Members as those of rg_request. */
typedef struct rg_sofia_source {
	uint32_t struct_size;  /**< set by rg_sofia_source_init() */
	uint32_t flags;        /**< RG_REQUEST_TCP_PERSISTENT, RG_REQUEST_HAS_BRANCH_FLAGS; other bits are ignored */
	rg_addr source;        /**< where it came from; also what goes into the reply's topmost Via */
	rg_str transport;      /**< "udp", "tcp", "tls", "ws", "wss" */
	rg_str domain;         /**< absent = "location" */
	rg_str aor;            /**< absent = as the message says */
	rg_str ownership_tag;  /**< base specification §1.4.1 */
	rg_str identity;       /**< whom the host authenticated */
	rg_str received;       /**< URI to reach the sender at, when that is not its Contact; absent = none */
	rg_str attr;           /**< text kept with each binding */
	rg_str flow;           /**< the host's name for the connection */
	rg_str socket;         /**< local socket, `proto:ip:port` */
	uint32_t branch_flags; /**< needs RG_REQUEST_HAS_BRANCH_FLAGS */
	uint32_t reserved;     /**< zero */
} rg_sofia_source;

/** Empties a source. @p size is sizeof(rg_sofia_source). */
RG_API void rg_sofia_source_init(rg_sofia_source *source, uint32_t size);

/** @name Messages of a host that runs Sofia
 * @{ */

/** Reads a host variable. @return RG_OK with @p value borrowed until the verb completed, or RG_ENOENT. */
typedef rg_status (*rg_sofia_get_var_cb)(void *user, rg_str name, rg_str *value);

/** Sets value @p index of a host variable. @return RG_OK, or why not. */
typedef rg_status (*rg_sofia_set_var_cb)(void *user, rg_str name, uint32_t index, rg_str value);

/** A message with all the adaptor needs: what `msg` of an rg_msg with rg_sofia_msg_ops() points to. Borrowed until the verb completed. */
typedef struct rg_sofia_message {
	uint32_t struct_size;           /**< set by rg_sofia_message_init() */
	uint32_t skip_routes;           /**< leading Route lines that are the host's own and not yet removed */
	struct msg_s *msg;              /**< the message; one that was received or is complete */
	const rg_sofia_source *source;  /**< NULL = nothing is known */
	const rg_str *branches;         /**< URIs of existing branches, for lookup flag `branch` */
	uint32_t n_branches;            /**< how many */
	uint32_t reserved;              /**< zero */
	rg_str to_tag;                  /**< tag for To in the reply (RFC 3261 §8.2.6.2); absent = derived from the request */
	rg_sofia_get_var_cb get_var;    /**< NULL = there are no host variables */
	rg_sofia_set_var_cb set_var;    /**< NULL = they cannot be set */
	void *user;                     /**< handed to both */

	/* What came of it. */
	struct msg_s *reply;            /**< by save: the complete reply, owned by the caller (msg_destroy()); NULL when none is to be sent */
	const rg_target *targets;       /**< by lookup: every target, in order; lives with `msg` */
	uint32_t n_targets;             /**< how many */
	int32_t routed;                 /**< index of the target that the message itself now goes to; -1 = none, fork to the others only */
	rg_str next_hop;                /**< URI to send the message itself to; lives with `msg` */
} rg_sofia_message;

/** Empties a message. @p size is sizeof(rg_sofia_message). One that was not made this way is refused with RG_EINVAL. */
RG_API void rg_sofia_message_init(rg_sofia_message *message, uint32_t size);

/**
 * The adaptor. `msg` of the rg_msg is an rg_sofia_message; `self` is not used.
 * - `read` takes received, attr and the TCP flag from the host variables that received_avp, attr_avp and tcp_persistent_flag name, when
 *   they have a value, else from the source; a flag is set unless its value is empty or "0".
 * - `reply` makes `reply`: Via, From, To with a tag, Call-ID and CSeq copied (RFC 3261 §8.2.6.2), received and rport in the topmost Via
 *   (RFC 3261 §18.2.1, RFC 3581 §4), then the response's headers byte for byte. A header that is absent or malformed in the request
 *   is not copied; without a well-formed Via nothing can be answered and the result is RG_EINVAL.
 * - `apply` makes the first target that is meant for the Request-URI the new Request-URI, puts its Path in front of the Route headers,
 *   and leaves all targets in `targets`: those but `routed` are the host's to fork to, a fallback only once its principal failed.
 *   The Request-URI and Route are printed by Sofia; the exact bytes are in `targets`.
 * - `rewrite` changes the URI of a Contact of a reply, which Sofia then prints anew.
 */
RG_API const rg_msg_ops *rg_sofia_msg_ops(void);

/** @} */
/** @name Raw bytes
 * @{ */

/**
 * Decides a REGISTER given as bytes: one whole message, as a datagram holds it or as the host framed it.
 *
 * Limits come first: max_request_bytes of the registrar's config, RG_SOFIA_MAX_LINES and RG_SOFIA_MAX_COMMAS. Past one, and wherever
 * the framing is not sound (a control character, a lone CR or LF, no blank line, a body shorter than Content-Length), Sofia is shown
 * only what an answer has to copy, taken from the first lines, and the answer is 413 or 400.
 * Leading CRLFs are passed over (RFC 3261 §7.5); octets past the body are ignored (RFC 3261 §18.3).
 * @param source   NULL = nothing is known. @param options  NULL = no flags.
 * @param reply    the reply, to be released with rg_mem_free(); NULL with @p n 0 when nothing is to be sent: a reply, an ACK, a
 *                 keep-alive, save flag `no-reply`.
 * @return RG_OK: there is a decision, refusals included, among them 405 for other methods and 505 for another SIP version; RG_EINVAL:
 * not SIP, or not even a Via to answer by, or no place for the reply; RG_ESTORE: @p reply then holds a 503; else as rg_save().
 */
RG_API rg_status rg_sofia_handle(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	uint8_t **reply, size_t *n);

/** @param status  as rg_sofia_handle() returns. @param reply  owned by the callback, released with rg_mem_free(); NULL = send nothing. */
typedef void (*rg_sofia_cb)(void *user, rg_status status, uint8_t *reply, size_t n);

/** The completion form of rg_sofia_handle(). Bytes, source and options need live only during the call. On an error @p free_user is not
 * called. @param op  may be NULL, and is set to NULL when the answer needed no registrar. */
RG_API rg_status rg_sofia_handle_async(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	rg_sofia_cb done, void *user, rg_free_cb free_user, rg_op **op);

/** @} */

/**
 * Makes a request out of a message literal. As rg_sofia_handle() in all but this: lines may end in LF alone.
 * @param text  header section, blank line and body; copied. @param why  may be NULL.
 * @return RG_OK with @p out to be released with rg_request_free(): a defect of the message is told in `defect`, so that it can be
 * decided upon; RG_EINVAL: no SIP message at all, or no @p out; RG_ELIMIT: past 65535 bytes, or one of the limits above; RG_ENOMEM.
 */
RG_API rg_status rg_sofia_request_parse(rg_str text, rg_request **out, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
