/* SPDX-License-Identifier: MIT */
/* Two threads that reload the configuration at once. */
#include "kit.h"
#include "engine/registrar.h"
#include <pthread.h>
#include <unistd.h>

enum { ROUNDS = 3, HALF = RG__STRIPES / 2, PATIENCE = 100 }; /* milliseconds in which a second reload could have begun */

typedef struct reloader {
	rg_registrar *reg;
	rg_config *config;
	int64_t expires;
	rg_status status;
	atomic_bool over;
	pthread_t thread;
} reloader;

static void *reload(void *user)
{
	reloader *r = user;

	r->status = rg_registrar_configure(r->reg, r->config, NULL);
	atomic_store(&r->over, true);
	return NULL;
}

static void start_reload(reloader *r, rg_registrar *reg, int64_t expires)
{
	*r = (reloader){ .reg = reg, .expires = expires };
	cr_assert_eq(rg_config_new(&r->config), RG_OK);
	cr_assert_eq(rg_config_set_int(r->config, RG_STR("default_expires"), expires, NULL), RG_OK);
	cr_assert_eq(pthread_create(&r->thread, NULL, reload, r), 0);
}

static void end_reload(reloader *r)
{
	pthread_join(r->thread, NULL);
	cr_expect_eq(r->status, RG_OK);
	rg_config_free(r->config);
}

/* An operation takes the configuration of the processor it begins on. */
static int64_t expires_on(rg_registrar *reg, int stripe)
{
	pthread_mutex_lock(&reg->stripes[stripe].lock);
	int64_t expires = rg__config_int(reg->stripes[stripe].snapshot->config, RG__P_default_expires);
	pthread_mutex_unlock(&reg->stripes[stripe].lock);
	return expires;
}

/* False: it did not get there in this time, or failed. */
static bool gets_half_way(reloader *r, int ms)
{
	for (; ms != 0 && !atomic_load(&r->over) && expires_on(r->reg, HALF - 1) != r->expires; ms--)
		usleep(1000);
	return expires_on(r->reg, HALF - 1) == r->expires;
}

/* The first is held up half way. A second that did not wait for it could overtake it there. */
Test(reload, of_two_at_once_one_is_in_effect_everywhere)
{
	kit k;

	kit_open(&k, INLINE);
	for (int round = 0; round < ROUNDS; round++) {
		reloader first, second;

		pthread_mutex_lock(&k.reg->stripes[HALF].lock);
		start_reload(&first, k.reg, 600 + round);
		cr_assert(gets_half_way(&first, -1));
		start_reload(&second, k.reg, 700 + round);
		cr_expect_not(gets_half_way(&second, PATIENCE), "round %d: the second does not wait", round);
		pthread_mutex_unlock(&k.reg->stripes[HALF].lock);
		end_reload(&first);
		end_reload(&second);
		for (int i = 0; i < RG__STRIPES; i++)
			cr_expect_eq(expires_on(k.reg, i), 700 + round, "round %d, stripe %d: %d", round, i, (int)expires_on(k.reg, i));
	}
	kit_close(&k);
}
