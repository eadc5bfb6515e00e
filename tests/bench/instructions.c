/* SPDX-License-Identifier: MIT */
/* Repeats one operation, so that callgrind can count its instructions: instructions OPERATION STORE COUNT. The script of this name runs it.
 * merge and select are the decisions of refresh and lookup alone, with a config: of the store they use nothing. The store `push` is memory with
 * push on; with `waiting`, ten thousand lookups of other phones wait for them to wake, too. */
#include "phones.h"
#include <rgstr/memory.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PHONES = 100, WAITS = 10000 };

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

static int refresh(rg_registrar *reg, phone *p, uint32_t cseq)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%u REGISTER", cseq);
	rg_response *response = NULL;

	p->save.cseq = (rg_str){ text, (size_t)n };
	rg_save(reg, &p->save, NULL, &response, NULL);
	int code = rg_response_code(response);
	rg_response_free(response);
	return code == 200;
}

static int look_up(rg_registrar *reg, phone *p)
{
	rg_targets *targets = NULL;

	rg_lookup(reg, &p->lookup, NULL, &targets, NULL);
	uint32_t n = rg_targets_count(targets);
	rg_targets_free(targets);
	return n == 1;
}

/* The refresh of @p record, which becomes the next record. */
static int merge(rg_record **record, const rg_config *config, phone *p, uint32_t cseq)
{
	static const uint8_t seed[32] = { 1 };
	char text[32];
	int n = snprintf(text, sizeof text, "%u REGISTER", cseq);
	rg_record *next = NULL;
	rg_plan *plan = NULL;

	p->save.cseq = (rg_str){ text, (size_t)n };
	rg_merge(*record, &p->save, config, NULL, now(NULL), seed, &plan, NULL);
	int code = rg_response_code(rg_plan_response(plan));
	rg_plan_apply(plan, *record, &next, NULL);
	rg_record_unref(*record);
	*record = next;
	rg_plan_free(plan);
	return code == 200;
}

static int choose(const rg_record *record, const rg_config *config, phone *p)
{
	rg_targets *targets = NULL;

	rg_select(record, &p->lookup, config, NULL, now(NULL), &targets, NULL);
	uint32_t n = rg_targets_count(targets);
	rg_targets_free(targets);
	return n == 1;
}

static int decide(const char *operation, phone *p, uint32_t times)
{
	rg_record *record = NULL;
	rg_config *config = NULL;
	int good = rg_config_new(&config) == RG_OK && merge(&record, config, p, 1);

	for (uint32_t i = 0; i < times && good; i++)
		good = strcmp(operation, "merge") == 0 ? merge(&record, config, p, 100000 + i) : choose(record, config, p);
	rg_record_unref(record);
	rg_config_free(config);
	return good;
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

int main(int argc, char **argv)
{
	static phone phones[PHONES];
	rg_env env = { .struct_size = sizeof env, .now = now };
	rg_store *store = NULL;
	rg_registrar *reg = NULL;

	if (argc != 4 || open_store(argv[2], &store) != RG_OK || rg_registrar_new(NULL, store, &env, &reg, NULL) != RG_OK)
		return 1;
	rg_store_unref(store);
	for (uint32_t i = 0; i < PHONES; i++) {
		phone_make(&phones[i], i, 1, 3600, 0);
		if (!refresh(reg, &phones[i], 1))
			return 1;
	}
	bool waiting = strcmp(argv[2], "waiting") == 0;

	if ((waiting || strcmp(argv[2], "push") == 0) && !turn_push_on(reg, waiting ? WAITS : 0))
		return 1;
	bool pure = strcmp(argv[1], "merge") == 0 || strcmp(argv[1], "select") == 0;

	if (pure && !decide(argv[1], &phones[0], (uint32_t)atoi(argv[3])))
		return 1;
	for (uint32_t i = 0; i < (uint32_t)atoi(argv[3]) && !pure; i++) {
		phone *p = &phones[i % PHONES];

		if (strcmp(argv[1], "lookup") == 0 ? !look_up(reg, p) : !refresh(reg, p, 100000 + i))
			return 1;
	}
	rg_registrar_unref(reg);
	return 0;
}
