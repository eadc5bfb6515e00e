/* SPDX-License-Identifier: MIT */
/*
 * Random steps for one AoR, by a registrar over the memory store and by a chain of the public pure decisions with the same clock. After
 * each step both must have the same answer, the same events and the same record, compared as text.
 * usage: chain [SEED [STEPS]]; without a seed a fixed set of them. A failure prints seed and step, and so can be repeated.
 */
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 65536, PHONES = 5 };

typedef struct chain {
	uint64_t state, seed;
	uint32_t step;
	rg_time now;
	rg_config *config;
	rg_save_options *options;
	rg_store *store;
	rg_registrar *reg;
	rg_subscription *subscription;
	rg_record *record; /* of the pure side */
	rg_str foreign;    /* the ownership tag of another node */
	char what[256];    /* the step */
	char heard[ROOM];  /* events of the registrar */
	bool push;
	uint32_t commits, refusals, expiries, removals, measurements, wake_ups; /* a run without one of them tests little */
} chain;

static uint32_t dice(chain *c, uint32_t below)
{
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return (uint32_t)((c->state >> 20) % below);
}

static void fail(const chain *c, const char *what, const char *engine, const char *pure)
{
	fprintf(stderr, "chain: seed %" PRIu64 ", step %" PRIu32 ", %s: %s\nengine:\n%s\npure:\n%s\n", c->seed, c->step, c->what,
		what, engine, pure);
	exit(1);
}

static void expect(const chain *c, int32_t good, const char *what)
{
	if (!good)
		fail(c, what, "", "");
}

static void add(char *text, const char *format, rg_str value)
{
	size_t n = strlen(text);

	snprintf(text + n, ROOM - n, format, (int)value.n, value.p ? value.p : "");
}

/* A binding as a record of its own. */
static void add_contact(char *text, const char *when, const rg_contact *contact)
{
	static const rg_revision revision = { { 1 } };
	rg_key key = { RG_STR(""), RG_STR(""), RG_STR("binding") };
	rg_record *record = NULL;
	size_t n = strlen(text), more = 0;

	if (!contact || rg_record_new(&key, &revision, contact, 1, NULL, 0, (rg_str){ NULL, 0 }, &record) != RG_OK)
		return;
	n += (size_t)snprintf(text + n, ROOM - n, "%s ", when);
	rg_record_text(record, 0, text + n, ROOM - n - 1, &more);
	text[n + more] = '\0';
	rg_record_unref(record);
}

static void add_event(char *text, const rg_event *event)
{
	add(text, "%.*s", rg_str_from(rg_event_name(event->kind)));
	add(text, " of %.*s", event->aor);
	add(text, " reason %.*s", event->reason);
	add(text, " by %.*s\n", event->callid);
	add_contact(text, "before", event->before);
	add_contact(text, "after", event->after);
}

static void hear(void *user, const rg_event *event)
{
	chain *c = user;

	expect(c, event->at == c->now, "an event has the time of its decision");
	add_event(c->heard, event);
}

static rg_time clock_of(void *user)
{
	return ((chain *)user)->now;
}

static int32_t is_owner(void *user, const rg_str *tag)
{
	return !rg_str_equal(*tag, ((chain *)user)->foreign);
}

static void take_record(void *tok, rg_status status, const rg_fetched *found)
{
	*(rg_record **)tok = status == RG_OK ? found->record : NULL;
}

static rg_record *stored(const chain *c)
{
	rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };
	rg_record *record = NULL;
	void *self;
	const rg_store_ops *ops = rg_store_members(c->store, &self);

	ops->fetch(self, &key, RG_FETCH_FRESH, take_record, &record);
	return record;
}

static void compare_records(chain *c)
{
	static char engine[ROOM], pure[ROOM];
	rg_record *record = stored(c);
	size_t n, m;

	expect(c, rg_record_text(record, 0, engine, ROOM - 1, &n) == RG_OK && n < ROOM, "the record has a text");
	expect(c, rg_record_text(c->record, 0, pure, ROOM - 1, &m) == RG_OK && m < ROOM, "the record has a text");
	engine[n] = pure[m] = '\0';
	if (strcmp(engine, pure) != 0)
		fail(c, "the records differ", engine, pure);
	rg_record_unref(record);
}

