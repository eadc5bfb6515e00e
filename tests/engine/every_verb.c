/* SPDX-License-Identifier: MIT */
#include "every_verb.h"
#include "bindings.h"
#include "verbs.h"

static void *lend_room(lent *l, size_t size)
{
	cr_assert_lt(l->n, sizeof l->rooms / sizeof *l->rooms);
	void *room = malloc(size);
	memset(room, 0, size);
	return l->rooms[l->n++] = room;
}

static rg_str lend(lent *l, const char *text)
{
	size_t n = strlen(text);
	char *room = lend_room(l, n + 1); /* a room of its own, also for an empty text */

	memcpy(room, text, n);
	return (rg_str){ room, n };
}

void lent_give_back(lent *l)
{
	while (l->n > 0)
		free(l->rooms[--l->n]);
}

static const rg_str *lend_list(lent *l, const char *text)
{
	rg_str *list = lend_room(l, sizeof *list);

	*list = lend(l, text);
	return list;
}

void every_verb_bind(kit *k)
{
	static const char *const users[] = { "alice", "bob", "carol" };

	for (size_t i = 0; i < ROWS(users); i++) {
		cr_assert_eq(bind(k, users[i], (bound){ "<sip:a@192.0.2.1:5060>;expires=60", .flow = "flow" }), 200);
		cr_assert_eq(bind(k, users[i], (bound){ "<sip:b@192.0.2.1:5060>", .flow = "flow", .cseq = 2, .attr = "floor 3" }), 200);
	}
	cr_assert_eq(bind(k, "dave", (bound){ "<sip:a@phone.example>" }), 200);
}

static rg_request *lend_register(lent *l)
{
	rg_request *r = lend_room(l, sizeof *r);

	rg_request_init(r, sizeof *r);
	r->method = lend(l, "REGISTER");
	r->request_uri = lend(l, "sip:example.org");
	r->from_header = lend(l, "<sip:alice@example.org>;tag=1");
	r->to_header = lend(l, "<sip:alice@example.org>");
	r->callid = lend(l, "call-2");
	r->cseq = lend(l, "7 REGISTER");
	r->contacts = lend_list(l, "<sip:c@phone.example:5060>;expires=600");
	r->n_contacts = 1;
	r->paths = lend_list(l, "<sip:edge@192.0.2.99;lr>");
	r->n_paths = 1;
	r->supported = lend_list(l, "path");
	r->n_supported = 1;
	r->user_agent = lend(l, "phone/1");
	r->flow = lend(l, "flow");
	r->attr = lend(l, "floor 4");
	r->received = lend(l, "sip:edge.example:5060");
	r->domain = lend(l, "location");
	r->via_count = 1;
	return r;
}

static rg_request *lend_invite(lent *l)
{
	rg_request *r = lend_room(l, sizeof *r);

	rg_request_init(r, sizeof *r);
	r->method = lend(l, "INVITE");
	r->request_uri = lend(l, "sip:alice@example.org");
	r->domain = lend(l, "location");
	r->branches = lend_list(l, "sip:bob@example.org");
	r->n_branches = 1;
	return r;
}

static rg_status took_response(verb_call *c, rg_status st, rg_response *response)
{
	c->o->code = response ? rg_response_code(response) : 0;
	rg_response_free(response);
	return st;
}

static rg_status took_targets(verb_call *c, rg_status st, rg_targets *targets)
{
	c->o->code = targets ? rg_targets_code(targets) : 0;
	c->o->n = rg_targets_count(targets);
	rg_targets_free(targets);
	return st;
}

static rg_status took_answer(verb_call *c, rg_status st, rg_answer *answer)
{
	c->o->n = rg_answer_contact_count(answer);
	rg_answer_free(answer);
	return st;
}

