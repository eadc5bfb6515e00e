/* SPDX-License-Identifier: MIT */
/* The results of the pure functions, and of objects that are read. */
#include "outs.h"

#define MADE (HAS(GOOD) | HAS(WRONG) | HAS(SHORT))

static const uint8_t seed[32];

OUT(rg_config_new, out, rg_config *, HAS(GOOD) | HAS(SHORT), rg_config_free)
{
	(void)o;
	return rg_config_new(out);
}

OUT(rg_config_copy, out, rg_config *, HAS(GOOD) | HAS(SHORT), rg_config_free)
{
	(void)o;
	return rg_config_copy(NULL, out);
}

OUT(rg_config_get, value, rg_str, HAS(GOOD) | HAS(MISSING), NULL)
{
	return rg_config_get(NULL, o->fault == MISSING ? RG_STR("none") : RG_STR("max_expires"), out);
}

OUT(rg_config_get_int, value, int64_t, HAS(GOOD) | HAS(MISSING) | HAS(WRONG), NULL)
{
	return rg_config_get_int(NULL, o->fault == MISSING ? RG_STR("none") : o->fault == WRONG ? RG_STR("received_param") : RG_STR("max_expires"),
		out);
}

OUT(rg_constant, value, int64_t, HAS(GOOD) | HAS(MISSING), NULL)
{
	return rg_constant(o->fault == MISSING ? RG_STR("none") : RG_STR("RG_TIME_NEVER"), out);
}

OUT(rg_constant_get, name, const char *, HAS(GOOD) | HAS(MISSING), NULL)
{
	int64_t value;

	return rg_constant_get(o->fault == MISSING ? rg_constant_count() : 0, out, &value);
}

OUT(rg_constant_get, value, int64_t, HAS(GOOD) | HAS(MISSING), NULL)
{
	const char *name;

	return rg_constant_get(o->fault == MISSING ? rg_constant_count() : 0, &name, out);
}

OUT(rg_save_options_new, out, rg_save_options *, MADE, rg_save_options_unref)
{
	return rg_save_options_new(o->fault == WRONG ? RG_STR("none") : RG_STR("max-contacts=5"), out, o->why);
}

OUT(rg_lookup_options_new, out, rg_lookup_options *, MADE, rg_lookup_options_unref)
{
	return rg_lookup_options_new(o->fault == WRONG ? RG_STR("none") : RG_STR("ua-filtering=/a/"), out, o->why);
}

static rg_request request_of(out_room *o)
{
	rg_request r;

	kit_request(&o->phone, &r);
	r.flow = o->fault == WRONG ? RG_STR("\n") : r.flow;
	r.request_uri = RG_STR("sip:alice@example.org");
	return r;
}

OUT(rg_merge, out, rg_plan *, MADE, rg_plan_free)
{
	rg_request r = request_of(o);

	return rg_merge(NULL, &r, NULL, NULL, 0, seed, out, o->why);
}

OUT(rg_merge_reply, out, rg_plan *, MADE, rg_plan_free)
{
	rg_request r = request_of(o);
	rg_upstream up;

	rg_upstream_init(&up, sizeof up);
	up.code = 200;
	return rg_merge_reply(NULL, &r, &up, NULL, NULL, 0, seed, out, o->why);
}

OUT(rg_select, out, rg_targets *, MADE, rg_targets_free)
{
	rg_request r = request_of(o);

	r.flags = o->fault == WRONG ? 1u << 31 : 0;
	return rg_select(NULL, &r, NULL, NULL, 0, out, o->why);
}

OUT(rg_expire, out, rg_plan *, MADE, rg_plan_free)
{
	return rg_expire(o->record, NULL, o->fault == WRONG, NULL, 0, seed, out, o->why);
}

OUT(rg_prune, out, rg_plan *, MADE, rg_plan_free)
{
	rg_remove_filter f;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = o->fault == WRONG ? RG_STR("bob@example.org") : RG_STR("alice@example.org");
	return rg_prune(o->record, &f, NULL, 0, seed, out, o->why);
}

OUT(rg_measure, out, rg_plan *, MADE, rg_plan_free)
{
	return rg_measure(o->record, o->fault == WRONG ? RG_STR("a b") : RG_STR("sip:a@192.0.2.1"), 5, NULL, 0, seed, out, o->why);
}

