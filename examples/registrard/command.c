/* SPDX-License-Identifier: MIT */
/* The commands of the control socket, except `events`, which control.c handles. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "json.h"

static rg_time now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static json_t *failed(rg_status status)
{
	return json_failure(rg_strerror(status));
}

/* The value of the word `key=value`; absent when there is none. */
static rg_str option(const struct words *words, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 2; i < words->n; i++)
		if (strncmp(words->word[i], key, n) == 0 && words->word[i][n] == '=')
			return rg_str_from(words->word[i] + n + 1);
	return (rg_str){ NULL, 0 };
}

static json_t *contacts_of(const rg_answer *answer)
{
	json_t *contacts = json_array();
	rg_time now = now_ms();
	rg_contact contact;

	for (uint32_t i = 0; rg_answer_contact(answer, i, &contact) == RG_OK; i++)
		json_array_append_new(contacts, json_contact(&contact, now));
	return contacts;
}

typedef rg_status ask_fn(rg_registrar *registrar, const rg_query *query, rg_answer **out);

/* Runs a query, and answers with the matching bindings. `show` leaves out the result. */
static json_t *ask(struct server *server, rg_query *query, const char *aor, ask_fn *verb, int with_result)
{
	rg_answer *answer = NULL;
	rg_status status;
	json_t *object;

	query->aor = rg_str_from(aor);
	query->domain = rg_str_from(server->args->domain);
	status = verb(server->registrar, query, &answer);
	if (status != RG_OK)
		return failed(status);
	object = json_object();
	if (with_result)
		json_object_set_new(object, "result", json_boolean(rg_answer_result(answer)));
	json_object_set_new(object, "aor", json_octets(rg_answer_aor(answer)));
	json_object_set_new(object, "contacts", contacts_of(answer));
	rg_answer_unref(answer);
	return object;
}

static json_t *run_show(struct server *server, struct words *words)
{
	rg_query query;

	rg_query_init(&query, sizeof query);
	return ask(server, &query, words->word[1], rg_is_registered, 0);
}

static json_t *run_is_registered(struct server *server, struct words *words)
{
	rg_query query;

	rg_query_init(&query, sizeof query);
	return ask(server, &query, words->word[1], rg_is_registered, 1);
}

