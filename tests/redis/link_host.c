/* SPDX-License-Identifier: MIT */
/* What the host does: it watches descriptors, it resolves names. */
#include "fake.h"
#include "links.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A host with poll(), for the first way. */
typedef struct loop {
	struct pollfd fds[64];
	int n;
	int64_t at; /* -1 = no deadline */
	uint32_t deadlines, watches, freed;
	rg_resolve_done_cb done; /* of the last question */
	void *tok, *first_tok;
	uint32_t questions;
	rg_status inline_answer; /* RG_PENDING = the test answers */
	rg_addr addr;
} loop;

static loop the_loop;

static loop *loop_of(void *user)
{
	(void)user; /* the probe */
	return &the_loop;
}

static void on_watch(void *user, int32_t fd, uint32_t events)
{
	loop *l = loop_of(user);
	int i = 0;

	l->watches++;
	cr_expect(fcntl(fd, F_GETFD) >= 0, "a descriptor is forgotten before it is closed");
	while (i < l->n && l->fds[i].fd != fd)
		i++;
	if (events == 0) {
		cr_assert_lt(i, l->n, "an unknown descriptor is forgotten");
		l->fds[i] = l->fds[--l->n];
		return;
	}
	l->n += i == l->n;
	l->fds[i] = (struct pollfd){ .fd = fd,
		.events = (short)((events & RG_REDIS_READ ? POLLIN : 0) | (events & RG_REDIS_WRITE ? POLLOUT : 0)) };
}

static void on_deadline(void *user, int32_t ms)
{
	loop *l = loop_of(user);

	cr_expect_geq(ms, -1);
	l->deadlines++;
	l->at = ms < 0 ? -1 : rg__redis_clock() + ms;
}

static void on_free(void *user)
{
	loop_of(user)->freed++;
}

static rg_status on_resolve(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	loop *l = loop_of(user);

	cr_expect(rg_str_equal(*host, RG_STR("redis.example.com")));
	l->done = done;
	l->tok = tok;
	if (l->questions++ == 0)
		l->first_tok = tok;
	if (l->inline_answer == RG_OK)
		done(tok, RG_OK, &l->addr, 1);
	return l->inline_answer;
}

static void turn_loop(probe *p)
{
	loop *l = &the_loop;
	struct pollfd fds[64];
	int n = l->n;

	fake_turn(p->f);
	memcpy(fds, l->fds, sizeof fds);
	poll(fds, (nfds_t)n, 1);
	for (int i = 0; i < n && p->store; i++)
		if (fds[i].revents)
			rg_redis_store_ready(p->store, fds[i].fd,
				(fds[i].revents & ~POLLOUT ? RG_REDIS_READ : 0u) | (fds[i].revents & ~POLLIN ? RG_REDIS_WRITE : 0u));
	if (p->store && l->at >= 0 && rg__redis_clock() >= l->at) {
		l->at = -1;
		rg_redis_store_ready(p->store, -1, 0);
	}
}

static void loop_run(probe *p, uint32_t call)
{
	for (int i = 0; i < 4000 && p->store && p->times[call] == 0; i++)
		turn_loop(p);
	cr_assert_eq(p->times[call], 1);
}

static probe looping_probe(void)
{
	probe p = { .options = { .struct_size = sizeof p.options, .watch = on_watch, .deadline = on_deadline, .free = on_free } };

	the_loop = (loop){ .at = -1 };
	return p;
}

Test(link_host, the_first_way_serves_calls_losses_and_times)
{
	fake *f = fake_new();
	probe p = looping_probe();

	probe_new(&p, f, "timeout=60000&connect_timeout=60000");
	cr_expect_eq(rg_redis_store_descriptor(p.store), -1);
	cr_expect_eq(rg_redis_store_run(p.store, 0), RG_EINVAL);
	probe_ask(&p, 0, true, 0);
	loop_run(&p, 0);
	cr_expect_str_eq(p.text[0], "call0");
	fake_hang_up(f);
	probe_ask(&p, 1, true, 0);
	loop_run(&p, 1);
	cr_expect_eq(p.status[1], RG_OK);
	f->silent = true;
	p.r->url.timeout = 50;
	probe_ask(&p, 2, true, 0);
	loop_run(&p, 2);
	cr_expect_eq(p.status[2], RG_EUNKNOWN);
	cr_expect_eq(probe_state(&p), RG_REDIS_DOWN);
	f->silent = false;
	p.r->url.timeout = 60000;
	for (int i = 0; i < 4000 && probe_state(&p) != RG_REDIS_READY; i++)
		turn_loop(&p);
	cr_expect_eq(probe_state(&p), RG_REDIS_READY);
	probe_ask(&p, 3, true, 0);
	loop_run(&p, 3);
	cr_expect_eq(p.status[3], RG_OK);
	cr_expect_eq(the_loop.freed, 0);
	probe_free(&p);
	cr_expect_eq(the_loop.n, 0, "every descriptor was forgotten");
	cr_expect_eq(the_loop.freed, 1);
	cr_expect_eq(the_loop.at, -1, "no deadline is left");
	fake_free(f);
}

