/* SPDX-License-Identifier: MIT */
/* An overlay under a registrar, and means to look into its parts. */
#ifndef PAIR_H
#define PAIR_H

#include "kit.h"
#include "store/store.h"

#define A1 "<sip:a@192.0.2.1:5060>"
#define A2 "<sip:a@192.0.2.2:5060>"
#define B1 "<sip:b@192.0.2.1:5060>"

/* main is a memory store, behind what fails and, deferred, behind what answers later; so is local, behind what fails. */
typedef struct pair {
	kit k;
	rg_store *main, *local; /* the memory stores themselves */
	faulty of_main, of_local;
	rg_save_options *memory_only;
} pair;

/* @p local: of the local store; NULL = defaults. */
void pair_open_of(pair *p, int how, const rg_memory_options *local);
void pair_open(pair *p, int how);
void pair_open_with_two(pair *p, int how); /* A1 here, A2 in main */
void pair_close(pair *p);

/* @return the code of the response, or the status when there is none. */
int pair_save(pair *p, const char *contact, int cseq, bool memory_only);
rg_status pair_look_up(pair *p, int32_t *partial, int32_t *code);
void pair_tick(pair *p, int times, rg_time step);

extern const rg_key pair_alice;

bool pair_holds(rg_store *store); /* a record of alice */
int pair_bindings(rg_store *store); /* that a memory store holds */
rg_fetched pair_fetch(rg_store *store);

/* Writes a record of one binding by hand, with so many bytes beside it. */
rg_status pair_put(rg_store *store, uint8_t revision, uint64_t id, const char *uri, size_t padding, rg_time expires);

/* So many calls from now on end like this. */
void pair_fail_main(pair *p, uint32_t calls, int times, rg_status status, bool lands);
void pair_fail_local(pair *p, int times, rg_status status);

#endif
