/* SPDX-License-Identifier: MIT */
/* Waking devices for what they are to receive (RFC 8599 §5.3). */
#include "decide/plan.h"
#include <stdlib.h>

rg_status rg__wake(const rg_record *record, const uint16_t *indexes, uint32_t n, rg_str reason, rg_str callid, rg_time now, rg_plan **out)
{
	static const rg_revision none = { { 0 } };
	rg__change *changes = malloc(n * sizeof *changes + 1);

	*out = NULL;
	if (!changes)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		changes[i] = (rg__change){ RG_EVENT_CONTACT_REFRESH, 0, indexes[i], indexes[i] };
	rg_status status = rg__plan_new(&(rg__draft){ .before = record, .revision = &none, .callid = callid, .reason = reason, .now = now,
		.changes = changes, .n_changes = n }, out);

	free(changes);
	return status;
}
