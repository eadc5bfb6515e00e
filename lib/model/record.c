/* SPDX-License-Identifier: MIT */
/* Reads a record; model/build.c builds it. */
#include "model/layout.h"
#include "model/model.h"
#include <stdlib.h>

static const rg_revision no_revision;

int32_t rg_revision_equal(const rg_revision *a, const rg_revision *b)
{
	return a != NULL && b != NULL && memcmp(a->b, b->b, sizeof a->b) == 0;
}

int32_t rg_revision_is_zero(const rg_revision *r)
{
	return rg_revision_equal(r, &no_revision);
}

static const rg_contact empty_contact = { .q = -1, .methods = RG_METHODS_ALL, .latency = RG_LATENCY_NONE };

const rg__shape rg__contact_shape = RG__SHAPE(rg_contact, &empty_contact, sizeof(rg_contact));
const rg__shape rg__removal_shape = RG__SHAPE(rg_removal, NULL, sizeof(rg_removal));

void rg_contact_init(rg_contact *contact, uint32_t size)
{
	rg__shape_init(&rg__contact_shape, contact, size);
}

void rg_removal_init(rg_removal *removal, uint32_t size)
{
	rg__shape_init(&rg__removal_shape, removal, size);
}

int32_t rg_path_next(rg_str *rest, rg_str *value)
{
	const char *lf;

	if (rest == NULL || value == NULL)
		return 0;
	if (rest->n == 0) {
		*rest = *value = RG__ABSENT;
		return 0;
	}
	lf = memchr(rest->p, '\n', rest->n);
	if (lf == NULL) {
		*value = *rest;
		*rest = RG__ABSENT;
	} else {
		*value = rg__sub(*rest, 0, (size_t)(lf - rest->p));
		*rest = rg__sub(*rest, value->n + 1, rest->n);
	}
	return 1;
}

