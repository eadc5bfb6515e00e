/* SPDX-License-Identifier: MIT */
/**
 * @file request.h
 * A SIP request as plain data: what the message says, unparsed, and what the host knows.
 *
 * Fill in a request by hand, after rg_request_init(), or let an adaptor fill it in (message.h). The library validates every value; it
 * trusts none to be well-formed.
 *
 * **Lifetime.** A request and everything it points to are borrowed for the call only. The caller may free or reuse them as soon as the call
 * has returned, also when it returned RG_PENDING.
 *
 * **Header values** stand without the name of the header and with line folding undone (RFC 3261 §7.3.1). A header that may stand on
 * several lines has one slice a line, in the order of the message. A line may hold several values, separated by commas.
 *
 * **What only the host knows about the transport.** No other part of a request says any of this, and the library never guesses it. A lookup
 * reads none of these members.
 *
 * | member | what it decides on a save | when it is absent, empty or 0 |
 * |---|---|---|
 * | `received` | The next hop of the bindings. The 200 and rg_target.received return it. | The Contact URI is the next hop. |
 * | `socket` | rg_target.socket, the local socket to send from; the value of rg_add_socket_header(). | Targets have none. The call fails. |
 * | `flow` | rg_target.flow, the connection to send on; the bindings that rg_remove_flow() removes. | No flow finds the bindings. |
 * | `via_count` | 1: the client sent the request itself, so `reg-id` applies (RFC 5626 §6). | As above 1: a proxy is in between. |
 * | `transport` | `tcp`, `tls`, `ws`, `wss`: rg_response_connection_lifetime() may be above 0. | It is 0. |
 * | `source` | Nothing. librgstr-sofia and librgstr-wire write it into the topmost Via of the reply. | This Via goes back as it came. |
 *
 * - The next hop is the first Path URI, else the received URI, else the Contact URI. A Path counts only with one of the save flags
 *   path-off, path-lazy and path-strict, or when `outbound_mode` is not off.
 * - The received URI is, in this order: that of the Path, with the save flag path-received; the `received` parameter of the Contact, with
 *   `trust_contact_received`; the member `received`.
 * - With the save flag socket-header, a `socket_header` that is not empty takes the place of `socket`. It is refused with 400 unless it is
 *   `proto:ip:port`. `socket` itself is stored as it is.
 * - `via_count` matters only when `outbound_mode` is not off. Unless it is 1, `reg-id` applies only when the last Path URI has the
 *   parameter `ob`. Otherwise `reg-id` is ignored; when the client supports outbound, the request is refused with 439 instead. The 200
 *   has Flow-Timer only when it is 1, `reg-id` applies and the client supports outbound.
 * - `transport` matters only together with RG_REQUEST_TCP_PERSISTENT. Letter case does not matter.
 * - Each REGISTER that changes a binding replaces its received URI, socket and flow, also by absent ones.
 *
 * **Whose mistake.** A client can have caused a fault in the members that say what the message says, and in `aor` and `socket_header`,
 * which a host often takes from the message. A save and a lookup refuse it. In the members below it is the mistake of the host, also when
 * an adaptor filled them in from host variables. It is RG_EINVAL, with the name of the member in `why`.
 *
 * | member | of | what it must be |
 * |---|---|---|
 * | `received` | save | absent, empty, or a SIP URI of at most `max_received_len` bytes |
 * | `attr` | save | at most `max_attr_len` bytes, without control characters other than HTAB |
 * | `flow`, `socket`, `ownership_tag`, `domain` | save | at most 255 bytes each, without control characters other than HTAB |
 * | `domain` | save | no name that ends in "@homes" |
 * | `method` | save | absent, or "REGISTER" |
 * | `flags` | all | known bits. A save takes no RG_REQUEST_REPLY |
 * | `defect` | all | 0, or a reason below rg_reason_count() |
 * | `n_contacts`, `n_paths` … | all | 0 without the array |
 * | `resolved` | all | addresses of family 4 or 6 |
 * | `n_branches` | lookup | with the flag `branch` at most RG_BRANCHES_MAX |
 *
 * `identity` and `transport` may be any text.
 *
 * **Forms of an AoR.** Every `aor` of this library, as a member or as an argument, takes one of these forms:
 * - a SIP or SIPS URI, as `sip:alice@example.org`. Password, port, parameters and headers are ignored, the last three also when they are
 *   malformed;
 * - a name-addr with such a URI, as `"Alice" <sip:alice@example.org>`;
 * - `user@host`, without scheme and password, as rg_key_print() prints it;
 * - `host` alone, without port, for an AoR without a user. When `use_domain` is off, it is `user` alone instead.
 *
 * Blanks around it are removed. The library makes it canonical: the user is unescaped (and in lower case when `case_sensitive` is off),
 * the host is in lower case, without a final dot and `realm_prefix`. An empty text is malformed, not absent. A save refuses a malformed
 * AoR with 400 and a URI of another scheme with 404. A lookup has no targets then, with code 400 or 416. All other functions return
 * RG_EINVAL. While `disable_gruu` is 0 they also do so for a GRUU (RFC 5627), which names one device of its AoR. A lookup takes it, and
 * refuses a URI in which `gr` is among parameters that cannot be read. A sips GRUU has sips bindings only for targets, whatever the
 * Request-URI is. A save ignores `gr` in To and `aor` like all parameters (RFC 3261 §10.3 step 5): a public GRUU there registers its AoR,
 * also for a third party. A temporary one stands for no AoR; its token is longer than `max_username_len` allows unless that is raised,
 * so it is refused with 400.
 *
 * **Hosts** are those of RFC 3261 §25.1. A name may also have a `_`, or be a single label of digits, as in
 * `sip:34020000001320000001@3402000000`. Such a name is compared as text, in any letter case, and never passed to env.resolve. A dotted
 * name that ends in a number is refused, unless it is an IPv4 address.
 *
 * **Malformed headers** (RFC 3261 §8.2.2). A save refuses a request whose Request-URI, To, From, Call-ID, CSeq, Contact, Expires, Require,
 * or Path is malformed. The parameter `malformed_expires` may excuse Expires, and a Path that no flag asks for is not read. A malformed
 * Supported, Allow or User-Agent counts as absent, with all its lines, and a malformed value of Feature-Caps is left out. A display name
 * need not follow the grammar. It may be any text without control characters, except that every quote in it is closed, that a comma in a
 * Contact or Path stands between quotes, and that it is no SIP URI with a parameter.
 */
