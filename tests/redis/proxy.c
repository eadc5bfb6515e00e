/* SPDX-License-Identifier: MIT */
#include "proxy.h"
#include "client.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 16384, MOST = 256, FIXED = 3, SPLIT_NS = 100000 };

/* One direction. What has been read and not yet passed. */
typedef struct flow {
	char bytes[PIECE];
	size_t at, n;
	int64_t since; /* ms: when the bytes came */
	bool ended;    /* no more will come */
} flow;

typedef struct connection {
	int store, server;
	flow requests, replies;
	int64_t left; /* bytes of replies until the cut; -1 = no cut */
	struct connection *next;
} connection;

struct proxy {
	const redis_server *behind;
	pthread_t thread;
	pthread_mutex_t lock; /* over all that follows */
	int by_path, by_port, wake[2];
	uint16_t port;
	char path[96], address[104];
	connection *first;
	bool split, hold, hold_requests, refuse, ends;
	uint32_t delay, accepted, open;
	int64_t cut_replies, cut_requests, cut_each;
	uint64_t replied, requested;
};

static void check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

/* The system's own, for a test may have a clock of its own. */
static int64_t now_ms(void)
{
	struct timespec t;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void make_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* The other side learns of it at once; the thread closes. */
static void cut(connection *c)
{
	shutdown(c->store, SHUT_RDWR);
	shutdown(c->server, SHUT_RDWR);
	c->requests.ended = c->replies.ended = true;
	c->requests.n = c->requests.at = c->replies.n = c->replies.at = 0;
}

static void admit(proxy *p, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int server = fd < 0 || p->refuse ? -1 : client_connect(redis_server_path(p->behind));

	p->accepted += fd >= 0;
	if (server < 0) {
		close(fd);
		return;
	}
	connection *c = calloc(1, sizeof *c);

	check(c != NULL, "proxy");
	make_nonblocking(server);
	c->store = fd;
	c->server = server;
	c->left = p->cut_each;
	c->next = p->first;
	p->first = c;
	p->open++;
}

static void read_into(flow *f, int fd, uint64_t *count)
{
	ssize_t n;

	if (f->ended || f->n > 0)
		return;
	n = recv(fd, f->bytes, sizeof f->bytes, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	f->ended = n <= 0;
	f->at = 0;
	f->n = n > 0 ? (size_t)n : 0;
	f->since = now_ms();
	*count += f->n;
}

/* @return how many of @p n bytes may pass before a cut. */
static size_t before(const int64_t *limit, size_t n)
{
	return *limit >= 0 && (uint64_t)*limit < n ? (size_t)*limit : n;
}

/* @return whether it sent all that it was given. What nobody takes any more is dropped. */
static bool push(flow *f, int fd, size_t n, int64_t *left, int64_t *left_here)
{
	ssize_t sent = n == 0 ? 0 : send(fd, f->bytes + f->at, n, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		f->ended = true;
		f->n = 0;
	}
	if (sent <= 0)
		return n == 0;
	f->at += (size_t)sent;
	f->n -= (size_t)sent;
	if (*left >= 0)
		*left -= sent;
	if (left_here && *left_here >= 0)
		*left_here -= sent;
	return (size_t)sent == n;
}

static void pass_requests(proxy *p, connection *c)
{
	flow *f = &c->requests;
	size_t n = before(&p->cut_requests, f->n);

	if (f->n == 0 || p->hold_requests)
		return;
	bool all = push(f, c->server, n, &p->cut_requests, NULL);
	if (all && f->n > 0 && p->cut_requests == 0) {
		p->cut_requests = PROXY_NEVER;
		cut(c);
	}
}

static bool unread(int fd)
{
	int n = 0;

	return ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0;
}

static void pass_replies(proxy *p, connection *c)
{
	flow *f = &c->replies;

	if (f->n == 0 || p->hold || (p->delay > 0 && now_ms() - f->since < p->delay) || (p->split && unread(c->store)))
		return;
	size_t n = p->split ? 1 : f->n;

	n = before(&p->cut_replies, before(&c->left, n));
	bool all = push(f, c->store, n, &p->cut_replies, &c->left);
	if (!all || f->n == 0 || (p->cut_replies != 0 && c->left != 0))
		return;
	if (p->cut_replies == 0)
		p->cut_replies = PROXY_NEVER;
	cut(c);
}

static void serve(proxy *p, connection *c)
{
	read_into(&c->requests, c->store, &p->requested);
	read_into(&c->replies, c->server, &p->replied);
	pass_requests(p, c);
	pass_replies(p, c);
}

/* One side has ended and nothing is left to pass to the other. */
static bool is_over(const connection *c)
{
	return (c->requests.ended && c->requests.n == 0) || (c->replies.ended && c->replies.n == 0);
}

static void sweep(proxy *p)
{
	for (connection **at = &p->first; *at;) {
		connection *c = *at;

		if (!is_over(c)) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		close(c->store);
		close(c->server);
		free(c);
		p->open--;
	}
}

/* @return whether the thread must look again soon, for something that no descriptor tells. */
static bool list(const proxy *p, struct pollfd *fds, nfds_t *n)
{
	bool soon = false;

	fds[0] = (struct pollfd){ .fd = p->wake[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = p->by_path, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = p->by_port, .events = POLLIN };
	*n = FIXED;
	for (connection *c = p->first; c && *n + 2 <= MOST; c = c->next) {
		bool busy = c->replies.n > 0 && !p->hold && (p->delay > 0 || p->split);
		bool writes = c->replies.n > 0 && !p->hold && !busy;

		fds[(*n)++] = (struct pollfd){ .fd = c->requests.n > 0 && !writes ? -1 : c->store,
			.events = (short)((c->requests.n > 0 ? 0 : POLLIN) | (writes ? POLLOUT : 0)) };
		fds[(*n)++] = (struct pollfd){ .fd = c->replies.n > 0 && (c->requests.n == 0 || p->hold_requests) ? -1 : c->server,
			.events = (short)((c->replies.n > 0 ? 0 : POLLIN) | (c->requests.n > 0 && !p->hold_requests ? POLLOUT : 0)) };
		soon |= busy;
	}
	return soon;
}

static void *run(void *user)
{
	static const struct timespec soon = { .tv_nsec = SPLIT_NS };
	proxy *p = user;
	char drained[64];

	pthread_mutex_lock(&p->lock);
	while (!p->ends) {
		struct pollfd fds[MOST];
		nfds_t n;
		bool hurry = list(p, fds, &n);

		pthread_mutex_unlock(&p->lock);
		ppoll(fds, n, hurry ? &soon : NULL, NULL);
		pthread_mutex_lock(&p->lock);
		while (read(p->wake[0], drained, sizeof drained) > 0)
			;
		for (int i = 1; i < FIXED; i++) {
			if (fds[i].revents)
				admit(p, fds[i].fd);
		}
		for (connection *c = p->first; c; c = c->next)
			serve(p, c);
		sweep(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int listen_by_path(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0, path);
	return fd;
}

static int listen_by_port(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &n) == 0, "loopback");
	*port = ntohs(at.sin_port);
	return fd;
}

/* Signals are for the test. */
static void start_thread(proxy *p)
{
	sigset_t all, before_it;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before_it);
	check(pthread_create(&p->thread, NULL, run, p) == 0, "thread");
	pthread_sigmask(SIG_SETMASK, &before_it, NULL);
}

proxy *proxy_new(const redis_server *server)
{
	proxy *p = calloc(1, sizeof *p);

	check(p != NULL, "proxy");
	p->behind = server;
	snprintf(p->path, sizeof p->path, "%s/proxy", redis_server_folder(server));
	for (int i = 1; access(p->path, F_OK) == 0; i++)
		snprintf(p->path, sizeof p->path, "%s/proxy%d", redis_server_folder(server), i);
	snprintf(p->address, sizeof p->address, "unix:%s", p->path);
	p->by_path = listen_by_path(p->path);
	p->by_port = listen_by_port(&p->port);
	check(pipe2(p->wake, O_CLOEXEC | O_NONBLOCK) == 0, "pipe");
	p->cut_replies = p->cut_requests = p->cut_each = PROXY_NEVER;
	pthread_mutex_init(&p->lock, NULL);
	start_thread(p);
	return p;
}

/* What is changed in between is seen by the thread at once. */
static void begin_change(proxy *p)
{
	pthread_mutex_lock(&p->lock);
}

static void end_change(proxy *p)
{
	check(write(p->wake[1], "", 1) == 1 || errno == EAGAIN, "pipe");
	pthread_mutex_unlock(&p->lock);
}

void proxy_free(proxy *p)
{
	if (!p)
		return;
	proxy_drop(p);
	begin_change(p);
	p->ends = true;
	end_change(p);
	pthread_join(p->thread, NULL);
	for (connection *c = p->first; c; c = c->next)
		cut(c);
	sweep(p);
	unlink(p->path);
	close(p->by_path);
	close(p->by_port);
	close(p->wake[0]);
	close(p->wake[1]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

const char *proxy_address(const proxy *p)
{
	return p->address;
}

uint16_t proxy_port(const proxy *p)
{
	return p->port;
}

#define SETTER(name, type, member) \
	void name(proxy *p, type value) \
	{ \
		begin_change(p); \
		p->member = value; \
		end_change(p); \
	}

SETTER(proxy_cut_replies, int64_t, cut_replies)
SETTER(proxy_cut_requests, int64_t, cut_requests)
SETTER(proxy_cut_each, int64_t, cut_each)
SETTER(proxy_split, bool, split)
SETTER(proxy_delay, uint32_t, delay)
SETTER(proxy_hold, bool, hold)
SETTER(proxy_hold_requests, bool, hold_requests)
SETTER(proxy_refuse, bool, refuse)

void proxy_drop(proxy *p)
{
	begin_change(p);
	for (connection *c = p->first; c; c = c->next)
		cut(c);
	end_change(p);
}

#define GETTER(name, type, member) \
	type name(proxy *p) \
	{ \
		pthread_mutex_lock(&p->lock); \
		type value = p->member; \
		pthread_mutex_unlock(&p->lock); \
		return value; \
	}

GETTER(proxy_accepted, uint32_t, accepted)
GETTER(proxy_open, uint32_t, open)
GETTER(proxy_replied, uint64_t, replied)
GETTER(proxy_requested, uint64_t, requested)
