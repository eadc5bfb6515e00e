/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES 65536      /* of one command line */
#define BACKLOG_MAX (1024 * 1024) /* bytes of unread events after which a client is dropped */
#define ANSWER_MAX 65536          /* bytes of unread answers after which no command runs */

/* One connection. */
struct client {
	struct control *control;
	struct client *next;
	int fd;
	int index;         /* of its registration with the su_root */
	int mask;          /* what it waits for there */
	int skipping;      /* discards the rest of a line that was too long */
	int closing;       /* set to free the client when the loop is back: only client_ready() and control_close() free clients */
	int finished;      /* the peer closed its sending side */
	char *in;          /* an incomplete line, and lines whose turn has not come */
	size_t n_in;
	struct text out;   /* pending output */
	struct text later; /* events that wait until the line of the command is complete */
	struct command *command; /* under way; NULL = none */
	enum command_state state;
	int listens;       /* to events */
};

struct control {
	struct server *server;
	struct client *clients;
	size_t n_clients;
	rg_subscription *events; /* one for all who listen; NULL = nobody does */
	struct text event;       /* the last one, as a line */
	char *path;
	struct stat file; /* identity of the socket, so that no other file is removed */
	int fd;
	int index;
};

/* Ends the subscription when nobody listens any more. */
static void mind_listeners(struct control *control)
{
	for (const struct client *client = control->clients; client; client = client->next)
		if (client->listens)
			return;
	rg_subscription_free(control->events);
	control->events = NULL;
}

static void client_free(struct client *client)
{
	struct client **at = &client->control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->control->n_clients--;
	mind_listeners(client->control);
	command_free(client->command);
	su_root_deregister(client->control->server->root, client->index);
	close(client->fd);
	free(client->in);
	free(client->out.p);
	free(client->later.p);
	free(client);
}

static int has_line(const struct client *client)
{
	return client->n_in > 0 && (client->n_in == LINE_MAX_BYTES || memchr(client->in, '\n', client->n_in));
}

/* A command may work, or the next one begin. */
static int has_work(const struct client *client)
{
	return client->command ? client->state == COMMAND_READY : has_line(client);
}

/* A peer that does not read its answers gets no more commands executed. A client with work waits until the socket takes output, which is
 * as good as at once, so that the loop serves all others before the next turn. */
static void want(struct client *client)
{
	int events = 0;

	if (client->out.n || has_work(client) || client->closing)
		events |= SU_WAIT_OUT;
	if ((!client->command && client->out.n < ANSWER_MAX && !client->finished && client->n_in < LINE_MAX_BYTES) || client->closing)
		events |= SU_WAIT_IN;
	if (events != client->mask)
		su_root_eventmask(client->control->server->root, client->index, client->fd, events);
	client->mask = events;
}

/* Marks a connection for closing, and wakes the loop. */
static void client_drop(struct client *client)
{
	client->closing = 1;
	shutdown(client->fd, SHUT_RDWR);
	want(client);
}

static void client_flush(struct client *client)
{
	size_t sent = 0;

	while (sent < client->out.n) {
		ssize_t n = send(client->fd, client->out.p + sent, client->out.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			client->closing = 1;
			return;
		}
		sent += (size_t)n;
	}
	client->out.n -= sent;
	if (client->out.n) {
		memmove(client->out.p, client->out.p + sent, client->out.n);
	} else {
		free(client->out.p);
		client->out = (struct text){ NULL, 0, 0, 0 };
	}
}

/* A client that is too far behind is dropped, so that it delays nothing. */
static void client_hear(struct client *client, rg_str line)
{
	struct text *to = client->command && command_is_within_line(client->command) ? &client->later : &client->out;

	if (to->n <= BACKLOG_MAX)
		text_add(to, line);
	if (to->n > BACKLOG_MAX || to->failed)
		client_drop(client);
	else
		want(client);
}

/* Runs inside event delivery, so it only queues. The line is made once for all. */
static void on_event(void *user, const rg_event *event)
{
	struct control *control = user;
	struct text *line = &control->event;

	line->n = 0;
	line->failed = 0;
	json_event(line, event);
	for (struct client *client = control->clients; client; client = client->next) {
		if (!client->listens || client->closing)
			continue;
		client->out.failed |= line->failed;
		client_hear(client, (rg_str){ line->p, line->n });
	}
}

