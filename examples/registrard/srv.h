/* SPDX-License-Identifier: MIT */
/* The order and the lifetime of SRV records: RFC 2782. Pure but for the chance that the caller gives. */
#ifndef REGISTRARD_SRV_H
#define REGISTRARD_SRV_H

#include <stddef.h>
#include <stdint.h>

struct srv_record {
	const char *host; /* NULL = it was chosen before */
	uint16_t priority, weight, port;
};

/* The next record to try: of the lowest priority, by chance in proportion to the weights. @param chance  returns a number below its
 * argument. NULL: none is left. */
struct srv_record *srv_next(struct srv_record *records, size_t n, uint32_t (*chance)(uint32_t below));

/* The shortest lifetime among the answers of a DNS message (RFC 1035 §4.1), in seconds, which c-ares does not tell. UINT32_MAX: there are none.
 * What is behind a cut is left out. */
uint32_t srv_lifetime(const unsigned char *bytes, size_t n);

#endif
