/* SPDX-License-Identifier: MIT */
#include "sizes.h"
#include <rgstr/reply.h>

#define NONE ((rg_str){ NULL, 0 })
#define NOW 1700000000000

static const uint8_t seed[32] = { 7 };

/* Structs that are filled in. */

static rg_status fill_contact(scene *s, uint32_t i, void *out)
{
	return rg_record_contact(rg_plan_next(s->plan), i, out);
}

static rg_status fill_removal(scene *s, uint32_t i, void *out)
{
	return rg_record_removal(rg_plan_next(s->gone), i, out);
}

static rg_status fill_target(scene *s, uint32_t i, void *out)
{
	return rg_targets_get(s->targets, i, out);
}

static rg_status fill_wake(scene *s, uint32_t i, void *out)
{
	return rg_targets_wake_contact(s->asleep, i, out);
}

static rg_status fill_listed(scene *s, uint32_t i, void *out)
{
	return rg_response_contact(rg_plan_response(s->plan), i, out);
}

static rg_status fill_rewrite(scene *s, uint32_t i, void *out)
{
	return rg_response_rewrite(rg_plan_response(s->relayed), i, out);
}

static rg_status fill_answered(scene *s, uint32_t i, void *out)
{
	return rg_answer_contact(s->answer, i, out);
}

static rg_status fill_event(scene *s, uint32_t i, void *out)
{
	return rg_plan_event(s->plan, i, out);
}

static rg_status fill_param(scene *s, uint32_t i, void *out)
{
	(void)s;
	return rg_param_get(i, out);
}

static rg_status fill_flag(scene *s, uint32_t i, void *out)
{
	(void)s;
	return rg_flag_get(i, out);
}

static rg_status fill_statistic(scene *s, uint32_t i, void *out)
{
	return rg_statistics_get(s->stats, i, out);
}

/* Structs that are read. */

static void make_save(scene *s, void *room)
{
	*(rg_request *)room = s->save;
}

static void make_look(scene *s, void *room)
{
	*(rg_request *)room = s->look;
}

static void make_upstream(scene *s, void *room)
{
	*(rg_upstream *)room = s->upstream;
}

static void make_query(scene *s, void *room)
{
	static const rg_ip_port ip = { .ip = { "192.0.2.1", 9 } };

	(void)s;
	*(rg_query *)room = (rg_query){ .struct_size = sizeof(rg_query), .aor = RG_STR("alice@example.org"), .ips = &ip, .n_ips = 1 };
}

static void make_filter(scene *s, void *room)
{
	(void)s;
	*(rg_remove_filter *)room = (rg_remove_filter){ .struct_size = sizeof(rg_remove_filter), .aor = RG_STR("nobody@example.org") };
}

static void make_env(scene *s, void *room)
{
	*(rg_env *)room = (rg_env){ .struct_size = sizeof(rg_env), .now = s->k.env.now, .user = s->k.env.user };
}

static void make_federation(scene *s, void *room)
{
	(void)s;
	rg_federation_options_init(room, sizeof(rg_federation_options));
}

static void make_memory(scene *s, void *room)
{
	(void)s;
	rg_memory_options_init(room, sizeof(rg_memory_options));
}

static void make_store(scene *s, void *room)
{
	void *self;

	const rg_store_ops *ops = rg_store_members(s->k.memory, &self);

	rg_store_ops_init(room, sizeof(rg_store_ops));
	memcpy(room, ops, ops->struct_size < sizeof *ops ? ops->struct_size : sizeof *ops);
	((rg_store_ops *)room)->struct_size = sizeof *ops;
	((rg_store_ops *)room)->destroy = NULL;
}

static void make_contact(scene *s, void *room)
{
	rg_contact_init(room, sizeof(rg_contact));
	cr_assert_eq(rg_record_contact(rg_plan_next(s->plan), 0, room), RG_OK);
}

static void make_removal(scene *s, void *room)
{
	rg_removal_init(room, sizeof(rg_removal));
	cr_assert_eq(rg_record_removal(rg_plan_next(s->gone), 0, room), RG_OK);
}

