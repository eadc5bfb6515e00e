/* SPDX-License-Identifier: MIT */
#include "message/request.h"
#include <rgstr/response.h>
#include <stddef.h>
#include <stdlib.h>

enum { MAX_RESOLVED_ADDRS = 8 };

static const rg__shape request_shape = RG__SHAPE(rg_request, NULL, sizeof(rg_request));
static const rg__shape upstream_shape = RG__SHAPE(rg_upstream, NULL, sizeof(rg_upstream));

void rg_request_init(rg_request *request, uint32_t size)
{
	rg__shape_init(&request_shape, request, size);
}

void rg_request_free(rg_request *request)
{
	if (!rg__shape_fits(&request_shape, request) || !request->release)
		return;
	rg_free_cb release = request->release;
	void *owner = request->owner;

	request->release = NULL; /* owner may contain the request itself */
	request->owner = NULL;
	release(owner);
}

rg_status rg__request_view(const rg_request *given, rg_request *out, rg_error *why)
{
	if (!given)
		rg_request_init(out, sizeof *out);
	else if (given->struct_size == sizeof *out)
		*out = *given;
	else if (!rg__shape_take(&request_shape, given, out))
		return rg__shape_refuse(&request_shape, given, why);
	return RG_OK;
}

void rg_upstream_init(rg_upstream *upstream, uint32_t size)
{
	rg__shape_init(&upstream_shape, upstream, size);
}

static rg_status without_array(const char *name, uint32_t n, rg_error *why)
{
	return rg__fail(why, RG_EINVAL, "%s is NULL, and its count is %u", name, n);
}

rg_status rg__upstream_open(const rg_upstream *given, rg_upstream *out, rg_error *why)
{
	if (!given)
		return rg__fail(why, RG_EINVAL, "upstream is NULL");
	if (!rg__shape_take(&upstream_shape, given, out))
		return rg__shape_refuse(&upstream_shape, given, why);
	if (out->code < 200 || out->code > 299)
		return rg__fail(why, RG_EINVAL, "rg_upstream.code is %d: only a 2xx grants anything", (int)out->code);
	if (!out->contacts && out->n_contacts > 0)
		return without_array("rg_upstream.contacts", out->n_contacts, why);
	if (!out->modified && out->n_modified > 0)
		return without_array("rg_upstream.modified", out->n_modified, why);
	return RG_OK;
}

static const size_t texts[] = {
	offsetof(rg_request, method), offsetof(rg_request, request_uri), offsetof(rg_request, from_header), offsetof(rg_request, to_header),
	offsetof(rg_request, callid), offsetof(rg_request, cseq), offsetof(rg_request, expires), offsetof(rg_request, user_agent),
	offsetof(rg_request, domain), offsetof(rg_request, aor), offsetof(rg_request, ownership_tag), offsetof(rg_request, identity),
	offsetof(rg_request, received), offsetof(rg_request, attr), offsetof(rg_request, flow), offsetof(rg_request, transport),
	offsetof(rg_request, socket), offsetof(rg_request, socket_header),
};

#define LIST(name) { "rg_request." #name, offsetof(rg_request, name), offsetof(rg_request, n_##name) }

static const struct {
	const char *name;
	size_t lines, n;
} lists[] = {
	LIST(contacts), LIST(paths), LIST(supported), LIST(require), LIST(feature_caps), LIST(allow), LIST(routes), LIST(branches),
};

#define N_TEXTS (sizeof texts / sizeof texts[0])
#define N_LISTS (sizeof lists / sizeof lists[0])

static rg_str *text_at(rg_request *r, size_t offset)
{
	return (rg_str *)(void *)((char *)r + offset);
}

static const rg_str **lines_at(rg_request *r, size_t offset)
{
	return (const rg_str **)(void *)((char *)r + offset);
}

static uint32_t count_at(const rg_request *r, size_t offset)
{
	return *(const uint32_t *)(const void *)((const char *)r + offset);
}

static inline bool is_stray(const void *array, uint32_t n)
{
	return !array && n > 0;
}

