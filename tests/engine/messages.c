/* SPDX-License-Identifier: MIT */
/* The message level, through an adaptor of the test's own. */
#include "kit.h"
#include <stdio.h>

#define A1 "<sip:a@192.0.2.1:5060>"

typedef struct message {
	phone phone;
	bool invite;
	rg_status read_status, reply_status;
	rg_registrar *ends; /* shut down while the message is read; NULL = none */
	const char *domain, *socket;
	uint32_t branches;
	int replies, code, applied, released;
	char vars[128];
} message;

static void release(void *owner)
{
	((message *)owner)->released++;
}

static const rg_str many[RG_BRANCHES_MAX + 1];

static rg_status msg_read(void *self, void *msg, const rg_config *config, rg_request *out)
{
	message *m = msg;
	int64_t value;

	(void)self;
	rg_registrar_shutdown(m->ends);
	cr_expect_eq(rg_config_get_int(config, RG_STR("default_expires"), &value), RG_OK);
	kit_request(&m->phone, out);
	if (m->invite) {
		out->method = RG_STR("INVITE");
		out->request_uri = RG_STR("sip:alice@example.org");
	} else {
		out->attr = RG_STR("floor 3");
	}
	out->domain = rg_str_from(m->domain);
	out->socket = rg_str_from(m->socket);
	out->branches = many;
	out->n_branches = m->branches;
	out->owner = m;
	out->release = release;
	return m->read_status;
}

static rg_status msg_set_var(void *self, void *msg, const rg_str *name, uint32_t index, const rg_str *value)
{
	message *m = msg;
	size_t at = strlen(m->vars);

	(void)self;
	snprintf(m->vars + at, sizeof m->vars - at, "%.*s[%u]=%.*s;", (int)name->n, name->p, index, (int)value->n, value->p ? value->p : "");
	return RG_OK;
}

static rg_status msg_reply(void *self, void *msg, rg_response *response)
{
	message *m = msg;

	(void)self;
	m->replies++;
	m->code = rg_response_code(response);
	return m->reply_status;
}

static rg_status msg_apply(void *self, void *msg, const rg_targets *targets)
{
	(void)self;
	((message *)msg)->applied += (int)rg_targets_count(targets);
	return RG_OK;
}

static const rg_msg_ops ops = { .struct_size = sizeof ops, .name = "test", .read = msg_read, .set_var = msg_set_var, .reply = msg_reply,
	.apply = msg_apply };

/* The blocking forms, for tests that do not look at the result. After an error other than RG_ESTORE there is none. */
static rg_status save_by(rg_registrar *reg, const rg_msg *msg)
{
	rg_response *response = (rg_response *)reg;
	rg_status st = rg_save_msg(reg, msg, NULL, &response, NULL);

	cr_expect_eq(response != NULL, st == RG_OK || st == RG_ESTORE);
	rg_response_free(response);
	return st;
}

static rg_status look_up_by(rg_registrar *reg, const rg_msg *msg, const rg_lookup_options *options)
{
	rg_targets *targets = (rg_targets *)reg;
	rg_status st = rg_lookup_msg(reg, msg, options, &targets, NULL);

	cr_expect_eq(targets != NULL, st == RG_OK || st == RG_ESTORE);
	rg_targets_free(targets);
	return st;
}

static rg_status ask_by(rg_registrar *reg, const rg_msg *msg, rg_str aor)
{
	rg_answer *answer = (rg_answer *)reg;
	rg_status st = rg_is_registered_msg(reg, msg, aor, &answer, NULL);

	cr_expect_eq(answer != NULL, st == RG_OK);
	rg_answer_free(answer);
	return st;
}

