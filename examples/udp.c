/* SPDX-License-Identifier: MIT */
/* A registrar and redirect server over UDP, from bytes to bytes (librgstr-wire), for as many users as there is memory for.
 *
 * - Each thread has a socket of its own on the one address (SO_REUSEPORT). The kernel hands all datagrams of a sender to the same socket.
 * - A thread takes the datagrams that are there, at most BATCH, with one recvmmsg(). The library answers them together, so that the memory of
 *   the later ones arrives while it works on the earlier ones. One sendmmsg() sends the replies.
 * - The main thread calls rg_registrar_tick() at the time that the last tick or env.wakeup named, and waits for SIGTERM.
 *
 * usage: udp [-r] ADDRESS PORT [THREADS [PARAMETER=VALUE]...]
 *
 * -r stores the source of each REGISTER as the received URI of its bindings. THREADS is by default the number of processors. ADDRESS is one
 * that the machine has: with 0.0.0.0, a reply could leave from another address than the one that the request was sent to. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <rgstr/memory.h>
#include <rgstr/wire.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	BATCH = 32,
	DATAGRAM = 65535 + 65, /* any datagram fits; a stride that is no power of two, so that not all buffers compete for the same cache lines */
	QUEUE = 4 << 20, /* bytes that may wait in the kernel: a burst of some thousand REGISTERs */
	THREADS_MAX = 64
};

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

struct server {
	int keeps_source; /* -r */
	int timer, signals;
	atomic_int stopping;
	char local[80]; /* the socket as the library names it, `udp:ip:port` */
	union address address;
	socklen_t address_size;
	pthread_mutex_t lock; /* guards `due` and the timer */
	rg_time due;          /* of the next tick */
	rg_registrar *registrar;
	long n_workers;
	struct worker *workers[THREADS_MAX];
};

struct worker {
	struct server *server;
	pthread_t thread;
	int socket;
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_bytes[BATCH], out_bytes[BATCH];
	union address from[BATCH];
	rg_wire_call calls[BATCH];
	rg_request hosts[BATCH];
	char received[BATCH][80];
	char datagrams[BATCH][DATAGRAM], replies[BATCH][DATAGRAM];
};

static rg_addr addr_of(const union address *from)
{
	int six = from->any.sa_family == AF_INET6;
	rg_addr addr = { .family = six ? 6 : 4, .port = ntohs(six ? from->six.sin6_port : from->four.sin_port) };

	memcpy(addr.ip, six ? (const void *)&from->six.sin6_addr : &from->four.sin_addr, six ? 16 : 4);
	return addr;
}

/* Is this an address of one host? A datagram that names another source is forged, and a reply would go to many hosts or to none. */
static int is_one_host(const rg_addr *addr)
{
	static const uint8_t unspecified[16];

	if (addr->port == 0)
		return 0;
	if (addr->family == 6)
		return addr->ip[0] != 0xff && memcmp(addr->ip, unspecified, sizeof unspecified) != 0;
	return addr->ip[0] != 0 && addr->ip[0] < 224; /* from 224 on: multicast, reserved, broadcast */
}

/* A message of no bytes has no answer. */
static void take(struct worker *w, unsigned i)
{
	rg_wire_call *call = &w->calls[i];
	rg_request *host = &w->hosts[i];

	host->source = addr_of(&w->from[i]);
	call->bytes = (rg_str){ w->datagrams[i], is_one_host(&host->source) ? w->in[i].msg_len : 0 };
	if (!w->server->keeps_source)
		return;
	rg_str source = rg_addr_print(&host->source, w->received[i] + 4, sizeof w->received[i] - 4);
	host->received = (rg_str){ w->received[i], 4 + source.n };
}

/* Makes reply @p i the @p n-th one to be sent. Returns the number of replies. It goes to the address that the request came from; the port is
 * that of Via unless the client asked for the source port (RFC 3261 §18.2.2, RFC 3581 §4). A reply that does not fit is not sent. */
static unsigned put(struct worker *w, unsigned n, unsigned i)
{
	const rg_wire_call *call = &w->calls[i];
	union address *to = &w->from[i];

	if (call->n == 0 || call->n > call->room || !is_one_host(&call->to))
		return n;
	*(call->to.family == 6 ? &to->six.sin6_port : &to->four.sin_port) = htons(call->to.port);
	w->out_bytes[n] = (struct iovec){ call->reply, call->n };
	w->out[n].msg_hdr = (struct msghdr){ .msg_name = to, .msg_namelen = w->in[i].msg_hdr.msg_namelen, .msg_iov = &w->out_bytes[n], .msg_iovlen = 1 };
	return n + 1;
}

