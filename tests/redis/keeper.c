/* SPDX-License-Identifier: MIT */
#include "keeper.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START = -1, ASK = -2 }; /* what the keeper is told, beside signals */

static int drop_entry(int at, const struct dirent *entry)
{
	if (unlinkat(at, entry->d_name, 0) == 0)
		return 0;
	int below = openat(at, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = below < 0 ? NULL : fdopendir(below);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			drop_entry(below, e);
	}
	if (dir)
		closedir(dir);
	return unlinkat(at, entry->d_name, AT_REMOVEDIR);
}

void remove_below(const char *folder)
{
	DIR *dir = opendir(folder);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			drop_entry(dirfd(dir), e);
	}
	if (dir)
		closedir(dir);
}

/* The server ends with the keeper, should that be killed. */
static pid_t launch(char *const *argv, pid_t parent)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		execvp(argv[0], argv);
	_exit(127);
}

static void collect(pid_t *pid, int options)
{
	pid_t ended = *pid > 0 ? waitpid(*pid, NULL, options) : 0;

	if (ended == *pid || ended < 0)
		*pid = 0;
}

static void obey(pid_t *pid, char *const *argv, int order)
{
	if (order == START) {
		if (*pid <= 0)
			*pid = launch(argv, getpid());
		return;
	}
	if (order == ASK) {
		collect(pid, WNOHANG);
		return;
	}
	if (order > 0 && *pid > 0)
		kill(*pid, order);
	collect(pid, 0);
}

/* A group of its own: who kills that of the test lets the keeper clean up. It keeps no descriptor of the test's open. */
static void keep(int line, char *const *argv, const char *folder)
{
	int null = open("/dev/null", O_RDWR), order;
	pid_t pid = 0;
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 1024; fd++) {
		if (fd != line)
			close(fd);
	}
	while (recv(line, &order, sizeof order, 0) == (ssize_t)sizeof order) {
		obey(&pid, argv, order);
		if (send(line, &pid, sizeof pid, MSG_NOSIGNAL) < 0)
			break;
	}
	obey(&pid, argv, SIGKILL);
	remove_below(folder);
	rmdir(folder);
	_exit(0);
}

keeper keeper_new(char *const *argv, const char *folder)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		perror("keeper");
		abort();
	}
	pid_t pid = fork();

	if (pid == 0) {
		close(ends[0]);
		keep(ends[1], argv, folder);
	}
	close(ends[1]);
	if (pid < 0) {
		perror("keeper");
		abort();
	}
	return (keeper){ .line = ends[0], .pid = pid };
}

static pid_t tell(const keeper *k, int order)
{
	pid_t pid = 0;
	ssize_t n;

	if (send(k->line, &order, sizeof order, MSG_NOSIGNAL) != (ssize_t)sizeof order) {
		fputs("keeper: it is gone\n", stderr);
		abort();
	}
	do
		n = recv(k->line, &pid, sizeof pid, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof pid ? pid : 0;
}

pid_t keeper_start(const keeper *k)
{
	return tell(k, START);
}

void keeper_end(const keeper *k, int signal)
{
	tell(k, signal);
}

pid_t keeper_pid(const keeper *k)
{
	return tell(k, ASK);
}

void keeper_free(keeper *k)
{
	close(k->line);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
