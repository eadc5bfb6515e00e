/* SPDX-License-Identifier: MIT */
#include "random.h"
#include "allocations.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { START_STEPS = 90, FOLLOW = 4000 };

world w;
state states[CELLS][STATES];

/* ---- choices ---- */

bool more(void)
{
	return w.at < w.n_bytes;
}

static uint32_t next_byte(void)
{
	return w.at < w.n_bytes ? w.bytes[w.at++] : 0;
}

uint32_t dice(uint32_t below)
{
	uint32_t n = next_byte();

	if (below > 256)
		n = n << 8 | next_byte();
	return n % below;
}

bool chance(uint8_t of_256)
{
	return of_256 > 0 && !w.calm && more() && dice(256) < of_256;
}

void trace(const char *format, ...)
{
	va_list args;

	if (!w.trace)
		return;
	va_start(args, format);
	fprintf(stderr, "%3u %*s", w.steps, 2 * (int)w.depth, "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

void wrong(const char *what, const char *of)
{
	end_failing();
	fprintf(stderr, "random: step %u: %s (%s)\n", w.steps, what, of);
	abort();
}

/* ---- clocks ---- */

long long time_until(rg_time at)
{
	return at < 0 ? -w.now : at - w.now;
}

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

/* The monotonic clock of the library and of the overlay. It goes on a little with each look, so that who waits for it is not stuck. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	if (clock != CLOCK_MONOTONIC || !w.how)
		return __real_clock_gettime(clock, out);
	w.monotonic += 100;
	*out = (struct timespec){ .tv_sec = w.monotonic / 1000000, .tv_nsec = w.monotonic % 1000000 * 1000 };
	return 0;
}

int __wrap_nanosleep(const struct timespec *span, struct timespec *left);

/* Who sleeps has slept. */
int __wrap_nanosleep(const struct timespec *span, struct timespec *left)
{
	(void)left;
	w.monotonic += span->tv_nsec / 1000;
	return 0;
}

ssize_t __real_getrandom(void *bytes, size_t n, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t n, unsigned flags);

/* The memory store draws the seed of its hash, on which the order of a scan depends. The bytes of the sequence make it. */
ssize_t __wrap_getrandom(void *bytes, size_t n, unsigned flags)
{
	uint64_t x = 14695981039346656037u;

	if (!w.how)
		return __real_getrandom(bytes, n, flags);
	for (size_t i = 0; i < w.n_bytes; i++)
		x = (x ^ w.bytes[i]) * 1099511628211u;
	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		((uint8_t *)bytes)[i] = (uint8_t)(x >> 56);
	}
	return (ssize_t)n;
}

/* ---- what the host provides ---- */

static rg_time env_now(void *user)
{
	(void)user;
	return w.now;
}

static void env_random(void *user, void *bytes, size_t n)
{
	(void)user;
	for (size_t i = 0; i < n; i++) {
		w.noise = w.noise * 6364136223846793005u + 1442695040888963407u;
		((uint8_t *)bytes)[i] = (uint8_t)(w.noise >> 56);
	}
}

static void env_log(void *user, int32_t level, const rg_str *line)
{
	(void)user;
	(void)level;
	trace("  log: %.*s", (int)line->n, line->p);
	if (line->n > 0 && memmem(line->p, line->n, "the outcome of a commit", 23))
		w.undecided++;
}

static void env_wakeup(void *user, rg_time next)
{
	(void)user;
	trace("  wakeup in %lld", time_until(next));
	if (next < w.due)
		w.due = next;
}

static rg_status env_resolve(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	uint32_t how = w.calm || w.resolving == 1 ? 0 : dice(6);

	(void)user;
	(void)host;
	if (how == 4)
		return RG_ENOTSUP;
	if (how < 2 || w.n_names == NAMES) {
		w.names[w.n_names++ % NAMES].done = done;
		w.names[w.n_names - 1].tok = tok;
		answer_name(w.n_names - 1, how == 0);
		return how == 5 ? RG_PENDING : RG_OK;
	}
	w.names[w.n_names].done = done;
	w.names[w.n_names++].tok = tok;
	if (how == 5)
		nest();
	return RG_PENDING;
}

static int32_t env_is_local(void *user, const rg_str *host)
{
	(void)user;
	return rg_str_equal(*host, RG_STR("example.org")) || rg_str_equal(*host, RG_STR("ours.example.org"));
}

static void env_freed(void *user)
{
	(void)user;
	if (w.env_freed)
		wrong("the environment is released twice", "env");
	w.env_freed = true;
}

/* ---- the beginning ---- */

rg_config *draw_config(void)
{
	static const char *const modes[] = { "off", "on", "off", "required" };
	rg_config *config = NULL;

	if (rg_config_new(&config) != RG_OK)
		return NULL;
	rg_config_set_int(config, RG_STR("max_contacts"), 1 + dice(6), NULL);
	rg_config_set_int(config, RG_STR("min_expires"), dice(2) ? 0 : 60, NULL);
	rg_config_set_int(config, RG_STR("store_timeout"), dice(2) ? 2000 : 500, NULL);
	rg_config_set(config, RG_STR("pn_enable"), dice(4) ? RG_STR("1") : RG_STR("0"), NULL);
	rg_config_set(config, RG_STR("pn_providers"), RG_STR("apns"), NULL);
	rg_config_set(config, RG_STR("pn_retry"), RG_STR("1,10"), NULL);
	/* Where every device counts as awake, a lookup lists what is there. */
	rg_config_set(config, RG_STR("pn_skip_pn_interval"), w.sleeps ? RG_STR("0") : RG_STR("4294967295"), NULL);
	rg_config_set(config, RG_STR("outbound_mode"), rg_str_from(modes[dice(4)]), NULL);
	/* These hold over every reload, so that what is predicted of GRUUs holds. */
	rg_str secrets = dice(2) ? RG_STR("one,other") : RG_STR("other,one");
	if (rg_config_set_int(config, RG_STR("disable_gruu"), !w.has_gruu, NULL) == RG_OK &&
		rg_config_set(config, RG_STR("gruu_secret"), secrets, NULL) == RG_OK)
		return config;
	rg_config_free(config);
	return NULL;
}

static odds draw_odds(bool may_break, bool is_inline)
{
	static const uint8_t fails[] = { 0, 0, 16, 60 }, unknown[] = { 0, 0, 30, 70 }, conflicts[] = { 0, 20, 0, 100 },
		guesses[] = { 0, 0, 60, 200 }, defers[] = { 128, 64, 200, 255 };
	uint8_t bits = (uint8_t)dice(256), more_bits = (uint8_t)dice(256);

	return (odds){ .fails = fails[bits & 3], .unknown = unknown[bits >> 2 & 3], .conflicts = conflicts[bits >> 4 & 3],
		.guesses = guesses[bits >> 6], .defers = is_inline ? 0 : defers[more_bits & 3], .breaks = may_break ? 16 + (more_bits & 63) : 0 };
}

static void open_store(int role, bool is_inline, bool breaks)
{
	shim *s = &w.shims[role];
	rg_memory_options options;

	*s = (shim){ .role = role, .is_inline = is_inline };
	s->odds = draw_odds(breaks, is_inline);
	if (role == OF_LOCAL)
		s->odds = (odds){ .fails = s->odds.fails };
	s->remembers = role != OF_LOCAL && (s->odds.unknown > 0 || dice(2));
	s->buries = s->remembers && dice(2);
	rg_memory_options_init(&options, sizeof options);
	options.shards = 1;
	options.max_bytes = dice(16) == 15 ? 6000 : 0;
	if (rg_memory_store_new(&options, &s->inner, NULL) != RG_OK)
		wrong("a memory store cannot be made", "store");
	s->store = shim_new(s);
}

static void open_stores(void)
{
	bool is_inline = dice(2) == 0;

	w.has_wait = dice(4) != 3;
	w.shared_trait = dice(8) == 7;
	w.overlay = dice(4) == 3;
	w.hostile = dice(8) == 7;
	open_store(OF_MAIN, is_inline, w.hostile);
	if (w.overlay) {
		open_store(OF_LOCAL, true, false);
		if (rg_store_overlay(w.shims[OF_MAIN].store, w.shims[OF_LOCAL].store, &w.store, NULL) != RG_OK)
			wrong("an overlay cannot be made", "store");
	} else {
		w.store = rg_store_ref(w.shims[OF_MAIN].store);
	}
	w.federated = dice(3) == 2;
	if (w.federated) {
		w.hostile_shared = dice(3) == 2;
		open_store(OF_SHARED, dice(2) == 0, w.hostile_shared);
	}
}

static void open_options(void)
{
	static const char *const save_flags[] = { NULL, "memory-only", "max-contacts=2,force-registration", "path-lazy,max-expires=600" };
	static const char *const lookup_flags[] = { NULL, "global", "sort-by-latency",
		"branch,global,method-filtering,max-ping-latency=50000" };

	for (int i = 1; i < 4; i++) {
		if (rg_save_options_new(rg_str_from(save_flags[i]), &w.save_options[i], NULL) != RG_OK ||
			rg_lookup_options_new(rg_str_from(lookup_flags[i]), &w.lookup_options[i], NULL) != RG_OK)
			wrong("options cannot be made", "options");
	}
}

static void open_registrar(void)
{
	rg_env env;
	rg_config *config = draw_config();

	rg_env_init(&env, sizeof env);
	env.now = env_now;
	env.random = env_random;
	env.log = env_log;
	env.wakeup = env_wakeup;
	env.is_local = env_is_local;
	env.free = env_freed;
	w.resolving = dice(4) < 2 ? 0 : 1 + (int)dice(2);
	if (w.resolving)
		env.resolve = env_resolve;
	if (rg_registrar_new(config, w.store, &env, &w.reg, NULL) != RG_OK)
		wrong("a registrar cannot be made", "registrar");
	rg_config_free(config);
	if (w.federated && rg_registrar_federate(w.reg, w.shims[OF_SHARED].store, RG_STR("10.0.0.1"), NULL, NULL) != RG_OK)
		wrong("it cannot be federated", "registrar");
}

static void open_world(const uint8_t *bytes, size_t n, const char *how, bool traced)
{
	memset(&w, 0, sizeof w);
	w.bytes = bytes;
	w.n_bytes = n;
	w.how = how;
	w.trace = traced;
	w.now = 1700000000000;
	w.monotonic = 1000000000;
	w.cseq = 1;
	w.kept = allocations_kept();
	open_stores();
	w.short_of_memory = dice(4) == 3;
	w.has_gruu = dice(4) != 3;
	w.sleeps = dice(3) == 0;
	open_options();
	open_registrar();
	w.has_ear = dice(8) != 7;
	trace("world:%s%s%s%s%s%s%s%s%s", w.shims[OF_MAIN].is_inline ? " inline" : " deferring", w.overlay ? " overlay" : "",
		w.hostile ? " hostile" : "", w.federated ? " federated" : "", w.hostile_shared ? " hostile-shared" : "",
		w.shims[OF_MAIN].odds.unknown ? " unknown" : "", w.shims[OF_MAIN].remembers ? " remembers" : "",
		w.shims[OF_MAIN].buries ? " buries" : "", w.has_gruu ? " gruu" : "");
	if (w.has_ear)
		start_listening(&w.main_ear, RG_EVENT_ALL);
	tick_once(0);
}

/* ---- the end ---- */

static void answer_everything(void)
{
	do {
		answer_all();
		while (w.n_names > 0)
			answer_name(0, true);
	} while (answers_waiting() > 0);
}

static bool is_home_domain(const cell *c)
{
	return strstr(c->domain, "@homes") != NULL;
}

static rg_time earliest_deadline(void)
{
	rg_time at = RG_TIME_NEVER;

	for (uint32_t i = 0; i < w.n_cells; i++) {
		for (int k = 0; k < 2 && !is_home_domain(&w.cells[i]); k++) {
			const part *p = &w.cells[i].parts[k];

			/* An overlay needs no tick for what main remembers of removed bindings while the local part has others. */
			if (p->present && p->deadline < at && (!w.overlay || p->state.n > 0))
				at = p->deadline;
		}
	}
	return at;
}

/* Nothing was left behind in the local part of an overlay that the overlay does not show. */
static bool is_clean(void)
{
	const odds *o = &w.shims[OF_MAIN].odds;

	return !w.overlay || (!w.short_of_memory && !o->unknown && !o->fails && !w.shims[OF_LOCAL].odds.fails);
}

static bool is_followed(void)
{
	return !w.hostile && w.undecided == 0 && !w.shut;
}

/* The host ticks when it was told to, until @p end. */
static void follow_due(rg_time end)
{
	for (int i = 0; i < FOLLOW; i++) {
		rg_time earliest = earliest_deadline(), now = w.now;

		if (is_followed() && is_clean() && w.due > earliest && w.due > now + 1000)
			wrong("the next tick is later than a deadline", "tick");
		if (w.due > end)
			break;
		if (w.due > w.now)
			set_clock(w.due);
		tick_once(0);
		answer_everything();
	}
	if (w.now < end && end != RG_TIME_NEVER)
		set_clock(end);
}

static void fetched(void *tok, rg_status status, const rg_fetched *found)
{
	state *s = tok;

	if (status != RG_OK || found->partial)
		wrong("a store that is well does not answer", "fetch");
	read_state(found->record, s);
	check_generations(found->record, "at rest");
	rg_record_unref(found->record);
}

static void look_at(const cell *c, state *s)
{
	rg_key key = { rg_str_from(c->domain), rg_str_from(c->user), rg_str_from(c->host) };
	void *self;

	s->n = UINT32_MAX;
	rg_store_members(w.store, &self)->fetch(self, &key, RG_FETCH_FRESH, fetched, s);
	answer_everything();
	if (s->n == UINT32_MAX)
		wrong("a fetch is not answered", "fetch");
}

static const cell *home_of(const cell *c)
{
	char domain[32];

	snprintf(domain, sizeof domain, "%s@homes", c->domain);
	for (uint32_t i = 0; i < w.n_cells; i++) {
		if (strcmp(w.cells[i].domain, domain) == 0 && strcmp(w.cells[i].user, c->user) == 0)
			return &w.cells[i];
	}
	return NULL;
}

/* Without memory the federation can note neither the first AoR of a domain nor the domain, and a scan passes the domains that it noted:
 * nothing leads to that AoR before the next commit in its domain. */
static bool is_domain_missed(const cell *c)
{
	char domain[32];
	bool asked_for = !w.short_of_memory;

	snprintf(domain, sizeof domain, "%s@homes", c->domain);
	for (uint32_t i = 0; i < w.n_cells; i++)
		asked_for |= strcmp(w.cells[i].domain, domain) == 0;
	return !asked_for;
}

/* Other sites know of an AoR when it has a live binding here. Three things may take the next scan: a clock that is set back makes a binding
 * live again, a commit of unknown outcome may be done late, and a queue without memory drops AoRs. */
static void check_published(const cell *c, const state *there)
{
	const cell *home = home_of(c);
	bool published = home && count_live(state_now(home), w.now) > 0;

	if (w.hostile_shared || w.hostile || w.undecided > 0 || (home && home->vague) || w.shut)
		return;
	if (w.went_back || w.shims[OF_SHARED].odds.unknown)
		return;
	if (published != (count_live(there, w.now) > 0) && !is_domain_missed(c))
		wrong(published ? "another site is sent where there is no binding" : "other sites do not know of an AoR", c->user);
}

static void check_rest(void)
{
	for (uint32_t i = 0; i < w.n_cells; i++) {
		cell *c = &w.cells[i];
		state there;

		if (is_home_domain(c) || w.hostile)
			continue;
		look_at(c, &there);
		if (w.has_ear)
			check_heard(c, &there);
		if (w.federated && w.reg)
			check_published(c, &there);
	}
}

static void remove_all(void)
{
	for (uint32_t i = 0; i < USERS * 2; i++) {
		remove_user(i / 2, i % 2);
		answer_everything();
	}
}

static void check_empty(void)
{
	for (uint32_t i = 0; i < w.n_cells; i++) {
		const cell *c = &w.cells[i];

		if (is_home_domain(c) && w.hostile_shared)
			continue;
		/* What was removed while the clock was ahead is remembered until then. */
		if ((c->parts[0].present && c->parts[0].deadline < w.now) || (c->parts[1].present && c->parts[1].deadline < w.now))
			wrong(is_home_domain(c) ? "a site stays published for nothing" : "something stays in the store", c->user);
	}
}

static void come_to_rest(void)
{
	end_failing();
	w.calm = true;
	w.depth = 0;
	answer_everything();
	end_lates(true);
	if (w.now < 1600000000000 || w.now > 1800000000000) {
		set_clock(1800000000000);
		if (w.reg)
			tick_once(0);
	}
	answer_everything();
	if (!w.reg)
		return;
	follow_due(w.now + 120000);
	check_rest();
	if (w.shut)
		return;
	remove_all();
	follow_due(w.now + (w.shared_trait ? 40000 : w.federated ? 150000 : 90 * 86400000LL));
	if (is_followed())
		check_empty();
	check_rest();
}

static void end_calls(void)
{
	for (uint32_t i = 0; i < CALLS; i++) {
		call *c = &w.calls[i];

		if (c->used && (c->called != 1 || c->freed != 1))
			wrong(c->called ? "user data is not released" : "a verb does not answer", c->verb);
		release_call(c, false);
	}
}

/* Says what leaks, in a program that has it. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void close_world(void)
{
	rg_registrar *reg = w.reg;

	w.reg = NULL;
	rg_registrar_unref(reg);
	answer_everything();
	end_calls();
	check_waits_over();
	for (uint32_t i = 0; i < EARS; i++)
		stop_listening(&w.ears[i]);
	stop_listening(&w.main_ear);
	if (!w.env_freed)
		wrong("a registrar stays that nobody has", "end");
	rg_store_unref(w.store);
	for (int i = 0; i < 3; i++)
		rg_store_unref(w.shims[i].store);
	for (int i = 1; i < 4; i++) {
		rg_save_options_unref(w.save_options[i]);
		rg_lookup_options_unref(w.lookup_options[i]);
	}
	forget_stores();
	if (allocations_kept() == w.kept)
		return;
	if (__lsan_do_recoverable_leak_check)
		__lsan_do_recoverable_leak_check();
	wrong("memory is not given back", "end");
}

void random_sequence(const uint8_t *bytes, size_t n, const char *how, bool traced)
{
	open_world(bytes, n, how, traced);
	while (more() && w.steps < START_STEPS)
		take_step();
	come_to_rest();
	close_world();
	w.how = NULL;
}
