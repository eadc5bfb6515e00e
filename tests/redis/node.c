/* SPDX-License-Identifier: MIT */
#include "node.h"
#include <errno.h>
#include <poll.h>
#include <rgstr/redis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, DRAIN_MS = 90000, TOLD_EACH = 8, LATER_COMMITS = 5 };

struct node;

typedef struct lane {
	struct node *node;
	act *act; /* under way; NULL = idle */
	uint64_t next;
	bool within; /* its function has not returned */
} lane;

typedef struct node {
	load *l;
	journal *j;
	uint32_t index;
	uint64_t dice;
	rg_registrar *reg;
	rg_store *store;
	rg_time next_tick;
	rg_time *decided; /* where the next time that the registrar asks for is noted */
	lane lanes[LANES_MAX];
	uint32_t doubts[AORS_MAX]; /* writes whose outcome the registrar has still to learn */
} node;

uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static rg_time real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t roll(node *n, uint32_t below)
{
	n->dice = n->dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(n->dice >> 33) % below;
}

/* The time of a decision is the first that its operation asks for. */
static rg_time node_now(void *user)
{
	node *n = user;
	rg_time now = real_ms();

	if (n->decided)
		*n->decided = now;
	n->decided = NULL;
	return now;
}

static void node_wakeup(void *user, rg_time next)
{
	node *n = user;

	if (next < n->next_tick)
		n->next_tick = next;
}

static void node_told(void *user, const rg_event *e)
{
	node *n = user;
	uint32_t i = atomic_load(&n->j->n_told);
	char aor[8] = "";

	if (i == n->l->room * TOLD_EACH || e->key.user.n < 2 || e->key.user.n >= sizeof aor)
		abort();
	memcpy(aor, e->key.user.p + 1, e->key.user.n - 1);
	n->j->told[i] = (told){ .node = (uint16_t)n->index, .aor = (uint8_t)strtoul(aor, NULL, 10) };
	told_from(e, &n->j->told[i]);
	atomic_store(&n->j->n_told, i + 1);
}

/*
 * A server recognizes a commit that is sent again as long as at most seven later ones came to its AoR. So while the outcome of a write is
 * not known, at most five others of the AoR begin; two more may slip through between the counters.
 */
static void decided(load *l, uint32_t aor, uint32_t n)
{
	if (n > 0 && atomic_fetch_sub(&l->undecided[aor], n) == n)
		atomic_store(&l->since_undecided[aor], 0);
}

static bool may_write(node *n, uint32_t aor)
{
	if (!n->l->resends)
		return true;
	atomic_fetch_add(&n->l->undecided[aor], 1);
	if (atomic_fetch_add(&n->l->since_undecided[aor], 1) <= LATER_COMMITS)
		return true;
	decided(n->l, aor, 1);
	return false;
}

static void note_outcome(node *n, const act *a)
{
	if (!n->l->resends)
		return;
	if (act_known(a) || a->refused)
		decided(n->l, a->aor, 1);
	else
		n->doubts[a->aor]++;
}

static void answered(lane *l, rg_status status, int code)
{
	act *a = l->act;
	journal *j = l->node->j;

	if (!a || a->answers++ > 0)
		abort();
	a->status = status;
	a->code = code;
	a->end = clock_ns();
	l->act = NULL;
	l->next = a->end + l->node->l->pause_us * 1000ull * (roll(l->node, 100) + 50) / 100;
	a->refused = l->within && status == RG_ESTORE;
	if (act_writes(a))
		note_outcome(l->node, a);
	atomic_fetch_add(&j->failed, status != RG_OK);
	atomic_fetch_add(&j->answered, 1);
}

static void saved(void *user, rg_status status, rg_response *response)
{
	lane *l = user;

	seen_in_response(response, l->act->seen);
	answered(l, status, response ? rg_response_code(response) : 0);
	rg_response_free(response);
}

static void looked_up(void *user, rg_status status, rg_targets *targets)
{
	lane *l = user;

	seen_in_targets(targets, l->act->seen);
	answered(l, status, status == RG_OK ? 200 : 0);
	rg_targets_free(targets);
}

static void asked(void *user, rg_status status, rg_answer *answer)
{
	lane *l = user;

	seen_in_answer(answer, l->act->seen);
	answered(l, status, status == RG_OK ? 200 : 0);
	rg_answer_free(answer);
}

static void removed(void *user, rg_status status, uint32_t count)
{
	lane *l = user;

	l->act->removed = count;
	answered(l, status, status == RG_OK ? 200 : 0);
}

