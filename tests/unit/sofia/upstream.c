/* SPDX-License-Identifier: MIT */
/* Cached registrations through Sofia-SIP: a REGISTER, and the reply of the registrar it was forwarded to. */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/sofia.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/msg.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=1\r\n" \
	"To: <sip:alice@example.com>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@10.0.0.1;x=%41>;q=0.5, <sip:b@10.0.0.2>\r\n\r\n"
#define REPLY "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=1\r\n" \
	"To: <sip:alice@example.com>;tag=2\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n"

typedef struct exchange {
	rg_store *store;
	rg_registrar *registrar;
	rg_sofia_message request, reply;
	rg_response *response;
} exchange;

static rg_status get_var(void *user, const rg_str *name, rg_str *value)
{
	*value = rg_str_from(user);
	return rg_str_equal(*name, RG_STR("$avp(orig_ct)")) ? RG_OK : RG_ENOENT;
}

static msg_t *message_of(const char *text, int flags)
{
	return msg_make(sip_default_mclass(), flags, text, (ssize_t)strlen(text));
}

static rg_status play(exchange *e, const char *reply, const char *forwarded, int flags)
{
	rg_msg request_msg = { rg_sofia_msg_ops(), NULL, &e->request }, reply_msg = { rg_sofia_msg_ops(), NULL, &e->reply };
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("mcontact_avp"), RG_STR("$avp(orig_ct)"), NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &e->store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(config, e->store, NULL, &e->registrar, NULL), RG_OK);
	rg_config_free(config);
	rg_sofia_message_init(&e->request, sizeof e->request);
	rg_sofia_message_init(&e->reply, sizeof e->reply);
	e->request.msg = message_of(REQUEST, flags);
	e->request.get_var = get_var;
	e->request.user = (void *)(uintptr_t)forwarded;
	e->reply.msg = message_of(reply, flags);
	e->response = NULL;
	return rg_save_reply_msg(e->registrar, &request_msg, &reply_msg, NULL, &e->response, NULL);
}

static void over(exchange *e)
{
	rg_response_free(e->response);
	rg_registrar_unref(e->registrar);
	rg_store_unref(e->store);
	msg_destroy(e->request.msg);
	msg_destroy(e->reply.msg);
}

static char *sent(msg_t *msg)
{
	size_t n = 0;
	char *text;

	cr_assert_eq(msg_serialize(msg, msg_object(msg)), 0);
	int total = msg_prepare(msg);
	cr_assert_gt(total, 0);
	text = calloc(1, (size_t)total + 1);
	for (msg_header_t *h = *msg_chain_head(msg); h; h = h->sh_succ) {
		memcpy(text + n, h->sh_data, h->sh_len);
		n += h->sh_len;
	}
	return text;
}

Test(sofia_upstream, contacts_are_kept_as_granted_and_rewritten_wherever_they_stand)
{
	static const char *const replies[] = {
		REPLY "Contact: <sip:z@192.0.2.9>;expires=7, <sip:b@192.0.2.1:4444>;expires=20;y=\"1,2\"\r\nContact: <sip:a@192.0.2.1:4444>;expires=10\r\n\r\n",
		REPLY "m: <sip:z@192.0.2.9>;expires=7\r\nm: <sip:b@192.0.2.1:4444>;expires=20;y=\"1,2\",\r\n <sip:a@192.0.2.1:4444>;expires=10\r\n\r\n",
	};
	static const int kept[] = { 0, MSG_FLG_EXTRACT_COPY };

	for (size_t i = 0; i < 4; i++) {
		rg_contact a = { .struct_size = sizeof a };
		exchange e;

		cr_expect_eq(play(&e, replies[i % 2], "<sip:a@192.0.2.1:4444>, <sip:b@192.0.2.1:4444>", kept[i / 2]), RG_OK);
		cr_assert_eq(rg_response_code(e.response), 200);
		cr_assert_eq(rg_response_contact(e.response, 0, &a), RG_OK);
		cr_expect_eq(rg_response_contact_expires(e.response, 0), 10);
		cr_expect_eq(a.q, 500);
		cr_expect_eq(rg_response_contact_expires(e.response, 1), 20);
		char *text = sent(e.reply.msg);
		cr_expect(strstr(text, "<sip:z@192.0.2.9>;expires=7"), "%s", text);
		cr_expect(strstr(text, "<sip:b@10.0.0.2>;expires=20;y=\"1,2\""), "%s", text);
		cr_expect(strstr(text, "<sip:a@10.0.0.1;x="), "%s", text);
		cr_expect_null(strstr(text, "192.0.2.1"), "%s", text);
		msg_t *again = message_of(text, 0);
		cr_expect_null(sip_object(again)->sip_error);
		msg_destroy(again);
		free(text);
		over(&e);
	}
}

