/* SPDX-License-Identifier: MIT */
/* Wake-ups through a program: one run for each, the JSON on its standard input. */
#ifndef REGISTRARD_PUSH_EXEC_H
#define REGISTRARD_PUSH_EXEC_H

#include "push_queue.h"

struct push_exec;

size_t push_exec_descriptors(const struct args *args);

/* @return NULL when out of memory or descriptors. */
struct push_exec *push_exec_new(struct server *server);

/* Ends all programs, within a second. NULL is accepted. */
void push_exec_free(struct push_exec *exec);

void push_exec_add(struct push_exec *exec, struct wakeup *wakeup);

#endif
