/* SPDX-License-Identifier: MIT */
/* The message class of received messages: Sofia's own class, with checks of the bytes before parsing and of the headers after it. */
#include "intake.h"

#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/msg_parser.h>
#include <stdlib.h>
#include <string.h>

/* Sofia takes time quadratic in the lines, items and parameters, so these are counted before it parses. Of a stream only the bytes that
 * arrived with the first line are counted; the size limit of a message bounds the rest. */
enum { LINES_MAX = 256, COMMAS_MAX = 1024, SEMICOLONS_MAX = 4096 };

/* sip_user of a message that was cut points to this. */
static const char cut_mark;

/* Sofia also takes a lone CR or LF for the end of a line. */
static int ends_line(const char *p, const char *end)
{
	return *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
}

/* @return the first line of a header section beyond a limit, or @p end. */
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
		/* The first line end belongs to the start line. */
		if (++lines > LINES_MAX)
			return line;
	}
	return end;
}

int intake_is_cut(const sip_t *sip)
{
	return sip->sip_user == &cut_mark;
}

/* RFC 3261 §7.5: empty lines before a message are ignored. A keep-alive may arrive together with the next request. */
static char *first_line(msg_t *msg, char **end)
{
	char *p = msg_buf_committed_data(msg);

	*end = p ? p + msg_buf_committed(msg) : NULL;
	while (p < *end && strchr(" \t\r\n", *p) && *p)
		p++;
	return p;
}

/* Sofia copies as many bytes as the first line has, but starts at the empty lines before it. Without a correction every later message on
 * the connection would be misread. */
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

/* Called with the first line of a message; its home is the message. The line beyond a limit becomes the end of the header section: the
 * lines before it suffice for a 413. @return 0 when not even that is possible. */
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
	/* MSG_FLG_TOOLARGE would make nta send its response to the address in the Via, without looking at the source of the request. */
	sip_object(msg)->sip_user = (void *)&cut_mark;
	return 1;
}

/* Sofia recognizes the class of the start line by its address. */
static issize_t parse_request_line(su_home_t *home, msg_header_t *h, char *text, isize_t n)
{
	h->sh_class = sip_request_class;
	restore_first_line((msg_t *)home, h, text, n);
	return limit((msg_t *)home) ? sip_request_class->hc_parse(home, h, text, n) : -1;
}

/* A response gets no error response. */
static issize_t parse_status_line(su_home_t *home, msg_header_t *h, char *text, isize_t n)
{
	msg_t *msg = (msg_t *)home;

	h->sh_class = sip_status_class;
	restore_first_line(msg, h, text, n);
	return limit(msg) && !intake_is_cut(sip_object(msg)) ? sip_status_class->hc_parse(home, h, text, n) : -1;
}

/* Stand-ins for headers that a REGISTER lacks, so that nta passes it on. They are not in the chain of headers, which holds only received
 * ones. */
struct stand_in {
	sip_to_t to[1];
	sip_from_t from[1];
	sip_call_id_t call_id[1];
	sip_cseq_t cseq[1];
	sip_cseq_t *received; /* the received CSeq, with another method, that it replaces; NULL = none */
};

/* False when the end of the message is uncertain. On a stream the next message follows there. */
static int is_framed(const sip_t *sip)
{
	for (const sip_header_t *h = (const sip_header_t *)sip->sip_error; h; h = h->sh_next) {
		/* A repeated header that may occur only once is listed under its own class. */
		const char *name = h->sh_class == sip_error_class ? h->sh_error->er_name : h->sh_class->hc_name;

		if (name && strcmp(name, sip_content_length_class->hc_name) == 0)
			return 0;
	}
	return 1;
}

/* The library answers with a precise reason, such as "To header not found", where nta answers with a bare 400. */
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

/* Called at the empty line, when all headers are parsed. */
static issize_t extract_body(msg_t *msg, msg_pub_t *pub, char bytes[], isize_t n, int eos)
{
	sip_t *sip = (sip_t *)pub;

	/* The end of the message is unknown, so the connection is closed after the 413. */
	if (intake_is_cut(sip)) {
		sip->sip_flags |= MSG_FLG_BODY | MSG_FLG_COMPLETE;
		return (issize_t)n;
	}
	stand_in(msg, sip);
	return sip_default_mclass()->mc_extract_body(msg, pub, bytes, n, eos);
}

/* A message class, and the classes of the two start lines to which it refers. */
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
