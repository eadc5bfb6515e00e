/* SPDX-License-Identifier: MIT */
/* The servers and the proxy that the tests of the Redis store use: they do what their headers say. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "client.h"
#include "proxy.h"
#include "server.h"

static void expect_reply(char *reply, const char *wanted)
{
	cr_expect_str_eq(reply ? reply : "none", wanted);
	free(reply);
}

Test(server, answers_keeps_what_is_saved_and_forgets_what_is_not)
{
	redis_server *s = redis_server_start(NULL);

	expect_reply(redis_ask(s, "SET", "key", "value"), "OK");
	expect_reply(redis_ask(s, "GET", "key"), "value");
	expect_reply(redis_ask(s, "KEYS", "*"), "key\n");
	expect_reply(redis_ask(s, "GET"), "-ERR wrong number of arguments for 'get' command");
	redis_server_save(s);
	cr_expect_null(redis_ask(s, "PING"));
	redis_server_again(s, true);
	expect_reply(redis_ask(s, "GET", "key"), "value");
	redis_server_kill(s);
	cr_expect_eq(redis_server_pid(s), 0);
	redis_server_again(s, false);
	cr_expect_eq(redis_number(s, "DBSIZE"), 0);
	expect_reply(redis_ask(s, "GET", "key"), "(nil)");
	redis_server_free(s);
}

Test(server, keeps_what_it_has_answered_when_durable)
{
	redis_server_options o = { .durable = true };
	redis_server *s = redis_server_start(&o);

	expect_reply(redis_ask(s, "SET", "key", "value"), "OK");
	redis_server_kill(s);
	redis_server_again(s, true);
	expect_reply(redis_ask(s, "GET", "key"), "value");
	redis_server_kill(s);
	redis_server_again(s, false);
	expect_reply(redis_ask(s, "GET", "key"), "(nil)");
	redis_server_free(s);
}

Test(server, asks_for_passwords_and_has_users_and_a_port)
{
	redis_server_options o = { .password = "secret", .tcp = true, .maxmemory = "4mb" };
	redis_server *s = redis_server_start(&o);
	int line = client_connect(redis_server_path(s));
	const char *ping[] = { "PING" };

	expect_reply(client_command(line, 1, ping, NULL, NULL), "-NOAUTH Authentication required.");
	close(line);
	expect_reply(redis_ask(s, "PING"), "PONG");
	cr_expect_gt(redis_server_port(s), 0);
	cr_expect_eq(redis_server_info(s, "maxmemory"), 4 << 20);
	redis_server_free(s);
	o = (redis_server_options){ .acl = "user default on nopass ~* &* +@all\nuser app on >pass ~app* &* +@all\n" };
	s = redis_server_start(&o);
	expect_reply(redis_ask(s, "ACL", "USERS"), "app\ndefault\n");
	redis_server_free(s);
}

Test(server, owns_all_slots_in_cluster_mode)
{
	redis_server_options o = { .cluster = true };
	redis_server *s = redis_server_start(&o);

	expect_reply(redis_ask(s, "SET", "any", "value"), "OK");
	expect_reply(redis_ask(s, "MGET", "any", "other"), "-CROSSSLOT Keys in request don't hash to the same slot");
	redis_server_free(s);
}

Test(server, is_silent_while_it_is_paused)
{
	redis_server *s = redis_server_start(NULL);
	int line = client_connect(redis_server_path(s));
	struct pollfd answer = { .fd = line, .events = POLLIN };

	redis_server_pause(s);
	cr_expect_eq(write(line, "PING\r\n", 6), 6);
	cr_expect_eq(poll(&answer, 1, 20), 0);
	redis_server_resume(s);
	cr_expect_eq(poll(&answer, 1, 10000), 1);
	close(line);
	redis_server_pause(s);
	redis_server_free(s);
}

/* A child that starts a server, tells of it, and dies as no test should. The read end gives the end of file when all of it are gone. */
Test(server, leaves_neither_process_nor_folder_behind)
{
	int ends[2], status;
	char folder[256] = "";
	ssize_t n;

	cr_assert_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		redis_server *s = redis_server_start(NULL);

		dprintf(ends[1], "%d %s", redis_server_pid(s), redis_server_folder(s));
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	n = read(ends[0], folder, sizeof folder - 1);
	cr_assert_gt(n, 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status));
	pid_t server = (pid_t)strtol(folder, NULL, 10);
	char *path = strchr(folder, ' ') + 1;
	for (int ms = 0; ms < 20000 && (access(path, F_OK) == 0 || kill(server, 0) == 0); ms += 2)
		poll(NULL, 0, 2);
	cr_expect_neq(access(path, F_OK), 0);
	cr_expect(kill(server, 0) == -1 && errno == ESRCH);
	close(ends[0]);
}

