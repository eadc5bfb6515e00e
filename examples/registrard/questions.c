/* SPDX-License-Identifier: MIT */
/* Commands that ask about one AoR. */
#include <stdlib.h>
#include <string.h>

#include "command_parts.h"

static void print_bindings(struct command *command, const rg_answer *answer)
{
	const char *separator = "";
	rg_contact contact = { .struct_size = sizeof contact };

	command_add(command, "\"aor\":");
	json_string(command->answer, rg_answer_aor(answer));
	command_add(command, ",\"contacts\":[");
	for (uint32_t i = 0; rg_answer_contact(answer, i, &contact) == RG_OK; i++) {
		command_add(command, separator);
		json_contact(command->answer, &contact, command->now);
		separator = ",";
	}
	command_add(command, "]}\n");
	command->done = 1;
}

static void on_show(void *user, rg_status status, rg_answer *answer)
{
	struct command *command = user;

	if (status == RG_OK) {
		command_add(command, "{");
		print_bindings(command, answer);
	} else {
		command_fail(command, rg_strerror(status));
	}
	rg_answer_free(answer);
	command_answered(command);
}

static void on_question(void *user, rg_status status, rg_answer *answer)
{
	struct command *command = user;

	if (status == RG_OK)
		command_add(command, rg_answer_result(answer) ? "{\"result\":true," : "{\"result\":false,");
	if (status == RG_OK)
		print_bindings(command, answer);
	else
		command_fail(command, rg_strerror(status));
	rg_answer_free(answer);
	command_answered(command);
}

static rg_query query_of(const struct command *command)
{
	rg_query query;

	rg_query_init(&query, sizeof query);
	query.aor = rg_str_from(command_word(command, 1));
	query.domain = command_domain(command);
	return query;
}

void command_show(struct command *command)
{
	rg_query query = query_of(command);
	rg_op **op = command_start(command);

	command_started(command, rg_is_registered_async(command->server->registrar, &query, on_show, command, NULL, op, NULL));
}

void command_is_registered(struct command *command)
{
	rg_query query = query_of(command);
	rg_op **op = command_start(command);

	command_started(command, rg_is_registered_async(command->server->registrar, &query, on_question, command, NULL, op, NULL));
}

void command_is_contact_registered(struct command *command)
{
	rg_query query = query_of(command);
	rg_op **op = command_start(command);

	query.contact = command_option(command, "contact");
	query.callid = command_option(command, "callid");
	command_started(command, rg_is_contact_registered_async(command->server->registrar, &query, on_question, command, NULL, op, NULL));
}

/* Reads IP, IP:PORT, [IPv6]:PORT, a bare IPv6 address, or a host name with or without port. @return 0 if the port is invalid. */
static int read_ip_port(char *word, rg_ip_port *out)
{
	char *colon = strrchr(word, ':');
	long port = 0;
	rg_addr addr;

	if (colon && rg_addr_parse(rg_str_from(word), &addr) == RG_OK && addr.family == 6 && addr.port == 0)
		colon = NULL;
	if (colon) {
		char *end;

		port = strtol(colon + 1, &end, 10);
		if (*end != '\0' || port < 1 || port > 65535)
			return 0;
		*colon = '\0';
	}
	*out = (rg_ip_port){ .ip = rg_str_from(word), .port = (int32_t)port };
	return 1;
}

void command_is_ip_registered(struct command *command)
{
	rg_ip_port ips[sizeof command->words.word / sizeof *command->words.word];
	rg_query query = query_of(command);
	rg_op **op;

	for (size_t i = 2; i < command->words.n; i++)
		if (!read_ip_port(command->words.word[i], &ips[i - 2])) {
			command_fail(command, "expected IP or IP:PORT, with a port from 1 to 65535");
			return;
		}
	query.ips = ips;
	query.n_ips = (uint32_t)(command->words.n - 2);
	op = command_start(command);
	command_started(command, rg_is_ip_registered_async(command->server->registrar, &query, on_question, command, NULL, op, NULL));
}