static json_t *run_is_contact_registered(struct server *server, struct words *words)
{
	rg_query query;

	rg_query_init(&query, sizeof query);
	query.contact = option(words, "contact");
	query.callid = option(words, "callid");
	return ask(server, &query, words->word[1], rg_is_contact_registered, 1);
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

static json_t *run_is_ip_registered(struct server *server, struct words *words)
{
	rg_ip_port ips[sizeof words->word / sizeof *words->word];
	rg_query query;

	rg_query_init(&query, sizeof query);
	for (size_t i = 2; i < words->n; i++)
		if (!read_ip_port(words->word[i], &ips[i - 2]))
			return json_failure("expected IP or IP:PORT, with a port from 1 to 65535");
	query.ips = ips;
	query.n_ips = (uint32_t)(words->n - 2);
	return ask(server, &query, words->word[1], rg_is_ip_registered, 1);
}

static json_t *removed(rg_status status, uint32_t n)
{
	json_t *object;

	if (status != RG_OK)
		return failed(status);
	object = json_object();
	json_object_set_new(object, "result", json_true());
	json_object_set_new(object, "removed", json_integer(n));
	return object;
}

static json_t *run_remove(struct server *server, struct words *words)
{
	rg_remove_filter filter;
	rg_status status;
	uint32_t n = 0;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.domain = rg_str_from(server->args->domain);
	filter.aor = rg_str_from(words->word[1]);
	filter.contact = option(words, "contact");
	filter.next_hop = option(words, "next_hop");
	filter.instance = option(words, "instance");
	status = rg_remove(server->registrar, &filter, &n);
	return removed(status, n);
}

static json_t *run_remove_ip_port(struct server *server, struct words *words)
{
	char *end;
	long port = strtol(words->word[2], &end, 10);
	rg_str aor = rg_str_from(words->n > 3 ? words->word[3] : NULL);
	rg_str domain = rg_str_from(server->args->domain);
	rg_status status;
	uint32_t n = 0;

	if (*end != '\0' || port < 1 || port > 65535)
		return json_failure("expected a port from 1 to 65535");
	status = rg_remove_ip_port(server->registrar, domain, rg_str_from(words->word[1]), (int32_t)port, aor, &n);
	return removed(status, n);
}

static json_t *run_latency(struct server *server, struct words *words)
{
	rg_str domain = rg_str_from(server->args->domain);
	rg_status status;
	uint32_t n = 0;
	uint64_t microseconds;
	json_t *object;

	if (!read_number(words->word[3], &microseconds) || microseconds >= RG_LATENCY_NONE)
		return json_failure("expected microseconds, from 0 to 4294967294");
	status = rg_set_latency(server->registrar, domain, rg_str_from(words->word[1]), rg_str_from(words->word[2]), (uint32_t)microseconds,
		&n);
	if (status != RG_OK)
		return failed(status);
	object = json_object();
	json_object_set_new(object, "result", json_true());
	json_object_set_new(object, "changed", json_integer(n));
	return object;
}

struct dump {
	json_t *aors;
	rg_time now;
};

/* The AoR of a record, of any length. NULL when out of memory. */
static json_t *aor_of(const rg_record *record)
{
	json_t *text;
	rg_key key;
	char *room;
	size_t n;

	rg_record_key(record, &key);
	n = rg_key_print(&key, NULL, 0);
	room = malloc(n + 1);
	if (!room)
		return NULL;
	rg_key_print(&key, room, n + 1);
	text = json_octets((rg_str){ room, n });
	free(room);
	return text;
}

static int32_t dump_record(void *user, const rg_record *record)
{
	struct dump *dump = user;
	json_t *contacts = json_array();
	json_t *object;
	rg_contact contact;

	for (uint32_t i = 0; rg_record_contact(record, i, &contact) == RG_OK; i++)
		if (contact.expires > dump->now)
			json_array_append_new(contacts, json_contact(&contact, dump->now));
	if (json_array_size(contacts) == 0) {
		json_decref(contacts);
		return 0;
	}
	object = json_object();
	json_object_set_new(object, "aor", aor_of(record));
	json_object_set_new(object, "contacts", contacts);
	json_array_append_new(dump->aors, object);
	return 0;
}

static json_t *run_dump(struct server *server, struct words *words)
{
	struct dump dump = { json_array(), now_ms() };
	rg_status status = rg_registrar_each(server->registrar, rg_str_from(server->args->domain), dump_record, &dump);
	json_t *object;

	(void)words;
	if (status != RG_OK) {
		json_decref(dump.aors);
		return failed(status);
	}
	object = json_object();
	json_object_set_new(object, "aors", dump.aors);
	return object;
}

static json_t *run_stats(struct server *server, struct words *words)
{
	rg_stats *stats = NULL;
	rg_status status = rg_registrar_stats(server->registrar, rg_str_from(server->args->domain), &stats);
	json_t *object;
	rg_stat stat;

	(void)words;
	if (status != RG_OK)
		return failed(status);
	object = json_object();
	for (uint32_t i = 0; rg_stats_get(stats, i, &stat) == RG_OK; i++)
		json_object_set_new(object, stat.name, json_integer(stat.value));
#define SET(name, help) json_object_set_new(object, #name, json_integer((json_int_t)server->counts.name));
	COUNT_MAP(SET)
#undef SET
	/* Also under the name of the parameter. */
	json_object_set(object, "default_expires", json_object_get(object, "defaults_expires"));
	rg_stats_unref(stats);
	return object;
}

/* The statistics of the library, then those of the server. A snapshot does not change, so the measured length holds for the second call.
 * NULL when out of memory. */
static char *metrics_text(const struct server *server, const rg_stats *stats, size_t *n)
{
	char *text = NULL, *own = NULL;

	if (rg_stats_prometheus(stats, NULL, 0, NULL, 0, n) != RG_OK)
		return NULL;
#define FORMAT(name, help) "# HELP registrard_" #name " " help "\n# TYPE registrard_" #name " counter\nregistrard_" #name " %" PRIu64 "\n"
#define VALUE(name, help) , server->counts.name
	if (asprintf(&own, "%s" COUNT_MAP(FORMAT), "" COUNT_MAP(VALUE)) < 0)
		return NULL;
#undef FORMAT
#undef VALUE
	text = malloc(*n + strlen(own) + 1);
	if (text) {
		rg_stats_prometheus(stats, NULL, 0, text, *n, n);
		strcpy(text + *n, own);
		*n += strlen(own);
	}
	free(own);
	return text;
}

static json_t *run_metrics(struct server *server, struct words *words)
{
	rg_stats *stats = NULL;
	rg_status status = rg_registrar_stats(server->registrar, rg_str_from(server->args->domain), &stats);
	json_t *object;
	size_t n = 0;
	char *text;

	(void)words;
	if (status != RG_OK)
		return failed(status);
	text = metrics_text(server, stats, &n);
	rg_stats_unref(stats);
	if (!text)
		return failed(RG_ENOMEM);
	object = json_object();
	json_object_set_new(object, "text", json_octets((rg_str){ text, n }));
	free(text);
	return object;
}

static const struct command {
	const char *name;
	size_t least; /* number of words, including the name */
	size_t most;
	const char *options; /* names allowed before a `=`, separated by spaces */
	const char *usage;
	json_t *(*run)(struct server *server, struct words *words);
} commands[] = {
	{ "dump", 1, 1, "", "dump", run_dump },
	{ "show", 2, 2, "", "show AOR", run_show },
	{ "remove", 2, 5, "contact next_hop instance", "remove AOR [contact=URI] [next_hop=HOST] [instance=ID]", run_remove },
	{ "remove_ip_port", 3, 4, "", "remove_ip_port IP PORT [AOR]", run_remove_ip_port },
	{ "latency", 4, 4, "", "latency AOR CONTACT MICROSECONDS", run_latency },
	{ "is_registered", 2, 2, "", "is_registered AOR", run_is_registered },
	{ "is_contact_registered", 2, 4, "contact callid", "is_contact_registered AOR [contact=URI] [callid=ID]", run_is_contact_registered },
	{ "is_ip_registered", 3, 32, "", "is_ip_registered AOR IP[:PORT]...", run_is_ip_registered },
	{ "stats", 1, 1, "", "stats", run_stats },
	{ "metrics", 1, 1, "", "metrics", run_metrics },
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
static int fits(const struct command *command, const struct words *words)
{
	if (words->n < command->least || words->n > command->most)
		return 0;
	for (size_t i = 2; *command->options && i < words->n; i++) {
		size_t n = strcspn(words->word[i], "=");

		if (words->word[i][n] != '=' || words->word[i][n + 1] == '\0' || !is_listed(command->options, words->word[i], n))
			return 0;
	}
	return 1;
}

json_t *command_run(struct server *server, struct words *words)
{
	char text[128];

	for (size_t i = 0; words->n > 0 && i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(commands[i].name, words->word[0]) != 0)
			continue;
		if (fits(&commands[i], words))
			return commands[i].run(server, words);
		snprintf(text, sizeof text, "usage: %s", commands[i].usage);
		return json_failure(text);
	}
	return json_failure("unknown command; there are dump, show, remove, remove_ip_port, latency, is_registered, is_contact_registered, "
			    "is_ip_registered, stats, metrics and events");
}
