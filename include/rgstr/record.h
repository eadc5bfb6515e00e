/* SPDX-License-Identifier: MIT */
/**
 * @file record.h
 * The record of one address-of-record (AoR): its bindings, and what a store needs to know of it.
 *
 * A record never changes once built and is counted by references, so it may be read on any number of threads at once and
 * outlives whatever replaces it in a store. It is one allocation of at most 65535 bytes.
 */
#ifndef RGSTR_RECORD_H
#define RGSTR_RECORD_H

#include <rgstr/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Names a record. `user` and `host` are canonical: unescaped octets and lower case; `user` may be empty. */
typedef struct rg_key {
	rg_str domain; /**< table name, as "location" */
	rg_str user;   /**< unescaped octets; may be empty when the host is part of the key */
	rg_str host;   /**< empty when `use_domain` is off */
} rg_key;

/** @return 1 when both keys are equal octet by octet, else 0. NULL equals nothing. */
RG_API int32_t rg_key_equal(const rg_key *a, const rg_key *b);

/**
 * Prints the AoR of a key: `user@host`, `host` alone for an empty user, `user` alone for an empty host; the user re-escaped
 * (RFC 3261 §25.1). Reading it again gives the same key.
 * @return the length in bytes; at most @p size bytes are written, without NUL. @p room may be NULL when @p size is 0.
 */
RG_API size_t rg_key_print(const rg_key *key, char *room, size_t size);

/** Identifies one version of a record. Opaque: compared, never computed. All zero = no record. */
typedef struct rg_revision {
	uint8_t b[16]; /**< compared octet by octet */
} rg_revision;

/** @return 1 when equal, else 0. NULL equals nothing. */
RG_API int32_t rg_revision_equal(const rg_revision *a, const rg_revision *b);

/** @return 1 when the revision says "no record", else 0, for NULL too. */
RG_API int32_t rg_revision_is_zero(const rg_revision *r);

/**
 * The SIP methods a binding may say it supports (RFC 3261 §20.5, RFC 3840 §9): X(name). Bit i of `methods` is row i;
 * methods outside the table share the last bit.
 */
#define RG_METHOD_MAP(X) \
	X(INVITE) X(ACK) X(BYE) X(CANCEL) X(REGISTER) X(OPTIONS) X(PRACK) X(UPDATE) X(INFO) X(SUBSCRIBE) X(NOTIFY) X(REFER) \
	X(MESSAGE) X(PUBLISH) X(OTHER)

/** Bits of rg_contact.flags. */
enum {
	RG_CONTACT_LOCAL = 1,    /**< kept in this node's memory only: set by a REGISTER saved memory-only, cleared by one that is not.
	                          *   An overlay (rg_store_overlay()) goes by it; other stores keep it like any other bit */
	RG_CONTACT_PN = 4,       /**< push notifications apply (RFC 8599); value 4 as in the base specification §1.1.3 */
	RG_CONTACT_OUTBOUND = 8, /**< registered under RFC 5626, matched by instance and reg-id */
	RG_CONTACT_WOKEN = 16    /**< the wake-up of this registration was delivered */
};

/** Latency of a binding that was never measured. */
#define RG_LATENCY_NONE UINT32_MAX

/** `methods` of a binding that stated none: every method is allowed (base specification, method-filtering). */
#define RG_METHODS_ALL UINT32_MAX

/**
 * One binding (RFC 3261 §10): a view into a record, or what a record is to be built from.
 * Slices are borrowed from the record. Absent values are the absent slice (`p == NULL`).
 */
