/* SPDX-License-Identifier: MIT */
/* The log: its lines, and how many of them. The test sets the clocks. */
#include "log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Libraries call it too, so it is visible to them. */
__attribute__((visibility("default"))) int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

static struct timespec both_clocks; /* of the test program alone */

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	*t = both_clocks;
	return 0;
}

struct reader {
	struct log *log;
	int ends[2];
	char text[70000];
};

static struct reader *open_log(int32_t level)
{
	struct reader *r = calloc(1, sizeof *r);

	both_clocks = (struct timespec){ 1700000000, 7000000 };
	cr_assert_eq(pipe2(r->ends, O_NONBLOCK), 0);
	r->log = log_new(level, r->ends[1]);
	return r;
}

static const char *read_log(struct reader *r)
{
	ssize_t n = read(r->ends[0], r->text, sizeof r->text - 1);

	r->text[n > 0 ? n : 0] = '\0';
	return r->text;
}

static void close_log(struct reader *r)
{
	log_free(r->log);
	close(r->ends[0]);
	close(r->ends[1]);
	free(r);
}

static size_t lines_in(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		n++;
	}
	return n;
}

Test(log, a_line_has_time_level_and_text)
{
	struct reader *r = open_log(RG_LOG_DEBUG);

	log_line(r->log, RG_LOG_ERROR, "%s %d", "store", 7);
	log_text(r->log, RG_LOG_DEBUG, RG_STR("text"));
	cr_expect_str_eq(read_log(r), "2023-11-14T22:13:20.007Z error store 7\n2023-11-14T22:13:20.007Z debug text\n");
	close_log(r);
}

Test(log, only_levels_that_are_asked_for)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (int32_t most = 1; most <= 4; most++) {
		struct reader *r = open_log(most);

		cr_expect_eq(log_level(names[most - 1]), most);
		for (int32_t level = -1; level <= 6; level++)
			log_line(r->log, level, "x");
		cr_expect_eq(lines_in(read_log(r)), (size_t)most, "%s", r->text);
		close_log(r);
	}
	cr_expect_eq(log_level("") + log_level("warn") + log_level("Error"), 0);
}

Test(log, no_octet_of_a_stranger_is_a_command_to_the_terminal)
{
	static const char odd[] = "a\0b\n\x1b[2J\x7f|\xc2\x9b|\x9b|caf\xc3\xa9|\xc3|\xf0\x9f\x99\x82\xe2\x82";
	struct reader *r = open_log(RG_LOG_INFO);
	char longer[5000];

	log_text(r->log, RG_LOG_INFO, (rg_str){ odd, sizeof odd - 1 });
	cr_expect_str_eq(strchr(read_log(r), 'i'), "info a?b??[2J?|?|?|caf\xc3\xa9|?|\xf0\x9f\x99\x82??\n");
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	log_line(r->log, RG_LOG_INFO, "%s", longer);
	log_text(r->log, RG_LOG_INFO, rg_str_from(longer));
	read_log(r);
	cr_expect_eq(lines_in(r->text), 2);
	cr_expect_leq(strlen(r->text), 2 * (LOG_TEXT_MAX + 64));
	close_log(r);
}

Test(log, a_flood_is_bounded_and_counted)
{
	struct reader *r = open_log(RG_LOG_DEBUG);
	size_t lines = 0;

	for (int i = 0; i < 1000; i++)
		log_line(r->log, RG_LOG_DEBUG, "line %d", i);
	cr_expect_eq(lines_in(read_log(r)), LOG_BURST);
	/* Errors have lines of their own. */
	log_line(r->log, RG_LOG_ERROR, "an error");
	cr_expect(strstr(read_log(r), " error an error\n"));
	both_clocks.tv_nsec += 100000000;
	log_line(r->log, RG_LOG_DEBUG, "again");
	cr_expect_str_eq(read_log(r), "2023-11-14T22:13:20.107Z debug 900 lines left out here\n2023-11-14T22:13:20.107Z debug again\n");
	/* An hour of it. */
	for (int i = 0; i < 36000; i++) {
		both_clocks.tv_sec += i % 10 == 0;
		for (int k = 0; k < 3; k++)
			log_line(r->log, RG_LOG_DEBUG, "%d", k);
		lines += lines_in(read_log(r));
	}
	cr_expect_geq(lines, 3600 * LOG_PER_SECOND - 10);
	cr_expect_leq(lines, 2 * 3600 * LOG_PER_SECOND + LOG_BURST, "%zu", lines);
	log_line(r->log, RG_LOG_DEBUG, "left out");
	close_log(r);
}

