/* SPDX-License-Identifier: MIT */
/* Removals of the bindings of connections that have ended, over a store that fails. */
#include "flows.h"

#include <criterion/criterion.h>
#include <string.h>

#include "alarm_clock.h"
#include "log.h"

/* What the library was asked, and what it answers. */
static struct {
	rg_status status, at_once; /* of the next part, and of the call that begins it */
	const char *next;          /* its cursor; NULL = nothing is left */
	char flow[FLOW_ROOM], cursor[16];
	int calls;
} library;

static int64_t now, due_at;
static int lines;
static const char *broken; /* the end of the flow whose record cannot be read */

rg_status rg_remove_flow_part_async(rg_registrar *registrar, rg_str domain, rg_str flow, rg_str cursor, uint32_t limit, rg_remove_part_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	const rg_str next = rg_str_from(library.status == RG_OK ? library.next : NULL);

	(void)registrar, (void)domain, (void)limit, (void)free_user, (void)op, (void)why;
	library.calls++;
	snprintf(library.flow, sizeof library.flow, "%.*s", (int)flow.n, flow.p);
	snprintf(library.cursor, sizeof library.cursor, "%.*s", (int)cursor.n, cursor.n ? cursor.p : "");
	if (library.at_once != RG_OK)
		return library.at_once;
	done(user, broken && strcmp(strrchr(library.flow, '-'), broken) == 0 ? RG_ESTORE : library.status, 0, &next);
	return RG_OK;
}

int64_t alarm_clock_now(void)
{
	return now;
}

void alarm_clock_set(struct alarm_clock *clock, int64_t due)
{
	(void)clock;
	due_at = due;
}

void log_line(struct log *log, int32_t level, const char *format, ...)
{
	(void)log, (void)format;
	cr_expect_eq(level, RG_LOG_ERROR);
	lines++;
}

static struct args args = { .domain = "location", .outbound = 1 };
static struct server server;

static void begin(void)
{
	memset(&library, 0, sizeof library);
	memset(&server, 0, sizeof server);
	server.args = &args;
	strcpy(server.flow_prefix, "0123456789abcdef0123456789abcdef");
	now = 1000000;
	due_at = INT64_MAX;
	lines = 0;
	broken = NULL;
}

static void ring(void)
{
	if (now < due_at)
		now = due_at;
	due_at = INT64_MAX;
	flow_removals_go_on(&server);
}

Test(removals, go_on_where_they_stopped_when_the_store_is_back)
{
	static const rg_status passing[] = { RG_ESTORE, RG_EFULL, RG_ETIMEOUT, RG_ENOMEM };

	for (size_t i = 0; i < 2 * sizeof passing / sizeof *passing; i++) {
		rg_status *which = i % 2 ? &library.at_once : &library.status;

		begin();
		library.next = "c1";
		flow_remove(&server, 1);
		cr_assert_eq(server.n_removals, 1);
		*which = passing[i / 2];
		for (int tries = 0; tries < 10; tries++) {
			int64_t before = now;

			ring();
			cr_assert_str_eq(library.cursor, "c1");
			cr_assert(tries == 0 || now == before + 1000, "once a second");
			cr_assert_eq(server.n_removals, 1);
		}
		*which = RG_OK;
		library.next = NULL;
		ring();
		cr_expect_str_eq(library.cursor, "c1");
		cr_expect_eq(server.n_removals, 0);
		cr_expect_eq(lines, 0);
		cr_expect_eq(due_at, INT64_MAX);
	}
}

Test(removals, end_when_the_store_fails_for_an_hour)
{
	begin();
	library.status = RG_ESTORE;
	flow_remove(&server, 1);
	for (int i = 1; i < FLOW_FAILURES_MAX; i++) {
		cr_assert_eq(server.n_removals, 1, "%d", i);
		ring();
	}
	cr_expect_eq(library.calls, FLOW_FAILURES_MAX);
	cr_expect_eq(server.n_removals, 0);
	cr_expect_eq(lines, 1);
	cr_expect_eq(due_at, INT64_MAX);
}

Test(removals, count_the_failures_of_each_part)
{
	begin();
	library.next = "c";
	flow_remove(&server, 1);
	for (int i = 0; i < 3; i++) {
		library.status = RG_ESTORE;
		for (int k = 1; k < FLOW_FAILURES_MAX; k++)
			ring();
		cr_assert_eq(server.n_removals, 1);
		library.status = RG_OK;
		ring();
	}
	cr_expect_eq(server.n_removals, 1);
	cr_expect_eq(lines, 0);
	flow_removals_free(&server);
	cr_expect_eq(server.n_removals, 0);
}

Test(removals, of_others_go_on_beside_one_whose_record_cannot_be_read)
{
	begin();
	broken = "-h2";
	library.next = "c";
	for (uint64_t i = 1; i <= 3; i++)
		flow_remove(&server, i);
	library.next = NULL;
	for (int i = 0; i < 6; i++)
		ring();
	cr_expect_eq(server.n_removals, 1);
	for (int i = 0; i < FLOW_FAILURES_MAX; i++)
		ring();
	cr_expect_eq(server.n_removals, 0);
	cr_expect_eq(lines, 1);
}

Test(removals, that_can_never_succeed_are_not_tried_again)
{
	static const rg_status final[] = { RG_EINVAL, RG_ENOTSUP, RG_ECANCELED };

	for (size_t i = 0; i < 2 * sizeof final / sizeof *final; i++) {
		begin();
		*(i % 2 ? &library.at_once : &library.status) = final[i / 2];
		flow_remove(&server, 1);
		cr_expect_eq(server.n_removals, 0, "%d", final[i / 2]);
		cr_expect_eq(library.calls, 1);
		cr_expect_eq(lines, 0);
	}
}
