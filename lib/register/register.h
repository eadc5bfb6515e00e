/* SPDX-License-Identifier: MIT */
/* The door of register/: a REGISTER read and validated. Pure: no store, no clock, no lock. */
#ifndef RG__REGISTER_H
#define RG__REGISTER_H

#include <rgstr/policy.h>
#include "grammar/grammar.h"
#include "message/message.h"
#include "config/config.h"

/* One Contact value. */
typedef struct rg__wanted {
	rg_str value;            /* as it stands in the message */
	rg__uri uri;
	rg_str params;           /* those to be stored */
	rg_str instance;         /* with <>, inside params; absent = none */
	rg_str received;         /* stated by a client that is to be trusted, else by the host; absent = none */
	rg__uri received_uri;    /* of the client's */
	rg_str next_hop;         /* as a tag */
	rg_str host;             /* of the next hop when it is a name; else absent */
	const rg_addr *addrs;    /* what that name resolved to */
	uint32_t n_addrs;
	int32_t q;               /* -1 = none */
	uint32_t reg_id;         /* as stated; 0 = none */
	bool outbound;           /* RFC 5626 applies: it is a flow */
	bool moot;               /* the main registrar took it and another Contact for one */
	uint32_t methods;
	int64_t asked;           /* seconds; what Contact, Expires or the default say */
	int64_t upstream;        /* what the main registrar granted; 0 = nothing, -1 = it did not say */
	bool granted;            /* there is a value in its reply */
	int64_t expires;         /* the same, clamped; 0 = remove */
	/* Places in the text, which may still move. */
	uint32_t params_at, params_n, instance_at, instance_n, hop_at, hop_n, reg_id_at, reg_id_n;
} rg__wanted;

/* The order of reading, as far as others have a say in it: what is wrong before comes before what they say. */
enum { RG__STAGE_LIMITS, RG__STAGE_DOMAIN, RG__STAGE_AUTHORIZATION };

struct rg__register {
	rg__save_settings set;
	rg_request request;      /* as this version of the library knows it */
	rg__uri to, received;    /* URIs of To and of the host's received; the latter when there is one */
	rg__uri path_hop;        /* of the topmost Path value, when there is a Path that counts */
	rg__aor aor;             /* this and what follows starts as zero */
	rg_key key;
	int32_t reason;          /* the refusal; RG_R_FINE = none */
	uint8_t stage;           /* RG__STAGE_…: what was passed before it */
	int32_t contact_reason;  /* what is wrong with the Contacts, reported after what comes before them */
	bool star;               /* Contact: * */
	uint32_t cseq;
	uint64_t fingerprint;    /* rg_contact.request_hash */
	rg_str user_agent;       /* cut to its limit */
	int64_t header_expires;  /* -1 = no Expires header */
	rg__buf text;            /* stored params and next hops; the tags not supported of a 420 */
	rg_str unsupported;
	rg_str path;             /* the values of a Path that counts, separated by LF */
	rg_str socket;           /* the local socket: the host's, or that of the header which names it */
	bool path_sips;          /* every Path URI is sips */
	bool path_ob;            /* the last one has `ob` (RFC 5626 §5.1) */
	bool echoes_path;        /* a 200 shows the Path */
	bool applied_outbound, requires_outbound;
	bool cached;             /* the main registrar has decided: its intervals hold */
	rg__rewrite *rewrites;   /* owned; NULL = none */
	uint32_t n_rewrites;
	uint32_t path_at, path_n, path_received_at, path_received_n; /* in the text */
	uint32_t allow;          /* methods of the Allow header */
	uint32_t n, room;        /* Contacts read; slots */
	bool lent;               /* it stands in memory of the caller's */
	rg__wanted wanted[];
};

/* A REGISTER read and validated: all that can be decided without the record. Borrows from request, config and options. */
typedef struct rg__register rg__register;

/* Room a caller has on its stack for a register with one Contact, which is too large for malloc to be quick. */
typedef struct rg__register_room {
	_Alignas(16) char bytes[2048];
} rg__register_room;

/* Always RG_OK or RG_ENOMEM; a refusal is a reason. @p request is one of rg__request_view(). @p room is used where it will do; NULL =
 * none. */
rg_status rg__register_read(const rg_request *request, const rg_config *config, const rg_save_options *options, rg__register_room *room,
	rg__register **out);
/* The same for one that the main registrar has answered; @p upstream is that of rg__upstream_view(), and is not needed afterwards. */
rg_status rg__register_read_answered(const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg__register **out);
void rg__register_free(rg__register *reg);
int32_t rg__register_reason(const rg__register *reg);  /* not RG_R_FINE: refused without looking at a record */
const rg_key *rg__register_key(const rg__register *reg); /* valid unless refused */
bool rg__register_is_query(const rg__register *reg);

/* What only the host can say is asked when nothing that comes before it refuses: whether a domain is ours, who may register whom. A no
 * is the reason then, whatever comes after. rg__register_domain(): the canonical host of the Request-URI or of To, RG__AOR_…. */
bool rg__register_asks_domain(const rg__register *reg);
bool rg__register_asks_authorization(const rg__register *reg);
int rg__register_domain(const rg__register *reg, bool of_request_uri, rg__aor *host);
void rg__register_overrule(rg__register *reg, int32_t reason);
bool rg__register_memory_only(const rg__register *reg); /* what it binds stays on this node */

/* The distinct host names among the next hops of its Contacts; fills in at most @p max and returns how many there are. */
uint32_t rg__register_hosts(const rg__register *reg, rg_str *hosts, uint32_t max);
/* What they resolved to; borrowed for as long as the register lives. */
void rg__register_resolved(rg__register *reg, const rg_resolved *resolved, uint32_t n);

rg_str rg__register_supported(const rg__save_settings *set); /* option tags of a 200's Supported; absent = none */

#endif
