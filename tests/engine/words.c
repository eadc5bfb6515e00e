/* SPDX-License-Identifier: MIT */
/* A mistake of the host is told to the host, in words, before anything begins; and it is never told later. */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a@192.0.2.1>"

static char longer[300]; /* 299 letters */
static const uint8_t seed[32];

static const rg_addr no_family = { .port = 1 };
static const rg_resolved unresolved = { .host = { "h", 1 }, .addrs = &no_family, .n_addrs = 1 };

/* Every member of rg_request that only the host fills in, with what it must not be. */
enum { SAVES, ALL };

static const struct {
	const char *member;
	size_t offset;
	const char *text;  /* the value of a text; NULL = the number */
	uint32_t number;
	int verbs;
	const char *words; /* behind the name of the member */
} rows[] = {
#define TEXT(name, value, verbs, words) { "rg_request." #name, offsetof(rg_request, name), value, 0, verbs, words }
#define NUMBER(shown, name, value, verbs, words) { "rg_request." #shown, offsetof(rg_request, name), NULL, value, verbs, words }
	TEXT(received, "192.0.2.1:5060", SAVES, " is no SIP URI: '192.0.2.1:5060'"),
	TEXT(received, "tel:1", SAVES, " is no SIP URI: 'tel:1'"),
	TEXT(received, "sip:h\r\nEvil: 1", SAVES, " is no SIP URI: 'sip:h??Evil: 1'"),
	TEXT(received, longer, SAVES, " has 299 bytes; at most 255 are stored"),
	TEXT(attr, "a\nb", SAVES, " has a control character: 'a?b'"),
	TEXT(flow, "\1", SAVES, " has a control character: '?'"),
	TEXT(flow, longer, SAVES, " has 299 bytes; at most 255 are stored"),
	TEXT(socket, "udp:\r", SAVES, " has a control character: 'udp:?'"),
	TEXT(socket, longer, SAVES, " has 299 bytes; at most 255 are stored"),
	TEXT(ownership_tag, "\x7f", SAVES, " has a control character: '?'"),
	TEXT(ownership_tag, longer, SAVES, " has 299 bytes; at most 255 are stored"),
	TEXT(domain, "location\n", SAVES, " has a control character: 'location?'"),
	TEXT(domain, longer, SAVES, " has 299 bytes; at most 255 are stored"),
	TEXT(domain, "location@homes", SAVES, " ends in @homes, which rg_registrar_federate() owns: 'location@homes'"),
	TEXT(method, "INVITE", SAVES, " is not REGISTER: 'INVITE'"),
	TEXT(method, "register", SAVES, " is not REGISTER: 'register'"),
	NUMBER(flags, flags, RG_REQUEST_REPLY, SAVES, " has RG_REQUEST_REPLY: a save takes the request"),
	NUMBER(flags, flags, 1u << 31, ALL, " has unknown bits: 0x80000000"),
	NUMBER(defect, defect, 4711, ALL, " is no reason: 4711"),
	NUMBER(defect, defect, UINT32_MAX, ALL, " is no reason: -1"),
	NUMBER(paths, n_paths, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(supported, n_supported, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(require, n_require, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(feature_caps, n_feature_caps, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(allow, n_allow, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(routes, n_routes, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(branches, n_branches, 2, ALL, " is NULL, and its count is 2"),
	NUMBER(resolved, n_resolved, 2, ALL, " is NULL, and its count is 2"),
};

typedef struct mistake {
	kit k;
	size_t row;
	phone phone;
	outcome outcome;
	rg_error *why;
	void *out;
	bool invite;
	rg_status late;     /* of the adaptor's members that follow the decision */
	uint32_t answered;  /* by the adaptor */
} mistake;

static rg_request wrong_request(mistake *m)
{
	rg_request r;

	m->phone = (phone){ .aor = "alice", .contact = A1, .cseq = 2 };
	kit_request(&m->phone, &r);
	r.request_uri = RG_STR("sip:alice@example.org");
	if (m->invite)
		r.method = RG_STR("INVITE");
	if (m->row < sizeof rows / sizeof rows[0] && rows[m->row].text)
		*(rg_str *)(void *)((char *)&r + rows[m->row].offset) = rg_str_from(rows[m->row].text);
	else if (m->row < sizeof rows / sizeof rows[0])
		*(uint32_t *)(void *)((char *)&r + rows[m->row].offset) = rows[m->row].number;
	return r;
}

static rg_upstream good_upstream(void)
{
	rg_upstream up;

	rg_upstream_init(&up, sizeof up);
	up.code = 200;
	return up;
}

static rg_status read_wrong(void *self, void *msg, const rg_config *config, rg_request *out)
{
	(void)msg;
	(void)config;
	*out = wrong_request(self);
	out->reply_code = 200;
	return RG_OK;
}

static rg_status reply_late(void *self, void *msg, rg_response *response)
{
	mistake *m = self;

	(void)msg;
	(void)response;
	m->answered++;
	return m->late;
}

static rg_status apply_late(void *self, void *msg, const rg_targets *targets)
{
	(void)targets;
	return reply_late(self, msg, NULL);
}

static rg_status set_late(void *self, void *msg, const rg_str *name, uint32_t index, const rg_str *value)
{
	(void)name;
	(void)index;
	(void)value;
	return reply_late(self, msg, NULL);
}

static const rg_msg_ops ops = { .struct_size = sizeof ops, .name = "test", .read = read_wrong, .reply = reply_late, .apply = apply_late,
	.set_var = set_late };

static rg_status save(mistake *m)
{
	rg_request r = wrong_request(m);

	return rg_save(m->k.reg, &r, NULL, (rg_response **)&m->out, m->why);
}

static rg_status save_later(mistake *m)
{
	rg_request r = wrong_request(m);

	return rg_save_async(m->k.reg, &r, NULL, kit_saved, &m->outcome, kit_freed, (rg_op **)&m->out, m->why);
}

static rg_status save_message(mistake *m)
{
	return rg_save_msg(m->k.reg, &(rg_msg){ &ops, m, NULL }, NULL, (rg_response **)&m->out, m->why);
}

static rg_status save_message_later(mistake *m)
{
	return rg_save_msg_async(m->k.reg, &(rg_msg){ &ops, m, NULL }, NULL, kit_saved, &m->outcome, kit_freed, (rg_op **)&m->out, m->why);
}

static rg_status save_reply(mistake *m)
{
	rg_request r = wrong_request(m);
	rg_upstream up = good_upstream();

	return rg_save_reply(m->k.reg, &r, &up, NULL, (rg_response **)&m->out, m->why);
}

static rg_status save_reply_later(mistake *m)
{
	rg_request r = wrong_request(m);
	rg_upstream up = good_upstream();

	return rg_save_reply_async(m->k.reg, &r, &up, NULL, kit_saved, &m->outcome, kit_freed, (rg_op **)&m->out, m->why);
}

static rg_status merge(mistake *m)
{
	rg_request r = wrong_request(m);

	return rg_merge(NULL, &r, NULL, NULL, 0, seed, (rg_plan **)&m->out, m->why);
}

static rg_status merge_reply(mistake *m)
{
	rg_request r = wrong_request(m);
	rg_upstream up = good_upstream();

	return rg_merge_reply(NULL, &r, &up, NULL, NULL, 0, seed, (rg_plan **)&m->out, m->why);
}

static rg_status look_up(mistake *m)
{
	rg_request r = wrong_request(m);

	return rg_lookup(m->k.reg, &r, NULL, (rg_targets **)&m->out, m->why);
}

static rg_status look_up_later(mistake *m)
{
	rg_request r = wrong_request(m);

	return rg_lookup_async(m->k.reg, &r, NULL, kit_looked_up, &m->outcome, kit_freed, (rg_op **)&m->out, m->why);
}

static rg_status look_up_message(mistake *m)
{
	return rg_lookup_msg(m->k.reg, &(rg_msg){ &ops, m, NULL }, NULL, (rg_targets **)&m->out, m->why);
}

static rg_status select_targets(mistake *m)
{
	rg_request r = wrong_request(m);

	return rg_select(NULL, &r, NULL, NULL, 0, (rg_targets **)&m->out, m->why);
}

static rg_status ask(mistake *m)
{
	rg_request r = wrong_request(m);
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.request = &r;
	return rg_is_registered(m->k.reg, &q, (rg_answer **)&m->out, m->why);
}

static rg_status ask_message(mistake *m)
{
	return rg_is_registered_msg(m->k.reg, &(rg_msg){ &ops, m, NULL }, (rg_str){ NULL, 0 }, (rg_answer **)&m->out, m->why);
}

static const struct {
	rg_status (*run)(mistake *m);
	int verbs;
} calls[] = {
	{ save, SAVES }, { save_later, SAVES }, { save_message, SAVES }, { save_message_later, SAVES }, { save_reply, SAVES },
	{ save_reply_later, SAVES }, { merge, SAVES }, { merge_reply, SAVES }, { look_up, ALL }, { look_up_later, ALL }, { look_up_message, ALL },
	{ select_targets, ALL }, { ask, ALL }, { ask_message, ALL },
};

static int64_t counted(kit *k)
{
	return kit_stat(k, "rejected_regs") + kit_stat(k, "accepted_regs") + kit_stat(k, "commits");
}

static void expect_words_of(size_t row, size_t call, int how)
{
	char words[128];
	mistake m = { .row = row, .why = rg_error_new(), .invite = calls[call].verbs == ALL && !rows[row].text };

	snprintf(words, sizeof words, "%s%s", rows[row].member, rows[row].words);
	kit_open(&m.k, how);
	m.out = &m;
	cr_expect_eq(calls[call].run(&m), RG_EINVAL, "call %zu: %s", call, words);
	cr_expect_str_eq(rg_error_text(m.why).p, words, "call %zu", call);
	cr_expect_null(m.out, "call %zu: %s", call, words);
	cr_expect_eq(m.outcome.called + m.outcome.freed, 0, "call %zu: %s: the caller still owns its user data", call, words);
	cr_expect_eq(m.answered, 0, "call %zu: %s: something is sent", call, words);
	cr_expect_eq(counted(&m.k), 0, "call %zu: %s: something is counted", call, words);
	cr_expect_eq(kit_targets(&m.k, "alice"), 0, "call %zu: %s: something is stored", call, words);
	rg_error_free(m.why);
	kit_close(&m.k);
}

Test(words, a_mistake_in_what_only_the_host_says_names_the_member)
{
	memset(longer, 'a', sizeof longer - 1);
	memcpy(longer, "sip:", 4);
	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		for (size_t call = 0; call < sizeof calls / sizeof calls[0]; call++) {
			if (rows[row].verbs == SAVES && calls[call].verbs == ALL)
				continue;
			expect_words_of(row, call, INLINE);
			expect_words_of(row, call, DEFERRED);
		}
	}
}

/* The same members with values that a host may give. */
Test(words, what_a_host_may_say_is_saved)
{
	mistake m = { .row = SIZE_MAX, .why = rg_error_new() };
	rg_response *response = NULL;
	rg_request r = wrong_request(&m);

	kit_open(&m.k, INLINE);
	r.received = RG_STR("sips:[2001:db8::1]:5061;transport=tls");
	r.attr = r.flow = r.ownership_tag = RG_STR("a\tb \xff");
	r.socket = RG_STR("any text at all");
	r.transport = RG_STR("pigeon");
	r.domain = RG_STR("homes");
	r.identity = RG_STR("\n");
	r.flags = RG_REQUEST_TCP_PERSISTENT | RG_REQUEST_HAS_BRANCH_FLAGS;
	cr_expect_eq(rg_save(m.k.reg, &r, NULL, &response, m.why), RG_OK, "%s", rg_error_text(m.why).p);
	cr_expect_eq(rg_response_code(response), 200);
	rg_response_free(response);
	rg_error_free(m.why);
	kit_close(&m.k);
}

/* What a script takes from the message stays the client's fault. */
Test(words, what_the_client_says_is_refused)
{
	static const struct { size_t offset; const char *value; int32_t code; } clients[] = {
		{ offsetof(rg_request, aor), "sip:", 400 }, { offsetof(rg_request, aor), "tel:1", 404 }, { offsetof(rg_request, cseq), "1 INVITE", 400 },
		{ offsetof(rg_request, to_header), "<sip:", 400 }, { offsetof(rg_request, callid), "a b", 400 },
	};

	for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
		mistake m = { .row = SIZE_MAX };
		rg_response *response = NULL;
		rg_request r = wrong_request(&m);

		kit_open(&m.k, INLINE);
		*(rg_str *)(void *)((char *)&r + clients[i].offset) = rg_str_from(clients[i].value);
		cr_expect_eq(rg_save(m.k.reg, &r, NULL, &response, NULL), RG_OK, "row %zu", i);
		cr_expect_eq(rg_response_code(response), clients[i].code, "row %zu", i);
		cr_expect_eq(kit_stat(&m.k, "rejected_regs"), 1, "row %zu", i);
		rg_response_free(response);
		kit_close(&m.k);
	}
}

static void expect_late(rg_status (*run)(mistake *m), rg_status told, rg_status want, const char *words)
{
	mistake m = { .row = SIZE_MAX, .why = rg_error_new(), .late = told };
	rg_config *config;

	kit_open(&m.k, INLINE);
	rg_config_new(&config);
	cr_assert_eq(rg_config_set(config, RG_STR("attr_avp"), RG_STR("$avp(a)"), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(m.k.reg, config, NULL), RG_OK);
	rg_config_free(config);
	cr_assert_eq(kit_save(&m.k, "alice", A1, 1), 200);
	rg_status st = run(&m);
	bool later = run == save_message_later;
	cr_expect_eq(later ? m.outcome.status : st, want, "%s", words);
	if (later)
		rg_op_free(m.out);
	else
		cr_expect_null(m.out, "%s", words);
	cr_expect_str_eq(rg_error_text(m.why).p, later ? "" : words);
	cr_expect_eq(m.outcome.code, 0, "%s: there is no result", words);
	rg_error_free(m.why);
	kit_close(&m.k);
}

Test(words, an_adaptor_that_fails_after_the_decision_is_no_invalid_argument)
{
	expect_late(save_message, RG_EINVAL, RG_ECONTRACT, "the adaptor's member reply: a callback or store broke its contract");
	expect_late(save_message, RG_ENOMEM, RG_ENOMEM, "the adaptor's member reply: out of memory");
	expect_late(save_message_later, RG_EINVAL, RG_ECONTRACT, "");
	expect_late(look_up_message, RG_EINVAL, RG_ECONTRACT, "the adaptor's member set_var: a callback or store broke its contract");
	expect_late(look_up_message, RG_ENOTSUP, RG_ENOTSUP, "the adaptor's member apply: not supported here");
	expect_late(ask_message, RG_EINVAL, RG_ECONTRACT, "the adaptor's member set_var: a callback or store broke its contract");
}

static rg_status resolve_without_family(void *user, const rg_str *host, rg_resolve_done_cb done, void *token)
{
	(void)user;
	(void)host;
	done(token, RG_OK, &no_family, 1);
	return RG_PENDING;
}

Test(words, what_a_callback_of_the_host_returns_is_no_invalid_argument)
{
	kit k;

	kit_init(&k);
	k.env.resolve = resolve_without_family;
	kit_open_over(&k, rg_store_ref(k.memory));
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@phone.example>", 1), 200, "an address without a family is none");
	kit_close(&k);
}

Test(words, an_address_without_a_family_is_named)
{
	mistake m = { .row = SIZE_MAX, .why = rg_error_new() };
	rg_request r = wrong_request(&m);

	kit_open(&m.k, INLINE);
	r.resolved = &unresolved;
	r.n_resolved = 1;
	cr_expect_eq(rg_save_async(m.k.reg, &r, NULL, kit_saved, &m.outcome, kit_freed, NULL, m.why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(m.why).p, "rg_request.resolved[0].addrs[0].family is 0");
	rg_error_free(m.why);
	kit_close(&m.k);
}

static void expect_store_words(rg_store *store, kit *k, rg_status want, const char *words)
{
	mistake m = { .row = SIZE_MAX, .why = rg_error_new() };

	kit_open_over(k, store);
	m.k.reg = k->reg;
	m.out = &m;
	cr_expect_eq(save(&m), want);
	cr_expect_str_eq(rg_error_text(m.why).p, words);
	rg_response_free(m.out);
	rg_error_free(m.why);
	kit_close(k);
}

Test(words, a_store_that_fails_is_named_with_what_it_answered)
{
	static const struct { faulty f; const char *words; } stores[] = {
		{ { .calls = CALL_FETCH, .status = RG_ETIMEOUT }, "store faulty: no answer in time" },
		{ { .calls = CALL_COMMIT, .status = RG_EFULL }, "store faulty: a budget is used up" },
		{ { .calls = CALL_COMMIT, .status = RG_ECONFLICT }, "store faulty: the record has changed meanwhile" },
		{ { .calls = CALL_FETCH, .status = RG_EINVAL }, "store faulty: invalid argument" },
		{ { .calls = CALL_COMMIT, .status = RG_EUNKNOWN }, "store faulty: the outcome is unknown" },
	};

	for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
		faulty f = stores[i].f;
		kit k;

		kit_init(&k);
		f.times = -1;
		expect_store_words(faulty_new(k.memory, &f), &k, RG_ESTORE, stores[i].words);
	}
	kit k;

	kit_init(&k);
	expect_store_words(waitless_new(k.memory), &k, RG_ENOTSUP, "store deferred has no member wait: use the completion form");
}

#define SAYS(words, call) \
	do { \
		cr_expect_eq(call, RG_EINVAL, "%s", words); \
		cr_expect_str_eq(rg_error_text(why).p, words); \
	} while (0)

static const rg_str nothing, location = { "location", 8 }, alice = { "alice@example.org", 17 };

static rg_status remove_by(kit *k, rg_str aor, rg_str contact, rg_str next_hop, rg_str instance, rg_error *why)
{
	rg_remove_filter f;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = aor;
	f.contact = contact;
	f.next_hop = next_hop;
	f.instance = instance;
	return rg_remove(k->reg, &f, NULL, why);
}

static void part_removed(void *user, rg_status status, uint32_t n, const rg_str *cursor)
{
	(void)cursor;
	kit_removed(user, status, n);
}

Test(words, an_argument_of_a_removal_is_named)
{
	rg_error *why = rg_error_new();
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	SAYS("registrar is NULL", rg_remove_flow(NULL, location, RG_STR("f"), NULL, why));
	SAYS("filter is NULL", rg_remove(k.reg, NULL, NULL, why));
	SAYS("rg_remove_filter.aor is absent", remove_by(&k, nothing, nothing, nothing, nothing, why));
	SAYS("rg_remove_filter.aor is no AoR: 'sip:'", remove_by(&k, RG_STR("sip:"), nothing, nothing, nothing, why));
	SAYS("rg_remove_filter.contact is no URI: 'a b'", remove_by(&k, alice, RG_STR("a b"), nothing, nothing, why));
	SAYS("rg_remove_filter.contact is no Contact: '<a b'", remove_by(&k, alice, RG_STR("<a b"), nothing, nothing, why));
	SAYS("rg_remove_filter.next_hop is no address and no host name: 'a b'", remove_by(&k, alice, nothing, RG_STR("a b"), nothing, why));
	SAYS("rg_remove_filter.instance is no instance: '<a'", remove_by(&k, alice, nothing, nothing, RG_STR("<a"), why));
	SAYS("port is not within 1 and 65535: 0", rg_remove_ip_port(k.reg, location, RG_STR("192.0.2.1"), 0, nothing, NULL, why));
	SAYS("ip is no address and no host name: ''", rg_remove_ip_port(k.reg, location, nothing, 1, nothing, NULL, why));
	SAYS("ip is no address and no host name: 'a b:1'", rg_remove_ip_port(k.reg, location, RG_STR("a b"), 1, nothing, NULL, why));
	SAYS("aor is no AoR: ''", rg_remove_ip_port(k.reg, location, RG_STR("h"), 1, RG_STR(""), NULL, why));
	SAYS("flow has 0 bytes, which are not within 1 and 255", rg_remove_flow(k.reg, location, nothing, NULL, why));
	SAYS("cursor comes from no removal", rg_remove_flow_part_async(k.reg, location, RG_STR("f"), RG_STR("x"), 0, part_removed, &o, NULL, NULL,
		why));
	cr_expect_eq(o.called, 0);
	SAYS("done is NULL", rg_remove_flow_async(k.reg, location, RG_STR("f"), NULL, NULL, NULL, NULL, why));
	rg_error_free(why);
	kit_close(&k);
}

static rg_status ask_ip(kit *k, const rg_ip_port *ips, uint32_t n, rg_error *why)
{
	rg_answer *answer;
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = alice;
	q.ips = ips;
	q.n_ips = n;
	return rg_is_ip_registered(k->reg, &q, &answer, why);
}

static rg_status ask_contact(kit *k, rg_str contact, const rg_request *r, rg_error *why)
{
	rg_answer *answer;
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = alice;
	q.contact = contact;
	q.request = r;
	return rg_is_contact_registered(k->reg, &q, &answer, why);
}

static void hear_nothing(void *user, const rg_event *event)
{
	(void)user, (void)event;
}

Test(words, an_argument_of_a_question_is_named)
{
	const rg_ip_port ips[2] = { { .ip = { "h", 1 } }, { .ip = { "a b", 3 }, .port = 70000 } };
	mistake m = { .row = SIZE_MAX };
	rg_error *why = rg_error_new();
	rg_request r = wrong_request(&m);
	rg_answer *answer;
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	SAYS("query is NULL", rg_is_registered(k.reg, NULL, &answer, why));
	SAYS("rg_query.n_ips is 0", ask_ip(&k, ips, 0, why));
	SAYS("rg_query.ips is NULL", ask_ip(&k, NULL, 1, why));
	SAYS("rg_query.ips[1] is no address: 'a b', 70000", ask_ip(&k, ips, 2, why));
	SAYS("rg_query.contact is no URI: 'a b'", ask_contact(&k, RG_STR("a b"), NULL, why));
	r.contacts = &RG_STR("<sip:");
	SAYS("rg_request.contacts[0] is no Contact: '<sip:'", ask_contact(&k, nothing, &r, why));
	SAYS("each is NULL", rg_each(k.reg, location, NULL, NULL, why));
	SAYS("cursor comes from no walk", rg_each_async(k.reg, location, RG_STR("x"), kit_each, kit_each_done, &o, NULL, NULL, why));
	SAYS("contact is absent", rg_set_latency(k.reg, location, alice, nothing, 1, NULL, why));
	SAYS("microseconds is RG_LATENCY_NONE", rg_set_latency(k.reg, location, alice, RG_STR(A1), RG_LATENCY_NONE, NULL, why));
	SAYS("aor is no AoR: ''", rg_set_latency(k.reg, location, RG_STR(""), RG_STR(A1), 1, NULL, why));
	SAYS("registrar is NULL", rg_registrar_configure(NULL, NULL, why));
	SAYS("mask has no known bit: 0x40000000", rg_registrar_subscribe(k.reg, 1u << 30, hear_nothing, NULL, NULL,
		&(rg_subscription *){ NULL }, why));
	rg_error_free(why);
	kit_close(&k);
}

static rg_status add_nothing(void *self, void *msg, const rg_str *name, const rg_str *value)
{
	(void)self, (void)msg, (void)name, (void)value;
	return RG_EINVAL;
}

Test(words, what_a_message_lacks_is_named)
{
	mistake m = { .row = SIZE_MAX };
	rg_msg_ops partial = ops;
	rg_msg msg = { NULL, &m, NULL };
	rg_error *why = rg_error_new();
	rg_response *response;
	kit k;

	kit_open(&k, INLINE);
	SAYS("msg is NULL", rg_save_msg(k.reg, NULL, NULL, &response, why));
	SAYS("rg_msg.ops is NULL", rg_save_msg(k.reg, &msg, NULL, &response, why));
	msg.ops = &partial;
	SAYS("aor is no AoR: 'a b'", rg_is_registered_msg(k.reg, &msg, RG_STR("a b"), &(rg_answer *){ NULL }, why));
	SAYS("reply is NULL", rg_save_reply_msg(k.reg, &msg, NULL, NULL, &response, why));
	SAYS("request is NULL", rg_save_reply_msg(k.reg, NULL, &msg, NULL, &response, why));
	cr_expect_eq(rg_add_socket_header(k.reg, &msg, RG_STR("Sock"), why), RG_ENOTSUP);
	cr_expect_str_eq(rg_error_text(why).p, "the adaptor has no member add_header");
	partial.add_header = add_nothing;
	SAYS("name is no token: 'a b'", rg_add_socket_header(k.reg, &msg, RG_STR("a b"), why));
	SAYS("rg_request.socket is no socket: ''", rg_add_socket_header(k.reg, &msg, RG_STR("Sock"), why));
	partial.reply = NULL;
	SAYS("rg_msg_ops.reply is NULL", rg_save_msg(k.reg, &msg, NULL, &response, why));
	partial.struct_size = 8;
	SAYS("rg_msg_ops.struct_size is 8, which is no size that this library knows: call rg_msg_ops_init()", rg_save_msg(k.reg, &msg, NULL, &response, why));
	rg_error_free(why);
	kit_close(&k);
}

#define NO_INIT(type) #type ".struct_size is 0, which is no size that this library knows: call " #type "_init()"

Test(words, a_struct_without_its_init_is_named)
{
	mistake m = { .row = SIZE_MAX };
	rg_request whole = wrong_request(&m), none = { 0 };
	rg_upstream no_upstream = { 0 };
	rg_remove_filter no_filter = { 0 };
	rg_query no_query = { 0 };
	rg_error *why = rg_error_new();
	rg_response *response;
	rg_targets *targets;
	rg_answer *answer;
	rg_plan *plan;
	kit k;

	kit_open(&k, INLINE);
	SAYS(NO_INIT(rg_request), rg_save(k.reg, &none, NULL, &response, why));
	SAYS(NO_INIT(rg_request), rg_lookup(k.reg, &none, NULL, &targets, why));
	SAYS(NO_INIT(rg_request), rg_merge(NULL, &none, NULL, NULL, 0, seed, &plan, why));
	SAYS(NO_INIT(rg_request), rg_select(NULL, &none, NULL, NULL, 0, &targets, why));
	SAYS(NO_INIT(rg_upstream), rg_save_reply(k.reg, &whole, &no_upstream, NULL, &response, why));
	SAYS(NO_INIT(rg_upstream), rg_merge_reply(NULL, &whole, &no_upstream, NULL, NULL, 0, seed, &plan, why));
	SAYS(NO_INIT(rg_remove_filter), rg_remove(k.reg, &no_filter, NULL, why));
	SAYS(NO_INIT(rg_remove_filter), rg_prune(NULL, &no_filter, NULL, 0, seed, &plan, why));
	SAYS("rg_query.struct_size is no size that this library knows: call rg_query_init()", rg_is_registered(k.reg, &no_query, &answer, why));
	cr_expect_eq(counted(&k), 0);
	rg_error_free(why);
	kit_close(&k);
}
