/* SPDX-License-Identifier: MIT */
/* Where a message ends, in a stream and in a datagram: RFC 3261 §7.5 and §18.3, RFC 5626 §4.4.1. Pure functions over bytes. */
#ifndef REGISTRARD_FRAME_H
#define REGISTRARD_FRAME_H

#include <stddef.h>

/* Limits of a message. Sofia takes time quadratic in the lines, items and parameters of a header section, so they are counted before it
 * parses. */
enum { MESSAGE_BYTES_MAX = 49152, LINES_MAX = 256, COMMAS_MAX = 1024, SEMICOLONS_MAX = 4096 };

enum frame_kind {
	FRAME_MORE,    /* nothing is complete yet */
	FRAME_LINE_END,/* an empty line between messages */
	FRAME_MESSAGE, /* a whole message */
	FRAME_BAD      /* a message whose end cannot be found; the stream is useless after it */
};

/* How far the header section of the next message has been read. All zero = nothing of it. */
struct frame_scan {
	size_t line;       /* start of the first line that is not read */
	size_t seen;       /* bytes after it that hold no line end */
	size_t head;       /* length of the header section with its empty line; 0 = it is not complete */
	size_t lines, commas, semicolons;
	size_t length;     /* Content-Length */
	int lengths;       /* how many there are */
	int in_length;     /* the last line was Content-Length, so its continuation is its value; 2 = the number was read */
};

struct frame {
	enum frame_kind kind;
	size_t n;   /* bytes that it takes, or for FRAME_BAD that are known of its header section */
	int status; /* of FRAME_BAD: 400, 413, or 0 when this is no SIP, so that no answer is due */
};

/* Finds what stands first in a stream. @param scan  is kept by the caller between calls that add bytes, and is emptied after every kind
 * but FRAME_MORE. */
struct frame frame_next(const char *bytes, size_t n, struct frame_scan *scan);

/* Finds the message in a datagram: empty lines before it are skipped, so *@p bytes may move; Content-Length may be absent, and what
 * follows the body is left out. FRAME_MORE: there is none. */
struct frame frame_datagram(char **bytes, size_t n);

#endif
