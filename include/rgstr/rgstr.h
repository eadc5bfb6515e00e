/* SPDX-License-Identifier: MIT */
/**
 * @file rgstr.h
 * All of librgstr: a SIP registrar and location service as a library.
 *
 * The libraries beside it have headers of their own: memory.h and redis.h (librgstr-memory and librgstr-redis, stores), sofia.h
 * (librgstr-sofia, an adaptor), wire.h (librgstr-wire, bytes to bytes), glib.h (librgstr-glib, an event loop) and check.h (librgstr-check,
 * the store contract as a test).
 *
 * The comment of a function says what it does, with units and ranges, ownership, the errors that it returns, and the threads on which it
 * may run. "Absent" is defined at rg_str.
 */
#ifndef RGSTR_RGSTR_H
#define RGSTR_RGSTR_H

#include <rgstr/config.h>
#include <rgstr/constants.h>
#include <rgstr/message.h>
#include <rgstr/policy.h>
#include <rgstr/record.h>
#include <rgstr/registrar.h>
#include <rgstr/reply.h>
#include <rgstr/request.h>
#include <rgstr/response.h>
#include <rgstr/status.h>
#include <rgstr/store.h>
#include <rgstr/types.h>

#endif
