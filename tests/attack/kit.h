/* SPDX-License-Identifier: MIT */
/* A registrar over a memory store that an attacker talks to. Whatever is refused must have left every octet in the store as it was. */
#ifndef RG_ATTACK_KIT_H
#define RG_ATTACK_KIT_H

#include <rgstr/memory.h>
#include <rgstr/registrar.h>
#include <stdarg.h>

#include "../unit/policy_kit.h"
#include "store/store.h" /* to see what verbs do not show: records that only remember removals */

#define YEAR (365LL * 86400000)
#define DAY 86400000LL

#define ROWS(table) (sizeof(table) / sizeof *(table))

typedef struct site {
	world w; /* its config, options and clock */
	rg_store *store;
	rg_registrar *reg;
	rg_subscription *subscription;
	rg_response *response; /* the last one; NULL = none */
	rg_status status;
	rg_error *words;       /* of the last RG_EINVAL */
	uint32_t n_events;     /* raised since the last request began */
	uint32_t kinds;        /* of them, as a bit set */
	rg_time next_tick;
	char *texts[4096];     /* of text() */
	uint32_t n_texts;
} site;

/* All a store holds: each record as it is written, removals and revision included. */
typedef struct contents {
	uint8_t *p;
	size_t n;
	uint32_t records;
	const rg_store *store;
} contents;

KIT rg_time site_now(void *user)
{
	return ((site *)user)->w.now;
}

KIT void site_event(void *user, const rg_event *event)
{
	site *s = user;

	s->n_events++;
	s->kinds |= event->kind;
}

/* A text that lives as long as the site. */
KIT __attribute__((format(printf, 2, 3))) const char *text(site *s, const char *format, ...)
{
	char **at = &s->texts[s->n_texts++];
	va_list args;

	cr_assert_lt(s->n_texts, sizeof s->texts / sizeof *s->texts);
	va_start(args, format);
	cr_assert_geq(vasprintf(at, format, args), 0);
	va_end(args);
	return *at;
}

/* `before`, n times `unit`, `after`. */
KIT const char *repeated(site *s, const char *before, const char *unit, size_t n, const char *after)
{
	size_t size = strlen(unit), from = strlen(before);
	char *to = malloc(from + n * size + strlen(after) + 1);

	cr_assert_not_null(to);
	cr_assert_lt(s->n_texts, sizeof s->texts / sizeof *s->texts);
	s->texts[s->n_texts++] = to;
	memcpy(to, before, from);
	for (size_t i = 0; i < n; i++)
		memcpy(to + from + i * size, unit, size);
	strcpy(to + from + n * size, after);
	return to;
}

