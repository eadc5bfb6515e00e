/* SPDX-License-Identifier: MIT */
/*
 * First the bindings of every AoR, then the homes of every AoR. So whoever finds that time is up knows, from one flag, whether the
 * bindings are all there; they change no more after that, while another thread may still be asking for homes.
 */
#include "verbs/lookup_many.h"
#include "message/message.h"
#include "config/config.h"
#include "rules/rules.h"
#include "decide/decide.h"
#include "route/route.h"
#include "engine/engine.h"
#include <stdlib.h>

/* One AoR, or a branch that stays what it is. */
typedef struct place {
	rg__aor aor;
	rg_key key;          /* absent domain: there is nothing to look up */
	rg_str uri;          /* Request-URI or branch that names it; absent: it was given apart */
	int32_t branch;
	bool stays;          /* the branch is not ours to replace */
	bool sips;           /* `uri` is: only sips bindings are its targets, and sips homes */
	bool rest;           /* its sips bindings are an earlier place's targets */
	bool found;          /* it has targets */
	rg_targets *targets; /* of its bindings */
	rg_record *homes;
} place;

struct rg__wide {
	rg_op *op;
	rg__sites *sites; /* NULL = homes are not asked for */
	const rg_request *request;
	const rg__lookup_settings *settings;
	rg__buf domain;     /* of homes */
	uint32_t at;        /* the place after the one at hand */
	bool at_homes;
	bool partial;       /* homes did not come, or a part of a store did not answer */
	atomic_bool bound;  /* the bindings of every place are there */
	uint32_t n;
	place places[];
};

bool rg__wide_wanted(const rg_lookup_options *options)
{
	return options && (options->flags.seen[RG__F_branch] || options->flags.seen[RG__F_global]);
}

rg_status rg__wide_check(rg_registrar *reg, const rg_lookup_options *options, const rg_request *request, bool blocking)
{
	const rg__sites *sites = options->flags.seen[RG__F_global] ? rg__sites_of(reg) : NULL;
	rg_request view;

	rg__request_view(request, &view);
	if (options->flags.seen[RG__F_branch] && (view.n_branches > RG_BRANCHES_MAX || (view.n_branches > 0 && !view.branches)))
		return RG_EINVAL;
	return blocking && sites && !rg__store_can_block(sites->shared) ? RG_ENOTSUP : RG_OK;
}

/* Takes the AoR's key, unless an earlier place has it. What only came as sips before has its other bindings left. */
static void name_key(rg__wide *w, place *p)
{
	rg_key key = { rg__request_domain(w->request), p->aor.user, p->aor.host };

	p->sips = rg__is_sips(p->uri);
	for (uint32_t i = 0; i < w->n; i++) {
		const place *earlier = &w->places[i];

		if (!earlier->key.domain.p || !rg_key_equal(&earlier->key, &key))
			continue;
		if (!earlier->sips || p->sips)
			return;
		p->rest = true;
	}
	p->key = key;
}

static rg_status add_own(rg__wide *w, const rg_config *config)
{
	place *p = &w->places[0];
	int what = rg__lookup_aor(w->request, config, &p->aor);

	if (what == RG__AOR_NOMEM)
		return RG_ENOMEM;
	p->branch = -1;
	p->uri = w->request->aor.p ? RG__ABSENT : w->request->request_uri;
	w->n = 1;
	if (what == RG__AOR_OK) {
		name_key(w, p);
		return RG_OK;
	}
	/* RFC 3261 §8.2.2.1 */
	return rg__targets_failed(RG_LOOKUP_NONE, what == RG__AOR_SCHEME ? 416 : 404, &p->targets);
}

/* Is it an AoR that somebody else is responsible for? RG__AOR_NOMEM, else RG__AOR_OK. */
static int is_foreign(const rg__wide *w, const rg__uri *uri, bool *foreign)
{
	const rg_env *env = &w->op->ticket.reg->env;
	rg__aor host;

	*foreign = uri->scheme == RG__SCHEME_OTHER;
	if (*foreign || !env->is_local)
		return RG__AOR_OK;
	if (rg__aor_host(uri, &w->settings->aor, &host) != RG__AOR_OK)
		return RG__AOR_NOMEM; /* nothing else is wrong with a URI that was read */
	*foreign = !env->is_local(env->user, host.host);
	rg__aor_free(&host);
	return RG__AOR_OK;
}

