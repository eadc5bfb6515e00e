/* SPDX-License-Identifier: MIT */
#include "kit.h"
#include <sofia-sip/msg.h>
#include <sofia-sip/sip_parser.h>
#include <stdlib.h>

#define ABSENT ((rg_str){ NULL, 0 })

static rg_time now(void *user)
{
	return ((host *)user)->now;
}

static void log_line(void *user, int32_t level, const rg_str *line)
{
	(void)line;
	((host *)user)->warnings += level == RG_LOG_WARNING;
}

/* One name is known to it. */
static rg_status resolve(void *user, const rg_str *name, rg_resolve_done_cb done, void *tok)
{
	rg_addr addr;

	(void)user;
	if (!rg_str_equal(*name, RG_STR("gateway.example.org")) || rg_addr_parse(RG_STR("50.60.50.60"), &addr) != RG_OK)
		return RG_ENOENT;
	done(tok, RG_OK, &addr, 1);
	return RG_OK;
}

void host_over(host *h, rg_store *store)
{
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = now;
	env.log = log_line;
	env.resolve = resolve;
	env.user = h;
	rg_registrar_unref(h->reg);
	rg_store_unref(h->store);
	h->store = store;
	cr_assert_eq(rg_registrar_new(NULL, store, &env, &h->reg, NULL), RG_OK);
}

void host_open(host *h)
{
	rg_store *memory = NULL;

	*h = (host){ .now = 1700000000000 };
	cr_assert_eq(rg_config_new(&h->config), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &memory, NULL), RG_OK);
	host_over(h, memory);
}

void host_close(host *h)
{
	rg_response_free(h->response);
	rg_targets_free(h->targets);
	rg_registrar_unref(h->reg);
	rg_store_unref(h->store);
	rg_config_free(h->config);
}

static rg_status broken_fetch(void *self, const rg_key *key, uint32_t how, rg_fetch_cb done, void *tok)
{
	(void)self, (void)key, (void)how, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status broken_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t how, rg_commit_cb done, void *tok)
{
	(void)self, (void)key, (void)commit, (void)how, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status broken_due(void *self, rg_time at, const rg_str *cursor, uint32_t limit, uint32_t how, rg_keys_cb done, void *tok)
{
	(void)self, (void)at, (void)*cursor, (void)limit, (void)how, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status broken_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t how,
	rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*tag, (void)*cursor, (void)limit, (void)how, (void)done, (void)tok;
	return RG_ESTORE;
}

static rg_status broken_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t how,
	rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*cursor, (void)limit, (void)how, (void)done, (void)tok;
	return RG_ESTORE;
}

rg_store *broken_store(void)
{
	static const rg_store_ops ops = { .struct_size = sizeof ops, .name = "broken", .traits = RG_STORE_INLINE, .fetch = broken_fetch,
		.commit = broken_commit, .due = broken_due, .find = broken_find, .scan = broken_scan };
	rg_store *broken = NULL;

	cr_assert_eq(rg_store_new(&ops, NULL, &broken, NULL), RG_OK);
	return broken;
}

static char *room(host *h)
{
	h->room = (h->room + 1) % ROOMS;
	h->rooms[h->room][0] = '\0';
	return h->rooms[h->room];
}

static void add(char *to, const char *before, rg_str s)
{
	size_t at = strlen(to);

	cr_assert_lt(snprintf(to + at, ROOM - at, "%s%.*s", before, (int)s.n, s.p ? s.p : ""), (int)(ROOM - at));
}

const char *text(host *h, rg_str s)
{
	char *to = room(h);

	add(to, s.p ? "" : "-", s);
	return to;
}

const char *filled(host *h, const char *before, size_t n, const char *after)
{
	char *to = room(h);

	add(to, before, ABSENT);
	cr_assert_lt(strlen(to) + n, ROOM);
	memset(strchr(to, '\0'), 0, n + 1);
	memset(strchr(to, '\0'), 'x', n);
	add(to, after, ABSENT);
	return to;
}

void set(host *h, const char *name, const char *value)
{
	rg_error *why = rg_error_new();
	rg_status st = value ? rg_config_set(h->config, rg_str_from(name), rg_str_from(value), why) :
		rg_config_unset(h->config, rg_str_from(name), why);

	cr_assert_eq(st, RG_OK, "%s: %s", name, rg_error_text(why).p);
	cr_assert_eq(rg_registrar_configure(h->reg, h->config, NULL), RG_OK, "%s", name);
	rg_error_free(why);
}

