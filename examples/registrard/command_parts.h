/* SPDX-License-Identifier: MIT */
/* What the files of the commands share. */
#ifndef REGISTRARD_COMMAND_PARTS_H
#define REGISTRARD_COMMAND_PARTS_H

#include "control.h"

/* A command line, split at spaces. */
struct words {
	char *word[32];
	size_t n;
};

struct verb {
	const char *name;
	size_t least; /* number of words, including the name */
	size_t most;
	const char *options; /* names allowed before a `=`, separated by spaces */
	const char *usage;
	/* Starts the operation, or the next part of it, or writes the answer. */
	void (*run)(struct command *command);
};

struct command {
	struct server *server;
	const struct verb *verb;
	struct words words;
	char *line;             /* the words are parts of it */
	struct text *answer;
	void (*wake)(void *user);
	void *user;
	rg_op *op;              /* of the part under way, or the last one */
	int waiting, done, turning, within_line;
	int64_t until;          /* end of the turn, in microseconds() */
	size_t full;            /* length of the answer that ends the turn */
	struct text cursor;     /* where the next part starts */
	uint64_t n;             /* records printed, or bindings removed, so far */
	rg_time now;
};

/* Adds words to the answer. */
void command_add(struct command *command, const char *words);

/* Answers with a failure. */
void command_fail(struct command *command, const char *why);

/* The table of bindings. */
rg_str command_domain(const struct command *command);

/* The word at an index; NULL = there is none. */
const char *command_word(const struct command *command, size_t index);

/* The verbs of the library are called in their completion form. Call command_start() before one, which gives the place for its handle, and
 * command_started() with what it returned: after an error its callback is not called. */
rg_op **command_start(struct command *command);
void command_started(struct command *command, rg_status status);

/* Call at the end of each callback that ends an operation. */
void command_answered(struct command *command);

/* The place where the next part starts; absent = there is no next part. */
void command_keep_cursor(struct command *command, rg_str cursor);
rg_str command_cursor(const struct command *command);

/* The verbs. questions.c: */
void command_show(struct command *command);
void command_is_registered(struct command *command);
void command_is_contact_registered(struct command *command);
void command_is_ip_registered(struct command *command);
/* changes.c: */
void command_remove(struct command *command);
void command_remove_ip_port(struct command *command);
void command_latency(struct command *command);
/* reports.c: */
void command_dump(struct command *command);
void command_stats(struct command *command);
void command_metrics(struct command *command);

/* The value of the word `key=value`; absent when there is none. */
rg_str command_option(const struct command *command, const char *key);

#endif
