/* SPDX-License-Identifier: MIT */
#include "equal.h"
#include <stdarg.h>
#include <string.h>

#define NO ((rg_str){ NULL, 0 })

static uint64_t state;

void equal_seed(uint64_t seed)
{
	state = seed * UINT64_C(0xd1342543de82ef95) + 1;
}

uint32_t equal_dice(uint32_t below)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % below);
}

__attribute__((format(printf, 2, 3))) static rg_str print(step *s, const char *format, ...)
{
	char *at = s->text + s->n;
	va_list args;

	va_start(args, format);
	int n = vsnprintf(at, sizeof s->text - s->n, format, args);
	va_end(args);
	s->n += (size_t)n;
	return (rg_str){ at, (size_t)n };
}

static rg_str draw_contact(step *s)
{
	static const char *const ends[] = { "", ";expires=3600", ";expires=0", ";expires=60", ";expires=2", ";q=0.5", ";q=0.1;expires=120",
		";expires=4294967295" };
	uint32_t phone = equal_dice(EQUAL_PHONES), odd = equal_dice(16);
	const char *push = odd == 9 || odd == 10 ? ";pn-provider=apns;pn-param=TEAM.app;pn-prid=1" : "";

	if (odd == 15)
		return equal_dice(2) ? RG_STR("<sip:>") : RG_STR("<tel:+1>");
	rg_str value = phone == 3 ? print(s, "<sip:phone@soft.example.net%s>%s", push, ends[equal_dice(8)]) :
		print(s, "<sip:p%u@192.0.2.%u:5060%s>%s", phone, 10 + phone, push, ends[equal_dice(8)]);
	if (odd >= 8)
		value.n += print(s, ";+sip.instance=\"<urn:uuid:0%u>\"", phone % 2).n;
	if (odd >= 12)
		value.n += print(s, ";reg-id=%u", 1 + equal_dice(2)).n;
	return value;
}

static void draw_register(step *s)
{
	static uint32_t cseq = 1;
	uint32_t kind = equal_dice(16);
	rg_request *r = &s->request;

	cseq += kind != 15 ? equal_dice(3) : 0;
	r->method = RG_STR("REGISTER");
	r->from_header = r->to_header = print(s, "<%.*s>", (int)s->name.n, s->name.p);
	r->callid = print(s, "call-%u", equal_dice(3));
	r->cseq = print(s, "%u REGISTER", kind == 14 && cseq > 3 ? cseq - 2 : cseq);
	r->contacts = s->contacts;
	r->n_contacts = kind == 1 || kind == 2 ? 1 + equal_dice(3) : 1;
	for (uint32_t i = 0; i < r->n_contacts; i++)
		s->contacts[i] = draw_contact(s);
	if (kind == 4) {
		s->contacts[0] = RG_STR("*");
		r->expires = RG_STR("0");
	}
	s->path = RG_STR("<sip:edge.example.net;lr;ob>");
	s->supported = RG_STR("path, outbound, gruu");
	r->paths = &s->path;
	r->n_paths = equal_dice(4) == 3;
	r->supported = &s->supported;
	r->n_supported = equal_dice(2);
	r->flow = equal_dice(2) ? print(s, "flow-%u", equal_dice(3)) : NO;
	r->received = equal_dice(4) == 3 ? RG_STR("sip:198.51.100.7:1024") : NO;
	r->attr = equal_dice(4) == 3 ? RG_STR("attr") : NO;
	r->via_count = 1;
	if (s->kind == STEP_QUERY)
		r->n_contacts = 0;
}

static void draw_invite(step *s)
{
	rg_request *r = &s->request;

	r->method = RG_STR("INVITE");
	r->request_uri = s->name;
	r->from_header = RG_STR("<sip:caller@example.org>");
	r->to_header = print(s, "<%.*s>", (int)s->name.n, s->name.p);
	r->callid = RG_STR("invite");
	r->cseq = RG_STR("1 INVITE");
}

void equal_draw(step *s)
{
	static const int kinds[] = { STEP_SAVE, STEP_SAVE, STEP_SAVE, STEP_SAVE, STEP_SAVE, STEP_SAVE, STEP_LOOKUP, STEP_LOOKUP, STEP_QUERY,
		STEP_REMOVE, STEP_REMOVE_ADDRESS, STEP_REMOVE_FLOW, STEP_REGISTERED, STEP_CONTACT, STEP_IP, STEP_LATENCY, STEP_EACH, STEP_TIME,
		STEP_TIME };
	static const int64_t times[] = { 1, 500, 1000, 3000, 30000, 60000, 600000, 3600000 };

	memset(s, 0, sizeof *s);
	s->kind = kinds[equal_dice(sizeof kinds / sizeof *kinds)];
	s->node = equal_dice(EQUAL_NODES);
	s->aor = equal_dice(EQUAL_AORS);
	s->options = equal_dice(4);
	s->blocking = equal_dice(2);
	s->ms = times[equal_dice(8)];
	s->microseconds = 1 + equal_dice(100000);
	s->name = print(s, "sip:user%u@example.org", s->aor);
	s->contact = equal_dice(2) ? print(s, "sip:p%u@192.0.2.%u:5060", s->node, 10 + s->node) : NO;
	s->ip = print(s, "192.0.2.%u", 10 + equal_dice(EQUAL_PHONES));
	s->flow = print(s, "flow-%u", equal_dice(3));
	s->instance = equal_dice(4) == 3 ? RG_STR("<urn:uuid:01>") : NO;
	rg_request_init(&s->request, sizeof s->request);
	s->request.request_uri = RG_STR("sip:example.org");
	if (s->kind == STEP_LOOKUP)
		draw_invite(s);
	else
		draw_register(s);
}

/* Of the seed: what is drawn here is the same on both sides. */
rg_config *equal_config(void)
{
	static const char *const modes[] = { "off", "on", "off", "required" };
	rg_config *config = NULL;

	if (rg_config_new(&config) != RG_OK)
		return NULL;
	rg_config_set_int(config, RG_STR("max_contacts"), 1 + equal_dice(6), NULL);
	rg_config_set_int(config, RG_STR("min_expires"), equal_dice(2) ? 0 : 60, NULL);
	rg_config_set(config, RG_STR("pn_enable"), equal_dice(2) ? RG_STR("1") : RG_STR("0"), NULL);
	rg_config_set(config, RG_STR("pn_providers"), RG_STR("apns"), NULL);
	rg_config_set(config, RG_STR("pn_retry"), RG_STR("1,10"), NULL);
	rg_config_set(config, RG_STR("pn_skip_pn_interval"), equal_dice(2) ? RG_STR("0") : RG_STR("4294967295"), NULL);
	rg_config_set(config, RG_STR("outbound_mode"), rg_str_from(modes[equal_dice(4)]), NULL);
	rg_config_set_int(config, RG_STR("disable_gruu"), equal_dice(2), NULL);
	rg_config_set(config, RG_STR("gruu_secret"), RG_STR("one,other"), NULL);
	return config;
}
