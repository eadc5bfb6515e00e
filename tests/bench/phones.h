/* SPDX-License-Identifier: MIT */
/* Made-up phones with strings of the lengths that real ones send. */
#ifndef PHONES_H
#define PHONES_H

#include <rgstr/registrar.h>

/* One REGISTER and one INVITE about phone @p i, as parsed requests. The slices point into the struct itself. */
typedef struct phone {
	char to[80], uri[160], contact[320], callid[48], cseq[32], received[80], target[80];
	rg_str contact_line;
	rg_request save, lookup;
} phone;

/* AoR 24, URI 64, Call-ID 36, User-Agent 40, instance 47, received 36, socket 22 bytes. */
#define PHONE_EXPIRES_DEFAULT 3600

/* @param one_hop  all phones behind one address and port. @param expires  seconds; 0 removes. */
void phone_make(phone *p, uint32_t i, uint32_t cseq, uint32_t expires, int one_hop);

/* The address phone @p i is behind, as `ip` text, and its port. */
int32_t phone_hop(uint32_t i, char room[32]);

/* The same REGISTER as a message on the wire. @return its length. */
size_t phone_wire(const phone *p, uint32_t i, uint32_t cseq, char *room, size_t size);

/* An INVITE of another phone to it, as a message on the wire. @return its length. */
size_t phone_invite(const phone *p, uint32_t i, uint32_t serial, char *room, size_t size);

#endif
