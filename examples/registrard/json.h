/* SPDX-License-Identifier: MIT */
/* What registrard says about bindings, as JSON. Every function returns a new reference, or NULL when memory is short. */
#ifndef REGISTRARD_JSON_H
#define REGISTRARD_JSON_H

#include <jansson.h>
#include <rgstr/rgstr.h>

/* SIP carries any octet, JSON text only UTF-8: what is not UTF-8 is read as ISO 8859-1. Absent gives null. */
json_t *json_octets(rg_str octets);

/* A binding; `expires` in seconds from now. */
json_t *json_contact(const rg_contact *contact, rg_time now);

json_t *json_event(const rg_event *event);

/* {"error": text} */
json_t *json_failure(const char *text);

/* Prints a value as one line, newline and all, and drops the reference. NULL when memory is short. Free with free(). */
char *json_line(json_t *value);

#endif
