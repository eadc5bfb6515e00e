/* SPDX-License-Identifier: MIT */
/* Tells the devices that can be reached from those that must be woken first (RFC 8599 §5.6.2). */
#ifndef RG__WAKES_H
#define RG__WAKES_H

#include "config/config.h"
#include "rules/rules.h"

/* Bindings in their order. */
typedef struct rg__lot {
	rg__rank *ranks, *room; /* room to sort in */
	uint32_t *fallback_of; /* NULL = there are no fallbacks */
	uint32_t n;
	uint16_t *wakes;       /* room for as many; receives the indexes of those to wake */
	uint32_t n_wakes;
} rg__lot;

/* Whether the device of a binding must be woken before a request reaches it. Asks nothing about `pn`. */
bool rg__wakes_asleep(const rg__lookup_settings *set, const rg_record *record, uint32_t index, rg_time now);

/* Leaves only the bindings of the device of binding @p id: those of its instance. */
void rg__wakes_keep_device(const rg_record *record, uint64_t id, rg__lot *lot);

/* While push is on, takes the bindings whose devices are asleep out of the lot. The principal of an instance decides. When it is asleep, its
 * fallbacks are left out. A fallback that is asleep is left out, too, because nothing would wake it in time. */
void rg__wakes_divide(const rg__lookup_settings *set, const rg_record *record, rg_time now, rg__lot *lot);

#endif
