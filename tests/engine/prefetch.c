/* SPDX-License-Identifier: MIT */
/* Hints of a host which users it is about to ask for. They reach the store as keys, and change nothing. */
#include "pair.h"
#include <stdio.h>

#define LOCATION RG_STR("location")
#define NO ((rg_str){ NULL, 0 })
#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const rg_key alice = { { "location", 8 }, { "alice", 5 }, { "example.org", 11 } };
static const rg_key nobody = { { "location", 8 }, { "nobody", 6 }, { "example.org", 11 } };

static void open_hinted(kit *k, hinting *h)
{
	kit_init(k);
	rg_store *store = hinting_new(k->memory, h);

	kit_open_over(k, store);
}

static void expect_alice_alone(kit *k)
{
	cr_expect_eq(kit_targets(k, "alice"), 1);
	cr_expect_eq(kit_targets(k, "nobody"), 0);
	cr_expect_eq(kit_stat(k, "live_aors"), 1);
}

Test(prefetch, hands_the_keys_to_the_store)
{
	const rg_key keys[] = { alice, nobody, alice };
	hinting h = { .given = 0 };
	kit k;

	open_hinted(&k, &h);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	rg_prefetch(k.reg, keys, 3);
	cr_expect_eq(h.prefetches, 1);
	cr_expect_eq(h.last_prefetched, keys);
	cr_expect_str_eq(h.names, "location alice example.org;location nobody example.org;location alice example.org;");
	expect_alice_alone(&k);
	kit_close(&k);
}

Test(prefetch, of_nothing_asks_nothing_of_the_store)
{
	const rg_str aor = RG_STR("sip:alice@example.org"), bad = RG_STR("sip:");
	hinting h = { .given = 0 };
	kit k;

	open_hinted(&k, &h);
	rg_prefetch(NULL, &alice, 1);
	rg_prefetch(k.reg, NULL, 1);
	rg_prefetch(k.reg, &alice, 0);
	rg_prefetch_aors(NULL, LOCATION, &aor, 1);
	rg_prefetch_aors(k.reg, LOCATION, NULL, 1);
	rg_prefetch_aors(k.reg, LOCATION, &aor, 0);
	rg_prefetch_aors(k.reg, LOCATION, &bad, 1);
	cr_expect_eq(h.prefetches, 0);
	rg_registrar_shutdown(k.reg);
	rg_prefetch_aors(k.reg, LOCATION, &aor, 1);
	cr_expect_eq(h.prefetches, 0);
	kit_close(&k);
}

Test(prefetch, does_nothing_over_a_store_without_the_member)
{
	const rg_str aors[] = { RG_STR("sip:alice@example.org"), RG_STR("sip:nobody@example.org") };
	const rg_key keys[] = { alice, nobody };
	kit k;

	for (int how = INLINE; how <= DEFERRED; how++) {
		hinting h = { .deaf = true };

		if (how == INLINE)
			open_hinted(&k, &h);
		else
			kit_open(&k, how);
		cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
		rg_prefetch(k.reg, keys, 2);
		rg_prefetch_aors(k.reg, NO, aors, 2);
		cr_expect_eq(h.prefetches, 0);
		cr_expect(!k.deferred || deferred_pending(k.deferred) == 0);
		expect_alice_alone(&k);
		kit_close(&k);
	}
}

