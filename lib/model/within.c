/* SPDX-License-Identifier: MIT */
/* The limit of a record's size. Which strings a dictionary has depends on other records, so the size without it counts: else the same
 * REGISTER would be refused in one store and accepted in another. */
#include "model/layout.h"
#include "model/model.h"
#include <stdlib.h>

/* The size of a record that is built without a dictionary. */
static rg_status size_apart(const rg_record *r, size_t *out)
{
	rg_removal removals[RG_REMOVALS_MAX];
	rg_record *apart;
	rg_key key;

	*out = rg_record_size(r);
	if (r == NULL || !(r->marks & RG__MARK_DICTIONARY))
		return RG_OK;
	rg_contact *contacts = calloc(r->n_contacts + 1u, sizeof *contacts);
	if (contacts == NULL)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < r->n_contacts; i++)
		rg__record_contact(r, i, &contacts[i]);
	for (uint32_t i = 0; i < r->n_removals; i++)
		rg__record_removal(r, i, &removals[i]);
	rg_record_key(r, &key);
	rg_status status = rg__record_new(&key, &r->revision, contacts, r->n_contacts, removals, r->n_removals, rg_record_extra(r), &apart);
	if (status == RG_OK)
		*out = rg_record_size(apart);
	rg_record_unref(apart);
	free(contacts);
	return status;
}

/* Octets that stand in the dictionary at most. */
static size_t most_shared(const rg_record *r)
{
#define ONE(name, kind) + 1
	enum { EACH = RG__SHARED_STRINGS(ONE) };
#undef ONE

	return r->marks & RG__MARK_DICTIONARY ? (EACH * (size_t)r->n_contacts + 1) * RG__SHARED_MOST : 0;
}

rg_status rg__record_within(const rg_record *next, const rg_record *before, uint64_t limit)
{
	size_t size, had;
	rg_status status;

	if (limit >= RG_RECORD_BYTES_MAX || rg_record_size(next) + most_shared(next) <= limit)
		return RG_OK;
	status = size_apart(next, &size);
	if (status != RG_OK || size <= limit)
		return status;
	status = size_apart(before, &had);
	return status == RG_OK && size > had ? RG_ELIMIT : status;
}
