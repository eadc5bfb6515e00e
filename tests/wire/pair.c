/* SPDX-License-Identifier: MIT */
#include "pair.h"
#include <rgstr/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEARD = 1 << 16, TOUCHED = 16, KEY = 600, RECORD = 1 << 18 };

typedef struct side {
	struct pair *of;
	rg_store *store;
	rg_registrar *registrar;
	rg_subscription *subscription;
	uint64_t random;
	answer last;
	char heard[HEARD]; /* what the host was asked and told */
	size_t n_heard;
} side;

struct pair {
	side sides[2];
	const front *fronts[2];
	rg_save_options *save;
	rg_lookup_options *lookup;
	rg_request host;
	rg_time now;
	size_t max_bytes;
	uint64_t count;
	bool reads_path, silent, refused, apart; /* `refused`: at least once, so the reasons are counted otherwise */
	tally *tally;
	char touched[TOUCHED][3][KEY]; /* keys of records that the message changed */
	uint32_t n_touched;
	char words[4096];
};

/* A row a configuration: parameters, flags of save and lookup, and whether the host knows all that it can know. */
static const struct kind {
	const char *name, *parameters, *save, *lookup;
	bool known;
} kinds[] = {
	{ "plain", "", "", "", false },
	{ "host", "received_param=rcv;max_contacts=4", "", "method-filtering", true },
	{ "extended", "outbound_mode=on;flow_timer=95;nat_bflag=6;sock_hdr_name=Sock-Info;pn_enable=1;pn_providers=apns, fcm, webpush, acme;"
		"pn_enable_purr=1;gruu_secret=secret;disable_gruu=0;service_route=<sip:s1.example.com;lr>",
			"path-lazy, path-received, socket-header", "", true },
	{ "strict", "min_expires_mode=reject;min_expires=120;case_sensitive=0;malformed_expires=3600;cseq_code=500;retry_after=5",
		"path-strict, max-contacts=2, matching-mode=1", "no-branches", false },
	{ "small",
		"max_request_bytes=512;max_request_contacts=2;max_paths=1;max_callid_len=12;max_contact_len=40;max_contact_params=2;"
		"max_user_agent_len=4;"
		"max_aor_len=30", "path-off, force-registration, max-contacts=2", "to-branches-only", true },
	{ "no domain", "use_domain=0;default_q=500;trust_contact_received=1;realm_prefix=sip.;max_request_bytes=1048576",
		"only-request-contacts", "sort-by-latency", false },
	{ "required",
		"outbound_mode=required;sock_hdr_name=X-Other;matching_mode=instance;disable_gruu=0;gruu_secret=secret;max_record_bytes=900",
		"path-lazy, min-expires=60, max-expires=600",
		"", true },
	{ "silent", "sock_hdr_name=Subject", "no-reply, socket-header, path-off", "", false },
};

uint32_t pair_kinds(void)
{
	return sizeof kinds / sizeof *kinds;
}

const char *pair_kind_name(uint32_t kind)
{
	return kinds[kind % pair_kinds()].name;
}

