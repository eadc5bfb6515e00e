/* SPDX-License-Identifier: MIT */
#include "storm.h"
#include <rgstr/redis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(storm *s, const char *const *argv)
{
	char *reply = redis_server_ask(s->server, argv);

	if (!reply || reply[0] == '-') {
		fprintf(stderr, "%s: %s\n", argv[0], reply ? reply : "no reply");
		storm_fault(s, "the server does not take a command of the test");
	}
	free(reply);
}

#define TELL(s, ...) tell((s), (const char *const[]){ __VA_ARGS__, NULL })

static void nothing(storm *s)
{
	storm_progress(s, 50 * s->times);
}

/* While the server is known to be away, each call is answered before its function returns, and no lookup says "not registered". */
static void judge_breaker(storm *s, uint64_t from, uint64_t to)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->l->nodes; i++) {
		const journal *j = &s->l->journals[i];

		for (uint32_t k = 0; k < atomic_load(&j->n_acts); k++) {
			const act *a = &j->acts[k];

			if (a->begin < from || a->begin > to || a->end == 0 || a->end > to)
				continue;
			n++;
			if (a->status != RG_ESTORE || (!a->refused && !a->blocking))
				storm_fault(s, "a call is not refused at once while the server is away");
		}
	}
	if (n == 0)
		storm_fault(s, "no call came while the server was away");
}

static void go_down(storm *s)
{
	redis_server_kill(s->server);
	storm_connection(s, RG_REDIS_DOWN);
	uint64_t from = clock_ns();

	storm_failures(s, 10);
	judge_breaker(s, from, clock_ns());
}

static void killed_with_data(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		if (i == 0)
			go_down(s);
		else
			redis_server_kill(s->server);
		redis_server_again(s->server, true);
		storm_progress(s, storm_roll(s, 30));
	}
}

static void killed_empty(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		uint64_t begin = clock_ns();

		redis_server_kill(s->server);
		storm_sleep(storm_roll(s, 200));
		redis_server_again(s->server, false);
		load_wiped(s->l, begin, clock_ns());
		storm_progress(s, 10 + storm_roll(s, 30));
	}
}

static void saw_empty_server(storm *s)
{
	if (load_counter(s->l, "emptied_servers") < 1)
		storm_fault(s, "no node noticed that the server was empty");
}

static void paused(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		redis_server_pause(s->server);
		storm_failures(s, 1);
		storm_sleep(storm_roll(s, 300));
		redis_server_resume(s->server);
		storm_progress(s, 10);
	}
}

/* Longer than any wait of the engine for its store. */
static void paused_long(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		redis_server_pause(s->server);
		storm_sleep(5000);
		redis_server_resume(s->server);
		storm_progress(s, 10);
	}
}

static void paused_then_killed(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		redis_server_pause(s->server);
		storm_sleep(storm_roll(s, 300));
		redis_server_kill(s->server);
		redis_server_again(s->server, true);
		storm_progress(s, 10);
	}
}

static void clients_killed(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		TELL(s, "CLIENT", "KILL", "TYPE", "normal");
		TELL(s, "CLIENT", "KILL", "TYPE", "pubsub");
		storm_progress(s, storm_roll(s, 5));
	}
}

static void scripts_flushed(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		TELL(s, "SCRIPT", "FLUSH", "SYNC");
		storm_progress(s, storm_roll(s, 5));
	}
}

static void scripts_reloaded(storm *s)
{
	if (load_counter(s->l, "noscript_reloads") < 1)
		storm_fault(s, "no script was loaded again");
}

static bool is_deletion(const act *a)
{
	return act_known(a) && a->removed > 0 && a->kind == ACT_REMOVE_ALL;
}

/* What takes memory is refused, and what gives it back is done. */
static void out_of_memory(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		uint32_t deletions = 0;

		TELL(s, "CONFIG", "SET", "maxmemory", "1");
		uint64_t from = clock_ns();

		storm_failures(s, 10);
		for (int step = 0; step < 5000 && deletions == 0; step++) {
			storm_sleep(2);
			for (uint32_t node = 0; node < s->l->nodes; node++) {
				const journal *j = &s->l->journals[node];

				for (uint32_t k = 0; k < atomic_load(&j->n_acts); k++)
					deletions += j->acts[k].begin > from && is_deletion(&j->acts[k]);
			}
		}
		if (deletions == 0)
			storm_fault(s, "nothing was deleted while the server was out of memory");
		TELL(s, "CONFIG", "SET", "maxmemory", "0");
		storm_progress(s, 10);
	}
}

static void password_changed(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		TELL(s, "ACL", "SETUSER", "app", "resetpass", ">other");
		TELL(s, "CLIENT", "KILL", "USER", "app");
		storm_connection(s, RG_REDIS_DOWN);
		storm_failures(s, 5);
		TELL(s, "ACL", "SETUSER", "app", "resetpass", ">secret");
		storm_connection(s, RG_REDIS_READY);
		storm_progress(s, 10);
	}
}

