/* SPDX-License-Identifier: MIT */
/*
 * The adaptor when memory runs out: each allocation on the way of a message fails in turn, alone and with the one or the three after it,
 * those of Sofia-SIP and of glibc included. Nothing may crash, print or be left behind, and a message of which a part got lost is not taken
 * for a whole one. Each run is a process.
 *
 * usage: shortage [SCENARIO NTH RUN]  tries this one, in this process.
 */
#include "../failing_malloc.h"
#include <rgstr/memory.h>
#include <rgstr/sofia.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VIA "Via: SIP/2.0/UDP 1.2.3.4:5060;branch=z9hG4bKa;rport\r\n"
#define IDS "From: <sip:a@example.org>;tag=1\r\nTo: <sip:a@example.org>\r\nCall-ID: c1\r\n"
#define INSTANCE ";+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-00000000000a>\";reg-id=1"

static const char whole[] = "REGISTER sip:example.org SIP/2.0\r\n" VIA "Max-Forwards: 70\r\n" IDS "CSeq: 1 REGISTER\r\n"
	"Contact: \"a, b\" <sip:a@1.2.3.4:5060>;expires=60, <sip:b@1.2.3.5>\r\n , <sip:c@1.2.3.6>\r\nSupported: path, outbound\r\n"
	"Path: <sip:p@10.0.0.1;lr>\r\nUser-Agent: x\r\nAllow: INVITE, ACK\r\nX-Sock: udp:10.0.0.9:5060\r\nContent-Length: 3\r\n\r\nabc";
static const char flow[] = "REGISTER sip:example.org SIP/2.0\r\n" VIA IDS "CSeq: 2 REGISTER\r\nContact: <sip:f@1.2.3.4>" INSTANCE "\r\n"
	"Supported: path, outbound\r\nContent-Length: 0\r\n\r\n";
static const char broken[] = "REGISTER sip:example.org SIP/2.0\r\n" VIA "From: <sip:a@example.org>;tag=1\r\nCall-ID: c1\r\n"
	"CSeq: 3 REGISTER\r\nContact: <sip:\r\n\r\n";
static const char options[] = "OPTIONS sip:example.org SIP/2.0\r\n" VIA IDS "CSeq: 3 OPTIONS\r\n\r\n";
static const char invite[] = "INVITE sip:a@example.org SIP/2.0\r\n" VIA "Route: <sip:r@1.1.1.1;lr>\r\n" IDS "CSeq: 1 INVITE\r\n"
	"Content-Length: 0\r\n\r\n";
static const char granted[] = "SIP/2.0 200 OK\r\n" VIA IDS "CSeq: 2 REGISTER\r\nContact: <sip:f@1.2.3.4>;expires=500" INSTANCE "\r\n"
	"Content-Length: 0\r\n\r\n";

/* ---- ways of a message ---- */

static rg_registrar *reg;
static rg_save_options *saving;
static rg_lookup_options *looking;

/* Of memory that does not run out: what a host receives is there. */
static msg_t *received(const char *text)
{
	bool was = counts;

	counts = false;
	msg_t *msg = msg_make(sip_default_mclass(), MSG_FLG_EXTRACT_COPY, text, (ssize_t)strlen(text));
	counts = was;
	return msg;
}

static rg_status get_var(void *user, const rg_str *name, rg_str *value)
{
	(void)user;
	(void)name;
	*value = RG_STR("sip:9.9.9.9:5060");
	return RG_OK;
}

static rg_status set_var(void *user, const rg_str *name, uint32_t index, const rg_str *value)
{
	(void)user;
	(void)name;
	(void)index;
	(void)value;
	return RG_OK;
}

static void lend(rg_sofia_message *m, const char *text)
{
	rg_sofia_message_init(m, sizeof *m);
	m->msg = received(text);
	m->get_var = get_var;
	m->set_var = set_var;
}

static bool is_out(rg_status st)
{
	return st == RG_ENOMEM || st == RG_ESTORE;
}

/* The reply is a 200 of all Contacts, or there is none. @p contacts -1: the reply is none with Contacts. */
static bool handles(const char *text, int contacts)
{
	rg_sofia_source source;
	uint8_t *reply = NULL;
	size_t n = 0;

	rg_sofia_source_init(&source, sizeof source);
	source.received = RG_STR("sip:5.5.5.5:1");
	rg_status st = rg_sofia_handle(reg, rg_str_from(text), &source, saving, &reply, &n, NULL);
	int found = 0;
	for (const uint8_t *at = reply, *end = reply + n; reply && (at = memmem(at, (size_t)(end - at), "Contact:", 8)) != NULL; at++)
		found++;
	bool fine = st != RG_OK ? is_out(st) : contacts < 0 || (n > 11 && memcmp(reply, "SIP/2.0 200", 11) == 0 && found == contacts);
	rg_mem_free(reply);
	return fine;
}

static bool handles_whole(void)
{
	return handles(whole, 3);
}

static bool handles_flow(void)
{
	return handles(flow, 4); /* and those of the other one */
}

static bool handles_broken(void)
{
	return handles(broken, -1);
}

static bool handles_options(void)
{
	return handles(options, -1);
}

static bool parses(void)
{
	rg_request *request = NULL;
	rg_status st = rg_sofia_request_parse(rg_str_from(whole), &request, NULL);
	bool fine = st == RG_OK ? request->defect == RG_R_FINE && request->n_contacts == 1 && request->n_paths == 1 : st == RG_ENOMEM;

	rg_request_free(request);
	return fine;
}

static bool parses_broken(void)
{
	rg_request *request = NULL;
	rg_status st = rg_sofia_request_parse(rg_str_from(broken), &request, NULL);
	bool fine = st == RG_OK ? request->defect != RG_R_FINE : st == RG_ENOMEM;

	rg_request_free(request);
	return fine;
}

