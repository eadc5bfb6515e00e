/* SPDX-License-Identifier: MIT */
/* One connection: the greeting, what is sent and what is made of the replies. */
#include "fake.h"
#include "links.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

Test(link, the_greeting_is_one_write_and_says_who_we_are)
{
	fake *f = fake_new();
	probe p = { .options = { .struct_size = sizeof p.options, .program = RG_STR("phone.exchange") } };

	snprintf(f->address, sizeof f->address, "unix://app:se%%63ret@%s?db=3", f->path);
	p.options.address = rg_str_from(f->address);
	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	cr_expect(strncmp(f->seen, "AUTH SELECT CLIENT SET GET SCRIPT ", 34) == 0, "%s", f->seen);
	cr_expect(strstr(p.log, "connected as phone.exchange-") != NULL, "%s", p.log);
	cr_expect_null(strstr(p.log, "secret"));
	rg_redis_state s = { .struct_size = sizeof s };
	rg_redis_store_state(p.store, &s);
	cr_expect_null(strstr(s.address.p, "secret"));
	cr_expect_null(s.trouble.p);
	cr_expect_eq(strlen(s.node.p), 36);
	cr_expect(strstr(p.log, s.node.p) != NULL);
	probe_free(&p);
	fake_free(f);
}

Test(link, replies_come_in_order_though_a_byte_at_a_time)
{
	fake *f = fake_new();
	probe p = { 0 };

	f->trickle = true;
	probe_new(&p, f, "timeout=60000&connect_timeout=60000");
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(probe_ask(&p, i, false, 0), RG_PENDING);
	probe_run(&p, 4, 20000);
	for (uint32_t i = 0; i < 5; i++) {
		char want[16];
		snprintf(want, sizeof want, "call%u", i);
		cr_expect_str_eq(p.text[i], want);
		cr_expect_eq(p.times[i], 1);
	}
	cr_expect_eq(f->accepted, 1);
	probe_free(&p);
	fake_free(f);
}

static void ask_ten_more(probe *p, uint32_t call)
{
	if (call != 0)
		return;
	for (uint32_t i = 1; i <= 10; i++)
		cr_expect_eq(probe_ask(p, i, false, 0), RG_PENDING);
	fake_turn(p->f);
	cr_expect_null(strstr(p->f->last, "call1"), "what a callback sends is written at the end");
}

Test(link, calls_of_a_callback_are_one_write)
{
	fake *f = fake_new();
	probe p = { .inside = ask_ten_more };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 10, 2000);
	cr_expect_eq(p.calls, 11);
	cr_expect_eq(probe_count(&p, "fetch_round_trips"), 11);
	probe_free(&p);
	fake_free(f);
}

Test(link, a_script_that_the_server_lost_is_sent_as_text)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->on = "EVALSHA";
	f->say = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
	f->only = 2;
	f->seen[0] = '\0';
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(probe_ask_script(&p, i), RG_PENDING);
	probe_run(&p, 1, 2000);
	cr_expect_str_eq(f->seen, "EVALSHA EVALSHA EVALSHA EVAL EVAL ");
	cr_expect_str_eq(p.text[0], "call0");
	cr_expect_str_eq(p.text[1], "call1");
	cr_expect_str_eq(p.text[2], "call2");
	cr_expect_eq(p.calls, 3);
	cr_expect_eq(probe_count(&p, "noscript_reloads"), 2);
	probe_free(&p);
	fake_free(f);
}

static struct batch {
	uint32_t n, index[8];
	char text[8][32];
	rg_status status[8];
	rg_store *drop; /* at the second callback */
} batch_seen;

static void on_batch(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	struct batch *b = user;
	uint32_t at = b->n++;

	b->index[at] = index;
	b->status[at] = status;
	if (reply && reply->str)
		snprintf(b->text[at], sizeof b->text[at], "%s", reply->str);
	if (at == 1 && b->drop)
		rg_store_unref(b->drop);
}

