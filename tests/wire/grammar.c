/* SPDX-License-Identifier: MIT */
/* The values of headers: as RFC 3261 §25.1 has them, and at odd places not. */
#include "generate.h"
#include <stdio.h>
#include <string.h>

#define PICK(g, table) (table)[generator_dice(g, sizeof(table) / sizeof *(table))]
#define ODD_OR(g, odd, usual) (generator_odd(g) ? PICK(g, odd) : PICK(g, usual))

void generator_space(generator *g)
{
	static const char *const usual[] = { " ", " ", "" };
	static const char *const odd[] = { "\t", "  ", "\r\n ", " \r\n\t", "\t \r\n  \t", "\r\n \r\n ", "\r\n", "\n ", "\r ", "\v",
		"\xc2\xa0" };

	generator_put(g, ODD_OR(g, odd, usual));
}

void generator_number(generator *g, uint32_t usual)
{
	static const char *const odd[] = { "0", "00", "007", "-1", "+1", "1.5", "", "1e3", "0x10", "2147483647", "2147483648", "4294967295",
		"4294967296", "9223372036854775808", "18446744073709551616", "99999999999999999999", "00000000000000000000000000000000000000001",
		"\"7\"", "1 2", "1;x=y", "abc", "3600 (an hour)", "Thu, 01 Jan 2099 00:00:00 GMT", "7,", "7\t" };
	char digits[16];

	snprintf(digits, sizeof digits, "%u", (unsigned)usual);
	generator_put(g, generator_odd(g) ? PICK(g, odd) : digits);
}

void generator_host(generator *g)
{
	static const char *const usual[] = { "192.0.2.1", "192.0.2.2", "198.51.100.7", "[2001:db8::1]", "pc.example.com", "h" };
	static const char *const odd[] = { "[2001:db8::1", "2001:db8::1", "[::ffff:192.0.2.1]", "[2001:db8:::192.0.2.1]", "[]",
		"[fe80::1%25eth0]", "192.0.2.256", "192.0.2", "1.2.3.4.5", "01.02.03.04", "3402000000", "_my_pc", "host.", "host..", "-h", "h-",
		"h%41", "H.Example.COM", "", "a b", "\xc3\xa9.example", "[2001:DB8::1]", "[0:0:0:0:0:0:0:0001]", "999", "localhost:5060", "x.y.1",
		"*" };

	generator_put(g, ODD_OR(g, odd, usual));
}

