/* SPDX-License-Identifier: MIT */
/* Questions to name servers through c-ares, on the server's loop. Many questions for one hop share one lookup, and its answer is kept for
 * as long as its records may be. */
#include "resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "alarm_clock.h"
#include "queue.h"
#include "place.h"
#include "sockets.h"
#include "srv.h"

enum {
	LOOKUPS_MAX = 256,    /* in progress */
	QUESTIONS_MAX = 1024, /* that wait for them: each holds a request */
	RECORDS_MAX = 32,     /* SRV records that are looked at */
	CACHE_MAX = 4096,     /* answers that are kept */
	QUESTION_MS = 3000,   /* for a whole lookup, after which what is there is the answer */
	TRY_MS = 1000,        /* for the first try of one name server */
	TRIES = 2,
	TTL_MIN = 5,          /* seconds */
	TTL_MAX = 3600,
	TTL_NEGATIVE = 10,
	HOST_MAX = 255        /* RFC 1035 §2.3.4 */
};

/* One host with a port: the hop itself, or what an SRV record names. */
struct target {
	struct lookup *lookup;
	char *name;
	uint16_t port;
	rg_addr addrs[ADDRESSES_MAX];
	size_t n;
};

/* What is asked about one hop. It lives on as an answer until it expires. */
struct lookup {
	struct queue_entry in_queue;  /* of the pending or of the answers, the oldest first */
	struct resolver *resolver;
	char *key;                  /* proto|host, in lower case; without proto no SRV record is asked for */
	const char *host;           /* within the key */
	struct question *questions;
	struct target targets[ADDRESSES_MAX];
	size_t n_targets;
	size_t asked;               /* queries that c-ares still has to answer */
	int done;                   /* its questions have their answer */
	int listed;                 /* in the tree */
	int ttl;                    /* seconds */
	int64_t until;              /* pending: when it is given up; answered: when it expires */
	rg_addr addrs[ADDRESSES_MAX];
	size_t n;
};

struct question {
	struct lookup *lookup;
	uint16_t port;              /* that was named; 0 = none */
	struct question *next;
	resolved_cb *done;
	void *user;
};

struct lookups {
	struct queue queue;
	size_t n;
};

/* A socket of c-ares. */
struct watched {
	struct resolver *resolver;
	struct watched *next;
	ares_socket_t fd;
	int index;
};

struct resolver {
	struct server *server;
	ares_channel channel;
	int has_channel;
	struct watched *watched;
	struct lookups pending, answers;
	size_t n_questions;
	void *by_key; /* tree of both */
	struct alarm_clock *timer;
	int freeing;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct lookup *)a)->key, ((const struct lookup *)b)->key);
}

static void add(struct lookups *lookups, struct lookup *lookup)
{
	queue_add(&lookups->queue, &lookup->in_queue);
	lookups->n++;
}

static void take_out(struct lookups *lookups, struct lookup *lookup)
{
	queue_remove(&lookup->in_queue);
	lookups->n--;
}

static void unlist(struct lookup *lookup)
{
	if (lookup->listed)
		tdelete(lookup, &lookup->resolver->by_key, by_key);
	lookup->listed = 0;
}

/* A lookup that c-ares still works on is freed by its last callback. */
static void lookup_free(struct lookup *lookup)
{
	unlist(lookup);
	if (lookup->asked)
		return;
	for (size_t i = 0; i < lookup->n_targets; i++)
		free(lookup->targets[i].name);
	free(lookup->key);
	free(lookup);
}

/* Gives an answer, with the port that was named. */
static void tell(const struct lookup *lookup, uint16_t port, resolved_cb *done, void *user)
{
	rg_addr addrs[ADDRESSES_MAX];

	for (size_t i = 0; i < lookup->n; i++) {
		addrs[i] = lookup->addrs[i];
		addrs[i].port = port ? port : addrs[i].port;
	}
	done(user, addrs, lookup->n);
}

/* Every question gets the answer; a callback may ask again, or end any other question. */
static void answer_all(struct lookup *lookup)
{
	while (lookup->questions) {
		struct question question = *lookup->questions;

		free(lookup->questions);
		lookup->questions = question.next;
		lookup->resolver->n_questions--;
		tell(lookup, question.port, question.done, question.user);
	}
}

