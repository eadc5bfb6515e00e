/* SPDX-License-Identifier: MIT */
/* Bindings and events as JSON. Every function returns a new reference, or NULL when out of memory. */
#ifndef REGISTRARD_JSON_H
#define REGISTRARD_JSON_H

#include <jansson.h>
#include <rgstr/rgstr.h>

/* SIP carries any octet, JSON text only UTF-8. A text that is not UTF-8 is read as ISO 8859-1. An absent text becomes null. */
json_t *json_octets(rg_str octets);

/* A binding; `expires` in seconds from now. */
json_t *json_contact(const rg_contact *contact, rg_time now);

json_t *json_event(const rg_event *event);

/* {"error": text} */
json_t *json_failure(const char *text);

/* Prints a value as one line with its newline, and drops the reference. Free the text with free(). NULL when out of memory. */
char *json_line(json_t *value);

#endif