static bool has_rare_stray_count(const rg_request *r)
{
	return is_stray(r->paths, r->n_paths) || is_stray(r->supported, r->n_supported) || is_stray(r->require, r->n_require) ||
		is_stray(r->feature_caps, r->n_feature_caps) || is_stray(r->routes, r->n_routes) || is_stray(r->branches, r->n_branches) ||
		is_stray(r->resolved, r->n_resolved);
}

/* Most requests have Contacts and Allow alone. */
static inline bool has_stray_count(const rg_request *r)
{
	uint32_t rare = r->n_paths | r->n_supported | r->n_require | r->n_feature_caps | r->n_routes | r->n_branches | r->n_resolved;

	return is_stray(r->contacts, r->n_contacts) || is_stray(r->allow, r->n_allow) || (rare > 0 && has_rare_stray_count(r));
}

/* Clears every count without an array, and names one. */
static rg_status clear_stray_counts(rg_request *r, rg_error *why)
{
	const char *name = "rg_request.resolved";
	uint32_t stray = r->resolved ? 0 : r->n_resolved;

	r->n_resolved -= stray;
	for (size_t i = 0; i < N_LISTS; i++) {
		uint32_t *n = (uint32_t *)(void *)((char *)r + lists[i].n);

		if (!is_stray(*lines_at(r, lists[i].lines), *n))
			continue;
		name = lists[i].name;
		stray = *n;
		*n = 0;
	}
	return without_array(name, stray, why);
}

static rg_status check_resolved(const rg_resolved *resolved, uint32_t i, rg_error *why)
{
	if (is_stray(resolved->addrs, resolved->n_addrs))
		return rg__fail(why, RG_EINVAL, "rg_request.resolved[%u].addrs is NULL, and its count is %u", i, resolved->n_addrs);
	for (uint32_t j = 0; j < resolved->n_addrs && j < MAX_RESOLVED_ADDRS; j++) {
		if (resolved->addrs[j].family != 4 && resolved->addrs[j].family != 6)
			return rg__fail(why, RG_EINVAL, "rg_request.resolved[%u].addrs[%u].family is %u", i, j, resolved->addrs[j].family);
	}
	return RG_OK;
}

static rg_status check_members(const rg_request *r, rg_error *why)
{
	const uint32_t known = RG_REQUEST_REPLY | RG_REQUEST_NOT_LOCAL | RG_REQUEST_FORBIDDEN | RG_REQUEST_TCP_PERSISTENT |
		RG_REQUEST_HAS_BRANCH_FLAGS;
	rg_status st = RG_OK;

	if (r->flags & ~known)
		return rg__fail(why, RG_EINVAL, "rg_request.flags has unknown bits: 0x%x", r->flags & ~known);
	if (r->defect < 0 || r->defect >= rg_reason_count())
		return rg__fail(why, RG_EINVAL, "rg_request.defect is no reason: %d", (int)r->defect);
	for (uint32_t i = 0; i < r->n_resolved && st == RG_OK; i++)
		st = check_resolved(&r->resolved[i], i, why);
	return st;
}

rg_status rg__request_open(const rg_request *given, rg_request *out, rg_error *why)
{
	rg_status st = rg__request_view(given, out, why);

	if (!given)
		return rg__fail(why, RG_EINVAL, "request is NULL");
	if (st != RG_OK)
		return st;
	return has_stray_count(out) ? clear_stray_counts(out, why) : check_members(out, why);
}

rg_status rg__request_borrow(const rg_request *given, rg_request *room, const rg_request **out, rg_error *why)
{
	if (given && given->struct_size == sizeof *given && !has_stray_count(given)) {
		*out = given;
		return check_members(given, why);
	}
	*out = room;
	return rg__request_open(given, room, why);
}

static uint32_t addrs_of(const rg_resolved *resolved)
{
	if (!resolved->addrs)
		return 0;
	return resolved->n_addrs < MAX_RESOLVED_ADDRS ? resolved->n_addrs : MAX_RESOLVED_ADDRS;
}

