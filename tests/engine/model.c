/* SPDX-License-Identifier: MIT */
/* Random operations against the library and a naive model, which must agree on every response, event and remaining binding.
 * usage: model [SEED [STEPS]]; without a seed a fixed set of them. A failure prints seed and step, and so can be repeated. */
#include "model.h"
#include <rgstr/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t dice(world *w, uint32_t below)
{
	w->state ^= w->state << 13;
	w->state ^= w->state >> 7;
	w->state ^= w->state << 17;
	return (uint32_t)((w->state >> 20) % below);
}

void fail(const world *w, const char *what)
{
	fprintf(stderr, "model: seed %llu, step %u, %s: %s\n", (unsigned long long)w->seed, w->step, w->verb, what);
	exit(1);
}

static rg_time world_now(void *user)
{
	return ((world *)user)->now;
}

static void world_random(void *user, void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)bytes)[i] = (uint8_t)dice(user, 256);
}

static void on_event(void *user, const rg_event *event)
{
	world *w = user;
	const rg_contact *c = event->after ? event->after : event->before;
	naive_event *e = &w->got[w->n_got++];
	memset(e, 0, sizeof *e);
	e->kind = event->kind;
	if (c)
		memcpy(e->uri, c->uri.p, c->uri.n);
	if (w->n_got == NAIVE_EVENTS)
		fail(w, "too many events");
}

static int event_order(const void *a, const void *b)
{
	const naive_event *x = a, *y = b;
	return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind) : strcmp(x->uri, y->uri);
}

void compare_events(world *w)
{
	for (uint32_t i = 0; i < w->n_got; i++) {
		if (w->got[i].kind == RG_EVENT_AOR_INSERT && i != 0)
			fail(w, "AOR_INSERT is not the first event");
		if (w->got[i].kind == RG_EVENT_AOR_DELETE && i != w->n_got - 1)
			fail(w, "AOR_DELETE is not the last event");
	}
	qsort(w->got, w->n_got, sizeof *w->got, event_order);
	qsort(w->want.events, w->want.n_events, sizeof *w->want.events, event_order);
	if (w->n_got != w->want.n_events || memcmp(w->got, w->want.events, w->n_got * sizeof *w->got) != 0) {
		for (uint32_t i = 0; i < w->n_got; i++)
			fprintf(stderr, "  got    %s %s\n", rg_event_name(w->got[i].kind), w->got[i].uri);
		for (uint32_t i = 0; i < w->want.n_events; i++)
			fprintf(stderr, "  wanted %s %s\n", rg_event_name(w->want.events[i].kind), w->want.events[i].uri);
		fail(w, "events differ");
	}
	w->n_got = 0;
}

static int instance_of(rg_str instance)
{
	return instance.n > 2 ? instance.p[instance.n - 2] - '0' : 0;
}

static const naive_binding *wanted(const world *w, const rg_contact *c, uint32_t from)
{
	for (uint32_t i = from; i < w->want.n; i++) {
		const naive_binding *b = &w->want.contacts[i];
		if (strlen(b->uri) == c->uri.n && memcmp(b->uri, c->uri.p, c->uri.n) == 0 && b->flow == c->reg_id &&
			(!b->flow || b->instance == instance_of(c->instance)))
			return b;
	}
	return NULL;
}

static void path_of(int path, bool ob, char room[64])
{
	snprintf(room, 64, "<sip:edge%d.example.org;lr%s;received=sip:h%d>", path, ob ? ";ob" : "", path);
}

static void compare_extensions(world *w, rg_response *response)
{
	rg_str require = rg_response_header(response, RG_STR("Require"), 0), path = rg_response_header(response, RG_STR("Path"), 0);
	if ((require.n != 0) != w->want.requires_outbound)
		fail(w, "Require: outbound is there, or is not");
	if ((path.n != 0) != (w->want.shows_path != 0) || (path.n && path.p[9] - '0' != w->want.shows_path))
		fail(w, "another Path is answered");
	rg_str caps = rg_response_header(response, RG_STR("Feature-Caps"), 0);
	if (!rg_str_equal(caps, w->want.offers_push ? RG_STR("*;+sip.pns=\"webpush\"") : (rg_str){ NULL, 0 }))
		fail(w, "push is offered, or is not");
	w->offered += w->want.offers_push;
	w->flows += w->want.requires_outbound;
	w->shown += w->want.shows_path != 0;
}

