/* SPDX-License-Identifier: MIT */
/* The door of register/: a REGISTER read and validated. Pure: no store, no clock, no lock. */
#ifndef RG__REGISTER_H
#define RG__REGISTER_H

#include <rgstr/policy.h>
#include "grammar/grammar.h"
#include "message/message.h"
#include "config/config.h"
#include "rules/rules.h"
#include "register/explain.h"

/* The most bytes in rg_request.flow, .socket, .ownership_tag and .domain. */
enum { RG__HOST_TEXT_MAX = 255 };

/* One Contact value. */
typedef struct rg__wanted {
	rg_str value;            /* as it stands in the message */
	rg__uri uri;
	rg_str params;           /* the parameters to store */
	rg_str instance;         /* as rg__instance_read() returns it */
	rg_str received;         /* stated by a trusted client, else by the host; absent = none */
	rg__uri received_uri;    /* of the client's received */
	rg_str next_hop;         /* in the form of a tag */
	rg_str host;             /* of the next hop when it is a name; else absent */
	const rg_addr *addrs;    /* the addresses of that name */
	uint32_t n_addrs;
	int32_t q;               /* -1 = none */
	uint32_t reg_id;         /* as stated; 0 = none, or malformed */
	bool states_instance, states_reg_id; /* well-formed or not */
	bool outbound;           /* RFC 5626 applies: this is a flow */
	bool pnsreg;             /* it has +sip.pnsreg (RFC 8599 §4.1.4) */
	uint8_t asks;            /* RG__PN_…, to be answered */
	uint8_t by;              /* RG__BY_… */
	uint32_t provider;       /* rg__pn.index */
	bool moot;               /* the main registrar took it and another Contact for the same one */
	uint32_t methods;
	int64_t asked;           /* seconds, from Contact, Expires or the default */
	int64_t upstream;        /* seconds that the main registrar granted; 0 = removed or dropped, -1 = not stated */
	bool granted;            /* its reply has a value for this Contact */
	int64_t expires;         /* seconds in effect, after clamping; 0 = remove */
	/* Offsets into the text, which may still move, of what the request does not have in the form to be stored. */
	uint32_t params_at, params_n, hop_at, hop_n;
} rg__wanted;

/* How far reading came. The host decides on the domain and on authorization; a fault found before such a stage wins over its decision. */
enum { RG__STAGE_LIMITS, RG__STAGE_DOMAIN, RG__STAGE_AUTHORIZATION };

struct rg__register {
	const rg__save_settings *set; /* those of the config itself, or `own` */
	rg__save_settings own;
	const rg_request *request; /* the view of this version of the library */
	rg__uri to, received;    /* URIs of To and, if there is one, of the host's received */
	rg__uri path_hop;        /* the topmost Path value, when there is a Path that is not ignored */
	rg_str to_params;        /* of To, if that is good */
	rg__aor aor;             /* zeroed from here on */
	int aor_read;            /* RG__AOR_…, if To is good */
	bool good_to;            /* To can be read */
	rg_key key;
	int32_t reason;          /* the refusal; RG_R_FINE = none */
	uint8_t stage;           /* RG__STAGE_… that reading reached */
	int32_t contact_reason;  /* fault of the Contacts, reported after faults of earlier fields */
	bool star;               /* Contact: * */
	uint32_t cseq;
	uint64_t fingerprint;    /* rg_contact.request_hash */
	rg_str user_agent;       /* cut to its limit */
	int64_t header_expires;  /* -1 = no Expires header */
	rg__buf text;            /* params and next hops to be stored, unless the request has them so; for a 420 the unsupported tags */
	rg_str unsupported;
	rg_str path;             /* the values of the Path, unless it is ignored, separated by LF */
	rg_str socket;           /* the local socket: the host's, or the one that the socket header names */
	bool path_sips;          /* every Path URI is sips */
	bool path_ob;            /* the last Path URI has `ob` (RFC 5626 §5.1) */
	bool echoes_path;        /* a 200 repeats the Path */
	bool applied_outbound, requires_outbound;
	bool answers_push;       /* a 200 has Feature-Caps (RFC 8599 §5.6.1) */
	int64_t min_expires;     /* seconds, of a 423; 0 = that of `set` */
	bool gives_gruus;        /* a 200 has the GRUUs of the bindings that it lists (RFC 5627 §5.2) */
	bool cached;             /* the main registrar has decided, and its intervals hold */
	rg__rewrite *rewrites;   /* owned; NULL = none */
	uint32_t n_rewrites;
	uint32_t path_at, path_n, path_received_at, path_received_n; /* offsets into the text */
	uint32_t allow;          /* methods of the Allow header */
	uint32_t n, room;        /* Contacts read; slots */
	bool lent;               /* allocated by the caller */
	bool crowded;            /* the slots are fewer than the limit, and there are more Contacts */
	rg__wanted wanted[];
};