/* ECHO a, the script with b, ECHO c, the script with d. */
static rg_status send_batch(probe *p)
{
	static const char *const echo_a[] = { "ECHO", "a" }, *const script_b[] = { "0", "b" };
	static const char *const echo_c[] = { "ECHO", "c" }, *const script_d[] = { "0", "d" };
	static const size_t echo_lens[] = { 4, 1 }, script_lens[] = { 1, 1 };
	const rg__redis_command commands[] = { { NULL, 2, echo_a, echo_lens }, { &rg__redis_scripts[0], 2, script_b, script_lens },
		{ NULL, 2, echo_c, echo_lens }, { &rg__redis_scripts[1], 2, script_d, script_lens } };

	memset(&batch_seen, 0, sizeof batch_seen);
	return rg__redis_send(p->r, RG__REDIS_DUE, 0, true, commands, 4, on_batch, &batch_seen, &batch_seen);
}

Test(link, a_batch_keeps_its_order_when_a_script_is_missing)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->on = "EVALSHA";
	f->say = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
	cr_assert_eq(send_batch(&p), RG_PENDING);
	for (int i = 0; i < 200 && batch_seen.n < 4; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_eq(batch_seen.n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		cr_expect_eq(batch_seen.index[i], i);
		cr_expect_eq(batch_seen.text[i][0], 'a' + (int)i);
	}
	cr_expect_eq(probe_count(&p, "due_round_trips"), 1);
	probe_free(&p);
	fake_free(f);
}

Test(link, a_batch_that_is_cut_goes_on_after_what_was_answered)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=60000");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->cut = f->sent + 2 * strlen("$1\r\na\r\n");
	f->cuts = 1;
	f->seen[0] = '\0';
	cr_assert_eq(send_batch(&p), RG_PENDING);
	for (int i = 0; i < 200 && batch_seen.n < 4; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_eq(batch_seen.n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		cr_expect_eq(batch_seen.index[i], i);
		cr_expect_eq(batch_seen.text[i][0], 'a' + (int)i);
	}
	const char *again = strstr(f->seen, "CLIENT ");
	cr_assert_not_null(again);
	cr_expect_null(strstr(again, "ECHO EVALSHA ECHO"), "%s", again);
	cr_expect_not_null(strstr(again, "ECHO EVALSHA "), "%s", again);
	probe_free(&p);
	fake_free(f);
}

Test(link, a_batch_ends_once_when_its_store_is_dropped_inside)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	cr_assert_eq(send_batch(&p), RG_PENDING);
	batch_seen.drop = p.store;
	for (int i = 0; i < 200 && batch_seen.n < 4; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_eq(batch_seen.n, 4);
	cr_expect_eq(batch_seen.status[1], RG_OK);
	cr_expect_eq(batch_seen.status[2], RG_EUNKNOWN);
	cr_expect_eq(batch_seen.status[3], RG_EUNKNOWN);
	fake_free(f);
}

Test(link, more_than_inflight_is_refused)
{
	fake *f = fake_new();
	probe p = { 0 };

	f->silent = true;
	probe_new(&p, f, "inflight=3");
	for (uint32_t i = 0; i < 3; i++)
		cr_expect_eq(probe_ask(&p, i, false, 0), RG_PENDING);
	cr_expect_eq(probe_ask(&p, 3, false, 0), RG_EFULL);
	cr_expect_eq(probe_count(&p, "refused"), 1);
	probe_free(&p);
	cr_expect_eq(p.calls, 3);
	for (uint32_t i = 0; i < 3; i++)
		cr_expect_eq(p.status[i], RG_ECANCELED);
	fake_free(f);
}

/* An answer that no Redis gives, to the first command of the greeting or later. */
static const struct hostile_reply {
	const char *say, *trouble;
} hostile_replies[] = {
	{ "HTTP/1.1 400 Bad Request\r\n\r\n", "this is no Redis" },
	{ "220 mail.example.com ESMTP\r\n", "this is no Redis" },
	{ "*2000000000\r\n", NULL },
	{ "*1048577\r\n", "more than a million elements" },
	{ "$-5\r\n", NULL },
	{ ":99999999999999999999999\r\n", NULL },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "nested too deeply" },
	{ "-ERR \x01\x1b[2J\x7f\xff evil\r\n*", NULL },
	{ "\r\n\r\n\r\n", "this is no Redis" },
	{ "+", NULL },
	{ "$2000000000\r\nabc", NULL },
	{ "$99999999999999999999\r\n", NULL },
};