static void make_target(scene *s, void *room)
{
	rg_target_init(room, sizeof(rg_target));
	cr_assert_eq(rg_targets_get(s->targets, 0, room), RG_OK);
}

static rg_status read_adapted(void *self, void *msg, const rg_config *config, rg_request *out)
{
	const rg_request *save = &((scene *)self)->save;

	(void)msg, (void)config;
	out->method = save->method;
	out->request_uri = save->request_uri;
	out->from_header = save->from_header;
	out->to_header = save->to_header;
	out->callid = save->callid;
	out->cseq = save->cseq;
	out->contacts = save->contacts;
	out->n_contacts = save->n_contacts;
	out->socket = RG_STR("udp:192.0.2.1:5060");
	out->reply_code = 200;
	return RG_OK;
}

static rg_status add_adapted(void *self, void *msg, const rg_str *name, const rg_str *value)
{
	(void)self, (void)msg, (void)name, (void)value;
	return RG_OK;
}

static rg_status reply_adapted(void *self, void *msg, rg_response *response)
{
	(void)self, (void)msg, (void)response;
	return RG_OK;
}

static rg_status apply_adapted(void *self, void *msg, const rg_targets *targets)
{
	(void)self, (void)msg, (void)targets;
	return RG_OK;
}

static void make_adaptor(scene *s, void *room)
{
	(void)s;
	*(rg_msg_ops *)room = (rg_msg_ops){ .struct_size = sizeof(rg_msg_ops), .name = "sizes", .read = read_adapted, .add_header = add_adapted,
		.reply = reply_adapted, .apply = apply_adapted };
}

static rg_status use_save(scene *s, uint32_t i, void *room)
{
	rg_response *response = NULL;
	rg_status st = rg_save(s->k.reg, room, NULL, &response, NULL);

	(void)i;
	cr_expect_eq(response != NULL, st == RG_OK);
	cr_expect_eq(st == RG_OK ? rg_response_code(response) : 200, 200);
	rg_response_free(response);
	return st;
}

static rg_status use_save_async(scene *s, uint32_t i, void *room)
{
	outcome o = { 0 };
	rg_status st = rg_save_async(s->k.reg, room, NULL, kit_saved, &o, NULL, NULL, NULL);

	(void)i;
	cr_expect_eq(o.called, st == RG_OK);
	return st;
}

static rg_status use_save_reply(scene *s, uint32_t i, void *room)
{
	rg_response *response = NULL;
	rg_status st = rg_save_reply(s->k.reg, room, &s->upstream, NULL, &response, NULL);

	(void)i;
	rg_response_free(response);
	return st;
}

static rg_status use_save_reply_async(scene *s, uint32_t i, void *room)
{
	outcome o = { 0 };
	rg_status st = rg_save_reply_async(s->k.reg, room, &s->upstream, NULL, kit_saved, &o, NULL, NULL, NULL);

	(void)i;
	cr_expect_eq(o.called, st == RG_OK);
	return st;
}

static rg_status use_upstream(scene *s, uint32_t i, void *room)
{
	rg_response *response = NULL;
	rg_status st = rg_save_reply(s->k.reg, &s->save, room, NULL, &response, NULL);

	(void)i;
	rg_response_free(response);
	return st;
}

static rg_status use_lookup(scene *s, uint32_t i, void *room)
{
	rg_targets *targets = NULL;
	rg_status st = rg_lookup(s->k.reg, room, NULL, &targets, NULL);

	(void)i;
	rg_targets_free(targets);
	return st;
}

static rg_status use_lookup_async(scene *s, uint32_t i, void *room)
{
	outcome o = { 0 };
	rg_status st = rg_lookup_async(s->k.reg, room, NULL, kit_looked_up, &o, NULL, NULL, NULL);

	(void)i;
	cr_expect_eq(o.called, st == RG_OK);
	return st;
}

