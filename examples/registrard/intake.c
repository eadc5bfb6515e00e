/* SPDX-License-Identifier: MIT */
#include "intake.h"

#include <rgstr/sofia.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/msg_parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "frame.h"
#include "header.h"
#include "place.h"
#include "transaction.h"

/* A proxy forwards what it need not understand (RFC 3261 §16.3 step 1). So the class of messages holds only the headers that are read. All
 * others, however malformed or repeated, are unknown headers with their text. Of a REGISTER the library reads and validates these. */
struct intake {
	msg_mclass_t *mclass;
};

/* The class and its place in sip_t. */
#define READ(header) { sip_##header##_class, (unsigned)offsetof(sip_t, sip_##header) }

static const struct {
	msg_hclass_t *hclass;
	unsigned offset;
} headers_read[] = {
	READ(via), READ(from), READ(to), READ(call_id), READ(cseq), READ(max_forwards), READ(route), READ(record_route), READ(content_length),
};

struct intake *intake_new(void)
{
	struct intake *intake = calloc(1, sizeof *intake);

	if (!intake)
		return NULL;
	intake->mclass = msg_mclass_clone(sip_default_mclass(), 0, 1);
	for (size_t i = 0; intake->mclass && i < sizeof headers_read / sizeof *headers_read; i++)
		if (msg_mclass_insert_header(intake->mclass, headers_read[i].hclass, (unsigned short)headers_read[i].offset) < 0) {
			free(intake->mclass);
			intake->mclass = NULL;
		}
	if (intake->mclass)
		return intake;
	intake_free(intake);
	return NULL;
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	free(intake->mclass);
	free(intake);
}

msg_t *intake_empty(struct server *server)
{
	return msg_create(server->intake->mclass, 0);
}

/* msg_make() would do the same, but ends the process when memory runs out. @return NULL when out of memory. */
static msg_t *parse(const msg_mclass_t *mclass, const char *bytes, size_t n)
{
	msg_t *msg = msg_create(mclass, MSG_DO_EXTRACT_COPY);
	msg_iovec_t parts[8];
	issize_t n_parts = msg ? msg_recv_iovec(msg, parts, 8, (usize_t)n, 1) : -1;
	size_t left = n;

	for (issize_t i = 0; i < n_parts && left > 0; i++) {
		size_t part = parts[i].mv_len < left ? parts[i].mv_len : left;

		memcpy(parts[i].mv_base, bytes + (n - left), part);
		left -= part;
	}
	if (n_parts <= 0 || left > 0) {
		msg_destroy(msg);
		return NULL;
	}
	msg_recv_commit(msg, (usize_t)n, 1);
	msg_extract(msg);
	return msg;
}

/* The text of the topmost Via line with received and rport; the rest of it is octet by octet as it came. Absent when out of memory, and for
 * a line that Sofia reads but rg_via_header() refuses. */
static rg_str marked_line(su_home_t *home, rg_str line, const rg_addr *source)
{
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	char *value = colon ? su_strndup(home, colon + 1, (isize_t)(line.p + line.n - (colon + 1))) : NULL, *room = NULL;
	size_t n;

	for (char *p = value; p && *p; p++)
		if (*p == '\r' || *p == '\n')
			*p = ' ';
	if (value && rg_via_header(rg_str_from(value), source, NULL, 0, &n, NULL) == RG_OK)
		room = su_alloc(home, (isize_t)n + sizeof "Via: \r\n");
	if (!room)
		return (rg_str){ NULL, 0 };
	memcpy(room, "Via: ", 5);
	rg_via_header(rg_str_from(value), source, room + 5, n, &n, NULL);
	memcpy(room + 5 + n, "\r\n", sizeof "\r\n");
	return (rg_str){ room, n + 7 };
}

/* @return the number of further Vias on the line of the first one. Their text belongs to the first one, and they have an empty one. */
static size_t vias_on_line(const sip_via_t *via)
{
	size_t n = 0;

	while ((via = via->v_next) != NULL && via->v_common->h_data && via->v_common->h_len == 0)
		n++;
	return n;
}

