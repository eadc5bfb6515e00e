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

sip_unknown_t *header_find(const sip_t *sip, const char *name)
{
	for (sip_unknown_t *header = sip->sip_unknown; header; header = header->un_next)
		if (header->un_name && strcasecmp(header->un_name, name) == 0)
			return header;
	return NULL;
}

int header_set(msg_t *msg, sip_t *sip, const char *name, const char *value)
{
	sip_unknown_t *header;

	while ((header = header_find(sip, name)) != NULL)
		sip_header_remove(msg, sip, (sip_header_t *)header);
	if (!value)
		return 0;
	header = sip_unknown_format(msg_home(msg), "%s: %s", name, value);
	return header && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)header) >= 0 ? 0 : -1;
}
