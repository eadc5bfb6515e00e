/* SPDX-License-Identifier: MIT */
#include "random.h"
#include <stdarg.h>
#include <stdio.h>

/* What is lent to a verb. It is overwritten as soon as the verb has returned. */
typedef struct lent {
	char text[2048];
	size_t n;
	rg_str contacts[3], path, supported, allow, forwarded[3], answered, branches[2];
	rg_request request;
	rg_upstream upstream;
} lent;

#define NO ((rg_str){ NULL, 0 })
#define YEAR_10000 253402300800000 /* from then on the library reads a clock as the millisecond before */

/* ---- calls ---- */

call *call_begin(const char *verb, cell *c)
{
	call *at = w.calls;

	while (at < w.calls + CALLS && at->used)
		at++;
	if (at == w.calls + CALLS)
		return NULL;
	*at = (call){ .used = true, .verb = verb, .cell = c, .from = c ? c->n_states - 1 : 0, .now = w.now < YEAR_10000 ? w.now : YEAR_10000 - 1 };
	return at;
}

static void end_if_over(call *c)
{
	if (c->used && c->returned && c->called && c->freed && !c->op && !c->held)
		c->used = false;
}

void release_call(call *c, bool keep_op)
{
	rg_op *op = c->op;

	if (keep_op || !op)
		return;
	c->op = NULL;
	rg_op_free(op);
	end_if_over(c);
}

static void called(call *c)
{
	trace("  %s is answered", c->verb);
	if (!c->used || c->called++)
		wrong("a verb answers twice", c->verb);
	if (c->freed)
		wrong("a verb answers after it has released its user data", c->verb);
	nest();
}

void call_freed(void *user)
{
	call *c = user;

	if (!c->used || c->freed++)
		wrong("user data is released twice", c->verb);
	if (!c->called)
		wrong("user data is released before the answer", c->verb);
	end_if_over(c);
}

static void end_words(call *c, rg_status returned)
{
	if (c->why && rg_error_status(c->why) != (returned < 0 ? returned : RG_OK))
		wrong("the words are not of the status", c->verb);
	if (c->why && returned < 0 && rg_error_text(c->why).n == 0)
		wrong("an error has no words", c->verb);
	rg_error_free(c->why);
	c->why = NULL;
}

/* The completion law, for what a completion form returned. */
void check_call(call *c, rg_status returned)
{
	trace("  %s returns %d", c->verb, returned);
	end_words(c, returned);
	c->returned = true;
	if (returned < 0 && (c->called || c->freed))
		wrong("a verb that returned an error has called back", c->verb);
	if (returned > RG_PENDING)
		wrong("a verb returned what is no status", c->verb);
	if (returned == RG_OK && (!c->called || !c->freed))
		wrong("a verb says it has answered, and has not", c->verb);
	if (returned < 0) {
		rg_op_free(c->op);
		c->used = false;
		return;
	}
	release_call(c, dice(2) && !w.calm);
	end_if_over(c);
}

/* ---- answers ---- */

static void check_response(const call *c, rg_response *response)
{
	uint64_t ids[MOST];
	uint32_t n = rg_response_contact_count(response);
	rg_contact a = { .struct_size = sizeof a };

	if (!c->exact || rg_response_code(response) != 200 || n > MOST)
		return;
	for (uint32_t i = 0; i < n; i++) {
		rg_response_contact(response, i, &a);
		ids[i] = a.id;
	}
	check_listed(c, ids, n, false);
	keep_gruus(c, response);
}

static void check_status(const char *verb, rg_status status, bool has_result)
{
	if (status == RG_OK && !has_result)
		wrong("there is no answer in an answer", verb);
	if (status > RG_OK || status == RG_ECONFLICT || status == RG_EUNKNOWN || status == RG_ECONTRACT || status == RG_ETIMEOUT)
		wrong("a verb is answered with what is none of its statuses", verb);
	if (status == RG_ENOMEM && !w.short_of_memory && w.shims[OF_MAIN].odds.fails == 0)
		wrong("memory is short where there is enough", verb);
}

static void saved(void *user, rg_status status, rg_response *response)
{
	call *c = user;

	check_status(c->verb, status, response != NULL);
	if (status == RG_OK)
		check_response(c, response);
	rg_response_free(response);
	called(c);
}

