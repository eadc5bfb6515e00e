/* SPDX-License-Identifier: MIT */
/* The greeting of a connection: who we are, which database, and whether the data is ours. All of it is one write. */
#include "links.h"

#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

enum { SCHEMA = 1, DIGITS = 24 };

enum greeting { GREET_PASSWORD, GREET_DATABASE, GREET_NAME, GREET_SCHEMA_MAKE, GREET_SCHEMA_READ, GREET_SCRIPT };

struct greeting_plan {
	uint8_t *kinds;
	rg__redis_command commands[GREETING_MAX];
	const char *argv[GREETING_MAX][4];
	size_t lens[GREETING_MAX][4];
	uint32_t n;
	char database[DIGITS], schema[DIGITS + 40];
};

static void greet_with(struct greeting_plan *g, enum greeting kind, const rg_str *words, int n)
{
	uint32_t at = g->n++;

	g->kinds[at] = (uint8_t)kind;
	for (int i = 0; i < n; i++) {
		g->argv[at][i] = words[i].p;
		g->lens[at][i] = words[i].n;
	}
	g->commands[at] = (rg__redis_command){ .argc = n, .argv = g->argv[at], .lens = g->lens[at] };
}

#define GREET_WITH(g, kind, ...) \
	greet_with(g, kind, (const rg_str[]){ __VA_ARGS__ }, (int)(sizeof((const rg_str[]){ __VA_ARGS__ }) / sizeof(rg_str)))

/* A candidate for the UUID of the data set; the server keeps the first one that it got. */
static void compose_schema(const rg__redis *r, char *room, size_t size)
{
	uuid_t uuid;
	char text[37];

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, text);
	snprintf(room, size, "%d %u %s", SCHEMA, r->url.buckets, text);
}

static void plan_greeting(rg__redis_link *l, struct greeting_plan *g)
{
	const rg__redis *r = l->store;
	const rg__redis_url *u = &r->url;

	g->kinds = l->greeting_kinds;
	g->n = 0;
	if (u->password.p && u->user.p)
		GREET_WITH(g, GREET_PASSWORD, RG_STR("AUTH"), u->user, u->password);
	else if (u->password.p)
		GREET_WITH(g, GREET_PASSWORD, RG_STR("AUTH"), u->password);
	snprintf(g->database, sizeof g->database, "%u", u->db);
	if (u->db)
		GREET_WITH(g, GREET_DATABASE, RG_STR("SELECT"), rg_str_from(g->database));
	GREET_WITH(g, GREET_NAME, RG_STR("CLIENT"), RG_STR("SETNAME"), rg_str_from(r->links->name));
	if (l->index == LINK_WATCH)
		return;
	compose_schema(r, g->schema, sizeof g->schema);
	GREET_WITH(g, GREET_SCHEMA_MAKE, RG_STR("SET"), r->schema, rg_str_from(g->schema), RG_STR("NX"));
	GREET_WITH(g, GREET_SCHEMA_READ, RG_STR("GET"), r->schema);
	if (l->index != LINK_MAIN)
		return;
	for (uint32_t i = 0; i < rg__redis_n_scripts && g->n < GREETING_MAX; i++)
		GREET_WITH(g, GREET_SCRIPT, RG_STR("SCRIPT"), RG_STR("LOAD"), (rg_str){ rg__redis_scripts[i].text, rg__redis_scripts[i].n });
}

rg__redis_request *rg__redis_greeting(rg__redis_link *l)
{
	struct greeting_plan g;

	plan_greeting(l, &g);
	return rg__redis_request_new(g.commands, g.n);
}

/* The data that was remembered belongs to another data set. */
static void data_was_emptied(rg__redis *r)
{
	r->links->data_set[0] = '\0';
	r->counters.emptied_servers++;
	rg__redis_log(r, RG_LOG_WARNING, "Redis at %s: the data was emptied or replaced; phones come back when they register again", r->links->address);
	rg__redis_ops_emptied(r);
	if (r->host.emptied)
		r->host.emptied(r->host.user);
	/* Watches are told when they are subscribed again. */
	if (r->links->link[LINK_WATCH].stage == STAGE_READY)
		rg__redis_break(&r->links->link[LINK_WATCH], "the data was emptied or replaced");
}