rg_record *rg_record_ref(const rg_record *record)
{
	rg_record *r = (rg_record *)(uintptr_t)record; /* only the reference count of a record changes */

	if (r != NULL)
		atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

/* Apart, so that dropping a reference that is not the last one stays short. */
static RG__NOINLINE void free_record(rg_record *r)
{
	rg__dictionary *d = rg__record_dictionary(r);

	if (d != NULL)
		rg__dictionary_count(d, -1);
	free(r);
}

void rg_record_unref(const rg_record *record)
{
	rg_record *r = (rg_record *)(uintptr_t)record;

	if (r != NULL && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
		free_record(r);
}

void rg_record_key(const rg_record *record, rg_key *out)
{
	const char *p;

	if (out == NULL)
		return;
	if (record == NULL) {
		*out = (rg_key){ 0 };
		return;
	}
	p = rg__record_domain(record);
	out->domain = (rg_str){ p, record->domain_n };
	out->user = (rg_str){ rg__record_bytes(record) + record->user, record->user_n };
	out->host = (rg_str){ p + record->domain_n, record->host_n };
}

const rg_revision *rg_record_revision(const rg_record *record)
{
	return record != NULL ? &record->revision : &no_revision;
}

const rg_revision *rg_record_local_revision(const rg_record *record)
{
	if (record == NULL || !(record->marks & RG__MARK_LOCAL))
		return &no_revision;
	return (const rg_revision *)(const void *)(rg__record_bytes(record) + record->size - sizeof(rg_revision));
}

uint32_t rg_record_contact_count(const rg_record *record)
{
	return record != NULL ? record->n_contacts : 0;
}

/* A string that is never in a dictionary. */
static rg_str slice(const rg_record *r, rg__slice s)
{
	return (rg_str){ rg__record_bytes(r) + s.at, s.n };
}

uint64_t rg__record_generation(const rg_record *record, uint32_t index)
{
	return rg__record_bindings(record)[index].generation;
}

rg_str rg__record_uri(const rg_record *record, uint32_t index)
{
	const rg__binding *b = rg__record_bindings(record) + index;

	return b->present & 1u << RG__HAS_uri ? slice(record, *rg__binding_slices(record, b)) : RG__ABSENT;
}

/* The fields of which RG__HAS_odd tells where they are. */
static inline void read_odd(const rg_record *record, const rg__binding *b, rg__odd *out)
{
	if (b->present & 1u << RG__HAS_odd) {
		memcpy(out, rg__record_bytes(record) + rg__binding_slice(record, b, RG__HAS_odd)->at, sizeof *out);
		return;
	}
	out->modified = (rg_time)((uint64_t)b->expires - b->lifetime);
	out->created = (rg_time)((uint64_t)out->modified - ((uint64_t)b->age_high << 32 | b->age));
	out->flags = b->q_flags >> RG__FLAGS_AT;
	out->methods = rg__methods_unpack(b->methods);
	out->branch_flags = b->branch_flags;
}

static int16_t q_of(const rg__binding *b)
{
	return (int16_t)((b->q_flags & ((1u << RG__FLAGS_AT) - 1)) - 1);
}

uint32_t rg__record_flags(const rg_record *record, uint32_t index)
{
	rg__odd odd;

	read_odd(record, rg__record_bindings(record) + index, &odd);
	return odd.flags;
}

static rg_str text_of(const rg_record *record, uint32_t index, unsigned what)
{
	const rg__binding *b = rg__record_bindings(record) + index;

	if (!(b->present & 1u << what))
		return RG__ABSENT;
	return rg__record_text_at(record, rg__record_dictionary(record), *rg__binding_slice(record, b, what));
}

rg_str rg__record_instance(const rg_record *record, uint32_t index)
{
	return text_of(record, index, RG__HAS_instance);
}

rg_str rg__record_user_agent(const rg_record *record, uint32_t index)
{
	return text_of(record, index, RG__HAS_user_agent);
}

void rg__record_glance(const rg_record *record, uint32_t index, rg__glance *out)
{
	const rg__binding *b = rg__record_bindings(record) + index;
	rg__odd odd;

	read_odd(record, b, &odd);
	*out = (rg__glance){ .id = b->id, .expires = b->expires, .created = odd.created, .modified = odd.modified, .methods = odd.methods,
		.latency = rg__binding_rare(record, b).latency, .q = q_of(b), .has_instance = (b->present & 1u << RG__HAS_instance) != 0 };
}

/* Corrects the strings that stand in the dictionary, after all were taken for octets of the record. */
static inline void view_shared(const rg_record *record, rg_contact *out)
{
	const rg__dictionary *d = rg__record_dictionary(record);
	uintptr_t at;

#define VIEW(name, kind) \
	at = (uintptr_t)out->name.p - (uintptr_t)record; \
	if (at < RG__SLICE_OWN) \
		out->name = rg__dictionary_text(d, (rg__slice){ (uint16_t)at, (uint16_t)out->name.n });
	RG__SHARED_STRINGS(VIEW)
#undef VIEW
}

rg_status rg__record_contact(const rg_record *record, uint32_t index, rg_contact *out)
{
	const rg__binding *b;
	const rg__slice *s;
	rg__rare rare;
	rg__odd odd;
	uint32_t left;

	if (index >= rg_record_contact_count(record))
		return RG_ENOENT;
	b = rg__record_bindings(record) + index;
	s = rg__binding_slices(record, b);
	read_odd(record, b, &odd);
	*out = (rg_contact){ .struct_size = sizeof *out, .flags = odd.flags, .id = b->id, .generation = b->generation,
		.cseq = b->cseq, .expires = b->expires, .created = odd.created, .modified = odd.modified,
		.request_hash = b->request_hash, .q = q_of(b), .methods = odd.methods, .branch_flags = odd.branch_flags };
	for (left = b->present & ((1u << RG__N_STRINGS) - 1); left != 0; left &= left - 1)
		*rg__contact_string(out, (unsigned)__builtin_ctz(left)) = slice(record, *s++);
	if (record->marks & RG__MARK_DICTIONARY)
		view_shared(record, out);
	if (b->present & 1u << RG__HAS_addrs) {
		out->addrs = (const rg_addr *)(const void *)(rg__record_bytes(record) + s->at);
		out->n_addrs = s->n;
	}
	rare = rg__binding_rare(record, b);
	out->wake = rare.wake;
	out->reg_id = rare.reg_id;
	out->latency = rare.latency;
	return RG_OK;
}

size_t rg__record_aor_room(const rg_record *record)
{
	return record != NULL ? 3 * (size_t)record->user_n + 1 + record->host_n : 0; /* each octet of the user may be escaped */
}

/* Has a part of a key 8 to 16 octets, as most have? */
static inline bool is_usual(size_t n)
{
	return n - 8 <= 16 - 8;
}

/* A function of its own: its calls would make the one for usual keys save registers. */
static RG__NOINLINE bool has_unusual_key(const rg_record *record, const rg_key *key)
{
	const char *p = rg__record_domain(record);

	return rg__same_octets(p, key->domain.p, key->domain.n) &&
		rg__same_octets(rg__record_bytes(record) + record->user, key->user.p, key->user.n) &&
		rg__same_octets(p + key->domain.n, key->host.p, key->host.n);
}

bool rg__record_is_of(const rg_record *record, const rg_key *key)
{
	const char *p = rg__record_domain(record);
	size_t domain_n = key->domain.n, user_n = key->user.n, host_n = key->host.n;

	if (domain_n != record->domain_n || user_n != record->user_n || host_n != record->host_n)
		return false;
	if (!is_usual(domain_n) || !is_usual(user_n) || !is_usual(host_n))
		return has_unusual_key(record, key);
	/* A branch for each part is faster than one sum of all: a processor that predicts it goes on while the lines of the record are on
	 * their way. */
	return rg__same_few(rg__record_bytes(record) + record->user, key->user.p, user_n) &&
		rg__same_few(p + domain_n, key->host.p, host_n) && rg__same_few(p, key->domain.p, domain_n);
}

int32_t rg_record_is_of(const rg_record *record, const rg_key *key)
{
	return record != NULL && key != NULL && rg__record_is_of(record, key);
}

/* The next string of a binding in the order of its slices. */
static inline rg_str next_text(const rg_record *record, const rg__binding *b, unsigned what, const rg__slice **at)
{
	return b->present & 1u << what ? slice(record, *(*at)++) : RG__ABSENT;
}

void rg__record_held(const rg_record *record, uint32_t index, rg__held *out)
{
	_Static_assert(RG__HAS_uri == 0 && RG__HAS_params == 1 && RG__HAS_instance == 2 && RG__HAS_callid == 3, "the order of the slices");
	const rg__binding *b = rg__record_bindings(record) + index;
	const rg__slice *at = rg__binding_slices(record, b);
	rg__odd odd;

	read_odd(record, b, &odd);
	out->uri = next_text(record, b, RG__HAS_uri, &at);
	next_text(record, b, RG__HAS_params, &at);
	out->instance = next_text(record, b, RG__HAS_instance, &at);
	out->callid = next_text(record, b, RG__HAS_callid, &at);
	out->id = b->id;
	out->request_hash = b->request_hash;
	out->expires = b->expires;
	out->created = odd.created;
	out->modified = odd.modified;
	out->cseq = b->cseq;
	out->reg_id = rg__binding_rare(record, b).reg_id;
	out->q = q_of(b);
}

void rg__record_listed(const rg_record *record, uint32_t index, rg_contact *out)
{
	const rg__binding *b = rg__record_bindings(record) + index;
	const rg__slice *at = rg__binding_slices(record, b);
	rg__odd odd;
	_Static_assert(RG__HAS_params == 1 && RG__HAS_instance == 2 && RG__HAS_callid == 3 && RG__HAS_path == 4 && RG__HAS_received == 5,
		"the order of the slices");

	read_odd(record, b, &odd);
	out->uri = next_text(record, b, RG__HAS_uri, &at);
	out->params = next_text(record, b, RG__HAS_params, &at);
	next_text(record, b, RG__HAS_instance, &at);
	next_text(record, b, RG__HAS_callid, &at);
	next_text(record, b, RG__HAS_path, &at);
	out->received = next_text(record, b, RG__HAS_received, &at);
	out->expires = b->expires;
	out->modified = odd.modified;
	out->q = q_of(b);
}

void rg__record_kept(const rg_record *record, uint32_t index, rg_contact *out)
{
	const rg__binding *b = rg__record_bindings(record) + index;
	rg__odd odd;

	read_odd(record, b, &odd);
	out->struct_size = sizeof *out;
	out->id = b->id;
	out->generation = b->generation;
	out->created = odd.created;
	out->flags = odd.flags;
	out->branch_flags = odd.branch_flags;
	out->latency = rg__binding_rare(record, b).latency;
	out->reserved = 0;
	out->extra = b->present & 1u << RG__HAS_extra ? slice(record, *rg__binding_slice(record, b, RG__HAS_extra)) : RG__ABSENT;
}

bool rg__record_find(const rg_record *record, uint64_t id, uint32_t at, rg_contact *out)
{
	uint32_t n = rg_record_contact_count(record);

	for (uint32_t i = 0; i < n && rg__record_contact(record, (at + i) % n, out) == RG_OK; i++) {
		if (out->id == id)
			return true;
	}
	return false;
}

rg_status rg_record_contact(const rg_record *record, uint32_t index, rg_contact *out)
{
	rg_contact full;

	return rg__shape_give(&rg__contact_shape, rg__record_contact(record, index, &full) == RG_OK ? &full : NULL, out);
}

uint32_t rg_record_removal_count(const rg_record *record)
{
	return record != NULL ? record->n_removals : 0;
}

static rg_str slice_or_absent(const rg_record *r, rg__slice s)
{
	return s.at != 0 ? slice(r, s) : RG__ABSENT;
}

rg_status rg__record_removal(const rg_record *record, uint32_t index, rg_removal *out)
{
	const rg__gone *g;

	if (index >= rg_record_removal_count(record))
		return RG_ENOENT;
	g = rg__record_gone(record) + index;
	*out = (rg_removal){ .struct_size = sizeof *out, .cseq = g->cseq, .uri = slice_or_absent(record, g->uri),
		.instance = slice_or_absent(record, g->instance), .callid = slice_or_absent(record, g->callid),
		.reg_id = g->reg_id, .request_hash = g->request_hash, .at = g->at };
	return RG_OK;
}

rg_status rg_record_removal(const rg_record *record, uint32_t index, rg_removal *out)
{
	rg_removal full;

	return rg__shape_give(&rg__removal_shape, rg__record_removal(record, index, &full) == RG_OK ? &full : NULL, out);
}

rg_str rg_record_extra(const rg_record *record)
{
	const char *p;

	if (record == NULL || record->extra_n == 0)
		return RG__ABSENT;
	p = (const char *)(const void *)(rg__record_gone(record) + record->n_removals);
	return (rg_str){ record->marks & RG__MARK_SHARED_NAMES ? p : p + record->domain_n + record->host_n, record->extra_n };
}

rg_time rg_record_deadline(const rg_record *record)
{
	return record != NULL ? record->deadline : RG_TIME_NEVER;
}

uint32_t rg_record_tag_count(const rg_record *record)
{
	return record != NULL ? record->n_tags : 0;
}

rg_str rg_record_tag(const rg_record *record, uint32_t index)
{
	if (index >= rg_record_tag_count(record))
		return RG__ABSENT;
	return slice(record, rg__record_tags(record)[index]);
}

int32_t rg_record_same_tags(const rg_record *a, const rg_record *b)
{
	uint32_t n = rg_record_tag_count(a);
	const rg__slice *x, *y;

	if (n != rg_record_tag_count(b))
		return 0;
	if (n == 0)
		return 1;
	x = rg__record_tags(a);
	y = rg__record_tags(b);
	for (uint32_t i = 0; i < n; i++) {
		if (x[i].n != y[i].n || !rg__same_octets(rg__record_bytes(a) + x[i].at, rg__record_bytes(b) + y[i].at, x[i].n))
			return 0;
	}
	return 1;
}

size_t rg_record_size(const rg_record *record)
{
	return record != NULL ? record->size : 0;
}

uint32_t rg_record_weight(const rg_record *record)
{
	return rg_record_contact_count(record);
}