static void register_and_route(int how)
{
	message reg = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 } };
	message again = { .phone = { .aor = "alice", .contact = A1, .cseq = 2 } };
	message call = { .phone = { .aor = "bob", .cseq = 1 }, .invite = true };
	message later = call;
	rg_msg msg = { &ops, NULL, &reg };
	rg_response *response;
	outcome saved = { 0 }, found = { 0 };
	rg_config *config;
	kit k;

	kit_open(&k, how);
	rg_config_new(&config);
	cr_assert_eq(rg_config_set(config, RG_STR("attr_avp"), RG_STR("$avp(attr)"), NULL), RG_OK);
	rg_registrar_configure(k.reg, config, NULL);
	rg_config_free(config);
	cr_expect_eq(rg_save_msg(k.reg, &msg, NULL, &response, NULL), RG_OK);
	cr_expect_eq(rg_response_code(response), 200);
	rg_response_free(response);
	cr_expect_eq(reg.replies, 1);
	cr_expect_eq(reg.code, 200);
	cr_expect_eq(reg.released, 1);
	msg.msg = &again;
	rg_save_msg_async(k.reg, &msg, NULL, kit_saved, &saved, kit_freed, NULL, NULL);
	cr_expect_eq(again.released, 1, "the request need not outlive the call");
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(again.code, 200);
	cr_expect_eq(saved.called, 1);
	cr_expect_eq(saved.freed, 1);
	msg.msg = &call;
	cr_expect_eq(look_up_by(k.reg, &msg, NULL), RG_OK);
	cr_expect_eq(call.applied, 1);
	cr_expect_str_eq(call.vars, "$avp(attr)[0]=floor 3;");
	msg.msg = &later;
	rg_lookup_msg_async(k.reg, &msg, NULL, kit_looked_up, &found, kit_freed, NULL, NULL);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(later.applied, 1);
	cr_expect_eq(found.n, 1);
	cr_expect_eq(found.freed, 1);
	kit_close(&k);
}

Test(messages, a_message_is_read_decided_and_answered)
{
	register_and_route(INLINE);
	register_and_route(DEFERRED);
}

Test(messages, what_the_adaptor_cannot_do_is_the_status)
{
	message unread = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .read_status = RG_ELIMIT };
	message unsent = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .reply_status = RG_ENOMEM };
	rg_msg_ops partial = ops;
	rg_msg msg = { &ops, NULL, &unread };
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(save_by(k.reg, &msg), RG_ELIMIT);
	cr_expect_eq(unread.replies, 0);
	cr_expect_eq(rg_save_msg_async(k.reg, &msg, NULL, kit_saved, &o, kit_freed, NULL, NULL), RG_ELIMIT);
	cr_expect_eq(rg_lookup_msg_async(k.reg, &msg, NULL, kit_looked_up, &o, kit_freed, NULL, NULL), RG_ELIMIT);
	cr_expect_eq(o.freed, 0);
	cr_expect_eq(o.called, 0);
	msg.msg = &unsent;
	cr_expect_eq(save_by(k.reg, &msg), RG_ENOMEM);
	cr_expect_eq(kit_targets(&k, "alice"), 1, "what was committed stays");
	partial.reply = NULL;
	msg.ops = &partial;
	cr_expect_eq(save_by(k.reg, &msg), RG_EINVAL);
	partial = ops;
	partial.struct_size = offsetof(rg_msg_ops, apply);
	cr_expect_eq(save_by(k.reg, &msg), RG_EINVAL, "no release had such a table");
	struct {
		rg_msg_ops ops;
		void *later;
	} larger = { ops, NULL };
	larger.ops.struct_size = sizeof larger;
	msg.ops = &larger.ops;
	cr_expect_eq(save_by(k.reg, &msg), RG_ENOMEM, "one of a later version is as good");
	larger.later = &larger;
	cr_expect_eq(save_by(k.reg, &msg), RG_EINVAL, "unless it has a member that is not known");
	kit_close(&k);
}

