/* SPDX-License-Identifier: MIT */
/**
 * @file sofia.h
 * The Sofia-SIP adaptor (library librgstr-sofia). It reads a REGISTER that Sofia parsed, raw bytes, or a text literal.
 *
 * There are three ways in:
 * - rg_sofia_handle() takes the bytes of a datagram or frame and returns the bytes of the reply. The host sees no Sofia type.
 * - rg_sofia_msg_ops() is for a host that runs Sofia (nta) and has a `msg_t`.
 * - rg_sofia_request_parse() is for tests of policy: it makes an rg_request from a literal.
 *
 * **Values.** The library gets the values as they stood in the message, byte for byte, with line folding undone. Sofia keeps this text
 * only on request. A message made by rg_sofia_handle() or rg_sofia_request_parse() always has it. A message that nta received has it when
 * the message flags of the agent contain MSG_DO_EXTRACT_COPY. Without the text, the adaptor prints the values from what Sofia parsed: the
 * URIs are the same, but needless %-escapes are undone, white space is normalised, and the items of one list header are joined.
 *
 * **Defects.** Sofia parses and does not validate. A defect in a header that counts is never read as an absent header:
 * rg_request.defect names it, and the request is refused with 400. In every request Via, From, To, Call-ID, CSeq and, where there is one,
 * Content-Length count; in a REGISTER and its reply also Contact, Expires, Path and Require. A malformed Supported, Allow, Route,
 * Feature-Caps or User-Agent counts as absent; other headers are not read. A display name that breaks the grammar, which Sofia cannot
 * parse, is a defect only in a Contact of a reply, and in a message without its text.
 *
 * **Message class.** A `msg_t` may have a class of which only Via, From, To, Call-ID, CSeq and Content-Length are known headers; it takes
 * half the time to parse. The values of all other headers are then passed on from the unknown headers, and the library validates them. For
 * `apply` the class must know Route, and for `rewrite` Contact as well. rg_sofia_handle() uses such a class.
 *
 * **Memory.** What the adaptor reads from a message or puts into it lives in the memory home of the message, and is released with it.
 * A message belongs to one thread at a time, as in Sofia.
 */
#ifndef RGSTR_SOFIA_H
#define RGSTR_SOFIA_H

#include <rgstr/registrar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A message of Sofia: msg_t of <sofia-sip/msg_types.h>. */
struct msg_s;

/**
 * Limits of a raw message: the largest number of header lines, continuation lines included, and of commas in the header section. Sofia
 * needs time in proportion to the square of both, and stack in proportion to the commas. A message past a limit is refused with 413. A later
 * version may raise both.
 */
enum { RG_SOFIA_MAX_LINES = 256, RG_SOFIA_MAX_COMMAS = 1024 };

/** What the host knows about a message. The members have the meaning of those of rg_request; request.h has a table. */
typedef struct rg_sofia_source {
	uint32_t struct_size;  /**< set by rg_sofia_source_init() */
	uint32_t flags;        /**< RG_REQUEST_TCP_PERSISTENT, RG_REQUEST_HAS_BRANCH_FLAGS; other bits are ignored */
	rg_addr source;        /**< source address; the adaptor writes it into the topmost Via of the reply */
	rg_str transport;      /**< "udp", "tcp", "tls", "ws", "wss" */
	rg_str domain;         /**< name of the table; absent = "location" */
	rg_str aor;            /**< AoR; absent = that of the message */
	rg_str ownership_tag;  /**< ownership tag of the bindings (base specification §1.4.1) */
	rg_str identity;       /**< the authenticated user */
	rg_str received;       /**< URI of the source, when requests must go there instead of to the Contact; absent = none */
	rg_str attr;           /**< text that is stored with each binding */
	rg_str flow;           /**< name that the host gave the connection */
	rg_str socket;         /**< local socket, `proto:ip:port` */
	uint32_t branch_flags; /**< needs RG_REQUEST_HAS_BRANCH_FLAGS */
	uint32_t reserved;     /**< zero */
} rg_sofia_source;

/** Empties a source. @p size is sizeof(rg_sofia_source). NULL is accepted. */
RG_API void rg_sofia_source_init(rg_sofia_source *source, uint32_t size);

