/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <stdlib.h>
#include <string.h>

uint16_t port_read(const char *text)
{
	size_t n = text ? strlen(text) : 0;
	unsigned long port;

	if (n == 0)
		return PORT_DEFAULT;
	if (strspn(text, "0123456789") != n)
		return 0;
	port = strtoul(text, NULL, 10);
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* url_param() writes nothing when the value does not fit. */
int uri_param(const url_t *url, const char *name, char *room, size_t size)
{
	*room = '\0';
	return url_param(url->url_params, name, room, (isize_t)size) > 1;
}

int is_same_ip(rg_addr a, rg_addr b)
{
	a.port = b.port = 0;
	return rg_addr_match(&a, &b);
}
