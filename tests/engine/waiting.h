/* SPDX-License-Identifier: MIT */
/* Phones that sleep, and lookups that wait for them. */
#ifndef WAITING_H
#define WAITING_H

#include "kit.h"

/* Opens a registrar with push on, over memory, inline. push_open_over(): of a kit that kit_init() made, over a shim, whose reference is taken. */
void push_open(kit *k);
void push_open_over(kit *k, rg_store *store);
/* `settings`: "name value" each, beside those that turn push on; up to a NULL. Repeated, it replaces the configuration. */
void push_configure(kit *k, const char *const *settings);
#define PUSH_CONFIGURE(kit_, ...) push_configure(kit_, (const char *const[]){ __VA_ARGS__, NULL })

enum { PUSH_NO_INSTANCE = 100 };

/* A REGISTER of phone @p n of a user: its token, instance and host end in the number; from PUSH_NO_INSTANCE on it has no instance. */
const char *push_contact(int n);
int push_save(kit *k, const char *aor, int n, int cseq); /* the code of the response */
int push_save_memory_only(kit *k, int n, int cseq);      /* alice's, in the memory of this node alone */

/* What came of a wait. */
typedef struct waiting {
	kit *k;
	int branches, done, freed, inside; /* `inside`: calls under way */
	rg_status status;
	char seen[1024];        /* hosts of the targets of each branch: "2;" or "2,3;", with `#` and the branch when they have one */
	rg_targets *targets;    /* of the lookup */
	rg_wait *wait;
	void (*on_branch)(struct waiting *w);
	void (*on_done)(struct waiting *w);
} waiting;

/* An INVITE. Returns the targets: their result, and hosts as in `seen`, are appended to `seen`, as "2|" or "1 7|" */
rg_status push_lookup(waiting *w, kit *k, const char *user, const char *flags);
rg_status push_request(waiting *w, kit *k, const rg_request *request, const char *flags);
void push_invite(rg_request *request, const char *user); /* `user` lives as long as the request */

/* rg_targets_wait(). */
rg_status push_wait(waiting *w);
rg_status push_wait_why(waiting *w, rg_error *why);
void push_wait_targets(void *user, rg_status status, rg_targets *targets); /* of rg_lookup_async(): waits at once */
void push_end(waiting *w); /* releases targets and handle */

/* Moves the clock, and ticks. */
void push_later(kit *k, rg_time by);

#define EXPECT_SEEN(w, want) cr_expect_str_eq((w).seen, want, "%s", (w).seen)
#define EXPECT_EVENTS(k, want) \
	do { \
		cr_expect_str_eq((k).events, want, "%s", (k).events); \
		(k).events[0] = 0; \
	} while (0)

#endif
