/* SPDX-License-Identifier: MIT */
/* The next hop of a binding: first Path URI, else received URI, else Contact URI. */
#ifndef RG__HOP_H
#define RG__HOP_H

#include <rgstr/record.h>
#include "grammar/grammar.h"

/* The URI of the next hop. @p path as rg_contact.path. */
rg_str rg__hop_uri(rg_str path, rg_str received, rg_str contact);

/* Appends the next hop of a URI as the store's tag has it, and gives its host if that is a name; nothing for schemes without a host. */
void rg__hop_tag(const rg__uri *uri, rg__buf *tag, rg_str *host_name);

/* Splits a tag, or what an operator types: an address, or a host name, each with or without port (0). False if it is neither. */
bool rg__hop_split(rg_str tag, rg_addr *addr, rg_str *host, uint16_t *port);

#endif
