/* SPDX-License-Identifier: MIT */
#include "federation/federation.h"
#include "rules/rules.h"
#include "decide/decide.h"
#include "engine/engine.h"
#include <stdlib.h>

#define LIFETIME 3600000
#define LIFETIME_LEAST 10000
#define PAUSE_FIRST 1000
#define PAUSE_MOST 30000
#define PRUNE_EVERY 60000

enum { RATE = 1000, RATE_MOST = 1000000, PUBLISH_A_TICK = 100, AGAIN_AFTER = 1000 };

void rg_federation_options_init(rg_federation_options *options, uint32_t size)
{
	rg__struct_init(options, size);
}

static void federation_free(rg__sites *sites)
{
	rg__federation *f = (rg__federation *)sites;

	for (uint32_t i = 0; f->domains && i < f->n_domains; i++)
		free((char *)f->domains[i].p);
	free(f->domains);
	rg__queue_free(f->queue);
	rg__buf_free(&f->scan.cursor);
	rg__buf_free(&f->texts[0]);
	rg__buf_free(&f->texts[1]);
	rg_store_unref(f->sites.shared);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* A domain to be scanned. False: there is no room for it. */
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

static void not_later(rg_time *what, rg_time most)
{
	if (*what > most)
		*what = most;
}

static rg_time later(rg_time at, rg_time other)
{
	return at > other ? at : other;
}

/* May the scan go on, as far as it goes? What waits because it was refused does not hold it up. */
static bool scan_may(const rg__federation *f)
{
	uint32_t n = rg__queue_count(f->queue) - rg__queue_waiting(f->queue);

	if (f->out[RG__OUT_PAGE] >= RG__OUT_MOST)
		return false;
	return f->scan.active && !f->scan.page_under_way && n + RG__FEDERATION_PAGE <= RG__FEDERATION_QUEUE / 2;
}

static bool publish_may(const rg__federation *f)
{
	return f->publishing < RG__PUBLISHING_MOST && f->out[RG__OUT_PUBLISH] < RG__OUT_MOST;
}

static bool prune_may(const rg__federation *f)
{
	return !f->pruning && f->out[RG__OUT_PRUNE] < RG__OUT_MOST;
}

/* When something can be done by a tick. */
static rg_time due(const rg__federation *f, rg_time now)
{
	rg_time at = RG_TIME_NEVER;

	if (f->closed)
		return at;
	if (publish_may(f))
		at = later(rg__queue_due(f->queue, now), f->publish_retry.not_before);
	if (!f->scan.active)
		not_later(&at, f->renew_at);
	else if (scan_may(f))
		not_later(&at, later(f->scan.next, f->scan.retry.not_before));
	if (prune_may(f))
		not_later(&at, later(f->prune_at, f->prune_retry.not_before));
	return at;
}

void rg__federation_lock(rg__federation *f)
{
	pthread_mutex_lock(&f->lock);
}

void rg__federation_unlock(rg__federation *f, rg_time now)
{
	rg_time at = f->ticking > 0 ? RG_TIME_NEVER : due(f, now);

	pthread_mutex_unlock(&f->lock);
	rg__announce(f->reg, at);
}

void rg__federation_begun(rg__federation *f, int kind)
{
	pthread_mutex_lock(&f->lock);
	f->out[kind]++;
	pthread_mutex_unlock(&f->lock);
}

void rg__federation_gone(rg__federation *f, int kind)
{
	pthread_mutex_lock(&f->lock);
	bool held_up = f->out[kind]-- == RG__OUT_MOST;
	pthread_mutex_unlock(&f->lock);
	if (!held_up)
		return;
	rg_time now = rg__now(f->reg); /* the host's clock is asked without the lock */
	rg__federation_lock(f);
	rg__federation_unlock(f, now);
}

void rg__federation_add(rg__federation *f, const rg_key *key, rg_time now)
{
	if (rg__queue_add(f->queue, key))
		return;
	f->missed = true;
	if (!f->scan.active)
		not_later(&f->renew_at, rg__add_sat(now, AGAIN_AFTER));
}

void rg__federation_tried(rg__retry *r, rg_status status, rg_time now)
{
	if (status == RG_OK) {
		*r = (rg__retry){ 0 };
		return;
	}
	if (r->not_before > now)
		return;
	r->pause = r->pause == 0 ? PAUSE_FIRST : r->pause * 2 > PAUSE_MOST ? PAUSE_MOST : r->pause * 2;
	r->not_before = rg__add_sat(now, r->pause);
}

void rg__federation_ended(rg__federation *f, rg_status status)
{
	f->closed |= status == RG_ECANCELED;
}

/* Did the AoR gain its first live binding, or lose its last? Bindings that lapsed may be published still. */
static bool may_change(const rg_op *op)
{
	const rg_record *before = op->found.record, *after = op->commit.next;

	return rg__homes_wanted(after, op->now) ? !rg__homes_wanted(before, op->now) : rg_record_weight(before) > 0;
}

/* An operation of the registrar has committed, or may have. */
static void federation_touched(rg__sites *sites, const rg_op *op)
{
	rg__federation *f = (rg__federation *)sites;

	if (!rg__op_is_home(op) || !op->key.domain.p || rg__homes_domain(op->key.domain))
		return;
	if (!op->in_doubt && !may_change(op))
		return; /* what an operation in doubt replaced may not be known any more */
	rg_time now = rg__now(f->reg);
	rg__federation_lock(f);
	bool noted = note_domain(f, op->key.domain), told = f->domains_full;

	f->domains_full |= !noted;
	rg__federation_add(f, &op->key, now);
	rg__federation_unlock(f, now);
	if (!noted && !told)
		rg__log(&f->reg->env, RG_LOG_WARNING, "federation: more domains than are renewed, from %.*s on", (int)op->key.domain.n,
			op->key.domain.p);
}

/* The beginning of a tick. After the clock was set back, nothing waits for longer than it would have. */
static void begin(rg__federation *f, rg_time now)
{
	rg__scan *s = &f->scan;

	f->ticking++;
	not_later(&f->publish_retry.not_before, rg__add_sat(now, PAUSE_MOST));
	not_later(&f->prune_retry.not_before, rg__add_sat(now, PAUSE_MOST));
	not_later(&f->room.not_before, rg__add_sat(now, PAUSE_MOST));
	not_later(&f->tell_at, rg__add_sat(now, RG__TELL_EVERY));
	not_later(&s->retry.not_before, rg__add_sat(now, PAUSE_MOST));
	if (f->renew_at > rg__add_sat(now, f->lifetime / 2)) {
		f->renew_at = now; /* all anew: entries of that other time may be too far ahead for others to see */
		f->left |= s->active && s->whole;
		s->active = false;
		s->turn++;
	}
	not_later(&f->prune_at, rg__add_sat(now, PRUNE_EVERY));
	not_later(&s->next, rg__add_sat(now, RG__FEDERATION_PAGE * 1000 / f->rate));
	if (s->active || f->renew_at > now)
		return;
	s->active = true;
	s->whole = f->missed || f->left;
	s->of_entries = s->more = false;
	s->domain = 0;
	s->next = now;
	s->walk = (rg__walk){ 0 };
	f->missed = f->left = false;
	f->renew_at = rg__add_sat(now, f->lifetime / 2);
}

static void scan(rg__federation *f, rg_time now)
{
	rg__scan *s = &f->scan;

	pthread_mutex_lock(&f->lock);
	bool go = scan_may(f) && s->next <= now && s->retry.not_before <= now;

	s->page_under_way |= go;
	pthread_mutex_unlock(&f->lock);
	rg_status st = go ? rg__scan_page(f) : RG_OK;
	if (st == RG_OK)
		return;
	pthread_mutex_lock(&f->lock);
	s->page_under_way = false;
	rg__federation_ended(f, st);
	rg__federation_tried(&s->retry, st, now);
	pthread_mutex_unlock(&f->lock);
}

static void publish(rg__federation *f, rg_time now, uint32_t limit)
{
	for (uint32_t i = 0; i < limit && i < PUBLISH_A_TICK; i++) {
		pthread_mutex_lock(&f->lock);
		bool go = f->publish_retry.not_before <= now && publish_may(f) && !f->closed;
		rg__queue_key *key = go ? rg__queue_take(f->queue, now) : NULL;

		f->publishing += key != NULL;
		pthread_mutex_unlock(&f->lock);
		if (!key)
			return;
		rg_status st = rg__publish(f, key);
		if (st == RG_OK)
			continue;
		pthread_mutex_lock(&f->lock);
		f->publishing--;
		rg__queue_done(f->queue, key, true);
		rg__federation_ended(f, st);
		rg__federation_tried(&f->publish_retry, st, now);
		pthread_mutex_unlock(&f->lock);
	}
}

static void prune(rg__federation *f, rg_time now, uint32_t limit)
{
	pthread_mutex_lock(&f->lock);
	bool go = prune_may(f) && f->prune_at <= now && f->prune_retry.not_before <= now;

	if (go) {
		f->pruning = true;
		f->prune_at = rg__add_sat(now, PRUNE_EVERY);
	}
	pthread_mutex_unlock(&f->lock);
	rg_status st = go ? rg__scan_prune(f, limit) : RG_OK;
	if (st == RG_OK)
		return;
	pthread_mutex_lock(&f->lock);
	f->pruning = false;
	rg__federation_ended(f, st);
	rg__federation_tried(&f->prune_retry, st, now);
	pthread_mutex_unlock(&f->lock);
}

static void federation_gauges(rg__sites *sites, int64_t *queued, int64_t *refused)
{
	rg__federation *f = (rg__federation *)sites;

	pthread_mutex_lock(&f->lock);
	*refused = rg__queue_waiting(f->queue);
	*queued = (int64_t)rg__queue_count(f->queue) - *refused;
	pthread_mutex_unlock(&f->lock);
}

static rg_time federation_tick(rg__sites *sites, uint32_t limit)
{
	rg__federation *f = (rg__federation *)sites;
	rg_time now = rg__now(f->reg);

	pthread_mutex_lock(&f->lock);
	begin(f, now);
	pthread_mutex_unlock(&f->lock);
	scan(f, now);
	publish(f, now, limit);
	prune(f, now, limit);
	pthread_mutex_lock(&f->lock);
	f->ticking--;
	rg_time next = due(f, now);
	pthread_mutex_unlock(&f->lock);
	return next;
}

static rg_federation_options read_options(const rg_federation_options *given)
{
	rg_federation_options o = { 0 };

	if (given)
		memcpy(&o, given, given->struct_size < sizeof o ? given->struct_size : sizeof o);
	if (o.lifetime == 0)
		o.lifetime = LIFETIME;
	if (o.rate == 0)
		o.rate = RATE;
	return o;
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

static rg_status fill(rg__federation *f, const rg_federation_options *o)
{
	bool noted = true;

	f->queue = rg__queue_new(RG__FEDERATION_QUEUE);
	f->domains = calloc(RG__FEDERATION_DOMAINS, sizeof *f->domains);
	if (!f->queue || !f->domains)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < o->n_domains; i++)
		noted &= note_domain(f, rg__domain(o->domains[i]));
	if (o->n_domains == 0)
		noted = note_domain(f, rg__domain(RG__ABSENT));
	return noted ? RG_OK : RG_ENOMEM;
}

static rg_status federation_new(rg_registrar *reg, rg_store *shared, const rg_federation_options *o, rg__federation **out)
{
	rg__federation *f = calloc(1, sizeof *f);

	*out = NULL;
	if (!f)
		return RG_ENOMEM;
	if (pthread_mutex_init(&f->lock, NULL)) {
		free(f);
		return RG_ENOMEM;
	}
	*out = f;
	f->reg = reg;
	f->sites = (rg__sites){ .shared = rg_store_ref(shared), .touched = federation_touched, .tick = federation_tick, .gauges = federation_gauges,
		.free = federation_free };
	f->lifetime = o->lifetime;
	f->rate = o->rate;
	f->missed = true; /* whatever is there already */
	return fill(f, o);
}

rg_status rg_registrar_federate(rg_registrar *reg, rg_store *shared, rg_str home, const rg_federation_options *options, rg_error *why)
{
	rg_federation_options o = read_options(options);
	rg__sites *none = NULL;
	rg__federation *f;

	if (!reg || !shared)
		return rg__fail(why, RG_EINVAL, "%s", !reg ? "there is no registrar" : "a federation needs a store that its sites share");
	rg_status st = options_check(&o, why);
	if (st != RG_OK)
		return st;
	st = federation_new(reg, shared, &o, &f);
	if (st != RG_OK)
		rg__fail(why, st, "out of memory");
	else
		st = read_home(f, home, why);
	if (st == RG_OK && !atomic_compare_exchange_strong(&reg->sites, &none, &f->sites))
		st = rg__fail(why, RG_EINVAL, "the registrar has a home already");
	if (st != RG_OK) {
		if (f)
			federation_free(&f->sites);
		return st;
	}
	rg__announce(reg, rg__now(reg));
	return RG_OK;
}
