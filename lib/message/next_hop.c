/* SPDX-License-Identifier: MIT */
#include "message/next_hop.h"
#include "grammar/grammar.h"

rg_str rg__hop_uri(rg_str path, rg_str received, rg_str contact)
{
	rg__name_addr first;
	rg_str value;

	/* RFC 3327 §5.1: requests go to the topmost Path value first. */
	if (rg_path_next(&path, &value) && rg__name_addr_parse(value, &first) == RG_OK)
		return first.uri;
	return received.n > 0 ? received : contact;
}

void rg__hop_tag(const rg__uri *uri, rg__buf *tag, rg_str *host_name)
{
	*host_name = RG__ABSENT;
	if (uri->scheme == RG__SCHEME_OTHER)
		return;
	rg__uri_hop(uri, tag);
	if (uri->host_kind == RG__HOST_NAME)
		*host_name = uri->host;
}

bool rg__hop_split(rg_str tag, rg_addr *addr, rg_str *host, uint16_t *port)
{
	const char *colon;
	uint64_t n;

	*host = RG__ABSENT;
	*port = 0;
	if (rg_addr_parse(tag, addr) == RG_OK) {
		*port = addr->port;
		return true;
	}
	*host = tag;
	colon = tag.n > 0 ? memchr(tag.p, ':', tag.n) : NULL;
	if (colon) {
		size_t at = (size_t)(colon - tag.p);

		if (rg__parse_uint(rg__sub(tag, at + 1, tag.n), 65536, &n) != RG_OK || n < 1 || n > 65535)
			return false;
		*port = (uint16_t)n;
		*host = rg__sub(tag, 0, at);
	}
	if (!rg__is_hostname(*host))
		return false;
	if (host->n > 1 && host->p[host->n - 1] == '.')
		host->n--;
	return true;
}

rg_status rg__hop_print(rg__buf *b, rg_str ip, int32_t port)
{
	if (ip.n == 0 || port < 0 || port > 65535 || memchr(ip.p, 0, ip.n) ||
		(ip.p[0] == '[' && ip.p[ip.n - 1] != ']'))
		return RG_EINVAL;
	bool bare = ip.p[0] != '[' && memchr(ip.p, ':', ip.n);

	rg__buf_add_text(b, bare ? "[" : "");
	rg__buf_add(b, ip);
	rg__buf_add_text(b, bare ? "]" : "");
	if (port > 0) {
		rg__buf_add_text(b, ":");
		rg__buf_add_int(b, port);
	}
	return b->failed ? RG_ENOMEM : RG_OK;
}
