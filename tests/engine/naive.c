/* SPDX-License-Identifier: MIT */
#include "naive.h"
#include <string.h>

static void tell(naive_answer *a, uint32_t kind, const char *uri)
{
	naive_event *e = &a->events[a->n_events++];
	memset(e, 0, sizeof *e);
	e->kind = kind;
	strcpy(e->uri, uri);
}

bool naive_same_address(const char *a, const char *b)
{
	return strcspn(a, ";") == strcspn(b, ";") && strncmp(a, b, strcspn(a, ";")) == 0;
}

static bool is_token(int push)
{
	return push != PUSH_NONE && push != PUSH_ASKS;
}

/* What names a device comes first: its token; to remove it without one, its instance. */
static bool means_first(const naive_contact *c, const naive_binding *b)
{
	if (c->flow || b->flow)
		return false;
	if (is_token(c->push))
		return c->push == b->push;
	return c->push == PUSH_ASKS && c->expires == 0 && c->instance && c->instance == b->instance;
}

/* A flow is its instance and number, a device its token or instance, everything else its URI. */
static bool means(const naive_contact *c, const naive_binding *b)
{
	if (c->flow || b->flow)
		return c->flow == b->flow && c->instance == b->instance;
	if (means_first(c, b))
		return true;
	if (is_token(c->push))
		return c->instance && c->instance == b->instance;
	if (c->push == PUSH_ASKS && c->expires == 0)
		return naive_same_address(c->uri, b->uri);
	return strcmp(c->uri, b->uri) == 0;
}

/* Among those that have not lapsed. Several bindings mean one device only where none of them were set by one request. */
static naive_binding *find(naive_binding *list, uint32_t n, const naive_contact *c, rg_time now)
{
	naive_binding *best = NULL;
	for (int how = 0; how < 4 && !best; how++)
		for (uint32_t i = 0; i < n; i++) {
			naive_binding *b = &list[i];
			bool fits = (how < 2 ? means_first(c, b) : means(c, b)) && (how % 2 == 1 || strcmp(c->uri, b->uri) == 0);
			if (b->expires > now && fits && (!best || b->modified > best->modified))
				best = b;
		}
	return best;
}

static void drop(naive_binding *list, uint32_t *n, const naive_binding *which)
{
	uint32_t i = (uint32_t)(which - list);
	memmove(&list[i], &list[i + 1], (--*n - i) * sizeof *list);
}

uint32_t naive_live(const naive_aor *aor, rg_time now, naive_binding *out)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < aor->n; i++)
		if (aor->bindings[i].expires > now)
			out[n++] = aor->bindings[i];
	return n;
}

static void forget(naive_aor *aor, rg_time now)
{
	for (uint32_t i = aor->n_gone; i-- > 0;)
		if (aor->gone[i].modified + RG_REMOVAL_KEEP <= now)
			drop(aor->gone, &aor->n_gone, &aor->gone[i]);
}

static void lapse(naive_aor *aor, rg_time now, naive_answer *out)
{
	for (uint32_t i = aor->n; i-- > 0;)
		if (aor->bindings[i].expires <= now) {
			tell(out, RG_EVENT_CONTACT_EXPIRE, aor->bindings[i].uri);
			drop(aor->bindings, &aor->n, &aor->bindings[i]);
		}
}

/* Remembers a removal, the newest RG_REMOVALS_MAX. */
static void bury(naive_aor *aor, const naive_binding *b, const char *callid, uint32_t cseq, uint64_t what, rg_time now)
{
	if (aor->n_gone == RG_REMOVALS_MAX)
		drop(aor->gone, &aor->n_gone, aor->gone);
	naive_binding *g = &aor->gone[aor->n_gone++];
	*g = *b;
	strcpy(g->callid, callid);
	g->cseq = cseq;
	g->what = what;
	g->modified = now;
}

/* What a REGISTER removed: neither its own last REGISTER nor the one that removed it is to be heard again. */
static void bury_by(naive_aor *aor, const naive_binding *b, const naive_request *r, rg_time now)
{
	if (strcmp(b->callid, r->callid) != 0)
		bury(aor, b, b->callid, b->cseq, b->what, now);
	bury(aor, b, r->callid, r->cseq, r->what, now);
}

static void settle(const naive_aor *before, const naive_aor *after, naive_answer *out)
{
	if (before->n == 0 && after->n > 0)
		tell(out, RG_EVENT_AOR_INSERT, "");
	if (before->n > 0 && after->n == 0)
		tell(out, RG_EVENT_AOR_DELETE, "");
}

/* 1: older or a wrong repeat; 2: an exact repeat; 0: news. */
static int stale(const naive_binding *b, const naive_request *r)
{
	if (strcmp(b->callid, r->callid) != 0 || r->cseq > b->cseq)
		return 0;
	return r->cseq == b->cseq && r->what == b->what ? 2 : 1;
}

