/* SPDX-License-Identifier: MIT */
/* Measures one thing on a Redis server that is running, and prints one line of figures for redis.py, which starts the server:
 *   redis ADDRESS fill FROM TO ONE_HOP              registers phones
 *   redis ADDRESS rate KIND IN_FLIGHT POPULATION    new, refresh, removal or lookup: operations a second, and CPU
 *   redis ADDRESS count KIND OPERATIONS             repeats an operation, for callgrind
 *   redis ADDRESS nodes KIND NODES POPULATION       the same rate with several processes
 *   redis ADDRESS trips                             round trips a verb
 *   redis ADDRESS seen ROUNDS                       until another node sees a binding, and until its wait ends
 *   redis ADDRESS idle SECONDS                      a node without work
 * SERVER_PID of the environment is the process whose CPU a rate states, too. Operations are of the completion form. A completion starts the
 * next operation, so that the number in flight stays the same. */
#include "phones.h"
#include <poll.h>
#include <rgstr/redis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 4096, BATCHES = 15, FILL_IN_FLIGHT = 256, WAIT_MS = 10000 };

typedef enum { NEW, REFRESH, REMOVAL, LOOKUP, KINDS } kind;
static const char *const kind_names[KINDS] = { "new", "refresh", "removal", "lookup" };

typedef struct node {
	rg_store *store;
	rg_registrar *reg;
} node;

/* Operations on phones, of which so many are in flight. */
typedef struct series {
	node *node;
	const phone *phones;
	kind kind;
	uint32_t n, started, finished;
} series;

typedef struct cost {
	double wall, user, system, server; /* seconds */
} cost;

static void die(const char *what)
{
	fprintf(stderr, "redis: %s failed\n", what);
	exit(1);
}

