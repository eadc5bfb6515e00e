/* SPDX-License-Identifier: MIT */
/* The table of events: X(name, bit, meaning). The enumeration is in <rgstr/policy.h>. */
#ifndef RG__EVENT_NAMES_H
#define RG__EVENT_NAMES_H

#define RG__EVENT_MAP(X) \
	X(AOR_INSERT, 0, "an AoR gained its first live binding") \
	X(AOR_DELETE, 1, "an AoR lost its last live binding") \
	X(CONTACT_INSERT, 2, "a binding was added") \
	X(CONTACT_UPDATE, 3, "a binding was refreshed or changed") \
	X(CONTACT_DELETE, 4, "a binding was removed or evicted") \
	X(CONTACT_EXPIRE, 5, "a binding expired") \
	X(CONTACT_REFRESH, 6, "a device should be woken to refresh its binding") \
	X(LATENCY_UPDATE, 7, "the measured latency of a binding changed")

/* The bits of all kinds of event that this version knows. */
#define RG__EVENT_BIT(name, bit, text) | 1 << (bit)
enum { RG__EVENTS_KNOWN = 0 RG__EVENT_MAP(RG__EVENT_BIT) };
#undef RG__EVENT_BIT

#endif
