/* SPDX-License-Identifier: MIT */
/* What registrard itself counts, beside the statistics of the library. */
#ifndef REGISTRARD_COUNTS_H
#define REGISTRARD_COUNTS_H

#include <stdint.h>

/* name, help */
#define COUNT_MAP(X) \
	X(received_requests, "Requests received") \
	X(received_responses, "Responses received") \
	X(malformed_requests, "Requests refused or dropped because they cannot be read") \
	X(repeated_registers, "REGISTERs dropped because an earlier copy waits for the store or for a name") \
	X(malformed_responses, "Responses dropped because they cannot be read") \
	X(stray_responses, "Responses dropped because they belong to no transaction, or their next Via is no address") \
	X(refused_connections, "Connections closed at once because a limit was reached") \
	X(closed_connections, "Connections closed because they were idle, or made room for another or its messages") \
	X(refused_calls, "Requests refused with 503, and ACKs dropped, because of --max-calls") \
	X(held_requests, "Requests that waited for a phone to be woken") \
	X(unresolved_names, "Hosts of next hops and of --push-url for which no address was found") \
	X(pushes_sent, "Wake-ups that a program of --push-exec or the host of --push-url has accepted") \
	X(pushes_retried, "Attempts at --push-url after the first one of a wake-up") \
	X(pushes_failed, "Wake-ups that a program or the host of --push-url has not accepted") \
	X(pushes_merged, "Wake-ups that took the place of an earlier one of the same phone, which had not been tried") \
	X(pushes_dropped, "Wake-ups that were not tried: too many waited, or they had become useless")

/* What goes up and down. */
#define GAUGE_MAP(X) \
	X(pushes_waiting, "Wake-ups that wait for a program, a POST, or another attempt") \
	X(pushes_running, "Programs of --push-exec and POSTs to --push-url under way")

struct counts {
#define COUNT_MEMBER(name, help) uint64_t name;
	COUNT_MAP(COUNT_MEMBER)
	GAUGE_MAP(COUNT_MEMBER)
#undef COUNT_MEMBER
};

#endif