/* RFC 3261 §18.2.1, RFC 3581 §4: says in the topmost Via where a request came from. */
static int mark_via(msg_t *msg, sip_via_t *via, const struct peer *from)
{
	su_home_t *home = msg_home(msg);
	rg_str text, line = marked_line(home, (rg_str){ via->v_common->h_data, via->v_common->h_len }, &from->addr);
	size_t others = line.n ? vias_on_line(via) : 0;
	rg_addr ip = from->addr;
	char room[64];
	const char *param;

	ip.port = 0;
	text = rg_addr_print(&ip, room, sizeof room);
	if (!via->v_rport && via->v_host && strlen(via->v_host) == text.n && memcmp(via->v_host, text.p, text.n) == 0)
		return 0;
	if (text.n > 2 && text.p[0] == '[')
		text = (rg_str){ text.p + 1, text.n - 2 };
	param = su_sprintf(home, "received=%.*s", (int)text.n, text.p);
	if (!param || msg_header_replace_param(home, via->v_common, param) < 0)
		return -1;
	param = via->v_rport ? su_sprintf(home, "rport=%u", from->addr.port) : "";
	if (!param || (*param && msg_header_replace_param(home, via->v_common, param) < 0))
		return -1;
	/* With a change of its parameters a Via has lost its text, and so have the others on its line. */
	for (via->v_common->h_data = line.p, via->v_common->h_len = line.n; others > 0; others--) {
		via = via->v_next;
		via->v_common->h_data = line.p + line.n;
		via->v_common->h_len = 0;
	}
	return 0;
}

struct peer intake_reply_peer(const sip_t *sip, const struct peer *from)
{
	struct peer to = *from;
	const sip_via_t *via = sip->sip_via;
	uint16_t port = port_read(via ? via->v_port : NULL);

	if (!to.connection && via && !via->v_rport)
		to.addr.port = port ? port : PORT_DEFAULT;
	return to;
}

/* Puts a message that was made here, or changed, in the order in which it is printed. @return 0 or -1. */
static int complete(msg_t *msg)
{
	sip_t *sip = sip_object(msg);

	if (sip && !sip->sip_separator) {
		sip_separator_t *separator = sip_separator_create(msg_home(msg));

		if (!separator || msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)separator) < 0)
			return -1;
	}
	return sip ? msg_serialize(msg, (msg_pub_t *)sip) : -1;
}

char *intake_bytes(msg_t *msg, size_t *n)
{
	msg_iovec_t *parts;
	issize_t n_parts;
	char *bytes, *to;

	if (!msg || complete(msg) < 0 || msg_prepare(msg) < 0 || (n_parts = (issize_t)msg_iovec(msg, NULL, 0)) <= 0)
		return NULL;
	parts = calloc((size_t)n_parts, sizeof *parts);
	if (!parts)
		return NULL;
	msg_iovec(msg, parts, (isize_t)n_parts);
	*n = 0;
	for (issize_t i = 0; i < n_parts; i++)
		*n += parts[i].mv_len;
	to = bytes = malloc(*n + 1);
	for (issize_t i = 0; bytes && i < n_parts; i++) {
		memcpy(to, parts[i].mv_base, parts[i].mv_len);
		to += parts[i].mv_len;
	}
	free(parts);
	return bytes;
}

/* Adds a copy of a header that keeps its text. */
static int add_as_received(msg_t *msg, const void *header)
{
	const msg_header_t *from = header;
	msg_header_t *h = msg_header_dup_one(msg_home(msg), from);
	char *text = h && from->sh_len ? su_strndup(msg_home(msg), from->sh_data, (isize_t)from->sh_len) : NULL;

	if (!h || (from->sh_len && !text) || msg_header_insert(msg, NULL, h) < 0)
		return -1;
	/* An item of a list has no text of its own; its line is that of the first item. */
	h->sh_data = from->sh_len ? text : from->sh_data ? "" : NULL;
	h->sh_len = from->sh_len;
	return 0;
}

