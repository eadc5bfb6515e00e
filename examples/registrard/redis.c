/* SPDX-License-Identifier: MIT */
#include "redis.h"

#include <inttypes.h>
#include <rgstr/redis.h>
#include <rgstr/sofia.h>
#include <stdlib.h>

#include "alarm_clock.h"
#include "log.h"
#include "resolver.h"

struct redis {
	rg_store *store;
};

static const char *const states[] = { [RG_REDIS_DOWN] = "down", [RG_REDIS_CONNECTING] = "connecting", [RG_REDIS_READY] = "ready" };

static void on_log(void *user, int32_t level, const rg_str *text)
{
	const struct server *server = user;

	log_text(server->log, level, *text);
}

static void on_emptied(void *user)
{
	const struct server *server = user;

	rg_registrar_publish(server->registrar);
}

static rg_redis_state state_of(const struct redis *redis)
{
	rg_redis_state state;

	rg_redis_state_init(&state, sizeof state);
	rg_redis_store_state(redis->store, &state);
	return state;
}

static const char *name_of(uint32_t connection)
{
	return connection < sizeof states / sizeof *states ? states[connection] : "unknown";
}

rg_status redis_open(struct server *server, const char *address, struct redis **out, rg_error *why)
{
	struct redis *redis = calloc(1, sizeof *redis);
	rg_redis_options options;
	rg_status status;

	if (!redis)
		return rg_error_set(why, RG_ENOMEM, RG_STR("out of memory"));
	rg_redis_options_init(&options, sizeof options);
	options.address = rg_str_from(address);
	options.program = RG_STR("registrard");
	options.log = on_log;
	options.resolve = resolver_for_library;
	options.emptied = on_emptied;
	options.user = server;
	status = rg_redis_store_new(&options, &redis->store, why);
	if (status == RG_OK) {
		status = rg_sofia_loop_watch(server->loop, redis->store, rg_redis_store_descriptor(redis->store), rg_redis_store_drive);
		if (status != RG_OK)
			rg_error_set(why, status, rg_str_from(rg_strerror(status)));
	}
	if (status != RG_OK) {
		redis_close(redis);
		return status;
	}
	*out = redis;
	return RG_OK;
}

rg_store *redis_store(const struct redis *redis)
{
	return redis->store;
}

void redis_drain(const struct redis *redis, int32_t ms)
{
	int64_t now = alarm_clock_now(), until = now + ms;

	for (; redis && now < until && state_of(redis).in_flight > 0; now = alarm_clock_now())
		if (rg_redis_store_run(redis->store, (int32_t)(until - now)) != RG_OK)
			return;
}

void redis_close(struct redis *redis)
{
	if (!redis)
		return;
	rg_store_unref(redis->store);
	free(redis);
}

/* The arguments, as they are named to operators. */
static const char *const arguments[REDIS_STORES] = { [REDIS_STORE] = "store", [REDIS_FEDERATE] = "federate" };

/* Values of a store by number: those of its state, the connection first, then its statistics. @return 0 past the last one. */
static int value_of(const struct redis *redis, uint32_t index, rg_statistic *out)
{
	rg_redis_state state = state_of(redis);
	const rg_statistic gauges[] = {
		{ .gauge = 1, .name = "connection", .doc = "The connection: 0 down, 1 connecting, 2 ready", .value = state.connection },
		{ .gauge = 1, .name = "in_flight", .doc = "Calls that wait for an answer", .value = state.in_flight },
		{ .gauge = 1, .name = "cached", .doc = "Records in the cache", .value = state.cached },
		{ .gauge = 1, .name = "cache_bytes", .doc = "Bytes in the cache", .value = (int64_t)state.cache_bytes },
	};
	const uint32_t n = sizeof gauges / sizeof *gauges;

	if (index >= n)
		return rg_redis_store_statistic(redis->store, index - n, out) == RG_OK;
	*out = gauges[index];
	out->struct_size = sizeof *out;
	return 1;
}

static void print_store(const struct redis *redis, const char *name, struct text *to)
{
	rg_statistic stat = { .struct_size = sizeof stat };
	rg_redis_state state = state_of(redis);

	text_format(to, ",\"%s\":{\"connection\":\"%s\",\"since\":%" PRId64 ",\"address\":", name, name_of(state.connection),
		state.since / 1000);
	json_string(to, state.address);
	text_add(to, RG_STR(",\"node\":"));
	json_string(to, state.node);
	text_add(to, RG_STR(",\"trouble\":"));
	json_string(to, state.trouble);
	for (uint32_t i = 1; value_of(redis, i, &stat); i++) /* but the connection */
		text_format(to, ",\"%s\":%" PRId64, stat.name, stat.value);
	text_add(to, RG_STR("}"));
}

void redis_print(const struct server *server, struct text *to)
{
	for (size_t i = 0; i < REDIS_STORES; i++)
		if (server->redis[i])
			print_store(server->redis[i], arguments[i], to);
}

/* The value of a label, between its quotes. */
static void add_label(struct text *to, rg_str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' || value.p[i] == '"')
			text_add(to, RG_STR("\\"));
		text_add(to, (rg_str){ value.p + i, 1 });
	}
}

static void add_info(const struct server *server, struct text *to)
{
	text_add(to, RG_STR("# HELP registrard_store_info The server and this node\n# TYPE registrard_store_info gauge\n"));
	for (size_t i = 0; i < REDIS_STORES; i++) {
		rg_redis_state state;

		if (!server->redis[i])
			continue;
		state = state_of(server->redis[i]);
		text_format(to, "registrard_store_info{argument=\"%s\",address=\"", arguments[i]);
		add_label(to, state.address);
		text_add(to, RG_STR("\",node=\""));
		add_label(to, state.node);
		text_add(to, RG_STR("\"} 1\n"));
	}
}

/* All values of a name stand together, below one help. */
void redis_metrics(const struct server *server, struct text *to)
{
	const struct redis *any = server->redis[REDIS_STORE] ? server->redis[REDIS_STORE] : server->redis[REDIS_FEDERATE];
	rg_statistic stat = { .struct_size = sizeof stat };

	if (!any)
		return;
	add_info(server, to);
	for (uint32_t index = 0; value_of(any, index, &stat); index++) {
		text_format(to, "# HELP registrard_store_%s %s\n# TYPE registrard_store_%s %s\n", stat.name, stat.doc, stat.name,
			stat.gauge ? "gauge" : "counter");
		for (size_t i = 0; i < REDIS_STORES; i++)
			if (server->redis[i] && value_of(server->redis[i], index, &stat))
				text_format(to, "registrard_store_%s{argument=\"%s\"} %" PRId64 "\n", stat.name, arguments[i], stat.value);
	}
}
