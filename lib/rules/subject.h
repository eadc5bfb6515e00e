/* SPDX-License-Identifier: MIT */
/* The AoR that a request is about. */
#ifndef RG__SUBJECT_H
#define RG__SUBJECT_H

#include <rgstr/request.h>
#include "config/config.h"

/* The AoR of a lookup: `aor` of the request, else its Request-URI. Returns RG__AOR_…; free *out with rg__aor_free(). */
int rg__lookup_aor(const rg_request *request, const rg_config *config, rg__aor *out);
rg_str rg__domain(rg_str given); /* @p given, or "location" when it is absent or empty */
rg_str rg__request_domain(const rg_request *request);

/* The AoR of a query: @p aor, else `aor` of the request, else To of a REGISTER or From of another request. RG_EINVAL: none. */
rg_status rg__query_aor(const rg_request *request, rg_str aor, const rg_config *config, rg__aor *out);

#endif
