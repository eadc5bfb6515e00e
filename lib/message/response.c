/* SPDX-License-Identifier: MIT */
#include "message/response.h"
#include "model/model.h"
#include <stdlib.h>

static rg_str response_keep(char **room, rg_str s)
{
	rg_str kept = { *room, s.n };

	if (s.n > 0)
		memcpy(*room, s.p, s.n);
	*room += s.n;
	return kept;
}

/* Few responses have rewrites, so they get an allocation of their own. */
static bool keep_rewrites(rg_response *r, const rg__answer *a)
{
	size_t n = a->n_rewrites * sizeof *r->rewrites;
	char *room;

	for (uint32_t i = 0; i < a->n_rewrites; i++)
		n += a->rewrites[i].uri.n;
	r->rewrites = malloc(n);
	if (!r->rewrites)
		return false;
	room = (char *)(r->rewrites + a->n_rewrites);
	for (uint32_t i = 0; i < a->n_rewrites; i++)
		r->rewrites[i] = (rg__rewrite){ a->rewrites[i].contact, response_keep(&room, a->rewrites[i].uri) };
	r->n_rewrites = a->n_rewrites;
	return true;
}

rg_status rg__response_new(const rg__answer *a, rg_response **out)
{
	size_t list = a->n_listed * sizeof a->listed[0];
	rg_response *r = malloc(sizeof *r + list + a->unsupported.n + a->received_param.n + a->path.n + a->service_route.n +
		a->gruus.n + a->feature_caps.n);
	char *room;

	*out = r;
	if (!r)
		return RG_ENOMEM;
	*r = (rg_response){ .reason = a->reason, .code = a->code, .no_reply = a->no_reply, .now = a->now, .retry_after = a->retry_after,
		.min_expires = a->min_expires, .supported = a->supported, .require = a->require, .flow_timer = a->flow_timer,
		.connection_lifetime = a->connection_lifetime, .record = rg_record_ref(a->record), .n_listed = a->n_listed };
	if (list > 0)
		memcpy(r->listed, a->listed, list);
	room = (char *)r->listed + list;
	r->unsupported = response_keep(&room, a->unsupported);
	r->received_param = response_keep(&room, a->received_param);
	if (a->path.n + a->service_route.n + a->gruus.n + a->feature_caps.n > 0) {
		r->path = response_keep(&room, a->path);
		r->service_route = response_keep(&room, a->service_route);
		r->gruus = response_keep(&room, a->gruus);
		r->feature_caps = response_keep(&room, a->feature_caps);
	}
	if (a->n_rewrites == 0 || keep_rewrites(r, a))
		return RG_OK;
	rg_response_free(r);
	*out = NULL;
	return RG_ENOMEM;
}

void rg_response_free(rg_response *r)
{
	if (!r)
		return;
	rg_record_unref(r->record);
	free(r->headers);
	free(r->rewrites);
	free(r);
}

int32_t rg_response_reason(const rg_response *r)
{
	return r ? r->reason : RG_R_INTERNAL;
}

int32_t rg_response_code(const rg_response *r)
{
	return r ? r->code : 500;
}

const char *rg_response_phrase(const rg_response *r)
{
	return rg_sip_phrase(rg_response_code(r));
}

int32_t rg_response_no_reply(const rg_response *r)
{
	return r && r->no_reply;
}

uint32_t rg_response_connection_lifetime(const rg_response *r)
{
	return r ? r->connection_lifetime : 0;
}

static const rg__shape rewrite_shape = RG__SHAPE(rg_rewrite, NULL, sizeof(rg_rewrite));

void rg_rewrite_init(rg_rewrite *rewrite, uint32_t size)
{
	rg__shape_init(&rewrite_shape, rewrite, size);
}

uint32_t rg_response_rewrite_count(const rg_response *r)
{
	return r ? r->n_rewrites : 0;
}

rg_status rg_response_rewrite(const rg_response *r, uint32_t index, rg_rewrite *out)
{
	const bool there = r && index < r->n_rewrites;
	rg_rewrite full = { .struct_size = sizeof full };

	if (there) {
		full.contact = r->rewrites[index].contact;
		full.uri = r->rewrites[index].uri;
	}
	return rg__shape_give(&rewrite_shape, there ? &full : NULL, out);
}

uint32_t rg_response_contact_count(const rg_response *r)
{
	return r ? r->n_listed : 0;
}

uint32_t rg__seconds_left(const rg_contact *c, rg_time now)
{
	int64_t left = rg__sub_sat(c->expires, now), granted = rg__sub_sat(c->expires, c->modified);

	if (left <= 0)
		return 0;
	if (granted >= 0 && granted < left)
		left = granted;
	left /= 1000;
	return left < (int64_t)UINT32_MAX ? (uint32_t)left : UINT32_MAX;
}

rg_status rg__response_contact(const rg_response *r, uint32_t index, rg_contact *out)
{
	if (!r || index >= r->n_listed)
		return RG_ENOENT;
	return rg__record_contact(r->record, r->listed[index], out);
}

rg_status rg_response_contact(const rg_response *r, uint32_t index, rg_contact *out)
{
	rg_contact full;

	return rg__shape_give(&rg__contact_shape, rg__response_contact(r, index, &full) == RG_OK ? &full : NULL, out);
}

uint32_t rg_response_contact_expires(const rg_response *r, uint32_t index)
{
	rg_contact c;

	return rg__response_contact(r, index, &c) == RG_OK ? rg__seconds_left(&c, r->now) : 0;
}
