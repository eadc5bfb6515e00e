/* SPDX-License-Identifier: MIT */
#include "equal.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM = 65536, LINE = 1024, RECORDS = 64 };

typedef struct node {
	struct side *home;
	rg_registrar *reg;
	rg_subscription *subscription;
} node;

struct side {
	const char *name;
	rg_time now;
	uint64_t noise;
	node nodes[EQUAL_NODES];
	rg_save_options *save[4];
	rg_lookup_options *lookup[4];
	FILE *out, *events[EQUAL_AORS]; /* since the last call of side_told() */
	char *told, *told_of[EQUAL_AORS];
	size_t n, n_of[EQUAL_AORS];
	char *records[RECORDS]; /* of a walk */
	size_t n_records;
	int called;
	char room[ROOM];
};

static void must(bool good, const side *s, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s: %s\n", s->name, what);
	abort();
}

static rg_time env_now(void *user)
{
	return ((side *)user)->now;
}

static void env_random(void *user, void *room, size_t n)
{
	side *s = user;
	uint8_t *out = room;

	for (size_t i = 0; i < n; i++) {
		s->noise = s->noise * UINT64_C(6364136223846793005) + 1442695040888963407;
		out[i] = (uint8_t)(s->noise >> 56);
	}
}

/* Those of one AoR are compared in their order: across AoRs there is none. */
static void on_event(void *user, const rg_event *e)
{
	side *s = ((node *)user)->home;
	const rg_contact *c = e->after ? e->after : e->before;
	unsigned of = e->key.user.n == 5 ? (unsigned)(e->key.user.p[4] - '0') : EQUAL_AORS;

	must(of < EQUAL_AORS, s, "an event of an unknown AoR");
	fprintf(s->events[of], "%s at %lld", rg_event_name(e->kind), (long long)e->at);
	if (c)
		fprintf(s->events[of], " %.*s until %lld cseq %u", (int)c->uri.n, c->uri.p, (long long)c->expires, c->cseq);
	fprintf(s->events[of], " %.*s %.*s\n", (int)e->reason.n, e->reason.p, (int)e->callid.n, e->callid.p);
}

static void begin_telling(side *s)
{
	s->out = open_memstream(&s->told, &s->n);
	for (int i = 0; i < EQUAL_AORS; i++)
		s->events[i] = open_memstream(&s->told_of[i], &s->n_of[i]);
}

char *side_told(side *s)
{
	for (int i = 0; i < EQUAL_AORS; i++) {
		fclose(s->events[i]);
		if (s->n_of[i] > 0)
			fprintf(s->out, "events of user%d:\n%s", i, s->told_of[i]);
		free(s->told_of[i]);
	}
	fclose(s->out);
	char *told = s->told;
	begin_telling(s);
	return told;
}

/* A temporary GRUU is sealed with a nonce of the decision. */
static void print_header(side *s, const rg_header *h)
{
	static const char temporary[] = "temp-gruu=\"";
	const char *from = h->value.p, *end = h->value.p + h->value.n;

	fprintf(s->out, "%.*s: ", (int)h->name.n, h->name.p);
	for (const char *at; (at = memmem(from, (size_t)(end - from), temporary, sizeof temporary - 1));) {
		at += sizeof temporary - 1;
		fprintf(s->out, "%.*s*", (int)(at - from), from);
		from = memchr(at, '"', (size_t)(end - at));
	}
	fprintf(s->out, "%.*s\n", (int)(end - from), from);
}

static void on_response(void *user, rg_status status, rg_response *r)
{
	side *s = user;
	const rg_header *headers = NULL;
	uint32_t n = 0;

	s->called++;
	fprintf(s->out, "%s\n", rg_strerror(status));
	if (r) {
		fprintf(s->out, "%d %s, reason %s\n", rg_response_code(r), rg_response_phrase(r), rg_reason_name(rg_response_reason(r)));
		must(rg_response_headers(r, &headers, &n) == RG_OK, s, "no headers");
	}
	for (uint32_t i = 0; i < n; i++)
		print_header(s, &headers[i]);
	rg_response_free(r);
}

