/* SPDX-License-Identifier: MIT */
#include "push_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alarm_clock.h"
#include "log.h"

enum {
	GRACE_MS = 2000, /* from SIGTERM to SIGKILL */
	CLOSE_MS = 400   /* the same when the server ends, and from there to its own end */
};

/* A run of the program. It leads a process group of its own, which ends with it. */
struct program {
	struct queue_entry in_queue;
	struct push_exec *exec;
	struct push_job *job;
	pid_t pid;
	int in;          /* its standard input; -1 = all of the JSON is there */
	int index;       /* of `in` in the loop; 0 = none */
	size_t written;
	int64_t due;     /* when it is to be ended, or killed */
	int overdue;
};

struct push_exec {
	struct server *server;
	struct push_queue *queue;
	struct queue running; /* in the order in which they are due */
	struct queue ending;  /* those that got SIGTERM, in that order too */
	struct alarm_clock *alarm;
	int signals;          /* a descriptor that tells of SIGCHLD */
	int index;
};

extern char **environ;

size_t push_exec_descriptors(const struct args *args)
{
	return args->push_exec_limit + 5;
}

static void stop_writing(struct program *program)
{
	if (program->index > 0)
		su_root_deregister(program->exec->server->root, program->index);
	if (program->in >= 0)
		close(program->in);
	program->index = 0;
	program->in = -1;
}