static void check_targets(const call *c, const rg_targets *targets)
{
	uint64_t ids[MOST];
	uint32_t n = 0;
	rg_target t = { .struct_size = sizeof t };

	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK && n < MOST; i++) {
		if (t.uri.n == 0 || t.next_hop.n == 0)
			wrong("a target is nowhere", c->verb);
		if (t.binding_id)
			ids[n++] = t.binding_id;
	}
	if (c->exact && c->names.kind != NAMES_ALL)
		check_named(c, targets);
	else if (n < MOST && c->exact)
		check_listed(c, ids, n, rg_targets_partial(targets));
}

static void looked_up(void *user, rg_status status, rg_targets *targets)
{
	call *c = user;

	check_status(c->verb, status, targets != NULL);
	if (status == RG_OK && rg_targets_wake_count(targets) > 0)
		wait_for(targets);
	else if (status == RG_OK)
		check_targets(c, targets);
	rg_targets_free(targets);
	called(c);
}

static void answered(void *user, rg_status status, rg_answer *answer)
{
	call *c = user;
	uint64_t ids[MOST];
	uint32_t n = rg_answer_contact_count(answer);
	rg_contact contact = { .struct_size = sizeof contact };

	check_status(c->verb, status, answer != NULL);
	for (uint32_t i = 0; i < n && n <= MOST; i++) {
		rg_answer_contact(answer, i, &contact);
		ids[i] = contact.id;
	}
	if (status == RG_OK && c->exact && n <= MOST)
		check_listed(c, ids, n, false);
	rg_answer_free(answer);
	called(c);
}

static void removed(void *user, rg_status status, uint32_t n)
{
	call *c = user;

	(void)n;
	check_status(c->verb, status, true);
	if (status == RG_OK && c->exact)
		check_gone(c);
	called(c);
}

static void counted(void *user, rg_status status, rg_statistics *stats)
{
	call *c = user;

	check_status(c->verb, status, stats != NULL);
	rg_statistics_free(stats);
	called(c);
}

static int32_t walk_on(void *user, const rg_record *record)
{
	call *c = user;

	if (c->called || c->freed)
		wrong("a record comes after the end of a walk", c->verb);
	if (!w.hostile)
		check_walked(0, record);
	nest();
	return c->stop_after > 0 && --c->stop_after == 0;
}

static void walk_ended(void *user, rg_status status, const rg_str *cursor)
{
	call *c = user;

	(void)cursor;
	check_status(c->verb, status, true);
	called(c);
}

/* ---- what is lent ---- */

