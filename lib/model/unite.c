/* SPDX-License-Identifier: MIT */
/* The record that an overlay makes of two parts. */
#include "model/layout.h"
#include "model/model.h"
#include <stdlib.h>

/* A united record is rare, so it is built like any other and enlarged afterwards. */
rg_status rg__record_unite(const rg_key *key, const rg_revision *revision, const rg_revision *local, const rg_contact *contacts,
	uint32_t n_contacts, const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out)
{
	rg_status status = rg__record_new(key, revision, contacts, n_contacts, removals, n_removals, extra, out);
	rg_record *grown = NULL;

	if (status != RG_OK || rg_revision_is_zero(local))
		return status;
	status = (*out)->size + sizeof *local > RG_RECORD_BYTES_MAX ? RG_ELIMIT : RG_ENOMEM;
	if (status == RG_ENOMEM)
		grown = realloc(*out, (*out)->size + sizeof *local);
	if (grown == NULL) {
		rg_record_unref(*out);
		*out = NULL;
		return status;
	}
	memcpy((char *)grown + grown->size, local, sizeof *local);
	grown->size = (uint16_t)(grown->size + sizeof *local);
	grown->marks |= RG__MARK_LOCAL;
	*out = grown;
	return RG_OK;
}
