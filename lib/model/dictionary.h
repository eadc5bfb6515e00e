/* SPDX-License-Identifier: MIT */
/*
 * The strings that many records of a store have in common: each stands here once, and the records refer to it. What is entered stays, at
 * its place, until the owner has closed the dictionary and the last record that refers to it is freed. So a reader takes no lock.
 *
 * Everything is bounded and fixed: the octets and the number of strings of each kind, the length of a string, and the steps of a search. A
 * string that has no room here stands in its record, as it would without a dictionary. So strangers who register with ever other strings
 * fill the room of that kind, and change nothing else.
 */
#ifndef RG__DICTIONARY_H
#define RG__DICTIONARY_H

#include <rgstr/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "text/text.h"

/*
 * Where a string of a record is. Octets of the record itself are never in its first RG__SLICE_OWN bytes. So a smaller `at` means a string of
 * the dictionary: it begins at `n & ~3`, and its length is `4 * at + (n & 3)`. {0, 0} is no string.
 */
typedef struct rg__slice {
	uint16_t at, n;
} rg__slice;

enum {
	RG__SLICE_OWN = 48, /* sizeof(rg_record) */
	RG__SHARED_LEAST = 4,
	RG__SHARED_MOST = 4 * RG__SLICE_OWN - 1, /* octets of a string */
	RG__DICTIONARY_TEXT = 65536,
	RG__DICTIONARY_SLOTS = 2048,
	RG__DICTIONARY_LANES = 128
};

/* Kinds of strings. Each has room of its own, so that none displaces another. */
enum { RG__SHARED_NAMES, RG__SHARED_PLACES, RG__SHARED_AGENTS, RG__SHARED_KINDS };

/* The records that refer to the dictionary are counted in many places, each on a line of its own: threads that make and free records at the
 * same time mostly use different ones. Only the sum means something. */
typedef struct rg__lane {
	_Alignas(64) _Atomic int64_t n;
} rg__lane;

typedef struct rg__dictionary_room {
	_Atomic uint32_t first; /* the slice of the first string, as in a slot; 0 = none */
	_Atomic uint32_t full;
	uint32_t used, n; /* octets from the start of the dictionary, and strings; changed by the thread that has `adding` */
} rg__dictionary_room;

typedef struct rg__dictionary {
	char text[RG__DICTIONARY_TEXT]; /* first: the place of a string is its distance from the dictionary */
	rg__lane lanes[RG__DICTIONARY_LANES];
	_Atomic uint32_t slots[RG__DICTIONARY_SLOTS]; /* at << 16 | n of a slice; 0 = empty. Open addressing, in a few steps */
	_Atomic int64_t left; /* what the lanes have counted and do not count, once they are closed */
	_Atomic uint32_t adding;
	rg__dictionary_room rooms[RG__SHARED_KINDS];
} rg__dictionary;

rg__dictionary *rg__dictionary_new(void); /* NULL: out of memory */

/* The owner releases it. No string may be entered afterwards, except by a record that refers to it. NULL is accepted. */
void rg__dictionary_close(rg__dictionary *d);

/* One more record refers to it, or one fewer: @p by is 1 or -1. The last one frees a closed dictionary. Any thread. */
void rg__dictionary_count(rg__dictionary *d, int64_t by);

/* Finds or enters a string. False: it has no room. Any thread, and none waits for another. */
bool rg__dictionary_put(rg__dictionary *d, unsigned kind, rg_str s, rg__slice *out);

/* The same for the domain and the host of a key, which are one string. */
bool rg__dictionary_put_names(rg__dictionary *d, rg_str domain, rg_str host, rg__slice *out);

/* The string of a slice whose `at` is below RG__SLICE_OWN. */
static inline rg_str rg__dictionary_text(const rg__dictionary *d, rg__slice s)
{
	return (rg_str){ (const char *)d + (s.n & ~3u), 4 * (size_t)s.at + (s.n & 3) };
}

static inline rg__slice rg__slice_unpack(uint32_t packed)
{
	return (rg__slice){ (uint16_t)(packed >> 16), (uint16_t)packed };
}

/* The first string of a kind, {0, 0} if there is none. At most sites most records have it, so it is worth a look before any search. */
static inline rg__slice rg__dictionary_first(const rg__dictionary *d, unsigned kind)
{
	return rg__slice_unpack(atomic_load_explicit(&d->rooms[kind].first, memory_order_acquire));
}

#endif
