/* SPDX-License-Identifier: MIT */
/* Messages by the grammar of SIP, most of them with faults. Each depends on its seed alone. */
#ifndef RG_TEST_GENERATE_H
#define RG_TEST_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GENERATED_MOST = 70000 }; /* above the default of max_request_bytes */

typedef struct generator {
	uint64_t state;
	char *p;        /* room for GENERATED_MOST octets */
	size_t n;
	uint32_t odds;  /* of a thousand places where something odd can stand, how many have it */
} generator;

uint32_t generator_dice(generator *g, uint32_t below);
void generator_put(generator *g, const char *text);
void generator_octets(generator *g, const char *p, size_t n);
bool generator_odd(generator *g);

/* grammar.c: the values of headers. */
void generator_space(generator *g);
void generator_number(generator *g, uint32_t usual);
void generator_host(generator *g);
void generator_uri(generator *g);
void generator_aor(generator *g);
void generator_tokens(generator *g, const char *const *usual, uint32_t n);
void generator_via(generator *g);
void generator_person(generator *g, bool tag);
void generator_contact(generator *g);
void generator_expires(generator *g);
void generator_path(generator *g);
void generator_route(generator *g);
void generator_feature_caps(generator *g);
void generator_anything(generator *g);

/* mutate.c: faults without regard for the grammar. */
void generator_mutate(generator *g);

/* One message in @p room, for GENERATED_MOST octets. @param index  its place among the messages for one registrar, which the CSeq follows.
 * @return its length. */
size_t generate(uint64_t seed, uint32_t index, char *room);

#endif
