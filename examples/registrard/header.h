/* SPDX-License-Identifier: MIT */
/* Headers that Sofia does not know. */
#ifndef REGISTRARD_HEADER_H
#define REGISTRARD_HEADER_H

#include "server.h"

/* @return 1 when the name is valid, and Sofia gives no meaning to headers of that name. */
int header_is_ours_to_set(const char *name);

/* The first header of that name, in any case; NULL when there is none. */
sip_unknown_t *header_find(const sip_t *sip, const char *name);

/* Replaces all headers of that name by one; with @p value NULL, by none. @return 0, or -1 when out of memory. */
int header_set(msg_t *msg, sip_t *sip, const char *name, const char *value);

#endif
