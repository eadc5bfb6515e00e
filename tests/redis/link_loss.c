/* SPDX-License-Identifier: MIT */
/* A connection that is lost, at every point, and a server that does not answer. */
#include "fake.h"
#include "links.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

Test(link_loss, a_cut_at_each_byte_repeats_or_refuses_each_call_once)
{
	uint32_t repeated = 0, refused = 0;
	bool over = false;

	for (size_t cut = 1; !over; cut++) {
		fake *f = fake_new();
		probe p = { 0 };

		f->cut = cut;
		f->cuts = 1;
		probe_new(&p, f, "timeout=5000");
		for (uint32_t i = 0; i < 3; i++)
			cr_assert_eq(probe_ask(&p, i, i == 1, 0), RG_PENDING);
		probe_run(&p, 2, 5000);
		for (uint32_t i = 0; i < 3; i++) {
			cr_expect_eq(p.times[i], 1, "cut %zu, call %u", cut, i);
			cr_expect(p.status[i] == RG_OK || p.status[i] == RG_ESTORE, "cut %zu, call %u: %d", cut, i, p.status[i]);
		}
		refused += p.status[0] == RG_ESTORE;
		repeated += probe_count(&p, "reconnects") == 1;
		over = f->cuts > 0;
		probe_free(&p);
		fake_free(f);
		cr_assert(cut < 2000);
	}
	cr_expect_gt(refused, 50);
	cr_expect_gt(repeated, 10);
}

Test(link_loss, a_close_after_each_command_leaves_no_call_behind)
{
	for (uint32_t after = 1; after < 14; after++) {
		fake *f = fake_new();
		probe p = { 0 };

		f->close_after = after;
		f->closes = 1 + (int)(after % 2);
		probe_new(&p, f, "timeout=3000");
		for (uint32_t i = 0; i < 4; i++)
			probe_ask(&p, i, true, 0);
		probe_run(&p, 3, 5000);
		for (uint32_t i = 0; i < 4; i++)
			cr_expect_eq(p.times[i], 1, "after %u, call %u", after, i);
		probe_until(&p, RG_REDIS_READY, 5000);
		probe_free(&p);
		fake_free(f);
	}
}