static bool saves(void)
{
	rg_sofia_message m;
	rg_msg msg = { rg_sofia_msg_ops(), NULL, &m };
	rg_response *response = NULL;

	lend(&m, whole);
	rg_status st = rg_save_msg(reg, &msg, saving, &response, NULL);
	bool fine = st == RG_OK ? m.reply != NULL : true;
	rg_response_free(response);
	msg_destroy(m.reply);
	msg_destroy(m.msg);
	return fine;
}

static bool routes(void)
{
	rg_str branch = RG_STR("sip:z@elsewhere");
	rg_sofia_message m;
	rg_msg msg = { rg_sofia_msg_ops(), NULL, &m };
	rg_targets *targets = NULL;
	rg_answer *answer = NULL;

	lend(&m, invite);
	m.branches = &branch;
	m.n_branches = 1;
	rg_status st = rg_lookup_msg(reg, &msg, looking, &targets, NULL);
	bool fine = st != RG_OK || m.routed < 0 || rg_sofia_message_target_count(&m) == rg_targets_count(targets);
	rg_targets_free(targets);
	rg_add_socket_header(reg, &msg, RG_STR("X-Sock"), NULL);
	rg_is_registered_msg(reg, &msg, RG_STR("sip:a@example.org"), &answer, NULL);
	rg_answer_free(answer);
	msg_destroy(m.msg);
	return fine;
}

static bool caches(void)
{
	rg_sofia_message request, reply;
	rg_msg asked = { rg_sofia_msg_ops(), NULL, &request }, answered = { rg_sofia_msg_ops(), NULL, &reply };
	rg_response *response = NULL;

	lend(&request, flow);
	lend(&reply, granted);
	rg_status st = rg_save_reply_msg(reg, &asked, &answered, saving, &response, NULL);
	bool fine = (response != NULL) == (st == RG_OK) || st == RG_ESTORE;
	rg_response_free(response);
	msg_destroy(request.msg);
	msg_destroy(reply.msg);
	return fine;
}

static const struct {
	const char *what;
	bool (*run)(void);
} scenarios[] = {
	{ "a REGISTER in bytes", handles_whole }, { "a flow in bytes", handles_flow }, { "a malformed REGISTER in bytes", handles_broken },
	{ "OPTIONS in bytes", handles_options }, { "a request parsed", parses }, { "a malformed request parsed", parses_broken },
	{ "a REGISTER saved", saves }, { "an INVITE routed", routes }, { "a grant cached", caches },
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios, SECONDS = 20 };

static bool run_short(int scenario, int nth, int run)
{
	made = 0;
	fail_at = nth;
	fail_run = run;
	counts = true;
	bool fine = scenarios[scenario].run();
	counts = false;
	return fine;
}

/* What the store keeps of the first run it keeps of the second one, too. @return how the process is to exit. */
static int attempt(int scenario, int nth, int run)
{
	bool fine = run_short(scenario, nth, run);
	long before = kept;

	fine &= run_short(scenario, nth, run);
	return !fine ? 3 : kept > before ? 4 : 0;
}

static int in_process(int scenario, int nth, int run)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		alarm(SECONDS);
		_exit(attempt(scenario, nth, run));
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static int try_all(int scenario)
{
	int faults = 0;

	scenarios[scenario].run();
	bool fine = run_short(scenario, 0, 0);
	long n = made;
	if (!fine || n == 0)
		return printf("%s: fails without a shortage\n", scenarios[scenario].what) > 0;
	for (int nth = 1; nth <= n; nth++) {
		for (int run = 1; run <= 4; run *= 2) {
			int status = in_process(scenario, nth, run);

			if (status == 0)
				continue;
			faults++;
			printf("%s: allocation %d of %ld and %d after it: %s %d\n", scenarios[scenario].what, nth, n, run - 1,
				!WIFEXITED(status) ? "signal" : WEXITSTATUS(status) == 4 ? "a leak, exit" : "wrong, exit",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		}
	}
	return faults;
}

static bool set_up(rg_store **store)
{
	static const char *const set[][2] = { { "outbound_mode", "on" }, { "received_avp", "$avp(rcv)" }, { "attr_avp", "$avp(at)" },
		{ "mcontact_avp", "$avp(mc)" }, { "service_route", "<sip:s@x;lr>" }, { "sock_hdr_name", "X-Sock" } };
	rg_config *config;
	bool fine = rg_config_new(&config) == RG_OK;

	for (size_t i = 0; fine && i < sizeof set / sizeof *set; i++)
		fine = rg_config_set(config, rg_str_from(set[i][0]), rg_str_from(set[i][1]), NULL) == RG_OK;
	fine = fine && rg_memory_store_new(NULL, store, NULL) == RG_OK && rg_registrar_new(config, *store, NULL, &reg, NULL) == RG_OK;
	rg_config_free(config);
	return fine && rg_save_options_new(RG_STR("path-lazy"), &saving, NULL) == RG_OK &&
		rg_lookup_options_new(RG_STR("branch, sort-by-latency"), &looking, NULL) == RG_OK;
}

int main(int argc, char **argv)
{
	rg_store *store;
	int faults = 0;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (!set_up(&store))
		return 2;
	if (argc > 3)
		return attempt(atoi(argv[1]), atoi(argv[2]), atoi(argv[3]));
	for (int i = 0; i < SCENARIOS; i++)
		faults += try_all(i);
	rg_save_options_unref(saving);
	rg_lookup_options_unref(looking);
	rg_registrar_unref(reg);
	rg_store_unref(store);
	printf("%d faults\n", faults);
	return faults > 0;
}