Test(link_host, a_call_sets_neither_a_watch_nor_a_deadline_of_its_own)
{
	fake *f = fake_new();
	probe p = looping_probe();

	probe_new(&p, f, "timeout=60000");
	probe_ask(&p, 0, true, 0);
	loop_run(&p, 0);
	uint32_t watches = the_loop.watches, deadlines = the_loop.deadlines;
	for (uint32_t i = 1; i < 50; i++) {
		probe_ask(&p, i, true, 0);
		loop_run(&p, i);
	}
	cr_expect_eq(the_loop.watches, watches);
	cr_expect_leq(the_loop.deadlines, deadlines + 1);
	probe_free(&p);
	fake_free(f);
}

static void drop_in_loop(probe *p, uint32_t call)
{
	if (call == 0)
		probe_free(p);
}

Test(link_host, the_store_may_be_dropped_within_ready)
{
	fake *f = fake_new();
	probe p = looping_probe();

	p.inside = drop_in_loop;
	probe_new(&p, f, "");
	probe_ask(&p, 0, false, 0);
	probe_ask(&p, 1, false, 0);
	for (int i = 0; i < 1000 && p.store; i++)
		turn_loop(&p);
	cr_expect_eq(p.calls, 2);
	cr_expect_eq(the_loop.freed, 1);
	cr_expect_eq(the_loop.n, 0);
	fake_free(f);
}

static void drive_inside(probe *p, uint32_t call)
{
	(void)call;
	rg_redis_store_drive(p->store);
	rg_redis_store_run(p->store, 0);
}

Test(link_host, drive_within_a_callback_does_nothing)
{
	fake *f = fake_new();
	probe p = { .inside = drive_inside };

	probe_new(&p, f, "");
	for (uint32_t i = 0; i < 5; i++)
		probe_ask(&p, i, false, 0);
	probe_run(&p, 4, 3000);
	cr_expect_eq(p.calls, 5);
	cr_expect_str_eq(p.text[4], "call4");
	probe_free(&p);
	fake_free(f);
}

Test(link_host, watch_without_deadline_is_refused)
{
	rg_redis_options o = { .struct_size = sizeof o, .address = RG_STR("redis://127.0.0.1"), .watch = on_watch, .free = on_free };
	rg_store *store;

	the_loop = (loop){ .at = -1 };
	cr_expect_eq(rg_redis_store_new(&o, &store, NULL), RG_EINVAL);
	cr_expect_eq(the_loop.freed, 0, "after an error the caller owns its pointer");
}

/* The false server on a loopback port, for names. */
static void listen_on_port(fake *f, rg_addr *out)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;

	close(f->listener);
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(f->listener, (struct sockaddr *)&a, sizeof a), 0);
	cr_assert_eq(listen(f->listener, 50), 0);
	getsockname(f->listener, (struct sockaddr *)&a, &size);
	*out = (rg_addr){ .family = 4, .port = ntohs(a.sin_port) };
	memcpy(out->ip, &a.sin_addr, 4);
}

static void named_probe(probe *p, fake *f, rg_status inline_answer, const char *parameters)
{
	rg_addr addr;

	listen_on_port(f, &addr);
	the_loop = (loop){ .at = -1, .inline_answer = inline_answer, .addr = addr };
	p->options.resolve = on_resolve;
	snprintf(f->address, sizeof f->address, "redis://redis.example.com:%u?buckets=8&%s", addr.port, parameters);
	p->options.address = rg_str_from(f->address);
	p->options.struct_size = sizeof p->options;
	probe_new(p, f, "");
}

Test(link_host, a_name_is_resolved_before_each_connection)
{
	fake *f = fake_new();
	probe p = { 0 };

	named_probe(&p, f, RG_OK, "timeout=3000");
	probe_until(&p, RG_REDIS_READY, 3000);
	cr_expect_eq(the_loop.questions, 1);
	fake_hang_up(f);
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 0, 3000);
	cr_expect_eq(p.status[0], RG_OK);
	cr_expect_eq(the_loop.questions, 2);
	probe_free(&p);
	fake_free(f);
}

