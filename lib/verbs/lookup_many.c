/* SPDX-License-Identifier: MIT */
/*
 * A lookup of several records asks for the bindings of every AoR first, then for the homes of every AoR. So a thread that answers because
 * time is up reads from one flag whether the bindings are complete; they do not change after that, while another thread may still be
 * asking for homes.
 */
#include "verbs/lookup.h"
#include "message/message.h"
#include "config/config.h"
#include "rules/rules.h"
#include "decide/decide.h"
#include "route/route.h"
#include "engine/engine.h"
#include <stdlib.h>

static rg__place *place_at(rg__lookup *l, uint32_t i)
{
	return i == 0 ? &l->own : &l->branches[i - 1];
}

/* Does a place name every device that @p p names? */
static bool names_as_much(const rg__place *place, const rg__place *p)
{
	if (!place->gruu)
		return true;
	if (!p->gruu || !rg__same_instance(place->gruu->instance, p->gruu->instance))
		return false;
	return !place->gruu->temporary || (p->gruu->temporary && place->gruu->generation == p->gruu->generation);
}

/* Takes the AoR's key, unless an earlier place has it. If the AoR only came as sips before, its other bindings are left for this place. */
static void claim_key(rg__lookup *l, rg__place *p)
{
	rg_key key = { rg__request_domain(l->request), p->aor.user, p->aor.host };

	p->sips = rg__is_sips(p->branch < 0 ? l->request->request_uri : p->uri) || (p->gruu && p->gruu->uri.scheme == RG__SCHEME_SIPS);
	for (uint32_t i = 0; i < l->n; i++) {
		const rg__place *earlier = place_at(l, i);

		if (!earlier->key.domain.p || !rg_key_equal(&earlier->key, &key) || !names_as_much(earlier, p))
			continue;
		if (!earlier->sips || p->sips)
			return;
		p->no_sips = true;
	}
	p->key = key;
}

static void free_subject(rg__place *p)
{
	rg__aor_free(&p->aor);
	rg__gruu_free(p->gruu);
	p->gruu = NULL;
}

static rg_status add_branch(rg__lookup *l, uint32_t index)
{
	rg__place *p = place_at(l, l->n);
	rg__uri uri;

	*p = (rg__place){ .uri = l->request->branches[index], .branch = (int32_t)index };
	if (rg__has_stray_octet(p->uri) || rg__uri_read_address(p->uri, &uri) != RG_OK) {
		l->malformed = true; /* nobody can be reached there; octets that could end a header field do not become part of a target */
		return RG_OK;
	}
	rg_status st = rg__lookup_is_foreign(l, &uri, &p->kept_as_is);
	int32_t code = 0;
	if (st == RG_OK && !p->kept_as_is)
		st = rg__uri_subject(&uri, l->request->domain, l->op.ticket.snapshot->config, &p->aor, &p->gruu, &code);
	l->malformed |= code == 400 || code == 416;
	if (code == 404)
		rg__lookup_count_refused(l);
	if (st == RG_OK && !p->kept_as_is && code == 0)
		claim_key(l, p);
	if (st == RG_OK && (p->kept_as_is || p->key.domain.p))
		l->n++;
	else
		free_subject(p); /* nobody can be registered there, or it is expanded elsewhere */
	return st;
}

static rg_status add_branches(rg__lookup *l)
{
	uint32_t n = l->request->n_branches;
	rg_status st = RG_OK;

	l->branches = calloc((size_t)n + 1, sizeof *l->branches);
	if (!l->branches)
		return RG_ENOMEM;
	for (uint32_t i = 0; st == RG_OK && i < n; i++)
		st = add_branch(l, i);
	return st;
}

rg_status rg__lookup_add_places(rg__lookup *l)
{
	rg_registrar *reg = l->op.ticket.reg;
	rg_status st = RG_OK;

	l->own.uri = l->request->aor.p ? RG__ABSENT : l->request->request_uri;
	if (l->own.key.domain.p)
		claim_key(l, &l->own);
	l->n = 1;
	if (l->request->defect != RG_R_FINE)
		return RG_OK; /* refused, whatever its branches are */
	if (l->settings.branch)
		st = add_branches(l);
	if (!l->settings.global)
		return st;
	l->sites = rg__sites_of(reg);
	if (!l->sites && !atomic_flag_test_and_set(&reg->no_sites_told))
		rg__log(&reg->env, RG_LOG_WARNING, "a lookup is to be global, but there is no federation of sites");
	rg__buf_add(&l->homes_domain, rg__request_domain(l->request));
	rg__buf_add(&l->homes_domain, RG__HOMES_SUFFIX);
	return l->homes_domain.failed ? RG_ENOMEM : st;
}

void rg__lookup_clear_places(rg__lookup *l)
{
	rg_record_unref(l->own.homes);
	for (uint32_t i = 1; i < l->n; i++) {
		rg__place *p = place_at(l, i);

		free_subject(p);
		rg_targets_free(p->targets);
		rg_record_unref(p->homes);
	}
	free(l->branches);
	rg__buf_free(&l->homes_domain);
}

/* Without branches there is one target: a home only stands in for bindings. Another site gets a GRUU as it stands in the request, and is not
 * asked about a device that was found. */
static bool wants_homes(const rg__lookup *l, const rg__place *p)
{
	if (p->gruu && (p->found || !p->uri.p))
		return false;
	return p->key.domain.p && !(l->settings.no_branches && p->found);
}

