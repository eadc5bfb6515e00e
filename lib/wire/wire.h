/* SPDX-License-Identifier: MIT */
/* Declarations that the files of librgstr-wire share. It is a library of its own, and uses public headers only. */
#ifndef RG__WIRE_H
#define RG__WIRE_H

#include "wire/lines.h"
#include <rgstr/reply.h>
#include <rgstr/wire.h>

/* start.c: the start line, without a look at the rest. VERSION: another SIP version. NO_SIP: neither a request nor a response. */
enum {
	RG__WIRE_SAVE = 1, RG__WIRE_ACK = 2, RG__WIRE_CANCEL = 3, RG__WIRE_OTHER = 4, RG__WIRE_RESPONSE = 5, RG__WIRE_KEEP_ALIVE = 6,
	RG__WIRE_VERSION = 7, RG__WIRE_NO_SIP = 8
};

typedef struct rg__wire_start {
	rg_str method, uri;
	int32_t kind; /* RG__WIRE_SAVE … */
} rg__wire_start;

void rg__wire_start_read(rg_str bytes, rg__wire_start *start);

/* value.c: what the registrar does not check, because only replies and other methods need it. */
typedef struct rg__wire_via {
	rg_str value, host;   /* the first value of its line, without a comment behind it; host absent: there is none */
	rg_str known;         /* the first parameter that the receiver knows better, rport or received, with its ';'; absent = none */
	uint16_t port;        /* of sent-by; 0 = not stated */
	bool rport;           /* this parameter is there */
} rg__wire_via;

/* Counts the values of a Via line. 0: one is malformed, or there is none. */
uint32_t rg__wire_via_read(rg_str line, rg__wire_via *first);
/* Takes the next parameter other than rport and received, with its ';'. @p end is that of the value. Absent: there is no further one. */
rg_str rg__wire_via_param(const char **at, const char *end);
/* RG_R_FINE: there is none. @p method is a token. @p number becomes that of CSeq, as far as it is one. */
int32_t rg__wire_cseq_fault(rg_str cseq, rg_str method, uint64_t *number);
bool rg__wire_length_read(rg_str length, size_t *stated);        /* a number that is too large becomes one that no body has */
bool rg__wire_call_id_is_sound(rg_str id);
bool rg__wire_address_read(rg_str value, bool *tagged);          /* From and To; false: malformed */
bool rg__wire_address_is_sound(rg_str value);                    /* its URI, too, as the registrar judges it */
bool rg__wire_path_is_sound(rg_str list);

/* message.c: the values of a message. The headers that may occur once, then those with a slice a line. */
enum { RG__WIRE_FROM, RG__WIRE_TO, RG__WIRE_CALL_ID, RG__WIRE_CSEQ, RG__WIRE_LENGTH, RG__WIRE_EXPIRES, RG__WIRE_USER_AGENT, RG__WIRE_SINGLES };
enum {
	RG__WIRE_VIA, RG__WIRE_CONTACT, RG__WIRE_PATH, RG__WIRE_SUPPORTED, RG__WIRE_REQUIRE, RG__WIRE_FEATURE_CAPS, RG__WIRE_ALLOW,
	RG__WIRE_ROUTE, RG__WIRE_LISTS
};
enum { RG__WIRE_OWN_LINES = 24 }; /* what an ordinary message stays below */

typedef struct rg__wire_message {
	rg_str singles[RG__WIRE_SINGLES];
	uint16_t first[RG__WIRE_LISTS], n[RG__WIRE_LISTS]; /* in `lines` */
	uint32_t n_lines, n_vias;                          /* n_vias: values on the Via lines */
	int32_t defect;                                    /* RG_R_FINE, or the reason of the first one */
	uint32_t withheld;                                 /* bits of singles that are malformed and do not go into a reply */
	uint64_t cseq;                                     /* its number */
	size_t stated;                                     /* Content-Length */
	rg_str body;                                       /* what follows the header section */
	char *unfolded, *unfolded_end;                     /* NULL: no value is folded */

	/* These need not begin as zero. */
	rg__wire_start start;
	rg_str *lines;                                     /* `own`, or an allocation */
	size_t size;                                       /* octets of the message */
	uint32_t checked;                                  /* bits of singles that single_fault() looks at */
	rg__wire_via via;                                  /* the topmost one; of a message that has one */
	const uint8_t *key;                                /* rg_registrar_to_key() */
	int64_t retry_after;                               /* seconds; 0 = a 503 to a lookup does not say it */
	rg_str own[RG__WIRE_OWN_LINES];
} rg__wire_message;

/* Reads the message that begins with m->start. @p max limits its octets. RG_EINVAL: it has no well-formed Via. RG_ENOMEM. */
rg_status rg__wire_message_read(rg_str bytes, size_t max, rg__wire_message *m);
/* Reads only what a reply copies, of a message that is refused whatever it says. */
rg_status rg__wire_message_salvage(rg_str bytes, rg__wire_message *m);
/* The first line of header @p name; absent when there is none. RG_ENOMEM. */
rg_status rg__wire_message_find(rg_str bytes, rg_str name, rg__wire_message *m, rg_str *value);
void rg__wire_message_clear(rg__wire_message *m); /* a second call does nothing */

/* reply.c: the text of a reply. */
typedef struct rg__wire_answer {
	int32_t code;
	rg_str name, value;          /* of a header; an absent name = none */
	const rg_response *response; /* gives its headers; NULL = none */
	const rg_targets *targets;   /* gives a Contact for each target that a client can use; NULL = none */
	rg_target *contact;          /* the first one of them */
	uint32_t n_seen;             /* targets up to that one */
} rg__wire_answer;

/* Writes the reply into the buffer of the call. RG_ELIMIT: it does not fit. RG_EINVAL: there is no Via. */
rg_status rg__wire_reply(const rg__wire_message *m, const rg__wire_answer *answer, rg_wire_call *call);

/* redirect.c: requests of other methods than REGISTER. */
int32_t rg__wire_redirect_code(const rg__wire_start *start, const rg_request *host); /* 0: it is looked up */
/* Takes the next target, from *@p i on, that a client can be told. A fallback is not one: it must not be tried at once. Nor is another site:
 * its URI is the one that the client asked for. */
bool rg__wire_next_contact(const rg_targets *targets, uint32_t *i, rg_target *target);
/* Takes the result of a lookup over: answers, or hands the targets over, or both, as the flags of the call say. */
rg_status rg__wire_found(const rg__wire_message *m, rg_wire_call *call, rg_status status, rg_targets *targets);
/* A reply to a request that is not looked up, or in vain. */
rg_status rg__wire_refuse(const rg__wire_message *m, rg_wire_call *call, int32_t code);

#endif
