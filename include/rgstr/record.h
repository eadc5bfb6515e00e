/* SPDX-License-Identifier: MIT */
/**
 * @file record.h
 * The record of one address-of-record (AoR): its bindings, and what a store needs to know about it.
 *
 * A record is immutable and reference-counted. Any number of threads may read it at once. A reference keeps it alive after another record
 * has replaced it in a store. A record is one allocation of at most 65535 bytes. The strings that many records of a store
 * have in common may stand outside of it (RG_STORE_RESIDENT); a record keeps them alive, even after the store is gone.
 */
#ifndef RGSTR_RECORD_H
#define RGSTR_RECORD_H

#include <rgstr/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The key of a record. `user` and `host` are canonical: the user consists of unescaped octets, the host is in lower case. */
typedef struct rg_key {
	rg_str domain; /**< table name, as "location" */
	rg_str user;   /**< unescaped octets; may be empty when there is a host */
	rg_str host;   /**< empty when `use_domain` is off */
} rg_key;

/** @return 1 when both keys are equal octet by octet, else 0. NULL equals no key. */
RG_API int32_t rg_key_equal(const rg_key *a, const rg_key *b);

/**
 * Prints the AoR of a key: `user@host`; `host` when the user is empty; `user` when the host is empty. The user is escaped again
 * (RFC 3261 §25.1). Every function that takes an AoR reads the text back as the same key.
 * @param room  at most @p size bytes are written to it, without a NUL. It may be NULL when @p size is 0.
 * @return the length of the whole text in bytes, which may be above @p size; 0 for NULL.
 */
RG_API size_t rg_key_print(const rg_key *key, char *room, size_t size);

/** Identifies one version of a record. It is opaque: compare it, never compute it. All zero = no record. */
typedef struct rg_revision {
	uint8_t b[16]; /**< compared octet by octet */
} rg_revision;

/** @return 1 when both revisions are equal, else 0. NULL equals no revision. */
RG_API int32_t rg_revision_equal(const rg_revision *a, const rg_revision *b);

/** @return 1 when the revision is all zero ("no record"), else 0. 0 for NULL. */
RG_API int32_t rg_revision_is_zero(const rg_revision *r);

/**
 * The SIP methods that a binding may support (RFC 3261 §20.5, RFC 3840 §9), each with the number of its bit in `methods`. All methods
 * without a number of their own share OTHER. Records are stored with these bits (doc/record-format.md), so the number of a method never
 * changes. A later version may give the numbers 14 to 30 to other methods.
 */
enum {
	RG_METHOD_INVITE = 0,
	RG_METHOD_ACK = 1,
	RG_METHOD_BYE = 2,
	RG_METHOD_CANCEL = 3,
	RG_METHOD_REGISTER = 4,
	RG_METHOD_OPTIONS = 5,
	RG_METHOD_PRACK = 6,
	RG_METHOD_UPDATE = 7,
	RG_METHOD_INFO = 8,
	RG_METHOD_SUBSCRIBE = 9,
	RG_METHOD_NOTIFY = 10,
	RG_METHOD_REFER = 11,
	RG_METHOD_MESSAGE = 12,
	RG_METHOD_PUBLISH = 13,
	RG_METHOD_OTHER = 31
};

/** @return the name of a method, as "INVITE", by the number of its bit; "OTHER" for RG_METHOD_OTHER; NULL for an unknown number. Static. */
RG_API const char *rg_method_name(uint32_t number);

/** Bits of rg_contact.flags. A later version may add bits. */
enum {
	RG_CONTACT_LOCAL = 1,    /**< kept in the memory of this node only. A save with the flag memory-only sets it, any other save clears
	                          *   it. An overlay (rg_store_overlay()) acts on it; other stores just keep it */
	RG_CONTACT_PN = 4,       /**< this registrar wakes the device by push notifications (RFC 8599), and no other proxy does; value 4 as in the
	                          *   base specification §1.1.3 */
	RG_CONTACT_OUTBOUND = 8, /**< a flow of RFC 5626: matched by instance and reg-id */
	RG_CONTACT_WOKEN = 16    /**< a wake-up of this registration was delivered: CONTACT_REFRESH of reason "reg-refresh" */
};

/** Latency of a binding that was never measured. */
#define RG_LATENCY_NONE UINT32_MAX

