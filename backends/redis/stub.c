/* SPDX-License-Identifier: MIT */
#include "redis_store.h"

const rg__redis_script rg__redis_scripts[] = { { "none", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "return 1", 8 } };
const uint32_t rg__redis_n_scripts = 1;
