/* SPDX-License-Identifier: MIT */
#include "decide/event_names.h"
#include <criterion/criterion.h>
#include <rgstr/policy.h>

Test(event_name, one_known_bit_has_a_name)
{
	uint32_t named = 0;

	cr_expect_str_eq(rg_event_name(RG_EVENT_AOR_INSERT), "AOR_INSERT");
	cr_expect_str_eq(rg_event_name(RG_EVENT_LATENCY_UPDATE), "LATENCY_UPDATE");
	cr_expect_null(rg_event_name(0));
	cr_expect_null(rg_event_name(RG_EVENT_AOR_INSERT | RG_EVENT_AOR_DELETE));
	for (uint32_t bit = 1; bit != 0; bit <<= 1)
		named |= rg_event_name(bit) ? bit : 0;
	cr_expect_eq(named, RG__EVENTS_KNOWN);
	cr_expect_eq(named & (named + 1), 0, "the bits have no gap");
	cr_expect_eq(RG_EVENT_ALL, UINT32_MAX, "a mask of all kinds has the bits of later ones");
}
