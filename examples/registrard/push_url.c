/* SPDX-License-Identifier: MIT */
#include "push_url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "log.h"
#include "resolver.h"

enum {
	TRANSFERS_MAX = 32,        /* at a time, and connections that are kept */
	CONNECT_SECONDS = 5,
	CONNECTION_SECONDS = 300,  /* so that a change of addresses is followed */
	IDLE_TIMEOUTS = 6,         /* of --push-timeout, after which idle connections are closed */
	ANSWER_MAX = 64 * 1024,    /* octets of header and body that are read */
	RETRY_AFTER_MAX = 60       /* seconds */
};

/* One attempt. */
struct transfer {
	struct queue_entry in_queue;
	struct push_url *url;
	struct push_job *job;
	struct question *question;  /* for the addresses of the host; NULL = none in progress */
	CURL *easy;                 /* NULL = not begun */
	struct curl_slist *resolve; /* the addresses, for libcurl */
	size_t received;
};

/* A socket of libcurl. */
struct socket_watch {
	struct queue_entry in_queue;
	struct push_url *url;
	curl_socket_t fd;
	int index;
};

struct push_url {
	struct server *server;
	struct push_queue *queue;
	struct queue transfers, watches;
	CURLM *multi;
	struct curl_slist *headers;
	struct alarm_clock *alarm, *idle;
	char *host, *port;
	int is_address;
	char name[400]; /* for the log: without user, password, path */
};

size_t push_url_descriptors(void)
{
	return 2 * TRANSFERS_MAX + 2; /* an attempt may have two connections: one for each kind of address */
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* libcurl looks at a connection that it keeps only when it wants to use it again. So all of them are closed after a while. */
static void transfer_free(struct transfer *transfer)
{
	const struct push_url *url = transfer->url;

	queue_remove(&transfer->in_queue);
	if (!queue_first(&url->transfers))
		alarm_clock_set(url->idle, alarm_clock_now() + (int64_t)url->server->args->push_seconds * IDLE_TIMEOUTS * 1000);
	resolver_end(transfer->question);
	if (transfer->easy) {
		curl_multi_remove_handle(url->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	curl_slist_free_all(transfer->resolve);
	free(transfer);
}

/* Whether another attempt may have another outcome. A certificate that is refused is refused again. */
static int is_transient(CURLcode code, long status)
{
	static const CURLcode codes[] = { CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_SEND_ERROR,
		CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM };

	if (status)
		return status == 429 || status >= 500;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] == code)
			return 1;
	return 0;
}

/* @param what  the status, or why there is none. */
static void say(const struct transfer *transfer, int32_t level, const char *what)
{
	log_line(transfer->url->server->log, level, "--push-url %s: %s, for %s", transfer->url->name, what, transfer->job->wakeup->label);
}

/* @param after  milliseconds that the host asks to wait. */
static void try_again(struct transfer *transfer, const char *what, int64_t after)
{
	struct push_job *job = transfer->job;
	struct wakeup *wakeup = job->wakeup;
	struct push_url *url = transfer->url;

	wakeup->refs++;
	say(transfer, RG_LOG_INFO, what);
	transfer_free(transfer);
	if (!push_job_retry(job, after))
		log_line(url->server->log, RG_LOG_WARNING, "--push-url %s: given up after: %s, for %s", url->name, what, wakeup->label);
	wakeup_unref(wakeup);
}

static void give_up(struct transfer *transfer, const char *what)
{
	struct push_job *job = transfer->job;

	say(transfer, RG_LOG_WARNING, what);
	transfer_free(transfer);
	push_job_end(job, 0);
}

/* A final status is the answer, whatever becomes of the rest: its text is not read. */
static void transfer_done(struct transfer *transfer, CURLcode code)
{
	struct push_job *job = transfer->job;
	long status = 0;
	curl_off_t after = 0;
	char what[300];

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &after);
	status = status < 200 ? 0 : status;
	if (status)
		snprintf(what, sizeof what, "status %ld", status);
	else
		snprintf(what, sizeof what, "%s", curl_easy_strerror(code));
	if (status >= 200 && status < 300) {
		say(transfer, RG_LOG_DEBUG, what);
		transfer_free(transfer);
		push_job_end(job, 1);
	} else if (is_transient(code, status)) {
		try_again(transfer, what, least(after, RETRY_AFTER_MAX) * 1000);
	} else {
		give_up(transfer, what);
	}
}

/* Call when libcurl has worked, and never from one of its callbacks. */
static void take_done(struct push_url *url)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(url->multi, &left)) != NULL) {
		char *transfer = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		transfer_done((struct transfer *)(void *)transfer, code);
	}
}

