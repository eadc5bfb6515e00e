/* SPDX-License-Identifier: MIT */
/* The bytes of a connection: what comes is framed, and what the other end does not take at once waits within a limit. */
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READ_BYTES = 16384,
	QUEUE_PAUSE = 65536,    /* waiting output at which nothing more is read */
	QUEUE_MAX = 1024 * 1024 /* waiting output at which the connection is given up */
};

void connection_enlist(struct connection *connection)
{
	struct connections *all = connection->all;

	queue_add(connection->ended ? &all->ended : connection->spoken ? &all->spoken : &all->silent, &connection->in_queue);
}

static void touch(struct connection *connection)
{
	connection->active = alarm_clock_now();
	connection_enlist(connection);
}

void connection_end(struct connection *connection)
{
	struct connections *all = connection->all;

	if (connection->ended)
		return;
	connection->ended = 1;
	connection_enlist(connection);
	su_root_deregister(all->transport->root, connection->index);
	close(connection->fd);
	connections_forget(connection);
}

size_t connection_waiting(const struct connection *connection)
{
	return connection->n_out - connection->n_sent;
}

static void want(struct connection *connection)
{
	int out = connection->connecting || connection_waiting(connection);
	int in = !connection->connecting && !connection->closing && connection_waiting(connection) < QUEUE_PAUSE;
	int mask = (out ? SU_WAIT_OUT : 0) | (in ? SU_WAIT_IN : 0);

	if (mask != connection->mask)
		su_root_eventmask(connection->all->transport->root, connection->index, connection->fd, mask);
	connection->mask = mask;
}

/* Sends what waits. @return -1 when the connection has ended. */
static int flush(struct connection *connection)
{
	while (connection_waiting(connection) && !connection->connecting) {
		ssize_t n = send(connection->fd, connection->out + connection->n_sent, connection_waiting(connection), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			connection_end(connection);
			return -1;
		}
		connection->n_sent += (size_t)n;
		touch(connection);
	}
	if (connection_waiting(connection) == 0) {
		free(connection->out);
		connection->all->room -= connection->room_out;
		connection->out = NULL;
		connection->n_sent = connection->n_out = connection->room_out = 0;
		if (connection->closing) {
			connection_end(connection);
			return -1;
		}
	}
	want(connection);
	return 0;
}

/* Makes room for more output, and moves what waits to the front. */
static int grow(struct connection *connection, size_t n)
{
	size_t wait = connection_waiting(connection), room = wait + n > 2 * wait ? wait + n : 2 * wait;
	char *more;

	if (!connections_take_room(connection, connection->room_out, room))
		return -1;
	more = malloc(room);
	if (!more) {
		connection->all->room -= room - connection->room_out;
		return -1;
	}
	if (wait)
		memcpy(more, connection->out + connection->n_sent, wait);
	free(connection->out);
	connection->out = more;
	connection->n_sent = 0;
	connection->n_out = wait;
	connection->room_out = room;
	return 0;
}

int connection_send(struct connection *connection, const void *bytes, size_t n)
{
	size_t wait = connection_waiting(connection);

	if (connection->ended || connection->closing)
		return -1;
	if (wait + n > QUEUE_MAX) {
		connection_end(connection);
		return -1;
	}
	if (connection->n_out + n > connection->room_out && grow(connection, n) < 0) {
		connection_end(connection);
		return -1;
	}
	memcpy(connection->out + connection->n_out, bytes, n);
	connection->n_out += n;
	return wait || connection->connecting ? 0 : flush(connection);
}

/* RFC 5626 §5.4: two empty lines between messages are a ping, however they are cut into segments. */
static void take_line_end(struct connection *connection)
{
	connection->half = !connection->half;
	if (!connection->half)
		connection_send(connection, "\r\n", 2);
}

