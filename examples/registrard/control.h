/* SPDX-License-Identifier: MIT */
/* The control socket: one command per line, one JSON object per line as the answer. */
#ifndef REGISTRARD_CONTROL_H
#define REGISTRARD_CONTROL_H

#include <time.h>

#include "json.h"
#include "server.h"

/* Connections at a time. Descriptors are kept for them. */
enum { CONTROL_CLIENTS_MAX = 16 };

/* Creates the control socket at @p path, and replaces a stale one there. @return 0, or the exit status after an error line on stderr: 2
 * when the path can never hold a socket, 1 for a temporary obstacle. */
int control_open(struct server *server, const char *path, struct control **out);

/* Closes every connection and removes the socket. NULL is accepted. */
void control_close(struct control *control);

/* Work for the control socket is done in turns of this length, so that the loop serves SIP between them. */
enum { TURN_MICROSECONDS = 1000 };

/* By a clock that never goes back. */
static inline int64_t microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A command under way. */
struct command;

enum command_state {
	COMMAND_DONE,  /* its line is written */
	COMMAND_READY, /* it wants another turn */
	COMMAND_WAITS  /* for an answer of the store or a name server; then it wakes its client */
};

/* Begins a command.
 * @param answer  where its line is written. A failure is such a line, too. @param line  copied. @param wake  is called when a
 * command that waits is ready, but never from within command_turn(). @return NULL when out of memory. */
struct command *command_new(struct server *server, struct text *answer, const char *line, void (*wake)(void *user), void *user);

/* Lets it work for a turn, or for about 64 kB of answer. */
enum command_state command_turn(struct command *command);

/* @return 1 when a part of its line is written, and the rest is not. */
int command_is_within_line(const struct command *command);

/* Ends it wherever it is. NULL is accepted. */
void command_free(struct command *command);

#endif
