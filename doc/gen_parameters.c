/* SPDX-License-Identifier: MIT */
/* Prints doc/parameters.md from the tables in the library. */
#include <inttypes.h>
#include <rgstr/config.h>
#include <stdio.h>
#include <string.h>

static const char head[] =
	"# Parameters and flags\n"
	"\n"
	"`doc/gen_parameters.c` prints this page from the tables in the library. Edit the tables, not this page.\n"
	"\n"
	"*In effect: not yet* means that this version accepts and checks the value, and does nothing with it.\n";

/* A vertical bar would end the cell, and outside of code an angle bracket would begin a tag. */
static void cell(const char *text)
{
	int code = 0;

	for (; *text; text++) {
		code ^= *text == '`';
		printf("%s%c", *text == '|' || (*text == '<' && !code) ? "\\" : "", *text);
	}
}

static void print_range(const rg_param *p)
{
	switch (p->kind) {
	case RG_PARAM_INT:
		printf("whole number, %" PRId64 "–%" PRId64, p->min, p->max);
		break;
	case RG_PARAM_BOOL:
		printf("0, 1, true, false");
		break;
	case RG_PARAM_TEXT:
		printf("text, %" PRId64 "–%" PRId64 " bytes", p->min, p->max);
		break;
	default:
		for (const char *c = p->choices; c; c = strchr(c, '|')) {
			c += *c == '|';
			printf("%s`%.*s`", c == p->choices ? "" : ", ", (int)strcspn(c, "|"), c);
		}
	}
	if (p->unit[0])
		printf(", %s", p->unit);
}

static void print_params(uint32_t from_base)
{
	rg_param p = { .struct_size = sizeof p };

	printf("\n| name | value | default | in effect | from | what it does |\n|---|---|---|---|---|---|\n");
	for (uint32_t i = 0; rg_param_get(i, &p) == RG_OK; i++) {
		if (p.from_base != from_base)
			continue;
		printf("| `%s` | ", p.name);
		print_range(&p);
		if (p.default_text)
			printf(" | `%s` | ", p.default_text);
		else
			printf(" | – | ");
		printf("%s | %s | ", p.in_effect ? "yes" : "not yet", p.section);
		cell(p.doc);
		printf(" |\n");
	}
}

static void print_flags(uint32_t verb)
{
	rg_flag f = { .struct_size = sizeof f };

	printf("\n| flag | value | in effect | from | what it does |\n|---|---|---|---|---|\n");
	for (uint32_t i = 0; rg_flag_get(i, &f) == RG_OK; i++) {
		if (f.verb != verb)
			continue;
		printf("| `%s` | ", f.name);
		cell(f.value ? f.value : "–");
		printf(" | %s | %s | ", f.in_effect ? "yes" : "not yet", f.section);
		cell(f.doc);
		printf(" |\n");
	}
}

int main(void)
{
	printf("%s\n## Parameters of the base specification\n", head);
	print_params(1);
	printf("\n## Parameters of our own\n");
	print_params(0);
	printf("\n## Flags of save\n\n");
	printf("Flags are separated by commas, as in `max-contacts=5, force-registration`. A flag of a call overrides the parameter.\n");
	print_flags(1);
	printf("\n## Flags of lookup\n");
	print_flags(2);
	return ferror(stdout) != 0;
}
