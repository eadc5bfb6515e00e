/* SPDX-License-Identifier: MIT */
/* The AoR that a request is about. */
#ifndef RG__SUBJECT_H
#define RG__SUBJECT_H

#include <rgstr/request.h>
#include "config/config.h"

/* The AoR of a lookup: `aor` of the request, else its Request-URI; free *out with rg__aor_free(). RG_OK or RG_ENOMEM. @p code: 0, else the
 * SIP code of the answer, because there is no AoR to look up: the request has a defect, or the AoR is malformed or of another scheme. */
rg_status rg__lookup_aor(const rg_request *request, const rg_config *config, rg__aor *out, int32_t *code);
rg_str rg__domain(rg_str given); /* @p given, or "location" when it is absent or empty */
rg_str rg__request_domain(const rg_request *request);

/* The AoR of a query: @p aor, which the caller knows as @p name, else `aor` of the request, else To of a REGISTER or From of another
 * request. RG_EINVAL: there is none; @p why says which one is wrong. */
rg_status rg__query_aor(const rg_request *request, rg_str aor, const char *name, const rg_config *config, rg__aor *out, rg_error *why);

#endif
