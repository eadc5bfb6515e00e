/* SPDX-License-Identifier: MIT */
#include "planted.h"
#include <stdlib.h>
#include <string.h>

enum { REQUEST, REPLY, TARGETS };

/* Where a text is replaced by another one of the same length, at its first place. */
typedef struct fault {
	int where;
	const char *before, *after;
} fault;

static void replace_text(char *p, size_t n, const fault *f)
{
	char *at = memmem(p, n, f->before, strlen(f->before));

	if (at)
		memcpy(at, f->after, strlen(f->after));
}

static void handle_with_fault(const front *self, rg_registrar *registrar, const question *q, answer *out)
{
	const fault *f = self->data;
	question other = *q;
	char *bytes = NULL;

	if (f->where == REQUEST) {
		bytes = malloc(q->bytes.n + 1);
		front_must(bytes != NULL, "there is memory");
		memcpy(bytes, q->bytes.p, q->bytes.n);
		replace_text(bytes, q->bytes.n, f);
		other.bytes.p = bytes;
	}
	front_wire.handle(&front_wire, registrar, &other, out);
	free(bytes);
	if (f->where == REPLY && out->reply)
		replace_text(out->reply, out->n, f);
	if (f->where == TARGETS && out->targets)
		replace_text(out->targets, strlen(out->targets), f);
}

static void handle_without_tag(const front *self, rg_registrar *registrar, const question *q, answer *out)
{
	(void)self;
	front_wire.handle(&front_wire, registrar, q, out);
	char *to = out->reply ? strstr(out->reply, "\r\nTo: ") : NULL, *end = to ? strstr(to + 2, "\r\n") : NULL;
	if (!end || end - to < 28 || memcmp(end - 21, ";tag=", 5) != 0)
		return;
	memmove(end - 21, end, strlen(end) + 1);
	out->n -= 21;
}

static void handle_and_fail(const front *self, rg_registrar *registrar, const question *q, answer *out)
{
	(void)self;
	front_wire.handle(&front_wire, registrar, q, out);
	if (out->code == 420)
		out->status = RG_ESTORE;
}

#define IN(where, before, after) &(const fault){ where, before, after }

const front planted[] = {
	{ "User-Agent is not stored", handle_with_fault, IN(REQUEST, "User-Agent", "User-agenx") },
	{ "a compact Contact is not read", handle_with_fault, IN(REQUEST, "\r\nm:", "\r\nM;") },
	{ "Path is not read", handle_with_fault, IN(REQUEST, "\r\nPath:", "\r\nPaht:") },
	{ "Allow is not read", handle_with_fault, IN(REQUEST, "\r\nAllow:", "\r\nAlloy:") },
	{ "Supported is not read", handle_with_fault, IN(REQUEST, "\r\nSupported:", "\r\nSupportex:") },
	{ "Require is not read", handle_with_fault, IN(REQUEST, "\r\nRequire:", "\r\nRequirx:") },
	{ "Feature-Caps is not read", handle_with_fault, IN(REQUEST, "\r\nFeature-Caps:", "\r\nFeature-Capx:") },
	{ "the socket header is not read", handle_with_fault, IN(REQUEST, "\r\nSock-Info:", "\r\nSock-Inof:") },
	{ "Route is not read", handle_with_fault, IN(REQUEST, "\r\nRoute:", "\r\nRoutx:") },
	{ "a fold is not undone", handle_with_fault, IN(REQUEST, "\r\n ", "xx ") },
	{ "an escape becomes another", handle_with_fault, IN(REQUEST, "%", "x") },
	{ "another From", handle_with_fault, IN(REPLY, "From: ", "from: ") },
	{ "another code", handle_with_fault, IN(REPLY, " 200 ", " 202 ") },
	{ "another lifetime in the reply", handle_with_fault, IN(REPLY, ";expires=3", ";expires=2") },
	{ "another CSeq", handle_with_fault, IN(REPLY, "REGISTER\r\n", "REGISTEr\r\n") },
	{ "another source in Via", handle_with_fault, IN(REPLY, ";received=192.0.2.99", ";received=192.0.2.98") },
	{ "another port in Via", handle_with_fault, IN(REPLY, ";rport=4444", ";rport=4445") },
	{ "another lowest lifetime", handle_with_fault, IN(REPLY, "Min-Expires: ", "Mix-Expires: ") },
	{ "another reason", handle_with_fault, IN(REPLY, "P-Registrar-Error: ", "P-Registrar-Erxor: ") },
	{ "another Allow", handle_with_fault, IN(REPLY, "Allow: REGISTER", "Allow: REGISTEX") },
	{ "another target", handle_with_fault, IN(TARGETS, "uri: sip:", "uri: sit:") },
	{ "another result of a lookup", handle_with_fault, IN(TARGETS, "code: 480", "code: 404") },
	{ "To without a tag", handle_without_tag, NULL },
	{ "another status", handle_and_fail, NULL },
};
const uint32_t n_planted = sizeof planted / sizeof *planted;
