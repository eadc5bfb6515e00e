/* SPDX-License-Identifier: MIT */
#include "args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "header.h"
#include "log.h"
#include "push_args.h"
#include "settings.h"
#include "store_args.h"

#define WRONG ARG_WRONG

static const char usage_text[] =
	"Usage: registrard [OPTION]...\n"
	"A SIP registrar and proxy.\n"
	"\n"
	"  --listen udp:ADDR:PORT   receive SIP there; also tcp:ADDR:PORT; may be repeated\n"
	"                           (default: udp and tcp on 127.0.0.1:5060)\n"
	"  --store STORE            where bindings are kept (default: memory):\n"
	"                           memory[:BYTES], and how much of it they may take (default: 1073741824; 0 = no limit);\n"
	"                           redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], rediss:// or unix:/PATH, a Redis server;\n"
	"                           file:PATH, a file whose first line is one of these\n"
	"  --federate STORE,HOME    tell other sites, in a store shared with them, who is registered here;\n"
	"                           HOME is this one, as they reach it: a SIP URI or HOST[:PORT]\n"
	"  --max-calls N            requests forwarded at a time (default: 10000)\n"
	"  --max-connections N      TCP connections at a time (default: 10000, or what the system allows)\n"
	"  --max-per-address N      of these, opened by one address (default: half of them)\n"
	"  --idle SECONDS           close a TCP connection that was idle for so long (default: 7200; 0 = never)\n"
	"  --name-server ADDR[:PORT]\n"
	"                           ask this name server; may be repeated (default: those of the system)\n"
	"  --set NAME=VALUE         set a parameter of the registrar; may be repeated\n"
	"  --save FLAGS             option string for REGISTER\n"
	"  --lookup FLAGS           option string for all other requests\n"
	"  --socket-header NAME     tell in this header which socket a forwarded request came in on\n"
	"  --mode proxy|redirect    forward requests, or answer them with 302 (default: proxy)\n"
	"  --domain NAME            table of bindings (default: location)\n"
	"  --control PATH           answer commands on this Unix socket\n"
	"  --push-exec PROGRAM      run this program for each device that is to be woken, with the event as JSON on stdin\n"
	"  --push-exec-limit N      such programs at a time (default: 8)\n"
	"  --push-url URL           POST the same JSON to this http or https URL\n"
	"  --push-ca FILE           accept a certificate of the URL's host from these authorities, in PEM, alone\n"
	"                           (default: those of the system)\n"
	"  --push-timeout SECONDS   time for a program, which is then killed, or for a POST (default: 10)\n"
	"  --push-queue N           events that wait for a program or a POST (default: 10000)\n"
	"  --log LEVEL              show on stderr what happens, up to this level: error, warning, info or debug\n"
	"                           (default: warning)\n"
	"  --help, --version        print this, or the version, and exit\n";

void complain(const char *format, ...)
{
	char *line = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&line, format, list) < 0)
		line = NULL;
	va_end(list);
	for (char *p = line; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	fprintf(stderr, "registrard: %s\n", line ? line : "out of memory");
	free(line);
}

/* The list of valid names that follows an unknown one in an error. Empty when out of memory. */
struct list {
	char *text;
	size_t n;
	FILE *to;
};

static void list_open(struct list *list)
{
	*list = (struct list){ NULL, 0, NULL };
	list->to = open_memstream(&list->text, &list->n);
}

static void list_add(struct list *list, const char *name)
{
	if (list->to)
		fprintf(list->to, "%s %s", ftell(list->to) ? "," : "; there are", name);
}

static const char *list_text(struct list *list)
{
	if (list->to)
		fclose(list->to);
	list->to = NULL;
	return list->text ? list->text : "";
}

static int is_port(const char *text)
{
	size_t n = strlen(text);

	return n >= 1 && n <= 5 && strspn(text, "0123456789") == n && atoi(text) <= 65535;
}

/* Checks ADDR:PORT. With port 0 the system chooses one. */
static int is_hostport(const char *text)
{
	const char *colon = strrchr(text, ':');
	rg_str host = { text, colon ? (size_t)(colon - text) : 0 };
	rg_addr addr;

	if (!colon || !is_port(colon + 1) || rg_addr_parse(host, &addr) != RG_OK || addr.port)
		return 0;
	return addr.family == 4 || host.p[0] == '[';
}

