/* SPDX-License-Identifier: MIT */
/* A way from the bytes of a message to those of the reply, under one signature for each adaptor that has one. */
#ifndef RG_TEST_FRONT_H
#define RG_TEST_FRONT_H

#include <rgstr/registrar.h>
#include <stdbool.h>

typedef struct question {
	rg_str bytes;
	const rg_request *host;          /* what the host knows */
	const rg_save_options *save;     /* NULL = no flags */
	const rg_lookup_options *lookup; /* NULL = no flags */
	bool look_up;                    /* other methods are looked up, and are not answered with 405 */
	bool again;                      /* a message that gets a reply is handed over a second time, and the second answer counts */
	bool async;                      /* by the completion form */
	bool reads_path;                 /* flags and parameters ask for Path */
	size_t max_bytes;                /* max_request_bytes */
} question;

typedef struct answer {
	rg_status status;
	int32_t code;  /* SIP code; 0 = neither reply nor a lookup without targets */
	char *reply;   /* NUL-terminated as well; NULL = none */
	size_t n;
	char *targets; /* of a lookup, as text; NULL = there was none */
} answer;

typedef struct front {
	const char *name;
	void (*handle)(const struct front *self, rg_registrar *registrar, const question *q, answer *out);
	const void *data;
} front;

extern const front front_sofia, front_wire;

void answer_free(answer *a);

/* Takes the text of @p targets and releases them. */
void answer_take_targets(answer *a, rg_targets *targets);
/* The code of the status line; 0 without a reply. */
int32_t answer_code(const answer *a);

/* Ends the program when a call of the test itself has failed. */
void front_must(bool fine, const char *what);

#endif