Test(sofia_upstream, a_reply_that_cannot_be_read_keeps_nothing_and_is_left_alone)
{
	static const char *const replies[] = { REPLY "Contact: <sip:a@192.0.2.1>, <sip:\r\n\r\n",
		REPLY "Contact: <sip:a@192.0.2.1>\r\nContact: %\r\n\r\n",
		REPLY "Contact: <sip:a@192.0.2.1>;expires=5\r\nExpires: 1\r\nExpires: 2\r\n\r\n" };

	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		exchange e;

		cr_expect_eq(play(&e, replies[i], "sip:a@192.0.2.1", MSG_FLG_EXTRACT_COPY), RG_OK);
		cr_expect_eq(rg_response_code(e.response), 400, "reply %zu", i);
		cr_expect_eq(rg_response_rewrite_count(e.response), 0);
		over(&e);
	}
}

Test(sofia_upstream, only_a_2xx_is_taken)
{
	exchange e;

	cr_expect_eq(play(&e,
		"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>;tag=2\r\n"
		"Call-ID: c1\r\nCSeq: 1 REGISTER\r\n\r\n", "", 0), RG_EINVAL);
	cr_expect_null(e.response);
	over(&e);
}

Test(sofia_upstream, rewriting_refuses_what_would_not_be_one_uri)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	rg_sofia_message m;

	rg_sofia_message_init(&m, sizeof m);
	m.msg = message_of(REPLY "Contact: <sip:a@192.0.2.1>\r\n\r\n", MSG_FLG_EXTRACT_COPY);
	cr_expect_eq(ops->rewrite(NULL, &m, 1, &RG_STR("sip:b@h")), RG_ENOENT);
	cr_expect_eq(ops->rewrite(NULL, &m, 0, &RG_STR("sip:b@h\r\nEvil: 1")), RG_EINVAL);
	cr_expect_eq(ops->rewrite(NULL, &m, 0, &RG_STR("sip:b@h")), RG_OK);
	char *text = sent(m.msg);
	cr_expect(strstr(text, "<sip:b@h>\r\n"), "%s", text);
	free(text);
	msg_destroy(m.msg);
	m.msg = NULL;
	cr_expect_eq(ops->rewrite(NULL, &m, 0, &RG_STR("sip:b@h")), RG_ENOENT);
}

Test(sofia_upstream, a_display_name_is_no_fault_unless_sofia_would_miscount_the_contacts)
{
	static const char from[] = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1\r\nFrom: \xc3\xa9 <sip:alice@example.com>;tag=1\r\n"
		"To: \xc3\xa9 <sip:alice@example.com>;tag=2\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@10.0.0.1;x=%41>;expires=60\r\n\r\n";
	exchange e;

	cr_expect_eq(play(&e, from, NULL, MSG_FLG_EXTRACT_COPY), RG_OK);
	cr_expect_eq(rg_response_code(e.response), 200);
	over(&e);
	cr_expect_eq(play(&e, REPLY "Contact: \xc3\xa9 <sip:a@10.0.0.1;x=%41>;expires=60\r\n\r\n", NULL, MSG_FLG_EXTRACT_COPY), RG_OK);
	cr_expect_eq(rg_response_code(e.response), 400);
	over(&e);
}
