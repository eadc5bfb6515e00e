/* SPDX-License-Identifier: MIT */
/* All connections: accepted and opened, found, limited in number and time. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"

enum {
	ACCEPTS_AT_ONCE = 32,
	SWEEP_MS = 1000,
	CONNECT_MS = 8000,        /* to be made */
	FIRST_MESSAGE_MS = 32000, /* to send a whole message, from the start or after the first byte of one */
	STALL_MS = 32000,         /* to take some of what waits */
	ROOM_MAX = 256 * 1024 * 1024, /* all buffers of all connections */
	TRIM_FROM = 4 * 1024 * 1024   /* bytes of buffers */
};

/* A peer may vanish silently. The system's keep-alive notices it within six minutes. A shorter interval would wake phones too often. */
static const struct {
	int level, option, value;
} keep_alive[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 300 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
};

/* How many connections an address has opened to this server. */
struct source {
	rg_addr ip; /* without port */
	size_t n;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = ((const struct connection *)a)->peer.connection, y = ((const struct connection *)b)->peer.connection;

	return (x > y) - (x < y);
}

static int by_ip(const rg_addr *a, const rg_addr *b)
{
	return a->family != b->family ? (a->family > b->family) - (a->family < b->family) : memcmp(a->ip, b->ip, sizeof a->ip);
}

/* The local socket counts too: it says from which address the connection comes. */
static int by_address(const void *a, const void *b)
{
	const struct peer *x = &((const struct connection *)a)->peer, *y = &((const struct connection *)b)->peer;
	int order = by_ip(&x->addr, &y->addr);

	if (order == 0)
		order = (x->addr.port > y->addr.port) - (x->addr.port < y->addr.port);
	return order ? order : (x->socket > y->socket) - (x->socket < y->socket);
}

static int by_source(const void *a, const void *b)
{
	return by_ip(&((const struct source *)a)->ip, &((const struct source *)b)->ip);
}

static void source_leave(struct connections *all, const rg_addr *addr)
{
	struct source key = { .ip = *addr };
	struct source **found = tfind(&key, &all->sources, by_source), *source = found ? *found : NULL;

	if (!source || --source->n > 0)
		return;
	tdelete(source, &all->sources, by_source);
	free(source);
}

/* @return 0 when an address has as many connections as it may, or when out of memory. */
static int source_enter(struct connections *all, const rg_addr *addr)
{
	struct source key = { .ip = *addr };
	struct source **found = tfind(&key, &all->sources, by_source), *source = found ? *found : NULL;

	if (source)
		return source->n < all->transport->max_per_address ? ++source->n > 0 : 0;
	source = calloc(1, sizeof *source);
	if (!source)
		return 0;
	source->ip = *addr;
	source->n = 1;
	if (tsearch(source, &all->sources, by_source))
		return 1;
	free(source);
	return 0;
}

/* From now on it is not found by its address. */
void connection_unlist(struct connection *connection)
{
	if (connection->listed)
		tdelete(connection, &connection->all->by_address, by_address);
	connection->listed = 0;
}

void connection_empty(struct connection *connection)
{
	connection->all->room -= connection->room_in + connection->room_out;
	free(connection->in);
	free(connection->out);
	connection->in = connection->out = NULL;
	connection->n_in = connection->room_in = connection->n_sent = connection->n_out = connection->room_out = 0;
}

static void connection_free(struct connection *connection)
{
	connection_empty(connection);
	free(connection);
}

/* A message that is complete leaves its buffer at once, so what waits long is a message without an end, or output that nobody takes. */
static void make_room(struct queue *queue, size_t enough, const struct connection *spared)
{
	for (struct connection *connection = queue_first(queue), *next; connection && connection->all->room > enough; connection = next) {
		next = queue_next(queue, &connection->in_queue);
		if (connection == spared || connection->reading || !(connection->room_in + connection->room_out))
			continue;
		connection->all->transport->events.counts->closed_connections++;
		connection_end(connection);
		connection_empty(connection);
	}
}

int connections_take_room(struct connection *spared, size_t old, size_t size)
{
	struct connections *all = spared->all;
	size_t enough = ROOM_MAX - size + old;

	make_room(&all->silent, enough, spared);
	make_room(&all->spoken, enough, spared);
	if (all->room > enough)
		return 0;
	all->room += size - old;
	trim_note(&all->trim, all->room);
	return 1;
}

