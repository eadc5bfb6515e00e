/* SPDX-License-Identifier: MIT */
/* Reduces the bindings of an instance to one target. */
#ifndef RG__INSTANCES_H
#define RG__INSTANCES_H

#include "rules/rules.h"

/* Of the bindings that share an instance the one modified last is the target and keeps its position. The others follow it as its
 * fallbacks, most recently modified first. @p fallback_of has room for @p n; it receives the index of the principal, or UINT32_MAX for a
 * binding that is no fallback. RG_OK or RG_ENOMEM. */
rg_status rg__instances_group(const rg_record *record, rg__rank *ranks, uint32_t n, uint32_t *fallback_of);

#endif
