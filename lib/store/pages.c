/* SPDX-License-Identifier: MIT */
#include "store/pages.h"

/* A store may look through many records without finding a key, but not for ever. */
enum { EMPTY_MAX = 65536 };

/* FNV-1a. A store that makes two of its own cursors collide only ends its own walk. */
static uint64_t cursor_hash(rg_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
	return h;
}

/*
 * Brent's cycle detection, which stores one cursor only: each cursor is compared with an earlier one, the mark, and the mark moves to the
 * current cursor after one, two, four, eight … pages.
 */
static bool cursor_advances(rg__walk *w, const rg__page *page)
{
	uint64_t here = cursor_hash(page->cursor);

	if (w->pages > 0 && here == w->mark)
		return false;
	if ((w->pages & (w->pages + 1)) == 0)
		w->mark = here;
	w->pages++;
	w->empty = page->n > 0 ? 0 : w->empty + 1;
	return w->empty <= EMPTY_MAX;
}

bool rg__walk_accept(rg__walk *w, rg_str domain, const rg__page *page)
{
	for (uint32_t i = 0; domain.p && i < page->n; i++) {
		if (!rg_str_equal(page->keys[i].domain, domain))
			return false;
	}
	if (page->cursor.p)
		return cursor_advances(w, page);
	*w = (rg__walk){ 0 };
	return true;
}
