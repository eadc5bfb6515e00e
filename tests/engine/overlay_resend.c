/* SPDX-License-Identifier: MIT */
/* Commits in doubt under a registrar: what its resends do, and what is left when it has given up. */
#include "overlay_bench.h"

static void open_over_remote(pair *p, remote *main)
{
	rg_store *main_store = remote_new(main), *overlay = NULL;

	clock_ahead = 0;
	*p = (pair){ .main = NULL };
	kit_init(&p->k);
	cr_assert_eq(rg_memory_store_new(NULL, &p->local, NULL), RG_OK);
	cr_assert_eq(rg_store_overlay(main_store, p->local, &overlay, NULL), RG_OK);
	rg_store_unref(main_store);
	kit_open_over(&p->k, overlay);
	kit_listen(&p->k);
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &p->memory_only, NULL), RG_OK);
}

static remote_fate first_lands(void *user)
{
	int *left = user;

	return (*left)-- > 0 ? REMOTE_LANDS : REMOTE_DOES;
}

Test(overlay_resend, a_phone_that_left_does_not_come_back_with_the_resend_of_its_registration)
{
	int lands = 0;
	remote main = { .fate = first_lands, .user = &lands };
	pair p;

	open_over_remote(&p, &main);
	cr_expect_eq(pair_save(&p, A1 ", " A2, 1, false), 200);
	p.k.events[0] = 0;
	lands = 1;
	cr_expect_eq(pair_save(&p, A1, 2, true), 503, "its outcome is not known");
	cr_expect_eq(pair_save(&p, A1 ";expires=0", 3, true), 200);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	pair_tick(&p, 3, 200);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	cr_expect_eq(pair_bindings(p.local), 0);
	cr_expect_eq(kit_stat(&p.k, "operations_in_flight"), 0);
	cr_expect_str_eq(p.k.events, "CONTACT_UPDATE alice@example.org sip:a@192.0.2.1:5060;CONTACT_DELETE alice@example.org "
		"sip:a@192.0.2.1:5060;");
	pair_close(&p);
	remote_clear(&main);
}

Test(overlay_resend, a_phone_that_left_and_came_back_stays)
{
	int lands = 0;
	remote main = { .fate = first_lands, .user = &lands };
	pair p;

	open_over_remote(&p, &main);
	cr_expect_eq(pair_save(&p, A1, 1, true), 200);
	cr_expect_eq(pair_save(&p, A1 ";expires=0", 2, true), 200);
	cr_expect_eq(pair_save(&p, A1, 3, true), 200, "the tombstone is the base");
	lands = 1;
	cr_expect_eq(pair_save(&p, A1 ";expires=0", 4, true), 503);
	cr_expect_eq(pair_save(&p, A1, 5, true), 200, "within the doubt about its leaving");
	pair_tick(&p, 3, 200);
	cr_expect_eq(kit_targets(&p.k, "alice"), 1);
	cr_expect_eq(pair_bindings(p.local), 1);
	const char *left = strstr(p.k.events, "CONTACT_DELETE"), *again = left ? strstr(left + 1, "CONTACT_DELETE") : NULL;
	cr_assert_not_null(again, "%s", p.k.events);
	cr_expect_not_null(strstr(again, "CONTACT_INSERT"), "in the order of the commits");
	pair_close(&p);
	remote_clear(&main);
}

/* Main answers nothing until the engine has given up and main may have forgotten. */
static void never_told(bool lands, bool star)
{
	pair p;

	clock_ahead = 0;
	pair_open_with_two(&p, INLINE);
	cr_expect_eq(pair_save(&p, "<sip:m@192.0.2.9>", 2, false), 200);
	pair_fail_main(&p, CALL_COMMIT | CALL_FETCH, -1, RG_EUNKNOWN, lands);
	p.of_main.after = 2; /* fetches, of the save itself */
	cr_expect_eq(star ? pair_save(&p, "*", 3, false) : pair_save(&p, A2 ", " B1, 3, true), 503);
	pair_tick(&p, 130, 1000);
	clock_ahead += 2 * MINUTE;
	pair_fail_main(&p, 0, 0, RG_EUNKNOWN, false);
	uint32_t asked = p.of_main.seen;
	cr_expect_eq(kit_targets(&p.k, "alice"), star ? lands ? 0 : 3 : lands ? 4 : 3);
	cr_expect_eq(p.of_main.seen, asked, "it is not sent again");
	cr_expect_eq(pair_bindings(p.local), star ? !lands : lands ? 3 : 1, "both parts or neither");
	cr_expect_eq(pair_bindings(p.main), star ? lands ? 0 : 2 : lands ? 1 : 2);
	cr_expect_eq(pair_save(&p, "<sip:c@192.0.2.3>", 5, false), 200);
	cr_expect_eq(kit_targets(&p.k, "alice"), (star ? lands ? 0 : 3 : lands ? 4 : 3) + 1);
	pair_close(&p);
	clock_ahead = 0;
}

Test(overlay_resend, what_main_has_tells_how_it_ended_when_nobody_sends_it_again)
{
	for (int bits = 0; bits < 4; bits++)
		never_told(bits & 1, bits & 2);
}