/* A reply that cannot be sent at once is lost, as any datagram may be: the client sends its request again. sendmmsg() stops at such a
 * reply, and the next one may go elsewhere. */
static void send_replies(struct worker *w, unsigned n)
{
	for (unsigned at = 0; at < n;) {
		int sent = sendmmsg(w->socket, w->out + at, n - at, MSG_DONTWAIT);

		at += sent > 0 ? (unsigned)sent : 1;
	}
}

static void answer(struct worker *w, unsigned n)
{
	unsigned replies = 0;

	for (unsigned i = 0; i < n; i++)
		take(w, i);
	rg_wire_handle_many(w->server->registrar, w->calls, n, NULL); /* what became of a call is in the call */
	for (unsigned i = 0; i < n; i++)
		replies = put(w, replies, i);
	send_replies(w, replies);
}

/* Waits for the first datagram only. After an error of the socket it waits a moment, because the error may stay. */
static void *work(void *worker)
{
	struct worker *w = worker;

	while (!atomic_load(&w->server->stopping)) {
		for (unsigned i = 0; i < BATCH; i++)
			w->in[i].msg_hdr.msg_namelen = sizeof w->from[i];
		int n = recvmmsg(w->socket, w->in, BATCH, MSG_WAITFORONE, NULL);

		if (n > 0)
			answer(w, (unsigned)n);
		else if (errno != EINTR)
			poll(NULL, 0, 10);
	}
	return NULL;
}

/* The members that are the same for every datagram. */
static struct worker *new_worker(struct server *s, int socket)
{
	struct worker *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->server = s;
	w->socket = socket;
	for (unsigned i = 0; i < BATCH; i++) {
		w->in_bytes[i] = (struct iovec){ w->datagrams[i], DATAGRAM };
		w->in[i].msg_hdr = (struct msghdr){ .msg_name = &w->from[i], .msg_iov = &w->in_bytes[i], .msg_iovlen = 1 };
		memcpy(w->received[i], "sip:", 4);
		rg_request_init(&w->hosts[i], sizeof w->hosts[i]);
		w->hosts[i].transport = RG_STR("udp");
		rg_wire_call_init(&w->calls[i], sizeof w->calls[i]);
		w->calls[i].flags = RG_WIRE_REDIRECT;
		w->calls[i].host = &w->hosts[i];
		w->calls[i].reply = w->replies[i];
		w->calls[i].room = DATAGRAM;
	}
	return w;
}

/* Only the first socket finds out whether the address is free: a socket that has SO_REUSEPORT would share it with another server. */
static int open_socket(struct server *s, int first)
{
	int on = 1, queue = QUEUE, fd = socket(s->address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (s->address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof queue) < 0) /* needs CAP_NET_ADMIN; without it, the system limits the size */
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof queue);
	if (!first)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	if (bind(fd, &s->address.any, s->address_size) < 0 || getsockname(fd, &s->address.any, &s->address_size) < 0) {
		close(fd);
		return -1;
	}
	if (first)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	return fd;
}

/* Opens all sockets before a thread starts, so that the kernel does not move senders from one to another. */
static int open_workers(struct server *s, const char *address, const char *port, long n)
{
	struct addrinfo *found, hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };

	errno = EINVAL; /* which getaddrinfo() does not say */
	if (n < 1 || n > THREADS_MAX || getaddrinfo(address, port, &hints, &found) != 0)
		return -1;
	memcpy(&s->address, found->ai_addr, found->ai_addrlen);
	s->address_size = found->ai_addrlen;
	freeaddrinfo(found);
	while (s->n_workers < n) {
		int fd = open_socket(s, s->n_workers == 0);
		struct worker *w = fd < 0 ? NULL : new_worker(s, fd);

		if (!w)
			return -1;
		s->workers[s->n_workers++] = w;
	}
	rg_addr local = addr_of(&s->address);
	memcpy(s->local, "udp:", 4);
	rg_addr_print(&local, s->local + 4, sizeof s->local - 5);
	for (long i = 0; i < n; i++)
		for (unsigned j = 0; j < BATCH; j++)
			s->workers[i]->hosts[j].socket = rg_str_from(s->local);
	return 0;
}

/* env.wakeup, on any thread: the next tick is due at @p next, unless an earlier one is. The real-time clock is that of the registrar. A time
 * of 0 would disarm the timer. */
