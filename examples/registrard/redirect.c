/* SPDX-License-Identifier: MIT */
/* Redirect mode: tells the client where the user is (RFC 3261 §8.3). It keeps no transaction: a repeated request is looked up again. */
#include "header.h"
#include "intake.h"
#include "lookup.h"

struct redirection {
	struct server *server;
	msg_t *msg;
	struct peer from;
};

/* The targets in order, with their q. Fallbacks are left out: they must not be tried at once. So are other sites: their URI is the one that
 * the client asked for. NULL = there are none, or out of memory. */
static char *contacts_of(su_home_t *home, const rg_targets *targets)
{
	char *all = NULL;
	rg_target target = { .struct_size = sizeof target };

	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		char q[32] = "";

		if (target.fallback_of != UINT32_MAX || target.home.n)
			continue;
		if (target.q >= 0)
			snprintf(q, sizeof q, ";q=%d.%03d", target.q / 1000, target.q % 1000);
		all = su_sprintf(home, "%s%s<%.*s>%s", all ? all : "", all ? ", " : "", (int)target.uri.n, target.uri.p, q);
		if (!all)
			return NULL;
	}
	return all;
}

/* These are the last thing that a redirection does. */
static void answer(struct redirection *redirection, int status, const char *name, const char *value)
{
	intake_answer(redirection->server, redirection->msg, &redirection->from, status, name, value);
	msg_destroy(redirection->msg);
	free(redirection);
}

static void refuse(struct redirection *redirection, int status)
{
	lookup_refuse(redirection->server, redirection->msg, sip_object(redirection->msg), &redirection->from, status);
	free(redirection);
}

static void on_allow(void *user, const char *allow)
{
	answer(user, 405, "Allow", allow);
}

static void on_targets(void *user, rg_status status, rg_targets *targets)
{
	struct redirection *redirection = user;
	int found = status == RG_OK && rg_targets_count(targets) > 0;
	const char *contacts = found ? contacts_of(msg_home(redirection->msg), targets) : NULL;
	int code = found ? 480 : lookup_refusal(status, targets);

	rg_targets_free(targets);
	if (contacts)
		answer(redirection, 302, "Contact", contacts);
	else if (code == 405)
		lookup_allow(redirection->server, sip_object(redirection->msg), on_allow, redirection);
	else
		refuse(redirection, code);
}

void redirect_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	sip_method_t method = sip->sip_request->rq_method;
	int status = method == sip_method_cancel ? 481 : lookup_check(server, sip);
	struct redirection *redirection;

	/* An ACK is for a response from here, which is not repeated. */
	if (method == sip_method_ack) {
		msg_destroy(msg);
		return;
	}
	redirection = status ? NULL : calloc(1, sizeof *redirection);
	if (!redirection) {
		lookup_refuse(server, msg, sip, from, status ? status : 500);
		return;
	}
	*redirection = (struct redirection){ server, msg, *from };
	if (lookup_start(server, msg, on_targets, redirection) < 0)
		on_targets(redirection, RG_EINVAL, NULL);
}
