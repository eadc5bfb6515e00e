/* SPDX-License-Identifier: MIT */
/* Bindings and records to test with. */
#ifndef SAMPLE_RECORD_H
#define SAMPLE_RECORD_H

#include <rgstr/record.h>
#include <stdlib.h>
#include <string.h>

static const rg_revision sample_revision = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };

/* 24 octets of AoR, with its @. */
static inline rg_key sample_key(void)
{
	return (rg_key){ RG_STR("location"), RG_STR("user1234567"), RG_STR("example.test") };
}

/* The binding that memory is measured with: URI 64, Call-ID 36, User-Agent 40, instance 47, received 36, socket 22. */
static inline rg_contact sample_contact(void)
{
	rg_contact c = { .struct_size = sizeof c };

	rg_contact_init(&c, sizeof c);
	c.id = 0x1122334455667788;
	c.generation = 0xffeeddccbbaa9988;
	c.request_hash = 0x8000000000000001;
	c.uri = RG_STR("sip:user1234567@192.168.100.10:50600;transport=udp;line=a8b7c6d5");
	c.params = RG_STR(";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"");
	c.instance = (rg_str){ c.params.p + 16, c.params.n - 17 };
	c.callid = RG_STR("8f3b9c1e-77aa-4c52-9d1f-0b6a5e4d3c2b");
	c.received = RG_STR("sip:198.51.100.2:50600;transport=udp");
	c.socket = RG_STR("udp:203.0.113.200:5060");
	c.user_agent = RG_STR("Sample Softphone 3.14.15 (build 9265358)");
	c.next_hop = RG_STR("198.51.100.2:50600");
	c.cseq = 4711;
	c.expires = 1700003600000;
	c.created = 1700000000000;
	c.modified = 1700000001000;
	return c;
}

static inline rg_removal sample_removal(void)
{
	return (rg_removal){ .struct_size = sizeof(rg_removal), .cseq = 7, .uri = RG_STR("sip:gone@192.0.2.1"), .callid = RG_STR("gone@1"),
		.request_hash = 99, .at = 1700000000000 };
}

static inline rg_status sample_build(const rg_contact *contacts, uint32_t n, rg_record **out)
{
	rg_key key = sample_key();

	return rg_record_new(&key, &sample_revision, contacts, n, NULL, 0, (rg_str){ NULL, 0 }, out);
}

/* splitmix64: the same numbers everywhere. */
static inline uint64_t sample_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

#endif
