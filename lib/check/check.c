/* SPDX-License-Identifier: MIT */
/* rg_store_check(): the store contract as a program. Each case gets a new store. */
#include "check/check.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const rg__check_case *const all_cases[] = { rg__check_basic, rg__check_index, rg__check_due, rg__check_cursor, rg__check_fate,
	rg__check_watch, rg__check_random, rg__check_threads, rg__check_overlay, rg__check_hint };

bool rg__check_that(rg__check *ck, bool fine, const char *format, ...)
{
	va_list args;

	if (fine || !rg__check_ok(ck))
		return rg__check_ok(ck);
	va_start(args, format);
	vsnprintf(ck->wrong, sizeof ck->wrong, format, args);
	va_end(args);
	return false;
}

uint64_t rg__check_draw(rg__check *ck) /* splitmix64 */
{
	uint64_t z = ck->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

rg_revision rg__check_mint(rg__check *ck)
{
	rg_revision r;
	uint64_t words[2] = { rg__check_draw(ck), ++ck->minted };

	memcpy(r.b, words, sizeof r.b);
	return r;
}

void *rg__check_keep(rg__check *ck, size_t size)
{
	ck->kept = calloc(1, size);
	rg__check_that(ck, ck->kept != NULL, "the check ran out of memory");
	return ck->kept;
}

static rg_status run_case(const rg_store_check_options *o, const rg__check_case *c, uint32_t *failed)
{
	rg__check ck = { .options = o, .random = o->seed };
	rg_status status = o->open(o->user, &ck.store);

	if (status != RG_OK)
		return status;
	ck.ops = rg_store_members(ck.store, &ck.self);
	c->run(&ck);
	rg__check_settled(&ck);
	rg_store_unref(ck.store);
	rg__check_settled(&ck);
	rg__check_free_answers(&ck);
	free(ck.kept);
	*failed += !rg__check_ok(&ck);
	const rg_str name = rg_str_from(c->name), wrong = rg_str_from(ck.wrong);
	if (o->report)
		o->report(o->user, &name, &wrong);
	return RG_OK;
}

static const uint32_t check_options_sizes[] = { sizeof(rg_store_check_options) };

void rg_store_check_options_init(rg_store_check_options *options, uint32_t size)
{
	if (!options || size < sizeof size)
		return;
	memset(options, 0, size);
	memcpy(options, &size, sizeof size);
}

rg_status rg_store_check(const rg_store_check_options *options, uint32_t *failed)
{
	rg_store_check_options o = { .struct_size = sizeof o };
	uint32_t n = 0;
	rg_status status = RG_OK;

	if (failed)
		*failed = 0;
	if (!rg_struct_fits(options, check_options_sizes, sizeof check_options_sizes / sizeof check_options_sizes[0]))
		return RG_EINVAL;
	memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
	if (!o.open)
		return RG_EINVAL;
	o.seed = o.seed ? o.seed : 1;
	o.many = o.many ? o.many : 100000;
	o.threads = o.threads ? o.threads : 4;
	for (size_t i = 0; i < sizeof all_cases / sizeof *all_cases; i++) {
		for (const rg__check_case *c = all_cases[i]; c->name && status == RG_OK; c++)
			status = run_case(&o, c, &n);
	}
	if (failed)
		*failed = n;
	if (status != RG_OK)
		return status;
	return n > 0 ? RG_ECONTRACT : RG_OK;
}
