/* SPDX-License-Identifier: MIT */
/* A record from the structs of a caller, who may know them with another size. */
#include "model/layout.h"
#include "model/model.h"
#include <stdlib.h>

_Static_assert(_Alignof(rg_removal) == _Alignof(rg_contact), "one alignment for both arrays");

/* Structs of today's size. */
typedef struct given_rows {
	const void *at;
	void *copies; /* NULL: the caller's own have this size */
} given_rows;

static rg_status take_rows(const rg__shape *shape, const void *given, uint32_t n, given_rows *out)
{
	size_t ours = rg__shape_size(shape), stride;
	const char *from = given;
	uint32_t i;

	*out = (given_rows){ given, NULL };
	if (n == 0)
		return RG_OK;
	if (given == NULL)
		return RG_EINVAL;
	stride = rg__struct_size(given);
	if (n > 1 && stride % _Alignof(rg_contact) != 0) /* no compiler lays out an array so */
		return RG_EINVAL;
	for (i = 0; i < n; i++)
		if (rg__struct_size(from + i * stride) != stride || !rg__shape_fits(shape, from + i * stride))
			return RG_EINVAL;
	if (stride == ours)
		return RG_OK;
	out->at = out->copies = malloc(n * ours);
	if (out->copies == NULL)
		return RG_ENOMEM;
	for (i = 0; i < n; i++)
		rg__shape_take(shape, from + i * stride, (char *)out->copies + i * ours);
	return RG_OK;
}

rg_status rg_record_new(const rg_key *key, const rg_revision *revision, const rg_contact *contacts, uint32_t n_contacts,
	const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out)
{
	given_rows bindings, gone = { NULL, NULL };
	rg_status status;

	if (out == NULL)
		return RG_EINVAL;
	*out = NULL;
	if (key == NULL || revision == NULL)
		return RG_EINVAL;
	if (n_contacts > RG_RECORD_BYTES_MAX / sizeof(rg__binding) || n_removals > RG_REMOVALS_MAX)
		return RG_ELIMIT;
	status = take_rows(&rg__contact_shape, contacts, n_contacts, &bindings);
	if (status == RG_OK)
		status = take_rows(&rg__removal_shape, removals, n_removals, &gone);
	if (status == RG_OK)
		status = rg__record_new(key, revision, bindings.at, n_contacts, gone.at, n_removals, extra, out);
	free(bindings.copies);
	free(gone.copies);
	return status;
}