static double seconds_of(clockid_t clock)
{
	struct timespec t = { 0 };
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

static double server_seconds(void)
{
	const char *pid = getenv("SERVER_PID");
	clockid_t clock;
	return pid && clock_getcpuclockid((pid_t)atoi(pid), &clock) == 0 ? seconds_of(clock) : 0;
}

static double of_timeval(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static cost spent(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (cost){ seconds(), of_timeval(usage.ru_utime), of_timeval(usage.ru_stime), server_seconds() };
}

static uint32_t pick(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(((*state >> 32) * below) >> 32);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void say(void *user, int32_t level, const rg_str *text)
{
	(void)user;
	if (level <= RG_LOG_WARNING)
		fprintf(stderr, "redis: %.*s\n", (int)text->n, text->p);
}

static void open_node(node *n, const char *address, const rg_config *config)
{
	rg_redis_options options;
	rg_redis_state state;
	rg_error *why = rg_error_new();

	rg_redis_options_init(&options, sizeof options);
	options.address = rg_str_from(address);
	options.program = RG_STR("bench");
	options.log = say;
	if (rg_redis_store_new(&options, &n->store, why) != RG_OK || rg_registrar_new(config, n->store, NULL, &n->reg, why) != RG_OK) {
		fprintf(stderr, "redis: %s\n", rg_error_text(why).p);
		exit(1);
	}
	rg_error_free(why);
	rg_registrar_tick(n->reg, 0, NULL);
	do {
		rg_redis_state_init(&state, sizeof state);
		if (rg_redis_store_run(n->store, WAIT_MS) != RG_OK || rg_redis_store_state(n->store, &state) != RG_OK)
			die("connecting");
	} while (state.connection != RG_REDIS_READY);
}

static void close_node(node *n)
{
	rg_registrar_unref(n->reg);
	rg_store_unref(n->store);
}

static void start(series *s);

static void saved(void *user, rg_status status, rg_response *response)
{
	series *s = user;
	if (status != RG_OK || rg_response_code(response) != 200) {
		fprintf(stderr, "redis: a save: %s, %u\n", rg_strerror(status), rg_response_code(response));
		exit(1);
	}
	rg_response_free(response);
	s->finished++;
	start(s);
}

static void looked_up(void *user, rg_status status, rg_targets *targets)
{
	series *s = user;
	if (status != RG_OK || rg_targets_count(targets) != 1)
		die("a lookup");
	rg_targets_free(targets);
	s->finished++;
	start(s);
}

static void start(series *s)
{
	if (s->started == s->n)
		return;
	const phone *p = &s->phones[s->started++];
	rg_status st = s->kind == LOOKUP ? rg_lookup_async(s->node->reg, &p->lookup, NULL, looked_up, s, NULL, NULL, NULL) :
		rg_save_async(s->node->reg, &p->save, NULL, saved, s, NULL, NULL, NULL);
	if (st != RG_PENDING)
		die("starting an operation");
}

static void perform(node *n, kind k, const phone *phones, uint32_t count, uint32_t in_flight)
{
	series s = { .node = n, .phones = phones, .kind = k, .n = count };
	for (uint32_t i = 0; i < in_flight; i++)
		start(&s);
	while (s.finished < count)
		if (rg_redis_store_run(n->store, WAIT_MS) != RG_OK)
			die("waiting for the server");
}

static phone *new_phones(uint32_t n)
{
	phone *phones = calloc(n, sizeof *phones);
	if (!phones)
		die("allocating");
	return phones;
}

/* Registers every @p step'th phone. */
static void fill(node *n, uint32_t from, uint32_t to, uint32_t step, int one_hop)
{
	phone *phones = new_phones(BATCH);
	for (uint32_t i = from; i < to;) {
		uint32_t count = 0;
		for (; i < to && count < BATCH; i += step)
			phone_make(&phones[count++], i, 1, PHONE_EXPIRES_DEFAULT, one_hop);
		perform(n, NEW, phones, count, FILL_IN_FLIGHT);
	}
	free(phones);
}

static uint64_t seed(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_nsec;
}

/* The numbers of the phones of a process in a random order, so that no phone has two operations in flight. */
static uint32_t *shuffled(uint32_t population, uint32_t first, uint32_t step, uint32_t *n)
{
	uint64_t state = seed();
	uint32_t *order = calloc(population / step + 1, sizeof *order);
	*n = 0;
	for (uint32_t i = first; order && i < population; i += step)
		order[(*n)++] = i;
	if (*n < BATCH)
		die("finding enough phones");
	for (uint32_t i = *n - 1; i > 0; i--) {
		uint32_t j = pick(&state, i + 1), was = order[i];
		order[i] = order[j];
		order[j] = was;
	}
	return order;
}

/* The phones of one batch. The CSeq of each is higher than all before. */
static void prepare(phone *phones, kind k, uint32_t round, uint32_t population, const uint32_t *order, uint32_t n)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		uint32_t at = round * BATCH + i, who = k == NEW || k == REMOVAL ? population + at : order[at % n];
		phone_make(&phones[i], who, k == NEW ? 1 : 2 + at, k == REMOVAL ? 0 : PHONE_EXPIRES_DEFAULT, 0);
	}
}

static kind kind_of(const char *name)
{
	kind k = 0;
	while (k < KINDS && strcmp(name, kind_names[k]) != 0)
		k++;
	if (k == KINDS)
		die(name);
	return k;
}

static void rate(const char *address, kind k, uint32_t in_flight, uint32_t population)
{
	node n;
	double rates[BATCHES], user = 0, system = 0, server = 0, n_all = (double)BATCHES * BATCH;
	uint32_t own, *order = shuffled(population, 0, 1, &own);
	phone *phones = new_phones(BATCH);
	open_node(&n, address, NULL);
	fill(&n, 0, population, 1, 0);
	for (uint32_t round = 0; round < BATCHES; round++) {
		prepare(phones, k, round, population, order, own);
		if (k == REMOVAL)
			fill(&n, population + round * BATCH, population + (round + 1) * BATCH, 1, 0);
		cost before = spent();
		perform(&n, k, phones, BATCH, in_flight);
		cost after = spent();
		rates[round] = BATCH / (after.wall - before.wall);
		user += after.user - before.user;
		system += after.system - before.system;
		server += after.server - before.server;
	}
	qsort(rates, BATCHES, sizeof *rates, by_value);
	printf("%.0f %.2f %.2f %.2f\n", rates[BATCHES / 2], user / n_all * 1e6, system / n_all * 1e6, server / n_all * 1e6);
	free(phones);
	free(order);
	close_node(&n);
}

/* A batch is made of phones that are ready, so that the instructions of an operation are those of the libraries. */
static void repeat(const char *address, kind k, uint32_t operations)
{
	node n;
	uint32_t own, *order = shuffled(BATCH, 0, 1, &own);
	phone *phones = new_phones(BATCH);
	open_node(&n, address, NULL);
	fill(&n, 0, BATCH, 1, 0);
	prepare(phones, k, 0, BATCH, order, own);
	perform(&n, k, phones, operations < BATCH ? operations : BATCH, FILL_IN_FLIGHT);
	free(phones);
	free(order);
	close_node(&n);
}

/* One of several processes, with phones of its own. Writes to @p result when it is ready, and its operations a second at the end. */
static void share(const char *address, kind k, uint32_t population, uint32_t who, uint32_t of, int begin, int result)
{
	enum { LASTS = 4 };
	node n;
	char octet;
	double each = 0;
	uint32_t rounds = 0, own, *order = shuffled(population, who, of, &own);
	phone *phones = new_phones(BATCH);
	open_node(&n, address, NULL);
	fill(&n, who, population, of, 0);
	if (write(result, &each, sizeof each) != sizeof each || read(begin, &octet, 1) != 0) /* the end of the pipe: all begin at once */
		die("waiting for the others");
	double started = seconds();
	for (; seconds() - started < LASTS; rounds++) {
		prepare(phones, k, rounds, population, order, own);
		perform(&n, k, phones, BATCH, FILL_IN_FLIGHT);
	}
	each = (double)rounds * BATCH / (seconds() - started);
	if (write(result, &each, sizeof each) != sizeof each)
		die("telling the rate");
	free(phones);
	free(order);
	close_node(&n);
}

static double sum_of(int result, uint32_t n)
{
	double sum = 0, each;
	for (uint32_t i = 0; i < n; i++) {
		if (read(result, &each, sizeof each) != sizeof each)
			die("a process");
		sum += each;
	}
	return sum;
}

static void nodes(const char *address, kind k, uint32_t n, uint32_t population)
{
	int begin[2], result[2];
	if (k != REFRESH && k != LOOKUP)
		die("choosing phones that exist");
	if (pipe(begin) || pipe(result))
		die("making a pipe");
	for (uint32_t i = 0; i < n; i++) {
		pid_t child = fork();
		if (child < 0)
			die("starting a process");
		if (child > 0)
			continue;
		close(begin[1]);
		share(address, k, population, i, n, begin[0], result[1]);
		exit(0);
	}
	close(result[1]);
	sum_of(result[0], n);
	close(begin[1]);
	printf("%.0f\n", sum_of(result[0], n));
	while (wait(NULL) > 0)
		;
}

/* Round trips of all calls of a store. */
static int64_t trips_of(const node *n)
{
	static const char suffix[] = "_round_trips";
	int64_t sum = 0;
	rg_statistic one;
	for (uint32_t i = 0;; i++) {
		rg_statistic_init(&one, sizeof one);
		if (rg_redis_store_statistic(n->store, i, &one) != RG_OK)
			return sum;
		size_t length = strlen(one.name);
		if (length >= sizeof suffix && strcmp(one.name + length - (sizeof suffix - 1), suffix) == 0)
			sum += one.value;
	}
}

static void count_trips(const char *name, node *n, kind k, uint32_t cseq)
{
	enum { TIMES = 100 };
	static phone phones[TIMES];
	for (uint32_t i = 0; i < TIMES; i++)
		phone_make(&phones[i], i, cseq, k == REMOVAL ? 0 : PHONE_EXPIRES_DEFAULT, 0);
	int64_t before = trips_of(n);
	perform(n, k, phones, TIMES, 1);
	printf("%s\t%.2f\n", name, (double)(trips_of(n) - before) / TIMES);
}

static void trips(const char *address)
{
	char hop[32];
	uint32_t removed = 0;
	node a, b;
	open_node(&a, address, NULL);
	open_node(&b, address, NULL);
	count_trips("save, AoR that is not registered", &a, NEW, 1);
	count_trips("save, refresh through the same node", &a, REFRESH, 2);
	count_trips("save, refresh through another node for the first time", &b, REFRESH, 3);
	count_trips("save, refresh through that node again", &b, REFRESH, 4);
	count_trips("lookup", &b, LOOKUP, 5);
	count_trips("lookup through a node that has not seen the AoR", &a, LOOKUP, 6);
	count_trips("save, removal", &b, REMOVAL, 7);
	count_trips("save, AoR that was removed through another node", &a, NEW, 8);
	int32_t port = phone_hop(7, hop);
	int64_t before = trips_of(&a);
	if (rg_remove_ip_port(a.reg, RG_STR("location"), rg_str_from(hop), port, (rg_str){ NULL, 0 }, &removed, NULL) != RG_OK || removed != 1)
		die("remove_ip_port");
	printf("remove_ip_port, one match\t%.2f\n", (double)(trips_of(&a) - before));
	close_node(&a);
	close_node(&b);
}

/* What happens to one phone on two nodes. */
typedef struct sighting {
	node *nodes; /* the first saves, the second looks */
	phone *phone;
	bool saved, seen, waits, woken;
} sighting;

static void drive_both(node *n, const bool *until)
{
	while (!*until) {
		struct pollfd fds[2] = { { rg_redis_store_descriptor(n[0].store), POLLIN, 0 }, { rg_redis_store_descriptor(n[1].store), POLLIN, 0 } };
		if (poll(fds, 2, WAIT_MS) <= 0)
			die("waiting for the server");
		for (int i = 0; i < 2; i++)
			if (fds[i].revents)
				rg_redis_store_drive(n[i].store);
	}
}

static void seen_by_lookup(void *user, rg_status status, rg_targets *targets)
{
	sighting *s = user;
	if (status != RG_OK || rg_targets_count(targets) != 1)
		die("seeing what another node saved");
	rg_targets_free(targets);
	s->seen = true;
}

static void saved_here(void *user, rg_status status, rg_response *response)
{
	sighting *s = user;
	if (status != RG_OK || rg_response_code(response) != 200)
		die("a save");
	rg_response_free(response);
	s->saved = true;
	if (!s->waits && rg_lookup_async(s->nodes[1].reg, &s->phone->lookup, NULL, seen_by_lookup, s, NULL, NULL, NULL) != RG_PENDING)
		die("starting a lookup");
}

static void save_here(sighting *s)
{
	if (rg_save_async(s->nodes[0].reg, &s->phone->save, NULL, saved_here, s, NULL, NULL, NULL) != RG_PENDING)
		die("starting a save");
}

static void woken(void *user, rg_targets *targets)
{
	rg_targets_free(targets);
	((sighting *)user)->woken = true;
}

static void wait_over(void *user, rg_status status)
{
	(void)user;
	if (status != RG_OK)
		die("a wait");
}

static void asleep(void *user, rg_status status, rg_targets *targets)
{
	sighting *s = user;
	if (status != RG_OK || rg_targets_wake_count(targets) != 1 ||
		rg_targets_wait(targets, woken, wait_over, s, NULL, NULL, NULL) != RG_PENDING)
		die("waiting for a phone");
	rg_targets_free(targets);
	s->waits = true;
}

static void print_delays(const char *name, double *delays, uint32_t n)
{
	qsort(delays, n, sizeof *delays, by_value);
	printf("%s\t%.0f\t%.0f\n", name, delays[n / 2] * 1e6, delays[n - 1 - n / 100] * 1e6);
}

/* From the REGISTER at one node until a lookup at the other, begun with the 200, has its target. */
static double until_seen(node *n, uint32_t i)
{
	static phone p;
	sighting s = { .nodes = n, .phone = &p };
	phone_make(&p, i, 1, PHONE_EXPIRES_DEFAULT, 0);
	double began = seconds();
	save_here(&s);
	drive_both(n, &s.seen);
	return seconds() - began;
}

/* From the REGISTER of a phone that was asleep until a wait at the other node has the target. */
static double until_woken(node *n, uint32_t i)
{
	enum { SETTLED_MS = 3 };
	static phone p;
	char contact[400];
	sighting s = { .nodes = n, .phone = &p };
	phone_make(&p, i, 1, PHONE_EXPIRES_DEFAULT, 0);
	snprintf(contact, sizeof contact, "<%s;pn-provider=acme;pn-prid=%u>;expires=%d", p.uri, i, PHONE_EXPIRES_DEFAULT);
	p.contact_line = rg_str_from(contact);
	s.waits = true;
	save_here(&s);
	drive_both(n, &s.saved);
	s.waits = s.saved = false;
	if (rg_lookup_async(n[1].reg, &p.lookup, NULL, asleep, &s, NULL, NULL, NULL) != RG_PENDING)
		die("starting a lookup");
	drive_both(n, &s.waits);
	for (double began = seconds(); seconds() - began < SETTLED_MS / 1e3;)
		rg_redis_store_run(n[1].store, 1);
	p.save.cseq = RG_STR("2 REGISTER");
	double began = seconds();
	save_here(&s);
	drive_both(n, &s.woken);
	double took = seconds() - began;
	drive_both(n, &s.saved);
	return took;
}

static void seen(const char *address, uint32_t rounds)
{
	node n[2];
	rg_config *config = NULL;
	double *delays = calloc(rounds, sizeof *delays);
	if (!delays || rg_config_new(&config) || rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL) ||
		rg_config_set(config, RG_STR("pn_providers"), RG_STR("acme"), NULL) ||
		rg_config_set(config, RG_STR("pn_ct_match_params"), RG_STR("pn-provider,pn-prid"), NULL))
		die("setting up");
	open_node(&n[0], address, config);
	open_node(&n[1], address, config);
	for (uint32_t i = 0; i < rounds; i++)
		delays[i] = until_seen(n, i);
	print_delays("another node sees a binding", delays, rounds);
	for (uint32_t i = 0; i < rounds; i++)
		delays[i] = until_woken(n, rounds + i);
	print_delays("a wait at another node ends", delays, rounds);
	close_node(&n[0]);
	close_node(&n[1]);
	rg_config_free(config);
	free(delays);
}