static void compare_events(chain *c, const rg_plan *plan)
{
	static char pure[ROOM];
	rg_event event = { .struct_size = sizeof event };

	pure[0] = '\0';
	for (uint32_t i = 0; rg_plan_event(plan, i, &event) == RG_OK; i++)
		add_event(pure, &event);
	if (strcmp(c->heard, pure) != 0)
		fail(c, "the events differ", c->heard, pure);
	c->heard[0] = '\0';
}

/* Is the device of a binding woken by the plan? */
static bool is_woken(const rg_plan *plan, const rg_contact *contact)
{
	rg_event event = { .struct_size = sizeof event };
	bool woken = false;

	for (uint32_t i = 0; !woken && rg_plan_event(plan, i, &event) == RG_OK; i++)
		woken = event.kind == RG_EVENT_CONTACT_REFRESH && event.after->id == contact->id;
	return woken;
}

/* What the registrar does by itself after it has told of the wake-ups of a plan: marks them as sent, and sets the time of the repeat. */
static void mark_woken(chain *c, const rg_plan *plan)
{
	enum { MOST = 64, TRIGGER = 120000, RETRY = 10000 };
	static rg_contact contacts[MOST];
	rg_removal removals[RG_REMOVALS_MAX];
	uint32_t n = rg_record_contact_count(c->record), n_removals = rg_record_removal_count(c->record), woken = 0;
	rg_record *next = NULL;
	rg_key key;

	expect(c, n <= MOST, "there are few bindings");
	for (uint32_t i = 0; i < n; i++) {
		contacts[i].struct_size = sizeof contacts[i];
		rg_record_contact(c->record, i, &contacts[i]);
		if (!is_woken(plan, &contacts[i]))
			continue;
		rg_time repeat = contacts[i].expires - TRIGGER + RETRY;
		contacts[i].wake = repeat > c->now && repeat < contacts[i].expires ? repeat : 0;
		contacts[i].flags |= RG_CONTACT_WOKEN;
		woken++;
	}
	if (woken == 0)
		return;
	c->wake_ups += woken;
	for (uint32_t i = 0; i < n_removals; i++) {
		removals[i].struct_size = sizeof removals[i];
		rg_record_removal(c->record, i, &removals[i]);
	}
	rg_record_key(c->record, &key);
	expect(c, rg_record_new(&key, rg_record_revision(c->record), contacts, n, removals, n_removals, rg_record_extra(c->record), &next) ==
		RG_OK, "rg_record_new");
	rg_record_unref(c->record);
	c->record = next;
}

/* Applies the plan and compares what came of it. Frees the plan. */
static void finish_step(chain *c, rg_plan *plan)
{
	rg_record *next;

	compare_events(c, plan);
	c->commits += (uint32_t)rg_plan_commits(plan);
	expect(c, rg_plan_apply(plan, c->record, &next, NULL) == RG_OK, "the plan fits its record");
	expect(c, !rg_plan_commits(plan) || rg_plan_apply(plan, next, &(rg_record *){ NULL }, NULL) == RG_ECONFLICT, "a plan fits once");
	rg_record_unref(c->record);
	c->record = next;
	mark_woken(c, plan);
	rg_plan_free(plan);
	compare_records(c);
}

static void new_seed(chain *c, uint8_t seed[32])
{
	for (int i = 0; i < 32; i++)
		seed[i] = (uint8_t)dice(c, 256);
}

static void add_response(char *text, rg_response *response)
{
	const rg_header *headers;
	uint32_t n = 0;

	text[0] = '\0';
	add(text, "%.*s", rg_str_from(rg_reason_name(rg_response_reason(response))));
	if (rg_response_headers(response, &headers, &n) != RG_OK)
		n = 0;
	for (uint32_t i = 0; i < n; i++) {
		add(text, "\n%.*s: ", headers[i].name);
		add(text, "%.*s", headers[i].value);
	}
}

static void compare_responses(chain *c, rg_response *engine, rg_response *pure)
{
	static char ours[ROOM], theirs[ROOM];

	add_response(ours, engine);
	add_response(theirs, pure);
	c->refusals += rg_response_reason(pure) != RG_R_FINE;
	if (strcmp(ours, theirs) != 0)
		fail(c, "the responses differ", ours, theirs);
}