/* Where it came from and where it is kept. */
static void compare_place(world *w, const rg_contact *c, const naive_binding *b)
{
	if ((c->received.n ? c->received.p[c->received.n - 1] - '0' : 0) != b->received || c->branch_flags != (b->received ? 64u : 0))
		fail(w, "a received URI or the NAT flag differs");
	if (!rg_str_equal(c->socket, b->header ? RG_STR("tcp:198.51.100.9:5070") : RG_STR("udp:198.51.100.1:5060")))
		fail(w, "a socket differs");
	if (((c->flags & RG_CONTACT_LOCAL) != 0) != b->local)
		fail(w, "a binding is kept here, or is not");
	w->local += b->local;
	if (((c->flags & RG_CONTACT_PN) != 0) != b->wakes || (b->own && !b->woken && c->wake != (b->wakes ? b->expires - PUSH_TRIGGER * 1000 : 0)))
		fail(w, "a device is to be woken, or is not");
	w->moved += b->own && b->wakes && b->created != b->modified;
}

static void compare_response(world *w, rg_response *response)
{
	if (rg_response_reason(response) != w->want.reason) {
		fprintf(stderr, "  got %s, wanted %s\n", rg_reason_name(rg_response_reason(response)), rg_reason_name(w->want.reason));
		fail(w, "reasons differ");
	}
	w->agreed[w->want.reason]++;
	if (w->want.reason != RG_R_FINE)
		return;
	compare_extensions(w, response);
	if (rg_response_contact_count(response) != w->want.n)
		fail(w, "the response lists another number of contacts");
	for (uint32_t i = 0; i < w->want.n; i++) {
		rg_contact a = { .struct_size = sizeof a };
		rg_response_contact(response, i, &a);
		const naive_binding *b = wanted(w, &a, i < w->want.n_own ? i : w->want.n_own);
		if (!b || (i < w->want.n_own && b != &w->want.contacts[i]))
			fail(w, "the response lists another contact");
		if (rg_response_contact_expires(response, i) != (uint32_t)((b->expires - w->now) / 1000) || a.q != b->q || a.cseq != b->cseq ||
			a.created != b->created || a.modified != b->modified || a.latency != b->latency ||
			(a.path.n ? a.path.p[9] - '0' : 0) != b->path)
			fail(w, "a listed contact differs");
		compare_place(w, &a, b);
	}
}

void uri_of(uint32_t i, char room[64])
{
	snprintf(room, 64, "sip:phone%u@192.0.2.%u:5060", i, 10 + i);
}

/* The last phones have push parameters where push is on, and instances of their own. */
static void make_push(world *w, naive_contact *c)
{
	static const int forms[] = { 1, 2, 3, 1, 2, 3, PUSH_ASKS, PUSH_UNKNOWN };
	char *end = strchr(c->uri, '\0');

	c->push = forms[dice(w, 8)];
	if (c->push == PUSH_ASKS)
		strcpy(end, ";pn-provider");
	else if (c->push == PUSH_UNKNOWN)
		strcpy(end, ";pn-provider=x;pn-prid=1");
	else
		snprintf(end, sizeof c->uri - strlen(c->uri), ";pn-provider=webpush;pn-prid=%d", c->push);
	c->instance = (int)dice(w, 3) ? 4 + (int)dice(w, 2) : 0;
	c->reg_id = c->instance && dice(w, 4) == 0 ? 1 : 0;
}

