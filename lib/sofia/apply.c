/* SPDX-License-Identifier: MIT */
/* Applies rg_targets to a message: Request-URI, Route set, next hop, and the targets that the host forks to. */
#include "sofia/sofia.h"
#include <sofia-sip/sip_util.h>
#include <stdlib.h>

/* Copies the texts of a target into the message's home: they must outlive the targets. */
static bool keep_target(su_home_t *home, rg_target *t)
{
	rg_str *const texts[] = { &t->uri, &t->next_hop, &t->path, &t->received, &t->socket, &t->flow, &t->attr, &t->instance, &t->aor,
		&t->home };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		bool given = texts[i]->p != NULL;
		*texts[i] = rg__sofia_copy(home, *texts[i]);
		if (given && !texts[i]->p)
			return false;
	}
	return true;
}

/* In one allocation. */
struct rg_sofia_targets {
	uint32_t n;
	rg_target rows[];
};

static rg_status keep_all(rg_sofia_message *m, const rg_targets *targets)
{
	su_home_t *home = msg_home(m->msg);
	uint32_t n = rg_targets_count(targets);
	struct rg_sofia_targets *kept = su_zalloc(home, (isize_t)(sizeof *kept + n * sizeof kept->rows[0]));

	if (!kept)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		rg_target_init(&kept->rows[i], sizeof kept->rows[i]);
		if (rg_targets_get(targets, i, &kept->rows[i]) != RG_OK || !keep_target(home, &kept->rows[i]))
			return RG_ENOMEM;
	}
	kept->n = n;
	m->targets = kept;
	return RG_OK;
}

uint32_t rg_sofia_message_target_count(const rg_sofia_message *m)
{
	return rg__sofia_is_message(m) && m->targets ? m->targets->n : 0;
}

rg_status rg_sofia_message_target(const rg_sofia_message *m, uint32_t index, rg_target *out)
{
	rg_status status = rg_targets_get(NULL, index, out); /* librgstr judges the size, and empties what this library does not know */
	const rg_target *row;

	if (status != RG_ENOENT || index >= rg_sofia_message_target_count(m))
		return status;
	row = &m->targets->rows[index];
	uint32_t size = out->struct_size, known = size < sizeof *out ? size : sizeof *out;
	memcpy(out, row, known);
	out->struct_size = size;
	return RG_OK;
}

/* The first target for the AoR itself. A target that replaces an existing branch and a fallback are skipped. */
static int32_t choose_target(const rg_sofia_message *m, const rg_targets *targets)
{
	for (uint32_t i = 0; i < m->targets->n && !rg_targets_branches_only(targets); i++) {
		if (m->targets->rows[i].branch < 0 && m->targets->rows[i].fallback_of == UINT32_MAX)
			return (int32_t)i;
	}
	return -1;
}

/* The display names of a Path are left out of the Route: they decide nothing, and Sofia refuses some. */
static sip_route_t *route_of_path(su_home_t *home, rg_str path)
{
	rg__sofia_text list = { 0 };
	rg_str value;

	while (rg_path_next(&path, &value)) {
		if (list.n > 0)
			rg__sofia_text_z(&list, ", ");
		rg__sofia_text_str(&list, value);
	}
	msg_header_t *route = list.failed ? NULL : rg__sofia_without_names(home, sip_route_class, (rg_str){ list.p, list.n });
	free(list.p);
	return (sip_route_t *)route;
}

/* RFC 3327 §5.3: the Path becomes the preloaded Route, before the Route values that the message still has. */
static rg_status make_route(su_home_t *home, const sip_t *sip, rg_str path, sip_route_t **out)
{
	sip_route_t *last = *out = route_of_path(home, path);

	if (!last)
		return RG_EINVAL;
	while (last->r_next)
		last = last->r_next;
	last->r_next = sip->sip_route ? sip_route_dup(home, sip->sip_route) : NULL;
	return sip->sip_route && !last->r_next ? RG_ENOMEM : RG_OK;
}

static rg_status put_route(msg_t *msg, sip_t *sip, sip_route_t *route)
{
	if (sip->sip_route && msg_header_remove_all(msg, (msg_pub_t *)sip, (msg_header_t *)sip->sip_route) < 0)
		return RG_ENOMEM;
	return msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)route) < 0 ? RG_ENOMEM : RG_OK;
}

/* RFC 3261 §16.6 steps 2 and 4. Both headers are made before one of them is put into the message. */
static rg_status route_to(msg_t *msg, sip_t *sip, const rg_target *t)
{
	const sip_request_t *old = sip->sip_request;
	su_home_t *home = msg_home(msg);
	sip_request_t *rq = sip_request_create(home, old->rq_method, old->rq_method_name, URL_STRING_MAKE(t->uri.p), old->rq_version);
	sip_route_t *route = NULL;
	rg_status status = rq ? RG_OK : RG_EINVAL;

	if (status == RG_OK && t->path.n > 0)
		status = make_route(home, sip, t->path, &route);
	if (status == RG_OK && msg_header_replace(msg, (msg_pub_t *)sip, (msg_header_t *)old, (msg_header_t *)rq) < 0)
		status = RG_ENOMEM;
	return status == RG_OK && route ? put_route(msg, sip, route) : status;
}

rg_status rg__sofia_apply(void *self, void *msg, const rg_targets *targets)
{
	rg_sofia_message *m = msg;
	rg_status status;

	(void)self;
	if (!rg__sofia_is_message(m))
		return RG_EINVAL;
	sip_t *sip = m->msg ? sip_object(m->msg) : NULL;
	m->targets = NULL;
	m->routed = -1;
	m->next_hop = RG__NONE;
	if (!sip || !sip->sip_request)
		return RG_EINVAL;
	rg__sofia_first_line(m->msg); /* msg_header_replace() needs the header chain in order */
	status = keep_all(m, targets);
	int32_t chosen = status == RG_OK ? choose_target(m, targets) : -1;
	if (chosen < 0)
		return status;
	status = route_to(m->msg, sip, &m->targets->rows[chosen]);
	if (status != RG_OK)
		return status;
	m->routed = chosen;
	m->next_hop = m->targets->rows[chosen].next_hop;
	return RG_OK;
}
