/* SPDX-License-Identifier: MIT */
/* Builds a record. Every REGISTER that changes anything builds one, so this takes one pass, and no search grows with the record. */
#include "model/codec.h"
#include "model/model.h"
#include <stdlib.h>

/* Most records fit here, measured by their upper bound. They are laid out on the stack and copied into an allocation of their exact size. */
#define SCRATCH 2048

/* Up to this many possible tags are compared one by one; more use a hash table. */
#define FEW_TAGS 16

/* A string is searched for in the first bytes of another, at most this many. */
#define SEARCH_MAX 512

typedef struct tag_list {
	rg__slice *list;
	uint16_t *table; /* open addressing, index + 1; NULL for few tags */
	uint32_t n, mask;
} tag_list;

typedef struct builder {
	char *base; /* start of the record */
	size_t n, room;
	rg__dictionary *dictionary; /* NULL = none */
	size_t shared; /* octets that stand there instead */
	bool over;
	uint16_t first_uri; /* where it is */
	tag_list tags;
	const rg_contact *before; /* the binding stored last … */
	const rg__slice *stored;  /* … and where its strings are, indexed by bit */
} builder;

typedef struct measure {
	size_t bytes;    /* upper bound of the record's size */
	uint32_t n_tags; /* upper bound of the number of tags */
} measure;

static rg_status measure_contact(const rg_contact *c, measure *m)
{
	size_t n = sizeof(rg__binding) + RG__HAS_N * sizeof(rg__slice) + sizeof(rg__rare) + sizeof(rg__odd) + 2;
	size_t longest = 0;
	uint32_t n_pairs, i;
	rg_status status;

	if (c->q < -1 || c->q > 1000)
		return RG_EINVAL;
	if (c->n_addrs > RG__ADDRS_MAX)
		return RG_ELIMIT;
	if (c->n_addrs > 0 && c->addrs == NULL)
		return RG_EINVAL;
	for (i = 0; i < c->n_addrs; i++)
		if (c->addrs[i].family != 4 && c->addrs[i].family != 6)
			return RG_EINVAL;
#define ADD(name) n += c->name.n, longest |= c->name.n;
	RG__CONTACT_STRINGS(ADD)
#undef ADD
	if (longest > RG_RECORD_BYTES_MAX) /* the limit is a power of two less one, so this means that one string is longer */
		return RG_ELIMIT;
	if (c->extra.n > 0 && (status = rg__extra_check(&rg__codec_contact, c->extra, &n_pairs)) != RG_OK)
		return status;
	m->n_tags += c->n_addrs + 2;
	m->bytes += n + sizeof RG__FLOW_TAG + c->n_addrs * (sizeof(rg_addr) + 64) + (c->n_addrs + 2) * sizeof(rg__slice);
	return RG_OK;
}

static rg_status measure_all(const rg_key *key, const rg_contact *contacts, uint32_t n_contacts, const rg_removal *removals,
	uint32_t n_removals, rg_str extra, measure *m)
{
	rg_status status = RG_OK;
	uint32_t i, n_pairs;

	if (key->domain.n > RG_RECORD_BYTES_MAX || key->user.n > RG_RECORD_BYTES_MAX || key->host.n > RG_RECORD_BYTES_MAX ||
		extra.n > RG_RECORD_BYTES_MAX || n_removals > RG_REMOVALS_MAX || n_contacts > RG_RECORD_BYTES_MAX / sizeof(rg__binding))
		return RG_ELIMIT;
	*m = (measure){ .bytes = sizeof(rg_record) + key->domain.n + key->host.n + key->user.n + extra.n + 2 };
	if (m->bytes + n_contacts * sizeof(rg__binding) + n_removals * sizeof(rg__gone) > RG_RECORD_BYTES_MAX)
		return RG_ELIMIT;
	if (extra.n > 0)
		status = rg__extra_check(&rg__codec_record, extra, &n_pairs);
	for (i = 0; i < n_contacts && status == RG_OK; i++)
		status = measure_contact(&contacts[i], m);
	for (i = 0; i < n_removals && status == RG_OK; i++) {
		const rg_removal *r = &removals[i];

		if (r->uri.n > RG_RECORD_BYTES_MAX || r->instance.n > RG_RECORD_BYTES_MAX || r->callid.n > RG_RECORD_BYTES_MAX)
			status = RG_ELIMIT;
		m->bytes += sizeof(rg__gone) + r->uri.n + r->instance.n + r->callid.n;
	}
	return status;
}

