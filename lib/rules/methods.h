/* SPDX-License-Identifier: MIT */
/* Methods as a set of bits. */
#ifndef RG__METHODS_H
#define RG__METHODS_H

#include "text/text.h"

uint32_t rg__methods_of(rg_str list); /* @p list is separated by commas */
uint32_t rg__method_bit(rg_str name); /* the bit of OTHER for a method outside the table */

#endif