KIT site *new_site_of(uint64_t max_bytes)
{
	rg_memory_options options;
	site *s = calloc(1, sizeof *s);
	rg_env env = { .struct_size = sizeof env, .now = site_now, .user = s };

	cr_assert_not_null(s);
	s->w = new_world();
	s->words = rg_error_new();
	rg_memory_options_init(&options, sizeof options);
	options.shards = 4;
	options.max_bytes = max_bytes;
	cr_assert_eq(rg_memory_store_new(&options, &s->store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(s->w.config, s->store, &env, &s->reg, NULL), RG_OK);
	cr_assert_eq(rg_registrar_subscribe(s->reg, RG_EVENT_ALL, site_event, s, NULL, &s->subscription, NULL), RG_OK);
	return s;
}

KIT site *new_site(void)
{
	return new_site_of(0);
}

KIT void end_site(site *s)
{
	rg_response_free(s->response);
	rg_error_free(s->words);
	rg_subscription_free(s->subscription);
	rg_registrar_unref(s->reg);
	rg_store_unref(s->store);
	end_world(&s->w);
	for (uint32_t i = 0; i < s->n_texts; i++)
		free(s->texts[i]);
	free(s);
}

KIT void configure(site *s, const char *name, const char *value)
{
	set(&s->w, name, value);
	cr_assert_eq(rg_registrar_configure(s->reg, s->w.config, NULL), RG_OK, "%s=%s", name, value);
}

KIT void contents_record(void *tok, rg_status status, const rg_fetched *found)
{
	contents *c = tok;
	uint8_t *bytes = NULL;
	size_t n = 0;

	cr_assert_eq(status, RG_OK);
	cr_assert_eq(rg_record_encode(found->record, &bytes, &n), RG_OK);
	c->p = realloc(c->p, c->n + n);
	cr_assert_not_null(c->p);
	memcpy(c->p + c->n, bytes, n);
	c->n += n;
	c->records++;
	rg_mem_free(bytes);
	rg_record_unref(found->record);
}

KIT void contents_page(void *tok, rg_status status, const rg_keys *page)
{
	contents *c = tok;

	cr_assert_eq(status, RG_OK);
	cr_assert_null(page->cursor.p, "more than one page");
	for (uint32_t i = 0; i < page->n; i++)
		cr_assert_eq(c->store->ops.fetch(c->store->self, &page->keys[i], 0, contents_record, c), RG_OK);
}

KIT contents contents_of(const site *s)
{
	contents c = { .store = s->store };

	cr_assert_eq(c.store->ops.scan(c.store->self, &RG_STR("location"), &RG__ABSENT, 4000, 0, contents_page, &c), RG_OK);
	return c;
}

KIT uint32_t records(const site *s)
{
	contents c = contents_of(s);

	free(c.p);
	return c.records;
}

/* True when the store holds what it held; releases @p before. */
KIT bool unchanged(const site *s, contents *before)
{
	contents now = contents_of(s);
	bool same = now.n == before->n && now.records == before->records && (now.n == 0 || memcmp(now.p, before->p, now.n) == 0);

	free(now.p);
	free(before->p);
	before->p = NULL;
	return same;
}

/* Sends a REGISTER and returns the SIP code, or RG_EINVAL for a mistake of the host. */
KIT int32_t send_request(site *s, const rg_request *request)
{
	contents before = contents_of(s);
	bool same;
	int32_t code;

	rg_response_free(s->response);
	s->response = NULL;
	s->n_events = s->kinds = 0;
	s->status = rg_save(s->reg, request, s->w.options, &s->response, s->words);
	if (s->status == RG_EINVAL) {
		cr_expect_null(s->response);
		cr_expect(unchanged(s, &before) && s->n_events == 0, "refused, and yet something is stored or told");
		return RG_EINVAL;
	}
	cr_assert_not_null(s->response, "no response: %s", rg_strerror(s->status));
	code = rg_response_code(s->response);
	same = unchanged(s, &before);
	if (code == 200) {
		cr_expect_eq(s->status, RG_OK);
		cr_expect_eq(same, s->n_events == 0, "what changed and what was told of it do not agree");
	} else {
		cr_expect(same, "refused with %d, and yet the store is another", code);
		cr_expect_eq(s->n_events, 0, "refused with %d, and yet something is told", code);
	}
	return code;
}

KIT int32_t send_spec(site *s, spec what)
{
	spec_room room;
	rg_request r = request_of(&what, &room);

	return send_request(s, &r);
}

#define send(site_, ...) send_spec(site_, (spec){ __VA_ARGS__ })

/* Sends a query: a REGISTER without Contact. */
KIT int32_t ask(site *s)
{
	return send_spec(s, (spec){ .callid = "query" });
}

/* The name of the reason; of a host's mistake the words. */
KIT const char *why(const site *s)
{
	if (s->status == RG_EINVAL)
		return rg_error_text(s->words).p;
	return rg_reason_name(rg_response_reason(s->response));
}

/* Of the last response: the seconds of listed binding @p index; -1 past the last one. */
KIT int64_t seconds(const site *s, uint32_t index)
{
	return index < rg_response_contact_count(s->response) ? (int64_t)rg_response_contact_expires(s->response, index) : -1;
}

/* The URIs that a request to @p uri goes to, in order; "" for none. */
KIT const char *reached(site *s, const char *uri)
{
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t = { .struct_size = sizeof t };

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = rg_str_from(uri);
	s->w.text[0] = '\0';
	cr_assert_eq(rg_lookup(s->reg, &r, NULL, &targets, NULL), RG_OK);
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++)
		append(&s->w, " ", t.uri);
	rg_targets_free(targets);
	return s->w.text;
}

/* How many bindings an AoR has, as rg_is_registered() says; @p key, if asked for, becomes its printed key. -1: unreadable. */
KIT int32_t registered(site *s, const char *aor, const char **key)
{
	rg_answer *answer = NULL;
	rg_query q;
	int32_t n;

	rg_query_init(&q, sizeof q);
	q.aor = rg_str_from(aor);
	if (rg_is_registered(s->reg, &q, &answer, NULL) != RG_OK)
		return -1;
	n = (int32_t)rg_answer_contact_count(answer);
	if (key)
		*key = text(s, "%.*s", (int)rg_answer_aor(answer).n, rg_answer_aor(answer).p);
	rg_answer_free(answer);
	return n;
}

KIT uint32_t removed(site *s, const char *aor, const char *contact)
{
	rg_remove_filter f;
	uint32_t n = 0;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = rg_str_from(aor);
	f.contact = rg_str_from(contact);
	cr_assert_eq(rg_remove(s->reg, &f, &n, NULL), RG_OK, "%s", aor);
	return n;
}

KIT void tick(site *s, uint32_t limit)
{
	s->n_events = s->kinds = 0;
	cr_expect_eq(rg_registrar_tick(s->reg, limit, &s->next_tick), RG_OK);
}

#endif