/* The size of a copy. While `left` bounds it, no sum can overflow. */
typedef struct size {
	size_t left; /* allowed text that remains; every line counts one byte more than it has, which bounds empty lines too */
	size_t text, lines, addrs;
	bool over;
} size;

static void count_text(size *s, size_t n, size_t more)
{
	if (s->over || n > s->left || more > s->left - n) {
		s->over = true;
		return;
	}
	s->left -= n + more;
	s->text += n;
}

static void measure(rg_request *r, size *s)
{
	for (size_t i = 0; i < N_TEXTS; i++)
		count_text(s, text_at(r, texts[i])->n, 0);
	for (size_t i = 0; i < N_LISTS; i++) {
		uint32_t n = count_at(r, lists[i].n);
		for (uint32_t j = 0; j < n && !s->over; j++)
			count_text(s, (*lines_at(r, lists[i].lines))[j].n, 1);
		s->lines += n;
	}
	for (uint32_t i = 0; i < r->n_resolved && !s->over; i++) {
		count_text(s, r->resolved[i].host.n, 1);
		s->addrs += addrs_of(&r->resolved[i]);
	}
}

/* The write positions of a copy. Each type has a region of its own, in the order of alignment. */
typedef struct copy_room {
	rg_resolved *resolved;
	rg_str *lines;
	rg_addr *addrs;
	char *text;
} copy_room;

static void copy_text(rg_str *s, copy_room *to)
{
	if (!s->p)
		return;
	if (s->n)
		memcpy(to->text, s->p, s->n);
	s->p = to->text;
	to->text += s->n;
}

static void copy_lines(const rg_str **lines, uint32_t n, copy_room *to)
{
	rg_str *copy = to->lines;

	if (n == 0) {
		*lines = NULL;
		return;
	}
	memcpy(copy, *lines, n * sizeof *copy);
	to->lines += n;
	for (uint32_t i = 0; i < n; i++)
		copy_text(&copy[i], to);
	*lines = copy;
}

static void copy_resolved(rg_request *r, copy_room *to)
{
	const rg_resolved *from = r->resolved;

	r->resolved = r->n_resolved ? to->resolved : NULL;
	for (uint32_t i = 0; i < r->n_resolved; i++) {
		rg_resolved one = { .host = from[i].host, .n_addrs = addrs_of(&from[i]), .addrs = to->addrs };
		copy_text(&one.host, to);
		if (one.n_addrs)
			memcpy(to->addrs, from[i].addrs, one.n_addrs * sizeof *to->addrs);
		to->addrs += one.n_addrs;
		to->resolved[i] = one;
	}
}

rg_status rg__request_copy(const rg_request *from, size_t max_bytes, rg_request **out)
{
	rg_request view;
	size s = { .left = max_bytes };

	*out = NULL;
	if (rg__request_view(from, &view, NULL) != RG_OK)
		return RG_EINVAL;
	measure(&view, &s);
	if (s.over)
		return RG_ELIMIT;
	rg_request *copy = malloc(sizeof *copy + view.n_resolved * sizeof(rg_resolved) + s.lines * sizeof(rg_str) +
		s.addrs * sizeof(rg_addr) + s.text + 1);
	if (!copy)
		return RG_ENOMEM;
	copy_room to = { .resolved = (rg_resolved *)(copy + 1) };
	to.lines = (rg_str *)(to.resolved + view.n_resolved);
	to.addrs = (rg_addr *)(to.lines + s.lines);
	to.text = (char *)(to.addrs + s.addrs);
	*copy = view;
	for (size_t i = 0; i < N_TEXTS; i++)
		copy_text(text_at(copy, texts[i]), &to);
	for (size_t i = 0; i < N_LISTS; i++)
		copy_lines(lines_at(copy, lists[i].lines), count_at(copy, lists[i].n), &to);
	copy_resolved(copy, &to);
	copy->owner = copy;
	copy->release = free;
	*out = copy;
	return RG_OK;
}