/* @return why the data is not ours; NULL: it is. */
static const char *judge_schema(rg__redis *r, const redisReply *reply, char *room, size_t size)
{
	unsigned schema, buckets;
	char text[96], uuid[40];

	if (reply->type == REDIS_REPLY_ERROR) {
		rg__redis_clean(room, size, reply->str, reply->len);
		return room;
	}
	if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)
		return "the key of the schema cannot be made";
	rg__redis_clean(text, sizeof text, reply->str, reply->len);
	if (sscanf(text, "%9u %9u %39s", &schema, &buckets, uuid) < 3) {
		snprintf(room, size, "the key of the schema holds something else: %.60s", text);
		return room;
	}
	if (schema != SCHEMA) {
		snprintf(room, size, "the data has schema %u, this library knows schema %d", schema, SCHEMA);
		return room;
	}
	if (buckets != r->url.buckets) {
		snprintf(room, size, "the data is in %u buckets, the address says %u: use buckets=%u", buckets, r->url.buckets, buckets);
		return room;
	}
	if (strlen(uuid) != 36)
		return "the key of the schema has no UUID";
	if (r->links->data_set[0] && strcmp(r->links->data_set, uuid) != 0)
		data_was_emptied(r);
	memcpy(r->links->data_set, uuid, sizeof r->links->data_set);
	return NULL;
}

/* The next greeting makes the key. That the data is gone was said, so it is not said again as the end of the connection. */
static void schema_is_gone(rg__redis *r, rg__redis_link *l)
{
	static const char why[] = "the data was emptied";

	if (r->links->data_set[0])
		data_was_emptied(r);
	memcpy(r->links->logged, why, sizeof why);
	rg__redis_break(l, why);
}

void rg__redis_schema_seen(rg__redis *r, const redisReply *reply)
{
	rg__redis_link *l = r->links->answering;
	char room[TROUBLE_SIZE];
	const char *why;

	if (r->dead || !l || !reply)
		return;
	if (reply->type == REDIS_REPLY_NIL) {
		schema_is_gone(r, l);
		return;
	}
	why = judge_schema(r, reply, room, sizeof room);
	if (why)
		rg__redis_break(l, why);
}

static bool starts_with(const char *text, const char *const *codes)
{
	for (; *codes; codes++)
		if (strncmp(text, *codes, strlen(*codes)) == 0)
			return true;
	return false;
}

/* Whether an error reply ends the greeting. */
static bool is_fatal(enum greeting kind, const char *text)
{
	/* These may answer any command. */
	static const char *const always[] = { "NOAUTH", "LOADING", "MASTERDOWN", "READONLY", "DENIED", NULL };
	/* The key may be there all the same: reading it tells. */
	static const char *const tolerated[] = { "OOM", "NOPERM", "MISCONF", NULL };

	switch (kind) {
	case GREET_NAME:
	case GREET_SCRIPT:
		return starts_with(text, always);
	case GREET_SCHEMA_MAKE:
		return !starts_with(text, tolerated);
	default:
		return true;
	}
}

/* A server that has no AUTH repeats the arguments in its error, and so the password. */
static void clean_refusal(char *room, enum greeting kind, const redisReply *reply)
{
	rg__redis_clean(room, TROUBLE_SIZE, reply->str, reply->len);
	char *repeated = kind == GREET_PASSWORD ? strstr(room, ", with args") : NULL;
	if (repeated)
		*repeated = '\0';
}

void rg__redis_greeted(rg__redis_link *l, uint32_t index, const redisReply *reply)
{
	char text[TROUBLE_SIZE];
	const char *why = NULL;
	enum greeting kind = l->greeting_kinds[index];
	if (kind == GREET_SCHEMA_READ) {
		why = judge_schema(l->store, reply, text, sizeof text);
		/* An error that was tolerated before says more than its consequence. */
		if (why && l->said[0] && reply->type == REDIS_REPLY_NIL)
			why = l->said;
	} else if (reply->type == REDIS_REPLY_ERROR) {
		clean_refusal(text, kind, reply);
		memcpy(l->said, text, sizeof l->said);
		if (is_fatal(kind, text))
			why = text;
	}
	if (why)
		rg__redis_break(l, why);
	else if (index + 1 == l->greeting->n)
		rg__redis_ready(l);
}
