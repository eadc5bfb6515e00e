/* SPDX-License-Identifier: MIT */
/*
 * The one place that touches hiredis and the sockets. hiredis reads replies and, over TLS, writes; it neither connects nor resolves.
 * Its own sending would raise SIGPIPE, and its asynchronous interface frees a connection inside callbacks.
 */
#include "links.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Bounds on what a server can make this process keep: elements of one array, arrays within arrays (freed by recursion), bytes of a line, and
 * bytes of a reply that is not complete. hiredis moves what is left in its buffer to the front after each kilobyte, so a read is short. */
enum { ELEMENTS_MAX = 1 << 20, DEPTH_MAX = 6, LINE_MAX_BYTES = 1 << 16, READ_SIZE = 8192, PIECES = 256 };
static const size_t incomplete_max = (size_t)64 << 20;

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

static void *create_bounded_array(const redisReadTask *task, array_size n)
{
	rg__redis_link *l = task->privdata;
	int depth = 0;

	for (const redisReadTask *t = task; t; t = t->parent)
		depth++;
	if (n <= ELEMENTS_MAX && depth <= DEPTH_MAX)
		return l->plain->createArray(task, n);
	rg__redis_break(l, n > ELEMENTS_MAX ? "a reply has more than a million elements" : "a reply is nested too deeply");
	return NULL;
}

void rg__redis_break(rg__redis_link *l, const char *why)
{
	if (l->broken[0] == '\0')
		rg__redis_clean(l->broken, sizeof l->broken, why, strlen(why));
	rg__redis_kick(l->store);
}

/* hiredis 0.14 leaves descriptor 0 open. */
static void close_context(rg__redis_link *l)
{
	close(redisFreeKeepFd(l->context));
	l->context = NULL;
}

static int connect_to(const rg__redis *r, const rg_addr *to, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	} a;
	socklen_t size = sizeof a.local;

	memset(&a, 0, sizeof a);
	if (!to) {
		a.local.sun_family = AF_UNIX;
		memcpy(a.local.sun_path, r->url.path.p, r->url.path.n); /* its length was checked by rg_redis_store_new() */
	} else if (to->family == 4) {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons(r->url.port);
		memcpy(&a.v4.sin_addr, to->ip, 4);
		size = sizeof a.v4;
	} else {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_port = htons(r->url.port);
		memcpy(&a.v6.sin6_addr, to->ip, 16);
		size = sizeof a.v6;
	}
	return connect(fd, &a.any, size) == 0 || errno == EINPROGRESS ? 0 : -1;
}

static int open_socket(const rg_addr *to)
{
	int on = 1;
	int fd = socket(!to ? AF_UNIX : to->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || !to)
		return fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	return fd;
}

bool rg__redis_prepare_reader(rg__redis_link *l)
{
	redisReader *reader = l->context->reader;

	if (!reader)
		return false;
	l->plain = reader->fn;
	l->functions = *reader->fn;
	l->functions.createArray = create_bounded_array;
	reader->fn = &l->functions;
	reader->privdata = l;
	reader->maxbuf = 0; /* it would free and make its buffer anew, and abort when there is no memory */
	return true;
}

bool rg__redis_link_open(rg__redis_link *l, const rg_addr *to, char *why, size_t size)
{
	int fd = open_socket(to);

	if (fd < 0 || connect_to(l->store, to, fd) != 0) {
		snprintf(why, size, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	l->context = redisConnectFd(fd);
	if (!l->context || l->context->err || !rg__redis_prepare_reader(l)) {
		snprintf(why, size, "out of memory");
		if (l->context)
			close_context(l);
		else
			close(fd);
		return false;
	}
	l->context->flags &= ~REDIS_BLOCK; /* hiredis 1 takes a descriptor for a blocking one */
	l->fd = fd;
	l->epoch++;
	l->broken[0] = l->said[0] = '\0';
	l->fruitful = l->flushing = false;
	l->incomplete = 0;
	return true;
}

bool rg__redis_link_opened(rg__redis_link *l, char *why, size_t size)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error) {
		snprintf(why, size, "%s", strerror(error));
		return false;
	}
	return !l->store->url.tls || rg__redis_tls_begin(l, why, size);
}

void rg__redis_link_close(rg__redis_link *l)
{
	l->epoch++;
	l->stage = STAGE_NONE;
	rg__redis_interest(l);
	if (l->context)
		close_context(l);
	l->tls = NULL;
	l->fd = -1;
	l->broken[0] = '\0';
	free(l->greeting);
	l->greeting = NULL;
	l->unsent = NULL;
}

uint32_t rg__redis_link_wants(const rg__redis_link *l)
{
	if (l->fd < 0 || l->stage < STAGE_OPENING)
		return 0;
	if (l->stage == STAGE_OPENING)
		return RG_REDIS_WRITE;
	return RG_REDIS_READ | (l->unsent || rg__redis_tls_waits_to_write(l) ? RG_REDIS_WRITE : 0);
}

