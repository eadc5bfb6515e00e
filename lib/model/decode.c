/* SPDX-License-Identifier: MIT */
/* MessagePack → record. Anybody with access to the store may have written the bytes, so every value is checked. */
#include "model/codec.h"
#include "model/model.h"
#include <stdlib.h>

/* The fewest bytes of an encoded binding, with all mandatory keys. An array that claims more bindings than fit is malformed. */
#define LEAST_CONTACT_BYTES 32

/* Unknown keys are copied into one allocation, which holds as much as the largest record can. */
typedef struct pool {
	char *p;
	size_t n, room;
} pool;

enum { FEW_CONTACTS = 2, FEW_ADDRS = 16 };

/* What most records need, on the stack. It is not cleared. */
typedef struct reader_room {
	rg_contact contacts[FEW_CONTACTS];
	rg_addr addrs[FEW_ADDRS];
	rg_removal removals[RG_REMOVALS_MAX];
} reader_room;

typedef struct reader {
	rg__mp at;
	const uint8_t *start;
	rg_error *why;
	bool told; /* an inner function already reported the reason */
	pool record_extra, contact_extra, more_addrs;
	rg__scratch contacts;
	rg__parts parts;
	uint32_t n_addrs; /* in `room` */
	reader_room *room;
} reader;

/* @p key is a known key or absent: an unknown one would put foreign text into a log line. */
static rg_status flaw(reader *r, rg_status status, const rg__codec_map *map, rg_str key, const char *what)
{
	size_t at = (size_t)(r->at.p - r->start);

	if (r->told)
		return status;
	r->told = true;
	if (key.p == NULL)
		return rg__fail(r->why, status, "stored record, near byte %zu: %s: %s", at, map->what, what);
	return rg__fail(r->why, status, "stored record, near byte %zu: %s, key \"%.*s\": %s", at, map->what, (int)key.n, key.p, what);
}

/* Takes @p n bytes of a pool. The first use allocates its memory, which never moves. NULL: *status says why. */
static char *pool_take(reader *r, pool *p, size_t n, rg_status *status)
{
	size_t input = (size_t)(r->at.end - r->start) * 4; /* an address takes 20 bytes here and at least 8 in the input */

	*status = RG_OK;
	if (p->p == NULL) {
		p->room = input < RG_RECORD_BYTES_MAX ? input : RG_RECORD_BYTES_MAX;
		p->p = malloc(p->room);
	}
	if (p->p == NULL)
		*status = RG_ENOMEM;
	else if (n > p->room - p->n)
		*status = RG_ELIMIT;
	if (*status != RG_OK)
		return NULL;
	p->n += n;
	return p->p + p->n - n;
}

static rg_status read_number(const rg__codec_key *key, const rg__mp_item *item, void *field)
{
	if (key->kind == RG__KEY_TIME) {
		if (item->kind != RG__MP_INT && (item->kind != RG__MP_UINT || item->u > INT64_MAX))
			return RG_EFORMAT;
		*(rg_time *)field = (rg_time)item->u;
		return RG_OK;
	}
	if (item->kind != RG__MP_UINT || item->u < key->least || item->u > key->most)
		return RG_EFORMAT;
	if (key->kind == RG__KEY_U64)
		*(uint64_t *)field = item->u;
	else if (key->kind == RG__KEY_Q)
		*(int32_t *)field = (int32_t)item->u;
	else
		*(uint32_t *)field = (uint32_t)item->u;
	return RG_OK;
}

static rg_status read_addr(reader *r, rg_addr *out)
{
	rg__mp_item item;
	const uint8_t *p;
	size_t n;

	if (!rg__mp_next(&r->at, &item) || item.kind != RG__MP_BIN || (item.s.n != 6 && item.s.n != 18))
		return RG_EFORMAT;
	p = (const uint8_t *)item.s.p;
	n = item.s.n - 2;
	*out = (rg_addr){ .family = n == 4 ? 4 : 6, .port = (uint16_t)(p[n] << 8 | p[n + 1]) };
	memcpy(out->ip, p, n);
	return RG_OK;
}

static rg_status read_addrs(reader *r, const rg__mp_item *item, rg_contact *into)
{
	rg_status status = RG_OK;
	rg_addr *list;
	uint32_t i;

	if (item->kind != RG__MP_ARRAY || item->u == 0)
		return RG_EFORMAT;
	if (item->u > RG__ADDRS_MAX)
		return RG_ELIMIT;
	if (item->u <= FEW_ADDRS - r->n_addrs) {
		list = &r->room->addrs[r->n_addrs];
		r->n_addrs += (uint32_t)item->u;
	} else {
		list = (rg_addr *)(void *)pool_take(r, &r->more_addrs, (size_t)item->u * sizeof *list, &status);
	}
	for (i = 0; i < item->u && status == RG_OK; i++)
		status = read_addr(r, &list[i]);
	into->addrs = list;
	into->n_addrs = (uint32_t)item->u;
	return status;
}