static void arm(void *user, rg_time next)
{
	struct server *s = user;
	rg_time at = next > 0 ? next : 1;
	struct itimerspec when = { .it_value = { .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 } };

	pthread_mutex_lock(&s->lock);
	if (next < s->due) {
		s->due = next;
		timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &when, NULL);
	}
	pthread_mutex_unlock(&s->lock);
}

/* What a REGISTER makes due while the tick runs is earlier than RG_TIME_NEVER, and stays when the tick names a later time. */
static void tick(struct server *s)
{
	uint64_t expirations;
	rg_time next;

	(void)!read(s->timer, &expirations, sizeof expirations);
	pthread_mutex_lock(&s->lock);
	s->due = RG_TIME_NEVER;
	pthread_mutex_unlock(&s->lock);
	rg_registrar_tick(s->registrar, 0, &next); /* what fails is due again at `next` */
	arm(s, next);
}

static rg_status make_registrar(struct server *s, char **parameters, rg_error *why)
{
	rg_config *config = NULL;
	rg_store *store = NULL;
	rg_env env;
	rg_status status = rg_config_new(&config);

	rg_env_init(&env, sizeof env);
	env.wakeup = arm;
	env.user = s;
	for (; status == RG_OK && *parameters; parameters++) {
		const char *equals = strchrnul(*parameters, '=');
		rg_str name = { *parameters, (size_t)(equals - *parameters) };

		status = rg_config_set(config, name, rg_str_from(*equals ? equals + 1 : ""), why);
	}
	if (status == RG_OK)
		status = rg_memory_store_new(NULL, &store, why);
	if (status == RG_OK)
		status = rg_registrar_new(config, store, &env, &s->registrar, why);
	rg_store_unref(store); /* the registrar holds its own reference */
	rg_config_free(config);
	return status;
}

/* Runs the threads until a signal comes. Returns 0, or the error for which a thread could not begin. */
static int run(struct server *s)
{
	struct pollfd watched[] = { { .fd = s->signals, .events = POLLIN }, { .fd = s->timer, .events = POLLIN } };
	long running = 0;
	int error = 0;

	while (running < s->n_workers && error == 0) {
		error = pthread_create(&s->workers[running]->thread, NULL, work, s->workers[running]);
		running += error == 0;
	}
	tick(s); /* the first one; the others come at the time that this one named */
	while (error == 0 && !(watched[0].revents & POLLIN)) {
		if (poll(watched, 2, -1) > 0 && watched[1].revents & POLLIN)
			tick(s);
	}
	atomic_store(&s->stopping, 1);
	while (running > 0) {
		struct worker *w = s->workers[--running];

		shutdown(w->socket, SHUT_RD); /* wakes the thread: it is told that it received nothing */
		pthread_join(w->thread, NULL);
	}
	return error;
}

static int open_all(struct server *s, char **args)
{
	sigset_t stop;
	char *end = NULL;
	long threads = args[2] ? strtol(args[2], &end, 10) : sysconf(_SC_NPROCESSORS_ONLN);

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL); /* in all threads */
	s->signals = signalfd(-1, &stop, SFD_CLOEXEC);
	s->timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	return s->signals < 0 || s->timer < 0 ? -1 : open_workers(s, args[0], args[1], end && *end ? 0 : threads);
}

int main(int argc, char **argv)
{
	static struct server s = { .due = RG_TIME_NEVER, .lock = PTHREAD_MUTEX_INITIALIZER, .timer = -1, .signals = -1 };
	rg_error *why = rg_error_new();
	int failed = 1;

	s.keeps_source = argc > 1 && strcmp(argv[1], "-r") == 0;
	argv += 1 + s.keeps_source;
	argc -= 1 + s.keeps_source;
	if (argc < 2)
		fprintf(stderr, "usage: udp [-r] ADDRESS PORT [THREADS [PARAMETER=VALUE]...]\n");
	else if (open_all(&s, argv) < 0)
		perror("udp");
	else if (make_registrar(&s, argv + (argc > 2 ? 3 : 2), why) != RG_OK)
		fprintf(stderr, "udp: %s\n", rg_error_text(why).p);
	else if (printf("listening on %s\n", s.local) > 0 && fflush(stdout) == 0)
		failed = run(&s) != 0;
	while (s.n_workers > 0) {
		close(s.workers[--s.n_workers]->socket);
		free(s.workers[s.n_workers]);
	}
	rg_registrar_unref(s.registrar);
	rg_error_free(why);
	close(s.signals);
	close(s.timer);
	return failed;
}
