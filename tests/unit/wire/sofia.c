/* SPDX-License-Identifier: MIT */
/* Beside the Sofia-SIP adaptor: messages with one octet changed, cut out or put in, and with other lines, get the same status. */
#include "kit.h"
#include <rgstr/sofia.h>

static const char *const texts[] = {
	"REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bK-1a2b;rport\r\nMax-Forwards: 70\r\n"
	"Contact: <sip:alice@192.168.1.20:5060>;q=0.5\r\nTo: \"Alice\" <sip:alice@example.org>\r\nFrom: sip:alice@example.org;tag=4f5e6d7c\r\n"
	"Call-ID: 84710Y@host\r\nCSeq: 1 REGISTER\r\nExpires: 3600\r\nAllow: INVITE, ACK\r\nContent-Length: 3\r\n\r\nabc",
	"REGISTER sip:example.org SIP/2.0\r\nv : SIP / 2.0 / TCP [2001:db8::1]:5061 ; branch=z9hG4bKx;received=1.2.3.4 ,SIP/2.0/UDP a.b;lr\r\n"
	"VIA:SIP/2.0/UDP c;rport=17\r\nm:<sip:a@b>,\r\n <sip:c@d>\r\nt:<sip:bob@example.org>;tag=q\r\nf:\"B \\\" <x>\" <sip:bob@example.org>\r\n"
	" ;tag=1\r\ni:x\r\nCSEQ:7   REGISTER\r\nk: path,\toutbound\r\nl:0\r\nPath: <sip:p.example.org;lr>\r\n\r\n",
	ASK("OPTIONS", "sip:alice@example.org") "\r\n",
};

typedef struct both {
	world wire, sofia;
	rg_sofia_source source;
} both;

static both both_new(void)
{
	both b = { world_new(), world_new(), { 0 } };

	rg_sofia_source_init(&b.source, sizeof b.source);
	b.source.source = b.wire.host.source;
	b.source.transport = b.wire.host.transport;
	return b;
}

static void both_end(both *b)
{
	world_end(&b->wire);
	world_end(&b->sofia);
}

/* Sofia takes a '$' for an octet of a token (RFC 3261 §25.1), so it reads a few names and versions that are none. */
static bool is_explained(const char *text, size_t n)
{
	return memchr(text, '$', n) != NULL;
}

static void compare(both *b, const char *text, size_t n)
{
	uint8_t *reply = NULL;
	size_t size = 0;
	rg_status status = rg_sofia_handle(b->sofia.registrar, (rg_str){ text, n }, &b->source, NULL, &reply, &size, NULL);
	answer a = send_room(&b->wire, text, n, 8000);
	int32_t code = size > 12 ? atoi((const char *)reply + 8) : 0;

	if (!is_explained(text, n))
		cr_expect(a.status == status && a.code == code, "status %d and code %d, of Sofia %d and %d:\n%.*s", a.status, a.code, status, code, (int)n, text);
	cr_expect_null(fault_of(a.text), "%s:\n%.*s", fault_of(a.text), (int)n, text);
	rg_mem_free(reply);
}

Test(wire_sofia, gives_each_changed_octet_the_same_status)
{
	static const char with[] = "\0\r\n\t :;,\"<@x";
	both b = both_new();
	char text[1024];

	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
		const size_t n = strlen(texts[t]);
		for (size_t i = 0; i < n; i++) {
			memcpy(text, texts[t], n);
			for (int bit = 1; bit < 256; bit <<= 1) {
				text[i] = (char)(texts[t][i] ^ bit);
				compare(&b, text, n);
			}
			for (size_t k = 0; k < sizeof with - 1; k++) {
				text[i] = with[k];
				compare(&b, text, n);
			}
		}
	}
	both_end(&b);
}

Test(wire_sofia, gives_each_cut_and_each_fold_the_same_status)
{
	both b = both_new();
	char text[1024];

	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
		const size_t n = strlen(texts[t]);
		for (size_t i = 0; i < n; i++) {
			compare(&b, texts[t], i);
			memcpy(text, texts[t], i);
			memcpy(text + i, texts[t] + i + 1, n - i - 1);
			compare(&b, text, n - 1);
			memcpy(text + i, "\r\n ", 3);
			memcpy(text + i + 3, texts[t] + i, n - i);
			compare(&b, text, n + 3);
		}
	}
	both_end(&b);
}

