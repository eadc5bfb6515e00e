/* SPDX-License-Identifier: MIT */
/* Runs random sequences, each made from a seed. usage: random [SEQUENCES [SEED [trace]]]; a failure prints how to repeat it. */
#include "random.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BYTES = 700 };

static char again[64];

static void say_how(void)
{
	static const char before[] = "repeat it with: tests/engine/random ";

	if (write(2, before, sizeof before - 1) > 0 && write(2, again, strlen(again)) > 0)
		(void)!write(2, " trace\n", 7);
}

static void on_signal(int number)
{
	say_how();
	signal(number, SIG_DFL);
	raise(number);
}

/* Of the sanitizers, which end the program themselves. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

int main(int argc, char **argv)
{
	static const int fatal[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGTERM };
	uint64_t sequences = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint8_t bytes[BYTES];

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(say_how);
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
		if (!__sanitizer_set_death_callback || fatal[i] == SIGABRT || fatal[i] == SIGTERM)
			signal(fatal[i], on_signal);
	}
	for (uint64_t i = 0; i < sequences; i++) {
		uint64_t x = (seed + i) * 0x9E3779B97F4A7C15u | 1;

		for (size_t k = 0; k < BYTES; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[k] = (uint8_t)(x >> 33);
		}
		snprintf(again, sizeof again, "1 %llu", (unsigned long long)(seed + i));
		random_sequence(bytes, BYTES, again, argc > 3);
	}
	printf("random: %llu sequences\n", (unsigned long long)sequences);
	return sequences == 0;
}
