/* SPDX-License-Identifier: MIT */
/* Max-Breadth: how many branches of a request may be in flight at a time, here and at all later hops (RFC 5393 §5.3). */
#include "breadth.h"

#include <stdlib.h>
#include <string.h>

#include "header.h"

/* The breadth of a request without the header, and the limit for others (RFC 5393 §5.3.3 recommends 60). */
enum { BREADTH_DEFAULT = 60 };

size_t breadth_of(const sip_t *sip)
{
	const sip_unknown_t *header = header_find(sip, "Max-Breadth");
	const char *value = header ? header->un_value : NULL;
	size_t n = value ? strspn(value, "0123456789") : 0;

	/* A value that is no number is ignored. Any value above the limit, however long, counts as the limit. */
	if (n == 0 || value[n] != '\0' || strtoul(value, NULL, 10) > BREADTH_DEFAULT)
		return BREADTH_DEFAULT;
	return strtoul(value, NULL, 10);
}

size_t breadth_share(size_t breadth, size_t n, size_t index)
{
	return breadth / n + (index < breadth % n);
}

int breadth_set(msg_t *msg, sip_t *sip, size_t breadth)
{
	char value[24];

	snprintf(value, sizeof value, "%zu", breadth);
	return header_set(msg, sip, "Max-Breadth", value);
}