OUT(rg_plan_apply, out, rg_record *, HAS(GOOD) | HAS(NOWHERE) | HAS(CONFLICT), rg_record_unref)
{
	rg_plan *plan = NULL;

	cr_assert_eq(rg_expire(o->record, NULL, 0, NULL, 0, seed, &plan, NULL), RG_OK);
	rg_status st = rg_plan_apply(o->fault == NOWHERE ? NULL : plan, o->fault == CONFLICT ? NULL : o->record, out, o->why);
	rg_plan_free(plan);
	return st;
}

/* A text needs a place, too, unless only its length is asked for. */
static size_t room_size(const out_room *o)
{
	return o->fault == WRONG ? 1 : 0;
}

OUT(rg_plan_text, n, size_t, HAS(GOOD) | HAS(WRONG), NULL)
{
	rg_plan *plan = NULL;

	cr_assert_eq(rg_expire(o->record, NULL, 0, NULL, 0, seed, &plan, NULL), RG_OK);
	rg_status st = rg_plan_text(plan, 0, NULL, room_size(o), out);
	rg_plan_free(plan);
	return st;
}

OUT(rg_record_text, n, size_t, HAS(GOOD) | HAS(WRONG), NULL)
{
	return rg_record_text(o->record, 0, NULL, room_size(o), out);
}

OUT(rg_targets_text, n, size_t, HAS(GOOD) | HAS(WRONG), NULL)
{
	rg_request r = request_of(o);
	rg_targets *targets = NULL;

	r.flow = (rg_str){ NULL, 0 };
	cr_assert_eq(rg_select(NULL, &r, NULL, NULL, 0, &targets, NULL), RG_OK);
	rg_status st = rg_targets_text(targets, 0, NULL, room_size(o), out);
	rg_targets_free(targets);
	return st;
}

/* A walk over a Path returns no status. */
OUT(rg_path_next, rest, rg_str, HAS(GOOD), NULL)
{
	rg_str value;

	(void)o;
	if (out)
		*out = RG_STR("<sip:a>\n<sip:b>");
	return rg_path_next(out, &value) ? RG_OK : RG_EINVAL;
}

OUT(rg_path_next, value, rg_str, HAS(GOOD) | HAS(WRONG), NULL)
{
	rg_str rest = o->fault == WRONG ? (rg_str){ NULL, 0 } : RG_STR("<sip:a>\n<sip:b>");

	return rg_path_next(&rest, out) ? RG_OK : RG_EINVAL;
}

OUT(rg_record_new, out, rg_record *, MADE | HAS(SMALL), rg_record_unref)
{
	rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };
	rg_removal removals[RG_REMOVALS_MAX + 1] = { { .struct_size = sizeof *removals } };
	rg_revision revision = { { 1 } };

	return rg_record_new(o->fault == WRONG ? NULL : &key, &revision, NULL, 0, removals, o->fault == SMALL ? RG_REMOVALS_MAX + 1 : 0,
		(rg_str){ NULL, 0 }, out);
}

/* The key of no record is empty, too; the function returns no status. */
OUT(rg_record_key, out, rg_key, HAS(GOOD) | HAS(NOWHERE), NULL)
{
	rg_record_key(o->fault == NOWHERE ? NULL : o->record, out);
	return out && o->fault == GOOD ? RG_OK : RG_EINVAL;
}

static rg_status encode(out_room *o, uint8_t **bytes, size_t *n)
{
	return rg_record_encode(o->fault == NOWHERE ? NULL : o->record, bytes, n);
}

OUT(rg_record_encode, bytes, uint8_t *, HAS(GOOD) | HAS(NOWHERE) | HAS(SHORT), rg_mem_free)
{
	size_t n = 5;
	rg_status st = encode(o, out, &n);

	cr_expect_eq(n > 0, st == RG_OK);
	return st;
}

OUT(rg_record_encode, n, size_t, HAS(GOOD) | HAS(NOWHERE) | HAS(SHORT), NULL)
{
	uint8_t *bytes = (uint8_t *)o;
	rg_status st = encode(o, &bytes, out);

	cr_expect_eq(bytes != NULL, st == RG_OK);
	rg_mem_free(bytes);
	return st;
}

