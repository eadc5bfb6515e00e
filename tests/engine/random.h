/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of every verb, and a shadow model of bindings and events.
 *
 * A string of bytes is the source of all choices: first those of the world (which stores, how they fail, who listens), then those of the
 * steps, nested in callbacks. A test makes the string from a seed; the fuzzer invents it. Nothing else is random, and all clocks are the
 * world's, so that a string repeats its sequence.
 *
 *   random_store.c     a store that defers, fails, guesses, conflicts and forgets
 *   random_inner.c     the memory store in it, and what landed there, maybe late
 *   random_hostile.c   answers that break the contract of a store
 *   random_shadow.c    what was there when, and what events and answers may say of it
 *   random_waits.c     waits for devices that lookups woke
 *   random_gruu.c      GRUUs that a 200 gave, and what a lookup by one may find
 *   random_verbs.c     one call of each verb
 *   random_steps.c     the steps
 *   random_world.c     the beginning, the end, and what holds at the end
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <stdbool.h>
#include <string.h>

enum {
	CELLS = 32,    /* keys, of all stores together */
	MOST = 24,     /* bindings of a key */
	STATES = 192,  /* of a key, in a sequence */
	RING = 16,     /* revisions that a store remembers of a key */
	PENDING = 64,  /* answers that wait */
	LATE = 8,      /* commits that are performed late */
	CALLS = 64,    /* of the completion form, under way */
	EARS = 3,
	NAMES = 16,    /* host names to be resolved */
	USERS = 3,
	PHONES = 5,
	GIVEN = 12     /* temporary GRUUs that are remembered */
};

/* One version of a binding. */
typedef struct copy {
	uint64_t id, hash; /* of everything that a binding has */
	rg_time expires, modified;
	rg_time last;      /* when the last copy of it expires: of an overlay, both parts may have one */
	uint32_t uri, cseq;
	uint32_t instance;   /* 0 = none */
	uint64_t generation; /* as a fetch shows it */
	bool is_flow;      /* of several flows of an instance, a lookup gives one */
	bool is_local;     /* kept by the local part of an overlay */
} copy;

typedef struct state {
	uint32_t n;
	copy copies[MOST];
} state;

/* What a store holds under a key. */
typedef struct part {
	bool present;
	rg_revision base;       /* of the record, or of its deletion */
	rg_time deadline;
	state state;
	rg_revision ring[RING]; /* that landed */
	uint32_t landed;
	rg_record *old;         /* what was there before; for guesses */
	rg_revision old_base;
} part;

typedef struct cell {
	char domain[24], user[24], host[24];
	part parts[2];          /* of an overlay the second one is the local part */
	uint32_t n_states;
	bool vague;             /* too much has happened to follow it */
	uint32_t heard_at;      /* the state that the events have come to */
	state heard;
	bool aor_there;         /* the last event of the AoR itself was AOR_INSERT */
} cell;

/* Out of 256 calls, how many end like this. */
typedef struct odds {
	uint8_t defers, fails, unknown, conflicts, guesses, breaks;
} odds;

enum { OF_MAIN, OF_LOCAL, OF_SHARED };

typedef struct shim {
	rg_store *inner, *store;
	int role;
	bool is_inline, remembers, buries; /* buries: the base of a deleted record is the revision of its deletion */
	odds odds;
} shim;

/* Which bindings of its key a lookup is for. */
enum { NAMES_ALL, NAMES_PUBLIC, NAMES_TEMPORARY, NAMES_NOBODY };

typedef struct naming {
	int kind;
	uint32_t instance;
	uint64_t generation; /* of a temporary GRUU */
} naming;

typedef struct given {
	cell *cell;
	naming names;
	char uri[400];
} given;

typedef struct call {
	bool used, returned, walks, held; /* held: in use further up the stack */
	const char *verb;
	int called, freed;
	rg_op *op;
	rg_error *why;
	cell *cell;        /* NULL: of no certain key */
	uint32_t from;     /* the state when it began */
	rg_time now;
	uint32_t uri;      /* 0 = any */
	bool exact;        /* its answer lists what there is */
	bool gets_gruus;   /* of a save: its client supports them */
	naming names;       /* of a lookup */
	uint32_t stop_after;
} call;

typedef struct ear {
	rg_subscription *subscription;
	uint32_t mask;
	bool began;        /* has heard something */
	uint64_t heard, wanted, freed;
} ear;

