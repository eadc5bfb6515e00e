/* SPDX-License-Identifier: MIT */
/* Records as text. */
#include "model/model.h"
#include "grammar/grammar.h"

enum { AS_TEXT, AS_PATH, AS_ADDRS, AS_NUMBER, AS_SIGNED, AS_TIME, AS_FLAGS, AS_METHODS, AS_OPAQUE };

/* A value of a binding. */
typedef struct text_field {
	const char *name;
	size_t at;    /* in rg_contact */
	int kind;
	int64_t none; /* a number that stands for no value, which is not printed */
} text_field;

enum { EVERY_NUMBER = -2 }; /* no member has it */

#define FIELD(member, kind, none) { #member, offsetof(rg_contact, member), kind, none }

static const text_field fields[] = {
	FIELD(id, AS_OPAQUE, 0),
	FIELD(generation, AS_OPAQUE, 0),
	FIELD(uri, AS_TEXT, 0),
	FIELD(params, AS_TEXT, 0),
	FIELD(instance, AS_TEXT, 0),
	FIELD(reg_id, AS_NUMBER, 0),
	FIELD(q, AS_SIGNED, -1),
	FIELD(callid, AS_TEXT, 0),
	FIELD(cseq, AS_NUMBER, EVERY_NUMBER),
	FIELD(request_hash, AS_OPAQUE, 0),
	FIELD(created, AS_TIME, EVERY_NUMBER),
	FIELD(modified, AS_TIME, EVERY_NUMBER),
	FIELD(expires, AS_TIME, EVERY_NUMBER),
	FIELD(wake, AS_TIME, 0),
	FIELD(path, AS_PATH, 0),
	FIELD(received, AS_TEXT, 0),
	FIELD(next_hop, AS_TEXT, 0),
	FIELD(addrs, AS_ADDRS, 0),
	FIELD(socket, AS_TEXT, 0),
	FIELD(flow, AS_TEXT, 0),
	FIELD(user_agent, AS_TEXT, 0),
	FIELD(attr, AS_TEXT, 0),
	FIELD(ownership_tag, AS_TEXT, 0),
	FIELD(methods, AS_METHODS, RG_METHODS_ALL),
	FIELD(flags, AS_FLAGS, 0),
	FIELD(branch_flags, AS_NUMBER, 0),
	FIELD(latency, AS_NUMBER, RG_LATENCY_NONE),
	FIELD(extra, AS_TEXT, 0),
};

enum { FIELDS = sizeof fields / sizeof *fields };

/* The name of a bit of rg_contact.flags, by its number; NULL = it has none. */
static const char *contact_flag_name(uint32_t number)
{
	switch (1u << number) {
	case RG_CONTACT_LOCAL:
		return "LOCAL";
	case RG_CONTACT_PN:
		return "PN";
	case RG_CONTACT_OUTBOUND:
		return "OUTBOUND";
	case RG_CONTACT_WOKEN:
		return "WOKEN";
	default:
		return NULL;
	}
}

static rg_str text_in(const text_field *f, const rg_contact *c)
{
	return *(const rg_str *)(const void *)((const char *)c + f->at);
}

static int64_t number_in(const text_field *f, const rg_contact *c)
{
	const void *at = (const char *)c + f->at;

	if (f->kind == AS_TIME || f->kind == AS_OPAQUE)
		return *(const int64_t *)at;
	return f->kind == AS_SIGNED ? *(const int32_t *)at : (int64_t)*(const uint32_t *)at;
}

static bool has_field(const text_field *f, const rg_contact *c)
{
	if (f->kind == AS_TEXT || f->kind == AS_PATH)
		return text_in(f, c).p != NULL;
	if (f->kind == AS_ADDRS)
		return c->n_addrs > 0;
	return f->kind == AS_OPAQUE || number_in(f, c) != f->none;
}

static bool same_field(const text_field *f, const rg_contact *a, const rg_contact *b)
{
	if (has_field(f, a) != has_field(f, b))
		return false;
	if (f->kind == AS_TEXT || f->kind == AS_PATH)
		return rg__eq(text_in(f, a), text_in(f, b));
	if (f->kind == AS_ADDRS)
		return a->n_addrs == b->n_addrs && (a->n_addrs == 0 || memcmp(a->addrs, b->addrs, a->n_addrs * sizeof *a->addrs) == 0);
	return number_in(f, a) == number_in(f, b);
}

static void print_addrs(rg__print *p, const rg_contact *c)
{
	char room[64];

	for (uint32_t i = 0; i < c->n_addrs; i++)
		rg__print_text(p, "addr", rg_addr_print(&c->addrs[i], room, sizeof room));
}

/* The names of the bits, lowest first; the number of a bit without a name. */
static void print_bits(rg__print *p, const char *name, const char *(*name_of)(uint32_t number), uint32_t bits)
{
	rg__print_begin(p, name);
	for (uint32_t bit = 0; bit < 32; bit++) {
		if (!(bits >> bit & 1))
			continue;
		rg__out_char(&p->out, ' ');
		if (name_of(bit))
			rg__out_text(&p->out, name_of(bit));
		else
			rg__out_uint(&p->out, bit);
	}
	rg__print_end(p);
}

