/* SPDX-License-Identifier: MIT */
/* The table of statistics. */
#ifndef RG__COUNTERS_H
#define RG__COUNTERS_H

#include <stdint.h>

/* The statistics. Operations tally those up to TIME_MAX. rg__count() counts the others at once, on a thread that may not be the one running
 * the operation. X(id, name, doc). */
#define RG__STAT_MAP(X) \
	X(COMMITS, "commits", "changes made to the location store") \
	X(CONFLICTS, "conflicts", "commits that came too late and were decided again") \
	X(RETRIES, "retries", "commits of unknown outcome that were sent again") \
	X(UNKNOWN, "undecided", "commits whose outcome never became known") \
	X(STORE_ERRORS, "store_errors", "calls of the location store that failed, a full budget included") \
	X(TIMEOUTS, "timeouts", "operations the location store did not answer in time") \
	X(OPERATIONS, "operations", "operations begun, those of ticks included") \
	X(TIMED, "timed_operations", "operations whose duration was measured: one in sixteen of the short ones") \
	X(TIME, "operation_microseconds", "duration of the measured operations in all, in microseconds") \
	X(TIME_MAX, "operation_microseconds_max", "longest duration of a measured operation, in microseconds") \
	X(HOMES_PUBLISHED, "homes_published", "addresses-of-record that were published to other sites, renewals included") \
	X(HOMES_WITHDRAWN, "homes_withdrawn", "addresses-of-record that were published no more") \
	X(HOMES_FAILED, "homes_failed", "publications to other sites that failed or were refused, each to be tried again") \
	X(TOKENS_REFUSED, "tokens_refused", "temporary GRUUs looked up that are forged, foreign or void") \
	X(WAKEUPS_SENT, "wakeups_sent", "wake-ups of devices, one for each CONTACT_REFRESH, heard by a subscriber or not") \
	X(WAKEUPS_ANSWERED, "wakeups_answered", "wake-ups after which the device registered") \
	X(WAKEUPS_TIMED_OUT, "wakeups_timed_out", "wake-ups after which the device did not register in time")

enum {
#define RG__STAT_ENUM(id, name, doc) RG__S_##id,
	RG__STAT_MAP(RG__STAT_ENUM)
#undef RG__STAT_ENUM
	RG__S_COUNT,
	RG__S_TALLIES = RG__S_TIME_MAX + 1
};

#endif