static void make_request(world *w, naive_request *r)
{
	bool pushed = false;
	memset(r, 0, sizeof *r);
	snprintf(r->callid, sizeof r->callid, "call-%u", dice(w, CALLIDS));
	r->cseq = dice(w, 4) ? ++w->cseq : w->cseq - (w->cseq > 3 ? dice(w, 4) : 0);
	r->star = dice(w, 25) == 0;
	if (r->star)
		r->cseq = ++w->cseq;
	uint32_t first = dice(w, URIS);
	r->n = r->star || dice(w, 12) == 0 ? 0 : 1 + (dice(w, 3) == 0 ? dice(w, 4) : 0);
	/* Which of several bindings of one request is evicted is decided by their ids, which are random: not asked of the model. */
	if (w->rules.force && w->rules.max_contacts && r->n > 1)
		r->n = 1;
	r->allow = (int)dice(w, 4);
	r->agent = (int)dice(w, 3);
	r->local = dice(w, 3) == 0;
	r->header = dice(w, 2);
	r->says_path = dice(w, 3) != 0;
	r->says_outbound = dice(w, 3) != 0;
	for (uint32_t i = 0; i < r->n; i++) {
		static const int64_t asked[] = { -1, 0, 0, 1, 59, 60, 90, 300, 7200, 4294967295 };
		static const int32_t qs[] = { -1, 0, 500, 1000, 123 };
		uri_of((first + i) % URIS, r->contacts[i].uri);
		r->contacts[i].expires = asked[dice(w, 10)];
		r->contacts[i].q = qs[dice(w, 5)];
		r->contacts[i].instance = (int)dice(w, 4);
		r->contacts[i].reg_id = r->contacts[i].instance ? dice(w, 3) : 0;
		if (!w->rules.push || (first + i) % URIS < URIS - PUSHED)
			continue;
		/* Two of them in one request may mean one binding, which is not asked of the model. */
		if (pushed) {
			r->n = i;
			break;
		}
		make_push(w, &r->contacts[i]);
		pushed = true;
	}
}

/* The request to send: a new one, or an earlier one of the user once more. */
static void choose_request(world *w, uint32_t who, naive_request *r)
{
	naive_request *sent = &w->sent[who];
	if (sent->n && dice(w, 6) == 0 && !(w->rules.force && w->rules.max_contacts && sent->n > 1)) {
		*r = *sent;
		w->repeated++;
		return;
	}
	make_request(w, r);
	/* Of one user a repeat takes the way that the first one took. */
	r->path = (int)who % 3;
	r->ob = who % 2 != 0;
	if (dice(w, 3))
		*sent = *r;
}

static void contact_text(const naive_contact *c, char *room, size_t size)
{
	int n = snprintf(room, size, "<%s>", c->uri);
	if (c->q >= 0)
		n += snprintf(room + n, size - (size_t)n, ";q=%d.%03d", c->q / 1000, c->q % 1000);
	if (c->expires >= 0)
		n += snprintf(room + n, size - (size_t)n, ";expires=%lld", (long long)c->expires);
	/* One and the same phone writes its name now so, now so. */
	if (c->instance)
		n += snprintf(room + n, size - (size_t)n, ";+sip.instance=\"<%s:000%d>\"", c->q == 0 ? "URN:uuid" : "urn:UUID", c->instance);
	if (c->reg_id)
		snprintf(room + n, size - (size_t)n, ";reg-id=%u", c->reg_id);
}

static void set_extensions(const naive_request *r, rg_request *request, char path[64], char tags[32], rg_str *path_line, rg_str *supported)
{
	path_of(r->path, r->ob, path);
	*path_line = rg_str_from(path);
	request->paths = path_line;
	request->n_paths = r->path != 0;
	request->via_count = r->path ? 2 : 1;
	request->socket = RG_STR("udp:198.51.100.1:5060");
	if (r->header)
		request->socket_header = RG_STR("tcp:198.51.100.9:5070");
	snprintf(tags, 32, "x%s%s", r->says_path ? ", path" : "", r->says_outbound ? ",outbound" : "");
	*supported = rg_str_from(tags);
	request->supported = supported;
	request->n_supported = 1;
}

