/* SPDX-License-Identifier: MIT */
/* The arguments --store and --federate. */
#ifndef REGISTRARD_STORE_ARGS_H
#define REGISTRARD_STORE_ARGS_H

#include "args.h"

/* Sets the defaults, and frees what was read. */
void store_args_init(struct args *args);
void store_args_free(struct args *args);

/* Each takes one value. @return -1, or ARG_WRONG after an error line on stderr. */
int store_set(struct args *args, const char *value);
int store_set_federation(struct args *args, const char *value);

/* Checks them against each other. @return 0 after an error line on stderr, else 1. */
int store_args_check(const struct args *args);

/* Says on stderr why an argument is refused, and shows its value without user and password.
 * @param home  what follows the store in the value; NULL = nothing. */
void store_refuse(const char *argument, const char *store, const char *home, const char *why);

#endif