#ifndef RGSTR_REQUEST_H
#define RGSTR_REQUEST_H

#include <rgstr/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of rg_request.flags. A later version may add bits. */
enum {
	RG_REQUEST_REPLY = 1,          /**< the message is a reply */
	RG_REQUEST_NOT_LOCAL = 2,      /**< the domain is not ours: a save is refused with 404. env.is_local has the same effect */
	RG_REQUEST_FORBIDDEN = 4,      /**< From may not register To: a save is refused with 403. env.authorize has the same effect */
	RG_REQUEST_TCP_PERSISTENT = 8, /**< keep the TCP connection (base specification §1.3.5, tcp_persistent_flag) */
	RG_REQUEST_HAS_BRANCH_FLAGS = 16 /**< branch_flags is set. Without it an existing binding keeps its branch flags */
};

/** The addresses that a host name resolved to. With env.resolve, the answers of env.resolve replace those of the request. */
typedef struct rg_resolved {
	rg_str host;          /**< host name as it stands in the request */
	const rg_addr *addrs; /**< its addresses; their ports are ignored */
	uint32_t n_addrs;     /**< number of addresses; at most 8 are used */
	uint32_t reserved;    /**< zero */
} rg_resolved;

/**
 * The largest number of existing branches for a lookup with the flag `branch`. A lookup with more fails with RG_EINVAL. A later version may
 * raise it.
 */
enum { RG_BRANCHES_MAX = 64 };