typedef struct rg_contact {
	uint32_t struct_size;   /**< sizeof(rg_contact), set by rg_contact_init() and rg_record_contact() */
	uint32_t flags;         /**< RG_CONTACT_… */
	uint64_t id;            /**< given once, never 0: the upper 10 bits number bindings made in one millisecond, the rest is random */
	uint64_t generation;    /**< random, redrawn when another Call-ID updates the binding */
	rg_str uri;             /**< as registered, without <> */
	rg_str params;          /**< Contact header parameters as registered, from the first `;` on; without those only a server sets */
	rg_str instance;        /**< value of +sip.instance with <>, without quotes */
	rg_str callid;          /**< Call-ID of the last REGISTER that touched it */
	rg_str path;            /**< Path values in order, separated by one LF; rg_path_next() walks them */
	rg_str received;        /**< URI the request came from, if the host or Path said so */
	rg_str socket;          /**< local socket, `proto:ip:port` */
	rg_str flow;            /**< the host's name for the connection */
	rg_str user_agent;      /**< User-Agent of the REGISTER */
	rg_str attr;            /**< the host's own text (base specification, attr_avp) */
	rg_str ownership_tag;   /**< base specification §1.4.1 */
	rg_str next_hop;        /**< next hop as a tag: `ip:port`, or `host:port` in lower case where the host is a name */
	const rg_addr *addrs;   /**< addresses the host of the next hop resolved to, when it is a name; at most 8 */
	uint32_t n_addrs;       /**< how many */
	uint32_t cseq;          /**< CSeq number of the last REGISTER that touched it, below 2^31 */
	rg_time expires;        /**< when it lapses */
	rg_time created;        /**< when it was first registered */
	rg_time modified;       /**< when a REGISTER last touched it */
	rg_time wake;           /**< when a wake-up is due that was not sent; 0 = none */
	uint64_t request_hash;  /**< of the Contact, Expires and Path values of that REGISTER */
	int32_t q;              /**< 0–1000; -1 = none stated */
	uint32_t reg_id;        /**< RFC 5626; 0 = none */
	uint32_t methods;       /**< bit set over RG_METHOD_MAP; RG_METHODS_ALL = none stated */
	uint32_t branch_flags;  /**< the host's, kept as given */
	uint32_t latency;       /**< microseconds of the last ping; RG_LATENCY_NONE */
	uint32_t reserved;      /**< zero */
	rg_str extra;           /**< MessagePack fields of a newer schema, kept as found */
} rg_contact;

/** Makes an empty binding: everything absent, q -1, methods all, latency none. @p size is sizeof(rg_contact). NULL is accepted. */
RG_API void rg_contact_init(rg_contact *contact, uint32_t size);

/**
 * Walks the Path values of a binding.
 * @param rest  starts as rg_contact.path; what is left after the value. @param value  the next value.
 * @return 1 while there was one, else 0.
 */
RG_API int32_t rg_path_next(rg_str *rest, rg_str *value);

/**
 * What is remembered of a binding that was removed, so that a delayed older REGISTER does not revive it. Where the Call-ID that
 * removed it is not its own there are two, one for each. The newest 32 of a record, those of at least 16 bindings, are kept for 32 s.
 */
typedef struct rg_removal {
	uint32_t struct_size;  /**< sizeof(rg_removal) */
	uint32_t cseq;         /**< CSeq number of the REGISTER that removed it, or that touched it last */
	rg_str uri;            /**< as registered */
	rg_str instance;       /**< with <>, or absent */
	rg_str callid;         /**< Call-ID of that REGISTER */
	uint32_t reg_id;       /**< 0 = none */
	uint32_t reserved;     /**< zero */
	uint64_t request_hash; /**< of that REGISTER, see rg_contact.request_hash */
	rg_time at;            /**< when; it is forgotten RG_REMOVAL_KEEP later */
} rg_removal;

/** How long a removal is remembered, in milliseconds: the life of a non-INVITE transaction, RFC 3261 §17.1.2.2. */
#define RG_REMOVAL_KEEP 32000

/** How many removals a record remembers: of 16 bindings, with two for each. */
#define RG_REMOVALS_MAX 32

/** Bytes a record may have, header and all. */
#define RG_RECORD_BYTES_MAX 65535

/** One AoR's bindings, immutable. */
typedef struct rg_record rg_record;

