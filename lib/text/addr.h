/* SPDX-License-Identifier: MIT */
/* IP addresses without a port. */
#ifndef RG__ADDR_H
#define RG__ADDR_H

#include <rgstr/types.h>
#include <stdbool.h>
#include <string.h>

/* Four decimal numbers. Leading zeros are refused: some readers take them as octal, and one text must not name two addresses. */
bool rg__ip4_parse(rg_str s, rg_addr *out);

/* Reads such an address that stands at @p at, whatever follows. Returns the index after it; 0: there is none, and @p ip is of no use. */
size_t rg__ip4_read(rg_str s, size_t at, uint8_t ip[4]);

/* RFC 4291 §2.2, without brackets or zone. An IPv4-mapped address becomes the IPv4 address. */
bool rg__ip6_parse(rg_str s, rg_addr *out);

/* Compares family and octets, and ignores the ports. */
static inline bool rg__same_ip(const rg_addr *a, const rg_addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

#endif