static void client_subscribe(struct client *client)
{
	struct control *control = client->control;
	rg_status status = RG_OK;

	if (!control->events)
		status = rg_registrar_subscribe(control->server->registrar, RG_EVENT_ALL, on_event, control, NULL, &control->events, NULL);
	if (status == RG_OK)
		client->listens = 1;
	else
		json_failure(&client->out, rg_strerror(status));
}

static int is_events(const char *line)
{
	size_t from = strspn(line, " \t\r");

	return strncmp(line + from, "events", 6) == 0 && line[from + 6 + strspn(line + from + 6, " \t\r")] == '\0';
}

/* An answer has come. */
static void on_wake(void *user)
{
	struct client *client = user;

	client->state = COMMAND_READY;
	want(client);
}

/* The events that waited follow the line, in their order. */
static void client_turn(struct client *client)
{
	client->state = command_turn(client->command);
	if (client->state != COMMAND_DONE)
		return;
	command_free(client->command);
	client->command = NULL;
	text_add(&client->out, (rg_str){ client->later.p, client->later.n });
	client->out.failed |= client->later.failed;
	free(client->later.p);
	client->later = (struct text){ NULL, 0, 0, 0 };
}

static void client_command(struct client *client, const char *line)
{
	if (is_events(line)) {
		client_subscribe(client);
		return;
	}
	client->command = command_new(client->control->server, &client->out, line, on_wake, client);
	if (client->command)
		client_turn(client);
	else
		client->out.failed = 1;
}

/* Runs a line of @p n octets, with its newline. */
static void client_line(struct client *client, char *line, size_t n)
{
	line[n - 1] = '\0';
	if (client->skipping)
		client->skipping = 0;
	else if (memchr(line, '\0', n - 1))
		json_failure(&client->out, "a command holds no NUL");
	else
		client_command(client, line);
}

/* Runs the complete lines read so far: as many as one turn of the loop has room for, and as long as the peer takes the answers. */
static void client_lines(struct client *client)
{
	char *start = client->in;
	char *end = client->in + client->n_in;
	int64_t until = microseconds() + TURN_MICROSECONDS;

	while (!client->command && client->out.n < ANSWER_MAX && microseconds() < until) {
		char *newline = memchr(start, '\n', (size_t)(end - start));

		if (!newline)
			break;
		client_line(client, start, (size_t)(newline + 1 - start));
		start = newline + 1;
	}
	client->n_in = (size_t)(end - start);
	memmove(client->in, start, client->n_in);
	if (memchr(client->in, '\n', client->n_in))
		return;
	if (client->n_in == LINE_MAX_BYTES && !client->skipping) {
		client->skipping = 1;
		json_failure(&client->out, "line too long");
	}
	if (client->skipping)
		client->n_in = 0;
}

static void client_read(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->n_in, LINE_MAX_BYTES - client->n_in, MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n < 0)
		client->closing = 1;
	else if (n == 0)
		client->finished = 1;
	else
		client->n_in += (size_t)n;
}

static void client_work(struct client *client, int events)
{
	client_flush(client);
	if (!client->closing && client->command && client->state == COMMAND_READY && client->out.n < ANSWER_MAX)
		client_turn(client);
	if (!client->closing && (events & SU_WAIT_IN) && !client->command && !client->finished && client->n_in < LINE_MAX_BYTES)
		client_read(client);
	if (!client->closing && !client->command)
		client_lines(client);
	client_flush(client);
}

static int client_ready(struct server *server, su_wait_t *wait, su_wakeup_arg_t *user)
{
	struct client *client = user;
	int events = su_wait_events(wait, client->fd);

	(void)server;
	if (events & (SU_WAIT_HUP | SU_WAIT_ERR))
		client->closing = 1;
	if (!client->closing)
		client_work(client, events);
	/* A peer that closed only its sending side still gets its answers, and events as long as it reads. */
	if (client->finished && !client->out.n && !client->command && !has_line(client) && !client->listens)
		client->closing = 1;
	/* A line that is missing or incomplete ends the connection, so that no answer is lost silently. */
	if (client->closing || client->out.failed)
		client_free(client);
	else
		want(client);
	return 0;
}

