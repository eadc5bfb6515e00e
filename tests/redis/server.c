/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "client.h"
#include "keeper.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ARGS = 96, PATIENCE_MS = 20000, PATIENCE_STEP_MS = 2 };

struct redis_server {
	keeper keeper;
	pid_t pid;
	uint16_t port;
	bool cluster, durable;
	char *password;
	char folder[64], path[96], address[104];
	char *argv[ARGS];
	size_t argc;
};

static bool is_in_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[512];

	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		snprintf(file, sizeof file, "%.*s/%s", (int)strcspn(path, ":"), path, program);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

__attribute__((constructor)) static void skip_without_redis(void)
{
	if (is_in_path("redis-server"))
		return;
	fputs("there is no redis-server\n", stderr);
	_exit(77);
}

static void must(bool good, const redis_server *s, const char *what)
{
	char command[160];

	if (good)
		return;
	fprintf(stderr, "redis-server in %s: %s\n", s->folder, what);
	snprintf(command, sizeof command, "tail -n 20 %s/log >&2", s->folder);
	if (system(command) != 0)
		fputs("it has no log\n", stderr);
	abort();
}

static uint16_t free_port(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 || getsockname(fd, (struct sockaddr *)&any, &n) != 0)
		any.sin_port = 0;
	close(fd);
	return ntohs(any.sin_port);
}

__attribute__((format(printf, 2, 3))) static void arg(redis_server *s, const char *format, ...)
{
	va_list more;

	must(s->argc + 1 < ARGS, s, "too many arguments");
	va_start(more, format);
	if (vasprintf(&s->argv[s->argc++], format, more) < 0)
		abort();
	va_end(more);
}

static void set(redis_server *s, const char *name, const char *value)
{
	arg(s, "--%s", name);
	arg(s, "%s", value);
}

static void set_number(redis_server *s, const char *name, unsigned value)
{
	arg(s, "--%s", name);
	arg(s, "%u", value);
}

static void write_acl(redis_server *s, const char *lines)
{
	char path[96];

	snprintf(path, sizeof path, "%s/acl", s->folder);
	FILE *out = fopen(path, "w");

	must(out && fputs(lines, out) >= 0 && fclose(out) == 0, s, "no ACL file");
	set(s, "aclfile", path);
}

static void write_arguments(redis_server *s, const redis_server_options *o)
{
	arg(s, "redis-server");
	set(s, "dir", s->folder);
	set(s, "unixsocket", s->path);
	set_number(s, "port", s->port);
	set(s, "bind", "127.0.0.1");
	set(s, "protected-mode", "no");
	set(s, "daemonize", "no");
	set(s, "logfile", "log");
	set(s, "save", "");
	set(s, "appendonly", o->durable ? "yes" : "no");
	set(s, "appendfsync", "always");
	if (o->cluster) {
		set(s, "cluster-enabled", "yes");
		set_number(s, "cluster-port", free_port());
	}
	if (o->password)
		set(s, "requirepass", o->password);
	if (o->acl)
		write_acl(s, o->acl);
	if (o->maxmemory)
		set(s, "maxmemory", o->maxmemory);
	for (size_t i = 0; o->more && o->more[i]; i++)
		arg(s, "%s", o->more[i]);
}

/* @return a connection that has given its password; -1: there is none. */
static int greet(const redis_server *s)
{
	const char *const auth[] = { "AUTH", s->password };
	int line = client_connect(s->path);

	if (line >= 0 && s->password)
		free(client_command(line, 2, auth, NULL, NULL));
	return line;
}

static bool answers(const redis_server *s)
{
	char *pong = redis_ask(s, "PING");
	bool good = pong && strcmp(pong, "PONG") == 0;

	free(pong);
	return good;
}

/* A user that the ACL file does not know may answer "no" for ever: that is an answer, too. */
static bool is_up(const redis_server *s)
{
	char *pong = redis_ask(s, "PING");
	bool up = pong && strncmp(pong, "-LOADING", 8) != 0;

	free(pong);
	return up;
}

static bool owns_slots(const redis_server *s)
{
	char *info = redis_ask(s, "CLUSTER", "INFO");
	bool good = info && strstr(info, "cluster_state:ok") != NULL;

	free(info);
	return good;
}

/* The steps are counted: a test may have a clock of its own. */
static void wait_until(redis_server *s, bool (*holds)(const redis_server *s), const char *what)
{
	for (int ms = 0; !holds(s); ms += PATIENCE_STEP_MS) {
		must(ms < PATIENCE_MS, s, what);
		must(ms % 100 != 0 || keeper_pid(&s->keeper) > 0, s, "it has ended by itself");
		poll(NULL, 0, PATIENCE_STEP_MS);
	}
}

