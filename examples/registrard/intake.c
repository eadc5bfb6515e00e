/* SPDX-License-Identifier: MIT */
/* The message class of received messages: Sofia's own, with a look at the bytes before and at the headers after. */
#include "intake.h"

#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/msg_parser.h>
#include <stdlib.h>
#include <string.h>

/*
 * Sofia takes time in proportion to the square of the lines, of the items and of the parameters, so these are counted before it parses.
 * Of a stream that is what has arrived with the first line; the rest is bounded by the size of a message.
 */
enum { LINES_MAX = 256, COMMAS_MAX = 1024, SEMICOLONS_MAX = 4096 };

/* What sip_user of a message that was cut points to. */
static const char cut_mark;

/* Sofia also takes a lone CR or LF for the end of a line. */
static int ends_line(const char *p, const char *end)
{
	return *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
}

/* @return the first line that is too much in a header section, the end if there is none. */
static char *too_much(char *bytes, char *end)
{
	size_t lines = 0, commas = 0, semicolons = 0;
	char *line = bytes;

	for (char *p = bytes; p < end; p++) {
		commas += *p == ',';
		semicolons += *p == ';';
		if (commas > COMMAS_MAX || semicolons > SEMICOLONS_MAX)
			return line;
		if (!ends_line(p, end))
			continue;
		line = p + 1;
		if (line < end && (*line == '\r' || *line == '\n'))
			return end;
		/* The first one ends the start line. */
		if (++lines > LINES_MAX)
			return line;
	}
	return end;
}

int intake_is_cut(const sip_t *sip)
{
	return sip->sip_user == &cut_mark;
}

/* Empty lines before a message are none of it (RFC 3261 §7.5): a keep-alive that arrives together with the next request. */
static char *first_line(msg_t *msg, char **end)
{
	char *p = msg_buf_committed_data(msg);

	*end = p ? p + msg_buf_committed(msg) : NULL;
	while (p < *end && strchr(" \t\r\n", *p) && *p)
		p++;
	return p;
}

/*
 * Sofia copies as many bytes as the first line has, but from where those empty lines begin; nothing on the connection would be
 * understood any more after that.
 */
static void restore_first_line(msg_t *msg, msg_header_t *h, char *text, isize_t n)
{
	char *end;
	char *line = first_line(msg, &end);

	if (text == line || end - line < (ptrdiff_t)n)
		return;
	memcpy(text, line, n);
	if ((char *)h->sh_data < line && (size_t)(line - (char *)h->sh_data) <= h->sh_len) {
		h->sh_len -= line - (char *)h->sh_data;
		h->sh_data = line;
	}
}

/*
 * Called with the first line of a message, whose home is the message. What is too much becomes the end of the header section: what
 * stands before it is enough for a 413. @return 0 when not even that can be had.
 */
static int limit(msg_t *msg)
{
	char *end;
	char *bytes = first_line(msg, &end);
	char *cut = bytes ? too_much(bytes, end) : NULL;

	if (cut == end)
		return 1;
	if (cut == bytes || end - cut < 2)
		return 0;
	memcpy(cut, "\r\n", 2);
	/* Not MSG_FLG_TOOLARGE: nta would send its answer to where the Via says, without a look at where the request came from. */
	sip_object(msg)->sip_user = (void *)&cut_mark;
	return 1;
}

/* The class of the line is known to Sofia by its address. */
static issize_t parse_request_line(su_home_t *home, msg_header_t *h, char *text, isize_t n)
{
	h->sh_class = sip_request_class;
	restore_first_line((msg_t *)home, h, text, n);
	return limit((msg_t *)home) ? sip_request_class->hc_parse(home, h, text, n) : -1;
}

/* There is nobody to tell of a response. */
static issize_t parse_status_line(su_home_t *home, msg_header_t *h, char *text, isize_t n)
{
	msg_t *msg = (msg_t *)home;

	h->sh_class = sip_status_class;
	restore_first_line(msg, h, text, n);
	return limit(msg) && !intake_is_cut(sip_object(msg)) ? sip_status_class->hc_parse(home, h, text, n) : -1;
}