/* Sofia puts a Via in front of those that are there, so the last one goes first. */
static int add_vias(msg_t *msg, const sip_via_t *first)
{
	const sip_via_t **all, *via;
	size_t n = 0;

	for (via = first; via; via = via->v_next)
		n++;
	all = n ? su_alloc(msg_home(msg), (isize_t)(n * sizeof(const sip_via_t *))) : NULL;
	if (!all)
		return -1;
	n = 0;
	for (via = first; via; via = via->v_next)
		all[n++] = via;
	while (n > 0)
		if (add_as_received(msg, all[--n]) < 0)
			return -1;
	return 0;
}

uint64_t intake_digest(const struct server *server, const sip_t *sip)
{
	const char *const parts[] = { sip->sip_call_id ? sip->sip_call_id->i_id : NULL, sip->sip_from ? sip->sip_from->a_tag : NULL,
		sip->sip_via ? sip->sip_via->v_branch : NULL };
	enum { PARTS = sizeof parts / sizeof *parts };
	unsigned char all[PARTS * crypto_shorthash_BYTES + sizeof(uint32_t)] = { 0 };
	uint32_t number = sip->sip_cseq ? sip->sip_cseq->cs_seq : 0;
	uint64_t digest;

	for (size_t i = 0; i < PARTS; i++)
		if (parts[i])
			crypto_shorthash(all + i * sizeof digest, (const unsigned char *)parts[i], strlen(parts[i]), server->tag_key);
	memcpy(all + PARTS * sizeof digest, &number, sizeof number);
	crypto_shorthash((unsigned char *)&digest, all, sizeof all, server->tag_key);
	return digest;
}

enum { TAG_ROOM = 2 * sizeof(uint64_t) + 1 };

/* Copies of a request get one tag. */
static void print_tag(const struct server *server, const sip_t *sip, char tag[TAG_ROOM])
{
	uint64_t digest = intake_digest(server, sip);

	sodium_bin2hex(tag, TAG_ROOM, (const unsigned char *)&digest, sizeof digest);
}

_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "a digest is a number");

int intake_made_tag(const struct server *server, const sip_t *sip)
{
	char tag[TAG_ROOM];

	if (!sip->sip_to || !sip->sip_to->a_tag)
		return 0;
	print_tag(server, sip, tag);
	return strcmp(tag, sip->sip_to->a_tag) == 0;
}

static int add_to(msg_t *msg, const struct server *server, const sip_t *sip, int status)
{
	char text[TAG_ROOM];
	const char *tag;

	if (!sip->sip_to)
		return 0;
	if (sip->sip_to->a_tag || status == 100)
		return add_as_received(msg, sip->sip_to);
	print_tag(server, sip, text);
	tag = su_sprintf(msg_home(msg), "tag=%s", text);
	if (!tag || sip_add_dup(msg, sip_object(msg), (const sip_header_t *)sip->sip_to) < 0)
		return -1;
	return msg_header_add_param(msg_home(msg), sip_object(msg)->sip_to->a_common, tag);
}

static int fill_reply(struct server *server, msg_t *msg, const sip_t *sip, int status, const char *phrase)
{
	const sip_unknown_t *timestamp = status == 100 ? header_find(sip, "Timestamp") : NULL;
	sip_status_t *line;

	if (!phrase)
		phrase = sip_status_phrase(status);
	line = sip_status_create(msg_home(msg), (unsigned)status, phrase ? phrase : "Refused", NULL);
	if (!line || msg_header_insert(msg, NULL, (msg_header_t *)line) < 0)
		return -1;
	if (add_vias(msg, sip->sip_via) < 0 || (sip->sip_from && add_as_received(msg, sip->sip_from) < 0) ||
		add_to(msg, server, sip, status) < 0 ||
		(sip->sip_call_id && add_as_received(msg, sip->sip_call_id) < 0) || (sip->sip_cseq && add_as_received(msg, sip->sip_cseq) < 0) ||
		(timestamp && add_as_received(msg, timestamp) < 0))
		return -1;
	return sip_add_make(msg, sip_object(msg), sip_content_length_class, "0");
}