static int add_listen(struct args *args, const char *proto, const char *hostport)
{
	struct listen_at *more = realloc(args->listen, (args->n_listen + 1) * sizeof *more);
	struct listen_at *one;

	if (!more)
		return WRONG;
	args->listen = more;
	one = &more[args->n_listen++];
	*one = (struct listen_at){ .proto = proto, .hostport = strdup(hostport) };
	if (!one->hostport)
		return WRONG;
	if (strcmp(strrchr(hostport, ':'), ":0") != 0 && asprintf(&one->ident, "%s:%s", proto, hostport) < 0) {
		one->ident = NULL;
		return WRONG;
	}
	return -1;
}

static int set_listen(struct args *args, const char *value)
{
	const char *proto = strncmp(value, "udp:", 4) == 0 ? "udp" : strncmp(value, "tcp:", 4) == 0 ? "tcp" : NULL;

	if (!proto || !is_hostport(value + 4)) {
		complain("--listen %s: expected udp:ADDR:PORT or tcp:ADDR:PORT, as udp:192.0.2.1:5060 or tcp:[::1]:5060", value);
		return WRONG;
	}
	return add_listen(args, proto, value + 4);
}

int read_number(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || value > (UINT64_MAX - 9) / 10)
			return 0;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	*out = value;
	return *text != '\0';
}

/* Prints the library's error for a value, and the valid names if the name is unknown. */
static int refuse(const char *argument, const char *value, const rg_error *why, struct list *names)
{
	rg_str text = rg_error_text(why);

	complain("%s %s: %.*s%s", argument, value, (int)text.n, text.p, list_text(names));
	return WRONG;
}

static int set_parameter(struct args *args, const char *value)
{
	const char *equals = strchr(value, '=');
	rg_error *why = rg_error_new();
	rg_param param = { .struct_size = sizeof param };
	struct list names;
	rg_status status;
	int result = -1;

	if (!equals || equals == value) {
		complain("--set %s: expected NAME=VALUE, as default_expires=1800", value);
		rg_error_free(why);
		return WRONG;
	}
	list_open(&names);
	status = rg_config_set(args->config, (rg_str){ value, (size_t)(equals - value) }, rg_str_from(equals + 1), why);
	for (uint32_t i = 0; status == RG_ENOENT && rg_param_get(i, &param) == RG_OK; i++)
		list_add(&names, param.name);
	if (status != RG_OK)
		result = refuse("--set", value, why, &names);
	list_text(&names);
	free(names.text);
	rg_error_free(why);
	return result;
}

static int is_flag(uint32_t verb, rg_str name)
{
	rg_flag flag = { .struct_size = sizeof flag };

	for (uint32_t i = 0; rg_flag_get(i, &flag) == RG_OK; i++)
		if (flag.verb == verb && rg_str_equal(rg_str_from(flag.name), name))
			return 1;
	return 0;
}

/* Prints the library's error for an option string, and the valid flags if one of its flags is unknown. */
static int refuse_flags(const char *argument, uint32_t verb, const char *value, const rg_error *why)
{
	rg_flag flag = { .struct_size = sizeof flag };
	const char *rest = value;
	struct list names;
	rg_str name;
	int unknown = 0;

	while (flag_next(&rest, &name))
		unknown |= !is_flag(verb, name);
	list_open(&names);
	for (uint32_t i = 0; unknown && rg_flag_get(i, &flag) == RG_OK; i++)
		if (flag.verb == verb)
			list_add(&names, flag.name);
	refuse(argument, value, why, &names);
	free(names.text);
	return WRONG;
}

static int set_save(struct args *args, const char *value)
{
	rg_error *why = rg_error_new();
	rg_save_options *options = NULL;
	rg_status status = rg_save_options_new(rg_str_from(value), &options, why);
	int result = status == RG_OK ? -1 : refuse_flags("--save", 1, value, why);

	if (status == RG_OK) {
		rg_save_options_unref(args->save);
		args->save = options;
		args->save_flags = value;
	}
	rg_error_free(why);
	return result;
}

static int set_lookup(struct args *args, const char *value)
{
	rg_error *why = rg_error_new();
	rg_lookup_options *options = NULL;
	rg_status status = rg_lookup_options_new(rg_str_from(value), &options, why);
	int result = status == RG_OK ? -1 : refuse_flags("--lookup", 2, value, why);

	if (status == RG_OK) {
		rg_lookup_options_unref(args->lookup);
		args->lookup = options;
		args->lookup_flags = value;
	}
	rg_error_free(why);
	return result;
}

