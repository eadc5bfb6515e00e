/* SPDX-License-Identifier: MIT */
#include "solo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE = 60000, TICK_MS = 100 };

static rg_time solo_now(void *user)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000 + ((solo *)user)->skew;
}

static void solo_wakeup(void *user, rg_time next)
{
	solo *s = user;

	s->next_tick = next < s->next_tick ? next : s->next_tick;
}

static void put(char *room, size_t size, const char *text, size_t n)
{
	size_t at = strlen(room);

	if (at + n < size) {
		memcpy(room + at, text, n);
		room[at + n] = '\0';
	}
}

static void solo_told(void *user, const rg_event *e)
{
	solo *s = user;

	put(s->events, sizeof s->events, rg_event_name(e->kind), strlen(rg_event_name(e->kind)));
	put(s->events, sizeof s->events, " ", 1);
	put(s->events, sizeof s->events, e->key.user.p, e->key.user.n);
	put(s->events, sizeof s->events, ";", 1);
}

static void solo_log(void *user, int32_t level, const rg_str *line)
{
	solo *s = user;

	(void)level;
	put(s->log, sizeof s->log, line->p, line->n);
	put(s->log, sizeof s->log, "\n", 1);
}

void solo_open(solo *s, const char *address, const char *parameters)
{
	char text[256];
	rg_redis_options options;
	rg_env env;
	rg_config *config = NULL;

	memset(s, 0, sizeof *s);
	snprintf(text, sizeof text, "%s%s", address, parameters ? parameters : "");
	rg_redis_options_init(&options, sizeof options);
	options.address = rg_str_from(text);
	options.log = solo_log;
	options.user = s;
	rg_env_init(&env, sizeof env);
	env.now = solo_now;
	env.wakeup = solo_wakeup;
	env.user = s;
	/* A caller waits no longer than a test likes to. */
	if (rg_config_new(&config) != RG_OK || rg_config_set(config, RG_STR("store_timeout"), RG_STR("1000"), NULL) != RG_OK ||
		rg_redis_store_new(&options, &s->store, NULL) != RG_OK || rg_registrar_new(config, s->store, &env, &s->reg, NULL) != RG_OK ||
		rg_registrar_subscribe(s->reg, RG_EVENT_ALL, solo_told, s, NULL, &s->subscription, NULL) != RG_OK)
		abort();
	rg_config_free(config);
}

void solo_close(solo *s)
{
	rg_redis_state state = { .struct_size = sizeof state, .in_flight = 1 };

	/* A call that is in flight keeps its memory until it is answered. */
	rg_registrar_shutdown(s->reg);
	for (int i = 0; i < PATIENCE && state.in_flight > 0; i++) {
		rg_redis_store_run(s->store, 1);
		rg_redis_store_state(s->store, &state);
	}
	rg_subscription_free(s->subscription);
	rg_registrar_unref(s->reg);
	rg_store_unref(s->store);
}

void solo_turn(solo *s, int32_t ms)
{
	rg_redis_store_run(s->store, ms);
	rg_time now = solo_now(s);

	if (now < s->next_tick)
		return;
	rg_time next = RG_TIME_NEVER;

	s->next_tick = RG_TIME_NEVER;
	rg_registrar_tick(s->reg, 0, &next);
	next = next < now + TICK_MS ? next : now + TICK_MS;
	s->next_tick = next < s->next_tick ? next : s->next_tick;
}

bool solo_finish(solo *s, call *c)
{
	for (int i = 0; i < PATIENCE && c->answers == 0; i++)
		solo_turn(s, 1);
	return c->answers == 1;
}

static uint32_t connection_of(const solo *s)
{
	rg_redis_state state = { .struct_size = sizeof state };

	return rg_redis_store_state(s->store, &state) == RG_OK ? state.connection : UINT32_MAX;
}

bool solo_connect(solo *s, uint32_t connection)
{
	for (int i = 0; i < PATIENCE && connection_of(s) != connection; i++)
		solo_turn(s, 1);
	return connection_of(s) == connection;
}

int64_t solo_counter(const solo *s, const char *name)
{
	rg_statistic one = { .struct_size = sizeof one };

	for (uint32_t i = 0; rg_redis_store_statistic(s->store, i, &one) == RG_OK; i++) {
		if (strcmp(one.name, name) == 0)
			return one.value;
	}
	return -1;
}

