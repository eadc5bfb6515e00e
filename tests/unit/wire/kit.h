/* SPDX-License-Identifier: MIT */
/* A registrar over a memory store with a clock that stands still, and calls whose bytes and buffer end where their allocations end. */
#ifndef WIRE_KIT_H
#define WIRE_KIT_H

#include "../kinds_of_message.h"
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/reply.h>
#include <rgstr/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK(method, uri) method " " uri " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" \
	"From: <sip:bob@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: c9\r\nCSeq: 1 " method "\r\n"

typedef struct world {
	rg_store *store;
	rg_registrar *registrar;
	rg_request host;
	const rg_save_options *save;
	uint32_t flags;
} world;

typedef struct answer {
	rg_status status;
	int32_t code;
	rg_addr to;
	rg_targets *targets;
	size_t n;
	char text[8192]; /* NUL-terminated; "" = no reply */
	char why[256];
} answer;

static inline rg_time world_now(void *user)
{
	(void)user;
	return 1700000000000;
}

static inline world world_new_with(const char *parameter, const char *value)
{
	const rg_env env = { .struct_size = sizeof env, .now = world_now };
	rg_config *config = NULL;
	world w = { 0 };

	cr_assert_eq(rg_config_new(&config), RG_OK);
	if (parameter)
		cr_assert_eq(rg_config_set(config, rg_str_from(parameter), rg_str_from(value), NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &w.store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(config, w.store, &env, &w.registrar, NULL), RG_OK);
	rg_config_free(config);
	rg_request_init(&w.host, sizeof w.host);
	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.99:4444"), &w.host.source), RG_OK);
	w.host.transport = RG_STR("udp");
	w.host.socket = RG_STR("udp:198.51.100.1:5060");
	return w;
}

static inline world world_new(void)
{
	return world_new_with(NULL, NULL);
}

static inline void world_end(world *w)
{
	rg_registrar_unref(w->registrar);
	rg_store_unref(w->store);
}

/* The bytes are copied to the end of an allocation, and so is the buffer: a step over either end is found. */
static inline answer send_room(world *w, const char *bytes, size_t n, size_t room)
{
	char *copy = malloc(n + 1), *reply = malloc(room + 1);
	rg_error *why = rg_error_new();
	answer a = { 0 };
	rg_wire_call call;

	cr_assert(copy && reply && why);
	memcpy(copy + 1, bytes, n);
	rg_wire_call_init(&call, sizeof call);
	call.bytes = (rg_str){ copy + 1, n };
	call.host = &w->host;
	call.save = w->save;
	call.flags = w->flags;
	call.reply = reply + 1;
	call.room = room;
	a.status = rg_wire_handle(w->registrar, &call, why);
	cr_expect_eq(a.status, call.status);
	cr_expect_eq(rg_error_status(why), a.status);
	a.code = call.code;
	a.to = call.to;
	a.targets = call.targets;
	a.n = call.n;
	if (a.n <= room && a.n < sizeof a.text)
		memcpy(a.text, reply + 1, a.n);
	snprintf(a.why, sizeof a.why, "%s", rg_error_text(why).p);
	rg_error_free(why);
	free(copy);
	free(reply);
	return a;
}

static inline answer send_text(world *w, const char *text)
{
	return send_room(w, text, strlen(text), 8000);
}

/* What makes a text no reply; NULL = nothing. */
static inline const char *fault_of(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");

	if (*text == '\0')
		return NULL;
	if (strncmp(text, "SIP/2.0 ", 8) != 0 || !end || end[4] != '\0')
		return "no status line, or text behind the header section";
	if (!strstr(text, "\r\nVia: ") || !strstr(text, "\r\nContent-Length: 0\r\n"))
		return "no Via, or no Content-Length";
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if ((c == '\r') != (p[1] == '\n'))
			return "a lone CR or LF";
		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return "a control character";
	}
	return NULL;
}

/* The number of times that @p part stands in @p text. */
static inline int times_in(const char *text, const char *part)
{
	int n = 0;

	while ((text = strstr(text, part)) != NULL)
		text++, n++;
	return n;
}

#endif