static void save_without_apply(int how)
{
	message reg = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 } };
	message call = { .phone = { .aor = "bob", .cseq = 1 }, .invite = true };
	rg_msg_ops saves_only = ops;
	rg_msg msg = { &saves_only, NULL, &reg };
	rg_targets *targets = NULL;
	rg_op *op = NULL;
	outcome o = { 0 };
	kit k;

	saves_only.apply = NULL;
	kit_open(&k, how);
	cr_expect_eq(save_by(k.reg, &msg), RG_OK);
	cr_expect_eq(reg.code, 200);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	msg.msg = &call;
	cr_expect_eq(rg_lookup_msg(k.reg, &msg, NULL, &targets, NULL), RG_ENOTSUP);
	cr_expect_null(targets);
	cr_expect_eq(rg_lookup_msg_async(k.reg, &msg, NULL, kit_looked_up, &o, kit_freed, &op, NULL), RG_ENOTSUP);
	cr_expect_null(op);
	cr_expect_eq(o.called + o.freed, 0, "the caller still owns its user data");
	cr_expect_eq(call.released, 2, "what was read is released");
	cr_expect_str_empty(call.vars);
	cr_expect_eq(look_up_by(NULL, &msg, NULL), RG_EINVAL);
	kit_close(&k);
}

Test(messages, an_adaptor_without_apply_saves_and_does_not_look_up)
{
	save_without_apply(INLINE);
	save_without_apply(DEFERRED);
}

Test(messages, a_broken_store_is_answered_with_503)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ESTORE };
	message reg = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 } };
	rg_msg msg = { &ops, NULL, &reg };
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	cr_expect_eq(save_by(k.reg, &msg), RG_ESTORE);
	cr_expect_eq(reg.code, 503);
	kit_close(&k);
}

static void ask_message(int how)
{
	message first = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 } };
	message second = { .phone = { .aor = "alice", .contact = "<sip:b@192.0.2.2>", .callid = "c2", .cseq = 1 } };
	message asked = first, again = first, nobody = { .phone = { .aor = "bob", .contact = A1, .cseq = 1 } };
	rg_msg msg = { &ops, NULL, &first };
	rg_answer *answer = NULL;
	outcome o = { 0 };
	rg_config *config;
	kit k;

	kit_open(&k, how);
	rg_config_new(&config);
	cr_assert_eq(rg_config_set(config, RG_STR("attr_avp"), RG_STR("$avp(attr)"), NULL), RG_OK);
	rg_registrar_configure(k.reg, config, NULL);
	rg_config_free(config);
	cr_expect_eq(save_by(k.reg, &msg), RG_OK);
	msg.msg = &second;
	cr_expect_eq(save_by(k.reg, &msg), RG_OK);
	msg.msg = &asked;
	cr_expect_eq(rg_is_registered_msg(k.reg, &msg, RG_STR("sip:alice@example.org"), &answer, NULL), RG_OK);
	cr_expect_eq(rg_answer_contact_count(answer), 2);
	cr_expect_str_eq(asked.vars, "$avp(attr)[0]=floor 3;$avp(attr)[1]=floor 3;");
	cr_expect_eq(asked.released, 1);
	rg_answer_free(answer);
	msg.msg = &nobody;
	cr_expect_eq(ask_by(k.reg, &msg, (rg_str){ NULL, 0 }), RG_OK);
	cr_expect_str_eq(nobody.vars, "", "To says who is asked about, and he is not registered");
	msg.msg = &again;
	rg_is_registered_msg_async(k.reg, &msg, (rg_str){ NULL, 0 }, kit_answered, &o, kit_freed, NULL, NULL);
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(o.n, 2);
	cr_expect_eq(o.freed, 1);
	cr_expect_eq(again.released, 1);
	cr_expect_str_eq(again.vars, "$avp(attr)[0]=floor 3;$avp(attr)[1]=floor 3;");
	again.read_status = RG_ELIMIT;
	cr_expect_eq(ask_by(k.reg, &msg, (rg_str){ NULL, 0 }), RG_ELIMIT);
	cr_expect_eq(rg_is_registered_msg_async(k.reg, &msg, (rg_str){ NULL, 0 }, kit_answered, &o, kit_freed, NULL, NULL), RG_ELIMIT);
	cr_expect_eq(ask_by(k.reg, NULL, (rg_str){ NULL, 0 }), RG_EINVAL);
	cr_expect_eq(o.called + o.freed, 2);
	kit_close(&k);
}

Test(messages, who_is_registered_is_asked_by_message_and_told_with_each_attr)
{
	ask_message(INLINE);
	ask_message(DEFERRED);
}

