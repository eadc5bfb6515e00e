/* SPDX-License-Identifier: MIT */
/* Repeats one operation, so that callgrind can count its instructions: instructions WAY OPERATION COUNT. The script of this name runs it, and
 * counts what happens within measured() alone: all texts are made before.
 * WAY is a store of the library (`memory`, `overlay`, `push`, which is memory with push on, or `waiting`: ten thousand lookups of other
 * phones wait for them to wake, too), a library that answers bytes over the memory store (`sofia`, `wire`), or `pure`, whose operations merge and select are
 * the decisions of refresh and lookup alone, with a config. The exit status is 2 when such a library is not built. `instructions tools` prints
 * what the counts depend on. */
#include "bytes.h"
#include "phones.h"
#include <gnu/libc-version.h>
#include <rgstr/memory.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PHONES = 100, WAITS = 10000, TEXT = 24, DATAGRAM = 1024, FIRST_CSEQ = 100000 };

#ifdef __clang__
static const char compiler[] = "clang";
#else
static const char compiler[] = "gcc";
#endif

typedef struct series {
	rg_registrar *reg;
	bytes_way way;
	rg_config *config;
	rg_record *record; /* of merge and select */
	phone *phones;
	uint32_t n_phones, n;
	char (*cseqs)[TEXT];         /* one an operation */
	char (*datagrams)[DATAGRAM]; /* the same; NULL = no bytes */
	rg_str *bytes;
} series;

/* Operation @p i. @return whether it ended as it should. */
typedef bool (*operation)(series *s, uint32_t i);

static rg_time now(void *user)
{
	(void)user;
	return 1700000000000;
}

static rg_status open_store(const char *name, rg_store **out)
{
	rg_store *main = NULL, *local = NULL;
	rg_status st = rg_memory_store_new(NULL, &main, NULL);

	if (st != RG_OK || strcmp(name, "overlay") != 0) {
		*out = main;
		return st;
	}
	st = rg_memory_store_new(NULL, &local, NULL);
	if (st == RG_OK)
		st = rg_store_overlay(main, local, out, NULL);
	rg_store_unref(main);
	rg_store_unref(local);
	return st;
}

static bool is_saved(rg_registrar *reg, const rg_request *request)
{
	rg_response *response = NULL;

	rg_save(reg, request, NULL, &response, NULL);
	uint32_t code = rg_response_code(response);
	rg_response_free(response);
	return code == 200;
}

static bool save(series *s, uint32_t i)
{
	phone *p = &s->phones[i % s->n_phones];

	p->save.cseq.p = s->cseqs[i];
	return is_saved(s->reg, &p->save);
}

static bool look_up(series *s, uint32_t i)
{
	rg_targets *targets = NULL;

	rg_lookup(s->reg, &s->phones[i % s->n_phones].lookup, NULL, &targets, NULL);
	uint32_t n = rg_targets_count(targets);
	rg_targets_free(targets);
	return n == 1;
}

static bool answer_register(series *s, uint32_t i)
{
	return s->way(s->reg, s->bytes[i]) == 200;
}

static bool answer_invite(series *s, uint32_t i)
{
	return s->way(s->reg, s->bytes[i]) == 302;
}

/* The refresh of the record, which becomes the next record. */
static bool merge(series *s, uint32_t i)
{
	static const uint8_t seed[32] = { 1 };
	rg_record *next = NULL;
	rg_plan *plan = NULL;

	s->phones[0].save.cseq.p = s->cseqs[i];
	rg_merge(s->record, &s->phones[0].save, s->config, NULL, now(NULL), seed, &plan, NULL);
	uint32_t code = rg_response_code(rg_plan_response(plan));
	rg_plan_apply(plan, s->record, &next, NULL);
	rg_record_unref(s->record);
	s->record = next;
	rg_plan_free(plan);
	return code == 200;
}

static bool choose(series *s, uint32_t i)
{
	rg_targets *targets = NULL;

	(void)i;
	rg_select(s->record, &s->phones[0].lookup, s->config, NULL, now(NULL), &targets, NULL);
	uint32_t n = rg_targets_count(targets);
	rg_targets_free(targets);
	return n == 1;
}

static void came_back(void *user, rg_targets *targets)
{
	(void)user;
	rg_targets_free(targets);
}

static void wait_over(void *user, rg_status status)
{
	(void)user;
	(void)status;
}

/* A sleeping phone that no other operation touches. */
static int wait_for_phone(rg_registrar *reg, uint32_t i)
{
	char aor[64], contact[128];
	rg_str line = { contact, (size_t)snprintf(contact, sizeof contact, "<sip:p@192.0.2.1;pn-provider=acme;pn-prid=t%u>", i) };
	rg_response *response = NULL;
	rg_targets *targets = NULL;
	rg_request request;

	snprintf(aor, sizeof aor, "sip:asleep-%u@example.org", i);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(aor);
	request.callid = RG_STR("call-id");
	request.cseq = RG_STR("1 REGISTER");
	request.contacts = &line;
	request.n_contacts = 1;
	rg_save(reg, &request, NULL, &response, NULL);
	rg_response_free(response);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(aor);
	rg_lookup(reg, &request, NULL, &targets, NULL);
	rg_status st = rg_targets_wait(targets, came_back, wait_over, NULL, NULL, NULL, NULL);
	rg_targets_free(targets);
	return st == RG_PENDING;
}

