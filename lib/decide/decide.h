/* SPDX-License-Identifier: MIT */
/* The door of decide/: the decisions as the engine calls them. Pure: no store, no clock, no lock. */
#ifndef RG__DECIDE_H
#define RG__DECIDE_H

#include <rgstr/policy.h>
#include "register/register.h"
#include "decide/event_names.h"
#include "decide/homes.h"

/* Decides on a REGISTER. The next record has revision @p revision. @p dictionary is that of the store, NULL = none. If reading the REGISTER
 * gave a refusal, the plan holds that refusal. */
rg_status rg__register_merge(const rg__register *reg, const rg_record *record, rg__dictionary *dictionary, rg_time now,
	const uint8_t seed[32], const rg_revision *revision, rg_plan **out);

/* A refusal that does not depend on a record (RG_R_STORE and the like). @p reg may be NULL. */
rg_status rg__refusal(int32_t reason, const rg_config *config, const rg_save_options *options, const rg__register *reg, rg_time now,
	rg_response **out);

/* Where the bindings of an event are viewed. */
typedef struct rg__event_room {
	rg_contact before, after;
} rg__event_room;

/* rg_plan_event() for a struct of today's size, which borrows from the room and the plan. RG_OK or RG_ENOENT. */
rg_status rg__plan_event(const rg_plan *plan, uint32_t index, rg__event_room *room, rg_event *out);

/* The caller's reference to the plan, which must have a response, becomes a response of his own. Whoever else shares the plan takes none. */
rg_response *rg__plan_take_response(rg_plan *plan);
const rg_revision *rg__plan_revision(const rg_plan *plan); /* of the next record, or of the deletion */
rg_plan *rg__plan_ref(rg_plan *plan);                      /* an operation and its batch of events share a plan */

/*
 * The wake-up of a device whose binding is about to expire, `rg_contact.wake`, takes two commits: the claim, which has the event and keeps
 * other nodes from the same for RG__WAKE_CLAIM, and after the delivery the mark RG_CONTACT_WOKEN. A node that ends between them leaves the
 * claim, and the device is woken again once that has lapsed. Without a subscriber the first commit has the mark.
 */
#define RG__WAKE_CLAIM 10000 /* milliseconds */

/* What a wake-up depends on, beside the record and the time. */
typedef struct rg__waker {
	const rg_config *config;
	bool heard; /* there is a subscriber */
} rg__waker;

/* Removes lapsed bindings and stale removals, and takes the wake-ups that are due. The plan commits nothing when there are none. @p owned
 * says of each binding whether this node acts for it (NULL: for all). The binding of another node is left to its owner for RG__OWNER_FIRST,
 * and removed after that; its device is never woken. @p waker  NULL: nobody is woken. */
enum { RG__OWNER_FIRST = 10000 }; /* milliseconds: every node of a shared store looks once a second */
rg_status rg__prune_expired(const rg_record *record, const bool *owned, const rg__waker *waker, rg_time now, const rg_revision *revision,
	rg_plan **out);

bool rg__plan_claims(const rg_plan *plan);         /* wake-ups, to be marked by rg__wake_sent() */
void rg__plan_key(const rg_plan *plan, rg_key *out); /* of its records; borrowed from it */
uint32_t rg__plan_wakes(const rg_plan *plan);      /* the number of its events CONTACT_REFRESH */

/* Marks the wake-ups that plan @p claim told of as delivered, and sets the time of the next repeat (`pn_retry`). Only bindings that are as
 * the claim left them are changed: what a REGISTER set since then stays. The plan has no events. */
rg_status rg__wake_sent(const rg_record *record, const rg_plan *claim, const rg_config *config, rg_time now, const rg_revision *revision,
	rg_plan **out);

/* Whether this node acts for the bindings of an ownership tag, as rg_env.is_owner. */
typedef int32_t rg__is_owner(void *user, const rg_str *tag);

/* The node on which a tick runs. */
typedef struct rg__keeper {
	rg__is_owner *is_owner; /* NULL: it acts for all bindings */
	void *user;
	rg__waker waker;
} rg__keeper;

/* What a tick does to a record: removes lapsed bindings and takes wake-ups, or in a record of homes removes lapsed homes. */
rg_status rg__expire(const rg_record *record, const rg__keeper *keeper, rg_time now, const rg_revision *revision, rg_plan **out);

