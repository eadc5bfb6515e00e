/* SPDX-License-Identifier: MIT */
#include "waiting.h"
#include <stdio.h>

void push_configure(kit *k, const char *const *settings)
{
	static const char *const on[] = { "pn_enable 1", "pn_providers acme", "pn_ct_match_params pn-provider,pn-prid" };
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	for (size_t i = 0; i < sizeof on / sizeof *on || *settings; i++) {
		const char *one = i < sizeof on / sizeof *on ? on[i] : *settings++, *blank = strchr(one, ' ');

		cr_assert_eq(rg_config_set(config, (rg_str){ one, (size_t)(blank - one) }, rg_str_from(blank + 1), NULL), RG_OK, "%s", one);
	}
	cr_assert_eq(rg_registrar_configure(k->reg, config, NULL), RG_OK);
	rg_config_free(config);
}

void push_open_over(kit *k, rg_store *store)
{
	const char *const none = NULL;

	kit_open_over(k, store);
	push_configure(k, &none);
}

void push_open(kit *k)
{
	kit_init(k);
	push_open_over(k, rg_store_ref(k->memory));
}

const char *push_contact(int n)
{
	static char text[256];
	int m = snprintf(text, sizeof text, "<sip:p@192.0.2.%d;pn-provider=acme;pn-prid=t%d>", n % 100, n);

	if (n < PUSH_NO_INSTANCE)
		snprintf(text + m, sizeof text - (size_t)m, ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-%012d>\"", n);
	return text;
}

int push_save(kit *k, const char *aor, int n, int cseq)
{
	return kit_save(k, aor, push_contact(n), cseq);
}

int push_save_memory_only(kit *k, int n, int cseq)
{
	phone p = { .aor = "alice", .contact = push_contact(n), .cseq = cseq };
	rg_save_options *options;
	rg_response *response = NULL;
	rg_request request;

	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &options, NULL), RG_OK);
	kit_request(&p, &request);
	cr_expect_eq(rg_save(k->reg, &request, options, &response, NULL), RG_OK);
	int code = rg_response_code(response);

	rg_response_free(response);
	rg_save_options_unref(options);
	return code;
}

void push_invite(rg_request *request, const char *user)
{
	rg_request_init(request, sizeof *request);
	request->method = RG_STR("INVITE");
	request->request_uri = rg_str_from(user);
	request->to_header = RG_STR("<sip:callee@example.org>");
	request->callid = RG_STR("call");
}

static void add_seen(waiting *w, const char *text, size_t n)
{
	size_t at = strlen(w->seen);

	cr_assert_lt(at + n, sizeof w->seen);
	memcpy(w->seen + at, text, n);
	w->seen[at + n] = 0;
}

static void see_targets(waiting *w, const rg_targets *targets, const char *between, const char *end)
{
	rg_target t = { .struct_size = sizeof t };

	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		char text[64], host[32] = "";
		int n;

		cr_assert_lt(t.uri.n, sizeof text);
		snprintf(text, sizeof text, "%.*s", (int)t.uri.n, t.uri.p);
		cr_expect_null(strstr(text, "pn-"), "%s", text);
		sscanf(text, "%*[^@]@192.0.2.%31[0-9]", host);
		n = snprintf(text, sizeof text, "%s%s%s", i > 0 ? between : "", host[0] ? host : "?", t.fallback_of == UINT32_MAX ? "" : "f");
		if (t.branch >= 0)
			n += snprintf(text + n, sizeof text - (size_t)n, "#%d", t.branch);
		add_seen(w, text, (size_t)n);
	}
	add_seen(w, end, strlen(end));
}

static void came_back(void *user, rg_targets *targets)
{
	waiting *w = user;

	cr_expect_eq(w->inside++, 0);
	cr_expect_eq(w->done, 0);
	cr_expect_gt(rg_targets_count(targets), 0);
	cr_expect_eq(rg_targets_result(targets), RG_LOOKUP_FOUND);
	w->branches++;
	see_targets(w, targets, ",", ";");
	rg_targets_free(targets);
	if (w->on_branch)
		w->on_branch(w);
	w->inside--;
}

static void is_over(void *user, rg_status status)
{
	waiting *w = user;

	cr_expect_eq(w->inside++, 0);
	cr_expect_eq(w->done++, 0);
	cr_expect_eq(w->freed, 0);
	w->status = status;
	if (w->on_done)
		w->on_done(w);
	w->inside--;
}

static void waiting_freed(void *user)
{
	waiting *w = user;

	cr_expect_eq(w->done, 1);
	w->freed++;
}

static void see_lookup(waiting *w, rg_targets *targets)
{
	char text[8];
	int n = snprintf(text, sizeof text, "%d%s", rg_targets_result(targets), rg_targets_count(targets) > 0 ? " " : "");

	add_seen(w, text, (size_t)n);
	see_targets(w, targets, ",", "|");
	w->targets = targets;
}

rg_status push_request(waiting *w, kit *k, const rg_request *request, const char *flags)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;

	*w = (waiting){ .k = k };
	if (flags)
		cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	rg_status st = rg_lookup(k->reg, request, options, &targets, NULL);

	rg_lookup_options_unref(options);
	see_lookup(w, targets);
	return st;
}

rg_status push_lookup(waiting *w, kit *k, const char *user, const char *flags)
{
	rg_request request;
	char uri[128];

	snprintf(uri, sizeof uri, "sip:%s@example.org", user);
	push_invite(&request, uri);
	return push_request(w, k, &request, flags);
}

rg_status push_wait_why(waiting *w, rg_error *why)
{
	rg_status st = rg_targets_wait(w->targets, came_back, is_over, w, waiting_freed, &w->wait, why);

	cr_expect(st < 0 ? w->done == 0 && !w->wait : (st == RG_OK) == (w->done == 1), "%s", rg_status_name(st));
	return st;
}

rg_status push_wait(waiting *w)
{
	return push_wait_why(w, NULL);
}

void push_wait_targets(void *user, rg_status status, rg_targets *targets)
{
	waiting *w = user;

	cr_expect_eq(status, RG_OK);
	see_lookup(w, targets);
	push_wait(w);
	rg_targets_free(targets);
	w->targets = NULL;
}

void push_end(waiting *w)
{
	rg_targets_free(w->targets);
	rg_wait_free(w->wait);
	w->targets = NULL;
	w->wait = NULL;
	cr_expect_eq(w->freed, w->done);
}

void push_later(kit *k, rg_time by)
{
	k->now += by;
	kit_tick(k);
}