msg_t *intake_reply(struct server *server, const sip_t *sip, int status, const char *phrase)
{
	msg_t *msg = intake_empty(server);

	if (msg && fill_reply(server, msg, sip, status, phrase) == 0)
		return msg;
	msg_destroy(msg);
	return NULL;
}

void intake_send_reply(struct server *server, msg_t *reply, const struct peer *to)
{
	struct peer own = *to;
	size_t n;
	char *bytes = intake_bytes(reply, &n);

	if (bytes)
		transport_send(server->transport, &own, bytes, n);
	free(bytes);
	msg_destroy(reply);
}

int intake_answer_with(struct server *server, msg_t *request, const struct peer *from, int status, const rg_header *headers, uint32_t n)
{
	const sip_t *sip = sip_object(request);
	struct peer to = intake_reply_peer(sip, from);
	char usual[1400], tag[TAG_ROOM], *room = usual;
	rg_sofia_source source;
	rg_sofia_message message;
	size_t size = 0;
	rg_status result;

	print_tag(server, sip, tag);
	rg_sofia_source_init(&source, sizeof source);
	source.source = from->addr;
	rg_sofia_message_init(&message, sizeof message);
	message.msg = request;
	message.source = &source;
	message.to_tag = (rg_str){ tag, TAG_ROOM - 1 };
	result = rg_sofia_reply_text(&message, status, NULL, headers, n, usual, sizeof usual, &size);
	if (result == RG_OK && size > sizeof usual) {
		room = malloc(size);
		result = room ? rg_sofia_reply_text(&message, status, NULL, headers, n, room, size, &size) : RG_ENOMEM;
	}
	if (result == RG_OK)
		transport_send(server->transport, &to, room, size);
	if (room != usual)
		free(room);
	return result == RG_OK ? 0 : -1;
}

void intake_answer(struct server *server, msg_t *request, const struct peer *from, int status, const char *name, const char *value)
{
	const rg_header header = { rg_str_from(name), rg_str_from(value) };

	if (sip_object(request)->sip_request->rq_method != sip_method_ack)
		intake_answer_with(server, request, from, status, &header, value != NULL);
}

/* @return 1 when a header on which the answer depends cannot be read. */
static int has_bad_via(const sip_t *sip)
{
	if (!sip->sip_via)
		return 1;
	for (const sip_header_t *h = (const sip_header_t *)sip->sip_error; h; h = h->sh_next)
		if (h->sh_class == sip_via_class || (h->sh_class == sip_error_class && h->sh_error->er_name == sip_via_class->hc_name))
			return 1;
	return 0;
}

/* @return the status to refuse a request with, or 0. The library judges a REGISTER itself, and gives a reason. */
static int refusal(const sip_t *sip)
{
	const sip_request_t *rq = sip->sip_request;

	if (!rq->rq_version || strcasecmp(rq->rq_version, SIP_VERSION_CURRENT) != 0)
		return 505;
	if (rq->rq_method == sip_method_register)
		return 0;
	if (!sip->sip_from || !sip->sip_to || !sip->sip_call_id || !sip->sip_cseq || sip->sip_error)
		return 400;
	return strcmp(rq->rq_method_name, sip->sip_cseq->cs_method_name) != 0 ? 400 : 0;
}