static void hear(side *s, const char *what, const rg_str *a, const rg_str *b)
{
	size_t left = HEARD - s->n_heard;
	int n = snprintf(s->heard + s->n_heard, left, "%s [%.*s] [%.*s]\n", what, a ? (int)a->n : 0, a && a->p ? a->p : "", b ? (int)b->n : 0,
		b && b->p ? b->p : "");

	s->n_heard += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

static rg_time side_now(void *user)
{
	return ((side *)user)->of->now;
}

static void side_random(void *user, void *bytes, size_t n)
{
	side *s = user;

	for (size_t i = 0; i < n; i++) {
		s->random ^= s->random << 13;
		s->random ^= s->random >> 7;
		s->random ^= s->random << 17;
		((uint8_t *)bytes)[i] = (uint8_t)(s->random >> 24);
	}
}

static int32_t side_is_local(void *user, const rg_str *host)
{
	hear(user, "is_local", host, NULL);
	return !rg_str_equal(*host, RG_STR("elsewhere.example"));
}

static int32_t side_authorize(void *user, const rg_str *from, const rg_str *to, const rg_str *identity)
{
	hear(user, "authorize", from, to);
	hear(user, "identity", identity, NULL);
	return from->n < 4 || !memmem(from->p, from->n, "carol", 5) || !memmem(to->p, to->n, "bob", 3);
}

static int32_t side_is_owner(void *user, const rg_str *tag)
{
	(void)user;
	(void)tag;
	return 1;
}

/* The host name of a next hop, of which every second has addresses. */
static rg_status side_resolve(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	const rg_addr addr = { .ip = { 203, 0, 113, 1 }, .family = 4 };

	hear(user, "resolve", host, NULL);
	done(tok, host->n % 2 ? RG_OK : RG_ENOENT, &addr, host->n % 2);
	return RG_OK;
}

static void touch(pair *p, const rg_key *key)
{
	const rg_str parts[3] = { key->domain, key->user, key->host };

	if (p->n_touched == TOUCHED)
		return;
	for (int i = 0; i < 3; i++)
		snprintf(p->touched[p->n_touched][i], KEY, "%.*s", (int)parts[i].n, parts[i].p ? parts[i].p : "");
	p->n_touched++;
}

static void side_event(void *user, const rg_event *event)
{
	side *s = user;
	const rg_contact *c = event->after ? event->after : event->before;

	hear(s, rg_event_name(event->kind), &event->aor, c ? &c->uri : NULL);
	hear(s, "why", &event->reason, &event->callid);
	if (event->kind != RG_EVENT_CONTACT_REFRESH)
		touch(s->of, &event->key);
}

static void side_begin(side *s, pair *p, const rg_config *config)
{
	const rg_memory_options options = { .struct_size = sizeof options, .shards = 1 };
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = side_now;
	env.random = side_random;
	env.is_local = side_is_local;
	env.authorize = side_authorize;
	env.is_owner = side_is_owner;
	env.resolve = side_resolve;
	env.user = s;
	s->of = p;
	s->random = 1;
	front_must(rg_memory_store_new(&options, &s->store, NULL) == RG_OK, "a store");
	front_must(rg_registrar_new(config, s->store, &env, &s->registrar, NULL) == RG_OK, "a registrar");
	front_must(rg_registrar_subscribe(s->registrar, RG_EVENT_ALL, side_event, s, NULL, &s->subscription, NULL) == RG_OK,
		"a subscription");
}

static void set_all(rg_config *config, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ";="), m;
		rg_str name = { list, n };

		list += n + 1;
		/* `;` stands in some values, between < and > */
		for (m = 0; list[m] && (list[m] != ';' || memchr(list, '<', m)); m++)
			;
		front_must(rg_config_set(config, name, (rg_str){ list, m }, NULL) == RG_OK, list - n - 1);
		list += m + (list[m] == ';');
	}
}

static void know(rg_request *host)
{
	host->flags = RG_REQUEST_TCP_PERSISTENT | RG_REQUEST_HAS_BRANCH_FLAGS;
	host->branch_flags = 5;
	front_must(rg_addr_parse(RG_STR("192.0.2.99:4444"), &host->source) == RG_OK, "an address");
	host->transport = RG_STR("tcp");
	host->identity = RG_STR("alice");
	host->ownership_tag = RG_STR("mine");
	host->received = RG_STR("sip:192.0.2.99:4444;transport=tcp");
	host->attr = RG_STR("an attr");
	host->flow = RG_STR("flow-1");
	host->socket = RG_STR("tcp:198.51.100.1:5060");
}

pair *pair_new(uint32_t number, const front *left, const front *right, tally *t)
{
	const struct kind *kind = &kinds[number % pair_kinds()];
	pair *p = calloc(1, sizeof *p);
	rg_config *config = NULL;
	int64_t max = 0;

	front_must(p && rg_config_new(&config) == RG_OK, "there is memory");
	set_all(config, kind->parameters);
	front_must(rg_save_options_new(rg_str_from(kind->save), &p->save, NULL) == RG_OK, kind->save);
	front_must(rg_lookup_options_new(rg_str_from(kind->lookup), &p->lookup, NULL) == RG_OK, kind->lookup);
	rg_request_init(&p->host, sizeof p->host);
	if (kind->known)
		know(&p->host);
	p->now = 1700000000000;
	p->fronts[0] = left;
	p->fronts[1] = right;
	p->silent = strstr(kind->save, "no-reply") != NULL;
	p->reads_path = strstr(kind->save, "path-") || strstr(kind->parameters, "outbound_mode");
	p->tally = t;
	for (int i = 0; i < 2; i++)
		side_begin(&p->sides[i], p, config);
	rg_config_get_int(config, RG_STR("max_request_bytes"), &max);
	p->max_bytes = (size_t)max;
	rg_config_free(config);
	return p;
}

