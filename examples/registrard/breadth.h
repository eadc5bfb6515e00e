/* SPDX-License-Identifier: MIT */
/* How many branches a request may have: RFC 5393 §5.3. */
#ifndef REGISTRARD_BREADTH_H
#define REGISTRARD_BREADTH_H

#include "server.h"

/* @return how many branches a request may still have, here and further on. */
size_t breadth_of(const sip_t *sip);

/* @return what branch @p index of @p n gets of it, where n is not 0 and no more than there is: at least 1. */
size_t breadth_share(size_t breadth, size_t n, size_t index);

/* Tells the next hop how many branches it may make. @return 0, or -1 when memory is short. */
int breadth_set(msg_t *msg, sip_t *sip, size_t breadth);

#endif
