/* SPDX-License-Identifier: MIT */
/* One target an instance. */
#ifndef RG__INSTANCES_H
#define RG__INSTANCES_H

#include "rules/rules.h"

/* Of the bindings that share an instance the one touched last is the target and keeps its place; the others become its fallbacks and go
 * right behind it, most recently touched first. @p fallback_of has room for as many: the place of the principal; UINT32_MAX for what is
 * none. RG_OK or RG_ENOMEM. */
rg_status rg__instances_group(const rg_record *record, rg__rank *ranks, uint32_t n, uint32_t *fallback_of);

#endif
