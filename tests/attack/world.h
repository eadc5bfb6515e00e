/* SPDX-License-Identifier: MIT */
/* A registrar over a memory store with a clock that stands still, and the questions asked of every reply it gives. */
#ifndef RG_TEST_WORLD_H
#define RG_TEST_WORLD_H

#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/sofia.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From the bytes of a message to those of the reply, as rg_sofia_handle(). */
typedef rg_status (*world_handle)(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	uint8_t **reply, size_t *n, rg_error *why);

typedef struct world {
	world_handle handle;
	rg_store *store;
	rg_registrar *registrar;
	rg_sofia_source source;
	rg_save_options *options; /* NULL = no flags */
} world;

typedef struct answer {
	rg_status status;
	int32_t code; /* 0 = no reply */
	char *text;   /* NUL-terminated as well; NULL = no reply */
	size_t n;
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
	world w = { .handle = rg_sofia_handle };

	cr_assert_eq(rg_config_new(&config), RG_OK);
	if (parameter)
		cr_assert_eq(rg_config_set(config, rg_str_from(parameter), rg_str_from(value), NULL), RG_OK);
	cr_assert_eq(rg_memory_store_new(NULL, &w.store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(config, w.store, &env, &w.registrar, NULL), RG_OK);
	rg_config_free(config);
	rg_sofia_source_init(&w.source, sizeof w.source);
	cr_assert_eq(rg_addr_parse(RG_STR("192.0.2.99:4444"), &w.source.source), RG_OK);
	w.source.transport = RG_STR("udp");
	return w;
}

static inline world world_new(void)
{
	return world_new_with(NULL, NULL);
}

/* What acts on every extension there is, to be released. */
static inline rg_config *world_extended_config(void)
{
	static const char *const settings[][2] = { { "outbound_mode", "on" }, { "flow_timer", "95" }, { "nat_bflag", "6" }, { "sock_hdr_name",
		"Sock-Info" },
		{ "pn_enable", "1" }, { "pn_providers", "apns, fcm, webpush, acme" }, { "pn_enable_purr", "1" }, { "gruu_secret", "secret" },
		{ "service_route", "<sip:orig@s1.example.com;lr>, <sip:s2.example.com;lr>" } };
	rg_config *config = NULL;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		cr_assert_eq(rg_config_set(config, rg_str_from(settings[i][0]), rg_str_from(settings[i][1]), NULL), RG_OK);
	return config;
}

static inline world world_extended(void)
{
	rg_config *config = world_extended_config();
	world w = world_new();

	cr_assert_eq(rg_registrar_configure(w.registrar, config, NULL), RG_OK);
	rg_config_free(config);
	cr_assert_eq(rg_save_options_new(RG_STR("path-lazy, path-received, socket-header"), &w.options, NULL), RG_OK);
	return w;
}

static inline void world_end(world *w)
{
	rg_save_options_unref(w->options);
	rg_registrar_unref(w->registrar);
	rg_store_unref(w->store);
}

static inline answer answer_of(rg_status status, uint8_t *reply, size_t n)
{
	answer a = { .status = status, .n = n };

	if (reply) {
		a.text = calloc(1, n + 1);
		cr_assert_not_null(a.text);
		memcpy(a.text, reply, n);
		cr_assert_eq(sscanf(a.text, "SIP/2.0 %d ", &a.code), 1);
	}
	cr_assert_eq(n == 0, reply == NULL);
	rg_mem_free(reply);
	return a;
}

/* The bytes are copied to exactly as much memory, so that a sanitizer sees a read past them. */
static inline answer world_send(world *w, const char *bytes, size_t n)
{
	uint8_t *reply = NULL;
	char *exact = malloc(n ? n : 1);
	size_t size = 0;

	cr_assert_not_null(exact);
	memcpy(exact, bytes, n);
	rg_status status = w->handle(w->registrar, (rg_str){ exact, n }, &w->source, w->options, &reply, &size, NULL);
	free(exact);
	return answer_of(status, reply, size);
}

static inline void answer_free(answer *a)
{
	free(a->text);
	a->text = NULL;
}

/* What a store holds, in one number. */
static inline int32_t world_add(void *user, const rg_record *record)
{
	uint64_t *sum = user;
	const rg_revision *revision = rg_record_revision(record);
	const unsigned char *p = (const unsigned char *)revision;

	for (size_t i = 0; i < sizeof *revision; i++)
		*sum = (*sum ^ p[i]) * 0x100000001b3u + rg_record_contact_count(record);
	return 0;
}

static inline uint64_t world_digest(world *w)
{
	uint64_t sum = 1;

	cr_assert_eq(rg_each(w->registrar, (rg_str){ NULL, 0 }, world_add, &sum, NULL), RG_OK);
	return sum;
}

static inline bool known_header(const char *line)
{
	static const char *const known[] = { "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: ", "Contact: ", "Date: ", "P-Registrar-Error: ",
		"Retry-After: ", "Min-Expires: ", "Unsupported: ", "Supported: ", "Require: ", "Path: ", "Service-Route: ", "Feature-Caps: ",
		"Flow-Timer: ", "Allow: ", "Content-Length: 0" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strncmp(line, known[i], strlen(known[i])) == 0)
			return true;
	}
	return false;
}

