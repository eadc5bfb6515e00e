/* SPDX-License-Identifier: MIT */
/* GRUUs (RFC 5627) of a registrar: the secret that seals them, and what a reload does to them. */
#include "kit.h"

static rg_config *config_of(const char *disable_gruu, const char *secret)
{
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("disable_gruu"), rg_str_from(disable_gruu), NULL), RG_OK);
	if (secret)
		cr_assert_eq(rg_config_set(config, RG_STR("gruu_secret"), rg_str_from(secret), NULL), RG_OK);
	return config;
}

static void reload(kit *k, const char *disable_gruu, const char *secret)
{
	rg_config *config = config_of(disable_gruu, secret);

	cr_assert_eq(rg_registrar_configure(k->reg, config, NULL), RG_OK);
	rg_config_free(config);
}

static int warnings(const kit *k)
{
	int n = 0;

	for (const char *at = k->log; (at = strstr(at, "gruu_secret is unset")) != NULL; at++)
		n++;
	return n;
}

Test(gruu, a_random_secret_is_warned_of_once_and_only_with_gruu_on)
{
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(warnings(&k), 0, "%s", k.log);
	reload(&k, "0", "secret");
	cr_expect_eq(warnings(&k), 0, "%s", k.log);
	reload(&k, "1", NULL);
	cr_expect_eq(warnings(&k), 0, "%s", k.log);
	reload(&k, "0", NULL);
	reload(&k, "0", NULL);
	cr_expect_eq(warnings(&k), 1, "%s", k.log);
	kit_close(&k);
}
