/* SPDX-License-Identifier: MIT */
/* Headers that Sofia keeps by name, as text. In a message of the class of forwarded messages these are all that a proxy need not read. */
#ifndef REGISTRARD_HEADER_H
#define REGISTRARD_HEADER_H

#include "server.h"

/* @return 1 when the name is valid, and Sofia gives no meaning to headers of that name. */
int header_is_ours_to_set(const char *name);

/* The first header of that name after @p last, in any case and also in its short form (RFC 3261 §7.3.3); NULL when there is none.
 * @param last  NULL = from the beginning. */
sip_unknown_t *header_next(const sip_t *sip, const char *name, const sip_unknown_t *last);

/* The first header of that name. */
sip_unknown_t *header_find(const sip_t *sip, const char *name);

/* All values of that name as one list. NULL when there is none, or when out of memory. */
char *header_join(su_home_t *home, const sip_t *sip, const char *name);

/* Adds a header. @return 0, or -1 when out of memory. */
int header_add(msg_t *msg, sip_t *sip, const char *name, const char *value);

/* Replaces all headers of that name by one; with @p value NULL, by none. @return 0, or -1 when out of memory. */
int header_set(msg_t *msg, sip_t *sip, const char *name, const char *value);

/* The URI of the first Contact. NULL when there is none, or it cannot be read. */
const url_t *header_contact(su_home_t *home, const sip_t *sip);

#endif
