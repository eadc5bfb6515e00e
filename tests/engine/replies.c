/* SPDX-License-Identifier: MIT */
/* Cached registrations: saving from the reply of the main registrar, at both levels and in both forms. */
#include "kit.h"
#include <stdio.h>

#define HERE "<sip:a@10.0.0.1:5060>"
#define THERE "<sip:a@192.0.2.1:5060>"

static rg_upstream granted(const rg_str *contact, const rg_str *modified)
{
	rg_upstream up;

	rg_upstream_init(&up, sizeof up);
	up.code = 200;
	up.contacts = contact;
	up.n_contacts = 1;
	up.modified = modified;
	up.n_modified = 1;
	return up;
}

static void both_forms(int how)
{
	phone p = { .aor = "alice", .contact = HERE, .cseq = 1 };
	rg_str contact = RG_STR(THERE ";expires=30"), modified = RG_STR(THERE);
	rg_upstream up = granted(&contact, &modified);
	rg_response *response = NULL;
	rg_rewrite rewrite = { .struct_size = sizeof rewrite };
	outcome o = { 0 };
	rg_request request;
	kit k;

	kit_open(&k, how);
	kit_listen(&k);
	kit_request(&p, &request);
	cr_expect_eq(rg_save_reply(k.reg, &request, &up, NULL, &response, NULL), RG_OK);
	cr_expect_eq(rg_response_code(response), 200);
	cr_expect_eq(rg_response_no_reply(response), 1);
	cr_assert_eq(rg_response_contact_count(response), 1);
	cr_expect_eq(rg_response_contact_expires(response, 0), 30);
	cr_assert_eq(rg_response_rewrite_count(response), 1);
	cr_assert_eq(rg_response_rewrite(response, 0, &rewrite), RG_OK);
	cr_expect_eq(rewrite.contact, 0);
	cr_expect(rg_str_equal(rewrite.uri, RG_STR("sip:a@10.0.0.1:5060")));
	cr_expect_eq(rg_response_rewrite(response, 1, &rewrite), RG_ENOENT);
	rg_response_free(response);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;CONTACT_INSERT alice@example.org sip:a@10.0.0.1:5060;");
	p.cseq = 2;
	kit_request(&p, &request);
	rg_status st = rg_save_reply_async(k.reg, &request, &up, NULL, kit_saved, &o, kit_freed, NULL, NULL);
	cr_expect_eq(st, how == INLINE ? RG_OK : RG_PENDING);
	memset(&p, '?', sizeof p);
	memset(&up, '?', sizeof up);
	contact = modified = RG_STR("?");
	if (k.deferred)
		deferred_answer_all(k.deferred);
	cr_expect_eq(o.called, 1);
	cr_expect_eq(o.freed, 1);
	cr_expect_eq(o.code, 200);
	cr_expect_eq(kit_stat(&k, "accepted_regs"), 2);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	kit_close(&k);
}

Test(replies, what_was_granted_is_kept_in_both_forms)
{
	both_forms(INLINE);
	both_forms(DEFERRED);
}

Test(replies, a_flow_is_granted_to_the_instance_that_asked_for_it)
{
	phone p = { .aor = "alice", .contact = HERE ";+sip.instance=\"<urn:x:1>\";reg-id=1", .cseq = 1 };
	rg_str contact = RG_STR(HERE ";expires=30;+sip.instance=\"<urn:x:1>\";reg-id=1"), option = RG_STR("outbound");
	rg_upstream up = granted(&contact, NULL);
	rg_response *response = NULL;
	rg_request request;
	kit k;

	up.n_modified = 0;
	kit_open(&k, INLINE);
	kit_request(&p, &request);
	request.supported = &option;
	request.n_supported = 1;
	cr_expect_eq(rg_save_reply(k.reg, &request, &up, NULL, &response, NULL), RG_OK);
	cr_expect_eq(rg_response_code(response), 200);
	cr_expect_eq(kit_targets(&k, "alice"), 1);
	rg_response_free(response);
	kit_close(&k);
}

