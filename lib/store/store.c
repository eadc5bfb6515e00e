/* SPDX-License-Identifier: MIT */
#include "store/store.h"
#include <stdlib.h>

#define STANDS_AT(member, place) _Static_assert(offsetof(rg_store_ops, member) == (place), "members are only ever appended")
STANDS_AT(struct_size, 0);
STANDS_AT(traits, 4);
STANDS_AT(name, 8);
STANDS_AT(fetch, 8 + sizeof(void *));
STANDS_AT(commit, 8 + 2 * sizeof(void *));
STANDS_AT(due, 8 + 3 * sizeof(void *));
STANDS_AT(find, 8 + 4 * sizeof(void *));
STANDS_AT(scan, 8 + 5 * sizeof(void *));
STANDS_AT(count, 8 + 6 * sizeof(void *));
STANDS_AT(watch, 8 + 7 * sizeof(void *));
STANDS_AT(unwatch, 8 + 8 * sizeof(void *));
STANDS_AT(wait, 8 + 9 * sizeof(void *));
STANDS_AT(cancel, 8 + 10 * sizeof(void *));
STANDS_AT(destroy, 8 + 11 * sizeof(void *));
STANDS_AT(prefetch, 8 + 12 * sizeof(void *));
STANDS_AT(approach, 8 + 13 * sizeof(void *));

static const rg_keys empty_page = { .next = RG_TIME_NEVER };

const rg__shape rg__fetched_shape = RG__SHAPE(rg_fetched, NULL, sizeof(rg_fetched));
const rg__shape rg__commit_shape = RG__SHAPE(rg_commit, NULL, sizeof(rg_commit));
const rg__shape rg__keys_shape = RG__SHAPE(rg_keys, &empty_page, sizeof(rg_keys));
static const rg__shape store_ops_shape = RG__SHAPE(rg_store_ops, NULL, sizeof(rg_store_ops));

void rg_fetched_init(rg_fetched *fetched, uint32_t size)
{
	rg__shape_init(&rg__fetched_shape, fetched, size);
}

void rg_commit_init(rg_commit *commit, uint32_t size)
{
	rg__shape_init(&rg__commit_shape, commit, size);
}

void rg_keys_init(rg_keys *keys, uint32_t size)
{
	rg__shape_init(&rg__keys_shape, keys, size);
}

void rg_store_ops_init(rg_store_ops *ops, uint32_t size)
{
	rg__shape_init(&store_ops_shape, ops, size);
}

static const char *missing_member(const rg_store_ops *ops)
{
	const struct {
		const char *name;
		bool there;
	} mandatory[] = {
		{ "name", ops->name != NULL },
		{ "fetch", ops->fetch != NULL },
		{ "commit", ops->commit != NULL },
		{ "due", ops->due != NULL },
		{ "find", ops->find != NULL },
		{ "scan", ops->scan != NULL },
		{ "unwatch, which goes with watch,", !ops->watch || ops->unwatch },
		{ "watch, which goes with unwatch,", !ops->unwatch || ops->watch },
	};

	for (size_t i = 0; i < sizeof mandatory / sizeof *mandatory; i++) {
		if (!mandatory[i].there)
			return mandatory[i].name;
	}
	return NULL;
}

static void free_store(rg_store *s)
{
	rg__slots_unref(s->slots);
	rg__dictionary_close(s->dictionary);
	free(s->name);
	free(s);
}

rg_status rg_store_new(const rg_store_ops *ops, void *self, rg_store **out, rg_error *why)
{
	const char *missing;
	rg_store *s;

	if (!out)
		return rg__fail(why, RG_EINVAL, "out is NULL");
	*out = NULL;
	if (!ops)
		return rg__fail(why, RG_EINVAL, "ops is NULL");
	if (!rg__shape_fits(&store_ops_shape, ops))
		return rg__shape_refuse(&store_ops_shape, ops, why);
	s = calloc(1, sizeof *s);
	if (!s)
		return rg__fail(why, RG_ENOMEM, "out of memory");
	rg__shape_take(&store_ops_shape, ops, &s->ops);
	s->self = self;
	atomic_init(&s->refs, 1);
	missing = missing_member(&s->ops);
	if (missing) {
		free(s);
		return rg__fail(why, RG_EINVAL, "the store's member %s is missing", missing);
	}
	s->ops.name = s->name = strndup(ops->name, strlen(ops->name));
	if (!(s->ops.traits & RG_STORE_INLINE))
		s->slots = rg__slots_new(s);
	if (s->ops.traits & RG_STORE_RESIDENT)
		s->dictionary = rg__dictionary_new();
	if (!s->name || (!(s->ops.traits & RG_STORE_INLINE) && !s->slots) || ((s->ops.traits & RG_STORE_RESIDENT) && !s->dictionary)) {
		free_store(s);
		return rg__fail(why, RG_ENOMEM, "out of memory");
	}
	*out = s;
	return RG_OK;
}

rg_store *rg_store_ref(rg_store *s)
{
	if (s)
		atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void rg_store_unref(rg_store *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (s->ops.destroy)
		s->ops.destroy(s->self);
	free_store(s);
}

uint32_t rg_store_traits(const rg_store *s)
{
	return s ? s->ops.traits : 0;
}

void *rg_store_self(const rg_store *s, const char *name)
{
	return s && name && strcmp(s->ops.name, name) == 0 ? s->self : NULL;
}

bool rg__store_can_block(const rg_store *s)
{
	return (s->ops.traits & RG_STORE_INLINE) || s->ops.wait;
}

uint64_t rg__store_breaches(const rg_store *s)
{
	uint64_t n = atomic_load_explicit(&s->breaches, memory_order_relaxed);

	return n + (s->slots ? rg__slots_refused(s->slots) : 0);
}

bool rg__store_prefetches(const rg_store *s)
{
	return s->ops.prefetch;
}

void rg__store_prefetch(const rg_store *s, const rg_key *keys, uint32_t n)
{
	if (s->ops.prefetch && n > 0)
		s->ops.prefetch(s->self, keys, n);
}

const char *rg__store_name(const rg_store *s)
{
	return s->ops.name;
}

const rg_store_ops *rg_store_members(const rg_store *s, void **self)
{
	if (self)
		*self = NULL;
	if (!s || !self)
		return NULL;
	*self = s->self;
	return &s->ops;
}
