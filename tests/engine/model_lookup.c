/* SPDX-License-Identifier: MIT */
/* Lookups and measurements, held against the naive model. */
#include "model.h"
#include <stdio.h>
#include <string.h>

static void make_flags(world *w, naive_flags *f, char *text, size_t size)
{
	static const char *const agents[] = { "/^$/", "/ph[a-o]+ne/ie", "/^Fax$/" };
	static const int64_t most[] = { 0, 30000, 100000, 4294967294 };
	*f = (naive_flags){ .no_branches = dice(w, 4) == 0, .by_method = dice(w, 3) == 0, .by_agent = dice(w, 6) == 0,
		.by_latency = dice(w, 3) == 0, .method = 1 << dice(w, 2), .agent = (int)dice(w, 3), .max_latency = dice(w, 4) ? -1 : most[dice(w,
			4)] };
	bool branches = dice(w, 4) == 0;
	int n = snprintf(text, size, "%s%s%s%s", f->no_branches ? ",no-branches" : "", f->by_method ? ",method-filtering" : "",
		branches ? ",to-branches-only" : "", f->by_latency ? ",sort-by-latency" : "");
	if (f->by_agent)
		n += snprintf(text + n, size - (size_t)n, ",ua-filtering=%s", agents[f->agent]);
	if (f->max_latency >= 0)
		snprintf(text + n, size - (size_t)n, ",max-ping-latency=%lld", (long long)f->max_latency);
}

/* A target that is to be: of a binding, a branch that stays, or a home. */
typedef struct expected {
	naive_target target;
	char uri[64];
	bool bound, home;
	int32_t branch;
} expected;

typedef struct expectation {
	int32_t result, code;
	uint32_t n;
	expected rows[8 * NAIVE_MAX];
} expectation;

static void expect_other(expectation *e, const char *uri, bool home, int32_t branch)
{
	expected *x = &e->rows[e->n++];
	memset(x, 0, sizeof *x);
	strcpy(x->uri, uri);
	x->home = home;
	x->branch = branch;
	x->target.fallback_of = UINT32_MAX;
}

/* One AoR: its bindings, then the other site if the user is there as well. */
static void expect_aor(world *w, const naive_flags *flags, uint32_t who, int32_t branch, bool global, expectation *e)
{
	static naive_targets found;
	uint32_t first = e->n;
	char uri[64];
	naive_lookup(&w->aors[who], flags, &w->rules, w->now, &found);
	/* Without targets: a binding that cannot take the method says more than none, and one left out more than nobody. */
	if (branch < 0 || (found.code == 405 && e->code != 405) || (found.code == 480 && e->code == 404)) {
		e->result = found.result;
		e->code = found.code;
	}
	for (uint32_t i = 0; i < found.n; i++) {
		expected *x = &e->rows[e->n++];
		*x = (expected){ .target = found.targets[i], .bound = true, .branch = branch };
		strcpy(x->uri, found.targets[i].binding.uri);
		if (x->target.fallback_of != UINT32_MAX)
			x->target.fallback_of += first;
	}
	snprintf(uri, sizeof uri, "sip:user%u@example.org", who);
	if (global && w->other_until[who] > w->now && !(flags->no_branches && found.n))
		expect_other(e, uri, true, branch);
}

static void compare_target(const world *w, const rg_target *t, const expected *want)
{
	const naive_binding *b = &want->target.binding;
	if (!rg_str_equal(t->uri, rg_str_from(want->uri)))
		fail(w, "another target, or out of order");
	if (t->fallback_of != want->target.fallback_of || t->branch != want->branch)
		fail(w, "a target is another one's fallback, or replaces another branch");
	if ((t->home.n != 0) != want->home || (t->binding_id != 0) != want->bound)
		fail(w, "a target is a home, or a binding");
	if (want->home && !rg_str_equal(t->next_hop, RG_STR("sip:192.0.2.251")))
		fail(w, "another home");
	if (want->bound && (t->q != b->q || t->latency != b->latency || (t->instance.n != 0) != (b->instance != 0) ||
			(t->path.n != 0) != (b->path != 0) || (t->received.n != 0) != (b->received != 0)))
		fail(w, "a target differs");
}

static void compare_targets(world *w, const rg_targets *targets, const expectation *want)
{
	rg_target t = { .struct_size = sizeof t };
	if (rg_targets_result(targets) != want->result || rg_targets_code(targets) != want->code)
		fail(w, "another result of a lookup");
	if (rg_targets_count(targets) != want->n)
		fail(w, "another number of targets");
	for (uint32_t i = 0; i < want->n; i++) {
		rg_targets_get(targets, i, &t);
		compare_target(w, &t, &want->rows[i]);
		w->fallbacks += t.fallback_of != UINT32_MAX;
		w->homes += t.home.n != 0;
	}
	w->found += want->n > 0;
	w->unable += want->code == 405;
	w->left_out += want->code == 480;
}

enum { BRANCHES = 4 };

