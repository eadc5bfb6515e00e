/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <rgstr/memory.h>
#include <signal.h>
#include <sofia-sip/su_log.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "flows.h"
#include "fork.h"
#include "intake.h"

/* Sofia takes time quadratic in the headers, so the size of a message is limited. Sofia counts all waiting bytes of a stream against the
 * limit, later messages included. So the receive buffer of a stream stays well below it. */
static const uint32_t message_bytes_max = 49152;
static const int stream_bytes_max = 8192; /* the kernel doubles it */

/* A peer may vanish silently while Sofia no longer reads. The system's keep-alive notices it within six minutes. A shorter interval
 * would wake phones too often. */
static const struct {
	int level, option, value;
} keep_alive[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 300 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
};

/* nta passes on messages without a transaction of its own: new requests, ACKs of a 2xx, and stray responses. */
static int on_message(struct server *server, nta_agent_t *agent, msg_t *msg, sip_t *sip)
{
	if (!sip->sip_request)
		proxy_response(server, msg, sip);
	else if (intake_is_cut(sip) && sip->sip_request->rq_method == sip_method_ack)
		msg_destroy(msg);
	else if (intake_is_cut(sip))
		nta_msg_treply(agent, msg, SIP_413_REQUEST_TOO_LARGE, TPTAG_SDWN_AFTER(1), TAG_END());
	else if (sip->sip_request->rq_method == sip_method_register)
		register_request(server, msg, sip);
	else if (server->args->mode == MODE_REDIRECT)
		redirect_request(server, msg, sip);
	else
		proxy_request(server, msg, sip);
	return 0;
}

static rg_time now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_tick(struct server *server, su_timer_t *timer, su_timer_arg_t *arg);

static void tick_at(struct server *server, rg_time next)
{
	const su_duration_t longest = 60 * 1000; /* the wall clock may be set meanwhile */
	rg_time now = now_ms();
	su_duration_t wait = next <= now ? 0 : next - now > longest ? longest : (su_duration_t)(next - now);

	su_timer_set_interval(server->tick, on_tick, server, wait);
}

static void on_tick(struct server *server, su_timer_t *timer, su_timer_arg_t *arg)
{
	rg_time next = RG_TIME_NEVER;

	(void)timer;
	(void)arg;
	rg_registrar_tick(server->registrar, 0, &next);
	tick_at(server, next);
}

static void on_wakeup(void *user, rg_time next)
{
	tick_at(user, next);
}

static rg_status open_store(uint64_t bytes, rg_store **out, rg_error *why)
{
	rg_memory_options options;

	rg_memory_options_init(&options, sizeof options);
	options.max_bytes = bytes;
	return rg_memory_store_new(&options, out, why);
}

/* @return 0, or the exit status after an error line on stderr. */
static int federate(struct server *server)
{
	rg_error *why = rg_error_new();
	rg_store *shared = NULL;
	rg_status status = open_store(server->args->shared_bytes, &shared, why);

	if (status == RG_OK)
		status = rg_registrar_federate(server->registrar, shared, rg_str_from(server->args->home), NULL, why);
	rg_store_unref(shared);
	if (status != RG_OK)
		complain("--federate STORE,%s: %.*s; expected a SIP URI or HOST[:PORT], as sip:192.0.2.1:5060", server->args->home,
			(int)rg_error_text(why).n, rg_error_text(why).p);
	rg_error_unref(why);
	return status == RG_OK ? 0 : status == RG_EINVAL ? 2 : 1;
}

static int start_registrar(struct server *server)
{
	rg_env env = { .struct_size = sizeof env, .wakeup = on_wakeup, .user = server };
	rg_error *why = rg_error_new();
	rg_store *store = NULL;
	rg_status status = open_store(server->args->store_bytes, &store, why);

	if (status == RG_OK)
		status = rg_registrar_new(server->args->config, store, &env, &server->registrar, why);
	rg_store_unref(store);
	if (status != RG_OK)
		complain("cannot start: %.*s", (int)rg_error_text(why).n, rg_error_text(why).p);
	rg_error_unref(why);
	if (status != RG_OK)
		return 1;
	return server->args->home ? federate(server) : 0;
}

static int bind_one(struct server *server, const struct listen_at *at)
{
	char *url = NULL;
	int result;

	if (asprintf(&url, "sip:%.*s%s;transport=%s", (int)(strrchr(at->hostport, ':') - at->hostport), at->hostport,
		    at->ident ? strrchr(at->hostport, ':') : ":*", at->proto) < 0)
		return -1;
	errno = 0;
	/* Sofia's STUN server would print a line for every stray datagram. With SDWN_ERROR Sofia also reports connections that were closed
	 * properly. */
	result = nta_agent_add_tport(server->agent, (url_string_t *)url, TAG_IF(at->ident, TPTAG_IDENT(at->ident)), TPTAG_STUN_SERVER(0),
		TPTAG_PONG2PING(1), TPTAG_SDWN_ERROR(1), TAG_END());
	free(url);
	return result;
}

