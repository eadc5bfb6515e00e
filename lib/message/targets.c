/* SPDX-License-Identifier: MIT */
#include "message/targets.h"
#include "model/model.h"
#include "message/next_hop.h"
#include "grammar/grammar.h"
#include <stdlib.h>

static const rg_target empty_target = { .q = -1, .latency = RG_LATENCY_NONE, .branch = -1, .fallback_of = UINT32_MAX };

const rg__shape rg__target_shape = RG__SHAPE(rg_target, &empty_target, sizeof(rg_target));

void rg_target_init(rg_target *target, uint32_t size)
{
	rg__shape_init(&rg__target_shape, target, size);
}

enum { WINDOW = sizeof(rg__octets) + 1 };

/* Marks each of the octets at @p p but the last that is a ";" before an m or an l, of either case, and each but the first that is a "?". */
static inline rg__octets mark_strip(const char *p)
{
	rg__octets v = rg__octets_at(p), next = rg__octets_at(p + 1);

	return (rg__octets)(((v == ';') & ((next | ('l' ^ 'm' ^ ' ')) == 'm')) | (next == '?'));
}

/* False: the URI contains nothing that a Request-URI must not. Errs on the side of true, which saves parsing every URI. */
static bool may_need_strip(rg_str uri)
{
	rg__octets marks = { 0 };
	char room[WINDOW];

	if (uri.n < WINDOW) {
		memset(room, ' ', sizeof room);
		if (uri.n > 0)
			memcpy(room + 1, uri.p, uri.n);
		return rg__any_mark(mark_strip(room));
	}
	for (size_t i = 0; i + WINDOW < uri.n; i += WINDOW - 1)
		marks |= mark_strip(uri.p + i);
	return uri.p[0] == '?' || rg__any_mark(marks | mark_strip(uri.p + uri.n - WINDOW));
}

/* RFC 3261 §16.6 step 2, §19.1.1: method and headers are not allowed in a Request-URI, and lr belongs to Route values. @p strips: says which
 * other parameters go; NULL = none. */
static rg_str strip_uri(rg_str text, bool (*strips)(rg_str name), char **room)
{
	rg__uri uri;
	rg__param p;
	char *at = *room;
	size_t head;

	if (rg__uri_parse(text, &uri) != RG_OK || uri.scheme == RG__SCHEME_OTHER)
		return text;
	head = uri.params.p ? (size_t)(uri.params.p - text.p) : uri.headers.p ? (size_t)(uri.headers.p - 1 - text.p) : text.n;
	memcpy(at, text.p, head);
	at += head;
	while (rg__uri_param_next(&uri.params, &p)) {
		size_t n = p.value.p ? (size_t)(p.value.p + p.value.n - p.name.p) : p.name.n;

		if (rg__eq_nocase(p.name, RG_STR("method")) || rg__eq_nocase(p.name, RG_STR("lr")) || (strips && strips(p.name)))
			continue;
		*at++ = ';';
		memcpy(at, p.name.p, n);
		at += n;
	}
	text = (rg_str){ *room, (size_t)(at - *room) };
	*room = at;
	return text;
}

/* Whether the target is a device that a push wakes. */
static bool is_pushed(const rg__choices *c, uint32_t i)
{
	return c->strips && (rg__record_flags(c->record, c->rows[i].index) & RG_CONTACT_PN) != 0;
}

rg_status rg__targets_new(const rg__choices *c, rg_targets **out)
{
	size_t rows = c->n * sizeof(rg__row), strings = 0, aor_room = c->n > 0 ? rg__record_aor_room(c->record) : 0;
	rg_targets *t;
	char *room;

	for (uint32_t i = 0; i < c->n; i++) {
		c->rows[i].strip = may_need_strip(c->rows[i].uri) || is_pushed(c, i);
		strings += c->rows[i].strip ? c->rows[i].uri.n : 0;
	}
	t = malloc(sizeof *t + rows + aor_room + c->onward.n + strings);
	*out = t;
	if (!t)
		return RG_ENOMEM;
	*t = (rg_targets){ .result = c->result, .code = c->code, .branches_only = c->branches_only,
		.record = c->n > 0 ? rg_record_ref(c->record) : NULL, .n = c->n };
	t->aor = (char *)t->rows + rows;
	room = t->aor + aor_room;
	if (c->onward.p) {
		t->onward = (rg_str){ room, c->onward.n };
		memcpy(room, c->onward.p, c->onward.n);
		room += c->onward.n;
	}
	for (uint32_t i = 0; i < c->n; i++)
		t->rows[i] = c->rows[i];
	for (uint32_t i = 0; strings > 0 && i < c->n; i++) {
		if (c->rows[i].strip)
			t->rows[i].uri = strip_uri(c->rows[i].uri, is_pushed(c, i) ? c->strips : NULL, &room);
	}
	return RG_OK;
}

