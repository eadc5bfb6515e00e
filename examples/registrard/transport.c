/* SPDX-License-Identifier: MIT */
/* Local sockets and datagrams. */
#include "transport.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockets.h"

enum {
	DATAGRAM_ROOM = 65536,
	DATAGRAMS_AT_ONCE = 32 /* read before others get their turn */
};

socklen_t address_to_system(const rg_addr *addr, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (addr->family == 6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(addr->port);
		memcpy(&in6->sin6_addr, addr->ip, 16);
		return sizeof *in6;
	}
	in4->sin_family = AF_INET;
	in4->sin_port = htons(addr->port);
	memcpy(&in4->sin_addr, addr->ip, 4);
	return sizeof *in4;
}

rg_addr address_from_system(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	rg_addr addr = { .family = from->ss_family == AF_INET6 ? 6 : from->ss_family == AF_INET ? 4 : 0 };

	if (addr.family == 6) {
		memcpy(addr.ip, &in6->sin6_addr, 16);
		addr.port = ntohs(in6->sin6_port);
	} else if (addr.family == 4) {
		memcpy(addr.ip, &in4->sin_addr, 4);
		addr.port = ntohs(in4->sin_port);
	}
	return addr;
}

static void read_datagrams(struct listener *listener)
{
	struct transport *transport = listener->transport;

	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		struct sockaddr_storage source = { 0 };
		socklen_t size = sizeof source;
		ssize_t n = recvfrom(listener->fd, transport->datagram, DATAGRAM_ROOM, MSG_DONTWAIT, (struct sockaddr *)&source, &size);
		struct peer from = { 0 };
		char *bytes = transport->datagram;
		struct frame frame;

		/* A pending error of an earlier datagram is not one of the next. */
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0)
			continue;
		from.addr = address_from_system(&source);
		from.socket = listener->number;
		frame = frame_datagram(&bytes, (size_t)n);
		if (frame.kind == FRAME_MESSAGE)
			transport->events.message(transport->events.user, &from, bytes, frame.n);
		else if (frame.kind == FRAME_BAD)
			transport->events.bad_frame(transport->events.user, &from, bytes, frame.n, frame.status);
	}
}

/* The destination of a datagram that came back (RFC 3261 §18.4). */
static void read_errors(struct listener *listener)
{
	struct transport *transport = listener->transport;

	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		struct sockaddr_storage to = { 0 };
		char control[512], byte;
		struct iovec part = { &byte, 1 };
		struct msghdr head = { &to, sizeof to, &part, 1, control, sizeof control, 0 };
		struct peer peer = { 0 };

		if (recvmsg(listener->fd, &head, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		peer.addr = address_from_system(&to);
		peer.socket = listener->number;
		if (peer.addr.family)
			transport->events.unreachable(transport->events.user, &peer);
	}
}

static int on_ready(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct listener *listener = arg;
	int events = su_wait_events(wait, listener->fd);

	(void)server;
	if (listener->local.is_stream) {
		connections_accept(listener->transport->connections, listener);
		return 0;
	}
	if (events & SU_WAIT_ERR)
		read_errors(listener);
	read_datagrams(listener);
	return 0;
}

static int is_any(const rg_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->ip, zero, sizeof zero) == 0;
}

static int add_address(struct listener *listener, const rg_addr *addr)
{
	rg_addr *more = realloc(listener->addrs, (listener->n_addrs + 1) * sizeof *more);

	if (!more)
		return -1;
	listener->addrs = more;
	more[listener->n_addrs] = *addr;
	more[listener->n_addrs++].port = listener->local.addr.port;
	return 0;
}

