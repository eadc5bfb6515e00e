/* SPDX-License-Identifier: MIT */
/* A client of Redis for tests: one connection, one command after another, blocking. */
#ifndef TESTS_REDIS_CLIENT_H
#define TESTS_REDIS_CLIENT_H

#include <stddef.h>

int client_connect(const char *path); /* -1: nobody listens, or the path is too long */
/* @return the reply as text, to be freed; NULL: the connection is lost, or 10 s are over. @param n  its length; may be NULL. */
char *client_command(int line, size_t argc, const char *const *argv, const size_t *lens, size_t *n);

#endif
