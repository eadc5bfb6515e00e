/* SPDX-License-Identifier: MIT */
#include "push_queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "log.h"

enum {
	TRIES_MAX = 8,
	BACK_OFF_FIRST = 500,   /* milliseconds */
	BACK_OFF_MOST = 30000,
	SAY_EVERY = 10000,      /* milliseconds between two lines about what is dropped */
	BYTES_EACH = 4096,      /* of JSON, on average, so that long ones do not take all memory */
	BYTES_MORE = 1024 * 1024
};

struct push_queue {
	struct server *server;
	struct push_way way;
	struct queue waiting;      /* to be started, in this order */
	struct table devices;      /* the same jobs, by device */
	struct push_job **retries; /* a heap: the first is due first */
	size_t n_retries, room_for_retries;
	size_t n_waiting;          /* both */
	size_t bytes_waiting;      /* of their JSON */
	size_t n_running;
	uint64_t n_dropped;
	int64_t say_dropped;       /* when the log may tell of another one */
	struct alarm_clock *alarm;
};

struct wakeup *wakeup_new(const char *label, rg_str json, int64_t until, uint64_t device)
{
	size_t n_label = strlen(label) + 1;
	struct wakeup *wakeup = malloc(sizeof *wakeup + n_label + json.n);
	char *room = (char *)(wakeup + 1);

	if (!wakeup)
		return NULL;
	memcpy(room, label, n_label);
	memcpy(room + n_label, json.p, json.n);
	*wakeup = (struct wakeup){ 1, until, device, room, room + n_label, json.n };
	return wakeup;
}

void wakeup_unref(struct wakeup *wakeup)
{
	if (--wakeup->refs == 0)
		free(wakeup);
}

/* Rings at once when a job can be started, else for the next retry. */
static void mind_alarm(struct push_queue *queue)
{
	if (queue->n_running < queue->way.most_running && queue_first(&queue->waiting))
		alarm_clock_set(queue->alarm, 0);
	else if (queue->n_retries)
		alarm_clock_set(queue->alarm, queue->retries[0]->due);
}

static void put_in_line(struct push_queue *queue, struct push_job *job)
{
	queue_add(&queue->waiting, &job->in_queue);
	table_add(&queue->devices, &job->in_line, job->wakeup->device);
	queue->n_waiting++;
	queue->bytes_waiting += job->wakeup->n;
	queue->server->counts.pushes_waiting++;
}

static void leave(struct push_queue *queue, struct push_job *job)
{
	table_remove(&queue->devices, &job->in_line);
	queue->n_waiting--;
	queue->bytes_waiting -= job->wakeup->n;
	queue->server->counts.pushes_waiting--;
}

static void job_free(struct push_job *job)
{
	queue_remove(&job->in_queue);
	wakeup_unref(job->wakeup);
	free(job);
}

static void drop(struct push_queue *queue, const struct wakeup *wakeup, const char *why)
{
	int64_t now = alarm_clock_now();

	queue->n_dropped++;
	queue->server->counts.pushes_dropped++;
	if (now < queue->say_dropped)
		return;
	queue->say_dropped = now + SAY_EVERY;
	log_line(queue->server->log, RG_LOG_WARNING, "%s: %s, wake-up of %s dropped; %" PRIu64 " dropped so far", queue->way.name, why,
		wakeup->label, queue->n_dropped);
}

/* Takes the first retry off the heap. */
static struct push_job *take_retry(struct push_queue *queue)
{
	struct push_job **heap = queue->retries, *first = heap[0], *last = heap[--queue->n_retries];
	size_t n = queue->n_retries, at = 0;

	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		child += child + 1 < n && heap[child + 1]->due < heap[child]->due;
		if (heap[child]->due >= last->due)
			break;
		heap[at] = heap[child];
	}
	heap[at] = last;
	leave(queue, first);
	return first;
}

/* @return 0 when out of memory. */
static int put_retry(struct push_queue *queue, struct push_job *job)
{
	size_t at = queue->n_retries;

	if (at == queue->room_for_retries) {
		size_t room = at ? 2 * at : 16;
		struct push_job **more = realloc(queue->retries, room * sizeof(struct push_job *));

		if (!more)
			return 0;
		queue->retries = more;
		queue->room_for_retries = room;
	}
	for (; at > 0 && queue->retries[(at - 1) / 2]->due > job->due; at = (at - 1) / 2)
		queue->retries[at] = queue->retries[(at - 1) / 2];
	queue->retries[at] = job;
	queue->n_retries++;
	queue->n_waiting++;
	queue->bytes_waiting += job->wakeup->n;
	queue->server->counts.pushes_waiting++;
	return 1;
}

