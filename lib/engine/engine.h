/* SPDX-License-Identifier: MIT */
/* The door of engine/: operations, the registrar they belong to, events. */
#ifndef RG__ENGINE_H
#define RG__ENGINE_H

#include "engine/log.h"
#include "engine/op.h"
#include "engine/registrar.h"
#include "engine/resolve.h"
#include "engine/waits.h"

#endif
