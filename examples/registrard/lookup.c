/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <rgstr/sofia.h>

#include "header.h"
#include "intake.h"
#include "log.h"
#include "methods.h"
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

/* The methods that registrard forwards or answers itself. */
static const char methods[] =
	"INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, REFER, MESSAGE, INFO, UPDATE, PRACK, PUBLISH";

static uint32_t methods_of(const rg_answer *answer)
{
	uint32_t all = 0;
	rg_contact contact = { .struct_size = sizeof contact };

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
	if (!query.aor.p || rg_is_registered(server->registrar, &query, &answer, NULL) != RG_OK)
		return methods;
	allowed = methods_of(answer);
	rg_answer_free(answer);
	if (allowed == 0 || allowed == RG_METHODS_ALL)
		return methods;
	methods_print(allowed, text);
	return su_strdup(home, text);
}

/* The header that a refusal needs. @return its value; NULL = none. */
static const char *header_for(su_home_t *home, const sip_t *sip, int status, const char **name)
{
	switch (status) {
	case 200:
		*name = "Allow";
		return methods;
	case 420:
		*name = "Unsupported";
		return header_join(home, sip, "Proxy-Require");
	case 503:
		*name = "Retry-After";
		return "5";
	default:
		return NULL;
	}
}

void lookup_refuse(struct server *server, msg_t *msg, const sip_t *sip, const struct peer *from, int status)
{
	const char *name = NULL, *value = header_for(msg_home(msg), sip, status, &name);

	intake_answer(server, msg, from, status, name, value);
	msg_destroy(msg);
}

/* What a request says, to be freed with rg_request_free() in each case. */
static rg_status read_request(const struct server *server, msg_t *msg, rg_request *request)
{
	rg_sofia_source source;
	rg_sofia_message message;

	rg_sofia_source_init(&source, sizeof source);
	source.domain = rg_str_from(server->args->domain);
	rg_sofia_message_init(&message, sizeof message);
	message.msg = msg;
	message.source = &source;
	rg_request_init(request, sizeof *request);
	return rg_sofia_msg_ops()->read(NULL, &message, server->args->config, request);
}

int lookup_start(struct server *server, msg_t *msg, rg_lookup_cb done, void *user)
{
	rg_request request;
	rg_status status = read_request(server, msg, &request);

	if (status != RG_OK)
		rg_error_set(server->why, status, rg_str_from(rg_strerror(status)));
	else
		status = rg_lookup_async(server->registrar, &request, server->args->lookup, done, user, NULL, NULL, server->why);
	rg_request_free(&request);
	if (status == RG_OK || status == RG_PENDING)
		return 0;
	log_line(server->log, RG_LOG_ERROR, "a request is not looked up: %s", rg_error_text(server->why).p);
	return -1;
}

int lookup_has_purr(const struct server *server, const sip_t *sip)
{
	int64_t enabled = 0;

	if (!url_has_param(sip->sip_request->rq_url, "pn-purr") && !(sip->sip_route && url_has_param(sip->sip_route->r_url, "pn-purr")))
		return 0;
	rg_config_get_int(server->args->config, RG_STR("pn_enable"), &enabled);
	return enabled != 0;
}

rg_status lookup_purr(struct server *server, msg_t *msg, rg_purr_cb done, void *user, rg_free_cb free_user, rg_op **op)
{
	rg_request request;
	rg_status status = read_request(server, msg, &request);

	if (status == RG_OK)
		status = rg_pn_process_purr(server->registrar, &request, done, user, free_user, op, server->why);
	rg_request_free(&request);
	return status;
}
