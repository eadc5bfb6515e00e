/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "json.h"

#define LINE_MAX_BYTES 65536      /* of one command line */
#define BACKLOG_MAX (1024 * 1024) /* bytes of unread events after which a client is dropped */

/* One connection. */
struct client {
	struct control *control;
	struct client *next;
	int fd;
	int index;         /* of its registration with the su_root */
	int skipping;      /* discards the rest of a line that was too long */
	int closing;       /* set to free the client when the loop is back: only client_ready() and control_close() free clients */
	int finished;      /* the peer closed its sending side */
	char *in;          /* an incomplete line */
	size_t n_in;
	char *out;         /* pending output; the peer took the first n_sent bytes */
	size_t n_sent;
	size_t n_out;
	size_t room_out;
	rg_subscription *events;
};

struct control {
	struct server *server;
	struct client *clients;
	size_t n_clients;
	char *path;
	struct stat file; /* identity of the socket, so that no other file is removed */
	int fd;
	int index;
};

static void client_free(struct client *client)
{
	struct client **at = &client->control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->control->n_clients--;
	rg_subscription_end(client->events);
	su_root_deregister(client->control->server->root, client->index);
	close(client->fd);
	free(client->in);
	free(client->out);
	free(client);
}

/* Bytes that the peer has not taken yet. */
static size_t backlog(const struct client *client)
{
	return client->n_out - client->n_sent;
}

static void want(struct client *client)
{
	/* A peer that does not read its answers gets no more commands executed. */
	int events = (backlog(client) ? SU_WAIT_OUT : 0) | (backlog(client) < BACKLOG_MAX && !client->finished ? SU_WAIT_IN : 0);

	su_root_eventmask(client->control->server->root, client->index, client->fd, events);
}

/* Marks a connection for closing, and wakes the loop. */
static void client_drop(struct client *client)
{
	client->closing = 1;
	shutdown(client->fd, SHUT_RDWR);
	su_root_eventmask(client->control->server->root, client->index, client->fd, SU_WAIT_IN | SU_WAIT_OUT);
}

static void client_flush(struct client *client)
{
	while (backlog(client) && !client->closing) {
		ssize_t n = send(client->fd, client->out + client->n_sent, backlog(client), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			client_drop(client);
			return;
		}
		client->n_sent += (size_t)n;
	}
	if (backlog(client) == 0)
		client->n_sent = client->n_out = 0;
	if (!client->closing)
		want(client);
}

/* Queues a line and takes ownership of it. NULL, or lack of room, closes the connection, so that no answer is lost silently. */
static void client_say(struct client *client, char *line)
{
	size_t n = line ? strlen(line) : 0;

	if (n && client->n_out + n > client->room_out) {
		size_t room = 2 * (backlog(client) + n);
		char *more;

		client->n_out = backlog(client);
		if (client->n_sent)
			memmove(client->out, client->out + client->n_sent, client->n_out);
		client->n_sent = 0;
		more = room > client->room_out ? realloc(client->out, room) : NULL;

		if (more) {
			client->out = more;
			client->room_out = room;
		}
	}
	if (n == 0 || client->n_out + n > client->room_out) {
		free(line);
		client_drop(client);
		return;
	}
	memcpy(client->out + client->n_out, line, n);
	client->n_out += n;
	free(line);
	client_flush(client);
}

/* Runs inside event delivery, so it only queues. A client that is too far behind is dropped, so that it delays nothing. */
static void on_event(void *user, const rg_event *event)
{
	struct client *client = user;

	if (client->closing)
		return;
	if (backlog(client) > BACKLOG_MAX)
		client_drop(client);
	else
		client_say(client, json_line(json_event(event)));
}

static void client_subscribe(struct client *client)
{
	rg_status status = RG_OK;

	if (!client->events)
		status = rg_registrar_subscribe(client->control->server->registrar, RG_EVENT_ALL, on_event, client, NULL, &client->events);
	if (status != RG_OK)
		client_say(client, json_line(json_failure(rg_strerror(status))));
}

static void client_command(struct client *client, char *line)
{
	struct words words = { .n = 0 };
	char *save = NULL;

	for (char *word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
		if (words.n == sizeof words.word / sizeof *words.word) {
			client_say(client, json_line(json_failure("too many words")));
			return;
		}
		words.word[words.n++] = word;
	}
	if (words.n == 1 && strcmp(words.word[0], "events") == 0)
		client_subscribe(client);
	else
		client_say(client, json_line(command_run(client->control->server, &words)));
}

static void client_too_long(struct client *client)
{
	client->skipping = 1;
	client->n_in = 0;
	client_say(client, json_line(json_failure("line too long")));
}

/* Runs the complete lines read so far, as long as the peer takes the answers. */
static void client_lines(struct client *client)
{
	char *start = client->in;
	char *end = client->in + client->n_in;
	char *newline;

	while (!client->closing && backlog(client) < BACKLOG_MAX && (newline = memchr(start, '\n', (size_t)(end - start))) != NULL) {
		*newline = '\0';
		if (client->skipping)
			client->skipping = 0;
		else if (memchr(start, '\0', (size_t)(newline - start)))
			client_say(client, json_line(json_failure("a command holds no NUL")));
		else
			client_command(client, start);
		start = newline + 1;
	}
	client->n_in = (size_t)(end - start);
	memmove(client->in, start, client->n_in);
	if (client->skipping)
		client->n_in = 0;
	else if (client->n_in == LINE_MAX_BYTES && !memchr(client->in, '\n', client->n_in))
		client_too_long(client);
}

static void client_read(struct client *client)
{
	ssize_t n;

	if (client->n_in == LINE_MAX_BYTES)
		return;
	n = recv(client->fd, client->in + client->n_in, LINE_MAX_BYTES - client->n_in, MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n < 0) {
		client->closing = 1;
	} else if (n == 0) {
		client->finished = 1;
		/* A peer that closed only its sending side still gets its answers, and events as long as it reads. */
		client->closing = backlog(client) == 0 && !client->events;
		if (!client->closing)
			want(client);
	} else {
		client->n_in += (size_t)n;
		client_lines(client);
	}
}

static int client_ready(struct server *server, su_wait_t *wait, su_wakeup_arg_t *user)
{
	struct client *client = user;
	int events = su_wait_events(wait, client->fd);

	(void)server;
	if (events & (SU_WAIT_HUP | SU_WAIT_ERR))
		client->closing = 1;
	if (!client->closing && (events & SU_WAIT_OUT))
		client_flush(client);
	if (!client->closing && client->n_in)
		client_lines(client);
	if (!client->closing && (events & SU_WAIT_IN) && !client->finished)
		client_read(client);
	if (client->finished && backlog(client) == 0 && !client->events)
		client->closing = 1;
	if (client->closing)
		client_free(client);
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
	free(control->path);
	free(control);
}
