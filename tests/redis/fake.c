/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void fake_listen(fake *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof a.sun_path, "%s", f->path);
	unlink(f->path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	cr_assert(f->listener >= 0);
	cr_assert_eq(bind(f->listener, (struct sockaddr *)&a, sizeof a), 0);
	cr_assert_eq(listen(f->listener, 50), 0);
}

fake *fake_new(void)
{
	fake *f = calloc(1, sizeof *f);

	cr_assert_not_null(f);
	snprintf(f->folder, sizeof f->folder, "/tmp/rgstr-fake-XXXXXX");
	cr_assert_not_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/socket", f->folder);
	for (int i = 0; i < FAKE_CONNECTIONS; i++)
		f->connections[i].fd = -1;
	pthread_mutex_init(&f->lock, NULL);
	fake_listen(f);
	return f;
}

static void hang_up(fake_connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->in_n = c->out_n = 0;
}

void fake_hang_up(fake *f)
{
	pthread_mutex_lock(&f->lock);
	for (int i = 0; i < FAKE_CONNECTIONS; i++)
		hang_up(&f->connections[i]);
	pthread_mutex_unlock(&f->lock);
}

void fake_deny(fake *f)
{
	fake_hang_up(f);
	close(f->listener);
	unlink(f->path);
	f->listener = -1;
}