Test(link_loss, calls_in_flight_are_repeated_in_order_and_only_what_was_not_answered)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=5000");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->commands = 0;
	f->close_after = 3; /* the replies to the first two are lost with the connection, or not */
	f->closes = 1;
	f->seen[0] = '\0';
	for (uint32_t i = 0; i < 6; i++)
		probe_ask(&p, i, i % 2 == 0, 0);
	probe_run(&p, 5, 3000);
	for (uint32_t i = 0; i < 6; i++) {
		char want[16];
		snprintf(want, sizeof want, "call%u", i);
		cr_expect_eq(p.status[i], RG_OK);
		cr_expect_str_eq(p.text[i], want);
	}
	cr_expect_eq(p.calls, 6);
	cr_expect_eq(probe_count(&p, "reconnects"), 1);
	cr_expect_geq(probe_count(&p, "repeated"), 3);
	cr_expect_null(strstr(p.log, "refused"));
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, when_the_server_is_gone_each_call_is_answered_and_further_ones_are_refused_at_once)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=5000");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->silent = true;
	probe_ask(&p, 0, false, 0);
	probe_ask(&p, 1, true, 0);
	for (int i = 0; i < 5; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	fake_deny(f);
	probe_run(&p, 1, 3000);
	cr_expect_eq(p.status[0], RG_ESTORE);
	cr_expect_eq(p.status[1], RG_EUNKNOWN, "it may have been executed");
	cr_expect_eq(probe_state(&p), RG_REDIS_DOWN);
	cr_expect_eq(probe_ask(&p, 2, true, 0), RG_ESTORE);
	cr_expect_eq(probe_ask(&p, 2, true, RG_OP_BLOCKING), RG_ESTORE);
	cr_expect_eq(p.times[2], 0);
	cr_expect_eq(probe_count(&p, "refused"), 2);
	/* It comes back. */
	f->silent = false;
	fake_listen(f);
	probe_until(&p, RG_REDIS_READY, 8000);
	cr_expect_eq(probe_ask(&p, 3, true, 0), RG_PENDING);
	probe_run(&p, 3, 2000);
	cr_expect_str_eq(p.text[3], "call3");
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, no_attempt_fails_twice_in_the_log_for_the_same_reason)
{
	fake *f = fake_new();
	probe p = { 0 };

	fake_deny(f);
	probe_new(&p, f, "");
	cr_expect_eq(probe_state(&p), RG_REDIS_DOWN, "the first attempt failed within the constructor");
	for (int i = 0; i < 2000 && probe_count(&p, "connect_failures") < 3; i++)
		rg_redis_store_run(p.store, 5);
	cr_expect_geq(probe_count(&p, "connect_failures"), 3);
	char *first = strchr(p.log, '\n');
	cr_assert_not_null(first);
	cr_expect_str_eq(first, "\n", "%s", p.log);
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, a_server_that_falls_silent_costs_no_more_than_the_time_of_one_call)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=60&connect_timeout=60");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->silent = true;
	probe_ask(&p, 0, true, 0);
	probe_ask(&p, 1, false, 0);
	probe_run(&p, 1, 3000);
	cr_expect_eq(p.status[0], RG_EUNKNOWN);
	cr_expect_eq(p.status[1], RG_ESTORE);
	cr_expect_geq(probe_count(&p, "timeouts"), 1);
	cr_expect_eq(probe_ask(&p, 2, false, 0), RG_ESTORE);
	cr_expect(strstr(probe_trouble(&p), "no answer within 60 ms"), "%s", probe_trouble(&p));
	f->silent = false;
	probe_until(&p, RG_REDIS_READY, 8000);
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, a_server_that_never_greets_is_down)
{
	fake *f = fake_new();
	probe p = { 0 };

	f->silent = true;
	probe_new(&p, f, "timeout=3000&connect_timeout=40");
	probe_ask(&p, 0, true, 0);
	probe_run(&p, 0, 3000);
	cr_expect_eq(p.status[0], RG_ESTORE, "it was never sent");
	cr_expect(strstr(probe_trouble(&p), "no answer within 40 ms"), "%s", probe_trouble(&p));
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, a_server_that_does_not_read_is_down_after_the_time_of_one_call)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=100");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->deaf = true;
	for (uint32_t i = 0; i < 20; i++)
		probe_ask(&p, i, true, 0);
	probe_run(&p, 19, 3000);
	for (uint32_t i = 0; i < 20; i++)
		cr_expect_eq(p.status[i], RG_EUNKNOWN);
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, a_replica_is_left)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=3000");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->on = "ECHO";
	f->say = "-READONLY You can't write against a read only replica.\r\n";
	f->only = 1;
	probe_ask(&p, 0, true, 0);
	probe_run(&p, 0, 2000);
	cr_expect(strncmp(p.text[0], "READONLY", 8) == 0);
	probe_ask(&p, 1, true, 0);
	probe_run(&p, 1, 2000);
	cr_expect_eq(p.status[1], RG_OK);
	cr_expect_eq(probe_count(&p, "reconnects"), 1);
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, a_repeated_commit_that_is_refused_may_have_happened_the_first_time)
{
	static const char *const refusals[] = { "-READONLY You can't write against a read only replica.\r\n",
		"-NOREPLICAS Not enough good replicas to write.\r\n",
		"-MISCONF Errors writing to the AOF file: No space left on device\r\n", "-BUSY Redis is busy running a script.\r\n",
		"-NOPERM User has no permissions to run the 'evalsha' command\r\n", "-MOVED 1 192.0.2.1:6379\r\n", "-CLUSTERDOWN The cluster is down\r\n" };

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		fake *f = fake_new();
		probe p = { 0 };

		probe_new(&p, f, "timeout=3000");
		probe_until(&p, RG_REDIS_READY, 2000);
		f->commands = 0;
		f->close_after = 2; /* it may have executed both */
		f->closes = 1;
		f->on = "ECHO";
		f->spare = 2;
		f->say = refusals[i];
		probe_ask(&p, 0, true, 0);
		probe_ask(&p, 1, false, 0);
		probe_run(&p, 1, 2000);
		cr_expect_eq(p.status[0], RG_EUNKNOWN, "%s: %s", refusals[i], rg_strerror(p.status[0]));
		cr_expect_eq(p.status[1], RG_OK, "a read has no fate");
		cr_expect_eq(p.text[1][0], refusals[i][1]);
		probe_free(&p);
		fake_free(f);
	}
}

