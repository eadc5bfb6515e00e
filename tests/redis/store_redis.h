/* SPDX-License-Identifier: MIT */
/* Redis stores on the one server of a program. It starts with the first store, and ends with the program. */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include <rgstr/redis.h>
#include "prompt.h"
#include "server.h"

redis_server *redis_of_program(bool cluster);

/* A store under a prefix of its own: it is empty. @param more  further parameters of the address, "&cache=0"; may be NULL. */
rg_store *redis_store(bool cluster, const char *more);
/* Another handle on the last store that redis_store() opened, as another node has it: nothing is shared but the server. */
rg_store *redis_store_beside(void);

rg_store *redis_prompt(rg_store *redis, prompt_form form); /* takes over the reference */
bool redis_drive(rg_store *redis, bool waits);             /* for a prompt_inner */
/* Drives until *until is true, some seconds at most. @return *until. */
bool redis_drive_until(rg_store *redis, const bool *until);
int64_t redis_statistic(const rg_store *redis, const char *name); /* -1: there is none */

#endif
