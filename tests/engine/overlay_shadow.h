/* SPDX-License-Identifier: MIT */
/* What must be under the keys of an overlay: a model of its local part; main is looked at itself. */
#ifndef OVERLAY_SHADOW_H
#define OVERLAY_SHADOW_H

#include "remote.h"

enum { BINDINGS = 24, VIEWS = 2 };

/* One version of a binding. */
typedef struct copy {
	uint64_t id;
	uint32_t cseq; /* of each version another */
	rg_time modified;
} copy;

typedef struct set {
	uint32_t n;
	copy copies[BINDINGS];
} set;

/* A commit of this node. */
typedef struct change {
	rg_commit commit;
	uint32_t key;
	set local;                /* the local part with it */
	set seen_main, seen_local; /* what it was decided on */
} change;

/* What a fetch found, to commit upon. */
typedef struct view {
	bool good;
	rg_revision base, local_base;
	rg_record *record;
} view;

/* What must be under a key. Main is looked at itself. */
typedef struct shadow {
	char user[8];
	remote *main;
	set local; /* with all commits whose outcome is known */
	/* A commit in doubt, as long as nothing has told what became of it. */
	bool pending, landed;
	bool aged;  /* a minute has passed since: the overlay may have dropped it as it stood */
	bool vague; /* another one was built on such a one: nothing is known until the next success */
	rg_revision base, own;
	set before, after;
	uint32_t landed_before; /* commits that main took, when it began */
	view views[VIEWS];
} shadow;

void wrong(const char *what, uint64_t id); /* the caller's; does not return */

enum { ANY = 2 };

set read_set(const rg_record *record, uint32_t bit); /* the bindings with the local bit as it says */
remote_cell *cell_of(const shadow *s);
void note_landed(shadow *s);  /* to be called whenever something happened: main forgets */
void settle(shadow *s);       /* something told what became of the pending commit */
void check_seen(const shadow *s, const rg_fetched *found);

/* What a commit was answered. */
void landed_for_certain(shadow *s, const change *c, bool resend);
void refused_for_certain(shadow *s, const change *c);
void in_doubt(shadow *s, const change *c, bool resend);

#endif
