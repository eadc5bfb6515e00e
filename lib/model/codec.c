/* SPDX-License-Identifier: MIT */
/* The keys of the record format as tables, and the checks that every stored record must pass, whatever wrote it. */
#include "model/codec.h"

#define KEY(type, field, key, key_kind, key_must, key_least, key_most, key_unless) \
	{ .name = { key, sizeof key - 1 }, .padded = key, .kind = RG__KEY_##key_kind, .must = key_must, .offset = offsetof(type, field), \
		.least = key_least, .most = key_most, .unless = key_unless },

#define RECORD_KEY(...) KEY(rg__parts, __VA_ARGS__)
#define CONTACT_KEY(...) KEY(rg_contact, __VA_ARGS__)
#define REMOVAL_KEY(...) KEY(rg_removal, __VA_ARGS__)

static const rg__codec_key record_keys[] = { RG__RECORD_KEYS(RECORD_KEY) };
static const rg__codec_key contact_keys[] = { RG__CONTACT_KEYS(CONTACT_KEY) };
static const rg__codec_key removal_keys[] = { RG__REMOVAL_KEYS(REMOVAL_KEY) };

#define MUST(field, key, kind, must, ...) + must
#define MAP(text, rows, list) { .what = text, .keys = rows, .n = sizeof rows / sizeof *rows, .musts = 0 list(MUST) }

const rg__codec_map rg__codec_record = MAP("record", record_keys, RG__RECORD_KEYS);
const rg__codec_map rg__codec_contact = MAP("binding", contact_keys, RG__CONTACT_KEYS);
const rg__codec_map rg__codec_removal = MAP("removal", removal_keys, RG__REMOVAL_KEYS);

uint32_t rg__codec_find(const rg__codec_map *map, rg_str name, uint32_t hint)
{
	uint32_t i, row;

	for (i = 0; i < map->n; i++) {
		row = hint + i < map->n ? hint + i : hint + i - map->n;
		if (rg__codec_is(&map->keys[row], name))
			return row;
	}
	return map->n;
}

rg_status rg__extra_check(const rg__codec_map *map, rg_str extra, uint32_t *n_pairs)
{
	rg_str names[RG__UNKNOWN_MAX];
	rg__mp at = { (const uint8_t *)extra.p, (const uint8_t *)extra.p + extra.n };
	rg__mp_item key;
	uint32_t n = 0, i;

	for (; at.p < at.end; n++) {
		if (n == RG__UNKNOWN_MAX)
			return RG_ELIMIT;
		if (!rg__mp_next(&at, &key) || key.kind != RG__MP_STR || !rg__mp_skip(&at))
			return RG_EFORMAT;
		if (rg__codec_find(map, key.s, 0) < map->n)
			return RG_EFORMAT;
		for (i = 0; i < n; i++)
			if (rg__eq(names[i], key.s))
				return RG_EFORMAT;
		names[n] = key.s;
	}
	*n_pairs = n;
	return RG_OK;
}

/* Any text may be printed into a header, except the flow, which is internal to the host. */
static bool contact_has_control(const rg_contact *c)
{
	unsigned i;

	for (i = 0; i < RG__HAS_extra; i++)
		if (i != RG__HAS_flow && i != RG__HAS_path && rg__has_control(*rg__contact_string_const(c, i)))
			return true;
	return false;
}

static bool path_is_sound(rg_str path)
{
	rg_str value;

	if (path.n > 0 && path.p[path.n - 1] == '\n')
		return false;
	while (rg_path_next(&path, &value))
		if (value.n == 0 || rg__has_control(value))
			return false;
	return true;
}

/* Mostly the first octet occurs but once. memmem() takes linear time, but prepares more than that. */
static bool lies_in(rg_str where, rg_str s)
{
	const char *first;

	if (s.n > where.n)
		return false;
	first = memchr(where.p, s.p[0], where.n - s.n + 1);
	return first != NULL && (memcmp(first, s.p, s.n) == 0 || memmem(first, where.n - (size_t)(first - where.p), s.p, s.n) != NULL);
}

const char *rg__contact_flaw(const rg_contact *c)
{
	if (contact_has_control(c))
		return "a control character in a text";
	if (!path_is_sound(c->path))
		return "an empty value or a control character in the Path";
	if (c->params.n > 0 && c->params.p[0] != ';')
		return "parameters that do not start with a semicolon";
	if (c->instance.n > 0 && !lies_in(c->params, c->instance))
		return "an instance that is not among the parameters";
	return NULL;
}

const char *rg__removal_flaw(const rg_removal *r)
{
	if (rg__has_control(r->uri) || rg__has_control(r->instance) || rg__has_control(r->callid))
		return "a control character in a text";
	return NULL;
}
