/* SPDX-License-Identifier: MIT */
#include "header.h"

#include <ctype.h>
#include <sofia-sip/msg_mclass.h>
#include <string.h>
#include <strings.h>

/* RFC 3261 §25.1, token. */
static int is_token(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p > 127 || (!isalnum((unsigned char)*p) && !strchr("-.!%*_+`'~", *p)))
			return 0;
	return *name != '\0';
}

/* A name of one letter is, or may become, the short form of another name. registrard sets Max-Breadth for its own purpose. */
int header_is_ours_to_set(const char *name)
{
	const msg_mclass_t *mclass = sip_default_mclass();

	return is_token(name) && name[1] != '\0' && strcasecmp(name, "Max-Breadth") != 0 &&
		msg_find_hclass(mclass, name, NULL) == mclass->mc_unknown;
}

/* Names that are read here and have a short form (RFC 3261 §20). */
static const char *short_form_of(const char *name)
{
	return strcasecmp(name, "Contact") == 0 ? "m" : strcasecmp(name, "Supported") == 0 ? "k" : name;
}

sip_unknown_t *header_next(const sip_t *sip, const char *name, const sip_unknown_t *last)
{
	const char *brief = short_form_of(name);

	for (sip_unknown_t *header = last ? last->un_next : sip->sip_unknown; header; header = header->un_next)
		if (header->un_name && (strcasecmp(header->un_name, name) == 0 || strcasecmp(header->un_name, brief) == 0))
			return header;
	return NULL;
}

sip_unknown_t *header_find(const sip_t *sip, const char *name)
{
	return header_next(sip, name, NULL);
}

char *header_join(su_home_t *home, const sip_t *sip, const char *name)
{
	char *all = NULL;

	for (const sip_unknown_t *header = NULL; (header = header_next(sip, name, header)) != NULL;) {
		const char *value = header->un_value ? header->un_value : "";

		/* An empty header would leave a comma with nothing after it. */
		if (!all || !*all)
			all = su_strdup(home, value);
		else if (*value)
			all = su_sprintf(home, "%s, %s", all, value);
		if (!all)
			return NULL;
	}
	return all;
}

int header_add(msg_t *msg, sip_t *sip, const char *name, const char *value)
{
	sip_unknown_t *header = sip_unknown_format(msg_home(msg), "%s: %s", name, value);

	return header && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)header) >= 0 ? 0 : -1;
}

int header_set(msg_t *msg, sip_t *sip, const char *name, const char *value)
{
	sip_unknown_t *header;

	while ((header = header_find(sip, name)) != NULL)
		sip_header_remove(msg, sip, (sip_header_t *)header);
	return value ? header_add(msg, sip, name, value) : 0;
}

const url_t *header_contact(su_home_t *home, const sip_t *sip)
{
	const sip_unknown_t *header = header_find(sip, "Contact");
	const sip_contact_t *contact = header && header->un_value ? sip_contact_make(home, header->un_value) : NULL;

	return contact && contact->m_url->url_host ? contact->m_url : NULL;
}
