/* SPDX-License-Identifier: MIT */
/*
 * Threads look up sleeping phones and wait for them, hold requests by PURR, register the phones here and through another registrar over the
 * same store, cancel, tick and reload, all at once. Afterwards each wait must have ended once, after its last branch, and nothing may be left
 * of the registrars. A plain main, like the stress.
 * usage: wait_threads [OPERATIONS-A-THREAD [SEED [threaded]]]
 */
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shims.h"

enum { CALLERS = 2, PHONES = 2, AORS = 3, EACH = 2, PENDING_MOST = 32, STEP = 40 };

static struct {
	rg_registrar *regs[2];
	rg_store *stores[2];
	rg_subscription *heard;
	_Atomic int64_t clock;
	atomic_uint cseq, seed, waits, ended, freed, branches, timed_out, came, wrong, purrs, gone;
	atomic_bool over;
	uint32_t operations;
} all;

typedef struct call {
	atomic_uint inside, done;
	rg_wait *_Atomic wait;
	unsigned cancels; /* at the nth branch; 0 = not there */
	atomic_uint branches;
} call;

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

static void expect(bool good)
{
	if (!good)
		atomic_fetch_add(&all.wrong, 1);
}

static void came_back(void *user, rg_targets *targets)
{
	call *c = user;
	rg_target t = { .struct_size = sizeof t };

	expect(atomic_fetch_add(&c->inside, 1) == 0);
	expect(atomic_load(&c->done) == 0);
	expect(rg_targets_get(targets, 0, &t) == RG_OK && t.uri.n > 0);
	rg_targets_free(targets);
	atomic_fetch_add(&all.branches, 1);
	if (atomic_fetch_add(&c->branches, 1) + 1 == c->cancels)
		rg_wait_cancel(atomic_load(&c->wait));
	atomic_fetch_sub(&c->inside, 1);
}

static void wait_ended(void *user, rg_status status)
{
	call *c = user;

	expect(atomic_fetch_add(&c->inside, 1) == 0);
	expect(atomic_fetch_add(&c->done, 1) == 0);
	expect(status == RG_OK || status == RG_ETIMEOUT || status == RG_ECANCELED || status == RG_ESTORE);
	atomic_fetch_add(status == RG_OK ? &all.came : status == RG_ETIMEOUT ? &all.timed_out : &all.ended, 1);
	atomic_fetch_sub(&c->inside, 1);
}

static void wait_freed(void *user)
{
	call *c = user;

	expect(atomic_load(&c->done) == 1 && atomic_load(&c->inside) == 0);
	atomic_fetch_add(&all.freed, 1);
}

static void aor_uri(char *uri, size_t room, uint32_t aor)
{
	snprintf(uri, room, "sip:u%u@example.org", aor);
}

static void look_up(call *c, uint32_t how)
{
	rg_targets *targets = NULL;
	rg_wait *wait = NULL;
	rg_request request;
	char uri[64];

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	aor_uri(uri, sizeof uri, dice(AORS));
	request.request_uri = rg_str_from(uri);
	rg_status st = rg_lookup(all.regs[0], &request, NULL, &targets, NULL);

	expect(st == RG_OK || st == RG_ECANCELED || st == RG_ESTORE);
	if (rg_targets_wake_count(targets) > 0 && how != 0) {
		c->cancels = how < 4 ? how : 0;
		st = rg_targets_wait(targets, came_back, wait_ended, c, wait_freed, &wait, NULL);
		expect(st == RG_OK || st == RG_PENDING || (st == RG_ELIMIT && !wait));
		if (wait) {
			atomic_fetch_add(&all.waits, 1);
			atomic_store(&c->wait, wait);
		}
		if (st != RG_ELIMIT && how == 7)
			rg_wait_cancel(wait);
	}
	rg_targets_free(targets);
}

static void *callers(void *arg)
{
	call *calls = arg;

	for (uint32_t i = 0; i < all.operations; i++) {
		look_up(&calls[i], dice(8));
		if (i >= PENDING_MOST)
			rg_wait_cancel(atomic_load(&calls[i - PENDING_MOST].wait));
	}
	return NULL;
}