Test(link, a_hostile_reply_ends_the_connection_and_nothing_else)
{
	for (size_t i = 0; i < sizeof hostile_replies / sizeof hostile_replies[0]; i++) {
		for (int spare = 0; spare <= 6; spare += 6) {
			fake *f = fake_new();
			probe p = { 0 };

			f->on = "*";
			f->say = hostile_replies[i].say;
			f->spare = spare + (spare > 0 ? (int)rg__redis_n_scripts - 3 : 0);
			probe_new(&p, f, "timeout=50&connect_timeout=50");
			probe_ask(&p, 0, true, 0);
			probe_ask(&p, 1, false, 0);
			probe_run(&p, 1, 3000);
			cr_expect_eq(p.times[0], 1, "reply %zu", i);
			cr_expect_eq(p.times[1], 1, "reply %zu", i);
			if (hostile_replies[i].trouble && spare == 0)
				cr_expect(strstr(probe_trouble(&p), hostile_replies[i].trouble), "%zu: %s", i, probe_trouble(&p));
			probe_free(&p);
			fake_free(f);
		}
	}
}

/* Sends @p head and then @p body again and again to an idle store. @return the bytes that it took before it hung up. */
static size_t flood_idle(const char *head, const char *body, size_t n, probe *p, fake *f)
{
	size_t sum = 0, at = 0;

	probe_new(p, f, "timeout=60000&connect_timeout=60000");
	probe_until(p, RG_REDIS_READY, 2000);
	int fd = f->connections[0].fd;
	cr_assert_eq(send(fd, head, strlen(head), MSG_NOSIGNAL), (ssize_t)strlen(head));
	while (sum < (size_t)80 << 20) {
		ssize_t sent = send(fd, body + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			break;
		sum += sent > 0 ? (size_t)sent : 0;
		at = (at + (sent > 0 ? (size_t)sent : 0)) % n;
		rg_redis_store_run(p->store, 0);
	}
	return sum;
}

Test(link, a_reply_without_end_is_given_up)
{
	enum { PIECE = 1 << 20 };
	static char string[PIECE + 16], line[PIECE];
	fake *f = fake_new();
	probe p = { 0 };

	snprintf(string, sizeof string, "$%d\r\n", PIECE);
	size_t head = strlen(string);
	memset(string + head, 'x', PIECE);
	memcpy(string + head + PIECE, "\r\n", 2);
	cr_expect_leq(flood_idle("*1000000\r\n", string, head + PIECE + 2, &p, f), (size_t)68 << 20);
	cr_expect(strstr(p.log, "64 MiB"), "%s", p.log);
	probe_free(&p);
	fake_free(f);

	/* Each read looks for the end of the line from its start. */
	memset(line, 'x', sizeof line);
	f = fake_new();
	p = (probe){ 0 };
	cr_expect_leq(flood_idle("+", line, sizeof line, &p, f), (size_t)2 << 20);
	cr_expect(strstr(p.log, "line"), "%s", p.log);
	probe_free(&p);
	fake_free(f);
}

static uint32_t lines_of(const char *text)
{
	uint32_t n = 0;

	while ((text = strchr(text, '\n')))
		text++, n++;
	return n;
}

Test(link, errors_of_several_kinds_in_turn_do_not_fill_the_log)
{
	static const char *const errors[] = { "-OOM command not allowed\r\n", "-WRONGTYPE Operation against a key\r\n", "-BUSY Redis is busy\r\n" };
	fake *f = fake_new();
	probe p = { 0 };
	char invented[32];

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->on = "ECHO";
	uint32_t before = lines_of(p.log);
	for (uint32_t i = 0; i < 100; i++) {
		f->say = i < 60 ? errors[i % 3] : invented;
		snprintf(invented, sizeof invented, i % 2 ? "-E%u invented\r\n" : "-\r\n", i);
		p.times[0] = 0;
		probe_ask(&p, 0, false, 0);
		probe_run(&p, 0, 2000);
		if (i == 59)
			cr_expect_eq(lines_of(p.log) - before, 3, "%s", p.log);
	}
	cr_expect(strstr(p.log, "OOM") && strstr(p.log, "WRONGTYPE") && strstr(p.log, "BUSY"));
	cr_expect_leq(lines_of(p.log) - before, 8, "%s", p.log);
	probe_free(&p);
	fake_free(f);
}

static const struct refusal {
	const char *on, *say, *trouble;
} refusals[] = {
	{ "AUTH", "-WRONGPASS invalid username-password pair or user is disabled.\r\n", "WRONGPASS" },
	{ "AUTH", "-ERR unknown command 'AUTH', with args beginning with: 'topsecret' \r\n", "unknown command 'AUTH'" },
	{ "AUTH", "-ERR unknown command `AUTH`, with args beginning with: `topsecret`, \r\n", "unknown command `AUTH`" },
	{ "*", "-NOAUTH Authentication required.\r\n", "NOAUTH" },
	{ "SELECT", "-ERR DB index is out of range\r\n", "DB index" },
	{ "*", "-LOADING Redis is loading the dataset in memory\r\n", "LOADING" },
	{ "SET", "-READONLY You can't write against a read only replica.\r\n", "READONLY" },
	{ "GET", "-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN" },
	{ "*", "-DENIED Redis is running in protected mode because no password is set\r\n", "protected mode" },
	{ "GET", "-NOPERM this user has no permissions to access one of the keys\r\n", "NOPERM" },
	{ "GET", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n", "WRONGTYPE" },
	{ "GET", "$-1\r\n", "schema" },
	{ "GET", "$11\r\nsomebody is\r\n", "something else" },
	{ "GET", "$40\r\n2 8 01234567-0123-0123-0123-0123456789ab\r\n", "schema 2" },
	{ "GET", "$41\r\n1 16 01234567-0123-0123-0123-0123456789ab\r\n", "buckets=16" },
	{ "GET", ":1\r\n", "schema" },
	{ "GET", "*0\r\n", "schema" },
};

Test(link, a_server_that_refuses_says_why)
{
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		fake *f = fake_new();
		probe p = { .options = { .struct_size = sizeof p.options } };

		snprintf(f->address, sizeof f->address, "unix://:topsecret@%s?buckets=8&db=1", f->path);
		p.options.address = rg_str_from(f->address);
		f->on = refusals[i].on;
		f->say = refusals[i].say;
		probe_new(&p, f, "");
		probe_ask(&p, 0, true, 0);
		probe_run(&p, 0, 3000);
		cr_expect_eq(p.status[0], RG_ESTORE);
		cr_expect_eq(probe_state(&p), RG_REDIS_DOWN);
		cr_expect(strstr(probe_trouble(&p), refusals[i].trouble), "%zu: %s", i, probe_trouble(&p));
		cr_expect(strstr(p.log, refusals[i].trouble), "%zu: %s", i, p.log);
		cr_expect(!strstr(probe_trouble(&p), "topsecret") && !strstr(p.log, "topsecret"), "%zu: %s", i, p.log);
		/* It is ready soon after the server is. */
		f->on = NULL;
		if (i % 5 == 0)
			probe_until(&p, RG_REDIS_READY, 4000);
		probe_free(&p);
		fake_free(f);
	}
}

Test(link, too_many_clients_is_the_reason_and_not_that_the_server_hung_up)
{
	fake *f = fake_new();
	probe p = { 0 };

	f->hello = "-ERR max number of clients reached\r\n";
	f->on = "*";
	f->close_after = 1;
	f->closes = 1;
	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_DOWN, 3000);
	cr_expect(strstr(probe_trouble(&p), "max number of clients"), "%s", probe_trouble(&p));
	probe_free(&p);
	fake_free(f);
}