/* A node that has nothing to do but its ticks. */
static void idle(const char *address, uint32_t lasts)
{
	node n;
	rg_time next;
	struct timespec t;
	open_node(&n, address, NULL);
	int64_t before = trips_of(&n);
	cost began = spent();
	while (seconds() - began.wall < lasts) {
		rg_registrar_tick(n.reg, 0, &next);
		for (rg_time now = 0; now < next && seconds() - began.wall < lasts;) {
			clock_gettime(CLOCK_REALTIME, &t);
			now = (rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
			if (now < next)
				rg_redis_store_run(n.store, (int32_t)(next - now < 1000 ? next - now : 1000));
		}
	}
	cost ended = spent();
	printf("%.2f %.0f\n", (double)(trips_of(&n) - before) / lasts, (ended.user + ended.system - began.user - began.system) / lasts * 1e6);
	close_node(&n);
}

int main(int argc, char **argv)
{
	const char *address = argc > 2 ? argv[1] : "", *section = argc > 2 ? argv[2] : "";
	const char *given[3] = { argc > 3 ? argv[3] : "0", argc > 4 ? argv[4] : "0", argc > 5 ? argv[5] : "0" };
	uint32_t numbers[3];
	for (int i = 0; i < 3; i++)
		numbers[i] = (uint32_t)strtoul(given[i], NULL, 10);
	if (strcmp(section, "fill") == 0) {
		node n;
		open_node(&n, address, NULL);
		fill(&n, numbers[0], numbers[1], 1, (int)numbers[2]);
		close_node(&n);
	} else if (strcmp(section, "rate") == 0)
		rate(address, kind_of(given[0]), numbers[1], numbers[2]);
	else if (strcmp(section, "count") == 0)
		repeat(address, kind_of(given[0]), numbers[1]);
	else if (strcmp(section, "nodes") == 0)
		nodes(address, kind_of(given[0]), numbers[1], numbers[2]);
	else if (strcmp(section, "trips") == 0)
		trips(address);
	else if (strcmp(section, "seen") == 0)
		seen(address, numbers[0]);
	else if (strcmp(section, "idle") == 0)
		idle(address, numbers[0]);
	else
		return 2;
	return 0;
}
