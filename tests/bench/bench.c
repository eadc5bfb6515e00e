/* SPDX-License-Identifier: MIT */
/* Prints what operations cost, in time on the processor: medians over batches, on phones touched in random order. No timing decides anything.
 * Every section runs in a process of its own, so that one does not warm or fragment the memory of the next. */
#include "bytes.h"
#include "phones.h"
#include <pthread.h>
#include <rgstr/memory.h>
#include <rgstr/prefetch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 512, BATCHES = 101, AT_ONCE = BYTES_MANY, MILLION = 1000000 };

typedef struct bench {
	rg_registrar *reg;
	rg_store *store;
	rg_time now;
	uint32_t population;
	uint64_t state; /* of the generator of random phones */
	uint32_t cseq;
} bench;

static rg_time bench_now(void *user)
{
	return ((bench *)user)->now;
}

static double ns_of(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Time on the processor: that of other programs is not in it. */
static double ns(void)
{
	return ns_of(CLOCK_THREAD_CPUTIME_ID);
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

static double median(double *values, uint32_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return values[n / 2];
}

static void die(const char *what)
{
	fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

static bool is_saved(rg_registrar *reg, const rg_request *request)
{
	rg_response *response = NULL;
	bool good = rg_save(reg, request, NULL, &response, NULL) == RG_OK && rg_response_code(response) == 200;
	rg_response_free(response);
	return good;
}

static void save(rg_registrar *reg, const rg_request *request)
{
	if (!is_saved(reg, request))
		die("save");
}

static void look_up(rg_registrar *reg, const rg_request *request)
{
	rg_targets *targets = NULL;
	if (rg_lookup(reg, request, NULL, &targets, NULL) != RG_OK || rg_targets_count(targets) != 1)
		die("lookup");
	rg_targets_free(targets);
}

static void fill(bench *b, uint32_t from, uint32_t to, uint32_t expires, bool one_hop)
{
	phone *p = malloc(sizeof *p);
	for (uint32_t i = from; p && i < to; i++) {
		phone_make(p, i, b->cseq, expires, one_hop);
		save(b->reg, &p->save);
	}
	free(p);
}

/* @param options  of the store; NULL = none. */
static void begin_with(bench *b, uint32_t population, const rg_memory_options *options)
{
	rg_config *config = NULL;
	rg_env env = { .struct_size = sizeof env, .now = bench_now, .user = b };
	*b = (bench){ .now = 1700000000000, .population = population, .state = 42, .cseq = 1 };
	if (rg_config_new(&config) || rg_config_set_int(config, RG_STR("min_expires"), 1, NULL) || rg_memory_store_new(options, &b->store, NULL) ||
		rg_registrar_new(config, b->store, &env, &b->reg, NULL))
		die("setting up");
	rg_config_free(config);
}

static void begin(bench *b, uint32_t population)
{
	begin_with(b, population, NULL);
}

static void end(bench *b)
{
	rg_registrar_unref(b->reg);
	rg_store_unref(b->store);
}

typedef enum { NEW, REFRESH, LOOKUP, REMOVAL, KINDS } kind;
static const char *const kind_names[KINDS] = { "save, new AoR", "save, refresh", "lookup", "save, removal" };

static void batch_prepare(bench *b, kind k, phone *phones, uint32_t round)
{
	b->cseq++;
	for (uint32_t i = 0; i < BATCH; i++) {
		uint32_t who = k == NEW || k == REMOVAL ? b->population + round * BATCH + i : pick(&b->state, b->population);
		phone_make(&phones[i], who, b->cseq, k == REMOVAL ? 0 : PHONE_EXPIRES_DEFAULT, 0);
	}
}

static void perform(bench *b, kind k, const phone *p)
{
	if (k == LOOKUP)
		look_up(b->reg, &p->lookup);
	else
		save(b->reg, &p->save);
}

/* How the store is told of AT_ONCE phones before these are served: not at all, by their AoRs, by the keys of their records. */
typedef enum { UNTOLD, BY_AOR, BY_KEY, TELLINGS } telling;
static const char *const telling_names[TELLINGS] = { "one by one", "32, by AoR", "32, by key" };

static void tell(bench *b, kind k, const phone *phones, telling how)
{
	enum { AFTER_SCHEME = 4, NAME = 12 }; /* sip:user00000000@example.net */
	rg_str aors[AT_ONCE];
	rg_key keys[AT_ONCE];

	for (uint32_t i = 0; i < AT_ONCE; i++) {
		aors[i] = k == LOOKUP ? phones[i].lookup.request_uri : phones[i].save.to_header;
		keys[i] = (rg_key){ RG_STR("location"), { phones[i].target + AFTER_SCHEME, NAME }, RG_STR("example.net") };
	}
	if (how == BY_AOR)
		rg_prefetch_aors(b->reg, (rg_str){ NULL, 0 }, aors, AT_ONCE);
	else
		rg_prefetch(b->reg, keys, AT_ONCE);
}

static double batch_run(bench *b, kind k, const phone *phones, telling how)
{
	double start = ns();

	for (uint32_t i = 0; i < BATCH; i += AT_ONCE) {
		if (how != UNTOLD)
			tell(b, k, phones + i, how);
		for (uint32_t j = 0; j < AT_ONCE; j++)
			perform(b, k, &phones[i + j]);
	}
	return (ns() - start) / BATCH;
}

static void verb(bench *b, kind k, phone *phones, telling how)
{
	double took[BATCHES];

	for (uint32_t round = 0; round < BATCHES; round++) {
		batch_prepare(b, k, phones, round);
		took[round] = batch_run(b, k, phones, how);
	}
	printf("%-22s %-11s %8u AoRs  %8.0f ns\n", kind_names[k], telling_names[how], b->population, median(took, BATCHES));
}

static void all_verbs(bench *b)
{
	phone *phones = calloc(BATCH, sizeof *phones);

	if (!phones)
		die("allocating");
	fill(b, 0, b->population, PHONE_EXPIRES_DEFAULT, false);
	for (kind k = 0; k < KINDS; k++)
		for (telling how = UNTOLD; how < (k == REFRESH || k == LOOKUP ? TELLINGS : BY_AOR); how++)
			verb(b, k, phones, how);
	free(phones);
	end(b);
}

static void verbs(uint32_t population)
{
	bench b;

	begin(&b, population);
	all_verbs(&b);
}

static void verbs_on_large_pages(uint32_t population)
{
	bench b;
	rg_memory_options options;
	rg_store *store = NULL;

	rg_memory_options_init(&options, sizeof options);
	options.large_pages = 1;
	rg_status st = rg_memory_store_new(&options, &store, NULL);
	rg_store_unref(store);
	if (st == RG_ENOTSUP)
		return;
	begin_with(&b, population, &options);
	printf("with the tables of the store on large pages:\n");
	all_verbs(&b);
}

static void batch_print(bench *b, kind k, phone *p, rg_str *datagrams, char *text, size_t room)
{
	b->cseq++;
	for (uint32_t i = 0; i < BATCH; i++) {
		uint32_t who = pick(&b->state, b->population);
		char *at = text + (size_t)i * room;
		phone_make(p, who, b->cseq, PHONE_EXPIRES_DEFAULT, 0);
		datagrams[i] = (rg_str){ at, k == LOOKUP ? phone_invite(p, who, b->cseq, at, room) : phone_wire(p, who, b->cseq, at, room) };
	}
}

static void batch_answer(bench *b, const rg_str *datagrams, int32_t code, bytes_way one, bytes_way_many many)
{
	for (uint32_t i = 0; i < BATCH; i += many ? AT_ONCE : 1)
		if (many ? many(b->reg, datagrams + i, AT_ONCE, code) != AT_ONCE : one(b->reg, datagrams[i]) != code)
			die("answering bytes");
}

/* From the bytes of requests to those of their answers, with the one or the other way; nothing if there is neither. */
static void bytes(bench *b, const char *name, kind k, bytes_way one, bytes_way_many many)
{
	enum { ROOM = 1024 + 64 }; /* no power of two: the texts would compete for the same cache lines */
	double took[BATCHES];
	phone *p = malloc(sizeof *p);
	char *text = malloc((size_t)BATCH * ROOM);
	rg_str datagrams[BATCH];

	if (!p || !text)
		die("allocating");
	for (uint32_t round = 0; round < BATCHES && (one || many); round++) {
		batch_print(b, k, p, datagrams, text, ROOM);
		double start = ns();
		batch_answer(b, datagrams, k == LOOKUP ? 302 : 200, one, many);
		took[round] = (ns() - start) / BATCH;
	}
	if (one || many)
		printf("bytes, %-5s %-9s %-11s %8u AoRs  %8.0f ns\n", name, k == LOOKUP ? "lookup" : "refresh", many ? "32 at once" : "one by one",
			b->population, median(took, BATCHES));
	free(p);
	free(text);
}

static void sofia(uint32_t population)
{
	bench b;
	begin(&b, population);
	fill(&b, 0, population, PHONE_EXPIRES_DEFAULT, false);
	bytes(&b, "sofia", REFRESH, bytes_way_of("sofia"), NULL);
	end(&b);
}

static void wire(uint32_t population)
{
	bench b;
	begin(&b, population);
	fill(&b, 0, population, PHONE_EXPIRES_DEFAULT, false);
	for (kind k = REFRESH; k <= LOOKUP; k++) {
		bytes(&b, "wire", k, bytes_way_of("wire"), NULL);
		bytes(&b, "wire", k, NULL, bytes_way_many_of("wire"));
	}
	end(&b);
}

/* A phone without what is not needed, as a record holds 65 535 bytes at most. Its AoR is that of all others. */
static void small_phone(phone *p, uint32_t i, uint32_t cseq)
{
	phone_make(p, 0, cseq, PHONE_EXPIRES_DEFAULT, 0);
	snprintf(p->contact, sizeof p->contact, "<sip:%u@192.0.2.1>", 1000 + i);
	p->contact_line = rg_str_from(p->contact);
	p->save.callid = RG_STR("call");
	p->save.user_agent = p->save.received = p->save.socket = (rg_str){ NULL, 0 };
}

/* A refresh of one of the bindings of an AoR. The answer names all of them. */
static double refresh_of(bench *b, uint32_t bindings)
{
	double took[BATCHES];
	phone phones[AT_ONCE];

	for (uint32_t round = 0; round < BATCHES; round++) {
		for (uint32_t i = 0; i < AT_ONCE; i++)
			small_phone(&phones[i], pick(&b->state, bindings), ++b->cseq);
		double start = ns();
		for (uint32_t i = 0; i < AT_ONCE; i++)
			save(b->reg, &phones[i].save);
		took[round] = (ns() - start) / AT_ONCE;
	}
	return median(took, BATCHES);
}

/* @param most  or as many as a record has room for. */
static void bindings(uint32_t most)
{
	bench b;
	phone p;
	double one = 0;
	uint32_t n = 0, next = 1;

	begin(&b, 1);
	for (bool room = true; room && n < most;) {
		small_phone(&p, n, ++b.cseq);
		room = is_saved(b.reg, &p.save);
		n += room;
		if (n < next && room)
			continue;
		next *= 10;
		double took = refresh_of(&b, n);
		if (n == 1)
			one = took;
		printf("%-34s %8u bindings %7.0f ns", "refresh of an AoR", n, took);
		if (n > 1)
			printf(", %.0f a further binding", (took - one) / (n - 1));
		printf("\n");
	}
	end(&b);
}

static size_t resident(void)
{
	unsigned long all = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%lu %lu", &all, &pages) != 2)
		die("reading /proc/self/statm");
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void memory(uint32_t one_hop)
{
	bench b;
	begin(&b, MILLION);
	fill(&b, 0, 1000, PHONE_EXPIRES_DEFAULT, one_hop); /* libraries and arenas paged in */
	size_t before = resident();
	fill(&b, 1000, MILLION, PHONE_EXPIRES_DEFAULT, one_hop);
	printf("%-34s %8u AoRs  %8.0f bytes\n", one_hop ? "resident per binding, one tag" : "resident per binding, a tag each", MILLION,
		(double)(resident() - before) / (MILLION - 1000));
	end(&b);
}

/* With none lapsing, all were refreshed, and the ticks find only what is not due any more. */
static void expiry(uint32_t lapsing)
{
	bench b;
	rg_time next;
	double took[4096], spent = 0, longest = 0;
	uint32_t ticks = 0;
	begin(&b, MILLION);
	fill(&b, 0, MILLION - lapsing, lapsing ? PHONE_EXPIRES_DEFAULT : 60, false);
	fill(&b, MILLION - lapsing, MILLION, 60, false);
	b.cseq++;
	if (!lapsing)
		fill(&b, 0, MILLION, PHONE_EXPIRES_DEFAULT, false);
	b.now += 61000;
	do {
		double at = ns();
		if (rg_registrar_tick(b.reg, 1000, &next) != RG_OK)
			die("tick");
		double one = ns() - at;
		spent += one;
		longest = one > longest ? one : longest;
		took[ticks++ % (sizeof took / sizeof *took)] = one / 1000;
	} while (next <= b.now);
	printf("%-34s %8u of %u  %8.0f ns each, %.0f ms in all, %u ticks, longest %.2f ms\n", "expiry", lapsing, MILLION,
		lapsing ? median(took, ticks < 4096 ? ticks : 4096) : 0, spent / 1e6, ticks, longest / 1e6);
	end(&b);
}

static void by_address(uint32_t population)
{
	bench b;
	double took[BATCHES];
	begin(&b, population);
	fill(&b, 0, population, PHONE_EXPIRES_DEFAULT, false);
	for (uint32_t round = 0; round < BATCHES; round++) {
		char hop[32];
		uint32_t removed = 0;
		int32_t port = phone_hop(round * 9311, hop);
		double start = ns();
		if (rg_remove_ip_port(b.reg, RG_STR("location"), rg_str_from(hop), port, (rg_str){ NULL, 0 }, &removed,
			NULL) != RG_OK || removed == 0)
			die("remove_ip_port");
		took[round] = ns() - start;
	}
	printf("%-34s %8u AoRs  %8.1f us\n", "remove_ip_port, no AoR", population, median(took, BATCHES) / 1000);
	end(&b);
}

typedef struct worker {
	pthread_t thread;
	bench *b;
	phone *phones;
	kind k;
	uint32_t n;
} worker;

static void *work(void *user)
{
	worker *w = user;
	for (uint32_t i = 0; i < w->n; i++) {
		if (w->k == LOOKUP)
			look_up(w->b->reg, &w->phones[i].lookup);
		else
			save(w->b->reg, &w->phones[i].save);
	}
	return NULL;
}

/* Operations a second of @p threads threads on phones of their own. */
static double throughput(bench *b, worker *workers, kind k, uint32_t threads, uint32_t each)
{
	b->cseq++;
	for (uint32_t t = 0; t < threads; t++) {
		workers[t].k = k;
		workers[t].n = each;
		for (uint32_t i = 0; i < each; i++)
			phone_make(&workers[t].phones[i], pick(&b->state, b->population / 2) * 2 + t, b->cseq + i, PHONE_EXPIRES_DEFAULT, 0);
	}
	b->cseq += each;
	double start = ns_of(CLOCK_MONOTONIC);
	for (uint32_t t = 1; t < threads; t++)
		if (pthread_create(&workers[t].thread, NULL, work, &workers[t]))
			die("starting a thread");
	work(&workers[0]);
	for (uint32_t t = 1; t < threads; t++)
		pthread_join(workers[t].thread, NULL);
	return (double)each * threads / (ns_of(CLOCK_MONOTONIC) - start) * 1e9;
}

static void threads(uint32_t population)
{
	enum { EACH = 40000, ROUNDS = 9 };
	bench b;
	begin(&b, population);
	fill(&b, 0, population, PHONE_EXPIRES_DEFAULT, false);
	worker workers[2] = { { .b = &b, .phones = calloc(EACH, sizeof(phone)) }, { .b = &b, .phones = calloc(EACH, sizeof(phone)) } };
	for (kind k = REFRESH; workers[0].phones && workers[1].phones && k <= LOOKUP; k++) {
		double ratio[ROUNDS], one[ROUNDS];
		for (uint32_t i = 0; i < ROUNDS; i++) {
			one[i] = throughput(&b, workers, k, 1, EACH);
			ratio[i] = throughput(&b, workers, k, 2, EACH) / one[i];
		}
		printf("two threads against one, %-9s %8u AoRs  %8.2f x (one: %.0f a second)\n", k == LOOKUP ? "lookup" : "refresh", population,
			median(ratio, ROUNDS), median(one, ROUNDS));
	}
	free(workers[0].phones);
	free(workers[1].phones);
	end(&b);
}

/* What this machine takes to come upon a random line of memory, each known only once the one before has come: at a million AoRs that is
 * most of what an operation waits for, and it differs from machine to machine more than anything else. */
static void latency(uint32_t lines)
{
	enum { LINE = 64, STEPS = 2000000 };
	char *p = malloc((size_t)lines * LINE);
	uint32_t *order = malloc(lines * sizeof *order), at = 0;
	uint64_t state = 42;
	if (!p || !order)
		die("allocating");
	for (uint32_t i = 0; i < lines; i++)
		order[i] = i;
	for (uint32_t i = lines - 1; i > 0; i--) { /* one ring through all of them */
		uint32_t j = pick(&state, i), was = order[i];
		order[i] = order[j];
		order[j] = was;
	}
	for (uint32_t i = 0; i < lines; i++)
		memcpy(p + (size_t)i * LINE, &order[i], sizeof order[i]);
	double start = ns();
	for (uint32_t i = 0; i < STEPS; i++)
		memcpy(&at, p + (size_t)at * LINE, sizeof at);
	printf("%-34s %8u MB    %8.0f ns%s\n", "one random line of memory", (uint32_t)((size_t)lines * LINE >> 20), (ns() - start) / STEPS,
		at < lines ? "" : "!");
	free(order);
	free(p);
}

static const struct {
	const char *name;
	void (*run)(uint32_t);
	uint32_t argument;
} sections[] = {
	{ "latency", latency, 8 << 20 }, { "verbs", verbs, 1000 }, { "verbs", verbs, 100000 }, { "verbs", verbs, MILLION },
	{ "large", verbs_on_large_pages, MILLION }, { "sofia", sofia, 1000 }, { "sofia", sofia, 100000 }, { "sofia", sofia, MILLION },
	{ "wire", wire, 1000 }, { "wire", wire, 100000 }, { "wire", wire, MILLION }, { "bindings", bindings, 1000 },
	{ "memory", memory, 0 }, { "memory", memory, 1 }, { "expiry", expiry, 200000 }, { "expiry", expiry, 0 },
	{ "remove_ip_port", by_address, MILLION }, { "threads", threads, MILLION },
};

int main(int argc, char **argv)
{
	int failed = 0, known = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		int status = 0;
		if (argc > 1 && strcmp(argv[1], sections[i].name) != 0)
			continue;
		known = 1;
		pid_t child = fork();
		if (child == 0) {
			sections[i].run(sections[i].argument);
			return 0;
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			failed = 1;
	}
	if (!known)
		fprintf(stderr, "bench: no section %s\n", argv[1]);
	return failed || !known;
}
