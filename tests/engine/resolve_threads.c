/* SPDX-License-Identifier: MIT */
/*
 * Three threads save and remove by host names, while the clock runs past every store_timeout. The resolver answers at once, on two threads
 * of its own, late, twice, by its return value, or not before the registrar is gone. Afterwards each operation must have completed once,
 * and nothing may be left of the registrar. A plain main, like the stress.
 * usage: resolve_threads [OPERATIONS-A-THREAD [SEED]]
 */
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "shims.h"

enum { WORKERS = 3, RESOLVERS = 2, ROOM = 256, OPEN = 32 };

typedef struct question {
	rg_resolve_done_cb done;
	void *tok;
	bool slow;
} question;

static struct {
	rg_registrar *reg;
	_Atomic int64_t clock;
	atomic_uint cseq, seed, begun, called, freed, waiting;
	atomic_bool over, gone;
	uint32_t operations;
	pthread_mutex_t lock;
	question asked[ROOM], kept[ROOM]; /* `kept` is not answered while the registrar lives */
	uint32_t n_asked, n_kept;
} all;

static rg_time clock_now(void *user)
{
	(void)user;
	return atomic_load(&all.clock);
}

static uint32_t dice(uint32_t n)
{
	uint32_t r = atomic_fetch_add(&all.seed, 0x9e3779b9u);

	r = (r ^ r >> 16) * 0x85ebca6bu;
	r = (r ^ r >> 13) * 0xc2b2ae35u;
	return (r ^ r >> 16) % n;
}

static void give(const question *q)
{
	rg_addr addr = { .ip = { 192, 0, 2, 7 }, .family = 4 };

	q->done(q->tok, dice(4) ? RG_OK : RG_ENOENT, &addr, 1);
}

static bool keep(question *queue, uint32_t *n, question q)
{
	pthread_mutex_lock(&all.lock);
	bool room = *n < ROOM;

	if (room)
		queue[(*n)++] = q;
	pthread_mutex_unlock(&all.lock);
	return room;
}

static rg_status resolve(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	question q = { done, tok, dice(2) };

	(void)user;
	if (host->n == 0)
		abort();
	if (dice(4) == 0)
		usleep(100);
	switch (dice(8)) {
	case 0:
		return RG_ENOENT;
	case 1:
		return RG_OK; /* without an answer */
	case 2:
		give(&q);
		return dice(2) ? RG_OK : RG_PENDING;
	case 3: /* a thread and the return value race */
		if (keep(all.asked, &all.n_asked, q))
			usleep(dice(2) * 100);
		return dice(2) ? RG_ENOENT : RG_OK;
	case 4:
		return keep(all.kept, &all.n_kept, q) ? RG_PENDING : RG_ENOENT;
	default:
		return keep(all.asked, &all.n_asked, q) ? RG_PENDING : RG_ENOENT;
	}
}

static bool take_question(question *q)
{
	pthread_mutex_lock(&all.lock);
	bool some = all.n_asked > 0;

	if (some)
		*q = all.asked[--all.n_asked];
	pthread_mutex_unlock(&all.lock);
	return some;
}

static void *answer(void *arg)
{
	question q;

	(void)arg;
	while (true) {
		if (!take_question(&q)) {
			if (atomic_load(&all.over))
				return NULL;
			usleep(20);
			continue;
		}
		if (q.slow)
			usleep(100);
		give(&q);
		if (dice(8) == 0)
			give(&q);
	}
}

static void saved(void *user, rg_status status, rg_response *response)
{
	(void)user, (void)status;
	rg_response_free(response);
	atomic_fetch_add(&all.called, 1);
}

static void removed(void *user, rg_status status, uint32_t n)
{
	(void)user, (void)status, (void)n;
	atomic_fetch_add(&all.called, 1);
}

static void closed(void *user)
{
	(void)user;
	atomic_fetch_add(&all.freed, 1);
}

static void env_freed(void *user)
{
	(void)user;
	atomic_store(&all.gone, true);
}

