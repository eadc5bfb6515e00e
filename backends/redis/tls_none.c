/* SPDX-License-Identifier: MIT */
/* In the place of tls.c, where hiredis has no TLS: rg_redis_store_new() refuses an address that needs it. */
#include "links.h"

const bool rg__redis_has_tls = false;

bool rg__redis_tls_begin(rg__redis_link *l, char *why, size_t size)
{
	(void)l;
	snprintf(why, size, "this build has no TLS");
	return false;
}

bool rg__redis_tls_append(rg__redis_link *l, const char *bytes, size_t n)
{
	(void)l;
	(void)bytes;
	(void)n;
	return false;
}

void rg__redis_tls_flush(rg__redis_link *l)
{
	(void)l;
}

bool rg__redis_tls_read(rg__redis_link *l)
{
	(void)l;
	return false;
}

bool rg__redis_tls_waits_to_write(const rg__redis_link *l)
{
	(void)l;
	return false;
}