/* What a REGISTER lacks, so that nta hands it over; none of it is in the chain of headers, which says what was received. */
struct stand_in {
	sip_to_t to[1];
	sip_from_t from[1];
	sip_call_id_t call_id[1];
	sip_cseq_t cseq[1];
	sip_cseq_t *received; /* the CSeq of another method that it stands in for, or NULL */
};

/* Where a message ends is not in doubt: what follows it on a stream is the next one. */
static int is_framed(const sip_t *sip)
{
	for (const sip_header_t *h = (const sip_header_t *)sip->sip_error; h; h = h->sh_next) {
		/* A second header where one is allowed is among the errors as itself. */
		const char *name = h->sh_class == sip_error_class ? h->sh_error->er_name : h->sh_class->hc_name;

		if (name && strcmp(name, sip_content_length_class->hc_name) == 0)
			return 0;
	}
	return 1;
}

/* The library has a reason to give where nta answers a bare 400: "To header not found". */
static void stand_in(msg_t *msg, sip_t *sip)
{
	int cseq = sip->sip_cseq && sip->sip_cseq->cs_method == sip_method_register;
	struct stand_in *own;

	if (!sip->sip_request || sip->sip_request->rq_method != sip_method_register || sip->sip_user || !is_framed(sip) ||
		(sip->sip_to && sip->sip_from && sip->sip_call_id && cseq))
		return;
	own = su_zalloc(msg_home(msg), sizeof *own);
	if (!own)
		return;
	sip_to_init(own->to);
	sip_from_init(own->from);
	sip_call_id_init(own->call_id);
	sip_cseq_init(own->cseq);
	*own->to->a_url = *own->from->a_url = (url_t)URL_INIT_AS(sip);
	own->to->a_url->url_host = own->from->a_url->url_host = "invalid";
	own->call_id->i_id = "";
	own->cseq->cs_method = sip_method_register;
	own->cseq->cs_method_name = "REGISTER";
	own->received = cseq ? NULL : sip->sip_cseq;
	sip->sip_to = sip->sip_to ? sip->sip_to : own->to;
	sip->sip_from = sip->sip_from ? sip->sip_from : own->from;
	sip->sip_call_id = sip->sip_call_id ? sip->sip_call_id : own->call_id;
	sip->sip_cseq = cseq ? sip->sip_cseq : own->cseq;
	sip->sip_user = own;
	sip->sip_flags &= ~MSG_FLG_ERROR;
}

int intake_restore(sip_t *sip)
{
	struct stand_in *own = sip->sip_user;

	if (!own)
		return 0;
	sip->sip_to = sip->sip_to == own->to ? NULL : sip->sip_to;
	sip->sip_from = sip->sip_from == own->from ? NULL : sip->sip_from;
	sip->sip_call_id = sip->sip_call_id == own->call_id ? NULL : sip->sip_call_id;
	sip->sip_cseq = sip->sip_cseq == own->cseq ? own->received : sip->sip_cseq;
	sip->sip_user = NULL;
	return 1;
}

/* Called at the empty line, with every header parsed. */
static issize_t extract_body(msg_t *msg, msg_pub_t *pub, char bytes[], isize_t n, int eos)
{
	sip_t *sip = (sip_t *)pub;

	/* Where the message was to end is not known any more: the connection is closed after the 413. */
	if (intake_is_cut(sip)) {
		sip->sip_flags |= MSG_FLG_BODY | MSG_FLG_COMPLETE;
		return (issize_t)n;
	}
	stand_in(msg, sip);
	return sip_default_mclass()->mc_extract_body(msg, pub, bytes, n, eos);
}

/* Room for a class and for those of the two start lines it refers to. */
struct intake {
	msg_mclass_t mclass;
	struct msg_hclass_s request_line;
	struct msg_hclass_s status_line;
};

msg_mclass_t *intake_new(void)
{
	struct intake *own = malloc(sizeof *own);

	if (!own)
		return NULL;
	own->mclass = *sip_default_mclass();
	own->request_line = *sip_request_class;
	own->request_line.hc_parse = parse_request_line;
	own->status_line = *sip_status_class;
	own->status_line.hc_parse = parse_status_line;
	own->mclass.mc_request->hr_class = &own->request_line;
	own->mclass.mc_status->hr_class = &own->status_line;
	own->mclass.mc_extract_body = extract_body;
	return &own->mclass;
}