static void purr_processed(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	*(bool *)user = status == RG_OK && result == RG_PURR_NOTHING;
	rg_targets_free(targets);
}

static rg_status use_process_purr(scene *s, uint32_t i, void *room)
{
	bool nothing = false;
	rg_status st = rg_pn_process_purr(s->k.reg, room, purr_processed, &nothing, NULL, NULL, NULL);

	(void)i;
	cr_expect_eq(nothing, st == RG_OK);
	return st;
}

static rg_status use_lookup_branches(scene *s, uint32_t i, void *room)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;

	(void)i;
	cr_assert_eq(rg_lookup_options_new(RG_STR("branch"), &options, NULL), RG_OK);
	rg_status st = rg_lookup(s->k.reg, room, options, &targets, NULL);
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return st;
}

static rg_status use_merge(scene *s, uint32_t i, void *room)
{
	rg_plan *plan = NULL;
	rg_status st = rg_merge(NULL, room, NULL, NULL, NOW, seed, &plan, NULL);

	(void)s, (void)i;
	rg_plan_free(plan);
	return st;
}

static rg_status use_merge_reply(scene *s, uint32_t i, void *room)
{
	rg_plan *plan = NULL;
	rg_status st = rg_merge_reply(NULL, room, &s->upstream, NULL, NULL, NOW, seed, &plan, NULL);

	(void)i;
	rg_plan_free(plan);
	return st;
}

static rg_status use_merged_upstream(scene *s, uint32_t i, void *room)
{
	rg_plan *plan = NULL;
	rg_status st = rg_merge_reply(NULL, &s->save, room, NULL, NULL, NOW, seed, &plan, NULL);

	(void)i;
	rg_plan_free(plan);
	return st;
}

static rg_status use_select(scene *s, uint32_t i, void *room)
{
	rg_targets *targets = NULL;
	rg_status st = rg_select(rg_plan_next(s->plan), room, NULL, NULL, NOW, &targets, NULL);

	(void)i;
	rg_targets_free(targets);
	return st;
}

static rg_status use_to_header(scene *s, uint32_t i, void *room)
{
	char text[128];
	size_t n;

	(void)s, (void)i;
	return rg_to_header(room, NONE, seed, text, sizeof text, &n);
}

static rg_status use_query_request(scene *s, uint32_t i, void *room)
{
	rg_query q = { .struct_size = sizeof q, .request = room };
	rg_answer *answer = NULL;
	rg_status st = rg_is_registered(s->k.reg, &q, &answer, NULL);

	(void)i;
	rg_answer_free(answer);
	return st;
}

static rg_status use_query(scene *s, uint32_t i, void *room)
{
	rg_status (*const ask[])(rg_registrar *, const rg_query *, rg_answer **, rg_error *) = { rg_is_registered, rg_is_contact_registered,
		rg_is_ip_registered };
	rg_status first = RG_OK;

	(void)i;
	for (size_t j = 0; j < sizeof ask / sizeof *ask; j++) {
		rg_answer *answer = NULL;
		rg_status st = ask[j](s->k.reg, room, &answer, NULL);

		cr_expect_eq(answer != NULL, st == RG_OK);
		rg_answer_free(answer);
		first = j == 0 ? st : first;
		cr_expect_eq(st, first);
	}
	return first;
}

static rg_status use_query_async(scene *s, uint32_t i, void *room)
{
	rg_status (*const ask[])(rg_registrar *, const rg_query *, rg_answer_cb, void *, rg_free_cb, rg_op **, rg_error *) = {
		rg_is_registered_async, rg_is_contact_registered_async, rg_is_ip_registered_async };
	rg_status first = RG_OK;

	(void)i;
	for (size_t j = 0; j < sizeof ask / sizeof *ask; j++) {
		outcome o = { 0 };
		rg_status st = ask[j](s->k.reg, room, kit_answered, &o, NULL, NULL, NULL);

		cr_expect_eq(o.called, st == RG_OK);
		first = j == 0 ? st : first;
		cr_expect_eq(st, first);
	}
	return first;
}

