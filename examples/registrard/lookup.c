/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <rgstr/sofia.h>

#include "route.h"

int lookup_check(struct server *server, const sip_t *sip)
{
	const url_t *url = sip->sip_request->rq_url;

	if (url->url_type != url_sip && url->url_type != url_sips)
		return 416;
	if (!url->url_host)
		return 400;
	if (url->url_user || !route_is_ours(server, url))
		return 0;
	return sip->sip_request->rq_method == sip_method_options ? 200 : 404;
}

int lookup_start(struct server *server, msg_t *msg, rg_lookup_cb done, void *user)
{
	rg_sofia_source source;
	rg_sofia_message message;
	rg_request request;
	rg_status status;

	rg_sofia_source_init(&source, sizeof source);
	source.domain = rg_str_from(server->args->domain);
	rg_sofia_message_init(&message, sizeof message);
	message.msg = msg;
	message.source = &source;
	rg_request_init(&request, sizeof request);
	status = rg_sofia_msg_ops()->read(NULL, &message, server->args->config, &request);
	if (status == RG_OK)
		status = rg_lookup_async(server->registrar, &request, server->args->lookup, done, user, NULL, NULL);
	rg_request_free(&request);
	return status == RG_OK || status == RG_PENDING ? 0 : -1;
}