static int64_t granted(const naive_contact *c, const naive_rules *rules)
{
	int64_t s = c->expires < 0 ? rules->default_expires : c->expires;
	if (s > 0 && s < rules->min_expires)
		s = rules->min_expires;
	if (s > 0 && rules->max_expires && s > rules->max_expires)
		s = rules->max_expires;
	return s > 0 && s < PUSH_LEAST && is_token(c->push) ? PUSH_LEAST : s;
}

static int verdict(naive_aor *aor, const naive_request *r, const naive_contact *c, rg_time now)
{
	naive_binding *b = find(aor->bindings, aor->n, c, now);
	int worst = 0, held = b ? stale(b, r) : 0;
	for (uint32_t i = 0; i < aor->n_gone; i++) {
		int s = means(c, &aor->gone[i]) ? stale(&aor->gone[i], r) : 0;
		if (s == 2)
			return c->expires == 0 || held == 2 ? 2 : 1;
		worst = s ? s : worst;
	}
	return worst ? worst : held;
}

/* True when the request repeats what was done; *refused when it is out of order. */
static bool repeats(naive_aor *aor, const naive_request *r, rg_time now, bool *refused)
{
	bool repeat = false;
	for (uint32_t i = 0; i < r->n; i++) {
		int s = verdict(aor, r, &r->contacts[i], now);
		*refused = *refused || s == 1;
		repeat = repeat || s == 2;
	}
	return repeat;
}

/* A removal beside a Contact that sets the same flow, which has another URI here: it sets it. */
static bool overruled(const naive_request *r, const naive_contact *c)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (c->flow && c->expires == 0 && r->contacts[i].expires != 0 && r->contacts[i].flow == c->flow &&
			r->contacts[i].instance == c->instance)
			return true;
	return false;
}

static void put(naive_aor *aor, const naive_request *r, const naive_rules *rules, const naive_contact *c, rg_time now, naive_answer *out)
{
	int64_t seconds = granted(c, rules);
	naive_binding *b = find(aor->bindings, aor->n, c, now);
	if (seconds == 0) {
		if (!b)
			return;
		tell(out, RG_EVENT_CONTACT_DELETE, b->uri);
		bury_by(aor, b, r, now);
		drop(aor->bindings, &aor->n, b);
		return;
	}
	tell(out, b ? RG_EVENT_CONTACT_UPDATE : RG_EVENT_CONTACT_INSERT, c->uri);
	if (!b) {
		b = &aor->bindings[aor->n++];
		memset(b, 0, sizeof *b);
		b->created = now;
		b->turn = ++aor->made;
		b->latency = RG_LATENCY_NONE;
	}
	strcpy(b->uri, c->uri);
	strcpy(b->callid, r->callid);
	b->cseq = r->cseq;
	b->q = c->q;
	b->instance = c->instance;
	b->flow = c->flow;
	b->path = r->path;
	b->received = rules->path_received ? r->path : 0;
	b->local = r->local;
	b->header = rules->socket_header && r->header;
	b->allow = r->allow;
	b->agent = r->agent;
	b->what = r->what;
	b->modified = now;
	b->granted = (uint64_t)seconds;
	b->expires = now + seconds * 1000;
	b->own = true;
	b->push = c->push;
	b->wakes = is_token(c->push);
	b->woken = false;
}

static bool worse(const naive_binding *a, const naive_binding *b, int eviction)
{
	if (eviction == 1 && a->expires != b->expires)
		return a->expires < b->expires;
	if (eviction == 2 && a->q != b->q)
		return a->q < b->q;
	return a->modified < b->modified;
}

static bool fit(naive_aor *aor, const naive_rules *rules, rg_time now, naive_answer *out)
{
	while (rules->max_contacts && aor->n > rules->max_contacts) {
		naive_binding *victim = NULL;
		for (uint32_t i = 0; rules->force && i < aor->n; i++)
			if (!aor->bindings[i].own && (!victim || worse(&aor->bindings[i], victim, rules->eviction)))
				victim = &aor->bindings[i];
		if (!victim)
			return false;
		tell(out, RG_EVENT_CONTACT_DELETE, victim->uri);
		bury(aor, victim, victim->callid, victim->cseq, victim->what, now);
		drop(aor->bindings, &aor->n, victim);
	}
	return true;
}

static void list(const naive_aor *aor, const naive_request *r, const naive_rules *rules, rg_time now, naive_answer *out)
{
	naive_binding live[NAIVE_MAX];
	uint32_t n = naive_live(aor, now, live);
	for (uint32_t i = 0; i < r->n; i++) {
		naive_binding *b = find(live, n, &r->contacts[i], now);
		if (b && r->contacts[i].expires != 0) {
			out->contacts[out->n++] = *b;
			drop(live, &n, b);
		}
	}
	out->n_own = out->n;
	for (uint32_t i = 0; i < n && !rules->only_request; i++)
		out->contacts[out->n++] = live[i];
}

static void refuse(naive_answer *out, int32_t reason)
{
	memset(out, 0, sizeof *out);
	out->reason = reason;
}

