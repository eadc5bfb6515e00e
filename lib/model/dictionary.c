/* SPDX-License-Identifier: MIT */
#include "model/dictionary.h"
#include <stdlib.h>

/* Octets and strings of each kind. All strings fill half of the slots, and the octets are all there are. */
static const struct {
	uint32_t from, to, most;
} rooms[RG__SHARED_KINDS] = {
	[RG__SHARED_NAMES] = { 0, 16384, 256 },
	[RG__SHARED_PLACES] = { 16384, 32768, 256 },
	[RG__SHARED_AGENTS] = { 32768, RG__DICTIONARY_TEXT, 512 },
};

/* A string is in one of so many slots. */
enum { STEPS = 8 };

/* A lane that has this value, give or take the records of all time, is closed. */
#define LANE_CLOSED (INT64_C(1) << 62)

/* `left` has this on top until the lanes are closed, so that no sum of some of them is zero. */
#define LEFT_OPEN (INT64_C(1) << 61)

rg__dictionary *rg__dictionary_new(void)
{
	rg__dictionary *d = aligned_alloc(_Alignof(rg__dictionary), sizeof *d);

	if (d == NULL)
		return NULL;
	/* The text is left as it is, so that what is not used takes no memory. */
	memset((char *)d + sizeof d->text, 0, sizeof *d - sizeof d->text);
	for (unsigned kind = 0; kind < RG__SHARED_KINDS; kind++)
		d->rooms[kind].used = rooms[kind].from;
	atomic_init(&d->left, LEFT_OPEN);
	return d;
}

static RG__NOINLINE void count_left(rg__dictionary *d, int64_t by)
{
	if (atomic_fetch_add_explicit(&d->left, by, memory_order_acq_rel) + by == 0)
		free(d);
}

void rg__dictionary_close(rg__dictionary *d)
{
	int64_t sum = 0;

	if (d == NULL)
		return;
	for (unsigned i = 0; i < RG__DICTIONARY_LANES; i++)
		sum += atomic_exchange_explicit(&d->lanes[i].n, LANE_CLOSED, memory_order_acq_rel);
	count_left(d, sum - LEFT_OPEN);
}

/* The stack tells threads apart, at no cost. That two of them have one lane, or one thread has two, is as right. */
static inline rg__lane *lane_of_thread(rg__dictionary *d)
{
	char here;
	uint64_t stack = (uint64_t)(uintptr_t)&here >> 16;

	return &d->lanes[stack * UINT64_C(0x9e3779b97f4a7c15) >> 57];
}

void rg__dictionary_count(rg__dictionary *d, int64_t by)
{
	_Static_assert(RG__DICTIONARY_LANES == 1 << (64 - 57), "the shift above");

	if (atomic_fetch_add_explicit(&lane_of_thread(d)->n, by, memory_order_release) >= LANE_CLOSED / 2)
		count_left(d, by);
}

/* Reads at most 24 octets. Strings that differ only between them share their slots, of which there are few: the later ones have no room. */
static uint32_t sample_hash(rg_str s)
{
	uint64_t a, b, c;

	if (s.n < 8) {
		uint32_t from, to;

		memcpy(&from, s.p, sizeof from);
		memcpy(&to, s.p + s.n - sizeof to, sizeof to);
		a = from;
		b = c = to;
	} else {
		memcpy(&a, s.p, sizeof a);
		memcpy(&b, s.p + s.n / 2 - 4, sizeof b);
		memcpy(&c, s.p + s.n - sizeof c, sizeof c);
	}
	a = (a ^ s.n) * UINT64_C(0x9e3779b97f4a7c15);
	a = (a ^ a >> 32 ^ b) * UINT64_C(0xd6e8feb86659fd93);
	a = (a ^ a >> 32 ^ c) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(a >> 32);
}

static rg__slice slice_at(size_t offset, size_t n)
{
	return (rg__slice){ (uint16_t)(n >> 2), (uint16_t)(offset | (n & 3)) };
}

typedef enum { FOUND, NOT_THERE, CROWDED } findings;

/* NOT_THERE: @p slot becomes the empty slot where it belongs. CROWDED: there is none. */
static findings find_text(rg__dictionary *d, rg_str s, uint32_t hash, uint32_t *slot, rg__slice *out)
{
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t at = (hash + i) % RG__DICTIONARY_SLOTS, packed = atomic_load_explicit(&d->slots[at], memory_order_acquire);

		if (packed == 0) {
			*slot = at;
			return NOT_THERE;
		}
		rg__slice had = rg__slice_unpack(packed);
		rg_str text = rg__dictionary_text(d, had);

		if (text.n == s.n && rg__same_text(text.p, s.p, s.n)) {
			*out = had;
			return FOUND;
		}
	}
	return CROWDED;
}

/* Under `adding`. */
static bool enter_text(rg__dictionary *d, unsigned kind, rg_str s, uint32_t slot, rg__slice *out)
{
	rg__dictionary_room *room = &d->rooms[kind];
	uint32_t takes = ((uint32_t)s.n + 3) & ~3u, packed;

	if (room->n == rooms[kind].most || takes > rooms[kind].to - room->used) {
		atomic_store_explicit(&room->full, 1, memory_order_relaxed);
		return false;
	}
	memcpy(d->text + room->used, s.p, s.n);
	*out = slice_at(room->used, s.n);
	packed = (uint32_t)out->at << 16 | out->n;
	room->used += takes;
	if (room->n++ == 0)
		atomic_store_explicit(&room->first, packed, memory_order_release);
	atomic_store_explicit(&d->slots[slot], packed, memory_order_release);
	return true;
}

bool rg__dictionary_put(rg__dictionary *d, unsigned kind, rg_str s, rg__slice *out)
{
	uintptr_t offset = (uintptr_t)s.p - (uintptr_t)d;
	uint32_t slot, hash;
	bool done;

	if (s.n < RG__SHARED_LEAST || s.n > RG__SHARED_MOST)
		return false;
	if (offset < sizeof d->text && offset % 4 == 0) { /* a string of a record that refers to this dictionary */
		*out = slice_at(offset, s.n);
		return true;
	}
	hash = sample_hash(s);
	findings found = find_text(d, s, hash, &slot, out);

	if (found != NOT_THERE || atomic_load_explicit(&d->rooms[kind].full, memory_order_relaxed))
		return found == FOUND;
	if (atomic_exchange_explicit(&d->adding, 1, memory_order_acquire) != 0) /* this once, the string stands in its record */
		return false;
	found = find_text(d, s, hash, &slot, out);
	done = found == FOUND || (found == NOT_THERE && enter_text(d, kind, s, slot, out));
	atomic_store_explicit(&d->adding, 0, memory_order_release);
	return done;
}

bool rg__dictionary_put_names(rg__dictionary *d, rg_str domain, rg_str host, rg__slice *out)
{
	size_t n = domain.n, all = n + host.n;
	char room[RG__SHARED_MOST];
	rg_str first;

	if (all == 0 || all > sizeof room)
		return false;
	*out = rg__dictionary_first(d, RG__SHARED_NAMES);
	first = rg__dictionary_text(d, *out);
	if (first.n == all && rg__same_text(first.p, domain.p, n) && rg__same_text(first.p + n, host.p, host.n))
		return true;
	if (n > 0)
		memcpy(room, domain.p, n);
	if (host.n > 0)
		memcpy(room + n, host.p, host.n);
	return rg__dictionary_put(d, RG__SHARED_NAMES, (rg_str){ room, all }, out);
}
