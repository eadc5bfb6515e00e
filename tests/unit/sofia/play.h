/* SPDX-License-Identifier: MIT */
/* Requests of a host that runs Sofia, decided and answered. */
#ifndef TEST_SOFIA_PLAY_H
#define TEST_SOFIA_PLAY_H

#include <criterion/criterion.h>
#include <rgstr/policy.h>
#include <rgstr/sofia.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/msg.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "REGISTER sip:example.com SIP/2.0\r\n"
#define REST "From: \"A\" <sip:%61lice@example.com>;tag=f1\r\nTo: <sip:%61lice@example.com>\r\nCall-ID: c1\r\nCSeq: 7 REGISTER\r\n" \
	"Contact: <sip:%61@192.0.2.1:5060;transport=udp>;+x=\"%0d%0aEvil: 1\"\r\n"

typedef struct round {
	rg_sofia_source source;
	rg_sofia_message message;
	rg_request request;
	rg_plan *plan;
	char *text; /* of the reply */
} round;

static inline msg_t *message_of(const char *text, int flags)
{
	return msg_make(sip_default_mclass(), flags, text, (ssize_t)strlen(text));
}

/* What nta would put on the wire. */
static inline char *sent(msg_t *msg)
{
	char *text;
	size_t n = 0;

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

/* Reads, decides and answers, as rg_save_msg() does around its store. */
static inline round play(const char *text, const char *address, const char *to_tag, const char *flags)
{
	const rg_msg_ops *ops = rg_sofia_msg_ops();
	static const uint8_t seed[32] = { 1 };
	rg_save_options *options = NULL;
	round r = { 0 };

	rg_sofia_source_init(&r.source, sizeof r.source);
	rg_sofia_message_init(&r.message, sizeof r.message);
	rg_request_init(&r.request, sizeof r.request);
	if (address)
		cr_assert_eq(rg_addr_parse(rg_str_from(address), &r.source.source), RG_OK);
	r.message.source = &r.source;
	r.message.to_tag = rg_str_from(to_tag);
	r.message.msg = message_of(text, MSG_FLG_EXTRACT_COPY);
	cr_assert_eq(ops->read(NULL, &r.message, NULL, &r.request), RG_OK);
	cr_assert_eq(rg_save_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	cr_assert_eq(rg_merge(NULL, &r.request, NULL, options, 1700000000000, seed, &r.plan, NULL), RG_OK);
	rg_status status = ops->reply(NULL, &r.message, rg_plan_response(r.plan));
	rg_save_options_unref(options);
	if (status == RG_OK && r.message.reply)
		r.text = sent(r.message.reply);
	return r;
}

static inline void over(round *r)
{
	free(r->text);
	rg_plan_free(r->plan);
	msg_destroy(r->message.reply);
	msg_destroy(r->message.msg);
}

#endif