/** @name Messages of a host that runs Sofia
 * @{ */

/** Reads a host variable. @return RG_OK with @p value borrowed until the verb has completed, or RG_ENOENT. */
typedef rg_status (*rg_sofia_get_var_cb)(void *user, const rg_str *name, rg_str *value);

/** Sets value @p index of a host variable. @return RG_OK or an error. */
typedef rg_status (*rg_sofia_set_var_cb)(void *user, const rg_str *name, uint32_t index, const rg_str *value);

/** The targets that a lookup left in an rg_sofia_message. */
struct rg_sofia_targets;

/** A message with all that the adaptor needs. `msg` of an rg_msg points to it. It is borrowed until the verb has completed. */
typedef struct rg_sofia_message {
	uint32_t struct_size;           /**< set by rg_sofia_message_init() */
	uint32_t skip_routes;           /**< number of leading Route lines that the host owns and has not removed yet */
	struct msg_s *msg;              /**< the message: one that was received, or a complete one */
	const rg_sofia_source *source;  /**< NULL = the host knows nothing */
	const rg_str *branches;         /**< URIs of existing branches, for lookup flag `branch` */
	uint32_t n_branches;            /**< number of branches */
	uint32_t reserved;              /**< zero */
	rg_str to_tag;                  /**< tag for To in the reply (RFC 3261 §8.2.6.2); absent = derived from the request, by rg_sofia_handle() with
	                                 *   rg_registrar_to_key(), else by a hash that others can compute, too */
	rg_sofia_get_var_cb get_var;    /**< NULL = there are no host variables */
	rg_sofia_set_var_cb set_var;    /**< NULL = host variables cannot be set */
	void *user;                     /**< passed to both */

	/* Results. */
	struct msg_s *reply;            /**< of save: the complete reply, owned by the caller (msg_destroy()); NULL = send nothing */
	const struct rg_sofia_targets *targets; /**< of lookup: what rg_sofia_message_target() reads; lives as long as `msg` */
	int32_t routed;                 /**< index of the target that the message itself goes to; -1 = none, only fork to the targets */
	uint32_t reserved_result;       /**< zero */
	rg_str next_hop;                /**< URI to send the message itself to; lives as long as `msg` */
} rg_sofia_message;

/** Empties a message: `routed` is -1. @p size is sizeof(rg_sofia_message). NULL is accepted. */
RG_API void rg_sofia_message_init(rg_sofia_message *message, uint32_t size);

/** @return the number of targets that a lookup left in the message; 0 without one, and for NULL. */
RG_API uint32_t rg_sofia_message_target_count(const rg_sofia_message *message);

/**
 * Fills in target @p index that a lookup left in the message, in order. Its slices are borrowed and live as long as `msg`.
 * @return RG_OK; RG_ENOENT past the last one, with @p out emptied; RG_EINVAL: @p out is NULL, or its size is refused.
 */
RG_API rg_status rg_sofia_message_target(const rg_sofia_message *message, uint32_t index, rg_target *out);

/**
 * Returns the members of the adaptor. `msg` of the rg_msg points to an rg_sofia_message; `self` is not used.
 * - `read` takes the received URI and attr from the host variables that received_avp and attr_avp name, when these have a value, else from
 *   the source. It sets RG_REQUEST_TCP_PERSISTENT when the source has it, or when the host variable that tcp_persistent_flag names has a
 *   value other than empty and "0".
 * - `reply` makes `reply`. It copies Via, From, To, Call-ID and CSeq (RFC 3261 §8.2.6.2), adds a tag to To, and adds received and rport
 *   to the topmost Via (RFC 3261 §18.2.1, RFC 3581 §4). The headers of the response follow byte for byte. A header that is absent or
 *   malformed in the request is not copied. Without a well-formed Via there can be no reply: the result is RG_EINVAL.
 * - `apply` puts the URI of the first target that is meant for the Request-URI there, puts the Path of this target, without its display
 *   names, in front of the Route headers, and leaves all targets for rg_sofia_message_target(). The host forks to all targets except
 *   `routed`, and to a fallback only after the target before it has failed. Sofia prints Request-URI and Route; the exact bytes are in the
 *   targets. A message that cannot be routed keeps its Request-URI and Route.
 * - `rewrite` changes the URI of a Contact of a reply. Sofia then prints this header again.
 */