static void save(world *w, uint32_t who)
{
	naive_request r;
	static const char *const methods[] = { "", "INVITE", "MESSAGE", "INVITE, MESSAGE" }, *const agents[] = { "", "Acme Phone", "Fax" };
	char to[64], cseq[32], contacts[8][192], path[64], tags[32];
	rg_str lines[8], allow, path_line, supported;
	rg_request request;
	rg_response *response = NULL;
	choose_request(w, who, &r);
	w->now++;
	rg_request_init(&request, sizeof request);
	snprintf(to, sizeof to, "<sip:user%u@example.org>", who);
	snprintf(cseq, sizeof cseq, "%u REGISTER", r.cseq);
	r.what = 14695981039346656037ULL;
	for (uint32_t i = 0; i < r.n; i++) {
		contact_text(&r.contacts[i], contacts[i], sizeof contacts[i]);
		lines[i] = rg_str_from(contacts[i]);
		for (const char *p = contacts[i]; *p; p++)
			r.what = (r.what ^ (uint8_t)*p) * 1099511628211ULL;
	}
	if (r.star) {
		lines[0] = RG_STR("*");
		request.expires = RG_STR("0");
	}
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = rg_str_from(r.callid);
	request.cseq = rg_str_from(cseq);
	request.contacts = lines;
	request.n_contacts = r.star ? 1 : r.n;
	set_extensions(&r, &request, path, tags, &path_line, &supported);
	allow = rg_str_from(methods[r.allow]);
	request.allow = &allow;
	request.n_allow = r.allow != 0;
	request.user_agent = r.agent ? rg_str_from(agents[r.agent]) : (rg_str){ NULL, 0 };
	naive_save(&w->aors[who], &r, &w->rules, w->now, &w->want);
	if (rg_save(w->reg, &request, w->options[r.local], &response, NULL) != RG_OK)
		fail(w, "rg_save returned an error");
	compare_response(w, response);
	rg_response_free(response);
	compare_events(w);
}

static void remove_some(world *w, uint32_t who)
{
	char aor[64], uri[64] = "";
	uint32_t removed = 0, want = 0;
	rg_remove_filter filter;
	rg_remove_filter_init(&filter, sizeof filter);
	snprintf(aor, sizeof aor, "sip:user%u@example.org", who);
	filter.aor = rg_str_from(aor);
	if (dice(w, 3)) {
		uri_of(dice(w, URIS), uri);
		filter.contact = rg_str_from(uri);
	}
	naive_remove(&w->aors[who], *uri ? uri : NULL, w->now, &w->want, &want);
	if (rg_remove(w->reg, &filter, &removed, NULL) != RG_OK || removed != want)
		fail(w, "another number was removed");
	compare_events(w);
}

void tick(world *w)
{
	naive_answer all = { 0 };
	rg_time next;
	for (uint32_t i = 0; i < AORS; i++) {
		naive_expire(&w->aors[i], w->now, &w->want);
		memcpy(&all.events[all.n_events], w->want.events, w->want.n_events * sizeof *all.events);
		all.n_events += w->want.n_events;
	}
	/* Publishing looks again at what it changed: in the ticks that follow at once. */
	int left = w->other || w->rules.push ? 8 : 1;
	do {
		if (rg_registrar_tick(w->reg, 0, &next) != RG_OK)
			fail(w, "the tick failed");
	} while (next <= w->now && --left > 0);
	if (left == 0)
		fail(w, "the tick left something due");
	w->want = all;
	/* Across AoRs there is no order: each AoR's own is compared by the saves, here only what was told. */
	qsort(w->got, w->n_got, sizeof *w->got, event_order);
	qsort(w->want.events, w->want.n_events, sizeof *w->want.events, event_order);
	if (w->n_got != w->want.n_events || memcmp(w->got, w->want.events, w->n_got * sizeof *w->got) != 0)
		fail(w, "the tick told other events");
	for (uint32_t i = 0; i < w->n_got; i++)
		w->woken += w->got[i].kind == RG_EVENT_CONTACT_REFRESH;
	w->n_got = 0;
}

static int32_t is_local(void *user, const rg_str *host)
{
	(void)user;
	return rg_str_equal(*host, RG_STR("example.org"));
}

static void make_rules(world *w)
{
	w->rules = (naive_rules){ .default_expires = 3600, .min_expires = 60, .max_expires = dice(w, 2) ? 600 : 0, .max_contacts = dice(w, 4),
		.force = dice(w, 2), .only_request = dice(w, 3) == 0, .newest_first = dice(w, 2), .eviction = (int)dice(w, 3),
		.path = (int)dice(w, 4), .outbound = (int)dice(w, 4) % 3, .path_received = dice(w, 2), .socket_header = dice(w, 2),
		.push = dice(w, 3) == 0 };
}