static void on_targets(void *user, rg_status status, rg_targets *t)
{
	side *s = user;
	size_t n = 0;

	s->called++;
	fprintf(s->out, "%s\n", rg_strerror(status));
	if (t) {
		must(rg_targets_text(t, 0, s->room, ROOM, &n) == RG_OK && n <= ROOM, s, "no text of targets");
		fprintf(s->out, "%.*s to wake: %u\n", (int)n, s->room, rg_targets_wake_count(t));
	}
	rg_targets_free(t);
}

static void on_removed(void *user, rg_status status, uint32_t n)
{
	side *s = user;

	s->called++;
	fprintf(s->out, "%s, %u removed\n", rg_strerror(status), n);
}

static void on_answer(void *user, rg_status status, rg_answer *a)
{
	side *s = user;
	rg_contact c;

	s->called++;
	fprintf(s->out, "%s: %d\n", rg_strerror(status), rg_answer_result(a));
	rg_contact_init(&c, sizeof c);
	for (uint32_t i = 0; rg_answer_contact(a, i, &c) == RG_OK; i++)
		fprintf(s->out, "  %.*s until %lld\n", (int)c.uri.n, c.uri.p, (long long)c.expires);
	rg_answer_free(a);
}

static int32_t on_record(void *user, const rg_record *record)
{
	side *s = user;
	size_t n = 0;

	must(rg_record_text(record, 0, s->room, ROOM, &n) == RG_OK && n <= ROOM, s, "no text of a record");
	must(s->n_records < RECORDS, s, "too many records");
	s->records[s->n_records++] = strndup(s->room, n);
	return 0;
}

static int in_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A walk over a store is in no order. */
static void walk(side *s, rg_registrar *reg)
{
	rg_status st = rg_each(reg, RG_STR("location"), on_record, s, NULL);

	qsort(s->records, s->n_records, sizeof *s->records, in_order);
	fprintf(s->out, "%s, %zu records\n", rg_strerror(st), s->n_records);
	for (size_t i = 0; i < s->n_records; i++) {
		fputs(s->records[i], s->out);
		free(s->records[i]);
	}
	s->n_records = 0;
}

/* Each node may know of deadlines that the other does not. Together they know all. */
static void tick_all(side *s)
{
	for (int i = 0; i < EQUAL_NODES; i++) {
		rg_time next = 0;

		for (int tries = 0; next <= s->now && tries < 1000; tries++)
			must(rg_registrar_tick(s->nodes[i].reg, 0, &next) == RG_OK, s, "a tick fails");
		must(next > s->now, s, "a tick has no end");
	}
}

static void save(side *s, rg_registrar *reg, const step *what)
{
	rg_response *r = NULL;
	rg_status st = what->blocking ? rg_save(reg, &what->request, s->save[what->options], &r, NULL) :
		rg_save_async(reg, &what->request, s->save[what->options], on_response, s, NULL, NULL, NULL);

	if (what->blocking || st < 0)
		on_response(s, st, r);
}

static void look_up(side *s, rg_registrar *reg, const step *what)
{
	rg_targets *t = NULL;
	rg_status st = what->blocking ? rg_lookup(reg, &what->request, s->lookup[what->options], &t, NULL) :
		rg_lookup_async(reg, &what->request, s->lookup[what->options], on_targets, s, NULL, NULL, NULL);

	if (what->blocking || st < 0)
		on_targets(s, st, t);
}

static void take_away(side *s, rg_registrar *reg, const step *what)
{
	static const rg_str all = { NULL, 0 };
	rg_remove_filter f;
	uint32_t n = 0;
	rg_status st;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = what->name;
	f.contact = what->contact;
	f.instance = what->instance;
	if (what->kind == STEP_REMOVE)
		st = what->blocking ? rg_remove(reg, &f, &n, NULL) : rg_remove_async(reg, &f, on_removed, s, NULL, NULL, NULL);
	else if (what->kind == STEP_REMOVE_ADDRESS)
		st = what->blocking ? rg_remove_ip_port(reg, all, what->ip, 5060, all, &n, NULL) :
			rg_remove_ip_port_async(reg, all, what->ip, 5060, all, on_removed, s, NULL, NULL, NULL);
	else
		st = what->blocking ? rg_remove_flow(reg, all, what->flow, &n, NULL) :
			rg_remove_flow_async(reg, all, what->flow, on_removed, s, NULL, NULL, NULL);
	if (what->blocking || st < 0)
		on_removed(s, st, n);
}