/** `methods` of a binding that states none: it passes method-filtering for every method (base specification §1.4.4). */
#define RG_METHODS_ALL UINT32_MAX

/**
 * One binding (RFC 3261 §10): a view into a record, or the input of rg_record_new().
 * In a view, the slices are borrowed from the record. A value that the binding does not have is the absent slice.
 */
typedef struct rg_contact {
	uint32_t struct_size;   /**< set by rg_contact_init() */
	uint32_t flags;         /**< RG_CONTACT_… */
	uint64_t id;            /**< fixed when the binding is made, never 0. The upper 10 bits number the bindings that a record got in one
	                         *   millisecond; the rest is random */
	uint64_t generation;    /**< random, and the same in all bindings of an instance: temporary GRUUs name it (RFC 5627).
	                         *   Another one is drawn when another Call-ID updates one of these bindings, and once the last one is gone. It
	                         *   changes in all of them, without an event for a binding in which nothing else changes */
	rg_str uri;             /**< Contact URI as registered, without <> */
	rg_str params;          /**< Contact header parameters as registered, from the first `;` on. Left out: expires, q, received,
	                         *   received_param, pub-gruu and temp-gruu */
	rg_str instance;        /**< value of +sip.instance as registered, without quotes; it is the same instance with <> and without.
	                         *   Absent when the value is malformed: then it is one of `params` only */
	rg_str callid;          /**< Call-ID of the last REGISTER that changed it */
	rg_str path;            /**< Path values in order, separated by one LF; rg_path_next() walks them */
	rg_str received;        /**< URI the request came from; see the table in request.h */
	rg_str socket;          /**< local socket, `proto:ip:port`; see the table in request.h */
	rg_str flow;            /**< name that the host gave the connection */
	rg_str user_agent;      /**< User-Agent of the REGISTER */
	rg_str attr;            /**< text of the host (base specification §1.3.19, attr_avp) */
	rg_str ownership_tag;   /**< base specification §1.4.1 */
	rg_str next_hop;        /**< next hop as a tag: `ip:port`, or `host:port` in lower case for a host name, always with the port.
	                         *   Absent when the next hop is no SIP URI */
	const rg_addr *addrs;   /**< addresses that the host name of the next hop resolved to; at most 8 */
	uint32_t n_addrs;       /**< number of `addrs` */
	uint32_t cseq;          /**< CSeq number of the last REGISTER that changed it, below 2^31 */
	rg_time expires;        /**< time of its expiry */
	rg_time created;        /**< time of its first REGISTER */
	rg_time modified;       /**< time of the last REGISTER that changed it */
	rg_time wake;           /**< time of the next wake-up before its expiry, or when the claim of a node on it lapses; 0 = none */
	uint64_t request_hash;  /**< hash of the Contact, Expires and Path values of the last REGISTER that changed it, as
	                         *   doc/record-format.md states it. It recognizes a repeat, and proves nothing */
	int32_t q;              /**< 0–1000 thousandths; -1 = no q */
	uint32_t reg_id;        /**< reg-id of a flow (RFC 5626); 0 = none */
	uint32_t methods;       /**< bit set over RG_METHOD_…; RG_METHODS_ALL = none stated */
	uint32_t branch_flags;  /**< branch flags of the host, as given */
	uint32_t latency;       /**< measured latency in microseconds; RG_LATENCY_NONE = never measured */
	uint32_t reserved;      /**< zero */
	rg_str extra;           /**< MessagePack fields of a newer schema, kept as they are */
} rg_contact;

/** Empties a binding: all texts absent, q -1, RG_METHODS_ALL, RG_LATENCY_NONE. @p size is sizeof(rg_contact). NULL is accepted. */
RG_API void rg_contact_init(rg_contact *contact, uint32_t size);

/**
 * Walks the Path values of a binding.
 * @param rest  starts as a copy of rg_contact.path; becomes what follows the value. @param value  becomes the next value.
 * @return 1 when there was a value, else 0.
 */
RG_API int32_t rg_path_next(rg_str *rest, rg_str *value);

/**
 * The memory of a removed binding: it keeps a delayed older REGISTER from reviving the binding. A binding that a REGISTER with another
 * Call-ID removed leaves two removals, one for each Call-ID; any other leaves one. A record keeps its newest 32 removals, those of at
 * least 16 bindings, for 32 s. Expiry leaves no removal.
 */