static void on_reap(void *user)
{
	struct connections *all = user;
	struct connection *connection;

	while ((connection = queue_first(&all->ended)) != NULL) {
		queue_remove(&connection->in_queue);
		all->transport->events.closed(all->transport->events.user, connection->peer.connection);
		connection_free(connection);
	}
}

void connections_forget(struct connection *connection)
{
	struct connections *all = connection->all;

	connection_unlist(connection);
	if (!connection->opened)
		source_leave(all, &connection->peer.addr);
	tdelete(connection, &all->by_number, by_number);
	all->n--;
	alarm_clock_set(all->reap, 0);
}

static void sweep_later(struct connections *all)
{
	if (!all->sweeping)
		alarm_clock_set(all->sweep, alarm_clock_now() + SWEEP_MS);
	all->sweeping = 1;
}

/* @return 1 when a time limit of a connection is over. */
static int is_over(const struct connection *connection, int64_t now)
{
	int64_t idle = now - connection->active;

	if (connection->connecting)
		return idle >= CONNECT_MS;
	if (connection_waiting(connection) && idle >= STALL_MS)
		return 1;
	if ((!connection->spoken || connection->n_in > 0) && now - connection->since >= FIRST_MESSAGE_MS)
		return 1;
	return connection->idle_ms > 0 && idle >= connection->idle_ms;
}

