/* SPDX-License-Identifier: MIT */
/**
 * @file stats.h
 * Statistics, as numbers and as text. The laws that registrar.h states for verbs hold here.
 */
#ifndef RGSTR_STATS_H
#define RGSTR_STATS_H

#include <rgstr/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A snapshot of the statistics. */
typedef struct rg_statistics rg_statistics;

/** One statistic. Its texts are static. */
typedef struct rg_statistic {
	uint32_t struct_size; /**< set by rg_statistic_init() */
	uint32_t gauge;       /**< 1: a current value or a maximum; 0: a counter that only grows */
	const char *name;     /**< name in the base specification §1.6, or a name of our own */
	const char *doc;      /**< what it counts, and its unit */
	int64_t value;        /**< value at the time of the snapshot */
} rg_statistic;

/** Empties a statistic. @p size is sizeof(rg_statistic). NULL is accepted. */
RG_API void rg_statistic_init(rg_statistic *statistic, uint32_t size);

/** @param status  as rg_read_statistics() returns. @param stats  owned by the callback; NULL unless @p status is RG_OK. */
typedef void (*rg_statistics_cb)(void *user, rg_status status, rg_statistics *stats);

/**
 * Takes a snapshot of the statistics. The gauges `live_aors` and `live_contacts` are what the store's `count` says; they are never
 * estimated. When the store has no `count`, or it fails or does not answer within store_timeout, the snapshot is complete but for these
 * two: rg_statistics_get() skips them, rg_statistics_find() returns RG_ENOENT, and rg_statistics_prometheus() does not write them.
 * @param domain  domain of these two gauges; absent = "location".
 * @return RG_OK with @p out owned by the caller, also when the store fails; RG_ENOTSUP, RG_ECANCELED, RG_ENOMEM.
 */
RG_API rg_status rg_read_statistics(rg_registrar *registrar, rg_str domain, rg_statistics **out, rg_error *why);

/** The completion form of rg_read_statistics(). @param op  may be NULL. */
RG_API rg_status rg_read_statistics_async(rg_registrar *registrar, rg_str domain, rg_statistics_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why);

/** Releases a snapshot. NULL is accepted. */
RG_API void rg_statistics_free(rg_statistics *stats);

/** @return the number of statistics; 0 for NULL. */
RG_API uint32_t rg_statistics_count(const rg_statistics *stats);

/** Fills in statistic @p index. @return RG_OK; RG_ENOENT past the last one; RG_EINVAL: @p out is NULL, or its size is refused. */
RG_API rg_status rg_statistics_get(const rg_statistics *stats, uint32_t index, rg_statistic *out);

/**
 * Finds a statistic by its name; `default_expires` is accepted for `defaults_expires`.
 * @return RG_OK; RG_ENOENT: there is none, or no snapshot.
 */
RG_API rg_status rg_statistics_find(const rg_statistics *stats, rg_str name, int64_t *value);

/** A label on every line of rg_statistics_prometheus(). */
typedef struct rg_statistics_label {
	rg_str name;  /**< letters, digits and `_`; no digit at the start, no `__` at the start, and not `reason` */
	rg_str value; /**< UTF-8 without control characters other than LF; may be empty. The function escapes it */
} rg_statistics_label;

/** The largest number of labels for rg_statistics_prometheus(). A later version may raise it. */
enum { RG_STATISTICS_LABELS_MAX = 16 };

/**
 * Writes a snapshot in the text format of Prometheus, version 0.0.4. Serve it as `text/plain; version=0.0.4`.
 *
 * A gauge is the metric `rgstr_<name>`, a counter is `rgstr_<name>_total`. All refusals are one metric,
 * `rgstr_rejects_total{reason="inv_cseq"}` and so on. The values are those of rg_statistics_find(), in the units that the names state:
 * microseconds are not converted to seconds. A statistic that the snapshot does not contain has no line.
 * @param labels  labels on every line, as `site="x"`; may be NULL when @p n_labels is 0.
 * @param room  a buffer of @p size bytes; may be NULL when @p size is 0.
 * @param n  becomes the length of the whole text in bytes. At most @p size bytes are written, without a NUL. When it is above @p size,
 * call again with a larger buffer.
 * @return RG_OK; RG_EINVAL: there is no snapshot, or a label is invalid or given twice; RG_ELIMIT: there are too many labels. On an error
 * nothing is written. Any thread.
 */
RG_API rg_status rg_statistics_prometheus(const rg_statistics *stats, const rg_statistics_label *labels, uint32_t n_labels,
	char *room, size_t size, size_t *n);

#ifdef __cplusplus
}
#endif
#endif