static void take_message(struct connection *connection, size_t at, size_t n)
{
	const struct transport_events *events = &connection->all->transport->events;

	connection->half = 0;
	connection->spoken = 1;
	connection_enlist(connection);
	events->message(events->user, &connection->peer, connection->in + at, n);
}

/* Takes what is complete. What follows a frame is moved to the front after the frame was handled. */
static void take_frames(struct connection *connection)
{
	const struct transport_events *events = &connection->all->transport->events;
	size_t at = 0;

	while (!connection->ended && !connection->closing && at < connection->n_in) {
		struct frame frame = frame_next(connection->in + at, connection->n_in - at, &connection->scan);

		if (frame.kind == FRAME_MORE)
			break;
		if (frame.kind == FRAME_BAD) {
			events->bad_frame(events->user, &connection->peer, connection->in + at, frame.n, frame.status);
			connection_close(connection);
			return;
		}
		if (frame.kind == FRAME_LINE_END)
			take_line_end(connection);
		else
			take_message(connection, at, frame.n);
		at += frame.n;
	}
	if (at > 0 && connection->spoken)
		connection->since = connection->active;
	connection->n_in -= at;
	memmove(connection->in, connection->in + at, connection->n_in);
	if (connection->n_in == 0 && !connection->ended) {
		free(connection->in);
		connection->all->room -= connection->room_in;
		connection->in = NULL;
		connection->room_in = 0;
	}
}

static int make_room(struct connection *connection)
{
	size_t room = connection->n_in + READ_BYTES;
	char *more;

	if (connection->room_in >= room)
		return 0;
	if (!connections_take_room(connection, connection->room_in, room))
		return -1;
	more = realloc(connection->in, room);
	if (!more) {
		connection->all->room -= room - connection->room_in;
		return -1;
	}
	connection->in = more;
	connection->room_in = room;
	return 0;
}

/* A frame that is complete or too long leaves the buffer, so the buffer is bounded by a message and one read. */
static void read_some(struct connection *connection)
{
	ssize_t n;

	if (make_room(connection) < 0) {
		connection_end(connection);
		return;
	}
	n = recv(connection->fd, connection->in + connection->n_in, connection->room_in - connection->n_in, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	/* The other end sends no more. What it still takes is sent first. */
	if (n == 0)
		connection_close(connection);
	else if (n < 0)
		connection_end(connection);
	if (n <= 0)
		return;
	touch(connection);
	if (connection->spoken && connection->n_in == 0)
		connection->since = connection->active;
	connection->n_in += (size_t)n;
	connection->reading = 1;
	take_frames(connection);
	connection->reading = 0;
}

static void take_connected(struct connection *connection)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error) {
		connection_end(connection);
		return;
	}
	connection->connecting = 0;
	touch(connection);
	flush(connection);
}

int connection_ready(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct connection *connection = arg;
	int events = su_wait_events(wait, connection->fd);

	(void)server;
	if (connection->connecting) {
		if (events & (SU_WAIT_OUT | SU_WAIT_ERR | SU_WAIT_HUP))
			take_connected(connection);
		return 0;
	}
	if (events & SU_WAIT_OUT && flush(connection) < 0)
		return 0;
	if (!connection->closing && events & (SU_WAIT_IN | SU_WAIT_HUP | SU_WAIT_ERR))
		read_some(connection);
	return 0;
}

int connection_is_open(const struct connection *connection)
{
	return !connection->ended && !connection->closing;
}

void connection_peer(const struct connection *connection, struct peer *peer)
{
	*peer = connection->peer;
}

void connection_keep(struct connection *connection, uint32_t seconds)
{
	int64_t wanted = (int64_t)seconds * 1000;

	if (!connection->kept || wanted > connection->idle_ms)
		connection->idle_ms = wanted;
	connection->kept = 1;
}

void connection_close(struct connection *connection)
{
	if (connection->ended)
		return;
	connection_unlist(connection);
	connection->closing = 1;
	if (connection_waiting(connection) == 0)
		connection_end(connection);
	else
		want(connection);
}
