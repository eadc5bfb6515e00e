/* SPDX-License-Identifier: MIT */
/* The AoR that a request is about. */
#ifndef RG__SUBJECT_H
#define RG__SUBJECT_H

#include <rgstr/request.h>
#include "config/config.h"
#include "rules/gruu.h"

/* The AoR of a lookup: `aor` of the request, else its Request-URI; free *out with rg__aor_free(), then *gruu with rg__gruu_free(), which it
 * may point into. *gruu: NULL unless this is a GRUU. RG_OK or RG_ENOMEM. @p code: 0, else the SIP code of the answer, because there is no AoR to
 * look up: the request has a defect, the AoR is malformed or of another scheme, or the token of a GRUU is none of this host and domain. */
rg_status rg__lookup_aor(const rg_request *request, const rg_config *config, rg__aor *out, rg__gruu **gruu, int32_t *code);

/* The same for a URI that was read with rg__uri_read_address(). @p domain: as rg_request.domain. */
rg_status rg__uri_subject(const rg__uri *uri, rg_str domain, const rg_config *config, rg__aor *out, rg__gruu **gruu, int32_t *code);

rg_str rg__domain(rg_str given); /* @p given, or "location" when it is absent or empty */
rg_str rg__request_domain(const rg_request *request);

/* The AoR of a query: @p aor, which the caller knows as @p name, else `aor` of the request, else To of a REGISTER or From of another
 * request. RG_EINVAL: there is none, or it is a GRUU; @p why says which one is wrong. */
rg_status rg__query_aor(const rg_request *request, rg_str aor, const char *name, const rg_config *config, rg__aor *out, rg_error *why);

#endif
