/* SPDX-License-Identifier: MIT */
/* Puts the client's own URIs back into the Contacts of a reply that another registrar made. */
#include "sofia/sofia.h"

/* Sofia prints a header from its text if it has one. Of a line with several values only the first header holds the text. */
static void forget_text(sip_contact_t *contacts)
{
	for (sip_contact_t *m = contacts; m; m = m->m_next)
		msg_fragment_clear(m->m_common);
}

rg_status rg__sofia_rewrite(void *self, void *msg, uint32_t contact, const rg_str *uri)
{
	rg_sofia_message *m = msg;
	sip_t *sip;
	sip_contact_t *c;
	uint32_t index = 0;

	(void)self;
	if (!rg__sofia_is_message(m) || rg__sofia_has_bad_octet(*uri))
		return RG_EINVAL;
	sip = m->msg ? sip_object(m->msg) : NULL;
	for (c = sip ? sip->sip_contact : NULL; c && index < contact; c = c->m_next)
		index++;
	if (!c)
		return RG_ENOENT;
	rg_str copy = rg__sofia_copy(msg_home(m->msg), *uri);
	url_t *url = copy.p ? url_make(msg_home(m->msg), copy.p) : NULL;
	if (!url)
		return RG_ENOMEM;
	forget_text(sip->sip_contact);
	*c->m_url = *url;
	return RG_OK;
}