static void take_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	int status = refusal(sip);

	server->counts.received_requests++;
	if (status) {
		server->counts.malformed_requests++;
		intake_answer(server, msg, from, status, NULL, NULL);
		msg_destroy(msg);
	} else if (sip->sip_request->rq_method == sip_method_register) {
		register_request(server, msg, sip, from);
	} else if (server->args->mode == MODE_REDIRECT) {
		redirect_request(server, msg, sip, from);
	} else if (mark_via(msg, sip->sip_via, from) < 0) {
		intake_answer(server, msg, from, 500, NULL, NULL);
		msg_destroy(msg);
	} else if (!transactions_request(server->transactions, msg, sip, from)) {
		proxy_request(server, msg, sip, from);
	}
}

static void take_response(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	server->counts.received_responses++;
	if (!sip->sip_from || !sip->sip_to || !sip->sip_call_id || !sip->sip_cseq || sip->sip_error || sip->sip_status->st_status < 100 ||
		sip->sip_status->st_status > 699) {
		server->counts.malformed_responses++;
		msg_destroy(msg);
	} else if (!transactions_response(server->transactions, msg, sip, from)) {
		proxy_response(server, msg, sip, from);
	}
}

static void count_malformed(struct server *server, const char *bytes, size_t n)
{
	if (n > 4 && strncasecmp(bytes, "SIP/", 4) == 0)
		server->counts.malformed_responses++;
	else
		server->counts.malformed_requests++;
}

/* Sofia reads nothing of a request whose Request-URI it cannot read. With another URI its header section tells where the 400 goes. */
static void refuse_unreadable(struct server *server, const struct peer *from, const char *bytes, size_t n)
{
	static const char line[] = " sip:unreadable.invalid SIP/2.0", version[] = " SIP/2.0";
	const char *end = memmem(bytes, n, "\r\n", 2), *head = memmem(bytes, n, "\r\n\r\n", 4);
	const char *space = end ? memchr(bytes, ' ', (size_t)(end - bytes)) : NULL;
	size_t method = space ? (size_t)(space - bytes) : 0, rest = head ? (size_t)(head + 2 - end) : 0;
	char *copy;

	if (method == 0 || rest == 0 || end - space < (ptrdiff_t)sizeof version - 1 ||
		strncasecmp(end - (sizeof version - 1), version, sizeof version - 1) != 0 || (copy = malloc(method + sizeof line + rest)) == NULL) {
		server->counts.malformed_requests++;
		return;
	}
	memcpy(copy, bytes, method);
	memcpy(copy + method, line, sizeof line - 1);
	memcpy(copy + method + sizeof line - 1, end, rest);
	intake_bad_frame(server, from, copy, method + sizeof line - 1 + rest, 400);
	free(copy);
}

void intake_message(struct server *server, const struct peer *from, char *bytes, size_t n)
{
	msg_t *msg = parse(server->intake->mclass, bytes, n);
	sip_t *sip = msg ? sip_object(msg) : NULL;

	if (!sip || has_bad_via(sip) || (!sip->sip_request && !sip->sip_status)) {
		msg_destroy(msg);
		if (n > 4 && strncasecmp(bytes, "SIP/", 4) == 0)
			server->counts.malformed_responses++;
		else
			refuse_unreadable(server, from, bytes, n);
	} else if (sip->sip_request) {
		take_request(server, msg, sip, from);
	} else {
		take_response(server, msg, sip, from);
	}
}

/* The header section is parsed as far as it came within the limits. Its answer tells the sender at least that there was one. */
void intake_bad_frame(struct server *server, const struct peer *from, char *bytes, size_t n, int status)
{
	char *head = n > 0 ? malloc(n + 2) : NULL;
	msg_t *msg = NULL;
	sip_t *sip;

	count_malformed(server, bytes, n);
	if (head && status) {
		memcpy(head, bytes, n);
		memcpy(head + n, "\r\n", 2);
		msg = parse(server->intake->mclass, head, n + 2);
	}
	sip = msg ? sip_object(msg) : NULL;
	if (sip && !has_bad_via(sip) && sip->sip_request)
		intake_answer(server, msg, from, status, NULL, NULL);
	msg_destroy(msg);
	free(head);
}
