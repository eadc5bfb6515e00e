/* SPDX-License-Identifier: MIT */
#include "sofia/sofia.h"
#include <errno.h>
#include <sofia-sip/msg_addr.h>
#include <stdlib.h>

/* These need Sofia: the core validates the values of the other headers itself. */
static const struct {
	msg_hclass_t *class;
	size_t place; /* in sip_t */
} parsed_headers[] = {
	{ sip_via_class, offsetof(sip_t, sip_via) },
	{ sip_from_class, offsetof(sip_t, sip_from) },
	{ sip_to_class, offsetof(sip_t, sip_to) },
	{ sip_call_id_class, offsetof(sip_t, sip_call_id) },
	{ sip_cseq_class, offsetof(sip_t, sip_cseq) },
	{ sip_content_length_class, offsetof(sip_t, sip_content_length) },
};

msg_mclass_t *rg__sofia_class_new(void)
{
	msg_mclass_t *class = msg_mclass_clone(sip_default_mclass(), 0, msg_mclass_empty);

	for (size_t i = 0; class && i < sizeof parsed_headers / sizeof parsed_headers[0]; i++) {
		if (msg_mclass_insert_header(class, parsed_headers[i].class, (unsigned short)parsed_headers[i].place) >= 0)
			continue;
		free(class);
		class = NULL;
	}
	return class;
}

/* In place of Sofia's msg_make() and url_as_string(), which end the process when memory runs out: in the first an assertion fails, and the
 * second writes to NULL. */

msg_t *rg__sofia_make(const msg_mclass_t *mclass, rg_str text)
{
	msg_t *msg = msg_create(mclass, MSG_FLG_EXTRACT_COPY);
	msg_iovec_t room[2] = { { 0 } };

	if (!msg)
		return NULL;
	if (msg_recv_iovec(msg, room, 2, text.n, 1) < 0 || room[0].mv_len != text.n) {
		msg_destroy(msg);
		return NULL;
	}
	memcpy(room[0].mv_base, text.p, text.n);
	msg_recv_commit(msg, text.n, 1);
	errno = 0;
	if (msg_extract(msg) < 0)
		msg_object(msg)->msg_flags |= MSG_FLG_ERROR;
	/* Sofia does not tell a header that it had no memory for from a malformed one. */
	if (errno == ENOMEM) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

rg_str rg__sofia_url_text(su_home_t *home, const url_t *url)
{
	isize_t n = url_e(NULL, 0, url);
	char *text = n > 0 ? su_alloc(home, (size_t)n + 1) : NULL;

	if (!text)
		return RG__NONE;
	url_e(text, n + 1, url);
	return (rg_str){ text, (size_t)n };
}
