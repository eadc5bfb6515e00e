/* SPDX-License-Identifier: MIT */
/* Record → MessagePack. */
#include "model/codec.h"
#include "model/model.h"
#include <msgpack.h>
#include <stdlib.h>

typedef struct writer {
	char *p;
	size_t n, room;
} writer;

static int write_bytes(void *data, const char *bytes, size_t n)
{
	writer *w = data;

	if (n > w->room - w->n) {
		size_t room = w->room + (n > w->room ? n : w->room);
		char *p = realloc(w->p, room);

		if (p == NULL)
			return -1;
		w->p = p;
		w->room = room;
	}
	memcpy(w->p + w->n, bytes, n);
	w->n += n;
	return 0;
}

static int pack_text(msgpack_packer *pk, rg_str s)
{
	return msgpack_pack_str(pk, s.n) != 0 || (s.n > 0 && msgpack_pack_str_body(pk, s.p, s.n) != 0);
}

static int pack_bin(msgpack_packer *pk, const void *bytes, size_t n)
{
	return msgpack_pack_bin(pk, n) != 0 || msgpack_pack_bin_body(pk, bytes, n) != 0;
}

static uint64_t number_of(const rg__codec_key *key, const void *field)
{
	if (key->kind == RG__KEY_U32)
		return *(const uint32_t *)field;
	if (key->kind == RG__KEY_Q)
		return (uint64_t)*(const int32_t *)field;
	if (key->kind == RG__KEY_TIME)
		return (uint64_t)*(const rg_time *)field;
	return *(const uint64_t *)field;
}

/* Whether the key is written. */
static bool is_stated(const rg__codec_key *key, const void *whole, const void *field)
{
	if (key->must)
		return true;
	switch (key->kind) {
	case RG__KEY_TEXT:
		return ((const rg_str *)field)->p != NULL;
	case RG__KEY_ADDRS:
		return ((const rg_contact *)whole)->n_addrs > 0;
	case RG__KEY_CONTACTS:
		return ((const rg__parts *)whole)->n_contacts > 0;
	case RG__KEY_REMOVALS:
		return ((const rg__parts *)whole)->n_removals > 0;
	default:
		return number_of(key, field) != key->unless;
	}
}

/* An address is written as its 4 or 16 octets and two octets of port, in network order. */
static int pack_addrs(msgpack_packer *pk, const rg_contact *c)
{
	int bad = msgpack_pack_array(pk, c->n_addrs);
	uint32_t i;

	for (i = 0; i < c->n_addrs && !bad; i++) {
		size_t n = c->addrs[i].family == 4 ? 4 : 16;
		uint8_t bytes[18];

		memcpy(bytes, c->addrs[i].ip, n);
		bytes[n] = (uint8_t)(c->addrs[i].port >> 8);
		bytes[n + 1] = (uint8_t)c->addrs[i].port;
		bad = pack_bin(pk, bytes, n + 2);
	}
	return bad;
}

static int pack_map(msgpack_packer *pk, const rg__codec_map *map, const rg_record *record, const void *whole, rg_str extra);

static int pack_contacts(msgpack_packer *pk, const rg_record *record)
{
	uint32_t i, n = rg_record_contact_count(record);
	int bad = msgpack_pack_array(pk, n);
	rg_contact c;

	for (i = 0; i < n && !bad; i++) {
		rg__record_contact(record, i, &c);
		bad = pack_map(pk, &rg__codec_contact, record, &c, c.extra);
	}
	return bad;
}

static int pack_removals(msgpack_packer *pk, const rg_record *record)
{
	uint32_t i, n = rg_record_removal_count(record);
	int bad = msgpack_pack_array(pk, n);
	rg_removal r;

	for (i = 0; i < n && !bad; i++) {
		rg__record_removal(record, i, &r);
		bad = pack_map(pk, &rg__codec_removal, record, &r, RG__ABSENT);
	}
	return bad;
}

static int pack_value(msgpack_packer *pk, const rg__codec_key *key, const rg_record *record, const void *whole, const void *field)
{
	switch (key->kind) {
	case RG__KEY_TEXT:
		return pack_text(pk, *(const rg_str *)field);
	case RG__KEY_TIME:
		return msgpack_pack_int64(pk, *(const rg_time *)field);
	case RG__KEY_ADDRS:
		return pack_addrs(pk, whole);
	case RG__KEY_VERSION:
		return msgpack_pack_array(pk, 2) != 0 || msgpack_pack_uint32(pk, RG__SCHEMA_MAJOR) != 0 ||
			msgpack_pack_uint32(pk, RG__SCHEMA_MINOR) != 0;
	case RG__KEY_REVISION:
		return pack_bin(pk, field, sizeof(rg_revision));
	case RG__KEY_CONTACTS:
		return pack_contacts(pk, record);
	case RG__KEY_REMOVALS:
		return pack_removals(pk, record);
	default:
		return msgpack_pack_uint64(pk, number_of(key, field));
	}
}

static int pack_map(msgpack_packer *pk, const rg__codec_map *map, const rg_record *record, const void *whole, rg_str extra)
{
	uint32_t i, n = 0, stated = 0;
	int bad;

	for (i = 0; i < map->n; i++)
		if (is_stated(&map->keys[i], whole, (const char *)whole + map->keys[i].offset))
			stated |= 1u << i;
	if (extra.n > 0 && rg__extra_check(map, extra, &n) != RG_OK)
		n = 0, extra = RG__ABSENT; /* cannot happen: rg_record_new() checked it */
	bad = msgpack_pack_map(pk, (size_t)__builtin_popcount(stated) + n);
	for (; stated != 0 && !bad; stated &= stated - 1) {
		const rg__codec_key *key = &map->keys[__builtin_ctz(stated)];

		bad = pack_text(pk, key->name) || pack_value(pk, key, record, whole, (const char *)whole + key->offset);
	}
	if (extra.n > 0 && !bad)
		bad = pk->callback(pk->data, extra.p, extra.n);
	return bad;
}

rg_status rg_record_encode(const rg_record *record, uint8_t **bytes, size_t *n)
{
	rg__parts whole = { .revision = *rg_record_revision(record), .n_contacts = rg_record_contact_count(record),
		.n_removals = rg_record_removal_count(record) };
	writer w = { .room = rg_record_size(record) + rg_record_size(record) / 2 };
	msgpack_packer pk;

	if (bytes != NULL)
		*bytes = NULL;
	if (n != NULL)
		*n = 0;
	if (record == NULL || bytes == NULL || n == NULL)
		return RG_EINVAL;
	w.p = malloc(w.room);
	if (w.p == NULL)
		return RG_ENOMEM;
	rg_record_key(record, &whole.key);
	msgpack_packer_init(&pk, &w, write_bytes);
	if (pack_map(&pk, &rg__codec_record, record, &whole, rg_record_extra(record)) != 0) {
		free(w.p);
		return RG_ENOMEM;
	}
	*bytes = (uint8_t *)w.p;
	*n = w.n;
	return RG_OK;
}
