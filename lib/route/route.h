/* SPDX-License-Identifier: MIT */
/* The door of route/: from a record and a request to targets. Pure: no store, no clock, no lock. */
#ifndef RG__ROUTE_H
#define RG__ROUTE_H

#include <rgstr/policy.h>
#include "config/config.h"
#include "route/wakes.h"

/* Selects the targets of the AoR that the record is of. A NULL record means an AoR without bindings. */
rg_status rg__select(const rg_record *record, const rg_request *request, const rg__lookup_settings *settings, rg_time now, rg_targets **out);
/* The same for the device of binding @p id alone, which is taken as awake. *out: NULL when it is no target. */
rg_status rg__select_device(const rg_record *record, const rg_request *request, const rg__lookup_settings *settings, uint64_t id, rg_time now,
	rg_targets **out);
/* A result without targets: RG_LOOKUP_…, and the SIP code to answer with. */
rg_status rg__targets_failed(int32_t result, int32_t code, rg_targets **out);
/* The same for a request without an AoR to look up. @p code is that of rg__lookup_aor(). */
rg_status rg__targets_unread(int32_t code, const rg__lookup_settings *settings, rg_targets **out);

#endif