/* What fails at each call is said once a minute. */
Test(log, what_recurs_is_counted)
{
	struct reader *r = open_log(RG_LOG_DEBUG);

	for (int i = 0; i < 600; i++) {
		log_recurring(r->log, RG_LOG_WARNING, RG_STR("store: away"));
		if (i % 2)
			log_recurring(r->log, RG_LOG_WARNING, RG_STR("homes: away"));
		both_clocks.tv_nsec = i % 10 * 100000000;
		both_clocks.tv_sec += i % 10 == 9;
	}
	log_recurring(r->log, RG_LOG_ERROR, RG_STR("store: away"));
	cr_expect_str_eq(read_log(r), "2023-11-14T22:13:20.007Z warning store: away\n2023-11-14T22:13:20.000Z warning homes: away\n"
		"2023-11-14T22:14:20.900Z error store: away\n");
	both_clocks.tv_sec += 1;
	log_recurring(r->log, RG_LOG_WARNING, RG_STR("store: away"));
	log_recurring(r->log, RG_LOG_WARNING, RG_STR("homes: away"));
	log_recurring(r->log, RG_LOG_WARNING, RG_STR("homes: away"));
	cr_expect_str_eq(read_log(r), "2023-11-14T22:14:21.900Z warning store: away (and 599 times before)\n"
		"2023-11-14T22:14:21.900Z warning homes: away (and 299 times before)\n");
	both_clocks.tv_sec += LOG_AGAIN;
	log_recurring(r->log, RG_LOG_WARNING, RG_STR("store: away"));
	log_recurring(r->log, RG_LOG_WARNING, RG_STR("homes: away"));
	cr_expect_str_eq(read_log(r), "2023-11-14T22:15:21.900Z warning store: away\n"
		"2023-11-14T22:15:21.900Z warning homes: away (and 1 times before)\n");
	close_log(r);
}

Test(log, what_is_left_out_is_said_at_the_end)
{
	struct reader *r = open_log(RG_LOG_INFO);
	char text[100000];
	ssize_t n;

	for (int i = 0; i < LOG_BURST + 5; i++)
		log_line(r->log, RG_LOG_INFO, "x");
	log_free(r->log);
	r->log = NULL;
	n = read(r->ends[0], text, sizeof text - 1);
	text[n] = '\0';
	cr_expect_eq(lines_in(text), LOG_BURST + 1);
	cr_expect_str_eq(strrchr(text, 'Z'), "Z info 5 lines left out here\n");
	close_log(r);
}

Test(log, a_reader_that_does_not_read_stops_nothing)
{
	struct reader *r = open_log(RG_LOG_INFO);
	char full[65536] = { 0 };

	while (write(r->ends[1], full, sizeof full) > 0)
		;
	fcntl(r->ends[1], F_SETFL, 0); /* like a pipe of a service manager, which blocks */
	log_line(r->log, RG_LOG_INFO, "nobody hears this");
	while (read(r->ends[0], full, sizeof full) > 0)
		;
	log_line(r->log, RG_LOG_INFO, "here again");
	cr_expect_str_eq(strchr(read_log(r), 'Z'), "Z info 1 lines left out here\n2023-11-14T22:13:20.007Z info here again\n");
	close_log(r);
}
