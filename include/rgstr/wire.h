/* SPDX-License-Identifier: MIT */
/**
 * @file wire.h
 * From the bytes of a SIP message to the bytes of the reply, without a SIP stack (library librgstr-wire).
 *
 * rg_wire_handle() takes one whole message, as a datagram holds it or as rg_wire_frame() cut it out of a stream. It finds the values that the
 * registrar needs, decides, and writes the reply into a buffer of the caller. What the registrar gets are slices of the message, and a copy
 * of a value that is folded. In the blocking form, librgstr-wire itself allocates memory only for a message with folded values or with dozens
 * of header lines.
 *
 * **What is read.** Header names have any letter case, also in their compact forms (RFC 3261 §7.3.3). Header lines may be folded (§7.3.1).
 * Header fields that the registrar does not need are passed over, whatever they say. CRLFs before the message are skipped (§7.5). Octets
 * after the body are ignored (§18.3).
 *
 * **Limits** are checked first: `max_request_bytes` of the registrar and RG_WIRE_MAX_LINES. A message past a limit is refused with 413.
 * There is no limit for commas: no step needs more than time in proportion to the octets.
 *
 * **Defects.** A message with invalid framing is refused with 400: a control character, a lone CR or LF, no blank line, or a body that is
 * shorter than Content-Length. So is a request without From, To, Call-ID or CSeq; with a malformed Via; and with a From, To,
 * Call-ID, CSeq or Content-Length that is malformed or occurs twice. In a REGISTER the same holds for Expires, and for a
 * malformed Contact, Path or Require. A malformed Supported, Allow, Route, Feature-Caps or User-Agent counts as absent. librgstr-sofia
 * decides in the same way, except where Sofia cannot read a message or reads it by another grammar.
 *
 * **The reply** has Via, From, To, Call-ID and CSeq of the request (RFC 3261 §8.2.6.2), octet by octet as they came but without line
 * folding, and the header fields of the decision. The topmost Via gets received and rport (RFC 3261 §18.2.1, RFC 3581 §4) when the host
 * knows the source address. A To without a tag gets one that is derived from the request and rg_registrar_to_key(), so a retransmission
 * gets it again (RFC 3261 §8.2.7), and nobody else can tell it in advance (§19.3). A 5xx has Retry-After when the parameter `retry_after`
 * says so. A header field that is absent or malformed in a refused request is left out.
 */
#ifndef RGSTR_WIRE_H
#define RGSTR_WIRE_H

#include <rgstr/registrar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The largest number of header lines of a message, continuation lines included. A later version may raise it. */
enum { RG_WIRE_MAX_LINES = 256 };

/** Bits of rg_wire_call.flags. A later version may add bits. */
enum {
	/**
	 * Requests of other methods than REGISTER are looked up and answered (RFC 3261 §8.3): 302 with a Contact for each target that a client
	 * can use, else the code of the lookup. A CANCEL gets 481, and an OPTIONS to this server itself gets 200.
	 */
	RG_WIRE_REDIRECT = 1,
	/**
	 * Requests of other methods are looked up, an ACK, too, and rg_wire_call.targets is the result. A reply is made only when there is
	 * no target and no device to wait for (RG_LOOKUP_PUSHED), and never to an ACK. With both bits a 302 is made beside the targets.
	 */
	RG_WIRE_LOOKUP = 2
};

/**
 * One message and its answer. All that a call points to is borrowed, and must stay as it is until the call is answered: in the blocking form
 * until it returns, in the completion form until the callback has been called.
 */
typedef struct rg_wire_call {
	uint32_t struct_size;             /**< set by rg_wire_call_init() */
	uint32_t flags;                   /**< RG_WIRE_…; without any, other methods than REGISTER get 405 */
	rg_str bytes;                     /**< one whole message */
	const rg_request *host;           /**< what the host knows: the members of rg_request from `branch_flags` to `resolved` other than
	                                   *   `socket_header`, and the bits of `flags` other than RG_REQUEST_REPLY. The members that say what the
	                                   *   message says are not read. NULL = nothing */
	const rg_save_options *save;      /**< options of a REGISTER; NULL = none */
	const rg_lookup_options *lookup;  /**< options of other methods; NULL = none */
	char *reply;                      /**< buffer for the reply; may be NULL when `room` is 0 */
	size_t room;                      /**< its size in bytes */
	void *user;                       /**< of the host */

	/* Results. */
	size_t n;                         /**< length of the reply in bytes; 0 = send nothing: for a SIP response, an ACK, a keep-alive, with the
	                                   *   save flag `no-reply`, and when `status` is an error other than RG_ESTORE. Above `room` the reply
	                                   *   did not fit, and `status` is RG_ELIMIT */
	rg_status status;                 /**< as rg_wire_handle() returns */
	int32_t code;                     /**< SIP status code of the reply; 0 = there is none */
	rg_targets *targets;              /**< with RG_WIRE_LOOKUP: the result of a lookup, owned by the caller, who releases it with
	                                   *   rg_targets_free(); else NULL */
	rg_addr to;                       /**< where to send the reply over an unreliable transport, as rg_via_header() tells. Family 0: the source
	                                   *   is unknown, or there is no reply */
	uint32_t reserved;                /**< zero */
} rg_wire_call;

