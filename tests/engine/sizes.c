/* SPDX-License-Identifier: MIT */
/* The law of struct_size (types.h), over every function of librgstr and librgstr-memory that reads a caller's struct or fills one in.
 * tests/abi/older.py runs this on a library that is two members ahead of its client, and on one that is two members behind. */
#include "sizes.h"
#include <sys/mman.h>
#include <unistd.h>

#if !defined(AHEAD)
#define AHEAD 0 /* how many bytes more than this client the library knows of each struct, in members of 8 bytes */
#endif

/* The members that were appended to a struct since the first release. */
static const struct {
	const char *type;
	uint32_t offset;
} appended[] = {
	{ "", 0 }, /* { "rg_query", offsetof(rg_query, member) }, */
};

enum { BEYOND = 24, CANARY = 16 };

/* What the library knows. */
static uint32_t library_size(const probe *p)
{
	return (uint32_t)((int)p->size + AHEAD);
}

static bool is_accepted(const probe *p, uint32_t size)
{
	for (size_t i = 0; i < sizeof appended / sizeof *appended; i++) {
		if (appended[i].offset == size && strcmp(appended[i].type, p->type) == 0)
			return true;
	}
	return size >= library_size(p) || (size >= p->size && (size - p->size) % 8 == 0);
}

static bool all_are(const unsigned char *at, size_t n, unsigned char value)
{
	for (size_t i = 0; i < n; i++) {
		if (at[i] != value)
			return false;
	}
	return true;
}

enum { EDGE = 8 };

/* A page, and behind it one that nobody may read or write. */
static unsigned char *pages_new(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
	return pages;
}

static void pages_free(unsigned char *pages)
{
	munmap(pages, 2 * (size_t)sysconf(_SC_PAGESIZE));
}

/*
 * A struct of so many bytes, and behind it what belongs to somebody else: @p canary bytes, then a page that nobody may touch. Without a
 * canary the page begins at the end of every struct that is accepted, because a size that is accepted is a multiple of EDGE.
 */
static unsigned char *room_in(unsigned char *pages, size_t size, size_t canary)
{
	size_t n = (size < sizeof(uint32_t) ? sizeof(uint32_t) : size) + canary, page = (size_t)sysconf(_SC_PAGESIZE);

	return memset(pages + page - (n + EDGE - 1) / EDGE * EDGE, 0xee, n);
}

static void probe_filled_in(scene *s, const probe *p, uint32_t size, size_t canary)
{
	unsigned char *pages = pages_new(), *others = pages_new();
	unsigned char *room = room_in(pages, size, canary), *past = room_in(others, size, canary);
	bool fits = is_accepted(p, size);
	size_t known = !fits ? sizeof size : size < library_size(p) ? size : library_size(p);

	p->init(past, size);
	memcpy(past, &size, sizeof size);
	p->init(room, size);
	memcpy(room, &size, sizeof size);
	cr_expect_eq(p->use(s, 0, room), fits ? RG_OK : RG_EINVAL, "%s of %u", p->name, size);
	cr_expect(memcmp(room, &size, sizeof size) == 0, "%s of %u: struct_size is the caller's", p->name, size);
	cr_expect_eq(memcmp(room, past, size) != 0, fits, "%s of %u: filled in, or else not touched", p->name, size);
	cr_expect(size <= known || memcmp(room + known, past + known, size - known) == 0, "%s of %u: not what is not known", p->name, size);
	cr_expect_eq(p->use(s, UINT32_MAX, room), fits ? RG_ENOENT : RG_EINVAL, "%s of %u", p->name, size);
	cr_expect(memcmp(room, past, size) == 0, "%s of %u: past the last one it is emptied", p->name, size);
	if (canary > 0)
		cr_expect(all_are(room + (size < 4 ? 4 : size), canary, 0xee), "%s of %u: nothing behind it is written", p->name, size);
	if (size > library_size(p)) {
		room[size - 1] = 1;
		cr_expect_eq(p->use(s, 0, room), RG_EINVAL, "%s of %u", p->name, size);
		room[size - 1] = 0;
		cr_expect(memcmp(room, past, size) == 0, "%s of %u: not touched", p->name, size);
	}
	pages_free(pages);
	pages_free(others);
}

Test(sizes, a_struct_is_filled_in_as_far_as_both_know_it_or_refused)
{
	scene s;

	open_scene(&s);
	for (size_t i = 0; i < n_filled_in; i++) {
		const probe *p = &filled_in[i];

		cr_expect_eq(p->use(&s, 0, NULL), RG_EINVAL, "%s", p->name);
		cr_expect_eq(p->use(&s, UINT32_MAX, NULL), RG_EINVAL, "%s", p->name);
		for (uint32_t size = 0; size <= p->size + BEYOND; size++) {
			probe_filled_in(&s, p, size, CANARY);
			probe_filled_in(&s, p, size, 0);
		}
	}
	close_scene(&s);
}

static void probe_read_in(scene *s, const probe *p, const unsigned char *whole, uint32_t size)
{
	unsigned char *pages = pages_new(), *room = room_in(pages, size, 0);

	memset(room, 0, size);
	memcpy(room, whole, size < p->size ? size : p->size);
	memcpy(room, &size, sizeof size);
	cr_expect_eq(p->use(s, 0, room), is_accepted(p, size) ? RG_OK : RG_EINVAL, "%s of %u", p->name, size);
	for (uint32_t at = library_size(p); at < size; at++) {
		room[at] = 1;
		cr_expect_eq(p->use(s, 0, room), RG_EINVAL, "%s of %u with something at %u", p->name, size, at);
		room[at] = 0;
	}
	pages_free(pages);
}

Test(sizes, a_struct_is_read_when_its_size_is_one_that_a_release_had_or_refused)
{
	scene s;

	open_scene(&s);
	for (size_t i = 0; i < n_read_in; i++) {
		const probe *p = &read_in[i];
		unsigned char *pages = pages_new(), *whole = room_in(pages, p->size, 0);

		p->fill(&s, whole);
		cr_expect_eq(p->use(&s, 0, NULL), RG_EINVAL, "%s", p->name);
		for (uint32_t size = 0; size <= p->size + BEYOND; size++)
			probe_read_in(&s, p, whole, size);
		pages_free(pages);
	}
	close_scene(&s);
}

Test(sizes, the_words_name_the_struct)
{
	static const rg_env env = { .struct_size = 8 };
	static const rg_federation_options options = { .struct_size = 8 };
	static const rg_memory_options memory = { .struct_size = 8 };
	rg_remove_filter filter = { .struct_size = 8 };
	rg_error *why = rg_error_new();
	rg_registrar *reg = NULL;
	rg_store *store = NULL;
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(rg_registrar_new(NULL, k.memory, &env, &reg, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "rg_env.struct_size is 8, which is no size that this library knows: call rg_env_init()");
	cr_expect_eq(rg_registrar_federate(k.reg, k.memory, RG_STR("192.0.2.1"), &options, why), RG_EINVAL);
	cr_expect_not_null(strstr(rg_error_text(why).p, "call rg_federation_options_init()"));
	cr_expect_eq(rg_memory_store_new(&memory, &store, why), RG_EINVAL);
	cr_expect_not_null(strstr(rg_error_text(why).p, "call rg_memory_options_init()"));
	cr_expect_eq(rg_remove(k.reg, &filter, NULL, why), RG_EINVAL);
	cr_expect_not_null(strstr(rg_error_text(why).p, "call rg_remove_filter_init()"));
	rg_error_free(why);
	kit_close(&k);
}