static void tell(int line, const char *text)
{
	cr_assert_eq(send(line, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Everything up to the end of the connection, or until @p most bytes are there. */
static size_t hear(int line, char *to, size_t most)
{
	size_t n = 0;
	ssize_t got;

	while (n < most && (got = recv(line, to + n, most - n, 0)) > 0)
		n += (size_t)got;
	return n;
}

static int through(proxy *p)
{
	int line = client_connect(proxy_address(p) + strlen("unix:"));

	cr_assert_geq(line, 0);
	return line;
}

Test(proxy, cuts_a_reply_after_each_byte_and_the_command_goes_through)
{
	redis_server *s = redis_server_start(NULL);
	proxy *p = proxy_new(s);

	for (int64_t n = 0; n < 4; n++) { /* of ":1\r\n" */
		int line = through(p);
		char heard[16];

		proxy_cut_replies(p, n);
		tell(line, "INCR n\r\n");
		cr_expect_eq(hear(line, heard, sizeof heard), (size_t)n);
		cr_expect_eq(redis_number(s, "GET", "n"), n + 1);
		close(line);
	}
	int line = through(p);
	char heard[16];

	proxy_cut_replies(p, 4);
	tell(line, "INCR n\r\n");
	cr_expect_eq(hear(line, heard, 4), 4);
	tell(line, "INCR n\r\n");
	cr_expect_eq(hear(line, heard, sizeof heard), 0);
	close(line);
	proxy_cut_each(p, 2);
	for (int i = 0; i < 2; i++) {
		line = through(p);
		tell(line, "INCR n\r\n");
		cr_expect_eq(hear(line, heard, sizeof heard), 2);
		close(line);
	}
	cr_expect_eq(proxy_accepted(p), 7);
	cr_expect_eq(redis_number(s, "GET", "n"), 8);
	proxy_free(p);
	redis_server_free(s);
}

Test(proxy, cuts_a_request_and_the_command_does_not_go_through)
{
	redis_server *s = redis_server_start(NULL);
	proxy *p = proxy_new(s);
	int line = through(p);
	char heard[16];

	proxy_cut_requests(p, 7);
	tell(line, "INCR n\r\n");
	cr_expect_eq(hear(line, heard, sizeof heard), 0);
	close(line);
	line = through(p);
	proxy_hold_requests(p, true);
	tell(line, "INCR n\r\n");
	while (proxy_requested(p) < 16)
		poll(NULL, 0, 1);
	proxy_drop(p);
	cr_expect_eq(hear(line, heard, sizeof heard), 0);
	close(line);
	expect_reply(redis_ask(s, "GET", "n"), "(nil)");
	proxy_free(p);
	redis_server_free(s);
}

Test(proxy, splits_replies_into_single_bytes)
{
	redis_server *s = redis_server_start(NULL);
	proxy *p = proxy_new(s);
	int line = through(p);
	char heard[8];
	size_t n = 0;

	proxy_split(p, true);
	tell(line, "PING\r\n");
	while (n < 7) {
		ssize_t got = recv(line, heard + n, sizeof heard - n, 0);

		cr_assert_eq(got, 1);
		n += (size_t)got;
	}
	cr_expect_arr_eq(heard, "+PONG\r\n", 7);
	close(line);
	proxy_free(p);
	redis_server_free(s);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

Test(proxy, holds_delays_and_refuses)
{
	redis_server *s = redis_server_start(NULL);
	proxy *p = proxy_new(s);
	int line = through(p);
	struct pollfd answer = { .fd = line, .events = POLLIN };
	char heard[16];

	proxy_hold(p, true);
	tell(line, "INCR n\r\n");
	while (proxy_replied(p) < 4)
		poll(NULL, 0, 1);
	cr_expect_eq(poll(&answer, 1, 0), 0);
	cr_expect_eq(proxy_open(p), 1);
	proxy_hold(p, false);
	cr_expect_eq(hear(line, heard, 4), 4);
	proxy_delay(p, 30);
	double started = seconds();
	tell(line, "INCR n\r\n");
	cr_expect_eq(hear(line, heard, 4), 4);
	cr_expect_geq(seconds() - started, 0.029);
	proxy_refuse(p, true);
	int refused = through(p);
	cr_expect_eq(hear(refused, heard, sizeof heard), 0);
	close(refused);
	proxy_drop(p);
	cr_expect_eq(hear(line, heard, sizeof heard), 0);
	close(line);
	proxy_free(p);
	redis_server_free(s);
}