static void client_new(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof *client);
	su_wait_t wait[1] = { SU_WAIT_INIT };

	if (client)
		client->in = malloc(LINE_MAX_BYTES);
	if (!client || !client->in || su_wait_create(wait, fd, SU_WAIT_IN) < 0) {
		free(client ? client->in : NULL);
		free(client);
		close(fd);
		return;
	}
	client->control = control;
	client->fd = fd;
	client->mask = SU_WAIT_IN;
	client->index = su_root_register(control->server->root, wait, client_ready, client, 0);
	if (client->index < 0) {
		free(client->in);
		free(client);
		close(fd);
		return;
	}
	client->next = control->clients;
	control->clients = client;
	control->n_clients++;
}

static int control_accept(struct server *server, su_wait_t *wait, su_wakeup_arg_t *user)
{
	struct control *control = user;
	int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)server;
	(void)wait;
	if (fd >= 0 && control->n_clients >= CONTROL_CLIENTS_MAX)
		close(fd);
	else if (fd >= 0)
		client_new(control, fd);
	return 0;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
	return address;
}

/* @return 1 when nothing is at the path, or only a stale socket. */
static int is_free(const char *path)
{
	struct sockaddr_un address = address_of(path);
	struct stat file;
	int fd, free;

	if (lstat(path, &file) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(file.st_mode)) {
		errno = EEXIST;
		return 0;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	free = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	errno = EADDRINUSE;
	return free;
}

/* Binds under a temporary name and renames it, so that the socket accepts connections as soon as it is visible. If the temporary name is
 * too long, it binds at the path directly. */
static int bind_at(int fd, const char *path)
{
	char *other = NULL;
	struct sockaddr_un address;
	mode_t mask;
	int direct, result;

	if (asprintf(&other, "%s.%d", path, (int)getpid()) < 0)
		return -1;
	direct = strlen(other) >= sizeof address.sun_path;
	address = address_of(direct ? path : other);
	unlink(address.sun_path);
	mask = umask(0177);
	result = bind(fd, (struct sockaddr *)&address, sizeof address);
	umask(mask);
	if (result == 0)
		result = listen(fd, 16);
	if (result == 0 && !direct)
		result = rename(other, path);
	free(other);
	return result;
}

/* Whether the path itself is wrong: a missing folder, or a file that is no socket. */
static int is_bad_path(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EEXIST || error == EISDIR || error == ENAMETOOLONG || error == ELOOP;
}

int control_open(struct server *server, const char *path, struct control **out)
{
	struct control *control = calloc(1, sizeof *control);
	su_wait_t wait[1] = { SU_WAIT_INIT };
	int result = 1;

	if (!control) {
		complain("--control %s: %s", path, strerror(ENOMEM));
		return 1;
	}
	control->server = server;
	control->index = -1;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (control->fd < 0 || !is_free(path) || bind_at(control->fd, path) != 0) {
		result = is_bad_path(errno) ? 2 : 1;
		complain("--control %s: %s; expected a path where a socket can be made, in a folder that is there", path, strerror(errno));
		control_close(control);
		return result;
	}
	control->path = strdup(path);
	lstat(path, &control->file);
	if (su_wait_create(wait, control->fd, SU_WAIT_ACCEPT) == 0)
		control->index = su_root_register(server->root, wait, control_accept, control, 0);
	if (!control->path || control->index < 0) {
		complain("--control %s: %s", path, strerror(errno));
		control_close(control);
		return 1;
	}
	*out = control;
	return 0;
}

void control_close(struct control *control)
{
	struct stat file;

	if (!control)
		return;
	while (control->clients)
		client_free(control->clients);
	if (control->index >= 0)
		su_root_deregister(control->server->root, control->index);
	if (control->fd >= 0)
		close(control->fd);
	if (control->path && lstat(control->path, &file) == 0 && file.st_ino == control->file.st_ino && file.st_dev == control->file.st_dev)
		unlink(control->path);
	free(control->event.p);
	free(control->path);
	free(control);
}
