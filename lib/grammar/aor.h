/* SPDX-License-Identifier: MIT */
/* The canonical address-of-record. */
#ifndef RG__AOR_H
#define RG__AOR_H

#include "grammar/uri.h"

typedef struct rg__aor_rules {
	bool case_sensitive, use_domain;
	/* Stripped off the host, in any case; empty = none. As often as it stands there, so that canonical stays canonical, and only as
	 * long as a host name is left. */
	rg_str realm_prefix;
	uint64_t max_user, max_host, max_aor;
} rg__aor_rules;

enum { RG__AOR_OK, RG__AOR_PARSE, RG__AOR_UNESCAPE, RG__AOR_TOO_LONG, RG__AOR_SCHEME, RG__AOR_NOMEM };

/* Canonical user octets and host; `text` is the one allocation behind both when they could not stay slices of the URI (else NULL), to
 * be freed with rg__aor_free(). A user-less URI is RG__AOR_PARSE without use_domain. */
typedef struct rg__aor {
	rg_str user, host;
	char *text;
} rg__aor;

int rg__aor_from_uri(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out);

/* The host alone, in the same form, whatever its length; `user` is absent. RG__AOR_SCHEME for a URI that has none. */
int rg__aor_host(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out);

/* Also takes what rg_key_print() prints and an operator types: `user@host` without scheme or password, a host alone (without
 * use_domain: a user alone), and a name-addr. */
int rg__aor_from_text(rg_str text, const rg__aor_rules *rules, rg__aor *out);

void rg__aor_free(rg__aor *aor);

#endif
