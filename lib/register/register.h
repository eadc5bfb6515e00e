/* SPDX-License-Identifier: MIT */
/* Layer 4: a REGISTER read and validated, as merge sees it. */
#ifndef RG__REGISTER_H
#define RG__REGISTER_H

#include "grammar/header.h"
#include "decide/decide.h"
#include "message/response.h"

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

/* register_contact.c: reads all Contact lines into `wanted`. RG_R_… of a limit, else RG_R_FINE; other faults go to contact_reason. */
int32_t rg__register_contacts(rg__register *reg);

/* register_path.c: reads Path, if it counts. RG_R_… */
int32_t rg__register_path(rg__register *reg);

/* register_extensions.c: Require, and what Path and Outbound ask. RG_R_… */
int32_t rg__register_require(rg__register *reg);
int32_t rg__register_extensions(rg__register *reg);
rg_str rg__register_supported(const rg__save_settings *set); /* option tags of a 200's Supported; absent = none */

/* register_reply.c: what the main registrar granted of the Contacts. RG_ENOMEM, else RG_OK and a reason. */
rg_status rg__register_reply(rg__register *reg, const rg_upstream *upstream, int32_t *reason);

/* The rules that look at a Contact together with the rest of the request. RG_R_… */
int32_t rg__register_rules(rg__register *reg);

/* The AoR in its canonical form under @p rules: the one the caller names, else To. Returns RG__AOR_…; freed with rg__aor_free(). */
int rg__register_aor(const rg__register *reg, const rg__aor_rules *rules, rg__aor *out);

/* A received URI goes back between quotes: a SIP URI, whose grammar has nothing that would end them. */
bool rg__received_read(rg_str text, rg__uri *out);

/* methods.c: the bit set of a list of methods. */
uint32_t rg__methods_of(rg_str list);
uint32_t rg__method_bit(rg_str name); /* of one; that of OTHER for what the table does not have */

/* refusal.c: a non-200 response. @p reg is NULL where there is no request to speak of. */
rg_status rg__refuse(int32_t reason, const rg__save_settings *set, const rg__register *reg, rg_time now, rg_response **out);

#endif