Test(link_host, an_answer_may_come_late_and_a_second_one_is_nothing)
{
	fake *f = fake_new();
	probe p = { 0 };
	rg_addr nowhere = { .family = 4, .ip = { 127, 0, 0, 9 } }, none = { .family = 0 };

	named_probe(&p, f, RG_PENDING, "timeout=3000&connect_timeout=3000");
	probe_ask(&p, 0, false, 0);
	for (int i = 0; i < 5; i++)
		rg_redis_store_run(p.store, 1);
	cr_expect_eq(p.times[0], 0);
	rg_addr both[2] = { none, the_loop.addr };
	void *tok = the_loop.tok;
	the_loop.done(tok, RG_OK, both, 2);
	the_loop.done(tok, RG_OK, &nowhere, 1);
	the_loop.done(tok, RG_ESTORE, NULL, 0);
	probe_run(&p, 0, 3000);
	cr_expect_eq(p.status[0], RG_OK);
	the_loop.done(tok, RG_OK, &nowhere, 1);
	cr_expect_eq(the_loop.questions, 1);
	probe_free(&p);
	fake_free(f);
}

Test(link_host, a_question_without_an_answer_is_given_up_and_asked_again)
{
	fake *f = fake_new();
	probe p = { 0 };

	named_probe(&p, f, RG_PENDING, "timeout=3000&connect_timeout=30");
	probe_ask(&p, 0, false, 0);
	probe_run(&p, 0, 3000);
	cr_expect_eq(p.status[0], RG_ESTORE);
	cr_expect(strstr(probe_trouble(&p), "not resolved within 30 ms"), "%s", probe_trouble(&p));
	for (int i = 0; i < 2000 && the_loop.questions < 2; i++)
		rg_redis_store_run(p.store, 1);
	cr_expect_eq(the_loop.questions, 2);
	the_loop.done(the_loop.first_tok, RG_OK, &the_loop.addr, 1); /* too late */
	cr_expect_eq(rg__redis_main(p.r)->stage, STAGE_NAMING);
	the_loop.inline_answer = RG_OK;
	the_loop.done(the_loop.tok, RG_OK, &the_loop.addr, 1);
	probe_until(&p, RG_REDIS_READY, 8000);
	probe_free(&p);
	fake_free(f);
}

Test(link_host, an_answer_after_the_store_is_gone_is_nothing)
{
	fake *f = fake_new();
	probe p = { 0 };

	named_probe(&p, f, RG_PENDING, "cache=0");
	probe_free(&p);
	the_loop.done(the_loop.tok, RG_OK, &the_loop.addr, 1);
	cr_expect_eq(f->accepted, 0);
	fake_free(f);
}

Test(link_host, a_name_that_does_not_resolve_is_said)
{
	fake *f = fake_new();
	probe p = { 0 };

	named_probe(&p, f, RG_ENOENT, "cache=0");
	cr_expect_eq(probe_state(&p), RG_REDIS_DOWN);
	cr_expect(strstr(probe_trouble(&p), "not resolved"), "%s", probe_trouble(&p));
	cr_expect_eq(probe_ask(&p, 0, false, RG_OP_BLOCKING), RG_ESTORE);
	probe_free(&p);
	fake_free(f);
}

Test(link_host, a_blocking_call_uses_an_answer_that_comes_at_once)
{
	fake *f = fake_new();
	probe p = { 0 };

	named_probe(&p, f, RG_PENDING, "cache=0");
	cr_expect_eq(probe_ask(&p, 0, false, RG_OP_BLOCKING), RG_ESTORE);
	the_loop.done(the_loop.tok, RG_OK, &the_loop.addr, 1);
	fake_start_thread(f);
	cr_expect_eq(probe_ask(&p, 0, false, RG_OP_BLOCKING), RG_PENDING);
	cr_expect_eq(rg__redis_wait(p.r, probe_tok(&p, 0), 3000), RG_OK);
	cr_expect_eq(p.status[0], RG_OK);
	probe_free(&p);
	fake_free(f);
}

Test(link_host, the_next_address_is_tried)
{
	fake *f = fake_new();
	probe p = { 0 };

	named_probe(&p, f, RG_PENDING, "timeout=3000");
	rg_addr both[2] = { { .family = 4, .ip = { 127, 0, 0, 77 } }, the_loop.addr };
	probe_ask(&p, 0, false, 0);
	the_loop.done(the_loop.tok, RG_OK, both, 2);
	probe_run(&p, 0, 3000);
	cr_expect_eq(p.status[0], RG_OK);
	probe_free(&p);
	fake_free(f);
}
