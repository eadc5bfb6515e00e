/* SPDX-License-Identifier: MIT */
/* A registrar and redirect server on epoll, UDP only, with a parser of its own: a host without a SIP stack.
 *
 * - The parser fills in an rg_request. It only finds the values; the library validates them.
 * - The verbs have their completion form, as over a store that answers later. What the reply needs is copied before a verb starts.
 * - A timerfd calls rg_registrar_tick() at the time that the last tick or env.wakeup named.
 * - A subscription prints every change of a binding.
 *
 * usage: epoll ADDRESS PORT [PARAMETER=VALUE]... */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { DATAGRAM = 65536, LINES = 32, AT_ONCE = 64, N_HEADERS = 15 };

struct server {
	int socket, timer, signals;
	uint8_t key[RG_TO_KEY_BYTES];
	char local[80]; /* the socket as the library names it, `udp:ip:port` */
	rg_registrar *registrar;
	rg_error *why; /* of the last call that failed */
	char datagram[DATAGRAM], room[DATAGRAM];
};

/* A request, whose texts lie in the datagram. */
struct message {
	rg_request request;
	rg_str version, content_length;
	const rg_str *vias;
	uint32_t n_vias;
	rg_str lines[N_HEADERS][LINES];
};

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* The reply to a request: where it goes, and its headers so far. */
struct exchange {
	struct server *server;
	union address to;
	socklen_t to_size;
	size_t n; /* from DATAGRAM on, the text is cut */
	char text[DATAGRAM];
};

#define ONE(member) offsetof(struct message, request.member), 0
#define ALL(member) offsetof(struct message, request.member), offsetof(struct message, request.n_##member)

static const struct header {
	const char *name;
	char compact;        /* RFC 3261 §7.3.3; 0 = none */
	size_t value, count; /* where it goes; count 0: a header that may occur once */
} headers[N_HEADERS] = {
	{ "Via", 'v', offsetof(struct message, vias), offsetof(struct message, n_vias) }, { "From", 'f', ONE(from_header) },
	{ "To", 't', ONE(to_header) },
	{ "Call-ID", 'i', ONE(callid) }, { "CSeq", 0, ONE(cseq) }, { "Contact", 'm', ALL(contacts) }, { "Expires", 0, ONE(expires) },
	{ "User-Agent", 0, ONE(user_agent) }, { "Path", 0, ALL(paths) }, { "Supported", 'k', ALL(supported) }, { "Require", 0, ALL(require) },
	{ "Feature-Caps", 0, ALL(feature_caps) }, { "Allow", 0, ALL(allow) }, { "Route", 0, ALL(routes) },
	{ "Content-Length", 'l', offsetof(struct message, content_length), 0 },
};