void fake_free(fake *f)
{
	fake_stop_thread(f);
	fake_deny(f);
	rmdir(f->folder);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

uint32_t fake_open(const fake *f)
{
	uint32_t n = 0;

	for (int i = 0; i < FAKE_CONNECTIONS; i++)
		n += f->connections[i].fd >= 0;
	return n;
}

static void put(fake_connection *c, const char *bytes, size_t n)
{
	cr_assert(c->out_n + n <= sizeof c->out);
	memcpy(c->out + c->out_n, bytes, n);
	c->out_n += n;
}

static void put_text(fake_connection *c, const char *text)
{
	put(c, text, strlen(text));
}

static void put_bulk(fake_connection *c, const char *text)
{
	char head[32];

	snprintf(head, sizeof head, "$%zu\r\n", strlen(text));
	put_text(c, head);
	put_text(c, text);
	put_text(c, "\r\n");
}

void fake_say(fake *f, const char *raw)
{
	for (int i = 0; i < FAKE_CONNECTIONS; i++)
		if (f->connections[i].fd >= 0 && f->connections[i].subscribed)
			put_text(&f->connections[i], raw);
}

/* Whether the test has its own reply for this command. */
static bool overridden(fake *f, fake_connection *c, const char *name)
{
	if (!f->on || (strcmp(f->on, "*") != 0 && strcmp(f->on, name) != 0))
		return false;
	if (f->spare > 0) {
		f->spare--;
		return false;
	}
	if (f->say)
		put_text(c, f->say);
	if (f->only > 0 && --f->only == 0)
		f->on = NULL;
	return true;
}

static void put_pushed(fake_connection *c, const char *kind, const char *channel)
{
	put_text(c, "*3\r\n");
	put_bulk(c, kind);
	put_bulk(c, channel);
	put_text(c, ":1\r\n");
}

static void answer_command(fake *f, fake_connection *c, char **args, int n)
{
	const char *name = args[0];

	if (overridden(f, c, name))
		return;
	if (strcmp(name, "SET") == 0) {
		if (!f->schema[0])
			snprintf(f->schema, sizeof f->schema, "%s", args[2]);
		put_text(c, "+OK\r\n");
	} else if (strcmp(name, "GET") == 0) {
		put_bulk(c, f->schema);
	} else if (strcmp(name, "ECHO") == 0) {
		put_bulk(c, args[1]);
	} else if (strncmp(name, "EVAL", 4) == 0) {
		put_bulk(c, args[n - 1]);
	} else if (strcmp(name, "SUBSCRIBE") == 0 || strcmp(name, "UNSUBSCRIBE") == 0) {
		c->subscribed = true;
		for (int i = 1; i < n; i++)
			put_pushed(c, name[0] == 'S' ? "subscribe" : "unsubscribe", args[i]);
	} else if (strcmp(name, "PING") == 0) {
		put_text(c, "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
	} else {
		put_text(c, "+OK\r\n");
	}
}

static void note_command(fake *f, char **args, int n)
{
	size_t at = strlen(f->seen);

	snprintf(f->seen + at, sizeof f->seen - at, "%s ", args[0]);
	f->last[0] = '\0';
	for (int i = 0; i < n; i++) {
		at = strlen(f->last);
		snprintf(f->last + at, sizeof f->last - at, "%s%.60s", i ? " " : "", args[i]);
	}
	f->commands++;
}

/* Takes one command off the front. @return false: it is not complete. */
static bool take_command(fake *f, fake_connection *c)
{
	char none[] = "", *args[FAKE_ARGS], *end, *p = c->in, *stop = c->in + c->in_n;

	if (c->in_n < 4 || !memchr(c->in, '\n', c->in_n))
		return false;
	cr_assert_eq(*p, '*', "no command: %.*s", 20, p);
	int n = (int)strtol(p + 1, &end, 10);
	cr_assert(n > 0 && n <= FAKE_ARGS);
	p = end + 2;
	for (int i = 0; i < FAKE_ARGS; i++)
		args[i] = none;
	for (int i = 0; i < n; i++) {
		if (p >= stop || !memchr(p, '\n', (size_t)(stop - p)))
			return false;
		cr_assert_eq(*p, '$');
		size_t len = strtoul(p + 1, &end, 10);
		p = end + 2;
		if (p + len + 2 > stop)
			return false;
		args[i] = p;
		p += len + 2;
	}
	for (int i = 0; i < n; i++)
		args[i][strcspn(args[i], "\r")] = '\0'; /* no test sends a CR */
	note_command(f, args, n);
	if (!f->silent)
		answer_command(f, c, args, n);
	c->in_n = (size_t)(stop - p);
	memmove(c->in, p, c->in_n);
	return true;
}

static void serve_reading(fake *f, fake_connection *c)
{
	ssize_t n = f->deaf ? -1 : recv(c->fd, c->in + c->in_n, sizeof c->in - c->in_n - 1, MSG_DONTWAIT);

	if (n == 0) {
		hang_up(c);
		return;
	}
	if (n > 0)
		c->in_n += (size_t)n;
	while (c->fd >= 0 && take_command(f, c)) {
		if (f->close_after == 0 || f->commands < f->close_after || f->closes <= 0)
			continue;
		f->closes--;
		f->commands = 0;
		hang_up(c);
	}
}

static void serve_writing(fake *f, fake_connection *c)
{
	size_t n = f->trickle && c->out_n > 1 ? 1 : c->out_n;
	bool cut = f->cut > 0 && f->cuts > 0 && f->sent + n >= f->cut;

	if (cut)
		n = f->cut - f->sent;
	ssize_t sent = n ? send(c->fd, c->out, n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	if (sent > 0) {
		f->sent += (size_t)sent;
		c->out_n -= (size_t)sent;
		memmove(c->out, c->out + sent, c->out_n);
	}
	if (cut) {
		f->cuts--;
		f->sent = 0;
		hang_up(c);
	}
}

static void serve_accepting(fake *f)
{
	int fd = f->listener < 0 ? -1 : accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; fd >= 0 && i < FAKE_CONNECTIONS; i++) {
		fake_connection *c = &f->connections[i];
		if (c->fd >= 0)
			continue;
		c->fd = fd;
		c->in_n = c->out_n = 0;
		c->subscribed = false;
		f->accepted++;
		f->sent = 0;
		if (f->hello)
			put_text(c, f->hello);
		return;
	}
	if (fd >= 0)
		close(fd);
}

void fake_turn(fake *f)
{
	pthread_mutex_lock(&f->lock);
	serve_accepting(f);
	for (int i = 0; i < FAKE_CONNECTIONS; i++) {
		fake_connection *c = &f->connections[i];
		if (c->fd >= 0)
			serve_reading(f, c);
		if (c->fd >= 0)
			serve_writing(f, c);
	}
	pthread_mutex_unlock(&f->lock);
}

static void *serve_all_the_time(void *user)
{
	fake *f = user;

	while (!atomic_load(&f->stop)) {
		fake_turn(f);
		usleep(500);
	}
	return NULL;
}

void fake_start_thread(fake *f)
{
	atomic_store(&f->stop, false);
	cr_assert_eq(pthread_create(&f->thread, NULL, serve_all_the_time, f), 0);
	atomic_store(&f->threaded, true);
}

void fake_stop_thread(fake *f)
{
	if (!atomic_load(&f->threaded))
		return;
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
	atomic_store(&f->threaded, false);
}

static void on_line(void *user, int32_t level, const rg_str *text)
{
	probe *p = user;
	size_t at = strlen(p->log);

	for (size_t i = 0; i < text->n; i++)
		cr_expect(text->p[i] >= ' ' && text->p[i] <= '~');
	snprintf(p->log + at, sizeof p->log - at, "%d %.*s\n", level, (int)text->n, text->p);
}

void probe_new(probe *p, fake *f, const char *parameters)
{
	rg_error *why = rg_error_new();

	if (!p->options.struct_size)
		rg_redis_options_init(&p->options, sizeof p->options);
	p->f = f;
	if (!p->options.address.p) {
		snprintf(f->address, sizeof f->address, "unix:%s?buckets=8&%s", f->path, parameters[0] ? parameters : "cache=0");
		p->options.address = rg_str_from(f->address);
	}
	p->options.log = on_line;
	if (!p->options.user)
		p->options.user = p;
	rg_status status = rg_redis_store_new(&p->options, &p->store, why);
	cr_assert_eq(status, RG_OK, "%s", rg_error_text(why).p);
	rg_error_free(why);
	p->r = rg_store_self(p->store, RG__REDIS_NAME);
}

void probe_free(probe *p)
{
	rg_store_unref(p->store);
	p->store = NULL;
}

static void on_reply(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	struct probe_call *a = user;
	probe *p = a->p;
	uint32_t call = a->n;

	cr_expect_eq(index, 0);
	cr_expect(!reply == (status != RG_OK));
	p->calls++;
	p->times[call]++;
	p->status[call] = status;
	if (reply && reply->str)
		snprintf(p->text[call], sizeof p->text[call], "%s", reply->str);
	if (p->inside)
		p->inside(p, call);
}

void *probe_tok(probe *p, uint32_t n)
{
	return &p->times[n];
}

static rg_status send_probe(probe *p, uint32_t n, bool writes, uint32_t flags, const rg__redis_command *c)
{
	p->asked[n] = (struct probe_call){ p, n };
	return rg__redis_send(p->r, RG__REDIS_FETCH, flags, writes, c, 1, on_reply, &p->asked[n], probe_tok(p, n));
}

rg_status probe_ask(probe *p, uint32_t n, bool writes, uint32_t flags)
{
	char text[16];
	const char *argv[] = { "ECHO", text };
	size_t lens[] = { 4, (size_t)snprintf(text, sizeof text, "call%u", n) };
	rg__redis_command c = { .argc = 2, .argv = argv, .lens = lens };

	return send_probe(p, n, writes, flags, &c);
}

rg_status probe_ask_script(probe *p, uint32_t n)
{
	char text[16];
	const char *argv[] = { "0", text };
	size_t lens[] = { 1, (size_t)snprintf(text, sizeof text, "call%u", n) };
	rg__redis_command c = { .script = &rg__redis_scripts[0], .argc = 2, .argv = argv, .lens = lens };

	return send_probe(p, n, true, 0, &c);
}

static void turn_both(probe *p)
{
	if (!atomic_load(&p->f->threaded))
		fake_turn(p->f);
	rg_redis_store_run(p->store, 1);
}

void probe_run(probe *p, uint32_t n, int ms)
{
	int64_t until = rg__redis_clock() + ms;

	while (p->store && p->times[n] == 0 && rg__redis_clock() < until)
		turn_both(p);
}

uint32_t probe_state(const probe *p)
{
	rg_redis_state state = { .struct_size = sizeof state };

	cr_assert_eq(rg_redis_store_state(p->store, &state), RG_OK);
	return state.connection;
}

const char *probe_trouble(const probe *p)
{
	rg_redis_state state = { .struct_size = sizeof state };

	cr_assert_eq(rg_redis_store_state(p->store, &state), RG_OK);
	return state.trouble.p ? state.trouble.p : "";
}

void probe_until(probe *p, uint32_t connection, int ms)
{
	int64_t until = rg__redis_clock() + ms;

	while (probe_state(p) != connection && rg__redis_clock() < until)
		turn_both(p);
	cr_assert_eq(probe_state(p), connection, "the state is %u, not %u: %s", probe_state(p), connection, probe_trouble(p));
}

int64_t probe_count(const probe *p, const char *name)
{
	rg_statistic s = { .struct_size = sizeof s };

	for (uint32_t i = 0; rg_redis_store_statistic(p->store, i, &s) == RG_OK; i++)
		if (strcmp(s.name, name) == 0)
			return s.value;
	cr_assert_fail("there is no statistic %s", name);
	return -1;
}
