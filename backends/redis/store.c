/* SPDX-License-Identifier: MIT */
#include "redis_store.h"

#include <string.h>

void rg_redis_options_init(rg_redis_options *options, uint32_t size)
{
	if (!options || size < sizeof size)
		return;
	memset(options, 0, size);
	options->struct_size = size;
}

void rg_redis_state_init(rg_redis_state *state, uint32_t size)
{
	if (!state || size < sizeof size)
		return;
	memset(state, 0, size);
	state->struct_size = size;
}
