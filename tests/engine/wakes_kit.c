/* SPDX-License-Identifier: MIT */
#include "wakes.h"
#include <stdio.h>

static int32_t owns(void *user, const rg_str *tag)
{
	bed *b = user;

	return !b->tag || rg_str_equal(*tag, rg_str_from(b->tag));
}

void bed_init(bed *b)
{
	*b = (bed){ .tag = NULL };
	kit_init(&b->k);
	b->k.env.is_owner = owns;
}

void bed_set(bed *b, const char *name, const char *value)
{
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	rg_config_set(config, RG_STR("pn_enable"), RG_STR("1"), NULL);
	rg_config_set(config, RG_STR("pn_providers"), RG_STR("apns"), NULL);
	if (name)
		cr_assert_eq(rg_config_set(config, rg_str_from(name), rg_str_from(value), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(b->k.reg, config, NULL), RG_OK);
	rg_config_free(config);
}

static const char *wrong_with(const rg_event *e)
{
	if (e->kind != RG_EVENT_CONTACT_REFRESH || !e->before || !e->after || e->before->id != e->after->id)
		return "another event";
	if (!rg_str_equal(e->reason, RG_STR("reg-refresh")) || e->callid.p)
		return "another cause";
	return e->after->flags & RG_CONTACT_PN ? NULL : "no push binding";
}

static void hear_wake_up(void *user, const rg_event *e)
{
	bed *b = user;
	size_t n = strlen(b->woken);

	snprintf(b->woken + n, sizeof b->woken - n, "%.*s ", (int)e->key.user.n, e->key.user.p);
	b->at = e->at;
	b->wrong = b->wrong ? b->wrong : wrong_with(e);
	if (b->then)
		b->then(b);
}

void bed_listen(bed *b)
{
	cr_assert_eq(rg_registrar_subscribe(b->k.reg, RG_EVENT_CONTACT_REFRESH, hear_wake_up, b, NULL, &b->ear, NULL), RG_OK);
}

void bed_open_over(bed *b, rg_store *store)
{
	kit_open_over(&b->k, store);
	bed_set(b, NULL, NULL);
	bed_listen(b);
}

void bed_open(bed *b, int how)
{
	bed_init(b);
	bed_open_over(b, how == INLINE ? rg_store_ref(b->k.memory) : deferred_new(b->k.memory, &b->k.deferred));
}

void bed_open_again(bed *b, bed *before, rg_time now)
{
	bed_init(b);
	rg_store_unref(b->k.memory);
	b->k.memory = rg_store_ref(before->k.memory);
	b->k.now = now;
	bed_open_over(b, rg_store_ref(b->k.memory));
}

void bed_close(bed *b)
{
	cr_expect_null(b->wrong, "%s", b->wrong);
	rg_subscription_free(b->ear);
	kit_close(&b->k);
}

int bed_save(bed *b, const char *aor, const char *contact, int cseq, const char *tag)
{
	phone p = { .aor = aor, .contact = contact, .cseq = cseq };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	request.ownership_tag = rg_str_from(tag);
	cr_expect_eq(rg_save(b->k.reg, &request, NULL, &response, NULL), RG_OK);
	int code = rg_response_code(response);
	rg_response_free(response);
	return code;
}

rg_time bed_settle(bed *b)
{
	enum { MOST = 20 };
	rg_time next = b->k.now;
	int ticks = 0;

	for (; ticks < MOST && next <= b->k.now; ticks++) {
		b->k.woken = RG_TIME_NEVER;
		next = kit_tick(&b->k);
		if (b->k.deferred)
			deferred_answer_all(b->k.deferred);
		next = b->k.woken < next ? b->k.woken : next;
	}
	cr_expect_lt(ticks, MOST, "it spins");
	return next;
}

static void take_record(void *tok, rg_status status, const rg_fetched *found)
{
	cr_expect_eq(status, RG_OK);
	*(rg_record **)tok = found->record;
}

rg_contact bed_binding(bed *b, const char *aor, rg_record **record)
{
	rg_key key = { RG_STR("location"), rg_str_from(aor), RG_STR("example.org") };
	rg_contact c = { .struct_size = sizeof c };
	void *self;
	const rg_store_ops *ops = rg_store_members(b->k.memory, &self);

	cr_assert_eq(ops->fetch(self, &key, RG_FETCH_FRESH, take_record, record), RG_OK);
	cr_assert_eq(rg_record_contact(*record, 0, &c), RG_OK, "%s has no binding", aor);
	return c;
}

bool bed_is_marked(bed *b, const char *aor)
{
	rg_record *record;
	rg_contact c = bed_binding(b, aor, &record);
	bool marked = c.wake == 0 && c.flags == (RG_CONTACT_PN | RG_CONTACT_WOKEN);

	rg_record_unref(record);
	return marked;
}
