/* SPDX-License-Identifier: MIT */
#include "message/response.h"
#include "model/model.h"
#include <stdlib.h>

static size_t extras_size(const rg__extras *x)
{
	size_t n = sizeof *x + x->unsupported.n + x->path.n + x->service_route.n + x->gruus.n + x->feature_caps.n;

	for (uint32_t i = 0; i < x->n_rewrites; i++)
		n += sizeof *x->rewrites + x->rewrites[i].uri.n;
	return n;
}

size_t rg__response_size(const rg__answer *a)
{
	return sizeof(rg_response) + (a->extras ? extras_size(a->extras) : 0) + a->n_listed * sizeof *a->listed + a->received_param.n;
}

static void response_keep(char **room, rg_str *text)
{
	if (text->n > 0)
		memcpy(*room, text->p, text->n);
	text->p = *room;
	*room += text->n;
}

/* The struct and the rewrites, which are aligned, at @p room. Their texts follow later. */
static char *keep_extras(rg__answer *a, char *room)
{
	rg__extras *x = (rg__extras *)(void *)room;
	rg__rewrite *rewrites = (rg__rewrite *)(x + 1);

	*x = *a->extras;
	for (uint32_t i = 0; i < x->n_rewrites; i++)
		rewrites[i] = x->rewrites[i];
	x->rewrites = rewrites;
	a->extras = x;
	return (char *)(rewrites + x->n_rewrites);
}

static void keep_texts(rg__extras *x, char *room)
{
	rg__rewrite *rewrites = (rg__rewrite *)(x + 1);

	for (uint32_t i = 0; i < x->n_rewrites; i++)
		response_keep(&room, &rewrites[i].uri);
	response_keep(&room, &x->unsupported);
	response_keep(&room, &x->path);
	response_keep(&room, &x->service_route);
	response_keep(&room, &x->gruus);
	response_keep(&room, &x->feature_caps);
}

rg_response *rg__response_put(const rg__answer *answer, void *at, void *owner, void (*release)(void *owner))
{
	rg_response *r = at;
	char *room = (char *)(r + 1);

	r->answer = *answer;
	r->owner = owner;
	r->release = release;
	r->headers = NULL;
	r->n_headers = 0;
	if (answer->extras)
		room = keep_extras(&r->answer, room);
	uint16_t *listed = (uint16_t *)(void *)room;

	for (uint32_t i = 0; i < answer->n_listed; i++)
		listed[i] = answer->listed[i];
	r->answer.listed = listed;
	room = (char *)(listed + answer->n_listed);
	response_keep(&room, &r->answer.received_param);
	if (answer->extras)
		keep_texts((rg__extras *)(r + 1), room);
	return r;
}

void rg__response_end(rg_response *r)
{
	free(r->headers);
}

void rg_response_free(rg_response *r)
{
	if (!r)
		return;
	if (r->owner) {
		r->release(r->owner);
		return;
	}
	rg__response_end(r);
	free(r);
}

int32_t rg_response_reason(const rg_response *r)
{
	return r ? r->answer.reason : RG_R_INTERNAL;
}

int32_t rg_response_code(const rg_response *r)
{
	return r ? r->answer.code : 500;
}

const char *rg_response_phrase(const rg_response *r)
{
	return rg_sip_phrase(rg_response_code(r));
}

int32_t rg_response_no_reply(const rg_response *r)
{
	return r && r->answer.no_reply;
}

uint32_t rg_response_connection_lifetime(const rg_response *r)
{
	return r ? r->answer.connection_lifetime : 0;
}

static const rg__shape rewrite_shape = RG__SHAPE(rg_rewrite, NULL, sizeof(rg_rewrite));

void rg_rewrite_init(rg_rewrite *rewrite, uint32_t size)
{
	rg__shape_init(&rewrite_shape, rewrite, size);
}

uint32_t rg_response_rewrite_count(const rg_response *r)
{
	return r && r->answer.extras ? r->answer.extras->n_rewrites : 0;
}

rg_status rg_response_rewrite(const rg_response *r, uint32_t index, rg_rewrite *out)
{
	const bool there = index < rg_response_rewrite_count(r);
	rg_rewrite full = { .struct_size = sizeof full };

	if (there) {
		full.contact = r->answer.extras->rewrites[index].contact;
		full.uri = r->answer.extras->rewrites[index].uri;
	}
	return rg__shape_give(&rewrite_shape, there ? &full : NULL, out);
}

uint32_t rg_response_contact_count(const rg_response *r)
{
	return r ? r->answer.n_listed : 0;
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
	if (!r || index >= r->answer.n_listed)
		return RG_ENOENT;
	return rg__record_contact(r->answer.record, r->answer.listed[index], out);
}

rg_status rg_response_contact(const rg_response *r, uint32_t index, rg_contact *out)
{
	rg_contact full;

	return rg__shape_give(&rg__contact_shape, rg__response_contact(r, index, &full) == RG_OK ? &full : NULL, out);
}

uint32_t rg_response_contact_expires(const rg_response *r, uint32_t index)
{
	rg_contact c;

	return rg__response_contact(r, index, &c) == RG_OK ? rg__seconds_left(&c, r->answer.now) : 0;
}