static bool next_place(rg__lookup *l)
{
	while (l->at < l->n) {
		const rg__place *p = place_at(l, l->at++);

		if (l->at_homes ? wants_homes(l, p) : p->key.domain.p != NULL) {
			l->op.key = p->key;
			if (l->at_homes)
				l->op.key.domain = (rg_str){ l->homes_domain.p, l->homes_domain.n };
			return true;
		}
	}
	return false;
}

bool rg__lookup_next(rg_op *op)
{
	rg__lookup *l = (rg__lookup *)op;

	if (next_place(l))
		return true;
	atomic_store_explicit(&l->bindings_complete, true, memory_order_release);
	if (l->at_homes || !l->sites)
		return false;
	l->at_homes = true;
	l->at = 0;
	op->call.store = l->sites->shared;
	return next_place(l);
}

rg_status rg__lookup_decide_place(rg_op *op)
{
	rg__lookup *l = (rg__lookup *)op;
	rg__place *p = place_at(l, l->at - 1);

	l->partial |= op->found.partial != 0;
	if (l->at_homes) {
		rg_record_unref(p->homes);
		p->homes = rg_record_ref(op->found.record);
		return RG_OK;
	}
	rg_status st = rg__lookup_select(l, p);
	p->found = rg__targets_any(p->targets);
	return st == RG_OK && l->settings.pn ? rg__lookup_await(l, p) : st;
}

bool rg__lookup_done_place(rg_op *op, rg_status status)
{
	rg__lookup *l = (rg__lookup *)op;

	if (status == RG_OK)
		return true;
	if (!l->at_homes || status != RG_ESTORE)
		return false;
	/* The bindings are the answer; to ask for more homes would only take time. */
	l->partial = true;
	op->failed = RG_OK;
	l->at = l->n;
	return true;
}

/* The parts that are joined, and the texts of those that are homes. */
typedef struct joining {
	rg__lookup *l;
	rg__part *parts;
	uint32_t n;
	size_t room; /* of texts */
	char *at;    /* where the next text goes; NULL while room is measured */
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

static void add_home(joining *j, const rg__place *p, rg_str home)
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

static void add_homes(joining *j, const rg__place *p)
{
	uint32_t at = 0, n = 0;
	rg_str home;

	while (n < RG_HOMES_MAX && rg__homes_next(p->homes, j->l->sites->home, j->l->op.now, &at, &home)) {
		/* RFC 3261 §26.2.2: what came as sips goes on as sips only. */
		if ((p->sips || p->no_sips) && rg__is_sips(home) != p->sips)
			continue;
		add_home(j, p, home);
		n++;
		if (j->l->settings.no_branches)
			return;
	}
}

static void add_part(joining *j, const rg__part *part)
{
	if (j->at)
		j->parts[j->n] = *part;
	j->n++;
}

/* Called twice: once to measure, once to fill in. */
static void add_parts(joining *j, bool homes)
{
	rg__lookup *l = j->l;

	j->n = 0;
	for (uint32_t i = 0; i < l->n; i++) {
		const rg__place *p = place_at(l, i);

		if (p->kept_as_is)
			add_part(j, &(rg__part){ .uri = p->uri, .next_hop = p->uri, .branch = p->branch });
		if (rg__targets_any(p->targets))
			add_part(j, &(rg__part){ .targets = p->targets, .branch = p->branch });
		if (homes)
			add_homes(j, p);
	}
}

/* How close to a target a place came. What is malformed is never reported as not registered. */
static int closeness(int32_t code)
{
	return code == 405 ? 3 : code == 480 ? 2 : code == 400 ? 1 : 0;
}

/* Why nothing was found: the reason of the place that came closest to a target, the first of several. */
static void explain_none(rg__lookup *l, rg__joint *joint)
{
	int closest = l->malformed ? closeness(400) : -1;

	joint->result = RG_LOOKUP_NONE;
	joint->code = 400;
	for (uint32_t i = 0; i < l->n; i++) {
		const rg_targets *t = place_at(l, i)->targets;
		int close = closeness(rg_targets_code(t));

		if (close <= closest)
			continue;
		closest = close;
		joint->result = rg_targets_result(t);
		joint->code = rg_targets_code(t);
	}
}

static rg_status join_parts(rg__lookup *l, bool homes, bool partial, rg_targets **out)
{
	rg__joint joint = { .branches_only = l->settings.to_branches_only, .partial = partial };
	joining j = { .l = l };

	explain_none(l, &joint);
	add_parts(&j, homes);
	j.parts = malloc(j.n * sizeof *j.parts + j.room + 1);
	if (!j.parts)
		return RG_ENOMEM;
	j.at = (char *)(j.parts + j.n);
	add_parts(&j, homes);
	rg_status st = rg__targets_join(&joint, j.parts, j.n, out);
	for (uint32_t i = 0; st == RG_OK && i < l->n; i++) {
		rg__place *p = place_at(l, i);

		if (rg__targets_any(p->targets))
			p->targets = NULL; /* the joined targets own them now */
	}
	free(j.parts);
	return st;
}

rg_status rg__lookup_join(rg__lookup *l, rg_status status, rg_targets **out)
{
	if (status == RG_OK)
		return join_parts(l, l->sites != NULL, l->partial, out);
	if (status == RG_ESTORE && atomic_load_explicit(&l->bindings_complete, memory_order_acquire))
		return join_parts(l, false, true, out); /* time is up for the homes */
	return status;
}