static int set_max_calls(struct args *args, const char *value)
{
	uint64_t n;

	if (!read_number(value, &n) || n < 1 || n > 1000000) {
		complain("--max-calls %s: expected a number from 1 to 1000000, as 10000", value);
		return WRONG;
	}
	args->max_calls = (size_t)n;
	return -1;
}

static int set_max_connections(struct args *args, const char *value)
{
	uint64_t n;

	if (!read_number(value, &n) || n < 1 || n > 10000000) {
		complain("--max-connections %s: expected a number from 1 to 10000000, as 10000", value);
		return WRONG;
	}
	args->max_connections = (size_t)n;
	return -1;
}

static int set_max_per_address(struct args *args, const char *value)
{
	uint64_t n;

	if (!read_number(value, &n) || n < 1 || n > 10000000) {
		complain("--max-per-address %s: expected a number from 1 to 10000000, as 100", value);
		return WRONG;
	}
	args->max_per_address = (size_t)n;
	return -1;
}

static int set_idle(struct args *args, const char *value)
{
	uint64_t n;

	if (!read_number(value, &n) || n > 4294967295) {
		complain("--idle %s: expected a number of seconds from 0 to 4294967295, as 7200; 0 = never", value);
		return WRONG;
	}
	args->idle_seconds = (uint32_t)n;
	return -1;
}

static int add_name_server(struct args *args, const char *value)
{
	char *more = NULL;
	rg_addr addr;

	if (rg_addr_parse(rg_str_from(value), &addr) != RG_OK) {
		complain("--name-server %s: expected ADDR or ADDR:PORT, as 192.0.2.53 or [2001:db8::53]:53", value);
		return WRONG;
	}
	if (asprintf(&more, "%s%s%s", args->name_servers ? args->name_servers : "", args->name_servers ? "," : "", value) < 0) {
		complain("out of memory");
		return WRONG;
	}
	free(args->name_servers);
	args->name_servers = more;
	return -1;
}

static int set_socket_header(struct args *args, const char *value)
{
	if (!header_is_ours_to_set(value)) {
		complain("--socket-header %s: expected the name of a header that has no meaning of its own, as X-Socket", value);
		return WRONG;
	}
	args->socket_header = value;
	return -1;
}

static int set_mode(struct args *args, const char *value)
{
	if (strcmp(value, "proxy") == 0)
		args->mode = MODE_PROXY;
	else if (strcmp(value, "redirect") == 0)
		args->mode = MODE_REDIRECT;
	else {
		complain("--mode %s: expected proxy or redirect", value);
		return WRONG;
	}
	return -1;
}

/* The name of a table that a save may have: request.h has the rule of rg_request.domain. */
static int is_table(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return 0;
	}
	return n > 0 && n <= 255 && (n < 6 || strcmp(name + n - 6, "@homes") != 0);
}

static int set_domain(struct args *args, const char *value)
{
	if (!is_table(value)) {
		complain("--domain '%s': expected the name of a table, as location", value);
		return WRONG;
	}
	args->domain = value;
	return -1;
}

static int set_control(struct args *args, const char *value)
{
	if (*value == '\0' || strlen(value) >= sizeof ((struct sockaddr_un *)0)->sun_path) {
		complain("--control '%s': expected a path of 1 to %zu bytes", value, sizeof ((struct sockaddr_un *)0)->sun_path - 1);
		return WRONG;
	}
	args->control = value;
	return -1;
}

static int set_log(struct args *args, const char *value)
{
	args->log_level = log_level(value);
	if (args->log_level)
		return -1;
	complain("--log %s: expected error, warning, info or debug", value);
	return WRONG;
}

static int print_help(struct args *args, const char *value)
{
	(void)args;
	(void)value;
	fputs(usage_text, stdout);
	return 0;
}

static int print_version(struct args *args, const char *value)
{
	(void)args;
	(void)value;
	printf("registrard %s\n", rg_version());
	return 0;
}

