/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <rgstr/sofia.h>
#include <stdlib.h>

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

/* A question for an Allow header. */
struct allowing {
	allow_cb *done;
	void *user;
};

static void on_allowing(void *user, rg_status status, rg_answer *answer)
{
	struct allowing allowing = *(struct allowing *)user;
	uint32_t allowed = status == RG_OK ? methods_of(answer) : 0;
	char text[METHODS_ROOM];

	free(user);
	rg_answer_free(answer);
	if (allowed && allowed != RG_METHODS_ALL)
		methods_print(allowed, text);
	allowing.done(allowing.user, allowed && allowed != RG_METHODS_ALL ? text : methods);
}

void lookup_allow(struct server *server, const sip_t *sip, allow_cb *done, void *user)
{
	struct allowing *allowing = malloc(sizeof *allowing);
	su_home_t home[1] = { SU_HOME_INIT(home) };
	rg_status status = RG_ENOMEM;
	rg_query query;

	if (!allowing) {
		done(user, methods);
		return;
	}
	*allowing = (struct allowing){ done, user };
	su_home_init(home);
	rg_query_init(&query, sizeof query);
	query.aor = rg_str_from(url_as_string(home, sip->sip_request->rq_url));
	query.domain = rg_str_from(server->args->domain);
	if (query.aor.p)
		status = rg_is_registered_async(server->registrar, &query, on_allowing, allowing, NULL, NULL, NULL);
	su_home_deinit(home);
	if (status != RG_OK && status != RG_PENDING)
		on_allowing(allowing, status, NULL);
}

int lookup_refusal(rg_status status, const rg_targets *targets)
{
	int code = targets ? rg_targets_code(targets) : status == RG_ECANCELED ? 503 : 500;

	return code ? code : 404;
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
		return RETRY_AFTER;
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
	return server->args->wakes && (url_has_param(sip->sip_request->rq_url, "pn-purr") ||
		(sip->sip_route && url_has_param(sip->sip_route->r_url, "pn-purr")));
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