static void purr_over(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	(void)user;
	expect(result == (status == RG_OK ? RG_PURR_RESUMED : RG_PURR_ERROR) || result == RG_PURR_NOTHING);
	expect(!targets || (result != RG_PURR_ERROR && rg_targets_count(targets) > 0));
	rg_targets_free(targets);
	atomic_fetch_sub(&all.purrs, 1);
}

static void hold_by(rg_registrar *reg, const char *purr)
{
	rg_request request;
	rg_op *op = NULL;
	char uri[2048];

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("BYE");
	snprintf(uri, sizeof uri, "sip:x@192.0.2.1;pn-purr=%s", purr);
	request.request_uri = rg_str_from(uri);
	atomic_fetch_add(&all.purrs, 1);
	if (rg_pn_process_purr(reg, &request, purr_over, NULL, NULL, &op, NULL) < 0)
		atomic_fetch_sub(&all.purrs, 1);
	if (dice(4) == 0)
		rg_op_cancel(op);
	rg_op_free(op);
}

/* Every REGISTER is of its own Call-ID, so that none is stale. */
static void save(rg_registrar *reg, uint32_t aor, uint32_t n)
{
	static const char *const mark = "+sip.pnspurr=\"";
	char uri[64], contact[160], callid[32];
	rg_str line = { contact, 0 };
	rg_response *response = NULL;
	rg_request request;

	rg_request_init(&request, sizeof request);
	aor_uri(uri, sizeof uri, aor);
	snprintf(callid, sizeof callid, "c%u", atomic_fetch_add(&all.cseq, 1));
	line.n = (size_t)snprintf(contact, sizeof contact, "<sip:p@192.0.2.%u;pn-provider=acme;pn-prid=t%u>", n, n);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(uri);
	request.callid = rg_str_from(callid);
	request.cseq = RG_STR("1 REGISTER");
	request.contacts = &line;
	request.n_contacts = 1;
	request.via_count = 1;
	rg_status st = rg_save(reg, &request, NULL, &response, NULL);
	rg_str caps = rg_response_header(response, RG_STR("Feature-Caps"), 0);
	char text[2048], purr[1024];

	snprintf(text, sizeof text, "%.*s", st == RG_OK ? (int)caps.n : 0, caps.n > 0 ? caps.p : "");
	const char *at = strstr(text, mark);

	if (at && dice(4) == 0 && sscanf(at + strlen(mark), "%1023[^\"]", purr) == 1)
		hold_by(all.regs[0], purr);
	rg_response_free(response);
}

static void *phones(void *arg)
{
	rg_registrar *reg = all.regs[(uintptr_t)arg % 2];

	while (!atomic_load(&all.over))
		save(reg, dice(AORS), 1 + dice(EACH));
	return NULL;
}

static rg_config *config_of(const char *timeout)
{
	rg_config *config;

	rg_config_new(&config);
	rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL);
	rg_config_set(config, RG_STR("pn_providers"), RG_STR("acme"), NULL);
	rg_config_set(config, RG_STR("pn_ct_match_params"), RG_STR("pn-provider,pn-prid"), NULL);
	rg_config_set(config, RG_STR("pn_enable_purr"), RG_STR("1"), NULL);
	rg_config_set(config, RG_STR("gruu_secret"), RG_STR("secret"), NULL);
	rg_config_set(config, RG_STR("pn_retry"), RG_STR("1,1"), NULL);
	rg_config_set(config, RG_STR("pn_max_waits"), RG_STR("100"), NULL);
	rg_config_set(config, RG_STR("pn_refresh_timeout"), rg_str_from(timeout), NULL);
	return config;
}

static void *clockwork(void *arg)
{
	(void)arg;
	while (!atomic_load(&all.over)) {
		atomic_fetch_add(&all.clock, dice(50) == 0 ? -2000 : STEP);
		for (int i = 0; i < 2; i++)
			rg_registrar_tick(all.regs[i], 0, NULL);
		if (dice(20) == 0) {
			rg_config *config = config_of(dice(2) ? "1" : "2");

			rg_registrar_configure(all.regs[0], config, NULL);
			rg_config_free(config);
		}
	}
	return NULL;
}