void pair_free(pair *p)
{
	for (int i = 0; i < 2; i++) {
		rg_subscription_free(p->sides[i].subscription);
		rg_registrar_unref(p->sides[i].registrar);
		rg_store_unref(p->sides[i].store);
		answer_free(&p->sides[i].last);
	}
	rg_save_options_unref(p->save);
	rg_lookup_options_unref(p->lookup);
	free(p);
}

const answer *pair_answer(const pair *p, int index)
{
	return &p->sides[index].last;
}

static void take_record(void *tok, rg_status status, const rg_fetched *found)
{
	*(rg_record **)tok = status == RG_OK ? found->record : NULL;
}

static rg_record *fetch(const side *s, const rg_key *key)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(s->store, &self);
	rg_record *record = NULL;

	ops->fetch(self, key, RG_FETCH_FRESH, take_record, &record);
	return record;
}

static const char *differ(pair *p, const char *what, const char *left, const char *right)
{
	snprintf(p->words, sizeof p->words, "%s\n--- %s\n%.1800s\n--- %s\n%.1800s\n", what, p->fronts[0]->name, left, p->fronts[1]->name,
		right);
	return p->words;
}

/* As text with ids and generations, but without the revision: a tick commits the AoRs in the order of the store. */
static void record_text(const rg_record *record, char room[RECORD])
{
	size_t n = 0;

	front_must(rg_record_text(record, RG_TEXT_OPAQUE, room, RECORD - 1, &n) == RG_OK && n < RECORD, "a record has a text");
	room[n] = '\0';
	char *revision = strstr(room, "\n  revision: "), *end = revision ? strchr(revision + 1, '\n') : NULL;
	if (end)
		memmove(revision, end, strlen(end) + 1);
}

static const char *compare_record(pair *p, const rg_key *key)
{
	static char texts[2][RECORD];

	for (int i = 0; i < 2; i++) {
		rg_record *record = fetch(&p->sides[i], key);
		record_text(record, texts[i]);
		rg_record_unref(record);
	}
	return strcmp(texts[0], texts[1]) == 0 ? NULL : differ(p, "the records differ", texts[0], texts[1]);
}

static const char *compare_touched(pair *p)
{
	for (uint32_t i = 0; i < p->n_touched; i++) {
		const rg_key key = { rg_str_from(p->touched[i][0]), rg_str_from(p->touched[i][1]), rg_str_from(p->touched[i][2]) };
		const char *found = compare_record(p, &key);
		if (found)
			return found;
	}
	return NULL;
}

static const char *compare_heard(pair *p)
{
	if (strcmp(p->sides[0].heard, p->sides[1].heard) == 0)
		return compare_touched(p);
	return differ(p, "the host is told otherwise", p->sides[0].heard, p->sides[1].heard);
}

static void begin_step(pair *p)
{
	p->n_touched = 0;
	p->count++;
	for (int i = 0; i < 2; i++) {
		p->sides[i].n_heard = 0;
		p->sides[i].heard[0] = '\0';
		p->sides[i].random = p->count * 0x9e3779b97f4a7c15u | 1;
	}
}

static void count_answer(tally *t, const answer *a, uint32_t touched)
{
	t->messages++;
	t->replies += a->reply != NULL;
	t->changes += touched > 0;
	t->targets += a->targets && a->code == 0;
	t->empty_lookups += a->targets && a->code != 0;
	t->silent += a->status == RG_OK && !a->reply && !a->targets;
	t->errors += a->status != RG_OK;
	if (a->code > 0 && a->code < 700)
		t->codes[a->code]++;
}

static const char *describe(const answer *a, char *room, size_t size)
{
	snprintf(room, size, "%s, code %d, %zu octets\n%s\n%s", rg_status_name(a->status), (int)a->code, a->n,
		a->reply ? a->reply : "no reply",
		a->targets ? a->targets : "no lookup");
	return room;
}

