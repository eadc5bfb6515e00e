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
	char uri[URI_ROOM];
	bool bound, home;
	int32_t branch;
} expected;

typedef struct expectation {
	int32_t result, code;
	bool vague; /* 404 or 480 */
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

/* What a GRUU came to. A temporary one that names nobody here is refused. */
static void count_gruu(world *w, const subject *s, const naive_targets *found)
{
	w->reached += found->n > 0 && !s->gruu.temporary;
	w->alive += found->n > 0 && s->gruu.temporary;
	w->away += !s->nobody && !s->gruu.temporary && !found->live;
	w->voids += !s->nobody && s->gruu.temporary && !found->live;
	w->forged += s->nobody;
	w->refused += s->gruu.temporary && !found->live;
}

/* One AoR, or a phone of it: its bindings, then the other site if the user is there as well. */
static void expect_subject(world *w, const naive_flags *asked, const subject *s, int32_t branch, bool global, expectation *e)
{
	static naive_targets found;
	naive_flags flags = *asked;
	uint32_t first = e->n;
	flags.gruu = s->is_gruu ? &s->gruu : NULL;
	found = (naive_targets){ .result = RG_LOOKUP_NONE, .code = 404 };
	if (!s->nobody)
		naive_lookup(&w->aors[s->who], &flags, &w->rules, w->now, &found);
	if (s->is_gruu)
		count_gruu(w, s, &found);
	e->vague = e->vague || found.vague;
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
	if (global && !s->nobody && w->other_until[s->who] > w->now && !((flags.no_branches || s->is_gruu) && found.n))
		expect_other(e, s->uri, true, branch);
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
	int32_t code = rg_targets_code(targets);
	bool either = want->vague && want->n == 0 && (want->code == 404 || want->code == 480) && (code == 404 || code == 480);
	if (rg_targets_result(targets) != want->result || (code != want->code && !either))
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

/* A branch; not of ours: of somebody else's. */
typedef struct branching {
	uint32_t n;
	subject of[BRANCHES];
	bool ours[BRANCHES];
} branching;

/* Some users of ours and phones of theirs, the same one again now and then, and one of somebody else's. */
static void make_branches(world *w, branching *b)
{
	b->n = dice(w, BRANCHES + 1);
	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t who = dice(w, AORS + 1);
		b->ours[i] = who < AORS;
		if (b->ours[i])
			draw_subject(w, who, &b->of[i]);
		else
			snprintf(b->of[i].uri, URI_ROOM, "sip:user%u@elsewhere.example", i);
		/* Of a foreign domain, a branch stays as it is. */
		if (strstr(b->of[i].uri, "@else.where"))
			b->ours[i] = false;
	}
}

static void expect_branches(world *w, const naive_flags *flags, const branching *b, const subject *own, bool global, expectation *e)
{
	const subject *seen[BRANCHES + 1];
	uint32_t n = 0;
	if (!own->nobody)
		seen[n++] = own;
	for (uint32_t i = 0; i < b->n; i++) {
		const subject *s = &b->of[i];
		bool again = false;
		for (uint32_t k = 0; k < n && b->ours[i] && !s->nobody; k++)
			again = again || names_as_much(seen[k], s);
		if (!b->ours[i])
			expect_other(e, s->uri, false, (int32_t)i);
		else if (!again)
			expect_subject(w, flags, s, (int32_t)i, global, e);
		if (b->ours[i] && !again && !s->nobody)
			seen[n++] = s;
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
	char text[256] = "";
	branching b = { .n = 0 };
	subject own;
	rg_str branches[BRANCHES];
	naive_flags flags;
	rg_request request;
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request_init(&request, sizeof request);
	draw_subject(w, who, &own);
	make_flags(w, &flags, text, sizeof text);
	bool global = w->other && dice(w, 3) == 0;
	if (!flags.no_branches && dice(w, 2) == 0)
		make_branches(w, &b);
	if (global)
		catch_up(w);
	strcat(strcat(text, global ? ",global" : ""), b.n ? ",branch" : "");
	want.n = 0;
	want.vague = false;
	expect_subject(w, &flags, &own, -1, global, &want);
	expect_branches(w, &flags, &b, &own, global, &want);
	if (want.n)
		want.result = RG_LOOKUP_FOUND, want.code = 0;
	for (uint32_t i = 0; i < b.n; i++)
		branches[i] = rg_str_from(b.of[i].uri);
	request.branches = branches;
	request.n_branches = b.n;
	request.method = flags.method == 1 ? RG_STR("INVITE") : RG_STR("MESSAGE");
	request.request_uri = rg_str_from(own.uri);
	if (rg_lookup_options_new(rg_str_from(*text ? text + 1 : text), &options, NULL) != RG_OK)
		fail(w, text);
	if (rg_lookup(w->reg, &request, options, &targets, NULL) != RG_OK)
		fail(w, "rg_lookup returned an error");
	if (rg_targets_branches_only(targets) != (strstr(text, "to-branches-only") != NULL) || rg_targets_partial(targets))
		fail(w, "to-branches-only is not handed on, or the answer is partial");
	compare_targets(w, targets, &want);
	w->wide += b.n > 0 && want.n > 0;
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
