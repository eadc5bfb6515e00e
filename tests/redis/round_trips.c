/* SPDX-License-Identifier: MIT */
/* How often a verb crosses the network, by the counters of the store and by what the server has counted. */
#include <criterion/criterion.h>
#include <rgstr/rgstr.h>
#include <stdio.h>
#include "counters.h"
#include "store_redis.h"

enum { BUCKETS = 64 };

#define NAME_OF(name, NAME) #name,
static const char *const verbs[] = { RG__REDIS_VERBS(NAME_OF) };

typedef struct trips_node {
	rg_store *store;
	rg_registrar *reg;
	bool blocking;
} trips_node;

static rg_time trips_now(void *user)
{
	(void)user;
	return 1700000000000;
}

static trips_node node_open(rg_store *store, bool blocking)
{
	trips_node n = { .store = store, .blocking = blocking };
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = trips_now;
	cr_assert_eq(rg_registrar_new(NULL, store, &env, &n.reg, NULL), RG_OK);
	return n;
}

static void node_close(trips_node *n)
{
	rg_registrar_unref(n->reg);
	rg_store_unref(n->store);
}

/* Of all verbs together. */
static int64_t trips(const trips_node *n)
{
	int64_t sum = 0;
	char name[64];

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		snprintf(name, sizeof name, "%s_round_trips", verbs[i]);
		int64_t one = redis_statistic(n->store, name);
		cr_assert_geq(one, 0, "%s", name);
		sum += one;
	}
	return sum;
}

typedef struct trips_end {
	bool over;
	int code;
	uint32_t n;
	rg_status status;
} trips_end;

static void trips_saved(void *user, rg_status status, rg_response *r)
{
	trips_end *e = user;

	*e = (trips_end){ .over = true, .status = status, .code = rg_response_code(r) };
	rg_response_free(r);
}

static void trips_looked_up(void *user, rg_status status, rg_targets *t)
{
	trips_end *e = user;

	*e = (trips_end){ .over = true, .status = status, .n = rg_targets_count(t) };
	rg_targets_free(t);
}

static void trips_removed(void *user, rg_status status, uint32_t n)
{
	*(trips_end *)user = (trips_end){ .over = true, .status = status, .n = n };
}

static int save(const trips_node *n, const char *contact, uint32_t cseq)
{
	const rg_str line = rg_str_from(contact);
	rg_request r;
	rg_response *response = NULL;
	trips_end e = { .code = -1 };
	char text[32];

	snprintf(text, sizeof text, "%u REGISTER", cseq);
	rg_request_init(&r, sizeof r);
	r.method = RG_STR("REGISTER");
	r.request_uri = RG_STR("sip:example.org");
	r.from_header = r.to_header = RG_STR("<sip:alice@example.org>");
	r.callid = RG_STR("c1");
	r.cseq = rg_str_from(text);
	r.contacts = &line;
	r.n_contacts = 1;
	r.via_count = 1;
	if (n->blocking) {
		rg_status st = rg_save(n->reg, &r, NULL, &response, NULL);

		trips_saved(&e, st, response);
		return e.code;
	}
	cr_assert_geq(rg_save_async(n->reg, &r, NULL, trips_saved, &e, NULL, NULL, NULL), RG_OK);
	cr_assert(redis_drive_until(n->store, &e.over));
	return e.code;
}

static uint32_t look_up(const trips_node *n)
{
	rg_request r;
	rg_targets *t = NULL;
	trips_end e = { .n = 99 };

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = RG_STR("sip:alice@example.org");
	if (n->blocking) {
		rg_status st = rg_lookup(n->reg, &r, NULL, &t, NULL);

		trips_looked_up(&e, st, t);
		return e.n;
	}
	cr_assert_geq(rg_lookup_async(n->reg, &r, NULL, trips_looked_up, &e, NULL, NULL, NULL), RG_OK);
	cr_assert(redis_drive_until(n->store, &e.over));
	return e.n;
}

static uint32_t take_away(const trips_node *n)
{
	rg_remove_filter f;
	trips_end e = { .n = 99 };
	uint32_t removed = 0;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = RG_STR("sip:alice@example.org");
	if (n->blocking) {
		rg_status st = rg_remove(n->reg, &f, &removed, NULL);

		trips_removed(&e, st, removed);
		return e.n;
	}
	cr_assert_geq(rg_remove_async(n->reg, &f, trips_removed, &e, NULL, NULL, NULL), RG_OK);
	cr_assert(redis_drive_until(n->store, &e.over));
	return e.n;
}