Test(link_loss, a_repeated_commit_that_memory_refused_has_not_happened)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=3000");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->commands = 0;
	f->close_after = 1;
	f->closes = 1;
	f->on = "ECHO";
	f->spare = 1;
	f->say = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
	probe_ask(&p, 0, true, 0);
	probe_run(&p, 0, 2000);
	cr_expect_eq(p.status[0], RG_OK, "the script saw that it was not made before");
	cr_expect(strncmp(p.text[0], "OOM", 3) == 0);
	probe_free(&p);
	fake_free(f);
}

static void count_emptied(void *user)
{
	((probe *)user)->emptied++;
}

Test(link_loss, another_data_set_is_noticed_once)
{
	fake *f = fake_new();
	probe p = { 0 };

	rg_redis_options_init(&p.options, sizeof p.options);
	p.options.emptied = count_emptied;
	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	cr_expect_eq(probe_count(&p, "emptied_servers"), 0);
	fake_hang_up(f);
	f->schema[0] = '\0';
	for (int i = 0; i < 3000 && probe_count(&p, "reconnects") < 1; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_eq(probe_count(&p, "emptied_servers"), 1);
	char *first = strstr(p.log, "emptied");
	cr_assert_not_null(first);
	fake_hang_up(f);
	for (int i = 0; i < 3000 && probe_count(&p, "reconnects") < 2; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_eq(probe_count(&p, "emptied_servers"), 1);
	cr_expect_null(strstr(first + 1, "emptied"));
	cr_expect_eq(p.emptied, 1, "the host is told once");
	probe_free(&p);
	fake_free(f);
}

static void look_at_schema(void *user, uint32_t index, rg_status status, const redisReply *reply)
{
	probe *p = user;

	(void)index;
	p->calls++;
	if (status == RG_OK)
		rg__redis_schema_seen(p->r, reply);
}

static void ask_schema(probe *p)
{
	const char *argv[] = { "GET", p->r->schema.p };
	size_t lens[] = { 3, p->r->schema.n };
	rg__redis_command c = { .argc = 2, .argv = argv, .lens = lens };

	cr_assert_eq(rg__redis_send(p->r, RG__REDIS_DUE, 0, false, &c, 1, look_at_schema, p, p), RG_PENDING);
	for (uint32_t before = p->calls, i = 0; p->calls == before && i < 1000; i++) {
		fake_turn(p->f);
		rg_redis_store_run(p->store, 1);
	}
}

Test(link_loss, a_flushed_server_is_noticed_without_a_loss)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	ask_schema(&p);
	cr_expect_eq(probe_count(&p, "emptied_servers"), 0);
	f->schema[0] = '\0';
	f->on = "GET";
	f->say = "$-1\r\n";
	f->only = 1;
	ask_schema(&p);
	cr_expect_eq(probe_count(&p, "emptied_servers"), 1);
	probe_until(&p, RG_REDIS_READY, 3000);
	cr_expect(f->schema[0] != '\0', "the greeting has made the key again");
	const char *line = strstr(p.log, "emptied");
	cr_expect(line && !strstr(line + 1, "emptied"), "it is said once: %s", p.log);
	/* A server with other buckets is refused also then. */
	f->on = "GET";
	f->say = "$41\r\n1 16 01234567-0123-0123-0123-0123456789ab\r\n";
	f->only = 0;
	ask_schema(&p);
	probe_until(&p, RG_REDIS_DOWN, 3000);
	cr_expect(strstr(probe_trouble(&p), "buckets"), "%s", probe_trouble(&p));
	probe_free(&p);
	fake_free(f);
}

static void drop_store(probe *p, uint32_t call)
{
	if (call == 1)
		probe_free(p);
}

Test(link_loss, the_store_may_be_dropped_in_the_callback_of_a_call_that_failed)
{
	fake *f = fake_new();
	probe p = { .inside = drop_store };

	f->silent = true;
	probe_new(&p, f, "connect_timeout=30");
	for (uint32_t i = 0; i < 4; i++)
		probe_ask(&p, i, false, 0);
	probe_run(&p, 3, 3000);
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_eq(p.times[i], 1);
	cr_expect_null(p.store);
	fake_free(f);
}

Test(link_loss, the_store_may_be_dropped_in_the_callback_of_a_call_that_succeeded)
{
	fake *f = fake_new();
	probe p = { .inside = drop_store };

	probe_new(&p, f, "");
	for (uint32_t i = 0; i < 4; i++)
		probe_ask(&p, i, i == 3, 0);
	probe_run(&p, 3, 3000);
	cr_expect_eq(p.status[0], RG_OK);
	cr_expect_eq(p.status[1], RG_OK);
	cr_expect_eq(p.status[2], RG_ECANCELED);
	cr_expect_eq(p.status[3], RG_EUNKNOWN);
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_eq(p.times[i], 1);
	fake_free(f);
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(link_loss, reconnections_leave_no_descriptor_behind)
{
	fake *f = fake_new();
	probe p = { 0 };
	int before = open_descriptors();

	probe_new(&p, f, "timeout=5000");
	probe_until(&p, RG_REDIS_READY, 2000);
	int ready = open_descriptors();
	for (uint32_t i = 0; i < 300; i++) {
		p.times[0] = 0;
		probe_ask(&p, 0, false, 0);
		probe_run(&p, 0, 3000);
		cr_assert_eq(p.status[0], RG_OK);
		fake_hang_up(f);
	}
	p.times[0] = 0;
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 0, 3000);
	cr_expect_eq(probe_count(&p, "reconnects"), 300);
	cr_expect_eq(open_descriptors(), ready);
	probe_free(&p);
	fake_turn(f);
	cr_expect_eq(open_descriptors(), before);
	fake_free(f);
}

Test(link_loss, a_connection_on_descriptor_zero_is_closed_too)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "timeout=5000");
	probe_until(&p, RG_REDIS_READY, 2000);
	close(0);
	fake_hang_up(f);
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 0, 3000);
	cr_assert(fcntl(0, F_GETFD) >= 0);
	probe_free(&p);
	for (int i = 0; i < 3; i++)
		fake_turn(f);
	cr_expect(fcntl(0, F_GETFD) < 0);
	cr_expect_eq(fake_open(f), 0);
	fake_free(f);
}

