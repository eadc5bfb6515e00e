/* SPDX-License-Identifier: MIT */
/* Names of connections in bindings. */
#include "flows.h"

#include <criterion/criterion.h>
#include <string.h>

static struct server server = { .flow_prefix = "0123456789abcdef0123456789abcdef" };

Test(flows, a_name_is_read_as_it_was_printed)
{
	static const uint64_t numbers[] = { 1, 0xabc, UINT64_MAX };
	static const struct {
		enum flow_kind flow;
		enum way_kind way;
	} kinds[] = { { FLOW_HARD, WAY_HARD }, { FLOW_PUSHED, WAY_HARD }, { FLOW_SOFT, WAY_SOFT } };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			char name[FLOW_ROOM];
			struct way way;

			flow_print(&server, kinds[k].flow, numbers[i], name);
			way = flow_read(&server, rg_str_from(name));
			cr_expect(way.kind == kinds[k].way && way.to.connection == numbers[i], "%s", name);
		}
}

/* A connection of another process has ended. With 0 for its number, none is found. */
Test(flows, names_of_others_name_no_connection)
{
	static const struct {
		const char *name;
		enum way_kind kind;
	} cases[] = {
		{ "", WAY_URI },
		{ "ffffffffffffffffffffffffffffffff-h1", WAY_HARD },
		{ "ffffffffffffffffffffffffffffffff-s1", WAY_SOFT },
		{ "ffffffffffffffffffffffffffffffff-1", WAY_HARD },
		{ "0123456789abcdef0123456789abcdef", WAY_HARD },
		{ "0123456789abcdef0123456789abcdef-", WAY_HARD },
		{ "0123456789abcdef0123456789abcdef-s", WAY_HARD },
		{ "0123456789abcdef0123456789abcdef-s11111111111111111", WAY_SOFT },
		{ "0123456789abcdef-s1", WAY_SOFT },
		{ "connection 5", WAY_HARD },
		{ "-", WAY_HARD },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct way way = flow_read(&server, rg_str_from(cases[i].name));

		cr_expect(way.kind == cases[i].kind && way.to.connection == 0, "%s", cases[i].name);
	}
}
