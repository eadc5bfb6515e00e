/* SPDX-License-Identifier: MIT */
#include "message/response.h"
#include "model/model.h"
#include <stdlib.h>

/* The texts of few responses. */
static size_t rare_texts(const rg__answer *a)
{
	size_t n = a->unsupported.n + a->path.n + a->service_route.n + a->gruus.n + a->feature_caps.n;

	for (uint32_t i = 0; i < a->n_rewrites; i++)
		n += sizeof *a->rewrites + a->rewrites[i].uri.n;
	return n;
}

size_t rg__response_size(const rg__answer *a)
{
	return sizeof(rg_response) + a->n_listed * sizeof *a->listed + a->received_param.n + rare_texts(a);
}

static void response_keep(char **room, rg_str *text)
{
	if (text->n > 0)
		memcpy(*room, text->p, text->n);
	text->p = *room;
	*room += text->n;
}

static void keep_rare_texts(rg__answer *a, rg__rewrite *rewrites, char *room)
{
	for (uint32_t i = 0; i < a->n_rewrites; i++)
		response_keep(&room, &rewrites[i].uri);
	response_keep(&room, &a->unsupported);
	response_keep(&room, &a->path);
	response_keep(&room, &a->service_route);
	response_keep(&room, &a->gruus);
	response_keep(&room, &a->feature_caps);
}

rg_response *rg__response_put(const rg__answer *answer, void *at, void *owner, void (*release)(void *owner))
{
	rg_response *r = at;
	rg__rewrite *rewrites = (rg__rewrite *)(r + 1);
	uint16_t *listed = (uint16_t *)(rewrites + answer->n_rewrites);
	char *room = (char *)(listed + answer->n_listed);

	r->answer = *answer;
	r->answer.rewrites = rewrites;
	r->answer.listed = listed;
	r->owner = owner;
	r->release = release;
	r->headers = NULL;
	r->n_headers = 0;
	for (uint32_t i = 0; i < answer->n_rewrites; i++)
		rewrites[i] = answer->rewrites[i];
	for (uint32_t i = 0; i < answer->n_listed; i++)
		listed[i] = answer->listed[i];
	response_keep(&room, &r->answer.received_param);
	if (rare_texts(answer) > 0)
		keep_rare_texts(&r->answer, rewrites, room);
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
	return r ? r->answer.n_rewrites : 0;
}

rg_status rg_response_rewrite(const rg_response *r, uint32_t index, rg_rewrite *out)
{
	const bool there = r && index < r->answer.n_rewrites;
	rg_rewrite full = { .struct_size = sizeof full };

	if (there) {
		full.contact = r->answer.rewrites[index].contact;
		full.uri = r->answer.rewrites[index].uri;
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
