/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <rgstr/memory.h>
#include <signal.h>
#include <sofia-sip/su_log.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "alarm_clock.h"
#include "control.h"
#include "flows.h"
#include "fork.h"
#include "hold.h"
#include "intake.h"
#include "log.h"
#include "push.h"
#include "redis.h"
#include "resolver.h"
#include "settings.h"
#include "store_args.h"
#include "transaction.h"
#include "transport.h"

enum {
	DESCRIPTORS_KEPT = 32,      /* for the loop, its timers and signals, the store, name servers */
	TRIM_FROM = 100,            /* calls */
	DRAIN_MS = 1500,            /* for what is in flight at the end, for each store */
	CONNECTIONS_DEFAULT = 10000
};

static void on_wakeup(void *user, rg_time next)
{
	const struct server *server = user;

	rg_sofia_loop_wakeup(server->loop, next);
}

static void on_log(void *user, int32_t level, const rg_str *text)
{
	const struct server *server = user;

	/* A store that is away fails each call. */
	if (level <= RG_LOG_WARNING)
		log_recurring(server->log, level, *text);
	else
		log_text(server->log, level, *text);
}

static rg_status open_memory(uint64_t bytes, rg_store **out, rg_error *why)
{
	rg_memory_options options;

	rg_memory_options_init(&options, sizeof options);
	options.max_bytes = bytes;
	return rg_memory_store_new(&options, out, why);
}

/* @param which  REDIS_… */
static rg_status open_store(struct server *server, size_t which, const struct store_at *at, rg_store **out)
{
	rg_status status;

	if (!at->address)
		return open_memory(at->bytes, out, server->why);
	status = redis_open(server, at->address, &server->redis[which], server->why);
	if (status == RG_OK)
		*out = rg_store_ref(redis_store(server->redis[which]));
	return status;
}

/* Bindings that are saved memory-only stay in the memory of this node. */
static rg_status overlay(struct server *server, rg_store **store)
{
	rg_store *local = NULL, *both = NULL;
	rg_status status;

	if (!server->args->store.address || !flag_is_given(server->args->save_flags, "memory-only"))
		return RG_OK;
	status = open_memory(server->args->store.bytes, &local, server->why);
	if (status == RG_OK)
		status = rg_store_overlay(*store, local, &both, server->why);
	rg_store_unref(local);
	if (status == RG_OK) {
		rg_store_unref(*store);
		*store = both;
	}
	return status;
}

/* A store that this build or this machine does not have is a wrong argument. @return the exit status, after an error line on stderr. */
static int refuse_store(const struct server *server, const struct store_at *at, const char *home, rg_status status)
{
	store_refuse(home ? "--federate" : "--store", at->address ? at->address : "memory", home, rg_error_text(server->why).p);
	return status == RG_EINVAL || status == RG_ENOTSUP || status == RG_ENOENT ? 2 : 1;
}

/* @return 0, or the exit status after an error line on stderr. */
static int federate(struct server *server)
{
	const char *home = server->args->home;
	rg_store *shared = NULL;
	rg_status status = open_store(server, REDIS_FEDERATE, &server->args->shared, &shared);

	if (status != RG_OK)
		return refuse_store(server, &server->args->shared, home, status);
	status = rg_registrar_federate(server->registrar, shared, rg_str_from(home), NULL, server->why);
	rg_store_unref(shared);
	if (status != RG_OK)
		complain("--federate STORE,%s: %.*s; expected a SIP URI or HOST[:PORT], as sip:192.0.2.1:5060", home,
			(int)rg_error_text(server->why).n, rg_error_text(server->why).p);
	return status == RG_OK ? 0 : status == RG_EINVAL ? 2 : 1;
}

static int start_registrar(struct server *server)
{
	rg_env env = { .struct_size = sizeof env, .wakeup = on_wakeup, .resolve = resolver_for_library, .user = server,
		.log = on_log, .log_level = server->args->log_level };
	rg_store *store = NULL;
	rg_status status;

	status = open_store(server, REDIS_STORE, &server->args->store, &store);
	if (status != RG_OK)
		return refuse_store(server, &server->args->store, NULL, status);
	status = overlay(server, &store);
	if (status == RG_OK)
		status = rg_registrar_new(server->args->config, store, &env, &server->registrar, server->why);
	rg_store_unref(store);
	if (status != RG_OK) {
		complain("cannot start: %.*s", (int)rg_error_text(server->why).n, rg_error_text(server->why).p);
		return 1;
	}
	return server->args->home ? federate(server) : 0;
}

/* @return the exit status: 2 for an address that this machine does not have, 1 for one that is in use. */
static int refuse_listen(const struct listen_at *at, int error)
{
	complain("--listen %s:%s: %s; expected %s", at->proto, at->hostport, error ? strerror(error) : "cannot be bound",
		error == EADDRNOTAVAIL ? "an address of this machine, as 127.0.0.1" : "an address and port that nobody listens on");
	return error == EADDRNOTAVAIL ? 2 : 1;
}

static void on_message(void *user, const struct peer *from, char *bytes, size_t n)
{
	intake_message(user, from, bytes, n);
}

static void on_bad_frame(void *user, const struct peer *from, char *bytes, size_t n, int status)
{
	intake_bad_frame(user, from, bytes, n, status);
}

/* The transactions first: a request in flight on the connection gets its answer before the bindings go. */
static void on_closed(void *user, uint64_t connection)
{
	struct server *server = user;

	transactions_closed(server->transactions, connection);
	flow_closed(server, connection);
}

static void on_unreachable(void *user, const struct peer *to)
{
	struct server *server = user;

	transactions_unreachable(server->transactions, to);
}

