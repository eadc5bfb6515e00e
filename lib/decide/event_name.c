/* SPDX-License-Identifier: MIT */
#include <rgstr/policy.h>

const char *rg_event_name(uint32_t kind)
{
	switch (kind) {
#define EVENT_CASE(name, bit, text) \
	case RG_EVENT_##name: \
		return #name;
		RG_EVENT_MAP(EVENT_CASE)
#undef EVENT_CASE
	default:
		return NULL;
	}
}