/** A SIP request, or the reply to one, as plain data. */
typedef struct rg_request {
	uint32_t struct_size; /**< set by rg_request_init() */
	uint32_t flags;       /**< RG_REQUEST_… */

	/* What the message says. */
	rg_str method;              /**< method, as "REGISTER"; letter case matters (RFC 3261 §7.1) */
	rg_str request_uri;         /**< Request-URI */
	rg_str from_header;         /**< From, the whole value */
	rg_str to_header;           /**< To, the whole value */
	rg_str callid;              /**< Call-ID */
	rg_str cseq;                /**< CSeq, as "4711 REGISTER" */
	rg_str expires;             /**< Expires; absent when there is none. An empty value is malformed */
	rg_str user_agent;          /**< User-Agent */
	const rg_str *contacts;     /**< Contact lines */
	const rg_str *paths;        /**< Path lines (RFC 3327) */
	const rg_str *supported;    /**< Supported lines */
	const rg_str *require;      /**< Require lines */
	const rg_str *feature_caps; /**< Feature-Caps lines (RFC 6809) */
	const rg_str *allow;        /**< Allow lines */
	const rg_str *routes;       /**< Route values, without those that the host removed as its own */
	uint32_t n_contacts;        /**< number of Contact lines; 0 makes a REGISTER a query */
	uint32_t n_paths;           /**< number of Path lines */
	uint32_t n_supported;       /**< number of Supported lines */
	uint32_t n_require;         /**< number of Require lines */
	uint32_t n_feature_caps;    /**< number of Feature-Caps lines */
	uint32_t n_allow;           /**< number of Allow lines */
	uint32_t n_routes;          /**< number of Route values */
	uint32_t via_count;         /**< number of Via values; see the table above */
	int32_t defect;             /**< an RG_R_… reason for which the adaptor refuses the request; 0 (RG_R_FINE) = none. A save gives it as its
	                             *   reason; a lookup has no targets, and the code of rg_reason_code(). Queries ignore it. An adaptor sets it
	                             *   only for what a request of this method needs */

	/* What the host knows. */
	uint32_t branch_flags;  /**< stored with the bindings; needs RG_REQUEST_HAS_BRANCH_FLAGS */
	rg_str domain;          /**< name of the table; absent or empty = "location". A save to a domain that ends in "@homes" fails with
	                         *   RG_EINVAL: rg_registrar_federate() owns these */
	rg_str aor;             /**< AoR that a save uses instead of To, and a lookup instead of the Request-URI; absent = none */
	rg_str ownership_tag;   /**< ownership tag of the bindings (base specification §1.4.1) */
	rg_str identity;        /**< the authenticated user, passed to env.authorize */
	rg_str received;        /**< URI of the source, as "sip:192.0.2.1:5060;transport=udp"; see the table above */
	rg_str attr;            /**< text that is stored with each binding */
	rg_str flow;            /**< name that the host gave the connection, unique across restarts; see the table above */
	rg_str transport;       /**< "udp", "tcp", "tls", "ws", "wss"; see the table above */
	rg_str socket;          /**< local socket, `proto:ip:port`; see the table above */
	rg_str socket_header;   /**< value of the header that sock_hdr_name names */
	rg_addr source;         /**< source address; see the table above */
	const rg_str *branches; /**< URIs of existing branches, for lookup flag `branch`. Dropped as malformed: one that is empty, that has a
	                         *   blank, a control character, <, > or ", or whose user or host cannot be read */
	uint32_t n_branches;    /**< number of branches; with the flag `branch` at most RG_BRANCHES_MAX */
	uint32_t n_resolved;    /**< number of `resolved` */
	const rg_resolved *resolved; /**< host names that the host has resolved */

	/* Of the adaptor. */
	void *owner;        /**< data of the adaptor; NULL for a request filled in by hand */
	rg_free_cb release; /**< rg_request_free() calls it with `owner` */
	int32_t reply_code; /**< SIP status code of a reply; 0 for a request */
	uint32_t reserved;  /**< zero */
} rg_request;

/** Empties a request: all values absent or 0. @p size is sizeof(rg_request) as the caller knows it. NULL is accepted. */
RG_API void rg_request_init(rg_request *request, uint32_t size);

/** Releases a request that an adaptor filled in. It does nothing for NULL and for a request filled in by hand. */
RG_API void rg_request_free(rg_request *request);

/**
 * The reply of the main registrar to a REGISTER that was forwarded to it (base specification §1.3.18, §1.4.1: save() in a reply route).
 * It is borrowed for the call only, like a request.
 */
typedef struct rg_upstream {
	uint32_t struct_size;   /**< set by rg_upstream_init() */
	int32_t code;           /**< SIP status code of the reply, 200–299 */
	const rg_str *contacts; /**< Contact lines of the reply */
	rg_str expires;         /**< Expires of the reply; absent when there is none */
	/**
	 * The URI, with or without <>, under which each Contact value of the request was forwarded, in the order of the request. A Contact
	 * whose entry is absent, empty or missing at the end was forwarded unchanged.
	 */
	const rg_str *modified;
	uint32_t n_contacts;    /**< number of Contact lines; they hold at most 256 values */
	uint32_t n_modified;    /**< number of `modified` */
} rg_upstream;

/** Empties a reply: all values absent or 0. @p size is sizeof(rg_upstream) as the caller knows it. NULL is accepted. */
RG_API void rg_upstream_init(rg_upstream *upstream, uint32_t size);

/** A buffer size in bytes that is always enough for rg_socket_header(). It never changes. */
enum { RG_SOCKET_ROOM = 64 };

/**
 * Makes the value of a header that reports the local socket to the next registrar (base specification §1.4.8, add_sock_hdr). The next
 * registrar reads it as its `socket_header`. The function for messages is rg_add_socket_header().
 * @param socket  `proto:ip:port`, as rg_request.socket, and nothing else. `proto` is udp, tcp, tls, ws, wss or sctp in any letter case.
 * `ip` is an IPv4 address or an IPv6 address in brackets. `port` is 1–65535.
 * @param room  a buffer of @p size bytes.
 * @param value  becomes the value, in @p room: in lower case, an IPv6 address as in RFC 5952 and in brackets. Absent on an error.
 * @return RG_OK; RG_EINVAL: @p socket is no socket; RG_ELIMIT: the buffer is too small. Any thread.
 */
RG_API rg_status rg_socket_header(rg_str socket, char *room, size_t size, rg_str *value);

#ifdef __cplusplus
}
#endif
#endif
