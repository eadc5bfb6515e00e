/* SPDX-License-Identifier: MIT */
/* Bindings and events as JSON. It is written octet by octet into a text that grows, without a tree of values: a command may print a
 * million bindings, and a commit the events of hundreds. */
#ifndef REGISTRARD_JSON_H
#define REGISTRARD_JSON_H

#include <rgstr/rgstr.h>

/* A text that grows. All zero is an empty one; free `p` with free(). */
struct text {
	char *p;
	size_t n, room;
	int failed; /* memory ran out: something is missing */
};

void text_add(struct text *text, rg_str octets);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The length of the UTF-8 character at the start of @p n octets; 0 = it is none (RFC 3629 §4). */
size_t utf8_length(const char *octets, size_t n);

/* Writes a string with its quotes; an absent one as null. SIP carries any octet, JSON text only UTF-8: what is not UTF-8 is read as
 * ISO 8859-1. */
void json_string(struct text *text, rg_str octets);

/* Writes a binding; `expires` in seconds from now. */
void json_contact(struct text *text, const rg_contact *contact, rg_time now);

/* Writes an event as one line. */
void json_event(struct text *text, const rg_event *event);

/* Writes an event about a device that is to be woken: as json_event() does, and its PN parameters (RFC 8599 §8.7), unescaped, as members
 * `provider`, `prid` and `param`. */
void json_wakeup(struct text *text, const rg_event *event);

/* Writes the line {"error": why}. */
void json_failure(struct text *text, const char *why);

#endif