#define EXPECT_TRIPS(node, wanted, what, ...) \
	do { \
		int64_t before_it = trips(node); \
		cr_expect_eq(__VA_ARGS__); \
		cr_expect_eq(trips(node) - before_it, wanted, "%s: %d", what, (int)(trips(node) - before_it)); \
	} while (0)

static void count_trips(bool blocking)
{
	trips_node one = node_open(redis_store(false, NULL), blocking), two = node_open(redis_store_beside(), blocking);

	EXPECT_TRIPS(&one, 1, "the first REGISTER", save(&one, "<sip:a@192.0.2.1>", 1), 200);
	EXPECT_TRIPS(&one, 1, "a refresh", save(&one, "<sip:a@192.0.2.1>", 2), 200);
	EXPECT_TRIPS(&one, 1, "a second binding", save(&one, "<sip:b@192.0.2.2>", 3), 200);
	EXPECT_TRIPS(&one, 1, "a lookup", look_up(&one), 2u);
	EXPECT_TRIPS(&two, 1, "a lookup on another node", look_up(&two), 2u);
	EXPECT_TRIPS(&two, 1, "a refresh on the node that looked it up", save(&two, "<sip:a@192.0.2.1>", 4), 200);
	EXPECT_TRIPS(&one, 2, "a refresh after one through another node", save(&one, "<sip:a@192.0.2.1>", 5), 200);
	EXPECT_TRIPS(&one, 1, "a refresh after this", save(&one, "<sip:a@192.0.2.1>", 6), 200);
	EXPECT_TRIPS(&one, 1, "a removal", take_away(&one), 2u);
	EXPECT_TRIPS(&one, 1, "a lookup of what is gone", look_up(&one), 0u);
	EXPECT_TRIPS(&one, 1, "a REGISTER of what is gone", save(&one, "<sip:a@192.0.2.1>", 7), 200);
	node_close(&one);
	node_close(&two);
	trips_node three = node_open(redis_store_beside(), blocking);
	EXPECT_TRIPS(&three, 2, "a refresh through a node that never saw it", save(&three, "<sip:a@192.0.2.1>", 8), 200);
	node_close(&three);
}

Test(round_trips, a_verb_of_the_completion_form_makes_as_few_as_there_can_be)
{
	count_trips(false);
}

Test(round_trips, a_verb_of_the_blocking_form_makes_no_more)
{
	count_trips(true);
}

/* The commands of others would be counted: there is nobody else. */
static int64_t commands_so_far(void)
{
	return redis_server_info(redis_of_program(false), "total_commands_processed");
}

static void tick(const trips_node *n)
{
	rg_time next = 0;

	cr_assert_eq(rg_registrar_tick(n->reg, 0, &next), RG_OK);
	while (redis_drive(n->store, false))
		;
	rg_redis_state s;
	rg_redis_state_init(&s, sizeof s);
	do {
		cr_assert_eq(rg_redis_store_state(n->store, &s), RG_OK);
		cr_assert(s.in_flight == 0 || redis_drive(n->store, true));
	} while (s.in_flight > 0);
}

/* Two INFO of the test itself are among the commands: each counts those before it. */
Test(round_trips, an_idle_tick_is_one_write_at_most)
{
	trips_node n = node_open(redis_store(false, NULL), false);

	cr_assert_eq(save(&n, "<sip:a@192.0.2.1>", 1), 200);
	for (int i = 0; i < 3; i++) {
		int64_t trips_before = redis_statistic(n.store, "due_round_trips"), commands = commands_so_far();

		tick(&n);
		int64_t more = redis_statistic(n.store, "due_round_trips") - trips_before;
		commands = commands_so_far() - commands - 1;
		printf("idle tick %d: %d round trips, %d commands\n", i + 1, (int)more, (int)commands);
		cr_expect_leq(more, 1);
		/* Each bucket's script counts its commands, too: that it looks at the first deadline, and at the next one. */
		cr_expect_leq(commands, more * (1 + 4 * BUCKETS));
	}
	node_close(&n);
}
