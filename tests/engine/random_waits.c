/* SPDX-License-Identifier: MIT */
/* Waits for devices that lookups woke: each ends once, after its last branch, and leaves nothing behind. */
#include "random.h"

enum { WAITS = 32 };

static struct waiting {
	bool used, over, inside;
	rg_wait *wait; /* NULL = nobody has a handle */
} waits[WAITS];

static void came_back(void *user, rg_targets *targets)
{
	struct waiting *of = user;

	if (of->over || of->inside)
		wrong("a branch comes after its wait, or within another", "wait");
	if (rg_targets_count(targets) == 0)
		wrong("a branch has no target", "wait");
	rg_targets_free(targets);
	of->inside = true;
	if (chance(40))
		rg_wait_cancel(of->wait);
	of->inside = false;
}

static void is_over(void *user, rg_status status)
{
	struct waiting *of = user;

	if (of->over || of->inside)
		wrong("a wait ends twice, or within a branch", "wait");
	if (status != RG_OK && status != RG_ETIMEOUT && status != RG_ECANCELED && status != RG_ESTORE)
		wrong("a wait ends with what is none of its statuses", "wait");
	of->over = true;
}

static void waiting_freed(void *user)
{
	struct waiting *of = user;

	if (!of->over)
		wrong("the user data of a wait is released too early", "wait");
	rg_wait_free(of->wait);
	*of = (struct waiting){ .used = false };
}

void wait_for(rg_targets *targets)
{
	struct waiting *of = waits;

	while (of < waits + WAITS && of->used)
		of++;
	if (of == waits + WAITS || chance(40))
		return;
	*of = (struct waiting){ .used = true };
	rg_status st = rg_targets_wait(targets, came_back, is_over, of, waiting_freed, dice(2) ? &of->wait : NULL, NULL);

	if (st != RG_OK && st != RG_PENDING)
		wrong("a lookup that woke a device is not waited for", "wait");
	if (st == RG_OK && of->used)
		wrong("a wait is said to be over, and is not", "wait");
}

void check_waits_over(void)
{
	for (uint32_t i = 0; i < WAITS; i++) {
		if (waits[i].used)
			wrong("a wait never ends", "wait");
	}
}
