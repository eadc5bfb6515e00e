/* SPDX-License-Identifier: MIT */
/* Class 2: CR, LF, NUL and their escapes in everything that can reach a response, an event or a store key. */
#include "adaptors.h"

static const struct { const char *p; size_t n; } payloads[] = {
#define P(text) { text, sizeof text - 1 },
	P("\r\nEvil: 1") P("\nEvil: 1") P("\rEvil: 1") P("\0Evil: 1") P("%0d%0aEvil:%201") P("%0D%0AEvil: 1") P("%00") P("\r\n Evil: 1")
	P("\r\n\tEvil: 1") P("\r\n\r\nEvil: 1") P("\013") P("\177") P("\\\r\nEvil: 1") P("\"\r\nEvil: 1\"") P("\033[2J") P("%0") P("%")
	P("\xc0\x8a" "Evil: 1") P("\xe2\x80\xa8" "Evil: 1")
#undef P
};

/* `@@` is where the payload goes. */
static const char *const places[] = {
	"REGISTER sip:example.com;x=@@ SIP/2.0\r\n", "Via: SIP/2.0/UDP h;branch=@@\r\n", "Via: SIP/2.0/UDP h@@;branch=b\r\n",
	"From: \"@@\" <sip:alice@example.com>;tag=1\r\n", "From: <sip:alice@example.com>;tag=@@\r\n", "To: \"@@\" <sip:alice@example.com>\r\n",
	"To: <sip:alice@@@example.com>\r\n", "To: <sip:@@alice@example.com>\r\n", "To: <sip:alice@example.com;x=@@>\r\n",
	"To: <sip:alice@example.com>;x=@@\r\n", "To: <sip:alice@@@>\r\n", "Call-ID: c@@\r\n", "CSeq: 1 REGISTER@@\r\n",
		"CSeq: 1@@ REGISTER\r\n",
	"Contact: <sip:alice@192.0.2.1;x=@@>\r\n", "Contact: <sip:@@@192.0.2.1>\r\n", "Contact: \"@@\" <sip:alice@192.0.2.1>\r\n",
	"Contact: <sip:alice@192.0.2.1>;x=\"@@\"\r\n", "Contact: <sip:alice@192.0.2.1>;x=@@\r\n",
	"Contact: <sip:alice@192.0.2.1>;+sip.instance=\"<@@>\"\r\n",
	"Contact: <sip:alice@192.0.2.1;pn-provider=@@>\r\n", "Contact: <sip:alice@192.0.2.1;pn-provider=apns;pn-prid=@@;pn-param=x>\r\n",
	"Contact: <sip:alice@192.0.2.1;pn-provider=acme;pn-prid=x;pn-param=@@>;+sip.pnsreg\r\n",
	"Contact: <sip:alice@192.0.2.1;pn-provider=apns;pn-prid=x;pn-param=y>;+sip.pnsreg=\"@@\"\r\n",
	"Contact: <x:@@>\r\n", "Contact: <sip:alice@192.0.2.1>;q=@@\r\n", "Contact: <sip:alice@192.0.2.1>;expires=@@\r\n", "Expires: 60@@\r\n",
	"Require: foo@@\r\n", "Supported: @@\r\n", "User-Agent: x@@\r\n", "Path: <sip:p;lr;x=@@>\r\n", "Feature-Caps: *;+sip.pns=\"@@\"\r\n",
	"Allow: @@\r\n", "X@@: 1\r\n", "Path: \"@@\" <sip:p;lr>\r\n", "Path: <sip:p;lr>;x=\"@@\"\r\n", "Path: <sip:@@@p;lr>\r\n",
	"Path: <sip:p;lr;received=sip:h;x=@@>\r\n", "Path: <sip:p;lr;received=sip:h%3Bx=@@>\r\n", "Path: <sip:p;lr;ob;received=@@>\r\n",
	"Sock-Info: udp:192.0.2.1:5060@@\r\n", "Sock-Info: @@\r\n", "Contact: <sip:alice@192.0.2.1>;reg-id=1;+sip.instance=\"<@@>\"\r\n",
	"Contact: <sip:alice@192.0.2.1>;+sip.instance=\"<a>\";reg-id=1@@\r\n", "Require: path@@\r\n", "Supported: path, outbound@@\r\n",
};

static const char *const others[] = {
	"REGISTER sip:example.com SIP/2.0\r\n", "Via: SIP/2.0/UDP h;branch=b\r\n", "From: <sip:alice@example.com>;tag=1\r\n",
	"To: <sip:alice@example.com>\r\n", "Call-ID: c\r\n", "CSeq: 1 REGISTER\r\n", "Contact: <sip:bob@192.0.2.2>\r\n",
};

static const char query[] = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=q\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
	"To: <sip:alice@example.com>\r\nCall-ID: q\r\nCSeq: 1 REGISTER\r\n\r\n";

