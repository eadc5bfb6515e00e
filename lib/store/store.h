/* SPDX-License-Identifier: MIT */
/* The door of store/: a store as the engine sees it. */
#ifndef RG__STORE_H
#define RG__STORE_H

#include "store/call.h"
#include "store/guard.h"
#include "store/pages.h"
#include "store/tokens.h"

#endif
