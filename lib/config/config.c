/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "config/parse.h"
#include "config/syntax.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct parameter_row {
	const char *name;
	uint32_t kind;       /* RG_PARAM_… */
	int form;            /* RG__FORM_…: what a text must look like */
	int64_t min, max;    /* of the value, or of the length of a text */
	int64_t number;      /* the default; -1 = none */
	const char *text;    /* the default as text; NULL = none */
	const char *choices; /* words of an RG_PARAM_ENUM, separated by `|` */
	const char *unit;    /* NULL = none */
	const char *section;
	const char *doc;
	uint32_t from_base, pending; /* pending: accepted and validated only */
} parameter_row;

static const parameter_row rows[] = {
#define ROW(id, ...) [RG__P_##id] = { .name = #id, __VA_ARGS__ },
	RG__PARAMETER_MAP(ROW)
#undef ROW
};

struct rg_config {
	atomic_uint refs;
	bool set[RG__P_COUNT];
	int64_t number[RG__P_COUNT]; /* the value in effect; of a word its index among the choices */
	rg_str text[RG__P_COUNT];    /* the same in canonical spelling; owned when set, else the default */
	rg__push push;               /* derived from the values above on every change */
	rg__save_settings prepared;  /* likewise */
	rg__lookup_settings prepared_lookup;
	rg__ring *ring;              /* of gruu_secret, or lent while that is unset; NULL = none */
};

uint32_t rg_param_count(void)
{
	return RG__P_COUNT;
}

static const rg__shape param_shape = RG__SHAPE(rg_param, NULL, sizeof(rg_param));

void rg_param_init(rg_param *param, uint32_t size)
{
	rg__shape_init(&param_shape, param, size);
}

rg_status rg_param_get(uint32_t index, rg_param *out)
{
	if (index >= RG__P_COUNT)
		return rg__shape_give(&param_shape, NULL, out);
	const parameter_row *r = &rows[index];
	const rg_param full = { .kind = r->kind, .name = r->name, .default_text = r->text, .choices = r->choices, .unit = r->unit ? r->unit : "",
		.doc = r->doc, .section = r->section, .min = r->min, .max = r->max, .in_effect = !r->pending, .from_base = r->from_base };

	return rg__shape_give(&param_shape, &full, out);
}

