/* SPDX-License-Identifier: MIT */
/* Declarations that the files of librgstr-wire share. It is a library of its own, and uses public headers only. */
#ifndef RG__WIRE_H
#define RG__WIRE_H

#include <rgstr/reply.h>
#include <rgstr/wire.h>
#include <stdbool.h>
#include <string.h>

#define RG__WIRE_NONE ((rg_str){ NULL, 0 })

/* octets.c */
enum { RG__WIRE_TOKEN = 1, RG__WIRE_DIGIT = 2, RG__WIRE_LWS = 4 }; /* classes; LWS with CR and LF */

extern const uint8_t rg__wire_class[256];

static inline bool rg__wire_is(char c, int class)
{
	return (rg__wire_class[(unsigned char)c] & class) != 0;
}

/* The first control character from @p p on, HTAB included; @p end: there is none. */
const char *rg__wire_control(const char *p, const char *end);
bool rg__wire_same_name(rg_str a, rg_str b); /* ASCII in any case, in every locale */
bool rg__wire_is_token(rg_str s);            /* RFC 3261 §25.1 */
rg_str rg__wire_trim(rg_str s);              /* without LWS at both ends */

/* lines.c: header lines as they stand in a message. */
typedef struct rg__wire_line {
	rg_str name;   /* absent: the line has none, and is malformed */
	rg_str value;  /* trimmed; still folded when `folded` */
	uint32_t ends; /* number of its line ends */
	bool folded;
} rg__wire_line;

/* Takes the line at @p p apart. Returns the start of the next line. NULL: a control character, a lone CR or LF, or no line end. */
const char *rg__wire_line_take(const char *p, const char *end, rg__wire_line *line);
/* As above, of a message whose framing is invalid: lines that cannot be taken are passed over. NULL: there is no further one, or the next
 * one is empty. A line is complete only when something follows it. */
const char *rg__wire_line_salvage(const char *p, const char *end, rg__wire_line *line);

/* start.c: the start line. */
enum { RG__WIRE_SAVE = 1, RG__WIRE_OTHER = 2, RG__WIRE_IGNORE = 3, RG__WIRE_NO_SIP = 4, RG__WIRE_VERSION = 5 };

typedef struct rg__wire_start {
	rg_str method, uri;
	int32_t verdict; /* RG__WIRE_SAVE … */
} rg__wire_start;

void rg__wire_start_read(rg_str bytes, rg__wire_start *start);

/* message.c: the values of a message. The headers that may occur once, then those with a slice a line. */
enum { RG__WIRE_FROM, RG__WIRE_TO, RG__WIRE_CALL_ID, RG__WIRE_CSEQ, RG__WIRE_LENGTH, RG__WIRE_EXPIRES, RG__WIRE_USER_AGENT, RG__WIRE_SINGLES };
enum {
	RG__WIRE_VIA, RG__WIRE_CONTACT, RG__WIRE_PATH, RG__WIRE_SUPPORTED, RG__WIRE_REQUIRE, RG__WIRE_FEATURE_CAPS, RG__WIRE_ALLOW,
	RG__WIRE_ROUTE, RG__WIRE_LISTS
};
enum { RG__WIRE_OWN_LINES = 24 }; /* what an ordinary message stays below */

typedef struct rg__wire_message {
	rg__wire_start start;
	rg_str singles[RG__WIRE_SINGLES];
	uint16_t first[RG__WIRE_LISTS], n[RG__WIRE_LISTS]; /* in `lines` */
	uint16_t n_lines, n_vias;                          /* n_vias: values on the Via lines */
	int32_t defect;                                    /* RG_R_FINE, or the reason of the first one */
	rg_str body;                                       /* what follows the header section */
	size_t size;                                       /* octets of the message */
	rg_str *lines;                                     /* `own`, or an allocation */
	char *unfolded, *unfolded_end;                     /* NULL: no value is folded */

	/* These need not begin as zero. */
	rg_str own[RG__WIRE_OWN_LINES];
} rg__wire_message;

/* Reads the message that begins with @p start. @p max limits its octets. RG_EINVAL: it has no well-formed Via. RG_ENOMEM. */
rg_status rg__wire_message_read(rg_str bytes, size_t max, const rg__wire_start *start, rg__wire_message *m);
/* Reads only what a reply copies, of a message that is refused whatever it says. */
rg_status rg__wire_message_salvage(rg_str bytes, const rg__wire_start *start, rg__wire_message *m);
/* The first line of header @p name; absent when there is none, and when out of memory. */
rg_str rg__wire_message_find(rg_str bytes, rg_str name, rg__wire_message *m);
void rg__wire_message_clear(rg__wire_message *m); /* a second call does nothing */

/* value.c: what the registrar does not check, because only replies and other methods need it. */
uint32_t rg__wire_value_count(rg_str list);                  /* values of a list header */
bool rg__wire_cseq_fits(rg_str cseq, rg_str method);
bool rg__wire_length_fits(rg_str length, size_t body);      /* RFC 3261 §18.3, §20.14 */
bool rg__wire_to_tag(rg_str to, bool *tagged);               /* false: it is malformed */

/* reply.c: the text of a reply. */
typedef struct rg__wire_answer {
	int32_t code;
	const char *phrase;
	const rg_header *headers;
	uint32_t n_headers;
} rg__wire_answer;

/* Writes the reply into the buffer of the call. RG_ELIMIT: it does not fit. RG_EINVAL: there is no Via. */
rg_status rg__wire_reply(const rg__wire_message *m, const rg__wire_answer *answer, rg_wire_call *call);

#endif
