/* SPDX-License-Identifier: MIT */
#include "kit.h"
#include "allocations.h"
#include <stdio.h>

static rg_time now(void *user)
{
	return ((kit *)user)->now;
}

static void add(char *to, size_t room, const char *text, size_t n)
{
	size_t at = strlen(to);

	if (at + n < room) {
		memcpy(to + at, text, n);
		to[at + n] = 0;
	}
}

static void log_line(void *user, int32_t level, const rg_str *line)
{
	kit *k = user;

	(void)level;
	add(k->log, sizeof k->log, line->p, line->n);
	add(k->log, sizeof k->log, "\n", 1);
}

static void wakeup(void *user, rg_time next)
{
	kit *k = user;

	k->woken = next;
	k->wakeups++;
}

static void env_freed(void *user)
{
	((kit *)user)->freed = true;
}

void kit_init(kit *k)
{
	*k = (kit){ .now = 1700000000000 };
	rg_env_init(&k->env, sizeof k->env);
	k->env.now = now;
	k->env.log = log_line;
	k->env.wakeup = wakeup;
	k->env.user = k;
	k->env.free = env_freed;
	k->memory = kit_store();
}

void kit_open_over(kit *k, rg_store *store)
{
	k->store = store;
	cr_assert_not_null(store);
	allocations_begin();
	cr_assert_eq(rg_registrar_new(NULL, store, &k->env, &k->reg, NULL), RG_OK);
}

void kit_open(kit *k, int how)
{
	kit_init(k);
	kit_open_over(k, how == INLINE ? kit_store_bare(k->memory) : deferred_new(k->memory, &k->deferred));
}

static void heard(void *user, const rg_event *e)
{
	kit *k = user;
	const rg_contact *c = e->after ? e->after : e->before;
	char line[512];
	int n = snprintf(line, sizeof line, "%s %.*s%s%.*s;", rg_event_name(e->kind), (int)e->aor.n, e->aor.p, c ? " " : "",
		c ? (int)c->uri.n : 0, c ? c->uri.p : "");

	add(k->events, sizeof k->events, line, (size_t)n);
}

void kit_listen(kit *k)
{
	cr_assert_eq(rg_registrar_subscribe(k->reg, RG_EVENT_ALL, heard, k, NULL, &k->subscription, NULL), RG_OK);
}

void kit_close(kit *k)
{
	rg_subscription_free(k->subscription);
	rg_registrar_unref(k->reg);
	rg_store_unref(k->store);
	rg_store_unref(k->memory);
}

void kit_request(phone *p, rg_request *out)
{
	rg_request_init(out, sizeof *out);
	snprintf(p->to, sizeof p->to, "<sip:%s@example.org>", p->aor);
	snprintf(p->cseq_text, sizeof p->cseq_text, "%d REGISTER", p->cseq);
	p->line = rg_str_from(p->contact);
	out->method = RG_STR("REGISTER");
	out->request_uri = RG_STR("sip:example.org");
	out->from_header = out->to_header = rg_str_from(p->to);
	out->callid = p->callid ? rg_str_from(p->callid) : RG_STR("c1");
	out->cseq = rg_str_from(p->cseq_text);
	out->contacts = &p->line;
	out->n_contacts = p->contact != NULL;
	out->via_count = 1;
}

rg_status kit_save_status(kit *k, const char *aor, const char *contact, int cseq, int *code)
{
	phone p = { .aor = aor, .contact = contact, .cseq = cseq };
	rg_request request;
	rg_response *response = NULL;

	kit_request(&p, &request);
	rg_status st = rg_save(k->reg, &request, NULL, &response, NULL);
	*code = response ? rg_response_code(response) : 0;
	rg_response_free(response);
	return st;
}

int kit_save(kit *k, const char *aor, const char *contact, int cseq)
{
	int code;
	rg_status st = kit_save_status(k, aor, contact, cseq, &code);

	return code ? code : st;
}

int kit_targets(kit *k, const char *aor)
{
	char uri[128];
	rg_request request;
	rg_targets *targets = NULL;

	snprintf(uri, sizeof uri, "sip:%s@example.org", aor);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(uri);
	rg_status st = rg_lookup(k->reg, &request, NULL, &targets, NULL);
	int n = (int)rg_targets_count(targets);
	rg_targets_free(targets);
	return st == RG_OK ? n : st;
}

static void end(outcome *o, rg_status status)
{
	o->called++;
	o->status = status;
	cr_expect_eq(o->freed, 0, "user data is released after the last call");
	if (o->then)
		o->then(o);
}

void kit_saved(void *user, rg_status status, rg_response *response)
{
	outcome *o = user;

	o->code = response ? rg_response_code(response) : 0;
	rg_response_free(response);
	end(o, status);
}

void kit_looked_up(void *user, rg_status status, rg_targets *targets)
{
	outcome *o = user;

	o->code = targets ? rg_targets_code(targets) : 0;
	o->n = rg_targets_count(targets);
	rg_targets_free(targets);
	end(o, status);
}

void kit_removed(void *user, rg_status status, uint32_t n)
{
	outcome *o = user;

	o->n = n;
	end(o, status);
}

void kit_answered(void *user, rg_status status, rg_answer *answer)
{
	outcome *o = user;

	o->n = rg_answer_contact_count(answer);
	rg_answer_free(answer);
	end(o, status);
}

int32_t kit_each(void *user, const rg_record *record)
{
	outcome *o = user;
	rg_key key;

	rg_record_key(record, &key);
	add(o->seen, sizeof o->seen, key.user.p, key.user.n);
	add(o->seen, sizeof o->seen, " ", 1);
	cr_expect_eq(o->called + o->freed, 0, "no record comes after the end");
	o->n++;
	if (o->then)
		o->then(o);
	return o->stop_after != 0 && (int32_t)o->n >= o->stop_after;
}

void kit_each_done(void *user, rg_status status, const rg_str *cursor)
{
	outcome *o = user;

	o->called++;
	o->status = status;
	o->cursor_n = cursor->n;
	if (cursor->n)
		memcpy(o->cursor, cursor->p, cursor->n);
}

void kit_counted(void *user, rg_status status, rg_statistics *stats)
{
	outcome *o = user;

	o->n = rg_statistics_count(stats);
	rg_statistics_free(stats);
	end(o, status);
}

void kit_freed(void *user)
{
	((outcome *)user)->freed++;
}

rg_status kit_save_async(kit *k, const char *aor, const char *contact, int cseq, outcome *o)
{
	phone p = { .aor = aor, .contact = contact, .cseq = cseq };
	rg_request request;

	kit_request(&p, &request);
	o->k = k;
	rg_status st = rg_save_async(k->reg, &request, NULL, kit_saved, o, kit_freed, &o->op, NULL);
	memset(&p, '?', sizeof p); /* what was lent is the caller's again */
	return st;
}

int64_t kit_stat(kit *k, const char *name)
{
	rg_statistics *stats = NULL;
	int64_t value = -1;

	rg_read_statistics(k->reg, RG_STR("location"), &stats, NULL);
	rg_statistics_find(stats, rg_str_from(name), &value);
	rg_statistics_free(stats);
	return value;
}

rg_time kit_tick(kit *k)
{
	rg_time next = 0;

	rg_registrar_tick(k->reg, 0, &next);
	return next;
}