/* An adaptor asks for parameters at each message, so a name is compared only with those of its length, and without a call. */
static int find_parameter(rg_str name)
{
#define COMPARE(id, ...) \
	if (N == sizeof #id - 1 && memcmp(name.p, #id, N) == 0) \
		return RG__P_##id;
#define OF_LENGTH(n) \
	case n: { \
		enum { N = n }; \
		RG__PARAMETER_MAP(COMPARE) \
		return -1; \
	}
#define HAS_CASE(id, ...) _Static_assert(sizeof #id - 1 >= 4 && sizeof #id - 1 <= 24, "find_parameter() knows its length");
	RG__PARAMETER_MAP(HAS_CASE)
	switch (name.n) {
		OF_LENGTH(4) OF_LENGTH(5) OF_LENGTH(6) OF_LENGTH(7) OF_LENGTH(8) OF_LENGTH(9) OF_LENGTH(10)
		OF_LENGTH(11) OF_LENGTH(12) OF_LENGTH(13) OF_LENGTH(14) OF_LENGTH(15) OF_LENGTH(16) OF_LENGTH(17)
		OF_LENGTH(18) OF_LENGTH(19) OF_LENGTH(20) OF_LENGTH(21) OF_LENGTH(22) OF_LENGTH(23) OF_LENGTH(24)
	default:
		return -1;
	}
#undef HAS_CASE
#undef OF_LENGTH
#undef COMPARE
}

static rg_status unknown(rg_str name, rg_error *why)
{
	return rg__fail(why, RG_ENOENT, "there is no parameter '%.*s'", RG__SHOWN(name));
}

static void to_default(rg_config *config, int id)
{
	if (config->set[id]) {
		if (rows[id].form == RG__FORM_SECRETS)
			sodium_memzero((char *)config->text[id].p, config->text[id].n);
		free((char *)config->text[id].p);
	}
	config->set[id] = false;
	config->number[id] = rows[id].number;
	config->text[id] = rg_str_from(rows[id].text);
}

static void prepare(rg_config *config)
{
	rg__push_prepare(config, &config->push);
	rg__settings_prepare(config, &config->prepared);
	rg__lookup_settings_prepare(config, &config->prepared_lookup);
}

/* Copies @p text, so that the text of a set parameter can always be freed. */
static rg_status keep_value(rg_config *config, int id, int64_t number, rg_str text)
{
	char *copy = malloc(text.n + 1);

	if (!copy)
		return RG_ENOMEM;
	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	to_default(config, id);
	config->set[id] = true;
	config->number[id] = number;
	config->text[id] = (rg_str){ copy, text.n };
	prepare(config);
	return RG_OK;
}

static void take_ring(rg_config *config, rg__ring *ring)
{
	rg__ring_unref(config->ring);
	config->ring = ring;
}

rg_status rg_config_new(rg_config **out)
{
	if (!out)
		return RG_EINVAL;
	*out = NULL;
	rg_config *config = calloc(1, sizeof *config);
	if (!config)
		return RG_ENOMEM;
	atomic_init(&config->refs, 1);
	for (int id = 0; id < RG__P_COUNT; id++)
		to_default(config, id);
	prepare(config);
	*out = config;
	return RG_OK;
}

rg_status rg_config_copy(const rg_config *config, rg_config **out)
{
	rg_status status = rg_config_new(out);

	for (int id = 0; status == RG_OK && config && id < RG__P_COUNT; id++) {
		if (config->set[id])
			status = keep_value(*out, id, config->number[id], config->text[id]);
	}
	if (status == RG_OK && rg__config_has(config, RG__P_gruu_secret))
		take_ring(*out, rg__ring_ref(config->ring));
	if (status != RG_OK && out) {
		rg_config_free(*out);
		*out = NULL;
	}
	return status;
}

rg_config *rg__config_ref(const rg_config *config)
{
	rg_config *shared = (rg_config *)config;

	if (shared)
		atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
	return shared;
}

void rg_config_free(rg_config *config)
{
	if (!config || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (int id = 0; id < RG__P_COUNT; id++)
		to_default(config, id);
	rg__ring_unref(config->ring);
	free(config);
}

static bool read_bool(rg_str value, int64_t *number)
{
	bool on = rg__eq(value, RG_STR("1")) || rg__eq(value, RG_STR("true"));

	*number = on;
	return on || rg__eq(value, RG_STR("0")) || rg__eq(value, RG_STR("false"));
}

static bool read_word(const parameter_row *r, rg_str value, int64_t *number)
{
	rg__matching matching;

	if (r->form == RG__FORM_MATCHING) {
		bool good = rg__value_matching(value, &matching);
		*number = matching.mode;
		return good;
	}
	*number = 0;
	for (const char *p = r->choices;; (*number)++) {
		size_t n = strcspn(p, "|");
		if (rg__eq(value, (rg_str){ p, n }))
			return true;
		if (p[n] == '\0')
			return false;
		p += n + 1;
	}
}

static rg_status read_text(const parameter_row *r, rg_str value, rg_error *why)
{
	if ((int64_t)value.n < r->min || (int64_t)value.n > r->max)
		return rg__fail(why, RG_EINVAL, "%s: takes text of %" PRId64 " to %" PRId64 " bytes, not of %zu", r->name, r->min, r->max,
			value.n);
	const char *wanted = rg__form_wants(r->form, value);
	if (!wanted)
		return RG_OK;
	if (r->form == RG__FORM_SECRETS) /* error texts may be logged */
		return rg__fail(why, RG_EINVAL, "%s: the value is not %s", r->name, wanted);
	return rg__fail(why, RG_EINVAL, "%s: '%.*s' is not %s", r->name, RG__SHOWN(value), wanted);
}

/* Reads text and number of a value. The text may be in @p room. */
static rg_status read_parameter(const parameter_row *r, rg_str value, char room[24], rg_str *text, int64_t *number, rg_error *why)
{
	rg_status status = RG_OK;

	*text = value;
	*number = -1;
	switch (r->kind) {
	case RG_PARAM_TEXT:
		return read_text(r, value, why);
	case RG_PARAM_ENUM:
		if (read_word(r, value, number))
			return RG_OK;
		return rg__fail(why, RG_EINVAL, "%s: '%.*s' is not one of %s", r->name, RG__SHOWN(value), r->choices);
	case RG_PARAM_BOOL:
		if (!read_bool(value, number))
			return rg__fail(why, RG_EINVAL, "%s: '%.*s' is not one of 0|1|true|false", r->name, RG__SHOWN(value));
		break;
	default:
		status = rg__value_int(rg_str_from(r->name), value, r->min, r->max, number, why);
	}
	*text = (rg_str){ room, (size_t)snprintf(room, 24, "%" PRId64, *number) };
	return status;
}

/* The keys of the secrets are derived here, once, and not by each operation. */
static rg_status set_value(rg_config *config, int id, int64_t number, rg_str text, rg_error *why)
{
	rg__ring *ring = NULL;
	rg_status status = id == RG__P_gruu_secret ? rg__ring_new(text, &ring) : RG_OK;

	if (status == RG_EINVAL)
		return rg__fail(why, status, "%s: the value has more than %d secrets", rows[id].name, RG__SECRETS_MAX);
	if (status == RG_OK)
		status = keep_value(config, id, number, text);
	if (status != RG_OK) {
		rg__ring_unref(ring);
		return rg__fail(why, status, "%s: out of memory", rows[id].name);
	}
	if (ring)
		take_ring(config, ring);
	return RG_OK;
}

rg_status rg_config_set(rg_config *config, rg_str name, rg_str value, rg_error *why)
{
	char room[24];
	rg_str text;
	int64_t number;

	if (!config)
		return rg__fail(why, RG_EINVAL, "config is NULL");
	int id = find_parameter(name);
	if (id < 0)
		return unknown(name, why);
	rg_status status = read_parameter(&rows[id], value, room, &text, &number, why);
	if (status != RG_OK)
		return status;
	return set_value(config, id, number, text, why);
}

rg_status rg_config_set_int(rg_config *config, rg_str name, int64_t value, rg_error *why)
{
	char room[24];
	int id = find_parameter(name);

	if (id >= 0 && rows[id].kind == RG_PARAM_TEXT)
		return rg__fail(why, RG_EINVAL, "%s: takes text, not a number", rows[id].name);
	return rg_config_set(config, name, (rg_str){ room, (size_t)snprintf(room, sizeof room, "%" PRId64, value) }, why);
}

rg_status rg_config_unset(rg_config *config, rg_str name, rg_error *why)
{
	if (!config)
		return rg__fail(why, RG_EINVAL, "config is NULL");
	int id = find_parameter(name);
	if (id < 0)
		return unknown(name, why);
	to_default(config, id);
	if (id == RG__P_gruu_secret)
		take_ring(config, NULL);
	prepare(config);
	return RG_OK;
}

rg_status rg_config_get(const rg_config *config, rg_str name, rg_str *value)
{
	int id = find_parameter(name);

	if (!value)
		return RG_EINVAL;
	*value = id < 0 ? RG__ABSENT : rg__config_text(config, id);
	return id < 0 ? RG_ENOENT : RG_OK;
}

rg_status rg_config_get_int(const rg_config *config, rg_str name, int64_t *value)
{
	int id = find_parameter(name);
	uint64_t number;

	if (!value)
		return RG_EINVAL;
	*value = 0;
	if (id < 0)
		return RG_ENOENT;
	if (rows[id].kind == RG_PARAM_TEXT)
		return RG_EINVAL;
	const int64_t known = rows[id].kind != RG_PARAM_INT ? 0 : config ? config->number[id] : rows[id].number;
	if (known > 0) {
		*value = known;
		return RG_OK;
	}
	rg_str text = rg__config_text(config, id);
	if (!text.p)
		return RG_ENOENT;
	if (rg__parse_uint(text, INT64_MAX, &number) != RG_OK) /* most words have no number; some, like 503, are one */
		return RG_EINVAL;
	*value = (int64_t)number;
	return RG_OK;
}

int32_t rg_config_is_set(const rg_config *config, rg_str name)
{
	int id = find_parameter(name);

	return id >= 0 && rg__config_has(config, id);
}

int64_t rg__config_int(const rg_config *config, int id)
{
	return config ? config->number[id] : rows[id].number;
}

rg_str rg__config_text(const rg_config *config, int id)
{
	return config ? config->text[id] : rg_str_from(rows[id].text);
}

const rg__save_settings *rg__config_prepared(const rg_config *config)
{
	return config ? &config->prepared : NULL;
}

const rg__lookup_settings *rg__config_prepared_lookup(const rg_config *config)
{
	return config ? &config->prepared_lookup : NULL;
}

const rg__push *rg__config_push(const rg_config *config)
{
	return config && config->number[RG__P_pn_enable] ? &config->push : NULL;
}

const rg__ring *rg__config_ring(const rg_config *config)
{
	return config ? config->ring : NULL;
}

void rg__config_lend_ring(rg_config *config, const rg__ring *ring)
{
	if (!config->ring)
		config->ring = rg__ring_ref(ring);
}

bool rg__config_has(const rg_config *config, int id)
{
	return config && config->set[id];
}

rg_status rg_config_check(const rg_config *config, rg_error *why)
{
	enum { PNSREG_ABOVE = 120 }; /* seconds; a shorter interval leaves a device no time to wake up, refresh and receive the request */
	int64_t least = rg__config_int(config, RG__P_min_expires), most = rg__config_int(config, RG__P_max_expires);
	const rg__push *push = rg__config_push(config);
	int64_t pnsreg = rg__config_int(config, RG__P_pn_pnsreg_interval), trigger = rg__config_int(config, RG__P_pn_trigger_interval);

	/* A max_expires below the default minimum is allowed: the upper bound wins. */
	if (most > 0 && least > most && rg__config_has(config, RG__P_min_expires))
		return rg__fail(why, RG_EINVAL, "min_expires (%" PRId64 ") is above max_expires (%" PRId64 ")", least, most);
	if (push && push->least > RG__SECONDS_MAX)
		return rg__fail(why, RG_EINVAL, "pn_trigger_interval and pn_refresh_timeout together are not below %" PRId64,
			(int64_t)RG__SECONDS_MAX);
	if (push && most > 0 && most < push->least)
		return rg__fail(why, RG_EINVAL, "max_expires (%" PRId64 ") is not above pn_trigger_interval and pn_refresh_timeout together "
			"(%" PRId64 ")", most, push->least - 1);
	if (pnsreg <= PNSREG_ABOVE)
		return rg__fail(why, RG_EINVAL, "pn_pnsreg_interval (%" PRId64 ") is not above %d", pnsreg, PNSREG_ABOVE);
	if (pnsreg < trigger)
		return rg__fail(why, RG_EINVAL, "pn_pnsreg_interval (%" PRId64 ") is below pn_trigger_interval (%" PRId64 ")", pnsreg, trigger);
	return RG_OK;
}
