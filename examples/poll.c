/* SPDX-License-Identifier: MIT */
/* A registrar over a Redis server on a loop of plain poll(). The store names its descriptors and its deadline by callback, as any loop can
 * take them; on Linux there is also one descriptor for all (glib.c). Two phones register at once for a second, and the program ends when
 * their bindings have expired. usage: poll redis://HOST | unix:/PATH */
#include <poll.h>
#include <rgstr/redis.h>
#include <rgstr/rgstr.h>
#include <stdio.h>
#include <time.h>

enum { MOST = 16, PHONES = 2 }; /* the store uses few descriptors: for calls, for watches, and one while it connects again */

struct program {
	struct pollfd watched[MOST];
	nfds_t n;
	int64_t deadline; /* of the store, by the monotonic clock; INT64_MAX = none */
	rg_time tick;     /* of the registrar, by its clock */
	rg_store *store;
	rg_registrar *registrar;
	int left;         /* phones whose bindings have not expired */
};

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void watch(void *user, int32_t descriptor, uint32_t events)
{
	struct program *p = user;
	nfds_t i = 0;

	while (i < p->n && p->watched[i].fd != descriptor)
		i++;
	if (events == 0 && i < p->n)
		p->watched[i] = p->watched[--p->n];
	if (events == 0 || i == MOST)
		return;
	p->n += i == p->n;
	p->watched[i] = (struct pollfd){ .fd = descriptor, .events = (short)((events & RG_REDIS_READ ? POLLIN : 0) |
		(events & RG_REDIS_WRITE ? POLLOUT : 0)) };
}

static void deadline(void *user, int32_t ms)
{
	((struct program *)user)->deadline = ms < 0 ? INT64_MAX : monotonic_ms() + ms;
}

static void wakeup(void *user, rg_time next)
{
	((struct program *)user)->tick = next;
}

/* A broken descriptor is ready for everything. The store may watch others meanwhile, so it is told of a copy. */
static void tell_store(struct program *p)
{
	struct pollfd ready[MOST];
	nfds_t n = p->n;

	for (nfds_t i = 0; i < n; i++)
		ready[i] = p->watched[i];
	for (nfds_t i = 0; i < n; i++) {
		short events = ready[i].revents & (POLLERR | POLLHUP) ? POLLIN | POLLOUT : ready[i].revents;

		if (events)
			rg_redis_store_ready(p->store, ready[i].fd, (events & POLLIN ? RG_REDIS_READ : 0) | (events & POLLOUT ? RG_REDIS_WRITE : 0));
	}
	if (p->deadline <= monotonic_ms()) {
		p->deadline = INT64_MAX;
		rg_redis_store_ready(p->store, -1, 0);
	}
}

static int until(int64_t now, int64_t then)
{
	return then <= now ? 0 : then - now < 1000 ? (int)(then - now) : 1000; /* the clocks may be set */
}

static void run(struct program *p)
{
	while (p->left > 0) {
		int for_store = until(monotonic_ms(), p->deadline), for_tick = until(rg_registrar_now(p->registrar), p->tick);

		poll(p->watched, p->n, for_store < for_tick ? for_store : for_tick);
		tell_store(p);
		if (p->tick <= rg_registrar_now(p->registrar))
			rg_registrar_tick(p->registrar, 0, &p->tick);
	}
}

static void on_event(void *user, const rg_event *event)
{
	struct program *p = user;

	printf("%s %.*s\n", rg_event_name(event->kind), (int)event->aor.n, event->aor.p);
	p->left -= event->kind == RG_EVENT_CONTACT_EXPIRE;
}

static void on_saved(void *user, rg_status status, rg_response *response)
{
	struct program *p = user;

	printf("%s: %d\n", rg_strerror(status), rg_response_code(response));
	p->left -= rg_response_code(response) != 200;
	rg_response_free(response);
}

static rg_status save(struct program *p, const char *to, rg_error *why)
{
	rg_str contact = RG_STR("<sip:phone@192.0.2.7>;expires=1");
	rg_request r = { .struct_size = sizeof r, .method = RG_STR("REGISTER"), .request_uri = RG_STR("sip:example.org"),
		.from_header = rg_str_from(to), .to_header = rg_str_from(to), .callid = RG_STR("1@192.0.2.7"), .cseq = RG_STR("1 REGISTER"),
		.contacts = &contact, .n_contacts = 1, .via_count = 1 };

	return rg_save_async(p->registrar, &r, NULL, on_saved, p, NULL, NULL, why); /* the request is needed for the call only */
}

int main(int argc, char **argv)
{
	struct program p = { .deadline = INT64_MAX, .left = PHONES };
	rg_env env = { .struct_size = sizeof env, .wakeup = wakeup, .user = &p };
	rg_redis_options options = { .struct_size = sizeof options, .address = rg_str_from(argc > 1 ? argv[1] : NULL), .watch = watch,
		.deadline = deadline, .user = &p };
	rg_error *why = rg_error_new();
	rg_subscription *events = NULL;
	rg_config *config = NULL;

	rg_config_new(&config);
	rg_config_set(config, RG_STR("min_expires"), RG_STR("1"), why);
	int failed = rg_redis_store_new(&options, &p.store, why) != RG_OK ||
		rg_registrar_new(config, p.store, &env, &p.registrar, why) != RG_OK ||
		rg_registrar_subscribe(p.registrar, UINT32_MAX, on_event, &p, NULL, &events, why) != RG_OK ||
		save(&p, "<sip:alice@example.org>;tag=1", why) < 0 || save(&p, "<sip:bob@example.org>;tag=1", why) < 0;
	if (failed)
		fprintf(stderr, "poll: %s\n", rg_error_text(why).p);
	else
		run(&p);
	rg_subscription_free(events);
	rg_registrar_unref(p.registrar);
	rg_store_unref(p.store); /* which forgets its descriptors by `watch` */
	rg_config_free(config);
	rg_error_free(why);
	return failed;
}
