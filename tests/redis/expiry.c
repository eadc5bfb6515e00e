/* SPDX-License-Identifier: MIT */
/*
 * Four nodes tick on one server, and one of them is killed while bindings expire: each expiry is told exactly once. What the killed node had
 * sent as a commit and not yet told may be told by nobody: at most once. A store around that of each node notes the commits it sends, in
 * memory that outlives the node.
 *
 * All nodes share a clock that runs forty times faster than that of the system.
 * usage: expiry [AORS [SEED]]
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "server.h"
#include "solo.h"

enum { NODES = 4, CONTACTS = 2, AORS_MAX = 20000, SPEED = 40, LIFE_MIN = 60, LIFE_SPREAD = 60, PATIENCE = 60000 };

/* What a node did to an AoR. */
typedef struct deed {
	_Atomic uint16_t sent;            /* commits, as its store got them */
	_Atomic uint16_t told;            /* commits of which at least an expiry was told */
	_Atomic uint8_t expired[CONTACTS]; /* how often the expiry of this binding was told */
} deed;

typedef struct world {
	_Atomic bool begun, stop;
	_Atomic uint32_t n_told;
	uint32_t aors;
	struct timespec start;
	char address[160];
	pid_t pids[NODES];
	deed deeds[NODES][AORS_MAX];
} world;

typedef struct watcher {
	world *w;
	uint32_t index;
	rg_store *redis;
	const rg_store_ops *ops;
	void *in;
	rg_time next_tick;
	uint32_t last_aor; /* of the event before, at which time */
	rg_time last_at;
} watcher;

static rg_time fast_now(void *user)
{
	const watcher *n = user;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	int64_t ms = (t.tv_sec - n->w->start.tv_sec) * 1000 + (t.tv_nsec - n->w->start.tv_nsec) / 1000000;

	return (rg_time)n->w->start.tv_sec * 1000 + (atomic_load(&n->w->begun) ? ms * SPEED : 0);
}

static uint32_t aor_of(const rg_key *key)
{
	char digits[16] = "";

	if (key->user.n < 2 || key->user.n >= sizeof digits)
		abort();
	memcpy(digits, key->user.p + 1, key->user.n - 1);
	return (uint32_t)strtoul(digits, NULL, 10);
}

static rg_status note_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	watcher *n = self;

	atomic_fetch_add(&n->w->deeds[n->index][aor_of(key)].sent, 1);
	return n->ops->commit(n->in, key, commit, flags, done, tok);
}

static rg_status pass_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	watcher *n = self;

	return n->ops->fetch(n->in, key, flags, done, tok);
}

static rg_status pass_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	watcher *n = self;

	return n->ops->due(n->in, now, cursor, limit, flags, done, tok);
}

static rg_status pass_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	watcher *n = self;

	return n->ops->find(n->in, domain, tag, cursor, limit, flags, done, tok);
}

static rg_status pass_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	watcher *n = self;

	return n->ops->scan(n->in, domain, cursor, limit, flags, done, tok);
}

static rg_status pass_wait(void *self, void *tok, int32_t timeout_ms)
{
	watcher *n = self;

	return n->ops->wait(n->in, tok, timeout_ms);
}

static rg_store *noting_store(watcher *n)
{
	rg_store_ops ops;
	rg_redis_options options;
	rg_store *out = NULL;

	rg_redis_options_init(&options, sizeof options);
	options.address = rg_str_from(n->w->address);
	if (rg_redis_store_new(&options, &n->redis, NULL) != RG_OK)
		abort();
	n->ops = rg_store_members(n->redis, &n->in);
	rg_store_ops_init(&ops, sizeof ops);
	ops.traits = n->ops->traits;
	ops.name = "noting";
	ops.fetch = pass_fetch;
	ops.commit = note_commit;
	ops.due = pass_due;
	ops.find = pass_find;
	ops.scan = pass_scan;
	ops.wait = pass_wait;
	if (rg_store_new(&ops, n, &out, NULL) != RG_OK)
		abort();
	return out;
}

