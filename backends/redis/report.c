/* SPDX-License-Identifier: MIT */
/* Times, the log and the state. */
#include "links.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

enum { LOG_LINE = 400, REFUSAL_AGAIN = 60000 };

static int64_t milliseconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t rg__redis_clock(void)
{
	return milliseconds_of(CLOCK_MONOTONIC);
}

rg_time rg__redis_wall_clock(void)
{
	return milliseconds_of(CLOCK_REALTIME);
}

void rg__redis_clean(char *to, size_t size, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n && i + 1 < size; i++)
		to[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	to[i] = '\0';
}

void rg__redis_log(const rg__redis *r, int32_t level, const char *format, ...)
{
	char raw[LOG_LINE + 1], line[LOG_LINE + 1];
	va_list args;

	if (!r->host.log)
		return;
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	rg__redis_clean(line, sizeof line, raw, strlen(raw));
	rg_str text = { line, strlen(line) };
	r->host.log(r->host.user, level, &text);
}

void rg__redis_trouble(rg__redis *r, int32_t level, const char *text)
{
	rg__redis_links *s = r->links;

	rg__redis_clean(s->trouble, sizeof s->trouble, text, strlen(text));
	if (strcmp(s->trouble, s->logged) == 0)
		return;
	memcpy(s->logged, s->trouble, sizeof s->logged);
	rg__redis_log(r, level, "Redis at %s: %s", s->address, s->trouble);
}

void rg__redis_refused(rg__redis *r, const char *text)
{
	rg__redis_links *s = r->links;
	rg__redis_refusal *free_one = NULL;
	char word[sizeof free_one->word];
	int64_t now = rg__redis_clock();
	int n = (int)strcspn(text, " ");

	snprintf(word, sizeof word, "%.*s", n ? n : 1, n ? text : "-");
	for (size_t i = 0; i < REFUSALS; i++) {
		rg__redis_refusal *known = &s->refusals[i];
		bool same = known->word[0] && strcmp(known->word, word) == 0;
		if (same && now < known->again)
			return;
		if (same || (!free_one && (!known->word[0] || now >= known->again)))
			free_one = known;
		if (same)
			break;
	}
	if (!free_one)
		return;
	memcpy(free_one->word, word, sizeof word);
	free_one->again = now + REFUSAL_AGAIN;
	s->logged[0] = '\0';
	rg__redis_trouble(r, RG_LOG_ERROR, text);
}

void rg__redis_set_state(rg__redis *r, uint32_t state)
{
	if (r->links->state == state)
		return;
	r->links->state = state;
	r->links->since = rg__redis_wall_clock();
}