static bool in_effect(const char *name)
{
	rg_param p = { .struct_size = sizeof p };

	for (uint32_t i = 0; rg_param_get(i, &p) == RG_OK; i++) {
		if (strcmp(p.name, name) == 0)
			return p.in_effect;
	}
	cr_assert_fail("no parameter is called %s", name);
	return false;
}

void takes(host *h, const char *name, const char *usual, const char *example, const char *bad)
{
	rg_str key = rg_str_from(name), value = ABSENT;

	cr_expect_eq(rg_config_get(h->config, key, &value), RG_OK);
	IS(text(h, value), usual);
	set(h, name, example);
	cr_expect_eq(rg_config_set(h->config, key, rg_str_from(bad), NULL), RG_EINVAL, "%s", bad);
	cr_expect_eq(rg_config_get(h->config, key, &value), RG_OK);
	IS(text(h, value), strcmp(example, "true") == 0 ? "1" : example);
	cr_expect(in_effect(name), "%s", name);
}

static uint32_t line_of(const char *value, rg_str *line)
{
	*line = rg_str_from(value);
	return value != NULL;
}

const char *save(host *h, said s)
{
	rg_str contact, path, supported, allow, caps;
	rg_save_options *options = NULL;
	rg_request r;
	char cseq[32];

	rg_request_init(&r, sizeof r);
	snprintf(cseq, sizeof cseq, "%d REGISTER", ++h->cseq);
	r.method = RG_STR("REGISTER");
	r.request_uri = RG_STR("sip:example.org");
	r.to_header = rg_str_from(s.to ? s.to : "<sip:alice@example.org>");
	r.from_header = s.from ? rg_str_from(s.from) : r.to_header;
	r.callid = rg_str_from(s.callid ? s.callid : "c1");
	r.cseq = rg_str_from(cseq);
	r.expires = rg_str_from(s.expires);
	r.user_agent = rg_str_from(s.user_agent);
	r.contacts = &contact;
	r.n_contacts = line_of(s.contact, &contact);
	r.paths = &path;
	r.n_paths = line_of(s.path, &path);
	r.supported = &supported;
	r.n_supported = line_of(s.supported, &supported);
	r.allow = &allow;
	r.n_allow = line_of(s.allow, &allow);
	r.feature_caps = &caps;
	r.n_feature_caps = line_of(s.caps, &caps);
	r.via_count = 1;
	r.domain = rg_str_from(s.domain);
	r.aor = rg_str_from(s.aor);
	r.ownership_tag = rg_str_from(s.tag);
	r.received = rg_str_from(s.received);
	r.attr = rg_str_from(s.attr);
	r.socket = rg_str_from(s.socket);
	r.socket_header = rg_str_from(s.socket_header);
	r.transport = rg_str_from(s.transport);
	r.flow = rg_str_from(s.flow);
	r.flags = s.bits;
	cr_assert_eq(rg_save_options_new(rg_str_from(s.flags), &options, NULL), RG_OK, "%s", s.flags);
	rg_response_free(h->response);
	rg_status st = rg_save(h->reg, &r, options, &h->response, NULL);
	cr_assert(st == RG_OK || (st == RG_ESTORE && h->response), "%s", rg_status_name(st));
	rg_save_options_unref(options);
	int code = rg_response_code(h->response);
	char *to = room(h);
	snprintf(to, ROOM, "%d", code);
	const char *more = header(h, code == 200 ? "Contact" : "P-Registrar-Error");
	add(to, *more ? " " : "", rg_str_from(more));
	return to;
}

const char *header(host *h, const char *name)
{
	char *to = room(h);

	for (uint32_t i = 0;; i++) {
		rg_str value = rg_response_header(h->response, rg_str_from(name), i);
		if (!value.p)
			return to;
		add(to, i ? ", " : "", value);
	}
}

const char *found(host *h, asked a)
{
	rg_lookup_options *options = NULL;
	rg_str branches[4];
	rg_request r;
	char *to;

	rg_request_init(&r, sizeof r);
	r.method = rg_str_from(a.method ? a.method : "INVITE");
	r.flags = a.bits;
	if (!(a.bits & RG_REQUEST_REPLY))
		r.request_uri = rg_str_from(a.uri ? a.uri : "sip:alice@example.org");
	r.aor = rg_str_from(a.aor);
	r.branches = branches;
	for (; r.n_branches < 4 && a.branch[r.n_branches]; r.n_branches++)
		branches[r.n_branches] = rg_str_from(a.branch[r.n_branches]);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(a.flags), &options, NULL), RG_OK, "%s", a.flags);
	rg_targets_free(h->targets);
	rg_status st = rg_lookup(h->reg, &r, options, &h->targets, NULL);
	cr_expect(st == RG_OK || (st == RG_ESTORE && rg_targets_result(h->targets) == RG_LOOKUP_ERROR), "%s", rg_status_name(st));
	rg_lookup_options_unref(options);
	uint32_t n = rg_targets_count(h->targets);
	to = room(h);
	snprintf(to, ROOM, "%d", rg_targets_result(h->targets));
	if (n == 0)
		snprintf(to + strlen(to), ROOM - strlen(to), " %d", rg_targets_code(h->targets));
	for (uint32_t i = 0; i < n; i++)
		add(to, " ", target(h, i).uri);
	return to;
}

