/* SPDX-License-Identifier: MIT */
#include <rgstr/policy.h>

static const struct {
	uint32_t kind;
	const char *name;
} event_names[] = {
#define EVENT_NAME_ROW(id, bit, text) { .kind = RG_EVENT_##id, .name = #id },
	RG_EVENT_MAP(EVENT_NAME_ROW)
#undef EVENT_NAME_ROW
};

const char *rg_event_name(uint32_t kind)
{
	for (size_t i = 0; i < sizeof event_names / sizeof *event_names; i++) {
		if (event_names[i].kind == kind)
			return event_names[i].name;
	}
	return NULL;
}