/* What was found until then is the answer. It is kept, and given to all who asked. */
static void finish(struct lookup *lookup)
{
	struct resolver *resolver = lookup->resolver;
	int ttl = TTL_NEGATIVE;

	lookup->done = 1;
	take_out(&resolver->pending, lookup);
	for (size_t i = 0; i < lookup->n_targets; i++)
		for (size_t j = 0; j < lookup->targets[i].n && lookup->n < ADDRESSES_MAX; j++)
			lookup->addrs[lookup->n++] = lookup->targets[i].addrs[j];
	if (lookup->n)
		ttl = lookup->ttl < TTL_MIN ? TTL_MIN : lookup->ttl > TTL_MAX ? TTL_MAX : lookup->ttl;
	else
		resolver->server->counts.unresolved_names++;
	lookup->until = alarm_clock_now() + (int64_t)ttl * 1000;
	add(&resolver->answers, lookup);
	answer_all(lookup);
	if (resolver->answers.n > CACHE_MAX) {
		struct lookup *oldest = queue_first(&resolver->answers.queue);

		take_out(&resolver->answers, oldest);
		lookup_free(oldest);
	}
}

/* Called at the end of each callback of c-ares. */
static void answered(struct lookup *lookup)
{
	if (--lookup->asked > 0)
		return;
	if (lookup->done && !lookup->listed)
		lookup_free(lookup);
	else if (!lookup->done && !lookup->resolver->freeing)
		finish(lookup);
}

static void on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct target *target = arg;
	struct lookup *lookup = target->lookup;

	(void)timeouts;
	for (struct ares_addrinfo_node *node = status == ARES_SUCCESS && !lookup->done ? info->nodes : NULL; node; node = node->ai_next) {
		struct sockaddr_storage address = { 0 };

		if (target->n == ADDRESSES_MAX || node->ai_addrlen > sizeof address)
			break;
		memcpy(&address, node->ai_addr, node->ai_addrlen);
		target->addrs[target->n] = address_from_system(&address);
		target->addrs[target->n].port = target->port;
		target->n += target->addrs[target->n].family != 0;
		if (node->ai_ttl < lookup->ttl)
			lookup->ttl = node->ai_ttl;
	}
	if (info)
		ares_freeaddrinfo(info);
	answered(lookup);
}

static int add_target(struct lookup *lookup, const char *name, uint16_t port)
{
	struct target *target = &lookup->targets[lookup->n_targets];

	*target = (struct target){ .lookup = lookup, .name = strdup(name), .port = port };
	if (!target->name)
		return -1;
	lookup->n_targets++;
	return 0;
}

/* The addresses of all targets are asked for at once, so that one slow zone does not hold up the others. */
static void ask_addresses(struct lookup *lookup)
{
	struct ares_addrinfo_hints hints = { ARES_AI_NOSORT, AF_UNSPEC, SOCK_STREAM, 0 };
	size_t n = lookup->n_targets;

	lookup->asked += n;
	for (size_t i = 0; i < n; i++)
		ares_getaddrinfo(lookup->resolver->channel, lookup->targets[i].name, NULL, &hints, on_addresses, &lookup->targets[i]);
}

static void take_records(struct lookup *lookup, const struct ares_srv_reply *list)
{
	struct srv_record records[RECORDS_MAX], *one;
	size_t n = 0;

	for (; list && n < RECORDS_MAX; list = list->next)
		/* A single root name says that there is no such service. */
		if (*list->host && strcmp(list->host, ".") != 0 && list->port != 0)
			records[n++] = (struct srv_record){ list->host, list->priority, list->weight, list->port };
	while (lookup->n_targets < ADDRESSES_MAX && (one = srv_next(records, n, randombytes_uniform)) != NULL) {
		add_target(lookup, one->host, one->port);
		one->host = NULL;
	}
}

static void on_records(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
	struct lookup *lookup = arg;
	struct ares_srv_reply *list = NULL;
	uint32_t ttl;

	(void)timeouts;
	if (lookup->done || lookup->resolver->freeing) {
		answered(lookup);
		return;
	}
	if (status == ARES_SUCCESS && ares_parse_srv_reply(bytes, n, &list) == ARES_SUCCESS) {
		take_records(lookup, list);
		ares_free_data(list);
		ttl = srv_lifetime(bytes, (size_t)n);
		lookup->ttl = ttl < TTL_MAX ? (int)ttl : TTL_MAX;
	} else {
		lookup->ttl = TTL_NEGATIVE;
		add_target(lookup, lookup->host, PORT_DEFAULT);
	}
	ask_addresses(lookup);
	answered(lookup);
}

static void wait_on(struct resolver *resolver);

static void on_timer(void *user)
{
	struct resolver *resolver = user;
	struct lookup *oldest;
	int64_t now = alarm_clock_now();

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	while ((oldest = queue_first(&resolver->pending.queue)) != NULL && oldest->until <= now)
		finish(oldest);
	wait_on(resolver);
}

