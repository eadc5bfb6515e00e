/* SPDX-License-Identifier: MIT */
/* The memory layout of a record. Only files of model/ include this header. */
#ifndef RG__RECORD_H
#define RG__RECORD_H

#include <rgstr/record.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "model/dictionary.h"
#include "text/text.h"

/*
 * One allocation:
 *
 *   rg_record | rg__binding × n | rg__gone × n | domain | host | extra | per binding: bytes, slices | … | user | tags |
 *   dictionary or local revision
 *
 * Offsets count from the start of the record and fit 16 bits, because RG_RECORD_BYTES_MAX does. A string that is already stored (the
 * same field of the previous binding, a next hop inside a received URI, an instance inside the Contact params, the user of the key inside
 * the first URI) is not stored again. Nor is the list of tags, when the last slices are the same.
 *
 * Of a record with a dictionary, the domain and host of the key and the strings of RG__SHARED_STRINGS may stand there instead. A record of
 * which nothing does has no dictionary.
 */

/* The strings of a binding, in the order in which they are stored: a string that may lie inside another comes after it. */
#define RG__CONTACT_STRINGS(X) \
	X(uri) X(params) X(instance) X(callid) X(path) X(received) X(socket) X(flow) X(user_agent) X(attr) X(ownership_tag) X(next_hop) \
	X(extra)

/* Strings that many bindings have, and their kind in the dictionary. No other string lies inside one of them. */
#define RG__SHARED_STRINGS(X) X(socket, PLACES) X(user_agent, AGENTS) X(ownership_tag, PLACES)

/* Bits of rg__binding.present; their order is also the order of the table of slices. */
enum {
#define RG__HAS(name) RG__HAS_##name,
	RG__CONTACT_STRINGS(RG__HAS)
#undef RG__HAS
	RG__HAS_addrs, /* rg_addr × n, aligned */
	RG__HAS_rare,  /* rg__rare, unaligned */
	RG__HAS_odd,   /* rg__odd, unaligned */
	RG__HAS_N
};

#define RG__N_STRINGS RG__HAS_addrs
#define RG__ADDRS_MAX 8

/* With RG__HAS_odd, `lifetime`, `age`, `methods`, the flags in `q_flags` and `branch_flags` mean nothing. */
typedef struct rg__binding {
	uint64_t id, generation, request_hash;
	rg_time expires;
	uint32_t lifetime;     /* expires - modified */
	uint32_t age;          /* modified - created: its low 32 bits … */
	uint16_t age_high;     /* … and the next 16 */
	uint16_t methods;      /* as rg__methods_pack() gives them */
	uint32_t cseq;
	uint16_t branch_flags;
	uint16_t q_flags;      /* q + 1, and the flags from bit RG__FLAGS_AT on */
	uint16_t present;      /* one bit per RG__HAS_… */
	uint16_t slices;       /* offset of the table of slices, aligned to 2: one slice per set bit */
} rg__binding;

#define RG__FLAGS_AT 10
#define RG__FLAGS_FIT 0x3fu /* the flags that q_flags can hold */

/* Fields that few bindings have. */
typedef struct rg__rare {
	rg_time wake;
	uint32_t reg_id, latency;
} rg__rare;

/* Fields of which some value does not fit rg__binding. */
typedef struct rg__odd {
	rg_time created, modified;
	uint32_t flags, methods, branch_flags, reserved;
} rg__odd;

/* The methods that have names, in 16 bits; bit 14 stands for all methods. */
#define RG__METHODS_FIT 0x80003fffu
#define RG__METHODS_EVERY 0x4000u

static inline uint16_t rg__methods_pack(uint32_t methods)
{
	return (uint16_t)(methods == RG_METHODS_ALL ? RG__METHODS_EVERY : (methods & 0x3fff) | methods >> 31 << 15);
}

static inline uint32_t rg__methods_unpack(uint16_t packed)
{
	return packed == RG__METHODS_EVERY ? RG_METHODS_ALL : (packed & 0x3fffu) | (uint32_t)(packed >> 15) << 31;
}

static inline bool rg__contact_is_rare(const rg_contact *c)
{
	return c->wake != 0 || c->reg_id != 0 || c->latency != RG_LATENCY_NONE;
}

static inline bool rg__contact_is_odd(const rg_contact *c)
{
	return (uint64_t)c->expires - (uint64_t)c->modified > UINT32_MAX || ((uint64_t)c->modified - (uint64_t)c->created) >> 48 != 0 ||
		c->flags > RG__FLAGS_FIT || c->branch_flags > UINT16_MAX || (c->methods != RG_METHODS_ALL && (c->methods & ~RG__METHODS_FIT) != 0);
}

/* What a binding holds besides `present` and `slices`. */
static inline rg__binding rg__binding_pack(const rg_contact *c)
{
	uint64_t age = (uint64_t)c->modified - (uint64_t)c->created;

	return (rg__binding){ .id = c->id, .generation = c->generation, .request_hash = c->request_hash, .expires = c->expires,
		.lifetime = (uint32_t)((uint64_t)c->expires - (uint64_t)c->modified), .age = (uint32_t)age, .age_high = (uint16_t)(age >> 32),
		.methods = rg__methods_pack(c->methods), .cseq = c->cseq, .branch_flags = (uint16_t)c->branch_flags,
		.q_flags = (uint16_t)((uint32_t)(c->q + 1) | c->flags << RG__FLAGS_AT) };
}