/* The addresses of the machine, for a socket that is bound to all. One that other machines reach is named first. */
static int list_addresses(struct listener *listener)
{
	struct ifaddrs *all = NULL;
	int result = 0;

	if (!is_any(&listener->local.addr))
		return add_address(listener, &listener->local.addr);
	if (getifaddrs(&all) != 0)
		return -1;
	for (int loopback = 0; loopback < 2; loopback++)
		for (const struct ifaddrs *one = all; one && result == 0; one = one->ifa_next) {
			struct sockaddr_storage address = { 0 };
			rg_addr addr;

			if (!one->ifa_addr || !(one->ifa_flags & IFF_UP) || !(one->ifa_flags & IFF_LOOPBACK) != !loopback)
				continue;
			if (one->ifa_addr->sa_family != (listener->local.addr.family == 6 ? AF_INET6 : AF_INET))
				continue;
			memcpy(&address, one->ifa_addr,
				one->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
			addr = address_from_system(&address);
			result = add_address(listener, &addr);
		}
	freeifaddrs(all);
	return result == 0 && listener->n_addrs == 0 ? add_address(listener, &listener->local.addr) : result;
}

static int name_socket(struct listener *listener)
{
	struct local *local = &listener->local;
	struct sockaddr_storage bound = { 0 };
	socklen_t size = sizeof bound;
	char room[64];
	rg_addr ip;
	rg_str text;

	if (getsockname(listener->fd, (struct sockaddr *)&bound, &size) != 0)
		return -1;
	local->addr = address_from_system(&bound);
	if (list_addresses(listener) < 0)
		return -1;
	ip = listener->addrs[0];
	ip.port = 0;
	text = rg_addr_print(&ip, room, sizeof room);
	snprintf(local->host, sizeof local->host, ip.family == 6 && text.p[0] != '[' ? "[%.*s]" : "%.*s", (int)text.n, text.p);
	snprintf(local->port, sizeof local->port, "%u", local->addr.port);
	snprintf(local->name, sizeof local->name, "%s:%s:%s", local->proto, local->host, local->port);
	return 0;
}

/* Linux caps the queue without an error, and doubles it for what it keeps of its own with each datagram. */
static void ask_for_queue(struct listener *listener)
{
	int queue = DATAGRAM_QUEUE;
	socklen_t size = sizeof queue;

	setsockopt(listener->fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof queue);
	if (getsockopt(listener->fd, SOL_SOCKET, SO_RCVBUF, &queue, &size) == 0 && queue > 0)
		listener->local.queue = (size_t)queue / 2;
}

static int open_socket(struct listener *listener, const rg_addr *addr)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_system(addr, &address);
	int on = 1, stream = listener->local.is_stream;

	listener->fd = socket(address.ss_family, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -1;
	if (stream)
		setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	else if (addr->family == 6)
		setsockopt(listener->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
	else
		setsockopt(listener->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
	if (!stream)
		ask_for_queue(listener);
	if (addr->family == 6)
		setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(listener->fd, (struct sockaddr *)&address, size) != 0 || (stream && listen(listener->fd, SOMAXCONN) != 0))
		return -1;
	return name_socket(listener);
}

static void listener_free(struct listener *listener)
{
	if (listener->index >= 0)
		su_root_deregister(listener->transport->root, listener->index);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener->addrs);
	free(listener);
}

static int listener_start(struct listener *listener, const struct listen_at *at)
{
	struct transport *transport = listener->transport;
	struct listener **more = realloc(transport->listeners, (transport->n + 1) * sizeof *more);
	su_wait_t wait[1] = { SU_WAIT_INIT };
	const char *colon;
	rg_addr addr;

	if (!more)
		return -1;
	transport->listeners = more;
	colon = strrchr(at->hostport, ':');
	if (!colon || rg_addr_parse((rg_str){ at->hostport, (size_t)(colon - at->hostport) }, &addr) != RG_OK) {
		errno = EINVAL;
		return -1;
	}
	addr.port = (uint16_t)strtoul(colon + 1, NULL, 10);
	if (open_socket(listener, &addr) < 0 || su_wait_create(wait, listener->fd, SU_WAIT_IN) != 0)
		return -1;
	listener->index = su_root_register(transport->root, wait, on_ready, listener, 0);
	if (listener->index < 0)
		return -1;
	listener->number = transport->n;
	transport->listeners[transport->n++] = listener;
	return 0;
}

int transport_listen(struct transport *transport, const struct listen_at *at)
{
	struct listener *listener = calloc(1, sizeof *listener);
	int error;

	if (!listener)
		return -1;
	listener->transport = transport;
	listener->fd = listener->index = -1;
	listener->local.proto = at->proto;
	listener->local.is_stream = strcmp(at->proto, "udp") != 0;
	errno = 0;
	if (listener_start(listener, at) == 0)
		return 0;
	error = errno;
	listener_free(listener);
	errno = error;
	return -1;
}

struct transport *transport_new(su_root_t *root, const struct args *args, size_t max_connections, const struct transport_events *events)
{
	struct transport *transport = calloc(1, sizeof *transport);

	if (!transport)
		return NULL;
	transport->root = root;
	transport->max_connections = max_connections;
	transport->max_per_address = args->max_per_address ? args->max_per_address : (max_connections + 1) / 2;
	transport->idle_seconds = args->idle_seconds;
	transport->events = *events;
	transport->datagram = malloc(DATAGRAM_ROOM);
	transport->connections = transport->datagram ? connections_new(transport) : NULL;
	if (transport->connections)
		return transport;
	transport_free(transport);
	return NULL;
}

void transport_free(struct transport *transport)
{
	if (!transport)
		return;
	connections_free(transport->connections);
	while (transport->n > 0)
		listener_free(transport->listeners[--transport->n]);
	free(transport->listeners);
	free(transport->datagram);
	free(transport);
}

const struct local *transport_local(const struct transport *transport, size_t index)
{
	return index < transport->n ? &transport->listeners[index]->local : NULL;
}

int transport_is_local(const struct transport *transport, const rg_addr *addr)
{
	for (size_t i = 0; i < transport->n; i++)
		for (size_t j = 0; j < transport->listeners[i]->n_addrs; j++)
			if (rg_addr_match(&transport->listeners[i]->addrs[j], addr))
				return 1;
	return 0;
}

/* A full buffer loses a datagram as the network would, and the transaction repeats it. A pending error is one of an earlier datagram. */
static int send_datagram(const struct listener *listener, const rg_addr *to, const void *bytes, size_t n)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_system(to, &address);

	if (to->family != listener->local.addr.family || to->port == 0)
		return -1;
	for (int i = 0; i < 8; i++) {
		if (sendto(listener->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, size) >= 0)
			return 0;
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
			return 0;
		if (errno == EMSGSIZE || errno == EINVAL || errno == EACCES)
			return -1;
	}
	return -1;
}