void redis_server_launch(redis_server *s, bool with_data)
{
	must(s->pid == 0, s, "it runs already");
	unlink(s->path);
	if (!with_data) {
		char path[96];

		snprintf(path, sizeof path, "%s/dump.rdb", s->folder);
		unlink(path);
		snprintf(path, sizeof path, "%s/appendonlydir", s->folder);
		remove_below(path);
	}
	s->pid = keeper_start(&s->keeper);
	must(s->pid > 0, s, "it does not start");
}

void redis_server_again(redis_server *s, bool with_data)
{
	redis_server_launch(s, with_data);
	wait_until(s, is_up, "it does not answer");
	if (s->cluster)
		wait_until(s, owns_slots, "the cluster is not up");
}

redis_server *redis_server_start(const redis_server_options *options)
{
	static const redis_server_options defaults;
	const redis_server_options *o = options ? options : &defaults;
	redis_server *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	strcpy(s->folder, "/tmp/rgredis.XXXXXX");
	must(mkdtemp(s->folder) != NULL, s, "no folder");
	snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
	snprintf(s->address, sizeof s->address, "unix:%s", s->path);
	s->cluster = o->cluster;
	s->durable = o->durable;
	s->password = o->password ? strdup(o->password) : NULL;
	s->port = o->tcp || o->cluster ? free_port() : 0;
	write_arguments(s, o);
	s->keeper = keeper_new(s->argv, s->folder);
	redis_server_launch(s, true);
	wait_until(s, is_up, "it does not answer");
	if (s->cluster) {
		wait_until(s, answers, "it does not answer with PONG");
		free(redis_ask(s, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"));
		wait_until(s, owns_slots, "the cluster is not up");
	}
	return s;
}

void redis_server_free(redis_server *s)
{
	if (!s)
		return;
	keeper_free(&s->keeper);
	for (size_t i = 0; i < s->argc; i++)
		free(s->argv[i]);
	free(s->password);
	free(s);
}

const char *redis_server_address(const redis_server *s)
{
	return s->address;
}

const char *redis_server_path(const redis_server *s)
{
	return s->path;
}

const char *redis_server_folder(const redis_server *s)
{
	return s->folder;
}

uint16_t redis_server_port(const redis_server *s)
{
	return s->port;
}

pid_t redis_server_pid(const redis_server *s)
{
	return s->pid;
}

void redis_server_kill(redis_server *s)
{
	keeper_end(&s->keeper, SIGKILL);
	s->pid = 0;
}

void redis_server_pause(redis_server *s)
{
	must(s->pid > 0 && kill(s->pid, SIGSTOP) == 0, s, "it cannot be stopped");
}

void redis_server_resume(redis_server *s)
{
	must(s->pid > 0 && kill(s->pid, SIGCONT) == 0, s, "it cannot go on");
}

void redis_server_save(redis_server *s)
{
	free(redis_ask(s, "SHUTDOWN", s->durable ? "NOSAVE" : "SAVE"));
	keeper_end(&s->keeper, 0);
	s->pid = 0;
}

char *redis_server_ask_bytes(const redis_server *s, size_t argc, const char *const *argv, const size_t *lens, size_t *n)
{
	int line = greet(s);
	char *reply = line < 0 ? NULL : client_command(line, argc, argv, lens, n);

	if (line >= 0)
		close(line);
	return reply;
}

char *redis_server_ask(const redis_server *s, const char *const *argv)
{
	size_t argc = 0;

	while (argv[argc])
		argc++;
	return redis_server_ask_bytes(s, argc, argv, NULL, NULL);
}

int64_t redis_server_number(const redis_server *s, const char *const *argv)
{
	char *reply = redis_server_ask(s, argv), *end = NULL;
	int64_t n = reply ? strtoll(reply, &end, 10) : -1;
	bool whole = reply && end != reply && *end == 0;

	free(reply);
	return whole ? n : -1;
}

int64_t redis_server_info(const redis_server *s, const char *field)
{
	char *info = redis_ask(s, "INFO", "all");
	size_t n = strlen(field);
	int64_t value = -1;

	for (const char *line = info; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, field, n) == 0 && line[n] == ':')
			value = strtoll(line + n + 1, NULL, 10);
	}
	free(info);
	return value;
}
