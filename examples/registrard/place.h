/* SPDX-License-Identifier: MIT */
/* What names a place in a URI or a Via: ports, parameters, IP addresses. */
#ifndef REGISTRARD_PLACE_H
#define REGISTRARD_PLACE_H

#include <rgstr/types.h>
#include <sofia-sip/url.h>

/* RFC 3261 §19.1.2, without TLS. */
enum { PORT_DEFAULT = 5060 };

/* Reads a port. NULL and "" stand for PORT_DEFAULT. @return 0 for anything else that is no number from 1 to 65535. */
uint16_t port_read(const char *text);

/* Copies the value of a URI parameter. @return 1 when it is there and not empty; @p room is "" when the value does not fit. */
int uri_param(const url_t *url, const char *name, char *room, size_t size);

/* @return 1 when two addresses are the same, whatever their ports. */
int is_same_ip(rg_addr a, rg_addr b);

#endif
