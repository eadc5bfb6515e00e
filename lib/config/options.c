/* SPDX-License-Identifier: MIT */
#include "config/options.h"
#include "config/parse.h"
#include "config/ua_filter.h"
#include <stddef.h>
#include <stdlib.h>

enum { SAVE = 1, LOOKUP = 2 };
enum { SWITCH, NUMBER, MATCHING, PATTERN };
enum { MAX_FLAGS_LEN = 4096 };

typedef struct flag_row {
	const char *name;
	uint32_t verb;
	int kind;
	int64_t min, max;  /* of a NUMBER; max: of the length of a PATTERN */
	const char *value; /* what follows `=`, in words; NULL = it takes no value */
	const char *section;
	const char *doc;
	uint32_t pending;  /* accepted and validated only */
} flag_row;

static const flag_row rows[] = {
#define ROW(id, ...) [RG__F_##id] = { __VA_ARGS__ },
	RG__FLAG_MAP(ROW)
#undef ROW
};

uint32_t rg_flag_count(void)
{
	return RG__F_COUNT;
}

static const rg__shape flag_shape = RG__SHAPE(rg_flag, NULL, sizeof(rg_flag));

void rg_flag_init(rg_flag *flag, uint32_t size)
{
	rg__shape_init(&flag_shape, flag, size);
}

rg_status rg_flag_get(uint32_t index, rg_flag *out)
{
	if (index >= RG__F_COUNT)
		return rg__shape_give(&flag_shape, NULL, out);
	const flag_row *r = &rows[index];
	const rg_flag full = { .verb = r->verb, .name = r->name, .value = r->value, .doc = r->doc, .section = r->section,
		.in_effect = !r->pending };

	return rg__shape_give(&flag_shape, &full, out);
}

static int find_flag(uint32_t verb, rg_str name)
{
	for (int id = 0; id < RG__F_COUNT; id++) {
		if (rows[id].verb == verb && rg__eq(name, rg_str_from(rows[id].name)))
			return id;
	}
	return -1;
}

/* Takes the text before the next of @p stops off @p rest. */
static rg_str take_until(rg_str *rest, const char *stops)
{
	size_t n = 0;

	while (n < rest->n && !strchr(stops, rest->p[n]))
		n++;
	rg_str taken = rg__sub(*rest, 0, n);
	*rest = rg__sub(*rest, n, rest->n);
	return taken;
}

/* Takes the value of flag @p id off @p rest, which starts after the '='. */
static rg_str take_flag_value(int id, rg_str *rest)
{
	size_t span = rows[id].kind == PATTERN ? rg__pattern_span(*rest) : 0; /* a comma between the slashes does not separate flags */
	rg_str behind = rg__sub(*rest, span, rest->n);
	size_t more = take_until(&behind, ",").n;
	rg_str value = rg__sub(*rest, 0, span + more);

	*rest = behind;
	return rg__trim(value);
}

static rg_status note(int id, rg_str value, rg__flags *flags, rg_error *why)
{
	const char *name = rows[id].name;
	int64_t number = 0;
	rg__matching matching;

	if (rows[id].kind == SWITCH && value.p)
		return rg__fail(why, RG_EINVAL, "%s: takes no value, but has '%.*s'", name, RG__SHOWN(value));
	if (rows[id].kind != SWITCH && value.n == 0)
		return rg__fail(why, RG_EINVAL, "%s: needs a value, %s=…: %s", name, name, rows[id].value);
	if (rows[id].kind == NUMBER) {
		rg_status status = rg__value_int(rg_str_from(name), value, rows[id].min, rows[id].max, &number, why);
		if (status != RG_OK)
			return status;
	}
	if (rows[id].kind == MATCHING && !rg__value_matching(value, &matching))
		return rg__fail(why, RG_EINVAL, "%s: '%.*s' is not one of %s", name, RG__SHOWN(value), rows[id].value);
	if (flags->seen[id] && (flags->number[id] != number || (rows[id].kind != NUMBER && !rg__eq(flags->text[id], value))))
		return rg__fail(why, RG_EINVAL, "%s: given twice, with different values", name);
	flags->seen[id] = true;
	flags->number[id] = number;
	flags->text[id] = value;
	return RG_OK;
}

static rg_status read_flags(uint32_t verb, rg_str text, rg__flags *flags, rg_error *why)
{
	rg_str rest = text;

	while (rest.p) {
		rg_str name = rg__trim(take_until(&rest, "=,"));
		rg_str value = RG__ABSENT;
		int id = find_flag(verb, name);
		if (id < 0 && name.n == 0)
			return rg__fail(why, RG_EINVAL, "there is an empty flag before or after a comma");
		if (id < 0)
			return rg__fail(why, RG_EINVAL, "'%.*s' is not a flag of %s", RG__SHOWN(name), verb == SAVE ? "save" : "lookup");
		if (rest.n && rest.p[0] == '=') {
			rest = rg__sub(rest, 1, rest.n);
			value = take_flag_value(id, &rest);
		}
		rg_status status = note(id, value, flags, why);
		if (status != RG_OK)
			return status;
		rest = rest.n ? rg__sub(rest, 1, rest.n) : RG__ABSENT;
	}
	return RG_OK;
}