/* A message whose line that begins as @p place does is replaced by it. */
static size_t build(char *to, const char *place, const char *payload, size_t n_payload)
{
	const char *hole = strstr(place, "@@");
	size_t n = 0, name = strcspn(place, ": "), before = (size_t)(hole - place);
	bool put = false;

	if (strncmp(hole, "@@@", 3) == 0 && strncmp(place, "To: <sip:alice@@@>", 18) == 0)
		before++, hole++;
	for (size_t i = 0; i < sizeof others / sizeof others[0] + 1; i++) {
		bool last = i == sizeof others / sizeof others[0];
		bool here = last ? !put : !put && strncmp(others[i], place, name) == 0;
		if (here) {
			memcpy(to + n, place, before), n += before;
			memcpy(to + n, payload, n_payload), n += n_payload;
			strcpy(to + n, hole + 2), n += strlen(hole + 2);
			put = true;
		} else if (!last) {
			strcpy(to + n, others[i]), n += strlen(others[i]);
		}
	}
	memcpy(to + n, "\r\n", 2);
	return n + 2;
}

static void no_control(rg_str s, const char *what)
{
	for (size_t i = 0; i < s.n; i++)
		cr_assert((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f, "%s has a control character: %.*s", what, (int)s.n, s.p);
}

static void watch(void *user, const rg_event *event)
{
	++*(unsigned *)user;
	no_control(event->aor, "the AoR of an event");
	no_control(event->key.user, "the user of a key");
	no_control(event->key.host, "the host of a key");
	no_control(event->callid, "the Call-ID of an event");
	if (event->after) {
		no_control(event->after->uri, "a stored URI");
		no_control(event->after->instance, "a stored instance");
		no_control(event->after->user_agent, "a stored User-Agent");
		no_control(event->after->received, "a stored received URI");
		no_control(event->after->socket, "a stored socket");
		no_control(event->after->next_hop, "a next hop");
	}
}

static void check_log(void *user, int32_t level, const rg_str *text)
{
	(void)user;
	(void)level;
	no_control(*text, "a log line");
}

static world watched(bool extended, unsigned *events, rg_subscription **subscription)
{
	const rg_env env = { .struct_size = sizeof env, .now = world_now, .log = check_log };
	rg_config *config = extended ? world_extended_config() : NULL;
	world w = extended ? world_extended() : world_new();

	rg_registrar_unref(w.registrar);
	cr_assert_eq(rg_registrar_new(config, w.store, &env, &w.registrar, NULL), RG_OK);
	rg_config_free(config);
	cr_assert_eq(rg_registrar_subscribe(w.registrar, RG_EVENT_ALL, watch, events, NULL, subscription, NULL), RG_OK);
	return w;
}

static void inject(const adaptor *by, bool extended)
{
	rg_subscription *subscription = NULL;
	unsigned events = 0;
	char bytes[2048];

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		for (size_t k = 0; k < sizeof payloads / sizeof payloads[0]; k++) {
			world w = watched(extended, &events, &subscription);
			w.handle = by->handle;
			size_t n = build(bytes, places[i], payloads[k].p, payloads[k].n);
			answer a = world_send(&w, bytes, n);
			const char *fault = fault_of(&a);
			cr_expect_null(fault, "payload %zu in %s: %s in %s", k, places[i], fault, a.text);
			cr_expect(a.status == RG_OK || a.status == RG_EINVAL, "payload %zu in %s: %s", k, places[i], rg_strerror(a.status));
			if (a.text)
				cr_expect_null(strstr(a.text, "\nEvil"), "payload %zu in %s: %s", k, places[i], a.text);
			answer_free(&a);
			/* What was stored has to come out as soundly in another's reply. */
			a = world_send(&w, query, sizeof query - 1);
			fault = fault_of(&a);
			cr_expect_null(fault, "payload %zu in %s, asked for: %s in %s", k, places[i], fault, a.text);
			cr_expect_eq(a.code, 200);
			answer_free(&a);
			rg_subscription_free(subscription);
			world_end(&w);
		}
	}
	cr_expect_gt(events, 0);
}

Test(injection, nothing_in_a_message_writes_a_header_of_the_reply)
{
	for (size_t i = 0; i < n_adaptors; i++) {
		inject(&adaptors[i], false);
		inject(&adaptors[i], true);
	}
}

static void inject_by_host(const adaptor *by)
{
	static const char message[] = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=b\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:bob@192.0.2.2>\r\n\r\n";

	for (size_t k = 0; k < sizeof payloads / sizeof payloads[0]; k++) {
		for (int field = 0; field < 6; field++) {
			world w = world_new_with("received_param", "rcv");
			w.handle = by->handle;
			char text[64] = "sip:192.0.2.1;x=";
			memcpy(text + 16, payloads[k].p, payloads[k].n);
			rg_str value = { text, 16 + payloads[k].n };
			rg_str *const fields[] = { &w.source.received, &w.source.attr, &w.source.flow, &w.source.socket, &w.source.aor,
				&w.source.ownership_tag };
			*fields[field] = value;
			answer a = world_send(&w, message, sizeof message - 1);
			const char *fault = fault_of(&a);
			cr_expect_null(fault, "payload %zu in field %d: %s in %s", k, field, fault, a.text);
			answer_free(&a);
			world_end(&w);
		}
	}
}

Test(injection, nothing_the_host_says_writes_a_header_of_the_reply)
{
	for (size_t i = 0; i < n_adaptors; i++)
		inject_by_host(&adaptors[i]);
}