static rg_str trim(rg_str s)
{
	for (; s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'); s.p++)
		s.n--;
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Takes the text before @p end off the front of @p rest, and @p end with it; without an @p end, all of the text. */
static rg_str take(rg_str *rest, const char *end)
{
	const char *at = memmem(rest->p, rest->n, end, strlen(end));
	rg_str taken = { rest->p, at ? (size_t)(at - rest->p) : rest->n };
	size_t used = at ? taken.n + strlen(end) : taken.n;

	*rest = (rg_str){ rest->p + used, rest->n - used };
	return taken;
}

static int is_token(rg_str s)
{
	size_t i = 0;

	while (i < s.n && (isalnum((unsigned char)s.p[i]) || strchr("-.!%*_+`'~", s.p[i])))
		i++;
	return s.n > 0 && i == s.n;
}

static int is_named(rg_str name, const struct header *header)
{
	if (name.n == 1 && header->compact)
		return (name.p[0] | 0x20) == header->compact;
	return name.n == strlen(header->name) && strncasecmp(name.p, header->name, name.n) == 0;
}

static void take_header(struct message *m, rg_str line)
{
	rg_str value = line, name = trim(take(&value, ":"));
	size_t i = 0;

	if (!is_token(name) || name.n == line.n)
		m->request.defect = RG_R_PARSE;
	while (i < N_HEADERS && !is_named(name, &headers[i]))
		i++;
	if (i == N_HEADERS)
		return;
	rg_str *one = (void *)((char *)m + headers[i].value);
	const rg_str **all = (void *)((char *)m + headers[i].value);
	uint32_t *n = headers[i].count ? (void *)((char *)m + headers[i].count) : NULL;
	if (n ? *n == LINES : one->p != NULL) {
		m->request.defect = n ? RG_R_TOO_LARGE : RG_R_PARSE;
	} else if (n) {
		*all = m->lines[i];
		m->lines[i][(*n)++] = trim(value);
	} else {
		*one = trim(value);
	}
}

/* Undoes line folding (RFC 3261 §7.3.1). Returns 0 for a control character, and so for a CR or an LF that ends no line. */
static int unfold(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int end = p[i] == '\r' && i + 1 < n && p[i + 1] == '\n';

		if (end && i + 2 < n && (p[i + 2] == ' ' || p[i + 2] == '\t'))
			p[i] = p[i + 1] = ' ';
		else if (end)
			i++;
		else if (((unsigned char)p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			return 0;
	}
	return 1;
}

/* RFC 3261 §18.3: a datagram that ends before its body does is refused. A line end follows the value, so strtoul() stops there. */
static int has_body(rg_str length, size_t there)
{
	char *end;

	if (!length.p)
		return 1;
	size_t n = strtoul(length.p, &end, 10);
	return length.n > 0 && isdigit((unsigned char)length.p[0]) && end == length.p + length.n && n <= there;
}

/* Returns 0 for a datagram that is no SIP request: a response, a keep-alive, noise. */
static int parse(char *bytes, size_t n, struct message *m)
{
	for (; n >= 2 && memcmp(bytes, "\r\n", 2) == 0; n -= 2)
		bytes += 2;
	const char *blank = memmem(bytes, n, "\r\n\r\n", 4);
	rg_str rest = { bytes, blank ? (size_t)(blank - bytes) : 0 };

	memset(m, 0, sizeof *m);
	rg_request_init(&m->request, sizeof m->request);
	if (!blank || !unfold(bytes, rest.n))
		return 0;
	rg_str start = take(&rest, "\r\n");
	m->request.method = take(&start, " ");
	m->request.request_uri = take(&start, " ");
	m->version = start;
	if (!is_token(m->request.method) || m->request.request_uri.n == 0 || start.n < 4 || strncasecmp(start.p, "SIP/", 4) != 0)
		return 0;
	while (rest.n > 0)
		take_header(m, take(&rest, "\r\n"));
	if (!has_body(m->content_length, n - (size_t)(blank - bytes) - 4))
		m->request.defect = RG_R_PARSE;
	m->request.via_count = m->n_vias;
	m->request.transport = RG_STR("udp");
	return 1;
}

static rg_addr addr_of(const union address *from)
{
	int six = from->any.sa_family == AF_INET6;
	rg_addr addr = { .family = six ? 6 : 4, .port = ntohs(six ? from->six.sin6_port : from->four.sin_port) };

	memcpy(addr.ip, six ? (const void *)&from->six.sin6_addr : &from->four.sin_addr, six ? 16 : 4);
	return addr;
}

static void put(struct exchange *x, rg_str name, rg_str value)
{
	if (value.n > 0 && x->n < DATAGRAM)
		x->n += (size_t)snprintf(x->text + x->n, DATAGRAM - x->n, "%.*s: %.*s\r\n", (int)name.n, name.p, (int)value.n, value.p);
}

/* NULL: there is no place for a reply, because Via is missing or malformed, or no memory. */
static struct exchange *begin_exchange(struct server *s, const struct message *m, const union address *from, socklen_t size)
{
	const rg_request *r = &m->request;
	rg_addr back;
	size_t n;

	if (m->n_vias == 0 || rg_via_header(m->vias[0], &r->source, s->room, sizeof s->room, &n, &back) != RG_OK || n > sizeof s->room)
		return NULL;
	struct exchange *x = malloc(sizeof *x);
	if (!x)
		return NULL;
	x->n = 0;
	x->server = s;
	x->to = *from;
	x->to_size = size;
	*(back.family == 6 ? &x->to.six.sin6_port : &x->to.four.sin_port) = htons(back.port);
	put(x, RG_STR("Via"), (rg_str){ s->room, n });
	for (uint32_t i = 1; i < m->n_vias; i++)
		put(x, RG_STR("Via"), m->vias[i]);
	put(x, RG_STR("From"), r->from_header);
	if (rg_to_header(r, m->vias[0], s->key, s->room, sizeof s->room, &n) == RG_OK && n <= sizeof s->room)
		put(x, RG_STR("To"), (rg_str){ s->room, n });
	put(x, RG_STR("Call-ID"), r->callid);
	put(x, RG_STR("CSeq"), r->cseq);
	return x;
}

/* A reply that is too long, or that cannot be sent at once, is lost as any datagram may be: the client sends its request again. */
static void send_reply(struct exchange *x, int32_t code)
{
	struct server *s = x->server;
	int n = snprintf(s->room, sizeof s->room, "SIP/2.0 %d %s\r\n%.*sContent-Length: 0\r\n\r\n", (int)code, rg_sip_phrase(code),
		x->n < DATAGRAM ? (int)x->n : DATAGRAM, x->text);

	if (x->n < DATAGRAM && n > 0 && (size_t)n < sizeof s->room)
		(void)!sendto(s->socket, s->room, (size_t)n, 0, &x->to.any, x->to_size);
}

/* The response is complete also when the store has failed. It is NULL when the operation was canceled, or memory ran out. */
static void on_saved(void *user, rg_status status, rg_response *response)
{
	struct exchange *x = user;
	const rg_header *header;
	uint32_t n;

	(void)status;
	int good = rg_response_headers(response, &header, &n) == RG_OK;
	for (uint32_t i = 0; good && i < n; i++)
		put(x, header[i].name, header[i].value);
	send_reply(x, good ? rg_response_code(response) : 500);
	rg_response_free(response);
}

static void on_found(void *user, rg_status status, rg_targets *targets)
{
	struct exchange *x = user;
	int32_t code = rg_targets_count(targets) > 0 ? 480 : rg_targets_code(targets); /* 480: none of them can be told */
	rg_target target;
	size_t n;

	(void)status;
	rg_target_init(&target, sizeof target);
	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		/* A fallback is for later, after its principal has failed. */
		if (target.fallback_of != UINT32_MAX || rg_contact_header(&target, x->server->room, DATAGRAM, &n) != RG_OK || n > DATAGRAM)
			continue;
		put(x, RG_STR("Contact"), (rg_str){ x->server->room, n });
		code = 302;
	}
	send_reply(x, code);
	rg_targets_free(targets);
}

/* The code for a request that is not looked up; 0 = it is. A REGISTER with a defect is refused by the library. */
static int32_t refusal(const struct message *m)
{
	const rg_request *r = &m->request;

	if (!rg_str_equal(m->version, RG_STR("SIP/2.0")))
		return 505;
	if (rg_str_equal(r->method, RG_STR("REGISTER")))
		return 0;
	if (r->defect != RG_R_FINE)
		return rg_reason_code(r->defect);
	if (!r->from_header.n || !r->to_header.n || !r->callid.n || !r->cseq.n)
		return 400;
	if (rg_str_equal(r->method, RG_STR("CANCEL"))) /* RFC 3261 §8.3 */
		return 200;
	return r->n_require > 0 ? 420 : 0;
}

static void handle(struct server *s, size_t n, const union address *from, socklen_t from_size)
{
	struct message m;
	struct exchange *x;

	if (!parse(s->datagram, n, &m) || rg_str_equal(m.request.method, RG_STR("ACK")))
		return;
	m.request.source = addr_of(from);
	m.request.socket = rg_str_from(s->local);
	x = begin_exchange(s, &m, from, from_size);
	if (!x)
		return;
	int32_t code = refusal(&m);
	for (uint32_t i = 0; code == 420 && i < m.request.n_require; i++)
		put(x, RG_STR("Unsupported"), m.request.require[i]);
	if (code == 0) {
		rg_status status = rg_str_equal(m.request.method, RG_STR("REGISTER"))
					   ? rg_save_async(s->registrar, &m.request, NULL, on_saved, x, free, NULL, s->why)
					   : rg_lookup_async(s->registrar, &m.request, NULL, on_found, x, free, NULL, s->why);
		if (status == RG_OK || status == RG_PENDING)
			return;
		fprintf(stderr, "epoll: %s\n", rg_error_text(s->why).p);
		code = 500; /* no callback runs after an error, and the exchange is still ours */
	}
	send_reply(x, code);
	free(x);
}

/* A bounded number, so that a flood does not delay the timer. epoll reports the rest again. */
static void receive(struct server *s)
{
	for (int i = 0; i < AT_ONCE; i++) {
		union address from;
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(s->socket, s->datagram, sizeof s->datagram, 0, &from.any, &size);

		if (n < 0)
			return;
		handle(s, (size_t)n, &from, size);
	}
}

/* env.wakeup. The real-time clock is that of the registrar. A time of 0 would disarm the timer. */
static void arm(void *user, rg_time next)
{
	struct server *s = user;
	rg_time at = next > 0 ? next : 1;
	struct itimerspec when = { .it_value = { .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 } };

	if (next == RG_TIME_NEVER)
		when = (struct itimerspec){ 0 };
	timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void tick(struct server *s)
{
	uint64_t expirations;
	rg_time next;

	(void)!read(s->timer, &expirations, sizeof expirations);
	rg_registrar_tick(s->registrar, 0, &next); /* what fails is due again at `next` */
	arm(s, next);
}

static void on_event(void *user, const rg_event *event)
{
	const rg_contact *contact = event->after ? event->after : event->before;

	(void)user;
	printf("%s %.*s %.*s\n", rg_event_name(event->kind), (int)event->aor.n, event->aor.p, contact ? (int)contact->uri.n : 0,
		contact ? contact->uri.p : "");
}

static int open_socket(struct server *s, const char *address, const char *port)
{
	struct addrinfo *found, hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };
	union address own;
	socklen_t size = sizeof own;

	errno = EINVAL; /* which getaddrinfo() does not say */
	if (getaddrinfo(address, port, &hints, &found) != 0)
		return -1;
	s->socket = socket(found->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int bound = s->socket < 0 ? -1 : bind(s->socket, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (bound < 0 || getsockname(s->socket, &own.any, &size) < 0)
		return -1;
	rg_addr local = addr_of(&own);
	memcpy(s->local, "udp:", 4);
	rg_addr_print(&local, s->local + 4, sizeof s->local - 5);
	return 0;
}

static int run(struct server *s)
{
	const int watched[] = { s->socket, s->timer, s->signals };
	struct epoll_event event = { .events = EPOLLIN };
	int loop = epoll_create1(EPOLL_CLOEXEC);

	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
		event.data.fd = watched[i];
		if (epoll_ctl(loop, EPOLL_CTL_ADD, watched[i], &event) < 0)
			return perror("epoll"), 1;
	}
	tick(s); /* the first one; the others come at the time that this one named */
	do {
		if (epoll_wait(loop, &event, 1, -1) < 1)
			continue;
		if (event.data.fd == s->socket)
			receive(s);
		if (event.data.fd == s->timer)
			tick(s);
	} while (event.data.fd != s->signals);
	close(loop);
	return 0;
}

static rg_status start(struct server *s, char **parameters, rg_subscription **events)
{
	rg_config *config = NULL;
	rg_store *store = NULL;
	rg_env env;
	rg_status status = rg_config_new(&config);

	rg_env_init(&env, sizeof env);
	env.wakeup = arm;
	env.user = s;
	for (; status == RG_OK && *parameters; parameters++) {
		rg_str value = rg_str_from(*parameters), name = take(&value, "=");
		status = rg_config_set(config, name, value, s->why);
	}
	if (status == RG_OK)
		status = rg_memory_store_new(NULL, &store, s->why);
	if (status == RG_OK)
		status = rg_registrar_new(config, store, &env, &s->registrar, s->why);
	if (status == RG_OK)
		status = rg_registrar_subscribe(s->registrar, UINT32_MAX, on_event, NULL, NULL, events, s->why);
	rg_store_unref(store); /* the registrar holds its own reference */
	rg_config_free(config);
	return status;
}

int main(int argc, char **argv)
{
	static struct server s = { .socket = -1 };
	rg_subscription *events = NULL;
	sigset_t stop;
	int failed = 1;

	if (argc < 3)
		return fprintf(stderr, "usage: epoll ADDRESS PORT [PARAMETER=VALUE]...\n"), 2;
	s.why = rg_error_new();
	signal(SIGPIPE, SIG_IGN); /* whoever reads the events may go away */
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	s.signals = signalfd(-1, &stop, SFD_CLOEXEC);
	s.timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (open_socket(&s, argv[1], argv[2]) < 0 || getrandom(s.key, sizeof s.key, 0) != sizeof s.key)
		perror("epoll");
	else if (start(&s, argv + 3, &events) != RG_OK)
		fprintf(stderr, "epoll: %s\n", rg_error_text(s.why).p);
	else if (printf("listening on %s\n", s.local) > 0)
		failed = run(&s);
	rg_subscription_free(events);
	rg_registrar_unref(s.registrar);
	rg_error_free(s.why);
	close(s.signals);
	close(s.timer);
	close(s.socket);
	return failed;
}
