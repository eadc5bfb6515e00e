/* SPDX-License-Identifier: MIT */
#include "decide/event_names.h"
#include <rgstr/policy.h>

static const struct {
	uint32_t kind;
	const char *name;
} event_names[] = {
#define EVENT_NAME_ROW(id, bit, text) { .kind = RG_EVENT_##id, .name = #id },
	RG__EVENT_MAP(EVENT_NAME_ROW)
#undef EVENT_NAME_ROW
};

#define EVENT_IN_HEADER(name, bit, text) _Static_assert(RG_EVENT_##name == 1 << (bit), "the enumeration and the table agree");
RG__EVENT_MAP(EVENT_IN_HEADER)
#undef EVENT_IN_HEADER

const char *rg_event_name(uint32_t kind)
{
	for (size_t i = 0; i < sizeof event_names / sizeof *event_names; i++) {
		if (event_names[i].kind == kind)
			return event_names[i].name;
	}
	return NULL;
}
