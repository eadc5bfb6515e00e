/* SPDX-License-Identifier: MIT */
/*
 * Where an AoR is registered. Its homes are the contacts of a record of its own, in domain `<domain>@homes` of the store that
 * all sites share: the URI of a site, and until when that site says so.
 */
#ifndef RG__HOMES_H
#define RG__HOMES_H

#include <rgstr/policy.h>
#include "text/text.h"

#define RG__HOMES_SUFFIX RG_STR("@homes")
#define RG__HOME_LIFETIME_MOST 2592000000 /* milliseconds: 30 days */
#define RG__HOME_CLOCK_AHEAD 3600000      /* so far another site's clock may be ahead of ours */

/* Is it the domain of homes, and not of bindings? */
bool rg__homes_domain(rg_str domain);

/* Reads a home as an operator writes it, a SIP URI or a host with or without port: the URI and its tag, appended. RG_EINVAL. */
rg_status rg__home_read(rg_str text, rg__buf *uri, rg__buf *tag);

/* Has the record a live binding? */
bool rg__homes_wanted(const rg_record *record, rg_time now);

/* What a publication says. */
typedef struct rg__publication {
	const rg_key *key;  /* of the record of homes */
	rg_str home, tag;   /* as rg__home_read() wrote them */
	bool present;       /* the AoR has a live binding there */
	rg_time now, until; /* the entry is good until then */
} rg__publication;

enum { RG__HOME_KEPT, RG__HOME_PUT, RG__HOME_TAKEN };

/*
 * Makes the home's entry agree. Lapsed entries go, and those that would outlive any that may be made; whoever's they are. The plan
 * commits nothing when nothing is to change: an entry is renewed when a quarter of its life is over. It has no events. @p what becomes
 * RG__HOME_….
 */
rg_status rg__homes_plan(const rg_record *record, const rg__publication *say, const rg_revision *revision, int *what, rg_plan **out);

/* Takes lapsed homes away, as rg__prune_expired() does bindings, but without events. */
rg_status rg__homes_prune(const rg_record *record, rg_time now, const rg_revision *revision, rg_plan **out);

/*
 * Walks the live homes but for @p own: @p at starts at 0. False at the end. What another site wrote is held to what an operator may write:
 * anything that rg__home_read() would refuse is passed over.
 */
bool rg__homes_next(const rg_record *record, rg_str own, rg_time now, uint32_t *at, rg_str *home);

#endif