static const struct option {
	const char *name;
	const char *value; /* description of the value; NULL = none */
	int (*set)(struct args *args, const char *value);
} options[] = {
	{ "--listen", "udp:ADDR:PORT or tcp:ADDR:PORT", set_listen },
	{ "--store", "memory, memory:BYTES, or the address of a Redis server", store_set },
	{ "--federate", "STORE,HOME, as memory,sip:192.0.2.1:5060", store_set_federation },
	{ "--max-calls", "a number", set_max_calls },
	{ "--max-connections", "a number", set_max_connections },
	{ "--max-per-address", "a number", set_max_per_address },
	{ "--idle", "a number of seconds", set_idle },
	{ "--name-server", "ADDR or ADDR:PORT", add_name_server },
	{ "--set", "NAME=VALUE", set_parameter },
	{ "--save", "an option string, as max-contacts=5", set_save },
	{ "--lookup", "an option string, as method-filtering", set_lookup },
	{ "--socket-header", "the name of a header", set_socket_header },
	{ "--mode", "proxy or redirect", set_mode },
	{ "--domain", "the name of a table", set_domain },
	{ "--control", "the path of a Unix socket", set_control },
	{ "--push-exec", "the path of a program", push_set_exec },
	{ "--push-exec-limit", "a number", push_set_exec_limit },
	{ "--push-url", "an http or https URL", push_set_url },
	{ "--push-ca", "the path of a file of certificates", push_set_ca },
	{ "--push-timeout", "a number of seconds", push_set_timeout },
	{ "--push-queue", "a number", push_set_queue },
	{ "--log", "error, warning, info or debug", set_log },
	{ "--help", NULL, print_help },
	{ "--version", NULL, print_version },
};

/* --name VALUE and --name=VALUE are equivalent. */
static const struct option *find_option(const char *arg)
{
	size_t n = strcspn(arg, "=");

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (strncmp(options[i].name, arg, n) == 0 && options[i].name[n] == '\0')
			return &options[i];
	return NULL;
}

static int read_option(struct args *args, int argc, char **argv, int *at)
{
	const char *arg = argv[*at];
	const struct option *option = find_option(arg);
	const char *value = strchr(arg, '=');

	if (!option) {
		complain("%s: no such argument; --help lists those there are", arg);
		return WRONG;
	}
	if (!option->value && value) {
		complain("%s: expected %s without a value", arg, option->name);
		return WRONG;
	}
	if (option->value && !value && *at + 1 >= argc) {
		complain("%s: nothing follows it; expected %s", arg, option->value);
		return WRONG;
	}
	return option->set(args, value ? value + 1 : option->value ? argv[++*at] : NULL);
}

/* Checks the parameters against each other. */
static int check(const struct args *args)
{
	rg_error *why = rg_error_new();
	rg_status status = rg_config_check(args->config, why);

	if (status != RG_OK)
		complain("--set: %.*s", (int)rg_error_text(why).n, rg_error_text(why).p);
	rg_error_free(why);
	return status == RG_OK && settings_check(args) && store_args_check(args) && push_args_check(args) ? -1 : WRONG;
}

/* What each message asks. */
static void read_config(struct args *args)
{
	int64_t wakes = 0, no_gruus = 0;
	rg_str mode = { NULL, 0 };

	rg_config_get(args->config, RG_STR("received_avp"), &args->received_avp);
	rg_config_get(args->config, RG_STR("tcp_persistent_flag"), &args->tcp_persistent_flag);
	rg_config_get(args->config, RG_STR("outbound_mode"), &mode);
	rg_config_get_int(args->config, RG_STR("pn_enable"), &wakes);
	rg_config_get_int(args->config, RG_STR("disable_gruu"), &no_gruus);
	args->outbound = mode.n > 0 && !rg_str_equal(mode, RG_STR("off"));
	args->wakes = wakes != 0;
	args->has_gruus = no_gruus == 0;
}

int args_read(struct args *args, int argc, char **argv)
{
	int result = -1;

	*args = (struct args){ .mode = MODE_PROXY, .domain = "location", .max_calls = 10000,
		.idle_seconds = 7200, .save_flags = "", .lookup_flags = "", .log_level = RG_LOG_WARNING };
	store_args_init(args);
	push_args_init(args);
	if (rg_config_new(&args->config) != RG_OK) {
		complain("out of memory");
		return 1;
	}
	for (int i = 1; i < argc && result == -1; i++)
		result = read_option(args, argc, argv, &i);
	if (result == -1)
		result = check(args);
	if (result == -1 && args->n_listen == 0) {
		result = add_listen(args, "udp", "127.0.0.1:5060");
		if (result == -1)
			result = add_listen(args, "tcp", "127.0.0.1:5060");
	}
	read_config(args);
	return result == WRONG ? 2 : result;
}

void args_free(struct args *args)
{
	for (size_t i = 0; i < args->n_listen; i++) {
		free(args->listen[i].hostport);
		free(args->listen[i].ident);
	}
	free(args->listen);
	store_args_free(args);
	free(args->name_servers);
	rg_save_options_unref(args->save);
	rg_lookup_options_unref(args->lookup);
	rg_config_free(args->config);
}
