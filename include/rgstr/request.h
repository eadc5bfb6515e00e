/* SPDX-License-Identifier: MIT */
/**
 * @file request.h
 * A SIP request as plain data: what the message says, unparsed, and what the host knows.
 *
 * Fill one in by hand (rg_request_init() first), or have an adaptor fill it in (message.h). Everything is borrowed and need
 * live only during the call it is given to. The library validates all of it; no value is trusted to be well-formed.
 *
 * Header values are given without the header's name and with line folding (RFC 3261 §7.3.1) undone. Where a header may stand
 * on several lines there is one slice a line, in the order of the message; a line may hold several comma-separated values.
 */
#ifndef RGSTR_REQUEST_H
#define RGSTR_REQUEST_H

#include <rgstr/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of rg_request.flags. */
enum {
	RG_REQUEST_REPLY = 1,          /**< the message is a reply */
	RG_REQUEST_NOT_LOCAL = 2,      /**< the domain is not ours: refused with 404. The engine sets it from env.is_local */
	RG_REQUEST_FORBIDDEN = 4,      /**< From may not register To: refused with 403. The engine sets it from env.authorize */
	RG_REQUEST_TCP_PERSISTENT = 8, /**< base specification §1.3.5, tcp_persistent_flag */
	RG_REQUEST_HAS_BRANCH_FLAGS = 16 /**< branch_flags is meant */
};

/** What a host name resolved to; the engine fills these in from env.resolve. */
typedef struct rg_resolved {
	rg_str host;          /**< as it stands in the request */
	const rg_addr *addrs; /**< ports are ignored */
	uint32_t n_addrs;     /**< at most 8 are used */
	uint32_t reserved;    /**< zero */
} rg_resolved;

/** Existing branches that a lookup with the flag `branch` takes: one with more is refused before any is looked at. */
#define RG_BRANCHES_MAX 64

/** A SIP request, or the reply to one, as plain data. */
typedef struct rg_request {
	uint32_t struct_size; /**< set by rg_request_init() */
	uint32_t flags;       /**< RG_REQUEST_… */

	/* What the message says. */
	rg_str method;              /**< "REGISTER"; case matters, RFC 3261 §7.1 */
	rg_str request_uri;         /**< Request-URI */
	rg_str from;                /**< From, whole value */
	rg_str to;                  /**< To, whole value */
	rg_str callid;              /**< Call-ID */
	rg_str cseq;                /**< CSeq, as "4711 REGISTER" */
	rg_str expires;             /**< Expires; absent when there was none. Present and empty is malformed */
	rg_str user_agent;          /**< User-Agent */
	const rg_str *contacts;     /**< Contact lines */
	const rg_str *paths;        /**< Path lines, RFC 3327 */
	const rg_str *supported;    /**< Supported lines */
	const rg_str *require;      /**< Require lines */
	const rg_str *feature_caps; /**< Feature-Caps lines, RFC 6809 */
	const rg_str *allow;        /**< Allow lines */
	const rg_str *routes;       /**< Route values left after the host removed its own */
	uint32_t n_contacts;        /**< lines; 0 makes a REGISTER a query */
	uint32_t n_paths;           /**< lines */
	uint32_t n_supported;       /**< lines */
	uint32_t n_require;         /**< lines */
	uint32_t n_feature_caps;    /**< lines */
	uint32_t n_allow;           /**< lines */
	uint32_t n_routes;          /**< values */
	uint32_t via_count;         /**< Via values; 1 = straight from the client */
	int32_t defect;             /**< an RG_R_… reason that the adaptor found, which then is the answer; 0 (RG_R_FINE) = none */

	/* What the host knows. */
	uint32_t branch_flags;  /**< kept with the bindings; needs RG_REQUEST_HAS_BRANCH_FLAGS */
	rg_str domain;          /**< table name; absent = "location". Those that end in "@homes" are rg_registrar_federate()'s: no saves */
	rg_str aor;             /**< AoR to use instead of To (save), Request-URI (lookup); absent = none */
	rg_str ownership_tag;   /**< base specification §1.4.1 */
	rg_str identity;        /**< whom the host authenticated, handed to env.authorize */
	rg_str received;        /**< URI of the source, as "sip:192.0.2.1:5060;transport=udp" */
	rg_str attr;            /**< text kept with each binding */
	rg_str flow;            /**< the host's name for the connection, unique across restarts; at most 255 bytes */
	rg_str transport;       /**< "udp", "tcp", "tls", "ws", "wss" */
	rg_str socket;          /**< local socket, `proto:ip:port` */
	rg_str socket_header;   /**< value of the header that sock_hdr_name names */
	rg_addr source;         /**< where it came from */
	const rg_str *branches; /**< URIs of existing branches, for lookup flag `branch`; one with a blank, a control octet, <,
		> or " is dropped */
	uint32_t n_branches;    /**< how many; with that flag at most RG_BRANCHES_MAX */
	uint32_t n_resolved;    /**< how many */
	const rg_resolved *resolved; /**< host names resolved so far */

	/* Who filled it in. */
	void *owner;        /**< adaptor's own; NULL for a request filled in by hand */
	rg_free_cb release; /**< called with owner by rg_request_free() */
	int32_t reply_code; /**< SIP status code of a reply; 0 for a request */
	uint32_t reserved;  /**< zero */
} rg_request;

/** Empties a request. @p size is sizeof(rg_request) as the caller knows it. */
RG_API void rg_request_init(rg_request *request, uint32_t size);

/** Releases a request that an adaptor made. NULL, and requests filled in by hand, are accepted and left alone. */
RG_API void rg_request_free(rg_request *request);

/**
 * What another registrar, the main one, answered to a REGISTER that was forwarded to it (base specification §1.3.18, §1.4.1: save() in
 * a reply route). Everything is borrowed and need live only during the call.
 */
typedef struct rg_upstream {
	uint32_t struct_size;   /**< set by rg_upstream_init() */
	int32_t code;           /**< SIP status code of the reply: 200 to 299 */
	const rg_str *contacts; /**< its Contact lines */
	rg_str expires;         /**< its Expires; absent when there was none */
	/** For each Contact value of the request, in order, its URI (with or without <>) as it was forwarded. An absent one, and one past the
	 * end, was forwarded as it came. */
	const rg_str *modified;
	uint32_t n_contacts;    /**< lines; with 256 values at most */
	uint32_t n_modified;    /**< how many */
} rg_upstream;

/** Empties it. @p size is sizeof(rg_upstream) as the caller knows it. NULL is accepted. */
RG_API void rg_upstream_init(rg_upstream *upstream, uint32_t size);

/** Bytes that are always room enough for rg_socket_header(). */
#define RG_SOCKET_ROOM 64

/**
 * The value of a header that tells the next registrar the local socket (base specification §1.4.8, add_sock_hdr): what is to be
 * `socket_header` there. At message level: rg_add_socket_header().
 * @param socket  `proto:ip:port`, as rg_request.socket: one of udp, tcp, tls, ws, wss and sctp in any case, an IPv4 address or an IPv6
 * address in brackets, a port of 1–65535, and nothing else. @param room  @p size bytes. @param value  in canonical form, in @p room:
 * lower case, IPv6 as RFC 5952 has it and in brackets.
 * @return RG_OK; RG_EINVAL: it is no socket; RG_ELIMIT: @p room is too small. @p value is absent then. Any thread.
 */
RG_API rg_status rg_socket_header(rg_str socket, char *room, size_t size, rg_str *value);

#ifdef __cplusplus
}
#endif
#endif
