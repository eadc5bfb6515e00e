/* SPDX-License-Identifier: MIT */
#include "client.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct text {
	char *p;
	size_t n, room;
} text;

static void append(text *t, const char *p, size_t n)
{
	if (t->n + n + 1 > t->room) {
		t->room = 2 * (t->n + n + 1);
		t->p = realloc(t->p, t->room);
		if (!t->p)
			abort();
	}
	if (n > 0)
		memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = 0;
}

int client_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 10 };
	int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (line < 0 || strlen(path) >= sizeof to.sun_path) {
		close(line);
		return -1;
	}
	strcpy(to.sun_path, path);
	setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(line, (struct sockaddr *)&to, sizeof to) == 0)
		return line;
	close(line);
	return -1;
}

typedef struct reader {
	int line;
	char bytes[4096];
	size_t at, n;
} reader;

static bool fill(reader *r)
{
	ssize_t got;

	do
		got = recv(r->line, r->bytes, sizeof r->bytes, 0);
	while (got < 0 && errno == EINTR);
	r->at = 0;
	r->n = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static bool take(reader *r, text *out, size_t n)
{
	while (n > 0) {
		if (r->at == r->n && !fill(r))
			return false;
		size_t some = r->n - r->at < n ? r->n - r->at : n;

		append(out, r->bytes + r->at, some);
		r->at += some;
		n -= some;
	}
	return true;
}

/* A line without its CR LF. */
static bool take_line(reader *r, text *out)
{
	do {
		if (!take(r, out, 1))
			return false;
	} while (out->p[out->n - 1] != '\n');
	out->n -= 2;
	out->p[out->n] = 0;
	return true;
}

static bool take_bulk(reader *r, text *out, long n)
{
	text end = { 0 };

	if (n < 0) {
		append(out, "(nil)", 5);
		return true;
	}
	bool good = take(r, out, (size_t)n) && take(r, &end, 2);
	free(end.p);
	return good;
}

static bool take_reply(reader *r, text *out)
{
	text head = { 0 };
	bool good = take_line(r, &head);
	char kind = good && head.n > 0 ? head.p[0] : 0;
	long n = good && head.n > 0 ? strtol(head.p + 1, NULL, 10) : 0;

	if (kind == '+' || kind == ':')
		append(out, head.p + 1, head.n - 1);
	else if (kind == '-')
		append(out, head.p, head.n);
	else if (kind == '$')
		good = take_bulk(r, out, n);
	else if (kind == '*' && n < 0)
		append(out, "(nil)", 5);
	for (long i = 0; good && kind == '*' && i < n; i++) {
		good = take_reply(r, out);
		append(out, "\n", 1);
	}
	free(head.p);
	return good;
}

static bool give(int line, const text *all)
{
	for (size_t at = 0; at < all->n;) {
		ssize_t n = send(line, all->p + at, all->n - at, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

char *client_command(int line, size_t argc, const char *const *argv, const size_t *lens, size_t *n)
{
	text command = { 0 }, reply = { 0 };
	reader r = { .line = line };
	char head[32];

	append(&command, head, (size_t)snprintf(head, sizeof head, "*%zu\r\n", argc));
	for (size_t i = 0; i < argc; i++) {
		size_t len = lens ? lens[i] : strlen(argv[i]);

		append(&command, head, (size_t)snprintf(head, sizeof head, "$%zu\r\n", len));
		append(&command, argv[i], len);
		append(&command, "\r\n", 2);
	}
	append(&reply, "", 0);
	bool good = give(line, &command) && take_reply(&r, &reply);
	free(command.p);
	if (n)
		*n = reply.n;
	if (good)
		return reply.p;
	free(reply.p);
	return NULL;
}