typedef struct rg_removal {
	uint32_t struct_size;  /**< set by rg_removal_init() */
	uint32_t cseq;         /**< CSeq number of the REGISTER that removed it, or of the last one that changed it */
	rg_str uri;            /**< Contact URI as registered */
	rg_str instance;       /**< instance of the binding, as rg_contact.instance; or absent */
	rg_str callid;         /**< Call-ID of that REGISTER */
	uint32_t reg_id;       /**< reg-id of a flow; 0 = none */
	uint32_t reserved;     /**< zero */
	uint64_t request_hash; /**< hash of that REGISTER, as rg_contact.request_hash */
	rg_time at;            /**< time of the removal; it is forgotten RG_REMOVAL_KEEP later */
} rg_removal;

/** Empties a removal: all texts absent, all numbers 0. @p size is sizeof(rg_removal). NULL is accepted. */
RG_API void rg_removal_init(rg_removal *removal, uint32_t size);

/** Limits of a record. */
enum {
	/** How long a removal is remembered, in milliseconds: the life of a non-INVITE transaction, RFC 3261 §17.1.2.2. It never changes. */
	RG_REMOVAL_KEEP = 32000,

	/** The largest number of removals: two for each of 16 bindings. A later version may raise it. */
	RG_REMOVALS_MAX = 32,

	/** The largest size in memory, in bytes. A later version may raise it. */
	RG_RECORD_BYTES_MAX = 65535
};

/** The bindings of one AoR. Immutable. */
typedef struct rg_record rg_record;

/**
 * Builds a record. Everything is copied. The texts are not validated: that is the task of the caller.
 * @param contacts  an array of structs of one size; may be NULL when @p n_contacts is 0.
 * @param removals  an array of structs of one size; may be NULL when @p n_removals is 0.
 * @param extra  MessagePack fields of a newer schema, or absent.
 * @return RG_OK with @p out owned by the caller; RG_ENOMEM.
 * RG_ELIMIT: the record would exceed RG_RECORD_BYTES_MAX, there are more than RG_REMOVALS_MAX removals, or a binding has more than 8
 * addresses.
 * RG_EINVAL: the key, the revision, an array or @p out is NULL, the size of a struct is refused, a q is outside -1…1000, or an address has no
 * family.
 * RG_EFORMAT: an `extra` does not consist of pairs of a text key that this version does not know and a value.
 */
RG_API rg_status rg_record_new(const rg_key *key, const rg_revision *revision, const rg_contact *contacts, uint32_t n_contacts,
	const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out);

/** Takes a reference. @return @p record. NULL is accepted. Any thread. */
RG_API rg_record *rg_record_ref(const rg_record *record);

/** Drops a reference; the last one frees the record. NULL is accepted. Any thread. */
RG_API void rg_record_unref(const rg_record *record);

/** Fills in the key of a record. Its slices are borrowed from the record; all are absent for NULL. */
RG_API void rg_record_key(const rg_record *record, rg_key *out);

/** @return the revision of the record, borrowed from it. All zero for NULL. */
RG_API const rg_revision *rg_record_revision(const rg_record *record);

/**
 * @return the revision of the memory-only part of a record that an overlay united, borrowed from the record. All zero when there is no
 * such part, for records of other stores and for NULL.
 */
RG_API const rg_revision *rg_record_local_revision(const rg_record *record);

/** @return the number of bindings, including expired ones that have not been pruned yet; 0 for NULL. */
RG_API uint32_t rg_record_contact_count(const rg_record *record);

/**
 * Fills in a view of binding @p index.
 * @param out  its slices are borrowed from the record.
 * @return RG_OK; RG_ENOENT past the last binding, and for NULL, with @p out emptied; RG_EINVAL: @p out is NULL, or its size is refused.
 */
RG_API rg_status rg_record_contact(const rg_record *record, uint32_t index, rg_contact *out);

/** @return the number of removals; 0 for NULL. */
RG_API uint32_t rg_record_removal_count(const rg_record *record);

/** Fills in a view of removal @p index, oldest first; borrowed from the record. @return as rg_record_contact(). */
RG_API rg_status rg_record_removal(const rg_record *record, uint32_t index, rg_removal *out);

/** @return the unknown MessagePack fields of the record as a whole, borrowed from it; absent when there are none. */
RG_API rg_str rg_record_extra(const rg_record *record);

