/* SPDX-License-Identifier: MIT */
/* Publish/subscribe. */
#include "fake.h"
#include "layout.h"
#include "links.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_C "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n"

typedef struct watcher {
	probe *p;
	rg__redis_subscription *sub;
	uint32_t told;
	struct watcher *end; /* within the next callback */
	bool drop;
} watcher;

static void on_told(void *user)
{
	watcher *w = user;

	w->told++;
	if (w->end && w->end->sub) {
		rg__redis_unsubscribe(w->p->r, w->end->sub);
		w->end->sub = NULL;
	}
	if (w->drop)
		probe_free(w->p);
}

static void watch_channel(probe *p, watcher *w, const char *channel)
{
	w->p = p;
	cr_assert_eq(rg__redis_subscribe(p->r, channel, strlen(channel), on_told, w, &w->sub), RG_OK);
}

static void run_until_told(probe *p, const watcher *w, uint32_t n)
{
	for (int i = 0; i < 4000 && p->store && w->told < n; i++) {
		fake_turn(p->f);
		rg_redis_store_run(p->store, 1);
	}
	cr_assert_eq(w->told, n, "told %u times, not %u", w->told, n);
}

Test(link_watch, a_subscriber_is_told_when_it_is_subscribed_and_of_each_message)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 }, other = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	cr_expect_eq(f->accepted, 1, "there is no connection for watches before the first one");
	watch_channel(&p, &c, "c");
	watch_channel(&p, &other, "other");
	run_until_told(&p, &c, 1);
	run_until_told(&p, &other, 1);
	fake_say(f, MESSAGE_C);
	run_until_told(&p, &c, 2);
	cr_expect_eq(other.told, 1);
	cr_expect_eq(probe_count(&p, "messages"), 1);
	cr_expect_eq(f->accepted, 2);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, a_subscription_is_a_round_trip_and_so_is_each_renewal_of_all)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 }, again = { 0 }, other = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	watch_channel(&p, &c, "c");
	run_until_told(&p, &c, 1);
	cr_expect_eq(probe_count(&p, "watch_round_trips"), 1);
	watch_channel(&p, &again, "c");
	watch_channel(&p, &other, "other");
	run_until_told(&p, &other, 1);
	cr_expect_eq(probe_count(&p, "watch_round_trips"), 2, "a second watch of a channel shares its subscription");
	fake_hang_up(f);
	run_until_told(&p, &other, 2);
	cr_expect_eq(probe_count(&p, "watch_round_trips"), 3);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, after_a_loss_everybody_is_subscribed_again_and_told)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher w[300] = { 0 };

	probe_new(&p, f, "");
	for (int i = 0; i < 300; i++) {
		char name[32];
		snprintf(name, sizeof name, "channel-%d", i);
		watch_channel(&p, &w[i], name);
	}
	for (int i = 0; i < 300; i++)
		run_until_told(&p, &w[i], 1);
	for (uint32_t round = 2; round < 5; round++) {
		fake_hang_up(f);
		for (int i = 0; i < 300; i++)
			run_until_told(&p, &w[i], round);
	}
	cr_expect_eq(p.log[0], '0' + RG_LOG_INFO, "the loss of this connection is no trouble: %s", p.log);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, a_server_that_does_not_confirm_is_left)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 };

	probe_new(&p, f, "timeout=40");
	probe_until(&p, RG_REDIS_READY, 2000);
	f->on = "SUBSCRIBE";
	f->only = 1;
	watch_channel(&p, &c, "c");
	run_until_told(&p, &c, 1);
	cr_expect_geq(f->accepted, 3);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, a_server_that_ends_each_subscription_is_not_asked_again_and_again)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 };

	probe_new(&p, f, "");
	probe_until(&p, RG_REDIS_READY, 2000);
	watch_channel(&p, &c, "c");
	for (int64_t until = rg__redis_clock() + 300; rg__redis_clock() < until;) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
		for (int i = 0; i < FAKE_CONNECTIONS; i++)
			if (f->connections[i].subscribed && f->connections[i].out_n == 0)
				shutdown(f->connections[i].fd, SHUT_RDWR);
	}
	cr_expect_geq(c.told, 2);
	cr_expect_leq(f->accepted, 8, "%u connections", f->accepted);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, a_subscription_may_be_ended_within_a_callback)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher a = { 0 }, b = { 0 }, c = { 0 };

	probe_new(&p, f, "");
	/* The last one is told first. */
	watch_channel(&p, &a, "c");
	watch_channel(&p, &b, "c");
	watch_channel(&p, &c, "c");
	run_until_told(&p, &a, 1);
	c.end = &b; /* the next one */
	a.end = &a; /* itself */
	fake_say(f, MESSAGE_C);
	run_until_told(&p, &a, 2);
	cr_expect_eq(b.told, 1);
	cr_expect_eq(c.told, 2);
	fake_say(f, MESSAGE_C);
	run_until_told(&p, &c, 3);
	cr_expect_eq(a.told, 2);
	f->seen[0] = '\0';
	rg__redis_unsubscribe(p.r, c.sub);
	fake_say(f, MESSAGE_C);
	for (int i = 0; i < 20; i++) {
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_str_eq(f->seen, "UNSUBSCRIBE ");
	cr_expect_eq(c.told, 3);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, the_store_may_be_dropped_within_a_callback)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher a = { 0 }, b = { 0 };

	probe_new(&p, f, "");
	watch_channel(&p, &a, "c");
	watch_channel(&p, &b, "c");
	b.drop = true;
	run_until_told(&p, &b, 1);
	cr_expect_null(p.store);
	cr_expect_eq(a.told, 0);
	fake_free(f);
}

