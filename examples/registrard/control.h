/* SPDX-License-Identifier: MIT */
/* The control socket: a command a line, a JSON object a line back. */
#ifndef REGISTRARD_CONTROL_H
#define REGISTRARD_CONTROL_H

#include "server.h"

/*
 * Makes the control socket at @p path. A stale socket there is replaced.
 * @return 0, or the exit status after a line on stderr: 2 when no socket can ever be there, 1 when something is in the way now.
 */
int control_open(struct server *server, const char *path, struct control **out);

/* Closes every connection and removes the socket. NULL is accepted. */
void control_close(struct control *control);

/* What a command line asks for: words split at spaces. */
struct words {
	char *word[32];
	size_t n;
};

/* @return the answer to a command, never NULL unless memory is short. */
json_t *command_run(struct server *server, struct words *words);

#endif
