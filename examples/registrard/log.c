/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"

static const char *const level_names[] = { NULL, "error", "warning", "info", "debug" };

enum { LEVELS = sizeof level_names / sizeof *level_names, RECENT = 16 };

/* An entry that may come again. */
struct recent {
	uint64_t hash;
	int64_t at;     /* when it was written, in milliseconds */
	uint64_t again; /* times that it was left out since */
};

/* What a level may still write. */
struct quota {
	int64_t lines;    /* in thousandths */
	int64_t at;       /* when that was, in milliseconds */
	uint64_t left_out; /* lines since the last that was written */
};

struct log {
	int32_t level;
	int fd;
	struct quota quotas[LEVELS]; /* each level has its own, so that strangers' entries at debug hide no error */
	struct recent recent[RECENT]; /* by hash */
};

static int64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct log *log_new(int32_t level, int fd)
{
	struct log *log = calloc(1, sizeof *log);

	if (!log)
		return NULL;
	log->level = level;
	log->fd = fd;
	for (size_t i = 0; i < LEVELS; i++)
		log->quotas[i] = (struct quota){ LOG_BURST * 1000, milliseconds(), 0 };
	return log;
}

int32_t log_level(const char *name)
{
	for (int32_t i = 1; i < LEVELS; i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return 0;
}

/* @return 1 when there is room for a line now. */
static int has_quota(struct quota *quota)
{
	int64_t now = milliseconds();

	quota->lines += (now - quota->at) * LOG_PER_SECOND;
	quota->at = now;
	if (quota->lines > LOG_BURST * 1000)
		quota->lines = LOG_BURST * 1000;
	return quota->lines >= 1000;
}

/* Copies text that fits, without what a terminal would take for a command: control characters, those of ISO 8859-1 among them. */
static size_t clean(char *to, rg_str text)
{
	size_t n = 0, length;

	for (size_t i = 0; i < text.n && n + 4 <= LOG_TEXT_MAX; i += length) {
		unsigned char c = (unsigned char)text.p[i];

		length = utf8_length(text.p + i, text.n - i);
		if (length == 0 || c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)text.p[i + 1] < 0xa0)) {
			to[n++] = '?';
			length += length == 0;
		} else {
			memcpy(to + n, text.p + i, length);
			n += length;
		}
	}
	return n;
}

/* Writes a line, unless nobody reads: a pipe that is full would stop the server. A pipe that is ready takes a line of this size whole. */
static int put_line(struct log *log, int32_t level, rg_str text)
{
	struct pollfd ready = { .fd = log->fd, .events = POLLOUT };
	char line[LOG_TEXT_MAX + 64];
	struct timespec t;
	struct tm utc;
	size_t n;

	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return 0;
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &utc);
	n = strftime(line, 32, "%Y-%m-%dT%H:%M:%S", &utc);
	n += (size_t)sprintf(line + n, ".%03dZ %s ", (int)(t.tv_nsec / 1000000), level_names[level]);
	n += clean(line + n, text);
	line[n++] = '\n';
	return write(log->fd, line, n) == (ssize_t)n;
}

/* @return 0 when it cannot be said yet. */
static int say_left_out(struct log *log, int32_t level)
{
	struct quota *quota = &log->quotas[level];
	char text[64];
	int n = snprintf(text, sizeof text, "%" PRIu64 " lines left out here", quota->left_out);

	if (quota->left_out && !put_line(log, level, (rg_str){ text, (size_t)n }))
		return 0;
	quota->left_out = 0;
	return 1;
}

void log_text(struct log *log, int32_t level, rg_str text)
{
	struct quota *quota;

	if (level < 1 || level > log->level)
		return;
	quota = &log->quotas[level];
	if (!has_quota(quota) || !say_left_out(log, level) || !put_line(log, level, text))
		quota->left_out++;
	else
		quota->lines -= 1000;
}

/* FNV-1a. Texts of one hash would hide each other for a minute at a time. */
static uint64_t hash_of(int32_t level, rg_str text)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)level;

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(1099511628211);
	return hash;
}

void log_recurring(struct log *log, int32_t level, rg_str text)
{
	uint64_t hash = hash_of(level, text), again = 0;
	struct recent *recent = &log->recent[hash % RECENT];
	int64_t now = milliseconds();

	if (recent->hash == hash && now - recent->at < LOG_AGAIN * 1000) {
		recent->again++;
		return;
	}
	if (recent->hash == hash)
		again = recent->again;
	*recent = (struct recent){ hash, now, 0 };
	if (again)
		log_line(log, level, "%.*s (and %" PRIu64 " times before)", (int)text.n, text.p, again);
	else
		log_text(log, level, text);
}

void log_line(struct log *log, int32_t level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	log_text(log, level, rg_str_from(text));
}

void log_free(struct log *log)
{
	if (!log)
		return;
	for (int32_t i = 1; i < LEVELS; i++)
		say_left_out(log, i);
	free(log);
}
