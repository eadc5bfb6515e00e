/* SPDX-License-Identifier: MIT */
/* Faults that know nothing of the grammar. */
#include "generate.h"
#include <string.h>

static size_t place(generator *g)
{
	return g->n > 0 ? generator_dice(g, (uint32_t)g->n) : 0;
}

/* Makes room for @p n octets at @p at. False: there is none. */
static bool open_gap(generator *g, size_t at, size_t n)
{
	if (g->n + n > GENERATED_MOST)
		return false;
	memmove(g->p + at + n, g->p + at, g->n - at);
	g->n += n;
	return true;
}

static void close_gap(generator *g, size_t at, size_t n)
{
	memmove(g->p + at, g->p + at + n, g->n - at - n);
	g->n -= n;
}

static void flip_bit(generator *g)
{
	if (g->n > 0)
		g->p[place(g)] ^= (char)(1u << generator_dice(g, 8));
}

static char special(generator *g)
{
	static const char specials[] = "\0\r\n\t \"%,;:<>@[\\]=*/?&'()\177\300\377\1aZ09";

	return specials[generator_dice(g, sizeof specials - 1)];
}

static void replace_octet(generator *g)
{
	if (g->n > 0)
		g->p[place(g)] = special(g);
}

static void insert_octet(generator *g)
{
	size_t at = place(g);

	if (open_gap(g, at, 1))
		g->p[at] = special(g);
}

static void leave_out(generator *g)
{
	size_t at = place(g);

	if (g->n > 0)
		close_gap(g, at, 1 + generator_dice(g, g->n - at < 8 ? (uint32_t)(g->n - at) : 8));
}

static void cut(generator *g)
{
	g->n = place(g);
}

static void insert_text(generator *g)
{
	static const char *const texts[] = { "\r\n", "\r\n ", "\r\n\t", "\r\n\r\n", "\n", "\r", "%00", "%0d%0a", "\"", "\\\"", "<", ">", ", ",
		";;", " , ,", "SIP/2.0", "sip:", "*", "[::1]", "\r\nX: ", "\r\nContact: *", "\r\nm:<sip:x@y>", "\r\nl: 5", "\r\nTo", ":", ";tag=",
		"\xef\xbb\xbf", "99999999999" };
	const char *text = texts[generator_dice(g, sizeof texts / sizeof *texts)];
	size_t at = place(g), n = strlen(text);

	if (open_gap(g, at, n))
		memcpy(g->p + at, text, n);
}

/* The line that holds the octet at @p at, with its line end. */
static size_t line_at(const generator *g, size_t at, size_t *n)
{
	size_t from = at, to = at;

	while (from > 0 && g->p[from - 1] != '\n')
		from--;
	while (to < g->n && g->p[to] != '\n')
		to++;
	*n = (to < g->n ? to + 1 : to) - from;
	return from;
}

static void double_line(generator *g)
{
	size_t n, from = line_at(g, place(g), &n);

	if (open_gap(g, from, n))
		memcpy(g->p + from, g->p + from + n, n);
}

static void leave_out_line(generator *g)
{
	size_t n, from = line_at(g, place(g), &n);

	close_gap(g, from, n);
}

/* Puts a line into another place. */
static void move_line(generator *g)
{
	char kept[512];
	size_t n, other, from = line_at(g, place(g), &n);

	if (n == 0 || n > sizeof kept)
		return;
	memcpy(kept, g->p + from, n);
	close_gap(g, from, n);
	from = line_at(g, place(g), &other);
	if (open_gap(g, from, n))
		memcpy(g->p + from, kept, n);
}

/* White space becomes a fold, which changes nothing where the grammar allows white space. */
static void fold(generator *g)
{
	const char *space = g->n > 0 ? memchr(g->p + place(g), ' ', g->n - place(g)) : NULL;

	if (!space || space >= g->p + g->n)
		return;
	size_t at = (size_t)(space - g->p);
	if (open_gap(g, at, 2))
		memcpy(g->p + at, "\r\n", 2);
}

static void change_case(generator *g)
{
	for (uint32_t i = generator_dice(g, 8); i > 0 && g->n > 0; i--) {
		char *p = &g->p[place(g)];
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
			*p ^= 0x20;
	}
}

static void lengthen(generator *g)
{
	static const char units[] = "a0 ,;%\"<\t";
	size_t at = place(g), n = 1 + generator_dice(g, generator_dice(g, 8) ? 300 : 2000);

	if (open_gap(g, at, n))
		memset(g->p + at, units[generator_dice(g, sizeof units - 1)], n);
}

void generator_mutate(generator *g)
{
	static void (*const ways[])(generator *) = { flip_bit, flip_bit, replace_octet, replace_octet, insert_octet, insert_octet, leave_out,
		insert_text, insert_text, double_line, leave_out_line, move_line, fold, fold, change_case, lengthen, cut };

	ways[generator_dice(g, sizeof ways / sizeof *ways)](g);
}