static rg_str text(lent *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static rg_str text(lent *l, const char *format, ...)
{
	va_list args;
	char *at = l->text + l->n;

	va_start(args, format);
	int n = vsnprintf(at, sizeof l->text - l->n, format, args);
	va_end(args);
	l->n += (size_t)n;
	return (rg_str){ at, (size_t)n };
}

static rg_str phone_uri(lent *l, uint32_t phone)
{
	return phone == 3 ? text(l, "sip:phone@soft.example.net") : text(l, "sip:p%u@192.0.2.%u:5060", phone, 10 + phone);
}

static const char *domain_of(uint32_t domain)
{
	return domain ? "other" : "location";
}

cell *cell_of_user(uint32_t user, uint32_t domain)
{
	char name[16];
	rg_key key = { rg_str_from(domain_of(domain)), { name, 0 }, RG_STR("example.org") };

	key.user.n = (size_t)snprintf(name, sizeof name, "user%u", user);
	return cell_of(&key);
}

static rg_str aor_of(lent *l, uint32_t user)
{
	return text(l, "sip:user%u@example.org", user);
}

static rg_str contact_value(lent *l)
{
	static const char *const expires[] = { "", ";expires=3600", ";expires=0", ";expires=60", ";expires=1", ";expires=4294967295",
		";q=0.5" };
	uint32_t phone = dice(PHONES), odd = dice(16);
	rg_str uri = phone_uri(l, phone);

	if (odd == 15)
		return dice(2) ? text(l, "<sip:>") : text(l, "<tel:+1>");
	const char *push = odd == 10 || odd == 11 || (w.sleeps && odd % 2) ? ";pn-provider=apns;pn-param=TEAM.app;pn-prid=1" : "";
	rg_str value = text(l, "<%.*s%s>%s", (int)uri.n, uri.p, push, expires[dice(7)]);

	if (odd >= 8)
		value.n += text(l, ";+sip.instance=\"<urn:uuid:0%u>\"", phone % 2).n;
	if (odd >= 12)
		value.n += text(l, ";reg-id=%u", 1 + dice(2)).n;
	return value;
}

/* Of few Call-IDs, with numbers that mostly grow. */
static void draw_request(lent *l, uint32_t user, uint32_t domain)
{
	rg_request *r = &l->request;
	uint32_t kind = dice(16);

	w.cseq += kind != 15 ? dice(3) : 0;
	rg_request_init(r, sizeof *r);
	r->method = RG_STR("REGISTER");
	r->request_uri = RG_STR("sip:example.org");
	r->from_header = r->to_header = text(l, "<sip:user%u@example.org>", user);
	r->callid = text(l, "call-%u", dice(3));
	r->cseq = text(l, "%u REGISTER", kind == 14 && w.cseq > 3 ? w.cseq - 2 : w.cseq);
	r->domain = domain ? RG_STR("other") : NO;
	r->via_count = 1;
	r->contacts = l->contacts;
	r->n_contacts = kind == 0 ? 1 : kind < 3 ? 1 + dice(3) : kind == 3 ? 0 : 1;
	for (uint32_t i = 0; i < r->n_contacts; i++)
		l->contacts[i] = contact_value(l);
	if (kind == 4) {
		l->contacts[0] = RG_STR("*");
		r->expires = RG_STR("0");
	}
	l->path = RG_STR("<sip:edge.example.net;lr;ob>");
	l->supported = RG_STR("path, outbound, gruu");
	r->paths = &l->path;
	r->n_paths = dice(4) == 3;
	r->supported = &l->supported;
	r->n_supported = dice(2);
	r->flow = dice(2) ? text(l, "flow-%u", dice(3)) : NO;
	r->received = dice(4) == 3 ? RG_STR("sip:198.51.100.7:1024") : NO;
	r->attr = dice(4) == 3 ? RG_STR("attr") : NO;
}

static void take_back(lent *l)
{
	memset(l, '?', sizeof *l);
}

/* ---- the verbs ---- */

/* For the words of the call, which are released as soon as it has returned. */
static rg_error *words(call *c)
{
	return c->why = rg_error_new();
}

static rg_op **handle(call *c)
{
	return dice(4) == 3 ? NULL : &c->op;
}

/* Verbs of which the blocking form is called, too: the answer goes through the same callback. */
#define BLOCK_OR_START(c, out_type, out, block, done, start) \
	do { \
		if (dice(2)) { \
			out_type out; \
			rg_status st = (block); \
			end_words((c), st); \
			(c)->returned = true; \
			if (st != RG_ENOTSUP) { \
				(done); \
				call_freed(c); \
			} else { \
				(c)->used = false; \
			} \
		} else { \
			check_call((c), (start)); \
		} \
	} while (0)

static void call_save(bool reply)
{
	uint32_t user = dice(USERS), domain = dice(8) == 7;
	lent l = { .n = 0 };
	cell *of = cell_of_user(user, domain);
	call *c = call_begin(reply ? "save_reply" : "save", of);
	const rg_save_options *options = w.save_options[dice(4)];

	if (!c)
		return;
	draw_request(&l, user, domain);
	trace("%s user%u/%u: %u Contacts, %.*s, CSeq %.*s", c->verb, user, domain, l.request.n_contacts, l.request.n_contacts
		? (int)l.contacts[0].n : 0, l.request.n_contacts ? l.contacts[0].p : "", (int)l.request.cseq.n, l.request.cseq.p);
	c->exact = !reply;
	c->gets_gruus = w.has_gruu && l.request.n_supported > 0;
	rg_upstream_init(&l.upstream, sizeof l.upstream);
	l.upstream.code = dice(8) == 7 ? 404 : 200;
	l.answered = l.request.n_contacts ? l.contacts[0] : NO;
	l.upstream.contacts = &l.answered;
	l.upstream.n_contacts = dice(4) != 3 && l.request.n_contacts;
	l.forwarded[0] = RG_STR("sip:192.0.2.99");
	l.upstream.modified = l.forwarded;
	l.upstream.n_modified = dice(4) == 3;
	rg_registrar *reg = w.reg;
	if (reply)
		BLOCK_OR_START(c, rg_response *, out = NULL, rg_save_reply(reg, &l.request, &l.upstream, options, &out, words(c)), saved(c, st, out),
			rg_save_reply_async(reg, &l.request, &l.upstream, options, saved, c, call_freed, handle(c), words(c)));
	else
		BLOCK_OR_START(c, rg_response *, out = NULL, rg_save(reg, &l.request, options, &out, words(c)), saved(c, st, out),
			rg_save_async(reg, &l.request, options, saved, c, call_freed, handle(c), words(c)));
	take_back(&l);
}

static void call_lookup(void)
{
	uint32_t user = dice(USERS), domain = dice(8) == 7, flags = dice(4);
	lent l = { .n = 0 };
	given gruu = { .cell = cell_of_user(user, domain) };
	bool by_gruu = draw_gruu(gruu.cell, &gruu);
	call *c = call_begin("lookup", gruu.cell);
	rg_request *r = &l.request;

	if (!c)
		return;
	trace("lookup user%u/%u %s, options %u", user, domain, gruu.uri, flags);
	rg_request_init(r, sizeof *r);
	r->method = RG_STR("INVITE");
	r->request_uri = by_gruu ? text(&l, "%s", gruu.uri) : dice(16) == 15 ? RG_STR("sip:user0@example.org;x=") : aor_of(&l, user);
	r->domain = strcmp(gruu.cell->domain, "other") == 0 ? RG_STR("other") : NO;
	c->names = gruu.names;
	l.branches[0] = aor_of(&l, dice(USERS));
	l.branches[1] = dice(2) ? RG_STR("sip:far@example.com") : RG_STR("tel:+1");
	r->branches = l.branches;
	r->n_branches = dice(3);
	c->exact = flags < 3 && !w.sleeps && (by_gruu || r->request_uri.n == strlen("sip:user0@example.org"));
	const rg_lookup_options *options = w.lookup_options[flags];
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, rg_targets *, out = NULL, rg_lookup(reg, r, options, &out, words(c)), looked_up(c, st, out),
		rg_lookup_async(reg, r, options, looked_up, c, call_freed, handle(c), words(c)));
	take_back(&l);
}

