/* SPDX-License-Identifier: MIT */
/* The ways from the bytes of a message to those of its reply. */
#ifndef BYTES_H
#define BYTES_H

#include <rgstr/registrar.h>

/* Answers one datagram. @return the status of the reply; 0 = there is none. */
typedef int32_t (*bytes_way)(rg_registrar *reg, rg_str datagram);

/* @param name  "sofia" or "wire". @return NULL when that library is not built. */
bytes_way bytes_way_of(const char *name);

#endif