/* Wakes the devices of bindings, given as @p n indexes into the record: the plan commits nothing and has a CONTACT_REFRESH for each, with the
 * binding as it is before and after. @p reason and @p callid are copied; @p callid is that of the request for the device. RG_ENOMEM. */
rg_status rg__wake(const rg_record *record, const uint16_t *indexes, uint32_t n, rg_str reason, rg_str callid, rg_time now, rg_plan **out);

/* A remove filter, read and validated. It borrows the caller's text. */
typedef struct rg__filter {
	bool has_contact, has_next_hop, has_instance, has_callid, has_flow;
	rg__uri contact;
	rg_str contact_text;
	rg_str contact_instance;   /* from the same header value; absent = none */
	rg__matching matching;
	uint8_t contact_by;        /* RG__BY_… */
	rg_str host;               /* of next_hop: a name … */
	rg_addr addrs[8];          /* … or an address; and the addresses of the name */
	uint32_t n_addrs;
	uint16_t port;             /* 0 = any */
	rg_str instance;           /* without <> */
	rg_str callid;
	rg_str flow;
	uint32_t branch_flags;     /* 0 = any */
} rg__filter;

/* Reads a caller's filter. RG_EINVAL: there is none, or its size is refused; @p out is then not written. */
rg_status rg__remove_filter_view(const rg_remove_filter *given, rg_remove_filter *out, rg_error *why);

/* Each returns RG_OK or RG_EINVAL, and says into @p why what is wrong with the value, which the caller knows as @p name. */
rg_status rg__filter_contact(rg__filter *f, rg_str contact, const rg_config *config, const char *name, rg_error *why); /* URI or name-addr */
rg_status rg__filter_contact_value(rg__filter *f, rg_str value, const rg_config *config, const char *name, rg_error *why); /* of a header */
rg_status rg__filter_next_hop(rg__filter *f, rg_str host_and_port, const char *name, rg_error *why);
rg_status rg__filter_instance(rg__filter *f, rg_str instance, const char *name, rg_error *why);
rg_status rg__filter_flow(rg__filter *f, rg_str flow, const char *name, rg_error *why);

/* The same for all conditions of @p asked, not its domain and AoR. The caller knows its next hop as @p hop_name. */
rg_status rg__filter_read(rg__filter *f, const rg_remove_filter *asked, const rg_config *config, const char *hop_name, rg_error *why);

/* True when all conditions hold. A filter without conditions matches every binding. */
bool rg__filter_matches(const rg__filter *f, const rg_contact *binding);

/* Removes the bindings that match, and all lapsed ones, and leaves removals of those that match. */
rg_status rg__prune(const rg_record *record, const rg__filter *filter, rg_time now, const rg_revision *revision, rg_plan **out);

/* The result of a ping, and when it is worth a commit. */
typedef struct rg__ping {
	uint32_t latency;   /* microseconds */
	int64_t min_delta;  /* percent of the stored latency */
	int64_t max_record_bytes;
} rg__ping;

/* What is wrong with a measurement that says nothing; NULL = nothing. RG_LATENCY_NONE says that a binding was never measured; it cannot be set. */
static inline const char *rg__ping_wrong(rg_str contact, uint32_t latency)
{
	return !contact.p ? "contact is absent" : latency == RG_LATENCY_NONE ? "microseconds is RG_LATENCY_NONE" : NULL;
}

/* Reads a measurement. RG_EINVAL: it says nothing, or the Contact is malformed. */
rg_status rg__ping_read(rg_str contact, uint32_t latency, const rg_config *config, rg__filter *filter, rg__ping *out,
	rg_error *why);

/* Sets the latency of the live bindings that match and whose latency has changed enough. The plan commits nothing when there is none. Such a
 * commit also removes lapsed bindings. RG_ELIMIT: the record would be too large. */
rg_status rg__measure(const rg_record *record, const rg__filter *filter, const rg__ping *ping, rg_time now, const rg_revision *revision,
	rg_plan **out);

/* The indexes of the live bindings that match, in lookup order. *out is freed with rg_mem_free(). */
rg_status rg__live(const rg_record *record, const rg__filter *filter, bool desc_time_order, rg_time now, uint16_t **out, uint32_t *n);

#endif
