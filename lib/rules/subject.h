/* SPDX-License-Identifier: MIT */
/* Which AoR a request is about. */
#ifndef RG__SUBJECT_H
#define RG__SUBJECT_H

#include <rgstr/request.h>
#include "config/config.h"

/* The key a lookup is about: aor, else Request-URI. Returns RG__AOR_…; *out is freed with rg__aor_free(). */
int rg__lookup_aor(const rg_request *request, const rg_config *config, rg__aor *out);
rg_str rg__domain(rg_str given); /* given, else (absent or empty) "location" */
rg_str rg__request_domain(const rg_request *request);

/* The AoR a query is about: given, else To of a REGISTER, else From. RG_EINVAL when there is none. */
rg_status rg__query_aor(const rg_request *request, rg_str aor, const rg_config *config, rg__aor *out);

#endif
