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

/* What few responses have. */
typedef struct rg__extras {
	int64_t retry_after;     /* seconds; printed with a 5xx when above 0 */
	int64_t min_expires;     /* seconds; printed with a 423 */
	int64_t flow_timer;      /* seconds; printed when above 0 */
	rg_str supported, require; /* option tags, printed as they are; static */
	rg_str unsupported;      /* printed with a 420 */
	rg_str path;             /* Path values to print, separated by LF; absent = none */
	rg_str service_route;    /* printed as it is */
	rg_str gruus;            /* a line for each listed binding: what to append to its Contact value; absent = nothing */
	rg_str feature_caps;     /* Feature-Caps values to print, separated by LF; absent = none */
	const rg__rewrite *rewrites;
	uint32_t n_rewrites;
} rg__extras;

/* The content of a response. */
typedef struct rg__answer {
	int32_t reason, code;
	rg_time now;
	uint32_t connection_lifetime; /* seconds; 0 = none */
	uint32_t n_listed;
	const uint16_t *listed;  /* the indexes of the listed bindings, in order */
	const rg_record *record; /* of the listed bindings; the owner of the response holds it. NULL = none */
	rg_str received_param;   /* name of the Contact parameter that carries the received URI */
	const rg__extras *extras; /* NULL = none */
	bool no_reply;
} rg__answer;

/* One allocation, which is the owner's or its own: the struct, the extras, the rewrites, the list, the texts. */
struct rg_response {
	rg__answer answer;
	void *owner; /* NULL = none: it is an allocation of its own */
	void (*release)(void *owner);
	rg_header *headers; /* an allocation with their texts; NULL = not printed yet */
	uint32_t n_headers;
};

/* The bytes that a response with this content takes. */
size_t rg__response_size(const rg__answer *answer);

/* Makes it in @p room of so many bytes, aligned as the struct. All but the record is copied. rg_response_free() then releases @p owner, which
 * outlives the response and calls rg__response_end() before it frees the room; NULL: the room is an allocation of the response. */
rg_response *rg__response_put(const rg__answer *answer, void *room, void *owner, void (*release)(void *owner));
void rg__response_end(rg_response *response);

/* rg_response_contact() for a struct of today's size. RG_OK or RG_ENOENT. */
rg_status rg__response_contact(const rg_response *response, uint32_t index, rg_contact *out);

/* Whole seconds that a binding has left, but never more than were granted, even when the clock was set back. */
uint32_t rg__seconds_left(const rg_contact *c, rg_time now);

/* The end of the Contact value of binding @p index that has its GRUUs: a part of @p value; absent = it has none. */
rg_str rg__response_gruus(const rg_response *response, uint32_t index, rg_str value);

/* response_text.c: the lines of a response in rg_plan_text(). Its headers must have been rendered, or they are missing. */
void rg__print_response(rg__print *p, rg_response *response);

#endif
