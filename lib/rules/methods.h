/* SPDX-License-Identifier: MIT */
/* Methods as a set of bits. */
#ifndef RG__METHODS_H
#define RG__METHODS_H

#include "text/text.h"

uint32_t rg__methods_of(rg_str list); /* @p list is separated by commas */
bool rg__methods_read(rg_str list, uint32_t *bits); /* adds those of @p list; false: a value of it is neither a token nor empty */
uint32_t rg__method_bit(rg_str name); /* the bit of OTHER for a method outside the table */

#endif
