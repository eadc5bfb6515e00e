/* SPDX-License-Identifier: MIT */
/* The arguments about wake-ups. */
#ifndef REGISTRARD_PUSH_ARGS_H
#define REGISTRARD_PUSH_ARGS_H

#include "args.h"

/* Sets the defaults. */
void push_args_init(struct args *args);

/* Each takes one value. @return -1, or ARG_WRONG after an error line on stderr. */
int push_set_exec(struct args *args, const char *value);
int push_set_exec_limit(struct args *args, const char *value);
int push_set_url(struct args *args, const char *value);
int push_set_ca(struct args *args, const char *value);
int push_set_timeout(struct args *args, const char *value);
int push_set_queue(struct args *args, const char *value);

/* Checks them against each other. @return 0 after an error line on stderr, else 1. */
int push_args_check(const struct args *args);

#endif
