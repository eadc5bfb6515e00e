/* SPDX-License-Identifier: MIT */
/* The log on stderr: one line for each entry, as
 *
 *   2026-11-29T20:49:57.123Z warning --set flow_timer=90 does nothing: outbound_mode is off
 *
 * Strangers cause entries, so each level has a bounded rate, and no entry waits for a reader. */
#ifndef REGISTRARD_LOG_H
#define REGISTRARD_LOG_H

#include <rgstr/rgstr.h>

/* Of each level: so many lines at once, and after that so many a second. A line has at most so many octets of text. */
enum { LOG_BURST = 100, LOG_PER_SECOND = 10, LOG_TEXT_MAX = 600 };

struct log;

/* @param level  RG_LOG_…: the highest that is written. @param fd  where to. @return NULL when out of memory. */
struct log *log_new(int32_t level, int fd);

/* Says how many lines were left out. NULL is accepted. */
void log_free(struct log *log);

/* Writes an entry. Control characters, and what is not UTF-8, become `?`. */
void log_text(struct log *log, int32_t level, rg_str text);
/* The same for what may be said at each call: an entry that was written less than LOG_AGAIN seconds ago is counted, and the number is added to
 * the next one. */
enum { LOG_AGAIN = 60 };
void log_recurring(struct log *log, int32_t level, rg_str text);

void log_line(struct log *log, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* @return the level of this name, or 0. */
int32_t log_level(const char *name);

#endif
