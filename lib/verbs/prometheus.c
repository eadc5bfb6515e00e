/* SPDX-License-Identifier: MIT */
/* Statistics as text, in the exposition format of Prometheus, version 0.0.4. The rows are those of a snapshot. */
#include "grammar/grammar.h"
#include <rgstr/registrar.h>
#include <inttypes.h>
#include <stdio.h>

/* The refusals are one metric; the rest of each name is its label. */
#define REJECTS "rejects_"
#define REASON "reason"

typedef struct exposition {
	rg__out out;
	const rg_statistics_label *labels;
	uint32_t n_labels;
} exposition;

static void print_escaped(exposition *p, rg_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' || s.p[i] == '"' || s.p[i] == '\n')
			rg__out_char(&p->out, '\\');
		rg__out_char(&p->out, s.p[i] == '\n' ? 'n' : s.p[i]);
	}
}

static bool is_reject(const rg_statistic *s)
{
	return strncmp(s->name, REJECTS, sizeof REJECTS - 1) == 0;
}

static void print_name(exposition *p, const rg_statistic *s)
{
	rg__out_text(&p->out, "rgstr_");
	rg__out_add(&p->out, is_reject(s) ? (rg_str){ REJECTS, sizeof REJECTS - 2 } : rg_str_from(s->name));
	rg__out_text(&p->out, s->gauge ? "" : "_total");
}

static void print_head(exposition *p, const rg_statistic *s)
{
	rg__out_text(&p->out, "# HELP ");
	print_name(p, s);
	rg__out_char(&p->out, ' ');
	rg__out_text(&p->out, s->doc);
	rg__out_text(&p->out, "\n# TYPE ");
	print_name(p, s);
	rg__out_text(&p->out, s->gauge ? " gauge\n" : " counter\n");
}

static void print_label(exposition *p, char before, rg_str name, rg_str value)
{
	rg__out_char(&p->out, before);
	rg__out_add(&p->out, name);
	rg__out_text(&p->out, "=\"");
	print_escaped(p, value);
	rg__out_char(&p->out, '"');
}

static void print_sample(exposition *p, const rg_statistic *s)
{
	char digits[24], before = '{';

	print_name(p, s);
	for (uint32_t i = 0; i < p->n_labels; i++, before = ',')
		print_label(p, before, p->labels[i].name, p->labels[i].value);
	if (is_reject(s)) {
		print_label(p, before, RG_STR(REASON), rg_str_from(s->name + sizeof REJECTS - 1));
		before = ',';
	}
	if (before == ',')
		rg__out_char(&p->out, '}');
	snprintf(digits, sizeof digits, " %" PRId64 "\n", s->value);
	rg__out_text(&p->out, digits);
}

/* Length of the character that starts at @p p (RFC 3629 §4); 0 if there is none, or a control character other than LF. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char first, last, least, most; /* of the first octet, and of the second */
		uint8_t n;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (*p < 0x80)
		return *p == '\n' || (*p >= 0x20 && *p != 0x7f);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (*p < forms[i].first || *p > forms[i].last || n < forms[i].n)
			continue;
		bool good = p[1] >= forms[i].least && p[1] <= forms[i].most;

		for (size_t k = 2; k < forms[i].n; k++)
			good = good && (p[k] & 0xc0) == 0x80;
		return good ? forms[i].n : 0;
	}
	return 0;
}

static bool good_value(rg_str s)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		n = utf8_length((const unsigned char *)s.p + at, s.n - at);
		if (n == 0)
			return false;
	}
	return true;
}

/* [a-zA-Z_][a-zA-Z0-9_]*; names that begin with two underscores are Prometheus' own. */
static bool good_name(rg_str s)
{
	if (s.n == 0 || rg__is(s.p[0], RG__C_DIGIT) || (s.n > 1 && s.p[0] == '_' && s.p[1] == '_'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '_' && !rg__is(s.p[i], RG__C_ALPHA | RG__C_DIGIT))
			return false;
	}
	return !rg__eq(s, RG_STR(REASON));
}

static bool good_labels(const rg_statistics_label *labels, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!good_name(labels[i].name) || !good_value(labels[i].value))
			return false;
		for (uint32_t k = 0; k < i; k++) {
			if (rg__eq(labels[k].name, labels[i].name))
				return false;
		}
	}
	return true;
}

rg_status rg_statistics_prometheus(const rg_statistics *stats, const rg_statistics_label *labels, uint32_t n_labels,
	char *room, size_t size, size_t *n)
{
	exposition p = { .out = { room, size, 0 }, .labels = labels, .n_labels = n_labels };
	bool in_family = false;
	rg_statistic s = { .struct_size = sizeof s };

	if (!n)
		return RG_EINVAL;
	*n = 0;
	if (!stats || (!room && size > 0) || (!labels && n_labels > 0))
		return RG_EINVAL;
	if (n_labels > RG_STATISTICS_LABELS_MAX)
		return RG_ELIMIT;
	if (!good_labels(labels, n_labels))
		return RG_EINVAL;
	for (uint32_t i = 0; rg_statistics_get(stats, i, &s) == RG_OK; i++) {
		if (!in_family || !is_reject(&s))
			print_head(&p, &s);
		in_family = is_reject(&s);
		print_sample(&p, &s);
	}
	*n = p.out.n;
	return RG_OK;
}