Test(link_watch, what_a_hostile_server_pushes_is_passed_over)
{
	static const char *const pushed[] = { "*0\r\n", "*1\r\n$7\r\nmessage\r\n", "*3\r\n:1\r\n:2\r\n:3\r\n", "*3\r\n$7\r\nmessage\r\n:1\r\n$-1\r\n",
		"*3\r\n$7\r\nmessage\r\n$7\r\nunknown\r\n$0\r\n\r\n", "+PONG\r\n", "-NOPERM no\r\n", "*-1\r\n", "$-1\r\n",
		"*3\r\n$-1\r\n$-1\r\n$-1\r\n" };
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 };

	probe_new(&p, f, "");
	watch_channel(&p, &c, "c");
	run_until_told(&p, &c, 1);
	for (size_t i = 0; i < sizeof pushed / sizeof pushed[0]; i++)
		fake_say(f, pushed[i]);
	fake_say(f, MESSAGE_C);
	run_until_told(&p, &c, 2);
	cr_expect_eq(f->accepted, 2);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, pushed_errors_do_not_fill_the_log)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 };
	char error[32];

	probe_new(&p, f, "");
	watch_channel(&p, &c, "c");
	run_until_told(&p, &c, 1);
	size_t before = strlen(p.log);
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(error, sizeof error, "-NOPERM no %u\r\n", i);
		fake_say(f, error);
	}
	fake_say(f, MESSAGE_C);
	run_until_told(&p, &c, 2);
	cr_expect(strstr(p.log + before, "NOPERM no 0\n"));
	cr_expect_null(strstr(p.log + before, "NOPERM no 1\n"), "%s", p.log + before);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, a_watch_made_while_the_server_is_gone_is_told_when_it_is_back)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 };

	fake_deny(f);
	probe_new(&p, f, "");
	watch_channel(&p, &c, "c");
	cr_expect_eq(c.told, 0);
	fake_listen(f);
	run_until_told(&p, &c, 1);
	probe_free(&p);
	fake_free(f);
}

Test(link_watch, a_quiet_connection_is_asked_whether_it_is_alive)
{
	fake *f = fake_new();
	probe p = { 0 };
	watcher c = { 0 };

	probe_new(&p, f, "timeout=60000");
	watch_channel(&p, &c, "c");
	run_until_told(&p, &c, 1);
	cr_expect_gt(p.r->links->ping_at, rg__redis_clock());
	f->seen[0] = '\0';
	p.r->links->ping_at = rg__redis_clock();
	rg__redis_times(&p.r->links->link[LINK_WATCH]);
	fake_turn(f);
	cr_expect_str_eq(f->seen, "PING ");
	cr_expect_neq(p.r->links->expected_since, NO_TIME, "without an answer the connection is left");
	probe_free(&p);
	fake_free(f);
}

static struct nested {
	probe *p;
	uint32_t depth, deepest, calls, ended;
	char message[200];
} nested;

/* The second call meets a further message, as a blocking call within it would. */
static void on_nested(void *user, rg_status status)
{
	struct nested *n = user;

	if (status != RG_OK) {
		n->ended++;
		return;
	}
	n->deepest = ++n->depth > n->deepest ? n->depth : n->deepest;
	if (++n->calls == 2) {
		fake_say(n->p->f, n->message);
		fake_turn(n->p->f);
		rg__redis_pull(&n->p->r->links->link[LINK_WATCH]);
	}
	n->depth--;
}

Test(link_watch, the_calls_of_a_watch_do_not_overlap_and_none_is_lost)
{
	const rg_key key = { RG_STR("d"), RG_STR("u"), RG_STR("h") };
	rg__redis_names names;
	fake *f = fake_new();
	probe p = { 0 };
	void *handle;

	probe_new(&p, f, "timeout=60000");
	cr_assert_eq(rg__redis_names_of(p.r->url.prefix, p.r->url.buckets, &key, &names), RG_OK);
	nested = (struct nested){ .p = &p };
	snprintf(nested.message, sizeof nested.message, "*3\r\n$7\r\nmessage\r\n$%zu\r\n%.*s\r\n$0\r\n\r\n", names.channel.n,
		(int)names.channel.n, names.channel.p);
	rg__redis_names_free(&names);
	cr_assert_eq(rg__redis_watch(p.r, &key, on_nested, &nested, &handle), RG_OK);
	bool said = false;
	for (int i = 0; i < 4000 && nested.calls < 3; i++) {
		if (nested.calls == 1 && !said)
			fake_say(f, nested.message);
		said |= nested.calls == 1;
		fake_turn(f);
		rg_redis_store_run(p.store, 1);
	}
	cr_expect_eq(nested.calls, 3);
	cr_expect_eq(nested.deepest, 1);
	rg__redis_unwatch(p.r, handle);
	cr_expect_eq(nested.ended, 1);
	probe_free(&p);
	cr_expect_eq(nested.ended, 1);
	fake_free(f);
}
