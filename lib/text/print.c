/* SPDX-License-Identifier: MIT */
#include "text/text.h"

static void print_indented(rg__print *p, const char *name)
{
	for (uint32_t i = 0; i < p->depth; i++)
		rg__out_text(&p->out, "  ");
	rg__out_text(&p->out, name);
}

static void print_octet(rg__out *out, char c, bool at_end)
{
	if (c == '\\') {
		rg__out_text(out, "\\\\");
	} else if (c > 0x20 && c < 0x7f) {
		rg__out_char(out, c);
	} else if (c == ' ' && !at_end) {
		rg__out_char(out, c);
	} else {
		rg__out_text(out, "\\x");
		rg__out_hex(out, (const uint8_t *)&c, 1);
	}
}

void rg__print_mark(rg__print *p, const char *name)
{
	print_indented(p, name);
	rg__out_char(&p->out, '\n');
}

void rg__print_begin(rg__print *p, const char *name)
{
	print_indented(p, name);
	rg__out_char(&p->out, ':');
}

void rg__print_part(rg__print *p, rg_str value)
{
	for (size_t i = 0; i < value.n; i++)
		print_octet(&p->out, value.p[i], i == 0 || i + 1 == value.n);
}

void rg__print_value(rg__print *p, rg_str value)
{
	if (value.n == 0)
		return; /* no line ends in a space */
	rg__out_char(&p->out, ' ');
	rg__print_part(p, value);
}

void rg__print_end(rg__print *p)
{
	rg__out_char(&p->out, '\n');
}

void rg__print_text(rg__print *p, const char *name, rg_str value)
{
	if (!value.p)
		return;
	rg__print_begin(p, name);
	rg__print_value(p, value);
	rg__print_end(p);
}

void rg__print_word(rg__print *p, const char *name, const char *value)
{
	rg__print_text(p, name, rg_str_from(value));
}

void rg__print_int(rg__print *p, const char *name, int64_t value)
{
	rg__print_begin(p, name);
	rg__out_char(&p->out, ' ');
	rg__out_int(&p->out, value);
	rg__print_end(p);
}

void rg__print_hex(rg__print *p, const char *name, uint64_t value)
{
	rg__print_begin(p, name);
	rg__out_char(&p->out, ' ');
	for (int shift = 56; shift >= 0; shift -= 8)
		rg__out_hex(&p->out, &(uint8_t){ (uint8_t)(value >> shift) }, 1);
	rg__print_end(p);
}