static rg_status use_filter(scene *s, uint32_t i, void *room)
{
	uint32_t n = 42;
	rg_status st = rg_remove(s->k.reg, room, &n, NULL);

	(void)i;
	cr_expect_eq(n, 0);
	return st;
}

static rg_status use_filter_async(scene *s, uint32_t i, void *room)
{
	outcome o = { 0 };
	rg_status st = rg_remove_async(s->k.reg, room, kit_removed, &o, NULL, NULL, NULL);

	(void)i;
	cr_expect_eq(o.called, st == RG_OK);
	return st;
}

static rg_status use_prune(scene *s, uint32_t i, void *room)
{
	rg_plan *plan = NULL;
	rg_status st = rg_prune(NULL, room, NULL, NOW, seed, &plan, NULL);

	(void)s, (void)i;
	rg_plan_free(plan);
	return st;
}

static void count_free(void *owner)
{
	++*(uint32_t *)owner;
}

/* RG_OK when the request is released, and else RG_EINVAL. */
static rg_status use_free(scene *s, uint32_t i, void *room)
{
	uint32_t freed = 0;

	(void)s, (void)i;
	if (room && ((rg_request *)room)->struct_size >= offsetof(rg_request, release) + sizeof(rg_free_cb)) {
		((rg_request *)room)->owner = &freed;
		((rg_request *)room)->release = count_free;
	}
	rg_request_free(room);
	return freed == 1 ? RG_OK : RG_EINVAL;
}

static rg_status use_env(scene *s, uint32_t i, void *room)
{
	rg_registrar *reg = NULL;
	rg_status st = rg_registrar_new(NULL, s->k.memory, room, &reg, NULL);

	(void)i;
	rg_registrar_unref(reg);
	return room ? st : RG_EINVAL; /* NULL stands for the defaults */
}

static rg_status use_federation(scene *s, uint32_t i, void *room)
{
	rg_registrar *reg = NULL;

	(void)i;
	cr_assert_eq(rg_registrar_new(NULL, s->k.memory, NULL, &reg, NULL), RG_OK);
	rg_status st = rg_registrar_federate(reg, s->k.memory, RG_STR("192.0.2.1"), room, NULL);
	rg_registrar_unref(reg);
	return room ? st : RG_EINVAL;
}

static rg_status use_memory(scene *s, uint32_t i, void *room)
{
	rg_store *store = NULL;
	rg_status st = rg_memory_store_new(room, &store, NULL);

	(void)s, (void)i;
	rg_store_unref(store);
	return room ? st : RG_EINVAL;
}

static rg_status use_store(scene *s, uint32_t i, void *room)
{
	rg_store *store = NULL;
	rg_status st = rg_store_new(room, s, &store, NULL);

	(void)i;
	rg_store_unref(store);
	return st;
}

static rg_status record_of(scene *s, const rg_contact *contact, const rg_removal *removal)
{
	rg_record *record = NULL;
	rg_key key;

	rg_record_key(rg_plan_next(s->plan), &key);
	rg_status st = rg_record_new(&key, rg_record_revision(rg_plan_next(s->plan)), contact, !removal, removal, removal != NULL, NONE, &record);
	rg_record_unref(record);
	return st;
}

static rg_status use_contact(scene *s, uint32_t i, void *room)
{
	(void)i;
	return record_of(s, room, NULL);
}

static rg_status use_removal(scene *s, uint32_t i, void *room)
{
	(void)i;
	return room ? record_of(s, NULL, room) : RG_EINVAL;
}

static rg_status use_target(scene *s, uint32_t i, void *room)
{
	char text[128];
	size_t n;

	(void)s, (void)i;
	return rg_contact_header(room, text, sizeof text, &n);
}