rg_target target(host *h, uint32_t index)
{
	rg_target t = { .struct_size = sizeof t };

	cr_assert_eq(rg_targets_get(h->targets, index, &t), RG_OK);
	return t;
}

rg_query query(const char *aor)
{
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = rg_str_from(aor);
	return q;
}

const char *answered(host *h, rg_status status, rg_answer **answer)
{
	char *to = room(h);
	rg_contact c = { .struct_size = sizeof c };

	if (status != RG_OK)
		return rg_status_name(status);
	add(to, rg_answer_result(*answer) ? "yes" : "no", ABSENT);
	for (uint32_t i = 0; rg_answer_contact(*answer, i, &c) == RG_OK; i++)
		add(to, " ", c.uri);
	rg_answer_free(*answer);
	*answer = NULL;
	return to;
}

int64_t statistic(host *h, const char *name)
{
	rg_statistics *stats = NULL;
	int64_t value = -1;

	cr_assert_eq(rg_read_statistics(h->reg, RG_STR("location"), &stats, NULL), RG_OK);
	cr_assert_eq(rg_statistics_find(stats, rg_str_from(name), &value), RG_OK, "%s", name);
	rg_statistics_free(stats);
	return value;
}

static rg_status get_var(void *user, const rg_str *name, rg_str *value)
{
	post *p = user;

	if (!p->name || !rg_str_equal(*name, rg_str_from(p->name)))
		return RG_ENOENT;
	*value = rg_str_from(p->value);
	return RG_OK;
}

static rg_status set_var(void *user, const rg_str *name, uint32_t index, const rg_str *value)
{
	post *p = user;
	size_t at = strlen(p->set);

	snprintf(p->set + at, sizeof p->set - at, "%.*s[%u]=%.*s;", (int)name->n, name->p, index, (int)value->n, value->p ? value->p : "");
	return RG_OK;
}

void post_open(post *p, const char *bytes)
{
	*p = (post){ .msg = { rg_sofia_msg_ops(), NULL, &p->sofia } };
	rg_sofia_source_init(&p->source, sizeof p->source);
	rg_sofia_message_init(&p->sofia, sizeof p->sofia);
	p->sofia.msg = msg_make(sip_default_mclass(), MSG_FLG_EXTRACT_COPY, bytes, (ssize_t)strlen(bytes));
	cr_assert_not_null(p->sofia.msg);
	p->sofia.source = &p->source;
	p->sofia.get_var = get_var;
	p->sofia.set_var = set_var;
	p->sofia.user = p;
}

void post_close(post *p)
{
	msg_destroy(p->sofia.msg);
	msg_destroy(p->sofia.reply);
}

const char *posted(host *h, post *p, const char *flags)
{
	rg_save_options *options = NULL;

	cr_assert_eq(rg_save_options_new(rg_str_from(flags), &options, NULL), RG_OK, "%s", flags);
	rg_response_free(h->response);
	cr_assert_eq(rg_save_msg(h->reg, &p->msg, options, &h->response, NULL), RG_OK);
	rg_save_options_unref(options);
	char *to = room(h);
	snprintf(to, ROOM, "%d", rg_response_code(h->response));
	return to;
}

void routed(host *h, post *p, const char *flags)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets;

	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK, "%s", flags);
	cr_assert_eq(rg_lookup_msg(h->reg, &p->msg, options, &targets, NULL), RG_OK);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
}

const char *sent(host *h, post *p)
{
	msg_t *copy = msg_copy(p->sofia.msg);
	char *to = room(h);

	cr_assert_not_null(copy);
	cr_assert_eq(msg_serialize(copy, msg_object(copy)), 0);
	cr_assert_gt(msg_prepare(copy), 0);
	for (msg_header_t *line = *msg_chain_head(copy); line; line = line->sh_succ)
		add(to, "", (rg_str){ line->sh_data, line->sh_len });
	msg_destroy(copy);
	return to;
}