static rg_status run_save(verb_call *c)
{
	const rg_request *r = lend_register(&c->given);
	rg_response *response = NULL;

	if (!c->blocking)
		return rg_save_async(c->k->reg, r, NULL, kit_saved, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_save(c->k->reg, r, NULL, &response, NULL);
	return took_response(c, st, response);
}

static rg_status run_save_reply(verb_call *c)
{
	const rg_request *r = lend_register(&c->given);
	rg_upstream *up = lend_room(&c->given, sizeof *up);
	rg_response *response = NULL;

	rg_upstream_init(up, sizeof *up);
	up->code = 200;
	up->contacts = lend_list(&c->given, "<sip:c@phone.example:5060>;expires=60");
	up->n_contacts = 1;
	if (!c->blocking)
		return rg_save_reply_async(c->k->reg, r, up, NULL, kit_saved, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_save_reply(c->k->reg, r, up, NULL, &response, NULL);
	return took_response(c, st, response);
}

static rg_status look_up(verb_call *c, const char *flags)
{
	const rg_request *r = lend_invite(&c->given);
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_status st;

	if (flags)
		cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	if (!c->blocking) {
		st = rg_lookup_async(c->k->reg, r, options, kit_looked_up, c->o, kit_freed, &c->o->op, NULL);
		rg_lookup_options_unref(options);
		return st;
	}
	st = rg_lookup(c->k->reg, r, options, &targets, NULL);
	rg_lookup_options_unref(options);
	return took_targets(c, st, targets);
}

static rg_status run_lookup(verb_call *c)
{
	return look_up(c, NULL);
}

static rg_status run_lookup_many(verb_call *c)
{
	return look_up(c, "branch,global");
}

static rg_status remove_hop(verb_call *c, const char *aor, const char *hop)
{
	rg_remove_filter *f = lend_room(&c->given, sizeof *f);

	rg_remove_filter_init(f, sizeof *f);
	f->domain = lend(&c->given, "location");
	f->aor = lend(&c->given, aor);
	f->next_hop = lend(&c->given, hop);
	if (!c->blocking)
		return rg_remove_async(c->k->reg, f, kit_removed, c->o, kit_freed, &c->o->op, NULL);
	return rg_remove(c->k->reg, f, &c->o->n, NULL);
}

static rg_status run_remove(verb_call *c)
{
	return remove_hop(c, "alice@example.org", "192.0.2.1");
}

static rg_status run_remove_by_name(verb_call *c)
{
	return remove_hop(c, "dave@example.org", "phone.example");
}

static rg_status remove_from_host(verb_call *c, const char *host, rg_str aor)
{
	rg_str domain = lend(&c->given, "location"), ip = lend(&c->given, host);

	if (!c->blocking)
		return rg_remove_ip_port_async(c->k->reg, domain, ip, 5060, aor, kit_removed, c->o, kit_freed, &c->o->op, NULL);
	return rg_remove_ip_port(c->k->reg, domain, ip, 5060, aor, &c->o->n, NULL);
}

static rg_status run_remove_ip_port(verb_call *c)
{
	return remove_from_host(c, "192.0.2.1", (rg_str){ NULL, 0 });
}

static rg_status run_remove_ip_port_by_name(verb_call *c)
{
	return remove_from_host(c, "phone.example", (rg_str){ NULL, 0 });
}

static rg_status run_remove_ip_port_of_aor(verb_call *c)
{
	return remove_from_host(c, "192.0.2.1", lend(&c->given, "alice@example.org"));
}

static rg_status run_remove_flow(verb_call *c)
{
	rg_str domain = lend(&c->given, "location"), flow = lend(&c->given, "flow");

	if (!c->blocking)
		return rg_remove_flow_async(c->k->reg, domain, flow, kit_removed, c->o, kit_freed, &c->o->op, NULL);
	return rg_remove_flow(c->k->reg, domain, flow, &c->o->n, NULL);
}

static void part_removed(void *user, rg_status status, uint32_t n, const rg_str *cursor)
{
	cr_expect_null(cursor->p, "all is done in one part");
	kit_removed(user, status, n);
}

/* A part has no blocking form. The cursor says that the tag is not begun yet. */
static rg_status run_remove_ip_port_part(verb_call *c)
{
	rg_str domain = lend(&c->given, "location"), ip = lend(&c->given, "192.0.2.1"), cursor = lend(&c->given, "192.0.2.1:5060");

	cursor.n++;
	if (c->blocking)
		return RG_ENOTSUP;
	return rg_remove_ip_port_part_async(c->k->reg, domain, ip, 5060, cursor, 0, part_removed, c->o, kit_freed, &c->o->op, NULL);
}

static rg_status run_remove_flow_part(verb_call *c)
{
	rg_str domain = lend(&c->given, "location"), flow = lend(&c->given, "flow"), cursor = lend(&c->given, "");

	cursor.n++;
	if (c->blocking)
		return RG_ENOTSUP;
	return rg_remove_flow_part_async(c->k->reg, domain, flow, cursor, 1000, part_removed, c->o, kit_freed, &c->o->op, NULL);
}

static rg_status run_set_latency(verb_call *c)
{
	rg_str domain = lend(&c->given, "location"), aor = lend(&c->given, "alice@example.org");
	rg_str contact = lend(&c->given, "sip:b@192.0.2.1:5060");

	if (!c->blocking)
		return rg_set_latency_async(c->k->reg, domain, aor, contact, 40000, kit_removed, c->o, kit_freed, &c->o->op, NULL);
	return rg_set_latency(c->k->reg, domain, aor, contact, 40000, &c->o->n, NULL);
}

static const rg_query *lend_query(lent *l)
{
	rg_query *q = lend_room(l, sizeof *q);
	rg_ip_port *ip = lend_room(l, sizeof *ip);

	rg_query_init(q, sizeof *q);
	q->request = lend_register(l);
	q->aor = lend(l, "alice@example.org");
	q->contact = lend(l, "sip:b@192.0.2.1:5060");
	ip->ip = lend(l, "192.0.2.1");
	q->ips = ip;
	q->n_ips = 1;
	return q;
}

typedef rg_status ask_form(rg_registrar *reg, const rg_query *query, rg_answer **out, rg_error *why);
typedef rg_status ask_later_form(rg_registrar *reg, const rg_query *query, rg_answer_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why);

static rg_status ask_whether(verb_call *c, ask_form *ask, ask_later_form *ask_later)
{
	const rg_query *q = lend_query(&c->given);
	rg_answer *answer = NULL;

	if (!c->blocking)
		return ask_later(c->k->reg, q, kit_answered, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = ask(c->k->reg, q, &answer, NULL);
	return took_answer(c, st, answer);
}

static rg_status run_is_registered(verb_call *c)
{
	return ask_whether(c, rg_is_registered, rg_is_registered_async);
}

static rg_status run_is_contact_registered(verb_call *c)
{
	return ask_whether(c, rg_is_contact_registered, rg_is_contact_registered_async);
}

static rg_status run_is_ip_registered(verb_call *c)
{
	return ask_whether(c, rg_is_ip_registered, rg_is_ip_registered_async);
}

static rg_status run_each(verb_call *c)
{
	rg_str domain = lend(&c->given, "location");

	if (!c->blocking)
		return rg_each_async(c->k->reg, domain, (rg_str){ NULL, 0 }, kit_each, kit_each_done, c->o, kit_freed, &c->o->op, NULL);
	return rg_each(c->k->reg, domain, kit_each, c->o, NULL);
}

static rg_status run_read_statistics(verb_call *c)
{
	rg_str domain = lend(&c->given, "location");
	rg_statistics *stats = NULL;

	if (!c->blocking)
		return rg_read_statistics_async(c->k->reg, domain, kit_counted, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_read_statistics(c->k->reg, domain, &stats, NULL);
	c->o->n = rg_statistics_count(stats);
	rg_statistics_free(stats);
	return st;
}

/* The message level. What the adaptor reads is lent until it is released. */
typedef struct letter {
	bool invite, reply;
} letter;

static void release_read(void *owner)
{
	lent_give_back(owner);
	free(owner);
}

static rg_status letter_read(void *self, void *msg, const rg_config *config, rg_request *out)
{
	const letter *from = msg;
	lent *l = calloc(1, sizeof *l);

	(void)self, (void)config;
	*out = *(from->invite ? lend_invite(l) : lend_register(l));
	if (from->reply)
		out->reply_code = 200;
	out->owner = l;
	out->release = release_read;
	return RG_OK;
}

static rg_status letter_reply(void *self, void *msg, rg_response *response)
{
	(void)self, (void)response;
	cr_expect_not(((letter *)msg)->invite);
	return RG_OK;
}

static rg_status letter_apply(void *self, void *msg, const rg_targets *targets)
{
	(void)self, (void)targets;
	cr_expect(((letter *)msg)->invite);
	return RG_OK;
}

static const rg_msg_ops letter_ops = { .struct_size = sizeof letter_ops, .name = "letter", .read = letter_read, .reply = letter_reply,
	.apply = letter_apply };

static const rg_msg *lend_msg(verb_call *c, bool invite)
{
	rg_msg *msg = lend_room(&c->message, sizeof *msg);
	letter *l = lend_room(&c->message, sizeof *l);

	l->invite = invite;
	*msg = (rg_msg){ .ops = &letter_ops, .msg = l };
	return msg;
}

static rg_status run_save_msg(verb_call *c)
{
	const rg_msg *msg = lend_msg(c, false);
	rg_response *response = NULL;

	if (!c->blocking)
		return rg_save_msg_async(c->k->reg, msg, NULL, kit_saved, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_save_msg(c->k->reg, msg, NULL, &response, NULL);
	return took_response(c, st, response);
}

static rg_status run_save_reply_msg(verb_call *c)
{
	const rg_msg *msg = lend_msg(c, false), *reply = lend_msg(c, false);
	rg_response *response = NULL;

	((letter *)reply->msg)->reply = true;
	if (!c->blocking)
		return rg_save_reply_msg_async(c->k->reg, msg, reply, NULL, kit_saved, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_save_reply_msg(c->k->reg, msg, reply, NULL, &response, NULL);
	return took_response(c, st, response);
}

static rg_status run_lookup_msg(verb_call *c)
{
	const rg_msg *msg = lend_msg(c, true);
	rg_targets *targets = NULL;

	if (!c->blocking)
		return rg_lookup_msg_async(c->k->reg, msg, NULL, kit_looked_up, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_lookup_msg(c->k->reg, msg, NULL, &targets, NULL);
	return took_targets(c, st, targets);
}

static rg_status run_is_registered_msg(verb_call *c)
{
	const rg_msg *msg = lend_msg(c, false);
	rg_str aor = lend(&c->given, "alice@example.org");
	rg_answer *answer = NULL;

	if (!c->blocking)
		return rg_is_registered_msg_async(c->k->reg, msg, aor, kit_answered, c->o, kit_freed, &c->o->op, NULL);
	rg_status st = rg_is_registered_msg(c->k->reg, msg, aor, &answer, NULL);
	return took_answer(c, st, answer);
}

/* When half of the bindings have expired. It has no blocking form. */
static rg_status run_tick(verb_call *c)
{
	rg_time next;

	if (c->blocking)
		return RG_ENOTSUP;
	c->k->now += 61000;
	rg_status st = rg_registrar_tick(c->k->reg, 0, &next);
	c->o->called = c->o->freed = 1;
	c->o->status = st;
	return st;
}

#define ROW(name) { #name, run_##name },
const verb_row every_verb[] = { EVERY_VERB(ROW) ROW(lookup_many) ROW(remove_by_name) ROW(remove_ip_port_by_name)
	ROW(remove_ip_port_of_aor) ROW(tick) };
const size_t n_every_verb = ROWS(every_verb);
