/* SPDX-License-Identifier: MIT */
/* The law of struct_size (types.h): which sizes of a caller's struct are accepted, and how such a struct is read and filled in. */
#ifndef RG__SHAPE_H
#define RG__SHAPE_H

#include <rgstr/status.h>
#include <stdbool.h>
#include <stddef.h>

/* A public struct that has a struct_size. */
typedef struct rg__shape {
	const char *name;      /* of the type, as "rg_request" */
	const uint32_t *sizes; /* of rg_struct_fits() */
	uint32_t n;
	const void *defaults;  /* the struct as its init function makes it; NULL = all zero */
} rg__shape;

/* The shape of a type. The arguments after its defaults are the offset of each member that was appended since the first release, then the
 * size of the type. */
#define RG__SHAPE(type, defaults_of_type, ...) \
	{ #type, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t), defaults_of_type }

/* What a caller's struct says of its size. */
static inline uint32_t rg__struct_size(const void *given)
{
	return *(const uint32_t *)given; /* the first member of every such struct */
}

/* Today's size. */
static inline uint32_t rg__shape_size(const rg__shape *shape)
{
	return shape->sizes[shape->n - 1];
}

/* What the init function of the type does, for a caller that knows the struct with @p size bytes. NULL is accepted. */
void rg__shape_init(const rg__shape *shape, void *caller, uint32_t size);

/* The caller's struct has a size that is accepted. False for NULL. */
bool rg__shape_fits(const rg__shape *shape, const void *given);

/* Reads a caller's struct into @p room, which has today's size; what the caller does not know has its default. False: the size is refused. */
bool rg__shape_take(const rg__shape *shape, const void *given, void *room);

/*
 * Fills in a caller's struct from @p full, which has today's size; NULL = there is nothing to tell. The caller's struct_size stays.
 * @return RG_OK; RG_ENOENT without @p full, the struct is then empty; RG_EINVAL: @p out is NULL, or its size is refused.
 */
rg_status rg__shape_give(const rg__shape *shape, const void *full, void *out);

/* Reports that the size of a caller's struct, not NULL, is refused. Returns RG_EINVAL. */
rg_status rg__shape_refuse(const rg__shape *shape, const void *given, rg_error *why);

#endif
