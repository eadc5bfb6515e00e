/* SPDX-License-Identifier: MIT */
/* The next hop of a binding: first Path URI, else received URI, else Contact URI. */
#ifndef RG__HOP_H
#define RG__HOP_H

#include <rgstr/record.h>
#include "grammar/grammar.h"

/* The URI of the next hop. @p path has the form of rg_contact.path. */
rg_str rg__hop_uri(rg_str path, rg_str received, rg_str contact);

/* Appends the next hop of a URI in the form of the store's tags. @p host_name receives its host if that is a name. Appends nothing for
 * schemes without a host. */
void rg__hop_tag(const rg__uri *uri, rg__buf *tag, rg_str *host_name);

/* Splits a tag, or text that an operator typed: an address or a host name, each with or without port (0). False: neither. */
bool rg__hop_split(rg_str tag, rg_addr *addr, rg_str *host, uint16_t *port);

/* Appends the text that rg__hop_split() reads: @p ip, in brackets if it is an IPv6 address without, and @p port unless it is 0.
 * RG_EINVAL, with nothing appended: @p ip is empty or has a NUL, or the port is out of range. RG_ENOMEM. */
rg_status rg__hop_print(rg__buf *b, rg_str ip, int32_t port);

#endif
