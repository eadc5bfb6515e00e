/* SPDX-License-Identifier: MIT */
#include "text/statuses.h"
#include "text/text.h"
#include <stdio.h>
#include <stdlib.h>

struct rg_error {
	rg_status status;
	size_t n;
	char *text; /* NULL: out of memory, and rg_strerror(status) stands in */
};

static const struct {
	rg_status status;
	const char *name, *text;
} rows[] = {
#define STATUS_ROW(name, value, text) { name, #name, text },
	RG__STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};

#define STATUS_IN_HEADER(name, value, text) _Static_assert(name == (value), "the enumeration and the table agree");
RG__STATUS_MAP(STATUS_IN_HEADER)
#undef STATUS_IN_HEADER

const char *rg_strerror(rg_status status)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].status == status)
			return rows[i].text;
	}
	return "unknown status";
}

const char *rg_status_name(rg_status status)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].status == status)
			return rows[i].name;
	}
	return NULL;
}

rg_error *rg_error_new(void)
{
	return calloc(1, sizeof(rg_error));
}

void rg_error_free(rg_error *error)
{
	if (!error)
		return;
	free(error->text);
	free(error);
}

rg_status rg_error_status(const rg_error *error)
{
	return error ? error->status : RG_OK;
}

rg_str rg_error_text(const rg_error *error)
{
	if (!error || error->status == RG_OK)
		return (rg_str){ "", 0 };
	return error->text ? (rg_str){ error->text, error->n } : rg_str_from(rg_strerror(error->status));
}

enum { LONGEST = 1024 }; /* cuts a text that quotes a long input */

/* Takes over @p text, of @p n bytes and a NUL. NULL: out of memory. */
static rg_status error_tell(rg_error *why, rg_status status, char *text, size_t n)
{
	if (text)
		rg__defuse(text, n);
	free(why->text); /* only now: the new text may have been made from it */
	*why = (rg_error){ status, text ? n : 0, text };
	return status;
}

rg_status rg_error_set(rg_error *why, rg_status status, rg_str s)
{
	size_t n = s.n < LONGEST ? s.n : LONGEST;
	char *text = why ? malloc(n + 1) : NULL;

	if (!why)
		return status;
	if (text && n > 0)
		memcpy(text, s.p, n);
	if (text)
		text[n] = 0;
	return error_tell(why, status, text, n);
}

rg_status rg__fail(rg_error *why, rg_status status, const char *format, ...)
{
	va_list args;

	if (!why)
		return status;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	size_t n = length < LONGEST ? (size_t)length : LONGEST;
	char *text = length < 0 ? NULL : malloc(n + 1);
	if (text) {
		va_start(args, format);
		vsnprintf(text, n + 1, format, args);
		va_end(args);
	}
	return error_tell(why, status, text, n);
}