/** Empties a call. @p size is sizeof(rg_wire_call). NULL is accepted. */
RG_API void rg_wire_call_init(rg_wire_call *call, uint32_t size);

/**
 * Answers a message.
 * @param call  its results are set, also on an error.
 * @param why  may be NULL.
 * @return RG_OK: there is an answer, which may be a refusal. RG_ELIMIT: the reply needs `n` bytes, which is more than `room`. What the buffer
 * holds is undefined then. The decision is committed: the same bytes with more room get the reply, since a repeated REGISTER changes nothing.
 * RG_EINVAL: the bytes are no SIP message or have no Via to reply to, an argument is missing, or what the host says is wrong (request.h).
 * RG_ESTORE: the reply is a 503. Other errors as rg_save() and rg_lookup().
 */
RG_API rg_status rg_wire_handle(rg_registrar *registrar, rg_wire_call *call, rg_error *why);

/** @param user  as handed over. @param call  the call with its results; `status` is what rg_wire_handle() would have returned. */
typedef void (*rg_wire_cb)(void *user, rg_wire_call *call);

/** The completion form of rg_wire_handle(). @param op  may be NULL. It becomes NULL when the answer needed no registrar. */
RG_API rg_status rg_wire_handle_async(rg_registrar *registrar, rg_wire_call *call, rg_wire_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why);

/**
 * Finds the first message in the octets that a stream has brought (RFC 3261 §18.3). The caller hands over all octets from the end of the
 * last message on. It keeps what it has, and calls again when more have arrived.
 *
 * A frame is a message, which goes to rg_wire_handle(); or a keep-alive, which rg_wire_handle() does not answer: four octets are a ping, for
 * which a host that supports it sends CRLF (RFC 5626 §4.4.1), and two are a line end between messages, to be passed over.
 *
 * The header section must be complete before anything is refused. No octet is searched twice, however few arrive at a time.
 * @param max  largest length of a message, as `max_request_bytes`.
 * @param n  0 for the first call on a frame; after RG_PENDING what the last call left there, which has no meaning to the caller. Becomes the
 * length of the frame.
 * @param why  may be NULL.
 * @return RG_OK: the frame is complete. RG_PENDING: it needs more octets. RG_ELIMIT: it is longer than @p max. RG_EFORMAT: it is no SIP
 * message, has no Content-Length or two, or its header section is malformed. After either, the end of the message is unknown, and the
 * connection is of no more use. RG_EINVAL: @p n is NULL. Any thread.
 */
RG_API rg_status rg_wire_frame(rg_str bytes, size_t max, size_t *n, rg_error *why);

/**
 * Answers several messages, as recvmmsg() returns them. First it tells the store of all their users (prefetch.h), then it answers one after the
 * other, in the order of the array: each call gets the results that rg_wire_handle() would have given it.
 *
 * The completion form begins the calls one after the other, as rg_wire_handle_async() does, without waiting for their answers. So requests
 * about one AoR overtake each other exactly when they do so after as many calls of rg_wire_handle_async(). Its callback is called once for
 * each call, also for one that could not begin, whose `status` is an error. It returns RG_OK when all have been called, RG_PENDING when
 * some will be, and on an error nothing has begun.
 * @param calls  all of one size; an error of one call, which is in its `status`, does not keep the others from their answers.
 * @param n  their number; may be 0. Some 32 are enough, see prefetch.h.
 * @param why  says what was wrong with the last call whose status is an error; may be NULL.
 * @return RG_OK: every call has its results. RG_EINVAL: an argument is NULL, or `struct_size` of the first call is refused; no call has results.
 */
RG_API rg_status rg_wire_handle_many(rg_registrar *registrar, rg_wire_call *calls, uint32_t n, rg_error *why);

/** The completion form of rg_wire_handle_many(). @param free_user  is called once, after the last callback. It may be NULL. */
RG_API rg_status rg_wire_handle_many_async(rg_registrar *registrar, rg_wire_call *calls, uint32_t n, rg_wire_cb done, void *user,
	rg_free_cb free_user, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