static rg_status read_map(reader *r, const rg__codec_map *map, void *into, pool *keep, rg_str *extra);

/* Of two bindings with the same id one would be unreachable. */
static bool id_is_new(const rg_contact *contacts, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (contacts[i].id == contacts[n].id)
			return false;
	return true;
}

static rg_status read_contacts(reader *r, const rg__mp_item *item)
{
	rg__parts *parts = &r->parts;
	rg_status status = RG_OK;
	const char *wrong;
	uint32_t i;

	if (item->kind != RG__MP_ARRAY || item->u > (size_t)(r->at.end - r->at.p) / LEAST_CONTACT_BYTES)
		return RG_EFORMAT;
	if (item->u > RG_RECORD_BYTES_MAX / sizeof(rg__binding))
		return RG_ELIMIT;
	if (!rg__scratch_open(&r->contacts, r->room->contacts, sizeof r->room->contacts, (size_t)item->u * sizeof *parts->contacts))
		return RG_ENOMEM;
	parts->contacts = rg__scratch_take(&r->contacts, (size_t)item->u * sizeof *parts->contacts);
	for (i = 0; i < item->u && status == RG_OK; i++) {
		rg_contact *c = &parts->contacts[i];

		rg_contact_init(c, sizeof *c);
		status = read_map(r, &rg__codec_contact, c, &r->contact_extra, &c->extra);
		if (status != RG_OK)
			return status;
		wrong = id_is_new(parts->contacts, i) ? rg__contact_flaw(c) : "an id that another binding has";
		if (wrong != NULL)
			status = flaw(r, RG_EFORMAT, &rg__codec_contact, RG__ABSENT, wrong);
	}
	parts->n_contacts = (uint32_t)item->u;
	return status;
}

static rg_status read_removals(reader *r, const rg__mp_item *item)
{
	rg__parts *parts = &r->parts;
	rg_status status = RG_OK;
	uint32_t i;

	if (item->kind != RG__MP_ARRAY)
		return RG_EFORMAT;
	if (item->u > RG_REMOVALS_MAX)
		return RG_ELIMIT;
	for (i = 0; i < item->u && status == RG_OK; i++) {
		rg_removal *gone = &parts->removals[i];

		*gone = (rg_removal){ .struct_size = sizeof *gone };
		status = read_map(r, &rg__codec_removal, gone, NULL, NULL);
		if (status == RG_OK && rg__removal_flaw(gone) != NULL)
			status = flaw(r, RG_EFORMAT, &rg__codec_removal, RG__ABSENT, rg__removal_flaw(gone));
	}
	parts->n_removals = (uint32_t)item->u;
	return status;
}

static rg_status read_version(reader *r, const rg__mp_item *item, uint32_t version[2])
{
	rg__mp_item number;
	uint32_t i;

	if (item->kind != RG__MP_ARRAY || item->u != 2)
		return RG_EFORMAT;
	for (i = 0; i < 2; i++) {
		if (!rg__mp_next(&r->at, &number) || number.kind != RG__MP_UINT || number.u > UINT32_MAX)
			return RG_EFORMAT;
		version[i] = (uint32_t)number.u;
	}
	return version[0] == RG__SCHEMA_MAJOR ? RG_OK : RG_ENOTSUP;
}

static rg_status decode_value(reader *r, const rg__codec_key *key, void *whole)
{
	void *field = (char *)whole + key->offset;
	rg__mp_item item;

	if (!rg__mp_next(&r->at, &item))
		return RG_EFORMAT;
	switch (key->kind) {
	case RG__KEY_TEXT:
		*(rg_str *)field = item.s;
		return item.kind == RG__MP_STR && item.s.n >= key->least ? RG_OK : RG_EFORMAT;
	case RG__KEY_ADDRS:
		return read_addrs(r, &item, whole);
	case RG__KEY_VERSION:
		return read_version(r, &item, field);
	case RG__KEY_REVISION:
		if (item.kind != RG__MP_BIN || item.s.n != sizeof(rg_revision))
			return RG_EFORMAT;
		memcpy(field, item.s.p, sizeof(rg_revision));
		return RG_OK;
	case RG__KEY_CONTACTS:
		return read_contacts(r, &item);
	case RG__KEY_REMOVALS:
		return read_removals(r, &item);
	default:
		return read_number(key, &item, field);
	}
}

/* Keeps a key of a newer minor version, with its value, for the next writer. */
static rg_status keep_unknown(reader *r, const uint8_t *from, pool *keep, rg_str *extra)
{
	rg_status status;
	size_t n;
	char *p;

	if (!rg__mp_skip(&r->at))
		return RG_EFORMAT;
	if (keep == NULL)
		return RG_OK;
	n = (size_t)(r->at.p - from);
	p = pool_take(r, keep, n, &status);
	if (p == NULL)
		return status;
	memcpy(p, from, n);
	if (extra->p == NULL)
		extra->p = p;
	extra->n += n; /* only one map is read at a time, so its pieces are adjacent */
	return RG_OK;
}