/* Reads the flags of @p from in @p copy, which has room for it and a NUL, so that the slices in @p flags outlive the caller's text. */
static rg_status read_copy(uint32_t verb, rg_str from, char *copy, rg__flags *flags, rg_error *why)
{
	if (from.n == 0)
		return RG_OK;
	memcpy(copy, from.p, from.n);
	rg_str text = rg__trim((rg_str){ copy, from.n });
	if (rg__has_control(text))
		return rg__fail(why, RG_EINVAL, "the flags contain a control character");
	return text.n ? read_flags(verb, text, flags, why) : RG_OK;
}

static rg_status check_length(rg_str flags, rg_error *why)
{
	if (flags.n > MAX_FLAGS_LEN)
		return rg__fail(why, RG_EINVAL, "the flags are longer than %d bytes", MAX_FLAGS_LEN);
	return RG_OK;
}

static rg_status set_path(rg_save_options *options, rg_error *why)
{
	static const int ids[] = { RG__F_path_off, RG__F_path_lazy, RG__F_path_strict };

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		if (!options->flags.seen[ids[i]])
			continue;
		if (options->path != RG__PATH_IGNORED)
			return rg__fail(why, RG_EINVAL, "path-off, path-lazy and path-strict exclude one another");
		options->path = (uint8_t)(RG__PATH_OFF + i);
	}
	return RG_OK;
}

static rg_status finish_save(rg_save_options *options, rg_error *why)
{
	const rg__flags *f = &options->flags;
	int64_t most = f->number[RG__F_max_expires];

	if (f->seen[RG__F_matching_mode])
		rg__value_matching(f->text[RG__F_matching_mode], &options->matching);
	if (most > 0 && f->number[RG__F_min_expires] > most)
		return rg__fail(why, RG_EINVAL, "min-expires is above max-expires");
	return set_path(options, why);
}

rg_status rg_save_options_new(rg_str flags, rg_save_options **out, rg_error *why)
{
	if (!out)
		return rg__fail(why, RG_EINVAL, "out is NULL");
	*out = NULL;
	rg_status status = check_length(flags, why);
	if (status != RG_OK)
		return status;
	rg_save_options *options = calloc(1, sizeof *options + flags.n + 1);
	if (!options)
		return rg__fail(why, RG_ENOMEM, "out of memory");
	atomic_init(&options->refs, 1);
	status = read_copy(SAVE, flags, options->text, &options->flags, why);
	if (status == RG_OK)
		status = finish_save(options, why);
	if (status != RG_OK) {
		free(options);
		return status;
	}
	*out = options;
	return RG_OK;
}

rg_save_options *rg_save_options_ref(const rg_save_options *options)
{
	rg_save_options *shared = (rg_save_options *)options;

	if (shared)
		atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
	return shared;
}

void rg_save_options_unref(const rg_save_options *options)
{
	rg_save_options *shared = (rg_save_options *)options;

	if (shared && atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) == 1)
		free(shared);
}

static rg_status finish_lookup(rg_lookup_options *options, rg_error *why)
{
	const rg__flags *f = &options->flags;

	/* Base specification §1.4.4: with no-branches there is no branch to put the expanded targets into. */
	if (f->seen[RG__F_branch] && f->seen[RG__F_no_branches])
		return rg__fail(why, RG_EINVAL, "branch and no-branches exclude one another");
	if (!f->seen[RG__F_ua_filtering])
		return RG_OK;
	return rg__pattern_compile(f->text[RG__F_ua_filtering], f->seen[RG__F_case_insensitive], f->seen[RG__F_extended_regexp],
		(size_t)rows[RG__F_ua_filtering].max, &options->ua, why);
}

rg_status rg_lookup_options_new(rg_str flags, rg_lookup_options **out, rg_error *why)
{
	if (!out)
		return rg__fail(why, RG_EINVAL, "out is NULL");
	*out = NULL;
	rg_status status = check_length(flags, why);
	if (status != RG_OK)
		return status;
	rg_lookup_options *options = calloc(1, sizeof *options + flags.n + 1);
	if (!options)
		return rg__fail(why, RG_ENOMEM, "out of memory");
	atomic_init(&options->refs, 1);
	status = read_copy(LOOKUP, flags, options->text, &options->flags, why);
	if (status == RG_OK)
		status = finish_lookup(options, why);
	if (status != RG_OK) {
		free(options);
		return status;
	}
	*out = options;
	return RG_OK;
}

rg_lookup_options *rg_lookup_options_ref(const rg_lookup_options *options)
{
	rg_lookup_options *shared = (rg_lookup_options *)options;

	if (shared)
		atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
	return shared;
}

void rg_lookup_options_unref(const rg_lookup_options *options)
{
	rg_lookup_options *shared = (rg_lookup_options *)options;

	if (!shared || atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) != 1)
		return;
	rg__automaton_free(shared->ua);
	free(shared);
}
