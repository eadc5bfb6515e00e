/* SPDX-License-Identifier: MIT */
/* Each kind of message with the answer that both librgstr-sofia and librgstr-wire give to its bytes: the status, and the code of the reply, 0 =
 * there is none. */
#ifndef KINDS_OF_MESSAGE_H
#define KINDS_OF_MESSAGE_H

#include <rgstr/types.h>
#include <rgstr/status.h>

#define REST "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n"
#define REGISTER "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n" REST

static const struct { const char *what, *text; rg_status status; int32_t code; } kinds_of_message[] = {
	{ "nothing", "", RG_OK, 0 },
	{ "a keep-alive", "\r\n\r\n", RG_OK, 0 },
	{ "half a keep-alive", "\r", RG_EINVAL, 0 },
	{ "leading line ends", "\r\n\r\n" REGISTER "\r\n", RG_OK, 200 },
	{ "a reply", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 0 },
	{ "an ACK", "ACK sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 0 },
	{ "another method", "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 405 },
	{ "a method in lower case", "register sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 405 },
	{ "another method with nobody to answer", "OPTIONS sip:h SIP/2.0\r\n\r\n", RG_EINVAL, 0 },
	{ "an ACK of another version", "ACK sip:h SIP/3.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 0 },
	{ "another version", "REGISTER sip:h SIP/3.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 505 },
	{ "a version in lower case", "REGISTER sip:h sip/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 200 },
	{ "HTTP", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", RG_EINVAL, 0 },
	{ "words", "hello there\r\n", RG_EINVAL, 0 },
	{ "no Via", "REGISTER sip:h SIP/2.0\r\n" REST "\r\n", RG_EINVAL, 0 },
	{ "a Via that is none", "REGISTER sip:h SIP/2.0\r\nVia: foo\r\n" REST "\r\n", RG_EINVAL, 0 },
	{ "a good Via and one that is none", REGISTER "Via: foo\r\n\r\n", RG_OK, 400 },
	{ "no blank line", REGISTER, RG_OK, 400 },
	{ "lines that end in LF", "REGISTER sip:h SIP/2.0\nVia: SIP/2.0/UDP h\nTo: <sip:a@h>\n\n", RG_EINVAL, 0 },
	{ "one line that ends in LF", REGISTER "X: 1\n\r\n", RG_OK, 400 },
	{ "a lone CR", REGISTER "X: 1\r2\r\n\r\n", RG_OK, 400 },
	{ "a folded start line", "REGISTER sip:example.com SIP/2.0\r\n \r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 400 },
	{ "a control character where nobody looks", REGISTER "X: \x01\r\n\r\n", RG_OK, 400 },
	{ "DEL where nobody looks", REGISTER "X: \x7f\r\n\r\n", RG_OK, 400 },
	{ "HTAB and octets above 0x7f", REGISTER "X: \t\xc3\xbc\xff\r\n\r\n", RG_OK, 200 },
	{ "a start line with two spaces", "REGISTER  sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" REST "\r\n", RG_OK, 400 },
	{ "a line without a name", REGISTER "hello\r\n\r\n", RG_OK, 400 },
	{ "a name with a space in it", REGISTER "a b: c\r\n\r\n", RG_OK, 400 },
	{ "an empty name", REGISTER ": c\r\n\r\n", RG_OK, 400 },
	{ "too little body", REGISTER "Content-Length: 5\r\n\r\nabcd", RG_OK, 400 },
	{ "too much body", REGISTER "Content-Length: 3\r\n\r\nabcd", RG_OK, 200 },
	{ "a body without a length", REGISTER "\r\nabcd", RG_OK, 200 },
	{ "an enormous length", REGISTER "Content-Length: 18446744073709551617\r\n\r\na", RG_OK, 400 },
	{ "a length that is none", REGISTER "Content-Length: +1\r\n\r\na", RG_OK, 400 },
	{ "an empty length", REGISTER "Content-Length:\r\n\r\na", RG_OK, 400 },
	{ "two lengths", REGISTER "Content-Length: 0\r\nl: 0\r\n\r\n", RG_OK, 400 },
	{ "two From", REGISTER "f: <sip:alice@example.com>\r\n\r\n", RG_OK, 400 },
	{ "two To", REGISTER "t: <sip:alice@example.com>\r\n\r\n", RG_OK, 400 },
	{ "two Call-ID", REGISTER "i: c1\r\n\r\n", RG_OK, 400 },
	{ "two CSeq", REGISTER "CSeq: 1 REGISTER\r\n\r\n", RG_OK, 400 },
	{ "two Expires", REGISTER "Expires: 60\r\nExpires: 60\r\n\r\n", RG_OK, 400 },
	{ "two User-Agent", REGISTER "User-Agent: a\r\nUser-Agent: b\r\n\r\n", RG_OK, 200 },
	{ "a Path that is none, without a flag for Paths", REGISTER "Path: <sip:a\r\n\r\n", RG_OK, 400 },
	{ "a Path of a display name alone", REGISTER "Path: \"<sip:a>\"\r\n\r\n", RG_OK, 400 },
	{ "a CSeq of another method", "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		"CSeq: 1 INVITE\r\n\r\n", RG_OK, 400 },
	{ "no To", "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n\r\n", RG_OK,
		400 },
};

#endif