Test(replies, bad_arguments_start_nothing)
{
	phone p = { .aor = "alice", .contact = HERE, .cseq = 1 };
	rg_str contact = RG_STR(HERE);
	rg_upstream up = granted(&contact, &contact), refused = up;
	rg_response *response = (rg_response *)&up;
	rg_op *op = (rg_op *)&up;
	outcome o = { 0 };
	rg_request request;
	kit k;

	kit_open(&k, INLINE);
	kit_request(&p, &request);
	refused.code = 403;
	cr_expect_eq(rg_save_reply(k.reg, &request, &refused, NULL, &response, NULL), RG_EINVAL);
	cr_expect_null(response);
	cr_expect_eq(rg_save_reply(k.reg, &request, NULL, NULL, &response, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_reply(k.reg, NULL, &up, NULL, &response, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_reply(NULL, &request, &up, NULL, &response, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_reply(k.reg, &request, &up, NULL, NULL, NULL), RG_EINVAL);
	cr_expect_eq(rg_save_reply_async(k.reg, &request, &refused, NULL, kit_saved, &o, kit_freed, &op, NULL), RG_EINVAL);
	cr_expect_null(op);
	cr_expect_eq(rg_save_reply_async(k.reg, &request, &up, NULL, NULL, &o, kit_freed, &op, NULL), RG_EINVAL);
	cr_expect_eq(o.called + o.freed, 0);
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	cr_expect_eq(kit_stat(&k, "accepted_regs") + kit_stat(&k, "rejected_regs"), 0);
	kit_close(&k);
}

Test(replies, a_broken_store_still_says_what_to_rewrite)
{
	faulty f = { .calls = CALL_ANY, .times = -1, .status = RG_ESTORE };
	phone p = { .aor = "alice", .contact = HERE, .cseq = 1 };
	rg_str contact = RG_STR(THERE), modified = RG_STR(THERE);
	rg_upstream up = granted(&contact, &modified);
	rg_response *response = NULL;
	rg_request request;
	kit k;

	kit_init(&k);
	kit_open_over(&k, faulty_new(k.memory, &f));
	kit_request(&p, &request);
	cr_expect_eq(rg_save_reply(k.reg, &request, &up, NULL, &response, NULL), RG_ESTORE);
	cr_assert_not_null(response);
	cr_expect_eq(rg_response_code(response), 503);
	cr_expect_eq(rg_response_no_reply(response), 1);
	cr_expect_eq(rg_response_rewrite_count(response), 1);
	rg_response_free(response);
	kit_close(&k);
}

/* A message of the test's own: a REGISTER, or the reply to one. */
typedef struct message {
	phone phone;
	rg_str contact;
	int32_t code; /* of a reply; 0 = it is the request */
	int32_t defect;
	const char *forwarded; /* the host variable */
	char rewritten[128];
	rg_status rewrite_status;
	int released;
} message;

static void release(void *owner)
{
	((message *)owner)->released++;
}

static rg_status msg_read(void *self, void *msg, const rg_config *config, rg_request *out)
{
	message *m = msg;

	(void)self;
	(void)config;
	kit_request(&m->phone, out);
	out->defect = m->defect;
	if (m->code) {
		out->flags |= RG_REQUEST_REPLY;
		out->reply_code = m->code;
		out->contacts = &m->contact;
		out->n_contacts = m->contact.p != NULL;
	}
	out->owner = m;
	out->release = release;
	return RG_OK;
}

static rg_status msg_get_var(void *self, void *msg, const rg_str *name, rg_str *value)
{
	message *m = msg;

	(void)self;
	if (!m->forwarded || !rg_str_equal(*name, RG_STR("$avp(orig_ct)")))
		return RG_ENOENT;
	*value = rg_str_from(m->forwarded);
	return RG_OK;
}

static rg_status msg_rewrite(void *self, void *msg, uint32_t contact, const rg_str *uri)
{
	message *m = msg;
	size_t at = strlen(m->rewritten);

	(void)self;
	snprintf(m->rewritten + at, sizeof m->rewritten - at, "%u=%.*s;", contact, (int)uri->n, uri->p);
	return m->rewrite_status;
}

static rg_status msg_reply(void *self, void *msg, rg_response *response)
{
	(void)self;
	(void)msg;
	(void)response;
	cr_expect_fail("nothing is answered");
	return RG_OK;
}

static rg_status msg_apply(void *self, void *msg, const rg_targets *targets)
{
	(void)self;
	(void)msg;
	(void)targets;
	return RG_ENOTSUP;
}

static const rg_msg_ops ops = { .struct_size = sizeof ops, .name = "test", .read = msg_read, .get_var = msg_get_var, .reply = msg_reply,
	.apply = msg_apply, .rewrite = msg_rewrite };

static void name_variable(kit *k)
{
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("mcontact_avp"), RG_STR("$avp(orig_ct)"), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(k->reg, config, NULL), RG_OK);
	rg_config_free(config);
}

static rg_status save_reply_by(rg_registrar *reg, const rg_msg *request, const rg_msg *reply)
{
	rg_response *response = (rg_response *)reg;
	rg_status st = rg_save_reply_msg(reg, request, reply, NULL, &response, NULL);

	cr_expect_eq(response != NULL, st == RG_OK || st == RG_ESTORE);
	rg_response_free(response);
	return st;
}

static void messages(int how)
{
	static const struct {
		const char *contact, *forwarded, *reply, *rewritten;
	} rows[] = {
		{ HERE, "sip:a@192.0.2.1:5060", THERE ";expires=30", "0=sip:a@10.0.0.1:5060;" },
		{ HERE, THERE, "<sip:z@h>, " THERE ";expires=30", "1=sip:a@10.0.0.1:5060;" },
		{ HERE ", <sip:b@10.0.0.2>", THERE ", <sip:b@192.0.2.2>", "<sip:b@192.0.2.2>;expires=9, " THERE,
			"1=sip:a@10.0.0.1:5060;0=sip:b@10.0.0.2;" },
		{ HERE ", <sip:b@10.0.0.2>", ", <sip:b@192.0.2.2>", "<sip:b@192.0.2.2>;expires=9, " HERE, "0=sip:b@10.0.0.2;" },
		{ HERE ", <sip:b@10.0.0.2>", "sip:a@192.0.2.1:5060, sip:b@192.0.2.2", "<sip:b@192.0.2.2>;expires=9, " THERE,
			"1=sip:a@10.0.0.1:5060;0=sip:b@10.0.0.2;" },
		{ HERE ", <sip:b@10.0.0.2>", "sip:gw,sip:b@192.0.2.2", "<sip:b@192.0.2.2>;expires=9, <sip:gw>",
			"1=sip:a@10.0.0.1:5060;0=sip:b@10.0.0.2;" },
		{ HERE, NULL, HERE ";expires=30", "" },
		{ "<sip:a,b@10.0.0.1>", "sip:a,b@192.0.2.1", "<sip:a,b@192.0.2.1>", "0=sip:a,b@10.0.0.1;" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		message request = { .phone = { .aor = "alice", .contact = rows[i].contact, .cseq = 1 }, .forwarded = rows[i].forwarded };
		message reply = { .phone = { .aor = "alice", .cseq = 1 }, .code = 200, .contact = rg_str_from(rows[i].reply) };
		rg_msg req = { &ops, NULL, &request }, rep = { &ops, NULL, &reply };
		rg_response *response = NULL;
		outcome o = { 0 };
		kit k;

		kit_open(&k, how);
		name_variable(&k);
		cr_expect_eq(rg_save_reply_msg(k.reg, &req, &rep, NULL, &response, NULL), RG_OK, "row %zu", i);
		cr_expect_eq(rg_response_code(response), 200, "row %zu", i);
		rg_response_free(response);
		cr_expect_str_eq(reply.rewritten, rows[i].rewritten, "row %zu: %s", i, reply.rewritten);
		reply.rewritten[0] = '\0';
		request.phone.cseq = 2;
		rg_save_reply_msg_async(k.reg, &req, &rep, NULL, kit_saved, &o, kit_freed, NULL, NULL);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_eq(o.code, 200, "row %zu", i);
		cr_expect_eq(o.freed, 1);
		cr_expect_str_eq(reply.rewritten, rows[i].rewritten, "row %zu: %s", i, reply.rewritten);
		cr_expect_eq(request.released, 2);
		cr_expect_eq(reply.released, 2);
		kit_close(&k);
	}
}

Test(replies, messages_are_read_kept_and_rewritten)
{
	messages(INLINE);
	messages(DEFERRED);
}

Test(replies, what_the_messages_lack_is_told)
{
	message request = { .phone = { .aor = "alice", .contact = HERE, .cseq = 1 }, .forwarded = "sip:a@192.0.2.1:5060" };
	message reply = { .phone = { .aor = "alice", .cseq = 1 }, .code = 404, .contact = RG_STR(THERE) };
	rg_msg req = { &ops, NULL, &request }, rep = { &ops, NULL, &reply };
	rg_msg_ops first = ops;
	rg_response *response = NULL;
	outcome o = { 0 };
	kit k;

	kit_open(&k, INLINE);
	name_variable(&k);
	cr_expect_eq(save_reply_by(k.reg, &req, &rep), RG_EINVAL, "no 2xx");
	cr_expect_eq(rg_save_reply_msg_async(k.reg, &req, &rep, NULL, kit_saved, &o, kit_freed, NULL, NULL), RG_EINVAL);
	cr_expect_eq(o.freed + o.called, 0);
	reply.code = 200;
	reply.defect = RG_R_PARSE_CONT;
	cr_expect_eq(rg_save_reply_msg(k.reg, &req, &rep, NULL, &response, NULL), RG_OK);
	cr_expect_eq(rg_response_reason(response), RG_R_PARSE_CONT);
	rg_response_free(response);
	cr_expect_eq(kit_targets(&k, "alice"), 0);
	reply.defect = RG_R_FINE;
	reply.rewrite_status = RG_ENOMEM;
	cr_expect_eq(save_reply_by(k.reg, &req, &rep), RG_ENOMEM);
	cr_expect_eq(kit_targets(&k, "alice"), 1, "what was committed stays");
	first.rewrite = NULL;
	rep.ops = &first;
	reply.rewritten[0] = '\0';
	cr_expect_eq(save_reply_by(k.reg, &req, &rep), RG_OK, "an adaptor need not have the member");
	cr_expect_str_eq(reply.rewritten, "");
	first.apply = NULL;
	cr_expect_eq(save_reply_by(k.reg, &req, &rep), RG_OK, "nothing is routed");
	first.reply = NULL;
	cr_expect_eq(save_reply_by(k.reg, &req, &rep), RG_EINVAL);
	cr_expect_eq(request.released, 6);
	cr_expect_eq(reply.released, 6);
	kit_close(&k);
}

Test(replies, a_variable_that_is_no_list_is_told_to_the_host)
{
	static const char *const values[] = { "<sip:a@192.0.2.1", "sip:a@192.0.2.1, <sip:b@192.0.2.2", "\"<sip:a@192.0.2.1>" };
	rg_error *why = rg_error_new();
	char words[128];
	kit k;

	kit_open(&k, INLINE);
	name_variable(&k);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		message request = { .phone = { .aor = "alice", .contact = HERE, .cseq = 1 }, .forwarded = values[i] };
		message reply = { .phone = { .aor = "alice", .cseq = 1 }, .code = 200, .contact = RG_STR(THERE) };
		rg_msg req = { &ops, NULL, &request }, rep = { &ops, NULL, &reply };
		rg_response *response = (rg_response *)&k;

		snprintf(words, sizeof words, "the host variable of mcontact_avp is no list: '%s'", values[i]);
		cr_expect_eq(rg_save_reply_msg(k.reg, &req, &rep, NULL, &response, why), RG_EINVAL, "%s", values[i]);
		cr_expect_str_eq(rg_error_text(why).p, words);
		cr_expect_null(response);
		cr_expect_str_eq(reply.rewritten, "");
		cr_expect_eq(request.released + reply.released, 2);
		cr_expect_eq(kit_targets(&k, "alice"), 0);
	}
	rg_error_free(why);
	kit_close(&k);
}

Test(replies, no_callback_is_needed_for_messages)
{
	for (int how = INLINE; how <= DEFERRED; how++) {
		message request = { .phone = { .aor = "alice", .contact = HERE, .cseq = 1 }, .forwarded = "sip:a@192.0.2.1:5060" };
		message reply = { .phone = { .aor = "alice", .cseq = 1 }, .code = 200, .contact = RG_STR(THERE) };
		rg_msg req = { &ops, NULL, &request }, rep = { &ops, NULL, &reply };
		rg_op *op = NULL;
		outcome o = { 0 };
		kit k;

		kit_open(&k, how);
		name_variable(&k);
		rg_save_reply_msg_async(k.reg, &req, &rep, NULL, NULL, &o, kit_freed, &op, NULL);
		if (k.deferred)
			deferred_answer_all(k.deferred);
		cr_expect_not_null(op);
		rg_op_free(op);
		cr_expect_eq(o.freed, 1);
		cr_expect_str_neq(reply.rewritten, "");
		cr_expect_eq(kit_targets(&k, "alice"), 1);
		rg_registrar_shutdown(k.reg);
		op = (rg_op *)&o;
		cr_expect_eq(rg_save_reply_msg_async(k.reg, &req, &rep, NULL, kit_saved, &o, kit_freed, &op, NULL), RG_ECANCELED);
		cr_expect_null(op);
		cr_expect_eq(o.freed, 1);
		kit_close(&k);
	}
}
