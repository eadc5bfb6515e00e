/* SPDX-License-Identifier: MIT */
/* The canonical address-of-record. */
#ifndef RG__AOR_H
#define RG__AOR_H

#include "grammar/uri.h"

typedef struct rg__aor_rules {
	bool case_sensitive, use_domain;
	/* Removed from the host, in any case and as often as it occurs, so that a canonical host stays canonical. Kept where the rest would
	 * be no host name. Empty: nothing is removed. */
	rg_str realm_prefix;
	uint64_t max_user, max_host, max_aor;
} rg__aor_rules;

enum { RG__AOR_OK, RG__AOR_PARSE, RG__AOR_UNESCAPE, RG__AOR_TOO_LONG, RG__AOR_SCHEME, RG__AOR_NOMEM };

/* Canonical user octets and host. `text` is the one allocation behind both, NULL when both are slices of the URI; free it with
 * rg__aor_free(). Without use_domain a URI without a user is RG__AOR_PARSE. */
typedef struct rg__aor {
	rg_str user, host;
	char *text;
} rg__aor;

int rg__aor_from_uri(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out);

/* The canonical host alone, of any length; `user` is absent. RG__AOR_SCHEME for a scheme other than sip and sips. */
int rg__aor_host(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out);

/* Accepts what rg__aor_from_uri() does, and what rg_key_print() prints and an operator types: `user@host` without scheme or password, a
 * host alone (without use_domain: a user alone), and a name-addr. */
int rg__aor_from_text(rg_str text, const rg__aor_rules *rules, rg__aor *out);

/* Reads the URI in such a text. False: it has none, or a malformed one; without use_domain it may be a user alone. */
bool rg__aor_text_uri(rg_str text, const rg__aor_rules *rules, rg__uri *out);

void rg__aor_free(rg__aor *aor);

#endif
