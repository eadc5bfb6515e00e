/* SPDX-License-Identifier: MIT */
/* The examples of doc/record-format.md. */
#ifndef PAGE_H
#define PAGE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE __attribute__((unused)) static

/* The caller frees it. */
PAGE char *page_text(void)
{
	FILE *f = fopen(RG_SOURCE_ROOT "/doc/record-format.md", "rb");
	char *text = calloc(1, 65536);

	cr_assert_not_null(f);
	cr_assert_gt(fread(text, 1, 65535, f), 0);
	fclose(f);
	return text;
}

/* The next block of a kind after @p *at, which moves behind it; NULL: there is none. The text is cut into pieces. */
PAGE char *page_block(char **at, const char *kind)
{
	char head[32];

	snprintf(head, sizeof head, "\n```%s\n", kind);
	char *from = strstr(*at, head), *end = from ? strstr(from + strlen(head), "\n```\n") : NULL;
	if (!end)
		return NULL;
	*end = 0;
	*at = end + 1;
	return from + strlen(head);
}

/* The next line of a block; NULL: there is none. */
PAGE char *page_line(char **block)
{
	char *line = *block, *end = line ? strchr(line, '\n') : NULL;

	if (end)
		*end = 0;
	*block = end ? end + 1 : NULL;
	return line;
}

#endif
