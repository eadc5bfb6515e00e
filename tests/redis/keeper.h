/* SPDX-License-Identifier: MIT */
/* The process beside a test that starts a redis-server and ends it when the test ends. */
#ifndef TESTS_REDIS_KEEPER_H
#define TESTS_REDIS_KEEPER_H

#include <sys/types.h>

typedef struct keeper {
	int line; /* its end is the end of the test */
	pid_t pid;
} keeper;

/* @param argv  the program and its arguments. @param folder  removed at the end. Both stay as they are. */
keeper keeper_new(char *const *argv, const char *folder);
pid_t keeper_start(const keeper *k);       /* starts the program */
void keeper_end(const keeper *k, int signal); /* sends the signal, 0 = none, and waits for the program */
pid_t keeper_pid(const keeper *k);         /* of the program; 0 = it has ended */
void keeper_free(keeper *k);

void remove_below(const char *folder); /* removes what is in the folder */

#endif
