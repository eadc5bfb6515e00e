/* SPDX-License-Identifier: MIT */
/* The table is whole: its rows are the names of the base specification, each once, and the library's own tables know the same names. */
#include "kit.h"
#include <stdlib.h>

/* The linker gathers the rows of all files here. */
extern const row *const __start_spec_rows[], *const __stop_spec_rows[];

typedef struct name {
	char kind[32], name[64], section[16];
} name;

typedef struct names {
	name at[128];
	size_t n;
} names;

/* How many names of each kind there are: a page that lost its lines would ask for no rows. */
static const struct {
	const char *kind;
	size_t n;
} kinds[] = {
	{ "parameter", 29 }, { "save_flag", 13 }, { "lookup_flag", 10 }, { "function", 9 }, { "lookup_code", 5 }, { "purr_code", 3 },
	{ "statistic", 5 },
};

static void read_names(names *all)
{
	FILE *page = fopen(SPEC_NAMES, "r");
	char line[256];

	all->n = 0;
	cr_assert_not_null(page, "%s", SPEC_NAMES);
	while (fgets(line, sizeof line, page)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		name *it = &all->at[all->n++];
		cr_assert_lt(all->n, 128);
		cr_assert_eq(sscanf(line, "%31s %63s %15s", it->kind, it->name, it->section), 3, "%s", line);
	}
	fclose(page);
}

static size_t count(const names *all, const char *kind, const char *called)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += strcmp(all->at[i].kind, kind) == 0 && (!called || strcmp(all->at[i].name, called) == 0);
	return n;
}

static size_t rows_of(const char *kind, const char *called, const char *section)
{
	size_t n = 0;

	for (const row *const *r = __start_spec_rows; r < __stop_spec_rows; r++)
		n += strcmp((*r)->kind, kind) == 0 && strcmp((*r)->name, called) == 0 && (!section || strcmp((*r)->section, section) == 0);
	return n;
}

Test(table, every_name_of_the_base_specification_has_one_row)
{
	static names all;

	read_names(&all);
	for (size_t i = 0; i < all.n; i++) {
		const name *it = &all.at[i];
		cr_expect_eq(count(&all, it->kind, it->name), 1, "%s %s stands twice", it->kind, it->name);
		size_t rows = rows_of(it->kind, it->name, NULL);
		cr_expect_eq(rows, 1, "%s %s has %zu rows", it->kind, it->name, rows);
		cr_expect_eq(rows_of(it->kind, it->name, it->section), rows, "%s %s is of %s", it->kind, it->name, it->section);
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		cr_expect_eq(count(&all, kinds[i].kind, NULL), kinds[i].n, "%s: %zu", kinds[i].kind, count(&all, kinds[i].kind, NULL));
}

Test(table, every_row_has_a_name_of_the_base_specification)
{
	static names all;
	size_t n = 0;

	read_names(&all);
	for (const row *const *r = __start_spec_rows; r < __stop_spec_rows; r++, n++)
		cr_expect_eq(count(&all, (*r)->kind, (*r)->name), 1, "%s %s", (*r)->kind, (*r)->name);
	cr_expect_eq(n, all.n);
}

Test(table, the_parameters_of_the_library_are_those_of_the_base_specification)
{
	static names all;
	char section[32];
	size_t n = 0;
	rg_param p = { .struct_size = sizeof p };

	read_names(&all);
	for (uint32_t i = 0; rg_param_get(i, &p) == RG_OK; i++) {
		cr_expect_eq(count(&all, "parameter", p.name), p.from_base, "%s", p.name);
		for (size_t k = 0; p.from_base && k < all.n; k++) {
			snprintf(section, sizeof section, "base %s", all.at[k].section);
			if (strcmp(all.at[k].kind, "parameter") == 0 && strcmp(all.at[k].name, p.name) == 0)
				cr_expect_str_eq(p.section, section, "%s", p.name);
		}
		n += p.from_base;
	}
	cr_expect_eq(n, count(&all, "parameter", NULL));
}

Test(table, the_flags_of_the_library_are_those_of_the_base_specification)
{
	static const char *const verbs[] = { NULL, "save_flag", "lookup_flag" }, *const sections[] = { NULL, "base 1.4.1", "base 1.4.4" };
	static names all;
	size_t n = 0;
	rg_flag f = { .struct_size = sizeof f };

	read_names(&all);
	for (uint32_t i = 0; rg_flag_get(i, &f) == RG_OK; i++, n++) {
		cr_assert(f.verb == 1 || f.verb == 2);
		cr_expect_eq(count(&all, verbs[f.verb], f.name), 1, "%s %s", verbs[f.verb], f.name);
		cr_expect_str_eq(f.section, sections[f.verb], "%s", f.name);
	}
	cr_expect_eq(n, count(&all, "save_flag", NULL) + count(&all, "lookup_flag", NULL));
}

Test(table, the_library_has_the_statistics_of_the_base_specification)
{
	static names all;
	rg_statistics *stats = NULL;
	int64_t value;
	host h;

	read_names(&all);
	cr_assert_gt(count(&all, "statistic", NULL), 0);
	host_open(&h);
	cr_assert_eq(rg_read_statistics(h.reg, RG_STR("location"), &stats, NULL), RG_OK);
	for (size_t i = 0; i < all.n; i++) {
		if (strcmp(all.at[i].kind, "statistic") == 0)
			cr_expect_eq(rg_statistics_find(stats, rg_str_from(all.at[i].name), &value), RG_OK, "%s", all.at[i].name);
	}
	rg_statistics_free(stats);
	host_close(&h);
}