static void call_remove(void)
{
	uint32_t user = dice(USERS), domain = dice(8) == 7, by = dice(6);
	lent l = { .n = 0 };
	call *c = call_begin("remove", cell_of_user(user, domain));
	rg_remove_filter filter;

	if (!c)
		return;
	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = aor_of(&l, user);
	filter.domain = domain ? RG_STR("other") : NO;
	if (by < 3)
		filter.contact = phone_uri(&l, dice(PHONES));
	else if (by == 3)
		filter.next_hop = dice(2) ? RG_STR("192.0.2.11") : RG_STR("soft.example.net");
	else if (by == 4)
		filter.instance = RG_STR("urn:uuid:00");
	c->uri = by < 3 ? hash_text(filter.contact) : 0;
	c->exact = by < 3 || by == 5;
	trace("remove user%u/%u %.*s", user, domain, (int)filter.contact.n, filter.contact.n ? filter.contact.p : "");
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, uint32_t, out = 0, rg_remove(reg, &filter, &out, words(c)), removed(c, st, out),
		rg_remove_async(reg, &filter, removed, c, call_freed, handle(c), words(c)));
	take_back(&l);
}

static void call_remove_ip_port(void)
{
	uint32_t phone = dice(PHONES), user = dice(2 * USERS);
	lent l = { .n = 0 };
	call *c = call_begin("remove_ip_port", NULL);
	rg_str ip, aor = NO;

	if (!c)
		return;
	ip = phone == 3 ? RG_STR("soft.example.net") : text(&l, "192.0.2.%u", 10 + phone);
	if (user < USERS)
		aor = aor_of(&l, user);
	trace("remove_ip_port %.*s", (int)ip.n, ip.p);
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, uint32_t, out = 0, rg_remove_ip_port(reg, NO, ip, 5060, aor, &out, words(c)), removed(c, st, out),
		rg_remove_ip_port_async(reg, NO, ip, 5060, aor, removed, c, call_freed, handle(c), words(c)));
	take_back(&l);
}