static rg_config *make_config(const world *w)
{
	static const char *const evictions[] = { "oldest", "soonest-expiry", "lowest-q" }, *const modes[] = { "off", "on", "required" };
	rg_config *config = NULL;
	if (rg_config_new(&config) || rg_config_set_int(config, RG_STR("max_expires"), w->rules.max_expires, NULL) ||
		rg_config_set_int(config, RG_STR("desc_time_order"), w->rules.newest_first, NULL) ||
		rg_config_set_int(config, RG_STR("nat_bflag"), 6, NULL) ||
		rg_config_set_int(config, RG_STR("pn_enable"), w->rules.push, NULL) ||
		rg_config_set(config, RG_STR("pn_providers"), RG_STR("webpush"), NULL) ||
		rg_config_set(config, RG_STR("outbound_mode"), rg_str_from(modes[w->rules.outbound]), NULL) ||
		rg_config_set(config, RG_STR("eviction"), rg_str_from(evictions[w->rules.eviction]), NULL))
		fail(w, "setting up");
	return config;
}

static void make_options(world *w)
{
	static const char *const paths[] = { "", ", path-off", ", path-lazy", ", path-strict" };
	char flags[256];
	int n = snprintf(flags, sizeof flags, "max-contacts=%d%s%s%s%s%s", (int)w->rules.max_contacts,
		w->rules.force ? ",force-registration" : "", w->rules.only_request ? ", only-request-contacts" : "", paths[w->rules.path],
		w->rules.path_received ? ",path-received" : "", w->rules.socket_header ? ",socket-header" : "");
	rg_status st = rg_save_options_new(rg_str_from(flags), &w->options[0], NULL);
	strcpy(flags + n, ",memory-only");
	if (st != RG_OK || rg_save_options_new(rg_str_from(flags), &w->options[1], NULL) != RG_OK)
		fail(w, "setting up");
}

/* A memory store, or one laid over another: what is saved memory-only is to look no different from outside. */
static void make_store(world *w)
{
	rg_store *here = NULL, *main_store = NULL;
	if (rg_memory_store_new(NULL, &main_store, NULL) != RG_OK || rg_memory_store_new(NULL, &here, NULL) != RG_OK)
		fail(w, "setting up");
	if (dice(w, 2) == 0)
		w->store = rg_store_ref(main_store);
	else if (rg_store_overlay(main_store, here, &w->store, NULL) != RG_OK)
		fail(w, "setting up");
	rg_store_unref(main_store);
	rg_store_unref(here);
}

static void make_other_site(world *w, const rg_env *env)
{
	if (rg_memory_store_new(NULL, &w->other_store, NULL) != RG_OK || rg_memory_store_new(NULL, &w->sites, NULL) != RG_OK ||
		rg_registrar_new(NULL, w->other_store, env, &w->other, NULL) != RG_OK ||
		rg_registrar_federate(w->reg, w->sites, RG_STR("192.0.2.250"), NULL, NULL) != RG_OK ||
		rg_registrar_federate(w->other, w->sites, RG_STR("192.0.2.251"), NULL, NULL) != RG_OK)
		fail(w, "setting up the other site");
}

static void begin(world *w, uint64_t seed)
{
	memset(w, 0, sizeof *w);
	w->seed = seed;
	w->state = (seed + 1) * 0x9e3779b97f4a7c15ULL; /* small seeds must not begin with a row of zeros */
	w->verb = "begin";
	w->now = 1700000000000;
	w->cseq = 10;
	make_rules(w);
	make_options(w);
	make_store(w);
	rg_config *config = make_config(w);
	rg_env env = { .struct_size = sizeof env, .now = world_now, .random = world_random, .is_local = is_local, .user = w };
	if (rg_registrar_new(config, w->store, &env, &w->reg, NULL) ||
		rg_registrar_subscribe(w->reg, RG_EVENT_ALL, on_event, w, NULL, &w->events, NULL))
		fail(w, "setting up");
	if (dice(w, 2))
		make_other_site(w, &env);
	rg_config_free(config);
}