Test(messages, what_cannot_begin_leaves_the_user_data_to_the_caller)
{
	message bad = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .domain = "location@homes", .branches = RG_BRANCHES_MAX + 1 };
	rg_msg msg = { &ops, NULL, &bad };
	rg_lookup_options *branch;
	outcome o = { 0 };
	kit k;

	kit_open(&k, DEFERRED);
	cr_assert_eq(rg_lookup_options_new(RG_STR("branch"), &branch, NULL), RG_OK);
	o.op = (rg_op *)&o;
	cr_expect_eq(rg_save_msg_async(k.reg, &msg, NULL, kit_saved, &o, kit_freed, &o.op, NULL), RG_EINVAL);
	cr_expect_null(o.op);
	cr_expect_eq(save_by(k.reg, &msg), RG_EINVAL);
	o.op = (rg_op *)&o;
	cr_expect_eq(rg_lookup_msg_async(k.reg, &msg, branch, kit_looked_up, &o, kit_freed, &o.op, NULL), RG_EINVAL);
	cr_expect_null(o.op);
	cr_expect_eq(look_up_by(k.reg, &msg, branch), RG_EINVAL);
	o.op = (rg_op *)&o;
	cr_expect_eq(rg_is_registered_msg_async(k.reg, &msg, RG_STR(""), kit_answered, &o, kit_freed, &o.op, NULL), RG_EINVAL);
	cr_expect_null(o.op);
	cr_expect_eq(ask_by(k.reg, &msg, RG_STR("")), RG_EINVAL);
	cr_expect_eq(bad.released, 6);
	cr_expect_eq(bad.replies + bad.applied + o.called + o.freed, 0);
	rg_registrar_shutdown(k.reg);
	o.op = (rg_op *)&o;
	cr_expect_eq(rg_save_msg_async(k.reg, &msg, NULL, kit_saved, &o, kit_freed, &o.op, NULL), RG_ECANCELED);
	cr_expect_null(o.op);
	cr_expect_eq(save_by(k.reg, &msg), RG_ECANCELED);
	cr_expect_eq(bad.released, 6);
	rg_lookup_options_unref(branch);
	kit_close(&k);
}

static void answer(kit *k)
{
	if (k->deferred)
		deferred_answer_all(k->deferred);
}

Test(messages, neither_a_callback_nor_room_for_the_result_is_needed)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		message m = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 } };
		rg_msg msg = { &ops, NULL, &m };
		rg_targets *targets = NULL;
		outcome o = { 0 };
		rg_op *op = NULL;
		kit k;

		kit_open(&k, how);
		rg_save_msg_async(k.reg, &msg, NULL, NULL, &o, kit_freed, &op, NULL);
		answer(&k);
		cr_expect_eq(m.code, 200);
		cr_expect_not_null(op);
		rg_op_free(op);
		rg_is_registered_msg_async(k.reg, &msg, (rg_str){ NULL, 0 }, NULL, &o, kit_freed, NULL, NULL);
		answer(&k);
		m.invite = true;
		rg_lookup_msg_async(k.reg, &msg, NULL, NULL, &o, kit_freed, NULL, NULL);
		answer(&k);
		cr_expect_eq(m.applied, 1);
		cr_expect_eq(o.freed, 3);
		cr_expect_eq(m.released, 3);
		cr_expect_eq(rg_lookup_msg(k.reg, &msg, NULL, &targets, NULL), RG_OK);
		cr_expect_eq(rg_targets_count(targets), 1);
		cr_expect_eq(m.applied, 2);
		rg_targets_free(targets);
		kit_close(&k);
	}
}

static rg_status msg_add_header(void *self, void *msg, const rg_str *name, const rg_str *value)
{
	message *m = msg;

	(void)self;
	snprintf(m->vars, sizeof m->vars, "%.*s: %.*s", (int)name->n, name->p, (int)value->n, value->p);
	return RG_OK;
}

