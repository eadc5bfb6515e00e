/* SPDX-License-Identifier: MIT */
#include "push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "json.h"
#include "log.h"
#include "push_exec.h"
#include "push_queue.h"
#include "push_url.h"

struct push {
	struct server *server;
	rg_subscription *events;
	struct push_exec *exec; /* NULL = there is no --push-exec */
	struct push_url *url;   /* NULL = there is no --push-url */
	struct text json;       /* of the last event */
	int64_t request_ms;     /* how long a request waits for a device; 0 = not at all */
};

size_t push_descriptors(const struct args *args)
{
	return (args->push_exec ? push_exec_descriptors(args) : 0) + (args->push_url ? push_url_descriptors() : 0);
}

/* A wake-up is of use until the binding expires; one for a request that waits, as long as this waits. @return milliseconds. */
static int64_t use_of(const struct push *push, const rg_event *event)
{
	int64_t ms = event->after ? event->after->expires - event->at : 0;
	int is_waited_for = push->request_ms > 0 && !rg_str_equal(event->reason, RG_STR("reg-refresh"));

	return is_waited_for && push->request_ms < ms ? push->request_ms : ms;
}

/* A phone may treat calls as nothing else, so a wake-up for another request must not take the place of one for a call. */
static uint64_t device_of(const struct server *server, const rg_event *event)
{
	int is_call = rg_str_equal(event->reason, RG_STR("ini-INVITE")) || rg_str_equal(event->reason, RG_STR("mid-INVITE"));
	unsigned char parts[crypto_shorthash_BYTES + sizeof(uint64_t) + 1], hash[crypto_shorthash_BYTES];
	uint64_t id = event->after ? event->after->id : 0, digest;

	crypto_shorthash(parts, (const unsigned char *)event->aor.p, event->aor.n, server->loop_key);
	memcpy(parts + crypto_shorthash_BYTES, &id, sizeof id);
	parts[sizeof parts - 1] = (unsigned char)is_call;
	crypto_shorthash(hash, parts, sizeof parts, server->loop_key);
	memcpy(&digest, hash, sizeof digest);
	return digest;
}

/* Runs inside event delivery, so it only queues. */
static void on_refresh(void *user, const rg_event *event)
{
	struct push *push = user;
	struct wakeup *wakeup = NULL;
	char label[320];

	push->json.n = 0;
	push->json.failed = 0;
	json_wakeup(&push->json, event);
	snprintf(label, sizeof label, "%.*s, %.*s", (int)event->aor.n, event->aor.p ? event->aor.p : "", (int)event->reason.n,
		event->reason.p ? event->reason.p : "");
	if (!push->json.failed)
		wakeup = wakeup_new(label, (rg_str){ push->json.p, push->json.n }, alarm_clock_now() + use_of(push, event),
			device_of(push->server, event));
	if (!wakeup) {
		push->server->counts.pushes_dropped++;
		return;
	}
	if (push->exec)
		push_exec_add(push->exec, wakeup);
	if (push->url)
		push_url_add(push->url, wakeup);
	wakeup_unref(wakeup);
}

static int start(struct push *push)
{
	struct server *server = push->server;

	if (server->args->push_exec && (push->exec = push_exec_new(server)) == NULL)
		return -1;
	if (server->args->push_url && (push->url = push_url_new(server)) == NULL)
		return -1;
	return rg_registrar_subscribe(server->registrar, RG_EVENT_CONTACT_REFRESH, on_refresh, push, NULL, &push->events, NULL) == RG_OK ? 0 : -1;
}

int push_open(struct server *server, struct push **out)
{
	const struct args *args = server->args;
	struct push *push;
	int64_t on = 0, seconds = 0;

	if (!args->push_exec && !args->push_url)
		return 0;
	rg_config_get_int(args->config, RG_STR("pn_enable"), &on);
	rg_config_get_int(args->config, RG_STR("pn_refresh_timeout"), &seconds);
	if (!on)
		log_line(server->log, RG_LOG_WARNING, "%s does nothing: pn_enable is 0", args->push_exec ? "--push-exec" : "--push-url");
	*out = push = calloc(1, sizeof *push);
	if (push) {
		push->server = server;
		push->request_ms = seconds * 1000;
	}
	if (!push || start(push) < 0) {
		complain("cannot start: no memory, or no files, for --push-exec and --push-url");
		return 1;
	}
	return 0;
}

void push_close(struct push *push)
{
	if (!push)
		return;
	rg_subscription_free(push->events);
	push_exec_free(push->exec);
	push_url_free(push->url);
	free(push->json.p);
	free(push);
}