static void contact_of(chain *c, char *room, size_t size)
{
	static const char *const lifetimes[] = { "", ";expires=0", ";expires=60", ";expires=61", ";expires=600" },
		*const ranks[] = { "", ";q=0.5", ";q=1.0" };
	uint32_t phone = dice(c, PHONES);
	int n = snprintf(room, size, "<sip:p%" PRIu32 "@192.0.2.%" PRIu32, phone, phone % 3);

	if (dice(c, 2) > 0)
		n += snprintf(room + n, size - (size_t)n, ";pn-provider=apns;pn-param=TEAM.app;pn-prid=%" PRIu32, phone);
	n += snprintf(room + n, size - (size_t)n, ">%s%s", lifetimes[dice(c, 5)], ranks[dice(c, 3)]);

	if (dice(c, 3) == 0)
		snprintf(room + n, size - (size_t)n, ";+sip.instance=\"<urn:x:%" PRIu32 ">\"", dice(c, 3));
}

static void save(chain *c)
{
	static const char *const tags[] = { "", "east", "west" }, *const calls[] = { "one", "two", "three" };
	char contacts[3][192], cseq[32];
	uint8_t seed[32];
	rg_str lines[3];
	rg_request r;
	rg_response *response = NULL;
	rg_plan *plan = NULL;
	bool star = dice(c, 20) == 0;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("REGISTER");
	r.request_uri = RG_STR("sip:example.org");
	r.from_header = r.to_header = RG_STR("<sip:alice@example.org>");
	r.callid = rg_str_from(calls[dice(c, 3)]);
	r.via_count = 1;
	r.contacts = lines;
	r.n_contacts = star ? 1 : dice(c, 4);
	for (uint32_t i = 0; i < r.n_contacts; i++) {
		contact_of(c, contacts[i], sizeof contacts[i]);
		lines[i] = star ? RG_STR("*") : rg_str_from(contacts[i]);
	}
	if (star)
		r.expires = RG_STR("0");
	snprintf(cseq, sizeof cseq, "%" PRIu32 " REGISTER", c->step + dice(c, 20) * dice(c, 2));
	r.cseq = rg_str_from(cseq);
	r.ownership_tag = rg_str_from(tags[dice(c, 3)]);
	snprintf(c->what, sizeof c->what, "REGISTER %s of %s, %s", star ? "*" : r.n_contacts > 0 ? contacts[0] : "", r.callid.p, cseq);
	new_seed(c, seed);
	expect(c, rg_save(c->reg, &r, c->options, &response, NULL) == RG_OK, "rg_save");
	expect(c, rg_merge(c->record, &r, c->config, c->options, c->now, seed, &plan, NULL) == RG_OK, "rg_merge");
	compare_responses(c, response, rg_plan_response(plan));
	rg_response_free(response);
	finish_step(c, plan);
}

static void expire(chain *c)
{
	uint8_t seed[32];
	rg_plan *plan = NULL;

	strcpy(c->what, "tick");
	new_seed(c, seed);
	expect(c, rg_registrar_tick(c->reg, 0, NULL) == RG_OK, "rg_registrar_tick");
	expect(c, rg_expire(c->record, &c->foreign, 1, c->config, c->now, seed, &plan, NULL) == RG_OK, "rg_expire");
	c->expiries += (uint32_t)rg_plan_commits(plan);
	finish_step(c, plan);
}

static void prune(chain *c)
{
	static const char *const hops[] = { "192.0.2.0", "192.0.2.1:5060", "192.0.2.1:5061" };
	char contact[128];
	uint8_t seed[32];
	rg_remove_filter filter;
	rg_plan *plan = NULL;
	uint32_t removed;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("alice@example.org");
	snprintf(contact, sizeof contact, "sip:p%" PRIu32 "@192.0.2.%" PRIu32, dice(c, PHONES), dice(c, 3));
	if (dice(c, 4) > 0)
		filter.contact = rg_str_from(contact);
	else if (dice(c, 3) > 0)
		filter.next_hop = rg_str_from(hops[dice(c, 3)]);
	else
		filter.instance = RG_STR("<urn:x:1>");
	snprintf(c->what, sizeof c->what, "remove %s", filter.contact.p ? contact : filter.next_hop.p ? "a next hop" : "an instance");
	new_seed(c, seed);
	expect(c, rg_remove(c->reg, &filter, &removed, NULL) == RG_OK, "rg_remove");
	expect(c, rg_prune(c->record, &filter, c->config, c->now, seed, &plan, NULL) == RG_OK, "rg_prune");
	expect(c, removed == rg_plan_affected_count(plan), "as many are removed");
	c->removals += removed > 0;
	finish_step(c, plan);
}

