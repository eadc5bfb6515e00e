/* SPDX-License-Identifier: MIT */
/* The ways from the bytes of a message to those of its reply. */
#ifndef BYTES_H
#define BYTES_H

#include <rgstr/registrar.h>

/* Answers one datagram. @return the status of the reply; 0 = there is none. */
typedef int32_t (*bytes_way)(rg_registrar *reg, rg_str datagram);

/* Answers several, of which there are at most BYTES_MANY. @return how many got the status @p code. */
enum { BYTES_MANY = 32 };
typedef uint32_t (*bytes_way_many)(rg_registrar *reg, const rg_str *datagrams, uint32_t n, int32_t code);

/* @param name  "sofia" or "wire". @return NULL when that library is not built. */
bytes_way bytes_way_of(const char *name);

/* The same, in batches: "wire". */
bytes_way_many bytes_way_many_of(const char *name);

#endif
