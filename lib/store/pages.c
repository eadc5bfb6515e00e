/* SPDX-License-Identifier: MIT */
#include "store/pages.h"

/* A walk is short of work, not of pages: a store may look through much that has no key of ours, but not for ever. */
enum { EMPTY_MAX = 65536 };

/* FNV-1a: a store that makes two of its own cursors alike cheats only itself. */
static uint64_t hash_of(rg_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
	return h;
}

/*
 * Brent's way to find a circle without remembering all of it: each cursor is compared with one that was met earlier, which moves on
 * after one, two, four, eight … pages.
 */
static bool goes_on(rg__walk *w, const rg__page *page)
{
	uint64_t here = hash_of(page->cursor);

	if (w->pages > 0 && here == w->mark)
		return false;
	if ((w->pages & (w->pages + 1)) == 0)
		w->mark = here;
	w->pages++;
	w->empty = page->n > 0 ? 0 : w->empty + 1;
	return w->empty <= EMPTY_MAX;
}

bool rg__walk_holds(rg__walk *w, rg_str domain, const rg__page *page)
{
	for (uint32_t i = 0; domain.p && i < page->n; i++) {
		if (!rg_str_equal(page->keys[i].domain, domain))
			return false;
	}
	if (page->cursor.p)
		return goes_on(w, page);
	*w = (rg__walk){ 0 };
	return true;
}