static void measure(chain *c)
{
	uint32_t phone = dice(c, PHONES), microseconds = 5000 * dice(c, 40), changed;
	char contact[128];
	uint8_t seed[32];
	rg_plan *plan = NULL;

	snprintf(contact, sizeof contact, "sip:p%" PRIu32 "@192.0.2.%" PRIu32, phone, phone % 3);
	snprintf(c->what, sizeof c->what, "latency of %s: %" PRIu32, contact, microseconds);
	new_seed(c, seed);
	expect(c, rg_set_latency(c->reg, RG_STR("location"), RG_STR("alice@example.org"), rg_str_from(contact), microseconds, &changed, NULL) ==
		RG_OK, "rg_set_latency");
	expect(c, rg_measure(c->record, rg_str_from(contact), microseconds, c->config, c->now, seed, &plan, NULL) == RG_OK, "rg_measure");
	expect(c, changed == rg_plan_affected_count(plan), "as many are changed");
	c->measurements += changed > 0;
	finish_step(c, plan);
}

static void set(chain *c, const char *name, const char *value)
{
	expect(c, rg_config_set(c->config, rg_str_from(name), rg_str_from(value), NULL) == RG_OK, name);
}

static void open_chain(chain *c)
{
	static const char *const evictions[] = { "oldest", "soonest-expiry", "lowest-q" };
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.user = c;
	env.now = clock_of;
	env.is_owner = is_owner;
	expect(c, rg_config_new(&c->config) == RG_OK, "rg_config_new");
	set(c, "max_contacts", dice(c, 2) ? "3" : "0");
	set(c, "eviction", evictions[dice(c, 3)]);
	set(c, "desc_time_order", dice(c, 2) ? "1" : "0");
	c->push = dice(c, 4) > 0;
	set(c, "pn_enable", c->push ? "1" : "0");
	set(c, "pn_providers", "apns");
	set(c, "pn_retry", "10");
	rg_str flags = dice(c, 2) ? RG_STR("force-registration") : RG_STR("");
	expect(c, rg_save_options_new(flags, &c->options, NULL) == RG_OK, "rg_save_options_new");
	expect(c, rg_memory_store_new(NULL, &c->store, NULL) == RG_OK, "rg_memory_store_new");
	expect(c, rg_registrar_new(c->config, c->store, &env, &c->reg, NULL) == RG_OK, "rg_registrar_new");
	expect(c, rg_registrar_subscribe(c->reg, RG_EVENT_ALL, hear, c, NULL, &c->subscription, NULL) == RG_OK, "rg_registrar_subscribe");
}

static void close_chain(chain *c)
{
	rg_subscription_free(c->subscription);
	rg_registrar_shutdown(c->reg);
	rg_registrar_unref(c->reg);
	rg_store_unref(c->store);
	rg_save_options_unref(c->options);
	rg_config_free(c->config);
	rg_record_unref(c->record);
}

static void run(uint64_t seed, uint32_t steps)
{
	static void (*const kinds[])(chain *) = { save, save, save, save, expire, prune, measure };
	static const uint32_t pauses[] = { 0, 1, 1000, 9999, 32000, 61000 };
	static chain c;

	c = (chain){ .seed = seed, .state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .now = 1700000000000, .foreign = RG_STR("west") };
	open_chain(&c);
	for (c.step = 1; c.step <= steps; c.step++) {
		c.now += pauses[dice(&c, 6)];
		kinds[dice(&c, 7)](&c);
	}
	bool all = c.commits > 100 && c.refusals > 10 && c.expiries > 10 && c.removals > 5 && c.measurements > 5 && c.push == (c.wake_ups > 5);

	expect(&c, steps < 1000 || all, "each kind of step changes something");
	close_chain(&c);
}

int main(int argc, char **argv)
{
	uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2000;

	for (uint64_t seed = 1; argc < 2 && seed <= 12; seed++)
		run(seed, steps);
	if (argc > 1)
		run(strtoull(argv[1], NULL, 10), steps);
	return 0;
}
