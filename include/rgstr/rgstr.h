/* SPDX-License-Identifier: MIT */
/**
 * @file rgstr.h
 * All of librgstr: a SIP registrar and location service as a library. The stores and adaptors have headers of their own:
 * memory.h (librgstr-memory) and sofia.h (librgstr-sofia); so has the store contract as a test: check.h (librgstr-check).
 */
#ifndef RGSTR_RGSTR_H
#define RGSTR_RGSTR_H

#include <rgstr/config.h>
#include <rgstr/message.h>
#include <rgstr/policy.h>
#include <rgstr/record.h>
#include <rgstr/registrar.h>
#include <rgstr/request.h>
#include <rgstr/response.h>
#include <rgstr/status.h>
#include <rgstr/store.h>
#include <rgstr/types.h>

#endif
