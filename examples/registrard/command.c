/* SPDX-License-Identifier: MIT */
/* The commands of the control socket, except `events`, which control.c handles. */
#include <stdlib.h>
#include <string.h>

#include "command_parts.h"

enum { ANSWER_PART = 65536 }; /* bytes written in a turn */

static rg_time now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void command_add(struct command *command, const char *words)
{
	text_add(command->answer, rg_str_from(words));
}

void command_fail(struct command *command, const char *why)
{
	json_failure(command->answer, why);
	command->done = 1;
}

rg_str command_domain(const struct command *command)
{
	return rg_str_from(command->server->args->domain);
}

const char *command_word(const struct command *command, size_t index)
{
	return index < command->words.n ? command->words.word[index] : NULL;
}

rg_str command_option(const struct command *command, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 2; i < command->words.n; i++)
		if (strncmp(command_word(command, i), key, n) == 0 && command_word(command, i)[n] == '=')
			return rg_str_from(command_word(command, i) + n + 1);
	return (rg_str){ NULL, 0 };
}

rg_op **command_start(struct command *command)
{
	rg_op_free(command->op);
	command->op = NULL;
	command->waiting = 1;
	return &command->op;
}

void command_started(struct command *command, rg_status status)
{
	if (status == RG_OK || status == RG_PENDING)
		return;
	command->waiting = 0;
	command_fail(command, rg_strerror(status));
}

void command_answered(struct command *command)
{
	command->waiting = 0;
	if (!command->turning)
		command->wake(command->user);
}

void command_keep_cursor(struct command *command, rg_str cursor)
{
	command->cursor.n = 0;
	text_add(&command->cursor, cursor);
}

rg_str command_cursor(const struct command *command)
{
	return command->cursor.n ? (rg_str){ command->cursor.p, command->cursor.n } : (rg_str){ NULL, 0 };
}

static const struct verb verbs[] = {
	{ "dump", 1, 1, "", "dump", command_dump },
	{ "show", 2, 2, "", "show AOR", command_show },
	{ "remove", 2, 5, "contact next_hop instance", "remove AOR [contact=URI] [next_hop=HOST] [instance=ID]", command_remove },
	{ "remove_ip_port", 3, 4, "", "remove_ip_port IP PORT [AOR]", command_remove_ip_port },
	{ "latency", 4, 4, "", "latency AOR CONTACT MICROSECONDS", command_latency },
	{ "is_registered", 2, 2, "", "is_registered AOR", command_is_registered },
	{ "is_contact_registered", 2, 4, "contact callid", "is_contact_registered AOR [contact=URI] [callid=ID]",
		command_is_contact_registered },
	{ "is_ip_registered", 3, 32, "", "is_ip_registered AOR IP[:PORT]...", command_is_ip_registered },
	{ "stats", 1, 1, "", "stats", command_stats },
	{ "metrics", 1, 1, "", "metrics", command_metrics },
};

/* Whether the first n bytes of a word are a name in a list. */
static int is_listed(const char *list, const char *word, size_t n)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		if (len == n && memcmp(list, word, n) == 0)
			return 1;
		list += len + (list[len] == ' ');
	}
	return 0;
}

/* In a command with options every word after the AoR must be a known option with a value. A misspelt condition would remove too much. */
static int fits(const struct verb *verb, const struct words *words)
{
	if (words->n < verb->least || words->n > verb->most)
		return 0;
	for (size_t i = 2; *verb->options && i < words->n; i++) {
		size_t n = strcspn(words->word[i], "=");

		if (words->word[i][n] != '=' || words->word[i][n + 1] == '\0' || !is_listed(verb->options, words->word[i], n))
			return 0;
	}
	return 1;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* @return 0 when there are too many words. */
static int split(char *line, struct words *words)
{
	char *save = NULL;

	for (char *word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
		if (words->n == sizeof words->word / sizeof *words->word)
			return 0;
		words->word[words->n++] = word;
	}
	return 1;
}

static void refuse_command(struct command *command)
{
	char text[128];

	if (!command->verb) {
		command_fail(command,
			"unknown command; there are dump, show, remove, remove_ip_port, latency, is_registered, is_contact_registered, "
			      "is_ip_registered, stats, metrics and events");
		return;
	}
	snprintf(text, sizeof text, "usage: %s", command->verb->usage);
	command_fail(command, text);
}

struct command *command_new(struct server *server, struct text *answer, const char *line, void (*wake)(void *user), void *user)
{
	struct command *command = calloc(1, sizeof *command);

	if (!command)
		return NULL;
	command->server = server;
	command->answer = answer;
	command->wake = wake;
	command->user = user;
	command->now = now_ms();
	command->line = strdup(line);
	if (!command->line) {
		command_free(command);
		return NULL;
	}
	if (!split(command->line, &command->words)) {
		command_fail(command, "too many words");
		return command;
	}
	command->verb = command->words.n ? find_verb(command->words.word[0]) : NULL;
	if (!command->verb || !fits(command->verb, &command->words)) {
		refuse_command(command);
	} else if (command->verb->run == command_dump) {
		command_add(command, "{\"aors\":[");
		command->within_line = 1;
	}
	return command;
}

enum command_state command_turn(struct command *command)
{
	command->until = microseconds() + TURN_MICROSECONDS;
	command->full = command->answer->n + ANSWER_PART;
	command->turning = 1;
	while (!command->done && !command->waiting) {
		command->verb->run(command);
		if (command->answer->failed || command->answer->n >= command->full || microseconds() >= command->until)
			break;
	}
	command->turning = 0;
	return command->done ? COMMAND_DONE : command->waiting ? COMMAND_WAITS : COMMAND_READY;
}

int command_is_within_line(const struct command *command)
{
	return command->within_line;
}

void command_free(struct command *command)
{
	if (!command)
		return;
	command->turning = 1; /* the callback of a canceled operation wakes nobody */
	rg_op_cancel(command->op);
	rg_op_free(command->op);
	free(command->cursor.p);
	free(command->line);
	free(command);
}
