/* SPDX-License-Identifier: MIT */
/* What other rooms ask of a record besides its public views. */
#ifndef RG__MODEL_H
#define RG__MODEL_H

#include <rgstr/record.h>
#include <stdbool.h>
#include "model/dictionary.h"
#include "model/method_names.h"
#include "text/text.h"

extern const rg__shape rg__contact_shape, rg__removal_shape;

/* The tag of a binding with a flow is this prefix and the flow. */
#define RG__FLOW_TAG "flow:"

uint64_t rg__key_hash(const rg_key *key); /* without a secret */

/* The fields of a binding that every lookup reads. */
typedef struct rg__glance {
	uint64_t id;
	rg_time expires, created, modified;
	uint32_t methods, latency;
	int16_t q;
	bool has_instance;
} rg__glance;

/* @p index must exist. Reads only these fields of the binding. */
void rg__record_glance(const rg_record *record, uint32_t index, rg__glance *out);
uint64_t rg__record_generation(const rg_record *record, uint32_t index);
uint32_t rg__record_flags(const rg_record *record, uint32_t index);
rg_str rg__record_uri(const rg_record *record, uint32_t index);
rg_str rg__record_instance(const rg_record *record, uint32_t index);   /* absent when it has none */
rg_str rg__record_user_agent(const rg_record *record, uint32_t index); /* likewise */

/* The octets of the AoR of a record as rg_key_print() prints it, at most. */
size_t rg__record_aor_room(const rg_record *record);

/* Has the record this key? */
bool rg__record_is_of(const rg_record *record, const rg_key *key);

/* What a decision on a REGISTER reads of each binding. */
typedef struct rg__held {
	rg_str uri, instance, callid;
	uint64_t id, request_hash;
	rg_time expires, created, modified;
	uint32_t cseq, reg_id;
	int16_t q;
} rg__held;

void rg__record_held(const rg_record *record, uint32_t index, rg__held *out); /* @p index must exist */

/* Of a binding only what a 200 lists of it: uri, params, received, q, expires, modified. The rest of @p out is not written. @p index must
 * exist. */
void rg__record_listed(const rg_record *record, uint32_t index, rg_contact *out);

/* What of a binding does not come from its REGISTER: id, generation, created, flags, branch_flags, latency, extra. The rest of @p out is
 * not written. @p index must exist. */
void rg__record_kept(const rg_record *record, uint32_t index, rg_contact *out);

/* The public functions of these names judge the sizes of a caller's structs. Inside the library every struct has today's size, so these do
 * not look at them. The getters fill in all of @p out, and return RG_OK or RG_ENOENT. */
rg_status rg__record_contact(const rg_record *record, uint32_t index, rg_contact *out);
rg_status rg__record_removal(const rg_record *record, uint32_t index, rg_removal *out);
rg_status rg__record_new(const rg_key *key, const rg_revision *revision, const rg_contact *contacts, uint32_t n_contacts,
	const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out);

/* rg__record_new() with a dictionary, NULL = none, for strings that other records have, too. */
rg_status rg__record_build(rg__dictionary *dictionary, const rg_key *key, const rg_revision *revision, const rg_contact *contacts,
	uint32_t n_contacts, const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out);

/* The record after @p before, NULL = none, with its extra, and with its key if @p key is NULL. kept[i] is the index of a binding of @p before
 * that stays as it is, or RG__GIVEN: contacts[i] is that binding. Of the other elements of @p contacts nothing is read, and they may be
 * written. It is cheaper when no string changes. A record that has a dictionary leaves it to the next one; else that gets @p dictionary, NULL =
 * none. */
#define RG__GIVEN UINT16_MAX
rg_status rg__record_next(const rg_record *before, rg__dictionary *dictionary, const rg_key *key, const rg_revision *revision,
	rg_contact *contacts, const uint16_t *kept, uint32_t n, const rg_removal *removals, uint32_t n_removals, rg_record **out);

/* RG_ELIMIT: the next record has more than @p limit bytes, and more than the one before, NULL = none; each counted with all its strings, also
 * those that stand in a dictionary. RG_ENOMEM. */
rg_status rg__record_within(const rg_record *next, const rg_record *before, uint64_t limit);

/* The binding with this id, which is mostly at the same place as in another record of the AoR, @p at. False: there is none. */
bool rg__record_find(const rg_record *record, uint64_t id, uint32_t at, rg_contact *out);

/* Did the same REGISTER write both last? */
bool rg__contact_as_registered(const rg_contact *a, const rg_contact *b);

/* Ignores RG_CONTACT_LOCAL, which tells where a contact is stored, not what it says. */
bool rg__contact_same(const rg_contact *a, const rg_contact *b);
bool rg__removal_same(const rg_removal *a, const rg_removal *b);

/* record_text.c: parts of the text of rg_record_text(). */
void rg__print_path(rg__print *p, rg_str path); /* a line a value */
void rg__print_aor(rg__print *p, const char *name, const rg_key *key);
void rg__print_contact(rg__print *p, const rg_contact *c);
void rg__print_difference(rg__print *p, const rg_contact *before, const rg_contact *after); /* the values of before that differ */
void rg__print_record(rg__print *p, const rg_record *record); /* NULL = none */

/* rg__record_new() for a record that an overlay unites: it also holds the revision of the memory-only part. A zero revision takes no
 * bytes. */
rg_status rg__record_unite(const rg_key *key, const rg_revision *revision, const rg_revision *local, const rg_contact *contacts,
	uint32_t n_contacts, const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out);

#endif
