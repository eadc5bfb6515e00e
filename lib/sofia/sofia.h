/* SPDX-License-Identifier: MIT */
/* Declarations that the files of the Sofia-SIP adaptor share. It is a library of its own, and uses public headers only. */
#ifndef RG__SOFIA_H
#define RG__SOFIA_H

#include <rgstr/sofia.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <stdbool.h>
#include <string.h>

#define RG__NONE ((rg_str){ NULL, 0 })

/* A text buffer that grows. After the first failed growth `failed` is set and appending does nothing. A lent buffer stays as it is: what
 * does not fit is only counted in `n`. */
typedef struct rg__sofia_text {
	char *p;
	size_t n, room;
	bool failed, lent;
} rg__sofia_text;

void rg__sofia_text_add(rg__sofia_text *t, const char *p, size_t n);
void rg__sofia_text_str(rg__sofia_text *t, rg_str s);
static inline void rg__sofia_text_z(rg__sofia_text *t, const char *z)
{
	rg__sofia_text_add(t, z, strlen(z));
}
void rg__sofia_text_int(rg__sofia_text *t, int64_t v);

/* Compares ASCII in any case, in every locale. */
bool rg__sofia_same_name(rg_str a, rg_str b);
/* Any control character except HTAB: below 0x20, or 0x7f. */
bool rg__sofia_has_bad_octet(rg_str s);
bool rg__sofia_is_token(rg_str s); /* RFC 3261 §25.1 */

/* scan.c: frames raw bytes before Sofia parses them. */
typedef struct rg__sofia_frame {
	size_t head;    /* octets of start line, headers and blank line */
	int32_t defect; /* RG_R_FINE, or RG_R_PARSE or RG_R_TOO_LARGE; then `head` is not set */
	bool lf_only;   /* in: lines may end in LF alone */
} rg__sofia_frame;

void rg__sofia_frame_scan(rg_str bytes, size_t max_bytes, rg__sofia_frame *frame);
/* A message with only the headers that a reply copies, from the first complete lines. NULL: out of memory. */
msg_t *rg__sofia_frame_salvage(rg_str bytes, bool lf_only);
/* The start line without its line end; absent if no line end is found. Octets beyond @p max_bytes are not read. */
rg_str rg__sofia_frame_start_line(rg_str bytes, size_t max_bytes);

/* make.c. NULL: out of memory, or there is no text. A message that cannot be parsed has MSG_FLG_ERROR. */
msg_t *rg__sofia_make(const msg_mclass_t *mclass, rg_str text);
/* A class with only the headers that the adaptor needs parsed. It must outlive its messages; free() releases it. NULL: out of memory. */
msg_mclass_t *rg__sofia_class_new(void);
rg_str rg__sofia_url_text(su_home_t *home, const url_t *url); /* absent: out of memory */

/* value.c: the parts of a header line. */
/* In any case, and in its short form (RFC 3261 §7.3.3). */
static inline bool rg__sofia_is_name_of(msg_hclass_t *class, rg_str name)
{
	if (name.n == 1)
		return class->hc_short[0] && (name.p[0] | 0x20) == class->hc_short[0];
	return name.n == (size_t)class->hc_len && rg__sofia_same_name(name, (rg_str){ class->hc_name, name.n });
}

rg_str rg__sofia_line_name(const msg_header_t *h);                   /* as written; Sofia's name for headers without text */
rg_str rg__sofia_line_value(su_home_t *home, const msg_header_t *h); /* unfolded; absent: out of memory */
bool rg__sofia_line_continues(const msg_header_t *h);                /* the header before it holds the text of the whole line */
msg_header_t *rg__sofia_first_line(const msg_t *msg);
/* Parses a value without its display names, which decide nothing but which Sofia refuses when they break the grammar. NULL: it is malformed
 * even so. */
msg_header_t *rg__sofia_without_names(su_home_t *home, msg_hclass_t *class, rg_str value);
/* The header of @p class that Sofia parsed, or with no more than its display name malformed. @p parsed: Sofia's, or NULL. @p line becomes the
 * header that has the text. NULL: neither. */
const msg_header_t *rg__sofia_named_header(const msg_t *msg, msg_hclass_t *class, const void *parsed, const msg_header_t **line);
/* A copy with a NUL after it. Absent for an absent @p s, and when out of memory. */
rg_str rg__sofia_copy(su_home_t *home, rg_str s);
rg_status rg__sofia_line_find(const msg_t *msg, rg_str name, uint32_t index, rg_str *value);

/* message.c: the host's structs. False: the size is refused. */
bool rg__sofia_is_message(const rg_sofia_message *m);
bool rg__sofia_source_of(const rg_sofia_source *given, rg_sofia_source *out); /* NULL: an empty one */

/* read.c */
rg_status rg__sofia_read(rg_sofia_message *m, const rg_config *config, rg_request *out);
/* Compares with Content-Length, on which Sofia never acts. RG_EINVAL: it is malformed, or greater than @p body. RG_ENOMEM. */
rg_status rg__sofia_check_body(msg_t *msg, size_t body);

/* reply.c: the text of a reply. RG_EINVAL when the request has no Via. */
typedef struct rg__sofia_answer {
	int32_t code;
	const char *phrase;
	const rg_header *headers;
	uint32_t n_headers;
	const uint8_t *key; /* of the tag of To, where the host gives none; NULL = the tag is a hash without a key */
} rg__sofia_answer;

rg_status rg__sofia_reply_text(const rg_sofia_message *m, const rg__sofia_answer *answer, rg__sofia_text *out);
rg_status rg__sofia_answer_of(rg_response *response, rg__sofia_answer *out);
rg_status rg__sofia_reply(void *self, void *msg, rg_response *response);

/* apply.c */
rg_status rg__sofia_apply(void *self, void *msg, const rg_targets *targets);

/* rewrite.c */
rg_status rg__sofia_rewrite(void *self, void *msg, uint32_t contact, const rg_str *uri);

#endif