static void on_event(void *user, const rg_event *e)
{
	watcher *n = user;
	uint32_t aor = aor_of(&e->key);
	deed *d = &n->w->deeds[n->index][aor];

	if (e->kind != RG_EVENT_CONTACT_EXPIRE)
		return;
	/* The events of one commit come one after another. */
	if (aor != n->last_aor || e->at != n->last_at)
		atomic_fetch_add(&d->told, 1);
	n->last_aor = aor;
	n->last_at = e->at;
	atomic_fetch_add(&d->expired[e->before->uri.p[5] - '0'], 1);
	atomic_fetch_add(&n->w->n_told, 1);
}

static void on_wakeup(void *user, rg_time next)
{
	watcher *n = user;

	n->next_tick = next < n->next_tick ? next : n->next_tick;
}

static void on_response(void *user, rg_status status, rg_response *response)
{
	uint32_t *open = user;

	if (status != RG_OK || rg_response_code(response) != 200)
		abort();
	rg_response_free(response);
	--*open;
}

/* Two bindings each, of which the second lives longer or as long. */
static void register_one(rg_registrar *reg, uint32_t aor, uint32_t dice, uint32_t *open)
{
	char to[64], contact[160];
	uint32_t life = LIFE_MIN + dice % LIFE_SPREAD, longer = dice / LIFE_SPREAD % 2 ? life : life + dice / 7 % LIFE_SPREAD;
	rg_request request;

	snprintf(to, sizeof to, "sip:u%u@example.org", aor);
	snprintf(contact, sizeof contact, "<sip:p0@192.0.2.%u>;expires=%u, <sip:p1@192.0.2.%u>;expires=%u", aor % 250, life, aor % 250, longer);
	rg_str line = rg_str_from(contact);

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = RG_STR("call");
	request.cseq = RG_STR("1 REGISTER");
	request.contacts = &line;
	request.n_contacts = 1;
	request.via_count = 1;
	++*open;
	if (rg_save_async(reg, &request, NULL, on_response, open, NULL, NULL, NULL) < 0)
		abort();
}

static rg_registrar *registrar_of(watcher *n, rg_store *store)
{
	rg_env env;
	rg_registrar *reg = NULL;

	rg_env_init(&env, sizeof env);
	env.now = fast_now;
	env.wakeup = on_wakeup;
	env.user = n;
	if (rg_registrar_new(NULL, store, &env, &reg, NULL) != RG_OK)
		abort();
	return reg;
}

/* The store around it is not there for the calls that are in flight. */
static void end_calls(rg_store *redis)
{
	rg_redis_state state = { .struct_size = sizeof state, .in_flight = 1 };

	while (state.in_flight > 0) {
		rg_redis_store_run(redis, 1);
		rg_redis_store_state(redis, &state);
	}
}

static void register_all(world *w, uint32_t seed)
{
	watcher n = { .w = w };
	rg_store *store = noting_store(&n);
	rg_registrar *reg = registrar_of(&n, store);
	uint32_t open = 0, dice = seed;

	for (uint32_t i = 0; i < w->aors; i++) {
		dice = dice * 1664525 + 1013904223;
		register_one(reg, i, dice >> 8, &open);
		while (open > 32)
			rg_redis_store_run(n.redis, 10);
	}
	while (open > 0)
		rg_redis_store_run(n.redis, 10);
	end_calls(n.redis);
	rg_registrar_unref(reg);
	rg_store_unref(store);
	rg_store_unref(n.redis);
	memset(w->deeds, 0, sizeof w->deeds);
}

static void tick_node(world *w, uint32_t index)
{
	watcher n = { .w = w, .index = index, .last_aor = UINT32_MAX };
	rg_store *store = noting_store(&n);
	rg_registrar *reg = registrar_of(&n, store);
	rg_subscription *subscription = NULL;

	if (rg_registrar_subscribe(reg, RG_EVENT_ALL, on_event, &n, NULL, &subscription, NULL) != RG_OK)
		abort();
	while (!atomic_load(&w->stop)) {
		rg_time next = RG_TIME_NEVER;

		rg_redis_store_run(n.redis, 5);
		if (fast_now(&n) < n.next_tick)
			continue;
		n.next_tick = RG_TIME_NEVER;
		rg_registrar_tick(reg, 0, &next);
		on_wakeup(&n, next);
	}
	rg_registrar_shutdown(reg);
	end_calls(n.redis);
	rg_subscription_free(subscription);
	rg_registrar_unref(reg);
	rg_store_unref(store);
	rg_store_unref(n.redis);
	exit(0);
}

