/* SPDX-License-Identifier: MIT */
/* What the library reports about a wait is handled in the next turn of the loop: a phone gets its REGISTER answered before it gets the
 * request (RFC 8599 §5.6.2), and no call is changed from within a function that works on it. */
#include "hold.h"

#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "header.h"
#include "intake.h"
#include "lookup.h"
#include "reply.h"
#include "targets.h"

enum { PART = 100 }; /* reports that are handled before other work has its turn: one phone may end thousands of waits */

/* What is due after how long, in milliseconds. */
enum delay {
	DELAY_TELL,  /* an INVITE: the caller is told that it waits */
	DELAY_AGAIN, /* and told again, so that no proxy on the way gives up (RFC 3261 §13.3.1.1) */
	DELAY_OVER,  /* any other request: its client stops soon (RFC 3261 §17.1.2.2), and repeats it every T2 */
	N_DELAYS
};

static const int delays[N_DELAYS] = { 2000, 60000, T_END - T2 };

struct holds {
	struct queue news;              /* what the library reported */
	struct queue waiting[N_DELAYS]; /* the calls that wait, by what is due next, the first one first */
	struct alarm_clock *alarm;
	int64_t due; /* of the alarm; INT64_MAX = none */
};

/* One report. */
struct news {
	struct queue_entry in_queue;
	struct hold *hold;
	rg_targets *targets; /* of a device that came back, or that a PURR names; NULL = none */
	rg_status status;    /* of the whole wait */
};

struct hold {
	struct queue_entry in_queue;
	struct holds *all;
	struct call *call; /* NULL = it goes on without the wait */
	rg_wait *wait;     /* for the devices of a lookup; NULL = for the device of a PURR */
	rg_op *op;
	enum delay delay;
	int64_t due;
	struct news over;
	unsigned refs; /* of the call, of the library, and of each report */
};

static void hold_unref(struct hold *hold)
{
	if (--hold->refs == 0)
		free(hold);
}

/* To set the alarm is a system call, and one REGISTER may bring thousands of reports. */
static void clock_set(struct holds *all)
{
	int64_t due = queue_first(&all->news) ? 0 : INT64_MAX;

	for (int i = 0; i < N_DELAYS; i++) {
		const struct hold *first = queue_first(&all->waiting[i]);

		if (first && first->due < due)
			due = first->due;
	}
	if (due != all->due && due < INT64_MAX)
		alarm_clock_set(all->alarm, due);
	all->due = due;
}

static void delay_set(struct hold *hold, enum delay delay)
{
	hold->delay = delay;
	hold->due = alarm_clock_now() + delays[delay];
	queue_add(&hold->all->waiting[delay], &hold->in_queue);
}

static void news_add(struct hold *hold, struct news *news)
{
	news->hold = hold;
	hold->refs++;
	queue_add(&hold->all->news, &news->in_queue);
	clock_set(hold->all);
}

static void news_free(struct news *news)
{
	struct hold *hold = news->hold;

	queue_remove(&news->in_queue);
	rg_targets_free(news->targets);
	if (news != &hold->over)
		free(news);
	hold_unref(hold);
}

/* Without memory the device is left out. */
static void on_branch(void *user, rg_targets *targets)
{
	struct hold *hold = user;
	struct news *news = hold->call ? calloc(1, sizeof *news) : NULL;

	if (!news) {
		rg_targets_free(targets);
		return;
	}
	news->targets = targets;
	news_add(hold, news);
}

static void on_done(void *user, rg_status status)
{
	struct hold *hold = user;

	if (!hold->call)
		return;
	hold->over.status = status;
	news_add(hold, &hold->over);
}

/* Also when there is nothing to wait for, or that cannot be told: the request goes on. */
static void on_purr(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	struct hold *hold = user;

	(void)result;
	hold->over.targets = targets;
	if (hold->call)
		on_done(user, status);
	else
		rg_targets_free(targets);
}

static void on_free(void *user)
{
	hold_unref(user);
}

void hold_end(struct call *call)
{
	struct hold *hold = call->hold;

	if (!hold)
		return;
	call->hold = NULL;
	hold->call = NULL;
	queue_remove(&hold->in_queue);
	if (hold->wait)
		rg_wait_cancel(hold->wait);
	if (hold->op)
		rg_op_cancel(hold->op);
	rg_wait_free(hold->wait);
	rg_op_free(hold->op);
	hold_unref(hold);
}

/* The status that a wait stands for when it is over: that of a device which cannot be reached, or of this server, which does not know. */
static int status_of(const struct call *call, rg_status status)
{
	if (status == RG_OK)
		return call->n ? 0 : 480;
	return status == RG_ETIMEOUT ? 480 : 500;
}

