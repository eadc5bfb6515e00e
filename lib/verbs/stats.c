/* SPDX-License-Identifier: MIT */
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

/* Values that no operation counts: X(id, name, gauge, doc). */
#define GIVEN_MAP(X) \
	X(MAX_EXPIRES, "max_expires", 1, "value of the parameter max_expires, in seconds") \
	X(MAX_CONTACTS, "max_contacts", 1, "value of the parameter max_contacts") \
	X(DEFAULTS_EXPIRES, "defaults_expires", 1, "value of the parameter default_expires, in seconds") \
	X(REJECTED, "rejected_regs", 0, "REGISTERs refused") \
	X(EVENTS, "events", 0, "events handed to subscribers") \
	X(EVENTS_QUEUED, "events_queued", 1, "changes whose events wait for their delivery") \
	X(BREACHES, "store_breaches", 0, "answers of the store that were late, double or missing, and were refused") \
	X(HOMES_QUEUED, "homes_queued", 1, "AoRs that other sites are to be told of") \
	X(HOMES_REFUSED, "homes_refused", 1, "AoRs that could not be published for reasons of their own, and are tried again later") \
	X(IN_FLIGHT, "operations_in_flight", 1, "operations under way")

enum {
#define GIVEN_ENUM(id, name, gauge, doc) GIVEN_##id,
	GIVEN_MAP(GIVEN_ENUM)
#undef GIVEN_ENUM
	GIVEN_COUNT
};

/* The order of a snapshot: the values above, the counters of operations, the responses of each reason, and two gauges if the store counts. */
enum { REASONS = GIVEN_COUNT + RG__S_COUNT, GAUGES = REASONS + RG__REASON_COUNT, ROWS = GAUGES + 2 };

static const struct {
	const char *name, *doc;
	uint32_t gauge;
} rows[ROWS] = {
#define GIVEN_ROW(id, text, is_gauge, about) [GIVEN_##id] = { .name = text, .doc = about, .gauge = is_gauge },
	GIVEN_MAP(GIVEN_ROW)
#undef GIVEN_ROW
/* Of the counters all but the longest time are sums. */
#define STAT_ROW(id, text, about) \
	[GIVEN_COUNT + RG__S_##id] = { .name = text, .doc = about, .gauge = RG__S_##id == RG__S_TIME_MAX },
	RG__STAT_MAP(STAT_ROW)
#undef STAT_ROW
#define COUNTED_ROW(reason, value, code, statistic, text) [REASONS + (value)] = { .name = statistic, \
	.doc = reason == RG_R_FINE ? "REGISTERs answered with 200, queries included" : "REGISTERs refused for this reason" },
	RG__REASON_MAP(COUNTED_ROW)
#undef COUNTED_ROW
	[GAUGES] = { .name = "live_aors", .doc = "AoRs with bindings, as the store counts them", .gauge = 1 },
	[GAUGES + 1] = { .name = "live_contacts", .doc = "bindings, as the store counts them", .gauge = 1 },
};

struct rg_statistics {
	uint32_t n;
	int64_t values[ROWS];
};

/* Which records are counted, and where the answer goes. */
typedef struct stats_asked {
	rg_str domain;
	rg_statistics_cb done; /* of the completion form */
	rg_statistics **out;   /* of the blocking form */
} stats_asked;

typedef struct stats_op {
	rg_op op;
	stats_asked asked;
	rg_statistics *stats;
} stats_op;

static bool counts(const rg_registrar *reg)
{
	return reg->store->ops.count != NULL;
}

static bool stats_can_block(const rg_registrar *reg, const void *asked)
{
	(void)asked;
	return !counts(reg) || rg__store_can_block(reg->store);
}

/* The count is the only call of the store. */
static rg_status stats_page(rg_op *op)
{
	stats_op *s = (stats_op *)op;

	if (op->paged || !counts(op->ticket.reg))
		return RG_ENOENT;
	return rg__call_count(&op->call, s->asked.domain);
}

static void add_stripe(rg_statistics *stats, rg__stripe *s)
{
	int64_t *counted = stats->values + GIVEN_COUNT;

	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < RG__S_COUNT; i++)
		counted[i] += i == RG__S_TIME_MAX ? 0 : s->stats[i];
	if (counted[RG__S_TIME_MAX] < s->stats[RG__S_TIME_MAX])
		counted[RG__S_TIME_MAX] = s->stats[RG__S_TIME_MAX];
	for (int i = 0; i < RG__REASON_COUNT; i++) {
		stats->values[REASONS + i] += s->rejects[i];
		stats->values[GIVEN_REJECTED] += i == RG_R_FINE ? 0 : s->rejects[i];
	}
	stats->values[GIVEN_IN_FLIGHT] += (int64_t)s->uses;
	pthread_mutex_unlock(&s->lock);
}