static void sweep_queue(struct queue *queue, int64_t now, struct counts *counts)
{
	for (struct connection *connection = queue_first(queue), *next; connection; connection = next) {
		next = queue_next(queue, &connection->in_queue);
		if (!is_over(connection, now))
			continue;
		counts->closed_connections += !connection->connecting;
		connection_end(connection);
	}
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_sweep(void *user)
{
	struct connections *all = user;
	struct transport *transport = all->transport;

	all->sweeping = 0;
	trim_after(&all->trim, all->room);
	if (all->spare < 0)
		all->spare = open_spare();
	sweep_queue(&all->silent, alarm_clock_now(), transport->events.counts);
	sweep_queue(&all->spoken, alarm_clock_now(), transport->events.counts);
	for (size_t i = 0; i < transport->n; i++)
		if (transport->listeners[i]->paused) {
			transport->listeners[i]->paused = 0;
			su_root_eventmask(transport->root, transport->listeners[i]->index, transport->listeners[i]->fd, SU_WAIT_IN);
		}
	/* What ends here is freed later, and trimmed in the next turn. */
	if (all->n > 0 || queue_first(&all->ended))
		sweep_later(all);
}

/* At the limit the idlest connection makes room, and one that never carried a message does so first. */
static void make_place(struct connections *all)
{
	struct connection *idlest = queue_first(queue_first(&all->silent) ? &all->silent : &all->spoken);

	if (all->n < all->transport->max_connections || !idlest)
		return;
	all->transport->events.counts->closed_connections++;
	connection_end(idlest);
}

/* Owns @p fd, also when it fails. The caller has entered the source of an accepted one. */
static struct connection *connection_new(struct connections *all, int fd, const struct peer *peer, int opened)
{
	struct connection *connection = calloc(1, sizeof *connection);
	su_wait_t wait[1] = { SU_WAIT_INIT };

	if (!connection || su_wait_create(wait, fd, opened ? SU_WAIT_OUT : SU_WAIT_IN) < 0) {
		close(fd);
		free(connection);
		return NULL;
	}
	connection->all = all;
	connection->fd = fd;
	connection->mask = opened ? SU_WAIT_OUT : SU_WAIT_IN;
	connection->peer = *peer;
	connection->peer.connection = ++all->last_number;
	connection->opened = connection->spoken = connection->connecting = opened != 0;
	connection->idle_ms = (int64_t)all->transport->idle_seconds * 1000;
	connection->active = connection->since = alarm_clock_now();
	connection->index = su_root_register(all->transport->root, wait, connection_ready, connection, 0);
	if (connection->index < 0 || !tsearch(connection, &all->by_number, by_number)) {
		if (connection->index >= 0)
			su_root_deregister(all->transport->root, connection->index);
		close(fd);
		free(connection);
		return NULL;
	}
	for (size_t i = 0; i < sizeof keep_alive / sizeof *keep_alive; i++)
		setsockopt(fd, keep_alive[i].level, keep_alive[i].option, &keep_alive[i].value, sizeof keep_alive[i].value);
	all->n++;
	connection_enlist(connection);
	sweep_later(all);
	return connection;
}

/* Without a descriptor left, a waiting connection would wake the loop for ever. So one is kept to accept it and close it. */
static void refuse_one(struct connections *all, struct listener *listener)
{
	int fd;

	if (all->spare < 0) {
		listener->paused = 1;
		su_root_eventmask(all->transport->root, listener->index, listener->fd, 0);
		sweep_later(all);
		return;
	}
	close(all->spare);
	fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	all->spare = open_spare();
	all->transport->events.counts->refused_connections++;
}

void connections_accept(struct connections *all, struct listener *listener)
{
	for (int i = 0; i < ACCEPTS_AT_ONCE && !listener->paused; i++) {
		struct sockaddr_storage source = { 0 };
		socklen_t size = sizeof source;
		struct peer peer = { .socket = listener->number };
		int fd = accept4(listener->fd, (struct sockaddr *)&source, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
			refuse_one(all, listener);
		else if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd < 0)
			continue;
		peer.addr = address_from_system(&source);
		if (!source_enter(all, &peer.addr)) {
			all->transport->events.counts->refused_connections++;
			close(fd);
			continue;
		}
		make_place(all);
		if (!connection_new(all, fd, &peer, 0))
			source_leave(all, &peer.addr);
	}
}

/* Starts to connect from the address of a local socket. @return a descriptor, or -1. */
static int start_to_connect(const struct local *local, const rg_addr *addr)
{
	struct sockaddr_storage to, from;
	socklen_t to_size = address_to_system(addr, &to), from_size;
	rg_addr own = local->addr;
	int fd;

	own.port = 0;
	from_size = address_to_system(&own, &from);
	if (addr->family != own.family || addr->port == 0)
		return -1;
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&from, from_size) == 0 &&
		(connect(fd, (struct sockaddr *)&to, to_size) == 0 || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

struct connection *connection_to(struct connections *all, size_t socket, const rg_addr *addr)
{
	struct connection key = { .peer = { .socket = socket, .addr = *addr } };
	struct connection **found = tfind(&key, &all->by_address, by_address), *connection;
	int fd;

	if (found)
		return *found;
	fd = start_to_connect(&all->transport->listeners[socket]->local, addr);
	if (fd < 0)
		return NULL;
	make_place(all);
	connection = connection_new(all, fd, &key.peer, 1);
	if (connection)
		connection->listed = tsearch(connection, &all->by_address, by_address) != NULL;
	return connection;
}

struct connection *connection_find(const struct connections *all, uint64_t number)
{
	struct connection key = { .peer = { .connection = number } };
	struct connection **found = number ? tfind(&key, &all->by_number, by_number) : NULL;

	return found ? *found : NULL;
}

struct connections *connections_new(struct transport *transport)
{
	struct connections *all = calloc(1, sizeof *all);

	if (!all)
		return NULL;
	all->transport = transport;
	all->trim.from = TRIM_FROM;
	all->spare = open_spare();
	all->sweep = alarm_clock_new(transport->root, on_sweep, all);
	all->reap = alarm_clock_new(transport->root, on_reap, all);
	if (all->spare >= 0 && all->sweep && all->reap)
		return all;
	connections_free(all);
	return NULL;
}

static void free_queue(struct queue *queue)
{
	struct connection *connection;

	while ((connection = queue_first(queue)) != NULL) {
		connection_end(connection);
		queue_remove(&connection->in_queue);
		connection_free(connection);
	}
}

void connections_free(struct connections *all)
{
	if (!all)
		return;
	free_queue(&all->silent);
	free_queue(&all->spoken);
	free_queue(&all->ended);
	alarm_clock_free(all->sweep);
	alarm_clock_free(all->reap);
	if (all->spare >= 0)
		close(all->spare);
	free(all);
}
