/* SPDX-License-Identifier: MIT */
/* One alarm on the server's loop, by a clock that runs on when the time of day is set. Sofia's timers depend on the time of day. */
#ifndef REGISTRARD_ALARM_CLOCK_H
#define REGISTRARD_ALARM_CLOCK_H

#include "server.h"

struct alarm_clock;

/* @param ring  is called from the loop when the alarm is due. @return NULL when out of memory or descriptors. */
struct alarm_clock *alarm_clock_new(su_root_t *root, void (*ring)(void *user), void *user);

/* NULL is accepted. */
void alarm_clock_free(struct alarm_clock *alarm);

/* Sets the alarm to a time of alarm_clock_now(), in place of an earlier setting. A time that has passed rings at once, from the loop. */
void alarm_clock_set(struct alarm_clock *alarm, int64_t due);

/* Milliseconds since some moment; it never goes back. */
int64_t alarm_clock_now(void);

#endif
