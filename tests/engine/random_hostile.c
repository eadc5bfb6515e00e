/* SPDX-License-Identifier: MIT */
#include "random.h"

static rg_key key_of_cell(const cell *c)
{
	return (rg_key){ rg_str_from(c->domain), rg_str_from(c->user), rg_str_from(c->host) };
}

/* A record that the library would not write. NULL: no memory, or there is none. */
static rg_record *odd_record(const cell *c)
{
	static const rg_str uris[] = { { "", 0 }, { "sip:", 4 }, { "tel:+1", 6 }, { "sip:a b@h", 9 }, { "sip:a@h\0x", 9 }, { "sip:h?x=y", 9 },
		{ "sip:192.0.2.9", 13 }, { NULL, 0 } };
	const cell *of = dice(4) == 3 ? &w.cells[dice(w.n_cells)] : c;
	rg_revision revision = { .b = { 9, (uint8_t)dice(256) } };
	rg_key key = key_of_cell(of);
	rg_record *out = NULL;
	rg_contact contacts[3];
	uint32_t n = dice(4);

	for (uint32_t i = 0; i < n; i++) {
		rg_contact_init(&contacts[i], sizeof *contacts);
		contacts[i].id = dice(3);
		contacts[i].uri = uris[dice(8)];
		contacts[i].path = dice(4) == 3 ? uris[dice(8)] : (rg_str){ NULL, 0 };
		contacts[i].callid = RG_STR("odd");
		contacts[i].next_hop = RG_STR("x:1");
		contacts[i].expires = dice(2) ? w.now / 2 * 2 + 1 : dice(2) ? RG_TIME_NEVER : 0;
		contacts[i].modified = dice(2) ? w.now : INT64_MIN;
	}
	rg_record_new(&key, &revision, contacts, n, NULL, 0, (rg_str){ NULL, 0 }, &out);
	return out;
}

static void give_odd_fetch(const asked *a)
{
	static const rg_status odd[] = { RG_OK, RG_OK, RG_ECONFLICT, RG_PENDING, 77, RG_EUNKNOWN, -99, RG_ECONTRACT };
	static const uint32_t sizes[] = { sizeof(rg_fetched), 0, 8, 24, sizeof(rg_fetched) + 64 };
	struct {
		rg_fetched known;
		char later[64];
	} found = { { .authoritative = dice(3), .base = { .b = { (uint8_t)dice(3) } }, .partial = dice(4) == 3 }, { 0 } };
	rg_status status = odd[dice(8)];

	if (dice(3) == 2) {
		a->fetched(a->tok, status, NULL);
		return;
	}
	found.known.struct_size = sizes[dice(5)];
	found.known.record = odd_record(a->cell);
	found.later[63] = dice(2) != 0;
	bool refused = found.known.struct_size < sizeof found.known || (found.known.struct_size > sizeof found.known && found.later[63]);
	a->fetched(a->tok, status, &found.known);
	if (refused)
		rg_record_unref(found.known.record); /* what such an answer says is not read */
}

static void give_odd_page(const asked *a)
{
	static const rg_key keys[] = {
		{ { NULL, 0 }, { NULL, 0 }, { NULL, 0 } },
		{ { "location", 8 }, { "", 0 }, { "", 0 } },
		{ { "elsewhere", 9 }, { "user0", 5 }, { "example.org", 11 } },
		{ { "location", 8 }, { "a\0b", 3 }, { "example.org", 11 } },
		{ { "location", 8 }, { "user0", 5 }, { "example.org", 11 } },
	};
	static const rg_str cursors[] = { { NULL, 0 }, { "", 0 }, { "again", 5 }, { "\0\xff", 2 } };
	rg_keys page = { .struct_size = dice(4) == 3 ? 0 : sizeof page, .next = dice(2) ? RG_TIME_NEVER : INT64_MIN };
	uint32_t from = dice(6);

	if (from < 5) {
		page.keys = &keys[from];
		page.n = 1 + dice(5 - from);
	}
	page.cursor = cursors[dice(4)];
	if (dice(4) == 3)
		a->paged(a->tok, dice(2) ? RG_OK : 5, NULL);
	else
		a->paged(a->tok, RG_OK, &page);
}

void give_nonsense(const shim *s, const asked *a)
{
	(void)s;
	trace("    nonsense");
	if (a->kind <= ASKED_COMMIT)
		give_odd_fetch(a);
	else if (a->kind == ASKED_COUNT)
		a->counted(a->tok, dice(2) ? RG_OK : 9, UINT64_MAX, dice(2) ? UINT64_MAX : 0);
	else
		give_odd_page(a);
}

/* It draws nothing, so that a hint changes no sequence. */
uint64_t odd_hint(uint64_t hint)
{
	uint64_t last = w.hint, odd[] = { hint, last, hint ^ UINT64_C(1) << w.hints % 64, hint, hint << 32, w.hints };

	w.hint = hint;
	return odd[w.hints++ % (sizeof odd / sizeof *odd)];
}

bool break_contract(const shim *s, const asked *a, rg_status *returned)
{
	static const rg_status odd[] = { RG_OK, RG_ESTORE, RG_ECONFLICT, RG_EUNKNOWN, 77, -99 };
	uint32_t times = dice(3);

	if (s->role == OF_LOCAL)
		return false;
	trace("    the contract is broken: %u answers", times);
	for (uint32_t i = 0; i < times; i++)
		give_nonsense(s, a);
	/* It says that it will answer only if it has: else nobody would ever. */
	*returned = times > 0 && dice(4) == 3 ? RG_PENDING : odd[dice(6)];
	return true;
}