/* Nothing that could end a header field comes back as a target. */
static bool has_stray_octet(rg_str branch)
{
	for (size_t i = 0; i < branch.n; i++) {
		uint8_t c = (uint8_t)branch.p[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')
			return true;
	}
	return false;
}

static rg_status add_branch(rg__wide *w, uint32_t index)
{
	place *p = &w->places[w->n];
	rg__uri uri;

	if (has_stray_octet(w->request->branches[index]))
		return RG_OK;
	*p = (place){ .uri = w->request->branches[index], .branch = (int32_t)index };
	p->stays = rg__uri_parse(p->uri, &uri) != RG_OK;
	int what = p->stays ? RG__AOR_OK : is_foreign(w, &uri, &p->stays);
	if (what == RG__AOR_OK && !p->stays)
		what = rg__aor_from_uri(&uri, &w->settings->aor, &p->aor);
	if (what == RG__AOR_NOMEM)
		return RG_ENOMEM;
	if (!p->stays && what == RG__AOR_OK)
		name_key(w, p);
	if (p->stays || p->key.domain.p)
		w->n++;
	else
		rg__aor_free(&p->aor); /* nobody can be registered there, or it is expanded elsewhere */
	return RG_OK;
}

static rg_status prepare(rg__wide *w)
{
	const rg__ticket *ticket = &w->op->ticket;
	rg_status st = add_own(w, ticket->snapshot->config);

	for (uint32_t i = 0; st == RG_OK && w->settings->branch && i < w->request->n_branches; i++)
		st = add_branch(w, i);
	if (!w->settings->global)
		return st;
	w->sites = rg__sites_of(ticket->reg);
	if (!w->sites && !atomic_flag_test_and_set(&ticket->reg->no_sites_told))
		rg__log(&ticket->reg->env, RG_LOG_WARNING, "a lookup is to be global, but there is no federation of sites");
	rg__buf_add(&w->domain, rg__request_domain(w->request));
	rg__buf_add(&w->domain, RG__HOMES_SUFFIX);
	return w->domain.failed ? RG_ENOMEM : st;
}

rg_status rg__wide_new(rg_op *op, const rg_request *request, const rg__lookup_settings *settings, rg__wide **out)
{
	uint32_t most = 1 + (settings->branch ? request->n_branches : 0);
	rg__wide *w = calloc(1, sizeof *w + most * sizeof *w->places);

	*out = w;
	if (!w)
		return RG_ENOMEM;
	w->op = op;
	w->request = request;
	w->settings = settings;
	atomic_init(&w->bound, false);
	return prepare(w);
}

void rg__wide_free(rg__wide *w)
{
	for (uint32_t i = 0; w && i < w->n; i++) {
		rg__aor_free(&w->places[i].aor);
		rg_targets_unref(w->places[i].targets);
		rg_record_unref(w->places[i].homes);
	}
	if (w)
		rg__buf_free(&w->domain);
	free(w);
}

/* Without branches there is one target: a home only stands in for bindings. */
static bool wants_homes(const rg__wide *w, const place *p)
{
	return p->key.domain.p && !(w->settings->no_branches && p->found);
}

static bool next_place(rg__wide *w)
{
	while (w->at < w->n) {
		const place *p = &w->places[w->at++];

		if (w->at_homes ? wants_homes(w, p) : p->key.domain.p != NULL) {
			w->op->key = p->key;
			return true;
		}
	}
	return false;
}

bool rg__wide_next(rg__wide *w)
{
	if (next_place(w)) {
		if (w->at_homes)
			w->op->key.domain = (rg_str){ w->domain.p, w->domain.n };
		return true;
	}
	atomic_store_explicit(&w->bound, true, memory_order_release);
	if (w->at_homes || !w->sites)
		return false;
	w->at_homes = true;
	w->at = 0;
	w->op->call.store = w->sites->shared;
	return rg__wide_next(w);
}

rg_status rg__wide_decide(rg__wide *w)
{
	rg_op *op = w->op;
	place *p = &w->places[w->at - 1];
	rg__lookup_settings settings;
	rg_request request;

	w->partial |= op->found.partial != 0;
	if (w->at_homes) {
		rg_record_unref(p->homes);
		p->homes = rg_record_ref(op->found.record);
		return RG_OK;
	}
	rg_targets_unref(p->targets);
	p->targets = NULL;
	request = *w->request;
	if (p->branch >= 0)
		request.request_uri = p->uri;
	settings = *w->settings;
	settings.no_sips = p->rest;
	rg_status st = rg__select(op->found.record, &op->key, &request, &settings, op->now, &p->targets);
	p->found = rg_targets_count(p->targets) > 0;
	return st;
}

bool rg__wide_done(rg__wide *w, rg_status status)
{
	if (status == RG_OK)
		return true;
	if (!w->at_homes || status != RG_ESTORE)
		return false;
	/* The bindings are the answer; asking on would only take time. */
	w->partial = true;
	w->op->failed = RG_OK;
	w->at = w->n;
	return true;
}

/* Parts in the making, and the texts of those that are homes. */
typedef struct joining {
	const rg__wide *w;
	rg__part *parts;
	uint32_t n;
	size_t room; /* of texts */
	char *at;    /* where the next one goes; NULL while room is measured */
} joining;

/* The host and port of a home, for an AoR without a host. */
static rg_str site_of(rg_str home)
{
	rg__uri uri;

	if (rg__uri_parse(home, &uri) != RG_OK || uri.scheme == RG__SCHEME_OTHER)
		return home;
	const char *end = uri.params.p ? uri.params.p : uri.headers.p ? uri.headers.p - 1 : home.p + home.n;
	return (rg_str){ uri.host.p, (size_t)(end - uri.host.p) };
}

static void add_home(joining *j, const place *p, rg_str home)
{
	size_t room = rg_key_print(&p->key, NULL, 0);
	rg_str site = p->key.host.n == 0 ? site_of(home) : RG__ABSENT;
	size_t most = 4 + room + 1 + site.n;

	j->n++;
	if (!j->at) {
		j->room += most;
		return;
	}
	char *text = j->at;
	size_t n = 4 + room;

	memcpy(text, "sip:", 4);
	rg_key_print(&p->key, text + 4, room);
	if (site.p) {
		text[n++] = '@';
		memcpy(text + n, site.p, site.n);
		n += site.n;
	}
	j->at += most;
	j->parts[j->n - 1] = (rg__part){ .uri = p->uri.p ? p->uri : (rg_str){ text, n }, .next_hop = home, .aor = { text + 4, room },
		.home = home, .branch = p->branch };
}

static void add_homes(joining *j, const place *p)
{
	uint32_t at = 0, n = 0;
	rg_str home;

	while (n < RG_HOMES_MAX && rg__homes_next(p->homes, j->w->sites->home, j->w->op->now, &at, &home)) {
		/* RFC 3261 §26.2.2: what came as sips goes on as sips only. */
		if ((p->sips || p->rest) && rg__is_sips(home) != p->sips)
			continue;
		add_home(j, p, home);
		n++;
		if (j->w->settings->no_branches)
			return;
	}
}

static void add_part(joining *j, const rg__part *part)
{
	if (j->at)
		j->parts[j->n] = *part;
	j->n++;
}

/* Goes over all of it: once to measure, once to do. */
static void gather(joining *j, bool homes)
{
	const rg__wide *w = j->w;

	j->n = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		const place *p = &w->places[i];

		if (p->stays)
			add_part(j, &(rg__part){ .uri = p->uri, .next_hop = p->uri, .branch = p->branch });
		if (rg_targets_count(p->targets) > 0)
			add_part(j, &(rg__part){ .targets = p->targets, .branch = p->branch });
		if (homes)
			add_homes(j, p);
	}
}

