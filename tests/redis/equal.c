/* SPDX-License-Identifier: MIT */
/* The same random script on memory and on Redis gives the same responses, the same events of each AoR, and the same bindings in the end.
 * usage: equal [SCRIPTS [STEPS [SEED]]] */
#include "equal.h"
#include <rgstr/memory.h>
#include <stdlib.h>
#include <string.h>
#include "store_redis.h"

static bool same(side *memory, side *redis, uint64_t seed, uint64_t at)
{
	char *wanted = side_told(memory), *given = side_told(redis);
	bool good = strcmp(wanted, given) == 0;

	if (!good)
		printf("script %llu, step %llu\n--- memory:\n%s--- Redis:\n%s", (unsigned long long)seed, (unsigned long long)at, wanted, given);
	free(wanted);
	free(given);
	return good;
}

static side *open_memory(const rg_config *config)
{
	side_store of = { .name = "memory" };

	if (rg_memory_store_new(NULL, &of.stores[0], NULL) != RG_OK)
		abort();
	of.stores[1] = rg_store_ref(of.stores[0]);
	return side_new(&of, config);
}

/* One node is driven in each way there is. */
static side *open_redis(const rg_config *config)
{
	side_store of = { .name = "Redis" };

	of.stores[0] = redis_prompt(redis_store(false, NULL), PROMPT_DRIVEN);
	of.stores[1] = redis_prompt(redis_store_beside(), equal_dice(2) ? PROMPT_INLINE : PROMPT_LOOPING);
	return side_new(&of, config);
}

static bool play(uint64_t seed, uint64_t steps)
{
	bool good = true;
	step s;

	equal_seed(seed);
	rg_config *config = equal_config();
	side *memory = open_memory(config), *redis = open_redis(config);
	for (uint64_t i = 0; i < steps && good; i++) {
		equal_draw(&s);
		side_take(memory, &s);
		side_take(redis, &s);
		good = same(memory, redis, seed, i);
		if (!good)
			printf("kind %d, node %u, %s, %.*s\n", s.kind, s.node, s.blocking ? "blocking" : "completion", (int)s.n, s.text);
	}
	side_last_look(memory);
	side_last_look(redis);
	good = good && same(memory, redis, seed, steps);
	side_free(memory);
	side_free(redis);
	rg_config_free(config);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t scripts = argc > 1 ? strtoull(argv[1], NULL, 10) : 3, steps = argc > 2 ? strtoull(argv[2], NULL, 10) : 300;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

	for (uint64_t i = 0; i < scripts; i++) {
		if (!play(seed + i, steps))
			return 1;
	}
	printf("equal: %llu scripts of %llu steps\n", (unsigned long long)scripts, (unsigned long long)steps);
	return scripts == 0 || steps == 0;
}
