/* SPDX-License-Identifier: MIT */
/* The control socket: one command per line, one JSON object per line as the answer. */
#ifndef REGISTRARD_CONTROL_H
#define REGISTRARD_CONTROL_H

#include "server.h"

/* Connections at a time. Descriptors are kept for them. */
enum { CONTROL_CLIENTS_MAX = 16 };

/* Creates the control socket at @p path, and replaces a stale one there. @return 0, or the exit status after an error line on stderr: 2
 * when the path can never hold a socket, 1 for a temporary obstacle. */
int control_open(struct server *server, const char *path, struct control **out);

/* Closes every connection and removes the socket. NULL is accepted. */
void control_close(struct control *control);

/* A command line, split at spaces. */
struct words {
	char *word[32];
	size_t n;
};

/* @return the answer to a command; NULL only when out of memory. */
json_t *command_run(struct server *server, struct words *words);

#endif
