/* SPDX-License-Identifier: MIT */
#include "sofia/sofia.h"
#include <errno.h>
#include <sofia-sip/msg_addr.h>

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