/* How many connections there may be: as many as the operator says, if the system lets this process have them, else the default or what the
 * system allows. @return 0 after an error line. */
static size_t connection_limit(const struct args *args)
{
	size_t kept = DESCRIPTORS_KEPT + CONTROL_CLIENTS_MAX + args->n_listen + push_descriptors(args), most;
	struct rlimit limit = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	most = limit.rlim_cur > kept ? (size_t)limit.rlim_cur - kept : 0;
	if (most > 0 && args->max_connections <= most)
		return args->max_connections ? args->max_connections : most < CONNECTIONS_DEFAULT ? most : CONNECTIONS_DEFAULT;
	complain("--max-connections %zu: of the %llu files that this process may have open, %zu are kept for other uses; expected at most %zu",
		args->max_connections, (unsigned long long)limit.rlim_cur, kept, most);
	return 0;
}

/* Datagrams that come while the queue is full are lost, and phones send them again. */
static void tell_queues(const struct server *server)
{
	const struct local *local;

	for (size_t i = 0; (local = transport_local(server->transport, i)) != NULL; i++)
		if (!local->is_stream && local->queue < DATAGRAM_QUEUE)
			log_line(server->log, RG_LOG_INFO, "--listen %s: the system keeps at most %zu KiB of datagrams that wait, of %d KiB asked for;"
				" net.core.rmem_max limits them", local->name, local->queue / 1024, DATAGRAM_QUEUE / 1024);
}

static int start_transport(struct server *server)
{
	struct transport_events events = { on_message, on_bad_frame, on_closed, on_unreachable, server, &server->counts };
	size_t limit = connection_limit(server->args);

	if (limit == 0)
		return 2;
	server->intake = intake_new();
	server->transport = transport_new(server->root, server->args, limit, &events);
	server->transactions = transactions_new(server);
	if (!server->intake || !server->transport || !server->transactions) {
		complain("cannot start: %s", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < server->args->n_listen; i++)
		if (transport_listen(server->transport, &server->args->listen[i]) < 0)
			return refuse_listen(&server->args->listen[i], errno);
	tell_queues(server);
	return 0;
}

/* Sofia logs to stderr by default, which is for the log of registrard alone. */
static void discard_log(void *stream, char const *format, va_list list)
{
	(void)stream;
	(void)format;
	(void)list;
}

static int make_keys(struct server *server)
{
	unsigned char prefix[(sizeof server->flow_prefix - 1) / 2];

	if (sodium_init() < 0)
		return -1;
	randombytes_buf(prefix, sizeof prefix);
	sodium_bin2hex(server->flow_prefix, sizeof server->flow_prefix, prefix, sizeof prefix);
	crypto_shorthash_keygen(server->loop_key);
	crypto_shorthash_keygen(server->tag_key);
	crypto_aead_xchacha20poly1305_ietf_keygen(server->route_key);
	return 0;
}

int server_start(struct server *server, const struct args *args)
{
	int result;

	server->args = args;
	server->trim_calls.from = TRIM_FROM;
	if (su_init() != 0 || make_keys(server) < 0 || table_init(&server->registers) < 0) {
		complain("cannot start: no random numbers, or no memory");
		return 1;
	}
	su_log_redirect(NULL, discard_log, NULL);
	server->log = log_new(args->log_level, STDERR_FILENO);
	server->root = su_root_create(server);
	if (server->root && server->log) {
		rg_sofia_loop_new(server->root, &server->loop, NULL);
		server->resolver = resolver_new(server);
		server->why = rg_error_new();
		server->calls_alarm = alarm_clock_new(server->root, calls_expire, server);
		server->removals_alarm = alarm_clock_new(server->root, flow_removals_go_on, server);
		server->holds = holds_new(server);
	}
	if (!server->loop || !server->resolver || !server->why || !server->calls_alarm || !server->removals_alarm || !server->holds) {
		complain("cannot start: %s", strerror(errno));
		return 1;
	}
	result = start_registrar(server);
	if (result == 0)
		result = start_transport(server);
	if (result != 0)
		return result;
	settings_tell(args, server->log);
	rg_sofia_loop_tick(server->loop, server->registrar, 0);
	result = push_open(server, &server->push);
	if (result != 0)
		return result;
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
		if (fd >= 0)
			close(fd);
		return 1;
	}
	su_root_run(server->root);
	su_root_deregister(server->root, index);
	close(fd);
	return 0;
}

void server_stop(struct server *server)
{
	struct call *call;

	control_close(server->control);
	push_close(server->push);
	/* Ends all look-ups, so that none reports to a call that is gone. */
	if (server->registrar)
		rg_registrar_shutdown(server->registrar);
	/* Commits in flight may still become known. */
	for (size_t i = 0; i < REDIS_STORES; i++)
		redis_drain(server->redis[i], DRAIN_MS);
	flow_removals_free(server);
	while ((call = queue_first(&server->calls)) != NULL || (call = queue_first(&server->answered_calls)) != NULL)
		call_abandon(call);
	resolver_free(server->resolver);
	server->resolver = NULL;
	transactions_free(server->transactions);
	transport_free(server->transport);
	rg_sofia_loop_stop(server->loop);
	rg_registrar_unref(server->registrar);
	for (size_t i = 0; i < REDIS_STORES; i++)
		redis_close(server->redis[i]);
	rg_sofia_loop_unref(server->loop);
	holds_free(server->holds);
	rg_error_free(server->why);
	alarm_clock_free(server->calls_alarm);
	alarm_clock_free(server->removals_alarm);
	if (server->root)
		su_root_destroy(server->root);
	intake_free(server->intake);
	table_deinit(&server->registers);
	log_free(server->log);
	su_deinit();
}
