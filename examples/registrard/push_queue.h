/* SPDX-License-Identifier: MIT */
/* Wake-ups that wait for a program or a POST: in their order, so many at most, each as long as it is of use. Each of the two has a queue of
 * its own, so that a hanging program does not hold up the other. */
#ifndef REGISTRARD_PUSH_QUEUE_H
#define REGISTRARD_PUSH_QUEUE_H

#include "server.h"
#include "table.h"

/* An event as JSON. All queues share it. */
struct wakeup {
	size_t refs;
	int64_t until;     /* on alarm_clock_now(): when it is of no use any more */
	uint64_t device;   /* keyed digest of the device, and of whether it is for a call */
	const char *label; /* whose device, and why, for the log */
	const char *json;  /* a line */
	size_t n;          /* its octets */
};

/* @return with one reference, or NULL when out of memory. */
struct wakeup *wakeup_new(const char *label, rg_str json, int64_t until, uint64_t device);
void wakeup_unref(struct wakeup *wakeup);

struct push_queue;

/* One wake-up in one queue. */
struct push_job {
	struct queue_entry in_queue;
	struct table_entry in_line; /* while it waits to be started */
	struct push_queue *queue;
	struct wakeup *wakeup;
	unsigned tries; /* that have failed */
	int64_t due;    /* of the next one */
};

/* What a queue needs. */
struct push_way {
	const char *name; /* for the log; outlives the queue */
	size_t most_running, most_waiting;
	/* Begins to send. It takes the job over, until it calls push_job_end() or push_job_retry(), which it may do before it returns. */
	void (*start)(void *user, struct push_job *job);
	void *user;
};

/* @return NULL when out of memory or descriptors. */
struct push_queue *push_queue_new(struct server *server, const struct push_way *way);

/* Drops what waits. No job may be running. NULL is accepted. */
void push_queue_free(struct push_queue *queue);

/* Queues a wake-up, or drops it. It is started from the loop. It takes the place of one of the same device that is to be started, so that
 * nobody can hold up the wake-ups of others by requests to one phone. */
void push_queue_add(struct push_queue *queue, struct wakeup *wakeup);

/* Ends a job that runs. @param sent  whether the wake-up was accepted. */
void push_job_end(struct push_job *job, int sent);

/* Lets a job that runs wait for another attempt, longer from one to the next, and at least @p least milliseconds. @return 0 when it ended
 * instead, because there were enough attempts or the next one would come too late. */
int push_job_retry(struct push_job *job, int64_t least);

#endif