static void end(call *c, rg_status status, int32_t code, uint32_t n)
{
	c->answers++;
	c->status = status;
	c->code = code;
	c->n = n;
}

static void on_saved(void *user, rg_status status, rg_response *response)
{
	end(user, status, response ? rg_response_code(response) : 0, rg_response_contact_count(response));
	rg_response_free(response);
}

static void on_targets(void *user, rg_status status, rg_targets *targets)
{
	end(user, status, targets ? rg_targets_code(targets) : 0, rg_targets_count(targets));
	rg_targets_free(targets);
}

static void on_removed(void *user, rg_status status, uint32_t n)
{
	end(user, status, 0, n);
}

static int32_t on_record(void *user, const rg_record *record)
{
	call *c = user;

	c->n += rg_record_contact_count(record) > 0;
	return 0;
}

static void on_walked(void *user, rg_status status, const rg_str *cursor)
{
	call *c = user;

	(void)cursor;
	end(c, status, 0, c->n);
}

static void started(call *c, rg_status status)
{
	if (status < 0)
		end(c, status, 0, 0);
	c->inside = c->answers > 0;
}

void solo_save(solo *s, call *c, const char *user, const char *contact, uint32_t cseq)
{
	char to[64], number[32];
	rg_request request;
	rg_str line = rg_str_from(contact);

	memset(c, 0, sizeof *c);
	snprintf(to, sizeof to, "sip:%s@example.org", user);
	snprintf(number, sizeof number, "%u REGISTER", cseq);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = RG_STR("call");
	request.cseq = rg_str_from(number);
	request.contacts = &line;
	request.n_contacts = contact != NULL;
	request.via_count = 1;
	started(c, rg_save_async(s->reg, &request, NULL, on_saved, c, NULL, NULL, NULL));
}

void solo_lookup(solo *s, call *c, const char *user)
{
	char uri[64];
	rg_request request;

	memset(c, 0, sizeof *c);
	snprintf(uri, sizeof uri, "sip:%s@example.org", user);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(uri);
	started(c, rg_lookup_async(s->reg, &request, NULL, on_targets, c, NULL, NULL, NULL));
}

void solo_remove(solo *s, call *c, const char *user)
{
	char aor[64];
	rg_remove_filter filter;

	memset(c, 0, sizeof *c);
	snprintf(aor, sizeof aor, "sip:%s@example.org", user);
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = rg_str_from(aor);
	started(c, rg_remove_async(s->reg, &filter, on_removed, c, NULL, NULL, NULL));
}

void solo_remove_ip(solo *s, call *c, const char *ip)
{
	memset(c, 0, sizeof *c);
	started(c, rg_remove_ip_port_async(s->reg, RG_STR("location"), rg_str_from(ip), 5060, (rg_str){ NULL, 0 }, on_removed, c, NULL, NULL, NULL));
}

void solo_each(solo *s, call *c)
{
	memset(c, 0, sizeof *c);
	started(c, rg_each_async(s->reg, RG_STR("location"), (rg_str){ NULL, 0 }, on_record, on_walked, c, NULL, NULL, NULL));
}

void solo_tick(solo *s, call *c)
{
	rg_redis_state state = { .struct_size = sizeof state, .in_flight = 1 };
	rg_time next;

	memset(c, 0, sizeof *c);
	rg_status status = rg_registrar_tick(s->reg, 0, &next);

	for (int i = 0; i < PATIENCE && state.in_flight > 0; i++) {
		rg_redis_store_run(s->store, 1);
		rg_redis_store_state(s->store, &state);
	}
	end(c, status, 0, 0);
}

int32_t solo_saved(solo *s, const char *user, const char *contact, uint32_t cseq)
{
	call c;

	solo_save(s, &c, user, contact, cseq);
	solo_finish(s, &c);
	return c.code ? c.code : c.status;
}

int32_t solo_targets(solo *s, const char *user)
{
	call c;

	solo_lookup(s, &c, user);
	solo_finish(s, &c);
	return c.status == RG_OK ? (int32_t)c.n : c.status;
}
