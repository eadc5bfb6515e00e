/* SPDX-License-Identifier: MIT */
/* Lookups that wait for devices that a push notification wakes (RFC 8599 §5.3): over the inline memory store, one registrar. */
#include "waiting.h"
#include <stdio.h>

#define WOKE "CONTACT_REFRESH alice@example.org sip:p@192.0.2.1;pn-provider=acme;pn-prid=t1;"

Test(waits, a_device_that_registers_again_gives_a_branch_with_its_target)
{
	waiting w;
	kit k;

	push_open(&k, NULL);
	kit_listen(&k);
	cr_expect_eq(push_save(&k, "alice", 1, 1), 200);
	k.events[0] = 0;
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	EXPECT_EVENTS(k, WOKE);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(k.woken, k.now + 3000); /* half of pn_refresh_timeout */
	push_later(&k, 1000);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_save(&k, "bob", 1, 1), 200);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	EXPECT_SEEN(w, "2|1;");
	cr_expect_eq(w.done, 1);
	cr_expect_eq(w.status, RG_OK);
	cr_expect_eq(w.freed, 1);
	cr_expect_eq(kit_stat(&k, "wakeups_sent"), 1);
	cr_expect_eq(kit_stat(&k, "wakeups_answered"), 1);
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 0);
	push_end(&w);
	kit_close(&k);
	cr_expect(k.freed);
}

Test(waits, the_time_is_over_after_pn_refresh_timeout)
{
	waiting w;
	kit k;

	push_open(&k, NULL);
	PUSH_CONFIGURE(&k, "pn_refresh_timeout 4");
	cr_expect_eq(push_save(&k, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(rg_targets_code(w.targets), 480);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	cr_expect_eq(kit_tick(&k), k.now + 2000);
	push_later(&k, 2000);
	cr_expect_eq(kit_tick(&k), k.now + 2000);
	push_later(&k, 1999);
	cr_expect_eq(w.done, 0);
	push_later(&k, 1);
	cr_expect_eq(w.done, 1);
	cr_expect_eq(w.status, RG_ETIMEOUT);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(kit_stat(&k, "wakeups_sent"), 0); /* nobody listens */
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 1);
	push_end(&w);
	kit_close(&k);
}

Test(waits, a_canceled_wait_gets_no_branch)
{
	waiting w;
	kit k;

	push_open(&k, NULL);
	cr_expect_eq(push_save(&k, "alice", 1, 1), 200);
	cr_expect_eq(push_lookup(&w, &k, "alice", NULL), RG_OK);
	cr_expect_eq(push_wait(&w), RG_PENDING);
	rg_wait_cancel(w.wait);
	cr_expect_eq(w.status, RG_ECANCELED);
	cr_expect_eq(w.freed, 1);
	rg_wait_cancel(w.wait);
	cr_expect_eq(push_save(&k, "alice", 1, 2), 200);
	push_later(&k, 6000);
	EXPECT_SEEN(w, "2|");
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 0);
	push_end(&w);
	kit_close(&k);
}
