/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "methods.h"

/* Each octet above 127 becomes the code point of that value, two octets in UTF-8. */
static json_t *from_latin1(rg_str octets)
{
	char *text = malloc(2 * octets.n + 1);
	size_t n = 0;
	json_t *value;

	if (!text)
		return NULL;
	for (size_t i = 0; i < octets.n; i++) {
		unsigned char c = (unsigned char)octets.p[i];

		if (c >= 128)
			text[n++] = (char)(0xc0 | c >> 6);
		text[n++] = c >= 128 ? (char)(0x80 | (c & 0x3f)) : (char)c;
	}
	value = json_stringn(text, n);
	free(text);
	return value;
}

json_t *json_octets(rg_str octets)
{
	json_t *value;

	if (!octets.p)
		return json_null();
	value = json_stringn(octets.p, octets.n);
	return value ? value : from_latin1(octets);
}

static json_t *json_path(rg_str path)
{
	json_t *values = json_array();
	rg_str value;

	while (rg_path_next(&path, &value))
		json_array_append_new(values, json_octets(value));
	return values;
}

static json_t *json_methods(uint32_t methods)
{
	char text[METHODS_ROOM];

	if (methods == RG_METHODS_ALL)
		return json_null();
	methods_print(methods, text);
	return json_string(text);
}

/* Seconds left, rounded up, so that a live binding never shows 0. */
static int64_t seconds_left(rg_time expires, rg_time now)
{
	return expires <= now ? 0 : (expires - now - 1) / 1000 + 1;
}

json_t *json_contact(const rg_contact *contact, rg_time now)
{
	json_t *object = json_object();

	json_object_set_new(object, "uri", json_octets(contact->uri));
	json_object_set_new(object, "q", contact->q < 0 ? json_null() : json_real(contact->q / 1000.0));
	json_object_set_new(object, "expires", json_integer(seconds_left(contact->expires, now)));
	json_object_set_new(object, "callid", json_octets(contact->callid));
	json_object_set_new(object, "cseq", json_integer(contact->cseq));
	json_object_set_new(object, "path", json_path(contact->path));
	json_object_set_new(object, "received", json_octets(contact->received));
	json_object_set_new(object, "socket", json_octets(contact->socket));
	json_object_set_new(object, "user_agent", json_octets(contact->user_agent));
	json_object_set_new(object, "methods", json_methods(contact->methods));
	json_object_set_new(object, "instance", json_octets(contact->instance));
	json_object_set_new(object, "reg_id", contact->reg_id ? json_integer(contact->reg_id) : json_null());
	json_object_set_new(object, "attr", json_octets(contact->attr));
	json_object_set_new(object, "flow", json_octets(contact->flow));
	json_object_set_new(object, "ownership_tag", json_octets(contact->ownership_tag));
	json_object_set_new(object, "branch_flags", json_integer(contact->branch_flags));
	json_object_set_new(object, "latency", contact->latency == RG_LATENCY_NONE ? json_null() : json_integer(contact->latency));
	json_object_set_new(object, "flags", json_integer(contact->flags));
	json_object_set_new(object, "last_modified", json_integer(contact->modified / 1000));
	return object;
}

json_t *json_event(const rg_event *event)
{
	const rg_contact *contact = event->after ? event->after : event->before;
	const char *name = rg_event_name(event->kind);
	json_t *object = json_object();

	json_object_set_new(object, "event", json_string(name ? name : "UNKNOWN"));
	json_object_set_new(object, "aor", json_octets(event->aor));
	json_object_set_new(object, "contact", contact ? json_contact(contact, event->at) : json_null());
	json_object_set_new(object, "reason", json_octets(event->reason));
	json_object_set_new(object, "callid", json_octets(event->callid));
	json_object_set_new(object, "at", json_integer(event->at / 1000));
	return object;
}

json_t *json_failure(const char *text)
{
	json_t *object = json_object();

	json_object_set_new(object, "error", json_octets(rg_str_from(text)));
	return object;
}

char *json_line(json_t *value)
{
	/* q has at most three decimals. More digits would print 0.7 as 0.69999999999999996. */
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(3)) : NULL;
	size_t n = text ? strlen(text) : 0;
	char *line = text ? realloc(text, n + 2) : NULL;

	json_decref(value);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + n, "\n", 2);
	return line;
}
