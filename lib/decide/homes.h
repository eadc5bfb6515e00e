/* SPDX-License-Identifier: MIT */
/*
 * The sites where an AoR is registered: its homes. They are the contacts of a record of its own, in domain `<domain>@homes` of the store
 * that all sites share. An entry has the URI of a site and the time until which it is valid.
 */
#ifndef RG__HOMES_H
#define RG__HOMES_H

#include <rgstr/policy.h>
#include "text/text.h"

#define RG__HOMES_SUFFIX RG_STR("@homes")
#define RG__HOME_LIFETIME_MOST 2592000000 /* milliseconds: 30 days */
#define RG__HOME_CLOCK_AHEAD 3600000      /* milliseconds: the clock of another site may be ahead of ours by this */

/* True of a domain of homes, false of a domain of bindings. */
bool rg__homes_domain(rg_str domain);

/* May a host save to this domain? RG_EINVAL: no, with words. */
rg_status rg__homes_spared(rg_str domain, rg_error *why);

/* Reads a home as an operator writes it, a SIP URI or a host with or without port. Appends its URI and its tag. RG_EINVAL. */
rg_status rg__home_read(rg_str text, rg__buf *uri, rg__buf *tag);

/* True when the record has a live binding. */
bool rg__homes_wanted(const rg_record *record, rg_time now);

/* A publication. */
typedef struct rg__publication {
	const rg_key *key;  /* of the record of homes */
	rg_str home, tag;   /* as rg__home_read() wrote them */
	bool present;       /* the AoR has a live binding there */
	rg_time now, until; /* the entry is valid until then */
} rg__publication;

enum { RG__HOME_KEPT, RG__HOME_PUT, RG__HOME_TAKEN };

/*
 * Makes the entry of the home agree with @p say. Removes the lapsed entries of all sites, and entries that would live longer than any can.
 * An entry is renewed when a quarter of its life is over. The plan commits nothing when nothing changes. It has no events. Sets @p what to
 * RG__HOME_….
 */
rg_status rg__homes_plan(const rg_record *record, const rg__publication *say, const rg_revision *revision, int *what, rg_plan **out);

/* Removes lapsed homes, as rg__prune_expired() removes lapsed bindings, but without events. */
rg_status rg__homes_prune(const rg_record *record, rg_time now, const rg_revision *revision, rg_plan **out);

/*
 * Walks the live homes except @p own: @p at starts at 0. False at the end. Skips an entry of another site that rg__home_read() would refuse.
 */
bool rg__homes_next(const rg_record *record, rg_str own, rg_time now, uint32_t *at, rg_str *home);

#endif
