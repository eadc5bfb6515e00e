/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <rgstr/sofia.h>

#include "methods.h"
#include "route.h"

int lookup_check(struct server *server, const sip_t *sip)
{
	const url_t *url = sip->sip_request->rq_url;

	if (sip->sip_error)
		return 400;
	if (url->url_type != url_sip && url->url_type != url_sips)
		return 416;
	if (!url->url_host)
		return 400;
	if (url->url_user || !route_is_ours(server, url))
		return 0;
	return sip->sip_request->rq_method == sip_method_options ? 200 : 404;
}

/* The methods that registrard forwards or answers itself. */
static const char methods[] =
	"INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, REFER, MESSAGE, INFO, UPDATE, PRACK, PUBLISH";

static uint32_t methods_of(const rg_answer *answer)
{
	uint32_t all = 0;
	rg_contact contact;

	for (uint32_t i = 0; rg_answer_contact(answer, i, &contact) == RG_OK; i++)
		all |= contact.methods;
	return all;
}

const char *lookup_allow(struct server *server, su_home_t *home, const sip_t *sip)
{
	rg_answer *answer = NULL;
	char text[METHODS_ROOM];
	uint32_t allowed;
	rg_query query;

	rg_query_init(&query, sizeof query);
	query.aor = rg_str_from(url_as_string(home, sip->sip_request->rq_url));
	query.domain = rg_str_from(server->args->domain);
	if (!query.aor.p || rg_is_registered(server->registrar, &query, &answer) != RG_OK)
		return methods;
	allowed = methods_of(answer);
	rg_answer_unref(answer);
	if (allowed == 0 || allowed == RG_METHODS_ALL)
		return methods;
	methods_print(allowed, text);
	return su_strdup(home, text);
}

void lookup_refuse(struct server *server, msg_t *msg, sip_t *sip, int status)
{
	su_home_t *home = msg_home(msg);
	sip_unsupported_t *unsupported = NULL;
	nta_incoming_t *irq;

	if (sip->sip_request->rq_method == sip_method_ack) {
		msg_destroy(msg);
		return;
	}
	if (status == 420)
		unsupported = sip_unsupported_make(home, sip_header_as_string(home, (sip_header_t *)sip->sip_proxy_require));
	if (sip->sip_request->rq_method != sip_method_invite) {
		nta_msg_treply(server->agent, msg, status, NULL, TAG_IF(unsupported, SIPTAG_UNSUPPORTED(unsupported)),
			TAG_IF(status == 200, SIPTAG_ALLOW_STR(methods)), TAG_END());
		return;
	}
	/* A refused INVITE is followed by an ACK, which a transaction must absorb. */
	irq = nta_incoming_create(server->agent, NULL, msg, sip, TAG_END());
	nta_incoming_treply(irq, status, NULL, TAG_IF(unsupported, SIPTAG_UNSUPPORTED(unsupported)), TAG_END());
	nta_incoming_destroy(irq);
}

static int start(struct server *server, msg_t *msg, rg_str aor, const rg_lookup_options *options, rg_lookup_cb done, void *user)
{
	rg_sofia_source source;
	rg_sofia_message message;
	rg_request request;
	rg_status status;

	rg_sofia_source_init(&source, sizeof source);
	source.domain = rg_str_from(server->args->domain);
	source.aor = aor;
	rg_sofia_message_init(&message, sizeof message);
	message.msg = msg;
	message.source = &source;
	rg_request_init(&request, sizeof request);
	status = rg_sofia_msg_ops()->read(NULL, &message, server->args->config, &request);
	if (status == RG_OK)
		status = rg_lookup_async(server->registrar, &request, options, done, user, NULL, NULL);
	rg_request_free(&request);
	return status == RG_OK || status == RG_PENDING ? 0 : -1;
}

int lookup_start(struct server *server, msg_t *msg, rg_lookup_cb done, void *user)
{
	return start(server, msg, (rg_str){ NULL, 0 }, server->args->lookup, done, user);
}

int lookup_peer(struct server *server, msg_t *msg, rg_lookup_cb done, void *user)
{
	char *aor = url_as_string(NULL, ((sip_t *)sip_object(msg))->sip_to->a_url);
	int result = aor ? start(server, msg, rg_str_from(aor), NULL, done, user) : -1;

	su_free(NULL, aor);
	return result;
}