const char *pair_judge(pair *p, rg_str bytes, uint32_t manner)
{
	/* rg_sofia_request_parse() takes no more. */
	bool look_up = (manner & MANNER_LOOKUP) && bytes.n <= 65535;
	const question q = { bytes, &p->host, p->save, p->lookup, look_up, (manner & MANNER_AGAIN) != 0, (manner & MANNER_ASYNC) != 0,
		p->reads_path, p->max_bytes };
	static char texts[2][4000];

	begin_step(p);
	for (int i = 0; i < 2; i++) {
		answer_free(&p->sides[i].last);
		p->fronts[i]->handle(p->fronts[i], p->sides[i].registrar, &q, &p->sides[i].last);
	}
	count_answer(p->tally, &p->sides[0].last, p->n_touched);
	verdict v;
	const char *what = allowed_difference(&q, &p->sides[0].last, &p->sides[1].last, p->tally, &v);
	if (what) {
		for (int i = 0; i < 2; i++)
			describe(&p->sides[i].last, texts[i], sizeof texts[i]);
		return differ(p, what, texts[0], texts[1]);
	}
	p->apart |= v.apart;
	p->refused |= v.refused;
	if (v.apart)
		return NULL;
	bool asked_one = p->n_touched == 0 && (p->sides[0].n_heard == 0 || p->sides[1].n_heard == 0);
	if (!v.refused && !(asked_one && allowed_question(&p->sides[0].last, &p->sides[1].last, p->silent)))
		what = compare_heard(p);
	else if (p->n_touched > 0)
		what = differ(p, "a refusal changes something", p->sides[0].heard, p->sides[1].heard);
	p->apart |= what && p->silent && allowed_apart(&q, &p->sides[0].last, &p->sides[1].last, p->tally);
	return p->apart ? NULL : what;
}

bool pair_apart(const pair *p)
{
	return p->apart;
}

const char *pair_sleep(pair *p, rg_time ms)
{
	rg_time next;

	begin_step(p);
	p->now += ms;
	for (int i = 0; i < 2; i++)
		front_must(rg_registrar_tick(p->sides[i].registrar, 0, &next) == RG_OK, "a tick");
	/* Across AoRs events have no order. */
	if (p->sides[0].n_heard != p->sides[1].n_heard)
		return differ(p, "the host is told otherwise", p->sides[0].heard, p->sides[1].heard);
	return compare_touched(p);
}

typedef struct walk {
	pair *p;
	const char *found;
	uint32_t records, bindings;
} walk;

static int32_t compare_each(void *user, const rg_record *record)
{
	walk *w = user;
	rg_key key;

	rg_record_key(record, &key);
	w->records++;
	w->bindings += rg_record_contact_count(record);
	w->found = compare_record(w->p, &key);
	return w->found != NULL;
}

static int32_t count_each(void *user, const rg_record *record)
{
	walk *w = user;

	w->records++;
	w->bindings += rg_record_contact_count(record);
	return 0;
}

uint32_t pair_bindings(pair *p)
{
	walk w = { .p = p };

	front_must(rg_each(p->sides[1].registrar, (rg_str){ NULL, 0 }, count_each, &w, NULL) == RG_OK, "a walk");
	return w.bindings;
}

/* Times, and which reason was counted where the two have given others, or none that can be compared. */
static bool may_differ(const pair *p, rg_str line)
{
	return memmem(line.p, line.n, "microseconds", 12) || ((p->refused || p->silent) && memmem(line.p, line.n, "{reason=", 8)) ||
		(p->silent && memmem(line.p, line.n, "_regs_total ", 12));
}

static const char *compare_statistics(pair *p)
{
	static char texts[2][1 << 16];

	for (int i = 0; i < 2; i++) {
		rg_statistics *stats = NULL;
		size_t n = 0;
		front_must(rg_read_statistics(p->sides[i].registrar, (rg_str){ NULL, 0 }, &stats, NULL) == RG_OK, "statistics");
		front_must(rg_statistics_prometheus(stats, NULL, 0, texts[i], sizeof texts[i] - 1, &n) == RG_OK, "a text of the statistics");
		texts[i][n] = '\0';
		rg_statistics_free(stats);
	}
	for (char *a = texts[0], *b = texts[1]; *a; a = strchr(a, '\n') + 1, b = strchr(b, '\n') + 1) {
		size_t n = strcspn(a, "\n");
		if ((strcspn(b, "\n") == n && memcmp(a, b, n) == 0) || may_differ(p, (rg_str){ a, n }))
			continue;
		a[n] = b[strcspn(b, "\n")] = '\0';
		return differ(p, "the statistics differ", a, b);
	}
	return NULL;
}

const char *pair_compare_all(pair *p)
{
	walk left = { .p = p }, right = { .p = p };

	front_must(rg_each(p->sides[0].registrar, (rg_str){ NULL, 0 }, compare_each, &left, NULL) == RG_OK, "a walk");
	front_must(rg_each(p->sides[1].registrar, (rg_str){ NULL, 0 }, count_each, &right, NULL) == RG_OK, "a walk");
	if (left.found)
		return left.found;
	if (left.records != right.records)
		return differ(p, "the one has records that the other has not", "", "");
	return compare_statistics(p);
}
