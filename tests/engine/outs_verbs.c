/* SPDX-License-Identifier: MIT */
/* The results of the verbs, and of what makes a registrar and its store. */
#include "outs.h"
#include "waiting.h"
#include <rgstr/check.h>

#define VERB (HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SHUT) | HAS(BROKEN) | HAS(SHORT))
#define STARTED (HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SHUT) | HAS(SHORT))

static const rg_str none, location = { "location", 8 }, bad = { "sip:", 4 };

static rg_registrar *registrar_of(const out_room *o)
{
	return o->fault == NOWHERE ? NULL : o->k.reg;
}

static rg_str aor_of(const out_room *o)
{
	return o->fault == WRONG ? bad : RG_STR("alice@example.org");
}

static rg_request register_of(out_room *o)
{
	rg_request r;

	o->phone.cseq = 3;
	o->phone.contact = "<sip:b@192.0.2.2>";
	kit_request(&o->phone, &r);
	if (o->fault == WRONG)
		r.received = bad;
	return r;
}

static rg_request invite_of(const out_room *o)
{
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = RG_STR("sip:alice@example.org");
	r.flags = o->fault == WRONG ? 1u << 31 : 0;
	return r;
}

static rg_upstream upstream_of(const out_room *o)
{
	rg_upstream up;

	rg_upstream_init(&up, sizeof up);
	up.code = o->fault == WRONG ? 404 : 200;
	return up;
}

static rg_query query_of(const out_room *o, bool ips)
{
	static const rg_ip_port ip = { .ip = { "192.0.2.1", 9 } };
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = aor_of(o);
	q.ips = &ip;
	q.n_ips = ips;
	return q;
}

static rg_remove_filter filter_of(const out_room *o)
{
	rg_remove_filter f;

	rg_remove_filter_init(&f, sizeof f);
	f.aor = aor_of(o);
	return f;
}

static rg_status read_message(void *self, void *msg, const rg_config *config, rg_request *out)
{
	out_room *o = self;

	(void)config;
	o->read++;
	*out = msg ? invite_of(o) : register_of(o);
	out->reply_code = o->fault == WRONG ? 404 : 200;
	if (o->fault == WRONG)
		out->aor = bad;
	return RG_OK;
}

static rg_status reply_to(void *self, void *msg, rg_response *response)
{
	(void)self;
	(void)msg;
	(void)response;
	return RG_OK;
}

static rg_status apply_to(void *self, void *msg, const rg_targets *targets)
{
	(void)self;
	(void)msg;
	(void)targets;
	return RG_OK;
}

static const rg_msg_ops ops = { .struct_size = sizeof ops, .name = "test", .read = read_message, .reply = reply_to, .apply = apply_to };

static rg_msg msg_of(out_room *o, bool invite)
{
	return (rg_msg){ &ops, o, invite ? o : NULL };
}

static void noted_latency(void *user, rg_status status, uint32_t n)
{
	kit_removed(user, status, n);
}

static void noted_part(void *user, rg_status status, uint32_t n, const rg_str *cursor)
{
	(void)cursor;
	kit_removed(user, status, n);
}

OUT(rg_save, out, rg_response *, VERB, rg_response_free)
{
	rg_request r = register_of(o);

	return rg_save(registrar_of(o), &r, NULL, out, o->why);
}

