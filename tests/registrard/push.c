/* SPDX-License-Identifier: MIT */
/* The queue of wake-ups, by a clock that the test sets, and their JSON. */
#include "push_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alarm_clock.h"
#include "json.h"
#include "log.h"

enum { FAR = 1000000000 };

struct alarm_clock {
	int64_t due; /* INT64_MAX = not set */
	void (*ring)(void *user);
	void *user;
};

/* One queue, and what it has started. */
static struct queue_world {
	struct server server;
	struct push_queue *queue;
	struct alarm_clock alarm;
	int64_t now;
	struct push_job *started[64]; /* and not ended */
	size_t n_started;
	uint64_t devices; /* numbers that were given out */
	char labels[256]; /* of all that were started */
} w;

struct alarm_clock *alarm_clock_new(su_root_t *root, void (*ring)(void *user), void *user)
{
	(void)root;
	w.alarm = (struct alarm_clock){ INT64_MAX, ring, user };
	return &w.alarm;
}

void alarm_clock_free(struct alarm_clock *alarm)
{
	(void)alarm;
}

void alarm_clock_set(struct alarm_clock *alarm, int64_t due)
{
	alarm->due = due;
}

int64_t alarm_clock_now(void)
{
	return w.now;
}

static void note_start(void *user, struct push_job *job)
{
	(void)user;
	w.started[w.n_started++] = job;
	strcat(w.labels, job->wakeup->label);
}

static void open_queue(size_t most_running, size_t most_waiting)
{
	struct push_way way = { "--way", most_running, most_waiting, note_start, NULL };

	memset(&w, 0, sizeof w);
	w.now = 1000;
	w.server.log = log_new(RG_LOG_ERROR, STDERR_FILENO);
	w.queue = push_queue_new(&w.server, &way);
	cr_assert_not_null(w.queue);
}

static void close_queue(void)
{
	cr_expect_eq(w.n_started, 0);
	push_queue_free(w.queue);
	push_queue_free(NULL);
	cr_expect_eq(w.server.counts.pushes_waiting, 0);
	cr_expect_eq(w.server.counts.pushes_running, 0);
	log_free(w.server.log);
}

static void put_for(uint64_t device, const char *label, int64_t until)
{
	struct wakeup *wakeup = wakeup_new(label, RG_STR("{}\n"), until, device);

	cr_assert_not_null(wakeup);
	push_queue_add(w.queue, wakeup);
	wakeup_unref(wakeup);
}

/* Of a device of its own. */
static void put(const char *label, int64_t until)
{
	put_for(1000 + w.devices++, label, until);
}

/* Lets time pass, and rings as long as the alarm is due. @return how often it rang. */
static int pass(int64_t milliseconds)
{
	int times = 0;

	for (w.now += milliseconds; w.alarm.due <= w.now; times++) {
		w.alarm.due = INT64_MAX;
		w.alarm.ring(w.alarm.user);
	}
	return times;
}

static struct push_job *take(size_t index)
{
	struct push_job *job = w.started[index];

	w.started[index] = w.started[--w.n_started];
	return job;
}

Test(push_queue, jobs_start_from_the_loop_in_their_order_and_so_many_at_once)
{
	open_queue(2, 10);
	put("a", FAR);
	put("b", FAR);
	put("c", FAR);
	put("d", FAR);
	cr_expect_eq(w.n_started, 0);
	cr_expect_eq(w.server.counts.pushes_waiting, 4);
	/* One for each ring, so that the loop serves others between them. */
	cr_expect_eq(pass(0), 2);
	cr_expect_str_eq(w.labels, "ab");
	cr_expect_eq(w.server.counts.pushes_running, 2);
	push_job_end(take(0), 1);
	pass(0);
	cr_expect_str_eq(w.labels, "abc");
	push_job_end(take(0), 0);
	push_job_end(take(0), 1);
	pass(0);
	cr_expect_str_eq(w.labels, "abcd");
	push_job_end(take(0), 1);
	cr_expect_eq(w.server.counts.pushes_sent, 3);
	cr_expect_eq(w.server.counts.pushes_failed, 1);
	cr_expect_eq(pass(FAR), 0);
	close_queue();
}

Test(push_queue, what_has_become_useless_takes_no_room)
{
	open_queue(1, 3);
	put("a", FAR);
	pass(0);
	put("b", 1100);
	put("c", 1100);
	put("d", FAR);
	w.now = 1100;
	put("e", FAR);
	put("f", FAR);
	put("g", FAR);
	cr_expect_eq(w.server.counts.pushes_waiting, 3);
	cr_expect_eq(w.server.counts.pushes_dropped, 3);
	for (int i = 0; i < 4; i++) {
		push_job_end(take(0), 1);
		pass(0);
	}
	cr_expect_str_eq(w.labels, "adef");
	close_queue();
}

