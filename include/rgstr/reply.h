/* SPDX-License-Identifier: MIT */
/**
 * @file reply.h
 * The parts of a reply that a host makes from the request itself, for hosts with a parser of their own.
 *
 * A reply consists of the status line, the Via, From, To, Call-ID and CSeq of the request (RFC 3261 §8.2.6.2), and the headers of the
 * decision. From, Call-ID and CSeq go back as they came. rg_via_header() makes the topmost Via line and rg_to_header() the To. The
 * headers of the decision are what rg_response_print() prints, or for a redirection one Contact for each target, which
 * rg_contact_header() makes. examples/epoll.c is such a host.
 *
 * **Inputs.** A header value stands without the name of the header and with line folding undone. A malformed value is refused, and so is a
 * control character other than HTAB. Hence no function writes text that ends the line.
 *
 * **Output.** Each function takes a buffer @p room of @p size bytes, which may be NULL when @p size is 0. It sets @p n to the length of the
 * whole text in bytes and writes at most @p size bytes, without a NUL. When @p n is above @p size, call it again with a larger buffer. On
 * an error nothing is written and @p n is 0. An input must not overlap the buffer.
 *
 * All functions may be called on any thread.
 */
#ifndef RGSTR_REPLY_H
#define RGSTR_REPLY_H

#include <rgstr/response.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes the topmost Via line of a reply. Further Via lines go back as they came.
 *
 * Only the first value of the line changes. It gets `received`, with the source address, when this is not the address in sent-by (RFC 3261
 * §18.2.1). When it has `rport`, it gets the source port as `rport`, and `received` in any case (RFC 3581 §4). What the sender wrote into
 * these two parameters is dropped. The rest of the line stays octet by octet as it came, white space included.
 * @param via  the topmost Via line of the request. @param source  the source of the request; its port may be 0 = unknown. NULL or family 0
 * = unknown: the line stays as it is.
 * @param to  becomes where to send the reply over an unreliable transport: the source address, with the source port when it is known and
 * the sender asked for it by `rport`, else with the port of sent-by, else 5060 (RFC 3261 §18.2.2, RFC 3581 §4). Family 0 when the source
 * is unknown. `maddr` is not followed: it would let a sender direct replies at others. May be NULL.
 * @return RG_OK; RG_EINVAL: the line is malformed, or an argument is NULL.
 */
RG_API rg_status rg_via_header(rg_str via, const rg_addr *source, char *room, size_t size, size_t *n, rg_addr *to);

/** The number of bytes of the key of rg_to_header(). It never changes. */
enum { RG_TO_KEY_BYTES = 32 };

/**
 * Makes the To of a reply. A To without a tag gets one, and a To with a tag stays as it is (RFC 3261 §8.2.6.2). A reply with code 100
 * needs no tag.
 *
 * The tag is a keyed hash of the topmost Via value, From, Call-ID and the number of CSeq, in 16 hexadecimal digits. So a retransmission
 * gets the tag of the first reply from a host that keeps no state (RFC 3261 §8.2.7), also from another node with the same key. The CANCEL
 * of a request gets the tag of this request (RFC 3261 §9.2). Nobody without the key can tell the tag in advance (RFC 3261 §19.3).
 * @param request  `to_header`, `from_header`, `callid` and `cseq` are read; all but `to_header` may be absent or malformed.
 * @param via  the topmost Via line as it came, not that of rg_via_header(); absent = none.
 * @param key  RG_TO_KEY_BYTES random bytes that the host draws at its start.
 * @return RG_OK; RG_EINVAL: To is absent or malformed, or an argument is NULL.
 */
RG_API rg_status rg_to_header(const rg_request *request, rg_str via, const uint8_t *key, char *room, size_t size, size_t *n);

/**
 * Makes a Contact value of a redirection (RFC 3261 §8.3, §20.10): the URI of a target in <>, and its q, as `<sip:a@192.0.2.1>;q=0.7`.
 *
 * A redirection leaves out a target with `fallback_of`, because it must not be tried at once, and one with `home`, because its URI is the
 * one that the sender asked for. Path, flow and socket of a target cannot be told to a client.
 * @param target  `uri` and `q` are read.
 * @return RG_OK; RG_EINVAL: `uri` is no URI, q is outside -1…1000, or an argument is NULL.
 */
RG_API rg_status rg_contact_header(const rg_target *target, char *room, size_t size, size_t *n);

#ifdef __cplusplus
}
#endif
#endif