/* @return the exit status: 2 for an address that this machine does not have, 1 for one that is in use. */
static int refuse_listen(const struct listen_at *at, int error)
{
	complain("--listen %s:%s: %s; expected %s", at->proto, at->hostport, error ? strerror(error) : "cannot be bound",
		error == EADDRNOTAVAIL ? "an address of this machine, as 127.0.0.1" : "an address and port that nobody listens on");
	return error == EADDRNOTAVAIL ? 2 : 1;
}

static void limit_stream(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &stream_bytes_max, sizeof stream_bytes_max);
	for (size_t i = 0; i < sizeof keep_alive / sizeof *keep_alive; i++)
		setsockopt(fd, keep_alive[i].level, keep_alive[i].option, &keep_alive[i].value, sizeof keep_alive[i].value);
}

/* Accepted connections inherit the receive buffer and keep-alive of their listener. At this point no other socket of the process
 * listens. */
static void limit_streams(void)
{
	for (int fd = 3, strangers = 0; strangers < 64; fd++) {
		int accepts = 0;
		socklen_t n = sizeof accepts;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &n) != 0)
			strangers++;
		else if (accepts)
			limit_stream(fd);
	}
}

static int start_agent(struct server *server)
{
	/* Transports are added below. MSG_DO_EXTRACT_COPY keeps the text of headers, so that Contacts are stored as written. A large request
	 * stays on its transport: a phone behind a NAT is reachable only over the transport with which it registered. Requests with
	 * malformed headers are passed on too, because nta would answer them without a reason and close the connection. */
	server->intake = intake_new();
	if (!server->intake) {
		complain("cannot start: %s", strerror(ENOMEM));
		return 1;
	}
	server->agent = nta_agent_create(server->root, (url_string_t *)-1, on_message, server, NTATAG_MCLASS(server->intake),
		NTATAG_SIPFLAGS(MSG_DO_EXTRACT_COPY), NTATAG_MAXSIZE(message_bytes_max), NTATAG_UDP_MTU(65535), NTATAG_CANCEL_487(0),
		NTATAG_PASS_100(1), NTATAG_BAD_REQ_MASK(0), NTATAG_TIMEOUT_408(1), NTATAG_SERVER_RPORT(1),
		NTATAG_USE_NAPTR(0), TAG_END());
	if (!server->agent) {
		complain("cannot start: %s", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < server->args->n_listen; i++)
		if (bind_one(server, &server->args->listen[i]) < 0)
			return refuse_listen(&server->args->listen[i], errno);
	limit_streams();
	return 0;
}

/* Sofia logs to stderr by default. registrard prints at most one line there. */
static void discard_log(void *stream, char const *format, va_list list)
{
	(void)stream;
	(void)format;
	(void)list;
}

int server_start(struct server *server, const struct args *args)
{
	int result;

	server->args = args;
	if (su_init() != 0 || sodium_init() < 0 || getrandom(server->loop_key, sizeof server->loop_key, 0) < 0)
		return 1;
	crypto_shorthash_keygen(server->route_key);
	su_log_redirect(NULL, discard_log, NULL);
	server->flows = flows_new(server);
	server->root = su_root_create(server);
	if (server->flows && server->root)
		server->tick = su_timer_create(su_root_task(server->root), 0);
	if (server->tick)
		server->lost = su_timer_create(su_root_task(server->root), 0);
	if (!server->lost) {
		complain("cannot start: %s", strerror(errno));
		return 1;
	}
	result = start_registrar(server);
	if (result == 0)
		result = start_agent(server);
	if (result != 0)
		return result;
	tick_at(server, 0);
	return args->control ? control_open(server, args->control, &server->control) : 0;
}

static int on_signal(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	(void)wait;
	(void)arg;
	su_root_break(server->root);
	return 0;
}

int server_run(struct server *server)
{
	su_wait_t wait[1] = { SU_WAIT_INIT };
	sigset_t signals;
	int fd, index;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	index = fd >= 0 && su_wait_create(wait, fd, SU_WAIT_IN) == 0 ? su_root_register(server->root, wait, on_signal, NULL, 0) : -1;
	if (index < 0) {
		complain("cannot wait for signals: %s", strerror(errno));
		return 1;
	}
	su_root_run(server->root);
	su_root_deregister(server->root, index);
	close(fd);
	return 0;
}

void server_stop(struct server *server)
{
	control_close(server->control);
	while (server->calls)
		call_abandon(server->calls);
	if (server->registrar)
		rg_registrar_shutdown(server->registrar);
	flows_free(server->flows);
	if (server->agent)
		nta_agent_destroy(server->agent);
	rg_registrar_unref(server->registrar);
	if (server->tick)
		su_timer_destroy(server->tick);
	if (server->lost)
		su_timer_destroy(server->lost);
	if (server->root)
		su_root_destroy(server->root);
	free(server->intake);
	su_deinit();
}