Test(push_queue, what_does_not_fit_or_has_become_useless_is_dropped)
{
	open_queue(1, 3);
	put("a", 1100);
	put("b", FAR);
	put("c", 1100);
	put("d", FAR);
	cr_expect_eq(w.server.counts.pushes_dropped, 1);
	w.now = 1100;
	pass(0);
	cr_expect_str_eq(w.labels, "b");
	cr_expect_eq(w.server.counts.pushes_dropped, 2);
	push_job_end(take(0), 1);
	pass(0);
	cr_expect_str_eq(w.labels, "b");
	cr_expect_eq(w.server.counts.pushes_dropped, 3);
	cr_expect_eq(w.server.counts.pushes_waiting, 0);
	/* There is room again. */
	put("e", FAR);
	pass(0);
	cr_expect_str_eq(w.labels, "be");
	push_job_end(take(0), 1);
	close_queue();
}

Test(push_queue, one_takes_the_place_of_an_earlier_one_of_its_device)
{
	open_queue(1, 3);
	put_for(1, "a", FAR);
	put_for(2, "b", 1100);
	put_for(3, "c", FAR);
	/* Also when there is no room for more. */
	put_for(2, "B", FAR);
	put_for(2, "Z", FAR);
	cr_expect_eq(w.server.counts.pushes_merged, 2);
	cr_expect_eq(w.server.counts.pushes_waiting, 3);
	w.now = 1100;
	pass(0);
	/* What runs may have been sent too early. */
	put_for(1, "A", FAR);
	cr_expect_eq(w.server.counts.pushes_waiting, 3);
	for (int i = 0; i < 4; i++) {
		push_job_end(take(0), 1);
		pass(0);
	}
	cr_expect_str_eq(w.labels, "aZcA");
	/* What has failed is tried later, which is too late for another request. */
	put_for(4, "d", FAR);
	pass(0);
	cr_expect_eq(push_job_retry(take(0), 20000), 1);
	put_for(4, "D", FAR);
	pass(0);
	cr_expect_str_eq(w.labels, "aZcAdD");
	push_job_end(take(0), 1);
	pass(60000);
	push_job_end(take(0), 1);
	cr_expect_eq(w.server.counts.pushes_merged, 2);
	cr_expect_eq(w.server.counts.pushes_dropped, 0);
	close_queue();
}

Test(push_queue, a_long_one_takes_no_place_when_bytes_are_short)
{
	enum { LONG = 1000000 };
	char *octets = calloc(1, LONG);
	struct wakeup *wakeup = wakeup_new("L", (rg_str){ octets, LONG }, FAR, 7);

	cr_assert(octets && wakeup);
	open_queue(1, 1);
	put_for(7, "s", FAR);
	push_queue_add(w.queue, wakeup);
	cr_expect_eq(wakeup->refs, 2);
	push_queue_add(w.queue, wakeup);
	cr_expect_eq(wakeup->refs, 2);
	wakeup_unref(wakeup);
	pass(0);
	cr_expect_str_eq(w.labels, "L");
	push_job_end(take(0), 1);
	free(octets);
	close_queue();
}

Test(push_queue, what_waits_has_a_limit_of_bytes)
{
	enum { LONG = 100000, MOST = 100 };
	char *octets = calloc(1, LONG);
	size_t fit = (MOST * 4096 + 1024 * 1024) / LONG;

	cr_assert_not_null(octets);
	open_queue(5, MOST);
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < fit + 2; i++) {
			struct wakeup *wakeup = wakeup_new("", (rg_str){ octets, LONG }, FAR, i);

			push_queue_add(w.queue, wakeup);
			wakeup_unref(wakeup);
		}
		cr_expect_eq(w.server.counts.pushes_waiting, fit);
		cr_expect_eq(w.server.counts.pushes_dropped, 2 * (round + 1));
		/* Those that ran leave room, also those that came back once. */
		pass(0);
		cr_expect_eq(push_job_retry(take(0), 0), 1);
		while (w.n_started > 0) {
			push_job_end(take(0), 1);
			pass(30000);
		}
		cr_expect_eq(w.server.counts.pushes_waiting, 0);
	}
	free(octets);
	close_queue();
}

Test(push_queue, attempts_come_later_and_later_and_end)
{
	int64_t most = 500, was;
	unsigned tries = 0;

	open_queue(1, 3);
	put("a", FAR);
	pass(0);
	for (;;) {
		was = w.now;
		if (!push_job_retry(take(0), 0))
			break;
		tries++;
		cr_expect_geq(w.alarm.due, was + most / 2);
		cr_expect_leq(w.alarm.due, was + most);
		w.now = w.alarm.due;
		pass(0);
		cr_assert_eq(w.n_started, 1);
		most = 2 * most < 30000 ? 2 * most : 30000;
	}
	cr_expect_eq(tries, 7);
	cr_expect_eq(w.server.counts.pushes_retried, 7);
	cr_expect_eq(w.server.counts.pushes_failed, 1);
	close_queue();
}