static void woken(void *user, const rg_event *event)
{
	(void)user;
	if (dice(8) == 0)
		save(all.regs[0], (uint32_t)atoi(event->aor.p + 1), 1 + dice(EACH));
}

static void registrar_gone(void *user)
{
	(void)user;
	atomic_fetch_add(&all.gone, 1);
}

static bool open_registrars(bool threaded)
{
	rg_store *memory;
	rg_config *config = config_of("1");
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = clock_now;
	env.free = registrar_gone;
	if (rg_memory_store_new(NULL, &memory, NULL) != RG_OK)
		return false;
	for (int i = 0; i < 2; i++) {
		all.stores[i] = threaded ? threaded_new(memory) : rg_store_ref(memory);
		if (rg_registrar_new(config, all.stores[i], &env, &all.regs[i], NULL) != RG_OK)
			return false;
	}
	rg_config_free(config);
	rg_store_unref(memory);
	return rg_registrar_subscribe(all.regs[0], RG_EVENT_CONTACT_REFRESH, woken, NULL, NULL, &all.heard, NULL) == RG_OK;
}

/* When all else is over, a wait gets its branch. */
static void come_back_at_last(call *last)
{
	enum { WAITS_FOR_ALL = 5 };

	while (!atomic_load(&last->wait)) {
		atomic_fetch_add(&all.clock, 5000);
		rg_registrar_tick(all.regs[0], 0, NULL);
		for (uint32_t aor = 0; aor < AORS; aor++)
			save(all.regs[0], aor, 1);
		look_up(last, WAITS_FOR_ALL);
	}
	for (uint32_t aor = 0; aor < AORS; aor++) {
		for (uint32_t n = 1; n <= EACH; n++)
			save(all.regs[0], aor, n);
	}
	while (atomic_load(&last->branches) == 0 && atomic_load(&last->done) == 0)
		usleep(100);
}

int main(int argc, char **argv)
{
	pthread_t threads[CALLERS + PHONES + 1];
	call *calls[CALLERS], last = { .wait = NULL };
	uint32_t n = 0;

	all.operations = argc > 1 ? (uint32_t)atoi(argv[1]) : 1500;
	all.seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	all.clock = 1700000000000;
	if (!open_registrars(argc > 3))
		return 2;
	for (uint32_t aor = 0; aor < AORS; aor++)
		save(all.regs[0], aor, 1);
	for (uintptr_t i = 0; i < PHONES; i++)
		pthread_create(&threads[n++], NULL, phones, (void *)i);
	pthread_create(&threads[n++], NULL, clockwork, NULL);
	for (int i = 0; i < CALLERS; i++) {
		calls[i] = calloc(all.operations, sizeof **calls);
		pthread_create(&threads[n++], NULL, callers, calls[i]);
	}
	for (int i = 0; i < CALLERS; i++)
		pthread_join(threads[--n], NULL);
	atomic_store(&all.over, true);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	come_back_at_last(&last);
	rg_subscription_free(all.heard);
	for (int i = 0; i < 2; i++) {
		rg_registrar_shutdown(all.regs[i]);
		rg_registrar_unref(all.regs[i]);
	}
	while (atomic_load(&all.gone) < 2)
		usleep(100);
	for (int i = 0; i < 2; i++)
		rg_store_unref(all.stores[i]);
	for (int i = 0; i < CALLERS; i++) {
		for (uint32_t k = 0; k < all.operations; k++)
			rg_wait_free(calls[i][k].wait);
		free(calls[i]);
	}
	rg_wait_free(last.wait);
	printf("%u waits: %u came back, %u timed out, %u others; %u branches\n", all.waits, all.came, all.timed_out, all.ended, all.branches);
	bool good = all.wrong == 0 && all.waits > 0 && all.freed == all.waits && last.branches > 0 && all.came + all.timed_out + all.ended == all.waits &&
		all.purrs == 0;

	if (!good)
		printf("wrong %u, freed %u, held %u\n", all.wrong, all.freed, all.purrs);
	return good ? 0 : 1;
}