static void start_later(node *n, lane *l, act *a)
{
	act_text text;
	rg_request request;
	rg_remove_filter filter;
	rg_query query;
	rg_op *op = NULL;
	rg_status st;

	act_request(a, &text, &request);
	l->within = true;
	if (act_registers(a)) {
		st = rg_save_async(n->reg, &request, NULL, saved, l, NULL, &op, NULL);
	} else if (a->kind == ACT_LOOKUP) {
		st = rg_lookup_async(n->reg, &request, NULL, looked_up, l, NULL, &op, NULL);
	} else if (a->kind == ACT_ASK) {
		rg_query_init(&query, sizeof query);
		query.aor = request.to_header;
		st = rg_is_registered_async(n->reg, &query, asked, l, NULL, &op, NULL);
	} else {
		act_filter(a, &text, &filter);
		st = rg_remove_async(n->reg, &filter, removed, l, NULL, &op, NULL);
	}
	l->within = false;
	if (st < 0)
		answered(l, st, 0);
	else if (roll(n, 100) == 0)
		rg_op_cancel(op);
	rg_op_free(op);
}

static void do_at_once(node *n, lane *l, act *a)
{
	act_text text;
	rg_request request;
	rg_remove_filter filter;
	rg_query query;
	rg_response *response = NULL;
	rg_targets *targets = NULL;
	rg_answer *answer = NULL;
	uint32_t count = 0;
	rg_status st;

	act_request(a, &text, &request);
	if (act_registers(a)) {
		st = rg_save(n->reg, &request, NULL, &response, NULL);
		saved(l, st, response);
	} else if (a->kind == ACT_LOOKUP) {
		st = rg_lookup(n->reg, &request, NULL, &targets, NULL);
		looked_up(l, st, targets);
	} else if (a->kind == ACT_ASK) {
		rg_query_init(&query, sizeof query);
		query.aor = request.to_header;
		st = rg_is_registered(n->reg, &query, &answer, NULL);
		asked(l, st, answer);
	} else {
		act_filter(a, &text, &filter);
		st = rg_remove(n->reg, &filter, &count, NULL);
		removed(l, st, count);
	}
}

/* Now and then a REGISTER that some node has sent already comes again, here. */
static bool draw_repeat(node *n, act *a)
{
	const journal *j = &n->l->journals[roll(n, n->l->nodes)];
	uint32_t count = atomic_load(&j->n_acts);

	if (count < 32 || roll(n, 10) > 0)
		return false;
	const act *old = &j->acts[count - 8 - roll(n, 24)];

	if (!act_registers(old))
		return false;
	a->kind = old->kind;
	a->aor = old->aor;
	a->callid = old->callid;
	a->cseq = old->cseq;
	memcpy(a->uris, old->uris, sizeof a->uris);
	return true;
}

/* Half of it concerns a tenth of the AoRs. */
static void draw(node *n, act *a)
{
	static const uint8_t kinds[] = { ACT_SET, ACT_SET, ACT_SET, ACT_SET, ACT_SET, ACT_SET, ACT_SET, ACT_UNSET, ACT_UNSET, ACT_SWAP, ACT_SWAP,
		ACT_STAR, ACT_REMOVE_ONE, ACT_REMOVE_ALL, ACT_ASK, ACT_LOOKUP, ACT_LOOKUP };
	uint32_t aors = n->l->aors;

	if (draw_repeat(n, a))
		return;
	a->kind = kinds[roll(n, sizeof kinds)];
	a->aor = (uint8_t)roll(n, roll(n, 2) && aors >= 10 ? aors / 10 : aors);
	a->callid = (uint8_t)roll(n, CALLIDS);
	a->uris[0] = (uint8_t)roll(n, URIS);
	a->uris[1] = (uint8_t)((a->uris[0] + 1 + roll(n, URIS - 1)) % URIS);
	a->cseq = (uint32_t)((clock_ns() - n->l->began) / 1000000) + roll(n, 30);
}

static void start(node *n, lane *l)
{
	uint32_t i = atomic_load(&n->j->n_acts);
	act *a = &n->j->acts[i];

	draw(n, a);
	if (act_writes(a) && !may_write(n, a->aor))
		a->kind = ACT_LOOKUP;
	a->node = (uint16_t)n->index;
	a->tag = 1 + i * NODES_MAX + n->index;
	a->now = real_ms();
	a->begin = clock_ns();
	atomic_store(&n->j->n_acts, i + 1);
	l->act = a;
	n->decided = &a->now;
	a->blocking = n->l->blocking && roll(n, n->l->blocking) == 0;
	if (a->blocking)
		do_at_once(n, l, a);
	else
		start_later(n, l, a);
	n->decided = NULL;
}

static uint32_t note_connection(node *n)
{
	rg_redis_state state = { .struct_size = sizeof state };

	if (rg_redis_store_state(n->store, &state) == RG_OK)
		atomic_store(&n->j->connection, (int)state.connection);
	return state.in_flight;
}

/* A call that is in flight, of a tick, keeps its memory until it is answered. */
static void end_calls(node *n)
{
	for (int i = 0; i < DRAIN_MS && note_connection(n) > 0; i++)
		n->l->drive(n->store, 1);
}

static void turn(node *n, int32_t ms)
{
	n->l->drive(n->store, ms);
	if (real_ms() >= n->next_tick) {
		rg_time next = RG_TIME_NEVER, last = real_ms() + TICK_MS;

		n->next_tick = RG_TIME_NEVER;
		rg_registrar_tick(n->reg, 0, &next);
		next = next < last ? next : last;
		n->next_tick = next < n->next_tick ? next : n->next_tick;
	}
	note_connection(n);
}