static bool star(naive_aor *aor, const naive_request *r, rg_time now, naive_answer *out)
{
	for (uint32_t i = 0; i < aor->n; i++)
		if (aor->bindings[i].expires > now && strcmp(aor->bindings[i].callid, r->callid) == 0 && aor->bindings[i].cseq >= r->cseq)
			return false;
	lapse(aor, now, out);
	while (aor->n) {
		tell(out, RG_EVENT_CONTACT_DELETE, aor->bindings[0].uri);
		bury_by(aor, &aor->bindings[0], r, now);
		drop(aor->bindings, &aor->n, aor->bindings);
	}
	return true;
}

void naive_save(naive_aor *aor, naive_request *r, const naive_rules *rules, rg_time now, naive_answer *out)
{
	bool refused = false, changed = false;
	naive_aor next = *aor;
	memset(out, 0, sizeof *out);
	int32_t reason = naive_policy(r, rules, out);
	if (reason != RG_R_FINE) {
		refuse(out, reason);
		return;
	}
	for (uint32_t i = 0; i < next.n; i++)
		next.bindings[i].own = false, next.bindings[i].granted = 0;
	forget(&next, now);
	if (r->star && !star(&next, r, now, out)) {
		refuse(out, RG_R_INV_CSEQ);
		return;
	}
	for (uint32_t i = 0; i < out->n_events; i++)
		changed = changed || out->events[i].kind == RG_EVENT_CONTACT_DELETE;
	if (r->n && !repeats(&next, r, now, &refused) && !refused) {
		naive_binding ignored[NAIVE_MAX];
		uint32_t live = naive_live(&next, now, ignored);
		lapse(&next, now, out);
		uint32_t told = out->n_events;
		for (uint32_t i = 0; i < r->n; i++)
			if (!overruled(r, &r->contacts[i]))
				put(&next, r, rules, &r->contacts[i], now, out);
		changed = out->n_events > told;
		uint32_t touched = 0;
		for (uint32_t i = 0; i < next.n; i++)
			touched += next.bindings[i].own;
		if (next.n > live || touched || rules->force)
			refused = !fit(&next, rules, now, out) && touched;
		changed = changed || out->n_events > told;
		if (refused) {
			refuse(out, RG_R_TOO_MANY);
			return;
		}
	} else if (refused) {
		refuse(out, RG_R_INV_CSEQ);
		return;
	}
	list(changed ? &next : aor, r, rules, now, out);
	if (!changed) {
		out->n_events = 0;
		return;
	}
	settle(aor, &next, out);
	*aor = next;
}

void naive_expire(naive_aor *aor, rg_time now, naive_answer *out)
{
	naive_aor next = *aor;
	memset(out, 0, sizeof *out);
	lapse(&next, now, out);
	for (uint32_t i = 0; i < next.n; i++) {
		naive_binding *b = &next.bindings[i];
		if (b->wakes && !b->woken && b->expires - PUSH_TRIGGER * 1000 <= now) {
			tell(out, RG_EVENT_CONTACT_REFRESH, b->uri);
			b->woken = true;
		}
	}
	settle(aor, &next, out);
	*aor = next;
}

void naive_remove(naive_aor *aor, const char *uri, rg_time now, naive_answer *out, uint32_t *removed)
{
	naive_aor next = *aor;
	bool matched = false;
	memset(out, 0, sizeof *out);
	*removed = 0;
	for (uint32_t i = next.n; i-- > 0;) {
		naive_binding b = next.bindings[i];
		if (uri && !naive_same_address(b.uri, uri))
			continue;
		matched = true; /* a lapsed one goes as well, but has lapsed */
		if (b.expires <= now)
			continue;
		tell(out, RG_EVENT_CONTACT_DELETE, b.uri);
		bury(&next, &b, b.callid, b.cseq, b.what, now);
		drop(next.bindings, &next.n, &next.bindings[i]);
		++*removed;
	}
	if (!matched)
		return;
	lapse(&next, now, out);
	settle(aor, &next, out);
	*aor = next;
}

void naive_latency(naive_aor *aor, const char *uri, uint32_t microseconds, rg_time now, naive_answer *out, uint32_t *changed)
{
	naive_aor next = *aor;
	memset(out, 0, sizeof *out);
	*changed = 0;
	for (uint32_t i = 0; i < next.n; i++) {
		naive_binding *b = &next.bindings[i];
		int64_t moved = (int64_t)microseconds - b->latency;
		if (!naive_same_address(b->uri, uri) || b->expires <= now)
			continue;
		moved = moved < 0 ? -moved : moved;
		if (b->latency != RG_LATENCY_NONE && (moved < 10000 || moved * 5 < b->latency))
			continue;
		b->latency = microseconds;
		++*changed;
		tell(out, RG_EVENT_LATENCY_UPDATE, b->uri);
	}
	if (!*changed)
		return;
	lapse(&next, now, out);
	settle(aor, &next, out);
	*aor = next;
}
