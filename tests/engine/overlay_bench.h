/* SPDX-License-Identifier: MIT */
/* An overlay without a registrar, its clock, and short names for what is committed to it. */
#ifndef OVERLAY_BENCH_H
#define OVERLAY_BENCH_H

#include "pair.h"
#include "remote.h"

enum { MINUTE = 61 };

extern int clock_ahead; /* of the clock that the overlay goes by, in seconds; bench_open() and bench_close() set it back */

typedef struct bench {
	remote main;
	faulty of_local;
	rg_store *local, *overlay; /* the memory store itself */
	const rg_store_ops *ops;
	void *self;
	remote_fate fate;      /* of every commit that reaches main */
	const char *overtaken; /* before the next one reaches main another node commits this, under revision 99 */
	int interrupts;        /* so many fetches of main are overtaken by a commit of the local part */
	uint8_t interrupted;   /* how many were */
} bench;

void bench_open(bench *b);
void bench_open_over(bench *b, faulty *of_main); /* main is a memory store, behind what fails; NULL: it alone */
void bench_close(bench *b);

/* What a fetch or a conflict said. */
typedef struct seen {
	rg_status status;
	rg_fetched found; /* without the record; `local_base` is what a commit has to name */
	char text[64];    /* the bindings in order: "xY" is x in main and y here */
} seen;

rg_revision rev(uint8_t number);
void on_answer(void *tok, rg_status status, const rg_fetched *found); /* into a seen */
seen look(bench *b);

/* Commits bindings, as in seen.text, under a revision of this number, which is their CSeq too. */
seen put_under(bench *b, const rg_key *key, uint8_t number, const seen *on, const char *letters);
rg_status put(bench *b, uint8_t number, const seen *on, const char *letters);
void put_elsewhere(bench *b, uint8_t number, const char *letters); /* another node, to main */
void expect_local(bench *b, int n); /* bindings in the local store */

/* xY is there; the commit 2 moves both, and its outcome is not known. @return what it was decided on. */
seen move_both(bench *b, remote_fate fate);

/* The next name whose key is in this bucket. */
rg_key key_in_bucket(char *name, size_t size, uint32_t *number, uint64_t bucket);

#endif
