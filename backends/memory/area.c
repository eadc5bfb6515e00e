/* SPDX-License-Identifier: MIT */
/* The memory of the tables. Small ones come from malloc(). When large pages are asked for, each other one gets a block whose size is a power of
 * two, out of chunks that many tables share: with 64 shards and a million keys no table fills a page of 2 MiB alone. */
#include "shard.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { CHUNK_BITS = 25, PAGE_BITS = 21 };

struct block {
	struct block *next;
};

struct mapping {
	struct mapping *next;
	char *base;
	size_t size;
};

/* The class of the smallest block of @p n bytes; BLOCK_SIZES when there is none so large. */
static uint32_t block_class(size_t n)
{
	uint32_t class = 0;
	while (class < BLOCK_SIZES && (size_t)1 << (class + BLOCK_BITS) < n)
		class++;
	return class;
}

static bool is_small(const struct area *a, size_t n)
{
	return !a->large || n < (size_t)1 << BLOCK_BITS;
}

/* Maps a chunk on the boundary of a large page. What of the chunk before is left over becomes blocks. */
static bool map_chunk(struct area *a, size_t size)
{
#ifdef MADV_HUGEPAGE
	enum { PAGE = 1 << PAGE_BITS };
	struct mapping *chunk = malloc(sizeof *chunk);
	char *mapped = chunk ? mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
	if (mapped == MAP_FAILED) {
		free(chunk);
		return false;
	}
	size_t before = -(uintptr_t)mapped & (PAGE - 1);
	if (before > 0)
		munmap(mapped, before);
	if (before < PAGE)
		munmap(mapped + before + size, PAGE - before);
	*chunk = (struct mapping){ a->chunks, mapped + before, size };
	if (madvise(chunk->base, size, MADV_HUGEPAGE) != 0) {
		munmap(chunk->base, size);
		free(chunk);
		return false;
	}
	a->chunks = chunk;
	a->at = chunk->base;
	a->end = a->at + size;
	return true;
#else
	(void)a;
	(void)size;
	return false;
#endif
}

static void give_block(struct area *a, void *p, uint32_t class)
{
	struct block *block = p;
	block->next = a->free[class];
	a->free[class] = block;
}

static void *take_block(struct area *a, uint32_t class)
{
	size_t size = (size_t)1 << (class + BLOCK_BITS);
	struct block *block = a->free[class];
	if (block) {
		a->free[class] = block->next;
		return block;
	}
	while (size > (size_t)(a->end - a->at) && a->at < a->end) {
		uint32_t rest = block_class((size_t)(a->end - a->at) / 2 + 1);
		give_block(a, a->at, rest);
		a->at += (size_t)1 << (rest + BLOCK_BITS);
	}
	if (a->at == a->end && !map_chunk(a, size > (size_t)1 << CHUNK_BITS ? size : (size_t)1 << CHUNK_BITS))
		return NULL;
	char *taken = a->at;
	a->at += size;
	return taken;
}

bool area_open(struct area *a, bool large)
{
	a->large = large;
	if (pthread_mutex_init(&a->lock, NULL) != 0)
		return false;
	a->open = true;
	return !large || map_chunk(a, (size_t)1 << CHUNK_BITS);
}

void area_close(struct area *a)
{
	for (struct mapping *next, *c = a->chunks; c; c = next) {
		next = c->next;
		munmap(c->base, c->size);
		free(c);
	}
	if (a->open)
		pthread_mutex_destroy(&a->lock);
}

void *area_take(struct area *a, size_t n)
{
	if (is_small(a, n))
		return calloc(1, n);
	uint32_t class = block_class(n);
	if (class == BLOCK_SIZES)
		return NULL;
	pthread_mutex_lock(&a->lock);
	void *p = take_block(a, class);
	pthread_mutex_unlock(&a->lock);
	return p ? memset(p, 0, n) : NULL;
}

void area_give(struct area *a, void *p, size_t n)
{
	if (!p)
		return;
	if (is_small(a, n)) {
		free(p);
		return;
	}
	pthread_mutex_lock(&a->lock);
	give_block(a, p, block_class(n));
	pthread_mutex_unlock(&a->lock);
}

void *area_grow(struct area *a, void *p, size_t had, size_t n)
{
	if (is_small(a, n))
		return realloc(p, n);
	if (!is_small(a, had) && block_class(had) == block_class(n))
		return p;
	void *grown = area_take(a, n);
	if (grown && had > 0) {
		memcpy(grown, p, had);
		area_give(a, p, had);
	}
	return grown;
}