Test(link, a_full_server_is_greeted_all_the_same)
{
	fake *f = fake_new();
	probe p = { 0 };

	snprintf(f->schema, sizeof f->schema, "1 8 01234567-0123-0123-0123-0123456789ab");
	f->on = "SET";
	f->say = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 3000);
	/* The error of a call is logged once. */
	f->on = "ECHO";
	for (uint32_t i = 0; i < 4; i++)
		probe_ask(&p, i, true, 0);
	probe_run(&p, 3, 3000);
	cr_expect_eq(p.status[3], RG_OK);
	cr_expect(strncmp(p.text[3], "OOM", 3) == 0);
	char *first = strstr(p.log, "OOM");
	cr_expect_not_null(first);
	cr_expect_null(strstr(first + 1, "OOM"));
	cr_expect_eq(probe_state(&p), RG_REDIS_READY);
	probe_free(&p);
	fake_free(f);
}

Test(link, options_are_judged)
{
	rg_redis_options o = { .struct_size = sizeof o };
	rg_error *why = rg_error_new();
	rg_store *store = (rg_store *)&o;
	char path[200];

	cr_expect_eq(rg_redis_store_new(&o, &store, why), RG_EINVAL);
	cr_expect_null(store);
	cr_expect_eq(rg_redis_store_new(NULL, &store, why), RG_EINVAL);
	cr_expect_eq(rg_redis_store_new(&o, NULL, why), RG_EINVAL);
	o.address = RG_STR("http://localhost/");
	cr_expect_eq(rg_redis_store_new(&o, &store, why), RG_EINVAL);
	o.address = RG_STR("redis://127.0.0.1:1");
	o.program = RG_STR("two words");
	cr_expect_eq(rg_redis_store_new(&o, &store, why), RG_EINVAL);
	cr_expect(strstr(rg_error_text(why).p, "program") != NULL);
	o.program = (rg_str){ 0 };
	o.struct_size = 3;
	cr_expect_eq(rg_redis_store_new(&o, &store, why), RG_EINVAL);
	o.struct_size = sizeof o;
	memset(path, 'x', sizeof path);
	memcpy(path, "unix:/", 6);
	o.address = (rg_str){ path, sizeof path };
	cr_expect_eq(rg_redis_store_new(&o, &store, why), RG_EINVAL);
	if (!rg__redis_has_tls) {
		o.address = RG_STR("rediss://127.0.0.1");
		cr_expect_eq(rg_redis_store_new(&o, &store, why), RG_ENOTSUP);
	}
	cr_expect_null(store);
	rg_error_free(why);
}