static int on_ready(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct socket_watch *watch = arg;
	struct push_url *url = watch->url;
	int events = su_wait_events(wait, watch->fd), running;

	(void)server;
	/* This may close the socket, and free what watches it. */
	curl_multi_socket_action(url->multi, watch->fd, (events & SU_WAIT_IN ? CURL_CSELECT_IN : 0) |
		(events & SU_WAIT_OUT ? CURL_CSELECT_OUT : 0) | (events & (SU_WAIT_ERR | SU_WAIT_HUP) ? CURL_CSELECT_ERR : 0), &running);
	take_done(url);
	return 0;
}

static void watch_free(struct socket_watch *watch)
{
	su_root_deregister(watch->url->server->root, watch->index);
	queue_remove(&watch->in_queue);
	free(watch);
}

/* @return NULL when the socket cannot be watched: then its transfer ends in time. */
static struct socket_watch *watch_new(struct push_url *url, curl_socket_t fd, int events)
{
	struct socket_watch *watch = calloc(1, sizeof *watch);
	su_wait_t wait[1] = { SU_WAIT_INIT };

	if (!watch)
		return NULL;
	watch->url = url;
	watch->fd = fd;
	if (su_wait_create(wait, fd, events) == 0)
		watch->index = su_root_register(url->server->root, wait, on_ready, (su_wakeup_arg_t *)watch, 0);
	if (watch->index <= 0) {
		free(watch);
		return NULL;
	}
	queue_add(&url->watches, &watch->in_queue);
	return watch;
}

static int on_state(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	struct push_url *url = user;
	struct socket_watch *watch = known;
	int events = (what & CURL_POLL_IN ? SU_WAIT_IN : 0) | (what & CURL_POLL_OUT ? SU_WAIT_OUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			watch_free(watch);
		curl_multi_assign(url->multi, fd, NULL);
	} else if (watch) {
		su_root_eventmask(url->server->root, watch->index, fd, events);
	} else {
		curl_multi_assign(url->multi, fd, watch_new(url, fd, events));
	}
	return 0;
}

/* @param ms  -1 = none; then the alarm may ring once more, which does no harm. */
static int on_timer(CURLM *multi, long ms, void *user)
{
	const struct push_url *url = user;

	(void)multi;
	if (ms >= 0)
		alarm_clock_set(url->alarm, alarm_clock_now() + ms);
	return 0;
}

static void on_time(void *user)
{
	struct push_url *url = user;
	int running;

	curl_multi_socket_action(url->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_done(url);
}

/* Counts, and keeps nothing. Past the limit the connection ends. */
static size_t on_octets(char *octets, size_t size, size_t n, void *user)
{
	struct transfer *transfer = user;

	(void)octets;
	transfer->received += size * n;
	return transfer->received <= ANSWER_MAX ? size * n : 0;
}

/* "host:port:address,address". A host that is an address needs none, and libcurl would not take one in brackets for a host here.
 * @return 0 when out of memory. */
static int set_addresses(struct transfer *transfer, const rg_addr *addrs, size_t n)
{
	const struct push_url *url = transfer->url;
	char *entry = NULL;
	size_t n_entry = 0;
	FILE *to = url->is_address ? NULL : open_memstream(&entry, &n_entry);

	if (!to)
		return url->is_address;
	fprintf(to, "%s:%s:", url->host, url->port);
	for (size_t i = 0; i < n; i++) {
		rg_addr addr = addrs[i];
		char room[64];
		rg_str text;

		addr.port = 0;
		text = rg_addr_print(&addr, room, sizeof room);
		fprintf(to, "%s%.*s", i ? "," : "", (int)text.n, text.p);
	}
	if (fclose(to) == 0)
		transfer->resolve = curl_slist_append(NULL, entry);
	free(entry);
	return transfer->resolve != NULL;
}

/* What must hold is checked: without one of these a transfer is not made. */
static int set_safety(CURL *easy, const struct args *args)
{
	int failed = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;

	failed |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK;
	if (args->push_ca)
		failed |= curl_easy_setopt(easy, CURLOPT_CAINFO, args->push_ca) != CURLE_OK;
	/* Beside a folder of authorities libcurl would read the file of all of them for each connection: more than 10 ms. */
	if (args->push_ca || curl_version_info(CURLVERSION_NOW)->cainfo)
		failed |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK;
	return !failed;
}

static int set_request(struct transfer *transfer, int64_t ms)
{
	const struct push_url *url = transfer->url;
	const struct wakeup *wakeup = transfer->job->wakeup;
	CURL *easy = transfer->easy;
	int failed = curl_easy_setopt(easy, CURLOPT_URL, url->server->args->push_url) != CURLE_OK;

	failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, wakeup->json) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)wakeup->n) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, url->headers) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "registrard/" RG_VERSION) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->resolve) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_octets) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_octets) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ms) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)least(ms, CONNECT_SECONDS * 1000)) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_SECONDS) != CURLE_OK;
	return !failed;
}