/* A REGISTER after every check that needs no record. Borrows request, config and options. */
typedef struct rg__register rg__register;

/* Memory on a caller's stack for a register with one Contact: allocating that much would be slow. */
typedef struct rg__register_room {
	_Alignas(16) char bytes[2048];
} rg__register_room;

/* A refusal is a reason. RG_EINVAL: the host's part of the request is wrong; @p why names the member. RG_ENOMEM. @p request comes from
 * rg__request_open(). @p room may be NULL; a register that does not fit is allocated. */
rg_status rg__register_read(const rg_request *request, const rg_config *config, const rg_save_options *options, rg__register_room *room,
	rg__register **out, rg_error *why);
/* The same in three parts, so that the caller knows the key early: To and the AoR, the limits and the Contacts, and the rest. The second part
 * may replace the register by one of more room; after an error of the first or second part there is none. After an error of the third one the
 * caller still frees it. */
rg_status rg__register_begin(const rg_request *request, const rg_config *config, const rg_save_options *options, rg__register_room *room,
	rg__register **out, rg_error *why);
rg_status rg__register_list(rg__register **reg, const rg_config *config, const rg_save_options *options, rg_error *why);
rg_status rg__register_finish(rg__register *reg, rg_error *why);
/* The same for a REGISTER that the main registrar has answered. @p upstream comes from rg__upstream_open(), and may be freed afterwards. */
rg_status rg__register_read_answered(const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg__register **out, rg_error *why);
void rg__register_free(rg__register *reg);
int32_t rg__register_reason(const rg__register *reg);  /* other than RG_R_FINE: refused without looking at a record */
const rg_key *rg__register_key(const rg__register *reg); /* from the first part on; no domain: the AoR cannot be read */
bool rg__register_is_query(const rg__register *reg);

/* Decisions of the host: whether a domain is local, and whether the client may register the AoR. Each is asked for unless an earlier
 * fault already refuses. The caller reports a refusal with rg__register_overrule(), which replaces any later reason.
 * rg__register_domain() gives the canonical host of the Request-URI or of To, and returns RG__AOR_…. */
bool rg__register_asks_domain(const rg__register *reg);
bool rg__register_asks_authorization(const rg__register *reg);
int rg__register_domain(const rg__register *reg, bool of_request_uri, rg__aor *host);
void rg__register_overrule(rg__register *reg, int32_t reason);
bool rg__register_memory_only(const rg__register *reg); /* its bindings stay on this node */

/* The shortest lifetime of a binding, in seconds: one that is woken needs time for that. */
static inline int64_t rg__register_least(const rg__register *reg, const rg__wanted *w)
{
	return w->asks == RG__PN_WAKE ? reg->set->push->least : 0;
}

/* The distinct host names among the next hops of the Contacts. Stores at most @p max and returns their number. */
uint32_t rg__register_hosts(const rg__register *reg, rg_str *hosts, uint32_t max);
/* Sets the addresses of these names. They must live as long as the register. */
void rg__register_resolved(rg__register *reg, const rg_resolved *resolved, uint32_t n);

rg_str rg__register_supported(const rg__save_settings *set); /* option tags for Supported in a 200; absent = none */

#endif