Test(link_loss, a_loss_after_a_long_life_begins_with_the_shortest_delay)
{
	fake *f = fake_new();
	probe p = { 0 };

	fake_deny(f);
	probe_new(&p, f, "timeout=60000");
	for (int i = 0; i < 4000 && probe_count(&p, "connect_failures") < 3; i++)
		rg_redis_store_run(p.store, 5);
	fake_listen(f);
	probe_until(&p, RG_REDIS_READY, 8000);
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 0, 2000);
	f->silent = true;
	p.r->url.timeout = 40;
	probe_ask(&p, 1, false, 0);
	probe_run(&p, 1, 2000);
	cr_expect_eq(p.status[1], RG_ESTORE);
	cr_expect_eq(p.r->links->backoff.delay, 200, "the next one after the first");
	probe_free(&p);
	fake_free(f);
}

Test(link_loss, a_canceled_call_completes_and_its_reply_goes_nowhere)
{
	fake *f = fake_new();
	probe p = { 0 };

	probe_new(&p, f, "");
	probe_ask(&p, 0, true, 0);
	rg__redis_cancel(p.r, probe_tok(&p, 0));
	cr_expect_eq(p.status[0], RG_ECANCELED, "it was not sent");
	probe_until(&p, RG_REDIS_READY, 2000);
	for (uint32_t i = 1; i < 5; i++)
		probe_ask(&p, i, i == 2, 0);
	rg__redis_cancel(p.r, probe_tok(&p, 2));
	rg__redis_cancel(p.r, probe_tok(&p, 3));
	rg__redis_cancel(p.r, probe_tok(&p, 3));
	cr_expect_eq(p.status[2], RG_EUNKNOWN);
	cr_expect_eq(p.status[3], RG_ECANCELED);
	probe_run(&p, 4, 2000);
	cr_expect_str_eq(p.text[1], "call1");
	cr_expect_str_eq(p.text[2], "");
	cr_expect_str_eq(p.text[4], "call4");
	cr_expect_eq(p.calls, 5);
	rg_redis_state s = { .struct_size = sizeof s };
	rg_redis_store_state(p.store, &s);
	cr_expect_eq(s.in_flight, 0);
	probe_free(&p);
	fake_free(f);
}
