/* SPDX-License-Identifier: MIT */
/* The table of constants holds each constant of the headers once, with the value that the compiler sees, and nothing else. */
#include <rgstr/rgstr.h>
#include <stdio.h>
#include <string.h>

/* Made from the headers by constants_listed.py. */
static const struct {
	const char *name;
	int64_t value;
} listed[] = {
#include "constants_listed.h"
};

enum { N_LISTED = sizeof listed / sizeof *listed };

static int expect(int right, const char *name, const char *what)
{
	if (!right)
		printf("%s: %s\n", name, what);
	return !right;
}

static int find_each_listed(void)
{
	int wrong = 0;

	for (size_t i = 0; i < N_LISTED; i++) {
		int64_t value = -2;
		rg_status status = rg_constant(rg_str_from(listed[i].name), &value);

		wrong += expect(status == RG_OK && value == listed[i].value, listed[i].name, "not in the table, or with another value");
	}
	return wrong;
}

static int list_each_once(void)
{
	int seen[N_LISTED] = { 0 }, wrong = 0;
	const char *name;
	int64_t value;

	for (uint32_t row = 0; rg_constant_get(row, &name, &value) == RG_OK; row++) {
		size_t i = 0;

		while (i < N_LISTED && strcmp(listed[i].name, name) != 0)
			i++;
		wrong += expect(i < N_LISTED && ++seen[i] == 1 && value == listed[i].value, name, "no constant of a header, or twice in the table");
	}
	return wrong;
}

static int refuse_the_rest(void)
{
	const char *name = "left";
	int64_t value = 7;
	int wrong = expect(rg_constant(RG_STR("RG_NO_SUCH"), &value) == RG_ENOENT && value == 0, "RG_NO_SUCH", "found");

	wrong += expect(rg_constant(RG_STR("RG_O"), &value) == RG_ENOENT, "RG_O", "found by a part of a name");
	wrong += expect(rg_constant((rg_str){ NULL, 0 }, &value) == RG_ENOENT, "the absent name", "found");
	wrong += expect(rg_constant(RG_STR("RG_OK"), NULL) == RG_EINVAL, "no value", "accepted");
	value = 7;
	wrong += expect(rg_constant_get(rg_constant_count(), &name, &value) == RG_ENOENT && !name && value == 0, "the row after the last", "found");
	wrong += expect(rg_constant_get(0, NULL, &value) == RG_EINVAL && value == 0, "no name", "accepted");
	wrong += expect(rg_constant_get(0, &name, NULL) == RG_EINVAL && !name, "no value", "accepted");
	return wrong;
}

int main(void)
{
	int wrong = expect(rg_constant_count() == N_LISTED && N_LISTED > 80, "the table", "has another size than the headers");

	wrong += find_each_listed() + list_each_once() + refuse_the_rest();
	return wrong > 0;
}
