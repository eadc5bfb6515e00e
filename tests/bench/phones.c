/* SPDX-License-Identifier: MIT */
#include "phones.h"
#include <stdio.h>
#include <string.h>

static const char agent[] = "Acme Deskphone T46/2.81.190.25 (bench 1)";
static const char local_socket[] = "udp:203.0.113.110:5060";

int32_t phone_hop(uint32_t i, char room[32])
{
	snprintf(room, 32, "10.%u.%u.%u", 10 + (i / 10000) % 90, 100 + (i / 100) % 100, 100 + i % 100);
	return (int32_t)(5060 + (i / 900000) % 10);
}

void phone_make(phone *p, uint32_t i, uint32_t cseq, uint32_t expires, int one_hop)
{
	char hop[32];
	int32_t port = phone_hop(one_hop ? 0 : i, hop);
	memset(p, 0, sizeof *p);
	snprintf(p->to, sizeof p->to, "<sip:user%08u@example.net>", i);
	snprintf(p->target, sizeof p->target, "sip:user%08u@example.net", i);
	snprintf(p->uri, sizeof p->uri, "sip:user%08u@%s:%d;transport=udp;rin=%0*u", i, hop, port, 64 - 17 - (int)strlen(hop) - 5 - 14 - 5, i);
	snprintf(p->contact, sizeof p->contact, "<%s>;+sip.instance=\"<urn:uuid:%08x-1111-4222-8333-444455556666>\";expires=%u", p->uri, i,
		expires);
	snprintf(p->callid, sizeof p->callid, "%08x-aaaa-4bbb-8ccc-ddddeeeeffff", i);
	snprintf(p->cseq, sizeof p->cseq, "%u REGISTER", cseq);
	snprintf(p->received, sizeof p->received, "sip:%s:%d;transport=udp", hop, port);
	p->contact_line = rg_str_from(p->contact);
	rg_request_init(&p->save, sizeof p->save);
	p->save.method = RG_STR("REGISTER");
	p->save.request_uri = RG_STR("sip:example.net");
	p->save.from_header = p->save.to_header = rg_str_from(p->to);
	p->save.callid = rg_str_from(p->callid);
	p->save.cseq = rg_str_from(p->cseq);
	p->save.user_agent = rg_str_from(agent);
	p->save.contacts = &p->contact_line;
	p->save.n_contacts = 1;
	p->save.via_count = 1;
	p->save.received = rg_str_from(p->received);
	p->save.socket = rg_str_from(local_socket);
	rg_request_init(&p->lookup, sizeof p->lookup);
	p->lookup.method = RG_STR("INVITE");
	p->lookup.request_uri = rg_str_from(p->target);
}

size_t phone_wire(const phone *p, uint32_t i, uint32_t cseq, char *room, size_t size)
{
	int n = snprintf(room, size,
		"REGISTER sip:example.net SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 10.20.100.100:5060;branch=z9hG4bK%08x%08x;rport\r\n"
		"Max-Forwards: 70\r\nFrom: %s;tag=%08x\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: %s\r\n"
		"User-Agent: %s\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER\r\nContent-Length: 0\r\n\r\n",
		i, cseq, p->to, i, p->to, p->callid, p->cseq, p->contact, agent);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

size_t phone_invite(const phone *p, uint32_t i, uint32_t serial, char *room, size_t size)
{
	int n = snprintf(room, size,
		"INVITE %s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 10.20.100.100:5060;branch=z9hG4bK%08x%08x;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:caller@example.net>;tag=%08x\r\nTo: <%s>\r\nCall-ID: %08x-%s\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:caller@10.20.100.100:5060>\r\n"
		"User-Agent: %s\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER\r\nContent-Length: 0\r\n\r\n",
		p->target, i, serial, serial, p->target, serial, p->callid, agent);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