static void call_remove_flow(void)
{
	lent l = { .n = 0 };
	call *c = call_begin("remove_flow", NULL);
	rg_str flow = text(&l, "flow-%u", dice(3));

	if (!c)
		return;
	trace("remove_flow %.*s", (int)flow.n, flow.p);
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, uint32_t, out = 0, rg_remove_flow(reg, NO, flow, &out, words(c)), removed(c, st, out),
		rg_remove_flow_async(reg, NO, flow, removed, c, call_freed, handle(c), words(c)));
	take_back(&l);
}

static void call_latency(void)
{
	uint32_t user = dice(USERS);
	lent l = { .n = 0 };
	call *c = call_begin("set_latency", NULL);
	rg_str aor = aor_of(&l, user), contact = phone_uri(&l, dice(PHONES));
	uint32_t us = dice(8) * 40000;

	if (!c)
		return;
	trace("set_latency user%u %.*s", user, (int)contact.n, contact.p);
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, uint32_t, out = 0, rg_set_latency(reg, NO, aor, contact, us, &out, words(c)), removed(c, st, out),
		rg_set_latency_async(reg, NO, aor, contact, us, removed, c, call_freed, handle(c), words(c)));
	take_back(&l);
}

typedef rg_status query_now(rg_registrar *, const rg_query *, rg_answer **, rg_error *);
typedef rg_status query_later(rg_registrar *, const rg_query *, rg_answer_cb, void *, rg_free_cb, rg_op **, rg_error *);

static void call_query(void)
{
	static query_now *const now[] = { rg_is_registered, rg_is_contact_registered, rg_is_ip_registered };
	static query_later *const later[] = { rg_is_registered_async, rg_is_contact_registered_async, rg_is_ip_registered_async };
	static const char *const names[] = { "is_registered", "is_contact_registered", "is_ip_registered" };
	uint32_t user = dice(USERS), domain = dice(8) == 7, which = dice(3);
	rg_ip_port ip = { .ip = RG_STR("192.0.2.11"), .port = dice(2) ? 5060 : 0 };
	lent l = { .n = 0 };
	call *c = call_begin(names[which], cell_of_user(user, domain));
	rg_query q;

	if (!c)
		return;
	rg_query_init(&q, sizeof q);
	q.aor = aor_of(&l, user);
	q.domain = domain ? RG_STR("other") : NO;
	q.contact = dice(2) ? phone_uri(&l, dice(PHONES)) : NO;
	q.ips = &ip;
	q.n_ips = 1;
	c->exact = which == 0;
	trace("%s user%u/%u", c->verb, user, domain);
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, rg_answer *, out = NULL, now[which](reg, &q, &out, words(c)), answered(c, st, out),
		later[which](reg, &q, answered, c, call_freed, handle(c), words(c)));
	memset(&ip, '?', sizeof ip);
	take_back(&l);
}

static void call_each(void)
{
	uint32_t domain = dice(8) == 7;
	call *c = call_begin("each", NULL);

	if (!c)
		return;
	c->walks = true;
	c->stop_after = dice(4);
	trace("each in %s", domain_of(domain));
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, rg_str, out = NO, rg_each(reg, domain ? RG_STR("other") : NO, walk_on, c, words(c)), walk_ended(c, st, &out),
		rg_each_async(reg, domain ? RG_STR("other") : NO, NO, walk_on, walk_ended, c, call_freed, handle(c), words(c)));
}

static void call_stats(void)
{
	call *c = call_begin("stats", NULL);

	if (!c)
		return;
	trace("stats");
	rg_registrar *reg = w.reg;
	BLOCK_OR_START(c, rg_statistics *, out = NULL, rg_read_statistics(reg, NO, &out, words(c)), counted(c, st, out),
		rg_read_statistics_async(reg, NO, counted, c, call_freed, handle(c), words(c)));
}

void remove_user(uint32_t user, uint32_t domain)
{
	lent l = { .n = 0 };
	call *c = call_begin("remove", cell_of_user(user, domain));
	rg_remove_filter filter;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = aor_of(&l, user);
	filter.domain = domain ? RG_STR("other") : NO;
	c->exact = true;
	check_call(c, rg_remove_async(w.reg, &filter, removed, c, call_freed, &c->op, words(c)));
}

void call_verb(uint32_t which)
{
	static void (*const verbs[])(void) = { call_lookup, call_remove, call_remove_ip_port, call_remove_flow, call_latency, call_query,
		call_each, call_stats };

	if (which < 5)
		call_save(which == 4);
	else
		verbs[which - 5]();
}
