/* SPDX-License-Identifier: MIT */
/* Random bits derived from an operation's seed. */
#ifndef RG__DIGEST_H
#define RG__DIGEST_H

#include <rgstr/record.h>
#include "text/text.h"

/* Purposes. Never renumber them: the same seed must give the same ids. */
enum { RG__DRAW_ID = 1, RG__DRAW_GENERATION = 2, RG__DRAW_DEVIATION = 3, RG__DRAW_REVISION = 4 };

/* 64 random bits for one purpose, Contact and attempt. The same arguments give the same bits. */
uint64_t rg__draw(const uint8_t seed[32], uint32_t purpose, uint32_t contact, uint32_t attempt);

/* The generation that a Contact gives to its instance in the record after one of revision @p base. @p of_before: to the instance that the
 * binding had before. As a revision it differs from that of another base. */
uint64_t rg__draw_generation(const uint8_t seed[32], uint32_t contact, bool of_before, const rg_revision *base);

/* The revision of the record that replaces one of revision @p base, never zero. It differs from that of another base, so that a chain of
 * decisions with one seed has no revision twice. */
rg_revision rg__draw_revision(const uint8_t seed[32], const rg_revision *base);

#endif