static void job_start(struct push_queue *queue, struct push_job *job)
{
	queue_remove(&job->in_queue);
	leave(queue, job);
	queue->n_running++;
	queue->server->counts.pushes_running++;
	queue->server->counts.pushes_retried += job->tries > 0;
	queue->way.start(queue->way.user, job);
}

static void drop_useless(struct push_queue *queue, int64_t now)
{
	struct push_job *job;

	while ((job = queue_first(&queue->waiting)) != NULL && job->wakeup->until <= now) {
		drop(queue, job->wakeup, "it has become useless");
		leave(queue, job);
		job_free(job);
	}
}

/* Starts one job. The next one has the next turn of the loop, so that SIP is served between them. */
static void on_turn(void *user)
{
	struct push_queue *queue = user;
	struct push_job *job;
	int64_t now = alarm_clock_now();

	while (queue->n_retries && queue->retries[0]->due <= now)
		put_in_line(queue, take_retry(queue));
	drop_useless(queue, now);
	job = queue_first(&queue->waiting);
	if (job && queue->n_running < queue->way.most_running)
		job_start(queue, job);
	mind_alarm(queue);
}

struct push_queue *push_queue_new(struct server *server, const struct push_way *way)
{
	struct push_queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return NULL;
	queue->server = server;
	queue->way = *way;
	if (table_init(&queue->devices) == 0 && (queue->alarm = alarm_clock_new(server->root, on_turn, queue)) != NULL)
		return queue;
	table_deinit(&queue->devices);
	free(queue);
	return NULL;
}

void push_queue_free(struct push_queue *queue)
{
	struct push_job *job;

	if (!queue)
		return;
	while (queue->n_retries)
		put_in_line(queue, take_retry(queue));
	while ((job = queue_first(&queue->waiting)) != NULL) {
		leave(queue, job);
		job_free(job);
	}
	alarm_clock_free(queue->alarm);
	table_deinit(&queue->devices);
	free(queue->retries);
	free(queue);
}

static int has_bytes(const struct push_queue *queue, size_t n)
{
	return queue->bytes_waiting + n <= queue->way.most_waiting * BYTES_EACH + BYTES_MORE;
}

static int is_full(const struct push_queue *queue, const struct wakeup *wakeup)
{
	return queue->n_waiting >= queue->way.most_waiting || !has_bytes(queue, wakeup->n);
}

/* The later request is more likely to wait still. Its wake-up keeps the earlier one's place. */
static void merge_into(struct push_queue *queue, struct push_job *job, struct wakeup *wakeup)
{
	queue->server->counts.pushes_merged++;
	if (!has_bytes(queue, wakeup->n))
		return;
	queue->bytes_waiting += wakeup->n - job->wakeup->n;
	wakeup_unref(job->wakeup);
	job->wakeup = wakeup;
	job->tries = 0;
	wakeup->refs++;
}

void push_queue_add(struct push_queue *queue, struct wakeup *wakeup)
{
	struct table_entry *same = table_first(&queue->devices, wakeup->device);
	struct push_job *job;

	if (same) {
		merge_into(queue, (struct push_job *)((char *)same - offsetof(struct push_job, in_line)), wakeup);
		return;
	}
	if (is_full(queue, wakeup))
		drop_useless(queue, alarm_clock_now());
	if (is_full(queue, wakeup)) {
		drop(queue, wakeup, "too many wait");
		return;
	}
	job = calloc(1, sizeof *job);
	if (!job) {
		drop(queue, wakeup, "out of memory");
		return;
	}
	wakeup->refs++;
	job->queue = queue;
	job->wakeup = wakeup;
	put_in_line(queue, job);
	mind_alarm(queue);
}

static void job_stopped(struct push_queue *queue)
{
	queue->n_running--;
	queue->server->counts.pushes_running--;
	mind_alarm(queue);
}

void push_job_end(struct push_job *job, int sent)
{
	struct push_queue *queue = job->queue;

	if (sent)
		queue->server->counts.pushes_sent++;
	else
		queue->server->counts.pushes_failed++;
	job_free(job);
	job_stopped(queue);
}

/* Random, so that what failed at one time does not come back at one time. */
static int64_t back_off(unsigned tries)
{
	uint32_t most = BACK_OFF_FIRST;

	for (unsigned i = 1; i < tries && most < BACK_OFF_MOST; i++)
		most *= 2;
	if (most > BACK_OFF_MOST)
		most = BACK_OFF_MOST;
	return most / 2 + randombytes_uniform(most / 2 + 1);
}

int push_job_retry(struct push_job *job, int64_t least)
{
	struct push_queue *queue = job->queue;
	int64_t wait = back_off(++job->tries);

	job->due = alarm_clock_now() + (wait < least ? least : wait);
	if (job->tries >= TRIES_MAX || job->due >= job->wakeup->until || !put_retry(queue, job)) {
		push_job_end(job, 0);
		return 0;
	}
	job_stopped(queue);
	return 1;
}