Test(messages, the_local_socket_goes_into_a_header)
{
	message m = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .socket = "udp:192.0.2.9:5060" };
	rg_msg_ops adding = ops;
	rg_msg msg = { &ops, NULL, &m };
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(rg_add_socket_header(k.reg, &msg, RG_STR("Sock-Hdr"), NULL), RG_ENOTSUP);
	adding.add_header = msg_add_header;
	msg.ops = &adding;
	cr_expect_eq(rg_add_socket_header(k.reg, &msg, RG_STR("Sock Hdr"), NULL), RG_EINVAL);
	cr_expect_eq(rg_add_socket_header(k.reg, NULL, RG_STR("Sock-Hdr"), NULL), RG_EINVAL);
	cr_expect_eq(m.released, 0);
	cr_expect_eq(rg_add_socket_header(k.reg, &msg, RG_STR("Sock-Hdr"), NULL), RG_OK);
	cr_expect_str_eq(m.vars, "Sock-Hdr: udp:192.0.2.9:5060");
	m.socket = NULL;
	cr_expect_neq(rg_add_socket_header(k.reg, &msg, RG_STR("Sock-Hdr"), NULL), RG_OK);
	cr_expect_eq(m.released, 2);
	m.read_status = RG_ELIMIT;
	cr_expect_eq(rg_add_socket_header(k.reg, &msg, RG_STR("Sock-Hdr"), NULL), RG_ELIMIT);
	kit_close(&k);
}

/* Octets that are no message are frequent on an open port. */
Test(messages, what_cannot_be_read_is_no_operation)
{
	message noise = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .read_status = RG_EINVAL }, call = noise;
	rg_msg_ops no_apply = ops;
	kit k;

	kit_open(&k, INLINE);
	no_apply.apply = NULL;
	rg_msg msg = { &ops, NULL, &noise }, unrouted = { &no_apply, NULL, &call };
	call.read_status = RG_OK;
	call.invite = true;
	kit_stat(&k, "operations"); /* each asks for the statistics, which is an operation */
	int64_t before = kit_stat(&k, "operations"), each = kit_stat(&k, "operations") - before, timed = kit_stat(&k, "timed_operations");
	before = kit_stat(&k, "operations");
	for (int i = 0; i < 40; i++) {
		cr_expect_eq(save_by(k.reg, &msg), RG_EINVAL);
		cr_expect_eq(look_up_by(k.reg, &msg, NULL), RG_EINVAL);
		cr_expect_eq(look_up_by(k.reg, &unrouted, NULL), RG_ENOTSUP);
	}
	cr_expect_eq(kit_stat(&k, "operations"), before + each);
	cr_expect_leq(kit_stat(&k, "timed_operations"), timed + 2);
	cr_expect_eq(noise.released, 0);
	cr_expect_eq(call.released, 40);
	kit_close(&k);
}

/* The store never answers. */
Test(messages, a_shutdown_ends_an_operation_whose_message_is_being_read)
{
	for (int i = 0; i < 6; i++) {
		bool looks_up = i >= 3, blocks = i % 3 == 2;
		message m = { .phone = { .aor = "alice", .contact = A1, .cseq = 1 }, .invite = looks_up };
		rg_msg msg = { &ops, NULL, &m };
		outcome o = { 0 };
		kit k;

		kit_open(&k, i % 3 == 0 ? INLINE : DEFERRED);
		if (k.deferred)
			deferred_deaf(k.deferred, true);
		m.ends = k.reg;
		if (blocks) {
			cr_expect_eq(looks_up ? look_up_by(k.reg, &msg, NULL) : save_by(k.reg, &msg), RG_ECANCELED);
		} else {
			cr_expect_eq(looks_up ? rg_lookup_msg_async(k.reg, &msg, NULL, kit_looked_up, &o, kit_freed, NULL, NULL) :
				rg_save_msg_async(k.reg, &msg, NULL, kit_saved, &o, kit_freed, NULL, NULL), RG_OK);
			cr_expect_eq(o.called, 1);
			cr_expect_eq(o.status, RG_ECANCELED);
			cr_expect_eq(o.freed, 1);
		}
		cr_expect_eq(m.released, 1);
		cr_expect_eq(m.replies + m.applied, 0);
		answer(&k);
		kit_close(&k);
	}
}
