/* SPDX-License-Identifier: MIT */
/* Devices that sleep, and an ear for their wake-ups. */
#ifndef WAKES_H
#define WAKES_H

#include "kit.h"

/* A Contact of a device, and a binding of it that is to be woken WAKE_AFTER after the REGISTER. */
#define SLEEPER(name) "<sip:" name "@192.0.2.1:5060;pn-provider=apns;pn-param=TEAM.app;pn-prid=" name ">"
#define ASLEEP SLEEPER("a") ";expires=600"

enum { WAKE_AFTER = 480000, LAPSES_AFTER = 600000, CLAIM = 10000 };

typedef struct bed {
	kit k; /* first: it is env.user */
	const char *tag;   /* that this node owns; NULL = it owns every one */
	char woken[512];   /* the user of each AoR whose device is to be woken, with a blank behind it */
	rg_time at;        /* of the last of them */
	const char *wrong; /* what was wrong with an event; NULL = nothing */
	void (*then)(struct bed *b); /* called from within the event; NULL = nothing */
	rg_subscription *ear;
} bed;

void bed_init(bed *b);                       /* a kit, with an owner */
void bed_open_over(bed *b, rg_store *store); /* takes the reference; push is on, and wake-ups are heard */
void bed_open(bed *b, int how);
void bed_open_again(bed *b, bed *before, rg_time now); /* another registrar over the same memory store */
void bed_close(bed *b);
void bed_set(bed *b, const char *name, const char *value); /* beside what bed_open_over() sets */
void bed_listen(bed *b);

int bed_save(bed *b, const char *aor, const char *contact, int cseq, const char *tag);

/* Ticks and answers at this time, until no more is due. @return the time of the next tick. */
rg_time bed_settle(bed *b);

/* The only binding of an AoR, by the memory store. */
rg_contact bed_binding(bed *b, const char *aor, rg_record **record);
bool bed_is_marked(bed *b, const char *aor); /* as sent, with no wake-up to come */

#endif
