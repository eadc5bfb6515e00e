/* SPDX-License-Identifier: MIT */
/*
 * Calls when memory runs out: each allocation on their way fails in turn, alone and with all after it. Nothing may crash or be left behind, and
 * a call with an error has no reply. An ordinary call makes no allocation beside those of the registrar.
 */
#include "../failing_malloc.h"
#include <rgstr/memory.h>
#include <rgstr/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4:5060;branch=z9hG4bKa;rport\r\n"
#define IDS "From: <sip:a@example.org>;tag=1\r\nTo: <sip:a@example.org>\r\nCall-ID: c1\r\n"

/* ---- calls ---- */

enum { ROOM = 4096, LONGEST = 200 };

static rg_registrar *reg;
static char many_lines[8192];

static const struct { const char *what, *text; uint32_t flags; } scenarios[] = {
	{ "a REGISTER", START IDS "CSeq: 1 REGISTER\r\nContact: <sip:a@1.2.3.4>\r\nContent-Length: 0\r\n\r\n", 0 },
	{ "folded lines", START IDS "CSeq: 2\r\n REGISTER\r\nContact:\r\n <sip:a@1.2.3.4>\r\nsock-hdr: udp:\r\n x\r\n\r\n", 0 },
	{ "more lines than usual", many_lines, 0 },
	{ "a refusal", START IDS "CSeq: 3 REGISTER\r\nContact: \"\r\n\r\n", 0 },
	{ "invalid framing", START IDS "CSeq:\r\n 3 REGISTER\r\nX: \x01\r\n\r\n", 0 },
	{ "another method", "OPTIONS sip:a@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n ;x\r\n" IDS "CSeq: 1 OPTIONS\r\n\r\n", 0 },
	{ "a redirection", "INVITE sip:a@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n ;x\r\n" IDS "CSeq: 1 INVITE\r\n\r\n", RG_WIRE_REDIRECT },
	{ "a lookup", "INVITE sip:a@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" IDS "CSeq: 1 INVITE\r\n\r\n", RG_WIRE_LOOKUP },
};

static rg_request host;
static int bad;

static void complain(const char *what, int nth, const char *text)
{
	bad++;
	fprintf(stderr, "%s, allocation %d: %s\n", what, nth, text);
}

static void on_answer(void *user, rg_wire_call *call)
{
	(void)call;
	++*(int *)user;
}

/* Returns the number of allocations. The last one failed when the result is below @p nth. */
static long try(size_t scenario, bool async, int nth, int run)
{
	static char reply[ROOM];
	rg_wire_call call;
	rg_op *op = NULL;
	int called = 0;

	rg_wire_call_init(&call, sizeof call);
	call.bytes = rg_str_from(scenarios[scenario].text);
	call.flags = scenarios[scenario].flags;
	call.host = &host;
	call.reply = reply;
	call.room = sizeof reply;
	made = 0;
	fail_at = nth;
	fail_run = run;
	long before = kept;
	counts = true;
	rg_status returned = async ? rg_wire_handle_async(reg, &call, on_answer, &called, NULL, &op, NULL) : rg_wire_handle(reg, &call, NULL);
	counts = false;
	const char *what = scenarios[scenario].what;
	bool good = call.status == RG_OK || call.status == RG_ESTORE;
	if (async && called != (returned == RG_OK))
		complain(what, nth, "the callback ran after an error, or not at all");
	if (!async && returned != call.status)
		complain(what, nth, "two statuses");
	if (!good && call.status != RG_ENOMEM)
		complain(what, nth, rg_strerror(call.status));
	if (!good && (call.n > 0 || call.code != 0 || call.targets))
		complain(what, nth, "an error with a result");
	if (call.n > 0 && (memcmp(reply, "SIP/2.0 ", 8) != 0 || memcmp(reply + call.n - 4, "\r\n\r\n", 4) != 0))
		complain(what, nth, "half a reply");
	rg_targets_free(call.targets);
	rg_op_free(op);
	/* What a save keeps is a record in place of another one. */
	if (nth > 0 && kept > before + 1)
		complain(what, nth, "something is left behind");
	return made;
}