/* A program may end, or close its input, without reading it. */
static void write_some(struct program *program)
{
	const struct wakeup *wakeup = program->job->wakeup;

	while (program->written < wakeup->n) {
		ssize_t n = write(program->in, wakeup->json + program->written, wakeup->n - program->written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
		program->written += (size_t)n;
	}
	stop_writing(program);
}

static int on_writable(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	(void)server, (void)wait;
	write_some((struct program *)arg);
	return 0;
}

static void mind_alarm(struct push_exec *exec)
{
	const struct program *first = queue_first(&exec->running), *ending = queue_first(&exec->ending);

	if (ending && (!first || ending->due < first->due))
		first = ending;
	if (first)
		alarm_clock_set(exec->alarm, first->due);
}

/* The program may have left its group. */
static void signal_program(const struct program *program, int signal)
{
	kill(-program->pid, signal);
	kill(program->pid, signal);
}

static void on_due(void *user)
{
	struct push_exec *exec = user;
	struct program *program;
	int64_t now = alarm_clock_now();

	while ((program = queue_first(&exec->ending)) != NULL && program->due <= now) {
		signal_program(program, SIGKILL);
		program->due = now + GRACE_MS;
		queue_add(&exec->ending, &program->in_queue);
	}
	while ((program = queue_first(&exec->running)) != NULL && program->due <= now) {
		signal_program(program, SIGTERM);
		program->overdue = 1;
		program->due = now + GRACE_MS;
		queue_add(&exec->ending, &program->in_queue);
	}
	mind_alarm(exec);
}

static void say(const struct program *program, int status)
{
	const struct server *server = program->exec->server;
	const char *name = server->args->push_exec, *label = program->job->wakeup->label;

	if (program->overdue)
		log_line(server->log, RG_LOG_WARNING, "--push-exec %s: ended, because it took longer than %u s, for %s", name,
			(unsigned)server->args->push_seconds, label);
	else if (WIFSIGNALED(status))
		log_line(server->log, RG_LOG_WARNING, "--push-exec %s: ended by signal %d, for %s", name, WTERMSIG(status), label);
	else
		log_line(server->log, WEXITSTATUS(status) ? RG_LOG_WARNING : RG_LOG_DEBUG, "--push-exec %s: exit status %d, for %s", name,
			WEXITSTATUS(status), label);
}

/* Ends what a program that has ended left in its group. Its process id is free only after waitpid(), so no other group is meant. */
static int reap(struct program *program)
{
	struct push_job *job = program->job;
	siginfo_t info = { .si_pid = 0 };
	int status = -1;

	if (waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
		return 0;
	kill(-program->pid, SIGKILL);
	waitpid(program->pid, &status, WNOHANG);
	say(program, status);
	stop_writing(program);
	queue_remove(&program->in_queue);
	push_job_end(job, !program->overdue && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	free(program);
	return 1;
}

static void reap_all(struct queue *queue)
{
	struct program *program, *next;

	for (program = queue_first(queue); program; program = next) {
		next = queue_next(queue, &program->in_queue);
		reap(program);
	}
}

/* Signals of several programs come as one. Each program is asked about by its own number, so that no other child is taken from anybody. */
static void take_ended(struct push_exec *exec)
{
	struct signalfd_siginfo info;

	while (read(exec->signals, &info, sizeof info) == sizeof info)
		continue;
	reap_all(&exec->running);
	reap_all(&exec->ending);
	mind_alarm(exec);
}

static int on_child(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	(void)server, (void)wait;
	take_ended((struct push_exec *)arg);
	return 0;
}

/* The program inherits its input and the environment, but no other file, no blocked or ignored signal. @return 0 or an error number. */
static int spawn(const char *path, int in, pid_t *pid)
{
	char *argv[] = { (char *)path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	error = posix_spawn_file_actions_adddup2(&files, in, 0);
	error = error ? error : posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	error = error ? error : posix_spawn_file_actions_adddup2(&files, 1, 2);
	error = error ? error : posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	error = error ? error : posix_spawn(pid, path, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* @return 0 or an error number. */
static int program_start(struct program *program)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	error = spawn(program->exec->server->args->push_exec, ends[0], &program->pid);
	close(ends[0]);
	if (error)
		close(ends[1]);
	else
		program->in = ends[1];
	return error;
}

static void watch_input(struct program *program)
{
	su_wait_t wait[1] = { SU_WAIT_INIT };

	if (su_wait_create(wait, program->in, SU_WAIT_OUT) == 0)
		program->index = su_root_register(program->exec->server->root, wait, on_writable, (su_wakeup_arg_t *)program, 0);
	if (program->index <= 0)
		stop_writing(program);
}

/* Of what is short there may be enough later. Nothing has run, so a second attempt wakes nobody twice. */
static int is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE || error == ETXTBSY;
}

static void not_started(const struct push_exec *exec, struct push_job *job, int error)
{
	log_line(exec->server->log, RG_LOG_WARNING, "--push-exec %s: cannot be started, %s, for %s", exec->server->args->push_exec,
		strerror(error), job->wakeup->label);
	if (is_shortage(error))
		push_job_retry(job, 0);
	else
		push_job_end(job, 0);
}

static void exec_start(void *user, struct push_job *job)
{
	struct push_exec *exec = user;
	struct program *program = calloc(1, sizeof *program);
	int error = ENOMEM;

	if (program) {
		*program = (struct program){ .exec = exec, .job = job, .in = -1 };
		error = program_start(program);
	}
	if (error) {
		free(program);
		not_started(exec, job, error);
		return;
	}
	program->due = alarm_clock_now() + (int64_t)exec->server->args->push_seconds * 1000;
	queue_add(&exec->running, &program->in_queue);
	write_some(program);
	if (program->in >= 0)
		watch_input(program);
	mind_alarm(exec);
}

/* A child that is ignored would leave no exit status. */
static int watch_children(struct push_exec *exec)
{
	su_wait_t wait[1] = { SU_WAIT_INIT };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &child, NULL);
	exec->signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	if (exec->signals < 0 || su_wait_create(wait, exec->signals, SU_WAIT_IN) < 0)
		return -1;
	exec->index = su_root_register(exec->server->root, wait, on_child, (su_wakeup_arg_t *)exec, 0);
	return exec->index > 0 ? 0 : -1;
}

struct push_exec *push_exec_new(struct server *server)
{
	struct push_exec *exec = calloc(1, sizeof *exec);
	struct push_way way = { "--push-exec", server->args->push_exec_limit, server->args->push_queue, exec_start, exec };

	if (!exec)
		return NULL;
	exec->server = server;
	exec->signals = -1;
	exec->queue = push_queue_new(server, &way);
	exec->alarm = alarm_clock_new(server->root, on_due, exec);
	if (exec->queue && exec->alarm && watch_children(exec) == 0)
		return exec;
	push_exec_free(exec);
	return NULL;
}

static void signal_all(const struct queue *queue, int signal)
{
	for (const struct program *program = queue_first(queue); program; program = queue_next(queue, &program->in_queue))
		signal_program(program, signal);
}

static void end_all(struct push_exec *exec, int signal)
{
	struct pollfd ended = { .fd = exec->signals, .events = POLLIN };
	int64_t until = alarm_clock_now() + CLOSE_MS, left;

	signal_all(&exec->running, signal);
	signal_all(&exec->ending, signal);
	while ((queue_first(&exec->running) || queue_first(&exec->ending)) && (left = until - alarm_clock_now()) > 0) {
		poll(&ended, 1, (int)left);
		take_ended(exec);
	}
}

/* Not even SIGKILL ends a program at once that waits for a disk: it is left alone. */
static void leave_all(struct queue *queue)
{
	struct program *program;

	while ((program = queue_first(queue)) != NULL) {
		stop_writing(program);
		queue_remove(&program->in_queue);
		push_job_end(program->job, 0);
		free(program);
	}
}

void push_exec_free(struct push_exec *exec)
{
	if (!exec)
		return;
	if (exec->signals >= 0) {
		end_all(exec, SIGTERM);
		end_all(exec, SIGKILL);
		leave_all(&exec->running);
		leave_all(&exec->ending);
	}
	if (exec->index > 0)
		su_root_deregister(exec->server->root, exec->index);
	if (exec->signals >= 0)
		close(exec->signals);
	push_queue_free(exec->queue);
	alarm_clock_free(exec->alarm);
	free(exec);
}

void push_exec_add(struct push_exec *exec, struct wakeup *wakeup)
{
	push_queue_add(exec->queue, wakeup);
}
