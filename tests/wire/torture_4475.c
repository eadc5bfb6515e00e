/* SPDX-License-Identifier: MIT */
/* RFC 4475, in the order of its sections. Where the property of a message can stand in a REGISTER, it does. */
#include "torture.h"

#define START "REGISTER sip:reg.example.net SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP ws7.example.net:5070;branch=z9hG4bKt0r7\r\n"
#define FROM "From: Nadia <sip:nadia@example.net>;tag=f7t\r\n"
#define TO "To: Nadia <sip:nadia@example.net>\r\n"
#define IDS "Call-ID: q8w7e6@ws7.example.net\r\nCSeq: 31 REGISTER\r\n"
#define CONTACT "Contact: <sip:nadia@ws7.example.net:5070>\r\n"
#define HEAD START VIA FROM TO IDS
#define OTHER(method) method " sip:nadia@example.net SIP/2.0\r\n" VIA FROM TO "Call-ID: o1@ws7.example.net\r\nCSeq: 5 " method "\r\n"
#define AB "ababababababababababababababababababababababababababababababababababababababababab"

const torture torture_4475[] = {
TORTURE("3.1.1.1 wsinv: white space and folds wherever they may stand, odd letter case, compact names, escapes in quotes", 200, 2, 0,
	START
	"v:  SIP  / 2.0\r\n /UDP\r\n    203.0.113.8  ;  branch =  z9hG4bKfolded  \r\n , SIP/2.0/TCP relay.example.net;branch=z9hG4bK2\r\n"
	"TO :\r\n sip:nadia@example.net ;   x-y = \"q\\\"\\\\z\"\r\n"
	"fROM\t:  \"N. \\\\ \\\"Dia\\\"\"\r\n  <sip:nadia@example.net>\r\n  ;\r\n  tag = f98\r\n"
	"caLL-iD: wsp.0815@203.0.113.8\r\n"
	"cseq: 0000031\r\n  REGISTER\r\n"
	"MAX-forwards  : 0070\r\n"
	"UnheardOf: ;;,,;;,;\r\n"
	"m: \"\\\"Quoted\\\" \\\\\"\r\n  <sip:nadia@203.0.113.8;x=y?z=%22a%22>\r\n ; q = 0.3 ;\texpires =\r\n 90\r\n"
	" , sip:nadia@203.0.113.9\r\n"
	"l:\r\n 0\r\n"
	"\r\n")
TORTURE("3.1.1.2 intmeth: all characters that a method, user, token and display name may have; escaped control characters are refused",
	405, 0, 400,
	"!odd-Method.0_*+`%27~'m SIP:~*&=+$,;?-_!.(%2d)'@example.net:5061;odd~p_ram%21=v SIP/2.0\r\n"
	VIA
	"From: \"\x07\\\x07 ~`!@#$%^&*()_+-={}|[]:;'<>?,./\" <sip:nadia@example.net>;tag=_f-7.!%*+`'~t\r\n"
	"To: \"\xd0\x9d\xd0\xb0\xd0\xb4\xd1\x8f\" <sip:0;tel=1@example.net>\r\n"
	"Call-ID: intm.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
	"CSeq: 31 !odd-Method.0_*+`%27~'m\r\n"
	"\r\n")
TORTURE("3.1.1.2 intmeth, without control characters", 405, 0, 404,
	"!odd-Method.0_*+`%27~'m SIP:~*&=+$,;?-_!.(%2d)'@example.net:5061;odd~p_ram%21=v SIP/2.0\r\n"
	VIA
	"From: \"\\\" ~`!@#$%^&*()_+-={}|[]:;'<>?,./\" <sip:nadia@example.net>;tag=_f-7.!%*+`'~t\r\n"
	"To: \"\xd0\x9d\xd0\xb0\xd0\xb4\xd1\x8f\" <sip:0;tel=1@example.net>\r\n"
	"Call-ID: intm.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
	"CSeq: 31 !odd-Method.0_*+`%27~'m\r\n"
	"\r\n")
TORTURE("3.1.1.3 esc01: escapes in user, host parameter and URI header of a Contact", 200, 1, 0,
	START VIA FROM
	"To: <sip:n%61di%61@example.net>\r\n" IDS
	"Contact: <sip:%6e%2e%20d;p%61r=%2F@ws7.example.net;%6dy=%40x>\r\n\r\n")
TORTURE("3.1.1.4 escnull: a NUL, escaped, in the users of To and Contact", 400, 0, 0,
	START VIA
	"From: sip:null-%00-here@example.net;tag=f7t\r\nTo: sip:null-%00-here@example.net\r\n" IDS
	"Contact: <sip:%00@ws7.example.net>\r\nContact: <sip:%00%00@ws7.example.net>\r\n\r\n")
TORTURE("3.1.1.5 esc02: % in a method is no escape", 405, 0, 404,
	"%52EGISTER sip:nadia@example.net SIP/2.0\r\n" VIA FROM TO "Call-ID: e2\r\nCSeq: 8 %52EGISTER\r\n"
	"Contact: <sip:ann%61@ws7.example.net>\r\n\r\n")
TORTURE("3.1.1.6 lwsdisp: no white space between display name and <", 200, 1, 0,
	START VIA "From: Nadia<sip:nadia@example.net>;tag=f7t\r\nTo: \"Nadia\"<sip:nadia@example.net>\r\n" IDS
	"Contact: N<sip:nadia@ws7.example.net>\r\n\r\n")
TORTURE("3.1.1.7 longreq: long values everywhere", 200, 1, 0,
	START
	"Via: SIP/2.0/TCP relay-" AB ".example.net;branch=z9hG4bK" AB AB "\r\n"
	"v: SIP/2.0/TCP w1.example.net;branch=z9hG4bK" AB AB AB "\r\nV: SIP/2.0/TCP w2.example.net;received=203.0.113.77;branch=z9hG4bK"
	AB "\r\n"
	"From: \"" AB AB AB AB "\" <sip:nadia@example.net>;tag=" AB AB ";" AB "=" AB AB "\r\n"
	"To: \"" AB AB AB "\" <sip:nadia@example.net:5060;" AB "=" AB ">;" AB "=\"" AB AB "\"\r\n"
	"Call-ID: " AB AB "\r\nCSeq: 31 REGISTER\r\n"
	"Contact: \"" AB AB AB "\" <sip:" AB "@ws7.example.net;" AB ">;expires=300\r\n"
	"Unheard-" AB AB AB ": " AB AB AB AB AB "\r\nUser-Agent: " AB AB AB AB "\r\n\r\n")
TORTURE("3.1.1.8 dblreq: a second message behind the first, in one datagram", 200, 1, 0,
	HEAD CONTACT "Content-Length: 0\r\n\r\n"
	OTHER("INVITE") "Content-Length: 3\r\n\r\nabc")
TORTURE("3.1.1.9 semiuri: a ; in the user part of a URI belongs to the user", 405, 0, 404,
	"MESSAGE sip:nadia;desk=2;day=mon@example.net SIP/2.0\r\n" VIA FROM TO "Call-ID: s1\r\nCSeq: 5 MESSAGE\r\n\r\n")
TORTURE("3.1.1.9 semiuri, as To and Contact", 200, 1, 0,
	START VIA FROM "To: <sip:nadia;desk=2@example.net>\r\n" IDS "Contact: <sip:nadia;desk=2;line=x@ws7.example.net;transport=udp>\r\n"
	"\r\n")
TORTURE("3.1.1.10 transports: known and unknown transports in Via and Contact", 200, 2, 0,
	START "Via: SIP/2.0/CARRIERPIGEON t5.example.net;branch=z9hG4bK5\r\n"
	"Via: SIP/2.0/SCTP t4.example.net;branch=z9hG4bK4, SIP/2.0/TLS t3.example.net;branch=z9hG4bK3\r\n"
	"Via: SIP/2.0/UDP t1.example.net;branch=z9hG4bK1\r\n" FROM TO IDS
	"Contact: <sip:nadia@ws7.example.net;transport=carrierpigeon>, <sip:nadia@ws7.example.net;transport=sctp>\r\n\r\n")
TORTURE("3.1.1.11 mpart01: a body with binary parts, NUL and lone CR and LF among them", 200, 1, 0,
	HEAD CONTACT "Content-Type: multipart/mixed;boundary=\"--b--\"\r\nContent-Length: 29\r\n\r\n"
	"----b--\r\n\r\n\0\1\r\2\n\3\xff\xfe\r\n\r\n----b----")
TORTURE("3.1.1.12 unreason: a response with an unusual reason phrase", 0, 0, 0,
	"SIP/2.0 200 = 2**3 * 5**2 \xd0\xb4\xd0\xb0\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.1.13 noreason: a response with an empty reason phrase", 0, 0, 0, "SIP/2.0 100 \r\n" VIA FROM TO IDS "\r\n")
TORTURE("3.1.2.1 badinv01: separators without values in Via and Contact", NO_MESSAGE, 0, 0,
	START "Via: SIP/2.0/UDP 203.0.113.8;branch=z9hG4bK1;,;,,\r\n" FROM TO IDS "Contact: \"Nadia\" <sip:nadia@203.0.113.8>;;,;,,\r\n\r\n")
TORTURE("3.1.2.1 badinv01, in Contact alone", 400, 0, 0, HEAD "Contact: \"Nadia\" <sip:nadia@203.0.113.8>;;,;,,\r\n\r\n")
TORTURE("3.1.2.2 clerr: Content-Length above the octets that are there", 400, 0, 0, HEAD CONTACT "Content-Length: 8888\r\n\r\nshort")
TORTURE("3.1.2.3 ncl: a negative Content-Length", 400, 0, 0, HEAD CONTACT "Content-Length: -12\r\n\r\nbody")
TORTURE("3.1.2.4 scalar02: numbers beyond their ranges in CSeq, Max-Forwards, Expires and Contact", 400, 0, 0,
	START VIA FROM TO "Call-ID: big\r\nCSeq: 63129474652983412 REGISTER\r\nMax-Forwards: 256\r\nExpires: 9876543210987654321\r\n"
	"Contact: <sip:nadia@ws7.example.net>;expires=371829465019283746\r\n\r\n")
TORTURE("3.1.2.4 scalar02, without CSeq", 200, 1, 0,
	HEAD "Max-Forwards: 256\r\nExpires: 9876543210987654321\r\nContact: <sip:nadia@ws7.example.net>;expires=371829465019283746\r\n\r\n")
TORTURE("3.1.2.5 scalarlg: a response with numbers beyond their ranges", 0, 0, 0,
	"SIP/2.0 503 Service Unavailable\r\n" VIA FROM TO "Call-ID: big2\r\nCSeq: 81726354918273645 OPTIONS\r\n"
	"Retry-After: 946352817263548\r\n"
	"Warning: 199999 overture \"loud\"\r\n\r\n")
TORTURE("3.1.2.6 quotbal: a quote that is not closed in the display name of To", 400, 0, 0,
	START VIA FROM "To: \"Nadia, at home <sip:nadia@example.net>\r\n" IDS CONTACT "\r\n")
TORTURE("3.1.2.7 ltgtruri: <> around the Request-URI", 400, 0, 0,
	"REGISTER <sip:reg.example.net> SIP/2.0\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.2.8 lwsruri: white space within the Request-URI", 400, 0, 0,
	"REGISTER sip:reg.example.net; lr SIP/2.0\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.2.9 lwsstart: several spaces between the parts of the request line", 400, 0, 0,
	"REGISTER  sip:reg.example.net  SIP/2.0\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.2.10 trws: spaces at the end of the request line", NO_MESSAGE, 0, 0,
	"REGISTER sip:reg.example.net SIP/2.0  \r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.2.11 escruri: headers in the Request-URI", 200, 1, 0,
	"REGISTER sip:reg.example.net?Route=%3Csip:relay.example.net%3E SIP/2.0\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.2.12 baddate: a Date that is not in GMT", 200, 1, 0, HEAD CONTACT "Date: Tue, 03 Feb 2026 07:08:09 CET\r\n\r\n")
TORTURE("3.1.2.13 regbadct: a Contact whose URI has headers and stands without <>", 400, 0, 0,
	HEAD "Contact: sip:nadia@ws7.example.net?Route=%3Csip:relay.example.net%3E\r\n\r\n")
TORTURE("3.1.2.14 badaspec: spaces within the <> of To", 400, 0, 0,
	START VIA FROM "To: \"Nadia\" < sip:nadia@example.net >\r\n" IDS CONTACT "\r\n")
TORTURE("3.1.2.15 baddn: a display name with characters that only a quoted one may have", 200, 1, 0,
	START VIA "From: Na.d@ia <sip:nadia@example.net>;tag=f7t\r\n" TO IDS CONTACT "\r\n")
TORTURE("3.1.2.16 badvers: another SIP version", 505, 0, 0,
	"REGISTER sip:reg.example.net SIP/8.1\r\nVia: SIP/8.1/UDP ws7.example.net;branch=z9hG4bKt0r7\r\n" VIA FROM TO IDS CONTACT "\r\n")
TORTURE("3.1.2.17 mismatch01: another method in CSeq than in the request line", 400, 0, 0,
	START VIA FROM TO "Call-ID: mis1\r\nCSeq: 6 INVITE\r\n" CONTACT "\r\n")
TORTURE("3.1.2.18 mismatch02: an unknown method, and another one in CSeq", 405, 0, 400,
	"WALTZ sip:nadia@example.net SIP/2.0\r\n" VIA FROM TO "Call-ID: mis2\r\nCSeq: 6 REGISTER\r\n" CONTACT "\r\n")
TORTURE("3.1.2.19 bigcode: a response code beyond the range", 0, 0, 0,
	"SIP/2.0 4294967497 a little too much\r\n" VIA FROM TO IDS "\r\n")
TORTURE("3.2.1 badbranch: a branch that is no more than the magic cookie", 200, 1, 0,
	START "Via: SIP/2.0/UDP 203.0.113.8;branch=z9hG4bK\r\n" FROM TO IDS CONTACT "\r\n")
TORTURE("3.3.1 insuf: no From, To and Call-ID", 400, 0, 0, START VIA "CSeq: 31 REGISTER\r\n" CONTACT "\r\n")
TORTURE("3.3.2 unkscm: a Request-URI of an unknown scheme", 405, 0, 416,
	"OPTIONS heardofbynobody:nadia-at-example.net SIP/2.0\r\n" VIA FROM TO "Call-ID: sch1\r\nCSeq: 5 OPTIONS\r\n\r\n")
TORTURE("3.3.3 novelsc: a Request-URI of a known scheme that is not SIP", 405, 0, 416,
	"OPTIONS soap.beep://203.0.113.8:3002 SIP/2.0\r\n" VIA FROM TO "Call-ID: sch2\r\nCSeq: 5 OPTIONS\r\n\r\n")
TORTURE("3.3.4 unksm2: unknown schemes in To, From and Contact", 404, 0, 0,
	START VIA "From: <odd:nadia:desk>;tag=f7t\r\nTo: <isbn:9780000000002>\r\n" IDS
	"Contact: <http://nadia.example.net/>, <mailto:nadia@example.net>\r\n\r\n")
TORTURE("3.3.5 bext01: Require and Proxy-Require with unknown tags", 420, 0, 0,
	HEAD CONTACT "Require: invented-one, invented-two\r\nProxy-Require: invented-three, invented-four\r\n\r\n")
TORTURE("3.3.6 invut: a body of an unknown type", 200, 1, 0,
	HEAD CONTACT "Content-Type: application/unheard-of\r\nContent-Length: 6\r\n\r\n<mu/>\n")
TORTURE("3.3.7 regaut01: an unknown authorization scheme", 200, 1, 0,
	HEAD CONTACT "Authorization: Semaphore flags=\"two\", arms=raised\r\n\r\n")
TORTURE("3.3.8 multi01: several values of each header that may occur once", 400, 0, 0,
	START VIA FROM TO IDS "Call-ID: second@ws7.example.net\r\nCSeq: 32 INVITE\r\nFrom: <sip:omar@example.net>;tag=2\r\n"
	"To: <sip:omar@example.net>\r\nMax-Forwards: 70\r\n"
	"Max-Forwards: 5\r\n" CONTACT "\r\n")
TORTURE("3.3.9 mcl01: two Content-Length headers that contradict each other", 400, 0, 0,
	HEAD CONTACT "Content-Length: 4\r\nContent-Length: 2\r\n\r\nbody")
TORTURE("3.3.10 bcast: a response whose Via names a broadcast address", 0, 0, 0,
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.8;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK2\r\n"
	FROM TO IDS "\r\n")
TORTURE("3.3.11 zeromf: Max-Forwards of 0", 200, 1, 0, HEAD CONTACT "Max-Forwards: 0\r\n\r\n")
TORTURE("3.3.12 cparam01: an unknown parameter of a Contact", 200, 1, 0, HEAD "Contact: sip:+15550100@gw.example.net;unheardof\r\n\r\n")
TORTURE("3.3.13 cparam02: an unknown parameter of the URI of a Contact", 200, 1, 0,
	HEAD "Contact: <sip:+15550100@gw.example.net;unheardof>\r\n\r\n")
TORTURE("3.3.14 regescrt: a Route in the URI of a Contact", 200, 1, 0,
	HEAD "Contact: <sip:nadia@ws7.example.net?Route=%3Csip:relay.example.net%3E>\r\n\r\n")
TORTURE("3.3.15 sdp01: an Accept that excludes what the sender offers", 405, 0, 404,
	OTHER("INVITE") "Contact: <sip:nadia@ws7.example.net>\r\nAccept: text/unheard-of\r\nContent-Length: 5\r\n\r\nv=0\r\n")
TORTURE("3.4.1 inv2543: as RFC 2543 had it: no branch, no tag, no Max-Forwards", 200, 1, 0,
	START "Via: SIP/2.0/UDP old.example.net\r\nFrom: sip:nadia@example.net\r\nTo: sip:nadia@example.net\r\n" IDS
	"Contact: sip:nadia@old.example.net\r\n\r\n")
};

const size_t n_torture_4475 = sizeof torture_4475 / sizeof *torture_4475;