static void ask(side *s, rg_registrar *reg, const step *what)
{
	const rg_ip_port ip = { .ip = what->ip };
	rg_answer *a = NULL;
	rg_query q;
	rg_status st;

	rg_query_init(&q, sizeof q);
	q.aor = what->name;
	q.contact = what->contact.p ? what->contact : RG_STR("sip:phone@soft.example.net");
	q.ips = &ip;
	q.n_ips = 1;
	if (what->kind == STEP_REGISTERED)
		st = rg_is_registered(reg, &q, &a, NULL);
	else if (what->kind == STEP_CONTACT)
		st = rg_is_contact_registered(reg, &q, &a, NULL);
	else
		st = rg_is_ip_registered(reg, &q, &a, NULL);
	on_answer(s, st, a);
}

static void measure(side *s, rg_registrar *reg, const step *what)
{
	rg_status st = rg_set_latency(reg, (rg_str){ 0 }, what->name, what->contact, what->microseconds, NULL, NULL);

	fprintf(s->out, "%s\n", rg_strerror(st));
	s->called++;
}

void side_take(side *s, const step *what)
{
	rg_registrar *reg = s->nodes[what->node].reg;

	s->called = 0;
	switch (what->kind) {
	case STEP_SAVE:
	case STEP_QUERY:
		save(s, reg, what);
		break;
	case STEP_LOOKUP:
		look_up(s, reg, what);
		break;
	case STEP_REMOVE:
	case STEP_REMOVE_ADDRESS:
	case STEP_REMOVE_FLOW:
		take_away(s, reg, what);
		break;
	case STEP_LATENCY:
		measure(s, reg, what);
		break;
	case STEP_EACH:
		walk(s, reg);
		s->called++;
		break;
	case STEP_TIME:
		s->now += what->ms;
		tick_all(s);
		s->called++;
		break;
	default:
		ask(s, reg, what);
	}
	must(s->called == 1, s, "a verb is not answered once");
}

void side_last_look(side *s)
{
	for (int i = 0; i < EQUAL_NODES; i++)
		walk(s, s->nodes[i].reg);
}

static void open_options(side *s)
{
	static const char *const save_flags[] = { NULL, "memory-only", "max-contacts=2,force-registration", "path-lazy,max-expires=600" };
	static const char *const lookup_flags[] = { NULL, "branch", "sort-by-latency", "branch,method-filtering,max-ping-latency=50000" };

	for (int i = 1; i < 4; i++)
		must(rg_save_options_new(rg_str_from(save_flags[i]), &s->save[i], NULL) == RG_OK &&
			rg_lookup_options_new(rg_str_from(lookup_flags[i]), &s->lookup[i], NULL) == RG_OK, s, "no options");
}

side *side_new(const side_store *store, const rg_config *config)
{
	side *s = calloc(1, sizeof *s);
	rg_env env;

	s->name = store->name;
	s->now = 1700000000000;
	rg_env_init(&env, sizeof env);
	env.now = env_now;
	env.random = env_random;
	env.user = s;
	open_options(s);
	begin_telling(s);
	for (int i = 0; i < EQUAL_NODES; i++) {
		node *n = &s->nodes[i];

		n->home = s;
		must(rg_registrar_new(config, store->stores[i], &env, &n->reg, NULL) == RG_OK, s, "no registrar");
		must(rg_registrar_subscribe(n->reg, RG_EVENT_ALL, on_event, n, NULL, &n->subscription, NULL) == RG_OK, s, "no ear");
		rg_store_unref(store->stores[i]);
	}
	return s;
}

void side_free(side *s)
{
	for (int i = 0; i < EQUAL_NODES; i++) {
		rg_subscription_free(s->nodes[i].subscription);
		rg_registrar_unref(s->nodes[i].reg);
	}
	for (int i = 1; i < 4; i++) {
		rg_save_options_unref(s->save[i]);
		rg_lookup_options_unref(s->lookup[i]);
	}
	free(side_told(s));
	fclose(s->out);
	free(s->told);
	for (int i = 0; i < EQUAL_AORS; i++) {
		fclose(s->events[i]);
		free(s->told_of[i]);
	}
	free(s);
}
