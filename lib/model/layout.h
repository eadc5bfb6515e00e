/* SPDX-License-Identifier: MIT */
/* The memory layout of a record. Only files of model/ include this header. */
#ifndef RG__RECORD_H
#define RG__RECORD_H

#include <rgstr/record.h>
#include <stdatomic.h>
#include "text/text.h"

/*
 * One allocation:
 *
 *   rg_record | domain user host | pad | rg__binding × n | rg__gone × n | extra | per binding: slices, bytes | … | tags |
 *   local revision
 *
 * Offsets count from the start of the record and fit 16 bits, because RG_RECORD_BYTES_MAX does. A string that is already stored (the
 * same field of the previous binding, a next hop inside a received URI, an instance inside the Contact params) is not stored again.
 */
typedef struct rg__slice {
	uint16_t at, n;
} rg__slice;

/* The strings of a binding, in the order in which they are stored: a string that may lie inside another comes after it. */
#define RG__CONTACT_STRINGS(X) \
	X(uri) X(params) X(instance) X(callid) X(path) X(received) X(socket) X(flow) X(user_agent) X(attr) X(ownership_tag) X(next_hop) \
	X(extra)

/* Bits of rg__binding.present; their order is also the order of the table of slices. */
enum {
#define RG__HAS(name) RG__HAS_##name,
	RG__CONTACT_STRINGS(RG__HAS)
#undef RG__HAS
	RG__HAS_addrs, /* rg_addr × n, aligned */
	RG__HAS_rare,  /* rg__rare, unaligned */
	RG__HAS_N
};

#define RG__N_STRINGS RG__HAS_addrs
#define RG__ADDRS_MAX 8

typedef struct rg__binding {
	uint64_t id, generation, request_hash;
	rg_time expires, created, modified;
	uint32_t flags, cseq, methods, branch_flags;
	int16_t q;
	uint16_t present; /* one bit per RG__HAS_… */
	uint16_t slices;  /* offset of the table of slices, aligned to 2: one slice per set bit */
	uint16_t reserved;
} rg__binding;

/* Fields that few bindings have. */
typedef struct rg__rare {
	rg_time wake;
	uint32_t reg_id, latency;
} rg__rare;

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
	uint8_t has_local; /* the last bytes are the revision of the memory-only part; few records have one */
	uint16_t n_tags;
	uint16_t domain_n, user_n, host_n;
	uint16_t tags;   /* offset of rg__slice × n_tags, aligned to 2 */
	rg__slice extra; /* n 0 = none */
	rg_time deadline;
	rg_revision revision;
	/* The key follows immediately, so that a store that compares keys touches only the first cache lines. */
};

static inline const char *rg__record_bytes(const rg_record *r)
{
	return (const char *)r;
}

/* Offset of the first binding. */
static inline size_t rg__record_bindings_at(size_t key_n)
{
	return (sizeof(rg_record) + key_n + 7) & ~(size_t)7;
}

static inline const rg__binding *rg__record_bindings(const rg_record *r)
{
	size_t key_n = (size_t)r->domain_n + r->user_n + r->host_n;

	return (const rg__binding *)(const void *)(rg__record_bytes(r) + rg__record_bindings_at(key_n));
}

static inline const rg__gone *rg__record_gone(const rg_record *r)
{
	return (const rg__gone *)(const void *)(rg__record_bindings(r) + r->n_contacts);
}

static inline const rg__slice *rg__binding_slices(const rg_record *r, const rg__binding *b)
{
	return (const rg__slice *)(const void *)(rg__record_bytes(r) + b->slices);
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

#endif
