/* SPDX-License-Identifier: MIT */
/* Included before the tests of this program and their stores: what they allocate themselves is counted, and never fails. */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdlib.h>
#include <string.h>

void *plain_malloc(size_t n);
void *plain_calloc(size_t n, size_t size);
void *plain_realloc(void *p, size_t n);
char *plain_strndup(const char *text, size_t n);

#define malloc(n) plain_malloc(n)
#define calloc(n, size) plain_calloc(n, size)
#define realloc(p, n) plain_realloc(p, n)
#define strndup(text, n) plain_strndup(text, n)

#endif
