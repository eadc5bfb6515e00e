/* SPDX-License-Identifier: MIT */
#include "message/request.h"
#include <criterion/criterion.h>
#include <rgstr/response.h>
#include <stddef.h>
#include <stdlib.h>

static const rg_str two[] = { { "first", 5 }, { "", 0 } };
static const rg_addr addrs[9] = { { .ip = { 192, 0, 2, 1 }, .family = 4 }, { .ip = { 192, 0, 2, 2 }, .family = 4 } };

/* Every text is its own name, every list has two lines. */
static rg_request full(const rg_resolved *resolved)
{
	rg_request r;

	rg_request_init(&r, sizeof r);
#define TEXT(name) r.name = RG_STR(#name);
	TEXT(method) TEXT(request_uri) TEXT(from_header) TEXT(to_header) TEXT(callid) TEXT(cseq) TEXT(expires) TEXT(user_agent) TEXT(domain) TEXT(aor)
	TEXT(ownership_tag) TEXT(identity) TEXT(received) TEXT(attr) TEXT(flow) TEXT(transport) TEXT(socket) TEXT(socket_header)
#undef TEXT
#define LIST(name) r.name = two, r.n_##name = 2;
	LIST(contacts) LIST(paths) LIST(supported) LIST(require) LIST(feature_caps) LIST(allow) LIST(routes) LIST(branches)
#undef LIST
	r.flags = RG_REQUEST_REPLY;
	r.via_count = 3;
	r.branch_flags = 5;
	r.source = addrs[1];
	r.resolved = resolved;
	r.n_resolved = resolved ? 2 : 0;
	return r;
}

Test(request, init_empties_what_the_caller_knows)
{
	rg_request r;

	memset(&r, 0xa5, sizeof r);
	rg_request_init(&r, sizeof r);
	cr_assert_eq(r.struct_size, sizeof r);
	cr_assert(r.method.p == NULL && r.contacts == NULL && r.n_contacts == 0 && r.release == NULL && r.defect == RG_R_FINE);
	memset(&r, 0xa5, sizeof r);
	rg_request_init(&r, 64);
	cr_assert_eq(r.struct_size, 64);
	cr_assert_eq(((unsigned char *)&r)[64], 0xa5);
	rg_request_init(NULL, sizeof r);
	rg_request_init(&r, 0);
	cr_assert_eq(r.struct_size, 64);
}

static void count_release(void *user)
{
	(*(int *)user)++;
}

Test(request, is_released_once)
{
	int released = 0;
	rg_request r;

	rg_request_init(&r, sizeof r);
	rg_request_free(&r);
	rg_request_free(NULL);
	r.owner = &released;
	r.release = count_release;
	rg_request_free(&r);
	rg_request_free(&r);
	cr_assert_eq(released, 1);
}

Test(request, a_struct_that_ends_before_its_last_member_is_refused_with_words)
{
	rg_request r = full(NULL), view;
	rg_error *why = rg_error_new();

	for (uint32_t size = 0; size < sizeof r; size++) {
		r.struct_size = size;
		cr_expect_eq(rg__request_view(&r, &view, NULL), RG_EINVAL, "%u", size);
	}
	r.struct_size = offsetof(rg_request, contacts);
	cr_expect_eq(rg__request_view(&r, &view, why), RG_EINVAL);
	cr_expect(strstr(rg_error_text(why).p, "rg_request.struct_size is ") == rg_error_text(why).p);
	cr_expect(strstr(rg_error_text(why).p, "call rg_request_init()") != NULL);
	rg_error_free(why);
}

Test(request, view_of_a_larger_struct_reads_what_is_known_when_the_rest_is_zero)
{
	struct {
		rg_request r;
		rg_str later;
	} newer = { full(NULL), { NULL, 0 } };
	rg_request view;

	newer.r.struct_size = sizeof newer;
	cr_assert_eq(rg__request_view(&newer.r, &view, NULL), RG_OK);
	cr_assert_eq(view.struct_size, sizeof view);
	cr_assert(rg__eq(view.socket_header, RG_STR("socket_header")) && view.n_branches == 2 && view.via_count == 3);
	newer.later.n = 1;
	cr_assert_eq(rg__request_view(&newer.r, &view, NULL), RG_EINVAL);
}

