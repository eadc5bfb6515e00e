/* SPDX-License-Identifier: MIT */
/* Commands that tell about all AoRs, or about none. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command_parts.h"
#include "redis.h"

/* Writes the AoR of a record, of any length. */
static void print_aor(struct text *text, const rg_record *record)
{
	char room[256], *longer = NULL;
	rg_key key;
	size_t n;

	rg_record_key(record, &key);
	n = rg_key_print(&key, room, sizeof room);
	if (n > sizeof room) {
		longer = malloc(n);
		if (longer)
			rg_key_print(&key, longer, n);
		else
			text->failed = 1;
	}
	if (longer || n <= sizeof room)
		json_string(text, (rg_str){ longer ? longer : room, n });
	free(longer);
}

/* A record without a live binding leaves no trace. */
static void print_record(struct command *command, const rg_record *record)
{
	const char *before = "\n";
	rg_contact contact = { .struct_size = sizeof contact };

	for (uint32_t i = 0; rg_record_contact(record, i, &contact) == RG_OK; i++) {
		if (contact.expires <= command->now)
			continue;
		if (*before == '\n') {
			command_add(command, command->n++ ? ",{\"aor\":" : "{\"aor\":");
			print_aor(command->answer, record);
			before = ",\"contacts\":[";
		}
		command_add(command, before);
		json_contact(command->answer, &contact, command->now);
		before = ",";
	}
	if (*before != '\n')
		command_add(command, "]}");
}

/* @return 1 to stop: the turn is over. */
static int32_t dump_record(void *user, const rg_record *record)
{
	struct command *command = user;

	print_record(command, record);
	return command->answer->failed || command->answer->n >= command->full || microseconds() >= command->until;
}

static void on_dumped(void *user, rg_status status, const rg_str *cursor)
{
	struct command *command = user;

	command_keep_cursor(command, *cursor);
	if (status == RG_OK && command->cursor.failed)
		status = RG_ENOMEM;
	command->done = status != RG_OK || !cursor->p;
	if (command->done) {
		command_add(command, "]");
		if (status != RG_OK)
			text_format(command->answer, ",\"error\":\"%s\"", rg_strerror(status));
		command_add(command, "}\n");
		command->within_line = 0;
	}
	command_answered(command);
}

void command_dump(struct command *command)
{
	rg_op **op = command_start(command);
	rg_status status = rg_each_async(command->server->registrar, command_domain(command), command_cursor(command), dump_record,
		on_dumped, command, NULL, op, NULL);

	if (status != RG_OK && status != RG_PENDING)
		on_dumped(command, status, &(rg_str){ NULL, 0 });
}

static void print_stats(struct command *command, const rg_statistics *stats)
{
	const struct counts *counts = &command->server->counts;
	const char *separator = "{";
	int64_t value;
	rg_statistic stat = { .struct_size = sizeof stat };

	for (uint32_t i = 0; rg_statistics_get(stats, i, &stat) == RG_OK; i++) {
		text_format(command->answer, "%s\"%s\":%" PRId64, separator, stat.name, stat.value);
		separator = ",";
	}
#define PRINT(name, help) text_format(command->answer, ",\"" #name "\":%" PRIu64, counts->name);
	COUNT_MAP(PRINT)
	GAUGE_MAP(PRINT)
#undef PRINT
	redis_print(command->server, command->answer);
	/* Also under the name of the parameter. */
	if (rg_statistics_find(stats, RG_STR("default_expires"), &value) == RG_OK)
		text_format(command->answer, ",\"default_expires\":%" PRId64, value);
	command_add(command, "}\n");
}

/* The statistics of the library, then those of the server, as one string. A snapshot does not change, so the measured length holds for the
 * second call. */
static void print_metrics(struct command *command, const rg_statistics *stats)
{
	const struct counts *counts = &command->server->counts;
	struct text text = { NULL, 0, 0, 0 };
	size_t n = 0;

	rg_statistics_prometheus(stats, NULL, 0, NULL, 0, &n);
	text.p = malloc(n);
	if (text.p) {
		rg_statistics_prometheus(stats, NULL, 0, text.p, n, &n);
		text.n = text.room = n;
	}
#define FORMAT "# HELP registrard_%s %s\n# TYPE registrard_%s %s\nregistrard_%s %" PRIu64 "\n"
#define PRINT(name, help) text_format(&text, FORMAT, #name, help, #name, "counter", #name, counts->name);
	COUNT_MAP(PRINT)
#undef PRINT
#define PRINT(name, help) text_format(&text, FORMAT, #name, help, #name, "gauge", #name, counts->name);
	GAUGE_MAP(PRINT)
#undef PRINT
#undef FORMAT
	redis_metrics(command->server, &text);
	command_add(command, "{\"text\":");
	json_string(command->answer, (rg_str){ text.p, text.n });
	command_add(command, "}\n");
	command->answer->failed |= text.failed || n == 0 || text.n <= n;
	free(text.p);
}

/* @param print  writes the answer. */
static void stats_come(struct command *command, rg_status status, rg_statistics *stats, 
	void (*print)(struct command *, const rg_statistics *))
{
	if (status == RG_OK)
		print(command, stats);
	else
		json_failure(command->answer, rg_strerror(status));
	rg_statistics_free(stats);
	command->done = 1;
	command_answered(command);
}

static void on_stats(void *user, rg_status status, rg_statistics *stats)
{
	stats_come(user, status, stats, print_stats);
}

static void on_metrics(void *user, rg_status status, rg_statistics *stats)
{
	stats_come(user, status, stats, print_metrics);
}

void command_stats(struct command *command)
{
	rg_op **op = command_start(command);

	command_started(command, rg_read_statistics_async(command->server->registrar, command_domain(command), on_stats, command, NULL, op,
		NULL));
}

void command_metrics(struct command *command)
{
	rg_op **op = command_start(command);

	command_started(command, rg_read_statistics_async(command->server->registrar, command_domain(command), on_metrics, command, NULL, op,
		NULL));
}