static void fork_node(world *w, uint32_t index)
{
	pid_t parent = getpid();

	fflush(NULL);
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid > 0) {
		w->pids[index] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	tick_node(w, index);
}

static int wait_node(world *w, uint32_t index)
{
	int status = 0;

	while (waitpid(w->pids[index], &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void wait_until_told(world *w, uint32_t n)
{
	for (int i = 0; i < PATIENCE && atomic_load(&w->n_told) < n; i++)
		poll(NULL, 0, 1);
}

/* Bindings whose expiry nobody told, but that the killed node may have taken away. */
static uint32_t lost_by(const world *w, uint32_t killed, uint32_t *faults)
{
	uint32_t lost = 0;

	for (uint32_t aor = 0; aor < w->aors; aor++) {
		const deed *d = &w->deeds[killed][aor];

		for (uint32_t k = 0; k < CONTACTS; k++) {
			uint32_t times = 0;

			for (uint32_t i = 0; i < NODES; i++)
				times += w->deeds[i][aor].expired[k];
			bool may_be_lost = d->sent > d->told;

			lost += times == 0;
			if (times == 1 || (times == 0 && may_be_lost))
				continue;
			fprintf(stderr, "the expiry of binding %u of u%u was told %u times\n", k, aor, times);
			++*faults;
		}
	}
	return lost;
}

/* Each commit that the killed node had not told when it died accounts for one AoR at most. */
static uint32_t untold_of(const world *w, uint32_t killed)
{
	uint32_t n = 0;

	for (uint32_t aor = 0; aor < w->aors; aor++)
		n += w->deeds[killed][aor].sent > w->deeds[killed][aor].told;
	return n;
}

static uint32_t left_over(const world *w)
{
	solo one;
	call c;

	solo_open(&one, w->address, NULL);
	solo_each(&one, &c);
	bool good = solo_finish(&one, &c) && c.status == RG_OK;

	solo_close(&one);
	return good ? c.n : UINT32_MAX;
}

int main(int argc, char **argv)
{
	world *w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t faults = 0, killed = 1;
	redis_server *server = redis_server_start(NULL);

	if (w == MAP_FAILED)
		return 1;
	w->aors = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
	if (w->aors > AORS_MAX)
		return 1;
	clock_gettime(CLOCK_REALTIME, &w->start);
	snprintf(w->address, sizeof w->address, "%s", redis_server_address(server));
	register_all(w, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1);
	clock_gettime(CLOCK_REALTIME, &w->start);
	atomic_store(&w->begun, true);
	for (uint32_t i = 0; i < NODES; i++)
		fork_node(w, i);
	wait_until_told(w, w->aors * CONTACTS / 3);
	kill(w->pids[killed], SIGKILL);
	wait_node(w, killed);
	uint32_t untold = untold_of(w, killed);

	for (int i = 0; i < PATIENCE / 50 && left_over(w) > 0; i++)
		poll(NULL, 0, 50);
	poll(NULL, 0, 200); /* what would be told twice comes now */
	atomic_store(&w->stop, true);
	for (uint32_t i = 0; i < NODES; i++) {
		if (i != killed && wait_node(w, i) != 0)
			faults++;
	}
	uint32_t lost = lost_by(w, killed, &faults), left = left_over(w);

	printf("%u bindings expired, %u told, %u lost of %u that the killed node had under way, %u AoRs left, %u faults\n", w->aors * CONTACTS,
		(unsigned)w->n_told, lost, untold * CONTACTS, left, faults);
	redis_server_free(server);
	return faults > 0 || left > 0 || lost + w->n_told != w->aors * CONTACTS;
}