Test(prefetch, goes_to_both_parts_of_an_overlay)
{
	const rg_str aor = RG_STR("alice@example.org");
	hinting of_main = { .given = 0 }, of_local = { .given = 0 };
	rg_store *store = NULL;
	kit k;

	kit_init(&k);
	rg_store *main = hinting_new(k.memory, &of_main), *inner = kit_store(), *local = hinting_new(inner, &of_local);

	cr_assert_eq(rg_store_overlay(main, local, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	cr_expect_eq(kit_save(&k, "alice", A1, 1), 200);
	cr_expect_eq(of_main.approaches, 1);
	cr_expect_eq(of_local.approaches, 0, "steps are taken towards main alone");
	rg_prefetch(k.reg, &nobody, 1);
	rg_prefetch_aors(k.reg, NO, &aor, 1);
	cr_expect_str_eq(of_main.names, "location nobody example.org;location alice example.org;");
	cr_expect_str_eq(of_local.names, of_main.names);
	expect_alice_alone(&k);
	kit_close(&k);
	rg_store_unref(main);
	rg_store_unref(local);
	rg_store_unref(inner);
}

/* What a REGISTER has in To, and a request in its Request-URI. */
static const struct {
	const char *aor, *name; /* NULL = passed over */
} forms[] = {
	{ "sip:alice@example.org", "location alice example.org;" },
	{ "<sip:alice@example.org>;tag=8", "location alice example.org;" },
	{ "\"A. Lice\" <sips:alice@example.org;user=phone>", "location alice example.org;" },
	{ "sip:%41lice@EXAMPLE.org.:5070;transport=tcp", "location Alice example.org;" },
	{ "alice@example.org", "location alice example.org;" },
	{ "sip:alice@example.org;gr=urn:uuid:1", "location alice example.org;" },
	{ "sip:[2001:DB8:0::1]", "location  [2001:db8::1];" },
	{ NULL, NULL },
	{ "", NULL },
	{ "sip:", NULL },
	{ "tel:+15551234", NULL },
	{ "<sip:alice@example.org", NULL },
	{ "sip:%zz@example.org", NULL },
};

Test(prefetch, reads_an_aor_as_a_save_and_a_lookup_do)
{
	rg_str aors[ROWS(forms)];
	char all[4096] = "";
	kit k;

	for (size_t i = 0; i < ROWS(forms); i++) {
		hinting h = { .given = 0 };

		aors[i] = rg_str_from(forms[i].aor);
		open_hinted(&k, &h);
		rg_prefetch_aors(k.reg, NO, &aors[i], 1);
		cr_expect_str_eq(h.names, forms[i].name ? forms[i].name : "", "%s", forms[i].aor);
		strcat(all, forms[i].name ? forms[i].name : "");
		kit_close(&k);
	}
	hinting h = { .given = 0 };

	open_hinted(&k, &h);
	rg_prefetch_aors(k.reg, NO, aors, ROWS(forms));
	cr_expect_str_eq(h.names, all);
	cr_expect_eq(h.prefetches, 1);
	kit_close(&k);
}

Test(prefetch, of_many_aors_hands_over_each_of_them)
{
	enum { MANY = 100 };
	char texts[MANY][32], all[4096] = "";
	rg_str aors[MANY];
	hinting h = { .given = 0 };
	rg_config *config = NULL;
	kit k;

	for (int i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof texts[i], "sip:User%d@example.org", i);
		aors[i] = rg_str_from(texts[i]);
		snprintf(all + strlen(all), sizeof all - strlen(all), "other user%d ;", i);
	}
	open_hinted(&k, &h);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set_int(config, RG_STR("use_domain"), 0, NULL), RG_OK);
	cr_assert_eq(rg_config_set_int(config, RG_STR("case_sensitive"), 0, NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
	rg_prefetch_aors(k.reg, RG_STR("other"), aors, MANY);
	cr_expect_eq(h.prefetched, MANY);
	cr_expect_str_eq(h.names, all);
	rg_config_free(config);
	kit_close(&k);
}

/* The user of each REGISTER, and whether the AoR in it can be read. */
static const struct {
	const char *user;
	bool read;
} registered[] = { { "alice", true }, { "%61lice", true }, { "%zz", false } };

Test(prefetch, a_save_brings_the_record_of_its_aor_nearer_in_steps)
{
	for (uint64_t steps = 0; steps < 3; steps++) {
		for (size_t i = 0; i < ROWS(registered); i++) {
			hinting h = { .steps = steps };
			kit k;

			open_hinted(&k, &h);
			cr_expect_eq(kit_save(&k, registered[i].user, A1, 1), registered[i].read ? 200 : 400);
			cr_expect_eq(h.approaches, !registered[i].read ? 0 : steps == 0 ? 1 : 2, "%s: %u", registered[i].user, h.approaches);
			cr_expect_eq(h.strayed, 0);
			cr_expect(!registered[i].read || memcmp(h.approached, "location\0alice\0example.org", 27) == 0);
			cr_expect_eq(kit_targets(&k, "alice"), registered[i].read);
			cr_expect_leq(h.approaches, 2, "a lookup fetches as soon as it knows the AoR");
			kit_close(&k);
		}
	}
}

/* A Contact that cannot be read is told of in its turn, after To. */
Test(prefetch, a_refused_save_may_have_taken_steps)
{
	hinting h = { .steps = 2 };
	kit k;

	open_hinted(&k, &h);
	cr_expect_eq(kit_save(&k, "alice", "<sip:", 1), 400);
	cr_expect_eq(h.approaches, 2);
	cr_expect_eq(h.commits, 0);
	kit_close(&k);
}

static void same_bytes(void *user, void *bytes, size_t n)
{
	(void)user;
	memset(bytes, 7, n);
}

/* The targets of a user of whom two bindings are saved, with the ids that were drawn for these. */
static void print_drawn(bool hinted, char *room, size_t size)
{
	const rg_str aor = RG_STR("sip:alice@example.org");
	hinting h = { .given = 0 };
	rg_targets *targets = NULL;
	rg_request invite;
	size_t n = 0;
	kit k;

	kit_init(&k);
	k.env.random = same_bytes;
	rg_store *store = hinting_new(k.memory, &h);
	kit_open_over(&k, store);
	for (int cseq = 1; cseq <= 2; cseq++) {
		if (hinted)
			rg_prefetch_aors(k.reg, NO, &aor, 1);
		cr_expect_eq(kit_save(&k, "alice", cseq == 1 ? A1 : A2, cseq), 200);
	}
	cr_expect_eq(h.prefetches, hinted ? 2 : 0);
	rg_request_init(&invite, sizeof invite);
	invite.method = RG_STR("INVITE");
	invite.request_uri = aor;
	cr_expect_eq(rg_lookup(k.reg, &invite, NULL, &targets, NULL), RG_OK);
	cr_expect_eq(rg_targets_text(targets, RG_TEXT_OPAQUE, room, size - 1, &n), RG_OK);
	room[n < size ? n : 0] = '\0';
	rg_targets_free(targets);
	kit_close(&k);
}

Test(prefetch, leaves_alone_what_later_operations_draw)
{
	char texts[2][1024];

	for (int hinted = 0; hinted < 2; hinted++)
		print_drawn(hinted, texts[hinted], sizeof texts[hinted]);
	cr_expect(strstr(texts[0], "binding_id: ") != NULL);
	cr_expect_str_eq(texts[0], texts[1]);
}