/* The next requests as pieces of one write, and their bytes in all. */
static int gather(rg__redis_link *l, struct iovec *pieces, size_t *sum)
{
	size_t from = l->unsent_at;
	int n = 0;

	*sum = 0;
	for (rg__redis_request *q = l->unsent; q && n < PIECES; q = q->next, n++) {
		if (q != l->unsent)
			from = rg__redis_rest_at(q);
		pieces[n] = (struct iovec){ q->text + from, q->len - from };
		*sum += q->len - from;
		q->begun = q->written = true;
	}
	return n;
}

/* A command of the watch link is forgotten when it is sent: what it causes is no answer to it. */
static void forget_sent(rg__redis_link *l, rg__redis_request *q)
{
	if (l->index != LINK_WATCH || q == l->greeting)
		return;
	rg__redis_drop_first(l);
	free(q);
}

static void advance(rg__redis_link *l, size_t n)
{
	while (l->unsent && n >= l->unsent->len - l->unsent_at) {
		rg__redis_request *q = l->unsent;

		n -= q->len - l->unsent_at;
		rg__redis_send_from(l, q->next);
		forget_sent(l, q);
	}
	l->unsent_at += l->unsent ? n : 0;
}

static ssize_t write_plain(rg__redis_link *l, size_t *sum)
{
	struct iovec pieces[PIECES];
	struct msghdr m = { .msg_iov = pieces, .msg_iovlen = (size_t)gather(l, pieces, sum) };
	ssize_t n;

	do
		n = sendmsg(l->fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n;
}

static void write_tls(rg__redis_link *l)
{
	struct iovec pieces[PIECES];

	while (l->unsent) {
		size_t sum;
		int n = gather(l, pieces, &sum);
		for (int i = 0; i < n; i++)
			if (!rg__redis_tls_append(l, pieces[i].iov_base, pieces[i].iov_len))
				return;
		advance(l, sum);
	}
	rg__redis_tls_flush(l);
}

void rg__redis_link_write(rg__redis_link *l)
{
	if (l->store->url.tls && l->broken[0] == '\0')
		write_tls(l);
	while (l->unsent && l->broken[0] == '\0') {
		size_t sum;
		ssize_t n = write_plain(l, &sum);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			rg__redis_break(l, strerror(errno));
			break;
		}
		advance(l, (size_t)n);
		if ((size_t)n < sum)
			break; /* there is no more room */
	}
	rg__redis_interest(l);
}

static bool reader_fails(rg__redis_link *l)
{
	char why[TROUBLE_SIZE];

	if (l->context->reader->err == 0)
		return false;
	snprintf(why, sizeof why, "this is no Redis, or a reply is damaged: %s", l->context->reader->errstr);
	rg__redis_break(l, why);
	return true;
}

/* What hiredis holds back begins with a line: the reply itself, or its length. hiredis goes over all of it for each read. */
static bool line_is_too_long(const redisReader *reader)
{
	return reader->len - reader->pos > LINE_MAX_BYTES && !memmem(reader->buf + reader->pos, LINE_MAX_BYTES, "\r\n", 2);
}

/* Elements that are complete leave the buffer of hiredis, so it is the bytes of the whole reply that count. */
static bool feed(rg__redis_link *l, const char *bytes, size_t n)
{
	redisReader *reader = l->context->reader;

	l->incomplete += n;
	if (l->incomplete > incomplete_max)
		rg__redis_break(l, "a reply is above 64 MiB");
	else if (line_is_too_long(reader))
		rg__redis_break(l, "a reply has a line above 64 KiB");
	if (l->broken[0])
		return false;
	redisReaderFeed(reader, bytes, n);
	return !reader_fails(l);
}

static bool read_tls(rg__redis_link *l)
{
	const redisReader *reader = l->context->reader;
	size_t before = reader->len;
	bool any = rg__redis_tls_read(l);

	l->incomplete += reader->len - before;
	l->more = true; /* TLS may have kept a part */
	rg__redis_interest(l);
	return any && feed(l, "", 0);
}

bool rg__redis_link_read(rg__redis_link *l)
{
	char bytes[READ_SIZE];
	ssize_t n;

	if (l->store->url.tls)
		return read_tls(l);
	do
		n = recv(l->fd, bytes, sizeof bytes, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n <= 0) {
		rg__redis_break(l, n == 0 ? "the server closed the connection" : strerror(errno));
		return false;
	}
	l->more = (size_t)n == sizeof bytes;
	return feed(l, bytes, (size_t)n);
}

redisReply *rg__redis_link_reply(rg__redis_link *l)
{
	void *reply = NULL;

	redisReaderGetReply(l->context->reader, &reply);
	if (reader_fails(l))
		return NULL;
	if (reply)
		l->incomplete = l->context->reader->len - l->context->reader->pos;
	return reply;
}

void rg__redis_link_free_reply(redisReply *reply)
{
	freeReplyObject(reply);
}