static void end(world *w)
{
	rg_subscription_free(w->events);
	rg_save_options_unref(w->options[0]);
	rg_save_options_unref(w->options[1]);
	rg_registrar_unref(w->reg);
	rg_registrar_unref(w->other);
	rg_store_unref(w->store);
	rg_store_unref(w->other_store);
	rg_store_unref(w->sites);
}

static void run(world *w, uint64_t seed, uint32_t steps)
{
	begin(w, seed);
	for (w->step = 0; w->step < steps; w->step++) {
		uint32_t who = dice(w, AORS), what = dice(w, 25);
		if (w->rules.push && what >= 12 && what < 15)
			what = 0; /* a lookup wakes, which the model does not */
		w->verb = what < 12 ? "save" : what < 15 ? "lookup" : what < 16 ? "remove" : what < 19 ? "measure" : "tick";
		if (what < 12)
			save(w, who);
		else if (what < 15)
			look_up(w, who);
		else if (what < 16)
			remove_some(w, who);
		else if (what < 19)
			measure(w, who);
		else if (what < 20)
			tick(w);
		else if (what < 22 && w->other)
			register_there(w, who);
		else
			w->now += dice(w, 3) ? dice(w, 20000) : dice(w, 400000);
	}
	end(w);
}

int main(int argc, char **argv)
{
	static world w;
	uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, to = argc > 1 ? from : 40;
	uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 3000;
	int agreed[AGREED_ROOM] = { 0 }, found = 0, fallbacks = 0, unable = 0, left_out = 0, measured = 0,
		repeated = 0, offered = 0, moved = 0, woken = 0, flows = 0, shown = 0, wide = 0, homes = 0, local = 0;
	for (uint64_t seed = from; seed <= to; seed++) {
		run(&w, seed, steps);
		for (int i = 0; i < rg_reason_count(); i++)
			agreed[i] += w.agreed[i];
		found += w.found;
		repeated += w.repeated;
		flows += w.flows;
		offered += w.offered;
		moved += w.moved;
		woken += w.woken;
		wide += w.wide;
		homes += w.homes;
		local += w.local;
		shown += w.shown;
		fallbacks += w.fallbacks;
		unable += w.unable;
		left_out += w.left_out;
		measured += w.measured;
	}
	printf("seeds %llu to %llu, %u steps each: %d registrations accepted, %d out of order, %d too many, %d sent again, all agreed\n",
		(unsigned long long)from, (unsigned long long)to, steps, agreed[RG_R_FINE], agreed[RG_R_INV_CSEQ], agreed[RG_R_TOO_MANY], repeated);
	printf("lookups: %d with targets, %d fallbacks, %d times the method was nobody's, %d times all were left out; %d pings counted\n",
		found, fallbacks, unable, left_out, measured);
	/* A run that never came to one of them has compared too little; one seed may have no limit, or one of a single binding. */
	printf("%d answers spoke of flows, %d showed a Path; refused: %d for a Path, %d, %d and %d for outbound\n", flows, shown,
		agreed[RG_R_PATH_UNSUP], agreed[RG_R_OB_EDGE], agreed[RG_R_OB_REQUIRED], agreed[RG_R_OB_MULTI]);
	printf("%d answers offered push, %d devices with a token came back, %d were woken; %d refused for their provider\n", offered, moved, woken,
		agreed[RG_R_PNS_UNSUP]);
	printf("%d lookups of several found targets, %d targets were at the other site; %d listed bindings were memory-only\n", wide, homes,
		local);
	if (from != to && (!offered || !moved || !woken || !agreed[RG_R_PNS_UNSUP]))
		return 1;
	if (from != to && (!wide || !homes || !local))
		return 1;
	if (from != to && (!flows || !shown || !agreed[RG_R_PATH_UNSUP] || !agreed[RG_R_OB_EDGE] || !agreed[RG_R_OB_REQUIRED] ||
		!agreed[RG_R_OB_MULTI]))
		return 1;
	if (from != to && (!repeated || !found || !fallbacks || !unable || !left_out || !measured))
		return 1;
	return !agreed[RG_R_FINE] || !agreed[RG_R_INV_CSEQ] || (from != to && !agreed[RG_R_TOO_MANY]);
}