static const char *const lines[] = {
	"Via: ", "Via: x", "Via: SIP/2.0/UDP", "Via: SIP/2.0/UDP a:0", "Via: SIP/2.0/UDP a:65536", "Via: SIP/2.0/UDP a:5x", "Via: SIP/2.0/UDP a;;b",
	"Via: SIP/2.0/UDP a;b;", "Via: SIP/2.0/UDP a (c)", "Via: SIP/2.0/UDP a;b=", "Via: SIP/2.0/UDP a;b=\"c", "Via: SIP/2.0/UDP a;b=\"c,d\", SIP/2.0/UDP x",
	"Via: ,SIP/2.0/UDP a,,", "Via: SIP/2.0/UDP [::1]", "Via: SIP/2.0/UDP [x]", "Via: SIP/2.0/UDP a b", "Via: SIP/2.0/UDP a_b;x=[::1]:4",
	"Via: SIP/2.0/UDP a;x=a@b", "Via: SIP/2.0/UDP a;x=<b>", "Via: SIP/2.0/UDP a;x y", "Via: FOO/1/BAR a", "Via: SIP/2.0/UDP/x a",
	"From: <sip:a@b>", "To: <sip:a@b>", "Call-ID: y", "CSeq: 1 REGISTER", "CSeq: x", "Content-Length: 3", "Content-Length: x", "Content-Length: ",
	"l: 1", "Content-Length: 00003", "Content-Length: 99999999999999999999999999", "Content-Length: 3, 3", "Content-Length: +3", "Content-Length: 3;x",
	"Expires: 1", "Expires: x", "Expires: ", "User-Agent: a\r\nUser-Agent: b", "User-Agent: \"", "Supported: ,,", "Supported: @", "Require: @",
	"Require: foo", "Require:", "Path: x", "Path: <sip:a;lr>", "Path: <sip:a", "Path: ", "Path: <sip:a>, <sip:b>;x", "Route: x", "Allow: @", "Contact: *",
	"Contact: x", "Contact: ", "Contact: <sip:x@y>;expires=a", "Contact: a b c <sip:x@y>", "Contact: \"a <sip:x@y>", "Max-Forwards: x",
	"Max-Forwards: 1\r\nMax-Forwards: 2", "Date: x", "Content-Type: x", "Subject: x\r\nSubject: y", "Timestamp: x", "Min-Expires: x",
	"Session-Expires: x", "Authorization: x", "Event: x\r\nEvent: y", "MIME-Version: x", "Warning: x", "Proxy-Require: @", "RSeq: x", "RAck: x",
	"Refer-To: x", "Accept: x", "Content-Disposition: @", "P-Asserted-Identity: @", "Reason: @", "Record-Route: x", "Feature-Caps: @", "x", ": x",
	"x y: z", "x : y", "x\r\n : y", "X: \r\n y", "From : <sip:q@r>", "To\r\n : <sip:a@b>", "@: x", "x@y: z", "a:\x01", "a:\x7f", "a:\xff", "a:b\rc",
	"a:b\nc: d", "Vi: x", "cont: y", "g: y",
};

/* Put in front, put behind, and in the place of each line. */
Test(wire_sofia, gives_each_line_the_same_status)
{
	both b = both_new();
	char text[2048];

	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
		const char *first = strstr(texts[t], "\r\n") + 2, *blank = strstr(texts[t], "\r\n\r\n") + 2;
		for (size_t l = 0; l < sizeof lines / sizeof lines[0]; l++) {
			for (const char *at = first; at <= blank; at = strstr(at, "\r\n") + 2) {
				int n = snprintf(text, sizeof text, "%.*s%s\r\n%s", (int)(at - texts[t]), texts[t], lines[l], at);
				if (at == first || at == blank)
					compare(&b, text, (size_t)n);
				if (at == blank)
					break;
				n = snprintf(text, sizeof text, "%.*s%s\r\n%s", (int)(at - texts[t]), texts[t], lines[l], strstr(at, "\r\n") + 2);
				compare(&b, text, (size_t)n);
			}
		}
	}
	both_end(&b);
}
