/* SPDX-License-Identifier: MIT */
/* When a device that does not answer is woken again (`pn_retry`). */
#ifndef RG__RETRY_H
#define RG__RETRY_H

#include "config/config.h"

/* The first repeat after @p now of a wake-up that was first due at @p begun; RG_TIME_NEVER: there is none. It depends on the clock alone:
 * nothing counts the repeats, and a node that is late wakes the device once for all repeats that it missed. */
rg_time rg__retry_after(const rg_config *config, rg_time begun, rg_time now);

#endif
