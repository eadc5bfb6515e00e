/* SPDX-License-Identifier: MIT */
/* The local socket as text, `proto:ip:port` (base specification §1.3.17, §1.4.8). */
#ifndef RG__SOCKET_H
#define RG__SOCKET_H

#include "text/text.h"

typedef struct rg__socket {
	rg_str proto; /* in lower case; static */
	rg_addr addr; /* with its port, never 0 */
} rg__socket;

/* Reads all of @p text, in any case: no white space, an IPv6 address in brackets, always a port. False: any other text. */
bool rg__socket_parse(rg_str text, rg__socket *out);

#endif