RG_API const rg_msg_ops *rg_sofia_msg_ops(void);

/**
 * Makes a reply to a request as text, for a host that sends bytes itself. Such a host copies the members of rg_sofia_msg_ops(), and has a
 * `reply` of its own, which passes code, phrase and headers of the rg_response on to this function. It also answers other requests with it,
 * as a redirection. The text is that of `reply` above, without a message of Sofia's that is parsed and printed again.
 * @param message  `msg`, `source` and `to_tag` are read. @param code  100 to 699. A reply with code 100 gets a tag in To as well.
 * @param phrase  NULL = the usual one. @param headers  added after the copied ones; may be NULL when @p n_headers is 0.
 * @param room  buffer of @p size bytes; may be NULL when @p size is 0. @param n  becomes the length of the whole text in bytes. No more than
 * @p size bytes are written, without a NUL: when @p n is above @p size, call again with a larger buffer.
 * @return RG_OK; RG_EINVAL: the request has no well-formed Via, the phrase or a header has a control character, or an argument is wrong;
 * RG_ENOMEM. On an error @p n is 0, and the contents of the buffer are undefined.
 */
RG_API rg_status rg_sofia_reply_text(const rg_sofia_message *message, int32_t code, const char *phrase, const rg_header *headers,
	uint32_t n_headers, char *room, size_t size, size_t *n);

/** @} */
/** @name Raw bytes
 * @{ */

/**
 * Decides a REGISTER given as bytes: one whole message, as a datagram holds it or as the host framed it.
 *
 * Limits are checked first: max_request_bytes of the registrar, RG_SOFIA_MAX_LINES and RG_SOFIA_MAX_COMMAS. A message past a limit is
 * refused with 413. A message with invalid framing is refused with 400: a control character, a lone CR or LF, no blank line, or a body
 * that is shorter than Content-Length. Of both, Sofia parses only the headers that the reply copies, taken from the first lines.
 *
 * CRLFs before the message are skipped (RFC 3261 §7.5). Octets after the body are ignored (RFC 3261 §18.3).
 * @param source  NULL = the host knows nothing. @param options  NULL = no flags.
 * @param reply  becomes the reply, owned by the caller and released with rg_mem_free(). NULL, with @p n 0, when nothing is to be
 * sent: for a SIP response, an ACK, a keep-alive, and with the save flag `no-reply`.
 * @param why  may be NULL.
 * @return RG_OK: there is a decision, which may be a refusal, as 405 for another method and 505 for another SIP version. RG_EINVAL: the
 * bytes are no SIP message or have no Via to reply to, an argument is missing, or what the host says in @p source is wrong (request.h).
 * RG_ESTORE: @p reply holds a 503. Other errors as rg_save().
 */
RG_API rg_status rg_sofia_handle(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	uint8_t **reply, size_t *n, rg_error *why);

/**
 * @param status  as rg_sofia_handle() returns. @param reply  the reply, owned by the callback and released with rg_mem_free(); NULL
 * = send nothing. @param n  its length in bytes.
 */
typedef void (*rg_sofia_cb)(void *user, rg_status status, uint8_t *reply, size_t n);

/** The completion form of rg_sofia_handle(). @param op  may be NULL. It becomes NULL when the answer needed no registrar. */
RG_API rg_status rg_sofia_handle_async(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	rg_sofia_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why);

/** @} */

/**
 * Makes a request from a message literal. It reads the text like rg_sofia_handle(), but lines may end in LF alone.
 * @param text  header section, blank line and body; copied. @param why  says what is wrong; may be NULL.
 * @return RG_OK with @p out owned by the caller and released with rg_request_free(). A defect of the message is reported in `defect`,
 * so that a test can decide the request. RG_EINVAL: the text is no SIP message, or there is no @p out. RG_ELIMIT: the text is longer than
 * 65535 bytes, or past a limit above. RG_ENOMEM.
 */
RG_API rg_status rg_sofia_request_parse(rg_str text, rg_request **out, rg_error *why);