rg_status rg__targets_wake(rg_targets **targets, const rg_record *record, const uint16_t *indexes, uint32_t n)
{
	rg_targets *t = *targets;
	size_t bytes = indexes ? n * sizeof *indexes : 0;

	t->asleep = malloc(sizeof *t->asleep + bytes);
	if (!t->asleep) {
		rg_targets_free(t);
		*targets = NULL;
		return RG_ENOMEM;
	}
	*t->asleep = (rg__asleep){ .record = rg_record_ref(record), .n = n };
	if (bytes > 0)
		memcpy(t->asleep->indexes, indexes, bytes);
	if (t->n == 0) {
		t->result = RG_LOOKUP_PUSHED;
		t->code = 480;
	}
	return RG_OK;
}

static void free_asleep(rg__asleep *a)
{
	if (a->held)
		a->release(a->held);
	rg_record_unref(a->record);
	free(a);
}

void rg_targets_free(rg_targets *t)
{
	if (!t)
		return;
	if (t->asleep)
		free_asleep(t->asleep);
	rg_record_unref(t->record);
	if (t->joined)
		rg__joined_free(t->joined);
	free(t);
}

int32_t rg_targets_result(const rg_targets *t)
{
	return t ? t->result : RG_LOOKUP_ERROR;
}

int32_t rg_targets_code(const rg_targets *t)
{
	return t ? t->code : 500;
}

int32_t rg_targets_partial(const rg_targets *t)
{
	return t && t->partial;
}

void rg__targets_mark_partial(rg_targets *t)
{
	t->partial = true;
}

int32_t rg_targets_branches_only(const rg_targets *t)
{
	return t && t->branches_only;
}

uint32_t rg_targets_count(const rg_targets *t)
{
	return t ? t->n : 0;
}

rg_str rg__targets_aor(const rg_targets *targets)
{
	rg_targets *t = (rg_targets *)targets; /* of one thread at a time */
	rg_key key;

	if (t->n == 0 || t->joined)
		return RG__ABSENT;
	if (t->aor_n == 0) {
		rg_record_key(t->record, &key);
		t->aor_n = rg_key_print(&key, t->aor, rg__record_aor_room(t->record));
	}
	return (rg_str){ t->aor, t->aor_n };
}

rg_status rg__targets_get(const rg_targets *t, uint32_t index, rg_target *out)
{
	rg_contact c;
	rg_status status;

	if (!t || index >= t->n)
		return RG_ENOENT;
	if (t->joined)
		return rg__joined_get(t->joined, index, out);
	status = rg__record_contact(t->record, t->rows[index].index, &c);
	if (status != RG_OK)
		return status;
	*out = (rg_target){ .struct_size = sizeof *out, .q = c.q, .uri = t->rows[index].uri, .path = c.path, .received = c.received,
		.socket = c.socket, .flow = c.flow, .attr = c.attr, .instance = c.instance, .aor = rg__targets_aor(t), .binding_id = c.id,
		.branch_flags = c.branch_flags, .latency = c.latency, .branch = -1, .fallback_of = t->rows[index].fallback_of };
	if (t->onward.p)
		out->path = RG__ABSENT;
	out->next_hop = t->onward.n > 0 ? t->onward : rg__hop_uri(out->path, c.received, out->uri);
	return RG_OK;
}

rg_status rg_targets_get(const rg_targets *t, uint32_t index, rg_target *out)
{
	rg_target full;

	return rg__shape_give(&rg__target_shape, rg__targets_get(t, index, &full) == RG_OK ? &full : NULL, out);
}

uint32_t rg_targets_wake_count(const rg_targets *t)
{
	return t && t->asleep ? t->asleep->n : 0;
}

bool rg__targets_wakes(const rg_targets *t, uint32_t part, rg__wakes *out)
{
	if (t->joined)
		return rg__joined_wakes(t->joined, part, out);
	*out = t->asleep ? (rg__wakes){ t->asleep->record, t->asleep->indexes, t->asleep->n } : (rg__wakes){ NULL, NULL, 0 };
	return part == 0;
}

rg_status rg__targets_wake_contact(const rg_targets *t, uint32_t index, rg_contact *out)
{
	rg__wakes wakes;

	for (uint32_t part = 0; t && rg__targets_wakes(t, part, &wakes); part++) {
		if (index < wakes.n)
			return rg__record_contact(wakes.record, wakes.indexes[index], out);
		index -= wakes.n;
	}
	return RG_ENOENT;
}

rg_status rg_targets_wake_contact(const rg_targets *t, uint32_t index, rg_contact *out)
{
	rg_contact full;

	return rg__shape_give(&rg__contact_shape, rg__targets_wake_contact(t, index, &full) == RG_OK ? &full : NULL, out);
}

void rg__targets_hold(rg_targets *t, void *held, void (*release)(void *held))
{
	t->asleep->held = held;
	t->asleep->release = release;
}

void *rg__targets_held(const rg_targets *t)
{
	return t->asleep ? t->asleep->held : NULL;
}