static void save(bool blocking, rg_op **op)
{
	char to[64], cseq[32];
	rg_str contacts[] = { RG_STR("<sip:a@one.example>"), RG_STR("<sip:b@two.example>"), RG_STR("<sip:c@three.example>") };
	rg_response *response = NULL;
	rg_request request;

	snprintf(to, sizeof to, "<sip:%c@example.org>", 'a' + (int)dice(8));
	snprintf(cseq, sizeof cseq, "%u REGISTER", atomic_fetch_add(&all.cseq, 1));
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = RG_STR("c");
	request.cseq = rg_str_from(cseq);
	request.contacts = contacts;
	request.n_contacts = 1 + dice(3);
	request.via_count = 1;
	if (!blocking) {
		rg_save_async(all.reg, &request, NULL, saved, NULL, closed, op, NULL);
		return;
	}
	rg_save(all.reg, &request, NULL, &response, NULL);
	rg_response_free(response);
}

static void take_away(rg_op **op)
{
	char aor[64];
	rg_remove_filter filter;

	if (dice(2)) {
		rg_remove_ip_port_async(all.reg, (rg_str){ NULL, 0 }, RG_STR("one.example"), 5060, (rg_str){ NULL, 0 }, removed, NULL, closed, op,
			NULL);
		return;
	}
	snprintf(aor, sizeof aor, "%c@example.org", 'a' + (int)dice(8));
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = rg_str_from(aor);
	filter.next_hop = RG_STR("two.example");
	rg_remove_async(all.reg, &filter, removed, NULL, closed, op, NULL);
}

static void *work(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < all.operations; i++) {
		rg_op *op = NULL;
		bool blocking = dice(5) == 0;

		while (atomic_load(&all.begun) - atomic_load(&all.freed) > OPEN)
			usleep(50);
		if (!blocking)
			atomic_fetch_add(&all.begun, 1);
		if (blocking || dice(3))
			save(blocking, &op);
		else
			take_away(&op);
		if (dice(8) == 0)
			rg_op_cancel(op);
		rg_op_free(op);
	}
	atomic_fetch_sub(&all.waiting, 1);
	return NULL;
}

/* Until every operation has ended; most waits are longer than store_timeout. */
static void *run_clock(void *arg)
{
	(void)arg;
	while (atomic_load(&all.waiting) > 0 || atomic_load(&all.begun) != atomic_load(&all.freed)) {
		rg_time next;

		atomic_fetch_add(&all.clock, 700);
		rg_registrar_tick(all.reg, 0, &next);
		usleep(50);
	}
	return NULL;
}

static uint32_t run_over(rg_store *store)
{
	rg_env env = { .struct_size = sizeof env, .now = clock_now, .resolve = resolve, .free = env_freed };
	pthread_t workers[WORKERS], resolvers[RESOLVERS], ticking[2];

	atomic_store(&all.over, false);
	atomic_store(&all.gone, false);
	atomic_store(&all.waiting, WORKERS);
	all.n_asked = all.n_kept = 0;
	if (rg_registrar_new(NULL, store, &env, &all.reg, NULL) != RG_OK)
		abort();
	for (int i = 0; i < RESOLVERS; i++)
		pthread_create(&resolvers[i], NULL, answer, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&ticking[i], NULL, run_clock, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(ticking[i], NULL);
	atomic_store(&all.over, true);
	for (int i = 0; i < RESOLVERS; i++)
		pthread_join(resolvers[i], NULL);
	rg_registrar_unref(all.reg);
	uint32_t wrong = atomic_load(&all.called) != atomic_load(&all.begun);
	for (int i = 0; i < 5000 && !atomic_load(&all.gone); i++)
		usleep(1000); /* a store's thread may end the last operation */
	wrong += !atomic_load(&all.gone);
	while (all.n_kept > 0)
		give(&all.kept[--all.n_kept]);
	return wrong;
}

int main(int argc, char **argv)
{
	rg_store *memory = NULL;

	all.operations = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 2000;
	atomic_init(&all.seed, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1);
	atomic_init(&all.clock, 1700000000000);
	atomic_init(&all.cseq, 1);
	pthread_mutex_init(&all.lock, NULL);
	if (rg_memory_store_new(NULL, &memory, NULL) != RG_OK)
		return 1;
	rg_store *threaded = threaded_new(memory);
	uint32_t wrong = run_over(memory) + run_over(threaded);
	rg_store_unref(threaded);
	rg_store_unref(memory);
	pthread_mutex_destroy(&all.lock);
	printf("resolve_threads: %u operations, %u answered, %u wrong\n", atomic_load(&all.begun), atomic_load(&all.called), wrong);
	return wrong > 0 || atomic_load(&all.called) == 0;
}
