/* SPDX-License-Identifier: MIT */
/* The two ways into the event loop of a host: its own watches and deadline, or one epoll descriptor with a timer in it. */
#include "links.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/timerfd.h>

enum { TIMER = LINKS, EVENTS = LINKS + 1 };

rg_status rg__redis_loop_new(rg__redis *r)
{
	rg__redis_links *s = r->links;
	struct epoll_event timer = { .events = EPOLLIN, .data.u32 = TIMER };

	if (r->host.watch)
		return RG_OK;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->epoll < 0 || s->timer < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->timer, &timer) != 0)
		return RG_ESTORE;
	return RG_OK;
}

static void epoll_watch(rg__redis_link *l, uint32_t wants)
{
	int operation = wants == 0 ? EPOLL_CTL_DEL : l->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	struct epoll_event e = { .data.u32 = l->index };

	e.events = (wants & RG_REDIS_READ ? EPOLLIN : 0u) | (wants & RG_REDIS_WRITE ? EPOLLOUT : 0u);
	if (epoll_ctl(l->store->links->epoll, operation, l->fd, &e) != 0 && wants)
		rg__redis_break(l, strerror(errno));
}

static void set_timer(const rg__redis_links *s, int64_t at)
{
	struct itimerspec t = { .it_value = { .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 } };

	if (at <= 0)
		t.it_value.tv_nsec = 1;
	timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

/* @return whether the time has come. */
static bool take_events(rg__redis *r)
{
	struct epoll_event events[EVENTS];
	rg__redis_links *s = r->links;
	int n = epoll_wait(s->epoll, events, EVENTS, 0);
	bool fired = false;

	for (int i = 0; i < n && !r->dead; i++) {
		uint32_t at = events[i].data.u32, broken = EPOLLERR | EPOLLHUP;
		uint64_t count;
		if (at == TIMER)
			fired = read(s->timer, &count, sizeof count) > 0;
		else
			rg__redis_event(&s->link[at], (events[i].events & (EPOLLIN | broken) ? RG_REDIS_READ : 0u) |
				(events[i].events & (EPOLLOUT | broken) ? RG_REDIS_WRITE : 0u));
	}
	return fired;
}
#else
rg_status rg__redis_loop_new(rg__redis *r)
{
	return r->host.watch ? RG_OK : RG_ENOTSUP;
}

static void epoll_watch(rg__redis_link *l, uint32_t wants)
{
	(void)l;
	(void)wants;
}

static void set_timer(const rg__redis_links *s, int64_t at)
{
	(void)s;
	(void)at;
}

static bool take_events(rg__redis *r)
{
	(void)r;
	return false;
}
#endif

void rg__redis_loop_close(rg__redis *r)
{
	rg__redis_links *s = r->links;

	if (r->host.deadline && s->armed != NO_TIME)
		r->host.deadline(r->host.user, -1);
	if (s->timer >= 0)
		close(s->timer);
	if (s->epoll >= 0)
		close(s->epoll);
	s->timer = s->epoll = -1;
}

void rg__redis_interest(rg__redis_link *l)
{
	rg__redis *r = l->store;
	uint32_t wants = rg__redis_link_wants(l);

	if (wants == l->watched)
		return;
	if (r->host.watch)
		r->host.watch(r->host.user, l->fd, wants);
	else
		epoll_watch(l, wants);
	l->watched = wants;
}

void rg__redis_arm(rg__redis *r, int64_t at)
{
	rg__redis_links *s = r->links;
	int64_t ms;

	if (at >= s->armed)
		return;
	s->armed = at;
	if (!r->host.deadline) {
		set_timer(s, at);
		return;
	}
	ms = at - rg__redis_clock();
	r->host.deadline(r->host.user, ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int32_t)ms);
}

void rg__redis_rearm(rg__redis *r)
{
	rg__redis_links *s = r->links;
	int64_t at = s->kicked ? rg__redis_clock() : NO_TIME;

	for (uint32_t i = 0; i < LINKS; i++) {
		int64_t due = rg__redis_due_at(&s->link[i]);
		at = due < at ? due : at;
	}
	rg__redis_arm(r, at);
}

void rg__redis_kick(rg__redis *r)
{
	r->links->kicked = true;
	if (!r->links->driving)
		rg__redis_arm(r, rg__redis_clock());
}

/* What callbacks sent meanwhile goes out in one write; links that broke meanwhile are closed. */
static void finish(rg__redis *r, bool fired)
{
	rg__redis_links *s = r->links;
	rg__redis_link *m = rg__redis_main(r);

	for (int round = 0; round < 4 && !r->dead; round++) {
		bool due = fired || s->kicked;
		fired = s->kicked = false;
		for (uint32_t i = 0; due && i < LINKS && !r->dead; i++)
			rg__redis_times(&s->link[i]);
		/* With no room before, the loop says when there is some. */
		if (!r->dead && m->stage >= STAGE_GREETING && m->unsent && !(m->watched & RG_REDIS_WRITE))
			rg__redis_link_write(m);
		if (!s->kicked)
			break;
	}
}

static bool begin_driving(rg__redis *r)
{
	if (r->dead || r->links->driving)
		return false;
	rg__redis_hold(r);
	r->links->driving = true;
	return true;
}

static void end_driving(rg__redis *r, bool fired)
{
	if (fired)
		r->links->armed = NO_TIME;
	finish(r, fired);
	r->links->driving = false;
	if (!r->dead)
		rg__redis_rearm(r);
	rg__redis_release(r);
}

void rg_redis_store_ready(rg_store *store, int32_t descriptor, uint32_t events)
{
	rg__redis *r = rg__redis_of(store);

	if (!r || !r->host.watch)
		return;
	if (!begin_driving(r)) {
		/* Within a callback: the end of the outer call does what is due. */
		if (descriptor < 0) {
			r->links->armed = NO_TIME;
			r->links->kicked = true;
		}
		return;
	}
	for (uint32_t i = 0; descriptor >= 0 && i < LINKS; i++) {
		if (r->links->link[i].fd != descriptor)
			continue;
		rg__redis_event(&r->links->link[i], events);
		break;
	}
	end_driving(r, descriptor < 0);
}

int32_t rg_redis_store_descriptor(const rg_store *store)
{
	const rg__redis *r = rg__redis_of(store);

	return r ? r->links->epoll : -1;
}

void rg_redis_store_drive(rg_store *store)
{
	rg__redis *r = rg__redis_of(store);

	if (!r || r->links->epoll < 0 || !begin_driving(r))
		return;
	bool fired = take_events(r);
	end_driving(r, fired);
}

rg_status rg_redis_store_run(rg_store *store, int32_t timeout_ms)
{
	const rg__redis *r = rg__redis_of(store);
	int64_t now = rg__redis_clock(), until = timeout_ms < 0 ? NO_TIME : now + timeout_ms;
	struct pollfd p = { .events = POLLIN };
	int n;

	if (!r || r->links->epoll < 0)
		return RG_EINVAL;
	p.fd = r->links->epoll;
	do {
		n = poll(&p, 1, until == NO_TIME ? -1 : until > now ? (int)(until - now) : 0);
		now = rg__redis_clock();
	} while (n < 0 && errno == EINTR && now < until);
	if (n <= 0)
		return RG_ETIMEOUT;
	rg_redis_store_drive(store);
	return RG_OK;
}