static void transfer_begin(struct transfer *transfer, const rg_addr *addrs, size_t n)
{
	const struct args *args = transfer->url->server->args;
	int64_t left = transfer->job->wakeup->until - alarm_clock_now();
	int64_t ms = least(left, (int64_t)args->push_seconds * 1000);
	int is_ready;

	transfer->easy = set_addresses(transfer, addrs, n) ? curl_easy_init() : NULL;
	is_ready = transfer->easy && set_safety(transfer->easy, args) && set_request(transfer, ms < 1 ? 1 : ms);
	if (is_ready && curl_multi_add_handle(transfer->url->multi, transfer->easy) == CURLM_OK)
		return;
	if (transfer->easy)
		curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	give_up(transfer, "out of memory");
}

static void on_resolved(void *user, const rg_addr *addrs, size_t n)
{
	struct transfer *transfer = user;

	transfer->question = NULL;
	if (n)
		transfer_begin(transfer, addrs, n);
	else
		try_again(transfer, "no address", 0);
}

static void url_start(void *user, struct push_job *job)
{
	struct push_url *url = user;
	struct transfer *transfer = calloc(1, sizeof *transfer);
	struct question *question;

	if (!transfer) {
		push_job_end(job, 0);
		return;
	}
	*transfer = (struct transfer){ .url = url, .job = job };
	queue_add(&url->transfers, &transfer->in_queue);
	question = resolver_ask(url->server->resolver, url->host, url->port, "tcp", on_resolved, transfer);
	/* Without a question the answer has been given, and the transfer may be over. */
	if (question)
		transfer->question = question;
}

/* The URL is known to be one. */
static int read_url(struct push_url *url, const char *value)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	rg_addr addr;
	int is_read = parts && curl_url_set(parts, CURLUPART_URL, value, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	if (is_read) {
		snprintf(url->name, sizeof url->name, "%s://%s:%s", scheme, host, port);
		url->is_address = rg_addr_parse(rg_str_from(host), &addr) == RG_OK;
		url->host = strdup(host);
		url->port = strdup(port);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return url->host && url->port;
}

static int start_multi(struct push_url *url)
{
	CURLM *multi = url->multi = curl_multi_init();

	return multi && curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_state) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, url) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_TIMERDATA, url) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)TRANSFERS_MAX) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)TRANSFERS_MAX) == CURLM_OK;
}

static void on_idle(void *user)
{
	struct push_url *url = user;

	if (queue_first(&url->transfers))
		return;
	curl_multi_cleanup(url->multi);
	start_multi(url);
}

/* Without "Expect", which libcurl adds to a long body, and then waits for an answer. */
static int make_headers(struct push_url *url)
{
	struct curl_slist *more;

	url->headers = curl_slist_append(NULL, "Content-Type: application/json");
	more = url->headers ? curl_slist_append(url->headers, "Expect:") : NULL;
	return more != NULL;
}

struct push_url *push_url_new(struct server *server)
{
	struct push_url *url = calloc(1, sizeof *url);
	struct push_way way = { "--push-url", TRANSFERS_MAX, server->args->push_queue, url_start, url };

	if (!url)
		return NULL;
	url->server = server;
	url->queue = push_queue_new(server, &way);
	url->alarm = alarm_clock_new(server->root, on_time, url);
	url->idle = alarm_clock_new(server->root, on_idle, url);
	if (url->queue && url->alarm && url->idle && read_url(url, server->args->push_url) && make_headers(url) && start_multi(url))
		return url;
	push_url_free(url);
	return NULL;
}

void push_url_free(struct push_url *url)
{
	struct transfer *transfer;
	struct socket_watch *watch;

	if (!url)
		return;
	while ((transfer = queue_first(&url->transfers)) != NULL) {
		struct push_job *job = transfer->job;

		transfer_free(transfer);
		push_job_end(job, 0);
	}
	if (url->multi)
		curl_multi_cleanup(url->multi);
	while ((watch = queue_first(&url->watches)) != NULL)
		watch_free(watch);
	curl_slist_free_all(url->headers);
	push_queue_free(url->queue);
	alarm_clock_free(url->alarm);
	alarm_clock_free(url->idle);
	free(url->host);
	free(url->port);
	free(url);
}

void push_url_add(struct push_url *url, struct wakeup *wakeup)
{
	push_queue_add(url->queue, wakeup);
}
