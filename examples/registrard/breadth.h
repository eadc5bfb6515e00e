/* SPDX-License-Identifier: MIT */
/* The number of branches that a request may have: RFC 5393 §5.3. */
#ifndef REGISTRARD_BREADTH_H
#define REGISTRARD_BREADTH_H

#include "server.h"

/* @return how many branches a request may still have, here and at later hops. */
size_t breadth_of(const sip_t *sip);

/* @return the share of branch @p index of @p n, at least 1. @p n is from 1 to @p breadth. */
size_t breadth_share(size_t breadth, size_t n, size_t index);

/* Tells the next hop how many branches it may create. @return 0, or -1 when out of memory. */
int breadth_set(msg_t *msg, sip_t *sip, size_t breadth);

#endif