/* What to say where nothing was found: the reason of the place that came closest to a target, the first of them. */
static void explain(const rg__wide *w, rg__joint *joint)
{
	int closest = -1;

	for (uint32_t i = 0; i < w->n; i++) {
		const rg_targets *t = w->places[i].targets;
		int32_t code = rg_targets_code(t);
		int close = code == 405 ? 2 : code == 480 ? 1 : 0;

		if (close <= closest)
			continue;
		closest = close;
		joint->result = rg_targets_result(t);
		joint->code = code;
	}
}

static rg_status join(rg__wide *w, bool homes, bool partial, rg_targets **out)
{
	rg__joint joint = { .branches_only = w->settings->to_branches_only, .partial = partial };
	joining j = { .w = w };

	explain(w, &joint);

	gather(&j, homes);
	j.parts = malloc(j.n * sizeof *j.parts + j.room + 1);
	if (!j.parts)
		return RG_ENOMEM;
	j.at = (char *)(j.parts + j.n);
	gather(&j, homes);
	rg_status st = rg__targets_join(&joint, j.parts, j.n, out);
	for (uint32_t i = 0; st == RG_OK && i < w->n; i++) {
		if (rg_targets_count(w->places[i].targets) > 0)
			w->places[i].targets = NULL; /* they are the joined ones' */
	}
	free(j.parts);
	return st;
}

/* Not registered and store broken are never the same answer. */
static rg_status or_broken(rg_status status, rg_targets **out)
{
	if (status == RG_OK && rg_targets_partial(*out) && rg_targets_count(*out) == 0) {
		rg_targets_unref(*out);
		*out = NULL;
		status = RG_ESTORE;
	}
	if (status == RG_ESTORE)
		rg__targets_failed(RG_LOOKUP_ERROR, 503, out);
	return status;
}

rg_status rg__wide_answer(rg__wide *w, rg_status status, rg_targets **out)
{
	*out = NULL;
	if (status == RG_OK)
		status = join(w, w->sites != NULL, w->partial, out);
	else if (status == RG_ESTORE && atomic_load_explicit(&w->bound, memory_order_acquire))
		status = join(w, false, true, out); /* time is up for the homes */
	return or_broken(status, out);
}
