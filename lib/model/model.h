/* SPDX-License-Identifier: MIT */
/* What the layers above ask of a record beside its public views. */
#ifndef RG__MODEL_H
#define RG__MODEL_H

#include <rgstr/record.h>
#include <stdbool.h>

/* A binding with a flow is found under this tag, the flow behind it. */
#define RG__FLOW_TAG "flow:"

uint64_t rg__key_hash(const rg_key *key); /* without a secret */

/* What a lookup asks of every binding. */
typedef struct rg__glance {
	uint64_t id;
	rg_time expires, created, modified;
	uint32_t methods, latency;
	int16_t q;
	bool has_instance;
} rg__glance;

/* Of binding @p index, which there must be: without the rest of the view. */
void rg__record_glance(const rg_record *record, uint32_t index, rg__glance *out);
rg_str rg__record_uri(const rg_record *record, uint32_t index);
rg_str rg__record_instance(const rg_record *record, uint32_t index);   /* absent when it has none */
rg_str rg__record_user_agent(const rg_record *record, uint32_t index); /* likewise */

bool rg__contact_same(const rg_contact *a, const rg_contact *b); /* but for RG_CONTACT_LOCAL: which store keeps it is not what it says */
bool rg__removal_same(const rg_removal *a, const rg_removal *b);

/*
 * As rg_record_new(), for a record that an overlay unites: with the revision of its memory-only part, of which bytes are kept only
 * where it is not zero.
 */
rg_status rg__record_unite(const rg_key *key, const rg_revision *revision, const rg_revision *local, const rg_contact *contacts,
	uint32_t n_contacts, const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out);

#endif