static rg_status use_adaptor(scene *s, uint32_t i, void *room)
{
	rg_msg msg = { room, s, NULL };
	rg_response *saved = NULL, *kept = NULL;
	rg_targets *targets = NULL;
	rg_answer *answer = NULL;
	const rg_status st[] = { rg_save_msg(s->k.reg, &msg, NULL, &saved, NULL), rg_save_reply_msg(s->k.reg, &msg, &msg, NULL, &kept, NULL),
		rg_lookup_msg(s->k.reg, &msg, NULL, &targets, NULL), rg_is_registered_msg(s->k.reg, &msg, NONE, &answer, NULL),
		rg_add_socket_header(s->k.reg, &msg, RG_STR("X-Sock"), NULL) };

	(void)i;
	rg_response_free(saved);
	rg_response_free(kept);
	rg_targets_free(targets);
	rg_answer_free(answer);
	for (size_t j = 1; j < sizeof st / sizeof *st; j++)
		cr_expect_eq(st[j], st[0], "%zu: %s", j, rg_status_name(st[j]));
	return st[0];
}

#define INIT(type) static void init_##type(void *room, uint32_t size) { type##_init(room, size); }
INIT(rg_contact) INIT(rg_removal) INIT(rg_target) INIT(rg_rewrite) INIT(rg_event) INIT(rg_param) INIT(rg_flag) INIT(rg_statistic)
INIT(rg_request) INIT(rg_upstream) INIT(rg_query) INIT(rg_remove_filter) INIT(rg_env) INIT(rg_federation_options) INIT(rg_memory_options)
INIT(rg_store_ops) INIT(rg_msg_ops)

#define PROBE(type, fill, use) { #use, #type, sizeof(type), init_##type, fill, use }

const probe filled_in[] = {
	PROBE(rg_contact, NULL, fill_contact), PROBE(rg_removal, NULL, fill_removal), PROBE(rg_target, NULL, fill_target),
	PROBE(rg_contact, NULL, fill_listed), PROBE(rg_rewrite, NULL, fill_rewrite), PROBE(rg_contact, NULL, fill_answered),
	PROBE(rg_event, NULL, fill_event), PROBE(rg_param, NULL, fill_param), PROBE(rg_flag, NULL, fill_flag),
	PROBE(rg_statistic, NULL, fill_statistic), PROBE(rg_contact, NULL, fill_wake),
};

const probe read_in[] = {
	PROBE(rg_request, make_save, use_save), PROBE(rg_request, make_save, use_save_async), PROBE(rg_request, make_save, use_save_reply),
	PROBE(rg_request, make_look, use_lookup), PROBE(rg_request, make_look, use_lookup_async),
	PROBE(rg_request, make_look, use_process_purr),
	PROBE(rg_request, make_save, use_save_reply_async), PROBE(rg_request, make_save, use_free),
	PROBE(rg_request, make_look, use_lookup_branches), PROBE(rg_request, make_save, use_merge),
	PROBE(rg_request, make_save, use_merge_reply), PROBE(rg_request, make_look, use_select), PROBE(rg_request, make_save, use_to_header),
	PROBE(rg_request, make_save, use_query_request), PROBE(rg_upstream, make_upstream, use_upstream),
	PROBE(rg_upstream, make_upstream, use_merged_upstream), PROBE(rg_query, make_query, use_query),
	PROBE(rg_query, make_query, use_query_async), PROBE(rg_remove_filter, make_filter, use_filter),
	PROBE(rg_remove_filter, make_filter, use_filter_async), PROBE(rg_remove_filter, make_filter, use_prune), PROBE(rg_env, make_env, use_env),
	PROBE(rg_federation_options, make_federation, use_federation), PROBE(rg_memory_options, make_memory, use_memory),
	PROBE(rg_store_ops, make_store, use_store), PROBE(rg_msg_ops, make_adaptor, use_adaptor), PROBE(rg_contact, make_contact, use_contact),
	PROBE(rg_removal, make_removal, use_removal), PROBE(rg_target, make_target, use_target),
};

const size_t n_filled_in = sizeof filled_in / sizeof *filled_in, n_read_in = sizeof read_in / sizeof *read_in;