Test(push_queue, no_attempt_comes_earlier_than_asked_or_when_it_is_useless)
{
	open_queue(1, 3);
	put("a", 60000);
	pass(0);
	cr_expect_eq(push_job_retry(take(0), 20000), 1);
	cr_expect_eq(w.alarm.due, 21000);
	cr_expect_eq(pass(20000), 1);
	cr_expect_str_eq(w.labels, "aa");
	cr_expect_eq(push_job_retry(take(0), 39000), 0);
	cr_expect_eq(w.server.counts.pushes_failed, 1);
	close_queue();
}

Test(push_queue, retries_come_when_each_is_due_and_let_others_pass)
{
	static const int64_t waits[] = { 5000, 3000, 9000, 1000, 7000, 2000, 8000, 4000, 6000 };
	char label[2] = "0";

	open_queue(10, 20);
	for (size_t i = 0; i < 9; i++) {
		label[0] = (char)('0' + waits[i] / 1000);
		put(label, FAR);
	}
	pass(0);
	for (size_t i = 0; i < 9; i++)
		cr_expect_eq(push_job_retry(w.started[i], waits[i]), 1);
	w.n_started = 0;
	w.labels[0] = '\0';
	put("x", FAR);
	for (int i = 0; i < 9; i++)
		pass(1000);
	cr_expect_str_eq(w.labels, "x123456789");
	/* Those that wait for another attempt are dropped at the end. */
	while (w.n_started > 5)
		push_job_end(take(5), 1);
	while (w.n_started > 0)
		push_job_retry(take(0), 0);
	cr_expect_eq(w.server.counts.pushes_waiting, 5);
	close_queue();
}

static void expect_json(const char *uri, const char *end)
{
	rg_contact contact = { .struct_size = sizeof contact, .uri = rg_str_from(uri), .q = -1, .expires = 2000, .methods = RG_METHODS_ALL,
		.latency = RG_LATENCY_NONE };
	struct text text = { NULL, 0, 0, 0 };
	const char *begin = "{\"event\":\"CONTACT_REFRESH\",\"aor\":\"alice@example.org\",\"contact\":";
	rg_event event;

	rg_event_init(&event, sizeof event);
	event.kind = RG_EVENT_CONTACT_REFRESH;
	event.aor = RG_STR("alice@example.org");
	event.before = event.after = uri ? &contact : NULL;
	event.reason = RG_STR("ini-INVITE");
	event.callid = RG_STR("call");
	event.at = 1000;
	json_wakeup(&text, &event);
	text_add(&text, (rg_str){ "", 1 });
	cr_assert_eq(text.failed, 0);
	cr_expect_eq(strncmp(text.p, begin, strlen(begin)), 0, "%s", text.p);
	cr_expect_str_eq(strstr(text.p, ",\"reason\""), end);
	free(text.p);
}

#define END(provider, prid, param) \
	",\"reason\":\"ini-INVITE\",\"callid\":\"call\",\"at\":1,\"provider\":" provider ",\"prid\":" prid ",\"param\":" param "}\n"

Test(json_wakeup, the_parameters_of_the_uri_are_members)
{
	expect_json("sip:a@192.0.2.1;pn-provider=fcm;pn-param=project;pn-prid=token", END("\"fcm\"", "\"token\"", "\"project\""));
	expect_json("sips:192.0.2.1:5060;PN-Provider=webpush;transport=tls;pn-prid=https:%2F%2fpush%3fx%3D%22;lr",
		END("\"webpush\"", "\"https://push?x=\\\"\"", "null"));
	/* A user is no parameter, nor are headers; names are not taken for longer ones; a percent sign may stand alone. */
	expect_json("sip:a;pn-prid=no@192.0.2.1;pn-prid=100%;pn-provider=%4;pn-parameter=no;x-pn-param=no?pn-param=no;pn-param=no",
		END("\"%4\"", "\"100%\"", "null"));
	expect_json("sip:a@192.0.2.1;pn-provider;pn-prid=;pn-param=%00%zz%", END("null", "\"\"", "\"\\u0000%zz%\""));
	/* Names and providers are told apart as the library does it (RFC 3261 §19.1.4): by neither case nor escapes. A token keeps its case. */
	expect_json("sip:a@192.0.2.1;%70n-provider=F%43m;pn%2dPrid=ToKen;pn-par%61m=%41b", END("\"fcm\"", "\"ToKen\"", "\"Ab\""));
	expect_json("sip:a@192.0.2.1;%70n-prid;pn-prid%=x;pn-prid%2=y;%pn-param=z;=;pn-provider=fcm", END("\"fcm\"", "null", "null"));
	expect_json("sip:a@192.0.2.1", END("null", "null", "null"));
	expect_json(NULL, END("null", "null", "null"));
}