/* All lookups take the same time, so the oldest is the first that is over. */
static void wait_on(struct resolver *resolver)
{
	struct timeval longest = { 60, 0 }, room, *next = ares_timeout(resolver->channel, &longest, &room);
	int64_t due = alarm_clock_now() + (int64_t)next->tv_sec * 1000 + next->tv_usec / 1000 + 1;
	const struct lookup *oldest = queue_first(&resolver->pending.queue);

	alarm_clock_set(resolver->timer, oldest && oldest->until < due ? oldest->until : due);
}

static int on_socket(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct watched *watched = arg;
	struct resolver *resolver = watched->resolver;
	int events = su_wait_events(wait, watched->fd);
	ares_socket_t fd = watched->fd;

	(void)server;
	/* This may close the socket, and free what watches it. */
	ares_process_fd(resolver->channel, events & (SU_WAIT_IN | SU_WAIT_ERR | SU_WAIT_HUP) ? fd : ARES_SOCKET_BAD,
		events & SU_WAIT_OUT ? fd : ARES_SOCKET_BAD);
	wait_on(resolver);
	return 0;
}

static void unwatch(struct resolver *resolver, ares_socket_t fd)
{
	for (struct watched **at = &resolver->watched, *watched; (watched = *at) != NULL; at = &watched->next)
		if (watched->fd == fd) {
			*at = watched->next;
			su_root_deregister(resolver->server->root, watched->index);
			free(watched);
			return;
		}
}

/* c-ares tells for what it waits. A socket that cannot be watched gets no answer, and its lookup ends in time. */
static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = arg;
	int events = (readable ? SU_WAIT_IN : 0) | (writable ? SU_WAIT_OUT : 0);
	su_wait_t wait[1] = { SU_WAIT_INIT };
	struct watched *watched;

	unwatch(resolver, fd);
	if (!events || (watched = calloc(1, sizeof *watched)) == NULL)
		return;
	*watched = (struct watched){ resolver, resolver->watched, fd, -1 };
	if (su_wait_create(wait, fd, events) == 0)
		watched->index = su_root_register(resolver->server->root, wait, on_socket, watched, 0);
	if (watched->index >= 0)
		resolver->watched = watched;
	else
		free(watched);
}

struct resolver *resolver_new(struct server *server)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);
	struct ares_options options = { .timeout = TRY_MS, .tries = TRIES, .sock_state_cb = on_state, .sock_state_cb_data = resolver };

	if (!resolver)
		return NULL;
	resolver->server = server;
	resolver->timer = alarm_clock_new(server->root, on_timer, resolver);
	/* No search domains: a name in a message means the same everywhere. */
	resolver->has_channel = resolver->timer && ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS &&
		ares_init_options(&resolver->channel, &options,
			ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS;
	if (resolver->has_channel && (!server->args->name_servers ||
		ares_set_servers_ports_csv(resolver->channel, server->args->name_servers) == ARES_SUCCESS))
		return resolver;
	resolver_free(resolver);
	return NULL;
}

static void free_all(struct lookups *lookups)
{
	struct lookup *lookup;

	while ((lookup = queue_first(&lookups->queue)) != NULL) {
		take_out(lookups, lookup);
		answer_all(lookup);
		lookup_free(lookup);
	}
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	resolver->freeing = 1;
	if (resolver->has_channel)
		ares_destroy(resolver->channel);
	while (resolver->watched)
		unwatch(resolver, resolver->watched->fd);
	free_all(&resolver->pending);
	free_all(&resolver->answers);
	alarm_clock_free(resolver->timer);
	ares_library_cleanup();
	free(resolver);
}

/* RFC 1123 §2.1: letters, digits and hyphens; the last label is not all digits. No name server is asked for anything else. */
static int is_name(const char *host)
{
	const char *last = host;
	size_t n = strlen(host);

	if (n == 0 || n > HOST_MAX || *host == '.')
		return 0;
	for (const char *p = host; *p; p++) {
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return 0;
		if (*p == '.' && p[1] == '.')
			return 0;
		if (p > host && p[-1] == '.')
			last = p;
	}
	return strspn(last, "0123456789.") != strlen(last);
}

static struct lookup *lookup_new(struct resolver *resolver, char *key)
{
	struct lookup *lookup = resolver->pending.n < LOOKUPS_MAX ? calloc(1, sizeof *lookup) : NULL;

	if (!lookup) {
		free(key);
		return NULL;
	}
	lookup->resolver = resolver;
	lookup->key = key;
	lookup->host = strrchr(key, '|') + 1;
	lookup->ttl = TTL_MAX;
	lookup->until = alarm_clock_now() + QUESTION_MS;
	lookup->listed = tsearch(lookup, &resolver->by_key, by_key) != NULL;
	if (!lookup->listed) {
		lookup_free(lookup);
		return NULL;
	}
	add(&resolver->pending, lookup);
	return lookup;
}