typedef struct progress {
	uint32_t row;  /* row of the key that is expected next */
	uint32_t seen; /* one bit per row */
	uint32_t musts; /* how many of the seen ones are always written */
} progress;

static rg_status read_pair(reader *r, const rg__codec_map *map, void *into, progress *done, pool *keep, rg_str *extra)
{
	const uint8_t *from = r->at.p;
	rg_status status;
	rg__mp_item key;
	uint32_t row;

	if (!rg__mp_next(&r->at, &key) || key.kind != RG__MP_STR)
		return flaw(r, RG_EFORMAT, map, RG__ABSENT, "a key that is no text, or missing");
	row = rg__codec_is(&map->keys[done->row], key.s) ? done->row : rg__codec_find(map, key.s, done->row + 1);
	/* Without the version first, the meaning of any other key is unknown. */
	if (map == &rg__codec_record && done->seen == 0 && row != 0)
		return flaw(r, RG_EFORMAT, map, map->keys[0].name, "not the first key");
	if (row == map->n) {
		status = keep_unknown(r, from, keep, extra);
		return status == RG_OK ? RG_OK : flaw(r, status, map, RG__ABSENT, "an unknown key's value is malformed, too deep or too long");
	}
	if (done->seen & 1u << row)
		return flaw(r, RG_EFORMAT, map, map->keys[row].name, "given twice");
	done->seen |= 1u << row;
	done->musts += map->keys[row].must;
	done->row = row + 1 < map->n ? row + 1 : 0;
	status = decode_value(r, &map->keys[row], into);
	return status == RG_OK ? RG_OK : flaw(r, status, map, map->keys[row].name, rg_strerror(status));
}

static rg_status read_map(reader *r, const rg__codec_map *map, void *into, pool *keep, rg_str *extra)
{
	progress done = { 0, 0, 0 };
	rg_status status = RG_OK;
	rg__mp_item head;
	uint32_t i, n;

	if (!rg__mp_next(&r->at, &head) || head.kind != RG__MP_MAP)
		return flaw(r, RG_EFORMAT, map, RG__ABSENT, "not a map, or truncated");
	if (head.u > map->n + RG__UNKNOWN_MAX)
		return flaw(r, RG_ELIMIT, map, RG__ABSENT, "too many keys");
	for (i = 0; i < head.u && status == RG_OK; i++)
		status = read_pair(r, map, into, &done, keep, extra);
	if (status != RG_OK)
		return status;
	for (i = 0; done.musts < map->musts && i < map->n; i++)
		if (map->keys[i].must && !(done.seen & 1u << i))
			return flaw(r, RG_EFORMAT, map, map->keys[i].name, "missing");
	if (extra != NULL && extra->n > 0 && (status = rg__extra_check(map, *extra, &n)) != RG_OK)
		return flaw(r, status, map, RG__ABSENT, "an unknown key given twice, or too many of them");
	return RG_OK;
}

static const char *key_flaw(const rg_key *key)
{
	if (key->user.n == 0 && key->host.n == 0)
		return "neither user nor host";
	if (rg__has_control(key->domain) || rg__has_control(key->user) || rg__has_control(key->host))
		return "a control character in the key";
	return NULL;
}

static rg_status read_record(reader *r, rg_record **out)
{
	rg__parts *p = &r->parts;
	rg_status status = read_map(r, &rg__codec_record, p, &r->record_extra, &p->extra);

	if (status != RG_OK)
		return status;
	if (r->at.p != r->at.end)
		return flaw(r, RG_EFORMAT, &rg__codec_record, RG__ABSENT, "bytes after the end");
	if (key_flaw(&p->key) != NULL)
		return flaw(r, RG_EFORMAT, &rg__codec_record, RG__ABSENT, key_flaw(&p->key));
	if (rg_revision_is_zero(&p->revision))
		return flaw(r, RG_EFORMAT, &rg__codec_record, RG__ABSENT, "a revision that says there is no record");
	status = rg__record_new(&p->key, &p->revision, p->contacts, p->n_contacts, p->removals, p->n_removals, p->extra, out);
	return status == RG_OK ? RG_OK : flaw(r, status, &rg__codec_record, RG__ABSENT, rg_strerror(status));
}

rg_status rg_record_decode(const uint8_t *bytes, size_t n, rg_record **out, rg_error *why)
{
	reader_room room;
	reader r = { .start = bytes, .at = { bytes, bytes + n }, .why = why, .room = &room, .parts.removals = room.removals };
	rg_status status;

	if (out == NULL)
		return rg__fail(why, RG_EINVAL, "out is NULL");
	*out = NULL;
	if (bytes == NULL && n > 0)
		return rg__fail(why, RG_EINVAL, "bytes is NULL");
	status = read_record(&r, out);
	rg__scratch_close(&r.contacts);
	free(r.record_extra.p);
	free(r.contact_extra.p);
	free(r.more_addrs.p);
	return status;
}
