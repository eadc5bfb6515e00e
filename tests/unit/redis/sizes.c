/* SPDX-License-Identifier: MIT */
/* The law of struct_size (types.h) for the structs of redis.h, as tests/engine/sizes.c holds the other libraries to it. Each struct is in
 * memory of its own size, so that a sanitizer sees what lies beyond. No server is needed. */
#include <criterion/criterion.h>
#include <rgstr/redis.h>
#include <stdlib.h>
#include <string.h>

enum { BEYOND = 24 };

static rg_store *store_nowhere(void)
{
	rg_redis_options options;
	rg_store *store = NULL;

	rg_redis_options_init(&options, sizeof options);
	options.address = RG_STR("unix:/nowhere/at/all");
	cr_assert_eq(rg_redis_store_new(&options, &store, NULL), RG_OK);
	return store;
}

static rg_status read_options(rg_store *store, uint32_t index, void *room)
{
	rg_store *another = NULL;
	rg_status status = rg_redis_store_new(room, &another, NULL);

	(void)store, (void)index;
	cr_expect_eq(another != NULL, status == RG_OK);
	rg_store_unref(another);
	return status;
}

static rg_status fill_state(rg_store *store, uint32_t index, void *room)
{
	(void)index;
	return rg_redis_store_state(store, room);
}

static rg_status fill_statistic(rg_store *store, uint32_t index, void *room)
{
	return rg_redis_store_statistic(store, index, room);
}

#define INIT(type) static void init_##type(void *room, uint32_t size) { type##_init(room, size); }
INIT(rg_redis_options)
INIT(rg_redis_state)
INIT(rg_statistic)

/* A struct, and a function that takes one. */
static const struct sized {
	const char *name;
	uint32_t size;
	void (*init)(void *room, uint32_t size);
	rg_status (*use)(rg_store *store, uint32_t index, void *room);
	bool fills; /* else it reads */
} all_sized[] = {
	{ "rg_redis_store_new", sizeof(rg_redis_options), init_rg_redis_options, read_options, false },
	{ "rg_redis_store_state", sizeof(rg_redis_state), init_rg_redis_state, fill_state, true },
	{ "rg_redis_store_statistic", sizeof(rg_statistic), init_rg_statistic, fill_statistic, true },
};

/* A struct of so many bytes, as its init function leaves it; options have an address as far as they reach. */
static unsigned char *sized_room(const struct sized *s, uint32_t size)
{
	rg_redis_options options = { .address = RG_STR("unix:/nowhere/at/all") };
	size_t n = size < sizeof size ? sizeof size : size;
	unsigned char *room = calloc(1, n);

	cr_assert_not_null(room);
	s->init(room, size);
	if (!s->fills)
		memcpy(room, &options, n < sizeof options ? n : sizeof options);
	memcpy(room, &size, sizeof size);
	return room;
}

static void try_size(rg_store *store, const struct sized *s, uint32_t size)
{
	unsigned char *room = sized_room(s, size), *before = sized_room(s, size);
	size_t n = size < sizeof size ? sizeof size : size;
	bool fits = size >= s->size;

	cr_expect_eq(s->use(store, 0, room), fits ? RG_OK : RG_EINVAL, "%s of %u", s->name, size);
	cr_expect_eq(memcmp(room, before, n) != 0, fits && s->fills, "%s of %u: filled in, or else not touched", s->name, size);
	cr_expect_eq(memcmp(room, before, sizeof size), 0, "%s of %u: struct_size is the caller's", s->name, size);
	if (size > s->size) {
		cr_expect_eq(memcmp(room + s->size, before + s->size, size - s->size), 0, "%s of %u: not what is not known", s->name, size);
		room[size - 1] = 1;
		cr_expect_eq(s->use(store, 0, room), RG_EINVAL, "%s of %u", s->name, size);
	}
	free(room);
	free(before);
}

Test(redis_sizes, a_struct_is_used_when_its_size_is_one_that_a_release_had_or_refused)
{
	rg_store *store = store_nowhere();

	for (size_t i = 0; i < sizeof all_sized / sizeof *all_sized; i++) {
		cr_expect_eq(all_sized[i].use(store, 0, NULL), RG_EINVAL);
		for (uint32_t size = 0; size <= all_sized[i].size + BEYOND; size++)
			try_size(store, &all_sized[i], size);
	}
	rg_store_unref(store);
}

Test(redis_sizes, the_statistics_end_where_their_count_says)
{
	rg_store *store = store_nowhere();
	uint32_t n = rg_redis_store_statistic_count(store);
	rg_statistic statistic;

	rg_statistic_init(&statistic, sizeof statistic);
	cr_expect_gt(n, 0);
	for (uint32_t i = 0; i < n; i++) {
		cr_expect_eq(rg_redis_store_statistic(store, i, &statistic), RG_OK);
		cr_expect(statistic.name && statistic.doc, "%u", i);
	}
	cr_expect_eq(rg_redis_store_statistic(store, n, &statistic), RG_ENOENT);
	cr_expect(!statistic.name && !statistic.doc && !statistic.value && statistic.struct_size == sizeof statistic);
	rg_store_unref(store);
}

Test(redis_sizes, no_store_has_no_state_and_no_statistics)
{
	rg_redis_state state;
	rg_statistic statistic;

	rg_redis_state_init(&state, sizeof state);
	rg_statistic_init(&statistic, sizeof statistic);
	cr_expect_eq(rg_redis_store_state(NULL, &state), RG_EINVAL);
	cr_expect_eq(rg_redis_store_statistic(NULL, 0, &statistic), RG_EINVAL);
	cr_expect_eq(rg_redis_store_statistic_count(NULL), 0);
	cr_expect_eq(rg_redis_store_descriptor(NULL), -1);
	cr_expect_eq(rg_redis_store_run(NULL, 0), RG_EINVAL);
	rg_redis_store_drive(NULL);
	rg_redis_store_ready(NULL, -1, 0);
}