/* Overwrites the display names of the lines that repeat the request's: they come back as they were sent, also when Sofia refuses them. */
static inline void blank_names(char *text)
{
	static const char *const repeated[] = { "From: ", "To: ", "Path: " };

	for (char *line = text, *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
		for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++) {
			char *from = line + strlen(repeated[i]), *p = from;

			if (strncmp(line, repeated[i], strlen(repeated[i])) != 0)
				continue;
			for (bool quoted = false; p < end && (quoted || *p != '<'); p++) {
				if (quoted && *p == '\\')
					p++;
				else if (*p == '"')
					quoted = !quoted;
			}
			if (p < end)
				memset(from, ' ', (size_t)(p - from));
		}
	}
}

/* Overwrites the method of CSeq where it is a token: it comes back as it was sent, and Sofia does not read each token there. */
static inline void blank_method(char *text)
{
	char *line = strstr(text, "\r\nCSeq: "), *method = line ? strpbrk(line + 8, " \t") : NULL;
	size_t n = method ? strcspn(method + 1, "\r") : 0;

	if (method && strncmp(method + 1, "REGISTER\r", 9) != 0 &&
		strspn(method + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~") == n)
		memset(method + 1, 'X', n);
}

/* NULL when a reply is as it should be: it ends where it ends, every line is one that the library writes, and Sofia finds no fault but in
 * display names and methods. Overwrites these. */
static inline const char *fault_of(const answer *a)
{
	if (!a->text)
		return NULL;
	if (strlen(a->text) != a->n)
		return "a NUL";
	if (a->n < 4 || strcmp(a->text + a->n - 4, "\r\n\r\n") != 0)
		return "no blank line at its end";
	const char *p = strstr(a->text, "\r\n") + 2;
	for (const char *end; (end = strstr(p, "\r\n")) && end > p; p = end + 2) {
		if (!known_header(p))
			return "a header that nobody asked for";
		for (const char *c = p; c < end; c++) {
			if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
				return "a control character";
		}
	}
	if (p != a->text + a->n - 2)
		return "a body";
	blank_names(a->text);
	blank_method(a->text);
	msg_t *msg = msg_make(sip_default_mclass(), 0, a->text, (ssize_t)a->n);
	sip_t *sip = msg ? sip_object(msg) : NULL;
	const char *fault = sip && sip->sip_error ? "a header Sofia cannot read" : NULL;
	if (!sip || !sip->sip_status || !sip->sip_via)
		fault = "nothing Sofia can read";
	msg_destroy(msg);
	return fault;
}

#endif
