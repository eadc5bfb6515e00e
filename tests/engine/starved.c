/* SPDX-License-Identifier: MIT */
/*
 * Runs every test of the engine again and again, and each time other allocations of the library fail: each in turn, alone and with the one
 * or the three after it, from the making of a registrar or an overlay on. What the test expects does not matter then. It must not crash or
 * hang, and if it comes to its end, nothing may be left behind. Each run is a process, which ends at an assertion that fails.
 *
 * usage: starved POINTS [SUITE/NAME (a pattern)] [NTH RUN]
 * POINTS  of each test, at most so many allocations are tried, evenly spread. 0 = all of a test that makes up to EACH allocations; of a
 * longer one fewer, so that all runs of a test together make about as many allocations as those of a test of EACH, but FEWEST at least.
 * NTH RUN  tries this one, in this process.
 */
#include "allocations.h"
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A run is a hang when it takes SECONDS more than SLOWER times what the test takes without a shortage, however busy the machine is. */
enum { SECONDS = 60, SLOWER = 20, LEAKS = 3, LEFT = 4, EACH = 4000, FEWEST = 100 };

/* What a process says of its run. */
typedef struct report {
	int allocations;
	long kept;
} report;

static struct {
	runner_suite *suites;
	runner_test *first, *last;
	report *report; /* shared with the processes */
	unsigned long runs, faults, idle; /* idle: tests of which no allocation fails */
} starved;

void runner_add_suite(runner_suite *suite)
{
	suite->next = starved.suites;
	starved.suites = suite;
}

void runner_add_test(runner_test *test)
{
	if (starved.last)
		starved.last->next = test;
	else
		starved.first = test;
	starved.last = test;
}

bool runner_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void runner_count(void)
{
}

/* An expectation says nothing here. After an assertion the test could not go on; it may be one on a thread of its own. */
void runner_fail(int kind, const char *file, int line, const char *text, const char *format, ...)
{
	(void)file;
	(void)line;
	(void)text;
	(void)format;
	if (kind == RUNNER_ASSERT)
		_exit(LEFT);
}

/* @return how the process is to exit. */
static int attempt(const runner_test *test, int nth, int run, long usual)
{
	long before = allocations_kept();

	allocations_fail_later(nth, run);
	if (test->extra.init)
		test->extra.init();
	test->run();
	if (test->extra.fini)
		test->extra.fini();
	allocations_fail_later(0, 0);
	int left = allocations_fail_run(0, 1);
	starved.report->allocations = left > 0 ? nth - left : 0;
	starved.report->kept = allocations_kept() - before;
	return starved.report->kept > usual ? LEAKS : EXIT_SUCCESS;
}

/* @param limit  in seconds; 0 = none. @return the status of the process, as wait() gives it. */
static int in_process(const runner_test *test, int nth, int run, long usual, unsigned limit)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		alarm(limit);
		_exit(attempt(test, nth, run, usual));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(2);
	return status;
}

static void try_one(const runner_test *test, int nth, int run, long usual, unsigned limit)
{
	int status = in_process(test, nth, run, usual, limit);
	bool exited = WIFEXITED(status);

	starved.runs++;
	if (exited && (WEXITSTATUS(status) == EXIT_SUCCESS || WEXITSTATUS(status) == LEFT))
		return;
	starved.faults++;
	printf("%s/%s: allocation %d and %d after it: ", test->suite, test->name, nth, run - 1);
	if (exited && WEXITSTATUS(status) == LEAKS)
		printf("%ld blocks are left\n", starved.report->kept - usual);
	else
		printf("%s %d\n", exited ? "exit" : "signal", exited ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* @return how many of the @p n allocations of a test are tried. */
static int points_of(int points, int n)
{
	if (points > 0)
		return points < n ? points : n;
	if (n <= EACH)
		return n;
	return EACH * EACH / n > FEWEST ? EACH * EACH / n : FEWEST;
}

/* Without a shortage the test says how many allocations it makes. */
static void starve(const runner_test *test, int points)
{
	time_t began = time(NULL);
	int status = in_process(test, INT_MAX, 1, LONG_MAX, 0);
	unsigned limit = SECONDS + SLOWER * (unsigned)(time(NULL) - began);
	int n = starved.report->allocations;
	long usual = starved.report->kept;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
		printf("%s/%s: fails without a shortage\n", test->suite, test->name);
		starved.faults++;
		return;
	}
	int tried = points_of(points, n);
	starved.idle += n == 0;
	for (int i = 0; i < tried; i++) {
		for (int run = 1; run <= 4; run *= 2)
			try_one(test, 1 + (int)((long)i * n / tried), run, usual, limit);
	}
}

static bool chosen(const runner_test *test, const char *filter)
{
	char name[512];

	snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
	return fnmatch(filter, name, 0) == 0 && strcmp(test->suite, "shortage") != 0; /* that suite does it itself */
}

int main(int argc, char **argv)
{
	const char *filter = argc > 2 ? argv[2] : "*";

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	starved.report = mmap(NULL, sizeof *starved.report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc < 2 || starved.report == MAP_FAILED)
		return 2;
	for (const runner_test *test = starved.first; test; test = test->next) {
		if (!chosen(test, filter))
			continue;
		if (argc > 4)
			return attempt(test, atoi(argv[3]), atoi(argv[4]), LONG_MAX) == EXIT_SUCCESS ? 0 : 1;
		starve(test, atoi(argv[1]));
	}
	printf("%lu runs, %lu faults; %lu tests allocate nothing\n", starved.runs, starved.faults, starved.idle);
	return starved.runs > 0 && starved.faults == 0 ? 0 : 1;
}