/* Some users of ours, the same one again now and then, and one of somebody else's. */
static uint32_t make_branches(world *w, char texts[BRANCHES][64], int users[BRANCHES])
{
	uint32_t n = dice(w, BRANCHES + 1);
	for (uint32_t i = 0; i < n; i++) {
		users[i] = (int)dice(w, AORS + 1);
		if (users[i] == AORS)
			snprintf(texts[i], 64, "sip:user%u@elsewhere.example", i);
		else
			snprintf(texts[i], 64, "sip:user%d@example.org", users[i]);
	}
	return n;
}

static void expect_branches(world *w, const naive_flags *flags, const int *users, char texts[BRANCHES][64], uint32_t n, uint32_t own,
	bool global, expectation *e)
{
	bool seen[AORS] = { false };
	seen[own] = true;
	for (uint32_t i = 0; i < n; i++) {
		if (users[i] == AORS)
			expect_other(e, texts[i], false, (int32_t)i);
		else if (!seen[users[i]])
			expect_aor(w, flags, (uint32_t)users[i], (int32_t)i, global, e);
		if (users[i] < AORS)
			seen[users[i]] = true;
	}
}

/* Publication has its time at ticks: after them both sites know of each other. */
static void catch_up(world *w)
{
	rg_time next;
	for (int i = 0; i < 2; i++) {
		tick(w);
		if (rg_registrar_tick(w->other, 0, &next) != RG_OK)
			fail(w, "the other site's tick failed");
	}
}

void look_up(world *w, uint32_t who)
{
	static expectation want;
	char uri[64], text[256] = "", texts[BRANCHES][64];
	int users[BRANCHES];
	rg_str branches[BRANCHES];
	naive_flags flags;
	rg_request request;
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request_init(&request, sizeof request);
	snprintf(uri, sizeof uri, "sip:user%u@example.org", who);
	make_flags(w, &flags, text, sizeof text);
	bool global = w->other && dice(w, 3) == 0;
	uint32_t n = flags.no_branches || dice(w, 2) ? 0 : make_branches(w, texts, users);
	if (global)
		catch_up(w);
	strcat(strcat(text, global ? ",global" : ""), n ? ",branch" : "");
	want.n = 0;
	expect_aor(w, &flags, who, -1, global, &want);
	expect_branches(w, &flags, users, texts, n, who, global, &want);
	if (want.n)
		want.result = RG_LOOKUP_FOUND, want.code = 0;
	for (uint32_t i = 0; i < n; i++)
		branches[i] = rg_str_from(texts[i]);
	request.branches = branches;
	request.n_branches = n;
	request.method = flags.method == 1 ? RG_STR("INVITE") : RG_STR("MESSAGE");
	request.request_uri = rg_str_from(uri);
	if (rg_lookup_options_new(rg_str_from(*text ? text + 1 : text), &options, NULL) != RG_OK)
		fail(w, text);
	if (rg_lookup(w->reg, &request, options, &targets, NULL) != RG_OK)
		fail(w, "rg_lookup returned an error");
	if (rg_targets_branches_only(targets) != (strstr(text, "to-branches-only") != NULL) || rg_targets_partial(targets))
		fail(w, "to-branches-only is not handed on, or the answer is partial");
	compare_targets(w, targets, &want);
	w->wide += n > 0 && want.n > 0;
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
}

void register_there(world *w, uint32_t who)
{
	bool off = w->other_until[who] > w->now && dice(w, 2);
	rg_str contact = RG_STR("<sip:there@198.51.100.1>");
	char to[64], callid[32];
	rg_request request;
	rg_response *response = NULL;
	rg_request_init(&request, sizeof request);
	snprintf(to, sizeof to, "<sip:user%u@example.org>", who);
	snprintf(callid, sizeof callid, "there-%u-%u", who, w->step);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = rg_str_from(callid);
	request.cseq = RG_STR("1 REGISTER");
	request.contacts = &contact;
	request.n_contacts = 1;
	request.via_count = 1;
	request.expires = off ? RG_STR("0") : RG_STR("5000");
	if (rg_save(w->other, &request, NULL, &response, NULL) != RG_OK || rg_response_code(response) != 200)
		fail(w, "the other site refused a REGISTER");
	rg_response_free(response);
	w->other_until[who] = off ? 0 : w->now + 5000000;
}

void measure(world *w, uint32_t who)
{
	static const uint32_t usual[] = { 0, 5000, 14999, 15000, 20000, 30000, 36000, 100000, 119999, 120000, 4294967294 };
	char aor[64], uri[64];
	uint32_t changed = 0, want = 0, latency = usual[dice(w, sizeof usual / sizeof *usual)];
	snprintf(aor, sizeof aor, "sip:user%u@example.org", who);
	uri_of(dice(w, URIS), uri);
	naive_latency(&w->aors[who], uri, latency, w->now, &w->want, &want);
	if (rg_set_latency(w->reg, (rg_str){ NULL, 0 }, rg_str_from(aor), rg_str_from(uri), latency, &changed,
		NULL) != RG_OK || changed != want)
		fail(w, "another number was measured");
	w->measured += (int)want;
	compare_events(w);
}
