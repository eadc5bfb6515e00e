/* SPDX-License-Identifier: MIT */
/* The next hops of a dialog. Where a Request-URI alone does not lead to a side of a dialog, the user part of our Record-Route says how to
 * reach it. Nothing is stored, and nothing is looked up anew. */
#ifndef REGISTRARD_DIALOG_H
#define REGISTRARD_DIALOG_H

#include "server.h"
#include "transport.h"

enum way_kind {
	WAY_URI,     /* where its URI leads */
	WAY_ADDRESS, /* to the address in `to` */
	WAY_HARD,    /* over the connection in `to`, or not at all (RFC 5626 §5.3) */
	WAY_SOFT     /* over the connection in `to` while it is open; then to the address in `to`, or without one where the URI leads */
};

/* How to reach one side. */
struct way {
	enum way_kind kind;
	struct peer to;
	uint64_t host; /* digest of the host in the Contact of this side when the way was recorded */
};

/* Room for the text of a token. */
enum { TOKEN_ROOM = 160 };

/* The digest of a host for struct way. */
uint64_t way_host(const struct server *server, const url_t *url);

/* The way back to the sender of a request that creates a dialog. A sender behind another proxy is reached through that proxy. */
struct way way_of_sender(const struct server *server, const sip_t *sip, const struct peer *from);

/* Whether a way holds for a Request-URI. A target refresh (RFC 3261 §12.2) may have moved the side to another address. */
int way_holds(const struct server *server, const struct way *way, const url_t *uri);

/* Prints a way, sealed under the key of this process for one Call-ID (XChaCha20-Poly1305, base64 for URLs). */
void way_seal(const struct server *server, const sip_t *sip, const struct way *way, char token[TOKEN_ROOM]);

/* Reads it. @return 0, or -1 when it was not made here for this Call-ID. */
int way_open(const struct server *server, const sip_t *sip, const char *token, struct way *way);

#endif
