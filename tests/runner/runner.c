/* SPDX-License-Identifier: MIT */
/*
 * Runs every test of a program in one process, in the order of the link, and says what failed. Exits with 0 only when a test ran and none
 * failed. A test that evaluates no check fails as well: it would pass whatever the library did.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SKIPS = 16 };

static struct {
	runner_suite *suites;
	runner_test *first, *last;
	const runner_test *test; /* the one that runs */
	pthread_t thread;
	FILE *out; /* where stderr led at first: a test may capture that */
	jmp_buf leave;
	_Atomic unsigned long checks, failures; /* of that test */
	bool short_names, list, verbose, fail_fast, running;
	const char *filter, *skips[SKIPS];
	int n_skips;
} runner;

void runner_add_suite(runner_suite *suite)
{
	suite->next = runner.suites;
	runner.suites = suite;
}

void runner_add_test(runner_test *test)
{
	if (runner.last)
		runner.last->next = test;
	else
		runner.first = test;
	runner.last = test;
}

bool runner_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *shown(const char *file)
{
	const char *slash = runner.short_names ? strrchr(file, '/') : NULL;

	return slash ? slash + 1 : file;
}

void runner_count(void)
{
	atomic_fetch_add(&runner.checks, 1);
}

void runner_fail(int kind, const char *file, int line, const char *text, const char *format, ...)
{
	va_list more;

	atomic_fetch_add(&runner.failures, 1);
	flockfile(runner.out);
	fprintf(runner.out, "%s:%d: %s/%s: failed: %s", shown(file), line, runner.test->suite, runner.test->name, text);
	if (format[1])
		fputc(':', runner.out);
	va_start(more, format);
	vfprintf(runner.out, format, more);
	va_end(more);
	fputc('\n', runner.out);
	funlockfile(runner.out);
	if (kind == RUNNER_EXPECT)
		return;
	if (!pthread_equal(pthread_self(), runner.thread)) {
		fputs("an assert failed on a thread that cannot leave the test\n", runner.out);
		abort();
	}
	longjmp(runner.leave, 1);
}

static void attempt(void (*step)(void))
{
	if (step && setjmp(runner.leave) == 0)
		step();
}

/* A timeout is meant for a test that runs as built for use. */
enum { SLOWER_BY = 10 };

/* 0: none */
static void set_timeout(double seconds)
{
	seconds *= SLOWER_BY;
	time_t whole = (time_t)seconds;
	struct itimerval timer = { .it_value = { whole, (suseconds_t)((seconds - (double)whole) * 1e6) } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static const runner_extra *extra_of_suite(const char *name)
{
	static const runner_extra none;

	for (const runner_suite *s = runner.suites; s; s = s->next) {
		if (strcmp(s->name, name) == 0)
			return &s->extra;
	}
	return &none;
}

static double monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* @return whether it passed */
static bool run(const runner_test *test)
{
	const runner_extra *suite = extra_of_suite(test->suite);

	runner.test = test;
	atomic_store(&runner.checks, 0);
	atomic_store(&runner.failures, 0);
	double began = monotonic_s();
	set_timeout(test->extra.timeout);
	runner.running = true;
	attempt(suite->init);
	attempt(test->extra.init);
	if (atomic_load(&runner.failures) == 0)
		attempt(test->run);
	attempt(test->extra.fini);
	attempt(suite->fini);
	runner.running = false;
	set_timeout(0);
	if (atomic_load(&runner.checks) == 0)
		runner_fail(RUNNER_EXPECT, test->file, test->line, "it evaluates a check", " ");
	if (runner.verbose)
		fprintf(runner.out, "%s/%s: %.3f s\n", test->suite, test->name, monotonic_s() - began);
	return atomic_load(&runner.failures) == 0;
}

static bool chosen(const runner_test *test)
{
	char name[512];

	snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
	for (int i = 0; i < runner.n_skips; i++) {
		if (fnmatch(runner.skips[i], name, 0) == 0)
			return false;
	}
	return !runner.filter || fnmatch(runner.filter, name, 0) == 0;
}

/* Names the test before the signal ends the process. Writes only what a handler may write with. */
static void on_signal(int sig)
{
	const char *text[] = { runner.test->suite, "/", runner.test->name, sig == SIGALRM ? ": timed out\n" : ": crashed\n" };

	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
		if (write(fileno(runner.out), text[i], strlen(text[i])) < 0)
			break;
	}
	raise(sig);
}

/* A sanitizer that has a handler of its own keeps it. */
static void catch_signals(void)
{
	static const int ends[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV };
	const struct sigaction act = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (sigaction(ends[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL)
			sigaction(ends[i], &act, NULL);
	}
}

/* A test must not end the program with a status of its own. */
static void on_exit_early(void)
{
	if (!runner.running)
		return;
	fprintf(runner.out, "%s/%s: called exit()\n", runner.test->suite, runner.test->name);
	_exit(1);
}

static bool read_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--short-filename") == 0)
			runner.short_names = true;
		else if (strcmp(argv[i], "--list") == 0)
			runner.list = true;
		else if (strcmp(argv[i], "--fail-fast") == 0)
			runner.fail_fast = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			runner.verbose = true;
		else if (strncmp(argv[i], "--filter=", 9) == 0)
			runner.filter = argv[i] + 9;
		else if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
			runner.filter = argv[++i];
		else if (strncmp(argv[i], "--skip=", 7) == 0 && runner.n_skips < SKIPS)
			runner.skips[runner.n_skips++] = argv[i] + 7;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned long ran = 0, failed = 0, checks = 0;

	runner.out = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "w");
	if (!runner.out)
		return 2;
	setvbuf(runner.out, NULL, _IOLBF, BUFSIZ);
	if (!read_options(argc, argv)) {
		fprintf(runner.out, "usage: %s [--filter SUITE/NAME (a pattern)] [--skip=SUITE/NAME (a pattern)]... [--list] [--verbose] [--fail-fast] "
			"[--short-filename]\n", argv[0]);
		return 2;
	}
	runner.thread = pthread_self();
	catch_signals();
	if (atexit(on_exit_early) != 0)
		return 2;
	for (const runner_test *test = runner.first; test && !(failed > 0 && runner.fail_fast); test = test->next) {
		if (!chosen(test))
			continue;
		ran++;
		if (runner.list) {
			printf("%s/%s\n", test->suite, test->name);
			continue;
		}
		failed += !run(test);
		checks += atomic_load(&runner.checks);
	}
	fprintf(runner.out, "%lu tests, %lu checks, %lu failed\n", ran, checks, failed);
	return failed == 0 && ran > 0 ? 0 : 1;
}
