/* SPDX-License-Identifier: MIT */
/* What the probes of sizes look at: a registration, decisions on it, and what was found. */
#include "sizes.h"

#define NONE ((rg_str){ NULL, 0 })
#define NOW 1700000000000

static const uint8_t seed[32] = { 7 };

static rg_str text_or_none(const char *text)
{
	return text ? rg_str_from(text) : NONE;
}

static rg_request request(const char *method, const char *cseq, const rg_str *contacts)
{
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = text_or_none(method);
	r.request_uri = RG_STR("sip:alice@example.org");
	r.from_header = r.to_header = RG_STR("<sip:alice@example.org>");
	r.callid = RG_STR("one");
	r.cseq = text_or_none(cseq);
	r.contacts = contacts;
	r.n_contacts = contacts != NULL;
	r.via_count = 1;
	return r;
}

/* The targets of the lookup once the device of the registration is one that a push wakes. */
static rg_targets *targets_asleep(scene *s)
{
	rg_contact c = { .struct_size = sizeof c };
	rg_targets *targets = NULL;
	rg_record *record = NULL;
	rg_config *config = NULL;
	rg_key key;

	rg_record_key(rg_plan_next(s->plan), &key);
	cr_assert_eq(rg_record_contact(rg_plan_next(s->plan), 0, &c), RG_OK);
	c.flags = RG_CONTACT_PN;
	cr_assert_eq(rg_record_new(&key, rg_record_revision(rg_plan_next(s->plan)), &c, 1, NULL, 0, NONE, &record), RG_OK);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL), RG_OK);
	cr_assert_eq(rg_select(record, &s->look, config, NULL, NOW, &targets, NULL), RG_OK);
	rg_config_free(config);
	rg_record_unref(record);
	return targets;
}

void open_scene(scene *s)
{
	rg_str none = RG_STR("<sip:a@192.0.2.1>;expires=0");

	*s = (scene){ .contact = RG_STR("<sip:a@192.0.2.1>"), .granted = RG_STR("<sip:x@192.0.2.9>;expires=60"), .forwarded = RG_STR("sip:x@192.0.2.9") };
	kit_open(&s->k, INLINE);
	s->save = request("REGISTER", "1 REGISTER", &s->contact);
	s->look = request("INVITE", "1 INVITE", NULL);
	rg_upstream_init(&s->upstream, sizeof s->upstream);
	s->upstream.code = 200;
	s->upstream.contacts = &s->granted;
	s->upstream.modified = &s->forwarded;
	s->upstream.n_contacts = s->upstream.n_modified = 1;
	cr_assert_eq(kit_save(&s->k, "alice", "<sip:a@192.0.2.1>", 1), 200);
	cr_assert_eq(rg_merge(NULL, &s->save, NULL, NULL, NOW, seed, &s->plan, NULL), RG_OK);
	cr_assert_eq(rg_merge_reply(NULL, &s->save, &s->upstream, NULL, NULL, NOW, seed, &s->relayed, NULL), RG_OK);
	rg_request remove = request("REGISTER", "2 REGISTER", &none);
	cr_assert_eq(rg_merge(rg_plan_next(s->plan), &remove, NULL, NULL, NOW, seed, &s->gone, NULL), RG_OK);
	cr_assert_eq(rg_select(rg_plan_next(s->plan), &s->look, NULL, NULL, NOW, &s->targets, NULL), RG_OK);
	s->asleep = targets_asleep(s);
	rg_query q = { .struct_size = sizeof q, .aor = RG_STR("alice@example.org") };
	cr_assert_eq(rg_is_registered(s->k.reg, &q, &s->answer, NULL), RG_OK);
	cr_assert_eq(rg_read_statistics(s->k.reg, NONE, &s->stats, NULL), RG_OK);
}

void close_scene(scene *s)
{
	rg_plan_free(s->plan);
	rg_plan_free(s->relayed);
	rg_plan_free(s->gone);
	rg_targets_free(s->targets);
	rg_targets_free(s->asleep);
	rg_answer_free(s->answer);
	rg_statistics_free(s->stats);
	kit_close(&s->k);
}
