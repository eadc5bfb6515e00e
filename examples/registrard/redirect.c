/* SPDX-License-Identifier: MIT */
/* Redirect mode: tells the client where the user is (RFC 3261 §8.3). */
#include "lookup.h"
#include "route.h"

struct redirection {
	struct server *server;
	nta_incoming_t *irq;
	msg_t *msg;
};

/* The targets in order, with their q. Targets that Sofia cannot print are left out, and so are other sites: their URI is the one that
 * the client asked for. */
static sip_contact_t *contacts_of(su_home_t *home, const rg_targets *targets)
{
	sip_contact_t *all = NULL, **end = &all;
	rg_target target;

	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		char *text = target.q < 0 ? su_sprintf(home, "<%.*s>", (int)target.uri.n, target.uri.p)
					  : su_sprintf(home, "<%.*s>;q=%d.%03d", (int)target.uri.n, target.uri.p, target.q / 1000, target.q % 1000);
		sip_contact_t *contact = text && target.fallback_of == UINT32_MAX && !target.home.n ? sip_contact_make(home, text) : NULL;

		if (contact) {
			*end = contact;
			end = &contact->m_next;
		}
	}
	return all;
}

static const char *allow_of(const struct redirection *redirection)
{
	return lookup_allow(redirection->server, msg_home(redirection->msg), sip_object(redirection->msg));
}

static void on_targets(void *user, rg_status status, rg_targets *targets)
{
	struct redirection *redirection = user;
	int found = status == RG_OK && rg_targets_count(targets) > 0;
	sip_contact_t *contacts = found ? contacts_of(msg_home(redirection->msg), targets) : NULL;
	int code = found ? 480 : targets ? rg_targets_code(targets) : 500;

	if (contacts)
		nta_incoming_treply(redirection->irq, SIP_302_MOVED_TEMPORARILY, SIPTAG_CONTACT(contacts), TAG_END());
	else if (code == 405)
		nta_incoming_treply(redirection->irq, SIP_405_METHOD_NOT_ALLOWED, SIPTAG_ALLOW_STR(allow_of(redirection)), TAG_END());
	else
		nta_incoming_treply(redirection->irq, code ? code : 404, NULL, TAG_END());
	rg_targets_unref(targets);
	nta_incoming_destroy(redirection->irq);
	msg_destroy(redirection->msg);
	free(redirection);
}

void redirect_request(struct server *server, msg_t *msg, sip_t *sip)
{
	sip_method_t method = sip->sip_request->rq_method;
	int status = method == sip_method_cancel ? 481 : lookup_check(server, sip);
	struct redirection *redirection;

	/* nta absorbs the ACK of a response sent from here. Any other ACK belongs to no dialog of this server. */
	if (method == sip_method_ack) {
		msg_destroy(msg);
		return;
	}
	redirection = status ? NULL : calloc(1, sizeof *redirection);
	if (!redirection) {
		lookup_refuse(server, msg, sip, status ? status : 500);
		return;
	}
	*redirection = (struct redirection){ server, NULL, msg_ref_create(msg) };
	redirection->irq = nta_incoming_create(server->agent, NULL, msg, sip, TAG_END());
	if (!redirection->irq || lookup_start(server, redirection->msg, on_targets, redirection) < 0)
		on_targets(redirection, RG_EINVAL, NULL);
}