/* A request in a dialog goes to where its device is. Behind other proxies, and without a device, it goes the way of its dialog. */
static void go_on(struct call *call, const rg_targets *targets)
{
	if (!targets || call_sip(call)->sip_route || targets_go_on(call, targets) < 0)
		call_fork_otherwise(call);
}

/* @param targets  of the device that a PURR names; NULL = none. */
static void hold_over(struct hold *hold, rg_status status, const rg_targets *targets)
{
	struct call *call = hold->call;
	int is_purr = !hold->wait;

	call_enter(call);
	hold_end(call);
	if (is_purr) {
		go_on(call, targets);
		return;
	}
	call->unwoken = status_of(call, status);
	call_leave(call);
}

/* Such a caller takes no provisional response that is not repeated until it is acknowledged (RFC 3262 §3). */
static int wants_reliable(const sip_t *sip)
{
	su_home_t home[1] = { SU_HOME_INIT(home) };
	const char *tags;
	int result;

	su_home_init(home);
	tags = header_join(home, sip, "Require");
	result = tags && strcasestr(tags, "100rel") != NULL;
	su_home_deinit(home);
	return result;
}

/* A phone that rings tells the caller itself. */
static void tell(struct hold *hold)
{
	struct call *call = hold->call;

	if (!call_rings(call) && !wants_reliable(call_sip(call)))
		uas_send(call->uas, intake_reply(call->server, call_sip(call), SIP_182_QUEUED));
	delay_set(hold, DELAY_AGAIN);
}

static void on_ring(void *user)
{
	struct holds *all = user;
	int64_t now = alarm_clock_now();
	struct news *news;
	struct hold *hold;

	all->due = INT64_MAX;
	for (int i = 0; i < N_DELAYS; i++)
		while ((hold = queue_first(&all->waiting[i])) != NULL && hold->due <= now) {
			if (hold->delay == DELAY_OVER)
				hold_over(hold, RG_ETIMEOUT, NULL);
			else
				tell(hold);
		}
	for (int i = 0; i < PART && (news = queue_first(&all->news)) != NULL; i++, news_free(news)) {
		struct call *call = news->hold->call;

		if (call && news == &news->hold->over)
			hold_over(news->hold, news->status, news->targets);
		else if (call)
			targets_join(call, news->targets);
	}
	clock_set(all);
}

static struct hold *hold_new(struct call *call)
{
	struct hold *hold = calloc(1, sizeof *hold);

	if (!hold)
		return NULL;
	hold->all = call->server->holds;
	hold->call = call;
	hold->refs = 2;
	call->hold = hold;
	return hold;
}

/* @param status  what the library said. @return 1 when the call waits; 0 when it does not, and the library forgot it. */
static int hold_begin(struct hold *hold, rg_status status)
{
	struct call *call = hold->call;

	if (status != RG_OK && status != RG_PENDING) {
		hold_unref(hold);
		hold_end(call);
		return 0;
	}
	call->server->counts.held_requests++;
	delay_set(hold, call->method == sip_method_invite ? DELAY_TELL : DELAY_OVER);
	clock_set(hold->all);
	return 1;
}

int hold_targets(struct call *call, rg_targets *targets)
{
	struct hold *hold = call->uas && !call->cancelled ? hold_new(call) : NULL;
	rg_status status;

	if (!hold)
		return call->cancelled ? 0 : -1;
	status = rg_targets_wait(targets, on_branch, on_done, hold, on_free, &hold->wait, call->server->why);
	return hold_begin(hold, status) ? 0 : -1;
}

void hold_purr(struct call *call)
{
	struct hold *hold = lookup_has_purr(call->server, call_sip(call)) ? hold_new(call) : NULL;
	rg_targets *targets = NULL;
	rg_status status;

	if (!hold) {
		go_on(call, NULL);
		return;
	}
	status = lookup_purr(call->server, call->msg, on_purr, hold, on_free, &hold->op);
	if (status == RG_OK) {
		targets = hold->over.targets;
		hold->over.targets = NULL;
		hold_end(call);
	} else if (hold_begin(hold, status)) {
		call_leave(call);
		return;
	}
	go_on(call, targets);
	rg_targets_free(targets);
}

struct holds *holds_new(struct server *server)
{
	struct holds *all = calloc(1, sizeof *all);

	if (!all || (all->alarm = alarm_clock_new(server->root, on_ring, all)) == NULL) {
		free(all);
		return NULL;
	}
	all->due = INT64_MAX;
	return all;
}

void holds_free(struct holds *all)
{
	struct news *news;

	if (!all)
		return;
	while ((news = queue_first(&all->news)) != NULL)
		news_free(news);
	alarm_clock_free(all->alarm);
	free(all);
}
