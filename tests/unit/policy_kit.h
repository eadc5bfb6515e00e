/* SPDX-License-Identifier: MIT */
/* One AoR under test: REGISTERs in few words, decisions as text to compare. */
#ifndef POLICY_KIT_H
#define POLICY_KIT_H

#include <criterion/criterion.h>
#include <rgstr/policy.h>
#include <stdio.h>
#include <stdlib.h>

#include "decide/decide.h"

#define KIT __attribute__((unused)) static

/* A REGISTER; what is left out is that of an ordinary one. Contacts and other lines end at the first NULL. */
typedef struct spec {
	const char *contact[40], *expires, *callid, *cseq, *to, *from, *aor, *request_uri, *method;
	const char *path[20], *require[4], *supported[4], *allow[4], *caps[4];
	const char *received, *user_agent, *attr, *socket, *flow, *tag, *transport, *socket_header;
	bool no_callid, no_cseq, no_to, no_from;
	uint32_t flags, branch_flags, via_count; /* 0 = 1 */
	int32_t defect;
	rg_str raw_contact; /* with octets a C string cannot hold */
} spec;

/* The world between two REGISTERs. */
typedef struct world {
	rg_record *record;
	rg_config *config;
	rg_save_options *options;
	rg_plan *plan; /* the last decision */
	rg_time now;
	uint8_t seed[32];
	char text[4096]; /* what the functions below last printed */
} world;

#define START 1700000000000

KIT world new_world(void)
{
	world w = { .now = START, .seed = { 7 } };

	cr_assert_eq(rg_config_new(&w.config), RG_OK);
	return w;
}

KIT void end_world(world *w)
{
	rg_plan_free(w->plan);
	rg_record_unref(w->record);
	rg_config_free(w->config);
	rg_save_options_unref(w->options);
}

KIT void set(world *w, const char *name, const char *value)
{
	rg_error *why = rg_error_new();

	cr_assert_eq(rg_config_set(w->config, rg_str_from(name), rg_str_from(value), why), RG_OK, "%s=%s: %s", name, value,
		rg_error_text(why).p);
	rg_error_free(why);
}

/* Pairs of parameters that contradict each other, so that rg_registrar_new() refuses the config. */
static const struct {
	const char *name[2], *value[2];
} contradictions[] = {
	{ { "min_expires", "max_expires" }, { "61", "60" } },
	{ { "pn_pnsreg_interval", "pn_trigger_interval" }, { "120", "100" } },
	{ { "pn_pnsreg_interval", "pn_trigger_interval" }, { "130", "131" } },
	{ { "pn_enable", "max_expires" }, { "1", "126" } },
};

enum { CONTRADICTIONS = sizeof contradictions / sizeof *contradictions };

KIT void contradict(world *w, size_t index)
{
	for (int i = 0; i < 2; i++)
		set(w, contradictions[index].name[i], contradictions[index].value[i]);
	cr_assert_eq(rg_config_check(w->config, NULL), RG_EINVAL);
}

KIT void flags(world *w, const char *text)
{
	rg_save_options_unref(w->options);
	cr_assert_eq(rg_save_options_new(rg_str_from(text), &w->options, NULL), RG_OK, "%s", text);
}

KIT uint32_t lines(const char *const *from, rg_str *to)
{
	uint32_t n = 0;

	for (; from[n]; n++)
		to[n] = rg_str_from(from[n]);
	return n;
}

KIT rg_str or_else(const char *given, const char *usual)
{
	return rg_str_from(given ? given : usual);
}

/* The request of a spec; `room` holds its lines and lives as long as it is used. */
typedef struct spec_room {
	rg_str contact[41], path[20], require[4], supported[4], allow[4], caps[4];
} spec_room;

KIT rg_request request_of(const spec *s, spec_room *room)
{
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = or_else(s->method, "REGISTER");
	r.request_uri = or_else(s->request_uri, "sip:example.com");
	r.to_header = s->no_to ? RG__ABSENT : or_else(s->to, "<sip:alice@example.com>");
	r.from_header = s->no_from ? RG__ABSENT : or_else(s->from, "<sip:alice@example.com>;tag=1");
	r.callid = s->no_callid ? RG__ABSENT : or_else(s->callid, "call-1");
	r.cseq = s->no_cseq ? RG__ABSENT : or_else(s->cseq, "1 REGISTER");
	r.expires = rg_str_from(s->expires);
	r.aor = rg_str_from(s->aor);
	r.received = rg_str_from(s->received);
	r.user_agent = rg_str_from(s->user_agent);
	r.attr = rg_str_from(s->attr);
	r.socket = rg_str_from(s->socket);
	r.flow = rg_str_from(s->flow);
	r.ownership_tag = rg_str_from(s->tag);
	r.contacts = room->contact;
	r.n_contacts = lines(s->contact, room->contact);
	if (s->raw_contact.p)
		room->contact[r.n_contacts++] = s->raw_contact;
	r.paths = room->path;
	r.n_paths = lines(s->path, room->path);
	r.require = room->require;
	r.n_require = lines(s->require, room->require);
	r.supported = room->supported;
	r.n_supported = lines(s->supported, room->supported);
	r.allow = room->allow;
	r.n_allow = lines(s->allow, room->allow);
	r.feature_caps = room->caps;
	r.n_feature_caps = lines(s->caps, room->caps);
	r.flags = s->flags;
	r.branch_flags = s->branch_flags;
	r.defect = s->defect;
	r.transport = rg_str_from(s->transport);
	r.socket_header = rg_str_from(s->socket_header);
	r.via_count = s->via_count > 0 ? s->via_count : 1;
	return r;
}