int transport_send(struct transport *transport, struct peer *to, const void *bytes, size_t n)
{
	struct connection *connection;

	if (to->socket >= transport->n)
		return -1;
	if (!transport->listeners[to->socket]->local.is_stream)
		return send_datagram(transport->listeners[to->socket], &to->addr, bytes, n);
	connection = to->connection ? connection_find(transport->connections, to->connection)
				    : connection_to(transport->connections, to->socket, &to->addr);
	if (!connection || connection_send(connection, bytes, n) < 0)
		return -1;
	connection_peer(connection, to);
	return 0;
}

int transport_is_open(const struct transport *transport, uint64_t number)
{
	const struct connection *connection = connection_find(transport->connections, number);

	return connection && connection_is_open(connection);
}

int transport_peer(const struct transport *transport, uint64_t number, struct peer *peer)
{
	const struct connection *connection = connection_find(transport->connections, number);

	if (!connection || !connection_is_open(connection))
		return 0;
	connection_peer(connection, peer);
	return 1;
}

void transport_keep(struct transport *transport, uint64_t number, uint32_t seconds)
{
	struct connection *connection = connection_find(transport->connections, number);

	if (connection)
		connection_keep(connection, seconds);
}

void transport_close(struct transport *transport, uint64_t number)
{
	struct connection *connection = connection_find(transport->connections, number);

	if (connection)
		connection_close(connection);
}
