/* SPDX-License-Identifier: MIT */
/* The connection is lost again and again: descriptors and memory are back at their start afterwards. usage: reconnects [TIMES] */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client.h"
#include "server.h"
#include "solo.h"

enum { TIMES = 1000, WARM_UP = 50, SLACK_BYTES = 16384 };

static uint32_t n_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint32_t n = 0;

	for (; folder && readdir(folder); n++)
		;
	if (folder)
		closedir(folder);
	return n;
}

static bool lose_once(solo *s, int line, uint32_t i)
{
	static const char *const kill[] = { "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes" };
	int64_t before = solo_counter(s, "reconnects");
	call save, look;

	/* A connection that has served nothing is not worth an attempt at once. */
	solo_targets(s, "alice");
	/* With calls in flight, which are repeated. */
	solo_save(s, &save, "alice", "<sip:alice@192.0.2.1:5060>;expires=600", i);
	solo_lookup(s, &look, "alice");
	free(client_command(line, 6, kill, NULL, NULL));
	if (!solo_finish(s, &save) || (look.answers == 0 && !solo_finish(s, &look)) || save.code != 200 || look.status != RG_OK) {
		fprintf(stderr, "reconnect %u: a save says %d, a lookup %s\n", i, save.code, rg_status_name(look.status));
		return false;
	}
	for (int k = 0; k < 20000 && solo_counter(s, "reconnects") == before; k++)
		solo_turn(s, 1);
	if (solo_counter(s, "reconnects") == before)
		fprintf(stderr, "the store does not reconnect\n");
	return solo_counter(s, "reconnects") > before && solo_connect(s, RG_REDIS_READY);
}

static bool lose_often(solo *s, int line, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (!lose_once(s, line, i))
			return false;
		s->events[0] = s->log[0] = '\0';
	}
	return true;
}

int main(int argc, char **argv)
{
	uint32_t times = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : TIMES;
	redis_server *server = redis_server_start(NULL);
	int line = client_connect(redis_server_path(server));
	static solo s;

	solo_open(&s, redis_server_address(server), NULL);
	bool good = solo_connect(&s, RG_REDIS_READY) && lose_often(&s, line, 1, WARM_UP);
	uint32_t descriptors = n_descriptors();
	size_t bytes = mallinfo2().uordblks;

	good = good && lose_often(&s, line, WARM_UP, WARM_UP + times);
	uint32_t descriptors_then = n_descriptors();
	size_t bytes_then = mallinfo2().uordblks;

	printf("%u reconnects: %u descriptors, then %u; %zu bytes, then %zu\n", times, descriptors, descriptors_then, bytes, bytes_then);
	good = good && descriptors_then == descriptors && bytes_then <= bytes + SLACK_BYTES;
	solo_close(&s);
	redis_server_free(server);
	return !good;
}