Test(link, each_statistic_has_a_name_and_a_text)
{
	fake *f = fake_new();
	probe p = { 0 };
	rg_statistic s = { .struct_size = sizeof s };
	uint32_t n;

	probe_new(&p, f, "");
	for (n = 0; rg_redis_store_statistic(p.store, n, &s) == RG_OK; n++) {
		cr_expect_gt(strlen(s.name), 3);
		cr_expect_gt(strlen(s.doc), 3);
		cr_expect_eq(s.gauge, 0);
	}
	cr_expect_gt(n, 12);
	cr_expect_eq(rg_redis_store_statistic_count(p.store), n);
	cr_expect_null(s.name, "past the end it is emptied");
	cr_expect_eq(s.struct_size, sizeof s);
	probe_free(&p);
	fake_free(f);
}

Test(link, functions_refuse_what_is_no_redis_store)
{
	rg_redis_state s = { .struct_size = sizeof s };
	rg_statistic t = { .struct_size = sizeof t };

	cr_expect_eq(rg_redis_store_state(NULL, &s), RG_EINVAL);
	cr_expect_eq(rg_redis_store_statistic(NULL, 0, &t), RG_EINVAL);
	cr_expect_eq(rg_redis_store_statistic_count(NULL), 0);
	cr_expect_eq(rg_redis_store_descriptor(NULL), -1);
	cr_expect_eq(rg_redis_store_run(NULL, 0), RG_EINVAL);
	rg_redis_store_drive(NULL);
	rg_redis_store_ready(NULL, 0, 3);
	rg_redis_options_init(NULL, 0);
	rg_redis_state_init(NULL, 0);
}