/**
 * Builds a record. Everything is copied. @p contacts and @p removals are arrays of this library version's own structs, and may be
 * NULL when their count is 0. Texts are not looked into: that is the caller's.
 * @param extra  MessagePack fields of a newer schema, or the absent slice.
 * @return RG_OK with @p out owned by the caller; RG_ENOMEM; RG_ELIMIT when it would exceed RG_RECORD_BYTES_MAX, has more than
 * RG_REMOVALS_MAX removals, or a binding more than 8 addresses; RG_EINVAL for a NULL key or revision, a q outside
 * -1…1000 or an address of no family;
 * RG_EFORMAT for an `extra` that is not whole pairs of a text key unknown to this version and a value.
 */
RG_API rg_status rg_record_new(const rg_key *key, const rg_revision *revision, const rg_contact *contacts, uint32_t n_contacts,
	const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out);

/** Takes a reference. @return @p record. NULL is accepted. Any thread. */
RG_API rg_record *rg_record_ref(const rg_record *record);

/** Drops a reference; the last one frees. NULL is accepted. Any thread. */
RG_API void rg_record_unref(const rg_record *record);

/** Fills in the key; slices borrowed from the record, all absent for NULL. */
RG_API void rg_record_key(const rg_record *record, rg_key *out);

/** @return the revision of this version; borrowed. All zero for NULL. */
RG_API const rg_revision *rg_record_revision(const rg_record *record);

/** @return the revision of the memory-only part, for records united by an overlay; all zero otherwise, and without one. Borrowed. */
RG_API const rg_revision *rg_record_local_revision(const rg_record *record);

/** @return how many bindings it holds, lapsed ones that were not yet pruned included; 0 for NULL. */
RG_API uint32_t rg_record_count(const rg_record *record);

/**
 * Views binding @p index. @param out  `struct_size` is set by this call to sizeof(rg_contact).
 * @return RG_OK, or RG_ENOENT past the last one.
 */
RG_API rg_status rg_record_contact(const rg_record *record, uint32_t index, rg_contact *out);

/** @return how many removals are remembered; 0 for NULL. */
RG_API uint32_t rg_record_removals(const rg_record *record);

/** Views removal @p index, oldest first. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_record_removal(const rg_record *record, uint32_t index, rg_removal *out);

/** @return unknown MessagePack fields of the record as a whole; absent when there are none. */
RG_API rg_str rg_record_extra(const rg_record *record);

/** @name What a store reads off a record
 * @{ */

/**
 * @return when a store must next offer the record through `due`: its earliest expiry or unsent wake-up; of a record that only
 * remembers removals, the end of the last one's memory. RG_TIME_NEVER for one that holds neither, and for NULL.
 */
RG_API rg_time rg_record_deadline(const rg_record *record);

/** @return how many different tags the record is to be found under. */
RG_API uint32_t rg_record_tags(const rg_record *record);

/**
 * @return tag @p index: the next hop of a binding (`ip:port` for each address, or `host:port`), or `flow:` and a flow identity;
 * borrowed from the record. Absent past the last one. No tag is listed twice.
 */
RG_API rg_str rg_record_tag(const rg_record *record, uint32_t index);

/** @return the bytes of memory it occupies; 0 for NULL. */
RG_API size_t rg_record_size(const rg_record *record);

/** @return how many bindings count: 0 for a record that only remembers removals, and for NULL. */
RG_API uint32_t rg_record_weight(const rg_record *record);

/** @} */

/**
 * Writes a record as MessagePack (layout: doc/record-format.md).
 * @return RG_OK with @p bytes owned by the caller, to be released with rg_mem_free(); RG_ENOMEM; RG_EINVAL for NULL.
 */
RG_API rg_status rg_record_encode(const rg_record *record, uint8_t **bytes, size_t *n);

/**
 * Reads a record back. Bounded: no input makes it allocate more than a record may have.
 * @param why  says where and what was wrong; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EFORMAT: truncated, malformed, contradictory or trailing bytes;
 * RG_ENOTSUP: a schema whose major version this library does not know; RG_ELIMIT; RG_ENOMEM.
 */
RG_API rg_status rg_record_decode(const uint8_t *bytes, size_t n, rg_record **out, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
