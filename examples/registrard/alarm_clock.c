/* SPDX-License-Identifier: MIT */
#include "alarm_clock.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct alarm_clock {
	su_root_t *root;
	int fd;    /* a timer of the kernel */
	int index; /* of its wait in the loop; 0 = none */
	void (*ring)(void *user);
	void *user;
};

static int on_alarm(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct alarm_clock *alarm = (struct alarm_clock *)arg;
	uint64_t times;

	(void)server, (void)wait;
	/* The alarm may have been set anew after the loop found it due; then there is nothing to read. */
	if (read(alarm->fd, &times, sizeof times) == sizeof times)
		alarm->ring(alarm->user);
	return 0;
}

struct alarm_clock *alarm_clock_new(su_root_t *root, void (*ring)(void *user), void *user)
{
	struct alarm_clock *alarm = malloc(sizeof *alarm);
	su_wait_t wait[1] = { SU_WAIT_INIT };

	if (!alarm)
		return NULL;
	*alarm = (struct alarm_clock){ .root = root, .ring = ring, .user = user };
	alarm->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (alarm->fd < 0 || su_wait_create(wait, alarm->fd, SU_WAIT_IN) < 0 ||
		(alarm->index = su_root_register(root, wait, on_alarm, (su_wakeup_arg_t *)alarm, 0)) <= 0) {
		alarm_clock_free(alarm);
		return NULL;
	}
	return alarm;
}

void alarm_clock_free(struct alarm_clock *alarm)
{
	if (!alarm)
		return;
	if (alarm->index > 0)
		su_root_deregister(alarm->root, alarm->index);
	if (alarm->fd >= 0)
		close(alarm->fd);
	free(alarm);
}

void alarm_clock_set(struct alarm_clock *alarm, int64_t due)
{
	/* Zero would disarm the timer. */
	struct itimerspec at = { .it_value = { .tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000 + 1 } };

	timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &at, NULL);
}

int64_t alarm_clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