/* A removal. */
typedef struct rg__gone {
	uint64_t request_hash;
	rg_time at;
	uint32_t cseq, reg_id;
	rg__slice uri, instance, callid; /* `at` 0 = absent */
	uint32_t reserved;
} rg__gone;

struct rg_record {
	_Atomic uint32_t refs;
	uint16_t size, n_contacts;
	uint8_t n_removals;
	uint8_t marks; /* RG__MARK_… */
	uint16_t n_tags;
	uint16_t domain_n, user_n, host_n;
	uint16_t user;    /* offset of the key's user */
	uint16_t names;   /* offset of its domain and host, in the record or in the dictionary */
	uint16_t extra_n; /* 0 = none */
	rg_time deadline;
	rg_revision revision;
};

_Static_assert(sizeof(rg_record) == RG__SLICE_OWN, "no slice of a record's own octets looks like one of the dictionary");

enum {
	RG__MARK_LOCAL = 1,       /* the last bytes are the revision of the memory-only part; few records have one */
	RG__MARK_DICTIONARY = 2,  /* the last bytes are the address of the dictionary, which counts the record; none has both */
	RG__MARK_SHARED_NAMES = 4 /* domain and host are in the dictionary */
};

/* NULL: it has none. */
static inline rg__dictionary *rg__record_dictionary(const rg_record *r)
{
	rg__dictionary *d = NULL;

	if (r->marks & RG__MARK_DICTIONARY)
		memcpy(&d, (const char *)r + r->size - sizeof d, sizeof d);
	return d;
}

static inline const char *rg__record_bytes(const rg_record *r)
{
	return (const char *)r;
}

static inline const rg__binding *rg__record_bindings(const rg_record *r)
{
	return (const rg__binding *)(const void *)(r + 1);
}

static inline const rg__gone *rg__record_gone(const rg_record *r)
{
	return (const rg__gone *)(const void *)(rg__record_bindings(r) + r->n_contacts);
}

/* Domain and host of the key. */
static inline const char *rg__record_domain(const rg_record *r)
{
	return (r->marks & RG__MARK_SHARED_NAMES ? (const char *)rg__record_dictionary(r) : rg__record_bytes(r)) + r->names;
}

/* A string of a slice, which is not {0, 0}. @p d is the dictionary of the record. */
static inline rg_str rg__record_text_at(const rg_record *r, const rg__dictionary *d, rg__slice s)
{
	return s.at >= RG__SLICE_OWN ? (rg_str){ rg__record_bytes(r) + s.at, s.n } : rg__dictionary_text(d, s);
}

static inline const rg__slice *rg__binding_slices(const rg_record *r, const rg__binding *b)
{
	return (const rg__slice *)(const void *)(rg__record_bytes(r) + b->slices);
}

/* The tags: rg__slice × n_tags, aligned to 2. */
static inline const rg__slice *rg__record_tags(const rg_record *r)
{
	size_t end = r->size;

	if (r->marks & RG__MARK_DICTIONARY)
		end -= sizeof(rg__dictionary *);
	else if (r->marks & RG__MARK_LOCAL)
		end -= sizeof(rg_revision);

	return (const rg__slice *)(const void *)(rg__record_bytes(r) + end) - r->n_tags;
}

/* Offset of the string in rg_contact, by bit. */
static const uint16_t rg__string_offset[RG__N_STRINGS] = {
#define RG__STRING_OFFSET(name) offsetof(rg_contact, name),
	RG__CONTACT_STRINGS(RG__STRING_OFFSET)
#undef RG__STRING_OFFSET
};

static inline rg_str *rg__contact_string(rg_contact *contact, unsigned bit)
{
	return (rg_str *)(void *)((char *)contact + rg__string_offset[bit]);
}

static inline const rg_str *rg__contact_string_const(const rg_contact *contact, unsigned bit)
{
	return (const rg_str *)(const void *)((const char *)contact + rg__string_offset[bit]);
}

/* The slice of what a binding has: a string, or one of the others by its RG__HAS_…. */
static inline const rg__slice *rg__binding_slice(const rg_record *r, const rg__binding *b, unsigned bit)
{
	return rg__binding_slices(r, b) + __builtin_popcount(b->present & ((1u << bit) - 1));
}

/* Of a binding without one, the wake-up, reg-id and latency are those of rg_contact_init(). */
static inline rg__rare rg__binding_rare(const rg_record *r, const rg__binding *b)
{
	rg__rare rare = { 0, 0, RG_LATENCY_NONE };

	if (b->present & 1u << RG__HAS_rare)
		memcpy(&rare, rg__record_bytes(r) + rg__binding_slice(r, b, RG__HAS_rare)->at, sizeof rare);
	return rare;
}

#endif