static void lookup_start(struct lookup *lookup, const char *proto)
{
	char name[HOST_MAX + 16];

	if (!*proto) {
		add_target(lookup, lookup->host, PORT_DEFAULT);
		ask_addresses(lookup);
		return;
	}
	snprintf(name, sizeof name, "_sip._%s.%s", proto, lookup->host);
	lookup->asked++;
	ares_query(lookup->resolver->channel, name, ns_c_in, ns_t_srv, on_records, lookup);
}

/* An answer that is still good, or a lookup in progress. */
static struct lookup *lookup_find(struct resolver *resolver, char *key)
{
	struct lookup wanted = { .key = key };
	struct lookup **found = tfind(&wanted, &resolver->by_key, by_key), *lookup = found ? *found : NULL;

	if (!lookup || !lookup->done || lookup->until > alarm_clock_now())
		return lookup;
	take_out(&resolver->answers, lookup);
	lookup_free(lookup);
	return NULL;
}

static struct question *wait_for(struct lookup *lookup, uint16_t port, resolved_cb *done, void *user)
{
	struct resolver *resolver = lookup->resolver;
	struct question *question = resolver->n_questions < QUESTIONS_MAX ? malloc(sizeof *question) : NULL;

	if (question) {
		*question = (struct question){ lookup, port, lookup->questions, done, user };
		lookup->questions = question;
		resolver->n_questions++;
	}
	return question;
}

/* "proto|host"; the host in lower case and without the dot that may end it. NULL when out of memory. */
static char *key_of(const char *host, const char *proto)
{
	char *key = NULL;
	size_t n = strlen(host);

	n -= n > 0 && host[n - 1] == '.';
	if (asprintf(&key, "%s|%.*s", proto, (int)n, host) < 0)
		return NULL;
	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

/* @param proto  "" = no SRV record is asked for. */
static struct question *ask(struct resolver *resolver, const char *host, uint16_t port, const char *proto, resolved_cb *done, void *user)
{
	char *key = key_of(host, proto);
	struct lookup *lookup = key ? lookup_find(resolver, key) : NULL;
	int is_new = key && !lookup, at_once;
	struct question *question;

	if (is_new && !resolver->freeing)
		lookup = lookup_new(resolver, key);
	else
		free(key);
	if (lookup && lookup->done) {
		tell(lookup, port, done, user);
		return NULL;
	}
	question = lookup ? wait_for(lookup, port, done, user) : NULL;
	if (!question)
		done(user, NULL, 0);
	if (!is_new || !lookup)
		return question;
	/* Its own count keeps it from ending while it is being started. */
	lookup->asked = 1;
	lookup_start(lookup, proto);
	at_once = lookup->asked == 1;
	answered(lookup);
	wait_on(resolver);
	return at_once ? NULL : question;
}

struct question *resolver_ask(struct resolver *resolver, const char *host, const char *port, const char *proto, resolved_cb *done,
	void *user)
{
	int named = port && *port;
	uint16_t number = port_read(port);
	rg_addr addr;

	if (number == 0) {
		done(user, NULL, 0);
	} else if (rg_addr_parse(rg_str_from(host), &addr) == RG_OK && addr.port == 0) {
		addr.port = number;
		done(user, &addr, 1);
	} else if (!is_name(host)) {
		resolver->server->counts.unresolved_names++;
		done(user, NULL, 0);
	} else {
		return named ? ask(resolver, host, number, "", done, user) : ask(resolver, host, 0, proto, done, user);
	}
	return NULL;
}

void resolver_end(struct question *question)
{
	struct question **at;

	if (!question)
		return;
	for (at = &question->lookup->questions; *at != question; at = &(*at)->next)
		continue;
	*at = question->next;
	question->lookup->resolver->n_questions--;
	free(question);
}

struct library_question {
	rg_resolve_done_cb done;
	void *tok;
};

static void on_resolved(void *user, const rg_addr *addrs, size_t n)
{
	struct library_question question = *(struct library_question *)user;

	free(user);
	question.done(question.tok, n ? RG_OK : RG_ENOENT, addrs, (uint32_t)n);
}

rg_status resolver_for_library(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	struct server *server = user;
	struct library_question *question = malloc(sizeof *question);
	char name[HOST_MAX + 1];

	if (!question || host->n > HOST_MAX || !server->resolver) {
		free(question);
		return RG_ENOMEM;
	}
	memcpy(name, host->p, host->n);
	name[host->n] = '\0';
	*question = (struct library_question){ done, tok };
	if (is_name(name))
		return ask(server->resolver, name, 0, "", on_resolved, question) ? RG_PENDING : RG_OK;
	on_resolved(question, NULL, 0);
	return RG_OK;
}
