/* SPDX-License-Identifier: MIT */
#include "federation/federation.h"
#include "rules/rules.h"
#include "decide/decide.h"
#include <stdlib.h>

/* In milliseconds. */
enum { LIFETIME = 3600000, LIFETIME_LEAST = 10000, PAUSE_FIRST = 1000, PAUSE_MOST = 30000, PRUNE_EVERY = 60000, LOG_EVERY = 60000 };
enum { SOON = 1000 };

enum { RATE = 1000, RATE_MOST = 1000000, QUEUE_MOST = 4096, PUBLISHING_MOST = 16, PUBLISH_A_TICK = 100 };
enum { UNFINISHED_MOST = 64 }; /* of one job: a store may never answer, and may be unable to cancel */

static const rg__shape federation_options_shape = RG__SHAPE(rg_federation_options, NULL, sizeof(rg_federation_options));

void rg_federation_options_init(rg_federation_options *options, uint32_t size)
{
	rg__shape_init(&federation_options_shape, options, size);
}

static void federation_free(rg__sites *sites)
{
	rg__federation *f = (rg__federation *)sites;

	for (uint32_t i = 0; i < f->n_domains; i++)
		free((char *)f->domains[i].p);
	rg__queue_free(f->queue);
	rg__buf_free(&f->scan.cursor);
	rg__buf_free(&f->texts[0]);
	rg__buf_free(&f->texts[1]);
	rg_store_unref(f->sites.shared);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* Scans cover the domain from now on. False: there is no room for it. */
static bool note_domain(rg__federation *f, rg_str domain)
{
	for (uint32_t i = 0; i < f->n_domains; i++) {
		if (rg__eq(f->domains[i], domain))
			return true;
	}
	char *text = f->n_domains < RG__FEDERATION_DOMAINS ? malloc(domain.n + 1) : NULL;
	if (!text)
		return false;
	memcpy(text, domain.p, domain.n);
	f->domains[f->n_domains++] = (rg_str){ text, domain.n };
	return true;
}

static rg_time earlier(rg_time at, rg_time other)
{
	return at < other ? at : other;
}

static rg_time later(rg_time at, rg_time other)
{
	return at > other ? at : other;
}

/* Each failure doubles the pause. A failure during the pause does not: it is of an operation that began earlier. */
static void retry_after(rg__retry *r, rg_status status, rg_time now)
{
	if (status == RG_OK) {
		r->pause = 0;
		r->not_before = 0;
		return;
	}
	if (r->not_before > now)
		return;
	r->pause = r->pause == 0 ? PAUSE_FIRST : earlier(r->pause * 2, PAUSE_MOST);
	r->not_before = rg__add_sat(now, r->pause);
}

/* When a job can start an operation. */
static rg_time job_due(const rg__job *j, rg_time now)
{
	if (j->f->closed || j->under_way >= j->most || j->unfinished >= UNFINISHED_MOST)
		return RG_TIME_NEVER;
	return later(j->ready ? j->ready(j->f, now) : 0, later(j->next, j->retry.not_before));
}

/* When a tick has something to do. */
static rg_time federation_due(const rg__federation *f, rg_time now)
{
	rg_time at = f->closed || f->scan.active ? RG_TIME_NEVER : f->scan_at;

	for (int i = 0; i < RG__JOBS; i++)
		at = earlier(at, job_due(&f->jobs[i], now));
	return at;
}

/* Gives the lock back. The host is woken for what is left, unless a tick is under way. */
static void unlock_and_announce(rg__federation *f, rg_time now)
{
	rg_time at = f->ticking > 0 ? RG_TIME_NEVER : federation_due(f, now);

	pthread_mutex_unlock(&f->lock);
	rg__announce(f->reg, at);
}

/* An AoR that has no room in the queue is found by a scan. */
static void queue_key(rg__federation *f, const rg_key *key, rg_time now)
{
	if (rg__queue_add(f->queue, key))
		return;
	f->missed = true;
	if (!f->scan.active)
		f->scan_at = earlier(f->scan_at, rg__add_sat(now, SOON));
}

/* Refused AoRs, which wait in the queue, do not delay a scan. */
static rg_time page_ready(const rg__federation *f, rg_time now)
{
	uint32_t n = rg__queue_count(f->queue) - rg__queue_waiting(f->queue);

	(void)now;
	return f->scan.active && n + RG__PAGE <= QUEUE_MOST / 2 ? 0 : RG_TIME_NEVER;
}

static void page_take(rg__federation *f, rg__task *task, rg_time now)
{
	rg__scan *s = &f->scan;

	(void)now;
	s->restarted = false;
	task->domain = f->domains[s->domain];
	task->of_entries = s->of_entries;
	task->walk = s->walk;
	if (s->more) /* nothing but the result of this page changes the text of the cursor */
		task->cursor = (rg_str){ s->cursor.p ? s->cursor.p : "", s->cursor.n };
}

/* Sets the place of the next page. */
static void scan_move_on(rg__federation *f, const rg__result *r)
{
	rg__scan *s = &f->scan;
	rg_str cursor = r->page->cursor;

	s->walk = r->walk;
	s->cursor.n = 0;
	rg__buf_add(&s->cursor, cursor);
	s->more = cursor.p && !s->cursor.failed;
	if (cursor.p) {
		f->missed |= s->cursor.failed; /* out of memory: the scan of the domain begins again */
		return;
	}
	s->of_entries = s->whole && !s->of_entries;
	if (s->of_entries || ++s->domain < f->n_domains)
		return;
	s->active = false;
	if (f->missed)
		f->scan_at = rg__add_sat(r->began, SOON);
}

static void page_take_in(rg__federation *f, const rg__result *r, rg_time now)
{
	uint32_t n = r->page ? r->page->n : 0;

	f->jobs[RG__JOB_PAGE].next = rg__add_sat(now, (int64_t)n * 1000 / f->rate);
	if (r->anew) {
		f->scan.more = false;
		f->scan.walk = (rg__walk){ 0 };
	}
	for (uint32_t i = 0; i < n; i++) {
		rg_key key = r->page->keys[i];

		if (rg__homes_domain(key.domain))
			key.domain.n -= RG__HOMES_SUFFIX.n;
		queue_key(f, &key, r->began);
	}
	if (r->page && !f->scan.restarted)
		scan_move_on(f, r);
}

static rg_time publish_ready(const rg__federation *f, rg_time now)
{
	return rg__queue_due(f->queue, now);
}

static void publish_take(rg__federation *f, rg__task *task, rg_time now)
{
	task->key = rg__queue_take(f->queue, now);
}

/* An AoR whose publication failed twice waits as a refused one does: the store may fail for some keys alone. */
static void publish_take_in(rg__federation *f, const rg__result *r, rg_time now)
{
	if (r->room != RG__ROOM_UNKNOWN)
		retry_after(&f->room, r->room == RG__ROOM_FOUND ? RG_OK : RG_EFULL, r->began);
	if (r->refused != RG_OK || (r->status == RG_ESTORE && r->key->failed)) {
		f->left |= !rg__queue_refused(f->queue, r->key, now);
		return;
	}
	r->key->failed |= r->status == RG_ESTORE;
	rg__queue_done(f->queue, r->key, r->status != RG_OK);
}

static void prune_take_in(rg__federation *f, const rg__result *r, rg_time now)
{
	rg__job *j = &f->jobs[RG__JOB_PRUNE];

	if (r->status == RG_OK)
		j->next = earlier(j->next, later(r->next, rg__add_sat(now, SOON)));
}

/* In the order in which a tick runs them. */
static const rg__job job_rows[RG__JOBS] = {
	[RG__JOB_PAGE] = { .verb = &rg__page_verb, .prepare = rg__page_prepare, .most = 1, .most_a_tick = 1, .ready = page_ready,
		.take = page_take, .take_in = page_take_in },
	[RG__JOB_PUBLISH] = { .verb = &rg__publish_verb, .prepare = rg__publish_prepare, .most = PUBLISHING_MOST,
		.most_a_tick = PUBLISH_A_TICK, .ready = publish_ready, .take = publish_take, .take_in = publish_take_in },
	[RG__JOB_PRUNE] = { .verb = &rg__prune_verb, .prepare = rg__prune_prepare, .most = 1, .most_a_tick = 1, .longest = PRUNE_EVERY,
		.take_in = prune_take_in },
};

/* How many refusals are to be logged, this one included: 0 until it is time again. */
static uint64_t refusals_to_log(rg__federation *f, rg_time now)
{
	uint64_t n = ++f->refusals;

	if (f->log_at > now)
		return 0;
	f->log_at = rg__add_sat(now, LOG_EVERY);
	f->refusals = 0;
	return n;
}

/* The one place where results are taken in. Only a shutdown cancels these operations; no job starts anything after it. */
uint64_t rg__job_done(rg__job *j, const rg__result *r)
{
	rg__federation *f = j->f;
	rg_time now = rg__now(f->reg);

	pthread_mutex_lock(&f->lock);
	j->under_way--;
	j->take_in(f, r, now);
	f->closed |= r->status == RG_ECANCELED;
	retry_after(&j->retry, r->status, now);
	uint64_t refusals = r->refused != RG_OK ? refusals_to_log(f, now) : 0;
	unlock_and_announce(f, now);
	return refusals;
}

void rg__job_ended(rg_op *op)
{
	rg__job *j = op->user;
	rg__federation *f = j->f;

	pthread_mutex_lock(&f->lock);
	bool held_up = j->unfinished-- == UNFINISHED_MOST;
	pthread_mutex_unlock(&f->lock);
	if (!held_up)
		return;
	rg_time now = rg__now(f->reg); /* the host's clock is asked without the lock */
	pthread_mutex_lock(&f->lock);
	unlock_and_announce(f, now);
}

static bool job_take(rg__job *j, rg__task *task, rg_time now)
{
	pthread_mutex_lock(&j->f->lock);
	bool due = job_due(j, now) <= now;

	if (due) {
		j->under_way++;
		if (j->longest > 0)
			j->next = rg__add_sat(now, j->longest);
		if (j->take)
			j->take(j->f, task, now);
	}
	pthread_mutex_unlock(&j->f->lock);
	return due;
}

static rg_status job_start(rg__job *j, const rg__task *task)
{
	rg_op *op;
	rg_status st = rg__op_new(j->verb, j->f->reg, &op);

	if (st != RG_OK)
		return st;
	op->user = j;
	pthread_mutex_lock(&j->f->lock);
	j->unfinished++;
	pthread_mutex_unlock(&j->f->lock);
	if (!j->prepare(op, task)) {
		rg__op_abort(op);
		return RG_ENOMEM;
	}
	rg__op_start(op, j, NULL, NULL);
	return RG_OK;
}

static void job_run(rg__job *j, rg_time now, uint32_t limit)
{
	rg__task task = { .limit = limit };

	for (uint32_t i = 0; i < limit && i < j->most_a_tick && job_take(j, &task, now); i++) {
		rg_status st = job_start(j, &task);
		if (st != RG_OK)
			rg__job_done(j, &(rg__result){ .status = st, .began = now, .key = task.key });
	}
}

/*
 * Did the AoR gain its first live binding, or lose its last? Bindings that expired may still be published. Those that expired while the
 * operation was under way may have been withdrawn.
 */
static bool may_change(const rg_op *op, rg_time now)
{
	const rg_record *before = op->found.record, *after = op->commit.next;

	return rg__homes_wanted(after, op->now) ? !rg__homes_wanted(before, later(op->now, now)) : rg_record_weight(before) > 0;
}

/* An operation in doubt may no longer know what it replaced. */
static bool changes_publication(const rg_op *op, rg_time now)
{
	if (!rg__op_is_home(op) || !op->key.domain.p || rg__homes_domain(op->key.domain))
		return false;
	return op->in_doubt || may_change(op, now);
}

static void federation_touched(rg__sites *sites, const rg_op *op)
{
	rg__federation *f = (rg__federation *)sites;
	rg_key key = op->key;
	rg_time now = rg__now(f->reg);

	if (!rg__publish_landed_late(op, &key) && !changes_publication(op, now))
		return;
	pthread_mutex_lock(&f->lock);
	bool noted = note_domain(f, key.domain), logged = f->domains_full;

	f->domains_full |= !noted;
	queue_key(f, &key, now);
	unlock_and_announce(f, now);
	if (!noted && !logged)
		rg__log(&f->reg->env, RG_LOG_WARNING, "federation: more domains than are renewed, from %.*s on", (int)key.domain.n,
			key.domain.p);
}

static void federation_gauges(rg__sites *sites, int64_t *queued, int64_t *refused)
{
	rg__federation *f = (rg__federation *)sites;

	pthread_mutex_lock(&f->lock);
	*refused = rg__queue_waiting(f->queue);
	*queued = (int64_t)rg__queue_count(f->queue) - *refused;
	pthread_mutex_unlock(&f->lock);
}

/* After the clock was set back, nothing waits for longer than it would have. */
static void bound_waits(rg__federation *f, rg_time now)
{
	rg_time pause_ends = rg__add_sat(now, PAUSE_MOST);

	for (int i = 0; i < RG__JOBS; i++) {
		rg__job *j = &f->jobs[i];

		j->retry.not_before = earlier(j->retry.not_before, pause_ends);
		j->next = earlier(j->next, rg__add_sat(now, j->longest));
	}
	f->room.not_before = earlier(f->room.not_before, pause_ends);
	f->log_at = earlier(f->log_at, rg__add_sat(now, LOG_EVERY));
}

/* Begins a scan if it is time. */
static void scan_begin(rg__federation *f, rg_time now)
{
	rg__scan *s = &f->scan;

	if (f->scan_at > rg__add_sat(now, f->lifetime / 2)) {
		/* The clock was set back. Other sites ignore entries that expire too late, so all are written again. */
		f->scan_at = now;
		f->left |= s->active && s->whole;
		s->active = false;
		s->restarted = true;
	}
	if (s->active || f->scan_at > now)
		return;
	s->active = true;
	s->whole = f->missed || f->left;
	s->of_entries = s->more = false;
	s->domain = 0;
	s->walk = (rg__walk){ 0 };
	f->jobs[RG__JOB_PAGE].next = now;
	f->missed = f->left = false;
	f->scan_at = rg__add_sat(now, f->lifetime / 2);
}

static rg_time federation_tick(rg__sites *sites, uint32_t limit)
{
	rg__federation *f = (rg__federation *)sites;
	rg_time now = rg__now(f->reg);

	pthread_mutex_lock(&f->lock);
	f->ticking++;
	bound_waits(f, now);
	scan_begin(f, now);
	pthread_mutex_unlock(&f->lock);
	for (int i = 0; i < RG__JOBS; i++)
		job_run(&f->jobs[i], now, limit);
	pthread_mutex_lock(&f->lock);
	f->ticking--;
	rg_time next = federation_due(f, now);
	pthread_mutex_unlock(&f->lock);
	return next;
}

static rg_status read_options(const rg_federation_options *given, rg_federation_options *o, rg_error *why)
{
	rg_federation_options_init(o, sizeof *o);
	if (given && !rg__shape_take(&federation_options_shape, given, o))
		return rg__shape_refuse(&federation_options_shape, given, why);
	o->lifetime = o->lifetime == 0 ? LIFETIME : o->lifetime;
	o->rate = o->rate == 0 ? RATE : o->rate;
	return RG_OK;
}

static rg_status options_check(const rg_federation_options *o, rg_error *why)
{
	if (o->lifetime < LIFETIME_LEAST || o->lifetime > RG__HOME_LIFETIME_MOST)
		return rg__fail(why, RG_EINVAL, "a lifetime of %lld ms is not within 10 seconds and 30 days", (long long)o->lifetime);
	if (o->rate > RATE_MOST)
		return rg__fail(why, RG_EINVAL, "a rate of %u is more than %d", o->rate, RATE_MOST);
	if (o->n_domains > RG__FEDERATION_DOMAINS || (o->n_domains > 0 && !o->domains))
		return rg__fail(why, RG_EINVAL, "there are more than %d domains, or none where there should be", RG__FEDERATION_DOMAINS);
	for (uint32_t i = 0; i < o->n_domains; i++) {
		if (rg__homes_domain(o->domains[i]))
			return rg__fail(why, RG_EINVAL, "%.*s is a domain of homes", (int)o->domains[i].n, o->domains[i].p);
	}
	return RG_OK;
}

static rg_status read_home(rg__federation *f, rg_str home, rg_error *why)
{
	rg_status st = rg__home_read(home, &f->texts[0], &f->texts[1]);

	f->sites.home = (rg_str){ f->texts[0].p, f->texts[0].n };
	f->tag = (rg_str){ f->texts[1].p, f->texts[1].n };
	if (st == RG_EINVAL)
		return rg__fail(why, st, "%.*s is neither a SIP URI nor a host with or without port", (int)home.n, home.p ? home.p : "");
	return st == RG_OK ? RG_OK : rg__fail(why, st, "out of memory");
}

static bool note_domains(rg__federation *f, const rg_federation_options *o)
{
	bool noted = o->n_domains > 0 || note_domain(f, rg__domain(RG__ABSENT));

	for (uint32_t i = 0; i < o->n_domains; i++)
		noted &= note_domain(f, rg__domain(o->domains[i]));
	return noted;
}

/* NULL: out of memory. */
static rg__federation *federation_new(rg_registrar *reg, rg_store *shared, const rg_federation_options *o)
{
	rg__federation *f = calloc(1, sizeof *f);

	if (!f || pthread_mutex_init(&f->lock, NULL)) {
		free(f);
		return NULL;
	}
	f->reg = reg;
	f->sites = (rg__sites){ .shared = rg_store_ref(shared), .touched = federation_touched, .tick = federation_tick,
		.gauges = federation_gauges, .free = federation_free };
	f->lifetime = o->lifetime;
	f->rate = o->rate;
	f->missed = true; /* earlier changes */
	memcpy(f->jobs, job_rows, sizeof f->jobs);
	for (int i = 0; i < RG__JOBS; i++)
		f->jobs[i].f = f;
	f->jobs[RG__JOB_PAGE].longest = RG__PAGE * 1000 / f->rate;
	f->queue = rg__queue_new(QUEUE_MOST);
	if (f->queue && note_domains(f, o))
		return f;
	federation_free(&f->sites);
	return NULL;
}

rg_status rg_registrar_federate(rg_registrar *reg, rg_store *shared, rg_str home, const rg_federation_options *options, rg_error *why)
{
	rg_federation_options o;
	rg__sites *none = NULL;

	if (!reg || !shared)
		return rg__fail(why, RG_EINVAL, "%s is NULL", reg ? "shared" : "registrar");
	rg_status st = read_options(options, &o, why);
	if (st == RG_OK)
		st = options_check(&o, why);
	if (st != RG_OK)
		return st;
	rg__federation *f = federation_new(reg, shared, &o);
	st = f ? read_home(f, home, why) : rg__fail(why, RG_ENOMEM, "out of memory");
	if (st == RG_OK && !atomic_compare_exchange_strong(&reg->sites, &none, &f->sites))
		st = rg__fail(why, RG_EINVAL, "the registrar has a home already");
	if (st == RG_OK)
		rg__announce(reg, rg__now(reg));
	else if (f)
		federation_free(&f->sites);
	return st;
}

void rg_registrar_publish(rg_registrar *reg)
{
	rg__federation *f = reg ? (rg__federation *)rg__sites_of(reg) : NULL;
	rg_time now = f ? rg__now(reg) : 0;

	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->missed = true; /* a scan under way has passed some AoRs already: another one follows it */
	if (!f->scan.active)
		f->scan_at = earlier(f->scan_at, now);
	unlock_and_announce(f, now);
}