OUT(rg_record_decode, out, rg_record *, HAS(GOOD) | HAS(GARBLED) | HAS(SHORT), rg_record_unref)
{
	uint8_t *bytes = NULL;
	size_t n = 0;
	rg_status st = rg_record_encode(o->record, &bytes, &n);

	if (st == RG_OK)
		st = rg_record_decode(bytes, o->fault == GARBLED ? n / 2 : n, out, o->why);
	else if (out)
		st = rg_error_set(o->why, st, RG_STR("not encoded")), *out = NULL;
	rg_mem_free(bytes);
	return st;
}

OUT(rg_via_header, n, size_t, HAS(GOOD) | HAS(WRONG), NULL)
{
	char room[128];

	return rg_via_header(o->fault == WRONG ? RG_STR("x") : RG_STR("SIP/2.0/UDP h"), NULL, room, sizeof room, out, NULL);
}

OUT(rg_via_header, to, rg_addr, HAS(GOOD) | HAS(WRONG), NULL)
{
	rg_addr source = { .family = 4, .ip = { 192, 0, 2, 1 }, .port = 5060 };
	char room[128];
	size_t n;

	return rg_via_header(o->fault == WRONG ? RG_STR("x") : RG_STR("SIP/2.0/UDP h"), &source, room, sizeof room, &n, out);
}

OUT(rg_to_header, n, size_t, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE), NULL)
{
	rg_request r = request_of(o);
	char room[128];

	r.to_header = o->fault == WRONG ? RG_STR("<") : r.to_header;
	return rg_to_header(o->fault == NOWHERE ? NULL : &r, (rg_str){ NULL, 0 }, seed, room, sizeof room, out);
}

OUT(rg_contact_header, n, size_t, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE), NULL)
{
	rg_target target = { .struct_size = sizeof target, .uri = o->fault == WRONG ? RG_STR("") : RG_STR("sip:a@h"), .q = -1 };
	char room[128];

	return rg_contact_header(o->fault == NOWHERE ? NULL : &target, room, sizeof room, out);
}

OUT(rg_socket_header, value, rg_str, HAS(GOOD) | HAS(WRONG) | HAS(SMALL), NULL)
{
	char room[RG_SOCKET_ROOM];

	return rg_socket_header(o->fault == WRONG ? RG_STR("x") : RG_STR("udp:192.0.2.1:5060"), room, o->fault == SMALL ? 5 : sizeof room, out);
}

OUT(rg_response_headers, headers, const rg_header *, HAS(GOOD) | HAS(NOWHERE) | HAS(SHORT), NULL)
{
	uint32_t n = 5;
	rg_status st = rg_response_headers(o->fault == NOWHERE ? NULL : o->response, out, &n);

	cr_expect_eq(n > 0, st == RG_OK);
	return st;
}

OUT(rg_response_headers, n, uint32_t, HAS(GOOD) | HAS(NOWHERE) | HAS(SHORT), NULL)
{
	const rg_header *headers = (const rg_header *)(const void *)o;
	rg_status st = rg_response_headers(o->fault == NOWHERE ? NULL : o->response, &headers, out);

	cr_expect_eq(headers != NULL, st == RG_OK);
	return st;
}

OUT(rg_statistics_find, value, int64_t, HAS(GOOD) | HAS(MISSING), NULL)
{
	return rg_statistics_find(o->stats, o->fault == MISSING ? RG_STR("none") : RG_STR("commits"), out);
}

OUT(rg_statistics_prometheus, n, size_t, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SMALL), NULL)
{
	static const rg_statistics_label labels[RG_STATISTICS_LABELS_MAX + 1];
	uint32_t n = o->fault == WRONG ? 1 : o->fault == SMALL ? RG_STATISTICS_LABELS_MAX + 1 : 0;

	return rg_statistics_prometheus(o->fault == NOWHERE ? NULL : o->stats, labels, n, NULL, 0, out);
}

/* No status either. */
OUT(rg_store_members, self, void *, HAS(GOOD) | HAS(NOWHERE), NULL)
{
	return rg_store_members(o->fault == NOWHERE ? NULL : o->k.memory, out) ? RG_OK : RG_EINVAL;
}

OUT(rg_addr_parse, out, rg_addr, HAS(GOOD) | HAS(WRONG), NULL)
{
	return rg_addr_parse(o->fault == WRONG ? RG_STR("192.0.2.1:x") : RG_STR("192.0.2.1"), out);
}