static int turn_push_on(rg_registrar *reg, uint32_t waits)
{
	rg_config *config;
	int good = rg_config_new(&config) == RG_OK;

	rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL);
	rg_config_set(config, RG_STR("pn_providers"), RG_STR("acme"), NULL);
	rg_config_set(config, RG_STR("pn_ct_match_params"), RG_STR("pn-provider,pn-prid"), NULL);
	good = good && rg_registrar_configure(reg, config, NULL) == RG_OK;
	for (uint32_t i = 0; i < waits && good; i++)
		good = wait_for_phone(reg, i);
	rg_config_free(config);
	return good;
}

static const struct {
	const char *name;
	operation run, run_bytes;
	bool fresh;        /* a phone an operation */
	bool known;        /* it is registered before */
	uint32_t expires;
} operations[] = {
	{ "new", save, answer_register, true, false, PHONE_EXPIRES_DEFAULT },
	{ "refresh", save, answer_register, false, true, PHONE_EXPIRES_DEFAULT },
	{ "removal", save, answer_register, true, true, 0 },
	{ "lookup", look_up, NULL, false, true, PHONE_EXPIRES_DEFAULT },
	{ "redirect", NULL, answer_invite, false, true, PHONE_EXPIRES_DEFAULT },
	{ "merge", merge, NULL, false, false, PHONE_EXPIRES_DEFAULT },
	{ "select", choose, NULL, false, false, PHONE_EXPIRES_DEFAULT },
};

/* Registers the phones that the operations expect, then makes the texts of the operations. @return whether there is memory for them. */
static bool prepare(series *s, bool fresh, bool known, uint32_t expires, bool redirect)
{
	s->n_phones = fresh ? s->n : PHONES;
	s->phones = calloc(s->n_phones, sizeof *s->phones);
	s->cseqs = calloc(s->n, sizeof *s->cseqs);
	s->bytes = calloc(s->n, sizeof *s->bytes);
	s->datagrams = s->way ? calloc(s->n, sizeof *s->datagrams) : NULL;
	bool good = s->phones && s->cseqs && s->bytes && (s->datagrams || !s->way);

	for (uint32_t i = 0; good && i < s->n_phones; i++) {
		phone_make(&s->phones[i], i, 1, PHONE_EXPIRES_DEFAULT, 0);
		good = !known || is_saved(s->reg, &s->phones[i].save);
	}
	for (uint32_t i = 0; good && i < s->n; i++) {
		phone *p = &s->phones[i % s->n_phones];
		size_t n = (size_t)snprintf(s->cseqs[i], TEXT, "%u REGISTER", FIRST_CSEQ + i);

		phone_make(p, i % s->n_phones, FIRST_CSEQ + i, expires, 0);
		p->save.cseq.n = n;
		if (s->way)
			n = redirect ? phone_invite(p, i % s->n_phones, i, s->datagrams[i], DATAGRAM) :
				phone_wire(p, i % s->n_phones, FIRST_CSEQ + i, s->datagrams[i], DATAGRAM);
		s->bytes[i] = (rg_str){ s->way ? s->datagrams[i] : s->cseqs[i], n };
	}
	return good;
}

static void release(series *s)
{
	rg_record_unref(s->record);
	rg_config_free(s->config);
	rg_registrar_unref(s->reg);
	free(s->phones);
	free(s->cseqs);
	free(s->datagrams);
	free(s->bytes);
}

/* What callgrind counts. */
__attribute__((noinline)) static bool measured(series *s, operation run)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (!run(s, i))
			return false;
	return true;
}

static bool repeat(series *s, const char *name)
{
	for (size_t k = 0; k < sizeof operations / sizeof *operations; k++) {
		operation run = s->way ? operations[k].run_bytes : operations[k].run;

		if (strcmp(name, operations[k].name) != 0 || !run)
			continue;
		if (!prepare(s, operations[k].fresh, operations[k].known, operations[k].expires, run == answer_invite))
			return false;
		if (run == choose && !merge(s, 0)) /* the record that it chooses from */
			return false;
		return measured(s, run);
	}
	return false;
}

int main(int argc, char **argv)
{
	rg_env env = { .struct_size = sizeof env, .now = now };
	rg_store *store = NULL;

	if (argc == 2 && strcmp(argv[1], "tools") == 0)
		return printf("%s %s, glibc %s\n", compiler, __VERSION__, gnu_get_libc_version()) < 0;
	if (argc != 4)
		return 1;
	series s = { .way = bytes_way_of(argv[1]), .n = (uint32_t)atoi(argv[3]) };
	bool waiting = strcmp(argv[1], "waiting") == 0;
	bool good = rg_config_new(&s.config) == RG_OK && open_store(argv[1], &store) == RG_OK &&
		rg_registrar_new(NULL, store, &env, &s.reg, NULL) == RG_OK;

	rg_store_unref(store);
	if (good && (waiting || strcmp(argv[1], "push") == 0))
		good = turn_push_on(s.reg, waiting ? WAITS : 0);
	if (good && !s.way && (strcmp(argv[1], "sofia") == 0 || strcmp(argv[1], "wire") == 0))
		return 2;
	good = good && repeat(&s, argv[2]);
	release(&s);
	return good ? 0 : 1;
}