static int64_t statistic(node *n, const char *name)
{
	rg_statistics *stats = NULL;
	int64_t value = INT64_MAX;

	rg_read_statistics(n->reg, RG_STR("location"), &stats, NULL);
	rg_statistics_find(stats, rg_str_from(name), &value);
	rg_statistics_free(stats);
	return value;
}

static uint32_t n_under_way(const node *n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n->l->lanes; i++)
		count += n->lanes[i].act != NULL;
	return count;
}

static bool is_idle(node *n)
{
	return n_under_way(n) == 0 && statistic(n, "operations_in_flight") == 0 && statistic(n, "events_queued") == 0;
}

/* Beside those of the clients the registrar has no operations: it has learned all outcomes. */
static void end_doubts(node *n)
{
	bool any = false;

	for (uint32_t i = 0; i < n->l->aors; i++)
		any |= n->doubts[i] > 0;
	if (!any || statistic(n, "operations_in_flight") > n_under_way(n))
		return;
	for (uint32_t i = 0; i < n->l->aors; i++) {
		decided(n->l, i, n->doubts[i]);
		n->doubts[i] = 0;
	}
}

static void keep_counters(node *n)
{
	rg_statistic s = { .struct_size = sizeof s };

	for (uint32_t i = 0; i < COUNTERS && rg_redis_store_statistic(n->store, i, &s) == RG_OK; i++) {
		snprintf(n->j->counters[i].name, sizeof n->j->counters[i].name, "%s", s.name);
		n->j->counters[i].value = s.value;
	}
}

static void node_open(node *n, load *l, uint32_t index)
{
	rg_env env;

	*n = (node){ .l = l, .j = &l->journals[index], .index = index, .dice = l->seed * 1000003u + index * 7919u + 1 };
	rg_env_init(&env, sizeof env);
	env.now = node_now;
	env.wakeup = node_wakeup;
	env.user = n;
	n->store = l->open(l, index);
	if (!n->store || rg_registrar_new(NULL, n->store, &env, &n->reg, NULL) != RG_OK)
		abort();
	for (uint32_t i = 0; i < l->lanes; i++)
		n->lanes[i].node = n;
}

void node_work(load *l, uint32_t index)
{
	node *n = malloc(sizeof *n);
	rg_subscription *subscription = NULL;

	while (atomic_load(&l->hold))
		poll(NULL, 0, 1);
	node_open(n, l, index);
	if (rg_registrar_subscribe(n->reg, RG_EVENT_ALL, node_told, n, NULL, &subscription, NULL) != RG_OK)
		abort();
	while (!atomic_load(&l->stop) && atomic_load(&n->j->n_acts) < l->room) {
		for (uint32_t i = 0; i < l->lanes && atomic_load(&n->j->n_acts) < l->room; i++) {
			if (!n->lanes[i].act && n->lanes[i].next <= clock_ns())
				start(n, &n->lanes[i]);
		}
		turn(n, l->pause_us ? 1 : 0);
		end_doubts(n);
	}
	uint64_t last = clock_ns() + DRAIN_MS * 1000000ull;

	while (!is_idle(n) && clock_ns() < last)
		turn(n, 5);
	keep_counters(n);
	int status = is_idle(n) ? 0 : 3;
	rg_registrar_shutdown(n->reg);
	end_calls(n);
	rg_subscription_free(subscription);
	rg_registrar_unref(n->reg);
	rg_store_unref(n->store);
	free(n);
	if (status)
		fprintf(stderr, "node %u is not idle at its end\n", index);
	if (l->journals[index].forked)
		exit(status);
}

void reader_work(load *l)
{
	node *n = malloc(sizeof *n);

	node_open(n, l, NODES_MAX - 1);
	for (uint32_t i = 0; i < l->aors; i++) {
		act *a = &n->j->acts[i];

		*a = (act){ .kind = ACT_ASK, .aor = (uint8_t)i, .node = NODES_MAX - 1, .tag = 1 + i * NODES_MAX + NODES_MAX - 1, .begin = clock_ns() };
		n->lanes[0].act = a;
		do_at_once(n, &n->lanes[0], a);
	}
	atomic_store(&n->j->n_acts, l->aors);
	rg_registrar_unref(n->reg);
	rg_store_unref(n->store);
	free(n);
}

void node_fork(load *l, uint32_t index)
{
	journal *j = &l->journals[index];
	pid_t parent = getpid();

	fflush(NULL);
	j->forked = true;
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid > 0) {
		j->pid = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	node_work(l, index);
}

int node_wait(load *l, uint32_t index)
{
	int status = 0;

	while (waitpid(l->journals[index].pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void node_kill(load *l, uint32_t index)
{
	l->journals[index].killed = true;
	kill(l->journals[index].pid, SIGKILL);
}
