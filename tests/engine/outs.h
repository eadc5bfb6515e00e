/* SPDX-License-Identifier: MIT */
/* The law of results: a row for each result that a public function writes through a pointer. */
#ifndef OUTS_H
#define OUTS_H

#include "kit.h"
#include "outs_list.h"

/* What is wrong with a call. */
enum {
	GOOD,
	WRONG,    /* an argument: RG_EINVAL */
	NOWHERE,  /* there is no registrar, or no other object: RG_EINVAL */
	MISSING,  /* what is asked for: RG_ENOENT */
	SMALL,    /* a buffer, or a limit: RG_ELIMIT */
	GARBLED,  /* what is read: RG_EFORMAT */
	CONFLICT, /* the revision of a record: RG_ECONFLICT */
	SHUT,     /* the registrar is shut down: RG_ECANCELED */
	BROKEN,   /* the store: RG_ESTORE */
	SHORT,    /* memory: RG_ENOMEM */
	FAULTS
};

#define HAS(fault) (1u << (fault))

/* The call under test, and what it works on. */
typedef struct out_room {
	kit k;
	faulty store;
	int fault;
	rg_error *why;
	uint32_t read;   /* by the adaptor */
	outcome outcome; /* of a completion form */
	phone phone;
	rg_response *response;
	rg_statistics *stats;
	rg_record *record;
} out_room;

typedef struct out_row {
	const char *function, *result;
	size_t size;                /* of the result */
	uint32_t faults;            /* HAS(…) that the call can have */
	void (*release)(void *out); /* what an owned result is released with; NULL = it is borrowed, or a value */
	rg_status (*run)(out_room *o, void *out);
} out_row;

/* A row for each result, and no other: what is missing does not link, and what is too much does not compile. */
#define DECLARE_ROW(function, result, optional, has_why) extern const out_row row_##function##_##result;
EVERY_OUT(DECLARE_ROW)

/* Defines the row of a result, and then its call, which gets the result as `out`. */
#define OUT(function_, result_, type, faults_, release_) \
	static rg_status run_##function_##_##result_(out_room *o, type *out); \
	static rg_status any_##function_##_##result_(out_room *o, void *out) \
	{ \
		return run_##function_##_##result_(o, out); \
	} \
	_Static_assert(sizeof row_##function_##_##result_ > 0, "a result of a public function"); \
	const out_row row_##function_##_##result_ = { #function_, #result_, sizeof(type), faults_, (void (*)(void *))(release_), \
		any_##function_##_##result_ }; \
	static rg_status run_##function_##_##result_(out_room *o, type *out)

#endif