/* Decides, commits if there is something to commit, and returns the SIP code. Each decision has a seed of its own. */
KIT int32_t save_spec(world *w, spec s)
{
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg_record *next;

	w->seed[0]++;
	rg_plan_free(w->plan);
	cr_assert_eq(rg_merge(w->record, &r, w->config, w->options, w->now, w->seed, &w->plan, NULL), RG_OK);
	if (rg_plan_commits(w->plan)) {
		next = rg_record_ref(rg_plan_next(w->plan));
		rg_record_unref(w->record);
		w->record = next;
	}
	return rg_response_code(rg_plan_response(w->plan));
}

#define save(world_, ...) save_spec(world_, (spec){ __VA_ARGS__ })

KIT int32_t reason(world *w)
{
	return rg_response_reason(rg_plan_response(w->plan));
}

KIT const char *put(world *w, rg_str s)
{
	snprintf(w->text, sizeof w->text, "%.*s", (int)s.n, s.p ? s.p : "");
	return w->text;
}

/* Value @p index of a header of the last response, "" for none. */
KIT const char *header_at(world *w, const char *name, uint32_t index)
{
	return put(w, rg_response_header(rg_plan_response(w->plan), rg_str_from(name), index));
}

KIT const char *header(world *w, const char *name)
{
	return header_at(w, name, 0);
}

KIT void append(world *w, const char *before, rg_str s)
{
	size_t n = strlen(w->text);

	snprintf(w->text + n, sizeof w->text - n, "%s%.*s", n > 0 ? before : "", (int)s.n, s.p ? s.p : "");
}

/* The last decision's events, as "AOR_INSERT CONTACT_INSERT". */
KIT const char *events(world *w)
{
	rg_event e = { .struct_size = sizeof e };

	w->text[0] = '\0';
	for (uint32_t i = 0; rg_plan_event(w->plan, i, &e) == RG_OK; i++) {
		append(w, " ", rg_str_from(rg_event_name(e.kind)));
		if (e.reason.n > 0)
			append(w, ":", e.reason);
	}
	return w->text;
}

/* The URIs of the record, live or not, in its order. */
KIT const char *bindings(world *w)
{
	rg_contact c = { .struct_size = sizeof c };

	w->text[0] = '\0';
	for (uint32_t i = 0; rg_record_contact(w->record, i, &c) == RG_OK; i++)
		append(w, " ", c.uri);
	return w->text;
}

/* The URIs the last response lists. */
KIT const char *listed(world *w)
{
	rg_contact a = { .struct_size = sizeof a };

	w->text[0] = '\0';
	for (uint32_t i = 0; rg_response_contact(rg_plan_response(w->plan), i, &a) == RG_OK; i++)
		append(w, " ", a.uri);
	return w->text;
}

/* The outcomes of the last request's Contacts, as letters: Inserted Updated removeD Repeated iGnored. */
KIT const char *outcomes(world *w)
{
	static const char letters[] = "?IUDRG";
	uint32_t i = 0;

	for (; i < rg_plan_outcome_count(w->plan); i++)
		w->text[i] = letters[rg_plan_outcome(w->plan, i)];
	w->text[i] = '\0';
	return w->text;
}

KIT rg_contact binding(world *w, uint32_t index)
{
	rg_contact c = { .struct_size = sizeof c };

	cr_assert_eq(rg_record_contact(w->record, index, &c), RG_OK, "no binding %u", index);
	return c;
}

/* Seconds the first listed binding was answered. */
KIT uint32_t answered(world *w)
{
	cr_assert_gt(rg_response_contact_count(rg_plan_response(w->plan)), 0);
	return rg_response_contact_expires(rg_plan_response(w->plan), 0);
}

/* Tells how long a Contact took to answer a ping, and commits if that is worth it. Returns how many bindings changed. */
KIT uint32_t ping(world *w, const char *contact, uint32_t microseconds)
{
	static const rg_revision revision = { { 11 } };
	rg__filter f = { 0 };
	rg__ping p;

	cr_assert_eq(rg__ping_read(rg_str_from(contact), microseconds, w->config, &f, &p, NULL), RG_OK, "%s", contact);
	rg_plan_free(w->plan);
	cr_assert_eq(rg__measure(w->record, &f, &p, w->now, &revision, &w->plan), RG_OK);
	if (rg_plan_commits(w->plan)) {
		rg_record *next = rg_record_ref(rg_plan_next(w->plan));

		rg_record_unref(w->record);
		w->record = next;
	}
	return rg_plan_affected_count(w->plan);
}

/* The last decision as text. */
KIT const char *decision(world *w)
{
	size_t n;

	cr_assert_eq(rg_plan_text(w->plan, 0, w->text, sizeof w->text - 1, &n), RG_OK);
	cr_assert_lt(n, sizeof w->text);
	w->text[n] = '\0';
	return w->text;
}

/* The record as text. */
KIT const char *record_text(world *w)
{
	size_t n;

	cr_assert_eq(rg_record_text(w->record, 0, w->text, sizeof w->text - 1, &n), RG_OK);
	cr_assert_lt(n, sizeof w->text);
	w->text[n] = '\0';
	return w->text;
}

/* Push is on, with these providers. */
KIT world world_with_push(void)
{
	world w = new_world();

	set(&w, "pn_enable", "1");
	set(&w, "pn_providers", "apns, fcm, webpush, acme");
	return w;
}

/* All Feature-Caps values of the last response, with a line break between them. */
KIT const char *caps(world *w)
{
	rg_response *r = (rg_response *)rg_plan_response(w->plan);

	w->text[0] = '\0';
	for (uint32_t i = 0; rg_response_header(r, RG_STR("Feature-Caps"), i).p; i++)
		append(w, "\n", rg_response_header(r, RG_STR("Feature-Caps"), i));
	return w->text;
}

#define same_text(got, want) cr_expect_str_eq(got, want)

#endif