Test(request, view_of_nothing_is_empty)
{
	rg_request view;

	cr_assert_eq(rg__request_view(NULL, &view, NULL), RG_OK);
	cr_assert(view.struct_size == sizeof view && view.method.p == NULL && view.defect == RG_R_FINE);
}

static void opened(const rg_request *r, rg_request *view, rg_status status, const char *words)
{
	rg_error *why = rg_error_new();

	cr_expect_eq(rg__request_open(r, view, why), status);
	cr_expect_str_eq(rg_error_text(why).p, words);
	cr_expect_eq(rg__request_open(r, view, NULL), status);
	rg_error_free(why);
}

Test(request, count_without_lines_is_a_mistake_of_the_host)
{
	static const struct { const char *words; size_t lines, n; } rows[] = {
#define STRAY(name) { "rg_request." #name " is NULL, and its count is 3", offsetof(rg_request, name), offsetof(rg_request, n_##name) }
		STRAY(contacts), STRAY(paths), STRAY(supported), STRAY(require), STRAY(feature_caps), STRAY(allow), STRAY(routes), STRAY(branches),
		STRAY(resolved),
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_request r = full(NULL), view;
		uint32_t three = 3, left;

		opened(&r, &view, RG_OK, "");
		memset((char *)&r + rows[i].lines, 0, sizeof(void *));
		memcpy((char *)&r + rows[i].n, &three, sizeof three);
		opened(&r, &view, RG_EINVAL, rows[i].words);
		memcpy(&left, (char *)&view + rows[i].n, sizeof left);
		cr_expect_eq(left, 0, "%s: the view is safe to read", rows[i].words);
		cr_expect_eq(view.defect, RG_R_FINE);
	}
}

Test(request, what_no_verb_can_use_is_named)
{
	rg_addr both[2] = { { .family = 4 }, { .family = 5 } };
	rg_resolved resolved = { .host = RG_STR("h"), .addrs = both, .n_addrs = 1 };
	rg_request r = full(NULL), view;

	opened(NULL, &view, RG_EINVAL, "request is NULL");
	r.flags = RG_REQUEST_HAS_BRANCH_FLAGS | 32 | 64;
	opened(&r, &view, RG_EINVAL, "rg_request.flags has unknown bits: 0x60");
	r.flags = 0;
	r.resolved = &resolved;
	r.n_resolved = 1;
	opened(&r, &view, RG_OK, "");
	resolved.n_addrs = 2;
	opened(&r, &view, RG_EINVAL, "rg_request.resolved[0].addrs[1].family is 5");
	resolved.addrs = NULL;
	opened(&r, &view, RG_EINVAL, "rg_request.resolved[0].addrs is NULL, and its count is 2");
}

Test(request, an_upstream_reply_is_a_2xx_with_its_arrays)
{
	static const struct { int32_t code; uint32_t n_contacts, n_modified; const char *words; } rows[] = {
		{ 200, 0, 0, "" }, { 299, 0, 0, "" },
		{ 199, 0, 0, "rg_upstream.code is 199: only a 2xx grants anything" }, { 300, 0, 0, "rg_upstream.code is 300: only a 2xx grants anything" },
		{ 200, 1, 0, "rg_upstream.contacts is NULL, and its count is 1" }, { 200, 0, 2, "rg_upstream.modified is NULL, and its count is 2" },
	};
	rg_error *why = rg_error_new();
	rg_upstream up, view;

	cr_expect_eq(rg__upstream_open(NULL, &view, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "upstream is NULL");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rg_error_set(why, RG_OK, RG_STR(""));
		rg_upstream_init(&up, sizeof up);
		up.code = rows[i].code;
		up.n_contacts = rows[i].n_contacts;
		up.n_modified = rows[i].n_modified;
		cr_expect_eq(rg__upstream_open(&up, &view, why), rows[i].words[0] ? RG_EINVAL : RG_OK, "row %zu", i);
		cr_expect_str_eq(rg_error_text(why).p, rows[i].words, "row %zu", i);
	}
	rg_error_free(why);
}

