/* SPDX-License-Identifier: MIT */
/* Builds responses. */
#ifndef RG__RESPONSE_H
#define RG__RESPONSE_H

#include <rgstr/response.h>
#include "text/text.h"

/* The index of a Contact value of an upstream reply, and the URI that replaces its own. */
typedef struct rg__rewrite {
	uint32_t contact;
	rg_str uri;
} rg__rewrite;

/* The content of a response. Texts are copied; the record is referenced. */
typedef struct rg__answer {
	int32_t reason, code;
	bool no_reply;
	rg_time now;
	int64_t retry_after;     /* seconds; printed with a 5xx when above 0 */
	int64_t min_expires;     /* seconds; printed with a 423 */
	rg_str unsupported;      /* printed with a 420 */
	rg_str gruus;            /* a line for each listed binding: what to append to its Contact value; absent = nothing */
	rg_str feature_caps;     /* Feature-Caps values to print, separated by LF; absent = none */
	rg_str path;             /* Path values to print, separated by LF; absent = none */
	rg_str supported, require; /* option tags, printed as they are; static */
	rg_str service_route;    /* printed as it is */
	int64_t flow_timer;      /* seconds; printed when above 0 */
	uint32_t connection_lifetime; /* seconds; 0 = none */
	const rg__rewrite *rewrites;
	uint32_t n_rewrites;
	rg_str received_param;   /* name of the Contact parameter that carries the received URI */
	const rg_record *record; /* the record of the listed bindings; NULL = none */
	const uint16_t *listed;  /* their indexes, in order */
	uint32_t n_listed;
} rg__answer;

struct rg_response {
	int32_t reason, code;
	bool no_reply;
	rg_time now;
	int64_t retry_after, min_expires;
	rg_str unsupported, received_param, path, service_route, gruus, feature_caps; /* text after `listed` */
	rg_str supported, require;
	int64_t flow_timer;
	uint32_t connection_lifetime, n_rewrites;
	rg__rewrite *rewrites; /* one allocation with their texts; NULL = none */
	rg_record *record;
	rg_header *headers; /* one allocation with their texts; NULL = not printed yet */
	uint32_t n_headers;
	uint32_t n_listed;
	uint16_t listed[];
};

rg_status rg__response_new(const rg__answer *answer, rg_response **out);

/* rg_response_contact() for a struct of today's size. RG_OK or RG_ENOENT. */
rg_status rg__response_contact(const rg_response *response, uint32_t index, rg_contact *out);

/* Whole seconds that a binding has left, but never more than were granted, even when the clock was set back. */
uint32_t rg__seconds_left(const rg_contact *c, rg_time now);

/* The end of the Contact value of binding @p index that has its GRUUs: a part of @p value; absent = it has none. */
rg_str rg__response_gruus(const rg_response *response, uint32_t index, rg_str value);

/* response_text.c: the lines of a response in rg_plan_text(). Its headers must have been rendered, or they are missing. */
void rg__print_response(rg__print *p, rg_response *response);

#endif