/**
 * @name Event loop
 *
 * A registrar on the event loop of Sofia: it is ticked, env.wakeup is followed, and stores that answer from an event loop are driven.
 *
 * 1. rg_sofia_loop_new() joins the loop of an su_root_t.
 * 2. rg_registrar_new() gets rg_sofia_loop_wakeup() as env.wakeup and the rg_sofia_loop as env.user. A host with a `user` of its own calls
 *    rg_sofia_loop_wakeup() from its wakeup function.
 * 3. rg_sofia_loop_tick() names the registrar, and rg_sofia_loop_watch() a store, for instance with rg_redis_store_descriptor() and
 *    rg_redis_store_drive().
 * 4. rg_sofia_loop_stop() ends it, before su_root_destroy().
 *
 * The loop is never blocked. A tick that left work is followed by another one, after the other descriptors that are ready. The wait for a tick
 * is measured on the monotonic clock, unlike the timers of Sofia, and at most 10 seconds at a time. So a clock that is set forward delays a
 * tick by at most 10 seconds, and one that is set back by nothing.
 *
 * **Ownership.** References to the registrar and to its stores are held until rg_sofia_loop_stop(), which may be called within a callback
 * that the loop runs. The registrar may call wakeup until it calls env.free, so the rg_sofia_loop must live as long:
 * `env.user = rg_sofia_loop_ref(loop)` with rg_sofia_loop_unref() as env.free ensures it.
 *
 * **End.** A commit that is in flight needs a store that is driven. A host that does not want to leave it undecided calls
 * rg_registrar_shutdown() and rg_sofia_loop_tick() with NULL, drops its reference, and lets the loop run until env.free is called.
 *
 * **Threads.** rg_sofia_loop_wakeup(), _ref() and _unref() may be called on any thread, the other functions on the thread of the su_root_t.
 * @{ */

/** An event loop of Sofia: su_root_t of <sofia-sip/su_wait.h>. */
struct su_root_s;

/** A registrar on an event loop of Sofia. It is reference-counted. */
typedef struct rg_sofia_loop rg_sofia_loop;

/**
 * Joins an event loop, and drives nothing yet.
 * @param root  must outlive rg_sofia_loop_stop(). @param why  may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: there is no @p root; RG_ELIMIT: the system or the loop refuses a
 * further descriptor; RG_ENOMEM.
 */
RG_API rg_status rg_sofia_loop_new(struct su_root_s *root, rg_sofia_loop **out, rg_error *why);

/** Takes a reference. @return @p loop. NULL is accepted. */
RG_API rg_sofia_loop *rg_sofia_loop_ref(rg_sofia_loop *loop);

/**
 * Drops a reference. It has the type of env.free. The last one stops the loop if rg_sofia_loop_stop() has not, so it must then be on the
 * thread of the su_root_t. @param loop  an rg_sofia_loop. NULL is accepted.
 */
RG_API void rg_sofia_loop_unref(void *loop);

/** Leaves the event loop and drops the references to the registrar and the stores. A second call does nothing. NULL is accepted. */
RG_API void rg_sofia_loop_stop(rg_sofia_loop *loop);

/** The next tick is due at @p next: env.wakeup. @param loop  an rg_sofia_loop. NULL is accepted. */
RG_API void rg_sofia_loop_wakeup(void *loop, rg_time next);

/**
 * Ticks a registrar, for the first time as soon as the event loop runs.
 * @param registrar  takes the place of the one before. A reference is taken. NULL = none. @param limit  as for rg_registrar_tick().
 * @return RG_OK; RG_EINVAL: there is no @p loop, or it is stopped.
 */
RG_API rg_status rg_sofia_loop_tick(rg_sofia_loop *loop, rg_registrar *registrar, uint32_t limit);

/**
 * Drives a store. There may be several.
 * @param store  a reference is taken. @param descriptor  is readable when the store is to be driven; it belongs to the store.
 * @param drive  drives the store.
 * @return RG_OK; RG_EINVAL: an argument is missing, the descriptor is negative, or @p loop is stopped; RG_ELIMIT: the loop refuses a
 * further descriptor; RG_ENOMEM.
 */
RG_API rg_status rg_sofia_loop_watch(rg_sofia_loop *loop, rg_store *store, int32_t descriptor, rg_drive_cb drive);

/** @} */

#ifdef __cplusplus
}
#endif
#endif