/** @name What a store reads from a record
 * @{ */

/**
 * @return the time from which a store must return the key of the record from `due`: the earliest expiry or wake-up (rg_contact.wake) of its
 * bindings. For a record without bindings, the time at which its newest removal is forgotten. RG_TIME_NEVER for a record that holds
 * neither, and for NULL.
 */
RG_API rg_time rg_record_deadline(const rg_record *record);

/** @return the number of tags that the record is indexed by; 0 for NULL. */
RG_API uint32_t rg_record_tag_count(const rg_record *record);

/**
 * @return tag @p index, borrowed from the record; absent past the last one. No tag is listed twice. The tags of a binding are its next
 * hop (`ip:port` or `host:port`), `ip:port` for each address of a resolved host name, and `flow:` followed by its flow.
 */
RG_API rg_str rg_record_tag(const rg_record *record, uint32_t index);

/** @return 1 when @p key is the key of the record: the same octets in each part. Else 0, also when @p record or @p key is NULL. Any thread. */
RG_API int32_t rg_record_is_of(const rg_record *record, const rg_key *key);

/** @return 1 when both records have the same tags in the same order; else 0. NULL is a record without tags. Any thread. */
RG_API int32_t rg_record_same_tags(const rg_record *a, const rg_record *b);

/** @return the size of the record in memory, in bytes, without the strings that stand outside of it; 0 for NULL. */
RG_API size_t rg_record_size(const rg_record *record);

/** @return the weight of the record, which rg_store_ops.count adds up: its bindings; 0 for a record that holds only removals, and for NULL. */
RG_API uint32_t rg_record_weight(const rg_record *record);

/** @} */

/** Bits of `flags` of rg_record_text(), rg_plan_text() and rg_targets_text(). A later version may add bits. */
enum {
	RG_TEXT_OPAQUE = 1 /**< also the values without a meaning to a reader: id, generation, revision, request_hash and binding_id. All but
	                    *   request_hash come from the seed of a decision; without this bit, the text does not depend on the seed */
};

/**
 * Writes a record as text, for people and for the expected texts of tests.
 *
 * A line is `name: value`, indented by two spaces for each level, and ends in LF. The names are those of the members of rg_key, rg_contact
 * and rg_removal; `record` is the AoR as rg_key_print() prints it, and `binding` and `removal` have their index. A value that is absent,
 * or that the struct declares to mean "none", has no line. Times are numbers as in the struct, `flags` and `methods` are names, and each
 * Path value and each address has a line of its own, `path` and `addr`. Octets other than printable ASCII, and a space at an end of a
 * value, are written `\xHH`, and a backslash is doubled, so that a value never makes a second line. The text is the same in every locale
 * and on every machine. A later version may add lines, for values that this version does not have.
 * @param record  NULL = none, which is the text `no record`. @param flags  RG_TEXT_…
 * @param room  a buffer of @p size bytes; may be NULL when @p size is 0.
 * @param n  becomes the length of the whole text in bytes. At most @p size bytes are written, without a NUL. When it is above @p size,
 * call again with a larger buffer.
 * @return RG_OK; RG_EINVAL: there is no room, or @p n is NULL. Any thread.
 */
RG_API rg_status rg_record_text(const rg_record *record, uint32_t flags, char *room, size_t size, size_t *n);

/**
 * Writes a record as MessagePack (layout: doc/record-format.md).
 * @return RG_OK with @p bytes owned by the caller and released with rg_mem_free(); RG_ENOMEM; RG_EINVAL: the record is NULL.
 */
RG_API rg_status rg_record_encode(const rg_record *record, uint8_t **bytes, size_t *n);

/**
 * Reads a record from MessagePack. Memory is bounded: no input makes the function allocate more than a record may have.
 * @param why  says what was wrong and where; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EFORMAT: the bytes are truncated, malformed or contradictory, or bytes are left over;
 * RG_ENOTSUP: this library does not know the major version of the schema; RG_ELIMIT: the record would be too large; RG_EINVAL: there are
 * no @p bytes of @p n, or no @p out; RG_ENOMEM.
 */
RG_API rg_status rg_record_decode(const uint8_t *bytes, size_t n, rg_record **out, rg_error *why);

#ifdef __cplusplus
}
#endif
#endif
