/* SPDX-License-Identifier: MIT */
/* The next record of an AoR whose strings stay as they are, as with nearly every refresh: a copy of the record before, with other numbers.
 * The same strings are always laid out in the same way, so a record that is built anew would not differ from it; except that a dictionary may
 * have got one of its strings since then. */
#include "model/layout.h"
#include "model/model.h"
#include <stdlib.h>

static inline rg__words difference(const char *a, const char *b)
{
	rg__words x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x ^ y;
}

/* Compares without a branch for each word: nearly always all strings stay. False: it changed. True: it changed if that made @p sum other
 * than zero. The strings of a binding that did not change are slices of the record itself. */
RG__INLINE bool text_stays(rg_str s, const char *had, size_t n, rg__words *sum)
{
	uint64_t x, y;

	if (s.n != n)
		return false;
	if (s.p == had)
		return true;
	if (n < 8 || n > 64)
		return n == 0 || memcmp(s.p, had, n) == 0;
	if (n < 16) {
		memcpy(&x, s.p, sizeof x);
		memcpy(&y, had, sizeof y);
		(*sum)[0] |= x ^ y;
		memcpy(&x, s.p + n - sizeof x, sizeof x);
		memcpy(&y, had + n - sizeof y, sizeof y);
		(*sum)[1] |= x ^ y;
		return true;
	}
	*sum |= difference(s.p, had) | difference(s.p + n - 16, had + n - 16);
	if (n > 32)
		*sum |= difference(s.p + 16, had + 16) | difference(s.p + n - 32, had + n - 32);
	return true;
}

static bool is_nothing(rg__words sum)
{
	return (sum[0] | sum[1]) == 0;
}

static bool key_stays(const rg_record *r, const rg_key *key)
{
	rg_key had;

	if (key == NULL)
		return true;
	rg_record_key(r, &had);
	return rg_key_equal(&had, key);
}

#define RG__OR_IS(name, kind) || bit == RG__HAS_##name
static inline bool may_be_shared(unsigned bit)
{
	return false RG__SHARED_STRINGS(RG__OR_IS);
}
#undef RG__OR_IS

/* Is each string present in both and the same, and does the rest of the binding take the same room? */
static bool binding_stays(const rg_record *r, const rg__binding *b, const rg_contact *c)
{
	const rg__slice *s = rg__binding_slices(r, b);
	const char *base = rg__record_bytes(r);
	unsigned present = b->present;
	const rg__dictionary *d = rg__record_dictionary(r);
	rg__words sum = { 0, 0 };
	rg_str had;

#define STAYS(name) \
	if (present & 1u << RG__HAS_##name) { \
		had = may_be_shared(RG__HAS_##name) ? rg__record_text_at(r, d, *s) : (rg_str){ base + s->at, s->n }; \
		if (c->name.p == NULL || !text_stays(c->name, had.p, had.n, &sum)) \
			return false; \
		s++; \
	} else if (c->name.p != NULL && (RG__HAS_##name != RG__HAS_extra || c->name.n > 0)) { \
		return false; \
	}
	RG__CONTACT_STRINGS(STAYS)
#undef STAYS
	if (present & 1u << RG__HAS_addrs ? c->n_addrs != s->n || (const char *)c->addrs != base + s->at : c->n_addrs > 0)
		return false;
	return is_nothing(sum) && c->q >= -1 && c->q <= 1000 && rg__contact_is_rare(c) == ((present >> RG__HAS_rare & 1) != 0) &&
		rg__contact_is_odd(c) == ((present >> RG__HAS_odd & 1) != 0);
}

static void renew_binding(rg_record *r, rg__binding *b, const rg_contact *c)
{
	uint16_t present = b->present, slices = b->slices;

	*b = rg__binding_pack(c);
	b->present = present;
	b->slices = slices;
	if (present & 1u << RG__HAS_rare) {
		rg__rare rare = { c->wake, c->reg_id, c->latency };

		memcpy((char *)r + rg__binding_slice(r, b, RG__HAS_rare)->at, &rare, sizeof rare);
	}
	if (present & 1u << RG__HAS_odd) {
		rg__odd odd = { c->created, c->modified, c->flags, c->methods, c->branch_flags, 0 };

		memcpy((char *)r + rg__binding_slice(r, b, RG__HAS_odd)->at, &odd, sizeof odd);
	}
}

static bool record_stays(const rg_record *r, const rg_key *key, const rg_contact *contacts, const uint16_t *kept, uint32_t n)
{
	const rg__binding *b;
	uint32_t i;

	if (r == NULL || r->n_contacts != n || n == 0 || r->n_removals > 0 || (r->marks & RG__MARK_LOCAL) || !key_stays(r, key))
		return false;
	b = rg__record_bindings(r);
	for (i = 0; i < n; i++)
		if (kept[i] != i && (kept[i] != RG__GIVEN || !binding_stays(r, &b[i], &contacts[i])))
			return false;
	return true;
}

static rg_time binding_deadline(const rg_record *r, const rg__binding *b)
{
	rg_time wake = rg__binding_rare(r, b).wake;

	return wake != 0 && wake < b->expires ? wake : b->expires;
}

/* The record before with the numbers of the bindings that are given. NULL: out of memory. */
static rg_record *renew_record(const rg_record *before, const rg_revision *revision, const rg_contact *contacts, const uint16_t *kept)
{
	rg_record *r = malloc(before->size);
	rg__binding *b;
	uint32_t i;

	if (r == NULL)
		return NULL;
	atomic_init(&r->refs, 1);
	if (before->marks & RG__MARK_DICTIONARY)
		rg__dictionary_count(rg__record_dictionary(before), 1);
	memcpy((char *)r + sizeof r->refs, (const char *)before + sizeof r->refs, before->size - sizeof r->refs);
	r->revision = *revision;
	r->deadline = RG_TIME_NEVER;
	b = (rg__binding *)(uintptr_t)rg__record_bindings(r);
	for (i = 0; i < r->n_contacts; i++) {
		if (kept[i] == RG__GIVEN)
			renew_binding(r, &b[i], &contacts[i]);
		rg_time at = binding_deadline(r, &b[i]);

		r->deadline = at < r->deadline ? at : r->deadline;
	}
	return r;
}

rg_status rg__record_next(const rg_record *before, rg__dictionary *dictionary, const rg_key *key, const rg_revision *revision,
	rg_contact *contacts, const uint16_t *kept, uint32_t n, const rg_removal *removals, uint32_t n_removals, rg_record **out)
{
	rg_key same;
	uint32_t i;

	if (n_removals == 0 && record_stays(before, key, contacts, kept, n)) {
		*out = renew_record(before, revision, contacts, kept);
		return *out != NULL ? RG_OK : RG_ENOMEM;
	}
	for (i = 0; i < n; i++)
		if (kept[i] != RG__GIVEN)
			rg__record_contact(before, kept[i], &contacts[i]);
	rg_record_key(before, &same);
	if (before != NULL && (before->marks & RG__MARK_DICTIONARY))
		dictionary = rg__record_dictionary(before);
	rg_str extra = rg_record_extra(before);
	rg_status status = rg__record_build(dictionary, key ? key : &same, revision, contacts, n, removals, n_removals, extra, out);

	/* Close to the limit it may fit only without the address of the dictionary. */
	if (status == RG_ELIMIT && dictionary != NULL)
		status = rg__record_build(NULL, key ? key : &same, revision, contacts, n, removals, n_removals, extra, out);
	return status;
}
