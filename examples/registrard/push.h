/* SPDX-License-Identifier: MIT */
/* Wake-ups leave the server: by a program (--push-exec), by HTTP (--push-url), or both. */
#ifndef REGISTRARD_PUSH_H
#define REGISTRARD_PUSH_H

#include "server.h"

struct push;

/* Descriptors that wake-ups may take at a time. */
size_t push_descriptors(const struct args *args);

/* Subscribes to the events about devices that are to be woken. Without --push-exec and --push-url there is nothing to do.
 * @return 0, or the exit status after an error line on stderr. */
int push_open(struct server *server, struct push **out);

/* Ends all programs and transfers. NULL is accepted. */
void push_close(struct push *push);

#endif
