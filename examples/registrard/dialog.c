/* SPDX-License-Identifier: MIT */
#include "dialog.h"

#include <ctype.h>
#include <string.h>

#include "header.h"
#include "place.h"

/* What a token holds: version, kind, socket, digest of the host, then the connection and the address, as the kind needs them. */
enum {
	TOKEN_VERSION = 1,
	PLAIN_ROOM = 2 + 2 + 8 + 8 + 1 + 2 + 16,
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	SEALED_ROOM = NONCE + PLAIN_ROOM + crypto_aead_xchacha20poly1305_ietf_ABYTES
};
_Static_assert(TOKEN_ROOM >= sodium_base64_ENCODED_LEN(SEALED_ROOM, sodium_base64_VARIANT_URLSAFE_NO_PADDING), "a token fits");

uint64_t way_host(const struct server *server, const url_t *url)
{
	unsigned char lower[256], hash[crypto_shorthash_BYTES];
	size_t n = 0;
	uint64_t digest;

	for (const char *p = url->url_host ? url->url_host : ""; *p && n < sizeof lower; p++)
		lower[n++] = (unsigned char)tolower((unsigned char)*p);
	crypto_shorthash(hash, lower, n, server->loop_key);
	memcpy(&digest, hash, sizeof digest);
	return digest;
}

struct way way_of_sender(const struct server *server, const sip_t *sip, const struct peer *from)
{
	struct way way = { .kind = WAY_URI };
	su_home_t home[1] = { SU_HOME_INIT(home) };
	const url_t *contact;
	rg_addr addr;

	if (!sip->sip_via || sip->sip_via->v_next || sip->sip_record_route)
		return way;
	su_home_init(home);
	contact = header_contact(home, sip);
	if (contact) {
		way.to = *from;
		way.host = way_host(server, contact);
		if (from->connection) {
			/* Nobody listens at the port from which it connected. */
			way.kind = WAY_SOFT;
			way.to.addr = (rg_addr){ 0 };
		} else if (rg_addr_parse(rg_str_from(contact->url_host), &addr) != RG_OK || !is_same_ip(addr, from->addr)) {
			way.kind = WAY_ADDRESS;
		}
	}
	su_home_deinit(home);
	return way;
}

/* A host name says nothing about the place. An address does: it is that of the Contact, or the one at which this side was seen from here,
 * or another place. */
int way_holds(const struct server *server, const struct way *way, const url_t *uri)
{
	struct peer other;
	rg_addr addr;

	if (way->kind == WAY_URI || !uri->url_host)
		return 0;
	if (rg_addr_parse(rg_str_from(uri->url_host), &addr) != RG_OK || way_host(server, uri) == way->host)
		return 1;
	addr.port = port_read(uri->url_port);
	if (way->to.connection && transport_peer(server->transport, way->to.connection, &other) && rg_addr_match(&addr, &other.addr))
		return 1;
	return way->to.addr.family && rg_addr_match(&addr, &way->to.addr);
}

static size_t put(unsigned char *at, size_t n, const void *value, size_t size)
{
	memcpy(at + n, value, size);
	return n + size;
}

/* @return the number of bytes. */
static size_t way_print(const struct way *way, unsigned char plain[PLAIN_ROOM])
{
	const rg_addr *addr = &way->to.addr;
	uint16_t socket = (uint16_t)way->to.socket;
	size_t n = 2;

	plain[0] = TOKEN_VERSION;
	plain[1] = (unsigned char)way->kind;
	if (way->kind == WAY_URI)
		return n;
	n = put(plain, n, &socket, sizeof socket);
	n = put(plain, n, &way->host, sizeof way->host);
	if (way->kind != WAY_ADDRESS)
		n = put(plain, n, &way->to.connection, sizeof way->to.connection);
	if (way->kind == WAY_HARD || !addr->family)
		return n;
	plain[n++] = addr->family;
	n = put(plain, n, &addr->port, sizeof addr->port);
	return put(plain, n, addr->ip, addr->family == 4 ? 4 : 16);
}

/* The reader of what way_print() wrote: takes the next bytes, or sets `left` to -1. */
struct reader {
	const unsigned char *at;
	ptrdiff_t left;
};

static void get(struct reader *reader, void *value, ptrdiff_t size)
{
	if (reader->left < size) {
		reader->left = -1;
		return;
	}
	memcpy(value, reader->at, (size_t)size);
	reader->at += size;
	reader->left -= size;
}

/* The bytes are authentic. The checks catch what a later version may have written. @return 0 or -1. */
static int way_read(struct reader reader, struct way *way)
{
	unsigned char version = 0, kind = WAY_URI;
	uint16_t socket = 0;
	rg_addr *addr = &way->to.addr;

	memset(way, 0, sizeof *way);
	get(&reader, &version, 1);
	get(&reader, &kind, 1);
	if (version != TOKEN_VERSION || kind > WAY_SOFT)
		return -1;
	way->kind = kind;
	if (way->kind == WAY_URI)
		return reader.left == 0 ? 0 : -1;
	get(&reader, &socket, sizeof socket);
	way->to.socket = socket;
	get(&reader, &way->host, sizeof way->host);
	if (way->kind != WAY_ADDRESS)
		get(&reader, &way->to.connection, sizeof way->to.connection);
	if (reader.left > 0) {
		get(&reader, &addr->family, 1);
		get(&reader, &addr->port, sizeof addr->port);
		get(&reader, addr->ip, addr->family == 4 ? 4 : 16);
	}
	return reader.left == 0 ? 0 : -1;
}

void way_seal(const struct server *server, const sip_t *sip, const struct way *way, char token[TOKEN_ROOM])
{
	unsigned char plain[PLAIN_ROOM], sealed[SEALED_ROOM];
	const char *id = sip->sip_call_id->i_id;
	unsigned long long n = 0;

	randombytes_buf(sealed, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, &n, plain, way_print(way, plain), (const unsigned char *)id, strlen(id),
		NULL,
		sealed, server->route_key);
	sodium_bin2base64(token, TOKEN_ROOM, sealed, NONCE + (size_t)n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int way_open(const struct server *server, const sip_t *sip, const char *token, struct way *way)
{
	unsigned char plain[PLAIN_ROOM], sealed[SEALED_ROOM];
	const char *id = sip->sip_call_id->i_id;
	unsigned long long n = 0;
	size_t size = 0;

	if (sodium_base642bin(sealed, sizeof sealed, token, strlen(token), NULL, &size, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		size < NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES)
		return -1;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &n, NULL, sealed + NONCE, size - NONCE, (const unsigned char *)id, strlen(id),
		    sealed, server->route_key) != 0)
		return -1;
	return way_read((struct reader){ plain, (ptrdiff_t)n }, way);
}