static void made_replica(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		TELL(s, "REPLICAOF", "127.0.0.1", "1");
		storm_failures(s, 10);
		TELL(s, "REPLICAOF", "NO", "ONE");
		storm_progress(s, 10);
	}
}

static void cut(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		for (uint32_t k = 0; k < s->l->nodes; k++) {
			proxy_cut_replies(s->proxies[k], storm_roll(s, 3000));
			proxy_cut_requests(s->proxies[k], storm_roll(s, 20000));
		}
		storm_progress(s, 3);
	}
	for (uint32_t k = 0; k < s->l->nodes; k++) {
		proxy_cut_replies(s->proxies[k], PROXY_NEVER);
		proxy_cut_requests(s->proxies[k], PROXY_NEVER);
	}
}

/* In turn, one node gets its replies in single bytes, one late, and one as they come. The first may be too slow for its callers. */
static void split_and_late(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		for (uint32_t k = 0; k < s->l->nodes; k++) {
			proxy_split(s->proxies[k], (i + k) % 3 == 0);
			proxy_delay(s->proxies[k], (i + k) % 3 == 1 ? 20 : 0);
		}
		storm_answers(s, 6);
	}
	for (uint32_t k = 0; k < s->l->nodes; k++) {
		proxy_split(s->proxies[k], false);
		proxy_delay(s->proxies[k], 0);
	}
}

/* Commits arrive, and their answers never do: the connection is cut, or the store does not wait any longer. */
static void answers_swallowed(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		for (uint32_t k = 0; k < s->l->nodes; k++)
			proxy_hold(s->proxies[k], true);
		if (i % 4 == 3)
			storm_failures(s, 1);
		else
			storm_sleep(5 + storm_roll(s, 60));
		for (uint32_t k = 0; k < s->l->nodes; k++) {
			proxy_drop(s->proxies[k]);
			proxy_hold(s->proxies[k], false);
		}
		storm_progress(s, 3);
	}
}

static void commits_recognised(storm *s)
{
	if (load_counter(s->l, "resends_recognised") < 1)
		storm_fault(s, "no commit that was sent again was recognised");
}

/* The commits whose answers were lost are sent again to a server that has nothing. */
static void resent_to_empty(storm *s)
{
	for (uint32_t i = 0; i < s->times; i++) {
		for (uint32_t k = 0; k < s->l->nodes; k++)
			proxy_hold(s->proxies[k], true);
		storm_sleep(5 + storm_roll(s, 60));
		uint64_t begin = clock_ns();

		redis_server_kill(s->server);
		redis_server_again(s->server, false);
		load_wiped(s->l, begin, clock_ns());
		for (uint32_t k = 0; k < s->l->nodes; k++) {
			proxy_drop(s->proxies[k]);
			proxy_hold(s->proxies[k], false);
		}
		storm_progress(s, 5);
	}
}

static void node_killed(storm *s)
{
	node_kill(s->l, 1);
	storm_progress(s, 20);
}

#define DURABLE .server = { .durable = true }

const storm_kind storm_kinds[] = {
	{ .name = "calm", .times = 3, .happens = nothing },
	{ .name = "killed-with-data", DURABLE, .times = 4, .happens = killed_with_data },
	{ .name = "killed-empty", .times = 4, .happens = killed_empty, .after = saw_empty_server },
	{ .name = "paused", .times = 2, .happens = paused },
	{ .name = "paused-5s", .parameters = "?timeout=1000", .times = 1, .happens = paused_long },
	{ .name = "paused-then-killed", DURABLE, .times = 2, .happens = paused_then_killed },
	{ .name = "clients-killed", .times = 20, .happens = clients_killed },
	{ .name = "scripts-flushed", .times = 20, .happens = scripts_flushed, .after = scripts_reloaded },
	{ .name = "out-of-memory", .times = 1, .happens = out_of_memory },
	{ .name = "password-changed", .server = { .acl = "user default on nopass ~* &* +@all\nuser app on >secret ~* &* +@all\n" },
		.login = "app:secret@", .times = 1, .happens = password_changed },
	{ .name = "made-replica", .times = 1, .happens = made_replica },
	{ .name = "cut", .proxies = true, .times = 12, .happens = cut },
	{ .name = "split-and-late", .proxies = true, .parameters = "?timeout=20000&connect_timeout=20000&buckets=4", .times = 3,
		.happens = split_and_late },
	{ .name = "answers-swallowed", .proxies = true, .times = 6, .happens = answers_swallowed, .after = commits_recognised },
	{ .name = "resent-to-empty", .proxies = true, .times = 3, .happens = resent_to_empty },
	{ .name = "node-killed", .times = 1, .happens = node_killed },
};
const uint32_t n_storm_kinds = sizeof storm_kinds / sizeof *storm_kinds;