typedef struct world {
	const uint8_t *bytes;
	size_t n_bytes, at;
	uint64_t noise;    /* of env.random */
	const char *how;   /* the command that repeats the sequence */
	bool trace;

	rg_time now;
	int64_t monotonic; /* microseconds */
	rg_time due;       /* when the host was told to tick */
	uint32_t depth, steps, cseq;
	bool calm;         /* nothing fails any more */
	bool went_back;    /* the clock was set back */
	bool hostile, hostile_shared, overlay, shared_trait, has_wait, has_ear, short_of_memory, shut;
	bool has_gruu;
	bool sleeps;       /* devices with push parameters are asleep, and no targets */
	int resolving;     /* 0 = no resolver, 1 = at once, 2 = anyhow */

	shim shims[3];
	bool federated;
	rg_store *store;   /* what the registrar is over */
	rg_registrar *reg;
	bool env_freed;
	uint32_t undecided; /* commits that the log calls lost */
	bool local_failed;  /* a write to the local part of an overlay did */
	uint32_t failing_left; /* steps until allocations succeed again */
	uint32_t run_left;
	long kept;

	cell cells[CELLS];
	uint32_t n_cells;
	uint64_t hint;     /* of the last answer */
	uint32_t hints;    /* answers so far */
	call calls[CALLS];
	given given[GIVEN]; /* the last ones */
	uint32_t n_given;
	ear ears[EARS];
	ear main_ear;
	struct {
		uint32_t kind;
		uint64_t id;
		rg_time at;
	} last_event;
	struct {
		rg_resolve_done_cb done;
		void *tok;
	} names[NAMES];
	uint32_t n_names;
	rg_save_options *save_options[4];
	rg_lookup_options *lookup_options[4];
} world;

extern world w;
extern state states[CELLS][STATES];

/* @return a number below @p below, at most 65536; 0 when the bytes are used up. */
uint32_t dice(uint32_t below);
bool chance(uint8_t of_256); /* never when all is calm */
bool more(void);             /* are there bytes left? */
long long time_until(rg_time at); /* in milliseconds; a time before 1970 counts as 1970 */
void wrong(const char *what, const char *of) __attribute__((noreturn));
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* random_waits.c */
void wait_for(rg_targets *targets); /* of a lookup that woke devices */
void check_waits_over(void);        /* once the registrar is gone */

/* random_store.c */
rg_store *shim_new(shim *s);
void answer_one(uint32_t nth);
uint32_t answers_waiting(void);
void answer_all(void);

/* random_inner.c */
cell *cell_of(const rg_key *key);
void end_lates(bool perform); /* those commits are performed, or lost */
void end_old_lates(int64_t monotonic); /* of those that are older than a store takes, by then */
void perform_late(void);
void forget_stores(void);

/* random_hostile.c. Answers in its own way. @return false: not this time. */
typedef struct asked {
	int kind;
	cell *cell;
	rg_fetch_cb fetched; /* a commit's is the same type */
	rg_keys_cb paged;
	rg_count_cb counted;
	void *tok;
} asked;

enum { ASKED_FETCH, ASKED_COMMIT, ASKED_DUE, ASKED_FIND, ASKED_SCAN, ASKED_COUNT };

bool break_contract(const shim *s, const asked *a, rg_status *returned);
void give_nonsense(const shim *s, const asked *a);
uint64_t odd_hint(uint64_t hint); /* what a store answers instead of its hint */

/* random_shadow.c */
void read_state(const rg_record *record, state *out);
void check_generations(const rg_record *record, const char *user);
void state_changed(cell *c);                 /* a part has */
const state *state_now(const cell *c);
void event_heard(const rg_event *e);         /* by the ear that hears all */
void check_listed(const call *c, const uint64_t *ids, uint32_t n, bool partial);
void check_listed_by_gruu(const call *c, const uint64_t *ids, uint32_t n, bool partial);
void check_walked(uint32_t from, const rg_record *record);
void check_gone(const call *c);
void check_heard(cell *c, const state *there); /* at rest */
bool can_follow(const cell *c);
uint32_t count_live(const state *s, rg_time now);
uint32_t hash_text(rg_str text);

/* random_gruu.c */
void keep_gruus(const call *c, rg_response *response);
bool draw_gruu(cell *of, given *out); /* false: not this time */
void check_named(const call *c, const rg_targets *targets);

/* random_verbs.c */
void call_verb(uint32_t which);
enum { VERBS = 13 };
call *call_begin(const char *verb, cell *c);
void call_freed(void *user);
void check_call(call *c, rg_status returned);
void release_call(call *c, bool keep_op);
cell *cell_of_user(uint32_t user, uint32_t domain);
void remove_user(uint32_t user, uint32_t domain);

/* random_steps.c */
void take_step(void);
void nest(void);             /* maybe a step, from within a callback */
void start_listening(ear *e, uint32_t mask);
void hear(void *user, const rg_event *event);
void stop_listening(ear *e);
void fail_allocations(uint32_t nth, uint32_t run);
void end_failing(void);
void answer_name(uint32_t which, bool finds);
void tick_once(uint32_t limit);
void set_clock(rg_time to);

/* random_world.c. @p how: see above. */
void random_sequence(const uint8_t *bytes, size_t n, const char *how, bool traced);
rg_config *draw_config(void);

#endif
