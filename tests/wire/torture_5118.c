/* SPDX-License-Identifier: MIT */
/* RFC 5118: IPv6 addresses in SIP messages. */
#include "torture.h"

#define FROM "From: <sip:omar@example.org>;tag=v6\r\n"
#define TO "To: <sip:omar@example.org>\r\n"
#define IDS "Call-ID: v6-77@[2001:db8::77]\r\nCSeq: 12 REGISTER\r\n"
#define VIA "Via: SIP/2.0/UDP [2001:db8::77:1]:5062;branch=z9hG4bKv6\r\n"
#define START "REGISTER sip:[2001:db8::53] SIP/2.0\r\n"
#define CONTACT "Contact: \"Omar\" <sip:omar@[2001:db8::77:1]>\r\n"

const torture torture_5118[] = {
TORTURE("4.1 an IPv6 reference in Request-URI, Via, Call-ID and Contact", 200, 1, 0,
	START VIA FROM TO IDS CONTACT "Content-Length: 0\r\n\r\n")
TORTURE("4.2 an IPv6 address without brackets in the Request-URI", 400, 0, 0,
	"REGISTER sip:2001:db8::53 SIP/2.0\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("4.2 the same in a Contact", 400, 0, 0, START VIA FROM TO IDS "Contact: <sip:omar@2001:db8::77:1>\r\n\r\n")
TORTURE("4.3 what looks like a port stands within the brackets", 200, 1, 0,
	"REGISTER sip:[2001:db8::53:5070] SIP/2.0\r\n" VIA FROM TO IDS "Contact: <sip:omar@[2001:db8::77:5070]>\r\n\r\n")
TORTURE("4.4 the port stands behind the brackets", 200, 1, 0,
	"REGISTER sip:[2001:db8::53]:5070 SIP/2.0\r\n" VIA FROM TO IDS "Contact: <sip:omar@[2001:db8::77]:5070>\r\n\r\n")
TORTURE("4.5 received in Via with brackets", 200, 1, 0,
	START "Via: SIP/2.0/UDP [2001:db8::77:1];received=[2001:db8::77:255];branch=z9hG4bKv6\r\n" FROM TO IDS CONTACT "\r\n")
TORTURE("4.5 received in Via without brackets", 200, 1, 0,
	START "Via: SIP/2.0/UDP [2001:db8::77:1];received=2001:db8::77:255;branch=z9hG4bKv6\r\n" FROM TO IDS CONTACT "\r\n")
TORTURE("4.6 IPv6 addresses in a body", 200, 1, 0,
	START VIA FROM TO IDS CONTACT "Content-Type: application/sdp\r\nContent-Length: 44\r\n\r\nv=0\r\no=- 1 1 IN IP6 2001:db8::77\r\n"
	"m=audio 9\r\n")
TORTURE("4.7 addresses of both families", 200, 2, 0,
	START VIA "Via: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKv4, SIP/2.0/UDP [2001:db8::9:255];branch=z9hG4bKv6b;received=192.0.2.9\r\n"
	FROM TO IDS
	"Contact: <sip:omar@[2001:db8::77:1]>, <sip:omar@192.0.2.77>\r\n\r\n")
TORTURE("4.8 addresses of both families in a body", 200, 1, 0,
	START VIA FROM TO IDS CONTACT "Content-Type: application/sdp\r\nContent-Length: 52\r\n\r\nv=0\r\nc=IN IP6 2001:db8::77\r\n"
	"c=IN IP4 192.0.2.77\r\nt=0\r\n")
TORTURE("4.9 IPv4 addresses mapped to IPv6", 200, 1, 0,
	START "Via: SIP/2.0/UDP [::ffff:192.0.2.77]:5062;branch=z9hG4bKm\r\n" FROM TO IDS "Contact: <sip:omar@[::ffff:192.0.2.77]>\r\n\r\n")
TORTURE("4.10 three colons, as a grammar of RFC 3261 allowed them, in Via", 200, 1, 0,
	START "Via: SIP/2.0/UDP [2001:db8:::192.0.2.77];branch=z9hG4bKc\r\n" FROM TO IDS CONTACT "\r\n")
TORTURE("4.10 three colons in a Contact", 400, 0, 0, START VIA FROM TO IDS "Contact: <sip:omar@[2001:db8:::192.0.2.77]>\r\n\r\n")
};

const size_t n_torture_5118 = sizeof torture_5118 / sizeof *torture_5118;