static void add_gauges(const rg_op *op, rg_statistics *stats)
{
	stats->n = ROWS;
	stats->values[GAUGES] = (int64_t)op->call.records;
	stats->values[GAUGES + 1] = (int64_t)op->call.bindings;
}

static void take_snapshot(const rg_op *op, rg_statistics *stats)
{
	rg_registrar *reg = op->ticket.reg;
	const rg_config *config = op->ticket.snapshot->config;

	stats->n = GAUGES;
	stats->values[GIVEN_MAX_EXPIRES] = rg__config_int(config, RG__P_max_expires);
	stats->values[GIVEN_MAX_CONTACTS] = rg__config_int(config, RG__P_max_contacts);
	stats->values[GIVEN_DEFAULTS_EXPIRES] = rg__config_int(config, RG__P_default_expires);
	rg__events_count(reg->events, &stats->values[GIVEN_EVENTS], &stats->values[GIVEN_EVENTS_QUEUED]);
	stats->values[GIVEN_BREACHES] = (int64_t)rg__store_breaches(reg->store);
	rg__sites *sites = rg__sites_of(reg);
	if (sites)
		sites->gauges(sites, &stats->values[GIVEN_HOMES_QUEUED], &stats->values[GIVEN_HOMES_REFUSED]);
	for (size_t i = 0; i < RG__STRIPES; i++)
		add_stripe(stats, &reg->stripes[i]);
	stats->values[GIVEN_IN_FLIGHT]--; /* the snapshot's own operation */
}

/* A store that does not count costs its two gauges only: store_errors is wanted most during an outage. */
static void stats_answer(rg_op *op, rg_status status)
{
	stats_op *s = (stats_op *)op;
	rg_statistics *stats = NULL;

	if (status != RG_ECANCELED) {
		stats = s->stats;
		s->stats = NULL;
		take_snapshot(op, stats);
		if (status == RG_OK && op->paged)
			add_gauges(op, stats);
		op->status = RG_OK;
	}
	if (s->asked.done)
		s->asked.done(op->user, op->status, stats);
	else
		*s->asked.out = stats;
}

static void stats_clear(rg_op *op)
{
	free(((stats_op *)op)->stats);
}

static rg_status stats_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	stats_op *s = (stats_op *)op;
	rg_str *const texts[] = { &s->asked.domain };

	(void)why;
	s->asked = *(const stats_asked *)given;
	s->asked.domain = rg__domain(s->asked.domain);
	s->stats = calloc(1, sizeof *s->stats);
	return s->stats ? rg__op_keep(op, keeps, texts, 1) : RG_ENOMEM;
}

static const rg__verb stats_verb = {
	.size = sizeof(stats_op),
	.walks = true,
	.can_block = stats_can_block,
	.prepare = stats_prepare,
	.page = stats_page,
	.answer = stats_answer,
	.clear = stats_clear,
};

rg_status rg_read_statistics(rg_registrar *reg, rg_str domain, rg_statistics **out, rg_error *why)
{
	if (out)
		*out = NULL;
	return rg__verb_block(&stats_verb, reg, &(stats_asked){ .domain = domain, .out = out }, out ? NULL : "out is NULL", why);
}

rg_status rg_read_statistics_async(rg_registrar *reg, rg_str domain, rg_statistics_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	stats_asked asked = { .domain = domain, .done = done };

	return rg__verb_start(&stats_verb, reg, &asked, done ? NULL : "done is NULL", user, free_user, op, why);
}

void rg_statistics_free(rg_statistics *stats)
{
	free(stats);
}

uint32_t rg_statistics_count(const rg_statistics *stats)
{
	return stats ? stats->n : 0;
}

static const rg__shape statistic_shape = RG__SHAPE(rg_statistic, NULL, sizeof(rg_statistic));

void rg_statistic_init(rg_statistic *statistic, uint32_t size)
{
	rg__shape_init(&statistic_shape, statistic, size);
}

rg_status rg_statistics_get(const rg_statistics *stats, uint32_t index, rg_statistic *out)
{
	if (!stats || index >= stats->n)
		return rg__shape_give(&statistic_shape, NULL, out);
	const rg_statistic full = { .gauge = rows[index].gauge, .name = rows[index].name, .doc = rows[index].doc,
		.value = stats->values[index] };

	return rg__shape_give(&statistic_shape, &full, out);
}

rg_status rg_statistics_find(const rg_statistics *stats, rg_str name, int64_t *value)
{
	if (rg_str_equal(name, RG_STR("default_expires")))
		name = RG_STR("defaults_expires");
	if (!value)
		return RG_EINVAL;
	*value = 0;
	for (uint32_t i = 0; stats && i < stats->n; i++) {
		if (!rg_str_equal(name, rg_str_from(rows[i].name)))
			continue;
		*value = stats->values[i];
		return RG_OK;
	}
	return RG_ENOENT;
}