static void same_lines(const rg_str *a, uint32_t na, const rg_str *b, uint32_t nb, const char *name)
{
	cr_assert_eq(na, nb, "%s", name);
	cr_assert_neq(a, b, "%s", name);
	for (uint32_t i = 0; i < na; i++) {
		cr_assert(rg__eq(a[i], b[i]), "%s", name);
		cr_assert_neq(a[i].p, b[i].p, "%s", name);
	}
}

Test(request, copy_is_deep_and_whole)
{
	const rg_resolved resolved[] = { { .host = RG_STR("a.example"), .addrs = addrs, .n_addrs = 2 },
		{ .host = RG_STR("b.example"), .addrs = addrs, .n_addrs = 9 } };
	rg_request r = full(resolved), *copy;

	cr_assert_eq(rg__request_copy(&r, 65535, &copy), RG_OK);
#define SAME(name) cr_assert(rg__eq(copy->name, RG_STR(#name)) && copy->name.p != r.name.p, #name);
	SAME(method) SAME(request_uri) SAME(from_header) SAME(to_header) SAME(callid) SAME(cseq) SAME(expires) SAME(user_agent) SAME(domain) SAME(aor)
	SAME(ownership_tag) SAME(identity) SAME(received) SAME(attr) SAME(flow) SAME(transport) SAME(socket) SAME(socket_header)
#undef SAME
#define LINES(name) same_lines(copy->name, copy->n_##name, r.name, r.n_##name, #name);
	LINES(contacts) LINES(paths) LINES(supported) LINES(require) LINES(feature_caps) LINES(allow) LINES(routes) LINES(branches)
#undef LINES
	cr_assert(copy->flags == r.flags && copy->via_count == 3 && copy->branch_flags == 5);
	cr_assert(memcmp(&copy->source, &r.source, sizeof r.source) == 0);
	cr_assert_eq(copy->n_resolved, 2);
	for (int i = 0; i < 2; i++) {
		cr_assert(rg__eq(copy->resolved[i].host, resolved[i].host) && copy->resolved[i].host.p != resolved[i].host.p);
		cr_assert_eq(copy->resolved[i].n_addrs, i ? 8 : 2);
		cr_assert_neq(copy->resolved[i].addrs, addrs);
		cr_assert_eq(memcmp(copy->resolved[i].addrs, addrs, copy->resolved[i].n_addrs * sizeof addrs[0]), 0);
	}
	rg_request_free(copy);
}

Test(request, copy_keeps_absent_apart_from_empty)
{
	rg_request r, *copy;

	rg_request_init(&r, sizeof r);
	r.expires = RG_STR("");
	cr_assert_eq(rg__request_copy(&r, 0, &copy), RG_OK);
	cr_assert(copy->expires.p != NULL && copy->expires.n == 0 && copy->to_header.p == NULL && copy->contacts == NULL);
	rg_request_free(copy);
	cr_assert_eq(rg__request_copy(NULL, 0, &copy), RG_OK);
	rg_request_free(copy);
}

Test(request, copy_does_not_take_over_its_owner)
{
	int released = 0;
	rg_request r = full(NULL), *copy;

	r.owner = &released;
	r.release = count_release;
	cr_assert_eq(rg__request_copy(&r, 65535, &copy), RG_OK);
	rg_request_free(copy);
	cr_assert_eq(released, 0);
}

Test(request, copy_is_bounded_to_the_byte)
{
	const rg_str lines[] = { RG_STR("abc"), RG_STR("") };
	rg_request r, *copy = NULL;

	rg_request_init(&r, sizeof r);
	r.to_header = RG_STR("12345");
	r.contacts = lines;
	r.n_contacts = 2;
	cr_assert_eq(rg__request_copy(&r, 10, &copy), RG_OK); /* 5, 3 and a byte a line */
	rg_request_free(copy);
	cr_assert_eq(rg__request_copy(&r, 9, &copy), RG_ELIMIT);
	cr_assert_null(copy);
	r.to_header.n = SIZE_MAX;
	cr_assert_eq(rg__request_copy(&r, SIZE_MAX - 1, &copy), RG_ELIMIT);
	r.to_header = RG__ABSENT;
	r.n_contacts = UINT32_MAX; /* what is past the bound is not looked at */
	cr_assert_eq(rg__request_copy(&r, 3, &copy), RG_ELIMIT);
}
