/* SPDX-License-Identifier: MIT */
/* Headers that Sofia does not know. */
#ifndef REGISTRARD_HEADER_H
#define REGISTRARD_HEADER_H

#include "server.h"

/* @return 1 when a header can be called so, and Sofia leaves headers of that name alone. */
int header_is_ours_to_set(const char *name);

/* The first header of a name, whatever its case; NULL when there is none. */
sip_unknown_t *header_find(const sip_t *sip, const char *name);

/* Puts one header in the place of all of that name; @p value NULL leaves none. @return 0, or -1 when memory is short. */
int header_set(msg_t *msg, sip_t *sip, const char *name, const char *value);

#endif