static void run_scenario(size_t scenario)
{
	for (int async = 0; async < 2; async++) {
		for (int run = 1; run < 1000; run += 998) {
			int nth = 1;
			while (nth < LONGEST && try(scenario, async, nth, run) >= nth)
				nth++;
			if (nth == LONGEST)
				complain(scenarios[scenario].what, nth, "no end of allocations");
		}
	}
}

static void on_over(void *user)
{
	((int *)user)[1]++;
}

/* Two calls together, the second one folded. As try(). */
static long try_many(int nth, int run)
{
	static char replies[2][ROOM];
	rg_wire_call calls[2];
	int seen[2] = { 0, 0 }; /* callbacks, and releases of the user data */

	for (int i = 0; i < 2; i++) {
		rg_wire_call_init(&calls[i], sizeof calls[i]);
		calls[i].bytes = rg_str_from(scenarios[i].text);
		calls[i].host = &host;
		calls[i].reply = replies[i];
		calls[i].room = ROOM;
		calls[i].status = RG_EFORMAT; /* to be written */
	}
	made = 0;
	fail_at = nth;
	fail_run = run;
	long before = kept;
	counts = true;
	rg_status returned = rg_wire_handle_many_async(reg, calls, 2, on_answer, seen, on_over, NULL);
	counts = false;
	if (returned != RG_OK && returned != RG_ENOMEM)
		complain("two calls", nth, rg_strerror(returned));
	if (seen[0] != (returned == RG_OK ? 2 : 0) || seen[1] != (returned == RG_OK))
		complain("two calls", nth, "a callback is missing, or one too many");
	for (int i = 0; i < 2 && returned == RG_OK; i++) {
		if (calls[i].status == RG_EFORMAT || (calls[i].status != RG_OK && calls[i].status != RG_ESTORE && calls[i].n > 0))
			complain("two calls", nth, "a call without results, or an error with a result");
	}
	if (nth > 0 && kept > before + 1)
		complain("two calls", nth, "something is left behind");
	return made;
}

static void run_many(void)
{
	for (int run = 1; run < 1000; run += 998) {
		int nth = 1;
		while (nth < LONGEST && try_many(nth, run) >= nth)
			nth++;
		if (nth == LONGEST)
			complain("two calls", nth, "no end of allocations");
	}
}

/* The same REGISTER as data. */
static long allocations_of_save(void)
{
	const rg_str contact = RG_STR("<sip:a@1.2.3.4>");
	rg_response *response = NULL;
	rg_request r = host;

	r.method = RG_STR("REGISTER");
	r.request_uri = RG_STR("sip:example.org");
	r.from_header = RG_STR("<sip:a@example.org>;tag=1");
	r.to_header = RG_STR("<sip:a@example.org>");
	r.callid = RG_STR("c1");
	r.cseq = RG_STR("1 REGISTER");
	r.contacts = &contact;
	r.n_contacts = 1;
	r.via_count = 1;
	made = 0;
	fail_at = 0;
	counts = true;
	rg_save(reg, &r, NULL, &response, NULL);
	counts = false;
	rg_response_free(response);
	return made;
}

int main(void)
{
	rg_store *store = NULL;
	rg_config *config = NULL;
	char *p = many_lines + sprintf(many_lines, "%s", START IDS "CSeq: 4 REGISTER\r\nContact: <sip:a@1.2.3.4>\r\n");

	for (int i = 0; i < 100; i++)
		p += sprintf(p, "Supported: x%d\r\n", i);
	strcpy(p, "\r\n");
	rg_request_init(&host, sizeof host);
	if (rg_config_new(&config) != RG_OK || rg_config_set(config, RG_STR("sock_hdr_name"), RG_STR("Sock-Hdr"), NULL) != RG_OK ||
		rg_memory_store_new(NULL, &store, NULL) != RG_OK || rg_registrar_new(config, store, NULL, &reg, NULL) != RG_OK)
		return 1;
	rg_config_free(config);
	try(0, false, 0, 0); /* the tables of the store are there when the first allocation fails */
	for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
		run_scenario(i);
	run_many();
	try(0, false, 0, 0);
	long whole = try(0, false, 0, 0), save = allocations_of_save();
	if (whole != save)
		fprintf(stderr, "a call makes %ld allocations, and a save alone %ld\n", whole, save), bad++;
	rg_registrar_unref(reg);
	rg_store_unref(store);
	return bad > 0;
}
