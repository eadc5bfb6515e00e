/* SPDX-License-Identifier: MIT */
/* The world of the model check: a registrar, what the naive model makes of it, and dice. */
#ifndef MODEL_H
#define MODEL_H

#include "naive.h"
#include <rgstr/memory.h>

enum { AORS = 4, URIS = 6, CALLIDS = 3 };
enum { PUSHED = 3 }; /* the last URIS, that push parameters may follow */

/* More than there are reasons. */
enum { AGREED_ROOM = 64 };

typedef struct world {
	uint64_t state, seed;
	uint32_t step;
	const char *verb;
	rg_time now;
	uint32_t cseq;
	naive_rules rules;
	naive_aor aors[AORS];
	naive_request sent[AORS]; /* a REGISTER of each, to be sent again */
	rg_registrar *reg;
	rg_store *store;
	rg_save_options *options[2]; /* the second with memory-only */
	rg_subscription *events;
	naive_answer want;
	naive_event got[NAIVE_EVENTS];
	uint32_t n_got;
	int agreed[AGREED_ROOM];
	rg_registrar *other; /* another site; NULL = there is none */
	rg_store *other_store, *sites;
	rg_time other_until[AORS]; /* when the other site's binding lapses */
	int repeated; /* REGISTERs sent again */
	int flows, shown; /* 200s with Require: outbound, with a Path */
	int found, fallbacks, unable, left_out, measured; /* lookups by what came of them, and pings that counted */
	int offered, moved, woken; /* 200s with Feature-Caps, devices that came back from another address, wake-ups */
	int wide, homes, local; /* lookups of several, targets at the other site, bindings kept here */
} world;

uint32_t dice(world *w, uint32_t below);
void fail(const world *w, const char *what); /* does not return */
void uri_of(uint32_t i, char room[64]);
void compare_events(world *w);
void tick(world *w);

/* model_lookup.c */
void look_up(world *w, uint32_t who);
void measure(world *w, uint32_t who);
void register_there(world *w, uint32_t who); /* with the other site, or off */

#endif
