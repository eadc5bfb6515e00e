/* SPDX-License-Identifier: MIT */
/* Record → MessagePack. */
#include "model/codec.h"
#include "model/model.h"
#include <endian.h>
#include <stdlib.h>

typedef struct writer {
	uint8_t *p; /* NULL after memory ran out: what is written then is lost */
	size_t n, room;
} writer;

/* How the number in front of a value, or the value itself, is written: up to `most` in one byte, added to `fixed`; else after the byte
 * wide[i], in 1, 2, 4 or 8 bytes. 0: there is no such form. */
typedef struct item_form {
	uint8_t fixed, most, wide[4];
} item_form;

static const item_form form_number = { 0x00, 0x7f, { 0xcc, 0xcd, 0xce, 0xcf } };
static const item_form form_text = { 0xa0, 31, { 0xd9, 0xda, 0xdb, 0 } };
static const item_form form_bin = { 0, 0, { 0xc4, 0xc5, 0xc6, 0 } }; /* none is empty */
static const item_form form_array = { 0x90, 15, { 0, 0xdc, 0xdd, 0 } };
static const item_form form_map = { 0x80, 15, { 0, 0xde, 0xdf, 0 } };

enum { HEAD_BYTES = 9 };

static bool writer_grow(writer *w, size_t n)
{
	size_t room = w->room + (n > w->room ? n : w->room);
	uint8_t *p = w->p != NULL ? realloc(w->p, room) : NULL;

	if (p == NULL) {
		free(w->p);
		*w = (writer){ NULL, 0, 0 };
		return false;
	}
	w->p = p;
	w->room = room;
	return true;
}

/* Where the next bytes go, at most @p n. NULL: out of memory. */
static inline uint8_t *writer_at(writer *w, size_t n)
{
	return n <= w->room - w->n || writer_grow(w, n) ? w->p + w->n : NULL;
}

/* The lowest @p width bytes of a number, the highest first. Overwrites 8 bytes. @return the end. */
static inline uint8_t *put_big_endian(uint8_t *at, uint64_t number, unsigned width)
{
	uint64_t bytes = htobe64(number << (64 - 8 * width));

	memcpy(at, &bytes, sizeof bytes);
	return at + width;
}

/* Overwrites HEAD_BYTES. @return the end of what counts. */
static inline uint8_t *put_item_head(uint8_t *at, const item_form *form, uint64_t number)
{
	unsigned i;

	if (number <= form->most) {
		*at = (uint8_t)(form->fixed | number);
		return at + 1;
	}
	i = number > UINT32_MAX ? 3 : number > UINT16_MAX ? 2 : number > UINT8_MAX || form->wide[0] == 0;
	*at = form->wide[i];
	return put_big_endian(at + 1, number, 1u << i);
}

static inline void put_item(writer *w, const item_form *form, uint64_t number)
{
	uint8_t *at = writer_at(w, HEAD_BYTES);

	if (at != NULL)
		w->n = (size_t)(put_item_head(at, form, number) - w->p);
}

static inline void put_octets(writer *w, const item_form *form, rg_str s)
{
	uint8_t *at = writer_at(w, HEAD_BYTES + s.n);

	if (at == NULL)
		return;
	at = put_item_head(at, form, s.n);
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	w->n = (size_t)(at + s.n - w->p);
}

static inline void put_key_name(writer *w, const rg__codec_key *key)
{
	uint8_t *at = writer_at(w, 1 + sizeof key->padded);

	if (at == NULL)
		return;
	*at = (uint8_t)(form_text.fixed | key->name.n);
	memcpy(at + 1, key->padded, sizeof key->padded);
	w->n += 1 + key->name.n;
}

