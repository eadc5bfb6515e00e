/* SPDX-License-Identifier: MIT */
/* A Via value, RFC 3261 §20.42 and §25.1. Nothing is copied: every part is a slice of the value. */
#ifndef RG__VIA_H
#define RG__VIA_H

#include "grammar/uri.h"

typedef struct rg__via {
	rg_str start;  /* sent-protocol and sent-by, as written */
	rg_str host;   /* of sent-by, as written, IPv6 in brackets. A name may have any character of a token: hosts with an underscore exist */
	rg_str params; /* from the first ';' on; absent when there are none */
	uint16_t port; /* of sent-by; 0 = not stated */
} rg__via;

/* Reads one value. RG_EINVAL: malformed, the parameters included. */
rg_status rg__via_parse(rg_str value, rg__via *out);

/* Reads the next parameter; @p rest starts as via.params. As rg__param_next(), but a value may also be an IPv6 address without brackets,
 * as `received` has it. */
int rg__via_param_next(rg_str *rest, rg__param *out);

#endif
