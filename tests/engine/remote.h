/* SPDX-License-Identifier: MIT */
/* A main store as on another machine: it remembers revisions, also of deletions, and the outcome of a commit may be lost on the way. */
#ifndef REMOTE_H
#define REMOTE_H

#include <rgstr/store.h>
#include <stdbool.h>

enum { REMOTE_KEYS = 4, REMOTE_REMEMBERED = 8, REMOTE_LATE_MAX = 16 };

/* What becomes of a commit. LANDS and LOSES are both answered with RG_EUNKNOWN; so is LATE, which is done by remote_do_late(). */
typedef enum remote_fate { REMOTE_DOES, REMOTE_REFUSES, REMOTE_LANDS, REMOTE_LOSES, REMOTE_LATE } remote_fate;

typedef struct remote_cell {
	char user[16];
	rg_record *record;
	rg_revision base;                    /* of the record, or of its deletion */
	rg_revision last[REMOTE_REMEMBERED]; /* a ring of the revisions that landed */
	uint32_t landed;                     /* how many did */
} remote_cell;

typedef struct remote {
	remote_cell cells[REMOTE_KEYS];
	struct remote_late {
		char user[16];
		rg_commit commit;
	} late[REMOTE_LATE_MAX];
	uint32_t n_late;
	remote_fate (*fate)(void *user); /* NULL: it does every commit */
	void *user;
	rg_status refusal;               /* of REFUSES */
	rg_status (*fetching)(void *user); /* what a fetch answers; NULL: what there is */
	uint32_t commits;                /* that were asked for */
	uint32_t leaks;                  /* bindings with RG_CONTACT_LOCAL that landed */
} remote;

rg_store *remote_new(remote *r); /* inline; @p r outlives it */
void remote_clear(remote *r);

remote_cell *remote_cell_of(remote *r, rg_str user); /* made when it is not there */
rg_status remote_take(remote *r, const rg_key *key, const rg_commit *commit); /* a commit of another node: RG_OK or RG_ECONFLICT */
bool remote_has_landed(remote *r, rg_str user, const rg_revision *revision); /* as far as it remembers */
bool remote_do_late(remote *r, uint32_t which); /* false: it conflicted */

#endif