/* As a signed number, in the shortest form. */
static void put_time(writer *w, rg_time time)
{
	uint8_t *at;
	unsigned i;

	if (time >= 0) {
		put_item(w, &form_number, (uint64_t)time);
		return;
	}
	at = writer_at(w, HEAD_BYTES);
	if (at == NULL)
		return;
	i = time < INT32_MIN ? 3 : time < INT16_MIN ? 2 : time < INT8_MIN;
	if (time >= -32) {
		*at++ = (uint8_t)time;
	} else {
		*at = (uint8_t)(0xd0 + i);
		at = put_big_endian(at + 1, (uint64_t)time, 1u << i);
	}
	w->n = (size_t)(at - w->p);
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
static void put_addr_list(writer *w, const rg_contact *c)
{
	uint32_t i;

	put_item(w, &form_array, c->n_addrs);
	for (i = 0; i < c->n_addrs; i++) {
		size_t n = c->addrs[i].family == 4 ? 4 : 16;
		uint8_t bytes[18];

		memcpy(bytes, c->addrs[i].ip, n);
		bytes[n] = (uint8_t)(c->addrs[i].port >> 8);
		bytes[n + 1] = (uint8_t)c->addrs[i].port;
		put_octets(w, &form_bin, (rg_str){ (const char *)bytes, n + 2 });
	}
}

static void put_map(writer *w, const rg__codec_map *map, const rg_record *record, const void *whole, rg_str extra);

static void put_contacts(writer *w, const rg_record *record)
{
	uint32_t i, n = rg_record_contact_count(record);
	rg_contact c;

	put_item(w, &form_array, n);
	for (i = 0; i < n; i++) {
		rg__record_contact(record, i, &c);
		put_map(w, &rg__codec_contact, record, &c, c.extra);
	}
}

static void put_gone(writer *w, const rg_record *record)
{
	uint32_t i, n = rg_record_removal_count(record);
	rg_removal r;

	put_item(w, &form_array, n);
	for (i = 0; i < n; i++) {
		rg__record_removal(record, i, &r);
		put_map(w, &rg__codec_removal, record, &r, RG__ABSENT);
	}
}

static void put_value(writer *w, const rg__codec_key *key, const rg_record *record, const void *whole, const void *field)
{
	switch (key->kind) {
	case RG__KEY_TEXT:
		put_octets(w, &form_text, *(const rg_str *)field);
		break;
	case RG__KEY_TIME:
		put_time(w, *(const rg_time *)field);
		break;
	case RG__KEY_ADDRS:
		put_addr_list(w, whole);
		break;
	case RG__KEY_VERSION:
		put_item(w, &form_array, 2);
		put_item(w, &form_number, RG__SCHEMA_MAJOR);
		put_item(w, &form_number, RG__SCHEMA_MINOR);
		break;
	case RG__KEY_REVISION:
		put_octets(w, &form_bin, (rg_str){ field, sizeof(rg_revision) });
		break;
	case RG__KEY_CONTACTS:
		put_contacts(w, record);
		break;
	case RG__KEY_REMOVALS:
		put_gone(w, record);
		break;
	default:
		put_item(w, &form_number, number_of(key, field));
	}
}

static void put_map(writer *w, const rg__codec_map *map, const rg_record *record, const void *whole, rg_str extra)
{
	uint32_t i, n = 0, stated = 0;
	uint8_t *at;

	for (i = 0; i < map->n; i++)
		if (is_stated(&map->keys[i], whole, (const char *)whole + map->keys[i].offset))
			stated |= 1u << i;
	if (extra.n > 0 && rg__extra_check(map, extra, &n) != RG_OK)
		n = 0, extra = RG__ABSENT; /* cannot happen: rg_record_new() checked it */
	put_item(w, &form_map, (uint64_t)__builtin_popcount(stated) + n);
	for (; stated != 0; stated &= stated - 1) {
		const rg__codec_key *key = &map->keys[__builtin_ctz(stated)];

		put_key_name(w, key);
		put_value(w, key, record, whole, (const char *)whole + key->offset);
	}
	if (extra.n > 0 && (at = writer_at(w, extra.n)) != NULL) {
		memcpy(at, extra.p, extra.n);
		w->n += extra.n;
	}
}

rg_status rg_record_encode(const rg_record *record, uint8_t **bytes, size_t *n)
{
	rg__parts whole = { .revision = *rg_record_revision(record), .n_contacts = rg_record_contact_count(record),
		.n_removals = rg_record_removal_count(record) };
	writer w = { .room = rg_record_size(record) + rg_record_size(record) / 2 };

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
	put_map(&w, &rg__codec_record, record, &whole, rg_record_extra(record));
	if (w.p == NULL)
		return RG_ENOMEM;
	*bytes = w.p;
	*n = w.n;
	return RG_OK;
}