/* Takes @p n bytes. NULL when there is no room: the record is then refused at the end, whatever else is stored. */
static inline char *take_bytes(builder *b, size_t n)
{
	char *p = b->base + b->n;

	if (n > b->room - b->n) {
		b->over = true;
		return NULL;
	}
	b->n += n;
	return p;
}

static void align(builder *b)
{
	char *pad = b->n & 1 ? take_bytes(b, 1) : NULL;

	if (pad != NULL)
		*pad = 0;
}

/* Copies without a call: a record consists of many short strings. */
static inline void copy_short(char *to, const char *from, size_t n)
{
	if (n > 64) {
		memcpy(to, from, n);
	} else if (n > 32) {
		memcpy(to, from, 32);
		memcpy(to + n - 32, from + n - 32, 32);
	} else if (n >= 16) {
		memcpy(to, from, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
	}
}

static rg__slice put_bytes(builder *b, rg_str s)
{
	char *p = take_bytes(b, s.n);

	if (p == NULL)
		return (rg__slice){ 0, 0 };
	copy_short(p, s.p, s.n);
	return (rg__slice){ (uint16_t)(p - b->base), (uint16_t)s.n };
}

/* Finds @p s in @p where, which is stored at @p at. Often it is a slice of it. */
static bool find_in(rg_str where, rg__slice at, rg_str s, rg__slice *out)
{
	const char *p = where.p, *end;
	size_t offset = (uintptr_t)s.p - (uintptr_t)where.p;

	if (s.n == 0 || s.n > where.n)
		return false;
	if (offset <= where.n - s.n && offset + s.n <= SEARCH_MAX) {
		*out = (rg__slice){ (uint16_t)(at.at + offset), (uint16_t)s.n };
		return true;
	}
	end = where.p + (where.n < SEARCH_MAX ? where.n : SEARCH_MAX);
	while ((size_t)(end - p) >= s.n && (p = memchr(p, s.p[0], (size_t)(end - p) - s.n + 1)) != NULL) {
		if (memcmp(p, s.p, s.n) == 0) {
			*out = (rg__slice){ (uint16_t)(at.at + (p - where.p)), (uint16_t)s.n };
			return true;
		}
		p++;
	}
	return false;
}

static uint32_t hash_more(uint32_t h, rg_str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 16777619u;
	return h;
}

static bool tag_is(const builder *b, rg__slice tag, rg_str prefix, rg_str text)
{
	const char *p = b->base + tag.at;

	return tag.n == prefix.n + text.n && rg__eq((rg_str){ p, prefix.n }, prefix) && rg__eq((rg_str){ p + prefix.n, text.n }, text);
}

/* Finds a tag. NULL: there is none, and `*slot` is its place in the hash table, if there is a table. */
static rg__slice *tag_find(builder *b, rg_str prefix, rg_str text, uint32_t *slot)
{
	tag_list *t = &b->tags;
	uint32_t i;

	if (t->table == NULL) {
		for (i = 0; i < t->n; i++)
			if (tag_is(b, t->list[i], prefix, text))
				return &t->list[i];
		return NULL;
	}
	i = hash_more(hash_more(2166136261u, prefix), text);
	for (i = (i ^ i >> 15) & t->mask; t->table[i] != 0; i = (i + 1) & t->mask)
		if (tag_is(b, t->list[t->table[i] - 1], prefix, text))
			return &t->list[t->table[i] - 1];
	*slot = i;
	return NULL;
}

static void tag_add(builder *b, rg__slice tag, uint32_t slot)
{
	b->tags.list[b->tags.n++] = tag;
	if (b->tags.table != NULL)
		b->tags.table[slot] = (uint16_t)b->tags.n;
}

/* The addresses of a host name get the port of the next hop, because resolving a name gives no port. */
static uint16_t hop_port(rg_str hop)
{
	uint32_t port = 0;
	size_t i = hop.n;

	while (i > 0 && hop.p[i - 1] >= '0' && hop.p[i - 1] <= '9')
		i--;
	if (i == 0 || hop.p[i - 1] != ':')
		return 0;
	for (; i < hop.n && port <= 65535; i++)
		port = port * 10 + (uint32_t)(hop.p[i] - '0');
	return port <= 65535 ? (uint16_t)port : 0;
}

static void tag_addrs(builder *b, const rg_contact *c)
{
	uint16_t port = c->n_addrs > 0 ? hop_port(c->next_hop) : 0;
	uint32_t i, slot = 0;

	for (i = 0; i < c->n_addrs; i++) {
		rg_addr addr = c->addrs[i];
		char room[64];
		rg_str text;

		if (port != 0)
			addr.port = port;
		text = rg_addr_print(&addr, room, sizeof room);
		if (text.n == 0 || tag_find(b, RG__ABSENT, text, &slot) != NULL)
			continue;
		tag_add(b, put_bytes(b, text), slot);
	}
}

/* Does @p s follow the scheme of @p uri, `sip:` or `sips:`? */
static bool follows_scheme(rg_str uri, rg_str s, size_t *offset)
{
	if (uri.n < 5)
		return false;
	*offset = uri.p[3] == ':' ? 4 : 5;
	return uri.p[*offset - 1] == ':' && s.n <= uri.n - *offset && memcmp(uri.p + *offset, s.p, s.n) == 0;
}

/* The next hop usually occurs literally in the received URI, the Contact or the Path. */
static rg__slice put_next_hop(builder *b, const rg_contact *c, const rg__slice *at)
{
	uint32_t slot = 0;
	size_t offset;
	rg__slice *known, out;

	if (c->next_hop.n == 0)
		return put_bytes(b, c->next_hop);
	known = tag_find(b, RG__ABSENT, c->next_hop, &slot);
	if (known != NULL)
		return *known;
	if (follows_scheme(c->received, c->next_hop, &offset))
		out = (rg__slice){ (uint16_t)(at[RG__HAS_received].at + offset), (uint16_t)c->next_hop.n };
	else if (!find_in(c->received, at[RG__HAS_received], c->next_hop, &out) && !find_in(c->uri, at[RG__HAS_uri], c->next_hop, &out) &&
		!find_in(c->path, at[RG__HAS_path], c->next_hop, &out))
		out = put_bytes(b, c->next_hop);
	tag_add(b, out, slot);
	return out;
}

/* The user of the key is mostly that of the first URI, too. */
static uint16_t put_user(builder *b, const rg_key *key, const rg_contact *first)
{
	size_t offset;

	if (first != NULL && key->user.n > 0 && follows_scheme(first->uri, key->user, &offset))
		return (uint16_t)(b->first_uri + offset);
	return put_bytes(b, key->user).at;
}

/* The tag is stored once; the flow is the end of it. */
static rg__slice put_flow(builder *b, const rg_contact *c)
{
	static const char prefix[] = RG__FLOW_TAG;
	rg_str head = { prefix, sizeof prefix - 1 };
	uint32_t slot = 0;
	rg__slice *known, tag, rest;

	if (c->flow.n == 0)
		return put_bytes(b, c->flow);
	known = tag_find(b, head, c->flow, &slot);
	if (known == NULL) {
		tag = put_bytes(b, head);
		rest = put_bytes(b, c->flow);
		tag.n = (uint16_t)(tag.n + rest.n);
		tag_add(b, tag, slot);
		return rest;
	}
	return (rg__slice){ (uint16_t)(known->at + head.n), (uint16_t)c->flow.n };
}

#define RG__KIND(name, kind) bit == RG__HAS_##name ? RG__SHARED_##kind :
/* RG__SHARED_KINDS: it is never in the dictionary. */
static inline unsigned shared_kind(unsigned bit)
{
	return RG__SHARED_STRINGS(RG__KIND) RG__SHARED_KINDS;
}
#undef RG__KIND

static bool put_shared(builder *b, unsigned kind, rg_str s, rg__slice *out)
{
	rg_str first;

	if (b->dictionary == NULL)
		return false;
	*out = rg__dictionary_first(b->dictionary, kind);
	first = rg__dictionary_text(b->dictionary, *out);
	if ((s.n == 0 || first.n != s.n || !rg__same_text(first.p, s.p, s.n)) && !rg__dictionary_put(b->dictionary, kind, s, out))
		return false;
	b->shared += s.n;
	return true;
}

static void put_names(builder *b, const rg_key *key, rg_record *r)
{
	rg__slice at;

	r->marks = 0;
	if (b->dictionary != NULL && rg__dictionary_put_names(b->dictionary, key->domain, key->host, &at)) {
		b->shared += key->domain.n + key->host.n;
		r->marks = RG__MARK_SHARED_NAMES;
		r->names = at.n & ~3u;
		return;
	}
	r->names = (uint16_t)b->n;
	put_bytes(b, key->domain);
	put_bytes(b, key->host);
}

/* @p bit is a constant, so each call is another function. */
static inline rg__slice put_string(builder *b, const rg_contact *c, unsigned bit, const rg__slice *at)
	__attribute__((always_inline));

static inline rg__slice put_string(builder *b, const rg_contact *c, unsigned bit, const rg__slice *at)
{
	rg_str s = *rg__contact_string_const(c, bit);
	rg__slice out;

	if (bit == RG__HAS_flow)
		return put_flow(b, c);
	if (bit == RG__HAS_next_hop)
		return put_next_hop(b, c, at);
	/* Unknown fields are not shared, so that a record holds no more than its encoded form can. */
	if (bit != RG__HAS_extra && b->before != NULL && s.n > 0 && rg__eq(s, *rg__contact_string_const(b->before, bit)))
		return b->stored[bit];
	if (shared_kind(bit) != RG__SHARED_KINDS && put_shared(b, shared_kind(bit), s, &out))
		return out;
	if (bit == RG__HAS_instance && find_in(c->params, at[RG__HAS_params], s, &out))
		return out;
	return put_bytes(b, s);
}

/* Stores addresses in one form, so that equal records have equal encodings. */
static void put_addrs(builder *b, const rg_contact *c, rg__slice *out)
{
	rg_addr *to;
	uint32_t i;

	align(b);
	to = (rg_addr *)(void *)take_bytes(b, c->n_addrs * sizeof *to);
	if (to == NULL)
		return;
	for (i = 0; i < c->n_addrs; i++) {
		to[i] = (rg_addr){ .family = c->addrs[i].family, .port = c->addrs[i].port };
		memcpy(to[i].ip, c->addrs[i].ip, to[i].family == 4 ? 4 : 16);
	}
	*out = (rg__slice){ (uint16_t)((char *)to - b->base), (uint16_t)c->n_addrs };
}

/* Stores what is no string. @return where the list of slices ends. */
static rg__slice *put_numbers(builder *b, const rg_contact *c, unsigned *present, rg__slice *list)
{
	if (c->n_addrs > 0) {
		put_addrs(b, c, list++);
		tag_addrs(b, c);
		*present |= 1u << RG__HAS_addrs;
	}
	if (rg__contact_is_rare(c)) {
		rg__rare rare = { c->wake, c->reg_id, c->latency };

		*list++ = put_bytes(b, (rg_str){ (const char *)&rare, sizeof rare });
		*present |= 1u << RG__HAS_rare;
	}
	if (rg__contact_is_odd(c)) {
		rg__odd odd = { c->created, c->modified, c->flags, c->methods, c->branch_flags, 0 };

		*list++ = put_bytes(b, (rg_str){ (const char *)&odd, sizeof odd });
		*present |= 1u << RG__HAS_odd;
	}
	return list;
}

/* Stores one binding. @p at receives where its strings are, indexed by bit. */
static void put_binding(builder *b, const rg_contact *c, rg__binding *out, rg__slice at[RG__HAS_N])
{
	rg__slice slices[RG__HAS_N], *list = slices;
	unsigned present = 0;

	*out = rg__binding_pack(c);
#define PUT(name) \
	if (c->name.p != NULL && (RG__HAS_##name != RG__HAS_extra || c->name.n > 0)) { \
		present |= 1u << RG__HAS_##name; \
		*list++ = at[RG__HAS_##name] = put_string(b, c, RG__HAS_##name, at); \
	}
	RG__CONTACT_STRINGS(PUT)
#undef PUT
	list = put_numbers(b, c, &present, list);
	align(b);
	out->present = (uint16_t)present;
	out->slices = put_bytes(b, (rg_str){ (const char *)slices, (size_t)(list - slices) * sizeof *list }).at;
}

static void put_bindings(builder *b, const rg_contact *contacts, uint32_t n, rg__binding *out)
{
	rg__slice at[2][RG__HAS_N];
	uint32_t i;

	for (i = 0; i < n && !b->over; i++) {
		put_binding(b, &contacts[i], &out[i], at[i & 1]);
		b->before = &contacts[i];
		b->stored = at[i & 1];
		if (i == 0 && contacts->uri.p != NULL)
			b->first_uri = at[0][RG__HAS_uri].at;
	}
}

static rg__slice put_present(builder *b, rg_str s)
{
	return s.p != NULL ? put_bytes(b, s) : (rg__slice){ 0, 0 };
}

/* Shares the string of the previous removal where it is the same. */
static rg__slice put_again(builder *b, rg_str s, rg_str before, rg__slice at)
{
	return s.n > 0 && rg__eq(s, before) ? at : put_present(b, s);
}

/* The two removals of one binding are adjacent and share URI and instance. The Call-ID of one REGISTER repeats in every removal or in
 * every second one. */
static void put_removals(builder *b, const rg_removal *removals, uint32_t n, rg__gone *out)
{
	static const rg_removal none;
	static const rg__gone nowhere;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const rg_removal *r = &removals[i], *last = i > 0 ? r - 1 : &none;
		const rg__gone *at = i > 0 ? &out[i - 1] : &nowhere;

		out[i] = (rg__gone){ .request_hash = r->request_hash, .at = r->at, .cseq = r->cseq, .reg_id = r->reg_id,
			.uri = put_again(b, r->uri, last->uri, at->uri),
			.instance = put_again(b, r->instance, last->instance, at->instance) };
		if (i > 1 && !rg__eq(r->callid, last->callid)) {
			last = r - 2;
			at = &out[i - 2];
		}
		out[i].callid = put_again(b, r->callid, last->callid, at->callid);
	}
}

static rg_time earliest_deadline(const rg_contact *contacts, uint32_t n_contacts, const rg_removal *removals, uint32_t n_removals)
{
	rg_time t = RG_TIME_NEVER;
	uint32_t i;

	for (i = 0; i < n_contacts; i++) {
		if (contacts[i].expires < t)
			t = contacts[i].expires;
		if (contacts[i].wake != 0 && contacts[i].wake < t)
			t = contacts[i].wake;
	}
	if (n_contacts > 0 || n_removals == 0)
		return t;
	for (i = 0, t = INT64_MIN; i < n_removals; i++)
		if (removals[i].at > t)
			t = removals[i].at;
	return rg__add_sat(t, RG_REMOVAL_KEEP);
}

static bool tags_open(tag_list *t, rg__scratch *room, rg__slice *few, uint32_t n_tags)
{
	uint32_t slots = n_tags > FEW_TAGS ? 2 * FEW_TAGS : 0;

	while (slots != 0 && slots < 2 * n_tags)
		slots *= 2;
	if (!rg__scratch_open(room, few, FEW_TAGS * sizeof *few, n_tags * sizeof *few + slots * sizeof *t->table))
		return false;
	t->list = rg__scratch_take(room, n_tags * sizeof *t->list);
	if (slots == 0)
		return true;
	t->table = rg__scratch_take(room, slots * sizeof *t->table);
	memset(t->table, 0, slots * sizeof *t->table);
	t->mask = slots - 1;
	return true;
}

/* Lays the whole record out in b->base. */
static rg_status lay_out(builder *b, const rg_key *key, const rg_contact *contacts, uint32_t n_contacts, const rg_removal *removals,
	uint32_t n_removals, rg_str extra)
{
	rg_record *r = (rg_record *)(void *)b->base;
	rg__binding *bindings;
	rg__gone *gone;
	rg_str list;

	b->n = sizeof *r;
	bindings = (rg__binding *)(void *)take_bytes(b, n_contacts * sizeof *bindings);
	gone = (rg__gone *)(void *)take_bytes(b, n_removals * sizeof *gone);
	put_names(b, key, r);
	put_bytes(b, extra);
	put_bindings(b, contacts, n_contacts, bindings);
	put_removals(b, removals, n_removals, gone);
	r->user = put_user(b, key, n_contacts > 0 ? contacts : NULL);
	align(b);
	list = (rg_str){ (const char *)b->tags.list, b->tags.n * sizeof *b->tags.list };
	if (b->n < sizeof *r + list.n || memcmp(b->base + b->n - list.n, list.p, list.n) != 0)
		put_bytes(b, list);
	if (b->shared > 0) {
		put_bytes(b, (rg_str){ (const char *)&b->dictionary, sizeof b->dictionary });
		r->marks |= RG__MARK_DICTIONARY;
	}
	/* Wherever the record goes to, it must fit without the dictionary, too. There, a table of slices may need an octet of padding. */
	if (b->over || (b->shared > 0 && b->n + b->shared + n_contacts + 1 > RG_RECORD_BYTES_MAX))
		return RG_ELIMIT;
	r->n_contacts = (uint16_t)n_contacts;
	r->n_removals = (uint8_t)n_removals;
	r->extra_n = (uint16_t)extra.n;
	r->n_tags = (uint16_t)b->tags.n;
	r->domain_n = (uint16_t)key->domain.n;
	r->user_n = (uint16_t)key->user.n;
	r->host_n = (uint16_t)key->host.n;
	r->size = (uint16_t)b->n;
	r->deadline = earliest_deadline(contacts, n_contacts, removals, n_removals);
	return RG_OK;
}

/* Moves the record into an allocation of its exact size. That may be the allocation of @p room. */
static rg_record *shrink_record(const builder *b, rg__scratch *room, const rg_revision *revision)
{
	rg_record *r = room->allocated != NULL ? realloc(room->allocated, b->n) : malloc(b->n);

	if (r == NULL)
		return NULL;
	if (room->allocated == NULL)
		memcpy((void *)r, b->base, b->n);
	room->allocated = NULL;
	atomic_init(&r->refs, 1);
	r->revision = *revision;
	if (r->marks & RG__MARK_DICTIONARY)
		rg__dictionary_count(b->dictionary, 1);
	return r;
}

rg_status rg__record_new(const rg_key *key, const rg_revision *revision, const rg_contact *contacts, uint32_t n_contacts,
	const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out)
{
	return rg__record_build(NULL, key, revision, contacts, n_contacts, removals, n_removals, extra, out);
}

rg_status rg__record_build(rg__dictionary *dictionary, const rg_key *key, const rg_revision *revision, const rg_contact *contacts,
	uint32_t n_contacts, const rg_removal *removals, uint32_t n_removals, rg_str extra, rg_record **out)
{
	_Alignas(rg_record) char few_bytes[SCRATCH];
	rg__slice few_tags[FEW_TAGS];
	rg__scratch room, tags;
	measure m;
	rg_status status;

	if (out == NULL)
		return RG_EINVAL;
	*out = NULL;
	status = measure_all(key, contacts, n_contacts, removals, n_removals, extra, &m);
	if (status != RG_OK)
		return status;
	m.bytes += sizeof dictionary;
	m.bytes = m.bytes < RG_RECORD_BYTES_MAX ? m.bytes : RG_RECORD_BYTES_MAX;
	if (!rg__scratch_open(&room, few_bytes, sizeof few_bytes, m.bytes))
		return RG_ENOMEM;
	builder b = { .base = room.at, .room = m.bytes, .dictionary = dictionary };
	status = tags_open(&b.tags, &tags, few_tags, m.n_tags) ? lay_out(&b, key, contacts, n_contacts, removals, n_removals,
		extra) : RG_ENOMEM;
	if (status == RG_OK) {
		*out = shrink_record(&b, &room, revision);
		status = *out != NULL ? RG_OK : RG_ENOMEM;
	}
	rg__scratch_close(&tags);
	rg__scratch_close(&room);
	return status;
}