static void put_user(generator *g)
{
	static const char *const usual[] = { "alice", "bob", "alice", "carol" };
	static const char *const odd[] = { "%61lice", "Alice", "al%69ce", "a;b=c", "a:secret", "%00", "a%00b", "%zz", "%", "a%4", "", "a b",
		"a\"b", "a@b", "+1-212-555-0101", "x&=+$,;?/y", "\xc3\xa9", "a<b", "a\\b", "user;par=u%40example.net", "%0d%0aX: y",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	generator_put(g, ODD_OR(g, odd, usual));
}

static void uri_params(generator *g)
{
	static const char *const usual[] = { "transport=udp", "transport=tcp", "lr", "ob", "user=phone", "x=y",
		"pn-provider=acme;pn-prid=a;pn-param=b", "pn-provider=nobody;pn-prid=a" };
	static const char *const odd[] = { "", "=", "x=", "=x", "x=\"y\"", "transport=", "transport=udp;transport=tcp", "x=%zz", "%78=y",
		"gr", "gr=urn:uuid:1", "pn-provider=acme;pn-prid=a;pn-param=b", "pn-provider", "pn-provider=apns", "maddr=192.0.2.9", "ttl=999",
		"method=INVITE", "x=a b", "x=[::1]", "received=sip:203.0.113.9%3Btransport%3Dtcp", "received=sip:h",
		"a=1;b=2;c=3;d=4;e=5;f=6;g=7;h=8;i=9" };

	for (uint32_t n = generator_dice(g, 3); n > 0; n--) {
		generator_put(g, ";");
		generator_put(g, ODD_OR(g, odd, usual));
	}
}

void generator_uri(generator *g)
{
	static const char *const odd[] = { "SIP:", "sips:", "tel:", "http://", "sip", ":", "", "sip :", "s%69p:", "urn:uuid:", "mailto:",
		"nobodyKnows:" };

	generator_put(g, generator_odd(g) ? PICK(g, odd) : "sip:");
	put_user(g);
	if (!generator_odd(g))
		generator_put(g, "@");
	generator_host(g);
	if (generator_dice(g, 2)) {
		generator_put(g, ":");
		generator_number(g, 5060 + generator_dice(g, 4));
	}
	uri_params(g);
	if (generator_odd(g))
		generator_put(g, generator_dice(g, 2) ? "?Route=%3Csip:x%3E" : "?a=b&c=");
}

void generator_aor(generator *g)
{
	static const char *const domains[] = { "example.com", "example.com", "EXAMPLE.com", "example.com.", "sip.example.com",
		"elsewhere.example" };

	if (generator_odd(g)) {
		generator_uri(g);
		return;
	}
	generator_put(g, "sip:");
	put_user(g);
	generator_put(g, "@");
	generator_put(g, domains[generator_dice(g, generator_odd(g) ? 6 : 2)]);
	if (generator_odd(g))
		uri_params(g);
}

static void quoted(generator *g)
{
	static const char *const usual[] = { "\"Alice\"", "\"A, B\"", "\"a \\\" b\"", "\"<sip:x@y>\"", "\"\"" };
	static const char *const odd[] = { "\"", "\"open", "\"a\\\"", "\"a\\", "\"\\\\\"", "\"\xc3\xa9\"", "\"a\tb\"", "\"a\r\n b\"",
		"\"a\\\r\n b\"", "\"a\x01\"", "\"a\"\"b\"", "\"a\" b", "\"\xff\"", "\"\\\xc3\xa9\"" };

	generator_put(g, ODD_OR(g, odd, usual));
}

static void display(generator *g)
{
	static const char *const odd[] = { "A. B", "a@b", "a, b", "\xc3\xa9", "[x]", "sip:a@b", "a;b", "a\"b", ">", "a (b)", "\x7f", "*",
		"x:" };

	switch (generator_dice(g, 4)) {
	case 0:
		quoted(g);
		break;
	case 1:
		generator_put(g, generator_odd(g) ? PICK(g, odd) : "Alice Liddell");
		break;
	default:
		return;
	}
	generator_space(g);
}

static void generic_param(generator *g)
{
	static const char *const usual[] = { ";x=y", ";flag", ";x=\"a;b,c\"", ";y=[::1]" };
	static const char *const odd[] = { ";", ";;", "; ;", ";=", ";x=", ";x==y", ";x=\"", ";x=a b", "x=y", ";x=<y>", ";\"x\"=y",
		";x=\"a\"b", ";%41=%42", ";x=y;x=z", ";\xc3\xa9=1", ";tag", ";x=,", ";x='y'", ";x=y,", ";X=\"\\\"\"" };

	generator_put(g, ODD_OR(g, odd, usual));
}

static void params(generator *g)
{
	for (uint32_t n = generator_dice(g, 6) / 4; n > 0; n--)
		generic_param(g);
}

/* name-addr; bare: or addr-spec, whose parameters then belong to the header. */
static void address(generator *g, void (*uri)(generator *), bool bare)
{
	static const char *const open[] = { "<<", "< ", "", "<\r\n " }, *const close[] = { ">>", " >", "", "> x" };

	if (bare && generator_dice(g, 4) == 0) {
		uri(g);
		return;
	}
	display(g);
	generator_put(g, generator_odd(g) ? PICK(g, open) : "<");
	uri(g);
	generator_put(g, generator_odd(g) ? PICK(g, close) : ">");
}

void generator_via(generator *g)
{
	static const char *const usual[] = { "SIP/2.0/UDP", "SIP/2.0/TCP", "SIP/2.0/TLS" };
	static const char *const odd[] = { "SIP / 2.0 / UDP", "sip/2.0/udp", "SIP/2.0/UNKNOWN", "SIP/3.0/UDP", "SIP/2.0", "SIP/2.0/", "",
		"SIP/2.0/U DP", "HTTP/1.1/TCP", "SIP/2.0/UDP/x", "SIP\r\n / 2.0/UDP" };
	static const char *const usual_params[] = { ";rport", ";ttl=1", ";maddr=192.0.2.9", ";x=y", ";alias" };
	static const char *const odd_params[] = { ";received=192.0.2.5", ";rport=5060", ";received=[::1]", ";received=::1", ";rport;rport",
		";received=", ";branch=", ";branch", ";branch=z9hG4bK\"x\"", "; branch = z9hG4bKq", ";x=\"a,b\"", ";x=\"a", ";;", ";",
		" (comment)", ";RPORT", ";Received=h", ";x=y z", ",", ",,", ";maddr=", ";\xc3\xa9", ";rport=x", ";branch=z9hG4bK%00",
		";Branch=B" };
	char branch[48];

	generator_put(g, ODD_OR(g, odd, usual));
	generator_put(g, generator_odd(g) ? "\t " : " ");
	generator_host(g);
	if (generator_dice(g, 2)) {
		generator_put(g, generator_odd(g) ? " : " : ":");
		generator_number(g, 5060);
	}
	snprintf(branch, sizeof branch, ";branch=z9hG4bK%u", (unsigned)generator_dice(g, 100));
	if (!generator_odd(g))
		generator_put(g, branch);
	for (uint32_t n = generator_dice(g, 3); n > 0; n--)
		generator_put(g, ODD_OR(g, odd_params, usual_params));
}

void generator_person(generator *g, bool tag)
{
	static const char *const odd[] = { ";tag=", ";tag", ";tag=\"q\"", ";tag=a;tag=b", "; tag = t", ";TAG=t", ";tag=a b", ";tag=\xc3\xa9",
		";tag=%41" };

	address(g, generator_aor, true);
	if (generator_odd(g))
		params(g);
	if (generator_odd(g))
		generator_put(g, PICK(g, odd));
	else if (tag)
		generator_put(g, ";tag=t1");
}

static void contact_param(generator *g)
{
	static const char *const usual[] = { ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"",
		";+sip.instance=\"<urn:uuid:2>\";reg-id=1", ";methods=\"INVITE,BYE\"", ";+sip.pnsreg", ";q=0.5", ";q=1" };
	static const char *const odd[] = { ";q=2.5", ";q=1.001", ";q=.5", ";q=0.1234", ";q=", ";q", ";q=-0", ";q=0.5;q=0.6", ";reg-id=0",
		";reg-id=x", ";reg-id=2147483648", ";reg-id=1", ";+sip.instance=\"\"", ";+sip.instance=urn:x", ";+sip.instance", ";methods=\"x",
		";methods=INVITE", ";methods=\"a b\"", ";received=sip:h", ";expires", ";temp-gruu=x", ";pub-gruu=\"sip:a@b;gr=1\"", ";isfocus",
		";audio=\"TRUE\"", ";+sip.pnsreg=\"121\"", ";+sip.pnsreg=x", ";Q=0.7", "; q = 0.7", ";+SIP.INSTANCE=\"<a>\"" };

	generator_put(g, ODD_OR(g, odd, usual));
}

void generator_contact(generator *g)
{
	static const char *const odd[] = { "*", "* ", "", "*;q=1", ",", "* , *", "<>", "<*>", "sip:", "\"*\" <sip:a@h>", "%", "<sip:>" };

	if (generator_odd(g)) {
		generator_put(g, PICK(g, odd));
		return;
	}
	address(g, generator_uri, true);
	if (generator_dice(g, 3) == 0) {
		generator_put(g, generator_odd(g) ? "; Expires = " : ";expires=");
		generator_number(g, generator_dice(g, 4) ? 30 + generator_dice(g, 7200) : 0);
	}
	for (uint32_t n = generator_dice(g, 3); n > 0; n--)
		contact_param(g);
	params(g);
}

void generator_expires(generator *g)
{
	generator_number(g, generator_dice(g, 4) ? generator_dice(g, 8000) : 0);
}

void generator_tokens(generator *g, const char *const *usual, uint32_t n)
{
	static const char *const odd[] = { "", "a b", "\"a\"", ",", ",,a", "a;b", "\xc3\xa9", "a@b", "a/b", "*", "a,", "(x)", "a\r\n ,b",
		"GRUU" };

	for (uint32_t i = 0, most = 1 + generator_dice(g, 3); i < most; i++) {
		generator_put(g, i == 0 ? "" : generator_odd(g) ? "\t, " : ", ");
		generator_put(g, generator_odd(g) ? PICK(g, odd) : usual[generator_dice(g, n)]);
	}
}

static void path_uri(generator *g)
{
	static const char *const usual[] = { "sip:p1.example.com;lr", "sip:p2.example.com;lr;ob", "sip:tok@[2001:db8::9]:5061;lr" };

	if (generator_odd(g))
		generator_uri(g);
	else
		generator_put(g, PICK(g, usual));
}

void generator_path(generator *g)
{
	address(g, path_uri, false);
	params(g);
}

void generator_route(generator *g)
{
	address(g, path_uri, generator_odd(g));
	params(g);
}

void generator_feature_caps(generator *g)
{
	static const char *const usual[] = { "*;+sip.pns=\"acme\"", "*;+sip.pns=\"apns,acme\"", "*", "*;+sip.pnsreg=\"130\"",
		"*;+sip.pns=\"fcm\", *;x" };
	static const char *const odd[] = { ";", "*;", "x", "*,*", "", "*;+sip.pns=\"", "* ;+sip.pns", "*;+SIP.PNS=\"webpush\"" };

	generator_put(g, ODD_OR(g, odd, usual));
}

void generator_anything(generator *g)
{
	static const char *const usual[] = { "phone/1.0", "x", "a, b;c=d", "\"quoted\"", "Digest username=\"alice\", realm=\"example.com\"",
		"(comment)", "udp:198.51.100.1:5060", "tcp:[2001:db8::7]:5061" };
	static const char *const odd[] = { "", "\xc3\xa9\xff", "\"open", "\x01", "a\tb", "a\r\n b", "<", ",,,,", ":", "a\\", "a\x7f", " ",
		"\r\n " };

	generator_put(g, ODD_OR(g, odd, usual));
}