OUT(rg_save_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_request r = register_of(o);

	return rg_save_async(registrar_of(o), &r, NULL, kit_saved, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_save_msg, out, rg_response *, VERB, rg_response_free)
{
	rg_msg msg = msg_of(o, false);

	return rg_save_msg(registrar_of(o), &msg, NULL, out, o->why);
}

OUT(rg_save_msg_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_msg msg = msg_of(o, false);

	return rg_save_msg_async(registrar_of(o), &msg, NULL, kit_saved, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_save_reply, out, rg_response *, VERB, rg_response_free)
{
	rg_request r = register_of(o);
	rg_upstream up = upstream_of(o);

	return rg_save_reply(registrar_of(o), &r, &up, NULL, out, o->why);
}

OUT(rg_save_reply_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_request r = register_of(o);
	rg_upstream up = upstream_of(o);

	return rg_save_reply_async(registrar_of(o), &r, &up, NULL, kit_saved, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_save_reply_msg, out, rg_response *, VERB, rg_response_free)
{
	rg_msg msg = msg_of(o, false);

	return rg_save_reply_msg(registrar_of(o), &msg, &msg, NULL, out, o->why);
}

OUT(rg_save_reply_msg_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_msg msg = msg_of(o, false);

	return rg_save_reply_msg_async(registrar_of(o), &msg, &msg, NULL, kit_saved, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_lookup, out, rg_targets *, VERB, rg_targets_free)
{
	rg_request r = invite_of(o);

	return rg_lookup(registrar_of(o), &r, NULL, out, o->why);
}

OUT(rg_lookup_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_request r = invite_of(o);

	return rg_lookup_async(registrar_of(o), &r, NULL, kit_looked_up, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_lookup_msg, out, rg_targets *, VERB, rg_targets_free)
{
	rg_msg msg = msg_of(o, true);

	return rg_lookup_msg(registrar_of(o), &msg, NULL, out, o->why);
}

OUT(rg_lookup_msg_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_msg msg = msg_of(o, true);

	return rg_lookup_msg_async(registrar_of(o), &msg, NULL, kit_looked_up, &o->outcome, kit_freed, out, o->why);
}

static void none_back(void *user, rg_targets *targets)
{
	(void)user;
	rg_targets_free(targets);
}

static void wait_over(void *user, rg_status status)
{
	(void)user;
	(void)status;
}

OUT(rg_targets_wait, wait, rg_wait *, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SMALL), rg_wait_free)
{
	waiting w = { 0 };

	push_configure(&o->k, (const char *const[]){ o->fault == SMALL ? "pn_max_waits 0" : "pn_max_waits 1", NULL });
	cr_assert_eq(push_save(&o->k, "alice", 1, 2), 200);
	cr_assert_eq(push_lookup(&w, &o->k, o->fault == WRONG ? "bob" : "alice", NULL), RG_OK);
	rg_status st = rg_targets_wait(o->fault == NOWHERE ? NULL : w.targets, none_back, wait_over, NULL, NULL, out, o->why);

	rg_targets_free(w.targets);
	return st;
}

static void purr_done(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	(void)user;
	(void)status;
	(void)result;
	rg_targets_free(targets);
}

OUT(rg_pn_process_purr, op, rg_op *, STARTED, rg_op_free)
{
	rg_request r = invite_of(o);

	return rg_pn_process_purr(registrar_of(o), &r, purr_done, NULL, NULL, out, o->why);
}

#define ASKS(verb, by_ip) \
	OUT(verb, out, rg_answer *, VERB, rg_answer_free) \
	{ \
		rg_query q = query_of(o, by_ip); \
		return verb(registrar_of(o), &q, out, o->why); \
	} \
	OUT(verb##_async, op, rg_op *, STARTED, rg_op_free) \
	{ \
		rg_query q = query_of(o, by_ip); \
		return verb##_async(registrar_of(o), &q, kit_answered, &o->outcome, kit_freed, out, o->why); \
	}

ASKS(rg_is_registered, false)
ASKS(rg_is_contact_registered, false)
ASKS(rg_is_ip_registered, true)

OUT(rg_is_registered_msg, out, rg_answer *, VERB, rg_answer_free)
{
	rg_msg msg = msg_of(o, false);

	return rg_is_registered_msg(registrar_of(o), &msg, none, out, o->why);
}

OUT(rg_is_registered_msg_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_msg msg = msg_of(o, false);

	return rg_is_registered_msg_async(registrar_of(o), &msg, none, kit_answered, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_each_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_str cursor = o->fault == WRONG ? bad : none;

	return rg_each_async(registrar_of(o), location, cursor, kit_each, kit_each_done, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_read_statistics, out, rg_statistics *, VERB & ~(HAS(WRONG) | HAS(BROKEN)), rg_statistics_free)
{
	return rg_read_statistics(registrar_of(o), location, out, o->why);
}

OUT(rg_read_statistics_async, op, rg_op *, STARTED, rg_op_free)
{
	return rg_read_statistics_async(registrar_of(o), location, o->fault == WRONG ? NULL : kit_counted, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_set_latency, n_changed, uint32_t, VERB, NULL)
{
	return rg_set_latency(registrar_of(o), location, aor_of(o), RG_STR("sip:a@192.0.2.1"), 20000, out, o->why);
}

OUT(rg_set_latency_async, op, rg_op *, STARTED, rg_op_free)
{
	return rg_set_latency_async(registrar_of(o), location, aor_of(o), RG_STR("sip:a@192.0.2.1"), 20000, noted_latency, &o->outcome,
		kit_freed, out, o->why);
}

OUT(rg_remove, n_removed, uint32_t, VERB, NULL)
{
	rg_remove_filter f = filter_of(o);

	return rg_remove(registrar_of(o), &f, out, o->why);
}

OUT(rg_remove_async, op, rg_op *, STARTED, rg_op_free)
{
	rg_remove_filter f = filter_of(o);

	return rg_remove_async(registrar_of(o), &f, kit_removed, &o->outcome, kit_freed, out, o->why);
}

static rg_str ip_of(const out_room *o)
{
	return o->fault == WRONG ? none : RG_STR("192.0.2.1");
}

OUT(rg_remove_ip_port, n_removed, uint32_t, VERB, NULL)
{
	return rg_remove_ip_port(registrar_of(o), location, ip_of(o), 5060, none, out, o->why);
}

OUT(rg_remove_ip_port_async, op, rg_op *, STARTED, rg_op_free)
{
	return rg_remove_ip_port_async(registrar_of(o), location, ip_of(o), 5060, none, kit_removed, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_remove_ip_port_part_async, op, rg_op *, STARTED, rg_op_free)
{
	return rg_remove_ip_port_part_async(registrar_of(o), location, ip_of(o), 5060, none, 0, noted_part, &o->outcome, kit_freed, out, o->why);
}

static rg_str flow_of(const out_room *o)
{
	return o->fault == WRONG ? none : RG_STR("flow");
}

OUT(rg_remove_flow, n_removed, uint32_t, VERB, NULL)
{
	return rg_remove_flow(registrar_of(o), location, flow_of(o), out, o->why);
}

OUT(rg_remove_flow_async, op, rg_op *, STARTED, rg_op_free)
{
	return rg_remove_flow_async(registrar_of(o), location, flow_of(o), kit_removed, &o->outcome, kit_freed, out, o->why);
}

OUT(rg_remove_flow_part_async, op, rg_op *, STARTED, rg_op_free)
{
	return rg_remove_flow_part_async(registrar_of(o), location, flow_of(o), none, 0, noted_part, &o->outcome, kit_freed, out, o->why);
}

static void hear(void *user, const rg_event *event)
{
	(void)user;
	(void)event;
}

OUT(rg_registrar_subscribe, out, rg_subscription *, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SHORT), rg_subscription_free)
{
	return rg_registrar_subscribe(registrar_of(o), o->fault == WRONG ? 0 : RG_EVENT_ALL, hear, NULL, NULL, out, o->why);
}

OUT(rg_registrar_new, out, rg_registrar *, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SHORT), rg_registrar_unref)
{
	rg_env env = { .struct_size = o->fault == WRONG ? 0 : sizeof env };

	return rg_registrar_new(NULL, o->fault == NOWHERE ? NULL : o->k.memory, &env, out, o->why);
}

OUT(rg_store_new, out, rg_store *, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SHORT), rg_store_unref)
{
	void *self;
	rg_store_ops members = *rg_store_members(o->k.memory, &self);

	members.destroy = NULL;
	members.fetch = o->fault == WRONG ? NULL : members.fetch;
	return rg_store_new(o->fault == NOWHERE ? NULL : &members, self, out, o->why);
}

OUT(rg_store_overlay, out, rg_store *, HAS(GOOD) | HAS(WRONG) | HAS(NOWHERE) | HAS(SHORT), rg_store_unref)
{
	return rg_store_overlay(o->fault == NOWHERE ? NULL : o->fault == WRONG ? o->k.memory : o->k.store, o->k.memory, out, o->why);
}

OUT(rg_memory_store_new, out, rg_store *, HAS(GOOD) | HAS(WRONG), rg_store_unref)
{
	rg_memory_options options;

	rg_memory_options_init(&options, sizeof options);
	options.shards = o->fault == WRONG ? 3 : 1;
	return rg_memory_store_new(&options, out, o->why);
}

OUT(rg_store_check, failed, uint32_t, HAS(WRONG) | HAS(NOWHERE), NULL)
{
	rg_store_check_options options;

	rg_store_check_options_init(&options, sizeof options);
	return rg_store_check(o->fault == NOWHERE ? NULL : &options, out);
}

/* Where there is a registrar, the next tick is due at some time, whatever this one met. */
OUT(rg_registrar_tick, next, rg_time, HAS(GOOD), NULL)
{
	return o->fault == WRONG ? rg_registrar_tick(NULL, 0, out) : rg_registrar_tick(o->k.reg, 0, out);
}

Test(outs, a_tick_without_a_registrar_names_no_time)
{
	rg_time next = 5;

	cr_expect_eq(rg_registrar_tick(NULL, 0, &next), RG_EINVAL);
	cr_expect_eq(next, RG_TIME_NEVER);
}