static void print_field(rg__print *p, const text_field *f, const rg_contact *c)
{
	if (f->kind == AS_TEXT)
		rg__print_text(p, f->name, text_in(f, c));
	else if (f->kind == AS_PATH)
		rg__print_path(p, text_in(f, c));
	else if (f->kind == AS_ADDRS)
		print_addrs(p, c);
	else if (f->kind == AS_OPAQUE)
		rg__print_hex(p, f->name, (uint64_t)number_in(f, c));
	else if (f->kind == AS_METHODS)
		print_bits(p, f->name, rg_method_name, c->methods);
	else if (f->kind == AS_FLAGS)
		print_bits(p, f->name, contact_flag_name, c->flags);
	else
		rg__print_int(p, f->name, number_in(f, c));
}

static bool is_shown(const rg__print *p, const text_field *f)
{
	return f->kind != AS_OPAQUE || (p->flags & RG_TEXT_OPAQUE);
}

void rg__print_path(rg__print *p, rg_str path)
{
	rg_str value;

	while (rg_path_next(&path, &value))
		rg__print_text(p, "path", value);
}

void rg__print_contact(rg__print *p, const rg_contact *c)
{
	for (int i = 0; i < FIELDS; i++) {
		if (is_shown(p, &fields[i]) && has_field(&fields[i], c))
			print_field(p, &fields[i], c);
	}
}

void rg__print_difference(rg__print *p, const rg_contact *before, const rg_contact *after)
{
	for (int i = 0; i < FIELDS; i++) {
		const text_field *f = &fields[i];

		if (!is_shown(p, f) || same_field(f, before, after))
			continue;
		if (has_field(f, before))
			print_field(p, f, before);
		else
			rg__print_word(p, "no", f->kind == AS_ADDRS ? "addr" : f->name);
	}
}

static void print_removal(rg__print *p, const rg_removal *r)
{
	rg__print_text(p, "uri", r->uri);
	rg__print_text(p, "instance", r->instance);
	if (r->reg_id > 0)
		rg__print_int(p, "reg_id", r->reg_id);
	rg__print_text(p, "callid", r->callid);
	rg__print_int(p, "cseq", r->cseq);
	if (p->flags & RG_TEXT_OPAQUE)
		rg__print_hex(p, "request_hash", r->request_hash);
	rg__print_int(p, "at", r->at);
}

/* As rg_key_print() prints it. */
void rg__print_aor(rg__print *p, const char *name, const rg_key *key)
{
	rg__print_begin(p, name);
	if (key->user.n + key->host.n > 0)
		rg__out_char(&p->out, ' ');
	for (size_t i = 0; i < key->user.n; i++) {
		char escape[3];

		rg__out_add(&p->out, (rg_str){ escape, rg__escape_octet(key->user.p[i], escape) });
	}
	if (key->user.n > 0 && key->host.n > 0)
		rg__out_char(&p->out, '@');
	rg__print_part(p, key->host);
	rg__print_end(p);
}

static void print_revision(rg__print *p, const char *name, const rg_revision *revision)
{
	rg__print_begin(p, name);
	rg__out_char(&p->out, ' ');
	rg__out_hex(&p->out, revision->b, sizeof revision->b);
	rg__print_end(p);
}

static void print_parts(rg__print *p, const rg_record *record)
{
	rg_contact c = { .struct_size = sizeof c };
	rg_removal r = { .struct_size = sizeof r };

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		rg__print_int(p, "binding", i);
		p->depth++;
		rg__print_contact(p, &c);
		p->depth--;
	}
	for (uint32_t i = 0; rg__record_removal(record, i, &r) == RG_OK; i++) {
		rg__print_int(p, "removal", i);
		p->depth++;
		print_removal(p, &r);
		p->depth--;
	}
}

void rg__print_record(rg__print *p, const rg_record *record)
{
	const rg_revision *local = rg_record_local_revision(record);
	rg_key key;

	if (!record) {
		rg__print_mark(p, "no record");
		return;
	}
	rg_record_key(record, &key);
	rg__print_aor(p, "record", &key);
	p->depth++;
	rg__print_text(p, "domain", key.domain);
	if (p->flags & RG_TEXT_OPAQUE) {
		print_revision(p, "revision", rg_record_revision(record));
		if (!rg_revision_is_zero(local))
			print_revision(p, "local_revision", local);
	}
	rg__print_text(p, "extra", rg_record_extra(record));
	print_parts(p, record);
	p->depth--;
}

rg_status rg_record_text(const rg_record *record, uint32_t flags, char *room, size_t size, size_t *n)
{
	rg__print p;

	if (!rg__print_open(&p, flags, room, size, n))
		return RG_EINVAL;
	rg__print_record(&p, record);
	*n = p.out.n;
	return RG_OK;
}
