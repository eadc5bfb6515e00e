/* SPDX-License-Identifier: MIT */
/* Commands that change bindings. */
#include <inttypes.h>
#include <stdlib.h>

#include "command_parts.h"

/* The answer of a command that changes bindings. */
static void changed(struct command *command, rg_status status, const char *name, uint64_t n)
{
	if (status == RG_OK)
		text_format(command->answer, "{\"result\":true,\"%s\":%" PRIu64 "}\n", name, n);
	else
		json_failure(command->answer, rg_strerror(status));
	command->done = 1;
	command_answered(command);
}

static void on_removed(void *user, rg_status status, uint32_t n)
{
	changed(user, status, "removed", n);
}

void command_remove(struct command *command)
{
	rg_op **op = command_start(command);
	rg_remove_filter filter;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.domain = command_domain(command);
	filter.aor = rg_str_from(command_word(command, 1));
	filter.contact = command_option(command, "contact");
	filter.next_hop = command_option(command, "next_hop");
	filter.instance = command_option(command, "instance");
	command_started(command, rg_remove_async(command->server->registrar, &filter, on_removed, command, NULL, op, NULL));
}

static void on_part_removed(void *user, rg_status status, uint32_t n, const rg_str *cursor)
{
	struct command *command = user;

	command->n += n;
	command_keep_cursor(command, *cursor);
	if (status == RG_OK && command->cursor.failed)
		status = RG_ENOMEM;
	if (status == RG_OK && cursor->p)
		command_answered(command);
	else
		changed(command, status, "removed", command->n);
}

/* One AoR after the other: it may have hundreds of bindings, and each event goes to every client that asked for events. */
void command_remove_ip_port(struct command *command)
{
	rg_str ip = rg_str_from(command_word(command, 1)), aor = rg_str_from(command_word(command, 3));
	char *end;
	long port = strtol(command_word(command, 2), &end, 10);
	rg_op **op;

	if (*end != '\0' || port < 1 || port > 65535) {
		command_fail(command, "expected a port from 1 to 65535");
		return;
	}
	op = command_start(command);
	if (aor.p)
		command_started(command, rg_remove_ip_port_async(command->server->registrar, command_domain(command), ip, (int32_t)port, aor,
			on_removed, command, NULL, op, NULL));
	else
		command_started(command, rg_remove_ip_port_part_async(command->server->registrar, command_domain(command), ip, (int32_t)port,
			command_cursor(command), 1, on_part_removed, command, NULL, op, NULL));
}

static void on_latency(void *user, rg_status status, uint32_t n)
{
	changed(user, status, "changed", n);
}

void command_latency(struct command *command)
{
	uint64_t microseconds;
	rg_op **op;

	if (!read_number(command_word(command, 3), &microseconds) || microseconds >= RG_LATENCY_NONE) {
		command_fail(command, "expected microseconds, from 0 to 4294967294");
		return;
	}
	op = command_start(command);
	command_started(command, rg_set_latency_async(command->server->registrar, command_domain(command),
		rg_str_from(command_word(command, 1)),
		rg_str_from(command_word(command, 2)), (uint32_t)microseconds, on_latency, command, NULL, op, NULL));
}

